//! Who sends which chunk: claimed by one worker at a time, and every change of it fenced by owner and expected state.

use super::{Answer, PostgresLedger};
use crate::ledger::{ChunkHead, ChunkId, RunId};

impl PostgresLedger {
    /// Claims planned chunks of an open run, the first ones that nobody has; among these numbers where some are named.
    /// `held` are claims that this caller has already.
    pub fn claim(&self, run: RunId, most: u32, among: Option<&[u32]>, held: &[ChunkId]) -> Answer<Vec<ChunkHead>> {
        todo!()
    }

    /// Gives back chunks that this worker claimed and did not begin.
    pub fn release(&self, chunks: &[ChunkId]) -> Answer<()> {
        todo!()
    }

    /// Holds runs back, so that nothing more of them begins while a plan takes their rows over; waits for what is under way.
    pub fn hold_back(&self, runs: &[RunId]) -> Answer<()> {
        todo!()
    }
}
