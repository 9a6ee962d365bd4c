//! Invoices one by one and by lists of ids (contract 6.1 to 6.4, 8).
//!
//! Dispatch and delete say of each id what became of it; the requests of Bharat Connect are done whole or not at all. An
//! invoice is not dispatchable once it was dispatched or deleted, while its approval is pending or refused, or where the
//! settings say so: transitions of our own, not Enkash's. The one rule: an id is reported as done exactly when it was.

use serde_json::{Map, Value, json};

use super::object::{approval_status, invoice_object};
use super::reply::{Refusal, RefusalKind, Reply};
use super::settings::{FileRefusal, Refused};
use super::shape::{self, Shape};
use super::store::{Cells, Record, Resource, Store};
use super::task::{Task, cells_of};

/// Does what a request for invoices asks for.
pub(super) fn answer(store: &mut Store, task: Task<'_>, body: &[u8]) -> Result<Reply, Refusal> {
    match task.operation.verb {
        "add" => add(store, task, &shape::INVOICE_CREATE.read(body)?),
        "update" => update(store, task, &shape::INVOICE_UPDATE.read(body)?),
        "get" => {
            let invoice = task.record(store, Resource::Invoices, &task.id("invoiceId"))?;
            Ok(task.done(invoice_object(store, &invoice), 0))
        }
        "dispatch" => {
            let body = shape::DISPATCH.read(body)?;
            if ids(&body).is_empty() {
                return Err(Refusal::invalid("invoiceIds: must not be empty"));
            }
            act(store, task, &body, dispatch)
        }
        "delete" => act(store, task, &shape::DELETE.read(body)?, delete),
        "status" => note(store, task, &shape::STATUS, body, "Status change accepted"),
        _ => note(store, task, &shape::CONFIRM, body, "Payment confirmation accepted"),
    }
}

fn add(store: &mut Store, task: Task<'_>, body: &Map<String, Value>) -> Result<Reply, Refusal> {
    let given = cells_of(&shape::INVOICE_CREATE, body);
    let filled = given.iter().filter_map(|(name, cell)| Some((*name, cell.as_deref()?)));
    let cells = Cells::pack(Resource::Invoices, filled);
    let account = cells.cell("sellerId").unwrap_or(&task.settings.company_id).to_owned();
    task.refuse_on_purpose(cells.cell("customerId"))?;
    refuse_customer(store, task, cells.cell("customerId"))?;
    task.refuse_taken(store, &account, None, &cells)?;
    let id = store.next_id(Resource::Invoices, task.now, task.settings.seed);
    let invoice = Record { id: id.into(), account: account.into(), created: task.now, cells, life: None };
    let payload = invoice_object(store, &invoice);
    store.replace(invoice);
    Ok(task.done(payload, 1))
}

fn update(store: &mut Store, task: Task<'_>, body: &Map<String, Value>) -> Result<Reply, Refusal> {
    let id = task.id("invoiceId");
    let mut invoice = task.record(store, Resource::Invoices, &id)?;
    let changes = cells_of(&shape::INVOICE_UPDATE, body);
    let changes: Vec<(&str, Option<&str>)> = changes.iter().map(|(name, cell)| (*name, cell.as_deref())).collect();
    let cells = invoice.cells.with(&changes);
    task.refuse_on_purpose(cells.cell("customerId"))?;
    refuse_named(task, &invoice)?;
    if cells.cell("customerId") != invoice.cells.cell("customerId") {
        refuse_customer(store, task, cells.cell("customerId"))?;
    }
    task.refuse_taken(store, &invoice.account, Some(&invoice.cells), &cells)?;
    // What was sent stays sent, whatever the fields say later.
    let sent = invoice.dispatched().or((cells.cell("dispatchNow") == Some("true")).then_some(task.now));
    invoice.cells = cells;
    invoice.live(task.now).dispatch(sent);
    let payload = invoice_object(store, &invoice);
    store.replace(invoice);
    Ok(task.done(payload, 1))
}

/// Refuses a customer who is not there or may not be billed.
fn refuse_customer(store: &Store, task: Task<'_>, id: Option<&str>) -> Result<(), Refusal> {
    let Some(id) = id else { return Ok(()) };
    let Some(fault) = unfit_customer(store, task.settings.lenient_customers, id) else { return Ok(()) };
    // The body is a valid one, so it is the customer who is missing or closed.
    let there = store.customer(id).is_some_and(|customer| !customer.deleted());
    Err(Refusal::new(if there { RefusalKind::Forbidden } else { RefusalKind::NotFound }, fault))
}

/// What speaks against invoices of a customer.
pub(super) fn unfit_customer(store: &Store, lenient: bool, id: &str) -> Option<&'static str> {
    match store.customer(id) {
        Some(customer) if customer.deleted() => Some("customerId: this customer is deleted"),
        Some(customer) if customer.inactive() => Some("customerId: this customer is not active"),
        None if !lenient => Some("customerId: no customer with this id"),
        _ => None,
    }
}

/// Refuses an invoice that the settings name, by id or by number.
fn refuse_named(task: Task<'_>, invoice: &Record) -> Result<(), Refusal> {
    let names = [Some(&*invoice.id), invoice.cells.cell("invoiceNumber")];
    if task.settings.refuse_invoices.iter().any(|refused| names.contains(&Some(refused.as_str()))) {
        return Err(Refusal::invalid("this invoice is refused on purpose"));
    }
    Ok(())
}

fn ids(body: &Map<String, Value>) -> Vec<&str> {
    let list = body.get("invoiceIds").and_then(Value::as_array);
    list.map(|list| list.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}

/// What an action makes of an invoice that it is allowed on, or why it is not.
type Action = fn(Task<'_>, &Map<String, Value>, Record) -> Result<Record, Refusal>;

/// Does something to each of the ids and says of each what became of it.
fn act(store: &mut Store, task: Task<'_>, body: &Map<String, Value>, action: Action) -> Result<Reply, Refusal> {
    let one = |store: &Store, index: usize, id: &str| {
        let refused = match task.settings.replies.refuse_rows {
            Refused::None => false,
            Refused::Some => index.is_multiple_of(3),
            Refused::All => true,
        };
        if refused {
            return Err(Refusal::invalid("refused on purpose"));
        }
        let missing = || Refusal::missing("No invoice with this id");
        let invoice = task.touch(store, Resource::Invoices, id)?.ok_or_else(missing)?;
        refuse_named(task, &invoice)?;
        action(task, body, invoice)
    };
    let ids = ids(body);
    let refusal = task.settings.replies.file_refusal;
    let any_bad = || ids.iter().enumerate().any(|(index, id)| one(store, index, id).is_err());
    if refusal == FileRefusal::AnyBadRow && any_bad() {
        return Err(Refusal::invalid("The list has invoices that cannot be processed"));
    }
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for (index, id) in ids.iter().enumerate() {
        match one(store, index, id) {
            Ok(invoice) => {
                store.replace(invoice);
                done.push(json!({"invoiceId": id, "message": "Done"}));
            }
            Err(fault) => {
                failed.push(json!({"invoiceId": id, "message": fault.message}));
                if refusal == FileRefusal::FromBadRow {
                    break;
                }
            }
        }
    }
    if !failed.is_empty() && refusal != FileRefusal::Never {
        let whole = Refusal::invalid("The list has invoices that cannot be processed");
        return Err(Refusal { rows: done.len(), ..whole });
    }
    let rows = done.len();
    Ok(task.done(json!({"successInvoices": done, "failureInvoices": failed}), rows))
}

fn dispatch(task: Task<'_>, body: &Map<String, Value>, mut invoice: Record) -> Result<Record, Refusal> {
    let approval = approval_status(&invoice);
    let fault = if invoice.deleted() {
        Some("Invoice is deleted")
    } else if invoice.dispatched().is_some() {
        Some("Invoice is already dispatched")
    } else if approval.ends_with("_REJECTED") || approval.ends_with("_PENDING") {
        Some("Invoice is not approved")
    } else {
        None
    };
    if let Some(fault) = fault {
        return Err(Refusal::invalid(fault));
    }
    if let Some(partial) = body.get("partialPaymentAllowed").and_then(Value::as_bool) {
        let partial = if partial { "true" } else { "false" };
        invoice.cells = invoice.cells.with(&[("partialPaymentAllowed", Some(partial))]);
    }
    invoice.live(task.now).dispatch(Some(task.now));
    Ok(invoice)
}

fn delete(task: Task<'_>, _: &Map<String, Value>, mut invoice: Record) -> Result<Record, Refusal> {
    if invoice.deleted() {
        return Err(Refusal::invalid("Invoice is already deleted"));
    }
    invoice.live(task.now).deleted = true;
    Ok(invoice)
}

/// Writes down with every invoice what was said of it, or of none where one is not there.
fn note(store: &mut Store, task: Task<'_>, shape: &Shape, body: &[u8], said: &str) -> Result<Reply, Refusal> {
    let mut action = shape.read(body)?;
    let ids: Vec<String> = ids(&action).into_iter().map(str::to_owned).collect();
    action.retain(|name, _| name != "invoiceIds" && shape.properties().iter().any(|property| property.name == name));
    action.insert("operation".to_owned(), json!(task.operation.verb));
    task.refuse_on_purpose(None)?;
    let mut changed: Vec<Record> = Vec::new();
    for id in &ids {
        let invoice = task.record(store, Resource::Invoices, id)?;
        refuse_named(task, &invoice)?;
        changed.push(invoice);
    }
    let rows = changed.len();
    for mut invoice in changed {
        invoice.live(task.now).actions.push(action.clone().into());
        store.replace(invoice);
    }
    Ok(task.done(json!(said), rows))
}
