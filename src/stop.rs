//! The wish to stop: asked for by a signal, by an error, or by what the API said; obeyed between requests.
//!
//! A [`Stop`] is set once and remembers its first reason. Senders look at it before each new request and while they
//! wait; what is in flight is finished.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

/// Why work stops before everything was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum StopReason {
    /// Ctrl-C or SIGTERM.
    Interrupted = 1,
    /// The log-in was refused.
    LoginRefused = 2,
    /// The API does not let this account do it (403, 404), or the ledger cannot record.
    Refused = 3,
    /// The API gives no useful answers.
    Outage = 4,
    /// The quota of the day is used up.
    Quota = 5,
    /// The ledger cannot record what happens.
    Ledger = 6,
    /// The first rows to an upload that is not proven yet do not stand there as they were sent.
    Canary = 7,
    /// As many files were refused whole as may be.
    RefusalBudget = 8,
}

/// A flag that many threads watch.
#[derive(Debug, Default)]
pub struct Stop {
    reason: AtomicU8,
    gate: Mutex<()>,
    bell: Condvar,
}

impl Stop {
    /// Asks to stop; the first reason stands.
    pub fn ask(&self, reason: StopReason) {
        let first = self.reason.compare_exchange(0, reason as u8, Ordering::SeqCst, Ordering::SeqCst).is_ok();
        if first {
            let _gate = self.gate.lock();
            self.bell.notify_all();
        }
    }

    /// The first reason given, if any.
    pub fn reason(&self) -> Option<StopReason> {
        match self.reason.load(Ordering::SeqCst) {
            1 => Some(StopReason::Interrupted),
            2 => Some(StopReason::LoginRefused),
            3 => Some(StopReason::Refused),
            4 => Some(StopReason::Outage),
            5 => Some(StopReason::Quota),
            6 => Some(StopReason::Ledger),
            7 => Some(StopReason::Canary),
            8 => Some(StopReason::RefusalBudget),
            _ => None,
        }
    }

    /// Whether somebody asked.
    pub fn asked(&self) -> bool {
        self.reason().is_some()
    }

    /// Waits, but no longer than until somebody asks; says whether somebody did.
    pub fn wait(&self, time: Duration) -> bool {
        let gate = self.gate.lock().expect("no holder of this lock panics");
        let waited = self.bell.wait_timeout_while(gate, time, |()| !self.asked());
        drop(waited);
        self.asked()
    }
}
