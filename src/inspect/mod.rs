//! What was understood of a sheet, as data: its shape, its columns, what was left out and why.
//!
//! Owns the reading of a whole sheet for a person's eyes. Leaves the meaning of headings to [`crate::mapping`] and the
//! words on the screen to the program. The one rule: it shows what an operation would read, and changes nothing.

mod columns;
pub mod emit;
mod kinds;
pub mod rehearsal;
mod understood;

use std::collections::BTreeMap;

use serde::Serialize;

pub use columns::Column;
pub use kinds::Kind;
pub use understood::Understood;

use crate::config::{MappingSettings, Reading};
use crate::finding::Code;
use crate::mapping;
use crate::operation::{self, Operation};
use crate::sheet::error::SheetError;
use crate::sheet::open::{Listing, OpenSheet, SheetEnd, Top};
use crate::sheet::{Dialect, DropReason, KnownBy, RowBlock, RowNumber, SheetSource};

/// Rows by which headings are mapped, as in a run.
const SAMPLE_ROWS: usize = 200;
// Limit: blocks of this size keep memory small whatever the sheet holds.
const BLOCK_ROWS: usize = 1000;
const BLOCK_BYTES: usize = 256 << 10;
/// Limit: row numbers that are named for each reason.
const NAMED_ROWS: usize = 5;

/// How to look at sheets.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    /// The operation whose fields are looked for; none guesses it.
    pub operation: Option<&'static Operation>,
    /// How sheets are read.
    pub reading: &'a Reading,
    /// How headings become fields.
    pub mapping: &'a MappingSettings,
}

/// What was understood of one sheet.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Inspection {
    /// The file.
    pub file: String,
    /// The worksheet; none for a text file.
    pub sheet: Option<String>,
    /// What kind of file it is.
    pub container: &'static str,
    /// What the file is packed with: `gzip` or `zip`.
    pub compression: Option<&'static str>,
    /// The encoding of a text file.
    pub encoding: Option<&'static str>,
    /// How the encoding is known.
    pub encoding_by: Option<KnownBy>,
    /// What separates the cells of a text file.
    pub delimiter: Option<char>,
    /// How that is known.
    pub delimiter_by: Option<KnownBy>,
    /// What stands around cells of a text file that hold a delimiter or a line end.
    pub quote: Option<char>,
    /// What makes a quotation mark inside such a cell text; none where the mark is doubled.
    pub escape: Option<char>,
    /// How the lines of a text file end.
    pub line_ends: Option<&'static str>,
    /// Worksheets of the same file that are read.
    pub sheets: Vec<String>,
    /// Worksheets of the same file that are hidden and not read.
    pub hidden_sheets: Vec<String>,
    /// Worksheets of the same file that were not asked for.
    pub unasked_sheets: Vec<String>,
    /// The rows of the headings; none where no headings were recognised.
    pub header_rows: Vec<RowNumber>,
    /// The first data row; 0 if there is none.
    pub first_row: RowNumber,
    /// The last data row; 0 if there is none.
    pub last_row: RowNumber,
    /// How many data rows there are.
    pub data_rows: u64,
    /// Blank rows in between.
    pub blank_rows: u64,
    /// The columns, in the sheet's order.
    pub columns: Vec<Column>,
    /// What the headings mean; none where no headings were recognised.
    pub mapping: Option<Understood>,
    /// Rows that are no data, and why.
    pub left_out: Vec<LeftOut>,
    /// Rows that the reader has something to say about, by code, and rows with broken cells in used columns.
    pub marked_rows: BTreeMap<&'static str, u64>,
    /// The first few of them, by number.
    pub marked_first: BTreeMap<&'static str, Vec<RowNumber>>,
    /// What else is worth knowing, a sentence each.
    pub notes: Vec<String>,
}

/// Rows that are no data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct LeftOut {
    /// What they are: `banner`, `comment`, `total`, `repeated-header`, `group`, `note` or `other-table`.
    pub what: &'static str,
    /// Why they are no data.
    pub why: &'static str,
    /// How many there are.
    pub rows: u64,
    /// The first few, by number.
    pub first: Vec<RowNumber>,
    /// The beginning of the first one's text.
    pub text: String,
}

/// Looks at one sheet from its beginning to its end.
pub fn inspect(source: &SheetSource, listing: &Listing, look: Look<'_>) -> Result<Inspection, SheetError> {
    let mut inspection = outline(source, listing);
    let of_operation = |heading: &str| look.operation.is_some_and(|operation| mapping::recognises(operation, heading));
    let mut sheet = match open(source, look, &of_operation) {
        Ok(sheet) => sheet,
        Err(SheetError::Empty { .. }) => {
            inspection.notes.push("the sheet has no rows".to_owned());
            return Ok(inspection);
        }
        Err(error) => return Err(error),
    };
    let mut block = RowBlock::new(sheet.header.columns.len());
    let mut going = sheet.next_block(&mut block, SAMPLE_ROWS, BLOCK_BYTES)?;
    let mut columns = columns::Columns::new(&sheet, source.sheet.clone(), &look);
    columns.map(&block, !sheet.top.header_rows.is_empty());
    if going {
        inspection.first_row = block.number(0);
    }
    while going {
        columns.add(&block);
        for mark in &block.marks {
            inspection.mark(block.number(mark.row as usize), mark.code);
        }
        for (row, code) in columns.broken_cells(&block) {
            inspection.mark(row, code);
        }
        going = sheet.next_block(&mut block, BLOCK_ROWS, BLOCK_BYTES)?;
    }
    (inspection.columns, inspection.mapping) = columns.finish();
    if let Some(dialect) = sheet.dialect {
        inspection.set_dialect(dialect);
    }
    let (top, notes) = (sheet.top.clone(), std::mem::take(&mut sheet.notes));
    finish(&mut inspection, top, notes, sheet.finish());
    Ok(inspection)
}

impl Inspection {
    fn mark(&mut self, row: RowNumber, code: Code) {
        let first = self.marked_first.entry(code.as_str()).or_default();
        if first.last() != Some(&row) {
            *self.marked_rows.entry(code.as_str()).or_default() += 1;
            if first.len() < NAMED_ROWS {
                first.push(row);
            }
        }
    }

    fn set_dialect(&mut self, dialect: Dialect) {
        self.encoding = Some(dialect.encoding);
        self.encoding_by = Some(dialect.encoding_by);
        self.delimiter = Some(char::from(dialect.delimiter));
        self.delimiter_by = Some(dialect.delimiter_by);
        self.quote = Some(char::from(dialect.quote));
        self.escape = dialect.escape.map(char::from);
    }
}

/// What is known of a file that has no rows at all.
pub fn nothing(file: String) -> Inspection {
    Inspection {
        file,
        container: "empty file",
        notes: vec!["the file has no rows".to_owned()],
        ..Inspection::default()
    }
}

fn outline(source: &SheetSource, listing: &Listing) -> Inspection {
    Inspection {
        file: source.path.display().to_string(),
        sheet: source.sheet.clone(),
        container: listing.container,
        compression: listing.compression,
        line_ends: listing.line_ends,
        sheets: listing.sources.iter().filter_map(|source| source.sheet.clone()).collect(),
        hidden_sheets: listing.hidden.clone(),
        unasked_sheets: listing.unasked.clone(),
        // Hidden sheets stand in a list of their own.
        notes: listing.notes.iter().filter(|note| !note.starts_with("hidden sheets")).cloned().collect(),
        ..Inspection::default()
    }
}

/// Opens a sheet as the operation would, else by the headings of any operation, else without headings.
pub(crate) fn open<'r>(
    source: &SheetSource,
    look: Look<'_>,
    of_operation: &'r (dyn Fn(&str) -> bool + Sync),
) -> Result<OpenSheet<'r>, SheetError> {
    let no_header = |error: &SheetError| matches!(error, SheetError::NoHeader { .. });
    if look.operation.is_some() {
        match source.open(look.reading, of_operation) {
            Err(error) if no_header(&error) => {}
            done => return done,
        }
    }
    match source.open(look.reading, &of_any) {
        Err(error) if no_header(&error) => source.open_without_header(look.reading),
        done => done,
    }
}

fn of_any(heading: &str) -> bool {
    operation::ALL.iter().any(|operation| mapping::recognises(operation, heading))
}

fn finish(inspection: &mut Inspection, top: Top, notes: Vec<String>, end: SheetEnd) {
    inspection.data_rows = end.data_rows;
    inspection.blank_rows = end.blank_rows;
    inspection.last_row = end.last_row;
    inspection.header_rows = top.header_rows;
    let comments = |row: &RowNumber| {
        end.dropped.first.iter().any(|dropped| dropped.number == *row && dropped.reason == DropReason::Comment)
    };
    let banner: Vec<&(RowNumber, String)> = top.banner.iter().filter(|(row, _)| !comments(row)).collect();
    if let Some((_, text)) = banner.first() {
        inspection.left_out.push(LeftOut {
            what: "banner",
            why: "it stands above the headings",
            rows: banner.len() as u64,
            first: banner.iter().map(|(row, _)| *row).take(NAMED_ROWS).collect(),
            text: text.clone(),
        });
    }
    for (reason, rows) in &end.dropped.counts {
        let mut named = end.dropped.first.iter().filter(|row| row.reason == *reason).peekable();
        let text = named.peek().map_or_else(String::new, |row| row.text.clone());
        let first = named.map(|row| row.number).take(NAMED_ROWS).collect();
        let (what, why) = reason_words(*reason);
        inspection.left_out.push(LeftOut { what, why, rows: *rows, first, text });
    }
    if let Some((row, rows)) = end.other_table {
        inspection.left_out.push(LeftOut {
            what: "other-table",
            why: "other headings begin a table of their own",
            rows: rows + 1,
            first: vec![row],
            text: String::new(),
        });
    }
    // Where the headings stand and what separates the cells is told as a fact of its own.
    let told = |note: &String| {
        Some(note) == top.banner_note.as_ref()
            || note.starts_with("the headings stand in rows ")
            || note.starts_with("the cells are separated by ")
    };
    inspection.notes.extend(notes.into_iter().filter(|note| !told(note)));
    inspection.notes.extend(end.notes);
}

fn reason_words(reason: DropReason) -> (&'static str, &'static str) {
    match reason {
        DropReason::Total => ("total", "it sums up rows above it"),
        DropReason::RepeatedHeader => ("repeated-header", "it is the headings once more"),
        DropReason::Group => ("group", "it names the group of rows below it"),
        DropReason::Note => ("note", "it is a remark or a ruled line"),
        DropReason::Comment => ("comment", "it begins with #, above the headings"),
        DropReason::Hidden => ("hidden", "the workbook does not show it, and hidden-rows is \"skip\""),
    }
}

#[cfg(test)]
mod tests;
