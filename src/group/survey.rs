//! Goes over a whole sheet before its rows are joined: documents that come back, numbers that stand twice, and what the
//! amounts show of their columns.
//!
//! Keeps some forty bytes for each document and no cells. The one rule: it follows the rows exactly as joining does, so
//! that what it says holds for every document that is joined.

use std::collections::HashMap;

use super::columns::{Columns, Figure};
use super::follow::{DocumentKey, Follower, Step, hash};
use super::settle::{Context, Settling, Unsettled};
use super::totals::{LikeTotal, Totals};
use super::{MAX_LINES, Surveyed};
use crate::finding::Code;
use crate::operation::Operation;
use crate::sheet::RowBlock;

/// Why a sheet cannot be joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unjoinable {
    /// A document goes on below others.
    Scattered {
        /// The row that goes on.
        row: u32,
        /// The first row of the document.
        first: u32,
    },
    /// A document has more rows than any has.
    TooLong {
        /// Its first row.
        first: u32,
    },
    /// The amounts do not show which columns are summed.
    Unsettled(Unsettled),
}

/// A sheet on its way through the survey.
pub struct Survey<'c> {
    columns: &'c Columns,
    follower: Follower<'c>,
    settling: Settling<'c>,
    totals: Totals<'c>,
    like_totals: HashMap<u32, LikeTotal>,
    /// What the amounts of the row under way say.
    figures: Vec<Figure>,
    first: u32,
    lines: u32,
    repeats: u64,
    inherits: u64,
    /// By number: the first document that has it.
    numbers: HashMap<u64, Seen>,
    /// Documents whose number has been seen of another seller or in another year.
    others: HashMap<u64, Seen>,
    contested: HashMap<u64, (u32, u32)>,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    /// Over the whole key.
    key: u64,
    /// Over number, seller and year.
    identity: u64,
    /// Over the seller; none where it is blank.
    seller: Option<u64>,
    year: Option<i16>,
    row: u32,
}

impl<'c> Survey<'c> {
    /// Before the first row.
    pub fn new(operation: &Operation, columns: &'c Columns, context: Context) -> Self {
        Self {
            columns,
            follower: Follower::new(columns),
            settling: Settling::new(columns, context),
            totals: Totals::new(operation, columns),
            like_totals: HashMap::new(),
            figures: Vec::new(),
            first: 0,
            lines: 0,
            repeats: 0,
            inherits: 0,
            numbers: HashMap::new(),
            others: HashMap::new(),
            contested: HashMap::new(),
        }
    }

    /// Takes the next rows.
    pub fn add(&mut self, block: &RowBlock) -> Result<(), Unjoinable> {
        let shifted = shifted_rows(block);
        for row in 0..block.len() {
            let shifted = shifted.contains(&row);
            let step = self.follower.step(block, row, shifted);
            match step {
                Step::Starts { .. } => {
                    let ended = self.follower.take_finished();
                    self.end(ended)?;
                    self.totals.begin();
                    (self.first, self.lines) = (block.number(row), 0);
                }
                Step::Repeats => self.repeats += 1,
                Step::Inherits => self.inherits += 1,
                Step::Unnumbered | Step::Suspect => self.settling.spoil(),
            }
            self.lines += 1;
            if self.lines > MAX_LINES {
                return Err(Unjoinable::TooLong { first: self.first });
            }
            if shifted {
                self.settling.spoil();
            } else {
                self.figures.clear();
                self.figures.extend(self.columns.amounts.iter().map(|amount| amount.figure(block, row)));
                self.settling.add(block, row, &self.figures);
                let like = self.totals.add(block, row, &self.figures, step == Step::Inherits);
                self.like_totals.extend(like.map(|like| (block.number(row), like)));
            }
        }
        Ok(())
    }

    /// What the whole sheet says; `told` are the summed columns where a mapping names them.
    pub fn finish(mut self, told: Option<&[usize]>) -> Result<Surveyed, Unjoinable> {
        if self.lines > 0 {
            let last = self.follower.key();
            self.end(Some(last))?;
        }
        let line_columns = match told {
            Some(columns) => columns.to_vec(),
            None => self.settling.finish().map_err(Unjoinable::Unsettled)?,
        };
        Ok(Surveyed {
            line_columns,
            repeats_number: self.repeats > 0 && self.repeats >= self.inherits,
            contested: self.contested,
            totals: self.like_totals,
            hidden: HashMap::new(),
        })
    }

    fn end(&mut self, key: Option<DocumentKey>) -> Result<(), Unjoinable> {
        let Some(key) = key else { return Ok(()) };
        self.settling.end(self.lines);
        if key.number.is_none() {
            return Ok(());
        }
        let seen = Seen {
            key: hash(&key),
            identity: key.identity(self.columns),
            seller: key.seller.iter().any(Option::is_some).then(|| hash(&key.seller)),
            year: key.year(self.columns),
            row: self.first,
        };
        let number = hash(&key.number);
        let Some(first) = self.numbers.get(&number).copied() else {
            self.numbers.insert(number, seen);
            return Ok(());
        };
        let other = self.others.get(&seen.identity).copied();
        for above in [Some(first), other].into_iter().flatten() {
            if above.key == seen.key {
                return Err(Unjoinable::Scattered { row: seen.row, first: above.row });
            }
            // A blank may stand for the same seller or year.
            let same_seller = above.seller == seen.seller || above.seller.is_none() || seen.seller.is_none();
            let same_year = above.year == seen.year || above.year.is_none() || seen.year.is_none();
            if same_seller && same_year {
                for identity in [above.identity, seen.identity] {
                    self.contested.entry(identity).or_insert((above.row, seen.row));
                }
            }
        }
        self.others.entry(seen.identity).or_insert(seen);
        Ok(())
    }
}

/// The rows of a block whose cells have shifted, in order.
pub fn shifted_rows(block: &RowBlock) -> Vec<usize> {
    let shifted = block.marks.iter().filter(|mark| mark.code == Code::SurplusCells);
    shifted.map(|mark| mark.row as usize).collect()
}
