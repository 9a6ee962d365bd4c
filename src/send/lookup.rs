//! What became of lines that no answer settles: what to ask a search for, and what its records say of each line.
//!
//! Pure: values in, values out. Keys and content are those of the duplicate guard (design 7), as far as the API shows
//! them. Leaves the asking to [`super::search`], and the decision when "nothing there" counts as missing to whoever
//! knows the control rows and the settle time. The one rule: a record counts as ours only with our key and our content.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::{Value, json};

pub use super::compare::{Compare, differences};
use super::compare::{SHOWS_TOO_LITTLE, can_be_compared, code, days, phone, words};
use super::paging::mark;
use crate::api::Searched;
use crate::api::found::Record;
use crate::operation::{Key, Operation};

/// Limit: customers that one search asks for (design 7).
pub(super) const MOST_CUSTOMERS: usize = 500;

/// One line of a chunk as it was sent: JSON field names with their cells, empty cells left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SentLine {
    cells: Vec<(Arc<str>, String)>,
}

impl SentLine {
    /// The cell of a field, if it was sent.
    pub fn cell(&self, name: &str) -> Option<&str> {
        self.cells.iter().find(|(field, _)| **field == *name).map(|(_, cell)| cell.as_str())
    }
}

/// The lines of a chunk, from its exact bytes: a CSV file with a header row.
pub fn sent_lines(body: &[u8]) -> Vec<SentLine> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(body);
    let Ok(headers) = reader.byte_headers().cloned() else { return Vec::new() };
    let names: Vec<Arc<str>> = headers.iter().map(|name| Arc::from(String::from_utf8_lossy(name).trim())).collect();
    let line = |record: csv::ByteRecord| {
        let cells = names.iter().zip(&record).map(|(name, cell)| (Arc::clone(name), text(cell)));
        SentLine { cells: cells.filter(|(_, cell)| !cell.is_empty()).collect() }
    };
    // Reading from memory with `flexible` cannot fail.
    reader.byte_records().filter_map(Result::ok).map(line).collect()
}

fn text(cell: &[u8]) -> String {
    String::from_utf8_lossy(cell).trim().to_owned()
}

/// When the records looked for were made, in whole days of the profile's time zone with at least one to spare on both
/// sides, as the zone of the server's stamps is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    bounds: Option<(DateTime, DateTime)>,
}

impl Window {
    /// No bounds: records of any time.
    pub const ALWAYS: Window = Window { bounds: None };

    /// From the first to the last time that something was sent, on this host's clock and on the server's; `ahead` is how
    /// far that is ahead, where its `Date` header told. The stamps may be of either, as a gateway may have answered.
    pub fn around(first: Timestamp, last: Timestamp, ahead: SignedDuration, timezone: &TimeZone) -> Self {
        let there = |time: Timestamp| time.saturating_add(ahead).unwrap_or(time);
        let day = |time: Timestamp| time.to_zoned(timezone.clone()).date();
        let times = [first, last, there(first), there(last)];
        let first = times.into_iter().map(day).fold(day(first), Date::min);
        let last = times.into_iter().map(day).fold(day(last), Date::max);
        let from = first.checked_sub(1.day()).unwrap_or(first).to_datetime(Time::midnight());
        let to = last.checked_add(1.day()).unwrap_or(last).to_datetime(Time::constant(23, 59, 59, 0));
        Self { bounds: Some((from, to)) }
    }

    /// Whether a record was sent to its customer within it, as far as it shows when.
    pub(super) fn holds_dispatch(self, record: &Record, timezone: &TimeZone) -> bool {
        let (Some((from, to)), Some(stamp)) = (self.bounds, record.text("dispatchedOn")) else { return true };
        let days = days(&stamp, timezone);
        days.is_empty() || days.iter().any(|day| (from.date()..=to.date()).contains(day))
    }
}

/// What an operation's records are searched among.
pub fn searched(operation: &Operation) -> Searched {
    if operation.resource == "invoices" { Searched::Invoices } else { Searched::Customers }
}

/// The filters of the searches that show the lines if they are there: customer ids of the lines, at most 500 a search
/// with those of the control rows, which are in each of them, and when the records were made. Customers have no filter
/// that helps, so all are asked for.
pub fn queries(operation: &Operation, lines: &[&SentLine], control: &[SentLine], window: Window) -> Vec<Value> {
    if lines.is_empty() && control.is_empty() {
        return Vec::new();
    }
    if searched(operation) == Searched::Customers {
        return vec![json!({})];
    }
    let mut filters = json!({});
    let dispatches = is_dispatch(operation);
    if dispatches {
        filters["dispatched"] = json!(true);
    }
    if let Some((from, to)) = window.bounds {
        let stamp = |time: DateTime| time.strftime("%Y-%m-%d %H:%M:%S").to_string();
        let when = if dispatches { "dispatchedOn" } else { "createdOn" };
        filters[format!("{when}From")] = json!(stamp(from));
        filters[format!("{when}To")] = json!(stamp(to));
    }
    let Some(of_control) = customers(control.iter()) else { return vec![filters] };
    let Some(of_lines) = customers(lines.iter().copied()) else { return vec![filters] };
    let always: Vec<&str> = of_control.into_iter().take(MOST_CUSTOMERS / 2).collect();
    let further: Vec<&str> = of_lines.into_iter().filter(|id| !always.contains(id)).collect();
    let query = |ids: &[&str]| {
        let mut query = filters.clone();
        query["customerIds"] = json!([always.as_slice(), ids].concat());
        query
    };
    if further.is_empty() {
        return vec![query(&[])];
    }
    further.chunks(MOST_CUSTOMERS - always.len()).map(query).collect()
}

/// Whether what is looked up is not that records are there, but that they were sent to their customers.
pub(super) fn is_dispatch(operation: &Operation) -> bool {
    operation.verb == "dispatch"
}

/// The customers of lines, each once in order of appearance; none if a line names none, as then no filter may be set.
fn customers<'a>(lines: impl Iterator<Item = &'a SentLine>) -> Option<Vec<&'a str>> {
    let mut seen = HashSet::new();
    let mut ids = Vec::new();
    for line in lines {
        let id = line.cell("customerId")?;
        if seen.insert(id) {
            ids.push(id);
        }
    }
    Some(ids)
}

/// What a search says of one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// Stored with our content.
    Ours {
        /// The id that the API gave.
        remote_id: Option<String>,
    },
    /// The key stands there with other content.
    Other {
        /// The id that the API gave.
        remote_id: Option<String>,
        /// Each field that differs, sent → found.
        differences: String,
    },
    /// The key stands there more than once with our content: stored twice.
    Several {
        /// The ids that the API gave.
        remote_ids: Vec<String>,
    },
    /// Records with our content are there, which other lines have as good a claim to.
    Shared {
        /// The ids that the API gave.
        remote_ids: Vec<String>,
    },
    /// The search does not show it; whether that means that it is missing, only a control row can tell, see [`shows`].
    Nothing,
}

impl Seen {
    /// Whether the API has the line, or may have it.
    pub(super) fn is_stored(&self) -> bool {
        matches!(self, Seen::Ours { .. } | Seen::Several { .. } | Seen::Shared { .. })
    }
}

/// Records by their keys, so that many lines find theirs among many records.
#[derive(Debug)]
pub struct FoundIndex {
    records: Vec<Record>,
    by_key: HashMap<RecordKey, Vec<usize>>,
    timezone: TimeZone,
}

impl FoundIndex {
    /// Indexes the records of all searches together; a record that several searches show counts once.
    pub fn new(operation: &Operation, records: Vec<Record>, timezone: &TimeZone) -> Self {
        let mut index = Self { records: Vec::new(), by_key: HashMap::new(), timezone: timezone.clone() };
        let mut marks = HashSet::new();
        for record in records {
            let is_other = is_dispatch(operation) && record.text("dispatched").as_deref() != Some("true");
            if is_other || !marks.insert(mark(searched(operation), &record)) {
                continue;
            }
            let place = index.records.len();
            for key in record_keys(operation, &record) {
                index.by_key.entry(key).or_default().push(place);
            }
            index.records.push(record);
        }
        index
    }

    /// The records, each once.
    pub(crate) fn records(&self) -> &[Record] {
        &self.records
    }

    /// Whether the searches showed no record at all.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The records that have the key of a line.
    pub fn of_line<'a>(
        &'a self,
        operation: &Operation,
        seller: &'a str,
        line: &'a SentLine,
    ) -> impl Iterator<Item = &'a Record> {
        let is_invoice = operation.key == Key::Invoice;
        self.with_key(operation, seller, line)
            .filter(move |record| !is_invoice || agrees(line.cell("customerId"), record, "customerId"))
    }

    /// The same with those of other customers, which the duplicate guard's key does not tell apart.
    pub(crate) fn with_key<'a>(
        &'a self,
        operation: &Operation,
        seller: &'a str,
        line: &'a SentLine,
    ) -> impl Iterator<Item = &'a Record> {
        let places = line_key(operation, line).and_then(|key| self.by_key.get(&key));
        let is_invoice = operation.key == Key::Invoice;
        places
            .into_iter()
            .flatten()
            .map(|&place| &self.records[place])
            .filter(move |record| !is_invoice || self.is_same_document(seller, line, record))
    }

    fn is_of_line(&self, operation: &Operation, seller: &str, line: &SentLine, record: &Record) -> bool {
        let same = || self.is_same_document(seller, line, record);
        operation.key != Key::Invoice || (same() && agrees(line.cell("customerId"), record, "customerId"))
    }

    /// The time zone of dates that the API shows with one.
    pub(super) fn timezone(&self) -> &TimeZone {
        &self.timezone
    }

    /// What the number of an invoice leaves open: seller and financial year, where both sides have them.
    fn is_same_document(&self, seller: &str, line: &SentLine, record: &Record) -> bool {
        let years = |text: &str| days(text, &self.timezone).into_iter().map(financial_year).collect::<Vec<i16>>();
        let sent_years = line.cell("invoiceDate").map(years).unwrap_or_default();
        let found_years = record.text("invoiceDate").map(|date| years(&date)).unwrap_or_default();
        agrees(Some(seller).filter(|seller| !seller.is_empty()), record, "sellerId")
            && (sent_years.is_empty()
                || found_years.is_empty()
                || sent_years.iter().any(|year| found_years.contains(year)))
    }
}

/// Whether a record agrees with what was sent, where both sides have it.
fn agrees(sent: Option<&str>, record: &Record, name: &str) -> bool {
    match (sent, record.text(name)) {
        (Some(sent), Some(found)) => code(sent) == code(&found),
        _ => true,
    }
}

/// What the records of a search say of a line that went under a seller.
pub fn seen(operation: &Operation, seller: &str, line: &SentLine, found: &FoundIndex) -> Seen {
    let mut ours = Vec::new();
    let mut other = None;
    for record in found.of_line(operation, seller, line) {
        let differences = if can_be_compared(operation, line, record) {
            differences(operation, line, record, Compare::Content, &found.timezone)
        } else {
            SHOWS_TOO_LITTLE.to_owned()
        };
        let remote_id = record.text(operation.remote_id);
        if differences.is_empty() {
            ours.push(remote_id);
        } else if other.is_none() {
            other = Some(Seen::Other { remote_id, differences });
        }
    }
    match ours.len() {
        0 => other.unwrap_or(Seen::Nothing),
        1 => Seen::Ours { remote_id: ours.swap_remove(0) },
        _ => Seen::Several { remote_ids: ours.into_iter().flatten().collect() },
    }
}

/// The records that are the line as far as the API shows them: with its key and its content.
pub(super) fn fitting<'f>(
    operation: &Operation,
    seller: &str,
    line: &SentLine,
    found: &'f FoundIndex,
) -> Vec<&'f Record> {
    let fits = |record: &&Record| {
        can_be_compared(operation, line, record)
            && differences(operation, line, record, Compare::Content, &found.timezone).is_empty()
    };
    let places = line_key(operation, line).and_then(|key| found.by_key.get(&key));
    let records = places.into_iter().flatten().map(|&place| &found.records[place]);
    records.filter(|record| found.is_of_line(operation, seller, line, record)).filter(fits).collect()
}

/// Whether the searches show a row that was accepted, and show it under the key that it would be looked up by: a record
/// with the right id alone does not prove that lines can be recognised. Only a row with the same [`KeyKind`] as a line
/// proves it for that line.
pub fn shows(
    operation: &Operation,
    seller: &str,
    line: &SentLine,
    remote_id: Option<&str>,
    found: &FoundIndex,
) -> bool {
    found.of_line(operation, seller, line).any(|record| match (remote_id, record.text(operation.remote_id)) {
        (Some(given), Some(shown)) => given == shown,
        _ => true,
    })
}

/// What a line is found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyKind {
    /// Invoice number.
    Number,
    /// Own reference of an invoice without a number.
    External,
    /// Own reference of a customer.
    Reference,
    /// GSTIN or PAN of a customer without a reference.
    TaxNumber,
    /// Name and mobile of a customer without either.
    Person,
    /// The id that the API gave, where records are changed.
    Id,
}

/// The kind of key that a line is found by; none if it has nothing of the kind, so that no search can show it.
pub fn key_kind(operation: &Operation, line: &SentLine) -> Option<KeyKind> {
    line_key(operation, line).map(|(kind, _)| kind)
}

/// What a record is found by.
pub(crate) type RecordKey = (KeyKind, String);

pub(crate) fn line_key(operation: &Operation, line: &SentLine) -> Option<RecordKey> {
    let cell = |name: &str, kind: KeyKind| line.cell(name).map(|text| simple_key(kind, text));
    match operation.key {
        Key::Invoice => cell("invoiceNumber", KeyKind::Number).or_else(|| cell("externalId", KeyKind::External)),
        Key::Customer => {
            let person = || {
                let name = line.cell("legalName").or(line.cell("keyContactLegalName"))?;
                Some(person_key(name, line.cell("keyContactMobile")?))
            };
            cell("uniqueRefNo", KeyKind::Reference).or_else(|| cell("panOrGstin", KeyKind::TaxNumber)).or_else(person)
        }
        Key::None => cell(operation.remote_id, KeyKind::Id),
    }
}

/// All keys that a line may find a record by.
pub(crate) fn record_keys(operation: &Operation, record: &Record) -> Vec<RecordKey> {
    let field = |name: &str, kind: KeyKind| record.text(name).map(|text| simple_key(kind, &text));
    let mut keys: Vec<RecordKey> = match operation.key {
        Key::Invoice => vec![field("invoiceNumber", KeyKind::Number), field("externalId", KeyKind::External)],
        Key::Customer => vec![field("uniqueRefNo", KeyKind::Reference), field("panOrGstin", KeyKind::TaxNumber)],
        Key::None => vec![field(operation.remote_id, KeyKind::Id)],
    }
    .into_iter()
    .flatten()
    .collect();
    for contact in record.objects("customerKeyContacts") {
        let Some(mobile) = contact.text("mobile") else { continue };
        let names = [record.text("legalName"), contact.text("legalName")];
        keys.extend(names.into_iter().flatten().map(|name| person_key(&name, &mobile)));
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}

fn simple_key(kind: KeyKind, text: &str) -> RecordKey {
    let text = match kind {
        KeyKind::Number | KeyKind::TaxNumber | KeyKind::Id => code(text),
        KeyKind::Reference | KeyKind::Person => words(text),
        // The guard takes it as it is written.
        KeyKind::External => text.trim().to_owned(),
    };
    (kind, text)
}

fn person_key(name: &str, mobile: &str) -> RecordKey {
    (KeyKind::Person, format!("{} {}", phone(mobile), words(name)))
}

/// The year that began last April.
fn financial_year(day: Date) -> i16 {
    if day.month() >= 4 { day.year() } else { day.year() - 1 }
}

#[cfg(test)]
mod tests;
