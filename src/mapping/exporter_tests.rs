//! Whole header rows as exporters write them.

use super::tests::{assert_maps, invoices, map, names};
use super::*;

#[test]
fn a_tally_register_maps() {
    assert_maps(
        invoices(),
        Some(Exporter::Tally),
        &[
            ("Date", "invoiceDate"),
            ("Particulars", "customerName"),
            ("Voucher Type", "documentType"),
            ("Voucher No.", "invoiceNumber"),
            ("GSTIN/UIN", "customerGstin"),
            ("Due on", "dueDate"),
            ("Value", "baseAmount"),
            ("Gross Total", "netAmount"),
            ("OUTPUT CGST 9%", "cgst"),
            ("OUTPUT SGST 9%", "sgst"),
            ("ROUND OFF", "roundOff"),
            ("Narration", "description"),
        ],
    );
}

#[test]
fn a_zoho_export_maps() {
    assert_maps(
        invoices(),
        Some(Exporter::Zoho),
        &[
            ("Invoice Date", "invoiceDate"),
            ("Invoice ID", "-"),
            ("Invoice Number", "invoiceNumber"),
            ("Invoice Status", "status"),
            ("Customer ID=1829000000", "customerCode"),
            ("Customer Name", "customerName"),
            ("GST Identification Number (GSTIN)", "customerGstin"),
            ("GST Treatment", "gstTreatment"),
            ("Due Date", "dueDate"),
            ("PurchaseOrder", "poNumber"),
            ("SubTotal", "baseAmount"),
            ("Total", "netAmount"),
            ("Balance", "-"),
            ("Account=Sales", "-"),
            ("Item Name", "itemName"),
            ("Item Total", "lineAmount"),
            ("CGST", "cgst"),
            ("Primary Contact EmailID", "emailAddress"),
            ("Notes", "description"),
        ],
    );
}

#[test]
fn a_busy_register_maps_net_amount_as_taxable() {
    assert_maps(
        invoices(),
        Some(Exporter::Busy),
        &[
            ("Date", "invoiceDate"),
            ("Vch/Bill No", "invoiceNumber"),
            ("Party Name", "customerName"),
            ("Print Name", "-"),
            ("Alias", "customerCode"),
            ("Net Amount", "baseAmount"),
            ("Net Total", "netAmount"),
            ("Due Date", "dueDate"),
        ],
    );
}

#[test]
fn an_sap_list_takes_the_number_from_reference() {
    assert_maps(
        invoices(),
        Some(Exporter::Sap),
        &[
            ("Account", "customerCode"),
            ("Reference", "invoiceNumber"),
            ("Document Number", "-"),
            ("Document Date", "invoiceDate"),
            ("Posting Date", "-"),
            ("Net due date", "dueDate"),
            ("Amount in local currency", "netAmount"),
            ("Taxable Amount", "baseAmount"),
            ("Text", "description"),
            ("Tax Number 3", "customerGstin"),
        ],
    );
}

#[test]
fn an_erpnext_report_maps_net_total_as_taxable() {
    assert_maps(
        invoices(),
        Some(Exporter::ErpNext),
        &[
            ("ID", "invoiceNumber"),
            ("Customer", "customerName"),
            ("Posting Date", "invoiceDate"),
            ("Payment Due Date", "dueDate"),
            ("Company GSTIN", "supplierGstin"),
            ("Billing Address GSTIN", "customerGstin"),
            ("Net Total", "baseAmount"),
            ("Total Taxes and Charges", "taxTotal"),
            ("Grand Total", "netAmount"),
            ("Rounded Total", "-"),
            ("Rounding Adjustment", "roundOff"),
            ("Status", "status"),
            ("Outstanding Amount", "-"),
        ],
    );
}

#[test]
fn quickbooks_razorpay_gstr1_vyapar_and_xero_rows_map() {
    assert_maps(
        invoices(),
        Some(Exporter::QuickBooks),
        &[
            ("Date", "invoiceDate"),
            ("Num", "invoiceNumber"),
            ("Customer", "customerName"),
            ("Memo/Description", "description"),
            ("Due Date", "dueDate"),
            ("Amount", "netAmount"),
            ("Open Balance", "-"),
            ("Taxable Amount", "baseAmount"),
        ],
    );
    let row = ["Invoice No", "Customer Name", "Customer Contact", "Customer Email", "Amount (In Paise)", "Expire by"];
    let row: Vec<&str> = row.into_iter().chain(["Taxable Value (in paise)", "Invoice Date"]).collect();
    let mapping = map(&row).unwrap();
    assert_eq!(mapping.exporter, Some(Exporter::Razorpay));
    assert_eq!(mapping.amount_units[4], Some(Unit::Paise));
    assert_eq!(mapping.amount_units[6], Some(Unit::Paise));
    assert_eq!(mapping.amount_units[0], None);
    assert_eq!(names(invoices(), &mapping)[2..6], ["mobileNumber", "emailAddress", "netAmount", "dueDate"]);
    assert_maps(
        invoices(),
        Some(Exporter::Gstr1),
        &[
            ("GSTIN/UIN of Recipient", "customerGstin"),
            ("Receiver Name", "customerName"),
            ("Invoice Number", "invoiceNumber"),
            ("Invoice date", "invoiceDate"),
            ("Invoice Value", "netAmount"),
            ("Place Of Supply", "placeOfSupply"),
            ("Reverse Charge", "reverseCharge"),
            ("Applicable % of Tax Rate", "-"),
            ("Invoice Type", "gstTreatment"),
            ("E-Commerce GSTIN", "-"),
            ("Rate", "taxRate"),
            ("Taxable Value", "baseAmount"),
            ("Cess Amount", "cess"),
            ("Credit Days", "creditDays"),
        ],
    );
    assert_maps(
        invoices(),
        Some(Exporter::Vyapar),
        &[
            ("Invoice No.", "invoiceNumber"),
            ("Invoice Date", "invoiceDate"),
            ("Party Name", "customerName"),
            ("Party GSTIN", "customerGstin"),
            ("Phone No.", "mobileNumber"),
            ("Payment Status", "status"),
            ("Received/Paid", "-"),
            ("Due Date", "dueDate"),
            ("Taxable Value", "baseAmount"),
            ("Total", "netAmount"),
        ],
    );
    assert_maps(
        invoices(),
        Some(Exporter::Xero),
        &[
            ("*ContactName", "customerName"),
            ("*InvoiceNumber", "invoiceNumber"),
            ("*InvoiceDate", "invoiceDate"),
            ("*DueDate", "dueDate"),
            ("AmountDue", "-"),
            ("*Quantity", "quantity"),
            ("*UnitAmount", "unitPrice"),
            ("*AccountCode", "-"),
            ("*TaxType", "-"),
            ("Total", "netAmount"),
            ("Taxable Value", "baseAmount"),
        ],
    );
}

#[test]
fn aliases_of_one_exporter_never_mean_two_fields_without_a_rule() {
    const DECIDED: &[&str] = &["rate", "gst", "tax", "code", "account", "amount", "customerid"];
    for operation in crate::operation::ALL {
        for alias in operation.fields.iter().flat_map(|field| field.aliases) {
            let key = heading::key(alias.text);
            let candidates = table::candidates(operation, alias.text, &key, alias.exporters.first().copied());
            let best: Vec<_> = candidates.iter().filter(|one| one.rank == candidates[0].rank).collect();
            assert!(best.len() == 1 || DECIDED.contains(&key.as_str()), "{}: {}", operation.name(), alias.text);
        }
    }
}
