//! The library's own ledger and API with a step counted before and after each call, and a kill at one of them.
//!
//! The rule: nothing is changed but the moment of death; a process that is not killed behaves as without the seams.

use std::fs::File;
use std::io::Write as _;
use std::ops::RangeInclusive;
use std::sync::Mutex;

use arload::api::{Api, Call, Exchange, Search, Token, TokenError};
use arload::directory::Entry;
use arload::ledger::consent::{ApprovalRecord, NewApproval, Policy, PolicyRecord};
use arload::ledger::keys::Wanted;
use arload::ledger::purge::{NewPurge, PurgeRecord};
use arload::ledger::trail::{AttemptRecord, ResolutionRecord};
use arload::ledger::{
    AttemptId, Attempted, Canary, ChunkChange, ChunkHead, ChunkId, ChunkLines, ChunkState, HistoryMark, Ledger,
    LedgerError, NewAttempt, NewChunk, NewReply, NewRun, NewSheet, PostgresLedger, Resolution, Run, RunId, RunState,
    SheetId, SheetRecord,
};
use jiff::Timestamp;
use rustix::process::{Signal, getpid, kill_process};

/// Steps so far, written down by name, and the one to die at.
pub(super) struct Points {
    log: Mutex<(u64, File)>,
    fatal: u64,
}

impl Points {
    /// Dies at the step of this number, counted from 1; at none for 0.
    pub(super) fn new(log: File, fatal: u64) -> Points {
        Points { log: Mutex::new((0, log)), fatal }
    }

    fn step(&self, when: &str, name: &str) {
        // Other threads stay behind the lock while this one dies.
        let mut log = self.log.lock().unwrap();
        log.0 += 1;
        writeln!(log.1, "{when} {name}").unwrap();
        if log.0 == self.fatal {
            kill_process(getpid(), Signal::KILL).unwrap();
            loop {
                std::thread::park();
            }
        }
    }
}

/// A call that leaves something behind.
fn writes<T>(points: &Points, name: &str, act: impl FnOnce() -> T) -> T {
    points.step("before", name);
    let result = act();
    points.step("after", name);
    result
}

/// A call that leaves nothing behind.
fn reads<T>(_: &Points, _: &str, act: impl FnOnce() -> T) -> T {
    act()
}

/// A ledger with a step before and after each durable call.
pub(super) struct StoppingLedger<'a, L> {
    pub(super) inner: L,
    pub(super) points: &'a Points,
}

macro_rules! ledger_seam {
    ($($kind:ident $name:ident($($argument:ident: $type:ty),*) -> $returned:ty;)+) => {
        impl<L: Ledger> Ledger for StoppingLedger<'_, L> {
            fn shared(&self) -> Option<&PostgresLedger> {
                self.inner.shared()
            }

            $(fn $name(&self, $($argument: $type),*) -> Result<$returned, LedgerError> {
                $kind(self.points, stringify!($name), || self.inner.$name($($argument),*))
            })+
        }
    };
}

ledger_seam! {
    writes begin_plan(run: &NewRun<'_>) -> RunId;
    writes add_sheet(run: RunId, sheet: &NewSheet<'_>) -> SheetId;
    writes add_rows(sheet: SheetId, ordinal: u32, cells: &[u8]) -> ();
    writes add_verdicts(sheet: SheetId, ordinal: u32, rows: (u32, u32), verdicts: &[u8]) -> ();
    writes add_correction(sheet: SheetId, of: SheetId, links: &[u8]) -> ();
    writes add_chunk(run: RunId, chunk: &NewChunk<'_>) -> ChunkId;
    writes add_keys(run: RunId, account: &str, kind: &str, year: i16, keys: &[u8]) -> ();
    writes commit_plan() -> ();
    writes abandon_plan() -> ();
    reads runs() -> Vec<Run>;
    reads run(id: RunId) -> Option<Run>;
    reads runs_with_content(account: &str, operation: &str, content: &[u8; 32]) -> Vec<Run>;
    reads open_runs_with_path(account: &str, operation: &str, path: &str) -> Vec<Run>;
    writes set_run_state(run: RunId, state: RunState, reason: &str, successor: Option<RunId>, at: Timestamp) -> ();
    reads sheets(run: RunId) -> Vec<SheetRecord>;
    reads sheet(sheet: SheetId) -> Option<SheetRecord>;
    reads rows_with_content(content: &[u8; 32]) -> Option<SheetId>;
    reads row_block(sheet: SheetId, ordinal: u32) -> Option<Vec<u8>>;
    reads verdict_block(sheet: SheetId, ordinal: u32) -> Option<Vec<u8>>;
    reads block_ranges(sheet: SheetId) -> Vec<(u32, RangeInclusive<u32>)>;
    reads corrected_in(sheet: SheetId) -> Vec<(SheetId, Vec<u8>)>;
    reads corrects(sheet: SheetId) -> Vec<SheetId>;
    reads runs_with_path(path: &str) -> Vec<Run>;
    writes file_moved(from: &str, to: &str) -> ();
    writes place_run(run: RunId, to: &str) -> bool;
    reads knows_path(path: &str) -> bool;
    reads same_sheets(sheet: SheetId) -> Vec<SheetId>;
    reads chunks(run: RunId) -> Vec<ChunkHead>;
    reads chunk(run: RunId, ordinal: u32) -> Option<ChunkHead>;
    reads chunk_payload(chunk: ChunkId) -> Vec<u8>;
    reads chunk_lines(chunk: ChunkId) -> ChunkLines;
    reads attempts(chunk: ChunkId) -> Vec<Attempted>;
    reads visit_keys(
        account: &str,
        kind: &str,
        year: i16,
        wanted: &Wanted<'_>,
        visit: &mut dyn FnMut(&[u8])
    ) -> ();
    writes start_attempt(attempt: &NewAttempt<'_>) -> AttemptId;
    writes finish_attempt(reply: &NewReply<'_>, chunk: ChunkId, change: &ChunkChange<'_>, count: (&str, &str)) -> ();
    writes resolve_chunk(chunk: ChunkId, resolution: &Resolution<'_>) -> ();
    writes recover(run: RunId, to: ChunkState) -> u32;
    reads day_count(account: &str, day: &str) -> (u64, u64);
    writes count_request(account: &str, day: &str) -> ();
    reads refused_requests(run: RunId) -> u64;
    reads canary(account: &str, template: &[u8; 32]) -> Option<Canary>;
    writes set_canary(account: &str, template: &[u8; 32], canary: &Canary) -> ();
    reads history(account: &str, kind: &str) -> Option<HistoryMark>;
    writes begin_history(account: &str, kind: &str, history: HistoryMark) -> ();
    reads id() -> String;
    reads head(run: RunId) -> [u8; 32];
    reads trail(run: RunId, after: AttemptId) -> Vec<AttemptRecord>;
    reads resolutions(run: RunId, after: i64) -> Vec<ResolutionRecord>;
    reads reply_body(reply: i64) -> Vec<u8>;
    reads policies() -> Vec<PolicyRecord>;
    writes set_policy(policy: &Policy, by: &str, at: Timestamp) -> ();
    reads approvals(run: RunId) -> Vec<ApprovalRecord>;
    writes approve(approval: &NewApproval<'_>) -> ();
    reads purges(run: RunId) -> Vec<PurgeRecord>;
    writes purge(purge: &NewPurge<'_>) -> bool;
    reads shares_rows(run: RunId) -> bool;
    reads freeze() -> ();
    reads integrity() -> Vec<String>;
    reads bytes() -> u64;
    reads restored_from() -> Option<String>;
    reads customers(account: &str) -> Vec<Entry>;
    writes change_customers(account: &str, changed: &[Entry], gone: &[String]) -> ();
}

/// An API with a step before each request and after its answer.
pub(super) struct StoppingApi<'a, A> {
    pub(super) inner: A,
    pub(super) points: &'a Points,
}

impl<A: Api> Api for StoppingApi<'_, A> {
    fn token(&self) -> Result<Token, TokenError> {
        writes(self.points, "token", || self.inner.token())
    }

    fn discard(&self, token: &Token) {
        self.inner.discard(token);
    }

    fn call(&self, token: &Token, call: &Call<'_>) -> Exchange {
        writes(self.points, "upload", || self.inner.call(token, call))
    }

    fn search(&self, token: &Token, search: &Search<'_>) -> Exchange {
        writes(self.points, "search", || self.inner.search(token, search))
    }
}
