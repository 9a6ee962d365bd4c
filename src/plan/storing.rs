//! What was judged on its way into the ledger: packed by all threads, stored in order by one.
//!
//! Leaves judging to [`super::rows`]. The one rule: whatever needs no order is done before the ledger is asked.

use rayon::prelude::*;

use super::drafts::Verdicts;
use crate::chunk::FullChunk;
use crate::ledger::blob;

/// What was judged and is not stored yet.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) blocks: Vec<JudgedBlock>,
    pub(super) chunks: Vec<FullChunk>,
}

/// A block of rows with its verdicts.
pub(super) struct JudgedBlock {
    pub(super) ordinal: u32,
    /// Packed cells, where the ledger is to keep them.
    pub(super) cells: Option<Vec<u8>>,
    pub(super) verdicts: Verdicts,
}

/// The same as the ledger takes it.
#[derive(Default)]
pub(super) struct PackedBatch {
    pub(super) blocks: Vec<PackedBlock>,
    /// Each with its payload.
    pub(super) chunks: Vec<(FullChunk, Vec<u8>)>,
}

pub(super) struct PackedBlock {
    pub(super) ordinal: u32,
    pub(super) cells: Option<Vec<u8>>,
    /// Of its first row and its last, if it has any.
    pub(super) numbers: Option<(u32, u32)>,
    pub(super) verdicts: Vec<u8>,
}

impl Batch {
    /// Packs verdicts and payloads, by all threads.
    pub(super) fn pack(self) -> PackedBatch {
        let pack = |JudgedBlock { ordinal, cells, verdicts }: JudgedBlock| {
            let (verdicts, numbers) = verdicts.finish();
            // A sheet that came before has its cells in the ledger; those of any other may have waited as they are.
            let cells = cells.map(blob::compressed);
            PackedBlock { ordinal, cells, numbers, verdicts: blob::compress(&verdicts) }
        };
        let compress = |mut chunk: FullChunk| {
            let payload = blob::compress(&chunk.body);
            chunk.body = Vec::new();
            (chunk, payload)
        };
        let (blocks, chunks) = rayon::join(
            || self.blocks.into_par_iter().map(pack).collect(),
            || self.chunks.into_par_iter().map(compress).collect(),
        );
        PackedBatch { blocks, chunks }
    }
}
