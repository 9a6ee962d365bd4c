//! What a sheet is, whatever its file is called and however it was saved.
//!
//! Owns the content hash: headings and data cells in order, each with its length before it, so that no two different
//! sheets write the same bytes. Row numbers, formats and kinds of cells do not count. Changing what is hashed makes
//! every sheet new to every ledger; hence the version in the first bytes.

use super::{Header, RowBlock};

const VERSION: &[u8] = b"arload sheet 1\n";

/// BLAKE3 over a sheet's headings and data cells.
pub type ContentHash = [u8; 32];

/// A content hash under way.
#[derive(Debug, Clone)]
pub struct ContentHasher {
    hasher: blake3::Hasher,
    columns: usize,
    buffer: Vec<u8>,
}

impl ContentHasher {
    /// Begins with the headings.
    pub fn new(header: &Header) -> Self {
        let mut new = Self { hasher: blake3::Hasher::new(), columns: header.columns.len(), buffer: Vec::new() };
        new.buffer.extend_from_slice(VERSION);
        new.buffer.extend_from_slice(&(header.columns.len() as u64).to_le_bytes());
        for heading in &header.columns {
            new.put(heading);
        }
        new.flush();
        new
    }

    /// Adds the rows of the next block.
    ///
    /// # Panics
    /// If the block's rows are not as wide as the header.
    pub fn add(&mut self, block: &RowBlock) {
        assert_eq!(block.columns(), self.columns, "a sheet's blocks are as wide as its header");
        for row in 0..block.len() {
            for cell in block.cells(row) {
                self.put(cell);
            }
        }
        self.flush();
    }

    /// The hash of all that was added.
    pub fn finish(self) -> ContentHash {
        *self.hasher.finalize().as_bytes()
    }

    fn put(&mut self, text: &str) {
        self.buffer.extend_from_slice(&(text.len() as u32).to_le_bytes());
        self.buffer.extend_from_slice(text.as_bytes());
    }

    fn flush(&mut self) {
        self.hasher.update(&self.buffer);
        self.buffer.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheet::CellKind;

    fn hash(headings: &[&str], rows: &[&[&str]], first_number: u32, rows_a_block: usize) -> ContentHash {
        let columns = headings.iter().map(ToString::to_string).collect();
        let mut hasher = ContentHasher::new(&Header { number: 1, columns });
        for (index, chunk) in rows.chunks(rows_a_block).enumerate() {
            let mut block = RowBlock::new(headings.len());
            for row in chunk {
                row.iter().for_each(|cell| block.push_cell(cell, CellKind::Text));
                block.finish_row(first_number + index as u32, 0);
            }
            hasher.add(&block);
        }
        hasher.finish()
    }

    #[test]
    fn only_texts_and_shape_count() {
        let base = hash(&["a", "b"], &[&["1", "2"], &["3", "4"]], 2, 2);
        assert_eq!(base, hash(&["a", "b"], &[&["1", "2"], &["3", "4"]], 7, 1));
        for other in [
            hash(&["a", "b"], &[&["12", ""], &["3", "4"]], 2, 2),
            hash(&["a", "b"], &[&["3", "4"], &["1", "2"]], 2, 2),
            hash(&["a", "c"], &[&["1", "2"], &["3", "4"]], 2, 2),
            hash(&["a", "b"], &[&["1", "2"]], 2, 2),
            hash(&["a", "b", "1"], &[&["2", "3", "4"]], 2, 2),
        ] {
            assert_ne!(base, other);
        }
    }
}
