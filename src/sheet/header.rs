//! Which row holds the headings, and what the columns are called.
//!
//! Pure. A row is the header because the operation knows its headings; where it knows none, because all its cells are
//! words over columns of values. The one rule: a data row is never taken for a header, a doubtful sheet is refused.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use super::row::{RawRow, is_value};
use super::table::Dropped;
use super::{CellKind, DropReason, Header, RowNumber, column_letters};
use crate::finding::quote;

/// Limit: the columns of Excel.
pub(super) const MAX_COLUMNS: usize = 16_384;

/// Limit: different texts of a sheet's first rows that are looked up; 200 rows have some thousand, and a row of text
/// made to do harm half a million.
const MAX_ASKED: usize = 65_536;

/// Asks whether headings are known, each text once; beyond [`MAX_ASKED`] none is.
pub(super) fn once(recognise: &dyn Fn(&str) -> bool) -> impl Fn(&str) -> bool {
    let asked: RefCell<HashMap<String, bool>> = RefCell::default();
    move |text| {
        let mut asked = asked.borrow_mut();
        if let Some(known) = asked.get(text) {
            return *known;
        }
        let known = asked.len() < MAX_ASKED && recognise(text);
        if asked.len() < MAX_ASKED {
            asked.insert(text.to_owned(), known);
        }
        known
    }
}

/// The index of the header among a sheet's first rows.
pub(super) fn find(sample: &[RawRow], recognise: &dyn Fn(&str) -> bool) -> Option<usize> {
    best_known(sample, recognise).or_else(|| by_shape(sample))
}

/// The row with the most known headings, the first one among equals.
fn best_known(sample: &[RawRow], recognise: &dyn Fn(&str) -> bool) -> Option<usize> {
    let mut best = (0, 0);
    for (index, row) in sample.iter().enumerate().filter(|(_, row)| !is_comment(row)) {
        if let Some(known) = more_known(row, best.0, recognise) {
            best = (known, index);
        }
    }
    let (known, index) = best;
    let is_enough = known >= 2 || known == 1 && (is_alone(sample, index) || is_over_values(sample, index));
    is_enough.then_some(index)
}

/// Whether most rows have one cell, as in a list of one column; also most from the header on, so that a banner does not
/// make a list of a table.
fn is_alone(sample: &[RawRow], index: usize) -> bool {
    usual_width(sample) == 1 && usual_width(&sample[index..]) == 1
}

/// How many headings of the row are known, if more than `least`. To ask is slow, so it is given up where too few cells
/// are left, as in nearly all rows of data.
fn more_known(row: &RawRow, least: usize, recognise: &dyn Fn(&str) -> bool) -> Option<usize> {
    let mut left = row.filled().filter(|(_, cell)| cell.kind == CellKind::Text).count();
    let mut known = 0;
    for (_, cell) in row.filled().filter(|(_, cell)| cell.kind == CellKind::Text) {
        if known + left <= least {
            return None;
        }
        known += usize::from(recognise(cell.text));
        left -= 1;
    }
    (known > least).then_some(known)
}

/// The first row of at least two different words, as wide as most rows, that stands over a column of values.
fn by_shape(sample: &[RawRow]) -> Option<usize> {
    let usual = usual_width(sample);
    sample.iter().position(|row| row.filled().count() * 2 > usual).filter(|index| {
        let row = &sample[*index];
        row.filled().count() >= 2 && !is_comment(row) && is_over_values(sample, *index)
    })
}

/// Whether a row is all different words and most cells below one of them are values.
fn is_over_values(sample: &[RawRow], index: usize) -> bool {
    let row = &sample[index];
    let mut seen = HashSet::new();
    let is_words = row.filled().all(|(_, cell)| !is_value(cell) && seen.insert(cell.text));
    let below = &sample[index + 1..];
    is_words
        && row.filled().any(|(column, _)| {
            let filled = below.iter().filter(|row| !row.is_blank_at(column)).count();
            let values = below.iter().filter(|row| !row.is_blank_at(column) && is_value(row.cell(column))).count();
            values > 0 && values * 2 > filled
        })
}

/// The commonest number of filled cells among rows that have any.
fn usual_width(sample: &[RawRow]) -> usize {
    most_common(sample.iter().map(|row| row.filled().count()).filter(|width| *width > 0))
}

/// The commonest of some numbers, the largest among equals; 0 where there are none.
pub(super) fn most_common(numbers: impl Iterator<Item = usize>) -> usize {
    let mut numbers: Vec<usize> = numbers.collect();
    numbers.sort_unstable();
    numbers.chunk_by(|a, b| a == b).max_by_key(|chunk| chunk.len()).map_or(0, |chunk| chunk[0])
}

/// Whether a row is a comment such as `# exported by ...`; a heading `#` is none.
fn is_comment(row: &RawRow) -> bool {
    let first = row.filled().next();
    first.is_some_and(|(_, cell)| cell.kind == CellKind::Text && cell.text.len() > 1 && cell.text.starts_with('#'))
}

/// Names the columns of a header row; `below` shows which unnamed columns hold data, and `is_text` that cells beyond
/// the header row's own are surplus, not columns.
pub(super) fn name_columns(row: &RawRow, below: &[RawRow], is_text: bool) -> Header {
    let named = row.filled().last().map_or(0, |(column, _)| column + 1);
    let limit = if is_text { row.len() } else { MAX_COLUMNS };
    let used =
        below.iter().filter_map(|row| row.filled().map(|(column, _)| column + 1).filter(|end| *end <= limit).last());
    let width = named.max(used.max().unwrap_or(0));
    let (mut seen, mut met) = (HashSet::new(), HashMap::new());
    let columns = (0..width)
        .map(|column| {
            let text = row.cell(column).text.trim();
            let name = if text.is_empty() { format!("Column {}", column_letters(column)) } else { in_one_line(text) };
            unique(&name, &mut seen, &mut met)
        })
        .collect();
    Header { number: row.number, columns }
}

/// A heading of several lines as one, so that it can be read in a message and typed after `--map`.
fn in_one_line(text: &str) -> String {
    let lines = text.split(char::is_control).map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(" ")
}

/// A name that is not taken yet; how often each was met spares trying all numbers again.
fn unique(name: &str, seen: &mut HashSet<String>, met: &mut HashMap<String, u32>) -> String {
    let mut candidate = name.to_owned();
    while !seen.insert(candidate.clone()) {
        let count = met.entry(name.to_owned()).or_insert(1);
        *count += 1;
        candidate = format!("{name} ({count})");
    }
    candidate
}

/// Says what stands above the header, and records the comments among it.
pub(super) fn note_banner(above: &[RawRow], header: RowNumber, dropped: &mut Dropped) -> Option<String> {
    for comment in above.iter().filter(|row| is_comment(row)) {
        dropped.record(comment, DropReason::Comment);
    }
    let banner: Vec<&RawRow> = above.iter().filter(|row| row.filled().next().is_some() && !is_comment(row)).collect();
    let first = banner.first()?;
    let rows = if banner.len() == 1 {
        "1 row above it was".to_owned()
    } else {
        format!("{} rows above it were", banner.len())
    };
    Some(format!("the header is row {header}; {rows} skipped, beginning with {}", quote(&first.preview(40))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<RawRow> {
        let lines = text.lines().enumerate();
        lines
            .map(|(index, line)| {
                let mut row = RawRow::default();
                row.number = index as u32 + 1;
                line.split(',').for_each(|cell| row.push_cell(cell, CellKind::Text));
                row
            })
            .collect()
    }

    fn known(text: &str) -> bool {
        ["Invoice No", "Invoice Date", "Customer", "Taxable Value", "Invoice Value", "customerId"].contains(&text)
    }

    #[test]
    fn the_header_is_found_below_banners_and_captions() {
        let cases = [
            ("Invoice No,Customer\n1,Acme", Some(0)),
            ("Acme Ltd\n12 MG Road,Pune\nSales Register\n1-Apr-25 to 31-Mar-26\n\nInvoice No,Customer\n1,X", Some(5)),
            (
                "Summary\nInvoice Value,Taxable Value\n500,400\nInvoice No,Invoice Date,Taxable Value\n1,1-4-25,5",
                Some(3),
            ),
            ("Invoice No,Customer\n1,A\nInvoice No,Customer\n2,B", Some(0)),
            ("# by X,Invoice No,Customer\nInvoice No,Customer\n1,A", Some(1)),
            ("#,Invoice No,Customer\n1,1,A", Some(0)),
            ("customerId\nKC1", Some(0)),
            ("Invoice No,Customer", Some(0)),
            ("Customer,Bill,Betrag\nX,A1,12.00\nY,A2,13.00", Some(0)),
            ("Rechnung,Kunde,Betrag\nA1,X,12.00\nA2,Y,13.00", Some(0)),
            ("Firma GmbH\nRechnung,Kunde,Betrag\nA1,X,12.00\nA2,Y,13.00", Some(1)),
            ("A1,X,12.00\nA2,Y,13.00\nA3,Z,14.00", None),
            ("Rechnung,Kunde\nA,B\nC,D", None),
            ("Acme\nPune", None),
            ("A1,X,12.00\nForeign,Kunde,Betrag\nA2,Y,13.00", None),
            ("Customer\nA1,X,12.00\nA2,Y,13.00\nA3,Z,1.00", None),
            ("Acme\nPune\nCustomer,Remark\nKC1\nKC2", Some(2)),
            ("Acme\nCustomer,Remark,Note\n,,x,y\nKC1", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(find(&rows(text), &known), expected, "{text}");
        }
    }

    #[test]
    fn columns_get_names_that_are_unique_and_point_to_the_sheet() {
        let sheet = rows("Date, No ,Date,,Date (2),,,\nx,1,y,z,,,,\nx,1,y,,,q,,");
        let header = name_columns(&sheet[0], &sheet[1..], true);
        assert_eq!(header.columns, ["Date", "No", "Date (2)", "Column D", "Date (2) (2)", "Column F"]);
        let mut lines = RawRow::default();
        lines.push_cell("Raised\r\n on", CellKind::Text);
        assert_eq!(name_columns(&lines, &[], true).columns, ["Raised on"]);
        let sheet = rows("a,b,,,\n1,2");
        assert_eq!(name_columns(&sheet[0], &sheet[1..], true).columns, ["a", "b"]);
        let sheet = rows("a,b\n1,2,3");
        assert_eq!(name_columns(&sheet[0], &sheet[1..], true).columns, ["a", "b"]);
        assert_eq!(name_columns(&sheet[0], &sheet[1..], false).columns, ["a", "b", "Column C"]);
    }

    #[test]
    fn headings_are_looked_up_once_and_not_without_end() {
        let asked = std::cell::Cell::new(0);
        let recognise = |text: &str| {
            asked.set(asked.get() + 1);
            text == "Invoice No"
        };
        let known = once(&recognise);
        assert!(known("Invoice No") && known("Invoice No") && !known("x"));
        assert_eq!(asked.get(), 2);
        for number in 0..MAX_ASKED + 10 {
            assert!(!known(&number.to_string()));
        }
        assert_eq!(asked.get(), MAX_ASKED);
        assert!(known("Invoice No"));
    }
}
