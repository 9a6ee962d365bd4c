//! Whose a record is that fits more than one line. The duplicate guard tells rows apart by what no search shows, such as the
//! supplier's GSTIN, so that two of them may look the same at the API.
//!
//! The one rule: a record is one line's at most; where nothing tells whose it is, none of the lines counts as found.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use super::lookup::{self, FoundIndex, Seen, SentLine};
use super::paging::mark;
use super::rounds::Rounds;
use super::settling::Case;
use crate::api::found::Record;
use crate::ledger::{ChunkHead, LedgerError, RunId, blob};
use crate::operation::{Key, Operation};
use crate::outcome::{RowOutcome, Status};
use crate::results;

/// Fields that tell invoices apart for the guard and are never sent.
const UNSENT: [&str; 2] = ["supplierGstin", "documentType"];

/// Limit: how long before a look-up a run was planned whose records it may show; it asks for days, one to spare.
const RECENT: SignedDuration = SignedDuration::from_hours(24 * 5);

/// What was seen of the open lines of one chunk.
pub(super) type SeenLines = Vec<(usize, Seen)>;

impl Rounds<'_> {
    /// What the records say of the open lines of each chunk, each record being one line's at most.
    pub(super) fn seen(&self, cases: &[Case], found: &FoundIndex) -> Result<Vec<SeenLines>, LedgerError> {
        let of_line =
            |case: &Case, index: usize| lookup::seen(self.operation, &case.head.account_id, &case.sent[index], found);
        let of_case = |case: &Case| case.known.open().into_iter().map(|index| (index, of_line(case, index))).collect();
        let mut seen: Vec<SeenLines> = cases.iter().map(of_case).collect();
        if self.operation.key == Key::None {
            return Ok(seen);
        }
        // Lines that the same records fit.
        let mut groups: HashMap<Vec<String>, Vec<(usize, usize)>> = HashMap::new();
        for (at, (case, lines)) in cases.iter().zip(&seen).enumerate() {
            for (place, (index, said)) in lines.iter().enumerate() {
                if matches!(said, Seen::Ours { .. } | Seen::Several { .. }) {
                    let marks = self.marks(&case.head.account_id, &case.sent[*index], found);
                    groups.entry(marks).or_default().push((at, place));
                }
            }
        }
        let held = self.held(&groups.keys().flatten().map(String::as_str).collect(), found)?;
        let ids: HashMap<String, Option<String>> =
            found.records().iter().map(|record| (self.mark(record), record.text(self.operation.remote_id))).collect();
        let mut claims: HashMap<&str, usize> = HashMap::new();
        for mark in groups.keys().flatten() {
            *claims.entry(mark).or_default() += 1;
        }
        for (marks, lines) in &groups {
            let free: Vec<&String> = marks.iter().filter(|mark| !held.contains(*mark)).collect();
            let disputed = free.iter().any(|mark| claims[mark.as_str()] > 1);
            let id = |mark: &&String| ids.get(*mark).cloned().flatten();
            for (number, &(at, place)) in lines.iter().enumerate() {
                let said = &mut seen[at][place].1;
                if !disputed && free.len() == lines.len() {
                    *said = Seen::Ours { remote_id: id(&free[number]) };
                } else if disputed || lines.len() > 1 || free.is_empty() {
                    *said = Seen::Shared { remote_ids: marks.iter().filter_map(|mark| id(&mark)).collect() };
                } else {
                    *said = Seen::Several { remote_ids: free.iter().filter_map(id).collect() };
                }
            }
        }
        Ok(seen)
    }

    fn mark(&self, record: &Record) -> String {
        mark(lookup::searched(self.operation), record)
    }

    /// The marks of the records that a line fits, sorted.
    fn marks(&self, seller: &str, line: &SentLine, found: &FoundIndex) -> Vec<String> {
        let fitting = lookup::fitting(self.operation, seller, line, found);
        let mut marks: Vec<String> = fitting.into_iter().map(|record| self.mark(record)).collect();
        marks.sort_unstable();
        marks
    }

    /// Which of these records belong to rows that were accepted, in this run or in one of the last days: older records are
    /// outside what a look-up asks for.
    fn held(&self, wanted: &HashSet<&str>, found: &FoundIndex) -> Result<HashSet<String>, LedgerError> {
        let mut held = HashSet::new();
        if wanted.is_empty() {
            return Ok(held);
        }
        let since = self.clock.now().saturating_sub(RECENT).unwrap_or(Timestamp::MIN);
        let own = self.may_look_alike(self.run)?;
        for run in self.ledger.runs()? {
            let operation = Operation::by_name(&run.operation);
            let puts_in = |it: &Operation| it.creates() && it.resource == self.operation.resource;
            let is_near = run.id == self.run || run.created_at >= since;
            if run.account != self.account || !is_near || !operation.is_some_and(puts_in) {
                continue;
            }
            // Nobody knows any more what a purged run sent.
            if (own || self.may_look_alike(run.id)?) && self.ledger.purges(run.id)?.is_empty() {
                self.add_held(run.id, wanted, found, &mut held)?;
            }
        }
        Ok(held)
    }

    fn add_held(
        &self,
        run: RunId,
        wanted: &HashSet<&str>,
        found: &FoundIndex,
        held: &mut HashSet<String>,
    ) -> Result<(), LedgerError> {
        for head in self.ledger.chunks(run)? {
            let Some(outcomes) = self.ledger.chunk_lines(head.id)?.outcomes else { continue };
            let outcomes: Vec<RowOutcome> = blob::unpack(&outcomes)?;
            let accepted = || outcomes.iter().filter(|outcome| outcome.status == Status::Accepted);
            let ids = accepted().filter_map(|outcome| outcome.remote_id.as_deref());
            held.extend(ids.filter(|id| wanted.contains(id)).map(str::to_owned));
            if accepted().any(|outcome| outcome.remote_id.is_none()) {
                held.extend(self.held_without_id(&head, &outcomes, found)?);
            }
        }
        Ok(())
    }

    /// Records that fit accepted lines of a chunk to which no id was given.
    fn held_without_id(
        &self,
        head: &ChunkHead,
        outcomes: &[RowOutcome],
        found: &FoundIndex,
    ) -> Result<Vec<String>, LedgerError> {
        let sent = lookup::sent_lines(&blob::decompress(&self.ledger.chunk_payload(head.id)?)?);
        let lines = outcomes.iter().zip(&sent);
        let lines = lines.filter(|(outcome, _)| outcome.status == Status::Accepted && outcome.remote_id.is_none());
        Ok(lines.flat_map(|(_, line)| self.marks(&head.account_id, line, found)).collect())
    }

    /// Whether a run may have rows that are different records for the guard and look the same at the API.
    fn may_look_alike(&self, run: RunId) -> Result<bool, LedgerError> {
        if self.operation.key != Key::Invoice {
            return Ok(true);
        }
        let told_apart =
            |field: &usize| self.operation.fields.get(*field).is_some_and(|field| UNSENT.contains(&field.name));
        for sheet in self.ledger.sheets(run)? {
            let mapping = results::facts(&sheet)?.mapping;
            let constants = mapping.constants.iter().map(|(field, _)| field);
            let stand_ins = mapping.stand_ins.iter().map(|(field, _)| field);
            if mapping.columns.iter().flatten().chain(constants).chain(stand_ins).any(told_apart) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
