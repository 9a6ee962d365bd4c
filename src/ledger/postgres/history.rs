//! The SQL of what was appended: attempts, replies, resolutions, approvals, policies, and what was purged.

use jiff::Timestamp;
use postgres::Row;
use postgres::types::Type;

use super::connect::Done;
use super::{Answer, PostgresLedger, reads};
use crate::ledger::consent::{
    ApprovalRecord, NewApproval, Policy, PolicyRecord, StoredPolicy, digest_of_approval, digest_of_policy,
};
use crate::ledger::purge::{NewPurge, PurgeRecord, Scope};
use crate::ledger::records::chain;
use crate::ledger::trail::{AttemptRecord, PAGE, ReplyRecord, ResolutionRecord, head_of};
use crate::ledger::{AttemptId, ChunkId, LedgerError, RunId, SheetId, blob};

const OVER: &str = "SELECT run.state <> 'open' AND NOT EXISTS (SELECT 1 FROM @chunk AS chunk WHERE chunk.run_id = run.id
     AND chunk.state IN ('planned', 'sending', 'unknown', 'rejected')) FROM @run AS run WHERE run.id = $1 FOR UPDATE OF run";

/// Rows that another run refers to go with the last of these.
const REMOVE_ROWS: &str = "DELETE FROM @row_block AS row_block
     WHERE sheet_id IN (SELECT coalesce(rows_of, id) FROM @sheet WHERE run_id = $1)
     AND NOT EXISTS (SELECT 1 FROM @sheet AS sheet WHERE coalesce(sheet.rows_of, sheet.id) = row_block.sheet_id
                     AND sheet.run_id NOT IN (SELECT run_id FROM @purge WHERE scope = 'rows'))";

/// What stays of a block, packed; none where nothing of it has to go.
type Rewritten = Answer<Option<Vec<u8>>>;

impl PostgresLedger {
    pub(super) fn attempts_after(&self, run: RunId, after: i64) -> Answer<Vec<AttemptRecord>> {
        let rows = self.rows(
            "SELECT digest, previous, hash, id, chunk_id, number, sender, started_at
             FROM @attempt WHERE run_id = $1 AND id > $2 ORDER BY id LIMIT $3",
            &[(&run.0, Type::INT8), (&after, Type::INT8), (&i64::from(PAGE), Type::INT8)],
        )?;
        let ids: Vec<i64> = rows.iter().map(|row| row.get(3)).collect();
        let replies = self.rows(
            "SELECT digest, previous, hash, id, received_at, kind, status, refused, request_id, attempt_id
             FROM @reply WHERE attempt_id = ANY($1) ORDER BY attempt_id, id",
            &[(&ids, Type::INT8_ARRAY)],
        )?;
        let mut replies = replies.iter().peekable();
        Ok(rows
            .iter()
            .map(|row| {
                let id: i64 = row.get(3);
                let mut own = Vec::new();
                while let Some(reply) = replies.next_if(|reply| reply.get::<_, i64>(9) == id) {
                    own.push(read_reply(reply));
                }
                AttemptRecord {
                    link: reads::link(row),
                    id: AttemptId(id),
                    chunk: ChunkId(row.get(4)),
                    number: reads::number(row.get(5)),
                    sender: row.get(6),
                    started_at: reads::time(row.get(7)),
                    replies: own,
                }
            })
            .collect())
    }

    pub(super) fn resolutions_after(&self, run: RunId, after: i64) -> Answer<Vec<ResolutionRecord>> {
        let rows = self.rows(
            "SELECT digest, previous, hash, id, chunk_id, resolved_at, words
             FROM @resolution WHERE run_id = $1 AND id > $2 ORDER BY id LIMIT $3",
            &[(&run.0, Type::INT8), (&after, Type::INT8), (&i64::from(PAGE), Type::INT8)],
        )?;
        let read = |row: &Row| ResolutionRecord {
            link: reads::link(row),
            id: row.get(3),
            chunk: ChunkId(row.get(4)),
            resolved_at: reads::time(row.get(5)),
            words: row.get(6),
        };
        Ok(rows.iter().map(read).collect())
    }

    pub(super) fn head_of_run(&self, run: RunId) -> Answer<[u8; 32]> {
        let rows = self.rows(
            "SELECT last.sender, coalesce((SELECT reply.hash FROM @reply AS reply WHERE reply.attempt_id = attempt.id
                                           ORDER BY reply.id DESC LIMIT 1), attempt.hash)
             FROM (SELECT sender, max(id) AS id FROM @attempt WHERE run_id = $1 GROUP BY sender) AS last
             JOIN @attempt AS attempt ON attempt.id = last.id",
            &[(&run.0, Type::INT8)],
        )?;
        let mut senders: Vec<(String, Vec<u8>)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        // In the order of their bytes, whatever the database's language says.
        senders.sort();
        let run = [(&run.0 as &(dyn postgres::types::ToSql + Sync), Type::INT8)];
        let last = |sql| Ok::<_, LedgerError>(self.row(sql, &run)?.map_or([0; 32], |row| reads::whole(row.get(0))));
        let resolution = last("SELECT hash FROM @resolution WHERE run_id = $1 ORDER BY id DESC LIMIT 1")?;
        let approval = last("SELECT hash FROM @approval WHERE run_id = $1 ORDER BY id DESC LIMIT 1")?;
        let senders = senders.iter().map(|(sender, hash)| (sender.as_str(), hash.as_slice()));
        Ok(head_of(senders, &resolution, &approval))
    }

    pub(super) fn all_policies(&self) -> Answer<Vec<PolicyRecord>> {
        let rows =
            self.rows("SELECT digest, previous, hash, id, set_at, set_by, rule FROM @policy ORDER BY id", &[])?;
        let stored = rows.iter().map(|row| StoredPolicy {
            link: reads::link(row),
            id: row.get(3),
            set_at: reads::time(row.get(4)),
            set_by: row.get(5),
            rule: row.get(6),
        });
        stored.map(StoredPolicy::read).collect()
    }

    pub(super) fn add_policy(&self, policy: &Policy, by: &str, at: Timestamp) -> Answer<()> {
        let rule = serde_json::to_string(policy).expect("a policy has string keys only");
        let (digest, at) = (digest_of_policy(by, &rule), at.as_millisecond());
        let [lock, last, add] = [
            "SELECT value FROM @meta WHERE key = 'id' FOR UPDATE",
            "SELECT hash, digest, set_at FROM @policy ORDER BY id DESC LIMIT 1",
            "INSERT INTO @policy (set_at, set_by, rule, digest, previous, hash) VALUES ($1, $2, $3, $4, $5, $6)",
        ]
        .map(|sql| self.connections.sql(sql));
        self.connections.durably(|transaction, again| {
            transaction.query_typed(&lock, &[])?;
            let row = transaction.query_typed_opt(&last, &[])?;
            if again && row.as_ref().is_some_and(|row| reads::whole(row.get(1)) == digest && row.get::<_, i64>(2) == at)
            {
                return Ok(());
            }
            let previous = row.map_or([0; 32], |row| reads::whole(row.get(0)));
            let hash = chain(&previous, "policy", 0, at, &digest);
            transaction.execute_typed(
                &add,
                &[
                    (&at, Type::INT8),
                    (&by, Type::TEXT),
                    (&rule, Type::TEXT),
                    (&digest.as_slice(), Type::BYTEA),
                    (&previous.as_slice(), Type::BYTEA),
                    (&hash.as_slice(), Type::BYTEA),
                ],
            )?;
            Ok(())
        })
    }

    pub(super) fn approvals_of(&self, run: RunId) -> Answer<Vec<ApprovalRecord>> {
        let rows = self.rows(
            "SELECT digest, previous, hash, id, approved_at, approver, maker, plan FROM @approval
             WHERE run_id = $1 ORDER BY id",
            &[(&run.0, Type::INT8)],
        )?;
        let read = |row: &Row| ApprovalRecord {
            link: reads::link(row),
            id: row.get(3),
            run,
            approved_at: reads::time(row.get(4)),
            approver: row.get(5),
            maker: row.get(6),
            plan: reads::whole(row.get(7)),
        };
        Ok(rows.iter().map(read).collect())
    }

    pub(super) fn add_approval(&self, approval: &NewApproval<'_>) -> Answer<()> {
        let NewApproval { run, approved_at, approver, maker, plan } = approval;
        let at = approved_at.as_millisecond();
        let digest = digest_of_approval(*run, approver, maker, plan);
        let [lock, last, add] = [
            "SELECT id FROM @run WHERE id = $1 FOR UPDATE",
            "SELECT hash, digest, approved_at FROM @approval WHERE run_id = $1 ORDER BY id DESC LIMIT 1",
            "INSERT INTO @approval (run_id, approved_at, approver, maker, plan, digest, previous, hash)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        ]
        .map(|sql| self.connections.sql(sql));
        self.connections.durably(|transaction, again| {
            transaction.query_typed(&lock, &[(&run.0, Type::INT8)])?;
            let row = transaction.query_typed_opt(&last, &[(&run.0, Type::INT8)])?;
            if again && row.as_ref().is_some_and(|row| reads::whole(row.get(1)) == digest && row.get::<_, i64>(2) == at)
            {
                return Ok(());
            }
            let previous = row.map_or([0; 32], |row| reads::whole(row.get(0)));
            let hash = chain(&previous, "approval", run.0, at, &digest);
            transaction.execute_typed(
                &add,
                &[
                    (&run.0, Type::INT8),
                    (&at, Type::INT8),
                    (&approver, Type::TEXT),
                    (&maker, Type::TEXT),
                    (&plan.as_slice(), Type::BYTEA),
                    (&digest.as_slice(), Type::BYTEA),
                    (&previous.as_slice(), Type::BYTEA),
                    (&hash.as_slice(), Type::BYTEA),
                ],
            )?;
            Ok(())
        })
    }

    pub(super) fn purges_of(&self, run: RunId) -> Answer<Vec<PurgeRecord>> {
        let rows = self.rows(
            "SELECT scope, purged_at, purged_by, archive, archive_hash FROM @purge WHERE run_id = $1 ORDER BY id",
            &[(&run.0, Type::INT8)],
        )?;
        let read = |row: &Row| PurgeRecord {
            scope: if row.get::<_, &str>(0) == Scope::Contacts.as_str() { Scope::Contacts } else { Scope::Rows },
            purged_at: reads::time(row.get(1)),
            purged_by: row.get(2),
            archive: row.get(3),
            archive_hash: reads::whole(row.get(4)),
        };
        Ok(rows.iter().map(read).collect())
    }

    /// Purges in one transaction; the blocks are rewritten one at a time.
    pub(super) fn purge_run(&self, purge: &NewPurge<'_>) -> Answer<bool> {
        self.connections.keep("BEGIN")?;
        let purged = self.purge_kept(purge);
        let end = if matches!(purged, Ok(true)) { "COMMIT" } else { "ROLLBACK" };
        let ended = self.connections.let_go(end);
        let purged = purged?;
        ended.map(|()| purged)
    }

    fn purge_kept(&self, purge: &NewPurge<'_>) -> Answer<bool> {
        let run = purge.run;
        let is_over = self.row(OVER, &[(&run.0, Type::INT8)])?.is_some_and(|row| row.get(0));
        if !is_over {
            return Ok(false);
        }
        self.change(
            "INSERT INTO @purge (run_id, purged_at, purged_by, scope, archive, archive_hash) VALUES ($1, $2, $3, $4, $5, $6)",
            &[
                (&run.0, Type::INT8),
                (&purge.purged_at.as_millisecond(), Type::INT8),
                (&purge.purged_by, Type::TEXT),
                (&purge.scope.as_str(), Type::TEXT),
                (&purge.archive, Type::TEXT),
                (&purge.archive_hash.as_slice(), Type::BYTEA),
            ],
        )?;
        self.change(
            "DELETE FROM @payload WHERE chunk_id IN (SELECT id FROM @chunk WHERE run_id = $1)",
            &[(&run.0, Type::INT8)],
        )?;
        let empty = blob::compress(b"");
        self.change("UPDATE @reply SET body = $2 WHERE run_id = $1", &[(&run.0, Type::INT8), (&empty, Type::BYTEA)])?;
        if purge.scope == Scope::Rows {
            self.change(REMOVE_ROWS, &[(&run.0, Type::INT8)])?;
        }
        for (sheet, rows_of) in self.sheets_with_rows(run)? {
            if purge.scope == Scope::Contacts && !self.rows_are_shared(rows_of, run)? {
                self.rewrite(("row_block", "cells"), rows_of, &|packed| purge.rewriting.cells(rows_of, packed))?;
            }
            self.rewrite(("verdict_block", "verdicts"), sheet, &|packed| purge.rewriting.verdicts(packed))?;
        }
        Ok(true)
    }

    fn rewrite(
        &self,
        (table, column): (&str, &str),
        sheet: SheetId,
        change: &dyn Fn(&[u8]) -> Rewritten,
    ) -> Answer<()> {
        let read = format!("SELECT {column} FROM @{table} WHERE sheet_id = $1 AND ordinal = $2");
        let write = format!("UPDATE @{table} SET {column} = $3 WHERE sheet_id = $1 AND ordinal = $2");
        for ordinal in 0_i64.. {
            let at: [super::Parameter<'_>; 2] = [(&sheet.0, Type::INT8), (&ordinal, Type::INT8)];
            let Some(row) = self.row(&read, &at)? else { break };
            if let Some(changed) = change(row.get(0))? {
                self.change(&write, &[at[0].clone(), at[1].clone(), (&changed, Type::BYTEA)])?;
            }
        }
        Ok(())
    }

    /// The sheets of a run, each with the one that holds its rows.
    pub(super) fn sheets_with_rows(&self, run: RunId) -> Answer<Vec<(SheetId, SheetId)>> {
        let rows = self.rows(
            "SELECT id, coalesce(rows_of, id) FROM @sheet WHERE run_id = $1 ORDER BY id",
            &[(&run.0, Type::INT8)],
        )?;
        Ok(rows.iter().map(|row| (SheetId(row.get(0)), SheetId(row.get(1)))).collect())
    }

    /// Whether a run that nothing was purged of refers to the rows of a sheet.
    pub(super) fn rows_are_shared(&self, rows_of: SheetId, run: RunId) -> Answer<bool> {
        let row = self.row(
            "SELECT EXISTS (SELECT 1 FROM @sheet WHERE coalesce(rows_of, id) = $1 AND run_id <> $2
             AND run_id NOT IN (SELECT run_id FROM @purge))",
            &[(&rows_of.0, Type::INT8), (&run.0, Type::INT8)],
        )?;
        Ok(row.is_some_and(|row| row.get(0)))
    }

    /// Adds customers to the directory and forgets others.
    pub(super) fn change_directory(
        &self,
        account: &str,
        changed: &[crate::directory::Entry],
        gone: &[String],
    ) -> Answer<()> {
        let forget = self.connections.sql("DELETE FROM @directory WHERE account = $1 AND customer_id = ANY($2)");
        self.connections.durably(|transaction, _| -> Done<()> {
            for customer in changed {
                self.add_customer(transaction, account, customer)?;
            }
            let gone: Vec<&str> = gone.iter().map(String::as_str).collect();
            transaction.execute_typed(&forget, &[(&account, Type::TEXT), (&gone, Type::TEXT_ARRAY)])?;
            Ok(())
        })
    }
}

fn read_reply(row: &Row) -> ReplyRecord {
    ReplyRecord {
        link: reads::link(row),
        id: row.get(3),
        received_at: reads::time(row.get(4)),
        kind: row.get(5),
        status: row.get::<_, Option<i64>>(6).and_then(|status| u16::try_from(status).ok()),
        refused: row.get(7),
        request_id: row.get(8),
    }
}
