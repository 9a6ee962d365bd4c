//! `arload runs list`: the runs of a ledger, those that fit, the newest last.

use std::io::{IsTerminal as _, Write};
use std::sync::Arc;

use arload::config::layers::Purpose;
use arload::config::{Settings, Target};
use arload::error::RunError;
use arload::exit::ExitCode;
use arload::finding::{printable, quote};
use arload::ledger::Run;
use arload::nearest::did_you_mean;
use arload::operation::{ALL, Operation};
use arload::stop::Stop;
use arload::wording::{count, grouped};
use jiff::civil::Date;
use serde_json::json;

use super::live;
use super::runs::sheets;
use crate::args::RunsListArgs;
use crate::flags::Flags as _;
use crate::interrupt;
use crate::session::{Session, Use};
use crate::store;
use crate::surroundings::Surroundings;

/// Which runs are listed.
struct Filter {
    since: Option<Date>,
    until: Option<Date>,
    operation: Option<String>,
    state: Option<String>,
    file: Option<glob::Pattern>,
}

impl Filter {
    fn of(arguments: &RunsListArgs) -> Result<Filter, RunError> {
        let day = |flag: &str, text: &Option<String>| text.as_deref().map(|text| parse_day(flag, text)).transpose();
        Ok(Filter {
            since: day("since", &arguments.since)?,
            until: day("until", &arguments.until)?,
            operation: arguments.operation.as_deref().map(known_operation).transpose()?,
            state: arguments.run_state.clone(),
            file: arguments.file.as_deref().map(pattern).transpose()?,
        })
    }

    fn takes(&self, run: &Run, settings: &Settings) -> bool {
        let day = day_of(run, settings);
        self.since.is_none_or(|since| day >= since)
            && self.until.is_none_or(|until| day <= until)
            && self.operation.as_ref().is_none_or(|operation| *operation == run.operation)
            && self.state.as_ref().is_none_or(|state| state == run.state.as_str())
    }

    fn takes_file(&self, names: &[String]) -> bool {
        let options = glob::MatchOptions { case_sensitive: false, ..glob::MatchOptions::new() };
        self.file.as_ref().is_none_or(|pattern| names.iter().any(|name| pattern.matches_with(name, options)))
    }
}

/// The day on which a run was planned, in the profile's time zone.
pub(super) fn day_of(run: &Run, settings: &Settings) -> Date {
    run.created_at.to_zoned(settings.timezone.clone()).date()
}

/// A day of a flag.
pub(super) fn parse_day(flag: &str, text: &str) -> Result<Date, RunError> {
    text.trim().parse().map_err(|_| RunError::Input {
        message: format!("--{flag}: {} is not a day; expected a form like 2026-04-01", quote(text)),
        hint: String::new(),
    })
}

fn known_operation(text: &str) -> Result<String, RunError> {
    let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if Operation::by_name(&name).is_some() {
        return Ok(name);
    }
    let names: Vec<String> = ALL.iter().map(Operation::name).collect();
    let near = did_you_mean(&name, names.iter().map(String::as_str));
    Err(RunError::Input {
        message: format!("--operation: {} is no operation{near}; expected one of {}", quote(text), names.join(", ")),
        hint: String::new(),
    })
}

/// A part of a name, or a pattern of the whole one.
fn pattern(text: &str) -> Result<glob::Pattern, RunError> {
    let whole = if text.contains(['*', '?']) { text.to_owned() } else { format!("*{}*", glob::Pattern::escape(text)) };
    glob::Pattern::new(&whole).map_err(|error| RunError::Input {
        message: format!("--file: {} is no pattern: {}", quote(text), error.msg),
        hint: "give a part of the file's name, or a name with * and ?".to_owned(),
    })
}

/// Runs `runs list`; `out` takes data.
pub(super) fn run(
    arguments: &RunsListArgs,
    surroundings: &Surroundings,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let settled = surroundings.settle(&arguments.values(), Purpose::Local)?;
    let json = settled.settings.output.json;
    let filter = Filter::of(arguments)?;
    let session = Session::open(settled.settings, Use::Read, &Stop::default())?;
    if arguments.watch {
        let stop = Arc::new(Stop::default());
        interrupt::listen(&stop, "ends")?;
        return live::watch(&session, &stop, !json && std::io::stdout().is_terminal(), out);
    }
    let place = store::shown(&session.settings);
    let runs = session.ledger().runs()?;
    if runs.is_empty() && !json {
        writeln!(out, "no runs in {place}")?;
        if session.settings.target != Target::Sandbox {
            writeln!(out, "runs of the sandbox are listed with --sandbox")?;
        }
        return Ok(ExitCode::Success);
    }
    let (total, bytes) = (runs.len() as u64, session.ledger().bytes()?);
    let mut chosen = Vec::new();
    for run in runs.into_iter().filter(|run| filter.takes(run, &session.settings)) {
        if arguments.limit.is_some_and(|limit| chosen.len() >= limit) {
            break;
        }
        let sheets = sheets(session.ledger(), &run)?;
        let rows: u64 = sheets.iter().map(|(_, facts)| facts.read.rows).sum();
        let names: Vec<String> = sheets.into_iter().map(|(name, _)| name).collect();
        if filter.takes_file(&names) {
            let purged = !session.ledger().purges(run.id)?.is_empty();
            chosen.push((run, rows, names, purged));
        }
    }
    if !json {
        writeln!(out, "{:>5}  {:16}  {:10}  {:16}  {:>11}  sheets", "run", "planned", "state", "operation", "rows")?;
    }
    for (run, rows, names, purged) in chosen.iter().rev() {
        if json {
            let line = json!({
                "run": run.id.0, "planned-at": run.created_at.to_string(), "state": run.state.as_str(),
                "operation": run.operation, "account": run.account, "rows": rows, "sheets": names, "maker": run.maker,
                "purged": purged, "ledger-bytes": bytes,
            });
            writeln!(out, "{line}")?;
            continue;
        }
        let planned = run.created_at.to_zoned(session.settings.timezone.clone());
        writeln!(
            out,
            "{:>5}  {:16}  {:10}  {:16}  {:>11}  {}{}",
            run.id.0,
            planned.strftime("%Y-%m-%d %H:%M").to_string(),
            run.state.as_str(),
            run.operation,
            grouped(*rows),
            printable(&names.join(", ")),
            if *purged { " (purged)" } else { "" }
        )?;
    }
    if !json {
        let shown = chosen.len() as u64;
        let of =
            if shown == total { count(total, "run") } else { format!("{} of {}", grouped(shown), count(total, "run")) };
        writeln!(out, "{of}; {place} has {} bytes", grouped(bytes))?;
    }
    Ok(ExitCode::Success)
}
