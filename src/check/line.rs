//! Writes the upload line of a good row: the fields in the file's column order, in the API's forms.

use std::ops::Range;

use super::cells::{CLEAR, Cells, Row, Value};
use crate::operation::{Need, Operation, Role};

/// Fields that other fields can fill, so that their column is in the file whether or not the sheet has one.
const DERIVED: &[&str] = &["customerId", "dueDate", "panOrGstin", "keyContactName", "keyContactLegalName"];

/// Knows the columns of a sheet's upload lines.
pub(super) struct LineWriter {
    operation: &'static Operation,
    /// Columns of every line; none where each line has just the columns it fills.
    columns: Option<u64>,
}

/// The lines of a block as they grow.
pub(super) struct Lines<'w> {
    writer: &'w LineWriter,
    csv: csv::Writer<Vec<u8>>,
    cell: String,
}

impl LineWriter {
    pub(super) fn new(operation: &'static Operation, cells: &Cells<'_>, by_row: bool) -> Self {
        let given: u64 = cells.fields().fold(0, |set, field| set | 1 << field);
        let columns = operation.fields.iter().enumerate().fold(0, |set, (index, field)| {
            let derived = DERIVED.contains(&field.name) && !by_row;
            let wanted = given & (1 << index) != 0 || field.need == Need::Required || derived;
            if field.role != Role::Sheet && wanted { set | 1 << index } else { set }
        });
        Self { operation, columns: (!by_row).then_some(columns) }
    }

    /// Begins the lines of a block.
    pub(super) fn start(&self) -> Lines<'_> {
        let csv =
            csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).flexible(true).from_writer(Vec::new());
        Lines { writer: self, csv, cell: String::new() }
    }
}

impl Lines<'_> {
    /// Writes a row; says which columns its line has and where it stands.
    pub(super) fn write(&mut self, row: &Row<'_>) -> (u64, Range<u32>) {
        let columns = self.writer.columns.unwrap_or_else(|| filled(self.writer.operation, row));
        let start = self.csv.get_ref().len() as u32;
        for (index, _) in crate::chunk::columns(self.writer.operation, columns) {
            self.cell.clear();
            match &row.values[index] {
                Value::Text(text) => self.cell.push_str(text),
                Value::Amount(money) => money.write_plain(&mut self.cell),
                Value::Date(date) => self.cell.push_str(&date.to_string()),
                Value::Bool(truth) => self.cell.push_str(if *truth { "true" } else { "false" }),
                Value::Days(days) => self.cell.push_str(&days.to_string()),
                Value::Clear => self.cell.push_str(CLEAR),
                Value::Blank | Value::Bad => {}
            }
            self.csv.write_field(&self.cell).expect("writing into memory cannot fail");
        }
        self.csv.write_record(None::<&[u8]>).expect("writing into memory cannot fail");
        self.csv.flush().expect("writing into memory cannot fail");
        (columns, start..self.csv.get_ref().len() as u32)
    }

    /// All lines.
    pub(super) fn finish(self) -> String {
        let bytes = self.csv.into_inner().expect("writing into memory cannot fail");
        String::from_utf8(bytes).expect("lines are made of text")
    }
}

fn filled(operation: &Operation, row: &Row<'_>) -> u64 {
    operation.fields.iter().enumerate().fold(0, |set, (index, field)| {
        let given = field.role != Role::Sheet && !matches!(row.values[index], Value::Blank);
        if given { set | 1 << index } else { set }
    })
}
