//! The corrections round trip: rows that failed go out in a workbook, and come back changed.
//!
//! [`book`] reads what comes back, [`matching`] says which row of an earlier run a row of the workbook is, and what is to be done with it; [`originals`]
//! are these earlier rows; [`after`] derives what became of a run's rows once later runs corrected them. The workbook is
//! written by [`crate::results::corrections`]. The one rule: a row that nobody changed or marked is not sent, and whatever
//! is sent passes the duplicate guard like any other row.

pub mod after;
pub mod book;
pub mod matching;
pub mod originals;

use std::collections::HashMap;

use crate::check::dates::ColumnOrder;
use crate::check::record::{CheckedBlock, Standing};
use crate::finding::{Code, Finding, Severity};
use crate::ledger::{RunId, SheetId};
use crate::mapping::Mapping;
use crate::outcome::{RowOutcome, code};
use crate::plan::gate::BadRows;

/// Heading of the column that says what is to be done.
pub const TO_DO: &str = "What to do (arload)";
/// Heading of the column that takes `retry` or `drop`.
pub const ACTION: &str = "retry or drop (arload)";
/// Heading of the hidden column that names the row.
pub const KEY: &str = "row key (arload)";
/// The workbook's own headings; they are its mark.
pub const OWN_HEADINGS: [&str; 3] = [TO_DO, ACTION, KEY];
/// The hidden worksheet that says which run the workbook belongs to.
pub const MARKER: &str = "arload corrections";
/// The form of the workbook.
pub const FORM: &str = "1";

/// Names a row of a sheet of one ledger, in a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowKey {
    /// The ledger, because sheets count from 1 in each.
    pub ledger: String,
    /// The sheet.
    pub sheet: SheetId,
    /// The row's number there.
    pub row: u32,
}

impl RowKey {
    /// As it stands in the cell; what a spreadsheet fills in below it by counting on is no key.
    pub fn text(&self) -> String {
        let name = format!("{}-{}-{}", self.ledger, self.sheet, self.row);
        let check = Self::check(&name);
        format!("{name}-{check}")
    }

    /// What a cell names; none where it is no key.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, check) = text.trim().rsplit_once('-')?;
        let mut parts = name.rsplitn(3, '-');
        let (row, sheet, ledger) = (parts.next()?, parts.next()?, parts.next()?);
        let key = Self { ledger: ledger.to_owned(), sheet: SheetId(sheet.parse().ok()?), row: row.parse().ok()? };
        (Self::check(name) == check).then_some(key)
    }

    fn check(name: &str) -> String {
        blake3::hash(name.as_bytes()).to_hex()[..4].to_owned()
    }
}

/// What is to be done with a row of a corrections workbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Treatment {
    /// It was changed or added: it goes, if its checks and the duplicate guard let it.
    Send,
    /// It is as it was, and `retry` stands beside it.
    Retry,
    /// It is as it was: if its checks let it go now, it ends like this all the same.
    Unchanged(RowOutcome),
    /// `drop` stands beside it.
    Drop,
    /// Its original was accepted in the meantime.
    Done(RowOutcome),
    /// Its original was accepted, or is on its way, by another row: what the duplicate guard knows of it counts, and where
    /// that is nothing, it would be sent twice.
    Known(String),
    /// Nobody can tell what is meant.
    Unclear(String),
}

impl Treatment {
    /// Why it is not sent, where that is told as a finding.
    pub fn words(self) -> Option<String> {
        match self {
            Treatment::Known(message) | Treatment::Unclear(message) => Some(message),
            _ => None,
        }
    }

    /// The outcome that it brings with it.
    pub fn outcome(self) -> Option<RowOutcome> {
        match self {
            Treatment::Unchanged(outcome) | Treatment::Done(outcome) => Some(outcome),
            Treatment::Send | Treatment::Retry | Treatment::Drop | Treatment::Known(_) | Treatment::Unclear(_) => None,
        }
    }
}

/// A sheet of a corrections workbook, understood.
#[derive(Debug, Clone)]
pub struct Correcting {
    /// The worksheet's name.
    pub sheet: String,
    /// The row of its headings.
    pub header_row: u32,
    /// The run whose rows it corrects.
    pub run: RunId,
    /// The sheet whose rows these are.
    pub of: SheetId,
    /// How that run read its sheet, with the columns where they stand now.
    pub mapping: Mapping,
    /// The order of day and month that it found; empty where its ledger does not say.
    pub orders: Vec<ColumnOrder>,
    /// What is to be done with each row, by its number.
    pub rows: HashMap<u32, Treatment>,
    /// Rows with the rows that they correct, in row order.
    pub links: Vec<(u32, u32)>,
    /// What a person should know of it, a sentence each.
    pub notes: Vec<String>,
}

impl Correcting {
    /// What is to be done with a row.
    pub fn of_row(&self, number: u32) -> &Treatment {
        self.rows.get(&number).unwrap_or(&Treatment::Send)
    }

    /// Puts what is to be done over what the checks say, and counts the bad rows that nobody left as they were.
    pub fn settle(&self, checked: &mut CheckedBlock) -> BadRows {
        let mut bad = BadRows::default();
        for row in checked.rows.iter_mut().filter(|row| row.standing != Standing::Joined) {
            let treatment = self.of_row(row.number);
            match treatment {
                Treatment::Send | Treatment::Retry | Treatment::Known(_) | Treatment::Unchanged(_) => {}
                Treatment::Drop => {
                    let message = format!("dropped by hand; it stays as run {} left it", self.run);
                    row.standing = Standing::Excluded { code: code::DROPPED.to_owned(), message };
                    (row.findings, row.guard) = (Vec::new(), None);
                }
                Treatment::Done(_) => {
                    row.standing = Standing::Ready;
                    (row.findings, row.guard) = (Vec::new(), None);
                }
                Treatment::Unclear(message) => {
                    row.standing = Standing::Invalid;
                    row.findings.push(unclear(message.clone()));
                    row.guard = None;
                }
            }
            if row.standing == Standing::Invalid && !matches!(treatment, Treatment::Unchanged(_)) {
                // How the columns are to be read was settled by the first run, so none of them speaks against that.
                bad.invalid += u64::from(row.has_error());
            }
        }
        bad
    }
}

/// What is said of a row that is not sent because nobody can tell what is meant.
pub(crate) fn unclear(message: String) -> Finding {
    Finding {
        code: Code::CorrectionUnclear,
        severity: Severity::Error,
        field: String::new(),
        column: None,
        message,
        hint: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_from_its_cell_and_nothing_else_does() {
        let key = RowKey { ledger: "3f9c00aa3f9c00aa".to_owned(), sheet: SheetId(12), row: 118 };
        let text = key.text();
        assert_eq!(RowKey::parse(&format!(" {text} ")), Some(key));
        let (start, end) = text.split_at(text.len() - 4);
        let dragged = format!("{start}{:04x}", u16::from_str_radix(end, 16).unwrap().wrapping_add(1));
        for other in ["", "-", "3f9c-12-118", "a-b-c-d", "--12--118", &text[1..], &dragged, &text.replace("118", "119")]
        {
            assert_eq!(RowKey::parse(other), None, "{other}");
        }
    }
}
