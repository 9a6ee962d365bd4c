//! `arload ledger seed`: rows that the API has already become history of the ledger, without any request.
//!
//! Leaves reading, checking, planning and the guard to what uploads use. The one rule: the ledger says that it knows an
//! account's history only when every row that counted could be taken over.

use std::path::{Path, PathBuf};

use super::unread::Unread;
use super::{Pipeline, Report, input, resume};
use crate::config::Target;
use crate::error::RunError;
use crate::event::Event;
use crate::exit::ExitCode;
use crate::finding::quote;
use crate::ledger::{HistoryMark, Run, RunState};
use crate::mapping;
use crate::operation::{ALL, Operation};
use crate::outcome::{Status, Totals};
use crate::plan::at_api::AtApi;
use crate::plan::write::key_kind;
use crate::results;
use crate::results::read::{self, summary_beside};
use crate::sheet::{RowBlock, SheetSource};
use crate::wording::count;

/// Rows by which headings are mapped, as in a run.
const SAMPLE_ROWS: usize = 200;
const SAMPLE_BYTES: usize = 256 << 10;

/// Where the rows come from.
#[derive(Debug)]
pub enum Seeds<'a> {
    /// Results of arload, and a private folder to unpack them in.
    Results(&'a [PathBuf], &'a Path),
    /// Sheets, as an upload takes them.
    Sheets(&'a [String]),
}

/// Rows of results that are not taken over.
#[derive(Debug, Clone, Copy, Default)]
struct Passed {
    /// Nobody knows what became of them.
    unknown: u64,
    /// The API does not have them by these results.
    others: u64,
}

impl Pipeline<'_> {
    /// Takes rows over into the history; the settings must be in seeding mode.
    ///
    /// Without an operation it is the one that the headings fit.
    pub fn seed(&self, operation: Option<&'static Operation>, seeds: &Seeds<'_>) -> Result<Report, RunError> {
        let (opened, passed) = match seeds {
            Seeds::Results(files, folder) => self.open_results(files, folder)?,
            Seeds::Sheets(inputs) => {
                let opened = input::open(inputs, Box::new(std::io::empty()), self.settings, self.observer)?;
                if opened.files.is_empty() {
                    return Err(RunError::NoSheets);
                }
                (opened, Passed::default())
            }
        };
        let operation = match operation {
            Some(operation) => operation,
            None => self.guess(seeds, &opened)?,
        };
        self.observer.event(&Event::Account {
            host: self.host.to_owned(),
            environment: self.settings.environment.clone(),
            company: self.settings.company.company_id.clone(),
            operation: operation.name(),
        });
        let directory = self.directory()?;
        let (mut read, refused) = self.read(operation, &opened, &directory, None)?;
        if read.sheets.is_empty() {
            return Err(RunError::NoSheets);
        }
        if !self.settings.mode.dry_run {
            self.recover_open_runs()?;
        }
        let identity = resume::Identity::of(operation, self.settings, &read);
        let unread = Unread::new(opened.refused.iter().cloned().chain(refused));
        let planned = self.plan(operation, &mut read, &identity, &unread, &[], &AtApi::default())?;
        drop(read);
        if planned.withheld.is_none() {
            self.ledger.set_run_state(planned.run, RunState::Finished, "", None, self.clock.now())?;
        }
        let run = self.stored(planned.run)?;
        self.finish_seeding(operation, &run, unread.count, passed)
    }

    /// Unpacks results; says which of their rows are passed over.
    fn open_results(&self, files: &[PathBuf], folder: &Path) -> Result<(input::Opened, Passed), RunError> {
        let mut sheets = Vec::new();
        let mut passed = Passed::default();
        for file in files {
            self.check_origin(file)?;
            let unpacked = read::unpack(file, folder)?;
            passed.unknown += unpacked.unknown;
            passed.others += unpacked.others;
            let shown = std::path::absolute(file).unwrap_or_else(|_| file.clone());
            sheets.push((shown, unpacked.sources));
        }
        Ok((input::Opened::of_sheets(sheets), passed))
    }

    /// Refuses results of another account: their rows would never be sent to this one.
    fn check_origin(&self, file: &Path) -> Result<(), RunError> {
        let refused = |what: String, hint: &str| {
            Err(RunError::Input { message: format!("{}: {what}", file.display()), hint: hint.to_owned() })
        };
        if read::of_dry_run(file) {
            return refused("are results of a dry run, which sends nothing".to_owned(), "name results of a run");
        }
        let beside = summary_beside(file);
        let is_sandbox = read::of_sandbox(file) || beside.host.as_deref() == Some("sandbox");
        if is_sandbox != (self.settings.target == Target::Sandbox) && (is_sandbox || beside.host.is_some()) {
            let (of, hint) = if is_sandbox {
                ("of the sandbox, not of this account", "name results of a run against the account")
            } else {
                ("of an account, not of the sandbox", "leave --sandbox away")
            };
            return refused(format!("are results {of}"), hint);
        }
        let company = &self.settings.company.company_id;
        let same_host = is_sandbox || beside.host.as_deref().is_none_or(|host| host == self.host);
        if !same_host || beside.company.as_ref().is_some_and(|theirs| theirs != company) {
            let theirs = [beside.host, beside.company].into_iter().flatten().collect::<Vec<_>>().join(" ");
            let what = format!("are results of {theirs}, not of {} {company}", self.host);
            return refused(what, "name the account's profile with --profile");
        }
        Ok(())
    }

    /// The operation that the results' summary names, or that alone takes the headings of the first sheet.
    fn guess(&self, seeds: &Seeds<'_>, opened: &input::Opened) -> Result<&'static Operation, RunError> {
        let creates = || ALL.iter().filter(|operation| operation.creates() && operation.is_upload());
        let told = match seeds {
            Seeds::Results(files, _) => files.first().and_then(|file| summary_beside(file).operation),
            Seeds::Sheets(_) => None,
        };
        if let Some(told) = told.and_then(|name| creates().find(|operation| operation.name() == name)) {
            return Ok(told);
        }
        let fitting: Vec<&'static Operation> = match opened.sources().next() {
            Some(source) => creates().filter(|operation| self.fits(operation, source)).collect(),
            None => Vec::new(),
        };
        let names: Vec<String> = creates().map(|operation| format!("--as {}", quote(&operation.name()))).collect();
        match fitting[..] {
            [operation] => Ok(operation),
            _ => Err(RunError::Input {
                message: "the headings do not show which operation put the rows in".to_owned(),
                hint: format!("say it with {}", names.join(" or ")),
            }),
        }
    }

    /// Whether the operation would take a sheet by its headings.
    fn fits(&self, operation: &'static Operation, source: &SheetSource) -> bool {
        let recognise = |heading: &str| mapping::recognises(operation, heading);
        let Ok(mut open) = source.open(&self.settings.reading, &recognise) else { return false };
        let mut block = RowBlock::new(open.header.columns.len());
        if open.next_block(&mut block, SAMPLE_ROWS, SAMPLE_BYTES).is_err() {
            return false;
        }
        let samples = |column: usize| (0..block.len()).map(|row| block.text(row, column).to_owned()).collect();
        mapping::map_columns(operation, &open.header.columns, &samples, &self.settings.mapping).is_ok()
    }

    fn finish_seeding(
        &self,
        operation: &'static Operation,
        run: &Run,
        refused: usize,
        passed: Passed,
    ) -> Result<Report, RunError> {
        let dry_run = self.settings.mode.dry_run;
        let (totals, _) = results::totals(self.ledger, run)?;
        let mut next = results::invalid_rows(self.ledger, run)?;
        if passed.others > 0 {
            next.push(format!("{} passed over: the results do not call them accepted", count(passed.others, "row")));
        }
        let left = left_out(run, &totals, refused, dry_run);
        let gap = match (&left, passed.unknown) {
            (Some(left), _) => Some(left.clone()),
            (None, 0) => None,
            (None, unknown) => Some(format!("{} unknown in the results", count(unknown, "row"))),
        };
        match gap {
            _ if dry_run => {}
            None => {
                // What was put in before and is not in these files is asked for by the date of its rows.
                let history = HistoryMark { since: self.clock.now(), complete: false };
                self.ledger.begin_history(self.account, key_kind(operation), history)?;
            }
            Some(gap) => next.push(format!(
                "the history is not complete ({gap}): the next create on a ledger without it asks the API first"
            )),
        }
        let exit = if left.is_some() { ExitCode::NotAllAccepted } else { ExitCode::Success };
        let id = (!dry_run).then_some(run.id);
        self.observer.event(&Event::Finished {
            run: id.map(|run| run.0),
            totals: totals.clone(),
            exit: exit.code(),
            tolerated: 0,
            next,
            head: String::new(),
        });
        Ok(Report { run: id, totals, exit, files: Vec::new() })
    }
}

/// Why some row that counted is not in the history, if one is not.
fn left_out(run: &Run, totals: &Totals, refused: usize, dry_run: bool) -> Option<String> {
    if run.state == RunState::Closed {
        return Some(run.reason.clone());
    }
    let not_sent = if dry_run { 0 } else { totals.rows(Status::NotSent) };
    let unread = totals.rows(Status::Invalid) + totals.rows(Status::Unknown) + not_sent;
    match (unread, refused) {
        (0, 0) => None,
        (0, refused) => Some(format!("{} refused", count(refused as u64, "sheet"))),
        (rows, _) => Some(format!("{} not taken over", count(rows, "row"))),
    }
}
