//! Rows of a worksheet, decoded by another process or on a thread of their own, and handed over in batches.
//!
//! Owns calamine: nothing else names it but [`super::cell`] and [`super::ods`]. It reads xlsb as a stream, and xls and
//! ods whole, because it offers no other way; [`super::xlsx`] reads the rest. Leaves the other process to
//! [`super::decoder`]. The one rule: a workbook, however broken, ends as a [`SheetError`] of its own, panics of the
//! decoder included.

use std::fs::File;
use std::io::BufReader;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::thread;

use calamine::{
    Data, DataRef, Ods, OdsError, Range, Reader, SheetType, SheetVisible, Xls, XlsError, Xlsb, XlsbError, Xlsx,
    XlsxError,
};
use crossbeam_channel::{Receiver, bounded};
use serde::{Deserialize, Serialize};

use super::container::Content;
use super::decoder::{self, Answer, Answers};
use super::error::SheetError;
use super::row::RawRow;
use super::shown::Shown;
use super::xls::OldSheet;
use super::xlsx::{self, Book};
use super::{CellKind, RowNumber, cell, ods};

type Input = BufReader<File>;

/// Limit: rows of a batch; with [`BATCHES`], bounds what is decoded ahead.
const BATCH_ROWS: usize = 512;
/// Limit: bytes of text and of marks of cells of a batch.
const BATCH_BYTES: usize = 512 * 1024;
/// Limit: batches decoded ahead.
const BATCHES: usize = 4;
/// Limit: no error of the decoder is quoted at length.
const REASON_CHARACTERS: usize = 200;

/// A sheet as the workbook lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Listed {
    /// Its name.
    pub(super) name: String,
    /// Whether Excel shows it.
    pub(super) visible: bool,
}

/// The worksheets of a workbook, in its order; chart, dialog and macro sheets are left out.
pub(super) fn list(path: &Path, file: &str, content: Content) -> Result<Vec<Listed>, SheetError> {
    contained(file, || {
        let sheets = match content {
            Content::Xlsx => {
                let book = Book::open(path, file)?;
                let listed = |sheet: &xlsx::Sheet| Listed { name: sheet.name.clone(), visible: sheet.is_visible };
                return Ok(book.sheets().iter().map(listed).collect());
            }
            Content::Xlsb => open::<Xlsb<_>>(path, file)?.sheets_metadata().to_vec(),
            Content::Ods => open::<Ods<_>>(path, file)?.sheets_metadata().to_vec(),
            Content::Xls => open_xls(path, file)?.sheets_metadata().to_vec(),
            Content::Text => Vec::new(),
        };
        let worksheets = sheets.into_iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
        Ok(worksheets
            .map(|sheet| Listed { name: sheet.name, visible: sheet.visible == SheetVisible::Visible })
            .collect())
    })
}

/// A worksheet being decoded.
pub(super) struct BookRows {
    source: Source,
    batch: std::vec::IntoIter<RawRow>,
    /// What the decoder has to say of the sheet; complete at its end.
    pub(super) notes: Vec<String>,
}

/// Rows, and sentences about the sheet.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Batch {
    pub(super) rows: Vec<RawRow>,
    pub(super) notes: Vec<String>,
}

/// Who decodes it.
enum Source {
    Thread(Receiver<Result<Batch, SheetError>>),
    Process(Box<Answers>),
}

impl BookRows {
    /// Starts decoding on a thread.
    pub(super) fn start(work: Work) -> Result<Self, SheetError> {
        let (sender, batches) = bounded(BATCHES);
        let label = work.label.clone();
        let run = move || {
            if let Err(error) = work.run(&mut |batch| sender.send(Ok(batch)).is_ok()) {
                // Nobody to tell if the reader was dropped meanwhile.
                sender.send(Err(error)).ok();
            }
        };
        thread::Builder::new()
            .name("sheet-decoder".to_owned())
            .spawn(run)
            .map_err(|source| SheetError::reading(&label, source))?;
        Ok(Self { source: Source::Thread(batches), batch: Vec::new().into_iter(), notes: Vec::new() })
    }

    /// Takes the rows that another process decodes.
    pub(super) fn ask(answers: Answers) -> Self {
        Self { source: Source::Process(Box::new(answers)), batch: Vec::new().into_iter(), notes: Vec::new() }
    }

    /// Takes the next row that has cells; false at the end.
    pub(super) fn next(&mut self, row: &mut RawRow) -> Result<bool, SheetError> {
        loop {
            if let Some(next) = self.batch.next() {
                *row = next;
                return Ok(true);
            }
            match self.source.next()? {
                Some(batch) => {
                    self.batch = batch.rows.into_iter();
                    self.notes.extend(batch.notes);
                }
                None => return Ok(false),
            }
        }
    }
}

impl Source {
    fn next(&mut self) -> Result<Option<Batch>, SheetError> {
        match self {
            Self::Thread(batches) => batches.recv().ok().transpose(),
            Self::Process(answers) => match answers.next()? {
                Some(Answer::Rows(batch)) => Ok(Some(batch)),
                Some(_) => Err(answers.nonsense()),
                None => Ok(None),
            },
        }
    }
}

/// Takes a batch of rows; false if nobody wants more.
pub(super) type Sink<'s> = &'s mut dyn FnMut(Batch) -> bool;

/// What the decoder is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Work {
    /// The file.
    #[serde(with = "decoder::path")]
    pub(super) path: PathBuf,
    /// The sheet as messages name it.
    pub(super) label: String,
    /// Its name.
    pub(super) sheet: String,
    /// What the file holds.
    pub(super) content: Content,
}

impl Work {
    /// Decodes the sheet to its end, or until nobody wants more.
    pub(super) fn run(&self, sink: Sink<'_>) -> Result<(), SheetError> {
        let mut rows = Rows {
            sink,
            label: self.label.clone(),
            batch: Vec::new(),
            notes: self.content.unknown().map(str::to_owned).into_iter().collect(),
            bytes: 0,
            row: RawRow::default(),
            text: String::new(),
            from_1904: false,
        };
        contained(&self.label, || match self.decode(&mut rows) {
            Ok(()) => {
                rows.end_row();
                rows.send();
                Ok(())
            }
            Err(Halt::Gone) => Ok(()),
            Err(Halt::Broken(error)) => Err(error),
        })
    }

    fn decode(&self, rows: &mut Rows<'_>) -> Result<(), Halt> {
        match self.content {
            Content::Xlsx => self.stream_xlsx(rows),
            Content::Xlsb => {
                let mut book = open::<Xlsb<_>>(&self.path, &self.label)?;
                let is_1904 = book.has_1904_epoch();
                let mut cells = book.worksheet_cells_reader(&self.sheet).map_err(|error| self.broken(&error))?;
                while let Some(cell) = cells.next_cell().map_err(|error| self.broken(&error))? {
                    rows.put(cell.get_position(), cell.get_value(), is_1904)?;
                }
                Ok(())
            }
            Content::Ods => {
                let mut book = open::<Ods<_>>(&self.path, &self.label)?;
                let range = book.worksheet_range(&self.sheet).map_err(|error| self.broken(&error))?;
                let formulas = book.worksheet_formula(&self.sheet).map_err(|error| self.broken(&error))?;
                let mut shown = xlsx::OpenSheet::open(&self.path, &self.sheet, &self.label)?;
                rows.put_range(&range, ods::broken_formulas(&range, &formulas), false, &mut shown)
            }
            Content::Xls => {
                let mut book = open_xls(&self.path, &self.label)?;
                let is_1904 = book.has_1904_epoch();
                let range = book.worksheet_range(&self.sheet).map_err(|error| self.broken(&error))?;
                let at = book.sheets_metadata().iter().position(|sheet| sheet.name == self.sheet).unwrap_or(usize::MAX);
                drop(book);
                let mut shown = OldSheet::open(&self.path, at, &self.label)?;
                rows.put_range(&range, Vec::new(), is_1904, &mut shown)
            }
            Content::Text => Ok(()),
        }
    }

    fn stream_xlsx(&self, rows: &mut Rows<'_>) -> Result<(), Halt> {
        let mut sheet = Book::open(&self.path, &self.label)?.rows(&self.sheet)?;
        while sheet.next(&mut rows.row)? {
            if !rows.end_row() {
                return Err(Halt::Gone);
            }
        }
        rows.notes.extend(sheet.notes());
        rows.row.clear();
        Ok(())
    }

    fn broken(&self, error: &dyn std::fmt::Display) -> Halt {
        Halt::Broken(damaged(&self.label, error))
    }
}

/// Why decoding ends before the sheet does.
enum Halt {
    /// The reader was dropped.
    Gone,
    Broken(SheetError),
}

impl From<SheetError> for Halt {
    fn from(error: SheetError) -> Self {
        Self::Broken(error)
    }
}

/// Cells on their way into rows and batches.
struct Rows<'s> {
    sink: Sink<'s>,
    label: String,
    batch: Vec<RawRow>,
    notes: Vec<String>,
    bytes: usize,
    row: RawRow,
    text: String,
    /// Whether the workbook counts days from 1904.
    from_1904: bool,
}

impl Rows<'_> {
    fn put(&mut self, place: (u32, u32), value: &DataRef<'_>, is_1904: bool) -> Result<(), Halt> {
        if *value == DataRef::Empty {
            return Ok(());
        }
        self.from_1904 = is_1904;
        let mut text = std::mem::take(&mut self.text);
        let kind = cell::write(value, is_1904, &mut text);
        let put = self.put_text(place, &text, kind);
        self.text = text;
        put
    }

    /// Puts the cells of a sheet and, over them, those with another kind than the decoder says, in order; numbers as
    /// they are shown.
    fn put_range(
        &mut self,
        range: &Range<Data>,
        others: Vec<(ods::Place, CellKind)>,
        is_1904: bool,
        shown: &mut dyn Shown,
    ) -> Result<(), Halt> {
        let (first_row, first_column) = range.start().unwrap_or_default();
        let mut others = others.into_iter().peekable();
        let mut text = String::new();
        self.from_1904 = is_1904;
        for (row, column, value) in range.used_cells() {
            let place = (first_row + row as u32, first_column + column as u32);
            while let Some((place, kind)) = others.next_if(|(other, _)| *other < place) {
                self.reach_row(place.0, shown)?;
                self.put_text(place, "", kind)?;
            }
            self.reach_row(place.0, shown)?;
            let number = match value {
                Data::Int(number) => Some(*number as f64),
                Data::Float(number) => Some(*number),
                // The decoder knows dates by their formats, which are known better here.
                Data::DateTime(moment) => Some(moment.as_f64()),
                _ => None,
            };
            let kind = match number.zip(shown.format(place.1)) {
                Some((number, format)) => {
                    text.clear();
                    cell::write_number(number, &mut text);
                    format.write(number, is_1904, &mut text)
                }
                None => cell::write_owned(value, is_1904, &mut text),
            };
            let kind = others.next_if(|(other, _)| *other == place).map_or(kind, |(_, kind)| kind);
            self.put_text(place, &text, kind)?;
        }
        for (place, kind) in others {
            self.reach_row(place.0, shown)?;
            self.put_text(place, "", kind)?;
        }
        self.finish_row(shown)?;
        self.notes.extend(shown.finish()?);
        Ok(())
    }

    /// Ends the row being built and begins this one, counted from 0, unless it is the same.
    fn reach_row(&mut self, row: u32, shown: &mut dyn Shown) -> Result<(), Halt> {
        if self.row.len() > 0 && self.row.number == row + 1 {
            return Ok(());
        }
        self.finish_row(shown)?;
        Ok(shown.begin_row(row)?)
    }

    fn finish_row(&mut self, shown: &mut dyn Shown) -> Result<(), Halt> {
        if self.row.len() > 0 {
            shown.finish_row(&mut self.row)?;
        }
        if self.end_row() { Ok(()) } else { Err(Halt::Gone) }
    }

    fn put_text(&mut self, (row, column): (u32, u32), text: &str, kind: CellKind) -> Result<(), Halt> {
        if text.is_empty() && kind == CellKind::Text {
            return Ok(());
        }
        let number: RowNumber = row + 1;
        if self.row.number != number && !self.end_row() {
            return Err(Halt::Gone);
        }
        self.row.number = number;
        // Leaving out the second of two cells could leave out a row, and with it an invoice.
        if (column as usize) < self.row.len() {
            let reason = format!("row {number} names its cells out of order, or one of them twice");
            return Err(Halt::Broken(SheetError::Damaged { file: self.label.clone(), reason }));
        }
        while self.row.len() < column as usize {
            self.row.end_cell(CellKind::Text);
        }
        self.row.push_cell(text, kind);
        Ok(())
    }

    /// Ends the row being built, if there is one; false once nobody listens.
    fn end_row(&mut self) -> bool {
        if self.row.len() == 0 {
            return true;
        }
        let mut row = self.row.take();
        row.from_1904 |= self.from_1904;
        self.bytes += row.memory();
        self.batch.push(row);
        if self.batch.len() < BATCH_ROWS && self.bytes < BATCH_BYTES { true } else { self.send() }
    }

    fn send(&mut self) -> bool {
        self.bytes = 0;
        let batch = Batch { rows: std::mem::take(&mut self.batch), notes: std::mem::take(&mut self.notes) };
        (self.sink)(batch)
    }
}

/// Runs the decoder; its panic becomes an error.
fn contained<T>(file: &str, work: impl FnOnce() -> Result<T, SheetError>) -> Result<T, SheetError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(damaged(file, &"the workbook reader gave up on it")))
}

fn damaged(file: &str, error: &dyn std::fmt::Display) -> SheetError {
    let reason =
        error.to_string().chars().take(REASON_CHARACTERS).map(|c| if c.is_control() { ' ' } else { c }).collect();
    SheetError::Damaged { file: file.to_owned(), reason }
}

/// Whether an error of the decoder says that the workbook is encrypted.
trait SaysPassword: std::fmt::Display {
    fn says_password(&self) -> bool;
}

impl SaysPassword for XlsxError {
    fn says_password(&self) -> bool {
        matches!(self, Self::Password)
    }
}

impl SaysPassword for XlsbError {
    fn says_password(&self) -> bool {
        matches!(self, Self::Password)
    }
}

impl SaysPassword for OdsError {
    fn says_password(&self) -> bool {
        matches!(self, Self::Password)
    }
}

impl SaysPassword for XlsError {
    fn says_password(&self) -> bool {
        matches!(self, Self::Password)
    }
}

fn open<R>(path: &Path, file: &str) -> Result<R, SheetError>
where
    R: Reader<Input>,
    R::Error: SaysPassword,
{
    let handle = File::open(path).map_err(|source| SheetError::reading(file, source))?;
    R::new(BufReader::new(handle)).map_err(|error| {
        if error.says_password() { SheetError::Password { file: file.to_owned() } } else { damaged(file, &error) }
    })
}

/// Opens a compound file: an xls, or the wrapping of an encrypted workbook, which the xlsx reader names.
fn open_xls(path: &Path, file: &str) -> Result<Xls<Input>, SheetError> {
    open::<Xls<_>>(path, file).map_err(|error| match open::<Xlsx<_>>(path, file) {
        Err(password @ SheetError::Password { .. }) => password,
        _ => error,
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::test_zip::zip;
    use super::*;

    /// A workbook of one sheet whose rows are written as XML, as a careless library might.
    fn book(rows: &str) -> Vec<u8> {
        const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
        const RELATIONS: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
        const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
        let relation = |kind: &str, target: &str| {
            let item = format!("<Relationship Id=\"r1\" Type=\"{OFFICE}/{kind}\" Target=\"{target}\"/>");
            format!("<Relationships xmlns=\"{RELATIONS}\">{item}</Relationships>")
        };
        let sheets = "<sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"r1\"/></sheets>";
        zip(&[
            ("[Content_Types].xml", "<Types/>".to_owned()),
            ("_rels/.rels", relation("officeDocument", "xl/workbook.xml")),
            ("xl/workbook.xml", format!("<workbook xmlns=\"{MAIN}\" xmlns:r=\"{OFFICE}\">{sheets}</workbook>")),
            ("xl/_rels/workbook.xml.rels", relation("worksheet", "worksheets/sheet1.xml")),
            (
                "xl/worksheets/sheet1.xml",
                format!("<worksheet xmlns=\"{MAIN}\"><sheetData>{rows}</sheetData></worksheet>"),
            ),
        ])
    }

    fn read(rows: &str) -> Result<Vec<String>, SheetError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.xlsx");
        fs::write(&path, book(rows)).unwrap();
        let (label, sheet) = ("a.xlsx[S]".to_owned(), "S".to_owned());
        let mut rows = BookRows::start(Work { path, label, sheet, content: Content::Xlsx })?;
        let mut row = RawRow::default();
        let mut found = Vec::new();
        while rows.next(&mut row)? {
            let cells: Vec<String> =
                row.filled().map(|(column, cell)| format!("{column} {:?} {}", cell.kind, cell.text)).collect();
            found.push(format!("{}: {}", row.number, cells.join(", ")));
        }
        Ok(found)
    }

    #[test]
    fn formulas_without_value_and_new_errors_keep_their_places() {
        let rows = "<row r=\"3\"><c r=\"A3\"><v>1</v></c><c r=\"C3\" t=\"e\"><v>#SPILL!</v></c><c r=\"D3\"><f>1+1</f></c></row>\
                    <row r=\"5\"><c r=\"B5\" t=\"e\"><v>#CALC!</v></c><c r=\"C5\" t=\"str\"><f>\"\"</f><v></v></c>\
                    <c r=\"E5\"><f>A3</f><v>1</v></c></row>";
        let expected = ["3: 0 Number 1, 2 Error #SPILL!, 3 FormulaWithoutValue ", "5: 1 Error #CALC!, 4 Number 1"];
        assert_eq!(read(rows).unwrap(), expected);
    }

    #[test]
    fn cells_without_references_are_placed_by_order() {
        let rows = "<row><c><v>1</v></c><c t=\"inlineStr\"><is><t>x</t></is></c></row><row><c><v>2</v></c></row>";
        assert_eq!(read(rows).unwrap(), ["1: 0 Number 1, 1 Text x", "2: 0 Number 2"]);
    }

    #[test]
    fn broken_xml_is_an_error_after_the_rows_before_it() {
        let error =
            read("<row r=\"1\"><c r=\"A1\"><v>1</v></c></row><row r=\"2\"><c r=\"!\"><v>1</v></c></row>").unwrap_err();
        assert!(matches!(error, SheetError::Damaged { .. }), "{error}");
    }

    #[test]
    fn a_panic_of_the_decoder_is_contained() {
        let error = contained::<()>("a.xls", || panic!("as decoders do")).unwrap_err();
        assert_eq!(error.to_string(), "a.xls: is damaged: the workbook reader gave up on it");
    }
}
