//! `NAME.results.csv`: one line per data row, in row order, with what became of it and every original cell.

use std::borrow::Cow;
use std::collections::HashSet;
use std::io::Write as _;

use super::blocks::{Blocks, Wanted};
use super::line::RowLine;
use super::target::Target;
use super::{Counted, ResultSettings};
use crate::corrections::after::{After, Correction};
use crate::error::RunError;
use crate::finding::Finding;
use crate::ledger::{ChunkId, Ledger, Run, SheetId, SheetRecord, blob};
use crate::outcome::{RowOutcome, Status, code};
use crate::plan::SheetFacts;
use crate::plan::history::RowFate;
use crate::plan::verdict::{LentVerdict, RowVerdict};
use crate::sheet::input::RESULT_HEADINGS;
use crate::sheet::{RowBlock, column_letters};

/// A row as it is written.
pub struct Written<'w> {
    /// Its sheet.
    pub(super) sheet: &'w SheetRecord,
    /// What planning decided.
    pub(super) verdict: &'w LentVerdict<'w>,
    /// What became of it.
    pub(super) fate: &'w RowFate<'w>,
    /// The row that stands for it now.
    pub(super) now: Option<&'w Correction>,
    /// What is said of it.
    pub(super) told: &'w Told<'w>,
    /// The block that holds its cells, none where they were purged, and its place in there.
    pub(super) cells: (Option<&'w RowBlock>, usize),
    /// Where each column of the results stands in the sheet.
    pub(super) columns: &'w [Option<usize>],
}

/// What is said of a row in its first cells, behind its number and sheet.
pub struct Told<'t> {
    pub(super) status: Status,
    pub(super) code: Cow<'t, str>,
    pub(super) message: Cow<'t, str>,
    pub(super) key: &'t str,
    pub(super) remote_id: &'t str,
    /// Of its upload: request id, number, attempts, when it was settled.
    pub(super) sent: [&'t str; 4],
}

/// Takes rows of which more than their line is written.
pub type Seeing<'c> = dyn FnMut(&Written<'_>) -> Result<(), RunError> + 'c;

/// Copies the lines of a block that were written before, and counts them; false where there are none.
pub(super) type Copying<'c> = dyn FnMut((SheetId, u32), &mut Target, &mut Counted) -> Result<bool, RunError> + 'c;

/// Writes all sheets of one input, counts their rows, and shows those that are wanted.
pub(super) fn write(
    (ledger, run, after): (&dyn Ledger, &Run, &mut After<'_>),
    sheets: &[(SheetRecord, SheetFacts)],
    settings: &ResultSettings,
    (target, counted): (&mut Target, &mut Counted),
    (wanted, reports): (Wanted, bool),
    (see, copy): (&mut Seeing<'_>, &mut Copying<'_>),
) -> Result<(), RunError> {
    let originals = original_headings(sheets);
    target.write_all(&head(&originals, settings)).map_err(|error| target.failed(error))?;
    for (sheet, facts) in sheets {
        let mut first = 0;
        while copy((sheet.id, first), target, counted)? {
            first += 1;
        }
        let blocks = Blocks::of((ledger, run), (sheet, facts), &originals, settings, (wanted, reports));
        if after.knows(sheet.id)? {
            blocks.each_corrected(after, see, (target, counted))?;
        } else {
            blocks.each(first, see, (target, counted))?;
        }
    }
    Ok(())
}

/// What results begin with: their headings, and those of the sheets.
pub(super) fn head(originals: &[String], settings: &ResultSettings) -> Vec<u8> {
    let mark: &[u8] = if settings.bom { b"\xEF\xBB\xBF" } else { b"" };
    let mut line = RowLine::new(settings.delimiter, mark.to_vec());
    for heading in RESULT_HEADINGS {
        line.cell(heading);
    }
    for name in originals {
        line.cell(&own(name));
    }
    line.end();
    line.finish()
}

/// Visits the rows of a sheet as they were read, block by block; no block where they were purged.
pub fn each_block(
    ledger: &dyn Ledger,
    sheet: &SheetRecord,
    mut visit: impl FnMut(&RowBlock) -> Result<(), RunError>,
) -> Result<(), RunError> {
    for ordinal in 0.. {
        let Some(packed) = ledger.row_block(sheet.rows_of, ordinal)? else { break };
        visit(&blob::unpack(&packed)?)?;
    }
    Ok(())
}

/// Visits the verdicts of a sheet in row order.
pub fn each_verdict(
    ledger: &dyn Ledger,
    sheet: &SheetRecord,
    mut visit: impl FnMut(&RowVerdict) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let mut ordinal = 0;
    while let Some(packed) = ledger.verdict_block(sheet.id, ordinal)? {
        let verdicts: Vec<RowVerdict> = blob::unpack(&packed)?;
        verdicts.iter().try_for_each(&mut visit)?;
        ordinal += 1;
    }
    Ok(())
}

/// The headings of all sheets of an input, each once, in the order they first stand.
pub(super) fn original_headings(sheets: &[(SheetRecord, SheetFacts)]) -> Vec<String> {
    let mut seen = HashSet::new();
    let headings = sheets.iter().flat_map(|(_, facts)| &facts.header.columns);
    headings.filter(|heading| seen.insert(heading.as_str())).cloned().collect()
}

/// A heading of the sheet, told apart from ours.
pub(super) fn own(heading: &str) -> Cow<'_, str> {
    if RESULT_HEADINGS.iter().any(|ours| ours.eq_ignore_ascii_case(heading)) {
        Cow::Owned(format!("sheet_{heading}"))
    } else {
        Cow::Borrowed(heading)
    }
}

/// Writes what is said of a row.
pub(super) fn our_cells(line: &mut RowLine, sheet: &SheetRecord, verdict: &LentVerdict<'_>, told: &Told<'_>) {
    line.cell(&verdict.number.to_string());
    line.cell(sheet.sheet_name.as_deref().unwrap_or_default());
    for cell in [told.status.as_str(), &told.code, &told.message, told.key, told.remote_id] {
        line.cell(cell);
    }
    for cell in told.sent {
        line.cell(cell);
    }
}

impl<'t> Told<'t> {
    pub(super) fn of(
        sheet: &SheetRecord,
        verdict: &LentVerdict<'t>,
        fate: &'t RowFate<'_>,
        sent: [&'t str; 4],
    ) -> Self {
        let outcome = fate.outcome();
        let place = (sheet.file_name.as_str(), sheet.sheet_name.as_deref());
        let (code, message) = told_of(place, (verdict.number, verdict.line_number), &verdict.findings, outcome);
        let remote_id = outcome.remote_id.as_deref().unwrap_or_default();
        Self { status: outcome.status, code, message, key: verdict.key, remote_id, sent }
    }

    /// Of a row that another one stands for now: all of it is the other one's, but for the place.
    pub(super) fn corrected(now: &'t Correction, sent: [&'t str; 4]) -> Self {
        let (code, message) = told(&now.sheet, &now.verdict, &now.fate);
        let outcome = now.fate.outcome();
        Self {
            status: outcome.status,
            code: joined(code::CORRECTED, std::iter::once(code)).into(),
            message: joined(&format!("corrected: {}", now.label()), std::iter::once(message)).into(),
            key: &now.verdict.key,
            remote_id: outcome.remote_id.as_deref().unwrap_or_default(),
            sent,
        }
    }
}

/// What is said of a row's chunk: request id, number, attempts, and when it was settled. Rows of one chunk follow each
/// other, so it is put into words once for all of them.
pub(super) struct SentCells<'s> {
    run: &'s Run,
    settings: &'s ResultSettings,
    /// The chunk and whether its time is shown, with the cells.
    last: Option<((ChunkId, bool), [String; 4])>,
}

impl<'s> SentCells<'s> {
    pub(super) fn new(run: &'s Run, settings: &'s ResultSettings) -> Self {
        Self { run, settings, last: None }
    }

    pub(super) fn of(&mut self, fate: &RowFate<'_>) -> [&str; 4] {
        let Some(chunk) = fate.chunk.as_ref().map(|chunk| &chunk.head) else { return [""; 4] };
        let named = (chunk.id, fate.outcome().status != Status::NotSent);
        if self.last.as_ref().is_none_or(|(last, _)| *last != named) {
            let settled = chunk.settled_at.filter(|_| named.1);
            let cells = [
                chunk.request_id.clone().unwrap_or_default(),
                format!("{}/{}", self.run.id, chunk.ordinal),
                chunk.attempts.to_string(),
                settled.map_or_else(String::new, |at| local_time(at, self.settings)),
            ];
            self.last = Some((named, cells));
        }
        let (_, cells) = self.last.as_ref().expect("it was filled just now");
        cells.each_ref().map(String::as_str)
    }
}

/// Code and message of a row: its outcome's and those of all findings.
pub(crate) fn told(sheet: &SheetRecord, verdict: &RowVerdict, fate: &RowFate<'_>) -> (String, String) {
    let place = (sheet.file_name.as_str(), sheet.sheet_name.as_deref());
    let (code, message) = told_of(place, (verdict.number, verdict.line_number), &verdict.findings, fate.outcome());
    (code.into_owned(), message.into_owned())
}

/// The same of a row by file and sheet, number and physical line.
pub(super) fn told_of<'o>(
    place: (&str, Option<&str>),
    row: (u32, u32),
    findings: &[Finding],
    outcome: &'o RowOutcome,
) -> (Cow<'o, str>, Cow<'o, str>) {
    if findings.is_empty() {
        return (Cow::Borrowed(&outcome.code), Cow::Borrowed(&outcome.message));
    }
    let codes = findings.iter().map(|finding| finding.code.as_str().to_owned());
    let sentences = findings.iter().map(|finding| sentence(place, row, finding));
    (joined(&outcome.code, codes).into(), joined(&outcome.message, sentences).into())
}

fn local_time(at: jiff::Timestamp, settings: &ResultSettings) -> String {
    at.to_zoned(settings.timezone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

fn joined(first: &str, rest: impl Iterator<Item = String>) -> String {
    let parts: Vec<String> = std::iter::once(first.to_owned()).chain(rest).filter(|part| !part.is_empty()).collect();
    parts.join("; ")
}

/// Where a row or a cell of it stands: `invoices.xlsx[March]!D17`, `a.csv:118 (line 131)`.
pub(super) fn place((file, sheet): (&str, Option<&str>), (number, line): (u32, u32), column: Option<u16>) -> String {
    match (sheet, column) {
        (Some(name), Some(column)) => format!("{file}[{name}]!{}{number}", column_letters(usize::from(column))),
        (Some(name), None) => format!("{file}[{name}]:{number}"),
        (None, _) if line != 0 => format!("{file}:{number} (line {line})"),
        (None, _) => format!("{file}:{number}"),
    }
}

/// A finding with its place: `invoices.xlsx[March]!D17: baseAmount: ...`.
pub(super) fn sentence(file: (&str, Option<&str>), row: (u32, u32), finding: &Finding) -> String {
    let place = place(file, row, finding.column);
    let field = if finding.field.is_empty() { String::new() } else { format!("{}: ", finding.field) };
    let hint = finding.hint.as_ref().map_or_else(String::new, |hint| format!("; hint: {hint}"));
    format!("{place}: {field}{}{hint}", finding.message)
}
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_of_the_sheet_never_pass_for_ours() {
        assert_eq!(own("Status"), "sheet_Status");
        assert_eq!(own("Invoice No"), "Invoice No");
    }
}
