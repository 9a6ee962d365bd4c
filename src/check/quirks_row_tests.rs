//! The quirks of cells that concern the row as a whole, each named after its number in the domain reference, and the
//! tables of rates and of tax heads.

use super::quirks_tests::{assert_told, check, customer, customer_cell, invoice, invoice_cell, sent, told};
use super::tests::codes;
use super::*;
use crate::config::{MappingSettings, Reading};
use crate::mapping;
use crate::outcome::code;
use crate::sheet::CellKind::{Date as DateCell, Number, Text};
use crate::sheet::open::sheets_of;

/// Code and reason of a row that is left out.
fn left_out(block: &CheckedBlock) -> (&str, &str) {
    match &block.rows[0].standing {
        Standing::Excluded { code, message } => (code, message),
        standing => panic!("{standing:?}"),
    }
}

#[test]
fn t26_a_state_that_is_not_the_gstins_is_warned_of_and_a_place_of_supply_is_not() {
    let block = customer(&[("GSTIN", "27AAPFU0939F1ZV", Text), ("State", "Gujarat", Text)]);
    let parts = ["\"Gujarat\" is not Maharashtra, the state of the GSTIN 27AAPFU0939F1ZV"];
    assert_told(&block, "state-differs-from-gstin", Severity::Warning, &parts);
    for (gstin, state) in [
        ("27AAPFU0939F1ZV", "MH"),
        ("27AAPFU0939F1ZV", "27"),
        ("27AAPFU0939F1ZV", "no such state"),
        ("27AAPFU0939F1ZV", ""),
        ("25AAACI1681G1ZT", "26-Dadra and Nagar Haveli and Daman and Diu"),
        ("37AAACI1681G2ZN", "Andhra Pradesh"),
    ] {
        let block = customer(&[("GSTIN", gstin, Text), ("State", state, Text)]);
        let old = if gstin.starts_with("25") { "gstin-old-state" } else { "" };
        assert_eq!(codes(&block.rows[0]), old, "{gstin} {state}");
    }
    let block = invoice(&[("Customer GSTIN", "27AAPFU0939F1ZV", Text), ("Place of Supply", "24-Gujarat", Text)]);
    assert_eq!(codes(&block.rows[0]), "");
}

#[test]
fn t27_a_pan_that_is_not_the_gstins_is_refused() {
    let block = customer(&[("GSTIN", "27AAPFU0939F1ZV", Text), ("PAN", "AAACI1681G", Text)]);
    let parts = ["\"AAACI1681G\" is not the PAN inside the GSTIN \"27AAPFU0939F1ZV\"", "correct one of the two cells"];
    assert_told(&block, "pan-gstin-mismatch", Severity::Error, &parts);
    let same = customer(&[("GSTIN", "27AAPFU0939F1ZV", Text), ("PAN", "aapfu0939f", Text)]);
    assert_eq!(sent(&same, "customers create", "panOrGstin"), "27AAPFU0939F1ZV");
}

#[test]
fn t28_a_gstin_and_a_pan_in_each_others_columns_are_told_by_their_shape() {
    let block = customer(&[("GSTIN", "AAPFU0939F", Text), ("PAN", "27AAPFU0939F1ZV", Text)]);
    assert_eq!(codes(&block.rows[0]), "gstin-format pan-format");
    let hints: Vec<&str> = block.rows[0].findings.iter().map(|finding| finding.hint.as_deref().unwrap()).collect();
    assert!(hints[0].starts_with("this is a PAN; if the two cells are swapped, swap them back"), "{hints:?}");
    assert!(hints[1].starts_with("this is a GSTIN; if the two cells are swapped, swap them back"), "{hints:?}");
    // One column for both takes either.
    assert_eq!(customer_cell("panOrGstin", "AAPFU0939F", Text, "panOrGstin"), "AAPFU0939F");
}

#[test]
fn t29_a_consumer_with_a_gstin_and_a_registered_one_without_are_warned_of() {
    for (treatment, gstin, found) in [
        ("Consumer", "27AAPFU0939F1ZV", true),
        ("Unregistered", "27AAPFU0939F1ZV", true),
        ("business_none", "27AAPFU0939F1ZV", true),
        ("Registered Regular", "", true),
        ("business_gst", "", true),
        ("Composition", "", true),
        ("Regular", "27AAPFU0939F1ZV", false),
        ("consumer", "", false),
        ("Unregistered/Consumer", "", false),
        ("overseas", "", false),
        ("", "27AAPFU0939F1ZV", false),
    ] {
        let block = customer(&[("GST Treatment", treatment, Text), ("GSTIN", gstin, Text)]);
        if found {
            assert_told(&block, "gst-treatment-mismatch", Severity::Warning, &[treatment, "stands beside"]);
        } else {
            assert_eq!(codes(&block.rows[0]), "", "{treatment} {gstin}");
        }
    }
    let cells = [("GST Treatment", "consumer", Text), ("Customer GSTIN", "27AAPFU0939F1ZV", Text)];
    assert_told(&invoice(&cells), "gst-treatment-mismatch", Severity::Warning, &["who has one is registered"]);
    assert_eq!(codes(&invoice(&[("GST Treatment", "business_gst", Text)]).rows[0]), "", "the sheet has no GSTINs");
}

#[test]
fn t30_credit_notes_are_left_out_and_other_negative_invoices_refused() {
    for (heading, text) in [("Document Type", "CRN"), ("Voucher Type", "Credit Note"), ("Taxable Value", "1,000.00 Cr")]
    {
        let block = invoice(&[(heading, text, Text)]);
        let (code, message) = left_out(&block);
        assert_eq!(code, code::CREDIT_NOTE, "{text}");
        assert!(message.contains(text) && message.contains("the API has no operation for it"), "{message}");
    }
    for amount in ["-1000", "(1,000.00)", "1,000.00-"] {
        let block = invoice(&[("Taxable Value", amount, Text)]);
        assert_told(
            &block,
            "amount-negative",
            Severity::Error,
            &["-1000.00 is negative", "credit notes are not invoices"],
        );
    }
    assert_eq!(told(&invoice(&[("Taxable Value", "(1,000.00) Cr", Text)])).1, Severity::Error);
}

#[test]
fn t38_cancelled_documents_are_left_out_with_their_amounts_kept_for_a_total() {
    for (status, expected) in [
        ("Void", code::DOCUMENT_VOID),
        ("Draft", code::DOCUMENT_DRAFT),
        ("Cancelled", code::DOCUMENT_CANCELLED),
        ("Reversed", code::DOCUMENT_CANCELLED),
    ] {
        let block = invoice(&[("Invoice Status", status, Text)]);
        assert_eq!(left_out(&block).0, expected);
        assert_eq!(block.rows[0].amounts.taxable, Some(crate::money::Money(100_000)));
    }
    let block = invoice(&[("Party Name", "Asha Traders (cancelled)", Text)]);
    assert_eq!(left_out(&block).0, code::DOCUMENT_CANCELLED);
    assert!(left_out(&block).1.contains("Asha Traders (cancelled)"));
}

#[test]
fn t39_another_currency_is_refused_unless_the_local_one_is_mapped() {
    for amount in ["USD 100", "$100", "€100", "100 USD"] {
        let block = invoice(&[("Taxable Value", amount, Text)]);
        assert_told(&block, "currency-not-inr", Severity::Error, &[amount]);
    }
    let block = invoice(&[("Currency", "USD", Text)]);
    assert_told(&block, "currency-not-inr", Severity::Error, &["\"USD\" is not INR; the API takes rupees only"]);
    for currency in ["INR", "inr", "Rs.", "₹", ""] {
        assert_eq!(codes(&invoice(&[("Currency", currency, Text)]).rows[0]), "", "{currency}");
    }
    let sap = [
        ("Local Currency", "INR", Text),
        ("Document currency", "USD", Text),
        ("Amount in local currency", "1000", Text),
    ];
    assert_eq!(codes(&invoice(&sap).rows[0]), "");
}

#[test]
fn t31_words_in_a_total_row_are_no_amount_and_stop_nothing() {
    let csv = "Invoice No,Customer Code,Invoice Date,Due Date,Taxable Value,Invoice Value\n\
        A-1,C-1,13/05/2026,13/06/2026,1000,1180\n\
        A-2,C-1,13/05/2026,13/06/2026,1000,1180\n\
        Grand Total,,,,2000,Rupees Two Thousand Only\n";
    let operation = Operation::by_name("invoices create").unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.csv"), csv).unwrap();
    let recognise = |heading: &str| mapping::recognises(operation, heading);
    let reading = Reading::default();
    let source = sheets_of(&folder.path().join("a.csv"), &reading).unwrap().remove(0);
    let mut open = source.open(&reading, &recognise).unwrap();
    let mut block = RowBlock::default();
    open.next_block(&mut block, 10, 1 << 20).unwrap();
    open.next_block(&mut RowBlock::default(), 10, 1 << 20).unwrap();
    let headings = open.header.columns.clone();
    let mapping = mapping::map_columns(operation, &headings, &|_| Vec::new(), &MappingSettings::default()).unwrap();
    let mut sums = totals::ColumnSums::default();
    check("invoices create", csv).rows.iter().for_each(|row| sums.add(&row.amounts));
    let end = open.finish();
    assert_eq!((block.len(), end.dropped.total()), (2, 1));
    let total = &end.dropped.stated_total().unwrap().cells;
    assert_eq!(totals::grand_total_mismatch(operation, &mapping, total, &sums), []);
    // In a row of data the words may stand for an amount that is missing.
    let block = invoice(&[("Taxable Value", "Rupees One Lakh Only", Text)]);
    assert_told(&block, "amount-not-decimal", Severity::Error, &["Rupees One Lakh Only"]);
}

#[test]
fn t32_a_link_is_its_text_without_the_scheme() {
    for text in ["mailto:a@x.in", "MAILTO:a@x.in?subject=hello", "<a@x.in>"] {
        assert_eq!(customer_cell("Email", text, Text, "keyContactEmail"), "a@x.in");
    }
    assert_eq!(customer_cell("Mobile", "tel:+91-98765-43210", Text, "keyContactMobile"), "+919876543210");
}

#[test]
fn t33_entities_and_tags_of_html_are_decoded() {
    for (text, name) in [("A &amp; B", "A & B"), ("A<br>B", "A B"), ("<b>A</b> &#38; B", "A & B"), ("AT&T", "AT&T")] {
        assert_eq!(customer_cell("Legal Name", text, Text, "legalName"), name);
    }
}

#[test]
fn t34_text_that_looks_like_a_formula_is_text() {
    for text in ["=HYPERLINK(x)", "@SUM", "+A1", "-A1", "=1+1"] {
        assert_eq!(customer_cell("Legal Name", text, Text, "legalName"), text);
    }
    assert_told(
        &invoice(&[("Taxable Value", "=1000+180", Text)]),
        "amount-not-decimal",
        Severity::Error,
        &["=1000+180"],
    );
}

#[test]
fn t35_a_text_longer_than_the_limit_is_refused_and_never_cut() {
    let long = "x".repeat(201);
    let block = customer(&[("Legal Name", &long, Text)]);
    let parts = ["has 201 characters; at most 200 are taken", "nothing is cut off silently"];
    assert_told(&block, "text-too-long", Severity::Error, &parts);
    assert_eq!(customer_cell("Legal Name", &long[1..], Text, "legalName"), long[1..]);
    let code = "x".repeat(101);
    assert_told(&customer(&[("Party Code", &code, Text)]), "text-too-long", Severity::Error, &["has 101 characters"]);
}

#[test]
fn rates_are_known_by_date_and_only_warn() {
    for (rate, issued, found) in [
        ("0", "13/05/2026", ""),
        ("0.1", "13/05/2026", ""),
        ("0.25", "13/05/2026", ""),
        ("1", "13/05/2026", ""),
        ("1.5", "13/05/2026", ""),
        ("3", "13/05/2026", ""),
        ("5", "13/05/2026", ""),
        ("6", "13/05/2026", ""),
        ("6", "31/03/2022", "rate-superseded"),
        ("7.5", "13/05/2026", ""),
        ("12", "21/09/2025", ""),
        ("12", "22/09/2025", "rate-superseded"),
        ("18", "13/05/2026", ""),
        ("28", "21/09/2025", ""),
        ("28", "22/09/2025", "rate-superseded"),
        ("40", "21/09/2025", "rate-superseded"),
        ("40", "22/09/2025", ""),
        ("15", "13/05/2026", "rate-unlisted"),
        ("Exempt", "13/05/2026", ""),
        ("Nil", "13/05/2026", ""),
        ("NA", "13/05/2026", ""),
        ("Non-GST", "13/05/2026", ""),
    ] {
        let block = invoice(&[
            ("Tax Rate", rate, Text),
            ("Invoice Date", issued, Text),
            ("Due Date", "", Text),
            ("Credit Days", "30", Text),
        ]);
        assert_eq!(
            (codes(&block.rows[0]).as_str(), &block.rows[0].standing),
            (found, &Standing::Ready),
            "{rate} {issued}"
        );
    }
    let parts = ["\"15\" is no rate of GST; the nearest are 12 % and 18 %"];
    assert_told(&invoice(&[("Tax Rate", "15", Text)]), "rate-unlisted", Severity::Warning, &parts);
    let note = [("Tax Rate", "12", Text), ("Document Type", "Debit Note", Text)];
    assert_eq!(codes(&invoice(&note).rows[0]), "", "a debit note goes by the date of its invoice");
}

#[test]
fn tax_that_the_rate_does_not_make_is_warned_of() {
    for (rate, cgst, sgst, igst, found) in [
        ("18", "90.00", "90.00", "", ""),
        ("18", "91.00", "91.00", "", ""),
        ("18", "91.01", "91.00", "", "tax-not-by-rate"),
        ("18", "", "", "181.00", ""),
        ("18", "", "", "181.01", "tax-not-by-rate"),
        ("18", "", "", "0", ""),
        ("18", "", "", "", ""),
    ] {
        let cells = [("Tax Rate", rate, Text), ("CGST", cgst, Text), ("SGST", sgst, Text), ("IGST", igst, Text)];
        assert_eq!(codes(&invoice(&cells).rows[0]), found, "{cgst} {sgst} {igst}");
    }
}

#[test]
fn tax_heads_of_another_state_than_the_place_of_supply_are_warned_of() {
    for (supplier, place, heads, other, found) in [
        ("27AAPFU0939F1ZV", "27-Maharashtra", "C", ("", ""), ""),
        ("27AAPFU0939F1ZV", "27-Maharashtra", "I", ("", ""), "tax-heads-other-state"),
        ("27AAPFU0939F1ZV", "24-Gujarat", "I", ("", ""), ""),
        ("27AAPFU0939F1ZV", "24-Gujarat", "C", ("", ""), "tax-heads-other-state"),
        ("27AAPFU0939F1ZV", "24-Gujarat", "", ("", ""), ""),
        ("25AAACI1681G1ZT", "26", "C", ("", ""), "gstin-old-state"),
        ("27AAPFU0939F1ZV", "96-Other Countries", "I", ("", ""), ""),
        ("27AAPFU0939F1ZV", "96-Other Countries", "C", ("", ""), "tax-heads-other-state"),
        ("27AAPFU0939F1ZV", "27", "I", ("GST Treatment", "SEZ supplies with payment"), ""),
        ("27AAPFU0939F1ZV", "27", "C", ("GST Treatment", "business_sez"), "tax-heads-other-state"),
        ("27AAPFU0939F1ZV", "27", "I", ("GST Treatment", "Intra-State supplies attracting IGST"), ""),
        ("27AAPFU0939F1ZV", "27", "C", ("GST Treatment", "Deemed Export"), ""),
        ("27AAPFU0939F1ZV", "somewhere", "C", ("", ""), ""),
        ("", "24", "C", ("", ""), ""),
    ] {
        let amount = |head: &str| if heads == head { "90" } else { "" };
        let mut cells = vec![
            ("Supplier GSTIN", supplier, Text),
            ("sellerId", "CEK0000001", Text),
            ("Place of Supply", place, Text),
            ("CGST", amount("C"), Text),
            ("SGST", amount("C"), Text),
            ("IGST", amount("I"), Text),
        ];
        if !other.0.is_empty() {
            cells.push((other.0, other.1, Text));
        }
        let block = invoice(&cells);
        assert_eq!((codes(&block.rows[0]).as_str(), &block.rows[0].standing), (found, &Standing::Ready), "{cells:?}");
    }
}

#[test]
fn tax_heads_that_contradict_each_other_are_refused_and_a_total_within_a_rupee_is_not() {
    for (cgst, sgst, igst, total, found) in [
        ("90", "90", "", "1180", ""),
        ("90", "90.01", "", "1180.01", ""),
        ("90", "90.02", "", "1180.02", "tax-heads-unequal"),
        ("90", "90", "180", "1360", "tax-heads-mixed"),
        ("", "", "180", "1181.00", ""),
        ("", "", "180", "1179.00", ""),
        ("", "", "180", "1181.01", "total-mismatch"),
    ] {
        let cells = [("CGST", cgst, Text), ("SGST", sgst, Text), ("IGST", igst, Text), ("Invoice Value", total, Text)];
        assert_eq!(codes(&invoice(&cells).rows[0]), found, "{cgst} {sgst} {igst} {total}");
    }
    for (reverse, total, found) in [("Y", "1000", ""), ("Y", "1180", ""), ("N", "1000", "total-mismatch")] {
        let cells = [("Reverse Charge", reverse, Text), ("IGST", "180", Text), ("Invoice Value", total, Text)];
        assert_eq!(codes(&invoice(&cells).rows[0]), found, "{reverse} {total}");
    }
}

#[test]
fn charges_that_the_law_has_ended_are_warned_of() {
    for (heading, amount, issued, found) in [
        ("Cess Amount", "10", "21/09/2025", ""),
        ("Cess Amount", "10", "22/09/2025", "charge-ended"),
        ("Cess Amount", "0", "22/09/2025", ""),
        ("TCS", "1.00", "31/03/2025", ""),
        ("TCS", "1.00", "01/04/2025", "charge-ended"),
        ("TCS", "10.00", "01/04/2025", ""),
    ] {
        let cells = [
            (heading, amount, Text),
            ("Invoice Value", if heading == "TCS" && amount == "1.00" { "1001" } else { "1010" }, Text),
            ("Invoice Date", issued, Text),
            ("Due Date", "", Text),
            ("Credit Days", "30", Text),
        ];
        let block = invoice(&cells);
        let found_here: Vec<&str> = block.rows[0]
            .findings
            .iter()
            .map(|finding| finding.code.as_str())
            .filter(|code| *code != "total-mismatch")
            .collect();
        assert_eq!(found_here.join(" "), found, "{heading} {amount} {issued}");
    }
}

#[test]
fn values_too_large_for_a_return_are_refused() {
    assert_eq!(invoice_cell("Taxable Value", "99999999999.99", Text, "baseAmount"), "99999999999.99");
    let block = invoice(&[("Taxable Value", "100000000000", Number)]);
    assert_told(&block, "amount-too-large", Severity::Error, &["more than eleven digits"]);
    assert_eq!(told(&invoice(&[("Invoice Value", "99999999999999", Text)])).0, "amount-too-large");
    assert_eq!(told(&invoice(&[("Taxable Value", "2026-05-13", DateCell)])).0, "amount-not-decimal");
}

#[test]
fn a_cell_that_calls_its_row_cancelled_or_a_return_holds_the_row_back() {
    for (heading, cell, parts) in [
        ("Remarks", "CANCELLED", ["\"CANCELLED\" stands there: is the row to be sent?", "--map \"HEADING=status\""]),
        ("Dispatch Note", "Void", ["\"Void\" stands there below \"Dispatch Note\"", "--map \"Dispatch Note=status\""]),
        ("Txn Type", "CN", ["\"CN\" stands there below \"Txn Type\"", "--map \"Txn Type=documentType\""]),
        ("Category", "Sales Return", ["\"Sales Return\" stands there below", "--map \"Category=documentType\""]),
    ] {
        assert_told(&invoice(&[(heading, cell, Text)]), "document-doubtful", Severity::Error, &parts);
    }
    for (heading, cell) in
        [("Remarks", "order cancelled, replaced by PO 7"), ("Txn Type", "Sale"), ("Category", "C"), ("Grade", "CN")]
    {
        assert_eq!(codes(&invoice(&[(heading, cell, Text)]).rows[0]), "", "{heading} {cell}");
    }
    // A column that says the state says it better.
    let block = invoice(&[("Status", "Cancelled", Text), ("Remarks", "Cancelled", Text)]);
    assert_eq!(left_out(&block), (code::DOCUMENT_CANCELLED, "the sheet says \"Cancelled\""));
    let block = invoice(&[("Status", "Sent", Text), ("Remarks", "Cancelled", Text)]);
    assert_told(&block, "document-doubtful", Severity::Error, &["take the row out of the sheet"]);
}

#[test]
fn an_exchange_rate_without_a_currency_asks_whether_the_amounts_are_rupees() {
    let block = invoice(&[("Exchange Rate", "83.25", Text)]);
    let parts = ["\"83.25\" stands below \"Exchange Rate\"", "--map \"HEADING=currency\""];
    assert_told(&block, "currency-not-inr", Severity::Error, &parts);
    for rate in ["1", "1.000000", "0", "", "-"] {
        assert_eq!(codes(&invoice(&[("Exchange Rate", rate, Text)]).rows[0]), "", "{rate}");
    }
    let block = invoice(&[("Exchange Rate", "83.25", Text), ("Currency", "INR", Text)]);
    assert_eq!(codes(&block.rows[0]), "");
}

#[test]
fn an_invoice_of_another_age_is_a_slip_of_its_date() {
    for slip in ["26-04-01", "13/04/1926", "13/04/2006"] {
        assert_eq!(invoice_cell("Invoice Date", slip, Text, "invoiceDate"), "date-out-of-range Error", "{slip}");
    }
    assert_eq!(invoice_cell("Invoice Date", "13/04/2020", Text, "invoiceDate"), "2020-04-13");
}
