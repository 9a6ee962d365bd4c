//! Operations on invoices.

use super::field::{AmountSign, FieldKind, field};
use super::{Field, Grouping, Key, Operation, Repeat, RequestKind, Route};

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
        .required(),
    field(
        "customerId",
        FieldKind::CustomerId,
        "Customer's Enkash id (KC...), or a code, GSTIN or name that the customer directory knows",
    ),
    field("externalId", FieldKind::Text(100), "Your own reference for the invoice"),
    field("invoiceDate", FieldKind::Date, "Date of the invoice").required(),
    field("dueDate", FieldKind::Date, "Date the payment is due; without it, invoice date and credit days").required(),
    field("description", FieldKind::Text(1000), "What the invoice is for"),
    field("poNumber", FieldKind::Text(100), "Customer's purchase order"),
    field("baseAmount", FieldKind::Amount(AmountSign::AtLeastTenPaise), "Taxable value in rupees, at least 0.10")
        .required(),
    field("cgst", TAX, "Central tax in rupees"),
    field("sgst", TAX, "State or union territory tax in rupees"),
    field("igst", TAX, "Integrated tax in rupees"),
    field("tds", TAX, "Tax deducted by the customer; it does not reduce the total"),
    field("netAmount", TAX, "Invoice total in rupees"),
    field("balanceAmount", TAX, "Amount still open; moves money, see allow-guarded").guarded(),
    field("totalReceived", TAX, "Amount already received; moves money, see allow-guarded").guarded(),
    field("gstExclusive", FieldKind::Bool, "Whether tax comes on top of the base amount"),
    field("chargeCustomer", FieldKind::Bool, "Whether the customer pays the fee; see allow-guarded").guarded(),
    field("dispatchNow", FieldKind::Bool, "Whether the customer gets mail at once; see allow-guarded").guarded(),
    field("partialPaymentAllowed", FieldKind::Bool, "Whether the customer may pay in parts"),
    field("approvalStatus", FieldKind::Enum(APPROVAL_STATUSES), "Approval state; see allow-guarded").guarded(),
    field("receivableStatus", FieldKind::Text(50), "Payment state; see allow-guarded").guarded(),
    field("emailAddress", FieldKind::Email, "Customer's e-mail for this invoice"),
    field("mobileNumber", FieldKind::Mobile, "Customer's mobile for this invoice"),
    field("payableReferenceId", FieldKind::Text(100), "Reference on the customer's side"),
    field("via", FieldKind::Text(50), "Where the invoice came from"),
    field("sellerId", FieldKind::CompanyId, "Seller's Enkash id (CEK...); also picks the upload the row goes into"),
    field("customerCode", FieldKind::Text(100), "Your code for the customer, looked up in the directory").sheet_only(),
    field("customerGstin", FieldKind::Gstin, "Customer's GSTIN, looked up in the directory").sheet_only(),
    field("customerName", FieldKind::Text(200), "Customer's legal name, looked up in the directory").sheet_only(),
    field("supplierGstin", FieldKind::Gstin, "Your own GSTIN on the invoice; picks the seller").sheet_only(),
    field("documentType", FieldKind::Text(50), "Invoice, credit note or debit note").sheet_only(),
    field("status", FieldKind::Text(50), "State in the sheet; void, draft and cancelled rows are left out")
        .sheet_only(),
    field("creditDays", FieldKind::Days, "Days from invoice date to due date").sheet_only(),
    field("cess", TAX, "Cess in rupees; enters the sum check").sheet_only(),
    field("tcs", TAX, "Tax collected at source; enters the sum check").sheet_only(),
    field("freight", ANY_AMOUNT, "Freight and other charges; enters the sum check").sheet_only(),
    field("discount", ANY_AMOUNT, "Discount already taken off the taxable value or off the total").sheet_only(),
    field("roundOff", ANY_AMOUNT, "Rounding; enters the sum check").sheet_only(),
    field("taxTotal", TAX, "All tax heads together; enters the sum check").sheet_only(),
    field("currency", FieldKind::Text(20), "Currency of the amounts; only INR is taken").sheet_only(),
    field("reverseCharge", FieldKind::Bool, "Whether the customer pays the tax to the government").sheet_only(),
    field("placeOfSupply", FieldKind::Text(60), "State the supply goes to").sheet_only(),
    field("itemName", FieldKind::Text(1000), "Item of a line; its presence shows a line-level export").sheet_only(),
    field("quantity", FieldKind::Text(50), "Quantity of a line").sheet_only(),
    field("unitPrice", FieldKind::Text(50), "Price of a line's unit").sheet_only(),
    field("lineAmount", ANY_AMOUNT, "Amount of a line").sheet_only(),
    field("taxRate", FieldKind::Text(50), "Rate of tax").sheet_only(),
    field("hsnSac", FieldKind::Text(50), "HSN or SAC code").sheet_only(),
];
