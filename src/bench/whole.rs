//! A run or a part of one, from dry run to the last recorded answer, done once and timed.
//!
//! Owns what is inside the time and what is not: starting the stand-in and opening the ledger are not, everything that
//! a user waits for is. The rule: a run whose rows ended in another way than they should gives no figure.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::measure::{BenchError, Job, Measured, system, timed};
use super::stages::Work;
use super::watch::Watch;
use crate::api::client::{HttpApi, HttpSettings};
use crate::api::{Api, Call, Exchange, Search, Token, TokenError};
use crate::clock::{Clock, SystemClock};
use crate::config::account::AccountKey;
use crate::config::given::FlagValues;
use crate::config::layers::{Layers, Purpose};
use crate::config::{Credentials, Settings};
use crate::event::Silent;
use crate::ledger::sqlite::SqliteLedger;
use crate::ledger::{Ledger as _, RunId, RunState};
use crate::outcome::{Status, Totals};
use crate::pipeline::{Pipeline, Report};
use crate::platform;
use crate::sandbox::{self, Sandbox, SandboxSettings};
use crate::sheet::decoder::Decoder;
use crate::stop::Stop;

/// No limit: more requests a second than this host can make.
const UNLIMITED: f64 = 1e6;

/// Does the job of a run.
pub(super) fn measure(job: &Job, decoder: Option<Decoder>, bytes: u64) -> Result<Measured, BenchError> {
    let settings = settings(job, decoder)?;
    let mut measured = Bench::open(job, &settings)?.run(bytes)?;
    // The ledger is closed by now, so nothing of it stands in the log beside it.
    measured.ledger_bytes = ledger_path(&job.state).metadata().ok().map(|file| file.len());
    Ok(measured)
}

/// The settings of a run of this job: the sandbox, private folders, and nothing of the user's.
pub(super) fn settings(job: &Job, decoder: Option<Decoder>) -> Result<Settings, BenchError> {
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
        environment: &BTreeMap::new(),
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
fn ledger_path(state: &Path) -> PathBuf {
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
        routes: settings.routes.clone(),
        uploads: sending.uploads.clone(),
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
