//! What is looked at before a request leaves: only rules that the portal documents, and what would hit another record.
//!
//! Pure. The one rule: nothing is put right silently; a request goes out as it was given or not at all.

use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::customers::NewCustomer;
use super::error::ClientError;
use super::invoices::NewInvoice;
use crate::finding::quote;
use crate::operation::is_customer_id;

/// `createCustomer` (contract 5.1).
pub(super) fn new_customer(customer: &NewCustomer) -> Result<(), ClientError> {
    if customer.customer_key_contacts.is_empty() {
        return Err(ClientError::invalid("customerKeyContacts", "a new customer needs at least one contact"));
    }
    for contact in &customer.customer_key_contacts {
        filled(&[("name", &contact.name), ("legalName", &contact.legal_name), ("mobile", &contact.mobile)])?;
        matching("mobile", Some(&contact.mobile), is_phone, "ten digits, perhaps behind a country code")?;
    }
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let letters = "9 to 36 letters or digits";
    matching("accountNumber", given(&customer.account_number).as_deref(), is_account_number, letters)?;
    matching("companyId", customer.company_id.as_deref(), is_company_id, COMPANY_FORM)?;
    let digits = "ten digits, perhaps behind a country code";
    matching("contactNumber", given(&customer.contact_number).as_deref(), is_phone, digits)?;
    let branch = "four letters, a zero and six letters or digits";
    matching("ifsc", given(&customer.ifsc).as_deref(), is_ifsc, branch)
}

/// `createInvoice` (contract 6.1).
pub(super) fn new_invoice(invoice: &NewInvoice) -> Result<(), ClientError> {
    customer_id(&invoice.customer_id)?;
    match invoice.base_amount {
        None => return Err(ClientError::invalid("baseAmount", "it is required")),
        Some(amount) if amount < Decimal::new(1, 1) => {
            return Err(ClientError::invalid("baseAmount", format!("{amount} is less than 0.1")));
        }
        Some(_) => {}
    }
    if invoice.due_date.is_none() {
        return Err(ClientError::invalid("dueDate", "it is required"));
    }
    matching("sellerId", invoice.seller_id.as_deref(), is_company_id, COMPANY_FORM)
}

/// A customer id inside an invoice (contract 2.4).
pub(super) fn customer_id(id: &str) -> Result<(), ClientError> {
    matching("customerId", Some(id), is_customer_id, "KC and fourteen capital letters or digits")
}

/// A company's id in a query.
pub(super) fn company_id(what: &'static str, id: &str) -> Result<(), ClientError> {
    matching(what, Some(id), is_company_id, COMPANY_FORM)
}

/// Required texts.
pub(super) fn filled(fields: &[(&'static str, &str)]) -> Result<(), ClientError> {
    match fields.iter().find(|(_, value)| value.trim().is_empty()) {
        Some((name, _)) => Err(ClientError::invalid(name, "it is required")),
        None => Ok(()),
    }
}

/// A list of ids: what an empty one would do is not documented.
pub(super) fn some_ids(ids: &[String]) -> Result<(), ClientError> {
    if ids.is_empty() || ids.iter().any(|id| id.trim().is_empty()) {
        return Err(ClientError::invalid("invoiceIds", "the list is empty, or has an empty id"));
    }
    Ok(())
}

/// A change has something to change.
pub(super) fn changes_something(body: &Map<String, Value>) -> Result<(), ClientError> {
    if body.is_empty() { Err(ClientError::invalid("patch", "it changes nothing")) } else { Ok(()) }
}

/// An id in a path: an empty one, or one of dots, would be another address.
pub(super) fn path_id(what: &'static str, id: &str) -> Result<(), ClientError> {
    if id.trim().is_empty() || matches!(id, "." | "..") {
        return Err(ClientError::invalid(what, format!("{} names no record", quote(id))));
    }
    Ok(())
}

const COMPANY_FORM: &str = "CEK and seven capital letters or digits";

fn matching(
    what: &'static str,
    value: Option<&str>,
    is_right: fn(&str) -> bool,
    expected: &str,
) -> Result<(), ClientError> {
    match value {
        Some(value) if !is_right(value) => {
            Err(ClientError::invalid(what, format!("{} is malformed; expected {expected}", quote(value))))
        }
        _ => Ok(()),
    }
}

/// `^CEK[A-Z0-9]{7}$`.
fn is_company_id(text: &str) -> bool {
    let rest = text.strip_prefix("CEK").unwrap_or_default();
    rest.len() == 7 && rest.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// `^[A-Za-z0-9]{9,36}$`.
fn is_account_number(text: &str) -> bool {
    (9..=36).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// `^[A-Za-z]{4}0[A-Z0-9a-z]{6}$`.
fn is_ifsc(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 11
        && bytes[..4].iter().all(u8::is_ascii_alphabetic)
        && bytes[4] == b'0'
        && bytes[5..].iter().all(u8::is_ascii_alphanumeric)
}

/// `^((\+|00)(\d{1,3})[\s-]?)?(\d{10})$`.
fn is_phone(text: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let Some(at) = text.len().checked_sub(10).filter(|&at| text.is_char_boundary(at)) else { return false };
    let (code, number) = text.split_at(at);
    let Some(code) = code.strip_prefix('+').or_else(|| code.strip_prefix("00")) else {
        return code.is_empty() && digits(number);
    };
    let code = code.strip_suffix(|character: char| character == '-' || character.is_whitespace()).unwrap_or(code);
    digits(number) && digits(code) && (1..=3).contains(&code.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_patterns_are_kept() {
        for (is_right, good, bad) in [
            (
                is_phone as fn(&str) -> bool,
                &["9812345678", "+919812345678", "0091-9812345678", "+1 9812345678"][..],
                &[
                    "",
                    "981234567",
                    "+9919812345678x",
                    "+91919812345678",
                    "919812345678",
                    "+91--9812345678",
                    "०९८१२३४५६७८",
                    "+919812 45678",
                ][..],
            ),
            (is_company_id, &["CEK0123ABC"], &["", "CEK", "CEK0123AB", "cek0123ABC", "CEK0123ABCD", "CEK0123abc"]),
            (is_ifsc, &["HDFC0001234", "hdfc0ab12cd"], &["HDFC1001234", "HDFC000123", "HDF00001234", ""]),
            (is_account_number, &["123456789", "ABCDEF123456"], &["12345678", "1234-56789", ""]),
        ] {
            for text in good {
                assert!(is_right(text), "{text}");
            }
            for text in bad {
                assert!(!is_right(text), "{text}");
            }
        }
    }

    #[test]
    fn an_id_that_is_another_address_is_refused() {
        for id in ["", " ", ".", ".."] {
            assert!(path_id("invoiceId", id).is_err(), "{id:?}");
        }
        for id in ["...", "CIN1", "a/b"] {
            assert!(path_id("invoiceId", id).is_ok(), "{id}");
        }
    }
}
