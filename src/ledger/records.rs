//! Rows of the SQLite tables as records, and the hash chain over attempts and replies.
//!
//! The one rule: a word in the file that this program does not know never makes anything sendable.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{ChunkHead, ChunkId, ChunkLines, ChunkState, HistoryMark, Run, RunId, RunState, SheetId, SheetRecord};
use crate::directory::Entry;

pub(super) fn read_time(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

pub(super) const RUN_COLUMNS: &str =
    "id, account, operation, state, content, plan, created_at, finished_at, reason, successor, settings, maker";

pub(super) fn read_run(row: &Row<'_>) -> rusqlite::Result<Run> {
    let state: String = row.get(3)?;
    Ok(Run {
        id: RunId(row.get(0)?),
        account: row.get(1)?,
        operation: row.get(2)?,
        state: RunState::parse(&state).unwrap_or(RunState::Closed),
        content: row.get(4)?,
        plan: row.get(5)?,
        created_at: read_time(row.get(6)?),
        finished_at: row.get::<_, Option<i64>>(7)?.map(read_time),
        reason: row.get(8)?,
        successor: row.get::<_, Option<i64>>(9)?.map(RunId),
        settings: row.get(10)?,
        maker: row.get(11)?,
    })
}

pub(super) const SHEET_COLUMNS: &str = "id, run_id, path, file_name, sheet_name, content, facts, rows_of";

pub(super) fn read_sheet(row: &Row<'_>) -> rusqlite::Result<SheetRecord> {
    Ok(SheetRecord {
        id: SheetId(row.get(0)?),
        run: RunId(row.get(1)?),
        path: row.get(2)?,
        file_name: row.get(3)?,
        sheet_name: row.get(4)?,
        content: row.get(5)?,
        facts: row.get(6)?,
        rows_of: SheetId(row.get(7)?),
    })
}

pub(super) const CHUNK_COLUMNS: &str = "id, ordinal, account_id, rows, state, settled_at, request_id, \
    (SELECT count(*) FROM attempt WHERE attempt.chunk_id = chunk.id), \
    EXISTS (SELECT 1 FROM attempt LEFT JOIN reply ON reply.attempt_id = attempt.id WHERE attempt.chunk_id = chunk.id \
        AND (reply.id IS NULL OR reply.kind = 'no-reply' OR reply.status = 408 OR (reply.status >= 500 AND reply.status <> 503))), \
    (SELECT ordinal FROM chunk AS parent WHERE parent.id = chunk.parent)";

pub(super) fn read_chunk(row: &Row<'_>) -> rusqlite::Result<ChunkHead> {
    let state: String = row.get(4)?;
    Ok(ChunkHead {
        id: ChunkId(row.get(0)?),
        ordinal: row.get(1)?,
        account_id: row.get(2)?,
        rows: row.get(3)?,
        // A word this program does not know must never be sent again.
        state: ChunkState::parse(&state).unwrap_or(ChunkState::Unknown),
        settled_at: row.get::<_, Option<i64>>(5)?.map(read_time),
        request_id: row.get(6)?,
        attempts: row.get(7)?,
        doubtful: row.get(8)?,
        parent: row.get(9)?,
    })
}

/// Links a record to the one before it in its sender's chain.
pub(super) fn chain(previous: &[u8], kind: &str, number: i64, at: i64, digest: &[u8]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("arload ledger chain 1");
    for part in [previous, kind.as_bytes(), &number.to_le_bytes(), &at.to_le_bytes(), digest] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    *hasher.finalize().as_bytes()
}

/// The hash that a sender's next record follows; zeros for its first.
pub(super) fn last_hash(connection: &Connection, run: RunId, sender: &str) -> rusqlite::Result<Vec<u8>> {
    let last = connection
        .prepare_cached(
            "SELECT coalesce((SELECT reply.hash FROM reply WHERE reply.attempt_id = attempt.id ORDER BY id DESC LIMIT 1), hash)
             FROM attempt WHERE run_id = ? AND sender = ? ORDER BY id DESC LIMIT 1",
        )?
        .query_row(params![run.0, sender], |row| row.get::<_, Vec<u8>>(0))
        .optional()?;
    Ok(last.unwrap_or_else(|| vec![0; 32]))
}

/// The hash that a run's next resolution follows; zeros for its first.
pub(super) fn last_resolution(connection: &Connection, run: RunId) -> rusqlite::Result<Vec<u8>> {
    let last = connection
        .prepare_cached("SELECT hash FROM resolution WHERE run_id = ? ORDER BY id DESC LIMIT 1")?
        .query_row([run.0], |row| row.get::<_, Vec<u8>>(0))
        .optional()?;
    Ok(last.unwrap_or_else(|| vec![0; 32]))
}

pub(super) fn read_customer(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let filled = |text: String| (!text.is_empty()).then_some(text);
    Ok(Entry {
        customer_id: row.get(0)?,
        code: filled(row.get(1)?),
        gstin: filled(row.get(2)?),
        legal_name: filled(row.get(3)?),
    })
}

pub(super) fn add_customer(connection: &Connection, account: &str, customer: &Entry) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO directory (account, customer_id, code, gstin, legal_name) VALUES (?, ?, ?, ?, ?)
             ON CONFLICT (account, customer_id) DO UPDATE SET
                 code = excluded.code, gstin = excluded.gstin, legal_name = excluded.legal_name",
        )?
        .execute(params![
            account,
            customer.customer_id,
            customer.code.as_deref().unwrap_or_default(),
            customer.gstin.as_deref().unwrap_or_default(),
            customer.legal_name.as_deref().unwrap_or_default(),
        ])?;
    Ok(())
}

pub(super) fn read_mark(row: &Row<'_>) -> rusqlite::Result<HistoryMark> {
    Ok(HistoryMark { since: read_time(row.get(0)?), complete: row.get(1)? })
}

pub(super) fn read_lines(row: &Row<'_>) -> rusqlite::Result<ChunkLines> {
    Ok(ChunkLines { outcomes: row.get(0)?, moved: row.get(1)? })
}

pub(super) fn change_customers(
    connection: &Connection,
    account: &str,
    changed: &[Entry],
    gone: &[String],
) -> rusqlite::Result<()> {
    for customer in changed {
        add_customer(connection, account, customer)?;
    }
    let mut forget = connection.prepare_cached("DELETE FROM directory WHERE account = ? AND customer_id = ?")?;
    for customer_id in gone {
        forget.execute(params![account, customer_id])?;
    }
    Ok(())
}
