//! The template as a workbook: notes on the headings, drop-downs, text columns, dates, the example row.
//!
//! Leaves what stands where to the operation table. The one rule: columns of codes and numbers that are no amounts are
//! text from the first row to the last, so that no spreadsheet drops zeros or makes dates of them.

use rust_xlsxwriter::{
    DataValidation, DataValidationErrorStyle, DocProperties, ExcelDateTime, Format, FormatBorder, Note, Workbook,
    Worksheet, XlsxError,
};

use super::{heading, note};
use crate::operation::{Field, FieldKind, Need, Operation};

/// Last row of a worksheet, counted from 0.
const LAST_ROW: u32 = 1_048_575;

/// Why no workbook was made; the table of operations is fixed, so this is seen by nobody but its editor.
#[derive(Debug, thiserror::Error)]
#[error("make the workbook: {0}")]
pub struct TemplateError(#[from] XlsxError);

/// The bytes of the workbook; the same at every call.
pub fn workbook(operation: &Operation) -> Result<Vec<u8>, TemplateError> {
    let mut workbook = Workbook::new();
    let made = ExcelDateTime::from_ymd(2026, 1, 1)?;
    let properties =
        DocProperties::new().set_title(format!("arload {}", operation.name())).set_creation_datetime(&made);
    workbook.set_properties(&properties);
    let sheet = workbook.add_worksheet();
    // Limit: a worksheet's name has at most 31 characters; the longest operation has 24.
    sheet.set_name(operation.name())?;
    sheet.set_freeze_panes(1, 0)?;
    for (column, field) in (0_u16..).zip(operation.template_fields()) {
        write_column(sheet, column, operation, field)?;
    }
    Ok(workbook.save_to_buffer()?)
}

fn write_column(sheet: &mut Worksheet, column: u16, operation: &Operation, field: &Field) -> Result<(), XlsxError> {
    let heading = heading(field);
    let format = format_of(field.kind);
    sheet.set_column_format(column, &format)?;
    // Limit: as wide as the heading or a usual value, and no wider than a screen bears.
    sheet
        .set_column_width(column, (heading.len().max(operation.example(field).len()) as f64 + 3.0).clamp(12.0, 34.0))?;
    let fill = if field.need == Need::Required { 0x00FF_E699 } else { 0x00DD_EBF7 };
    let head = Format::new().set_bold().set_background_color(fill).set_border_bottom(FormatBorder::Thin);
    sheet.write_with_format(0, column, heading.as_str(), &head)?;
    let note =
        Note::new(note(operation, field)).add_author_prefix(false).set_author("arload").set_width(260).set_height(110);
    sheet.insert_note(0, column, &note)?;
    if !field.choices().is_empty() {
        let list = DataValidation::new()
            .allow_list_strings(field.choices())?
            // A cell may say <clear> as well, and arload itself says what it cannot take.
            .set_error_style(DataValidationErrorStyle::Warning);
        sheet.add_data_validation(1, column, LAST_ROW, column, &list)?;
    }
    write_example(sheet, column, field.kind, operation.example(field), &format.set_italic().set_font_color(0x0080_8080))
}

/// Amounts are numbers, dates are dates, all else is text.
fn write_example(
    sheet: &mut Worksheet,
    column: u16,
    kind: FieldKind,
    example: &str,
    format: &Format,
) -> Result<(), XlsxError> {
    match kind {
        _ if example.is_empty() => return Ok(()),
        FieldKind::Amount(_) | FieldKind::Days | FieldKind::Whole => {
            let number: f64 = example.parse().expect("the examples of numbers are numbers");
            sheet.write_with_format(1, column, number, format)?;
        }
        FieldKind::Date => {
            let date = ExcelDateTime::parse_from_str(example)?;
            sheet.write_with_format(1, column, &date, format)?;
        }
        _ => {
            sheet.write_with_format(1, column, example, format)?;
        }
    }
    Ok(())
}

fn format_of(kind: FieldKind) -> Format {
    Format::new().set_num_format(match kind {
        FieldKind::Amount(_) => "0.00",
        FieldKind::Days | FieldKind::Whole => "0",
        FieldKind::Date => "yyyy-mm-dd",
        _ => "@",
    })
}

#[cfg(test)]
mod tests {
    use calamine::Reader as _;

    use super::*;
    use crate::operation;

    #[test]
    fn a_workbook_is_made_for_every_operation_and_is_the_same_every_time() {
        for operation in operation::ALL {
            let bytes = workbook(operation).unwrap();
            assert_eq!(bytes, workbook(operation).unwrap(), "{}", operation.name());
            let mut read = calamine::Xlsx::new(std::io::Cursor::new(bytes)).unwrap();
            let range = read.worksheet_range(&operation.name()).unwrap();
            let headings = operation.template_fields().map(heading).collect::<Vec<_>>();
            let first: Vec<String> = range.rows().next().unwrap().iter().map(ToString::to_string).collect();
            assert_eq!(first, headings);
            assert_eq!(range.height(), 2, "{}", operation.name());
        }
    }
}
