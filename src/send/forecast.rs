//! How long sending will still take, from what it has come to so far.
//!
//! Pure. The rule: a forecast is never kinder than the limit allows, counts the pause that holds, and says so where the
//! quota of a day ends it before the plan does.

use std::time::Duration;

/// Answers before the pace so far says anything.
const TELLING: u64 = 3;

/// What a forecast is made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts {
    /// Requests that are not answered yet.
    pub(super) left: u64,
    /// Answers so far, and the time they took.
    pub(super) answered: u64,
    pub(super) elapsed: Duration,
    /// Requests a second that the limiter lets through at present.
    pub(super) rate: f64,
    /// What is left of a pause.
    pub(super) pause: Duration,
    /// Requests that the day's quota still lets through, and those of a whole day.
    pub(super) today: Option<(u64, u64)>,
}

/// What is to be expected.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Forecast {
    /// Time until all is answered, or until the quota of the day is used up.
    pub(super) time: Option<Duration>,
    /// Further days that the quota makes necessary.
    pub(super) days: u64,
}

/// Looks ahead.
pub(super) fn forecast(facts: Facts) -> Forecast {
    let (now, days) = match facts.today {
        Some((left_today, per_day)) if left_today < facts.left => {
            (left_today, (facts.left - left_today).div_ceil(per_day.max(1)))
        }
        _ => (facts.left, 0),
    };
    let so_far = facts.answered as f64 / facts.elapsed.as_secs_f64().max(0.001);
    let pace = if facts.answered >= TELLING { so_far.min(facts.rate) } else { facts.rate };
    // Limit: a forecast of years says nothing.
    let time = Duration::try_from_secs_f64(now as f64 / pace).ok().filter(|time| time.as_secs() < 400 * 86_400);
    Forecast { time: time.map(|time| time + facts.pause).filter(|_| facts.left > 0), days }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_forecast_counts_the_pace_the_pause_and_the_quota_of_the_day() {
        let base = Facts { left: 100, answered: 0, elapsed: SECOND, rate: 5.0, pause: Duration::ZERO, today: None };
        for (facts, seconds, days) in [
            (base, Some(20), 0),
            // Slow answers, not the limit, decide.
            (Facts { answered: 10, elapsed: 10 * SECOND, ..base }, Some(100), 0),
            // Never kinder than the limit.
            (Facts { answered: 100, ..base }, Some(20), 0),
            (Facts { pause: 30 * SECOND, ..base }, Some(50), 0),
            (Facts { today: Some((100, 1000)), ..base }, Some(20), 0),
            (Facts { today: Some((40, 50)), ..base }, Some(8), 2),
            (Facts { today: Some((0, 50)), ..base }, Some(0), 2),
            (Facts { left: 0, ..base }, None, 0),
            (Facts { rate: 1e-6, ..base }, None, 0),
        ] {
            let expected = Forecast { time: seconds.map(Duration::from_secs), days };
            assert_eq!(forecast(facts), expected, "{facts:?}");
        }
    }
}
