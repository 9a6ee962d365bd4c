//! `arload runs evidence` and `arload runs verify`.
//!
//! The rule: what holds goes to standard output, a sentence a line; what does not ends with exit code 1.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context as _;
use arload::config::Settings;
use arload::config::layers::Purpose;
use arload::error::RunError;
use arload::evidence::verify::{Check, verify};
use arload::evidence::{audit, write};
use arload::exit::ExitCode;
use arload::finding::printable;
use arload::ledger::sqlite::SqliteLedger;
use arload::ledger::{Ledger, LedgerError};
use arload::platform::Beside;
use arload::wording::count;
use serde_json::json;

use super::runs::find;
use crate::args::{RunEvidenceArgs, RunsVerifyArgs};
use crate::flags::Flags as _;
use crate::store::Store;
use crate::surroundings::Surroundings;

/// Runs `runs evidence`; `out` takes data.
pub(crate) fn run(
    arguments: &RunEvidenceArgs,
    surroundings: &Surroundings,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    // Whoever checks evidence needs no settings, and another's must not stand in the way.
    if let Some(file) = &arguments.verify {
        return told(&verify(file, arguments.head.as_deref())?, arguments.shared.output.json, out);
    }
    let settings = surroundings.settle(&arguments.values(), Purpose::Local)?.settings;
    let id = arguments.run.as_deref().unwrap_or_default();
    let store = Store::existing_to_read(&settings)?;
    let ledger = store.ledger();
    // The run may be going on; the evidence is of one moment.
    ledger.freeze()?;
    let run = find(ledger, id)?;
    let path = arguments.out.clone().unwrap_or_else(|| PathBuf::from(format!("run-{}.evidence.zip", run.id)));
    let name = path.display().to_string();
    let failed = |cause| RunError::Evidence { path: name.clone(), cause };
    let mut beside = Beside::create(&path, arguments.force).map_err(failed)?;
    let facts = write::write(ledger, &run, beside.file(), &name, write::Extent::Evidence)?;
    beside.finish().map_err(failed)?;
    if settings.output.json {
        let line = json!({ "file": name, "run": run.id.0, "head": facts.head, "counts": facts.counts });
        writeln!(out, "{line}")?;
    } else {
        let counts = facts.counts;
        writeln!(
            out,
            "{}: run {} with {}, {} and {}",
            printable(&name),
            run.id,
            count(counts.rows, "row"),
            count(counts.attempts, "attempt"),
            count(counts.replies, "reply")
        )?;
        writeln!(out, "history: {}", facts.head)?;
    }
    Ok(ExitCode::Success)
}

/// Runs `runs verify`.
pub(crate) fn audit(
    arguments: &RunsVerifyArgs,
    surroundings: &Surroundings,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let settings = surroundings.settle(&arguments.values(), Purpose::Local)?.settings;
    let checks = match checks(&settings, arguments.run.as_deref()) {
        Err(error) if error.downcast_ref::<LedgerError>().is_some_and(LedgerError::is_corrupt) => {
            vec![Check { holds: false, sentence: error.to_string() }]
        }
        checks => checks?,
    };
    told(&checks, settings.output.json, out)
}

fn checks(settings: &Settings, run: Option<&str>) -> anyhow::Result<Vec<Check>> {
    let ledger = match Store::existing_to_read(settings)? {
        Store::Shared(ledger) => {
            // Readers of a database stand in nobody's way.
            ledger.freeze()?;
            return checked(ledger.as_ref(), run);
        }
        Store::File(ledger) => ledger,
    };
    // A copy, so that reading all of it stands in nobody's way; private, as the ledger is.
    let folder = tempfile::tempdir().context("make a private folder for a copy of the ledger")?;
    let path = folder.path().join("ledger.db");
    ledger.copy_to(&path)?;
    match SqliteLedger::open_to_read(&path)? {
        Some(copy) => checked(&copy, run),
        None => Ok(Vec::new()),
    }
}

fn checked(ledger: &dyn Ledger, run: Option<&str>) -> anyhow::Result<Vec<Check>> {
    let only = run.map(|id| find(ledger, id)).transpose()?;
    Ok(audit::audit(ledger, only.map(|run| run.id)))
}

fn told(checks: &[Check], json: bool, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    for Check { holds, sentence } in checks {
        if json {
            writeln!(out, "{}", json!({ "holds": holds, "sentence": sentence }))?;
        } else {
            let word = if *holds { "holds" } else { "BROKEN" };
            writeln!(out, "{word:6}  {}", printable(sentence))?;
        }
    }
    let broken = checks.iter().filter(|check| !check.holds).count();
    if !json {
        let verdict =
            if broken == 0 { "everything holds".to_owned() } else { count(broken as u64, "thing") + " broken" };
        writeln!(out, "{verdict}")?;
    }
    Ok(if broken == 0 { ExitCode::Success } else { ExitCode::NotAllAccepted })
}
