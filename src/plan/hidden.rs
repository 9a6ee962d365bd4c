//! Documents of which a workbook hides some rows, where hidden rows are left out.
//!
//! Knows the rows that are shown and reads the sheet once more with all of them. The one rule: a document loses no line
//! unnoticed; a hidden document that has no row shown is left out as a whole, which is what was asked for.

use std::collections::HashMap;

use super::batch::read_batch;
use super::read::Reading;
use crate::config::{self, HiddenRows};
use crate::error::RunError;
use crate::group::columns::Columns;
use crate::group::follow::{Follower, Step};
use crate::group::survey::shifted_rows;
use crate::mapping;
use crate::sheet::{RowBlock, SheetSource};

/// The rows of a sheet that are shown, where the others are left out; rows of a workbook number a million at most.
pub(super) struct Shown {
    rows: Option<Vec<u32>>,
}

/// A document on its way past.
#[derive(Default)]
struct Passing {
    first_shown: Option<u32>,
    first_hidden: Option<u32>,
}

impl Shown {
    pub(super) fn new(reading: &Reading<'_>) -> Self {
        Self { rows: (reading.settings.reading.hidden_rows == HiddenRows::Skip).then(Vec::new) }
    }

    /// Takes the next rows that are shown.
    pub(super) fn add(&mut self, block: &RowBlock) {
        if let Some(rows) = &mut self.rows {
            rows.extend((0..block.len()).map(|row| block.number(row)));
        }
    }

    /// By the first row shown of a document: the first of its rows that is hidden.
    pub(super) fn documents_with_hidden_rows(
        self,
        source: &SheetSource,
        reading: &Reading<'_>,
        columns: &Columns,
    ) -> Result<HashMap<u32, u32>, RunError> {
        let Some(rows) = self.rows else { return Ok(HashMap::new()) };
        let mut shown = rows.into_iter().peekable();
        let recognise = |heading: &str| mapping::recognises(reading.operation, heading);
        let all = config::Reading { hidden_rows: HiddenRows::Read, ..reading.settings.reading.clone() };
        let mut open = source.open(&all, &recognise)?;
        let mut follower = Follower::new(columns);
        let (mut found, mut passing) = (HashMap::new(), Passing::default());
        loop {
            let batch = read_batch(&mut open)?;
            if batch.is_empty() {
                passing.end(&mut found);
                return Ok(found);
            }
            for block in &batch {
                let shifted = shifted_rows(block);
                for row in 0..block.len() {
                    if matches!(follower.step(block, row, shifted.contains(&row)), Step::Starts { .. }) {
                        std::mem::take(&mut passing).end(&mut found);
                    }
                    let number = block.number(row);
                    while shown.next_if(|shown| *shown < number).is_some() {}
                    let is_shown = shown.next_if_eq(&number).is_some();
                    let first = if is_shown { &mut passing.first_shown } else { &mut passing.first_hidden };
                    first.get_or_insert(number);
                }
            }
            if reading.stop.asked() {
                return Err(RunError::Interrupted);
            }
        }
    }
}

impl Passing {
    fn end(self, found: &mut HashMap<u32, u32>) {
        found.extend(self.first_shown.zip(self.first_hidden));
    }
}
