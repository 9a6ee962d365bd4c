//! The ledger: the one store of runs, plans, chunks, attempts, replies and keys; everything else is derived from it.
//!
//! # What stands where
//!
//! * `meta`: the ledger's own id; in a backup that of the ledger it was taken from, too (`restored-from`).
//! * `run`: one plan and its sending. `open` until every chunk is settled; `closed` by `--strict` or `--max-invalid`;
//!   `superseded` when a later run of the changed sheet took over.
//! * `sheet`, `row_block`: the rows as read, compressed, one record a block. An unchanged sheet that comes again stores
//!   no rows again: its `rows_of` names the sheet that has them.
//! * `verdict_block`: what planning decided about each row of a block: the chunk and line it went to, or its outcome.
//! * `chunk`, `payload`: one request, its exact bytes, compressed, and after the reply the outcome of each of its lines.
//! * `attempt`, `reply`: intent and answer, two appended records, never changed, chained by hash per sender.
//!   After a look-up or a split, `moved` says which lines went on in another chunk, whose `parent` it is.
//! * `resolution`: what look-ups and splits made of chunks, appended and chained like replies.
//! * `key_block`: sorted keys of the duplicate guard, 32 bytes each, per financial year; in PostgreSQL with a `sketch`, which
//!   tells without them where a key may be.
//! * `pace`: requests and refusals of each day. `directory`: customers known from accepted uploads and pulls.
//! * `canary`: what became of the first chunk of an upload template and mapping at a host.
//! * `correction`: which rows of a sheet correct rows of an earlier one; what that makes of the earlier run is derived.
//! * `policy`: what its owner asks before a run is sent; `approval`: who approved which plan; both appended and chained.
//! * `purge`: runs whose rows went into an archive and out of the ledger.
//! * `history`: accounts whose earlier records this ledger knows, so that creates need no first-use check.
//!
//! The one rule: [`Ledger::start_attempt`] returns only when the attempt is durable, and nothing is sent before
//! (proved by `no_request_leaves_before_its_attempt_is_committed`).

mod attempts;
mod beside;
pub mod blob;
#[cfg(test)]
mod conformance_tests;
pub mod consent;
pub mod copy;
mod error;
pub mod keys;
mod migrate;
pub mod moving;
mod opening;
mod places;
pub mod postgres;
pub mod purge;
mod records;
pub mod sending;
mod sketch;
pub mod sqlite;
mod together;
pub mod trail;

use std::fmt;
use std::ops::RangeInclusive;

use jiff::Timestamp;
use serde::Serialize;

use self::consent::{ApprovalRecord, NewApproval, Policy, PolicyRecord};
pub use self::error::LedgerError;
use self::keys::Wanted;
pub use self::postgres::PostgresLedger;
use self::purge::{NewPurge, PurgeRecord};
pub use self::sending::{
    Attempted, Canary, ChunkChange, ChunkLines, HistoryMark, Moved, NewAttempt, NewReply, Resolution,
};
use self::trail::{AttemptRecord, ResolutionRecord};
use crate::directory::Entry;

macro_rules! ids {
    ($($(#[$doc:meta])+ $name:ident;)+) => {
        $($(#[$doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        })+
    };
}

ids! {
    /// A run, by the number a person can read aloud.
    RunId;
    /// A sheet of a run.
    SheetId;
    /// A chunk.
    ChunkId;
    /// One try at sending a chunk.
    AttemptId;
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunState {
    /// Some rows may still be sent or looked up.
    Open,
    /// Every row has its final outcome.
    Finished,
    /// Stopped by `--strict` or `--max-invalid` before anything was sent; never resumed.
    Closed,
    /// A later run of the changed sheet took over the unsent rows.
    Superseded,
}

impl RunState {
    /// The word in the ledger and in lists.
    pub fn as_str(self) -> &'static str {
        match self {
            RunState::Open => "open",
            RunState::Finished => "finished",
            RunState::Closed => "closed",
            RunState::Superseded => "superseded",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [RunState::Open, RunState::Finished, RunState::Closed, RunState::Superseded]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

/// Where a chunk stands: `planned → sending → planned | settled | split | rejected | unknown`, `unknown → settled | split`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChunkState {
    /// Ready to be sent; nothing of it was acted on.
    Planned,
    /// An attempt was recorded and its reply was not.
    Sending,
    /// Every line has its outcome.
    Settled,
    /// Its lines went on in smaller chunks.
    Split,
    /// The API refused the file of several lines as a whole, and it is not split yet.
    Rejected,
    /// It left, and no useful reply came.
    Unknown,
}

impl ChunkState {
    /// The word in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            ChunkState::Planned => "planned",
            ChunkState::Sending => "sending",
            ChunkState::Settled => "settled",
            ChunkState::Split => "split",
            ChunkState::Rejected => "rejected",
            ChunkState::Unknown => "unknown",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        use ChunkState::{Planned, Rejected, Sending, Settled, Split, Unknown};
        [Planned, Sending, Settled, Split, Rejected, Unknown].into_iter().find(|state| state.as_str() == text)
    }
}

/// A run as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its number.
    pub id: RunId,
    /// Normalised base URL and company.
    pub account: String,
    /// `invoices create`.
    pub operation: String,
    /// Where it stands.
    pub state: RunState,
    /// Identity of its sheets' contents together.
    pub content: [u8; 32],
    /// Identity of contents, mapping and the settings that shape the plan.
    pub plan: [u8; 32],
    /// When it was planned.
    pub created_at: Timestamp,
    /// When it got its last outcome.
    pub finished_at: Option<Timestamp>,
    /// Why it was closed or superseded.
    pub reason: String,
    /// The run that took over.
    pub successor: Option<RunId>,
    /// The settings that shape the plan, as JSON, without secrets.
    pub settings: String,
    /// The operating-system user who planned it; blank where an earlier arload did.
    pub maker: String,
}

/// A run to be stored.
#[derive(Debug, Clone)]
pub struct NewRun<'a> {
    /// Normalised base URL and company.
    pub account: &'a str,
    /// `invoices create`.
    pub operation: &'a str,
    /// Where it stands once the plan is committed.
    pub state: RunState,
    /// Why, if it is closed from the start.
    pub reason: &'a str,
    /// Identity of its sheets' contents together.
    pub content: [u8; 32],
    /// Identity of contents, mapping and the settings that shape the plan.
    pub plan: [u8; 32],
    /// Now.
    pub created_at: Timestamp,
    /// The settings that shape the plan, as JSON, without secrets.
    pub settings: &'a str,
    /// The operating-system user who plans it.
    pub maker: &'a str,
}

/// A sheet as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetRecord {
    /// Its id.
    pub id: SheetId,
    /// Its run.
    pub run: RunId,
    /// The file, as an absolute path, in the text of [`crate::platform::text_of_path`].
    pub path: String,
    /// The file's name.
    pub file_name: String,
    /// The worksheet's name.
    pub sheet_name: Option<String>,
    /// Identity of its cells.
    pub content: [u8; 32],
    /// Header, mapping and notes, as JSON.
    pub facts: String,
    /// The sheet whose row blocks hold its rows.
    pub rows_of: SheetId,
}

/// A sheet to be stored.
#[derive(Debug, Clone)]
pub struct NewSheet<'a> {
    /// Position among the run's sheets, from 0.
    pub ordinal: u32,
    /// The file, as an absolute path.
    pub path: &'a str,
    /// The file's name.
    pub file_name: &'a str,
    /// The worksheet's name.
    pub sheet_name: Option<&'a str>,
    /// Identity of its cells.
    pub content: [u8; 32],
    /// Header, mapping and notes, as JSON.
    pub facts: &'a str,
    /// The earlier sheet whose row blocks hold its rows; none where this one brings its own.
    pub rows_of: Option<SheetId>,
}

/// A chunk as listed, without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkHead {
    /// Its id.
    pub id: ChunkId,
    /// Its number within the run, from 1.
    pub ordinal: u32,
    /// CEK id it is sent under.
    pub account_id: String,
    /// Its lines.
    pub rows: u32,
    /// Where it stands.
    pub state: ChunkState,
    /// When it got its outcomes, or was looked up.
    pub settled_at: Option<Timestamp>,
    /// The server's name for the deciding request.
    pub request_id: Option<String>,
    /// Attempts so far.
    pub attempts: u32,
    /// Whether the API may have acted on one of them: it left, and no answer says otherwise.
    pub doubtful: bool,
    /// The chunk that its lines were sent in before, by its number within the run.
    pub parent: Option<u32>,
}

impl ChunkHead {
    /// Whether something of it may still be sent, looked up or split.
    pub fn is_open(&self) -> bool {
        match self.state {
            ChunkState::Planned | ChunkState::Sending | ChunkState::Unknown | ChunkState::Rejected => true,
            ChunkState::Settled | ChunkState::Split => false,
        }
    }

    /// Whether it was refused as a whole and the API was seen to have stored nothing of it: it may go on in smaller
    /// files.
    pub fn is_refused_whole(&self) -> bool {
        self.state == ChunkState::Rejected && self.settled_at.is_some()
    }
}

/// A chunk to be stored.
#[derive(Debug, Clone)]
pub struct NewChunk<'a> {
    /// Its number within the run, from 1.
    pub ordinal: u32,
    /// CEK id it is sent under.
    pub account_id: &'a str,
    /// Its lines.
    pub rows: u32,
    /// The exact bytes of the file, compressed by [`blob::compress`].
    pub payload: &'a [u8],
}

/// The store. SQLite keeps it in one file for one host, PostgreSQL for as many as share it.
pub trait Ledger: Send + Sync {
    /// The same ledger as one that many processes send from at once; none where one sends at a time, under a lock.
    fn shared(&self) -> Option<&PostgresLedger> {
        None
    }

    /// Begins a plan; it becomes visible as a whole with [`Ledger::commit_plan`].
    fn begin_plan(&self, run: &NewRun<'_>) -> Result<RunId, LedgerError>;
    /// Adds a sheet to the plan.
    fn add_sheet(&self, run: RunId, sheet: &NewSheet<'_>) -> Result<SheetId, LedgerError>;
    /// Adds a block of rows as read.
    fn add_rows(&self, sheet: SheetId, ordinal: u32, cells: &[u8]) -> Result<(), LedgerError>;
    /// Adds what was decided about a block's rows.
    fn add_verdicts(&self, sheet: SheetId, ordinal: u32, rows: (u32, u32), verdicts: &[u8]) -> Result<(), LedgerError>;
    /// Says which rows of a sheet correct rows of an earlier one; `links` are packed pairs of row numbers.
    fn add_correction(&self, sheet: SheetId, of: SheetId, links: &[u8]) -> Result<(), LedgerError>;
    /// Adds a chunk to the plan.
    fn add_chunk(&self, run: RunId, chunk: &NewChunk<'_>) -> Result<ChunkId, LedgerError>;
    /// Adds sorted, packed keys of 32 bytes each.
    fn add_keys(&self, run: RunId, account: &str, kind: &str, year: i16, keys: &[u8]) -> Result<(), LedgerError>;
    /// Makes the plan durable and visible.
    fn commit_plan(&self) -> Result<(), LedgerError>;
    /// Drops the plan that was begun.
    fn abandon_plan(&self) -> Result<(), LedgerError>;

    /// All runs, newest first.
    fn runs(&self) -> Result<Vec<Run>, LedgerError>;
    /// One run.
    fn run(&self, id: RunId) -> Result<Option<Run>, LedgerError>;
    /// Runs of these contents, newest first.
    fn runs_with_content(&self, account: &str, operation: &str, content: &[u8; 32]) -> Result<Vec<Run>, LedgerError>;
    /// The runs that a file was planned in, whatever became of them, newest first; the path in the text of
    /// [`crate::platform::text_of_path`].
    fn runs_with_path(&self, path: &str) -> Result<Vec<Run>, LedgerError>;
    /// Notes that a file lies elsewhere now: results of its runs are written beside it there.
    fn file_moved(&self, from: &str, to: &str) -> Result<(), LedgerError>;
    /// Gives a run's only file another place; says whether it had one file only.
    fn place_run(&self, run: RunId, to: &str) -> Result<bool, LedgerError>;
    /// Whether some run had a sheet at this path.
    fn knows_path(&self, path: &str) -> Result<bool, LedgerError>;
    /// Open runs of an account that have a sheet at one of these paths, newest first.
    fn open_runs_with_path(&self, account: &str, operation: &str, path: &str) -> Result<Vec<Run>, LedgerError>;
    /// Changes where a run stands.
    fn set_run_state(
        &self,
        run: RunId,
        state: RunState,
        reason: &str,
        successor: Option<RunId>,
        at: Timestamp,
    ) -> Result<(), LedgerError>;

    /// A run's sheets in order.
    fn sheets(&self, run: RunId) -> Result<Vec<SheetRecord>, LedgerError>;
    /// One sheet.
    fn sheet(&self, sheet: SheetId) -> Result<Option<SheetRecord>, LedgerError>;
    /// A sheet that holds the rows of this content.
    fn rows_with_content(&self, content: &[u8; 32]) -> Result<Option<SheetId>, LedgerError>;
    /// A block of rows as read; none past the last.
    fn row_block(&self, sheet: SheetId, ordinal: u32) -> Result<Option<Vec<u8>>, LedgerError>;
    /// What was decided about a block's rows; none past the last.
    fn verdict_block(&self, sheet: SheetId, ordinal: u32) -> Result<Option<Vec<u8>>, LedgerError>;
    /// The first and last row of each verdict block of a sheet, by ordinal, in their order.
    fn block_ranges(&self, sheet: SheetId) -> Result<Vec<(u32, RangeInclusive<u32>)>, LedgerError>;
    /// The sheets whose rows correct rows of this one, or of one with the same content that went to the same place, oldest
    /// first, each with its links.
    fn corrected_in(&self, sheet: SheetId) -> Result<Vec<(SheetId, Vec<u8>)>, LedgerError>;
    /// The earlier sheets that rows of this one correct, and the newest with the same content as one of them.
    fn corrects(&self, sheet: SheetId) -> Result<Vec<SheetId>, LedgerError>;
    /// The other sheets with the content of this one that went to the same place, oldest first.
    fn same_sheets(&self, sheet: SheetId) -> Result<Vec<SheetId>, LedgerError>;

    /// A run's chunks in order.
    fn chunks(&self, run: RunId) -> Result<Vec<ChunkHead>, LedgerError>;
    /// One chunk by its number within the run.
    fn chunk(&self, run: RunId, ordinal: u32) -> Result<Option<ChunkHead>, LedgerError>;
    /// The exact bytes of a chunk, compressed.
    fn chunk_payload(&self, chunk: ChunkId) -> Result<Vec<u8>, LedgerError>;
    /// What became of a chunk's lines, and where those went that were sent again.
    fn chunk_lines(&self, chunk: ChunkId) -> Result<ChunkLines, LedgerError>;
    /// Every try at a chunk, oldest first.
    fn attempts(&self, chunk: ChunkId) -> Result<Vec<Attempted>, LedgerError>;

    /// Hands out packed keys of a year, among them every one that is wanted; which others come along is the store's affair.
    ///
    /// What is handed out at once is of one block and sorted; blocks come in no given order, and each packed key once.
    fn visit_keys(
        &self,
        account: &str,
        kind: &str,
        year: i16,
        wanted: &Wanted<'_>,
        visit: &mut dyn FnMut(&[u8]),
    ) -> Result<(), LedgerError>;

    /// Records an attempt durably and counts it for the day; the chunk is `sending` from now on.
    fn start_attempt(&self, attempt: &NewAttempt<'_>) -> Result<AttemptId, LedgerError>;
    /// Records a reply and what it means durably.
    fn finish_attempt(
        &self,
        reply: &NewReply<'_>,
        chunk: ChunkId,
        change: &ChunkChange<'_>,
        count: (&str, &str),
    ) -> Result<(), LedgerError>;
    /// Records what a look-up or a split made of a chunk and adds the chunks that its lines go on in, in one durable step.
    fn resolve_chunk(&self, chunk: ChunkId, resolution: &Resolution<'_>) -> Result<(), LedgerError>;
    /// Turns chunks that a dead process left `sending` to the given state; says how many there were.
    fn recover(&self, run: RunId, to: ChunkState) -> Result<u32, LedgerError>;
    /// Requests and refusals of a day.
    fn day_count(&self, account: &str, day: &str) -> Result<(u64, u64), LedgerError>;
    /// Counts a request of a day that belongs to no chunk, such as a search.
    fn count_request(&self, account: &str, day: &str) -> Result<(), LedgerError>;
    /// Requests of a run that were refused whole.
    fn refused_requests(&self, run: RunId) -> Result<u64, LedgerError>;
    /// What is known of an upload template and mapping at a host.
    fn canary(&self, account: &str, template: &[u8; 32]) -> Result<Option<Canary>, LedgerError>;
    /// Remembers what became of a template and mapping at a host.
    fn set_canary(&self, account: &str, template: &[u8; 32], canary: &Canary) -> Result<(), LedgerError>;
    /// What the ledger knows of an account's records of a kind; nothing before the first create was looked up.
    fn history(&self, account: &str, kind: &str) -> Result<Option<HistoryMark>, LedgerError>;
    /// Says what it knows from now on, unless that stands already; part of the plan that is being written, if one is.
    fn begin_history(&self, account: &str, kind: &str, history: HistoryMark) -> Result<(), LedgerError>;
    /// Tells this ledger from every other.
    fn id(&self) -> Result<String, LedgerError>;
    /// Hash over the last records of all senders of a run; printed so that history can be shown to be untouched.
    fn head(&self, run: RunId) -> Result<[u8; 32], LedgerError>;

    /// The next attempts of a run after one, in the order they were appended, with their replies; none at the end.
    fn trail(&self, run: RunId, after: AttemptId) -> Result<Vec<AttemptRecord>, LedgerError>;
    /// The next resolutions of a run after one, by its id; none at the end.
    fn resolutions(&self, run: RunId, after: i64) -> Result<Vec<ResolutionRecord>, LedgerError>;
    /// The body of a reply, as it was recorded.
    fn reply_body(&self, reply: i64) -> Result<Vec<u8>, LedgerError>;

    /// Every policy that was set, oldest first; the last one holds.
    fn policies(&self) -> Result<Vec<PolicyRecord>, LedgerError>;
    /// Sets what is asked before a run is sent.
    fn set_policy(&self, policy: &Policy, by: &str, at: Timestamp) -> Result<(), LedgerError>;
    /// Approvals of a run, oldest first.
    fn approvals(&self, run: RunId) -> Result<Vec<ApprovalRecord>, LedgerError>;
    /// Records an approval durably.
    fn approve(&self, approval: &NewApproval<'_>) -> Result<(), LedgerError>;
    /// What was purged of a run, oldest first.
    fn purges(&self, run: RunId) -> Result<Vec<PurgeRecord>, LedgerError>;
    /// Purges a run that is over in one durable step; false if it is not over, or became part of another meanwhile.
    fn purge(&self, purge: &NewPurge<'_>) -> Result<bool, LedgerError>;
    /// Whether a run that nothing was purged of refers to rows of this one, which stay for it.
    fn shares_rows(&self, run: RunId) -> Result<bool, LedgerError>;

    /// Shows the ledger from now on as it is at this moment, whatever others write; for a ledger that is only read.
    fn freeze(&self) -> Result<(), LedgerError>;
    /// What the store itself finds wrong with what it holds, the first few of it.
    fn integrity(&self) -> Result<Vec<String>, LedgerError>;
    /// Bytes that it takes up.
    fn bytes(&self) -> Result<u64, LedgerError>;
    /// The ledger that this one is a backup of, if it is one.
    fn restored_from(&self) -> Result<Option<String>, LedgerError>;

    /// Customers known for an account.
    fn customers(&self, account: &str) -> Result<Vec<Entry>, LedgerError>;
    /// Adds or changes customers of an account and forgets others, all or none of it.
    fn change_customers(&self, account: &str, changed: &[Entry], gone: &[String]) -> Result<(), LedgerError>;
}
