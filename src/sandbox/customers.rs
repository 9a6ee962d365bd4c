//! Customers one by one (contract 5.1 to 5.3): created, changed, activated, deactivated, deleted, their contacts.
//!
//! Deleting is soft: the record stays for the oracle, but every route answers as if it were gone. Of a PATCH, an absent
//! field is left, null empties, a value is set; a contact or reminder with an id is changed, one without is added,
//! `deleted` removes, and those left out stay. The one rule: a request is refused whole or done whole.

use serde_json::{Map, Value, json};

use super::object::{contacts, customer_object, part_id};
use super::reply::{Refusal, Reply};
use super::shape;
use super::store::{Cells, Record, Resource, Store};
use super::task::{Task, cells_of};

/// Does what a request for customers asks for.
pub(super) fn answer(store: &mut Store, task: Task<'_>, body: &[u8]) -> Result<Reply, Refusal> {
    if task.operation.verb == "add" {
        return add(store, task, &shape::CUSTOMER_CREATE.read(body)?);
    }
    let id = task.id("customerId");
    if task.operation.reads() {
        let customer = task.record(store, Resource::Customers, &id)?;
        return Ok(task.done(json!(contacts(&customer)), 0));
    }
    let change = if task.operation.verb == "patch" { Some(shape::CUSTOMER_UPDATE.read(body)?) } else { None };
    let mut customer = task.record(store, Resource::Customers, &id)?;
    task.refuse_on_purpose(Some(&id))?;
    if let Some(change) = change {
        patch(store, task, &mut customer, &change)?;
        let payload = customer_object(&customer);
        store.replace(customer);
        return Ok(task.done(payload, 1));
    }
    let life = customer.live(task.now);
    let done = match task.operation.verb {
        "activate" => {
            life.inactive = false;
            "activated"
        }
        "deactivate" => {
            life.inactive = true;
            "deactivated"
        }
        _ => {
            life.deleted = true;
            "deleted"
        }
    };
    store.replace(customer);
    Ok(task.done(json!(format!("Customer {done} successfully")), 1))
}

fn add(store: &mut Store, task: Task<'_>, body: &Map<String, Value>) -> Result<Reply, Refusal> {
    task.refuse_on_purpose(None)?;
    let given = cells_of(&shape::CUSTOMER_CREATE, body);
    let filled = given.iter().filter_map(|(name, cell)| Some((*name, cell.as_deref()?)));
    let cells = Cells::pack(Resource::Customers, filled);
    let account = cells.cell("companyId").unwrap_or(&task.settings.company_id).to_owned();
    task.refuse_taken(store, &account, None, &cells)?;
    let id = store.next_id(Resource::Customers, task.now, task.settings.seed);
    let mut customer = Record { id: id.into(), account: account.into(), created: task.now, cells, life: None };
    let lists = lists(&customer, body)?;
    lists.put(&mut customer, task);
    let payload = customer_object(&customer);
    store.replace(customer);
    Ok(task.done(payload, 1))
}

fn patch(store: &Store, task: Task<'_>, customer: &mut Record, body: &Map<String, Value>) -> Result<(), Refusal> {
    let changes = cells_of(&shape::CUSTOMER_UPDATE, body);
    // An id in the body names the record once more and changes nothing.
    let changes: Vec<(&str, Option<&str>)> =
        changes.iter().filter(|(name, _)| *name != "customerId").map(|(name, cell)| (*name, cell.as_deref())).collect();
    let cells = customer.cells.with(&changes);
    task.refuse_taken(store, &customer.account, Some(&customer.cells), &cells)?;
    let lists = lists(customer, body)?;
    customer.cells = cells;
    lists.put(customer, task);
    Ok(())
}

/// Contacts and reminders as they will be; none where a request leaves them.
struct Lists {
    contacts: Option<Vec<Map<String, Value>>>,
    reminders: Option<Vec<Map<String, Value>>>,
    parts: u32,
}

fn lists(customer: &Record, body: &Map<String, Value>) -> Result<Lists, Refusal> {
    let mut parts = customer.life.as_ref().map_or(0, |life| life.parts);
    let mut merged = |name: &str, old: Vec<Map<String, Value>>, kind: &Part| match body.get(name) {
        None => Ok(None),
        Some(Value::Array(items)) => kind.merge(&customer.id, old, items, &mut parts).map(Some),
        Some(_) => Ok(Some(Vec::new())),
    };
    let contacts = merged("customerKeyContacts", contacts(customer), &CONTACT)?;
    let reminders = merged("customerReminders", super::object::reminders(customer).to_vec(), &REMINDER)?;
    Ok(Lists { contacts, reminders, parts })
}

impl Lists {
    fn put(self, customer: &mut Record, task: Task<'_>) {
        if let Some(contacts) = &self.contacts {
            customer.cells = with_first(&customer.cells, contacts.first());
        }
        let life = customer.live(task.now);
        life.parts = self.parts;
        life.contacts = self.contacts.or(life.contacts.take());
        life.reminders = self.reminders.unwrap_or(std::mem::take(&mut life.reminders));
    }
}

/// Cells of an uploaded row and the part of a contact that each is.
const FIRST_CONTACT: [(&str, &str); 4] = [
    ("keyContactName", "name"),
    ("keyContactLegalName", "legalName"),
    ("keyContactMobile", "mobile"),
    ("keyContactEmail", "email"),
];

/// Keeps the cells saying what the first contact says, as an uploaded row has it.
fn with_first(cells: &Cells, first: Option<&Map<String, Value>>) -> Cells {
    let part = |name: &str| first.and_then(|contact| contact.get(name)).and_then(Value::as_str);
    cells.with(&FIRST_CONTACT.map(|(cell, name)| (cell, part(name))))
}

/// Lets the first contact say what the cells of an uploaded row say.
pub(super) fn first_from_cells(customer: &mut Record) {
    let Some(contacts) = customer.life.as_mut().and_then(|life| life.contacts.as_mut()) else { return };
    let Some(first) = contacts.first_mut() else {
        // With a list that is empty, the cells alone say who the contact is.
        if let Some(life) = &mut customer.life {
            life.contacts = None;
        }
        return;
    };
    for (cell, name) in FIRST_CONTACT {
        if let Some(text) = customer.cells.cell(cell) {
            first.insert(name.to_owned(), json!(text));
        }
    }
}

/// What contacts and reminders inside a customer have in common.
struct Part {
    what: &'static str,
    id: &'static str,
    prefix: &'static str,
}

const CONTACT: Part = Part { what: "key contact", id: "keyContactPersonId", prefix: "KCP" };
const REMINDER: Part = Part { what: "reminder", id: "customerReminderId", prefix: "CRM" };

impl Part {
    fn merge(
        &self,
        customer: &str,
        mut list: Vec<Map<String, Value>>,
        items: &[Value],
        parts: &mut u32,
    ) -> Result<Vec<Map<String, Value>>, Refusal> {
        for item in items.iter().filter_map(Value::as_object) {
            let deleted = item.get("deleted") == Some(&Value::Bool(true));
            let id = item.get(self.id).and_then(Value::as_str).filter(|id| !id.is_empty());
            let Some(id) = id else {
                if !deleted {
                    *parts += 1;
                    let mut item = item.clone();
                    item.insert(self.id.to_owned(), json!(part_id(self.prefix, customer, *parts)));
                    list.push(item);
                }
                continue;
            };
            let place = list.iter().position(|known| known.get(self.id).and_then(Value::as_str) == Some(id));
            let place = place.ok_or_else(|| Refusal::missing(format!("No {} with this id", self.what)))?;
            if deleted {
                list.remove(place);
            } else {
                list[place].extend(item.clone());
            }
        }
        Ok(list)
    }
}
