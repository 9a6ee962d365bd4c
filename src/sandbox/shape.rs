//! The JSON bodies of requests: which fields they have, of which type, and what is wrong with one that differs.
//!
//! Owns the contract's tables of fields (5.1, 5.2, 6.1, 6.3, 6.4, 7, 8), written down here a second time and not taken from
//! [`crate::operation`], so that a mistake there is noticed. Only documented rules are enforced. The one rule: a body that
//! passed holds what its table says, so that later code need not ask again.

use serde_json::{Map, Value};

use super::reply::Refusal;
use super::row;
use crate::operation::is_customer_id;

/// The fields of a body.
#[derive(Debug)]
pub(super) struct Shape {
    /// Whether fields of other names are passed over; else they are refused.
    open: bool,
    properties: &'static [Property],
}

/// A field of a body.
#[derive(Debug)]
pub(super) struct Property {
    /// Its JSON name.
    pub(super) name: &'static str,
    /// Its type.
    pub(super) kind: Kind,
    required: bool,
    nullable: bool,
}

/// The type of a field.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// Any text.
    Text,
    /// A text of a documented pattern.
    Matching(fn(&str) -> bool, &'static str),
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// `yyyy-MM-dd`.
    Date,
    /// A date, or a date and a time.
    Moment,
    /// `yyyy-MM-dd HH:mm:ss`.
    Stamp,
    /// A text, or an object of hour and minute (contract 7).
    Clock,
    /// Anything.
    Any,
    /// A number.
    Number,
    /// An amount of at least ten paise.
    Amount,
    /// A whole number of 32 bits.
    Whole,
    /// Yes or no.
    Choice,
    /// A list of texts.
    Texts,
    /// A list of texts that is not empty.
    Ids,
    /// A list of these texts.
    Choices(&'static [&'static str]),
    /// A list of objects.
    Objects(&'static Shape),
}

const fn field(name: &'static str, kind: Kind) -> Property {
    Property { name, kind, required: false, nullable: false }
}

const fn required(name: &'static str, kind: Kind) -> Property {
    Property { name, kind, required: true, nullable: false }
}

/// A field of a PATCH body, which null empties.
const fn nullable(name: &'static str, kind: Kind) -> Property {
    Property { name, kind, required: false, nullable: true }
}

use Kind::{
    Amount, Any, Choice, Choices, Clock, Date, Ids, Matching, Moment, Number, Objects, OneOf, Stamp, Text, Texts, Whole,
};

const CUSTOMER_ID: Kind = Matching(is_customer_id, "^KC[A-Z0-9]{14}$");
const COMPANY_ID: Kind = Matching(row::is_company_id, "^CEK[A-Z0-9]{7}$");
const PHONE: Kind = Matching(row::is_phone_or_blank, "^$|^((\\+|00)(\\d{1,3})[\\s-]?)?(\\d{10})$");
const ACCOUNT: Kind = Matching(row::is_account_number_or_blank, "^$|^[A-Za-z0-9]{9,36}$");
const IFSC: Kind = Matching(row::is_ifsc_or_blank, "^$|^[A-Za-z]{4}0[A-Z0-9a-z]{6}$");
const REMINDER_TYPE: Kind = OneOf(&["ONCE", "RECURRING"]);
const APPROVALS: &[&str] = &[
    "APPROVER_APPROVAL_PENDING",
    "APPROVER_APPROVED",
    "APPROVER_REJECTED",
    "BANK_APPROVED",
    "CHECKER_APPROVAL_PENDING",
    "CHECKER_APPROVED",
    "CHECKER_REJECTED",
    "MAKER_APPROVAL_PENDING",
    "MAKER_APPROVED",
    "MAKER_REJECTED",
];

/// Body of createCustomer (contract 5.1).
pub(super) static CUSTOMER_CREATE: Shape = Shape {
    open: true,
    properties: &[
        required("customerKeyContacts", Objects(&KEY_CONTACT)),
        field("accountNumber", ACCOUNT),
        field("address", Text),
        field("assignedAgent", Text),
        field("branchCodes", Texts),
        field("companyId", COMPANY_ID),
        field("contactNumber", PHONE),
        field("customerCompanyId", Text),
        field("customerReminders", Objects(&REMINDER)),
        field("externalSource", Choice),
        field("ifsc", IFSC),
        field("legalName", Text),
        field("panOrGstin", Text),
        field("pinCode", Text),
        field("state", Text),
        field("uniqueRefNo", Text),
    ],
};

/// Body of updateCustomer (contract 5.2), where the page shows no pattern.
pub(super) static CUSTOMER_UPDATE: Shape = Shape {
    open: false,
    properties: &[
        nullable("accountNumber", Text),
        nullable("address", Text),
        nullable("assignedAgent", Text),
        nullable("branchCodes", Texts),
        nullable("contactNumber", Text),
        nullable("customerId", Text),
        nullable("customerKeyContacts", Objects(&KEY_CONTACT)),
        nullable("customerReminders", Objects(&REMINDER)),
        nullable("ifsc", Text),
        nullable("legalName", Text),
        nullable("panOrGstin", Text),
        nullable("pinCode", Text),
        nullable("state", Text),
        nullable("uniqueRefNo", Text),
    ],
};

static KEY_CONTACT: Shape = Shape {
    open: false,
    properties: &[
        required("deleted", Choice),
        required("legalName", Text),
        required("mobile", PHONE),
        required("name", Text),
        field("email", Text),
        field("keyContactPersonId", Text),
        field("mail_enabled", Choice),
        field("sms_enabled", Choice),
        field("via", Text),
        field("whatsapp_enabled", Choice),
    ],
};

/// A reminder inside a customer (contract 7).
static REMINDER: Shape = Shape {
    open: false,
    properties: &[
        field("customerReminderId", Text),
        field("dueDateDifference", Whole),
        field("reminderInterval", Whole),
        field("reminderTime", Clock),
        field("reminderType", REMINDER_TYPE),
        field("stage", Text),
    ],
};

/// Body of createCustomerReminder.
pub(super) static REMINDER_CREATE: Shape = Shape {
    open: true,
    properties: &[
        field("customerId", Text),
        field("dueDateDifference", Whole),
        field("reminderInterval", Whole),
        field("reminderTime", Clock),
        field("reminderType", REMINDER_TYPE),
        field("stage", Text),
    ],
};

/// Body of updateCustomerReminder.
pub(super) static REMINDER_UPDATE: Shape = Shape {
    open: true,
    properties: &[
        nullable("dueDateDifference", Whole),
        nullable("reminderInterval", Whole),
        nullable("reminderTime", Any),
        nullable("reminderType", REMINDER_TYPE),
        nullable("stage", Text),
    ],
};

/// Body of createInvoice (contract 6.1).
pub(super) static INVOICE_CREATE: Shape = Shape {
    open: true,
    properties: &[
        required("baseAmount", Amount),
        required("customerId", CUSTOMER_ID),
        required("dueDate", Date),
        field("approvalStatus", OneOf(APPROVALS)),
        field("balanceAmount", Number),
        field("cgst", Number),
        field("chargeCustomer", Choice),
        field("description", Text),
        field("dispatchNow", Choice),
        field("emailAddress", Text),
        field("externalId", Text),
        field("gstExclusive", Choice),
        field("igst", Number),
        field("invoiceDate", Moment),
        field("invoiceNumber", Text),
        field("mobileNumber", Text),
        field("netAmount", Number),
        field("partialPaymentAllowed", Choice),
        field("payableReferenceId", Text),
        field("poNumber", Text),
        field("receivableStatus", Text),
        field("sellerId", COMPANY_ID),
        field("sgst", Number),
        field("tds", Number),
        field("totalReceived", Number),
        field("via", Text),
    ],
};

/// Body of updateInvoice (contract 6.3).
pub(super) static INVOICE_UPDATE: Shape = Shape {
    open: false,
    properties: &[
        nullable("approvalStatus", Text),
        nullable("balanceAmount", Number),
        nullable("baseAmount", Number),
        nullable("cgst", Number),
        nullable("chargeCustomer", Choice),
        field("customerId", CUSTOMER_ID),
        nullable("description", Text),
        nullable("dispatchNow", Choice),
        nullable("dueDate", Date),
        nullable("emailAddress", Text),
        nullable("gstExclusive", Choice),
        nullable("igst", Number),
        nullable("invoiceDate", Moment),
        nullable("invoiceNumber", Text),
        nullable("mobileNumber", Text),
        nullable("netAmount", Number),
        nullable("partialPaymentAllowed", Choice),
        nullable("payableReferenceId", Text),
        nullable("poNumber", Text),
        nullable("receivableStatus", Text),
        nullable("sgst", Number),
        nullable("tds", Number),
        nullable("totalReceived", Number),
        nullable("via", Text),
    ],
};

/// Body of dispatchInvoiceCollection (contract 6.4); that one without ids is refused is for [`super::invoices`].
pub(super) static DISPATCH: Shape =
    Shape { open: false, properties: &[field("invoiceIds", Texts), field("partialPaymentAllowed", Choice)] };

/// Body of deleteInvoiceCollection.
pub(super) static DELETE: Shape = Shape { open: true, properties: &[required("invoiceIds", Ids)] };

/// Body of changeInvoiceStatusRequest (contract 8).
pub(super) static STATUS: Shape = Shape {
    open: true,
    properties: &[required("invoiceIds", Ids), required("status", Text), required("remarks", Text)],
};

/// Body of paymentConfirmationRequest (contract 8).
pub(super) static CONFIRM: Shape = Shape {
    open: false,
    properties: &[
        required("invoiceIds", Texts),
        required("paymentId", Text),
        required("remarks", Text),
        required("response", Text),
        required("type", Text),
    ],
};

/// Body of searchCollectionInvoices (contract 6.4).
pub(super) static INVOICE_SEARCH: Shape = Shape {
    open: true,
    properties: &[
        field("approvalStatuses", Choices(APPROVALS)),
        field("balanceAmountFrom", Number),
        field("balanceAmountTo", Number),
        field("baseAmountFrom", Number),
        field("baseAmountTo", Number),
        field("collectionMode", Texts),
        field("createdOnFrom", Stamp),
        field("createdOnTo", Stamp),
        field("createdVia", Text),
        field("customerDeleted", Choice),
        field("customerIds", Texts),
        field("customerLegalName", Text),
        field("customerStatus", Text),
        field("dispatched", Choice),
        field("dispatchedOnFrom", Stamp),
        field("dispatchedOnTo", Stamp),
        field("dueDateFrom", Stamp),
        field("dueDateTo", Stamp),
    ],
};

/// Body of searchCustomer (contract 5.3).
pub(super) static CUSTOMER_SEARCH: Shape =
    Shape { open: true, properties: &[field("accountNumber", Text), field("assignedAgent", Text)] };

impl Shape {
    /// The fields.
    pub(super) fn properties(&self) -> &'static [Property] {
        self.properties
    }

    /// Reads a body of this shape.
    pub(super) fn read(&self, body: &[u8]) -> Result<Map<String, Value>, Refusal> {
        let value = serde_json::from_slice(body);
        let value: Value = value.map_err(|error| Refusal::unreadable(format!("The body is not JSON: {error}")))?;
        let Value::Object(object) = value else { return Err(Refusal::invalid("The body must be a JSON object")) };
        let mut faults = Vec::new();
        self.judge(&object, "", &mut faults);
        if faults.is_empty() { Ok(object) } else { Err(Refusal::invalid(faults.join("; "))) }
    }

    fn judge(&self, object: &Map<String, Value>, place: &str, faults: &mut Vec<String>) {
        for property in self.properties {
            match object.get(property.name) {
                None if property.required => faults.push(format!("{place}{}: must not be absent", property.name)),
                None => {}
                Some(Value::Null) if property.nullable => {}
                Some(value) => property.kind.judge(value, &format!("{place}{}", property.name), faults),
            }
        }
        if !self.open {
            let known = |name: &String| self.properties.iter().any(|property| property.name == name);
            faults
                .extend(object.keys().filter(|name| !known(name)).map(|name| format!("{place}{name}: unknown field")));
        }
    }
}

impl Kind {
    fn judge(self, value: &Value, place: &str, faults: &mut Vec<String>) {
        let (fits, expected) = match self {
            Objects(shape) => return judge_objects(shape, value, place, faults),
            Text => (value.is_string(), "a text".to_owned()),
            Matching(fits, pattern) => {
                let matched = value.as_str().is_some_and(fits);
                if !matched {
                    faults.push(format!("{place}: must match \"{pattern}\""));
                }
                return;
            }
            OneOf(values) => (is_one_of(value, values), format!("one of {}", values.join(", "))),
            Date => (value.as_str().is_some_and(row::is_date), "a date of the form yyyy-MM-dd".to_owned()),
            Moment => (value.as_str().is_some_and(is_moment), "a date, or a date and time".to_owned()),
            Stamp => (value.as_str().is_some_and(is_stamp), "of the form yyyy-MM-dd HH:mm:ss".to_owned()),
            Clock => (is_clock(value), "a time of the form HH:mm".to_owned()),
            Any => return,
            Number => (value.is_number(), "a number".to_owned()),
            Amount => (is_amount(value), "a number greater than or equal to 0.1".to_owned()),
            Whole => (is_whole(value), "a whole number".to_owned()),
            Choice => (value.is_boolean(), "true or false".to_owned()),
            Texts => (is_list(value, Value::is_string), "a list of texts".to_owned()),
            Ids => {
                let filled = value.as_array().is_some_and(|list| !list.is_empty());
                (filled && is_list(value, Value::is_string), "a list of texts that is not empty".to_owned())
            }
            Choices(values) => {
                (is_list(value, |value| is_one_of(value, values)), format!("a list of {}", values.join(", ")))
            }
        };
        if !fits {
            faults.push(format!("{place}: must be {expected}"));
        }
    }
}

fn judge_objects(shape: &Shape, value: &Value, place: &str, faults: &mut Vec<String>) {
    let Some(list) = value.as_array() else {
        faults.push(format!("{place}: must be a list"));
        return;
    };
    for (index, item) in list.iter().enumerate() {
        match item {
            Value::Object(object) => shape.judge(object, &format!("{place}[{index}]."), faults),
            _ => faults.push(format!("{place}[{index}]: must be an object")),
        }
    }
}

fn is_list(value: &Value, fits: impl Fn(&Value) -> bool) -> bool {
    value.as_array().is_some_and(|list| list.iter().all(fits))
}

fn is_one_of(value: &Value, values: &[&str]) -> bool {
    value.as_str().is_some_and(|text| values.contains(&text))
}

/// Whether a number is at least a tenth; one of more digits than a decimal holds is as large as a double says.
fn is_amount(value: &Value) -> bool {
    let Value::Number(number) = value else { return false };
    match row::amount(&number.to_string()) {
        Some(amount) => amount >= rust_decimal::Decimal::new(1, 1),
        None => number.as_f64().is_some_and(|amount| amount >= 0.1),
    }
}

fn is_whole(value: &Value) -> bool {
    let whole = |number: f64| number.fract() == 0.0 && (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&number);
    value.as_f64().is_some_and(whole)
}

/// `HH:mm` by its type only, as the portal shows no pattern, or an object whose parts are numbers.
fn is_clock(value: &Value) -> bool {
    let whole = |value: &Value| value.as_f64().is_some_and(|number| number.fract() == 0.0);
    let part = |object: &Map<String, Value>, name: &str| object.get(name).is_none_or(whole);
    value.as_object().map_or(value.is_string(), |object| part(object, "hour") && part(object, "minute"))
}

fn is_stamp(text: &str) -> bool {
    let form = b"dddd-dd-dd dd:dd:dd";
    text.len() == form.len()
        && text.bytes().zip(form).all(|(byte, form)| if *form == b'd' { byte.is_ascii_digit() } else { byte == *form })
}

/// A date, or a date-time with a zone (RFC 3339).
fn is_moment(text: &str) -> bool {
    row::is_date(text) || text.get(..10).is_some_and(row::is_date) && is_time(&text[10..])
}

fn is_time(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(['T', 't']) else { return false };
    let zone = rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len());
    let (time, zone) = rest.split_at(zone);
    let zoned = matches!(zone, "Z" | "z")
        || zone.get(1..).is_some_and(|offset| offset.len() == 5 && offset.parse::<jiff::civil::Time>().is_ok());
    zoned && time.len() >= 8 && time.parse::<jiff::civil::Time>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn bodies_are_judged_by_the_documented_fields() {
        let contact = json!({"deleted": false, "legalName": "A", "mobile": "9876543210", "name": "A"});
        let invoice = |name: &str, value: Value| {
            let mut body = json!({"baseAmount": 0.1, "customerId": "KC9B2X7M4Q1Z8T6D", "dueDate": "2026-03-31"});
            body[name] = value;
            body
        };
        for (shape, body, wrong) in [
            (&CUSTOMER_CREATE, json!({"customerKeyContacts": []}), ""),
            (&CUSTOMER_CREATE, json!({"customerKeyContacts": [contact], "colour": 1}), ""),
            (&CUSTOMER_CREATE, json!({}), "customerKeyContacts: must not be absent"),
            (&CUSTOMER_CREATE, json!({"customerKeyContacts": {}}), "customerKeyContacts: must be a list"),
            (
                &CUSTOMER_CREATE,
                json!({"customerKeyContacts": [{"deleted": "no", "legalName": "A", "mobile": "1", "name": "A", "x": 1}]}),
                "customerKeyContacts[0].deleted: must be true or false",
            ),
            (&CUSTOMER_UPDATE, json!({"legalName": null, "branchCodes": ["a"]}), ""),
            (&CUSTOMER_UPDATE, json!({"branchCodes": [1]}), "branchCodes: must be a list of texts"),
            (&CUSTOMER_UPDATE, json!({"companyId": "CEK0SANDBX"}), "companyId: unknown field"),
            (&INVOICE_CREATE, invoice("baseAmount", json!(0.09)), "baseAmount: must be a number greater"),
            (&INVOICE_CREATE, invoice("baseAmount", json!(1e300)), ""),
            (&INVOICE_CREATE, invoice("baseAmount", json!("5")), "baseAmount: must be a number greater"),
            (&INVOICE_CREATE, invoice("customerId", json!("KC1")), "customerId: must match"),
            (&INVOICE_CREATE, invoice("dueDate", json!("31/03/2026")), "dueDate: must be a date"),
            (&INVOICE_CREATE, invoice("invoiceDate", json!("2026-03-01T10:00:00+05:30")), ""),
            (&INVOICE_CREATE, invoice("invoiceDate", json!("2026-03-01T10:00:00.25Z")), ""),
            (&INVOICE_CREATE, invoice("invoiceDate", json!("2026-03-01T10:00:00")), "invoiceDate: must be a date"),
            (&INVOICE_CREATE, invoice("invoiceDate", json!("2026-03-01T25:00:00Z")), "invoiceDate: must be a date"),
            (&INVOICE_CREATE, invoice("invoiceNumber", json!(null)), "invoiceNumber: must be a text"),
            (&INVOICE_UPDATE, json!({"invoiceNumber": null, "dueDate": null}), ""),
            (&INVOICE_UPDATE, json!({"customerId": null}), "customerId: must match"),
            (&INVOICE_UPDATE, json!({"externalId": "x"}), "externalId: unknown field"),
            (&REMINDER_UPDATE, json!({"reminderTime": null, "dueDateDifference": -3.0}), ""),
            (&REMINDER_CREATE, json!({"reminderTime": {"hour": 9}}), ""),
            (&REMINDER_CREATE, json!({"reminderTime": {"hour": "9"}}), "reminderTime: must be a time"),
            (&REMINDER_UPDATE, json!({"reminderTime": ["9"]}), ""),
            (&REMINDER_CREATE, json!({"dueDateDifference": 0.5}), "dueDateDifference: must be a whole number"),
            (&REMINDER_CREATE, json!({"reminderType": "DAILY"}), "reminderType: must be one of ONCE, RECURRING"),
            (&DELETE, json!({"invoiceIds": []}), "invoiceIds: must be a list of texts that is not empty"),
            (&DISPATCH, json!({"invoiceIds": ["a", 1]}), "invoiceIds: must be a list of texts"),
            (&CONFIRM, json!({"invoiceIds": ["a"]}), "paymentId: must not be absent"),
            (&INVOICE_SEARCH, json!({"approvalStatuses": ["X"]}), "approvalStatuses: must be a list of APPROVER"),
            (&INVOICE_SEARCH, json!({"createdOnFrom": "2026-03-01"}), "createdOnFrom: must be of the form"),
            (&INVOICE_SEARCH, json!([]), "The body must be a JSON object"),
        ] {
            let read = shape.read(body.to_string().as_bytes());
            match read {
                Ok(_) => assert_eq!(wrong, "", "{body}"),
                Err(refusal) => {
                    assert!(!wrong.is_empty() && refusal.message.contains(wrong), "{body}: {}", refusal.message);
                }
            }
        }
        assert_eq!(CONFIRM.read(b"{").unwrap_err().kind, super::super::reply::RefusalKind::Unreadable);
    }
}
