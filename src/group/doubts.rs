//! Doubts of a document: rows that may not belong to it, rows that may be missing, and lines that may be no lines.
//!
//! Works on the rows that [`super::join`] makes one row of, and only adds findings. The one rule: a doubt that the
//! document's own total settles is not told; any other holds the document back.

use std::collections::HashMap;

use super::columns::{Amount, Figure, is_plainly_blank};
use super::follow::{Above, Step, hash};
use super::join::{Line, Work, readable};
use crate::check::sums::TAXES;
use crate::check::value::EXACT_RUPEE;
use crate::finding::{Code, quote};
use crate::wording::count;

/// A line whose amounts are below this many paise may hide in the rounding of a document.
const HIDES: i128 = 100;

impl Work<'_, '_> {
    /// Rows of which it is not certain that they belong here, and whether there may be more.
    pub(super) fn take_doubts(&mut self, identity: u64) {
        const HINT: &str = "write the number on every row of the document, or leave number, date and customer blank on all but its first";
        let (first, lines) = (self.number(0), self.lines);
        for (offset, line) in lines.iter().enumerate() {
            let (what, hint) = match line.step {
                Step::Starts { below: Above::Suspect } => {
                    ("the row above cannot be read and may belong to this document".to_owned(), None)
                }
                Step::Starts { below: Above::Blank } if !self.joiner.surveyed.repeats_number => continue,
                Step::Starts { below: Above::Unnumbered | Above::Blank } => {
                    ("the row above has no number and may belong to this document".to_owned(), Some(HINT))
                }
                Step::Suspect => (
                    format!(
                        "it cannot be told whether the row belongs to the document of row {first} or to the next one"
                    ),
                    None,
                ),
                Step::Unnumbered => (
                    format!("has no number, and says date or customer of the document of row {first} again"),
                    Some(HINT),
                ),
                Step::Inherits if self.joiner.surveyed.repeats_number => {
                    ("names no document, while most rows of the sheet do".to_owned(), Some(HINT))
                }
                Step::Inherits if offset > 0 && self.number(offset) > self.number(offset - 1) + 1 => (
                    format!(
                        "names no document, and blank rows or rows left out stand between it and the document of row {first}"
                    ),
                    Some(HINT),
                ),
                Step::Inherits if self.is_bare(offset) => (
                    "has amounts only, as a total has, while other rows of the document say what they are for"
                        .to_owned(),
                    Some(HINT),
                ),
                Step::Starts { below: Above::Other } | Step::Inherits | Step::Repeats => continue,
            };
            self.joined.document.contested = true;
            let hint = hint.map(str::to_owned);
            let finding = self.joiner.finding(Code::DocumentLineUnclear, "", None, what, hint);
            self.tell(offset, finding);
        }
        self.take_hidden();
        if let Some((one, other)) = self.joiner.surveyed.contested.get(&identity) {
            let other = if *one == first { other } else { one };
            let message = format!("row {other} begins another document of this number, with another date or customer");
            let hint = "if both are one document, give all its rows the same date and customer and put them together";
            let finding =
                self.joiner.finding(Code::DocumentNumberTwice, "invoiceNumber", None, message, Some(hint.to_owned()));
            self.joined.document.contested = true;
            self.tell(0, finding);
        }
        // A row that cannot be read leaves every sum open.
        if lines.iter().any(|line| line.step == Step::Suspect || line.shifted) {
            let summed = self.joiner.surveyed.line_columns.iter().map(|column| *column as u16);
            self.joined.document.bad.extend(summed);
        }
    }

    /// A document of which the workbook hides a row that was left out is not whole.
    fn take_hidden(&mut self) {
        if self.joiner.surveyed.hidden.is_empty() {
            return;
        }
        for offset in 0..self.lines.len() {
            let Some(hidden) = self.joiner.surveyed.hidden.get(&self.number(offset)) else { continue };
            let message = format!("row {hidden} is hidden and was left out, and it is a line of this document");
            let hint = "leave hidden-rows out to read it, or delete the row from the workbook if it does not count";
            let finding = self.joiner.finding(Code::DocumentLineUnclear, "", None, message, Some(hint.to_owned()));
            self.joined.document.contested = true;
            self.tell(offset, finding);
        }
    }

    /// Whether a row has no text in any column in which another row of the document has words.
    fn is_bare(&self, offset: usize) -> bool {
        let columns = self.joiner.columns;
        let is_item = |column: &usize| {
            columns.header_at(*column).is_none() && columns.amounts.iter().all(|amount| amount.column != *column)
        };
        let words = |column: &usize| {
            self.lines.iter().any(|line| line.block.text(line.row, *column).contains(char::is_alphabetic))
        };
        let mut items = (0..columns.width).filter(is_item).filter(words).peekable();
        let line = self.lines[offset];
        items.peek().is_some() && items.all(|column| line.block.text(line.row, column).trim().is_empty())
    }

    /// A line without any amount may have lost it; only the document's own total can tell.
    pub(super) fn find_amountless(&mut self, counted_once: &[usize]) {
        let summed = self.joiner.surveyed.line_columns.as_slice();
        if self.lines.len() < 2 || summed.is_empty() || self.total_is_checked(counted_once) {
            return;
        }
        for (offset, line) in readable(self.lines) {
            let lacks = summed.iter().all(|column| is_plainly_blank(line.block.cell(line.row, *column)));
            // Where only the first row names the document, it need not be a line.
            if !lacks || offset == 0 && !self.joiner.surveyed.repeats_number {
                continue;
            }
            let message = "has no amount in any column that is summed".to_owned();
            let hint = "write the amount, or 0 where the line costs nothing".to_owned();
            let finding = self.joiner.finding(Code::DocumentLineUnclear, "", None, message, Some(hint));
            self.tell(offset, finding);
        }
    }

    /// Rows that are the same in every cell may be one line pasted twice; only the document's own total can tell.
    pub(super) fn find_repeated(&mut self, counted_once: &[usize]) {
        if self.lines.len() < 2 {
            return;
        }
        let summed = self.joiner.surveyed.line_columns.as_slice();
        let checked = self.total_is_checked(counted_once);
        let mut seen: HashMap<u64, usize> = HashMap::new();
        for (offset, line) in readable(self.lines) {
            let above = *seen.entry(hash(&line.block.cells(line.row).collect::<Vec<_>>())).or_insert(offset);
            let mut amounts = self.joiner.columns.amounts.iter().filter(|amount| summed.contains(&amount.column));
            if above == offset || amounts.all(|amount| exact(line, amount) == 0) {
                continue;
            }
            if checked && self.weighs(line) {
                continue;
            }
            let message = format!("is the same as row {} in every cell; one of them may be a copy", self.number(above));
            let hint = "delete the copy, or tell the rows apart, as with a column of line numbers";
            let finding = self.joiner.finding(Code::DocumentLineRepeated, "", None, message, Some(hint.to_owned()));
            self.tell(offset, finding);
        }
    }

    /// A line that is what those above add up to may be their total, not one more; only the document's own total can tell.
    pub(super) fn find_totals(&mut self, counted_once: &[usize]) {
        let checked = self.total_is_checked(counted_once);
        for (offset, line) in readable(self.lines) {
            let Some(like) = self.joiner.surveyed.totals.get(&self.number(offset)) else { continue };
            if checked && self.weighs(line) {
                continue;
            }
            let name = self.joiner.name(like.field);
            let amount = quote(line.block.text(line.row, like.column).trim());
            let (lines, whole) =
                (count(u64::from(like.lines), "line"), if like.of_sheet { "sheet" } else { "document" });
            let message = format!("{amount} is what the {lines} of the {whole} above it add up to, as a total is");
            let hint = "delete the row if it is a total; if it is a line, write the number of its document on it too";
            let finding =
                self.joiner.finding(Code::DocumentLineUnclear, name, Some(like.column), message, Some(hint.to_owned()));
            self.joined.document.contested = true;
            self.tell(offset, finding);
        }
    }

    /// Whether a line is too large to hide in what a document's total may be off.
    fn weighs(&self, line: Line<'_>) -> bool {
        let summed = self.joiner.surveyed.line_columns.as_slice();
        let parts = self.joiner.columns.amounts.iter().filter(|amount| {
            summed.contains(&amount.column)
                && matches!(self.joiner.name(amount.field), "baseAmount" | "cgst" | "sgst" | "igst")
        });
        let weight: i128 = parts.map(|amount| exact(line, amount)).sum();
        weight.abs() > (HIDES + self.lines.len() as i128 * 4) * EXACT_RUPEE / 100
    }

    /// Whether a total that counts once shows what the lines must add up to.
    fn total_is_checked(&self, counted_once: &[usize]) -> bool {
        let columns = self.joiner.columns;
        let total = columns
            .amounts
            .iter()
            .any(|amount| counted_once.contains(&amount.column) && self.joiner.name(amount.field) == "netAmount");
        let taxed = columns.amounts.iter().any(|amount| TAXES.contains(&self.joiner.name(amount.field)));
        total && taxed && columns.tax_on_top
    }
}

/// The amount of a line's cell; 0 where it says none.
fn exact(line: Line<'_>, amount: &Amount) -> i128 {
    match amount.figure(line.block, line.row) {
        Figure::Value(value) => value,
        Figure::Blank | Figure::Unreadable => 0,
    }
}
