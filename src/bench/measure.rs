//! One stage, done once and timed.
//!
//! Owns reading and checking alone, and the baselines; whole runs are measured by `whole`. The rule: a stage that did
//! not do its work is an error, never a figure.

use std::fs::File;
use std::io::{self, BufReader, Read as _};
use std::path::{Path, PathBuf};

use calamine::Reader as _;
use flate2::read::MultiGzDecoder;
use serde::{Deserialize, Serialize};

use super::stages::{Sample, Work};
use super::usage::{self, Usage};
use super::watch::Request;
use super::{SheetForm, whole};
use crate::api::client::HttpError;
use crate::check::Rules;
use crate::clock::{Clock as _, SystemClock};
use crate::config::error::ConfigError;
use crate::directory::Directory;
use crate::error::RunError;
use crate::event::Silent;
use crate::ledger::LedgerError;
use crate::mapping;
use crate::plan::read::{ReadRun, Reading};
use crate::sheet::RowBlock;
use crate::sheet::decoder::Decoder;
use crate::sheet::error::SheetError;
use crate::sheet::open::list;
use crate::stop::Stop;

/// A measurement to be made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// What is done.
    pub work: Work,
    /// Which sheet it is done to.
    pub sample: Sample,
    /// Where that sheet is.
    pub sheet: PathBuf,
    /// Folder of the ledger; what an earlier job left there is gone on with.
    pub state: PathBuf,
    /// Folder of the results.
    pub results: PathBuf,
    /// Workers for reading and checking.
    pub threads: usize,
    /// Senders.
    pub senders: usize,
    /// Rows of a request.
    pub chunk_rows: usize,
    /// Requests a second; none for no limit.
    pub rate: Option<f64>,
    /// Time that the stand-in takes for every reply at least.
    pub latency_ms: u64,
    /// Time beyond that, drawn evenly.
    pub jitter_ms: u64,
}

/// What a measurement gave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Data rows of the sheet.
    pub rows: u64,
    /// Bytes of the sheet.
    pub bytes: u64,
    /// Time it took.
    pub seconds: f64,
    /// Time that processors spent, where the system tells.
    pub cpu_s: Option<f64>,
    /// The most memory held at once, where the system tells.
    pub peak_bytes: Option<u64>,
    /// Size of the ledger afterwards, where there is one.
    pub ledger_bytes: Option<u64>,
    /// Requests with rows, in the order of leaving.
    pub requests: Vec<Request>,
}

/// Why a stage could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The run ended with an error.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The ledger refused.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The sheet could not be read.
    #[error(transparent)]
    Sheet(#[from] SheetError),
    /// A setting was refused.
    #[error(transparent)]
    Settings(#[from] ConfigError),
    /// The client could not be made.
    #[error(transparent)]
    Client(#[from] HttpError),
    /// A file or the stand-in's socket refused.
    #[error("{0}: {1}")]
    System(String, #[source] io::Error),
    /// A library that is the baseline could not read the sheet.
    #[error("the baseline could not read the sheet: {0}")]
    Baseline(String),
    /// The work was not done, so its time says nothing.
    #[error("{0}")]
    NotDone(String),
    /// Somebody asked to stop.
    #[error("interrupted")]
    Interrupted,
}

/// Does a job once. Workbooks go to the decoder, as in a run; without one they are decoded in this process.
pub fn measure(job: &Job, decoder: Option<Decoder>) -> Result<Measured, BenchError> {
    let bytes = job.sheet.metadata().map_err(|error| system(&job.sheet, error))?.len();
    let plain = |rows, seconds, usage: Usage| Measured {
        rows,
        bytes,
        seconds,
        cpu_s: usage.cpu_s,
        peak_bytes: usage.peak_bytes,
        ledger_bytes: None,
        requests: Vec::new(),
    };
    match job.work {
        Work::Plain => {
            let (rows, seconds, usage) = timed(|| read_plainly(&job.sheet, job.sample.form()))?;
            Ok(plain(rows, seconds, usage))
        }
        Work::Read => {
            let (rows, seconds, usage) = timed(|| read(job, decoder))?;
            Ok(plain(rows, seconds, usage))
        }
        Work::Check => {
            let (rows, seconds, usage) = timed(|| check(job, decoder))?;
            Ok(plain(rows, seconds, usage))
        }
        Work::DryRun | Work::Plan | Work::Send | Work::SendHalf | Work::Start => whole::measure(job, decoder, bytes),
    }
}

pub(super) fn system(path: &Path, error: io::Error) -> BenchError {
    BenchError::System(path.display().to_string(), error)
}

pub(super) fn timed<T>(work: impl FnOnce() -> Result<T, BenchError>) -> Result<(T, f64, Usage), BenchError> {
    let clock = SystemClock::default();
    let start = clock.elapsed();
    let ((done, end), usage) = usage::measured(|| (work(), clock.elapsed()));
    Ok((done?, end.saturating_sub(start).as_secs_f64(), usage))
}

/// What the usual library makes of the file, without looking at a value.
fn read_plainly(path: &Path, form: SheetForm) -> Result<u64, BenchError> {
    let baseline = |error: &dyn std::fmt::Display| BenchError::Baseline(error.to_string());
    let open = || File::open(path).map_err(|error| system(path, error));
    match form {
        SheetForm::Csv => {
            let mut reader = csv::ReaderBuilder::new().buffer_capacity(1 << 18).from_reader(open()?);
            let (mut record, mut rows) = (csv::ByteRecord::new(), 0);
            while reader.read_byte_record(&mut record).map_err(|error| baseline(&error))? {
                rows += 1;
            }
            Ok(rows)
        }
        SheetForm::CsvGz => {
            let mut decoder = MultiGzDecoder::new(BufReader::with_capacity(1 << 18, open()?));
            let (mut buffer, mut lines) = (vec![0; 1 << 18], 0_u64);
            loop {
                let read = decoder.read(&mut buffer).map_err(|error| system(path, error))?;
                if read == 0 {
                    // The headings are no row, and no generated cell has a line end.
                    return Ok(lines.saturating_sub(1));
                }
                lines += memchr::memchr_iter(b'\n', &buffer[..read]).count() as u64;
            }
        }
        SheetForm::Xlsx => {
            let mut workbook: calamine::Xlsx<_> =
                calamine::open_workbook(path).map_err(|error: calamine::XlsxError| baseline(&error))?;
            let name = workbook.sheet_names().first().cloned().unwrap_or_default();
            let mut cells = workbook.worksheet_cells_reader(&name).map_err(|error| baseline(&error))?;
            let mut last = 0;
            while let Some(cell) = cells.next_cell().map_err(|error| baseline(&error))? {
                last = cell.get_position().0;
            }
            Ok(u64::from(last))
        }
    }
}

fn read(job: &Job, decoder: Option<Decoder>) -> Result<u64, BenchError> {
    let reading = crate::config::Reading { decoder, ..crate::config::Reading::default() };
    let operation = job.sample.kind().operation();
    let mut rows = 0;
    for source in list(&job.sheet, &reading)?.sources {
        let recognise = |heading: &str| mapping::recognises(operation, heading);
        let mut sheet = source.open(&reading, &recognise)?;
        let mut block = RowBlock::new(sheet.header.columns.len());
        while sheet.next_block(&mut block, 1_000, 256 << 10)? {
            rows += block.len() as u64;
        }
    }
    Ok(rows)
}

fn check(job: &Job, decoder: Option<Decoder>) -> Result<u64, BenchError> {
    let settings = whole::settings(job, decoder)?;
    let (stop, directory) = (Stop::default(), Directory::new());
    let rules = Rules {
        account: "bench",
        company: &settings.company,
        directory: &directory,
        today: SystemClock::default().now().to_zoned(settings.timezone.clone()).date(),
        period: None,
        severity: &settings.severity,
        allow_unnumbered: false,
    };
    let operation = job.sample.kind().operation();
    let reading = Reading {
        operation,
        settings: &settings,
        rules,
        stop: &stop,
        observer: &Silent,
        results: None,
        corrections: &[],
        packs: false,
    };
    let mut read = ReadRun::new()?;
    for source in list(&job.sheet, &settings.reading)?.sources {
        if let Some(refusal) = read.take(&source, &job.sheet, &reading)? {
            return Err(BenchError::NotDone(refusal.message));
        }
    }
    Ok(u64::from(read.rows))
}
