//! Whole header rows, as exporters and people write them.

use super::*;

fn invoices() -> &'static Operation {
    Operation::find("invoices", "create").unwrap()
}

/// Maps a header row; each heading may carry sample values after `=`, separated by `;`.
fn map_with(operation: &'static Operation, row: &[&str], settings: &MappingSettings) -> Result<Mapping, MappingError> {
    let headings: Vec<String> = row.iter().map(|cell| cell.split('=').next().unwrap().to_string()).collect();
    let samples = |column: usize| {
        let values = row[column].split_once('=').map_or("", |(_, values)| values);
        values.split(';').filter(|value| !value.is_empty()).map(String::from).collect()
    };
    map_columns(operation, &headings, &samples, settings)
}

fn map(row: &[&str]) -> Result<Mapping, MappingError> {
    map_with(invoices(), row, &MappingSettings::default())
}

fn settings(map: &[(&str, &str)], set: &[(&str, &str)]) -> MappingSettings {
    let own = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_string(), (*b).to_string())).collect();
    MappingSettings { map: own(map), set: own(set), ..MappingSettings::default() }
}

/// The field names of the columns, `-` for none.
fn names(operation: &Operation, mapping: &Mapping) -> Vec<&'static str> {
    mapping.columns.iter().map(|field| field.map_or("-", |field| operation.fields[field].name)).collect()
}

#[track_caller]
fn assert_maps(operation: &'static Operation, exporter: Option<Exporter>, pairs: &[(&str, &str)]) {
    let row: Vec<&str> = pairs.iter().map(|(heading, _)| *heading).collect();
    let mapping = map_with(operation, &row, &MappingSettings::default()).unwrap();
    assert_eq!(mapping.exporter, exporter, "{:?}", mapping.exporter_headings);
    for ((heading, expected), field) in pairs.iter().zip(names(operation, &mapping)) {
        assert_eq!(field, *expected, "{heading}");
    }
}

/// Headings that alone make an invoice sheet complete.
const GOOD: &[&str] = &["Invoice No", "Customer Code", "Invoice Date", "Due Date", "Taxable Value"];

fn good_and<'a>(more: &[&'a str]) -> Vec<&'a str> {
    GOOD.iter().copied().chain(more.iter().copied()).collect()
}

/// The field that a heading fills beside a complete set of columns.
fn beside(heading: &str) -> &'static str {
    let mapping = map(&good_and(&[heading])).unwrap();
    names(invoices(), &mapping).pop().unwrap()
}

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
fn ties_are_reported_and_stop_only_where_the_field_is_required() {
    let optional = map(&good_and(&["Grand Total", "Invoice Total"])).unwrap();
    assert_eq!(names(invoices(), &optional)[5..], ["-", "-"]);
    assert_eq!(optional.ties.len(), 1);
    assert!(optional.notes[0].starts_with("netAmount: left out"), "{:?}", optional.notes);
    let required = map(&good_and(&["Bill Dt", "Inv Date"]));
    assert_eq!(required.unwrap_err().to_string(), "several columns fit invoiceDate: Invoice Date, Bill Dt, Inv Date");
    let chosen = map_with(invoices(), &good_and(&["Bill Dt"]), &settings(&[("bill dt.", "invoiceDate")], &[])).unwrap();
    assert_eq!(names(invoices(), &chosen)[2], "-");
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
fn missing_fields_name_what_was_found_and_what_may_be_meant() {
    let error = map(&["Invoice No", "Customer", "Invoice Date", "Due", "Taxable Value"]).unwrap_err();
    let found = "no column for dueDate; found: Invoice No, Customer, Invoice Date, Due, Taxable Value";
    assert_eq!(error.to_string(), found);
    assert_eq!(error.hint().as_deref(), Some("pass --map \"Due=dueDate\""));
    let error = map(&["Invoice No", "Invoice Date", "Due Date", "Taxable Value"]).unwrap_err();
    assert!(error.to_string().starts_with("no column for customerId (or customerCode, customerGstin, customerName)"));
    let unnumbered = MappingSettings { allow_unnumbered: true, ..MappingSettings::default() };
    let row = ["Customer", "Invoice Date", "Due Date", "Taxable Value"];
    assert!(map_with(invoices(), &row, &unnumbered).is_err());
    let row = ["Customer", "Invoice Date", "Due Date", "Taxable Value", "externalId"];
    assert!(map_with(invoices(), &row, &unnumbered).is_ok());
}

#[test]
fn credit_days_and_legal_names_stand_in() {
    let mapping = map(&["Invoice No", "Customer", "Invoice Date", "Credit Days", "Taxable Value"]).unwrap();
    let index = |name| invoices().field_index(name).unwrap();
    assert_eq!(mapping.stand_ins, [(index("dueDate"), index("creditDays"))]);
    let customers = Operation::find("customers", "create").unwrap();
    let row = ["Company Name", "Mobile", "GSTIN", "Address1", "Address2", "City", "State", "Pin Code", "Phone"];
    let mapping = map_with(customers, &row, &MappingSettings::default()).unwrap();
    let expected = [
        "legalName",
        "keyContactMobile",
        "gstin",
        "address",
        "addressLine2",
        "city",
        "state",
        "pinCode",
        "contactNumber",
    ];
    assert_eq!(names(customers, &mapping), expected);
    assert_eq!(mapping.stand_ins.len(), 2);
    let mapping = map_with(customers, &["Legal Name", "Contact Person", "Mobile No"], &MappingSettings::default());
    assert_eq!(mapping.unwrap().stand_ins.len(), 1);
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
fn a_lone_total_is_refused_until_the_profile_says_what_it_is() {
    let row = ["Invoice No", "Customer", "Invoice Date", "Due Date", "Bill Amount"];
    let only = |amount: &str| MappingSettings { only_amount: Some(amount.to_string()), ..MappingSettings::default() };
    let error = map(&row).unwrap_err();
    assert_eq!(error.to_string(), "no column for baseAmount; \"Bill Amount\" is the only amount");
    assert!(error.hint().unwrap().contains("only-amount"));
    let mapping = map_with(invoices(), &row, &only("baseAmount")).unwrap();
    assert_eq!(names(invoices(), &mapping)[4], "baseAmount");
    let error = map_with(invoices(), &row, &only("netAmount")).unwrap_err();
    assert!(matches!(error, MappingError::OnlyTotal { declared_total: true, .. }));
}

#[test]
fn guarded_fields_need_the_hand_and_the_profile() {
    let row = good_and(&["Paid"]);
    let mapping = map(&row).unwrap();
    assert_eq!(mapping.known_unused[0].why, WhyUnused::ByHand("totalReceived".to_string()));
    let mut given = settings(&[("Paid", "totalReceived")], &[("dispatchNow", "true")]);
    let error = map_with(invoices(), &row, &given).unwrap_err();
    assert!(error.to_string().contains("allow-guarded"), "{error}");
    given.allow_guarded = true;
    let mapping = map_with(invoices(), &row, &given).unwrap();
    assert_eq!(names(invoices(), &mapping)[5], "totalReceived");
    assert_eq!(mapping.constant_of(invoices().field_index("dispatchNow").unwrap()), Some("true"));
}

#[test]
fn contradictory_orders_by_hand_are_refused() {
    for (settings, expected) in [
        (
            settings(&[("Invoise No", "invoiceNumber")], &[]),
            "--map: no column is headed \"Invoise No\"; found: Invoice No",
        ),
        (settings(&[("Invoice No", "invoiceNo")], &[]), "--map: no field is called \"invoiceNo\""),
        (settings(&[("Invoice No", "viaa")], &[]), "--map: no field is called"),
        (settings(&[("Invoice No", "poNumber"), ("Due Date", "poNumber")], &[]), "--map: two columns for poNumber"),
        (settings(&[("Invoice No", "poNumber"), ("Invoice No", "via")], &[]), "--map: \"Invoice No\" is given to two"),
        (settings(&[], &[("via", "x"), ("via", "y")]), "--set: via is set twice"),
        (settings(&[], &[("invoiceDate", "2026-04-01")]), "--set: invoiceDate also has the column \"Invoice Date\""),
    ] {
        let error = map_with(invoices(), GOOD, &settings).unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
    }
    let error = map_with(invoices(), GOOD, &settings(&[("Invoise No", "invoiceNumber")], &[])).unwrap_err();
    assert_eq!(error.hint().as_deref(), Some("did you mean \"Invoice No\"?"));
    let error = map(&["Invoice No", "Customer", "Date", "Due Date", "Taxable Value (in lakhs)"]).unwrap_err();
    assert!(matches!(error, MappingError::CoarseUnit { unit: Unit::Lakhs, .. }));
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
