//! A request for one operation with a JSON body or none: who asks, for what, and what speaks against it.
//!
//! Owns the checks that all such operations share and hands the rest to `customers`, `reminders` and `invoices`. Leaves
//! files to [`super::bulk`]. The one rule: nothing is stored before everything that can refuse a request was asked.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::reply::{Refusal, RefusalKind, Reply};
use super::route;
use super::row::is_company_id;
use super::settings::{Duplicates, Refused, SandboxSettings};
use super::shape::{Kind, Shape};
use super::store::{Cells, Record, Resource, Store};
use super::{customers, invoices, reminders};
use crate::operation::Operation;

/// A request for an operation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Task<'a> {
    /// What is to be done.
    pub(super) operation: &'static Operation,
    /// How the sandbox behaves.
    pub(super) settings: &'a SandboxSettings,
    /// The path as it came.
    pub(super) path: &'a str,
    /// Parameters of the query.
    pub(super) query: &'a BTreeMap<String, String>,
    /// When it came.
    pub(super) now: Timestamp,
    /// Which request it is.
    pub(super) ordinal: u64,
}

/// The company that a request names. Only createBulkCustomer needs one, and only there the portal shows no pattern.
pub(super) fn account<'q>(
    operation: &Operation,
    query: &'q BTreeMap<String, String>,
) -> Result<Option<&'q str>, Refusal> {
    let Some(parameter) = operation.route.account_parameter else { return Ok(None) };
    let company = query.get(parameter).map(String::as_str);
    match (parameter, company) {
        ("companyId", None) => Err(Refusal::invalid("companyId: must not be absent")),
        ("companyId", _) | (_, None) => Ok(company),
        (_, Some(id)) if is_company_id(id) => Ok(company),
        _ => Err(Refusal::invalid(format!("{parameter}: must match \"^CEK[A-Z0-9]{{7}}$\""))),
    }
}

/// Does what a request asks for, or says why not.
pub(super) fn answer(store: &mut Store, task: Task<'_>, body: &[u8]) -> Result<Reply, Refusal> {
    account(task.operation, task.query)?;
    match task.operation.resource {
        "customers" => customers::answer(store, task, body),
        "reminders" => reminders::answer(store, task, body),
        _ => invoices::answer(store, task, body),
    }
}

impl Task<'_> {
    /// The id that the path has for a field.
    pub(super) fn id(&self, field: &str) -> String {
        route::id(self.operation, self.path, field)
    }

    /// The company that the request names.
    pub(super) fn company(&self) -> Option<&str> {
        self.query.get(self.operation.route.account_parameter?).map(String::as_str)
    }

    /// A live record that this request may touch.
    pub(super) fn record(&self, store: &Store, resource: Resource, id: &str) -> Result<Record, Refusal> {
        let what = if resource == Resource::Invoices { "invoice" } else { "customer" };
        self.touch(store, resource, id)?
            .filter(|record| !record.deleted())
            .ok_or_else(|| Refusal::missing(format!("No {what} with this id")))
    }

    /// A record that is not another company's, deleted or not.
    pub(super) fn touch(&self, store: &Store, resource: Resource, id: &str) -> Result<Option<Record>, Refusal> {
        let record = store.record(resource, id);
        let foreign = |record: &Record| self.company().is_some_and(|company| company != &*record.account);
        if self.settings.foreign_ids.iter().any(|foreign| foreign == id) || record.is_some_and(foreign) {
            return Err(Refusal::new(RefusalKind::Forbidden, "This record belongs to another company"));
        }
        Ok(record.cloned())
    }

    /// Refuses what the settings want refused although nothing is wrong with it.
    pub(super) fn refuse_on_purpose(&self, customer: Option<&str>) -> Result<(), Refusal> {
        let refused = match self.settings.replies.refuse_rows {
            Refused::None => false,
            Refused::Some => self.ordinal.is_multiple_of(3),
            Refused::All => true,
        };
        if refused {
            return Err(Refusal::invalid("refused on purpose"));
        }
        match customer {
            Some(id) if self.settings.refuse_customers.iter().any(|refused| refused == id) => {
                Err(Refusal::invalid("customerId: this customer is refused on purpose"))
            }
            _ => Ok(()),
        }
    }

    /// Refuses a record whose business key another one has.
    pub(super) fn refuse_taken(
        &self,
        store: &Store,
        account: &str,
        old: Option<&Cells>,
        new: &Cells,
    ) -> Result<(), Refusal> {
        if self.settings.replies.duplicates == Duplicates::StoredTwice {
            return Ok(());
        }
        match store.taken_anew(account, old, new) {
            Some(field) => Err(Refusal::invalid(format!("{field} already exists"))),
            None => Ok(()),
        }
    }

    /// Success with a payload, so many records having changed.
    pub(super) fn done(&self, payload: Value, rows: usize) -> Reply {
        Reply { rows, ..Reply::success(&self.settings.replies, payload) }
    }
}

/// A body's fields as cells, with none for what null empties; lists of objects are not cells.
pub(super) fn cells_of(shape: &Shape, body: &Map<String, Value>) -> Vec<(&'static str, Option<String>)> {
    let fields = shape.properties().iter().filter(|property| !matches!(property.kind, Kind::Objects(_)));
    fields.filter_map(|property| Some((property.name, cell(body.get(property.name)?)))).collect()
}

fn cell(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(list) => {
            let texts: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
            Some(texts.join(";"))
        }
        other => Some(other.to_string()),
    }
}
