//! Operations on customers.

use super::field::{FieldKind, field};
use super::{Field, Grouping, Key, Operation, Repeat, RequestKind, Route, headings};

/// Bulk upload of new customers (contract 5.3, `createBulkCustomer`).
pub(super) const CREATE: Operation = Operation {
    resource: "customers",
    verb: "create",
    about: "Create customers from sheets, many in one upload",
    request: RequestKind::File(Grouping::Company),
    route: Route { path: "/api/v0/customer/bulk", account_parameter: "companyId", documented: true },
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
    route: Route { path: "/api/v0/customer/bulk/update", account_parameter: "parentCompanyId", documented: true },
    repeat: Repeat::Safe,
    key: Key::None,
    fields: UPDATE_FIELDS,
    remote_id: "customerId",
};

const LEGAL_NAME: Field =
    field("legalName", FieldKind::Text(200), "Registered name of the customer").aliases(headings::LEGAL_NAME);
const UNIQUE_REF_NO: Field =
    field("uniqueRefNo", FieldKind::Identifier(100), "Your own code for the customer").aliases(headings::UNIQUE_REF_NO);
const CONTACT_NUMBER: Field =
    field("contactNumber", FieldKind::Phone, "Telephone of the customer").aliases(headings::PHONE);
const ADDRESS: Field = field("address", FieldKind::Text(500), "Postal address in one line").aliases(headings::ADDRESS);
const STATE: Field = field("state", FieldKind::Text(60), "State or union territory").aliases(headings::STATE);
const PIN_CODE: Field = field("pinCode", FieldKind::Pin, "Postal code of six digits").aliases(headings::PIN_CODE);
const PAN_OR_GSTIN: Field =
    field("panOrGstin", FieldKind::PanOrGstin, "GSTIN, or PAN where there is none").aliases(headings::PAN_OR_GSTIN);
const ACCOUNT_NUMBER: Field =
    field("accountNumber", FieldKind::AccountNumber, "Bank account of the customer").aliases(headings::ACCOUNT_NUMBER);
const IFSC: Field = field("ifsc", FieldKind::Ifsc, "IFSC of the bank branch").aliases(headings::IFSC);
const BRANCH_CODES: Field = field("branchCodes", FieldKind::List, "Branch codes, joined by ;");
const ASSIGNED_AGENT: Field = field("assignedAgent", FieldKind::Text(100), "Agent who looks after the customer")
    .aliases(headings::ASSIGNED_AGENT);
const CONTACT_NAME: Field =
    field("keyContactName", FieldKind::Text(100), "Name of the first contact").aliases(headings::CONTACT_NAME);
const CONTACT_LEGAL_NAME: Field = field(
    "keyContactLegalName",
    FieldKind::Text(200),
    "Legal name of the first contact; the customer's own where blank",
)
.aliases(headings::CONTACT_LEGAL_NAME);
const CONTACT_MOBILE: Field =
    field("keyContactMobile", FieldKind::Mobile, "Mobile of the first contact").aliases(headings::MOBILE);
const CONTACT_EMAIL: Field =
    field("keyContactEmail", FieldKind::Email, "E-mail of the first contact").aliases(headings::EMAIL);
const GSTIN: Field =
    field("gstin", FieldKind::Gstin, "GSTIN; goes into panOrGstin").sheet_only().aliases(headings::CUSTOMER_GSTIN);
const PAN: Field = field("pan", FieldKind::Pan, "PAN; goes into panOrGstin where there is no GSTIN")
    .sheet_only()
    .aliases(headings::PAN);
const ADDRESS_LINE_2: Field = field("addressLine2", FieldKind::Text(200), "Second line, joined to the address")
    .sheet_only()
    .aliases(headings::ADDRESS_LINE_2);
const CITY: Field =
    field("city", FieldKind::Text(100), "City, joined to the address").sheet_only().aliases(headings::CITY);

const GST_TREATMENT: Field =
    field("gstTreatment", FieldKind::Text(100), "Whether the customer is registered, a consumer, in an SEZ, abroad")
        .sheet_only()
        .aliases(headings::GST_TREATMENT);

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
    field(
        "customerId",
        FieldKind::CustomerId,
        "Customer's Enkash id (KC...), or a code, GSTIN or name that the customer directory knows",
    )
    .aliases(headings::CUSTOMER_ID),
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
