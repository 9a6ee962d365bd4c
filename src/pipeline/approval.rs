//! Whether a run may be sent: what the ledger's policy asks, who may approve, and what makes a plan void.
//!
//! The policy and the approvals stand in the ledger, never in the maker's settings; here they are only weighed. The one
//! rule: where something cannot be weighed (an unknown maker, a changed plan) nothing is sent.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::Pipeline;
use crate::config::Settings;
use crate::config::values::brief;
use crate::error::RunError;
use crate::finding::quote;
use crate::ledger::consent::{ApprovalRecord, Demand, NewApproval, Policy};
use crate::ledger::{ChunkHead, Ledger, LedgerError, Run, RunState};
use crate::money::Total;
use crate::operation::Operation;
use crate::operation::routes::Endpoint;
use crate::outcome::{Status, Totals};
use crate::plan::{hash, template};
use crate::results;
use crate::wording::hex;

/// The key in the settings of a run that says where its requests would go.
const ROUTE: &str = "route";
/// The key in the settings of a run that says what it would be uploaded as.
const TEMPLATE: &str = "template";
/// The key that says that the run needs an approval whatever the ledger asks.
const APPROVAL: &str = "approval";
/// Limit: fewer digits of a hash could be those of another plan.
const LEAST_DIGITS: usize = 16;

/// Where a run stands with what the ledger asks before it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Nothing is asked, or nothing is left to be sent.
    Free,
    /// It was approved, by this record.
    Approved(Box<ApprovalRecord>),
    /// It waits for one of these users; for anyone but its maker where none is named.
    Waits(Vec<String>),
    /// It can neither be sent nor approved any more, for this reason.
    Void(String),
}

/// The policy that holds; the default one, which asks nothing, where none was set.
pub fn policy(ledger: &dyn Ledger) -> Result<Policy, LedgerError> {
    Ok(ledger.policies()?.pop().map(|record| record.policy).unwrap_or_default())
}

/// Where a run stands; `settings` are those it would be sent with, where that is asked.
pub fn standing(
    ledger: &dyn Ledger,
    run: &Run,
    settings: Option<&Settings>,
    now: Timestamp,
) -> Result<Standing, RunError> {
    let Some(operation) = Operation::by_name(&run.operation) else { return Ok(Standing::Free) };
    if run.state != RunState::Open || operation.reads() {
        return Ok(Standing::Free);
    }
    let policy = policy(ledger)?;
    let changed = settings.map(|settings| changed(ledger, run, operation, settings)).transpose()?.flatten();
    let is_asked = asks(&policy, ledger, run, operation)?;
    // What was approved goes nowhere else, not even the rest of it.
    let elsewhere = changed.clone().filter(|_| is_asked);
    let old = expired(&policy, run, now).or(changed);
    if old.is_none() && !is_asked {
        return Ok(Standing::Free);
    }
    let chunks = ledger.chunks(run.id)?;
    if !chunks.iter().any(ChunkHead::is_open) {
        return Ok(Standing::Free);
    }
    // What has begun goes on: a half that is sent is worse than an old plan.
    if let Some(why) = elsewhere.or(old.filter(|_| chunks.iter().all(|chunk| chunk.attempts == 0))) {
        return Ok(Standing::Void(why));
    }
    if !is_asked {
        return Ok(Standing::Free);
    }
    if run.maker.is_empty() {
        return Ok(Standing::Void("it was planned by an arload that did not record who planned it".to_owned()));
    }
    let Some(last) = ledger.approvals(run.id)?.pop() else { return Ok(Standing::Waits(policy.approvers)) };
    if hash::of_plan(ledger, run)? != Some(last.plan) || last.maker != run.maker || last.approver == run.maker {
        return Ok(Standing::Void(format!("it is not the plan that {} approved", last.approver)));
    }
    Ok(Standing::Approved(Box::new(last)))
}

fn expired(policy: &Policy, run: &Run, now: Timestamp) -> Option<String> {
    let expires = policy.plan_expires()?;
    let age = now.duration_since(run.created_at);
    let age = Duration::try_from(age).unwrap_or(Duration::ZERO);
    (age > expires).then(|| format!("its plan is older than {}, the plan-expires of this ledger", brief(expires)))
}

/// Why a plan does not fit the settings that it would be sent with.
fn changed(
    ledger: &dyn Ledger,
    run: &Run,
    operation: &'static Operation,
    settings: &Settings,
) -> Result<Option<String>, RunError> {
    let kept: Map<String, Value> = serde_json::from_str(&run.settings).unwrap_or_default();
    let parent = kept.get("parent-company").and_then(Value::as_str);
    if parent.is_some_and(|parent| parent != settings.company.parent_company_id) {
        return Ok(Some("it was planned with another parent-company-id".to_owned()));
    }
    // Plans of an earlier arload do not say where they would go, nor what they would be uploaded as.
    let (planned, now) = (kept.get(ROUTE).and_then(Value::as_str), route(operation, settings));
    if let Some(planned) = planned.filter(|planned| *planned != now) {
        return Ok(Some(format!("it was planned for {planned}, and the settings name {now} now")));
    }
    let Some(planned) = kept.get(TEMPLATE).and_then(Value::as_str) else { return Ok(None) };
    let sheets = ledger.sheets(run.id)?.iter().map(results::facts).collect::<Result<Vec<_>, _>>()?;
    let now = hex(&template::identity(operation, &sheets, &settings.sending.uploads));
    Ok((now != planned).then(|| "it was planned for another form of upload than the settings name now".to_owned()))
}

/// Where the requests of an operation go.
pub(super) fn route(operation: &'static Operation, settings: &Settings) -> String {
    let (method, path) = settings.routes.way(Endpoint::Operation(operation));
    format!("{method} {path}")
}

/// Whether somebody has to approve the run.
fn asks(policy: &Policy, ledger: &dyn Ledger, run: &Run, operation: &Operation) -> Result<bool, RunError> {
    let kept: Map<String, Value> = serde_json::from_str(&run.settings).unwrap_or_default();
    if kept.get(APPROVAL).and_then(Value::as_str) == Some("required") {
        return Ok(true);
    }
    let above = match (policy.approval, policy.above) {
        (Demand::None, _) => return Ok(false),
        (Demand::Required, None) => return Ok(true),
        (Demand::Required, Some(above)) => above,
    };
    // Only what creates invoices says what it is worth: a deletion of one row may be of any amount.
    if operation.resource != "invoices" || !operation.creates() {
        return Ok(true);
    }
    let (worth, is_known) = worth(&results::totals(ledger, run)?.0);
    Ok(worth.0 > above.0 || !is_known)
}

/// Rupees of the rows that a run is to send or has sent, and whether all of them can be read.
fn worth(totals: &Totals) -> (Total, bool) {
    let (mut worth, mut is_known) = (Total::default(), true);
    for (status, sum) in &totals.by_status {
        if !matches!(status, Status::Invalid | Status::Excluded | Status::AlreadyAccepted) {
            worth += sum.total;
            is_known &= sum.rows_with_unreadable_amount == 0;
        }
    }
    (worth, is_known)
}

/// Approves a run for its user, under the ledger's policy; `given` is the hash that they were shown, or its first digits.
pub fn approve(
    ledger: &dyn Ledger,
    run: &Run,
    user: &str,
    given: Option<&str>,
    now: Timestamp,
) -> Result<ApprovalRecord, RunError> {
    let id = run.id;
    let refused = |message: String, hint: &str| Err(RunError::Input { message, hint: hint.to_owned() });
    if run.state != RunState::Open || !ledger.chunks(id)?.iter().any(ChunkHead::is_open) {
        let shows = format!("\"arload runs show {id}\" says what became of it");
        return refused(format!("run {id} is {}; nothing is left to approve", run.state.as_str()), &shows);
    }
    if user.is_empty() {
        return refused("the system does not say who you are; an approval needs a name".to_owned(), "");
    }
    if user == run.maker {
        let hint = "somebody else who can reach this ledger has to approve it, logged in to the system as themselves";
        return refused(format!("run {id} was planned by {user}: nobody approves their own plan"), hint);
    }
    let policy = policy(ledger)?;
    if !policy.approvers.is_empty() && !policy.approvers.iter().any(|name| name == user) {
        let message = format!("{user} may not approve in this ledger; {} may", one_of(&policy.approvers));
        return refused(message, "the ledger's owner changes that with \"arload ledger policy --approvers\"");
    }
    match standing(ledger, run, None, now)? {
        Standing::Void(why) => return Err(void(run, &why)),
        Standing::Approved(record) => {
            let at = record.approved_at.strftime("%Y-%m-%d %H:%M UTC");
            let message = format!("run {id} was approved already, by {} at {at}", record.approver);
            return refused(message, &format!("\"arload runs send {id}\" sends it"));
        }
        Standing::Free | Standing::Waits(_) => {}
    }
    let plan = hash::of_plan(ledger, run)?.ok_or_else(|| LedgerError::Damaged(format!("run {id} has no bytes")))?;
    if let Some(given) = given {
        let digits = given.trim().to_ascii_lowercase();
        if digits.len() < LEAST_DIGITS || !hex(&plan).starts_with(&digits) {
            let message = format!("run {id}: the hash of its plan is {}, not {}", hex(&plan), quote(given));
            let hint = "look at it again with \"arload runs show\"; at least 16 digits of the hash are compared";
            return refused(message, hint);
        }
    }
    ledger.approve(&NewApproval { run: id, approved_at: now, approver: user, maker: &run.maker, plan })?;
    let last = ledger.approvals(id)?.pop();
    Ok(last.ok_or_else(|| LedgerError::Damaged(format!("the approval of run {id} is gone")))?)
}

/// `meera`, `meera or ravi`; anyone but the maker where nobody is named.
pub fn one_of(names: &[String]) -> String {
    match names {
        [] => "anyone but its maker".to_owned(),
        [name] => name.clone(),
        [names @ .., last] => format!("{} or {last}", names.join(", ")),
    }
}

/// What to say of a run that waits: who may approve it, and how.
pub fn waiting_words(run: &Run, approvers: &[String], plan: Option<&[u8; 32]>) -> String {
    let maker = if run.maker.is_empty() { "somebody" } else { &run.maker };
    let others: Vec<String> = approvers.iter().filter(|name| *name != maker).cloned().collect();
    if others.is_empty() && !approvers.is_empty() {
        return format!(
            "run {} waits for an approval that nobody can give: planned by {maker}, who alone may approve here; the ledger's owner names others with \"arload ledger policy --approvers\"",
            run.id
        );
    }
    let hash = plan.map_or_else(String::new, |plan| format!(" --plan-hash {}", &hex(plan)[..LEAST_DIGITS]));
    format!(
        "run {} waits for an approval: planned by {maker}, to be approved by {} with \"arload runs approve {}{hash}\"",
        run.id,
        one_of(&others),
        run.id
    )
}

fn void(run: &Run, why: &str) -> RunError {
    RunError::Input {
        message: format!("run {}: {why}; nothing of it is sent", run.id),
        hint: "give the sheet again: its rows are planned afresh, and the new plan takes over from this one".to_owned(),
    }
}

/// The settings of a run with where it would go, what it would be uploaded as, and whether it needs an approval in any
/// case.
pub(super) fn beside(settings: &str, route: &str, template: &[u8; 32], needs_approval: bool) -> String {
    let Ok(mut kept) = serde_json::from_str::<Map<String, Value>>(settings) else { return settings.to_owned() };
    kept.insert(ROUTE.to_owned(), json!(route));
    kept.insert(TEMPLATE.to_owned(), json!(hex(template)));
    if needs_approval {
        kept.insert(APPROVAL.to_owned(), json!("required"));
    }
    Value::Object(kept).to_string()
}

/// Severities that a profile changed when a run was planned, a sentence each.
pub fn changed_severities(settings: &str) -> Vec<String> {
    let kept: Map<String, Value> = serde_json::from_str(settings).unwrap_or_default();
    let changed = kept.get("severity").and_then(Value::as_object);
    changed.into_iter().flatten().filter_map(|(code, weight)| Some(format!("{code}: {}", weight.as_str()?))).collect()
}

impl Pipeline<'_> {
    /// Where a run stands with what the ledger asks, sent with these settings.
    pub fn standing(&self, run: &Run) -> Result<Standing, RunError> {
        if self.settings.mode.dry_run {
            return Ok(Standing::Free);
        }
        standing(self.ledger, run, Some(self.settings), self.clock.now())
    }

    /// Whether what waits in a run may be sent, as far as approvals go.
    pub(super) fn may_leave(&self, run: &Run) -> Result<bool, RunError> {
        Ok(matches!(self.standing(run)?, Standing::Free | Standing::Approved(_)))
    }

    /// Whether nothing of a run may be sent yet, because another person has to approve it first.
    pub fn needs_approval(&self, run: &Run) -> Result<bool, RunError> {
        Ok(matches!(self.standing(run)?, Standing::Waits(_)))
    }

    /// Refuses a run that nobody approved, or that can no longer be.
    pub(super) fn refuse_unapproved(&self, run: &Run) -> Result<(), RunError> {
        match self.standing(run)? {
            Standing::Free | Standing::Approved(_) => Ok(()),
            Standing::Waits(approvers) => {
                let plan = hash::of_plan(self.ledger, run)?;
                Err(RunError::Unapproved(waiting_words(run, &approvers, plan.as_ref())))
            }
            Standing::Void(why) => Err(void(run, &why)),
        }
    }

    /// Why a plan can neither be sent nor approved any more, if so.
    pub(super) fn void(&self, run: &Run) -> Result<Option<String>, RunError> {
        Ok(match self.standing(run)? {
            Standing::Void(why) => Some(why),
            _ => None,
        })
    }

    /// What a person should know of the plan: whom it waits for, or its hash where planning is all that was asked.
    pub(super) fn approval_words(&self, run: &Run) -> Result<(bool, Option<String>), RunError> {
        let standing = self.standing(run)?;
        if !matches!(standing, Standing::Waits(_) | Standing::Void(_)) {
            let plan_only = self.settings.mode.plan_only && run.state == RunState::Open;
            return Ok((false, if plan_only { self.plan_words(run, &standing)? } else { None }));
        }
        let words = self.plan_words(run, &standing)?;
        Ok((true, words))
    }

    /// Whom a plan waits for; none where it waits for nobody.
    pub(super) fn waiting_for(&self, run: &Run) -> Result<Option<String>, RunError> {
        let standing = self.standing(run)?;
        if !matches!(standing, Standing::Waits(_) | Standing::Void(_)) {
            return Ok(None);
        }
        self.plan_words(run, &standing)
    }

    fn plan_words(&self, run: &Run, standing: &Standing) -> Result<Option<String>, RunError> {
        let plan = hash::of_plan(self.ledger, run)?;
        Ok(match standing {
            Standing::Waits(approvers) => Some(waiting_words(run, approvers, plan.as_ref())),
            Standing::Approved(approval) => Some(format!("run {} was approved by {}", run.id, approval.approver)),
            Standing::Free => plan.map(|plan| format!("the plan of run {} has the hash {}", run.id, hex(&plan))),
            Standing::Void(why) => Some(format!("run {} cannot be sent: {why}", run.id)),
        })
    }
}
