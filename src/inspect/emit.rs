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
    let mut lines = Vec::new();
    if !sheet.top.header_rows.is_empty() {
        put_row((0..width).map(|column| sheet.top.headings.get(column).map_or("", String::as_str)), &mut lines);
        out.write_all(&lines)?;
    }
    while going {
        lines.clear();
        (0..block.len()).for_each(|row| put_cells(&block, row, width, &mut lines));
        out.write_all(&lines)?;
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
fn put_cells(block: &RowBlock, row: usize, width: usize, lines: &mut Vec<u8>) {
    let surplus = block.surplus(row);
    let columns = block.columns();
    let filled = if surplus.is_empty() {
        (width..columns).rev().find(|column| !is_blank(block.text(row, *column))).map_or(width, |last| last + 1)
    } else {
        columns
    };
    put_row(block.cells(row).take(filled).chain(surplus.iter().map(String::as_str)), lines);
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

fn put_row<'c>(cells: impl Iterator<Item = &'c str>, line: &mut Vec<u8>) {
    for (column, cell) in cells.enumerate() {
        if column > 0 {
            line.push(b',');
        }
        if !needs_quotes(cell) {
            line.extend_from_slice(cell.as_bytes());
            continue;
        }
        line.push(b'"');
        for (part, text) in cell.split('"').enumerate() {
            line.extend_from_slice(if part > 0 { b"\"\"" } else { b"" });
            line.extend_from_slice(text.as_bytes());
        }
        line.push(b'"');
    }
    line.extend_from_slice(b"\r\n");
}

/// Bytes for which a cell is quoted wherever they stand.
static SPECIAL: [bool; 256] = {
    let mut special = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        special[byte] = byte < 0x20 || matches!(byte as u8, b',' | b';' | b'|' | b'"' | 0x7f);
        byte += 1;
    }
    special
};

/// RFC 4180 asks for commas, quotation marks and line ends. The others are quoted so that no reader takes them for
/// another delimiter, a `sep=` line, a byte order mark, markup, or spaces to trim.
fn needs_quotes(cell: &str) -> bool {
    let bytes = cell.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    bytes.iter().any(|byte| SPECIAL[usize::from(*byte)])
        || matches!(first, b' ' | b'<' | b'%' | b'{' | b'\'')
        || *last == b' '
        || !first.is_ascii() && cell.starts_with(|letter: char| letter == '\u{feff}' || letter.is_whitespace())
        || !last.is_ascii() && cell.ends_with(char::is_whitespace)
        || bytes.get(3) == Some(&b'=') && bytes[..3].eq_ignore_ascii_case(b"sep")
}
