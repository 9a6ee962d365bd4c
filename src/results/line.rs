//! Lines of results, cell by cell: quoted where a cell asks for it, and never a formula.
//!
//! Leaves what is said of rows to [`super::csv`]. The one rule: a line is what the `csv` crate would have written of the
//! guarded cells.

use std::io::Write as _;

use crate::outcome::RowOutcome;
use crate::sheet::RowBlock;

/// Stands before a cell that a spreadsheet would take for a formula.
pub(super) const GUARD: char = '\'';

/// What is said of a row that went into no chunk, but for its number and key: mostly the same as of the row above.
pub(super) struct Said {
    before_key: Vec<u8>,
    behind_key: Vec<u8>,
}

impl Said {
    pub(super) fn new(delimiter: u8, sheet: &str, (code, message): (&str, &str), outcome: &RowOutcome) -> Self {
        let cells = |cells: &[&str]| {
            let mut line = RowLine { begun: true, ..RowLine::new(delimiter, Vec::new()) };
            for cell in cells {
                line.cell(cell);
            }
            line.finish()
        };
        let remote_id = outcome.remote_id.as_deref().unwrap_or_default();
        Self {
            before_key: cells(&[sheet, outcome.status.as_str(), code, message]),
            behind_key: cells(&[remote_id, "", "", "", ""]),
        }
    }
}

/// Lines of results, cell by cell.
pub(super) struct RowLine {
    delimiter: u8,
    text: Vec<u8>,
    /// By byte: whether a cell with it stands in quotation marks.
    needs_marks: [bool; 256],
    /// Whether the line has a cell already.
    begun: bool,
}

impl RowLine {
    /// Lines behind those that the text holds.
    pub(super) fn new(delimiter: u8, text: Vec<u8>) -> Self {
        let mut needs_marks = [false; 256];
        for byte in [delimiter, b'"', b'\r', b'\n'] {
            needs_marks[usize::from(byte)] = true;
        }
        Self { delimiter, text, needs_marks, begun: false }
    }

    /// Begins a line with what is said of the row; its own cells follow.
    pub(super) fn begin(&mut self, number: u32, said: &Said, key: &str) {
        self.number(number);
        self.text.extend_from_slice(&said.before_key);
        self.cell(key);
        self.text.extend_from_slice(&said.behind_key);
    }

    /// Bytes of all lines.
    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.text.len()).expect("the lines of a block stay far below 4 GiB")
    }

    /// Writes a cell as a spreadsheet may read it: in quotation marks where needed, and never as a formula.
    pub(super) fn cell(&mut self, cell: &str) {
        if self.begun {
            self.text.push(self.delimiter);
        }
        self.begun = true;
        let guard = if needs_guard(cell) { "'" } else { "" };
        // The guard itself may be the delimiter, which the settings do not forbid.
        let guard_needs = guard.as_bytes().contains(&self.delimiter);
        let marks = cell.bytes().fold(guard_needs, |found, byte| found | self.needs_marks[usize::from(byte)]);
        if !marks {
            self.text.extend_from_slice(guard.as_bytes());
            return self.text.extend_from_slice(cell.as_bytes());
        }
        self.text.push(b'"');
        self.text.extend_from_slice(guard.as_bytes());
        let mut rest = cell.as_bytes();
        while let Some(mark) = memchr::memchr(b'"', rest) {
            self.text.extend_from_slice(&rest[..=mark]);
            self.text.push(b'"');
            rest = &rest[mark + 1..];
        }
        self.text.extend_from_slice(rest);
        self.text.push(b'"');
    }

    /// Writes the cells of a row, each as [`RowLine::cell`] does.
    pub(super) fn cells(&mut self, block: &RowBlock, row: usize) {
        if let Some(cells) = block.verbatim(row, self.delimiter).filter(|_| self.begun) {
            self.text.push(self.delimiter);
            return self.text.extend_from_slice(cells.as_bytes());
        }
        let (text, ends) = block.row(row);
        let bytes = text.as_bytes();
        self.text.reserve(bytes.len() + 2 * block.columns());
        // Cells are short: what asks for quotation marks is searched for in all of them at once.
        let returns = memchr::memchr(b'\r', bytes).is_some();
        let mut odd = memchr::memchr3_iter(self.delimiter, b'"', b'\n', bytes);
        let mut next = odd.next();
        let mut start = 0;
        for end in ends {
            let mut plain = !returns && bytes[start..end].first().is_none_or(u8::is_ascii_alphanumeric);
            while next.is_some_and(|at| at < end) {
                next = odd.next();
                plain = false;
            }
            if plain && self.begun {
                self.text.push(self.delimiter);
                self.text.extend_from_slice(&bytes[start..end]);
            } else {
                self.cell(&text[start..end]);
            }
            start = end;
        }
    }

    /// Writes a number, as the first cell of a line.
    fn number(&mut self, number: u32) {
        write!(self.text, "{number}").expect("writing into memory cannot fail");
        self.begun = true;
    }

    /// Ends the line.
    pub(super) fn end(&mut self) {
        self.text.extend_from_slice(b"\r\n");
        self.begun = false;
    }

    /// All lines.
    pub(super) fn finish(self) -> Vec<u8> {
        self.text
    }
}

/// A cell as a spreadsheet may read it: never as a formula.
pub(crate) fn guarded(cell: &str) -> String {
    if needs_guard(cell) { format!("'{cell}") } else { cell.to_owned() }
}

/// Whether a spreadsheet would take the cell for a formula.
fn needs_guard(cell: &str) -> bool {
    // Nearly all cells begin with a letter or a digit.
    if cell.as_bytes().first().is_none_or(u8::is_ascii_alphanumeric) {
        return false;
    }
    let risky = matches!(
        cell.chars().next(),
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '\0' | '＝' | '＋' | '－' | '＠')
    );
    risky && !is_plain_number(cell)
}

/// Digits with at most one point, one leading sign and grouping commas: harmless, and numbers stay numbers.
fn is_plain_number(cell: &str) -> bool {
    let digits = cell.strip_prefix(['+', '-']).unwrap_or(cell);
    digits.bytes().any(|byte| byte.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b',')
        && digits.bytes().filter(|byte| *byte == b'.').count() <= 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_that_a_spreadsheet_would_run_are_guarded_and_numbers_stay_numbers() {
        for (cell, guarded) in [
            ("=1+1", true),
            ("+91 98765 43210", true),
            ("@SUM(A1)", true),
            ("\tx", true),
            ("-", true),
            ("-12.50", false),
            ("+5", false),
            ("-1,00,000.00", false),
            ("-1-2", true),
            ("plain", false),
            ("", false),
            ("＝1", true),
        ] {
            assert_eq!(needs_guard(cell), guarded, "{cell}");
        }
    }

    #[test]
    fn lines_are_those_of_the_csv_crate_with_formulas_guarded() {
        let cells = [
            "",
            "plain",
            "a,b",
            "a;b",
            "48\" round",
            "\"",
            "=1+1",
            "=\"x\"",
            "\nx",
            "two\r\nlines",
            "-5",
            "ünï ₹",
            "'",
        ];
        let mut block = RowBlock::new(cells.len());
        for cell in cells {
            block.push_cell(cell, crate::sheet::CellKind::Text);
        }
        block.finish_row(2, 2);
        for delimiter in [b',', b';', b'\t', b'\''] {
            let mut line = RowLine::new(delimiter, Vec::new());
            for cell in cells {
                line.cell(cell);
            }
            line.end();
            let one_by_one = line.finish();
            let mut line = RowLine::new(delimiter, Vec::new());
            line.cells(&block, 0);
            line.end();
            let line = line.finish();
            assert_eq!(line, one_by_one, "{}", char::from(delimiter));
            let mut writer = csv::WriterBuilder::new();
            let mut writer = writer.delimiter(delimiter).terminator(csv::Terminator::CRLF).from_writer(Vec::new());
            writer.write_record(cells.map(guarded)).unwrap();
            let expected = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            assert_eq!(String::from_utf8(line).unwrap(), expected, "{}", char::from(delimiter));
        }
    }
}
