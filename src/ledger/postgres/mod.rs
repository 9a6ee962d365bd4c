//! The ledger in a PostgreSQL database, for as many processes on as many hosts as share it.
//!
//! Owns what [`Ledger`] promises, in SQL. [`connect`] asks again where a connection broke, `workers` says who is alive,
//! `claims` who sends which chunk, `pace` when the next request of an account may leave. The one rule: whatever changes a
//! chunk names its owner and the state it expects, so that a process that was away changes nothing any more.

mod claims;
mod connect;
pub mod logins;
pub mod pace;
pub mod place;
mod sending;
mod workers;

use std::ops::RangeInclusive;
use std::sync::Arc;

use jiff::Timestamp;

use self::connect::Connections;
use self::place::Place;
use self::sending::Chained;
use self::workers::Worker;
pub use self::workers::WorkerRecord;
use super::consent::{ApprovalRecord, NewApproval, Policy, PolicyRecord};
use super::purge::{NewPurge, PurgeRecord};
use super::trail::{AttemptRecord, ResolutionRecord};
use super::{
    AttemptId, Attempted, Canary, ChunkChange, ChunkHead, ChunkId, ChunkLines, ChunkState, HistoryMark, Ledger,
    LedgerError, NewAttempt, NewChunk, NewReply, NewRun, NewSheet, Resolution, Run, RunId, RunState, SheetId,
    SheetRecord,
};
use crate::directory::Entry;

type Answer<T> = Result<T, LedgerError>;

/// A ledger in a database that others share.
#[derive(Debug)]
pub struct PostgresLedger {
    connections: Arc<Connections>,
    worker: Worker,
    chained: Chained,
}

impl PostgresLedger {
    /// Opens the ledger at a place; its tables must be there, in the form that this program knows.
    pub fn open(place: Place) -> Answer<Self> {
        let ledger = Self {
            connections: Arc::new(Connections::new(place)?),
            worker: Worker::default(),
            chained: Chained::default(),
        };
        ledger.check_format()?;
        Ok(ledger)
    }

    /// Form of the tables at a place; none where there are none.
    pub fn format_of(_place: &Place) -> Answer<Option<i64>> {
        todo!()
    }

    /// Makes the tables at a place, or brings those of an earlier form up to date; says which form was there.
    pub fn prepare(_place: &Place) -> Answer<Option<i64>> {
        todo!()
    }

    fn check_format(&self) -> Answer<()> {
        todo!()
    }

    fn chunks_named(&self, _ids: &[i64]) -> Answer<Vec<ChunkHead>> {
        todo!()
    }

    fn add_chunk_of(
        &self,
        _transaction: &mut postgres::Transaction<'_>,
        _run: RunId,
        _parent: Option<ChunkId>,
        _chunk: &NewChunk<'_>,
    ) -> Result<(), postgres::Error> {
        todo!()
    }

    /// Where it is.
    pub fn place(&self) -> &Place {
        self.connections.place()
    }
}

impl Ledger for PostgresLedger {
    fn shared(&self) -> Option<&PostgresLedger> {
        Some(self)
    }

    fn begin_plan(&self, _run: &NewRun<'_>) -> Answer<RunId> {
        todo!()
    }

    fn add_sheet(&self, _run: RunId, _sheet: &NewSheet<'_>) -> Answer<SheetId> {
        todo!()
    }

    fn add_rows(&self, _sheet: SheetId, _ordinal: u32, _cells: &[u8]) -> Answer<()> {
        todo!()
    }

    fn add_verdicts(&self, _sheet: SheetId, _ordinal: u32, _rows: (u32, u32), _verdicts: &[u8]) -> Answer<()> {
        todo!()
    }

    fn add_correction(&self, _sheet: SheetId, _of: SheetId, _links: &[u8]) -> Answer<()> {
        todo!()
    }

    fn add_chunk(&self, _run: RunId, _chunk: &NewChunk<'_>) -> Answer<ChunkId> {
        todo!()
    }

    fn add_keys(&self, _run: RunId, _account: &str, _kind: &str, _year: i16, _keys: &[u8]) -> Answer<()> {
        todo!()
    }

    fn commit_plan(&self) -> Answer<()> {
        todo!()
    }

    fn abandon_plan(&self) -> Answer<()> {
        todo!()
    }

    fn runs(&self) -> Answer<Vec<Run>> {
        todo!()
    }

    fn run(&self, _id: RunId) -> Answer<Option<Run>> {
        todo!()
    }

    fn runs_with_path(&self, _path: &str) -> Answer<Vec<Run>> {
        todo!()
    }

    fn file_moved(&self, _from: &str, _to: &str) -> Answer<()> {
        todo!()
    }

    fn place_run(&self, _run: RunId, _to: &str) -> Answer<bool> {
        todo!()
    }

    fn knows_path(&self, _path: &str) -> Answer<bool> {
        todo!()
    }

    fn open_runs_with_path(&self, _account: &str, _operation: &str, _path: &str) -> Answer<Vec<Run>> {
        todo!()
    }

    fn set_run_state(
        &self,
        _run: RunId,
        _state: RunState,
        _reason: &str,
        _successor: Option<RunId>,
        _at: Timestamp,
    ) -> Answer<()> {
        todo!()
    }

    fn sheets(&self, _run: RunId) -> Answer<Vec<SheetRecord>> {
        todo!()
    }

    fn sheet(&self, _sheet: SheetId) -> Answer<Option<SheetRecord>> {
        todo!()
    }

    fn row_block(&self, _sheet: SheetId, _ordinal: u32) -> Answer<Option<Vec<u8>>> {
        todo!()
    }

    fn verdict_block(&self, _sheet: SheetId, _ordinal: u32) -> Answer<Option<Vec<u8>>> {
        todo!()
    }

    fn block_ranges(&self, _sheet: SheetId) -> Answer<Vec<(u32, RangeInclusive<u32>)>> {
        todo!()
    }

    fn corrected_in(&self, _sheet: SheetId) -> Answer<Vec<(SheetId, Vec<u8>)>> {
        todo!()
    }

    fn corrects(&self, _sheet: SheetId) -> Answer<Vec<SheetId>> {
        todo!()
    }

    fn same_sheets(&self, _sheet: SheetId) -> Answer<Vec<SheetId>> {
        todo!()
    }

    fn chunks(&self, _run: RunId) -> Answer<Vec<ChunkHead>> {
        todo!()
    }

    fn chunk(&self, _run: RunId, _ordinal: u32) -> Answer<Option<ChunkHead>> {
        todo!()
    }

    fn chunk_payload(&self, _chunk: ChunkId) -> Answer<Vec<u8>> {
        todo!()
    }

    fn chunk_lines(&self, _chunk: ChunkId) -> Answer<ChunkLines> {
        todo!()
    }

    fn attempts(&self, _chunk: ChunkId) -> Answer<Vec<Attempted>> {
        todo!()
    }

    fn visit_keys(
        &self,
        _account: &str,
        _kind: &str,
        _year: i16,
        _range: (&[u8], &[u8]),
        _visit: &mut dyn FnMut(RunId, &[u8]),
    ) -> Answer<()> {
        todo!()
    }

    fn start_attempt(&self, attempt: &NewAttempt<'_>) -> Answer<AttemptId> {
        self.start(attempt)
    }

    fn finish_attempt(
        &self,
        reply: &NewReply<'_>,
        chunk: ChunkId,
        change: &ChunkChange<'_>,
        count: (&str, &str),
    ) -> Answer<()> {
        self.finish(reply, chunk, change, count)
    }

    fn resolve_chunk(&self, chunk: ChunkId, resolution: &Resolution<'_>) -> Answer<()> {
        self.resolve(chunk, resolution)
    }

    fn recover(&self, run: RunId, to: ChunkState) -> Answer<u32> {
        self.recover_run(run, to)
    }

    fn day_count(&self, _account: &str, _day: &str) -> Answer<(u64, u64)> {
        todo!()
    }

    fn count_request(&self, _account: &str, _day: &str) -> Answer<()> {
        todo!()
    }

    fn refused_requests(&self, _run: RunId) -> Answer<u64> {
        todo!()
    }

    fn history(&self, _account: &str, _kind: &str) -> Answer<Option<HistoryMark>> {
        todo!()
    }

    fn begin_history(&self, _account: &str, _kind: &str, _history: HistoryMark) -> Answer<()> {
        todo!()
    }

    fn id(&self) -> Answer<String> {
        todo!()
    }

    fn head(&self, _run: RunId) -> Answer<[u8; 32]> {
        todo!()
    }

    fn trail(&self, _run: RunId, _after: AttemptId) -> Answer<Vec<AttemptRecord>> {
        todo!()
    }

    fn resolutions(&self, _run: RunId, _after: i64) -> Answer<Vec<ResolutionRecord>> {
        todo!()
    }

    fn reply_body(&self, _reply: i64) -> Answer<Vec<u8>> {
        todo!()
    }

    fn policies(&self) -> Answer<Vec<PolicyRecord>> {
        todo!()
    }

    fn set_policy(&self, _policy: &Policy, _by: &str, _at: Timestamp) -> Answer<()> {
        todo!()
    }

    fn approvals(&self, _run: RunId) -> Answer<Vec<ApprovalRecord>> {
        todo!()
    }

    fn approve(&self, _approval: &NewApproval<'_>) -> Answer<()> {
        todo!()
    }

    fn purges(&self, _run: RunId) -> Answer<Vec<PurgeRecord>> {
        todo!()
    }

    fn purge(&self, _purge: &NewPurge<'_>) -> Answer<bool> {
        todo!()
    }

    fn shares_rows(&self, _run: RunId) -> Answer<bool> {
        todo!()
    }

    fn freeze(&self) -> Answer<()> {
        todo!()
    }

    fn integrity(&self) -> Answer<Vec<String>> {
        todo!()
    }

    fn bytes(&self) -> Answer<u64> {
        todo!()
    }

    fn restored_from(&self) -> Answer<Option<String>> {
        todo!()
    }

    fn customers(&self, _account: &str) -> Answer<Vec<Entry>> {
        todo!()
    }

    fn change_customers(&self, _account: &str, _changed: &[Entry], _gone: &[String]) -> Answer<()> {
        todo!()
    }
    fn runs_with_content(&self, _account: &str, _operation: &str, _content: &[u8; 32]) -> Answer<Vec<Run>> {
        todo!()
    }

    fn rows_with_content(&self, _content: &[u8; 32]) -> Answer<Option<SheetId>> {
        todo!()
    }

    fn canary(&self, _account: &str, _template: &[u8; 32]) -> Answer<Option<Canary>> {
        todo!()
    }

    fn set_canary(&self, _account: &str, _template: &[u8; 32], _canary: &Canary) -> Answer<()> {
        todo!()
    }
}
