//! `NAME.results.xlsx`: the lines of `NAME.results.csv` for those who work in Excel; made where the input is a workbook.
//!
//! Takes each row as [`super::csv`] writes it, so that both say the same. Identifiers are text, amounts numbers, dates
//! dates, as far as the sheet had them so. The one rule: a value is a number only if no digit of it is lost; rows leave
//! memory as they are written.

use std::io;

use rust_xlsxwriter::{Color, DocProperties, ExcelDateTime, Format, Workbook as Book, Worksheet, XlsxError};

use super::ResultSettings;
use super::csv::{Written, original_headings, own};
use super::target::Target;
use crate::error::RunError;
use crate::ledger::{SheetId, SheetRecord};
use crate::operation::{FieldKind, Operation};
use crate::outcome::Status;
use crate::plan::SheetFacts;
use crate::sheet::input::RESULT_HEADINGS;
use crate::sheet::{Cell, CellKind};

/// Limit: of the format.
const ROWS: u32 = 1_048_576;
/// Limit: of the format.
const COLUMNS: usize = 16_384;
/// Limit: of the format, in characters of a cell.
const CELL: usize = 32_767;
/// Limit: digits that a spreadsheet's numbers keep.
const DIGITS: usize = 15;
/// Widths of our columns, in characters.
const WIDTHS: [f64; 11] = [7.0, 14.0, 16.0, 22.0, 60.0, 20.0, 22.0, 22.0, 9.0, 9.0, 20.0];
/// Width of the sheet's own.
const OWN_WIDTH: f64 = 16.0;

/// A workbook being written.
pub(super) struct Workbook<'s> {
    target: Target,
    book: Book,
    formats: Formats,
    operation: Option<&'static Operation>,
    sheets: &'s [(SheetRecord, SheetFacts)],
    headings: Vec<String>,
    /// Of the sheet whose rows come now: what each of its columns holds.
    shapes: Option<(SheetId, Vec<Shape>)>,
    pages: u32,
    row: u32,
}

/// What cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Text, whatever the sheet made of it.
    Text,
    /// Rupees.
    Amount,
    /// What the sheet has there.
    AsRead,
}

struct Formats {
    head: Format,
    text: Format,
    amount: Format,
    number: Format,
    general: Format,
    day: Format,
    time: Format,
    statuses: [Format; 7],
}

impl Formats {
    fn new() -> Self {
        let of = |format: &str| Format::new().set_num_format(format);
        Self {
            head: Format::new().set_bold(),
            text: of("@"),
            amount: of("#,##0.00"),
            number: of("0"),
            general: Format::new(),
            day: of("dd-mmm-yyyy"),
            time: of("dd-mmm-yyyy hh:mm:ss"),
            statuses: Status::ALL.map(|status| of("@").set_background_color(Color::RGB(colour(status)))),
        }
    }
}

/// The ground behind a status: pale, so that black stands on it.
fn colour(status: Status) -> u32 {
    match status {
        Status::Accepted | Status::AlreadyAccepted => 0x00E2_F5E6,
        Status::Rejected => 0x00FF_D7D9,
        Status::Invalid => 0x00FF_E8CC,
        Status::Excluded => 0x00EC_EFF2,
        Status::Unknown => 0x00EA_DDFF,
        Status::NotSent => 0x00FF_F3CF,
    }
}

impl<'s> Workbook<'s> {
    /// Begins the workbook of one input.
    pub(super) fn begin(
        path: &std::path::Path,
        operation: &str,
        sheets: &'s [(SheetRecord, SheetFacts)],
        settings: &ResultSettings,
    ) -> Result<Self, RunError> {
        let target = Target::create(path, settings)?;
        let ours = RESULT_HEADINGS.iter().map(|heading| (*heading).to_owned());
        let headings = ours.chain(original_headings(sheets).iter().map(|name| own(name).into_owned())).collect();
        let mut workbook = Self {
            target,
            book: Book::new(),
            formats: Formats::new(),
            operation: Operation::by_name(operation),
            sheets,
            headings,
            shapes: None,
            pages: 0,
            row: 0,
        };
        workbook.name().and_then(|()| workbook.page()).map_err(|error| workbook.failed(error))?;
        Ok(workbook)
    }

    fn name(&mut self) -> Result<(), XlsxError> {
        // The same rows make the same bytes, whenever they are written.
        let created = ExcelDateTime::from_ymd(2026, 1, 1)?;
        let properties = DocProperties::new().set_creation_datetime(&created).set_title("Results of arload");
        self.book.set_properties(&properties);
        Ok(())
    }

    /// Begins a further sheet.
    fn page(&mut self) -> Result<(), XlsxError> {
        self.finish_page()?;
        self.pages += 1;
        let Self { book, formats, headings, pages, .. } = self;
        let sheet = book.add_worksheet_with_constant_memory()?;
        sheet.set_name(if *pages == 1 { "Results".to_owned() } else { format!("Results {pages}") })?;
        sheet.set_freeze_panes(1, 0)?;
        for (column, heading) in headings.iter().take(COLUMNS).enumerate() {
            let column = column as u16;
            sheet.set_column_width(column, WIDTHS.get(usize::from(column)).copied().unwrap_or(OWN_WIDTH))?;
            sheet.write_string_with_format(0, column, short(heading), &formats.head)?;
        }
        self.row = 1;
        Ok(())
    }

    /// Begins a further sheet where this one is full.
    fn turn(&mut self) -> Result<(), XlsxError> {
        if self.row < ROWS { Ok(()) } else { self.page() }
    }

    /// Lets the sheet's rows be filtered.
    fn finish_page(&mut self) -> Result<(), XlsxError> {
        let (row, columns) = (self.row, self.headings.len().min(COLUMNS));
        if let Some(sheet) = self.book.worksheets_mut().last_mut() {
            sheet.autofilter(0, 0, row.saturating_sub(1), columns as u16 - 1)?;
        }
        Ok(())
    }

    /// Takes a row.
    pub(super) fn row(&mut self, written: &Written<'_>) -> Result<(), RunError> {
        self.put(written).map_err(|error| self.failed(error))
    }

    fn put(&mut self, written: &Written<'_>) -> Result<(), XlsxError> {
        self.turn()?;
        let (sheet, verdict, told) = (written.sheet, written.verdict, written.told);
        if self.shapes.as_ref().is_none_or(|(id, _)| *id != sheet.id) {
            self.shapes = Some((sheet.id, self.shapes_of(sheet.id)));
        }
        let Self { book, formats, row, shapes, .. } = self;
        let out = book.worksheets_mut().last_mut().expect("a workbook is begun with a sheet");
        let mut line = Line { out, row: *row, formats };
        line.number(0, f64::from(verdict.number))?;
        line.text(1, sheet.sheet_name.as_deref().unwrap_or_default())?;
        let ground = Status::ALL.iter().position(|status| *status == told.status).expect("it is one of all");
        line.out.write_string_with_format(line.row, 2, told.status.as_str(), &formats.statuses[ground])?;
        let [request_id, chunk, attempts, settled] = told.sent;
        let texts = [&*told.code, &told.message, told.key, told.remote_id, request_id, chunk];
        for (column, text) in (3..).zip(texts) {
            line.text(column, text)?;
        }
        match attempts.parse::<u32>() {
            Ok(attempts) => line.number(9, f64::from(attempts))?,
            Err(_) => line.text(9, attempts)?,
        }
        line.time(10, settled)?;
        let (block, place) = written.cells;
        let shapes = shapes.as_ref().map_or(&[][..], |(_, shapes)| shapes);
        let first = RESULT_HEADINGS.len();
        for (at, column) in written.columns.iter().enumerate().take(COLUMNS - first) {
            if let Some((column, block)) = column.as_ref().zip(block) {
                let shape = shapes.get(*column).copied().unwrap_or(Shape::AsRead);
                line.cell((first + at) as u16, block.cell(place, *column), shape)?;
            }
        }
        *row += 1;
        Ok(())
    }

    fn shapes_of(&self, id: SheetId) -> Vec<Shape> {
        let Some((_, facts)) = self.sheets.iter().find(|(sheet, _)| sheet.id == id) else { return Vec::new() };
        let of = |field: &Option<usize>| match (field, self.operation) {
            (Some(field), Some(operation)) => {
                operation.fields.get(*field).map_or(Shape::AsRead, |field| shape(field.kind))
            }
            _ => Shape::AsRead,
        };
        let mut shapes: Vec<Shape> = facts.mapping.columns.iter().map(of).collect();
        for (column, _) in &facts.mapping.extra_columns {
            if let Some(shape) = shapes.get_mut(*column) {
                *shape = Shape::Amount;
            }
        }
        shapes
    }

    /// The finished file, to be put into its place.
    pub(super) fn finish(mut self, warnings: &mut Vec<String>) -> Result<Target, RunError> {
        if self.headings.len() > COLUMNS {
            let left = self.headings.len() - COLUMNS;
            warnings.push(format!("{left} columns do not fit into a worksheet; the results in CSV have them all"));
        }
        self.finish_page().map_err(|error| self.failed(error))?;
        self.book.save_to_writer(&mut self.target).map_err(|error| self.target.failed(io::Error::other(error)))?;
        Ok(self.target)
    }

    fn failed(&self, error: XlsxError) -> RunError {
        self.target.failed(match error {
            XlsxError::IoError(error) => error,
            other => io::Error::other(other),
        })
    }
}

fn shape(kind: FieldKind) -> Shape {
    match kind {
        FieldKind::Amount(_) => Shape::Amount,
        FieldKind::Date | FieldKind::Days | FieldKind::Whole | FieldKind::Bool | FieldKind::TimeOfDay => Shape::AsRead,
        _ => Shape::Text,
    }
}

/// A row of a worksheet.
struct Line<'l> {
    out: &'l mut Worksheet,
    row: u32,
    formats: &'l Formats,
}

impl Line<'_> {
    fn text(&mut self, column: u16, text: &str) -> Result<(), XlsxError> {
        if !text.is_empty() {
            self.out.write_string_with_format(self.row, column, short(text), &self.formats.text)?;
        }
        Ok(())
    }

    fn number(&mut self, column: u16, number: f64) -> Result<(), XlsxError> {
        self.out.write_number_with_format(self.row, column, number, &self.formats.number).map(drop)
    }

    /// `2026-11-23T10:30:00`, with or without a time and a zone behind it; text where it is none that Excel knows.
    fn time(&mut self, column: u16, text: &str) -> Result<(), XlsxError> {
        let plain = text.get(..19).unwrap_or(text);
        match ExcelDateTime::parse_from_str(plain) {
            Ok(time) if !text.is_empty() => {
                let format = if plain.len() > 10 { &self.formats.time } else { &self.formats.day };
                self.out.write_datetime_with_format(self.row, column, &time, format).map(drop)
            }
            _ => self.text(column, text),
        }
    }

    fn cell(&mut self, column: u16, cell: Cell<'_>, shape: Shape) -> Result<(), XlsxError> {
        let number = match (shape, cell.kind) {
            (Shape::Text, _) => None,
            (_, CellKind::Number) | (Shape::Amount, CellKind::Text) => number(cell.text),
            (_, CellKind::Date) => return self.time(column, cell.text),
            (_, CellKind::Bool) if matches!(cell.text, "TRUE" | "FALSE") => {
                return self.out.write_boolean(self.row, column, cell.text == "TRUE").map(drop);
            }
            _ => None,
        };
        let Some(number) = number else { return self.text(column, cell.text) };
        let format = match shape {
            Shape::Amount if decimals(cell.text) <= 2 => &self.formats.amount,
            _ if decimals(cell.text) == 0 => &self.formats.number,
            _ => &self.formats.general,
        };
        self.out.write_number_with_format(self.row, column, number, format).map(drop)
    }
}

/// A plain decimal as a number, if it keeps all its digits; `007` and `1,234` are texts.
fn number(text: &str) -> Option<f64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_plain = are_digits(whole) && are_digits(part) && (whole == "0" || !whole.starts_with('0'));
    let significant = digits.bytes().filter(u8::is_ascii_digit).count();
    (is_plain && significant <= DIGITS).then(|| text.parse().ok())?
}

fn decimals(text: &str) -> usize {
    text.split_once('.').map_or(0, |(_, part)| part.len())
}

/// A text that fits into a cell; what does not is in the CSV.
fn short(text: &str) -> std::borrow::Cow<'_, str> {
    if text.len() <= CELL || text.encode_utf16().count() <= CELL {
        return text.into();
    }
    // A character counts two at most.
    let cut: String = text.chars().take(CELL / 2).collect();
    format!("{cut}…").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_decimals_that_keep_every_digit_are_numbers() {
        for (text, expected) in [
            ("1234.50", Some(1234.5)),
            ("-5", Some(-5.0)),
            ("0.10", Some(0.1)),
            ("0", Some(0.0)),
            ("007", None),
            ("1,234", None),
            ("1e5", None),
            ("18%", None),
            (".5", None),
            ("5.", None),
            ("-", None),
            ("", None),
            ("123456789012345", Some(123_456_789_012_345.0)),
            ("1234567890123456", None),
            ("12345678901234.56", None),
        ] {
            assert_eq!(number(text), expected, "{text}");
        }
    }

    #[test]
    fn rows_beyond_the_last_of_a_worksheet_go_on_in_a_further_one() {
        use calamine::{Reader as _, Xlsx};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.results.xlsx");
        let settings = ResultSettings {
            folder: None,
            infix: "",
            export: crate::export::Format::Csv,
            bom: true,
            delimiter: b',',
            durable: true,
            split_by: None,
            renews: false,
            timezone: jiff::tz::TimeZone::UTC,
        };
        let mut workbook = Workbook::begin(&path, "invoices create", &[], &settings).unwrap();
        for row in [ROWS - 1, ROWS] {
            workbook.row = row;
            workbook.turn().unwrap();
        }
        assert_eq!(workbook.row, 1);
        workbook.finish(&mut Vec::new()).unwrap().finish(Some(1), &mut Vec::new()).unwrap();
        let mut book: Xlsx<_> = calamine::open_workbook(&path).unwrap();
        assert_eq!(book.sheet_names(), ["Results", "Results 2"]);
        for name in ["Results", "Results 2"] {
            assert_eq!(book.worksheet_range(name).unwrap().width(), RESULT_HEADINGS.len(), "{name}");
        }
    }

    #[test]
    fn a_text_that_is_too_long_for_a_cell_is_cut_and_says_so() {
        assert_eq!(short(&"x".repeat(CELL)).len(), CELL);
        let cut = short(&"😀".repeat(CELL)).into_owned();
        assert!(cut.ends_with('…') && cut.encode_utf16().count() <= CELL);
    }

    #[test]
    fn codes_and_numbers_of_documents_are_text() {
        for (kind, expected) in [
            (FieldKind::InvoiceNumber, Shape::Text),
            (FieldKind::AccountNumber, Shape::Text),
            (FieldKind::Mobile, Shape::Text),
            (FieldKind::Date, Shape::AsRead),
            (FieldKind::Amount(crate::operation::AmountSign::Any), Shape::Amount),
        ] {
            assert_eq!(shape(kind), expected, "{kind:?}");
        }
    }
}
