//! Evidence: one archive that shows what a run planned, sent and was told, and that nobody changed it since.
//!
//! [`mod@write`] makes it from the ledger, [`verify`] checks it anywhere, without the ledger, and [`audit`] checks a ledger itself.
//! [`mod@archive`] adds what [`forget`] purges: rows as read and the bytes sent. Owns
//! the names and headings of the members. The one rule: the same state of the ledger makes the same bytes.
//!
//! What the head binds: every attempt (chunk, time, digest of the bytes sent), every reply (time, kind, digest of its
//! body) and every look-up or split. What it does not bind, such as the HTTP status beside a body, the manifest does.

pub mod archive;
pub mod audit;
pub mod forget;
mod fuse;
mod list;
pub mod verify;
pub mod write;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The newest form of the archive that this program writes and reads: `bodies.csv` is in it.
pub const FORM: u32 = 3;
/// The form where the body of each reply is a member of its own.
pub const FORM_OF_FEW: u32 = 2;

/// Facts of the run.
pub(crate) const FACTS: &str = "evidence.json";
/// The hash of every other member; the last one.
pub(crate) const MANIFEST: &str = "manifest.json";
/// Where each row was to go.
pub(crate) const PLAN: &str = "plan.csv";
/// The files to be uploaded.
pub(crate) const CHUNKS: &str = "chunks.csv";
/// What was sent.
pub(crate) const ATTEMPTS: &str = "attempts.csv";
/// What came back.
pub(crate) const REPLIES: &str = "replies.csv";
/// The bodies of replies that are too many for a member each.
pub(crate) const BODIES: &str = "bodies.csv";
/// What look-ups and splits made of chunks.
pub(crate) const RESOLUTIONS: &str = "resolutions.csv";
/// Who approved the plan.
pub(crate) const APPROVALS: &str = "approvals.csv";
/// In an archive, the bytes of each chunk.
pub(crate) const PAYLOADS: &str = "payloads.csv";
/// What became of each row.
pub(crate) const OUTCOMES: &str = "outcomes.csv";

pub(crate) const PLAN_HEADINGS: [&str; 6] = ["input", "row", "key", "chunk", "line", "digest"];
pub(crate) const CHUNK_HEADINGS: [&str; 6] = ["chunk_id", "chunk", "parent", "rows", "state", "digest"];
pub(crate) const ATTEMPT_HEADINGS: [&str; 8] =
    ["attempt", "chunk_id", "number", "sender", "started_at", "digest", "previous", "hash"];
pub(crate) const REPLY_HEADINGS: [&str; 10] =
    ["reply", "attempt", "received_at", "kind", "status", "refused", "request_id", "body_digest", "previous", "hash"];
pub(crate) const BODY_HEADINGS: [&str; 2] = ["reply", "body"];
pub(crate) const RESOLUTION_HEADINGS: [&str; 7] =
    ["resolution", "chunk_id", "resolved_at", "words", "digest", "previous", "hash"];
pub(crate) const APPROVAL_HEADINGS: [&str; 8] =
    ["approval", "approved_at", "approver", "maker", "plan", "digest", "previous", "hash"];
pub(crate) const PAYLOAD_HEADINGS: [&str; 2] = ["chunk_id", "bytes"];
pub(crate) const OUTCOME_HEADINGS: [&str; 8] =
    ["input", "row", "status", "code", "message", "remote_id", "chunk", "settled_at"];

// Limit: the archive's table names at most 65,536 members; the bodies of more replies stand in one.
pub(crate) const MOST_MEMBERS: u64 = 65_000;
// Limit: as many replies as the lists of an archive may name (`list::MAX_LIST`).
pub(crate) const MOST_REPLIES: u64 = 1_500_000;

/// The member that holds a reply's body, where each has one.
pub(crate) fn body_name(reply: i64) -> String {
    format!("replies/{reply}.txt")
}

/// In an archive, the member that holds the rows of an input as they were read.
pub(crate) fn rows_name(input: u32) -> String {
    format!("rows/{input}.csv")
}

/// What the archive says of its run; `evidence.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Facts {
    /// Form of the archive.
    pub evidence_form: u32,
    /// Version of the program that wrote it.
    pub arload: String,
    /// The ledger.
    pub ledger: String,
    /// The run.
    pub run: i64,
    /// Base URL and company.
    pub account: String,
    /// `invoices create`.
    pub operation: String,
    /// Where the run stood.
    pub state: String,
    /// Why it was closed or superseded.
    pub reason: String,
    /// When it was planned.
    pub planned_at: String,
    /// When it got its last outcome.
    pub finished_at: Option<String>,
    /// The settings that shape the plan; they hold no secret.
    pub settings: serde_json::Value,
    /// The sheets.
    pub inputs: Vec<Input>,
    /// How much of everything there is.
    pub counts: Counts,
    /// Rows by what became of them.
    pub rows_by_status: BTreeMap<String, u64>,
    /// Hash over the last records of all senders, the last resolution and the last approval.
    pub head: String,
    /// The operating-system user who planned the run.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub maker: String,
    /// The hash of the plan, where somebody approved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_hash: Option<String>,
    /// What was purged of the run before, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub purged: Vec<String>,
    /// Whether rows as read and the bytes sent are in it too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub archive: bool,
}

/// One sheet of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Input {
    /// Its number, from 1, by which other members name it.
    pub input: u32,
    /// The file's name.
    pub file: String,
    /// The worksheet's name.
    pub sheet: Option<String>,
    /// Data rows.
    pub rows: u64,
    /// Hash over its cells.
    pub content: String,
}

/// How many records there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Counts {
    /// Data rows.
    pub rows: u64,
    /// Files to upload.
    pub chunks: u64,
    /// Requests that were to leave.
    pub attempts: u64,
    /// Answers, or what went wrong.
    pub replies: u64,
    /// What look-ups and splits made of chunks.
    pub resolutions: u64,
    /// Approvals of the plan.
    #[serde(default, skip_serializing_if = "is_none")]
    pub approvals: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over references")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

/// `manifest.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// blake3 of each other member, in hexadecimal.
    pub(crate) blake3: BTreeMap<String, String>,
}

#[cfg(test)]
mod tests;
