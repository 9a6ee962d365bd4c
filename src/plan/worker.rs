//! What the workers make of a block: its rows checked, and everything of it that later steps keep.
//!
//! Leaves the order of blocks to [`super::read`]. The one rule: whatever needs nothing but the block is done here, where
//! all threads work; a block never depends on another one.

use super::gate::BadRows;
use crate::check::record::{CheckedBlock, Standing};
use crate::check::{Checker, dates};
use crate::corrections::Correcting;
use crate::ledger::blob;
use crate::results::rehearsal::{Lines, Rehearsal};
use crate::sheet::RowBlock;
use crate::sheet::identity::ContentHasher;

/// Checks blocks and makes of them what is kept.
pub(super) struct Worker<'w> {
    pub(super) checker: &'w Checker<'w>,
    pub(super) date_columns: &'w dates::DateColumns,
    /// Whether cells are packed as the ledger keeps them; a dry run is over before that would pay.
    pub(super) packs: bool,
    pub(super) rehearsal: Option<Rehearsal>,
    /// What is to be done with rows of a corrections workbook.
    pub(super) correcting: Option<&'w Correcting>,
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
        mut checked: CheckedBlock,
        evidence: dates::Evidence,
        bad: BadRows,
        (copies, cells): ([i128; 5], Vec<u64>),
    ) -> Done {
        let bad = self.correcting.map_or(bad, |correcting| correcting.settle(&mut checked));
        let lines = self.rehearsal.as_ref().map(|rehearsal| rehearsal.write(block, &checked));
        let packed = || if self.packs { blob::pack(block) } else { blob::pack_plainly(block) };
        let (packed_cells, packed_checked) = match (&lines, &self.rehearsal) {
            // Such lines are all that needs to wait.
            (Some(lines), _) if lines.show_all() => (Vec::new(), Vec::new()),
            (_, Some(_)) => (packed(), blob::pack_plainly(&self.checker.check(block))),
            (_, None) => (packed(), blob::pack_plainly(&checked)),
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
