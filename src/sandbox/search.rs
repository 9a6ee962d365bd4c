//! Searches of invoices and customers (contract 2.5, 5.3, 6.4): the documented filters, paging and order.
//!
//! Owns what a stored record looks like in a reply. Filters that the portal does not document are not obeyed, as a
//! client must not rely on them. Records come in the order they were stored unless another order is asked for.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value, json};

use super::bulk::number;
use super::reply::{Refusal, Reply, local_stamp};
use super::row;
use super::settings::{OffsetUnit, ReplySettings, SearchReply};
use super::store::{Record, Resource, Store};

// Limit: the contract's largest page.
const LARGEST_PAGE: usize = 5_000;
// Limit: the API's own default is not known.
const DEFAULT_PAGE: usize = 50;

/// Answers a search.
pub(super) fn search(
    store: &Store,
    settings: &ReplySettings,
    resource: Resource,
    query: &BTreeMap<String, String>,
    body: &[u8],
) -> Result<Reply, Refusal> {
    let page = Page::read(query, settings)?;
    let filters = match serde_json::from_slice(body) {
        Ok(Value::Object(filters)) => Filters(filters),
        _ => return Err(Refusal::unreadable("The body is not a JSON object")),
    };
    filters.check()?;
    let ids = filters.customer_ids();
    let mut found: Vec<&Record> = match resource {
        Resource::Invoices => {
            store.invoices.iter().filter(|invoice| filters.takes_invoice(store, invoice, ids.as_ref())).collect()
        }
        Resource::Customers => store.customers.iter().filter(|customer| filters.takes_customer(customer)).collect(),
    };
    page.sort(&mut found);
    let count = found.len();
    let shown = found.into_iter().skip(page.skipped).take(page.limit);
    let shown: Vec<Value> = match resource {
        Resource::Invoices => shown.map(|invoice| invoice_object(store, invoice)).collect(),
        Resource::Customers => shown.map(customer_object).collect(),
    };
    let payload = match settings.search_reply {
        SearchReply::Array => json!(shown),
        SearchReply::Data => json!({"data": shown, "count": count}),
    };
    Ok(Reply::success(settings, payload))
}

/// Which of the matching records are shown, and in which order.
struct Page {
    skipped: usize,
    limit: usize,
    order: Option<String>,
    descending: bool,
}

impl Page {
    fn read(query: &BTreeMap<String, String>, settings: &ReplySettings) -> Result<Page, Refusal> {
        let number = |name: &str, default: usize| match query.get(name) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| Refusal::invalid(format!("{name}: must be a number"))),
        };
        let limit = number("limit", DEFAULT_PAGE)?;
        if !(1..=LARGEST_PAGE).contains(&limit) {
            return Err(Refusal::invalid(format!("limit: must be from 1 to {LARGEST_PAGE}")));
        }
        let limit = limit.min(settings.page_cap.unwrap_or(LARGEST_PAGE)).max(1);
        let offset = number("offset", 0)?;
        let descending = match query.get("direction").map(String::as_str) {
            None | Some("ASC") => false,
            Some("DESC") => true,
            Some(_) => return Err(Refusal::invalid("direction: must be ASC or DESC")),
        };
        let skipped = match settings.search_offset {
            OffsetUnit::Rows => offset,
            OffsetUnit::Pages => offset.saturating_mul(limit),
        };
        Ok(Page { skipped, limit, order: query.get("orderBy").cloned(), descending })
    }

    fn sort(&self, records: &mut [&Record]) {
        // Names that no record has, `createdOn` and `lastModifiedDate` among them, leave the order of arrival.
        if let Some(order) = &self.order {
            records.sort_by(|a, b| a.cells.cell(order).cmp(&b.cells.cell(order)));
        }
        if self.descending {
            records.reverse();
        }
    }
}

const STAMPS: [&str; 6] =
    ["createdOnFrom", "createdOnTo", "dispatchedOnFrom", "dispatchedOnTo", "dueDateFrom", "dueDateTo"];
const AMOUNTS: [&str; 4] = ["balanceAmountFrom", "balanceAmountTo", "baseAmountFrom", "baseAmountTo"];
const LISTS: [&str; 3] = ["approvalStatuses", "collectionMode", "customerIds"];
const TEXTS: [&str; 5] = ["createdVia", "customerLegalName", "customerStatus", "accountNumber", "assignedAgent"];
const CHOICES: [&str; 2] = ["customerDeleted", "dispatched"];

/// The body of a search.
struct Filters(Map<String, Value>);

impl Filters {
    /// A filter that is given; null is not given.
    fn given(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn check(&self) -> Result<(), Refusal> {
        let ok = |names: &[&str], fits: fn(&Value) -> bool, expected: &str| match names
            .iter()
            .find(|name| self.given(name).is_some_and(|value| !fits(value)))
        {
            Some(name) => Err(Refusal::invalid(format!("{name}: must be {expected}"))),
            None => Ok(()),
        };
        ok(&STAMPS, is_stamp, "of the form yyyy-MM-dd HH:mm:ss")?;
        ok(&AMOUNTS, Value::is_number, "a number")?;
        ok(&LISTS, |value| value.as_array().is_some_and(|list| list.iter().all(Value::is_string)), "a list of texts")?;
        ok(&TEXTS, Value::is_string, "a text")?;
        ok(&CHOICES, Value::is_boolean, "true or false")
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.given(name).and_then(Value::as_str)
    }

    fn choice(&self, name: &str) -> Option<bool> {
        self.given(name).and_then(Value::as_bool)
    }

    fn list(&self, name: &str) -> Option<HashSet<&str>> {
        let list = self.given(name)?.as_array()?;
        // An empty list narrows nothing down.
        (!list.is_empty()).then(|| list.iter().filter_map(Value::as_str).collect())
    }

    fn customer_ids(&self) -> Option<HashSet<&str>> {
        self.list("customerIds")
    }

    fn takes_invoice(&self, store: &Store, invoice: &Record, customer_ids: Option<&HashSet<&str>>) -> bool {
        let cell = |name| invoice.cells.cell(name).unwrap_or_default();
        if customer_ids.is_some_and(|ids| !ids.contains(cell("customerId"))) {
            return false;
        }
        let created = local_stamp(invoice.created);
        let dispatched = is_dispatched(invoice);
        self.stamp_within("createdOn", Some(&created))
            && self.stamp_within("dispatchedOn", dispatched.then_some(created.as_str()))
            && self.stamp_within("dueDate", Some(&format!("{} 00:00:00", cell("dueDate"))))
            && self.amount_within("baseAmount", invoice)
            && self.amount_within("balanceAmount", invoice)
            && self.choice("dispatched").is_none_or(|wanted| wanted == dispatched)
            // Customers of a sandbox are active and are not deleted, and invoices are not collected.
            && self.choice("customerDeleted") != Some(true)
            && self.text("customerStatus").is_none_or(|wanted| wanted == "ACTIVE")
            && self.list("collectionMode").is_none()
            && self.text("createdVia").is_none_or(|wanted| wanted == cell("via"))
            && self.list("approvalStatuses").is_none_or(|wanted| wanted.contains(approval_status(invoice)))
            && self.text("customerLegalName").is_none_or(|wanted| legal_name(store, invoice) == Some(wanted))
    }

    fn takes_customer(&self, customer: &Record) -> bool {
        ["accountNumber", "assignedAgent"]
            .iter()
            .all(|name| self.text(name).is_none_or(|wanted| customer.cells.cell(name) == Some(wanted)))
    }

    fn stamp_within(&self, field: &str, stamp: Option<&str>) -> bool {
        let (from, to) = (self.text(&format!("{field}From")), self.text(&format!("{field}To")));
        // Stamps of this form compare as text.
        from.is_none_or(|from| stamp.is_some_and(|stamp| stamp >= from))
            && to.is_none_or(|to| stamp.is_some_and(|stamp| stamp <= to))
    }

    fn amount_within(&self, field: &str, invoice: &Record) -> bool {
        let (from, to) = (format!("{field}From"), format!("{field}To"));
        let limit = |name: &str| self.given(name).and_then(|value| row::amount(&value.to_string()));
        if self.given(&from).is_none() && self.given(&to).is_none() {
            return true;
        }
        let amount = invoice.cells.cell(field).and_then(row::amount);
        limit(&from).is_none_or(|from| amount.is_some_and(|amount| amount >= from))
            && limit(&to).is_none_or(|to| amount.is_some_and(|amount| amount <= to))
    }
}

fn is_stamp(value: &Value) -> bool {
    value.as_str().is_some_and(|text| {
        text.len() == 19
            && text.as_bytes()[10] == b' '
            && jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", text).is_ok()
    })
}

fn is_dispatched(invoice: &Record) -> bool {
    invoice.cells.cell("dispatchNow") == Some("true")
}

fn approval_status(invoice: &Record) -> &str {
    invoice.cells.cell("approvalStatus").unwrap_or("MAKER_APPROVED")
}

fn legal_name<'a>(store: &'a Store, invoice: &Record) -> Option<&'a str> {
    store.customer(invoice.cells.cell("customerId")?)?.cells.cell("legalName")
}

/// An invoice as the API shows it (contract 6.2).
pub(super) fn invoice_object(store: &Store, invoice: &Record) -> Value {
    let cells = &invoice.cells;
    let created = invoice.created.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
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
        set(name, cells.cell(name).and_then(row::amount).map_or(Value::Null, number));
    }
    set("customerLegalName", json!(legal_name(store, invoice)));
    set("hasKeyContacts", json!(legal_name(store, invoice).is_some()));
    set("dispatched", json!(is_dispatched(invoice)));
    set("partialPaymentAllowed", json!(cells.cell("partialPaymentAllowed").map(|text| text == "true")));
    set("invoiceDate", json!(cells.cell("invoiceDate").map(|date| format!("{date}T00:00:00Z"))));
    set("createdOn", json!(created));
    set("modifiedOn", json!(created));
    set("dispatchedOn", json!(is_dispatched(invoice).then_some(&created)));
    set("createdByName", json!("Sandbox"));
    set("approvalStatus", labelled(approval_status(invoice)));
    set("receivableStatus", labelled(cells.cell("receivableStatus").unwrap_or("UNPAID")));
    set("payoutStatus", labelled("INIT"));
    set("invoiceAttachments", json!([]));
    object.into()
}

/// A customer as the API shows it (contract 5.1).
pub(super) fn customer_object(customer: &Record) -> Value {
    let cell = |name| customer.cells.cell(name);
    let contact = cell("keyContactName").map(|name| {
        json!({
            "keyContactPersonId": format!("KCP{}", &customer.id[2.min(customer.id.len())..]),
            "name": name,
            "legalName": cell("keyContactLegalName"),
            "mobile": cell("keyContactMobile"),
            "email": cell("keyContactEmail"),
            "deleted": false,
        })
    });
    let mut object = Map::new();
    object.insert("customerId".to_owned(), json!(customer.id));
    object.insert("companyId".to_owned(), json!(customer.account));
    for name in [
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
    ] {
        object.insert(name.to_owned(), json!(cell(name)));
    }
    let branches: Vec<&str> = cell("branchCodes").map(|list| list.split(';').collect()).unwrap_or_default();
    object.insert("branchCodes".to_owned(), json!(branches));
    object.insert("customerKeyContacts".to_owned(), json!(contact.into_iter().collect::<Vec<_>>()));
    object.insert("customerReminders".to_owned(), json!([]));
    object.into()
}

/// `MAKER_APPROVED` with the label `Maker approved`.
fn labelled(name: &str) -> Value {
    let mut label = name.replace('_', " ").to_lowercase();
    if let Some(first) = label.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    json!({"name": name, "label": label})
}
