//! Writes the upload line of a good row: the fields in the file's column order, in the API's forms.

use std::ops::Range;

use super::cells::{CLEAR, Cells, Row, Value};
use super::value::plain_date;
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
    text: String,
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
        Lines { writer: self, text: String::new() }
    }
}

impl Lines<'_> {
    /// Writes a row; says which columns its line has and where it stands.
    pub(super) fn write(&mut self, row: &Row<'_>) -> (u64, Range<u32>) {
        let columns = self.writer.columns.unwrap_or_else(|| filled(self.writer.operation, row));
        let start = self.text.len();
        for (cells, (index, _)) in crate::chunk::columns(self.writer.operation, columns).enumerate() {
            if cells > 0 {
                self.text.push(',');
            }
            match &row.values[index] {
                Value::Text(text) => push_quoted(text, &mut self.text),
                Value::Amount(money) => money.write_plain(&mut self.text),
                Value::Date(date) => self.text.push_str(plain_date(*date).as_str()),
                Value::Bool(truth) => self.text.push_str(if *truth { "true" } else { "false" }),
                Value::Days(days) => self.text.push_str(&days.to_string()),
                Value::Clear => self.text.push_str(CLEAR),
                Value::Blank | Value::Bad => {}
            }
        }
        if self.text.len() == start {
            // A line of one blank cell would be no line at all.
            self.text.push_str("\"\"");
        }
        self.text.push('\n');
        (columns, start as u32..self.text.len() as u32)
    }

    /// All lines.
    pub(super) fn finish(self) -> String {
        self.text
    }
}

/// Writes a cell, in quotation marks where it holds a comma, a mark or a line end.
fn push_quoted(cell: &str, line: &mut String) {
    if !cell.bytes().any(|byte| matches!(byte, b',' | b'"' | b'\r' | b'\n')) {
        return line.push_str(cell);
    }
    line.push('"');
    let mut rest = cell;
    while let Some(mark) = rest.find('"') {
        line.push_str(&rest[..=mark]);
        line.push('"');
        rest = &rest[mark + 1..];
    }
    line.push_str(rest);
    line.push('"');
}

fn filled(operation: &Operation, row: &Row<'_>) -> u64 {
    operation.fields.iter().enumerate().fold(0, |set, (index, field)| {
        let given = field.role != Role::Sheet && !matches!(row.values[index], Value::Blank);
        if given { set | 1 << index } else { set }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_as_the_csv_crate_quotes_them() {
        for cell in
            ["", "plain", "a,b", "48\" round", "\"", "\"\"", "two\nlines", "a\rb", "ünï,cödé", " x ", ",", "'", "#"]
        {
            let mut line = String::from("x,");
            push_quoted(cell, &mut line);
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(["x", cell]).unwrap();
            let expected = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            assert_eq!(line + "\n", expected, "{cell}");
        }
    }
}
