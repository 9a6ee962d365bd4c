//! What must hold before anything is sent: expected rows and totals, and few enough bad rows.

use crate::config::Gate;
use crate::error::RunError;
use crate::finding::{Code, Severity};
use crate::money::Total;
use crate::outcome::{Sum, code};
use crate::wording::{count, grouped};

/// Share of bad rows is not looked at below this many of them.
const LEAST_BAD_ROWS: u64 = 5;

/// Rows that count against the gates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BadRows {
    /// Invalid for any reason.
    pub invalid: u64,
    /// Invalid because a cell could not be read: the sign of a wrong mapping.
    pub unreadable: u64,
}

/// Why nothing is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withheld {
    /// Code of the rows that were good.
    pub code: &'static str,
    /// Why, in words.
    pub reason: String,
}

/// Whether a finding speaks against how the sheet was read, rather than against what the row says.
pub fn is_format_error(code: Code) -> bool {
    !matches!(
        code,
        Code::DuplicateInSheet
            | Code::ConflictsWithEarlierRun
            | Code::ConflictsWithApi
            | Code::CustomerNotFound
            | Code::CustomerAmbiguous
            | Code::CustomerContradiction
            | Code::InvoiceNotFound
            | Code::InvoiceAmbiguous
            | Code::SellerUnlisted
            | Code::OutsidePeriod
            | Code::DocumentNumberTwice
            | Code::CorrectionUnclear
    )
}

/// Counts a row with its findings.
impl BadRows {
    /// Adds what was counted elsewhere.
    pub fn merge(&mut self, other: BadRows) {
        self.invalid += other.invalid;
        self.unreadable += other.unreadable;
    }

    /// Adds one row.
    pub fn add<'f>(&mut self, findings: impl IntoIterator<Item = &'f crate::finding::Finding>) {
        let mut errors = findings.into_iter().filter(|finding| finding.severity == Severity::Error).peekable();
        if errors.peek().is_some() {
            self.invalid += 1;
            self.unreadable += u64::from(errors.any(|finding| is_format_error(finding.code)));
        }
    }
}

/// Whether the row counts and totals are the expected ones; otherwise nothing may be sent.
pub fn expected(gate: &Gate, read: &Sum) -> Result<(), RunError> {
    if let Some(rows) = gate.expect_rows.filter(|rows| *rows != read.rows) {
        return Err(RunError::Input {
            message: format!(
                "--expect-rows: {} expected, {} read; nothing was sent",
                count(rows, "row"),
                count(read.rows, "row")
            ),
            hint: "look for missing or extra rows, or mend the number".to_owned(),
        });
    }
    let total = gate.expect_total.map(Total::from).filter(|total| *total != read.total);
    if let Some(total) = total {
        return Err(RunError::Input {
            message: format!(
                "--expect-total: {} expected, {} read; nothing was sent",
                total.rupees(),
                read.total.rupees()
            ),
            hint: "the sum is over all data rows, of the invoice total or else the taxable value".to_owned(),
        });
    }
    Ok(())
}

/// Whether too many of the rows read are bad; a document of several lines counts once on both sides.
pub fn bad_rows(gate: &Gate, read: &Sum, bad: BadRows) -> Option<Withheld> {
    let (rows, noun) = (read.documents(), if read.joined > 0 { "document" } else { "row" });
    if gate.strict && bad.invalid > 0 {
        return Some(Withheld {
            code: code::STRICT,
            reason: format!("{} invalid and --strict is set", count(bad.invalid, noun)),
        });
    }
    let over = bad.unreadable as f64 > gate.max_invalid * rows as f64;
    (over && bad.unreadable >= LEAST_BAD_ROWS).then(|| Withheld {
        code: code::MAX_INVALID,
        reason: format!(
            "{} of {} cannot be read as they stand, more than --max-invalid {}%: is the mapping right?",
            grouped(bad.unreadable),
            count(rows, noun),
            gate.max_invalid * 100.0
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(strict: bool, max_invalid: f64) -> Gate {
        Gate {
            strict,
            max_invalid,
            expect_rows: None,
            expect_total: None,
            period: None,
            accept_total_mismatch: false,
            allow_empty: false,
            tolerate: 0.0,
        }
    }

    #[test]
    fn the_share_of_bad_rows_counts_from_five_rows_on() {
        for (unreadable, rows, withheld) in
            [(4, 4, false), (5, 100, false), (6, 100, true), (5, 99, true), (0, 0, false)]
        {
            let bad = BadRows { invalid: unreadable, unreadable };
            let read = Sum { rows, ..Sum::default() };
            assert_eq!(bad_rows(&gate(false, 0.05), &read, bad).is_some(), withheld, "{unreadable} of {rows}");
        }
    }

    #[test]
    fn strict_minds_a_single_bad_row_whatever_its_reason() {
        let bad = BadRows { invalid: 1, unreadable: 0 };
        let read = Sum { rows: 1000, ..Sum::default() };
        assert_eq!(bad_rows(&gate(true, 1.0), &read, bad).unwrap().code, "strict");
        assert!(bad_rows(&gate(false, 0.0), &read, bad).is_none());
    }

    #[test]
    fn a_bad_document_of_many_lines_counts_once() {
        let bad = BadRows { invalid: 5, unreadable: 5 };
        for (documents, withheld) in [(90, true), (100, false)] {
            let read = Sum { rows: documents + 400, joined: 400, ..Sum::default() };
            let found = bad_rows(&gate(false, 0.05), &read, bad);
            assert_eq!(found.is_some(), withheld, "{documents}");
            assert!(found.is_none_or(|found| found.reason.starts_with("5 of 90 documents cannot be read")));
        }
    }
}
