//! One record of a delimited text: where it ends and what its cells say.
//!
//! Pure. Owns the rules of quoting: a doubled mark is one mark, a mark that neither opens nor closes a cell is text,
//! and a quoted cell that runs on too far never was one. The one rule: no quotation mark swallows rows, so a record is
//! at most [`MAX_QUOTED_LINES`] lines long.

use memchr::{memchr, memchr2};

use super::CellKind;
use super::row::RawRow;

/// Limit: addresses have some ten lines; a mark that never closes takes the whole file.
pub(super) const MAX_QUOTED_LINES: u32 = 20;
/// Limit: about twice what a spreadsheet cell holds in ASCII.
pub(super) const MAX_QUOTED_BYTES: usize = 64 * 1024;

/// How the cells of a text are separated and quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grammar {
    /// What separates the cells.
    pub(super) delimiter: u8,
    /// What stands around cells that hold a delimiter or a line end.
    pub(super) quote: u8,
    /// Whether a backslash before a quotation mark makes it text.
    pub(super) escaped: bool,
    /// Whether a space after each delimiter belongs to it.
    pub(super) spaced: bool,
}

impl Grammar {
    /// The usual one: quotation marks `"`, doubled inside cells.
    pub(super) fn plain(delimiter: u8) -> Self {
        Self { delimiter, quote: b'"', escaped: false, spaced: false }
    }

    fn leading_spaces(self, bytes: &[u8]) -> usize {
        if self.delimiter == b' ' { 0 } else { bytes.iter().take_while(|byte| **byte == b' ').count() }
    }
}

/// What was found at the start of the text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Parsed {
    /// A record, its cells in the row: bytes used with its line end, and physical lines.
    Record {
        /// Bytes of the text up to the next record.
        used: usize,
        /// Line ends among them.
        lines: u32,
    },
    /// The text ends before the record does.
    NeedMore,
}

/// Reads the record at the start of `text` into `row`; with `at_end`, the end of the text ends it.
pub(super) fn parse(text: &str, grammar: Grammar, at_end: bool, row: &mut RawRow) -> Parsed {
    row.clear();
    if let Some(used) = plain_record(text, grammar, at_end, row) {
        return Parsed::Record { used, lines: 1 };
    }
    row.clear();
    match (Parser { text, grammar, at_end, quotes_until: usize::MAX }).run(row) {
        Ok(parsed) => parsed,
        Err(Unbalanced(mark)) => {
            row.clear();
            row.unbalanced = true;
            let parser = Parser { text, grammar, at_end, quotes_until: mark };
            parser.run(row).unwrap_or(Parsed::NeedMore)
        }
    }
}

/// Reads a record on a line of its own whose quotation marks all stand around whole cells, as nearly all do; none of
/// every other, of which [`Parser`] knows the rules.
fn plain_record(text: &str, grammar: Grammar, at_end: bool, row: &mut RawRow) -> Option<usize> {
    let Grammar { delimiter, quote, escaped, spaced } = grammar;
    let bytes = text.as_bytes();
    let end = memchr2(b'\n', b'\r', bytes)?;
    let used = match bytes[end..] {
        [b'\r', b'\n', ..] => end + 2,
        [b'\r'] if !at_end => return None,
        _ => end + 1,
    };
    if escaped || spaced || end >= MAX_QUOTED_BYTES {
        return None;
    }
    let line = &bytes[..end];
    let mut at = 0;
    loop {
        let cell = match line.get(at) {
            // Spaces before a mark are no part of the cell.
            Some(b' ') => return None,
            Some(byte) if *byte == quote => {
                let close = at + 1 + memchr(quote, &line[at + 1..])?;
                row.quoted += 1;
                at + 1..close
            }
            _ => {
                let length = memchr2(delimiter, quote, &line[at..]).unwrap_or(end - at);
                at..at + length
            }
        };
        let behind = cell.end + usize::from(line.get(at) == Some(&quote));
        row.push_cell(&text[cell], CellKind::Text);
        match line.get(behind) {
            None => return Some(used),
            Some(byte) if *byte == delimiter => at = behind + 1,
            // A mark inside a cell, or something behind one that closed.
            Some(_) => return None,
        }
    }
}

/// Where the quotation mark stands that never closes.
struct Unbalanced(usize);

struct Parser<'a> {
    text: &'a str,
    grammar: Grammar,
    at_end: bool,
    /// Marks from here on are text.
    quotes_until: usize,
}

/// How a cell ended.
enum CellEnd {
    /// At the byte here: a delimiter, a line end, or the end of the text; with the lines inside the cell.
    At(usize, u32),
    NeedMore,
}

impl Parser<'_> {
    fn run(&self, row: &mut RawRow) -> Result<Parsed, Unbalanced> {
        let bytes = self.text.as_bytes();
        let mut at = 0;
        let mut lines = 0;
        loop {
            let mark = at + self.grammar.leading_spaces(&bytes[at..]);
            let end = match bytes.get(mark) {
                None if !self.at_end => return Ok(Parsed::NeedMore),
                Some(byte) if *byte == self.grammar.quote && mark < self.quotes_until => self.quoted(mark, row)?,
                _ => self.plain(if self.grammar.spaced { mark } else { at }, row),
            };
            let CellEnd::At(end, inside) = end else { return Ok(Parsed::NeedMore) };
            row.end_cell(CellKind::Text);
            lines += inside;
            match bytes.get(end) {
                None => return Ok(Parsed::Record { used: end, lines }),
                Some(b'\r') if end + 1 == bytes.len() && !self.at_end => return Ok(Parsed::NeedMore),
                Some(b'\r') if bytes.get(end + 1) == Some(&b'\n') => {
                    return Ok(Parsed::Record { used: end + 2, lines: lines + 1 });
                }
                Some(b'\r' | b'\n') => return Ok(Parsed::Record { used: end + 1, lines: lines + 1 }),
                Some(_) => at = end + 1,
            }
        }
    }

    fn plain(&self, start: usize, row: &mut RawRow) -> CellEnd {
        let Grammar { delimiter, quote, spaced, .. } = self.grammar;
        let rest = &self.text.as_bytes()[start..];
        let mut marked = false;
        let end = rest.iter().position(|byte| {
            marked |= *byte == quote;
            *byte == delimiter || *byte == b'\n' || *byte == b'\r'
        });
        let end = match end {
            Some(length) => start + length,
            None if self.at_end => self.text.len(),
            None => return CellEnd::NeedMore,
        };
        let cell = &self.text[start..end];
        let cell = if spaced { cell.trim_end_matches(' ') } else { cell };
        if marked {
            self.push_marked(cell, row);
        } else {
            row.push_text(cell);
        }
        CellEnd::At(end, 0)
    }

    /// Adds an unquoted cell that holds quotation marks; apostrophes and Excel's `="00123"` are nothing unusual.
    fn push_marked(&self, cell: &str, row: &mut RawRow) {
        if self.grammar.escaped {
            let quote = char::from(self.grammar.quote);
            let mut rest = cell;
            while let Some(at) = rest.find('\\').filter(|at| rest[at + 1..].starts_with(quote)) {
                row.push_text(&rest[..at]);
                row.push_text(&rest[at + 1..at + 2]);
                rest = &rest[at + 2..];
            }
            row.push_text(rest);
            row.stray |= rest.contains(quote) && quote == '"';
            return;
        }
        let is_guard = cell.trim().strip_prefix("=\"").is_some_and(|rest| rest.ends_with('"'));
        row.stray |= self.grammar.quote == b'"' && !is_guard;
        row.push_text(cell);
    }

    fn quoted(&self, mark: usize, row: &mut RawRow) -> Result<CellEnd, Unbalanced> {
        let bytes = self.text.as_bytes();
        let mut from = mark + 1;
        let mut lines = 0;
        loop {
            let window = &bytes[from..bytes.len().min(mark + MAX_QUOTED_BYTES).max(from)];
            let found = window.iter().position(|byte| self.is_special(*byte)).map(|length| from + length);
            let until = found.unwrap_or(from + window.len());
            lines += line_ends(&bytes[from..until]);
            if lines > MAX_QUOTED_LINES {
                return Err(Unbalanced(mark));
            }
            let Some(quote) = found else {
                let cut_short = bytes.len() < mark + MAX_QUOTED_BYTES && !self.at_end;
                return if cut_short { Ok(CellEnd::NeedMore) } else { Err(Unbalanced(mark)) };
            };
            match self.after(quote) {
                After::NeedMore => return Ok(CellEnd::NeedMore),
                After::Closes(end) => {
                    row.push_text(&self.text[from..quote]);
                    row.quoted += 1;
                    row.spanning |= lines > 0;
                    return Ok(CellEnd::At(end, lines));
                }
                After::Doubled => {
                    row.push_text(&self.text[from..=quote]);
                    from = quote + 2;
                }
                After::Escaped => {
                    row.push_text(&self.text[from..quote]);
                    row.push_text(&self.text[quote + 1..quote + 2]);
                    from = quote + 2;
                }
                // A mark that looks like the start of a cell in a later line: the first one never closed.
                After::Lone if lines > 0 && self.begins_cell(quote) => return Err(Unbalanced(mark)),
                After::Lone => {
                    row.stray |= bytes[quote] == self.grammar.quote;
                    row.push_text(&self.text[from..=quote]);
                    from = quote + 1;
                }
            }
        }
    }

    fn is_special(&self, byte: u8) -> bool {
        byte == self.grammar.quote || self.grammar.escaped && byte == b'\\'
    }

    fn after(&self, quote: usize) -> After {
        let bytes = self.text.as_bytes();
        let next = bytes.get(quote + 1);
        if next.is_none() && !self.at_end {
            return After::NeedMore;
        }
        if bytes[quote] == b'\\' {
            return if next.is_some_and(|next| self.is_special(*next)) { After::Escaped } else { After::Lone };
        }
        if next == Some(&self.grammar.quote) {
            return After::Doubled;
        }
        let next = quote + 1 + self.grammar.leading_spaces(&bytes[quote + 1..]);
        match bytes.get(next) {
            None if !self.at_end => After::NeedMore,
            None | Some(b'\r' | b'\n') => After::Closes(next),
            Some(byte) if *byte == self.grammar.delimiter => After::Closes(next),
            Some(_) => After::Lone,
        }
    }

    fn begins_cell(&self, quote: usize) -> bool {
        let before = self.text.as_bytes()[quote - 1];
        self.text.as_bytes()[quote] == self.grammar.quote
            && (before == self.grammar.delimiter || before == b'\n' || before == b'\r')
    }
}

/// What a quotation mark or a backslash inside a quoted cell is.
enum After {
    /// The end of the cell; the next delimiter or line end is here.
    Closes(usize),
    /// The first of two that stand for one.
    Doubled,
    /// A backslash that makes the next character text.
    Escaped,
    /// Text.
    Lone,
    NeedMore,
}

/// Line ends of any kind, CRLF counted once.
#[expect(clippy::naive_bytecount, reason = "only the few quoted cells are counted")]
pub(super) fn line_ends(bytes: &[u8]) -> u32 {
    let feeds = bytes.iter().filter(|byte| **byte == b'\n').count();
    let returns = bytes.iter().enumerate().filter(|(at, byte)| **byte == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
    (feeds + returns.count()) as u32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn records(text: &str, delimiter: u8) -> Vec<(Vec<String>, bool)> {
        let mut found = Vec::new();
        let mut row = RawRow::default();
        let mut rest = text;
        while !rest.is_empty() {
            let Parsed::Record { used, .. } = parse(rest, Grammar::plain(delimiter), true, &mut row) else {
                panic!("no record")
            };
            assert!(used > 0);
            found.push(((0..row.len()).map(|c| row.cell(c).text.to_owned()).collect(), row.unbalanced));
            rest = &rest[used..];
        }
        found
    }

    #[test]
    fn cells_are_cut_as_a_spreadsheet_would() {
        let cases: &[(&str, &[&[&str]])] = &[
            ("a,b\nc,d", &[&["a", "b"], &["c", "d"]]),
            ("a,b\r\nc,d\r\n", &[&["a", "b"], &["c", "d"]]),
            ("a,b\rc,d\r", &[&["a", "b"], &["c", "d"]]),
            ("a\n\nb\n", &[&["a"], &[""], &["b"]]),
            ("a,,\n", &[&["a", "", ""]]),
            ("\"Mehta, Rakesh\",1\n", &[&["Mehta, Rakesh", "1"]]),
            ("a, b, \"c, d\" ,e\n", &[&["a", " b", "c, d", "e"]]),
            ("\"48\"\"\",x\n", &[&["48\"", "x"]]),
            ("Table 48\" round,x\n", &[&["Table 48\" round", "x"]]),
            ("\"Table 48\" round\",x\n", &[&["Table 48\" round", "x"]]),
            ("\"ABC\" Ltd,5\n", &[&["\"ABC\" Ltd", "5"]]),
            ("=\"00123\",x\n", &[&["=\"00123\"", "x"]]),
            ("\"12, MG Road\nPune\",x\ny,z\n", &[&["12, MG Road\nPune", "x"], &["y", "z"]]),
            ("\"\",\"\"\n", &[&["", ""]]),
            ("\"a\"", &[&["a"]]),
        ];
        for (text, expected) in cases {
            let cells: Vec<Vec<String>> = records(text, b',').into_iter().map(|(cells, _)| cells).collect();
            assert_eq!(cells, *expected, "{text:?}");
        }
    }

    #[test]
    fn an_opening_quote_that_never_closes_takes_only_its_own_line() {
        let many = format!("\"ABC,1,2\n{}", "next,row\n".repeat(30));
        let long = format!("\"ABC,1\n{}\nlast,2\n", "x".repeat(MAX_QUOTED_BYTES));
        for text in ["\"ABC,1,2\nnext,row\n", "\"ABC,1,2\n\"XYZ\",row\n", "x,\"ABC,1\ny,\"z\",1\n", &many, &long] {
            let found = records(text, b',');
            assert!(found.len() >= 2, "{text:.40}");
            assert!(found[0].1 && found[1..].iter().all(|(_, unbalanced)| !unbalanced), "{text:.40}");
        }
        assert_eq!(records("\"ABC,1,2\nnext,row\n", b',')[0].0, ["\"ABC", "1", "2"]);
    }

    #[test]
    fn a_quoted_cell_of_twenty_lines_is_whole() {
        let text = format!("\"{}\",x\ny,z\n", "line\n".repeat(20));
        assert_eq!(records(&text, b',').len(), 2);
    }

    #[test]
    fn a_record_cut_anywhere_asks_for_more_and_never_guesses() {
        let whole = "a,\"b \"\"c\"\"\nd\" ,e\r\n";
        let mut row = RawRow::default();
        for cut in 0..whole.len() {
            assert_eq!(parse(&whole[..cut], Grammar::plain(b','), false, &mut row), Parsed::NeedMore, "{cut}");
        }
        assert_eq!(parse(whole, Grammar::plain(b','), false, &mut row), Parsed::Record { used: whole.len(), lines: 2 });
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]
        #[test]
        fn records_read_quickly_are_those_read_by_the_rules(
            text in "[a,;\"'\\\\ \r\né]{0,24}",
            delimiter in prop::sample::select(vec![b',', b';', b' ', b'\t']),
            quote in prop::sample::select(vec![b'"', b'\'']),
            (escaped, spaced, at_end) in any::<(bool, bool, bool)>(),
        ) {
            let grammar = Grammar { delimiter, quote, escaped, spaced };
            let (mut quick, mut exact) = (RawRow::default(), RawRow::default());
            if let Some(used) = plain_record(&text, grammar, at_end, &mut quick) {
                let parser = Parser { text: &text, grammar, at_end, quotes_until: usize::MAX };
                let Ok(parsed) = parser.run(&mut exact) else { panic!("a plain record is balanced") };
                prop_assert_eq!(parsed, Parsed::Record { used, lines: 1 });
                prop_assert_eq!(quick.texts(), exact.texts());
                let marks = |row: &RawRow| (row.quoted, row.stray, row.spanning, row.unbalanced);
                prop_assert_eq!(marks(&quick), marks(&exact));
            }
        }
    }

    #[test]
    fn usual_records_are_read_quickly() {
        for text in ["a,b\n", "\"1,00,000.00\",x\r\n", "a,\"\",\n", "\n", "a b,c\r\nnext"] {
            assert!(plain_record(text, Grammar::plain(b','), false, &mut RawRow::default()).is_some(), "{text:?}");
        }
    }

    #[test]
    fn line_ends_of_every_kind_count_once() {
        assert_eq!(line_ends(b"a\r\nb\nc\rd"), 3);
    }
}
