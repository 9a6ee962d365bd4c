//! One test for each quirk of cells that sheets are known for, named after its number in the domain reference.
//!
//! Every one reads a file's text, maps its headings and checks its rows; cells that only a workbook can hold are put
//! into the block by their kind. Duplicates between rows (T25, T36) and lines of one document (T37) stand with the
//! tests of the pipeline; T26 to T35, T38 and T39 concern the row as a whole and have a file of their own.

use super::tests::{codes, directory, rules};
use super::*;
use crate::config::{MappingSettings, Reading};
use crate::mapping;
use crate::sheet::CellKind::{self, Bool, Date as DateCell, Number, Text};
use crate::sheet::open::sheets_of;

/// The rows of a CSV file after checking.
pub(super) fn check(operation: &str, csv: &str) -> CheckedBlock {
    let operation = Operation::by_name(operation).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    std::fs::write(&path, csv).unwrap();
    let reading = Reading::default();
    let recognise = |heading: &str| mapping::recognises(operation, heading);
    let mut open = sheets_of(&path, &reading).unwrap()[0].open(&reading, &recognise).unwrap();
    let mut block = RowBlock::default();
    open.next_block(&mut block, 1000, 1 << 20).unwrap();
    checked(operation, &open.header.columns, &block)
}

fn checked(operation: &'static Operation, headings: &[String], block: &RowBlock) -> CheckedBlock {
    let samples = |column: usize| (0..block.len()).map(|row| block.text(row, column).to_owned()).collect();
    let mapping = mapping::map_columns(operation, headings, &samples, &MappingSettings::default()).unwrap();
    let company = Company { company_id: "CEK0000001".to_owned(), ..Company::default() };
    let (directory, severity) = (directory(), BTreeMap::new());
    let rules = rules(&company, &directory, &severity);
    let mut evidence = dates::Evidence::new(&dates::columns(operation, &mapping, None));
    evidence.add(block);
    Checker::new(operation, &mapping, &evidence.decide(None), &rules).check(block)
}

/// One row of an operation: the cells that it needs, and the given ones over or beside them.
fn row_of(operation: &str, needed: &[(&str, &str)], given: &[(&str, &str, CellKind)]) -> CheckedBlock {
    let operation = Operation::by_name(operation).unwrap();
    let others = needed.iter().filter(|(heading, _)| given.iter().all(|(over, ..)| over != heading));
    let cells: Vec<(&str, &str, CellKind)> =
        others.map(|(heading, text)| (*heading, *text, Text)).chain(given.iter().copied()).collect();
    let headings: Vec<String> = cells.iter().map(|(heading, ..)| (*heading).to_owned()).collect();
    let mut block = RowBlock::new(cells.len());
    for (_, text, kind) in &cells {
        block.push_cell(text, *kind);
    }
    block.finish_row(2, 0);
    checked(operation, &headings, &block)
}

/// A customer with these cells.
pub(super) fn customer(given: &[(&str, &str, CellKind)]) -> CheckedBlock {
    let needed = [("keyContactName", "Asha"), ("keyContactLegalName", "Asha Traders"), ("Mobile", "9876543210")];
    row_of("customers create", &needed, given)
}

/// An invoice with these cells.
pub(super) fn invoice(given: &[(&str, &str, CellKind)]) -> CheckedBlock {
    let needed = [
        ("Invoice No", "A-1"),
        ("Customer Code", "C-1"),
        ("Invoice Date", "13/05/2026"),
        ("Due Date", "13/06/2026"),
        ("Taxable Value", "1000.00"),
    ];
    row_of("invoices create", &needed, given)
}

/// What is sent of a field in the only row; what was found instead if the row is not good.
pub(super) fn sent(block: &CheckedBlock, operation: &str, field: &str) -> String {
    let operation = Operation::by_name(operation).unwrap();
    let row = &block.rows[0];
    if row.standing != Standing::Ready {
        return format!("{} {}", codes(row), severities(row));
    }
    let line = csv::ReaderBuilder::new().has_headers(false).from_reader(block.line(row).as_bytes()).records().next();
    let index = crate::chunk::columns(operation, row.columns).position(|(_, name)| name == field);
    index.map_or("not sent".to_owned(), |index| line.unwrap().unwrap()[index].to_owned())
}

fn severities(row: &CheckedRow) -> String {
    row.findings.iter().map(|finding| format!("{:?}", finding.severity)).collect::<Vec<_>>().join(" ")
}

/// What a customer's cell of this heading is sent as, or what is found.
pub(super) fn customer_cell(heading: &str, text: &str, kind: CellKind, field: &str) -> String {
    sent(&customer(&[(heading, text, kind)]), "customers create", field)
}

/// What an invoice's cell of this heading is sent as, or what is found.
pub(super) fn invoice_cell(heading: &str, text: &str, kind: CellKind, field: &str) -> String {
    sent(&invoice(&[(heading, text, kind)]), "invoices create", field)
}

/// Code, severity, message and hint of the first finding of the first row.
pub(super) fn told(block: &CheckedBlock) -> (&'static str, Severity, String) {
    let finding = block.rows[0].findings.first().expect("something is found");
    let hint = finding.hint.as_ref().map_or(String::new(), |hint| format!(" | {hint}"));
    (finding.code.as_str(), finding.severity, format!("{}{hint}", finding.message))
}

/// Checks what the first finding says and that it weighs what the table says.
pub(super) fn assert_told(block: &CheckedBlock, code: &str, severity: Severity, parts: &[&str]) {
    let (found, weight, message) = told(block);
    assert_eq!((found, weight), (code, severity), "{message}");
    for part in parts {
        assert!(message.contains(part), "{message:?} lacks {part:?}");
    }
    let invalid = block.rows[0].standing == Standing::Invalid;
    assert_eq!(invalid, severity == Severity::Error, "{message}");
}

#[test]
fn t1_spaces_of_every_kind_are_single_spaces() {
    for space in ["\u{a0}", "\u{202f}", "\u{3000}", "\u{2007}", " \u{a0} "] {
        let name = format!("{space}Mehta{space}Traders{space}");
        assert_eq!(customer_cell("Legal Name", &name, Text, "legalName"), "Mehta Traders");
    }
}

#[test]
fn t2_marks_that_nobody_sees_are_removed() {
    for mark in ["\u{200b}", "\u{200e}", "\u{202a}", "\u{ad}", "\u{feff}", "\u{2060}"] {
        assert_eq!(customer_cell("GSTIN", &format!("27AAPFU0939F1ZV{mark}"), Text, "panOrGstin"), "27AAPFU0939F1ZV");
        assert_eq!(customer_cell("Legal Name", &format!("Me{mark}hta"), Text, "legalName"), "Mehta");
    }
}

#[test]
fn t3_names_keep_their_quotes_and_codes_get_plain_characters() {
    assert_eq!(customer_cell("Legal Name", "Mehta’s “Shop” – 2", Text, "legalName"), "Mehta’s “Shop” – 2");
    assert_eq!(customer_cell("GSTIN", "２７AAPFU0939F1ZV", Text, "panOrGstin"), "27AAPFU0939F1ZV");
    assert_eq!(customer_cell("PAN", "AAPFU–0939–F", Text, "panOrGstin"), "AAPFU0939F");
    assert_eq!(customer_cell("Mobile", "98765–43210", Text, "keyContactMobile"), "+919876543210");
    // The number stands on a document, so its dash is mapped and told of.
    assert_told(
        &invoice(&[("Invoice No", "A–1", Text)]),
        "invoice-number-dash",
        Severity::Warning,
        &["read as \"A-1\""],
    );
}

#[test]
fn t4_a_letter_of_another_alphabet_in_a_code_is_named() {
    let gstin = customer(&[("GSTIN", "27\u{410}APFU0939F1ZV", Text)]);
    let parts = ["Cyrillic letter \u{410} (U+0410)", "type the Latin letter A"];
    assert_told(&gstin, "lookalike-character", Severity::Error, &parts);
    for (heading, text) in [("PAN", "AAPFU0939\u{3a5}"), ("IFSC", "\u{41d}DFC0001234")] {
        assert_eq!(told(&customer(&[(heading, text, Text)])).0, "lookalike-character", "{heading}");
    }
    assert_eq!(told(&invoice(&[("Invoice No", "\u{406}NV-1", Text)])).0, "lookalike-character");
}

#[test]
fn t5_digits_of_indian_scripts_are_read_in_numeric_fields() {
    for (amount, read) in
        [("२७", "27.00"), ("૨૭", "27.00"), ("௨௭", "27.00"), ("২৭", "27.00"), ("१,००,०००.५०", "100000.50")]
    {
        assert_eq!(invoice_cell("Taxable Value", amount, Text, "baseAmount"), read, "{amount}");
    }
    assert_eq!(invoice_cell("Invoice Date", "१३/०५/२०२६", Text, "invoiceDate"), "2026-05-13");
    assert_eq!(customer_cell("Mobile", "९८७६५४३२१०", Text, "keyContactMobile"), "+919876543210");
    assert_eq!(customer_cell("Pincode", "४००००१", Text, "pinCode"), "400001");
}

#[test]
fn t6_letters_are_stored_composed() {
    assert_eq!(customer_cell("Legal Name", "Cafe\u{301}", Text, "legalName"), "Café");
}

#[test]
fn t7_placeholders_are_blanks_and_zero_is_one_in_codes_only() {
    for blank in ["-", "--", ".", "NA", "N/A", "NIL", "NULL", "None", "#N/A"] {
        for (heading, field) in [("Legal Name", "legalName"), ("GSTIN", "panOrGstin"), ("Party Code", "uniqueRefNo")] {
            assert_eq!(customer_cell(heading, blank, Text, field), "", "{heading} {blank}");
        }
    }
    for (heading, field) in [
        ("GSTIN", "panOrGstin"),
        ("PAN", "panOrGstin"),
        ("IFSC", "ifsc"),
        ("Account No", "accountNumber"),
        ("Party Code", "uniqueRefNo"),
    ] {
        for (zero, kind) in [("0", Text), ("0", Number), ("0.0", Number)] {
            assert_eq!(customer_cell(heading, zero, kind, field), "", "{heading} {zero}");
        }
    }
    assert_eq!(customer_cell("Legal Name", "0", Text, "legalName"), "0");
    assert_eq!(invoice_cell("CGST", "0", Text, "cgst"), "0.00");
    assert_told(&invoice(&[("Taxable Value", "NIL", Text)]), "required-missing", Severity::Error, &["is blank"]);
}

#[test]
fn t8_a_leading_apostrophe_is_dropped() {
    assert_eq!(customer_cell("Account No", "'012345678", Text, "accountNumber"), "012345678");
    assert_eq!(customer_cell("Party Code", "'0123", Text, "uniqueRefNo"), "0123");
}

#[test]
fn t9_codes_are_compacted_and_in_capitals() {
    assert_eq!(customer_cell("GSTIN", "27 aapfu 0939 f1zv", Text, "panOrGstin"), "27AAPFU0939F1ZV");
    assert_eq!(customer_cell("PAN", " aapfu 0939 f ", Text, "panOrGstin"), "AAPFU0939F");
    assert_eq!(customer_cell("IFSC", "hdfc 0001234", Text, "ifsc"), "HDFC0001234");
    assert_eq!(customer_cell("Pincode", "400 001", Text, "pinCode"), "400001");
}

#[test]
fn t10_one_swap_that_makes_a_code_right_is_offered_and_never_applied() {
    for (heading, text, code, offer) in [
        ("GSTIN", "27AAPFUO939F1ZV", "gstin-format", "perhaps \"27AAPFU0939F1ZV\" is meant; its check character fits"),
        ("GSTIN", "27AAPFU0939FIZV", "gstin-check-digit", "perhaps \"27AAPFU0939F1ZV\" is meant"),
        ("GSTIN", "Z7AAPFU0939F1ZV", "gstin-format", "perhaps \"27AAPFU0939F1ZV\" is meant"),
        ("GSTIN", "27AAPFU0939F12V", "gstin-format", "perhaps \"27AAPFU0939F1ZV\" is meant"),
        ("GSTIN", "27AAGCG4S76J1Z6", "gstin-format", "perhaps \"27AAGCG4576J1Z6\" is meant"),
        ("GSTIN", "29AABCFB078M1C8", "gstin-format", "perhaps \"29AABCF8078M1C8\" is meant"),
        ("PAN", "AAPFUO939F", "pan-format", "perhaps \"AAPFU0939F\" is meant"),
        ("PAN", "AAPFU0939F1", "pan-format", ""),
        ("IFSC", "HDFCO001234", "ifsc-format", "perhaps \"HDFC0001234\" is meant"),
        ("IFSC", "HDFCO00123", "ifsc-format", ""),
    ] {
        let block = customer(&[(heading, text, Text)]);
        assert_told(&block, code, Severity::Error, &[text, offer]);
        assert!(!offer.is_empty() || block.rows[0].findings[0].hint.is_none(), "{text}");
    }
}

#[test]
fn t11_a_gstin_that_lost_its_zero_is_refused_with_the_whole_one() {
    let block = customer(&[("GSTIN", "7AAACI1681G1ZR", Text)]);
    assert_told(&block, "gstin-format", Severity::Error, &["dropped the leading zero", "\"07AAACI1681G1ZR\""]);
}

#[test]
fn t12_a_state_code_gets_its_zero_back() {
    for (state, kind) in [("7", Text), ("7", Number), ("7.0", Number)] {
        assert_eq!(customer_cell("State", state, kind, "state"), "07");
    }
    assert_eq!(customer_cell("State", "27", Text, "state"), "27");
    assert_eq!(value::state_code("7").unwrap().code, "07");
}

#[test]
fn t13_an_hsn_code_is_not_sent_and_so_not_judged() {
    for hsn in ["402", "4021010", "0402", "x"] {
        assert_eq!(invoice_cell("HSN Code", hsn, Text, "hsnSac"), "not sent", "{hsn}");
    }
}

#[test]
fn t14_a_phone_that_is_a_float_keeps_all_its_digits() {
    for (text, kind) in [
        ("9876543210.0", Text),
        ("9876543210.0", Number),
        ("9876543210", Number),
        ("9.87654321E+09", Number),
        ("9.876543210E+09", Text),
    ] {
        assert_eq!(customer_cell("Mobile", text, kind, "keyContactMobile"), "+919876543210", "{text}");
        assert_eq!(customer_cell("Phone", text, kind, "contactNumber"), "+919876543210", "{text}");
    }
}

#[test]
fn t15_a_phone_rounded_by_scientific_text_is_refused() {
    for text in ["9.87654E+09", "9.88E+09", "9.87654321E+09", "9.8E9"] {
        let block = customer(&[("Mobile", text, Text)]);
        let parts = ["its last digits are gone", text, "format the column as text and type the number again"];
        assert_told(&block, "number-rounded", Severity::Error, &parts);
    }
}

#[test]
fn t16_an_account_number_that_a_spreadsheet_rounded_is_refused() {
    for (text, kind) in [
        ("50100123456789000", Number),
        ("50100123456789012", Number),
        ("9007199254740993", Number),
        ("5.01001234567890E+16", Number),
        ("5.01001E+16", Text),
        ("5.0100123456789E+16", Text),
    ] {
        let block = customer(&[("Account No", text, kind)]);
        assert_told(&block, "number-rounded", Severity::Error, &["its last digits are gone", "as text"]);
    }
    for (text, kind) in [("50100123456789012", Text), ("50100123456789000", Text), ("501001234567890", Number)] {
        assert_eq!(customer_cell("Account No", text, kind, "accountNumber"), text);
    }
}

#[test]
fn t17_an_account_number_shorter_than_the_others_is_warned_of() {
    let head = "keyContactName,keyContactLegalName,Mobile,Account No\n";
    let sheet = |numbers: &[&str]| {
        let rows: Vec<String> = numbers.iter().map(|number| format!("A,A,9876543210,{number}\n")).collect();
        check("customers create", &format!("{head}{}", rows.concat()))
    };
    let long = "012345678901234";
    let block = sheet(&[long, long, "12345678901234", long, long]);
    let found: Vec<String> = block.rows.iter().map(codes).collect();
    assert_eq!(found, ["", "", "number-shorter-than-others", "", ""]);
    assert_eq!(block.rows[2].standing, Standing::Ready);
    let message = &block.rows[2].findings[0].message;
    assert!(message.contains("has 14 digits, nearly all others of the column have 15"), "{message}");
    let mixed = sheet(&[long, "12345678901", "12345678901234", long, "123456789"]);
    assert!(mixed.rows.iter().all(|row| row.findings.is_empty()), "lengths differ from bank to bank");
    assert!(sheet(&[long, "12345678901234"]).rows[1].findings.is_empty(), "two numbers show nothing");
    let parts = ["expected 9 to 18 digits", "dropped zeros in front"];
    assert_told(&customer(&[("Account No", "12345678", Text)]), "account-number-format", Severity::Error, &parts);
}

#[test]
fn t18_the_first_of_several_phones_or_addresses_is_sent_and_said() {
    for text in ["9876543210/9765432109", "9876543210, 9765432109", "98765 43210; 97654 32109"] {
        let block = customer(&[("Mobile", text, Text)]);
        assert_told(&block, "several-values", Severity::Warning, &["+919876543210 is sent", text]);
        assert_eq!(sent(&block, "customers create", "keyContactMobile"), "+919876543210");
    }
    let block = customer(&[("Email", "a@x.in;b@y.in", Text)]);
    assert_told(&block, "several-values", Severity::Warning, &["\"a@x.in\" is sent"]);
    assert_eq!(sent(&block, "customers create", "keyContactEmail"), "a@x.in");
}

#[test]
fn t19_the_only_number_among_words_is_taken() {
    for text in ["98765 43210 (Ramesh)", "Ramesh: 98765-43210", "Mob. 9876543210", "9876543210 (after 6 pm)"] {
        assert_eq!(customer_cell("Mobile", text, Text, "keyContactMobile"), "+919876543210", "{text}");
    }
}

#[test]
fn t20_what_excel_made_of_a_number_is_refused() {
    for (heading, text, kind, what) in [
        ("Invoice No", "2026-03-04", DateCell, "is a date"),
        ("Invoice No", "04-Mar", Text, "is a date"),
        ("Invoice No", "2E+10", Text, "is a power of ten"),
        ("Invoice No", "2E+10", Number, "is a power of ten"),
        ("PO Number", "2026-03-04", DateCell, "is a date"),
        ("Customer Code", "2026-03-04", DateCell, "is a date"),
        ("Customer Code", "1.2E+11", Text, "is a power of ten"),
    ] {
        let parts = [what, "into which a spreadsheet turned what was typed", "format the column as text"];
        assert_told(&invoice(&[(heading, text, kind)]), "number-changed-by-spreadsheet", Severity::Error, &parts);
    }
    let code = customer(&[("Party Code", "2026-03-04", DateCell)]);
    assert_told(&code, "number-changed-by-spreadsheet", Severity::Error, &["is a date"]);
    // A lost zero leaves no trace; a number that was typed with its letter is one.
    assert_eq!(invoice_cell("Invoice No", "45", Number, "invoiceNumber"), "45");
    assert_eq!(invoice_cell("Invoice No", "2E10", Text, "invoiceNumber"), "2E10");
}

#[test]
fn t21_a_number_cell_in_a_text_column_loses_its_empty_decimals() {
    assert_eq!(invoice_cell("Invoice No", "1042.0", Number, "invoiceNumber"), "1042");
    assert_eq!(customer_cell("Party Code", "1042.0", Number, "uniqueRefNo"), "1042");
    assert_eq!(customer_cell("Legal Name", "1042.5", Number, "legalName"), "1042.5");
}

#[test]
fn t22_a_number_kept_as_text_is_read() {
    for text in ["'1000", "=\"1000\"", " 1000 ", "1,000.00"] {
        assert_eq!(invoice_cell("Taxable Value", text, Text, "baseAmount"), "1000.00", "{text}");
    }
}

#[test]
fn t23_yes_and_no_are_known_in_their_spellings() {
    for (texts, expected) in [("Y|Yes|TRUE|1|✓|yes|1.0", "true"), ("N|No|FALSE|0|✗", "false"), ("-|", "")] {
        for text in texts.split('|') {
            assert_eq!(invoice_cell("gstExclusive", text, Text, "gstExclusive"), expected, "{text}");
        }
    }
    assert_eq!(invoice_cell("gstExclusive", "TRUE", Bool, "gstExclusive"), "true");
    let block = invoice(&[("gstExclusive", "perhaps", Text)]);
    assert_told(&block, "boolean-not-recognised", Severity::Error, &["expected Y, Yes, TRUE, 1 or N, No, FALSE, 0"]);
}

#[test]
fn t24_a_column_of_text_decides_whether_its_rates_are_fractions() {
    let head = "Invoice No,Customer Code,Invoice Date,Due Date,Taxable Value,IGST,Tax Rate\n";
    let sheet = |rates: [&str; 2]| {
        let row = |number, rate| format!("A-{number},C-1,13/05/2026,13/06/2026,1000,180,{rate}\n");
        check("invoices create", &format!("{head}{}{}", row(1, rates[0]), row(2, rates[1])))
    };
    for rates in [["18", "18%"], ["0.18", "0.18"], ["GST 18%", "18.00"], ["9%+9%", "IGST18"]] {
        let block = sheet(rates);
        assert!(block.rows.iter().all(|row| row.findings.is_empty()), "{rates:?} {:?}", block.rows[0].findings);
    }
    assert_eq!(codes(&sheet(["0.18", "18"]).rows[0]), "rate-unlisted");
}
