//! What a dry run says of rows, written as lines of its results where the rows are checked.
//!
//! Nearly all rows of a sheet end as their checks say; only where the duplicate guard speaks of a row must planning
//! decide. So the workers write each block's lines and add up its outcomes, both wait in a private file, and go into the
//! results with the few lines changed that planning tells anew. The one rule: a line says what the same row's verdict in
//! a ledger would have made of it; whatever cannot know that yet is left to planning.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};

use super::ResultSettings;
use super::csv::{GUARD, RowLine, Said, told_of};
use super::summary::Breakdown;
use super::tally::Tally;
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
    /// A rehearsal of the only sheet of a file; none where its results leave a column out, as those of two equal headings.
    pub fn of(source: &SheetSource, header: &Header, settings: &ResultSettings) -> Option<Self> {
        let distinct = header.columns.iter().collect::<HashSet<_>>().len() == header.columns.len();
        let (file_name, sheet) = (source.file_name.clone(), source.sheet.clone());
        distinct.then_some(Self { file_name, sheet, delimiter: settings.delimiter })
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

/// Lines of blocks, waiting for the results in a file without a name.
#[derive(Debug, Default)]
pub struct Rehearsed {
    file: Option<BufWriter<File>>,
    end: u64,
    /// By block of the run, in the order of reading.
    blocks: Vec<Option<Piece>>,
    /// By sheet and block: which of them go into the results.
    settled: HashMap<(SheetId, u32), usize>,
}

#[derive(Debug)]
struct Piece {
    start: u64,
    /// Bytes of its lines; behind them stand the places of its rows, and how each cell was stored.
    bytes: usize,
    rows: usize,
    kinds: usize,
    tally: Tally,
    again: Option<Again>,
    /// Lines that planning told anew up to their own cells, by row of the block, in order.
    told: Vec<(usize, Vec<u8>)>,
}

impl Rehearsed {
    /// Keeps the lines of the next block, if it has any, and gives the memory back that they stood in.
    pub fn push(&mut self, lines: Option<Lines>) -> Result<Option<Vec<u8>>, RunError> {
        let Some(Lines { text, places, kinds, tally, again }) = lines else {
            self.blocks.push(None);
            return Ok(None);
        };
        if self.file.is_none() {
            let file = tempfile::tempfile().map_err(RunError::Spool)?;
            self.file = Some(BufWriter::with_capacity(1 << 18, file));
        }
        let file = self.file.as_mut().expect("it was just made sure of");
        let mut packed = Vec::with_capacity(places.len() * PLACE_BYTES);
        for Place { cells, end } in &places {
            packed.extend_from_slice(&cells.to_le_bytes());
            packed.extend_from_slice(&end.to_le_bytes());
        }
        packed.extend_from_slice(&kinds);
        file.write_all(&text).and_then(|()| file.write_all(&packed)).map_err(RunError::Spool)?;
        let (start, bytes, rows, kinds) = (self.end, text.len(), places.len(), kinds.len());
        self.blocks.push(Some(Piece { start, bytes, rows, kinds, tally, again, told: Vec::new() }));
        self.end += (bytes + packed.len()) as u64;
        Ok(Some(text))
    }

    /// Forgets the blocks from `from` on, as when a sheet is refused or read again.
    pub fn truncate(&mut self, from: usize) {
        self.blocks.truncate(from);
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
        let mut read = || {
            let behind = start + bytes as u64;
            let kinds_at = behind + (rows * PLACE_BYTES) as u64;
            let (text, kinds) = match row {
                None => (self.bytes(start, bytes)?, self.bytes(kinds_at, kinds)?),
                Some(row) => {
                    let places = self.places(behind, rows)?;
                    let from = row.checked_sub(1).map_or(0, |above| places[above].end);
                    let text = self.bytes(start + u64::from(from), (places[row].end - from) as usize)?;
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

    /// Copies the lines of a block into the results; false where it has none.
    pub(super) fn copy(&mut self, place: (SheetId, u32), results: &mut impl Write) -> io::Result<bool> {
        let piece = self.settled.get(&place).and_then(|block| self.blocks[*block].as_mut());
        let Some(piece) = piece else { return Ok(false) };
        let (start, bytes, rows, told) = (piece.start, piece.bytes, piece.rows, std::mem::take(&mut piece.told));
        let text = self.bytes(start, bytes)?;
        let mut copied = 0;
        if !told.is_empty() {
            let places = self.places(start + bytes as u64, rows)?;
            for (row, line) in &told {
                let from = row.checked_sub(1).map_or(0, |above| places[above].end as usize);
                results.write_all(&text[copied..from])?;
                results.write_all(line)?;
                copied = places[*row].cells as usize;
            }
        }
        results.write_all(&text[copied..])?;
        Ok(true)
    }

    fn places(&mut self, start: u64, rows: usize) -> io::Result<Vec<Place>> {
        let four = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().expect("four bytes"));
        let packed = self.bytes(start, rows * PLACE_BYTES)?;
        let places = packed.chunks_exact(PLACE_BYTES);
        Ok(places.map(|place| Place { cells: four(&place[..4]), end: four(&place[4..]) }).collect())
    }

    fn bytes(&mut self, start: u64, bytes: usize) -> io::Result<Vec<u8>> {
        let file = self.file.as_mut().ok_or(io::ErrorKind::NotFound)?;
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
        Rehearsal { file_name: "a.csv".to_owned(), sheet: None, delimiter: b',' }
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
        let mut rehearsed = Rehearsed::default();
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
        let mut rehearsed = Rehearsed::default();
        rehearsed.push(Some(lines)).unwrap();
        let mut back = |row| format!("{:?}", rehearsed.read_back(&rehearsal, 0, row, 6).unwrap().0);
        assert_eq!(back(None), format!("{whole:?}"));
        assert_eq!([back(Some(0)), back(Some(1))], [0, 1].map(|row| format!("{:?}", single[row])));
    }

    #[test]
    fn rows_are_read_back_as_they_were_or_wait_in_the_spool() {
        let mut rehearsed = Rehearsed::default();
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
