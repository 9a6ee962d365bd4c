//! The headings that mean a field, as finance software and people write them.
//!
//! One list a field, shared by operations where the meaning is the same; [`crate::mapping`] normalises both sides, so
//! one spelling of a heading is enough. A heading with another meaning in one exporter's sheets is listed with `only`.
//! The one rule: amounts paid or still open have no list here, since they move money; they are mapped by hand.

use super::field::{Alias, Exporter, any, by, only};

const T: &[Exporter] = &[Exporter::Tally];
const Z: &[Exporter] = &[Exporter::Zoho];
const B: &[Exporter] = &[Exporter::Busy];
const V: &[Exporter] = &[Exporter::Vyapar];
const Q: &[Exporter] = &[Exporter::QuickBooks];
const X: &[Exporter] = &[Exporter::Xero];
const S: &[Exporter] = &[Exporter::Sap];
const R: &[Exporter] = &[Exporter::Razorpay];
const E: &[Exporter] = &[Exporter::ErpNext];
const G: &[Exporter] = &[Exporter::Gstr1];
const I: &[Exporter] = &[Exporter::EInvoice];

pub(super) const INVOICE_NUMBER: &[Alias] = &[
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

pub(super) const INVOICE_DATE: &[Alias] = &[
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

pub(super) const DUE_DATE: &[Alias] = &[
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

pub(super) const CREDIT_DAYS: &[Alias] = &[
    by("Payment Terms", Z).choice(1),
    by("Payment Terms Label", Z).choice(2),
    by("Terms", Q).choice(2),
    any("Credit Days"),
    any("Credit Period"),
    any("Due Days"),
    any("Credit Terms").choice(1),
];

pub(super) const CUSTOMER_ID: &[Alias] =
    &[any("Customer ID"), any("KC ID"), any("Enkash ID"), any("Enkash Customer ID")];

pub(super) const INVOICE_ID: &[Alias] = &[any("Invoice ID"), any("Enkash Invoice ID")];

pub(super) const REMINDER_ID: &[Alias] = &[any("Reminder ID"), any("Customer Reminder ID")];

pub(super) const EXTERNAL_ID: &[Alias] = &[any("External ID"), any("External Reference"), any("Your Reference")];

pub(super) const CUSTOMER_NAME: &[Alias] = &[
    by("Customer Name", &[Exporter::Zoho, Exporter::Razorpay, Exporter::ErpNext]),
    by("Customer", &[Exporter::QuickBooks, Exporter::ErpNext]).choice(1),
    by("Contact Name", X).choice(1),
    by("Party's Name", T),
    by("Particulars", T).choice(1),
    by("Party", B),
    by("Party Name", &[Exporter::Busy, Exporter::Vyapar]),
    by("Ledger Name", T),
    by("Buyer", T),
    // Goods may go to somebody else than the buyer.
    by("Consignee/Party", T).choice(2),
    by("Name 1", S),
    by("Receiver Name", G),
    by("Legal Name", I),
    by("Buyer Legal Name", I),
    by("Trade Name", I).choice(2),
    any("Buyer Name"),
    any("Bill To"),
    any("Billed To"),
    any("Client"),
    any("Client Name"),
    any("Account Name"),
    any("Name of the Party"),
    any("Name of Party"),
    any("Name of Customer"),
    any("Debtor"),
    any("Customer Legal Name"),
    any("Name").choice(2),
    by("Company Name", Z).choice(3),
];

pub(super) const CUSTOMER_CODE: &[Alias] = &[
    only("Customer ID", Z),
    only("Account", S),
    only("Customer", S),
    only("Alias", B),
    any("Customer Code"),
    any("Customer No"),
    any("Customer Number"),
    any("Party Code"),
    any("Ledger Code"),
    any("Cust Code"),
    any("Client ID"),
    any("Client Code"),
    any("Unique Ref No"),
    any("Code").choice(1),
];

pub(super) const CUSTOMER_GSTIN: &[Alias] = &[
    by("GST Identification Number (GSTIN)", Z),
    by("GSTIN/UIN", &[Exporter::Tally, Exporter::ErpNext]),
    by("GSTIN/UIN of Recipient", G),
    by("Revised GSTIN", G),
    by("GSTIN", &[Exporter::Busy, Exporter::Vyapar]),
    by("Party GSTIN", V),
    by("Party GSTIN No", V),
    by("Billing Address GSTIN", E),
    by("Customer GSTIN", E),
    by("Tax Number 3", S),
    by("Buyer GSTIN", I),
    by("Recipient GSTIN", I),
    by("Tax Reg ID", Q),
    any("GST No"),
    any("GST Number"),
    any("GSTN"),
    any("GST Registration No"),
    any("GSTIN No"),
    any("GSTIN Number"),
    any("GST IN"),
    any("UIN"),
    any("GST").choice(1),
];

pub(super) const SUPPLIER_GSTIN: &[Alias] = &[
    by("Company GSTIN", E),
    any("Seller GSTIN"),
    any("Supplier GSTIN"),
    any("Our GSTIN"),
    any("GSTIN of Supplier"),
    any("Branch GSTIN"),
];

pub(super) const DOCUMENT_TYPE: &[Alias] = &[
    any("Document Type"),
    any("Doc Type"),
    by("Voucher Type", T),
    by("Vch Type", T),
    by("Note Type", G),
    by("Transaction Type", &[Exporter::QuickBooks, Exporter::Vyapar]),
];

pub(super) const STATUS: &[Alias] =
    &[by("Invoice Status", Z), by("Status", E), any("Document Status"), by("Payment Status", V).choice(1)];

pub(super) const DESCRIPTION: &[Alias] = &[
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

pub(super) const PO_NUMBER: &[Alias] = &[
    by("PurchaseOrder", Z),
    by("Customer's Purchase Order", E),
    any("PO No"),
    any("PO Number"),
    any("Order No").choice(1),
    any("Order Number").choice(1),
    any("Purchase Order No"),
];

pub(super) const BASE_AMOUNT: &[Alias] = &[
    by("Sub Total", Z),
    only("Value", T).choice(1),
    by("Taxable Value", &[Exporter::Tally, Exporter::Gstr1, Exporter::ErpNext]),
    only("Net Amount", B),
    only("Net Total", E),
    by("Assessable Value", I),
    by("GST Assessable Amount", I),
    any("Taxable Amount"),
    any("Taxable Amt"),
    any("Basic Amount"),
    any("Amount Before Tax"),
    any("Taxable"),
    any("Basic Value"),
];

pub(super) const CGST: &[Alias] = &[
    by("CGST", Z),
    by("Central Tax", &[Exporter::Gstr1, Exporter::ErpNext]),
    by("CGST Amount", E),
    any("CGST Amt"),
    by("Central Tax Amount", G),
];

pub(super) const SGST: &[Alias] = &[
    by("SGST", Z),
    by("State/UT Tax", &[Exporter::Gstr1, Exporter::ErpNext]),
    by("SGST Amount", E),
    any("SGST Amt"),
    by("State Tax Amount", G),
    by("State/UT Tax Amount", G),
    any("UTGST"),
    any("UTGST Amount"),
    any("SGST/UTGST"),
    any("SGST/UTGST Amount"),
];

pub(super) const IGST: &[Alias] = &[
    by("IGST", Z),
    by("Integrated Tax", &[Exporter::Gstr1, Exporter::ErpNext]),
    by("IGST Amount", E),
    any("IGST Amt"),
    by("Integrated Tax Amount", G),
];

pub(super) const TDS: &[Alias] = &[by("TDS Amount", Z), any("TDS"), any("TDS Deducted")];

pub(super) const NET_AMOUNT: &[Alias] = &[
    by("Total", &[Exporter::Zoho, Exporter::Xero, Exporter::Vyapar]),
    by("Gross Total", T),
    by("Bill Amount", &[Exporter::Tally, Exporter::Busy]),
    by("Bill Amt", B),
    only("Net Total", B),
    by("Amount", &[Exporter::QuickBooks, Exporter::Razorpay]).choice(1),
    by("Grand Total", E),
    by("Rounded Total", E).choice(1),
    by("Invoice Value", G),
    by("Revised Invoice Value", G),
    by("Note Value", G).choice(1),
    by("Note/Refund Voucher Value", G).choice(1),
    by("Amount in local currency", S),
    only("Amount in doc. curr.", S).choice(1),
    only("Debit", T).choice(2),
    any("Invoice Amount"),
    any("Invoice Total"),
    any("Inv Total"),
    any("Inv Amount"),
    any("Inv Value"),
    any("Bill Value"),
    any("Net Payable"),
    any("Total Amount"),
];

pub(super) const CESS: &[Alias] =
    &[by("CESS", Z), by("Cess Amount", G), any("Compensation Cess"), any("Compensation Cess Amount")];

pub(super) const TCS: &[Alias] = &[by("TCS Amount", Z), any("TCS")];

pub(super) const FREIGHT: &[Alias] = &[
    any("Freight"),
    any("Freight Charges"),
    by("Shipping Charge", Z),
    any("Shipping Charges"),
    by("Adjustment", Z),
    any("Other Charges"),
    any("Packing and Forwarding"),
    any("Packing Charges"),
    any("Transport Charges"),
];

pub(super) const DISCOUNT: &[Alias] = &[
    by("Discount", Z),
    by("Discount Amount", Z),
    by("Entity Discount Amount", Z),
    any("Disc").choice(1),
    any("Discount Amt"),
];

pub(super) const ROUND_OFF: &[Alias] = &[
    by("Round Off", &[Exporter::Zoho, Exporter::Tally, Exporter::Busy]),
    by("Rounded Off", &[Exporter::Tally, Exporter::Busy]),
    by("Rounding Adjustment", E),
    any("R/Off"),
    any("Rounding"),
];

pub(super) const TAX_TOTAL: &[Alias] = &[
    by("Tax Amount", Q),
    by("Total Taxes and Charges", E),
    any("Total Tax"),
    any("GST Amount"),
    any("Total GST"),
    any("Tax").choice(1),
    any("GST").choice(1),
];

pub(super) const CURRENCY: &[Alias] = &[
    by("Currency Code", Z),
    by("Currency", &[Exporter::Razorpay, Exporter::ErpNext]),
    by("Local Currency", S),
    by("Document currency", S).choice(1),
    any("Curr"),
];

pub(super) const REVERSE_CHARGE: &[Alias] =
    &[by("Reverse Charge", G), by("Is Reverse Charge", E), any("RCM"), any("RCM Applicable")];

pub(super) const GST_TREATMENT: &[Alias] = &[
    by("GST Treatment", Z),
    by("GST Category", E),
    by("Registration Type", T),
    any("GST Registration Type"),
    only("Invoice Type", G),
];

pub(super) const PLACE_OF_SUPPLY: &[Alias] = &[
    by("Place of Supply", &[Exporter::Zoho, Exporter::Vyapar, Exporter::ErpNext, Exporter::Gstr1]),
    by("Place of Supply(With State Code)", Z).choice(1),
    by("State of Supply", V),
    any("POS"),
    any("Supply State"),
    any("POS State"),
];

pub(super) const ITEM_NAME: &[Alias] = &[
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

pub(super) const QUANTITY: &[Alias] = &[
    by("Quantity", &[Exporter::Zoho, Exporter::Tally, Exporter::Xero]),
    by("Billed Quantity", T),
    by("ItemQuantity", Q),
    by("Quantity (Items)", E),
    by("Qty", B),
    by("Total Quantity", G),
];

pub(super) const UNIT_PRICE: &[Alias] = &[
    by("Item Price", Z),
    by("Item Rate", &[Exporter::Tally, Exporter::QuickBooks]),
    by("Rate (Items)", E),
    by("Price", B),
    by("Sales Price", Q),
    by("Unit Amount", X),
    any("Unit Price"),
    any("Rate").choice(1),
];

pub(super) const LINE_AMOUNT: &[Alias] = &[
    by("Item Total", Z),
    by("Item Amount", Q),
    by("Amount (Items)", E),
    by("Net Amount (Items)", E).choice(1),
    any("Line Total"),
    any("Amount").choice(1),
];

pub(super) const TAX_RATE: &[Alias] = &[
    by("Item Tax %", Z),
    only("Rate", G),
    by("GST Rate", &[Exporter::ErpNext, Exporter::Tally]),
    any("GST %"),
    any("Tax %"),
    any("Tax Rate"),
    any("IGST %").choice(1),
    any("Rate of Tax"),
    any("Rate").choice(1),
    any("GST").choice(1),
    any("Tax").choice(1),
];

pub(super) const HSN_SAC: &[Alias] = &[
    by("HSN/SAC", &[Exporter::Zoho, Exporter::ErpNext, Exporter::Tally]),
    by("HSN/SAC (Items)", E),
    any("HSN Code"),
    by("HSN", &[Exporter::Vyapar, Exporter::Gstr1]),
    any("SAC"),
    any("SAC Code"),
    any("HSN/SAC Code"),
    any("Tariff"),
];

pub(super) const EMAIL: &[Alias] = &[
    by("EmailID", &[Exporter::Zoho, Exporter::Vyapar]),
    by("Primary Contact EmailID", Z).choice(1),
    by("Customer Email", R),
    by("E-Mail", T),
    by("Contact Email", E),
    any("Contact Email ID"),
    any("Customer Email ID"),
    any("Customer Email Address"),
    any("Email"),
    any("Email Address"),
    any("Mail ID"),
    any("E-mail Address"),
    any("Party E-Mail"),
];

pub(super) const MOBILE: &[Alias] = &[
    by("MobilePhone", Z),
    by("Primary Contact Mobile", Z).choice(1),
    by("Customer Contact", R),
    by("Mobile No", &[Exporter::Tally, Exporter::ErpNext, Exporter::Busy]),
    any("Mobile"),
    any("Mobile Number"),
    any("Contact Mobile"),
    any("Contact Mobile No"),
    any("Contact Mobile Number"),
    any("Customer Mobile"),
    any("Customer Mobile No"),
    any("Customer Mobile Number"),
    any("Party Mobile"),
    any("Party Mobile No"),
    any("Phone/Mobile").choice(1),
    any("Customer Phone").choice(1),
    any("WhatsApp No").choice(1),
    any("Mob"),
    any("Cell"),
    only("Phone No", V),
    only("phone", R),
    by("Contact No", V).choice(1),
    any("Contact Number").choice(1),
];

pub(super) const PHONE: &[Alias] = &[
    by("Phone", Z),
    any("Phone No"),
    any("Phone Number"),
    by("Billing Phone", Z).choice(1),
    by("Telephone 1", S),
    any("Tel"),
    any("Telephone"),
    any("Landline"),
    any("Contact No").choice(2),
];

pub(super) const LEGAL_NAME: &[Alias] = &[
    by("Legal Name", I),
    any("Registered Name"),
    any("Legal Name of Business"),
    any("Customer Legal Name"),
    by("Company Name", Z).choice(1),
    by("Customer Name", &[Exporter::Zoho, Exporter::Razorpay, Exporter::ErpNext]).choice(2),
    any("Party Name").choice(2),
    by("Party's Name", T).choice(2),
    by("Ledger Name", T).choice(2),
    by("Name 1", S).choice(2),
    any("Client Name").choice(2),
    any("Account Name").choice(2),
    any("Customer").choice(3),
    any("Party").choice(3),
    any("Name").choice(3),
    by("Mailing Name", T).choice(3),
    by("Print Name", B).choice(3),
    by("Display Name", Z).choice(4),
    any("Trade Name").choice(5),
    by("Particulars", T).choice(5),
];

pub(super) const UNIQUE_REF_NO: &[Alias] = &[
    only("Customer ID", Z),
    only("Account", S),
    only("Customer", S),
    only("Alias", B),
    any("Customer Code"),
    any("Customer No"),
    any("Customer Number"),
    any("Party Code"),
    any("Ledger Code"),
    any("Cust Code"),
    any("Client ID"),
    any("Client Code"),
    any("Code").choice(1),
];

pub(super) const CONTACT_NAME: &[Alias] = &[
    any("Contact Person"),
    any("Contact Person Name"),
    any("Contact Name"),
    any("Primary Contact"),
    any("Contact").choice(1),
];

pub(super) const CONTACT_LEGAL_NAME: &[Alias] = &[any("Contact Legal Name")];

pub(super) const ASSIGNED_AGENT: &[Alias] = &[any("Agent"), any("Account Manager"), any("Sales Person").choice(1)];

pub(super) const PAN_OR_GSTIN: &[Alias] = &[any("PAN/GSTIN"), any("GSTIN/PAN"), any("GSTIN or PAN")];

pub(super) const PAN: &[Alias] = &[
    by("PAN", &[Exporter::Zoho, Exporter::ErpNext]),
    by("PAN No", T),
    by("PAN/IT No", T),
    by("IT PAN", B),
    any("PAN Number"),
    any("Permanent Account Number"),
];

pub(super) const ADDRESS: &[Alias] = &[
    by("Billing Address", Z),
    by("Billing Street", Z).choice(1),
    by("Address1", B),
    by("Buyer/Supplier - Address", T),
    by("Street", S),
    any("Address Line 1"),
    any("Add1"),
    any("Addr"),
    any("Postal Address"),
];

pub(super) const ADDRESS_LINE_2: &[Alias] =
    &[by("Billing Street2", Z), by("Address2", B), any("Address Line 2"), any("Add2")];

pub(super) const CITY: &[Alias] = &[by("Billing City", Z), any("City"), any("Town")];

pub(super) const STATE: &[Alias] = &[by("Billing State", Z), by("State Name", T), any("State"), any("State/UT")];

pub(super) const PIN_CODE: &[Alias] = &[
    by("Billing Code", Z),
    by("Pincode", T),
    by("Buyer/Supplier - Pincode", T),
    by("Postal Code", S),
    any("PIN"),
    any("Zip"),
    any("Zip Code"),
    any("Post Code"),
    any("Code").choice(1),
];

pub(super) const ACCOUNT_NUMBER: &[Alias] = &[
    any("Account No"),
    any("A/c No"),
    any("Bank A/c No"),
    any("Bank Account No"),
    any("Bank Account Number"),
    any("Account").choice(1),
];

pub(super) const IFSC: &[Alias] = &[any("IFS Code"), any("IFSC Code"), any("Bank IFSC")];
