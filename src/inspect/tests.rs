//! Whole sheets looked at, and tables written and read again.

use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use proptest::sample::Index;
use tempfile::TempDir;

use super::emit::emit;
use super::*;
use crate::sheet::open::list;

struct Folder {
    place: TempDir,
    reading: Reading,
    mapping: MappingSettings,
}

impl Folder {
    fn new() -> Folder {
        let place = tempfile::tempdir().unwrap();
        Folder { place, reading: Reading::default(), mapping: MappingSettings::default() }
    }

    fn listing(&self, bytes: &[u8]) -> Listing {
        let path: PathBuf = self.place.path().join("a.csv");
        fs::write(&path, bytes).unwrap();
        list(&path, &self.reading).unwrap()
    }

    fn look(&self, operation: Option<&str>) -> Look<'_> {
        let operation = operation.map(|name| Operation::by_name(name).unwrap());
        Look { operation, reading: &self.reading, mapping: &self.mapping }
    }

    fn inspect(&self, text: &str, operation: Option<&str>) -> Inspection {
        let listing = self.listing(text.as_bytes());
        inspect(&listing.sources[0], &listing, self.look(operation)).unwrap()
    }

    fn emit(&self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        emit(&self.listing(bytes).sources[0], self.look(None), &mut out).unwrap();
        out
    }
}

const SHEET: &str = "Acme Ltd\nSales Register\n\nInvoice No,Customer Id,Invoice Date,Due Date,Taxable Value,Colour\n\
    A-1,KC0123456789ABCD,13/04/2026,13/05/2026,\"1,00,000.00\",red\n\n\
    A-2,KC0123456789ABCD,14/04/2026,13/05/2026,500.50,\n\
    Invoice No,Customer Id,Invoice Date,Due Date,Taxable Value,Colour\n\
    A-3,KC0123456789ABCD,15/04/2026,13/05/2026,x,\nTotal,,,,\"1,00,500.50\",\nPrepared by Asha\n";

#[test]
fn a_sheet_is_shown_with_its_columns_and_what_was_left_out() {
    let found = Folder::new().inspect(SHEET, Some("invoices create"));
    assert_eq!((found.encoding, found.delimiter, found.line_ends), (Some("UTF-8"), Some(','), Some("LF")));
    assert_eq!((&found.header_rows[..], found.first_row, found.last_row), (&[4][..], 5, 9));
    assert_eq!((found.data_rows, found.blank_rows), (3, 1));
    let left: Vec<(&str, u64, &[u32])> =
        found.left_out.iter().map(|left| (left.what, left.rows, &left.first[..])).collect();
    assert_eq!(
        left,
        [("banner", 2, &[1, 2][..]), ("total", 1, &[10]), ("repeated-header", 1, &[8]), ("note", 1, &[11])]
    );
    let columns: Vec<(&str, Kind, Option<&str>)> =
        found.columns.iter().map(|column| (&column.heading[..], column.kind, column.field)).collect();
    assert_eq!(
        columns,
        [
            ("Invoice No", Kind::Identifier, Some("invoiceNumber")),
            ("Customer Id", Kind::Identifier, Some("customerId")),
            ("Invoice Date", Kind::Date, Some("invoiceDate")),
            ("Due Date", Kind::Date, Some("dueDate")),
            ("Taxable Value", Kind::Text, Some("baseAmount")),
            ("Colour", Kind::Text, None),
        ]
    );
    assert_eq!(found.columns[2].date_order, Some("dmy"));
    assert_eq!(found.columns[5].unused.as_deref(), Some("the heading is not known"));
    assert_eq!(found.columns[5].filled, 1);
    let mapping = found.mapping.unwrap();
    assert_eq!((mapping.problem, mapping.guessed), (None, false));
}

#[test]
fn customers_given_to_invoices_are_recognised_as_such() {
    let sheet = "Company Name,Display Name,GST Treatment,GSTIN,Email,Mobile,PAN,Customer Code,Billing Address,State,Pincode\n\
        Acme Ltd,Acme,Regular,29AABCT1332L1ZT,a@acme.example,9876543210,AABCT1332L,C1,1 Road,Karnataka,560001\n";
    let as_invoices = Folder::new().inspect(sheet, Some("invoices create")).mapping.unwrap();
    assert!(as_invoices.problem.unwrap().starts_with("no column for invoiceNumber"));
    let guessed = Folder::new().inspect(sheet, None).mapping.unwrap();
    assert_eq!((&guessed.operation[..9], guessed.guessed), ("customers", true));
    if guessed.problem.is_none() {
        assert!(as_invoices.also_fits.contains(&guessed.operation));
    }
}

#[test]
fn a_sheet_without_headings_has_columns_with_letters() {
    let found = Folder::new().inspect("1,x,2\n3,y,4\n", Some("invoices create"));
    let columns: Vec<&str> = found.columns.iter().map(|column| &column.heading[..]).collect();
    assert_eq!(columns, ["Column A", "Column B", "Column C"]);
    assert_eq!((found.header_rows.len(), found.data_rows, found.mapping), (0, 2, None));
}

#[test]
fn tables_are_written_as_they_are_read() {
    for (sheet, expected) in [
        (
            SHEET,
            "Invoice No,Customer Id,Invoice Date,Due Date,Taxable Value,Colour\r\n\
             A-1,KC0123456789ABCD,13/04/2026,13/05/2026,\"1,00,000.00\",red\r\n\
             A-2,KC0123456789ABCD,14/04/2026,13/05/2026,500.50,\r\n\
             A-3,KC0123456789ABCD,15/04/2026,13/05/2026,x,\r\n\
             Total,,,,\"1,00,500.50\",\r\nPrepared by Asha,,,,,\r\n",
        ),
        // Short rows are padded; blank surplus cells go, filled ones stay where they stand.
        (
            "Invoice No;Amount;\nA-1;5;;;\nA-2\nA-3;6;;x;\n=1+1;7;;\n",
            "Invoice No,Amount\r\nA-1,5\r\nA-2,\r\nA-3,6,,x\r\n=1+1,7\r\n",
        ),
        // A column without a heading has none; a repeated heading stays as it is.
        ("Invoice No,,Amount,Amount\nA-1,x,5,6\n", "Invoice No,,Amount,Amount\r\nA-1,x,5,6\r\n"),
        ("Invoice No,Amount,\nA-1,5,x\nA-2,6\n", "Invoice No,Amount,\r\nA-1,5,x\r\nA-2,6,\r\n"),
        // Two header rows are joined by a space; a caption goes before each heading that it spans.
        (
            "Invoice,,Amount,\nNo,Date,Taxable,Total\nA-1,1-4-26,5,6\n",
            "Invoice No,Invoice Date,Amount Taxable,Amount Total\r\nA-1,1-4-26,5,6\r\n",
        ),
        ("1,x\n2,y,z\n\n3\n", "1,x,\r\n2,y,z\r\n3,,\r\n"),
        // Further tables are left out.
        (
            "Invoice No,Customer Id,Amount\nA-1,KC1,5\n\nInvoice Date,Due Date,Total\n1-4-26,2-4-26,6\n",
            "Invoice No,Customer Id,Amount\r\nA-1,KC1,5\r\n",
        ),
        ("Invoice No,Amount\n", "Invoice No,Amount\r\n"),
        ("\n\n", ""),
    ] {
        let written = Folder::new().emit(sheet.as_bytes());
        assert_eq!(String::from_utf8(written).unwrap(), expected, "{sheet}");
    }
}

#[test]
fn odd_cells_read_back_as_they_were_written() {
    for cell in ["sep=:", "\u{feff}x", "<html>", "%PDF-", " x ", "a;b", "a|b", "a\tb", "'x", "a\"b", "a\nb", "a\r\nb"] {
        let quoted = format!("\"{}\"", cell.replace('"', "\"\""));
        let sheet = format!("{quoted},1\r\n{quoted},2\r\n");
        let folder = Folder::new();
        let once = folder.emit(sheet.as_bytes());
        assert_eq!(folder.emit(&once), once, "{cell:?}");
    }
}

/// Asserts that what is written of a sheet is written the same when it is read again.
#[track_caller]
fn assert_kept(sheet: &[u8]) {
    let mut folder = Folder::new();
    // So few and ragged rows may leave it open which character separates them.
    folder.reading.delimiter = Some(b',');
    let once = folder.emit(sheet);
    if !once.is_empty() {
        let twice = folder.emit(&once);
        assert_eq!(String::from_utf8_lossy(&twice), String::from_utf8_lossy(&once));
    }
}

#[test]
fn rows_above_do_not_make_headings_of_a_row_that_is_none_without_them() {
    // Most rows have one cell, and fewer do once the first is left out.
    assert_kept(b"x\niD,x,x\n,,x,x\nx\n");
}

/// Cells such as sheets have, and such as break readers.
fn cell() -> impl Strategy<Value = String> {
    let known = ["", "", " ", "x", "Acme Ltd", "1,00,000.00", "13/04/2026", "\"", "a\nb", "a;b", "a\t", "=1"];
    prop_oneof![3 => proptest::sample::select(known.to_vec()).prop_map(str::to_owned), 1 => "[ -~₹é\t]{0,8}"]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_written_table_read_again_is_written_the_same(
        header in any::<bool>(),
        mut rows in proptest::collection::vec(proptest::collection::vec(cell(), 1..6), 1..12),
        (lone, row, column) in any::<(bool, Index, Index)>(),
    ) {
        if lone && !header {
            // A heading that is known, in a row that may be the headings.
            let row = row.get_mut(&mut rows);
            *column.get_mut(row) = "iD".to_owned();
        }
        let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
        if header {
            writer.write_record(["Invoice No", "Customer Id", "Amount", "Remarks"]).unwrap();
        }
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        if header {
            writer.write_record(["Total", "", "1,00,000.00"]).unwrap();
        }
        assert_kept(&writer.into_inner().unwrap());
    }
}

#[test]
fn columns_without_headings_and_values_are_no_part_of_the_table() {
    let found = Folder::new().inspect(",,Invoice No,,Total\n,,A-1,x,500\n,,A-2,,600\n", None);
    let columns: Vec<(&str, &str)> =
        found.columns.iter().map(|column| (&column.letters[..], &column.heading[..])).collect();
    assert_eq!(columns, [("C", "Invoice No"), ("D", "Column D"), ("E", "Total")]);
}

#[test]
fn rows_to_check_are_named_by_number() {
    let row = |number: u32, rest: &str| format!("A-{number},13/04/2026,500.00{rest}\n");
    let rows: String = (2..9).map(|number| row(number, ",1,more")).collect();
    let found = Folder::new().inspect(&format!("Invoice No,Date,Total\nA-1,13/04/2026,5\"00\n{rows}"), None);
    assert_eq!(found.marked_rows, BTreeMap::from([("stray-quote", 1), ("surplus-cells", 7)]));
    assert_eq!(found.marked_first["stray-quote"], [2]);
    assert_eq!(found.marked_first["surplus-cells"], [3, 4, 5, 6, 7]);
}

#[test]
fn invoices_are_not_taken_for_customers_because_an_amount_is_missing() {
    let items = "Customer,Name 1,Reference,Doc. Date,Net due date,Amount in local currency,Local Currency,Tax Number 3\n\
        100,Acme,A-1,13.04.2026,13.05.2026,500.00,INR,27AAPFU0939F1ZV\n";
    let found = Folder::new().inspect(items, None).mapping.unwrap();
    assert_eq!((&found.operation[..], found.guessed), ("invoices create", true));
    assert!(found.problem.unwrap().contains("baseAmount"));
    let people = "Customer,Name 1,Tax Number 3,Telephone,Street\n100,Acme,27AAPFU0939F1ZV,9876543210,MG Road\n";
    let found = Folder::new().inspect(people, None).mapping.unwrap();
    assert!(found.operation.starts_with("customers "), "{}", found.operation);
}
