//! What headings that people write mean.

use super::tests::{GOOD, assert_maps, beside, good_and, invoices, map, map_with, names};
use super::*;

#[test]
fn generic_headings_mean_their_fields() {
    for (heading, expected) in [
        ("netAmount", "netAmount"),
        ("Net Amount", "netAmount"),
        ("TOTAL (₹)", "netAmount"),
        ("Grand Total", "netAmount"),
        ("Invoice Amount (INR)", "netAmount"),
        ("customerId", "customerId"),
        ("Customer ID", "customerId"),
        ("GST No.", "customerGstin"),
        ("Our GSTIN", "supplierGstin"),
        ("UTGST", "sgst"),
        ("SGST/UTGST", "sgst"),
        ("IGST Amount", "igst"),
        ("TDS Deducted", "tds"),
        ("P.O. Number", "poNumber"),
        ("Inv. Amt.", "netAmount"),
        ("Amount after tax", "netAmount"),
        ("E-mail Address", "emailAddress"),
        ("WhatsApp No", "mobileNumber"),
        ("Remarks", "description"),
        ("R/Off", "roundOff"),
        ("Freight Charges", "freight"),
        ("HSN Code", "hsnSac"),
        ("Currency", "currency"),
        ("Net Total", "-"),
        ("Reference", "-"),
        ("Terms=Net 30", "-"),
        ("Credit Days=30", "creditDays"),
        ("Posting Date", "-"),
        ("totalReceived", "-"),
        ("Tax Amount", "taxTotal"),
    ] {
        assert_eq!(beside(heading), expected, "{heading}");
    }
}

#[test]
fn values_decide_ambiguous_headings() {
    for (heading, expected) in [
        ("Rate=18;5;12", "taxRate"),
        ("Rate=250;18", "unitPrice"),
        ("Rate", "-"),
        ("GST=27AAPFU0939F1ZV", "customerGstin"),
        ("GST=18;18%", "taxRate"),
        ("GST=1800.00", "taxTotal"),
        ("Tax=18%;5%", "taxRate"),
        ("Tax=18", "taxTotal"),
        ("Ccy=USD;INR", "currency"),
        ("Ccy=INR;INR", "currency"),
        ("Dept=CAD;Sales", "-"),
        ("Amount=100", "netAmount"),
        ("Party=KC00000000000001", "customerId"),
        ("Party=Mehta Traders", "customerName"),
        ("Account=50100123456789", "-"),
        ("Date", "-"),
        ("Balance", "-"),
    ] {
        assert_eq!(beside(heading), expected, "{heading}");
    }
    let mapping = map(&good_and(&["Item Name", "Amount=100", "Rate=18", "Price=10"])).unwrap();
    assert_eq!(names(invoices(), &mapping)[5..], ["itemName", "lineAmount", "taxRate", "unitPrice"]);
    assert!(mapping.item_columns);
    assert!(!map(GOOD).unwrap().item_columns);
}

#[test]
fn tax_by_ledger_and_several_charges_are_added_up() {
    let row = ["CGST @9%", "CGST @14%", "SGST 9%", "SGST 14%", "Freight", "Packing Charges", "UTGST Payable"];
    let mapping = map(&good_and(&row)).unwrap();
    let index = |name| invoices().field_index(name).unwrap();
    assert_eq!(mapping.column_of(index("cgst")), Some(5));
    let (cgst, sgst, freight) = (index("cgst"), index("sgst"), index("freight"));
    assert_eq!(mapping.extra_columns, [(6, cgst), (8, sgst), (11, sgst), (10, freight)]);
    let plain_beside_ledger = map(&good_and(&["CGST", "CGST 9%"])).unwrap();
    assert_eq!(plain_beside_ledger.ties, [Tie { field: cgst, columns: vec![5, 6] }]);
    let union = map(&good_and(&["SGST", "UTGST"])).unwrap();
    assert_eq!(union.extra_columns, [(6, sgst)]);
}

#[test]
fn a_repeated_heading_counts_once_where_it_adds_nothing() {
    for (second, tied) in [("Total (2)", false), ("Total (2)=1;2", false), ("Total (2)=1;3", true)] {
        let mapping = map(&good_and(&["Total=1;2", second])).unwrap();
        assert_eq!(mapping.ties.is_empty(), !tied, "{second}");
        assert_eq!(mapping.columns[5].is_none(), tied, "{second}");
        assert_eq!(mapping.columns[6], None);
    }
}

#[test]
fn customer_sheets_map() {
    let customers = Operation::find("customers", "create").unwrap();
    assert_maps(
        customers,
        None,
        &[
            ("Customer Code", "uniqueRefNo"),
            ("Customer Name", "legalName"),
            ("Contact Person", "keyContactName"),
            ("Mobile", "keyContactMobile"),
            ("Email", "keyContactEmail"),
            ("PAN No.", "pan"),
            ("GST Number", "gstin"),
            ("A/c No.", "accountNumber"),
            ("IFSC Code", "ifsc"),
            ("Address", "address"),
            ("City", "city"),
            ("Code=411001", "pinCode"),
            ("Opening Balance", "-"),
        ],
    );
    assert_eq!(
        map_with(Operation::find("customers", "update").unwrap(), &["Email"], &MappingSettings::default())
            .unwrap_err()
            .to_string(),
        "no column for customerId (or uniqueRefNo, gstin); found: Email"
    );
}

#[test]
fn strangers_are_listed_with_a_suggestion_and_known_headings_are_not() {
    let mapping = map(&good_and(&["Invoise Totl", "IRN", "Column G"])).unwrap();
    let unknown: Vec<&str> = mapping.unknown.iter().map(|unknown| unknown.heading.as_str()).collect();
    assert_eq!(unknown, ["Invoise Totl", "Column G"]);
    assert_eq!(mapping.unknown[0].suggestion.as_deref(), Some("netAmount"));
    assert_eq!(mapping.known_unused[0].heading, "IRN");
}

#[test]
fn header_cells_are_recognised_and_data_is_not() {
    for (cell, expected) in [
        ("Invoice No.", true),
        ("Balance", true),
        ("IRN", true),
        ("OUTPUT CGST 9%", true),
        ("Net Total", true),
        ("Date (2)", true),
        ("", false),
        ("INV-001", false),
        ("Mehta Traders", false),
        ("1,00,000.00", false),
        ("2026-04-01", false),
    ] {
        assert_eq!(recognises(invoices(), cell), expected, "{cell}");
    }
}

#[test]
fn a_mapping_survives_the_ledger() {
    let mapping = map(&good_and(&["CGST @9%", "CGST @14%", "Colour", "Paid"])).unwrap();
    let text = serde_json::to_string(&mapping).unwrap();
    assert_eq!(serde_json::from_str::<Mapping>(&text).unwrap(), mapping);
}
