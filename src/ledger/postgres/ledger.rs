//! What every ledger promises, asked of the database.
//!
//! Short questions stand here; what takes several statements stands in the files beside it.

use std::ops::RangeInclusive;

use jiff::Timestamp;
use postgres::Row;
use postgres::types::Type;

use super::{Answer, PostgresLedger, reads};
use crate::directory::Entry;
use crate::ledger::consent::{ApprovalRecord, NewApproval, Policy, PolicyRecord};
use crate::ledger::keys::Wanted;
use crate::ledger::purge::{NewPurge, PurgeRecord};
use crate::ledger::trail::{AttemptRecord, ResolutionRecord};
use crate::ledger::{
    AttemptId, Attempted, Canary, ChunkChange, ChunkHead, ChunkId, ChunkLines, ChunkState, HistoryMark, Ledger,
    LedgerError, NewAttempt, NewChunk, NewReply, NewRun, NewSheet, Resolution, Run, RunId, RunState, SheetId,
    SheetRecord, blob,
};

/// Sheets with the content of one, given to the same operation, account and seller, where `other` is each of them.
macro_rules! same_as {
    ($one:literal) => {
        concat!(
            "FROM @sheet AS one JOIN @run AS run ON run.id = one.run_id JOIN @sheet AS other ON other.content = one.content
             JOIN @run AS there ON there.id = other.run_id AND there.account = run.account
              AND there.operation = run.operation AND there.seller IS NOT DISTINCT FROM run.seller
             WHERE one.id ",
            $one
        )
    };
}

impl Ledger for PostgresLedger {
    fn shared(&self) -> Option<&PostgresLedger> {
        Some(self)
    }

    fn begin_plan(&self, run: &NewRun<'_>) -> Answer<RunId> {
        self.begin(run)
    }

    fn add_sheet(&self, run: RunId, sheet: &NewSheet<'_>) -> Answer<SheetId> {
        self.add_sheet_of(run, sheet)
    }

    fn add_rows(&self, sheet: SheetId, ordinal: u32, cells: &[u8]) -> Answer<()> {
        let statement = "INSERT INTO @row_block (sheet_id, ordinal, cells) VALUES ($1, $2, $3)";
        let ordinal = i64::from(ordinal);
        self.change(statement, &[(&sheet.0, Type::INT8), (&ordinal, Type::INT8), (&cells, Type::BYTEA)])?;
        Ok(())
    }

    fn add_verdicts(&self, sheet: SheetId, ordinal: u32, rows: (u32, u32), verdicts: &[u8]) -> Answer<()> {
        self.change(
            "INSERT INTO @verdict_block (sheet_id, ordinal, first_row, last_row, verdicts) VALUES ($1, $2, $3, $4, $5)",
            &[
                (&sheet.0, Type::INT8),
                (&i64::from(ordinal), Type::INT8),
                (&i64::from(rows.0), Type::INT8),
                (&i64::from(rows.1), Type::INT8),
                (&verdicts, Type::BYTEA),
            ],
        )?;
        Ok(())
    }

    fn add_correction(&self, sheet: SheetId, of: SheetId, links: &[u8]) -> Answer<()> {
        let statement = "INSERT INTO @correction (sheet_id, of_sheet, links) VALUES ($1, $2, $3)";
        self.change(statement, &[(&sheet.0, Type::INT8), (&of.0, Type::INT8), (&links, Type::BYTEA)])?;
        Ok(())
    }

    fn add_chunk(&self, run: RunId, chunk: &NewChunk<'_>) -> Answer<ChunkId> {
        self.add_chunk_to(run, chunk)
    }

    fn add_keys(&self, run: RunId, account: &str, kind: &str, year: i16, keys: &[u8]) -> Answer<()> {
        self.add_key_block(run, (account, kind, year), keys)
    }

    fn commit_plan(&self) -> Answer<()> {
        self.commit()
    }

    fn abandon_plan(&self) -> Answer<()> {
        self.abandon();
        Ok(())
    }

    fn runs(&self) -> Answer<Vec<Run>> {
        self.runs_where("", &[])
    }

    fn run(&self, id: RunId) -> Answer<Option<Run>> {
        Ok(self.runs_where("WHERE id = $1", &[(&id.0, Type::INT8)])?.pop())
    }

    fn runs_with_content(&self, account: &str, operation: &str, content: &[u8; 32]) -> Answer<Vec<Run>> {
        self.runs_where(
            "WHERE account = $1 AND operation = $2 AND content = $3",
            &[(&account, Type::TEXT), (&operation, Type::TEXT), (&content.as_slice(), Type::BYTEA)],
        )
    }

    fn runs_with_path(&self, path: &str) -> Answer<Vec<Run>> {
        let condition = "WHERE id IN (SELECT run_id FROM @sheet WHERE path = $1)";
        self.runs_where(condition, &[(&path, Type::TEXT)])
    }

    fn file_moved(&self, from: &str, to: &str) -> Answer<()> {
        let statement = "UPDATE @sheet SET path = $2 WHERE path = $1";
        self.change(statement, &[(&from, Type::TEXT), (&to, Type::TEXT)]).map(|_| ())
    }

    fn place_run(&self, run: RunId, to: &str) -> Answer<bool> {
        let statement = "UPDATE @sheet SET path = $2
            WHERE run_id = $1 AND (SELECT count(DISTINCT path) FROM @sheet WHERE run_id = $1) = 1";
        Ok(self.change(statement, &[(&run.0, Type::INT8), (&to, Type::TEXT)])? > 0)
    }

    fn knows_path(&self, path: &str) -> Answer<bool> {
        Ok(self.row("SELECT 1::INT8 FROM @sheet WHERE path = $1 LIMIT 1", &[(&path, Type::TEXT)])?.is_some())
    }

    fn open_runs_with_path(&self, account: &str, operation: &str, path: &str) -> Answer<Vec<Run>> {
        self.runs_where(
            "WHERE account = $1 AND operation = $2 AND state = 'open'
             AND id IN (SELECT run_id FROM @sheet WHERE path = $3)",
            &[(&account, Type::TEXT), (&operation, Type::TEXT), (&path, Type::TEXT)],
        )
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
            "UPDATE @run SET state = $2, reason = $3, successor = $4, finished_at = $5 WHERE id = $1",
            &[
                (&run.0, Type::INT8),
                (&state.as_str(), Type::TEXT),
                (&reason, Type::TEXT),
                (&successor.map(|run| run.0), Type::INT8),
                (&finished_at, Type::INT8),
            ],
        )?;
        Ok(())
    }

    fn sheets(&self, run: RunId) -> Answer<Vec<SheetRecord>> {
        self.sheets_where("WHERE run_id = $1 ORDER BY ordinal", &[(&run.0, Type::INT8)])
    }

    fn sheet(&self, sheet: SheetId) -> Answer<Option<SheetRecord>> {
        Ok(self.sheets_where("WHERE id = $1", &[(&sheet.0, Type::INT8)])?.pop())
    }

    fn rows_with_content(&self, content: &[u8; 32]) -> Answer<Option<SheetId>> {
        let statement = "SELECT id FROM @sheet AS sheet WHERE content = $1 AND rows_of IS NULL
            AND NOT EXISTS (SELECT 1 FROM @purge AS purge WHERE purge.run_id = sheet.run_id) ORDER BY id LIMIT 1";
        let row = self.row(statement, &[(&content.as_slice(), Type::BYTEA)])?;
        Ok(row.map(|row| SheetId(row.get(0))))
    }

    fn row_block(&self, sheet: SheetId, ordinal: u32) -> Answer<Option<Vec<u8>>> {
        let statement = "SELECT cells FROM @row_block WHERE sheet_id = $1 AND ordinal = $2";
        self.bytes_of(statement, &[(&sheet.0, Type::INT8), (&i64::from(ordinal), Type::INT8)])
    }

    fn verdict_block(&self, sheet: SheetId, ordinal: u32) -> Answer<Option<Vec<u8>>> {
        let statement = "SELECT verdicts FROM @verdict_block WHERE sheet_id = $1 AND ordinal = $2";
        self.bytes_of(statement, &[(&sheet.0, Type::INT8), (&i64::from(ordinal), Type::INT8)])
    }

    fn block_ranges(&self, sheet: SheetId) -> Answer<Vec<(u32, RangeInclusive<u32>)>> {
        let rows = self.rows(
            "SELECT ordinal, first_row, last_row FROM @verdict_block WHERE sheet_id = $1 ORDER BY ordinal",
            &[(&sheet.0, Type::INT8)],
        )?;
        let number = |row: &Row, column: usize| reads::number(row.get(column));
        Ok(rows.iter().map(|row| (number(row, 0), number(row, 1)..=number(row, 2))).collect())
    }

    fn corrected_in(&self, sheet: SheetId) -> Answer<Vec<(SheetId, Vec<u8>)>> {
        let statement = concat!(
            "SELECT sheet_id, links FROM @correction WHERE of_sheet IN (SELECT other.id ",
            same_as!("= $1"),
            ") ORDER BY sheet_id"
        );
        let rows = self.rows(statement, &[(&sheet.0, Type::INT8)])?;
        Ok(rows.iter().map(|row| (SheetId(row.get(0)), row.get(1))).collect())
    }

    fn corrects(&self, sheet: SheetId) -> Answer<Vec<SheetId>> {
        let statement = concat!(
            "SELECT of_sheet FROM @correction WHERE sheet_id = $1 UNION SELECT max(other.id) ",
            same_as!("IN (SELECT of_sheet FROM @correction WHERE sheet_id = $1)"),
            " GROUP BY one.id ORDER BY 1"
        );
        self.sheet_ids(statement, sheet)
    }

    fn same_sheets(&self, sheet: SheetId) -> Answer<Vec<SheetId>> {
        let statement = concat!("SELECT other.id ", same_as!("= $1"), " AND other.id <> one.id ORDER BY other.id");
        self.sheet_ids(statement, sheet)
    }

    fn chunks(&self, run: RunId) -> Answer<Vec<ChunkHead>> {
        self.chunks_where("chunk.run_id = $1", &[(&run.0, Type::INT8)])
    }

    fn chunk(&self, run: RunId, ordinal: u32) -> Answer<Option<ChunkHead>> {
        let ordinal = i64::from(ordinal);
        let condition = "chunk.run_id = $1 AND chunk.ordinal = $2";
        Ok(self.chunks_where(condition, &[(&run.0, Type::INT8), (&ordinal, Type::INT8)])?.pop())
    }

    fn chunk_payload(&self, chunk: ChunkId) -> Answer<Vec<u8>> {
        self.bytes_of("SELECT bytes FROM @payload WHERE chunk_id = $1", &[(&chunk.0, Type::INT8)])?
            .ok_or_else(|| LedgerError::Damaged(format!("chunk {chunk} is gone")))
    }

    fn chunk_lines(&self, chunk: ChunkId) -> Answer<ChunkLines> {
        let row = self.row("SELECT outcomes, moved FROM @chunk WHERE id = $1", &[(&chunk.0, Type::INT8)])?;
        row.map(|row| ChunkLines { outcomes: row.get(0), moved: row.get(1) })
            .ok_or_else(|| LedgerError::Damaged(format!("chunk {chunk} is gone")))
    }

    fn attempts(&self, chunk: ChunkId) -> Answer<Vec<Attempted>> {
        let rows = self.rows(
            "SELECT started_at, received_at, kind, status, body FROM @attempt AS attempt
             LEFT JOIN @reply AS reply ON reply.attempt_id = attempt.id WHERE chunk_id = $1 ORDER BY attempt.id, reply.id",
            &[(&chunk.0, Type::INT8)],
        )?;
        let read = |row: &Row| {
            let body: Option<Vec<u8>> = row.get(4);
            let body = body.as_deref().map(blob::decompress).transpose()?.unwrap_or_default();
            Ok(Attempted {
                started_at: reads::time(row.get(0)),
                ended_at: row.get::<_, Option<i64>>(1).map(reads::time),
                kind: row.get(2),
                status: row.get::<_, Option<i64>>(3).and_then(|status| u16::try_from(status).ok()),
                words: String::from_utf8_lossy(&body).into_owned(),
            })
        };
        rows.iter().map(read).collect()
    }

    fn visit_keys(
        &self,
        account: &str,
        kind: &str,
        year: i16,
        wanted: &Wanted<'_>,
        visit: &mut dyn FnMut(&[u8]),
    ) -> Answer<()> {
        self.search_keys((account, kind, year), wanted, visit)
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
        self.take_over(run, to)
    }

    fn day_count(&self, account: &str, day: &str) -> Answer<(u64, u64)> {
        let row = self.row(
            "SELECT coalesce(sum(requests), 0)::INT8, coalesce(sum(refused), 0)::INT8 FROM @pace WHERE account = $1 AND day = $2",
            &[(&account, Type::TEXT), (&day, Type::TEXT)],
        )?;
        Ok(row.map_or((0, 0), |row| (row.get::<_, i64>(0) as u64, row.get::<_, i64>(1) as u64)))
    }

    fn count_request(&self, account: &str, day: &str) -> Answer<()> {
        let sender = self.worker_id()?;
        self.change(
            "INSERT INTO @pace AS pace (account, day, sender, requests) VALUES ($1, $2, $3, 1)
             ON CONFLICT (account, day, sender) DO UPDATE SET requests = pace.requests + 1",
            &[(&account, Type::TEXT), (&day, Type::TEXT), (&sender, Type::TEXT)],
        )?;
        Ok(())
    }

    fn refused_requests(&self, run: RunId) -> Answer<u64> {
        let row = self.row("SELECT count(*) FROM @reply WHERE run_id = $1 AND refused", &[(&run.0, Type::INT8)])?;
        Ok(row.map_or(0, |row| row.get::<_, i64>(0) as u64))
    }

    fn canary(&self, account: &str, template: &[u8; 32]) -> Answer<Option<Canary>> {
        let row = self.row(
            "SELECT proven, run_id, ordinal, differences FROM @canary WHERE account = $1 AND template = $2",
            &[(&account, Type::TEXT), (&template.as_slice(), Type::BYTEA)],
        )?;
        Ok(row.map(|row| Canary {
            proven: row.get(0),
            run: RunId(row.get(1)),
            ordinal: reads::number(row.get(2)),
            differences: row.get(3),
        }))
    }

    fn set_canary(&self, account: &str, template: &[u8; 32], canary: &Canary) -> Answer<()> {
        self.change(
            "INSERT INTO @canary (account, template, proven, run_id, ordinal, differences) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (account, template) DO UPDATE SET proven = excluded.proven, run_id = excluded.run_id,
                 ordinal = excluded.ordinal, differences = excluded.differences",
            &[
                (&account, Type::TEXT),
                (&template.as_slice(), Type::BYTEA),
                (&canary.proven, Type::BOOL),
                (&canary.run.0, Type::INT8),
                (&i64::from(canary.ordinal), Type::INT8),
                (&canary.differences, Type::TEXT),
            ],
        )?;
        Ok(())
    }

    fn history(&self, account: &str, kind: &str) -> Answer<Option<HistoryMark>> {
        let row = self.row(
            "SELECT since, complete FROM @history WHERE account = $1 AND kind = $2",
            &[(&account, Type::TEXT), (&kind, Type::TEXT)],
        )?;
        Ok(row.map(|row| HistoryMark { since: reads::time(row.get(0)), complete: row.get(1) }))
    }

    fn begin_history(&self, account: &str, kind: &str, history: HistoryMark) -> Answer<()> {
        self.change(
            "INSERT INTO @history (account, kind, since, complete) VALUES ($1, $2, $3, $4) ON CONFLICT (account, kind) DO NOTHING",
            &[
                (&account, Type::TEXT),
                (&kind, Type::TEXT),
                (&history.since.as_millisecond(), Type::INT8),
                (&history.complete, Type::BOOL),
            ],
        )?;
        Ok(())
    }

    fn id(&self) -> Answer<String> {
        Ok(self.meta("id")?.unwrap_or_default())
    }

    fn head(&self, run: RunId) -> Answer<[u8; 32]> {
        self.head_of_run(run)
    }

    fn trail(&self, run: RunId, after: AttemptId) -> Answer<Vec<AttemptRecord>> {
        self.attempts_after(run, after.0)
    }

    fn resolutions(&self, run: RunId, after: i64) -> Answer<Vec<ResolutionRecord>> {
        self.resolutions_after(run, after)
    }

    fn reply_body(&self, reply: i64) -> Answer<Vec<u8>> {
        let packed = self.bytes_of("SELECT body FROM @reply WHERE id = $1", &[(&reply, Type::INT8)])?;
        blob::decompress(&packed.ok_or_else(|| LedgerError::Damaged(format!("reply {reply} is gone")))?)
    }

    fn policies(&self) -> Answer<Vec<PolicyRecord>> {
        self.all_policies()
    }

    fn set_policy(&self, policy: &Policy, by: &str, at: Timestamp) -> Answer<()> {
        self.add_policy(policy, by, at)
    }

    fn approvals(&self, run: RunId) -> Answer<Vec<ApprovalRecord>> {
        self.approvals_of(run)
    }

    fn approve(&self, approval: &NewApproval<'_>) -> Answer<()> {
        self.add_approval(approval)
    }

    fn purges(&self, run: RunId) -> Answer<Vec<PurgeRecord>> {
        self.purges_of(run)
    }

    fn purge(&self, purge: &NewPurge<'_>) -> Answer<bool> {
        self.purge_run(purge)
    }

    fn shares_rows(&self, run: RunId) -> Answer<bool> {
        let mut sheets = self.sheets_with_rows(run)?.into_iter();
        sheets.try_fold(false, |any, (_, rows_of)| Ok(any | self.rows_are_shared(rows_of, run)?))
    }

    fn freeze(&self) -> Answer<()> {
        self.connections.keep("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    }

    fn integrity(&self) -> Answer<Vec<String>> {
        let rows = self.rows(
            "SELECT 'attempt ' || id || ' has no chunk' FROM @attempt WHERE chunk_id NOT IN (SELECT id FROM @chunk)
             UNION ALL SELECT 'reply ' || id || ' has no attempt' FROM @reply WHERE attempt_id NOT IN (SELECT id FROM @attempt)
             UNION ALL SELECT 'chunk ' || id || ' has no run' FROM @chunk WHERE run_id NOT IN (SELECT id FROM @run)
             UNION ALL SELECT 'sheet ' || id || ' has no run' FROM @sheet WHERE run_id NOT IN (SELECT id FROM @run)
             LIMIT 20",
            &[],
        )?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    fn bytes(&self) -> Answer<u64> {
        let schema = self.place().schema();
        let row = self.row(
            "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::INT8 FROM pg_catalog.pg_class AS c
             JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relkind = 'r'",
            &[(&schema, Type::TEXT)],
        );
        match row {
            Ok(row) => Ok(row.map_or(0, |row| row.get::<_, i64>(0) as u64)),
            // Relatives of PostgreSQL keep no such figure.
            Err(LedgerError::Database { .. }) => Ok(0),
            Err(error) => Err(error),
        }
    }

    fn restored_from(&self) -> Answer<Option<String>> {
        self.meta("restored-from")
    }

    fn customers(&self, account: &str) -> Answer<Vec<Entry>> {
        let rows = self.rows(
            "SELECT customer_id, code, gstin, legal_name FROM @directory WHERE account = $1",
            &[(&account, Type::TEXT)],
        )?;
        let mut customers: Vec<Entry> = rows.iter().map(reads::customer).collect();
        // In the order of their bytes, whatever the database's language says.
        customers.sort_by(|left, right| left.customer_id.cmp(&right.customer_id));
        Ok(customers)
    }

    fn change_customers(&self, account: &str, changed: &[Entry], gone: &[String]) -> Answer<()> {
        self.change_directory(account, changed, gone)
    }
}
