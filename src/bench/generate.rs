//! Writes generated sheets: CSV, packed CSV, and workbooks.
//!
//! Owns how values look in a file; `rows` says what they are. Rows are written as they are made, so memory does
//! not grow with them, but for the texts of a workbook. The rule: the same recipe gives the same bytes.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use super::rows::{self, Value};
use super::{Recipe, SheetForm};
use crate::money::Total;

// Limit: a worksheet has 1,048,576 rows, the headings being one.
const WORKBOOK_ROWS: u64 = 1_048_575;

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generated {
    /// Data rows.
    pub rows: u64,
    /// Size of the file.
    pub bytes: u64,
}

/// Writes a sheet; a file of that name is replaced.
///
/// # Errors
/// More rows than a worksheet holds, or what the system says.
pub fn generate(recipe: &Recipe, form: SheetForm, path: &Path) -> io::Result<Generated> {
    match form {
        SheetForm::Csv => {
            let file = BufWriter::with_capacity(1 << 18, File::create(path)?);
            write_text(recipe, file)?.flush()?;
        }
        SheetForm::CsvGz => {
            let file = BufWriter::with_capacity(1 << 18, File::create(path)?);
            write_text(recipe, GzEncoder::new(file, Compression::default()))?.finish()?.flush()?;
        }
        SheetForm::Xlsx => write_workbook(recipe, path)?,
    }
    Ok(Generated { rows: recipe.rows, bytes: std::fs::metadata(path)?.len() })
}

fn write_text<W: Write>(recipe: &Recipe, out: W) -> io::Result<W> {
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).buffer_capacity(1 << 18).from_writer(out);
    writer.write_record(rows::headings(recipe.kind))?;
    let mut cells = Vec::new();
    for number in 0..recipe.rows {
        rows::row(recipe, number, &mut cells);
        for cell in &cells {
            match cell {
                Value::Blank => writer.write_field("")?,
                Value::Text(text) => writer.write_field(text)?,
                Value::Amount(paise) => writer.write_field(lakhs(*paise))?,
                Value::Day(day) => {
                    writer.write_field(format!("{:02}/{:02}/{:04}", day.day(), day.month(), day.year()))?;
                }
            }
        }
        writer.write_record(None::<&[u8]>)?;
    }
    writer.into_inner().map_err(csv::IntoInnerError::into_error)
}

/// `1,23,456.78`, as Indian finance programs write amounts.
fn lakhs(paise: u64) -> String {
    let text = Total(i128::from(paise)).rupees();
    text.trim_start_matches('₹').to_owned()
}

fn write_workbook(recipe: &Recipe, path: &Path) -> io::Result<()> {
    if recipe.rows > WORKBOOK_ROWS {
        let message = format!("a worksheet holds {WORKBOOK_ROWS} rows below its headings, not {}", recipe.rows);
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    fill_workbook(recipe, path).map_err(|error| match error {
        XlsxError::IoError(error) => error,
        error => io::Error::other(error),
    })
}

fn fill_workbook(recipe: &Recipe, path: &Path) -> Result<(), XlsxError> {
    let mut workbook = Workbook::new();
    // Rows wait beside the file, where there is room for them, and not where the system keeps temporary files.
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        workbook.set_tempdir(folder)?;
    }
    // The day of making would make every file another one.
    let made = ExcelDateTime::from_ymd(2025, 4, 1)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&made));
    let formats = Formats {
        heading: Format::new().set_bold(),
        amount: Format::new().set_num_format("#,##0.00"),
        day: Format::new().set_num_format("dd/mm/yyyy"),
    };
    let sheet = workbook.add_worksheet_with_low_memory()?;
    for (column, heading) in (0_u16..).zip(rows::headings(recipe.kind)) {
        sheet.write_string_with_format(0, column, *heading, &formats.heading)?;
    }
    let mut cells = Vec::new();
    for number in 0..recipe.rows {
        rows::row(recipe, number, &mut cells);
        for (column, cell) in (0_u16..).zip(&cells) {
            write_cell(sheet, number as u32 + 1, column, cell, &formats)?;
        }
    }
    workbook.save(path)
}

struct Formats {
    heading: Format,
    amount: Format,
    day: Format,
}

fn write_cell(sheet: &mut Worksheet, row: u32, column: u16, cell: &Value, formats: &Formats) -> Result<(), XlsxError> {
    match cell {
        Value::Blank => Ok(sheet),
        Value::Text(text) => sheet.write_string(row, column, text),
        Value::Amount(paise) => sheet.write_number_with_format(row, column, *paise as f64 / 100.0, &formats.amount),
        Value::Day(day) => {
            let day = ExcelDateTime::from_ymd(day.year() as u16, day.month() as u8, day.day() as u8)?;
            sheet.write_datetime_with_format(row, column, &day, &formats.day)
        }
    }?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::SheetOf;

    fn made(recipe: &Recipe, form: SheetForm) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sheet");
        let written = generate(recipe, form, &path).unwrap();
        let bytes = std::fs::read(path).unwrap();
        assert_eq!((written.rows, written.bytes), (recipe.rows, bytes.len() as u64));
        bytes
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
        for kind in [SheetOf::Invoices, SheetOf::Customers] {
            for form in [SheetForm::Csv, SheetForm::CsvGz, SheetForm::Xlsx] {
                let recipe = |seed| Recipe { kind, rows: 200, seed, ..Recipe::default() };
                assert!(made(&recipe(7), form) == made(&recipe(7), form), "{kind:?} {form:?}");
                assert!(made(&recipe(7), form) != made(&recipe(8), form), "{kind:?} {form:?}");
            }
        }
    }

    #[test]
    fn a_row_of_invoices_looks_like_one_of_a_finance_program() {
        let text =
            String::from_utf8(made(&Recipe { rows: 2_000, bad: 0.0, ..Recipe::default() }, SheetForm::Csv)).unwrap();
        let size = text.len() as f64 / 2_000.0;
        assert!((240.0..300.0).contains(&size), "{size} bytes a row");
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        assert_eq!(reader.headers().unwrap().len(), 18);
        for record in reader.records() {
            let record = record.unwrap();
            let paise = |column: usize| record[column].replace([',', '.'], "").parse::<u64>().unwrap_or(0);
            assert_eq!(paise(9) + paise(10) + paise(11) + paise(12), paise(14), "{record:?}");
            assert_eq!(paise(10), paise(11), "{record:?}");
            assert!((paise(12) == 0) != (paise(10) == 0) || paise(9) < 20_000, "{record:?}");
        }
    }

    #[test]
    fn a_workbook_refuses_more_rows_than_a_worksheet_has() {
        let folder = tempfile::tempdir().unwrap();
        let recipe = Recipe { rows: WORKBOOK_ROWS + 1, ..Recipe::default() };
        let error = generate(&recipe, SheetForm::Xlsx, &folder.path().join("a.xlsx")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    }
}
