//! What a dry run says of rows, written as lines of its results where the rows are checked.
//!
//! Nearly all rows of a sheet end as their checks say; only where the duplicate guard or the gates speak of a row must
//! planning decide. So the workers write each block's lines and add up its outcomes, both wait in a private file, and
//! blocks of which nobody spoke are copied into the results. The one rule: a line says what the same row's verdict in a
//! ledger would have made of it; whatever cannot know that yet is left to planning.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};

use super::ResultSettings;
use super::csv::{Ours, RowLine, told_of};
use super::summary::Breakdown;
use crate::check::record::{CheckedBlock, CheckedRow, Labels, Standing};
use crate::error::RunError;
use crate::finding::Severity;
use crate::ledger::SheetId;
use crate::outcome::{RowOutcome, Status, Sum, Totals, code};
use crate::sheet::{Header, RowBlock, SheetSource};

/// How a row ends in a dry run if nobody speaks of it; none for a further line of a document.
pub fn ended(standing: &Standing) -> Option<RowOutcome> {
    match standing {
        Standing::Excluded { code, message } => Some(RowOutcome::new(Status::Excluded, code, message)),
        Standing::Invalid => Some(RowOutcome::new(Status::Invalid, "", "")),
        Standing::Ready => Some(RowOutcome::new(Status::NotSent, code::DRY_RUN, "good; a dry run sends nothing")),
        Standing::Joined => None,
    }
}

/// Writes the lines of one sheet.
#[derive(Debug, Clone)]
pub struct Rehearsal {
    file_name: String,
    delimiter: u8,
}

/// The lines of a block, and what they come to.
#[derive(Debug)]
pub struct Lines {
    text: Vec<u8>,
    tally: Tally,
}

impl Rehearsal {
    /// A rehearsal of a text file; none of a worksheet, whose results have the columns of its workbook's other sheets.
    pub fn of(source: &SheetSource, header: &Header, settings: &ResultSettings) -> Option<Self> {
        let distinct = header.columns.iter().collect::<HashSet<_>>().len() == header.columns.len();
        let rehearsal = Self { file_name: source.file_name.clone(), delimiter: settings.delimiter };
        (source.sheet.is_none() && distinct).then_some(rehearsal)
    }

    /// The lines of a block; none where a row of it is a further line of a document.
    pub fn write(&self, block: &RowBlock, checked: &CheckedBlock) -> Option<Lines> {
        let mut lines = RowLine::new(self.delimiter, Vec::with_capacity(block.text_bytes() + 80 * block.len()));
        let mut tally = Tally::default();
        let mut last: Option<(&Standing, RowOutcome)> = None;
        for (index, row) in checked.rows.iter().enumerate() {
            // Rows in sequence mostly end alike.
            if last.as_ref().is_none_or(|(standing, _)| *standing != &row.standing) {
                last = Some((&row.standing, ended(&row.standing)?));
            }
            let outcome = &last.as_ref().expect("it was just set").1;
            let (code, message) =
                told_of((&self.file_name, None), (row.number, row.line_number), &row.findings, outcome);
            let ours =
                Ours { number: row.number, status: outcome.status, code: &code, message: &message, key: &row.key };
            lines.push(&ours, block.cells(index));
            tally.add(outcome, row);
        }
        Some(Lines { text: lines.finish(), tally })
    }
}

/// What rows come to, as [`Breakdown`] counts them.
#[derive(Debug, Default)]
struct Tally {
    sums: Vec<Group>,
    codes: Vec<(String, u64)>,
    rows_with_warnings: u64,
}

#[derive(Debug)]
struct Group {
    account_id: String,
    supplier_gstin: String,
    month: String,
    status: Status,
    sum: Sum,
}

impl Group {
    fn holds(&self, status: Status, labels: &Labels) -> bool {
        self.status == status
            && self.month == labels.month
            && self.supplier_gstin == labels.supplier_gstin
            && self.account_id == labels.account_id
    }
}

impl Tally {
    fn add(&mut self, outcome: &RowOutcome, row: &CheckedRow) {
        self.sum(outcome.status, &row.labels).add(&row.amounts);
        if row.findings.is_empty() {
            return self.count(&outcome.code);
        }
        let mut codes: Vec<&str> = row.findings.iter().map(|finding| finding.code.as_str()).collect();
        codes.push(&outcome.code);
        codes.sort_unstable();
        codes.dedup();
        for code in codes {
            self.count(code);
        }
        self.rows_with_warnings += u64::from(row.findings.iter().any(|finding| finding.severity == Severity::Warning));
    }

    fn sum(&mut self, status: Status, labels: &Labels) -> &mut Sum {
        let at = self.sums.iter().rposition(|group| group.holds(status, labels)).unwrap_or_else(|| {
            let Labels { account_id, supplier_gstin, month, .. } = labels.clone();
            self.sums.push(Group { account_id, supplier_gstin, month, status, sum: Sum::default() });
            self.sums.len() - 1
        });
        &mut self.sums[at].sum
    }

    fn count(&mut self, code: &str) {
        match self.codes.iter_mut().find(|(known, _)| known == code) {
            Some((_, rows)) => *rows += 1,
            None if code.is_empty() => {}
            None => self.codes.push((code.to_owned(), 1)),
        }
    }

    fn add_to(&self, totals: &mut Totals, breakdown: &mut Breakdown) {
        for group in &self.sums {
            totals.by_status.entry(group.status).or_default().merge(&group.sum);
            let labels = (group.account_id.clone(), group.supplier_gstin.clone(), group.month.clone());
            breakdown.add_group(labels, group.status, &group.sum);
        }
        for (code, rows) in &self.codes {
            *breakdown.codes.entry(code.clone()).or_default() += rows;
        }
        breakdown.rows_with_warnings += self.rows_with_warnings;
    }
}

/// Lines of blocks, waiting for the results in a file without a name.
#[derive(Debug, Default)]
pub struct Rehearsed {
    file: Option<BufWriter<File>>,
    end: u64,
    /// By block of the run, in the order of reading.
    blocks: Vec<Option<Piece>>,
    /// By sheet and block: those that go into the results as they are.
    undisputed: HashMap<(SheetId, u32), Piece>,
}

#[derive(Debug)]
struct Piece {
    start: u64,
    bytes: usize,
    tally: Tally,
}

impl Rehearsed {
    /// Keeps the lines of the next block, if it has any.
    pub fn push(&mut self, lines: Option<Lines>) -> Result<(), RunError> {
        let Some(Lines { text, tally }) = lines else {
            self.blocks.push(None);
            return Ok(());
        };
        if self.file.is_none() {
            let file = tempfile::tempfile().map_err(RunError::Spool)?;
            self.file = Some(BufWriter::with_capacity(1 << 18, file));
        }
        let file = self.file.as_mut().expect("it was just made sure of");
        file.write_all(&text).map_err(RunError::Spool)?;
        self.blocks.push(Some(Piece { start: self.end, bytes: text.len(), tally }));
        self.end += text.len() as u64;
        Ok(())
    }

    /// Forgets the blocks from `from` on, as when a sheet is refused or read again.
    pub fn truncate(&mut self, from: usize) {
        self.blocks.truncate(from);
    }

    /// Lets a block of the run go into the results of a sheet as it is; false where it has no lines.
    pub fn settle(&mut self, block: usize, sheet: SheetId, ordinal: u32) -> bool {
        let piece = self.blocks.get_mut(block).and_then(Option::take);
        piece.map(|piece| self.undisputed.insert((sheet, ordinal), piece)).is_some()
    }

    /// Adds what a block of a sheet comes to; false where planning decided about it.
    pub(super) fn add_up(&self, place: (SheetId, u32), totals: &mut Totals, breakdown: &mut Breakdown) -> bool {
        let piece = self.undisputed.get(&place);
        piece.map(|piece| piece.tally.add_to(totals, breakdown)).is_some()
    }

    /// Copies the lines of a block into the results; false where planning decided about it.
    pub(super) fn copy(&mut self, place: (SheetId, u32), results: &mut impl Write) -> io::Result<bool> {
        let (Some(piece), Some(file)) = (self.undisputed.get(&place), &mut self.file) else { return Ok(false) };
        // Seeking writes out what is buffered first; nothing is pushed once results are written.
        file.seek(SeekFrom::Start(piece.start))?;
        let mut text = vec![0; piece.bytes];
        file.get_mut().read_exact(&mut text)?;
        results.write_all(&text)?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Code, Finding};
    use crate::money::Money;
    use crate::outcome::Amounts;
    use crate::plan::verdict::{Destiny, RowVerdict};

    fn row(number: u32, standing: Standing, month: &str, codes: &[(Code, Severity)]) -> CheckedRow {
        let finding = |(code, severity): &(Code, Severity)| Finding {
            code: *code,
            severity: *severity,
            field: "cgst".to_owned(),
            column: Some(2),
            message: "a, \"b\"".to_owned(),
            hint: None,
        };
        CheckedRow {
            number,
            line_number: 0,
            standing,
            findings: codes.iter().map(finding).collect(),
            key: format!("=K{number}"),
            guard: None,
            amounts: Amounts { taxable: Some(Money(i64::from(number) * 7)), ..Amounts::default() },
            labels: Labels { account_id: "CEK1".to_owned(), month: month.to_owned(), ..Labels::default() },
            columns: 0,
            line: 0..0,
        }
    }

    #[test]
    fn a_tally_comes_to_what_a_breakdown_counts() {
        use Severity::{Error, Warning};
        let excluded = Standing::Excluded { code: code::CREDIT_NOTE.to_owned(), message: "a credit note".to_owned() };
        let rows = [
            row(2, Standing::Ready, "2026-04", &[]),
            row(3, Standing::Ready, "2026-05", &[(Code::DateFuture, Warning), (Code::DateFuture, Warning)]),
            row(4, Standing::Invalid, "", &[(Code::TotalMismatch, Error), (Code::DateFuture, Warning)]),
            row(5, excluded, "2026-04", &[]),
            row(6, Standing::Ready, "2026-04", &[]),
        ];
        let (mut tally, mut expected) = (Tally::default(), (Totals::default(), Breakdown::default()));
        for row in &rows {
            let outcome = ended(&row.standing).unwrap();
            tally.add(&outcome, row);
            let verdict = RowVerdict {
                number: row.number,
                line_number: 0,
                destiny: Destiny::Ended(outcome.clone()),
                findings: row.findings.clone(),
                key: row.key.clone(),
                amounts: row.amounts,
                labels: row.labels.clone(),
            };
            expected.1.add(&mut expected.0, &outcome, &verdict.lend());
        }
        let mut found = (Totals::default(), Breakdown::default());
        tally.add_to(&mut found.0, &mut found.1);
        assert_eq!(found, expected);
    }

    #[test]
    fn lines_of_a_block_come_back_where_nobody_spoke_of_it_and_nowhere_else() {
        let source = SheetSource { path: "a.csv".into(), file_name: "a.csv".to_owned(), sheet: None };
        let rehearsal = Rehearsal { file_name: source.file_name.clone(), delimiter: b',' };
        let lines = |number| {
            let mut block = RowBlock::new(1);
            block.push_cell("x,y", crate::sheet::CellKind::Text);
            block.finish_row(number, number);
            let rows = vec![row(number, Standing::Ready, "", &[])];
            rehearsal.write(&block, &CheckedBlock { rows, lines: String::new() })
        };
        let mut rehearsed = Rehearsed::default();
        for block in [lines(2), lines(99), None, lines(3)] {
            rehearsed.push(block).unwrap();
        }
        rehearsed.truncate(3);
        rehearsed.push(lines(4)).unwrap();
        assert_eq!(
            [0, 2, 3, 4].map(|block| rehearsed.settle(block, SheetId(1), block as u32)),
            [true, false, true, false]
        );
        let mut text = Vec::new();
        let copied = [3, 1, 2, 0].map(|ordinal| rehearsed.copy((SheetId(1), ordinal), &mut text).unwrap());
        assert_eq!(copied, [true, false, false, true]);
        let line =
            |number| format!("{number},,not-sent,dry-run,good; a dry run sends nothing,'=K{number},,,,,,\"x,y\"\r\n");
        assert_eq!(String::from_utf8(text).unwrap(), line(4) + &line(2));
    }
}
