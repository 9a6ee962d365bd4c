//! Who is alive: each process signs in with a name of its own and gives a sign of life while it works.
//!
//! Everything that a worker claims hangs on that one sign, so that one statement renews it all. The one rule: whoever
//! was silent for longer than the lease is dead for good; a process that wakes up again must come as another.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;
use postgres::types::Type;

use super::connect::Connections;
use super::{Answer, PostgresLedger};
use crate::ledger::LedgerError;
use crate::platform;

/// Signs of life in the time of a lease.
const SIGNS: u32 = 5;
/// Share of a lease that is left at least when a request leaves: nobody may take its chunk over meanwhile.
const RESERVE: u32 = 3;

/// This process among the workers.
#[derive(Debug, Default)]
pub(super) struct Worker(Mutex<Option<Arc<Signed>>>);

/// A name, and until when it surely holds.
#[derive(Debug)]
pub(super) struct Signed {
    pub(super) id: String,
    held: Mutex<Option<Held>>,
    ended: std::sync::atomic::AtomicBool,
}

/// When the last sign of life began, by two clocks: one that is never set back, and one that goes on while the host sleeps.
#[derive(Debug, Clone, Copy)]
struct Held {
    at: Instant,
    time: SystemTime,
}

/// A worker as others see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerRecord {
    /// Its name.
    pub id: String,
    /// Its host.
    pub host: String,
    /// What it does.
    pub doing: String,
    /// When it came.
    pub started_at: Timestamp,
    /// Time until its claims end, if it gives no sign of life; negative for one that is dead.
    pub left: jiff::SignedDuration,
    /// Chunks that it has claimed and not settled.
    pub chunks: u64,
    /// What it leads.
    pub leads: Vec<String>,
}

impl Signed {
    fn holds(&self, lease: Duration) -> bool {
        let Some(held) = *lock(&self.held) else { return false };
        let slept = held.time.elapsed().unwrap_or(Duration::MAX);
        held.at.elapsed().max(slept) + lease / RESERVE < lease
    }
}

impl PostgresLedger {
    /// Signs this process in as a worker, and gives signs of life until it is dropped or [`PostgresLedger::leave`]s.
    pub fn enlist(&self, doing: &str) -> Answer<()> {
        todo!()
    }

    /// Signs out: gives back what was claimed and led.
    pub fn leave(&self) -> Answer<()> {
        todo!()
    }

    /// Whether what this worker claimed surely holds for long enough to send a request.
    pub fn holds(&self) -> bool {
        todo!()
    }

    /// This worker's name.
    pub fn worker_id(&self) -> Answer<String> {
        todo!()
    }

    /// Everybody who has signed in and was not forgotten, the longest first.
    pub fn workers(&self) -> Answer<Vec<WorkerRecord>> {
        todo!()
    }

    /// How far the database's clock is ahead of this host's.
    pub fn clock_ahead(&self) -> Answer<jiff::SignedDuration> {
        todo!()
    }

    /// Takes the lead in something, or keeps it; false while another worker that is alive has it.
    pub fn lead(&self, name: &str) -> Answer<bool> {
        todo!()
    }

    /// Gives the lead back.
    pub fn resign(&self, name: &str) -> Answer<()> {
        todo!()
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
