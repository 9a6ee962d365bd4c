//! The senders: threads that take planned chunks in order, send them at the common pace, and record what came back.
//!
//! Owns the order of steps for one chunk. What follows a try is decided in [`super::retry`], what a reply means in
//! [`super::settle`]. The one rule: the attempt is in the ledger before its first byte leaves, and its reply before
//! anything derived from it is told to anybody.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use jiff::tz::TimeZone;

use super::answer::Answer;
use super::common::NoTurn;
use super::doubt;
use super::limiter::Limiter;
use super::queue::Queue;
use super::refusals::Refusals;
use super::retry::{Limits, Next, Patience, Tried};
use super::settle::{self, Settled};
use super::tally::Tally;
use crate::api::reply::{self, Reading, SentRow};
use crate::api::{Api, Call, Exchange, Token};
use crate::clock::Clock;
use crate::config::Sending;
use crate::event::{Event, Observer};
use crate::ledger::{
    AttemptId, ChunkChange, ChunkHead, ChunkId, ChunkState, Ledger, LedgerError, NewAttempt, NewReply, PostgresLedger,
    RunId, blob,
};
use crate::operation::Operation;
use crate::stop::{Stop, StopReason};
use crate::wording::count;

// Limit: chunks in a row without a useful answer after which the API counts as down.
const OUTAGE_CHUNKS: u32 = 5;

// Limit: a reply that cannot be recorded is tried again for ten seconds.
const RECORD_TRIES: u32 = 20;
const RECORD_WAIT: Duration = Duration::from_millis(500);

/// Waits longer than this are told.
const TOLD: Duration = Duration::from_secs(2);

/// Everything that sending needs.
pub struct Senders<'a> {
    /// What is done to the rows.
    pub operation: &'static Operation,
    /// The run.
    pub run: RunId,
    /// Normalised base URL and company.
    pub account: &'a str,
    /// Pace and limits.
    pub settings: &'a Sending,
    /// Decides the day of the quota.
    pub timezone: &'a TimeZone,
    /// The record of everything.
    pub ledger: &'a dyn Ledger,
    /// The way out.
    pub api: &'a dyn Api,
    /// The common pace.
    pub limiter: &'a Limiter<'a>,
    /// The time.
    pub clock: &'a dyn Clock,
    /// Asked before each request.
    pub stop: &'a Stop,
    /// Hears of everything.
    pub observer: &'a dyn Observer,
    /// Counts lines over all rounds.
    pub tally: &'a Tally,
}

/// Why senders ended before their chunks did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Halt {
    /// Everybody was told to stop, for this reason.
    Stopped(String),
    /// Chunk after chunk got no useful answer; whether the API is there must be found out before the next.
    Fruitless(String),
    /// As many files were refused whole as may be.
    Refused(String),
}

/// What the senders have done so far, shared by all.
struct Shared<'q> {
    queue: &'q Queue<'q>,
    fruitless: AtomicU32,
    closing: AtomicBool,
    quota: Mutex<Option<(String, u64)>>,
    halt: Mutex<Option<Halt>>,
}

impl Shared<'_> {
    /// Lets no further chunk begin; the first reason stands.
    fn close(&self, halt: Halt) {
        self.closing.store(true, Ordering::SeqCst);
        self.halt.lock().expect("no sender panics while it holds the reason").get_or_insert(halt);
    }

    fn after_unknown(&self, reason: &str) -> Onward {
        let fruitless = self.fruitless.fetch_add(1, Ordering::SeqCst) + 1;
        if fruitless >= OUTAGE_CHUNKS {
            let reason = format!("{fruitless} chunks in a row got no useful answer, the last: {reason}");
            self.close(Halt::Fruitless(reason));
            return Onward::Stop;
        }
        Onward::Next
    }

    fn is_closing(&self) -> bool {
        self.closing.load(Ordering::SeqCst)
    }
}

/// One chunk on its way.
struct Outgoing {
    head: ChunkHead,
    body: Vec<u8>,
    digest: [u8; 32],
    rows: Vec<SentRow>,
}

/// Whether a sender goes on with the next chunk.
enum Onward {
    Next,
    Stop,
}

impl Senders<'_> {
    /// Sends planned chunks until none is left or somebody asks to stop; says why they ended early, if they did.
    pub(super) fn send(&self, queue: &Queue<'_>) -> Option<Halt> {
        let threads = self.settings.concurrency.min(queue.most()).max(1);
        let shared = Shared {
            queue,
            fruitless: AtomicU32::new(0),
            closing: AtomicBool::new(false),
            quota: Mutex::new(None),
            halt: Mutex::new(None),
        };
        std::thread::scope(|scope| {
            for number in 1..=threads {
                let name = format!("sender-{number}");
                let shared = &shared;
                std::thread::Builder::new()
                    .name(name.clone())
                    .spawn_scoped(scope, move || self.work(&name, shared))
                    .expect("the system grants a few threads");
            }
        });
        if let Err(error) = queue.give_back() {
            // Whoever comes next takes them once this process is gone.
            let message = format!("chunks that were claimed are not given back: {error}");
            self.observer.event(&Event::Warning { message, hint: None });
        }
        shared.halt.into_inner().expect("no sender panics while it holds the reason")
    }

    fn work(&self, sender: &str, shared: &Shared) {
        while !self.stop.asked() && !shared.is_closing() {
            let next = shared.queue.next();
            let onward = match next {
                Ok(None) => return,
                Ok(Some(head)) => {
                    let onward = self.take(&head).and_then(|outgoing| self.send_chunk(sender, &outgoing, shared));
                    if matches!(onward, Ok(Onward::Next)) {
                        shared.queue.done(head.id);
                    }
                    onward
                }
                Err(error) => Err(error),
            };
            match onward {
                Ok(Onward::Next) => {}
                Ok(Onward::Stop) => return,
                Err(error) => {
                    self.halt(shared, StopReason::Ledger, format!("{error}; hint: {}", error.hint()));
                    return;
                }
            }
        }
    }

    fn take(&self, head: &ChunkHead) -> Result<Outgoing, LedgerError> {
        let body = blob::decompress(&self.ledger.chunk_payload(head.id)?)?;
        let rows = reply::sent_rows(&body);
        if rows.len() != head.rows as usize {
            return Err(LedgerError::Damaged(format!("chunk {} has {} lines, not {}", head.id, rows.len(), head.rows)));
        }
        let digest = *blake3::hash(&body).as_bytes();
        Ok(Outgoing { head: head.clone(), body, digest, rows })
    }

    /// Tries until the chunk is settled, unknown, or left planned.
    fn send_chunk(&self, sender: &str, outgoing: &Outgoing, shared: &Shared) -> Result<Onward, LedgerError> {
        let limits = Limits { attempts: self.settings.attempts, ..Limits::default() };
        let mut patience = Patience::new(limits, self.operation.repeat, outgoing.head.id.0 as u64);
        let mut number = outgoing.head.attempts;
        let mut doubtful = outgoing.head.doubtful;
        loop {
            match self.limiter.turn(self.stop) {
                Err(NoTurn::Ledger(error)) => return Err(error),
                Err(NoTurn::UsedUp) => {
                    self.halt(shared, StopReason::Quota, used_up(self.settings.per_day));
                    return Ok(Onward::Stop);
                }
                Err(NoTurn::Stopped) => return Ok(Onward::Stop),
                Ok(()) if shared.is_closing() => return Ok(Onward::Stop),
                Ok(()) => {}
            }
            // Asked for last: a token can expire while the limiter holds the request back.
            let token = match self.api.token() {
                Ok(token) => token,
                Err(error) => match self.leave_or_wait(patience.decide(Tried::NoToken(&error)), shared) {
                    Some(onward) => return Ok(onward),
                    None => continue,
                },
            };
            if !self.within_quota(shared)? {
                return Ok(Onward::Stop);
            }
            number += 1;
            let attempt = match self.begin(sender, outgoing, number) {
                // Another worker has it now, or a plan took its rows over.
                Err(error) if error.is_lost() && self.still_holds() => return Ok(Onward::Next),
                begun => begun?,
            };
            let departed = self.limiter.depart();
            let left_at = self.clock.elapsed();
            let mut answer = match departed {
                Ok(()) if self.still_holds() => self.exchange(&token, outgoing, left_at),
                Ok(()) => Answer::held_back("this process was away for too long; nothing was sent"),
                Err(error) => Answer::held_back(&error.to_string()),
            };
            if doubtful {
                answer = answer.after_doubt(self.operation);
            }
            doubtful |= answer.is_doubtful();
            let took = self.clock.elapsed().saturating_sub(left_at);
            let next = patience.decide(answer.tried());
            match self.record(outgoing, attempt, &answer, &next, shared) {
                Err(error) if error.is_lost() => {
                    self.tell_late(outgoing);
                    return if self.still_holds() { Ok(Onward::Next) } else { Err(error) };
                }
                recorded => recorded?,
            }
            self.tell(outgoing, number, &answer, &next, took);
            match next {
                Next::Settle => {
                    shared.fruitless.store(0, Ordering::SeqCst);
                    self.tally.useful();
                    return Ok(Onward::Next);
                }
                Next::Unknown(reason) => return Ok(shared.after_unknown(&reason)),
                Next::Renew => self.api.discard(&token),
                other => {
                    if let Some(onward) = self.leave_or_wait(other, shared) {
                        return Ok(onward);
                    }
                }
            }
        }
    }

    /// Waits if the chunk is to be tried again; says how the sender goes on if it is not.
    fn leave_or_wait(&self, next: Next, shared: &Shared) -> Option<Onward> {
        match next {
            Next::RetryAfter(time) => {
                // What all senders wait for was told already.
                let pause = self.limiter.paused_until().unwrap_or_default();
                if time > TOLD && pause + TOLD < self.clock.elapsed() + time {
                    self.tell_wait("back-off after no useful answer", time);
                }
                self.clock.wait(time, self.stop).then_some(Onward::Stop)
            }
            Next::GiveUpUnsent(reason) => {
                self.halt(shared, StopReason::Outage, reason);
                Some(Onward::Stop)
            }
            Next::Stop { reason, message } => {
                self.halt(shared, reason, message);
                Some(Onward::Stop)
            }
            Next::Settle | Next::Renew | Next::Unknown(_) => None,
        }
    }

    fn halt(&self, shared: &Shared, reason: StopReason, message: String) {
        let mut first = shared.halt.lock().expect("no sender panics while it holds the reason");
        if !matches!(*first, Some(Halt::Stopped(_))) {
            self.observer.event(&Event::Stopping { reason: message.clone() });
            *first = Some(Halt::Stopped(message));
        }
        self.stop.ask(reason);
    }

    fn begin(&self, sender: &str, outgoing: &Outgoing, number: u32) -> Result<AttemptId, LedgerError> {
        self.ledger.start_attempt(&NewAttempt {
            run: self.run,
            chunk: outgoing.head.id,
            number,
            sender,
            started_at: self.clock.now(),
            digest: outgoing.digest,
            account: self.account,
            day: &self.day(),
        })
    }

    fn day(&self) -> String {
        self.clock.now().to_zoned(self.timezone.clone()).date().to_string()
    }

    /// Whether the day still has a request left; takes it if so.
    fn within_quota(&self, shared: &Shared) -> Result<bool, LedgerError> {
        let Some(per_day) = self.settings.per_day.filter(|_| !self.limiter.counts()) else { return Ok(true) };
        let today = self.day();
        let mut quota = shared.quota.lock().expect("no sender panics while it holds the quota");
        let used = match quota.take() {
            Some((day, used)) if day == today => used,
            _ => self.ledger.day_count(self.account, &today)?.0,
        };
        let left = used < per_day;
        *quota = Some((today, used + u64::from(left)));
        self.tally.quota(per_day.saturating_sub(used + u64::from(left)), per_day);
        drop(quota);
        if !left {
            self.halt(shared, StopReason::Quota, used_up(Some(per_day)));
        }
        Ok(left)
    }

    fn exchange(&self, token: &Token, outgoing: &Outgoing, left_at: Duration) -> Answer {
        let file_name = format!("arload-{}-{}.csv", self.run, outgoing.head.ordinal);
        let exchange = self.api.call(
            token,
            &Call {
                operation: self.operation,
                account_id: &outgoing.head.account_id,
                file_name: &file_name,
                payload: &outgoing.body,
            },
        );
        let Exchange::Answered(response) = &exchange else {
            return Answer { exchange, reading: None, retry_after: None };
        };
        let reading = reply::read(self.operation, response, &outgoing.rows, &self.settings.reply_names);
        let retry_after = response.retry_after;
        let paused = self.limiter.paused_until();
        // A 429, and a 503 that names a time, slow all senders down; other headers are only a hint.
        match &reading {
            Reading::NotActedOn { throttled, .. } if *throttled || retry_after.is_some() => {
                self.limiter.throttled(left_at, retry_after);
                self.tell_pause(paused, "limit: the server asks to wait");
            }
            _ => {
                if let Some(left) = response.rate_left {
                    self.limiter.hint(left);
                    self.tell_pause(paused, "limit: the server says that none is left");
                }
            }
        }
        Answer { exchange, reading: Some(reading), retry_after }
    }

    fn record(
        &self,
        outgoing: &Outgoing,
        attempt: AttemptId,
        answer: &Answer,
        next: &Next,
        shared: &Shared,
    ) -> Result<(), LedgerError> {
        let lines = outgoing.rows.len();
        let settled = match (next, &answer.reading) {
            (Next::Settle, Some(reading)) => {
                let settled = settle::answered(self.operation, reading, &outgoing.body, lines);
                Some(doubt::weighed(self.ledger, self.run, &outgoing.head, settled)?)
            }
            (Next::Unknown(reason), _) => Some(settle::unanswered(self.operation, reason, lines)),
            _ => None,
        };
        let packed = settled.as_ref().and_then(Settled::packed);
        let (kind, status, request_id, body) = answer.record();
        self.finish_attempt(
            &NewReply { attempt, received_at: self.clock.now(), kind, status, request_id, body },
            outgoing.head.id,
            &ChunkChange {
                state: settled.as_ref().map_or(ChunkState::Planned, |settled| settled.state),
                outcomes: packed.as_deref(),
                refused: settled.as_ref().is_some_and(|settled| settled.refused),
                customers: settled.as_ref().map_or(&[], |settled| settled.customers.as_slice()),
            },
            (self.account, &self.day()),
        )?;
        if let Some(settled) = &settled {
            self.count(settled, &outgoing.rows);
            if settled.refused {
                self.mind_budget(shared)?;
            }
        }
        Ok(())
    }

    /// Begins no further chunk once as many files were refused whole as may be.
    fn mind_budget(&self, shared: &Shared) -> Result<(), LedgerError> {
        let refusals = Refusals::so_far(self.ledger, self.run, self.account, &self.day())?;
        if refusals.left(self.settings.refusal_budget) == 0 {
            shared.close(Halt::Refused(refusals.words(self.settings.refusal_budget)));
        }
        Ok(())
    }

    /// Records a reply, trying for a while where the disk is full or the file is taken: a reply that is not recorded is
    /// one more row that nobody can say anything about.
    fn finish_attempt(
        &self,
        reply: &NewReply<'_>,
        chunk: ChunkId,
        change: &ChunkChange<'_>,
        count: (&str, &str),
    ) -> Result<(), LedgerError> {
        let mut recorded = self.ledger.finish_attempt(reply, chunk, change, count);
        for _ in 0..RECORD_TRIES {
            if recorded.as_ref().map_or_else(LedgerError::is_lost, |()| true) {
                break;
            }
            self.clock.sleep(RECORD_WAIT);
            recorded = self.ledger.finish_attempt(reply, chunk, change, count);
        }
        recorded
    }

    fn count(&self, settled: &Settled, rows: &[SentRow]) {
        for message in &settled.oddities {
            self.observer.event(&Event::Warning { message: message.clone(), hint: None });
        }
        self.tally.answered(&settled.outcomes, rows);
        self.observer.event(&self.tally.progress(&self.limiter.pace(), self.clock.elapsed()));
    }

    /// Whether what this process claimed is surely its own for the time of a request; always so under a lock.
    fn still_holds(&self) -> bool {
        self.ledger.shared().is_none_or(PostgresLedger::holds)
    }

    fn tell_late(&self, outgoing: &Outgoing) {
        let ordinal = outgoing.head.ordinal;
        let message = format!(
            "chunk {ordinal}: the answer came after another worker had taken it over; it is recorded, and the rows are looked up"
        );
        self.observer.event(&Event::Warning { message, hint: None });
    }

    fn tell_wait(&self, reason: &str, time: Duration) {
        self.observer.event(&Event::waiting(reason, time, self.clock.now(), self.timezone));
    }

    /// Tells of a pause of all senders, once however many answers ask for it.
    fn tell_pause(&self, before: Option<Duration>, reason: &str) {
        let after = self.limiter.paused_until();
        let time = after.map_or(Duration::ZERO, |until| until.saturating_sub(self.clock.elapsed()));
        let longer = after > before.map(|before| before + TOLD);
        if time > TOLD && longer {
            self.tell_wait(reason, time);
        }
    }

    fn tell(&self, outgoing: &Outgoing, number: u32, answer: &Answer, next: &Next, took: Duration) {
        let status = match &answer.exchange {
            Exchange::Answered(response) => Some(response.status),
            _ => None,
        };
        let unsent = matches!(answer.exchange, Exchange::NotSent(_));
        let message = match (next, &answer.reading) {
            (Next::RetryAfter(time), _) if unsent => format!("no connection; again in {:.1} s", time.as_secs_f64()),
            (Next::Settle, Some(Reading::RefusedWhole { message, .. })) => {
                format!("the whole file of {} was refused: {message}", count(outgoing.rows.len() as u64, "record"))
            }
            (Next::Settle, _) => String::new(),
            (Next::Unknown(reason), _) => format!("no useful answer, recorded as unknown: {reason}"),
            (Next::Renew, _) => "the token was not taken; asking for another".to_owned(),
            (Next::RetryAfter(time), Some(Reading::NotActedOn { .. } | Reading::Unauthorized { .. })) => {
                format!("not acted on; again in {:.1} s", time.as_secs_f64())
            }
            (Next::RetryAfter(time), _) => {
                format!("no useful answer; again in {:.1} s, twice changes nothing", time.as_secs_f64())
            }
            (Next::GiveUpUnsent(reason) | Next::Stop { message: reason, .. }, _) => reason.clone(),
        };
        self.observer.event(&Event::Attempt { chunk: outgoing.head.ordinal, number, status, message, took });
    }
}

/// Why nothing more is sent on a day.
pub(super) fn used_up(per_day: Option<u64>) -> String {
    let per_day = per_day.unwrap_or_default();
    format!("--per-day: the {per_day} requests of today are used up; the rest stays planned")
}
