//! What a dry run says of rows, written as lines of its results where the rows are checked.
//!
//! Nearly all rows of a sheet end as their checks say; only where the duplicate guard speaks of a row must planning
//! decide. So the workers write each block's lines and add up its outcomes; the lines stand in a file beside the place of
//! the results, which becomes the results with the few lines changed that planning tells anew. The one rule: a line says what the same row's verdict in
//! a ledger would have made of it; whatever cannot know that yet is left to planning.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::csv::{head, told_of};
use super::growing::{self, Change, Growing};
use super::line::{GUARD, RowLine, Said};
use super::summary::Breakdown;
use super::tally::Tally;
use super::{ResultSettings, place};
use crate::check::record::{CheckedBlock, CheckedRow, Facts, Standing};
use crate::error::RunError;
use crate::finding::Finding;
use crate::ledger::SheetId;
use crate::outcome::{RowOutcome, Status, Totals, code};
use crate::plan::verdict::{Destiny, RowVerdict};
use crate::sheet::input::RESULT_HEADINGS;
use crate::sheet::{CellKind, Header, RowBlock, SheetSource};

/// Cells of a line before those of the sheet.
const OWN_CELLS: usize = RESULT_HEADINGS.len();

/// Bytes of a row's [`Place`] in the file.
const PLACE_BYTES: usize = 8;

/// How a row ends in a dry run if nobody speaks of it; none for a further line of a document.
pub fn ended(standing: &Standing) -> Option<RowOutcome> {
    match standing {
        Standing::Excluded { code, message } => Some(RowOutcome::new(Status::Excluded, code, message)),
        Standing::Invalid => Some(RowOutcome::new(Status::Invalid, "", "")),
        Standing::Ready => Some(RowOutcome::new(Status::NotSent, code::DRY_RUN, "good; a dry run sends nothing")),
        Standing::Joined => None,
    }
}

/// Writes the lines of one sheet.
#[derive(Debug, Clone)]
pub struct Rehearsal {
    file_name: String,
    sheet: Option<String>,
    delimiter: u8,
    /// Where the results will stand, but that another sheet of the run may need the name.
    place: PathBuf,
    head: Vec<u8>,
}

/// Where a row's line stands in its block's text: its own cells begin with a delimiter.
#[derive(Debug, Clone, Copy)]
struct Place {
    cells: u32,
    end: u32,
}

/// The lines of a block, and what they come to.
#[derive(Debug)]
pub struct Lines {
    text: Vec<u8>,
    places: Vec<Place>,
    /// How each cell was stored; none where all are text.
    kinds: Vec<u8>,
    tally: Tally,
    again: Option<Again>,
}

/// What reading rows back from their lines needs besides the lines.
#[derive(Debug, Clone, Copy)]
struct Again {
    /// By how much the physical line of every row differs from its number; none where rows have no lines.
    ahead: Option<i64>,
    from_1904: bool,
    facts: Facts,
}

impl Lines {
    /// Whether the block can be read back from them.
    pub fn show_all(&self) -> bool {
        self.again.is_some()
    }
}

impl Rehearsal {
    /// A rehearsal of the only sheet of a file, which results call `shown`; none where its results leave a column out, as
    /// those of two equal headings.
    pub fn of(source: &SheetSource, shown: &Path, header: &Header, settings: &ResultSettings) -> Option<Self> {
        let distinct = header.columns.iter().collect::<HashSet<_>>().len() == header.columns.len();
        let (file_name, sheet) = (source.file_name.clone(), source.sheet.clone());
        let place = place::names(&[shown.to_owned()], settings).remove(0).results;
        let head = head(&header.columns, settings);
        distinct.then_some(Self { file_name, sheet, delimiter: settings.delimiter, place, head })
    }

    /// The lines of a block, written into an empty piece of memory.
    ///
    /// # Panics
    /// If a row of it is a further line of a document.
    pub fn write(&self, block: &RowBlock, checked: &CheckedBlock, mut text: Vec<u8>) -> Lines {
        text.reserve(block.text_bytes() + 128 * block.len());
        let mut lines = RowLine::new(self.delimiter, text);
        let mut places = Vec::with_capacity(block.len());
        let mut tally = Tally::default();
        let mut last: Option<(&Standing, RowOutcome, Said)> = None;
        for (index, row) in checked.rows.iter().enumerate() {
            // Rows in sequence mostly end alike.
            if last.as_ref().is_none_or(|(standing, ..)| *standing != &row.standing) {
                let outcome = ended(&row.standing).expect("documents of several rows are planning's");
                let said = self.said(row, &[], &outcome);
                last = Some((&row.standing, outcome, said));
            }
            let (_, outcome, said) = last.as_ref().expect("it was just set");
            if row.findings.is_empty() {
                lines.begin(row.number, said, &row.key);
            } else {
                lines.begin(row.number, &self.said(row, &row.findings, outcome), &row.key);
            }
            let cells = lines.len();
            lines.cells(block, index);
            lines.end();
            places.push(Place { cells, end: lines.len() });
            tally.add(outcome, &row.findings, row);
        }
        let (from_1904, facts) = (block.from_1904, checked.facts);
        let again = ahead(block).map(|ahead| Again { ahead, from_1904, facts });
        let kinds = block.kinds().iter().map(|kind| *kind as u8).collect();
        Lines { text: lines.finish(), places, kinds, tally, again }
    }

    /// What is said of a row in its line.
    fn said(&self, row: &CheckedRow, findings: &[Finding], outcome: &RowOutcome) -> Said {
        let place = (self.file_name.as_str(), self.sheet.as_deref());
        let (code, message) = told_of(place, (row.number, row.line_number), findings, outcome);
        Said::new(self.delimiter, self.sheet.as_deref().unwrap_or_default(), (&code, &message), outcome)
    }
}

/// By how much the physical line of every row differs from its number, if rows have lines; none where that, a mark of the
/// reader or a cell does not show in the results: a guard that stands in the sheet looks like one of ours.
#[expect(clippy::option_option, reason = "whether it can be told, and whether there is one")]
fn ahead(block: &RowBlock) -> Option<Option<i64>> {
    let ahead = |row| (block.line(row) > 0).then(|| i64::from(block.line(row)) - i64::from(block.number(row)));
    let first = (!block.is_empty() && block.marks.is_empty()).then(|| ahead(0))?;
    let is_even = (0..block.len()).all(|row| ahead(row) == first);
    (is_even && !block.any_begins_with(GUARD as u8)).then_some(first)
}

/// Lines of blocks, in files that will be the results of their sheets.
#[derive(Debug, Default)]
pub struct Rehearsed {
    sheets: Vec<Sheet>,
    /// Where each row's line stands, and how cells were stored, by block; without a name.
    places: Option<BufWriter<File>>,
    end: u64,
    /// By block of the run, in the order of reading.
    blocks: Vec<Option<Piece>>,
    /// By sheet and block: which of them go into the results.
    settled: HashMap<(SheetId, u32), usize>,
}

#[derive(Debug)]
struct Sheet {
    first_block: usize,
    /// None once it was taken for the results.
    lines: Option<Growing>,
}

#[derive(Debug)]
struct Piece {
    /// Where its lines stand in the sheet's file.
    start: u64,
    bytes: usize,
    /// Where the places of its rows stand; behind them, how each cell was stored.
    places: u64,
    rows: usize,
    kinds: usize,
    tally: Tally,
    again: Option<Again>,
    /// Lines that planning told anew up to their own cells, by row of the block, in order.
    told: Vec<(usize, Vec<u8>)>,
}

impl Rehearsed {
    /// Begins the file of a sheet; the blocks that follow are its own.
    pub fn begin_sheet(&mut self, rehearsal: &Rehearsal) -> Result<(), RunError> {
        if let Some(lines) = self.sheets.last_mut().and_then(|sheet| sheet.lines.as_mut()) {
            lines.close()?;
        }
        let lines = Some(Growing::begin(&rehearsal.place, &rehearsal.head)?);
        self.sheets.push(Sheet { first_block: self.blocks.len(), lines });
        Ok(())
    }

    /// Keeps the lines of the next block, if it has any, and gives the memory back that they stood in.
    ///
    /// # Panics
    /// If it has lines, and no sheet was begun.
    pub fn push(&mut self, lines: Option<Lines>) -> Result<Option<Vec<u8>>, RunError> {
        let Some(Lines { text, places, kinds, tally, again }) = lines else {
            self.blocks.push(None);
            return Ok(None);
        };
        let sheet = self.sheets.last_mut().and_then(|sheet| sheet.lines.as_mut());
        let start = sheet.expect("a sheet with lines was begun").push(&text)?;
        if self.places.is_none() {
            let file = tempfile::tempfile().map_err(RunError::Spool)?;
            self.places = Some(BufWriter::with_capacity(1 << 16, file));
        }
        let file = self.places.as_mut().expect("it was just made sure of");
        let mut packed = Vec::with_capacity(places.len() * PLACE_BYTES + kinds.len());
        for Place { cells, end } in &places {
            packed.extend_from_slice(&cells.to_le_bytes());
            packed.extend_from_slice(&end.to_le_bytes());
        }
        packed.extend_from_slice(&kinds);
        file.write_all(&packed).map_err(RunError::Spool)?;
        let (bytes, rows, kinds, at) = (text.len(), places.len(), kinds.len(), self.end);
        self.blocks.push(Some(Piece { start, bytes, places: at, rows, kinds, tally, again, told: Vec::new() }));
        self.end += packed.len() as u64;
        Ok(Some(text))
    }

    /// Forgets the blocks from `from` on, as when a sheet is refused or read again.
    pub fn truncate(&mut self, from: usize) {
        self.blocks.truncate(from);
        self.sheets.retain(|sheet| sheet.first_block < from);
    }

    /// Whether a block of the run has lines.
    pub fn has_lines(&self, block: usize) -> bool {
        self.blocks.get(block).is_some_and(Option::is_some)
    }

    /// Tells a row of a block anew, as planning decided; rows of a block in their order, once each.
    ///
    /// # Panics
    /// If the row waits for its outcome, as none of a dry run does.
    pub fn tell(&mut self, rehearsal: &Rehearsal, (block, row): (usize, usize), was: &CheckedRow, is: &RowVerdict) {
        let Destiny::Ended(outcome) = &is.destiny else { unreachable!("a dry run sends nothing") };
        let mut line = RowLine::new(rehearsal.delimiter, Vec::new());
        line.begin(was.number, &rehearsal.said(was, &is.findings, outcome), &was.key);
        let piece = self.blocks[block].as_mut().expect("the block has lines");
        piece.told.push((row, line.finish()));
        let before = ended(&was.standing).expect("documents of several rows are planning's");
        piece.tally.remove(&before, &was.findings, was);
        piece.tally.add(outcome, &is.findings, was);
    }

    /// Lets a block of the run go into the results of a sheet.
    pub fn settle(&mut self, block: usize, sheet: SheetId, ordinal: u32) {
        self.settled.insert((sheet, ordinal), block);
    }

    /// The rows of a block, read back from lines that show all of them; of one row alone where it is named.
    pub fn read_back(
        &mut self,
        rehearsal: &Rehearsal,
        block: usize,
        row: Option<usize>,
        columns: usize,
    ) -> Result<(RowBlock, Facts), RunError> {
        let piece = self.blocks[block].as_ref().expect("a block waits in one form or another");
        let again = piece.again.expect("a block whose lines do not show all waits in the spool");
        let (start, bytes, rows, kinds) = (piece.start, piece.bytes, piece.rows, piece.kinds);
        let (places_at, kinds_at) = (piece.places, piece.places + (rows * PLACE_BYTES) as u64);
        let mut read = || {
            let (text, kinds) = match row {
                None => (self.lines(block, start, bytes)?, self.bytes(kinds_at, kinds)?),
                Some(row) => {
                    let places = self.places(places_at, rows)?;
                    let from = row.checked_sub(1).map_or(0, |above| places[above].end);
                    let text = self.lines(block, start + u64::from(from), (places[row].end - from) as usize)?;
                    let width = kinds / rows;
                    (text, self.bytes(kinds_at + (row * width) as u64, width)?)
                }
            };
            read_back(&text, &kinds, rehearsal.delimiter, &again, columns)
        };
        Ok((read().map_err(RunError::Spool)?, again.facts))
    }

    /// Adds what a block of a sheet comes to; false where it has no lines.
    pub(super) fn add_up(&self, place: (SheetId, u32), totals: &mut Totals, breakdown: &mut Breakdown) -> bool {
        let piece = self.settled.get(&place).and_then(|block| self.blocks[*block].as_ref());
        piece.map(|piece| piece.tally.add_to(totals, breakdown)).is_some()
    }

    /// The file of a sheet, whole, with the lines that were told anew; none where some block is not in it, or much has
    /// changed: then lines are to be copied.
    pub(super) fn take(&mut self, sheet: SheetId) -> Result<Option<NamedTempFile>, RunError> {
        let Some(first) = self.settled.get(&(sheet, 0)).copied() else { return Ok(None) };
        let index = self.sheet(first);
        let blocks = self.sheets[index].first_block
            ..self.sheets.get(index + 1).map_or(self.blocks.len(), |next| next.first_block);
        let mut ordinals = (0..).zip(blocks.clone());
        if !ordinals.all(|(ordinal, block)| self.settled.get(&(sheet, ordinal)) == Some(&block)) {
            return Ok(None);
        }
        let changes = self.changes(blocks).map_err(RunError::Spool)?;
        match self.sheets[index].lines.take_if(|_| growing::are_few(&changes)) {
            Some(lines) => Ok(Some(lines.finish(&changes)?)),
            None => Ok(None),
        }
    }

    /// What planning told anew of blocks.
    fn changes(&mut self, blocks: Range<usize>) -> io::Result<Vec<Change>> {
        let mut changes = Vec::new();
        for block in blocks {
            let Some(piece) = self.blocks[block].as_ref().filter(|piece| !piece.told.is_empty()) else { continue };
            let (start, at, rows, told) = (piece.start, piece.places, piece.rows, piece.told.clone());
            let places = self.places(at, rows)?;
            changes.extend(told.into_iter().map(|(row, text)| {
                let from = row.checked_sub(1).map_or(0, |above| places[above].end);
                Change { from: start + u64::from(from), until: start + u64::from(places[row].cells), text }
            }));
        }
        Ok(changes)
    }

    /// Copies the lines of a block into the results; false where it has none.
    pub(super) fn copy(&mut self, place: (SheetId, u32), results: &mut impl Write) -> io::Result<bool> {
        let Some(block) = self.settled.get(&place).copied() else { return Ok(false) };
        let Some(piece) = self.blocks[block].as_ref() else { return Ok(false) };
        let (start, bytes) = (piece.start, piece.bytes);
        let text = self.lines(block, start, bytes)?;
        let mut copied = 0;
        for Change { from, until, text: told } in self.changes(block..block + 1)? {
            results.write_all(&text[copied..(from - start) as usize])?;
            results.write_all(&told)?;
            copied = (until - start) as usize;
        }
        results.write_all(&text[copied..])?;
        Ok(true)
    }

    /// The sheet that a block belongs to.
    fn sheet(&self, block: usize) -> usize {
        self.sheets.partition_point(|sheet| sheet.first_block <= block) - 1
    }

    /// A part of the lines of a block's sheet.
    fn lines(&mut self, block: usize, start: u64, bytes: usize) -> io::Result<Vec<u8>> {
        let sheet = self.sheet(block);
        self.sheets[sheet].lines.as_mut().ok_or(io::ErrorKind::NotFound)?.bytes(start, bytes)
    }

    fn places(&mut self, start: u64, rows: usize) -> io::Result<Vec<Place>> {
        let four = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().expect("four bytes"));
        let packed = self.bytes(start, rows * PLACE_BYTES)?;
        let places = packed.chunks_exact(PLACE_BYTES);
        Ok(places.map(|place| Place { cells: four(&place[..4]), end: four(&place[4..]) }).collect())
    }

    fn bytes(&mut self, start: u64, bytes: usize) -> io::Result<Vec<u8>> {
        let file = self.places.as_mut().ok_or(io::ErrorKind::NotFound)?;
        // Seeking writes out what is buffered first; nothing is pushed once lines are read.
        file.seek(SeekFrom::Start(start))?;
        let mut read = vec![0; bytes];
        file.get_mut().read_exact(&mut read)?;
        Ok(read)
    }
}

/// Takes the cells of rows out of their lines, behind what the results say of each.
fn read_back(text: &[u8], kinds: &[u8], delimiter: u8, again: &Again, columns: usize) -> io::Result<RowBlock> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).delimiter(delimiter).from_reader(text);
    let mut block = RowBlock::new(columns);
    block.from_1904 = again.from_1904;
    let mut record = csv::StringRecord::new();
    let mut kinds = kinds.iter();
    while reader.read_record(&mut record)? {
        let number: Option<u32> = record.get(0).and_then(|number| number.parse().ok());
        let whole = number.filter(|_| record.len() == OWN_CELLS + columns);
        let number = whole.ok_or(io::ErrorKind::InvalidData)?;
        for cell in record.iter().skip(OWN_CELLS) {
            let kind = kinds.next().map_or(Ok(CellKind::Text), |kind| kind_of(*kind))?;
            block.push_cell(cell.strip_prefix(GUARD).unwrap_or(cell), kind);
        }
        let line = again.ahead.map_or(0, |ahead| (i64::from(number) + ahead) as u32);
        block.finish_row(number, line);
    }
    Ok(block)
}

fn kind_of(byte: u8) -> io::Result<CellKind> {
    use CellKind::{Bool, Date, Error, FormulaWithoutValue, Number, Text};
    let kinds = [Text, Number, Date, Bool, Error, FormulaWithoutValue];
    let kind = kinds.into_iter().find(|kind| *kind as u8 == byte);
    kind.ok_or_else(|| io::ErrorKind::InvalidData.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::tally::tests::row;

    const CELLS: [[&str; 2]; 3] = [["x,y", "=1+1"], ["two\r\nlines", "-5"], ["48\" round", ""]];

    fn rehearsal() -> Rehearsal {
        let head = b"number\r\n".to_vec();
        let place = std::env::temp_dir().join("a.results.csv");
        Rehearsal { file_name: "a.csv".to_owned(), sheet: None, delimiter: b',', place, head }
    }

    fn begun() -> Rehearsed {
        let mut rehearsed = Rehearsed::default();
        rehearsed.begin_sheet(&rehearsal()).unwrap();
        rehearsed
    }

    fn block(first: u32, cells: &[[&str; 2]]) -> RowBlock {
        let mut block = RowBlock::new(2);
        for (number, cells) in (first..).zip(cells) {
            for cell in cells {
                block.push_cell(cell, CellKind::Text);
            }
            block.finish_row(number, number + 3);
        }
        block
    }

    fn lines(first: u32, cells: &[[&str; 2]]) -> Lines {
        let block = block(first, cells);
        let rows = (0..block.len()).map(|index| row(block.number(index), Standing::Ready, "", &[])).collect();
        rehearsal().write(&block, &CheckedBlock { rows, ..CheckedBlock::default() }, Vec::new())
    }

    fn line(number: u32, said: &str, cells: &str) -> String {
        format!("{number},,{said},'=K{number},,,,,,{cells}\r\n")
    }

    const GOOD: &str = "not-sent,dry-run,good; a dry run sends nothing";

    #[test]
    fn lines_of_settled_blocks_are_copied_with_those_that_were_told_anew() {
        let mut rehearsed = begun();
        for block in [Some(lines(2, &CELLS)), Some(lines(99, &CELLS)), None, Some(lines(5, &CELLS))] {
            rehearsed.push(block).unwrap();
        }
        rehearsed.truncate(3);
        rehearsed.push(Some(lines(8, &CELLS))).unwrap();
        assert_eq!([0, 2, 3, 4].map(|block| rehearsed.has_lines(block)), [true, false, true, false]);
        let was = row(9, Standing::Ready, "", &[]);
        let outcome = RowOutcome::new(Status::Excluded, code::DUPLICATE_ROW, "a.csv:2 is the same row");
        let is = RowVerdict {
            number: 9,
            line_number: 0,
            destiny: Destiny::Ended(outcome),
            findings: Vec::new(),
            key: was.key.clone(),
            amounts: was.amounts,
            labels: was.labels.clone(),
        };
        rehearsed.tell(&rehearsal(), (3, 1), &was, &is);
        for block in [0, 3] {
            rehearsed.settle(block, SheetId(1), block as u32);
        }
        let mut text = Vec::new();
        let copied = [3, 1, 2, 0].map(|ordinal| rehearsed.copy((SheetId(1), ordinal), &mut text).unwrap());
        assert_eq!(copied, [true, false, false, true]);
        let cells = ["\"x,y\",'=1+1", "\"two\r\nlines\",-5", "\"48\"\" round\","];
        let expected = [
            line(8, GOOD, cells[0]),
            line(9, "excluded,duplicate-row,a.csv:2 is the same row", cells[1]),
            line(10, GOOD, cells[2]),
            line(2, GOOD, cells[0]),
            line(3, GOOD, cells[1]),
            line(4, GOOD, cells[2]),
        ];
        assert_eq!(String::from_utf8(text).unwrap(), expected.concat());
        let (mut totals, mut breakdown) = (Totals::default(), Breakdown::default());
        assert!(rehearsed.add_up((SheetId(1), 3), &mut totals, &mut breakdown));
        assert_eq!([Status::NotSent, Status::Excluded].map(|status| totals.rows(status)), [2, 1]);
        assert!(rehearsed.take(SheetId(1)).unwrap().is_none(), "a block of the sheet is not in its results");
    }

    #[test]
    fn a_sheet_whose_blocks_are_all_settled_is_taken_whole_with_what_was_told_anew() {
        let mut rehearsed = begun();
        rehearsed.push(Some(lines(2, &CELLS))).unwrap();
        // Another reading of the same sheet, and a sheet without rows, leave nothing behind.
        rehearsed.truncate(0);
        for _ in 0..2 {
            rehearsed.begin_sheet(&rehearsal()).unwrap();
        }
        for first in [2, 5] {
            rehearsed.push(Some(lines(first, &CELLS))).unwrap();
        }
        rehearsed.begin_sheet(&rehearsal()).unwrap();
        rehearsed.push(Some(lines(2, &CELLS))).unwrap();
        let was = row(6, Standing::Ready, "", &[]);
        let outcome = RowOutcome::new(Status::Excluded, code::DUPLICATE_ROW, "a.csv:2 is the same row");
        let is = RowVerdict {
            number: 6,
            line_number: 0,
            destiny: Destiny::Ended(outcome),
            findings: Vec::new(),
            key: was.key.clone(),
            amounts: was.amounts,
            labels: was.labels.clone(),
        };
        rehearsed.tell(&rehearsal(), (1, 1), &was, &is);
        for (block, sheet, ordinal) in [(0, 1, 0), (1, 1, 1), (2, 2, 0)] {
            rehearsed.settle(block, SheetId(sheet), ordinal);
        }
        let cells = ["\"x,y\",'=1+1", "\"two\r\nlines\",-5", "\"48\"\" round\","];
        let good =
            |first: u32| (first..).zip(cells).map(|(number, cells)| line(number, GOOD, cells)).collect::<String>();
        let head = "number\r\n".to_owned();
        let told = line(6, "excluded,duplicate-row,a.csv:2 is the same row", cells[1]);
        let first = head.clone() + &good(2) + &line(5, GOOD, cells[0]) + &told + &line(7, GOOD, cells[2]);
        for (sheet, expected) in [(1, first), (2, head + &good(2))] {
            let file = rehearsed.take(SheetId(sheet)).unwrap().unwrap();
            assert_eq!(std::fs::read_to_string(file.path()).unwrap(), expected);
        }
        assert!(rehearsed.take(SheetId(3)).unwrap().is_none());
    }

    #[test]
    fn cells_of_a_workbook_are_read_back_with_their_kinds() {
        use CellKind::{Bool, Date, Error, FormulaWithoutValue, Number, Text};
        let cells = [("a", Text), ("-5", Number), ("2025-04-01", Date), ("TRUE", Bool), ("#N/A", Error)];
        let mut whole = RowBlock::new(6);
        whole.from_1904 = true;
        let mut single = Vec::new();
        for number in [7, 9] {
            let mut one = RowBlock::new(6);
            one.from_1904 = true;
            for block in [&mut whole, &mut one] {
                for (text, kind) in cells {
                    block.push_cell(text, kind);
                }
                block.push_cell("", FormulaWithoutValue);
                block.finish_row(number, 0);
            }
            single.push(one);
        }
        let rows = (0..2).map(|index| row(whole.number(index), Standing::Ready, "", &[])).collect();
        let rehearsal = Rehearsal { sheet: Some("May".to_owned()), ..rehearsal() };
        let lines = rehearsal.write(&whole, &CheckedBlock { rows, ..CheckedBlock::default() }, Vec::new());
        assert!(String::from_utf8_lossy(&lines.text).starts_with("7,May,not-sent,"));
        let mut rehearsed = begun();
        rehearsed.push(Some(lines)).unwrap();
        let mut back = |row| format!("{:?}", rehearsed.read_back(&rehearsal, 0, row, 6).unwrap().0);
        assert_eq!(back(None), format!("{whole:?}"));
        assert_eq!([back(Some(0)), back(Some(1))], [0, 1].map(|row| format!("{:?}", single[row])));
    }

    #[test]
    fn rows_are_read_back_as_they_were_or_wait_in_the_spool() {
        let mut rehearsed = begun();
        rehearsed.push(Some(lines(2, &CELLS))).unwrap();
        let (whole, _) = rehearsed.read_back(&rehearsal(), 0, None, 2).unwrap();
        assert_eq!(format!("{whole:?}"), format!("{:?}", block(2, &CELLS)));
        for (index, cells) in CELLS.iter().enumerate() {
            let (one, _) = rehearsed.read_back(&rehearsal(), 0, Some(index), 2).unwrap();
            assert_eq!(format!("{one:?}"), format!("{:?}", block(2 + index as u32, &[*cells])));
        }
        assert!(lines(2, &CELLS).show_all());
        assert!(!lines(2, &[["'=1", ""]]).show_all());
        assert!(!lines(2, &[["a", "'"]]).show_all());
        assert!(lines(2, &[["Mehta's", "a'"]]).show_all());
        let mut uneven = block(2, &CELLS);
        uneven.push_cell("a", CellKind::Text);
        uneven.push_cell("b", CellKind::Text);
        uneven.finish_row(9, 20);
        assert_eq!(ahead(&uneven), None);
        uneven.clear();
        assert_eq!(ahead(&uneven), None);
    }
}
