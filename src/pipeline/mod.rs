//! The composition root: joins the stages into a run, from files to results.
//!
//! [`Pipeline::run_sheets`] is `arload RESOURCE VERB FILE...`, [`Pipeline::send_run`] is `arload runs send ID`. The
//! rules: the account's lock ([`lock`]) is held from planning to the last reply, the plan is durable before the first request, and
//! results are written from the ledger whatever ended the sending.

pub mod approval;
#[cfg(test)]
mod approval_tests;
mod compare;
mod corrections;
#[cfg(test)]
mod doubt_tests;
mod export;
#[cfg(test)]
mod export_tests;
mod finish;
mod first_use;
mod input;
mod invoice_ids;
pub mod lock;
#[cfg(test)]
mod operations_tests;
mod pace;
#[cfg(test)]
mod quirks_tests;
#[cfg(test)]
mod reading_tests;
#[cfg(test)]
mod rehearsal_tests;
#[cfg(test)]
mod repeats_tests;
mod resume;
#[cfg(test)]
mod resume_tests;
#[cfg(test)]
mod rounds_tests;
pub mod seed;
pub mod serve;
#[cfg(test)]
mod stopping_tests;
#[cfg(test)]
mod tests;
mod turn;
pub mod unread;

use std::ffi::OsStr;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::api::Api;
use crate::check::Rules;
use crate::clock::Clock;
use crate::config::Settings;
use crate::config::assumed::{self, Assumed};
use crate::directory::Directory;
use crate::error::RunError;
use crate::event::{Event, Observer, Stage};
use crate::exit::ExitCode;
use crate::ledger::{ChunkHead, ChunkState, Ledger, Run, RunId, RunState};
use crate::operation::Operation;
use crate::outcome::{Status, Totals};
use crate::plan::at_api::AtApi;
use crate::plan::read::{ReadRun, Reading};
use crate::plan::write::{Planned, Planning};
use crate::plan::{gate, template};
use crate::results::rehearsal::Rehearsed;
use crate::results::{self, ResultSettings};
use crate::send::rounds::Rounds;
use crate::stop::{Stop, StopReason};
use unread::Unread;

/// What a run is made of; built by the binary, used by every command on runs.
pub struct Pipeline<'a> {
    /// Everything the run is told.
    pub settings: &'a Settings,
    /// Normalised base URL and company; an empty text for a dry run without an account.
    pub account: &'a str,
    /// Host as people read it, or `sandbox`.
    pub host: &'a str,
    /// The store; a scratch one in a dry run.
    pub ledger: &'a dyn Ledger,
    /// The store with earlier runs; none where a dry run finds no ledger.
    pub earlier: Option<&'a dyn Ledger>,
    /// The way out; none where nothing is sent.
    pub api: Option<&'a dyn Api>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The wish to stop.
    pub stop: &'a Stop,
    /// Hears what happens.
    pub observer: &'a dyn Observer,
}

/// How a run ended for this process.
#[derive(Debug, Clone)]
pub struct Report {
    /// The run; none for a dry run.
    pub run: Option<RunId>,
    /// Control totals over all rows.
    pub totals: Totals,
    /// What the process should end with.
    pub exit: ExitCode,
    /// Results that were written.
    pub files: Vec<PathBuf>,
}

impl Pipeline<'_> {
    /// Reads, checks, plans and sends sheets, and writes their results.
    pub fn run_sheets(
        &self,
        operation: &'static Operation,
        inputs: &[impl AsRef<OsStr>],
        stdin: Box<dyn Read + '_>,
    ) -> Result<Report, RunError> {
        self.refuse_assumed(operation)?;
        self.observer.event(&Event::Stage { stage: Stage::Reading });
        let mut opened = input::open(inputs, stdin, self.settings, self.observer)?;
        if opened.files.is_empty() {
            return self.nothing_to_do();
        }
        self.understand_corrections(operation, &mut opened)?;
        self.test_results(&opened.shown())?;
        let mode = &self.settings.mode;
        let rehearsed = (mode.dry_run && !mode.seed).then(|| self.result_settings());
        self.run_opened(operation, &opened, rehearsed.as_ref())
    }

    /// The same of sheets that are open; with settings for results, lines of these are written while rows are checked.
    fn run_opened(
        &self,
        operation: &'static Operation,
        opened: &input::Opened,
        rehearsed: Option<&ResultSettings>,
    ) -> Result<Report, RunError> {
        let directory = self.directory()?;
        let (mut read, refused) = self.read(operation, opened, &directory, rehearsed)?;
        let unread = Unread::new(opened.refused.iter().cloned().chain(refused));
        let refused = unread.count;
        if read.sheets.is_empty() && refused == 0 && self.settings.gate.allow_empty {
            return self.nothing_to_do();
        }
        if read.sheets.is_empty() {
            return Err(RunError::NoSheets);
        }
        gate::expected(&self.settings.gate, &read.read)?;
        let identity = resume::Identity::of(operation, self.settings, &read);
        let mut superseding = Vec::new();
        let mut turn = None;
        if !self.settings.mode.dry_run {
            turn = self.turn_to_plan()?;
            self.recover_open_runs()?;
            if let Some(run) = self.unfinished(operation, &identity, &read, &mut superseding)? {
                drop(turn);
                return match gate::bad_rows(&self.settings.gate, &read.read, read.bad) {
                    None => self.go_on(&run, refused),
                    Some(withheld) => {
                        self.observer.event(&Event::Withheld { reason: withheld.reason });
                        self.finish(operation, &run, refused, None, &mut Rehearsed::default())
                    }
                };
            }
            self.find_changed(operation, &identity, &read, &mut superseding)?;
            if let Some(turn) = &mut turn {
                turn.hold_back(&superseding)?;
            }
        }
        self.observer.event(&Event::Stage { stage: Stage::Planning });
        let mut at_api = self.look_up_first_use(operation, &mut read, &superseding)?;
        at_api.ids = self.look_up_numbers(operation, &mut read)?;
        let planned = self.plan(operation, &mut read, &identity, &unread, &superseding, &at_api)?;
        drop(turn);
        let mut rehearsed = read.waiting.into_rehearsed();
        if planned.withheld.is_none() {
            self.tell_superseded(&superseding)?;
        }
        let run = self.stored(planned.run)?;
        let holds = !self.may_send(&planned) || self.lacks_yes(&run)? || !self.may_leave(&run)?;
        let stopped = if holds { None } else { self.send(operation, &run)? };
        self.finish(operation, &run, refused, stopped.as_deref(), &mut rehearsed)
    }

    /// Goes on with a planned or unfinished run, whatever its age.
    pub fn send_run(&self, id: RunId) -> Result<Report, RunError> {
        let run = self.own_run(id)?;
        if run.state != RunState::Open {
            return Err(RunError::Input {
                message: format!("run {id} is {}; nothing is left to send", run.state.as_str()),
                hint: format!("\"arload runs show {id}\" says what became of it"),
            });
        }
        self.recover_open_runs()?;
        self.refuse_restored(operation_of(&run)?, &run)?;
        self.refuse_unapproved(&run)?;
        let unread = Unread::of(&run.settings);
        for message in unread.words() {
            self.observer.event(&Event::Warning {
                message: format!("run {id} was planned without it: {message}"),
                hint: Some("give the sheet again, once it can be read; what was sent is not sent twice".to_owned()),
            });
        }
        self.go_on(&run, unread.count)
    }

    /// Looks the unknown rows of a run up again, and sends what that proves missing, whatever the run's age.
    pub fn reconcile_run(&self, id: RunId) -> Result<Report, RunError> {
        let run = self.own_run(id)?;
        self.recover_open_runs()?;
        if run.state == RunState::Open {
            // What waits in the plan of a restored ledger may have been sent since.
            self.refuse_restored(operation_of(&run)?, &run)?;
        }
        let unknown = crate::results::totals(self.ledger, &run)?.0.rows(Status::Unknown);
        let chunks = self.ledger.chunks(run.id)?;
        if unknown == 0 && !chunks.iter().any(|chunk| chunk.is_open() && chunk.attempts > 0) {
            let waiting = run.state == RunState::Open;
            return Err(RunError::Input {
                message: format!("run {id} has no unknown rows; there is nothing to look up"),
                hint: if waiting {
                    format!("\"arload runs send {id}\" sends what waits")
                } else {
                    format!("\"arload runs show {id}\" says what became of it")
                },
            });
        }
        self.go_on(&run, 0)
    }

    /// Writes the results of a run as it stands and says how it ended, as its own process would have.
    pub fn tell_run(&self, id: RunId) -> Result<Report, RunError> {
        let run = self.own_run(id)?;
        let unread = Unread::of(&run.settings).count;
        self.finish(operation_of(&run)?, &run, unread, None, &mut Rehearsed::default())
    }

    /// A guess of a route is not tried on a real host unasked; a dry run only says so.
    fn refuse_assumed(&self, operation: &'static Operation) -> Result<(), RunError> {
        match assumed::refusal(self.settings, operation) {
            None => Ok(()),
            Some(Assumed { message, hint }) if self.settings.mode.dry_run => {
                let message = format!("a real run would be refused: {message}");
                self.observer.event(&Event::Warning { message, hint: Some(hint) });
                Ok(())
            }
            Some(Assumed { message, hint }) => Err(RunError::Input { message, hint }),
        }
    }

    /// A run of this account.
    fn own_run(&self, id: RunId) -> Result<Run, RunError> {
        let run = self.stored(id)?;
        if run.account == self.account {
            return Ok(run);
        }
        Err(RunError::Input {
            message: format!("run {id} belongs to {}, not to {}", run.account, self.account),
            hint: "name its profile with --profile, or pass --sandbox if it was a sandbox run".to_owned(),
        })
    }

    fn go_on(&self, run: &Run, refused: usize) -> Result<Report, RunError> {
        let operation = operation_of(run)?;
        self.refuse_assumed(operation)?;
        let (totals, breakdown) = crate::results::totals(self.ledger, run)?;
        // What living workers have on its way is not unknown yet.
        let sending = |chunk: &&ChunkHead| self.ledger.shared().is_some() && chunk.state == ChunkState::Sending;
        let under_way: u64 =
            self.ledger.chunks(run.id)?.iter().filter(sending).map(|chunk| u64::from(chunk.rows)).sum();
        let unknown = totals.rows(Status::Unknown).saturating_sub(under_way);
        self.observer.event(&Event::Resumed { run: run.id.0, rows: breakdown.waiting, unknown });
        // What was sent before an approval was asked for is looked up without one; nothing more leaves.
        let waits = unknown == 0 && !self.may_leave(run)?;
        let holds = self.settings.mode.plan_only || waits || self.lacks_yes(run)?;
        let stopped = if holds { None } else { self.send(operation, run)? };
        self.finish(operation, run, refused, stopped.as_deref(), &mut Rehearsed::default())
    }

    /// Whether a run waits for a person's yes: none was given before anything of it left, and none is given now.
    pub fn lacks_yes(&self, run: &Run) -> Result<bool, RunError> {
        let mode = &self.settings.mode;
        if !operation_of(run)?.needs_yes() || mode.yes || mode.dry_run {
            return Ok(false);
        }
        let chunks = self.ledger.chunks(run.id)?;
        Ok(chunks.iter().any(ChunkHead::is_open) && chunks.iter().all(|chunk| chunk.attempts == 0))
    }

    fn read<'r>(
        &'r self,
        operation: &'static Operation,
        opened: &'r input::Opened,
        directory: &'r Directory,
        rehearsed: Option<&ResultSettings>,
    ) -> Result<(ReadRun<'r>, Vec<String>), RunError> {
        let today = self.clock.now().to_zoned(self.settings.timezone.clone()).date();
        let mut read = ReadRun::new()?;
        let mut refused = Vec::new();
        for file in &opened.files {
            let rules = Rules {
                account: self.account,
                company: &self.settings.company,
                directory,
                today,
                period: file.period(&self.settings.gate)?,
                severity: &self.settings.severity,
                allow_unnumbered: self.settings.mapping.allow_unnumbered,
            };
            let corrections = file.corrections.as_ref();
            let reading = Reading {
                operation,
                settings: corrections.map_or(self.settings, |corrections| &corrections.settings),
                rules,
                stop: self.stop,
                observer: self.observer,
                // Results of a workbook have the columns of all its sheets.
                results: rehearsed.filter(|_| file.sources.len() == 1 && corrections.is_none()).cloned(),
                corrections: corrections.map_or(&[], |corrections| &corrections.sheets),
                // A dry run keeps nothing, and a sheet that comes again has its cells in the ledger.
                packs: !self.settings.mode.dry_run && !self.ledger.knows_path(&file.kept_path())?,
            };
            let before = read.sheets.len();
            refused.extend(input::read_file(&mut read, file, &reading)?);
            file.check_control(&read.sheets[before..], self.observer)?;
        }
        Ok((read, refused))
    }

    /// Customers known from the `--customers` file and from accepted uploads.
    fn directory(&self) -> Result<Directory, RunError> {
        let mut directory = match &self.settings.mapping.customers {
            Some(path) => input::read_directory(path)?,
            None => Directory::new(),
        };
        if let Some(ledger) = self.earlier {
            for customer in ledger.customers(self.account)? {
                directory.add(customer);
            }
        }
        Ok(directory)
    }

    fn plan(
        &self,
        operation: &'static Operation,
        read: &mut ReadRun<'_>,
        identity: &resume::Identity,
        unread: &Unread,
        superseding: &[(RunId, String)],
        at_api: &AtApi,
    ) -> Result<Planned, RunError> {
        self.tell_severities();
        let facts = read.sheets.iter().map(|sheet| &sheet.facts);
        let template = template::identity(operation, facts, &self.settings.sending.uploads);
        let route = approval::route(operation, self.settings);
        let plan_settings =
            approval::beside(&unread.beside(&identity.settings), &route, &template, self.settings.mode.needs_approval);
        let plan_settings = pace::beside(&plan_settings, self.settings.sending.rate);
        let planning = Planning {
            operation,
            settings: self.settings,
            ledger: self.ledger,
            earlier: self.earlier,
            account: self.account,
            superseding,
            at_api,
            content: identity.content,
            plan: identity.plan,
            plan_settings: &plan_settings,
            now: self.clock.now(),
        };
        let rows = u64::from(read.rows);
        let planned = planning.write(read)?;
        if let Some(withheld) = planned.withheld.as_ref().filter(|_| self.settings.mode.dry_run) {
            let message = format!("a real run would send nothing: {}", withheld.reason);
            self.observer.event(&Event::Warning { message, hint: None });
        } else if let Some(withheld) = &planned.withheld {
            self.observer.event(&Event::Withheld { reason: withheld.reason.clone() });
        } else if !self.settings.mode.dry_run {
            self.observer.event(&Event::Planned {
                run: planned.run.0,
                rows: planned.rows,
                documents: planned.documents,
                chunks: planned.chunks,
                ended: rows - planned.rows,
                least_time: Duration::from_secs_f64(planned.chunks as f64 / self.settings.sending.rate),
                left_today: self.left_today()?,
                first: planned.first,
            });
        }
        Ok(planned)
    }

    /// Says which findings weigh something else than arload means them to.
    fn tell_severities(&self) {
        let changed = self.settings.severity.iter().filter(|(code, severity)| code.severity() != **severity);
        let words: Vec<String> = changed
            .map(|(code, severity)| format!("{code} ({} instead of {})", severity.as_str(), code.severity().as_str()))
            .collect();
        if !words.is_empty() {
            let message = format!("the profile changes how findings weigh: {}", words.join(", "));
            self.observer.event(&Event::Warning { message, hint: None });
        }
    }

    /// Requests that the day's quota leaves, where there is one.
    fn left_today(&self) -> Result<Option<u64>, RunError> {
        let Some(per_day) = self.settings.sending.per_day else { return Ok(None) };
        let today = self.clock.now().to_zoned(self.settings.timezone.clone()).date().to_string();
        Ok(Some(per_day.saturating_sub(self.ledger.day_count(self.account, &today)?.0)))
    }

    fn may_send(&self, planned: &Planned) -> bool {
        planned.withheld.is_none() && !self.settings.mode.dry_run && !self.settings.mode.plan_only
    }

    /// Sends what is planned; says why it stopped early, if it did.
    fn send(&self, operation: &'static Operation, run: &Run) -> Result<Option<String>, RunError> {
        if self.stop.asked() || !self.ledger.chunks(run.id)?.iter().any(ChunkHead::is_open) {
            return Ok(None);
        }
        let Some(api) = self.api else { return Ok(None) };
        self.observer.event(&Event::Stage { stage: Stage::Sending });
        let sending = &self.settings.sending;
        let limiter = self.limiter();
        let sheets = self.ledger.sheets(run.id)?.iter().map(results::facts).collect::<Result<Vec<_>, _>>()?;
        let rounds = Rounds {
            operation,
            run: run.id,
            account: self.account,
            settings: sending,
            timezone: &self.settings.timezone,
            ledger: self.ledger,
            api,
            limiter: &limiter,
            clock: self.clock.as_ref(),
            stop: self.stop,
            observer: self.observer,
            template: template::identity(operation, &sheets, &sending.uploads),
            // A later run has taken over what a superseded one did not send.
            sends: run.state == RunState::Open && self.may_leave(run)?,
        };
        Ok(rounds.run())
    }

    fn stored(&self, id: RunId) -> Result<Run, RunError> {
        self.ledger.run(id)?.ok_or_else(|| RunError::NoRun(id.to_string()))
    }
}

/// The operation of a stored run.
fn operation_of(run: &Run) -> Result<&'static Operation, RunError> {
    Operation::by_name(&run.operation).ok_or_else(|| RunError::Input {
        message: format!("run {} is of the operation \"{}\", which this arload does not know", run.id, run.operation),
        hint: "install the newer arload".to_owned(),
    })
}

/// The exit code that a reason to stop asks for.
pub fn stop_code(reason: StopReason) -> ExitCode {
    match reason {
        StopReason::Interrupted => ExitCode::Interrupted,
        StopReason::LoginRefused => ExitCode::LoginRefused,
        StopReason::Refused
        | StopReason::Outage
        | StopReason::Quota
        | StopReason::Ledger
        | StopReason::Canary
        | StopReason::RefusalBudget => ExitCode::StoppedEarly,
    }
}
