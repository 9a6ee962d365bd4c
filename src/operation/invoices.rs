//! Operations on invoices.

use super::field::{AmountSign, FieldKind, field};
use super::{Field, Grouping, Key, Operation, Repeat, RequestKind, Route, headings};

/// Bulk upload of new invoices (contract 6.4, `invoiceBulkUpload`).
pub(super) const CREATE: Operation = Operation {
    resource: "invoices",
    verb: "create",
    about: "Create invoices from sheets, many in one upload",
    request: RequestKind::File(Grouping::Seller),
    route: Route { path: "/api/v0/invoice/bulk/create", account_parameter: "sellerId", documented: true },
    repeat: Repeat::LookUp,
    key: Key::Invoice,
    fields: FIELDS,
    remote_id: "invoiceId",
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

// Limit: text lengths are our own prudence where the contract gives none; a cell of a spreadsheet holds 32,767.
const FIELDS: &[Field] = &[
    field("invoiceNumber", FieldKind::InvoiceNumber, "Number of the invoice, 1 to 16 letters, digits, - and /")
        .required()
        .aliases(headings::INVOICE_NUMBER),
    field(
        "customerId",
        FieldKind::CustomerId,
        "Customer's Enkash id (KC...), or a code, GSTIN or name that the customer directory knows",
    )
    .aliases(headings::CUSTOMER_ID),
    field("externalId", FieldKind::Identifier(100), "Your own reference for the invoice")
        .aliases(headings::EXTERNAL_ID),
    field("invoiceDate", FieldKind::Date, "Date of the invoice").required().aliases(headings::INVOICE_DATE),
    field("dueDate", FieldKind::Date, "Date the payment is due; without it, invoice date and credit days")
        .required()
        .aliases(headings::DUE_DATE),
    field("description", FieldKind::Text(1000), "What the invoice is for").aliases(headings::DESCRIPTION),
    field("poNumber", FieldKind::Identifier(100), "Customer's purchase order").aliases(headings::PO_NUMBER),
    field("baseAmount", FieldKind::Amount(AmountSign::AtLeastTenPaise), "Taxable value in rupees, at least 0.10")
        .required()
        .aliases(headings::BASE_AMOUNT),
    field("cgst", TAX, "Central tax in rupees").aliases(headings::CGST),
    field("sgst", TAX, "State or union territory tax in rupees").aliases(headings::SGST),
    field("igst", TAX, "Integrated tax in rupees").aliases(headings::IGST),
    field("tds", TAX, "Tax deducted by the customer; it does not reduce the total").aliases(headings::TDS),
    field("netAmount", TAX, "Invoice total in rupees").aliases(headings::NET_AMOUNT),
    field("balanceAmount", TAX, "Amount still open; moves money, see allow-guarded").guarded(),
    field("totalReceived", TAX, "Amount already received; moves money, see allow-guarded").guarded(),
    field("gstExclusive", FieldKind::Bool, "Whether tax comes on top of the base amount"),
    field("chargeCustomer", FieldKind::Bool, "Whether the customer pays the fee; see allow-guarded").guarded(),
    field("dispatchNow", FieldKind::Bool, "Whether the customer gets mail at once; see allow-guarded").guarded(),
    field("partialPaymentAllowed", FieldKind::Bool, "Whether the customer may pay in parts"),
    field("approvalStatus", FieldKind::Enum(APPROVAL_STATUSES), "Approval state; see allow-guarded").guarded(),
    field("receivableStatus", FieldKind::Text(50), "Payment state; see allow-guarded").guarded(),
    field("emailAddress", FieldKind::Email, "Customer's e-mail for this invoice").aliases(headings::EMAIL),
    field("mobileNumber", FieldKind::Mobile, "Customer's mobile for this invoice").aliases(headings::MOBILE),
    field("payableReferenceId", FieldKind::Identifier(100), "Reference on the customer's side"),
    field("via", FieldKind::Text(50), "Where the invoice came from"),
    field("sellerId", FieldKind::CompanyId, "Seller's Enkash id (CEK...); also picks the upload the row goes into"),
    field("customerCode", FieldKind::Identifier(100), "Your code for the customer, looked up in the directory")
        .sheet_only()
        .aliases(headings::CUSTOMER_CODE),
    field("customerGstin", FieldKind::Gstin, "Customer's GSTIN, looked up in the directory")
        .sheet_only()
        .aliases(headings::CUSTOMER_GSTIN),
    field("customerName", FieldKind::Text(200), "Customer's legal name, looked up in the directory")
        .sheet_only()
        .aliases(headings::CUSTOMER_NAME),
    field("supplierGstin", FieldKind::Gstin, "Your own GSTIN on the invoice; picks the seller")
        .sheet_only()
        .aliases(headings::SUPPLIER_GSTIN),
    field("documentType", FieldKind::Text(50), "Invoice, credit note or debit note")
        .sheet_only()
        .aliases(headings::DOCUMENT_TYPE),
    field("status", FieldKind::Text(50), "State in the sheet; void, draft and cancelled rows are left out")
        .sheet_only()
        .aliases(headings::STATUS),
    field("creditDays", FieldKind::Days, "Days from invoice date to due date")
        .sheet_only()
        .aliases(headings::CREDIT_DAYS),
    field("cess", TAX, "Cess in rupees; enters the sum check").sheet_only().aliases(headings::CESS),
    field("tcs", TAX, "Tax collected at source; enters the sum check").sheet_only().aliases(headings::TCS),
    field("freight", ANY_AMOUNT, "Freight and other charges; enters the sum check")
        .sheet_only()
        .aliases(headings::FREIGHT),
    field("discount", ANY_AMOUNT, "Discount already taken off the taxable value or off the total")
        .sheet_only()
        .aliases(headings::DISCOUNT),
    field("roundOff", ANY_AMOUNT, "Rounding; enters the sum check").sheet_only().aliases(headings::ROUND_OFF),
    field("taxTotal", TAX, "All tax heads together; enters the sum check").sheet_only().aliases(headings::TAX_TOTAL),
    field("currency", FieldKind::Text(20), "Currency of the amounts; only INR is taken")
        .sheet_only()
        .aliases(headings::CURRENCY),
    field("reverseCharge", FieldKind::Bool, "Whether the customer pays the tax to the government")
        .sheet_only()
        .aliases(headings::REVERSE_CHARGE),
    field("placeOfSupply", FieldKind::Text(60), "State the supply goes to")
        .sheet_only()
        .aliases(headings::PLACE_OF_SUPPLY),
    field("itemName", FieldKind::Text(1000), "Item of a line; its presence shows a line-level export")
        .sheet_only()
        .aliases(headings::ITEM_NAME),
    field("quantity", FieldKind::Text(50), "Quantity of a line").sheet_only().aliases(headings::QUANTITY),
    field("unitPrice", FieldKind::Text(50), "Price of a line's unit").sheet_only().aliases(headings::UNIT_PRICE),
    field("lineAmount", ANY_AMOUNT, "Amount of a line").sheet_only().aliases(headings::LINE_AMOUNT),
    field("taxRate", FieldKind::Text(50), "Rate of tax").sheet_only().aliases(headings::TAX_RATE),
    field("hsnSac", FieldKind::Text(50), "HSN or SAC code").sheet_only().aliases(headings::HSN_SAC),
    field("gstTreatment", FieldKind::Text(100), "Whether the customer is registered, a consumer, in an SEZ, abroad")
        .sheet_only()
        .aliases(headings::GST_TREATMENT),
];
