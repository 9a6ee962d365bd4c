//! The API as the rest of arload sees it: tokens, uploads, and what came back.
//!
//! Owns the wire: routes, headers, multipart bodies, OAuth, and reading replies by the rules of the contract
//! ([`reply`]). Leaves pace, repetition and recording to [`crate::send`]. The one rule: what came back is handed
//! on as it was, and nothing here ever sends a request twice.

pub mod answered;
pub mod auth;
pub mod body;
pub mod client;
mod envelope;
pub mod found;
pub mod guard;
mod items;
pub mod reply;
#[cfg(test)]
mod scripted;
mod strike;
pub mod typed;
mod wire;

use std::time::Duration;

use secrecy::SecretString;

pub use typed::{Client, ClientError, ClientSettings};

use crate::operation::Operation;
use crate::operation::routes::Endpoint;

/// The API, or a stand-in for it in tests.
pub trait Api: Sync {
    /// A token to send with: the shared one while it lives, else a new one, asked for by one thread for all.
    fn token(&self) -> Result<Token, TokenError>;

    /// Makes the shared token forgotten after a 401, unless another thread has renewed it meanwhile.
    fn discard(&self, token: &Token);

    /// Sends one chunk, once.
    fn call(&self, token: &Token, call: &Call<'_>) -> Exchange;

    /// Asks for one page of a search, once.
    fn search(&self, token: &Token, search: &Search<'_>) -> Exchange;
}

/// What can be searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Searched {
    /// Invoices, by the filters of contract 6.4.
    Invoices,
    /// Customers, by the filters of contract 5.3.
    Customers,
}

impl Searched {
    /// Where the search is asked for.
    pub fn endpoint(self) -> Endpoint {
        match self {
            Searched::Invoices => Endpoint::InvoiceSearch,
            Searched::Customers => Endpoint::CustomerSearch,
        }
    }
}

/// One page of a search.
#[derive(Debug, Clone, Copy)]
pub struct Search<'a> {
    /// What is searched for.
    pub searched: Searched,
    /// The filters, a JSON object.
    pub filters: &'a serde_json::Value,
    /// Where the page begins; whether it counts rows or pages is not documented.
    pub offset: u64,
    /// Records of a page, at most 5,000.
    pub limit: u32,
}

/// An access token and which one it was.
#[derive(Debug, Clone)]
pub struct Token {
    /// What stands in the `Authorization` header after the scheme.
    pub secret: SecretString,
    /// Counts the tokens of this process, so that a 401 discards only the token it speaks of.
    pub generation: u64,
}

/// Why there is no token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The log-in was refused; the same credentials must not be tried again.
    #[error("the log-in was refused: {0}")]
    Refused(String),
    /// These credentials were refused earlier; nothing was sent now.
    #[error(
        "these credentials were refused earlier ({0}); they are not tried again until they change; \"arload auth check\" tries them"
    )]
    RefusedEarlier(String),
    /// No usable answer; trying again later is safe.
    #[error("no token: {message}")]
    Unavailable {
        /// What happened.
        message: String,
        /// What the server asked to wait.
        retry_after: Option<Duration>,
    },
}

/// One chunk to send.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// Decides the route.
    pub operation: &'static Operation,
    /// The CEK id for the route's account parameter, where it has one.
    pub account_id: &'a str,
    /// Name of the file in the multipart part of an upload.
    pub file_name: &'a str,
    /// The chunk's lines: for an upload the exact bytes of the file, for the other kinds what [`body`] makes JSON of.
    pub payload: &'a [u8],
}

/// What became of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exchange {
    /// The server answered; the answer may still be useless.
    Answered(Response),
    /// No connection was made, so no byte of the body left.
    NotSent(String),
    /// The request left, at least in part, and no answer came.
    NoReply(String),
}

/// An answer as it came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// The `Retry-After` header, from seconds or a date, as time to wait from now.
    pub retry_after: Option<Duration>,
    /// What `RateLimit-*` or `X-RateLimit-*` headers say is left, and when it is reset.
    pub rate_left: Option<RateLeft>,
    /// The server's name for the request, from a header or the envelope.
    pub request_id: Option<String>,
    /// The `Date` header, in seconds since 1970.
    pub server_time: Option<i64>,
    /// The body, up to the limit.
    pub body: Vec<u8>,
    /// Whether the body arrived whole and within the limit.
    pub complete: bool,
}

/// What rate headers say; they feed the limiter and never decide whether to retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLeft {
    /// Requests left in the window.
    pub remaining: u64,
    /// Time until the window starts anew.
    pub reset: Option<Duration>,
}
