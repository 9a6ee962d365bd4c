//! Reads and checks sheets, block by block on all threads, and lets them wait for planning.
//!
//! Owns the order of things: blocks are checked in parallel and kept in row order, the next batch is read while one is
//! checked, and a sheet whose later rows overturn the day/month order is read again. The one rule: a sheet is taken
//! whole or refused whole.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::SheetFacts;
use super::batch::{map, read_batch};
use super::gate::BadRows;
use super::likeness::Likenesses;
use super::progress::SheetInProgress;
use super::refusal::{Refusal, changed, falling, line_level, no_rows};
use super::spare::Spare;
use super::waiting::Waiting;
use super::worker::{Done, Worker};
use super::{group, notes};
use crate::check::record::{CheckedRow, Standing};
use crate::check::totals::{grand_total_mismatch, not_held};
use crate::check::{Checker, Rules, dates};
use crate::config::{self, Settings};
use crate::corrections::Correcting;
use crate::dedupe::Keys;
use crate::error::RunError;
use crate::event::{Event, Observer};
use crate::group::columns::Columns;
use crate::group::join::Joiner;
use crate::mapping::{self, Mapping};
use crate::operation::Operation;
use crate::outcome::Sum;
use crate::results::ResultSettings;
use crate::results::rehearsal::Rehearsal;
use crate::sheet::input::{SETTLING, stamp};
use crate::sheet::open::{OpenSheet, SheetEnd};
use crate::sheet::{DropReason, SheetSource};
use crate::stop::Stop;

// Limit: rows are counted in 32 bits all through; more belong into several runs.
const MAX_ROWS: u32 = 1 << 30;

/// What reading needs.
pub struct Reading<'a> {
    /// What is done to the rows.
    pub operation: &'static Operation,
    /// Everything the run is told.
    pub settings: &'a Settings,
    /// What rows are checked against.
    pub rules: Rules<'a>,
    /// Asked between batches.
    pub stop: &'a Stop,
    /// Hears of progress.
    pub observer: &'a dyn Observer,
    /// How the results of a dry run are written, whose lines are worked out at once; none in every other run.
    pub results: Option<ResultSettings>,
    /// The sheets of a corrections workbook, where the file is one.
    pub corrections: &'a [Arc<Correcting>],
    /// Whether cells are packed as the ledger keeps them while others are read: not where they are not kept, or may be
    /// there already.
    pub packs: bool,
}

impl Reading<'_> {
    /// What is known of a sheet that brings corrections back.
    pub(super) fn correcting(&self, source: &SheetSource) -> Option<&Arc<Correcting>> {
        self.corrections.iter().find(|correcting| source.sheet.as_ref() == Some(&correcting.sheet))
    }

    /// How a sheet is read: of corrections, from the headings on, wherever somebody has put them.
    pub(super) fn of_sheet(&self, source: &SheetSource) -> Cow<'_, config::Reading> {
        let reading = &self.settings.reading;
        self.correcting(source).map_or(Cow::Borrowed(reading), |correcting| {
            Cow::Owned(config::Reading { header_row: Some(correcting.header_row), ..reading.clone() })
        })
    }

    /// The order of each column of dates: of corrections, as their run found it.
    pub(super) fn orders(&self, source: &SheetSource, evidence: &dates::Evidence) -> Vec<dates::ColumnOrder> {
        let told = self.settings.reading.date_order;
        self.correcting(source)
            .map_or_else(|| evidence.decide(told), |correcting| evidence.decide_as(told, &correcting.orders))
    }
}

/// Everything that was read, waiting to be planned.
pub struct ReadRun<'r> {
    /// The checked rows.
    pub waiting: Waiting<'r>,
    /// The keys of the good ones.
    pub keys: Keys,
    /// Last documents of sheets whose next sheet begins with a row that names none, each with that row.
    pub going_on: Vec<(u32, u32)>,
    /// The last row of a sheet before, if a document that goes begins there.
    last_document: Option<u32>,
    /// What they may look like.
    pub likenesses: Likenesses,
    /// The sheets that were taken, in order.
    pub sheets: Vec<ReadSheet>,
    /// Rows of all sheets.
    pub rows: u32,
    /// Rupees of all rows, added up as they were read.
    pub read: Sum,
    /// Rows that count against the gates.
    pub bad: BadRows,
    /// Over every upload line and every row's standing: what another reading of the same cells would change. A dry run,
    /// whose plan is compared with none, may have no lines.
    pub shape: blake3::Hasher,
}

/// One sheet that was taken.
pub struct ReadSheet {
    /// Where it is.
    pub source: SheetSource,
    /// The path that the ledger keeps and results stand beside.
    pub shown: PathBuf,
    /// Identity of its cells.
    pub content: [u8; 32],
    /// Header, mapping and notes.
    pub facts: SheetFacts,
    /// Its blocks in the spool.
    pub blocks: std::ops::Range<usize>,
    /// Its first row, counted over all sheets.
    pub first_row: u32,
    /// Month that its invoices had to be dated in: of `--period` or of its control file.
    pub period: Option<(i16, i8)>,
    /// Where another table begins below it that is not read, and how many rows it has.
    pub other_table: Option<(u32, u64)>,
    /// Which rows of an earlier run its rows correct, if they do.
    pub correcting: Option<Arc<Correcting>>,
    /// What all its rows show, a sentence each: how they were joined, and what its own total says. Among the notes, too.
    pub said_of_rows: Vec<String>,
}

impl ReadSheet {
    /// Whether the sheet came from a file of its own name, and not through standard input.
    pub fn named(&self) -> bool {
        std::path::absolute(&self.source.path).is_ok_and(|path| path == self.shown)
    }
}

impl<'r> ReadRun<'r> {
    /// Nothing read yet.
    pub fn new() -> Result<Self, RunError> {
        Ok(Self {
            waiting: Waiting::new()?,
            keys: Keys::default(),
            going_on: Vec::new(),
            last_document: None,
            likenesses: Likenesses::default(),
            sheets: Vec::new(),
            rows: 0,
            read: Sum::default(),
            bad: BadRows::default(),
            shape: blake3::Hasher::new_derive_key("arload run shape 1"),
        })
    }

    /// Reads one sheet to its end; a refusal leaves no trace of it.
    ///
    /// `shown` is the path that the ledger keeps and results stand beside; another one than the source's for standard
    /// input.
    pub fn take(
        &mut self,
        source: &SheetSource,
        shown: &Path,
        reading: &Reading<'r>,
    ) -> Result<Option<Refusal>, RunError> {
        let (blocks, first_row, read, bad) = (self.waiting.len(), self.rows, self.read, self.bad);
        let (shape, likenesses) = (self.shape.clone(), self.likenesses.len());
        let mut orders = None;
        let mut waited = false;
        loop {
            let stamp = stamp(&source.path);
            let pass = group::survey(source, reading).and_then(|found| match found {
                Ok(found) => self.read_once(source, shown, reading, orders.as_deref(), found.as_ref()),
                Err(refusal) => Ok(Pass::Refused(refusal)),
            });
            let refusal = match pass {
                Ok(Pass::Taken) => return Ok(None),
                Ok(Pass::OrderOverturned(better)) => {
                    orders = Some(better);
                    None
                }
                Ok(Pass::Refused(refusal)) => Some(refusal),
                // The wish to stop may have ended whatever was reading.
                Err(RunError::Sheet(_)) if reading.stop.asked() => return Err(RunError::Interrupted),
                Err(RunError::Sheet(error)) => Some(error.into()),
                Err(error) => return Err(error),
            };
            self.waiting.truncate(blocks);
            self.keys.truncate(first_row);
            self.going_on.retain(|(_, next)| *next < first_row);
            self.likenesses.truncate(likenesses);
            (self.rows, self.read, self.bad) = (first_row, read, bad);
            self.shape = shape.clone();
            let Some(refusal) = refusal else { continue };
            // A file that is being written may look like anything; it is given time to settle, once.
            if stamp == self::stamp(&source.path) {
                return Ok(Some(refusal));
            }
            if waited {
                return Ok(Some(changed(&source.label())));
            }
            (waited, orders) = (true, None);
            if reading.stop.wait(SETTLING) {
                return Err(RunError::Interrupted);
            }
        }
    }

    fn read_once(
        &mut self,
        source: &SheetSource,
        shown: &Path,
        reading: &Reading<'r>,
        orders: Option<&[dates::ColumnOrder]>,
        found: Option<&group::Found>,
    ) -> Result<Pass, RunError> {
        let operation = reading.operation;
        let recognise = |heading: &str| mapping::recognises(operation, heading);
        let stamp = found.map_or_else(|| stamp(&source.path), |found| found.stamp);
        let mut open = source.open(&reading.of_sheet(source), &recognise)?;
        let label = source.label();
        let mut batch = read_batch(&mut open)?;
        let mut mapping = match map(source, &open, &batch, reading) {
            Ok(mapping) => mapping,
            Err(refusal) => {
                return Ok(Pass::Refused(Refusal { message: format!("{label}: {}", refusal.message), ..refusal }));
            }
        };
        if batch.is_empty() && source.sheet.is_some() {
            return Ok(Pass::Refused(no_rows(&label, open.header.number)));
        }
        let date_columns = dates::columns(operation, &mapping, reading.rules.period);
        let mut evidence = dates::Evidence::new(&date_columns);
        for block in &batch {
            evidence.add(block);
        }
        let orders = match orders.or(found.map(|found| found.orders.as_slice())) {
            Some(orders) => orders.to_vec(),
            None => reading.orders(source, &evidence),
        };
        if let Some((grouping, found)) = mapping.grouping.as_mut().zip(found) {
            grouping.line_columns.clone_from(&found.surveyed.line_columns);
        }
        let headings = open.header.columns.clone();
        let columns = Columns::new(operation, &mapping, &orders);
        let mut joining = found.map(|found| {
            let joiner = Joiner::new(operation, &columns, &headings, &found.surveyed, &reading.rules);
            group::Joining::new(&columns, joiner)
        });
        let checker = Checker::new(operation, &mapping, &orders, &reading.rules);
        // A line that waits for an id, or for its document's first row, is planning's.
        let rehearsed = reading.results.as_ref().filter(|_| operation.creates() && joining.is_none());
        let correcting = reading.correcting(source).map(AsRef::as_ref);
        let spare = Spare::default();
        let worker = Worker {
            correcting,
            spare: &spare,
            checker: &checker,
            date_columns: &date_columns,
            packs: reading.packs,
            rehearsal: rehearsed.and_then(|results| Rehearsal::of(source, shown, &open.header, results)),
        };

        if let Some(rehearsal) = &worker.rehearsal {
            let columns = headings.len();
            self.waiting.begin_sheet(operation, (&mapping, &orders), reading.rules, (columns, rehearsal))?;
        }
        let mut sheet = SheetInProgress::new(&open, self, operation, dates::Evidence::new(&date_columns));
        sheet.documents = (mapping.item_columns && joining.is_none()).then(group::Documents::default);
        // While one batch is checked, the one before it is kept and the one behind it is read.
        let mut checked = Vec::new();
        loop {
            let end = batch.is_empty();
            let kept = std::mem::take(&mut checked);
            let went_on = !kept.is_empty();
            let check = || match &mut joining {
                Some(joining) => {
                    joining.add(batch);
                    joining.check(end, &worker)
                }
                None => batch.into_par_iter().map(|block| worker.check(&block)).collect(),
            };
            let keep_and_read = || {
                let refusal = self.keep_all(&mut sheet, &label, kept, &spare);
                (refusal, if end { Ok(Vec::new()) } else { read_batch(&mut open) })
            };
            let (done, (refusal, next)) = rayon::join(check, keep_and_read);
            if let Some(refusal) = refusal? {
                return Ok(Pass::Refused(refusal));
            }
            if went_on {
                reading.observer.event(&Event::Checked { rows: u64::from(self.rows), total: self.read.total });
            }
            if reading.stop.asked() {
                return Err(RunError::Interrupted);
            }
            checked = done;
            if !checked.is_empty() && (end || next.is_err()) {
                // What was read before the end, or before a fault, is heard first.
                if let Some(refusal) = self.keep_all(&mut sheet, &label, std::mem::take(&mut checked), &spare)? {
                    return Ok(Pass::Refused(refusal));
                }
                reading.observer.event(&Event::Checked { rows: u64::from(self.rows), total: self.read.total });
            }
            batch = next?;
            if end {
                break;
            }
        }
        if stamp != self::stamp(&source.path) {
            return Ok(Pass::Refused(changed(&label)));
        }
        drop(joining);
        let dates = match sheet.settled_dates((&label, source), &orders, reading) {
            Ok(notes) => notes,
            Err(pass) => return Ok(pass),
        };
        self.finish_sheet((source, shown), open, sheet, (mapping, orders), &dates, reading)?;
        Ok(Pass::Taken)
    }

    /// Keeps a batch in row order, unless something in it speaks against the whole sheet.
    fn keep_all(
        &mut self,
        sheet: &mut SheetInProgress,
        label: &str,
        batch: Vec<Done>,
        spare: &Spare,
    ) -> Result<Option<Refusal>, RunError> {
        for mut done in batch {
            sheet.hasher.add_written(&done.content);
            spare.give(std::mem::take(&mut done.content));
            sheet.evidence.merge(&done.evidence);
            if let Some(repeated) = sheet.documents.as_mut().and_then(|documents| documents.repeated(&done.checked)) {
                return Ok(Some(line_level(label, &repeated)));
            }
            if let Some(number) = sheet.falls(&done.checked) {
                return Ok(Some(falling(label, number)));
            }
            self.keep(sheet, &mut done, spare)?;
        }
        if self.rows > MAX_ROWS {
            return Err(RunError::Input {
                message: format!("{label}: more than {MAX_ROWS} rows in one run"),
                hint: "split the sheet".to_owned(),
            });
        }
        Ok(None)
    }

    fn keep(&mut self, sheet: &mut SheetInProgress, done: &mut Done, spare: &Spare) -> Result<(), RunError> {
        self.waiting.push(self.rows, done, spare)?;
        self.shape.update(&(done.checked.lines.len() as u64).to_le_bytes()).update(done.checked.lines.as_bytes());
        let mut cells = done.cells.iter();
        for row in &done.checked.rows {
            if row.standing != Standing::Joined {
                self.follow(sheet, row, cells.next().copied());
            }
            if let Some(guard) = row.guard.as_ref().filter(|_| row.standing == Standing::Ready) {
                self.keys.add(guard, self.rows);
                self.likenesses.add(row, self.rows)?;
            }
            self.rows += 1;
        }
        self.read.merge(&done.read);
        sheet.read.merge(&done.read);
        sheet.sums.merge(&done.sums);
        self.shape.update(&done.standings);
        self.bad.merge(done.bad);
        sheet.copies.iter_mut().zip(done.copies).for_each(|(sum, copies)| *sum += copies);
        Ok(())
    }

    /// Keeps what another sheet of the run may say against a record.
    fn follow(&mut self, sheet: &mut SheetInProgress, row: &CheckedRow, cells: Option<u64>) {
        if let Some(guard) = row.guard.as_ref().filter(|_| row.standing == Standing::Invalid && sheet.invoices) {
            self.keys.add_invalid(guard, self.rows);
        }
        let Some(cells) = cells else { return };
        if self.rows == sheet.first_row && row.key.is_empty() {
            self.going_on.extend(self.last_document.map(|last| (last, self.rows)));
        }
        let ready = row.standing == Standing::Ready;
        if ready {
            self.keys.add_cells(self.rows, cells);
        }
        sheet.last_document = ready.then_some(self.rows);
    }

    fn finish_sheet(
        &mut self,
        (source, shown): (&SheetSource, &Path),
        open: OpenSheet,
        sheet: SheetInProgress,
        (mapping, orders): (Mapping, Vec<dates::ColumnOrder>),
        dates: &[String],
        reading: &Reading<'_>,
    ) -> Result<(), RunError> {
        let header = open.header.clone();
        let mut notes = open.notes.clone();
        notes.extend(mapping.notes.iter().cloned());
        notes.extend(notes::unmapped(&mapping));
        notes.extend(dates.iter().cloned());
        let correcting = reading.correcting(source);
        if let Some(correcting) = correcting {
            notes.clone_from(&correcting.notes);
        }
        let end = open.finish();
        refuse_unit_below(source, &mapping, &end)?;
        notes.extend(notes::left_out(&end));
        // Its hidden column is ours.
        notes.retain(|note| correcting.is_none() || !note.starts_with("hidden columns"));
        let mut said_of_rows: Vec<String> = notes::joined(&mapping, &header.columns, &sheet.read).into_iter().collect();
        said_of_rows.extend(compare_total(source, &mapping, &sheet, &end, reading)?);
        notes.extend(said_of_rows.iter().cloned());
        self.last_document = sheet.last_document;
        let rows = sheet.read.rows;
        if rows == 0 {
            notes.push(format!("there are no rows below the headings of row {}", header.number));
        }
        reading.observer.event(&Event::SheetRead { sheet: source.label(), rows, notes: notes.clone() });
        self.sheets.push(ReadSheet {
            source: source.clone(),
            shown: shown.to_owned(),
            content: sheet.hasher.finish(),
            facts: SheetFacts { header, mapping, orders, read: sheet.read, notes },
            blocks: sheet.first_block..self.waiting.len(),
            first_row: sheet.first_row,
            period: reading.rules.period,
            other_table: end.other_table,
            correcting: correcting.cloned(),
            said_of_rows,
        });
        Ok(())
    }
}

/// A remark below the rows may say what one above the headings does: that the amounts count lakhs.
fn refuse_unit_below(source: &SheetSource, mapping: &Mapping, end: &SheetEnd) -> Result<(), RunError> {
    let remarks = end.dropped.first.iter().filter(|row| row.reason == DropReason::Note);
    let remarks: Vec<(u32, String)> = remarks.map(|row| (row.number, row.text.clone())).collect();
    mapping::refuse_announced_unit(&remarks, mapping).map_err(|error| RunError::Input {
        message: format!("{}: {error}; nothing was sent", source.label()),
        hint: error.hint().unwrap_or_default(),
    })
}

/// Holds the sheet's own grand total against its rows: a gap stops the run unless the settings take it.
///
/// An amount that a document repeats on every row may stand in the total once for each row; that is said and taken.
fn compare_total(
    source: &SheetSource,
    mapping: &Mapping,
    sheet: &SheetInProgress,
    end: &SheetEnd,
    reading: &Reading<'_>,
) -> Result<Vec<String>, RunError> {
    let Some(total) = end.dropped.stated_total() else { return Ok(Vec::new()) };
    let gaps = grand_total_mismatch(reading.operation, mapping, &total.cells, &sheet.sums);
    let by_rows = grand_total_mismatch(reading.operation, mapping, &total.cells, &sheet.sums.with(sheet.copies));
    let place = format!("{}:{}", source.label(), total.number);
    let (gaps, repeated): (Vec<_>, Vec<_>) =
        gaps.into_iter().partition(|gap| by_rows.iter().any(|other| other.field == gap.field));
    let notes = repeated.iter().map(|gap| {
        let letters = crate::sheet::column_letters(gap.column);
        format!("{place}: the total of column {letters} ({}) counts an amount on every row of its document", gap.field)
    });
    let mut notes: Vec<String> = notes.collect();
    let not_held = not_held(reading.operation, mapping, &total.cells, &sheet.sums);
    notes.extend(not_held.map(|why| format!("{place}: the total was not held against the rows, because {why}")));
    let Some(gap) = gaps.first() else { return Ok(notes) };
    let message = format!("{place}: {gap}");
    if reading.settings.gate.accept_total_mismatch {
        notes.push(format!("{message}; taken, as accept-total-mismatch says"));
        return Ok(notes);
    }
    Err(RunError::Input {
        message: format!("{message}; nothing was sent"),
        hint: "rows may be missing or counted twice; accept-total-mismatch = true takes the sheet as it is".to_owned(),
    })
}

/// How one reading of a sheet ended.
pub(super) enum Pass {
    Taken,
    OrderOverturned(Vec<dates::ColumnOrder>),
    Refused(Refusal),
}
