//! Headings that stand in two or three rows: a caption such as `Amount` over `Taxable`, `CGST` and `SGST`.
//!
//! Pure. A caption spans the blank cells to its right, as merged cells are stored, up to the next caption above it. The
//! one rule: a row that may be data is never taken for headings, and a caption that changes a meaning (`Rate` over
//! `CGST`) is never dropped.

use super::CellKind;
use super::row::{RawRow, is_value};

/// Headings of several rows in one.
pub(super) struct Joined {
    /// The names, with number and line of the lowest row.
    pub(super) row: RawRow,
    /// Index of the highest row.
    pub(super) first: usize,
    /// Index of the lowest row.
    pub(super) last: usize,
}

/// The headings of two or three rows in one; none where the row at `at` holds them all.
pub(super) fn join(sample: &[RawRow], at: usize, recognise: &dyn Fn(&str) -> bool) -> Option<Joined> {
    let two = join_two(sample, at, recognise);
    let known = known(recognise);
    // What a third row has to make better.
    let best = two.as_ref().map_or_else(|| known(&sample[at]), |joined| known(&joined.row));
    let threes = (at.saturating_sub(2)..=at).filter_map(|first| {
        let rows = follow_each_other(sample, first, 3)?;
        if at < first + 2 && known(rows[2]) < 2 {
            return None;
        }
        let row = joined(rows[0], &joined(rows[1], rows[2], Some(rows[0]), recognise), None, recognise);
        let same_below = two.as_ref().is_some_and(|two| two.first == first + 1);
        let is_caption = same_below && rows[0].filled().all(|(column, cell)| column > 0 && is_neutral(cell.text));
        (known(&row) > best || is_caption && known(&row) == best).then_some(Joined { row, first, last: first + 2 })
    });
    threes.max_by_key(|joined| known(&joined.row)).or(two)
}

fn join_two(sample: &[RawRow], at: usize, recognise: &dyn Fn(&str) -> bool) -> Option<Joined> {
    let known = known(recognise);
    let pair = |upper: usize| {
        let rows = follow_each_other(sample, upper, 2)?;
        (rows[0].filled().count() >= 2).then_some((rows[0], rows[1]))
    };
    if let Some((captions, headings)) = pair(at).filter(|(captions, headings)| !is_same(captions, headings)) {
        let row = joined(captions, headings, None, recognise);
        // `by days` is no heading of its own, and `Overdue by days` is.
        let completes = || headings.filled().all(|(column, _)| recognise(row.cell(column).text));
        if known(headings) >= 2 || known(&row) > known(captions) && completes() {
            return Some(Joined { row, first: at, last: at + 1 });
        }
    }
    let upper = at.checked_sub(1)?;
    let (captions, headings) = pair(upper)?;
    let row = joined(captions, headings, None, recognise);
    (known(&row) > known(headings)).then_some(Joined { row, first: upper, last: at })
}

fn known(recognise: &dyn Fn(&str) -> bool) -> impl Fn(&RawRow) -> usize {
    move |row| row.filled().filter(|(_, cell)| recognise(cell.text)).count()
}

/// So many rows from `first` on, if they stand directly below each other, hold only words, and none is another again.
fn follow_each_other(sample: &[RawRow], first: usize, count: usize) -> Option<Vec<&RawRow>> {
    let rows: Vec<&RawRow> = sample.get(first..first + count)?.iter().collect();
    let words = |row: &RawRow| row.filled().next().is_some() && row.filled().all(|(_, cell)| !is_value(cell));
    let fits = rows.iter().all(|row| words(row))
        && rows[count - 1].filled().count() >= 2
        && rows.windows(2).all(|pair| pair[1].number == pair[0].number + 1 && !is_same(pair[0], pair[1]));
    fits.then_some(rows)
}

/// The headings cell by cell as they stand in one or more rows; a caption goes before each heading that it spans, with
/// a space between.
pub(super) fn as_written(rows: &[&RawRow]) -> Vec<String> {
    let width = rows.iter().map(|row| row.len()).max().unwrap_or(0);
    let lowest = rows.len().saturating_sub(1);
    let mut captions = vec![""; rows.len()];
    let written = |column: usize| {
        for level in 0..lowest {
            let own = rows[level].cell(column).text;
            let ends = rows[..level].iter().any(|above| !above.is_blank_at(column));
            let below_is_blank = rows[level + 1..].iter().all(|below| below.is_blank_at(column));
            if !own.trim().is_empty() || ends || below_is_blank {
                captions[level] = own;
            }
        }
        captions[lowest] = rows[lowest].cell(column).text;
        let parts: Vec<&str> = captions.iter().copied().filter(|part| !part.trim().is_empty()).collect();
        // A heading of one row stays as it is, blanks included.
        if parts.is_empty() { captions[lowest].to_owned() } else { parts.join(" ") }
    };
    if rows.is_empty() { Vec::new() } else { (0..width).map(written).collect() }
}

fn is_same(one: &RawRow, other: &RawRow) -> bool {
    one.filled().map(|(column, cell)| (column, cell.text)).eq(other.filled().map(|(column, cell)| (column, cell.text)))
}

/// The names that a row of captions and the row below it make; where `above` has a caption of its own, those to the left
/// end.
fn joined(captions: &RawRow, headings: &RawRow, above: Option<&RawRow>, recognise: &dyn Fn(&str) -> bool) -> RawRow {
    let mut row = RawRow::default();
    (row.number, row.line) = (headings.number, headings.line);
    let mut caption = "";
    for column in 0..captions.len().max(headings.len()) {
        let (own, heading) = (captions.cell(column).text.trim(), headings.cell(column).text.trim());
        let ends = above.is_some_and(|above| !above.is_blank_at(column));
        if !own.is_empty() || heading.is_empty() || ends {
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
            (
                "Invoice,,Customer,Amount,,,\n,,Id,Tax,,,Total\nNo,Date,,CGST,SGST,Taxable,",
                2,
                Some("Invoice No|Invoice Date|Customer Id|CGST|SGST|Taxable|Total"),
            ),
            (
                ",,Amount,,,\nInvoice,,Tax,,Value,\nNo,Date,CGST,SGST,Taxable,Total\n1,2,3,4,5,6",
                2,
                Some("Invoice No|Invoice Date|CGST|SGST|Taxable|Total"),
            ),
            (
                "Invoice No,Due Date,Amount,,,\n,,Tax,,Value,\n,,CGST,SGST,Taxable,Total\n1,2,3,4,5,6",
                0,
                Some("Invoice No|Due Date|CGST|SGST|Taxable|Total"),
            ),
            ("Acme Ltd,Register\nInvoice,Due\nNo,Date\n1,2", 2, Some("Invoice No|Due Date")),
            ("Invoice,\nNo,Date\nAcme,Beta", 1, None),
            ("Invoice No,Due,Id\n,Date,of man", 0, None),
            ("Invoice No,Due,Amount\n,Date,Taxable", 0, Some("Invoice No|Due Date|Taxable")),
            ("Invoice No,Total\nA-1,500", 0, None),
            ("Invoice No,Total\nInvoice No,Total\nA-1,500", 0, None),
            ("Invoice No,Customer Id\nAcme,Beta\nA-1,KC1", 0, None),
            ("Acme,Pune\nInvoice No,Total\nA-1,500", 1, None),
            ("Acme\nInvoice No,Total\nA-1,500", 1, None),
        ] {
            let row = join(&rows(text), at, &known);
            let shown = row.map(|Joined { row, .. }| {
                (0..row.len()).map(|column| row.cell(column).text.to_owned()).collect::<Vec<_>>().join("|")
            });
            assert_eq!(shown.as_deref(), expected, "{text}");
        }
    }
}
