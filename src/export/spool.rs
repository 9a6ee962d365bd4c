//! Where records wait until an export is complete: a SQLite file beside it, so that a search that was stopped goes on.
//!
//! Owns `FILE.partial`: the pages that were answered, in their order, and each record once. Leaves what pages mean to
//! [`crate::send`]: a search that is begun again is told the same pages again and so comes to where it was. The one rule: a
//! page and its records are stored together or not at all.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, params};
use serde_json::Value;

use crate::api::found::{Page, Record};
use crate::error::RunError;
use crate::ledger::blob;
use crate::platform;
use crate::send::paging::Taken;

/// Marks a file as ours.
const APPLICATION: i64 = 0x6172_6c78;

/// The form of the file; another one is begun anew.
const VERSION: i64 = 1;

/// Limit: what was read longer ago is read again, since records change.
const FRESH: SignedDuration = SignedDuration::from_hours(24);

const SCHEMA: &str = "
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE page (
        seq INTEGER PRIMARY KEY, start INTEGER NOT NULL, asked INTEGER NOT NULL, new INTEGER NOT NULL, total INTEGER,
        marks BLOB NOT NULL
    );
    CREATE TABLE record (mark TEXT PRIMARY KEY, first TEXT NOT NULL, second TEXT NOT NULL, body TEXT NOT NULL);
    CREATE INDEX record_order ON record (first, second, mark);
";

/// Records with what they are known by and sorted by.
pub struct Spool {
    connection: Connection,
    path: Option<PathBuf>,
    /// Pages handed out or kept so far in this process.
    at: i64,
    /// Records of these pages.
    seen: u64,
    /// Pages that an earlier process kept.
    pub resumed: u64,
}

impl Spool {
    /// A spool of this process alone.
    pub fn scratch() -> Result<Spool, RunError> {
        // An empty name is SQLite's own temporary database: private, and spilled to disk only when it grows.
        let connection = Connection::open("").map_err(|error| failed(None, &error))?;
        let spool = Spool { connection, path: None, at: 0, seen: 0, resumed: 0 };
        spool.run("PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY; PRAGMA cache_size = -4096;")?;
        spool.run(SCHEMA)?;
        Ok(spool)
    }

    /// Goes on with the spool at a path if it is of the same search and fresh; else begins one.
    pub fn open(path: &Path, search: &str, now: Timestamp) -> Result<Spool, RunError> {
        demand_ours(path)?;
        let begun = |error: std::io::Error| stopped(format!("{}: cannot be written: {error}", path.display()));
        platform::create_private_file(path).map_err(begun)?;
        let connection = Connection::open(path).map_err(|error| failed(Some(path), &error))?;
        let mut spool = Spool { connection, path: Some(path.to_owned()), at: 0, seen: 0, resumed: 0 };
        // Held until the end, so that two exports never share it.
        spool.run(
            "PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -4096;
             BEGIN EXCLUSIVE; COMMIT;",
        )?;
        if !spool.is_of(search, now)? {
            spool.begin(search, now)?;
        }
        spool.resumed = spool.number("SELECT count(*) FROM page")?;
        Ok(spool)
    }

    fn is_of(&self, search: &str, now: Timestamp) -> Result<bool, RunError> {
        if self.number("PRAGMA application_id")? != APPLICATION as u64
            || self.number("PRAGMA user_version")? != VERSION as u64
        {
            return Ok(false);
        }
        let meta = |key: &str| {
            let sql = "SELECT value FROM meta WHERE key = ?";
            self.connection.query_row(sql, [key], |row| row.get::<_, String>(0)).optional()
        };
        let read = |key| meta(key).map_err(|error| self.failed(&error));
        let begun = read("begun")?.and_then(|begun| begun.parse::<Timestamp>().ok());
        let fresh = begun.is_some_and(|begun| now.duration_since(begun) < FRESH);
        Ok(fresh && read("search")?.as_deref() == Some(search))
    }

    fn begin(&mut self, search: &str, now: Timestamp) -> Result<(), RunError> {
        self.run(
            "DROP TABLE IF EXISTS meta; DROP TABLE IF EXISTS page; DROP TABLE IF EXISTS record;
             PRAGMA user_version = 0; VACUUM;",
        )?;
        self.run(&format!("BEGIN; PRAGMA application_id = {APPLICATION}; {SCHEMA}"))?;
        let add = "INSERT INTO meta VALUES ('search', ?), ('begun', ?)";
        self.connection.execute(add, params![search, now.to_string()]).map_err(|error| self.failed(&error))?;
        self.run(&format!("PRAGMA user_version = {VERSION}; COMMIT;"))
    }

    /// The next page of an earlier process, if it asked for the same; from the first that it did not, all are asked for.
    pub(super) fn again(&mut self, offset: u64, limit: u32) -> Result<Option<Taken>, RunError> {
        let sql = "SELECT start, asked, new, total, marks FROM page WHERE seq = ?";
        let row = self.connection.query_row(sql, [self.at + 1], |row| {
            let (start, asked): (i64, u32) = (row.get(0)?, row.get(1)?);
            let (new, total): (u32, Option<i64>) = (row.get(2)?, row.get(3)?);
            Ok((start as u64, asked, new as usize, total.map(|it| it as u64), row.get::<_, Vec<u8>>(4)?))
        });
        let Some((start, asked, new, total, marks)) = row.optional().map_err(|error| self.failed(&error))? else {
            return Ok(None);
        };
        if (start, asked) != (offset, limit) {
            self.cut()?;
            return Ok(None);
        }
        self.at += 1;
        self.seen += new as u64;
        Ok(Some(Taken { marks: blob::unpack(&marks)?, new, total }))
    }

    /// Forgets what followed the pages that were told again: it belongs to another way through them.
    fn cut(&mut self) -> Result<(), RunError> {
        self.run("CREATE TEMP TABLE kept (mark TEXT PRIMARY KEY)")?;
        for seq in 1..=self.at {
            let sql = "SELECT marks FROM page WHERE seq = ?";
            let packed: Vec<u8> =
                self.connection.query_row(sql, [seq], |row| row.get(0)).map_err(|error| self.failed(&error))?;
            let marks: Vec<String> = blob::unpack(&packed)?;
            for mark in marks {
                let add = "INSERT OR IGNORE INTO kept VALUES (?)";
                self.connection.execute(add, [mark]).map_err(|error| self.failed(&error))?;
            }
        }
        self.run(&format!(
            "BEGIN; DELETE FROM page WHERE seq > {}; DELETE FROM record WHERE mark NOT IN kept; COMMIT; DROP TABLE kept;",
            self.at
        ))
    }

    /// Pages that were read, told again or new.
    pub fn pages(&self) -> u64 {
        self.at as u64
    }

    /// Keeps a page; `mark` says what a record is known by and `order` what it is sorted by.
    pub(super) fn keep(
        &mut self,
        asked: (u64, u32),
        page: Page,
        mark: &dyn Fn(&Record) -> String,
        order: &dyn Fn(&Record) -> (String, String),
    ) -> Result<Taken, RunError> {
        let (mut marks, mut new) = (Vec::with_capacity(page.records.len()), 0);
        let at = self.at + 1;
        let path = self.path.clone();
        let failed = |error: rusqlite::Error| failed(path.as_deref(), &error);
        let transaction = self.connection.transaction().map_err(failed)?;
        for record in page.records {
            let mark = mark(&record);
            let (first, second) = order(&record);
            let body = Value::Object(record.0).to_string();
            // What was read last is the newest.
            let known = transaction
                .prepare_cached("UPDATE record SET first = ?, second = ?, body = ? WHERE mark = ?")
                .and_then(|mut update| update.execute(params![first, second, body, mark]))
                .map_err(failed)?;
            if known == 0 {
                new += 1;
                transaction
                    .prepare_cached("INSERT INTO record (mark, first, second, body) VALUES (?, ?, ?, ?)")
                    .and_then(|mut insert| insert.execute(params![mark, first, second, body]))
                    .map_err(failed)?;
            }
            marks.push(mark);
        }
        transaction
            .execute(
                "INSERT INTO page (seq, start, asked, new, total, marks) VALUES (?, ?, ?, ?, ?, ?)",
                params![
                    at,
                    asked.0.cast_signed(),
                    asked.1,
                    new as u32,
                    page.total.map(u64::cast_signed),
                    blob::pack(&marks)
                ],
            )
            .map_err(failed)?;
        transaction.commit().map_err(failed)?;
        self.at = at;
        self.seen += new as u64;
        Ok(Taken { marks, new, total: page.total })
    }

    /// Adds a record that no page brought, in the order of calls.
    pub fn add(&mut self, record: &Record) -> Result<(), RunError> {
        self.seen += 1;
        let place = format!("{:012}", self.seen);
        let body = Value::Object(record.0.clone()).to_string();
        self.connection
            .prepare_cached("INSERT INTO record (mark, first, second, body) VALUES (?, ?, '', ?)")
            .and_then(|mut insert| insert.execute(params![place, place, body]))
            .map_err(|error| self.failed(&error))?;
        Ok(())
    }

    /// Records of the pages so far, each once.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// Forgets all that was read.
    pub(super) fn forget(&mut self) -> Result<(), RunError> {
        (self.at, self.seen) = (0, 0);
        self.run("BEGIN; DELETE FROM page; DELETE FROM record; COMMIT;")
    }

    /// Visits every record in the order of the export, as it came.
    pub fn each(&self, visit: &mut dyn FnMut(Record, &str) -> Result<(), RunError>) -> Result<(), RunError> {
        let failed = |error: rusqlite::Error| self.failed(&error);
        let mut select =
            self.connection.prepare("SELECT body FROM record ORDER BY first, second, mark").map_err(failed)?;
        let mut rows = select.query([]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            let body: String = row.get(0).map_err(failed)?;
            let Ok(Value::Object(object)) = serde_json::from_str(&body) else {
                return Err(stopped("a record that was read cannot be read back".to_owned()));
            };
            visit(Record(object), &body)?;
        }
        Ok(())
    }

    /// Removes the file if no page is in it: there is nothing to go on with.
    pub(super) fn abandon_empty(&mut self) -> Result<(), RunError> {
        if self.number("SELECT count(*) FROM page")? == 0
            && let Some(path) = &self.path
        {
            let _ = std::fs::remove_file(path);
        }
        Ok(())
    }

    /// Removes the file: the export is in its place.
    pub fn finish(self) -> Result<(), RunError> {
        let Some(path) = self.path else { return Ok(()) };
        drop(self.connection);
        // What is left behind is begun anew or gone on with; it is not worth an error.
        let _ = std::fs::remove_file(path);
        Ok(())
    }

    fn number(&self, sql: &str) -> Result<u64, RunError> {
        let number: i64 = self.connection.query_row(sql, [], |row| row.get(0)).map_err(|error| self.failed(&error))?;
        Ok(number as u64)
    }

    fn run(&self, sql: &str) -> Result<(), RunError> {
        self.connection.execute_batch(sql).map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &rusqlite::Error) -> RunError {
        failed(self.path.as_deref(), error)
    }
}

/// A file that is not ours is a person's, and is not touched.
fn demand_ours(path: &Path) -> Result<(), RunError> {
    use std::io::Read as _;
    let mut start = Vec::with_capacity(100);
    match std::fs::File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(stopped(format!("{}: cannot be read: {error}", path.display()))),
        Ok(file) => {
            let read = file.take(100).read_to_end(&mut start);
            read.map_err(|error| stopped(format!("{}: cannot be read: {error}", path.display())))?;
        }
    }
    // The number of the application stands in the header of a SQLite file, at byte 68.
    let mark = start.get(68..72).map(|bytes| i64::from(u32::from_be_bytes(bytes.try_into().expect("four bytes"))));
    let ours = start.starts_with(b"SQLite format 3\0") && matches!(mark, Some(APPLICATION | 0));
    if start.is_empty() || ours {
        return Ok(());
    }
    Err(RunError::Input {
        message: format!("{}: is no unfinished export of arload; nothing was asked", path.display()),
        hint: "move it away, or name another file with --output".to_owned(),
    })
}

fn failed(path: Option<&Path>, error: &rusqlite::Error) -> RunError {
    let place = path.map_or_else(|| "the temporary folder".to_owned(), |path| path.display().to_string());
    if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) {
        return RunError::Input {
            message: format!("{place}: another export is writing it"),
            hint: "wait for it to end, or name another file with --output".to_owned(),
        };
    }
    stopped(format!("{place}: what was read cannot be kept: {error}"))
}

fn stopped(message: String) -> RunError {
    RunError::Export { message, reason: None }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record(number: u32) -> Record {
        let Value::Object(object) = json!({"id": format!("I{number}")}) else { unreachable!() };
        Record(object)
    }

    fn page(numbers: &[u32]) -> Page {
        Page { records: numbers.iter().copied().map(record).collect(), total: Some(9) }
    }

    fn keep(spool: &mut Spool, asked: (u64, u32), numbers: &[u32]) -> Taken {
        let mark = |record: &Record| record.text("id").unwrap();
        spool.keep(asked, page(numbers), &mark, &|record| (mark(record), String::new())).unwrap()
    }

    fn ids(spool: &Spool) -> Vec<String> {
        let mut ids = Vec::new();
        spool
            .each(&mut |record, _| {
                ids.push(record.text("id").unwrap());
                Ok(())
            })
            .unwrap();
        ids
    }

    #[test]
    fn a_search_that_goes_on_is_told_the_same_pages_again_and_another_search_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv.partial");
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let mut spool = Spool::open(&path, "s1", now).unwrap();
        assert_eq!(keep(&mut spool, (0, 5), &[3, 1]).new, 2);
        assert_eq!(keep(&mut spool, (1, 5), &[1, 2]).new, 1);
        assert_eq!((ids(&spool).join(" "), spool.seen()), ("I1 I2 I3".to_owned(), 3));
        drop(spool);

        let mut spool = Spool::open(&path, "s1", now).unwrap();
        assert_eq!((spool.resumed, spool.seen()), (2, 0));
        let first = spool.again(0, 5).unwrap().unwrap();
        assert_eq!((first.marks, first.new, first.total), (vec!["I3".to_owned(), "I1".to_owned()], 2, Some(9)));
        // Another way through the pages than before: what followed counts no more.
        assert!(spool.again(2, 5).unwrap().is_none());
        assert!(spool.again(1, 5).unwrap().is_none());
        assert_eq!(ids(&spool).join(" "), "I1 I3");
        drop(spool);

        for (search, later) in [("s2", 1), ("s2", 25)] {
            let mut spool = Spool::open(&path, "s1", now).unwrap();
            assert!(spool.again(7, 7).unwrap().is_none());
            keep(&mut spool, (7, 7), &[8]);
            drop(spool);
            let spool = Spool::open(&path, search, now + SignedDuration::from_hours(later)).unwrap();
            assert_eq!((spool.resumed, ids(&spool).len()), (0, 0));
        }
        Spool::open(&path, "s2", now).unwrap().finish().unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn a_persons_file_is_not_taken_for_an_unfinished_export_and_two_exports_never_share_one() {
        let folder = tempfile::tempdir().unwrap();
        let now = Timestamp::UNIX_EPOCH;
        let notes = folder.path().join("a.partial");
        std::fs::write(&notes, "a person's notes").unwrap();
        assert!(matches!(Spool::open(&notes, "s", now), Err(RunError::Input { .. })));
        assert_eq!(std::fs::read_to_string(&notes).unwrap(), "a person's notes");
        let path = folder.path().join("b.partial");
        let first = Spool::open(&path, "s", now).unwrap();
        assert!(matches!(Spool::open(&path, "s", now), Err(RunError::Input { .. })));
        drop(first);
        assert!(Spool::open(&path, "s", now).is_ok());
    }
}
