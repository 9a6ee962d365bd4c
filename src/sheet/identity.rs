//! What a sheet is, whatever its file is called and however it was saved.
//!
//! Owns the content hash: headings and data cells in order, each with its length before it, so that no two different
//! sheets write the same bytes. Row numbers, formats and kinds of cells do not count. Changing what is hashed makes
//! every sheet new to every ledger; hence the version in the first bytes.

use super::{Header, RowBlock};

const VERSION: &[u8] = b"arload sheet 1\n";

/// Bytes that are copied at once, as most cells have fewer.
const PIECE: usize = 32;

/// BLAKE3 over a sheet's headings and data cells.
pub type ContentHash = [u8; 32];

/// A content hash under way.
#[derive(Debug, Clone)]
pub struct ContentHasher {
    hasher: blake3::Hasher,
    columns: usize,
}

impl ContentHasher {
    /// Begins with the headings.
    pub fn new(header: &Header) -> Self {
        let mut written = VERSION.to_vec();
        written.extend_from_slice(&(header.columns.len() as u64).to_le_bytes());
        for heading in &header.columns {
            put(heading, &mut written);
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update(&written);
        Self { hasher, columns: header.columns.len() }
    }

    /// Adds the rows of the next block.
    ///
    /// # Panics
    /// If the block's rows are not as wide as the header.
    pub fn add(&mut self, block: &RowBlock) {
        assert_eq!(block.columns(), self.columns, "a sheet's blocks are as wide as its header");
        self.add_written(&Self::write(block, Vec::new()));
    }

    /// What the hash takes of a block's rows, in memory that held something else; made where there is time, and added in
    /// order.
    pub fn write(block: &RowBlock, mut written: Vec<u8>) -> Vec<u8> {
        // Made as long as it gets and a piece more, so that nothing is asked for every cell and short ones are copied
        // without regard to their length: what is too much, the next cell overwrites.
        let (text, ends) = block.texts();
        let length = text.len() + 4 * ends.len();
        written.resize(length + PIECE, 0);
        let (mut start, mut at) = (0, 0);
        for end in ends {
            let end = *end as usize;
            let size = end - start;
            written[at..at + 4].copy_from_slice(&(size as u32).to_le_bytes());
            at += 4;
            if size <= PIECE
                && let Some(piece) = text.get(start..start + PIECE)
            {
                written[at..at + PIECE].copy_from_slice(piece);
            } else {
                written[at..at + size].copy_from_slice(&text[start..end]);
            }
            (start, at) = (end, at + size);
        }
        written.truncate(length);
        written
    }

    /// Adds the rows of the next block as [`ContentHasher::write`] wrote them.
    pub fn add_written(&mut self, written: &[u8]) {
        self.hasher.update(written);
    }

    /// The hash of all that was added.
    pub fn finish(self) -> ContentHash {
        *self.hasher.finalize().as_bytes()
    }
}

fn put(text: &str, written: &mut Vec<u8>) {
    written.extend_from_slice(&(text.len() as u32).to_le_bytes());
    written.extend_from_slice(text.as_bytes());
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
