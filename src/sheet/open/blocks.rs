//! Handing out a sheet's rows as blocks, those of plain text many bytes at a time.
//!
//! Owns which rows are read plainly and which one by one. Leaves both ways of reading to [`crate::sheet::plain`] and to
//! [`super`]. The one rule: whatever is not surely plain is read one by one from where it begins, as if nobody had tried,
//! and blocks have the same rows either way.

use rayon::prelude::*;

use super::{OpenSheet, Rows};
use crate::sheet::cutter::{Cut, Limits};
use crate::sheet::error::SheetError;
use crate::sheet::plain::{Place, Plain};
use crate::sheet::{DropReason, RowBlock};

/// Limit: cells of one block, where a sheet is so wide that few rows fill the memory.
const BLOCK_CELLS: usize = 256 * 1024;
/// Limit: blocks read one by one after several in a row that were not plain, so that a sheet of such blocks is not read
/// twice.
const MOST_BY_ROW: u32 = 15;

/// When blocks are tried plainly.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tries {
    /// Blocks to read one by one before the next try.
    by_row: u32,
    /// Tries that failed since the last that did not.
    failed: u32,
    /// Blocks to try at once: few behind one that failed, since all behind another would be tried again.
    at_once: usize,
}

impl Default for Tries {
    fn default() -> Self {
        Self { by_row: 0, failed: 0, at_once: usize::MAX }
    }
}

impl Tries {
    /// Nothing is tried.
    #[cfg(test)]
    pub(in crate::sheet) const NONE: Self = Self { by_row: u32::MAX, failed: 0, at_once: 1 };

    /// Whether the last try did not fail.
    #[cfg(test)]
    pub(super) fn is_fresh(self) -> bool {
        self.failed == 0
    }

    fn fail(&mut self) {
        self.by_row = ((1 << self.failed) - 1).min(MOST_BY_ROW);
        self.failed = (self.failed + 1).min(8);
        self.at_once = 1;
    }

    fn succeed(&mut self) {
        self.failed = 0;
        self.at_once = self.at_once.saturating_mul(2);
    }
}

impl OpenSheet<'_> {
    /// Refills the block with the next data rows, until it has `max_rows`, `max_bytes` or as many cells as keep memory
    /// small; false once there are none.
    pub fn next_block(&mut self, block: &mut RowBlock, max_rows: usize, max_bytes: usize) -> Result<bool, SheetError> {
        if block.columns() == self.header.columns.len() {
            block.clear();
        } else {
            *block = RowBlock::new(self.header.columns.len());
        }
        let limits = self.limits(max_rows, max_bytes);
        let cuts = self.cut(1, limits)?;
        if let Some(cut) = cuts.first() {
            let text = self.texts(&cuts).next();
            let plain = self.plain(limits).zip(text);
            if plain.is_some_and(|(plain, (text, place))| plain.read(text, *cut, place, block)) {
                self.pass(&cuts);
                return Ok(true);
            }
            self.tries.fail();
            block.clear();
        }
        self.read_by_row(block, limits)
    }

    /// The next blocks, at most `count`, which are those that [`OpenSheet::next_block`] gives; fewer at the end. Plain
    /// text is read on all threads of the current pool.
    pub fn next_blocks(
        &mut self,
        count: usize,
        max_rows: usize,
        max_bytes: usize,
    ) -> Result<Vec<RowBlock>, SheetError> {
        let limits = self.limits(max_rows, max_bytes);
        let columns = self.header.columns.len();
        let mut blocks = Vec::with_capacity(count);
        while blocks.len() < count {
            let cuts = self.cut((count - blocks.len()).min(self.tries.at_once), limits)?;
            let before = blocks.len();
            if let Some(plain) = self.plain(limits) {
                let texts: Vec<_> = cuts.iter().zip(self.texts(&cuts)).collect();
                let read = |(cut, (text, place)): (&Cut, (&str, Place))| {
                    let mut block = RowBlock::new(columns);
                    plain.read(text, *cut, place, &mut block).then_some(block)
                };
                let read: Vec<Option<RowBlock>> = texts.into_par_iter().map(read).collect();
                blocks.extend(read.into_iter().map_while(|block| block));
            }
            let passed = blocks.len() - before;
            self.pass(&cuts[..passed]);
            if passed == cuts.len() && passed > 0 {
                continue;
            }
            if passed < cuts.len() {
                self.tries.fail();
            }
            let mut block = RowBlock::new(columns);
            if !self.read_by_row(&mut block, limits)? {
                break;
            }
            blocks.push(block);
        }
        Ok(blocks)
    }

    fn limits(&self, max_rows: usize, max_bytes: usize) -> Limits {
        let most = BLOCK_CELLS / self.header.columns.len().max(1);
        Limits { rows: max_rows.min(most).max(1), bytes: max_bytes.max(1) }
    }

    /// What plain records look like; none where the next row may be anything else.
    fn plain(&self, limits: Limits) -> Option<Plain<'_>> {
        let Rows::Text(text) = &self.rows else { return None };
        let (columns, headings) = (self.header.columns.len(), self.top.headings.len());
        // A row below a gap may begin another table.
        let goes_on = text.number() == self.last_number && self.ahead.is_empty() && self.pending.is_empty();
        let is_usual = columns > 0 && (1..=columns.max(headings)).contains(&self.usual_width);
        let may_be = self.tries.by_row == 0 && goes_on && is_usual && !self.ended && !self.filter.keeps_all;
        let grammar = text.grammar().filter(|_| may_be)?;
        Some(Plain { grammar, filter: &self.filter, width: self.usual_width, headings, limits })
    }

    /// The next blocks, at most `count`, as they would be if all of it were plain; none where nothing can be.
    fn cut(&mut self, count: usize, limits: Limits) -> Result<Vec<Cut>, SheetError> {
        if self.plain(limits).is_none() {
            return Ok(Vec::new());
        }
        match &mut self.rows {
            Rows::Text(text) => text.cut(count, self.usual_width, limits),
            Rows::Book(_) => Ok(Vec::new()),
        }
    }

    /// The text of each block that was cut, and where its first row stands.
    fn texts<'t>(&'t self, cuts: &'t [Cut]) -> impl Iterator<Item = (&'t str, Place)> {
        let text = if let Rows::Text(text) = &self.rows { Some(text) } else { None };
        text.into_iter().flat_map(|text| text.texts(cuts))
    }

    /// Goes on behind blocks that were read plainly: of everything that is known of the sheet, only its end moves.
    fn pass(&mut self, cuts: &[Cut]) {
        let Rows::Text(text) = &mut self.rows else { return };
        for cut in cuts {
            text.pass(*cut, self.usual_width);
            self.end.data_rows += u64::from(cut.records);
            self.last_number = text.number();
            self.end.last_row = self.last_number;
            self.tries.succeed();
        }
    }

    /// Reads one row after the other into an empty block.
    fn read_by_row(&mut self, block: &mut RowBlock, limits: Limits) -> Result<bool, SheetError> {
        self.tries.by_row = self.tries.by_row.saturating_sub(1);
        let mut row = std::mem::take(&mut self.spare);
        while !self.ended && block.len() < limits.rows && block.text_bytes() < limits.bytes {
            if !self.next_row(&mut row)? {
                self.ended = true;
            } else if self.begins_other_table(&row)? {
                self.leave_other_table(&row)?;
            } else {
                self.take(&mut row, block);
            }
            if self.ended {
                // What stands right above another table is its caption.
                let keeps = self.keeps_suspects && self.end.other_table.is_none();
                for note in std::mem::take(&mut self.pending) {
                    if keeps {
                        self.hand_out(&note, block);
                    } else {
                        self.end.dropped.record(&note, DropReason::Note);
                    }
                }
            }
        }
        self.spare = row;
        Ok(!block.is_empty())
    }
}
