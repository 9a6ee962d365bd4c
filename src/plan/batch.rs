//! Takes rows from an open sheet, a batch of blocks at a time, and maps its columns by the first of them.
//!
//! Leaves what becomes of the rows to [`super::read`]. The one rule: every reading of a sheet cuts it into the same blocks.

use super::read::Reading;
use super::refusal::{Refusal, other_operation, unmarked};
use crate::corrections::KEY;
use crate::error::RunError;
use crate::explain::ErrorCode;
use crate::mapping::{self, Mapping, MappingError};
use crate::sheet::open::OpenSheet;
use crate::sheet::{RowBlock, SheetSource};

// Limit: blocks of this size keep every thread busy and cost little memory.
const BLOCK_ROWS: usize = 1000;
const BLOCK_BYTES: usize = 256 << 10;

pub(super) fn read_batch(open: &mut OpenSheet) -> Result<Vec<RowBlock>, RunError> {
    // Two blocks a thread: one being checked while the other is being read.
    Ok(open.next_blocks(rayon::current_num_threads() * 2, BLOCK_ROWS, BLOCK_BYTES)?)
}

pub(super) fn map(
    source: &SheetSource,
    open: &OpenSheet,
    batch: &[RowBlock],
    reading: &Reading<'_>,
) -> Result<Mapping, Refusal> {
    if let Some(correcting) = reading.correcting(source) {
        let mut mapping = correcting.mapping.clone();
        mapping.columns.resize(open.header.columns.len(), None);
        return Ok(mapping);
    }
    if open.header.columns.iter().any(|heading| heading == KEY) {
        return Err(unmarked());
    }
    let samples = |column: usize| {
        let cells = batch.iter().flat_map(|block| (0..block.len()).map(move |row| block.text(row, column)));
        cells.take(200).map(str::to_owned).collect()
    };
    let mapped = mapping::map_columns(reading.operation, &open.header.columns, &samples, &reading.settings.mapping);
    let mapped = mapped.and_then(|mapping| {
        mapping::refuse_announced_unit(&open.top.banner, &mapping)?;
        mapping::refuse_announced_kind(reading.operation, source.sheet.as_deref(), &open.top.banner, &mapping)?;
        Ok(mapping)
    });
    let (asked, headings) = (reading.operation, &open.header.columns);
    match mapped {
        Ok(mapping) => {
            let settings = &reading.settings.mapping;
            let by_hand = !settings.map.is_empty() || settings.saved.is_some();
            match mapping::mistaken(asked, &mapping, headings, &samples).filter(|_| !by_hand) {
                Some(other) => Err(other_operation(asked, other, None)),
                None => Ok(mapping),
            }
        }
        Err(error) => {
            let other = match error {
                MappingError::MissingColumn { .. } => mapping::likely(asked, headings, &samples),
                _ => None,
            };
            let code = ErrorCode::from(&error);
            let refusal = Refusal { message: error.to_string(), hint: error.hint(), no_table: false, code };
            Err(other.map_or(refusal.clone(), |other| other_operation(asked, other, Some(refusal))))
        }
    }
}
