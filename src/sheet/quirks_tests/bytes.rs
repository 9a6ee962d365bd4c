//! Encodings, line ends, packing: what stands in the bytes of a file before any cell.

use super::*;

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
