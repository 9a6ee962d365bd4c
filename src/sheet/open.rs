//! Opening a file's sheets and handing out their data rows as blocks.
//!
//! Owns the settling of the header, and the accounting between rows read and rows handed out. Leaves formats to the
//! readers, judgement of rows to [`super::table`], and plain text that needs none to `blocks`. The one rule: every row
//! with a filled cell below the header is handed out or stands in [`SheetEnd`].

mod blocks;
#[cfg(test)]
mod blocks_tests;

use std::collections::VecDeque;
use std::fmt::Write as _;

use tempfile::TempPath;

use self::blocks::Tries;
use super::captions;
use super::container::{Content, detect};
use super::decoder::{self, Place};
use super::error::SheetError;
use super::excel::BookRows;
use super::handed::hand_over;
use super::header::{self, MAX_COLUMNS};
use super::hidden::Hidden;
use super::input::RESULT_HEADINGS;
pub use super::listing::{Listing, list, sheets_of};
use super::marks::{self, mark};
use super::row::{RawRow, is_identifier, is_value};
use super::surplus::joined_amounts;
use super::swallowed::swallowed_rows;
use super::table::{Dropped, RowFilter, Verdict};
use super::text::TextRows;
use super::titles::is_caption_of_others;
use super::{Dialect, DropReason, Header, RowBlock, RowNumber, SheetSource};
use crate::config::Reading;
use crate::finding::{Code, quote};

/// Limit: rows among which the header is looked for and by which the rest is judged.
const SAMPLE_ROWS: usize = 200;
/// Limit: bytes of text of those rows.
const SAMPLE_BYTES: usize = 4 * 1024 * 1024;
/// Limit: notes at the end of a sheet are few; more such rows in sequence are data.
const PENDING_NOTES: usize = 20;

impl SheetSource {
    /// Opens the sheet from its beginning; `recognise` says whether the operation's mapping knows a heading.
    pub fn open<'r>(&self, reading: &Reading, recognise: Recognise<'r>) -> Result<OpenSheet<'r>, SheetError> {
        let (rows, unpacked, notes) = self.rows(reading)?;
        let mut sheet = OpenSheet::settle(rows, unpacked, self.label(), notes, reading, recognise)?;
        sheet.filter.keeps_all = reading.as_written;
        sheet.hidden.setting = reading.hidden_rows;
        Ok(sheet)
    }

    /// Opens a sheet that has no headings: every filled row is handed out, and the columns have letters for names.
    pub fn open_without_header(&self, reading: &Reading) -> Result<OpenSheet<'static>, SheetError> {
        let (rows, unpacked, notes) = self.rows(reading)?;
        let mut sheet = OpenSheet::without_header(rows, unpacked, notes)?;
        sheet.hidden.setting = reading.hidden_rows;
        Ok(sheet)
    }

    /// The rows, what had to be unpacked for them, and notes.
    fn rows(&self, reading: &Reading) -> Result<(Rows, Option<TempPath>, Vec<String>), SheetError> {
        let file = self.label();
        let container = detect(&self.path, &file)?;
        let (content, path) = (container.content, container.path(&self.path));
        let mut notes: Vec<String> = container.misnamed(&self.file_name).into_iter().collect();
        let rows = match &self.sheet {
            Some(sheet) if content != Content::Text => {
                let place = Place { given: &self.path, readable: path };
                Rows::Book(decoder::open(reading.decoder.as_ref(), place, &file, sheet, content)?)
            }
            Some(_) => {
                return Err(SheetError::Damaged { file, reason: "it was a workbook and now is text".to_owned() });
            }
            None if content == Content::Text => {
                Rows::Text(Box::new(TextRows::open(path, container.wrapping, &file, reading, &mut notes)?))
            }
            None => return Err(SheetError::Damaged { file, reason: "it was text and now is a workbook".to_owned() }),
        };
        Ok((rows, container.unpacked, notes))
    }
}

/// A reader of either kind.
enum Rows {
    Text(Box<TextRows>),
    Book(BookRows),
}

impl Rows {
    fn next(&mut self, row: &mut RawRow) -> Result<bool, SheetError> {
        match self {
            Self::Text(rows) => rows.next(row),
            Self::Book(rows) => rows.next(row),
        }
    }

    fn is_text(&self) -> bool {
        matches!(self, Self::Text(_))
    }
}

/// Says whether the operation's mapping knows a heading.
pub type Recognise<'r> = &'r (dyn Fn(&str) -> bool + Sync);

/// A sheet with its header settled, being read.
pub struct OpenSheet<'r> {
    /// The headings.
    pub header: Header,
    /// What is worth knowing about how the sheet is read; one sentence each.
    pub notes: Vec<String>,
    /// Encoding and delimiter of a text file; none for a worksheet.
    pub dialect: Option<Dialect>,
    /// Where the headings stand and what stands above them.
    pub top: Top,
    rows: Rows,
    /// The workbook that was packed; removed when dropped.
    _unpacked: Option<TempPath>,
    recognise: Recognise<'r>,
    filter: RowFilter,
    /// Totals and notes are handed out like data.
    keeps_suspects: bool,
    /// Cells that most rows have, and so a row with fewer is short.
    usual_width: usize,
    /// Rows read for the header's sake that are yet to be judged.
    ahead: VecDeque<RawRow>,
    /// Rows that are notes unless data follows.
    pending: Vec<RawRow>,
    spare: RawRow,
    last_number: RowNumber,
    ended: bool,
    end: SheetEnd,
    stray_rows: u64,
    garbled_rows: u64,
    first_garbled: RowNumber,
    hidden: Hidden,
    tries: Tries,
}

/// What stands above a sheet's data.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Top {
    /// The rows of the headings, one to three; none where there are no headings.
    pub header_rows: Vec<RowNumber>,
    /// The headings cell by cell as they stand, those of several rows joined by a space.
    pub headings: Vec<String>,
    /// Filled rows above the headings, with the beginning of their text.
    pub banner: Vec<(RowNumber, String)>,
    /// The sentence about them among the sheet's notes.
    pub banner_note: Option<String>,
}

/// What a sheet turned out to hold besides its data rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SheetEnd {
    /// Rows handed out.
    pub data_rows: u64,
    /// Rows left out.
    pub dropped: Dropped,
    /// Blank rows between the header and the last filled row.
    pub blank_rows: u64,
    /// The last row that was handed out; 0 if none was.
    pub last_row: RowNumber,
    /// Where another table begins that is not read, and how many rows it has below its headings.
    pub other_table: Option<(RowNumber, u64)>,
    /// What came to light on the way; one sentence each.
    pub notes: Vec<String>,
}

impl<'r> OpenSheet<'r> {
    fn settle(
        mut rows: Rows,
        unpacked: Option<TempPath>,
        file: String,
        mut notes: Vec<String>,
        reading: &Reading,
        recognise: Recognise<'r>,
    ) -> Result<Self, SheetError> {
        let header_row = reading.header_row;
        let mut sample = read_from(&mut rows, header_row.unwrap_or(1))?;
        let known = header::once(recognise);
        let at = if let Some(number) = header_row {
            if sample.first().is_none_or(|row| row.number != number || row.filled().next().is_none()) {
                return Err(SheetError::BlankHeader { file, row: number });
            }
            0
        } else {
            let Some(at) = header::find(&sample, &known) else { return Err(no_header(file, &sample)) };
            at
        };
        let joined = captions::join(&sample, at, &known).filter(|_| !reading.as_written);
        let (first, last) = joined.as_ref().map_or((at, at), |joined| (joined.first, joined.last));
        let below = sample.split_off(last + 1);
        let standing: Vec<&RawRow> = sample[first..].iter().collect();
        let mut top = Top { headings: captions::as_written(&standing), ..Top::default() };
        top.header_rows = standing.iter().map(|row| row.number).collect();
        let mut header_row = sample.pop().expect("the header is in the sample");
        if let Some(joined) = joined {
            sample.truncate(first);
            let (above, lowest) = (joined.row.number - (last - first) as u32, joined.row.number);
            let between = if last - first > 1 { "to" } else { "and" };
            notes.push(format!("the headings stand in rows {above} {between} {lowest} and were joined"));
            header_row = joined.row;
        }
        let header = header::name_columns(&header_row, &below, rows.is_text());
        if header.columns.len() > MAX_COLUMNS {
            return Err(SheetError::TooWide { file, row: header.number, columns: header.columns.len() });
        }
        // Results as text are told by their first bytes, before they are opened.
        if !rows.is_text()
            && header.columns.len() >= RESULT_HEADINGS.len()
            && header.columns.iter().zip(RESULT_HEADINGS).all(|(name, ours)| name == ours)
        {
            return Err(SheetError::NotInput { file, what: "is a result of arload" });
        }
        let mut end = SheetEnd::default();
        let above = sample.iter().filter(|row| row.filled().next().is_some());
        top.banner = above.map(|row| (row.number, row.preview(80))).collect();
        top.banner_note = header::note_banner(&sample, header.number, &mut end.dropped);
        notes.extend(top.banner_note.clone());
        let widths = below.iter().filter(|row| row.filled().next().is_some()).map(RawRow::len);
        Ok(Self {
            filter: RowFilter::new(&header_row, &below),
            usual_width: header::most_common(widths),
            last_number: header.number,
            end,
            ..Self::new(rows, unpacked, header, top, notes, below, recognise)
        })
    }

    fn without_header(mut rows: Rows, unpacked: Option<TempPath>, notes: Vec<String>) -> Result<Self, SheetError> {
        let sample = read_from(&mut rows, 1)?;
        let header = Header { number: 0, ..header::name_columns(&RawRow::default(), &sample, false) };
        let mut sheet = Self::new(rows, unpacked, header, Top::default(), notes, sample, &|_| false);
        sheet.filter.keeps_all = true;
        Ok(sheet)
    }

    fn new(
        rows: Rows,
        unpacked: Option<TempPath>,
        header: Header,
        top: Top,
        notes: Vec<String>,
        ahead: Vec<RawRow>,
        recognise: Recognise<'r>,
    ) -> Self {
        Self {
            header,
            notes,
            dialect: if let Rows::Text(text) = &rows { Some(text.dialect()) } else { None },
            top,
            rows,
            _unpacked: unpacked,
            recognise,
            filter: RowFilter::new(&RawRow::default(), &[]),
            keeps_suspects: false,
            usual_width: 0,
            ahead: ahead.into(),
            pending: Vec::new(),
            spare: RawRow::default(),
            last_number: 0,
            ended: false,
            end: SheetEnd::default(),
            stray_rows: 0,
            garbled_rows: 0,
            first_garbled: 0,
            hidden: Hidden::default(),
            tries: Tries::default(),
        }
    }

    /// From now on hands out totals and notes too, for readers that judge rows by themselves.
    pub fn keep_suspect_rows(&mut self) {
        self.keeps_suspects = true;
    }

    /// What was left out; complete once [`OpenSheet::next_block`] said false.
    pub fn finish(mut self) -> SheetEnd {
        if self.stray_rows > 0 {
            let note = "rows have cells to the right of the last column, which are not read";
            self.end.notes.push(format!("{} {note}", self.stray_rows));
        }
        if self.garbled_rows > 0 {
            let (rows, first) = (self.garbled_rows, self.first_garbled);
            let rows = if rows == 1 { "1 row has".to_owned() } else { format!("{rows} rows have") };
            let why = "garbled text such as \"â‚¹\" for \"₹\", written with a wrong encoding before: export it again as UTF-8";
            self.end.notes.push(format!("{rows} {why}; the first is row {first}"));
        }
        self.end.notes.extend(self.hidden.note());
        match &mut self.rows {
            Rows::Text(text) => self.end.notes.extend(text.note_of_nuls()),
            Rows::Book(rows) => self.end.notes.append(&mut rows.notes),
        }
        self.end
    }

    fn next_row(&mut self, row: &mut RawRow) -> Result<bool, SheetError> {
        match self.ahead.pop_front() {
            Some(next) => {
                *row = next;
                Ok(true)
            }
            None => self.rows.next(row),
        }
    }

    /// Whether a row below a gap holds other headings: nothing that is data, and mostly known ones, or words that cannot
    /// belong to the columns they stand in.
    fn begins_other_table(&mut self, row: &RawRow) -> Result<bool, SheetError> {
        if self.is_caption_of_others(row)? {
            return Ok(true);
        }
        let gap = row.number > self.last_number.saturating_add(1) || !self.pending.is_empty();
        if !gap || self.filter.keeps_all || self.end.data_rows == 0 || row.filled().any(|(_, cell)| is_value(cell)) {
            return Ok(false);
        }
        // An identifier is the mark of a record; only headings that are known have digits at their end.
        if row.filled().any(|(_, cell)| is_identifier(cell.text) && !(self.recognise)(cell.text)) {
            return Ok(false);
        }
        let filled = row.filled().count();
        if filled < 3 || self.filter.judge(row) != Verdict::Data {
            return Ok(false);
        }
        let known = row.filled().filter(|(_, cell)| (self.recognise)(cell.text)).count();
        if known >= 2 && known * 2 >= filled {
            return Ok(true);
        }
        let mut below = RawRow::default();
        let is_foreign = self.next_row(&mut below)? && self.filter.is_foreign(row, &below);
        if below.number > 0 {
            self.ahead.push_front(below);
        }
        Ok(is_foreign)
    }

    /// Whether a cell alone says that the rows below it are no invoices, and rows do follow; blank ones may lie between.
    fn is_caption_of_others(&mut self, row: &RawRow) -> Result<bool, SheetError> {
        let mut filled = row.filled();
        let (Some((_, cell)), None) = (filled.next(), filled.next()) else { return Ok(false) };
        if self.filter.keeps_all || !is_caption_of_others(cell.text) {
            return Ok(false);
        }
        let mut next = Vec::new();
        // Limit: a larger gap is not held in memory.
        while next.len() < 64 && next.iter().all(|row: &RawRow| row.filled().next().is_none()) {
            let mut below = RawRow::default();
            if !self.next_row(&mut below)? {
                break;
            }
            next.push(below);
        }
        let follows = next.last().is_some_and(|below| below.filled().count() >= 3);
        next.into_iter().rev().for_each(|below| self.ahead.push_front(below));
        Ok(follows)
    }

    /// Ends the sheet at the headings of another table, and says how much of it is not read.
    fn leave_other_table(&mut self, headings: &RawRow) -> Result<(), SheetError> {
        let (number, shown) = (headings.number, quote(&headings.preview(40)));
        let mut row = RawRow::default();
        let mut rows: u64 = 0;
        while self.next_row(&mut row)? {
            rows += u64::from(row.filled().next().is_some());
        }
        self.ended = true;
        let count = rows;
        let rows = if rows == 1 { "1 row is".to_owned() } else { format!("{rows} rows are") };
        let note =
            format!("row {number} begins another table, {shown}; its {rows} not read: put it in a sheet of its own");
        self.end.notes.push(note);
        self.end.other_table = Some((number, count));
        Ok(())
    }

    fn take(&mut self, row: &mut RawRow, block: &mut RowBlock) {
        let verdict = match self.filter.judge(row) {
            Verdict::Drop(DropReason::Total | DropReason::Group | DropReason::Note) if self.keeps_suspects => {
                Verdict::Data
            }
            verdict => verdict,
        };
        if verdict == Verdict::Blank {
            return;
        }
        let verdict = if self.hidden.leaves_out(row) { Verdict::Drop(DropReason::Hidden) } else { verdict };
        // Blank rows are the gaps in the numbers, so that both kinds of reader count them alike.
        self.end.blank_rows += u64::from(row.number.saturating_sub(self.last_number).saturating_sub(1));
        self.last_number = row.number;
        match verdict {
            Verdict::Drop(reason) => self.end.dropped.record(row, reason),
            Verdict::NoteAtTheEnd if self.pending.len() < PENDING_NOTES => self.pending.push(std::mem::take(row)),
            _ => {
                for earlier in std::mem::take(&mut self.pending) {
                    self.hand_out(&earlier, block);
                }
                self.hand_out(row, block);
            }
        }
    }

    fn hand_out(&mut self, row: &RawRow, block: &mut RowBlock) {
        self.end.data_rows += 1;
        self.end.last_row = row.number;
        self.hidden.count(row);
        block.from_1904 = row.from_1904;
        if row.is_garbled() {
            self.garbled_rows += 1;
            self.first_garbled = if self.garbled_rows == 1 { row.number } else { self.first_garbled };
            mark(block, Code::GarbledText, None, marks::GARBLED.to_owned());
        }
        self.mark_row(row, block);
        hand_over(row, block);
        if row.len() > block.columns()
            && let Some((last, _)) = row.filled().last()
        {
            (block.columns()..=last).for_each(|column| block.push_surplus(row.cell(column).text));
        }
        block.finish_row(row.number, row.line);
    }

    fn mark_row(&mut self, row: &RawRow, block: &mut RowBlock) {
        let columns = block.columns();
        if row.len() > columns {
            self.mark_surplus(row, block);
        }
        if let Rows::Text(text) = &self.rows {
            if row.spanning {
                let delimiter = text.dialect().delimiter;
                let width = self.top.headings.len();
                marks::mark_swallowed(swallowed_rows(row, &self.filter, delimiter, width), row.number, block);
            }
            marks::mark_text_row(row, self.usual_width, text.is_lossy(), block);
        }
    }

    /// In a text file surplus cells mean that cells may have shifted; in a workbook cells stand where they stand.
    fn mark_surplus(&mut self, row: &RawRow, block: &mut RowBlock) {
        let columns = block.columns();
        let first = row.filled().find(|(column, _)| *column >= columns);
        let Rows::Text(text) = &self.rows else {
            self.stray_rows += u64::from(first.is_some());
            return;
        };
        // Commas of an amount shift the cells behind it even where the last ones are blank.
        let joined = if text.dialect().delimiter == b',' { joined_amounts(row, self.top.headings.len()) } else { None };
        let mut message = match first {
            Some((_, first)) => {
                let first = quote(first.text);
                let way =
                    if joined.is_some() { "" } else { "; put a cell that holds the delimiter in quotation marks" };
                format!("the row has {} cells for {columns} columns; the first surplus one is {first}{way}", row.len())
            }
            None if joined.is_some() => {
                format!("the row has {} cells, the header {}", row.len(), self.top.headings.len())
            }
            None => return,
        };
        if let Some(amounts) = joined {
            let amounts: Vec<String> = amounts.iter().map(|amount| quote(amount)).collect();
            let amounts = amounts.join(" and ");
            let _ = write!(message, "; it would fit if {amounts} stood in one cell: put it in quotation marks");
        }
        mark(block, Code::SurplusCells, None, message);
    }
}

/// Reads the first rows from the row with this number on.
fn read_from(rows: &mut Rows, number: RowNumber) -> Result<Vec<RawRow>, SheetError> {
    let mut sample = Vec::new();
    let mut bytes = 0;
    let mut row = RawRow::default();
    while sample.len() < SAMPLE_ROWS && bytes < SAMPLE_BYTES && rows.next(&mut row)? {
        if row.number >= number {
            bytes += row.memory();
            sample.push(std::mem::take(&mut row));
        }
    }
    Ok(sample)
}

fn no_header(file: String, sample: &[RawRow]) -> SheetError {
    let filled = sample.iter().filter(|row| row.filled().next().is_some());
    let found: Vec<String> = filled.take(3).map(|row| format!("{}: {}", row.number, row.preview(80))).collect();
    if found.is_empty() { SheetError::Empty { file } } else { SheetError::NoHeader { file, found: found.join("; ") } }
}

const _: fn() = || {
    fn is_send<T: Send>() {}
    is_send::<OpenSheet>();
};

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;
    use crate::sheet::CellKind::{self, Bool, Date, Error, Number, Text};

    /// Everything that a sheet gave, in words.
    #[derive(Debug, Default)]
    struct Read {
        header: Vec<String>,
        rows: Vec<String>,
        marks: Vec<String>,
        notes: Vec<String>,
        end: SheetEnd,
    }

    fn known(heading: &str) -> bool {
        ["Invoice No", "Invoice Date", "Customer", "Amount", "customerId"].contains(&heading)
    }

    fn read_source(source: &SheetSource, reading: &Reading, rows_a_block: usize) -> Result<Read, SheetError> {
        let mut sheet = source.open(reading, &known)?;
        let mut read = Read { header: sheet.header.columns.clone(), notes: sheet.notes.clone(), ..Read::default() };
        let mut block = RowBlock::default();
        while sheet.next_block(&mut block, rows_a_block, 1 << 20)? {
            for mark in &block.marks {
                read.marks.push(format!("{} {}", block.number(mark.row as usize), mark.code));
            }
            for row in 0..block.len() {
                let cells: Vec<&str> = block.cells(row).collect();
                read.rows.push(format!("{}: {}", block.number(row), cells.join("|")));
            }
        }
        read.end = sheet.finish();
        Ok(read)
    }

    fn read_with(text: impl AsRef<[u8]>, reading: &Reading) -> Result<Read, SheetError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        fs::write(&path, text).unwrap();
        let sources = sheets_of(&path, reading)?;
        assert_eq!(sources[0].label(), "a.csv");
        read_source(&sources[0], reading, 2)
    }

    fn read(text: impl AsRef<[u8]>) -> Read {
        read_with(text, &Reading::default()).unwrap()
    }

    fn workbook(fill: impl FnOnce(&mut rust_xlsxwriter::Workbook)) -> (TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.xlsx");
        let mut workbook = rust_xlsxwriter::Workbook::new();
        fill(&mut workbook);
        workbook.save(&path).unwrap();
        (folder, path)
    }

    #[test]
    fn a_register_gives_its_data_rows_and_accounts_for_the_rest() {
        let read = read(
            "Acme Ltd,,,\n# exported by X\nSales Register,,,\n\nInvoice No,Invoice Date,Customer,Amount,\n\
             INV-1,01-04-2025,\"Mehta, Rakesh\",100.00,\nInvoice No,Invoice Date,Customer,Amount,\n,,,,\n\
             INV-2,02-04-2025,\"12 Road\nPune\",200.00,\n\nGrand Total,,,300.00,\n\nAll amounts in rupees\n\n\n",
        );
        assert_eq!(read.header, ["Invoice No", "Invoice Date", "Customer", "Amount"]);
        assert_eq!(read.rows, ["6: INV-1|01-04-2025|Mehta, Rakesh|100.00", "9: INV-2|02-04-2025|12 Road\nPune|200.00"]);
        assert_eq!(read.notes, ["the header is row 5; 2 rows above it were skipped, beginning with \"Acme Ltd\""]);
        let dropped: Vec<String> =
            read.end.dropped.first.iter().map(|row| format!("{} {:?} {}", row.number, row.reason, row.text)).collect();
        assert_eq!(
            dropped,
            [
                "2 Comment # exported by X",
                "7 RepeatedHeader Invoice No | Invoice Date | Customer | Amount",
                "11 Total Grand Total | 300.00",
                "13 Note All amounts in rupees",
            ]
        );
        assert_eq!((read.end.data_rows, read.end.blank_rows, read.end.dropped.total()), (2, 3, 4));
        assert!(read.marks.is_empty());
    }

    #[test]
    fn a_lone_text_between_data_rows_stays_in_its_place() {
        let read = read("Invoice No,Customer,Amount\n1,A,5\nNorth zone,,\n2,B,6\nNorth zone,,\n");
        assert_eq!(read.rows, ["2: 1|A|5", "3: North zone||", "4: 2|B|6"]);
        assert_eq!(read.end.dropped.counts.get(&DropReason::Note), Some(&1));
    }

    #[test]
    fn ragged_and_broken_rows_are_kept_and_marked() {
        let cases: Vec<(Vec<u8>, &[&str], &[&str])> = vec![
            (
                b"Invoice No,Customer,Amount\n1,A,1,00,000.00\n2,B,5,,\n".into(),
                &["2: 1|A|1", "3: 2|B|5"],
                &["2 surplus-cells"],
            ),
            (
                b"Invoice No,Customer,Amount,x\n1,A,5,y\n2\n3,B,6,y\n4,B,6\n".into(),
                &["2: 1|A|5|y", "3: 2|||", "4: 3|B|6|y", "5: 4|B|6|"],
                &["3 short-row"],
            ),
            (b"Invoice No,Customer\n1,\"ABC\n2,B\n".into(), &["2: 1|\"ABC", "3: 2|B"], &["2 unbalanced-quote"]),
            (
                b"Invoice No,Customer\n1,\xe2\x82\xb9\n2,caf\xe9\n".into(),
                &["2: 1|₹", "3: 2|caf\u{fffd}"],
                &["3 bad-encoding"],
            ),
            (b"Invoice No,Customer\n1,caf\xe9\n".into(), &["2: 1|café"], &[]),
            (b"Invoice No;Customer\r1;A\r".into(), &["2: 1|A"], &[]),
            (b"customerId\nKC1\nKC2".into(), &["2: KC1", "3: KC2"], &[]),
            (b"Invoice No,Customer\n".into(), &[], &[]),
        ];
        for (text, rows, marks) in cases {
            let read = read(&text);
            assert_eq!(
                (&read.rows[..], &read.marks[..]),
                (
                    &rows.iter().map(ToString::to_string).collect::<Vec<_>>()[..],
                    &marks.iter().map(ToString::to_string).collect::<Vec<_>>()[..]
                )
            );
        }
    }

    #[test]
    fn another_table_below_is_left_alone_and_said() {
        let first = "Invoice No,Invoice Date,Customer,Amount\nINV-1,01-04-2025,Acme,5\n";
        for (second, rows, notes) in [
            ("\nInvoice Date,Customer,Amount,Mode\n1-4-25,Acme,7,UPI\n", 1, 1),
            ("\nReceipts of April,,,\nInvoice Date,Customer,Amount,Mode\n1-4-25,Acme,7,UPI\n", 1, 1),
            ("Invoice Date,Customer,Amount,Mode\n1-4-25,Acme,7,UPI\n", 3, 0),
            ("\nInvoice No,Invoice Date,Customer,Amount\nINV-2,01-04-2025,Acme,5\n", 2, 0),
            ("\nMode,Bank,Customer,Amount\nINV-2,01-04-2025,Acme,5\n", 1, 1),
            ("\nMode,Bank,Branch,Amount\nINV-2,01-04-2025,Acme,5\n", 3, 0),
            ("\nINV-2,Invoice Date,Customer,5\n", 2, 0),
            // A caption of other documents ends the table, whether their headings come again or not.
            ("CREDIT NOTES\nCN-2,01-04-2025,Acme,5\n", 1, 1),
            (",,Sales Returns,\n\nInvoice No,Invoice Date,Customer,Amount\nCN-2,01-04-2025,Acme,5\n", 1, 1),
            ("CREDIT NOTES\n", 1, 0),
        ] {
            let read = read(format!("{first}{second}"));
            assert_eq!((read.rows.len(), read.end.notes.len()), (rows, notes), "{second:?} {:?}", read.rows);
        }
        let read = read(format!("{first}\nInvoice Date,Customer,Amount\n1-4-25,Acme,7\n\n2-4-25,B,8\n"));
        let note = "row 4 begins another table, \"Invoice Date | Customer | Amount\"; its 2 rows are not read: \
                    put it in a sheet of its own";
        assert_eq!(read.end.notes, [note]);
    }

    #[test]
    fn garbled_text_is_said_once_with_its_first_row() {
        let read = read("Invoice No,Customer\n1,₹\n2,CafÃ©\n3,â‚¹\n");
        assert_eq!(read.end.notes.len(), 1);
        assert!(read.end.notes[0].starts_with("2 rows have garbled text") && read.end.notes[0].ends_with("row 3"));
    }

    #[test]
    fn commas_of_an_amount_are_seen_even_where_no_cell_is_surplus() {
        let header = "Invoice No,Customer,Amount,Remarks,X,Y\n";
        for (row, marks) in [
            ("1,Acme,1,00,000.00,,,\n", &["2 surplus-cells"][..]),
            ("1,Acme,\"1,00,000.00\",,,,,\n", &[]),
            ("1,Acme,1000,,,,\n", &[]),
            ("1,Acme,1,00,000.00,a,b,c\n", &["2 surplus-cells"]),
        ] {
            assert_eq!(read(format!("{header}{row}")).marks, marks, "{row}");
        }
    }

    #[test]
    fn a_cell_is_too_long_by_characters_not_bytes() {
        let long = |count: usize| read(format!("Invoice No,Customer\n1,{}\n", "₹".repeat(count))).marks;
        assert!(long(32_767).is_empty());
        assert_eq!(long(32_768), ["2 cell-too-long"]);
        let endless = read(format!("Invoice No,Customer\n1,{}\n2,B\n", "x".repeat(2 << 20)));
        assert_eq!(endless.marks, ["2 cell-too-long", "2 cell-too-long"]);
        assert_eq!(endless.rows[1], "3: 2|B");
    }

    #[test]
    fn what_has_no_header_is_refused_with_what_was_found() {
        let message = |text: &str| read_with(text, &Reading::default()).unwrap_err().to_string();
        assert_eq!(
            message("INV-1,A,5\nINV-2,B,6\n"),
            "a.csv: no header row was recognised; the first rows are: 1: INV-1 | A | 5; 2: INV-2 | B | 6"
        );
        assert_eq!(message("\n \n,,\n"), "a.csv: has no rows");
        let asked = |row| Reading { header_row: Some(row), ..Reading::default() };
        let text = "a,b\n\nBill,Party\n1,X\n";
        assert_eq!(read_with(text, &asked(3)).unwrap().rows, ["4: 1|X"]);
        for row in [2, 9, 0] {
            assert!(matches!(read_with(text, &asked(row)), Err(SheetError::BlankHeader { .. })), "{row}");
        }
    }

    #[test]
    fn settings_win_over_what_is_detected() {
        let reading = Reading { delimiter: Some(b'^'), encoding: Some("latin1".into()), ..Reading::default() };
        let read = read_with(b"Invoice No^Customer\n1^caf\xe9, b; c\n", &reading).unwrap();
        assert_eq!(
            (read.rows, read.notes),
            (vec!["2: 1|café, b; c".to_owned()], vec!["the text is encoded as windows-1252".to_owned()])
        );
    }

    #[test]
    fn a_workbook_gives_kinds_dates_and_real_row_numbers() {
        let (_folder, path) = workbook(|workbook| {
            let date = rust_xlsxwriter::Format::new().set_num_format("dd/mm/yyyy");
            let blank = rust_xlsxwriter::Format::new().set_bold();
            let sheet = workbook.add_worksheet().set_name("March").unwrap();
            sheet.write(1, 0, "Acme Ltd").unwrap();
            for (column, heading) in ["Invoice No", "Invoice Date", "Customer", "Amount"].into_iter().enumerate() {
                sheet.write(3, column as u16, heading).unwrap();
            }
            sheet.write(4, 0, 1042).unwrap();
            sheet.write_with_format(4, 1, 45_748.0, &date).unwrap();
            sheet.write(4, 3, 1234.5).unwrap();
            sheet.write(8, 0, "INV-2").unwrap();
            sheet.write_with_format(8, 1, 45_748.437_5, &date).unwrap();
            sheet.write(8, 2, true).unwrap();
            sheet.write_formula(8, 3, rust_xlsxwriter::Formula::new("1/0").set_result("#DIV/0!")).unwrap();
            sheet.write(9, 0, "Total").unwrap();
            sheet.write(9, 3, 1234.5).unwrap();
            sheet.write_blank(1_048_575, 3, &blank).unwrap();
            workbook.add_worksheet().set_name("Old").unwrap().set_hidden(true);
        });
        let listing = list(&path, &Reading::default()).unwrap();
        assert_eq!(listing.notes, ["hidden sheets are not read unless named with --sheet: \"Old\""]);
        assert_eq!(listing.sources.iter().map(SheetSource::label).collect::<Vec<_>>(), ["a.xlsx[March]"]);
        let read = read_source(&listing.sources[0], &Reading::default(), 1000).unwrap();
        assert_eq!(read.rows, ["5: 1042|2025-04-01||1234.5", "9: INV-2|2025-04-01T10:30:00|TRUE|#DIV/0!"]);
        assert_eq!((read.end.blank_rows, read.end.dropped.total()), (3, 1));
        let mut sheet = listing.sources[0].open(&Reading::default(), &known).unwrap();
        let mut block = RowBlock::new(4);
        assert!(sheet.next_block(&mut block, 1000, 1 << 20).unwrap());
        let kinds: Vec<CellKind> = (0..2)
            .flat_map(|row| (0..4).map(move |column| (row, column)))
            .map(|(row, column)| block.cell(row, column).kind)
            .collect();
        assert_eq!(kinds, [Number, Date, Text, Number, Text, Date, Bool, Error]);
    }

    #[test]
    fn sheets_are_chosen_by_name_and_a_wrong_name_is_refused() {
        let (_folder, path) = workbook(|workbook| {
            workbook.add_worksheet().set_name("North").unwrap();
            workbook.add_worksheet().set_name("South").unwrap().set_hidden(true);
        });
        let asked =
            |names: &[&str]| Reading { sheets: names.iter().map(ToString::to_string).collect(), ..Reading::default() };
        let labels = |names: &[&str]| {
            sheets_of(&path, &asked(names)).map(|sheets| sheets.iter().map(SheetSource::label).collect::<Vec<_>>())
        };
        assert_eq!(labels(&[]).unwrap(), ["a.xlsx[North]"]);
        assert_eq!(labels(&["South"]).unwrap(), ["a.xlsx[South]"]);
        assert!(labels(&["West"]).unwrap_err().to_string().ends_with("has no sheet \"West\"; found: North, South"));
        let north = &sheets_of(&path, &asked(&[])).unwrap()[0];
        assert_eq!(read_source(north, &asked(&[]), 10).unwrap_err().to_string(), "a.xlsx[North]: has no rows");
    }

    #[test]
    fn a_long_workbook_comes_whole_and_may_be_dropped_halfway() {
        let (_folder, path) = workbook(|workbook| {
            let sheet = workbook.add_worksheet();
            sheet.write_row(0, 0, ["Invoice No", "Customer"]).unwrap();
            (1..=5000).for_each(|row| {
                sheet.write(row, 0, row).unwrap();
                sheet.write(row, 1, "Acme").unwrap();
            });
        });
        let source = &sheets_of(&path, &Reading::default()).unwrap()[0];
        let read = read_source(source, &Reading::default(), 1000).unwrap();
        assert_eq!((read.rows.len(), read.rows[4999].as_str()), (5000, "5001: 5000|Acme"));
        let mut sheet = source.open(&Reading::default(), &known).unwrap();
        assert!(sheet.next_block(&mut RowBlock::default(), 10, 1 << 20).unwrap());
        drop(sheet);
    }

    #[test]
    fn a_damaged_workbook_is_an_error_of_its_own() {
        let (_folder, path) = workbook(|workbook| {
            workbook.add_worksheet().write(0, 0, "Invoice No").unwrap();
        });
        let whole = fs::read(&path).unwrap();
        for cut in [10, whole.len() / 2, whole.len() - 30] {
            fs::write(&path, &whole[..cut]).unwrap();
            assert!(matches!(sheets_of(&path, &Reading::default()), Err(SheetError::Damaged { .. })), "{cut}");
        }
        fs::write(&path, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and nothing more").unwrap();
        assert!(matches!(sheets_of(&path, &Reading::default()), Err(SheetError::Damaged { .. })));
    }
}
