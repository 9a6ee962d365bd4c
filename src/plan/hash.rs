//! The hash of a plan: what a checker approves, and what must not have changed when it is sent.
//!
//! It stands over the account, the operation, the settings that shape the plan and the exact bytes of every file that
//! planning cut, so it stays what it is while these are sent, looked up and split. The one rule: whatever changes what
//! leaves for the API changes the hash.

use crate::ledger::{ChunkHead, Ledger, LedgerError, Run, blob};

/// The hash of a run's plan; none once its bytes were purged.
pub fn of_plan(ledger: &dyn Ledger, run: &Run) -> Result<Option<[u8; 32]>, LedgerError> {
    if !ledger.purges(run.id)?.is_empty() {
        return Ok(None);
    }
    let mut hasher = Parts::new();
    hasher.part(run.account.as_bytes()).part(run.operation.as_bytes()).part(run.settings.as_bytes()).part(&run.plan);
    for chunk in ledger.chunks(run.id)?.iter().filter(|chunk| chunk.parent.is_none()) {
        let ChunkHead { id, ordinal, account_id, rows, .. } = chunk;
        let body = blob::decompress(&ledger.chunk_payload(*id)?)?;
        hasher.part(&ordinal.to_le_bytes()).part(account_id.as_bytes()).part(&rows.to_le_bytes());
        hasher.part(blake3::hash(&body).as_bytes());
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
