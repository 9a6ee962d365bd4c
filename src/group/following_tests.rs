//! Which rows make a document, and what is doubted where that is not certain.

use super::MAX_LINES;
use super::follow::{Above, Step};
use super::survey::Unjoinable;
use super::tests::{A, amounts, keyed, sheet, sheet_with};
use crate::finding::Code;
use crate::sheet::RowMark;

#[test]
fn a_row_continues_the_document_above_when_its_key_is_blank_or_the_same() {
    let starts = Step::Starts { below: Above::Other };
    for (row, step) in [
        (format!("1|01/07/2026|{A}"), Step::Repeats),
        (format!(" 1 |1/7/2026|{}", A.to_lowercase()), Step::Repeats),
        ("1||".to_owned(), Step::Repeats),
        ("1||KC 0000 0000000001".to_owned(), Step::Repeats),
        (format!("1||{A}"), Step::Repeats),
        ("||".to_owned(), Step::Inherits),
        ("-|NA|".to_owned(), Step::Inherits),
        (format!("|01/07/2026|{A}"), Step::Unnumbered),
        (format!("||{A}"), Step::Unnumbered),
        (format!("2|01/07/2026|{A}"), starts),
        (format!("1|02/07/2026|{A}"), starts),
        ("1|01/07/2026|KC00000000000002".to_owned(), starts),
        ("||KC00000000000002".to_owned(), starts),
        ("|02/07/2026|".to_owned(), starts),
    ] {
        let sheet = keyed(&[&format!("1|01/07/2026|{A}"), &row]);
        assert_eq!(sheet.steps(), [starts, step], "{row}");
    }
    // A later row may tell what the first left blank.
    let sheet = keyed(&["1||", &format!("1|01/07/2026|{A}"), "1|02/07/2026|", "||"]);
    assert_eq!(sheet.steps(), [starts, Step::Repeats, starts, Step::Inherits]);
    // The first row begins a document, whatever it lacks.
    assert_eq!(keyed(&["||", "||"]).steps(), [starts, Step::Inherits]);
}

#[test]
fn a_row_that_cannot_be_read_stays_with_the_document_above_and_spoils_both_neighbours() {
    let rows =
        [format!("1|01/07/2026|{A}"), "x|y|z".to_owned(), format!("2|01/07/2026|{A}"), format!("3|01/07/2026|{A}")];
    let rows: Vec<String> = rows.iter().map(|row| format!("{row}|31/07/2026|10|x")).collect();
    let text = format!("Invoice No|Invoice Date|Customer Id|Due Date|Taxable Value|Item Name\n{}", rows.join("\n"));
    let mark = RowMark { row: 1, code: Code::SurplusCells, column: None, message: "too many".to_owned() };
    let sheet = sheet_with(&text, &[], |block| block.marks.push(mark));
    let starts = |below| Step::Starts { below };
    let (other, suspect) = (starts(Above::Other), starts(Above::Suspect));
    assert_eq!(sheet.steps(), [other, Step::Suspect, suspect, other]);
    assert_eq!(
        sheet.codes(),
        ["invalid surplus-cells@1 document-line-unclear@1", "invalid document-line-unclear", "ready"]
    );
}

#[test]
fn a_document_that_goes_on_further_down_refuses_the_sheet() {
    let row = |number: &str, day: u32| format!("{number}|{day:02}/07/2026|{A}");
    let scattered = keyed(&[&row("1", 1), &row("2", 1), &row("1", 1)]);
    assert_eq!(scattered.survey(), Err(Unjoinable::Scattered { row: 4, first: 2 }));
    // With another date it may be a slip or another document: neither goes.
    let contested = keyed(&[&row("1", 1), &row("2", 1), &row("1", 2), &row("3", 1)]);
    assert_eq!(contested.codes(), ["invalid document-number-twice", "ready", "invalid document-number-twice", "ready"]);
    // The same number in two financial years is allowed.
    let years = keyed(&[&format!("1|31/03/2026|{A}"), &format!("1|01/04/2026|{A}")]);
    assert_eq!(years.codes(), ["ready", "ready"]);
}

#[test]
fn a_document_longer_than_any_is_refused() {
    let rows = vec!["1||"; MAX_LINES as usize + 1];
    assert_eq!(keyed(&rows).survey(), Err(Unjoinable::TooLong { first: 2 }));
    assert_ne!(keyed(&rows[1..]).survey(), Err(Unjoinable::TooLong { first: 2 }));
}

#[test]
fn a_row_that_lost_its_number_spoils_the_document_that_may_be_its_own() {
    let good = ["1|10|1|1|12", "1|20|2|2|24", "2|30|3|3|36"];
    let sheet = |rows: &[&str]| {
        let rows: Vec<String> =
            rows.iter().enumerate().map(|(at, row)| format!("{row}|31/07/2026|item {at}")).collect();
        let headings = "Invoice No|Invoice Date|Customer Id|Taxable Value|CGST|SGST|Invoice Total|Due Date|Item Name";
        sheet(&format!("{headings}\n{}", rows.join("\n")))
    };
    let row = |number: &str, day: u32, rest: &str| format!("{number}|{day:02}/07/2026|{A}|{rest}");
    let blank = |rest: &str| format!("||{}|{rest}", "");
    let lines = good.map(|row| row.split_once('|').unwrap().1);
    let first = [row("1", 1, lines[0]), row("1", 1, lines[1])];
    for (lost, codes) in [
        // Its date is that of the document below, not of the one above.
        (row("", 2, lines[2]), vec!["ready", "invalid required-missing", "invalid document-line-unclear", "ready"]),
        // Date and customer are those of the document above.
        (row("", 1, lines[2]), vec!["invalid document-line-unclear@2", "ready", "ready"]),
        // Nothing says whose it is.
        (blank(lines[2]), vec!["invalid document-line-unclear@2", "invalid document-line-unclear", "ready"]),
    ] {
        let rows = [&first[..], &[lost.clone(), row("2", 2, lines[0]), row("3", 2, lines[0])]].concat();
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let found = sheet(&rows).codes();
        assert_eq!(found.len(), codes.len(), "{lost}: {found:?}");
        // Which amounts such a document's rows have may be told too.
        for (found, code) in found.iter().zip(codes) {
            let last = code.rsplit(' ').next().unwrap_or_default();
            assert!(found.starts_with(&code[..5]) && found.ends_with(last), "{lost}: {found} {code}");
        }
    }
}

#[test]
fn a_row_without_a_number_is_doubted_where_the_others_have_one() {
    let rows = ["1|10|1|1|36", "1|20|2|2|36", "2|10|1|1|12", "|10|1|1|12"];
    // Date and customer stand on every row.
    assert_eq!(amounts("", &rows).codes()[1], "invalid total-mismatch document-line-unclear@1");
    for (rows, repeats) in [
        (["1", "1", "2", ""], true),
        (["1", "1", "1", ""], true),
        (["1", "", "", "1"], false),
        (["1", "2", "", "3"], false),
    ] {
        let row = |(at, number): (usize, &&str)| {
            let key = if number.is_empty() { "||".to_owned() } else { format!("{number}|01/07/2026|{A}") };
            format!("{key}|31/07/2026|{at}|x")
        };
        let rows: Vec<String> = rows.iter().enumerate().map(row).collect();
        let headings = "Invoice No|Invoice Date|Customer Id|Due Date|Taxable Value|Item Name";
        let surveyed = sheet(&format!("{headings}\n{}", rows.join("\n"))).survey().unwrap();
        assert_eq!(surveyed.repeats_number, repeats, "{rows:?}");
    }
}
