//! One test for each quirk of text files that sheets are known for, named after its number in the domain reference.

use std::fs;
use std::io::Write;
use std::path::Path;

use super::test_zip;
use super::open::{SheetEnd, list};
use super::{CellKind, Dialect, DropReason, RowBlock};
use crate::config::Reading;
use crate::finding::Code;

/// Everything that a sheet gave.
#[derive(Debug, Default, PartialEq)]
struct Read {
    header: Vec<String>,
    rows: Vec<String>,
    marks: Vec<(u32, Code, String)>,
    notes: Vec<String>,
    dialect: Option<Dialect>,
    end: SheetEnd,
}

impl Read {
    fn codes(&self) -> Vec<String> {
        self.marks.iter().map(|(row, code, _)| format!("{row} {code} {:?}", code.severity())).collect()
    }

    fn dropped(&self) -> Vec<(u32, DropReason)> {
        self.end.dropped.first.iter().map(|row| (row.number, row.reason)).collect()
    }
}

fn known(heading: &str) -> bool {
    let plain: String =
        heading.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    ["invoiceno", "invoicedate", "date", "customer", "amount", "customerid"].contains(&plain.as_str())
}

fn try_read_named(name: &str, bytes: &[u8], reading: &Reading) -> Result<Read, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    read_path(&path, reading).map_err(|message| message.replace(&format!("{}/", folder.path().display()), ""))
}

fn read_path(path: &Path, reading: &Reading) -> Result<Read, String> {
    let listing = list(path, reading).map_err(|error| error.to_string())?;
    let mut sheet = listing.sources[0].open(reading, &known).map_err(|error| error.to_string())?;
    let mut read = Read {
        header: sheet.header.columns.clone(),
        notes: sheet.notes.clone(),
        dialect: sheet.dialect,
        ..Read::default()
    };
    let mut block = RowBlock::default();
    while sheet.next_block(&mut block, 100, 1 << 20).map_err(|error| error.to_string())? {
        for mark in &block.marks {
            read.marks.push((block.number(mark.row as usize), mark.code, mark.message.clone()));
        }
        for row in 0..block.len() {
            let cells: Vec<&str> = block.cells(row).collect();
            read.rows.push(format!("{}: {}", block.number(row), cells.join("|")));
        }
    }
    read.end = sheet.finish();
    Ok(read)
}

fn try_read(bytes: impl AsRef<[u8]>) -> Result<Read, String> {
    try_read_named("a.csv", bytes.as_ref(), &Reading::default())
}

fn read(bytes: impl AsRef<[u8]>) -> Read {
    try_read(bytes).unwrap()
}

/// Two columns, with a row below them.
fn two(row: &str) -> Read {
    read(format!("Invoice No,Customer\n{row}\n"))
}

fn plain_rows() -> Vec<String> {
    vec!["2: INV-1|Mehta".to_owned(), "3: INV-2|Shah".to_owned()]
}

const PLAIN: &str = "Invoice No,Customer\nINV-1,Mehta\nINV-2,Shah\n";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A zip archive of stored members; `flags` such as 1 for an encrypted one.
fn zip(members: &[(&str, &[u8])], flags: u16) -> Vec<u8> {
    test_zip::archive(members, 0, flags)
}

fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

#[test]
fn c1_a_byte_order_mark_does_not_hide_the_first_heading() {
    let read = read(format!("\u{feff}{PLAIN}"));
    assert_eq!((read.header[0].as_str(), read.rows, read.notes.len()), ("Invoice No", plain_rows(), 0));
}

#[test]
fn c2_utf16_is_read_with_and_without_its_mark_and_said() {
    for (mark, bytes, name) in [
        (&b"\xff\xfe"[..], u16::to_le_bytes as fn(u16) -> [u8; 2], "UTF-16LE"),
        (b"\xfe\xff", u16::to_be_bytes, "UTF-16BE"),
        (b"", u16::to_le_bytes, "UTF-16LE"),
        (b"", u16::to_be_bytes, "UTF-16BE"),
    ] {
        let read = read([mark, &utf16(PLAIN, bytes)].concat());
        assert_eq!((read.rows, read.notes), (plain_rows(), vec![format!("the text is encoded as {name}")]));
    }
}

#[test]
fn c3_windows_1252_is_read_and_said() {
    let read = read(b"Invoice No,Customer\n1,caf\xe9 \x93x\x94 \x96\n");
    assert_eq!(read.rows, ["2: 1|café “x” –"]);
    assert!(read.notes[0].contains("was read as windows-1252; --encoding"), "{:?}", read.notes);
}

#[test]
fn c4_a_few_bad_bytes_are_replaced_and_their_rows_named() {
    let read = read(b"Invoice No,Customer\n1,\xe2\x82\xb9\n2,caf\xe9\n");
    assert_eq!(read.rows, ["2: 1|₹", "3: 2|caf\u{fffd}"]);
    assert_eq!(read.codes(), ["3 bad-encoding Warning"]);
}

#[test]
fn c5_garbled_text_is_repaired_only_where_the_whole_file_round_trips() {
    let whole = two("1,CafÃ© â‚¹5");
    assert_eq!(whole.rows, ["2: 1|Café ₹5"]);
    assert!(whole.notes[0].contains("all of it was repaired"), "{:?}", whole.notes);
    let part = two("1,CafÃ©\n2,₹5");
    assert_eq!(part.rows, ["2: 1|CafÃ©", "3: 2|₹5"]);
    assert!(part.end.notes[0].contains("garbled text") && part.end.notes[0].ends_with("row 2"));
    assert_eq!(part.codes(), ["2 garbled-text Warning"]);
    assert!(part.marks[0].2.contains("export the sheet again as UTF-8"), "{:?}", part.marks);
    assert_eq!(two("1,SÃO PAULO").rows, ["2: 1|SÃO PAULO"]);
}

#[test]
fn c6_the_delimiter_is_found_by_consistency_or_named_by_the_first_line() {
    for delimiter in [';', '\t', '|', '^'] {
        let read = read(PLAIN.replace(',', &delimiter.to_string()));
        assert_eq!((read.rows, read.dialect.unwrap().delimiter), (plain_rows(), delimiter as u8));
        assert!(read.notes[0].starts_with("the cells are separated by"));
    }
    let spool = "Date Amount Customer InvoiceNo\n01-04-2025 5.00 \"A B\" 1\n02-04-2025 6.00 C 2\n";
    assert_eq!(read(spool).rows, ["2: 01-04-2025|5.00|A B|1", "3: 02-04-2025|6.00|C|2"]);
    assert_eq!(read(format!("sep=;\r\n{}", PLAIN.replace(',', ";"))).rows, ["2: INV-1|Mehta", "3: INV-2|Shah"]);
}

#[test]
fn c7_a_space_after_the_delimiter_is_part_of_it() {
    let read = read("Invoice No, Customer, Amount\n1, \"Mehta, Rakesh\", 5\n2, Shah, 6\n");
    assert_eq!(read.header, ["Invoice No", "Customer", "Amount"]);
    assert_eq!(read.rows, ["2: 1|Mehta, Rakesh|5", "3: 2|Shah|6"]);
}

#[test]
fn c8_a_delimiter_inside_quotes_is_text() {
    assert_eq!(two("1,\"Mehta, Rakesh\"").rows, ["2: 1|Mehta, Rakesh"]);
}

#[test]
fn c9_unquoted_lakh_grouping_is_refused_with_the_amount_it_may_be() {
    let read = read("Date,Customer,X,Y,Amount\n1-Apr-25,Opening,,,1,00,000.00\n2-Apr-25,B,,,5.00\n3-Apr-25,C,,,6.00\n");
    assert_eq!(read.codes(), ["2 surplus-cells Error"]);
    assert!(read.marks[0].2.contains("it would fit if \"1,00,000.00\" stood in one cell"), "{:?}", read.marks);
}

#[test]
fn c10_doubled_and_escaped_quotes_are_read_and_the_dialect_is_known() {
    let doubled = two("1,\"48\"\" TV\"");
    assert_eq!((doubled.rows, doubled.dialect.unwrap().escape), (vec!["2: 1|48\" TV".to_owned()], None));
    let escaped = two("1,\"48\\\" TV, big\"\n2,\"C:\\\\x\"");
    assert_eq!(escaped.rows, ["2: 1|48\" TV, big", "3: 2|C:\\x"]);
    assert_eq!(escaped.dialect.unwrap().escape, Some(b'\\'));
    assert!(escaped.marks.is_empty() && doubled.marks.is_empty());
}

#[test]
fn c11_an_unescaped_quote_inside_a_cell_is_text_and_warned_of() {
    for (cell, text) in [("Table 48\" round", "Table 48\" round"), ("\"Table 48\" round\"", "Table 48\" round")] {
        let read = two(&format!("1,{cell}\n2,B"));
        assert_eq!(read.rows[0], format!("2: 1|{text}"));
        assert_eq!(read.codes(), ["2 stray-quote Warning"]);
    }
}

#[test]
fn c12_an_unbalanced_quote_takes_only_its_own_line() {
    let read = two(&format!("1,\"ABC\n{}", "2,row\n".repeat(40)));
    assert_eq!((read.rows.len(), read.rows[0].as_str()), (41, "2: 1|\"ABC"));
    assert_eq!(read.codes(), ["2 unbalanced-quote Warning"]);
}

#[test]
fn c13_single_quotes_are_found_where_they_are_used_throughout() {
    let read = read("'Invoice No','Customer'\n'1','Mehta, Rakesh'\n'2','It''s'\n");
    assert_eq!(read.rows, ["2: 1|Mehta, Rakesh", "3: 2|It's"]);
    assert_eq!((read.dialect.unwrap().quote, read.notes.len()), (b'\'', 1));
    assert_eq!(two("'0012,Mehta's\n'0013,B").rows, ["2: '0012|Mehta's", "3: '0013|B"]);
}

#[test]
fn c14_a_line_end_inside_a_cell_does_not_disturb_the_row_numbers() {
    assert_eq!(two("1,\"12 MG Road\nPune\"\n2,B").rows, ["2: 1|12 MG Road\nPune", "3: 2|B"]);
}

#[test]
fn c15_line_ends_of_every_kind_end_a_row() {
    for end in ["\r\n", "\n", "\r"] {
        assert_eq!(read(PLAIN.replace('\n', end)).rows, plain_rows());
    }
    assert_eq!(read("Invoice No,Customer\r\nINV-1,Mehta\rINV-2,Shah\n").rows, plain_rows());
}

#[test]
fn c16_the_end_of_the_file_makes_no_rows() {
    for text in [PLAIN.trim_end().to_owned(), format!("{PLAIN}\n\n\n"), format!("{PLAIN},\n , \n")] {
        let read = read(text);
        assert_eq!((read.rows, read.end.blank_rows), (plain_rows(), 0));
    }
}

#[test]
fn two_stray_quotes_that_pair_are_an_error_of_their_row() {
    let text = "Invoice No,Date,Amount,Description\nA-1,01/07/2026,500,\"open\nA-2,01/07/2026,600,close\"\n\
                A-3,01/07/2026,7,\"12, MG Road\nPune\"\n";
    let marks = read(text).marks;
    let found: Vec<(u32, Code)> = marks.iter().map(|mark| (mark.0, mark.1)).collect();
    assert_eq!(found, [(2, Code::RowsInCell)]);
    assert_eq!(Code::RowsInCell.severity(), crate::finding::Severity::Error);
}

#[test]
fn c16_a_last_row_that_is_cut_off_is_an_error_of_its_own() {
    let marks = |text: &str| read(text).marks;
    let cut_off = marks("a,b,c\n1,2,3\n4,5,6\n7,8");
    assert_eq!(cut_off.iter().map(|mark| (mark.0, mark.1)).collect::<Vec<_>>(), [(4, Code::RowCutOff)]);
    assert!(marks("a,b,c\n1,2,3\n4,5,6\n7,8,9").is_empty());
    assert!(marks("a,b,c\n1,2,3\n4,5,6\n7,8\n").is_empty());
}

#[test]
fn c17_a_few_nuls_are_dropped_and_many_are_a_binary_file() {
    let few = two("1,Me\0hta Traders and Sons");
    assert_eq!(few.rows, ["2: 1|Mehta Traders and Sons"]);
    assert_eq!(
        (few.end.notes.clone(), few.codes()),
        (vec!["1 NUL character was left out".to_owned()], vec!["2 nul-characters Warning".to_owned()])
    );
    let line = |row: u32| format!("{row},Mehta{}\n", if row.is_multiple_of(13_000) { "\0\0" } else { "" });
    let rows: Vec<String> = (1..40_000).map(line).collect();
    let far = read(format!("Invoice No,Customer\n{}", rows.concat()));
    assert_eq!(
        far.codes(),
        ["13001 nul-characters Warning", "26001 nul-characters Warning", "39001 nul-characters Warning"]
    );
    let tail = format!("Invoice No,Customer\n{}{}", "1,Mehta\n".repeat(20_000), "\0".repeat(30_000));
    assert_eq!(try_read(tail).unwrap_err(), "a.csv: is a binary file, neither text nor a workbook");
    let many = format!("a,b\n{}", "x\0\0y\0".repeat(50));
    assert_eq!(try_read(many).unwrap_err(), "a.csv: is a binary file, neither text nor a workbook");
}

#[test]
fn c18_other_control_characters_are_spaces() {
    assert_eq!(two("1,Mehta\x0bRoad\x0cPune\x1a").rows, ["2: 1|Mehta Road Pune "]);
}

#[test]
fn c19_a_short_row_is_padded_and_warned_of_where_much_is_missing() {
    let read =
        read("Invoice No,Date,Customer,Amount\n1,1-4-25,A,5\n2,2-4-25\n3,3-4-25,B\n4,4-4-25,B,5\n5,5-4-25,C,6\n");
    assert_eq!(read.rows[1..3], ["3: 2|2-4-25||", "4: 3|3-4-25|B|"]);
    assert_eq!(read.codes(), ["3 short-row Warning"]);
    let message = "the row has 2 cells, most rows have 4; the missing ones at its end were read as blank";
    assert_eq!(read.marks[0].2, message);
}

#[test]
fn c20_blank_surplus_cells_are_dropped_and_others_refused() {
    let read = two("1,A,,\n2,B,x\n3,C");
    assert_eq!(read.rows, ["2: 1|A", "3: 2|B", "4: 3|C"]);
    assert_eq!(read.codes(), ["3 surplus-cells Error"]);
    assert!(read.marks[0].2.contains("3 cells for 2 columns; the first surplus one is \"x\"; put a cell"));
}

#[test]
fn c21_a_delimiter_at_the_end_of_each_row_makes_no_column() {
    assert_eq!(read("Invoice No,Customer,\n1,A,\n2,B,\n").header, ["Invoice No", "Customer"]);
}

#[test]
fn c22_banner_rows_are_skipped_and_shown() {
    let read = read(format!("Acme Ltd\nSales Register\n\n{PLAIN}"));
    assert_eq!(read.notes, ["the header is row 4; 2 rows above it were skipped, beginning with \"Acme Ltd\""]);
    assert_eq!(read.rows, ["5: INV-1|Mehta", "6: INV-2|Shah"]);
}

#[test]
fn c23_two_or_three_header_rows_are_joined() {
    let read = read("Invoice,,,Amount,\nNo,Date,Customer,CGST,SGST\n1,1-4-25,A,9,9\n2,2-4-25,B,9,9\n");
    assert_eq!(read.header, ["Invoice No", "Invoice Date", "Customer", "Amount CGST", "Amount SGST"]);
    assert!(read.notes[0].contains("rows 1 and 2 and were joined"));
    let three = self::read(
        "Acme Ltd\n,,,Amount,,\nInvoice,,,Tax,,Total\nNo,Date,Customer,CGST,SGST,\n1,1-4-25,A,9,9,5\n2,2-4-25,B,9,9,6\n",
    );
    let names = ["Invoice No", "Invoice Date", "Customer", "Amount Tax CGST", "Amount Tax SGST", "Amount Total"];
    assert_eq!(three.header, names);
    assert_eq!((three.rows.len(), three.rows[0].as_str()), (2, "5: 1|1-4-25|A|9|9|5"));
    assert!(three.notes[0].contains("rows 2 to 4 and were joined"), "{:?}", three.notes);
}

#[test]
fn c24_a_sheet_without_header_is_refused_with_its_first_rows() {
    let message = try_read("INV-1,A,5\nINV-2,B,6\n").unwrap_err();
    assert!(message.ends_with("no header row was recognised; the first rows are: 1: INV-1 | A | 5; 2: INV-2 | B | 6"));
}

#[test]
fn c25_repeated_headers_are_dropped() {
    let read = two("1,A\nInvoice No,Customer\n2,B");
    assert_eq!((read.rows.len(), read.dropped()), (2, vec![(3, DropReason::RepeatedHeader)]));
}

#[test]
fn c26_totals_are_dropped_and_the_grand_total_is_kept_for_the_sum() {
    let rows = "1,A,5\nSub Total,,5\n2,B,6\nC/F,,11\nClosing Balance,,11\nGrand Total,,11\n";
    let read = read(format!("Invoice No,Customer,Amount\n{rows}"));
    assert_eq!(read.rows.len(), 2);
    assert_eq!(read.end.dropped.counts.get(&DropReason::Total), Some(&4));
    assert_eq!(read.end.dropped.stated_total().unwrap().cells, ["Grand Total", "", "11"]);
}

#[test]
fn c27_notes_below_the_data_are_dropped() {
    let read = read("Invoice No,Customer,Amount\n1,A,5\n2,B,6\nPrepared by,Ramesh,\n* E&OE,,\nGenerated on 1-4-25,,\n");
    assert_eq!((read.rows.len(), read.end.dropped.counts.get(&DropReason::Note)), (2, Some(&3)));
}

#[test]
fn c28_a_second_table_is_left_alone_and_said() {
    let read = read("Invoice No,Date,Customer,Amount\n1,1-4-25,A,5\n\nDate,Customer,Amount\n1-4-25,A,7\n");
    assert_eq!(read.rows.len(), 1);
    assert!(read.end.notes[0].starts_with("row 4 begins another table"), "{:?}", read.end.notes);
}

#[test]
fn c29_blank_rows_are_skipped_and_counted() {
    let read = two("1,A\n\n,\n2,B");
    assert_eq!((read.rows, read.end.blank_rows), (vec!["2: 1|A".to_owned(), "5: 2|B".to_owned()], 2));
}

#[test]
fn c30_comments_are_skipped_above_the_header_only() {
    let read = read("# exported by X\nInvoice No,Customer\n1,A\n# 2,B\n");
    assert_eq!(
        (read.rows.clone(), read.dropped()),
        (vec!["3: 1|A".to_owned(), "4: # 2|B".to_owned()], vec![(1, DropReason::Comment)])
    );
}

#[test]
fn c31_duplicate_headings_get_numbers() {
    assert_eq!(read("Invoice No,Date,Customer,Date\n1,1-4-25,A,2-4-25\n").header[3], "Date (2)");
}

#[test]
fn c32_a_blank_heading_over_data_is_named_by_its_letter() {
    assert_eq!(read("Invoice No,Customer,,Amount\n1,A,x,5\n2,B,y,6\n").header[2], "Column C");
}

#[test]
fn c33_a_heading_with_line_ends_and_stars_is_one_heading() {
    assert_eq!(read("\"*Invoice\nNo :\",Customer\n1,A\n").header, ["*Invoice No :", "Customer"]);
}

#[test]
fn c34_a_huge_cell_is_refused_with_its_row() {
    for (length, expected) in [(32_767, 0), (32_768, 1)] {
        let read = two(&format!("1,{}\n2,B", "x".repeat(length)));
        assert_eq!((read.marks.len(), read.rows[1].as_str()), (expected, "3: 2|B"));
        assert!(read.codes().iter().all(|code| code == "2 cell-too-long Error"));
    }
    assert_eq!(two(&format!("1,{}\n2,B", "x".repeat(2 << 20))).rows[1], "3: 2|B");
}

#[test]
fn c35_a_file_of_one_endless_line_is_refused() {
    let message = try_read("x,".repeat(1 << 20)).unwrap_err();
    assert_eq!(message, "a.csv: line 1 is longer than 1048576 bytes");
}

#[test]
fn c36_an_empty_file_is_refused_and_a_header_alone_has_no_rows() {
    for text in ["", "\n\n", " , \n"] {
        assert!(try_read(text).unwrap_err().ends_with("has no rows"), "{text:?}");
    }
    let read = read("Invoice No,Customer\n");
    assert_eq!((read.rows.len(), read.end.data_rows), (0, 0));
}

#[test]
fn c37_content_counts_and_not_the_extension() {
    let read_as = |name: &str, bytes: &[u8]| try_read_named(name, bytes, &Reading::default());
    let text = read_as("a.xls", PLAIN.as_bytes()).unwrap();
    assert_eq!(text.rows, plain_rows());
    assert_eq!(text.notes, ["the name ends in .xls, but the file is read as what it is: delimited text"]);
    assert!(read_as("a.csv", PLAIN.as_bytes()).unwrap().notes.is_empty());
    assert!(read_as("a.dat", PLAIN.as_bytes()).unwrap().notes.is_empty());
    let mut book = rust_xlsxwriter::Workbook::new();
    book.add_worksheet().write_row(0, 0, ["Invoice No", "Customer"]).unwrap();
    let book = read_as("a.csv", &book.save_to_buffer().unwrap()).unwrap();
    assert_eq!(book.header, ["Invoice No", "Customer"]);
    assert_eq!(book.notes, ["the name ends in .csv, but the file is read as what it is: Excel workbook (xlsx)"]);
    let html = read_as("a.xls", b"<html><table><tr><td>1</td></tr></table></html>").unwrap_err();
    assert_eq!(html, "a.xls: is an HTML page, neither text nor a workbook");
    let noise: Vec<u8> = (0..5000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    assert_eq!(read_as("a.csv", &noise).unwrap_err(), "a.csv: is a binary file, neither text nor a workbook");
}

#[test]
fn c38_a_packed_sheet_is_read_if_it_is_alone() {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write_row(0, 0, ["Invoice No", "Customer"]).unwrap();
    sheet.write_row(1, 0, ["INV-1", "Mehta"]).unwrap();
    sheet.write_row(2, 0, ["INV-2", "Shah"]).unwrap();
    let book = book.save_to_buffer().unwrap();
    for packed in [
        gzip(PLAIN.as_bytes()),
        gzip(&book),
        zip(&[("a.csv", PLAIN.as_bytes())], 0),
        zip(
            &[("march/", b""), ("march/a.csv", PLAIN.as_bytes()), ("march/.DS_Store", b"x"), ("__MACOSX/a.csv", b"x")],
            0,
        ),
        zip(&[("a.xlsx", &book)], 0),
    ] {
        assert_eq!(try_read(packed).unwrap().rows, plain_rows());
    }
    assert!(try_read(gzip(PLAIN.as_bytes())).unwrap().notes[0].contains("packed (gzip)"));
}

#[test]
fn x18_the_tricks_of_archives_are_refused_by_name() {
    let csv = PLAIN.as_bytes();
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (zip(&[("a.csv", csv), ("b.csv", csv)], 0), "it holds 2 files, such as \"a.csv\" and \"b.csv\"; expected one"),
        (zip(&[("../a.csv", csv)], 0), "its entry \"../a.csv\" leads out of the archive"),
        (zip(&[("./../a.csv", csv)], 0), "its entry \"./../a.csv\" leads out of the archive"),
        (zip(&[("a.csv", csv), ("a.csv", csv)], 0), "it has two entries \"a.csv\""),
        (zip(&[("a.csv", csv)], 1), "its entry \"a.csv\" is encrypted"),
        (zip(&[("a.zip", &zip(&[("a.csv", csv)], 0))], 0), "it holds another archive (zip)"),
        (gzip(&gzip(csv)), "it holds another archive (gzip)"),
        (gzip(&zip(&[("a.csv", csv)], 0)), "it holds another archive (zip)"),
    ];
    for (bytes, reason) in cases {
        assert_eq!(try_read(bytes).unwrap_err(), format!("a.csv: cannot be read from its archive: {reason}"));
    }
    let mut wrong = zip(&[("a.csv", csv)], 0);
    wrong[40] ^= 1;
    assert!(try_read(wrong).unwrap_err().contains("does not match the archive's table"));
    assert!(try_read(&gzip(csv)[..40]).unwrap_err().contains("is damaged"));
}

#[test]
fn c39_text_guards_are_one_cell_without_warning() {
    let read = two("=\"00123\",'00456\n=\"00124\",'00457");
    assert_eq!(read.rows[0], "2: =\"00123\"|'00456");
    assert!(read.marks.is_empty());
}

#[test]
fn c40_blank_unnamed_columns_are_dropped() {
    let read = read(format!("Invoice No,Customer{0}\n1,A{0}\n", ",".repeat(5000)));
    assert_eq!((read.header.len(), read.marks.len()), (2, 0));
}

#[test]
fn t34_a_cell_that_begins_like_a_formula_is_text() {
    assert_eq!(two("1,=HYPERLINK(1)\n2,@SUM").rows, ["2: 1|=HYPERLINK(1)", "3: 2|@SUM"]);
    assert_eq!(CellKind::default(), CellKind::Text);
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }

    fn damage(&mut self, bytes: &mut Vec<u8>) {
        const PIECES: [&[u8]; 14] =
            [b"\"", b"'", b"\n", b"\r", b"\0", b",", b";", b"\\\"", b"\"\"", b"\xff", b"\n\n", b" ", b"\t", b"Total"];
        let at = self.below(bytes.len());
        match self.below(4) {
            0 => bytes[at] ^= 1 << self.below(8),
            1 => drop(bytes.drain(at..bytes.len().min(at + 1 + self.below(20)))),
            2 => {
                let piece = bytes[at..bytes.len().min(at + 1 + self.below(60))].to_vec();
                bytes.splice(at..at, piece);
            }
            _ => drop(bytes.splice(at..at, PIECES[self.below(PIECES.len())].iter().copied())),
        }
        if bytes.is_empty() {
            bytes.push(b'x');
        }
    }
}

/// Rows with a filled cell below the header, told without the judging of rows.
fn filled_below(path: &Path, header: u32) -> u64 {
    let container = super::container::detect(path, "a").unwrap();
    let settings = Reading::default();
    let mut rows = super::text::TextRows::open(path, container.wrapping, "a", &settings, &mut Vec::new()).unwrap();
    let mut row = super::row::RawRow::default();
    let mut filled = 0;
    while rows.next(&mut row).unwrap() {
        filled += u64::from(row.number > header && row.filled().next().is_some());
    }
    filled
}

#[test]
fn damaged_text_is_read_or_refused_and_every_row_is_accounted_for() {
    let seeds = [
        PLAIN.repeat(3),
        "Acme\n\nInvoice No;Date;Customer;Amount\n1;1-4-25;\"A;B\";1,5\n2;2-4-25;C;2,5\nTotal;;;4,0\n".to_owned(),
        "'Invoice No','Customer'\n'1','x, y'\n'2','z'\n\nNote,\n".to_owned(),
        "Invoice No,Customer\n1,\"A\\\" B\"\n2,\"12 Road\nPune\"\n3,₹ é\n".to_owned(),
        "sep=|\nInvoice No|Customer|Amount\n1|A|5\nGrand Total||5\n".to_owned(),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut whole = 0;
    for round in 0..300 {
        let mut bytes = seeds[round % seeds.len()].clone().into_bytes();
        (0..=dice.below(6)).for_each(|_| dice.damage(&mut bytes));
        fs::write(&path, &bytes).unwrap();
        let first = read_path(&path, &Reading::default());
        assert_eq!(first, read_path(&path, &Reading::default()), "{bytes:?}");
        let Ok(read) = first else { continue };
        assert_eq!(read.rows.len() as u64, read.end.data_rows);
        if read.end.notes.iter().any(|note| note.contains("another table")) {
            continue;
        }
        whole += 1;
        let listing = list(&path, &Reading::default()).unwrap();
        let header = listing.sources[0].open(&Reading::default(), &known).unwrap().header.number;
        let above = read.end.dropped.counts.get(&DropReason::Comment).copied().unwrap_or_default();
        let accounted = read.end.data_rows + read.end.dropped.total() - above;
        assert_eq!(accounted, filled_below(&path, header), "{:?}", String::from_utf8_lossy(&bytes));
    }
    assert!(whole > 150, "too few of the damaged texts were still sheets: {whole}");
}
