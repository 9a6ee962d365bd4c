//! Results: what became of every row, as files a person and a script can use.
//!
//! Everything here is derived from the ledger and can be made again from it ([`write_run`]), but for lines of a dry run,
//! which [`rehearsal`] writes while rows are checked. [`csv`] writes the rows, `workbook` the same for Excel, [`summary`]
//! the figures, [`report`] the page for people, [`target`] puts finished files into place. The one rule: the totals are added up and must
//! agree with what was read before a file is put into place.

mod blocks;
pub mod corrections;
pub mod csv;
mod growing;
pub(crate) mod line;
pub mod place;
pub mod read;
pub mod rehearsal;
pub mod report;
pub mod summary;
mod tally;
pub mod target;
mod workbook;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

use crate::corrections::after::{After, Corrected};
use crate::error::RunError;
use crate::export::{Format, reads};
use crate::ledger::{ChunkState, Ledger, LedgerError, Run, SheetRecord, blob};
use crate::outcome::{Status, Sum, Totals};
use crate::plan::SheetFacts;
use crate::plan::history::{History, RowFate};
use crate::plan::verdict::LentVerdict;
use crate::platform;
use blocks::Wanted;
use rehearsal::Rehearsed;
use report::{Report, RunFigures, Telling};
use summary::Breakdown;
use workbook::Workbook;

/// Where and how results are written.
#[derive(Debug, Clone)]
pub struct ResultSettings {
    /// Folder of the results; none for beside each input.
    pub folder: Option<PathBuf>,
    /// What stands between the input's name and `results`: empty, `sandbox` or `dry-run`.
    pub infix: &'static str,
    /// Form of what an operation that reads was answered.
    pub export: Format,
    /// Whether CSVs begin with a byte order mark.
    pub bom: bool,
    /// Delimiter of CSVs.
    pub delimiter: u8,
    /// Whether files are synced to disk; a dry run's need not be.
    pub durable: bool,
    /// Heading of the column whose values have a corrections workbook each.
    pub split_by: Option<String>,
    /// Whether only results that stand in their places already are written again, without corrections.
    pub renews: bool,
    /// Zone of the times in results.
    pub timezone: TimeZone,
}

/// What the summary says besides the figures.
#[derive(Debug, Clone, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RunLabel {
    /// The run; none for a dry run.
    pub run: Option<i64>,
    /// The ledger that the run stands in, because runs count from 1 in each.
    pub ledger: String,
    /// `invoices create`.
    pub operation: String,
    /// Host, or `sandbox`.
    pub host: String,
    /// Label such as `uat`.
    pub environment: Option<String>,
    /// CEK id.
    pub company: String,
    /// When the run was planned, ISO 8601.
    pub planned_at: String,
    /// Where the run stands.
    pub state: String,
    /// Why it was closed or superseded.
    pub reason: String,
    /// Hash over the run's history.
    pub head: String,
}

/// What was written.
#[derive(Debug, Clone, Default)]
pub struct Written {
    /// Totals over all inputs.
    pub totals: Totals,
    /// The same by what rows are counted under.
    pub breakdown: Breakdown,
    /// Whether corrections by later runs are among them.
    pub is_corrected: bool,
    /// The files, in the order of the inputs.
    pub files: Vec<PathBuf>,
    /// Things a person should know, such as a result that went under another name.
    pub warnings: Vec<String>,
}

/// One input file with its sheets.
struct Input {
    path: PathBuf,
    sheets: Vec<(SheetRecord, SheetFacts)>,
}

impl Input {
    fn is_workbook(&self) -> bool {
        self.sheets.iter().any(|(sheet, _)| sheet.sheet_name.is_some())
    }
}

/// Adds up what became of a run's rows, without writing anything.
pub fn totals(ledger: &dyn Ledger, run: &Run) -> Result<(Totals, Breakdown), RunError> {
    totals_with(ledger, run, &Rehearsed::default())
}

/// The same of a dry run, blocks of whose rows nobody spoke.
pub fn totals_with(ledger: &dyn Ledger, run: &Run, rehearsed: &Rehearsed) -> Result<(Totals, Breakdown), RunError> {
    let mut history = History::new(ledger);
    let (mut totals, mut breakdown) = (Totals::default(), Breakdown::default());
    for input in inputs(ledger, run)? {
        for (sheet, facts) in &input.sheets {
            totals.read.merge(&facts.read);
            for ordinal in 0.. {
                if rehearsed.add_up((sheet.id, ordinal), &mut totals, &mut breakdown) {
                    continue;
                }
                let Some(packed) = ledger.verdict_block(sheet.id, ordinal)? else { break };
                let block = blob::decompress(&packed)?;
                let verdicts: Vec<LentVerdict<'_>> = blob::read(&block)?;
                for verdict in &verdicts {
                    let fate = history.fate(run, &verdict.destiny)?;
                    breakdown.add(&mut totals, fate.outcome(), verdict);
                    breakdown.waiting += u64::from(waits(&fate));
                }
            }
        }
    }
    check(&totals, "all sheets")?;
    Ok((totals, breakdown))
}

/// Writes the results, the summary and the page of every input of a run.
pub fn write_run(
    ledger: &dyn Ledger,
    run: &Run,
    label: &RunLabel,
    telling: &Telling<'_>,
    settings: &ResultSettings,
) -> Result<Written, RunError> {
    write_run_with(ledger, run, label, Some(telling), settings, &mut Rehearsed::default())
}

/// The same of a dry run, blocks of whose rows nobody spoke; without something to tell there is no page and no workbook.
pub fn write_run_with(
    ledger: &dyn Ledger,
    run: &Run,
    label: &RunLabel,
    telling: Option<&Telling<'_>>,
    settings: &ResultSettings,
    rehearsed: &mut Rehearsed,
) -> Result<Written, RunError> {
    let figures = telling.map(|telling| RunFigures::of(ledger, run, label, telling, settings)).transpose()?;
    let mut history = History::new(ledger);
    let purged = purged(ledger, run)?;
    let mut written = Written::default();
    let inputs = inputs(ledger, run)?;
    let names = place::names(&inputs.iter().map(|input| input.path.clone()).collect::<Vec<_>>(), settings);
    let mut after = After::new(ledger);
    for (input, place) in inputs.iter().zip(names) {
        let place = target::by_age(place, label);
        if settings.renews && !target::is_of(&place, label) {
            continue;
        }
        let mut read = Sum::default();
        for (_, facts) in &input.sheets {
            read.merge(&facts.read);
        }
        // What a dry run wrote while it read needs no second copy.
        let grown = match input.sheets.as_slice() {
            [(sheet, _)] => rehearsed.take(sheet.id)?.map(|file| (sheet.id, file)),
            _ => None,
        };
        let mut book = match &figures {
            Some(_) if input.is_workbook() => {
                Some(Workbook::begin(&place.workbook, &run.operation, &input.sheets, settings)?)
            }
            _ => None,
        };
        let mut left = if corrections::goes_out(run, settings) {
            let asked = (ledger, run, label);
            Some(corrections::Writer::begin(asked, &input.sheets, settings, &place.corrections)?)
        } else {
            None
        };
        let mut counted = Counted::default();
        counted.tally.totals.read.merge(&read);
        let wanted = match (&book, &left) {
            (Some(_), _) => Wanted::All,
            (None, Some(_)) => Wanted::Left,
            (None, None) => Wanted::Nothing,
        };
        let mut see = |row: &csv::Written<'_>| {
            left.as_mut().map_or(Ok(()), |left| left.add(row))?;
            book.as_mut().map_or(Ok(()), |book| book.row(row))
        };
        let mut copy = |place, target: &mut target::Target, counted: &mut Counted| {
            let Corrected { totals, breakdown, .. } = &mut counted.tally;
            rehearsed.add_up(place, totals, breakdown);
            rehearsed.copy(place, target).map_err(|error| target.failed(error))
        };
        let results = if let Some((sheet, file)) = grown {
            let Corrected { totals, breakdown, .. } = &mut counted.tally;
            for ordinal in 0.. {
                if !rehearsed.add_up((sheet, ordinal), totals, breakdown) {
                    break;
                }
            }
            target::Target::grown(&place.results, file, settings)
        } else {
            let mut results = target::Target::create(&place.results, settings)?;
            let asked = (ledger, run, &mut after);
            let (shown, told) = ((wanted, figures.is_some()), (&mut see as &mut csv::Seeing<'_>, &mut copy as _));
            csv::write(asked, &input.sheets, settings, (&mut results, &mut counted), shown, told)?;
            results
        };
        let Counted { tally, report } = counted;
        check(&tally.totals, &input.path.display().to_string())?;
        let mut summary = target::Target::create(&place.summary, settings)?;
        summary::write(&mut summary, label, &input.path, &input.sheets, (&tally, &read))?;
        let mut files = vec![results, summary];
        files.extend(reads::write(ledger, run, &mut history, &input.sheets, settings, &place.export)?);
        files.extend(book.map(|book| book.finish(&mut written.warnings)).transpose()?);
        if let Some(figures) = &figures {
            let mut page = target::Target::create(&place.report, settings)?;
            let input = (input.path.as_path(), &place, input.sheets.as_slice());
            report.write(&mut page, figures, input, &tally)?;
            files.push(page);
        }
        let to_correct = left.filter(|_| tally.left() > 0).map(corrections::Writer::finish).transpose()?;
        target::make_way(&place, label, &mut written.warnings)?;
        for file in files {
            written.files.push(file.finish(label.run, &mut written.warnings)?);
        }
        // A workbook of rows that are gone would be empty; one that stands is left alone.
        if settings.durable && !settings.renews && purged.is_empty() {
            let books = corrections::shelf::put(&place.corrections, label, to_correct, &mut written.warnings)?;
            written.files.extend(books);
        }
        written.totals.merge(&tally.totals);
        written.breakdown.merge(&tally.breakdown);
        written.is_corrected |= tally.rows > 0;
    }
    written.warnings.extend(purged);
    Ok(written)
}

/// Whether a row's upload is still to be sent.
fn waits(fate: &RowFate<'_>) -> bool {
    fate.chunk.as_ref().is_some_and(|chunk| chunk.head.state == ChunkState::Planned)
}

/// What rows of one input come to, while they are gone through.
#[derive(Default)]
pub(crate) struct Counted {
    tally: Corrected,
    report: Report,
}

impl Counted {
    fn add(&mut self, row: &csv::Written<'_>, reports: bool) {
        self.tally.add(row.verdict, row.fate.outcome(), row.now);
        self.tally.breakdown.waiting += u64::from(waits(row.fate));
        if !reports {
            return;
        }
        match row.now {
            Some(now) => self.report.add(&now.sheet, &now.verdict.lend(), now.fate.outcome()),
            None => self.report.add(row.sheet, row.verdict, row.fate.outcome()),
        }
    }

    /// Adds what the rows behind these come to.
    fn merge(&mut self, behind: Self) {
        self.tally.merge(&behind.tally);
        self.report.merge(behind.report);
    }
}

/// What was purged of a run, a sentence each.
pub fn purged(ledger: &dyn Ledger, run: &Run) -> Result<Vec<String>, LedgerError> {
    let purges = ledger.purges(run.id)?.into_iter();
    Ok(purges.map(|purge| format!("run {}: {}", run.id, purge.words())).collect())
}

/// The invalid rows of a run, a sentence each with the place; the last says how many more there are.
pub fn invalid_rows(ledger: &dyn Ledger, run: &Run) -> Result<Vec<String>, RunError> {
    /// Limit: rows that a person reads one by one.
    const NAMED: usize = 20;
    let mut history = History::new(ledger);
    let (mut named, mut more) = (Vec::new(), 0);
    for sheet in ledger.sheets(run.id)? {
        csv::each_verdict(ledger, &sheet, |verdict| {
            let fate = history.fate(run, &verdict.destiny)?;
            if fate.outcome().status == Status::Invalid && named.len() < NAMED {
                named.push(csv::told(&sheet, verdict, &fate).1);
            } else if fate.outcome().status == Status::Invalid {
                more += 1;
            }
            Ok(())
        })?;
    }
    if more > 0 {
        named.push(format!("and {} more invalid", crate::wording::count(more, "row")));
    }
    Ok(named)
}

pub(crate) fn check(totals: &Totals, of: &str) -> Result<(), RunError> {
    if totals.agree() {
        return Ok(());
    }
    Err(RunError::TotalsDisagree(format!("{of}: {} rows read, outcomes {:?}", totals.read.rows, totals.by_status)))
}

/// What is known of a stored sheet besides its rows.
pub fn facts(sheet: &SheetRecord) -> Result<SheetFacts, LedgerError> {
    serde_json::from_str(&sheet.facts)
        .map_err(|error| LedgerError::Damaged(format!("facts of sheet {}: {error}", sheet.id)))
}

fn inputs(ledger: &dyn Ledger, run: &Run) -> Result<Vec<Input>, RunError> {
    let mut order: Vec<PathBuf> = Vec::new();
    let mut by_path: BTreeMap<PathBuf, Vec<(SheetRecord, SheetFacts)>> = BTreeMap::new();
    for sheet in ledger.sheets(run.id)? {
        let facts = facts(&sheet)?;
        let path = platform::path_of_text(&sheet.path);
        if !by_path.contains_key(&path) {
            order.push(path.clone());
        }
        by_path.entry(path).or_default().push((sheet, facts));
    }
    Ok(order
        .into_iter()
        .map(|path| {
            let sheets = by_path.remove(&path).expect("every ordered path has its sheets");
            Input { path, sheets }
        })
        .collect())
}

/// Whether results can be written where they would go; asked before anything is sent.
pub fn test_places(inputs: &[PathBuf], settings: &ResultSettings) -> Result<(), RunError> {
    for place in place::names(inputs, settings) {
        let folder = place.results.parent().unwrap_or(Path::new("."));
        target::test_folder(folder)?;
    }
    Ok(())
}
