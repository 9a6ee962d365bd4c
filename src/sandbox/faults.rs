//! What goes wrong on purpose, and when.
//!
//! Owns the kinds of faults and the decision which request meets which; carrying them out is the work of the
//! server. Pure: the same seed, settings and place in the order of requests give the same fault.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A way for a request to go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// 429, nothing stored.
    Throttled,
    /// 503 with `Retry-After`, nothing stored.
    Unavailable,
    /// 401 although the token is good, nothing stored.
    TokenRefused,
    /// 500, nothing stored.
    ErrorBeforeStoring,
    /// 500, although all is stored.
    ErrorAfterStoring,
    /// All is stored, and the connection ends without a byte of the reply.
    ReplyLost,
    /// The connection is reset, nothing stored.
    ResetBeforeStoring,
    /// All is well, but late.
    SlowReply,
    /// All is stored, and the connection ends in the middle of the reply's body.
    TruncatedReply,
    /// All is stored, and the reply is a 200 with text that is not JSON.
    NotJson,
    /// 502 with a gateway's page, nothing stored.
    HtmlError,
    /// All is stored, but late: after a client that does not wait so long has hung up.
    SlowStoring,
    /// 401, nothing stored, and every token handed out so far is taken no more.
    TokenExpired,
    /// All is well, but the `Date` header is off.
    ClockJump,
}

impl Fault {
    /// The name as settings and state write it.
    pub fn name(self) -> &'static str {
        match self {
            Fault::Throttled => "throttled",
            Fault::Unavailable => "unavailable",
            Fault::TokenRefused => "token-refused",
            Fault::ErrorBeforeStoring => "error-before-storing",
            Fault::ErrorAfterStoring => "error-after-storing",
            Fault::ReplyLost => "reply-lost",
            Fault::ResetBeforeStoring => "reset-before-storing",
            Fault::SlowReply => "slow-reply",
            Fault::TruncatedReply => "truncated-reply",
            Fault::NotJson => "not-json",
            Fault::HtmlError => "html-error",
            Fault::SlowStoring => "slow-storing",
            Fault::TokenExpired => "token-expired",
            Fault::ClockJump => "clock-jump",
        }
    }
}

/// Which requests go wrong, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct FaultSettings {
    /// Share of requests that meet each fault, from 0 to 1.
    pub rates: BTreeMap<Fault, f64>,
    /// Paths that the rates apply to; none given is every path but the token's.
    pub routes: Vec<String>,
    /// Faults of single requests; they come before the rates.
    pub schedule: Vec<ScheduledFault>,
    /// Faults that come again and again; they come before the rates, and after the faults of single requests.
    pub repeated: Vec<RepeatedFault>,
    /// How late a slow reply or slow storing is.
    pub slow_ms: u64,
    /// What `Retry-After` of a 429 or 503 on purpose says.
    pub retry_after_s: u64,
    /// The form in which any `Retry-After` says so.
    pub retry_after_form: RetryAfterForm,
    /// How far a jumped clock is off, ahead or behind.
    pub clock_jump_s: i64,
}

impl Default for FaultSettings {
    fn default() -> Self {
        Self {
            rates: BTreeMap::new(),
            routes: Vec::new(),
            schedule: Vec::new(),
            repeated: Vec::new(),
            slow_ms: 2_000,
            retry_after_s: 1,
            retry_after_form: RetryAfterForm::Seconds,
            clock_jump_s: 86_400,
        }
    }
}

/// A fault of one request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ScheduledFault {
    /// Which request, from 1: of the path where one is given, else of all but log-ins.
    pub request: u64,
    /// The path whose requests are counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// What goes wrong.
    pub fault: Fault,
}

/// A fault of every so-manieth request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RepeatedFault {
    /// The first request concerned, from 1; counted as for [`ScheduledFault`].
    #[serde(default = "first")]
    pub from: u64,
    /// The last request that may be concerned; none is no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
    /// How many requests it is from one to the next.
    #[serde(default = "first")]
    pub every: u64,
    /// The path whose requests are counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// What goes wrong.
    pub fault: Fault,
}

fn first() -> u64 {
    1
}

impl RepeatedFault {
    fn meets(&self, count: u64) -> bool {
        count >= self.from
            && self.until.is_none_or(|until| count <= until)
            && (count - self.from).is_multiple_of(self.every.max(1))
    }
}

/// How a `Retry-After` header says what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RetryAfterForm {
    /// As a number of seconds.
    Seconds,
    /// As a date.
    Date,
    /// As a number of seconds below zero.
    Negative,
    /// As more seconds than anybody waits.
    Absurd,
    /// As a word.
    NotANumber,
}

/// A request's place in the order of requests.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    /// Path of the request.
    pub(super) path: &'a str,
    /// Whether it is a log-in.
    pub(super) log_in: bool,
    /// Which request it is of all but log-ins, or of the log-ins if it is one; from 1.
    pub(super) ordinal: u64,
    /// Which request of its path it is, from 1.
    pub(super) of_path: u64,
}

/// The fault that a request meets.
pub(super) fn choose(settings: &FaultSettings, seed: u64, place: Place<'_>) -> Option<Fault> {
    // The number of a request for an entry: among those of its path, or among all but log-ins.
    let counted = |route: &Option<String>| match route.as_deref() {
        Some(route) => (route == place.path).then_some(place.of_path),
        None => (!place.log_in).then_some(place.ordinal),
    };
    let single = settings.schedule.iter().find(|entry| counted(&entry.route) == Some(entry.request));
    if let Some(entry) = single {
        return Some(entry.fault);
    }
    let repeated = |entry: &&RepeatedFault| counted(&entry.route).is_some_and(|count| entry.meets(count));
    if let Some(entry) = settings.repeated.iter().find(repeated) {
        return Some(entry.fault);
    }
    let concerned = if settings.routes.is_empty() {
        !place.log_in
    } else {
        settings.routes.iter().any(|route| route == place.path)
    };
    if !concerned {
        return None;
    }
    let drawn = draw(seed, place.ordinal);
    let mut reached = 0.0;
    settings.rates.iter().find_map(|(fault, rate)| {
        reached += rate;
        (drawn < reached).then_some(*fault)
    })
}

/// A number from 0 up to but not 1, the same for the same seed and place.
pub(super) fn draw(seed: u64, ordinal: u64) -> f64 {
    (mix(seed ^ mix(ordinal)) >> 11) as f64 / (1_u64 << 53) as f64
}

/// Spreads a number over all 64 bits; no two numbers give the same.
pub(super) fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(path: &str, ordinal: u64) -> Place<'_> {
        Place { path, log_in: path == "/token", ordinal, of_path: ordinal }
    }

    #[test]
    fn rates_are_met_and_can_be_repeated() {
        let settings = FaultSettings {
            rates: BTreeMap::from([(Fault::ReplyLost, 0.2), (Fault::SlowReply, 0.1)]),
            ..FaultSettings::default()
        };
        let run = |seed| (1..=10_000).map(|at| choose(&settings, seed, place("/a", at))).collect::<Vec<_>>();
        let (first, again, other) = (run(7), run(7), run(8));
        assert_eq!(first, again);
        assert_ne!(first, other);
        let lost = first.iter().filter(|fault| **fault == Some(Fault::ReplyLost)).count();
        let slow = first.iter().filter(|fault| **fault == Some(Fault::SlowReply)).count();
        assert!((1_850..2_150).contains(&lost) && (880..1_120).contains(&slow), "{lost} {slow}");
    }

    #[test]
    fn a_repeated_fault_meets_every_so_manieth_request_of_its_span() {
        let entry = |text: &str| toml::from_str::<RepeatedFault>(text).unwrap();
        for (text, expected) in [
            ("fault = \"throttled\"", vec![1, 2, 3, 4, 5, 6, 7, 8, 9]),
            ("fault = \"throttled\"\nevery = 3", vec![1, 4, 7]),
            ("fault = \"throttled\"\nfrom = 5\nevery = 2", vec![5, 7, 9]),
            ("fault = \"throttled\"\nfrom = 2\nuntil = 4", vec![2, 3, 4]),
            ("fault = \"throttled\"\nevery = 0\nuntil = 2", vec![1, 2]),
            ("fault = \"throttled\"\nroute = \"/b\"", vec![]),
        ] {
            let settings = FaultSettings { repeated: vec![entry(text)], ..FaultSettings::default() };
            let met: Vec<u64> = (1..10).filter(|at| choose(&settings, 1, place("/a", *at)).is_some()).collect();
            assert_eq!(met, expected, "{text}");
        }
        // A fault of a single request is asked first.
        let mut settings = FaultSettings { repeated: vec![entry("fault = \"throttled\"")], ..FaultSettings::default() };
        settings.schedule = vec![ScheduledFault { request: 2, route: Some("/a".to_owned()), fault: Fault::NotJson }];
        assert_eq!(choose(&settings, 1, place("/a", 2)), Some(Fault::NotJson));
        assert_eq!(choose(&settings, 1, place("/token", 2)), None);
    }

    #[test]
    fn log_ins_are_spared_unless_named() {
        let mut settings =
            FaultSettings { rates: BTreeMap::from([(Fault::Throttled, 1.0)]), ..FaultSettings::default() };
        assert_eq!(choose(&settings, 1, place("/token", 1)), None);
        assert_eq!(choose(&settings, 1, place("/a", 1)), Some(Fault::Throttled));
        settings.routes = vec!["/token".to_owned()];
        assert_eq!(choose(&settings, 1, place("/token", 1)), Some(Fault::Throttled));
        assert_eq!(choose(&settings, 1, place("/a", 1)), None);
    }
}
