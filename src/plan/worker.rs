//! What the workers make of a block: its rows checked, and everything of it that later steps keep.
//!
//! Leaves the order of blocks to [`super::read`]. The one rule: whatever needs nothing but the block is done here, where
//! all threads work; a block never depends on another one.

use super::drafts::Drafts;
use super::gate::BadRows;
use super::spare::Spare;
use crate::check::record::{CheckedBlock, Standing};
use crate::check::totals::ColumnSums;
use crate::check::{Checker, dates};
use crate::corrections::Correcting;
use crate::ledger::blob;
use crate::outcome::Sum;
use crate::results::rehearsal::{Lines, Rehearsal};
use crate::sheet::RowBlock;
use crate::sheet::identity::ContentHasher;

/// Checks blocks and makes of them what is kept.
pub(super) struct Worker<'w> {
    pub(super) checker: &'w Checker<'w>,
    pub(super) date_columns: &'w dates::DateColumns,
    /// Whether cells are packed as the ledger keeps them.
    pub(super) packs: bool,
    pub(super) rehearsal: Option<Rehearsal>,
    pub(super) spare: &'w Spare,
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
    /// Rows and rupees added up.
    pub(super) read: Sum,
    /// What the sheet's own grand total is held against.
    pub(super) sums: ColumnSums,
    /// How each row stands, and which account it goes under: what the run's shape takes of the rows.
    pub(super) standings: Vec<u8>,
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
        let lines = self.rehearsal.as_ref().map(|rehearsal| rehearsal.write(block, &checked, self.spare.take()));
        let packed = || if self.packs { blob::pack(block) } else { blob::pack_plainly(block) };
        let (packed_cells, packed_checked) = match (&lines, &self.rehearsal) {
            // Such lines are all that needs to wait.
            (Some(lines), _) if lines.show_all() => (Vec::new(), Vec::new()),
            (_, Some(_)) => (packed(), Drafts::pack(&self.checker.check(block))),
            (_, None) => (packed(), Drafts::pack(&checked)),
        };
        let (read, sums) = added_up(&checked);
        let standings = standings(&checked);
        Done {
            packed_cells,
            packed_checked,
            content: ContentHasher::write(block, self.spare.take()),
            lines,
            checked,
            evidence,
            bad,
            copies,
            cells,
            read,
            sums,
            standings,
        }
    }
}

fn added_up(checked: &CheckedBlock) -> (Sum, ColumnSums) {
    let (mut read, mut sums) = (Sum::default(), ColumnSums::default());
    for row in &checked.rows {
        if row.standing == Standing::Joined {
            read.add_joined();
        } else {
            read.add(&row.amounts);
            sums.add(&row.amounts);
        }
    }
    (read, sums)
}

fn standings(checked: &CheckedBlock) -> Vec<u8> {
    let mut standings = Vec::with_capacity(checked.rows.len() * 24);
    for row in &checked.rows {
        standings.push(match row.standing {
            Standing::Ready => b'+',
            Standing::Invalid => b'-',
            Standing::Excluded { .. } => b'x',
            Standing::Joined => b'=',
        });
        standings.extend_from_slice(row.labels.account_id.as_bytes());
    }
    standings
}
