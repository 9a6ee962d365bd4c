//! What a bulk reply says of each row sent, by the rules of the contract (2.2, 2.3, 4.3).
//!
//! Pure: values in, values out. `items` says which row an item speaks of, `envelope` how values
//! are read. Leaves what to do next to [`crate::send::retry`] and to the look-up. The one rule: a row is accepted or
//! rejected only on what the reply says of it; everything else is unknown.

use std::collections::{HashMap, HashSet};

mod mark;
mod whole;

use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::Response;
use super::envelope::{Envelope, integer, plain_words, present, word};
pub use super::items::ReplyNames;
use crate::operation::{AnswerKind, Operation, RequestKind};
use mark::Mark;

/// Lists and counts by which a payload is known to speak of rows: a `BulkResponse` (contract 4.1), or the lists of an
/// action on invoices (contract 6.4).
const BULK_FIELDS: [&str; 9] = [
    "successRequests",
    "failureRequests",
    "successInvoices",
    "failureInvoices",
    "success_count",
    "failure_count",
    "failure_count_second_file",
    "total_count",
    "warn_count",
];

/// Those among them that count rows sent.
const COUNTS: [&str; 4] = ["success_count", "failure_count", "failure_count_second_file", "total_count"];

/// What a reply can be recognised by, of one row as it was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SentRow {
    /// Column `invoiceNumber`.
    pub invoice_number: Option<String>,
    /// Column `externalId`.
    pub external_id: Option<String>,
    /// Column `uniqueRefNo`.
    pub unique_ref_no: Option<String>,
    /// Column `customerId`.
    pub customer_id: Option<String>,
    /// Column `invoiceId`.
    pub invoice_id: Option<String>,
    /// Column `baseAmount`, for comparing totals.
    pub base_amount: Option<Decimal>,
    /// Column `netAmount`, for comparing totals.
    pub net_amount: Option<Decimal>,
}

/// What a reply says of the chunk as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// The reply speaks of rows.
    Rows {
        /// One reading for each row sent, in their order.
        rows: Vec<RowReading>,
        /// Failures that fit no row, as raw JSON cut at 500 characters.
        unmatched: Vec<String>,
        /// What does not add up, a sentence each.
        disagreements: Vec<String>,
    },
    /// The file was refused as a whole and not stored; the fault is in the file.
    RefusedWhole {
        /// HTTP status.
        status: u16,
        /// The envelope's own code, where it has one.
        code: Option<i64>,
        /// The server's words.
        message: String,
    },
    /// Nothing was done with the file: it can be sent again later.
    NotActedOn {
        /// Whether the server asked for a slower pace (429).
        throttled: bool,
        /// The server's words.
        message: String,
    },
    /// The token was not taken.
    Unauthorized {
        /// The server's words.
        message: String,
    },
    /// The API does not let this account do it; the rows stay unsent and the run stops.
    Denied {
        /// HTTP status, or the envelope's code where the status was 2xx.
        status: u16,
        /// The server's words.
        message: String,
    },
    /// Nobody can say what became of the rows before they are looked up.
    Unknown {
        /// Why not.
        reason: String,
    },
}

/// What a reply says of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowReading {
    /// The API took it.
    Accepted {
        /// The id that the API gave, where the reply names it.
        remote_id: Option<String>,
    },
    /// The API refused it.
    Rejected {
        /// The server's words.
        message: String,
    },
    /// The reply does not settle it.
    Unknown {
        /// Why not.
        reason: String,
    },
}

impl SentRow {
    /// JSON names of the business keys.
    pub const KEY_NAMES: [&'static str; 5] = ["invoiceNumber", "externalId", "uniqueRefNo", "customerId", "invoiceId"];

    /// The id of the record that the row names, under its field's name.
    pub(super) fn record_id(&self, name: &str) -> Option<&str> {
        match name {
            "invoiceId" => self.invoice_id.as_deref(),
            "customerId" => self.customer_id.as_deref(),
            _ => None,
        }
    }

    /// The business keys, in the order of [`SentRow::KEY_NAMES`].
    pub fn keys(&self) -> [Option<&str>; 5] {
        [&self.invoice_number, &self.external_id, &self.unique_ref_no, &self.customer_id, &self.invoice_id]
            .map(|key| key.as_deref())
    }
}

/// The rows of a chunk, from its exact bytes: a CSV file with a header row. An empty cell is a key not given.
pub fn sent_rows(payload_csv: &[u8]) -> Vec<SentRow> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(payload_csv);
    let Ok(headers) = reader.byte_headers().cloned() else { return Vec::new() };
    let place = |name: &str| headers.iter().position(|heading| heading == name.as_bytes());
    let keys = SentRow::KEY_NAMES.map(place);
    let amounts = ["baseAmount", "netAmount"].map(place);
    let (mut rows, mut record) = (Vec::new(), csv::ByteRecord::new());
    // Reading from memory with `flexible` cannot fail.
    while reader.read_byte_record(&mut record).unwrap_or(false) {
        let text = |place: Option<usize>| place.and_then(|place| record.get(place)).map(String::from_utf8_lossy);
        let key = |place| text(place).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let [invoice_number, external_id, unique_ref_no, customer_id, invoice_id] = keys.map(key);
        let [base_amount, net_amount] = amounts.map(|place| text(place)?.trim().parse().ok());
        rows.push(SentRow {
            invoice_number,
            external_id,
            unique_ref_no,
            customer_id,
            invoice_id,
            base_amount,
            net_amount,
        });
    }
    rows
}

/// Reads the answer to a chunk of `rows`.
pub fn read(operation: &Operation, response: &Response, rows: &[SentRow], names: &ReplyNames) -> Reading {
    match operation.answer {
        // Some answers to lists name what succeeded and failed all the same.
        AnswerKind::Whole if operation.request == RequestKind::Ids && speaks_of_ids(&response.body) => {
            read_rows(operation, response, rows, names)
        }
        AnswerKind::Whole => whole::read(operation, response, rows),
        AnswerKind::Bulk => read_rows(operation, response, rows, names),
        AnswerKind::Lists => match read_rows(operation, response, rows, names) {
            // An envelope of the API speaks of one of the ids, a page of a gateway of the route.
            Reading::Denied { status: status @ (403 | 404), message }
                if Envelope::read(&response.body).as_ref().is_some_and(Envelope::speaks) =>
            {
                Reading::RefusedWhole { status, code: None, message }
            }
            reading => reading,
        },
    }
}

fn speaks_of_ids(body: &[u8]) -> bool {
    let payload = Envelope::read(body).and_then(|envelope| envelope.payload);
    payload.as_ref().and_then(Value::as_object).and_then(Bulk::read).is_some()
}

/// Reads an answer that speaks of rows.
fn read_rows(operation: &Operation, response: &Response, rows: &[SentRow], names: &ReplyNames) -> Reading {
    let status = response.status;
    if !response.complete {
        return unknown(&format!("the answer ({status}) did not arrive whole"));
    }
    // A gateway that names a time to come back has not passed the request on, whatever its body says.
    if status == 503 && response.retry_after.is_some() {
        return Reading::NotActedOn { throttled: false, message: words(response, None) };
    }
    let envelope = Envelope::read(&response.body);
    if let Some(reason) = unsettling(status, envelope.as_ref()) {
        return unknown(&format!("{reason}: {}", words(response, envelope.as_ref())));
    }
    let bulk = envelope.as_ref().and_then(|envelope| envelope.payload.as_ref()?.as_object()).and_then(Bulk::read);
    let words = words(response, envelope.as_ref());
    match (&envelope, bulk) {
        (_, Some(bulk)) if bulk.names_results() || (is_success(status) && bulk.counts()) => {
            bulk.read_rows(operation, rows, names)
        }
        (None, _) if is_success(status) => unknown(&format!("the answer ({status}) is not readable: {words}")),
        (Some(Envelope { odd_code: Some(code), .. }), None) if is_success(status) => unknown(&odd(code, &words)),
        (Some(envelope), bulk) if is_success(status) && (bulk.is_some() || !envelope.failed()) => {
            unknown("the reply has no counts and no lists")
        }
        _ => refusal(status, envelope.as_ref(), words),
    }
}

/// Whether a payload names what became of rows or ids, so that a failure around it refuses nothing as a whole.
pub(super) fn names_results(payload: &Value) -> bool {
    payload.as_object().and_then(Bulk::read).is_some_and(|bulk| bulk.names_results())
}

/// Whether the API says that the record is not there, and not a gateway that the route is not.
pub fn is_missing(response: &Response) -> bool {
    let Some(envelope) = Envelope::read(&response.body) else { return false };
    let kind = envelope.error.as_ref().and_then(|error| error.kind.as_deref());
    response.status == 404 || envelope.code == Some(404) || kind == Some("RECORD_NOT_FOUND")
}

pub(super) fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

fn unknown(reason: &str) -> Reading {
    Reading::Unknown { reason: plain_words(reason) }
}

/// Why an answer leaves open whether the file was stored (rule 7), if it does.
pub(super) fn unsettling(status: u16, envelope: Option<&Envelope>) -> Option<String> {
    match status {
        408 => return Some("the server gave up waiting (408)".to_owned()),
        200..=299 | 400..=451 => {}
        _ => return Some(format!("the server answered {status}")),
    }
    let envelope = envelope?;
    if let Some(code) = envelope.code.filter(|&code| code >= 500) {
        return Some(format!("the server answered code {code}"));
    }
    let kind = envelope.error.as_ref()?.kind.as_deref()?;
    matches!(kind, "SYSTEM_ERROR" | "UNKNOWN_ERROR" | "CLIENT_REQUEST_ABORT")
        .then(|| format!("the server answered {kind}"))
}

/// Why an answer that calls itself a success by its status alone says neither that nor the contrary.
fn odd(code: &str, words: &str) -> String {
    format!("the answer has the code {code}, which is no number: {words}")
}

/// What a refusal of the whole file means: by the envelope's code where the status says little, else by the status.
pub(super) fn refusal(status: u16, envelope: Option<&Envelope>, message: String) -> Reading {
    let code = envelope.and_then(|envelope| envelope.code).filter(|&code| code != 0);
    let kind = envelope.and_then(|envelope| envelope.error.as_ref()?.kind.as_deref());
    let decisive = match (status, code, kind) {
        (401 | 403 | 404 | 429, ..) => status,
        (_, Some(code @ (401 | 403 | 404 | 429)), _) => code as u16,
        (_, _, Some("UNAUTHORIZED")) => 401,
        (_, _, Some("INVALID_ACCESS")) => 403,
        _ => status,
    };
    match decisive {
        401 => Reading::Unauthorized { message },
        429 => Reading::NotActedOn { throttled: true, message },
        200..=299 | 400 | 409 | 412 | 413 | 422 => Reading::RefusedWhole { status, code, message },
        _ => Reading::Denied { status: decisive, message },
    }
}

pub(super) fn words(response: &Response, envelope: Option<&Envelope>) -> String {
    if let Some(words) = envelope.and_then(Envelope::words) {
        return words;
    }
    let body = String::from_utf8_lossy(&response.body);
    if body.trim().is_empty() { format!("HTTP {} without a text", response.status) } else { plain_words(&body) }
}

/// A sum as servers write it: that of a hundred lakh may come as `1.0E7`.
fn decimal(text: &str) -> Option<Decimal> {
    text.parse().or_else(|_| Decimal::from_scientific(text)).ok()
}

/// The documented parts of a `BulkResponse`.
#[derive(Debug)]
struct Bulk<'p> {
    successes: Vec<&'p Value>,
    failures: Vec<&'p Value>,
    success_count: Option<i64>,
    failure_count: Option<i64>,
    second_file: Option<i64>,
    total_count: Option<i64>,
    total_amount: Option<Decimal>,
    /// Counts that are there and are no whole number.
    unreadable: Vec<String>,
}

impl<'p> Bulk<'p> {
    fn read(payload: &'p Map<String, Value>) -> Option<Self> {
        if !BULK_FIELDS.iter().any(|name| present(payload, name).is_some()) {
            return None;
        }
        let count = |name: &str| present(payload, name).and_then(integer);
        let odd = |name: &&str| present(payload, name).is_some_and(|value| integer(value).is_none());
        let unreadable = COUNTS.iter().filter(|name| odd(name)).map(|name| format!("{name} is {}", payload[*name]));
        // Something other than a list still says that there is a result; it fits no row.
        let items = |name: &str| match present(payload, name) {
            Some(Value::Array(items)) => items.as_slice(),
            Some(other) => std::slice::from_ref(other),
            None => &[],
        };
        let list = |of_rows: &str, of_invoices: &str| items(of_rows).iter().chain(items(of_invoices)).collect();
        Some(Self {
            successes: list("successRequests", "successInvoices"),
            failures: list("failureRequests", "failureInvoices"),
            success_count: count("success_count"),
            failure_count: count("failure_count"),
            second_file: count("failure_count_second_file"),
            total_count: count("total_count"),
            total_amount: present(payload, "total_amount").and_then(word).and_then(|text| decimal(&text)),
            unreadable: unreadable.map(|words| plain_words(&(words + ", which is no number"))).collect(),
        })
    }

    /// Whether it speaks of rows so that a 4xx around it does not refuse the file as a whole.
    fn names_results(&self) -> bool {
        !self.successes.is_empty() || !self.failures.is_empty() || self.success_count.is_some_and(|count| count > 0)
    }

    /// A failure that it names or counts, in words.
    fn failure(&self) -> Option<String> {
        let item = self.failures.first().map(ToString::to_string);
        let counted = self.failure_count.filter(|count| *count != 0).map(|count| format!("failure_count is {count}"));
        item.or(counted)
    }

    fn counts(&self) -> bool {
        self.success_count.is_some() || self.failure_count.is_some() || self.total_count.is_some()
    }

    fn read_rows(&self, operation: &Operation, rows: &[SentRow], names: &ReplyNames) -> Reading {
        let mut marks = vec![Mark::default(); rows.len()];
        let mut unmatched = Vec::new();
        let mut disagreements = Vec::new();
        let matched = |items: &[&Value]| items.iter().map(|item| names.matched(item, rows)).collect::<Vec<_>>();
        let (failures, successes) = (matched(&self.failures), matched(&self.successes));
        let misnumbered = failures.iter().chain(&successes).any(|matched| matched.misnumbered);
        for (item, matched) in self.failures.iter().zip(failures) {
            let doubted = misnumbered && matched.by_number_alone;
            match matched.index {
                Some(index) => marks[index].fail(names.message(item), doubted),
                None => unmatched.push(plain_words(&item.to_string())),
            }
        }
        for (item, matched) in self.successes.iter().zip(successes) {
            let doubted = misnumbered && matched.by_number_alone;
            match matched.index {
                Some(index) => {
                    let remote_id = item.get(operation.remote_id).and_then(word);
                    marks[index].succeed(remote_id, doubted);
                }
                None => disagreements
                    .push(plain_words(&format!("an item of successRequests fits no row that was sent: {item}"))),
            }
        }
        if operation.creates() {
            doubt_shared_ids(&mut marks);
        }
        let failed = marks.iter().filter(|mark| mark.failed).count();
        // So far a success that fits no row is all that disagrees.
        let succeeded = marks.iter().filter(|mark| mark.succeeded).count() + disagreements.len();
        let vouched = self.vouches(rows.len(), failed, unmatched.is_empty());
        self.compare_counts(rows.len(), (failed + unmatched.len(), succeeded), &mut disagreements);
        self.compare_amount(rows, |index| marks[index].is_accepted(vouched), &mut disagreements);
        // Counts of a reply that contradicts itself, or what was sent, vouch for nothing.
        let vouched = vouched && disagreements.is_empty();
        let rows_read = marks.into_iter().map(|mark| mark.settle(vouched)).collect();
        Reading::Rows { rows: rows_read, unmatched, disagreements }
    }

    /// Rule 6: whether rows without an item are accepted.
    fn vouches(&self, sent: usize, failed: usize, all_matched: bool) -> bool {
        let rest = i64::try_from(sent - failed).ok();
        let failed = i64::try_from(failed).ok();
        all_matched
            && self.success_count.is_some()
            && self.success_count == rest
            && (self.failure_count.is_none() || self.failure_count == failed)
    }

    fn compare_counts(&self, sent: usize, (failed, succeeded): (usize, usize), disagreements: &mut Vec<String>) {
        let mut compare = |name: &str, given: Option<i64>, expected: usize, what: &str| {
            if let Some(given) = given.filter(|&given| i64::try_from(expected) != Ok(given)) {
                disagreements.push(format!("{name} is {given}, but {expected} {what}"));
            }
        };
        compare("total_count", self.total_count, sent, "rows were sent");
        if !self.failures.is_empty() || self.failure_count.is_some_and(|count| count > 0) {
            compare("failure_count", self.failure_count, failed, "failures are named");
        }
        if self.successes.is_empty() {
            compare("success_count", self.success_count, sent.saturating_sub(failed), "rows have no failure");
        } else {
            // A row that is named twice is one row: the count must not stand for another one beside it.
            compare("success_count", self.success_count, succeeded, "successes are named");
        }
        compare("failure_count_second_file", self.second_file, 0, "rows were sent in a second file");
        disagreements.extend(self.unreadable.iter().cloned());
    }

    /// Nothing says which amount `total_amount` adds up, so any sensible sum agrees; 0 is taken as not filled in.
    fn compare_amount(&self, rows: &[SentRow], accepted: impl Fn(usize) -> bool, disagreements: &mut Vec<String>) {
        let Some(total) = self.total_amount.filter(|total| !total.is_zero()) else { return };
        let sums = |amount: fn(&SentRow) -> Option<Decimal>| {
            let mut all = Some(Decimal::ZERO);
            let mut taken = Some(Decimal::ZERO);
            for (index, row) in rows.iter().enumerate() {
                let amount = amount(row).unwrap_or_default();
                all = all.and_then(|sum| sum.checked_add(amount));
                if accepted(index) {
                    taken = taken.and_then(|sum| sum.checked_add(amount));
                }
            }
            [all, taken]
        };
        let candidates =
            [sums(|row| row.base_amount), sums(|row| row.net_amount), sums(|row| row.net_amount.or(row.base_amount))];
        let known: HashSet<Decimal> = candidates.into_iter().flatten().flatten().filter(|sum| !sum.is_zero()).collect();
        if !known.is_empty() && !known.contains(&total) {
            disagreements.push(format!("total_amount is {total}, which is no sum of the amounts sent"));
        }
    }
}

/// Takes an id away from rows that the reply gives it to together: each record has one of its own.
fn doubt_shared_ids(marks: &mut [Mark]) {
    let mut rows: HashMap<String, usize> = HashMap::new();
    for id in marks.iter().flat_map(|mark| &mark.remote_ids) {
        *rows.entry(id.clone()).or_default() += 1;
    }
    for mark in marks {
        mark.shares_id = mark.remote_ids.iter().any(|id| rows[id] > 1);
    }
}

#[cfg(test)]
mod tests;
