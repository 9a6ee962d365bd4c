//! The canary: the first rows to an upload that is not proven yet go alone and are read back before any other leaves.
//!
//! Owns what is asked and compared. Which rows go first is decided in planning. What is remembered is kept per account,
//! upload template and mapping. The one rule: records that stand there otherwise than they were sent stop the run.

use std::collections::HashMap;

use super::compare::{Compare, differences};
use super::lookup::{self, FoundIndex, SentLine, Window};
use super::rounds::{Ended, Memo, Rounds, Scope};
use super::search::SearchError;
use crate::api::found::Record;
use crate::event::Event;
use crate::ledger::{Canary, ChunkHead, ChunkState, LedgerError, Resolution, blob};
use crate::outcome::{Status, code};
use crate::stop::StopReason;
use crate::wording::count;

/// Limit: differences that are named; the first rows say enough.
const NAMED: usize = 3;

/// An accepted first row.
struct Sent {
    seller: String,
    line: SentLine,
    remote_id: Option<String>,
    /// Its chunk, by number within the run, and its place there.
    place: (u32, usize),
}

/// What became of the first rows.
#[derive(Default)]
struct First {
    accepted: Vec<Sent>,
    rows: u64,
    unknown: u64,
    refused_whole: u64,
    reason: String,
}

/// What reading them back says.
enum ReadBack {
    Equal(u64),
    /// The first of them in words, and each with its place among the rows.
    Different(String, Vec<(usize, String)>),
    Nothing(String),
}

impl Rounds<'_> {
    /// Sends the first rows alone where the upload is not proven, and reads them back.
    pub(super) fn prove(&self, memo: &mut Memo<'_>) -> Result<(), Ended> {
        if self.settings.canary == 0 || !self.operation.is_upload() {
            return Ok(());
        }
        let known = self.ledger.canary(self.account, &self.template)?;
        if known.as_ref().is_some_and(|canary| canary.proven) {
            return Ok(());
        }
        let chunks = self.ledger.chunks(self.run)?;
        let Some(first) = chunks.iter().find(|head| head.parent.is_none()) else { return Ok(()) };
        if !chunks.iter().any(ChunkHead::is_open) {
            return Ok(());
        }
        if known.is_none_or(|canary| canary.run != self.run) {
            self.remember_canary(first.ordinal, false, "")?;
        }
        let scope = Scope::Family(first.ordinal);
        self.until_settled(scope, memo)?;
        let found = self.first_rows(scope)?;
        let family = self.in_scope(scope)?;
        let is_other = |head: &ChunkHead| head.is_open() && family.iter().all(|member| member.id != head.id);
        let rest = self.ledger.chunks(self.run)?.iter().any(is_other);
        if found.unknown > 0 && rest {
            let message = format!(
                "{} of the first {} unknown; nothing else is sent before they are settled",
                count(found.unknown, "row"),
                found.rows
            );
            return Err(Ended::Halted(StopReason::Canary, message));
        }
        if found.refused_whole == found.rows && rest {
            let message = format!(
                "each of the first {} was refused as a file, so the upload itself may not fit: {}; --canary 0 sends the rest all the same",
                count(found.rows, "row"),
                found.reason
            );
            return Err(Ended::Halted(StopReason::Canary, message));
        }
        if found.accepted.is_empty() { Ok(()) } else { self.read_back(first.ordinal, &family, &found.accepted, memo) }
    }

    /// Whether a chunk is the run's canary, or made of it.
    pub(super) fn is_canary(&self, head: &ChunkHead) -> Result<bool, LedgerError> {
        let Some(canary) = self.ledger.canary(self.account, &self.template)? else { return Ok(false) };
        if canary.run != self.run || canary.proven {
            return Ok(false);
        }
        Ok(self.in_scope(Scope::Family(canary.ordinal))?.iter().any(|chunk| chunk.ordinal == head.ordinal))
    }

    fn remember_canary(&self, ordinal: u32, proven: bool, differences: &str) -> Result<(), LedgerError> {
        let canary = Canary { proven, run: self.run, ordinal, differences: differences.to_owned() };
        self.ledger.set_canary(self.account, &self.template, &canary)
    }

    fn first_rows(&self, scope: Scope) -> Result<First, LedgerError> {
        let mut first = First::default();
        for head in self.in_scope(scope)?.into_iter().filter(|head| head.state != ChunkState::Planned) {
            let known = self.known(&head)?;
            let sent = lookup::sent_lines(&blob::decompress(&self.ledger.chunk_payload(head.id)?)?);
            for (index, ((outcome, moved), line)) in known.outcomes.iter().zip(&known.moved).zip(sent).enumerate() {
                if moved.is_some() {
                    continue;
                }
                first.rows += 1;
                match outcome.status {
                    Status::Accepted => first.accepted.push(Sent {
                        seller: head.account_id.clone(),
                        line,
                        remote_id: outcome.remote_id.clone(),
                        place: (head.ordinal, index),
                    }),
                    Status::Unknown => first.unknown += 1,
                    Status::Rejected if outcome.code == code::CHUNK_REFUSED => {
                        first.refused_whole += 1;
                        first.reason.clone_from(&outcome.message);
                    }
                    _ => {}
                }
            }
        }
        Ok(first)
    }

    fn read_back(&self, ordinal: u32, family: &[ChunkHead], sent: &[Sent], memo: &mut Memo<'_>) -> Result<(), Ended> {
        let rows = count(sent.len() as u64, "row");
        let message = match self.compare(family, sent, memo)? {
            ReadBack::Different(differences, rows) => {
                self.remember_canary(ordinal, false, &differences)?;
                self.tell_rows(family, sent, &rows)?;
                let message = format!(
                    "the first rows do not stand at Enkash as they were sent, sent → found: {differences}; \
                     mend the mapping or the upload, or pass --canary 0 if this is as it should be"
                );
                return Err(Ended::Halted(StopReason::Canary, message));
            }
            ReadBack::Equal(compared) if compared == sent.len() as u64 => {
                format!("the first {rows} stand there as they were sent")
            }
            ReadBack::Equal(compared) => {
                format!("{compared} of the first {rows} were read back and stand there as they were sent")
            }
            ReadBack::Nothing(reason) => {
                format!(
                    "the first {rows} were accepted, and nothing can be read back ({reason}); the reply alone decides"
                )
            }
        };
        self.observer.event(&Event::Proven { message });
        Ok(self.remember_canary(ordinal, true, "")?)
    }

    /// Says in the outcome of each such row what stands there instead of it.
    fn tell_rows(&self, family: &[ChunkHead], sent: &[Sent], rows: &[(usize, String)]) -> Result<(), LedgerError> {
        for head in family {
            let mut known = self.known(head)?;
            let mut changed = false;
            for (row, differences) in rows.iter().filter(|(row, _)| sent[*row].place.0 == head.ordinal) {
                let outcome = &mut known.outcomes[sent[*row].place.1];
                let message = format!("accepted, and stands at Enkash otherwise, sent → found: {differences}");
                changed |= outcome.message != message;
                (outcome.code, outcome.message) = (code::STORED_OTHERWISE.to_owned(), message);
            }
            if changed {
                let packed = blob::pack(&known.outcomes);
                let words = "read back; rows stand there otherwise than they were sent";
                let resolution = Resolution { outcomes: Some(&packed), ..self.nothing_but(head.state, words) };
                self.ledger.resolve_chunk(head.id, &resolution)?;
            }
        }
        Ok(())
    }

    fn compare(&self, family: &[ChunkHead], sent: &[Sent], memo: &mut Memo<'_>) -> Result<ReadBack, Ended> {
        let now = self.clock.now();
        let mut began = now;
        for head in family {
            began = self.ledger.attempts(head.id)?.iter().map(|attempt| attempt.started_at).fold(began, Ord::min);
        }
        let window = Window::around(began, now, memo.ahead, self.timezone);
        let lines: Vec<&SentLine> = sent.iter().map(|sent| &sent.line).collect();
        let mut records = Vec::new();
        for query in lookup::queries(self.operation, &lines, &[], window) {
            match memo.searcher.all(lookup::searched(self.operation), &query) {
                Ok(found) => records.extend(found.records),
                Err(SearchError::Unable(reason)) => return Ok(ReadBack::Nothing(reason)),
                Err(error) => return Err(self.search_ended(error)),
            }
        }
        Ok(self.differing(sent, records))
    }

    /// Compares each row with its record: the one with its id, else the one with its key.
    fn differing(&self, sent: &[Sent], records: Vec<Record>) -> ReadBack {
        let by_id: HashMap<String, Record> = records
            .iter()
            .filter_map(|record| Some((record.text(self.operation.remote_id)?, record.clone())))
            .collect();
        let index = FoundIndex::new(self.operation, records, self.timezone);
        let (mut compared, mut different) = (0, Vec::new());
        let mut rows = Vec::new();
        for (row, sent) in sent.iter().enumerate() {
            let by_id = sent.remote_id.as_ref().and_then(|id| by_id.get(id));
            let by_key = || index.of_line(self.operation, &sent.seller, &sent.line).next();
            let Some(record) = by_id.or_else(by_key) else { continue };
            compared += 1;
            let differences = differences(self.operation, &sent.line, record, Compare::All, self.timezone);
            if !differences.is_empty() {
                let name = ["invoiceNumber", "uniqueRefNo", "legalName", "customerId"];
                let name = name.iter().find_map(|field| sent.line.cell(field)).unwrap_or("a row");
                different.push(format!("{name}: {differences}"));
                rows.push((row, differences));
            }
        }
        if !different.is_empty() {
            let more = different.len().saturating_sub(NAMED);
            different.truncate(NAMED);
            let rest = if more > 0 { format!("; and {}", count(more as u64, "row")) } else { String::new() };
            return ReadBack::Different(different.join("; ") + &rest, rows);
        }
        if compared == 0 {
            ReadBack::Nothing("the search does not show them".to_owned())
        } else {
            ReadBack::Equal(compared)
        }
    }
}
