//! The requests of a run as figures: by status, throttled ones, and the time between two tries of an upload.
//!
//! Read from the run's history in the ledger. The rule: the labels are bounded, whatever a server answers.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::ledger::{AttemptId, ChunkId, Ledger, LedgerError, RunId};
use crate::send::limiter::LONGEST_PAUSE;

// Limit: what one try may wait for the next at most, with the pace behind a pause; more lies between two processes.
const LONGEST_WAIT: Duration = LONGEST_PAUSE.saturating_add(Duration::from_mins(2));

/// What a run asked and was answered.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Requests {
    /// By HTTP status; `none` where no answer came.
    pub(super) by_status: BTreeMap<String, u64>,
    /// Those that were answered 429.
    pub(super) throttled: u64,
    /// Seconds between an answer and the next try of the same upload, by what the answer was.
    pub(super) waits: BTreeMap<&'static str, f64>,
    /// When the last answer came.
    pub(super) last: Option<Timestamp>,
}

/// The reasons that a wait may have.
pub(super) const REASONS: [&str; 3] = ["throttled", "unavailable", "no-answer"];

impl Requests {
    /// Reads a run's history.
    pub(super) fn of(ledger: &dyn Ledger, run: RunId) -> Result<Self, LedgerError> {
        let mut requests = Self::default();
        let mut open: HashMap<ChunkId, (Timestamp, &'static str)> = HashMap::new();
        let mut after = AttemptId(0);
        loop {
            let page = ledger.trail(run, after)?;
            let Some(last) = page.last() else { return Ok(requests) };
            after = last.id;
            for attempt in &page {
                if let Some((answered, reason)) = open.remove(&attempt.chunk) {
                    requests.wait(reason, attempt.started_at.duration_since(answered));
                }
                let Some(reply) = attempt.replies.first() else {
                    *requests.by_status.entry("none".to_owned()).or_default() += 1;
                    continue;
                };
                *requests.by_status.entry(status(reply.status)).or_default() += 1;
                requests.throttled += u64::from(reply.status == Some(429));
                requests.last = requests.last.max(Some(reply.received_at));
                open.insert(attempt.chunk, (reply.received_at, reason(reply.status)));
            }
        }
    }

    fn wait(&mut self, reason: &'static str, time: SignedDuration) {
        let time = Duration::try_from(time).unwrap_or_default();
        if time <= LONGEST_WAIT {
            *self.waits.entry(reason).or_default() += time.as_secs_f64();
        }
    }
}

fn status(status: Option<u16>) -> String {
    match status {
        None => "none".to_owned(),
        Some(status @ 100..=599) => status.to_string(),
        Some(_) => "other".to_owned(),
    }
}

fn reason(status: Option<u16>) -> &'static str {
    match status {
        Some(429) => REASONS[0],
        Some(_) => REASONS[1],
        None => REASONS[2],
    }
}
