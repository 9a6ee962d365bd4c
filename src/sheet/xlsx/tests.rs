//! Workbooks as careless or hostile programs write them, and a comparison with another reader on real ones.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use calamine::{DataRef, XlsxError};

use super::*;
use crate::sheet::row::RawRow;
use crate::sheet::test_zip::zip;
use crate::sheet::{CellKind, cell, column_letters};

const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// A workbook in the making: parts by name.
struct TestBook(BTreeMap<String, String>);

impl TestBook {
    /// One sheet `S` with these rows.
    fn of_rows(rows: &str) -> Self {
        Self::of_sheet(&format!("<worksheet xmlns=\"{MAIN}\"><sheetData>{rows}</sheetData></worksheet>"))
    }

    fn of_sheet(sheet: &str) -> Self {
        let book = Self(BTreeMap::new());
        let relations = |items: &[(&str, &str, &str)]| {
            let items: Vec<String> = items
                .iter()
                .map(|(id, kind, target)| {
                    format!("<Relationship Id=\"{id}\" Type=\"{OFFICE}/{kind}\" Target=\"{target}\"/>")
                })
                .collect();
            let items = items.concat();
            format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Relationships>{items}</Relationships>")
        };
        let sheets = "<sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"r1\"/></sheets>";
        book.with("[Content_Types].xml", "<Types/>")
            .with("_rels/.rels", &relations(&[("r", "officeDocument", "xl/workbook.xml")]))
            .with("xl/workbook.xml", &format!("<workbook xmlns=\"{MAIN}\" xmlns:r=\"{OFFICE}\">{sheets}</workbook>"))
            .with(
                "xl/_rels/workbook.xml.rels",
                &relations(&[
                    ("r1", "worksheet", "worksheets/sheet1.xml"),
                    ("r2", "sharedStrings", "sharedStrings.xml"),
                    ("r3", "styles", "/xl/styles.xml"),
                ]),
            )
            .with("xl/worksheets/sheet1.xml", sheet)
    }

    fn with(mut self, name: &str, text: &str) -> Self {
        self.0.insert(name.to_owned(), text.to_owned());
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.0.remove(name).unwrap();
        self
    }

    fn edited(mut self, name: &str, from: &str, to: &str) -> Self {
        let part = self.0.get_mut(name).unwrap();
        assert!(part.contains(from), "{from}");
        *part = part.replace(from, to);
        self
    }

    /// Number formats, one for each style from 1 on.
    fn with_formats(self, codes: &[&str]) -> Self {
        let formats: Vec<String> = (0..)
            .zip(codes)
            .map(|(at, code)| {
                let code = code.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
                format!("<numFmt numFmtId=\"{}\" formatCode=\"{code}\"/>", 164 + at)
            })
            .collect();
        let formats = formats.concat();
        let styles: Vec<String> = (0..codes.len()).map(|at| format!("<xf numFmtId=\"{}\"/>", 164 + at)).collect();
        let styles = styles.concat();
        let styles = format!("<cellXfs><xf numFmtId=\"0\"/>{styles}</cellXfs>");
        let other = "<cellStyleXfs><xf numFmtId=\"14\"/></cellStyleXfs>";
        self.with("xl/styles.xml", &format!("<styleSheet><numFmts>{formats}</numFmts>{other}{styles}</styleSheet>"))
    }

    fn bytes(&self) -> Vec<u8> {
        let parts: Vec<(&str, &[u8])> = self.0.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
        zip(&parts)
    }
}

fn read_rows(path: &Path, sheet: &str) -> Result<(Vec<RawRow>, Vec<String>), SheetError> {
    let mut rows = Book::open(path, "a.xlsx")?.rows(sheet)?;
    let (mut read, mut row) = (Vec::new(), RawRow::default());
    while rows.next(&mut row)? {
        read.push(std::mem::take(&mut row));
    }
    Ok((read, rows.notes()))
}

fn read_bytes(bytes: &[u8]) -> Result<(Vec<RawRow>, Vec<String>), SheetError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.xlsx");
    fs::write(&path, bytes).unwrap();
    read_rows(&path, "S")
}

fn shown(row: &RawRow) -> String {
    let cells = row.filled().map(|(column, _)| {
        let cell = row.cell(column);
        let kind = if cell.kind == CellKind::Text { String::new() } else { format!("{:?} ", cell.kind) };
        format!("{}={kind}{}", column_letters(column), cell.text)
    });
    format!("{}: {}", row.number, cells.collect::<Vec<_>>().join(", "))
}

/// The rows of a book, or what is wrong with it.
fn read(book: &TestBook) -> Result<Vec<String>, String> {
    match read_bytes(&book.bytes()) {
        Ok((rows, _)) => Ok(rows.iter().map(shown).collect()),
        Err(error) => Err(error.to_string().trim_start_matches("a.xlsx: is damaged: ").to_owned()),
    }
}

#[test]
fn x1_errors_of_any_spelling_keep_their_place() {
    for error in
        ["#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#GETTING_DATA"]
    {
        let book = TestBook::of_rows(&format!("<row r=\"2\"><c r=\"F2\" t=\"e\"><v>{error}</v></c></row>"));
        assert_eq!(read(&book).unwrap(), [format!("2: F=Error {error}")]);
    }
}

#[test]
fn x2_x3_x4_x26_formulas_give_what_was_stored_for_them() {
    let cells = "<c r=\"A1\"><f>B1+1</f><v>5</v></c><c r=\"B1\"><f>1</f></c><c r=\"C1\"><f>1</f><v/></c>\
                 <c r=\"D1\" t=\"str\"><f>\"\"</f><v></v></c><c r=\"E1\" t=\"str\"><f>\"x\"</f><v>x_x0041_</v></c>\
                 <c r=\"F1\" t=\"str\"><f>1</f></c><c r=\"G1\"><f>1-1</f><v>0</v></c><c r=\"H1\" t=\"b\"><f/><v>1</v></c>\
                 <c r=\"I1\"><f>[1]Other!A1</f><v>7</v></c><c r=\"J1\"><v>0</v></c>";
    let book = TestBook::of_rows(&format!("<row r=\"1\">{cells}</row>"));
    let none = "FormulaWithoutValue ";
    let row = |zero: &str| {
        format!("1: A=Number 5, B={none}, C={none}, E=xA, F={none}, G={zero}, H=Bool TRUE, I=Number 7, J=Number 0")
    };
    assert_eq!(read(&book).unwrap(), [row("Number 0")]);
    // Libraries that do not compute store zeros, and ask Excel to compute all of it on opening.
    let book = book.edited("xl/workbook.xml", "</sheets>", "</sheets><calcPr fullCalcOnLoad=\"1\"/>");
    assert_eq!(read(&book).unwrap(), [row(none)]);
}

#[test]
fn x5_x6_x31_dates_follow_format_and_date_system() {
    let rows = "<row r=\"1\"><c r=\"A1\" s=\"1\"><v>45748</v></c><c r=\"B1\" s=\"1\"><v>45748.4375</v></c>\
                <c r=\"C1\"><v>45748</v></c><c r=\"D1\" s=\"1\"><v>59</v></c><c r=\"E1\" t=\"d\"><v>2025-04-01T00:00:00</v></c>\
                <c r=\"F1\"><v>45748</v></c><c r=\"G1\" s=\"1\"><v>0.5</v></c></row>";
    let book = TestBook::of_rows(rows).with_formats(&["dd\\-mm\\-yyyy"]);
    let days = "A=Date 2025-04-01, B=Date 2025-04-01T10:30:00, C=Number 45748, D=Number 59, E=Date 2025-04-01";
    assert_eq!(read(&book).unwrap(), [format!("1: {days}, F=Number 45748, G=Number 0.5")]);
    let book = TestBook::of_rows("<row r=\"1\"><c r=\"A1\" s=\"1\"><v>44286</v></c></row>").with_formats(&["d/m/yy"]);
    let book = book.edited("xl/workbook.xml", "<sheets>", "<workbookPr date1904=\"1\"/><sheets>");
    assert_eq!(read(&book).unwrap(), ["1: A=Date 2025-04-01"]);
    assert!(read_bytes(&book.bytes()).unwrap().0[0].from_1904);
}

#[test]
fn x7_t24_what_only_the_number_format_shows_is_written() {
    let rows = "<row><c s=\"1\"><v>118</v></c><c s=\"2\"><v>-118</v></c><c s=\"3\"><v>0.18</v></c><c s=\"4\"><v>118</v></c></row>";
    let book = TestBook::of_rows(rows).with_formats(&["0.00\" Cr\"", "0.00\" Dr\";0.00\" Cr\"", "0%", "[$USD] 0.00"]);
    assert_eq!(read(&book).unwrap(), ["1: A=Number 118 Cr, B=Number 118 Cr, C=Number 18%, D=Number USD 118"]);
}

#[test]
fn x8_x9_merged_cells_pass_on_their_value_inside_their_range() {
    let row = |number: u32, cells: &str| format!("<row r=\"{number}\">{cells}</row>");
    let rows = [
        row(1, "<c r=\"A1\" t=\"str\"><v>h</v></c>"),
        row(2, "<c r=\"A2\" t=\"str\"><v>INV</v></c><c r=\"C2\"><v>1</v></c>"),
        row(3, "<c r=\"C3\"><v>2</v></c>"),
        row(5, "<c r=\"C5\"><v>3</v></c>"),
    ];
    let merges = "<mergeCells count=\"3\"><mergeCell ref=\"A1:C1\"/><mergeCell ref=\"A2:B3\"/><mergeCell ref=\"A4:A5\"/></mergeCells>";
    let sheet = |merges: &str| {
        format!(
            "<x:worksheet xmlns:x=\"m\"><sheetData>{}</sheetData><!-- mergeCells -->{merges}</x:worksheet>",
            rows.concat()
        )
    };
    for merges in [merges.to_owned(), merges.replace("<m", "<x:m").replace("</m", "</x:m")] {
        let (rows, _) = read_bytes(&TestBook::of_sheet(&sheet(&merges)).bytes()).unwrap();
        let inherited: Vec<String> = rows
            .iter()
            .map(|row| {
                let cells = (0..4).map(|column| row.inherited(column).map_or(".", |cell| cell.text));
                format!("{} {}", shown(row), cells.collect::<Vec<_>>().join("|"))
            })
            .collect();
        let expected =
            ["1: A=h .|h|h|.", "2: A=INV, C=Number 1 .|INV|.|.", "3: C=Number 2 INV|INV|.|.", "5: C=Number 3 .|.|.|."];
        assert_eq!(inherited, expected);
    }
    let number = sheet("<mergeCells><mergeCell ref=\"A2:A3\"/><mergeCell ref=\"C2:D3\"/></mergeCells>");
    let (rows, notes) = read_bytes(&TestBook::of_sheet(&number).bytes()).unwrap();
    let inherited: Vec<usize> = rows.iter().map(|row| row.inherited.len()).collect();
    assert_eq!(inherited, [0, 0, 1, 0]);
    assert_eq!(notes, ["merged numbers count in their first cell only, such as C2 of C2:D3"]);
    let bad = read(&TestBook::of_sheet(&sheet("<mergeCells><mergeCell ref=\"B2:A1\"/></mergeCells>"))).unwrap_err();
    assert_eq!(bad, "it has the merged range \"B2:A1\", which is none");
}

#[test]
fn merges_are_found_wherever_the_buffer_ends() {
    for length in (256 * 1024 - 250)..(256 * 1024 - 235) {
        let sheet = "<worksheet><sheetData><row><c t=\"str\"><v>a</v></c></row></sheetData>";
        let sheet = format!(
            "{sheet}<!--{}--><mergeCells><mergeCell ref=\"A1:B1\"/></mergeCells></worksheet>",
            "-".repeat(length - 80).replace("--", "-x")
        );
        let (rows, _) = read_bytes(&TestBook::of_sheet(&sheet).bytes()).unwrap();
        assert_eq!(rows[0].inherited(1).map(|cell| cell.text), Some("a"), "{length}");
    }
}

#[test]
fn x10_x11_hidden_rows_are_marked_and_hidden_columns_named() {
    let columns = "<cols><col min=\"1\" max=\"1\" hidden=\"1\"/><col min=\"2\" max=\"2\"/><col min=\"3\" max=\"16384\" hidden=\"true\"/></cols>";
    let rows =
        "<row r=\"1\" hidden=\"1\"><c><v>1</v></c></row><row r=\"2\" hidden=\"0\"><c r=\"D2\"><v>2</v></c></row>";
    let sheet = format!("<worksheet><dimension ref=\"A1\"/>{columns}<sheetData>{rows}</sheetData></worksheet>");
    let (rows, notes) = read_bytes(&TestBook::of_sheet(&sheet).bytes()).unwrap();
    assert_eq!(rows.iter().map(|row| row.hidden).collect::<Vec<_>>(), [true, false]);
    assert_eq!(notes, ["hidden columns are read: A, C:D"]);
}

#[test]
fn x12_x13_x16_x21_only_worksheets_are_listed() {
    let sheets = "<sheet name=\"A &amp; B\" r:id=\"r1\"/><sheet name=\"H\" state=\"hidden\" r:id=\"r5\"/>\
                  <sheet name=\"V\" state=\"veryHidden\" r:id=\"r6\"/><sheet name=\"C\" r:id=\"r7\"/><sheet name=\"M\" r:id=\"r8\"/>";
    let relation = |id: &str, kind: &str, target: &str| {
        format!(
            "<Relationship Id=\"{id}\" Type=\"http://purl.oclc.org/ooxml/officeDocument/relationships/{kind}\" Target=\"{target}\"/>"
        )
    };
    let more = [
        relation("r5", "worksheet", "../XL/Worksheets/SHEET2.xml"),
        relation("r6", "worksheet", "/xl/worksheets/sheet3.xml"),
        relation("r7", "chartsheet", "chartsheets/sheet1.xml"),
        relation("r8", "xlMacrosheet", "macrosheets/sheet1.xml"),
    ];
    let book = TestBook::of_sheet("<worksheet><sheetProtection sheet=\"1\"/><sheetData/></worksheet>")
        .edited("xl/workbook.xml", "<sheet name=\"S\" sheetId=\"1\" r:id=\"r1\"/>", sheets)
        .edited("xl/_rels/workbook.xml.rels", "</Relationships>", &format!("{}</Relationships>", more.concat()));
    let same = "\"../XL/Worksheets/SHEET1.xml\"";
    let same = book.edited("xl/_rels/workbook.xml.rels", "\"../XL/Worksheets/SHEET2.xml\"", same);
    let reason = "its sheet \"H\" has the part \"XL/Worksheets/SHEET1.xml\", as another sheet has";
    assert_eq!(read(&same).unwrap_err(), reason);
    let sheet = "<worksheet><sheetData/></worksheet>";
    let book = same
        .edited("xl/_rels/workbook.xml.rels", "../XL/Worksheets/SHEET1.xml", "../XL/Worksheets/SHEET2.xml")
        .with("xl/worksheets/sheet2.xml", sheet)
        .with("xl/worksheets/sheet3.xml", sheet);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.xlsm");
    fs::write(&path, book.bytes()).unwrap();
    let opened = Book::open(&path, "a.xlsm").unwrap();
    let listed: Vec<(&str, bool)> =
        opened.sheets().iter().map(|sheet| (sheet.name.as_str(), sheet.is_visible)).collect();
    assert_eq!(listed, [("A & B", true), ("H", false), ("V", false)]);
    assert!(read_rows(&path, "V").unwrap().0.is_empty());
}

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
            "row 1 holds the element \"AlternateContent\", which is not read",
        ),
        (
            "<row r=\"4\"/><AlternateContent><Choice><row><c><v>1</v></c></row></Choice></AlternateContent>",
            "its list of rows, below row 4 holds the element \"AlternateContent\", which is not read",
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
fn x22_x23_x24_x30_texts_are_texts_however_they_are_stored() {
    let strings = "<sst><si><t xml:space=\"preserve\"> a </t></si><si><r><t>b</t></r><r><t>c</t></r><rPh><t>x</t></rPh></si><si><t>1000</t></si></sst>";
    let rows = "<row><c t=\"s\"><v>0</v></c><c t=\"s\"><v>1</v></c><c t=\"s\"><v>2</v></c>\
                <c t=\"inlineStr\"><is><t>1</t><rPh><t>y</t></rPh><r><t>2_x000D_</t></r></is></c><c><is><t>z</t></is></c>\
                <c t=\"str\"><v>&lt;<![CDATA[&]]></v></c><c t=\"inlineStr\"/></row>";
    let book = TestBook::of_rows(rows).with("xl/sharedStrings.xml", strings);
    assert_eq!(read(&book).unwrap(), ["1: A= a , B=bc, C=1000, D=12\r, E=z, F=<&"]);
}

#[test]
fn x25_numbers_are_written_short_however_they_are_stored() {
    for (written, text) in [
        ("1042", "1042"),
        ("1042.0", "1042"),
        ("2.0000000000000004", "2.0000000000000004"),
        ("0.1", "0.1"),
        (".5", "0.5"),
        ("-0", "0"),
        ("-0.0", "0"),
        ("0", "0"),
        ("-7.25", "-7.25"),
        ("007", "7"),
        ("1.10", "1.1"),
        ("1E+3", "1000"),
        ("9.8765432100000007E9", "9876543210"),
        ("1.2345E-3", "0.0012345"),
        ("50100123456789012", "50100123456789010"),
        ("123456789012345", "123456789012345"),
        (" 5 ", "5"),
    ] {
        let book = TestBook::of_rows(&format!("<row><c><v>{written}</v></c></row>"));
        assert_eq!(read(&book).unwrap(), [format!("1: A=Number {text}")], "{written}");
    }
}

#[test]
fn x27_rows_and_cells_without_places_stand_where_order_puts_them() {
    let rows = "<row><c><v>1</v></c><c/><c><v>2</v></c></row><row/><row r=\"5\"><c r=\"C5\"><v>3</v></c><c><v>4</v></c></row>\
                <row><c><v>5</v></c></row><row><c r=\"B9\"><v>6</v></c></row><row><c><v>7</v></c></row>";
    let sheet = format!("<worksheet><dimension ref=\"A1:B2\"/><sheetData>{rows}</sheetData></worksheet>");
    let expected =
        ["1: A=Number 1, C=Number 2", "5: C=Number 3, D=Number 4", "6: A=Number 5", "9: B=Number 6", "10: A=Number 7"];
    assert_eq!(read(&TestBook::of_sheet(&sheet)).unwrap(), expected);
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
fn x32_very_wide_sheets_are_read() {
    let cells: Vec<String> =
        (0..16_384).map(|at| format!("<c r=\"{}1\"><v>{at}</v></c>", column_letters(at))).collect();
    let (rows, _) = read_bytes(&TestBook::of_rows(&format!("<row r=\"1\">{}</row>", cells.concat())).bytes()).unwrap();
    assert_eq!((rows[0].len(), rows[0].cell(16_383).text), (16_384, "16383"));
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

/// The cells of a sheet as calamine has them.
fn by_calamine(path: &Path, sheet: &str) -> BTreeMap<(u32, u32), (String, CellKind)> {
    let mut book = calamine::open_workbook::<calamine::Xlsx<_>, _>(path).unwrap();
    let is_1904 = book.has_1904_epoch();
    let mut cells = book.worksheet_cells_reader(sheet).unwrap();
    let (mut read, mut text) = (BTreeMap::new(), String::new());
    loop {
        match cells.next_cell_with_formula_metadata() {
            Ok(None) => return read,
            Ok(Some(cell)) => {
                let missing = cell.formula.is_some() && cell.value == DataRef::Empty;
                let mut kind = cell::write(&cell.value, is_1904, &mut text);
                kind = if missing { CellKind::FormulaWithoutValue } else { kind };
                if !text.is_empty() || missing {
                    read.insert(cell.pos, (text.clone(), kind));
                }
            }
            Err(XlsxError::CellError(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn real_workbooks_are_read_as_another_reader_reads_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/xlsx");
    let (mut differences, mut read) = (Vec::new(), 0);
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for path in files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "xlsx")) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        for sheet in Book::open(path, &name).unwrap().sheets() {
            let mut theirs = by_calamine(path, &sheet.name);
            let (rows, _) = read_rows(path, &sheet.name).unwrap();
            read += rows.len();
            for row in rows {
                for column in 0..row.len() {
                    let (cell, place) = (row.cell(column), (row.number - 1, column as u32));
                    let ours = (cell.text.to_owned(), cell.kind);
                    let is_blank = ours == (String::new(), CellKind::Text);
                    match theirs.remove(&place) {
                        None if is_blank => {}
                        Some(theirs) if theirs == ours => {}
                        theirs => {
                            let theirs = theirs.map_or_else(String::new, |(text, kind)| format!("{kind:?} {text:?}"));
                            let place = format!("{}{}", column_letters(column), row.number);
                            differences.push(format!("{name} {place}: {theirs} -> {:?} {:?}", ours.1, ours.0));
                        }
                    }
                }
            }
            differences
                .extend(theirs.iter().map(|((row, column), cell)| format!("{name} {row},{column}: {cell:?} -> none")));
        }
    }
    assert!(read > 500, "{read}");
    // What only a number format shows is all that may differ.
    let unexplained: Vec<&String> = differences
        .iter()
        .filter(|line| !["%\"", " Cr\"", "\"$", "\"€"].iter().any(|sign| line.contains(sign)))
        .collect();
    assert!(unexplained.is_empty(), "{unexplained:#?}");
}
