//! Rows of the tables as the records of [`crate::ledger`].

use jiff::Timestamp;
use postgres::Row;

use crate::directory::Entry;
use crate::ledger::trail::Link;
use crate::ledger::{ChunkHead, ChunkId, ChunkState, Run, RunId, RunState, SheetId, SheetRecord};

pub(super) const RUN: &str = "id, account, operation, state, content, plan, created_at, finished_at, reason, successor, \
    settings, maker";

pub(super) fn run(row: &Row) -> Run {
    let state: String = row.get(3);
    Run {
        id: RunId(row.get(0)),
        account: row.get(1),
        operation: row.get(2),
        // A word this program does not know must never be sent again.
        state: RunState::parse(&state).unwrap_or(RunState::Closed),
        content: whole(row.get(4)),
        plan: whole(row.get(5)),
        created_at: time(row.get(6)),
        finished_at: row.get::<_, Option<i64>>(7).map(time),
        reason: row.get(8),
        successor: row.get::<_, Option<i64>>(9).map(RunId),
        settings: row.get(10),
        maker: row.get(11),
    }
}

pub(super) const SHEET: &str = "id, run_id, path, file_name, sheet_name, content, facts, coalesce(rows_of, id)";

pub(super) fn sheet(row: &Row) -> SheetRecord {
    SheetRecord {
        id: SheetId(row.get(0)),
        run: RunId(row.get(1)),
        path: row.get(2),
        file_name: row.get(3),
        sheet_name: row.get(4),
        content: whole(row.get(5)),
        facts: row.get(6),
        rows_of: SheetId(row.get(7)),
    }
}

pub(super) const CHUNK: &str = "SELECT chunk.id, chunk.ordinal, chunk.account_id, chunk.rows, chunk.state, \
    chunk.settled_at, chunk.request_id, tried.attempts, tried.doubtful, parent.ordinal \
    FROM @chunk AS chunk LEFT JOIN @chunk AS parent ON parent.id = chunk.parent CROSS JOIN LATERAL ( \
        SELECT count(DISTINCT attempt.id) AS attempts, \
            coalesce(bool_or(reply.id IS NULL OR reply.kind = 'no-reply' OR reply.status = 408 \
                OR (reply.status >= 500 AND reply.status <> 503)), false) AS doubtful \
        FROM @attempt AS attempt LEFT JOIN @reply AS reply ON reply.attempt_id = attempt.id \
        WHERE attempt.chunk_id = chunk.id) AS tried ";

pub(super) fn chunk(row: &Row) -> ChunkHead {
    let state: String = row.get(4);
    ChunkHead {
        id: ChunkId(row.get(0)),
        ordinal: number(row.get(1)),
        account_id: row.get(2),
        rows: number(row.get(3)),
        // A word this program does not know must never be sent again.
        state: ChunkState::parse(&state).unwrap_or(ChunkState::Unknown),
        settled_at: row.get::<_, Option<i64>>(5).map(time),
        request_id: row.get(6),
        attempts: number(row.get(7)),
        doubtful: row.get(8),
        parent: row.get::<_, Option<i64>>(9).map(number),
    }
}

pub(super) fn customer(row: &Row) -> Entry {
    let filled = |text: String| (!text.is_empty()).then_some(text);
    Entry {
        customer_id: row.get(0),
        code: filled(row.get(1)),
        gstin: filled(row.get(2)),
        legal_name: filled(row.get(3)),
    }
}

/// The columns digest, previous and hash, in this order from the first.
pub(super) fn link(row: &Row) -> Link {
    Link { digest: whole(row.get(0)), previous: whole(row.get(1)), hash: whole(row.get(2)) }
}

/// A hash as the ledger keeps it; one of another length follows from nothing.
pub(super) fn whole(bytes: Vec<u8>) -> [u8; 32] {
    bytes.try_into().unwrap_or([0; 32])
}

pub(super) fn time(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or_default()
}

/// A count that was written as one.
pub(super) fn number(written: i64) -> u32 {
    u32::try_from(written).unwrap_or(u32::MAX)
}
