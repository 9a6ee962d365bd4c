//! Lines that may be a total of the lines above them: they name no document, and their amount is what was added up.
//!
//! Follows the rows in order and keeps running sums. Leaves to [`super::join`] whether a total of the document's own
//! shows that such a line counts. The one rule: a line is doubted for its amount, and not for its words, because a
//! total may be called anything.

use super::columns::{Columns, Figure};
use crate::check::value::EXACT_RUPEE;
use crate::operation::Operation;
use crate::sheet::RowBlock;

/// Lines that must stand above a sum; two equal lines are common.
const FEWEST: u32 = 2;

/// First words of a line that is called a sum, of which even one line above is enough.
const SUMS: [&str; 8] = ["sum", "total", "totals", "subtotal", "sub", "grand", "net", "gross"];

/// What a line may be the total of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LikeTotal {
    /// The column of its amount.
    pub column: usize,
    /// The field of that column.
    pub field: usize,
    /// The lines that add up to it.
    pub lines: u32,
    /// Whether these are all lines of the sheet; otherwise those of the document.
    pub of_sheet: bool,
}

/// Amounts of one field that were added up.
#[derive(Debug, Clone, Copy, Default)]
struct Running {
    sum: i128,
    lines: u32,
}

impl Running {
    fn add(&mut self, value: i128) {
        self.sum += value;
        self.lines += 1;
    }

    /// Whether an amount is this sum, as far as rounding to a rupee allows.
    fn makes(self, value: i128, fewest: u32) -> bool {
        let gap = (value - self.sum).abs();
        self.lines >= fewest && gap * 2 <= EXACT_RUPEE && gap * 20 <= self.sum.abs()
    }
}

/// The running sums of one field.
#[derive(Debug, Clone, Default)]
struct Sums {
    field: usize,
    /// Places in [`Columns::amounts`].
    amounts: Vec<usize>,
    document: Running,
    sheet: Running,
    /// Without the lines that were doubted, as a grand total leaves out the totals of documents.
    undoubted: Running,
}

/// Looks for totals among the lines of a sheet.
#[derive(Debug, Clone)]
pub(super) struct Totals<'c> {
    columns: &'c Columns,
    /// The taxable value first, then the total, then the others.
    sums: Vec<Sums>,
}

impl<'c> Totals<'c> {
    /// Before the first row.
    pub(super) fn new(operation: &Operation, columns: &'c Columns) -> Self {
        let mut sums: Vec<Sums> = Vec::new();
        for (index, amount) in columns.amounts.iter().enumerate() {
            match sums.iter_mut().find(|sums| sums.field == amount.field) {
                Some(sums) => sums.amounts.push(index),
                None => sums.push(Sums { field: amount.field, amounts: vec![index], ..Sums::default() }),
            }
        }
        sums.sort_by_key(|sums| match operation.fields[sums.field].name {
            "baseAmount" => 0,
            "netAmount" => 1,
            _ => 2,
        });
        Self { columns, sums }
    }

    /// The next row begins a document.
    pub(super) fn begin(&mut self) {
        self.sums.iter_mut().for_each(|sums| sums.document = Running::default());
    }

    /// Takes a row; `nameless` says that nothing in it names a document, so that it may be a total.
    pub(super) fn add(
        &mut self,
        block: &RowBlock,
        row: usize,
        figures: &[Figure],
        nameless: bool,
    ) -> Option<LikeTotal> {
        let values: Vec<Option<i128>> = self.sums.iter().map(|sums| sums.value(figures)).collect();
        let of_one = || self.total(&values, 1).filter(|_| self.is_called_sum(block, row));
        let found = nameless.then(|| self.total(&values, FEWEST).or_else(of_one)).flatten();
        for (sums, value) in self.sums.iter_mut().zip(&values) {
            let Some(value) = value else { continue };
            sums.sheet.add(*value);
            if found.is_none() {
                sums.document.add(*value);
                sums.undoubted.add(*value);
            }
        }
        found
    }

    /// The sum that a row's amounts are: that of the weightiest field, or else those of all the others.
    fn total(&self, values: &[Option<i128>], fewest: u32) -> Option<LikeTotal> {
        let mut filled = self.sums.iter().zip(values).filter_map(|(sums, value)| Some((sums, (*value)?)));
        let (first, value) = filled.next()?;
        let found = first.total(self.columns, value, fewest)?;
        let weighty = self.columns.is_weighty(first.field);
        (weighty || filled.all(|(sums, value)| sums.total(self.columns, value, fewest).is_some())).then_some(found)
    }

    /// Whether a row is called a sum in some column of texts.
    fn is_called_sum(&self, block: &RowBlock, row: usize) -> bool {
        let is_text = |column: &usize| self.columns.amounts.iter().all(|amount| amount.column != *column);
        (0..self.columns.width).filter(is_text).any(|column| {
            let text = block.text(row, column).trim().to_lowercase();
            text.split(|letter: char| !letter.is_alphanumeric()).next().is_some_and(|word| SUMS.contains(&word))
        })
    }
}

impl Sums {
    /// What a row says of the field over all its columns; none where it says nothing or 0.
    fn value(&self, figures: &[Figure]) -> Option<i128> {
        let values = self.amounts.iter().filter_map(|index| match figures[*index] {
            Figure::Value(value) => Some(value),
            Figure::Blank | Figure::Unreadable => None,
        });
        Some(values.sum::<i128>()).filter(|value| *value != 0)
    }

    fn total(&self, columns: &Columns, value: i128, fewest: u32) -> Option<LikeTotal> {
        let document = self.document.makes(value, fewest);
        let sheet = [self.undoubted, self.sheet].into_iter().find(|sheet| sheet.makes(value, fewest.max(FEWEST)));
        let running = if document { self.document } else { sheet? };
        Some(LikeTotal {
            column: columns.amounts[self.amounts[0]].column,
            field: self.field,
            lines: running.lines,
            of_sheet: !document,
        })
    }
}
