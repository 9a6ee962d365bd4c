//! A bench from beginning to end: sheets made, states prepared, stages measured again and again.
//!
//! Owns the order of things and the private folder; how a job is done is handed in, so that each can have a process of
//! its own. The rule: stages take turns, so that a busy moment of the machine falls on a stage and its baseline alike.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::Recipe;
use super::generate::{Generated, generate};
use super::measure::{BenchError, Job, Measured};
use super::stages::{Sample, Stage, Work};

/// What is to be measured, and how.
#[derive(Debug, Clone)]
pub struct Session {
    /// The stages, in the order of measuring.
    pub stages: Vec<&'static Stage>,
    /// Rows of a sheet.
    pub rows: u64,
    /// Start of every draw.
    pub seed: u64,
    /// How often each stage is measured.
    pub repeat: usize,
    /// Workers for reading and checking.
    pub threads: usize,
    /// Senders, where there is no limit.
    pub senders: usize,
    /// Rows of a request; none for 500, or for as few as the time at the limit takes.
    pub chunk_rows: Option<usize>,
    /// Requests a second of the stage that sends at a limit.
    pub rate: f64,
    /// How long that stage sends, in seconds.
    pub seconds: u64,
    /// Latency that the stand-in has there on average; it varies by two thirds.
    pub latency_ms: u64,
    /// A private folder that is empty.
    pub folder: PathBuf,
}

/// What a bench says while it works.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress {
    /// A sheet was written.
    Sheet {
        /// Which.
        sample: Sample,
        /// How large it became.
        generated: Generated,
    },
    /// Something is made ready that is not measured.
    Preparing {
        /// For which stage.
        stage: &'static str,
    },
    /// A stage was measured once.
    Measured {
        /// Which.
        stage: &'static str,
        /// How often it was by now.
        round: usize,
        /// Its time.
        seconds: f64,
    },
}

/// Does a job, in a process of its own or in this one.
pub type Doer<'a> = dyn FnMut(&Job) -> Result<Measured, BenchError> + 'a;

/// What was measured of a stage, one after the other.
pub type Rounds = Vec<(&'static Stage, Vec<Measured>)>;

// Rows of a request where nothing else is said, as in a run.
const CHUNK_ROWS: usize = 500;

impl Session {
    /// Measures every stage as often as asked for.
    pub fn run(&self, doer: &mut Doer<'_>, tell: &mut dyn FnMut(&Progress)) -> Result<Rounds, BenchError> {
        let sheets = self.write_sheets(tell)?;
        let mut states = BTreeMap::new();
        for stage in &self.stages {
            if let Some(state) = self.prepare(stage, &sheets, doer, tell)? {
                states.insert(stage.name, state);
            }
        }
        let mut rounds: Rounds = self.stages.iter().map(|stage| (*stage, Vec::new())).collect();
        for round in 1..=self.repeat {
            for (stage, measured) in &mut rounds {
                let job = self.job(stage, stage.work, &sheets, &self.fresh("work")?);
                if let Some(state) = states.get(stage.name) {
                    copy_files(state, &job.state)?;
                }
                // Results of an earlier round would be kept beside the new ones.
                self.fresh("results")?;
                let figures = doer(&job)?;
                tell(&Progress::Measured { stage: stage.name, round, seconds: figures.seconds });
                measured.push(figures);
            }
        }
        Ok(rounds)
    }

    fn write_sheets(&self, tell: &mut dyn FnMut(&Progress)) -> Result<BTreeMap<Sample, PathBuf>, BenchError> {
        let mut sheets = BTreeMap::new();
        for sample in self.stages.iter().map(|stage| stage.sheet) {
            if sheets.contains_key(&sample) {
                continue;
            }
            let name = format!("{}.{}", sample.name(), sample.form().extension());
            let path = self.folder.join(name);
            let recipe = Recipe {
                kind: sample.kind(),
                rows: sample.rows(self.rows),
                seed: self.seed,
                bad: sample.bad(),
                customers: Vec::new(),
            };
            let generated = generate(&recipe, sample.form(), &path).map_err(|error| system(&path, error))?;
            tell(&Progress::Sheet { sample, generated });
            sheets.insert(sample, path);
        }
        Ok(sheets)
    }

    /// Makes the ledger that a stage begins with, where it needs one.
    fn prepare(
        &self,
        stage: &'static Stage,
        sheets: &BTreeMap<Sample, PathBuf>,
        doer: &mut Doer<'_>,
        tell: &mut dyn FnMut(&Progress),
    ) -> Result<Option<PathBuf>, BenchError> {
        let works: &[Work] = match (stage.work, stage.name) {
            (Work::Send, _) => &[Work::Plan],
            (Work::Start, "resume") => &[Work::Plan, Work::SendHalf],
            (Work::Start, _) => &[Work::Plan, Work::Send],
            _ => return Ok(None),
        };
        tell(&Progress::Preparing { stage: stage.name });
        let state = self.fresh(&format!("{}-state", stage.name))?;
        for work in works {
            doer(&self.job(stage, *work, sheets, &state))?;
        }
        Ok(Some(state))
    }

    fn job(&self, stage: &Stage, work: Work, sheets: &BTreeMap<Sample, PathBuf>, state: &Path) -> Job {
        let limited = stage.is_limited();
        let requests = (self.rate * self.seconds as f64).ceil().max(1.0);
        let jitter_ms = self.latency_ms * 4 / 3;
        let slowest_s = (self.latency_ms * 5 / 3) as f64 / 1000.0;
        Job {
            work,
            sample: stage.sheet,
            sheet: sheets[&stage.sheet].clone(),
            state: state.to_owned(),
            results: self.folder.join("results"),
            threads: if stage.alone { 1 } else { self.threads },
            senders: match work {
                // Several would have more under way when half of it is done.
                Work::SendHalf => 1,
                // Limit: as the setting concurrency allows.
                _ if limited => ((self.rate * slowest_s).ceil() as usize + 4).clamp(8, 256),
                _ => self.senders,
            },
            chunk_rows: self.chunk_rows.unwrap_or(if limited {
                ((self.rows as f64 / requests) as usize).clamp(1, CHUNK_ROWS)
            } else {
                CHUNK_ROWS
            }),
            rate: limited.then_some(self.rate),
            latency_ms: if limited { self.latency_ms / 3 } else { 0 },
            jitter_ms: if limited { jitter_ms } else { 0 },
        }
    }

    /// An empty folder below the private one.
    fn fresh(&self, name: &str) -> Result<PathBuf, BenchError> {
        let folder = self.folder.join(name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder).map_err(|error| system(&folder, error))?;
        }
        std::fs::create_dir_all(&folder).map_err(|error| system(&folder, error))?;
        Ok(folder)
    }
}

impl Sample {
    /// Name of its file, without the extension.
    pub fn name(self) -> &'static str {
        match self {
            Sample::Invoices => "invoices",
            Sample::Packed => "invoices-packed",
            Sample::Workbook => "invoices-workbook",
            Sample::Bad => "invoices-all-bad",
            Sample::Customers => "customers",
        }
    }
}

fn copy_files(from: &Path, to: &Path) -> Result<(), BenchError> {
    for entry in std::fs::read_dir(from).map_err(|error| system(from, error))?.flatten() {
        let target = to.join(entry.file_name());
        std::fs::copy(entry.path(), &target).map_err(|error| system(&target, error))?;
    }
    Ok(())
}

fn system(path: &Path, error: io::Error) -> BenchError {
    BenchError::System(path.display().to_string(), error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::measure::measure;

    /// All stages over few rows, in this process.
    fn measured(stages: &[&str], rows: u64) -> (Vec<Job>, Rounds) {
        let folder = tempfile::tempdir().unwrap();
        let names: Vec<String> = stages.iter().map(|name| (*name).to_owned()).collect();
        let session = Session {
            stages: Stage::chosen(&names).unwrap(),
            rows,
            seed: 5,
            repeat: 1,
            threads: 2,
            senders: 2,
            chunk_rows: None,
            rate: 40.0,
            seconds: 1,
            latency_ms: 6,
            folder: folder.path().to_owned(),
        };
        let mut jobs = Vec::new();
        let rounds = session.run(
            &mut |job| {
                jobs.push(job.clone());
                measure(job, None)
            },
            &mut |_| {},
        );
        (jobs, rounds.unwrap())
    }

    #[test]
    fn every_stage_does_its_work_over_all_rows() {
        let (_, rounds) = measured(&[], 600);
        assert_eq!(rounds.len(), crate::bench::stages::STAGES.len());
        for (stage, figures) in &rounds {
            let rows = stage.sheet.rows(600);
            assert_eq!((figures.len(), figures[0].rows), (1, rows), "{}", stage.name);
            assert!(figures[0].seconds > 0.0 && figures[0].bytes > 1_000, "{}", stage.name);
            let sends = matches!(stage.name, "send" | "resume" | "limit");
            assert_eq!(!figures[0].requests.is_empty(), sends, "{}", stage.name);
        }
        let requests = |name: &str| rounds.iter().find(|(stage, _)| stage.name == name).unwrap().1[0].requests.len();
        assert_eq!(requests("send"), 2);
        assert_eq!(requests("resume"), 1);
        // Some of the rows are bad, so it may be a request less.
        assert!((39..=40).contains(&requests("limit")), "{}", requests("limit"));
    }

    #[test]
    fn a_preparation_that_fails_ends_the_bench() {
        let folder = tempfile::tempdir().unwrap();
        let session = Session {
            stages: Stage::chosen(&["send".to_owned()]).unwrap(),
            rows: 10,
            seed: 1,
            repeat: 1,
            threads: 1,
            senders: 1,
            chunk_rows: None,
            rate: 5.0,
            seconds: 1,
            latency_ms: 0,
            folder: folder.path().to_owned(),
        };
        let mut refuse = |job: &Job| match job.work {
            Work::Plan => Err(BenchError::NotDone("no".to_owned())),
            _ => measure(job, None),
        };
        assert!(matches!(session.run(&mut refuse, &mut |_| {}), Err(BenchError::NotDone(_))));
    }
}
