//! Decides about every row that was read and stores the plan, in one transaction.
//!
//! The one rule: after it, each row has a verdict, and each verdict that names a chunk names a line that exists.

use super::at_api::{AtApi, Has};
use super::decide::Deciding;
use super::gate::{self, BadRows, Withheld};
use super::history::History;
use super::likeness::Alike;
use super::read::ReadRun;
use super::rows::{Writer, Written};
use super::template;
use crate::chunk::{ChunkLimits, Cutter};
use crate::config::Settings;
use crate::dedupe::{Fate, Verdict};
use crate::error::RunError;
use crate::finding::{Code, Severity};
use crate::ledger::{Ledger, LedgerError, NewRun, RunId, RunState};
use crate::operation::{Key, Operation};

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
pub(super) type Spoken = std::iter::Peekable<std::vec::IntoIter<(u32, Verdict, Option<Fate>)>>;

impl Planning<'_> {
    /// Decides about every row and stores the plan durably.
    pub fn write(&self, read: &mut ReadRun<'_>) -> Result<Planned, RunError> {
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
            maker: &self.settings.mode.user,
        })?;
        let written = self.write_rows(run, read, (spoken, alike), withheld.as_ref(), canary).and_then(|written| {
            // A run that sends nothing takes nothing over.
            for (old, reason) in self.superseding.iter().filter(|_| withheld.is_none()) {
                self.ledger.set_run_state(*old, RunState::Superseded, reason, Some(run), self.now)?;
            }
            if let Some(history) = self.at_api.begins_history.filter(|_| withheld.is_none()) {
                self.ledger.begin_history(self.account, key_kind(self.operation), history)?;
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
    fn canary(&self, read: &ReadRun<'_>) -> Result<Option<usize>, LedgerError> {
        if !self.operation.is_upload() {
            return Ok(None);
        }
        let facts = read.sheets.iter().map(|sheet| &sheet.facts);
        let template = template::identity(self.operation, facts, &self.settings.sending.uploads);
        let proven = self.ledger.canary(self.account, &template)?.is_some_and(|canary| canary.proven);
        Ok(Some(self.settings.sending.canary).filter(|rows| *rows > 0 && !proven))
    }

    fn ask_guard(&self, read: &mut ReadRun<'_>) -> Result<Vec<(u32, Verdict, Option<Fate>)>, RunError> {
        let mut spoken: Vec<(u32, Verdict, Option<Fate>)> =
            read.keys.settle_repeats().into_iter().map(|(row, verdict)| (row, verdict, None)).collect();
        // What is no create may be done again on purpose.
        let lifted = self.settings.mode.new_run && !self.operation.creates();
        if let Some(ledger) = self.earlier.filter(|_| self.operation.is_guarded() && !lifted) {
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
        // A customer that stands twice is put in as it stands first. Rows of one invoice may be parts of it, and in which
        // order two changes of one record would arrive, nobody can say.
        let first_stands = self.operation.key == Key::Customer;
        spoken.retain(|(_, verdict, _)| !(first_stands && matches!(verdict, Verdict::Contradicted(_))));
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
    fn find_alike(
        &self,
        read: &mut ReadRun<'_>,
        spoken: &[(u32, Verdict, Option<Fate>)],
    ) -> Result<Vec<Alike>, RunError> {
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
    pub(super) fn weigh_alike(&self) -> Severity {
        let code = if self.operation.key == Key::Invoice { Code::NumberNearYearEnd } else { Code::CustomerLooksAlike };
        self.settings.severity.get(&code).copied().unwrap_or_else(|| code.severity())
    }

    /// Whether the gates let the run go on; conflicts that the guard found count as invalid rows.
    fn gate(
        &self,
        read: &ReadRun<'_>,
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
        let invalid = conflicts.count()
            + self.at_api.ids.unresolved as usize
            + if self.weigh_alike() == Severity::Error { alike.len() } else { 0 };
        let bad = BadRows { invalid: read.bad.invalid + invalid as u64, ..read.bad };
        Ok(gate::bad_rows(&self.settings.gate, &read.read, bad))
    }

    fn write_rows(
        &self,
        run: RunId,
        read: &mut ReadRun<'_>,
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
                timezone: &self.settings.timezone,
                at_api: &self.at_api.rows,
                place: &place,
            },
            history: self.earlier.map(History::new),
            cutter: Cutter::new(self.operation, limits).with_first(canary.unwrap_or(limits.rows)),
            group: None,
            full: Vec::new(),
            spoken: spoken.into_iter().peekable(),
            alike: alike.into_iter().peekable(),
            withheld,
            written: Written::default(),
            document: None,
            correcting: None,
            joins: false,
            held: Vec::new(),
            remote_id: None,
            named: std::collections::HashMap::new(),
            starts: Vec::new(),
        };
        let sheets = std::mem::take(&mut read.sheets);
        for (ordinal, sheet) in sheets.iter().enumerate() {
            let alone = sheets.iter().filter(|other| other.shown == sheet.shown).count() == 1;
            writer.write_sheet(ordinal as u32, sheet, alone, read)?;
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
        Key::None if operation.resource == "reminders" => "reminder",
        Key::None => operation.verb,
    }
}
