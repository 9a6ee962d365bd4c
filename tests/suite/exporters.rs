//! Sheets as Tally, Zoho, Busy, SAP, ERPNext, QuickBooks, Razorpay and the GSTR-1 tool lay them out.
//!
//! The rule: a heading with one meaning fills its field without `--map`; one with several is named and never guessed.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::world::{World, ended};

/// What `inspect --json` says of a sheet of `tests/data/exporters`.
fn inspected(world: &World, name: &str, flags: &[&str]) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/exporters").join(name);
    let path = path.to_str().unwrap();
    let shown = ended(&mut world.arload(&[&["inspect", path, "--json"], flags].concat())).expect(0);
    serde_json::from_str(&shown.out).unwrap()
}

/// The field of each column that has one, by heading.
fn fields(found: &Value) -> BTreeMap<&str, &str> {
    let columns = found["columns"].as_array().unwrap().iter();
    columns.filter_map(|column| Some((column["heading"].as_str()?, column["field"].as_str()?))).collect()
}

/// The headings of columns for which something holds.
fn headings(found: &Value, holds: impl Fn(&Value) -> bool) -> Vec<&str> {
    let columns = found["columns"].as_array().unwrap().iter();
    columns.filter(|column| holds(column)).filter_map(|column| column["heading"].as_str()).collect()
}

/// A sheet and what must be understood of it.
struct Sheet {
    file: &'static str,
    operation: &'static str,
    exporter: Option<&'static str>,
    /// Rows of the headings, first and last data row.
    place: (&'static [u64], u64, u64),
    /// Heading and field.
    fields: &'static [(&'static str, &'static str)],
    /// The beginning of why an operation would refuse it.
    problem: Option<&'static str>,
    /// Rows that go on with the document above.
    continued: u64,
}

const SHEETS: &[Sheet] = &[
    Sheet {
        file: "tally-register.csv",
        operation: "invoices create",
        exporter: Some("Tally"),
        place: (&[7], 8, 10),
        fields: &[
            ("Date", "invoiceDate"),
            ("Buyer", "customerName"),
            ("Voucher Type", "documentType"),
            ("Voucher No.", "invoiceNumber"),
            ("GSTIN/UIN", "customerGstin"),
            ("Narration", "description"),
            ("Value", "baseAmount"),
            ("Gross Total", "netAmount"),
            ("OUTPUT CGST 9%", "cgst"),
            ("OUTPUT SGST 9%", "sgst"),
            ("Output IGST 18%", "igst"),
            ("ROUND OFF", "roundOff"),
        ],
        problem: Some("no column for dueDate;"),
        continued: 0,
    },
    Sheet {
        file: "tally-receivable.csv",
        operation: "invoices create",
        exporter: Some("Tally"),
        place: (&[6, 7], 8, 9),
        fields: &[
            ("Date", "invoiceDate"),
            ("Ref. No.", "invoiceNumber"),
            ("Party's Name", "customerName"),
            ("Due on", "dueDate"),
        ],
        // What is pending moves money, so that nothing is taken for the amount by itself.
        problem: Some("no column for baseAmount;"),
        continued: 0,
    },
    Sheet {
        file: "tally-ledgers.csv",
        operation: "customers create",
        exporter: Some("Tally"),
        place: (&[4], 5, 6),
        fields: &[
            ("Ledger Name", "legalName"),
            ("Buyer/Supplier - Address", "address"),
            ("State Name", "state"),
            ("Pincode", "pinCode"),
            ("GSTIN/UIN", "gstin"),
            ("Registration Type", "gstTreatment"),
            ("PAN/IT No.", "pan"),
            ("Contact Person", "keyContactName"),
            ("Mobile No.", "keyContactMobile"),
            ("E-Mail", "keyContactEmail"),
        ],
        problem: None,
        continued: 0,
    },
    Sheet {
        file: "zoho-invoices.csv",
        operation: "invoices create",
        exporter: Some("Zoho Books"),
        place: (&[1], 2, 4),
        fields: &[
            ("GST Treatment", "gstTreatment"),
            ("Invoice Date", "invoiceDate"),
            ("Invoice Number", "invoiceNumber"),
            ("Invoice Status", "status"),
            ("Customer Name", "customerName"),
            ("Customer ID", "customerCode"),
            ("Due Date", "dueDate"),
            ("PurchaseOrder", "poNumber"),
            ("Currency Code", "currency"),
            ("GST Identification Number (GSTIN)", "customerGstin"),
            ("Place of Supply", "placeOfSupply"),
            ("Entity Discount Amount", "discount"),
            ("SubTotal", "baseAmount"),
            ("Total", "netAmount"),
            ("Round Off", "roundOff"),
            ("TDS Amount", "tds"),
            ("Item Name", "itemName"),
            ("Item Desc", "description"),
            ("HSN/SAC", "hsnSac"),
            ("Quantity", "quantity"),
            ("Item Price", "unitPrice"),
            ("Item Tax %", "taxRate"),
            ("CGST", "cgst"),
            ("SGST", "sgst"),
            ("IGST", "igst"),
            ("CESS", "cess"),
            ("Item Total", "lineAmount"),
            ("Primary Contact EmailID", "emailAddress"),
            ("Primary Contact Mobile", "mobileNumber"),
        ],
        problem: None,
        continued: 1,
    },
    Sheet {
        file: "zoho-contacts.csv",
        operation: "customers create",
        exporter: Some("Zoho Books"),
        place: (&[1], 2, 3),
        fields: &[
            ("GST Treatment", "gstTreatment"),
            ("Customer ID", "uniqueRefNo"),
            ("Company Name", "legalName"),
            ("Contact Name", "keyContactName"),
            ("EmailID", "keyContactEmail"),
            ("Phone", "contactNumber"),
            ("MobilePhone", "keyContactMobile"),
            ("GST Identification Number (GSTIN)", "gstin"),
            ("PAN", "pan"),
            ("Billing Address", "address"),
            ("Billing Street2", "addressLine2"),
            ("Billing City", "city"),
            ("Billing State", "state"),
            ("Billing Code", "pinCode"),
        ],
        problem: None,
        continued: 0,
    },
    Sheet {
        file: "busy-sales.csv",
        operation: "invoices create",
        exporter: Some("Busy"),
        place: (&[4], 5, 6),
        fields: &[
            ("Date", "invoiceDate"),
            ("Vch/Bill No", "invoiceNumber"),
            ("Party Name", "customerName"),
            ("Alias", "customerCode"),
            ("GSTIN", "customerGstin"),
            ("Net Amount", "baseAmount"),
            ("CGST", "cgst"),
            ("SGST", "sgst"),
            ("IGST", "igst"),
            ("Rounded Off", "roundOff"),
            ("Bill Amt", "netAmount"),
            ("Due Date", "dueDate"),
        ],
        problem: None,
        continued: 0,
    },
    Sheet {
        file: "busy-accounts.csv",
        operation: "customers create",
        exporter: Some("Busy"),
        place: (&[3], 4, 5),
        fields: &[
            ("Alias", "uniqueRefNo"),
            ("Print Name", "legalName"),
            ("Address1", "address"),
            ("Address2", "addressLine2"),
            ("State", "state"),
            ("PIN", "pinCode"),
            ("GSTIN", "gstin"),
            ("IT PAN", "pan"),
            ("Contact Person", "keyContactName"),
            ("Mobile No", "keyContactMobile"),
            ("E-Mail", "keyContactEmail"),
        ],
        problem: None,
        continued: 0,
    },
    Sheet {
        file: "sap-items.csv",
        operation: "invoices create",
        exporter: Some("SAP"),
        place: (&[4], 5, 7),
        fields: &[
            ("Account", "customerCode"),
            ("Name 1", "customerName"),
            ("Reference", "invoiceNumber"),
            ("Document Type", "documentType"),
            ("Document Date", "invoiceDate"),
            ("Net due date", "dueDate"),
            ("Amount in local currency", "netAmount"),
            ("Local Currency", "currency"),
            ("Text", "description"),
        ],
        problem: Some("no column for baseAmount; \"Amount in local currency\" is the only amount that is recognised"),
        continued: 0,
    },
    Sheet {
        file: "sap-customers.csv",
        operation: "customers create",
        exporter: Some("SAP"),
        place: (&[1], 2, 3),
        fields: &[
            ("Customer", "uniqueRefNo"),
            ("Name 1", "legalName"),
            ("Street", "address"),
            ("City", "city"),
            ("Postal Code", "pinCode"),
            ("Telephone 1", "contactNumber"),
            ("Mobile No", "keyContactMobile"),
            ("E-Mail Address", "keyContactEmail"),
            ("Tax Number 3", "gstin"),
        ],
        problem: None,
        continued: 0,
    },
    Sheet {
        file: "erpnext-invoices.csv",
        operation: "invoices create",
        exporter: Some("ERPNext"),
        place: (&[1], 2, 4),
        fields: &[
            ("GST Category", "gstTreatment"),
            ("GST Category", "gstTreatment"),
            ("ID", "invoiceNumber"),
            ("Customer", "customerName"),
            ("Posting Date", "invoiceDate"),
            ("Payment Due Date", "dueDate"),
            ("Customer's Purchase Order", "poNumber"),
            ("Company GSTIN", "supplierGstin"),
            ("Billing Address GSTIN", "customerGstin"),
            ("Place of Supply", "placeOfSupply"),
            ("Is Reverse Charge", "reverseCharge"),
            ("Currency", "currency"),
            ("Net Total", "baseAmount"),
            ("Total Taxes and Charges", "taxTotal"),
            ("Grand Total", "netAmount"),
            ("Rounding Adjustment", "roundOff"),
            ("Status", "status"),
            ("Contact Email", "emailAddress"),
            ("Mobile No", "mobileNumber"),
            ("Item (Items)", "itemName"),
            ("Description (Items)", "description"),
            ("HSN/SAC (Items)", "hsnSac"),
            ("Quantity (Items)", "quantity"),
            ("Rate (Items)", "unitPrice"),
            ("Amount (Items)", "lineAmount"),
        ],
        problem: None,
        continued: 1,
    },
    Sheet {
        file: "erpnext-customers.csv",
        operation: "customers create",
        // Its headings are anybody's.
        exporter: None,
        place: (&[1], 2, 3),
        fields: &[
            ("GST Category", "gstTreatment"),
            ("Customer Name", "legalName"),
            ("GSTIN / UIN", "gstin"),
            ("PAN", "pan"),
            ("Contact Email", "keyContactEmail"),
            ("Mobile No", "keyContactMobile"),
        ],
        problem: None,
        continued: 0,
    },
    Sheet {
        file: "quickbooks-import.csv",
        operation: "invoices create",
        exporter: Some("QuickBooks"),
        place: (&[1], 2, 4),
        fields: &[
            ("*InvoiceNo", "invoiceNumber"),
            ("*Customer", "customerName"),
            ("*InvoiceDate", "invoiceDate"),
            ("*DueDate", "dueDate"),
            ("Item(Product/Service)", "itemName"),
            ("ItemDescription", "description"),
            ("ItemQuantity", "quantity"),
            ("ItemRate", "unitPrice"),
            ("*ItemAmount", "lineAmount"),
            ("Currency", "currency"),
        ],
        problem: Some("no column for baseAmount;"),
        continued: 1,
    },
    Sheet {
        file: "quickbooks-report.csv",
        operation: "invoices create",
        exporter: Some("QuickBooks"),
        place: (&[5], 6, 7),
        fields: &[
            ("Date", "invoiceDate"),
            ("Transaction Type", "documentType"),
            ("Num", "invoiceNumber"),
            ("Customer", "customerName"),
            ("Tax Reg ID", "customerGstin"),
            ("Memo/Description", "description"),
            ("Due Date", "dueDate"),
            ("Amount", "netAmount"),
        ],
        problem: Some("no column for baseAmount; \"Amount\" is the only amount that is recognised"),
        continued: 0,
    },
    Sheet {
        file: "razorpay-batch.csv",
        operation: "invoices create",
        exporter: Some("Razorpay"),
        place: (&[1], 2, 3),
        fields: &[
            ("Invoice Number", "invoiceNumber"),
            ("Customer Name", "customerName"),
            ("Customer Email", "emailAddress"),
            ("Customer Contact", "mobileNumber"),
            ("Amount (In Paise)", "netAmount"),
            ("Currency", "currency"),
            ("Description", "description"),
            ("Expire by", "dueDate"),
        ],
        problem: Some("no column for baseAmount; \"Amount (In Paise)\" is the only amount that is recognised"),
        continued: 0,
    },
    Sheet {
        file: "gstr1-b2b.csv",
        operation: "invoices create",
        exporter: Some("GSTR-1 offline tool"),
        place: (&[4], 5, 7),
        fields: &[
            ("Invoice Type", "gstTreatment"),
            ("GSTIN/UIN of Recipient", "customerGstin"),
            ("Receiver Name", "customerName"),
            ("Invoice Number", "invoiceNumber"),
            ("Invoice date", "invoiceDate"),
            ("Invoice Value", "netAmount"),
            ("Place Of Supply", "placeOfSupply"),
            ("Reverse Charge", "reverseCharge"),
            ("Rate", "taxRate"),
            ("Taxable Value", "baseAmount"),
            ("Cess Amount", "cess"),
        ],
        problem: Some("no column for dueDate;"),
        continued: 1,
    },
];

#[test]
fn exports_map_by_their_own_headings_and_say_what_is_missing() {
    let world = World::new();
    for sheet in SHEETS {
        let found = inspected(&world, sheet.file, &["--as", sheet.operation]);
        let mapping = &found["mapping"];
        let expected: BTreeMap<&str, &str> = sheet.fields.iter().copied().collect();
        assert_eq!(fields(&found), expected, "{}", sheet.file);
        assert_eq!(mapping["exporter"].as_str(), sheet.exporter, "{}", sheet.file);
        let (header_rows, first, last) = sheet.place;
        assert_eq!(found["header-rows"], serde_json::json!(header_rows), "{}", sheet.file);
        assert_eq!((&found["first-row"], &found["last-row"]), (&first.into(), &last.into()), "{}", sheet.file);
        let problem = mapping["problem"].as_str();
        match sheet.problem {
            Some(start) => assert!(problem.is_some_and(|problem| problem.starts_with(start)), "{problem:?}"),
            None if sheet.continued > 0 => {
                assert!(
                    problem.is_some_and(|problem| problem.starts_with("this is a line-level export")),
                    "{problem:?}"
                );
            }
            None => assert_eq!(problem, None, "{}", sheet.file),
        }
        assert_eq!(mapping["continued-rows"].as_u64(), Some(sheet.continued), "{}", sheet.file);
        assert_eq!(mapping["ties"], serde_json::json!([]), "{}", sheet.file);
        let unknown = |column: &Value| column["unused"] == "the heading is not known";
        let strange = headings_of_no_meaning(sheet.file);
        assert_eq!(headings(&found, unknown), strange, "{}", sheet.file);
    }
}

/// Columns that mean nothing to anybody.
fn headings_of_no_meaning(file: &str) -> &'static [&'static str] {
    match file {
        "sap-items.csv" => &["St"],
        "erpnext-customers.csv" => &["ID"],
        _ => &[],
    }
}

#[test]
fn the_operation_of_an_export_is_found_without_a_name() {
    let world = World::new();
    for sheet in SHEETS {
        let found = inspected(&world, sheet.file, &[]);
        let guessed = found["mapping"]["operation"].as_str().unwrap();
        assert_eq!(guessed.split(' ').next(), sheet.operation.split(' ').next(), "{}", sheet.file);
    }
}

#[test]
fn an_export_by_lines_is_told_as_such() {
    let world = World::new();
    for sheet in SHEETS.iter().filter(|sheet| sheet.continued > 0) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/exporters").join(sheet.file);
        let shown = ended(&mut world.arload(&["inspect", path.to_str().unwrap(), "--as", sheet.operation])).expect(0);
        assert!(shown.out.contains("  line level  1 row goes on with the invoice of the row above"), "{}", shown.out);
        let mapping = inspected(&world, sheet.file, &["--as", sheet.operation])["mapping"].clone();
        assert_eq!(mapping["item-columns"], Value::Bool(true), "{}", sheet.file);
    }
}

#[test]
fn a_heading_with_several_meanings_is_decided_by_its_values_or_named() {
    let world = World::new();
    let base = "Invoice Number,Customer Code,Invoice Date,Due Date,Taxable Value";
    let row = "A-1,C1,01/07/2026,25/08/2026,1000";
    for (heading, values, field, by) in [
        ("Rate", ["18", "12", "5"], Some("taxRate"), "values"),
        ("Rate", ["250.50", "18", "99"], Some("unitPrice"), "values"),
        ("GST", ["27AAPFU0939F1ZV", "", "27AAPFU0939F1ZV"], Some("customerGstin"), "values"),
        ("GST", ["18", "12", "5"], Some("taxRate"), "values"),
        ("GST", ["180.00", "120.00", "50.00"], Some("taxTotal"), "values"),
        ("Tax", ["18%", "12%", ""], Some("taxRate"), "values"),
        ("Tax", ["180.00", "120.00", "50.00"], Some("taxTotal"), "values"),
        ("Amount", ["1180", "1180", "1180"], Some("netAmount"), "values"),
        // Without values nothing is decided.
        ("Rate", ["", "", ""], None, ""),
        ("Account", ["abc", "def", ""], None, ""),
        ("Reference", ["abc", "def", ""], None, ""),
        ("Balance", ["5", "6", "7"], None, ""),
    ] {
        let rows: Vec<String> = values.iter().map(|value| format!("{row},{value}")).collect();
        world.write("a.csv", format!("{base},{heading}\n{}\n", rows.join("\n")));
        let shown = ended(&mut world.arload(&["inspect", "a.csv", "--as", "invoices create", "--json"])).expect(0);
        let found: Value = serde_json::from_str(&shown.out).unwrap();
        let column = &found["columns"][5];
        assert_eq!(column["field"].as_str(), field, "{heading} {values:?}");
        assert_eq!(column["by"].as_str().unwrap_or_default(), by, "{heading} {values:?}");
        assert_eq!(column["unused"].is_string(), field.is_none(), "{heading} {values:?}");
    }
}

#[test]
fn columns_that_fit_a_field_equally_well_are_named_and_none_is_taken() {
    let world = World::new();
    world.write(
        "a.csv",
        "Invoice Number,Customer Code,Invoice Date,Due Date,Taxable Value,Invoice Amount,Bill Value,GSTIN,GSTIN\n\
         A-1,C1,01/07/2026,25/08/2026,1000,1180,1200,27AAPFU0939F1ZV,29AABCT1332L1ZT\n",
    );
    let shown = ended(&mut world.arload(&["inspect", "a.csv", "--as", "invoices create", "--json"])).expect(0);
    let found: Value = serde_json::from_str(&shown.out).unwrap();
    assert_eq!(
        found["mapping"]["ties"],
        serde_json::json!([["customerGstin", ["GSTIN", "GSTIN (2)"]], ["netAmount", ["Invoice Amount", "Bill Value"]]])
    );
    let mapped = fields(&found);
    assert!(!mapped.values().any(|field| ["customerGstin", "netAmount"].contains(field)), "{mapped:?}");
    let shown = ended(&mut world.arload(&["inspect", "a.csv", "--as", "invoices create"])).expect(0);
    assert!(shown.out.contains("  undecided   netAmount: \"Invoice Amount\", \"Bill Value\"\n"), "{}", shown.out);
}

#[test]
fn near_misses_are_suggested_and_never_applied() {
    let world = World::new();
    world.write(
        "a.csv",
        "Invoise Number,Custmer Name,Invoice Dte,Due Datee,Taxble Value,Favourite Colour\n\
         A-1,Acme,01/07/2026,25/08/2026,1000,red\n",
    );
    let shown = ended(&mut world.arload(&["inspect", "a.csv", "--as", "invoices create", "--json"])).expect(0);
    let found: Value = serde_json::from_str(&shown.out).unwrap();
    let suggestions: Vec<Option<&str>> =
        found["columns"].as_array().unwrap().iter().map(|column| column["suggestion"].as_str()).collect();
    let expected = ["invoiceNumber", "customerName", "invoiceDate", "dueDate", "baseAmount"];
    assert_eq!(suggestions[..5], expected.map(Some));
    assert_eq!((suggestions[5], fields(&found).len()), (None, 0));
}
