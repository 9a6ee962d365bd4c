//! The records in the answer to a request that reads: one of them, or a list.
//!
//! Pure. Whether the answer is a success is decided by [`super::reply`]; here it is one. The one rule: nothing that the
//! answer holds is lost, whatever shape it has.

use serde_json::{Map, Value, json};

use super::found::Record;

/// Names under which the lists of customers stand where an answer wraps them.
const LISTS: [&str; 3] = ["data", "customerKeyContacts", "customerReminders"];

/// The records of an answer; none of one without a payload.
pub fn records(body: &[u8], lists: bool) -> Vec<Record> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(mut object)) => match object.remove("payload") {
            Some(payload) => of_payload(payload, lists),
            None if is_envelope(&object) => Vec::new(),
            None => of_payload(Value::Object(object), lists),
        },
        Ok(other) => of_payload(other, lists),
        Err(_) => Vec::new(),
    }
}

fn is_envelope(object: &Map<String, Value>) -> bool {
    ["response_code", "response_message", "errorResponse"].iter().any(|name| object.contains_key(*name))
}

fn of_payload(payload: Value, lists: bool) -> Vec<Record> {
    match payload {
        Value::Null => Vec::new(),
        Value::Array(items) => items.into_iter().map(record).collect(),
        Value::Object(mut object) if lists => {
            let list = LISTS.iter().find(|name| object.get(**name).is_some_and(Value::is_array));
            match list.and_then(|name| object.remove(*name)) {
                Some(Value::Array(items)) => items.into_iter().map(record).collect(),
                _ => vec![Record(object)],
            }
        }
        other => vec![record(other)],
    }
}

fn record(value: Value) -> Record {
    match value {
        Value::Object(object) => Record(object),
        other => Record(Map::from_iter([("value".to_owned(), json!(other))])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_record_or_a_list_is_read_in_every_shape() {
        for (body, lists, expected) in [
            (
                r#"{"response_code":0,"payload":{"invoiceId":"I1","data":[1]}}"#,
                false,
                r#"{"data":[1],"invoiceId":"I1"}"#,
            ),
            (r#"{"invoiceId":"I1"}"#, false, r#"{"invoiceId":"I1"}"#),
            (r#"{"response_code":0}"#, false, ""),
            (r#"{"response_code":0,"payload":null}"#, true, ""),
            (r#"{"payload":[{"name":"a"},{"name":"b"}]}"#, true, r#"{"name":"a"} {"name":"b"}"#),
            (r#"{"payload":{"data":[{"name":"a"}],"count":1}}"#, true, r#"{"name":"a"}"#),
            (r#"{"payload":{"customerKeyContacts":[]}}"#, true, ""),
            (r#"{"payload":{"name":"a"}}"#, true, r#"{"name":"a"}"#),
            (r#"[{"name":"a"},7]"#, true, r#"{"name":"a"} {"value":7}"#),
            (r#"{"payload":"no contacts"}"#, true, r#"{"value":"no contacts"}"#),
            ("<html>", true, ""),
        ] {
            let found = records(body.as_bytes(), lists).into_iter().map(|it| Value::Object(it.0).to_string());
            assert_eq!(found.collect::<Vec<_>>().join(" "), expected, "{body}");
        }
    }
}
