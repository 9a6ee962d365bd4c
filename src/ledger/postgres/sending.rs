//! The SQL of sending: attempts, replies, and what they and look-ups make of chunks; each one statement or transaction.
//!
//! The rule of [`crate::ledger`]'s other engine holds here too: attempts and replies are only ever added. Beyond it, whatever
//! changes a chunk names the worker that has it and the state that it expects.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard};

use postgres::Transaction;
use postgres::types::{ToSql, Type};

use super::claims::goes_on;
use super::connect::Done;
use super::reads::whole;
use super::workers::alive;
use super::{Answer, PostgresLedger};
use crate::directory::Entry;
use crate::ledger::attempts::digest;
use crate::ledger::records::chain;
use crate::ledger::{AttemptId, ChunkChange, ChunkId, LedgerError, NewAttempt, NewReply, Resolution, RunId, blob};

/// The last records of this process' senders, which nobody else adds to while it is alive.
#[derive(Debug, Default)]
pub(super) struct Chained(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// By run and sender.
    last: HashMap<(i64, String), [u8; 32]>,
    /// Attempts without a reply: run, sender, hash.
    open: HashMap<i64, (i64, String, [u8; 32])>,
    /// Attempts whose reply may be recorded already, by a try that was not answered.
    tried: HashSet<i64>,
}

impl Chained {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

const START: &str = concat!(
    "WITH begun AS (UPDATE @chunk AS chunk SET state = 'sending' FROM @run AS run
         WHERE chunk.id = $2 AND run.id = $1 AND chunk.run_id = run.id AND chunk.state = 'planned' AND chunk.owner = $9 AND ",
    goes_on!(),
    " AND ",
    alive!("$9"),
    " RETURNING chunk.id),
     counted AS (INSERT INTO @pace AS pace (account, day, sender, requests) SELECT $10, $11, $4, 1 FROM begun
         ON CONFLICT (account, day, sender) DO UPDATE SET requests = pace.requests + 1)
     INSERT INTO @attempt (run_id, chunk_id, number, sender, started_at, digest, previous, hash)
     SELECT $1, $2, $3, $4, $5, $6, $7, $8 FROM begun RETURNING id"
);

const FINISH: &str = "WITH changed AS (UPDATE @chunk AS chunk SET state = $11, outcomes = $12, settled_at = $13,
             request_id = $6, owner = CASE WHEN $11 = 'planned' THEN chunk.owner END
         WHERE chunk.id = $14 AND chunk.state = 'sending' AND chunk.owner = $15 RETURNING chunk.id),
     refused AS (UPDATE @pace AS pace SET refused = pace.refused + 1
         WHERE $16 AND pace.account = $17 AND pace.day = $18 AND pace.sender = $3),
     added AS (INSERT INTO @reply (attempt_id, run_id, sender, received_at, kind, status, refused, request_id, body, digest,
             previous, hash)
         VALUES ($1, $2, $3, $4, $5, $7, $16, $6, $8, $9, $10, $19) RETURNING id)
     SELECT EXISTS (SELECT 1 FROM changed), (SELECT id FROM added)";

impl PostgresLedger {
    pub(super) fn start(&self, attempt: &NewAttempt<'_>) -> Answer<AttemptId> {
        let owner = self.worker_id()?;
        let sender = format!("{owner}/{}", attempt.sender);
        let (run, at) = (attempt.run.0, attempt.started_at.as_millisecond());
        let previous = self.last_hash(run, &sender)?;
        let hash = chain(&previous, "attempt", attempt.chunk.0, at, &attempt.digest);
        let number = i64::from(attempt.number);
        let parameters: [(&(dyn ToSql + Sync), Type); 11] = [
            (&run, Type::INT8),
            (&attempt.chunk.0, Type::INT8),
            (&number, Type::INT8),
            (&sender, Type::TEXT),
            (&at, Type::INT8),
            (&attempt.digest.as_slice(), Type::BYTEA),
            (&previous.as_slice(), Type::BYTEA),
            (&hash.as_slice(), Type::BYTEA),
            (&owner, Type::TEXT),
            (&attempt.account, Type::TEXT),
            (&attempt.day, Type::TEXT),
        ];
        let begun = self.connections.sql(START);
        let done = self.connections.sql("SELECT id FROM @attempt WHERE chunk_id = $1 AND sender = $2 AND hash = $3");
        let id = self.connections.again(|client, again| {
            if again {
                let asked: [(&(dyn ToSql + Sync), Type); 3] =
                    [(&attempt.chunk.0, Type::INT8), (&sender, Type::TEXT), (&hash.as_slice(), Type::BYTEA)];
                if let Some(row) = client.query_typed_opt(&done, &asked)? {
                    return Ok(Some(row.get::<_, i64>(0)));
                }
            }
            Ok(client.query_typed_opt(&begun, &parameters)?.map(|row| row.get(0)))
        })?;
        let Some(id) = id else { return Err(self.taken(attempt.chunk)) };
        let mut known = self.chained.lock();
        known.last.insert((run, sender.clone()), hash);
        known.open.insert(id, (run, sender, hash));
        Ok(AttemptId(id))
    }

    /// Why a chunk cannot be changed any more.
    fn taken(&self, chunk: ChunkId) -> LedgerError {
        if self.holds() {
            LedgerError::Lost(format!("{}: chunk {chunk} went to another worker", self.place().shown()))
        } else {
            self.lost()
        }
    }

    pub(super) fn finish(
        &self,
        reply: &NewReply<'_>,
        chunk: ChunkId,
        change: &ChunkChange<'_>,
        (account, day): (&str, &str),
    ) -> Answer<()> {
        let (run, sender, previous) = self.open_attempt(reply.attempt)?;
        // The worker that began it, who may be dead by now: its reply is recorded all the same.
        let owner = sender.rsplit_once('/').map_or(sender.as_str(), |(owner, _)| owner).to_owned();
        let at = reply.received_at.as_millisecond();
        let (body, digest) = (blob::compress(reply.body), *blake3::hash(reply.body).as_bytes());
        let hash = chain(&previous, reply.kind, reply.attempt.0, at, &digest);
        let (status, settled_at) = (reply.status.map(i64::from), change.outcomes.map(|_| at));
        let parameters: [(&(dyn ToSql + Sync), Type); 19] = [
            (&reply.attempt.0, Type::INT8),
            (&run, Type::INT8),
            (&sender, Type::TEXT),
            (&at, Type::INT8),
            (&reply.kind, Type::TEXT),
            (&reply.request_id, Type::TEXT),
            (&status, Type::INT8),
            (&body, Type::BYTEA),
            (&digest.as_slice(), Type::BYTEA),
            (&previous.as_slice(), Type::BYTEA),
            (&change.state.as_str(), Type::TEXT),
            (&change.outcomes, Type::BYTEA),
            (&settled_at, Type::INT8),
            (&chunk.0, Type::INT8),
            (&owner, Type::TEXT),
            (&change.refused, Type::BOOL),
            (&account, Type::TEXT),
            (&day, Type::TEXT),
            (&hash.as_slice(), Type::BYTEA),
        ];
        let sql = self.connections.sql(FINISH);
        let done = self.connections.sql(
            "SELECT chunk.request_id IS NOT DISTINCT FROM reply.request_id AND chunk.state = $3 FROM @reply AS reply
             JOIN @chunk AS chunk ON chunk.id = $4 WHERE reply.attempt_id = $1 AND reply.hash = $2",
        );
        let tried = !self.chained.lock().tried.insert(reply.attempt.0);
        let in_time = self.connections.again(|client, again| {
            if again || tried {
                let asked: [(&(dyn ToSql + Sync), Type); 4] = [
                    (&reply.attempt.0, Type::INT8),
                    (&hash.as_slice(), Type::BYTEA),
                    (&change.state.as_str(), Type::TEXT),
                    (&chunk.0, Type::INT8),
                ];
                if let Some(row) = client.query_typed_opt(&done, &asked)? {
                    return Ok(row.get(0));
                }
            }
            if change.customers.is_empty() {
                return Ok(client.query_typed_one(&sql, &parameters)?.get(0));
            }
            let mut transaction = client.transaction()?;
            let row = transaction.query_typed_one(&sql, &parameters)?;
            for customer in change.customers {
                self.add_customer(&mut transaction, account, customer)?;
            }
            transaction.commit()?;
            Ok(row.get(0))
        })?;
        let mut known = self.chained.lock();
        known.open.remove(&reply.attempt.0);
        known.tried.remove(&reply.attempt.0);
        if in_time {
            known.last.insert((run, sender), hash);
            return Ok(());
        }
        // Whoever took the chunk over added a record of its own.
        known.last.remove(&(run, sender));
        drop(known);
        Err(self.taken(chunk))
    }

    pub(super) fn resolve(&self, chunk: ChunkId, resolution: &Resolution<'_>) -> Answer<()> {
        let digest = digest(resolution);
        let resolved = self.connections.durably(|transaction, again| {
            if again && self.is_resolved(transaction, chunk, &digest)? {
                return Ok(true);
            }
            self.resolve_in(transaction, chunk, resolution, &digest)
        })?;
        if resolved { Ok(()) } else { Err(self.taken(chunk)) }
    }

    fn is_resolved(&self, transaction: &mut Transaction<'_>, chunk: ChunkId, digest: &[u8; 32]) -> Done<bool> {
        let sql = self.connections.sql("SELECT 1 FROM @resolution WHERE chunk_id = $1 AND digest = $2");
        let asked: [(&(dyn ToSql + Sync), Type); 2] = [(&chunk.0, Type::INT8), (&digest.as_slice(), Type::BYTEA)];
        Ok(transaction.query_typed_opt(&sql, &asked)?.is_some())
    }

    fn resolve_in(
        &self,
        transaction: &mut Transaction<'_>,
        chunk: ChunkId,
        resolution: &Resolution<'_>,
        digest: &[u8; 32],
    ) -> Done<bool> {
        let at = resolution.at.as_millisecond();
        // The run's row, so that its resolutions follow one another; the chunk's, so that it is resolved once.
        let lock = self.connections.sql(
            "SELECT run.id FROM @run AS run JOIN @chunk AS chunk ON chunk.run_id = run.id WHERE chunk.id = $1 FOR UPDATE OF run",
        );
        let Some(row) = transaction.query_typed_opt(&lock, &[(&chunk.0, Type::INT8)])? else { return Ok(false) };
        let run: i64 = row.get(0);
        let change = self.connections.sql(
            "UPDATE @chunk AS chunk SET state = $1, outcomes = coalesce($2, chunk.outcomes),
                 moved = coalesce($3, chunk.moved), settled_at = $4, owner = NULL
             WHERE chunk.id = $5 AND (chunk.state IN ('unknown', 'rejected') OR (chunk.state = 'settled' AND $1 = 'settled'))",
        );
        let changed = transaction.execute_typed(
            &change,
            &[
                (&resolution.state.as_str(), Type::TEXT),
                (&resolution.outcomes, Type::BYTEA),
                (&resolution.moved, Type::BYTEA),
                (&at, Type::INT8),
                (&chunk.0, Type::INT8),
            ],
        )?;
        if changed == 0 {
            return Ok(false);
        }
        let last = self.connections.sql("SELECT hash FROM @resolution WHERE run_id = $1 ORDER BY id DESC LIMIT 1");
        let last = transaction.query_typed_opt(&last, &[(&run, Type::INT8)])?;
        let previous: Vec<u8> = last.map_or_else(|| vec![0; 32], |row| row.get(0));
        let hash = chain(&previous, "resolution", chunk.0, at, digest);
        let add = self.connections.sql(
            "INSERT INTO @resolution (run_id, chunk_id, resolved_at, words, digest, previous, hash)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        );
        transaction.execute_typed(
            &add,
            &[
                (&run, Type::INT8),
                (&chunk.0, Type::INT8),
                (&at, Type::INT8),
                (&resolution.words, Type::TEXT),
                (&digest.as_slice(), Type::BYTEA),
                (&previous, Type::BYTEA),
                (&hash.as_slice(), Type::BYTEA),
            ],
        )?;
        for child in resolution.children {
            self.add_chunk_of(transaction, RunId(run), Some(chunk), child)?;
        }
        for customer in resolution.customers {
            self.add_customer(transaction, resolution.account, customer)?;
        }
        Ok(true)
    }

    /// The hash that a sender's next record follows.
    fn last_hash(&self, run: i64, sender: &str) -> Answer<[u8; 32]> {
        if let Some(last) = self.chained.lock().last.get(&(run, sender.to_owned())) {
            return Ok(*last);
        }
        let sql = self.connections.sql(
            "SELECT coalesce((SELECT reply.hash FROM @reply AS reply WHERE reply.attempt_id = attempt.id
                              ORDER BY reply.id DESC LIMIT 1), attempt.hash)
             FROM @attempt AS attempt WHERE attempt.run_id = $1 AND attempt.sender = $2 ORDER BY attempt.id DESC LIMIT 1",
        );
        let row = self
            .connections
            .ask(|client| client.query_typed_opt(&sql, &[(&run, Type::INT8), (&sender, Type::TEXT)]))?;
        Ok(row.map_or([0; 32], |row| whole(row.get(0))))
    }

    /// Run, sender and hash of an attempt.
    fn open_attempt(&self, attempt: AttemptId) -> Answer<(i64, String, [u8; 32])> {
        if let Some(open) = self.chained.lock().open.get(&attempt.0) {
            return Ok(open.clone());
        }
        let sql = self.connections.sql("SELECT run_id, sender, hash FROM @attempt WHERE id = $1");
        let row = self.connections.ask(|client| client.query_typed_opt(&sql, &[(&attempt.0, Type::INT8)]))?;
        let row = row.ok_or_else(|| LedgerError::Damaged(format!("attempt {attempt} is gone")))?;
        Ok((row.get(0), row.get(1), whole(row.get(2))))
    }

    /// Adds a customer to the directory, or changes what is known of it.
    pub(super) fn add_customer(&self, transaction: &mut Transaction<'_>, account: &str, customer: &Entry) -> Done<()> {
        let sql = self.connections.sql(
            "INSERT INTO @directory AS directory (account, customer_id, code, gstin, legal_name) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (account, customer_id) DO UPDATE SET
                 code = excluded.code, gstin = excluded.gstin, legal_name = excluded.legal_name",
        );
        transaction.execute_typed(
            &sql,
            &[
                (&account, Type::TEXT),
                (&customer.customer_id, Type::TEXT),
                (&customer.code.as_deref().unwrap_or_default(), Type::TEXT),
                (&customer.gstin.as_deref().unwrap_or_default(), Type::TEXT),
                (&customer.legal_name.as_deref().unwrap_or_default(), Type::TEXT),
            ],
        )?;
        Ok(())
    }
}
