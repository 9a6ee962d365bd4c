//! Ends a run for this process: its state, its results, its totals, its exit code, and what to do next.

use std::path::{Path, PathBuf};

use super::unread::Unread;
use super::{Pipeline, Report, pace, stop_code};
use crate::config::Target;
use crate::error::RunError;
use crate::event::{Event, Stage};
use crate::exit::ExitCode;
use crate::export::Format;
use crate::finding::{Code, Severity};
use crate::ledger::{ChunkHead, Run, RunState};
use crate::operation::{Operation, Repeat};
use crate::outcome::{Status, Sum, Totals, code};
use crate::plan::gate;
use crate::platform;
use crate::results::rehearsal::Rehearsed;
use crate::results::report::Telling;
use crate::results::summary::Breakdown;
use crate::results::{self, ResultSettings, RunLabel};
use crate::wording::{count, hex};

impl Pipeline<'_> {
    /// Where and how this run's results are written.
    pub fn result_settings(&self) -> ResultSettings {
        let dry_run = self.settings.mode.dry_run;
        ResultSettings {
            folder: self.settings.places.results.clone(),
            infix: match (&self.settings.target, dry_run) {
                (_, true) => "dry-run",
                (Target::Sandbox, _) => "sandbox",
                _ => "",
            },
            export: Format::Csv,
            bom: self.settings.places.results_bom,
            delimiter: self.settings.places.results_delimiter,
            durable: !dry_run,
            split_by: self.settings.places.split_by.clone(),
            renews: false,
            timezone: self.settings.timezone.clone(),
        }
    }

    /// Whether results can be written, asked before anything is read or sent.
    pub(super) fn test_results(&self, files: &[PathBuf]) -> Result<(), RunError> {
        results::test_places(files, &self.result_settings())
    }

    /// Writes the results of a run that was stored, and what it read where it reads.
    pub fn write_results(&self, run: &Run) -> Result<results::Written, RunError> {
        self.write_with(run, Format::Csv, &mut Rehearsed::default())
    }

    /// The same with another form of what was read, as `arload runs results` does.
    pub fn write_results_as(&self, run: &Run, export: Format) -> Result<results::Written, RunError> {
        self.write_with(run, export, &mut Rehearsed::default())
    }

    /// Writes the results of an earlier run again where they stand already, with what corrections made of its rows.
    pub(super) fn renew_results(&self, run: &Run) -> Result<results::Written, RunError> {
        let settings = ResultSettings { renews: true, ..self.result_settings() };
        self.write_as(run, &settings, &mut Rehearsed::default())
    }

    fn write_with(&self, run: &Run, export: Format, rehearsed: &mut Rehearsed) -> Result<results::Written, RunError> {
        let paths =
            self.ledger.sheets(run.id)?.iter().map(|sheet| platform::path_of_text(&sheet.path)).collect::<Vec<_>>();
        for path in &paths {
            let folder = path.parent().unwrap_or(Path::new("."));
            if self.settings.places.results.is_none() && !folder.is_dir() {
                return Err(RunError::Input {
                    message: format!("{}: the input's folder is gone", folder.display()),
                    hint: "name another folder for the results with --results".to_owned(),
                });
            }
        }
        let settings = ResultSettings { export, ..self.result_settings() };
        if self.settings.places.results.is_some() {
            results::test_places(&paths, &settings)?;
        }
        self.write_as(run, &settings, rehearsed)
    }

    fn write_as(
        &self,
        run: &Run,
        settings: &ResultSettings,
        rehearsed: &mut Rehearsed,
    ) -> Result<results::Written, RunError> {
        // What is said of a plan only is no part of the page, which is the same whoever writes it again.
        let approval = self.waiting_for(run)?;
        let waits = approval.is_some();
        let next = |totals: &Totals, breakdown: &Breakdown| {
            let operation = Operation::by_name(&run.operation);
            let steps = operation.map(|operation| next_steps(operation, run, totals, breakdown, None, (waits, false)));
            approval.iter().cloned().chain(steps.into_iter().flatten()).collect()
        };
        let telling = self.telling(run, &next);
        let telling = (!self.settings.mode.dry_run).then_some(&telling);
        results::write_run_with(self.ledger, run, &self.label(run)?, telling, settings, rehearsed)
    }

    pub(super) fn finish(
        &self,
        operation: &'static Operation,
        run: &Run,
        refused: usize,
        stopped: Option<&str>,
        rehearsed: &mut Rehearsed,
    ) -> Result<Report, RunError> {
        let open = self.ledger.chunks(run.id)?.iter().any(ChunkHead::is_open);
        if run.state == RunState::Open && !open {
            self.ledger.set_run_state(run.id, RunState::Finished, "", None, self.clock.now())?;
        }
        self.observer.event(&Event::Stage { stage: Stage::Results });
        let run = self.stored(run.id)?;
        let written = self.write_or_warn(&run, rehearsed)?;
        let own = written.as_ref().filter(|written| !written.is_corrected);
        let (totals, breakdown) = if let Some(written) = own {
            (written.totals.clone(), written.breakdown.clone())
        } else {
            results::totals_with(self.ledger, &run, rehearsed)?
        };
        let exit = self.exit_code(&run, &totals, &breakdown, refused);
        let (waits, approval) = self.approval_words(&run)?;
        // Nobody asked for a plan only, and nothing leaves before somebody else has approved it.
        let stops = (written.is_none() && !self.is_elsewhere(&run)?) || (waits && !self.settings.mode.plan_only);
        let exit = if stops { ExitCode::worst([exit, ExitCode::StoppedEarly]) } else { exit };
        // What was corrected before, in this sheet or in one that is the same, needs nobody any more.
        let corrected = written.as_ref().filter(|written| written.is_corrected);
        let (left, codes) = corrected.map_or((&totals, &breakdown), |written| (&written.totals, &written.breakdown));
        let dry_run = self.settings.mode.dry_run;
        let mut next = next_steps(operation, &run, left, codes, stopped, (waits, dry_run));
        if corrected.is_some() {
            self.tell_corrected(&run, "")?;
        }
        let files = written.map(|written| written.files).unwrap_or_default();
        self.bring_up_to_date(&run)?;
        let id = (!self.settings.mode.dry_run).then_some(run.id);
        if exit == ExitCode::LoginRefused {
            next.push(
                "correct username, password, client-id and client-secret; until they change only \"arload auth check\" tries them"
                    .to_owned(),
            );
        }
        next.splice(0..0, approval);
        self.observer.event(&Event::Finished {
            run: id.map(|run| run.0),
            totals: totals.clone(),
            exit: exit.code(),
            tolerated: if exit == ExitCode::Success { totals.refused() } else { 0 },
            next,
            head: self.head(&run)?,
        });
        Ok(Report { run: id, totals, exit, files })
    }

    /// Ends where there was nothing to read and that is fine.
    pub(super) fn nothing_to_do(&self) -> Result<Report, RunError> {
        gate::expected(&self.settings.gate, &Sum::default())?;
        self.observer.event(&Event::Finished {
            run: None,
            totals: Totals::default(),
            exit: ExitCode::Success.code(),
            tolerated: 0,
            next: Vec::new(),
            head: String::new(),
        });
        Ok(Report { run: None, totals: Totals::default(), exit: ExitCode::Success, files: Vec::new() })
    }

    /// Writes the results; what was sent is known whether or not they can be written, so a failure is told, not thrown.
    fn write_or_warn(&self, run: &Run, rehearsed: &mut Rehearsed) -> Result<Option<results::Written>, RunError> {
        let written = match self.write_with(run, Format::Csv, rehearsed) {
            Ok(written) => written,
            Err(error @ RunError::TotalsDisagree(_)) => return Err(error),
            Err(error) => {
                let hint = format!("the ledger has every outcome: \"arload runs results {}\" writes them", run.id);
                self.observer.event(&Event::Warning { message: error.to_string(), hint: Some(hint) });
                return Ok(None);
            }
        };
        for message in &written.warnings {
            self.observer.event(&Event::Warning { message: message.clone(), hint: None });
        }
        for path in &written.files {
            self.observer.event(&Event::ResultsWritten { path: path.display().to_string() });
        }
        Ok(Some(written))
    }

    /// Whether a run of a shared ledger was planned from files that this host does not have: its results are written there,
    /// or wherever somebody asks for them.
    fn is_elsewhere(&self, run: &Run) -> Result<bool, RunError> {
        if self.ledger.shared().is_none() || self.settings.places.results.is_some() {
            return Ok(false);
        }
        let sheets = self.ledger.sheets(run.id)?;
        let folders = sheets.iter().map(|sheet| platform::path_of_text(&sheet.path));
        Ok(folders.into_iter().any(|path| !path.parent().unwrap_or(Path::new(".")).is_dir()))
    }

    /// What the page for people says besides the figures.
    fn telling<'t>(&self, run: &Run, next: &'t dyn Fn(&Totals, &Breakdown) -> Vec<String>) -> Telling<'t> {
        Telling {
            next,
            not_read: Unread::of(&run.settings).words(),
            rate: pace::of(&run.settings),
            flags: self.settings.places.way.clone(),
        }
    }

    /// Who is named in the results of a run.
    pub fn label(&self, run: &Run) -> Result<RunLabel, RunError> {
        Ok(RunLabel {
            run: (!self.settings.mode.dry_run).then_some(run.id.0),
            ledger: self.ledger.id()?,
            operation: run.operation.clone(),
            host: self.host.to_owned(),
            environment: self.settings.environment.clone(),
            company: self.settings.company.company_id.clone(),
            planned_at: run
                .created_at
                .to_zoned(self.settings.timezone.clone())
                .strftime("%Y-%m-%dT%H:%M:%S%:z")
                .to_string(),
            state: run.state.as_str().to_owned(),
            reason: run.reason.clone(),
            head: self.head(run)?,
        })
    }

    /// The hash over a run's history; empty where nothing was sent.
    fn head(&self, run: &Run) -> Result<String, RunError> {
        let sent = self.ledger.chunks(run.id)?.iter().any(|chunk| chunk.attempts > 0);
        Ok(if sent { hex(&self.ledger.head(run.id)?) } else { String::new() })
    }

    pub(super) fn exit_code(&self, run: &Run, totals: &Totals, breakdown: &Breakdown, refused: usize) -> ExitCode {
        let has = |status| totals.rows(status) > 0;
        let gate = &self.settings.gate;
        let bad_rows = totals.refused() > 0 && !totals.is_tolerable(gate.tolerate);
        if self.settings.mode.dry_run {
            // A real run would send nothing.
            let withheld = breakdown.codes.contains_key(code::MAX_INVALID) || (gate.strict && has(Status::Invalid));
            let bad = bad_rows || withheld || refused > 0;
            return if bad { ExitCode::NotAllAccepted } else { ExitCode::Success };
        }
        let planned_only = self.settings.mode.plan_only
            && breakdown.codes.get(code::PLANNED).copied().unwrap_or_default() == totals.rows(Status::NotSent);
        let mut reasons = vec![ExitCode::Success];
        if has(Status::Unknown) {
            reasons.push(ExitCode::UnknownOutcomes);
        }
        // A wish to stop that came when all was done stopped nothing.
        if let Some(reason) = self.stop.reason().filter(|_| run.state == RunState::Open) {
            reasons.push(stop_code(reason));
        }
        let not_sent = has(Status::NotSent) && !planned_only;
        if bad_rows || not_sent || refused > 0 {
            reasons.push(ExitCode::NotAllAccepted);
        }
        ExitCode::worst(reasons)
    }
}

/// How a sheet is given again once some of its rows are mended; only creates know what they did before.
fn again(operation: &Operation, accepted: bool) -> &'static str {
    match operation.repeat {
        _ if operation.is_guarded() => "the sheet again; what was accepted is not sent twice",
        Repeat::Safe => "the sheet again; doing it twice changes nothing",
        _ if accepted => "them in a sheet of their own: the accepted rows would be sent again",
        _ => "the sheet again",
    }
}

/// What the outcomes ask of the reader, a sentence each.
fn next_steps(
    operation: &Operation,
    run: &Run,
    totals: &Totals,
    breakdown: &Breakdown,
    stopped: Option<&str>,
    (waits, dry_run): (bool, bool),
) -> Vec<String> {
    let mut next = Vec::new();
    let rows = |code: &str| breakdown.codes.get(code).copied().unwrap_or_default();
    if let Some(reason) = stopped {
        next.push(format!("stopped early: {reason}"));
    }
    if rows(code::FOUND_AT_API) > 0 {
        next.push(format!(
            "{} not sent: looked up at the API and found there, with ids in the results",
            count(rows(code::FOUND_AT_API), "row")
        ));
    }
    if totals.rows(Status::Unknown) > 0 {
        let here = totals.rows(Status::Unknown).saturating_sub(rows(code::UNKNOWN_IN_RUN));
        if here > 0 && operation.repeat == Repeat::Never {
            next.push(format!(
                "{} unknown: sent, and no answer says what became of them; no search of Enkash's shows it either: look at them in the dashboard, then give the rest in a sheet of its own",
                count(here, "row")
            ));
        } else if here > 0 && operation.repeat == Repeat::Safe {
            next.push(format!(
                "{} unknown: sent, and no answer says what became of them; doing it twice changes nothing, so the same command, or \"arload runs send {}\", sends them again",
                count(here, "row"),
                run.id
            ));
        } else if here > 0 {
            next.push(format!(
                "{} unknown: sent, and no answer says what became of them; \"arload runs reconcile {}\" looks them up, and so does the next start; nothing is sent again that is not proved missing",
                count(here, "row"),
                run.id
            ));
        }
        if rows(code::UNKNOWN_IN_RUN) > 0 {
            next.push(format!(
                "{} unknown since an earlier run, named in the results; \"arload runs reconcile ID\" with its number looks them up",
                count(rows(code::UNKNOWN_IN_RUN), "row")
            ));
        }
        if rows(code::FOUND_WITH_OTHER_CONTENT) > 0 {
            next.push(format!(
                "{} unknown because their number stands at Enkash with other content; compare them there, they are never sent again",
                count(rows(code::FOUND_WITH_OTHER_CONTENT), "row")
            ));
        }
    }
    let resumable = rows(code::PLANNED) + rows(code::STOPPED) + breakdown.refused_whole;
    // What waits for an approval does not go on by itself.
    if resumable > 0 && run.state == RunState::Open && !waits {
        next.push(format!(
            "{} not sent yet: the same command goes on with run {}, or \"arload runs send {}\"",
            count(resumable, "row"),
            run.id,
            run.id
        ));
    }
    next.extend(left_as_it_was(totals, rows(code::UNCHANGED), resumable + rows(code::HELD_BY_RUN)));
    if rows(code::HELD_BY_RUN) > 0 {
        next.push(format!("{} held by an unfinished run, named in the results", count(rows(code::HELD_BY_RUN), "row")));
    }
    if totals.rows(Status::Rejected) > 0 {
        next.push(format!(
            "{} rejected by the API, with its reason in the results; correct {}{}",
            count(totals.rows(Status::Rejected), "row"),
            if totals.rows(Status::Rejected) == 1 { "it" } else { "them" },
            if operation.creates() { ", or pass --retry-rejected" } else { "" }
        ));
    }
    if totals.rows(Status::Invalid) > 0 {
        next.push(format!(
            "{} invalid: correct the cells named in the results and run {}",
            count(totals.rows(Status::Invalid), "row"),
            again(operation, totals.rows(Status::Accepted) > 0)
        ));
    }
    if !dry_run && run.state != RunState::Closed && totals.rows(Status::Invalid) + totals.rows(Status::Rejected) > 0 {
        next.push(
            "or correct these rows in the corrections workbook, and give it back the way the sheet was given"
                .to_owned(),
        );
    }
    if let Some(most) = most_frequent(breakdown) {
        next.push(format!("most often {most}; \"arload explain CODE\" says what a code means and what to do"));
    }
    if dry_run && rows(code::DRY_RUN) > 0 {
        next.push(format!("{} would be sent by {}", count(rows(code::DRY_RUN), "row"), operation.name()));
    }
    next
}

/// Good rows that came back in a corrections workbook as they were; of those `unchanged`, invalid ones are told elsewhere,
/// and `others` are not sent for another reason.
fn left_as_it_was(totals: &Totals, unchanged: u64, others: u64) -> Option<String> {
    let left = unchanged.min(totals.rows(Status::NotSent).saturating_sub(others));
    let were = if left == 1 { "it was" } else { "they were" };
    let rows = count(left, "row");
    (left > 0).then(|| {
        format!("{rows} left as {were} in the corrections workbook and so not sent: correct the cells there, or write retry or drop")
    })
}

/// The errors that most rows have: `date-future (12 rows), gstin-format (3 rows)`.
fn most_frequent(breakdown: &Breakdown) -> Option<String> {
    // Limit: what a line holds; the summary has all.
    const MOST: usize = 3;
    let error = |code: &str| Code::parse(code).is_some_and(|code| code.severity() == Severity::Error);
    let mut codes: Vec<(&str, u64)> = breakdown.codes.iter().map(|(code, rows)| (code.as_str(), *rows)).collect();
    codes.retain(|(code, _)| error(code));
    codes.sort_by_key(|(code, rows)| (std::cmp::Reverse(*rows), *code));
    let words: Vec<String> =
        codes.iter().take(MOST).map(|(code, rows)| format!("{code} ({})", count(*rows, "row"))).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Amounts;

    #[test]
    fn good_rows_that_came_back_as_they_were_are_counted_apart_from_others() {
        let mut totals = Totals::default();
        for _ in 0..3 {
            totals.add(Status::NotSent, &Amounts::default());
        }
        let said = |unchanged, others| left_as_it_was(&totals, unchanged, others).unwrap_or_default();
        assert!(said(5, 2).starts_with("1 row left as it was in the corrections workbook"));
        assert!(said(2, 0).starts_with("2 rows left as they were"));
        assert_eq!((said(5, 3), said(0, 0)), (String::new(), String::new()));
    }
}
