//! The pace of an account for all who send for it: one row, on the database's clock.

use std::time::Duration;

use super::{Answer, PostgresLedger};

/// What is asked of the pace of an account.
#[derive(Debug, Clone)]
pub struct Terms<'a> {
    /// The account.
    pub account: &'a str,
    /// Requests a second.
    pub rate: f64,
    /// Requests that may leave at once after a pause.
    pub burst: u32,
    /// Requests a day, and which day it is.
    pub quota: Option<(u64, &'a str)>,
}

/// A turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The request may leave after this time.
    After(Duration),
    /// Nobody may send before this time is over; ask again then.
    Paused(Duration),
    /// The requests of the day are used up.
    UsedUp,
}

impl PostgresLedger {
    /// Takes the next turn of an account; one that is not used is lost.
    pub fn turn(&self, terms: &Terms<'_>) -> Answer<Turn> {
        todo!()
    }

    /// Lets a recorded request leave: the time after which it may, so that requests that were held up together leave apart.
    pub fn depart(&self, terms: &Terms<'_>) -> Answer<Duration> {
        todo!()
    }

    /// Tells all who send for an account that the server asked for a pause; for a request that left so long ago, cuts the
    /// rate unless it was cut since.
    pub fn throttled(&self, terms: &Terms<'_>, left: Duration, pause: Duration) -> Answer<()> {
        todo!()
    }
}
