//! Reads sheets whose documents have several rows: a survey of the whole sheet, then its documents block by block.
//!
//! Blocks stay as they were read, so that the ledger keeps the same rows however they are joined; only the checking
//! goes by documents, which may reach over several blocks. A block is handed on once every document that begins in it
//! is complete. The one rule: every row of the sheet comes out once, with its document.

use std::collections::HashSet;

use compact_str::CompactString;
use rayon::prelude::*;

use super::batch::{map, read_batch};
use super::gate::BadRows;
use super::hidden;
use super::read::Reading;
use super::refusal::{self, Refusal, unjoinable};
use super::worker::{Done, Worker};
use crate::check::dates;
use crate::check::record::{CheckedBlock, CheckedRow, Labels, Standing};
use crate::error::RunError;
use crate::finding::{Code, Finding, Severity};
use crate::group::Surveyed;
use crate::group::columns::Columns;
use crate::group::follow::{Follower, Step, hash};
use crate::group::join::{Joined, Joiner, Line};
use crate::group::settle::Context;
use crate::group::survey::{Survey, shifted_rows};
use crate::mapping;
use crate::outcome::Amounts;
use crate::sheet::open::SheetEnd;
use crate::sheet::{DropReason, RowBlock, SheetSource, input};

/// What the survey of a sheet found.
pub(super) struct Found {
    pub(super) surveyed: Surveyed,
    /// The order of each column of dates, from all rows.
    pub(super) orders: Vec<dates::ColumnOrder>,
    /// The file as it was before.
    pub(super) stamp: Option<(u64, std::time::SystemTime)>,
}

/// Surveys a sheet; none where nothing is joined, or where reading it will say what is wrong.
pub(super) fn survey(source: &SheetSource, reading: &Reading<'_>) -> Result<Result<Option<Found>, Refusal>, RunError> {
    let operation = reading.operation;
    if !reading.settings.mapping.group || !mapping::joins(operation) {
        return Ok(Ok(None));
    }
    let recognise = |heading: &str| mapping::recognises(operation, heading);
    let stamp = input::stamp(&source.path);
    let mut orders: Option<Vec<dates::ColumnOrder>> = None;
    loop {
        let mut open = source.open(&reading.of_sheet(source), &recognise)?;
        let mut batch = read_batch(&mut open)?;
        let Ok(mapping) = map(source, &open, &batch, reading) else { return Ok(Ok(None)) };
        let Some(grouping) = mapping.grouping.as_ref().filter(|_| !batch.is_empty()) else { return Ok(Ok(None)) };
        let date_columns = dates::columns(operation, &mapping, reading.rules.period);
        let mut evidence = dates::Evidence::new(&date_columns);
        for block in &batch {
            evidence.add(block);
        }
        let used = orders.take().unwrap_or_else(|| reading.orders(source, &evidence));
        let columns = Columns::new(operation, &mapping, &used);
        let headings = open.header.columns.clone();
        let refused = |why| unjoinable(&source.label(), &headings, &why);
        let mut survey = Survey::new(operation, &columns, Context::new(operation, &mapping, &columns));
        let mut evidence = dates::Evidence::new(&date_columns);
        let mut shown = hidden::Shown::new(reading);
        while !batch.is_empty() {
            for block in &batch {
                evidence.add(block);
                shown.add(block);
                if let Err(why) = survey.add(block) {
                    return Ok(Err(refused(why)));
                }
            }
            if reading.stop.asked() {
                return Err(RunError::Interrupted);
            }
            batch = read_batch(&mut open)?;
        }
        let better = reading.orders(source, &evidence);
        if dates::overturned(&used, &better) {
            orders = Some(better);
            continue;
        }
        let told = grouping.told.then_some(grouping.line_columns.as_slice());
        let heading = headings.iter().position(|heading| !heading.trim().is_empty()).unwrap_or(0);
        let end = open.finish();
        if let Some((row, text)) = doubtful_total(&end, heading) {
            return Ok(Err(refusal::doubtful_total(&source.label(), row, &text)));
        }
        let mut surveyed = match survey.finish(told) {
            Ok(surveyed) => surveyed,
            Err(why) => return Ok(Err(refused(why))),
        };
        if end.dropped.counts.contains_key(&DropReason::Hidden) {
            surveyed.hidden = shown.documents_with_hidden_rows(source, reading, &columns)?;
        }
        return Ok(Ok(Some(Found { surveyed, orders: better, stamp })));
    }
}

/// A row that was left out as the total or balance of something and may be a line that is called so: its label stands in
/// a column of items. A plain total is held against the rows, and needs no doubt.
fn doubtful_total(end: &SheetEnd, first_heading: usize) -> Option<(u32, String)> {
    let totals = end.dropped.first.iter().filter(|row| row.reason == DropReason::Total);
    totals.into_iter().find_map(|row| {
        let label = row.cells.iter().position(|cell| !cell.trim().is_empty())?;
        let text = row.cells[label].trim();
        let lower = text.to_lowercase();
        let is_special = lower.starts_with("total for ") || lower.ends_with(" balance");
        (label > first_heading && is_special).then(|| (row.number, text.to_owned()))
    })
}

/// Blocks on their way to their documents.
pub(super) struct Joining<'s> {
    columns: &'s Columns,
    joiner: Joiner<'s>,
    follower: Follower<'s>,
    waiting: Vec<Waiting>,
    /// Of the documents that begin in waiting blocks and are complete, in order.
    identities: Vec<u64>,
    /// The document that began in a block handed on.
    open: Option<Open>,
}

struct Waiting {
    block: RowBlock,
    steps: Vec<Step>,
    shifted: Vec<usize>,
}

/// A document whose rows are being handed on.
struct Open {
    elsewhere: Vec<(u32, Finding)>,
    key: CompactString,
    labels: Labels,
    /// Rows handed on.
    rows: u32,
}

/// The documents that begin in one block.
struct BlockDocuments {
    checked: CheckedBlock,
    elsewhere: Vec<Vec<(u32, Finding)>>,
    copies: [i128; 5],
    cells: Vec<u64>,
    bad: BadRows,
    evidence: dates::Evidence,
}

impl<'s> Joining<'s> {
    pub(super) fn new(columns: &'s Columns, joiner: Joiner<'s>) -> Self {
        let follower = Follower::new(columns);
        Self { columns, joiner, follower, waiting: Vec::new(), identities: Vec::new(), open: None }
    }

    /// Takes the blocks that were read; an empty batch is the end of the sheet.
    pub(super) fn add(&mut self, batch: Vec<RowBlock>) {
        if batch.is_empty() && !self.waiting.is_empty() {
            self.identities.push(self.follower.key().identity(self.columns));
        }
        for block in batch {
            let shifted = shifted_rows(&block);
            let mut steps = Vec::with_capacity(block.len());
            for row in 0..block.len() {
                steps.push(self.follower.step(&block, row, shifted.contains(&row)));
                let finished = self.follower.take_finished();
                self.identities.extend(finished.map(|key| key.identity(self.columns)));
            }
            self.waiting.push(Waiting { block, steps, shifted });
        }
    }

    /// Checks the documents of all blocks that are complete, and hands these on; of all blocks at the end.
    pub(super) fn check(&mut self, end: bool, worker: &Worker<'_>) -> Vec<Done> {
        let last_start = self.waiting.iter().rposition(|waiting| waiting.steps.iter().any(|step| is_start(*step)));
        let ready = if end { self.waiting.len() } else { last_start.unwrap_or_default() };
        let counts =
            self.waiting[..ready].iter().map(|waiting| waiting.steps.iter().filter(|step| is_start(**step)).count());
        let mut firsts = Vec::with_capacity(ready);
        let documents = counts.fold(0, |before, count| {
            firsts.push(before);
            before + count
        });
        let checked: Vec<BlockDocuments> = firsts
            .into_par_iter()
            .enumerate()
            .map(|(index, first)| self.check_block(index, &self.identities[first..], worker))
            .collect();
        self.identities.drain(..documents);
        let waiting: Vec<Waiting> = self.waiting.drain(..ready).collect();
        let expanded: Vec<(RowBlock, BlockDocuments)> = waiting
            .into_iter()
            .zip(checked)
            .map(|(waiting, mut documents)| {
                documents.checked = self.expand(&waiting, documents.checked, documents.elsewhere.drain(..));
                (waiting.block, documents)
            })
            .collect();
        let pack = |(block, documents): (RowBlock, BlockDocuments)| {
            let BlockDocuments { checked, copies, cells, bad, evidence, .. } = documents;
            worker.pack(&block, checked, evidence, bad, (copies, cells))
        };
        expanded.into_par_iter().map(pack).collect()
    }

    /// The rows of the document that begins at a row, over as many blocks as it takes.
    fn lines(&self, index: usize, row: usize) -> Vec<Line<'_>> {
        let after = self.waiting[index + 1..].iter().map(|waiting| (waiting, 0));
        let mut lines = Vec::new();
        for (waiting, from) in std::iter::once((&self.waiting[index], row)).chain(after) {
            for row in from..waiting.block.len() {
                let step = waiting.steps[row];
                if is_start(step) && !lines.is_empty() {
                    return lines;
                }
                lines.push(Line { block: &waiting.block, row, step, shifted: waiting.shifted.contains(&row) });
            }
        }
        lines
    }

    fn check_block(&self, index: usize, identities: &[u64], worker: &Worker<'_>) -> BlockDocuments {
        let waiting = &self.waiting[index];
        let starts = waiting.steps.iter().enumerate().filter(|(_, step)| is_start(**step)).map(|(row, _)| row);
        let lines: Vec<Vec<Line<'_>>> = starts.map(|row| self.lines(index, row)).collect();
        let mut rows = RowBlock::new(waiting.block.columns());
        let (mut joined, mut facts) = (Vec::with_capacity(lines.len()), Vec::with_capacity(lines.len()));
        let (mut copies, mut bad) = ([0; 5], BadRows::default());
        for (lines, identity) in lines.iter().zip(identities) {
            let mut document = self.joiner.join(lines, *identity, &mut rows);
            facts.push(std::mem::take(&mut document.document));
            joined.push(document);
        }
        let mut checked = worker.checker.check_documents(&rows, &facts);
        let mut elsewhere = Vec::with_capacity(lines.len());
        for ((row, mut joined), lines) in checked.rows.iter_mut().zip(joined).zip(&lines) {
            place_findings(row, &mut joined, lines);
            if row.standing == Standing::Invalid {
                bad.add(row.findings.iter().chain(joined.elsewhere.iter().map(|(_, finding)| finding)));
            }
            copies.iter_mut().zip(joined.copies).for_each(|(sum, copies)| *sum += copies);
            elsewhere.push(joined.elsewhere);
        }
        let mut evidence = dates::Evidence::new(worker.date_columns);
        evidence.add(&waiting.block);
        let cells = lines.iter().map(|lines| hash_of_cells(lines)).collect();
        BlockDocuments { checked, elsewhere, copies, cells, bad, evidence }
    }

    /// One row for each row of the block: the first of a document has its record, the others go with it.
    fn expand(
        &mut self,
        waiting: &Waiting,
        documents: CheckedBlock,
        mut elsewhere: impl Iterator<Item = Vec<(u32, Finding)>>,
    ) -> CheckedBlock {
        let CheckedBlock { rows: documents, lines, facts } = documents;
        let mut documents = documents.into_iter();
        let mut rows = Vec::with_capacity(waiting.block.len());
        for (row, step) in waiting.steps.iter().enumerate() {
            if is_start(*step) {
                let document = documents.next().expect("every document was checked");
                self.open = Some(Open {
                    elsewhere: elsewhere.next().expect("every document was checked"),
                    key: document.key.clone(),
                    labels: document.labels.clone(),
                    rows: 1,
                });
                rows.push(document);
            } else {
                let open = self.open.as_mut().expect("the first row of a sheet begins a document");
                rows.push(open.next_row(&waiting.block, row));
            }
        }
        CheckedBlock { rows, lines, facts }
    }
}

impl Open {
    fn next_row(&mut self, block: &RowBlock, row: usize) -> CheckedRow {
        let offset = self.rows;
        self.rows += 1;
        let own = self.elsewhere.iter().filter(|(at, _)| *at == offset);
        let (number, line) = (block.number(row), block.line(row));
        CheckedRow {
            number,
            line_number: if line == number { 0 } else { line },
            standing: Standing::Joined,
            findings: own.map(|(_, finding)| finding.clone()).collect(),
            key: self.key.clone(),
            guard: None,
            amounts: Amounts::default(),
            labels: self.labels.clone(),
            columns: 0,
            line: 0..0,
        }
    }
}

/// Over every cell of a document's rows: what is sent may be the same for other lines.
fn hash_of_cells(lines: &[Line<'_>]) -> u64 {
    let texts = |line: &Line<'_>| line.block.cells(line.row).map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    hash(&lines.iter().map(texts).collect::<Vec<_>>())
}

fn is_start(step: Step) -> bool {
    matches!(step, Step::Starts { .. })
}

/// Puts findings to the rows whose cells they are about; the first row says where a fault is that it does not have.
fn place_findings(row: &mut CheckedRow, joined: &mut Joined, lines: &[Line<'_>]) {
    if matches!(row.standing, Standing::Excluded { .. }) {
        // What is wrong with a document that is not meant to be sent is nobody's business.
        joined.elsewhere.clear();
        return;
    }
    let origin = |finding: &Finding| {
        let found = joined.origins.iter().find(|(column, _)| Some(*column) == finding.column);
        // Rows that differ are named in the message, and the document as a whole is at fault.
        let is_of_a_field = finding.code != Code::DocumentLinesDiffer && !finding.field.is_empty();
        // Cells that fill no field come from one row, too.
        let is_of_none = matches!(finding.code, Code::DocumentDoubtful | Code::CurrencyNotInr);
        found.filter(|_| is_of_a_field || is_of_none).map(|(_, at)| *at)
    };
    let (moved, kept): (Vec<_>, Vec<_>) =
        row.findings.drain(..).map(|finding| (origin(&finding), finding)).partition(|(at, _)| at.is_some());
    row.findings = kept.into_iter().map(|(_, finding)| finding).collect();
    joined.elsewhere.extend(moved.into_iter().filter_map(|(at, finding)| at.map(|at| (at, finding))));
    if row.standing == Standing::Invalid && !row.has_error() {
        let fault = joined.elsewhere.iter().find(|(_, finding)| finding.severity == Severity::Error);
        let Some((at, finding)) = fault.or(joined.elsewhere.first()) else { return };
        let line = lines[*at as usize];
        let message = format!("row {} of the document is at fault ({})", line.block.number(line.row), finding.code);
        row.findings.push(Finding {
            code: Code::DocumentInvalid,
            severity: Severity::Error,
            field: String::new(),
            column: None,
            message,
            hint: None,
        });
    }
}

/// Documents of a sheet with item columns; the second row of one shows a line-level export.
#[derive(Default)]
pub(super) struct Documents {
    seen: HashSet<u64>,
}

impl Documents {
    pub(super) fn repeated(&mut self, block: &CheckedBlock) -> Option<String> {
        block.rows.iter().find_map(|row| {
            let continues = row.key.is_empty() && row.labels.document.is_empty() && !self.seen.is_empty();
            let mut hasher = blake3::Hasher::new();
            hasher.update(row.key.as_bytes()).update(b"\0").update(row.labels.document.as_bytes());
            let hash = u64::from_le_bytes(hasher.finalize().as_bytes()[..8].try_into().expect("eight bytes"));
            let again = !row.key.is_empty() && !self.seen.insert(hash);
            (continues || again).then(|| format!("row {} \"{}\"", row.number, row.key))
        })
    }
}
