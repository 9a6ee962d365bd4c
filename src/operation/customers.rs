//! Operations on customers.

use super::field::{FieldKind, field};
use super::{AnswerKind, Field, Grouping, Key, Method, Operation, Repeat, RequestKind, Route, headings};

/// Bulk upload of new customers (contract 5.3, `createBulkCustomer`).
pub(super) const CREATE: Operation = Operation {
    resource: "customers",
    verb: "create",
    about: "Create customers from sheets, many in one upload",
    request: RequestKind::File(Grouping::Company),
    route: Route::documented(Method::Post, "/api/v0/customer/bulk", Some("companyId")),
    answer: AnswerKind::Bulk,
    repeat: Repeat::LookUp,
    key: Key::Customer,
    fields: CREATE_FIELDS,
    remote_id: "customerId",
};

/// Bulk change of customers (contract 5.3, `bulkUpdate`).
pub(super) const UPDATE: Operation = Operation {
    resource: "customers",
    verb: "update",
    about: "Change customers from sheets; a blank cell leaves the field as it is",
    request: RequestKind::File(Grouping::FilledColumns),
    route: Route::documented(Method::Post, "/api/v0/customer/bulk/update", PARENT),
    answer: AnswerKind::Bulk,
    repeat: Repeat::Safe,
    key: Key::None,
    fields: UPDATE_FIELDS,
    remote_id: "customerId",
};

const PARENT: Option<&str> = Some("parentCompanyId");

/// Creation of one customer (contract 5.1, `createCustomer`).
pub(super) const ADD: Operation = Operation {
    resource: "customers",
    verb: "add",
    about: "Create customers one request each, with everything that an upload cannot carry",
    request: RequestKind::Single,
    route: Route::documented(Method::Post, "/api/v0/customer", None),
    answer: AnswerKind::Whole,
    repeat: Repeat::LookUp,
    key: Key::Customer,
    fields: ADD_FIELDS,
    remote_id: "customerId",
};

/// Change of one customer (contract 5.2, `updateCustomer`).
pub(super) const PATCH: Operation = Operation {
    resource: "customers",
    verb: "patch",
    about: "Change customers one request each; a blank cell leaves the field as it is, <clear> empties it",
    request: RequestKind::Single,
    route: Route::documented(Method::Patch, "/api/v0/customer/{customerId}", PARENT),
    answer: AnswerKind::Whole,
    repeat: Repeat::Safe,
    key: Key::None,
    fields: PATCH_FIELDS,
    remote_id: "customerId",
};

/// Activation (contract 5.3, `activateCustomer`).
pub(super) const ACTIVATE: Operation = Operation {
    verb: "activate",
    about: "Make customers active again",
    route: Route::documented(Method::Put, "/api/v0/customer/activate/{customerId}", PARENT),
    fields: NAMED_FIELDS,
    ..PATCH
};

/// Deactivation (contract 5.3, `deactivateCustomer`).
pub(super) const DEACTIVATE: Operation = Operation {
    verb: "deactivate",
    about: "Make customers inactive",
    route: Route::assumed(Method::Put, "/api/v0/customer/deactivate/{customerId}", PARENT),
    ..ACTIVATE
};

/// Deletion (contract 5.3, `deleteCustomerByCustomerId`).
pub(super) const DELETE: Operation = Operation {
    verb: "delete",
    about: "Delete customers; asks first",
    route: Route::documented(Method::Delete, "/api/v0/customer/{customerId}", PARENT),
    ..ACTIVATE
};

/// Contacts of a customer (contract 5.3, `getCustomerContactDetails`).
pub(super) const CONTACTS: Operation = Operation {
    verb: "contacts",
    about: "Export the contacts of the customers that sheets name",
    route: Route::assumed(Method::Get, "/api/v0/customer/{customerId}/contacts", None),
    ..ACTIVATE
};

const LEGAL_NAME: Field = field("legalName", FieldKind::Text(200), "Registered name of the customer")
    .aliases(headings::customers::LEGAL_NAME);
const UNIQUE_REF_NO: Field = field("uniqueRefNo", FieldKind::Identifier(100), "Your own code for the customer")
    .aliases(headings::customers::UNIQUE_REF_NO);
const CONTACT_NUMBER: Field =
    field("contactNumber", FieldKind::Phone, "Telephone of the customer").aliases(headings::customers::PHONE);
const ADDRESS: Field =
    field("address", FieldKind::Text(500), "Postal address in one line").aliases(headings::customers::ADDRESS);
const STATE: Field =
    field("state", FieldKind::Text(60), "State or union territory").aliases(headings::customers::STATE);
const PIN_CODE: Field =
    field("pinCode", FieldKind::Pin, "Postal code of six digits").aliases(headings::customers::PIN_CODE);
const PAN_OR_GSTIN: Field = field("panOrGstin", FieldKind::PanOrGstin, "GSTIN, or PAN where there is none")
    .aliases(headings::customers::PAN_OR_GSTIN);
const ACCOUNT_NUMBER: Field = field("accountNumber", FieldKind::AccountNumber, "Bank account of the customer")
    .aliases(headings::customers::ACCOUNT_NUMBER);
const IFSC: Field = field("ifsc", FieldKind::Ifsc, "IFSC of the bank branch").aliases(headings::customers::IFSC);
const BRANCH_CODES: Field = field("branchCodes", FieldKind::List, "Branch codes, joined by ;");
const ASSIGNED_AGENT: Field = field("assignedAgent", FieldKind::Text(100), "Agent who looks after the customer")
    .aliases(headings::customers::ASSIGNED_AGENT);
const CONTACT_NAME: Field = field("keyContactName", FieldKind::Text(100), "Name of the first contact")
    .aliases(headings::customers::CONTACT_NAME);
const CONTACT_LEGAL_NAME: Field = field(
    "keyContactLegalName",
    FieldKind::Text(200),
    "Legal name of the first contact; the customer's own where blank",
)
.aliases(headings::customers::CONTACT_LEGAL_NAME);
const CONTACT_MOBILE: Field =
    field("keyContactMobile", FieldKind::Mobile, "Mobile of the first contact").aliases(headings::customers::MOBILE);
const CONTACT_EMAIL: Field =
    field("keyContactEmail", FieldKind::Email, "E-mail of the first contact").aliases(headings::customers::EMAIL);
const GSTIN: Field = field("gstin", FieldKind::Gstin, "GSTIN; goes into panOrGstin")
    .sheet_only()
    .aliases(headings::customers::CUSTOMER_GSTIN);
const PAN: Field = field("pan", FieldKind::Pan, "PAN; goes into panOrGstin where there is no GSTIN")
    .sheet_only()
    .aliases(headings::customers::PAN);
const ADDRESS_LINE_2: Field = field("addressLine2", FieldKind::Text(200), "Second line, joined to the address")
    .sheet_only()
    .aliases(headings::customers::ADDRESS_LINE_2);
const CITY: Field =
    field("city", FieldKind::Text(100), "City, joined to the address").sheet_only().aliases(headings::customers::CITY);

const GST_TREATMENT: Field =
    field("gstTreatment", FieldKind::Text(100), "Whether the customer is registered, a consumer, in an SEZ, abroad")
        .sheet_only()
        .aliases(headings::customers::GST_TREATMENT);

/// The customer that a row is about; the other fields of the same row may name it instead.
pub(super) const CUSTOMER_ID: Field = field(
    "customerId",
    FieldKind::CustomerId,
    "Customer's Enkash id (KC...), or a code, GSTIN or name that the customer directory knows",
)
.aliases(headings::customers::CUSTOMER_ID);
pub(super) const NAMED_CODE: Field =
    field("customerCode", FieldKind::Identifier(100), "Your code for the customer, looked up in the directory")
        .sheet_only()
        .aliases(headings::customers::CUSTOMER_CODE);
pub(super) const NAMED_GSTIN: Field =
    field("customerGstin", FieldKind::Gstin, "Customer's GSTIN, looked up in the directory")
        .sheet_only()
        .aliases(headings::customers::CUSTOMER_GSTIN);
pub(super) const NAMED_NAME: Field =
    field("customerName", FieldKind::Text(200), "Customer's legal name, looked up in the directory")
        .sheet_only()
        .aliases(headings::customers::CUSTOMER_NAME);

/// A row that only names a customer.
const NAMED_FIELDS: &[Field] = &[CUSTOMER_ID, NAMED_CODE, NAMED_GSTIN, NAMED_NAME];

const CONTACT_PERSON_ID: Field =
    field("keyContactPersonId", FieldKind::RecordId, "Enkash's id of the contact to change; a new contact without it");
const CONTACT_VIA: Field = field("keyContactVia", FieldKind::Text(50), "Where the contact came from");
const CONTACT_MAIL: Field = field("keyContactMailEnabled", FieldKind::Bool, "Whether the contact gets mail");
const CONTACT_SMS: Field = field("keyContactSmsEnabled", FieldKind::Bool, "Whether the contact gets SMS");
const CONTACT_WHATSAPP: Field =
    field("keyContactWhatsappEnabled", FieldKind::Bool, "Whether the contact gets WhatsApp messages");
const CONTACT_DELETED: Field =
    field("keyContactDeleted", FieldKind::Bool, "yes removes the contact that keyContactPersonId names");
const REMINDER_ID: Field =
    field("customerReminderId", FieldKind::RecordId, "Enkash's id of the reminder to change; a new one without it");

/// What a reminder is made of (contract 7).
pub(super) const REMINDER_DIFFERENCE: Field =
    field("dueDateDifference", FieldKind::Whole, "Days between reminder and due date; Enkash does not say which way");
pub(super) const REMINDER_INTERVAL: Field =
    field("reminderInterval", FieldKind::Whole, "Time between reminders, probably in days");
pub(super) const REMINDER_TIME: Field = field("reminderTime", FieldKind::TimeOfDay, "Time of day, as in 09:30");
pub(super) const REMINDER_TYPE: Field =
    field("reminderType", FieldKind::Enum(&["ONCE", "RECURRING"]), "Once or again and again");
pub(super) const REMINDER_STAGE: Field = field("stage", FieldKind::Text(50), "Stage of the reminder");

const ADD_FIELDS: &[Field] = &[
    LEGAL_NAME,
    UNIQUE_REF_NO,
    CONTACT_NUMBER,
    ADDRESS,
    STATE,
    PIN_CODE,
    PAN_OR_GSTIN,
    ACCOUNT_NUMBER,
    IFSC,
    BRANCH_CODES,
    ASSIGNED_AGENT,
    field("companyId", FieldKind::CompanyId, "Your company's Enkash id (CEK...)"),
    field("customerCompanyId", FieldKind::Text(50), "Customer's own Enkash company id"),
    field("externalSource", FieldKind::Bool, "Whether the customer comes from another system"),
    CONTACT_NAME.required(),
    CONTACT_LEGAL_NAME.required(),
    CONTACT_MOBILE.required(),
    CONTACT_EMAIL,
    CONTACT_VIA,
    CONTACT_MAIL,
    CONTACT_SMS,
    CONTACT_WHATSAPP,
    REMINDER_DIFFERENCE,
    REMINDER_INTERVAL,
    REMINDER_TIME,
    REMINDER_TYPE,
    REMINDER_STAGE,
    GSTIN,
    PAN,
    ADDRESS_LINE_2,
    CITY,
    GST_TREATMENT,
];

const PATCH_FIELDS: &[Field] = &[
    CUSTOMER_ID,
    LEGAL_NAME,
    UNIQUE_REF_NO,
    CONTACT_NUMBER,
    ADDRESS,
    STATE,
    PIN_CODE,
    PAN_OR_GSTIN,
    ACCOUNT_NUMBER,
    IFSC,
    BRANCH_CODES,
    ASSIGNED_AGENT,
    CONTACT_PERSON_ID,
    CONTACT_NAME,
    CONTACT_LEGAL_NAME,
    CONTACT_MOBILE,
    CONTACT_EMAIL,
    CONTACT_VIA,
    CONTACT_MAIL,
    CONTACT_SMS,
    CONTACT_WHATSAPP,
    CONTACT_DELETED,
    REMINDER_ID,
    REMINDER_DIFFERENCE,
    REMINDER_INTERVAL,
    REMINDER_TIME,
    REMINDER_TYPE,
    REMINDER_STAGE,
    GSTIN,
    PAN,
    ADDRESS_LINE_2,
    CITY,
    GST_TREATMENT,
];

const CREATE_FIELDS: &[Field] = &[
    LEGAL_NAME,
    UNIQUE_REF_NO,
    CONTACT_NUMBER,
    ADDRESS,
    STATE,
    PIN_CODE,
    PAN_OR_GSTIN,
    ACCOUNT_NUMBER,
    IFSC,
    BRANCH_CODES,
    ASSIGNED_AGENT,
    field("companyId", FieldKind::CompanyId, "Your company's Enkash id (CEK...)"),
    field("customerCompanyId", FieldKind::Text(50), "Customer's own Enkash company id"),
    field("externalSource", FieldKind::Bool, "Whether the customer comes from another system"),
    CONTACT_NAME.required(),
    CONTACT_LEGAL_NAME.required(),
    CONTACT_MOBILE.required(),
    CONTACT_EMAIL,
    GSTIN,
    PAN,
    ADDRESS_LINE_2,
    CITY,
    GST_TREATMENT,
];

const UPDATE_FIELDS: &[Field] = &[
    CUSTOMER_ID,
    LEGAL_NAME,
    UNIQUE_REF_NO,
    CONTACT_NUMBER,
    ADDRESS,
    STATE,
    PIN_CODE,
    PAN_OR_GSTIN,
    ACCOUNT_NUMBER,
    IFSC,
    BRANCH_CODES,
    ASSIGNED_AGENT,
    CONTACT_NAME,
    CONTACT_LEGAL_NAME,
    CONTACT_MOBILE,
    CONTACT_EMAIL,
    GSTIN,
    PAN,
    ADDRESS_LINE_2,
    CITY,
    GST_TREATMENT,
];
