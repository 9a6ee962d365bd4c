//! Why a call of the typed client did not end well, and whether the server may have acted on it.
//!
//! Owns the kinds of failure and how an answer is told to be one of them; the rules are those of
//! [`reply`](crate::api::reply), which uploads go by too. The one rule: a failure is only called not acted on where the
//! contract says so (2.3, 4.3 rule 7).

use std::time::Duration;

use serde_json::Value;

use super::reply::Reply;
use crate::api::envelope::Envelope;
use crate::api::reply::{Reading, is_success, refusal, unsettling, words};
use crate::api::{Exchange, Response, TokenError, envelope};

/// Why a call did not end well. [`ClientError::may_have_been_acted_on`] is the question that matters before a repetition.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The request breaks a documented rule, or the settings forbid it; nothing was sent.
    #[error("{what}: {problem}")]
    Invalid {
        /// The field or setting.
        what: &'static str,
        /// What is wrong, and what is expected.
        problem: String,
    },
    /// No connection was made; no byte of the request left.
    #[error("not sent: {0}")]
    NotSent(String),
    /// There is no token; the call itself was not sent.
    #[error("no log-in")]
    LogIn(#[source] TokenError),
    /// The API refused the request as a whole; by the contract's assumption nothing of it was done.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// The account, the address or the route is not served: by a gateway that names no record, or with a token that
    /// was fresh. No other request of the kind will fare better.
    #[error("denied with {status}: {message}")]
    Denied {
        /// HTTP status, or the envelope's code where the status says little.
        status: u16,
        /// The server's words, at most 500 characters.
        message: String,
        /// The server's name for the request.
        request_id: Option<String>,
    },
    /// The server asks for patience: 429, or 503 with a time to wait. Nothing was done.
    #[error("put off by the server: {message}")]
    Throttled {
        /// What it asks to wait, where it says so.
        retry_after: Option<Duration>,
        /// The server's words, at most 500 characters.
        message: String,
    },
    /// Nobody can say what became of the request: no answer, a broken one, a 408, or a 5xx. A request that changes
    /// something must be looked up before it is sent again.
    #[error("nobody knows what became of it: {reason}")]
    Unknown {
        /// Why not.
        reason: String,
        /// The server's name for the request, where an answer came.
        request_id: Option<String>,
    },
}

/// What the API said in refusing a request.
#[derive(Debug, Clone, Default, PartialEq, thiserror::Error)]
#[error("refused with {status}: {message}")]
#[non_exhaustive]
pub struct Refusal {
    /// HTTP status; a refusal may come with 200 (contract 2.3).
    pub status: u16,
    /// The envelope's `response_code`, where it has one other than 0.
    pub code: Option<i64>,
    /// The envelope's `errorType`, such as `RECORD_NOT_FOUND`.
    pub kind: Option<String>,
    /// The API's words, at most 500 characters.
    pub message: String,
    /// The API's name for the request.
    pub request_id: Option<String>,
    /// What stands in `payload`.
    pub payload: Option<Value>,
}

impl ClientError {
    /// Whether the server may have done what was asked, so that asking again could do it twice.
    pub fn may_have_been_acted_on(&self) -> bool {
        matches!(self, ClientError::Unknown { .. })
    }

    /// Whether the API says that the record does not exist.
    pub fn is_not_found(&self) -> bool {
        let ClientError::Refused(refusal) = self else { return false };
        refusal.status == 404 || refusal.code == Some(404) || refusal.kind.as_deref() == Some("RECORD_NOT_FOUND")
    }

    pub(super) fn invalid(what: &'static str, problem: impl Into<String>) -> Self {
        ClientError::Invalid { what, problem: problem.into() }
    }
}

/// How one exchange ended.
pub(super) enum Verdict {
    /// Well, with the payload as it came.
    Done(Reply<Value>),
    /// The token was not taken.
    Unauthorized(String, Option<String>),
    /// Otherwise.
    Failed(ClientError),
}

/// Reads what came back, by the success test of contract 2.3.
pub(super) fn judge(exchange: Exchange) -> Verdict {
    let response = match exchange {
        Exchange::Answered(response) => response,
        Exchange::NotSent(words) => return Verdict::Failed(ClientError::NotSent(words)),
        Exchange::NoReply(reason) => return unknown(&reason, None),
    };
    let (status, request_id) = (response.status, response.request_id.clone());
    if !response.complete {
        return unknown(&format!("the answer ({status}) did not arrive whole"), request_id);
    }
    let envelope = Envelope::read(&response.body);
    let message = words(&response, envelope.as_ref());
    if status == 503 && response.retry_after.is_some() {
        return Verdict::Failed(ClientError::Throttled { retry_after: response.retry_after, message });
    }
    if let Some(reason) = unsettling(status, envelope.as_ref()) {
        return unknown(&format!("{reason}: {message}"), request_id);
    }
    match envelope {
        Some(envelope) if is_success(status) && !envelope.failed() => {
            let Envelope { code, message, payload, .. } = envelope;
            Verdict::Done(Reply { status, code, message, request_id, payload })
        }
        None if is_success(status) => bare(&response, &message),
        envelope => refused(&response, envelope, message),
    }
}

/// An answer without an envelope: a list or a text may be the payload itself.
fn bare(response: &Response, words: &str) -> Verdict {
    let (status, request_id) = (response.status, response.request_id.clone());
    match serde_json::from_slice(&response.body) {
        Ok(payload @ (Value::Array(_) | Value::String(_))) => {
            Verdict::Done(Reply { status, code: None, message: None, request_id, payload: Some(payload) })
        }
        _ => unknown(&format!("the answer ({status}) is not readable: {words}"), request_id),
    }
}

fn refused(response: &Response, envelope: Option<Envelope>, message: String) -> Verdict {
    let request_id = response.request_id.clone();
    let status = response.status;
    match (refusal(status, envelope.as_ref(), message), envelope) {
        (Reading::Unauthorized { message }, _) => Verdict::Unauthorized(message, request_id),
        (Reading::NotActedOn { message, .. }, _) => {
            Verdict::Failed(ClientError::Throttled { retry_after: response.retry_after, message })
        }
        // What the API says of a record is a refusal; what a gateway says of a route or an address is not.
        (Reading::RefusedWhole { message, .. } | Reading::Denied { status: 403 | 404, message }, Some(envelope)) => {
            Verdict::Failed(ClientError::Refused(Box::new(Refusal {
                status,
                code: envelope.code.filter(|&code| code != 0),
                kind: envelope.error.and_then(|error| error.kind),
                message,
                request_id,
                payload: envelope.payload,
            })))
        }
        (Reading::RefusedWhole { message, .. }, None) => {
            let refusal = Refusal { status, message, request_id, ..Refusal::default() };
            Verdict::Failed(ClientError::Refused(Box::new(refusal)))
        }
        (Reading::Denied { status, message }, _) => {
            Verdict::Failed(ClientError::Denied { status, message, request_id })
        }
        (Reading::Rows { .. } | Reading::Unknown { .. }, _) => {
            unknown(&format!("the answer ({status}) has no known shape"), request_id)
        }
    }
}

fn unknown(reason: &str, request_id: Option<String>) -> Verdict {
    Verdict::Failed(ClientError::Unknown { reason: envelope::plain_words(reason), request_id })
}
