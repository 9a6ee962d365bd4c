//! Reminders of customers, one by one (contract 7); all their routes are assumed.
//!
//! Owns finding a reminder below its customer. Which way the days count, and what a stage is, nobody knows; values come
//! back as they came. The one rule: a reminder that was deleted is gone.

use serde_json::{Map, Value, json};

use super::object::{part_id, reminders};
use super::reply::{Refusal, Reply};
use super::shape::{self, Shape};
use super::store::{Record, Resource, Store};
use super::task::Task;

/// Does what a request for reminders asks for.
pub(super) fn answer(store: &mut Store, task: Task<'_>, body: &[u8]) -> Result<Reply, Refusal> {
    let change = match task.operation.verb {
        "create" => shape::REMINDER_CREATE.read(body)?,
        "update" => shape::REMINDER_UPDATE.read(body)?,
        _ => Map::new(),
    };
    let id = task.id("customerId");
    let mut customer = task.record(store, Resource::Customers, &id)?;
    if task.operation.verb == "list" {
        return Ok(task.done(json!(reminders(&customer)), 0));
    }
    if task.operation.verb == "create" {
        task.refuse_on_purpose(Some(&id))?;
        let reminder = create(&mut customer, task, &change);
        store.replace(customer);
        return Ok(task.done(reminder.into(), 1));
    }
    let wanted = task.id("customerReminderId");
    let named = |reminder: &Map<String, Value>| reminder.get("customerReminderId") == Some(&json!(wanted));
    let Some(place) = reminders(&customer).iter().position(named) else {
        return Err(Refusal::missing("No reminder with this id"));
    };
    if task.operation.reads() {
        return Ok(task.done(json!(reminders(&customer)[place]), 0));
    }
    task.refuse_on_purpose(Some(&id))?;
    let list = &mut customer.live(task.now).reminders;
    let payload = if task.operation.verb == "update" {
        list[place].extend(known(&shape::REMINDER_UPDATE, &change));
        json!(list[place])
    } else {
        list.remove(place);
        json!("Reminder deleted successfully")
    };
    store.replace(customer);
    Ok(task.done(payload, 1))
}

fn create(customer: &mut Record, task: Task<'_>, body: &Map<String, Value>) -> Map<String, Value> {
    let parts = customer.life.as_ref().map_or(0, |life| life.parts) + 1;
    let mut reminder: Map<String, Value> = known(&shape::REMINDER_CREATE, body).collect();
    reminder.remove("customerId");
    reminder.insert("customerReminderId".to_owned(), json!(part_id("CRM", &customer.id, parts)));
    let life = customer.live(task.now);
    life.parts = parts;
    life.reminders.push(reminder.clone());
    reminder
}

/// The fields of a body that its shape knows.
fn known(shape: &Shape, body: &Map<String, Value>) -> impl Iterator<Item = (String, Value)> {
    let given = |name: &str| Some((name.to_owned(), body.get(name)?.clone()));
    shape.properties().iter().filter_map(move |property| given(property.name)).collect::<Vec<_>>().into_iter()
}
