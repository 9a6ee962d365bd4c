//! Decides about every row that was read and stores the plan, in one transaction.
//!
//! The one rule: after it, each row has a verdict, and each verdict that names a chunk names a line that exists.

use super::at_api::{AtApi, Has};
use super::decide::{Deciding, Decision};
use super::gate::{self, BadRows, Withheld};
use super::history::History;
use super::likeness::Alike;
use super::read::{ReadRun, ReadSheet};
use super::verdict::{Destiny, RowVerdict};
use super::{seed, template};
use crate::check::record::{CheckedBlock, CheckedRow, Standing};
use crate::chunk::{ChunkLimits, Cutter, FullChunk, Group};
use crate::config::Settings;
use crate::dedupe::{Earlier, Fate, Keys, Verdict};
use crate::error::RunError;
use crate::finding::{Code, Finding, Severity};
use crate::ledger::{Ledger, LedgerError, NewChunk, NewRun, NewSheet, RunId, RunState, SheetId, blob};
use crate::operation::{Key, Operation};
use crate::outcome::{RowOutcome, Status, code};
use crate::platform;

/// What planning needs.
pub struct Planning<'a> {
    /// What is done to the rows.
    pub operation: &'static Operation,
    /// Everything the run is told.
    pub settings: &'a Settings,
    /// Where the plan goes.
    pub ledger: &'a dyn Ledger,
    /// The ledger with earlier runs; another one than `ledger` in a dry run, none where there is no history.
    pub earlier: Option<&'a dyn Ledger>,
    /// Normalised base URL and company.
    pub account: &'a str,
    /// Open runs whose unsent rows this plan takes over, with the reason; written with the plan or not at all.
    pub superseding: &'a [(RunId, String)],
    /// What the API has of the rows' keys.
    pub at_api: &'a AtApi,
    /// Identity of all sheets together.
    pub content: [u8; 32],
    /// Identity of contents, mappings and the settings that shape the plan.
    pub plan: [u8; 32],
    /// Those settings, as JSON.
    pub plan_settings: &'a str,
    /// Now.
    pub now: jiff::Timestamp,
}

/// What was planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The run.
    pub run: RunId,
    /// Rows that wait in chunks.
    pub rows: u64,
    /// Records that they make; fewer than rows where lines are joined into documents.
    pub documents: u64,
    /// The chunks.
    pub chunks: u64,
    /// Records of the first chunk where it goes alone, because the upload is not proven yet; 0 where it is.
    pub first: u64,
    /// Why nothing may be sent, if so.
    pub withheld: Option<Withheld>,
}

/// What the guard said of rows, and what they look like; both in row order.
type Told = (Vec<(u32, Verdict, Option<Fate>)>, Vec<Alike>);

/// What the guard said, in row order.
type Spoken = std::iter::Peekable<std::vec::IntoIter<(u32, Verdict, Option<Fate>)>>;

impl Planning<'_> {
    /// Decides about every row and stores the plan durably.
    pub fn write(&self, read: &mut ReadRun) -> Result<Planned, RunError> {
        let spoken = self.ask_guard(read)?;
        let alike = self.find_alike(read, &spoken)?;
        let withheld = self.gate(read, &spoken, &alike)?;
        let canary = self.canary(read)?;
        let state = if withheld.is_some() { RunState::Closed } else { RunState::Open };
        let run = self.ledger.begin_plan(&NewRun {
            account: self.account,
            operation: &self.operation.name(),
            state,
            reason: withheld.as_ref().map_or("", |withheld| withheld.reason.as_str()),
            content: self.content,
            plan: self.plan,
            created_at: self.now,
            settings: self.plan_settings,
        })?;
        let written = self.write_rows(run, read, (spoken, alike), withheld.as_ref(), canary).and_then(|written| {
            // A run that sends nothing takes nothing over.
            for (old, reason) in self.superseding.iter().filter(|_| withheld.is_none()) {
                self.ledger.set_run_state(*old, RunState::Superseded, reason, Some(run), self.now)?;
            }
            if self.at_api.begins_history && withheld.is_none() {
                self.ledger.begin_history(self.account, key_kind(self.operation), self.now)?;
            }
            Ok(written)
        });
        let written = match written {
            Ok(written) => written,
            Err(error) => {
                self.ledger.abandon_plan()?;
                return Err(error);
            }
        };
        self.ledger.commit_plan()?;
        Ok(Planned {
            run,
            rows: written.documents + written.joined,
            documents: written.documents,
            chunks: written.chunks,
            first: if canary.is_some() { written.first } else { 0 },
            withheld,
        })
    }

    /// Rows of the first chunk, where the upload is not proven at this host yet.
    fn canary(&self, read: &ReadRun) -> Result<Option<usize>, LedgerError> {
        let template = template::identity(self.operation, read.sheets.iter().map(|sheet| &sheet.facts));
        let proven = self.ledger.canary(self.account, &template)?.is_some_and(|canary| canary.proven);
        Ok(Some(self.settings.sending.canary).filter(|rows| *rows > 0 && !proven))
    }

    fn ask_guard(&self, read: &mut ReadRun) -> Result<Vec<(u32, Verdict, Option<Fate>)>, RunError> {
        if self.operation.key == Key::None {
            return Ok(Vec::new());
        }
        let mut spoken: Vec<(u32, Verdict, Option<Fate>)> =
            read.keys.settle_repeats().into_iter().map(|(row, verdict)| (row, verdict, None)).collect();
        if let Some(ledger) = self.earlier {
            let mut history = History::new(ledger).giving_up(self.superseding.iter().map(|(run, _)| *run).collect());
            let known = read.keys.find_earlier(ledger, self.account, key_kind(self.operation), |earlier| {
                history.weigh(earlier).map_err(RunError::from)
            })?;
            // Whoever waives the first-use check waives what it found.
            let waived = |fate: &Fate| self.settings.mode.first_use && *fate == Fate::Differs;
            let known = known.into_iter().filter(|(_, _, fate)| !waived(fate));
            spoken.extend(known.map(|(row, verdict, fate)| (row, verdict, Some(fate))));
        }
        spoken.extend(self.at_api.rows.iter().enumerate().map(|(index, (row, has))| {
            let same = matches!(has, Has::Same { .. });
            (*row, Verdict::AtApi { index: index as u32, same }, None)
        }));
        // Only the rows of invoices can be parts of one; a customer that stands twice is put in as it stands first.
        let invoices = self.operation.key == Key::Invoice;
        spoken.retain(|(_, verdict, _)| invoices || !matches!(verdict, Verdict::Contradicted(_)));
        spoken.extend(read.going_on.iter().map(|(row, next)| (*row, Verdict::GoesOn(*next), None)));
        // A row is judged once: by what became of it earlier, else by the rows of this run, which may keep it from going.
        spoken.sort_by_key(|(row, verdict, fate)| {
            let rank = match (verdict, fate) {
                // The record that the API has is that of the first row of its key.
                (Verdict::Repeats(_) | Verdict::Contradicts(_), _) | (_, Some(Fate::Stored)) => 0,
                (Verdict::AtApi { same: true, .. }, _) => 1,
                (_, Some(Fate::Held)) => 2,
                (Verdict::AtApi { same: false, .. }, _) | (_, Some(Fate::Differs)) => 3,
                (Verdict::Contradicted(_), _) => 4,
                (Verdict::GoesOn(_), _) => 5,
                (Verdict::Known { .. }, _) => 6,
            };
            (*row, rank)
        });
        spoken.dedup_by_key(|(row, ..)| *row);
        Ok(spoken)
    }

    /// Rows that look like others and of which the guard said nothing, in row order, one likeness each.
    fn find_alike(&self, read: &mut ReadRun, spoken: &[(u32, Verdict, Option<Fate>)]) -> Result<Vec<Alike>, RunError> {
        if read.likenesses.is_empty() {
            return Ok(Vec::new());
        }
        let invoices = self.operation.key == Key::Invoice;
        let mut alike = read.likenesses.in_run(invoices)?;
        if let Some(ledger) = self.earlier.filter(|_| invoices) {
            let mut history = History::new(ledger).giving_up(self.superseding.iter().map(|(run, _)| *run).collect());
            alike.extend(read.likenesses.in_earlier_runs(
                ledger,
                self.account,
                key_kind(self.operation),
                &mut history,
            )?);
            alike.sort_by_key(|alike| alike.row);
        }
        alike.dedup_by_key(|alike| alike.row);
        alike.retain(|alike| spoken.binary_search_by_key(&alike.row, |(row, ..)| *row).is_err());
        Ok(alike)
    }

    /// How much a likeness weighs in this run.
    fn weigh_alike(&self) -> Severity {
        let code = if self.operation.key == Key::Invoice { Code::NumberNearYearEnd } else { Code::CustomerLooksAlike };
        self.settings.severity.get(&code).copied().unwrap_or_else(|| code.severity())
    }

    /// Whether the gates let the run go on; conflicts that the guard found count as invalid rows.
    fn gate(
        &self,
        read: &ReadRun,
        spoken: &[(u32, Verdict, Option<Fate>)],
        alike: &[Alike],
    ) -> Result<Option<Withheld>, RunError> {
        gate::expected(&self.settings.gate, &read.read)?;
        let conflicts = spoken.iter().filter(|(_, verdict, fate)| match verdict {
            Verdict::Contradicts(_) | Verdict::Contradicted(_) | Verdict::GoesOn(_) => true,
            Verdict::Known { same, .. } => *fate == Some(Fate::Differs) || (!same && *fate == Some(Fate::Stored)),
            Verdict::AtApi { same, .. } => !same,
            Verdict::Repeats(_) => false,
        });
        let invalid = conflicts.count() + if self.weigh_alike() == Severity::Error { alike.len() } else { 0 };
        let bad = BadRows { invalid: read.bad.invalid + invalid as u64, ..read.bad };
        Ok(gate::bad_rows(&self.settings.gate, &read.read, bad))
    }

    fn write_rows(
        &self,
        run: RunId,
        read: &mut ReadRun,
        (spoken, alike): Told,
        withheld: Option<&Withheld>,
        canary: Option<usize>,
    ) -> Result<Written, RunError> {
        let limits =
            ChunkLimits { rows: self.settings.sending.max_chunk_rows, bytes: self.settings.sending.max_chunk_bytes };
        let labels: Vec<(u32, String)> =
            read.sheets.iter().map(|sheet| (sheet.first_row, sheet.source.label())).collect();
        let place = |row: u32, number: u32| {
            let index = labels.partition_point(|(first, _)| *first <= row).saturating_sub(1);
            format!("{}:{number}", labels[index].1)
        };
        let mut writer = Writer {
            planning: self,
            run,
            deciding: Deciding {
                operation: self.operation,
                ledger: self.earlier,
                joined: self.settings.mapping.group,
                retry_rejected: self.settings.mode.retry_rejected,
                at_api: &self.at_api.rows,
                place: &place,
            },
            history: self.earlier.map(History::new),
            cutter: Cutter::new(self.operation, limits).with_first(canary.unwrap_or(limits.rows)),
            spoken: spoken.into_iter().peekable(),
            alike: alike.into_iter().peekable(),
            withheld,
            written: Written::default(),
            document: None,
            joins: false,
            held: Vec::new(),
            remote_id: None,
            starts: Vec::new(),
        };
        let sheets = std::mem::take(&mut read.sheets);
        for (ordinal, sheet) in sheets.iter().enumerate() {
            writer.write_sheet(ordinal as u32, sheet, read)?;
        }
        read.sheets = sheets;
        writer.finish(&read.keys)
    }
}

/// The name under which an operation's keys are kept; every operation that creates the same thing shares it.
pub fn key_kind(operation: &Operation) -> &'static str {
    match operation.key {
        Key::Invoice => "invoice",
        Key::Customer => "customer",
        Key::None => "",
    }
}

/// What was written of a plan.
#[derive(Debug, Clone, Copy, Default)]
struct Written {
    /// Records in chunks.
    documents: u64,
    /// Further rows of these records.
    joined: u64,
    chunks: u64,
    /// Records of the first chunk.
    first: u64,
}

struct Writer<'a> {
    planning: &'a Planning<'a>,
    run: RunId,
    deciding: Deciding<'a>,
    history: Option<History<'a>>,
    cutter: Cutter,
    spoken: Spoken,
    alike: std::iter::Peekable<std::vec::IntoIter<Alike>>,
    withheld: Option<&'a Withheld>,
    written: Written,
    /// The last row that is no further line of a document: its number and where it goes.
    document: Option<(u32, Destiny)>,
    /// Whether the sheet's rows are joined into documents.
    joins: bool,
    /// Rows whose keys are held, counted over all sheets, with their numbers; 8 bytes a row.
    held: Vec<(u32, u32)>,
    /// What the sheet says of the row being judged: the id that the API gave it. For seeding only.
    remote_id: Option<String>,
    /// Where each sheet begins, counted over all sheets.
    starts: Vec<(u32, SheetId)>,
}

impl Writer<'_> {
    fn write_sheet(&mut self, ordinal: u32, sheet: &ReadSheet, read: &mut ReadRun) -> Result<(), RunError> {
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
        self.starts.push((sheet.first_row, id));
        self.document = None;
        self.joins = sheet.facts.mapping.grouping.is_some();
        let seeds = self.planning.settings.mode.seed;
        let id_column = seed::id_column(self.planning.operation, &sheet.facts).filter(|_| seeds);
        let mut row_index = sheet.first_row;
        for (ordinal, block) in sheet.blocks.clone().enumerate() {
            let spooled = read.spool.block(block)?;
            if stored.is_none() {
                ledger.add_rows(id, ordinal as u32, &spooled.cells)?;
            }
            let mut verdicts = Vec::with_capacity(spooled.checked.rows.len());
            let mut ids = seed::ids(id_column, &spooled.cells)?.into_iter();
            for row in &spooled.checked.rows {
                self.remote_id = ids.next();
                verdicts.push(self.judge(row_index, row, &spooled.checked, read)?);
                row_index += 1;
            }
            let numbers = (verdicts.first(), verdicts.last());
            if let (Some(first), Some(last)) = numbers {
                ledger.add_verdicts(id, ordinal as u32, (first.number, last.number), &blob::pack(&verdicts))?;
            }
        }
        Ok(())
    }

    fn judge(
        &mut self,
        index: u32,
        row: &CheckedRow,
        block: &CheckedBlock,
        read: &mut ReadRun,
    ) -> Result<RowVerdict, RunError> {
        if row.standing == Standing::Joined {
            return Ok(self.join(row));
        }
        let mut findings = row.findings.clone();
        let decision = match self.spoken.next_if(|(spoken, ..)| *spoken == index) {
            Some((_, verdict, fate)) => {
                // What the API has is remembered as what runs put in is.
                if matches!(verdict, Verdict::AtApi { .. }) && self.withheld.is_none() {
                    self.held.push((index, row.number));
                }
                self.deciding.decide(verdict, fate.as_ref(), block, row, &mut read.spool, &mut self.history)?
            }
            None => Decision::Send,
        };
        let ended = match (&row.standing, decision) {
            (Standing::Excluded { code, message }, _) => Some(RowOutcome::new(Status::Excluded, code, message)),
            (Standing::Invalid, _) => Some(RowOutcome::new(Status::Invalid, "", "")),
            (Standing::Ready, Decision::Invalid(finding)) => {
                findings.push(*finding);
                Some(RowOutcome::new(Status::Invalid, "", ""))
            }
            (Standing::Ready, Decision::Ended(outcome)) => Some(outcome),
            (Standing::Ready, Decision::Send) => {
                let doubtful = self.tell_alike(index, row, &mut findings);
                if doubtful { Some(RowOutcome::new(Status::Invalid, "", "")) } else { self.held_back(index, row) }
            }
            (Standing::Joined, _) => unreachable!("further lines of a document were joined above"),
        };
        let destiny = match ended {
            Some(outcome) => Destiny::Ended(outcome),
            None => self.place(index, row, block)?,
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
            return Some(RowOutcome::new(Status::NotSent, code::DRY_RUN, "good; a dry run sends nothing"));
        }
        if !mode.seed {
            return None;
        }
        self.hold_key(index, row);
        Some(seed::outcome(self.remote_id.take()))
    }

    fn place(&mut self, index: u32, row: &CheckedRow, block: &CheckedBlock) -> Result<Destiny, RunError> {
        let group = Group { account_id: row.labels.account_id.clone(), columns: row.columns };
        let (placed, full) = self.cutter.place(&group, block.line(row));
        if let Some(full) = full {
            self.store(&full)?;
        }
        self.written.documents += 1;
        self.hold_key(index, row);
        Ok(Destiny::Chunk { ordinal: placed.ordinal, line: placed.line })
    }

    /// Keeps the key of a row that goes, or went, to the API.
    fn hold_key(&mut self, index: u32, row: &CheckedRow) {
        if row.guard.is_some() {
            self.held.push((index, row.number));
        }
    }

    fn store(&mut self, chunk: &FullChunk) -> Result<(), LedgerError> {
        self.written.chunks += 1;
        if chunk.ordinal == 1 {
            self.written.first = u64::from(chunk.rows);
        }
        self.planning.ledger.add_chunk(
            self.run,
            &NewChunk {
                ordinal: chunk.ordinal,
                account_id: &chunk.account_id,
                rows: chunk.rows,
                payload: &blob::compress(&chunk.body),
            },
        )?;
        Ok(())
    }

    fn finish(mut self, keys: &Keys) -> Result<Written, RunError> {
        let rest = std::mem::replace(
            &mut self.cutter,
            Cutter::new(self.planning.operation, ChunkLimits { rows: 1, bytes: 1 }),
        );
        for chunk in rest.finish() {
            self.store(&chunk)?;
        }
        let place = |row: u32| {
            let found = self.held.binary_search_by_key(&row, |(index, _)| *index);
            let start = self.starts.partition_point(|(first, _)| *first <= row) - 1;
            found.ok().map(|at| Earlier { sheet: self.starts[start].1, row: self.held[at].1 })
        };
        for (year, block) in keys.packed_blocks(place) {
            self.planning.ledger.add_keys(
                self.run,
                self.planning.account,
                key_kind(self.planning.operation),
                year,
                &block,
            )?;
        }
        Ok(self.written)
    }
}
