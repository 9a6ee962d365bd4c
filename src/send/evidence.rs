//! When "the search does not show it" proves that a line is missing, and may be sent again.
//!
//! Pure. A search that shows nothing proves nothing by itself: it must show rows that are known to be there (the
//! control), and the server must have had time to end what it was doing. The one rule: without both, a line stays
//! unknown.

use std::time::Duration;

use jiff::Timestamp;

use crate::ledger::Attempted;
use crate::outcome::code;

/// Limit: how often a line is sent again after a look-up proved it missing.
pub(super) const MOST_RESENDS: u32 = 5;

/// Limit: a request whose process was killed is given this long at least, or its whole time where that is shorter.
const LEFT_ALONE: Duration = Duration::from_secs(5);

/// How long servers are given.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// Time for one request.
    pub(super) timeout: Duration,
    /// Time after the end of a request until what it did can be seen.
    pub(super) settle: Duration,
    /// The same for a request that this side gave up on.
    pub(super) settle_after_giving_up: Duration,
}

/// What a line went through before the chunk that it is in now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Past {
    /// How often it was sent again after a look-up.
    pub(super) resends: u32,
    /// Whether a reply named it so that nobody could tell what became of it.
    pub(super) unclear: bool,
}

impl Past {
    /// Adds what an earlier chunk recorded of the line, in this start or one before. A refusal of the whole file is no
    /// doubt about the line.
    pub(super) fn add(&mut self, code: &str, of_this_start: bool) {
        self.resends += u32::from(of_this_start && (code == code::NO_REPLY || code == code::REPLY_UNCLEAR));
        self.unclear |= code == code::REPLY_UNCLEAR;
    }
}

/// What is to be done about a line that the search does not show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Missing {
    /// It is missing: it goes into a new chunk.
    SendAgain,
    /// It is too early to say; look again then.
    Wait(Timestamp),
    /// It stays unknown, with the reason.
    Stays(String),
}

/// What speaks for a line being missing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Evidence<'a> {
    /// Whether the search shows what is known to be there, or why that cannot be said.
    pub(super) control: Result<(), &'a str>,
    /// When the server is done with the request for certain.
    pub(super) settled_at: Timestamp,
    /// Now.
    pub(super) now: Timestamp,
}

/// Decides about a line that the search does not show; `code` is what its chunk recorded of it.
pub(super) fn missing(evidence: Evidence<'_>, past: Past, code: &str) -> Missing {
    if past.resends >= MOST_RESENDS {
        return Missing::Stays(format!(
            "not found, after it was sent {} times; not sent again before the next start",
            past.resends + 1
        ));
    }
    if past.unclear && code == code::REPLY_UNCLEAR {
        return Missing::Stays("not found, and two replies left open what became of it; not sent again".to_owned());
    }
    if evidence.now < evidence.settled_at {
        return Missing::Wait(evidence.settled_at);
    }
    match evidence.control {
        Ok(()) => Missing::SendAgain,
        Err(reason) => Missing::Stays(format!("not found, which proves nothing: {reason}")),
    }
}

/// When the server is done with a chunk's requests for certain: the settle time after the last of them ended. A request
/// that this side gave up on, or whose end nobody recorded, may be worked on until its time is over.
pub(super) fn settled_at(attempts: &[Attempted], patience: Patience, now: Timestamp) -> Timestamp {
    let settled = attempts.iter().map(|attempt| {
        let (end, settle) = if gave_up(attempt, patience.timeout) {
            // Where nobody is left to wait, the connection ended with the process, and the request soon after.
            let left_alone = patience.timeout.min(patience.settle_after_giving_up.max(LEFT_ALONE));
            let time = if attempt.ended_at.is_some() { patience.timeout } else { left_alone };
            let full = later(attempt.started_at, time);
            (attempt.ended_at.map_or(full, |end| end.max(full)), patience.settle_after_giving_up)
        } else {
            (attempt.ended_at.unwrap_or(attempt.started_at), patience.settle)
        };
        // A clock that was set back must not make this wait for days.
        later(end, settle).min(later(now, patience.timeout + settle))
    });
    settled.max().unwrap_or(now)
}

fn gave_up(attempt: &Attempted, timeout: Duration) -> bool {
    let Some(end) = attempt.ended_at else { return true };
    let took = end.duration_since(attempt.started_at).unsigned_abs();
    attempt.kind.as_deref() == Some("no-reply") && (took >= timeout || attempt.words.starts_with("no reply within"))
}

fn later(time: Timestamp, by: Duration) -> Timestamp {
    time.saturating_add(by).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_329_000 + second).unwrap()
    }

    #[test]
    fn a_line_is_missing_only_with_a_control_after_the_settle_time_and_not_for_ever() {
        let none = Past::default();
        let often = Past { resends: 5, unclear: false };
        let unclear = Past { resends: 1, unclear: true };
        let (shown, hidden) = (Ok(()), Err("the search does not show a row known to be there"));
        for (control, settled_at, past, code, expected) in [
            (shown, 0, none, code::NO_REPLY, "again"),
            (shown, 1, none, code::NO_REPLY, "wait"),
            (hidden, 0, none, code::NO_REPLY, "stays"),
            // The index may only be late.
            (hidden, 1, none, code::NO_REPLY, "wait"),
            (shown, 0, often, code::NO_REPLY, "stays"),
            (shown, 1, often, code::NO_REPLY, "stays"),
            (shown, 0, unclear, code::NO_REPLY, "again"),
            (shown, 0, unclear, code::REPLY_UNCLEAR, "stays"),
            (shown, 0, none, code::REPLY_UNCLEAR, "again"),
            (shown, 0, unclear, code::CHUNK_REFUSED, "again"),
        ] {
            let evidence = Evidence { control, settled_at: at(settled_at), now: at(0) };
            let decided = match missing(evidence, past, code) {
                Missing::SendAgain => "again",
                Missing::Wait(until) => {
                    assert_eq!(until, at(settled_at));
                    "wait"
                }
                Missing::Stays(_) => "stays",
            };
            assert_eq!(decided, expected, "{control:?} {settled_at} {past:?} {code}");
        }
    }

    #[test]
    fn what_an_earlier_chunk_recorded_counts_by_its_kind() {
        let mut past = Past::default();
        for code in [code::CHUNK_REFUSED, code::NO_REPLY, "", code::REPLY_UNCLEAR] {
            past.add(code, true);
        }
        assert_eq!(past, Past { resends: 2, unclear: true });
        past.add(code::NO_REPLY, false);
        assert_eq!(past.resends, 2, "an earlier start does not count");
    }

    #[test]
    fn a_server_that_was_given_up_on_may_work_until_its_time_is_over() {
        let patience = |settle: u64, after: u64| {
            let (settle, settle_after_giving_up) = (Duration::from_secs(settle), Duration::from_secs(after));
            Patience { timeout: Duration::from_mins(1), settle, settle_after_giving_up }
        };
        let attempt = |end: Option<i64>, kind: Option<&str>, words: &str| Attempted {
            started_at: at(0),
            ended_at: end.map(at),
            kind: kind.map(str::to_owned),
            status: None,
            words: words.to_owned(),
        };
        let answered = attempt(Some(2), Some("answered"), "");
        let reset = attempt(Some(2), Some("no-reply"), "connection reset");
        let timeout = attempt(Some(60), Some("no-reply"), "no reply within 60 s");
        let hasty = attempt(Some(1), Some("no-reply"), "no reply within 1 s");
        let killed = attempt(None, None, "");
        let late = attempt(Some(300), Some("no-reply"), "the host slept");
        for (attempts, settle, after, expected) in [
            (vec![&answered], 0, 10, 2),
            (vec![&reset], 0, 10, 2),
            (vec![&reset], 300, 300, 302),
            (vec![&timeout], 0, 10, 70),
            (vec![&timeout], 300, 300, 360),
            // An earlier process was less patient.
            (vec![&hasty], 0, 10, 70),
            (vec![&killed], 0, 10, 20),
            (vec![&killed], 300, 300, 360),
            (vec![&killed], 0, 0, 5),
            (vec![&late], 0, 10, 310),
            (vec![&killed, &answered], 0, 10, 20),
            (vec![], 0, 10, 1_000),
        ] {
            let attempts: Vec<Attempted> = attempts.into_iter().cloned().collect();
            assert_eq!(settled_at(&attempts, patience(settle, after), at(1_000)), at(expected), "{attempts:?}");
        }
        // The clock was set back since.
        assert_eq!(settled_at(&[killed], patience(0, 10), at(-100_000)), at(-100_000 + 70));
    }
}
