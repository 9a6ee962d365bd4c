//! Rows of a delimited text file, a window of decoded text at a time.
//!
//! Owns reading on, numbering of rows and lines, and the limit of one row. Leaves decoding to [`super::decode`], the
//! rules of quoting to [`super::record`] and what a row means to [`super::table`]. The one rule: memory stays bounded
//! by [`MAX_ROW_BYTES`], whatever the file holds.

use std::path::Path;

use super::cutter::{Cut, Cutter, Found, Limits};
use super::decode::Decoder;
use super::error::SheetError;
use super::plain::Place;
use super::record::{Grammar, Parsed, parse};
use super::row::RawRow;
use super::wrapping::Wrapping;
use super::{Dialect, KnownBy, RowNumber, budget, dialect};
use crate::config::Reading;

/// Limit: no row of a spreadsheet that people use comes near; what follows in the row is left out and the row marked.
const MAX_ROW_BYTES: usize = 1024 * 1024;
/// Limit: what the delimiter is judged by.
const SAMPLE_BYTES: usize = 256 * 1024;
/// Limit: what follows in a row that is too long is skipped this far; a sheet has line ends.
const MAX_LINE_BYTES: usize = 64 * 1024 * 1024;

/// A text file being read.
pub(super) struct TextRows {
    file: String,
    decoder: Decoder,
    window: String,
    at: usize,
    /// Bytes of text before the window.
    before: u64,
    /// Whether all is decoded, and whether the reader has met the end.
    exhausted: bool,
    drained: bool,
    grammar: Grammar,
    /// How the delimiter is known.
    delimiter_by: KnownBy,
    number: RowNumber,
    line: u32,
    /// What further rows of a packed file may weigh.
    left: Option<u64>,
    /// Bytes of the packed file.
    size: u64,
}

impl TextRows {
    /// Opens the file, settles encoding and delimiter, and adds notes about what is out of the ordinary.
    pub(super) fn open(
        path: &Path,
        wrapping: Wrapping,
        file: &str,
        reading: &Reading,
        notes: &mut Vec<String>,
    ) -> Result<Self, SheetError> {
        let decoder = Decoder::open(path, wrapping, file, reading)?;
        let size = path.metadata().map_err(|source| SheetError::reading(file, source))?.len();
        let mut rows = Self {
            file: file.to_owned(),
            decoder,
            window: String::new(),
            at: 0,
            before: 0,
            exhausted: false,
            drained: false,
            grammar: Grammar::plain(b','),
            delimiter_by: KnownBy::Detected,
            number: 0,
            line: 1,
            left: wrapping.name().map(|_| budget::most(size)),
            size,
        };
        while rows.window.len() < SAMPLE_BYTES && !rows.drained {
            rows.fill()?;
        }
        // What was decoded for the sample's sake is one.
        rows.decoder.lossy_from = rows.decoder.lossy_from.map(|_| 0);
        if let Some(format) = wrapping.name() {
            notes.push(format!("the file is packed ({format}) and is unpacked while it is read"));
        }
        rows.settle_grammar(reading, notes)?;
        rows.note_encoding(notes);
        Ok(rows)
    }

    /// What was settled on opening.
    pub(super) fn dialect(&self) -> Dialect {
        let Grammar { delimiter, quote, escaped, .. } = self.grammar;
        Dialect {
            encoding: self.decoder.encoding.name(),
            encoding_by: self.decoder.known_by,
            delimiter,
            delimiter_by: self.delimiter_by,
            quote,
            escape: escaped.then_some(b'\\'),
        }
    }

    /// Whether undecodable bytes may have been replaced so far.
    pub(super) fn is_lossy(&self) -> bool {
        self.decoder.lossy_from.is_some_and(|from| from < self.passed())
    }

    /// Bytes of text that were read.
    fn passed(&self) -> u64 {
        self.before + self.at as u64
    }

    /// The sentence about NUL characters, if there were any so far.
    pub(super) fn note_of_nuls(&self) -> Option<String> {
        let nuls = self.decoder.nuls;
        let characters = if nuls == 1 { "NUL character was" } else { "NUL characters were" };
        (nuls > 0).then(|| format!("{nuls} {characters} left out"))
    }

    /// Reads the next record, a blank line included; false at the end.
    pub(super) fn next(&mut self, row: &mut RawRow) -> Result<bool, SheetError> {
        loop {
            let rest = &self.window[self.at..];
            if rest.is_empty() && self.drained {
                return Ok(false);
            }
            if !rest.is_empty() {
                // However much text is at hand, a row that is too long is too long.
                let at_hand = &rest[..rest.floor_char_boundary(MAX_ROW_BYTES)];
                let at_end = self.drained && at_hand.len() == rest.len();
                if let Parsed::Record { used, lines } = parse(at_hand, self.grammar, at_end, row) {
                    row.unended = !rest[..used].ends_with(['\n', '\r']);
                    self.at += used;
                    row.nuls = self.passed_nuls();
                    self.count(row, lines)?;
                    return Ok(true);
                }
                if rest.len() > MAX_ROW_BYTES {
                    return self.cut_short(row);
                }
            }
            self.fill()?;
        }
    }

    /// How many records were read.
    pub(super) fn number(&self) -> RowNumber {
        self.number
    }

    /// How cells are separated and quoted, where that leaves records that are plain.
    pub(super) fn grammar(&self) -> Option<Grammar> {
        Some(self.grammar).filter(|grammar| !grammar.escaped && !grammar.spaced)
    }

    /// Cuts the next blocks, at most `count`, of records of `width` cells; their places count from the next record on.
    pub(super) fn cut(&mut self, count: usize, width: usize, limits: Limits) -> Result<Vec<Cut>, SheetError> {
        let mut cutter = Cutter::new(self.grammar.quote, width, limits);
        let mut cuts = Vec::with_capacity(count);
        let (mut records, mut lines) = (0, 0);
        while cuts.len() < count {
            match cutter.next(&self.window.as_bytes()[self.at..], self.exhausted) {
                Found::NeedMore => _ = self.decode()?,
                Found::Odd => break,
                Found::Cut(cut) => {
                    (records, lines) = (records + u64::from(cut.records), lines + u64::from(cut.lines));
                    if !self.may_pass(cut, records, lines, width) {
                        break;
                    }
                    cuts.push(cut);
                }
            }
        }
        Ok(cuts)
    }

    /// Whether a block holds nothing that only rows read one by one tell of: NUL characters, and limits that are met.
    fn may_pass(&self, cut: Cut, records: u64, lines: u64, width: usize) -> bool {
        let end = self.passed() + cut.end as u64;
        let holds_nuls = self.decoder.nul_places.front().is_some_and(|place| cut.last || *place < end);
        let most = u64::from(u32::MAX);
        let is_counted = u64::from(self.number) + records < most && u64::from(self.line) + lines < most;
        let is_light = self.left.is_none_or(|left| records.saturating_mul(budget::weight_of(width)) <= left);
        !holds_nuls && is_counted && is_light
    }

    /// The text of each block that was cut, and the place of its first record.
    pub(super) fn texts(&self, cuts: &[Cut]) -> impl Iterator<Item = (&str, Place)> {
        let first = Place { number: self.number.saturating_add(1), line: self.line };
        cuts.iter().scan(first, |next, cut| {
            let place = *next;
            *next = Place { number: place.number + cut.records, line: place.line + cut.lines };
            Some((&self.window[self.at + cut.start..self.at + cut.end], place))
        })
    }

    /// Goes on behind a block that was cut and read.
    pub(super) fn pass(&mut self, cut: Cut, width: usize) {
        self.at += cut.end - cut.start;
        self.number += cut.records;
        self.line += cut.lines;
        self.left = self.left.map(|left| left - u64::from(cut.records) * budget::weight_of(width));
    }

    /// Whether NUL characters stood in what was read since this was last asked.
    fn passed_nuls(&mut self) -> bool {
        let before = self.decoder.nul_places.len();
        // One at the end of the file belongs to the row before it.
        let end = self.passed() + u64::from(self.drained && self.at == self.window.len());
        while self.decoder.nul_places.front().is_some_and(|place| *place < end) {
            self.decoder.nul_places.pop_front();
        }
        self.decoder.nul_places.len() < before
    }

    fn count(&mut self, row: &mut RawRow, lines: u32) -> Result<(), SheetError> {
        if let Some(left) = &mut self.left {
            *left = left.checked_sub(budget::weight(row)).ok_or_else(|| SheetError::too_much(&self.file, self.size))?;
        }
        let too_long = || SheetError::TooLong { file: self.file.clone(), limit: u32::MAX };
        self.number = self.number.checked_add(1).ok_or_else(too_long)?;
        row.number = self.number;
        row.line = self.line;
        self.line = self.line.checked_add(lines).ok_or_else(too_long)?;
        Ok(())
    }

    /// Keeps the beginning of a row that is too long and skips to the end of its line.
    fn cut_short(&mut self, row: &mut RawRow) -> Result<bool, SheetError> {
        let rest = &self.window[self.at..];
        let cut = rest.floor_char_boundary(MAX_ROW_BYTES);
        let Parsed::Record { used, lines } = parse(&rest[..cut], self.grammar, true, row) else {
            unreachable!("the end of the text ends a record")
        };
        self.at += used;
        row.nuls = self.passed_nuls();
        self.count(row, lines)?;
        if used < cut {
            // Read as whole with its quotation marks as text, the row is short after all.
            return Ok(true);
        }
        row.overlong = true;
        let mut skipped = 0;
        loop {
            let found = self.window.as_bytes()[self.at..].iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            if let Some(length) = found {
                self.at += length;
                if self.window.len() - self.at < 2 && !self.drained {
                    self.fill()?;
                }
                let pair = self.window[self.at..].starts_with("\r\n");
                self.at += if pair { 2 } else { 1 };
                self.line += 1;
                return Ok(true);
            }
            skipped += self.window.len() - self.at;
            self.at = self.window.len();
            if skipped > MAX_LINE_BYTES || self.drained && row.number == 1 {
                return Err(self.endless(row.line, skipped));
            }
            if self.drained {
                return Ok(true);
            }
            self.fill()?;
        }
    }

    fn endless(&self, line: u32, skipped: usize) -> SheetError {
        let limit = if skipped > MAX_LINE_BYTES { MAX_LINE_BYTES } else { MAX_ROW_BYTES };
        SheetError::EndlessLine { file: self.file.clone(), line, limit }
    }

    fn fill(&mut self) -> Result<(), SheetError> {
        self.drained = !self.decode()?;
        Ok(())
    }

    /// Decodes a further piece; false if there is none.
    fn decode(&mut self) -> Result<bool, SheetError> {
        self.window.drain(..self.at);
        self.before += self.at as u64;
        self.at = 0;
        if !self.exhausted {
            let more = self.decoder.fill(&mut self.window).map_err(|source| SheetError::reading(&self.file, source))?;
            self.exhausted = !more;
        }
        Ok(!self.exhausted)
    }

    fn settle_grammar(&mut self, reading: &Reading, notes: &mut Vec<String>) -> Result<(), SheetError> {
        let named = dialect::named(&self.window);
        if let Some((_, length)) = named {
            // Excel does not show this line, so it has no row number.
            self.at = length;
            self.line += u32::from(length > 5);
        }
        if let Some(delimiter) = reading.delimiter.filter(|delimiter| !dialect::is_delimiter(*delimiter)) {
            return Err(SheetError::BadDelimiter { delimiter });
        }
        self.delimiter_by = match (reading.delimiter, named) {
            (Some(_), _) => KnownBy::Set,
            (None, Some(_)) => KnownBy::Declared,
            (None, None) => KnownBy::Detected,
        };
        let settled = reading.delimiter.or(named.map(|(delimiter, _)| delimiter));
        self.grammar = dialect::detect(&self.window[self.at..], self.drained, settled);
        let Grammar { delimiter, quote, escaped, .. } = self.grammar;
        if delimiter != b',' && reading.delimiter.is_none() {
            notes.push(format!("the cells are separated by {}", dialect::name(delimiter)));
        }
        if quote == b'\'' {
            notes.push("cells are quoted with apostrophes".to_owned());
        }
        if escaped {
            notes.push("quotation marks inside cells are written with a backslash before them".to_owned());
        }
        Ok(())
    }

    fn note_encoding(&self, notes: &mut Vec<String>) {
        let name = self.decoder.encoding.name();
        if self.decoder.repair.is_some() {
            let why = "the text was garbled (\"â‚¹\" for \"₹\"), saved with a wrong encoding before";
            notes.push(format!("{why}; all of it was repaired: compare some names with the source"));
        }
        if self.decoder.known_by == KnownBy::Guessed {
            notes.push(format!("the text is not UTF-8 and was read as {name}; --encoding sets another encoding"));
        } else if self.decoder.lossy_from.is_some() {
            notes.push(format!("some bytes are not {name} and were replaced; the rows are marked"));
        } else if self.decoder.encoding != encoding_rs::UTF_8 {
            notes.push(format!("the text is encoded as {name}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(bytes: &[u8]) -> Vec<(u32, u32, Vec<String>)> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, bytes).unwrap();
        let mut rows = TextRows::open(&path, Wrapping::Plain, "a.csv", &Reading::default(), &mut Vec::new()).unwrap();
        let mut row = RawRow::default();
        let mut found = Vec::new();
        while rows.next(&mut row).unwrap() {
            found.push((row.number, row.line, (0..row.len()).map(|c| row.cell(c).text.to_owned()).collect()));
        }
        found
    }

    fn places(bytes: &[u8]) -> Vec<(u32, u32)> {
        rows(bytes).into_iter().map(|(number, line, _)| (number, line)).collect()
    }

    #[test]
    fn rows_count_as_in_the_spreadsheet_and_lines_as_in_an_editor() {
        assert_eq!(places(b"a,b\n\"x\ny\",1\n\nz,2"), [(1, 1), (2, 2), (3, 4), (4, 5)]);
        assert_eq!(places(b"sep=;\r\na;b\r\n1;2\r\n"), [(1, 2), (2, 3)]);
        assert_eq!(places(b"a,b\r1,2\r\n3,4\n"), [(1, 1), (2, 2), (3, 3)]);
        assert_eq!(places(b""), []);
    }

    #[test]
    fn a_row_across_windows_is_whole() {
        let line = format!("{},{}\n", "x".repeat(700), "y".repeat(700));
        let found = rows(line.repeat(1000).as_bytes());
        assert_eq!(found.len(), 1000);
        assert!(found.iter().all(|(_, _, cells)| cells.len() == 2 && cells[1].len() == 700));
    }

    #[test]
    fn an_endless_row_is_cut_and_the_next_one_is_read() {
        let text = format!("a,b\n1,{}\r\n3,4\n", "x".repeat(3 * MAX_ROW_BYTES));
        let found = rows(text.as_bytes());
        assert_eq!(found.len(), 3);
        assert!(found[1].2[1].len() <= MAX_ROW_BYTES);
        assert_eq!(found[2], (3, 3, vec!["3".to_owned(), "4".to_owned()]));
    }

    #[test]
    fn a_packed_text_of_endless_rows_is_refused_and_a_plain_one_is_read() {
        let packed = |rows: usize| {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            std::io::Write::write_all(&mut encoder, "1,1,1,1,1\n".repeat(rows).as_bytes()).unwrap();
            encoder.finish().unwrap()
        };
        let read = |bytes: &[u8], wrapping| {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(&file, bytes).unwrap();
            let mut rows = TextRows::open(file.path(), wrapping, "a", &Reading::default(), &mut Vec::new())?;
            let mut row = RawRow::default();
            while rows.next(&mut row)? {}
            Ok::<u32, SheetError>(rows.number)
        };
        assert_eq!(read(&packed(200_000), Wrapping::Gzip).unwrap(), 200_000);
        let error = read(&packed(200_001), Wrapping::Gzip).unwrap_err().to_string();
        assert!(error.starts_with("a: unpacks to more than 4200000 cells, a row counted as 16 of them"), "{error}");
        assert_eq!(read("1,1,1,1,1\n".repeat(200_001).as_bytes(), Wrapping::Plain).unwrap(), 200_001);
        assert_eq!(read(&packed(0), Wrapping::Gzip).unwrap(), 0);
    }
}
