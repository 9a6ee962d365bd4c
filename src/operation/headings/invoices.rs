//! Headings of what identifies an invoice and says what it is about.
//!
//! Leaves its money to [`super::amounts`] and whom it is for to [`super::customers`]. The rule of the whole list holds: see
//! [`super`].

use super::{B, E, G, I, Q, R, S, T, V, Z};
use crate::operation::field::{Alias, Exporter, any, by, only};

pub(in crate::operation) const INVOICE_NUMBER: &[Alias] = &[
    by("Invoice Number", &[Exporter::Zoho, Exporter::Gstr1, Exporter::Xero]),
    by("Invoice No", &[Exporter::Vyapar, Exporter::Razorpay, Exporter::QuickBooks]),
    by("Invoice#", Z),
    by("Num", Q).choice(1),
    by("Voucher No", T),
    by("Vch No", T),
    by("Voucher Number", T),
    only("Ref. No.", T).choice(1),
    by("Bill Name", T).choice(1),
    by("Vch/Bill No", B),
    by("Bill No", B),
    only("ID", E),
    only("Series", E).choice(1),
    only("Reference", S),
    by("Billing Document", S).choice(1),
    by("Document Number", I),
    by("Doc No", I),
    by("Revised Invoice Number", G),
    by("Note Number", G).choice(1),
    by("Note/Refund Voucher Number", G).choice(1),
    any("Inv No"),
    any("Inv Number"),
    any("Bill Number"),
    any("Tax Invoice No"),
    any("Tax Invoice Number"),
    any("GST Invoice No"),
    any("Sales Invoice No"),
    any("Invoice"),
];

pub(in crate::operation) const INVOICE_DATE: &[Alias] = &[
    by("Invoice Date", &[Exporter::Zoho, Exporter::Xero, Exporter::Vyapar, Exporter::Gstr1, Exporter::QuickBooks]),
    by("Date", &[Exporter::Tally, Exporter::QuickBooks, Exporter::ErpNext, Exporter::Busy]).choice(1),
    by("Voucher Date", T),
    by("Vch Date", T),
    by("Bill Date", B),
    by("Document Date", &[Exporter::Sap, Exporter::EInvoice]),
    by("Doc Date", &[Exporter::Sap, Exporter::EInvoice]),
    by("Posting Date", &[Exporter::ErpNext, Exporter::Sap]).choice(2),
    by("Note Date", G).choice(1),
    by("Note/Refund Voucher Date", G).choice(1),
    any("Dated").choice(1),
    any("Issue Date"),
    any("Inv Date"),
    any("Inv Dt"),
    any("Bill Dt"),
    any("Date of Invoice"),
    any("Tax Invoice Date"),
];

pub(in crate::operation) const DUE_DATE: &[Alias] = &[
    by("Due Date", &[Exporter::Zoho, Exporter::QuickBooks, Exporter::Xero]),
    by("Due on", T),
    by("Payment Due Date", E),
    by("Net due date", S),
    by("Expire by", R),
    any("Pay By"),
    any("Due Dt"),
    any("Maturity Date"),
    any("Payment Due On"),
];

pub(in crate::operation) const CREDIT_DAYS: &[Alias] = &[
    by("Payment Terms", Z).choice(1),
    by("Payment Terms Label", Z).choice(2),
    by("Terms", Q).choice(2),
    any("Credit Days"),
    any("Credit Period"),
    any("Due Days"),
    any("Credit Terms").choice(1),
];

pub(in crate::operation) const INVOICE_ID: &[Alias] = &[any("Invoice ID"), any("Enkash Invoice ID")];

pub(in crate::operation) const EXTERNAL_ID: &[Alias] =
    &[any("External ID"), any("External Reference"), any("Your Reference")];

pub(in crate::operation) const SUPPLIER_GSTIN: &[Alias] = &[
    by("Company GSTIN", E),
    any("Seller GSTIN"),
    any("Supplier GSTIN"),
    any("Our GSTIN"),
    any("GSTIN of Supplier"),
    any("Branch GSTIN"),
];

pub(in crate::operation) const DOCUMENT_TYPE: &[Alias] = &[
    any("Document Type"),
    any("Doc Type"),
    by("Voucher Type", T),
    by("Vch Type", T),
    by("Note Type", G),
    by("Transaction Type", &[Exporter::QuickBooks, Exporter::Vyapar]),
];

pub(in crate::operation) const STATUS: &[Alias] =
    &[by("Invoice Status", Z), by("Status", E), any("Document Status"), by("Payment Status", V).choice(1)];

pub(in crate::operation) const DESCRIPTION: &[Alias] = &[
    by("Description", &[Exporter::Razorpay, Exporter::Gstr1]),
    by("Item Desc", Z).choice(1),
    by("Item Description", Q).choice(1),
    by("Description (Items)", E).choice(1),
    only("Text", S),
    by("Narration", T).choice(1),
    by("Voucher Narration", T).choice(1),
    any("Item Details").choice(1),
    by("Memo/Description", Q).choice(1),
    by("Notes", Z).choice(2),
    by("Memo", Q).choice(2),
    any("Remarks").choice(3),
    any("Remark").choice(3),
];

pub(in crate::operation) const PO_NUMBER: &[Alias] = &[
    by("PurchaseOrder", Z),
    by("Customer's Purchase Order", E),
    any("PO No"),
    any("PO Number"),
    any("Order No").choice(1),
    any("Order Number").choice(1),
    any("Purchase Order No"),
];

pub(in crate::operation) const REVERSE_CHARGE: &[Alias] =
    &[by("Reverse Charge", G), by("Is Reverse Charge", E), any("RCM"), any("RCM Applicable")];

pub(in crate::operation) const PLACE_OF_SUPPLY: &[Alias] = &[
    by("Place of Supply", &[Exporter::Zoho, Exporter::Vyapar, Exporter::ErpNext, Exporter::Gstr1]),
    by("Place of Supply(With State Code)", Z).choice(1),
    by("State of Supply", V),
    any("POS"),
    any("Supply State"),
    any("POS State"),
];

pub(in crate::operation) const ITEM_NAME: &[Alias] = &[
    by("Item Name", &[Exporter::Zoho, Exporter::Busy]),
    by("Name of Item", T),
    by("Item(Product/Service)", Q),
    by("Product/Service", Q),
    by("Item (Items)", E),
    any("Stock Item"),
    any("Product"),
    any("Service"),
    any("Item"),
];

pub(in crate::operation) const HSN_SAC: &[Alias] = &[
    by("HSN/SAC", &[Exporter::Zoho, Exporter::ErpNext, Exporter::Tally]),
    by("HSN/SAC (Items)", E),
    any("HSN Code"),
    by("HSN", &[Exporter::Vyapar, Exporter::Gstr1]),
    any("SAC"),
    any("SAC Code"),
    any("HSN/SAC Code"),
    any("Tariff"),
];
