//! Operations on invoices.

use super::customers::{CUSTOMER_ID, NAMED_CODE, NAMED_GSTIN, NAMED_NAME};
use super::field::{AmountSign, FieldKind, field};
use super::{AnswerKind, Field, Grouping, Key, Method, Operation, Repeat, RequestKind, Route, headings};

/// Bulk upload of new invoices (contract 6.4, `invoiceBulkUpload`).
pub(super) const CREATE: Operation = Operation {
    resource: "invoices",
    verb: "create",
    about: "Create invoices from sheets, many in one upload",
    request: RequestKind::File(Grouping::Seller),
    route: Route::documented(Method::Post, "/api/v0/invoice/bulk/create", Some("sellerId")),
    answer: AnswerKind::Bulk,
    repeat: Repeat::LookUp,
    key: Key::Invoice,
    fields: FIELDS,
    remote_id: "invoiceId",
};

/// Creation of one invoice (contract 6.1, `createInvoice`).
pub(super) const ADD: Operation = Operation {
    verb: "add",
    about: "Create invoices one request each",
    request: RequestKind::Single,
    route: Route::documented(Method::Post, "/api/v0/invoice", None),
    answer: AnswerKind::Whole,
    ..CREATE
};

/// Change of one invoice (contract 6.3, `updateInvoice`).
pub(super) const UPDATE: Operation = Operation {
    resource: "invoices",
    verb: "update",
    about: "Change invoices one request each; a blank cell leaves the field as it is, <clear> empties it",
    request: RequestKind::Single,
    route: Route::documented(Method::Patch, "/api/v0/invoice/{invoiceId}", Some("sellerId")),
    answer: AnswerKind::Whole,
    repeat: Repeat::Safe,
    key: Key::None,
    fields: UPDATE_FIELDS,
    remote_id: "invoiceId",
};

/// Dispatch of many invoices (contract 6.4, `dispatchInvoiceCollection`).
pub(super) const DISPATCH: Operation = Operation {
    verb: "dispatch",
    about: "Send invoices to their customers; asks first",
    request: RequestKind::Ids,
    route: Route::documented(Method::Post, "/api/v0/invoice/bulk/dispatch", None),
    answer: AnswerKind::Lists,
    repeat: Repeat::LookUp,
    fields: DISPATCH_FIELDS,
    ..UPDATE
};

/// Deletion of many invoices (contract 6.4, `deleteInvoiceCollection`).
pub(super) const DELETE: Operation = Operation {
    verb: "delete",
    about: "Delete invoices; asks first",
    request: RequestKind::Ids,
    route: Route::assumed(Method::Post, "/api/v0/invoice/bulk/delete", None),
    answer: AnswerKind::Lists,
    fields: NAMED_FIELDS,
    ..UPDATE
};

/// Change of the status of many invoices (contract 8, `changeInvoiceStatusRequest`).
pub(super) const STATUS: Operation = Operation {
    verb: "status",
    about: "Accept, reject or return invoices over Bharat Connect",
    request: RequestKind::Ids,
    route: Route::assumed(Method::Post, "/api/v0/invoice/change-status", None),
    answer: AnswerKind::Whole,
    repeat: Repeat::Never,
    fields: STATUS_FIELDS,
    ..UPDATE
};

/// Confirmation of a payment for many invoices (contract 8, `paymentConfirmationRequest`).
pub(super) const CONFIRM_PAYMENT: Operation = Operation {
    verb: "confirm-payment",
    about: "Confirm or deny payments of invoices over Bharat Connect",
    route: Route::documented(Method::Post, "/api/v0/invoice/payment-confirmation", None),
    fields: CONFIRM_FIELDS,
    ..STATUS
};

/// One invoice (contract 6.4, `getInvoice`).
pub(super) const GET: Operation = Operation {
    verb: "get",
    about: "Export the invoices that sheets name",
    route: Route::documented(Method::Get, "/api/v0/invoice/{invoiceId}", Some("sellerId")),
    fields: NAMED_FIELDS,
    ..UPDATE
};

/// What the approval statuses of requests can be (contract 9).
const APPROVAL_STATUSES: &[&str] = &[
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

const TAX: FieldKind = FieldKind::Amount(AmountSign::ZeroOrMore);
const ANY_AMOUNT: FieldKind = FieldKind::Amount(AmountSign::Any);

/// The invoice that a row is about; its number may name it instead.
const INVOICE_ID: Field =
    field("invoiceId", FieldKind::RecordId, "Enkash's id of the invoice; its number may stand instead")
        .aliases(headings::invoices::INVOICE_ID);
const NAMED_NUMBER: Field =
    field("invoiceNumber", FieldKind::InvoiceNumber, "Number of the invoice, looked up where the id is blank")
        .sheet_only()
        .aliases(headings::invoices::INVOICE_NUMBER);
const SELLER_ID: Field =
    field("sellerId", FieldKind::CompanyId, "Seller's Enkash id (CEK...); the profile's where blank").sheet_only();
const NAMED_BASE: Field = field("baseAmount", TAX, "Taxable value in rupees, for the totals only")
    .sheet_only()
    .aliases(headings::amounts::BASE_AMOUNT);
const NAMED_NET: Field = field("netAmount", TAX, "Invoice total in rupees, for the totals only")
    .sheet_only()
    .aliases(headings::amounts::NET_AMOUNT);
const NAMED_SUPPLIER: Field =
    field("supplierGstin", FieldKind::Gstin, "Your own GSTIN on the invoice; picks the seller")
        .sheet_only()
        .aliases(headings::invoices::SUPPLIER_GSTIN);
const REMARKS: Field = field("remarks", FieldKind::Text(100), "Remarks, 1 to 100 characters").required();

const NAMED_FIELDS: &[Field] = &[INVOICE_ID, NAMED_NUMBER, SELLER_ID, NAMED_SUPPLIER, NAMED_BASE, NAMED_NET];

const DISPATCH_FIELDS: &[Field] = &[
    INVOICE_ID,
    field("partialPaymentAllowed", FieldKind::Bool, "Whether the customer may pay in parts"),
    NAMED_NUMBER,
    SELLER_ID,
    NAMED_SUPPLIER,
    NAMED_BASE,
    NAMED_NET,
];

const STATUS_FIELDS: &[Field] = &[
    INVOICE_ID,
    field("status", FieldKind::Text(50), "ACCEPT, REJECT or RETURN").required(),
    REMARKS,
    NAMED_NUMBER,
    SELLER_ID,
    NAMED_SUPPLIER,
    NAMED_BASE,
    NAMED_NET,
];

const CONFIRM_FIELDS: &[Field] = &[
    INVOICE_ID,
    field("paymentId", FieldKind::Identifier(100), "Enkash's id of the payment, such as PMT...").required(),
    REMARKS,
    field("response", FieldKind::Text(50), "ACCEPT or REJECT").required(),
    field("type", FieldKind::Text(50), "ONPLATFORM or OFFPLATFORM").required(),
    NAMED_NUMBER,
    SELLER_ID,
    NAMED_SUPPLIER,
    NAMED_BASE,
    NAMED_NET,
];

const UPDATE_FIELDS: &[Field] = &[
    INVOICE_ID,
    field("invoiceNumber", FieldKind::InvoiceNumber, "New number; without an id, the number of the invoice to change")
        .aliases(headings::invoices::INVOICE_NUMBER),
    CUSTOMER_ID,
    field("invoiceDate", FieldKind::Date, "Date of the invoice").aliases(headings::invoices::INVOICE_DATE),
    field("dueDate", FieldKind::Date, "Date the payment is due").aliases(headings::invoices::DUE_DATE),
    field("description", FieldKind::Text(1000), "What the invoice is for").aliases(headings::invoices::DESCRIPTION),
    field("poNumber", FieldKind::Identifier(100), "Customer's purchase order").aliases(headings::invoices::PO_NUMBER),
    field("baseAmount", FieldKind::Amount(AmountSign::AtLeastTenPaise), "Taxable value in rupees, at least 0.10")
        .aliases(headings::amounts::BASE_AMOUNT),
    field("cgst", TAX, "Central tax in rupees").aliases(headings::amounts::CGST),
    field("sgst", TAX, "State or union territory tax in rupees").aliases(headings::amounts::SGST),
    field("igst", TAX, "Integrated tax in rupees").aliases(headings::amounts::IGST),
    field("tds", TAX, "Tax deducted by the customer; it does not reduce the total").aliases(headings::amounts::TDS),
    field("netAmount", TAX, "Invoice total in rupees").aliases(headings::amounts::NET_AMOUNT),
    field("balanceAmount", TAX, "Amount still open; moves money, see allow-guarded").guarded(),
    field("totalReceived", TAX, "Amount already received; moves money, see allow-guarded").guarded(),
    field("gstExclusive", FieldKind::Bool, "Whether tax comes on top of the base amount"),
    field("chargeCustomer", FieldKind::Bool, "Whether the customer pays the fee; see allow-guarded").guarded(),
    field("dispatchNow", FieldKind::Bool, "Whether the customer gets mail at once; see allow-guarded").guarded(),
    field("partialPaymentAllowed", FieldKind::Bool, "Whether the customer may pay in parts"),
    field("approvalStatus", FieldKind::Enum(APPROVAL_STATUSES), "Approval state; see allow-guarded").guarded(),
    field("receivableStatus", FieldKind::Text(50), "Payment state; see allow-guarded").guarded(),
    field("emailAddress", FieldKind::Email, "Customer's e-mail for this invoice").aliases(headings::customers::EMAIL),
    field("mobileNumber", FieldKind::Mobile, "Customer's mobile for this invoice").aliases(headings::customers::MOBILE),
    field("payableReferenceId", FieldKind::Identifier(100), "Reference on the customer's side"),
    field("via", FieldKind::Text(50), "Where the invoice came from"),
    SELLER_ID,
    NAMED_CODE,
    NAMED_GSTIN,
    NAMED_NAME,
    NAMED_SUPPLIER,
];

// Limit: text lengths are our own prudence where the contract gives none; a cell of a spreadsheet holds 32,767.
const FIELDS: &[Field] = &[
    field("invoiceNumber", FieldKind::InvoiceNumber, "Number of the invoice, 1 to 16 letters, digits, - and /")
        .required()
        .aliases(headings::invoices::INVOICE_NUMBER),
    CUSTOMER_ID,
    field("externalId", FieldKind::Identifier(100), "Your own reference for the invoice")
        .aliases(headings::invoices::EXTERNAL_ID),
    field("invoiceDate", FieldKind::Date, "Date of the invoice").required().aliases(headings::invoices::INVOICE_DATE),
    field("dueDate", FieldKind::Date, "Date the payment is due; without it, invoice date and credit days")
        .required()
        .aliases(headings::invoices::DUE_DATE),
    field("description", FieldKind::Text(1000), "What the invoice is for").aliases(headings::invoices::DESCRIPTION),
    field("poNumber", FieldKind::Identifier(100), "Customer's purchase order").aliases(headings::invoices::PO_NUMBER),
    field("baseAmount", FieldKind::Amount(AmountSign::AtLeastTenPaise), "Taxable value in rupees, at least 0.10")
        .required()
        .aliases(headings::amounts::BASE_AMOUNT),
    field("cgst", TAX, "Central tax in rupees").aliases(headings::amounts::CGST),
    field("sgst", TAX, "State or union territory tax in rupees").aliases(headings::amounts::SGST),
    field("igst", TAX, "Integrated tax in rupees").aliases(headings::amounts::IGST),
    field("tds", TAX, "Tax deducted by the customer; it does not reduce the total").aliases(headings::amounts::TDS),
    field("netAmount", TAX, "Invoice total in rupees").aliases(headings::amounts::NET_AMOUNT),
    field("balanceAmount", TAX, "Amount still open; moves money, see allow-guarded").guarded(),
    field("totalReceived", TAX, "Amount already received; moves money, see allow-guarded").guarded(),
    field("gstExclusive", FieldKind::Bool, "Whether tax comes on top of the base amount"),
    field("chargeCustomer", FieldKind::Bool, "Whether the customer pays the fee; see allow-guarded").guarded(),
    field("dispatchNow", FieldKind::Bool, "Whether the customer gets mail at once; see allow-guarded").guarded(),
    field("partialPaymentAllowed", FieldKind::Bool, "Whether the customer may pay in parts"),
    field("approvalStatus", FieldKind::Enum(APPROVAL_STATUSES), "Approval state; see allow-guarded").guarded(),
    field("receivableStatus", FieldKind::Text(50), "Payment state; see allow-guarded").guarded(),
    field("emailAddress", FieldKind::Email, "Customer's e-mail for this invoice").aliases(headings::customers::EMAIL),
    field("mobileNumber", FieldKind::Mobile, "Customer's mobile for this invoice").aliases(headings::customers::MOBILE),
    field("payableReferenceId", FieldKind::Identifier(100), "Reference on the customer's side"),
    field("via", FieldKind::Text(50), "Where the invoice came from"),
    field("sellerId", FieldKind::CompanyId, "Seller's Enkash id (CEK...); also picks the upload the row goes into"),
    NAMED_CODE,
    NAMED_GSTIN,
    NAMED_NAME,
    field("supplierGstin", FieldKind::Gstin, "Your own GSTIN on the invoice; picks the seller")
        .sheet_only()
        .aliases(headings::invoices::SUPPLIER_GSTIN),
    field("documentType", FieldKind::Text(50), "Invoice, credit note or debit note")
        .sheet_only()
        .aliases(headings::invoices::DOCUMENT_TYPE),
    field("status", FieldKind::Text(50), "State in the sheet; void, draft and cancelled rows are left out")
        .sheet_only()
        .aliases(headings::invoices::STATUS),
    field("creditDays", FieldKind::Days, "Days from invoice date to due date")
        .sheet_only()
        .aliases(headings::invoices::CREDIT_DAYS),
    field("cess", TAX, "Cess in rupees; enters the sum check").sheet_only().aliases(headings::amounts::CESS),
    field("tcs", TAX, "Tax collected at source; enters the sum check").sheet_only().aliases(headings::amounts::TCS),
    field("freight", ANY_AMOUNT, "Freight and other charges; enters the sum check")
        .sheet_only()
        .aliases(headings::amounts::FREIGHT),
    field("discount", ANY_AMOUNT, "Discount already taken off the taxable value or off the total")
        .sheet_only()
        .aliases(headings::amounts::DISCOUNT),
    field("roundOff", ANY_AMOUNT, "Rounding; enters the sum check").sheet_only().aliases(headings::amounts::ROUND_OFF),
    field("taxTotal", TAX, "All tax heads together; enters the sum check")
        .sheet_only()
        .aliases(headings::amounts::TAX_TOTAL),
    field("currency", FieldKind::Text(20), "Currency of the amounts; only INR is taken")
        .sheet_only()
        .aliases(headings::amounts::CURRENCY),
    field("reverseCharge", FieldKind::Bool, "Whether the customer pays the tax to the government")
        .sheet_only()
        .aliases(headings::invoices::REVERSE_CHARGE),
    field("placeOfSupply", FieldKind::Text(60), "State the supply goes to")
        .sheet_only()
        .aliases(headings::invoices::PLACE_OF_SUPPLY),
    field("itemName", FieldKind::Text(1000), "Item of a line; its presence shows a line-level export")
        .sheet_only()
        .aliases(headings::invoices::ITEM_NAME),
    field("quantity", FieldKind::Text(50), "Quantity of a line").sheet_only().aliases(headings::amounts::QUANTITY),
    field("unitPrice", FieldKind::Text(50), "Price of a line's unit")
        .sheet_only()
        .aliases(headings::amounts::UNIT_PRICE),
    field("lineAmount", ANY_AMOUNT, "Amount of a line").sheet_only().aliases(headings::amounts::LINE_AMOUNT),
    field("taxRate", FieldKind::Text(50), "Rate of tax").sheet_only().aliases(headings::amounts::TAX_RATE),
    field("hsnSac", FieldKind::Text(50), "HSN or SAC code").sheet_only().aliases(headings::invoices::HSN_SAC),
    field("gstTreatment", FieldKind::Text(100), "Whether the customer is registered, a consumer, in an SEZ, abroad")
        .sheet_only()
        .aliases(headings::customers::GST_TREATMENT),
];
