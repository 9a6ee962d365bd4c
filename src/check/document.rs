//! What is known of a document that several rows make up, beyond the one row that stands for all of them.
//!
//! [`crate::group`] joins the rows and says here what it met on the way; the rules between the cells take it into
//! account. The one rule: whatever was wrong with any row of a document makes the document invalid.

use crate::finding::Finding;

/// The facts of one document, beside the row made of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document {
    /// How many rows it was made of.
    pub lines: u32,
    /// Columns whose value is unusable, as findings say already.
    pub bad: Vec<u16>,
    /// What was found in its first row.
    pub findings: Vec<Finding>,
    /// Whether an error was found in another of its rows.
    pub invalid: bool,
    /// Whether its rows disagree on what would leave it out, such as a status.
    pub contested: bool,
}
