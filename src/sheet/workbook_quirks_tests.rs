//! Quirks of workbooks that show only once a sheet's rows are handed out; each test bears its number in the domain
//! reference. What concerns the stored cells alone is tested beside the reader.

use rust_xlsxwriter::{Format, Formula, Workbook, Worksheet};

use super::open::{SheetEnd, list};
use super::{Cell, CellKind, DropReason, RowBlock};
use crate::check::value::{AmountStyle, Faults, amount};
use crate::config::{HiddenRows, Reading};
use crate::finding::Code;

const HEADINGS: [&str; 4] = ["Invoice No", "Customer", "Amount", "Remarks"];

/// What a sheet gave: rows, notes, and what stood beside them.
struct Read {
    rows: Vec<String>,
    cells: Vec<(String, CellKind)>,
    end: SheetEnd,
}

fn known(heading: &str) -> bool {
    HEADINGS.contains(&heading)
}

fn read_with(fill: impl FnOnce(&mut Worksheet), reading: &Reading) -> Read {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.xlsx");
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (column, heading) in HEADINGS.iter().enumerate() {
        sheet.write(0, column as u16, *heading).unwrap();
    }
    fill(sheet);
    workbook.save(&path).unwrap();
    let mut sheet = list(&path, reading).unwrap().sources[0].open(reading, &known).unwrap();
    let (mut rows, mut cells, mut block) = (Vec::new(), Vec::new(), RowBlock::default());
    while sheet.next_block(&mut block, 2, 1 << 20).unwrap() {
        for row in 0..block.len() {
            rows.push(format!("{}: {}", block.number(row), block.cells(row).collect::<Vec<_>>().join("|")));
            cells.extend((0..block.columns()).map(|column| {
                let cell = block.cell(row, column);
                (cell.text.to_owned(), cell.kind)
            }));
        }
    }
    Read { rows, cells, end: sheet.finish() }
}

fn read(fill: impl FnOnce(&mut Worksheet)) -> Read {
    read_with(fill, &Reading::default())
}

fn invoice(sheet: &mut Worksheet, row: u32) {
    sheet.write(row, 0, format!("INV-{row}")).unwrap();
    sheet.write(row, 1, "Mehta").unwrap();
    sheet.write(row, 2, 100 * row).unwrap();
    sheet.write(row, 3, "x").unwrap();
}

#[test]
fn x9_blank_cells_of_data_rows_inherit_inside_their_merged_range() {
    let read = read(|sheet| {
        for row in 1..=4 {
            invoice(sheet, row);
        }
        sheet.merge_range(1, 1, 2, 1, "Shah & Co", &Format::new()).unwrap();
        sheet.merge_range(3, 2, 3, 3, "700", &Format::new()).unwrap();
    });
    let expected =
        ["2: INV-1|Shah & Co|100|x", "3: INV-2|Shah & Co|200|x", "4: INV-3|Mehta|700|700", "5: INV-4|Mehta|400|x"];
    assert_eq!(read.rows, expected);
}

#[test]
fn x9_what_is_inherited_makes_no_row() {
    let read = read(|sheet| {
        invoice(sheet, 1);
        sheet.merge_range(1, 0, 3, 0, "INV-1", &Format::new()).unwrap();
        invoice(sheet, 5);
    });
    assert_eq!(read.rows, ["2: INV-1|Mehta|100|x", "6: INV-5|Mehta|500|x"]);
    assert_eq!(read.end.blank_rows, 3);
}

#[test]
fn x10_hidden_rows_are_read_and_counted_or_left_out_and_named() {
    let fill = |sheet: &mut Worksheet| {
        (1..=4).for_each(|row| invoice(sheet, row));
        sheet.set_row_hidden(2).unwrap();
        sheet.set_row_hidden(3).unwrap();
    };
    let all = read(fill);
    assert_eq!(all.rows.len(), 4);
    assert_eq!(all.end.notes, ["2 hidden rows are read; hidden-rows = \"skip\" leaves them out"]);
    let skipping = Reading { hidden_rows: HiddenRows::Skip, ..Reading::default() };
    let some = read_with(fill, &skipping);
    assert_eq!(some.rows, ["2: INV-1|Mehta|100|x", "5: INV-4|Mehta|400|x"]);
    assert_eq!((some.end.dropped.counts[&DropReason::Hidden], some.end.blank_rows), (2, 0));
    let named: Vec<u32> = some.end.dropped.first.iter().map(|row| row.number).collect();
    assert_eq!((named, some.end.notes), (vec![3, 4], Vec::new()));
}

#[test]
fn x10_headings_that_are_hidden_are_headings_still() {
    let fill = |sheet: &mut Worksheet| {
        invoice(sheet, 1);
        sheet.set_row_hidden(0).unwrap();
    };
    let skipping = Reading { hidden_rows: HiddenRows::Skip, ..Reading::default() };
    assert_eq!(read_with(fill, &skipping).rows, ["2: INV-1|Mehta|100|x"]);
}

#[test]
fn x11_hidden_columns_are_read_and_named() {
    let read = read(|sheet| {
        invoice(sheet, 1);
        sheet.set_column_hidden(1).unwrap();
        sheet.set_column_hidden(40).unwrap();
    });
    assert_eq!(read.rows, ["2: INV-1|Mehta|100|x"]);
    assert_eq!(read.end.notes, ["hidden columns are read: B"]);
}

#[test]
fn x3_formulas_of_a_library_that_computed_nothing_are_no_zeros() {
    let read = read(|sheet| {
        invoice(sheet, 1);
        sheet.write_formula(1, 2, Formula::new("=D2*2")).unwrap();
        invoice(sheet, 2);
        sheet.write_formula(2, 2, Formula::new("=D2*2").set_result("44")).unwrap();
    });
    assert_eq!(read.cells[2], (String::new(), CellKind::FormulaWithoutValue));
    assert_eq!(read.cells[6].0, "44");
}

#[test]
fn x7_t24_t39_the_check_of_amounts_understands_what_formats_show() {
    let shown = |format: &str, number: f64| {
        let read = read(|sheet| {
            invoice(sheet, 1);
            sheet.write_with_format(1, 2, number, &Format::new().set_num_format(format)).unwrap();
        });
        let (text, kind) = &read.cells[2];
        let mut faults = Faults::new();
        let money = amount(Cell { text, kind: *kind }, AmountStyle::default(), &mut faults);
        (money.map(|money| money.0), faults.first().map(|fault| fault.code))
    };
    for (format, number, paise, code) in [
        ("0.00", 118.5, Some(11_850), None),
        ("#,##0.00\" Dr\";#,##0.00\" Cr\"", 118.5, Some(11_850), None),
        ("#,##0.00\" Dr\";#,##0.00\" Cr\"", -118.5, Some(-11_850), None),
        ("0.00\" Cr\"", 118.5, Some(-11_850), None),
        ("0.00\" Cr\"", -118.5, None, Some(Code::AmountNotDecimal)),
        ("(0.00)", 118.5, Some(-11_850), None),
        ("[$₹-4009] #,##0.00", 118.5, Some(11_850), None),
        ("[$USD] #,##0.00", 118.5, None, Some(Code::CurrencyNotInr)),
        ("[$$-409]#,##0.00", 118.5, None, Some(Code::CurrencyNotInr)),
        ("\"€\" 0.00", -118.5, None, Some(Code::CurrencyNotInr)),
        ("0%", 0.18, None, Some(Code::AmountNotDecimal)),
    ] {
        assert_eq!(shown(format, number), (paise, code), "{format} of {number}");
    }
}
