//! What every ledger must do, as tests that take any; a second implementation runs them too.
//!
//! [`runs`], [`chunks`], [`keys`], [`trail`] and [`accounts`] hold what is kept of each; [`files`] what the ledger in a file does
//! beside that.

mod accounts;
mod chunks;
mod files;
mod keys;
mod runs;
mod trail;

use jiff::Timestamp;

use super::postgres::testing::Installation;
use super::sqlite::SqliteLedger;
use super::{
    AttemptId, ChunkChange, ChunkId, ChunkState, Ledger, NewAttempt, NewChunk, NewReply, NewRun, NewSheet, RunId,
    RunState, blob,
};
use crate::directory::Entry;

const ACCOUNT: &str = "https://api.example CEK0000001";
const DAY: &str = "2026-11-22";

fn now() -> Timestamp {
    Timestamp::from_second(1_795_329_000).unwrap()
}

fn new_run(content: u8) -> NewRun<'static> {
    NewRun {
        account: ACCOUNT,
        operation: "invoices create",
        state: RunState::Open,
        reason: "",
        content: [content; 32],
        plan: [content; 32],
        created_at: now(),
        settings: "{}",
        maker: "",
    }
}

/// A committed run with one sheet and one chunk of two lines.
fn planned(ledger: &dyn Ledger, content: u8) -> (RunId, ChunkId) {
    let run = ledger.begin_plan(&new_run(content)).unwrap();
    let sheet = NewSheet {
        ordinal: 0,
        path: "/in/a.csv",
        file_name: "a.csv",
        sheet_name: None,
        content: [content; 32],
        facts: "{}",
        rows_of: None,
    };
    let sheet = ledger.add_sheet(run, &sheet).unwrap();
    ledger.add_rows(sheet, 0, b"rows").unwrap();
    ledger.add_verdicts(sheet, 0, (2, 3), b"verdicts").unwrap();
    let payload = blob::compress(b"a\n1\n2\n");
    let chunk = NewChunk { ordinal: 1, account_id: "CEK0000001", rows: 2, payload: &payload };
    let chunk = ledger.add_chunk(run, &chunk).unwrap();
    ledger.commit_plan().unwrap();
    (run, chunk)
}

fn attempt(ledger: &dyn Ledger, run: RunId, chunk: ChunkId, number: u32) -> AttemptId {
    if let Some(shared) = ledger.shared() {
        shared.claim(run, 100, None, &[]).unwrap();
    }
    let attempt = NewAttempt {
        run,
        chunk,
        number,
        sender: "sender-1",
        started_at: now(),
        digest: [7; 32],
        account: ACCOUNT,
        day: DAY,
    };
    ledger.start_attempt(&attempt).unwrap()
}

fn reply(ledger: &dyn Ledger, attempt: AttemptId, chunk: ChunkId, state: ChunkState, outcomes: Option<&[u8]>) {
    let reply = NewReply {
        attempt,
        received_at: now(),
        kind: "answered",
        status: Some(200),
        request_id: Some("r-1"),
        body: b"{}",
    };
    let customer =
        Entry { customer_id: "KC0123456789ABCD".into(), code: Some("C1".into()), gstin: None, legal_name: None };
    let customers = if outcomes.is_some() { vec![customer] } else { Vec::new() };
    let change = ChunkChange { state, outcomes, refused: state == ChunkState::Rejected, customers: &customers };
    ledger.finish_attempt(&reply, chunk, &change, (ACCOUNT, DAY)).unwrap();
}

/// Each of the ledgers, new.
fn in_each(test: impl Fn(&dyn Ledger)) {
    let folder = tempfile::tempdir().unwrap();
    test(&SqliteLedger::open(&folder.path().join("ledger.db")).unwrap());
    test(&SqliteLedger::scratch().unwrap());
    if let Some(installation) = Installation::new() {
        test(&installation.worker());
    }
}
