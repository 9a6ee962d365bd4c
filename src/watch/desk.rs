//! What is under way: files taken and not put away, when each is due, and which profiles wait. Pure.
//!
//! The rule: what was taken first is due first, and a profile that waits lets the others pass.

use std::collections::BTreeMap;
use std::time::Duration;

use super::folder::Taken;
use crate::exit::ExitCode;

/// A file under way.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) taken: Taken,
    /// How often it was tried.
    pub(super) tries: u32,
    /// What was last told of it.
    pub(super) reason: String,
    /// What its last try ended with.
    pub(super) exit: ExitCode,
    /// Its place is decided and it only has to be moved; the exit code of its run.
    pub(super) leaving: Option<ExitCode>,
    /// When it is tried next; none for never in this process.
    due: Option<Duration>,
}

impl Job {
    pub(super) fn new(taken: Taken) -> Job {
        let leaving = taken.leaving();
        Job { taken, tries: 0, reason: String::new(), exit: ExitCode::Success, leaving, due: Some(Duration::ZERO) }
    }
}

/// All files under way.
#[derive(Debug)]
pub(super) struct Desk {
    jobs: Vec<Job>,
    /// Profiles that wait, until when, and how often in a row they were made to.
    held: BTreeMap<String, Duration>,
    /// What files ended with.
    ended: Vec<ExitCode>,
    first_pause: Duration,
    longest_pause: Duration,
}

impl Desk {
    pub(super) fn new(first_pause: Duration, longest_pause: Duration) -> Desk {
        Desk { jobs: Vec::new(), held: BTreeMap::new(), ended: Vec::new(), first_pause, longest_pause }
    }

    pub(super) fn add(&mut self, job: Job) {
        self.jobs.push(job);
        self.jobs.sort_by(|left, right| left.taken.order().cmp(right.taken.order()));
    }

    /// Lets a job wait; for good where this process tries nothing twice.
    pub(super) fn wait(&mut self, mut job: Job, until: Duration, once: bool) {
        job.due = (!once).then_some(until);
        self.add(job);
    }

    /// The first job that is due.
    pub(super) fn due(&mut self, now: Duration) -> Option<Job> {
        let is_due = |job: &Job| job.due.is_some_and(|due| due <= now) && !self.is_held(&job.taken.profile, now);
        let index = self.jobs.iter().position(is_due)?;
        Some(self.jobs.remove(index))
    }

    /// The pause after so many tries.
    pub(super) fn pause(&self, tries: u32) -> Duration {
        self.first_pause.saturating_mul(1 << tries.min(16)).min(self.longest_pause)
    }

    pub(super) fn hold(&mut self, profile: &str, until: Duration) {
        self.held.insert(profile.to_owned(), until);
    }

    pub(super) fn release(&mut self, profile: &str) {
        self.held.remove(profile);
    }

    /// Whether a profile waits: until a time, and before its waiting files new ones are not begun.
    pub(super) fn is_held(&self, profile: &str, now: Duration) -> bool {
        self.held.get(profile).is_some_and(|until| *until > now)
    }

    pub(super) fn ended(&mut self, exit: ExitCode) {
        if !self.ended.contains(&exit) {
            self.ended.push(exit);
        }
    }

    /// The exit code that counts most, of what ended and of what waits; a file that could not be read among others
    /// that could is a row that was not accepted, as in a run over several files.
    pub(super) fn worst(&self) -> ExitCode {
        let all: Vec<ExitCode> = self.ended.iter().copied().chain(self.jobs.iter().map(|job| job.exit)).collect();
        let alone = all.iter().all(|exit| *exit == ExitCode::Usage);
        let among = |exit| if exit == ExitCode::Usage && !alone { ExitCode::NotAllAccepted } else { exit };
        ExitCode::worst(all.into_iter().map(among))
    }
}
