//! Seeding: rows that the API has already, so that planning ends them as accepted and keeps their keys.
//!
//! Owns where a sheet says which id the API gave a row. Leaves reading, checking and the guard to the same code that
//! plans uploads. The one rule: a seeded row is known to the guard exactly as if an earlier run had had it accepted.

use super::SheetFacts;
use crate::ledger::{LedgerError, blob};
use crate::mapping::normalise;
use crate::operation::Operation;
use crate::outcome::{RowOutcome, Status, code};
use crate::sheet::RowBlock;
use crate::sheet::input::RESULT_HEADINGS;

/// The column of a results file that holds the id the API gave.
const REMOTE_ID: &str = RESULT_HEADINGS[6];

/// The column with the API's ids: called as in results or in the API, and no field of the operation.
pub(super) fn id_column(operation: &Operation, facts: &SheetFacts) -> Option<usize> {
    let wanted = [normalise(REMOTE_ID), normalise(operation.remote_id)];
    let mapped = |column: usize| facts.mapping.columns.get(column).copied().flatten().is_some();
    let headings = facts.header.columns.iter().enumerate();
    headings.filter(|(_, heading)| wanted.contains(&normalise(heading))).map(|(at, _)| at).find(|at| !mapped(*at))
}

/// The ids of a packed block's rows; blank where a row has none.
pub(super) fn ids(column: Option<usize>, cells: &[u8]) -> Result<Vec<String>, LedgerError> {
    let Some(column) = column else { return Ok(Vec::new()) };
    let block: RowBlock = blob::unpack(cells)?;
    Ok((0..block.len()).map(|row| block.text(row, column).trim().trim_start_matches('\'').to_owned()).collect())
}

/// The outcome of a row that the API has.
pub(super) fn outcome(id: Option<String>) -> RowOutcome {
    let remote_id = id.filter(|id| !id.is_empty());
    let message = "taken over from results or an export; nothing was sent";
    RowOutcome { remote_id, ..RowOutcome::new(Status::Accepted, code::SEEDED, message) }
}
