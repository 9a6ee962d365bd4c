//! Everyone who hears of a run: the person at the terminal, the log, and at its end the metrics and the notified command.
//!
//! Leaves what a person sees to [`Console`]. The rule: nothing that is wrong here changes how a run goes or ends; it is told.

use std::io::{self, Write as _};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arload::clock::{Clock as _, SystemClock};
use arload::config::error::ConfigError;
use arload::config::given::FlagValues;
use arload::config::keys::{Form, KEYS, Key};
use arload::config::{LogFormat, Settings};
use arload::event::{Event, Observer};
use arload::exit::ExitCode;
use arload::expect::{self, Standing, Tallies};
use arload::finding::printable;
use arload::ledger::RunId;
use arload::log::LogFile;
use arload::log::line::{self, Level};
use arload::metrics;
use arload::operation::Operation;
use arload::outcome::Totals;
use arload::platform;
use arload::platform::command::CommandLine;
use serde_json::{Map, Value, json};

use crate::console::Console;
use crate::store::Store;
use crate::surroundings::Surroundings;

/// Limit: a command that sends a message needs seconds.
const NOTIFY_LIMIT: Duration = Duration::from_mins(1);
/// Limit: what is kept of what it complains about.
const NOTIFY_OUTPUT: u64 = 64 << 10;

/// Limit: sheets that could not be read and are named to it; the log has all of them.
const NOTIFY_REFUSED: usize = 10;

/// Ends a command that could not begin because its settings are refused, for everyone whom they still name.
pub(crate) fn refused(
    surroundings: &Surroundings,
    flags: &FlagValues,
    operation: Option<&Operation>,
    error: ConfigError,
) -> anyhow::Result<ExitCode> {
    let Some(settings) = surroundings.settle_to_tell(flags) else { return Err(error.into()) };
    let reporter = Reporter::new(&settings);
    let about = [("operation", json!(operation.map(Operation::name))), ("profile", json!(settings.profile))];
    let about = about.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    reporter.heard.lock().expect("no holder of this lock panics").account = about;
    reporter.end(Err(error.into()))
}

/// Hears of a run, tells all others, and ends it for them.
pub(crate) struct Reporter {
    console: Console,
    settings: Settings,
    clock: SystemClock,
    log: Option<LogFile>,
    log_failed: AtomicBool,
    heard: Mutex<Heard>,
}

/// What the end is told with.
#[derive(Default)]
struct Heard {
    run: Option<i64>,
    account: Map<String, Value>,
    files: Vec<String>,
    refused: Vec<String>,
    totals: Option<(RunId, Totals)>,
    last: Option<Event>,
}

impl Reporter {
    /// For a command with these settings.
    pub(crate) fn new(settings: &Settings) -> Self {
        let reporting = &settings.reporting;
        let log = reporting.log.as_ref().map(|path| LogFile::new(path, reporting.log_size, reporting.log_keep));
        Self {
            console: Console::new(settings.output),
            settings: settings.clone(),
            clock: SystemClock::default(),
            log,
            log_failed: AtomicBool::new(false),
            heard: Mutex::default(),
        }
    }

    /// Whether standard error holds log lines and nothing else.
    fn talks_json(&self) -> bool {
        self.log.is_none() && self.settings.reporting.log_format == LogFormat::Json
    }

    fn now(&self) -> jiff::Zoned {
        self.clock.now().to_zoned(self.settings.timezone.clone())
    }

    /// Writes an event to the log alone.
    pub(crate) fn log(&self, event: &Event) {
        let format = self.settings.reporting.log_format;
        if self.log.is_none() && format == LogFormat::Text {
            return;
        }
        let run = self.heard.lock().expect("no holder of this lock panics").run;
        let Some(line) = line::line(format, &self.now(), run, event) else { return };
        let Some(log) = &self.log else {
            // Nothing more can be done where standard error is gone.
            let _ = io::stderr().lock().write_all(line.as_bytes());
            return;
        };
        if let Err(error) = log.append(&line)
            && !self.log_failed.swap(true, Ordering::SeqCst)
        {
            self.console.event(&Event::Warning {
                message: format!("{}: the log cannot be written: {error}; the run goes on", log.path().display()),
                hint: Some("name a file that you can write to with --log".to_owned()),
            });
        }
    }

    fn hear(&self, event: &Event) {
        let mut heard = self.heard.lock().expect("no holder of this lock panics");
        match event {
            Event::Account { host, environment, company, operation } => {
                let account = [
                    ("operation", json!(operation)),
                    ("host", json!(host)),
                    ("environment", json!(environment)),
                    ("company", json!(company)),
                    ("profile", json!(self.settings.profile)),
                ];
                heard.account = account.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
            }
            Event::Planned { run, .. } | Event::Resumed { run, .. } => heard.run = Some(*run),
            Event::ResultsWritten { path } => heard.files.push(path.clone()),
            Event::SheetRefused { message, .. } if heard.refused.len() < NOTIFY_REFUSED => {
                heard.refused.push(message.clone());
            }
            Event::Finished { run, totals, .. } => {
                heard.run = *run;
                heard.totals = run.map(|run| (RunId(run), totals.clone()));
                heard.last = Some(event.clone());
            }
            Event::Failed { .. } => heard.last = Some(event.clone()),
            _ => {}
        }
    }

    /// Ends a command for everyone who hears of it; gives back how it ended.
    pub(crate) fn end(&self, ended: anyhow::Result<ExitCode>) -> anyhow::Result<ExitCode> {
        let exit = match &ended {
            Ok(exit) => *exit,
            Err(error) => {
                let exit = crate::code(error);
                let (message, hint) = (printable(&format!("{error:#}")).into_owned(), crate::hint(error));
                self.event(&Event::Failed { message, hint, exit: exit.code() });
                exit
            }
        };
        let standings = self.look_ahead();
        self.notify(exit, &standings);
        // What standard error holds as a line of the log is not said there once more.
        if ended.is_err() && self.talks_json() { Ok(exit) } else { ended }
    }

    /// Looks what was due and has not come, tells it, and writes the metrics.
    fn look_ahead(&self) -> Vec<Standing> {
        let wants = !self.settings.expectations.is_empty() || self.settings.reporting.metrics.is_some();
        if !wants || self.settings.mode.dry_run {
            return Vec::new();
        }
        let standings = self.look().unwrap_or_else(|error| {
            let message = format!("what was due was not looked for: {error:#}");
            self.event(&Event::Warning { message, hint: crate::hint(&error) });
            Vec::new()
        });
        for event in missed(&standings) {
            self.event(&event);
        }
        standings
    }

    /// Looks how every expectation stands, and writes the metrics.
    pub(crate) fn look(&self) -> anyhow::Result<Vec<Standing>> {
        let store = Store::open_to_read(&self.settings)?.map_or_else(Store::scratch, Ok)?;
        let mut tallies = Tallies::new(store.ledger());
        if let Some((run, totals)) = self.heard.lock().expect("no holder of this lock panics").totals.clone() {
            tallies = tallies.with(run, totals);
        }
        let standings = expect::standings(&tallies, &self.settings, store.now()?)?;
        if let Some(path) = &self.settings.reporting.metrics {
            let text = metrics::text(&tallies, &self.settings, &standings)?;
            if let Err(error) = platform::publish(path, &text) {
                self.event(&Event::Warning {
                    message: format!("{}: the metrics cannot be written: {error}", path.display()),
                    hint: Some("name a file in a folder that you can write to with --metrics".to_owned()),
                });
            }
        }
        Ok(standings)
    }

    /// Tells the command of the settings how it ended.
    pub(crate) fn notify(&self, exit: ExitCode, standings: &[Standing]) {
        let Some(command) = &self.settings.reporting.notify else { return };
        let summary = self.summary(exit, standings);
        let without = secret_variables();
        let command = CommandLine {
            line: command,
            input: Some(summary.as_bytes()),
            without: &without,
            limit: NOTIFY_LIMIT,
            most: NOTIFY_OUTPUT,
        };
        if let Err(what) = command.run() {
            self.event(&Event::Warning {
                message: format!("--notify: {what}; the exit code stays {}", exit.code()),
                hint: Some("run the command by hand; it gets the summary on its standard input".to_owned()),
            });
        }
    }

    /// The last event as a line of the log, with what a reader who heard nothing before needs.
    fn summary(&self, exit: ExitCode, standings: &[Standing]) -> String {
        let heard = self.heard.lock().expect("no holder of this lock panics");
        let missed: Vec<&Standing> = standings.iter().filter(|standing| standing.missed.is_some()).collect();
        let alone = if missed.is_empty() { Level::Info } else { Level::Error };
        let level = heard.last.as_ref().and_then(Level::of).unwrap_or(alone);
        let mut summary = heard.account.clone();
        summary.insert("time".to_owned(), json!(line::time(&self.now())));
        summary.insert("level".to_owned(), json!(level.as_str()));
        summary.insert("run".to_owned(), json!(heard.run));
        summary.insert("files".to_owned(), json!(heard.files));
        summary.insert("refused".to_owned(), json!(heard.refused));
        summary.insert("missed".to_owned(), json!(missed));
        if let Some(Ok(Value::Object(last))) = heard.last.as_ref().map(serde_json::to_value) {
            summary.extend(last);
        } else {
            summary.insert("event".to_owned(), json!("expected"));
        }
        summary.insert("exit".to_owned(), json!(exit.code()));
        format!("{}\n", Value::Object(summary))
    }
}

impl Observer for Reporter {
    fn event(&self, event: &Event) {
        self.hear(event);
        self.log(event);
        let data = matches!(
            event,
            Event::ResultsWritten { .. }
                | Event::Finished { .. }
                | Event::Exported { .. }
                | Event::Pulled { .. }
                | Event::Compared { .. }
        );
        if data || self.settings.output.json || !self.talks_json() {
            self.console.event(event);
        }
    }
}

/// What is missed, as events.
pub(crate) fn missed(standings: &[Standing]) -> impl Iterator<Item = Event> {
    let missed = standings.iter().filter(|standing| standing.missed.is_some());
    missed.map(|standing| Event::ExpectedMissed { standing: standing.clone() })
}

/// Variables that hold a secret or name a file that does.
fn secret_variables() -> Vec<String> {
    let secrets = KEYS.iter().filter(|key| key.form == Form::Secret).map(Key::variable);
    secrets.flat_map(|name| [format!("{name}_FILE"), name]).collect()
}
