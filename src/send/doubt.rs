//! Whether what a chunk carries was sent before without an answer, so that the API may have it already.

use super::settle::{self, Settled};
use crate::ledger::{ChunkHead, Ledger, LedgerError, Moved, RunId, blob};
use crate::outcome::{RowOutcome, Status, code};

/// What an answer means where lines of its chunk were sent before and got none: no refusal is taken at its word.
pub(super) fn weighed(
    ledger: &dyn Ledger,
    run: RunId,
    head: &ChunkHead,
    settled: Settled,
) -> Result<Settled, LedgerError> {
    let refuses = settled.outcomes.iter().any(|outcome| outcome.status == Status::Rejected);
    let in_doubt = refuses && is_repeated(ledger, run, head)?;
    Ok(if in_doubt { settle::answered_in_doubt(settled) } else { settled })
}

/// Whether lines of a chunk come from one that was sent and got no answer to them.
fn is_repeated(ledger: &dyn Ledger, run: RunId, head: &ChunkHead) -> Result<bool, LedgerError> {
    let (mut ordinal, mut parent) = (head.ordinal, head.parent);
    // Numbers of parents fall, so this ends.
    while let Some(above) = parent.filter(|above| *above < ordinal) {
        let Some(chunk) = ledger.chunk(run, above)? else { break };
        let lines = ledger.chunk_lines(chunk.id)?;
        let outcomes: Vec<RowOutcome> = lines.outcomes.as_deref().map(blob::unpack).transpose()?.unwrap_or_default();
        let moved: Vec<Option<Moved>> = lines.moved.as_deref().map(blob::unpack).transpose()?.unwrap_or_default();
        let came = outcomes.iter().zip(&moved).filter(|(_, moved)| moved.is_some_and(|to| to.ordinal == ordinal));
        let is_doubtful = |code: &str| [code::NO_REPLY, code::REPLY_UNCLEAR].contains(&code);
        if came.into_iter().any(|(outcome, _)| is_doubtful(&outcome.code)) {
            return Ok(true);
        }
        (ordinal, parent) = (above, chunk.parent);
    }
    Ok(false)
}
