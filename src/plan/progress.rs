//! What is gathered of a sheet while its rows are kept.
//!
//! Leaves the rows themselves to [`super::read`]. The one rule: nothing here is used before the sheet was read to its end,
//! but for what speaks against going on with it.

use super::group;
use super::read::{Pass, ReadRun, Reading};
use super::refusal::swapped;
use crate::check::dates;
use crate::check::record::CheckedBlock;
use crate::check::totals::ColumnSums;
use crate::operation::{Key, Operation};
use crate::outcome::Sum;
use crate::sheet::SheetSource;
use crate::sheet::identity::ContentHasher;
use crate::sheet::open::OpenSheet;

/// One sheet on its way.
pub(super) struct SheetInProgress {
    pub(super) hasher: ContentHasher,
    /// What the cells of date columns say of their order.
    pub(super) evidence: dates::Evidence,
    /// Documents seen, where the second row of one speaks against the sheet.
    pub(super) documents: Option<group::Documents>,
    pub(super) first_block: usize,
    pub(super) first_row: u32,
    pub(super) read: Sum,
    /// What the sheet's own grand total is held against.
    pub(super) sums: ColumnSums,
    /// What further rows say again of amounts that count once.
    pub(super) copies: [i128; 5],
    pub(super) last_number: u32,
    /// Whether the records are invoices.
    pub(super) invoices: bool,
    pub(super) last_document: Option<u32>,
}

impl SheetInProgress {
    pub(super) fn new(open: &OpenSheet, run: &ReadRun<'_>, operation: &Operation, evidence: dates::Evidence) -> Self {
        Self {
            hasher: ContentHasher::new(&open.header),
            evidence,
            documents: None,
            first_block: run.waiting.len(),
            first_row: run.rows,
            read: Sum::default(),
            sums: ColumnSums::default(),
            copies: [0; 5],
            last_number: open.header.number,
            invoices: operation.key == Key::Invoice,
            last_document: None,
        }
    }

    /// What is to be said of the sheet's dates, now that all are known; what they ask for where they were read wrongly.
    pub(super) fn settled_dates(
        &self,
        (label, source): (&str, &SheetSource),
        orders: &[dates::ColumnOrder],
        reading: &Reading<'_>,
    ) -> Result<Vec<String>, Pass> {
        // What a person types into a few rows has the form of that person's spreadsheet.
        let mixed = self.evidence.swapped_column().filter(|_| reading.correcting(source).is_none());
        if let Some(column) = mixed {
            return Err(Pass::Refused(swapped(label, column)));
        }
        let better = reading.orders(source, &self.evidence);
        if dates::overturned(orders, &better) {
            return Err(Pass::OrderOverturned(better));
        }
        Ok(self.evidence.notes(&better))
    }

    /// The first row whose number is not above that of the row before it.
    pub(super) fn falls(&mut self, block: &CheckedBlock) -> Option<u32> {
        block.rows.iter().map(|row| row.number).find(|number| {
            let falls = *number <= self.last_number;
            self.last_number = *number;
            falls
        })
    }
}
