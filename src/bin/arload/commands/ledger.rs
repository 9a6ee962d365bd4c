//! `arload ledger init | migrate | backup | seed`; `policy` has a file of its own.
//!
//! The rule: none of them sends anything, and none replaces a file unasked.

use std::io::Write;
use std::path::Path;

use arload::config::Settings;
use arload::config::layers::Purpose;
use arload::error::RunError;
use arload::exit::ExitCode;
use arload::finding::printable;
use arload::ledger::copy::Copied;
use arload::ledger::sqlite::SqliteLedger;
use arload::ledger::{LedgerError, PostgresLedger};
use arload::plan::{count, grouped};
use serde_json::json;

use super::evidence;
use crate::args::{LedgerArgs, LedgerBackupArgs, LedgerCommand};
use crate::flags::Flags as _;
use crate::session::{ledger_path, open_file};
use crate::surroundings::Surroundings;

/// Runs a `ledger` command; `out` takes data.
pub(crate) fn run(
    command: &LedgerCommand,
    surroundings: &Surroundings,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    match command {
        LedgerCommand::Init(arguments) => init(&settings(arguments, surroundings)?, out),
        LedgerCommand::Migrate(arguments) => migrate(&settings(arguments, surroundings)?, out),
        LedgerCommand::Backup(arguments) => backup(arguments, surroundings, out),
        LedgerCommand::Policy(arguments) => super::policy::run(arguments, surroundings, out),
        LedgerCommand::Seed(arguments) => super::seed::run(arguments, surroundings),
    }
}

fn settings(arguments: &LedgerArgs, surroundings: &Surroundings) -> anyhow::Result<Settings> {
    Ok(surroundings.settle(&arguments.values(), Purpose::Local)?.settings)
}

fn init(settings: &Settings, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    if let Some(shared) = &settings.places.ledger {
        let place = shared.with_password()?;
        let words = match PostgresLedger::prepare(&place)? {
            Some(format) => format!("there is a ledger already, of format {format}; left alone"),
            None => format!("created in the schema {}", place.schema()),
        };
        return say_of(place.shown(), &words, &json!({ "ledger": place.shown() }), settings, out);
    }
    let path = ledger_path(settings);
    if let Some(format) = SqliteLedger::format_of(&path)? {
        let words = format!("there is a ledger already, of format {format}; left alone");
        return say(&path, &words, &json!({ "ledger": path, "created": false }), settings, out);
    }
    open_file(settings)?;
    say(&path, "created", &json!({ "ledger": path, "created": true }), settings, out)
}

/// Tells one fact of a ledger's place.
fn say_of(
    place: &str,
    words: &str,
    fact: &serde_json::Value,
    settings: &Settings,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    if settings.output.json {
        writeln!(out, "{fact}")?;
    } else {
        writeln!(out, "{}: {words}", printable(place))?;
    }
    Ok(ExitCode::Success)
}

/// Tells one fact of a file, as a line for people or for scripts.
fn say(
    path: &Path,
    words: &str,
    fact: &serde_json::Value,
    settings: &Settings,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    say_of(&path.display().to_string(), words, fact, settings, out)
}

fn migrate(settings: &Settings, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    if let Some(shared) = &settings.places.ledger {
        let place = shared.with_password()?;
        let Some(before) = PostgresLedger::format_of(&place)? else {
            return Err(LedgerError::Missing { place: place.shown().to_owned() }.into());
        };
        PostgresLedger::prepare(&place)?;
        let after = PostgresLedger::format_of(&place)?.unwrap_or(before);
        let fact = json!({ "ledger": place.shown(), "from": before, "to": after });
        return say_of(place.shown(), &migrated(before, after), &fact, settings, out);
    }
    let path = ledger_path(settings);
    let Some(before) = SqliteLedger::format_of(&path)? else {
        return Err(RunError::Input {
            message: format!("{}: there is no ledger", path.display()),
            hint: "\"arload ledger init\" creates one; --state names another folder".to_owned(),
        }
        .into());
    };
    open_file(settings)?;
    let after = SqliteLedger::format_of(&path)?.unwrap_or(before);
    say(&path, &migrated(before, after), &json!({ "ledger": path, "from": before, "to": after }), settings, out)
}

fn migrated(before: i64, after: i64) -> String {
    if after == before {
        format!("has format {after} already; nothing to do")
    } else {
        format!("brought from format {before} to {after}")
    }
}

fn backup(arguments: &LedgerBackupArgs, surroundings: &Surroundings, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let settings = settings(&arguments.shared, surroundings)?;
    if let Some(shared) = &settings.places.ledger {
        let (place, schema) = (shared.place().shown(), shared.place().schema());
        return Err(RunError::Input {
            message: format!("{place}: a database is backed up by its own tools; nothing written"),
            hint: format!(
                "\"pg_dump --format=custom --schema={schema} DATABASE > FILE\" writes what stands at one moment"
            ),
        }
        .into());
    }
    let ledger = evidence::file(&ledger_path(&settings))?;
    let file = &arguments.file;
    if file.symlink_metadata().is_ok() && !arguments.force {
        return Err(RunError::Input {
            message: format!("{}: already exists, nothing written", file.display()),
            hint: "pass --force to replace it, or name another file".to_owned(),
        }
        .into());
    }
    let copied = ledger.backup(file, arguments.force)?;
    let Copied { runs, rows, bytes } = copied;
    let words = format!("{} with {}, {} bytes", count(runs, "run"), count(rows, "row"), grouped(bytes));
    say(file, &words, &json!({ "file": file, "runs": runs, "rows": rows, "bytes": bytes }), &settings, out)
}
