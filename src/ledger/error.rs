//! Why a ledger cannot go on, in words of our own, each with its way out.
//!
//! The rule: a message names the file, and the hint what a person can do with it.

/// Why the ledger cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The store refused.
    #[error("{path}: the ledger cannot be used: {}", storage_words(.cause))]
    Storage {
        /// The ledger's file.
        path: String,
        /// What the store said; told in the text, in words of our own where there are some.
        cause: rusqlite::Error,
    },
    /// The file or its folder cannot be made or opened.
    #[error("{path}: the ledger cannot be opened")]
    Open {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The folder is on a file system that does not keep what a database needs.
    #[error("{path}: the ledger cannot live on {kind}, a network file system: its locks and syncs are not reliable")]
    Network {
        /// The folder.
        path: String,
        /// The kind of file system.
        kind: &'static str,
    },
    /// The file was written by a newer arload.
    #[error("{path}: the ledger has format {found}; this arload knows formats up to {known}")]
    Newer {
        /// The file.
        path: String,
        /// Its format.
        found: i64,
        /// The newest format this program knows.
        known: i64,
    },
    /// It was written by an earlier arload, and this command does not change its form.
    #[error("{path}: the ledger has the earlier format {found}, and this command leaves that as it is")]
    Older {
        /// The file.
        path: String,
        /// Its format.
        found: i64,
    },
    /// The database refused.
    #[error("{place}: the ledger cannot be used: {words}")]
    Database {
        /// The database, as people name it; without a password.
        place: String,
        /// What it said.
        words: String,
    },
    /// The database does not answer.
    #[error("{place}: the ledger's database does not answer: {words}")]
    Away {
        /// The database, as people name it; without a password.
        place: String,
        /// What was tried and went wrong.
        words: String,
    },
    /// The database has none of the ledger's tables.
    #[error("{place}: there is no ledger in this database")]
    Missing {
        /// The database, as people name it; without a password.
        place: String,
    },
    /// Its history went into a database that hosts share.
    #[error("{path}: the ledger was moved to {to}, and nothing more is sent from here")]
    Moved {
        /// The file.
        path: String,
        /// The database, as people name it.
        to: String,
    },
    /// The place of the database cannot be used as it is given.
    #[error("{0}")]
    Place(String),
    /// Another process has it now: this one was away for longer than its lease.
    #[error("{0}")]
    Lost(String),
    /// A stored record cannot be read back.
    #[error("the ledger holds a damaged record: {0}")]
    Damaged(String),
}

impl LedgerError {
    /// Whether another process had the file for longer than this one waits.
    pub fn is_busy(&self) -> bool {
        matches!(self, LedgerError::Storage { cause: error, .. } if matches!(
            error.sqlite_error_code(),
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked)
        ))
    }

    /// Whether the same command goes on once the store can be used again.
    pub fn goes_on(&self) -> bool {
        matches!(
            self,
            LedgerError::Storage { .. }
                | LedgerError::Damaged(_)
                | LedgerError::Database { .. }
                | LedgerError::Away { .. }
                | LedgerError::Lost(_)
        )
    }

    /// Whether another process took over what this one had.
    pub fn is_lost(&self) -> bool {
        matches!(self, LedgerError::Lost(_))
    }

    /// Whether the file's own structure is broken.
    pub fn is_corrupt(&self) -> bool {
        matches!(self, LedgerError::Storage { cause: error, .. } if matches!(
            error.sqlite_error_code(),
            Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase)
        ))
    }

    /// The way out.
    pub fn hint(&self) -> &'static str {
        match self {
            error if error.is_corrupt() => "keep the file as it is, and restore the ledger from a backup",
            error if error.is_busy() => "another arload is writing to it; run the same command again",
            LedgerError::Storage { .. } => {
                "free some disk space or mend the folder's rights, then run the same command again"
            }
            LedgerError::Network { .. } => "name a folder on a disk of this machine with --state",
            LedgerError::Open { .. } => "name a folder that you can write to with --state",
            LedgerError::Newer { .. } => "install the newer arload, or name another folder with --state",
            LedgerError::Older { .. } => {
                "\"arload ledger migrate\" brings it up to date; of a shared ledger, run by the owner of its tables"
            }
            LedgerError::Database { .. } => {
                "mend the database or the rights of its role, then run the same command again"
            }
            LedgerError::Away { .. } => "nothing is lost; run the same command again once the database answers",
            LedgerError::Moved { .. } => "name that database with --ledger, or another folder with --state",
            LedgerError::Missing { .. } => "\"arload ledger init\" makes its tables",
            LedgerError::Place(_) => {
                "give it as postgres://USER@HOST/DATABASE; \"arload explain ledger-place\" says the rest"
            }
            LedgerError::Lost(_) => "run the same command again",
            LedgerError::Damaged(_) => "restore the ledger from a backup",
        }
    }
}

fn storage_words(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DiskFull) => "the disk is full".to_owned(),
        Some(rusqlite::ErrorCode::ReadOnly) => "it is read-only".to_owned(),
        _ => error.to_string(),
    }
}
