//! What a measurement costs: computing time and the most memory held, of this process and of the decoders it starts.
//!
//! Linux tells both; elsewhere memory is not known and decoders are not counted. The rule: what cannot be known is none,
//! never zero.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use crate::stop::{Stop, StopReason};

// Limit: a decoder that lives shorter than this costs nothing worth counting.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Computing time in seconds, and bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Usage {
    /// Time that processors spent, all threads together.
    pub(super) cpu_s: Option<f64>,
    /// The most memory that was held at once.
    pub(super) peak_bytes: Option<u64>,
}

/// Does some work and says what it cost.
pub(super) fn measured<T>(work: impl FnOnce() -> T) -> (T, Usage) {
    let before = own_cpu();
    let (ended, seen) = (Stop::default(), Mutex::new(BTreeMap::new()));
    let done = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !ended.wait(LOOK_EVERY) {
                look_at_children(&seen);
            }
        });
        // Ends the watching whatever the work does.
        let _end = Ending(&ended);
        work()
    });
    let seen = seen.into_inner().expect("looking at numbers does not panic");
    let children_cpu: f64 = seen.values().map(|child: &Child| child.cpu_s).sum();
    let children_peak: u64 = seen.values().map(|child| child.peak_bytes).sum();
    let cpu_s = own_cpu().zip(before).map(|(after, before)| after - before + children_cpu);
    let peak_bytes = status_kib("/proc/self/status").map(|kib| kib * 1024 + children_peak);
    (done, Usage { cpu_s, peak_bytes })
}

struct Ending<'a>(&'a Stop);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.ask(StopReason::Interrupted);
    }
}

#[cfg(unix)]
fn own_cpu() -> Option<f64> {
    use rustix::time::{ClockId, DynamicClockId, clock_gettime_dynamic};
    let time = clock_gettime_dynamic(DynamicClockId::Known(ClockId::ProcessCPUTime)).ok()?;
    Some(time.tv_sec as f64 + time.tv_nsec as f64 / 1e9)
}

#[cfg(not(unix))]
fn own_cpu() -> Option<f64> {
    None
}

/// A process that this one started.
#[derive(Debug, Clone, Copy, Default)]
struct Child {
    cpu_s: f64,
    peak_bytes: u64,
}

/// Notes what each child has used so far; a child that is gone keeps its last figures.
fn look_at_children(seen: &Mutex<BTreeMap<String, Child>>) {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return };
    for task in tasks.flatten() {
        let children = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
        for process in children.split_whitespace() {
            let peak_bytes = status_kib(&format!("/proc/{process}/status")).unwrap_or(0) * 1024;
            let cpu_s = ticks(&format!("/proc/{process}/stat")).unwrap_or(0) as f64 / 100.0;
            let mut seen = seen.lock().expect("looking at numbers does not panic");
            let child = seen.entry(process.to_owned()).or_default();
            child.peak_bytes = child.peak_bytes.max(peak_bytes);
            child.cpu_s = child.cpu_s.max(cpu_s);
        }
    }
}

/// The high-water mark of memory in a process's status.
fn status_kib(path: &str) -> Option<u64> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}

/// User and system time in a process's statistics, in hundredths of a second as Linux gives them everywhere.
fn ticks(path: &str) -> Option<u64> {
    let text = std::fs::read_to_string(path).ok()?;
    // The name in brackets may hold blanks; behind it the fields are counted.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    Some(fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn computing_and_memory_of_some_work_are_noticed() {
        let (held, usage) = measured(|| {
            let held = vec![1_u8; 64 << 20];
            let sum: u64 = held.iter().map(|byte| u64::from(*byte)).sum();
            assert_eq!(sum, 64 << 20);
            held
        });
        if cfg!(target_os = "linux") {
            assert!(usage.peak_bytes.unwrap() >= held.len() as u64, "{usage:?}");
            assert!(usage.cpu_s.unwrap() > 0.0, "{usage:?}");
        }
    }
}
