//! Control rows: what a search must show before its silence about other rows proves anything.
//!
//! Owns which accepted rows are taken, and whether an answer shows them. The one rule: only rows that the API itself has
//! accepted, or that a look-up has found, can be control rows.

use jiff::Timestamp;

use super::lookup::{self, FoundIndex, KeyKind, SentLine};
use super::rounds::Rounds;
use crate::ledger::{ChunkHead, LedgerError, blob};
use crate::outcome::Status;

/// Limit: accepted rows that a search must show.
const CONTROLS: usize = 5;

/// Limit: control rows that are found by the same kind of key, so that there is room for another kind.
const OF_A_KIND: usize = 3;

/// Limit: chunks of a run that are read for control rows.
const MOST_CHUNKS: usize = 10;

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
    pub(super) kind: KeyKind,
    pub(super) line: SentLine,
    pub(super) remote_id: Option<String>,
}

impl Rounds<'_> {
    /// Whether an answer shows every control row.
    pub(super) fn shows(&self, index: &FoundIndex, controls: &Controls) -> Result<(), String> {
        let hidden = controls
            .rows
            .iter()
            .find(|row| !lookup::shows(self.operation, &row.seller, &row.line, row.remote_id.as_deref(), index));
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
            // Nobody knows any more what a purged run sent.
            if !self.ledger.purges(run)?.is_empty() {
                continue;
            }
            let mut heads = self.ledger.chunks(run)?;
            heads.retain(|head| head.settled_at.is_some() && head.attempts > 0);
            heads.sort_by_key(|head| std::cmp::Reverse(head.settled_at));
            let mut controls = Controls::default();
            for head in from_both_ends(&heads).take(MOST_CHUNKS) {
                self.add_controls(head, &mut controls)?;
            }
            if !controls.rows.is_empty() {
                return Ok(controls);
            }
        }
        Ok(Controls::default())
    }

    /// Takes accepted rows of a chunk, a few of each kind of key.
    fn add_controls(&self, head: &ChunkHead, controls: &mut Controls) -> Result<(), LedgerError> {
        if controls.rows.len() >= CONTROLS {
            return Ok(());
        }
        let known = self.known(head)?;
        if known.outcomes.iter().all(|outcome| outcome.status != Status::Accepted) {
            return Ok(());
        }
        let before = controls.rows.len();
        let sent = lookup::sent_lines(&blob::decompress(&self.ledger.chunk_payload(head.id)?)?);
        for (line, outcome) in sent.into_iter().zip(&known.outcomes) {
            let Some(kind) = lookup::key_kind(self.operation, &line) else { continue };
            let of_kind = controls.rows.iter().filter(|row| row.kind == kind).count();
            let here = controls.rows.len() - before;
            if outcome.status != Status::Accepted || of_kind >= OF_A_KIND || (here >= 2 && of_kind > 0) {
                continue;
            }
            let (seller, remote_id) = (head.account_id.clone(), outcome.remote_id.clone());
            controls.rows.push(Control { seller, kind, line, remote_id });
            if controls.rows.len() >= CONTROLS {
                break;
            }
        }
        if controls.rows.len() > before {
            let began = self.ledger.attempts(head.id)?.first().map(|attempt| attempt.started_at).or(head.settled_at);
            controls.since = controls.since.into_iter().chain(began).min();
        }
        Ok(())
    }
}

/// The newest, the oldest, the second newest, the second oldest and so on: a search that shows only the newest records of
/// many, or only the oldest, must not pass.
fn from_both_ends<T>(items: &[T]) -> impl Iterator<Item = &T> {
    let mut rest = items.iter();
    let mut newest = false;
    std::iter::from_fn(move || {
        newest = !newest;
        if newest { rest.next() } else { rest.next_back() }
    })
}

/// What makes "not found" mean that a line is not there.
pub(super) enum Proof<'a> {
    /// The account has no record at all.
    Empty,
    /// Rows that are known to be there.
    Rows {
        /// Whether the search shows them all.
        shown: Result<(), &'a str>,
        /// The rows.
        controls: &'a Controls,
    },
}

impl<'a> Proof<'a> {
    /// Whether it holds for a line that is found by this kind of key.
    pub(super) fn speaks_for(&self, kind: Option<KeyKind>) -> Result<(), &'a str> {
        match self {
            Proof::Empty => Ok(()),
            Proof::Rows { shown, controls } => controls.speak_for(kind).and(*shown),
        }
    }
}

impl Controls {
    /// Why the rows cannot speak for a line, if they cannot: it is found by another kind of key, or by none.
    fn speak_for(&self, kind: Option<KeyKind>) -> Result<(), &'static str> {
        match kind {
            None => Err("it has no number or reference that a search could show it by"),
            Some(kind) if self.rows.iter().any(|row| row.kind == kind) => Ok(()),
            Some(_) if self.rows.is_empty() => Err("no accepted row is known that the search would have to show"),
            Some(_) => Err("no accepted row is known that is found by the same kind of number or reference"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_rows_come_from_both_ends_of_what_was_accepted() {
        for (items, expected) in [(&[][..], ""), (&[1], "1"), (&[1, 2], "12"), (&[1, 2, 3, 4, 5], "15243")] {
            let taken: String = from_both_ends(items).map(ToString::to_string).collect();
            assert_eq!(taken, expected);
        }
    }
}
