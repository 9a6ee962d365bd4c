//! Blocks of text in which every record is a plain one, read many bytes at a time and on any thread.
//!
//! Pure. Leaves where blocks end to [`super::cutter`], and every other text to [`super::record`], [`super::table`] and
//! [`super::open`], whose rules it repeats for the plain case alone. The one rule: a block is read here only if rows
//! read one by one would be the same rows, of the same numbers, handed out as they are, unmarked, and nothing else.

use super::cutter::{Cut, Limits, MAX_RECORD_BYTES};
use super::record::{Grammar, MAX_QUOTED_LINES};
use super::row::{Cells, is_garbled};
use super::swallowed::swallowed_rows;
use super::table::{RowFilter, Verdict};
use super::{Cell, CellKind, RowBlock, RowNumber};

/// Bytes that are looked at together.
const CHUNK: usize = 64;

/// What the plain records of a sheet look like.
#[derive(Clone, Copy)]
pub(super) struct Plain<'a> {
    pub(super) grammar: Grammar,
    pub(super) filter: &'a RowFilter,
    /// Cells of each record; those beyond the block's columns are blank.
    pub(super) width: usize,
    /// Cells of the header.
    pub(super) headings: usize,
    pub(super) limits: Limits,
}

/// Which record a block begins with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) number: RowNumber,
    pub(super) line: u32,
}

impl Plain<'_> {
    /// Reads the text that was cut into an empty block, if all of it is plain; else the block is of no use.
    pub(super) fn read(&self, text: &str, cut: Cut, place: Place, block: &mut RowBlock) -> bool {
        let returns = memchr::memchr_iter(b'\r', text.as_bytes()).count();
        block.text.reserve(text.len());
        block.ends.reserve(cut.records as usize * block.columns);
        block.rows.reserve(cut.records as usize);
        block.from_1904 = false;
        block.verbatim.delimiter = self.grammar.delimiter;
        let mut reader = Reader {
            plain: self,
            text,
            place,
            block,
            start: 0,
            cells: 0,
            lines: 0,
            cell: Open::new(0),
            returns: 0,
            usual: true,
        };
        let is_plain = reader.run().is_some() && reader.start == text.len() && reader.returns == returns;
        let lines = reader.place.line - place.line;
        let is_cut = is_plain && block.len() == cut.records as usize && lines == cut.lines;
        if !is_cut || !self.ends_here(cut, block) {
            return false;
        }
        // Judged as one text, which finds at least what rows would.
        if !block.text.is_ascii() && (is_garbled(&block.text) || block.text.contains(char::REPLACEMENT_CHARACTER)) {
            return false;
        }
        if !block.verbatim.rows.is_empty() {
            block.verbatim.text.push_str(text);
        }
        true
    }

    /// Whether rows read one by one would end the block here.
    fn ends_here(&self, cut: Cut, block: &RowBlock) -> bool {
        let Some(above) = block.ends.len().checked_sub(block.columns) else { return false };
        let before = if above == 0 { 0 } else { block.ends[above - 1] as usize };
        let is_full = |rows: usize, bytes: usize| rows >= self.limits.rows || bytes >= self.limits.bytes;
        !is_full(block.len() - 1, before) && (cut.last || is_full(block.len(), block.text.len()))
    }
}

/// The cell being read.
#[derive(Clone, Copy)]
struct Open {
    start: usize,
    /// Whether its first byte is a quotation mark.
    quoted: bool,
    /// Whether that mark has not closed yet.
    inside: bool,
    /// The last mark that may have closed it.
    close: usize,
    /// Whether marks inside it are doubled.
    doubled: bool,
    /// Delimiters and line ends inside it.
    delimiters: u32,
    lines: u32,
}

impl Open {
    fn new(start: usize) -> Self {
        Self { start, quoted: false, inside: false, close: 0, doubled: false, delimiters: 0, lines: 0 }
    }
}

struct Reader<'a, 'b> {
    plain: &'a Plain<'a>,
    text: &'a str,
    place: Place,
    block: &'b mut RowBlock,
    /// Where the record begins.
    start: usize,
    /// Its cells so far, and the line ends inside them.
    cells: usize,
    lines: u32,
    cell: Open,
    /// Carriage returns that belong to line ends.
    returns: usize,
    /// Whether the record stands as its cells would be written.
    usual: bool,
}

impl Reader<'_, '_> {
    /// None where something is not plain.
    fn run(&mut self) -> Option<()> {
        let bytes = self.text.as_bytes();
        let (chunks, rest) = bytes.as_chunks::<CHUNK>();
        let mut last = [0; CHUNK];
        last[..rest.len()].copy_from_slice(rest);
        let Grammar { delimiter, quote, .. } = self.plain.grammar;
        let mut base = 0;
        for chunk in chunks.iter().chain([&last]) {
            let mut found = special(chunk, delimiter, quote);
            while found != 0 {
                let at = base + found.trailing_zeros() as usize;
                found &= found - 1;
                let byte = bytes[at];
                if byte == quote {
                    self.mark(at)?;
                } else if byte == b'\n' {
                    self.line_end(at)?;
                } else if self.cell.inside {
                    self.cell.delimiters += 1;
                } else {
                    self.end_cell(at)?;
                    self.cell = Open::new(at + 1);
                }
            }
            base += CHUNK;
        }
        Some(())
    }

    fn mark(&mut self, at: usize) -> Option<()> {
        let cell = &mut self.cell;
        if cell.inside {
            (cell.inside, cell.close) = (false, at);
        } else if at == cell.start {
            (cell.quoted, cell.inside) = (true, true);
        } else if cell.quoted && at == cell.close + 1 {
            (cell.doubled, cell.inside) = (true, true);
        } else {
            return None;
        }
        Some(())
    }

    fn line_end(&mut self, at: usize) -> Option<()> {
        let is_pair = at > 0 && self.text.as_bytes()[at - 1] == b'\r';
        self.returns += usize::from(is_pair);
        if self.cell.inside {
            self.cell.lines += 1;
            return (self.cell.lines <= MAX_QUOTED_LINES).then_some(());
        }
        self.end_cell(at - usize::from(is_pair))?;
        if self.cells != self.plain.width || at - self.start > MAX_RECORD_BYTES {
            return None;
        }
        self.end_record(at - usize::from(is_pair))?;
        (self.start, self.cells, self.lines, self.cell) = (at + 1, 0, 0, Open::new(at + 1));
        self.usual = true;
        Some(())
    }

    /// Hands the cell over that ends before `end`.
    fn end_cell(&mut self, end: usize) -> Option<()> {
        let cell = self.cell;
        let text = if !cell.quoted {
            &self.text[cell.start..end]
        } else if cell.close + 1 == end {
            &self.text[cell.start + 1..cell.close]
        } else {
            return None;
        };
        self.lines += cell.lines;
        self.cells += 1;
        let block = &mut *self.block;
        if self.cells > block.columns {
            return text.is_empty().then_some(());
        }
        // What a spreadsheet takes for a formula begins with neither a letter nor a digit.
        self.usual &= text.as_bytes().first().is_none_or(u8::is_ascii_alphanumeric);
        if cell.quoted {
            self.usual &= cell.delimiters > 0 || cell.doubled || cell.lines > 0;
        }
        if cell.doubled {
            push_single(text, char::from(self.plain.grammar.quote), &mut block.text);
        } else {
            block.text.push_str(text);
        }
        block.ends.push(u32::try_from(block.text.len()).ok()?);
        Some(())
    }

    /// Hands the record over whose last cell ended before `end`.
    fn end_record(&mut self, end: usize) -> Option<()> {
        let Plain { grammar, filter, width, headings, .. } = *self.plain;
        let block = &mut *self.block;
        let first = block.rows.len() * block.columns;
        let start = if first == 0 { 0 } else { block.ends[first - 1] };
        let row = PlainRow { text: &block.text, start, ends: &block.ends[first..], width };
        let is_data = filter.is_surely_data(block.text.as_bytes(), start as usize, row.ends);
        if !is_data && filter.judge(&row) != Verdict::Data {
            return None;
        }
        if self.lines > 0 && swallowed_rows(&row, filter, grammar.delimiter, headings).is_some() {
            return None;
        }
        block.ends.resize(first + block.columns, block.text.len() as u32);
        if width == block.columns && grammar.quote == b'"' {
            let end = if self.usual { end } else { self.start };
            block.verbatim.rows.push((u32::try_from(self.start).ok()?, u32::try_from(end).ok()?));
        }
        let Place { number, line } = self.place;
        block.rows.push((number, line));
        self.place = Place { number: number.checked_add(1)?, line: line.checked_add(self.lines + 1)? };
        Some(())
    }
}

/// A row that stands in a block, as the rules see rows.
struct PlainRow<'a> {
    text: &'a str,
    start: u32,
    ends: &'a [u32],
    width: usize,
}

impl Cells for PlainRow<'_> {
    fn width(&self) -> usize {
        self.width
    }

    fn cell(&self, column: usize) -> Cell<'_> {
        let Some(end) = self.ends.get(column) else { return Cell { text: "", kind: CellKind::Text } };
        let start = if column == 0 { self.start } else { self.ends[column - 1] };
        Cell { text: &self.text[start as usize..*end as usize], kind: CellKind::Text }
    }
}

/// Appends a text whose quotation marks are all doubled, each pair as one.
fn push_single(mut text: &str, quote: char, to: &mut String) {
    while let Some(at) = text.find(quote) {
        to.push_str(&text[..=at]);
        text = &text[at + 2..];
    }
    to.push_str(text);
}

/// Which bytes are delimiters, quotation marks and line feeds, the first in the lowest bit.
///
/// Written so that the compiler makes instructions of it that compare many bytes at once.
fn special(chunk: &[u8; CHUNK], delimiter: u8, quote: u8) -> u64 {
    // The lowest bits of eight bytes, gathered in the highest byte of the product.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let mut flags = [0_u8; CHUNK];
    for (flag, byte) in flags.iter_mut().zip(chunk) {
        *flag = u8::from(*byte == delimiter) | u8::from(*byte == quote) | u8::from(*byte == b'\n');
    }
    let (eights, _) = flags.as_chunks::<8>();
    let gathered = eights.iter().map(|eight| u64::from_le_bytes(*eight).wrapping_mul(GATHER) >> 56);
    gathered.rev().fold(0, |mask, bits| mask << 8 | bits)
}

#[cfg(test)]
mod tests {
    use super::super::row::RawRow;
    use super::*;

    #[test]
    fn bytes_are_found_where_they_stand() {
        let mut chunk = [b'x'; CHUNK];
        for at in [0, 1, 7, 8, 15, 16, 31, 40, 63] {
            chunk[at] = b',';
        }
        (chunk[2], chunk[62], chunk[50], chunk[3]) = (b'"', b'"', b'\n', 0xac);
        let ends = 1 | 1 << 1 | 1 << 7 | 1 << 8 | 1 << 15 | 1 << 16 | 1 << 31 | 1 << 40 | 1 << 50 | 1 << 63;
        assert_eq!(special(&chunk, b',', b'"'), ends | 1 << 2 | 1 << 62);
    }

    /// The cells of a text, if all of its records are plain ones of three cells.
    fn read(text: &str) -> Option<Vec<String>> {
        let block = block(text)?;
        Some((0..block.len()).flat_map(|row| block.cells(row).map(str::to_owned).collect::<Vec<_>>()).collect())
    }

    fn block(text: &str) -> Option<RowBlock> {
        let mut header = RawRow::default();
        for heading in ["No", "Name", "Amount"] {
            header.push_cell(heading, CellKind::Text);
        }
        let filter = RowFilter::new(&header, &[]);
        let limits = Limits { rows: 1_000, bytes: 1 << 20 };
        let plain = Plain { grammar: Grammar::plain(b','), filter: &filter, width: 3, headings: 3, limits };
        let records = text.matches(";\n").count() as u32;
        let cut = Cut { start: 0, end: text.len(), records, lines: text.matches('\n').count() as u32, last: true };
        let text = text.replace(';', "");
        let mut block = RowBlock::new(3);
        plain.read(&text, cut, Place { number: 1, line: 1 }, &mut block).then_some(block)
    }

    #[test]
    fn records_stand_as_they_would_be_written_where_only_needed_marks_do() {
        for (record, usual) in [
            ("a,b,c", true),
            ("a,,7", true),
            ("\"a,b\",\"4\"\"\",\"c\nd\"", true),
            ("\u{20b9}5,b,c", false),
            ("a,-5,c", false),
            ("a,=1,c", false),
            ("a,\"=1,2\",c", false),
            ("a,\"b\",c", false),
            ("a,\"\",c", false),
            ("a,\"\"\"b\"\"\",c", false),
            ("a, b,c", false),
        ] {
            for end in ["\n", "\r\n"] {
                let block = block(&format!("x,y,z;{end}{record};{end}1,2,3;{end}").replace(";\r\n", "\r;\n")).unwrap();
                let stands = [0, 1, 2].map(|row| block.verbatim(row, b','));
                assert_eq!(stands, [Some("x,y,z"), usual.then_some(record), Some("1,2,3")], "{record:?}");
                assert_eq!(block.verbatim(0, b';'), None);
            }
        }
    }

    #[test]
    fn plain_records_are_read_and_all_others_refused() {
        let long = "x".repeat(70);
        let spanning = format!("a,\"{long}\n{long}\",c;\n");
        let (first, second) = (format!("{long}\n{long}"), format!("a\n{long}"));
        for (text, cells) in [
            ("a,b,c;\nd,,f;\n", &["a", "b", "c", "d", "", "f"][..]),
            ("\"a,b\",\"\",\"c\"\"\";\n", &["a,b", "", "c\""]),
            ("\"\"\"\"\"\",\"\"\"a\"\"\",c;\n", &["\"\"", "\"a\"", "c"]),
            (" a , b,c \r;\n", &[" a ", " b", "c "]),
            ("a,\"b\r\nc\",d\r;\n", &["a", "b\r\nc", "d"]),
            (&spanning, &["a", &first, "c"]),
            (&format!("\"a\n{long}\",\"{long}\",c;\n"), &[&second, &long, "c"]),
        ] {
            assert_eq!(
                read(text).as_deref(),
                Some(cells.iter().map(|&cell| cell.to_owned()).collect::<Vec<_>>()).as_deref(),
                "{text:?}"
            );
        }
        for odd in [
            "a,b;\n",
            "a,b,c,d;\n",
            "a,b\"c\",d;\n",
            "\"a\"b,c,d;\n",
            "\"a\"b\"c\",d,e;\n",
            "a,\"\"\",b;\n",
            "a, \"b\",c;\n",
            "a,\"b\" ,c;\n",
            "a,b\rc,d;\n",
            "a,\"b\rc\",d;\n",
            ",,;\n",
            "Total,,5;\n",
            "a,Caf\u{c3}\u{a9},c;\n",
            "a,\u{fffd},c;\n",
            &format!("a,\"{}\",c;\n", "\n".repeat(21)),
            &format!("a,{},c;\n", "x".repeat(MAX_RECORD_BYTES)),
            "a,b,c;\nd",
        ] {
            assert_eq!(read(odd), None, "{odd:?}");
        }
    }
}
