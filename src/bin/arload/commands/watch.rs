//! `arload watch DIR`: a drop folder.
//!
//! Leaves files and their places to [`arload::watch`], and loading to [`load`], which goes the way of every operation on
//! sheets. The rule: one process watches a folder.

mod load;

use std::io::ErrorKind;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Context as _;
use arload::clock::SystemClock;
use arload::config::layers::Purpose;
use arload::config::values;
use arload::error::RunError;
use arload::event::{Event, Observer as _};
use arload::exit::ExitCode;
use arload::operation::{ALL, Operation};
use arload::platform::{self, LockError, ProcessLock};
use arload::stop::{Stop, StopReason};
use arload::watch::folder::Folder;
use arload::watch::{Lane, Watch, needs_leave};

use crate::args::WatchArgs;
use crate::flags::Flags as _;
use crate::interrupt;
use crate::reporter::{self, Reporter};
use crate::surroundings::Surroundings;

/// How often a waiting process asks for the folder again.
const ASK: Duration = Duration::from_millis(500);
/// Limit: shorter looks find nothing that people drop; longer ones keep them waiting.
const POLL: (Duration, Duration) = (Duration::from_millis(20), Duration::from_hours(1));

/// The wish to stop, for the whole and for the file at hand: a run that stops for a reason of its own stops nothing else.
#[derive(Default)]
pub(super) struct Stops {
    all: Stop,
    file: Mutex<Option<Arc<Stop>>>,
}

impl Stops {
    pub(super) fn ask(&self) {
        self.all.ask(StopReason::Interrupted);
        if let Some(file) = &*self.file.lock().expect("no holder of this lock panics") {
            file.ask(StopReason::Interrupted);
        }
    }

    /// The wish to stop for the whole.
    pub(super) fn all(&self) -> &Stop {
        &self.all
    }

    /// The wish to stop of the next file.
    pub(super) fn begin(&self) -> Arc<Stop> {
        let stop = Arc::new(Stop::default());
        *self.file.lock().expect("no holder of this lock panics") = Some(Arc::clone(&stop));
        // A wish that came just before would be missed otherwise.
        if self.all.asked() {
            stop.ask(StopReason::Interrupted);
        }
        stop
    }
}

/// Watches a folder.
pub(crate) fn run(arguments: &WatchArgs, surroundings: &Surroundings) -> anyhow::Result<ExitCode> {
    let poll = values::duration(&arguments.poll, POLL.0, POLL.1).map_err(|what| RunError::Input {
        message: format!("--poll: {what}"),
        hint: "give a time such as 10s or 1m".to_owned(),
    })?;
    let flags = arguments.values();
    let general = match surroundings.settle(&flags, Purpose::Shown) {
        Ok(general) => general,
        Err(error) => return reporter::refused(surroundings, &flags, None, error),
    };
    let console = Reporter::new(&general.settings);
    for message in general.warnings {
        console.event(&Event::Warning { message, hint: None });
    }
    let lanes = lanes(arguments, surroundings, &console)?;
    let stops = Arc::new(Stops::default());
    let asked = Arc::clone(&stops);
    interrupt::listen_to(move || asked.ask(), interrupt::FINISHING)?;
    let root = std::path::absolute(&arguments.folder)?;
    if !root.is_dir() {
        std::fs::create_dir(&root).with_context(|| format!("{}: cannot be made", root.display()))?;
    }
    let _lock = lock(&root, arguments.wait.wait, &stops.all)?;
    let Some(folder) = prepare(&root, &lanes, (arguments.once, poll), (&stops.all, &console))? else {
        return Ok(ExitCode::Success);
    };
    super::sheets::size_pool(general.settings.threads);
    console.event(&Event::Watching { folder: root.display().to_string(), inboxes: folder.lanes().len() as u64, poll });
    let clock = SystemClock::default();
    let mut desk = load::Desk::new(arguments, surroundings, general.settings.output, &stops);
    let watch = Watch { folder, poll, once: arguments.once, clock: &clock, stop: &stops.all, observer: &console };
    let exit = watch.run(&mut desk);
    exit.with_context(|| format!("{}: the working folder cannot be looked into", root.display()))
}

/// Makes the folder ready; where the disk is full, once there is room. None where somebody asks to stop before.
fn prepare(
    root: &Path,
    lanes: &[Lane],
    (once, poll): (bool, Duration),
    (stop, console): (&Stop, &Reporter),
) -> anyhow::Result<Option<Folder>> {
    let mut told = false;
    loop {
        match Folder::prepare(root, lanes.to_vec()) {
            Err(error) if error.kind() == ErrorKind::StorageFull && !once => {
                if !told {
                    let message = format!("{}: {error}; watching begins once there is room", root.display());
                    console.event(&Event::Warning { message, hint: None });
                    told = true;
                }
                if stop.wait(poll) {
                    return Ok(None);
                }
            }
            prepared => {
                return prepared.map(Some).with_context(|| format!("{}: cannot be watched", root.display()));
            }
        }
    }
}

/// One watcher a folder: a second would take the files that the first has under way.
fn lock(root: &Path, wait: bool, stop: &Stop) -> Result<ProcessLock, RunError> {
    let path = Folder::lock(root);
    loop {
        match ProcessLock::take(&path) {
            Ok(lock) => return Ok(lock),
            Err(LockError::Held) if wait => {
                if stop.wait(ASK) {
                    return Err(RunError::Interrupted);
                }
            }
            Err(LockError::Held) => return Err(RunError::Watched(root.display().to_string())),
            Err(LockError::Refused(path, cause)) => {
                return Err(RunError::Lock { path: path.display().to_string(), cause });
            }
        }
    }
}

/// The folders of the inbox: for every profile, what may be dropped there.
fn lanes(arguments: &WatchArgs, surroundings: &Surroundings, console: &Reporter) -> anyhow::Result<Vec<Lane>> {
    let mut lanes = Vec::new();
    let mut refused = None;
    for profile in surroundings.profiles(&arguments.values())? {
        if profile.starts_with('.') || profile.contains(['/', '\\', ':']) {
            let message = format!("profile {profile}: its name cannot be that of a folder; it is not watched");
            console.event(&Event::Warning { message, hint: None });
            continue;
        }
        match surroundings.settle(&load::flags(arguments, &profile), Purpose::Shown) {
            Ok(settled) => {
                warn_about_sync(&settled.settings.places.state, console);
                let allowed = |operation: &&'static Operation| {
                    !needs_leave(operation) || settled.settings.watch_allow.contains(operation)
                };
                lanes.extend(ALL.iter().filter(allowed).map(|operation| Lane { profile: profile.clone(), operation }));
            }
            Err(error) => {
                let message = format!("profile {profile} is not watched: {error}");
                console.event(&Event::Warning { message, hint: error.hint().map(str::to_owned) });
                refused = Some(error);
            }
        }
    }
    match refused {
        Some(error) if lanes.is_empty() => Err(error.into()),
        _ => Ok(lanes),
    }
}

fn warn_about_sync(state: &Path, console: &Reporter) {
    if let Some(program) = platform::sync_program(state) {
        console.event(&Event::Warning {
            message: format!("{}: {program} copies this folder; it can damage a ledger", state.display()),
            hint: Some("name another folder with --state".to_owned()),
        });
    }
}
