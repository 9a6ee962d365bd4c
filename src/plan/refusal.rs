//! Why a sheet is left out whole, in words that name it and the way out.

use crate::sheet::error::SheetError;

/// A sheet that was left out whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Where and what.
    pub message: String,
    /// The way out.
    pub hint: Option<String>,
    /// Whether there is no table at all, as on a cover sheet.
    pub no_table: bool,
}

impl From<SheetError> for Refusal {
    fn from(error: SheetError) -> Self {
        let no_table = matches!(error, SheetError::NoHeader { .. } | SheetError::Empty { .. });
        Self { message: error.to_string(), hint: error.hint(), no_table }
    }
}

/// Refuses a sheet that has headings and nothing below them; in a workbook with other sheets it is only skipped.
pub(super) fn no_rows(label: &str, header: u32) -> Refusal {
    Refusal {
        message: format!("{label}: has no rows below the headings of row {header}"),
        hint: Some("check that the right file or sheet was exported".to_owned()),
        no_table: true,
    }
}

pub(super) fn line_level(label: &str, row: &str) -> Refusal {
    Refusal {
        message: format!(
            "{label}: this is a line-level export: it has item columns, and {row} is one more line of a document above"
        ),
        hint: Some(
            "export one row per invoice; joining lines (group = true in a mapping) is not in this version".to_owned(),
        ),
        no_table: false,
    }
}

/// Refuses a sheet whose dates a spreadsheet set to month first has swapped; no row of it can be trusted.
pub(super) fn swapped(label: &str, column: usize) -> Refusal {
    Refusal {
        message: format!("{label}: {}", crate::check::dates::swapped_words(column)),
        hint: Some(crate::check::dates::SWAPPED_HINT.to_owned()),
        no_table: false,
    }
}

/// Refuses a sheet whose row numbers do not rise: results and the duplicate guard know rows by their number.
pub(super) fn falling(label: &str, number: u32) -> Refusal {
    Refusal {
        message: format!(
            "{label}: row {number} stands below a row with the same or a higher number: the file is damaged"
        ),
        hint: Some("open it in Excel and save it again".to_owned()),
        no_table: false,
    }
}

/// Refuses a file that was written to while it was read: what was read may be half of it.
pub(super) fn changed(label: &str) -> Refusal {
    Refusal {
        message: format!("{label}: changed while it was read"),
        hint: Some("wait until whatever writes it has finished, and run the same command again".to_owned()),
        no_table: false,
    }
}
