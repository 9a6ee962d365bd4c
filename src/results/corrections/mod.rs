//! `NAME.corrections.xlsx`: the rows that are left to be corrected, to be given back to the same command.
//!
//! Owns which rows go out and what is said of them. [`book`] writes the workbook, [`shelf`] puts it into place, and
//! [`crate::corrections`] reads what comes back. The one rule: every cell goes out with its original text, as text, so
//! that what nobody touched comes back equal; a row that Excel cannot hold so is named and left out.

pub mod book;
pub mod shelf;

use std::collections::BTreeMap;
use std::path::Path;

use self::book::{Book, Line};
use super::target::Target;
use super::{ResultSettings, RunLabel, csv};
use crate::corrections::RowKey;
use crate::corrections::after::{Correction, is_left};
use crate::corrections::originals::shown_columns;
use crate::error::RunError;
use crate::finding::{Finding, Severity, quote};
use crate::ledger::{Ledger, LedgerError, Run, SheetRecord};
use crate::operation::Operation;
use crate::outcome::{RowOutcome, Status};
use crate::plan::SheetFacts;
use crate::plan::verdict::LentVerdict;
use crate::sheet::RowBlock;

/// Limit: workbooks of one input; each is open until all are written.
const MOST_PARTS: usize = 100;
/// Limit: of the format, in characters of a cell.
const MOST_CELL: usize = 32_767;
/// Limit: of the format, less the columns of ours.
const MOST_COLUMNS: usize = 16_384 - 3;

/// What the rows of one input came to on their way into workbooks.
pub struct Corrections {
    /// The workbooks by part; the part of the only one has no name.
    pub books: BTreeMap<String, Target>,
    /// What a person should know.
    pub warnings: Vec<String>,
}

/// The heading to split by, as the sheets have it.
fn splitting(sheets: &[(SheetRecord, SheetFacts)], asked: Option<&str>) -> Option<String> {
    let asked = asked?.trim().to_lowercase();
    let headings = sheets.iter().flat_map(|(_, facts)| &facts.header.columns);
    headings.into_iter().find(|heading| heading.trim().to_lowercase() == asked).cloned()
}

/// Writes the workbooks of one input, while its rows are gone through.
pub struct Writer<'w> {
    run: &'w Run,
    label: &'w RunLabel,
    sheets: &'w [(SheetRecord, SheetFacts)],
    /// Of each sheet, whether its rows go out.
    goes_out: Vec<bool>,
    settings: &'w ResultSettings,
    place: &'w Path,
    books: BTreeMap<String, Book>,
    warnings: Vec<String>,
    split_by: Option<String>,
}

impl<'w> Writer<'w> {
    /// Begins without a row; `place` is that of an undivided workbook.
    pub fn begin(
        (ledger, run, label): (&dyn Ledger, &'w Run, &'w RunLabel),
        sheets: &'w [(SheetRecord, SheetFacts)],
        settings: &'w ResultSettings,
        place: &'w Path,
    ) -> Result<Self, LedgerError> {
        let split_by = splitting(sheets, settings.split_by.as_deref());
        let (books, mut warnings, mut goes_out) = (BTreeMap::new(), Vec::new(), Vec::new());
        if let Some(column) = settings.split_by.as_ref().filter(|_| split_by.is_none()) {
            warnings.push(format!(
                "--split-by: no sheet has the column {}; the corrections are one workbook",
                quote(column)
            ));
        }
        for (sheet, facts) in sheets {
            let fits = facts.header.columns.len() <= MOST_COLUMNS;
            if !fits {
                warnings.push(format!("{}: has too many columns for a corrections workbook", sheet.file_name));
            }
            goes_out.push(fits && ledger.purges(sheet.run)?.is_empty());
        }
        Ok(Self { run, label, sheets, goes_out, settings, place, books, warnings, split_by })
    }

    /// Takes a row, if it is left to be corrected.
    pub fn add(&mut self, row: &csv::Written<'_>) -> Result<(), RunError> {
        if !is_left(row.fate.outcome()) {
            return Ok(());
        }
        let outcome = row.now.map_or(row.fate.outcome(), |now| now.fate.outcome());
        let (Some(block), at) = row.cells else { return Ok(()) };
        let known = self.sheets.iter().position(|(sheet, _)| sheet.id == row.sheet.id);
        let Some(sheet) = known.filter(|sheet| self.goes_out[*sheet] && is_left(outcome)) else { return Ok(()) };
        let (sheet, facts) = &self.sheets[sheet];
        self.row((sheet, facts), (block, at), row.verdict, (outcome, row.now))
    }

    /// The workbooks.
    pub fn finish(self) -> Result<Corrections, RunError> {
        let mut targets = BTreeMap::new();
        for (part, book) in self.books {
            let path = shelf::of_part(self.place, &part);
            let mut target = Target::create(&path, self.settings)?;
            book.finish(&mut target).map_err(|error| target.failed(error))?;
            targets.insert(part, target);
        }
        Ok(Corrections { books: targets, warnings: self.warnings })
    }

    fn row(
        &mut self,
        (sheet, facts): (&SheetRecord, &SheetFacts),
        (block, at): (&RowBlock, usize),
        verdict: &LentVerdict<'_>,
        (outcome, now): (&RowOutcome, Option<&Correction>),
    ) -> Result<(), RunError> {
        let columns = shown_columns(facts);
        let cells: Vec<&str> = columns.iter().map(|(column, _)| block.text(at, *column)).collect();
        if cells.iter().any(|cell| cell.len() > MOST_CELL && cell.encode_utf16().count() > MOST_CELL) {
            self.warnings.push(format!(
                "{}:{}: a cell is longer than Excel takes; the row is not in the corrections: correct it in the sheet itself",
                sheet.file_name, verdict.number
            ));
            return Ok(());
        }
        let part = self.part_of(facts, block, at);
        // What the last correction met is what stands in the way now; its columns are those of another workbook.
        let findings: Vec<Finding> = match now {
            Some(now) => {
                now.verdict.findings.iter().map(|finding| Finding { column: None, ..finding.clone() }).collect()
            }
            None => verdict.findings.clone(),
        };
        let marks = marks(self.run, &findings, facts, &columns);
        let key = RowKey { ledger: self.label.ledger.clone(), sheet: sheet.id, row: verdict.number };
        let place = now.map_or_else(|| format!("row {} of {}", verdict.number, sheet.file_name), Correction::label);
        let words = to_do(self.run, outcome, &findings, (&place, facts));
        let headings: Vec<&str> = columns.iter().map(|(_, heading)| heading.as_str()).collect();
        let line = Line { words: &words, key: &key.text(), cells: &cells, marks: &marks };
        let failed = |cause| RunError::Results { path: self.place.display().to_string(), cause };
        let book = match self.books.entry(part) {
            std::collections::btree_map::Entry::Occupied(book) => book.into_mut(),
            std::collections::btree_map::Entry::Vacant(entry) => entry.insert(Book::begin(self.run, self.label)),
        };
        let is_unknown = outcome.status == Status::Unknown;
        book.line(sheet, is_unknown, &headings, &line).map_err(failed)
    }

    /// The name of the workbook that a row goes into.
    fn part_of(&self, facts: &SheetFacts, block: &RowBlock, at: usize) -> String {
        let Some(heading) = &self.split_by else { return String::new() };
        let column = facts.header.columns.iter().position(|name| name == heading);
        let part = shelf::part_name(column.map_or("", |column| block.text(at, column)));
        let same = self.books.keys().find(|known| known.to_lowercase() == part.to_lowercase());
        match same {
            Some(same) => same.clone(),
            None if self.books.len() + 1 < MOST_PARTS => part,
            None => shelf::OTHERS.to_owned(),
        }
    }
}

/// The cells that are at fault, by their place among the cells shown, each with what is said of it.
fn marks(run: &Run, findings: &[Finding], facts: &SheetFacts, columns: &[(usize, String)]) -> BTreeMap<usize, String> {
    let mut marks: BTreeMap<usize, String> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.severity == Severity::Error) {
        let column = finding.column.map(usize::from).or_else(|| column_of(run, finding, facts));
        let Some(at) = column.and_then(|column| columns.iter().position(|(known, _)| *known == column)) else {
            continue;
        };
        let hint = finding.hint.as_ref().map_or_else(String::new, |hint| format!("\nHint: {hint}"));
        let note = format!("{}{hint}", finding.message);
        marks.entry(at).and_modify(|notes| *notes = format!("{notes}\n{note}")).or_insert(note);
    }
    marks
}

/// The column that fills the field of a finding.
fn column_of(run: &Run, finding: &Finding, facts: &SheetFacts) -> Option<usize> {
    facts.mapping.column_of(Operation::by_name(&run.operation)?.field_index(&finding.field)?)
}

/// What is to be done with a row, in plain words.
fn to_do(run: &Run, outcome: &RowOutcome, findings: &[Finding], (place, facts): (&str, &SheetFacts)) -> String {
    let why = if outcome.message.is_empty() { outcome.code.as_str() } else { outcome.message.as_str() };
    match outcome.status {
        Status::Unknown => {
            format!(
                "Nothing to do in this row ({place}): it was sent, and nobody knows yet whether Enkash has it. {why}. \"arload runs reconcile {}\" looks it up.",
                run.id
            )
        }
        Status::Rejected => {
            format!(
                "Enkash refused the row ({place}): {why}. Correct it, or write retry to send it as it is, or drop to be done with it."
            )
        }
        Status::NotSent => format!(
            "The row came back as it was ({place}). Write retry to send it as it is, or drop to be done with it."
        ),
        _ => {
            let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
            let sentences: Vec<String> = errors.map(|finding| sentence(finding, facts)).collect();
            let what = if sentences.is_empty() { why.to_owned() } else { sentences.join("; ") };
            format!("Correct the row ({place}): {what}. Or write drop to be done with it.")
        }
    }
}

/// A finding under the heading of its column.
fn sentence(finding: &Finding, facts: &SheetFacts) -> String {
    let heading = finding.column.and_then(|column| facts.header.columns.get(usize::from(column)));
    let name = heading.map_or(finding.field.as_str(), String::as_str);
    let name = if name.is_empty() { String::new() } else { format!("{name}: ") };
    let hint = finding.hint.as_ref().map_or_else(String::new, |hint| format!(" ({hint})"));
    format!("{name}{}{hint}", finding.message)
}

/// Whether rows of a run go out to be corrected: not those of a dry run, of one that only reads, or of one that was
/// stopped before anything was sent, whose sheet has to be given again whole.
pub fn goes_out(run: &Run, settings: &ResultSettings) -> bool {
    let reads = Operation::by_name(&run.operation).is_none_or(Operation::reads);
    !reads && run.state != crate::ledger::RunState::Closed && settings.durable && !settings.renews
}
