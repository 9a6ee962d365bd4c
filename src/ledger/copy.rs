//! Copies of a ledger, taken while others may write to it: for a backup, and to look into without standing in the way.
//!
//! The one rule: a backup never passes for the ledger it was taken from. What that one sent afterwards is not in it, so
//! it has an id of its own and no account's history.

use std::path::Path;
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode};

use super::LedgerError;
use super::sqlite::{SqliteLedger, storage};
use crate::platform::{self, Beside};

type Answer<T> = Result<T, LedgerError>;

/// Limit: tries at a moment when nobody changes the file's form, as the first start after an update does.
const TRIES: u32 = 200;
const PAUSE: Duration = Duration::from_millis(50);

/// Makes a copy a ledger of its own that has to ask the API before it creates anything.
const MARK: &str = "BEGIN;
    DELETE FROM history;
    INSERT OR REPLACE INTO meta SELECT 'restored-from', value FROM meta WHERE key = 'id';
    UPDATE meta SET value = lower(hex(randomblob(8))) WHERE key = 'id';
    COMMIT;";

/// What a backup holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// Runs.
    pub runs: u64,
    /// Data rows of all their sheets.
    pub rows: u64,
    /// Bytes of the file.
    pub bytes: u64,
}

impl SqliteLedger {
    /// Copies the ledger into a file, private to the user, in one piece.
    pub fn copy_to(&self, path: &Path) -> Answer<()> {
        self.copy_as(path, path)
    }

    /// The same where people know the file by another name, which errors then have.
    fn copy_as(&self, path: &Path, shown: &Path) -> Answer<()> {
        platform::create_private_file(path).map_err(|source| opening(shown, source))?;
        let mut copy = Connection::open(path).map_err(|cause| storage(shown, cause))?;
        self.copy_into(&mut copy, shown)?;
        // One file that can be carried about, without a log beside it.
        copy.execute_batch("PRAGMA journal_mode = DELETE").map_err(|cause| self.at_fault(shown, cause))
    }

    /// A copy is as damaged as what it was taken from.
    fn at_fault(&self, path: &Path, cause: rusqlite::Error) -> LedgerError {
        let is_corrupt =
            matches!(cause.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase));
        storage(if is_corrupt { self.path() } else { path }, cause)
    }

    /// The error names the file that is at fault: only the copy can find its disk full.
    fn copy_into(&self, copy: &mut Connection, path: &Path) -> Answer<()> {
        self.ask(|connection| Ok(copy_all(connection, copy)))?.map_err(|cause| {
            let is_full = cause.sqlite_error_code() == Some(ErrorCode::DiskFull);
            storage(if is_full { path } else { self.path() }, cause)
        })
    }

    /// Writes a backup; over a file that exists only with `replace`.
    ///
    /// A damaged ledger is no backup, and replaces none: the copy is looked through first. Restored, it must pass the first-use check before it creates anything.
    pub fn backup(&self, path: &Path, replace: bool) -> Answer<Copied> {
        let beside = Beside::create(path, replace).map_err(|source| opening(path, source))?;
        self.copy_as(beside.path(), path)?;
        let copied = {
            let copy = Connection::open(beside.path()).map_err(|cause| storage(path, cause))?;
            let problems = integrity(&copy).map_err(|cause| self.at_fault(path, cause))?;
            if let Some(first) = problems.into_iter().next() {
                let corrupt = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
                return Err(storage(self.path(), rusqlite::Error::SqliteFailure(corrupt, Some(first))));
            }
            mark(&copy).map_err(|cause| self.at_fault(path, cause))?
        };
        beside.finish().map_err(|source| opening(path, source))?;
        Ok(copied)
    }
}

fn copy_all(connection: &Connection, copy: &mut Connection) -> rusqlite::Result<()> {
    let backup = Backup::new(connection, copy)?;
    for _ in 0..TRIES {
        match backup.step(-1)? {
            StepResult::Done => return Ok(()),
            _ => std::thread::sleep(PAUSE),
        }
    }
    let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
    Err(rusqlite::Error::SqliteFailure(busy, None))
}

/// What SQLite itself finds wrong with the file.
pub(super) fn integrity(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare("PRAGMA integrity_check(20)")?;
    let mut problems: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    problems.retain(|problem| problem != "ok");
    let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let orphans: Vec<(String, Option<i64>, String)> = rows.take(20).collect::<rusqlite::Result<_>>()?;
    problems.extend(orphans.into_iter().map(|(table, row, of)| {
        let row = row.map_or_else(String::new, |row| format!(" {row}"));
        format!("{table}{row} belongs to a {of} that is not there")
    }));
    Ok(problems)
}

fn mark(copy: &Connection) -> rusqlite::Result<Copied> {
    copy.execute_batch(MARK)?;
    let number = |sql: &str| copy.query_row(sql, [], |row| row.get::<_, i64>(0)).map(|number| number as u64);
    Ok(Copied {
        runs: number("SELECT count(*) FROM run")?,
        rows: number("SELECT coalesce(sum(json_extract(facts, '$.read.rows')), 0) FROM sheet")?,
        bytes: number("PRAGMA page_count")? * number("PRAGMA page_size")?,
    })
}

fn opening(path: &Path, source: std::io::Error) -> LedgerError {
    LedgerError::Open { path: path.display().to_string(), source }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::ledger::HistoryMark;
    use crate::ledger::Ledger as _;

    #[test]
    fn a_backup_is_another_ledger_without_histories_and_never_overwrites_unasked() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = SqliteLedger::open(&folder.path().join("ledger.db")).unwrap();
        let known = HistoryMark { since: Timestamp::UNIX_EPOCH, complete: true };
        ledger.begin_history("a", "invoice", known).unwrap();
        let path = folder.path().join("backup.db");
        let copied = ledger.backup(&path, false).unwrap();
        assert_eq!((copied.runs, copied.rows), (0, 0));
        assert_eq!(std::fs::metadata(&path).unwrap().len(), copied.bytes);
        assert!(ledger.backup(&path, false).is_err());
        ledger.backup(&path, true).unwrap();
        let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(names.iter().all(|name| !name.to_string_lossy().contains("arload-")), "{names:?}");

        let restored = SqliteLedger::open(&path).unwrap();
        assert_ne!(restored.id().unwrap(), ledger.id().unwrap());
        assert_eq!(ledger.history("a", "invoice").unwrap(), Some(known));
        assert_eq!(restored.history("a", "invoice").unwrap(), None);
        assert_eq!(restored.restored_from().unwrap(), Some(ledger.id().unwrap()));
    }

    #[test]
    fn a_damaged_ledger_is_no_backup_and_replaces_none() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("ledger.db");
        let ledger = SqliteLedger::open(&source).unwrap();
        ledger.begin_history("a", "invoice", HistoryMark { since: Timestamp::UNIX_EPOCH, complete: true }).unwrap();
        let path = folder.path().join("backup.db");
        ledger.backup(&path, false).unwrap();
        let good = std::fs::read(&path).unwrap();
        drop(ledger);
        // A page in the middle is struck; the first one, which every command reads, stays.
        let mut bytes = std::fs::read(&source).unwrap();
        let middle = bytes.len() / 2 / 4096 * 4096;
        bytes[middle..middle + 4096].fill(0x5a);
        std::fs::write(&source, bytes).unwrap();
        let ledger = SqliteLedger::open_to_read(&source).unwrap().unwrap();
        let error = ledger.backup(&path, true).unwrap_err();
        assert!(error.is_corrupt() && error.to_string().starts_with(&source.display().to_string()), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), good);
    }

    #[cfg(unix)]
    #[test]
    fn a_backup_is_for_its_user_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let ledger = SqliteLedger::open(&folder.path().join("ledger.db")).unwrap();
        let path = folder.path().join("backup.db");
        ledger.backup(&path, false).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
