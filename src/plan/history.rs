//! What became of rows, derived from verdicts and chunks: the one place that does so.
//!
//! Results, summaries and the duplicate guard all ask here, so they cannot disagree. Holds the few blocks and chunks
//! that were asked for last, because rows are asked for in order.

use std::collections::{HashMap, HashSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::verdict::{Destiny, LentVerdict};
use crate::dedupe::{Earlier, Fate};
use crate::finding::{Code, Finding};
use crate::ledger::{
    ChunkHead, ChunkState, Ledger, LedgerError, Moved, Run, RunId, RunState, SheetId, SheetRecord, blob,
};
use crate::operation::Operation;
use crate::outcome::{RowOutcome, Status, code};

// Limit: as many as rows that follow each other can touch at once; a chunk's outcomes are some 50 KiB.
const KEPT: usize = 64;

// Limit: halving the largest chunk takes 14 steps, and look-ups send a line again a few times.
const MOST_MOVES: usize = 100;

/// Answers what became of rows of one ledger.
pub struct History<'l> {
    ledger: &'l dyn Ledger,
    /// Open runs whose unsent rows are about to be given up.
    giving_up: Vec<RunId>,
    runs: HashMap<RunId, Arc<Run>>,
    sheets: HashMap<SheetId, Arc<SheetRecord>>,
    /// Of each sheet, the rows of its blocks, by ordinal.
    ranges: HashMap<SheetId, Ranges>,
    blocks: HashMap<(SheetId, u32), Arc<Vec<KnownRow>>>,
    chunks: HashMap<(RunId, u32), Arc<SettledChunk>>,
    /// By account: ids of records that a run deleted.
    deleted: HashMap<String, HashSet<String>>,
}

type Ranges = Vec<(u32, RangeInclusive<u32>)>;

/// A chunk with the outcomes of its lines.
#[derive(Debug)]
pub struct SettledChunk {
    /// The chunk as listed.
    pub head: ChunkHead,
    /// One for each line; none before the chunk is settled.
    pub outcomes: Option<Vec<RowOutcome>>,
    /// Where each line went on; none if none did.
    pub moved: Option<Vec<Option<Moved>>>,
}

/// What became of a row, and in which chunk.
#[derive(Debug, Clone)]
pub struct RowFate<'v> {
    told: Told<'v>,
    /// The chunk it went into last, if it went into one.
    pub chunk: Option<Arc<SettledChunk>>,
    /// Its line there, from 0.
    pub line: u32,
}

/// Where the outcome of a row stands: a million of them are asked for, and few are ever changed.
#[derive(Debug, Clone)]
enum Told<'v> {
    /// In the row's verdict.
    Verdict(&'v RowOutcome),
    /// In its chunk, at its line.
    Chunk(Arc<SettledChunk>),
    /// Nowhere: it follows from where things stand.
    Here(RowOutcome),
}

impl RowFate<'_> {
    /// Its outcome.
    pub fn outcome(&self) -> &RowOutcome {
        match &self.told {
            Told::Verdict(outcome) => outcome,
            Told::Here(outcome) => outcome,
            Told::Chunk(chunk) => {
                let line = chunk.outcomes.as_ref().and_then(|outcomes| outcomes.get(self.line as usize));
                line.expect("a fate in a chunk was found at its line")
            }
        }
    }

    fn into_owned(self) -> RowFate<'static> {
        let told = match self.told {
            Told::Verdict(outcome) => Told::Here(outcome.clone()),
            Told::Chunk(chunk) => Told::Chunk(chunk),
            Told::Here(outcome) => Told::Here(outcome),
        };
        RowFate { told, chunk: self.chunk, line: self.line }
    }
}

/// An earlier row that has the same key as a new one.
#[derive(Debug, Clone)]
pub struct EarlierRow {
    /// Its run.
    pub run: Arc<Run>,
    /// Its sheet.
    pub sheet: Arc<SheetRecord>,
    /// What became of it.
    pub fate: RowFate<'static>,
    block: Arc<Vec<KnownRow>>,
    index: usize,
}

/// What is asked about a row of an earlier run.
#[derive(Debug, Clone)]
pub struct KnownRow {
    /// The spreadsheet's number.
    pub number: u32,
    /// Where it went, or how it ended.
    pub destiny: Destiny,
    /// Everything found.
    pub findings: Vec<Finding>,
    /// The invoice date and the customer.
    pub document: Box<str>,
}

impl From<LentVerdict<'_>> for KnownRow {
    fn from(verdict: LentVerdict<'_>) -> Self {
        let LentVerdict { number, destiny, findings, labels, .. } = verdict;
        Self { number, destiny, findings, document: labels.document.into() }
    }
}

impl EarlierRow {
    /// What was decided about it.
    pub fn verdict(&self) -> &KnownRow {
        &self.block[self.index]
    }

    /// `run 7, march.csv:12`, as messages name it.
    pub fn label(&self) -> String {
        let sheet = self.sheet.sheet_name.as_ref().map_or(String::new(), |name| format!("[{name}]"));
        format!("run {}, {}{sheet}:{}", self.run.id, self.sheet.file_name, self.verdict().number)
    }

    /// What the first-use check found the API to have under its key instead.
    pub fn conflict_at_api(&self) -> Option<&Finding> {
        self.verdict().findings.iter().find(|finding| finding.code == Code::ConflictsWithApi)
    }
}

impl<'l> History<'l> {
    /// A history of a ledger.
    pub fn new(ledger: &'l dyn Ledger) -> Self {
        Self {
            ledger,
            giving_up: Vec::new(),
            runs: HashMap::new(),
            sheets: HashMap::new(),
            ranges: HashMap::new(),
            blocks: HashMap::new(),
            chunks: HashMap::new(),
            deleted: HashMap::new(),
        }
    }

    /// The same, with open runs that count as over.
    #[must_use]
    pub fn giving_up(mut self, runs: Vec<RunId>) -> Self {
        self.giving_up = runs;
        self
    }

    /// The row of an earlier sheet; none if the ledger no longer has it.
    pub fn row(&mut self, earlier: Earlier) -> Result<Option<EarlierRow>, LedgerError> {
        let Some(sheet) = self.sheet(earlier.sheet)? else { return Ok(None) };
        let Some(ordinal) = self.block_of_row(sheet.id, earlier.row)? else { return Ok(None) };
        let block = self.block(sheet.id, ordinal)?;
        let Some(index) = place_of(&block, earlier.row) else { return Ok(None) };
        let run = self.run(sheet.run)?;
        let fate = self.fate(&run, &block[index].destiny)?.into_owned();
        Ok(Some(EarlierRow { run, sheet, fate, block, index }))
    }

    /// The ordinal of the block that holds a row; the ledger is asked once a sheet.
    fn block_of_row(&mut self, sheet: SheetId, row: u32) -> Result<Option<u32>, LedgerError> {
        if !self.ranges.contains_key(&sheet) {
            self.ranges.insert(sheet, self.ledger.block_ranges(sheet)?);
        }
        let ranges = &self.ranges[&sheet];
        let holds = |(_, rows): &&(u32, RangeInclusive<u32>)| rows.contains(&row);
        let likely = ranges.get(ranges.partition_point(|(_, rows)| *rows.end() < row)).filter(holds);
        // Numbers rise in every sheet that is read now; whatever an old ledger holds is found all the same.
        Ok(likely.or_else(|| ranges.iter().find(holds)).map(|(ordinal, _)| *ordinal))
    }

    /// What an earlier row means for its key.
    pub fn weigh(&mut self, earlier: Earlier) -> Result<Fate, LedgerError> {
        Ok(match self.row(earlier)? {
            // What the first-use check found is still there, whatever became of the row.
            Some(row) if row.conflict_at_api().is_some() => Fate::Differs,
            // An accepted delete releases the key.
            Some(row) if self.row_is_deleted(&row)? => Fate::Free,
            Some(row) => {
                let open = row.run.state == RunState::Open && !self.giving_up.contains(&row.run.id);
                Fate::of(row.fate.outcome().status, open)
            }
            // Nobody can say what became of a row that is gone, so it may be stored.
            None => Fate::Held,
        })
    }

    fn row_is_deleted(&mut self, row: &EarlierRow) -> Result<bool, LedgerError> {
        let outcome = row.fate.outcome();
        let stored = matches!(outcome.status, Status::Accepted | Status::AlreadyAccepted);
        match &outcome.remote_id {
            Some(id) if stored => self.is_deleted(&row.run.account, id),
            _ => Ok(false),
        }
    }

    /// Whether a run of an account deleted a record, by its id.
    pub fn is_deleted(&mut self, account: &str, id: &str) -> Result<bool, LedgerError> {
        if !self.deleted.contains_key(account) {
            let deleted = self.read_deleted(account)?;
            self.deleted.insert(account.to_owned(), deleted);
        }
        Ok(self.deleted[account].contains(id))
    }

    fn read_deleted(&self, account: &str) -> Result<HashSet<String>, LedgerError> {
        let mut deleted = HashSet::new();
        let deletes = |name: &str| Operation::by_name(name).is_some_and(|operation| operation.verb == "delete");
        for run in self.ledger.runs()?.iter().filter(|run| run.account == account && deletes(&run.operation)) {
            for head in self.ledger.chunks(run.id)? {
                let Some(outcomes) = self.ledger.chunk_lines(head.id)?.outcomes else { continue };
                let outcomes: Vec<RowOutcome> = blob::unpack(&outcomes)?;
                let accepted = outcomes.into_iter().filter(|outcome| outcome.status == Status::Accepted);
                deleted.extend(accepted.filter_map(|outcome| outcome.remote_id));
            }
        }
        Ok(deleted)
    }

    /// What became of a row of a run.
    pub fn fate<'v>(&mut self, run: &Run, destiny: &'v Destiny) -> Result<RowFate<'v>, LedgerError> {
        match destiny {
            Destiny::Joined { document, .. } => self.fate(run, document),
            Destiny::Ended(outcome) => Ok(RowFate { told: Told::Verdict(outcome), chunk: None, line: 0 }),
            Destiny::Chunk { ordinal, line } => self.fate_of_line(run, *ordinal, *line),
        }
    }

    /// Follows a line through the chunks it went on in.
    fn fate_of_line(&mut self, run: &Run, mut ordinal: u32, mut line: u32) -> Result<RowFate<'static>, LedgerError> {
        for _ in 0..MOST_MOVES {
            let chunk = self.chunk(run.id, ordinal)?;
            let moved = chunk.moved.as_ref().and_then(|moved| moved.get(line as usize).copied().flatten());
            let Some(moved) = moved else {
                let told = match &chunk.outcomes {
                    Some(outcomes) if outcomes.len() > line as usize => Told::Chunk(Arc::clone(&chunk)),
                    Some(_) => {
                        let words = format!("chunk {ordinal} of run {} has no line {line}", run.id);
                        return Err(LedgerError::Damaged(words));
                    }
                    None => Told::Here(unsettled(run, &chunk.head)),
                };
                return Ok(RowFate { told, chunk: Some(chunk), line });
            };
            (ordinal, line) = (moved.ordinal, moved.line);
        }
        Err(LedgerError::Damaged(format!("the lines of chunk {ordinal} of run {} go on in a circle", run.id)))
    }

    fn run(&mut self, id: RunId) -> Result<Arc<Run>, LedgerError> {
        if let Some(run) = self.runs.get(&id) {
            return Ok(Arc::clone(run));
        }
        let run = self.ledger.run(id)?.ok_or_else(|| LedgerError::Damaged(format!("run {id} is gone")))?;
        let run = Arc::new(run);
        self.runs.insert(id, Arc::clone(&run));
        Ok(run)
    }

    fn sheet(&mut self, id: SheetId) -> Result<Option<Arc<SheetRecord>>, LedgerError> {
        if let Some(sheet) = self.sheets.get(&id) {
            return Ok(Some(Arc::clone(sheet)));
        }
        let Some(sheet) = self.ledger.sheet(id)? else { return Ok(None) };
        let sheet = Arc::new(sheet);
        self.sheets.insert(id, Arc::clone(&sheet));
        Ok(Some(sheet))
    }

    /// The rows of a block.
    fn block(&mut self, sheet: SheetId, ordinal: u32) -> Result<Arc<Vec<KnownRow>>, LedgerError> {
        if let Some(block) = self.blocks.get(&(sheet, ordinal)) {
            return Ok(Arc::clone(block));
        }
        let packed = self.ledger.verdict_block(sheet, ordinal)?;
        let packed = packed.ok_or_else(|| LedgerError::Damaged(format!("block {ordinal} of sheet {sheet} is gone")))?;
        let unpacked = blob::decompress(&packed)?;
        let verdicts: Vec<LentVerdict<'_>> = blob::read(&unpacked)?;
        let block: Arc<Vec<KnownRow>> = Arc::new(verdicts.into_iter().map(KnownRow::from).collect());
        if self.blocks.len() >= KEPT {
            self.blocks.clear();
        }
        self.blocks.insert((sheet, ordinal), Arc::clone(&block));
        Ok(block)
    }

    /// A chunk with its outcomes.
    pub fn chunk(&mut self, run: RunId, ordinal: u32) -> Result<Arc<SettledChunk>, LedgerError> {
        if let Some(chunk) = self.chunks.get(&(run, ordinal)) {
            return Ok(Arc::clone(chunk));
        }
        let head = self.ledger.chunk(run, ordinal)?;
        let head = head.ok_or_else(|| LedgerError::Damaged(format!("chunk {ordinal} of run {run} is gone")))?;
        let lines = self.ledger.chunk_lines(head.id)?;
        let outcomes = lines.outcomes.as_deref().map(blob::unpack).transpose()?;
        let moved = lines.moved.as_deref().map(blob::unpack).transpose()?;
        let chunk = Arc::new(SettledChunk { head, outcomes, moved });
        if self.chunks.len() >= KEPT {
            self.chunks.clear();
        }
        self.chunks.insert((run, ordinal), Arc::clone(&chunk));
        Ok(chunk)
    }
}

/// Where a row stands in its block: numbers rise, but for what an old ledger may hold.
fn place_of(block: &[KnownRow], row: u32) -> Option<usize> {
    let likely = block.partition_point(|known| known.number < row);
    let is_it = |known: &KnownRow| known.number == row;
    if block.get(likely).is_some_and(is_it) { Some(likely) } else { block.iter().position(is_it) }
}

fn after_silence(run: &Run) -> &'static str {
    Operation::by_name(&run.operation).map_or("", |operation| operation.repeat.after_silence())
}

/// The outcome of every line of a chunk that has none recorded.
fn unsettled(run: &Run, chunk: &ChunkHead) -> RowOutcome {
    match (chunk.state, run.state) {
        (ChunkState::Planned, RunState::Superseded) => {
            let by = run.successor.map_or(String::new(), |run| format!(" (run {run})"));
            RowOutcome::new(Status::NotSent, code::SUPERSEDED, format!("a later run of the sheet took over{by}"))
        }
        (ChunkState::Planned, _) if chunk.attempts == 0 => {
            let after =
                chunk.parent.map_or(String::new(), |parent| format!(" after chunk {parent} was looked up or split"));
            RowOutcome::new(Status::NotSent, code::PLANNED, format!("planned in run {}{after}, not sent yet", run.id))
        }
        // Only operations that may be repeated come back to planned after such an attempt.
        (ChunkState::Planned, _) if chunk.doubtful => RowOutcome::new(
            Status::Unknown,
            code::NO_REPLY,
            format!(
                "chunk {} was sent and no useful answer came; doing it twice changes nothing, and run {} will send it again",
                chunk.ordinal, run.id
            ),
        ),
        (ChunkState::Planned, _) => RowOutcome::new(
            Status::NotSent,
            code::STOPPED,
            format!("the API took none of chunk {}; it stays planned in run {}", chunk.ordinal, run.id),
        ),
        (ChunkState::Rejected, state) if chunk.is_refused_whole() => {
            let next = match state {
                RunState::Superseded => "a later run of the sheet took over".to_owned(),
                _ => format!("smaller chunks find the bad rows, and run {} goes on with them", run.id),
            };
            let message =
                format!("the API refused chunk {} as a whole and stored nothing of it; {next}", chunk.ordinal);
            RowOutcome::new(Status::NotSent, code::CHUNK_REFUSED, message)
        }
        (ChunkState::Rejected, _) => RowOutcome::new(
            Status::Unknown,
            code::CHUNK_REFUSED,
            format!(
                "the API refused chunk {} as a whole; whether it took a part of it has not been looked up yet",
                chunk.ordinal
            ),
        ),
        _ => RowOutcome::new(
            Status::Unknown,
            code::NO_REPLY,
            format!("chunk {} was sent and no answer is recorded; {}", chunk.ordinal, after_silence(run)),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::record::Labels;
    use crate::ledger::sqlite::SqliteLedger;
    use crate::ledger::{NewRun, NewSheet};
    use crate::outcome::Amounts;
    use crate::plan::verdict::RowVerdict;

    fn verdict(number: u32) -> RowVerdict {
        RowVerdict {
            number,
            line_number: 0,
            destiny: Destiny::Ended(RowOutcome::new(Status::Excluded, "code", format!("row {number}"))),
            findings: Vec::new(),
            key: number.to_string().into(),
            amounts: Amounts::default(),
            labels: Labels::default(),
        }
    }

    /// A run of one sheet whose blocks hold rows of these numbers.
    fn ledger(blocks: &[&[u32]]) -> (SqliteLedger, SheetId) {
        let ledger = SqliteLedger::scratch().unwrap();
        let run = NewRun {
            account: "a",
            operation: "invoices create",
            state: RunState::Open,
            reason: "",
            content: [0; 32],
            plan: [0; 32],
            created_at: jiff::Timestamp::UNIX_EPOCH,
            settings: "{}",
            maker: "",
        };
        let run = ledger.begin_plan(&run).unwrap();
        let sheet = NewSheet {
            ordinal: 0,
            path: "/a.csv",
            file_name: "a.csv",
            sheet_name: None,
            content: [0; 32],
            facts: "{}",
            rows_of: None,
        };
        let sheet = ledger.add_sheet(run, &sheet).unwrap();
        for (ordinal, numbers) in (0..).zip(blocks) {
            let verdicts: Vec<RowVerdict> = numbers.iter().copied().map(verdict).collect();
            let range = (*numbers.iter().min().unwrap(), *numbers.iter().max().unwrap());
            ledger.add_verdicts(sheet, ordinal, range, &blob::pack(&verdicts)).unwrap();
        }
        ledger.commit_plan().unwrap();
        (ledger, sheet)
    }

    #[test]
    fn every_row_is_found_in_its_block_and_no_other() {
        let cases: [&[&[u32]]; 5] = [
            &[],
            &[&[2, 3, 4], &[5, 7, 9], &[11]],
            // Filtered sheets have gaps, also between blocks.
            &[&[2, 900], &[901, 5_000], &[70_000]],
            // No sheet is read so now; a ledger may still hold one.
            &[&[9, 3, 5], &[2, 8]],
            &[&[50, 60], &[10, 20], &[30]],
        ];
        for blocks in cases {
            let (ledger, sheet) = ledger(blocks);
            let mut history = History::new(&ledger);
            let present: Vec<u32> = blocks.iter().copied().flatten().copied().collect();
            for row in (0..100).chain([899, 900, 901, 4_999, 5_000, 70_000, u32::MAX]) {
                let found = history.row(Earlier { sheet, row }).unwrap();
                let Some(found) = found else {
                    // Ranges of such a ledger may overlap, and only the first is looked at, as ever.
                    let rises = blocks.is_sorted_by(|one, two| one.iter().max() < two.iter().min());
                    assert!(!rises || !present.contains(&row), "{row} of {blocks:?}");
                    continue;
                };
                assert!(present.contains(&row), "{row} of {blocks:?}");
                let words = format!("row {row}");
                assert_eq!((found.verdict().number, found.fate.outcome().message.as_str()), (row, words.as_str()));
                assert!(found.label().ends_with(&format!("a.csv:{row}")));
            }
        }
    }
}
