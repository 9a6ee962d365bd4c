//! How many rows and cells a packed file may hold.
//!
//! A megabyte of archive can hold a million rows that are alike, and each of them is checked, kept and reported. Pure;
//! leaves bytes, memory and computing to those who unpack and decode. The one rule: the limit depends on the file's
//! size alone, so that a file is read on every machine or on none, and real sheets stay far below it.

use super::row::RawRow;

const MIB: u64 = 1024 * 1024;
/// What a row costs beside its cells: its checks, its findings, its line of the results.
pub(super) const ROW: u64 = 16;
/// Limit: cells of a file of up to 1 MiB, rows counted as [`ROW`] more: 200,000 rows of 5 cells, or 120,000 of 18. A
/// real sheet of a million bytes packed has some 60,000 rows; checking 200,000 takes three seconds.
const LEAST: u64 = 4_200_000;
/// Limit: the same for each further byte; real rows take at least two packed bytes a cell.
const PER_BYTE: u64 = 8;

/// What a row weighs; a blank line next to nothing.
pub(super) fn weight(row: &RawRow) -> u64 {
    let cells = (row.len() + row.inherited.len()) as u64;
    if cells <= 1 && row.text_bytes() == 0 { 1 } else { ROW + cells }
}

/// What a filled row of so many cells weighs.
pub(super) fn weight_of(cells: usize) -> u64 {
    ROW + cells as u64
}

/// What all rows of a file of so many bytes may weigh.
pub(super) fn most(size: u64) -> u64 {
    LEAST.saturating_add(size.saturating_sub(MIB).saturating_mul(PER_BYTE))
}

#[cfg(test)]
mod tests {
    use super::super::CellKind;
    use super::*;

    #[test]
    fn real_sheets_stay_below_what_a_file_may_hold() {
        let mut row = RawRow::default();
        assert_eq!(weight(&row), 1);
        for _ in 0..18 {
            row.push_cell("x", CellKind::Text);
        }
        assert_eq!(weight(&row), 34);
        // 100,000 rows of 18 cells, whatever they shrink to; a million of them in an xlsx of 80 MB; 400,000 rows of
        // 5 cells, 20 MB of csv, in a gzip file of 2.9 MB.
        for (rows, cells, size) in [(100_000, 18, 1), (1_000_000, 18, 80 * MIB), (400_000, 5, 2_900_000)] {
            assert!(rows * (ROW + cells) <= most(size), "{rows} {cells} {size}");
        }
        assert!(1_000_000 * (ROW + 5) > most(MIB));
        assert_eq!(most(u64::MAX), u64::MAX);
    }
}
