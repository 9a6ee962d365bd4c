//! The records a sandbox keeps, in memory and, if wanted, in a file for the next process.
//!
//! Owns ids, business keys and the file: one JSON line for each state of a record, written before the reply leaves; the
//! last line of an id counts. A line cut short by a crash was never answered and is dropped when the file is opened. The
//! one rule: records are never lost or merged, so a record stored twice shows as stored twice.

use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::OnceLock;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::customers::first_from_cells;
use super::faults::mix;
use crate::operation::{ALL, Operation};
use crate::platform;

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Resource {
    /// An invoice.
    Invoices,
    /// A customer.
    Customers,
}

impl Resource {
    /// The resource by the word of the command.
    pub(super) fn by_name(name: &str) -> Option<Resource> {
        match name {
            "invoices" => Some(Resource::Invoices),
            "customers" => Some(Resource::Customers),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Resource::Invoices => "invoices",
            Resource::Customers => "customers",
        }
    }

    /// Fields that must not occur twice in an account, the first of them being the business key.
    pub(super) fn unique_fields(self) -> &'static [&'static str] {
        match self {
            Resource::Invoices => &["invoiceNumber", "externalId"],
            Resource::Customers => &["uniqueRefNo"],
        }
    }

    /// Every field a record can have.
    fn columns(self) -> &'static [&'static str] {
        static COLUMNS: [OnceLock<Vec<&'static str>>; 2] = [const { OnceLock::new() }; 2];
        COLUMNS[self as usize].get_or_init(|| {
            let mut names = Vec::new();
            for field in
                ALL.iter().filter(|operation| operation.resource == self.name()).flat_map(Operation::sent_fields)
            {
                if !names.contains(&field.name) {
                    names.push(field.name);
                }
            }
            names
        })
    }
}

/// The filled cells of a record, packed into one text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cells {
    resource: Resource,
    text: Box<str>,
    /// Column and end of each cell in the text.
    ends: Box<[(u8, u32)]>,
}

impl Cells {
    /// Packs cells; blank ones and ones of no known column are left out.
    pub(super) fn pack<'n, 'c>(resource: Resource, cells: impl Iterator<Item = (&'n str, &'c str)>) -> Cells {
        let (mut text, mut ends) = (String::new(), Vec::new());
        for (name, cell) in cells.filter(|(_, cell)| !cell.is_empty()) {
            if let Some(column) = resource.columns().iter().position(|column| *column == name) {
                text.push_str(cell);
                ends.push((column as u8, text.len() as u32));
            }
        }
        Cells { resource, text: text.into(), ends: ends.into() }
    }

    /// The filled cells by name.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let starts = std::iter::once(0).chain(self.ends.iter().map(|(_, end)| *end));
        starts.zip(&self.ends).map(|(start, (column, end))| {
            (self.resource.columns()[usize::from(*column)], &self.text[start as usize..*end as usize])
        })
    }

    /// A filled cell.
    pub(super) fn cell(&self, name: &str) -> Option<&str> {
        self.iter().find(|(column, _)| *column == name).map(|(_, cell)| cell)
    }

    /// These cells with the filled ones of another over them.
    fn overlaid(&self, other: &Cells) -> Cells {
        let kept = self.iter().filter(|(name, _)| other.cell(name).is_none());
        Cells::pack(self.resource, kept.chain(other.iter()))
    }

    /// These cells with some of them set, or emptied by none.
    pub(super) fn with(&self, changes: &[(&str, Option<&str>)]) -> Cells {
        let kept = self.iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
        let mut cells: Vec<(&str, &str)> = kept.collect();
        cells.extend(changes.iter().filter_map(|(name, cell)| Some((*name, (*cell)?))));
        Cells::pack(self.resource, cells.into_iter())
    }

    fn to_object(&self) -> Map<String, Value> {
        self.iter().map(|(name, cell)| (name.to_owned(), cell.into())).collect()
    }
}

/// A record as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    /// Its id.
    pub(super) id: Box<str>,
    /// The company that the request named.
    pub(super) account: Box<str>,
    /// When it was stored.
    pub(super) created: Timestamp,
    /// What it says.
    pub(super) cells: Cells,
    /// What happened to it since; none for one that was only stored, as nearly all are.
    pub(super) life: Option<Box<Life>>,
}

/// What happened to a record after it was stored, and what its cells cannot hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Life {
    /// Whether it was deleted; it is kept all the same.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) deleted: bool,
    /// Whether a customer was deactivated.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) inactive: bool,
    /// When an invoice was sent to its customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    dispatched_ms: Option<i64>,
    /// When it last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    modified_ms: Option<i64>,
    /// A customer's contacts, once they are more than the one of its cells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) contacts: Option<Vec<Map<String, Value>>>,
    /// A customer's reminders.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) reminders: Vec<Map<String, Value>>,
    /// Contacts and reminders that it ever had, so that no id comes twice.
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) parts: u32,
    /// What was said of an invoice over Bharat Connect, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) actions: Vec<Value>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Record {
    /// Whether it was deleted.
    pub(super) fn deleted(&self) -> bool {
        self.life.as_ref().is_some_and(|life| life.deleted)
    }

    /// Whether it is a customer that was deactivated.
    pub(super) fn inactive(&self) -> bool {
        self.life.as_ref().is_some_and(|life| life.inactive)
    }

    /// When an invoice was sent to its customer.
    pub(super) fn dispatched(&self) -> Option<Timestamp> {
        let at_once = || (self.cells.cell("dispatchNow") == Some("true")).then_some(self.created);
        self.life.as_ref().and_then(|life| life.dispatched_ms).and_then(stamp).or_else(at_once)
    }

    /// When it last changed.
    pub(super) fn modified(&self) -> Timestamp {
        self.life.as_ref().and_then(|life| life.modified_ms).and_then(stamp).unwrap_or(self.created)
    }

    /// Its later life, to be written to.
    pub(super) fn live(&mut self, now: Timestamp) -> &mut Life {
        let life = self.life.get_or_insert_default();
        life.modified_ms = Some(now.as_millisecond());
        life
    }
}

impl Life {
    /// Says when an invoice was sent to its customer, if it was.
    pub(super) fn dispatch(&mut self, time: Option<Timestamp>) {
        self.dispatched_ms = time.map(Timestamp::as_millisecond);
    }
}

fn stamp(milliseconds: i64) -> Option<Timestamp> {
    Timestamp::from_millisecond(milliseconds).ok()
}

/// A line of the store's file.
#[derive(Serialize, Deserialize)]
struct Line {
    resource: Resource,
    id: String,
    account: String,
    created_ms: i64,
    cells: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    life: Option<Box<Life>>,
}

/// Every record of a sandbox.
#[derive(Debug, Default)]
pub(super) struct Store {
    /// Invoices in the order of arrival.
    pub(super) invoices: Vec<Record>,
    /// Customers in the order of arrival.
    pub(super) customers: Vec<Record>,
    /// Place of each record in its list, by id.
    places: [HashMap<Box<str>, usize>; 2],
    /// How often each unique field's value is stored, by field, account and value.
    times: HashMap<Box<str>, u32>,
    stored: u64,
    file: Option<File>,
    unwritten: Vec<u8>,
}

impl Store {
    /// Opens the records of a file, or begins without any.
    pub(super) fn open(path: Option<&Path>) -> io::Result<Store> {
        let mut store = Store::default();
        let Some(path) = path else { return Ok(store) };
        // Records are copies of what people tried with, so they are nobody else's business.
        drop(platform::create_private_file(path)?);
        let mut file = File::options().read(true).append(true).open(path)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => io::Error::new(
                io::ErrorKind::WouldBlock,
                format!("{}: another sandbox has this store open; stop it, or name another file", path.display()),
            ),
            TryLockError::Error(error) => error,
        })?;
        let whole = store.load(&file, path)?;
        file.set_len(whole)?;
        file.seek(SeekFrom::End(0))?;
        store.file = Some(file);
        Ok(store)
    }

    /// Reads records and says how many bytes of the file are whole lines.
    fn load(&mut self, file: &File, path: &Path) -> io::Result<u64> {
        let mut reader = BufReader::new(file);
        let (mut whole, mut text, mut number) = (0, Vec::new(), 0_u64);
        loop {
            text.clear();
            let read = reader.read_until(b'\n', &mut text)?;
            if !text.ends_with(b"\n") {
                return Ok(whole);
            }
            number += 1;
            let line: Line = serde_json::from_slice(&text).map_err(|error| {
                let message = format!("{}:{number}: not a record of a sandbox: {error}", path.display());
                io::Error::new(io::ErrorKind::InvalidData, message)
            })?;
            let cells = line.cells.iter().filter_map(|(name, cell)| Some((name.as_str(), cell.as_str()?)));
            let cells = Cells::pack(line.resource, cells);
            let created = stamp(line.created_ms).unwrap_or_default();
            self.put(Record { id: line.id.into(), account: line.account.into(), created, cells, life: line.life });
            whole += read as u64;
        }
    }

    /// The records of a resource.
    pub(super) fn records(&self, resource: Resource) -> &[Record] {
        match resource {
            Resource::Invoices => &self.invoices,
            Resource::Customers => &self.customers,
        }
    }

    /// A record by id, deleted or not.
    pub(super) fn record(&self, resource: Resource, id: &str) -> Option<&Record> {
        self.places[resource as usize].get(id).map(|place| &self.records(resource)[*place])
    }

    /// A customer by id, deleted or not.
    pub(super) fn customer(&self, id: &str) -> Option<&Record> {
        self.record(Resource::Customers, id)
    }

    /// The first unique field of a row whose value is stored already.
    pub(super) fn taken(&self, account: &str, cells: &Cells) -> Option<&'static str> {
        self.taken_anew(account, None, cells)
    }

    /// The first unique field whose value is new to a record and is stored already.
    pub(super) fn taken_anew(&self, account: &str, old: Option<&Cells>, new: &Cells) -> Option<&'static str> {
        let key = |cells: &Cells, field| Some(unique_key(field, account, cells.cell(field)?));
        let fields = new.resource.unique_fields().iter().copied();
        fields.into_iter().find(|field| {
            let same = old.is_some_and(|old| key(old, field) == key(new, field));
            !same && self.times_of(account, new, field) > 0
        })
    }

    /// How often the business key of a record is stored, the record included; 0 for one without a key.
    pub(super) fn times_stored(&self, record: &Record) -> u32 {
        self.times_of(&record.account, &record.cells, record.cells.resource.unique_fields()[0])
    }

    fn times_of(&self, account: &str, cells: &Cells, field: &str) -> u32 {
        let key = cells.cell(field).map(|value| unique_key(field, account, value));
        key.and_then(|key| self.times.get(key.as_str())).copied().unwrap_or(0)
    }

    /// Business keys that are stored more than once, as `account value` with the number of times.
    pub(super) fn duplicates(&self) -> impl Iterator<Item = (String, u32)> {
        self.times.iter().filter(|(key, times)| **times > 1 && !key.starts_with("externalId")).map(|(key, times)| {
            let shown = key.split_once(SEPARATOR).map_or(&**key, |(_, rest)| rest);
            (shown.replace(SEPARATOR, " "), *times)
        })
    }

    /// Stores a new record under a new id, which is returned.
    pub(super) fn add(&mut self, account: &str, cells: Cells, now: Timestamp, seed: u64) -> String {
        let id = self.next_id(cells.resource, now, seed);
        self.keep(Record { id: id.as_str().into(), account: account.into(), created: now, cells, life: None });
        id
    }

    /// The id of the next new record.
    pub(super) fn next_id(&self, resource: Resource, now: Timestamp, seed: u64) -> String {
        // The number counts every line of the store, so that it stays unique after loading.
        let number = self.stored + 1;
        match resource {
            Resource::Invoices => invoice_id(now, number),
            Resource::Customers => customer_id(seed, number),
        }
    }

    /// Lays filled cells over a customer's, or stores one under this id where none is known.
    pub(super) fn change(&mut self, id: &str, account: &str, cells: Cells, now: Timestamp) {
        let Some(old) = self.customer(id) else {
            self.keep(Record { id: id.into(), account: account.into(), created: now, cells, life: None });
            return;
        };
        let mut record = Record { cells: old.cells.overlaid(&cells), ..old.clone() };
        record.live(now);
        first_from_cells(&mut record);
        self.keep(record);
    }

    /// Keeps a record in a new state, in the place of the old one if there is one.
    pub(super) fn replace(&mut self, record: Record) {
        self.keep(record);
    }

    fn keep(&mut self, record: Record) {
        if self.file.is_some() {
            let line = Line {
                resource: record.cells.resource,
                id: record.id.to_string(),
                account: record.account.to_string(),
                created_ms: record.created.as_millisecond(),
                cells: record.cells.to_object(),
                life: record.life.clone(),
            };
            serde_json::to_writer(&mut self.unwritten, &line).expect("text cells always make JSON");
            self.unwritten.push(b'\n');
        }
        self.put(record);
    }

    fn put(&mut self, record: Record) {
        self.stored += 1;
        let resource = record.cells.resource;
        let known = self.places[resource as usize].get(&record.id).copied();
        if let Some(place) = known {
            let old = self.records(resource)[place].clone();
            self.count(&old, false);
            self.count(&record, true);
            self.list(resource)[place] = record;
            return;
        }
        self.count(&record, true);
        let place = self.records(resource).len();
        self.places[resource as usize].insert(record.id.clone(), place);
        self.list(resource).push(record);
    }

    fn list(&mut self, resource: Resource) -> &mut Vec<Record> {
        match resource {
            Resource::Invoices => &mut self.invoices,
            Resource::Customers => &mut self.customers,
        }
    }

    /// Counts a record's unique values; the number of a deleted one is free again.
    fn count(&mut self, record: &Record, more: bool) {
        if record.deleted() {
            return;
        }
        for field in record.cells.resource.unique_fields() {
            if let Some(value) = record.cells.cell(field) {
                let times = self.times.entry(unique_key(field, &record.account, value).into()).or_default();
                *times = if more { *times + 1 } else { times.saturating_sub(1) };
            }
        }
    }

    /// Hands what was stored to the file; called before the reply leaves.
    pub(super) fn commit(&mut self) -> io::Result<()> {
        let unwritten = std::mem::take(&mut self.unwritten);
        match &mut self.file {
            Some(file) if !unwritten.is_empty() => file.write_all(&unwritten),
            _ => Ok(()),
        }
    }

    /// Forgets every record, in the file too.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        let file = self.file.take();
        *self = Store { file, ..Store::default() };
        self.file.as_ref().map_or(Ok(()), |file| file.set_len(0))
    }
}

const SEPARATOR: char = '\u{1f}';

fn unique_key(field: &str, account: &str, value: &str) -> String {
    // Numbers of documents are the same whatever their case; references are taken as written.
    let value = if field == "invoiceNumber" { value.to_uppercase() } else { value.to_owned() };
    format!("{field}{SEPARATOR}{account}{SEPARATOR}{value}")
}

fn invoice_id(now: Timestamp, number: u64) -> String {
    format!("CIN{}{number:07}", now.strftime("%y%m%d"))
}

/// `KC` and fourteen letters and digits that differ for every number.
fn customer_id(seed: u64, number: u64) -> String {
    let mut rest = mix(number ^ seed.rotate_left(32));
    let mut id = *b"KC00000000000000";
    for place in id[2..].iter_mut().rev() {
        *place = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[(rest % 36) as usize];
        rest /= 36;
    }
    id.iter().map(|byte| char::from(*byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::is_customer_id;

    fn invoice(number: &str) -> Cells {
        Cells::pack(Resource::Invoices, [("invoiceNumber", number), ("baseAmount", "5"), ("via", "")].into_iter())
    }

    #[test]
    fn records_outlive_the_process_and_a_line_cut_short_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.jsonl");
        let mut store = Store::open(Some(&path)).unwrap();
        store.add("CEK0SANDBX", invoice("a/1"), Timestamp::UNIX_EPOCH, 1);
        let customer = Cells::pack(Resource::Customers, [("legalName", "Old"), ("uniqueRefNo", "C1")].into_iter());
        let id = store.add("CEK0SANDBX", customer, Timestamp::UNIX_EPOCH, 1);
        let change = Cells::pack(Resource::Customers, [("legalName", "New")].into_iter());
        store.change(&id, "CEK0SANDBX", change, Timestamp::UNIX_EPOCH);
        store.commit().unwrap();
        assert_eq!(Store::open(Some(&path)).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        drop(store);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, [whole.as_slice(), b"{\"resource\":\"inv"].concat()).unwrap();

        let mut store = Store::open(Some(&path)).unwrap();
        assert_eq!((store.invoices.len(), store.customers.len()), (1, 1));
        assert_eq!(store.customer(&id).unwrap().cells.cell("legalName"), Some("New"));
        assert_eq!(store.customer(&id).unwrap().cells.cell("uniqueRefNo"), Some("C1"));
        assert_eq!(store.taken("CEK0SANDBX", &invoice("A/1")), Some("invoiceNumber"));
        assert_eq!(store.taken("CEK4T7M2QA", &invoice("A/1")), None);
        let later = store.add("CEK0SANDBX", invoice("a/2"), Timestamp::UNIX_EPOCH, 1);
        assert_ne!(later, store.invoices[0].id.to_string());
        store.commit().unwrap();
        drop(store);
        assert_eq!(Store::open(Some(&path)).unwrap().invoices.len(), 2);
        std::fs::write(&path, "not a record\n").unwrap();
        assert!(Store::open(Some(&path)).unwrap_err().to_string().contains("store.jsonl:1"));
    }

    #[test]
    fn ids_fit_their_pattern_and_differ() {
        let ids: std::collections::HashSet<_> = (0..10_000).map(|number| customer_id(3, number)).collect();
        assert_eq!(ids.len(), 10_000);
        assert!(ids.iter().all(|id| is_customer_id(id)));
        assert_eq!(invoice_id(Timestamp::UNIX_EPOCH, 417), "CIN7001010000417");
    }
}
