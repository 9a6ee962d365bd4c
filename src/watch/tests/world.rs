//! A watched folder of tests: a clock that moves when told, and a loader that says what the test wants.
//!
//! The rule: the folders are real, and everything else is told beforehand.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use jiff::tz::TimeZone;
use tempfile::TempDir;

use crate::clock::{Clock, TestClock};
use crate::event::{Event, Observer};
use crate::exit::ExitCode;
use crate::operation::Operation;
use crate::stop::{Stop, StopReason};
use crate::watch::folder::{Folder, Taken};
use crate::watch::verdict::{Loaded, Verdict};
use crate::watch::{Lane, Loader, Watch};

pub(super) const POLL: Duration = Duration::from_secs(10);
/// The day of the test's clock.
pub(super) const TODAY: &str = "done/2026-11-22";

pub(super) fn lanes(profiles: &[&str]) -> Vec<Lane> {
    let operation = |name| Operation::by_name(name).unwrap();
    let of = |profile: &str| {
        ["customers create", "invoices create"]
            .map(|name| Lane { profile: profile.to_owned(), operation: operation(name) })
    };
    profiles.iter().flat_map(|profile| of(profile)).collect()
}

/// Says what happens to a file by its name; what is not listed is done.
#[derive(Default)]
pub(super) struct Script {
    verdicts: BTreeMap<&'static str, Vec<(Verdict, ExitCode)>>,
    pub(super) loaded: Vec<String>,
    pub(super) moved: Vec<String>,
}

impl Script {
    pub(super) fn with(mut self, name: &'static str, verdicts: &[(Verdict, ExitCode)]) -> Self {
        self.verdicts.insert(name, verdicts.iter().rev().cloned().collect());
        self
    }
}

impl Loader for Script {
    fn load(&mut self, taken: &Taken) -> Loaded {
        self.loaded.push(taken.name.clone());
        assert!(taken.sheet.is_file());
        let next = self.verdicts.get_mut(taken.name.as_str()).and_then(Vec::pop);
        let (verdict, exit) = next.unwrap_or((Verdict::Done(TimeZone::UTC), ExitCode::Success));
        if matches!(verdict, Verdict::Done(_)) {
            let results = taken.name.replace(".csv", ".results.csv");
            fs::write(taken.folder().join(results), "results").unwrap();
        }
        let note = (exit != ExitCode::Success).then(|| "why\n".to_owned());
        Loaded { verdict, exit, reason: exit.meaning().to_owned(), note }
    }

    fn moved(&mut self, taken: &Taken, to: &Path) -> Result<(), String> {
        self.moved.push(format!("{} {}", taken.name, to.file_name().unwrap().display()));
        Ok(())
    }
}

/// Remembers what was told; stops the watch after so many looks' worth of waiting.
#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl Observer for Heard {
    fn event(&self, event: &Event) {
        let told = match event {
            Event::FileLeft { path, reason } => format!("{path}: {reason}"),
            Event::FileWaits { path, reason, .. } => {
                let name = path.rsplit('/').next().unwrap();
                format!("{name} waits: {reason}")
            }
            Event::FileEnded { path, to, .. } => format!("{path} -> {to}"),
            _ => return,
        };
        self.0.lock().unwrap().push(told);
    }
}

/// A clock that asks to stop at a time.
struct Until<'a> {
    clock: TestClock,
    stop: &'a Stop,
    end: Duration,
    /// Done at each look.
    meanwhile: Box<dyn Fn(Duration) + Send + Sync>,
}

impl Clock for Until<'_> {
    fn now(&self) -> jiff::Timestamp {
        self.clock.now()
    }

    fn elapsed(&self) -> Duration {
        // No two moments are the same.
        self.clock.advance(Duration::from_nanos(1));
        self.clock.elapsed()
    }

    fn sleep(&self, time: Duration) {
        self.clock.sleep(time);
    }

    fn wait(&self, time: Duration, stop: &Stop) -> bool {
        self.clock.advance(time);
        (self.meanwhile)(self.clock.elapsed());
        if self.clock.elapsed() >= self.end {
            self.stop.ask(StopReason::Interrupted);
        }
        stop.asked()
    }
}

pub(super) struct World {
    pub(super) root: TempDir,
    pub(super) profiles: Vec<&'static str>,
}

impl World {
    pub(super) fn new() -> World {
        let world = World { root: tempfile::tempdir().unwrap(), profiles: vec!["live", "uat"] };
        world.prepared();
        world
    }

    pub(super) fn prepared(&self) -> Folder {
        Folder::prepare(self.root.path(), lanes(&self.profiles)).unwrap()
    }

    pub(super) fn drop(&self, path: &str, text: &str) {
        let path = self.root.path().join("inbox").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Watches for so many looks, or once.
    pub(super) fn watch(&self, script: &mut Script, looks: Option<u32>) -> (ExitCode, Vec<String>) {
        self.watch_with(script, looks, |_| {})
    }

    pub(super) fn watch_with(
        &self,
        script: &mut Script,
        looks: Option<u32>,
        meanwhile: impl Fn(Duration) + Send + Sync + 'static,
    ) -> (ExitCode, Vec<String>) {
        let (stop, heard) = (Stop::default(), Heard::default());
        let end = looks.map_or(Duration::MAX, |looks| POLL * looks);
        let clock = Until { clock: TestClock::default(), stop: &stop, end, meanwhile: Box::new(meanwhile) };
        let watch = Watch {
            folder: self.prepared(),
            poll: POLL,
            once: looks.is_none(),
            clock: &clock,
            stop: &stop,
            observer: &heard,
        };
        let exit = watch.run(script).unwrap();
        (exit, heard.0.into_inner().unwrap())
    }

    /// Every file but templates, from the folder.
    pub(super) fn files(&self) -> Vec<String> {
        let (mut waiting, mut files) = (vec![self.root.path().to_owned()], Vec::new());
        while let Some(folder) = waiting.pop() {
            for path in crate::watch::folder::entries(&folder).unwrap() {
                if path.is_dir() {
                    waiting.push(path);
                } else if !path.starts_with(self.root.path().join("templates")) {
                    files.push(path.strip_prefix(self.root.path()).unwrap().display().to_string());
                }
            }
        }
        files.sort();
        files
    }
}

pub(super) fn fails(exit: ExitCode) -> (Verdict, ExitCode) {
    (Verdict::Failed, exit)
}
