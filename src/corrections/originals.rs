//! The rows of an earlier run that a corrections workbook may bring back, and what tells them apart.
//!
//! Owns what is kept of each: its outcome, its document, a hash of each cell. Leaves finding a row's original to
//! [`super::matching`]. The one rule: two cells are the same whenever only a spreadsheet program told them apart.

use std::collections::HashMap;

use super::OWN_HEADINGS;
use super::after::is_left;
use crate::error::RunError;
use crate::ledger::{Ledger, LedgerError, Run, SheetRecord, blob};
use crate::outcome::RowOutcome;
use crate::plan::SheetFacts;
use crate::plan::history::History;
use crate::plan::verdict::{Destiny, RowVerdict};
use crate::sheet::RowBlock;

/// A row that was not accepted when its run ended.
#[derive(Debug, Clone)]
pub struct Original {
    /// Its number.
    pub row: u32,
    /// What became of it.
    pub outcome: RowOutcome,
    /// The first row of its document; itself where it is a document of its own.
    pub document: u32,
    /// A hash of each cell, in the order of [`Originals::headings`].
    pub cells: Vec<u64>,
}

/// All such rows of one sheet, in row order.
#[derive(Debug, Clone)]
pub struct Originals {
    /// The headings of the columns that the workbook shows, with their places in the sheet.
    pub headings: Vec<(usize, String)>,
    /// The rows.
    pub rows: Vec<Original>,
    /// The place of each row among them, by its number.
    pub by_row: HashMap<u32, usize>,
}

/// The columns of a sheet that the workbook shows: all but its own from an earlier round.
pub fn shown_columns(facts: &SheetFacts) -> Vec<(usize, String)> {
    let columns = facts.header.columns.iter().enumerate();
    columns.filter(|(_, name)| !OWN_HEADINGS.contains(&name.as_str())).map(|(at, name)| (at, name.clone())).collect()
}

impl Originals {
    /// Reads what the ledger has of them.
    pub fn load(
        ledger: &dyn Ledger,
        history: &mut History<'_>,
        run: &Run,
        sheet: &SheetRecord,
        facts: &SheetFacts,
    ) -> Result<Self, RunError> {
        let headings = shown_columns(facts);
        let mut rows = Vec::new();
        for ordinal in 0.. {
            let Some(packed) = ledger.verdict_block(sheet.id, ordinal)? else { break };
            let verdicts: Vec<RowVerdict> = blob::unpack(&packed)?;
            let mut left = Vec::new();
            for (at, verdict) in verdicts.iter().enumerate() {
                let fate = history.fate(run, &verdict.destiny)?;
                if is_left(fate.outcome()) {
                    left.push((at, verdict, fate.outcome().clone()));
                }
            }
            if left.is_empty() {
                continue;
            }
            if !ledger.purges(sheet.run)?.is_empty() {
                return Err(RunError::Input {
                    message: format!(
                        "{}: the rows of run {} were purged, so none can be corrected",
                        sheet.file_name, run.id
                    ),
                    hint: "give the corrected rows in a sheet of their own".to_owned(),
                });
            }
            let cells = ledger.row_block(sheet.rows_of, ordinal)?;
            let gone = || LedgerError::Damaged(format!("block {ordinal} of sheet {} is gone", sheet.rows_of));
            let block: RowBlock = blob::unpack(&cells.ok_or_else(gone)?)?;
            for (at, verdict, outcome) in left {
                let document = match &verdict.destiny {
                    Destiny::Joined { first, .. } => *first,
                    _ => verdict.number,
                };
                let cells = headings.iter().map(|(column, _)| hash(block.text(at, *column))).collect();
                rows.push(Original { row: verdict.number, outcome, document, cells });
            }
        }
        let by_row = rows.iter().enumerate().map(|(at, original)| (original.row, at)).collect();
        Ok(Self { headings, rows, by_row })
    }

    /// Keeps the columns that came back only: one that was taken out as a whole changes no row.
    pub fn keep(&mut self, came_back: &[bool]) {
        let keeps = |at: &mut usize| {
            *at += 1;
            came_back.get(*at - 1).copied().unwrap_or(false)
        };
        let mut at = 0;
        self.headings.retain(|_| keeps(&mut at));
        for row in &mut self.rows {
            let mut at = 0;
            row.cells.retain(|_| keeps(&mut at));
        }
    }
}

/// A hash of a cell as it means the same to everybody: without blanks around it, with one kind of line end, and without
/// the zeros at the end of a decimal that a program drops when it makes a number of a text.
pub fn hash(cell: &str) -> u64 {
    let text = cell.trim();
    let text = if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text.to_owned() };
    let digest = blake3::hash(plain_number(&text).as_bytes());
    u64::from_le_bytes(digest.as_bytes()[..8].try_into().expect("eight bytes"))
}

/// `118.00` becomes `118`; all else stays.
fn plain_number(text: &str) -> &str {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let Some((whole, part)) = digits.split_once('.') else { return text };
    let are_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if are_digits(whole) && are_digits(part) { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_that_is_gone_changes_no_row() {
        let outcome = RowOutcome::new(crate::outcome::Status::Invalid, "", "");
        let row = Original { row: 2, outcome, document: 2, cells: vec![7, 8, 9] };
        let headings = ["a", "b", "c"].map(str::to_owned).into_iter().enumerate().collect();
        let mut originals = Originals { headings, rows: vec![row], by_row: HashMap::new() };
        originals.keep(&[true, false, true]);
        assert_eq!(originals.rows[0].cells, [7, 9]);
        assert_eq!(originals.headings, [(0, "a".to_owned()), (2, "c".to_owned())]);
    }

    #[test]
    fn cells_that_a_program_wrote_otherwise_are_the_same() {
        for (one, other, same) in [
            ("a", " a ", true),
            ("two\r\nlines", "two\nlines", true),
            ("118.00", "118", true),
            ("118.50", "118.5", true),
            ("-0.50", "-0.5", true),
            ("1.2.0", "1.2", false),
            ("10", "1", false),
            ("007", "7", false),
            ("1,180.00", "1,180", false),
            ("a", "A", false),
            ("", " ", true),
        ] {
            assert_eq!(hash(one) == hash(other), same, "{one} and {other}");
        }
    }
}
