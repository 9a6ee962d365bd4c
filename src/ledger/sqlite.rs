//! The ledger in one SQLite file: write-ahead log, every commit synced to disk.
//!
//! Owns the connection and the SQL. A plan is one transaction, so a half-written one never shows. The one rule:
//! `synchronous = FULL` stays on, because [`Ledger::start_attempt`] promises durability.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};

use super::beside::Beside;
use super::consent::{self, ApprovalRecord, NewApproval, Policy, PolicyRecord, StoredPolicy};
use super::keys::{self, Wanted};
use super::purge::{self, NewPurge, PurgeRecord};
use super::records::{
    CHUNK_COLUMNS, RUN_COLUMNS, SHEET_COLUMNS, change_customers, read_chunk, read_customer, read_lines, read_mark,
    read_run, read_sheet,
};
use super::together::Together;
use super::trail::{self, AttemptRecord, ResolutionRecord};
use super::{
    AttemptId, Attempted, Canary, ChunkChange, ChunkHead, ChunkId, ChunkLines, ChunkState, HistoryMark, Ledger,
    LedgerError, NewAttempt, NewChunk, NewReply, NewRun, NewSheet, Resolution, Run, RunId, RunState, SheetId,
    SheetRecord, attempts, blob,
};
use super::{copy, places};
use crate::directory::Entry;

/// A ledger in a SQLite file.
#[derive(Debug)]
pub struct SqliteLedger {
    path: PathBuf,
    /// Closed before the other, which takes the write-ahead log down with it.
    beside: Beside,
    connection: Mutex<Connection>,
    together: Together,
}

type Answer<T> = Result<T, LedgerError>;

impl SqliteLedger {
    pub(super) fn over(path: &Path, connection: Connection) -> Self {
        let (beside, connection, together) = (Beside::default(), Mutex::new(connection), Together::default());
        Self { path: path.to_owned(), beside, connection, together }
    }

    /// The file; empty for a scratch one.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().expect("no holder of the connection panics")
    }

    pub(super) fn ask<T>(&self, question: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Answer<T> {
        question(&self.lock()).map_err(|source| storage(&self.path, source))
    }

    pub(super) fn run_batch(&self, sql: &str) -> Answer<()> {
        self.ask(|connection| connection.execute_batch(sql))
    }

    /// Runs several statements as one durable step.
    pub(super) fn durably<T>(&self, step: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Answer<T> {
        let mut connection = self.lock();
        // The write lock is asked for at once: a transaction that reads first cannot wait for another's commit.
        let begun = connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let result = begun.and_then(|transaction| {
            let answer = step(&transaction)?;
            transaction.commit()?;
            Ok(answer)
        });
        result.map_err(|source| storage(&self.path, source))
    }

    /// The same for steps that several threads have at once: those that wait for the disk share a commit.
    fn together(&self, step: impl Fn(&Connection) -> rusqlite::Result<i64> + Send + 'static) -> Answer<i64> {
        self.together.run(&self.connection, Box::new(step)).map_err(|source| storage(&self.path, source))
    }

    fn change(&self, sql: &str, parameters: impl rusqlite::Params) -> Answer<()> {
        self.ask(|connection| connection.prepare_cached(sql)?.execute(parameters))?;
        Ok(())
    }

    fn list<T>(
        &self,
        sql: &str,
        parameters: impl rusqlite::Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Answer<Vec<T>> {
        self.ask(|connection| connection.prepare_cached(sql)?.query_map(parameters, read)?.collect())
    }

    pub(super) fn one<T>(
        &self,
        sql: &str,
        parameters: impl rusqlite::Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Answer<Option<T>> {
        self.ask(|connection| connection.prepare_cached(sql)?.query_row(parameters, read).optional())
    }
}

pub(super) fn storage(path: &Path, cause: rusqlite::Error) -> LedgerError {
    LedgerError::Storage { path: path.display().to_string(), cause }
}

impl Ledger for SqliteLedger {
    fn begin_plan(&self, run: &NewRun<'_>) -> Answer<RunId> {
        self.run_batch("BEGIN IMMEDIATE")?;
        self.ask(|connection| {
            connection
                .prepare_cached(
                    "INSERT INTO run (account, operation, state, reason, content, plan, created_at, settings, version, maker)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                )?
                .insert(params![
                    run.account,
                    run.operation,
                    run.state.as_str(),
                    run.reason,
                    run.content,
                    run.plan,
                    run.created_at.as_millisecond(),
                    run.settings,
                    env!("CARGO_PKG_VERSION"),
                    run.maker,
                ])
        })
        .map(RunId)
    }

    fn add_sheet(&self, run: RunId, sheet: &NewSheet<'_>) -> Answer<SheetId> {
        self.ask(|connection| {
            let id = connection
                .prepare_cached(
                    "INSERT INTO sheet (run_id, ordinal, path, file_name, sheet_name, content, facts, rows_of)
                     VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                )?
                .insert(params![
                    run.0,
                    sheet.ordinal,
                    sheet.path,
                    sheet.file_name,
                    sheet.sheet_name,
                    sheet.content,
                    sheet.facts,
                    sheet.rows_of.map_or(0, |sheet| sheet.0),
                ])?;
            if sheet.rows_of.is_none() {
                connection.prepare_cached("UPDATE sheet SET rows_of = id WHERE id = ?")?.execute([id])?;
            }
            Ok(SheetId(id))
        })
    }

    fn add_rows(&self, sheet: SheetId, ordinal: u32, cells: &[u8]) -> Answer<()> {
        let sql = "INSERT INTO row_block (sheet_id, ordinal, cells) VALUES (?, ?, ?)";
        self.change(sql, params![sheet.0, ordinal, cells])
    }

    fn add_verdicts(&self, sheet: SheetId, ordinal: u32, rows: (u32, u32), verdicts: &[u8]) -> Answer<()> {
        let sql = "INSERT INTO verdict_block (sheet_id, ordinal, first_row, last_row, verdicts) VALUES (?, ?, ?, ?, ?)";
        self.change(sql, params![sheet.0, ordinal, rows.0, rows.1, verdicts])
    }

    fn add_correction(&self, sheet: SheetId, of: SheetId, links: &[u8]) -> Answer<()> {
        self.change("INSERT INTO correction VALUES (?, ?, ?)", params![sheet.0, of.0, links])
    }

    fn add_chunk(&self, run: RunId, chunk: &NewChunk<'_>) -> Answer<ChunkId> {
        self.ask(|connection| attempts::add_chunk(connection, run.0, None, chunk))
    }

    fn add_keys(&self, run: RunId, account: &str, kind: &str, year: i16, keys: &[u8]) -> Answer<()> {
        let (first, last) = keys::ends_of(keys);
        let sql = "INSERT INTO key_block (account, kind, year, run_id, first_key, last_key, keys)
                   VALUES (?, ?, ?, ?, ?, ?, ?)";
        self.change(sql, params![account, kind, year, run.0, first, last, keys])
    }

    fn commit_plan(&self) -> Answer<()> {
        self.run_batch("COMMIT")
    }

    fn abandon_plan(&self) -> Answer<()> {
        // SQLite ends the transaction by itself after some errors, such as a full disk.
        let open = self.ask(|connection| Ok(!connection.is_autocommit()))?;
        if open { self.run_batch("ROLLBACK") } else { Ok(()) }
    }

    fn runs(&self) -> Answer<Vec<Run>> {
        self.list(&format!("SELECT {RUN_COLUMNS} FROM run ORDER BY id DESC"), [], read_run)
    }

    fn run(&self, id: RunId) -> Answer<Option<Run>> {
        self.one(&format!("SELECT {RUN_COLUMNS} FROM run WHERE id = ?"), [id.0], read_run)
    }

    fn runs_with_content(&self, account: &str, operation: &str, content: &[u8; 32]) -> Answer<Vec<Run>> {
        let sql = format!(
            "SELECT {RUN_COLUMNS} FROM run WHERE account = ? AND operation = ? AND content = ? ORDER BY id DESC"
        );
        self.list(&sql, params![account, operation, content], read_run)
    }

    fn runs_with_path(&self, path: &str) -> Answer<Vec<Run>> {
        let sql = format!(
            "SELECT {RUN_COLUMNS} FROM run WHERE id IN (SELECT run_id FROM sheet WHERE path = ?) ORDER BY id DESC"
        );
        self.list(&sql, [path], read_run)
    }

    fn file_moved(&self, from: &str, to: &str) -> Answer<()> {
        self.change("UPDATE sheet SET path = ? WHERE path = ?", [to, from])
    }

    fn place_run(&self, run: RunId, to: &str) -> Answer<bool> {
        let moved = self.ask(|connection| connection.execute(places::PLACE_RUN, params![to, run.0]))?;
        Ok(moved > 0)
    }

    fn knows_path(&self, path: &str) -> Answer<bool> {
        let found = self.one("SELECT 1 FROM sheet WHERE path = ? LIMIT 1", [path], |row| row.get::<_, i64>(0))?;
        Ok(found.is_some())
    }

    fn open_runs_with_path(&self, account: &str, operation: &str, path: &str) -> Answer<Vec<Run>> {
        let sql = format!(
            "SELECT {RUN_COLUMNS} FROM run WHERE account = ? AND operation = ? AND state = 'open'
             AND id IN (SELECT run_id FROM sheet WHERE path = ?) ORDER BY id DESC"
        );
        self.list(&sql, params![account, operation, path], read_run)
    }

    fn set_run_state(
        &self,
        run: RunId,
        state: RunState,
        reason: &str,
        successor: Option<RunId>,
        at: Timestamp,
    ) -> Answer<()> {
        let finished_at = (state != RunState::Open).then(|| at.as_millisecond());
        self.change(
            "UPDATE run SET state = ?, reason = ?, successor = ?, finished_at = ? WHERE id = ?",
            params![state.as_str(), reason, successor.map(|run| run.0), finished_at, run.0],
        )
    }

    fn sheets(&self, run: RunId) -> Answer<Vec<SheetRecord>> {
        self.list(&format!("SELECT {SHEET_COLUMNS} FROM sheet WHERE run_id = ? ORDER BY ordinal"), [run.0], read_sheet)
    }

    fn sheet(&self, sheet: SheetId) -> Answer<Option<SheetRecord>> {
        self.one(&format!("SELECT {SHEET_COLUMNS} FROM sheet WHERE id = ?"), [sheet.0], read_sheet)
    }

    fn rows_with_content(&self, content: &[u8; 32]) -> Answer<Option<SheetId>> {
        let sql = "SELECT id FROM sheet WHERE content = ? AND rows_of = id
                   AND NOT EXISTS (SELECT 1 FROM purge WHERE purge.run_id = sheet.run_id) ORDER BY id LIMIT 1";
        self.one(sql, [content], |row| row.get(0).map(SheetId))
    }

    fn row_block(&self, sheet: SheetId, ordinal: u32) -> Answer<Option<Vec<u8>>> {
        self.one("SELECT cells FROM row_block WHERE sheet_id = ? AND ordinal = ?", params![sheet.0, ordinal], |row| {
            row.get(0)
        })
    }

    fn verdict_block(&self, sheet: SheetId, ordinal: u32) -> Answer<Option<Vec<u8>>> {
        let sql = "SELECT verdicts FROM verdict_block WHERE sheet_id = ? AND ordinal = ?";
        self.one(sql, params![sheet.0, ordinal], |row| row.get(0))
    }

    fn block_ranges(&self, sheet: SheetId) -> Answer<Vec<(u32, RangeInclusive<u32>)>> {
        let sql = "SELECT ordinal, first_row, last_row FROM verdict_block WHERE sheet_id = ? ORDER BY ordinal";
        self.list(sql, [sheet.0], |found| Ok((found.get(0)?, found.get(1)?..=found.get(2)?)))
    }

    fn corrected_in(&self, sheet: SheetId) -> Answer<Vec<(SheetId, Vec<u8>)>> {
        self.list(places::CORRECTED_IN, [sheet.0], |found| Ok((SheetId(found.get(0)?), found.get(1)?)))
    }

    fn corrects(&self, sheet: SheetId) -> Answer<Vec<SheetId>> {
        self.list(places::CORRECTS, [sheet.0], |found| found.get(0).map(SheetId))
    }

    fn same_sheets(&self, sheet: SheetId) -> Answer<Vec<SheetId>> {
        self.list(places::SAME, [sheet.0], |found| found.get(0).map(SheetId))
    }

    fn chunks(&self, run: RunId) -> Answer<Vec<ChunkHead>> {
        self.list(&format!("SELECT {CHUNK_COLUMNS} FROM chunk WHERE run_id = ? ORDER BY ordinal"), [run.0], read_chunk)
    }

    fn chunk(&self, run: RunId, ordinal: u32) -> Answer<Option<ChunkHead>> {
        let sql = format!("SELECT {CHUNK_COLUMNS} FROM chunk WHERE run_id = ? AND ordinal = ?");
        self.one(&sql, params![run.0, ordinal], read_chunk)
    }

    fn chunk_payload(&self, chunk: ChunkId) -> Answer<Vec<u8>> {
        if let Some(payload) = self.beside.payload(&self.path, chunk) {
            return Ok(payload);
        }
        self.one("SELECT bytes FROM payload WHERE chunk_id = ?", [chunk.0], |row| row.get(0))?
            .ok_or_else(|| LedgerError::Damaged(format!("chunk {chunk} is gone")))
    }

    fn chunk_lines(&self, chunk: ChunkId) -> Answer<ChunkLines> {
        let lines = self.one("SELECT outcomes, moved FROM chunk WHERE id = ?", [chunk.0], read_lines)?;
        lines.ok_or_else(|| LedgerError::Damaged(format!("chunk {chunk} is gone")))
    }

    fn attempts(&self, chunk: ChunkId) -> Answer<Vec<Attempted>> {
        attempts::of_chunk(self.ask(|connection| attempts::stored(connection, chunk))?)
    }

    fn visit_keys(
        &self,
        account: &str,
        kind: &str,
        year: i16,
        wanted: &Wanted<'_>,
        visit: &mut dyn FnMut(&[u8]),
    ) -> Answer<()> {
        let Some((first, last)) = wanted.ends() else { return Ok(()) };
        self.ask(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT first_key, last_key, keys FROM key_block
                 WHERE account = ? AND kind = ? AND year = ? AND first_key <= ? AND last_key >= ?",
            )?;
            let mut rows = statement.query(params![account, kind, year, last, first])?;
            while let Some(row) = rows.next()? {
                // The keys themselves are read from the file only when they are asked for.
                if !wanted.between(&row.get(0)?, &row.get(1)?).is_empty() {
                    visit(row.get_ref(2)?.as_blob()?);
                }
            }
            Ok(())
        })
    }

    fn start_attempt(&self, attempt: &NewAttempt<'_>) -> Answer<AttemptId> {
        self.together(attempts::starting(attempt)).map(AttemptId)
    }

    fn finish_attempt(
        &self,
        reply: &NewReply<'_>,
        chunk: ChunkId,
        change: &ChunkChange<'_>,
        count: (&str, &str),
    ) -> Answer<()> {
        self.together(attempts::finishing(reply, chunk, change, count)).map(|_| ())
    }

    fn resolve_chunk(&self, chunk: ChunkId, resolution: &Resolution<'_>) -> Answer<()> {
        self.durably(|connection| attempts::resolve(connection, chunk, resolution))
    }

    fn recover(&self, run: RunId, to: ChunkState) -> Answer<u32> {
        self.durably(|connection| attempts::recover(connection, run, to))
    }

    fn day_count(&self, account: &str, day: &str) -> Answer<(u64, u64)> {
        let sql = "SELECT requests, refused FROM pace WHERE account = ? AND day = ?";
        let counted = self.one(sql, params![account, day], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?;
        Ok(counted.map_or((0, 0), |(requests, refused)| (requests as u64, refused as u64)))
    }

    fn count_request(&self, account: &str, day: &str) -> Answer<()> {
        self.durably(|connection| attempts::count_request(connection, account, day))
    }

    fn refused_requests(&self, run: RunId) -> Answer<u64> {
        let sql = "SELECT count(*) FROM reply WHERE run_id = ? AND refused = 1";
        Ok(self.one(sql, [run.0], |row| row.get::<_, i64>(0))?.unwrap_or(0) as u64)
    }

    fn canary(&self, account: &str, template: &[u8; 32]) -> Answer<Option<Canary>> {
        let sql = "SELECT proven, run_id, ordinal, differences FROM canary WHERE account = ? AND template = ?";
        self.one(sql, params![account, template], |row| {
            Ok(Canary { proven: row.get(0)?, run: RunId(row.get(1)?), ordinal: row.get(2)?, differences: row.get(3)? })
        })
    }

    fn set_canary(&self, account: &str, template: &[u8; 32], canary: &Canary) -> Answer<()> {
        let sql = "INSERT OR REPLACE INTO canary (account, template, proven, run_id, ordinal, differences)
                   VALUES (?, ?, ?, ?, ?, ?)";
        self.change(sql, params![account, template, canary.proven, canary.run.0, canary.ordinal, canary.differences])
    }

    fn history(&self, account: &str, kind: &str) -> Answer<Option<HistoryMark>> {
        let sql = "SELECT since, complete FROM history WHERE account = ? AND kind = ?";
        self.one(sql, params![account, kind], read_mark)
    }

    fn begin_history(&self, account: &str, kind: &str, history: HistoryMark) -> Answer<()> {
        let sql = "INSERT OR IGNORE INTO history (account, kind, since, complete) VALUES (?, ?, ?, ?)";
        self.change(sql, params![account, kind, history.since.as_millisecond(), history.complete])
    }

    fn id(&self) -> Answer<String> {
        Ok(self.one("SELECT value FROM meta WHERE key = 'id'", [], |row| row.get(0))?.unwrap_or_default())
    }

    fn head(&self, run: RunId) -> Answer<[u8; 32]> {
        self.ask(|connection| trail::head(connection, run))
    }

    fn trail(&self, run: RunId, after: AttemptId) -> Answer<Vec<AttemptRecord>> {
        self.ask(|connection| trail::attempts_after(connection, run, after.0))
    }

    fn resolutions(&self, run: RunId, after: i64) -> Answer<Vec<ResolutionRecord>> {
        self.ask(|connection| trail::resolutions_after(connection, run, after))
    }

    fn reply_body(&self, reply: i64) -> Answer<Vec<u8>> {
        let packed: Option<Vec<u8>> = self.one("SELECT body FROM reply WHERE id = ?", [reply], |row| row.get(0))?;
        blob::decompress(&packed.ok_or_else(|| LedgerError::Damaged(format!("reply {reply} is gone")))?)
    }

    fn customers(&self, account: &str) -> Answer<Vec<Entry>> {
        let sql = "SELECT customer_id, code, gstin, legal_name FROM directory WHERE account = ? ORDER BY customer_id";
        self.list(sql, [account], read_customer)
    }

    fn change_customers(&self, account: &str, changed: &[Entry], gone: &[String]) -> Answer<()> {
        self.durably(|connection| change_customers(connection, account, changed, gone))
    }

    fn policies(&self) -> Answer<Vec<PolicyRecord>> {
        self.ask(consent::policies)?.into_iter().map(StoredPolicy::read).collect()
    }

    fn set_policy(&self, policy: &Policy, by: &str, at: Timestamp) -> Answer<()> {
        self.durably(|connection| consent::set_policy(connection, policy, by, at))
    }

    fn approvals(&self, run: RunId) -> Answer<Vec<ApprovalRecord>> {
        self.ask(|connection| consent::approvals(connection, run))
    }

    fn approve(&self, approval: &NewApproval<'_>) -> Answer<()> {
        self.durably(|connection| consent::approve(connection, approval))
    }

    fn purges(&self, run: RunId) -> Answer<Vec<PurgeRecord>> {
        self.ask(|connection| purge::purges(connection, run))
    }

    fn purge(&self, purge: &NewPurge<'_>) -> Answer<bool> {
        // What is deleted is overwritten in the file, not only forgotten.
        self.run_batch("PRAGMA secure_delete = ON")?;
        self.durably(|connection| purge::purge(connection, purge))
    }

    fn shares_rows(&self, run: RunId) -> Answer<bool> {
        self.ask(|connection| purge::shares_rows(connection, run))
    }

    fn freeze(&self) -> Answer<()> {
        self.run_batch("BEGIN; SELECT count(*) FROM meta;")
    }

    fn integrity(&self) -> Answer<Vec<String>> {
        self.ask(copy::integrity)
    }

    fn bytes(&self) -> Answer<u64> {
        Ok(Self::bytes_at(&self.path))
    }

    fn restored_from(&self) -> Answer<Option<String>> {
        self.one("SELECT value FROM meta WHERE key = 'restored-from'", [], |row| row.get(0))
    }
}
