//! Control rows: what a search must show before its silence about other rows proves anything.
//!
//! Owns which accepted rows are taken, and whether an answer shows them. The one rule: only rows that the API itself has
//! accepted, or that a look-up has found, can be control rows.

use std::collections::HashSet;

use jiff::Timestamp;

use super::lookup::{self, FoundIndex, Seen, SentLine};
use super::rounds::Rounds;
use crate::api::found::Record;
use crate::ledger::{ChunkHead, LedgerError, blob};
use crate::outcome::{RowOutcome, Status};

/// Limit: accepted rows that a search must show.
const CONTROLS: usize = 5;

/// Limit: runs that are searched for accepted rows where this one has none.
const EARLIER_RUNS: usize = 20;

/// Rows that are known to be there.
#[derive(Default)]
pub(super) struct Controls {
    pub(super) rows: Vec<Control>,
    pub(super) since: Option<Timestamp>,
}

pub(super) struct Control {
    pub(super) seller: String,
    pub(super) line: SentLine,
    pub(super) remote_id: Option<String>,
}

impl Rounds<'_> {
    /// Whether an answer shows every control row.
    pub(super) fn shows(&self, index: &FoundIndex, records: &[Record], controls: &Controls) -> Result<(), String> {
        let ids: HashSet<String> = records.iter().filter_map(|record| record.text(self.operation.remote_id)).collect();
        let hidden = controls.rows.iter().find(|row| {
            let by_id = row.remote_id.as_ref().is_some_and(|id| ids.contains(id));
            !by_id && lookup::seen(self.operation, &row.seller, &row.line, index) == Seen::Nothing
        });
        match hidden {
            None => Ok(()),
            Some(row) => {
                let name = row.line.cell("invoiceNumber").or(row.remote_id.as_deref()).unwrap_or("a row");
                Err(format!("the search does not show {name}, which was accepted"))
            }
        }
    }

    /// Rows that the API has accepted: of this run, else of the latest earlier run of the same kind.
    pub(super) fn controls(&self) -> Result<Controls, LedgerError> {
        let name = self.operation.name();
        let mut runs = vec![self.run];
        let earlier = self
            .ledger
            .runs()?
            .into_iter()
            .filter(|run| run.id < self.run && run.account == self.account && run.operation == name);
        runs.extend(earlier.map(|run| run.id).take(EARLIER_RUNS));
        for run in runs {
            let mut heads = self.ledger.chunks(run)?;
            heads.retain(|head| head.settled_at.is_some() && head.attempts > 0);
            heads.sort_by_key(|head| std::cmp::Reverse(head.settled_at));
            let mut controls = Controls::default();
            for head in heads {
                self.add_controls(&head, &mut controls)?;
                if controls.rows.len() >= CONTROLS {
                    break;
                }
            }
            if !controls.rows.is_empty() {
                return Ok(controls);
            }
        }
        Ok(Controls::default())
    }

    /// Takes up to two accepted rows of a chunk.
    fn add_controls(&self, head: &ChunkHead, controls: &mut Controls) -> Result<(), LedgerError> {
        let known = self.known(head)?;
        let accepted = known.outcomes.iter().enumerate().filter(|(_, outcome)| outcome.status == Status::Accepted);
        let few: Vec<(usize, &RowOutcome)> = accepted.take(2.min(CONTROLS - controls.rows.len())).collect();
        if few.is_empty() {
            return Ok(());
        }
        let sent = lookup::sent_lines(&blob::decompress(&self.ledger.chunk_payload(head.id)?)?);
        for (index, outcome) in few {
            let Some(line) = sent.get(index).cloned() else { continue };
            controls.rows.push(Control { seller: head.account_id.clone(), line, remote_id: outcome.remote_id.clone() });
        }
        let began = self.ledger.attempts(head.id)?.first().map(|attempt| attempt.started_at).or(head.settled_at);
        controls.since = controls.since.into_iter().chain(began).min();
        Ok(())
    }
}
