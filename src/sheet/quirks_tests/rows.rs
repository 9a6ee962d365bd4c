//! Headings, totals, notes: which rows of a file are data.

use super::*;

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
