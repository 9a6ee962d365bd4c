//! Bringing the ledger's file into shape as it is opened: the write-ahead log, the tables, an earlier format.
//!
//! The one rule: the tables are made, or brought up to date, in one transaction together with the number of the format.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::LedgerError;
use super::migrate::{self, FORMAT};
use super::moving::MOVED_TO;
use super::sqlite::{SqliteLedger, storage};
use crate::platform;

type Answer<T> = Result<T, LedgerError>;

impl SqliteLedger {
    /// Opens the ledger, or creates it, private to the user.
    pub fn open(path: &Path) -> Answer<Self> {
        platform::create_private_file(path)
            .map_err(|source| LedgerError::Open { path: path.display().to_string(), source })?;
        let connection = Connection::open(path).map_err(|source| storage(path, source))?;
        let ledger = Self::over(path, connection);
        ledger.prepare()?;
        Ok(ledger)
    }

    /// Opens an existing ledger for reading only; none if there is no file yet.
    pub fn open_to_read(path: &Path) -> Answer<Option<Self>> {
        if !path.exists() {
            return Ok(None);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(|source| storage(path, source))?;
        let ledger = Self::over(path, connection);
        match ledger.format()? {
            0 => Ok(None),
            FORMAT => Ok(Some(ledger)),
            found => Err(LedgerError::Older { path: path.display().to_string(), found }),
        }
    }

    /// A ledger for one dry run, gone with the process.
    pub fn scratch() -> Answer<Self> {
        // An empty name is SQLite's own temporary database: private, and spilled to disk only when it grows.
        let path = PathBuf::new();
        let connection = Connection::open("").map_err(|source| storage(&path, source))?;
        let ledger = Self::over(&path, connection);
        ledger.run_batch("PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY;")?;
        ledger.create()?;
        Ok(ledger)
    }

    pub(super) fn prepare(&self) -> Answer<()> {
        // Another account's planning holds the file for as long as a large plan takes to be written.
        self.run_batch("PRAGMA busy_timeout = 60000; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")?;
        self.switch_to_wal()?;
        self.create()?;
        self.refuse_moved()
    }

    /// A history that hosts share now goes on there alone.
    fn refuse_moved(&self) -> Answer<()> {
        let to = self.one("SELECT value FROM meta WHERE key = ?", [MOVED_TO], |row| row.get(0))?;
        let path = || self.path().display().to_string();
        to.map_or(Ok(()), |to| Err(LedgerError::Moved { path: path(), to }))
    }

    /// Turns the write-ahead log on. SQLite does not wait for others here, so first starts at the same moment are
    /// tried again for a while.
    fn switch_to_wal(&self) -> Answer<()> {
        let mut last = self.run_batch("PRAGMA journal_mode = WAL");
        for _ in 0..100 {
            if !last.as_ref().is_err_and(LedgerError::is_busy) {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
            last = self.run_batch("PRAGMA journal_mode = WAL");
        }
        last
    }

    /// Makes the tables, or brings those of an earlier format up to date, unless another process did so meanwhile.
    pub(super) fn create(&self) -> Answer<()> {
        if self.format()? == FORMAT {
            return Ok(());
        }
        self.durably(|connection| {
            let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
            match found {
                0 => {
                    connection.execute_batch(include_str!("schema.sql"))?;
                    connection.execute_batch(&format!("PRAGMA user_version = {FORMAT}"))
                }
                _ => migrate::migrate(connection, found),
            }
        })
    }

    pub(super) fn format(&self) -> Answer<i64> {
        let found: i64 = self.ask(|connection| connection.query_row("PRAGMA user_version", [], |row| row.get(0)))?;
        if found > FORMAT {
            return Err(LedgerError::Newer { path: self.path().display().to_string(), found, known: FORMAT });
        }
        Ok(found)
    }

    /// The format of a ledger's file; none if there is no ledger yet.
    pub fn format_of(path: &Path) -> Answer<Option<i64>> {
        if !path.exists() {
            return Ok(None);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(|source| storage(path, source))?;
        let format = Self::over(path, connection).format()?;
        Ok((format > 0).then_some(format))
    }
}
