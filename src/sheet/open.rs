//! Opening a file's sheets and handing out their data rows as blocks.
//!
//! Owns the listing of sheets, the settling of the header, and the accounting between rows read and rows handed out.
//! Leaves formats to the readers and judgement of rows to [`super::table`]. The one rule: every row with a filled cell
//! below the header is handed out or stands in [`SheetEnd`].

use std::collections::VecDeque;
use std::path::Path;

use super::container::{Content, detect};
use super::error::SheetError;
use super::excel::{self, BookRows};
use super::header::{self, MAX_COLUMNS};
use super::row::RawRow;
use super::table::{Dropped, RowFilter, Verdict};
use super::text::TextRows;
use super::{Dialect, DropReason, Header, RowBlock, RowMark, RowNumber, SheetSource};
use crate::config::Reading;
use crate::finding::{Code, quote};

/// Limit: rows among which the header is looked for and by which the rest is judged.
const SAMPLE_ROWS: usize = 200;
/// Limit: bytes of text of those rows.
const SAMPLE_BYTES: usize = 4 * 1024 * 1024;
/// Limit: notes at the end of a sheet are few; more such rows in sequence are data.
const PENDING_NOTES: usize = 20;
/// Limit: characters of a spreadsheet's cell.
const MAX_CELL_CHARACTERS: usize = 32_767;

/// The sheets of a file that are to be read, and what is worth saying about the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The sheets, in the file's order.
    pub sources: Vec<SheetSource>,
    /// Sentences about sheets that are not read.
    pub notes: Vec<String>,
}

/// Lists the sheets of a file: a text file is one, a workbook has its visible worksheets or those asked for.
pub fn list(path: &Path, reading: &Reading) -> Result<Listing, SheetError> {
    let file = path.display().to_string();
    let content = detect(path, &file)?;
    let file_name = path.file_name().map_or_else(|| file.clone(), |name| name.to_string_lossy().into_owned());
    let source = |sheet| SheetSource { path: path.to_owned(), file_name: file_name.clone(), sheet };
    if content == Content::Text {
        return Ok(Listing { sources: vec![source(None)], notes: Vec::new() });
    }
    let sheets = excel::list(path, &file, content)?;
    let names =
        |visible: bool| sheets.iter().filter(move |sheet| sheet.visible == visible).map(|sheet| sheet.name.clone());
    if let Some(sheet) = reading.sheets.iter().find(|asked| sheets.iter().all(|sheet| sheet.name != **asked)) {
        let present = sheets.iter().map(|sheet| sheet.name.clone()).collect();
        return Err(SheetError::NoSuchSheet { file, sheet: sheet.clone(), present });
    }
    let asked = |name: &String| reading.sheets.contains(name);
    let chosen: Vec<String> = if reading.sheets.is_empty() {
        names(true).collect()
    } else {
        sheets.iter().map(|sheet| sheet.name.clone()).filter(asked).collect()
    };
    if chosen.is_empty() {
        return Err(SheetError::NoSheets { file, hidden: names(false).collect() });
    }
    let hidden: Vec<String> = names(false).filter(|name| !asked(name)).map(|name| quote(&name)).collect();
    let notes = if hidden.is_empty() {
        Vec::new()
    } else {
        vec![format!("hidden sheets are not read unless named with --sheet: {}", hidden.join(", "))]
    };
    Ok(Listing { sources: chosen.into_iter().map(|sheet| source(Some(sheet))).collect(), notes })
}

/// The sheets of a file that are to be read; [`list`] also says what is left aside.
pub fn sheets_of(path: &Path, reading: &Reading) -> Result<Vec<SheetSource>, SheetError> {
    list(path, reading).map(|listing| listing.sources)
}

impl SheetSource {
    /// Opens the sheet from its beginning; `recognise` says whether the operation's mapping knows a heading.
    pub fn open(&self, reading: &Reading, recognise: &dyn Fn(&str) -> bool) -> Result<OpenSheet, SheetError> {
        let file = self.label();
        let content = detect(&self.path, &file)?;
        let mut notes = Vec::new();
        let rows = match &self.sheet {
            Some(sheet) if content != Content::Text => Rows::Book(BookRows::open(&self.path, &file, sheet, content)?),
            Some(_) => {
                return Err(SheetError::Damaged { file, reason: "it was a workbook and now is text".to_owned() });
            }
            None if content == Content::Text => Rows::Text(TextRows::open(&self.path, &file, reading, &mut notes)?),
            None => return Err(SheetError::Damaged { file, reason: "it was text and now is a workbook".to_owned() }),
        };
        OpenSheet::settle(rows, file, notes, reading.header_row, recognise)
    }
}

/// A reader of either kind.
enum Rows {
    Text(TextRows),
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

/// A sheet with its header settled, being read.
pub struct OpenSheet {
    /// The headings.
    pub header: Header,
    /// What is worth knowing about how the sheet is read; one sentence each.
    pub notes: Vec<String>,
    /// Encoding and delimiter of a text file; none for a worksheet.
    pub dialect: Option<Dialect>,
    rows: Rows,
    filter: RowFilter,
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
    /// What came to light on the way; one sentence each.
    pub notes: Vec<String>,
}

impl OpenSheet {
    fn settle(
        mut rows: Rows,
        file: String,
        mut notes: Vec<String>,
        header_row: Option<RowNumber>,
        recognise: &dyn Fn(&str) -> bool,
    ) -> Result<Self, SheetError> {
        let (mut sample, at) = match header_row {
            Some(number) => {
                let sample = read_from(&mut rows, number)?;
                if sample.first().is_none_or(|row| row.number != number || row.filled().next().is_none()) {
                    return Err(SheetError::BlankHeader { file, row: number });
                }
                (sample, 0)
            }
            None => {
                let sample = read_from(&mut rows, 1)?;
                let Some(at) = header::find(&sample, recognise) else { return Err(no_header(file, &sample)) };
                (sample, at)
            }
        };
        let below = sample.split_off(at + 1);
        let header_row = sample.pop().expect("the header is in the sample");
        let header = header::name_columns(&header_row, &below, rows.is_text());
        if header.columns.len() > MAX_COLUMNS {
            return Err(SheetError::TooWide { file, row: header.number, columns: header.columns.len() });
        }
        let mut end = SheetEnd::default();
        note_banner(&sample, header.number, &mut notes, &mut end.dropped);
        let dialect = match &rows {
            Rows::Text(text) => Some(text.dialect()),
            Rows::Book(_) => None,
        };
        let widths = below.iter().filter(|row| row.filled().next().is_some()).map(RawRow::len);
        Ok(Self {
            notes,
            dialect,
            filter: RowFilter::new(&header_row, &below),
            usual_width: header::most_common(widths),
            last_number: header.number,
            header,
            rows,
            ahead: below.into(),
            pending: Vec::new(),
            spare: RawRow::default(),
            ended: false,
            end,
            stray_rows: 0,
        })
    }

    /// Refills the block with the next data rows, until it has `max_rows` or `max_bytes`; false once there are none.
    pub fn next_block(&mut self, block: &mut RowBlock, max_rows: usize, max_bytes: usize) -> Result<bool, SheetError> {
        if block.columns() == self.header.columns.len() {
            block.clear();
        } else {
            *block = RowBlock::new(self.header.columns.len());
        }
        let mut row = std::mem::take(&mut self.spare);
        while !self.ended && block.len() < max_rows.max(1) && block.text_bytes() < max_bytes.max(1) {
            if self.next_row(&mut row)? {
                self.take(&mut row, block);
            } else {
                self.ended = true;
                for note in std::mem::take(&mut self.pending) {
                    self.end.dropped.record(&note, DropReason::Note);
                }
            }
        }
        self.spare = row;
        Ok(!block.is_empty())
    }

    /// What was left out; complete once [`OpenSheet::next_block`] said false.
    pub fn finish(mut self) -> SheetEnd {
        if self.stray_rows > 0 {
            let note = "rows have cells to the right of the last column, which are not read";
            self.end.notes.push(format!("{} {note}", self.stray_rows));
        }
        if let Rows::Text(text) = &self.rows
            && text.nuls() > 0
        {
            self.end.notes.push(format!("{} NUL characters were left out", text.nuls()));
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

    fn take(&mut self, row: &mut RawRow, block: &mut RowBlock) {
        let verdict = self.filter.judge(row);
        if verdict == Verdict::Blank {
            return;
        }
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
        self.mark_row(row, block);
        for column in 0..block.columns() {
            let cell = row.cell(column);
            // A character has at most four bytes, so few cells are ever counted out.
            if cell.text.len() > MAX_CELL_CHARACTERS && cell.text.chars().nth(MAX_CELL_CHARACTERS).is_some() {
                let message = "the cell is longer than 32,767 characters, more than a spreadsheet cell can hold";
                mark(block, Code::CellTooLong, Some(column), message.to_owned());
            }
            block.push_cell(cell.text, cell.kind);
        }
        block.finish_row(row.number, row.line);
    }

    fn mark_row(&mut self, row: &RawRow, block: &mut RowBlock) {
        let columns = block.columns();
        if row.len() > columns {
            self.mark_surplus(row, block);
        }
        let Rows::Text(text) = &self.rows else { return };
        if row.len() + 2 <= columns && row.len() < self.usual_width {
            let message = format!("the row has {} cells; most rows have {}", row.len(), self.usual_width);
            mark(block, Code::ShortRow, None, message);
        }
        if row.unbalanced {
            let message = "a quotation mark opens a cell and never closes; it was read as text".to_owned();
            mark(block, Code::UnbalancedQuote, None, message);
        }
        if row.overlong {
            let message = "the row is longer than 1 MiB; what follows was left out".to_owned();
            mark(block, Code::CellTooLong, Some(row.len().min(columns) - 1), message);
        }
        if text.is_lossy() && row.has_replacement() {
            let column = (0..columns).find(|column| row.cell(*column).text.contains(char::REPLACEMENT_CHARACTER));
            let message = "bytes that do not belong to the file's encoding were replaced by \u{fffd}".to_owned();
            mark(block, Code::BadEncoding, column, message);
        }
    }

    /// In a text file surplus cells mean that cells may have shifted; in a workbook cells stand where they stand.
    fn mark_surplus(&mut self, row: &RawRow, block: &mut RowBlock) {
        let columns = block.columns();
        let Some((_, first)) = row.filled().find(|(column, _)| *column >= columns) else { return };
        if self.rows.is_text() {
            let first = quote(first.text);
            let message =
                format!("the row has {} cells for {columns} columns; the first surplus one is {first}", row.len());
            mark(block, Code::SurplusCells, None, message);
        } else {
            self.stray_rows += 1;
        }
    }
}

/// Notes something about the row about to be finished.
fn mark(block: &mut RowBlock, code: Code, column: Option<usize>, message: String) {
    let row = block.len() as u32;
    block.marks.push(RowMark { row, code, column: column.map(|column| column as u16), message });
}

/// Reads the first rows from the row with this number on.
fn read_from(rows: &mut Rows, number: RowNumber) -> Result<Vec<RawRow>, SheetError> {
    let mut sample = Vec::new();
    let mut bytes = 0;
    let mut row = RawRow::default();
    while sample.len() < SAMPLE_ROWS && bytes < SAMPLE_BYTES && rows.next(&mut row)? {
        if row.number >= number {
            bytes += row.text_bytes();
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

fn note_banner(above: &[RawRow], header: RowNumber, notes: &mut Vec<String>, dropped: &mut Dropped) {
    for comment in above.iter().filter(|row| header::is_comment(row)) {
        dropped.record(comment, DropReason::Comment);
    }
    let banner: Vec<&RawRow> =
        above.iter().filter(|row| row.filled().next().is_some() && !header::is_comment(row)).collect();
    if let Some(first) = banner.first() {
        let rows = if banner.len() == 1 {
            "1 row above it was".to_owned()
        } else {
            format!("{} rows above it were", banner.len())
        };
        notes.push(format!("the header is row {header}; {rows} skipped, beginning with {}", quote(&first.preview(40))));
    }
}

const _: fn() = || {
    fn is_send<T: Send>() {}
    is_send::<OpenSheet>();
};
