//! The pace that all workers of a shared ledger keep together, and the day's quota with it.
//!
//! Leaves the figures to [`PostgresLedger::turn`]. The one rule: a process has one turn ahead at most, so that one that
//! dies loses no more than that.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::clock::Clock;
use crate::ledger::postgres::pace::{Terms, Turn};
use crate::ledger::{LedgerError, PostgresLedger};
use crate::stop::Stop;

/// Limit: a pause that others asked for is looked at again this often, because it may have been made longer.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Why a request had no turn.
#[derive(Debug, thiserror::Error)]
pub enum NoTurn {
    /// Somebody asked to stop.
    #[error("stopped")]
    Stopped,
    /// The requests of the day are used up.
    #[error("the requests of today are used up")]
    UsedUp,
    /// The ledger cannot say.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// The pace of an account that others send for, too.
#[derive(Debug)]
pub struct Common<'l> {
    /// Keeps it.
    pub ledger: &'l PostgresLedger,
    /// Normalised base URL and company.
    pub account: &'l str,
    /// Decides the day of the quota.
    pub timezone: &'l TimeZone,
    /// Requests a second.
    pub rate: f64,
    /// Requests that may leave at once after a pause.
    pub burst: u32,
    /// Requests a day.
    pub per_day: Option<u64>,
    /// Held by the one thread that waits for its turn.
    pub gate: Mutex<()>,
}

impl Common<'_> {
    fn terms<'t>(&'t self, day: &'t str) -> Terms<'t> {
        let Self { account, rate, burst, per_day, .. } = *self;
        Terms { account, rate, burst, day, per_day }
    }

    fn day(&self, clock: &dyn Clock) -> String {
        clock.now().to_zoned(self.timezone.clone()).date().to_string()
    }

    pub(super) fn turn(&self, clock: &dyn Clock, stop: &Stop) -> Result<(), NoTurn> {
        let _gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        while !stop.asked() {
            let wait = match self.ledger.turn(&self.terms(&self.day(clock)))? {
                Turn::UsedUp => return Err(NoTurn::UsedUp),
                Turn::After(wait) if clock.wait(wait, stop) => break,
                Turn::After(_) => return Ok(()),
                Turn::Paused(time) => time.min(LOOK_AGAIN),
            };
            clock.wait(wait, stop);
        }
        Err(NoTurn::Stopped)
    }

    pub(super) fn depart(&self, clock: &dyn Clock) -> Result<(), LedgerError> {
        let wait = self.ledger.depart(&self.terms(""))?;
        if !wait.is_zero() {
            clock.sleep(wait);
        }
        Ok(())
    }

    /// Tells the others; where the ledger cannot be told, they learn it from the server.
    pub(super) fn throttled(&self, left: Duration, pause: Duration) {
        let _ = self.ledger.throttled(&self.terms(""), left, pause);
    }
}
