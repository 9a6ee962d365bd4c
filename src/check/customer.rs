//! The rules between the cells of a customer row.

use compact_str::CompactString;

use super::cells::{Row, Value};
use super::record::Labels;
use super::value::{self, Faults};
use super::{Findings, Rules, invoice};
use crate::finding::Code;
use crate::operation::{Key, Operation, Role};
use crate::sheet::{Cell, CellKind};

/// Everything between the cells: the tax number, the address, names of contacts, and which customer is meant.
pub(super) fn check(
    row: &mut Row<'_>,
    operation: &Operation,
    rules: &Rules<'_>,
    labels: &mut Labels,
    findings: &mut Findings<'_>,
) {
    fill_tax_number(row, findings);
    fill_address(row);
    fill_state(row);
    if operation.key == Key::Customer {
        fill_contact(row);
    }
    if operation.key == Key::None {
        labels.account_id = CompactString::new(&rules.company.parent_company_id);
        // The code and the GSTIN name the customer only where the id does not: they may be what is to change.
        let named_otherwise = row.is_blank("customerId");
        let sources =
            if named_otherwise { ["customerId", "uniqueRefNo", "gstin", "customerId"] } else { ["customerId"; 4] };
        invoice::resolve_customer(row, sources, rules, findings);
        if named_otherwise {
            drop_identity(row, rules);
        }
        check_contact(row, operation, findings);
        check_change(row, operation, findings);
    }
}

/// Puts GSTIN, else PAN, into `panOrGstin`, and compares the PAN with the one inside the GSTIN.
fn fill_tax_number(row: &mut Row<'_>, findings: &mut Findings<'_>) {
    let read = |text: &str| {
        let cell = Cell { text, kind: CellKind::Text };
        let mut faults = Faults::new();
        (value::gstin(cell, &mut faults), value::pan(cell, &mut faults))
    };
    let (gstin, _) = read(row.text("gstin"));
    let (_, pan) = read(row.text("pan"));
    if let (Some(gstin), Some(pan)) = (&gstin, &pan) {
        let mut faults = Faults::new();
        if !value::pan_matches_gstin(pan, gstin, &mut faults) {
            for fault in faults {
                findings.add(fault.code, "pan", row.column_of("pan"), fault.message, fault.hint);
            }
        }
    }
    if row.is_blank("panOrGstin") {
        let number = if row.is_blank("gstin") { row.text("pan") } else { row.text("gstin") };
        if !number.is_empty() {
            let number = number.to_owned();
            row.set("panOrGstin", Value::Text(number.into()));
        }
    }
}

/// Joins the address lines and the city.
fn fill_address(row: &mut Row<'_>) {
    let parts: Vec<&str> =
        ["address", "addressLine2", "city"].iter().map(|name| row.text(name)).filter(|part| !part.is_empty()).collect();
    // A city alone is no address: in an update it would overwrite the whole one.
    if parts.len() > 1 && !row.is_blank("address") {
        let joined = parts.join(", ");
        row.set("address", Value::Text(joined.into()));
    }
}

/// Gives a state's code the zero that a number cell cannot keep.
fn fill_state(row: &mut Row<'_>) {
    let state = row.text("state");
    if state.len() == 1 && state.bytes().all(|byte| byte.is_ascii_digit()) && state != "0" {
        let code = format!("0{state}");
        row.set("state", Value::Text(code.into()));
    }
}

/// Gives the first contact of a new customer the customer's own legal name where it has none.
fn fill_contact(row: &mut Row<'_>) {
    if row.is_blank("keyContactLegalName") && !row.is_blank("legalName") && !row.is_bad("legalName") {
        let name = row.text("legalName").to_owned();
        row.set("keyContactLegalName", Value::Text(name.into()));
    }
}

/// Blanks code and GSTIN that only say which customer is meant; one the directory does not know is a change.
fn drop_identity(row: &mut Row<'_>, rules: &Rules<'_>) {
    let Some(known) = rules.directory.entry(row.text("customerId")) else { return };
    let same = |given: &str, known: &Option<String>| {
        known.as_ref().is_some_and(|known| !given.is_empty() && known.trim().eq_ignore_ascii_case(given.trim()))
    };
    if same(row.text("uniqueRefNo"), &known.code) {
        row.set("uniqueRefNo", Value::Blank);
    }
    if same(row.text("gstin"), &known.gstin) && row.text("panOrGstin") == row.text("gstin") {
        row.set("panOrGstin", Value::Blank);
    }
}

/// A contact or reminder inside a change is sent whole: what an absent part of it does is not documented.
fn check_contact(row: &Row<'_>, operation: &Operation, findings: &mut Findings<'_>) {
    let given = |prefix: &str| {
        operation.fields.iter().zip(&row.values).any(|(field, value)| {
            field.role != Role::Sheet && field.name.starts_with(prefix) && !matches!(value, Value::Blank)
        })
    };
    if !operation.is_upload() && given("keyContact") {
        for name in ["keyContactName", "keyContactLegalName", "keyContactMobile"] {
            if row.is_blank(name) {
                findings.add(Code::RequiredMissing, name, row.column_of(name), "is blank; a contact needs it", None);
            }
        }
    }
}

/// Reports a change that changes nothing.
pub(super) fn check_change(row: &Row<'_>, operation: &Operation, findings: &mut Findings<'_>) {
    let changes = operation.fields.iter().enumerate().any(|(index, field)| {
        let named = field.name == operation.fields[0].name || operation.route.path_fields().any(|id| id == field.name);
        field.role != Role::Sheet && !named && !matches!(row.values[index], Value::Blank)
    });
    if !changes {
        let lost = ["city", "addressLine2"].iter().any(|name| !row.is_blank(name));
        let hint = lost.then(|| "give the address too: its second line and the city alone change nothing".to_owned());
        findings.add(Code::NothingToUpdate, "", None, "names a record and nothing to change about it", hint);
    }
}
