//! What cells, formats, merged ranges and lists of sheets mean.

use super::*;

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
fn x32_very_wide_sheets_are_read() {
    let cells: Vec<String> =
        (0..16_384).map(|at| format!("<c r=\"{}1\"><v>{at}</v></c>", column_letters(at))).collect();
    let (rows, _) = read_bytes(&TestBook::of_rows(&format!("<row r=\"1\">{}</row>", cells.concat())).bytes()).unwrap();
    assert_eq!((rows[0].len(), rows[0].cell(16_383).text), (16_384, "16383"));
}

#[test]
fn of_a_content_in_several_forms_one_is_read() {
    let cell = |column: &str, value: u32| format!("<c r=\"{column}1\"><v>{value}</v></c>");
    let forms = |forms: &str| {
        let rows = format!("{}<mc:AlternateContent>{forms}</mc:AlternateContent>{}", cell("A", 1), cell("C", 3));
        read(&TestBook::of_rows(&format!("<row r=\"1\">{rows}</row>")))
    };
    let known = format!("<mc:Choice Requires=\"x14ac xr\">{}</mc:Choice>", cell("B", 2));
    let unknown = format!("<mc:Choice Requires=\"zz\">{}<mc:Choice/></mc:Choice>", cell("B", 7));
    let fallback = format!("<mc:Fallback> {}</mc:Fallback>", cell("B", 9));
    let nested = format!("<mc:Fallback><mc:AlternateContent>{unknown}{fallback}</mc:AlternateContent></mc:Fallback>");
    for (written, value) in [
        (format!("{known}{fallback}"), "B=Number 2, "),
        (format!("{unknown}{known}{known}{fallback}"), "B=Number 2, "),
        (format!("{unknown} {fallback}{fallback}"), "B=Number 9, "),
        (nested, "B=Number 9, "),
        ("<mc:Choice Requires=\"zz\"/><mc:Fallback/>".to_owned(), ""),
    ] {
        assert_eq!(forms(&written).unwrap(), [format!("1: A=Number 1, {value}C=Number 3")], "{written}");
    }
    for (written, reason) in [
        (unknown, "its element \"row\" has a content in forms none of which is read"),
        (cell("B", 2), "its XML has a content in several forms that is not well formed"),
        (format!("INV-1{fallback}"), "its XML has text between the forms of a content"),
    ] {
        assert_eq!(forms(&written).unwrap_err(), reason, "{written}");
    }
    // Behind the rows it is a button or a picture, which says nothing.
    let button = "<mc:AlternateContent><mc:Choice Requires=\"zz\"><controls/></mc:Choice></mc:AlternateContent>";
    let sheet = format!("<worksheet><sheetData><row>{}</row></sheetData>{button}</worksheet>", cell("A", 1));
    assert_eq!(read(&TestBook::of_sheet(&sheet)).unwrap(), ["1: A=Number 1"]);
}

#[test]
fn parts_in_utf16_are_read_with_their_merged_ranges() {
    let rows = "<row r=\"1\"><c r=\"A1\" t=\"str\"><v>₹ märz</v></c><c r=\"C1\"><v>1</v></c></row>";
    let merges = "<mergeCells count=\"1\"><mergeCell ref=\"A1:B1\"/></mergeCells>";
    let sheet = format!(
        "\u{feff}<?xml version=\"1.0\" encoding=\"UTF-16\"?><worksheet><sheetData>{rows}</sheetData>{merges}</worksheet>"
    );
    let orders: [fn(u16) -> [u8; 2]; 2] = [u16::to_le_bytes, u16::to_be_bytes];
    for order in orders {
        let book = TestBook::of_rows("");
        let wide: Vec<u8> = sheet.encode_utf16().flat_map(order).collect();
        let parts = book.0.iter().map(|(name, text)| {
            let is_sheet = name.ends_with("sheet1.xml");
            (name.as_str(), if is_sheet { wide.clone() } else { text.as_bytes().to_vec() })
        });
        let (rows, _) = read_bytes(&zip(&parts.collect::<Vec<_>>())).unwrap();
        assert_eq!(shown(&rows[0]), "1: A=₹ märz, C=Number 1");
        assert_eq!(rows[0].inherited(1).map(|cell| cell.text), Some("₹ märz"));
    }
}
