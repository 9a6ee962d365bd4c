//! Uploaded files: reading the CSV, judging its rows, storing the good ones, and the reply about all of them.
//!
//! A file with a bad header or encoding is refused whole; a bad row is an item of `failureRequests` (contract 4 and
//! 11). Rows are numbered as in the file, the header being row 1. The one rule: a row is reported as a success
//! exactly when it was stored, but where a switch asks for a reply that says less or lies.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Map, Number, Value, json};

use super::invoices::unfit_customer;
use super::reply::{Refusal, RefusalKind, Reply};
use super::row;
use super::settings::{BulkCounts, BulkItems, Duplicates, FileRefusal, Refused, SandboxSettings};
use super::store::{Cells, Resource, Store};
use crate::operation::{Field, FieldKind, Operation};

/// A row of an uploaded file.
#[derive(Debug)]
pub(super) struct UploadedRow {
    /// Its filled cells.
    cells: Cells,
    /// What is wrong with them.
    fault: Option<String>,
}

/// What is uploaded, by whom and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Upload<'a> {
    /// What is to be done with the rows.
    pub(super) operation: &'static Operation,
    /// The company that the request names.
    pub(super) account: &'a str,
    /// When the request came.
    pub(super) now: Timestamp,
}

/// Reads a file and judges its rows one by one.
pub(super) fn read(
    operation: &'static Operation,
    settings: &SandboxSettings,
    file: &[u8],
) -> Result<Vec<UploadedRow>, Refusal> {
    let text = std::str::from_utf8(file).map_err(|_| Refusal::unreadable("The file is not UTF-8"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let resource = Resource::by_name(operation.resource)
        .ok_or_else(|| Refusal::unreadable("Files are not taken for this resource"))?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let unreadable = |error: csv::Error| Refusal::unreadable(format!("The file cannot be read: {error}"));
    let header = reader.headers().map_err(unreadable)?.clone();
    let mut columns = columns(operation, &header)?;
    if let [first, second] = settings.swap_columns.as_slice() {
        let place = |name: &String| columns.iter().position(|column| column.name == name);
        if let (Some(first), Some(second)) = (place(first), place(second)) {
            columns.swap(first, second);
        }
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(unreadable)?;
        rows.push(judge(operation, resource, &columns, &record));
    }
    if rows.is_empty() {
        return Err(Refusal::invalid("The file has no rows"));
    }
    Ok(rows)
}

fn columns(operation: &'static Operation, header: &csv::StringRecord) -> Result<Vec<&'static Field>, Refusal> {
    if header.iter().all(str::is_empty) {
        return Err(Refusal::unreadable("The file has no header"));
    }
    let mut columns: Vec<&'static Field> = Vec::new();
    for name in header {
        let Some(field) = operation.sent_fields().find(|field| field.name == name) else {
            return Err(Refusal::invalid(format!("Unknown column {name}")));
        };
        if columns.iter().any(|column| column.name == name) {
            return Err(Refusal::invalid(format!("Column {name} occurs twice")));
        }
        columns.push(field);
    }
    for name in row::required(operation) {
        if !columns.iter().any(|column| column.name == name) {
            return Err(Refusal::invalid(format!("Column {name} is missing")));
        }
    }
    Ok(columns)
}

fn judge(
    operation: &Operation,
    resource: Resource,
    columns: &[&'static Field],
    record: &csv::StringRecord,
) -> UploadedRow {
    let mut faults = Vec::new();
    let mut cells = Vec::new();
    if record.len() != columns.len() {
        faults.push(format!("the row has {} cells, the header {}", record.len(), columns.len()));
    }
    for (field, cell) in columns.iter().zip(record).filter(|(_, cell)| !cell.is_empty()) {
        faults.extend(row::fault(field, cell));
        let cell = match (field.kind, row::amount(cell)) {
            // A number of JSON has no leading zeros.
            (FieldKind::Amount(_), Some(amount)) => amount.to_string(),
            _ => cell.to_owned(),
        };
        cells.push((field.name, cell));
    }
    for name in row::required(operation) {
        if !cells.iter().any(|(cell, _)| *cell == name) {
            faults.push(format!("{name}: must not be empty"));
        }
    }
    let cells = Cells::pack(resource, cells.iter().map(|(name, cell)| (*name, cell.as_str())));
    UploadedRow { cells, fault: (!faults.is_empty()).then(|| faults.join("; ")) }
}

/// Stores the rows that can be stored and says what became of each.
pub(super) fn store(
    store: &mut Store,
    settings: &SandboxSettings,
    upload: Upload<'_>,
    mut rows: Vec<UploadedRow>,
) -> Result<Reply, Refusal> {
    for (index, row) in rows.iter_mut().enumerate() {
        let refused = match settings.replies.refuse_rows {
            Refused::None => false,
            Refused::Some => index % 3 == 0,
            Refused::All => true,
        };
        if row.fault.is_none() {
            row.fault =
                if refused { Some("refused on purpose".to_owned()) } else { misfit(store, settings, upload, row) };
        }
    }
    let refused = || Refusal::invalid("The file has invalid rows");
    if settings.replies.file_refusal == FileRefusal::AnyBadRow && has_bad_row(store, settings, upload, &rows) {
        return Err(refused());
    }
    let mut told = Told::default();
    for (index, row) in rows.into_iter().enumerate() {
        // The file's header is row 1.
        let number = index + 2;
        let fault = row.fault.or_else(|| taken(store, settings, upload, &row.cells));
        if fault.is_some() && settings.replies.file_refusal == FileRefusal::FromBadRow {
            return refused_in_part(store, &told, refused());
        }
        if let Some(fault) = fault {
            told.failures.push(failure(settings, number, &row.cells, &fault));
            continue;
        }
        told.amount += counted_amount(&row.cells);
        let (cells, id) = put(store, settings, upload, row.cells);
        told.successes.push(success(settings, upload.operation, number, &cells, &id));
    }
    if !told.failures.is_empty() && settings.replies.file_refusal == FileRefusal::AllButBad {
        return refused_in_part(store, &told, refused());
    }
    let stored = told.successes.len();
    let mut reply = Reply::success(&settings.replies, told.into_payload(settings, upload.operation));
    reply.rows = stored;
    Ok(reply)
}

/// Refuses a file of which some rows are stored and stay so.
fn refused_in_part(store: &mut Store, told: &Told, refusal: Refusal) -> Result<Reply, Refusal> {
    store.commit().map_err(|error| Refusal::new(RefusalKind::Broken, format!("The store failed: {error}")))?;
    Err(Refusal { rows: told.successes.len(), ..refusal })
}

/// What speaks against a row beyond its own cells.
fn misfit(store: &Store, settings: &SandboxSettings, upload: Upload<'_>, row: &UploadedRow) -> Option<String> {
    let parameter = upload.operation.route.account_parameter.unwrap_or_default();
    if row.cells.cell(parameter).is_some_and(|named| named != upload.account) {
        return Some(format!("{parameter}: differs from the one of the request"));
    }
    let id = row.cells.cell("customerId")?;
    if settings.refuse_customers.iter().any(|refused| refused == id) {
        return Some("customerId: this customer is refused on purpose".to_owned());
    }
    let fault = if upload.operation.creates() {
        unfit_customer(store, settings.lenient_customers, id)
    } else {
        let there = store.customer(id).map_or(settings.lenient_customers, |customer| !customer.deleted());
        (!there).then_some("customerId: no customer with this id")
    };
    fault.map(str::to_owned)
}

fn has_bad_row(store: &Store, settings: &SandboxSettings, upload: Upload<'_>, rows: &[UploadedRow]) -> bool {
    rows.iter().any(|row| row.fault.is_some() || taken(store, settings, upload, &row.cells).is_some())
}

fn taken(store: &Store, settings: &SandboxSettings, upload: Upload<'_>, cells: &Cells) -> Option<String> {
    if !upload.operation.creates() || settings.replies.duplicates == Duplicates::StoredTwice {
        return None;
    }
    store.taken(upload.account, cells).map(|field| format!("{field} already exists"))
}

fn put(store: &mut Store, settings: &SandboxSettings, upload: Upload<'_>, cells: Cells) -> (Cells, String) {
    if upload.operation.creates() {
        let id = store.add(upload.account, cells.clone(), upload.now, settings.seed);
        return (cells, id);
    }
    let id = cells.cell("customerId").unwrap_or_default().to_owned();
    store.change(&id, upload.account, cells.clone(), upload.now);
    (cells, id)
}

/// What a row adds to `total_amount`.
fn counted_amount(cells: &Cells) -> Decimal {
    let text = cells.cell("netAmount").or_else(|| cells.cell("baseAmount"));
    text.and_then(row::amount).unwrap_or_default()
}

const BUSINESS_KEYS: [&str; 4] = ["invoiceNumber", "externalId", "uniqueRefNo", "customerId"];

fn item(settings: &SandboxSettings, number: usize, cells: &Cells, keys: &[&str]) -> Map<String, Value> {
    let mut item = Map::new();
    let style = settings.replies.bulk_items;
    match style {
        BulkItems::RowNumber => drop(item.insert("rowNumber".to_owned(), json!(number))),
        BulkItems::OffByOne => drop(item.insert("rowNumber".to_owned(), json!(number + 1))),
        BulkItems::BusinessKey | BulkItems::Neither | BulkItems::CountsOnly => {}
    }
    if style != BulkItems::Neither {
        for key in keys {
            if let Some(cell) = cells.cell(key) {
                item.insert((*key).to_owned(), json!(cell));
            }
        }
    }
    item
}

fn success(settings: &SandboxSettings, operation: &Operation, number: usize, cells: &Cells, id: &str) -> Value {
    // A stored invoice is known by its number and id; its customer would say nothing about the row.
    let mut item = item(settings, number, cells, &BUSINESS_KEYS[..3]);
    item.insert(operation.remote_id.to_owned(), json!(id));
    Value::Object(item)
}

fn failure(settings: &SandboxSettings, number: usize, cells: &Cells, fault: &str) -> Value {
    let mut item = item(settings, number, cells, &BUSINESS_KEYS);
    if let Some(name) = settings.replies.message_key.name() {
        item.insert(name.to_owned(), json!(fault));
    }
    Value::Object(item)
}

/// What the reply tells.
#[derive(Debug, Default)]
struct Told {
    successes: Vec<Value>,
    failures: Vec<Value>,
    amount: Decimal,
}

impl Told {
    fn into_payload(self, settings: &SandboxSettings, operation: &Operation) -> Value {
        let (done, failed) = (self.successes.len(), self.failures.len());
        let claimed = match settings.replies.bulk_counts {
            BulkCounts::Right => Some(done),
            BulkCounts::Wrong => Some(done + 1),
            BulkCounts::Absent => None,
        };
        let mut payload = Map::new();
        if let Some(claimed) = claimed {
            let counts = [
                ("total_count", done + failed),
                ("success_count", claimed),
                ("failure_count", failed),
                ("warn_count", 0),
            ];
            payload.extend(counts.map(|(name, count)| (name.to_owned(), json!(count))));
            if operation.field("baseAmount").is_some() {
                payload.insert("total_amount".to_owned(), number(self.amount));
            }
        }
        if settings.replies.bulk_items != BulkItems::CountsOnly {
            payload.insert("successRequests".to_owned(), self.successes.into());
            payload.insert("failureRequests".to_owned(), self.failures.into());
        }
        payload.into()
    }
}

/// A JSON number with the digits of the decimal, never a binary float.
pub(super) fn number(amount: Decimal) -> Value {
    amount.to_string().parse::<Number>().map_or(Value::Null, Value::Number)
}
