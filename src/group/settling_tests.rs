//! Which columns are summed, and that nobody guesses.

use super::settle::Unsettled;
use super::survey::Unjoinable;
use super::tests::{amounts, sheet};

#[test]
fn columns_are_summed_where_the_documents_show_that_they_are_per_line() {
    for (further, rows, summed) in [
        // The total repeated, everything else per line.
        ("", &["1|100|9|9|354", "1|200|18|18|354"][..], &["Taxable Value", "CGST", "SGST"][..]),
        // Two equal lines: only the sum tells.
        ("", &["1|100|9|9|236", "1|100|9|9|236"], &["Taxable Value", "CGST", "SGST"]),
        // Everything per line, as the totals of the lines differ.
        ("", &["1|100|9|9|118", "1|200|18|18|236"], &["Taxable Value", "CGST", "SGST", "Invoice Total"]),
        // Only the taxes per line.
        ("", &["1|300|9|9|354", "1|300|18|18|354", "2|50|4.5|4.5|59"], &["CGST", "SGST"]),
        // The document's amounts stand on its first row only.
        ("", &["1|300|27|27|354", "1||||"], &[]),
        ("", &["1|100|9|9|354", "1|200|18|18|"], &["Taxable Value", "CGST", "SGST"]),
        // Nothing to settle.
        ("", &["1|100|9|9|118", "2|100|9|9|118"], &[]),
        // A discount as a line of its own.
        ("", &["1|500|45|45|472", "1|-100|-9|-9|472"], &["Taxable Value", "CGST", "SGST"]),
        // A slip in one total does not make totals per line.
        (
            "",
            &[
                "1|100|9|9|354",
                "1|200|18|18|354",
                "2|100|9|9|236",
                "2|100|9|9|236",
                "3|50|4.5|4.5|118",
                "3|50|4.5|4.5|119",
            ],
            &["Taxable Value", "CGST", "SGST"],
        ),
        // A rounding that is never sent goes where it fits best.
        ("|Round Off", &["1|100.10|9|9|354|-0.10", "1|200|18|18|354|-0.10"], &["Taxable Value", "CGST", "SGST"]),
        ("|Freight", &["1|100|9|9|404|50", "1|200|18|18|404|50"], &["Taxable Value", "CGST", "SGST"]),
        ("|Freight", &["1|100|9|9|454|50", "1|200|18|18|454|50"], &["Taxable Value", "CGST", "SGST", "Freight"]),
        // TDS per line shows itself.
        ("|TDS", &["1|100|9|9|354|1", "1|200|18|18|354|2"], &["Taxable Value", "CGST", "SGST", "TDS"]),
    ] {
        assert_eq!(amounts(further, rows).summed(), summed, "{rows:?}");
    }
}

#[test]
fn what_fits_both_ways_or_none_is_refused() {
    let unsettled = |further: &str, rows: &[&str]| match amounts(further, rows).survey() {
        Err(Unjoinable::Unsettled(Unsettled { columns, both })) => (columns, both),
        other => panic!("{rows:?}: {other:?}"),
    };
    for (further, rows, columns, both) in [
        // All repeated, or all per line.
        ("", &["1|100|9|9|118", "1|100|9|9|118"][..], vec![5, 6, 7, 8], true),
        // No reading adds up.
        ("", &["1|100|9|9|500", "1|200|18|18|500"], vec![8], false),
        // One document says so and the other so.
        (
            "",
            &[
                "1|100|9|9|354",
                "1|200|18|18|354",
                "2|100|9|9|204",
                "2|50|4.5|4.5|102",
                "2|50|4.5|4.5|102",
                "3|10|1|1|12",
                "3|10|1|1|12",
            ],
            vec![8],
            false,
        ),
        // No sum shows what a tax deducted is.
        ("|TDS", &["1|100|9|9|354|3", "1|200|18|18|354|3"], vec![9], true),
        // A small amount hides in the rounding.
        ("", &["1|0.30|0.02|0.02|0.34", "1|0.30|0.03|0.03|0.34"], vec![5, 8], true),
    ] {
        let (found, why) = unsettled(further, rows);
        // Which of several documents decides is not the point of the third case.
        assert!(found == columns && why == both || rows.len() > 5, "{rows:?}: {found:?} {why}");
    }
}

#[test]
fn without_tax_columns_a_total_may_only_leave_room_for_tax_where_the_taxable_value_is_settled() {
    let sheet = |rows: &[&str]| {
        let rows: Vec<String> = rows
            .iter()
            .enumerate()
            .map(|(at, row)| format!("{row}|01/07/2026|31/07/2026|KC00000000000001|{at}"))
            .collect();
        let headings = "Invoice No|Taxable Value|Invoice Total|Invoice Date|Due Date|Customer Id|Item Name";
        sheet(&format!("{headings}\n{}", rows.join("\n")))
    };
    assert_eq!(sheet(&["1|1000|2860", "1|1533.90|2860"]).summed(), ["Taxable Value"]);
    assert_eq!(sheet(&["1|1000|2860", "1|1533.90|"]).summed(), ["Taxable Value"]);
    let unsettled = sheet(&["1|100|223", "1|100|223"]).survey();
    assert_eq!(unsettled, Err(Unjoinable::Unsettled(Unsettled { columns: vec![1, 2], both: true })));
}

#[test]
fn a_total_on_the_first_row_only_shows_a_row_of_another_document() {
    let rows = ["1|300|27|27|354", "1|||", "2|100|9|9|118", "2|||", "3|100|9|9|118", "3|200|18|18|236"];
    let sheet = amounts("", &rows);
    assert_eq!(sheet.summed(), ["CGST", "SGST"]);
    assert_eq!(sheet.codes()[..2], ["ready", "ready"]);
    assert!(sheet.codes()[2].starts_with("invalid document-lines-differ"), "{:?}", sheet.codes());
}
