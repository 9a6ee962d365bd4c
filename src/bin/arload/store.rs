//! The ledger that settings name: a file of this host's, or a database that hosts share.
//!
//! Owns how each is opened. The rule: whoever works on a shared ledger goes by the clock of its database.

use std::path::PathBuf;
use std::sync::Arc;

use arload::clock::{Clock, SystemClock};
use arload::config::{Settings, Target};
use arload::error::RunError;
use arload::ledger::sqlite::SqliteLedger;
use arload::ledger::{Ledger, LedgerError, PostgresLedger};
use arload::platform;
use jiff::Timestamp;

/// An open ledger.
pub(crate) enum Store {
    /// In a file.
    File(Box<SqliteLedger>),
    /// In a database.
    Shared(Box<PostgresLedger>),
}

impl Store {
    /// Opens the ledger to write, creates a file that is not there, and brings it up to date; a database must be prepared.
    pub(crate) fn open_to_write(settings: &Settings) -> Result<Store, LedgerError> {
        if let Some(place) = &settings.places.ledger {
            return PostgresLedger::open(place.clone()).map(|ledger| Store::Shared(Box::new(ledger)));
        }
        let folder = &settings.places.state;
        platform::create_private_folder(folder)
            .map_err(|source| LedgerError::Open { path: folder.display().to_string(), source })?;
        if let Some(kind) = platform::network_file_system(folder) {
            return Err(LedgerError::Network { path: folder.display().to_string(), kind });
        }
        SqliteLedger::open(&ledger_path(settings)).map(|ledger| Store::File(Box::new(ledger)))
    }

    /// Opens the ledger to read; none where there is no file yet.
    pub(crate) fn open_to_read(settings: &Settings) -> Result<Option<Store>, LedgerError> {
        if let Some(place) = &settings.places.ledger {
            return PostgresLedger::open(place.clone()).map(|ledger| Some(Store::Shared(Box::new(ledger))));
        }
        Ok(SqliteLedger::open_to_read(&ledger_path(settings))?.map(|ledger| Store::File(Box::new(ledger))))
    }

    /// An empty ledger that is gone with the process.
    pub(crate) fn scratch() -> Result<Store, LedgerError> {
        SqliteLedger::scratch().map(|ledger| Store::File(Box::new(ledger)))
    }

    /// Opens a ledger that must be there, to read.
    pub(crate) fn existing_to_read(settings: &Settings) -> anyhow::Result<Store> {
        let store = Store::open_to_read(settings)?;
        Ok(store.ok_or_else(|| RunError::Input {
            message: format!("{}: there is no ledger", shown(settings)),
            hint: "name its folder with --state; that of the sandbox needs --sandbox".to_owned(),
        })?)
    }

    /// Opens a ledger that must be there, to write.
    pub(crate) fn existing_to_write(settings: &Settings) -> anyhow::Result<Store> {
        if settings.places.ledger.is_none() && SqliteLedger::format_of(&ledger_path(settings))?.is_none() {
            return Err(RunError::Input {
                message: format!("{}: there is no ledger", shown(settings)),
                hint: "name its folder with --state, or create one with \"arload ledger init\"".to_owned(),
            }
            .into());
        }
        Ok(Store::open_to_write(settings)?)
    }

    /// What every command asks.
    pub(crate) fn ledger(&self) -> &dyn Ledger {
        match self {
            Store::File(ledger) => ledger.as_ref(),
            Store::Shared(ledger) => ledger.as_ref(),
        }
    }

    /// The ledger's clock: the database's, where hosts share it, because their own may be wrong.
    pub(crate) fn clock(&self) -> Result<Arc<dyn Clock>, LedgerError> {
        Ok(match self {
            Store::File(_) => Arc::new(SystemClock::default()),
            Store::Shared(ledger) => Arc::new(SystemClock::ahead_by(ledger.clock_ahead()?)),
        })
    }

    /// The time by the ledger's clock.
    pub(crate) fn now(&self) -> Result<Timestamp, LedgerError> {
        Ok(self.clock()?.now())
    }
}

/// The ledger's file for these settings, where it is one; the stand-in has one of its own.
pub(crate) fn ledger_path(settings: &Settings) -> PathBuf {
    let name = if settings.target == Target::Sandbox { "sandbox-ledger.db" } else { "ledger.db" };
    settings.places.state.join(name)
}

/// Where the ledger is, as people read it.
pub(crate) fn shown(settings: &Settings) -> String {
    match &settings.places.ledger {
        Some(place) => place.shown().to_owned(),
        None => ledger_path(settings).display().to_string(),
    }
}
