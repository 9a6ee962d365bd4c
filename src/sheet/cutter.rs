//! Where blocks of rows end in a text, found by line ends and quotation marks alone.
//!
//! Pure. Leaves cells to [`super::plain`], which holds every record against the rules. The one rule: where all records
//! of a block are plain ones, it ends where rows read one by one would end it; of any other it may be wrong.

use memchr::{memchr, memchr_iter, memmem::Finder};

/// Limit: bytes of a plain record, fewer than one cell may have, so that none of its cells is ever too long.
pub(super) const MAX_RECORD_BYTES: usize = 32_767;

/// What ends a block: whichever comes first.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Rows.
    pub(super) rows: usize,
    /// Bytes of cell text.
    pub(super) bytes: usize,
}

/// A block that was cut.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Cut {
    /// Where it begins.
    pub(super) start: usize,
    /// Where the next one begins.
    pub(super) end: usize,
    /// Records in it.
    pub(super) records: u32,
    /// Physical lines in it.
    pub(super) lines: u32,
    /// Whether the text ends with it, so that it may have fewer rows and bytes.
    pub(super) last: bool,
}

/// What the next block is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A block.
    Cut(Cut),
    /// One that the text at hand does not hold to its end.
    NeedMore,
    /// None: its records are no plain ones.
    Odd,
}

/// Cuts one block after the other from a text that grows at its end.
pub(super) struct Cutter {
    quote: u8,
    /// Finds two quotation marks beside each other.
    pair: Finder<'static>,
    /// Delimiters of each record.
    delimiters: usize,
    limits: Limits,
    /// The block being cut, up to the last whole record.
    cut: Cut,
    /// Bytes of its cells.
    bytes: usize,
    /// Up to where lines were read, how many of them belong to an unfinished record, and the quotation marks in those.
    at: usize,
    lines: u32,
    quotes: usize,
}

impl Cutter {
    /// For records of `width` cells.
    pub(super) fn new(quote: u8, width: usize, limits: Limits) -> Self {
        let delimiters = width.saturating_sub(1);
        let pair = Finder::new(&[quote, quote]).into_owned();
        Self { quote, pair, delimiters, limits, cut: Cut::default(), bytes: 0, at: 0, lines: 0, quotes: 0 }
    }

    /// The next block of a text, which may have grown since it was last given; with `at_end`, it will not grow again.
    pub(super) fn next(&mut self, text: &[u8], at_end: bool) -> Found {
        loop {
            let Some(length) = memchr(b'\n', &text[self.at..]) else { return self.end(text.len(), at_end) };
            let line = &text[self.at..self.at + length];
            self.quotes += memchr_iter(self.quote, line).count();
            self.at += length + 1;
            self.lines += 1;
            if self.at - self.cut.end > MAX_RECORD_BYTES {
                return Found::Odd;
            }
            if !self.quotes.is_multiple_of(2) {
                continue;
            }
            let line_end = if line.ends_with(b"\r") { 2 } else { 1 };
            let record = &text[self.cut.end..self.at];
            let beside = self.delimiters + self.quotes + line_end;
            self.bytes += (record.len() + self.doubled(record)).saturating_sub(beside);
            self.cut.end = self.at;
            self.cut.records += 1;
            self.cut.lines += self.lines;
            (self.lines, self.quotes) = (0, 0);
            if self.cut.records as usize >= self.limits.rows || self.bytes >= self.limits.bytes {
                return self.hand_out(false);
            }
        }
    }

    /// Quotation marks of a plain record that are text, each written as two: one that opens right behind one that closed.
    fn doubled(&self, record: &[u8]) -> usize {
        if self.quotes < 4 || self.pair.find(record).is_none() {
            return 0;
        }
        let mut marks = memchr_iter(self.quote, record).skip(1);
        let mut doubled = 0;
        while let (Some(closed), Some(opened)) = (marks.next(), marks.next()) {
            doubled += usize::from(opened == closed + 1);
        }
        doubled
    }

    /// No further line end stands in the text.
    fn end(&mut self, length: usize, at_end: bool) -> Found {
        if length - self.cut.end > MAX_RECORD_BYTES {
            return Found::Odd;
        }
        match at_end {
            false => Found::NeedMore,
            true if length == self.cut.end && self.cut.records > 0 => self.hand_out(true),
            true => Found::Odd,
        }
    }

    fn hand_out(&mut self, last: bool) -> Found {
        let next = Cut { start: self.cut.end, end: self.cut.end, ..Cut::default() };
        self.bytes = 0;
        Found::Cut(Cut { last, ..std::mem::replace(&mut self.cut, next) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cuts(text: &str, rows: usize, bytes: usize, step: usize) -> (Vec<(usize, u32, u32, bool)>, Found) {
        let mut cutter = Cutter::new(b'"', 2, Limits { rows, bytes });
        let (mut found, mut given) = (Vec::new(), 0);
        loop {
            match cutter.next(&text.as_bytes()[..given], given == text.len()) {
                Found::Cut(cut) => found.push((cut.end, cut.records, cut.lines, cut.last)),
                Found::NeedMore => given = (given + step).min(text.len()),
                Found::Odd => return (found, Found::Odd),
            }
        }
    }

    #[test]
    fn blocks_end_at_records_whatever_the_pieces_they_come_in() {
        let text = "a,b\n\"c\nd\",e\r\nf,g\n\"h\"\"\",i\n";
        for step in [1, 2, 5, 100] {
            let expected = vec![(13, 2, 3, false), (25, 2, 2, false)];
            assert_eq!(cuts(text, 2, 100, step), (expected, Found::Odd), "{step}");
            assert_eq!(cuts(text, 3, 100, step).0, [(17, 3, 4, false), (25, 1, 1, true)], "{step}");
            assert_eq!(cuts(text, 9, 3, step).0, [(13, 2, 3, false), (25, 2, 2, false)], "{step}");
        }
    }

    #[test]
    fn text_without_line_ends_and_text_that_ends_within_a_record_is_odd() {
        assert_eq!(cuts("", 1, 9, 1).1, Found::Odd);
        assert_eq!(cuts("a,b\nc,d", 2, 9, 1), (vec![], Found::Odd));
        assert_eq!(cuts("a,b\n\"c,d\n", 2, 9, 1), (vec![], Found::Odd));
        let endless = "x".repeat(MAX_RECORD_BYTES + 1);
        let mut cutter = Cutter::new(b'"', 2, Limits { rows: 9, bytes: 1 << 20 });
        assert_eq!(cutter.next(endless.as_bytes(), false), Found::Odd);
        let lines = "\"x\n".to_owned() + &"y\n".repeat(MAX_RECORD_BYTES / 2);
        assert_eq!(cuts(&lines, 9, 1 << 20, 1 << 20), (vec![], Found::Odd));
    }
}
