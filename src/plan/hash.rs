//! The hash of a plan: what a checker approves, and what must not have changed when it is sent.
//!
//! It stands over the account, the operation, the settings that shape the plan and the exact bytes of every file that
//! planning cut, so it stays what it is while these are sent, looked up and split. The one rule: whatever changes what
//! leaves for the API changes the hash.

use rayon::prelude::*;

use crate::ledger::{ChunkHead, Ledger, LedgerError, Run, blob};

/// Limit: files in memory at a time, of some hundred KiB each.
const AT_ONCE: usize = 64;

/// The hash of a run's plan; none once its bytes were purged.
pub fn of_plan(ledger: &dyn Ledger, run: &Run) -> Result<Option<[u8; 32]>, LedgerError> {
    if !ledger.purges(run.id)?.is_empty() {
        return Ok(None);
    }
    let mut hasher = Parts::new();
    hasher.part(run.account.as_bytes()).part(run.operation.as_bytes()).part(run.settings.as_bytes()).part(&run.plan);
    let chunks = ledger.chunks(run.id)?;
    let planned: Vec<&ChunkHead> = chunks.iter().filter(|chunk| chunk.parent.is_none()).collect();
    for chunks in planned.chunks(AT_ONCE) {
        let payloads = chunks.iter().map(|chunk| ledger.chunk_payload(chunk.id)).collect::<Result<Vec<_>, _>>()?;
        let hash = |payload: Vec<u8>| Ok(blake3::hash(&blob::decompress(&payload)?));
        let hashes: Vec<blake3::Hash> = payloads.into_par_iter().map(hash).collect::<Result<_, LedgerError>>()?;
        for (chunk, hash) in chunks.iter().zip(hashes) {
            let ChunkHead { ordinal, account_id, rows, .. } = chunk;
            hasher.part(&ordinal.to_le_bytes()).part(account_id.as_bytes()).part(&rows.to_le_bytes());
            hasher.part(hash.as_bytes());
        }
    }
    Ok(Some(*hasher.0.finalize().as_bytes()))
}

struct Parts(blake3::Hasher);

impl Parts {
    fn new() -> Self {
        Self(blake3::Hasher::new_derive_key("arload plan to be approved 1"))
    }

    fn part(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.update(&(bytes.len() as u64).to_le_bytes()).update(bytes);
        self
    }
}
