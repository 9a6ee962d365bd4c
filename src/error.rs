//! Errors that stop a run. A finding never does; a panic is a bug.

use crate::ledger::LedgerError;
use crate::sheet::error::SheetError;
use crate::stop::StopReason;

/// Why a run cannot begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The ledger refused.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The temporary file for rows could not be written or read.
    #[error("the temporary folder cannot hold the rows: {0}")]
    Spool(std::io::Error),
    /// No sheet could be read.
    #[error("no sheet could be read; nothing was sent")]
    NoSheets,
    /// Something in the input has to be put right first; nothing was sent.
    #[error("{message}")]
    Input {
        /// Where and what.
        message: String,
        /// The way out.
        hint: String,
    },
    /// What the API has could not be looked up before the plan was made; nothing was sent.
    #[error("{message}; nothing was planned")]
    NotLookedUp {
        /// What was to be looked up, and why it could not be.
        message: String,
        /// The way out.
        hint: String,
    },
    /// Results could not be written.
    #[error("{path}: results cannot be written: {cause}")]
    Results {
        /// The file or folder.
        path: String,
        /// What the system said.
        cause: std::io::Error,
    },
    /// A run's evidence could not be written.
    #[error("{path}: the evidence cannot be written: {cause}")]
    Evidence {
        /// The file.
        path: String,
        /// What the system said.
        cause: std::io::Error,
    },
    /// A sheet changed or broke while it was read.
    #[error(transparent)]
    Sheet(#[from] SheetError),
    /// The totals do not add up: a bug, and nothing is called done.
    #[error("the outcomes do not add up to the rows read; this is a bug: {0}")]
    TotalsDisagree(String),
    /// Another process holds the account's lock.
    #[error("another run is sending for {0}")]
    Locked(String),
    /// Another process watches the folder.
    #[error("{0}: another arload watches this folder")]
    Watched(String),
    /// The system refused the lock.
    #[error("{path}: the lock cannot be taken: {cause}")]
    Lock {
        /// The file.
        path: String,
        /// What the system said.
        cause: std::io::Error,
    },
    /// A person or the system asked to stop before the plan was made.
    #[error("interrupted while reading; nothing was sent")]
    Interrupted,
    /// Looking up what the API has ended before the plan was made, for a reason with an exit code of its own.
    #[error("{message}; nothing was planned")]
    Stopped {
        /// Why.
        reason: StopReason,
        /// In words.
        message: String,
    },
    /// An export or a comparison stopped before it was complete; what was read is kept for the next time.
    #[error("{message}; nothing was written")]
    Export {
        /// What stopped it.
        message: String,
        /// Why, where it was asked to or must; none where the search cannot go on.
        reason: Option<StopReason>,
    },
    /// An export could not be written.
    #[error("{path}: the export cannot be written: {cause}")]
    NotExported {
        /// The file, or standard output.
        path: String,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The ledger asks for an approval that nobody gave yet.
    #[error("{0}")]
    Unapproved(String),
    /// There is no such run.
    #[error("there is no run {0}")]
    NoRun(String),
}

impl RunError {
    /// The way out.
    pub fn hint(&self) -> Option<String> {
        match self {
            RunError::Ledger(error) => Some(error.hint().to_owned()),
            RunError::Spool(_) => Some("free some disk space, or set TMPDIR to a larger disk".to_owned()),
            RunError::NoSheets => None,
            RunError::Input { hint, .. } | RunError::NotLookedUp { hint, .. } => {
                (!hint.is_empty()).then(|| hint.clone())
            }
            RunError::Results { .. } => Some("name a folder that you can write to with --results".to_owned()),
            RunError::Evidence { cause, .. } if cause.kind() == std::io::ErrorKind::AlreadyExists => {
                Some("pass --force to replace it, or name another file with --out".to_owned())
            }
            RunError::Evidence { .. } => Some("name a file that you can write to with --out".to_owned()),
            RunError::Sheet(error) => error.hint(),
            RunError::TotalsDisagree(_) => Some("nothing more was sent; keep the ledger and report it".to_owned()),
            RunError::Locked(_) | RunError::Watched(_) => Some("wait for it to end, or pass --wait".to_owned()),
            RunError::Lock { .. } => Some("name a folder that you can write to with --state".to_owned()),
            RunError::Stopped { reason: StopReason::Quota, .. }
            | RunError::Export { reason: Some(StopReason::Quota), .. } => {
                Some("run the same command again tomorrow, or raise --per-day".to_owned())
            }
            RunError::Stopped { reason: StopReason::LoginRefused, .. }
            | RunError::Export { reason: Some(StopReason::LoginRefused), .. } => {
                Some("mend the credentials; the same ones are not tried again".to_owned())
            }
            RunError::Stopped { .. } | RunError::Interrupted => Some("run the same command again".to_owned()),
            RunError::Export { .. } => {
                Some("run the same command again; an export to a file goes on where it stopped".to_owned())
            }
            RunError::NotExported { cause, .. } if cause.kind() == std::io::ErrorKind::AlreadyExists => {
                Some("pass --force to replace it, or name another file with --output".to_owned())
            }
            RunError::NotExported { .. } => Some(
                "free some disk space or name a file that you can write to, then run the same command again".to_owned(),
            ),
            RunError::Unapproved(_) => {
                Some("nothing was sent; the same command sends it once it is approved".to_owned())
            }
            RunError::NoRun(_) => {
                Some("\"arload runs list\" shows the runs there are; those of the sandbox need --sandbox".to_owned())
            }
        }
    }
}
