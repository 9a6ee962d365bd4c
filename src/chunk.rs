//! Chunks: which lines travel in one file.
//!
//! Pure. Lines come in row order, each with the company or seller it goes under and the columns it fills; lines that
//! agree in both share files. The one rule: a file never holds two sellers, nor more than its limits unless a single
//! line is larger than they are.

use std::collections::HashMap;

use crate::operation::{Operation, RequestKind};

/// What lines of one file have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Group {
    /// CEK id they go under.
    pub account_id: String,
    /// Columns of the file, a bit for each field of the operation.
    pub columns: u64,
    /// What all rows of an id list say beside their ids, as it stands in their lines; blank for the other kinds.
    pub shared: String,
}

impl Group {
    /// Where a line belongs.
    pub fn of(operation: &Operation, account_id: &str, columns: u64, line: &str) -> Self {
        let beside = || line.split_once(',').map_or("", |(_, rest)| rest).to_owned();
        let shared = if operation.request == RequestKind::Ids { beside() } else { String::new() };
        Self { account_id: account_id.to_owned(), columns, shared }
    }
}

/// Limits of one file.
#[derive(Debug, Clone, Copy)]
pub struct ChunkLimits {
    /// Lines, the header not counted.
    pub rows: usize,
    /// Bytes, the header included.
    pub bytes: usize,
}

/// A file ready to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FullChunk {
    /// Its number within the run, from 1, in the order of first rows.
    pub ordinal: u32,
    /// CEK id it goes under.
    pub account_id: String,
    /// Its lines, the header not counted.
    pub rows: u32,
    /// The exact bytes of the file.
    pub body: Vec<u8>,
}

impl FullChunk {
    fn push(&mut self, line: &[u8]) -> Placed {
        let placed = Placed { ordinal: self.ordinal, line: self.rows };
        self.body.extend_from_slice(line);
        self.rows += 1;
        placed
    }
}

/// Where a line went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// The chunk's number within the run.
    pub ordinal: u32,
    /// The line in the chunk, from 0.
    pub line: u32,
}

// Limit: updates with many different sets of filled columns keep one file open for each; 64 files of 1 MiB is memory
// that any host has.
const MAX_OPEN_CHUNKS: usize = 64;

/// Puts lines into files.
#[derive(Debug)]
pub struct Cutter {
    operation: &'static Operation,
    limits: ChunkLimits,
    /// Rows of the first file.
    first_rows: usize,
    next_ordinal: u32,
    open: HashMap<Group, FullChunk>,
}

impl Cutter {
    /// A cutter without lines.
    pub fn new(operation: &'static Operation, limits: ChunkLimits) -> Self {
        let limits = match operation.request {
            RequestKind::Single => ChunkLimits { rows: 1, ..limits },
            _ => limits,
        };
        Self { operation, limits, first_rows: limits.rows, next_ordinal: 1, open: HashMap::new() }
    }

    /// The same with a smaller first file, which goes alone where an upload is not proven yet.
    #[must_use]
    pub fn with_first(mut self, rows: usize) -> Self {
        self.first_rows = rows.min(self.limits.rows);
        self
    }

    /// Places a line and hands out a file that it made full, if any.
    pub fn place(&mut self, group: &Group, line: impl AsRef<[u8]>) -> (Placed, Option<FullChunk>) {
        let line = line.as_ref();
        let mut full = None;
        let fits = |chunk: &FullChunk| {
            let rows = if chunk.ordinal == 1 { self.first_rows } else { self.limits.rows };
            (chunk.rows as usize) < rows && chunk.body.len() + line.len() <= self.limits.bytes
        };
        if let Some(chunk) = self.open.get_mut(group) {
            if fits(chunk) {
                return (chunk.push(line), None);
            }
            full = self.open.remove(group);
        } else if self.open.len() >= MAX_OPEN_CHUNKS {
            let oldest = self.open.iter().min_by_key(|(_, chunk)| chunk.ordinal).map(|(group, _)| group.clone());
            full = oldest.and_then(|oldest| self.open.remove(&oldest));
        }
        let mut chunk = self.start(group);
        let placed = chunk.push(line);
        self.open.insert(group.clone(), chunk);
        (placed, full)
    }

    /// Hands out the files that are not full, in order.
    pub fn finish(self) -> Vec<FullChunk> {
        let mut rest: Vec<FullChunk> = self.open.into_values().collect();
        rest.sort_unstable_by_key(|chunk| chunk.ordinal);
        rest
    }

    fn start(&mut self, group: &Group) -> FullChunk {
        let names: Vec<&str> = columns(self.operation, group.columns).map(|(_, name)| name).collect();
        let mut body = names.join(",").into_bytes();
        body.push(b'\n');
        let ordinal = self.next_ordinal;
        self.next_ordinal += 1;
        FullChunk { ordinal, account_id: group.account_id.clone(), rows: 0, body }
    }
}

/// The fields of a set of columns, in the file's order: index and JSON name.
pub fn columns(operation: &'static Operation, set: u64) -> impl Iterator<Item = (usize, &'static str)> {
    let fields = operation.fields.iter().enumerate();
    fields.filter(move |(index, _)| set & (1 << index) != 0).map(|(index, field)| (index, field.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cutter(rows: usize, bytes: usize) -> Cutter {
        let operation = Operation::by_name("customers update").unwrap();
        Cutter::new(operation, ChunkLimits { rows, bytes })
    }

    fn group(account_id: &str, columns: u64) -> Group {
        Group { account_id: account_id.to_owned(), columns, shared: String::new() }
    }

    #[test]
    fn a_file_never_holds_two_sellers_nor_two_sets_of_columns() {
        let mut cutter = cutter(10, 1000);
        for (account, columns) in [("CEK1", 0b11), ("CEK2", 0b11), ("CEK1", 0b101), ("CEK1", 0b11)] {
            cutter.place(&group(account, columns), "x\n");
        }
        let chunks = cutter.finish();
        let shapes: Vec<(u32, &str, u32)> =
            chunks.iter().map(|chunk| (chunk.ordinal, chunk.account_id.as_str(), chunk.rows)).collect();
        assert_eq!(shapes, [(1, "CEK1", 2), (2, "CEK2", 1), (3, "CEK1", 1)]);
        assert_eq!(chunks[0].body, b"customerId,legalName\nx\nx\n");
    }

    #[test]
    fn a_file_is_full_by_rows_or_by_bytes_and_a_giant_line_goes_alone() {
        let mut by_rows = cutter(2, 1000);
        let group = group("CEK1", 1);
        assert!(by_rows.place(&group, "a\n").1.is_none());
        assert!(by_rows.place(&group, "b\n").1.is_none());
        let (placed, full) = by_rows.place(&group, "c\n");
        assert_eq!((placed.ordinal, placed.line, full.unwrap().rows), (2, 0, 2));

        let mut by_bytes = cutter(100, 20);
        assert!(by_bytes.place(&group, "123456789\n").1.is_none());
        let (placed, full) = by_bytes.place(&group, format!("{}\n", "x".repeat(500)));
        assert_eq!((placed.ordinal, full.unwrap().rows), (2, 1));
        assert_eq!(by_bytes.place(&group, "y\n").0.ordinal, 3);
    }

    #[test]
    fn only_the_first_file_is_smaller_where_it_goes_alone() {
        let mut cutter = cutter(4, 1000).with_first(2);
        let (first, second) = (group("CEK1", 1), group("CEK2", 1));
        let mut rows = Vec::new();
        for group in [&first, &first, &second, &second, &second, &first, &first, &first, &first, &first] {
            rows.extend(cutter.place(group, "x\n").1.map(|chunk| (chunk.ordinal, chunk.rows)));
        }
        rows.extend(cutter.finish().iter().map(|chunk| (chunk.ordinal, chunk.rows)));
        assert_eq!(rows, [(1, 2), (3, 4), (2, 3), (4, 1)]);
    }

    #[test]
    fn open_files_are_bounded_and_no_line_is_lost() {
        let mut cutter = cutter(10, 1000);
        let mut rows = 0;
        for columns in 1..=200 {
            rows += cutter.place(&group("CEK1", columns), "x\n").1.map_or(0, |chunk| chunk.rows);
            assert!(cutter.open.len() <= MAX_OPEN_CHUNKS);
        }
        rows += cutter.finish().iter().map(|chunk| chunk.rows).sum::<u32>();
        assert_eq!(rows, 200);
    }
}
