//! `arload runs show | send | reconcile | results`; the others have files of their own.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use arload::config::Settings;
use arload::config::layers::{Purpose, Settled};
use arload::corrections::after;
use arload::error::RunError;
use arload::event::{Event, Observer as _};
use arload::exit::ExitCode;
use arload::export::Format;
use arload::finding::printable;
use arload::ledger::consent::ApprovalRecord;
use arload::ledger::{ChunkState, Ledger, Run, RunId, RunState};
use arload::operation::Operation;
use arload::pipeline::approval::{self, Standing};
use arload::pipeline::unread::Unread;
use arload::plan::{SheetFacts, hash};
use arload::results;
use arload::stop::Stop;
use arload::wording::{count, grouped, hex};
use jiff::Timestamp;
use serde_json::json;

use crate::args::{RunResultsArgs, RunSendArgs, RunShowArgs, RunsCommand};
use crate::confirm;
use crate::console::{Console, span};
use crate::flags::Flags as _;
use crate::interrupt;
use crate::reporter::{self, Reporter};
use crate::session::{Session, Use};
use crate::surroundings::Surroundings;
use crate::totals;

/// Runs a `runs` command; `out` takes data.
pub(crate) fn run(command: &RunsCommand, surroundings: &Surroundings, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    match command {
        RunsCommand::List(arguments) => super::listing::run(arguments, surroundings, out),
        RunsCommand::Show(arguments) => show(arguments, surroundings, out),
        RunsCommand::Approve(arguments) => super::approve::run(arguments, surroundings, out),
        RunsCommand::Send(arguments) => go_on(arguments, surroundings, Going::Send),
        RunsCommand::Reconcile(arguments) => go_on(arguments, surroundings, Going::Reconcile),
        RunsCommand::Results(arguments) => write_results(arguments, surroundings),
        RunsCommand::Evidence(arguments) => super::evidence::run(arguments, surroundings, out),
        RunsCommand::Expected(arguments) => super::expected::run(arguments, surroundings, out),
        RunsCommand::Verify(arguments) => super::evidence::audit(arguments, surroundings, out),
        RunsCommand::Forget(arguments) => super::forget::run(arguments, surroundings, out),
    }
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
    let planned = Planned::of(ledger, run, session.now())?;
    if session.settings.output.json {
        let line = json!({
            "run": run.id.0, "planned-at": run.created_at.to_string(), "state": run.state.as_str(), "reason": run.reason,
            "operation": run.operation, "account": run.account, "totals": totals, "rows-by-code": breakdown.codes,
            "corrected": corrected.map(|corrected| json!({
                "runs": corrected.runs, "rows": corrected.rows, "totals": corrected.totals,
                "rows-by-code": corrected.breakdown.codes,
            })),
            "head": head, "maker": run.maker, "plan-hash": planned.hash, "approval": planned.word(),
            "approvals": planned.approvals.iter().map(|approval| json!({
                "approver": approval.approver, "approved-at": approval.approved_at.to_string(),
                "plan-hash": hex(&approval.plan),
            })).collect::<Vec<_>>(),
            "severity": approval::changed_severities(&run.settings), "purged": results::purged(ledger, run)?,
        });
        writeln!(out, "{line}")?;
        return Ok(());
    }
    let zone = session.settings.timezone.clone();
    let time = |at: jiff::Timestamp| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string();
    writeln!(out, "run {}: {}, {}", run.id, run.operation, run.state.as_str())?;
    if !run.reason.is_empty() {
        writeln!(out, "because: {}", printable(&run.reason))?;
    }
    writeln!(out, "account: {}", run.account)?;
    writeln!(out, "planned: {}", time(run.created_at))?;
    if let Some(at) = run.finished_at {
        writeln!(out, "ended:   {}", time(at))?;
    }
    for (name, facts) in sheets(ledger, run)? {
        let (name, rows) = (printable(&name), count(facts.read.rows, "row"));
        writeln!(out, "sheet {name}: {rows}, headings in row {}", facts.header.number)?;
        for note in &facts.notes {
            writeln!(out, "  {}", printable(note))?;
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
    show_requests(ledger, run, planned.may_leave(), out)?;
    show_plan(session, run, &planned, out)?;
    for sentence in results::purged(ledger, run)? {
        writeln!(out, "{}", printable(&sentence))?;
    }
    writeln!(out, "history: {head}")?;
    Ok(())
}

/// The chunks by state, and how to go on.
fn show_requests(ledger: &dyn Ledger, run: &Run, may_leave: bool, out: &mut dyn Write) -> anyhow::Result<()> {
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
    let waits = chunks.iter().any(|chunk| chunk.state == ChunkState::Planned);
    if waits && may_leave && run.state == RunState::Open {
        writeln!(out, "next: \"arload runs send {}\" sends what waits", run.id)?;
    }
    if chunks.iter().any(|chunk| chunk.state == ChunkState::Unknown) {
        writeln!(out, "next: \"arload runs reconcile {}\" looks up what has no useful answer", run.id)?;
    }
    Ok(())
}

/// What is told of a plan, besides its rows.
struct Planned {
    /// None where its bytes were purged and nobody approved it, or nobody asks any more.
    hash: Option<String>,
    approvals: Vec<ApprovalRecord>,
    standing: Standing,
}

impl Planned {
    fn of(ledger: &dyn Ledger, run: &Run, now: Timestamp) -> Result<Planned, RunError> {
        let approvals = ledger.approvals(run.id)?;
        // The hash of an open run stands over all its bytes; that of another one is of interest only if it was approved.
        let plan = match run.state {
            RunState::Open => hash::of_plan(ledger, run)?,
            _ => approvals.last().map(|approval| approval.plan),
        };
        let standing = approval::standing(ledger, run, None, now)?;
        Ok(Planned { hash: plan.map(|plan| hex(&plan)), approvals, standing })
    }

    fn may_leave(&self) -> bool {
        matches!(self.standing, Standing::Free | Standing::Approved(_))
    }

    fn word(&self) -> &'static str {
        match self.standing {
            Standing::Free if self.approvals.is_empty() => "none",
            Standing::Free | Standing::Approved(_) => "approved",
            Standing::Waits(_) => "waits",
            Standing::Void(_) => "void",
        }
    }
}

/// How long sending takes, who made the plan, and where it stands with who approves it.
fn show_plan(session: &Session, run: &Run, planned: &Planned, out: &mut dyn Write) -> anyhow::Result<()> {
    let (ledger, settings) = (session.ledger(), &session.settings);
    let waiting = ledger.chunks(run.id)?.iter().filter(|chunk| chunk.state == ChunkState::Planned).count() as u64;
    if waiting > 0 && run.state == RunState::Open {
        let sending = &settings.sending;
        let least = Duration::from_secs_f64(waiting as f64 / sending.rate);
        let today = session.now().to_zoned(settings.timezone.clone()).date().to_string();
        let quota = match sending.per_day {
            None => String::new(),
            Some(per_day) => {
                let left = per_day.saturating_sub(ledger.day_count(&run.account, &today)?.0);
                let days = if per_day > 0 { waiting.saturating_sub(left).div_ceil(per_day) } else { 0 };
                let more = if days > 0 { format!(", so {} more", count(days, "day")) } else { String::new() };
                format!("; {} left today{more}", grouped(left))
            }
        };
        let pace = format!("at least {} at {} a second", span(least), sending.rate);
        writeln!(out, "to send: {}, {pace}{quota}", count(waiting, "request"))?;
    }
    for weight in approval::changed_severities(&run.settings) {
        writeln!(out, "severity changed by the profile: {}", printable(&weight))?;
    }
    let made = if run.maker.is_empty() { String::new() } else { format!(", made by {}", printable(&run.maker)) };
    match &planned.hash {
        Some(hash) => writeln!(out, "plan: {hash}{made}")?,
        None if run.maker.is_empty() => {}
        None => writeln!(out, "plan: made by {}", printable(&run.maker))?,
    }
    for approval in &planned.approvals {
        let at = approval.approved_at.to_zoned(settings.timezone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string();
        let digits = &hex(&approval.plan)[..16];
        writeln!(out, "approved: by {} at {at}, the plan {digits}", printable(&approval.approver))?;
    }
    match &planned.standing {
        Standing::Free | Standing::Approved(_) => {}
        Standing::Waits(approvers) => {
            let plan = hash::of_plan(ledger, run)?;
            writeln!(out, "next: {}", printable(&approval::waiting_words(run, approvers, plan.as_ref())))?;
        }
        Standing::Void(why) => {
            writeln!(out, "void: {}; give the sheet again to plan its rows afresh", printable(why))?;
        }
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
    let flags = arguments.values();
    let settings = match surroundings.settle(&flags, Purpose::Account) {
        Ok(Settled { settings, .. }) => settings,
        Err(error) => return reporter::refused(surroundings, &flags, None, error),
    };
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
    let pipeline = session.pipeline(&stop, console);
    // Nobody is asked about what another person has to approve first.
    if pipeline.lacks_yes(&run)?
        && !pipeline.needs_approval(&run)?
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
pub(super) fn sheets(ledger: &dyn Ledger, run: &Run) -> anyhow::Result<Vec<(String, SheetFacts)>> {
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
