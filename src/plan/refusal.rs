//! Why a sheet is left out whole, in words that name it and the way out.

use crate::explain::ErrorCode;
use crate::finding::quote;
use crate::group;
use crate::group::settle::Unsettled;
use crate::group::survey::Unjoinable;
use crate::operation::Operation;
use crate::sheet::error::{NO_ROWS_HINT, SheetError};
use crate::wording::count;

/// A sheet that was left out whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Where and what.
    pub message: String,
    /// The way out.
    pub hint: Option<String>,
    /// Whether there is no table at all, as on a cover sheet.
    pub no_table: bool,
    /// What kind of refusal it is, for `arload explain`.
    pub code: ErrorCode,
}

impl From<SheetError> for Refusal {
    fn from(error: SheetError) -> Self {
        let no_table = matches!(error, SheetError::NoHeader { .. } | SheetError::Empty { .. });
        Self { message: error.to_string(), hint: error.hint(), no_table, code: ErrorCode::from(&error) }
    }
}

impl Refusal {
    /// Whether there is not one row, as opposed to rows that are no table.
    pub fn is_empty(&self) -> bool {
        self.no_table && self.hint.as_deref() == Some(NO_ROWS_HINT)
    }
}

/// Refuses a sheet that has headings and nothing below them; in a workbook with other sheets it is only skipped.
pub(super) fn no_rows(label: &str, header: u32) -> Refusal {
    Refusal {
        message: format!("{label}: has no rows below the headings of row {header}"),
        hint: Some(NO_ROWS_HINT.to_owned()),
        no_table: true,
        code: ErrorCode::Empty,
    }
}

/// Refuses a sheet that was made for another operation; `refusal` is why the one asked for cannot use it, where it cannot.
pub(super) fn other_operation(asked: &Operation, other: &Operation, refusal: Option<Refusal>) -> Refusal {
    let (asked, other) = (asked.name(), other.name());
    let looks = format!("these look like columns of {other}");
    let (message, else_way) = match refusal {
        Some(Refusal { message, hint, .. }) => {
            (format!("{message}; {looks}"), hint.map(|hint| format!("; else {hint}")).unwrap_or_default())
        }
        None => (
            format!("{looks}, which uses more of them than {asked} would"),
            format!("; if they are for {asked}, say what one of them means with --map"),
        ),
    };
    Refusal {
        message,
        hint: Some(format!("run \"arload {other}\" if that is what the sheet is for{else_way}")),
        no_table: false,
        code: ErrorCode::OtherOperation,
    }
}

pub(super) fn line_level(label: &str, row: &str) -> Refusal {
    Refusal {
        message: format!("{label}: {}", crate::mapping::line_level_words(row)),
        hint: Some(crate::mapping::LINE_LEVEL_HINT.to_owned()),
        no_table: false,
        code: ErrorCode::Lines,
    }
}

/// Refuses the part of a sheet that is another table, which nobody asked to leave out.
pub fn other_table(label: &str, row: u32, rows: u64) -> Refusal {
    let verb = if rows == 1 { "is" } else { "are" };
    Refusal {
        message: format!("{label}: row {row} begins another table; its {} {verb} not read", count(rows, "row")),
        hint: Some("put it in a sheet of its own; if its rows belong to the table above, delete the blank row or the caption between".to_owned()),
        no_table: false,
        code: ErrorCode::OtherTable,
    }
}

/// Refuses a sheet with lines in which a total or balance was left out that may be such a line.
pub(super) fn doubtful_total(label: &str, row: u32, text: &str) -> Refusal {
    Refusal {
        message: format!("{label}: row {row} {} may be a total of the rows above or a line of an invoice", quote(text)),
        hint: Some("delete the row if it is a total, or call the line something else".to_owned()),
        no_table: false,
        code: ErrorCode::DoubtfulTotal,
    }
}

/// Refuses a sheet whose documents cannot be joined for certain.
pub(super) fn unjoinable(label: &str, headings: &[String], why: &Unjoinable) -> Refusal {
    let (what, hint) = match why {
        Unjoinable::Scattered { row, first } => (
            format!("row {row} goes on with the document of row {first}, and others stand between them"),
            "sort the sheet by document number, so that the rows of a document stand together; a copy of rows above is to be deleted"
                .to_owned(),
        ),
        Unjoinable::TooLong { first } => (
            format!("the document of row {first} has more than {} rows", group::MAX_LINES),
            "check that the column of document numbers is filled; such a sheet is not joined".to_owned(),
        ),
        Unjoinable::Unsettled(Unsettled { columns, both }) => {
            let named: Vec<String> =
                columns.iter().filter_map(|column| headings.get(*column)).map(|heading| quote(heading)).collect();
            let why = if *both { "either would fit" } else { "no reading adds up to the totals of all documents" };
            (
                format!(
                    "it cannot be told whether {} {} an amount for each line or the document's own on every line: {why}",
                    named.join(", "),
                    if named.len() == 1 { "holds" } else { "hold" }
                ),
                format!(
                    "list the columns that are to be summed in a mapping file, as in line-columns = [{}], or line-columns = [] if none is",
                    named.join(", ")
                ),
            )
        }
    };
    Refusal { message: format!("{label}: {what}"), hint: Some(hint), no_table: false, code: ErrorCode::Lines }
}

/// Refuses a sheet whose dates a spreadsheet set to month first has swapped; no row of it can be trusted.
pub(super) fn swapped(label: &str, column: usize) -> Refusal {
    Refusal {
        message: format!("{label}: {}", crate::check::dates::swapped_words(column)),
        hint: Some(crate::check::dates::SWAPPED_HINT.to_owned()),
        no_table: false,
        code: ErrorCode::SwappedDates,
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
        code: ErrorCode::RowsFall,
    }
}

/// Refuses a file that was written to while it was read: what was read may be half of it.
pub(super) fn changed(label: &str) -> Refusal {
    Refusal {
        message: format!("{label}: changed while it was read"),
        hint: Some("wait until whatever writes it has finished, and run the same command again".to_owned()),
        no_table: false,
        code: ErrorCode::Changed,
    }
}

/// Row keys of a corrections workbook in a file that does not say which run it belongs to.
pub(super) fn unmarked() -> Refusal {
    Refusal {
        message: "has the row keys of a corrections workbook, and nothing in the file says which run it belongs to"
            .to_owned(),
        hint: Some(
            "give the workbook as arload wrote it, with its hidden sheet; without its first three columns the rows are read as a sheet of their own"
                .to_owned(),
        ),
        no_table: false,
        code: ErrorCode::Corrections,
    }
}
