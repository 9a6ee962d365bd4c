//! The rows of one worksheet, one at a time.
//!
//! Owns places, cell types and the limits of a sheet. Leaves number formats to [`super::styles`] and merged ranges to
//! [`super::merges`]. The one rule: a cell that cannot be understood, or that stands where another one stood, ends the
//! reading with its place; leaving it out could leave out an invoice.

use std::fs::File;
use std::io::{self, Read};
use std::panic::resume_unwind;
use std::thread;

use super::formats::Format;
use super::heads::{
    Head, MAX_COLUMNS, MAX_ROWS, Stored, cell_head, digits, hidden_columns, hidden_columns_note, is_written_short,
    parse, row_head,
};
use super::merges::Merges;
use super::package::{Kind, Package, Part};
use super::strings::{Strings, rich_text, unescape};
use super::styles::Styles;
use super::workbook::Workbook;
use super::xml::{Tag, Token, Xml};
use super::{Problem, SheetError};
use crate::finding::quote;
use crate::sheet::kept::Kept;
use crate::sheet::row::RawRow;
use crate::sheet::{CellKind, cell, column_letters};

/// Limit: text of one row.
const MAX_ROW_BYTES: usize = 64 << 20;
/// Limit: cells, blank ones left of a filled one counted, and bytes of text that a sheet of a small file may have; in
/// larger files as many for each byte.
const LEAST_CELLS: u64 = 64 << 20;
const CELLS_A_BYTE: u64 = 64;
const LEAST_TEXT: u64 = 256 << 20;
const TEXT_A_BYTE: u64 = 200;
/// Limit: records of columns; Excel writes one for each column at most.
const MAX_COLUMN_RECORDS: usize = 16_384;

/// A worksheet being read.
pub(in crate::sheet) struct SheetRows {
    file: String,
    xml: Xml<Source>,
    strings: Strings,
    styles: Styles,
    merges: Merges,
    is_1904: bool,
    is_uncomputed: bool,
    /// The row element read last, counted from 1.
    at: u32,
    /// The row handed out last.
    last: u32,
    limits: Limits,
    hidden_columns: Vec<(u32, u32)>,
    width: usize,
    scratch: Scratch,
    is_over: bool,
}

/// Where the rows come from.
enum Source {
    Part(Part),
    /// Unpacked while merged ranges were looked for.
    Kept(File),
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Part(part) => part.read(buffer),
            Self::Kept(part) => part.read(buffer),
        }
    }
}

/// What has to be known before the rows, the texts on this thread while another goes through the sheet's part; and that
/// part, if it was unpacked whole for it.
fn survey(package: &Package, workbook: &Workbook, part: Part) -> Result<(Merges, Strings, Option<File>), Problem> {
    let mut kept = Kept::of(part);
    let (merges, strings) = thread::scope(|scope| {
        let find = || Merges::find(&mut kept);
        let finding = thread::Builder::new().name("merged-ranges".to_owned()).spawn_scoped(scope, find);
        let strings = Strings::read(package, workbook.strings.as_deref());
        let merges = finding?.join().unwrap_or_else(|panic| resume_unwind(panic));
        Ok::<_, Problem>((merges, strings))
    })?;
    Ok((merges?, strings?, kept.whole()))
}

/// What may still come.
#[derive(Debug)]
struct Limits {
    cells: u64,
    text: u64,
    all_cells: u64,
    all_text: u64,
}

/// Memory that is used again for each cell.
#[derive(Debug, Default)]
struct Scratch {
    value: String,
    inline: String,
}

impl SheetRows {
    pub(super) fn open(package: &Package, workbook: &Workbook, part: &str, file: &str) -> Result<Self, SheetError> {
        let open = || -> Result<Self, Problem> {
            let (merges, strings, kept) = survey(package, workbook, package.needed_part(part, Kind::Sheet)?)?;
            let styles = Styles::read(package, workbook.styles.as_deref())?;
            let again = package.needed_part(part, Kind::Sheet)?;
            let cells = package.length().saturating_mul(CELLS_A_BYTE).max(LEAST_CELLS);
            let text = package.length().saturating_mul(TEXT_A_BYTE).max(LEAST_TEXT);
            let mut rows = Self {
                file: file.to_owned(),
                strings,
                styles,
                xml: Xml::new(kept.map_or(Source::Part(again), Source::Kept))?,
                merges,
                is_1904: workbook.is_1904,
                is_uncomputed: workbook.is_uncomputed,
                at: 0,
                last: 0,
                limits: Limits { cells, text, all_cells: cells, all_text: text },
                hidden_columns: Vec::new(),
                width: 0,
                scratch: Scratch::default(),
                is_over: false,
            };
            rows.begin()?;
            Ok(rows)
        };
        open().map_err(|problem| problem.of(file))
    }

    /// Reads the next row that has cells into `row`; false at the end.
    pub(in crate::sheet) fn next(&mut self, row: &mut RawRow) -> Result<bool, SheetError> {
        self.next_row(row).map_err(|problem| problem.of(&self.file))
    }

    /// What is worth knowing about the sheet, one sentence each; complete after its last row.
    pub(in crate::sheet) fn notes(&self) -> Vec<String> {
        hidden_columns_note(&self.hidden_columns, self.width).into_iter().chain(self.merges.note()).collect()
    }

    /// Reads up to the rows.
    fn begin(&mut self) -> Result<(), Problem> {
        loop {
            match self.xml.next()? {
                Token::Start(tag) => match tag.name {
                    b"sheetData" => return Ok(()),
                    b"worksheet" | b"cols" => {}
                    b"col" => {
                        let hidden = hidden_columns(tag)?;
                        if self.hidden_columns.len() < MAX_COLUMN_RECORDS {
                            self.hidden_columns.extend(hidden);
                        }
                        self.xml.skip()?;
                    }
                    _ => self.xml.skip()?,
                },
                Token::End | Token::Text(_) => {}
                Token::Done => {
                    self.is_over = true;
                    return Err(Problem::broken("its sheet has no list of rows"));
                }
            }
        }
    }

    fn next_row(&mut self, row: &mut RawRow) -> Result<bool, Problem> {
        while !self.is_over {
            match self.xml.next()? {
                Token::Start(tag) if tag.name == b"row" => {
                    row.clear();
                    let number = row_head(tag, row)?;
                    self.read_row(number, row)?;
                    if row.len() > 0 {
                        self.finish_row(row)?;
                        return Ok(true);
                    }
                }
                Token::Start(tag) => return Err(unexpected(tag, &format!("its list of rows, below row {}", self.at))),
                Token::Text(text) if text.is_blank() => {}
                Token::Text(_) => {
                    return Err(Problem::Broken(format!("it has text outside its rows, below row {}", self.at)));
                }
                Token::End | Token::Done => self.finish()?,
            }
        }
        Ok(false)
    }

    /// Reads what follows the rows, so that a part that is cut off or does not match its archive is found out.
    fn finish(&mut self) -> Result<(), Problem> {
        self.is_over = true;
        loop {
            match self.xml.next()? {
                Token::Start(tag) if tag.name == b"sheetData" => {
                    return Err(Problem::broken("its sheet has two lists of rows"));
                }
                Token::Done => return Ok(()),
                Token::Start(_) | Token::End | Token::Text(_) => {}
            }
        }
    }

    fn read_row(&mut self, number: Option<u32>, row: &mut RawRow) -> Result<(), Problem> {
        let mut number = number;
        let mut column = 0;
        loop {
            if let Some((head, value)) = self.xml.quick_cell() {
                self.scratch.value.clear();
                self.scratch.value.push_str(value);
                column = self.stand(&head, column, &mut number, row)?;
                self.put_value(&head, column, row)?;
                column += 1;
                continue;
            }
            let head = match self.xml.next()? {
                Token::Start(tag) if tag.name == b"c" => cell_head(tag)?,
                Token::Start(tag) if tag.name == b"extLst" => {
                    self.xml.skip()?;
                    continue;
                }
                Token::Start(tag) => {
                    let number = number.unwrap_or(self.at.saturating_add(1));
                    return Err(unexpected(tag, &format!("row {number}")));
                }
                Token::Text(text) if text.is_blank() => continue,
                Token::Text(_) => {
                    return Err(Problem::Broken(format!("row {} has text outside its cells", self.at + 1)));
                }
                Token::End | Token::Done => break,
            };
            column = self.stand(&head, column, &mut number, row)?;
            self.read_cell(&head, column, row)?;
            column += 1;
        }
        self.at = number.unwrap_or(self.at.saturating_add(1));
        if self.at > MAX_ROWS {
            return Err(Problem::Broken(format!("its sheet has more than {MAX_ROWS} rows")));
        }
        row.number = self.at;
        Ok(())
    }

    /// The column of a cell, which says it or follows another one, and the number of the row by what its cells say.
    fn stand(&self, head: &Head, next: u32, number: &mut Option<u32>, row: &mut RawRow) -> Result<u32, Problem> {
        let mut column = next;
        if let Some((in_row, in_column)) = head.place {
            if number.is_some_and(|number| number != in_row) {
                let place = format!("{}{in_row}", column_letters(in_column as usize));
                return Err(Problem::Broken(format!("row {} holds the cell {place}", number.unwrap_or(0))));
            }
            *number = Some(in_row);
            column = in_column;
        }
        let of_row = number.unwrap_or(self.at.saturating_add(1));
        *number = Some(of_row);
        if column >= MAX_COLUMNS || of_row > MAX_ROWS {
            return Err(Problem::Broken(format!("row {of_row} has a cell beyond the edge of a sheet")));
        }
        row.number = of_row;
        Ok(column)
    }

    fn finish_row(&mut self, row: &mut RawRow) -> Result<(), Problem> {
        row.from_1904 = self.is_1904;
        let number = row.number;
        // Leaving out the second of two rows could leave out an invoice.
        if number == self.last {
            return Err(Problem::Broken(twice(number)));
        }
        if number < self.last {
            return Err(Problem::Broken(format!("row {number} stands below a row with the same or a higher number")));
        }
        self.last = number;
        self.width = self.width.max(row.len());
        let inherited = self.merges.pass_on(row)?;
        let limits = &mut self.limits;
        let cells = limits.cells.checked_sub(row.len() as u64 + row.inherited.len() as u64);
        let text = limits.text.checked_sub(row.text_bytes() as u64 + inherited);
        limits.cells = cells.ok_or_else(|| {
            Problem::Broken(format!("its sheet has more than {} cells up to row {number}", limits.all_cells))
        })?;
        limits.text = text.ok_or_else(|| {
            let limit = limits.all_text >> 20;
            Problem::Broken(format!("its cells hold more than {limit} MiB of text up to row {number}"))
        })?;
        Ok(())
    }

    /// Reads a cell behind its tag, and puts it into the row unless it is blank.
    fn read_cell(&mut self, head: &Head, column: u32, row: &mut RawRow) -> Result<(), Problem> {
        let Self { xml, scratch, .. } = self;
        scratch.value.clear();
        scratch.inline.clear();
        if let Some(text) = xml.plain_cell() {
            text.append_to(&mut scratch.value)?;
            return self.put_value(head, column, row);
        }
        let (mut has_value, mut has_formula, mut has_inline) = (false, false, false);
        loop {
            match xml.next()? {
                Token::Start(tag) => match tag.name {
                    b"v" if !has_value => {
                        has_value = true;
                        xml.text_into(&mut scratch.value)?;
                    }
                    b"v" => return Err(broken_cell(row.number, column, "has two values")),
                    b"f" => {
                        has_formula = true;
                        xml.skip()?;
                    }
                    b"is" => {
                        has_inline = true;
                        rich_text(xml, &mut scratch.inline)?;
                    }
                    b"extLst" => xml.skip()?,
                    _ => {
                        let place = format!("cell {}{}", column_letters(column as usize), row.number);
                        return Err(unexpected(tag, &place));
                    }
                },
                Token::Text(text) if text.is_blank() => {}
                Token::Text(_) => return Err(broken_cell(row.number, column, "has text outside its value")),
                Token::End | Token::Done => break,
            }
        }
        let mut value = std::mem::take(if has_inline { &mut scratch.inline } else { &mut scratch.value });
        let kind = if has_inline { Stored::Inline } else { head.kind };
        let put = self.put(kind, head.style, (has_value, has_formula), column, &mut value, row);
        *(if has_inline { &mut self.scratch.inline } else { &mut self.scratch.value }) = value;
        put
    }

    /// Puts a cell that is nothing but the value read last.
    fn put_value(&mut self, head: &Head, column: u32, row: &mut RawRow) -> Result<(), Problem> {
        let mut value = std::mem::take(&mut self.scratch.value);
        let put = self.put(head.kind, head.style, (true, false), column, &mut value, row);
        self.scratch.value = value;
        put
    }

    fn put(
        &self,
        stored: Stored,
        style: u32,
        (has_value, has_formula): (bool, bool),
        column: u32,
        value: &mut String,
        row: &mut RawRow,
    ) -> Result<(), Problem> {
        let number = row.number;
        let broken = |what: &str, value: &str| broken_cell(number, column, &format!("holds {}, {what}", quote(value)));
        let kind = match stored {
            Stored::Text | Stored::Inline => {
                if stored == Stored::Text {
                    if has_formula && !has_value {
                        return put_cell(row, column, "", CellKind::FormulaWithoutValue);
                    }
                    unescape(value, 0);
                }
                CellKind::Text
            }
            _ if has_formula && is_blank(value) => {
                return put_cell(row, column, "", CellKind::FormulaWithoutValue);
            }
            _ if is_blank(value) => return Ok(()),
            Stored::Shared => {
                let index = digits(value.as_bytes().trim_ascii());
                let text = index.and_then(|index| self.strings.text(index as usize));
                let text = text.ok_or_else(|| broken("which is not the number of a text", value))?;
                return put_cell(row, column, text, CellKind::Text);
            }
            Stored::Number => {
                // A library that does not compute stores a zero, and asks Excel to compute all.
                if has_formula && self.is_uncomputed && value.trim() == "0" {
                    return put_cell(row, column, "", CellKind::FormulaWithoutValue);
                }
                let format = self.styles.format(style);
                let format = format.ok_or_else(|| broken("in a style that the workbook does not define", value))?;
                let is_short = is_written_short(value.as_bytes());
                if is_short && *format == Format::Plain {
                    CellKind::Number
                } else {
                    let parsed = parse(value).ok_or_else(|| broken("which is not a number", value))?;
                    if !is_short {
                        value.clear();
                        cell::write_number(parsed, value);
                    }
                    format.write(parsed, self.is_1904, value)
                }
            }
            Stored::Bool => {
                let truth = match value.trim() {
                    "1" | "true" | "TRUE" => "TRUE",
                    "0" | "false" | "FALSE" => "FALSE",
                    _ => return Err(broken("which is neither true nor false", value)),
                };
                return put_cell(row, column, truth, CellKind::Bool);
            }
            Stored::Error => CellKind::Error,
            Stored::Date => {
                let mut text = String::new();
                let kind = cell::write_iso(value.trim(), &mut text);
                return put_cell(row, column, &text, kind);
            }
        };
        put_cell(row, column, value, kind)
    }
}

fn is_blank(value: &str) -> bool {
    value.as_bytes().trim_ascii().is_empty()
}

/// Puts a cell into the row unless it is blank.
fn put_cell(row: &mut RawRow, column: u32, text: &str, kind: CellKind) -> Result<(), Problem> {
    if text.is_empty() && kind == CellKind::Text {
        return Ok(());
    }
    // Leaving out the second of two cells could leave out a row, and with it an invoice.
    if (column as usize) < row.len() {
        return Err(Problem::Broken(twice(row.number)));
    }
    if row.text_bytes() + text.len() > MAX_ROW_BYTES {
        return Err(Problem::Broken(format!("row {} has more than {} MiB of text", row.number, MAX_ROW_BYTES >> 20)));
    }
    row.widen(column as usize);
    row.push_cell(text, kind);
    Ok(())
}

fn twice(number: u32) -> String {
    format!("row {number} names its cells out of order, or one of them twice")
}

/// Passing over an element that nobody expects could pass over an invoice in it.
fn unexpected(tag: Tag<'_>, place: &str) -> Problem {
    let name = String::from_utf8_lossy(tag.name);
    Problem::Broken(format!("{place} holds the element {}, which is not read", quote(&name)))
}

fn broken_cell(row: u32, column: u32, what: &str) -> Problem {
    Problem::Broken(format!("cell {}{row} {what}", column_letters(column as usize)))
}
