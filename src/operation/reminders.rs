//! Operations on the payment reminders of customers. All their routes are assumed (contract 7).

use super::customers::{
    CUSTOMER_ID, NAMED_CODE, NAMED_GSTIN, NAMED_NAME, REMINDER_DIFFERENCE, REMINDER_INTERVAL, REMINDER_STAGE,
    REMINDER_TIME, REMINDER_TYPE,
};
use super::field::{FieldKind, field};
use super::{AnswerKind, Field, Key, Method, Operation, Repeat, RequestKind, Route, headings};

/// Path of the reminders of a customer.
const OF_CUSTOMER: &str = "/api/v0/customer/{customerId}/reminder";

/// Path of one reminder.
const ONE: &str = "/api/v0/customer/{customerId}/reminder/{customerReminderId}";

/// Creation of one reminder (`createCustomerReminder`).
pub(super) const CREATE: Operation = Operation {
    resource: "reminders",
    verb: "create",
    about: "Create payment reminders of customers",
    request: RequestKind::Single,
    route: Route::assumed(Method::Post, OF_CUSTOMER, None),
    answer: AnswerKind::Whole,
    repeat: Repeat::Never,
    key: Key::None,
    fields: CREATE_FIELDS,
    remote_id: "customerReminderId",
};

/// Change of one reminder (`updateCustomerReminder`).
pub(super) const UPDATE: Operation = Operation {
    verb: "update",
    about: "Change payment reminders; a blank cell leaves the field as it is, <clear> empties it",
    route: Route::assumed(Method::Patch, ONE, None),
    repeat: Repeat::Safe,
    fields: UPDATE_FIELDS,
    ..CREATE
};

/// Deletion of one reminder (`deleteReminder`).
pub(super) const DELETE: Operation = Operation {
    verb: "delete",
    about: "Delete payment reminders; asks first",
    route: Route::assumed(Method::Delete, ONE, None),
    fields: NAMED_FIELDS,
    ..UPDATE
};

/// One reminder (`getCustomerReminder`).
pub(super) const GET: Operation = Operation {
    verb: "get",
    about: "Export the payment reminders that sheets name",
    route: Route::assumed(Method::Get, ONE, None),
    ..DELETE
};

/// The reminders of a customer (`getCustomerReminders`).
pub(super) const LIST: Operation = Operation {
    verb: "list",
    about: "Export all payment reminders of the customers that sheets name",
    route: Route::assumed(Method::Get, OF_CUSTOMER, None),
    fields: CUSTOMER_FIELDS,
    remote_id: "customerId",
    ..GET
};

const REMINDER_ID: Field = field("customerReminderId", FieldKind::RecordId, "Enkash's id of the reminder")
    .required()
    .aliases(headings::customers::REMINDER_ID);

const CUSTOMER_FIELDS: &[Field] = &[CUSTOMER_ID, NAMED_CODE, NAMED_GSTIN, NAMED_NAME];

const NAMED_FIELDS: &[Field] = &[CUSTOMER_ID, REMINDER_ID, NAMED_CODE, NAMED_GSTIN, NAMED_NAME];

const CREATE_FIELDS: &[Field] = &[
    CUSTOMER_ID,
    REMINDER_DIFFERENCE,
    REMINDER_INTERVAL,
    REMINDER_TIME,
    REMINDER_TYPE.required(),
    REMINDER_STAGE,
    NAMED_CODE,
    NAMED_GSTIN,
    NAMED_NAME,
];

const UPDATE_FIELDS: &[Field] = &[
    CUSTOMER_ID,
    REMINDER_ID,
    REMINDER_DIFFERENCE,
    REMINDER_INTERVAL,
    REMINDER_TIME,
    REMINDER_TYPE,
    REMINDER_STAGE,
    NAMED_CODE,
    NAMED_GSTIN,
    NAMED_NAME,
];
