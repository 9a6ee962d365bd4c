//! `arload invoices compare FILE...`: sheets, read and checked as an upload reads them, against the month at the API.
//!
//! Owns what of either side is compared. Leaves comparing to [`crate::export::compare`]. The one rule: the API's side is
//! read without filters and to its end, since no documented filter knows the date of an invoice, and one that is left out
//! would be an invoice that nobody misses.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::Read;

use serde_json::json;

use super::first_use::each_line;
use super::unread::Unread;
use super::{Pipeline, Report, input};
use crate::api::Searched;
use crate::check::record::Standing;
use crate::dedupe::Verdict;
use crate::error::RunError;
use crate::event::Event;
use crate::exit::ExitCode;
use crate::export::compare::tables::{self, Places};
use crate::export::compare::{Comparison, Difference, Kind, SheetLine, Wanted, compare};
use crate::export::search;
use crate::finding::{Code, Severity};
use crate::operation::Operation;
use crate::outcome::Totals;
use crate::plan::read::ReadRun;
use crate::results::place;
use crate::send::lookup::line_key;
use crate::send::paging::lean;

/// Both kinds of rows of the sheets.
#[derive(Default)]
struct Rows {
    good: Vec<SheetLine>,
    invalid: Vec<Difference>,
    /// How many are good but for their month.
    other_months: u64,
}

impl Pipeline<'_> {
    /// Compares the invoices of sheets with those of the settings' month at the API.
    pub fn compare_sheets(&self, inputs: &[impl AsRef<OsStr>], stdin: Box<dyn Read + '_>) -> Result<Report, RunError> {
        let operation = Operation::by_name("invoices create").expect("the table has this operation");
        let month = self.settings.gate.period.ok_or_else(|| RunError::Input {
            message: "no month to compare; nothing was asked".to_owned(),
            hint: "pass --period, as in --period 2026-03".to_owned(),
        })?;
        let opened = input::open(inputs, stdin, self.settings, self.observer)?;
        if opened.files.is_empty() {
            return Err(RunError::NoSheets);
        }
        let places = self.places(&opened)?;
        let directory = self.directory()?;
        let (mut read, refused) = self.read(operation, &opened, &directory, None)?;
        let unread = Unread::new(opened.refused.iter().cloned().chain(refused));
        if read.sheets.is_empty() {
            return Err(RunError::NoSheets);
        }
        let rows = rows(operation, &mut read)?;
        let mut comparison = self.against_api(operation, rows, month, &places)?;
        comparison.refused = unread.count;
        tables::write(&comparison, &places, self.style())?;
        let files = vec![places.csv, places.xlsx];
        self.observer.event(&Event::Compared {
            verdict: comparison.verdict(),
            totals: comparison.totals(),
            equal: comparison.is_equal(),
            files: files.iter().map(|file| file.display().to_string()).collect(),
        });
        let exit = if comparison.is_equal() { ExitCode::Success } else { ExitCode::NotAllAccepted };
        Ok(Report { run: None, totals: Totals::default(), exit, files })
    }

    /// Beside the first input, or in the results' folder.
    fn places(&self, opened: &input::Opened) -> Result<Places, RunError> {
        let shown = opened.shown();
        self.test_results(&shown)?;
        let names = place::names(&shown, &self.result_settings());
        let first = names.into_iter().next().expect("sheets were found in some file");
        Places::settle(first.compare)
    }

    fn against_api(
        &self,
        operation: &Operation,
        rows: Rows,
        month: (i16, i8),
        places: &Places,
    ) -> Result<Comparison, RunError> {
        let limiter = self.limiter();
        let searcher = self.searcher(self.way_out()?, &limiter);
        let everything = json!({});
        let partial = crate::export::partial_of(&places.csv);
        let mut spool = search::open(&partial, &searcher, Searched::Invoices, &everything)?;
        search::read(&searcher, Searched::Invoices, &everything, &mut spool)?;
        let timezone = &self.settings.timezone;
        let wanted = Wanted::new(operation, &rows.good, month, timezone);
        let (mut records, mut undated) = (Vec::new(), 0);
        spool.each(&mut |record, _| {
            undated += u64::from(record.text("invoiceDate").is_none());
            if wanted.takes(operation, &record) {
                records.push(lean(record));
            }
            Ok(())
        })?;
        let mut comparison = compare(operation, &rows.good, rows.invalid, records, month, timezone);
        (comparison.undated, comparison.other_months) = (undated, rows.other_months);
        spool.finish()?;
        Ok(comparison)
    }
}

/// The rows that can be compared and those that cannot; excluded ones, and rows that repeat another, are neither.
fn rows(operation: &'static Operation, read: &mut ReadRun<'_>) -> Result<Rows, RunError> {
    let repeats: HashMap<u32, Verdict> = read.keys.settle_repeats().into_iter().collect();
    let sheets: Vec<(u32, String)> = read.sheets.iter().map(|sheet| (sheet.first_row, sheet.source.label())).collect();
    let sheet_of = |row: u32| {
        let at = sheets.partition_point(|(first, _)| *first <= row).saturating_sub(1);
        sheets[at].1.clone()
    };
    let mut rows = Rows::default();
    each_line(operation, read, &mut |index, row, line| {
        let good = SheetLine {
            sheet: sheet_of(index),
            row: row.number,
            seller: row.labels.account_id.to_string(),
            supplier_gstin: row.labels.supplier_gstin.to_string(),
            amount: row.amounts.total.or(row.amounts.taxable),
            line: line.clone(),
        };
        let reason = match repeats.get(&index) {
            Some(Verdict::Repeats(_)) => return,
            Some(Verdict::Contradicts(_) | Verdict::Contradicted(_)) => {
                Some("the number stands in several rows with other content")
            }
            _ if line_key(operation, line).is_none() => Some("has neither a number nor an externalId"),
            _ => None,
        };
        match reason {
            Some(reason) => rows.invalid.push(invalid(good.sheet, row.number, &row.key, reason.to_owned())),
            None => rows.good.push(good),
        }
    })?;
    for sheet in 0..read.sheets.len() {
        let label = read.sheets[sheet].source.label();
        for block in read.sheets[sheet].blocks.clone() {
            for row in read.waiting.block(block)?.checked.all()?.rows {
                if row.standing != Standing::Invalid {
                    continue;
                }
                let errors = || row.findings.iter().filter(|it| it.severity == Severity::Error);
                if errors().all(|it| it.code == Code::OutsidePeriod) {
                    rows.other_months += 1;
                    continue;
                }
                let words: Vec<&str> = errors().map(|it| it.message.as_str()).collect();
                rows.invalid.push(invalid(label.clone(), row.number, &row.key, words.join("; ")));
            }
        }
    }
    Ok(rows)
}

fn invalid(sheet: String, row: u32, number: &str, reason: String) -> Difference {
    Difference {
        kind: Kind::InvalidInSheet,
        number: number.to_owned(),
        sheet_value: reason,
        sheet,
        row,
        ..Difference::default()
    }
}
