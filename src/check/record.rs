//! What checking makes of rows: one [`CheckedRow`] each, and a block of them with the lines to be uploaded.

use compact_str::CompactString;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::finding::{Finding, Severity};
use crate::outcome::Amounts;

/// Rows of one block after checking, in row order.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct CheckedBlock {
    /// One for each row read.
    pub rows: Vec<CheckedRow>,
    /// The upload lines of the good rows, each ended by LF; rows hold ranges of it.
    pub lines: String,
    /// What the rows were checked by besides their own cells; only as long as the block is in memory.
    #[serde(skip)]
    pub facts: Facts,
}

/// What a block's cells of one column show together; blocks are cut alike at any number of threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Facts {
    /// Whether rates of tax are written as fractions of one.
    pub fractional_rates: bool,
    /// How many digits nearly all account numbers have.
    pub account_digits: Option<usize>,
}

/// One row after checking.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CheckedRow {
    /// The spreadsheet's number.
    pub number: u32,
    /// The physical line where it differs from the number; 0 otherwise.
    pub line_number: u32,
    /// Whether it can be sent.
    pub standing: Standing,
    /// Everything found, errors or not.
    pub findings: Vec<Finding>,
    /// The business key as results show it: invoice number, own reference, or customer id.
    pub key: CompactString,
    /// What the duplicate guard knows the record by; none where the operation has no guard or the row is not good.
    pub guard: Option<Guard>,
    /// The amounts as far as they can be read.
    pub amounts: Amounts,
    /// What the row is counted under.
    pub labels: Labels,
    /// Filled columns of the upload line, a bit for each field of the operation.
    pub columns: u64,
    /// The upload line within the block's lines; empty unless the row is good.
    pub line: std::ops::Range<u32>,
}

/// Whether a row can be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// It is good.
    Ready,
    /// A finding of severity error stands against it.
    Invalid,
    /// It is not meant to be sent.
    Excluded {
        /// Why, for scripts.
        code: String,
        /// Why, in words.
        message: String,
    },
    /// It is a further line of the document above and shares its outcome.
    Joined,
}

/// What the duplicate guard knows a record by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guard {
    /// Hash of the record's identity.
    pub key: [u8; 16],
    /// Hash of its content.
    pub fingerprint: u64,
    /// First year of the financial year of the invoice date; 0 for customers.
    pub year: i16,
    /// What other records may look like this one.
    #[serde(default)]
    pub likeness: Likeness,
}

/// What shows that a record may be another one in other words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Likeness {
    /// Nothing does.
    #[default]
    None,
    /// An invoice near the end of a financial year.
    Neighbour {
        /// The key that its number has in the neighbouring year.
        other: [u8; 16],
        /// Its date, as [`day_of`] counts.
        day: i32,
        /// [`customer_hash`] of its customer.
        customer: u32,
    },
    /// Hashes of a customer's name without its spelling, of its PAN, and of its mobile; the first two where it has no
    /// GSTIN.
    Customer([Option<u64>; 3]),
}

const EPOCH: Date = jiff::civil::date(2000, 1, 1);

/// Days from the first of 2000 to a date.
pub fn day_of(date: Date) -> i32 {
    (date.duration_since(EPOCH).as_hours() / 24) as i32
}

/// The date that [`day_of`] counts.
pub fn date_of(day: i32) -> Date {
    EPOCH.saturating_add(jiff::Span::new().days(day))
}

/// What customers of invoices are told apart by where they may be one invoice.
pub fn customer_hash(customer: &str) -> u32 {
    u32::from_le_bytes(blake3::hash(customer.as_bytes()).as_bytes()[..4].try_into().expect("four bytes"))
}

/// Days within which the same number in two financial years may be one invoice.
pub const NEAR_DAYS: i32 = 60;

/// The financial year on the other side of 31 March, where the date is close to it.
pub fn neighbour_year(issued: Date) -> Option<i16> {
    let (year, boundary) = if issued.month() <= 3 {
        (issued.year(), jiff::civil::date(issued.year(), 4, 1))
    } else {
        (issued.year() - 1, jiff::civil::date(issued.year(), 3, 31))
    };
    let days = (issued.duration_since(boundary).as_hours() / 24).abs();
    (days <= i64::from(NEAR_DAYS)).then_some(year)
}

/// What a row is counted under in the summary.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Labels {
    /// CEK id that the upload goes under.
    pub account_id: CompactString,
    /// The supplier's GSTIN, blank if the sheet has none.
    pub supplier_gstin: CompactString,
    /// Month of the invoice date, `2026-03`; blank for customers.
    pub month: CompactString,
    /// The invoice date and the customer: same number, date and party in a line-level export are one document.
    pub document: CompactString,
}

impl CheckedRow {
    /// Whether a finding of severity error stands against the row.
    pub fn has_error(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }
}

impl CheckedBlock {
    /// The upload line of a row, with its line end.
    pub fn line(&self, row: &CheckedRow) -> &str {
        &self.lines[row.line.start as usize..row.line.end as usize]
    }
}
