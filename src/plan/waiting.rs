//! Blocks between reading and planning: packed in the [`Spool`], or, of a dry run, only as lines of its results.
//!
//! A dry run speaks of few of its rows again, and a line of the results shows every cell of its row. So the blocks of
//! such a run are not kept twice: where planning asks for one, its rows are read back from their lines and checked once
//! more. The one rule: a block that is asked for is the block that was read, however it waited.

use std::ops::Range;

use rayon::prelude::*;

use super::drafts::Drafts;
use super::spare::Spare;
use super::spool::{Packed, Spool, Spooled};
use super::verdict::RowVerdict;
use super::worker::Done;
use crate::check::dates::ColumnOrder;
use crate::check::record::{CheckedBlock, CheckedRow, Facts};
use crate::check::{Checker, Rules};
use crate::error::RunError;
use crate::ledger::{SheetId, blob};
use crate::mapping::Mapping;
use crate::operation::Operation;
use crate::results::rehearsal::{Rehearsal, Rehearsed};
use crate::sheet::RowBlock;

/// All blocks of a run, in the order they were read.
#[derive(Debug)]
pub struct Waiting<'r> {
    spool: Spool,
    rehearsed: Rehearsed,
    sheets: Vec<Again<'r>>,
    /// The packed block that was asked for a row last; rows that are asked for mostly follow each other.
    recent: Option<(usize, Drafts)>,
}

/// A block, or a row of it, as it waits.
enum Kept {
    Packed(Packed),
    Lines { sheet: usize, block: RowBlock, facts: Facts },
}

/// How the rows of a sheet are checked once more.
#[derive(Debug)]
struct Again<'r> {
    first_block: usize,
    operation: &'static Operation,
    mapping: Mapping,
    orders: Vec<ColumnOrder>,
    rules: Rules<'r>,
    columns: usize,
    rehearsal: Rehearsal,
}

impl Again<'_> {
    fn checker(&self) -> Checker<'_> {
        Checker::new(self.operation, &self.mapping, &self.orders, &self.rules)
    }
}

impl<'r> Waiting<'r> {
    /// No blocks yet.
    pub fn new() -> Result<Self, RunError> {
        Ok(Self { spool: Spool::create()?, rehearsed: Rehearsed::default(), sheets: Vec::new(), recent: None })
    }

    /// Begins a sheet whose blocks may wait as lines: how they are checked, how many columns they have,
    /// and how lines are written.
    pub(super) fn begin_sheet(
        &mut self,
        operation: &'static Operation,
        (mapping, orders): (&Mapping, &[ColumnOrder]),
        rules: Rules<'r>,
        (columns, rehearsal): (usize, &Rehearsal),
    ) -> Result<(), RunError> {
        self.rehearsed.begin_sheet(rehearsal)?;
        let (mapping, orders, rehearsal) = (mapping.clone(), orders.to_vec(), rehearsal.clone());
        self.sheets.push(Again { first_block: self.len(), operation, mapping, orders, rules, columns, rehearsal });
        Ok(())
    }

    /// Appends a block; `first_row` counts the rows of all sheets before it.
    pub(super) fn push(&mut self, first_row: u32, done: &mut Done, spare: &Spare) -> Result<(), RunError> {
        if let Some(memory) = self.rehearsed.push(done.lines.take())? {
            spare.give(memory);
        }
        self.spool.push(first_row, &done.packed_cells, &done.packed_checked)
    }

    /// Number of blocks.
    pub fn len(&self) -> usize {
        self.spool.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.spool.is_empty()
    }

    /// Rows of a block, counted over all sheets; `end` is the number of all rows.
    pub fn rows_of(&self, index: usize, end: u32) -> Range<u32> {
        self.spool.rows_of(index, end)
    }

    /// Forgets the blocks from `from` on, as when a sheet is refused or read again.
    pub fn truncate(&mut self, from: usize) {
        self.spool.truncate(from);
        self.rehearsed.truncate(from);
        self.sheets.retain(|sheet| sheet.first_block < from);
        self.recent = None;
    }

    /// Reads a block back.
    pub fn block(&mut self, index: usize) -> Result<Spooled, RunError> {
        Ok(self.blocks(index..index + 1)?.remove(0))
    }

    /// Reads blocks back that follow each other: one after the other from the disk, and then by all threads.
    pub(super) fn blocks(&mut self, range: Range<usize>) -> Result<Vec<Spooled>, RunError> {
        let kept = range.map(|index| self.kept(index, None)).collect::<Result<Vec<_>, _>>()?;
        let spooled = kept.into_par_iter().map(|kept| match kept {
            Kept::Packed(packed) => Ok(packed.unpack()?),
            Kept::Lines { sheet, block, facts } => {
                let checked = self.sheets[sheet].checker().check_with(&block, facts);
                Ok(Spooled { checked: Drafts::unpack(Drafts::pack(&checked))?, cells: blob::pack_plainly(&block) })
            }
        });
        spooled.collect()
    }

    fn kept(&mut self, index: usize, row: Option<usize>) -> Result<Kept, RunError> {
        if let Some(packed) = self.spool.packed(index)? {
            return Ok(Kept::Packed(packed));
        }
        let sheet = self.sheet(index);
        let Again { rehearsal, columns, .. } = &self.sheets[sheet];
        let (block, facts) = self.rehearsed.read_back(rehearsal, index, row, *columns)?;
        Ok(Kept::Lines { sheet, block, facts })
    }

    fn sheet(&self, block: usize) -> usize {
        self.sheets.partition_point(|sheet| sheet.first_block <= block) - 1
    }

    /// A row, counted over all sheets, as it was checked: its index in the block, or in what there is of it.
    pub fn row(&mut self, row: u32) -> Result<(CheckedBlock, usize), RunError> {
        let (index, row) = self.spool.place_of(row);
        if let Some((_, block)) = self.recent.as_ref().filter(|(recent, _)| *recent == index) {
            return Ok((block.row(row)?, 0));
        }
        match self.kept(index, Some(row))? {
            Kept::Packed(packed) => {
                let block = packed.unpack()?.checked;
                let checked = block.row(row)?;
                self.recent = Some((index, block));
                Ok((checked, 0))
            }
            Kept::Lines { sheet, block, facts } => Ok((self.sheets[sheet].checker().check_with(&block, facts), 0)),
        }
    }

    /// Whether a block has lines of a dry run's results.
    pub(super) fn has_lines(&self, block: usize) -> bool {
        self.rehearsed.has_lines(block)
    }

    /// Tells a row anew, counted over all sheets, whose block has lines.
    pub(super) fn tell(&mut self, row: u32, was: &CheckedRow, is: &RowVerdict) {
        let (index, row) = self.spool.place_of(row);
        let sheet = self.sheet(index);
        self.rehearsed.tell(&self.sheets[sheet].rehearsal, (index, row), was, is);
    }

    /// Lets a block go into the results of a sheet as its lines are.
    pub(super) fn settle(&mut self, block: usize, sheet: SheetId, ordinal: u32) {
        self.rehearsed.settle(block, sheet, ordinal);
    }

    /// The lines that are left, for the results.
    pub fn into_rehearsed(self) -> Rehearsed {
        self.rehearsed
    }
}
