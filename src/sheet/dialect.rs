//! Which character separates the cells of a text file.
//!
//! Pure. Judges each candidate by how alike it makes the rows, never by how often it occurs: amounts such as
//! `1,00,000.00` and addresses are full of commas. A first line such as `sep=;` is an answer, not a guess.

use super::record::{Parsed, parse};
use super::row::RawRow;

const CANDIDATES: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Limit: enough rows that a few banner or ragged ones do not decide.
const RECORDS: usize = 300;

/// The delimiter named by a first line such as `sep=;`, and the bytes of that line.
pub(super) fn named(text: &str) -> Option<(u8, usize)> {
    let rest = text.get(..4).filter(|start| start.eq_ignore_ascii_case("sep=")).map(|_| &text.as_bytes()[4..])?;
    let delimiter = *rest.first().filter(|byte| byte.is_ascii() && is_delimiter(**byte))?;
    match rest.get(1..) {
        Some([b'\r', b'\n', ..]) => Some((delimiter, 7)),
        Some([b'\r' | b'\n', ..]) => Some((delimiter, 6)),
        Some([]) => Some((delimiter, 5)),
        _ => None,
    }
}

/// Whether a byte can separate cells.
pub(super) fn is_delimiter(byte: u8) -> bool {
    byte.is_ascii() && !byte.is_ascii_alphanumeric() && !matches!(byte, b'"' | b'\r' | b'\n' | 0)
}

/// The delimiter that makes the rows of the text's beginning most alike; comma where none does.
pub(super) fn detect(sample: &str, at_end: bool) -> u8 {
    let mut best = (0.0, b',');
    for delimiter in CANDIDATES {
        let score = score(sample, at_end, delimiter);
        if score > best.0 {
            best = (score, delimiter);
        }
    }
    best.1
}

/// How a note calls a delimiter.
pub(super) fn name(delimiter: u8) -> String {
    match delimiter {
        b',' => "comma".to_owned(),
        b';' => "semicolon".to_owned(),
        b'\t' => "tab".to_owned(),
        b'|' => "pipe".to_owned(),
        other => crate::finding::quote(&char::from(other).to_string()),
    }
}

/// Share of the rows that have the commonest width, weighted so that wider wins among equals.
fn score(sample: &str, at_end: bool, delimiter: u8) -> f64 {
    let widths = widths(sample, at_end, delimiter);
    let mut commonest = (0, 0);
    for width in widths.iter().copied().filter(|width| *width > 1) {
        let count = widths.iter().filter(|other| **other == width).count();
        commonest = commonest.max((count, width));
    }
    let (count, width) = commonest;
    if count == 0 { 0.0 } else { count as f64 / widths.len() as f64 * (1.0 - 1.0 / width as f64) }
}

/// Widths of the sample's records that are not blank; its last one counts only if it is whole.
fn widths(sample: &str, at_end: bool, delimiter: u8) -> Vec<usize> {
    let mut widths = Vec::new();
    let mut row = RawRow::default();
    let mut rest = sample;
    while !rest.is_empty() && widths.len() < RECORDS {
        let Parsed::Record { used, .. } = parse(rest, delimiter, at_end, &mut row) else { break };
        if row.filled().next().is_some() {
            widths.push(row.len());
        }
        rest = &rest[used..];
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_is_the_one_that_makes_rows_alike() {
        let cases = [
            ("a,b,c\n1,2,3\n4,5,6\n", b','),
            ("a;b;c\n1,5;2,5;3\n4,5;5;6\n", b';'),
            ("a\tb\tc\nx, y\t2\t3\n", b'\t'),
            ("a|b\nx;y|z\n", b'|'),
            ("name,phones\nx,1;2\ny,3;4\nz,5;6\n", b','),
            ("Acme Ltd; Pune; India\n\nno,date,amount\n1,2,3\n4,5,6\n7,8,9\n", b','),
            ("no;amount\n1;1,00,000.00\n2;50,000.00\n3;10.00\n", b';'),
            ("no,date,amount\n1,1-Apr-25,1,00,000.00\n2,2-Apr-25,500.00\n3,3-Apr-25,70.00\n", b','),
            ("name,note\n\"a;b;c;d\",\"x;y;z;w\"\n\"a;b;c;d\",\"x;y;z;w\"\n", b','),
            ("customerId\nKC1\nKC2\n", b','),
            ("", b','),
        ];
        for (text, delimiter) in cases {
            assert_eq!(detect(text, true) as char, delimiter as char, "{text}");
        }
    }

    #[test]
    fn a_sep_line_is_honoured_only_as_a_whole_line() {
        let cases = [
            ("sep=;\r\na;b", Some((b';', 7))),
            ("SEP=|\na", Some((b'|', 6))),
            ("sep=,", Some((b',', 5))),
            ("sep=;x\n", None),
            ("sep=\n", None),
            ("september,a\n", None),
            ("se", None),
            ("₹", None),
        ];
        for (text, expected) in cases {
            assert_eq!(named(text), expected, "{text:?}");
        }
    }
}
