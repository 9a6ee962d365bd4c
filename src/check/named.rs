//! The rules of rows that name a record which is there already: which one it is, and what is to change.

use compact_str::CompactString;

use super::cells::{Row, Value};
use super::record::Labels;
use super::{Findings, Rules, customer, invoice};
use crate::finding::Code;
use crate::operation::Operation;

/// Begins the cell of an upload line that holds an invoice's number instead of its id. No value holds a control
/// character, so nothing else begins so.
const NUMBER: char = '\u{1}';

/// Everything between the cells: the seller, the customer, the invoice, and whether anything changes.
pub(super) fn check(
    row: &mut Row<'_>,
    operation: &Operation,
    rules: &Rules<'_>,
    labels: &mut Labels,
    findings: &mut Findings<'_>,
) {
    if operation.field("invoiceId").is_some() {
        invoice::find_seller(row, rules, labels, findings);
        labels.supplier_gstin = CompactString::new(row.text("supplierGstin"));
        find_invoice(row, operation, findings);
    } else if operation.route.account_parameter == Some("parentCompanyId") {
        labels.account_id = CompactString::new(&rules.company.parent_company_id);
    }
    let names = ["customerId", "customerCode", "customerGstin", "customerName"];
    let is_named = names.iter().any(|name| !row.is_blank(name));
    // An invoice that is changed has a customer already.
    if operation.field("customerId").is_some() && (is_named || operation.field("invoiceId").is_none()) {
        invoice::resolve_customer(row, names, rules, findings);
    }
    if operation.clears() {
        customer::check_change(row, operation, findings);
    }
}

/// Puts the number where the id is blank; whoever plans the row asks for the id.
fn find_invoice(row: &mut Row<'_>, operation: &Operation, findings: &mut Findings<'_>) {
    if row.is_bad("invoiceId") || !row.is_blank("invoiceId") {
        return;
    }
    if row.is_bad("invoiceNumber") {
        row.set("invoiceId", Value::Bad);
        return;
    }
    let number = row.text("invoiceNumber");
    if number.is_empty() {
        let column = row.column_of("invoiceId").or(row.column_of("invoiceNumber"));
        let message = "is blank, and so is the number: which invoice is it?";
        findings.add(Code::InvoiceMissing, "invoiceId", column, message, None);
        row.set("invoiceId", Value::Bad);
        return;
    }
    let marked = format!("{NUMBER}{number}");
    row.set("invoiceId", Value::Text(marked.into()));
    if operation.clears() {
        // It says which invoice is meant and changes nothing.
        row.set("invoiceNumber", Value::Blank);
    }
}

/// What results show: the record as the sheet names it.
pub(super) fn key(row: &Row<'_>, operation: &Operation) -> String {
    let named = row.text(operation.remote_id);
    let named = if named.is_empty() { row.text("customerId") } else { named };
    named.trim_start_matches(NUMBER).to_owned()
}

/// The number of the invoice whose id an upload line still lacks.
pub(crate) fn wanted_number(line: &str) -> Option<&str> {
    let rest = line.strip_prefix(NUMBER)?;
    Some(rest.split([',', '\n']).next().unwrap_or(rest))
}

/// The same line with the id.
pub(crate) fn with_id(line: &str, id: &str) -> String {
    let number = wanted_number(line).map_or(0, |number| number.len() + NUMBER.len_utf8());
    format!("{id}{}", &line[number..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_stands_in_a_line_until_its_id_is_known() {
        let line = format!("{NUMBER}INV/25-26/7,true\n");
        assert_eq!(wanted_number(&line), Some("INV/25-26/7"));
        assert_eq!(with_id(&line, "IN77"), "IN77,true\n");
        assert_eq!(wanted_number("IN77,true\n"), None);
        assert_eq!(with_id(&format!("{NUMBER}9\n"), "IN9"), "IN9\n");
    }
}
