//! `arload RESOURCE VERB FILE...`: every operation on sheets.

use std::io;
use std::sync::Arc;

use arload::config::Settings;
use arload::config::layers::{Purpose, Settled};
use arload::event::{Event, Observer};
use arload::exit::ExitCode;
use arload::ledger::RunState;
use arload::operation::Operation;
use arload::platform;
use arload::stop::Stop;

use crate::args::SheetArgs;
use crate::confirm;
use crate::flags::Flags as _;
use crate::interrupt;
use crate::reporter::{self, Reporter};
use crate::session::{Session, Use};
use crate::surroundings::Surroundings;

/// Runs an operation over the sheets that the arguments name.
pub(crate) fn run(
    operation: &'static Operation,
    arguments: &SheetArgs,
    surroundings: &Surroundings,
) -> anyhow::Result<ExitCode> {
    let flags = arguments.values();
    let settled = match surroundings.settle(&flags, Purpose::Sheets(operation)) {
        Ok(settled) => settled,
        Err(error) => return reporter::refused(surroundings, &flags, Some(operation), error),
    };
    let reporter = Reporter::new(&settled.settings);
    reporter.end(load(operation, arguments, settled, &reporter))
}

fn load(
    operation: &'static Operation,
    arguments: &SheetArgs,
    settled: Settled,
    console: &Reporter,
) -> anyhow::Result<ExitCode> {
    for message in settled.warnings {
        console.event(&Event::Warning { message, hint: None });
    }
    if let Some(program) = platform::sync_program(&settled.settings.places.state) {
        console.event(&Event::Warning {
            message: format!(
                "{}: {program} copies this folder; it can damage a ledger",
                settled.settings.places.state.display()
            ),
            hint: Some("name another folder with --state".to_owned()),
        });
    }
    let stop = Arc::new(Stop::default());
    interrupt::listen(&stop, interrupt::FINISHING)?;
    let asks = confirm::must_ask(operation, &settled.settings, &arguments.files)?;
    let mut session = open(operation, settled.settings, &stop, console)?;
    let pipeline = session.pipeline(&stop, console);
    let report = pipeline.run_sheets(operation, &arguments.files, Box::new(io::stdin()))?;
    let waiting = match report.run.filter(|_| asks) {
        Some(id) => session.ledger().run(id)?,
        None => None,
    };
    let Some(run) = waiting.filter(|run| run.state == RunState::Open) else { return Ok(report.exit) };
    // Nobody is asked about what another person has to approve first.
    if !pipeline.lacks_yes(&run)?
        || pipeline.needs_approval(&run)?
        || !confirm::ask(operation, &run, &report.totals, &session.place())?
    {
        return Ok(report.exit);
    }
    session.settings.mode.yes = true;
    Ok(session.pipeline(&stop, console).send_run(run.id)?.exit)
}

/// Opens what an operation on sheets needs, and tells first whom it talks to.
pub(super) fn open(
    operation: &Operation,
    settings: Settings,
    stop: &Stop,
    observer: &dyn Observer,
) -> anyhow::Result<Session> {
    size_pool(settings.threads);
    let session = Session::open(settings, Use::Write, stop)?;
    observer.event(&Event::Account {
        host: session.host().to_owned(),
        environment: session.settings.environment.clone(),
        company: session.settings.company.company_id.clone(),
        operation: operation.name(),
    });
    Ok(session)
}

/// Gives rayon as many workers as asked for.
pub(super) fn size_pool(threads: usize) {
    // It fails only where the pool exists already, which then has its size.
    let _ = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|number| format!("check-{number}"))
        .build_global();
}
