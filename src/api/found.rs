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

/// Words in names of numbers beside the records that are no count of records.
const OTHER_NUMBERS: [&str; 9] = ["page", "limit", "size", "offset", "code", "amount", "time", "stamp", "version"];

/// Limit: more than any account holds; larger numbers are points in time or sums.
const LARGEST_TOTAL: u64 = 100_000_000;

impl Record {
    /// A field as text; none if it is absent, null, empty or no scalar. `{label, name}` gives its name.
    pub fn text(&self, name: &str) -> Option<String> {
        scalar(present(&self.0, name)?)
    }

    /// The objects of a list, such as the contacts of a customer; none are an empty list.
    pub fn objects(&self, name: &str) -> impl Iterator<Item = Record> {
        let list = self.0.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        list.iter().filter_map(Value::as_object).cloned().map(Record)
    }

    /// The texts of a list; none if the field is no list.
    pub fn texts(&self, name: &str) -> Option<Vec<String>> {
        Some(self.0.get(name)?.as_array()?.iter().filter_map(scalar).collect())
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Object(object) => present(object, "name").and_then(word),
        Value::Bool(truth) => Some(truth.to_string()),
        value => word(value),
    }
}

/// Reads the answer to a search.
pub fn read_search(response: &Response) -> SearchReading {
    let status = response.status;
    if !response.complete {
        return broken(&format!("the answer ({status}) did not arrive whole"));
    }
    let body = serde_json::from_slice::<Value>(&response.body);
    let success = (200..300).contains(&status);
    match body {
        Ok(Value::Array(items)) if success => page(items, None),
        Ok(Value::Object(object)) => {
            let envelope = Envelope::of(object);
            match refusal(response, Some(&envelope)) {
                Some(refusal) => refusal,
                None => read_payload(envelope.payload),
            }
        }
        Ok(other) if success => useless(&format!("the answer is no page of records: {other}")),
        Err(_) if success => broken(&format!("the answer ({status}) is not readable: {}", words(response, None))),
        _ => refusal(response, None).unwrap_or_else(|| broken(&format!("the server answered {status}"))),
    }
}

/// What an answer says that is no success; none if it is one.
fn refusal(response: &Response, envelope: Option<&Envelope>) -> Option<SearchReading> {
    let (status, retry_after) = (response.status, response.retry_after);
    let success = (200..300).contains(&status);
    if success && !envelope.is_some_and(Envelope::failed) {
        return None;
    }
    let message = words(response, envelope);
    let code = envelope.and_then(|envelope| envelope.code).filter(|&code| code != 0);
    let kind = envelope.and_then(|envelope| envelope.error.as_ref()?.kind.as_deref());
    Some(match (status, code, kind) {
        (429, ..) | (200..300 | 400, Some(429), _) => SearchReading::Later { throttled: true, retry_after, message },
        (503, ..) if retry_after.is_some() => SearchReading::Later { throttled: false, retry_after, message },
        (401, ..) | (200..300 | 400, Some(401), _) | (200..300 | 400, _, Some("UNAUTHORIZED")) => {
            SearchReading::Unauthorized { message }
        }
        (408 | 500.., ..) => broken(&format!("the server answered {status}: {message}")),
        (_, Some(code @ 500..), _) => broken(&format!("the server answered code {code}: {message}")),
        (_, _, Some(kind @ ("SYSTEM_ERROR" | "UNKNOWN_ERROR" | "CLIENT_REQUEST_ABORT"))) => {
            broken(&format!("the server answered {kind}: {message}"))
        }
        _ => {
            let number = code.filter(|_| success).unwrap_or(i64::from(status));
            useless(&format!("the search was refused with {number}: {message}"))
        }
    })
}

fn read_payload(payload: Option<Value>) -> SearchReading {
    match payload {
        Some(Value::Array(items)) => page(items, None),
        Some(Value::Object(mut object)) => match object.remove("data") {
            Some(Value::Array(items)) => {
                let total = total(&object, items.len() as u64);
                page(items, total)
            }
            _ => useless("the answer has a payload, but no list of records in it"),
        },
        Some(other) => useless(&format!("the payload of the answer is no list of records: {other}")),
        None => useless("the answer says success and has no payload"),
    }
}

/// The number of matching records, if exactly one number beside the records can be it.
fn total(beside: &Map<String, Value>, records: u64) -> Option<u64> {
    let mut candidates = beside.iter().filter_map(|(name, value)| {
        let name = name.to_ascii_lowercase();
        let count = u64::try_from(integer(value)?).ok()?;
        let counts = !OTHER_NUMBERS.iter().any(|other| name.contains(other));
        (counts && (records..=LARGEST_TOTAL).contains(&count)).then_some(count)
    });
    let total = candidates.next()?;
    candidates.next().is_none().then_some(total)
}

fn page(items: Vec<Value>, total: Option<u64>) -> SearchReading {
    let mut records = Vec::with_capacity(items.len());
    for item in items {
        match item {
            Value::Object(object) => records.push(Record(object)),
            other => return useless(&format!("the answer lists something that is no record: {other}")),
        }
    }
    SearchReading::Page(Page { records, total })
}

fn broken(reason: &str) -> SearchReading {
    SearchReading::Broken { reason: plain_words(reason) }
}

fn useless(reason: &str) -> SearchReading {
    SearchReading::Useless { reason: plain_words(reason) }
}

fn words(response: &Response, envelope: Option<&Envelope>) -> String {
    if let Some(words) = envelope.and_then(Envelope::words) {
        return words;
    }
    let body = String::from_utf8_lossy(&response.body);
    if body.trim().is_empty() { format!("HTTP {} without a text", response.status) } else { plain_words(&body) }
}
