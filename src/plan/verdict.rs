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
    /// Whether the row is a further line of a document above.
    pub fn is_joined(&self) -> bool {
        matches!(self.destiny, Destiny::Joined { .. })
    }
}
