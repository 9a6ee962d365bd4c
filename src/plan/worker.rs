//! What the workers make of a block: its rows checked, and everything of it that later steps keep.
//!
//! Leaves the order of blocks to [`super::read`]. The one rule: whatever needs nothing but the block is done here, where
//! all threads work; a block never depends on another one.

use super::gate::BadRows;
use crate::check::record::{CheckedBlock, Standing};
use crate::check::{Checker, dates};
use crate::ledger::blob;
use crate::results::rehearsal::{Lines, Rehearsal};
use crate::sheet::RowBlock;
use crate::sheet::identity::ContentHasher;

/// How blocks wait until they are planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As the ledger keeps them.
    Packed,
    /// As they are: a dry run is over before packing would pay.
    Plain,
}

impl Form {
    fn write(self, record: &impl serde::Serialize) -> Vec<u8> {
        match self {
            Form::Packed => blob::pack(record),
            Form::Plain => blob::pack_plainly(record),
        }
    }
}

/// Checks blocks and makes of them what is kept.
pub(super) struct Worker<'w> {
    pub(super) checker: &'w Checker<'w>,
    pub(super) date_columns: &'w dates::DateColumns,
    pub(super) form: Form,
    pub(super) rehearsal: Option<Rehearsal>,
}

/// What a worker makes of a block.
pub(super) struct Done {
    pub(super) checked: CheckedBlock,
    pub(super) evidence: dates::Evidence,
    pub(super) bad: BadRows,
    pub(super) copies: [i128; 5],
    /// Of each document that begins in the block, a hash over the cells of its rows; none where nothing is joined.
    pub(super) cells: Vec<u64>,
    pub(super) packed_cells: Vec<u8>,
    pub(super) packed_checked: Vec<u8>,
    /// What the sheet's identity takes of the block.
    pub(super) content: Vec<u8>,
    /// What a dry run says of the rows, where it can be said yet.
    pub(super) lines: Option<Lines>,
}

impl Worker<'_> {
    pub(super) fn check(&self, block: &RowBlock) -> Done {
        // What is not sent needs no line to be uploaded.
        let checked = if self.rehearsal.is_some() { self.checker.check_only(block) } else { self.checker.check(block) };
        let mut evidence = dates::Evidence::new(self.date_columns);
        evidence.add(block);
        let mut bad = BadRows::default();
        for row in checked.rows.iter().filter(|row| row.standing == Standing::Invalid) {
            bad.add(&row.findings);
        }
        self.pack(block, checked, evidence, bad, ([0; 5], Vec::new()))
    }

    /// A block with what was found in it, as it waits.
    pub(super) fn pack(
        &self,
        block: &RowBlock,
        checked: CheckedBlock,
        evidence: dates::Evidence,
        bad: BadRows,
        (copies, cells): ([i128; 5], Vec<u64>),
    ) -> Done {
        let lines = self.rehearsal.as_ref().map(|rehearsal| rehearsal.write(block, &checked));
        let (packed_cells, packed_checked) = match (&lines, &self.rehearsal) {
            // Such lines are all that needs to wait.
            (Some(lines), _) if lines.show_all() => (Vec::new(), Vec::new()),
            (_, Some(_)) => (self.form.write(block), self.form.write(&self.checker.check(block))),
            (_, None) => (self.form.write(block), self.form.write(&checked)),
        };
        Done {
            packed_cells,
            packed_checked,
            content: ContentHasher::write(block),
            lines,
            checked,
            evidence,
            bad,
            copies,
            cells,
        }
    }
}
