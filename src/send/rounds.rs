//! Sending in rounds: planned chunks leave, then those that no answer settled are looked up and those refused whole are
//! halved, until nothing more can be done.
//!
//! Owns the order of rounds and what ends them. [`super::workers`] sends, `settling` looks up and splits,
//! `proving` reads the first rows back. All state is in the ledger, so a run goes on from any instant. The one
//! rule: a line is sent again only after a look-up proved it missing, or in a smaller file after its file was refused.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::common::NoTurn;
use super::limiter::Limiter;
use super::refusals::Refusals;
use super::search::{SearchError, Searcher};
use super::tally::Tally;
use super::workers::{self, Halt, Senders};
use crate::api::Api;
use crate::clock::Clock;
use crate::config::Sending;
use crate::event::{Event, Observer};
use crate::ledger::{ChunkHead, ChunkState, Ledger, LedgerError, Resolution, RunId};
use crate::operation::{Operation, Repeat};
use crate::stop::{Stop, StopReason};

/// Waits longer than this are told.
const TOLD: Duration = Duration::from_secs(1);

/// Everything that the rounds of one run need.
pub struct Rounds<'a> {
    /// What is done to the rows.
    pub operation: &'static Operation,
    /// The run.
    pub run: RunId,
    /// Normalised base URL and company.
    pub account: &'a str,
    /// Pace and limits.
    pub settings: &'a Sending,
    /// Decides the day of the quota, and reads dates of records.
    pub timezone: &'a TimeZone,
    /// The record of everything.
    pub ledger: &'a dyn Ledger,
    /// The way out.
    pub api: &'a dyn Api,
    /// The pace, common to uploads and searches.
    pub limiter: &'a Limiter<'a>,
    /// The time.
    pub clock: &'a dyn Clock,
    /// Asked before each request.
    pub stop: &'a Stop,
    /// Hears of everything.
    pub observer: &'a dyn Observer,
    /// What the canary is kept under.
    pub template: [u8; 32],
    /// Whether chunks may be sent, or unknown ones only looked up.
    pub sends: bool,
}

/// Why rounds end before everything is settled.
#[derive(Debug)]
pub(super) enum Ended {
    /// Somebody asked to stop, and has said why, or is about to.
    Stopped(Option<String>),
    /// Something found on the way forbids going on.
    Halted(StopReason, String),
    /// The ledger cannot go on.
    Ledger(LedgerError),
}

impl From<LedgerError> for Ended {
    fn from(error: LedgerError) -> Self {
        Ended::Ledger(error)
    }
}

/// What this process knows beyond the ledger.
pub(super) struct Memo<'a> {
    /// When this process began with the run.
    pub(super) began: Timestamp,
    /// The same by the time that no clock is set by.
    pub(super) began_at: Duration,
    pub(super) searcher: Searcher<'a>,
    pub(super) tally: Tally,
    /// Chunks that a look-up of this process left unknown.
    pub(super) given_up: HashSet<i64>,
    /// When to look again for what a chunk's look-up did not find.
    pub(super) waiting: HashMap<i64, Timestamp>,
    /// Refused chunks of which no line was found.
    pub(super) whole: HashSet<i64>,
    /// How far the server's clock is ahead of this host's.
    pub(super) ahead: SignedDuration,
    /// Useful answers when the API last seemed to be down.
    pub(super) outage_at: Option<u64>,
    /// Why no further chunk may be sent.
    pub(super) refused: Option<String>,
}

impl Memo<'_> {
    /// Now, for whoever has to wait.
    pub(super) fn now(&self, clock: &dyn Clock) -> Timestamp {
        surely_past(self.began, clock.elapsed().saturating_sub(self.began_at), clock.now())
    }
}

/// What the time is at least, so long after a beginning: a clock that was set forward since has not given a server the time
/// to end what it was doing.
fn surely_past(began: Timestamp, gone: Duration, told: Timestamp) -> Timestamp {
    told.min(began.saturating_add(gone).unwrap_or(began))
}

/// Which chunks are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// All of the run.
    All,
    /// One chunk of the plan, and those that its lines went on in.
    Family(u32),
}

/// What a settle round leaves.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Left {
    /// When something can be looked up again.
    pub(super) wait: Option<Timestamp>,
    /// Lines of refused files that the budget does not let split.
    pub(super) unsplit: u64,
}

impl Rounds<'_> {
    /// Sends, looks up and splits until nothing more can be done; says why it ended early, if it did.
    pub fn run(&self) -> Option<String> {
        let (reason, message) = match self.go() {
            Ok(()) => return None,
            Err(Ended::Stopped(message)) => return message,
            Err(Ended::Halted(reason, message)) => (reason, message),
            Err(Ended::Ledger(error)) => (StopReason::Ledger, format!("{error}; hint: {}", error.hint())),
        };
        self.observer.event(&Event::Stopping { reason: message.clone() });
        self.stop.ask(reason);
        Some(message)
    }

    fn go(&self) -> Result<(), Ended> {
        let mut memo = Memo {
            began: self.clock.now(),
            began_at: self.clock.elapsed(),
            searcher: self.searcher(),
            tally: Tally::default(),
            given_up: HashSet::new(),
            waiting: HashMap::new(),
            whole: HashSet::new(),
            ahead: SignedDuration::ZERO,
            outage_at: None,
            refused: None,
        };
        if let Some(ledger) = self.ledger.shared() {
            return self.share(ledger, &mut memo);
        }
        self.plan_again()?;
        self.expect(&memo.tally)?;
        if self.sends {
            self.prove(&mut memo)?;
        }
        self.until_settled(Scope::All, &mut memo)
    }

    fn searcher(&self) -> Searcher<'_> {
        Searcher {
            api: self.api,
            limiter: self.limiter,
            clock: self.clock,
            stop: self.stop,
            ledger: self.ledger,
            account: self.account,
            timezone: self.timezone,
            per_day: self.settings.per_day,
            observer: self.observer,
            unit: Mutex::new(None),
        }
    }

    /// Plans again what may be done twice.
    pub(super) fn plan_again(&self) -> Result<(), Ended> {
        if self.operation.repeat != Repeat::Safe {
            return Ok(());
        }
        for head in self.ledger.chunks(self.run)?.iter().filter(|head| head.state == ChunkState::Unknown) {
            let again = self.nothing_but(ChunkState::Planned, "may be done twice; planned again");
            self.ledger.resolve_chunk(head.id, &again)?;
        }
        Ok(())
    }

    /// Counts what is to be done.
    pub(super) fn expect(&self, tally: &Tally) -> Result<(), Ended> {
        for head in self.ledger.chunks(self.run)?.iter().filter(|head| head.is_open()) {
            let unknown = match (head.state, self.operation.repeat) {
                (ChunkState::Unknown, Repeat::LookUp) => self.known(head)?.open().len() as u64,
                _ => 0,
            };
            tally.expect(if unknown > 0 { unknown } else { u64::from(head.rows) }, unknown);
        }
        Ok(())
    }

    /// A resolution that changes nothing but the state.
    pub(super) fn nothing_but<'w>(&'w self, state: ChunkState, words: &'w str) -> Resolution<'w> {
        Resolution {
            state,
            outcomes: None,
            moved: None,
            children: &[],
            customers: &[],
            account: self.account,
            words,
            at: self.clock.now(),
        }
    }

    /// Goes on until no chunk concerned can be sent, looked up or split.
    pub(super) fn until_settled(&self, scope: Scope, memo: &mut Memo<'_>) -> Result<(), Ended> {
        loop {
            self.keep_lead()?;
            if self.sends && memo.refused.is_none() {
                self.send_planned(scope, memo)?;
            }
            if self.stop.asked() {
                return Err(Ended::Stopped(None));
            }
            let left = self.settle(scope, memo)?;
            let planned = self.sends && self.in_scope(scope)?.iter().any(|head| head.state == ChunkState::Planned);
            if let Some(message) = memo.refused.clone().filter(|_| planned || left.unsplit > 0) {
                return Err(Ended::Halted(StopReason::RefusalBudget, message));
            }
            if planned && self.waits_for_others(true)? {
                continue;
            }
            if left.unsplit > 0 {
                let message = self.refusals()?.words(self.settings.refusal_budget);
                return Err(Ended::Halted(StopReason::RefusalBudget, message));
            }
            match left.wait {
                Some(until) => self.wait(until, memo)?,
                None if scope == Scope::All && self.waits_for_others(false)? => {}
                None => return Ok(()),
            }
        }
    }

    pub(super) fn send_planned(&self, scope: Scope, memo: &mut Memo<'_>) -> Result<(), Ended> {
        let mut chunks = self.in_scope(Scope::All)?;
        chunks.retain(|chunk| chunk.state == ChunkState::Planned);
        memo.tally.requests(chunks.len() as u64, self.clock.elapsed());
        if scope != Scope::All {
            let concerned: HashSet<u32> = self.in_scope(scope)?.iter().map(|chunk| chunk.ordinal).collect();
            chunks.retain(|chunk| concerned.contains(&chunk.ordinal));
        }
        if chunks.is_empty() {
            return Ok(());
        }
        let senders = Senders {
            operation: self.operation,
            run: self.run,
            account: self.account,
            settings: self.settings,
            timezone: self.timezone,
            ledger: self.ledger,
            api: self.api,
            limiter: self.limiter,
            clock: self.clock,
            stop: self.stop,
            observer: self.observer,
            tally: &memo.tally,
        };
        match senders.send(&self.queue(chunks, scope)) {
            None => Ok(()),
            Some(Halt::Stopped(message)) => Err(Ended::Stopped(Some(message))),
            Some(Halt::Refused(message)) => {
                memo.refused = Some(message);
                Ok(())
            }
            Some(Halt::Fruitless(message)) => self.outlast(message, memo),
        }
    }

    /// The chunks concerned, in order.
    pub(super) fn in_scope(&self, scope: Scope) -> Result<Vec<ChunkHead>, LedgerError> {
        let mut chunks = self.ledger.chunks(self.run)?;
        if let Scope::Family(first) = scope {
            let family = family(&chunks, first);
            chunks.retain(|head| family.contains(&head.ordinal));
        }
        Ok(chunks)
    }

    pub(super) fn refusals(&self) -> Result<Refusals, LedgerError> {
        Refusals::so_far(self.ledger, self.run, self.account, &self.day())
    }

    pub(super) fn day(&self) -> String {
        self.clock.now().to_zoned(self.timezone.clone()).date().to_string()
    }

    /// Waits until a time by the clock, or until somebody asks to stop.
    fn wait(&self, until: Timestamp, memo: &Memo<'_>) -> Result<(), Ended> {
        // A little more, so that the time is over when it is looked at again.
        let time = until.duration_since(memo.now(self.clock)).unsigned_abs() + Duration::from_millis(1);
        if time < TOLD {
            return if self.clock.wait(time, self.stop) { Err(Ended::Stopped(None)) } else { Ok(()) };
        }
        let reason = "look-up: what is not found by then is missing";
        self.observer.event(&Event::waiting(reason, time, self.clock.now(), self.timezone));
        if self.clock.wait(time, self.stop) { Err(Ended::Stopped(None)) } else { Ok(()) }
    }

    /// What it means that a request had no turn.
    pub(super) fn no_turn(&self, none: NoTurn) -> Ended {
        match none {
            NoTurn::Stopped => Ended::Stopped(None),
            NoTurn::UsedUp => Ended::Halted(StopReason::Quota, workers::used_up(self.settings.per_day)),
            NoTurn::Ledger(error) => Ended::Ledger(error),
        }
    }

    /// What an error of a search means, other than that the search cannot answer.
    pub(super) fn search_ended(&self, error: SearchError) -> Ended {
        match error {
            SearchError::Stop { .. } if self.stop.asked() => Ended::Stopped(None),
            SearchError::Stop { reason, message } => Ended::Halted(reason, message),
            SearchError::Ledger(error) => Ended::Ledger(error),
            SearchError::Unable(message) => Ended::Halted(StopReason::Outage, message),
        }
    }
}

/// A chunk of the plan, by its number, and all that its lines went on in. Parents come before their children.
fn family(chunks: &[ChunkHead], first: u32) -> HashSet<u32> {
    let mut family = HashSet::from([first]);
    for head in chunks {
        if head.parent.is_some_and(|parent| family.contains(&parent)) {
            family.insert(head.ordinal);
        }
    }
    family
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_forward_ends_no_wait() {
        let at = |second: i64| Timestamp::from_second(1_795_329_000 + second).unwrap();
        let gone = Duration::from_secs(10);
        for (told, expected) in [(10, 10), (9, 9), (3_600, 10), (-3_600, -3_600)] {
            assert_eq!(surely_past(at(0), gone, at(told)), at(expected), "{told}");
        }
    }
}
