//! Makes one row of all rows of a document, with everything that was found on the way.
//!
//! Texts come from the first row that has them, amounts are added up or must agree, as the survey settled. Leaves the
//! rules between the cells to [`crate::check`]. The one rule: a row that cannot be read is never left out of a sum
//! silently; its document becomes invalid, and the finding names the cell.

use std::collections::HashMap;

use super::Surveyed;
use super::columns::{Amount, Columns, Header, Said, is_plainly_blank};
use super::follow::{Above, Step, hash};
use super::settle::rounded;
use crate::check::Rules;
use crate::check::document::Document;
use crate::check::sums::TAXES;
use crate::check::value::{self, EXACT_RUPEE, Faults};
use crate::finding::{Code, Finding, Severity, quote};
use crate::money::Total;
use crate::operation::Operation;
use crate::sheet::{CellKind, RowBlock};

/// Fields that a sheet's own grand total is held against, in the order of [`Joined::copies`].
const TOTALLED: [&str; 5] = ["baseAmount", "cgst", "sgst", "igst", "netAmount"];

/// A line whose amounts are below this many paise may hide in the rounding of a document.
const HIDES: i128 = 100;

/// One row of a document.
#[derive(Debug, Clone, Copy)]
pub struct Line<'b> {
    /// The block that holds it.
    pub block: &'b RowBlock,
    /// Its place in the block.
    pub row: usize,
    /// What it is to the document.
    pub step: Step,
    /// Whether its cells have shifted.
    pub shifted: bool,
}

/// What is known of a joined document beside its row.
#[derive(Debug, Clone, Default)]
pub struct Joined {
    /// For the rules between the cells.
    pub document: Document,
    /// Findings of its further rows: the first row of the document is 0.
    pub elsewhere: Vec<(u32, Finding)>,
    /// Columns whose cell came from a further row.
    pub origins: Vec<(u16, u32)>,
    /// What further copies of amounts that count once add up to in the sheet, in paise: taxable value, CGST, SGST, IGST
    /// and total.
    pub copies: [i128; 5],
}

/// Joins the documents of one sheet.
pub struct Joiner<'a> {
    operation: &'static Operation,
    columns: &'a Columns,
    headings: &'a [String],
    surveyed: &'a Surveyed,
    rules: &'a Rules<'a>,
}

impl<'a> Joiner<'a> {
    /// For a sheet that was surveyed.
    pub fn new(
        operation: &'static Operation,
        columns: &'a Columns,
        headings: &'a [String],
        surveyed: &'a Surveyed,
        rules: &'a Rules<'a>,
    ) -> Self {
        Self { operation, columns, headings, surveyed, rules }
    }

    /// Appends the row of one document to a block; `identity` is that of its key.
    pub fn join(&self, lines: &[Line<'_>], identity: u64, target: &mut RowBlock) -> Joined {
        let mut work = Work { joiner: self, lines, joined: Joined::default() };
        work.joined.document.lines = lines.len() as u32;
        work.take_marks();
        work.take_doubts(identity);
        let mut cells: HashMap<usize, (String, CellKind)> = HashMap::new();
        for header in &self.columns.header {
            if let Some(cell) = work.agreed(header) {
                cells.insert(header.column, cell);
            }
        }
        let mut counted_once = Vec::new();
        for amount in &self.columns.amounts {
            let summed = self.surveyed.line_columns.contains(&amount.column);
            let cell = if summed { work.summed(amount) } else { work.once(amount, &mut counted_once) };
            if let Some(cell) = cell {
                cells.insert(amount.column, cell);
            }
        }
        work.find_amountless(&counted_once);
        work.find_repeated(&counted_once);
        for column in 0..self.columns.width {
            match cells.get(&column) {
                Some((text, kind)) => target.push_cell(text, *kind),
                None => target.push_cell("", CellKind::Text),
            }
        }
        let first = lines[0];
        target.from_1904 |= first.block.from_1904;
        target.finish_row(first.block.number(first.row), first.block.line(first.row));
        work.joined
    }

    fn name(&self, field: usize) -> &'static str {
        self.operation.fields[field].name
    }

    fn finding(
        &self,
        code: Code,
        field: &str,
        column: Option<usize>,
        message: String,
        hint: Option<String>,
    ) -> Finding {
        let column = column.map(|column| column as u16);
        Finding { code, severity: self.rules.weigh(code), field: field.to_owned(), column, message, hint }
    }
}

/// The rows whose cells can be read.
fn readable<'w, 'b>(lines: &'w [Line<'b>]) -> impl Iterator<Item = (usize, Line<'b>)> + use<'w, 'b> {
    let all = lines.iter().copied().enumerate();
    all.filter(|(_, line)| line.step != Step::Suspect && !line.shifted)
}

/// One document on its way to one row.
struct Work<'w, 'b> {
    joiner: &'w Joiner<'w>,
    lines: &'w [Line<'b>],
    joined: Joined,
}

impl<'b> Work<'_, 'b> {
    /// Keeps a finding at its row.
    fn tell(&mut self, offset: usize, finding: Finding) {
        let document = &mut self.joined.document;
        if offset == 0 {
            document.findings.push(finding);
        } else {
            document.invalid |= finding.severity == Severity::Error;
            self.joined.elsewhere.push((offset as u32, finding));
        }
    }

    fn number(&self, offset: usize) -> u32 {
        let line = self.lines[offset];
        line.block.number(line.row)
    }

    /// What the reader noticed of the rows.
    fn take_marks(&mut self) {
        for (offset, line) in self.lines.iter().enumerate() {
            for mark in line.block.marks.iter().filter(|mark| mark.row as usize == line.row) {
                let column = mark.column.map(usize::from);
                let finding = self.joiner.finding(mark.code, "", column, mark.message.clone(), None);
                self.tell(offset, finding);
            }
        }
    }

    /// Rows of which it is not certain that they belong here, and whether there may be more.
    fn take_doubts(&mut self, identity: u64) {
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

    /// The cell of a column that holds for the whole document.
    fn agreed(&mut self, header: &Header) -> Option<(String, CellKind)> {
        let mut first: Option<(usize, Line<'b>, Said)> = None;
        let mut differs = false;
        for (offset, line) in readable(self.lines) {
            let cell = line.block.cell(line.row, header.column);
            if is_plainly_blank(cell) {
                continue;
            }
            if first.as_ref().is_some_and(|(_, above, _)| above.block.cell(above.row, header.column) == cell) {
                continue;
            }
            let mut faults = Faults::new();
            let said = header.said(line.block, line.row, &mut faults);
            match (&first, &said) {
                (_, Said::Blank) => {}
                // The first cell goes to the rules as it is, and they say what is wrong with it.
                (None, _) => first = Some((offset, line, said)),
                (Some(_), Said::Unusable) => self.spoil(offset, header.field, header.column, faults),
                (Some((above, first_line, first_said)), _) if *first_said != said && !differs => {
                    differs = true;
                    let texts = [first_line, &line].map(|line| line.block.text(line.row, header.column));
                    let (above, hint) = (*above, self.leave_out(header.column));
                    self.differ(header.field, header.column, (above, offset), texts, hint);
                }
                _ => {}
            }
        }
        let (offset, line, _) = first?;
        if offset > 0 {
            self.joined.origins.push((header.column as u16, offset as u32));
        }
        let cell = line.block.cell(line.row, header.column);
        Some((cell.text.to_owned(), cell.kind))
    }

    /// The cell of a column that holds the document's own amount, on one row or repeated.
    fn once(&mut self, amount: &Amount, counted: &mut Vec<usize>) -> Option<(String, CellKind)> {
        let mut first: Option<(usize, Line<'b>, i128)> = None;
        let mut differs = false;
        let mut copies = 0;
        for (offset, line) in readable(self.lines) {
            let Some(value) = self.read(offset, line, amount) else { continue };
            match first {
                None => first = Some((offset, line, value)),
                Some((_, _, agreed)) if agreed == value => copies += 1,
                Some((above, first_line, _)) if !differs => {
                    differs = true;
                    let texts = [first_line, line].map(|line| line.block.text(line.row, amount.column));
                    let hint =
                        "correct one of them; columns that are summed stand under line-columns of a mapping file";
                    self.differ(amount.field, amount.column, (above, offset), texts, hint.to_owned());
                    self.joined.document.bad.push(amount.column as u16);
                }
                Some(_) => {}
            }
        }
        let (offset, line, value) = first?;
        if offset > 0 {
            self.joined.origins.push((amount.column as u16, offset as u32));
        }
        if let Some(at) = TOTALLED.iter().position(|name| *name == self.joiner.name(amount.field)) {
            self.joined.copies[at] += rounded(value) * copies;
        }
        counted.push(amount.column);
        let cell = line.block.cell(line.row, amount.column);
        Some((cell.text.to_owned(), cell.kind))
    }

    /// The cell of a column whose amounts are added up: exactly, and rounded once.
    fn summed(&mut self, amount: &Amount) -> Option<(String, CellKind)> {
        let (mut sum, mut filled, mut credits) = (0, 0, 0);
        for (offset, line) in readable(self.lines) {
            let Some(value) = self.read(offset, line, amount) else { continue };
            sum += value;
            filled += 1;
            let text = line.block.text(line.row, amount.column).trim().trim_end_matches('.');
            credits += u32::from(text.to_ascii_lowercase().ends_with("cr"));
        }
        if filled == 0 {
            return None;
        }
        let paise = rounded(sum);
        let text = if amount.style.paise { paise.to_string() } else { Total(paise).to_string() };
        // A document that is a credit on every line is one as a whole.
        let text = match text.strip_prefix('-') {
            Some(credit) if credits == filled => format!("{credit} Cr"),
            _ => text,
        };
        Some((text, CellKind::Number))
    }

    /// The amount of a cell, exactly; what is wrong with it is told at its row.
    fn read(&mut self, offset: usize, line: Line<'_>, amount: &Amount) -> Option<i128> {
        let cell = line.block.cell(line.row, amount.column);
        if is_plainly_blank(cell) {
            return None;
        }
        let mut faults = Faults::new();
        let value = value::exact_amount(cell, amount.style, &mut faults);
        if value.is_none() && !faults.is_empty() {
            self.spoil(offset, amount.field, amount.column, faults);
        }
        value
    }

    /// A cell that cannot be used makes the document's value unusable.
    fn spoil(&mut self, offset: usize, field: usize, column: usize, faults: Faults) {
        for fault in faults {
            let name = self.joiner.name(field);
            let finding = self.joiner.finding(fault.code, name, Some(column), fault.message, fault.hint);
            self.tell(offset, finding);
        }
        self.joined.document.bad.push(column as u16);
        self.joined.document.invalid |= offset > 0;
    }

    fn differ(
        &mut self,
        field: usize,
        column: usize,
        (above, below): (usize, usize),
        [first, second]: [&str; 2],
        hint: String,
    ) {
        const EXCLUDING: [&str; 5] = ["documentType", "status", "customerName", "baseAmount", "netAmount"];
        let name = self.joiner.name(field);
        let (above, below) = (self.number(above), self.number(below));
        let message = format!(
            "row {above} says {} and row {below} {}; the rows of one document must agree",
            quote(first.trim()),
            quote(second.trim())
        );
        self.joined.document.contested |= EXCLUDING.contains(&name);
        let finding = self.joiner.finding(Code::DocumentLinesDiffer, name, Some(column), message, Some(hint));
        self.tell(0, finding);
    }

    fn leave_out(&self, column: usize) -> String {
        let heading = self.joiner.headings.get(column).map_or("", String::as_str);
        format!("correct one of them, or leave the column out with {} = \"\" in a mapping file", quote(heading))
    }

    /// A line without any amount may have lost it; only the document's own total can tell.
    fn find_amountless(&mut self, counted_once: &[usize]) {
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
    fn find_repeated(&mut self, counted_once: &[usize]) {
        if self.lines.len() < 2 {
            return;
        }
        let summed = self.joiner.surveyed.line_columns.as_slice();
        let checked = self.total_is_checked(counted_once);
        let mut seen: HashMap<u64, usize> = HashMap::new();
        for (offset, line) in readable(self.lines) {
            let above = *seen.entry(hash(&line.block.cells(line.row).collect::<Vec<_>>())).or_insert(offset);
            let amounts = || self.joiner.columns.amounts.iter().filter(|amount| summed.contains(&amount.column));
            let value = |amount: &Amount| {
                let cell = line.block.cell(line.row, amount.column);
                value::exact_amount(cell, amount.style, &mut Faults::new()).unwrap_or_default()
            };
            if above == offset || amounts().all(|amount| value(amount) == 0) {
                continue;
            }
            let parts = amounts()
                .filter(|amount| matches!(self.joiner.name(amount.field), "baseAmount" | "cgst" | "sgst" | "igst"));
            let weight: i128 = parts.map(value).sum();
            if checked && weight.abs() > (HIDES + self.lines.len() as i128 * 4) * EXACT_RUPEE / 100 {
                continue;
            }
            let message = format!("is the same as row {} in every cell; one of them may be a copy", self.number(above));
            let hint = "delete the copy, or tell the rows apart, as with a column of line numbers";
            let finding = self.joiner.finding(Code::DocumentLineRepeated, "", None, message, Some(hint.to_owned()));
            self.tell(offset, finding);
        }
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
