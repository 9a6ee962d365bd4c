//! A run's history as it was appended, and the chains of hashes that bind it.
//!
//! Owns the records that evidence is made of, and [`Chains`], which computes every hash again from the one before. Leaves
//! the appending to `attempts`. The one rule: a record that does not follow from the one before it is named.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::consent::{ApprovalRecord, PolicyRecord, digest_of_approval, last_approval};
use super::records::{chain, last_hash, last_resolution, read_time};
use super::{AttemptId, ChunkId, RunId};

/// Limit: records handed out at once.
pub(super) const PAGE: u32 = 500;
/// Limit: broken links that are named; one tells as much as a thousand.
const NAMED: usize = 20;

/// What binds a record to the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// Digest of what the record is about.
    pub digest: [u8; 32],
    /// The hash of the record before it; zeros for the first.
    pub previous: [u8; 32],
    /// The record's own.
    pub hash: [u8; 32],
}

/// An attempt as it was appended, with the replies to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptRecord {
    /// Its id.
    pub id: AttemptId,
    /// The chunk.
    pub chunk: ChunkId,
    /// Which try it was, from 1.
    pub number: u32,
    /// Whose chain it stands in.
    pub sender: String,
    /// When it began.
    pub started_at: Timestamp,
    /// Over the bytes that were sent.
    pub link: Link,
    /// Mostly one; none after a kill.
    pub replies: Vec<ReplyRecord>,
}

/// A reply as it was appended, without its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyRecord {
    /// Its id.
    pub id: i64,
    /// When it was recorded.
    pub received_at: Timestamp,
    /// `answered`, `not-sent` or `no-reply`.
    pub kind: String,
    /// HTTP status.
    pub status: Option<u16>,
    /// Whether the file was refused as a whole.
    pub refused: bool,
    /// The server's name for the request.
    pub request_id: Option<String>,
    /// Over the body.
    pub link: Link,
}

/// What a look-up or a split made of a chunk, as it was appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolutionRecord {
    /// Its id.
    pub id: i64,
    /// The chunk.
    pub chunk: ChunkId,
    /// When it was recorded.
    pub resolved_at: Timestamp,
    /// What was done and why.
    pub words: String,
    /// Over the words and what became of the lines.
    pub link: Link,
}

pub(super) fn attempts_after(connection: &Connection, run: RunId, after: i64) -> rusqlite::Result<Vec<AttemptRecord>> {
    let mut replies = connection.prepare_cached(
        "SELECT digest, previous, hash, id, received_at, kind, status, refused, request_id
         FROM reply WHERE attempt_id = ? ORDER BY id",
    )?;
    connection
        .prepare_cached(
            "SELECT digest, previous, hash, id, chunk_id, number, sender, started_at
             FROM attempt WHERE run_id = ? AND id > ? ORDER BY id LIMIT ?",
        )?
        .query_map(params![run.0, after, PAGE], |row| {
            let id: i64 = row.get(3)?;
            let replies = replies.query_map([id], |row| {
                Ok(ReplyRecord {
                    link: read_link(row)?,
                    id: row.get(3)?,
                    received_at: read_time(row.get(4)?),
                    kind: row.get(5)?,
                    status: row.get(6)?,
                    refused: row.get(7)?,
                    request_id: row.get(8)?,
                })
            })?;
            Ok(AttemptRecord {
                link: read_link(row)?,
                id: AttemptId(id),
                chunk: ChunkId(row.get(4)?),
                number: row.get(5)?,
                sender: row.get(6)?,
                started_at: read_time(row.get(7)?),
                replies: replies.collect::<rusqlite::Result<_>>()?,
            })
        })?
        .collect()
}

pub(super) fn resolutions_after(
    connection: &Connection,
    run: RunId,
    after: i64,
) -> rusqlite::Result<Vec<ResolutionRecord>> {
    connection
        .prepare_cached(
            "SELECT digest, previous, hash, id, chunk_id, resolved_at, words
             FROM resolution WHERE run_id = ? AND id > ? ORDER BY id LIMIT ?",
        )?
        .query_map(params![run.0, after, PAGE], |row| {
            Ok(ResolutionRecord {
                link: read_link(row)?,
                id: row.get(3)?,
                chunk: ChunkId(row.get(4)?),
                resolved_at: read_time(row.get(5)?),
                words: row.get(6)?,
            })
        })?
        .collect()
}

pub(super) fn read_link(row: &rusqlite::Row<'_>) -> rusqlite::Result<Link> {
    Ok(Link { digest: row.get(0)?, previous: row.get(1)?, hash: row.get(2)? })
}

/// The head of a run as its records stand.
pub(super) fn head(connection: &Connection, run: RunId) -> rusqlite::Result<[u8; 32]> {
    let mut statement =
        connection.prepare_cached("SELECT DISTINCT sender FROM attempt WHERE run_id = ? ORDER BY sender")?;
    let senders: Vec<String> = statement.query_map([run.0], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let hashes = senders.iter().map(|sender| last_hash(connection, run, sender));
    let hashes = hashes.collect::<rusqlite::Result<Vec<_>>>()?;
    let last = last_resolution(connection, run)?;
    Ok(head_of(
        senders.iter().map(String::as_str).zip(hashes.iter().map(Vec::as_slice)),
        &last,
        &last_approval(connection, run)?,
    ))
}

/// Hash over the last records of all senders, the last resolution and the last approval, if there is one.
pub(super) fn head_of<'s>(
    senders: impl Iterator<Item = (&'s str, &'s [u8])>,
    resolution: &[u8],
    approval: &[u8; 32],
) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("arload ledger head 2");
    for (sender, hash) in senders {
        hasher.update(&(sender.len() as u64).to_le_bytes());
        hasher.update(sender.as_bytes());
        hasher.update(hash);
    }
    hasher.update(resolution);
    // Heads of runs that nobody approved stay what they were.
    if *approval != [0; 32] {
        hasher.update(approval);
    }
    *hasher.finalize().as_bytes()
}

/// Computes the chains of one run again; takes its records in the order in which they were appended.
#[derive(Debug, Default)]
pub struct Chains {
    /// The last hash of each sender.
    senders: BTreeMap<String, [u8; 32]>,
    resolution: [u8; 32],
    approval: [u8; 32],
    broken: Vec<String>,
}

impl Chains {
    /// Takes the next attempt, and the replies that it came with.
    pub fn attempt(&mut self, attempt: &AttemptRecord) {
        let last = self.senders.get(&attempt.sender).copied().unwrap_or_default();
        let name = format!("attempt {} of sender \"{}\"", attempt.id, attempt.sender);
        self.follow(&name, last, ("attempt", attempt.chunk.0, attempt.started_at), &attempt.link);
        self.senders.insert(attempt.sender.clone(), attempt.link.hash);
        for reply in &attempt.replies {
            self.reply(attempt, reply);
        }
    }

    /// Takes a reply to the attempt that was taken last.
    pub fn reply(&mut self, attempt: &AttemptRecord, reply: &ReplyRecord) {
        let name = format!("reply {} to attempt {}", reply.id, attempt.id);
        self.follow(&name, attempt.link.hash, (&reply.kind, attempt.id.0, reply.received_at), &reply.link);
        self.senders.insert(attempt.sender.clone(), reply.link.hash);
    }

    /// Takes the next resolution.
    pub fn resolution(&mut self, resolution: &ResolutionRecord) {
        let name = format!("resolution {}", resolution.id);
        let about = ("resolution", resolution.chunk.0, resolution.resolved_at);
        self.follow(&name, self.resolution, about, &resolution.link);
        self.resolution = resolution.link.hash;
    }

    /// Takes the next approval.
    pub fn approval(&mut self, approval: &ApprovalRecord) {
        let ApprovalRecord { run, approver, maker, plan, link, .. } = approval;
        let name = format!("approval {}", approval.id);
        self.follow(&name, self.approval, ("approval", run.0, approval.approved_at), link);
        if digest_of_approval(*run, approver, maker, plan) != link.digest {
            self.tell(format!("{name} does not say what was recorded"));
        }
        self.approval = link.hash;
    }

    /// Takes the next policy of the ledger.
    pub fn policy(&mut self, policy: &PolicyRecord, last: [u8; 32]) {
        self.follow(&format!("policy {}", policy.id), last, ("policy", 0, policy.set_at), &policy.link);
    }

    fn follow(&mut self, name: &str, last: [u8; 32], about: (&str, i64, Timestamp), link: &Link) {
        let (kind, number, at) = about;
        if link.previous != last {
            self.tell(format!("{name} does not follow the record before it"));
        } else if link.hash != chain(&link.previous, kind, number, at.as_millisecond(), &link.digest) {
            self.tell(format!("{name} does not have the hash that was recorded"));
        }
    }

    fn tell(&mut self, what: String) {
        if self.broken.len() < NAMED {
            self.broken.push(what);
        }
    }

    /// The links that do not hold, the first few of them.
    pub fn broken(&self) -> &[String] {
        &self.broken
    }

    /// The head over what was taken.
    pub fn head(&self) -> [u8; 32] {
        let senders = self.senders.iter().map(|(sender, hash)| (sender.as_str(), hash.as_slice()));
        head_of(senders, &self.resolution, &self.approval)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(previous: [u8; 32], kind: &str, number: i64) -> Link {
        let digest = [7; 32];
        Link { digest, previous, hash: chain(&previous, kind, number, 5, &digest) }
    }

    fn history() -> Vec<AttemptRecord> {
        let at = Timestamp::from_millisecond(5).unwrap();
        let mut last = [0; 32];
        (1..=3)
            .map(|id| {
                let attempt = link(last, "attempt", 1);
                let reply = link(attempt.hash, "answered", id);
                last = if id == 2 { attempt.hash } else { reply.hash };
                let reply = ReplyRecord {
                    id,
                    received_at: at,
                    kind: "answered".to_owned(),
                    status: Some(200),
                    refused: false,
                    request_id: None,
                    link: reply,
                };
                AttemptRecord {
                    id: AttemptId(id),
                    chunk: ChunkId(1),
                    number: id as u32,
                    sender: "a".to_owned(),
                    started_at: at,
                    link: attempt,
                    // The second was cut off.
                    replies: if id == 2 { Vec::new() } else { vec![reply] },
                }
            })
            .collect()
    }

    fn broken(change: impl FnOnce(&mut Vec<AttemptRecord>)) -> Vec<String> {
        let mut records = history();
        change(&mut records);
        let mut chains = Chains::default();
        for record in &records {
            chains.attempt(record);
        }
        chains.broken().to_vec()
    }

    #[test]
    fn an_untouched_history_follows_and_every_change_is_named() {
        assert_eq!(broken(|_| {}), [""; 0]);
        let said = |change: fn(&mut Vec<AttemptRecord>)| broken(change).join("; ");
        assert!(said(|records| records[0].link.digest[0] = 1).starts_with("attempt 1 of sender \"a\" does not have"));
        assert!(said(|records| records[0].replies[0].kind = "no-reply".to_owned()).starts_with("reply 1 to attempt 1"));
        assert!(said(|records| drop(records.remove(1))).starts_with("attempt 3 of sender \"a\" does not follow"));
        assert!(said(|records| drop(records.remove(0))).starts_with("attempt 2 of sender \"a\" does not follow"));
        assert!(said(|records| records[2].chunk = ChunkId(9)).starts_with("attempt 3"));
    }

    #[test]
    fn a_record_that_is_missing_at_the_end_changes_the_head() {
        let head = |records: &[AttemptRecord]| {
            let mut chains = Chains::default();
            for record in records {
                chains.attempt(record);
            }
            chains.head()
        };
        let records = history();
        assert_ne!(head(&records), head(&records[..2]));
        assert_eq!(head(&records), head(&history()));
    }
}
