//! `arload work`: serves what is planned and approved in shared ledgers, until stopped.
//!
//! One thread for each profile, with a session, a pace and a way to the API of its own. Leaves sending to the pipeline. The
//! rule: what one run or one profile cannot do stops no other; a database that is away is waited for.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arload::config::Settings;
use arload::config::layers::Purpose;
use arload::error::RunError;
use arload::event::{Event, Observer as _};
use arload::exit::ExitCode;
use arload::ledger::{LedgerError, RunId};
use arload::pipeline::stop_code;
use arload::stop::{Stop, StopReason};
use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};

use super::watch::Stops;
use crate::args::WorkArgs;
use crate::flags::Flags as _;
use crate::interrupt;
use crate::reporter::Reporter;
use crate::session::{Session, Use};
use crate::surroundings::Surroundings;

/// First and longest wait while nothing is there to do.
const IDLE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(10));
/// The same after something went wrong: an outage, a database that is away.
const TROUBLE: (Duration, Duration) = (Duration::from_secs(2), Duration::from_mins(1));

/// How long a run is left alone of which something stays open: what nobody finds is not looked up all the time.
const REST: Duration = Duration::from_mins(5);

/// Serves shared ledgers.
pub(crate) fn run(arguments: &WorkArgs, surroundings: &Surroundings) -> anyhow::Result<ExitCode> {
    let served = settle(arguments, surroundings)?;
    let stops: Vec<Arc<Stops>> = served.iter().map(|_| Arc::default()).collect();
    let asked = stops.clone();
    interrupt::listen_to(move || asked.iter().for_each(|stops| stops.ask()), interrupt::FINISHING)?;
    let ends: Vec<ExitCode> = std::thread::scope(|scope| {
        let workers: Vec<_> = served
            .iter()
            .zip(&stops)
            .map(|(settings, stops)| scope.spawn(|| Work::new(settings, arguments.once, stops).go()))
            .collect();
        // A panic has told its place by itself.
        workers.into_iter().map(|worker| worker.join().unwrap_or(ExitCode::Bug)).collect()
    });
    Ok(ExitCode::worst(ends))
}

/// The settings of every profile whose ledger others share.
fn settle(arguments: &WorkArgs, surroundings: &Surroundings) -> anyhow::Result<Vec<Settings>> {
    let mut served = Vec::new();
    for profile in surroundings.profiles(&arguments.values())? {
        let mut flags = arguments.values();
        flags.profile = Some(profile);
        let settled = surroundings.settle(&flags, Purpose::Local)?;
        if settled.settings.places.ledger.is_none() {
            continue;
        }
        let settled = surroundings.settle(&flags, Purpose::Account)?;
        let console = Reporter::new(&settled.settings);
        for message in settled.warnings {
            console.event(&Event::Warning { message, hint: None });
        }
        served.push(settled.settings);
    }
    if served.is_empty() {
        return Err(RunError::Input {
            message: "no profile has a ledger that others share".to_owned(),
            hint: "set ledger = \"postgres://USER@HOST/DATABASE\" in the profile, or pass --ledger".to_owned(),
        }
        .into());
    }
    Ok(served)
}

/// The work for one profile.
struct Work<'a> {
    settings: &'a Settings,
    once: bool,
    stops: &'a Stops,
    console: Reporter,
    /// What was told of runs that wait for somebody.
    told: BTreeMap<i64, String>,
    /// Runs that are left alone until then.
    rests: BTreeMap<i64, Instant>,
    /// Whether the database was told to be away.
    away: bool,
}

/// How one look at the ledger went.
enum Look {
    /// Something was sent, or nothing was there.
    Served(bool, ExitCode),
    /// The account cannot log in: nobody may try again.
    Ends(ExitCode),
}

impl<'a> Work<'a> {
    fn new(settings: &'a Settings, once: bool, stops: &'a Stops) -> Self {
        let console = Reporter::new(settings);
        Self { settings, once, stops, console, told: BTreeMap::new(), rests: BTreeMap::new(), away: false }
    }

    fn go(mut self) -> ExitCode {
        let (mut idle, mut trouble) = (waits(IDLE), waits(TROUBLE));
        let mut session = None;
        loop {
            let looked = self.look(&mut session);
            let wait = match looked {
                Ok(Look::Ends(exit)) => return exit,
                Ok(Look::Served(_, exit)) if self.once => return exit,
                Ok(Look::Served(true, _)) => {
                    (idle, trouble) = (waits(IDLE), waits(TROUBLE));
                    Duration::ZERO
                }
                Ok(Look::Served(false, _)) => {
                    trouble = waits(TROUBLE);
                    idle.next().unwrap_or(IDLE.1)
                }
                Err(error) => {
                    // Whatever went wrong, the next look begins with a session, and a name, of its own.
                    session = None;
                    self.tell(&error);
                    if self.once {
                        return crate::code(&error);
                    }
                    trouble.next().unwrap_or(TROUBLE.1)
                }
            };
            if self.stops.all().asked() || self.stops.all().wait(wait) {
                return ExitCode::Interrupted;
            }
        }
    }

    /// Tells of an error, but once of a database that is away.
    fn tell(&mut self, error: &anyhow::Error) {
        let is_away = matches!(ledger_error(error), Some(LedgerError::Away { .. }));
        if !(is_away && self.away) {
            self.console.event(&Event::Warning { message: format!("{error:#}"), hint: crate::hint(error) });
        }
        self.away = is_away;
    }

    fn look(&mut self, session: &mut Option<Session>) -> anyhow::Result<Look> {
        let session = match session {
            Some(session) => session,
            None => session.insert(Session::open(self.settings.clone(), Use::Write, self.stops.all())?),
        };
        let runs = session.pipeline(self.stops.all(), &self.console).open_runs()?;
        if std::mem::take(&mut self.away) {
            let message = "the ledger's database answers again".to_owned();
            self.console.event(&Event::Warning { message, hint: None });
        }
        self.told.retain(|run, _| runs.iter().any(|open| open.0 == *run));
        self.rests.retain(|_, until| *until > Instant::now());
        let (mut sent, mut worst) = (false, ExitCode::Success);
        for run in runs.into_iter().filter(|run| !self.rests.contains_key(&run.0)).collect::<Vec<_>>() {
            if self.stops.all().asked() {
                break;
            }
            let (served, exit) = self.serve(session, run)?;
            if exit == ExitCode::LoginRefused {
                return Ok(Look::Ends(exit));
            }
            sent |= served;
            worst = ExitCode::worst([worst, exit]);
        }
        Ok(Look::Served(sent, worst))
    }

    /// Takes part in one run; whether it is done with, and what that is worth.
    fn serve(&mut self, session: &Session, run: RunId) -> anyhow::Result<(bool, ExitCode)> {
        let stop: Arc<Stop> = self.stops.begin();
        match session.pipeline(&stop, &self.console).serve_run(run) {
            Ok(served) => match stop.reason() {
                // The ledger stopped it: a new session finds out why.
                Some(StopReason::Ledger) => Err(RunError::Stopped {
                    reason: StopReason::Ledger,
                    message: format!("run {run}: the ledger could not record what happens"),
                }
                .into()),
                Some(reason) => {
                    self.rests.insert(run.0, Instant::now() + TROUBLE.1);
                    Ok((false, stop_code(reason)))
                }
                None => {
                    if served.open {
                        self.rests.insert(run.0, Instant::now() + REST);
                    }
                    Ok((!served.open, served.exit))
                }
            },
            Err(RunError::Ledger(error)) => Err(RunError::Ledger(error).into()),
            Err(error) => {
                let message = error.to_string();
                if self.told.get(&run.0) != Some(&message) {
                    self.console.event(&Event::Warning { message: message.clone(), hint: error.hint() });
                    self.told.insert(run.0, message);
                }
                Ok((false, ExitCode::Success))
            }
        }
    }
}

fn ledger_error(error: &anyhow::Error) -> Option<&LedgerError> {
    error.downcast_ref::<LedgerError>().or_else(|| match error.downcast_ref::<RunError>() {
        Some(RunError::Ledger(error)) => Some(error),
        _ => None,
    })
}

fn waits((first, longest): (Duration, Duration)) -> ExponentialBackoff {
    let waits = ExponentialBuilder::default().with_min_delay(first).with_max_delay(longest);
    waits.with_jitter().without_max_times().build()
}
