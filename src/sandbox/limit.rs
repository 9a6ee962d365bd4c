//! The sandbox's request limit: so many requests a second, so many at once.
//!
//! Owns the arithmetic and nothing else; time is handed in. A request that is refused does not count against the
//! limit, so a client that waits as long as it was told gets through.

use std::time::Duration;

/// Lets requests through at a rate.
#[derive(Debug, Default)]
pub(super) struct Limit {
    /// When the requests let through so far would have been due at an even pace.
    due: Duration,
}

impl Limit {
    /// Lets a request through, or says how long it must wait.
    pub(super) fn admit(&mut self, now: Duration, rate: f64, burst: Option<u32>) -> Result<(), Duration> {
        // Limit: a rate below one request a day is taken as one a day, so that no wait overflows.
        let interval = Duration::from_secs_f64(1.0 / rate.clamp(1.0 / 86_400.0, 1e9));
        let burst = burst.unwrap_or_else(|| default_burst(rate)).clamp(1, 1_000_000);
        let ahead = interval * (burst - 1);
        let earliest = self.due.saturating_sub(ahead);
        if now < earliest {
            return Err(earliest.saturating_sub(now));
        }
        self.due = self.due.max(now) + interval;
        Ok(())
    }
}

/// A tenth of a second's requests, at least 2: a client at an even pace jitters by less than that.
fn default_burst(rate: f64) -> u32 {
    (rate / 10.0).clamp(2.0, 1_000_000.0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_the_next_request_waits_for_its_turn() {
        let mut limit = Limit::default();
        let at = Duration::from_millis;
        for (now, expected) in [
            (1_000, Ok(())),
            (1_000, Ok(())),
            (1_000, Err(at(200))),
            (1_150, Err(at(50))),
            (1_200, Ok(())),
            (1_200, Err(at(200))),
            (9_000, Ok(())),
            (9_000, Ok(())),
            (9_000, Err(at(200))),
        ] {
            assert_eq!(limit.admit(at(now), 5.0, Some(2)), expected, "at {now}");
        }
    }

    #[test]
    fn odd_rates_do_not_panic() {
        for rate in [0.0, -1.0, 1e-300, 1e300, f64::INFINITY] {
            let mut limit = Limit::default();
            assert_eq!(limit.admit(Duration::ZERO, rate, Some(1)), Ok(()), "{rate}");
            let _ = limit.admit(Duration::ZERO, rate, None);
        }
    }
}
