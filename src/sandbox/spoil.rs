//! Replies made wrong, late or odd on purpose, after the work was done.
//!
//! Owns what a fault after storing does to a reply, how long it is held back, and the headers that switches ask for.
//! Pure: the server sleeps and cuts. The one rule: what was stored is settled before anything here is asked.

use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};

use super::faults::{Fault, RetryAfterForm, draw};
use super::reply::{Refusal, RefusalKind, Reply, Stamp};
use super::settings::{RateHeaders, SandboxSettings};
use super::wire::Cut;

// Limit: a test or a person never waits longer for a reply on purpose.
const LONGEST_DELAY: Duration = Duration::from_mins(10);

/// Makes a reply go wrong where a fault after storing asks for it, and says how the connection is to end.
pub(super) fn spoil(reply: &mut Reply, settings: &SandboxSettings, fault: Option<Fault>, stamp: Stamp) -> Option<Cut> {
    let rows = reply.rows;
    match fault? {
        Fault::ErrorAfterStoring => {
            let refusal = Refusal::new(RefusalKind::Broken, "Something went wrong");
            *reply = Reply { rows, ..Reply::refusal(&settings.replies, &refusal, stamp) };
            None
        }
        Fault::NotJson => {
            *reply = Reply { rows, ..Reply::page(200, "Welcome") };
            None
        }
        Fault::ReplyLost => Some(Cut::NoReply),
        Fault::TruncatedReply => Some(Cut::HalfBody),
        Fault::ResetBeforeStoring => Some(Cut::Reset),
        _ => None,
    }
}

/// How long the work on a request waits to begin.
pub(super) fn delay_before(settings: &SandboxSettings, fault: Option<Fault>) -> Duration {
    let slow = if fault == Some(Fault::SlowStoring) { settings.faults.slow_ms } else { 0 };
    Duration::from_millis(slow).min(LONGEST_DELAY)
}

/// How long a finished reply is held back.
pub(super) fn delay(settings: &SandboxSettings, fault: Option<Fault>, ordinal: u64) -> Duration {
    let jitter = draw(settings.seed ^ 0x6A69_7474_6572, ordinal) * settings.jitter_ms as f64;
    let slow = if fault == Some(Fault::SlowReply) { settings.faults.slow_ms } else { 0 };
    let whole = settings.latency_ms.saturating_add(slow).saturating_add(jitter as u64);
    Duration::from_millis(whole).min(LONGEST_DELAY)
}

/// Adds the headers of a reply.
pub(super) fn dress(reply: &mut Reply, settings: &SandboxSettings, fault: Option<Fault>, now: Timestamp) {
    if let Some(seconds) = reply.retry_after_s {
        reply.headers.push(("retry-after", retry_after(settings.faults.retry_after_form, seconds, now)));
    }
    let jump = if fault == Some(Fault::ClockJump) { settings.faults.clock_jump_s } else { 0 };
    if (settings.clock_offset_s, jump) != (0, 0) {
        reply.headers.push(("date", http_date(now, jump)));
    }
    let names = match settings.replies.rate_headers {
        RateHeaders::NoneLeft => ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"],
        RateHeaders::XNoneLeft => ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"],
        RateHeaders::Absent => return,
    };
    if (200..300).contains(&reply.status) {
        reply.headers.extend(names.into_iter().zip(["100", "0", "1"].map(str::to_owned)));
    }
}

fn retry_after(form: RetryAfterForm, seconds: u64, now: Timestamp) -> String {
    match form {
        RetryAfterForm::Seconds => seconds.to_string(),
        RetryAfterForm::Date => http_date(now, i64::try_from(seconds).unwrap_or(i64::MAX)),
        RetryAfterForm::Negative => format!("-{}", seconds.max(1)),
        RetryAfterForm::Absurd => u128::MAX.to_string(),
        RetryAfterForm::NotANumber => "soon".to_owned(),
    }
}

/// A time so many seconds from now, as headers write it.
fn http_date(now: Timestamp, ahead_s: i64) -> String {
    let time = now.checked_add(SignedDuration::from_secs(ahead_s)).unwrap_or(now);
    // Limit: headers have no years before 1970 or after 9999.
    let earliest = SystemTime::UNIX_EPOCH;
    let latest = earliest + Duration::from_secs(253_402_300_799);
    httpdate::fmt_http_date(SystemTime::from(time).clamp(earliest, latest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::settings::ReplySettings;

    fn dressed(settings: &SandboxSettings, fault: Option<Fault>) -> Vec<(&'static str, String)> {
        let mut reply = Reply::success(&settings.replies, serde_json::json!({}));
        reply.retry_after_s = Some(9);
        dress(&mut reply, settings, fault, Timestamp::UNIX_EPOCH);
        reply.headers
    }

    #[test]
    fn a_wait_is_asked_for_in_the_form_that_is_set() {
        for (form, expected) in [
            (RetryAfterForm::Seconds, "9"),
            (RetryAfterForm::Date, "Thu, 01 Jan 1970 00:00:09 GMT"),
            (RetryAfterForm::Negative, "-9"),
            (RetryAfterForm::Absurd, "340282366920938463463374607431768211455"),
            (RetryAfterForm::NotANumber, "soon"),
        ] {
            let mut settings = SandboxSettings::default();
            settings.faults.retry_after_form = form;
            assert_eq!(dressed(&settings, None), [("retry-after", expected.to_owned())]);
        }
    }

    #[test]
    fn clocks_and_limits_show_in_headers_only_where_asked_for() {
        let mut settings = SandboxSettings::default();
        let of = |headers: &[(&'static str, String)], name: &str| {
            headers.iter().find(|(header, _)| *header == name).map(|(_, value)| value.clone())
        };
        let plain = dressed(&settings, None);
        assert_eq!((of(&plain, "date"), of(&plain, "ratelimit-remaining")), (None, None));
        let jumped = dressed(&settings, Some(Fault::ClockJump));
        assert_eq!(of(&jumped, "date").as_deref(), Some("Fri, 02 Jan 1970 00:00:00 GMT"));
        settings.faults.clock_jump_s = i64::MIN;
        assert!(of(&dressed(&settings, Some(Fault::ClockJump)), "date").is_some());
        settings.replies = ReplySettings { rate_headers: RateHeaders::XNoneLeft, ..ReplySettings::default() };
        assert_eq!(of(&dressed(&settings, None), "x-ratelimit-remaining").as_deref(), Some("0"));
        settings.replies.success_status = 422;
        assert_eq!(of(&dressed(&settings, None), "x-ratelimit-remaining"), None);
    }
}
