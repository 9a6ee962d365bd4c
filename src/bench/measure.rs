//! One stage, done once and timed.
//!
//! Owns what is inside the time and what is not: starting the stand-in and opening the ledger are not, everything that
//! a user waits for is. The rule: a stage that did not do its work is an error, never a figure.

use std::fs::File;
use std::io::{self, BufReader, Read as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use calamine::Reader as _;
use flate2::read::MultiGzDecoder;
use serde::{Deserialize, Serialize};

use super::SheetForm;
use super::stages::{Sample, Work};
use super::usage::{self, Usage};
use super::watch::{Request, Watch};
use crate::api::client::{HttpApi, HttpError, HttpSettings};
use crate::api::{Api, Call, Exchange, Search, Token, TokenError};
use crate::check::Rules;
use crate::clock::{Clock, SystemClock};
use crate::config::account::AccountKey;
use crate::config::error::ConfigError;
use crate::config::given::FlagValues;
use crate::config::layers::{Layers, Purpose};
use crate::config::{Credentials, Settings};
use crate::directory::Directory;
use crate::error::RunError;
use crate::event::Silent;
use crate::ledger::sqlite::SqliteLedger;
use crate::ledger::{Ledger as _, LedgerError, RunId, RunState};
use crate::mapping;
use crate::outcome::{Status, Totals};
use crate::pipeline::{Pipeline, Report};
use crate::plan::read::{ReadRun, Reading};
use crate::platform;
use crate::sandbox::{self, Sandbox, SandboxSettings};
use crate::sheet::RowBlock;
use crate::sheet::decoder::Decoder;
use crate::sheet::error::SheetError;
use crate::sheet::open::list;
use crate::stop::Stop;

/// No limit: more requests a second than this host can make.
const UNLIMITED: f64 = 1e6;

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
        Work::DryRun | Work::Plan | Work::Send | Work::SendHalf | Work::Start => {
            let settings = settings(job, decoder)?;
            let mut measured = Bench::open(job, &settings)?.run(bytes)?;
            // The ledger is closed by now, so nothing of it stands in the log beside it.
            measured.ledger_bytes = ledger_path(&job.state).metadata().ok().map(|file| file.len());
            Ok(measured)
        }
    }
}

fn system(path: &Path, error: io::Error) -> BenchError {
    BenchError::System(path.display().to_string(), error)
}

fn timed<T>(work: impl FnOnce() -> Result<T, BenchError>) -> Result<(T, f64, Usage), BenchError> {
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
    let settings = settings(job, decoder)?;
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
    let reading = Reading { operation, settings: &settings, rules: &rules, stop: &stop, observer: &Silent };
    let mut read = ReadRun::new()?;
    for source in list(&job.sheet, &settings.reading)?.sources {
        if let Some(refusal) = read.take(&source, &job.sheet, &reading)? {
            return Err(BenchError::NotDone(refusal.message));
        }
    }
    Ok(u64::from(read.rows))
}

/// The settings of a run of this job: the sandbox, private folders, and nothing of the user's.
fn settings(job: &Job, decoder: Option<Decoder>) -> Result<Settings, BenchError> {
    let mut flags = FlagValues::default();
    flags.switch("sandbox", job.work != Work::DryRun);
    flags.switch("dry-run", job.work == Work::DryRun);
    flags.switch("plan", job.work == Work::Plan);
    flags.text("threads", Some(job.threads.to_string()));
    flags.text("concurrency", Some(job.senders.to_string()));
    flags.text("max-chunk-rows", Some(job.chunk_rows.to_string()));
    // A generated sheet has as many bad rows as it has; the first rows are not read back from a server without a store.
    flags.text("max-invalid", Some("100%".to_owned()));
    flags.text("canary", Some("0".to_owned()));
    flags.switch("first-use", true);
    let operation = job.sample.kind().operation();
    let layers = Layers {
        flags: &flags,
        environment: &std::collections::BTreeMap::new(),
        file: None,
        default_state: &job.state,
        purpose: Purpose::Sheets(operation),
    };
    let mut settings = layers.settle()?.settings;
    settings.places.results = Some(job.results.clone());
    settings.reading.decoder = decoder;
    settings.sending.rate = job.rate.unwrap_or(UNLIMITED);
    settings.sending.burst = if job.rate.is_some() { 1 } else { 1_000 };
    Ok(settings)
}

/// A run over the parts that a job needs.
struct Bench<'a> {
    job: &'a Job,
    settings: &'a Settings,
    account: String,
    ledger: SqliteLedger,
    clock: Arc<dyn Clock>,
    api: Option<HttpApi>,
    _sandbox: Option<Sandbox>,
}

impl<'a> Bench<'a> {
    fn open(job: &'a Job, settings: &'a Settings) -> Result<Self, BenchError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
        let ledger = if job.work == Work::DryRun {
            SqliteLedger::scratch()?
        } else {
            platform::create_private_folder(&job.state).map_err(|error| system(&job.state, error))?;
            SqliteLedger::open(&ledger_path(&job.state))?
        };
        let sends = matches!(job.work, Work::Send | Work::SendHalf | Work::Start);
        let sandbox = if sends { Some(start_sandbox(job)?) } else { None };
        let api = match &sandbox {
            Some(sandbox) => Some(connect(sandbox, settings, &clock)?),
            None => None,
        };
        let account = AccountKey::of(settings).map_or_else(String::new, |key| key.to_string());
        Ok(Bench { job, settings, account, ledger, clock, api, _sandbox: sandbox })
    }

    fn run(&self, bytes: u64) -> Result<Measured, BenchError> {
        let stop = Stop::default();
        let none = NoApi;
        let api: &dyn Api = self.api.as_ref().map_or(&none, |api| api as &dyn Api);
        let planned = self.planned_run()?;
        let watch = Watch::new(api, &Silent, Arc::clone(&self.clock));
        let watch = if self.job.work == Work::SendHalf {
            let chunks = planned.map_or(Ok(0), |run| self.ledger.chunks(run).map(|chunks| chunks.len()))?;
            watch.halting(&stop, chunks.div_ceil(2))
        } else {
            watch
        };
        let pipeline = Pipeline {
            settings: self.settings,
            account: &self.account,
            host: "sandbox",
            ledger: &self.ledger,
            earlier: (self.job.work != Work::DryRun).then_some(&self.ledger as _),
            api: self.api.is_some().then_some(&watch as _),
            clock: Arc::clone(&self.clock),
            stop: &stop,
            observer: &watch,
        };
        let sends = matches!(self.job.work, Work::Send | Work::SendHalf);
        let (report, mut seconds, usage) = timed(|| {
            if let Some(run) = planned.filter(|_| sends) {
                return Ok(pipeline.send_run(run)?);
            }
            let operation = self.job.sample.kind().operation();
            Ok(pipeline.run_sheets(operation, &[&self.job.sheet], Box::new(io::empty()))?)
        })?;
        self.judge(&report)?;
        if sends {
            // Results belong to the dry run's figure; sending ends with the last recorded answer.
            seconds = watch.last_settled_s().unwrap_or(seconds);
        }
        Ok(Measured {
            rows: report.totals.read.rows,
            bytes,
            seconds,
            cpu_s: usage.cpu_s,
            peak_bytes: usage.peak_bytes,
            ledger_bytes: None,
            requests: watch.requests(),
        })
    }

    /// The newest run of the ledger that is not finished.
    fn planned_run(&self) -> Result<Option<RunId>, BenchError> {
        if !matches!(self.job.work, Work::Send | Work::SendHalf) {
            return Ok(None);
        }
        let runs = self.ledger.runs()?;
        let open = runs.into_iter().find(|run| run.state == RunState::Open).map(|run| run.id);
        open.map(Some).ok_or_else(|| BenchError::NotDone("there is no planned run to send".to_owned()))
    }

    /// Refuses the figure of a run that did something else than it was measured for.
    fn judge(&self, report: &Report) -> Result<(), BenchError> {
        let wrong = match self.job.work {
            Work::Send => not_all(&report.totals, &[Status::Accepted]),
            Work::Start => not_all(&report.totals, &[Status::Accepted, Status::AlreadyAccepted]),
            _ => None,
        };
        wrong.map_or(Ok(()), |wrong| Err(BenchError::NotDone(wrong)))
    }
}

/// What is wrong where a good row ended in another way than these.
fn not_all(totals: &Totals, good: &[Status]) -> Option<String> {
    let other = Status::ALL.into_iter().find(|status| {
        let ended_in_planning = matches!(status, Status::Invalid | Status::Excluded);
        !ended_in_planning && !good.contains(status) && totals.rows(*status) > 0
    })?;
    Some(format!("{} rows ended as {}; the time of such a run says nothing", totals.rows(other), other.as_str()))
}

/// The ledger of a bench's state folder.
pub(super) fn ledger_path(state: &Path) -> PathBuf {
    state.join("bench-ledger.db")
}

fn start_sandbox(job: &Job) -> Result<Sandbox, BenchError> {
    let settings = SandboxSettings {
        store_nothing: true,
        rate: job.rate,
        latency_ms: job.latency_ms,
        jitter_ms: job.jitter_ms,
        ..SandboxSettings::default()
    };
    sandbox::start(SocketAddr::from(([127, 0, 0, 1], 0)), settings)
        .map_err(|error| BenchError::System("the stand-in cannot listen".to_owned(), error))
}

fn connect(sandbox: &Sandbox, settings: &Settings, clock: &Arc<dyn Clock>) -> Result<HttpApi, BenchError> {
    let demo = SandboxSettings::demo_credentials();
    let credentials = Credentials {
        client_id: demo.client_id,
        client_secret: demo.client_secret.into(),
        username: demo.username,
        password: demo.password.into(),
    };
    let sending = &settings.sending;
    let settings = HttpSettings {
        base_url: sandbox.base_url(),
        credentials,
        timeout: sending.timeout,
        concurrency: sending.concurrency,
        max_reply_bytes: sending.max_reply_bytes,
        token_lifetime: sending.token_lifetime,
        guard: None,
    };
    Ok(HttpApi::new(settings, Arc::clone(clock))?)
}

const NOTHING_SENT: &str = "nothing is sent in this measurement";

/// Stands where nothing is sent.
struct NoApi;

impl Api for NoApi {
    fn token(&self) -> Result<Token, TokenError> {
        Err(TokenError::Unavailable { message: NOTHING_SENT.to_owned(), retry_after: None })
    }

    fn discard(&self, _: &Token) {}

    fn call(&self, _: &Token, _: &Call<'_>) -> Exchange {
        Exchange::NotSent(NOTHING_SENT.to_owned())
    }

    fn search(&self, _: &Token, _: &Search<'_>) -> Exchange {
        Exchange::NotSent(NOTHING_SENT.to_owned())
    }
}
