//! Time: the one place that asks the host for it.
//!
//! Everything else takes a [`Clock`]. Dates of rows, financial years and quota days follow the profile's time zone,
//! never the host's.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use crate::stop::Stop;

/// Tells the time and waits.
pub trait Clock: Send + Sync {
    /// Time since 1970, for records and dates.
    fn now(&self) -> Timestamp;
    /// Time since an arbitrary start, never set back, for pace and waiting.
    fn elapsed(&self) -> Duration;
    /// Waits.
    fn sleep(&self, time: Duration);
    /// Waits, but no longer than until somebody asks to stop; says whether somebody did.
    fn wait(&self, time: Duration, stop: &Stop) -> bool {
        stop.wait(time)
    }
}

/// The host's clock, or one that is ahead of it.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
    ahead: SignedDuration,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::ahead_by(SignedDuration::ZERO)
    }
}

impl SystemClock {
    /// A clock that is ahead of the host's by a time, which may be negative: that of a database that hosts share.
    pub fn ahead_by(ahead: SignedDuration) -> Self {
        Self { start: Instant::now(), ahead }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        now.checked_add(self.ahead).unwrap_or(now)
    }

    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    fn sleep(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

/// A clock that moves only when told, or when somebody sleeps.
#[derive(Debug, Default)]
pub struct TestClock {
    elapsed: std::sync::Mutex<Duration>,
}

impl TestClock {
    /// Moves the time on.
    pub fn advance(&self, time: Duration) {
        *self.elapsed.lock().expect("no holder of this lock panics") += time;
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        // 22 November 2026, noon in India: far from a year's end and from a month's.
        Timestamp::from_second(1_795_329_000).expect("a constant within range") + self.elapsed()
    }

    fn elapsed(&self) -> Duration {
        *self.elapsed.lock().expect("no holder of this lock panics")
    }

    fn sleep(&self, time: Duration) {
        self.advance(time);
    }

    fn wait(&self, time: Duration, stop: &Stop) -> bool {
        if !stop.asked() {
            self.advance(time);
        }
        stop.asked()
    }
}
