//! Makes one row of all rows of a document, with everything that was found on the way.
//!
//! Texts come from the first row that has them, amounts are added up or must agree, as the survey settled. Leaves the
//! rules between the cells to [`crate::check`]. The one rule: a row that cannot be read is never left out of a sum
//! silently; its document becomes invalid, and the finding names the cell.

use std::collections::HashMap;

use super::Surveyed;
use super::columns::{Amount, Columns, Header, Said, is_plainly_blank};
use super::follow::Step;
use super::settle::rounded;
use crate::check::document::Document;
use crate::check::value::{self, Faults};
use crate::check::{Rules, speaks_against};
use crate::finding::{Code, Finding, Severity, quote};
use crate::money::Total;
use crate::operation::Operation;
use crate::sheet::{CellKind, RowBlock};

/// Fields that a sheet's own grand total is held against, in the order of [`Joined::copies`].
const TOTALLED: [&str; 5] = ["baseAmount", "cgst", "sgst", "igst", "netAmount"];

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
    pub(super) columns: &'a Columns,
    headings: &'a [String],
    pub(super) surveyed: &'a Surveyed,
    rules: &'a Rules<'a>,
    /// Columns that fill no field.
    unread: Vec<usize>,
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
        let fills = |column: &usize| {
            columns.header.iter().any(|header| header.column == *column)
                || columns.amounts.iter().any(|amount| amount.column == *column)
        };
        let unread = (0..columns.width).filter(|column| !fills(column)).collect();
        Self { operation, columns, headings, surveyed, rules, unread }
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
        work.find_totals(&counted_once);
        for &column in &self.unread {
            // What speaks against any row speaks against the document; the check says it.
            let speaks = |(_, line): &(usize, Line<'_>)| speaks_against(line.block.text(line.row, column));
            if let Some((offset, line)) = readable(lines).find(speaks) {
                cells.insert(column, (line.block.text(line.row, column).to_owned(), CellKind::Text));
                if offset > 0 {
                    work.joined.origins.push((column as u16, offset as u32));
                }
            }
        }
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

    pub(super) fn name(&self, field: usize) -> &'static str {
        self.operation.fields[field].name
    }

    pub(super) fn finding(
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
pub(super) fn readable<'w, 'b>(lines: &'w [Line<'b>]) -> impl Iterator<Item = (usize, Line<'b>)> + use<'w, 'b> {
    let all = lines.iter().copied().enumerate();
    all.filter(|(_, line)| line.step != Step::Suspect && !line.shifted)
}

/// One document on its way to one row.
pub(super) struct Work<'w, 'b> {
    pub(super) joiner: &'w Joiner<'w>,
    pub(super) lines: &'w [Line<'b>],
    pub(super) joined: Joined,
}

impl<'b> Work<'_, 'b> {
    /// Keeps a finding at its row.
    pub(super) fn tell(&mut self, offset: usize, finding: Finding) {
        let document = &mut self.joined.document;
        if offset == 0 {
            document.findings.push(finding);
        } else {
            document.invalid |= finding.severity == Severity::Error;
            self.joined.elsewhere.push((offset as u32, finding));
        }
    }

    pub(super) fn number(&self, offset: usize) -> u32 {
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
}
