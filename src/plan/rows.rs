//! Gives each row its verdict and place, and stores rows, verdicts, chunks and keys of the plan that was begun.
//!
//! Leaves what the guard and the gates say to [`super::write`](mod@super::write). The one rule: rows are judged in their order, once each.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use super::decide::{Deciding, Decision};
use super::drafts::{Draft, Drafts, Verdicts};
use super::gate::Withheld;
use super::history::History;
use super::likeness::Alike;
use super::read::{ReadRun, ReadSheet};
use super::seed;
use super::spool::Spooled;
use super::storing::{Batch, JudgedBlock, PackedBatch, PackedBlock};
use super::verdict::{Destiny, RowVerdict};
use super::write::{Planning, Spoken, key_kind};
use crate::check::named;
use crate::check::record::{CheckedBlock, CheckedRow, Standing};
use crate::chunk::{ChunkLimits, Cutter, FullChunk, Group};
use crate::corrections::{Correcting, Treatment, unclear};
use crate::dedupe::{Earlier, Keys, Verdict};
use crate::error::RunError;
use crate::finding::{Code, Finding, Severity};
use crate::ledger::{LedgerError, NewChunk, NewSheet, RunId, SheetId, blob};
use crate::operation::{Key, RequestKind};
use crate::outcome::{RowOutcome, Status, code};
use crate::platform;
use crate::results::rehearsal;

/// Limit: so many blocks keep every thread busy, and are some megabytes.
const BLOCKS_AT_ONCE: usize = 8;

/// What was written of a plan.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Written {
    /// Records in chunks.
    pub(super) documents: u64,
    /// Further rows of these records.
    pub(super) joined: u64,
    pub(super) chunks: u64,
    /// Records of the first chunk.
    pub(super) first: u64,
}

pub(super) struct Writer<'a> {
    pub(super) planning: &'a Planning<'a>,
    pub(super) run: RunId,
    pub(super) deciding: Deciding<'a>,
    pub(super) history: Option<History<'a>>,
    pub(super) cutter: Cutter,
    /// What the last plain row had in common with the others of its file.
    pub(super) group: Option<Group>,
    /// Files that are full and not stored yet.
    pub(super) full: Vec<FullChunk>,
    pub(super) spoken: Spoken,
    pub(super) alike: std::iter::Peekable<std::vec::IntoIter<Alike>>,
    pub(super) withheld: Option<&'a Withheld>,
    pub(super) written: Written,
    /// The last row that is no further line of a document: its number and where it goes.
    pub(super) document: Option<(u32, Destiny)>,
    /// What is to be done with the rows of the sheet, where they correct rows of an earlier run.
    pub(super) correcting: Option<Arc<Correcting>>,
    /// Whether the sheet's rows are joined into documents.
    pub(super) joins: bool,
    /// Rows whose keys are held, counted over all sheets, with their numbers; 8 bytes a row.
    pub(super) held: Vec<(u32, u32)>,
    /// What the sheet says of the row being judged: the id that the API gave it. For seeding only.
    pub(super) remote_id: Option<String>,
    /// Of operations on invoices: what each row is about, with its number and line.
    pub(super) named: HashMap<String, (u32, String)>,
    /// Where each sheet begins, counted over all sheets.
    pub(super) starts: Vec<(u32, SheetId)>,
}

impl Writer<'_> {
    /// Judges a sheet's rows; one that is `alone` in its results may have had its lines rehearsed.
    pub(super) fn write_sheet(
        &mut self,
        ordinal: u32,
        sheet: &ReadSheet,
        alone: bool,
        read: &mut ReadRun<'_>,
    ) -> Result<(), RunError> {
        let ledger = self.planning.ledger;
        let facts = serde_json::to_string(&sheet.facts).expect("sheet facts have string keys only");
        let stored = ledger.rows_with_content(&sheet.content)?;
        let id = ledger.add_sheet(
            self.run,
            &NewSheet {
                ordinal,
                path: &platform::text_of_path(&sheet.shown),
                file_name: &sheet.source.file_name,
                sheet_name: sheet.source.sheet.as_deref(),
                content: sheet.content,
                facts: &facts,
                rows_of: stored,
            },
        )?;
        let keeps_cells = stored.is_none();
        self.starts.push((sheet.first_row, id));
        self.document = None;
        self.joins = sheet.facts.mapping.grouping.is_some();
        self.correcting.clone_from(&sheet.correcting);
        if let Some(correcting) = sheet.correcting.as_ref().filter(|_| !self.planning.settings.mode.dry_run) {
            ledger.add_correction(id, correcting.of, &blob::pack(&correcting.links))?;
        }
        let rehearsed = alone && self.withheld.is_none();
        let plain = self.goes_plainly();
        let (mut judged, mut packed) = (Batch::default(), PackedBatch::default());
        let mut next = sheet.blocks.start;
        while next < sheet.blocks.end {
            if rehearsed && read.waiting.has_lines(next) {
                self.tell_block(next, (id, (next - sheet.blocks.start) as u32), read)?;
                next += 1;
                continue;
            }
            let range = next..sheet.blocks.end.min(next + BLOCKS_AT_ONCE);
            next = range.end;
            let (kept, stored) = (judged, packed);
            // What was judged last is packed by all threads, while what was packed before is stored, and the next judged.
            (judged, packed) = rayon::in_place_scope(|scope| {
                let (give, take) = crossbeam_channel::bounded(1);
                scope.spawn(move |_| give.send(kept.pack()).unwrap_or_default());
                self.store_batch(id, &stored)?;
                let spooled = read.waiting.blocks(range.clone())?;
                let judged = self.judge_batch(sheet, (range.start, spooled), (keeps_cells, plain), read)?;
                Ok::<_, RunError>((judged, take.recv().expect("packing gives what it packed")))
            })?;
        }
        self.store_batch(id, &packed)?;
        self.store_batch(id, &judged.pack())
    }

    /// Tells the rows of a block anew of which something is said, and lets all its lines go into the results.
    fn tell_block(&mut self, block: usize, place: (SheetId, u32), read: &mut ReadRun<'_>) -> Result<(), RunError> {
        let rows = read.waiting.rows_of(block, read.rows);
        while let Some(row) = self.next_spoken(rows.end) {
            let (checked, at) = read.waiting.row(row)?;
            let verdict = self.judge(row, &checked.rows[at], &checked, read)?;
            read.waiting.tell(row, &checked.rows[at], &verdict);
            // What was said of the row is said, whatever came of it.
            while self.alike.next_if(|alike| alike.row <= row).is_some() {}
        }
        read.waiting.settle(block, place.0, place.1);
        Ok(())
    }

    /// Judges the rows of blocks that follow each other.
    fn judge_batch(
        &mut self,
        sheet: &ReadSheet,
        (first, spooled): (usize, Vec<Spooled>),
        (keeps_cells, plain): (bool, bool),
        read: &mut ReadRun<'_>,
    ) -> Result<Batch, RunError> {
        let seeds = self.planning.settings.mode.seed;
        let id_column = seed::id_column(self.planning.operation, &sheet.facts).filter(|_| seeds);
        let mut batch = Batch::default();
        for (block, Spooled { cells, checked }) in (first..).zip(spooled) {
            let mut verdicts = Verdicts::of(checked.len());
            let mut ids = seed::ids(id_column, &cells)?.into_iter();
            let rows = read.waiting.rows_of(block, read.rows);
            let mut spoken = self.next_spoken(rows.end);
            for (index, at) in rows.clone().zip(0..checked.len()) {
                self.remote_id = ids.next();
                let draft = checked.draft(at);
                if plain && draft.plain && spoken != Some(index) {
                    let placed = self.place_plainly(index, &checked, &draft);
                    verdicts.push_placed(&checked, &draft, placed);
                    continue;
                }
                let row = checked.row(at)?;
                verdicts.push(&self.judge(index, &row.rows[0], &row, read)?);
                // What was said of the row is said, whatever came of it.
                while self.alike.next_if(|alike| alike.row <= index).is_some() {}
                spoken = self.next_spoken(rows.end);
            }
            let ordinal = (block - sheet.blocks.start) as u32;
            batch.blocks.push(JudgedBlock { ordinal, cells: keeps_cells.then_some(cells), verdicts });
        }
        batch.chunks = std::mem::take(&mut self.full);
        Ok(batch)
    }

    /// Whether a row of the sheet that is good, and of which nothing is said, goes into a chunk without further ado.
    fn goes_plainly(&self) -> bool {
        let Planning { operation, settings, .. } = self.planning;
        // A row of those operations that know no key may be about the record of another row.
        let alone = operation.key != Key::None && operation.request != RequestKind::Ids;
        let free = self.withheld.is_none() && self.correcting.is_none() && !self.joins;
        alone && free && !settings.mode.dry_run && !settings.mode.seed
    }

    fn place_plainly(&mut self, index: u32, drafts: &Drafts, draft: &Draft) -> (u32, u32) {
        let account = drafts.account(draft);
        let same = |group: &Group| group.columns == draft.columns && group.account_id == account;
        let group = match self.group.take().filter(same) {
            Some(group) => group,
            None => Group::of(self.planning.operation, account, draft.columns, ""),
        };
        let (placed, full) = self.cutter.place(&group, drafts.line(draft));
        self.group = Some(group);
        self.full.extend(full);
        self.written.documents += 1;
        if draft.guarded {
            self.held.push((index, draft.number));
        }
        (placed.ordinal, placed.line)
    }

    fn store_batch(&mut self, sheet: SheetId, batch: &PackedBatch) -> Result<(), RunError> {
        let ledger = self.planning.ledger;
        for PackedBlock { ordinal, cells, numbers, verdicts } in &batch.blocks {
            if let Some(cells) = cells {
                ledger.add_rows(sheet, *ordinal, cells)?;
            }
            if let Some(numbers) = numbers {
                ledger.add_verdicts(sheet, *ordinal, *numbers, verdicts)?;
            }
        }
        for (chunk, payload) in &batch.chunks {
            self.store(chunk, payload)?;
        }
        Ok(())
    }

    /// The next row before `end` of which something is said beside its checks.
    fn next_spoken(&mut self, end: u32) -> Option<u32> {
        let spoken = self.spoken.peek().map(|(row, ..)| *row);
        let next = spoken.into_iter().chain(self.alike.peek().map(|alike| alike.row)).min();
        next.filter(|row| *row < end)
    }

    fn judge(
        &mut self,
        index: u32,
        row: &CheckedRow,
        block: &CheckedBlock,
        read: &mut ReadRun<'_>,
    ) -> Result<RowVerdict, RunError> {
        if row.standing == Standing::Joined {
            return Ok(self.join(row));
        }
        let mut findings = row.findings.clone();
        let treatment = self.treatment(row.number);
        let decision = match self.spoken.next_if(|(spoken, ..)| *spoken == index) {
            Some((_, verdict, fate)) => {
                // What the API has is remembered as what runs put in is.
                if matches!(verdict, Verdict::AtApi { .. }) && self.withheld.is_none() {
                    self.held.push((index, row.number));
                }
                self.deciding.decide(verdict, fate.as_ref(), block, row, &mut read.waiting, &mut self.history)?
            }
            None => Decision::Send,
        };
        let ended = match (&row.standing, decision) {
            (_, _) if matches!(treatment, Some(Treatment::Done(_))) => treatment.and_then(Treatment::outcome),
            (Standing::Invalid, _) if matches!(treatment, Some(Treatment::Unchanged(_))) => {
                Some(RowOutcome::new(Status::Invalid, code::UNCHANGED, ""))
            }
            (Standing::Excluded { .. } | Standing::Invalid, _) => rehearsal::ended(&row.standing),
            (Standing::Ready, Decision::Invalid(finding)) => {
                findings.push(*finding);
                Some(RowOutcome::new(Status::Invalid, "", ""))
            }
            (Standing::Ready, Decision::Ended(outcome)) => Some(outcome),
            (Standing::Ready, Decision::Send) if matches!(treatment, Some(Treatment::Unchanged(_))) => {
                treatment.and_then(Treatment::outcome)
            }
            // The guard does not know it, but its original has gone as another record.
            (Standing::Ready, Decision::Send) if matches!(treatment, Some(Treatment::Known(_))) => {
                findings.extend(treatment.and_then(Treatment::words).map(unclear));
                Some(RowOutcome::new(Status::Invalid, "", ""))
            }
            (Standing::Ready, Decision::Send) => {
                let doubtful = self.tell_alike(index, row, &mut findings);
                if doubtful { Some(RowOutcome::new(Status::Invalid, "", "")) } else { self.held_back(index, row) }
            }
            (Standing::Joined, _) => unreachable!("further lines of a document were joined above"),
        };
        let destiny = match ended {
            Some(outcome) => Destiny::Ended(outcome),
            None => match self.line_with_id(row, block) {
                Ok(line) => match self.same_record(row.number, &line) {
                    None => self.place(index, row, &line),
                    Some(Ok(outcome)) => Destiny::Ended(outcome),
                    Some(Err(finding)) => {
                        findings.push(*finding);
                        Destiny::Ended(RowOutcome::new(Status::Invalid, "", ""))
                    }
                },
                Err(finding) => {
                    findings.push(*finding);
                    Destiny::Ended(RowOutcome::new(Status::Invalid, "", ""))
                }
            },
        };
        if self.joins {
            self.document = Some((row.number, destiny.clone()));
        }
        Ok(RowVerdict {
            number: row.number,
            line_number: row.line_number,
            destiny,
            findings,
            key: row.key.clone(),
            amounts: row.amounts,
            labels: row.labels.clone(),
        })
    }

    /// What is to be done with a row that corrects another; one that was changed, or is to be tried again, goes though its
    /// original was rejected.
    fn treatment(&mut self, number: u32) -> Option<Treatment> {
        let treatment = self.correcting.as_ref().map(|correcting| correcting.of_row(number).clone());
        let again = matches!(treatment, Some(Treatment::Send | Treatment::Retry));
        self.deciding.retry_rejected = self.planning.settings.mode.retry_rejected || again;
        treatment
    }

    /// Adds what a row looks like to its findings; true where the profile makes that an error.
    fn tell_alike(&mut self, index: u32, row: &CheckedRow, findings: &mut Vec<Finding>) -> bool {
        let Some(alike) = self.alike.next_if(|alike| alike.row == index) else { return false };
        let severity = self.planning.weigh_alike();
        findings.push(alike.finding(severity, &row.key, self.deciding.place));
        severity == Severity::Error
    }

    /// A further line of the document above, which decides about it.
    fn join(&mut self, row: &CheckedRow) -> RowVerdict {
        let (first, document) = self.document.clone().expect("a document begins with a row of its own");
        let mut findings = row.findings.clone();
        match &document {
            Destiny::Ended(outcome) if outcome.status == Status::Invalid => {
                findings.push(Finding {
                    code: Code::DocumentInvalid,
                    severity: Severity::Error,
                    field: String::new(),
                    column: None,
                    message: format!("belongs to the document of row {first}, which is invalid"),
                    hint: None,
                });
            }
            Destiny::Ended(_) => {}
            _ => self.written.joined += 1,
        }
        RowVerdict {
            number: row.number,
            line_number: row.line_number,
            destiny: Destiny::Joined { first, document: Box::new(document) },
            findings,
            key: row.key.clone(),
            amounts: row.amounts,
            labels: row.labels.clone(),
        }
    }

    /// The outcome of a good row that may not go.
    fn held_back(&mut self, index: u32, row: &CheckedRow) -> Option<RowOutcome> {
        if let Some(withheld) = self.withheld {
            return Some(RowOutcome::new(
                Status::NotSent,
                withheld.code,
                format!("nothing was sent: {}", withheld.reason),
            ));
        }
        let mode = &self.planning.settings.mode;
        if mode.dry_run {
            return rehearsal::ended(&row.standing);
        }
        if !mode.seed {
            return None;
        }
        self.hold_key(index, row);
        Some(seed::outcome(self.remote_id.take()))
    }

    /// The upload line of a row; where it names its invoice by number, with the id.
    fn line_with_id<'b>(&self, row: &CheckedRow, block: &'b CheckedBlock) -> Result<Cow<'b, str>, Box<Finding>> {
        let line = block.line(row);
        let Some(number) = named::wanted_number(line) else { return Ok(Cow::Borrowed(line)) };
        let id = self.planning.at_api.ids.resolve(&row.labels.account_id, number)?;
        Ok(Cow::Owned(named::with_id(line, id)))
    }

    /// What becomes of a row that is about the invoice of a row above, named in another way; none where none is.
    fn same_record(&mut self, number: u32, line: &str) -> Option<Result<RowOutcome, Box<Finding>>> {
        let operation = self.planning.operation;
        if operation.key != Key::None || operation.reads() || operation.field("invoiceId").is_none() {
            return None;
        }
        // One invoice may be paid by several payments.
        let fields = if operation.field("paymentId").is_some() { 2 } else { 1 };
        let named = line.trim_end().splitn(fields + 1, ',').take(fields).collect::<Vec<_>>().join(",");
        let Some((above, its_line)) = self.named.get(&named) else {
            self.named.insert(named, (number, line.to_owned()));
            return None;
        };
        if its_line == line {
            let message = format!("the invoice of row {above} in other words");
            return Some(Ok(RowOutcome::new(Status::Excluded, code::DUPLICATE_ROW, message)));
        }
        Some(Err(Box::new(Finding {
            code: Code::DuplicateInSheet,
            severity: Severity::Error,
            field: String::new(),
            column: None,
            message: format!("is about the same invoice as row {above} and says something else of it"),
            hint: Some("keep one of the two rows".to_owned()),
        })))
    }

    fn place(&mut self, index: u32, row: &CheckedRow, line: &str) -> Destiny {
        let group = Group::of(self.planning.operation, &row.labels.account_id, row.columns, line);
        let (placed, full) = self.cutter.place(&group, line);
        self.full.extend(full);
        self.written.documents += 1;
        self.hold_key(index, row);
        Destiny::Chunk { ordinal: placed.ordinal, line: placed.line }
    }

    /// Keeps the key of a row that goes, or went, to the API.
    fn hold_key(&mut self, index: u32, row: &CheckedRow) {
        if row.guard.is_some() {
            self.held.push((index, row.number));
        }
    }

    fn store(&mut self, chunk: &FullChunk, payload: &[u8]) -> Result<(), LedgerError> {
        self.written.chunks += 1;
        if chunk.ordinal == 1 {
            self.written.first = u64::from(chunk.rows);
        }
        self.planning.ledger.add_chunk(
            self.run,
            &NewChunk { ordinal: chunk.ordinal, account_id: &chunk.account_id, rows: chunk.rows, payload },
        )?;
        Ok(())
    }

    pub(super) fn finish(mut self, keys: &Keys) -> Result<Written, RunError> {
        let rest = std::mem::replace(
            &mut self.cutter,
            Cutter::new(self.planning.operation, ChunkLimits { rows: 1, bytes: 1 }),
        );
        for chunk in rest.finish() {
            self.store(&chunk, &blob::compress(&chunk.body))?;
        }
        if !self.planning.operation.is_guarded() {
            return Ok(self.written);
        }
        // By row, counted over all sheets: rows are asked for in the order of their keys, which is none.
        let mut numbers = vec![None; self.held.last().map_or(0, |(last, _)| *last as usize + 1)];
        for (index, number) in &self.held {
            numbers[*index as usize] = Some(*number);
        }
        let place = |row: u32| {
            let number = numbers.get(row as usize).copied().flatten()?;
            let start = self.starts.partition_point(|(first, _)| *first <= row) - 1;
            Some(Earlier { sheet: self.starts[start].1, row: number })
        };
        let Planning { operation, account, ledger, .. } = self.planning;
        keys.each_packed(place, |year, block| ledger.add_keys(self.run, account, key_kind(operation), year, block))?;
        Ok(self.written)
    }
}
