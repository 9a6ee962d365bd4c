//! `NAME.results.csv`: one line per data row, in row order, with what became of it and every original cell.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::io::Write as _;

use super::ResultSettings;
use super::target::Target;
use crate::corrections::after::{After, Correction};
use crate::error::RunError;
use crate::finding::Finding;
use crate::ledger::{ChunkId, Ledger, LedgerError, Run, SheetId, SheetRecord, blob};
use crate::outcome::{RowOutcome, Status, code};
use crate::plan::SheetFacts;
use crate::plan::history::{History, RowFate};
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

/// Takes each row as it is written.
pub type Seeing<'c> = dyn FnMut(&Written<'_>) -> Result<(), RunError> + 'c;

/// Copies the lines of a block that were written before, and counts them; false where there are none.
pub type Copying<'c> = dyn FnMut((SheetId, u32), &mut Target) -> Result<bool, RunError> + 'c;

/// Writes all sheets of one input.
pub fn write(
    ledger: &dyn Ledger,
    run: &Run,
    (history, after): (&mut History<'_>, &mut After<'_>),
    sheets: &[(SheetRecord, SheetFacts)],
    settings: &ResultSettings,
    target: &mut Target,
    (see, copy): (&mut Seeing<'_>, &mut Copying<'_>),
) -> Result<(), RunError> {
    let originals = original_headings(sheets);
    let mut lines = head(&originals, settings);
    target.write_all(&lines).map_err(|error| target.failed(error))?;

    let mut sent = SentCells::new(run, settings);
    for (sheet, facts) in sheets {
        // Where each of the input's columns stands in this sheet.
        let mut places = HashMap::new();
        for (place, column) in facts.header.columns.iter().enumerate() {
            places.entry(column).or_insert(place);
        }
        let columns: Vec<Option<usize>> = originals.iter().map(|name| places.get(name).copied()).collect();
        // As in every file of one sheet without a heading twice.
        let as_read = (0..facts.header.columns.len()).map(Some).eq(columns.iter().copied());
        let is_corrected = after.knows(sheet.id)?;
        let mut first = 0;
        while copy((sheet.id, first), target)? {
            first += 1;
        }
        let mut take = |block: &Unpacked| -> Result<(), RunError> {
            let verdicts: Vec<LentVerdict<'_>> = blob::read(&block.verdicts)?;
            if block.cells.as_ref().is_some_and(|cells| cells.len() != verdicts.len()) {
                return Err(LedgerError::Damaged(format!("a block of sheet {}", sheet.id)).into());
            }
            lines.clear();
            let mut line = RowLine::new(settings.delimiter, std::mem::take(&mut lines));
            for (row, verdict) in verdicts.iter().enumerate() {
                let fate = history.fate(run, &verdict.destiny)?;
                let now = if is_corrected { after.of(sheet.id, verdict.number, fate.outcome())? } else { None };
                let mut sent_later = now.as_ref().map(|now| SentCells::new(&now.run, settings));
                let told = match now.as_ref().zip(sent_later.as_mut()) {
                    Some((now, sent)) => Told::corrected(now, sent.of(&now.fate)),
                    None => Told::of(sheet, verdict, &fate, sent.of(&fate)),
                };
                our_cells(&mut line, sheet, verdict, &told);
                match &block.cells {
                    Some(cells) if as_read => line.cells(cells, row),
                    cells => {
                        let text = |column| cells.as_ref().map_or("", |cells| cells.text(row, column));
                        for column in &columns {
                            line.cell(column.map_or("", text));
                        }
                    }
                }
                line.end();
                let (cells, now) = ((block.cells.as_ref(), row), now.as_ref());
                see(&Written { sheet, verdict, fate: &fate, now, told: &told, cells, columns: &columns })?;
            }
            lines = line.finish();
            target.write_all(&lines).map_err(|error| target.failed(error))
        };
        // Blocks are unpacked by another thread, while the lines of those before are written.
        rayon::in_place_scope(|scope| {
            let (unpacked, blocks) = crossbeam_channel::bounded(BLOCKS_AHEAD);
            scope.spawn(move |_| {
                for ordinal in first.. {
                    let block = Unpacked::read(ledger, sheet, ordinal);
                    let is_last = !matches!(block, Ok(Some(_)));
                    // Who takes no more of them says why itself.
                    if unpacked.send(block).is_err() || is_last {
                        return;
                    }
                }
            });
            while let Ok(block) = blocks.recv() {
                match block? {
                    Some(block) => take(&block)?,
                    None => break,
                }
            }
            Ok::<(), RunError>(())
        })?;
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

/// Limit: blocks that wait, of some hundred KiB each.
const BLOCKS_AHEAD: usize = 2;

/// A block as the ledger has it, unpacked.
struct Unpacked {
    /// None where they were purged.
    cells: Option<RowBlock>,
    /// The verdicts on its rows, still in one piece.
    verdicts: Vec<u8>,
}

impl Unpacked {
    /// A block of a sheet; none behind the last.
    fn read(ledger: &dyn Ledger, sheet: &SheetRecord, ordinal: u32) -> Result<Option<Self>, LedgerError> {
        let gone = || LedgerError::Damaged(format!("block {ordinal} of sheet {} is gone", sheet.id));
        let cells = ledger.row_block(sheet.rows_of, ordinal)?;
        let Some(packed) = ledger.verdict_block(sheet.id, ordinal)? else {
            return if cells.is_some() { Err(gone()) } else { Ok(None) };
        };
        if cells.is_none() && ledger.purges(sheet.run)?.is_empty() {
            return Err(gone());
        }
        let cells = cells.as_deref().map(blob::unpack).transpose()?;
        Ok(Some(Self { cells, verdicts: blob::decompress(&packed)? }))
    }
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
fn our_cells(line: &mut RowLine, sheet: &SheetRecord, verdict: &LentVerdict<'_>, told: &Told<'_>) {
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
    fn of(sheet: &SheetRecord, verdict: &LentVerdict<'t>, fate: &'t RowFate<'_>, sent: [&'t str; 4]) -> Self {
        let outcome = fate.outcome();
        let place = (sheet.file_name.as_str(), sheet.sheet_name.as_deref());
        let (code, message) = told_of(place, (verdict.number, verdict.line_number), &verdict.findings, outcome);
        let remote_id = outcome.remote_id.as_deref().unwrap_or_default();
        Self { status: outcome.status, code, message, key: verdict.key, remote_id, sent }
    }

    /// Of a row that another one stands for now: all of it is the other one's, but for the place.
    fn corrected(now: &'t Correction, sent: [&'t str; 4]) -> Self {
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
struct SentCells<'s> {
    run: &'s Run,
    settings: &'s ResultSettings,
    /// The chunk and whether its time is shown, with the cells.
    last: Option<((ChunkId, bool), [String; 4])>,
}

impl<'s> SentCells<'s> {
    fn new(run: &'s Run, settings: &'s ResultSettings) -> Self {
        Self { run, settings, last: None }
    }

    fn of(&mut self, fate: &RowFate<'_>) -> [&str; 4] {
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

    #[test]
    fn headings_of_the_sheet_never_pass_for_ours() {
        assert_eq!(own("Status"), "sheet_Status");
        assert_eq!(own("Invoice No"), "Invoice No");
    }
}
