//! The drop folder: files that people put into an inbox are taken, loaded one at a time, and put away with their results.
//!
//! [`Watch::run`] is the whole story: look, take the oldest file that is complete, have it loaded, put it away, look
//! again. `settling` says which files are complete, [`folder`] moves them, `desk` keeps what is under way and what
//! waits, [`verdict`] says what an ending means for the file. Loading itself is the caller's ([`Loader`]): the pipeline
//! of any other command. The rule: a file is in one place at every moment, and wherever the process is killed, the next
//! start finds it there and goes on with its run.

mod desk;
pub mod folder;
mod inbox;
mod settling;
mod slip;
#[cfg(test)]
mod tests;
pub mod verdict;
pub mod words;

use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use crate::clock::Clock;
use crate::event::{Event, Observer};
use crate::exit::ExitCode;
use crate::operation::Operation;
use crate::stop::Stop;
use desk::{Desk, Job};
use folder::{Folder, Taken};
use inbox::Inbox;
use verdict::{Loaded, Verdict};

/// Limit: the longest pause before a file is tried again.
const LONGEST_PAUSE: Duration = Duration::from_mins(15);
/// Limit: how long after a person or another arload is done a file still lies in the working folder.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// One folder of the inbox: what is dropped there goes to this operation under this profile.
#[derive(Debug, Clone, PartialEq)]
pub struct Lane {
    /// The profile.
    pub profile: String,
    /// What is done with the sheets.
    pub operation: &'static Operation,
}

impl Lane {
    /// `invoices-create`, the folder's name.
    pub fn folder_name(&self) -> String {
        folder_name(self.operation)
    }
}

/// The name of an operation's folders: `invoices-create`.
pub fn folder_name(operation: &Operation) -> String {
    format!("{}-{}", operation.resource, operation.verb)
}

/// Whether an operation has a folder only where `watch-allow` lists it; its files are planned, and wait for the
/// approval of another person.
pub fn needs_leave(operation: &Operation) -> bool {
    matches!(operation.verb, "delete" | "dispatch" | "status" | "confirm-payment")
}

/// Does with a file what its folder says.
pub trait Loader {
    /// Loads a file that was taken, or goes on with it, and says what became of it.
    fn load(&mut self, taken: &Taken) -> Loaded;
    /// Hears where a file lies from now on; an error is told and tried again.
    fn moved(&mut self, taken: &Taken, to: &Path) -> Result<(), String>;
}

/// Watches one folder.
pub struct Watch<'a> {
    /// The folder, prepared.
    pub folder: Folder,
    /// Time between two looks.
    pub poll: Duration,
    /// Whether to end when all that lies there is done.
    pub once: bool,
    /// The time.
    pub clock: &'a dyn Clock,
    /// The wish to stop.
    pub stop: &'a Stop,
    /// Hears what happens.
    pub observer: &'a dyn Observer,
}

impl Watch<'_> {
    /// Watches until somebody asks to stop, or until all is done; gives the exit code of the process.
    pub fn run(&self, loader: &mut dyn Loader) -> io::Result<ExitCode> {
        let mut desk = Desk::new(self.poll.min(LONGEST_PAUSE), LONGEST_PAUSE);
        let mut inbox = Inbox::default();
        for job in self.folder.left_behind(self.observer)? {
            desk.add(job);
        }
        // With --once, a file is looked at twice to see whether it is complete.
        for look in 1_u64.. {
            if !inbox.look(&self.folder, self.clock.elapsed(), self.observer) && self.once {
                desk.ended(ExitCode::StoppedEarly);
            }
            while let Some(job) = self.next(&mut desk, &mut inbox) {
                if self.handle(job, &mut desk, loader).is_break() {
                    return Ok(self.ended(&desk, true));
                }
            }
            let all_seen = look > 1 || inbox.is_empty();
            if (self.once && all_seen) || self.clock.wait(self.poll, self.stop) {
                break;
            }
        }
        if self.once {
            inbox.tell_unsettled(&self.folder, self.clock.elapsed(), self.observer);
        }
        Ok(self.ended(&desk, false))
    }

    /// A service that was asked to stop has done its work, unless it was in the middle of a file; a single pass answers
    /// for all its files.
    fn ended(&self, desk: &Desk, interrupted: bool) -> ExitCode {
        let interrupted = interrupted || (self.once && self.stop.asked());
        let stopped = if interrupted { ExitCode::Interrupted } else { ExitCode::Success };
        if self.once { ExitCode::worst([desk.worst(), stopped]) } else { stopped }
    }

    /// The file to be loaded next: what is under way already, else the oldest of the inbox.
    fn next(&self, desk: &mut Desk, inbox: &mut Inbox) -> Option<Job> {
        if self.stop.asked() {
            return None;
        }
        if let Some(job) = desk.due(self.clock.elapsed()) {
            return Some(job);
        }
        while let Some(found) = inbox.oldest(|profile| !desk.is_held(profile, self.clock.elapsed())) {
            match self.folder.take(&found, self.clock.now()) {
                Ok(Some(taken)) => {
                    self.observer.event(&Event::FileTaken {
                        path: self.folder.shown(&found.path),
                        profile: found.lane.profile.clone(),
                        operation: found.lane.operation.name(),
                    });
                    return Some(Job::new(taken));
                }
                // It changed or went away since it was looked at.
                Ok(None) => {}
                Err(error) => {
                    inbox.cannot_take(&self.folder, &found, &error, self.observer);
                    if self.once {
                        desk.ended(ExitCode::StoppedEarly);
                    }
                }
            }
        }
        None
    }

    /// Loads a file and does what its ending asks for; breaks off where somebody asked to stop.
    fn handle(&self, mut job: Job, desk: &mut Desk, loader: &mut dyn Loader) -> ControlFlow<()> {
        if !self.folder.can_be_reached() {
            let reason = "the folder cannot be reached; it is tried again, and nothing is lost";
            let exit = ExitCode::worst([job.exit, ExitCode::StoppedEarly]);
            self.later(job, (exit, reason), true, desk);
            return ControlFlow::Continue(());
        }
        if let Some(exit) = job.leaving {
            self.leave(job, exit, desk, loader);
            return ControlFlow::Continue(());
        }
        if !job.taken.sheet.exists() {
            let reason = "is gone from the working folder; its run, if it has one, stays in the ledger".to_owned();
            self.observer.event(&Event::FileLeft { path: self.folder.shown(&job.taken.sheet), reason });
            Folder::forget(&job.taken);
            return ControlFlow::Continue(());
        }
        let mut loaded = loader.load(&job.taken);
        if let Verdict::Later { tries: Some(most), .. } = loaded.verdict
            && job.tries + 1 >= most
        {
            loaded.verdict = Verdict::Failed;
        }
        match loaded.verdict {
            Verdict::Stopped => {
                job.exit = loaded.exit;
                desk.add(job);
                return ControlFlow::Break(());
            }
            Verdict::Later { holds, .. } => self.later(job, (loaded.exit, &loaded.reason), holds, desk),
            Verdict::Waiting => self.wait_for_a_person(job, loaded, desk),
            Verdict::Done(_) | Verdict::Failed => self.conclude(job, loaded, desk, loader),
        }
        ControlFlow::Continue(())
    }

    /// Lets a planned file lie where it is; there is nothing to hurry for until somebody says yes.
    fn wait_for_a_person(&self, mut job: Job, loaded: Loaded, desk: &mut Desk) {
        let Loaded { exit, reason, note, .. } = loaded;
        // The note that was written when it was planned knows more than a later one.
        let note = note.filter(|_| !Folder::has_lasting_note(&job.taken));
        if let Err(error) = note.map_or(Ok(()), |note| Folder::write_note(&job.taken, &note)) {
            return self.cannot_put_away(job, exit, &error, desk);
        }
        if job.reason != reason {
            let path = self.folder.shown(&job.taken.sheet);
            self.observer.event(&Event::FileLeft { path, reason: reason.clone() });
        }
        let due = self.clock.elapsed() + desk.pause(job.tries).min(LONGEST_WAIT.max(self.poll));
        (job.reason, job.exit) = (reason, exit);
        job.tries += 1;
        desk.wait(job, due, self.once);
    }

    /// Decides where a file goes that has ended, and puts it there.
    fn conclude(&self, mut job: Job, loaded: Loaded, desk: &mut Desk, loader: &mut dyn Loader) {
        let Loaded { verdict, exit, reason, note } = loaded;
        let day = match verdict {
            Verdict::Done(zone) => Some(self.clock.now().to_zoned(zone).date().to_string()),
            _ => None,
        };
        let noted = match note {
            Some(note) => Folder::write_note(&job.taken, &note),
            // What was planned and waited had one, which no longer holds.
            None => Folder::remove_note(&job.taken),
        };
        let decided = noted.and_then(|()| self.folder.decide_place(&mut job.taken, day.as_deref(), exit));
        match decided {
            Ok(()) => {
                job.reason = reason;
                self.leave(job, exit, desk, loader);
            }
            Err(error) => self.cannot_put_away(job, exit, &error, desk),
        }
    }

    /// Moves a file to the place that was decided for it.
    fn leave(&self, mut job: Job, exit: ExitCode, desk: &mut Desk, loader: &mut dyn Loader) {
        job.leaving = Some(exit);
        let moved = self.folder.put_away(&job.taken).and_then(|put| {
            loader.moved(&job.taken, &put.sheet).map_err(io::Error::other)?;
            Folder::clear(&job.taken)?;
            Ok(put)
        });
        match moved {
            Ok(put) => {
                desk.ended(exit);
                desk.release(&job.taken.profile);
                self.observer.event(&Event::FileEnded {
                    path: job.taken.name.clone(),
                    to: self.folder.shown(&put.sheet),
                    exit: exit.code(),
                    reason: job.reason,
                    files: put.others.iter().map(|path| self.folder.shown(path)).collect(),
                });
            }
            Err(error) => self.cannot_put_away(job, exit, &error, desk),
        }
    }

    fn later(&self, mut job: Job, (exit, reason): (ExitCode, &str), holds: bool, desk: &mut Desk) {
        // Another arload that is sending ends sooner than an outage.
        let longest = if exit == ExitCode::Locked { LONGEST_WAIT } else { LONGEST_PAUSE };
        let pause = desk.pause(job.tries).min(longest);
        if job.reason != reason {
            reason.clone_into(&mut job.reason);
            let path = self.folder.shown(&job.taken.sheet);
            self.observer.event(&Event::FileWaits { path, reason: reason.to_owned(), time: pause, holds });
            if job.leaving.is_none() && !Folder::has_lasting_note(&job.taken) {
                // Where it cannot be written, the log has told it.
                let _ = Folder::write_note(&job.taken, &words::passing(&job.taken.name, reason));
            }
        }
        job.tries += 1;
        job.exit = exit;
        // A single pass tries nothing twice.
        let due = if self.once { Duration::MAX } else { self.clock.elapsed() + pause };
        if holds {
            desk.hold(&job.taken.profile, due);
        }
        desk.wait(job, due, self.once);
    }

    /// Where nothing can be written, nothing is taken either until it can.
    fn cannot_put_away(&self, job: Job, exit: ExitCode, error: &io::Error, desk: &mut Desk) {
        let exit = ExitCode::worst([exit, ExitCode::StoppedEarly]);
        let reason = format!("cannot be put away: {error}; it is tried again, and nothing is lost");
        self.later(job, (exit, &reason), true, desk);
    }
}
