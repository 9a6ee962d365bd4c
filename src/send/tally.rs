//! How far sending has come, over all rounds of a process: what progress shows.
//!
//! The rule: a line counts once. When a line goes on in another chunk it counts as not done again until it is settled
//! there.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use super::forecast::{Facts, Forecast, forecast};
use super::limiter::Pace;
use super::lookup::SentLine;
use super::resolve::Looked;
use crate::api::reply::SentRow;
use crate::event::Event;
use crate::money::Total;
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
    /// Sum of the invoice totals, else taxable values, of accepted lines as they were sent.
    rupees: Total,
    requests_left: u64,
    answered: u64,
    /// When sending began, by the clock's `elapsed`.
    began: Option<Duration>,
    /// Requests that the quota still lets through today, and those of a whole day.
    today: Option<(u64, u64)>,
}

impl Tally {
    /// Lines that are to be sent or looked up, of which so many are unknown already.
    pub fn expect(&self, lines: u64, unknown: u64) {
        let mut done = self.lock();
        done.total += lines;
        done.unknown += unknown;
    }

    /// Requests that wait in the plan as sending goes on.
    pub fn requests(&self, left: u64, now: Duration) {
        let mut done = self.lock();
        done.requests_left = left;
        done.began.get_or_insert(now);
    }

    /// What the quota leaves of today.
    pub fn quota(&self, left: u64, per_day: u64) {
        self.lock().today = Some((left, per_day));
    }

    /// The lines of a request that was answered, or given up, with their first outcomes.
    pub fn answered(&self, outcomes: &[RowOutcome], rows: &[SentRow]) {
        self.add(outcomes);
        let accepted = outcomes.iter().zip(rows).filter(|(outcome, _)| outcome.status == Status::Accepted);
        let amounts = accepted.filter_map(|(_, row)| row.net_amount.or(row.base_amount));
        let worth = sum(amounts);
        let mut done = self.lock();
        done.rupees += paise(worth);
        done.requests_left = done.requests_left.saturating_sub(1);
        done.answered += 1;
    }

    /// Lines that got their first outcome in this chunk.
    fn add(&self, outcomes: &[RowOutcome]) {
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

    /// Unknown lines that a look-up settled, and those that go on in another chunk.
    pub(super) fn looked_up(&self, looked: &Looked, sent: &[SentLine]) {
        let amount = |index: &usize| {
            let line = sent.get(*index)?;
            line.cell("netAmount").or_else(|| line.cell("baseAmount"))?.parse().ok()
        };
        let worth = sum(looked.found_at.iter().filter_map(amount));
        let mut done = self.lock();
        done.unknown = done.unknown.saturating_sub(looked.found + looked.refused + looked.again.len() as u64);
        done.accepted += looked.found;
        done.rejected += looked.refused;
        done.rupees += paise(worth);
    }

    /// Unknown lines that go on in other chunks.
    pub fn goes_on(&self, lines: u64) {
        let mut done = self.lock();
        done.unknown = done.unknown.saturating_sub(lines);
    }

    /// Counts an answer that settled something.
    pub fn useful(&self) {
        self.useful.fetch_add(1, Ordering::SeqCst);
    }

    /// Answers so far that settled something.
    pub fn useful_answers(&self) -> u64 {
        self.useful.load(Ordering::SeqCst)
    }

    /// What is told of it, at this pace and time.
    pub fn progress(&self, pace: &Pace, now: Duration) -> Event {
        let done = *self.lock();
        let pause = pace.paused_until.map_or(Duration::ZERO, |until| until.saturating_sub(now));
        let Forecast { time, days } = forecast(Facts {
            left: done.requests_left,
            answered: done.answered,
            elapsed: now.saturating_sub(done.began.unwrap_or(now)),
            rate: pace.rate,
            pause,
            today: done.today,
        });
        Event::Progress {
            done: done.accepted + done.rejected + done.unknown,
            total: done.total,
            accepted: done.accepted,
            rejected: done.rejected,
            unknown: done.unknown,
            accepted_total: done.rupees,
            rate: pace.rate,
            limit: pace.set_rate,
            pace: pace.measured,
            requests_left: done.requests_left,
            left_today: done.today.map(|(left, _)| left),
            time_left: time,
            further_days: days,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Done> {
        self.done.lock().expect("nobody panics while counting")
    }
}

fn sum(amounts: impl Iterator<Item = Decimal>) -> Decimal {
    amounts.fold(Decimal::ZERO, |sum, amount| sum.checked_add(amount).unwrap_or(sum))
}

/// A sum of amounts in paise; nothing where it is beyond all counting.
fn paise(sum: Decimal) -> Total {
    let paise = sum.checked_mul(Decimal::ONE_HUNDRED).and_then(|paise| paise.round().to_i128());
    Total(paise.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::code;
    use crate::send::lookup::sent_lines;

    #[test]
    fn a_line_that_goes_on_in_another_chunk_counts_once() {
        let tally = Tally::default();
        tally.expect(3, 0);
        let unknown = RowOutcome::new(Status::Unknown, code::NO_REPLY, "");
        tally.add(&[unknown.clone(), unknown.clone(), RowOutcome::accepted(None)]);
        let looked = Looked { found: 1, found_at: vec![0], again: vec![1], ..Looked::default() };
        tally.looked_up(&looked, &sent_lines(b"invoiceNumber,baseAmount,netAmount\nA,100.00,118.00\nB,1.00,1.18\n"));
        tally.add(&[RowOutcome::accepted(None)]);
        let told = tally.progress(&PACE, Duration::ZERO);
        let Event::Progress { done, total, accepted, unknown, accepted_total, .. } = told else { panic!() };
        assert_eq!((done, total, accepted, unknown), (3, 3, 3, 0));
        assert_eq!(accepted_total, Total(11_800), "what a look-up found is accepted, in rupees too");
    }

    const PACE: Pace = Pace { rate: 2.0, set_rate: 5.0, measured: 2.0, paused_until: None, throttled: 0, cuts: 0 };

    #[test]
    fn what_is_told_counts_rupees_of_accepted_rows_and_what_the_quota_lets_through() {
        let tally = Tally::default();
        tally.expect(4, 0);
        tally.requests(3, Duration::ZERO);
        tally.quota(1, 10);
        let payload = b"invoiceNumber,baseAmount,netAmount\nA,100.00,118.00\nB,200.00,\nC,1.00,1.18\n";
        let rejected = RowOutcome::new(Status::Rejected, code::REJECTED_BY_API, "");
        let outcomes = [RowOutcome::accepted(None), RowOutcome::accepted(None), rejected];
        tally.answered(&outcomes, &crate::api::reply::sent_rows(payload));
        let told = tally.progress(&PACE, Duration::from_secs(1));
        let Event::Progress { accepted_total, requests_left, left_today, time_left, further_days, limit, .. } = told
        else {
            panic!()
        };
        assert_eq!(accepted_total, Total(31_800));
        assert_eq!((requests_left, left_today, limit), (2, Some(1), 5.0));
        assert_eq!((time_left, further_days), (Some(Duration::from_millis(500)), 1));
    }
}
