//! The question before invoices are dispatched or records are deleted.
//!
//! The library sends nothing of such a run without a yes; here a person is asked for it, or `--yes` stands for one.

use std::ffi::OsString;
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use arload::config::Settings;
use arload::error::RunError;
use arload::ledger::Run;
use arload::operation::Operation;
use arload::outcome::{Status, Totals};
use arload::wording::count;

/// Whether a person has to be asked; an error where nobody can be.
pub(crate) fn must_ask(operation: &Operation, settings: &Settings, files: &[OsString]) -> Result<bool, RunError> {
    let mode = &settings.mode;
    if !operation.needs_yes() || mode.yes || mode.dry_run || mode.plan_only {
        return Ok(false);
    }
    let can_ask = io::stdin().is_terminal() && io::stderr().is_terminal() && !settings.output.json;
    if can_ask && !files.iter().any(|file| file == "-") {
        return Ok(true);
    }
    Err(RunError::Input {
        message: format!(
            "{} asks before it does anything, and there is no terminal to ask on; nothing was sent",
            operation.name()
        ),
        hint: "pass --yes if you are sure, or --plan to write the plan and look at it first".to_owned(),
    })
}

/// Asks whether what is planned shall be done.
pub(crate) fn ask(operation: &Operation, run: &Run, totals: &Totals, place: &str) -> io::Result<bool> {
    let waiting = totals.by_status.get(&Status::NotSent).copied().unwrap_or_default();
    let rupees = if waiting.total.0 == 0 { String::new() } else { format!(", {}", waiting.total.rupees()) };
    let mut talk = io::stderr().lock();
    write!(
        talk,
        "run {}: {} {}{rupees}, at {place}. This cannot be undone. Type yes to go on: ",
        run.id,
        operation.name(),
        count(waiting.rows, "row")
    )?;
    talk.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    let yes = answer.trim().eq_ignore_ascii_case("yes");
    if !yes {
        writeln!(talk, "nothing was sent; \"arload runs send {}\" asks again", run.id)?;
    }
    Ok(yes)
}
