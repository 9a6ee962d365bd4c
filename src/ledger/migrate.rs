//! From one format of the ledger's file to the next.
//!
//! Each step is one transaction together with the new format number, so that a killed migration has not happened. The
//! one rule: a step never drops what a person may ask for later.

use rusqlite::Connection;

/// Format of the file that this program writes.
pub(super) const FORMAT: i64 = 4;

/// Steps by the format they start from.
const STEPS: [(i64, &str); 3] =
    [(1, include_str!("migrate_1.sql")), (2, include_str!("migrate_2.sql")), (3, include_str!("migrate_3.sql"))];

/// Brings an open file of an earlier format to [`FORMAT`]; inside a transaction of the caller's.
pub(super) fn migrate(connection: &Connection, found: i64) -> rusqlite::Result<()> {
    for (_, step) in STEPS.iter().filter(|(from, _)| *from >= found) {
        connection.execute_batch(step)?;
    }
    connection.execute_batch(&format!("PRAGMA user_version = {FORMAT}"))
}
