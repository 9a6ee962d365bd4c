//! Whether a record that the API shows is the line that was sent: field by field, each by the rule of its kind.
//!
//! Pure. Amounts compare as decimals, dates as days, codes without their spelling. Leaves which record a line is
//! compared with to [`super::lookup`]. The one rule: only what stands on both sides is compared; what the API does not
//! show proves nothing.

use std::borrow::Cow;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use super::lookup::SentLine;
use crate::api::found::Record;
use crate::check::value;
use crate::finding::quote;
use crate::operation::{FieldKind, Key, Operation, RequestKind};

/// Which fields are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    /// Those that the duplicate guard's fingerprint covers: other content is another record.
    Content,
    /// All that were sent.
    All,
}

/// Fields of an invoice that make it what it is.
const INVOICE: [&str; 8] = ["customerId", "invoiceDate", "dueDate", "baseAmount", "cgst", "sgst", "igst", "netAmount"];

/// The same of a customer.
const CUSTOMER: [&str; 10] = [
    "legalName",
    "keyContactName",
    "keyContactLegalName",
    "keyContactMobile",
    "keyContactEmail",
    "contactNumber",
    "panOrGstin",
    "accountNumber",
    "ifsc",
    "uniqueRefNo",
];

/// A field that stands on both sides and differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Its name.
    pub field: &'static str,
    /// What was sent, or would be.
    pub sent: String,
    /// What the record says.
    pub found: String,
}

/// Fields that stand on both sides and differ, sent → found: `netAmount "118.00" → "119.00"`; empty where none does.
pub fn differences(
    operation: &Operation,
    line: &SentLine,
    record: &Record,
    which: Compare,
    timezone: &TimeZone,
) -> String {
    let different = different(operation, line, record, which, timezone);
    let words = different.iter().map(|it| format!("{} {} → {}", it.field, quote(&it.sent), quote(&it.found)));
    words.collect::<Vec<_>>().join(", ")
}

/// Fields that stand on both sides and differ. A date that the API shows with a zone is that day there or in `timezone`.
pub fn different(
    operation: &Operation,
    line: &SentLine,
    record: &Record,
    which: Compare,
    timezone: &TimeZone,
) -> Vec<Difference> {
    let content: &[&str] = match operation.key {
        Key::Invoice => &INVOICE,
        Key::Customer => &CUSTOMER,
        Key::None => &[],
    };
    let contact = contact(line, record);
    if operation.key == Key::None && operation.request == RequestKind::Ids {
        // What was done shows in the record's state; its id is what it was found by.
        return Vec::new();
    }
    operation
        .sent_fields()
        .filter(|field| which == Compare::All || content.is_empty() || content.contains(&field.name))
        .filter_map(|field| {
            let sent = line.cell(field.name)?;
            let found = found(field.name, field.kind, record, contact.as_ref())?;
            let same = same(field.kind, sent, &found, timezone);
            (!same).then(|| Difference { field: field.name, sent: sent.to_owned(), found })
        })
        .collect()
}

/// Whether the record shows enough to say that it is the line: of an invoice found by its number a date or an amount,
/// because numbers come again each year.
pub fn can_be_compared(operation: &Operation, line: &SentLine, record: &Record) -> bool {
    let tells = |name: &&&str| **name != "customerId" && line.cell(name).is_some() && record.text(name).is_some();
    let by_number = operation.key == Key::Invoice && line.cell("invoiceNumber").is_some();
    !by_number || INVOICE.iter().any(|name| tells(&name))
}

/// What a record that shows nothing but its number is told as.
pub const SHOWS_TOO_LITTLE: &str = "the search shows neither its dates nor its amounts";

/// What the record says of a field.
fn found(name: &str, kind: FieldKind, record: &Record, contact: Option<&Record>) -> Option<String> {
    if let Some(part) = name.strip_prefix("keyContact") {
        let mut part = part.to_owned();
        part.get_mut(..1)?.make_ascii_lowercase();
        return contact?.text(&part);
    }
    if kind == FieldKind::List {
        return record.texts(name).filter(|texts| !texts.is_empty()).map(|texts| texts.join(";"));
    }
    record.text(name)
}

/// The contact that was sent: the one with its mobile, else the only one. Among several others none can be told.
fn contact(line: &SentLine, record: &Record) -> Option<Record> {
    let mut contacts: Vec<Record> = record.objects("customerKeyContacts").collect();
    let sent = line.cell("keyContactMobile").map(phone);
    let of_mobile =
        contacts.iter().position(|contact| sent.is_some() && contact.text("mobile").map(|it| phone(&it)) == sent);
    match of_mobile {
        Some(index) => Some(contacts.swap_remove(index)),
        None if contacts.len() == 1 => contacts.pop(),
        None => None,
    }
}

fn same(kind: FieldKind, sent: &str, found: &str, timezone: &TimeZone) -> bool {
    match kind {
        FieldKind::Amount(_) | FieldKind::Days | FieldKind::Whole => match (decimal(sent), decimal(found)) {
            (Some(sent), Some(found)) => sent == found,
            _ => sent == found,
        },
        FieldKind::Date => {
            let (sent_days, found_days) = (days(sent, timezone), days(found, timezone));
            sent == found || sent_days.iter().any(|day| found_days.contains(day))
        }
        FieldKind::Mobile | FieldKind::Phone => phone(sent) == phone(found),
        FieldKind::List => sorted(sent) == sorted(found),
        FieldKind::InvoiceNumber
        | FieldKind::CustomerId
        | FieldKind::CompanyId
        | FieldKind::Gstin
        | FieldKind::Pan
        | FieldKind::PanOrGstin
        | FieldKind::Ifsc
        | FieldKind::AccountNumber
        | FieldKind::Pin => code(sent) == code(found),
        FieldKind::Text(_)
        | FieldKind::Identifier(_)
        | FieldKind::RecordId
        | FieldKind::TimeOfDay
        | FieldKind::Email
        | FieldKind::Bool
        | FieldKind::Enum(_) => words(sent) == words(found),
    }
}

/// A decimal, read without a detour through binary fractions; `1.18E2` too.
pub(crate) fn decimal(text: &str) -> Option<Decimal> {
    let text = text.trim();
    Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text)).ok()
}

/// The days that a date can mean (contract 2.4): a date, the date of a date-time, and with a zone also the day that it
/// was in `timezone`.
pub(crate) fn days(text: &str, timezone: &TimeZone) -> Vec<Date> {
    let text = text.trim();
    let mut days = Vec::with_capacity(2);
    let is_end = |byte: &u8| matches!(byte, b'T' | b't' | b' ');
    if text.len() == 10 || text.as_bytes().get(10).is_some_and(is_end) {
        days.extend(text.get(..10).and_then(|date| Date::strptime("%Y-%m-%d", date).ok()));
    }
    if !days.is_empty()
        && let Ok(time) = text.parse::<jiff::Timestamp>()
    {
        days.push(time.to_zoned(timezone.clone()).date());
    }
    days
}

/// A code without its spelling: capitals, plain dashes, no spaces.
pub(super) fn code(text: &str) -> String {
    let text = value::clean(text);
    value::code(&text, &mut Vec::new()).map_or_else(|| text.to_uppercase(), Cow::into_owned)
}

/// A text without what storing changes: capitals and runs of spaces.
pub(super) fn words(text: &str) -> String {
    value::clean(text).to_uppercase()
}

/// The last ten digits of a telephone number, which it is known by whatever stands before.
pub(super) fn phone(text: &str) -> String {
    let digits: Vec<char> = text.chars().filter(char::is_ascii_digit).collect();
    digits[digits.len().saturating_sub(10)..].iter().collect()
}

fn sorted(list: &str) -> Vec<String> {
    let mut items: Vec<String> = list.split(';').map(words).filter(|item| !item.is_empty()).collect();
    items.sort_unstable();
    items
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::send::lookup::sent_lines;

    fn record(value: Value) -> Record {
        let Value::Object(object) = value else { panic!("{value} is no object") };
        Record(object)
    }

    /// The differences between one field sent and a record.
    fn compared(operation: &str, field: &str, sent: &str, found: Value, which: Compare) -> String {
        let mut body = csv::Writer::from_writer(Vec::new());
        body.write_record([field, "extra"]).unwrap();
        body.write_record([sent, "x"]).unwrap();
        let lines = sent_lines(&body.into_inner().unwrap());
        let timezone = TimeZone::get("Asia/Kolkata").unwrap();
        differences(Operation::by_name(operation).unwrap(), &lines[0], &record(found), which, &timezone)
    }

    #[test]
    fn invoice_fields_are_compared_by_the_rule_of_their_kind() {
        for (field, sent, found, expected) in [
            ("netAmount", "118.00", json!(118), ""),
            ("netAmount", "118.00", json!("118.000"), ""),
            ("netAmount", "118.00", json!(1.18e2), ""),
            ("netAmount", "118.00", json!("1.18E+2"), ""),
            ("netAmount", "118.00", json!(118.01), "netAmount \"118.00\" → \"118.01\""),
            ("netAmount", "118.00", json!("119.00"), "netAmount \"118.00\" → \"119.00\""),
            ("netAmount", "118.00", json!("n/a"), "netAmount \"118.00\" → \"n/a\""),
            ("netAmount", "118.00", json!(null), ""),
            ("netAmount", "118.00", json!(""), ""),
            ("netAmount", "", json!(5), ""),
            ("cgst", "0.00", json!(0), ""),
            ("cgst", "0.00", json!(9), "cgst \"0.00\" → \"9\""),
            // Three forms of dates, and the day before in UTC is the day in India.
            ("dueDate", "2026-03-31", json!("2026-03-31"), ""),
            ("dueDate", "2026-03-31", json!("2026-03-31 00:00:00"), ""),
            ("dueDate", "2026-03-31", json!("2026-03-31T00:00:00"), ""),
            ("dueDate", "2026-03-31", json!("2026-03-31T00:00:00Z"), ""),
            ("dueDate", "2026-03-31", json!("2026-03-30T18:30:00Z"), ""),
            ("dueDate", "2026-03-31", json!("2026-03-30T18:30:00.000+0000"), ""),
            ("dueDate", "2026-03-31", json!("2026-03-31T23:30:00+05:30"), ""),
            (
                "dueDate",
                "2026-03-31",
                json!("2026-03-30T18:29:59Z"),
                "dueDate \"2026-03-31\" → \"2026-03-30T18:29:59Z\"",
            ),
            ("dueDate", "2026-03-31", json!("2026-03-30"), "dueDate \"2026-03-31\" → \"2026-03-30\""),
            ("dueDate", "2026-03-31", json!("31/03/2026"), "dueDate \"2026-03-31\" → \"31/03/2026\""),
            ("dueDate", "2026-03-31", json!("2026-03-31x"), "dueDate \"2026-03-31\" → \"2026-03-31x\""),
            ("customerId", "KC9B2X7M4Q1Z8T6D", json!(" kc9b2x7m4q1z8t6d "), ""),
            (
                "customerId",
                "KC9B2X7M4Q1Z8T6D",
                json!("KC9B2X7M4Q1Z8T6E"),
                "customerId \"KC9B2X7M4Q1Z8T6D\" → \"KC9B2X7M4Q1Z8T6E\"",
            ),
            // No content.
            ("description", "a", json!("b"), ""),
            ("tds", "1.00", json!(2), ""),
        ] {
            let told = compared("invoices create", field, sent, json!({field: found}), Compare::Content);
            assert_eq!(told, expected, "{field} {sent} {found}");
        }
    }

    #[test]
    fn the_canary_compares_all_that_was_sent_and_comes_back() {
        for (operation, field, sent, found, expected) in [
            ("invoices create", "description", "Steel  rods", json!("STEEL RODS"), ""),
            ("invoices create", "description", "Steel", json!("Copper"), "description \"Steel\" → \"Copper\""),
            ("invoices create", "tds", "1.00", json!(2), "tds \"1.00\" → \"2\""),
            (
                "invoices create",
                "approvalStatus",
                "MAKER_APPROVED",
                json!({"name": "MAKER_APPROVED", "label": "x"}),
                "",
            ),
            (
                "invoices create",
                "approvalStatus",
                "MAKER_APPROVED",
                json!({"name": "MAKER_REJECTED"}),
                "approvalStatus \"MAKER_APPROVED\" → \"MAKER_REJECTED\"",
            ),
            ("invoices create", "partialPaymentAllowed", "true", json!(true), ""),
            (
                "invoices create",
                "partialPaymentAllowed",
                "true",
                json!(false),
                "partialPaymentAllowed \"true\" → \"false\"",
            ),
            ("invoices create", "invoiceNumber", "A–7", json!("a-7"), ""),
            ("customers update", "branchCodes", "b;a", json!(["A", "B"]), ""),
            ("customers update", "branchCodes", "b;a", json!(["A"]), "branchCodes \"b;a\" → \"A\""),
            ("customers update", "branchCodes", "b;a", json!([]), ""),
            ("customers update", "contactNumber", "+91 98765 43210", json!("9876543210"), ""),
            ("customers create", "pinCode", "400001", json!(400_001), ""),
            (
                "customers create",
                "accountNumber",
                "001234567890",
                json!("1234567890"),
                "accountNumber \"001234567890\" → \"1234567890\"",
            ),
        ] {
            let told = compared(operation, field, sent, json!({field: found}), Compare::All);
            assert_eq!(told, expected, "{field} {sent} {found}");
        }
    }

    #[test]
    fn contacts_are_compared_with_the_one_that_was_sent() {
        let told = |contacts: Value| {
            let body = b"keyContactName,keyContactMobile\nAsha,9876543210\n";
            let record = record(json!({"customerKeyContacts": contacts}));
            let operation = Operation::by_name("customers create").unwrap();
            differences(operation, &sent_lines(body)[0], &record, Compare::Content, &TimeZone::UTC)
        };
        let asha = json!({"name": "ASHA", "mobile": "+919876543210"});
        let ravi = json!({"name": "Ravi", "mobile": "9000000000"});
        assert_eq!(told(json!([asha])), "");
        assert_eq!(told(json!([ravi, asha])), "");
        assert_eq!(
            told(json!([ravi])),
            "keyContactName \"Asha\" → \"Ravi\", keyContactMobile \"9876543210\" → \"9000000000\""
        );
        assert_eq!(told(json!([ravi, ravi])), "");
        assert_eq!(told(json!([])), "");
        assert_eq!(told(json!(null)), "");
    }
}
