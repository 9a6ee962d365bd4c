//! Who sends which chunk: claimed by one worker at a time, and taken over only from the dead.
//!
//! A claim is the worker's name in the chunk, and holds while the worker is alive. The one rule: a chunk whose request may
//! have left is never claimed again; it becomes unknown, and is looked up.

use std::time::Duration;

use postgres::types::Type;
use postgres::{Client, Transaction};

use super::connect::Done;
use super::workers::alive;
use super::{Answer, PostgresLedger};
use crate::ledger::records::chain;
use crate::ledger::{ChunkHead, ChunkId, ChunkState, RunId, blob};

/// How often a plan asks whether what is under way has ended.
const POLL: Duration = Duration::from_millis(200);

/// What a chunk's history says of a sender that gave no sign of life; read by [`crate::send`] as a request whose end nobody
/// saw.
const SILENT: &str = "no reply within the lease of the worker that sent it; another took over";

/// Whether chunks of the run `run` may begin.
macro_rules! goes_on {
    () => {
        concat!("run.state = 'open' AND (run.held_by IS NULL OR NOT ", alive!("run.held_by"), ")")
    };
}
pub(super) use goes_on;

const CLAIM: &str = concat!(
    "WITH quick AS (SELECT set_config('synchronous_commit', 'off', true)),
          free AS (SELECT chunk.id FROM @chunk AS chunk JOIN @run AS run ON run.id = chunk.run_id, quick
              WHERE chunk.run_id = $2 AND chunk.state = 'planned' AND ",
    goes_on!(),
    " AND ($5 OR chunk.ordinal = ANY($6)) AND chunk.id <> ALL($4)
              AND (chunk.owner IS NULL OR chunk.owner = $1 OR NOT ",
    alive!("chunk.owner"),
    ") AND ",
    alive!("$1"),
    " ORDER BY chunk.ordinal LIMIT $3 FOR UPDATE OF chunk SKIP LOCKED)
     UPDATE @chunk AS chunk SET owner = $1 FROM free WHERE chunk.id = free.id RETURNING chunk.id"
);

impl PostgresLedger {
    /// Claims planned chunks of an open run, the first ones that nobody has; among these numbers where some are named.
    /// `held` are claims that this caller has already.
    pub fn claim(&self, run: RunId, most: u32, among: Option<&[u32]>, held: &[ChunkId]) -> Answer<Vec<ChunkHead>> {
        let id = self.worker_id()?;
        let held: Vec<i64> = held.iter().map(|chunk| chunk.0).collect();
        let numbers: Vec<i64> = among.unwrap_or_default().iter().map(|ordinal| i64::from(*ordinal)).collect();
        let sql = self.connections.sql(CLAIM);
        let rows = self.connections.ask(|client| {
            client.query_typed(
                &sql,
                &[
                    (&id, Type::TEXT),
                    (&run.0, Type::INT8),
                    (&i64::from(most), Type::INT8),
                    (&held, Type::INT8_ARRAY),
                    (&among.is_none(), Type::BOOL),
                    (&numbers, Type::INT8_ARRAY),
                ],
            )
        })?;
        let claimed: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
        if claimed.is_empty() { Ok(Vec::new()) } else { self.chunks_named(&claimed) }
    }

    /// Gives back chunks that this worker claimed and did not begin.
    pub fn release(&self, chunks: &[ChunkId]) -> Answer<()> {
        let Ok(id) = self.worker_id() else { return Ok(()) };
        if chunks.is_empty() {
            return Ok(());
        }
        let chunks: Vec<i64> = chunks.iter().map(|chunk| chunk.0).collect();
        let sql = self
            .connections
            .sql("UPDATE @chunk SET owner = NULL WHERE id = ANY($1) AND owner = $2 AND state = 'planned'");
        self.connections.ask(|client| client.execute_typed(&sql, &[(&chunks, Type::INT8_ARRAY), (&id, Type::TEXT)]))?;
        Ok(())
    }

    /// Whether others are at work on chunks of a run.
    pub fn others_send(&self, run: RunId) -> Answer<bool> {
        let sql = self.connections.sql(concat!(
            "SELECT EXISTS (SELECT 1 FROM @chunk AS chunk WHERE chunk.run_id = $1
             AND chunk.state IN ('planned', 'sending') AND chunk.owner IS NOT NULL AND chunk.owner <> $2 AND ",
            alive!("chunk.owner"),
            ")"
        ));
        let id = self.worker_id()?;
        let row =
            self.connections.ask(|client| client.query_typed_one(&sql, &[(&run.0, Type::INT8), (&id, Type::TEXT)]))?;
        Ok(row.get(0))
    }

    /// Holds runs back, so that nothing more of them begins while a plan takes their rows over; returns once nothing of them
    /// is under way any more. They go on by themselves if this worker dies.
    pub fn hold_back(&self, runs: &[RunId]) -> Answer<()> {
        let id = self.worker_id()?;
        let runs: Vec<i64> = runs.iter().map(|run| run.0).collect();
        if runs.is_empty() {
            return Ok(());
        }
        let hold = self.connections.sql(concat!(
            "UPDATE @run AS run SET held_by = $2 WHERE run.id = ANY($1) AND (run.held_by IS NULL OR run.held_by = $2 OR NOT ",
            alive!("run.held_by"),
            ")"
        ));
        // Waits for an attempt that is being recorded, and makes one that saw the run as it was before come too late.
        let unclaim = self
            .connections
            .sql("UPDATE @chunk SET owner = NULL WHERE run_id = ANY($1) AND state = 'planned' AND owner IS NOT NULL");
        let under_way = self.connections.sql(concat!(
            "SELECT (SELECT count(*) FROM @run WHERE id = ANY($1) AND held_by IS DISTINCT FROM $2) +
             (SELECT count(*) FROM @chunk AS chunk WHERE chunk.run_id = ANY($1) AND chunk.state = 'sending' AND ",
            alive!("chunk.owner"),
            ")"
        ));
        loop {
            let waits: i64 = self.connections.ask(|client| {
                client.execute_typed(&hold, &[(&runs, Type::INT8_ARRAY), (&id, Type::TEXT)])?;
                client.execute_typed(&unclaim, &[(&runs, Type::INT8_ARRAY)])?;
                let row = client.query_typed_one(&under_way, &[(&runs, Type::INT8_ARRAY), (&id, Type::TEXT)])?;
                Ok(row.get(0))
            })?;
            if waits == 0 {
                return Ok(());
            }
            self.worker_id()?;
            std::thread::sleep(POLL);
        }
    }

    /// What whoever plans for an account leads.
    pub fn planning(account: &str) -> String {
        format!("plan:{account}")
    }

    /// Makes sure, in the transaction of a plan, that nobody else plans for the account before it ends, and that no chunk
    /// of the runs that are held back can begin; false where somebody else plans.
    pub(super) fn fence_plan(&self, client: &mut Client, account: &str, owner: &str) -> Done<bool> {
        let lead = self.connections.sql(concat!(
            "INSERT INTO @lead AS lead (name, owner) SELECT $1, $2 WHERE ",
            alive!("$2"),
            " ON CONFLICT (name) DO UPDATE SET owner = excluded.owner WHERE lead.owner = excluded.owner OR NOT ",
            alive!("lead.owner"),
        ));
        let name = Self::planning(account);
        if client.execute_typed(&lead, &[(&name, Type::TEXT), (&owner, Type::TEXT)])? == 0 {
            return Ok(false);
        }
        // Rows that are locked until the plan is committed, and without their owner then.
        let chunks = self.connections.sql(
            "UPDATE @chunk AS chunk SET owner = NULL FROM @run AS run
             WHERE run.id = chunk.run_id AND run.held_by = $1 AND chunk.state = 'planned'",
        );
        client.execute_typed(&chunks, &[(&owner, Type::TEXT)])?;
        // A worker that was silent for too long may have lost them before they were locked.
        let alive =
            self.connections.sql(concat!("SELECT ", alive!("$1")).replace("now()", "clock_timestamp()").as_str());
        Ok(client.query_typed_one(&alive, &[(&owner, Type::TEXT)])?.get(0))
    }

    /// Lets runs go on that this worker held back.
    pub fn let_go_on(&self, runs: &[RunId]) -> Answer<()> {
        let runs: Vec<i64> = runs.iter().map(|run| run.0).collect();
        let Ok(id) = self.worker_id() else { return Ok(()) };
        let sql = self.connections.sql("UPDATE @run SET held_by = NULL WHERE id = ANY($1) AND held_by = $2");
        self.connections.ask(|client| client.execute_typed(&sql, &[(&runs, Type::INT8_ARRAY), (&id, Type::TEXT)]))?;
        Ok(())
    }

    /// Turns chunks that the dead left `sending` to the given state, and notes at their attempts that nobody saw the end.
    pub(super) fn take_over(&self, run: RunId, to: ChunkState) -> Answer<u32> {
        let sql = self.connections.sql(concat!(
            "SELECT chunk.id FROM @chunk AS chunk WHERE chunk.run_id = $1 AND chunk.state = 'sending' AND NOT ",
            alive!("coalesce(chunk.owner, '')"),
            " ORDER BY chunk.id"
        ));
        let left = self.connections.ask(|client| client.query_typed(&sql, &[(&run.0, Type::INT8)]))?;
        let mut taken = 0;
        for row in &left {
            let chunk: i64 = row.get(0);
            let body = blob::compress(SILENT.as_bytes());
            let digest = *blake3::hash(SILENT.as_bytes()).as_bytes();
            taken += self
                .connections
                .durably(|transaction, _| self.take_chunk_over(transaction, chunk, to, (&body, digest)))?;
        }
        Ok(taken)
    }

    fn take_chunk_over(
        &self,
        transaction: &mut Transaction<'_>,
        chunk: i64,
        to: ChunkState,
        (body, digest): (&[u8], [u8; 32]),
    ) -> Done<u32> {
        let change = self.connections.sql(concat!(
            "UPDATE @chunk AS chunk SET state = $2, owner = NULL WHERE chunk.id = $1 AND chunk.state = 'sending' AND NOT ",
            alive!("coalesce(chunk.owner, '')"),
        ));
        if transaction.execute_typed(&change, &[(&chunk, Type::INT8), (&to.as_str(), Type::TEXT)])? == 0 {
            return Ok(0);
        }
        let open = self.connections.sql(
            "SELECT attempt.id, attempt.run_id, attempt.sender, attempt.hash,
                    (extract(epoch FROM clock_timestamp()) * 1000)::INT8
             FROM @attempt AS attempt WHERE attempt.chunk_id = $1
             AND NOT EXISTS (SELECT 1 FROM @reply AS reply WHERE reply.attempt_id = attempt.id)",
        );
        let add = self.connections.sql(
            "INSERT INTO @reply (attempt_id, run_id, sender, received_at, kind, refused, body, digest, previous, hash)
             VALUES ($1, $2, $3, $4, 'no-reply', false, $5, $6, $7, $8)",
        );
        for row in transaction.query_typed(&open, &[(&chunk, Type::INT8)])? {
            let (attempt, run, sender, previous, at): (i64, i64, String, Vec<u8>, i64) =
                (row.get(0), row.get(1), row.get(2), row.get(3), row.get(4));
            let hash = chain(&previous, "no-reply", attempt, at, &digest);
            transaction.execute_typed(
                &add,
                &[
                    (&attempt, Type::INT8),
                    (&run, Type::INT8),
                    (&sender, Type::TEXT),
                    (&at, Type::INT8),
                    (&body, Type::BYTEA),
                    (&digest.as_slice(), Type::BYTEA),
                    (&previous, Type::BYTEA),
                    (&hash.as_slice(), Type::BYTEA),
                ],
            )?;
        }
        Ok(1)
    }
}
