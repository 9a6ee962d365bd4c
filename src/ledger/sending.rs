//! What sending tells the ledger, and what it asks back: attempts, replies, and what look-ups and splits made of a chunk.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AttemptId, ChunkId, ChunkState, NewChunk, RunId};
use crate::directory::Entry;

/// An attempt about to be made.
#[derive(Debug, Clone)]
pub struct NewAttempt<'a> {
    /// The run.
    pub run: RunId,
    /// The chunk.
    pub chunk: ChunkId,
    /// Which try it is, from 1.
    pub number: u32,
    /// Name of the sending thread.
    pub sender: &'a str,
    /// Now.
    pub started_at: Timestamp,
    /// Digest of the bytes to be sent.
    pub digest: [u8; 32],
    /// The account, for the day's count.
    pub account: &'a str,
    /// The day in the profile's time zone, `2026-11-22`.
    pub day: &'a str,
}

/// What came back of an attempt.
#[derive(Debug, Clone)]
pub struct NewReply<'a> {
    /// The attempt.
    pub attempt: AttemptId,
    /// Now.
    pub received_at: Timestamp,
    /// `answered`, `not-sent` or `no-reply`.
    pub kind: &'a str,
    /// HTTP status.
    pub status: Option<u16>,
    /// The server's name for the request.
    pub request_id: Option<&'a str>,
    /// The body, or what went wrong; stored compressed.
    pub body: &'a [u8],
}

/// What an attempt's end means for its chunk.
#[derive(Debug, Clone)]
pub struct ChunkChange<'a> {
    /// Where the chunk stands now.
    pub state: ChunkState,
    /// Outcome of each line, packed; none where the chunk goes back to planned.
    pub outcomes: Option<&'a [u8]>,
    /// Whether the request counts against the day's refusal budget.
    pub refused: bool,
    /// Customers the reply named, for the directory.
    pub customers: &'a [Entry],
}

/// What a look-up or a split made of a chunk.
#[derive(Debug, Clone)]
pub struct Resolution<'a> {
    /// Where the chunk stands now: `settled`, `split`, or still `unknown`.
    pub state: ChunkState,
    /// Outcome of each line, packed; lines that moved keep what was known of them. None leaves what is recorded.
    pub outcomes: Option<&'a [u8]>,
    /// Where each line went on, a packed list of [`Option<Moved>`] for all lines; none leaves what is recorded.
    pub moved: Option<&'a [u8]>,
    /// The chunks that lines go on in, planned.
    pub children: &'a [NewChunk<'a>],
    /// Customers that the look-up named, for the directory.
    pub customers: &'a [Entry],
    /// The account, for the directory.
    pub account: &'a str,
    /// What was done and why, for a person who asks later; chained like a reply.
    pub words: &'a str,
    /// Now.
    pub at: Timestamp,
}

/// Where a line went on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// The chunk's number within the run.
    pub ordinal: u32,
    /// The line in it, from 0.
    pub line: u32,
}

/// What became of a chunk's lines, packed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChunkLines {
    /// Outcome of each line; none before there is one.
    pub outcomes: Option<Vec<u8>>,
    /// Where lines went on, a list of [`Option<Moved>`]; none if none did.
    pub moved: Option<Vec<u8>>,
}

/// One try at a chunk, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempted {
    /// When it began.
    pub started_at: Timestamp,
    /// When its end was recorded; none if no end was, as after a kill.
    pub ended_at: Option<Timestamp>,
    /// `answered`, `not-sent` or `no-reply`; none if no end was recorded.
    pub kind: Option<String>,
    /// HTTP status.
    pub status: Option<u16>,
    /// What came back, or what went wrong, in the words that were recorded.
    pub words: String,
}

/// What became of the first chunk of an upload template and mapping at a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canary {
    /// Whether its records stand there as they were sent.
    pub proven: bool,
    /// The run that sent it.
    pub run: RunId,
    /// The chunk's number within the run.
    pub ordinal: u32,
    /// What differed, in words; empty where nothing did.
    pub differences: String,
}

/// What the ledger knows of an account's records of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryMark {
    /// Since when every create went through it. A run planned before then came with a backup, and nobody knows what
    /// became of it since.
    pub since: Timestamp,
    /// Whether there was nothing before, so that records of any date are known.
    pub complete: bool,
}
