//! Rows that a workbook hides or filters away: read and counted, or left out.
//!
//! Pure. Leaves the record of rows left out to [`super::table`]. The one rule: that there are such rows is always said.

use super::row::RawRow;
use crate::config::HiddenRows;

/// The hidden rows below the headings of a sheet.
#[derive(Debug, Default)]
pub(super) struct Hidden {
    /// What is to be done with them.
    pub(super) setting: HiddenRows,
    read: u64,
}

impl Hidden {
    /// Whether a row is to be left out.
    pub(super) fn leaves_out(&self, row: &RawRow) -> bool {
        row.hidden && self.setting == HiddenRows::Skip
    }

    /// Counts a row that is handed out.
    pub(super) fn count(&mut self, row: &RawRow) {
        self.read += u64::from(row.hidden);
    }

    /// What to say of those that were read.
    pub(super) fn note(&self) -> Option<String> {
        let (rows, them) = match self.read {
            0 => return None,
            1 => ("1 hidden row is".to_owned(), "it"),
            many => (format!("{many} hidden rows are"), "them"),
        };
        Some(format!("{rows} read; hidden-rows = \"skip\" leaves {them} out"))
    }
}
