//! Files of bulk uploads: made of rows, or bytes that the caller brings, and what comes back (contract 4).
//!
//! Owns the CSV convention for typed rows; it is arload's own, as Enkash documents no format. The one rule: a row that does
//! not fit into a line is refused, never cut to fit.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::customers::{CustomerPatch, NewCustomer};
use super::error::ClientError;
use super::invoices::NewInvoice;
use super::reply::{Payload, Reply};
use super::{check, record};
use crate::api::body::PART_TYPE;
use crate::finding::quote;
use crate::operation::Operation;

/// A file to upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkFile {
    pub(super) name: String,
    pub(super) media_type: String,
    pub(super) bytes: Vec<u8>,
    /// The operation that its columns are those of; none for bytes that the caller brought.
    pub(super) made_for: Option<&'static str>,
}

/// What comes back; a failure that names rows is one of these too, with a status or code that says so.
pub type BulkReply = Reply<Payload<BulkResponse>>;

record::replies! {
    /// What became of a file (contract 4.1). No row is settled by it beyond doubt but one that an item names: which item
    /// means which row is arload's own reading, see [`reply::read`](crate::api::reply::read).
    BulkResponse {
        /// Rows that were taken, as objects without documented fields.
        success_requests: Vec<Map<String, Value>> = "successRequests",
        /// Rows that were refused.
        failure_requests: Vec<Map<String, Value>> = "failureRequests",
        /// Rows taken.
        success_count: Option<i64> = "success_count",
        /// Rows refused.
        failure_count: Option<i64> = "failure_count",
        /// Rows refused of a second file.
        failure_count_second_file: Option<i64> = "failure_count_second_file",
        /// Rows in all.
        total_count: Option<i64> = "total_count",
        /// Rows with a warning.
        warn_count: Option<i64> = "warn_count",
        /// A file of the rows taken.
        success_file_name: Option<String> = "success_file_name",
        /// Where it is.
        success_file_url: Option<String> = "success_file_url",
        /// A file of the rows refused.
        failure_file_name: Option<String> = "failure_file_name",
        /// Where it is.
        failure_file_url: Option<String> = "failure_file_url",
        /// A sum of amounts; of which is not documented.
        total_amount: Option<Decimal> = "total_amount",
    }
}

/// Fields of a key contact as columns (contract 4.2).
const CONTACT: [(&str, &str); 4] = [
    ("name", "keyContactName"),
    ("legalName", "keyContactLegalName"),
    ("mobile", "keyContactMobile"),
    ("email", "keyContactEmail"),
];

impl BulkFile {
    /// A file as the caller has it.
    pub fn bytes(name: impl Into<String>, media_type: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self { name: name.into(), media_type: media_type.into(), bytes, made_for: None }
    }

    /// New invoices, one a line.
    pub fn of_invoices(invoices: &[NewInvoice]) -> Result<Self, ClientError> {
        let rows: Vec<_> = invoices.iter().map(NewInvoice::body).collect();
        Self::of_rows("invoices create", "invoices.csv", &rows)
    }

    /// New customers, one a line. A line holds one contact, its name, legal name, mobile and e-mail, and no reminder.
    pub fn of_customers(customers: &[NewCustomer]) -> Result<Self, ClientError> {
        let rows = customers.iter().map(|customer| flattened(customer.body())).collect::<Result<Vec<_>, _>>()?;
        Self::of_rows("customers create", "customers.csv", &rows)
    }

    /// Changes of customers by id, one a line. A file cannot clear a field, and all lines must fill the same columns, so
    /// that no empty cell can erase anything at a server that reads it so.
    pub fn of_customer_patches(patches: &[(&str, CustomerPatch)]) -> Result<Self, ClientError> {
        let mut rows = Vec::with_capacity(patches.len());
        for (customer_id, patch) in patches {
            check::path_id("customerId", customer_id)?;
            let mut row = flattened(patch.body())?;
            if row.values().any(Value::is_null) {
                return Err(ClientError::invalid("patch", "a file cannot clear a field; change that customer alone"));
            }
            row.insert("customerId".to_owned(), Value::from(*customer_id));
            rows.push(row);
        }
        let shapes: BTreeSet<Vec<&String>> = rows.iter().map(|row| row.keys().collect()).collect();
        if shapes.len() > 1 {
            return Err(ClientError::invalid(
                "patch",
                "the lines of a file fill the same columns; make one for each set",
            ));
        }
        Self::of_rows("customers update", "customers.csv", &rows)
    }

    /// What is uploaded.
    pub fn content(&self) -> &[u8] {
        &self.bytes
    }

    fn of_rows(made_for: &'static str, name: &str, rows: &[Map<String, Value>]) -> Result<Self, ClientError> {
        let operation = Operation::by_name(made_for).expect("the operation stands in the table");
        if rows.is_empty() {
            return Err(ClientError::invalid("rows", "a file needs at least one"));
        }
        let mut columns: BTreeSet<(usize, &str)> = BTreeSet::new();
        for name in rows.iter().flat_map(Map::keys) {
            // What the operation's table does not have comes after what it has.
            columns.insert((operation.field_index(name).unwrap_or(usize::MAX), name));
        }
        let names: Vec<&str> = columns.into_iter().map(|(_, name)| name).collect();
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&names).expect("memory takes every record");
        for row in rows {
            let cells = names.iter().map(|name| cell(name, row.get(*name))).collect::<Result<Vec<_>, _>>()?;
            writer.write_record(cells).expect("memory takes every record of so many cells");
        }
        let bytes = writer.into_inner().expect("memory takes every byte");
        Ok(Self { name: name.to_owned(), media_type: PART_TYPE.to_owned(), bytes, made_for: Some(made_for) })
    }
}

/// A customer with its contact as columns.
fn flattened(mut body: Map<String, Value>) -> Result<Map<String, Value>, ClientError> {
    let misfit = |what| ClientError::invalid(what, "a line of a file cannot hold it; send that customer alone");
    if let Some(Value::Array(contacts)) = body.remove("customerKeyContacts") {
        let [Value::Object(contact)] = &contacts[..] else { return Err(misfit("customerKeyContacts")) };
        for (name, value) in contact {
            match CONTACT.iter().find(|(field, _)| field == name) {
                Some((_, column)) => drop(body.insert((*column).to_owned(), value.clone())),
                None if name == "deleted" && *value == Value::Bool(false) => {}
                None => return Err(misfit("customerKeyContacts")),
            }
        }
    }
    if body.contains_key("customerReminders") {
        return Err(misfit("customerReminders"));
    }
    Ok(body)
}

/// A value as a cell (contract 4.2).
fn cell(name: &str, value: Option<&Value>) -> Result<String, ClientError> {
    let misfit = |problem: String| Err(ClientError::Invalid { what: "rows", problem: format!("{name}: {problem}") });
    match value {
        None => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(value @ (Value::Bool(_) | Value::Number(_))) => Ok(value.to_string()),
        Some(Value::Array(items)) => {
            let mut texts = Vec::with_capacity(items.len());
            for item in items {
                match item {
                    Value::String(text) if !text.contains(';') => texts.push(text.as_str()),
                    other => {
                        return misfit(format!("{} does not fit into a list joined by ;", quote(&other.to_string())));
                    }
                }
            }
            Ok(texts.join(";"))
        }
        Some(other) => misfit(format!("{} does not fit into a cell", quote(&other.to_string()))),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use serde_json::json;

    use super::super::customers::NewContact;
    use super::super::values::Patch;
    use super::*;

    fn text(file: Result<BulkFile, ClientError>) -> String {
        match file {
            Ok(file) => String::from_utf8(file.bytes).unwrap(),
            Err(error) => error.to_string(),
        }
    }

    fn contact() -> NewContact {
        NewContact {
            name: "Asha".into(),
            legal_name: "Asha Rao".into(),
            mobile: "9812345678".into(),
            ..NewContact::default()
        }
    }

    #[test]
    fn rows_become_lines_in_the_order_of_the_table() {
        let invoice = NewInvoice {
            customer_id: "KC0123456789ABCD".into(),
            base_amount: Some("1180.10".parse().unwrap()),
            due_date: Some(date(2026, 8, 25)),
            invoice_number: Some("A/1".into()),
            description: Some("two, \"quoted\"".into()),
            gst_exclusive: Some(true),
            more: json!({"zzz": 1}).as_object().unwrap().clone(),
            ..NewInvoice::default()
        };
        let other = NewInvoice { customer_id: "KC1".into(), ..NewInvoice::default() };
        assert_eq!(
            text(BulkFile::of_invoices(&[invoice, other])),
            "invoiceNumber,customerId,dueDate,description,baseAmount,gstExclusive,zzz\n\
             A/1,KC0123456789ABCD,2026-08-25,\"two, \"\"quoted\"\"\",1180.10,true,1\n\
             ,KC1,,,,,\n"
        );
    }

    #[test]
    fn a_customer_that_does_not_fit_into_a_line_is_refused() {
        let fits = NewCustomer {
            legal_name: Some("Kaveri".into()),
            branch_codes: Some(vec!["a".into(), "b".into()]),
            customer_key_contacts: vec![contact()],
            ..NewCustomer::default()
        };
        assert_eq!(
            text(BulkFile::of_customers(std::slice::from_ref(&fits))),
            "legalName,branchCodes,keyContactName,keyContactLegalName,keyContactMobile\nKaveri,a;b,Asha,Asha Rao,9812345678\n"
        );
        let two = NewCustomer { customer_key_contacts: vec![contact(), contact()], ..fits.clone() };
        let with_id = NewContact { key_contact_person_id: Some("KP1".into()), ..contact() };
        let named = NewCustomer { customer_key_contacts: vec![with_id], ..fits.clone() };
        let reminded = NewCustomer { customer_reminders: Some(vec![]), ..fits.clone() };
        let joined = NewCustomer { branch_codes: Some(vec!["a;b".into()]), ..fits };
        for misfit in [two, named, reminded, joined] {
            assert!(BulkFile::of_customers(std::slice::from_ref(&misfit)).is_err(), "{misfit:?}");
        }
        assert!(BulkFile::of_customers(&[]).is_err());
    }

    #[test]
    fn changes_in_a_file_clear_nothing_and_leave_no_cell_empty() {
        let renamed = CustomerPatch { legal_name: Patch::Set("B".into()), ..CustomerPatch::default() };
        let moved = CustomerPatch { state: Patch::Set("Goa".into()), ..CustomerPatch::default() };
        let cleared = CustomerPatch { state: Patch::Clear, ..CustomerPatch::default() };
        assert_eq!(text(BulkFile::of_customer_patches(&[("KC1", renamed.clone())])), "customerId,legalName\nKC1,B\n");
        assert!(BulkFile::of_customer_patches(&[("KC1", renamed), ("KC2", moved)]).is_err());
        assert!(BulkFile::of_customer_patches(&[("KC1", cleared)]).is_err());
    }
}
