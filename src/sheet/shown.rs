//! What a workbook shows beyond its values, where the decoder of its format tells values only.
//!
//! Two readers stand behind it: that of ods and that of xls. The one rule: rows are asked for in order, and what
//! cannot be understood on the way to a row ends the reading, as a broken value would.

use super::error::SheetError;
use super::row::RawRow;
use super::xlsx::Format;

/// Number formats, merged ranges and hidden rows of a sheet, row by row.
pub(super) trait Shown {
    /// Goes on to a row, counted from 0; rows between are passed over.
    fn begin_row(&mut self, row: u32) -> Result<(), SheetError>;

    /// The format of a number in that row; none where it says nothing.
    fn format(&self, column: u32) -> Option<&Format>;

    /// Gives the row, once it has its cells, what it inherits and whether it is hidden.
    fn finish_row(&mut self, row: &mut RawRow) -> Result<(), SheetError>;

    /// Goes on to the end, and says what is worth knowing about the sheet, one sentence each.
    fn finish(&mut self) -> Result<Vec<String>, SheetError>;
}
