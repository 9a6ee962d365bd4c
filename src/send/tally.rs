//! How far sending has come, over all rounds of a process: what progress shows.
//!
//! The rule: a line counts once. When a line goes on in another chunk it counts as not done again until it is settled
//! there.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::event::Event;
use crate::outcome::{RowOutcome, Status};

/// Lines done so far; shared by all senders.
#[derive(Debug, Default)]
pub struct Tally {
    done: Mutex<Done>,
    useful: AtomicU64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Done {
    total: u64,
    accepted: u64,
    rejected: u64,
    unknown: u64,
}

impl Tally {
    /// Lines that are to be sent or looked up, of which so many are unknown already.
    pub fn expect(&self, lines: u64, unknown: u64) {
        let mut done = self.lock();
        done.total += lines;
        done.unknown += unknown;
    }

    /// Lines that got their first outcome in this chunk.
    pub fn add(&self, outcomes: &[RowOutcome]) {
        let of = |status| outcomes.iter().filter(|outcome| outcome.status == status).count() as u64;
        let mut done = self.lock();
        done.accepted += of(Status::Accepted);
        done.rejected += of(Status::Rejected);
        done.unknown += of(Status::Unknown);
    }

    /// Lines that became unknown without having had an outcome.
    pub fn lost(&self, lines: u64) {
        self.lock().unknown += lines;
    }

    /// Unknown lines that a look-up found, and those that go on in another chunk.
    pub fn looked_up(&self, found: u64, again: u64) {
        let mut done = self.lock();
        done.unknown = done.unknown.saturating_sub(found + again);
        done.accepted += found;
    }

    /// Lines of a refused file that a look-up found.
    pub fn found(&self, lines: u64) {
        self.lock().accepted += lines;
    }

    /// Counts an answer that settled something.
    pub fn useful(&self) {
        self.useful.fetch_add(1, Ordering::SeqCst);
    }

    /// Answers so far that settled something.
    pub fn useful_answers(&self) -> u64 {
        self.useful.load(Ordering::SeqCst)
    }

    /// What is told of it.
    pub fn progress(&self, rate: f64) -> Event {
        let done = *self.lock();
        Event::Progress {
            done: done.accepted + done.rejected + done.unknown,
            total: done.total,
            accepted: done.accepted,
            rejected: done.rejected,
            unknown: done.unknown,
            rate,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Done> {
        self.done.lock().expect("nobody panics while counting")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::code;

    #[test]
    fn a_line_that_goes_on_in_another_chunk_counts_once() {
        let tally = Tally::default();
        tally.expect(3, 0);
        let unknown = RowOutcome::new(Status::Unknown, code::NO_REPLY, "");
        tally.add(&[unknown.clone(), unknown.clone(), RowOutcome::accepted(None)]);
        tally.looked_up(1, 1);
        tally.add(&[RowOutcome::accepted(None)]);
        let Event::Progress { done, total, accepted, unknown, .. } = tally.progress(1.0) else { panic!() };
        assert_eq!((done, total, accepted, unknown), (3, 3, 3, 0));
    }
}
