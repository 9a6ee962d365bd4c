//! What a ledger asks before a run is sent, and who approved which plan: records that are only ever added.
//!
//! Owns the records, their digests and their SQL; whether a run needs an approval, and who may give one, is decided in
//! [`crate::pipeline::approval`]. The one rule: what cannot be read back makes nothing sendable.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use super::records::{chain, read_time};
use super::trail::{Link, read_link};
use super::{LedgerError, RunId};
use crate::money::Total;

/// Whether an approval is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Demand {
    /// Nobody is asked.
    #[default]
    None,
    /// Another person than the maker approves.
    Required,
}

/// What the ledger's owner demands of the runs in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Policy {
    /// Whether an approval is asked for.
    pub approval: Demand,
    /// Plans of new invoices up to this many rupees need none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<Total>,
    /// Operating-system users who may approve; empty for anyone but the maker.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvers: Vec<String>,
    /// Seconds after which a plan of which nothing was sent is void.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_expires_seconds: Option<u64>,
}

impl Policy {
    /// Time after which a plan of which nothing was sent is void.
    pub fn plan_expires(&self) -> Option<Duration> {
        self.plan_expires_seconds.map(Duration::from_secs)
    }
}

/// A policy as it was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyRecord {
    /// Its number, from 1.
    pub id: i64,
    /// When it was set.
    pub set_at: Timestamp,
    /// By whom.
    pub set_by: String,
    /// What it says.
    pub policy: Policy,
    /// Over who set what.
    pub link: Link,
}

/// An approval as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalRecord {
    /// Its number.
    pub id: i64,
    /// The run.
    pub run: RunId,
    /// When it was given.
    pub approved_at: Timestamp,
    /// By whom.
    pub approver: String,
    /// Who had planned the run.
    pub maker: String,
    /// The hash of the plan that was approved.
    pub plan: [u8; 32],
    /// Over who approved what.
    pub link: Link,
}

/// An approval about to be given.
#[derive(Debug, Clone)]
pub struct NewApproval<'a> {
    /// The run.
    pub run: RunId,
    /// Now.
    pub approved_at: Timestamp,
    /// Who approves.
    pub approver: &'a str,
    /// Who planned the run.
    pub maker: &'a str,
    /// The hash of the plan.
    pub plan: [u8; 32],
}

/// What the hash of an approval stands over.
pub fn digest_of_approval(run: RunId, approver: &str, maker: &str, plan: &[u8; 32]) -> [u8; 32] {
    digest("arload ledger approval 1", &[&run.0.to_le_bytes(), approver.as_bytes(), maker.as_bytes(), plan])
}

/// What the hash of a policy stands over.
pub(super) fn digest_of_policy(by: &str, rule: &str) -> [u8; 32] {
    digest("arload ledger policy 1", &[by.as_bytes(), rule.as_bytes()])
}

fn digest(purpose: &'static str, parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key(purpose);
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
    }
    *hasher.finalize().as_bytes()
}

pub(super) fn set_policy(connection: &Connection, policy: &Policy, by: &str, at: Timestamp) -> rusqlite::Result<()> {
    let rule = serde_json::to_string(policy).expect("a policy has string keys only");
    let last = connection.query_row("SELECT hash FROM policy ORDER BY id DESC LIMIT 1", [], |row| row.get(0));
    let previous: [u8; 32] = last.optional()?.unwrap_or_default();
    let (digest, at) = (digest_of_policy(by, &rule), at.as_millisecond());
    let hash = chain(&previous, "policy", 0, at, &digest);
    connection
        .prepare_cached("INSERT INTO policy (set_at, set_by, rule, digest, previous, hash) VALUES (?, ?, ?, ?, ?, ?)")?
        .execute(params![at, by, rule, digest, previous, hash])?;
    Ok(())
}

/// A policy as it stands in the table, its rule still text.
pub(super) struct StoredPolicy {
    pub(super) id: i64,
    pub(super) set_at: Timestamp,
    pub(super) set_by: String,
    pub(super) rule: String,
    pub(super) link: Link,
}

pub(super) fn policies(connection: &Connection) -> rusqlite::Result<Vec<StoredPolicy>> {
    connection
        .prepare_cached("SELECT digest, previous, hash, id, set_at, set_by, rule FROM policy ORDER BY id")?
        .query_map([], |row| {
            Ok(StoredPolicy {
                link: read_link(row)?,
                id: row.get(3)?,
                set_at: read_time(row.get(4)?),
                set_by: row.get(5)?,
                rule: row.get(6)?,
            })
        })?
        .collect()
}

impl StoredPolicy {
    /// The record; an error where the rule is none that this program knows, or was changed by hand.
    pub(super) fn read(self) -> Result<PolicyRecord, LedgerError> {
        let Self { id, set_at, set_by, rule, link } = self;
        if digest_of_policy(&set_by, &rule) != link.digest {
            return Err(LedgerError::Damaged(format!("policy {id} is not the one that was set")));
        }
        let policy =
            serde_json::from_str(&rule).map_err(|error| LedgerError::Damaged(format!("policy {id}: {error}")))?;
        Ok(PolicyRecord { id, set_at, set_by, policy, link })
    }
}

pub(super) fn approve(connection: &Connection, approval: &NewApproval<'_>) -> rusqlite::Result<()> {
    let NewApproval { run, approved_at, approver, maker, plan } = approval;
    let previous = last_approval(connection, *run)?;
    let at = approved_at.as_millisecond();
    let digest = digest_of_approval(*run, approver, maker, plan);
    let hash = chain(&previous, "approval", run.0, at, &digest);
    connection
        .prepare_cached(
            "INSERT INTO approval (run_id, approved_at, approver, maker, plan, digest, previous, hash)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![run.0, at, approver, maker, plan, digest, previous, hash])?;
    Ok(())
}

/// The hash that a run's next approval follows; zeros for its first.
pub(super) fn last_approval(connection: &Connection, run: RunId) -> rusqlite::Result<[u8; 32]> {
    let mut statement =
        connection.prepare_cached("SELECT hash FROM approval WHERE run_id = ? ORDER BY id DESC LIMIT 1")?;
    Ok(statement.query_row([run.0], |row| row.get(0)).optional()?.unwrap_or_default())
}

pub(super) fn approvals(connection: &Connection, run: RunId) -> rusqlite::Result<Vec<ApprovalRecord>> {
    connection
        .prepare_cached(
            "SELECT digest, previous, hash, id, approved_at, approver, maker, plan FROM approval
             WHERE run_id = ? ORDER BY id",
        )?
        .query_map([run.0], |row| {
            Ok(ApprovalRecord {
                link: read_link(row)?,
                id: row.get(3)?,
                run,
                approved_at: read_time(row.get(4)?),
                approver: row.get(5)?,
                maker: row.get(6)?,
                plan: row.get(7)?,
            })
        })?
        .collect()
}
