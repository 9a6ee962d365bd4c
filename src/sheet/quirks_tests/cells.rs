//! Delimiters and quotation marks: what makes the cells of a row.

use super::*;

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
fn two_stray_quotes_that_pair_are_an_error_of_their_row() {
    let text = "Invoice No,Date,Amount,Description\nA-1,01/07/2026,500,\"open\nA-2,01/07/2026,600,close\"\n\
                A-3,01/07/2026,7,\"12, MG Road\nPune\"\n";
    let marks = read(text).marks;
    let found: Vec<(u32, Code)> = marks.iter().map(|mark| (mark.0, mark.1)).collect();
    assert_eq!(found, [(2, Code::RowsInCell)]);
    assert_eq!(Code::RowsInCell.severity(), crate::finding::Severity::Error);
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
