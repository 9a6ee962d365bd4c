//! Headings that stand in two rows: a caption such as `Amount` over `Taxable`, `CGST` and `SGST`.
//!
//! Pure. A caption spans the blank cells to its right, as merged cells are stored. The one rule: a row that may be
//! data is never taken for headings, and a caption that changes a meaning (`Rate` over `CGST`) is never dropped.

use super::CellKind;
use super::row::{RawRow, is_value};

/// The headings of two rows in one, with the index of the upper row; none where one row holds them all.
pub(super) fn join(sample: &[RawRow], at: usize, recognise: &dyn Fn(&str) -> bool) -> Option<(RawRow, usize)> {
    let known = |row: &RawRow| row.filled().filter(|(_, cell)| recognise(cell.text)).count();
    let pair = |upper: usize| {
        let (captions, headings) = (sample.get(upper)?, sample.get(upper + 1)?);
        let words = |row: &RawRow| row.filled().count() >= 2 && row.filled().all(|(_, cell)| !is_value(cell));
        let follows = headings.number == captions.number + 1;
        (follows && words(captions) && words(headings)).then_some((captions, headings))
    };
    if let Some((captions, headings)) = pair(at).filter(|(captions, headings)| !is_same(captions, headings)) {
        let row = joined(captions, headings, recognise);
        // `by days` is no heading of its own, and `Overdue by days` is.
        let completes = || headings.filled().all(|(column, _)| recognise(row.cell(column).text));
        if known(headings) >= 2 || known(&row) > known(captions) && completes() {
            return Some((row, at));
        }
    }
    let upper = at.checked_sub(1)?;
    let (captions, headings) = pair(upper)?;
    let row = joined(captions, headings, recognise);
    (known(&row) > known(headings)).then_some((row, upper))
}

/// The headings cell by cell as they stand; a caption goes before each heading that it spans, with a space between.
pub(super) fn as_written(captions: Option<&RawRow>, headings: &RawRow) -> Vec<String> {
    let mut caption = "";
    let width = captions.map_or(0, RawRow::len).max(headings.len());
    let written = |column: usize| {
        let heading = headings.cell(column).text;
        let Some(captions) = captions else { return heading.to_owned() };
        let own = captions.cell(column).text;
        if !own.trim().is_empty() || heading.trim().is_empty() {
            caption = own;
        }
        match (caption.trim().is_empty(), heading.trim().is_empty()) {
            (true, _) => heading.to_owned(),
            (_, true) => caption.to_owned(),
            _ => format!("{caption} {heading}"),
        }
    };
    (0..width).map(written).collect()
}

fn is_same(one: &RawRow, other: &RawRow) -> bool {
    one.filled().map(|(column, cell)| (column, cell.text)).eq(other.filled().map(|(column, cell)| (column, cell.text)))
}

fn joined(captions: &RawRow, headings: &RawRow, recognise: &dyn Fn(&str) -> bool) -> RawRow {
    let mut row = RawRow::default();
    (row.number, row.line) = (headings.number, headings.line);
    let mut caption = "";
    for column in 0..captions.len().max(headings.len()) {
        let (own, heading) = (captions.cell(column).text.trim(), headings.cell(column).text.trim());
        if !own.is_empty() || heading.is_empty() {
            caption = own;
        }
        let both = format!("{caption} {heading}");
        let name = if heading.is_empty() {
            caption
        } else if caption.is_empty() || !recognise(both.trim()) && recognise(heading) && is_neutral(caption) {
            heading
        } else {
            both.trim()
        };
        row.push_cell(name, CellKind::Text);
    }
    row
}

/// Whether a caption only says what kind of thing stands below it.
fn is_neutral(caption: &str) -> bool {
    const WORDS: [&str; 24] = [
        "amount", "amounts", "value", "values", "tax", "taxes", "gst", "details", "detail", "of", "the", "and", "in",
        "rs", "inr", "rupees", "invoice", "bill", "voucher", "document", "customer", "party", "buyer", "total",
    ];
    let mut words = caption.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.all(|word| WORDS.contains(&word.to_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(text: &str) -> bool {
        const KNOWN: [&str; 11] = [
            "Invoice",
            "Invoice No",
            "Invoice Date",
            "Customer Id",
            "Due Date",
            "Amount",
            "Taxable",
            "CGST",
            "SGST",
            "Total",
            "Date",
        ];
        KNOWN.contains(&text)
    }

    fn rows(text: &str) -> Vec<RawRow> {
        let line = |(index, line): (usize, &str)| {
            let mut row = RawRow::default();
            row.number = index as u32 + 1;
            line.split(',').for_each(|cell| row.push_cell(cell, CellKind::Text));
            row
        };
        text.lines().enumerate().map(line).collect()
    }

    #[test]
    fn captions_join_the_headings_below_them() {
        for (text, at, expected) in [
            (
                "Invoice,,Customer,Due,Amount,,,\nNo,Date,Id,Date,Taxable,CGST,SGST,Total\n1,2,3,4,5,6,7,8",
                0,
                Some("Invoice No|Invoice Date|Customer Id|Due Date|Taxable|CGST|SGST|Total"),
            ),
            (
                "Invoice No,Due Date,Amount,,\n,,Taxable,CGST,SGST\n1,2,3,4,5",
                0,
                Some("Invoice No|Due Date|Taxable|CGST|SGST"),
            ),
            ("x,Customer,Due\n,Id,Date\n1,2,3", 1, Some("x|Customer Id|Due Date")),
            (
                "Invoice No,Tax Rate,,Tax,\n,CGST,SGST,CGST,SGST",
                0,
                Some("Invoice No|Tax Rate CGST|Tax Rate SGST|CGST|SGST"),
            ),
            ("Invoice No,Due,Id\n,Date,of man", 0, None),
            ("Invoice No,Due,Amount\n,Date,Taxable", 0, Some("Invoice No|Due Date|Taxable")),
            ("Invoice No,Total\nA-1,500", 0, None),
            ("Invoice No,Total\nInvoice No,Total\nA-1,500", 0, None),
            ("Invoice No,Customer Id\nAcme,Beta\nA-1,KC1", 0, None),
            ("Acme,Pune\nInvoice No,Total\nA-1,500", 1, None),
            ("Acme\nInvoice No,Total\nA-1,500", 1, None),
        ] {
            let row = join(&rows(text), at, &known);
            let shown = row.map(|(row, _)| {
                (0..row.len()).map(|column| row.cell(column).text.to_owned()).collect::<Vec<_>>().join("|")
            });
            assert_eq!(shown.as_deref(), expected, "{text}");
        }
    }
}
