//! The tables: made once, brought from one form to the next, and looked at before anything else is asked.
//!
//! The one rule: the tables and the number of their form are written in one transaction, so that a process that dies
//! while it makes them has not made them, and of two that make them at one moment one finds those of the other.

use std::time::{Duration, Instant};

use backon::{BackoffBuilder as _, ConstantBuilder};
use postgres::error::SqlState;
use postgres::types::Type;
use postgres::{Client, GenericClient, Transaction};

use super::connect::{Connections, Done};
use super::place::Place;
use super::{Answer, PostgresLedger};
use crate::ledger::LedgerError;

/// Form of the tables that this program writes.
const FORMAT: i64 = 2;
/// What brings each earlier form to the next, from form 1 on.
const STEPS: [&str; FORMAT as usize - 1] = [include_str!("migrate_1.sql")];
/// How long another process may take to make the tables at the same moment.
const PATIENCE: Duration = Duration::from_secs(30);
/// Wait between two looks at what it made.
const WAIT: Duration = Duration::from_millis(100);

impl PostgresLedger {
    /// Form of the tables at a place; none where there are none. A newer form than this program knows is an error.
    pub fn format_of(place: &Place) -> Answer<Option<i64>> {
        found(&Connections::new(place.clone())?)
    }

    /// Makes the tables at a place, or brings those of an earlier form up to date; says which form was there.
    ///
    /// Needs a role that may make tables in the schema, and the schema itself where it is not there.
    pub fn prepare(place: &Place) -> Answer<Option<i64>> {
        let connections = Connections::new(place.clone())?;
        let until = Instant::now() + PATIENCE;
        let mut waits = ConstantBuilder::default().with_delay(WAIT).with_jitter().without_max_times().build();
        let before = found(&connections)?;
        while found(&connections)?.is_none() {
            let id = random_id()?;
            let mut met = false;
            let made = connections.again(|client, _| match make(&connections, client, &id) {
                Err(error) if is_met(&error) && Instant::now() < until => {
                    met = true;
                    Ok(())
                }
                made => made,
            });
            made?;
            if met {
                std::thread::sleep(waits.next().unwrap_or(WAIT));
            }
        }
        if before.is_some_and(|before| before < FORMAT) {
            connections.durably(|transaction, _| bring_up(&connections, transaction))?;
        }
        Ok(before)
    }

    pub(super) fn check_format(&self) -> Answer<()> {
        let place = || self.place().shown().to_owned();
        match found(&self.connections)? {
            None => Err(LedgerError::Missing { place: place() }),
            Some(found) if found < FORMAT => Err(LedgerError::Older { path: place(), found }),
            Some(_) => Ok(()),
        }
    }

    /// What an owner of the database says to it so that processes can plan and send, and not alter history, with the
    /// role `arload_worker`.
    pub fn roles(place: &Place) -> String {
        let schema = place.schema();
        include_str!("roles.sql").replace("{schema}", schema).replace('@', &format!("{schema}."))
    }
}

fn found(connections: &Connections) -> Answer<Option<i64>> {
    let place = connections.place();
    // The catalogue rather than the information schema, which hides what the role has no rights to.
    let there = "SELECT 1::BIGINT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                 WHERE n.nspname = $1 AND c.relname = 'meta'";
    let schema = place.schema();
    let is_there = connections.ask(|client| client.query_typed_opt(there, &[(&schema, Type::TEXT)]))?.is_some();
    if !is_there {
        return Ok(None);
    }
    let sql = connections.sql("SELECT value FROM @meta WHERE key = 'format'");
    let row = connections.ask(|client| client.query_typed_opt(&sql, &[]))?;
    let text: Option<String> = row.and_then(|row| row.try_get(0).ok());
    let found = text.and_then(|text| text.parse::<i64>().ok());
    let Some(found) = found else {
        return Err(LedgerError::Damaged(format!("{}: its tables do not say which form they have", place.shown())));
    };
    if found > FORMAT {
        return Err(LedgerError::Newer { path: place.shown().to_owned(), found, known: FORMAT });
    }
    Ok(Some(found))
}

fn make(connections: &Connections, client: &mut Client, id: &str) -> Done<()> {
    let schema = connections.place().schema();
    let mut transaction = client.transaction()?;
    // Asked for first: to make a schema that is there needs a right that its owner may not have.
    let there = "SELECT 1::BIGINT FROM pg_catalog.pg_namespace WHERE nspname = $1";
    if transaction.query_typed_opt(there, &[(&schema, Type::TEXT)])?.is_none() {
        transaction.batch_execute(&format!("CREATE SCHEMA {schema}"))?;
    }
    transaction.batch_execute(&connections.sql(include_str!("schema.sql")))?;
    transaction.batch_execute(&connections.sql(include_str!("shared.sql")))?;
    let sql = connections.sql("INSERT INTO @meta (key, value) VALUES ('id', $1), ('format', $2)");
    GenericClient::execute_typed(&mut transaction, &sql, &[(&id, Type::TEXT), (&FORMAT.to_string(), Type::TEXT)])?;
    transaction.commit()
}

/// Takes the steps that are left; another process that does the same waits here, and finds none left.
fn bring_up(connections: &Connections, transaction: &mut Transaction<'_>) -> Done<()> {
    let form = connections.sql("SELECT value FROM @meta WHERE key = 'format' FOR UPDATE");
    let form: Option<String> = transaction.query_typed_opt(&form, &[])?.map(|row| row.get(0));
    let passed = form.and_then(|form| form.parse::<usize>().ok()).map_or(STEPS.len(), |form| form.saturating_sub(1));
    for step in STEPS.iter().skip(passed) {
        transaction.batch_execute(&connections.sql(step))?;
    }
    if passed < STEPS.len() {
        let sql = connections.sql("UPDATE @meta SET value = $1 WHERE key = 'format'");
        transaction.execute_typed(&sql, &[(&FORMAT.to_string(), Type::TEXT)])?;
    }
    Ok(())
}

/// Whether another process made the same at the same moment.
fn is_met(error: &postgres::Error) -> bool {
    let met =
        [SqlState::DUPLICATE_SCHEMA, SqlState::DUPLICATE_TABLE, SqlState::DUPLICATE_OBJECT, SqlState::UNIQUE_VIOLATION];
    error.code().is_some_and(|code| met.contains(code))
}

/// Tells a ledger from every other, because runs count from 1 in each.
fn random_id() -> Answer<String> {
    let mut bytes = [0; 8];
    // The TLS library brings the host's random source along.
    let filled = rustls::crypto::ring::default_provider().secure_random.fill(&mut bytes);
    filled.map_err(|_| LedgerError::Damaged("the host gives no random bytes".to_owned()))?;
    Ok(crate::wording::hex(&bytes))
}
