//! The program: reads the command line, builds what a command needs, and hands it over.
//!
//! The rule: data goes to standard output, talk to standard error, and a closed pipe ends quietly.

mod args;
mod commands;
mod completions;
mod confirm;
mod console;
mod examples;
mod flags;
mod help;
mod interrupt;
mod progress;
mod reporter;
mod screen;
mod session;
mod store;
mod surroundings;
mod totals;

use std::io::{self, Write as _};

use arload::api::Searched;
use arload::api::client::HttpError;
use arload::config::error::ConfigError;
use arload::error::RunError;
use arload::exit::ExitCode;
use arload::explain::ErrorCode;
use arload::finding::printable;
use arload::ledger::LedgerError;
use arload::operation::Operation;
use arload::pipeline::stop_code;
use clap::FromArgMatches as _;

use crate::args::{Arguments, Command, CustomersCommand, InvoicesCommand, SheetArgs};
use crate::screen::Tone;
use crate::surroundings::Surroundings;

fn main() -> std::process::ExitCode {
    surroundings::screen().settle();
    if let Some(turned) = examples::turned(std::env::args_os().skip(1)) {
        let _ = writeln!(screen::talk(), "arload: a verb stands behind what it is for\nhint: run \"arload {turned}\"");
        return ExitCode::Usage.into();
    }
    let matches = examples::command().get_matches();
    let arguments = Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    // A panic has told its place by itself; scripts get the code of a bug.
    let ended = std::panic::catch_unwind(|| run(&arguments).unwrap_or_else(|error| report(&error)));
    ended.unwrap_or(ExitCode::Bug).into()
}

fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let surroundings = Surroundings::look();
    let (mut out, mut talk) = (screen::output(), screen::talk());
    match &arguments.command {
        Command::Invoices(command) => invoices(command, &surroundings),
        Command::Customers(command) => customers(command, &surroundings),
        Command::Reminders(command) => on_sheets("reminders", command.parts(), &surroundings),
        Command::Runs(command) => commands::runs::run(command, &surroundings, &mut out),
        Command::Ledger(command) => commands::ledger::run(command, &surroundings, &mut out),
        Command::Watch(arguments) => commands::watch::run(arguments, &surroundings),
        Command::Work(arguments) => commands::work::run(arguments, &surroundings),
        Command::Inspect(arguments) => commands::inspect::run(arguments, &surroundings, &mut out, &mut talk),
        Command::Template(arguments) => commands::template::run(arguments, &mut out, &mut talk),
        Command::Sandbox(arguments) => commands::sandbox::run(arguments, &mut out),
        Command::Auth(command) => commands::auth::run(command, &surroundings, &mut out, &mut talk),
        Command::Config(command) => commands::config::run(command, &surroundings, &mut out, &mut talk),
        Command::Explain(arguments) => commands::explain::run(arguments, &mut out),
        Command::CompleteWords(arguments) => commands::complete::run(arguments, &surroundings, &mut out),
        Command::Completions(arguments) => commands::pages::completions(arguments, &mut out),
        Command::Man(arguments) => commands::pages::man(arguments, &mut out, &mut talk),
        Command::Bench(arguments) => commands::bench::run(arguments, &surroundings, &mut out),
        Command::BenchJob => commands::bench::serve(),
        Command::DecodeWorkbook => commands::decode_workbook::run(),
    }
}

fn invoices(command: &InvoicesCommand, surroundings: &Surroundings) -> anyhow::Result<ExitCode> {
    if let Some(parts) = command.parts() {
        return on_sheets("invoices", parts, surroundings);
    }
    match command {
        InvoicesCommand::Search(search) => {
            let filters = &search.filters.0;
            commands::search::run(Searched::Invoices, filters, &search.export, &search.asking, surroundings)
        }
        InvoicesCommand::Compare(arguments) => commands::compare::run(arguments, surroundings),
        _ => unreachable!("every other command is an operation on sheets"),
    }
}

fn customers(command: &CustomersCommand, surroundings: &Surroundings) -> anyhow::Result<ExitCode> {
    if let Some(parts) = command.parts() {
        return on_sheets("customers", parts, surroundings);
    }
    match command {
        CustomersCommand::Search(search) => {
            let filters = &search.filters.0;
            commands::search::run(Searched::Customers, filters, &search.export, &search.asking, surroundings)
        }
        CustomersCommand::Pull(pull) => commands::search::pull(pull, surroundings),
        _ => unreachable!("every other command is an operation on sheets"),
    }
}

fn on_sheets(
    resource: &str,
    (verb, arguments): (&str, &SheetArgs),
    surroundings: &Surroundings,
) -> anyhow::Result<ExitCode> {
    let operation = Operation::find(resource, verb).expect("the command line names operations of the table only");
    commands::sheets::run(operation, arguments, surroundings)
}

/// Says why the program ends, with the way out on a line of its own. Nothing more can be done where even that fails.
fn report(error: &anyhow::Error) -> ExitCode {
    let closed = |cause: &(dyn std::error::Error + 'static)| {
        cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    };
    if error.chain().any(closed) {
        return ExitCode::Success;
    }
    let mut talk = screen::talk();
    let start = screen::toned("arload: ", Tone::Bad);
    let _ = writeln!(talk, "{start}{}", printable(&format!("{error:#}")));
    if let Some(hint) = hint(error) {
        let start = screen::toned("hint: ", Tone::Hint);
        let _ = writeln!(talk, "{start}{}", printable(&hint));
    }
    if let Some(code) = named(error) {
        let _ = writeln!(talk, "more: arload explain {}", code.as_str());
    }
    code(error)
}

pub(crate) fn hint(error: &anyhow::Error) -> Option<String> {
    if let Some(error) = error.downcast_ref::<RunError>() {
        return error.hint();
    }
    if let Some(error) = error.downcast_ref::<LedgerError>() {
        return Some(error.hint().to_owned());
    }
    error.downcast_ref::<ConfigError>().and_then(ConfigError::hint).map(str::to_owned)
}

/// The code under which the error is explained; none where the message says all there is to say.
fn named(error: &anyhow::Error) -> Option<ErrorCode> {
    if let Some(error) = error.downcast_ref::<RunError>() {
        return Some(ErrorCode::from(error)).filter(|code| *code != ErrorCode::Input);
    }
    if let Some(error) = error.downcast_ref::<LedgerError>() {
        return Some(ErrorCode::from(error));
    }
    error.downcast_ref::<ConfigError>().map(ErrorCode::from)
}

/// What an error that ended the command means to a script.
pub(crate) fn code(error: &anyhow::Error) -> ExitCode {
    if error.downcast_ref::<HttpError>().is_some() {
        return ExitCode::Usage;
    }
    if error.downcast_ref::<LedgerError>().is_some_and(LedgerError::goes_on) {
        return ExitCode::StoppedEarly;
    }
    match error.downcast_ref::<RunError>() {
        Some(RunError::Ledger(error)) if error.goes_on() => ExitCode::StoppedEarly,
        Some(RunError::Locked(_) | RunError::Watched(_)) => ExitCode::Locked,
        Some(RunError::Interrupted) => ExitCode::Interrupted,
        Some(RunError::Stopped { reason, .. } | RunError::Export { reason: Some(reason), .. }) => stop_code(*reason),
        Some(RunError::TotalsDisagree(_)) => ExitCode::Bug,
        // The plan could not be recorded, or waits for an approval, or an export stopped: the same command goes on.
        Some(
            RunError::Spool(_)
            | RunError::Unapproved(_)
            | RunError::Export { reason: None, .. }
            | RunError::NotExported { .. },
        ) => ExitCode::StoppedEarly,
        _ => ExitCode::Usage,
    }
}
