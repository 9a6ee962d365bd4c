//! What a reader noticed about a row of text, as marks on the row in its block.
//!
//! Pure. Leaves cells that are too many to [`super::open`], which knows the columns, and those too long to [`super::handed`]. The one rule: a mark
//! says what was done with the row, and where something can be mended, how.

use super::row::RawRow;
use super::swallowed::Swallowed;
use super::{RowBlock, RowMark, RowNumber};
use crate::finding::Code;

/// What is said of a row that was decoded twice on its way here.
pub(super) const GARBLED: &str =
    "letters were written with a wrong encoding before, as in \"â‚¹\" for \"₹\"; export the sheet again as UTF-8";

/// Notes something about the row about to be finished.
pub(super) fn mark(block: &mut RowBlock, code: Code, column: Option<usize>, message: String) {
    let row = block.len() as u32;
    block.marks.push(RowMark { row, code, column: column.map(|column| column as u16), message });
}

/// Notes a cell whose lines look like rows of the table.
pub(super) fn mark_swallowed(found: Option<Swallowed>, number: RowNumber, block: &mut RowBlock) {
    let Some(Swallowed { column, lines }) = found else { return };
    let message = format!(
        "the cell holds {lines} lines that look like rows of the table: a quotation mark may be missing on row {number}"
    );
    mark(block, Code::RowsInCell, Some(column), message);
}

/// Notes what is unusual about a row of a text file; most rows have `usual_width` cells.
pub(super) fn mark_text_row(row: &RawRow, usual_width: usize, is_lossy: bool, block: &mut RowBlock) {
    let columns = block.columns();
    let cells = row.len();
    if row.unended && cells < usual_width {
        let message = format!("the file ends inside this row: it has {cells} cells, most rows have {usual_width}");
        mark(block, Code::RowCutOff, None, message);
    } else if cells + 2 <= columns && cells < usual_width {
        let message = format!(
            "the row has {cells} cells, most rows have {usual_width}; the missing ones at its end were read as blank"
        );
        mark(block, Code::ShortRow, None, message);
    }
    if row.unbalanced {
        let message = "a quotation mark opens a cell and never closes; it was read as text".to_owned();
        mark(block, Code::UnbalancedQuote, None, message);
    } else if row.stray {
        let message = "a quotation mark stands inside a cell; it was read as text".to_owned();
        mark(block, Code::StrayQuote, None, message);
    }
    if row.overlong {
        let message = "the row is longer than 1 MiB; what follows was left out".to_owned();
        mark(block, Code::CellTooLong, Some(cells.min(columns) - 1), message);
    }
    if row.nuls {
        mark(block, Code::NulCharacters, None, "NUL characters in the row were left out".to_owned());
    }
    if is_lossy && row.has_replacement() {
        let column = (0..columns).find(|column| row.cell(*column).text.contains(char::REPLACEMENT_CHARACTER));
        let message = "bytes that do not belong to the file's encoding were replaced by \u{fffd}".to_owned();
        mark(block, Code::BadEncoding, column, message);
    }
}
