//! Where checked blocks wait between reading and planning: a private file without a name.
//!
//! Planning can only begin when every row is read, because duplicates, control totals and the share of bad rows are
//! known only then. Memory must not grow with the rows, so they wait on disk. The file vanishes with the process.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::ops::Range;

use super::drafts::Drafts;
use crate::error::RunError;
use crate::ledger::LedgerError;

/// Blocks in the order they were read.
#[derive(Debug)]
pub struct Spool {
    file: BufWriter<File>,
    places: Vec<Place>,
    end: u64,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    start: u64,
    cells: u32,
    checked: u32,
    first_row: u32,
}

/// One block as the file has it.
#[derive(Debug)]
pub struct Packed {
    cells: Vec<u8>,
    checked: Vec<u8>,
}

impl Packed {
    /// The block itself.
    pub fn unpack(self) -> Result<Spooled, LedgerError> {
        Ok(Spooled { checked: Drafts::unpack(self.checked)?, cells: self.cells })
    }
}

/// One block as it waited.
#[derive(Debug)]
pub struct Spooled {
    /// The rows as read, packed as the ledger keeps them.
    pub cells: Vec<u8>,
    /// The rows as checked.
    pub checked: Drafts,
}

impl Spool {
    /// An empty spool.
    pub fn create() -> Result<Self, RunError> {
        let file = tempfile::tempfile().map_err(RunError::Spool)?;
        Ok(Self { file: BufWriter::with_capacity(1 << 18, file), places: Vec::new(), end: 0 })
    }

    /// Appends a block, of which nothing may be kept here; `first_row` counts the rows of all sheets before it.
    pub fn push(&mut self, first_row: u32, cells: &[u8], checked: &[u8]) -> Result<(), RunError> {
        self.file.write_all(cells).and_then(|()| self.file.write_all(checked)).map_err(RunError::Spool)?;
        self.places.push(Place {
            start: self.end,
            cells: cells.len() as u32,
            checked: checked.len() as u32,
            first_row,
        });
        self.end += (cells.len() + checked.len()) as u64;
        Ok(())
    }

    /// Number of blocks.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Rows of a block, counted over all sheets; `end` is the number of all rows.
    pub fn rows_of(&self, index: usize, end: u32) -> Range<u32> {
        let next = self.places.get(index + 1).map_or(end, |place| place.first_row);
        self.places[index].first_row..next
    }

    /// Forgets the blocks from `from` on, as when a sheet turns out to be refused or must be read again.
    pub fn truncate(&mut self, from: usize) {
        self.places.truncate(from);
    }

    /// Reads a block back, packed as it was kept; none of a block of which nothing was kept here.
    pub fn packed(&mut self, index: usize) -> Result<Option<Packed>, RunError> {
        let place = self.places[index];
        if place.cells + place.checked == 0 {
            return Ok(None);
        }
        self.file.flush().map_err(RunError::Spool)?;
        let file = self.file.get_mut();
        file.seek(SeekFrom::Start(place.start)).map_err(RunError::Spool)?;
        let mut reader = BufReader::new(&*file);
        let mut cells = vec![0; place.cells as usize];
        let mut checked = vec![0; place.checked as usize];
        reader.read_exact(&mut cells).and_then(|()| reader.read_exact(&mut checked)).map_err(RunError::Spool)?;
        // The next push must not land where this read left the file.
        self.file.get_mut().seek(SeekFrom::Start(self.end)).map_err(RunError::Spool)?;
        Ok(Some(Packed { cells, checked }))
    }

    /// The block that holds a row, counted over all sheets, and the row's index in it.
    pub fn place_of(&self, row: u32) -> (usize, usize) {
        let index = self.places.partition_point(|place| place.first_row <= row) - 1;
        (index, (row - self.places[index].first_row) as usize)
    }
}
