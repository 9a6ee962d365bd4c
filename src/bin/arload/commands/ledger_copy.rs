//! `arload ledger copy`: moves the history of a file into a database that hosts share.
//!
//! The rule: nobody sends from the file meanwhile, and nobody does afterwards.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use arload::config::layers::Purpose;
use arload::error::RunError;
use arload::exit::ExitCode;
use arload::finding::{printable, quote};
use arload::ledger::moving::{Moved, copy_over};
use arload::ledger::postgres::place::Place;
use arload::ledger::sqlite::SqliteLedger;
use arload::ledger::{Ledger as _, PostgresLedger};
use arload::pipeline::lock;
use arload::stop::Stop;
use arload::wording::{count, grouped};
use serde_json::json;

use crate::args::LedgerCopyArgs;
use crate::flags::Flags as _;
use crate::surroundings::Surroundings;

/// The word for the file of the state folder.
const FILE: &str = "sqlite";
/// The word for the database of the settings.
const DATABASE: &str = "postgres";

/// Runs `ledger copy`; `out` takes data.
pub(super) fn run(
    arguments: &LedgerCopyArgs,
    surroundings: &Surroundings,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let mut flags = arguments.values();
    if Place::is_one(&arguments.to) {
        flags.text("ledger", Some(arguments.to.clone()));
    } else if arguments.to != DATABASE {
        return Err(refused(
            format!("--to: {} is no database", quote(&arguments.to)),
            "name it as postgres://USER@HOST/DATABASE, or as postgres where the settings name it",
        ));
    }
    let settings = surroundings.settle(&flags, Purpose::Local)?.settings;
    let Some(place) = settings.places.ledger.clone() else {
        return Err(refused(
            "--to: the settings name no database".to_owned(),
            "pass --to postgres://USER@HOST/DATABASE",
        ));
    };
    let path = match arguments.from.as_str() {
        FILE => settings.places.state.join("ledger.db"),
        named if Path::new(named).is_dir() => Path::new(named).join("ledger.db"),
        named => PathBuf::from(named),
    };
    if SqliteLedger::format_of(&path)?.is_none() {
        let hint = "name its file or folder with --from";
        return Err(refused(format!("{}: there is no ledger", path.display()), hint));
    }
    let source = SqliteLedger::open(&path)?;
    let accounts: BTreeSet<String> = source.runs()?.into_iter().map(|run| run.account).collect();
    let folder = path.parent().unwrap_or(Path::new("."));
    let locks = accounts.iter().map(|account| lock::take(folder, account, false, &Stop::default()));
    let _locks = locks.collect::<Result<Vec<_>, _>>()?;
    let target = PostgresLedger::open(place)?;
    let Moved { runs, records } = copy_over(&source, &target)?;
    let to = target.place().shown();
    if settings.output.json {
        writeln!(out, "{}", json!({ "from": path, "to": to, "runs": runs, "records": records }))?;
    } else {
        let (from, runs) = (path.display().to_string(), count(runs, "run"));
        let from = printable(&from);
        writeln!(out, "{from}: {runs}, {} records, moved to {}", grouped(records), printable(to))?;
        writeln!(
            out,
            "every record and the history of every run is there as it was; nothing more is sent from the file"
        )?;
    }
    Ok(ExitCode::Success)
}

fn refused(message: String, hint: &str) -> anyhow::Error {
    RunError::Input { message, hint: hint.to_owned() }.into()
}
