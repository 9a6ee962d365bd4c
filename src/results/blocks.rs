//! Blocks of rows as lines of results, made by all threads and handed out in order.
//!
//! Leaves what is said of a row to [`super::csv`], and what became of it to [`History`]. The one rule: whatever needs
//! nothing but a block is done where it is made; rows that somebody wants to see are shown one by one, in their order.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::csv::{Seeing, SentCells, Told, Written, our_cells};
use super::line::RowLine;
use super::target::Target;
use super::{Counted, ResultSettings};
use crate::corrections::after::{After, is_left};
use crate::error::RunError;
use crate::ledger::{Ledger, LedgerError, Run, SheetRecord, blob};
use crate::plan::SheetFacts;
use crate::plan::history::History;
use crate::plan::verdict::LentVerdict;
use crate::sheet::RowBlock;

/// Limit: blocks that are made at once, of some hundred KiB each; as many wait, and as many are being handed out.
const BLOCKS_AT_ONCE: usize = 4;

/// Which rows are shown to whoever asks, besides being written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// None.
    Nothing,
    /// Those that are left to be corrected.
    Left,
    /// All.
    All,
}

impl Wanted {
    fn takes(self, row: &Written<'_>) -> bool {
        match self {
            Wanted::Nothing => false,
            Wanted::Left => is_left(row.fate.outcome()),
            Wanted::All => true,
        }
    }
}

/// A block that was made.
struct Made {
    lines: Vec<u8>,
    /// What its rows come to.
    counted: Counted,
    /// Rows of it that are wanted, with the block.
    wanted: Option<(Vec<usize>, Unpacked)>,
}

/// The blocks of one sheet.
pub(super) struct Blocks<'s> {
    ledger: &'s dyn Ledger,
    run: &'s Run,
    sheet: &'s SheetRecord,
    settings: &'s ResultSettings,
    /// Where each column of the results stands in the sheet.
    columns: Vec<Option<usize>>,
    /// Whether these are the sheet's columns as they are, as in every file of one sheet without a heading twice.
    as_read: bool,
    wanted: Wanted,
    /// Whether the page of the run is written.
    reports: bool,
    /// Those that are not in use; each remembers the chunks that its rows went into.
    histories: Mutex<Vec<History<'s>>>,
}

/// A block as the ledger has it, unpacked.
struct Unpacked {
    /// None where they were purged.
    cells: Option<RowBlock>,
    /// The verdicts on its rows, still in one piece.
    verdicts: Vec<u8>,
}

impl Unpacked {
    fn verdicts(&self, sheet: &SheetRecord) -> Result<Vec<LentVerdict<'_>>, LedgerError> {
        let verdicts: Vec<LentVerdict<'_>> = blob::read(&self.verdicts)?;
        if self.cells.as_ref().is_some_and(|cells| cells.len() != verdicts.len()) {
            return Err(LedgerError::Damaged(format!("a block of sheet {}", sheet.id)));
        }
        Ok(verdicts)
    }
}

impl<'s> Blocks<'s> {
    /// Of a sheet whose results have these columns.
    pub(super) fn of(
        (ledger, run): (&'s dyn Ledger, &'s Run),
        (sheet, facts): (&'s SheetRecord, &SheetFacts),
        originals: &[String],
        settings: &'s ResultSettings,
        (wanted, reports): (Wanted, bool),
    ) -> Self {
        let mut places = HashMap::new();
        for (place, column) in facts.header.columns.iter().enumerate() {
            places.entry(column).or_insert(place);
        }
        let columns: Vec<Option<usize>> = originals.iter().map(|name| places.get(name).copied()).collect();
        let as_read = (0..facts.header.columns.len()).map(Some).eq(columns.iter().copied());
        Self { ledger, run, sheet, settings, columns, as_read, wanted, reports, histories: Mutex::default() }
    }

    /// Writes the blocks from `first` on, of which further ones are made meanwhile.
    pub(super) fn each(
        &self,
        first: u32,
        see: &mut Seeing<'_>,
        (target, counted): (&mut Target, &mut Counted),
    ) -> Result<(), RunError> {
        let mut history = History::new(self.ledger);
        rayon::in_place_scope(|scope| {
            let (give, take) = crossbeam_channel::bounded(1);
            scope.spawn(move |_| {
                for batch in (first..).step_by(BLOCKS_AT_ONCE) {
                    let ordinals = batch..batch + BLOCKS_AT_ONCE as u32;
                    let made: Vec<_> = ordinals.into_par_iter().map(|ordinal| self.make(ordinal)).collect();
                    let goes_on = made.iter().all(|made| matches!(made, Ok(Some(_))));
                    // Who takes no more of them says why itself.
                    if give.send(made).is_err() || !goes_on {
                        return;
                    }
                }
            });
            while let Ok(batch) = take.recv() {
                for made in batch {
                    let Some(made) = made? else { return Ok(()) };
                    if let Some((wanted, block)) = made.wanted {
                        let verdicts = block.verdicts(self.sheet)?;
                        self.rows((&block, &verdicts), wanted.into_iter(), &mut history, None, see)?;
                    }
                    counted.merge(made.counted);
                    target.write_all(&made.lines).map_err(|error| target.failed(error))?;
                }
            }
            Ok(())
        })
    }

    /// Writes all blocks of a sheet with rows that others stand for now, which only one after the other can be asked for.
    pub(super) fn each_corrected(
        &self,
        after: &mut After<'_>,
        see: &mut Seeing<'_>,
        (target, counted): (&mut Target, &mut Counted),
    ) -> Result<(), RunError> {
        let mut history = History::new(self.ledger);
        for ordinal in 0.. {
            let Some(block) = self.unpacked(ordinal)? else { break };
            let verdicts = block.verdicts(self.sheet)?;
            let mut line = RowLine::new(self.settings.delimiter, Vec::new());
            self.rows((&block, &verdicts), 0..verdicts.len(), &mut history, Some(&mut *after), &mut |row| {
                self.write(&mut line, row);
                counted.add(row, self.reports);
                if self.wanted.takes(row) { see(row) } else { Ok(()) }
            })?;
            target.write_all(&line.finish()).map_err(|error| target.failed(error))?;
        }
        Ok(())
    }

    /// A block; none behind the last.
    fn make(&self, ordinal: u32) -> Result<Option<Made>, RunError> {
        let Some(block) = self.unpacked(ordinal)? else { return Ok(None) };
        let mut history = self.histories().pop().unwrap_or_else(|| History::new(self.ledger));
        let verdicts = block.verdicts(self.sheet)?;
        let length = block.cells.as_ref().map_or(0, RowBlock::text_bytes) + 160 * verdicts.len();
        let mut line = RowLine::new(self.settings.delimiter, Vec::with_capacity(length));
        let (mut counted, mut wanted) = (Counted::default(), Vec::new());
        self.rows((&block, &verdicts), 0..verdicts.len(), &mut history, None, &mut |row| {
            self.write(&mut line, row);
            counted.add(row, self.reports);
            wanted.extend(Some(row.cells.1).filter(|_| self.wanted.takes(row)));
            Ok(())
        })?;
        self.histories().push(history);
        let wanted = (!wanted.is_empty()).then_some((wanted, block));
        Ok(Some(Made { lines: line.finish(), counted, wanted }))
    }

    fn histories(&self) -> std::sync::MutexGuard<'_, Vec<History<'s>>> {
        self.histories.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A block as the ledger has it; none behind the last.
    fn unpacked(&self, ordinal: u32) -> Result<Option<Unpacked>, LedgerError> {
        let Self { ledger, sheet, .. } = self;
        let gone = || LedgerError::Damaged(format!("block {ordinal} of sheet {} is gone", sheet.id));
        let cells = ledger.row_block(sheet.rows_of, ordinal)?;
        let Some(packed) = ledger.verdict_block(sheet.id, ordinal)? else {
            return if cells.is_some() { Err(gone()) } else { Ok(None) };
        };
        if cells.is_none() && ledger.purges(sheet.run)?.is_empty() {
            return Err(gone());
        }
        let cells = cells.as_deref().map(blob::unpack).transpose()?;
        Ok(Some(Unpacked { cells, verdicts: blob::decompress(&packed)? }))
    }

    /// Visits rows of a block with what became of them.
    fn rows(
        &self,
        (block, verdicts): (&Unpacked, &[LentVerdict<'_>]),
        rows: impl Iterator<Item = usize>,
        history: &mut History<'_>,
        mut after: Option<&mut After<'_>>,
        visit: &mut Seeing<'_>,
    ) -> Result<(), RunError> {
        let Self { run, sheet, settings, columns, .. } = self;
        let mut sent = SentCells::new(run, settings);
        for row in rows {
            let verdict = &verdicts[row];
            let fate = history.fate(run, &verdict.destiny)?;
            let now = match &mut after {
                Some(after) => after.of(sheet.id, verdict.number, fate.outcome())?,
                None => None,
            };
            let mut sent_later = now.as_ref().map(|now| SentCells::new(&now.run, settings));
            let told = match now.as_ref().zip(sent_later.as_mut()) {
                Some((now, sent)) => Told::corrected(now, sent.of(&now.fate)),
                None => Told::of(sheet, verdict, &fate, sent.of(&fate)),
            };
            let (cells, now) = ((block.cells.as_ref(), row), now.as_ref());
            visit(&Written { sheet, verdict, fate: &fate, now, told: &told, cells, columns })?;
        }
        Ok(())
    }

    /// Writes the line of a row.
    fn write(&self, line: &mut RowLine, row: &Written<'_>) {
        our_cells(line, row.sheet, row.verdict, row.told);
        match row.cells {
            (Some(cells), at) if self.as_read => line.cells(cells, at),
            (cells, at) => {
                let text = |column| cells.map_or("", |cells| cells.text(at, column));
                for column in &self.columns {
                    line.cell(column.map_or("", text));
                }
            }
        }
        line.end();
    }
}
