//! What a process that decodes workbooks may use, and how it binds itself to it.
//!
//! Owns the sizes of the limits. Only the process itself sets them, on itself, before it opens a file. The one rule:
//! they grow with the file, so that a small file can never cost much and a large good one is never refused.

use crate::sheet::budget;

const MIB: u64 = 1024 * 1024;
/// Limit: memory for any file. A million cells take some 125 MiB in the worst format, which is ods.
const LEAST_MEMORY: u64 = 144 * MIB;
/// Limit: memory for each byte of the file. An ods takes up to 28 of them, because it is packed and kept whole; an xls
/// takes 7, an xlsx fewer.
const MEMORY_PER_BYTE: u64 = 32;
/// Limit: seconds of computing for any file of up to 1 MiB; reading one takes a tenth of that.
const LEAST_SECONDS: u64 = 2;
/// Limit: seconds for each further MiB.
const SECONDS_PER_MIB: u64 = 2;
/// Limit: rows handed out, as they travel. A text that is stored once may stand in a million cells.
const LEAST_ROWS: u64 = 128 * MIB;
/// Limit: the same for each byte of the file; sheets that are packed shrink some tenfold, repeated texts not counted.
const ROWS_PER_BYTE: u64 = 64;
/// What a process may keep from earlier files; one that keeps more is replaced.
const MAX_LEFT: u64 = 32 * MIB;

/// What decoding a sheet of a file may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Allowance {
    /// Bytes of memory.
    pub(super) memory: u64,
    /// Seconds of computing.
    pub(super) seconds: u64,
    /// Bytes of rows; the side that asks counts them.
    pub(super) rows: u64,
    /// What the rows may weigh; the side that asks weighs them.
    pub(super) weight: u64,
}

impl Allowance {
    /// For a file of this many bytes.
    pub(super) fn of(size: u64) -> Self {
        Self {
            memory: LEAST_MEMORY.saturating_add(size.saturating_mul(MEMORY_PER_BYTE)),
            seconds: LEAST_SECONDS.saturating_add((size / MIB).saturating_sub(1).saturating_mul(SECONDS_PER_MIB)),
            rows: LEAST_ROWS.saturating_add(size.saturating_mul(ROWS_PER_BYTE)),
            weight: budget::most(size),
        }
    }

    /// Seconds for all sheets of the file together: each of them opens the file anew.
    pub(super) fn seconds_of_all(self) -> u64 {
        self.seconds.saturating_add(self.seconds / 2)
    }
}

#[cfg(unix)]
mod system {
    use std::time::Duration;

    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    use rustix::time::{ClockId, clock_gettime};

    use super::Allowance;

    /// What is counted as memory: all that a process can write to, where the system counts it so, else all it maps.
    const MEMORY: Resource = if cfg!(target_os = "linux") { Resource::Data } else { Resource::As };
    /// Mapped without being written to: the program itself, and room set aside for threads.
    const MAPPED: u64 = if cfg!(target_os = "linux") { 0 } else { 512 * super::MIB };

    /// How long this process has computed.
    pub(in super::super) fn computed() -> Duration {
        Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or_default()
    }

    /// Binds this process for the file to come.
    pub(in super::super) fn bind(allowance: Allowance) {
        let used = computed().as_secs();
        limit(MEMORY, allowance.memory.saturating_add(MAPPED));
        // Whole seconds are counted; the one that has begun is free.
        limit(Resource::Cpu, used.saturating_add(1).saturating_add(allowance.seconds));
        limit(Resource::Core, 0);
    }

    /// Sets the soft limit: the hard one could not be raised again for the next file.
    fn limit(resource: Resource, wanted: u64) {
        let maximum = getrlimit(resource).maximum;
        let current = maximum.map_or(wanted, |maximum| maximum.min(wanted));
        // A system that refuses has no such limit; the patience of the asking side remains.
        setrlimit(resource, Rlimit { current: Some(current), maximum }).ok();
    }
}

#[cfg(not(unix))]
mod system {
    use std::time::Duration;

    use super::Allowance;

    /// Not known here.
    pub(in super::super) fn computed() -> Duration {
        Duration::ZERO
    }

    /// Other systems have no limits that a process could set on itself; the patience of the asking side remains.
    pub(in super::super) fn bind(_: Allowance) {}
}

pub(super) use system::{bind, computed};

/// Whether this process is as good as new, and keeps little of the files it has read.
pub(super) fn is_lean() -> bool {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return true };
    let data = status.lines().find_map(|line| line.strip_prefix("VmData:"));
    let kib = data.and_then(|rest| rest.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    kib.is_none_or(|kib| kib * 1024 <= MAX_LEFT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_grow_with_the_file() {
        for (size, memory, seconds, rows) in
            [(0, 144, 2, 128), (MIB, 176, 2, 192), (20 * MIB, 784, 40, 1408), (50 * MIB, 1744, 100, 3328)]
        {
            let weight = budget::most(size);
            assert_eq!(Allowance::of(size), Allowance { memory: memory * MIB, seconds, rows: rows * MIB, weight });
        }
        assert_eq!(Allowance::of(u64::MAX).memory, u64::MAX);
    }
}
