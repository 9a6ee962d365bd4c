//! Which characters separate and quote the cells of a text file.
//!
//! Pure. Judges each candidate by how alike it makes the rows and how much its cells look like values, never by how
//! often a character occurs: amounts such as `1,00,000.00` and addresses are full of commas. A first line such as
//! `sep=;` is an answer, not a guess. The one rule: a doubtful candidate loses to comma and double quotation marks.

use super::Cell;
use super::record::{Grammar, Parsed, parse};
use super::row::{RawRow, is_value};

const CANDIDATES: [u8; 6] = [b',', b';', b'\t', b'|', b'^', b' '];

/// Limit: enough rows that a few banner or ragged ones do not decide.
const RECORDS: usize = 300;
/// Limit: bytes of text that one candidate is tried on.
const SAMPLE_BYTES: usize = 128 * 1024;
/// Limit: cells of one row that are judged.
const CELLS: usize = 200;
/// What a single column is worth: less than any cut into several, more than nothing.
const ONE_COLUMN: f64 = 0.01;
/// A space separates words too, so only wide rows are taken for cells.
const LEAST_SPACED_WIDTH: usize = 4;

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
    byte.is_ascii() && !byte.is_ascii_alphanumeric() && !matches!(byte, b'"' | b'\'' | b'\\' | b'\r' | b'\n' | 0)
}

/// The grammar that makes most sense of the text's beginning; with `delimiter` settled, only quoting is judged.
pub(super) fn detect(sample: &str, at_end: bool, delimiter: Option<u8>) -> Grammar {
    let cut = (0..=sample.len().min(SAMPLE_BYTES)).rev().find(|at| sample.is_char_boundary(*at)).unwrap_or(0);
    let (at_end, sample) = (at_end && cut == sample.len(), &sample[..cut]);
    let bytes = sample.as_bytes();
    let has = |one: u8, other: u8| bytes.windows(2).any(|pair| pair == [one, other]);
    let mut best = (0.0, Grammar::plain(delimiter.unwrap_or(b',')));
    for candidate in CANDIDATES {
        if delimiter.is_some_and(|settled| settled != candidate) {
            continue;
        }
        try_quoting(sample, at_end, candidate, has(b'\\', b'"'), &mut best);
    }
    if let Some(settled) = delimiter.filter(|settled| !CANDIDATES.contains(settled)) {
        try_quoting(sample, at_end, settled, has(b'\\', b'"'), &mut best);
    }
    let mut grammar = best.1;
    grammar.spaced = is_spaced(&records(sample, at_end, grammar), grammar.delimiter);
    grammar
}

/// How a note calls a delimiter.
pub(super) fn name(delimiter: u8) -> String {
    match delimiter {
        b',' => "comma".to_owned(),
        b';' => "semicolon".to_owned(),
        b'\t' => "tab".to_owned(),
        b'|' => "pipe".to_owned(),
        b' ' => "space".to_owned(),
        other => crate::finding::quote(&char::from(other).to_string()),
    }
}

/// Tries a delimiter with each way of quoting that the text could use, and keeps what is clearly better.
fn try_quoting(sample: &str, at_end: bool, delimiter: u8, backslashes: bool, best: &mut (f64, Grammar)) {
    let usual = Grammar::plain(delimiter);
    let single = Grammar { quote: b'\'', ..usual };
    // Whether doubled quotation marks explain every one of the text: then a backslash is only a backslash.
    let mut doubled_fits = false;
    for grammar in [usual, Grammar { escaped: true, ..usual }, single, Grammar { escaped: true, ..single }] {
        let is_single = grammar.quote == b'\'';
        if grammar.escaped && (doubled_fits || !(backslashes || is_single && sample.contains("\\'")))
            || is_single && !sample.contains('\'')
        {
            continue;
        }
        let rows = records(sample, at_end, grammar);
        if !grammar.escaped {
            doubled_fits = rows.iter().all(|row| !row.unbalanced && !row.stray);
        }
        if is_single && !is_quoted_throughout(&rows) {
            continue;
        }
        let score = score(&rows, grammar);
        if score > best.0 * 1.000_1 {
            *best = (score, grammar);
        }
    }
}

/// The sample's records that are not blank; its last one counts only if it is whole.
fn records(sample: &str, at_end: bool, grammar: Grammar) -> Vec<RawRow> {
    let mut rows = Vec::new();
    let mut row = RawRow::default();
    let mut rest = sample;
    while !rest.is_empty() && rows.len() < RECORDS {
        let Parsed::Record { used, .. } = parse(rest, grammar, at_end, &mut row) else { break };
        if row.filled().next().is_some() {
            rows.push(std::mem::take(&mut row));
        }
        rest = &rest[used..];
    }
    rows
}

/// Whether apostrophes are quotation marks: they close wherever they open, in several cells.
fn is_quoted_throughout(rows: &[RawRow]) -> bool {
    let quoted: u32 = rows.iter().map(|row| row.quoted).sum();
    quoted >= 2
        && rows.iter().all(|row| !row.unbalanced)
        && rows.iter().filter(|row| row.quoted > 0).count() * 2 > rows.len()
}

/// How alike the rows are, times how much their cells look like values, less for stray quotation marks.
fn score(rows: &[RawRow], grammar: Grammar) -> f64 {
    if rows.is_empty() {
        return ONE_COLUMN;
    }
    let broken = rows.iter().filter(|row| row.unbalanced || row.stray).count() as f64 / rows.len() as f64;
    alikeness(rows, grammar) * types(rows, grammar) * (1.0 - broken / 2.0)
}

/// Share of the rows that have the commonest width, weighted so that wider wins among equals.
fn alikeness(rows: &[RawRow], grammar: Grammar) -> f64 {
    let mut widths: Vec<usize> = rows.iter().map(RawRow::len).filter(|width| *width > 1).collect();
    widths.sort_unstable();
    let commonest = widths.chunk_by(|a, b| a == b).map(|chunk| (chunk.len(), chunk[0])).max();
    let Some((count, width)) = commonest else { return ONE_COLUMN };
    let quoted = rows.iter().any(|row| row.quoted > 0);
    if grammar.delimiter == b' ' && (count < rows.len() || width < LEAST_SPACED_WIDTH && !quoted) {
        return 0.0;
    }
    count as f64 / rows.len() as f64 * (1.0 - 1.0 / width as f64)
}

/// The mean of what the cells are worth as cells.
fn types(rows: &[RawRow], grammar: Grammar) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for row in rows {
        for column in 0..row.len().min(CELLS) {
            sum += worth(row.cell(column), row.quoted > 0, grammar);
            count += 1.0;
        }
    }
    sum / f64::max(count, 1.0)
}

/// Values are the best sign of a right cut; other delimiters and quotation marks left in a cell are the worst.
fn worth(cell: Cell<'_>, in_quoted_row: bool, grammar: Grammar) -> f64 {
    let text = cell.text.trim();
    if text.is_empty() {
        return 0.8;
    }
    if is_value(cell) {
        return 1.0;
    }
    let other = if grammar.quote == b'"' { '\'' } else { '"' };
    if text.len() > 1 && (text.starts_with(other) && text.ends_with(other)) {
        return 0.2;
    }
    let holds = |mark: &[char]| !in_quoted_row && text.contains(mark);
    if holds(&[';', '\t', '|', '^']) {
        0.3
    } else if holds(&[',']) {
        0.6
    } else {
        0.9
    }
}

/// Whether a space follows nearly every delimiter, and so belongs to it.
fn is_spaced(rows: &[RawRow], delimiter: u8) -> bool {
    let later = || rows.iter().flat_map(|row| (1..row.len().min(CELLS)).map(|column| row.cell(column).text));
    let filled = later().filter(|text| !text.trim().is_empty()).count();
    let spaced = later().filter(|text| text.starts_with(' ') && !text.trim().is_empty()).count();
    let quoted: usize = rows.iter().map(|row| row.quoted as usize).sum();
    delimiter != b' ' && spaced > 0 && (spaced + quoted) * 10 >= filled * 9
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
            ("Customer Name\nAcme Traders\nBeta Stores\n", b','),
            ("a^b^c\n1^x, y^3\n4^z^6\n", b'^'),
            ("no date name amount\n1 2025-04-01 \"A B\" 5\n2 2025-04-02 C 6\n", b' '),
            ("no;amount\n1;1,5\n2;2,5\n3;3,5\n", b';'),
            ("no;name\n1;Mehta, Rakesh\n2;Shah, Amit\n", b';'),
            ("", b','),
        ];
        for (text, delimiter) in cases {
            assert_eq!(detect(text, true, None).delimiter as char, delimiter as char, "{text}");
        }
    }

    #[test]
    fn quoting_is_the_one_that_leaves_no_mark_behind() {
        for (text, quote, escaped, spaced) in [
            ("a,b\n\"x, y\",2\n", b'"', false, false),
            ("'a','b'\n'x, y','2'\n", b'\'', false, false),
            ("a,b\n'00123,2\n'00124,3\n", b'"', false, false),
            ("a,b\nMehta's,2\nShah's,3\n", b'"', false, false),
            ("a,b\n\"48\\\" TV\",2\n", b'"', true, false),
            ("a,b\n\"C:\\dir\\\",2\n\"C:\\dir\\\",3\n", b'"', false, false),
            ("a,b\n\"48\"\" TV\",2\n", b'"', false, false),
            // A backslash before a doubled mark is only a backslash.
            ("a,b\n\"\\\"\"\",\"\t\"\n", b'"', false, false),
            ("a,b\n\"\\\"\"\",\"\t\"\n", b'"', false, false),
            ("'a','b'\n'it\\'s','2'\n", b'\'', true, false),
            ("a, b, c\n1, \"x, y\", 3\n", b'"', false, true),
            ("a,b\n1, x\n2,y\n3,z\n", b'"', false, false),
        ] {
            let expected = Grammar { delimiter: b',', quote, escaped, spaced };
            assert_eq!(detect(text, true, None), expected, "{text}");
            assert_eq!(detect(text, true, Some(b',')), expected, "{text}");
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
