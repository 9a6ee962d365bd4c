//! Writes an export in its form: CSV, JSON or a workbook.
//!
//! Owns the bytes and putting them into place whole. Leaves columns to [`super::table`]. The one rule: a file appears under
//! its name only when every record is in it and on the disk.

use std::collections::{BTreeSet, HashMap};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use rust_decimal::Decimal;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format as CellFormat, Workbook, Worksheet, XlsxError};

use super::spool::Spool;
use super::table::{Cell, Known, Table, add_names};
use super::{Format, Place};
use crate::error::RunError;
use crate::platform::Beside;
use crate::results::line::guarded;

// Limit: of the format.
const XLSX_ROWS: u64 = 1_048_576;
// Limit: of the format, in characters of a cell.
const XLSX_CELL: usize = 32_767;
// Limit: digits that a spreadsheet's numbers keep.
const XLSX_DIGITS: usize = 15;

/// How CSV is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether a file begins with a byte order mark.
    pub bom: bool,
    /// What stands between cells.
    pub delimiter: u8,
}

/// Writes all records of a spool to their place; `out` is standard output.
pub fn put(
    spool: &Spool,
    known: Known,
    place: &Place,
    style: Style,
    out: &mut (dyn Write + Send),
) -> Result<(), RunError> {
    let Some(path) = &place.file else {
        let plain = Style { bom: false, ..style };
        return write(spool, known, place.format, plain, out, Path::new("standard output"));
    };
    let failed = |cause: io::Error| not_written(path, cause);
    let mut beside = Beside::create(path, place.replaces).map_err(failed)?;
    let mut file = BufWriter::with_capacity(1 << 18, beside.file());
    write(spool, known, place.format, style, &mut file, path)?;
    file.flush().map_err(failed)?;
    drop(file);
    beside.finish().map_err(failed)
}

/// Writes all records of a spool; `path` is named where that fails.
pub fn write(
    spool: &Spool,
    known: Known,
    format: Format,
    style: Style,
    out: &mut (dyn Write + Send),
    path: &Path,
) -> Result<(), RunError> {
    match format {
        Format::Json => json(spool, out, path),
        Format::Csv => csv(spool, &table(spool, known)?, style, out, path),
        Format::Xlsx => {
            let table = table(spool, known)?;
            let mut sheet = Sheet::begin(out, path, "Export", spool.seen())?;
            sheet.headings(table.headings())?;
            spool.each(&mut |record, _| sheet.line(&table.cells(&record)))?;
            sheet.finish()
        }
    }
}

/// The columns of all records.
fn table(spool: &Spool, known: Known) -> Result<Table, RunError> {
    let mut names = BTreeSet::new();
    spool.each(&mut |record, _| add_names(&record, &mut names))?;
    Ok(Table::new(known, &names))
}

fn json(spool: &Spool, out: &mut (dyn Write + Send), path: &Path) -> Result<(), RunError> {
    let failed = |cause| not_written(path, cause);
    let mut before = "[\n";
    spool.each(&mut |_, body| {
        out.write_all(before.as_bytes()).and_then(|()| out.write_all(body.as_bytes())).map_err(failed)?;
        before = ",\n";
        Ok(())
    })?;
    let end = if before == "[\n" { "[]\n" } else { "\n]\n" };
    out.write_all(end.as_bytes()).and_then(|()| out.flush()).map_err(failed)
}

fn csv(spool: &Spool, table: &Table, style: Style, out: &mut (dyn Write + Send), path: &Path) -> Result<(), RunError> {
    let mut lines = Lines::begin(style, out, path)?;
    lines.line(table.headings())?;
    spool.each(&mut |record, _| lines.line(table.cells(&record).iter().map(Cell::text)))?;
    lines.finish()
}

/// Lines of a CSV, guarded against formulas.
pub(super) struct Lines<'a> {
    writer: csv::Writer<&'a mut (dyn Write + Send)>,
    path: &'a Path,
}

impl<'a> Lines<'a> {
    pub(super) fn begin(style: Style, out: &'a mut (dyn Write + Send), path: &'a Path) -> Result<Self, RunError> {
        if style.bom {
            out.write_all(b"\xEF\xBB\xBF").map_err(|cause| not_written(path, cause))?;
        }
        let mut writer = csv::WriterBuilder::new();
        writer.delimiter(style.delimiter).terminator(csv::Terminator::CRLF);
        Ok(Self { writer: writer.from_writer(out), path })
    }

    pub(super) fn line<'c>(&mut self, cells: impl Iterator<Item = &'c str>) -> Result<(), RunError> {
        let written = self.writer.write_record(cells.map(guarded));
        written.map_err(|error| not_written(self.path, io_error(error)))
    }

    pub(super) fn finish(mut self) -> Result<(), RunError> {
        self.writer.flush().map_err(|cause| not_written(self.path, cause))
    }
}

/// The system's error in one of the CSV writer, so that a closed pipe is known as such.
fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

/// One sheet of a workbook, written row by row.
pub(super) struct Sheet<'a> {
    workbook: Workbook,
    out: &'a mut (dyn Write + Send),
    path: &'a Path,
    row: u32,
    head: CellFormat,
    /// Of texts, so that a cell that is edited stays text.
    plain: CellFormat,
    /// Number formats by decimals.
    amounts: HashMap<u32, CellFormat>,
}

impl<'a> Sheet<'a> {
    /// A workbook with a first sheet of a name, for so many rows.
    pub(super) fn begin(
        out: &'a mut (dyn Write + Send),
        path: &'a Path,
        name: &str,
        rows: u64,
    ) -> Result<Self, RunError> {
        if rows >= XLSX_ROWS {
            return Err(super::input(
                format!("{}: {rows} records are more than a sheet of a workbook holds (1,048,575)", path.display()),
                "name a file that ends in .csv with --output, or narrow the search",
            ));
        }
        // The same records make the same bytes, whenever they are written.
        let begun = ExcelDateTime::from_ymd(2026, 1, 1).map_err(|error| not_packed(path, &error))?;
        let mut workbook = Workbook::new();
        workbook.set_properties(&DocProperties::new().set_creation_datetime(&begun));
        let mut sheet = Self {
            workbook,
            out,
            path,
            row: 0,
            head: CellFormat::new().set_bold(),
            plain: CellFormat::new().set_num_format("@"),
            amounts: HashMap::new(),
        };
        sheet.page(name)?;
        Ok(sheet)
    }

    /// Begins a further sheet of a name.
    pub(super) fn page(&mut self, name: &str) -> Result<(), RunError> {
        let path = self.path;
        // Rows leave memory as they are written.
        let sheet = self.workbook.add_worksheet_with_constant_memory().map_err(|error| not_packed(path, &error))?;
        sheet.set_name(name).map_err(|error| not_packed(path, &error))?;
        self.row = 0;
        Ok(())
    }

    fn sheet(&mut self) -> &mut Worksheet {
        self.workbook.worksheets_mut().last_mut().expect("a workbook is begun with a sheet")
    }

    pub(super) fn headings<'c>(&mut self, names: impl Iterator<Item = &'c str>) -> Result<(), RunError> {
        let (path, row, head) = (self.path, self.row, self.head.clone());
        for (column, name) in names.enumerate() {
            let written = self.sheet().write_string_with_format(row, column as u16, name, &head);
            written.map_err(|error| not_packed(path, &error))?;
        }
        self.row += 1;
        Ok(())
    }

    pub(super) fn line(&mut self, cells: &[Cell]) -> Result<(), RunError> {
        let (path, row) = (self.path, self.row);
        for (column, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.text().is_empty()) {
            let column = column as u16;
            let written = match number(cell) {
                Some((value, decimals)) => {
                    let format = self.amounts.entry(decimals).or_insert_with(|| amount_format(decimals)).clone();
                    self.sheet().write_number_with_format(row, column, value, &format).map(drop)
                }
                None if cell.text().encode_utf16().count() > XLSX_CELL => {
                    return Err(super::input(
                        format!("{}: a cell has more than the {XLSX_CELL} characters of the format", path.display()),
                        "name a file that ends in .csv or .json with --output",
                    ));
                }
                None => {
                    let plain = self.plain.clone();
                    self.sheet().write_string_with_format(row, column, cell.text(), &plain).map(drop)
                }
            };
            written.map_err(|error| not_packed(path, &error))?;
        }
        self.row += 1;
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<(), RunError> {
        self.workbook.save_to_writer(&mut *self.out).map_err(|error| not_packed(self.path, &error))?;
        self.out.flush().map_err(|cause| not_written(self.path, cause))
    }
}

/// An amount as a number of a spreadsheet, with its decimals; none where a digit would be lost.
fn number(cell: &Cell) -> Option<(f64, u32)> {
    let Cell::Amount(text) = cell else { return None };
    let amount = Decimal::from_str_exact(text).ok()?;
    let digits = text.chars().filter(char::is_ascii_digit).count();
    (digits <= XLSX_DIGITS).then(|| Some((text.parse().ok()?, amount.scale())))?
}

fn amount_format(decimals: u32) -> CellFormat {
    let format = if decimals == 0 { "0".to_owned() } else { format!("0.{}", "0".repeat(decimals as usize)) };
    CellFormat::new().set_num_format(format)
}

fn not_packed(path: &Path, error: &XlsxError) -> RunError {
    not_written(path, io::Error::other(error.to_string()))
}

fn not_written(path: &Path, cause: io::Error) -> RunError {
    RunError::NotExported { path: path.display().to_string(), cause }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::api::found::Record;

    fn spool(records: &[Value]) -> Spool {
        let mut spool = Spool::scratch().unwrap();
        for record in records {
            spool.add(&Record(record.as_object().unwrap().clone())).unwrap();
        }
        spool
    }

    fn written(format: Format, records: &[Value]) -> Vec<u8> {
        let mut out = Vec::new();
        let style = Style { bom: true, delimiter: b',' };
        write(&spool(records), Known::Invoices, format, style, &mut out, Path::new("x")).unwrap();
        out
    }

    #[test]
    fn a_csv_is_guarded_against_formulas_and_an_empty_one_has_its_headings() {
        let text = String::from_utf8(written(Format::Csv, &[json!({"invoiceId": "=1+1", "netAmount": -5})])).unwrap();
        let line = text.lines().nth(1).unwrap();
        assert!(text.starts_with("\u{feff}invoiceId,invoiceNumber,"), "{text}");
        assert!(line.starts_with("'=1+1,") && line.contains(",-5,"), "{line}");
        let empty = String::from_utf8(written(Format::Csv, &[])).unwrap();
        assert_eq!(empty.lines().count(), 1);
    }

    #[test]
    fn json_holds_the_records_as_they_came() {
        let invoice: Value = serde_json::from_str(r#"{"invoiceId":"I1","netAmount":118.10,"x":{"y":[null]}}"#).unwrap();
        for records in [vec![], vec![invoice.clone()], vec![invoice.clone(), json!({"invoiceId": "I2"})]] {
            let back: Value = serde_json::from_slice(&written(Format::Json, &records)).unwrap();
            assert_eq!(back, Value::Array(records));
        }
        let text = String::from_utf8(written(Format::Json, &[invoice])).unwrap();
        assert!(text.contains("118.10"), "{text}");
    }

    #[test]
    fn a_workbook_keeps_identifiers_as_text_and_amounts_as_numbers() {
        use calamine::{Data, Reader as _, Xlsx};
        let records = [
            json!({"invoiceId": "007", "netAmount": 118.10, "invoiceNumber": "=A1"}),
            serde_json::from_str(r#"{"invoiceId":"8","netAmount":12345678901234567890.12}"#).unwrap(),
        ];
        let mut book: Xlsx<_> = Xlsx::new(io::Cursor::new(written(Format::Xlsx, &records))).unwrap();
        let range = book.worksheet_range("Export").unwrap();
        let at = |row: u32, name: &str| {
            let column = (0..40).find(|column| range.get_value((0, *column)) == Some(&Data::String(name.to_owned())));
            range.get_value((row, column.unwrap())).cloned()
        };
        assert_eq!(at(1, "invoiceId"), Some(Data::String("007".to_owned())));
        assert_eq!(at(1, "invoiceNumber"), Some(Data::String("=A1".to_owned())));
        assert_eq!(at(1, "netAmount"), Some(Data::Float(118.10)));
        // More digits than a number of a spreadsheet keeps.
        assert_eq!(at(2, "netAmount"), Some(Data::String("12345678901234567890.12".to_owned())));
    }

    #[test]
    fn a_file_that_came_meanwhile_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let place = Place::settle(Some(&path), false).unwrap();
        std::fs::write(&path, "a person's").unwrap();
        let style = Style { bom: false, delimiter: b';' };
        assert!(put(&spool(&[]), Known::Customers, &place, style, &mut Vec::new()).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "a person's");
        let place = Place { replaces: true, ..place };
        put(&spool(&[]), Known::Customers, &place, style, &mut Vec::new()).unwrap();
        assert!(std::fs::read_to_string(&path).unwrap().starts_with("customerId;companyId;"));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
