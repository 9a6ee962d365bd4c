//! `arload ledger policy`: what the ledger asks before a run is sent.
//!
//! The rule: anybody who can read the ledger sees it, and only the owner of its file sets it; every change stays listed.

use std::io::Write;
use std::time::Duration;

use arload::config::Settings;
use arload::config::layers::Purpose;
use arload::config::values::{self, brief};
use arload::error::RunError;
use arload::exit::ExitCode;
use arload::finding::printable;
use arload::ledger::consent::{Demand, Policy, PolicyRecord};
use arload::pipeline::approval::{self, one_of};
use arload::platform;
use serde_json::json;

use crate::args::LedgerPolicyArgs;
use crate::flags::Flags as _;
use crate::store::{self, Store};
use crate::surroundings::Surroundings;

// Limit: a plan that nobody sends for ten years is forgotten.
const LONGEST: Duration = Duration::from_hours(3650 * 24);

/// Runs `ledger policy`; `out` takes data.
pub(crate) fn run(
    arguments: &LedgerPolicyArgs,
    surroundings: &Surroundings,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let settings = surroundings.settle(&arguments.values(), Purpose::Local)?.settings;
    let LedgerPolicyArgs { approval, above, approvers, plan_expires, .. } = arguments;
    let sets = [approval, above, approvers, plan_expires].iter().any(|given| given.is_some());
    if sets {
        set(arguments, &settings)?;
    }
    let store = Store::existing_to_read(&settings)?;
    show(&store.ledger().policies()?, &settings, out)
}

fn set(arguments: &LedgerPolicyArgs, settings: &Settings) -> anyhow::Result<()> {
    let store = Store::existing_to_write(settings)?;
    // In a database, the rights of the role decide.
    if let Store::File(file) = &store
        && !platform::is_own(file.path())?
    {
        let path = file.path().display();
        return Err(RunError::Input {
            message: format!("{path}: only the owner of this file sets what the ledger asks"),
            hint: "the owner runs the same command; \"arload ledger policy\" alone shows what holds".to_owned(),
        }
        .into());
    }
    let policy = changed(approval::policy(store.ledger())?, arguments)?;
    store.ledger().set_policy(&policy, &platform::user_name(), store.now()?)?;
    Ok(())
}

/// A policy with what was given in its place.
fn changed(mut policy: Policy, arguments: &LedgerPolicyArgs) -> Result<Policy, RunError> {
    let refused =
        |flag: &str, why: String| RunError::Input { message: format!("--{flag}: {why}"), hint: String::new() };
    if let Some(approval) = &arguments.approval {
        policy.approval = if approval == "required" { Demand::Required } else { Demand::None };
    }
    match arguments.above.as_deref().map(str::trim) {
        None => {}
        Some("all") => policy.above = None,
        Some(text) => {
            let amount = values::amount(text).map_err(|why| refused("above", why))?;
            if amount.0 < 0 {
                return Err(refused("above", "an amount of zero or more is expected".to_owned()));
            }
            policy.above = Some(amount.into());
        }
    }
    match arguments.approvers.as_deref().map(str::trim) {
        None => {}
        Some("anyone") => policy.approvers.clear(),
        Some(names) => {
            policy.approvers = names.split(',').map(|name| name.trim().to_owned()).collect();
            if policy.approvers.iter().any(|name| name.is_empty() || name.chars().any(char::is_control)) {
                let why = format!("\"{}\" has an empty name; expected names joined by commas", printable(names));
                return Err(refused("approvers", why));
            }
            policy.approvers.sort();
            policy.approvers.dedup();
        }
    }
    match arguments.plan_expires.as_deref().map(str::trim) {
        None => {}
        Some("never") => policy.plan_expires_seconds = None,
        Some(text) => {
            let time = values::duration(text, Duration::from_secs(1), LONGEST);
            policy.plan_expires_seconds = Some(time.map_err(|why| refused("plan-expires", why))?.as_secs());
        }
    }
    Ok(policy)
}

fn show(policies: &[PolicyRecord], settings: &Settings, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    if settings.output.json {
        if policies.is_empty() {
            writeln!(out, "{}", json!({ "set-at": null, "set-by": null, "policy": Policy::default() }))?;
        }
        for PolicyRecord { set_at, set_by, policy, .. } in policies {
            let line = json!({ "set-at": set_at.to_string(), "set-by": set_by, "policy": policy });
            writeln!(out, "{line}")?;
        }
        return Ok(ExitCode::Success);
    }
    let default = Policy::default();
    let holds = policies.last().map_or(&default, |record| &record.policy);
    writeln!(out, "{}: {}", printable(&store::shown(settings)), words(holds))?;
    for PolicyRecord { set_at, set_by, policy, .. } in policies {
        let at = set_at.to_zoned(settings.timezone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
        writeln!(out, "  {at} by {}: {}", printable(set_by), words(policy))?;
    }
    Ok(ExitCode::Success)
}

fn words(policy: &Policy) -> String {
    let asked = match (policy.approval, policy.above) {
        (Demand::None, _) => "no approval is asked for".to_owned(),
        (Demand::Required, None) => format!("every run is approved by {}", printable(&one_of(&policy.approvers))),
        (Demand::Required, Some(above)) => format!(
            "plans of new invoices above {}, and all other runs, are approved by {}",
            above.rupees(),
            printable(&one_of(&policy.approvers))
        ),
    };
    let expires = policy.plan_expires().map(|time| format!("; plans expire after {}", brief(time)));
    asked + &expires.unwrap_or_default()
}
