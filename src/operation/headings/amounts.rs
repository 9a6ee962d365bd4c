//! Headings of money and of what it is reckoned from: values, taxes, quantities and rates.
//!
//! The one rule: amounts paid or still open have no list here, since they move money; they are mapped by hand.

use super::{B, E, G, I, Q, S, T, X, Z};
use crate::operation::field::{Alias, Exporter, any, by, only};

pub(in crate::operation) const BASE_AMOUNT: &[Alias] = &[
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
    any("Basic Amt"),
    any("Basic"),
];

pub(in crate::operation) const CGST: &[Alias] = &[
    by("CGST", Z),
    by("Central Tax", &[Exporter::Gstr1, Exporter::ErpNext]),
    by("CGST Amount", E),
    any("CGST Amt"),
    by("Central Tax Amount", G),
];

pub(in crate::operation) const SGST: &[Alias] = &[
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

pub(in crate::operation) const IGST: &[Alias] = &[
    by("IGST", Z),
    by("Integrated Tax", &[Exporter::Gstr1, Exporter::ErpNext]),
    by("IGST Amount", E),
    any("IGST Amt"),
    by("Integrated Tax Amount", G),
];

pub(in crate::operation) const TDS: &[Alias] = &[by("TDS Amount", Z), any("TDS"), any("TDS Deducted")];

pub(in crate::operation) const NET_AMOUNT: &[Alias] = &[
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
    any("Total Amt"),
    any("Inv Amt"),
    any("Invoice Amt"),
    any("Bill Total"),
    any("Amount After Tax"),
];

pub(in crate::operation) const CESS: &[Alias] =
    &[by("CESS", Z), by("Cess Amount", G), any("Compensation Cess"), any("Compensation Cess Amount")];

pub(in crate::operation) const TCS: &[Alias] = &[by("TCS Amount", Z), any("TCS")];

pub(in crate::operation) const FREIGHT: &[Alias] = &[
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

pub(in crate::operation) const DISCOUNT: &[Alias] = &[
    by("Discount", Z),
    by("Discount Amount", Z),
    by("Entity Discount Amount", Z),
    any("Disc").choice(1),
    any("Discount Amt"),
];

pub(in crate::operation) const ROUND_OFF: &[Alias] = &[
    by("Round Off", &[Exporter::Zoho, Exporter::Tally, Exporter::Busy]),
    by("Rounded Off", &[Exporter::Tally, Exporter::Busy]),
    by("Rounding Adjustment", E),
    any("R/Off"),
    any("Rounding"),
];

pub(in crate::operation) const TAX_TOTAL: &[Alias] = &[
    by("Tax Amount", Q),
    by("Total Taxes and Charges", E),
    any("Total Tax"),
    any("GST Amount"),
    any("Total GST"),
    any("Tax").choice(1),
    any("GST").choice(1),
];

pub(in crate::operation) const CURRENCY: &[Alias] = &[
    by("Currency Code", Z),
    by("Currency", &[Exporter::Razorpay, Exporter::ErpNext]),
    by("Local Currency", S),
    by("Document currency", S).choice(1),
    any("Curr"),
    any("Ccy").choice(2),
    any("Invoice Currency").choice(2),
    any("Bill Currency").choice(2),
    any("Transaction Currency").choice(2),
];

pub(in crate::operation) const QUANTITY: &[Alias] = &[
    by("Quantity", &[Exporter::Zoho, Exporter::Tally, Exporter::Xero]),
    by("Billed Quantity", T),
    by("ItemQuantity", Q),
    by("Quantity (Items)", E),
    by("Qty", B),
    by("Total Quantity", G),
];

pub(in crate::operation) const UNIT_PRICE: &[Alias] = &[
    by("Item Price", Z),
    by("Item Rate", &[Exporter::Tally, Exporter::QuickBooks]),
    by("Rate (Items)", E),
    by("Price", B),
    by("Sales Price", Q),
    by("Unit Amount", X),
    any("Unit Price"),
    any("Rate").choice(1),
];

pub(in crate::operation) const LINE_AMOUNT: &[Alias] = &[
    by("Item Total", Z),
    by("Item Amount", Q),
    by("Amount (Items)", E),
    by("Net Amount (Items)", E).choice(1),
    any("Line Total"),
    any("Amount").choice(1),
];

pub(in crate::operation) const TAX_RATE: &[Alias] = &[
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
