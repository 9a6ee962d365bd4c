//! A PostgreSQL server for tests that run at the same time, and an installation of its own for each.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::PostgresLedger;
use super::place::Place;

#[path = "../../../tests/suite/shared/database.rs"]
#[expect(clippy::print_stderr, dead_code, reason = "the suite uses more of it, and says what it skips")]
mod database;

use self::database::Database;

static INSTALLATIONS: AtomicU32 = AtomicU32::new(1);

/// Tables of a ledger that nobody else uses.
pub(crate) struct Installation {
    /// Ends with the last installation.
    _server: Arc<Database>,
    pub(crate) url: String,
}

impl Installation {
    /// A new one; none where PostgreSQL is not installed, which is said.
    pub(crate) fn new() -> Option<Self> {
        let server = Database::shared()?;
        let schema = format!("ledger_{}", INSTALLATIONS.fetch_add(1, Ordering::Relaxed));
        let url = server.place(&schema).url;
        let installation = Self { _server: server, url };
        assert_eq!(PostgresLedger::prepare(&installation.place()).unwrap(), None);
        Some(installation)
    }

    pub(crate) fn place(&self) -> Place {
        Place::parse(&self.url).unwrap()
    }

    /// A process that has signed in.
    pub(crate) fn worker(&self) -> PostgresLedger {
        let ledger = PostgresLedger::open(self.place()).unwrap();
        ledger.enlist("test").unwrap();
        ledger
    }
}
