//! Which invoices the numbers of a sheet mean, where an operation wants the API's ids.
//!
//! Owns what follows for a row. Leaves the looking up to whoever plans. The one rule: a number that means none or several
//! invoices makes its row invalid, never a guess.

use std::collections::HashMap;

use crate::check::value;
use crate::finding::{Code, Finding, Severity, quote};

/// Ids by seller and number.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InvoiceIds {
    known: HashMap<(String, String), Vec<String>>,
    /// Rows whose number means none or several, for the gates.
    pub unresolved: u64,
}

impl InvoiceIds {
    /// Adds an invoice; the same id counts once.
    pub fn add(&mut self, seller: &str, number: &str, id: &str) {
        let ids = self.known.entry(key(seller, number)).or_default();
        if !ids.iter().any(|known| known == id) {
            ids.push(id.to_owned());
        }
    }

    /// The ids that a seller's number means.
    pub fn of(&self, seller: &str, number: &str) -> &[String] {
        self.known.get(&key(seller, number)).map_or(&[], Vec::as_slice)
    }

    /// Whether a seller's number means exactly one invoice, by an id that can be sent.
    pub fn is_resolved(&self, seller: &str, number: &str) -> bool {
        self.resolve(seller, number).is_ok()
    }

    /// The one id that a seller's number means, or what is wrong with the row.
    pub(super) fn resolve(&self, seller: &str, number: &str) -> Result<&str, Box<Finding>> {
        match self.of(seller, number) {
            [id] if !value::is_odd_id(id) => Ok(id),
            [id] => Err(Box::new(finding(
                Code::RecordIdFormat,
                format!("{}: Enkash gives it the id {}, which cannot be sent", quote(number), quote(id)),
                "look the invoice up in the dashboard",
            ))),
            [] => Err(Box::new(finding(
                Code::InvoiceNotFound,
                format!("{}: neither the ledger nor Enkash's search knows an invoice with this number", quote(number)),
                "correct the number, or give the invoice id",
            ))),
            several => Err(Box::new(finding(
                Code::InvoiceAmbiguous,
                format!("{}: several invoices have this number: {}", quote(number), several.join(", ")),
                "give the invoice id in a column invoiceId",
            ))),
        }
    }
}

fn key(seller: &str, number: &str) -> (String, String) {
    (seller.to_owned(), number.to_uppercase())
}

fn finding(code: Code, message: String, hint: &str) -> Finding {
    let hint = Some(hint.to_owned());
    Finding { code, severity: Severity::Error, field: "invoiceNumber".to_owned(), column: None, message, hint }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_resolved_to_exactly_one_id_or_said_to_be_wrong() {
        let mut ids = InvoiceIds::default();
        for (number, id) in [("A/1", "IN1"), ("a/1", "IN1"), ("A/2", "IN2"), ("A/2", "IN3")] {
            ids.add("CEK1", number, id);
        }
        assert_eq!(ids.resolve("CEK1", "A/1"), Ok("IN1"));
        assert_eq!(ids.resolve("CEK1", "A/2").unwrap_err().code, Code::InvoiceAmbiguous);
        assert_eq!(ids.resolve("CEK1", "A/3").unwrap_err().code, Code::InvoiceNotFound);
        // Another seller's invoice with the same number is another one.
        assert_eq!(ids.resolve("CEK2", "A/1").unwrap_err().code, Code::InvoiceNotFound);
    }
}
