//! Headings that are known and yet fill no field by themselves.
//!
//! They help to find the header row and stay out of the list of unknown headings. Amounts paid and still open are
//! among them: they move money, so only `--map` with `allow-guarded` takes them. A field's own aliases go first.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::operation::Exporter;

use super::heading;

/// A known heading without a field.
pub(super) struct Unused {
    /// The heading.
    pub(super) text: &'static str,
    /// Whose heading it is, over the meaning it has elsewhere; empty for everybody.
    pub(super) exporters: &'static [Exporter],
    /// The guarded field that the heading would fill by hand.
    pub(super) by_hand: Option<&'static str>,
}

/// The entry for a heading: the exporter's own, else everybody's.
pub(super) fn find(key: &str, exporter: Option<Exporter>) -> Option<&'static Unused> {
    let entries = BY_KEY.get(key)?;
    let own = entries.iter().find(|unused| exporter.is_some_and(|exporter| unused.exporters.contains(&exporter)));
    own.or_else(|| entries.iter().find(|unused| unused.exporters.is_empty())).copied()
}

/// Whether the heading is known whoever wrote the sheet.
pub(super) fn knows(key: &str) -> bool {
    BY_KEY.contains_key(key)
}

static BY_KEY: LazyLock<HashMap<String, Vec<&'static Unused>>> = LazyLock::new(|| {
    let mut by_key: HashMap<String, Vec<&'static Unused>> = HashMap::new();
    for unused in KNOWN_UNUSED {
        by_key.entry(heading::key(unused.text)).or_default().push(unused);
    }
    by_key
});

const fn plain(text: &'static str) -> Unused {
    Unused { text, exporters: &[], by_hand: None }
}

const fn of(text: &'static str, exporters: &'static [Exporter]) -> Unused {
    Unused { text, exporters, by_hand: None }
}

const fn received(text: &'static str) -> Unused {
    Unused { text, exporters: &[], by_hand: Some("totalReceived") }
}

const fn open(text: &'static str) -> Unused {
    Unused { text, exporters: &[], by_hand: Some("balanceAmount") }
}

const fn guarded(text: &'static str, field: &'static str) -> Unused {
    Unused { text, exporters: &[], by_hand: Some(field) }
}

/// Known headings that fill nothing by themselves.
static KNOWN_UNUSED: &[Unused] = &[
    received("Received"),
    received("Received/Paid"),
    received("Received/Paid Amount"),
    received("Received Amount"),
    received("Paid Amount"),
    received("Amount Paid"),
    received("Amount Received"),
    received("Paid"),
    received("Receipt Amount"),
    received("Total Received"),
    received("Credit"),
    open("Balance"),
    open("Open Balance"),
    open("Amount Due"),
    open("Due Amount"),
    open("Pending Amount"),
    open("Outstanding Amount"),
    open("Balance Due"),
    open("Balance Amount"),
    open("Outstanding"),
    open("Closing Balance"),
    open("Pending"),
    open("O/S"),
    open("Invoice Amount Due"),
    guarded("Payment Status", "receivableStatus"),
    guarded("Receivable Status", "receivableStatus"),
    guarded("Approval Status", "approvalStatus"),
    guarded("Dispatch Now", "dispatchNow"),
    guarded("Charge Customer", "chargeCustomer"),
    of("Document Number", &[Exporter::Sap]),
    of("Account", &[Exporter::Zoho]),
    plain("Customer ID"),
    plain("Net Total"),
    plain("Value"),
    plain("Debit"),
    plain("Reference"),
    plain("Alias"),
    plain("Account"),
    plain("S No"),
    plain("Sr No"),
    plain("Sl No"),
    plain("Sl"),
    plain("Sr"),
    plain("S/N"),
    plain("Serial No"),
    plain("IRN"),
    plain("IRN No"),
    plain("IRN Date"),
    plain("Ack No"),
    plain("Ack Date"),
    plain("e-Invoice Reference Number"),
    plain("e-Invoice Ack Number"),
    plain("e-Invoice Ack Date"),
    plain("E-WayBill Number"),
    plain("e-Waybill No"),
    plain("e-Way Bill No"),
    plain("EWB No"),
    plain("HSN"),
    plain("HSN Code"),
    plain("HSN/SAC"),
    plain("SAC"),
    plain("Usage unit"),
    plain("Item Rate per"),
    plain("UQC"),
    plain("UOM"),
    plain("Unit"),
    plain("Exchange Rate"),
    plain("Conversion Rate"),
    plain("GST Treatment"),
    plain("GST Category"),
    plain("GST Registration Type"),
    plain("Registration Type"),
    plain("Invoice Type"),
    plain("Supply Type"),
    plain("Applicable % of Tax Rate"),
    plain("E-Commerce GSTIN"),
    plain("E-Commerce Operator GSTIN"),
    plain("PAN"),
    plain("TAN"),
    plain("TAN No"),
    plain("CIN"),
    plain("Udyam No"),
    plain("MSME No"),
    plain("UAM"),
    plain("Discount %"),
    plain("Disc %"),
    plain("Discount Percentage"),
    plain("Discount Type"),
    plain("Is Discount Before Tax"),
    plain("Is Inclusive Tax"),
    plain("CGST %"),
    plain("SGST %"),
    plain("CGST Rate"),
    plain("SGST Rate"),
    plain("IGST Rate"),
    plain("Cess %"),
    plain("Cess Rate"),
    plain("TDS %"),
    plain("TDS Percentage"),
    plain("TDS Section Code"),
    plain("TDS Section"),
    plain("TDS Name"),
    plain("TCS Percentage"),
    plain("TCS Tax Name"),
    plain("Overdue by days"),
    plain("Arrears after net due date"),
    plain("Ageing"),
    plain("Aging"),
    plain("Days Overdue"),
    plain("Overdue Days"),
    plain("Terms & Conditions"),
    plain("Assignment"),
    plain("Clearing Document"),
    plain("Company Code"),
    plain("Invoice ID"),
    plain("Voucher Ref. No."),
    plain("Vch Series"),
    plain("Material Centre"),
    plain("Sale Type"),
    plain("Bill Sundry"),
    plain("Payment Type"),
    plain("Partial Payment"),
    plain("Account Code"),
    plain("Tax Type"),
    plain("Note Supply Type"),
    plain("Item Tax"),
    plain("Item Tax Amount"),
    plain("Item Tax Type"),
    plain("Item Tax Code"),
    plain("Display Name"),
    plain("Mailing Name"),
    plain("Print Name"),
    plain("Contact Person"),
    plain("Phone"),
    plain("Phone No"),
    plain("Billing Phone"),
    plain("Tel"),
    plain("Landline"),
    plain("Billing Address"),
    plain("Billing Street2"),
    plain("Address"),
    plain("Address1"),
    plain("Address2"),
    plain("Address3"),
    plain("Address Line 1"),
    plain("Address Line 2"),
    plain("Address Line 3"),
    plain("Buyer/Supplier - Address"),
    plain("Street"),
    plain("Shipping Address"),
    plain("Shipping City"),
    plain("Shipping State"),
    plain("Shipping Code"),
    plain("Shipping Country"),
    plain("City"),
    plain("State"),
    plain("State Name"),
    plain("State Code"),
    plain("Pincode"),
    plain("PIN"),
    plain("Billing City"),
    plain("Billing State"),
    plain("Billing Code"),
    plain("Billing Country"),
    plain("Buyer/Supplier - Pincode"),
    plain("Postal Code"),
    plain("Zip"),
    plain("Country"),
    plain("Bank Name"),
    plain("Bank"),
    plain("Bank Branch"),
    plain("Account No"),
    plain("A/c No"),
    plain("Bank A/c No"),
    plain("IFSC"),
    plain("IFSC Code"),
    plain("UPI"),
    plain("UPI ID"),
    plain("VPA"),
    plain("Opening Balance"),
    plain("Op. Balance"),
    plain("Opening"),
    plain("Credit Limit"),
    plain("Credit Days"),
    plain("Created On"),
    plain("Created By"),
    plain("Created Time"),
    plain("Last Modified Time"),
    plain("Place of Supply"),
    plain("Place of Supply(With State Code)"),
    plain("Payment Terms"),
    plain("Payment Terms Label"),
    plain("Customer Group"),
    plain("Customer Type"),
    plain("Territory"),
    plain("Region"),
    plain("Location"),
    plain("Telephone 1"),
    plain("Telephone 2"),
    plain("Payment Method"),
];
