//! What became of the rows of a run once later runs corrected them: derived from the ledger whenever it is asked.
//!
//! Owns which of several corrections counts. Leaves what became of each row in its own run to [`crate::plan::history`].
//! The one rule: an accepted row stays accepted, a correction that did nothing changes nothing, and one that may have
//! been stored is never hidden by another.

use std::collections::{BTreeSet, HashMap};
use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::dedupe::Earlier;
use crate::error::RunError;
use crate::ledger::{Ledger, LedgerError, Run, RunId, RunState, SheetId, SheetRecord, blob};
use crate::outcome::{RowOutcome, Status, Totals, code};
use crate::plan::history::{History, RowFate};
use crate::plan::verdict::{LentVerdict, RowVerdict};
use crate::results::summary::Breakdown;
use crate::wording::{count, grouped};

/// Limit: rounds of corrections of one row that are followed.
const MOST_ROUNDS: u32 = 1000;

/// Whether a row is left to be corrected, or looked up.
pub fn is_left(outcome: &RowOutcome) -> bool {
    match outcome.status {
        Status::Invalid | Status::Rejected | Status::Unknown => true,
        Status::NotSent => outcome.code == code::UNCHANGED,
        Status::Accepted | Status::AlreadyAccepted | Status::Excluded => false,
    }
}

/// Which of two corrections of a row counts: the one that the API has or may have, else the later one.
fn weight(status: Status) -> u8 {
    match status {
        Status::Accepted | Status::AlreadyAccepted => 3,
        Status::Unknown => 2,
        Status::NotSent => 1,
        Status::Invalid | Status::Rejected | Status::Excluded => 0,
    }
}

/// The row of a later run that stands for a row now.
#[derive(Debug, Clone)]
pub struct Correction {
    /// Its run.
    pub run: Arc<Run>,
    /// Its sheet.
    pub sheet: Arc<SheetRecord>,
    /// What planning decided about it.
    pub verdict: RowVerdict,
    /// What became of it.
    pub fate: RowFate<'static>,
}

impl Correction {
    /// `run 8, march.corrections.xlsx[march]:5`, as messages name it.
    pub fn label(&self) -> String {
        let sheet = self.sheet.sheet_name.as_ref().map_or(String::new(), |name| format!("[{name}]"));
        format!("run {}, {}{sheet}:{}", self.run.id, self.sheet.file_name, self.verdict.number)
    }

    /// Whether it changes anything for the row that it corrects.
    fn counts(&self) -> bool {
        let outcome = self.fate.outcome();
        match outcome.status {
            _ if outcome.code == code::UNCHANGED => false,
            Status::NotSent => self.run.state == RunState::Open && outcome.code != code::HELD_BY_RUN,
            Status::Rejected => outcome.code != code::REJECTED_EARLIER,
            _ => true,
        }
    }
}

/// A block of a sheet by its ordinal.
type Block = ((SheetId, u32), Arc<Vec<RowVerdict>>);

/// Rows of a sheet with the rows that correct them, sorted.
type Links = Arc<Vec<(u32, Earlier)>>;

/// Answers what rows came to, over all runs of a ledger.
pub struct After<'l> {
    ledger: &'l dyn Ledger,
    history: History<'l>,
    links: HashMap<SheetId, Links>,
    /// By sheet: its rows with those that they correct.
    originals: HashMap<SheetId, HashMap<u32, (SheetId, u32)>>,
    /// By sheet: the others that are the same.
    same: HashMap<SheetId, Vec<SheetId>>,
    /// The blocks of a sheet, by their ordinals.
    ranges: HashMap<SheetId, Vec<(u32, RangeInclusive<u32>)>>,
    /// The block that was asked for last; rows that are asked for mostly follow each other.
    block: Option<Block>,
}

impl<'l> After<'l> {
    /// Of a ledger.
    pub fn new(ledger: &'l dyn Ledger) -> Self {
        let (links, originals, same, ranges) = (HashMap::new(), HashMap::new(), HashMap::new(), HashMap::new());
        Self { ledger, history: History::new(ledger), links, originals, same, ranges, block: None }
    }

    /// Whether any row of a sheet was corrected, or was tried to be.
    pub fn knows(&mut self, sheet: SheetId) -> Result<bool, LedgerError> {
        Ok(!self.links(sheet)?.is_empty())
    }

    /// What stands for a row of a sheet now; none where nothing but its own outcome does.
    pub fn of(&mut self, sheet: SheetId, row: u32, own: &RowOutcome) -> Result<Option<Correction>, LedgerError> {
        self.follow((sheet, row), own, SheetId(0), 0)
    }

    /// The other sheets that are the same as one: its rows, given again as they were.
    pub fn same(&mut self, sheet: SheetId) -> Result<Vec<SheetId>, LedgerError> {
        if !self.same.contains_key(&sheet) {
            self.same.insert(sheet, self.ledger.same_sheets(sheet)?);
        }
        Ok(self.same[&sheet].clone())
    }

    /// The row that a row of a sheet corrects, or was to correct; its sheet is an earlier one.
    pub fn original(&mut self, sheet: SheetId, row: u32) -> Result<Option<(SheetId, u32)>, LedgerError> {
        if !self.originals.contains_key(&sheet) {
            let mut originals = HashMap::new();
            for of in self.ledger.corrects(sheet)?.into_iter().filter(|of| *of < sheet) {
                let links = self.links(of)?;
                let own = links.iter().filter(|(_, by)| by.sheet == sheet);
                originals.extend(own.map(|(found, by)| (by.row, (of, *found))));
            }
            self.originals.insert(sheet, originals);
        }
        Ok(self.originals[&sheet].get(&row).copied())
    }

    fn follow(
        &mut self,
        (sheet, row): (SheetId, u32),
        own: &RowOutcome,
        than: SheetId,
        round: u32,
    ) -> Result<Option<Correction>, LedgerError> {
        if !is_left(own) || own.status == Status::Unknown || round > MOST_ROUNDS {
            return Ok(None);
        }
        let links = self.links(sheet)?;
        let from = links.partition_point(|(of, _)| *of < row);
        let mut current: Option<Correction> = None;
        let of_row = links[from..].iter().take_while(|(of, _)| *of == row);
        // A row is corrected by a later one only, so that following them comes to an end.
        for (_, by) in of_row.filter(|(_, by)| by.sheet > than) {
            let Some(found) = self.row(*by)? else { continue };
            let further = self.follow((by.sheet, by.row), found.fate.outcome(), by.sheet, round + 1)?;
            let found = further.unwrap_or(found);
            if !found.counts() {
                continue;
            }
            let new = weight(found.fate.outcome().status);
            let old = current.as_ref().map(|current| weight(current.fate.outcome().status));
            // What was accepted first stays.
            if old.is_none_or(|old| new > old || (new == old && new < weight(Status::Accepted))) {
                current = Some(found);
            }
        }
        Ok(current)
    }

    fn row(&mut self, at: Earlier) -> Result<Option<Correction>, LedgerError> {
        let Some(found) = self.history.row(at)? else { return Ok(None) };
        let Some(verdict) = self.verdict(at)? else { return Ok(None) };
        Ok(Some(Correction { run: found.run, sheet: found.sheet, verdict, fate: found.fate }))
    }

    fn verdict(&mut self, at: Earlier) -> Result<Option<RowVerdict>, LedgerError> {
        if !self.ranges.contains_key(&at.sheet) {
            self.ranges.insert(at.sheet, self.ledger.block_ranges(at.sheet)?);
        }
        // Rows of a workbook are counted as they are read.
        let ranges = &self.ranges[&at.sheet];
        let found = ranges.get(ranges.partition_point(|(_, rows)| *rows.end() < at.row));
        let Some(ordinal) = found.filter(|(_, rows)| rows.contains(&at.row)).map(|(ordinal, _)| *ordinal) else {
            return Ok(None);
        };
        let place = (at.sheet, ordinal);
        let block = match &self.block {
            Some((known, block)) if *known == place => Arc::clone(block),
            _ => {
                let packed = self.ledger.verdict_block(at.sheet, ordinal)?;
                let gone = || LedgerError::Damaged(format!("block {ordinal} of sheet {} is gone", at.sheet));
                let block: Arc<Vec<RowVerdict>> = Arc::new(blob::unpack(&packed.ok_or_else(gone)?)?);
                self.block = Some((place, Arc::clone(&block)));
                block
            }
        };
        let found = block.binary_search_by_key(&at.row, |verdict| verdict.number);
        Ok(found.ok().map(|found| block[found].clone()))
    }

    fn links(&mut self, sheet: SheetId) -> Result<Links, LedgerError> {
        if let Some(links) = self.links.get(&sheet) {
            return Ok(Arc::clone(links));
        }
        let mut links = Vec::new();
        for (by, packed) in self.ledger.corrected_in(sheet)? {
            let pairs: Vec<(u32, u32)> = blob::unpack(&packed)?;
            links.extend(pairs.into_iter().map(|(row, of)| (of, Earlier { sheet: by, row })));
        }
        links.sort_by_key(|(of, by)| (*of, by.sheet, by.row));
        let links = Arc::new(links);
        self.links.insert(sheet, Arc::clone(&links));
        Ok(links)
    }
}

/// What a run came to with all corrections of its rows.
#[derive(Debug, Clone, Default)]
pub struct Corrected {
    /// Its rows by what became of them in the end; amounts are those of the rows that stand for them now.
    pub totals: Totals,
    /// The same by code, seller and month.
    pub breakdown: Breakdown,
    /// The runs that corrected rows of it, oldest first.
    pub runs: BTreeSet<i64>,
    /// Rows that another row stands for now.
    pub rows: u64,
}

impl Corrected {
    /// Counts a row; `now` is what stands for it.
    pub fn add(&mut self, own: &LentVerdict<'_>, outcome: &RowOutcome, now: Option<&Correction>) {
        let Some(now) = now else { return self.breakdown.add(&mut self.totals, outcome, own) };
        self.rows += 1;
        self.runs.insert(now.run.id.0);
        let lent = now.verdict.lend();
        let read = &mut self.totals.read;
        if own.is_joined() {
            read.rows -= 1;
            read.joined -= 1;
        } else {
            read.remove(&own.amounts);
        }
        if lent.is_joined() {
            read.add_joined();
        } else {
            read.add(&lent.amounts);
        }
        *self.breakdown.codes.entry(code::CORRECTED.to_owned()).or_default() += 1;
        self.breakdown.add(&mut self.totals, now.fate.outcome(), &lent);
    }

    /// Adds what other rows came to.
    pub fn merge(&mut self, other: &Self) {
        self.totals.merge(&other.totals);
        self.breakdown.merge(&other.breakdown);
        self.runs.extend(&other.runs);
        self.rows += other.rows;
    }

    /// Rows that are left to be corrected or looked up.
    pub fn left(&self) -> u64 {
        let left = [Status::Invalid, Status::Rejected, Status::Unknown].map(|status| self.totals.rows(status));
        left.iter().sum::<u64>() + self.breakdown.codes.get(code::UNCHANGED).copied().unwrap_or_default()
    }

    /// `run 7: 1,940 of 1,943 rows accepted after correction 1 (run 8)`.
    pub fn words(&self, run: RunId) -> String {
        let accepted = self.totals.rows(Status::Accepted) + self.totals.rows(Status::AlreadyAccepted);
        let runs: Vec<String> = self.runs.iter().map(ToString::to_string).collect();
        let noun = if runs.len() == 1 { "run" } else { "runs" };
        let after = match runs.len() {
            0 => "; nothing was corrected yet".to_owned(),
            corrections => format!(" after correction {corrections} ({noun} {})", runs.join(", ")),
        };
        let of = count(self.totals.read.rows, "row");
        format!("run {run}: {} of {of} accepted{after}", grouped(accepted))
    }
}

/// What a run came to with all corrections of its rows; none where nobody tried to correct one.
pub fn totals(ledger: &dyn Ledger, run: &Run) -> Result<Option<Corrected>, RunError> {
    let sheets = ledger.sheets(run.id)?;
    let mut after = After::new(ledger);
    let mut known = false;
    for sheet in &sheets {
        known |= after.knows(sheet.id)?;
    }
    if !known {
        return Ok(None);
    }
    let mut history = History::new(ledger);
    let mut corrected = Corrected::default();
    for sheet in &sheets {
        corrected.totals.read.merge(&crate::results::facts(sheet)?.read);
        for ordinal in 0.. {
            let Some(packed) = ledger.verdict_block(sheet.id, ordinal)? else { break };
            let block = blob::decompress(&packed)?;
            let verdicts: Vec<LentVerdict<'_>> = blob::read(&block)?;
            for verdict in &verdicts {
                let fate = history.fate(run, &verdict.destiny)?;
                let now = after.of(sheet.id, verdict.number, fate.outcome())?;
                corrected.add(verdict, fate.outcome(), now.as_ref());
            }
        }
    }
    crate::results::check(&corrected.totals, "all sheets")?;
    Ok(Some(corrected))
}

/// The runs whose rows a run's rows correct, however many rounds ago, the newest first.
pub fn runs_before(ledger: &dyn Ledger, run: RunId) -> Result<Vec<RunId>, LedgerError> {
    let (mut found, mut waiting) = (BTreeSet::new(), vec![run]);
    while let Some(run) = waiting.pop() {
        for sheet in ledger.sheets(run)? {
            for of in ledger.corrects(sheet.id)? {
                let Some(original) = ledger.sheet(of)? else { continue };
                if original.run < run && found.insert(original.run) {
                    waiting.push(original.run);
                }
            }
        }
    }
    Ok(found.into_iter().rev().collect())
}
