//! `NAME.results.csv`: one line per data row, in row order, with what became of it and every original cell.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::io::Write as _;

use super::ResultSettings;
use super::target::Target;
use crate::error::RunError;
use crate::finding::Finding;
use crate::ledger::{Ledger, LedgerError, Run, SheetRecord, blob};
use crate::outcome::{RowOutcome, Status};
use crate::plan::SheetFacts;
use crate::plan::history::{History, RowFate};
use crate::plan::verdict::RowVerdict;
use crate::sheet::input::RESULT_HEADINGS;
use crate::sheet::{RowBlock, column_letters};

/// Takes the outcome and verdict of each row as it is written.
pub type Count<'c> = dyn FnMut(&RowOutcome, &RowVerdict) + 'c;

/// Writes all sheets of one input.
pub fn write(
    ledger: &dyn Ledger,
    run: &Run,
    history: &mut History<'_>,
    sheets: &[(SheetRecord, SheetFacts)],
    settings: &ResultSettings,
    target: &mut Target,
    count: &mut Count<'_>,
) -> Result<(), RunError> {
    if settings.bom {
        target.write_all(b"\xEF\xBB\xBF").map_err(|error| target.failed(error))?;
    }
    let originals = original_headings(sheets);
    let mut lines = Vec::with_capacity(1 << 16);
    let headings =
        RESULT_HEADINGS.iter().map(|heading| Cow::Borrowed(*heading)).chain(originals.iter().map(|name| own(name)));
    write_line(&mut writer(settings, &mut lines), headings);
    target.write_all(&lines).map_err(|error| target.failed(error))?;

    for (sheet, facts) in sheets {
        // Where each of the input's columns stands in this sheet.
        let mut places = HashMap::new();
        for (place, column) in facts.header.columns.iter().enumerate() {
            places.entry(column).or_insert(place);
        }
        let columns: Vec<Option<usize>> = originals.iter().map(|name| places.get(name).copied()).collect();
        let mut ordinal = 0;
        while let Some(packed) = ledger.row_block(sheet.rows_of, ordinal)? {
            let block: RowBlock = blob::unpack(&packed)?;
            let verdicts = history.block(sheet.id, ordinal)?;
            if verdicts.len() != block.len() {
                return Err(LedgerError::Damaged(format!("block {ordinal} of sheet {}", sheet.id)).into());
            }
            lines.clear();
            let mut writer = writer(settings, &mut lines);
            for (row, verdict) in verdicts.iter().enumerate() {
                let fate = history.fate(run, &verdict.destiny)?;
                let ours = our_cells(run, sheet, verdict, &fate, settings);
                let cells = columns.iter().map(|column| column.map_or("", |column| block.text(row, column)));
                write_line(&mut writer, ours.into_iter().map(Cow::Owned).chain(cells.map(Cow::Borrowed)));
                count(&fate.outcome, verdict);
            }
            drop(writer);
            target.write_all(&lines).map_err(|error| target.failed(error))?;
            ordinal += 1;
        }
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

fn writer<'l>(settings: &ResultSettings, lines: &'l mut Vec<u8>) -> csv::Writer<&'l mut Vec<u8>> {
    csv::WriterBuilder::new()
        .delimiter(settings.delimiter)
        .terminator(csv::Terminator::CRLF)
        .flexible(true)
        .buffer_capacity(1 << 16)
        .from_writer(lines)
}

fn write_line<'c>(writer: &mut csv::Writer<&mut Vec<u8>>, cells: impl Iterator<Item = Cow<'c, str>>) {
    for cell in cells {
        writer.write_field(guarded(&cell)).expect("writing into memory cannot fail");
    }
    writer.write_record(None::<&[u8]>).expect("writing into memory cannot fail");
}

/// A cell as a spreadsheet may read it: never as a formula.
pub(crate) fn guarded(cell: &str) -> String {
    if needs_guard(cell) { format!("'{cell}") } else { cell.to_owned() }
}

/// Whether a spreadsheet would take the cell for a formula.
fn needs_guard(cell: &str) -> bool {
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

/// The headings of all sheets of an input, each once, in the order they first stand.
fn original_headings(sheets: &[(SheetRecord, SheetFacts)]) -> Vec<String> {
    let mut seen = HashSet::new();
    let headings = sheets.iter().flat_map(|(_, facts)| &facts.header.columns);
    headings.filter(|heading| seen.insert(heading.as_str())).cloned().collect()
}

/// A heading of the sheet, told apart from ours.
fn own(heading: &str) -> Cow<'_, str> {
    if RESULT_HEADINGS.iter().any(|ours| ours.eq_ignore_ascii_case(heading)) {
        Cow::Owned(format!("sheet_{heading}"))
    } else {
        Cow::Borrowed(heading)
    }
}

fn our_cells(
    run: &Run,
    sheet: &SheetRecord,
    verdict: &RowVerdict,
    fate: &RowFate,
    settings: &ResultSettings,
) -> Vec<String> {
    let chunk = fate.chunk.as_ref().map(|chunk| &chunk.head);
    let settled = chunk.filter(|_| !matches!(fate.outcome.status, Status::NotSent)).and_then(|chunk| chunk.settled_at);
    let (code, message) = told(sheet, verdict, fate);
    vec![
        verdict.number.to_string(),
        sheet.sheet_name.clone().unwrap_or_default(),
        fate.outcome.status.as_str().to_owned(),
        code,
        message,
        verdict.key.clone(),
        fate.outcome.remote_id.clone().unwrap_or_default(),
        chunk.and_then(|chunk| chunk.request_id.clone()).unwrap_or_default(),
        chunk.map_or_else(String::new, |chunk| format!("{}/{}", run.id, chunk.ordinal)),
        chunk.map_or_else(String::new, |chunk| chunk.attempts.to_string()),
        settled.map_or_else(String::new, |at| local_time(at, settings)),
    ]
}

/// Code and message of a row: its outcome's and those of all findings.
pub(crate) fn told(sheet: &SheetRecord, verdict: &RowVerdict, fate: &RowFate) -> (String, String) {
    let codes = verdict.findings.iter().map(|finding| finding.code.as_str().to_owned());
    let sentences = verdict.findings.iter().map(|finding| sentence(sheet, verdict, finding));
    (joined(&fate.outcome.code, codes), joined(&fate.outcome.message, sentences))
}

fn local_time(at: jiff::Timestamp, settings: &ResultSettings) -> String {
    at.to_zoned(settings.timezone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

fn joined(first: &str, rest: impl Iterator<Item = String>) -> String {
    let parts: Vec<String> = std::iter::once(first.to_owned()).chain(rest).filter(|part| !part.is_empty()).collect();
    parts.join("; ")
}

/// A finding with its place: `invoices.xlsx[March]!D17: baseAmount: ...`.
fn sentence(sheet: &SheetRecord, verdict: &RowVerdict, finding: &Finding) -> String {
    let number = verdict.number;
    let place = match (&sheet.sheet_name, finding.column) {
        (Some(name), Some(column)) => {
            format!("{}[{name}]!{}{number}", sheet.file_name, column_letters(usize::from(column)))
        }
        (Some(name), None) => format!("{}[{name}]:{number}", sheet.file_name),
        (None, _) if verdict.line_number != 0 => format!("{}:{number} (line {})", sheet.file_name, verdict.line_number),
        (None, _) => format!("{}:{number}", sheet.file_name),
    };
    let field = if finding.field.is_empty() { String::new() } else { format!("{}: ", finding.field) };
    let hint = finding.hint.as_ref().map_or_else(String::new, |hint| format!("; hint: {hint}"));
    format!("{place}: {field}{}{hint}", finding.message)
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
    fn headings_of_the_sheet_never_pass_for_ours() {
        assert_eq!(own("Status"), "sheet_Status");
        assert_eq!(own("Invoice No"), "Invoice No");
    }
}
