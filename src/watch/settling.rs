//! Whether a file is complete: it looked the same twice, a poll apart. Pure.
//!
//! Times are those of a clock that is never set back; a file's own time is only compared with itself. The rule: what
//! still changes is never taken, however long it takes.

use std::time::{Duration, SystemTime};

/// Limit: programs that copy make the file first and fill it later; nobody drops an empty one on purpose.
const EMPTY: Duration = Duration::from_mins(1);
/// Looks at a file that changes each time, until that is told.
const GROWING: u32 = 6;

/// What is compared of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) bytes: u64,
    /// None where the file system has no such time.
    pub(super) modified: Option<SystemTime>,
}

/// What the looks at a file showed.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) stamp: Stamp,
    /// The look that found it first, to know which was dropped first.
    pub(super) first: u64,
    /// Since when it looks as it does.
    since: Duration,
    same: u32,
    changes: u32,
    told: bool,
}

impl Seen {
    pub(super) fn new(stamp: Stamp, look: u64, now: Duration) -> Seen {
        Seen { stamp, first: look, since: now, same: 0, changes: 0, told: false }
    }

    /// Looks again.
    pub(super) fn again(&mut self, stamp: Stamp, now: Duration) {
        if stamp == self.stamp {
            self.same += 1;
        } else {
            (self.stamp, self.since, self.same) = (stamp, now, 0);
            self.changes += 1;
        }
    }

    pub(super) fn is_complete(&self, now: Duration) -> bool {
        self.same > 0 && (self.stamp.bytes > 0 || now.saturating_sub(self.since) >= EMPTY)
    }

    /// Whether it is to be told that it goes on changing; true once.
    pub(super) fn is_to_be_told(&mut self) -> bool {
        let tell = self.changes >= GROWING && !self.told;
        self.told |= tell;
        tell
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(bytes: u64, seconds: u64) -> Stamp {
        Stamp { bytes, modified: Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)) }
    }

    #[test]
    fn a_file_is_complete_once_it_looked_the_same_twice() {
        let second = Duration::from_secs;
        for (looks, complete) in [
            (vec![stamp(5, 1)], false),
            (vec![stamp(5, 1), stamp(5, 1)], true),
            (vec![stamp(5, 1), stamp(6, 1)], false),
            // The same size, written again; also by a clock that was set back.
            (vec![stamp(5, 9), stamp(5, 2)], false),
            (vec![stamp(5, 1), stamp(6, 1), stamp(6, 1)], true),
            (vec![stamp(0, 1), stamp(0, 1)], false),
            (vec![Stamp { bytes: 5, modified: None }; 2], true),
        ] {
            let mut seen = Seen::new(looks[0], 1, Duration::ZERO);
            for (number, look) in looks.iter().enumerate().skip(1) {
                seen.again(*look, second(10 * number as u64));
            }
            assert_eq!(seen.is_complete(second(10 * looks.len() as u64)), complete, "{looks:?}");
        }
        let mut empty = Seen::new(stamp(0, 1), 1, Duration::ZERO);
        empty.again(stamp(0, 1), second(70));
        assert!(empty.is_complete(second(70)));
    }

    #[test]
    fn a_file_that_keeps_growing_is_told_once() {
        let mut seen = Seen::new(stamp(1, 1), 1, Duration::ZERO);
        let mut told = 0;
        for bytes in 2..30 {
            seen.again(stamp(bytes, 1), Duration::from_secs(bytes));
            told += u32::from(seen.is_to_be_told());
            assert!(!seen.is_complete(Duration::from_secs(bytes)));
        }
        assert_eq!(told, 1);
    }
}
