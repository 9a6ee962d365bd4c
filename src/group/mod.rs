//! Joins the rows of one document into one record, for sheets with several lines an invoice.
//!
//! [`columns`] knows what each column is to a document, [`follow`] which rows continue one, [`survey`] goes over the
//! whole sheet first and has [`settle`] tell which amounts are summed, [`join`] makes one row of a document's rows.
//! Pure: blocks in, blocks out. The one rule: where it is not certain which rows or amounts make up a document, the
//! document is invalid or the sheet is refused; no amount is summed by guess.

pub mod columns;
pub mod follow;
pub mod join;
pub mod settle;
pub mod survey;
#[cfg(test)]
mod tests;

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
    pub contested: std::collections::HashMap<u64, (u32, u32)>,
}
