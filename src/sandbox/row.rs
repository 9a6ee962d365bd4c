//! Judges one row of an uploaded file by the documented rules (contract 4.2, 5.1, 6.1).
//!
//! Owns the patterns and the required columns. Only what the contract documents is enforced, so that a client that
//! is stricter is not flattered and one that is laxer is caught. Pure; what other records say about a row is for
//! [`super::bulk`].

use rust_decimal::Decimal;

use crate::operation::{AmountSign, Field, FieldKind, Need, Operation, is_customer_id};

/// Columns that a file of this operation must have, filled in every row.
pub(super) fn required(operation: &Operation) -> Vec<&'static str> {
    match (operation.resource, operation.verb) {
        // The contract demands less of an invoice than arload does, and an id of an update.
        ("invoices", "create") => vec!["customerId", "baseAmount", "dueDate"],
        ("customers", "update") => vec!["customerId"],
        _ => {
            let required = operation.sent_fields().filter(|field| field.need == Need::Required);
            required.map(|field| field.name).collect()
        }
    }
}

/// What is wrong with a filled cell, in the API's words.
pub(super) fn fault(field: &Field, text: &str) -> Option<String> {
    let name = field.name;
    let matches = |fits: bool, pattern: &str| (!fits).then(|| format!("{name}: must match \"{pattern}\""));
    match field.kind {
        FieldKind::CustomerId => matches(is_customer_id(text), "^KC[A-Z0-9]{14}$"),
        FieldKind::CompanyId => matches(is_company_id(text), "^CEK[A-Z0-9]{7}$"),
        FieldKind::AccountNumber => matches(is_account_number_or_blank(text), "^$|^[A-Za-z0-9]{9,36}$"),
        FieldKind::Ifsc => matches(is_ifsc_or_blank(text), "^$|^[A-Za-z]{4}0[A-Z0-9a-z]{6}$"),
        FieldKind::Phone | FieldKind::Mobile => {
            matches(is_phone_or_blank(text), "^$|^((\\+|00)(\\d{1,3})[\\s-]?)?(\\d{10})$")
        }
        FieldKind::Date => (!is_date(text)).then(|| format!("{name}: must be a date of the form yyyy-MM-dd")),
        FieldKind::Bool => (text != "true" && text != "false").then(|| format!("{name}: must be true or false")),
        FieldKind::Enum(values) => {
            (!values.contains(&text)).then(|| format!("{name}: must be one of {}", values.join(", ")))
        }
        FieldKind::Amount(sign) => amount_fault(name, sign, text),
        FieldKind::Days => (!digits(text, 1, 9)).then(|| format!("{name}: must be a number")),
        FieldKind::Whole => text.parse::<i32>().is_err().then(|| format!("{name}: must be a whole number")),
        FieldKind::TimeOfDay => {
            let fits = text.len() == 5 && text.parse::<jiff::civil::Time>().is_ok();
            (!fits).then(|| format!("{name}: must be a time of the form HH:mm"))
        }
        FieldKind::RecordId
        | FieldKind::Text(_)
        | FieldKind::Identifier(_)
        | FieldKind::List
        | FieldKind::InvoiceNumber
        | FieldKind::Gstin
        | FieldKind::Pan
        | FieldKind::PanOrGstin
        | FieldKind::Pin
        | FieldKind::Email => None,
    }
}

/// A plain decimal: digits, perhaps a sign and a point with digits behind it.
pub(super) fn amount(text: &str) -> Option<Decimal> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    if !digits(whole, 1, 18) || !digits(fraction, 1, 9) {
        return None;
    }
    text.parse().ok()
}

fn amount_fault(name: &str, sign: AmountSign, text: &str) -> Option<String> {
    match amount(text) {
        None => Some(format!("{name}: must be a plain decimal")),
        Some(value) if sign == AmountSign::AtLeastTenPaise && value < Decimal::new(1, 1) => {
            Some(format!("{name}: must be greater than or equal to 0.1"))
        }
        Some(_) => None,
    }
}

/// Whether a text is a company id, `CEK` and seven.
pub(super) fn is_company_id(text: &str) -> bool {
    text.strip_prefix("CEK").is_some_and(|rest| rest.len() == 7 && rest.bytes().all(is_capital_or_digit))
}

fn is_capital_or_digit(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

/// Whether a text fits the pattern of a bank account, which takes a blank too.
pub(super) fn is_account_number_or_blank(text: &str) -> bool {
    text.is_empty() || (9..=36).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Whether a text fits the pattern of a bank branch, which takes a blank too.
pub(super) fn is_ifsc_or_blank(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.is_empty() {
        return true;
    }
    bytes.len() == 11
        && bytes[..4].iter().all(u8::is_ascii_alphabetic)
        && bytes[4] == b'0'
        && bytes[5..].iter().all(u8::is_ascii_alphanumeric)
}

/// Whether a text fits the pattern of a telephone, which takes a blank too.
pub(super) fn is_phone_or_blank(text: &str) -> bool {
    if text.is_empty() || digits(text, 10, 10) {
        return true;
    }
    let Some(rest) = text.strip_prefix('+').or_else(|| text.strip_prefix("00")) else { return false };
    let Some(split) = rest.len().checked_sub(10).filter(|split| rest.is_char_boundary(*split)) else { return false };
    let (country, number) = rest.split_at(split);
    let country = country.strip_suffix(|last: char| last == '-' || last.is_whitespace()).unwrap_or(country);
    digits(number, 10, 10) && digits(country, 1, 3)
}

/// Whether a text is a date of the form `yyyy-MM-dd`.
pub(super) fn is_date(text: &str) -> bool {
    text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok()
}

fn digits(text: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(operation: &str, field: &str, text: &str) -> bool {
        fault(Operation::by_name(operation).unwrap().field(field).unwrap(), text).is_none()
    }

    #[test]
    fn cells_are_judged_by_the_documented_patterns() {
        for (field, text, good) in [
            ("customerId", "KC9B2X7M4Q1Z8T6D", true),
            ("customerId", "KC9B2X7M4Q1Z8T6", false),
            ("customerId", "KC9b2X7M4Q1Z8T6D", false),
            ("customerId", "CUST-1", false),
            ("sellerId", "CEK4T7M2QA", true),
            ("sellerId", "CEK4T7M2Q", false),
            ("baseAmount", "0.1", true),
            ("baseAmount", "0.10", true),
            ("baseAmount", "0.09", false),
            ("baseAmount", "-5", false),
            ("baseAmount", "1,200.00", false),
            ("baseAmount", "1e3", false),
            ("baseAmount", ".5", false),
            ("baseAmount", "5.", false),
            ("baseAmount", "99999999999999999999999", false),
            ("cgst", "0", true),
            ("dueDate", "2024-02-29", true),
            ("dueDate", "2023-02-29", false),
            ("dueDate", "29/02/2024", false),
            ("dueDate", "20240229", false),
            ("gstExclusive", "true", true),
            ("gstExclusive", "TRUE", false),
            ("approvalStatus", "MAKER_APPROVED", true),
            ("approvalStatus", "APPROVED", false),
            ("mobileNumber", "+919876543210", true),
            ("mobileNumber", "987654321", false),
        ] {
            assert_eq!(judged("invoices create", field, text), good, "{field} {text}");
        }
        for (field, text, good) in [
            ("contactNumber", "9876543210", true),
            ("contactNumber", "+91 9876543210", true),
            ("contactNumber", "0091-9876543210", true),
            ("contactNumber", "+9876543210", false),
            ("contactNumber", "+91  9876543210", false),
            ("contactNumber", "+₹9876543210", false),
            ("ifsc", "HDFC0000060", true),
            ("ifsc", "HDFC1000060", false),
            ("accountNumber", "50200012345678", true),
            ("accountNumber", "12345678", false),
        ] {
            assert_eq!(judged("customers create", field, text), good, "{field} {text}");
        }
    }
}
