//! What a stored record looks like in a reply (contract 5.1, 6.2, 7).
//!
//! Owns the names and forms of fields on the way out. Pure: the store is only read. The one rule: an amount leaves with
//! the digits it came with.

use jiff::Timestamp;
use serde_json::{Map, Number, Value, json};

use super::store::{Record, Store};

/// The state of an invoice's approval, which is that of a maker where none was given.
pub(super) fn approval_status(invoice: &Record) -> &str {
    invoice.cells.cell("approvalStatus").unwrap_or("MAKER_APPROVED")
}

/// The stored customer of an invoice; a lenient sandbox also has invoices of others.
pub(super) fn customer_of<'s>(store: &'s Store, invoice: &Record) -> Option<&'s Record> {
    store.customer(invoice.cells.cell("customerId")?)
}

/// The name of an invoice's customer.
pub(super) fn legal_name<'s>(store: &'s Store, invoice: &Record) -> Option<&'s str> {
    customer_of(store, invoice)?.cells.cell("legalName")
}

/// An invoice as the API shows it (contract 6.2).
pub(super) fn invoice_object(store: &Store, invoice: &Record) -> Value {
    let cells = &invoice.cells;
    let dispatched = invoice.dispatched();
    let mut object = Map::new();
    let mut set = |name: &str, value: Value| drop(object.insert(name.to_owned(), value));
    set("invoiceId", json!(invoice.id));
    set("sellerId", json!(invoice.account));
    for name in
        ["invoiceNumber", "externalId", "poNumber", "payableReferenceId", "customerId", "description", "via", "dueDate"]
    {
        set(name, json!(cells.cell(name)));
    }
    for name in ["baseAmount", "netAmount", "balanceAmount", "totalReceived", "cgst", "sgst", "igst", "tds"] {
        set(name, cells.cell(name).and_then(number).unwrap_or_default());
    }
    set("customerLegalName", json!(legal_name(store, invoice)));
    set("hasKeyContacts", json!(customer_of(store, invoice).is_some_and(|customer| !contacts(customer).is_empty())));
    set("dispatched", json!(dispatched.is_some()));
    set("partialPaymentAllowed", json!(cells.cell("partialPaymentAllowed").map(|text| text == "true")));
    set("invoiceDate", json!(cells.cell("invoiceDate").map(moment)));
    set("createdOn", json!(stamp(invoice.created)));
    set("modifiedOn", json!(stamp(invoice.modified())));
    set("dispatchedOn", json!(dispatched.map(stamp)));
    set("createdByName", json!("Sandbox"));
    set("approvalStatus", labelled(approval_status(invoice)));
    set("receivableStatus", labelled(cells.cell("receivableStatus").unwrap_or("UNPAID")));
    set("payoutStatus", labelled("INIT"));
    set("invoiceAttachments", json!([]));
    object.into()
}

/// Texts of a customer that come back as they came.
const TEXTS: [&str; 10] = [
    "legalName",
    "uniqueRefNo",
    "contactNumber",
    "address",
    "state",
    "pinCode",
    "panOrGstin",
    "accountNumber",
    "ifsc",
    "assignedAgent",
];

/// A customer as the API shows it (contract 5.1).
pub(super) fn customer_object(customer: &Record) -> Value {
    let cell = |name| customer.cells.cell(name);
    let mut object = Map::new();
    object.insert("customerId".to_owned(), json!(customer.id));
    object.insert("companyId".to_owned(), json!(customer.account));
    for name in TEXTS {
        object.insert(name.to_owned(), json!(cell(name)));
    }
    let branches: Vec<&str> = cell("branchCodes").map(|list| list.split(';').collect()).unwrap_or_default();
    object.insert("branchCodes".to_owned(), json!(branches));
    object.insert("customerKeyContacts".to_owned(), json!(contacts(customer)));
    object.insert("customerReminders".to_owned(), json!(reminders(customer)));
    object.into()
}

/// The key contacts of a customer: those written one by one, or the one of an uploaded row.
pub(super) fn contacts(customer: &Record) -> Vec<Map<String, Value>> {
    if let Some(contacts) = customer.life.as_ref().and_then(|life| life.contacts.as_ref()) {
        return contacts.clone();
    }
    let cell = |name| customer.cells.cell(name);
    let Some(name) = cell("keyContactName") else { return Vec::new() };
    let contact = json!({
        "keyContactPersonId": part_id("KCP", &customer.id, 0),
        "name": name,
        "legalName": cell("keyContactLegalName"),
        "mobile": cell("keyContactMobile"),
        "email": cell("keyContactEmail"),
        "deleted": false,
    });
    contact.as_object().cloned().into_iter().collect()
}

/// The reminders of a customer.
pub(super) fn reminders(customer: &Record) -> &[Map<String, Value>] {
    customer.life.as_ref().map_or(&[], |life| &life.reminders)
}

/// Id of a contact or reminder: its customer's, and which of the customer's parts it is.
pub(super) fn part_id(prefix: &str, customer: &str, part: u32) -> String {
    let rest = customer.strip_prefix("KC").unwrap_or(customer);
    if part == 0 { format!("{prefix}{rest}") } else { format!("{prefix}{rest}{part:02}") }
}

/// A number as it was given, never a binary float.
fn number(text: &str) -> Option<Value> {
    text.parse::<Number>().ok().map(Value::Number)
}

fn stamp(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A date as a date-time; one that has a time already as it is.
fn moment(text: &str) -> String {
    if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() }
}

/// `MAKER_APPROVED` with the label `Maker approved`.
fn labelled(name: &str) -> Value {
    let mut label = name.replace('_', " ").to_lowercase();
    if let Some(first) = label.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    json!({"name": name, "label": label})
}
