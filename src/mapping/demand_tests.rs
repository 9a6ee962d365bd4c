//! What is missing, tied, guarded or contradictory in a header row.

use super::tests::{GOOD, good_and, invoices, map, map_with, names, settings};
use super::*;

#[test]
fn missing_fields_name_what_was_found_and_what_may_be_meant() {
    let error = map(&["Invoice No", "Customer", "Invoice Date", "Due", "Taxable Value"]).unwrap_err();
    let found = "no column for dueDate; found: Invoice No, Customer, Invoice Date, Due, Taxable Value";
    assert_eq!(error.to_string(), found);
    assert_eq!(error.hint().as_deref(), Some("pass --map \"Due=dueDate\""));
    let error = map(&["Bill Ref", "Customer", "Invoice Date", "Taxable Value"]).unwrap_err();
    let both =
        "pass --map \"Bill Ref=invoiceNumber\" --map \"HEADING=dueDate\", or --set creditDays=30 in place of the last";
    assert_eq!(error.hint().as_deref(), Some(both), "a way out for each");
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
fn a_lone_total_is_refused_until_the_profile_says_what_it_is() {
    let row = ["Invoice No", "Customer", "Invoice Date", "Due Date", "Bill Amount"];
    let only = |amount: &str| MappingSettings { only_amount: Some(amount.to_string()), ..MappingSettings::default() };
    let error = map(&row).unwrap_err();
    assert_eq!(error.to_string(), "no column for baseAmount; \"Bill Amount\" is the only amount that is recognised");
    let hint = error.hint().unwrap();
    assert!(hint.contains("only-amount") && hint.contains("--map \"Bill Amount=baseAmount\""), "{hint}");
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
fn a_title_or_a_worksheet_of_other_documents_refuses_the_sheet_unless_a_column_tells_them_apart() {
    let plain = map(GOOD).unwrap();
    let title = [(1, "Acme Ltd".to_owned()), (2, "Credit Note Register".to_owned())];
    let error = refuse_announced_kind(invoices(), Some("Sheet1"), &title, &plain).unwrap_err();
    assert_eq!(error.to_string(), "row 2 says \"Credit Note Register\": its rows are no invoices");
    assert!(error.hint().unwrap().contains("delete that line if all rows are invoices"), "{error:?}");
    let error = refuse_announced_kind(invoices(), Some("Sales Returns"), &[], &plain).unwrap_err();
    assert_eq!(error.to_string(), "the worksheet is called \"Sales Returns\": its rows are no invoices");
    assert!(error.hint().unwrap().contains("rename the worksheet"), "{error:?}");
    let told = map(&good_and(&["Voucher Type"])).unwrap();
    refuse_announced_kind(invoices(), Some("CDNR"), &title, &told).unwrap();
    refuse_announced_kind(invoices(), Some("April"), &[(1, "Sales Register".to_owned())], &plain).unwrap();
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
