//! Searches of invoices and customers (contract 2.5, 5.3, 6.4): the documented filters, paging and order.
//!
//! Leaves what a record looks like to [`super::object`]. Filters that the portal does not document are not obeyed, as a
//! client must not rely on them. Records come in the order they were stored unless another order is asked for, and deleted
//! ones do not come.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::object::{approval_status, customer_object, customer_of, invoice_object, legal_name};
use super::reply::{Refusal, Reply, local_stamp};
use super::row;
use super::settings::{OffsetUnit, ReplySettings, SearchReply};
use super::shape;
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
    let shape = match resource {
        Resource::Invoices => &shape::INVOICE_SEARCH,
        Resource::Customers => &shape::CUSTOMER_SEARCH,
    };
    let filters = Filters(shape.read(body)?);
    let ids = filters.customer_ids();
    let mut found: Vec<&Record> = match resource {
        Resource::Invoices => {
            store.invoices.iter().filter(|invoice| filters.takes_invoice(store, invoice, ids.as_ref())).collect()
        }
        Resource::Customers => {
            let there = store.customers.iter().filter(|customer| !customer.deleted());
            there.filter(|customer| filters.takes_customer(customer)).collect()
        }
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
        let number = |name: &str| match query.get(name) {
            None => Ok(None),
            Some(text) => {
                text.parse::<i32>().map(Some).map_err(|_| Refusal::invalid(format!("{name}: must be a number")))
            }
        };
        // The contract knows no least values, so what is below them is taken as not given.
        let limit = number("limit")?.filter(|limit| *limit > 0).map_or(DEFAULT_PAGE, |limit| limit as usize);
        if limit > LARGEST_PAGE {
            return Err(Refusal::invalid(format!("limit: must be at most {LARGEST_PAGE}")));
        }
        let limit = limit.min(settings.page_cap.unwrap_or(LARGEST_PAGE)).max(1);
        let offset = number("offset")?.map_or(0, |offset| offset.max(0) as usize);
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
            records.sort_by_cached_key(|record| record.cells.cell(order).map(str::to_owned));
        }
        if self.descending {
            records.reverse();
        }
    }
}

/// The body of a search.
struct Filters(Map<String, Value>);

impl Filters {
    /// A filter that is given; null is not given.
    fn given(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
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
        let time = |time: Option<Timestamp>| time.map(local_stamp);
        let due = || invoice.cells.cell("dueDate").map(|date| format!("{date} 00:00:00"));
        let customer = || customer_of(store, invoice);
        let active = || customer().is_none_or(|customer| !customer.inactive() && !customer.deleted());
        !invoice.deleted()
            && self.stamp_within(["createdOnFrom", "createdOnTo"], || time(Some(invoice.created)))
            && self.stamp_within(["dispatchedOnFrom", "dispatchedOnTo"], || time(invoice.dispatched()))
            && self.stamp_within(["dueDateFrom", "dueDateTo"], due)
            && self.amount_within("baseAmount", ["baseAmountFrom", "baseAmountTo"], invoice)
            && self.amount_within("balanceAmount", ["balanceAmountFrom", "balanceAmountTo"], invoice)
            && self.choice("dispatched").is_none_or(|wanted| wanted == invoice.dispatched().is_some())
            && self.choice("customerDeleted").is_none_or(|wanted| wanted == customer().is_some_and(Record::deleted))
            && self.text("customerStatus").is_none_or(|wanted| wanted == if active() { "ACTIVE" } else { "INACTIVE" })
            // Invoices of a sandbox are not collected.
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

    fn stamp_within(&self, [from, to]: [&str; 2], stamp: impl FnOnce() -> Option<String>) -> bool {
        let (from, to) = (self.text(from), self.text(to));
        if from.is_none() && to.is_none() {
            return true;
        }
        let stamp = stamp();
        // Stamps of this form compare as text.
        from.is_none_or(|from| stamp.as_deref().is_some_and(|stamp| stamp >= from))
            && to.is_none_or(|to| stamp.as_deref().is_some_and(|stamp| stamp <= to))
    }

    fn amount_within(&self, field: &str, [from, to]: [&str; 2], invoice: &Record) -> bool {
        let limit = |name: &str| self.given(name).and_then(|value| row::amount(&value.to_string()));
        if self.given(from).is_none() && self.given(to).is_none() {
            return true;
        }
        let amount = invoice.cells.cell(field).and_then(row::amount);
        limit(from).is_none_or(|from| amount.is_some_and(|amount| amount >= from))
            && limit(to).is_none_or(|to| amount.is_some_and(|amount| amount <= to))
    }
}
