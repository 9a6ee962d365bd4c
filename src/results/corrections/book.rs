//! The corrections workbook itself: worksheets of rows, of unknown rows, and the hidden one that says whose rows they are.
//!
//! Leaves what is said to [`super`]. The one rule: the same rows make the same bytes, and rows leave memory as they are
//! written.

use std::collections::{BTreeMap, HashSet};
use std::io::{self, Write};
use std::path::Path;

use rust_xlsxwriter::{
    Color, DataValidation, DocProperties, ExcelDateTime, Format, FormatAlign, Note, Workbook, Worksheet, XlsxError,
};

use super::shelf;
use crate::corrections::{FORM, MARKER, OWN_HEADINGS};
use crate::ledger::{Run, SheetId, SheetRecord};
use crate::results::RunLabel;

/// Limit: of the format, in rows of a worksheet.
const MOST_ROWS: u32 = 1_048_576;
/// Limit: notes that programs show without delay.
const MOST_NOTES: u32 = 10_000;
/// Limit: of the format, in characters of a worksheet's name, with room for a number.
const MOST_NAME: usize = 24;
/// Heading of the only column of ours in worksheets of unknown rows.
const UNKNOWN: &str = "Unknown: nothing to change here";

/// A row as it goes out.
pub(super) struct Line<'l> {
    /// What is to be done.
    pub(super) words: &'l str,
    /// The hidden key.
    pub(super) key: &'l str,
    /// The original cells.
    pub(super) cells: &'l [&'l str],
    /// Cells at fault, with their notes.
    pub(super) marks: &'l BTreeMap<usize, String>,
}

/// A worksheet being written.
struct Page {
    name: String,
    sheet: SheetId,
    is_unknown: bool,
    columns: u16,
    rows: u32,
    /// Whether it takes more rows.
    is_open: bool,
}

/// A workbook being written.
pub(super) struct Book {
    workbook: Workbook,
    pages: Vec<Page>,
    names: HashSet<String>,
    notes: u32,
    facts: Vec<(&'static str, String)>,
    head: Format,
    words: Format,
    plain: Format,
    faulty: Format,
    asking: Format,
}

fn error(error: XlsxError) -> io::Error {
    match error {
        XlsxError::IoError(error) => error,
        other => io::Error::other(other.to_string()),
    }
}

impl Book {
    /// An empty workbook of a run's rows.
    pub(super) fn begin(run: &Run, label: &RunLabel) -> Self {
        let mut workbook = Workbook::new();
        let mut properties = DocProperties::new()
            .set_title(format!("Corrections of run {}", run.id))
            .set_subject(shelf::subject(run.id.0, &label.ledger));
        // The same rows make the same bytes, whenever they are written.
        if let Ok(made) = ExcelDateTime::from_timestamp(run.created_at.as_second()) {
            properties = properties.set_creation_datetime(&made);
        }
        workbook.set_properties(&properties);
        let text = || Format::new().set_num_format("@");
        Self {
            workbook,
            pages: Vec::new(),
            names: HashSet::from([MARKER.to_lowercase()]),
            notes: 0,
            facts: vec![
                (MARKER, FORM.to_owned()),
                ("ledger", label.ledger.clone()),
                ("run", run.id.to_string()),
                ("operation", run.operation.clone()),
            ],
            head: Format::new().set_bold().set_text_wrap().set_align(FormatAlign::Top),
            words: text().set_text_wrap().set_align(FormatAlign::Top),
            plain: text(),
            faulty: text().set_background_color(Color::RGB(0x00FF_C7CE)),
            asking: text().set_background_color(Color::RGB(0x00FF_F2CC)),
        }
    }

    /// Adds a row to the list of its sheet.
    pub(super) fn line(
        &mut self,
        sheet: &SheetRecord,
        is_unknown: bool,
        headings: &[&str],
        line: &Line<'_>,
    ) -> io::Result<()> {
        let fits = |page: &Page| page.is_open && page.sheet == sheet.id && page.is_unknown == is_unknown;
        let at = match self.pages.iter().position(fits) {
            Some(at) => at,
            None => self.page(sheet, is_unknown, headings)?,
        };
        self.write(at, line).map_err(error)
    }

    fn page(&mut self, sheet: &SheetRecord, is_unknown: bool, headings: &[&str]) -> io::Result<usize> {
        let stem = Path::new(&sheet.file_name).file_stem().unwrap_or_default().to_string_lossy();
        let wanted = sheet.sheet_name.as_deref().unwrap_or(&stem);
        let wanted = if is_unknown { format!("Unknown {wanted}") } else { wanted.to_owned() };
        let name = self.free_name(&wanted);
        let own = if is_unknown { 1 } else { OWN_HEADINGS.len() };
        let columns = (own + headings.len()) as u16;
        let worksheet = self.workbook.add_worksheet_with_constant_memory().map_err(error)?;
        let begin = |worksheet: &mut Worksheet| -> Result<(), XlsxError> {
            worksheet.set_name(&name)?;
            let ours: &[&str] = if is_unknown { &[UNKNOWN] } else { &OWN_HEADINGS };
            for (column, heading) in ours.iter().chain(headings).enumerate() {
                worksheet.write_string_with_format(0, column as u16, *heading, &self.head)?;
                worksheet.set_column_width(column as u16, if column < own { 14 } else { 18 })?;
            }
            worksheet.set_column_width(0, 60)?;
            if is_unknown {
                worksheet.protect();
            } else {
                worksheet.set_column_hidden(2)?;
                let words = ["retry", "drop"];
                let choice = DataValidation::new().allow_list_strings(&words)?;
                worksheet.add_data_validation(1, 1, MOST_ROWS - 1, 1, &choice)?;
                // A cell that is edited stays text.
                for column in 3..columns {
                    worksheet.set_column_format(column, &self.plain)?;
                }
            }
            worksheet.set_freeze_panes(1, 0)?;
            Ok(())
        };
        begin(worksheet).map_err(error)?;
        self.pages.push(Page { name, sheet: sheet.id, is_unknown, columns, rows: 1, is_open: true });
        Ok(self.pages.len() - 1)
    }

    fn write(&mut self, at: usize, line: &Line<'_>) -> Result<(), XlsxError> {
        let page = &mut self.pages[at];
        let worksheet = &mut self.workbook.worksheets_mut()[at];
        let row = page.rows;
        let words: String = line.words.chars().take(2_000).collect();
        worksheet.write_string_with_format(row, 0, words, &self.words)?;
        let mut first = 1;
        if !page.is_unknown {
            worksheet.write_blank(row, 1, &self.asking)?;
            worksheet.write_string_with_format(row, 2, line.key, &self.plain)?;
            first = 3;
        }
        for (index, cell) in line.cells.iter().enumerate() {
            let column = first + index as u16;
            let note = line.marks.get(&index).filter(|_| !page.is_unknown);
            let format = if note.is_some() { &self.faulty } else { &self.plain };
            if !cell.is_empty() {
                worksheet.write_string_with_format(row, column, *cell, format)?;
            } else if note.is_some() {
                worksheet.write_blank(row, column, format)?;
            }
            if let Some(note) = note.filter(|_| self.notes < MOST_NOTES) {
                self.notes += 1;
                let text: String = note.chars().take(1_000).collect();
                worksheet.insert_note(
                    row,
                    column,
                    &Note::new(text).set_author("arload").add_author_prefix(false).set_width(320),
                )?;
            }
        }
        page.rows += 1;
        page.is_open = page.rows < MOST_ROWS;
        Ok(())
    }

    /// A name that a worksheet may have and none has yet.
    fn free_name(&mut self, wanted: &str) -> String {
        let allowed = |letter: char| if "[]:*?/\\'".contains(letter) || letter.is_control() { '_' } else { letter };
        let mut name: String = wanted.chars().map(allowed).take(MOST_NAME).collect();
        // Two units of the format's count make one letter beyond the usual ones.
        while name.encode_utf16().count() > MOST_NAME {
            name.pop();
        }
        let name = if name.trim().is_empty() { "Sheet".to_owned() } else { name };
        let numbered = (2..).map(|number| format!("{name} ({number})"));
        let mut names = std::iter::once(name.clone()).chain(numbered);
        names.find(|name| self.names.insert(name.to_lowercase())).expect("some number is free")
    }

    /// Writes the workbook.
    pub(super) fn finish(mut self, out: &mut (impl Write + Send)) -> io::Result<()> {
        self.close().map_err(error)?;
        self.workbook.save_to_writer(&mut *out).map_err(error)?;
        out.flush()
    }

    fn close(&mut self) -> Result<(), XlsxError> {
        for (at, page) in self.pages.iter().enumerate() {
            self.workbook.worksheets_mut()[at].autofilter(0, 0, page.rows - 1, page.columns - 1)?;
        }
        // Unknown rows stand behind those that wait for somebody.
        let unknown: HashSet<&str> =
            self.pages.iter().filter(|page| page.is_unknown).map(|page| page.name.as_str()).collect();
        self.workbook.worksheets_mut().sort_by_key(|worksheet| unknown.contains(worksheet.name().as_str()));
        let marker = self.workbook.add_worksheet_with_constant_memory()?;
        marker.set_name(MARKER)?.set_hidden(true);
        let mut row = 0;
        for (name, value) in &self.facts {
            marker.write_string(row, 0, *name)?.write_string(row, 1, value)?;
            row += 1;
        }
        for page in self.pages.iter().filter(|page| !page.is_unknown) {
            marker.write_string(row, 0, "sheet")?.write_string(row, 1, &page.name)?;
            marker.write_string(row, 2, page.sheet.to_string())?;
            row += 1;
        }
        Ok(())
    }
}
