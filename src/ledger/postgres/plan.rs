//! The SQL of planning: one transaction on a connection of its own, in which everything of this process is asked meanwhile.

use postgres::Transaction;
use postgres::types::{ToSql, Type};

use super::connect::Done;
use super::{Answer, PostgresLedger};
use crate::ledger::{ChunkId, LedgerError, NewChunk, NewRun, NewSheet, RunId, SheetId};

const ADD_CHUNK: &str = "WITH chunk AS (INSERT INTO @chunk (run_id, ordinal, parent, account_id, rows, state)
         VALUES ($1, $2, $3, $4, $5, 'planned') RETURNING id),
     payload AS (INSERT INTO @payload (chunk_id, bytes) SELECT id, $6 FROM chunk)
     SELECT id FROM chunk";

/// The key of a run's settings that names the seller.
const SELLER: &str = "seller";

impl PostgresLedger {
    pub(super) fn begin(&self, run: &NewRun<'_>) -> Answer<RunId> {
        let owner = self.worker_id()?;
        self.connections.keep("BEGIN")?;
        let begun = self.begin_in(run, &owner);
        if begun.is_err() {
            // A transaction whose connection broke is gone already.
            let _ = self.connections.let_go("ROLLBACK");
        }
        begun
    }

    fn begin_in(&self, run: &NewRun<'_>, owner: &str) -> Answer<RunId> {
        if !self.connections.again(|client, _| self.fence_plan(client, run.account, owner))? {
            return Err(LedgerError::Lost(format!(
                "{}: another process plans for this account, or this one was away for too long",
                self.place().shown()
            )));
        }
        let settings = serde_json::from_str::<serde_json::Value>(run.settings).unwrap_or_default();
        let seller = settings.get(SELLER).and_then(|seller| seller.as_str());
        let row = self.row(
            "INSERT INTO @run (account, operation, state, reason, content, plan, created_at, settings, seller, version, maker)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id",
            &[
                (&run.account, Type::TEXT),
                (&run.operation, Type::TEXT),
                (&run.state.as_str(), Type::TEXT),
                (&run.reason, Type::TEXT),
                (&run.content.as_slice(), Type::BYTEA),
                (&run.plan.as_slice(), Type::BYTEA),
                (&run.created_at.as_millisecond(), Type::INT8),
                (&run.settings, Type::TEXT),
                (&seller, Type::TEXT),
                (&env!("CARGO_PKG_VERSION"), Type::TEXT),
                (&run.maker, Type::TEXT),
            ],
        )?;
        let id = row.map_or(0, |row| row.get(0));
        *self.planned.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(RunId(id));
        Ok(RunId(id))
    }

    pub(super) fn add_sheet_of(&self, run: RunId, sheet: &NewSheet<'_>) -> Answer<SheetId> {
        let row = self.row(
            "INSERT INTO @sheet (run_id, ordinal, path, file_name, sheet_name, content, facts, rows_of)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id",
            &[
                (&run.0, Type::INT8),
                (&i64::from(sheet.ordinal), Type::INT8),
                (&sheet.path, Type::TEXT),
                (&sheet.file_name, Type::TEXT),
                (&sheet.sheet_name, Type::TEXT),
                (&sheet.content.as_slice(), Type::BYTEA),
                (&sheet.facts, Type::TEXT),
                (&sheet.rows_of.map(|sheet| sheet.0), Type::INT8),
            ],
        )?;
        Ok(SheetId(row.map_or(0, |row| row.get(0))))
    }

    pub(super) fn add_chunk_to(&self, run: RunId, chunk: &NewChunk<'_>) -> Answer<ChunkId> {
        let of = (run.0, None);
        let parameters = chunk_parameters(&of, chunk);
        let numbers = (i64::from(chunk.ordinal), i64::from(chunk.rows));
        let row = self.row(ADD_CHUNK, &with_numbers(&parameters, &numbers))?;
        Ok(ChunkId(row.map_or(0, |row| row.get(0))))
    }

    /// Adds a chunk that lines of another go on in.
    pub(super) fn add_chunk_of(
        &self,
        transaction: &mut Transaction<'_>,
        run: RunId,
        parent: Option<ChunkId>,
        chunk: &NewChunk<'_>,
    ) -> Done<()> {
        let of = (run.0, parent.map(|parent| parent.0));
        let parameters = chunk_parameters(&of, chunk);
        let numbers = (i64::from(chunk.ordinal), i64::from(chunk.rows));
        transaction.query_typed(&self.connections.sql(ADD_CHUNK), &with_numbers(&parameters, &numbers))?;
        Ok(())
    }

    /// Makes the plan durable; where the connection broke over it, looks whether it is.
    pub(super) fn commit(&self) -> Answer<()> {
        let planned = self.planned.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        let ended = self.connections.let_go("COMMIT");
        if matches!(&ended, Err(error) if !matches!(error, LedgerError::Away { .. })) {
            return ended;
        }
        // A transaction that failed on the way is rolled back by a COMMIT that looks well.
        let run = planned.map_or(0, |run| run.0);
        if self.row("SELECT 1::INT8 FROM @run WHERE id = $1", &[(&run, Type::INT8)])?.is_some() {
            return Ok(());
        }
        ended?;
        Err(LedgerError::Database {
            place: self.place().shown().to_owned(),
            words: "the plan was not recorded".to_owned(),
        })
    }

    pub(super) fn abandon(&self) {
        self.planned.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        // A plan whose connection broke is gone already.
        let _ = self.connections.let_go("ROLLBACK");
    }
}

type Parameter<'p> = (&'p (dyn ToSql + Sync), Type);

/// Those of [`ADD_CHUNK`], without the numbers.
fn chunk_parameters<'p>((run, parent): &'p (i64, Option<i64>), chunk: &'p NewChunk<'_>) -> [Parameter<'p>; 4] {
    [(run, Type::INT8), (parent, Type::INT8), (&chunk.account_id, Type::TEXT), (&chunk.payload, Type::BYTEA)]
}

fn with_numbers<'p>(parameters: &[Parameter<'p>; 4], (ordinal, rows): &'p (i64, i64)) -> [Parameter<'p>; 6] {
    let [run, parent, account, payload] = parameters.clone();
    [run, (ordinal, Type::INT8), parent, account, (rows, Type::INT8), payload]
}
