//! Cells of a row on their way into a block.
//!
//! The one rule: a cell is handed over as it is, and a blank one inside a merged range as that range; what is odd about it is marked, never changed.

use super::RowBlock;
use super::marks::mark;
use super::row::RawRow;
use crate::finding::Code;

/// Limit: characters of a spreadsheet's cell.
const MAX_CELL_CHARACTERS: usize = 32_767;

/// Hands the cells of a row over, those that it lacks blank.
pub(super) fn hand_over(row: &RawRow, block: &mut RowBlock) {
    // Nearly all rows have a cell for each column, of text, and none that is too long.
    if row.inherited.is_empty()
        && let Some((text, ends)) = row.texts()
        && ends.len() == block.columns()
        && text.len() <= MAX_CELL_CHARACTERS
    {
        block.push_texts(text, ends);
        return;
    }
    for column in 0..block.columns() {
        let mut cell = row.cell(column);
        if !row.inherited.is_empty() && row.is_blank_at(column) {
            cell = row.inherited(column).unwrap_or(cell);
        }
        // A character has at most four bytes, so few cells are ever counted out.
        if cell.text.len() > MAX_CELL_CHARACTERS && cell.text.chars().nth(MAX_CELL_CHARACTERS).is_some() {
            let message = "the cell is longer than 32,767 characters, more than a spreadsheet cell can hold";
            mark(block, Code::CellTooLong, Some(column), message.to_owned());
        }
        block.push_cell(cell.text, cell.kind);
    }
}
