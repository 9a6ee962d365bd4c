//! `arload runs list | show | send | reconcile | results`; `evidence` and `verify` have a file of their own.

use std::io::Write;
use std::sync::Arc;

use arload::config::layers::{Purpose, Settled};
use arload::config::{Settings, Target};
use arload::corrections::after;
use arload::error::RunError;
use arload::event::{Event, Observer as _};
use arload::exit::ExitCode;
use arload::export::Format;
use arload::finding::printable;
use arload::ledger::{ChunkState, Ledger, Run, RunId};
use arload::operation::Operation;
use arload::pipeline::unread::Unread;
use arload::plan::{SheetFacts, count};
use arload::results;
use arload::results::summary::hex;
use arload::stop::Stop;
use serde_json::json;

use crate::args::{RunResultsArgs, RunSendArgs, RunShowArgs, RunsCommand, RunsListArgs};
use crate::confirm;
use crate::console::Console;
use crate::flags::Flags as _;
use crate::interrupt;
use crate::reporter::Reporter;
use crate::session::{Session, Use};
use crate::surroundings::Surroundings;
use crate::totals;

/// Runs a `runs` command; `out` takes data.
pub(crate) fn run(command: &RunsCommand, surroundings: &Surroundings, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    match command {
        RunsCommand::List(arguments) => list(arguments, surroundings, out),
        RunsCommand::Show(arguments) => show(arguments, surroundings, out),
        RunsCommand::Send(arguments) => go_on(arguments, surroundings, Going::Send),
        RunsCommand::Reconcile(arguments) => go_on(arguments, surroundings, Going::Reconcile),
        RunsCommand::Results(arguments) => write_results(arguments, surroundings),
        RunsCommand::Evidence(arguments) => super::evidence::run(arguments, surroundings, out),
        RunsCommand::Expected(arguments) => super::expected::run(arguments, surroundings, out),
        RunsCommand::Verify(arguments) => super::evidence::audit(arguments, surroundings, out),
    }
}

fn list(arguments: &RunsListArgs, surroundings: &Surroundings, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let settled = surroundings.settle(&arguments.values(), Purpose::Local)?;
    let json = settled.settings.output.json;
    let session = Session::open(settled.settings, Use::Read, &Stop::default())?;
    let runs = session.ledger().runs()?;
    if runs.is_empty() && !json {
        writeln!(out, "no runs in {}", crate::session::ledger_path(&session.settings).display())?;
        if session.settings.target != Target::Sandbox {
            writeln!(out, "runs of the sandbox are listed with --sandbox")?;
        }
        return Ok(ExitCode::Success);
    }
    if !json {
        writeln!(out, "{:>5}  {:16}  {:10}  {:16}  {:>11}  sheets", "run", "planned", "state", "operation", "rows")?;
    }
    for run in runs {
        let sheets = sheets(session.ledger(), &run)?;
        let rows: u64 = sheets.iter().map(|(_, facts)| facts.read.rows).sum();
        let names: Vec<&str> = sheets.iter().map(|(name, _)| name.as_str()).collect();
        let planned = run.created_at.to_zoned(session.settings.timezone.clone());
        if json {
            let line = json!({
                "run": run.id.0, "planned-at": run.created_at.to_string(), "state": run.state.as_str(),
                "operation": run.operation, "account": run.account, "rows": rows, "sheets": names,
            });
            writeln!(out, "{line}")?;
        } else {
            writeln!(
                out,
                "{:>5}  {:16}  {:10}  {:16}  {:>11}  {}",
                run.id.0,
                planned.strftime("%Y-%m-%d %H:%M").to_string(),
                run.state.as_str(),
                run.operation,
                arload::plan::grouped(rows),
                names.join(", ")
            )?;
        }
    }
    Ok(ExitCode::Success)
}

fn show(arguments: &RunShowArgs, surroundings: &Surroundings, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let settled = surroundings.settle(&arguments.values(), Purpose::Local)?;
    let session = Session::open(settled.settings, Use::Read, &Stop::default())?;
    let run = find(session.ledger(), &arguments.run.run)?;
    show_run(&session, &run, out)?;
    if arguments.open { super::run_page::open(&session, &run, out) } else { Ok(ExitCode::Success) }
}

fn show_run(session: &Session, run: &Run, out: &mut dyn Write) -> anyhow::Result<()> {
    let ledger = session.ledger();
    let (totals, breakdown) = results::totals(ledger, run)?;
    let corrected = after::totals(ledger, run)?;
    let head = hex(&ledger.head(run.id)?);
    if session.settings.output.json {
        let line = json!({
            "run": run.id.0, "planned-at": run.created_at.to_string(), "state": run.state.as_str(), "reason": run.reason,
            "operation": run.operation, "account": run.account, "totals": totals, "rows-by-code": breakdown.codes,
            "head": head,
            "corrected": corrected.map(|corrected| json!({
                "runs": corrected.runs, "rows": corrected.rows, "totals": corrected.totals,
                "rows-by-code": corrected.breakdown.codes,
            })),
        });
        writeln!(out, "{line}")?;
        return Ok(());
    }
    let zone = session.settings.timezone.clone();
    let time = |at: jiff::Timestamp| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string();
    writeln!(out, "run {}: {}, {}", run.id, run.operation, run.state.as_str())?;
    if !run.reason.is_empty() {
        writeln!(out, "because: {}", run.reason)?;
    }
    writeln!(out, "account: {}", run.account)?;
    writeln!(out, "planned: {}", time(run.created_at))?;
    if let Some(at) = run.finished_at {
        writeln!(out, "ended:   {}", time(at))?;
    }
    for (name, facts) in sheets(ledger, run)? {
        writeln!(out, "sheet {name}: {}, headings in row {}", count(facts.read.rows, "row"), facts.header.number)?;
        for note in &facts.notes {
            writeln!(out, "  {note}")?;
        }
    }
    for message in Unread::of(&run.settings).words() {
        writeln!(out, "not read: {}", printable(&message))?;
    }
    write!(out, "{}", totals::table(&totals))?;
    for (code, rows) in &breakdown.codes {
        writeln!(out, "  {code}: {}", count(*rows, "row"))?;
    }
    if let Some(corrected) = corrected {
        writeln!(out, "{}", corrected.words(run.id))?;
        write!(out, "{}", totals::table(&corrected.totals))?;
    }
    for before in after::runs_before(ledger, run.id)? {
        writeln!(out, "corrects rows of run {before}: \"arload runs show {before}\"")?;
    }
    show_requests(ledger, run, out)?;
    writeln!(out, "history: {head}")?;
    Ok(())
}

/// The chunks by state, and how to go on.
fn show_requests(ledger: &dyn Ledger, run: &Run, out: &mut dyn Write) -> anyhow::Result<()> {
    let chunks = ledger.chunks(run.id)?;
    let attempts: u64 = chunks.iter().map(|chunk| u64::from(chunk.attempts)).sum();
    writeln!(out, "uploads: {} planned, {} sent", count(chunks.len() as u64, "file"), count(attempts, "request"))?;
    let states = [
        (ChunkState::Settled, "answered"),
        (ChunkState::Rejected, "refused whole"),
        (ChunkState::Split, "split"),
        (ChunkState::Unknown, "without a useful answer"),
        (ChunkState::Sending, "on their way, or cut off"),
        (ChunkState::Planned, "waiting to be sent"),
    ];
    for (state, words) in states {
        let files = chunks.iter().filter(|chunk| chunk.state == state).count() as u64;
        if files > 0 {
            writeln!(out, "  {}: {words}", count(files, "file"))?;
        }
    }
    if chunks.iter().any(|chunk| chunk.state == ChunkState::Planned) && run.state == arload::ledger::RunState::Open {
        writeln!(out, "next: \"arload runs send {}\" sends what waits", run.id)?;
    }
    if chunks.iter().any(|chunk| chunk.state == ChunkState::Unknown) {
        writeln!(out, "next: \"arload runs reconcile {}\" looks up what has no useful answer", run.id)?;
    }
    Ok(())
}

/// How a stored run goes on.
#[derive(Clone, Copy)]
enum Going {
    Send,
    Reconcile,
}

fn go_on(arguments: &RunSendArgs, surroundings: &Surroundings, going: Going) -> anyhow::Result<ExitCode> {
    let Settled { settings, .. } = surroundings.settle(&arguments.values(), Purpose::Account)?;
    let reporter = Reporter::new(&settings);
    reporter.end(go_on_with(arguments, settings, going, &reporter))
}

fn go_on_with(
    arguments: &RunSendArgs,
    settings: Settings,
    going: Going,
    console: &Reporter,
) -> anyhow::Result<ExitCode> {
    let stop = Arc::new(Stop::default());
    interrupt::listen(&stop, interrupt::FINISHING)?;
    let mut session = Session::open(settings, Use::Write, &stop)?;
    let run = find(session.ledger(), &arguments.run.run)?;
    console.event(&Event::Account {
        host: session.host().to_owned(),
        environment: session.settings.environment.clone(),
        company: session.settings.company.company_id.clone(),
        operation: run.operation.clone(),
    });
    if session.pipeline(&stop, console).lacks_yes(&run)?
        && let Some(operation) = Operation::by_name(&run.operation)
        && confirm::must_ask(operation, &session.settings, &[])?
    {
        let totals = results::totals(session.ledger(), &run)?.0;
        if !confirm::ask(operation, &run, &totals, &session.place())? {
            return Ok(ExitCode::StoppedEarly);
        }
        session.settings.mode.yes = true;
    }
    let pipeline = session.pipeline(&stop, console);
    let report = match going {
        Going::Send => pipeline.send_run(run.id)?,
        Going::Reconcile => pipeline.reconcile_run(run.id)?,
    };
    Ok(report.exit)
}

fn write_results(arguments: &RunResultsArgs, surroundings: &Surroundings) -> anyhow::Result<ExitCode> {
    let settled = surroundings.settle(&arguments.values(), Purpose::Local)?;
    let console = Console::new(settled.settings.output);
    let session = Session::open(settled.settings, Use::Read, &Stop::default())?;
    let run = find(session.ledger(), &arguments.run.run)?;
    let stop = Stop::default();
    let format = Format::parse(&arguments.export_format).expect("the command line takes forms of exports only");
    let written = session.pipeline(&stop, &console).write_results_as(&run, format)?;
    for message in written.warnings {
        console.event(&Event::Warning { message, hint: None });
    }
    let mut out = std::io::stdout().lock();
    for file in written.files {
        writeln!(out, "{}", file.display())?;
    }
    Ok(ExitCode::Success)
}

pub(super) fn find(ledger: &dyn Ledger, id: &str) -> anyhow::Result<Run> {
    let number = id.parse().map_err(|_| RunError::NoRun(id.to_owned()))?;
    Ok(ledger.run(RunId(number))?.ok_or_else(|| RunError::NoRun(id.to_owned()))?)
}

/// The sheets of a run by label, with what is known of them.
fn sheets(ledger: &dyn Ledger, run: &Run) -> anyhow::Result<Vec<(String, SheetFacts)>> {
    let mut sheets = Vec::new();
    for sheet in ledger.sheets(run.id)? {
        let name = match &sheet.sheet_name {
            Some(name) => format!("{}[{name}]", sheet.file_name),
            None => sheet.file_name.clone(),
        };
        sheets.push((name, serde_json::from_str(&sheet.facts)?));
    }
    Ok(sheets)
}
