//! The first create for an account on a ledger that knows nothing of it, and later ones of rows that are older than the
//! ledger: what the API has already is looked up.
//!
//! Owns when that is due and what stops a run then. Leaves what is asked to [`crate::send::first_use`], and what follows
//! for a row to [`crate::plan::decide`]. The one rule: where the search cannot answer, nothing is planned, unless
//! `--first-use` says that nobody put these records in before.

use super::Pipeline;
use crate::api::Api;
use crate::check::record::{CheckedBlock, CheckedRow, Standing};
use crate::chunk;
use crate::error::RunError;
use crate::event::Event;
use crate::ledger::{ChunkHead, ChunkState, HistoryMark, Run, RunId};
use crate::operation::{Key, Operation};
use crate::plan::at_api::{self, AtApi, Has};
use crate::plan::gate;
use crate::plan::read::ReadRun;
use crate::plan::write::key_kind;
use crate::send::first_use::{Wanted, has};
use crate::send::lookup::{FoundIndex, SentLine, searched, sent_lines};
use crate::send::search::SearchError;

/// Why a run of a restored ledger is not gone on with.
pub(super) const RESTORED: &str = "the ledger was restored from a backup, and rows of the run may have been sent since";

impl Pipeline<'_> {
    /// What the API has of the keys that were read, where this is the account's first create on this ledger.
    pub(super) fn look_up_first_use(
        &self,
        operation: &'static Operation,
        read: &mut ReadRun<'_>,
        superseding: &[(RunId, String)],
    ) -> Result<AtApi, RunError> {
        let mode = &self.settings.mode;
        if !operation.creates() || mode.dry_run {
            return Ok(AtApi::default());
        }
        let history = self.ledger.history(self.account, key_kind(operation))?;
        let restored = history.is_some() && self.takes_over_restored(operation, superseding)?;
        if history.is_some_and(|history| history.complete) && !restored {
            return Ok(AtApi::default());
        }
        // What is dated later than the history began went through this ledger.
        let known_from = history.filter(|_| !restored).map(|history| self.day_of(history.since));
        // A run that is withheld sends nothing, and says more than a search that fails.
        if gate::bad_rows(&self.settings.gate, &read.read, read.bad).is_some() {
            return Ok(AtApi::default());
        }
        let begins = |complete| Some(HistoryMark { since: self.clock.now(), complete }).filter(|_| history.is_none());
        // Most new ledgers are those of new accounts, where not even the rows need to be looked through.
        let asked = known_from.is_none() && !mode.first_use && read.keys.has_good();
        if let Some(api) = self.api.filter(|_| asked)
            && self.knows_none(operation, api)?
        {
            let resource = operation.resource.to_owned();
            self.observer.event(&Event::FirstUse { resource, until: None, customers: None, searches: 1 });
            self.observer.event(&Event::FirstUseDone { same: 0, other: 0 });
            return Ok(AtApi { begins_history: begins(true), ..AtApi::default() });
        }
        let known = match &known_from {
            None => Vec::new(),
            Some(_) => read.keys.known_rows(self.ledger, self.account, key_kind(operation))?,
        };
        let mut wanted = Wanted::new(operation);
        each_line_until(operation, read, &mut |row, _, line| {
            let older = known_from.as_ref().is_none_or(|day| may_be_older(operation, line, day));
            if older && known.binary_search(&row).is_err() {
                wanted.add(line);
            }
            // Whoever waives the look-up need only be told that there was something to look up.
            mode.first_use && !wanted.is_empty()
        })?;
        if wanted.is_empty() {
            return Ok(AtApi::default());
        }
        if mode.first_use {
            let message = "--first-use: what Enkash has already is not looked up for this ledger".to_owned();
            self.observer.event(&Event::Warning { message, hint: None });
            return Ok(AtApi { begins_history: begins(true), ..AtApi::default() });
        }
        let Some(api) = self.api else {
            return Err(unable(operation, "the settings name no credentials to search with"));
        };
        let found = self.ask_api(operation, api, wanted, (known_from, asked))?;
        let mut rows = Vec::new();
        let begins_history = begins(found.is_none());
        if let Some(found) = found {
            let mut keys = Vec::new();
            each_line(operation, read, &mut |index, row, line| {
                if let Some(has) = has(operation, &row.labels.account_id, line, &found) {
                    rows.push((index, has));
                    keys.push(row.guard.map_or([0; 16], |guard| guard.key));
                }
            })?;
            at_api::tell_apart(&mut rows, &keys);
        }
        let same = rows.iter().filter(|(_, has)| matches!(has, Has::Same { .. })).count() as u64;
        self.observer.event(&Event::FirstUseDone { same, other: rows.len() as u64 - same });
        Ok(AtApi { rows, begins_history, ..AtApi::default() })
    }

    fn day_of(&self, time: jiff::Timestamp) -> String {
        time.to_zoned(self.settings.timezone.clone()).date().to_string()
    }

    /// Whether the account has no record at all, which one search tells.
    fn knows_none(&self, operation: &'static Operation, api: &dyn Api) -> Result<bool, RunError> {
        let limiter = self.limiter();
        let searcher = self.searcher(api, &limiter);
        let none = searcher.finds_nothing(searched(operation)).map_err(|error| stopped(operation, error))?;
        // What follows has a pace of its own; the first of it keeps its distance from this search.
        if limiter.keep_distance(self.stop) { Ok(none) } else { Err(RunError::Interrupted) }
    }

    /// The records that have one of the keys; none where the account has no record at all, unless it is known to
    /// have some.
    fn ask_api(
        &self,
        operation: &'static Operation,
        api: &dyn Api,
        wanted: Wanted,
        (until, has_some): (Option<String>, bool),
    ) -> Result<Option<FoundIndex>, RunError> {
        let limiter = self.limiter();
        let searcher = self.searcher(api, &limiter);
        let customers = wanted.customers().map(|customers| customers as u64);
        self.observer.event(&Event::FirstUse {
            resource: operation.resource.to_owned(),
            until,
            customers,
            searches: wanted.searches() as u64,
        });
        let stopped = |error| stopped(operation, error);
        let found = if !has_some && searcher.finds_nothing(searched(operation)).map_err(stopped)? {
            None
        } else {
            let mut progress = |done: usize, found: usize| {
                self.observer.event(&Event::FirstUseProgress { done: done as u64, customers, found: found as u64 });
            };
            Some(wanted.look_up(&searcher, &mut progress).map_err(stopped)?)
        };
        // The uploads that follow have a pace of their own; the first of them keeps its distance from the last search.
        if limiter.keep_distance(self.stop) { Ok(found) } else { Err(RunError::Interrupted) }
    }

    /// Whether rows of an unfinished run may have been sent since it was written: only a restored ledger has an open plan
    /// of creates that is older than its history.
    pub(super) fn is_restored(&self, operation: &Operation, run: &Run) -> Result<bool, RunError> {
        if !operation.creates() || self.settings.mode.first_use {
            return Ok(false);
        }
        let history = self.ledger.history(self.account, key_kind(operation))?;
        let older = history.is_none_or(|history| run.created_at < history.since);
        // What was under way is looked up before anything of it is sent again.
        let unsent = |chunk: &ChunkHead| chunk.is_open() && chunk.state != ChunkState::Unknown;
        Ok(older && self.ledger.chunks(run.id)?.iter().any(unsent))
    }

    /// Whether a run of sheets takes over from one that [`Pipeline::is_restored`].
    fn takes_over_restored(&self, operation: &Operation, superseding: &[(RunId, String)]) -> Result<bool, RunError> {
        for (run, _) in superseding {
            if self.is_restored(operation, &self.stored(*run)?)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Refuses to go on with such a run by its number, where no sheet is there to be looked up.
    pub(super) fn refuse_restored(&self, operation: &Operation, run: &Run) -> Result<(), RunError> {
        if !self.is_restored(operation, run)? {
            return Ok(());
        }
        Err(RunError::Input {
            message: format!("run {}: {RESTORED}; nothing was sent", run.id),
            hint: "give its sheets again: what the API has of them is looked up, and the rest is sent".to_owned(),
        })
    }
}

/// Whether a record may have been put in before a day: by the date it bears, which no later day contradicts. Customers
/// bear none; those of an account that had some are looked up once.
fn may_be_older(operation: &Operation, line: &SentLine, day: &str) -> bool {
    // Dates are written as yyyy-MM-dd, which compare as text.
    operation.key == Key::Invoice && line.cell("invoiceDate").is_none_or(|date| date <= day)
}

/// Why nothing was planned, in the form that decides the exit code.
fn stopped(operation: &Operation, error: SearchError) -> RunError {
    match error {
        SearchError::Unable(reason) => unable(operation, &reason),
        SearchError::Stop { reason, message } => RunError::Stopped { reason, message },
        SearchError::Ledger(error) => RunError::Ledger(error),
    }
}

fn unable(operation: &Operation, reason: &str) -> RunError {
    RunError::NotLookedUp {
        message: format!(
            "this ledger does not know all {} that the account has, and they cannot be looked up: {reason}",
            operation.resource
        ),
        hint: "run the same command again later, or pass --first-use if you are sure that nothing of the sheet was ever put in"
            .to_owned(),
    }
}

/// Visits every good row with the line that would be sent, in row order; rows are counted over all sheets.
pub(super) fn each_line(
    operation: &'static Operation,
    read: &mut ReadRun<'_>,
    visit: &mut dyn FnMut(u32, &CheckedRow, &SentLine),
) -> Result<(), RunError> {
    each_line_until(operation, read, &mut |index, row, line| {
        visit(index, row, line);
        false
    })
}

/// The same up to the end of the block in which that is enough.
fn each_line_until(
    operation: &'static Operation,
    read: &mut ReadRun<'_>,
    visit: &mut dyn FnMut(u32, &CheckedRow, &SentLine) -> bool,
) -> Result<(), RunError> {
    for sheet in 0..read.sheets.len() {
        let mut first = read.sheets[sheet].first_row;
        for block in read.sheets[sheet].blocks.clone() {
            let checked = read.waiting.block(block)?.checked.all()?;
            let mut enough = false;
            lines_of(operation, &checked, &mut |index, row, line| enough |= visit(first + index, row, line));
            if enough {
                return Ok(());
            }
            first += checked.rows.len() as u32;
        }
    }
    Ok(())
}

/// Visits the good rows of a block; those that follow each other with the same columns are read as one file.
fn lines_of(operation: &'static Operation, block: &CheckedBlock, visit: &mut dyn FnMut(u32, &CheckedRow, &SentLine)) {
    let ready = block.rows.iter().zip(0..).filter(|(row, _)| row.standing == Standing::Ready);
    let ready: Vec<(&CheckedRow, u32)> = ready.collect();
    for rows in ready.chunk_by(|(one, _), (next, _)| one.columns == next.columns) {
        let names: Vec<&str> = chunk::columns(operation, rows[0].0.columns).map(|(_, name)| name).collect();
        let mut body = names.join(",");
        body.push('\n');
        for (row, _) in rows {
            body.push_str(block.line(row));
        }
        for ((row, index), line) in rows.iter().zip(sent_lines(body.as_bytes())) {
            visit(*index, row, &line);
        }
    }
}
