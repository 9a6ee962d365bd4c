//! Checks a ledger's own contents: the store, the chains, the totals, the bytes that were sent.
//!
//! Only reads, and is best given a copy of a file (`SqliteLedger::copy_to`), or a view of a database that stands still
//! ([`Ledger::freeze`]), because it reads everything. The one rule: whatever is
//! wrong is named with its run, and the other runs are still checked.

use super::verify::Check;
use super::write::{each_attempt, each_resolution};
use crate::error::RunError;
use crate::ledger::trail::Chains;
use crate::ledger::{Ledger, LedgerError, Run, RunId, blob};
use crate::results;
use crate::wording::count;

/// Limit: chunks of one run that are named.
const NAMED: usize = 5;

/// Checks the store, then one run or all of them.
pub fn audit(ledger: &dyn Ledger, only: Option<RunId>) -> Vec<Check> {
    let mut checks = vec![store(ledger)];
    checks.extend(policies(ledger));
    let mut runs = match ledger.runs() {
        Ok(runs) => runs,
        Err(error) => {
            checks.push(failed(error.to_string()));
            return checks;
        }
    };
    runs.reverse();
    for run in runs.iter().filter(|run| only.is_none_or(|only| only == run.id)) {
        checks.extend([chains(ledger, run), totals(ledger, run), payloads(ledger, run)].map(|check| {
            let Check { holds, sentence } = check.unwrap_or_else(|error| failed(error.to_string()));
            Check { holds, sentence: format!("run {}: {sentence}", run.id) }
        }));
    }
    checks
}

fn failed(sentence: String) -> Check {
    Check { holds: false, sentence }
}

fn store(ledger: &dyn Ledger) -> Check {
    match ledger.integrity() {
        Ok(problems) if problems.is_empty() => Check {
            holds: true,
            sentence: "the store is whole, and every record belongs to one that exists".to_owned(),
        },
        Ok(problems) => failed(format!("the store is damaged: {}", problems.join("; "))),
        Err(error) => failed(error.to_string()),
    }
}

/// The policies that were set; no check where none was.
fn policies(ledger: &dyn Ledger) -> Option<Check> {
    let policies = match ledger.policies() {
        Ok(policies) => policies,
        Err(error) => return Some(failed(error.to_string())),
    };
    let mut chains = Chains::default();
    let mut last = [0; 32];
    for policy in &policies {
        chains.policy(policy, last);
        last = policy.link.hash;
    }
    if !chains.broken().is_empty() {
        return Some(failed(chains.broken().join("; ")));
    }
    let set = count(policies.len() as u64, "change");
    let sentence = format!("{set} of the policy follow from each other");
    (!policies.is_empty()).then_some(Check { holds: true, sentence })
}

fn chains(ledger: &dyn Ledger, run: &Run) -> Result<Check, RunError> {
    let purged = results::purged(ledger, run)?;
    let mut chains = Chains::default();
    let (mut attempts, mut replies, mut resolutions) = (0, 0, 0);
    let mut bodies = Vec::new();
    each_attempt(ledger, run, |attempt| {
        attempts += 1;
        chains.attempt(attempt);
        for reply in &attempt.replies {
            replies += 1;
            let body = ledger.reply_body(reply.id)?;
            let is_other = purged.is_empty() && *blake3::hash(&body).as_bytes() != reply.link.digest;
            if is_other && bodies.len() < NAMED {
                bodies.push(format!("reply {} does not have the body whose digest was recorded", reply.id));
            }
        }
        Ok(())
    })?;
    each_resolution(ledger, run, |resolution| {
        resolutions += 1;
        chains.resolution(resolution);
        Ok(())
    })?;
    let approvals = ledger.approvals(run.id)?;
    for approval in &approvals {
        chains.approval(approval);
    }
    let mut broken = chains.broken().to_vec();
    broken.append(&mut bodies);
    if !broken.is_empty() {
        return Ok(failed(broken.join("; ")));
    }
    let mut records = vec![count(attempts, "attempt"), count(replies, "reply")];
    records.extend((!approvals.is_empty()).then(|| count(approvals.len() as u64, "approval")));
    records.push(format!("{} follow from each other", count(resolutions, "resolution")));
    Ok(Check { holds: true, sentence: records.join(", ") })
}

fn totals(ledger: &dyn Ledger, run: &Run) -> Result<Check, RunError> {
    let (totals, _) = results::totals(ledger, run)?;
    let sentence = format!("the outcomes add up to the {} read", count(totals.read.rows, "row"));
    Ok(Check { holds: true, sentence })
}

/// The bytes of every chunk against what its attempts say was sent.
fn payloads(ledger: &dyn Ledger, run: &Run) -> Result<Check, RunError> {
    if let Some(purge) = ledger.purges(run.id)?.last() {
        return Ok(Check { holds: true, sentence: purge.words() });
    }
    let mut digests = std::collections::BTreeMap::new();
    let mut bad = Vec::new();
    for chunk in ledger.chunks(run.id)? {
        match ledger.chunk_payload(chunk.id).and_then(|payload| blob::decompress(&payload)) {
            Ok(body) => drop(digests.insert(chunk.id, (chunk.ordinal, *blake3::hash(&body).as_bytes()))),
            Err(LedgerError::Damaged(why)) => bad.push(format!("chunk {} cannot be read: {why}", chunk.ordinal)),
            Err(error) => return Err(error.into()),
        }
    }
    each_attempt(ledger, run, |attempt| {
        if let Some((ordinal, digest)) = digests.get(&attempt.chunk)
            && *digest != attempt.link.digest
        {
            bad.push(format!("chunk {ordinal} is not what attempt {} sent", attempt.id));
        }
        Ok(())
    })?;
    if !bad.is_empty() {
        let more = bad.len().saturating_sub(NAMED);
        bad.truncate(NAMED);
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        return Ok(failed(format!("{}{more}", bad.join("; "))));
    }
    let sentence =
        format!("the bytes of {} are whole, and those that attempts sent", count(digests.len() as u64, "chunk"));
    Ok(Check { holds: true, sentence })
}
