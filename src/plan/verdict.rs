//! What planning decided about each row, as the ledger keeps it.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::check::record::Labels;
use crate::finding::Finding;
use crate::outcome::{Amounts, RowOutcome};

/// The decision about one row, and what results and totals need to know of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowVerdict {
    /// The spreadsheet's number.
    pub number: u32,
    /// The physical line where it differs from the number; 0 otherwise.
    pub line_number: u32,
    /// Where the row goes, or how it ended.
    pub destiny: Destiny,
    /// Everything found.
    pub findings: Vec<Finding>,
    /// The business key as results show it.
    pub key: CompactString,
    /// The amounts as far as they can be read.
    pub amounts: Amounts,
    /// What the row is counted under.
    pub labels: Labels,
}

/// The same as it stands in an unpacked block, its texts lent: results and totals look at a million of them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LentVerdict<'b> {
    /// The spreadsheet's number.
    pub number: u32,
    /// The physical line where it differs from the number; 0 otherwise.
    pub line_number: u32,
    /// Where the row goes, or how it ended.
    pub destiny: Destiny,
    /// Everything found.
    pub findings: Vec<Finding>,
    /// The business key as results show it.
    #[serde(borrow)]
    pub key: &'b str,
    /// The amounts as far as they can be read.
    pub amounts: Amounts,
    /// What the row is counted under.
    pub labels: LentLabels<'b>,
}

/// [`Labels`], lent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct LentLabels<'b> {
    /// CEK id that the upload goes under.
    pub account_id: &'b str,
    /// The supplier's GSTIN, blank if the sheet has none.
    pub supplier_gstin: &'b str,
    /// Month of the invoice date, `2026-03`; blank for customers.
    pub month: &'b str,
    /// The invoice date and the customer.
    pub document: &'b str,
}

/// Where a row goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Destiny {
    /// Into a chunk.
    Chunk {
        /// The chunk's number within the run.
        ordinal: u32,
        /// The line in the chunk's file, from 0, the header not counted.
        line: u32,
    },
    /// It ended in planning.
    Ended(RowOutcome),
    /// It is a further line of a document and goes where the document goes.
    Joined {
        /// The number of the document's first row.
        first: u32,
        /// What became of the document.
        document: Box<Destiny>,
    },
}

impl RowVerdict {
    /// The same, its texts lent.
    pub fn lend(&self) -> LentVerdict<'_> {
        let labels = LentLabels {
            account_id: &self.labels.account_id,
            supplier_gstin: &self.labels.supplier_gstin,
            month: &self.labels.month,
            document: &self.labels.document,
        };
        LentVerdict {
            number: self.number,
            line_number: self.line_number,
            destiny: self.destiny.clone(),
            findings: self.findings.clone(),
            key: &self.key,
            amounts: self.amounts,
            labels,
        }
    }
}

impl LentVerdict<'_> {
    /// Whether the row is a further line of a document above.
    pub fn is_joined(&self) -> bool {
        matches!(self.destiny, Destiny::Joined { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Code, Severity};
    use crate::ledger::blob;
    use crate::outcome::Status;

    #[test]
    fn a_lent_verdict_says_what_the_stored_one_says() {
        let finding = Finding {
            code: Code::ConflictsWithApi,
            severity: Severity::Error,
            field: "netAmount".to_owned(),
            column: Some(3),
            message: "₹ differs".to_owned(),
            hint: None,
        };
        let ended = Destiny::Ended(RowOutcome::new(Status::Invalid, "code", "words"));
        let document = Box::new(Destiny::Chunk { ordinal: 7, line: 3 });
        let destinies = [Destiny::Chunk { ordinal: 1, line: 2 }, ended, Destiny::Joined { first: 2, document }];
        let verdicts = destinies.map(|destiny| RowVerdict {
            number: 12,
            line_number: 13,
            destiny,
            findings: vec![finding.clone()],
            key: "A-1 ü".into(),
            amounts: Amounts { unreadable: true, ..Amounts::default() },
            labels: Labels {
                account_id: "CEK".into(),
                supplier_gstin: "".into(),
                month: "2026-03".into(),
                document: "d".into(),
            },
        });
        let packed = blob::pack(&verdicts.to_vec());
        let block = blob::decompress(&packed).unwrap();
        let lent: Vec<LentVerdict<'_>> = blob::read(&block).unwrap();
        assert_eq!(lent, verdicts.iter().map(RowVerdict::lend).collect::<Vec<_>>());
    }
}
