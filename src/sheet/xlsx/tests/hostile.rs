//! Workbooks that are damaged, or made so as to harm their reader.

use super::*;

#[test]
fn x14_rows_that_hold_nothing_cost_little() {
    let rows: Vec<String> =
        (1..=200_000).map(|row| format!("<row r=\"{row}\" s=\"3\"><c r=\"A{row}\" s=\"3\"/></row>")).collect();
    let rows = rows.concat();
    let rows = format!("{rows}<row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row>");
    assert_eq!(read(&TestBook::of_rows(&rows)).unwrap(), ["1048576: XFD=Number 1"]);
}

#[test]
fn x17_what_unpacks_to_too_much_is_stopped_while_it_is_unpacked() {
    let error = read(&TestBook::of_rows(&" ".repeat(129 << 20))).unwrap_err();
    assert_eq!(error, "its part \"xl/worksheets/sheet1.xml\" unpacks to more than 128 MiB");
    let strings = format!("<sst>{}</sst>", format!("<si><t>{}</t></si>", "a".repeat(500_000)).repeat(140));
    let book = TestBook::of_rows("<row><c t=\"s\"><v>0</v></c></row>").with("xl/sharedStrings.xml", &strings);
    assert_eq!(read(&book).unwrap_err(), "its part \"xl/sharedStrings.xml\" unpacks to more than 64 MiB");
}

#[test]
fn x17_a_small_file_cannot_stand_for_endless_cells_or_text() {
    let wide = (1..=5000)
        .map(|row| format!("<row r=\"{row}\"><c r=\"XFD{row}\"><v>1</v></c></row>"))
        .collect::<Vec<_>>()
        .concat();
    let error = read(&TestBook::of_rows(&wide)).unwrap_err();
    assert_eq!(error, "its sheet has more than 67108864 cells up to row 4097");
    let strings = format!("<sst><si><t>{}</t></si></sst>", "x".repeat(500_000));
    let row = format!("<row>{}</row>", "<c t=\"s\"><v>0</v></c>".repeat(100));
    let book = TestBook::of_rows(&row.repeat(9)).with("xl/sharedStrings.xml", &strings);
    assert_eq!(read(&book).unwrap_err(), "its cells hold more than 256 MiB of text up to row 6");
    let row = format!("<row>{}</row>", "<c t=\"s\"><v>0</v></c>".repeat(200));
    let book = TestBook::of_rows(&row).with("xl/sharedStrings.xml", &strings);
    assert_eq!(read(&book).unwrap_err(), "row 1 has more than 64 MiB of text");
}

#[test]
fn x17_entities_and_depth_are_refused() {
    let sheet = "<!DOCTYPE a [<!ENTITY b \"&c;&c;\">]><worksheet><sheetData/></worksheet>";
    assert!(read(&TestBook::of_sheet(sheet)).unwrap_err().starts_with("its XML has a document type"));
    let book = TestBook::of_rows(&format!("<row><extLst>{}", "<x>".repeat(1000)));
    assert_eq!(read(&book).unwrap_err(), "its XML has more than 100 elements inside each other");
}

#[test]
fn x18_tricks_with_the_archive_are_refused() {
    let book = TestBook::of_rows("<row><c><v>1</v></c></row>");
    let refused = |bytes: &[u8]| read_bytes(bytes).map(|_| ()).unwrap_err().to_string();
    let parts: Vec<(&str, &[u8])> = book.0.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    for (more, reason) in [
        ("XL/workbook.xml", "it has two entries \"XL/workbook.xml\""),
        ("/../x", "its entry \"/../x\" leads out of the archive"),
        ("xl/../../x", "its entry \"xl/../../x\" leads out of the archive"),
    ] {
        let bytes = zip(&[&parts[..], &[(more, b"x")]].concat());
        assert!(refused(&bytes).contains(reason), "{} for {more}", refused(&bytes));
    }
    let good = book.bytes();
    let table = memchr::memmem::find(&good, b"PK\x01\x02").unwrap();
    let change = |at: usize, bytes: &[u8]| {
        let mut changed = good.clone();
        changed[at..at + bytes.len()].copy_from_slice(bytes);
        refused(&changed)
    };
    // The first entry of the table is `[Content_Types].xml`; the second begins behind its name.
    let second = table + 46 + "[Content_Types].xml".len();
    assert!(change(table + 8, &[1]).contains("is encrypted"));
    assert!(change(second + 42, &[0; 4]).contains("overlap"));
    assert!(change(table + 20, &[0xff, 0xff, 0xff, 0]).contains("does not lie inside it"));
    // A zip64 size that is told nowhere.
    assert!(change(table + 20, &[0xff; 4]).contains("does not lie inside it"));
    assert!(change(second + 24, &[1, 0, 0, 0]).contains("unpacks to more than the archive's table says"));
    assert!(change(second + 24, &[0, 0, 1, 0]).contains("does not match the archive's table"));
    assert!(change(second + 16, &[1]).contains("does not match the archive's table"));
    assert!(change(second + 10, &[12]).contains("packed with method 12"));
    assert!(change(good.len() - 12, &[9]).contains("has not as many entries as it says"));
}

#[test]
fn archives_that_other_programs_write_otherwise_are_read() {
    let book = TestBook::of_rows("<row><c><v>1</v></c></row>");
    let good = book.bytes();
    let read = |bytes: &[u8]| read_bytes(bytes).map(|(rows, _)| rows.len()).map_err(|error| error.to_string());
    let commented = |comment: &[u8]| [&good[..good.len() - 2], &(comment.len() as u16).to_le_bytes(), comment].concat();
    assert_eq!(read(&commented(b"PK\x05\x06")), Ok(1));
    assert_eq!(read(&commented(&[&b"PK\x05\x06"[..], &[b'x'; 30]].concat())), Ok(1));
    assert!(read(&commented(&[&b"PK\x05\x06"[..], &[0; 18]].concat())).unwrap_err().contains("it has two ends"));
    for prefix in ["/", "./", ".//./"] {
        let named: Vec<(String, &str)> =
            book.0.iter().map(|(name, text)| (format!("{prefix}{name}"), text.as_str())).collect();
        let parts: Vec<(&str, &[u8])> = named.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
        assert_eq!(read(&zip(&parts)), Ok(1), "{prefix}");
    }
}

#[test]
fn x19_x27_malformed_sheets_end_as_a_message_that_names_the_place() {
    for (rows, reason) in [
        ("<row r=\"1\"><c r=\"A1\"><v>12abc</v></c></row>", "cell A1 holds \"12abc\", which is not a number"),
        ("<row r=\"1\"><c r=\"A1\"><v>inf</v></c></row>", "cell A1 holds \"inf\", which is not a number"),
        ("<row r=\"1\"><c r=\"A1\"><v>1e999</v></c></row>", "cell A1 holds \"1e999\", which is not a number"),
        ("<row r=\"1\"><c r=\"A1\"><v>1</v><v>2</v></c></row>", "cell A1 has two values"),
        ("<row r=\"1\"><c r=\"A1\">7</c></row>", "cell A1 has text outside its value"),
        (
            "<row r=\"1\"><c r=\"B1\" t=\"s\"><v>0</v></c></row>",
            "cell B1 holds \"0\", which is not the number of a text",
        ),
        (
            "<row r=\"1\"><c r=\"B1\" t=\"s\"><v>-1</v></c></row>",
            "cell B1 holds \"-1\", which is not the number of a text",
        ),
        ("<row r=\"1\"><c r=\"B1\" t=\"b\"><v>2</v></c></row>", "cell B1 holds \"2\", which is neither true nor false"),
        ("<row r=\"1\"><c r=\"B1\" t=\"z\"><v>2</v></c></row>", "it has a cell of the unknown type \"z\""),
        ("<row r=\"1\"><c r=\"!\"><v>1</v></c></row>", "it has a cell at \"!\", which is no place"),
        ("<row r=\"1\"><c r=\"XFE1\"><v>1</v></c></row>", "it has a cell at \"XFE1\", which is no place"),
        ("<row r=\"0\"/>", "it has a row numbered \"0\""),
        ("<row r=\"1048577\"/>", "it has a row numbered \"1048577\""),
        ("<row r=\"1048576\"/><row><c><v>1</v></c></row>", "row 1048577 has a cell beyond the edge of a sheet"),
        ("<row r=\"1048576\"/><row/>", "its sheet has more than 1048576 rows"),
        ("<row r=\"1\"><c r=\"A2\"><v>1</v></c></row>", "row 1 holds the cell A2"),
        (
            "<row r=\"1\"><c r=\"B1\"><v>1</v></c><c r=\"A1\"><v>1</v></c></row>",
            "row 1 names its cells out of order, or one of them twice",
        ),
        (
            "<row r=\"1\"><c><v>1</v></c></row><row r=\"1\"><c r=\"B1\"><v>1</v></c></row>",
            "row 1 names its cells out of order, or one of them twice",
        ),
        (
            "<row r=\"2\"><c><v>1</v></c></row><row r=\"1\"><c><v>1</v></c></row>",
            "row 1 stands below a row with the same or a higher number",
        ),
        ("<row r=\"1\"><c r=\"A1\"><v>1</c></row>", "its XML ends \"c\", which is not the open element"),
        ("</sheetData><sheetData>", "its sheet has two lists of rows"),
        (
            "<row r=\"1\"><c r=\"A1\"><v>1</v></c><AlternateContent><Choice><c r=\"B1\"><v>2</v></c></Choice></AlternateContent></row>",
            "its element \"row\" has a content in forms none of which is read",
        ),
        (
            "<row r=\"4\"/><AlternateContent><Choice><row><c><v>1</v></c></row></Choice></AlternateContent>",
            "its element \"sheetData\" has a content in forms none of which is read",
        ),
        ("<c r=\"A1\"><v>1</v></c>", "its list of rows, below row 0 holds the element \"c\", which is not read"),
        ("<ROW r=\"1\"/>", "its list of rows, below row 0 holds the element \"ROW\", which is not read"),
        ("<row r=\"1\"/>INV-1", "it has text outside its rows, below row 1"),
        (
            "<row r=\"1\"><c r=\"A1\"><Choice><v>1</v></Choice></c></row>",
            "cell A1 holds the element \"Choice\", which is not read",
        ),
        (
            "<row r=\"1\"><c r=\"A1\"><v>1<b>2</b></v></c></row>",
            "a text of it holds the element \"b\", which is not read",
        ),
    ] {
        assert_eq!(read(&TestBook::of_rows(rows)).unwrap_err(), reason, "{rows}");
    }
    for (name, reason) in [
        ("xl/worksheets/sheet1.xml", "its part \"xl/worksheets/sheet1.xml\" is missing"),
        ("xl/workbook.xml", "it is an Office document, but no workbook"),
        ("xl/_rels/workbook.xml.rels", "its sheet \"S\" has no part"),
    ] {
        assert_eq!(read(&TestBook::of_rows("").without(name)).unwrap_err(), reason, "{name}");
    }
    let extras = "<row r=\"1\"> <!-- a --><?b?><c r=\"A1\"><v>1</v><extLst><ext/></extLst></c><extLst><ext/></extLst></row> <!-- c -->\n";
    assert_eq!(read(&TestBook::of_rows(extras)).unwrap(), ["1: A=Number 1"]);
    let dated = |style: u32| TestBook::of_rows(&format!("<row><c s=\"{style}\"><v>45748</v></c></row>"));
    let dated = |style| read(&dated(style).with_formats(&["dd/mm/yyyy"]));
    assert_eq!(dated(1).unwrap(), ["1: A=Date 2025-04-01"]);
    let reason = "cell A1 holds \"45748\", in a style that the workbook does not define";
    assert_eq!(dated(2).unwrap_err(), reason);
    // What is not needed may be missing.
    assert!(read(&TestBook::of_rows("<row><c s=\"4\"><v>1</v></c></row>").without("_rels/.rels")).is_ok());
}

#[test]
fn x28_a_truncated_workbook_is_called_so() {
    let bytes = TestBook::of_rows("<row><c><v>1</v></c></row>").bytes();
    let error = read_bytes(&bytes[..bytes.len() - 30]).map(|_| ()).unwrap_err().to_string();
    assert_eq!(error, "a.xlsx: is damaged: it ends too early, as a broken download does");
    // The archive is whole, but what was packed was cut.
    let book = TestBook::of_sheet("<worksheet><sheetData><row><c><v>1</v></c></row>");
    assert_eq!(read(&book).unwrap_err(), "its XML ends too early");
}

#[test]
fn no_change_of_a_byte_brings_the_reader_down() {
    let strings = "<sst><si><t>a</t></si></sst>";
    let sheet = "<worksheet><cols><col min=\"1\" max=\"2\" hidden=\"1\"/></cols><sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c>\
                 <c r=\"B1\" s=\"1\"><f>1</f><v>45748.5</v></c></row></sheetData><mergeCells><mergeCell ref=\"A1:B2\"/></mergeCells></worksheet>";
    let mut state = 7_u32;
    let mut random = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize
    };
    let book = TestBook::of_sheet(sheet).with("xl/sharedStrings.xml", strings).with_formats(&["dd/mm/yy"]);
    let whole = book.bytes();
    for _ in 0..400 {
        let mut bytes = whole.clone();
        let at = random() % bytes.len();
        bytes[at] = random() as u8;
        let _ = read_bytes(&bytes);
        let mut changed = sheet.as_bytes().to_vec();
        let at = random() % changed.len();
        changed[at] = random() as u8 & 0x7f;
        let changed = TestBook(book.0.clone()).with("xl/worksheets/sheet1.xml", std::str::from_utf8(&changed).unwrap());
        let _ = read(&changed);
    }
}
