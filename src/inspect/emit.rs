//! The table of a sheet as plain CSV for other programs.
//!
//! Pure but for the writer it is given. Cells are written as they were read, without any change of dates, amounts or
//! case, and without guards; totals and notes are kept, because whoever reads the table may judge otherwise. The one
//! rule: what is written reads back as the same table (with `--delimiter ,` where ragged rows leave that open).

use std::io::{self, Write};

use super::{Look, open};
use crate::mapping;
use crate::sheet::error::SheetError;
use crate::sheet::{RowBlock, SheetSource};

/// Rows by which the width is settled. Limit: fewer than the header is looked for among, so that reading what was
/// written settles it by the same rows.
const WIDTH_ROWS: usize = 150;
const WIDTH_BYTES: usize = 2 << 20;
// Limit: blocks of this size keep memory small whatever the sheet holds.
const BLOCK_ROWS: usize = 1000;
const BLOCK_BYTES: usize = 256 << 10;

/// Why a table could not be written.
#[derive(Debug, thiserror::Error)]
pub enum EmitError {
    /// The sheet could not be read.
    #[error(transparent)]
    Sheet(#[from] SheetError),
    /// The text could not be written.
    #[error("the table could not be written")]
    Write(#[from] io::Error),
}

/// Writes the table of a sheet and says how many data rows it has; an empty sheet writes nothing.
pub fn emit(source: &SheetSource, look: Look<'_>, out: &mut dyn Write) -> Result<u64, EmitError> {
    let of_operation = |heading: &str| look.operation.is_some_and(|operation| mapping::recognises(operation, heading));
    let mut sheet = match open(source, look, &of_operation) {
        Ok(sheet) => sheet,
        Err(SheetError::Empty { .. }) => return Ok(0),
        Err(error) => return Err(error.into()),
    };
    sheet.keep_suspect_rows();
    let mut block = RowBlock::with_surplus(sheet.header.columns.len());
    let mut going = sheet.next_block(&mut block, WIDTH_ROWS, WIDTH_BYTES)?;
    let width = width(&sheet.top.headings, &block);
    if !sheet.top.header_rows.is_empty() {
        write_row((0..width).map(|column| sheet.top.headings.get(column).map_or("", String::as_str)), out)?;
    }
    while going {
        for row in 0..block.len() {
            write_cells(&block, row, width, out)?;
        }
        going = sheet.next_block(&mut block, BLOCK_ROWS, BLOCK_BYTES)?;
    }
    out.flush()?;
    Ok(sheet.finish().data_rows)
}

/// The columns of the table: as many as are named, or filled in the first rows without a name.
fn width(headings: &[String], first: &RowBlock) -> usize {
    let named = headings.iter().rposition(|heading| !is_blank(heading)).map_or(0, |last| last + 1);
    let used = |column: usize| (0..first.len()).any(|row| !is_blank(first.text(row, column)));
    (named..first.columns()).rev().find(|column| used(*column)).map_or(named, |last| last + 1)
}

/// Writes a row, blank cells beyond the width left out and filled ones kept.
fn write_cells(block: &RowBlock, row: usize, width: usize, out: &mut dyn Write) -> io::Result<()> {
    let surplus = block.surplus(row);
    let columns = block.columns();
    let filled = if surplus.is_empty() {
        (width..columns).rev().find(|column| !is_blank(block.text(row, *column))).map_or(width, |last| last + 1)
    } else {
        columns
    };
    let cells = (0..filled).map(|column| block.text(row, column));
    write_row(cells.chain(surplus.iter().map(String::as_str)), out)
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

fn write_row<'c>(cells: impl Iterator<Item = &'c str>, out: &mut dyn Write) -> io::Result<()> {
    for (column, cell) in cells.enumerate() {
        if column > 0 {
            out.write_all(b",")?;
        }
        if !needs_quotes(cell) {
            out.write_all(cell.as_bytes())?;
            continue;
        }
        out.write_all(b"\"")?;
        for (part, text) in cell.split('"').enumerate() {
            out.write_all(if part > 0 { b"\"\"" } else { b"" })?;
            out.write_all(text.as_bytes())?;
        }
        out.write_all(b"\"")?;
    }
    out.write_all(b"\r\n")
}

/// RFC 4180 asks for commas, quotation marks and line ends. The others are quoted so that no reader takes them for
/// another delimiter, a `sep=` line, a byte order mark, markup, or spaces to trim.
fn needs_quotes(cell: &str) -> bool {
    let special = |byte: u8| byte < b' ' || matches!(byte, b',' | b';' | b'|' | b'"' | 0x7f);
    let start = cell.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("sep="));
    cell.bytes().any(special)
        || start
        || cell.starts_with(['\u{feff}', '<', '%', '{', '\''])
        || cell.starts_with(char::is_whitespace)
        || cell.ends_with(char::is_whitespace)
}
