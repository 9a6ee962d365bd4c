//! What the items of a bulk reply say of one row, taken together (contract 4.3, rules 5 and 6).
//!
//! The one rule: items that contradict one another settle nothing.

use super::RowReading;
use crate::api::envelope::plain_words;

/// What items said of one row so far.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Mark {
    pub(super) failed: bool,
    pub(super) succeeded: bool,
    /// Whether an item that names it may mean another row.
    doubted: bool,
    messages: Vec<String>,
    /// Ids that successes give it, each once.
    pub(super) remote_ids: Vec<String>,
    /// Whether another row of the reply has one of them, too.
    pub(super) shares_id: bool,
}

impl Mark {
    pub(super) fn fail(&mut self, message: Option<String>, doubted: bool) {
        self.failed = true;
        self.doubted |= doubted;
        self.messages.extend(message.filter(|message| !self.messages.contains(message)));
    }

    pub(super) fn succeed(&mut self, remote_id: Option<String>, doubted: bool) {
        self.succeeded = true;
        self.doubted |= doubted;
        self.remote_ids.extend(remote_id.filter(|id| !self.remote_ids.contains(id)));
    }

    /// Whether its row is settled as accepted.
    pub(super) fn is_accepted(&self, vouched: bool) -> bool {
        self.contradiction().is_none() && !self.failed && (self.succeeded || vouched)
    }

    /// Why what was said of the row cannot be believed, if so.
    fn contradiction(&self) -> Option<String> {
        let words = match self.remote_ids.as_slice() {
            _ if self.doubted => {
                "the reply names it by a row number alone, and row numbers of the reply do not fit the file".to_owned()
            }
            _ if self.failed && self.succeeded => {
                "the reply names the row both as a success and as a failure".to_owned()
            }
            ids if self.shares_id => format!("the reply gives its id to several rows: {}", ids.join(", ")),
            ids @ [_, _, ..] => format!("the reply gives the row several ids: {}", ids.join(", ")),
            _ => return None,
        };
        Some(plain_words(&words))
    }

    /// Rules 5 and 6.
    pub(super) fn settle(self, vouched: bool) -> RowReading {
        if let Some(reason) = self.contradiction() {
            return RowReading::Unknown { reason };
        }
        match (self.failed, self.succeeded) {
            (true, _) if self.messages.is_empty() => {
                RowReading::Rejected { message: "refused without a reason".to_owned() }
            }
            (true, _) => RowReading::Rejected { message: plain_words(&self.messages.join("; ")) },
            (false, true) => RowReading::Accepted { remote_id: self.remote_ids.into_iter().next() },
            (false, false) if vouched => RowReading::Accepted { remote_id: None },
            (false, false) => RowReading::Unknown { reason: "the reply does not settle the row".to_owned() },
        }
    }
}
