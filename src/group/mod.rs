//! Joins the rows of one document into one record, for sheets with several lines an invoice.
//!
//! [`columns`] knows what each column is to a document, [`follow`] which rows continue one, [`survey`] goes over the
//! whole sheet first, has [`settle`] tell which amounts are summed and [`totals`] which lines may be sums of others, [`join`]
//! makes one row of a document's rows, with what `doubts` found.
//! Pure: blocks in, blocks out. The one rule: where it is not certain which rows or amounts make up a document, the
//! document is invalid or the sheet is refused; no amount is summed by guess.

pub mod columns;
mod doubts;
#[cfg(test)]
mod doubts_tests;
pub mod follow;
#[cfg(test)]
mod following_tests;
pub mod join;
#[cfg(test)]
mod joining_tests;
pub mod settle;
#[cfg(test)]
mod settling_tests;
pub mod survey;
#[cfg(test)]
mod tests;
pub mod totals;

use std::collections::HashMap;

/// Limit: no invoice has more lines than this; e-invoices take 1,000. More rows are joined by mistake.
pub const MAX_LINES: u32 = 10_000;

/// What the whole sheet says of its documents, known before any of them is joined.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surveyed {
    /// Columns whose amounts are added up, in order.
    pub line_columns: Vec<usize>,
    /// Whether documents rather repeat their number on every row, so that a row without one is doubtful.
    pub repeats_number: bool,
    /// Documents whose number stands in the sheet again with another date or customer, by seller and number: the first
    /// rows of two of them.
    pub contested: HashMap<u64, (u32, u32)>,
    /// Lines that may be a total of those above, by row.
    pub totals: HashMap<u32, totals::LikeTotal>,
    /// By the first row that is shown of a document: the first of its rows that was left out as hidden.
    pub hidden: HashMap<u32, u32>,
}
