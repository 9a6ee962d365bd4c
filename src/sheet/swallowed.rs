//! Quoted cells that hold rows of the table, because two stray quotation marks happened to pair.
//!
//! Pure. By the rules of quoting such a cell is as good as an address of three lines, so it is told by its lines: they
//! are as wide as the table and have values where the table has them. The one rule: nothing is read anew; the row is
//! marked for a person, since what it should hold is a guess.

use super::row::{Cells, is_value};
use super::table::RowFilter;
use super::{Cell, CellKind};

/// Limit: narrower lines are prose with a comma.
const LEAST_CELLS: usize = 3;

/// A cell whose lines look like rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Swallowed {
    /// Its column.
    pub(super) column: usize,
    /// How many lines it holds.
    pub(super) lines: usize,
}

/// The first cell of the row whose lines look like rows of a table of `width` columns.
pub(super) fn swallowed_rows(row: &impl Cells, filter: &RowFilter, delimiter: u8, width: usize) -> Option<Swallowed> {
    if width < LEAST_CELLS {
        return None;
    }
    let table = Table { row, filter, delimiter: char::from(delimiter), width };
    let holds_lines = |column: &usize| row.cell(*column).text.contains(['\n', '\r']);
    (0..row.width()).filter(holds_lines).find_map(|column| {
        let lines: Vec<&str> = row.cell(column).text.split(['\n', '\r']).filter(|line| !line.is_empty()).collect();
        table.holds_rows(column, &lines).then_some(Swallowed { column, lines: lines.len() })
    })
}

struct Table<'a, R> {
    row: &'a R,
    filter: &'a RowFilter,
    delimiter: char,
    width: usize,
}

impl<R: Cells> Table<'_, R> {
    /// Whether a whole line inside the cell is a row, or its first line ends one and its last begins another.
    fn holds_rows(&self, column: usize, lines: &[&str]) -> bool {
        let [first, inner @ .., last] = lines else { return false };
        let count = |line: &str| line.matches(self.delimiter).count() + 1;
        let behind = self.row.width() - column - 1;
        let is_row = |line: &&str| {
            let cells = count(line);
            cells >= LEAST_CELLS && cells.abs_diff(self.width) <= 1 && self.fits(column, 0, line)
        };
        let ends_here = column + count(first) == self.width;
        let begins_here = count(last) + behind == self.width;
        let fits = || {
            let tail = count(first) < 2 || self.fits(column, column, first);
            let head = count(last) < 2 || self.fits(column, 0, last);
            tail && head && count(first) + count(last) > LEAST_CELLS
        };
        inner.iter().any(is_row) || ends_here && begins_here && fits()
    }

    /// Whether the cells of a line that begins in column `start` are values where the table has values, mostly.
    fn fits(&self, column: usize, start: usize, line: &str) -> bool {
        let (mut alike, mut other) = (0, 0);
        for (at, text) in line.split(self.delimiter).enumerate() {
            let text = text.trim();
            // A part of a cell says little of its column.
            if text.is_empty() || start + at == column && start > 0 || !self.is_valued(start + at, column) {
                continue;
            }
            if is_valued(Cell { text, kind: CellKind::Text }) { alike += 1 } else { other += 1 }
        }
        alike > other
    }

    /// Whether a column of the table holds values, by most rows or by this row beside the cell.
    fn is_valued(&self, at: usize, column: usize) -> bool {
        let behind = self.row.width() - column - 1;
        let own = if at < column {
            Some(at)
        } else {
            // Columns behind the cell are counted from the end.
            at.checked_sub(self.width - behind.min(self.width)).map(|at| column + 1 + at)
        };
        self.filter.holds_values(at) || own.is_some_and(|own| own != column && is_valued(self.row.cell(own)))
    }
}

/// Whether a cell is a number, a date, or a code such as an identifier or an address of e-mail.
fn is_valued(cell: Cell<'_>) -> bool {
    let text = cell.text.trim();
    let is_word = !text.is_empty() && !text.contains(char::is_whitespace);
    let is_code = is_word && text.len() >= 6 && text.contains(|letter: char| letter.is_ascii_digit() || letter == '@');
    !text.is_empty() && (is_value(Cell { text, kind: cell.kind }) || is_code)
}

#[cfg(test)]
mod tests {
    use super::super::row::RawRow;
    use super::*;

    fn found(cells: &[&str], width: usize) -> Option<(usize, usize)> {
        let mut row = RawRow::default();
        for cell in cells {
            row.push_cell(cell, CellKind::Text);
        }
        let filter = RowFilter::new(&RawRow::default(), &[]);
        swallowed_rows(&row, &filter, b',', width).map(|swallowed| (swallowed.column, swallowed.lines))
    }

    #[test]
    fn a_cell_that_holds_rows_is_told_wherever_it_stands() {
        let last =
            "Pipe\nINV-7,2026-04-01,700,KCR9A21PO1CYWA35,Service\nINV-8,2026-04-01,800,KCR9A21PO1CYWA35,Pipe 12\"";
        for (cells, column, lines) in [
            (&["INV-6", "2026-04-01", "600", "KCR9A21PO1CYWA35", last][..], 4, 3),
            (&["A-1", "01/07/2026", "500", "open\nA-2,01/07/2026,600,close"], 3, 2),
            (&["A-1", "01/07/2026", "Acme Ltd,5\nA-2,01/07/2026,Beta 12\"", "7"], 2, 2),
            (&["Acme,100,2026-04-01\r\nBeta 12\"", "200", "2026-04-02"], 0, 2),
            (
                &["Acme", "27AAPFU0939F1ZV", "Pune\nBeta,27AAPFU0939F1ZV,Delhi,a@b.example\nGama,x,y", "c@d.example"],
                2,
                3,
            ),
        ] {
            let width = if column == 2 {
                4
            } else if column == 0 {
                3
            } else {
                cells.len()
            };
            assert_eq!(found(cells, width), Some((column, lines)), "{cells:?}");
        }
    }

    #[test]
    fn addresses_and_remarks_of_several_lines_are_cells() {
        for cells in [
            &["INV-1", "01/07/2026", "500", "12, MG Road\nPune, Maharashtra, 411001"][..],
            &["INV-1", "12, MG Road\nCamp, Pune, Maharashtra, India\n411001", "500", "01/07/2026", "KC01234567890123"],
            &["Acme", "27AAPFU0939F1ZV", "Flat 3, Tower B, Park\nSector 5, Noida, UP", "9876543210", "a@b.example"],
            &["x", "12, MG Road, Camp\nPune, Maharashtra", "1", "2"],
            &["INV-1", "01/07/2026", "500", "Pipe\nBend\nValve"],
            &["INV-1", "01/07/2026", "500", "1, 2 and 3\n4, 5 and 6"],
            &["a,1\nb,2", "5"],
        ] {
            assert_eq!(found(cells, cells.len()), None, "{cells:?}");
        }
    }
}
