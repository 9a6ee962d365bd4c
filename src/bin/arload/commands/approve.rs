//! `arload runs approve`: the plan of a run, approved by another person than its maker.
//!
//! The rule: who approves is the user of the operating system, never what a flag, a variable or a file says.

use std::io::Write;

use arload::config::layers::Purpose;
use arload::exit::ExitCode;
use arload::finding::printable;
use arload::pipeline::approval;
use arload::platform;
use arload::wording::hex;
use serde_json::json;

use super::runs::find;
use crate::args::RunApproveArgs;
use crate::flags::Flags as _;
use crate::store::Store;
use crate::surroundings::Surroundings;

/// Runs `runs approve`; `out` takes data.
pub(crate) fn run(
    arguments: &RunApproveArgs,
    surroundings: &Surroundings,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let settings = surroundings.settle(&arguments.values(), Purpose::Local)?.settings;
    let store = Store::existing_to_write(&settings)?;
    let run = find(store.ledger(), &arguments.run.run)?;
    let (user, now) = (platform::user_name(), store.now()?);
    let approval = approval::approve(store.ledger(), &run, &user, arguments.plan_hash.as_deref(), now)?;
    let plan = hex(&approval.plan);
    if settings.output.json {
        let line = json!({
            "run": run.id.0, "approver": approval.approver, "maker": approval.maker, "plan-hash": plan,
            "approved-at": approval.approved_at.to_string(),
        });
        writeln!(out, "{line}")?;
    } else {
        let (approver, maker) = (printable(&approval.approver), printable(&approval.maker));
        writeln!(out, "run {}: {approver} approved the plan of {maker}, {plan}", run.id)?;
        writeln!(out, "next: \"arload runs send {}\" sends it", run.id)?;
    }
    Ok(ExitCode::Success)
}
