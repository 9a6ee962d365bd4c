//! Sheets as tables of text: where rows come from, and what a row is before anything is understood.
//!
//! Owns finding input files, telling formats apart by content, decoding, finding the header row, and handing out
//! [`RowBlock`]s in order. Leaves meaning to [`crate::mapping`] and [`crate::check`]. The one rule: a row is handed
//! out, or its being left out (blank, total, repeated header, note) stands in [`open::SheetEnd`]; none vanishes.

mod ahead;
mod archive;
mod beside;
mod budget;
mod captions;
mod cell;
mod container;
mod cutter;
mod decode;
pub mod decoder;
mod dialect;
mod encoding;
pub mod error;
mod excel;
mod handed;
mod header;
mod hidden;
pub mod identity;
pub mod input;
mod kept;
mod listing;
mod marks;
pub mod members;
mod ods;
pub mod open;
mod plain;
#[cfg(test)]
mod quirks_tests;
mod record;
mod row;
mod shown;
mod surplus;
mod swallowed;
pub mod table;
#[cfg(test)]
mod test_zip;
mod text;
pub mod titles;
#[cfg(test)]
mod workbook_quirks_tests;
mod wrapping;
mod xls;
mod xlsx;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::finding::Code;

/// Row of a spreadsheet as its user counts: the first is 1 and the header counts.
pub type RowNumber = u32;

/// What kind of cell a workbook stored; every cell of a text file is [`CellKind::Text`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum CellKind {
    /// Text, or a blank.
    #[default]
    Text,
    /// A number; its text is the shortest decimal form that reads back as the same number, without `.0`. What only the
    /// number format shows is written beside it: `18%`, `118 Cr`, `USD 118`.
    Number,
    /// A date or date-time, written `2025-04-01` or `2025-04-01T10:30:00`; the 1904 system is already applied.
    Date,
    /// A truth value, written `TRUE` or `FALSE`.
    Bool,
    /// An error such as `#N/A`, written as Excel shows it.
    Error,
    /// A formula whose result was not stored; its text is empty.
    FormulaWithoutValue,
}

/// One cell: what it says and how it was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell<'a> {
    /// The text as read, untrimmed.
    pub text: &'a str,
    /// How it was stored.
    pub kind: CellKind,
}

/// Something the reader itself noticed about a row; it becomes a finding of that row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowMark {
    /// Index of the row inside its block.
    pub row: u32,
    /// What was noticed.
    pub code: Code,
    /// The column concerned, counted from 0.
    pub column: Option<u16>,
    /// What was found and what was expected.
    pub message: String,
}

/// Up to some thousand consecutive data rows, all cells in one buffer.
///
/// Every row has exactly as many cells as the sheet has columns; the reader pads short rows and marks long ones.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct RowBlock {
    columns: usize,
    text: String,
    ends: Vec<u32>,
    /// Empty where every cell is text.
    kinds: Vec<CellKind>,
    rows: Vec<(RowNumber, u32)>,
    /// What the reader noticed, in row order.
    pub marks: Vec<RowMark>,
    /// Whether the rows' workbook counts days from 1904; cells formatted as dates take it into account already.
    pub from_1904: bool,
    /// Cells beyond the sheet's columns, by row, where they were asked for.
    #[serde(skip)]
    surplus: Option<Vec<(u32, Vec<String>)>>,
    #[serde(skip)]
    verbatim: Verbatim,
}

/// Rows as they stand in the file, of a sheet that is read as text.
#[derive(Debug, Clone, Default)]
struct Verbatim {
    delimiter: u8,
    text: String,
    /// Where each row begins and ends in the text; it is empty where the row stands otherwise than it would be written.
    rows: Vec<(u32, u32)>,
}

impl RowBlock {
    /// An empty block of rows with `columns` cells each.
    pub fn new(columns: usize) -> Self {
        Self { columns, ..Self::default() }
    }

    /// An empty block that keeps the filled cells beyond the sheet's columns too.
    pub fn with_surplus(columns: usize) -> Self {
        Self { columns, surplus: Some(Vec::new()), ..Self::default() }
    }

    /// Empties the block and keeps its memory.
    pub fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.kinds.clear();
        self.rows.clear();
        self.marks.clear();
        if let Some(surplus) = &mut self.surplus {
            surplus.clear();
        }
        self.verbatim.text.clear();
        self.verbatim.rows.clear();
    }

    /// Appends one cell of the row being built.
    pub fn push_cell(&mut self, text: &str, kind: CellKind) {
        if kind != CellKind::Text || !self.kinds.is_empty() {
            self.kinds.resize(self.ends.len(), CellKind::Text);
            self.kinds.push(kind);
        }
        self.text.push_str(text);
        self.ends.push(u32::try_from(self.text.len()).expect("a block stays far below 4 GiB"));
    }

    /// Appends all cells of the row being built at once: their texts in a row, and where each ends; all are text.
    fn push_texts(&mut self, text: &str, ends: &[u32]) {
        let start = u32::try_from(self.text.len()).expect("a block stays far below 4 GiB");
        if !self.kinds.is_empty() {
            self.kinds.resize(self.ends.len() + ends.len(), CellKind::Text);
        }
        self.text.push_str(text);
        self.ends.extend(ends.iter().map(|end| start + end));
    }

    /// Ends the row being built: `number` as the spreadsheet counts, `line` the physical line of a text file, 0 if none.
    ///
    /// # Panics
    /// If the row does not have exactly the block's number of cells.
    pub fn finish_row(&mut self, number: RowNumber, line: u32) {
        self.rows.push((number, line));
        assert_eq!(self.ends.len(), self.rows.len() * self.columns, "every row has as many cells as the sheet columns");
    }

    /// Keeps a cell beyond the columns for the row being built, if such cells were asked for.
    fn push_surplus(&mut self, text: &str) {
        let row = self.rows.len() as u32;
        let Some(surplus) = &mut self.surplus else { return };
        if surplus.last().is_none_or(|(last, _)| *last != row) {
            surplus.push((row, Vec::new()));
        }
        if let Some((_, cells)) = surplus.last_mut() {
            cells.push(text.to_owned());
        }
    }

    /// The cells of a row beyond the columns, up to the last filled one; none unless they were asked for.
    pub fn surplus(&self, row: usize) -> &[String] {
        let Some(surplus) = &self.surplus else { return &[] };
        surplus.binary_search_by_key(&(row as u32), |(row, _)| *row).map_or(&[], |at| &surplus[at].1)
    }

    /// How each cell was stored, row by row; empty where all are text.
    pub(crate) fn kinds(&self) -> &[CellKind] {
        &self.kinds
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Number of cells in each row.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Bytes of cell text held.
    pub fn text_bytes(&self) -> usize {
        self.text.len()
    }

    /// The spreadsheet's number of a row.
    pub fn number(&self, row: usize) -> RowNumber {
        self.rows[row].0
    }

    /// The physical line on which a row of a text file begins, counted from 1; 0 where there is none.
    pub fn line(&self, row: usize) -> u32 {
        self.rows[row].1
    }

    /// The text of a cell.
    #[inline]
    pub fn text(&self, row: usize, column: usize) -> &str {
        let index = row * self.columns + column;
        let start = if index == 0 { 0 } else { self.ends[index - 1] as usize };
        &self.text[start..self.ends[index] as usize]
    }

    /// A cell with its kind.
    #[inline]
    pub fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        let kind = self.kinds.get(row * self.columns + column).copied().unwrap_or_default();
        Cell { text: self.text(row, column), kind }
    }

    /// All texts as they stand behind each other, and where each cell ends.
    fn texts(&self) -> (&[u8], &[u32]) {
        (self.text.as_bytes(), &self.ends)
    }

    /// The texts of a row as they stand behind each other, and where in them each cell ends.
    pub(crate) fn row(&self, row: usize) -> (&str, impl Iterator<Item = usize>) {
        let first = row * self.columns;
        let start = if first == 0 { 0 } else { self.ends[first - 1] as usize };
        let ends = &self.ends[first..first + self.columns];
        let end = ends.last().map_or(start, |end| *end as usize);
        (&self.text[start..end], ends.iter().map(move |end| *end as usize - start))
    }

    /// A row as it stands in the file, where all its cells begin with a letter or a digit or are blank, and just those
    /// stand in quotation marks that hold one, a line end or this delimiter.
    pub(crate) fn verbatim(&self, row: usize, delimiter: u8) -> Option<&str> {
        let Verbatim { delimiter: separates, text, rows } = &self.verbatim;
        let (start, end) = rows.get(row).filter(|(start, end)| start < end && *separates == delimiter)?;
        Some(&text[*start as usize..*end as usize])
    }

    /// Whether a character of this kind, which is of one byte, begins any cell.
    pub(crate) fn any_begins_with(&self, letter: u8) -> bool {
        let begins = |at: usize| at == 0 || self.ends.binary_search(&(at as u32)).is_ok();
        memchr::memchr_iter(letter, self.text.as_bytes()).any(begins)
    }

    /// The same rows with some columns blank.
    #[must_use]
    pub fn blanked(&self, columns: &[usize]) -> Self {
        let mut block = Self { marks: self.marks.clone(), from_1904: self.from_1904, ..Self::new(self.columns) };
        for row in 0..self.len() {
            for column in 0..self.columns {
                let cell = self.cell(row, column);
                block.push_cell(if columns.contains(&column) { "" } else { cell.text }, cell.kind);
            }
            block.finish_row(self.number(row), self.line(row));
        }
        block
    }

    /// The texts of a row, in column order.
    pub fn cells(&self, row: usize) -> impl Iterator<Item = &str> {
        let first = row * self.columns;
        let mut start = if first == 0 { 0 } else { self.ends[first - 1] as usize };
        self.ends[first..first + self.columns].iter().map(move |end| {
            let cell = &self.text[start..*end as usize];
            start = *end as usize;
            cell
        })
    }
}

/// One CSV file or one worksheet: what is needed to open it, again and again if it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetSource {
    /// The file.
    pub path: PathBuf,
    /// The file's name as messages show it, without folders.
    pub file_name: String,
    /// The worksheet's name; none for a text file.
    pub sheet: Option<String>,
}

impl SheetSource {
    /// `invoices.csv` or `invoices.xlsx[March]`, as messages name the sheet.
    pub fn label(&self) -> String {
        match &self.sheet {
            Some(sheet) => format!("{}[{sheet}]", self.file_name),
            None => self.file_name.clone(),
        }
    }
}

/// A row that was not handed out as data, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DroppedRow {
    /// Its number.
    pub number: RowNumber,
    /// Why it is no data row.
    pub reason: DropReason,
    /// The beginning of its text, for the summary.
    pub text: String,
    /// The cells of a total, in column order, for checking sums; empty for other reasons.
    pub cells: Vec<String>,
}

/// Why a row of the file is no data row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DropReason {
    /// A total, subtotal, balance or carry-forward row.
    Total,
    /// The header once more.
    RepeatedHeader,
    /// The name that groups the rows below it, alone in its row.
    Group,
    /// A note below the data, such as who prepared the sheet.
    Note,
    /// A comment line above the header.
    Comment,
    /// A row that the workbook does not show, where such rows are to be left out.
    Hidden,
}

/// How a text file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// The encoding's WHATWG name.
    pub encoding: &'static str,
    /// How the encoding is known.
    pub encoding_by: KnownBy,
    /// What separates the cells.
    pub delimiter: u8,
    /// How that is known.
    pub delimiter_by: KnownBy,
    /// What stands around cells that hold a delimiter or a line end: `"` or `'`.
    pub quote: u8,
    /// What makes a quotation mark inside a quoted cell text: a backslash, or none where the mark is doubled.
    pub escape: Option<u8>,
}

/// How something about a text file is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KnownBy {
    /// A flag or setting says so.
    Set,
    /// The file says so: a byte order mark, a line `sep=;`.
    Declared,
    /// Nothing else fits the file's contents, or it fits them best.
    Detected,
    /// It is the likeliest of several.
    Guessed,
}

/// The heading row of a sheet.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Header {
    /// Its row number.
    pub number: RowNumber,
    /// The headings as read, trimmed; a blank one over data is `Column F`; a repeated one gets ` (2)`.
    pub columns: Vec<String>,
}

/// The letters a spreadsheet shows for a column counted from 0: `A`, `Z`, `AA`.
pub fn column_letters(column: usize) -> String {
    let mut letters = String::new();
    let mut rest = column + 1;
    while rest > 0 {
        letters.insert(0, char::from(b'A' + ((rest - 1) % 26) as u8));
        rest = (rest - 1) / 26;
    }
    letters
}
