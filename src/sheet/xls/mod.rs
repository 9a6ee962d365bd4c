//! What an old workbook (xls) shows beyond its values: number formats, merged ranges, hidden rows and columns.
//!
//! [`compound`] takes the workbook's stream out of its file, and this module walks through its records, of Excel 5 to
//! 2003. Decodes no values; [`super::excel`] has that done. The one rule: a record that is cut off, or names a format
//! that there is not, ends the reading, for it may have been a currency.

mod compound;

use std::collections::HashMap;
use std::path::Path;

use encoding_rs::Encoding;

use super::error::SheetError;
use super::row::RawRow;
use super::shown::Shown;
use super::xlsx::{Area, Format, Merges, Problem, hidden_columns_note};

/// Limit: Excel keeps 4,050 styles; other programs write more.
const MAX_STYLES: usize = 65_536;
/// Limit: text that merged cells pass on, in all.
const MAX_PASSED_ON: u64 = 256 << 20;

const EOF: u16 = 0x000A;
const CODE_PAGE: u16 = 0x0042;
const COLUMN: u16 = 0x007D;
const SHEET: u16 = 0x0085;
const NUMBERS: u16 = 0x00BD;
const STYLE: u16 = 0x00E0;
const MERGED: u16 = 0x00E5;
const NUMBER: u16 = 0x0203;
const ROW: u16 = 0x0208;
const SHORT_NUMBER: u16 = 0x027E;
const FORMAT: u16 = 0x041E;
/// Formulas have three numbers, by version.
const FORMULAS: [u16; 3] = [0x0006, 0x0206, 0x0406];
/// The beginning of a part of the stream, by version.
const BEGINNINGS: [u16; 4] = [0x0009, 0x0209, 0x0409, 0x0809];

/// A sheet of an old workbook, row by row.
#[derive(Debug)]
pub(super) struct OldSheet {
    file: String,
    formats: Vec<Format>,
    /// For each style its format.
    styles: Vec<u32>,
    /// Numbers with a style that says something: row and column from 0, and the style.
    cells: Vec<(u16, u16, u16)>,
    hidden_rows: Vec<u16>,
    hidden_columns: Vec<(u32, u32)>,
    merges: Merges,
    width: usize,
    passed_on: u64,
    /// The row reached, and where its cells begin.
    row: (u32, usize),
}

impl OldSheet {
    /// Opens the sheet at some place among all sheets; `file` names it in messages.
    pub(super) fn open(path: &Path, sheet: usize, file: &str) -> Result<Self, SheetError> {
        let open = || {
            let stream = compound::workbook(path)?;
            let book = Globals::read(&stream)?;
            let mut old = Self {
                file: file.to_owned(),
                formats: book.formats,
                styles: book.styles,
                cells: Vec::new(),
                hidden_rows: Vec::new(),
                hidden_columns: Vec::new(),
                merges: Merges::default(),
                width: 0,
                passed_on: 0,
                row: (0, 0),
            };
            let start = book.sheets.get(sheet).copied().ok_or_else(|| Problem::broken("it lists no such sheet"))?;
            old.read(stream.get(start..).ok_or_else(cut_off)?)?;
            Ok(old)
        };
        open().map_err(|problem: Problem| problem.of(file))
    }

    fn read(&mut self, stream: &[u8]) -> Result<(), Problem> {
        let mut depth = 0_usize;
        for record in Records(stream) {
            let (kind, data) = record?;
            match kind {
                kind if BEGINNINGS.contains(&kind) => depth += 1,
                // A chart stands in the sheet as a part of its own, whose numbers are no cells.
                EOF if depth <= 1 => break,
                EOF => depth -= 1,
                _ if depth > 1 => {}
                NUMBER | SHORT_NUMBER => self.cell(number(data, 0)?, number(data, 2)?, number(data, 4)?)?,
                kind if FORMULAS.contains(&kind) => self.cell(number(data, 0)?, number(data, 2)?, number(data, 4)?)?,
                NUMBERS => {
                    let (row, first) = (number(data, 0)?, number(data, 2)?);
                    let pairs = data.get(4..data.len().saturating_sub(2)).unwrap_or_default().chunks_exact(6);
                    for (column, pair) in (u32::from(first)..=u32::from(u16::MAX)).zip(pairs) {
                        self.cell(row, column as u16, number(pair, 0)?)?;
                    }
                }
                // The sixth bit of its marks.
                ROW if data.get(12).is_some_and(|marks| marks & 0x20 != 0) => self.hidden_rows.push(number(data, 0)?),
                COLUMN if data.get(8).is_some_and(|marks| marks & 1 != 0) => {
                    self.hidden_columns.push((u32::from(number(data, 0)?), u32::from(number(data, 2)?)));
                }
                MERGED => {
                    for range in data.get(2..).unwrap_or_default().chunks_exact(8) {
                        let at = |at| number(range, at).map(u32::from);
                        let (first_row, last_row) = (at(0)? + 1, at(2)? + 1);
                        let (first_column, last_column) = (at(4)?, at(6)?);
                        if first_row <= last_row && first_column <= last_column {
                            self.merges.push(Area { first_row, first_column, last_row, last_column })?;
                        }
                    }
                }
                _ => {}
            }
        }
        self.merges.sort();
        self.cells.sort_unstable();
        self.hidden_rows.sort_unstable();
        Ok(())
    }

    fn cell(&mut self, row: u16, column: u16, style: u16) -> Result<(), Problem> {
        let format = self.styles.get(usize::from(style));
        format.ok_or_else(|| {
            Problem::Broken(format!("a cell of row {} has a style that it lacks", u32::from(row) + 1))
        })?;
        self.cells.push((row, column, style));
        Ok(())
    }
}

impl Shown for OldSheet {
    fn begin_row(&mut self, row: u32) -> Result<(), SheetError> {
        self.row = (row, self.cells.partition_point(|(of_row, _, _)| u32::from(*of_row) < row));
        Ok(())
    }

    fn format(&self, column: u32) -> Option<&Format> {
        let (row, start) = self.row;
        let cells = self.cells[start..].split(|(of_row, _, _)| u32::from(*of_row) != row).next()?;
        let at = cells.binary_search_by_key(&column, |(_, column, _)| u32::from(*column)).ok()?;
        let (_, _, style) = cells[at];
        Some(&self.formats[self.styles[usize::from(style)] as usize])
    }

    fn finish_row(&mut self, row: &mut RawRow) -> Result<(), SheetError> {
        row.hidden = self.hidden_rows.binary_search_by_key(&row.number, |hidden| u32::from(*hidden) + 1).is_ok();
        self.width = self.width.max(row.len());
        let passed_on = self.merges.pass_on(row).map_err(|problem| problem.of(&self.file))?;
        self.passed_on += passed_on;
        if self.passed_on > MAX_PASSED_ON {
            let reason = format!("its merged cells pass on more than {} MiB of text", MAX_PASSED_ON >> 20);
            return Err(Problem::Broken(reason).of(&self.file));
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<Vec<String>, SheetError> {
        let columns = hidden_columns_note(&self.hidden_columns, self.width);
        Ok(columns.into_iter().chain(self.merges.note()).collect())
    }
}

/// What the workbook says for all its sheets.
struct Globals {
    formats: Vec<Format>,
    styles: Vec<u32>,
    /// Where the sheets begin.
    sheets: Vec<usize>,
}

impl Globals {
    fn read(stream: &[u8]) -> Result<Self, Problem> {
        let mut book = Self { formats: Vec::new(), styles: Vec::new(), sheets: Vec::new() };
        let (mut is_wide, mut page) = (true, 1252);
        let (mut codes, mut ids) = (HashMap::new(), Vec::new());
        for record in Records(stream) {
            let (kind, data) = record?;
            match kind {
                // Excel 97 and later write version 6, with texts in Unicode.
                kind if BEGINNINGS.contains(&kind) => is_wide = number(data, 0)? == 0x0600,
                CODE_PAGE => page = number(data, 0)?,
                FORMAT => {
                    let code = data.get(2..).and_then(|data| if is_wide { wide(data) } else { narrow(data, page) });
                    codes.insert(number(data, 0)?, code.ok_or_else(cut_off)?);
                }
                STYLE if ids.len() < MAX_STYLES => ids.push(number(data, 2)?),
                SHEET => book.sheets.push(usize::from(number(data, 0)?) | usize::from(number(data, 2)?) << 16),
                EOF => break,
                _ => {}
            }
        }
        let mut places = HashMap::new();
        for id in ids {
            let place = *places.entry(id).or_insert_with(|| {
                let code = codes.get(&id);
                book.formats.push(
                    code.map_or_else(|| Format::of_built_in(u32::from(id)), |code: &String| Format::of_code(code)),
                );
                book.formats.len() as u32 - 1
            });
            book.styles.push(place);
        }
        Ok(book)
    }
}

/// The records of a part of the stream: kind and data.
struct Records<'a>(&'a [u8]);

impl<'a> Iterator for Records<'a> {
    type Item = Result<(u16, &'a [u8]), Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        let (kind, length) = (number(self.0, 0).ok()?, number(self.0, 2).ok()?);
        let end = 4 + usize::from(length);
        let Some(data) = self.0.get(4..end) else {
            self.0 = &[];
            return Some(Err(cut_off()));
        };
        self.0 = &self.0[end..];
        Some(Ok((kind, data)))
    }
}

/// A text of Excel 97 and later: its length, marks, and letters of one or two bytes.
fn wide(data: &[u8]) -> Option<String> {
    let count = usize::from(number(data, 0).ok()?);
    let is_wide = data.get(2)? & 1 == 1;
    let letters = data.get(3..3 + if is_wide { 2 * count } else { count })?;
    if !is_wide {
        return Some(letters.iter().map(|byte| char::from(*byte)).collect());
    }
    let units = letters.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    Some(char::decode_utf16(units).map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
}

/// A text of Excel 5 and 95: its length, and letters of the workbook's code page.
fn narrow(data: &[u8], page: u16) -> Option<String> {
    let (count, letters) = data.split_first()?;
    let label = match page {
        874 => "windows-874".to_owned(),
        932 => "shift_jis".to_owned(),
        936 => "gbk".to_owned(),
        949 => "euc-kr".to_owned(),
        950 => "big5".to_owned(),
        1250..=1258 => format!("windows-{page}"),
        10_000 | 0x8000 => "macintosh".to_owned(),
        _ => "windows-1252".to_owned(),
    };
    let encoding = Encoding::for_label(label.as_bytes()).unwrap_or(encoding_rs::WINDOWS_1252);
    let (text, _) = encoding.decode_without_bom_handling(letters.get(..usize::from(*count))?);
    Some(text.into_owned())
}

fn number(data: &[u8], at: usize) -> Result<u16, Problem> {
    let bytes = data.get(at..at + 2).ok_or_else(cut_off)?;
    Ok(u16::from_le_bytes([bytes[0], bytes[1]]))
}

fn cut_off() -> Problem {
    Problem::broken("one of its records is cut off")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(name: &str) -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/workbooks").join(name)
    }

    /// What a number is shown as, by its place.
    fn shown(sheet: &mut OldSheet, row: u32, column: u32, number: f64) -> Option<String> {
        sheet.begin_row(row).unwrap();
        let mut text = number.to_string();
        sheet.format(column)?.write(number, false, &mut text);
        Some(text)
    }

    #[test]
    fn numbers_have_the_formats_of_their_cells_and_texts_none() {
        let mut sheet = OldSheet::open(&data("shown-xlwt.xls"), 0, "a.xls").unwrap();
        for (row, column, number, text) in [
            (1, 0, 7.0, Some("INV-0007")),
            (1, 1, 46_113.0, Some("2026-04-01")),
            (1, 4, 118.5, Some("118.5")),
            (2, 4, 118.5, Some("USD 118.5")),
            (4, 4, -118.5, Some("118.5 Cr")),
            (4, 4, 118.5, Some("118.5 Dr")),
            (8, 4, 0.05, Some("5%")),
            (1, 3, 1.0, None),
            (0, 0, 1.0, None),
            (99, 0, 1.0, None),
        ] {
            assert_eq!(shown(&mut sheet, row, column, number).as_deref(), text, "{row},{column}");
        }
        let error = OldSheet::open(&data("shown-xlwt.xls"), 7, "a.xls").unwrap_err().to_string();
        assert_eq!(error, "a.xls: is damaged: it lists no such sheet");
    }

    #[test]
    fn texts_are_read_as_each_version_writes_them() {
        assert_eq!(wide(b"\x03\0\0$0\xa3").unwrap(), "$0£");
        assert_eq!(wide(b"\x02\0\x01\xb9\x20\x30\0").unwrap(), "₹0");
        assert_eq!((wide(b"\x03\0\x01\xb9\x20\x30\0"), wide(b"\x03\0")), (None, None));
        assert_eq!(narrow(b"\x02\x800", 1252).unwrap(), "€0");
        assert_eq!(narrow(b"\x02\x880", 1251).unwrap(), "€0");
        assert_eq!(narrow(b"\x030", 1252), None);
    }

    #[test]
    fn no_change_of_a_byte_brings_the_reader_down() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.xls");
        let mut state = 7_u32;
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as usize
        };
        for name in ["shown-xlwt.xls", "shown-libreoffice.xls"] {
            let whole = std::fs::read(data(name)).unwrap();
            for _ in 0..300 {
                let mut bytes = whole.clone();
                // The first bytes say where all else stands.
                let at = if random() % 2 == 0 { random() % 512 } else { random() % bytes.len() };
                bytes[at] = random() as u8;
                bytes.truncate(if random() % 8 == 0 { random() % bytes.len() } else { bytes.len() });
                std::fs::write(&path, bytes).unwrap();
                if let Ok(mut sheet) = OldSheet::open(&path, 0, "a.xls") {
                    (0..12).for_each(|row| drop(shown(&mut sheet, row, 4, 1.0)));
                }
            }
        }
    }
}
