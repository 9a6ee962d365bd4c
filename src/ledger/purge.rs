//! What goes out of the ledger once it stands in an archive: rows as read, bytes sent, bodies of replies.
//!
//! Outcomes, hashes and keys stay, so that history, totals and the duplicate guard do. Leaves the archive to
//! [`crate::evidence::forget`]. The one rule: one transaction notes the archive and purges, and only runs that are over.

use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::records::read_time;
use super::{LedgerError, RunId, SheetId, blob};
use crate::ledger::sqlite::SqliteLedger;

/// How much is purged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Columns with contacts, and whatever repeats them: the bytes sent and the bodies of replies.
    Contacts,
    /// Rows as read, the bytes sent, the bodies of replies.
    Rows,
}

impl Scope {
    /// The word in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::Contacts => "contacts",
            Scope::Rows => "rows",
        }
    }
}

/// What was purged of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurgeRecord {
    /// How much.
    pub scope: Scope,
    /// When.
    pub purged_at: Timestamp,
    /// By whom.
    pub purged_by: String,
    /// The archive's name.
    pub archive: String,
    /// Hash of the archive's bytes.
    pub archive_hash: [u8; 32],
}

impl PurgeRecord {
    /// What was purged, when, by whom, and where it is now.
    pub fn words(&self) -> String {
        let what = match self.scope {
            Scope::Contacts => "columns with contacts, the bytes sent and the bodies of replies",
            Scope::Rows => "its rows as read, the bytes sent and the bodies of replies",
        };
        let Self { purged_at, purged_by, archive, archive_hash, .. } = self;
        // The ledger knows no zone of anybody's.
        let day = purged_at.strftime("%Y-%m-%d %H:%M UTC");
        let hash = crate::wording::hex(archive_hash);
        format!("{what} were purged on {day} by {purged_by}; they stand in the archive {archive} (BLAKE3 {hash})")
    }
}

/// What stays of a block, packed; none where nothing of it has to go.
type Rewritten = Result<Option<Vec<u8>>, LedgerError>;

/// Makes of blocks what may stay of them; none where nothing of a block has to go.
pub trait Rewriting {
    /// Rows as read.
    fn cells(&self, sheet: SheetId, packed: &[u8]) -> Result<Option<Vec<u8>>, LedgerError>;
    /// What was decided about them.
    fn verdicts(&self, packed: &[u8]) -> Result<Option<Vec<u8>>, LedgerError>;
}

/// A purge about to happen.
#[derive(Clone)]
pub struct NewPurge<'a> {
    /// The run.
    pub run: RunId,
    /// How much.
    pub scope: Scope,
    /// Now.
    pub purged_at: Timestamp,
    /// By whom.
    pub purged_by: &'a str,
    /// The archive's name.
    pub archive: &'a str,
    /// Hash of the archive's bytes.
    pub archive_hash: [u8; 32],
    /// What the blocks become that stay.
    pub rewriting: &'a dyn Rewriting,
}

pub(super) fn purges(connection: &Connection, run: RunId) -> rusqlite::Result<Vec<PurgeRecord>> {
    connection
        .prepare_cached(
            "SELECT scope, purged_at, purged_by, archive, archive_hash FROM purge WHERE run_id = ? ORDER BY id",
        )?
        .query_map([run.0], |row| {
            let scope: String = row.get(0)?;
            Ok(PurgeRecord {
                scope: if scope == Scope::Contacts.as_str() { Scope::Contacts } else { Scope::Rows },
                purged_at: read_time(row.get(1)?),
                purged_by: row.get(2)?,
                archive: row.get(3)?,
                archive_hash: row.get(4)?,
            })
        })?
        .collect()
}

pub(super) fn purge(connection: &Connection, purge: &NewPurge<'_>) -> rusqlite::Result<bool> {
    let over = "SELECT state <> 'open' AND NOT EXISTS (SELECT 1 FROM chunk WHERE chunk.run_id = run.id
                AND chunk.state IN ('planned', 'sending', 'unknown', 'rejected')) FROM run WHERE id = ?";
    let is_over: bool = connection.query_row(over, [purge.run.0], |row| row.get(0))?;
    if is_over {
        remove(connection, purge)?;
    }
    Ok(is_over)
}

pub(super) fn shares_rows(connection: &Connection, run: RunId) -> rusqlite::Result<bool> {
    let mut sheets = sheets_of(connection, run.0)?.into_iter();
    sheets.try_fold(false, |any, (_, rows_of)| Ok(any | is_shared(connection, rows_of, run.0)?))
}

impl SqliteLedger {
    /// Gives the file's free space back to the disk, and takes what was deleted out of the log beside it.
    pub fn shrink(&self) -> Result<(), LedgerError> {
        self.run_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);")
    }

    /// Bytes of a ledger's file, and of the log beside it; 0 where there is none.
    pub fn bytes_at(path: &Path) -> u64 {
        let length = |path: &Path| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        length(path) + length(Path::new(&log))
    }
}

fn remove(connection: &Connection, purge: &NewPurge<'_>) -> rusqlite::Result<()> {
    let run = purge.run.0;
    connection.execute(
        "INSERT INTO purge (run_id, purged_at, purged_by, scope, archive, archive_hash) VALUES (?, ?, ?, ?, ?, ?)",
        params![
            run,
            purge.purged_at.as_millisecond(),
            purge.purged_by,
            purge.scope.as_str(),
            purge.archive,
            purge.archive_hash
        ],
    )?;
    connection.execute("DELETE FROM payload WHERE chunk_id IN (SELECT id FROM chunk WHERE run_id = ?)", [run])?;
    connection.execute("UPDATE reply SET body = ? WHERE run_id = ?", params![blob::compress(b""), run])?;
    if purge.scope == Scope::Rows {
        // Rows that another run refers to go with the last of these.
        connection.execute(
            "DELETE FROM row_block WHERE sheet_id IN (SELECT rows_of FROM sheet WHERE run_id = ?1)
             AND NOT EXISTS (SELECT 1 FROM sheet WHERE sheet.rows_of = row_block.sheet_id AND sheet.run_id NOT IN
                             (SELECT run_id FROM purge WHERE scope = 'rows'))",
            [run],
        )?;
    }
    let (rewriting, sheets) = (purge.rewriting, sheets_of(connection, run)?);
    for (sheet, rows_of) in sheets {
        if purge.scope == Scope::Contacts && !is_shared(connection, rows_of, run)? {
            rewrite(connection, ("row_block", "cells"), rows_of, &|packed| rewriting.cells(rows_of, packed))?;
        }
        rewrite(connection, ("verdict_block", "verdicts"), sheet, &|packed| rewriting.verdicts(packed))?;
    }
    Ok(())
}

/// The sheets of a run, each with the one that holds its rows.
fn sheets_of(connection: &Connection, run: i64) -> rusqlite::Result<Vec<(SheetId, SheetId)>> {
    let mut statement = connection.prepare("SELECT id, rows_of FROM sheet WHERE run_id = ? ORDER BY id")?;
    statement.query_map([run], |row| Ok((SheetId(row.get(0)?), SheetId(row.get(1)?))))?.collect()
}

/// Whether a run that nothing was purged of refers to the rows of a sheet.
fn is_shared(connection: &Connection, rows_of: SheetId, run: i64) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sheet WHERE rows_of = ?1 AND run_id <> ?2 AND run_id NOT IN
               (SELECT run_id FROM purge))";
    connection.query_row(sql, params![rows_of.0, run], |row| row.get(0))
}

/// Rewrites the blocks of a sheet, one at a time.
fn rewrite(
    connection: &Connection,
    (table, column): (&str, &str),
    sheet: SheetId,
    change: &dyn Fn(&[u8]) -> Rewritten,
) -> rusqlite::Result<()> {
    let read = format!("SELECT {column} FROM {table} WHERE sheet_id = ? AND ordinal = ?");
    let write = format!("UPDATE {table} SET {column} = ? WHERE sheet_id = ? AND ordinal = ?");
    for ordinal in 0_u32.. {
        let found = connection.prepare_cached(&read)?.query_row(params![sheet.0, ordinal], |row| row.get(0));
        let Some(packed): Option<Vec<u8>> = found.optional()? else { break };
        let changed = change(&packed).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        if let Some(changed) = changed {
            connection.prepare_cached(&write)?.execute(params![changed, sheet.0, ordinal])?;
        }
    }
    Ok(())
}
