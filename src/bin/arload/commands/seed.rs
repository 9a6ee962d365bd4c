//! `arload ledger seed FILE...`: results and exports become history of the duplicate guard.
//!
//! The rule: nothing is sent and no secret is read; results and exports are never mixed, because they are read otherwise.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use arload::config::account::AccountKey;
use arload::config::layers::Purpose;
use arload::config::{Reading, Settings};
use arload::error::RunError;
use arload::event::{Event, Observer as _};
use arload::exit::ExitCode;
use arload::finding::quote;
use arload::operation::Operation;
use arload::pipeline::seed::Seeds;
use arload::sheet::input::is_result;
use arload::stop::Stop;

use crate::args::LedgerSeedArgs;
use crate::console::Console;
use crate::flags::Flags as _;
use crate::interrupt;
use crate::session::{Session, Use};
use crate::surroundings::Surroundings;

/// Runs `ledger seed`.
pub(crate) fn run(arguments: &LedgerSeedArgs, surroundings: &Surroundings) -> anyhow::Result<ExitCode> {
    let settled = surroundings.settle(&arguments.values(), Purpose::Local)?;
    let console = Console::new(settled.settings.output);
    for message in settled.warnings {
        console.event(&Event::Warning { message, hint: None });
    }
    let mut settings = settled.settings;
    if AccountKey::of(&settings).is_none() {
        return Err(input(
            "settings: no account, and what is known of rows is kept by account".to_owned(),
            "set base-url and company-id, or name a profile with --profile",
        ));
    }
    let operation = arguments.operation.as_deref().map(named).transpose()?;
    let results = results(&arguments.files)?;
    seeding(&mut settings, arguments.dry_run, results.is_some());
    super::sheets::size_pool(settings.threads);
    let stop = Arc::new(Stop::default());
    interrupt::listen(&stop, interrupt::FINISHING)?;
    let session = Session::open(settings, Use::Write, &stop)?;
    let folder = tempfile::tempdir().context("make a private folder for the rows of results")?;
    let seeds = match &results {
        Some(results) => Seeds::Results(results, folder.path()),
        None => Seeds::Sheets(&arguments.files),
    };
    Ok(session.pipeline(&stop, &console).seed(operation, &seeds)?.exit)
}

/// What seeding changes in the settings: nothing is sent, nothing is asked, and what was rejected once may be there.
fn seeding(settings: &mut Settings, dry_run: bool, results: bool) {
    let mode = &mut settings.mode;
    (mode.seed, mode.plan_only, mode.first_use, mode.retry_rejected) = (true, true, true, true);
    mode.dry_run = dry_run;
    if results {
        // They are unpacked in a form that needs no guess.
        settings.reading = Reading {
            header_row: Some(1),
            delimiter: Some(b','),
            encoding: Some("utf-8".to_owned()),
            date_order: settings.reading.date_order,
            decoder: settings.reading.decoder.take(),
            ..Reading::default()
        };
    }
}

fn named(name: &str) -> anyhow::Result<&'static Operation> {
    let found = Operation::by_name(name).filter(|operation| operation.creates());
    found.ok_or_else(|| {
        input(
            format!("--as: {} puts no records in", quote(name)),
            "expected \"invoices create\" or \"customers create\"",
        )
    })
}

/// The files, if they are results of arload; none if they are sheets.
fn results(files: &[String]) -> anyhow::Result<Option<Vec<PathBuf>>> {
    let are_results = |file: &String| Path::new(file).is_file() && is_result(Path::new(file)).unwrap_or(false);
    let (results, sheets): (Vec<&String>, Vec<&String>) = files.iter().partition(|file| are_results(file));
    match (&results[..], &sheets[..]) {
        ([], _) => Ok(None),
        (results, []) => Ok(Some(results.iter().map(PathBuf::from).collect())),
        ([result, ..], [sheet, ..]) => Err(input(
            format!("{} is a result of arload and {} is none", quote(result), quote(sheet)),
            "seed from results and from sheets in two commands",
        )),
    }
}

fn input(message: String, hint: &str) -> anyhow::Error {
    RunError::Input { message, hint: hint.to_owned() }.into()
}
