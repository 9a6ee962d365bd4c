//! The ledger in a PostgreSQL database, for as many processes on as many hosts as share it.
//!
//! Owns what [`super::Ledger`] promises, in SQL. `connect` asks again where a connection broke, `workers` says who is alive,
//! `claims` who sends which chunk, [`pace`] when the next request of an account may leave, [`logins`] who may log in. The
//! one rule: whatever changes a chunk names its owner and the state it expects, so that a process that was away changes
//! nothing any more.

mod claims;
mod connect;
mod history;
mod keys;
mod ledger;
pub mod logins;
mod migrate;
pub mod pace;
pub mod place;
mod plan;
mod reads;
mod sending;
#[cfg(test)]
pub(super) mod testing;
#[cfg(test)]
mod tests;
mod workers;

use std::sync::{Arc, Mutex};

use postgres::Row;
use postgres::types::{ToSql, Type};

use self::connect::Connections;
use self::place::Place;
use self::sending::Chained;
use self::workers::Worker;
pub use self::workers::WorkerRecord;
use super::{ChunkHead, LedgerError, Run, RunId, SheetId, SheetRecord};

type Answer<T> = Result<T, LedgerError>;

/// A value with its type, as statements without a name need them.
type Parameter<'p> = (&'p (dyn ToSql + Sync), Type);

/// A ledger in a database that others share.
#[derive(Debug)]
pub struct PostgresLedger {
    connections: Arc<Connections>,
    worker: Worker,
    chained: Chained,
    /// The run of the plan that is being written.
    planned: Mutex<Option<RunId>>,
}

impl PostgresLedger {
    /// Opens the ledger at a place; its tables must be there, in the form that this program knows.
    pub fn open(place: Place) -> Answer<Self> {
        let connections = Arc::new(Connections::new(place)?);
        let (worker, chained, planned) = (Worker::default(), Chained::default(), Mutex::default());
        let ledger = Self { connections, worker, chained, planned };
        ledger.check_format()?;
        Ok(ledger)
    }

    /// Where it is.
    pub fn place(&self) -> &Place {
        self.connections.place()
    }

    fn rows(&self, statement: &str, parameters: &[Parameter<'_>]) -> Answer<Vec<Row>> {
        let sql = self.connections.sql(statement);
        self.connections.ask(|client| client.query_typed(&sql, parameters))
    }

    fn row(&self, statement: &str, parameters: &[Parameter<'_>]) -> Answer<Option<Row>> {
        let sql = self.connections.sql(statement);
        self.connections.ask(|client| client.query_typed_opt(&sql, parameters))
    }

    /// Changes what is the same after a second time.
    fn change(&self, statement: &str, parameters: &[Parameter<'_>]) -> Answer<u64> {
        let sql = self.connections.sql(statement);
        self.connections.ask(|client| client.execute_typed(&sql, parameters))
    }

    fn bytes_of(&self, statement: &str, parameters: &[Parameter<'_>]) -> Answer<Option<Vec<u8>>> {
        Ok(self.row(statement, parameters)?.map(|row| row.get(0)))
    }

    fn runs_where(&self, condition: &str, parameters: &[Parameter<'_>]) -> Answer<Vec<Run>> {
        let statement = format!("SELECT {} FROM @run AS run {condition} ORDER BY id DESC", reads::RUN);
        Ok(self.rows(&statement, parameters)?.iter().map(reads::run).collect())
    }

    fn sheets_where(&self, condition: &str, parameters: &[Parameter<'_>]) -> Answer<Vec<SheetRecord>> {
        let statement = format!("SELECT {} FROM @sheet AS sheet {condition}", reads::SHEET);
        Ok(self.rows(&statement, parameters)?.iter().map(reads::sheet).collect())
    }

    fn chunks_where(&self, condition: &str, parameters: &[Parameter<'_>]) -> Answer<Vec<ChunkHead>> {
        let statement = format!("{} WHERE {condition} ORDER BY chunk.ordinal", reads::CHUNK);
        Ok(self.rows(&statement, parameters)?.iter().map(reads::chunk).collect())
    }

    fn chunks_named(&self, ids: &[i64]) -> Answer<Vec<ChunkHead>> {
        self.chunks_where("chunk.id = ANY($1)", &[(&ids, Type::INT8_ARRAY)])
    }

    fn sheet_ids(&self, statement: &str, sheet: SheetId) -> Answer<Vec<SheetId>> {
        Ok(self.rows(statement, &[(&sheet.0, Type::INT8)])?.iter().map(|row| SheetId(row.get(0))).collect())
    }

    /// Opens the one transaction in which everything is said until it is closed.
    pub(super) fn open_kept(&self) -> Answer<()> {
        self.connections.keep("BEGIN")
    }

    /// Ends it, and keeps what was said or drops it.
    pub(super) fn close_kept(&self, keeps: bool) -> Answer<()> {
        self.connections.let_go(if keeps { "COMMIT" } else { "ROLLBACK" })
    }

    /// Says a statement.
    pub(super) fn say(&self, statement: &str, parameters: &[Parameter<'_>]) -> Answer<()> {
        self.change(statement, parameters).map(|_| ())
    }

    /// Records of a table.
    pub(super) fn count_of(&self, table: &str) -> Answer<i64> {
        let row = self.row(&format!("SELECT count(*) FROM @{table}"), &[])?;
        Ok(row.map_or(0, |row| row.get(0)))
    }

    fn meta(&self, key: &str) -> Answer<Option<String>> {
        let row = self.row("SELECT value FROM @meta WHERE key = $1", &[(&key, Type::TEXT)])?;
        Ok(row.map(|row| row.get(0)))
    }
}

impl Drop for PostgresLedger {
    fn drop(&mut self) {
        // What is not given back ends with the lease.
        let _ = self.leave();
    }
}
