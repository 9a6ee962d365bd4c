//! What the API already has of the rows that are about to be planned, as the first-use check found it.
//!
//! Owns the words in which it is told. Leaves the asking to [`crate::send::first_use`], and what follows for a row to
//! [`super::decide`]. The one rule: a record that was found is remembered with the plan, so that no later run sends it.

use super::invoice_ids::InvoiceIds;
use crate::finding::{Code, Finding, Severity};
use crate::ledger::HistoryMark;
use crate::outcome::{RowOutcome, Status, code};

/// What is known of the API's records when a plan is written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AtApi {
    /// Rows whose key the API has, counted over all sheets, in order.
    pub rows: Vec<(u32, Has)>,
    /// The invoices that rows name by their number.
    pub ids: InvoiceIds,
    /// What the ledger knows of the account's records from this plan on; none where that does not change.
    pub begins_history: Option<HistoryMark>,
}

/// What the API has of a row's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Has {
    /// The same record.
    Same {
        /// The id of the one with our content.
        remote_id: Option<String>,
        /// The ids of all records with the key.
        ids: String,
    },
    /// Other content under the key.
    Other {
        /// The ids of all records with the key.
        ids: String,
        /// Each field that differs, found → ours.
        differences: String,
    },
}

impl Has {
    /// How a row ends that the API has already.
    pub(super) fn outcome(remote_id: Option<&String>, ids: &str) -> RowOutcome {
        RowOutcome {
            remote_id: remote_id.cloned(),
            ..RowOutcome::new(Status::AlreadyAccepted, code::FOUND_AT_API, format!("found at the API: {ids}"))
        }
    }

    /// What is wrong with a row whose key stands for something else at the API.
    pub(super) fn conflict(key: &str, ids: &str, differences: &str) -> Finding {
        conflict(format!("the API has \"{key}\" with other content: {ids}: {differences}"))
    }
}

/// The finding, in these words.
pub(super) fn conflict(message: String) -> Finding {
    Finding {
        code: Code::ConflictsWithApi,
        severity: Severity::Error,
        field: String::new(),
        column: None,
        message,
        hint: Some(
            "correct the record at Enkash, or give the row another number; --first-use sends a row whose record is gone or another one"
                .to_owned(),
        ),
    }
}
