//! Headings of who somebody is and how to reach them: ids, names, contacts, addresses, bank accounts.
//!
//! For sheets of customers, and for the customer that a row of invoices or reminders names. The rule of the whole list
//! holds: see [`super`].

use super::{B, E, G, I, Q, R, S, T, V, X, Z};
use crate::operation::field::{Alias, Exporter, any, by, only};

pub(in crate::operation) const CUSTOMER_ID: &[Alias] =
    &[any("Customer ID"), any("KC ID"), any("Enkash ID"), any("Enkash Customer ID")];

pub(in crate::operation) const REMINDER_ID: &[Alias] = &[any("Reminder ID"), any("Customer Reminder ID")];

pub(in crate::operation) const CUSTOMER_NAME: &[Alias] = &[
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

pub(in crate::operation) const CUSTOMER_CODE: &[Alias] = &[
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

pub(in crate::operation) const CUSTOMER_GSTIN: &[Alias] = &[
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

pub(in crate::operation) const GST_TREATMENT: &[Alias] = &[
    by("GST Treatment", Z),
    by("GST Category", E),
    by("Registration Type", T),
    any("GST Registration Type"),
    only("Invoice Type", G),
];

pub(in crate::operation) const EMAIL: &[Alias] = &[
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

pub(in crate::operation) const MOBILE: &[Alias] = &[
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

pub(in crate::operation) const PHONE: &[Alias] = &[
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

pub(in crate::operation) const LEGAL_NAME: &[Alias] = &[
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

/// Whoever is named by a code in an invoice has it as the reference of the customer.
pub(in crate::operation) const UNIQUE_REF_NO: &[Alias] = CUSTOMER_CODE;

pub(in crate::operation) const CONTACT_NAME: &[Alias] = &[
    any("Contact Person"),
    any("Contact Person Name"),
    any("Contact Name"),
    any("Primary Contact"),
    any("Contact").choice(1),
];

pub(in crate::operation) const CONTACT_LEGAL_NAME: &[Alias] = &[any("Contact Legal Name")];

pub(in crate::operation) const ASSIGNED_AGENT: &[Alias] =
    &[any("Agent"), any("Account Manager"), any("Sales Person").choice(1)];

pub(in crate::operation) const PAN_OR_GSTIN: &[Alias] = &[any("PAN/GSTIN"), any("GSTIN/PAN"), any("GSTIN or PAN")];

pub(in crate::operation) const PAN: &[Alias] = &[
    by("PAN", &[Exporter::Zoho, Exporter::ErpNext]),
    by("PAN No", T),
    by("PAN/IT No", T),
    by("IT PAN", B),
    any("PAN Number"),
    any("Permanent Account Number"),
];

pub(in crate::operation) const ADDRESS: &[Alias] = &[
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

pub(in crate::operation) const ADDRESS_LINE_2: &[Alias] =
    &[by("Billing Street2", Z), by("Address2", B), any("Address Line 2"), any("Add2")];

pub(in crate::operation) const CITY: &[Alias] = &[by("Billing City", Z), any("City"), any("Town")];

pub(in crate::operation) const STATE: &[Alias] =
    &[by("Billing State", Z), by("State Name", T), any("State"), any("State/UT")];

pub(in crate::operation) const PIN_CODE: &[Alias] = &[
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

pub(in crate::operation) const ACCOUNT_NUMBER: &[Alias] = &[
    any("Account No"),
    any("A/c No"),
    any("Bank A/c No"),
    any("Bank Account No"),
    any("Bank Account Number"),
    any("Account").choice(1),
];

pub(in crate::operation) const IFSC: &[Alias] = &[any("IFS Code"), any("IFSC Code"), any("Bank IFSC")];
