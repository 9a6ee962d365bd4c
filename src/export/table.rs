//! From records to columns: every field of the API's objects, and whatever else came.
//!
//! Owns the order of columns and how nested values become one cell: a status its `name`, a list its items, the first
//! contact columns of its own. Leaves files to [`super::write`]. The one rule: nothing that a record says is left out.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::api::Searched;
use crate::api::found::Record;
use crate::error::RunError;
use crate::sheet::input::EXPORT_HEADINGS;

/// Limit: further columns than the API names; a server that sends more sends data as names.
const MOST_FURTHER: usize = 1_000;

/// Whose fields come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Of invoices (contract 6.2).
    Invoices,
    /// Of customers (contract 5.1, 5.2).
    Customers,
    /// Of contacts of customers that rows of a sheet name.
    Contacts,
    /// Of reminders of customers that rows of a sheet name.
    Reminders,
    /// Of invoices that rows of a sheet name.
    NamedInvoices,
}

const INVOICE: &[&str] = &[
    "invoiceId",
    "invoiceNumber",
    "externalId",
    "sellerId",
    "customerId",
    "customerLegalName",
    "invoiceDate",
    "dueDate",
    "baseAmount",
    "cgst",
    "sgst",
    "igst",
    "tds",
    "netAmount",
    "totalReceived",
    "balanceAmount",
    "approvalStatus",
    "receivableStatus",
    "payoutStatus",
    "dispatched",
    "dispatchedOn",
    "partialPaymentAllowed",
    "hasKeyContacts",
    "poNumber",
    "payableReferenceId",
    "description",
    "via",
    "paymentLink",
    "attachmentUrl",
    "invoiceAttachments",
    "createdOn",
    "createdBy",
    "createdByEmail",
    "createdByMobile",
    "createdByName",
    "modifiedOn",
    "modifiedBy",
    "modifiedByEmail",
    "modifiedByMobile",
    "modifiedByName",
];

const CUSTOMER: &[&str] = &[
    "customerId",
    "companyId",
    "legalName",
    "uniqueRefNo",
    "panOrGstin",
    "accountNumber",
    "ifsc",
    "contactNumber",
    "address",
    "state",
    "pinCode",
    "assignedAgent",
    "branchCodes",
    "customerCompanyId",
    "externalSource",
    "customerReminders",
];

const CONTACT: &[&str] = &[
    "name",
    "legalName",
    "mobile",
    "email",
    "deleted",
    "keyContactPersonId",
    "via",
    "mail_enabled",
    "sms_enabled",
    "whatsapp_enabled",
];

const REMINDER: &[&str] =
    &["customerReminderId", "reminderType", "dueDateDifference", "reminderInterval", "reminderTime", "stage"];

/// The list of a customer's contacts.
const CONTACTS: &str = "customerKeyContacts";

/// Amounts, which spreadsheets may add up.
const AMOUNTS: [&str; 8] = ["baseAmount", "cgst", "sgst", "igst", "tds", "netAmount", "totalReceived", "balanceAmount"];

impl Known {
    /// The fields of what a search finds.
    pub fn of(searched: Searched) -> Known {
        match searched {
            Searched::Invoices => Known::Invoices,
            Searched::Customers => Known::Customers,
        }
    }

    fn fields(self) -> Vec<&'static str> {
        let row = EXPORT_HEADINGS.iter().copied();
        match self {
            Known::Invoices => INVOICE.to_vec(),
            Known::Customers => CUSTOMER.to_vec(),
            Known::Contacts => row.chain(["customerId"]).chain(CONTACT.iter().copied()).collect(),
            Known::Reminders => row.chain(["customerId"]).chain(REMINDER.iter().copied()).collect(),
            Known::NamedInvoices => row.chain(INVOICE.iter().copied()).collect(),
        }
    }
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Never read as a number.
    Text(String),
    /// A decimal as it came.
    Amount(String),
}

impl Cell {
    /// What is written.
    pub fn text(&self) -> &str {
        match self {
            Cell::Text(text) | Cell::Amount(text) => text,
        }
    }
}

/// One column.
#[derive(Debug, Clone)]
enum Column {
    Field(String),
    /// A field of the first contact, by the column's name and its own.
    Contact(String, &'static str),
    /// What columns do not show of contacts, as JSON.
    FurtherContacts,
}

/// The columns of an export.
#[derive(Debug, Clone)]
pub struct Table {
    columns: Vec<Column>,
}

impl Table {
    /// The known columns, then the further fields by name.
    pub fn new(known: Known, further: &BTreeSet<String>) -> Table {
        let fields = known.fields();
        let mut columns: Vec<Column> = fields.iter().map(|name| Column::Field((*name).to_owned())).collect();
        if known == Known::Customers {
            columns.extend(CONTACT.iter().map(|name| Column::Contact(contact_column(name), name)));
            columns.push(Column::FurtherContacts);
        }
        let others = further.iter().filter(|name| !fields.contains(&name.as_str()));
        columns
            .extend(others.filter(|name| known != Known::Customers || *name != CONTACTS).cloned().map(Column::Field));
        Table { columns }
    }

    /// The headings.
    pub fn headings(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| match column {
            Column::Field(name) | Column::Contact(name, _) => name.as_str(),
            Column::FurtherContacts => "furtherContacts",
        })
    }

    /// The cells of a record.
    pub fn cells(&self, record: &Record) -> Vec<Cell> {
        let contacts = contacts(record);
        self.columns
            .iter()
            .map(|column| match column {
                Column::Field(name) => {
                    let text = record.0.get(name).map(shown).unwrap_or_default();
                    if AMOUNTS.contains(&name.as_str()) { Cell::Amount(text) } else { Cell::Text(text) }
                }
                Column::Contact(_, name) => {
                    let first = contacts.first.and_then(|contact| contact.get(*name));
                    Cell::Text(first.map(shown).unwrap_or_default())
                }
                Column::FurtherContacts => Cell::Text(contacts.further.clone()),
            })
            .collect()
    }
}

/// Names of fields that a record has, added to those of others.
pub fn add_names(record: &Record, names: &mut BTreeSet<String>) -> Result<(), RunError> {
    for name in record.0.keys() {
        if !names.contains(name) {
            names.insert(name.clone());
        }
    }
    if names.len() > MOST_FURTHER {
        let message = format!("the records have more than {MOST_FURTHER} different fields");
        return Err(RunError::Export { message, reason: None });
    }
    Ok(())
}

struct Contacts<'a> {
    first: Option<&'a Map<String, Value>>,
    further: String,
}

/// The first contact that is not deleted, and all that its columns do not show.
fn contacts(record: &Record) -> Contacts<'_> {
    let list = match record.0.get(CONTACTS) {
        Some(Value::Array(list)) => list,
        Some(other) => return Contacts { first: None, further: shown(other) },
        None => return Contacts { first: None, further: String::new() },
    };
    let deleted = |contact: &Map<String, Value>| contact.get("deleted").is_some_and(|it| shown(it) == "true");
    let objects = || list.iter().filter_map(Value::as_object);
    let first = objects().find(|contact| !deleted(contact)).or_else(|| objects().next());
    let is_shown = |contact: &Value| {
        let same = contact.as_object().zip(first).is_some_and(|(contact, first)| std::ptr::eq(contact, first));
        same && first.is_some_and(|first| first.keys().all(|name| CONTACT.contains(&name.as_str())))
    };
    let further: Vec<&Value> = list.iter().filter(|contact| !is_shown(contact)).collect();
    let further = match further.len() {
        0 => String::new(),
        _ => further.into_iter().cloned().collect::<Value>().to_string(),
    };
    Contacts { first, further }
}

/// `keyContactName` for `name`, as sheets call it.
fn contact_column(name: &str) -> String {
    if name.starts_with("keyContact") {
        return name.to_owned();
    }
    let mut name = name.to_owned();
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    format!("keyContact{name}")
}

/// A value in one cell: `{label, name}` its name, a list of plain items the items, anything deeper its JSON.
fn shown(value: &Value) -> String {
    let plain = |value: &Value| !matches!(value, Value::Array(_) | Value::Object(_));
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(plain) && !items.iter().any(|item| shown(item).contains(';')) => {
            items.iter().map(shown).collect::<Vec<_>>().join(";")
        }
        Value::Object(object) if object.keys().all(|key| key == "name" || key == "label") => {
            let named = object.get("name").filter(|name| !name.is_null()).or(object.get("label"));
            named.filter(|named| plain(named)).map_or_else(|| value.to_string(), shown)
        }
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(known: Known, value: &Value) -> String {
        let record = Record(value.as_object().unwrap().clone());
        let mut names = BTreeSet::new();
        add_names(&record, &mut names).unwrap();
        let table = Table::new(known, &names);
        let cells = table.cells(&record);
        let told = table.headings().zip(&cells).filter(|(_, cell)| !cell.text().is_empty());
        told.map(|(name, cell)| format!("{name}={}", cell.text())).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn statuses_lists_and_unknown_fields_have_their_cells_and_amounts_keep_their_digits() {
        let invoice: Value = serde_json::from_str(
            r#"{"invoiceId":"I1","netAmount":118.10,"tds":null,"approvalStatus":{"label":"Approved","name":"MAKER_APPROVED"},
                "receivableStatus":"PAID","payoutStatus":{"label":"only"},"odd":{"deep":[1]},"tags":["a","b"],"more":[{"x":1}],
                "invoiceAttachments":[],"dispatched":true,"big":12345678901234567890.5}"#,
        )
        .unwrap();
        assert_eq!(
            row(Known::Invoices, &invoice),
            "invoiceId=I1 netAmount=118.10 approvalStatus=MAKER_APPROVED receivableStatus=PAID payoutStatus=only \
             dispatched=true big=12345678901234567890.5 more=[{\"x\":1}] odd={\"deep\":[1]} tags=a;b"
        );
    }

    #[test]
    fn the_first_contact_that_stands_has_columns_and_the_others_are_json() {
        let asha = json!({"name": "Asha", "mobile": "9876543210", "deleted": false});
        let gone = json!({"name": "Ravi", "deleted": true});
        let odd = json!({"name": "Asha", "pager": "7"});
        for (contacts, expected) in [
            (json!([asha]), "customerId=KC1 keyContactName=Asha keyContactMobile=9876543210 keyContactDeleted=false"),
            (
                json!([gone, asha]),
                "customerId=KC1 keyContactName=Asha keyContactMobile=9876543210 keyContactDeleted=false \
                 furtherContacts=[{\"deleted\":true,\"name\":\"Ravi\"}]",
            ),
            (json!([gone]), "customerId=KC1 keyContactName=Ravi keyContactDeleted=true"),
            (json!([odd]), "customerId=KC1 keyContactName=Asha furtherContacts=[{\"name\":\"Asha\",\"pager\":\"7\"}]"),
            (json!([]), "customerId=KC1"),
            (json!(null), "customerId=KC1"),
            (json!("none"), "customerId=KC1 furtherContacts=none"),
        ] {
            assert_eq!(row(Known::Customers, &json!({"customerId": "KC1", "customerKeyContacts": contacts})), expected);
        }
    }
}
