//! Corrections workbooks that come back: which run each belongs to, how it is read, and the runs that it brings up to date.
//!
//! Leaves which row is which to [`crate::corrections`]. The one rule: a workbook of another ledger, account or operation is
//! refused whole, because nobody here can say what was changed in it.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Pipeline;
use super::input::{InputFile, MarkedBy, Opened};
use crate::check::dates::ColumnOrder;
use crate::config::Settings;
use crate::corrections::after::{self, After};
use crate::corrections::book::{self, Head, Marker};
use crate::corrections::matching::{self, Home, Meanwhile};
use crate::corrections::originals::Originals;
use crate::corrections::{Correcting, FORM, KEY, OWN_HEADINGS};
use crate::dedupe::Earlier;
use crate::error::RunError;
use crate::event::Event;
use crate::explain::ErrorCode;
use crate::finding::quote;
use crate::ledger::{Ledger, Run, RunId, RunState, SheetId, SheetRecord};
use crate::operation::Operation;
use crate::outcome::{RowOutcome, Status, code};
use crate::plan::history::{EarlierRow, History};
use crate::plan::refusal::Refusal;
use crate::results;
use crate::sheet::SheetSource;

/// What a corrections workbook is read by.
#[derive(Debug)]
pub(super) struct FileCorrections {
    /// The settings, with those of its run that decide how rows are read.
    pub(super) settings: Settings,
    /// Its sheets.
    pub(super) sheets: Vec<Arc<Correcting>>,
}

/// Why a workbook is not read.
enum No {
    Refused(Refusal),
    Failed(RunError),
}

impl<E: Into<RunError>> From<E> for No {
    fn from(error: E) -> Self {
        match error.into() {
            RunError::Sheet(error) => No::Refused(error.into()),
            error => No::Failed(error),
        }
    }
}

fn no(message: String, hint: &str) -> No {
    No::Refused(Refusal { message, hint: Some(hint.to_owned()), no_table: false, code: ErrorCode::Corrections })
}

/// A worksheet with the run and sheet that it belongs to.
struct Place {
    run: Run,
    sheet: SheetRecord,
}

impl Pipeline<'_> {
    /// Finds out what the corrections workbooks among the files bring back; one that cannot be understood is refused.
    pub(super) fn understand_corrections(
        &self,
        operation: &'static Operation,
        opened: &mut Opened,
    ) -> Result<(), RunError> {
        // A run of which all files come again gives way to this one, or is gone on with.
        let brought: Vec<String> = if self.settings.mode.new_run {
            Vec::new()
        } else {
            opened.files.iter().map(InputFile::kept_path).collect()
        };
        for file in &mut opened.files {
            let Some(by) = file.marked.take() else { continue };
            match self.corrections_of(operation, (file, &brought), by) {
                Ok(corrections) => file.corrections = corrections,
                Err(No::Failed(error)) => return Err(error),
                Err(No::Refused(refusal)) => {
                    file.sources.clear();
                    opened.refused.push(refusal.message.clone());
                    let Refusal { message, hint, code, .. } = refusal;
                    self.observer.event(&Event::SheetRefused { message, hint, code: code.as_str() });
                }
            }
        }
        opened.files.retain(|file| !file.sources.is_empty());
        if opened.files.is_empty() { Err(RunError::NoSheets) } else { Ok(()) }
    }

    fn corrections_of(
        &self,
        operation: &'static Operation,
        (file, brought): (&mut InputFile, &[String]),
        by: MarkedBy,
    ) -> Result<Option<FileCorrections>, No> {
        let reading = &self.settings.reading;
        let Some(first) = file.sources.first() else {
            return Err(no("a corrections workbook has no list of rows left".to_owned(), "give it as arload wrote it"));
        };
        let name = first.file_name.clone();
        if by == MarkedBy::Name && !self.has_heads(file)? {
            return Ok(None);
        }
        let Some(ledger) = self.earlier else {
            return Err(no(
                format!("{name}: is a corrections workbook, and there is no ledger here that knows its run"),
                "name the ledger that wrote it with --state, or the sandbox's with --sandbox",
            ));
        };
        let marker = if by == MarkedBy::Sheet { Marker::read(first, reading)? } else { Marker::default() };
        if marker.form.as_deref().is_some_and(|form| form != FORM) {
            let form = quote(marker.form.as_deref().unwrap_or_default());
            return Err(no(
                format!("{name}: is a corrections workbook of the form {form}"),
                "install the newer arload",
            ));
        }
        if marker.is_known() && marker.sheets.is_empty() {
            return Err(no(
                format!("{name}: has no rows to correct, only such whose outcome is unknown"),
                &format!("\"arload runs reconcile {}\" looks them up", marker.run),
            ));
        }
        let mut sheets = Vec::new();
        let mut kept = Vec::new();
        for source in std::mem::take(&mut file.sources) {
            let Some(head) = Head::find(&source, reading)? else {
                let reason = "has none of the columns of a corrections workbook; it is not read".to_owned();
                self.observer.event(&Event::InputSkipped { path: source.label(), reason });
                continue;
            };
            let place = self.place_of(ledger, operation, &marker, &source, &head)?;
            sheets.push(Arc::new(self.correcting(ledger, operation, (&source, brought), &head, &place)?));
            kept.push(source);
        }
        let Some(correcting) = sheets.first() else {
            return Err(no(
                format!("{name}: no worksheet has the columns of a corrections workbook any more"),
                "its first columns say what to do; put their headings back, or copy the rows into a sheet of your own",
            ));
        };
        file.sources = kept;
        let mut settings = self.settings.clone();
        settings.reading = book::as_written(reading, Some(correcting.header_row));
        settings.mapping.group = sheets.iter().any(|sheet| sheet.mapping.grouping.is_some());
        settings.gate.period = settings.gate.period.or(period_of(ledger, correcting.run)?);
        Ok(Some(FileCorrections { settings, sheets }))
    }

    /// Whether a workbook has the columns of ours, all of them, though its hidden sheet is gone.
    fn has_heads(&self, file: &InputFile) -> Result<bool, No> {
        for source in file.sources.iter().filter(|source| source.sheet.is_some()) {
            if Head::find(source, &self.settings.reading)?.is_some_and(|head| head.column(KEY).is_some()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The run and sheet that a worksheet belongs to.
    fn place_of(
        &self,
        ledger: &dyn Ledger,
        operation: &Operation,
        marker: &Marker,
        source: &SheetSource,
        head: &Head,
    ) -> Result<Place, No> {
        let (label, own) = (source.label(), ledger.id()?);
        let name = source.sheet.as_deref().unwrap_or_default();
        let elsewhere = |run: &str| {
            no(
                format!("{label}: {run} stands in another ledger; what was changed in the rows cannot be told here"),
                "name the ledger that wrote it with --state, or the profile or --sandbox that its run was made with",
            )
        };
        let by_keys = || book::named_by_keys(source, &self.settings.reading, head);
        let id = if marker.is_known() {
            if marker.ledger != own {
                return Err(elsewhere(&format!("run {}, which these rows are of,", marker.run)));
            }
            let by_name = marker.sheets.iter().find(|(sheet, _)| sheet == name).map(|(_, id)| *id);
            match (by_name, &marker.sheets[..]) {
                (Some(id), _) => Some(id),
                (None, [(_, id)]) => Some(*id),
                (None, _) => by_keys()?.filter(|key| key.ledger == own).map(|key| key.sheet),
            }
        } else {
            match by_keys()? {
                Some(key) if key.ledger != own => return Err(elsewhere("the run of these rows")),
                key => key.map(|key| key.sheet),
            }
        };
        let unknown = || {
            no(
                format!("{label}: nothing in it says which sheet of which run its rows are of"),
                "give the workbook as arload wrote it, or copy the rows without their first columns into a sheet of your own",
            )
        };
        let id: SheetId = id.ok_or_else(unknown)?;
        let sheet = ledger.sheet(id)?.ok_or_else(unknown)?;
        let run = ledger.run(sheet.run)?.ok_or_else(unknown)?;
        if run.operation != operation.name() {
            let message =
                format!("{label}: its rows are of run {}, {}, not of {}", run.id, run.operation, operation.name());
            return Err(no(message, &format!("give it to \"arload {}\"", run.operation)));
        }
        if run.account != self.account {
            let message =
                format!("{label}: its rows are of run {} of {}, not of {}", run.id, run.account, self.account);
            return Err(no(message, "name its profile with --profile, or pass --sandbox if it was a sandbox run"));
        }
        Ok(Place { run, sheet })
    }

    fn correcting(
        &self,
        ledger: &dyn Ledger,
        operation: &Operation,
        (source, brought): (&SheetSource, &[String]),
        head: &Head,
        place: &Place,
    ) -> Result<Correcting, No> {
        let Place { run, sheet } = place;
        let facts = results::facts(sheet)?;
        let mut history = History::new(ledger);
        let mut originals = Originals::load(ledger, &mut history, run, sheet, &facts)?;
        let places: Vec<Option<usize>> = facts
            .header
            .columns
            .iter()
            .map(|name| head.column(name).filter(|_| !OWN_HEADINGS.contains(&name.as_str())))
            .collect();
        let mapping = facts.mapping.moved(&places, head.columns.len()).map_err(|missing| {
            let heading = facts.header.columns.get(missing).map_or("", String::as_str);
            let message =
                format!("{}: the column {} is gone, which run {} read", source.label(), quote(heading), run.id);
            no(message, "put the column back with its heading; its cells may stay blank where the row allows it")
        })?;
        let moved = |order: &ColumnOrder| Some(ColumnOrder { column: places.get(order.column).copied()??, ..*order });
        let came_back: Vec<bool> = originals.headings.iter().map(|(at, _)| places[*at].is_some()).collect();
        originals.keep(&came_back);
        let columns: Vec<Option<usize>> = originals.headings.iter().map(|(at, _)| places[*at]).collect();
        let rows = book::rows(source, &self.settings.reading, head, &columns)?;
        let label = sheet.sheet_name.as_ref().map_or_else(
            || format!("run {}, {}", run.id, sheet.file_name),
            |name| format!("run {}, {}[{name}]", run.id, sheet.file_name),
        );
        let home =
            Home { ledger: ledger.id()?, sheet: sheet.id, label: label.clone(), guarded: operation.is_guarded() };
        let mut after = After::new(ledger);
        let zone = &self.settings.timezone;
        let gives_way = |run| Ok(ledger.sheets(run)?.iter().all(|sheet| brought.contains(&sheet.path)));
        let since = |row| meanwhile((&mut history, &mut after), (sheet.id, row), zone, &gives_way);
        let matched = matching::matched(&home, &originals, &rows, since)?;
        let mut notes = vec![format!("corrections of {label}; read as that run read it")];
        notes.extend(matched.notes);
        Ok(Correcting {
            sheet: source.sheet.clone().unwrap_or_default(),
            header_row: head.row,
            run: run.id,
            of: sheet.id,
            mapping,
            orders: facts.orders.iter().filter_map(moved).collect(),
            rows: matched.rows,
            links: matched.links,
            notes,
        })
    }

    /// Says what a run came to with all corrections of its rows; false where nobody tried to correct one.
    pub(super) fn tell_corrected(&self, run: &Run, more: &str) -> Result<bool, RunError> {
        let Some(corrected) = after::totals(self.ledger, run)? else { return Ok(false) };
        let message = corrected.words(run.id) + more;
        self.observer.event(&Event::Corrected { run: run.id.0, message, totals: corrected.totals });
        Ok(true)
    }

    /// Brings the runs up to date whose rows a run corrected: their totals are told, and results that stand in their places
    /// are written again.
    pub(super) fn bring_up_to_date(&self, run: &Run) -> Result<(), RunError> {
        if self.settings.mode.dry_run {
            return Ok(());
        }
        for id in after::runs_before(self.ledger, run.id)? {
            let before = self.stored(id)?;
            let renewed = self.renew_results(&before);
            let elsewhere = matches!(&renewed, Ok(written) if written.files.is_empty());
            let way = format!("; \"arload runs results {id}\" writes its results again");
            if !self.tell_corrected(&before, if elsewhere { &way } else { "" })? {
                continue;
            }
            match renewed {
                Ok(written) => {
                    for path in written.files {
                        self.observer.event(&Event::ResultsWritten { path: path.display().to_string() });
                    }
                    for message in written.warnings {
                        self.observer.event(&Event::Warning { message, hint: None });
                    }
                }
                Err(error @ RunError::TotalsDisagree(_)) => return Err(error),
                Err(error) => {
                    let hint = format!("\"arload runs results {id}\" writes the results of run {id} again");
                    self.observer.event(&Event::Warning { message: error.to_string(), hint: Some(hint) });
                }
            }
        }
        Ok(())
    }
}

/// What became of a row, or of one that it was to correct itself, that keeps it from being sent as another record;
/// `gives_way` says whether an open run will be superseded by the one at hand.
fn meanwhile(
    (history, after): (&mut History<'_>, &mut After<'_>),
    row: (SheetId, u32),
    zone: &TimeZone,
    gives_way: &dyn Fn(RunId) -> Result<bool, RunError>,
) -> Result<Option<Meanwhile>, RunError> {
    let mut at = Some(row);
    while let Some(row) = at {
        let found = here((history, after), row, zone, gives_way)?;
        if found.is_some() {
            return Ok(found);
        }
        for same in after.same(row.0)? {
            let found = history.row(Earlier { sheet: same, row: row.1 })?;
            let since = found.and_then(|found| given_again(&found, zone));
            if since.is_some() {
                return Ok(since);
            }
        }
        at = after.original(row.0, row.1)?;
    }
    Ok(None)
}

/// The same of this row alone: in its own run, or by a later correction.
fn here(
    (history, after): (&mut History<'_>, &mut After<'_>),
    (sheet, row): (SheetId, u32),
    zone: &TimeZone,
    gives_way: &dyn Fn(RunId) -> Result<bool, RunError>,
) -> Result<Option<Meanwhile>, RunError> {
    let Some(found) = history.row(Earlier { sheet, row })? else { return Ok(None) };
    let later = after.of(sheet, row, found.fate.outcome())?;
    let (outcome, label, at) = match &later {
        Some(later) => (later.fate.outcome(), later.label(), later.run.created_at),
        None => (found.fate.outcome(), found.label(), found.run.created_at),
    };
    Ok(match (outcome.status, &later) {
        (Status::Accepted | Status::AlreadyAccepted, _) => Some(accepted(&label, at, outcome, zone)),
        (Status::Unknown, Some(later)) => Some(unknown(&label, later.run.id)),
        (Status::NotSent, Some(later)) if !gives_way(later.run.id)? => Some(planned(&label, later.run.id)),
        _ => None,
    })
}

/// The same of a row that was given again as it was, and not as a correction: what was rejected may have been accepted.
fn given_again(row: &EarlierRow, zone: &TimeZone) -> Option<Meanwhile> {
    let (outcome, label) = (row.fate.outcome(), row.label());
    match outcome.status {
        Status::Accepted | Status::AlreadyAccepted => Some(accepted(&label, row.run.created_at, outcome, zone)),
        Status::Unknown => Some(unknown(&label, row.run.id)),
        Status::NotSent if row.run.state == RunState::Open => Some(planned(&label, row.run.id)),
        _ => None,
    }
}

fn accepted(label: &str, at: Timestamp, outcome: &RowOutcome, zone: &TimeZone) -> Meanwhile {
    Meanwhile::Accepted(RowOutcome {
        status: Status::AlreadyAccepted,
        code: code::ACCEPTED_EARLIER.to_owned(),
        message: format!("accepted earlier: {label}, {}", at.to_zoned(zone.clone()).date()),
        remote_id: outcome.remote_id.clone(),
    })
}

fn unknown(label: &str, run: RunId) -> Meanwhile {
    Meanwhile::OnItsWay(format!("{label} was sent and is unknown; \"arload runs reconcile {run}\" looks it up"))
}

fn planned(label: &str, run: RunId) -> Meanwhile {
    Meanwhile::OnItsWay(format!("{label} is planned; \"arload runs send {run}\" sends it"))
}

/// The month that a run's invoices had to be dated in.
fn period_of(ledger: &dyn Ledger, run: RunId) -> Result<Option<(i16, i8)>, RunError> {
    let settings = ledger.run(run)?.map(|run| run.settings).unwrap_or_default();
    let settings: serde_json::Value = serde_json::from_str(&settings).unwrap_or_default();
    Ok(serde_json::from_value(settings["period"].clone()).unwrap_or_default())
}
