//! `arload ledger init | migrate | backup | seed`; `policy` has a file of its own.
//!
//! The rule: none of them sends anything, and none replaces a file unasked.

use std::io::Write;

use arload::config::Settings;
use arload::config::layers::Purpose;
use arload::error::RunError;
use arload::exit::ExitCode;
use arload::finding::printable;
use arload::ledger::copy::Copied;
use arload::ledger::postgres::place::Place;
use arload::ledger::sqlite::SqliteLedger;
use arload::ledger::{LedgerError, PostgresLedger};
use arload::wording::{count, grouped};
use serde_json::json;

use crate::args::{LedgerArgs, LedgerBackupArgs, LedgerCommand};
use crate::flags::Flags as _;
use crate::store::{self, Store, ledger_path};
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
        LedgerCommand::Roles(arguments) => roles(&settings(arguments, surroundings)?, out),
        LedgerCommand::Backup(arguments) => backup(arguments, surroundings, out),
        LedgerCommand::Copy(arguments) => super::ledger_copy::run(arguments, surroundings, out),
        LedgerCommand::Policy(arguments) => super::policy::run(arguments, surroundings, out),
        LedgerCommand::Seed(arguments) => super::seed::run(arguments, surroundings),
    }
}

fn settings(arguments: &LedgerArgs, surroundings: &Surroundings) -> anyhow::Result<Settings> {
    Ok(surroundings.settle(&arguments.values(), Purpose::Local)?.settings)
}

fn init(settings: &Settings, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let place = store::shown(settings);
    if let Some(format) = format_of(settings)? {
        let words = format!("there is a ledger already, of format {format}; left alone");
        return say(&place, &words, &json!({ "ledger": place, "created": false }), settings, out);
    }
    prepare(settings)?;
    let fact = json!({ "ledger": place, "created": true });
    let done = say(&place, "created", &fact, settings, out)?;
    if let Some(shared) = &settings.places.ledger {
        tell_rights(shared, settings, out)?;
    }
    Ok(done)
}

/// The form of the ledger that is there; none where there is none.
fn format_of(settings: &Settings) -> Result<Option<i64>, LedgerError> {
    match &settings.places.ledger {
        Some(place) => PostgresLedger::format_of(place),
        None => SqliteLedger::format_of(&ledger_path(settings)),
    }
}

/// Makes the ledger, or brings it up to date.
fn prepare(settings: &Settings) -> Result<(), LedgerError> {
    match &settings.places.ledger {
        Some(place) => PostgresLedger::prepare(place).map(|_| ()),
        None => Store::open_to_write(settings).map(|_| ()),
    }
}

/// Who may do what in the database.
fn tell_rights(place: &Place, settings: &Settings, out: &mut dyn Write) -> anyhow::Result<()> {
    if !settings.output.json {
        writeln!(
            out,
            "its tables are in the schema {}; give the hosts a role of their own that owns none of them, as the README \
             says under \"Several hosts\"",
            place.schema()
        )?;
    }
    Ok(())
}

/// What the owner of the database says to it.
fn roles(settings: &Settings, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let Some(place) = &settings.places.ledger else {
        return Err(RunError::Input {
            message: "a ledger that is a file has no roles".to_owned(),
            hint: "name a shared one with --ledger".to_owned(),
        }
        .into());
    };
    let sql = PostgresLedger::roles(place);
    if settings.output.json {
        writeln!(out, "{}", json!({ "sql": sql }))?;
    } else {
        write!(out, "{sql}")?;
    }
    Ok(ExitCode::Success)
}

/// Tells one fact of a ledger or file, as a line for people or for scripts.
fn say(
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

fn migrate(settings: &Settings, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let place = store::shown(settings);
    let Some(before) = format_of(settings)? else {
        return Err(RunError::Input {
            message: format!("{place}: there is no ledger"),
            hint: "\"arload ledger init\" creates one; --state names another folder".to_owned(),
        }
        .into());
    };
    prepare(settings)?;
    let after = format_of(settings)?.unwrap_or(before);
    let words = if after == before {
        format!("has format {after} already; nothing to do")
    } else {
        format!("brought from format {before} to {after}")
    };
    say(&place, &words, &json!({ "ledger": place, "from": before, "to": after }), settings, out)
}

fn backup(arguments: &LedgerBackupArgs, surroundings: &Surroundings, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let settings = settings(&arguments.shared, surroundings)?;
    let Store::File(ledger) = Store::existing_to_read(&settings)? else {
        return Err(by_its_own_means(&settings).into());
    };
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
    say(
        &file.display().to_string(),
        &words,
        &json!({ "file": file, "runs": runs, "rows": rows, "bytes": bytes }),
        &settings,
        out,
    )
}

/// A database is backed up as databases are.
fn by_its_own_means(settings: &Settings) -> RunError {
    let schema = settings.places.ledger.as_ref().map_or("arload", Place::schema);
    RunError::Input {
        message: format!("{}: a ledger in a database is backed up by the database's own means", store::shown(settings)),
        hint: format!(
            "pg_dump --format=custom --schema={schema} --file=ledger.dump DATABASE; the README says how it is restored"
        ),
    }
}
