//! What became of a row: the seven outcomes and their sums.
//!
//! Owns [`Status`], [`RowOutcome`] and the control totals. The one rule: the totals of the outcomes add up to what was
//! read, in rows and in rupees ([`Totals::agree`]), before anything is called done.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::money::{Money, Total};

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// The API took it.
    Accepted,
    /// An earlier run put the same record in; nothing was sent.
    AlreadyAccepted,
    /// The API refused it.
    Rejected,
    /// arload refused it.
    Invalid,
    /// It is not meant to be sent.
    Excluded,
    /// It was sent and no answer can be had.
    Unknown,
    /// It was planned, but not sent.
    NotSent,
}

impl Status {
    /// Every status, in the order of tables.
    pub const ALL: [Status; 7] = [
        Status::Accepted,
        Status::AlreadyAccepted,
        Status::Rejected,
        Status::Invalid,
        Status::Excluded,
        Status::Unknown,
        Status::NotSent,
    ];

    /// The word in result files.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Accepted => "accepted",
            Status::AlreadyAccepted => "already-accepted",
            Status::Rejected => "rejected",
            Status::Invalid => "invalid",
            Status::Excluded => "excluded",
            Status::Unknown => "unknown",
            Status::NotSent => "not-sent",
        }
    }
}

/// Codes of outcomes that are no findings; like finding codes, only ever added.
pub mod code {
    /// An earlier run put the same record in.
    pub const ACCEPTED_EARLIER: &str = "accepted-earlier";
    /// The first-use check found the same record at the API.
    pub const FOUND_AT_API: &str = "found-at-api";
    /// The API has the record already, as results or an export say.
    pub const SEEDED: &str = "seeded";
    /// The API refused the row.
    pub const REJECTED_BY_API: &str = "rejected-by-api";
    /// The API refused the whole file that the row was in.
    pub const CHUNK_REFUSED: &str = "chunk-refused";
    /// An earlier run had the row rejected; `--retry-rejected` sends it again.
    pub const REJECTED_EARLIER: &str = "rejected-earlier";
    /// No answer came after the request had left.
    pub const NO_REPLY: &str = "no-reply";
    /// An answer came that does not say what became of the row.
    pub const REPLY_UNCLEAR: &str = "reply-unclear";
    /// The API refused the row when it was sent again, and the first time no answer came.
    pub const REFUSED_IN_DOUBT: &str = "refused-in-doubt";
    /// The row's key stands at the API with other content.
    pub const FOUND_WITH_OTHER_CONTENT: &str = "found-with-other-content";
    /// The API took the row, and reading it back shows other content than was sent.
    pub const STORED_OTHERWISE: &str = "stored-otherwise";
    /// The row stands in an unfinished run whose answer is still missing.
    pub const UNKNOWN_IN_RUN: &str = "unknown-in-run";
    /// The run was a dry run.
    pub const DRY_RUN: &str = "dry-run";
    /// The plan waits to be sent.
    pub const PLANNED: &str = "planned";
    /// The run stopped before the row's turn.
    pub const STOPPED: &str = "stopped";
    /// `--strict` stopped the run.
    pub const STRICT: &str = "strict";
    /// `--max-invalid` stopped the run.
    pub const MAX_INVALID: &str = "max-invalid";
    /// Another run that is not finished holds the row's key.
    pub const HELD_BY_RUN: &str = "held-by-run";
    /// A later run of the changed sheet took over.
    pub const SUPERSEDED: &str = "superseded";
    /// A row that a corrections workbook brought back as it was.
    pub const UNCHANGED: &str = "unchanged";
    /// `drop` stands beside it in a corrections workbook.
    pub const DROPPED: &str = "dropped";
    /// A later run corrected the row.
    pub const CORRECTED: &str = "corrected";
    /// An identical row stands above.
    pub const DUPLICATE_ROW: &str = "duplicate-row";
    /// The document is void.
    pub const DOCUMENT_VOID: &str = "document-void";
    /// The document is a draft.
    pub const DOCUMENT_DRAFT: &str = "document-draft";
    /// The document is cancelled.
    pub const DOCUMENT_CANCELLED: &str = "document-cancelled";
    /// The row is no invoice: a receipt, an order, a journal.
    pub const DOCUMENT_NOT_INVOICE: &str = "document-not-invoice";
    /// The row is the example of a template.
    pub const TEMPLATE_EXAMPLE: &str = "template-example";
    /// Credit notes have no operation in the API.
    pub const CREDIT_NOTE: &str = "credit-note-not-supported";
}

/// What became of one row, with the reason and the API's id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowOutcome {
    /// What became of it.
    pub status: Status,
    /// Why, for scripts; empty where the status says enough.
    pub code: String,
    /// Why, in words.
    pub message: String,
    /// The id the API gave.
    pub remote_id: Option<String>,
}

impl RowOutcome {
    /// An outcome with a reason and without an id.
    pub fn new(status: Status, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), message: message.into(), remote_id: None }
    }

    /// Taken by the API.
    pub fn accepted(remote_id: Option<String>) -> Self {
        Self { status: Status::Accepted, code: String::new(), message: String::new(), remote_id }
    }
}

/// The amounts of one row, as far as they can be read; customers have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Amounts {
    /// Taxable value, `baseAmount`.
    pub taxable: Option<Money>,
    /// `cgst`.
    pub cgst: Option<Money>,
    /// `sgst`.
    pub sgst: Option<Money>,
    /// `igst`.
    pub igst: Option<Money>,
    /// Invoice total, `netAmount`.
    pub total: Option<Money>,
    /// Whether some amount of the row could not be read.
    pub unreadable: bool,
}

/// Rows and rupees of one line of the control totals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Sum {
    /// Rows.
    pub rows: u64,
    /// Rows among them that are further lines of a document above, which counts once.
    #[serde(default, skip_serializing_if = "none")]
    pub joined: u64,
    /// Rows among them with an amount that could not be read; what could is in the sums.
    pub rows_with_unreadable_amount: u64,
    /// Sum of taxable values.
    pub taxable: Total,
    /// Sum of central tax.
    pub cgst: Total,
    /// Sum of state tax.
    pub sgst: Total,
    /// Sum of integrated tax.
    pub igst: Total,
    /// Sum of invoice totals; rows without a total count with their taxable value.
    pub total: Total,
}

impl Sum {
    /// Adds one row.
    pub fn add(&mut self, amounts: &Amounts) {
        self.rows += 1;
        self.rows_with_unreadable_amount += u64::from(amounts.unreadable);
        self.taxable += amounts.taxable.unwrap_or_default();
        self.cgst += amounts.cgst.unwrap_or_default();
        self.sgst += amounts.sgst.unwrap_or_default();
        self.igst += amounts.igst.unwrap_or_default();
        self.total += amounts.total.or(amounts.taxable).unwrap_or_default();
    }

    /// Takes a row out again that was added.
    pub fn remove(&mut self, amounts: &Amounts) {
        let negative = |amount: Option<Money>| Total(-i128::from(amount.unwrap_or_default().0));
        let row = Sum {
            taxable: negative(amounts.taxable),
            cgst: negative(amounts.cgst),
            sgst: negative(amounts.sgst),
            igst: negative(amounts.igst),
            total: negative(amounts.total.or(amounts.taxable)),
            ..Sum::default()
        };
        self.merge(&row);
        self.rows -= 1;
        self.rows_with_unreadable_amount -= u64::from(amounts.unreadable);
    }

    /// Adds a further line of a document whose amounts were added with its first.
    pub fn add_joined(&mut self) {
        self.rows += 1;
        self.joined += 1;
    }

    /// Documents, or rows where each is a document of its own.
    pub fn documents(&self) -> u64 {
        self.rows - self.joined
    }

    /// Adds another line.
    pub fn merge(&mut self, other: &Sum) {
        self.rows += other.rows;
        self.joined += other.joined;
        self.rows_with_unreadable_amount += other.rows_with_unreadable_amount;
        self.taxable += other.taxable;
        self.cgst += other.cgst;
        self.sgst += other.sgst;
        self.igst += other.igst;
        self.total += other.total;
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over references")]
fn none(count: &u64) -> bool {
    *count == 0
}

/// Control totals: what was read, and the same by outcome.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Totals {
    /// All data rows.
    pub read: Sum,
    /// By outcome; a status without rows has no line.
    pub by_status: BTreeMap<Status, Sum>,
}

impl Totals {
    /// Adds one row with its outcome.
    pub fn add(&mut self, status: Status, amounts: &Amounts) {
        self.by_status.entry(status).or_default().add(amounts);
    }

    /// Adds a further line of a document with the document's outcome.
    pub fn add_joined(&mut self, status: Status) {
        self.by_status.entry(status).or_default().add_joined();
    }

    /// Adds the totals of another sheet.
    pub fn merge(&mut self, other: &Totals) {
        self.read.merge(&other.read);
        for (status, sum) in &other.by_status {
            self.by_status.entry(*status).or_default().merge(sum);
        }
    }

    /// Rows with a status.
    pub fn rows(&self, status: Status) -> u64 {
        self.by_status.get(&status).map_or(0, |sum| sum.rows)
    }

    /// Rows that were rejected or are invalid.
    pub fn refused(&self) -> u64 {
        self.rows(Status::Rejected) + self.rows(Status::Invalid)
    }

    /// Whether these are fewer than a share of the rows read.
    pub fn is_tolerable(&self, share: f64) -> bool {
        // A share was written in decimal: what its binary form adds must not let a row more pass.
        (self.refused() as f64) + 1e-6 < share * self.read.rows as f64
    }

    /// Whether the outcomes add up to what was read, in rows and in rupees.
    pub fn agree(&self) -> bool {
        let mut added = Sum::default();
        for sum in self.by_status.values() {
            added.merge(sum);
        }
        added == self.read
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_rows_are_tolerable_below_the_share_and_not_at_it() {
        for (rejected, invalid, rows, share, tolerable) in [
            (0, 0, 100, 0.0, false),
            (1, 0, 200, 0.005, false),
            (0, 1, 201, 0.005, true),
            (3, 4, 100, 0.07, false),
            (3, 3, 100, 0.07, true),
            (100, 0, 100, 1.0, false),
            (0, 0, 0, 1.0, false),
        ] {
            let mut totals = Totals { read: Sum { rows, ..Sum::default() }, ..Totals::default() };
            totals.by_status.insert(Status::Rejected, Sum { rows: rejected, ..Sum::default() });
            totals.by_status.insert(Status::Invalid, Sum { rows: invalid, ..Sum::default() });
            assert_eq!(totals.is_tolerable(share), tolerable, "{rejected} + {invalid} of {rows}, {share}");
        }
    }

    #[test]
    fn totals_agree_only_when_every_row_ended_once() {
        let amounts = Amounts { taxable: Some(Money(10_000)), total: Some(Money(11_800)), ..Amounts::default() };
        let mut totals = Totals::default();
        totals.read.add(&amounts);
        totals.read.add(&amounts);
        totals.add(Status::Accepted, &amounts);
        assert!(!totals.agree());
        totals.add(Status::Unknown, &amounts);
        assert!(totals.agree());
        totals.add(Status::NotSent, &amounts);
        assert!(!totals.agree());
    }
}
