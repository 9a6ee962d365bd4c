//! What one try at a chunk brought, and what of it is decided on and recorded.

use std::time::Duration;

use super::retry::Tried;
use super::settle;
use crate::api::Exchange;
use crate::api::reply::{self, Reading};
use crate::operation::Operation;

/// What one try brought.
pub(super) struct Answer {
    pub(super) exchange: Exchange,
    pub(super) reading: Option<Reading>,
    pub(super) retry_after: Option<Duration>,
}

impl Answer {
    /// Of a request that was recorded and then did not leave.
    pub(super) fn held_back(words: &str) -> Self {
        Self { exchange: Exchange::NotSent(words.to_owned()), reading: None, retry_after: None }
    }

    pub(super) fn after_doubt(mut self, operation: &Operation) -> Self {
        let missing = matches!(&self.exchange, Exchange::Answered(response) if reply::is_missing(response));
        self.reading = self.reading.map(|reading| settle::after_doubt(operation, missing, reading));
        self
    }

    /// Whether the API may have acted without saying so.
    pub(super) fn is_doubtful(&self) -> bool {
        matches!(self.exchange, Exchange::NoReply(_)) || matches!(self.reading, Some(Reading::Unknown { .. }))
    }

    pub(super) fn tried(&self) -> Tried<'_> {
        match (&self.exchange, &self.reading) {
            (Exchange::Answered(_), Some(reading)) => Tried::Answered { reading, retry_after: self.retry_after },
            (Exchange::NotSent(words), _) => Tried::NotSent(words),
            (Exchange::NoReply(words), _) => Tried::NoReply(words),
            (Exchange::Answered(_), None) => Tried::NoReply("the answer was not read"),
        }
    }

    /// Kind, status, request id and body as the ledger keeps them.
    pub(super) fn record(&self) -> (&'static str, Option<u16>, Option<&str>, &[u8]) {
        match &self.exchange {
            Exchange::Answered(response) => {
                ("answered", Some(response.status), response.request_id.as_deref(), &response.body)
            }
            Exchange::NotSent(words) => ("not-sent", None, None, words.as_bytes()),
            Exchange::NoReply(words) => ("no-reply", None, None, words.as_bytes()),
        }
    }
}
