//! What the API already has of the rows that are about to be planned, as the first-use check found it.
//!
//! Owns the words in which it is told. Leaves the asking to [`crate::send::first_use`], and what follows for a row to
//! [`super::decide`]. The one rule: a record that was found is remembered with the plan, so that no later run sends it.

use std::collections::{HashMap, HashSet};

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
    /// The same content under a key that rows of this run share at the API, though the guard tells them apart.
    Shared {
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

    /// What is wrong with a row that looks at the API like another one of this run.
    pub(super) fn doubt(key: &str, ids: &str) -> Finding {
        conflict(format!(
            "the API has \"{key}\" ({ids}), which fits several rows here, and nothing there tells whose it is"
        ))
    }

    /// What is wrong with a row whose key stands for something else at the API.
    pub(super) fn conflict(key: &str, ids: &str, differences: &str) -> Finding {
        conflict(format!("the API has \"{key}\" with other content: {ids}: {differences}"))
    }
}

/// Takes a record away from rows that have an equal claim to it: it is one row's at most, and nothing tells whose. Rows of
/// one key (`keys`, in their order) are one row given twice.
pub(crate) fn tell_apart(rows: &mut [(u32, Has)], keys: &[[u8; 16]]) {
    let mut claims: HashMap<String, HashSet<[u8; 16]>> = HashMap::new();
    let claim = |has: &Has| match has {
        Has::Same { remote_id, ids } => Some(remote_id.as_ref().unwrap_or(ids).clone()),
        Has::Shared { .. } | Has::Other { .. } => None,
    };
    for ((_, has), key) in rows.iter().zip(keys) {
        if let Some(id) = claim(has) {
            claims.entry(id).or_default().insert(*key);
        }
    }
    for (_, has) in rows {
        if let Has::Same { ids, .. } = &*has
            && claim(has).is_some_and(|id| claims[&id].len() > 1)
        {
            *has = Has::Shared { ids: ids.clone() };
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_fits_two_rows_is_neithers() {
        let same = |id: Option<&str>, ids: &str| Has::Same { remote_id: id.map(str::to_owned), ids: ids.to_owned() };
        let mut rows = vec![
            (0, same(Some("CIN1"), "CIN1")),
            (1, same(Some("CIN2"), "CIN2")),
            (2, same(Some("CIN1"), "CIN1")),
            // The row above once more.
            (3, same(Some("CIN2"), "CIN2")),
        ];
        tell_apart(&mut rows, &[[0; 16], [1; 16], [2; 16], [1; 16]]);
        let shared = |has: &Has| matches!(has, Has::Shared { .. });
        assert_eq!(rows.iter().map(|(_, has)| shared(has)).collect::<Vec<_>>(), [true, false, true, false]);
        assert!(Has::doubt("A-1", "CIN1").message.contains("fits several rows"));
    }
}
