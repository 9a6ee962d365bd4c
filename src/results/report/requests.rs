//! What a run's requests came to, from the attempts and replies in its ledger: pace, waiting, answers, the slowest.
//!
//! Reads the trail once, page by page, and keeps sums only: times fall into at most [`SPANS`] spans that double their
//! width when they are full, answers into times of three digits. Leaves words and drawing to `drawn`. The one rule:
//! each attempt of the run is counted once, whatever became of it.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::ledger::trail::AttemptRecord;
use crate::ledger::{AttemptId, ChunkHead, ChunkId, Ledger, LedgerError, Run};

/// Limit: bars of the picture; more are thinner than a line.
const SPANS: usize = 120;
/// Limit: pauses that are marked; a run that was resumed more often shows the first ones.
const PAUSES: usize = 20;
/// Limit: requests named one by one.
const SLOWEST: usize = 8;
/// Silence longer than this is cut out of the picture and marked: the run was stopped, or waited for a day's quota.
const PAUSE: Duration = Duration::from_mins(1);

/// What all requests of a run came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Requests {
    /// Attempts.
    pub(super) sent: u64,
    /// When the first began.
    pub(super) first: Timestamp,
    /// When the last thing was heard.
    pub(super) last: Timestamp,
    /// Seconds of a span.
    pub(super) width: u64,
    /// Requests that began in each span, and those of them that were answered with 429.
    pub(super) spans: Vec<(u32, u32)>,
    /// Where silence was cut out, in milliseconds of the picture, and how long it was.
    pub(super) pauses: Vec<(u64, Duration)>,
    /// Answered requests by milliseconds, in three digits.
    pub(super) waits: BTreeMap<u64, u64>,
    /// The longest of them, exactly.
    pub(super) longest: u64,
    /// How often each answer came.
    pub(super) answers: BTreeMap<Answer, u64>,
    /// The slowest ones first.
    pub(super) slowest: Vec<Slow>,
}

/// What came back of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Answer {
    /// An answer with this status.
    Status(u16),
    /// None, after the request had left.
    NoReply,
    /// The request did not leave.
    NotSent,
    /// The end was not recorded: the process was killed.
    CutOff,
}

impl Answer {
    fn of(attempt: &AttemptRecord) -> Answer {
        let Some(reply) = attempt.replies.first() else { return Answer::CutOff };
        match (reply.status, reply.kind.as_str()) {
            (Some(status), _) => Answer::Status(status),
            (None, "not-sent") => Answer::NotSent,
            (None, _) => Answer::NoReply,
        }
    }

    /// The answer in words.
    pub(super) fn words(self) -> String {
        match self {
            Answer::Status(status @ 200..=299) => format!("{status}, taken"),
            Answer::Status(429) => "429, too many requests".to_owned(),
            Answer::Status(status @ 500..) => format!("{status}, the server failed"),
            Answer::Status(status) => format!("{status}, refused"),
            Answer::NoReply => "no answer".to_owned(),
            Answer::NotSent => "did not leave".to_owned(),
            Answer::CutOff => "cut off: arload was ended".to_owned(),
        }
    }
}

/// One of the slowest requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slow {
    /// Milliseconds to its answer, or to giving up.
    pub(super) took: u64,
    /// Number of the upload within the run.
    pub(super) ordinal: u32,
    /// Which try it was.
    pub(super) number: u32,
    /// What came back.
    pub(super) answer: Answer,
    /// The server's name for it.
    pub(super) request_id: String,
}

impl Requests {
    /// Of a run; none where no request was ever begun. `chunks` are all of its uploads.
    pub(super) fn of(ledger: &dyn Ledger, run: &Run, chunks: &[ChunkHead]) -> Result<Option<Requests>, LedgerError> {
        let mut ordinals: Vec<(ChunkId, u32)> = chunks.iter().map(|chunk| (chunk.id, chunk.ordinal)).collect();
        ordinals.sort_unstable();
        let ordinal =
            |chunk: ChunkId| ordinals.binary_search_by_key(&chunk, |(id, _)| *id).map_or(0, |place| ordinals[place].1);
        let mut counted: Option<Counting> = None;
        let mut after = AttemptId(0);
        loop {
            let page = ledger.trail(run.id, after)?;
            let Some(last) = page.last() else { return Ok(counted.map(|counting| counting.requests)) };
            after = last.id;
            for attempt in &page {
                let counting = counted.get_or_insert_with(|| Counting::begin(attempt.started_at));
                counting.add(attempt, ordinal(attempt.chunk));
            }
        }
    }

    /// Milliseconds within which so many of a thousand answered requests were answered; none where none was.
    pub(super) fn quantile(&self, per_mille: u64) -> Option<u64> {
        let all: u64 = self.waits.values().sum();
        let mut wanted = (all * per_mille).div_ceil(1000);
        for (wait, count) in &self.waits {
            if *count >= wanted {
                return Some(*wait);
            }
            wanted -= count;
        }
        None
    }
}

/// Sums while attempts come in.
struct Counting {
    requests: Requests,
    /// The latest moment heard of.
    heard: Timestamp,
    /// Milliseconds that were cut out.
    cut: u64,
}

impl Counting {
    fn begin(first: Timestamp) -> Self {
        let requests = Requests {
            sent: 0,
            first,
            last: first,
            width: 1,
            spans: Vec::new(),
            pauses: Vec::new(),
            waits: BTreeMap::new(),
            longest: 0,
            answers: BTreeMap::new(),
            slowest: Vec::new(),
        };
        Self { requests, heard: first, cut: 0 }
    }

    fn add(&mut self, attempt: &AttemptRecord, ordinal: u32) {
        let begun = attempt.started_at;
        let silence = between(self.heard, begun);
        if silence > PAUSE.as_millis() as u64 {
            let at = between(self.requests.first, self.heard).saturating_sub(self.cut);
            if self.requests.pauses.len() < PAUSES {
                self.requests.pauses.push((at, Duration::from_millis(silence)));
            }
            self.cut += silence;
        }
        let requests = &mut self.requests;
        let answer = Answer::of(attempt);
        requests.sent += 1;
        *requests.answers.entry(answer).or_default() += 1;
        let at = between(requests.first, begun).saturating_sub(self.cut);
        requests.count(at, answer == Answer::Status(429));
        if let Some(reply) = attempt.replies.first() {
            let took = between(begun, reply.received_at);
            if reply.status.is_some() {
                *requests.waits.entry(three_digits(took)).or_default() += 1;
                requests.longest = requests.longest.max(took);
            }
            let request_id = reply.request_id.clone().unwrap_or_default();
            requests.rank(Slow { took, ordinal, number: attempt.number, answer, request_id });
        }
        let ends = attempt.replies.iter().map(|reply| reply.received_at);
        self.heard = ends.chain([begun, self.heard]).max().expect("there are two at least");
        requests.last = self.heard;
    }
}

impl Requests {
    fn count(&mut self, at: u64, limited: bool) {
        while at / (self.width * 1000) >= SPANS as u64 {
            let pairs = self.spans.chunks(2);
            self.spans =
                pairs.map(|pair| pair.iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))).collect();
            self.width *= 2;
        }
        let span = (at / (self.width * 1000)) as usize;
        if self.spans.len() <= span {
            self.spans.resize(span + 1, (0, 0));
        }
        self.spans[span].0 += 1;
        self.spans[span].1 += u32::from(limited);
    }

    /// Keeps a request if it is among the slowest; of equal ones those that came first.
    fn rank(&mut self, slow: Slow) {
        let place = self.slowest.partition_point(|other| Reverse(other.took) <= Reverse(slow.took));
        if place < SLOWEST {
            self.slowest.insert(place, slow);
            self.slowest.truncate(SLOWEST);
        }
    }
}

/// Milliseconds from one moment to another; none where the clock went back.
fn between(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.as_millisecond() - from.as_millisecond()).unwrap_or(0)
}

/// A number rounded down to its first three digits, so that there are few different ones.
fn three_digits(number: u64) -> u64 {
    let mut unit = 1;
    while number / unit >= 1000 {
        unit *= 10;
    }
    number / unit * unit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::trail::{Link, ReplyRecord};

    const LINK: Link = Link { digest: [0; 32], previous: [0; 32], hash: [0; 32] };

    /// An attempt at a millisecond, with the milliseconds to its reply and what the reply was.
    fn attempt(at: i64, reply: Option<(i64, &str, Option<u16>)>) -> AttemptRecord {
        let moment = |at| Timestamp::from_millisecond(at).unwrap();
        let replies = reply.map(|(took, kind, status)| ReplyRecord {
            id: 1,
            received_at: moment(at + took),
            kind: kind.to_owned(),
            status,
            refused: false,
            request_id: Some(format!("r{at}")),
            link: LINK,
        });
        AttemptRecord {
            id: AttemptId(at),
            chunk: ChunkId(1),
            number: 1,
            sender: String::new(),
            started_at: moment(at),
            link: LINK,
            replies: replies.into_iter().collect(),
        }
    }

    fn counted(attempts: impl IntoIterator<Item = AttemptRecord>) -> Requests {
        let mut counting = Counting::begin(Timestamp::UNIX_EPOCH);
        attempts.into_iter().for_each(|attempt| counting.add(&attempt, 7));
        counting.requests
    }

    #[test]
    fn spans_double_until_all_fit_and_lose_no_request() {
        let many = counted((0..10_000).map(|index| attempt(index * 200, Some((50, "answered", Some(200))))));
        assert_eq!((many.width, many.spans.len(), many.pauses.len()), (32, 63, 0));
        assert_eq!(many.spans.iter().map(|(count, _)| u64::from(*count)).sum::<u64>(), 10_000);
        assert_eq!(many.spans[0], (160, 0));
    }

    #[test]
    fn silence_between_two_sessions_is_cut_out_and_marked() {
        let day = 86_400_000;
        let reply = Some((500, "answered", Some(200)));
        let two = counted([attempt(0, reply), attempt(1000, reply), attempt(day, reply), attempt(day + 2000, reply)]);
        assert_eq!(two.pauses, [(1500, Duration::from_millis(day as u64 - 1500))]);
        assert_eq!((two.width, two.spans.as_slice()), (1, &[(1, 0), (2, 0), (0, 0), (1, 0)][..]));
        // A minute of waiting for a slow server is no pause.
        assert_eq!(counted([attempt(0, reply), attempt(60_500, reply)]).pauses, []);
    }

    #[test]
    fn a_clock_that_goes_back_makes_no_negative_times() {
        let back = counted([attempt(5000, Some((-4000, "answered", Some(200)))), attempt(1000, None)]);
        assert_eq!((back.sent, back.longest), (2, 0));
    }

    #[test]
    fn answers_are_told_apart_and_the_slowest_come_first() {
        let requests = counted([
            attempt(0, Some((10, "answered", Some(200)))),
            attempt(100, Some((20, "answered", Some(429)))),
            attempt(200, Some((60_000, "no-reply", None))),
            attempt(300, Some((1, "not-sent", None))),
            attempt(400, None),
        ]);
        let answers: Vec<Answer> = requests.answers.keys().copied().collect();
        let expected = [Answer::Status(200), Answer::Status(429), Answer::NoReply, Answer::NotSent, Answer::CutOff];
        assert_eq!(answers, expected);
        assert_eq!(requests.spans, [(5, 1)]);
        assert_eq!(requests.slowest.iter().map(|slow| slow.took).collect::<Vec<_>>(), [60_000, 20, 10, 1]);
        // What was not answered says nothing about how fast answers come.
        assert_eq!((requests.quantile(500), requests.quantile(990), requests.longest), (Some(10), Some(20), 20));
    }

    #[test]
    fn quantiles_are_those_of_the_sorted_list() {
        let requests = counted((1..=1000).map(|index| attempt(index, Some((index, "answered", Some(200))))));
        assert_eq!([500, 950, 990, 1000].map(|share| requests.quantile(share)), [500, 950, 990, 1000].map(Some));
        assert_eq!(counted([attempt(0, None)]).quantile(500), None);
        assert_eq!([0, 999, 1234, 98_765].map(three_digits), [0, 999, 1230, 98_700]);
    }
}
