//! Loads a file of a drop folder, as `arload RESOURCE VERB FILE` would, and says what that means for the file.
//!
//! The rule: a run that the ledger has under the file's path is the file's run; it is gone on with or told, never begun
//! a second time.

use std::collections::BTreeSet;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Mutex, OnceLock};

use arload::config::given::FlagValues;
use arload::config::layers::Purpose;
use arload::config::{Output, Settings};
use arload::error::RunError;
use arload::event::{Event, Observer};
use arload::exit::ExitCode;
use arload::ledger::{LedgerError, Run, RunState};
use arload::outcome::Status;
use arload::pipeline::Report;
use arload::platform::{path_of_text, text_of_path};
use arload::stop::Stop;
use arload::watch::folder::{Folder, Taken};
use arload::watch::verdict::{self, Ending, Loaded, Verdict};
use arload::watch::words::{self, Told};
use arload::watch::{Loader, needs_leave};
use arload::wording::{count, grouped};

use super::Stops;
use crate::args::WatchArgs;
use crate::commands::sheets;
use crate::console::Console;
use crate::flags::Flags as _;
use crate::reporter::Reporter;
use crate::session::{Session, Use};
use crate::store::{self, Store};
use crate::surroundings::Surroundings;

/// The flags of the command, for one profile.
pub(super) fn flags(arguments: &WatchArgs, profile: &str) -> FlagValues {
    let mut flags = arguments.values();
    flags.profile = Some(profile.to_owned());
    flags
}

/// Loads one file after the other.
pub(super) struct Desk<'a> {
    arguments: &'a WatchArgs,
    surroundings: &'a Surroundings,
    output: Output,
    stops: &'a Stops,
    /// Warnings of profiles, each told once.
    told: BTreeSet<String>,
}

impl<'a> Desk<'a> {
    pub(super) fn new(
        arguments: &'a WatchArgs,
        surroundings: &'a Surroundings,
        output: Output,
        stops: &'a Stops,
    ) -> Self {
        Self { arguments, surroundings, output, stops, told: BTreeSet::new() }
    }

    /// The settings for a file: read anew, so that what was mended holds at once.
    fn settle(&mut self, taken: &Taken, heard: &Relay) -> anyhow::Result<Settings> {
        let flags = flags(self.arguments, &taken.profile);
        let settled = self.surroundings.settle(&flags, Purpose::Sheets(taken.operation))?;
        for message in settled.warnings {
            if self.told.insert(message.clone()) {
                heard.event(&Event::Warning { message, hint: None });
            }
        }
        let mut settings = settled.settings;
        if settings.mode.dry_run {
            return Err(RunError::Input {
                message: format!("profile {}: dry-run is set, and a watched folder is for sending", taken.profile),
                hint: "take dry-run out of the profile, or set plan = true to have every file planned only".to_owned(),
            }
            .into());
        }
        let leave = needs_leave(taken.operation);
        if leave && !settings.watch_allow.contains(&taken.operation) {
            return Err(RunError::Input {
                message: format!("profile {}: watch-allow no longer lists {}", taken.profile, taken.operation.name()),
                hint: "list it there again".to_owned(),
            }
            .into());
        }
        settings.mode.plan_only |= leave || taken.operation.needs_yes();
        // Whoever can write into the folder could drop such a file: it takes a second person who says yes.
        settings.mode.needs_approval = leave;
        // The same file tried again goes on with its run, another's lock is waited for in turns, and results stand
        // beside the file.
        settings.mode.new_run = false;
        settings.mode.wait = false;
        settings.places.results = None;
        Ok(settings)
    }

    /// The flags that reach the ledger and account of a file from another command.
    fn how(&self, taken: &Taken) -> String {
        let arguments = self.arguments;
        let mut how = format!(" --profile {}", taken.profile);
        let paths = [("config", arguments.account.config.as_ref().map(|path| path.display().to_string()))];
        let texts = [
            ("state", arguments.state.state.clone()),
            ("ledger", arguments.state.ledger.clone()),
            ("base-url", arguments.server.base_url.clone()),
        ];
        for (flag, value) in paths.into_iter().chain(texts) {
            how.extend(value.map(|value| format!(" --{flag} \"{value}\"")));
        }
        if arguments.server.sandbox {
            how.push_str(" --sandbox");
        }
        how
    }

    fn try_load(&mut self, taken: &Taken, stop: &Stop, heard: &Relay) -> anyhow::Result<Loaded> {
        let settings = match self.settle(taken, heard) {
            Ok(settings) => settings,
            // Nothing was begun: whoever mends the settings need not touch the file.
            Err(error) => return Ok(waits(&error, ExitCode::Usage)),
        };
        heard.reporter.get_or_init(|| Reporter::new(&settings));
        let how = &self.how(taken);
        let (zone, plan_only) = (settings.timezone.clone(), settings.mode.plan_only);
        let path = text_of_path(&taken.sheet);
        let before = stored(&settings, &path)?;
        let (report, run, untouched) = match before {
            Some(run) if run.state == RunState::Open && plan_only => {
                let told = Told { run: Some(run.id), ..heard.told() };
                return Ok(planned(taken, how, told));
            }
            Some(run) if run.state != RunState::Open => {
                let session = Session::open(settings, Use::Read, stop)?;
                // It was told when it ended; now only that its results are there.
                let held = Relay { console: None, reporter: OnceLock::new(), told: Mutex::default() };
                let report = session.pipeline(stop, &held).tell_run(run.id)?;
                heard.take(held.told());
                (report, Some(run), false)
            }
            _ => match begin(taken, settings, &path, stop, heard)? {
                Begun::Here(ended) => *ended,
                Begun::Elsewhere(run) => {
                    let reason = format!("the same rows are under way as run {}; it goes after that file", run.id);
                    let verdict = Verdict::Later { holds: false, tries: None };
                    return Ok(Loaded { verdict, exit: ExitCode::Success, reason, note: None });
                }
            },
        };
        let state = run.as_ref().map_or(RunState::Closed, |run| run.state);
        let plan_only = plan_only || (untouched && stop.reason().is_none());
        let ending = Ending { exit: report.exit, stopped: stop.reason(), state, plan_only, zone };
        let held_back = state == RunState::Closed;
        let told = Told { run: report.run, held_back, verdict: sentence(&report), ..heard.told() };
        Ok(concluded(taken, how, told, report.exit, verdict::of_run(ending)))
    }
}

/// A run as it ended here, as the ledger has it, and whether nothing of it has left yet.
type Ended = (Report, Option<Run>, bool);

/// What came of running an operation over a file.
enum Begun {
    /// A run of its own.
    Here(Box<Ended>),
    /// The run of another file under way with the same content.
    Elsewhere(Box<Run>),
}

/// Runs the operation over a file, or goes on with the run that its content has.
fn begin(taken: &Taken, settings: Settings, path: &str, stop: &Stop, heard: &Relay) -> anyhow::Result<Begun> {
    let session = sheets::open(taken.operation, settings, stop, heard)?;
    let pipeline = session.pipeline(stop, heard);
    let report = pipeline.run_sheets(taken.operation, &[&taken.sheet], Box::new(io::empty()))?;
    let Some(id) = report.run else { return Ok(Begun::Here(Box::new((report, None, false)))) };
    let run = session.ledger().run(id)?;
    let paths: BTreeSet<String> = session.ledger().sheets(id)?.into_iter().map(|sheet| sheet.path).collect();
    if let Some(run) = run.as_ref().filter(|_| !paths.contains(path)) {
        let lane = taken.folder().parent().unwrap_or(taken.folder());
        let under_way = |other: &String| path_of_text(other).starts_with(lane) && path_of_text(other).exists();
        if paths.iter().any(under_way) {
            return Ok(Begun::Elsewhere(Box::new(run.clone())));
        }
        // A file that is no longer under way has begun this run: its results belong beside this one now.
        if session.ledger().place_run(run.id, path)? {
            pipeline.write_results(run)?;
        }
    }
    let untouched = session.ledger().chunks(id)?.iter().all(|chunk| chunk.attempts == 0);
    Ok(Begun::Here(Box::new((report, run, untouched))))
}

impl Loader for Desk<'_> {
    fn load(&mut self, taken: &Taken) -> Loaded {
        let stop = self.stops.begin();
        let heard =
            Relay { console: Some(Console::new(self.output)), reporter: OnceLock::new(), told: Mutex::default() };
        // A panic has told its place by itself; the other files are not to suffer for it.
        let how = &self.how(taken);
        let loaded = catch_unwind(AssertUnwindSafe(|| self.try_load(taken, &stop, &heard)));
        let (loaded, error) = match loaded {
            Ok(Ok(loaded)) => (loaded, None),
            Ok(Err(error)) => (failed(taken, how, &error, heard.told()), Some(error)),
            Err(_) => {
                let mut told = heard.told();
                told.problems.push(("arload has a bug that this file brings to light".to_owned(), None));
                (concluded(taken, how, told, ExitCode::Bug, Verdict::Failed), None)
            }
        };
        // A file that is tried again has not ended.
        let has_ended = !matches!(loaded.verdict, Verdict::Later { .. } | Verdict::Stopped);
        if let Some(reporter) = heard.reporter.get().filter(|_| has_ended) {
            // The watch itself goes on whatever became of the file.
            let _ = reporter.end(error.map_or(Ok(loaded.exit), Err));
        }
        loaded
    }

    fn moved(&mut self, taken: &Taken, to: &Path) -> Result<(), String> {
        let settings = self.surroundings.settle(&flags(self.arguments, &taken.profile), Purpose::Local);
        let settings = settings.map_err(|error| error.to_string())?.settings;
        // Without a ledger there is no run whose file has moved.
        if settings.places.ledger.is_none() && !store::ledger_path(&settings).exists() {
            return Ok(());
        }
        let store = Store::open_to_write(&settings).map_err(|error| error.to_string())?;
        store.ledger().file_moved(&text_of_path(&taken.sheet), &text_of_path(to)).map_err(|error| error.to_string())
    }
}

/// The newest run of the file at a path.
fn stored(settings: &Settings, path: &str) -> Result<Option<Run>, LedgerError> {
    match Store::open_to_read(settings) {
        // The next step brings it up to date.
        Err(LedgerError::Older { .. }) if settings.places.ledger.is_none() => Ok(None),
        Ok(None) => Ok(None),
        Ok(Some(store)) => Ok(store.ledger().runs_with_path(path)?.into_iter().next()),
        Err(error) => Err(error),
    }
}

fn sentence(report: &Report) -> String {
    let parts: Vec<String> = Status::ALL
        .iter()
        .filter(|status| report.totals.rows(**status) > 0)
        .map(|status| format!("{} {}", grouped(report.totals.rows(*status)), status.as_str()))
        .collect();
    let run = report.run.map_or_else(String::new, |run| format!("Run {run}: "));
    format!("{run}{} of {}.", parts.join(", "), count(report.totals.read.rows, "row"))
}

/// What is told of a file, and put beside it, once it is known what happens to it.
fn concluded(taken: &Taken, how: &str, told: Told, exit: ExitCode, verdict: Verdict) -> Loaded {
    if verdict == Verdict::Waiting {
        return Loaded { exit, ..planned(taken, how, told) };
    }
    let folder = format!("{}{}", taken.folder().display(), std::path::MAIN_SEPARATOR);
    let told = Told { to_correct: Folder::has_corrections(taken), ..told.without(&folder) };
    let note = match verdict {
        Verdict::Done(_) => (exit != ExitCode::Success).then(|| words::done(taken, &told)),
        // A file that is tried often enough in vain fails with the note of its last try.
        _ => Some(words::failed(taken, how, &told)),
    };
    // Temporary names differ each time; what is the same is told once.
    let problem = told.first_problem().split(" at path \"").next().unwrap_or_default();
    let reason = if exit == ExitCode::Success { String::new() } else { problem.to_owned() };
    Loaded { verdict, exit, reason, note }
}

fn planned(taken: &Taken, how: &str, told: Told) -> Loaded {
    let run = told.run.map(|run| run.to_string()).unwrap_or_default();
    let folder = format!("{}{}", taken.folder().display(), std::path::MAIN_SEPARATOR);
    let told = told.without(&folder);
    Loaded {
        verdict: Verdict::Waiting,
        exit: ExitCode::Success,
        reason: format!("is planned as run {run} and waits for a person; the note beside it says how to go on"),
        note: Some(words::waiting(taken, how, &told)),
    }
}

/// A file that waits for something outside it.
fn waits(error: &anyhow::Error, exit: ExitCode) -> Loaded {
    // Another arload that is sending is waited for anyway.
    let locked = matches!(error.downcast_ref::<RunError>(), Some(RunError::Locked(_)));
    let hint = crate::hint(error).filter(|_| !locked).map_or_else(String::new, |hint| format!("; {hint}"));
    Loaded { verdict: Verdict::HOLD, exit, reason: format!("{error:#}{hint}"), note: None }
}

/// What an error means for the file: whose fault it is decides.
fn failed(taken: &Taken, how: &str, error: &anyhow::Error, mut told: Told) -> Loaded {
    let exit = crate::code(error);
    let verdict = match error.downcast_ref::<RunError>() {
        Some(RunError::Interrupted) => Verdict::Stopped,
        Some(RunError::Stopped { reason, .. }) => verdict::of_stop(*reason),
        // The file changed or broke off while it was read; a copy that goes on may still become whole.
        Some(RunError::Sheet(_)) => Verdict::AGAIN,
        Some(RunError::Input { .. } | RunError::NoSheets | RunError::NoRun(_) | RunError::TotalsDisagree(_)) => {
            Verdict::Failed
        }
        // The ledger, the disk, another process, the settings.
        _ => Verdict::HOLD,
    };
    if verdict == Verdict::HOLD {
        return waits(error, exit);
    }
    let known = matches!(error.downcast_ref::<RunError>(), Some(RunError::NoSheets)) && !told.problems.is_empty();
    if !known {
        told.problems.push((format!("{error:#}"), crate::hint(error)));
    }
    concluded(taken, how, told, exit, verdict)
}

/// Passes on what a run tells, and remembers what belongs into the note beside its file.
struct Relay {
    /// None for what nobody needs to hear again.
    console: Option<Console>,
    /// Who hears of the run instead, once the settings of its profile are known.
    reporter: OnceLock<Reporter>,
    told: Mutex<Told>,
}

impl Relay {
    fn told(&self) -> Told {
        self.told.lock().expect("no holder of this lock panics").clone()
    }

    fn take(&self, told: Told) {
        *self.told.lock().expect("no holder of this lock panics") = told;
    }

    fn note(&self, problem: &str, hint: Option<&String>) {
        let problem = (problem.to_owned(), hint.cloned());
        let mut told = self.told.lock().expect("no holder of this lock panics");
        // Limit: as many as a person reads, and some to know that there are more.
        if told.problems.len() < 1_000 && !told.problems.contains(&problem) {
            told.problems.push(problem);
        }
    }
}

impl Observer for Relay {
    fn event(&self, event: &Event) {
        match event {
            // Results move with their file, which tells where they are in the end.
            Event::ResultsWritten { .. } => return,
            Event::SheetRefused { message, hint, .. } | Event::Warning { message, hint } => {
                self.note(message, hint.as_ref());
            }
            Event::Withheld { reason } => self.note(&format!("nothing was sent: {reason}"), None),
            Event::Stopping { reason } => self.note(&format!("sending stopped: {reason}"), None),
            Event::Finished { next, .. } => {
                self.told.lock().expect("no holder of this lock panics").next.clone_from(next);
            }
            _ => {}
        }
        match (self.reporter.get(), &self.console) {
            (Some(reporter), _) => reporter.event(event),
            (None, Some(console)) => console.event(event),
            (None, None) => {}
        }
    }
}
