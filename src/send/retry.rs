//! What follows one try at a chunk: settle it, send it again, look it up, or stop.
//!
//! Pure but for the jitter: the caller sends, waits and records. Leaves the pace to [`super::limiter`] and what a
//! reply says to [`crate::api::reply`]. The one rule: what the server may have acted on never becomes
//! [`Next::RetryAfter`], unless the operation may be repeated safely.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use super::limiter::LONGEST_PAUSE;
use crate::api::TokenError;
use crate::api::reply::Reading;
use crate::operation::Repeat;
use crate::stop::StopReason;

/// Limit: the first wait of a chunk; jitter makes it up to twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// Limit: the longest single wait of our own.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// Limits of persistence for one chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Requests, those answered 429 or 401 not counted (`--attempts`).
    pub attempts: u32,
    /// All waits together, those not counted that `Retry-After` asked for.
    pub waiting: Duration,
    /// The longest single wait that `Retry-After` may ask for, and four times that for all of them together.
    pub longest_asked: Duration,
    /// Answers of 429 after which a chunk is left for later.
    pub throttles: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { attempts: 5, waiting: Duration::from_mins(1), longest_asked: LONGEST_PAUSE, throttles: 100 }
    }
}

/// What came of one try.
#[derive(Debug, Clone, Copy)]
pub enum Tried<'a> {
    /// There was no token to send with.
    NoToken(&'a TokenError),
    /// No connection was made.
    NotSent(&'a str),
    /// The request left and no answer came.
    NoReply(&'a str),
    /// An answer came and was read.
    Answered {
        /// What it says.
        reading: &'a Reading,
        /// What it asks to wait.
        retry_after: Option<Duration>,
    },
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// The answer speaks of the rows or refuses the file: act on it.
    Settle,
    /// Send the same chunk again after this time.
    RetryAfter(Duration),
    /// Forget the token, get another, and send the same chunk again at once.
    Renew,
    /// Nothing was acted on and patience is at its end: the chunk goes back to planned.
    GiveUpUnsent(String),
    /// The chunk may have been acted on: its rows are unknown until looked up.
    Unknown(String),
    /// The chunk goes back to planned and the run stops.
    Stop {
        /// Why.
        reason: StopReason,
        /// In words.
        message: String,
    },
}

/// The patience spent on one chunk so far.
#[derive(Debug)]
pub struct Patience {
    limits: Limits,
    repeat: Repeat,
    waits: ExponentialBackoff,
    attempts: u32,
    throttles: u32,
    asked: Duration,
    renewed: bool,
}

impl Patience {
    /// Full patience; the seed decides the jitter.
    pub fn new(limits: Limits, repeat: Repeat, seed: u64) -> Self {
        let waits = ExponentialBuilder::new()
            .with_min_delay(FIRST_WAIT)
            .with_max_delay(LONGEST_WAIT)
            .with_jitter()
            .with_jitter_seed(seed)
            .without_max_times()
            .with_total_delay(Some(limits.waiting))
            .build();
        Self { limits, repeat, waits, attempts: 0, throttles: 0, asked: Duration::ZERO, renewed: false }
    }

    /// Requests that count against `--attempts` so far.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Decides what follows one try.
    pub fn decide(&mut self, tried: Tried<'_>) -> Next {
        if let Tried::Answered { reading: Reading::Unauthorized { message }, .. } = tried {
            return self.after_unauthorized(message);
        }
        self.renewed = false;
        match tried {
            Tried::NoToken(TokenError::Unavailable { message, retry_after }) => self.again(message, *retry_after),
            Tried::NoToken(refused) => Next::Stop { reason: StopReason::LoginRefused, message: refused.to_string() },
            Tried::NotSent(words) => self.again(words, None),
            Tried::NoReply(words) => self.in_doubt(words, None),
            Tried::Answered { reading, retry_after } => self.after_answer(reading, retry_after),
        }
    }

    fn after_answer(&mut self, reading: &Reading, retry_after: Option<Duration>) -> Next {
        match reading {
            Reading::Rows { .. } | Reading::RefusedWhole { .. } => Next::Settle,
            Reading::NotActedOn { throttled: true, message } => {
                self.throttles += 1;
                if self.throttles >= self.limits.throttles {
                    return Next::GiveUpUnsent(format!("throttled {} times in a row: {message}", self.throttles));
                }
                self.pause(message, retry_after)
            }
            Reading::NotActedOn { throttled: false, message } => self.again(message, retry_after),
            Reading::Unauthorized { message } => self.after_unauthorized(message),
            Reading::Denied { status, message } => {
                Next::Stop { reason: StopReason::Refused, message: format!("the API refused with {status}: {message}") }
            }
            Reading::Unknown { reason } => self.in_doubt(reason, retry_after),
        }
    }

    /// A token can be withdrawn before its time, once; a fresh one that is not taken is no matter of time.
    fn after_unauthorized(&mut self, message: &str) -> Next {
        if std::mem::replace(&mut self.renewed, true) {
            let message = format!("the API does not take a token it has just given: {message}");
            return Next::Stop { reason: StopReason::Refused, message };
        }
        Next::Renew
    }

    fn in_doubt(&mut self, words: &str, retry_after: Option<Duration>) -> Next {
        match self.repeat {
            Repeat::LookUp | Repeat::Never => Next::Unknown(words.to_owned()),
            Repeat::Safe => match self.again(words, retry_after) {
                Next::GiveUpUnsent(words) => Next::Unknown(words),
                next => next,
            },
        }
    }

    fn again(&mut self, words: &str, retry_after: Option<Duration>) -> Next {
        self.attempts += 1;
        if self.attempts >= self.limits.attempts {
            return Next::GiveUpUnsent(format!("no success after {} attempts: {words}", self.attempts));
        }
        self.pause(words, retry_after)
    }

    fn pause(&mut self, words: &str, retry_after: Option<Duration>) -> Next {
        if let Some(asked) = retry_after {
            self.asked = self.asked.saturating_add(asked);
            if asked > self.limits.longest_asked || self.asked > self.limits.longest_asked.saturating_mul(4) {
                return Next::GiveUpUnsent(format!("the server asks to wait {} s: {words}", self.asked.as_secs()));
            }
            return Next::RetryAfter(asked);
        }
        match self.waits.next() {
            Some(wait) => Next::RetryAfter(wait),
            None => Next::GiveUpUnsent(format!("waited for {} s in vain: {words}", self.limits.waiting.as_secs())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::reply::RowReading;

    const WAIT: fn(u64) -> Option<Duration> = |seconds| Some(Duration::from_secs(seconds));

    fn patience(repeat: Repeat) -> Patience {
        Patience::new(Limits::default(), repeat, 7)
    }

    fn answered(reading: &Reading, retry_after: Option<Duration>) -> Tried<'_> {
        Tried::Answered { reading, retry_after }
    }

    fn not_acted_on(throttled: bool) -> Reading {
        Reading::NotActedOn { throttled, message: "later".into() }
    }

    #[test]
    fn a_first_try_is_followed_by_the_rule_of_its_kind() {
        let rows = Reading::Rows {
            rows: vec![RowReading::Accepted { remote_id: None }],
            unmatched: vec![],
            disagreements: vec![],
        };
        let whole = Reading::RefusedWhole { status: 422, code: None, message: "bad".into() };
        let denied = Reading::Denied { status: 403, message: "no".into() };
        let unauthorized = Reading::Unauthorized { message: "expired".into() };
        let unknown = Reading::Unknown { reason: "500".into() };
        let refused = TokenError::Refused("401".into());
        let earlier = TokenError::RefusedEarlier("yesterday".into());
        let busy = TokenError::Unavailable { message: "503".into(), retry_after: WAIT(3) };
        let (throttled, away) = (not_acted_on(true), not_acted_on(false));
        let stop = |reason| format!("stop {reason:?}");
        for (tried, expected) in [
            (answered(&rows, None), "settle".to_owned()),
            (answered(&whole, None), "settle".to_owned()),
            (answered(&denied, None), stop(StopReason::Refused)),
            (answered(&unauthorized, None), "renew".to_owned()),
            (answered(&unknown, WAIT(1)), "unknown".to_owned()),
            (answered(&throttled, WAIT(9)), "retry 9".to_owned()),
            (answered(&throttled, WAIT(0)), "retry 0".to_owned()),
            (answered(&throttled, None), "retry 0".to_owned()),
            (answered(&throttled, WAIT(3600)), "unsent".to_owned()),
            (answered(&away, WAIT(2)), "retry 2".to_owned()),
            (Tried::NotSent("refused"), "retry 0".to_owned()),
            (Tried::NoReply("timeout"), "unknown".to_owned()),
            (Tried::NoToken(&refused), stop(StopReason::LoginRefused)),
            (Tried::NoToken(&earlier), stop(StopReason::LoginRefused)),
            (Tried::NoToken(&busy), "retry 3".to_owned()),
        ] {
            let next = match patience(Repeat::LookUp).decide(tried) {
                Next::Settle => "settle".to_owned(),
                Next::RetryAfter(wait) => format!("retry {}", wait.as_secs()),
                Next::Renew => "renew".to_owned(),
                Next::GiveUpUnsent(_) => "unsent".to_owned(),
                Next::Unknown(_) => "unknown".to_owned(),
                Next::Stop { reason, .. } => stop(reason),
            };
            assert_eq!(next, expected, "{tried:?}");
        }
    }

    #[test]
    fn attempts_that_count_end_after_five() {
        let mut patience = patience(Repeat::LookUp);
        for _ in 0..4 {
            assert!(matches!(patience.decide(Tried::NotSent("refused")), Next::RetryAfter(_)));
        }
        let last = patience.decide(Tried::NotSent("refused"));
        assert_eq!(last, Next::GiveUpUnsent("no success after 5 attempts: refused".into()));
    }

    #[test]
    fn throttling_does_not_count_as_an_attempt_but_ends_at_last() {
        let throttled = not_acted_on(true);
        let mut patience = patience(Repeat::LookUp);
        let retries = (0..1000)
            .take_while(|_| matches!(patience.decide(answered(&throttled, WAIT(1))), Next::RetryAfter(_)))
            .count();
        assert_eq!((retries, patience.attempts()), (99, 0));
    }

    #[test]
    fn own_waits_grow_and_stay_within_a_minute() {
        let throttled = not_acted_on(true);
        let mut patience = patience(Repeat::LookUp);
        let mut waits = Vec::new();
        while let Next::RetryAfter(wait) = patience.decide(answered(&throttled, None)) {
            waits.push(wait);
        }
        assert!(waits.iter().sum::<Duration>() <= Duration::from_mins(1), "{waits:?}");
        assert!(waits.len() >= 4 && waits[3] > waits[0], "{waits:?}");
    }

    #[test]
    fn a_token_is_renewed_once_in_a_row() {
        let unauthorized = Reading::Unauthorized { message: "expired".into() };
        let throttled = not_acted_on(true);
        let mut patience = patience(Repeat::LookUp);
        assert_eq!(patience.decide(answered(&unauthorized, None)), Next::Renew);
        assert!(matches!(patience.decide(answered(&throttled, WAIT(400))), Next::RetryAfter(_)));
        // The token may have expired during that wait.
        assert_eq!(patience.decide(answered(&unauthorized, None)), Next::Renew);
        assert!(matches!(patience.decide(answered(&unauthorized, None)), Next::Stop { .. }));
        assert_eq!(patience.attempts(), 0);
    }

    #[test]
    fn only_what_is_safe_to_repeat_is_repeated_without_a_reply() {
        let mut patience = patience(Repeat::Safe);
        for _ in 0..4 {
            assert!(matches!(patience.decide(Tried::NoReply("reset")), Next::RetryAfter(_)));
        }
        assert!(matches!(patience.decide(Tried::NoReply("reset")), Next::Unknown(_)));
    }
}
