//! `arload runs expected`: what has to come by when, and whether it came.
//!
//! The rule: something missed is exit code 1, whoever is notified of it.

use std::io::Write;

use arload::config::account::AccountKey;
use arload::config::layers::Purpose;
use arload::error::RunError;
use arload::event::{Event, Observer as _};
use arload::exit::ExitCode;
use arload::expect::Standing;
use arload::wording::count;

use crate::args::RunsExpectedArgs;
use crate::flags::Flags as _;
use crate::reporter::{self, Reporter, missed};
use crate::surroundings::Surroundings;

/// Lists every expectation with how it stands.
pub(super) fn run(
    arguments: &RunsExpectedArgs,
    surroundings: &Surroundings,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let flags = arguments.values();
    let settled = match surroundings.settle(&flags, Purpose::Local) {
        Ok(settled) => settled,
        Err(error) => return reporter::refused(surroundings, &flags, None, error),
    };
    let settings = settled.settings;
    let Some(account) = AccountKey::of(&settings) else {
        return Err(RunError::Input {
            message: "settings: no account to look for: base-url or company-id is missing".to_owned(),
            hint: "name the profile with --profile, or pass --sandbox".to_owned(),
        }
        .into());
    };
    if settings.expectations.is_empty() {
        return Err(RunError::Input {
            message: format!("profile {}: nothing is expected", settings.profile),
            hint: "write a table [[expect]] with operation and due into arload.toml; \"arload config init\" shows one"
                .to_owned(),
        }
        .into());
    }
    let reporter = Reporter::new(&settings);
    for message in settled.warnings {
        reporter.event(&Event::Warning { message, hint: None });
    }
    let standings = reporter.look()?;
    for event in missed(&standings) {
        reporter.log(&event);
    }
    let (json, quiet) = (settings.output.json, settings.output.quiet);
    if !json && !quiet {
        writeln!(out, "{account}")?;
    }
    for standing in standings.iter().filter(|standing| json || !quiet || standing.missed.is_some()) {
        if json { writeln!(out, "{}", serde_json::to_string(standing)?)? } else { show(standing, out)? }
    }
    if standings.iter().all(|standing| standing.missed.is_none()) {
        return Ok(ExitCode::Success);
    }
    reporter.notify(ExitCode::NotAllAccepted, &standings);
    Ok(ExitCode::NotAllAccepted)
}

fn show(standing: &Standing, out: &mut dyn Write) -> std::io::Result<()> {
    let Standing { operation, due, due_at, rows, .. } = standing;
    if let Some(why) = &standing.missed {
        return writeln!(out, "missed  {operation}, {due}: {why}");
    }
    let at = due_at.strftime("%Y-%m-%d %H:%M");
    writeln!(out, "came    {operation}, {due}: {} accepted for {at}", count(*rows, "row"))
}
