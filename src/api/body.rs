//! What goes over the wire for a chunk: the path, and the body made of its lines.
//!
//! A chunk holds its lines as a CSV file with the fields' JSON names, whatever kind of request they travel in. An upload
//! posts that file, in the form of [`Uploads`]; an id list and a single request become JSON here. Pure: the same lines make the same bytes.

use std::io::Read;

use reqwest::blocking::multipart::{Form, Part};
use serde_json::{Map, Number, Value, json};

use super::Call;
use crate::operation::{FieldKind, Operation, RequestKind};
use crate::upload::Uploads;

/// Name of the multipart part that carries the file (contract 4.1).
pub(super) const PART_NAME: &str = "file";

/// Media type of the file.
pub(super) const PART_TYPE: &str = "text/csv";

/// Name of the list in a body of ids (contract 6.4, 8).
const ID_LIST: &str = "invoiceIds";

/// What a cell says to have a field emptied.
const CLEAR: &str = "<clear>";

/// Parts of a key contact (contract 5.1): the field of a row and the name inside the contact.
pub(super) const CONTACT: [(&str, &str); 10] = [
    ("keyContactPersonId", "keyContactPersonId"),
    ("keyContactName", "name"),
    ("keyContactLegalName", "legalName"),
    ("keyContactMobile", "mobile"),
    ("keyContactEmail", "email"),
    ("keyContactVia", "via"),
    ("keyContactMailEnabled", "mail_enabled"),
    ("keyContactSmsEnabled", "sms_enabled"),
    ("keyContactWhatsappEnabled", "whatsapp_enabled"),
    ("keyContactDeleted", "deleted"),
];

/// Parts of a reminder inside a customer (contract 7).
const REMINDER: [&str; 6] =
    ["customerReminderId", "dueDateDifference", "reminderInterval", "reminderTime", "reminderType", "stage"];

/// The path of a request: the route's, its fields filled from the chunk's first line.
pub fn path(path: &str, payload: &[u8]) -> String {
    if !path.contains('{') {
        return path.to_owned();
    }
    let line = first_line(payload);
    fill(path, |name| line.get(name).map_or("", String::as_str))
}

/// A route's path with its fields filled.
pub(super) fn fill<'v>(path: &str, value: impl Fn(&str) -> &'v str) -> String {
    let filled = path.split('/').map(|segment| {
        let name = segment.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
        name.map_or_else(|| segment.to_owned(), |name| percent(value(name)))
    });
    filled.collect::<Vec<_>>().join("/")
}

/// Escapes what a path segment cannot hold.
fn percent(text: &str) -> String {
    let mut url = reqwest::Url::parse("http://x").expect("a fixed address is one");
    url.path_segments_mut().expect("a web address has a path").push(text);
    url.path().trim_start_matches('/').to_owned()
}

/// The JSON body of an id list or a single request; none where the route takes no body.
pub fn json_body(operation: &Operation, payload: &[u8]) -> Option<Value> {
    match operation.request {
        RequestKind::Ids => {
            let (ids, line) = ids(operation, payload);
            let mut body = object(operation, &line);
            body.remove(operation.fields[0].name);
            body.insert(ID_LIST.to_owned(), json!(ids));
            Some(Value::Object(body))
        }
        RequestKind::Single if takes_body(operation) => Some(Value::Object(object(operation, &first_line(payload)))),
        RequestKind::Single | RequestKind::File(_) => None,
    }
}

/// Whether the route takes a body: those that only name a record do not (contract 5.3).
fn takes_body(operation: &Operation) -> bool {
    operation.sent_fields().any(|field| !operation.route.path_fields().any(|name| name == field.name))
}

type Cells = std::collections::BTreeMap<String, String>;

fn lines(payload: &[u8]) -> impl Iterator<Item = Cells> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(payload);
    let names = reader.headers().cloned().unwrap_or_default();
    let records: Vec<csv::StringRecord> = reader.records().map_while(Result::ok).collect();
    records.into_iter().map(move |record| {
        let cells = names.iter().zip(&record).filter(|(_, cell)| !cell.is_empty());
        cells.map(|(name, cell)| (name.to_owned(), cell.to_owned())).collect()
    })
}

fn first_line(payload: &[u8]) -> Cells {
    lines(payload).next().unwrap_or_default()
}

/// The ids of all lines, and the first line for what they share.
fn ids(operation: &Operation, payload: &[u8]) -> (Vec<String>, Cells) {
    let id = operation.fields[0].name;
    let mut first = None;
    let ids = lines(payload)
        .map(|line| {
            let found = line.get(id).cloned().unwrap_or_default();
            first.get_or_insert(line);
            found
        })
        .collect();
    (ids, first.unwrap_or_default())
}

/// A line as the API's record: contacts and reminders nested, what stands in the path left out.
fn object(operation: &Operation, line: &Cells) -> Map<String, Value> {
    let nests = operation.resource == "customers";
    let mut body = Map::new();
    let mut contact = Map::new();
    let mut reminder = Map::new();
    for field in operation.sent_fields() {
        let Some(cell) = line.get(field.name) else { continue };
        let value = if operation.clears() && cell == CLEAR { Value::Null } else { value(field.kind, cell) };
        if operation.route.path_fields().any(|name| name == field.name) {
            continue;
        }
        if let Some((_, name)) = CONTACT.iter().find(|(name, _)| nests && *name == field.name) {
            contact.insert((*name).to_owned(), value);
        } else if nests && REMINDER.contains(&field.name) {
            reminder.insert(field.name.to_owned(), value);
        } else {
            body.insert(field.name.to_owned(), value);
        }
    }
    if !contact.is_empty() {
        contact.entry("deleted").or_insert(Value::Bool(false));
        body.insert("customerKeyContacts".to_owned(), json!([contact]));
    }
    if !reminder.is_empty() {
        body.insert("customerReminders".to_owned(), json!([reminder]));
    }
    body
}

/// A cell in the API's type; amounts keep every digit.
fn value(kind: FieldKind, cell: &str) -> Value {
    let number = || cell.parse::<Number>().map_or_else(|_| json!(cell), Value::Number);
    match kind {
        FieldKind::Amount(_) | FieldKind::Days | FieldKind::Whole => number(),
        FieldKind::Bool => Value::Bool(cell == "true"),
        FieldKind::List => json!(cell.split(';').collect::<Vec<_>>()),
        _ => json!(cell),
    }
}

/// The whole upload in memory, with its media type: a chunk is small, and a body of known bytes leaves in one go.
pub(super) fn multipart(call: &Call<'_>, uploads: &Uploads) -> Result<(String, Vec<u8>), Box<dyn std::error::Error>> {
    let packed = uploads.pack(call.operation, call.file_name, call.payload)?;
    form(&packed.part, &packed.file_name, packed.media_type, packed.bytes)
}

/// A form whose only part is a file.
pub(super) fn form(
    part: &str,
    file_name: &str,
    media_type: &str,
    bytes: Vec<u8>,
) -> Result<(String, Vec<u8>), Box<dyn std::error::Error>> {
    let size = bytes.len();
    let file = Part::bytes(bytes).file_name(file_name.to_owned()).mime_str(media_type)?;
    let form = Form::new().part(part.to_owned(), file);
    let content_type = format!("multipart/form-data; boundary={}", form.boundary());
    let mut body = Vec::with_capacity(size + 512);
    form.into_reader().read_to_end(&mut body)?;
    Ok((content_type, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body_of(name: &str, payload: &str) -> Value {
        json_body(Operation::by_name(name).unwrap(), payload.as_bytes()).unwrap()
    }

    #[test]
    fn ids_that_share_everything_else_travel_in_one_list() {
        let body = body_of(
            "invoices confirm-payment",
            "invoiceId,paymentId,remarks,response,type\nIN1,PMT1,\"paid, in full\",ACCEPT,ONPLATFORM\nIN2,PMT1,\"paid, in full\",ACCEPT,ONPLATFORM\n",
        );
        let expected = json!({"invoiceIds": ["IN1", "IN2"], "paymentId": "PMT1", "remarks": "paid, in full",
            "response": "ACCEPT", "type": "ONPLATFORM"});
        assert_eq!(body, expected);
        let body = body_of("invoices dispatch", "invoiceId,partialPaymentAllowed\nIN1,true\n");
        assert_eq!(body, json!({"invoiceIds": ["IN1"], "partialPaymentAllowed": true}));
    }

    #[test]
    fn a_change_says_only_what_changes_and_empties_what_is_to_be_cleared() {
        let body = body_of(
            "customers patch",
            "customerId,legalName,branchCodes,keyContactName,keyContactLegalName,keyContactMobile\nKC1,<clear>,a;b,Asha,Asha,+919812345678\n",
        );
        let contact = json!({"name": "Asha", "legalName": "Asha", "mobile": "+919812345678", "deleted": false});
        assert_eq!(body, json!({"legalName": null, "branchCodes": ["a", "b"], "customerKeyContacts": [contact]}));
        let body = body_of("invoices update", "invoiceId,baseAmount,gstExclusive\nIN1,1180.10,false\n");
        assert_eq!(body.to_string(), r#"{"baseAmount":1180.10,"gstExclusive":false}"#);
        let body =
            body_of("reminders update", "customerId,customerReminderId,dueDateDifference,stage\nKC1,R1,-3,<clear>\n");
        assert_eq!(body, json!({"dueDateDifference": -3, "stage": null}));
    }

    #[test]
    fn ids_stand_in_the_path_and_what_only_names_a_record_has_no_body() {
        let contacts = Operation::by_name("customers contacts").unwrap();
        let payload = b"customerId\nKC1/2 3\n";
        assert_eq!(path(contacts.route.path, payload), "/api/v0/customer/KC1%2F2%203/contacts");
        for name in ["customers contacts", "customers activate", "customers delete", "invoices get", "reminders delete"]
        {
            assert_eq!(json_body(Operation::by_name(name).unwrap(), payload), None, "{name}");
        }
    }
}
