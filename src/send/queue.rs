//! Where senders take their chunks from: a list that is theirs alone, or what they claim of a shared ledger, little by little.
//!
//! The rule: what was claimed and not begun is given back, so that nobody waits for it.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::ledger::{ChunkHead, ChunkId, LedgerError, PostgresLedger, RunId};

/// Planned chunks, in order, for the senders of one process.
#[derive(Debug)]
pub(super) struct Queue<'a> {
    waiting: Mutex<Waiting>,
    claims: Option<Claims<'a>>,
    most: usize,
}

/// What is claimed, and of whom.
#[derive(Debug)]
struct Claims<'a> {
    ledger: &'a PostgresLedger,
    run: RunId,
    among: Option<Vec<u32>>,
}

#[derive(Debug, Default)]
struct Waiting {
    chunks: VecDeque<ChunkHead>,
    /// Handed out, and not done yet.
    out: HashSet<ChunkId>,
}

impl<'a> Queue<'a> {
    /// Chunks that nobody else sends.
    pub(super) fn listed(chunks: Vec<ChunkHead>) -> Self {
        let most = chunks.len();
        let waiting = Waiting { chunks: chunks.into(), out: HashSet::new() };
        Self { waiting: Mutex::new(waiting), claims: None, most }
    }

    /// Chunks of a run that others send, too; so many are claimed at once. Where some are named, those alone.
    pub(super) fn claimed(ledger: &'a PostgresLedger, run: RunId, among: Option<Vec<u32>>, most: usize) -> Self {
        Self { waiting: Mutex::default(), claims: Some(Claims { ledger, run, among }), most }
    }

    /// How many can be under way at once.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// The next one; none where there is nothing left to take.
    pub(super) fn next(&self) -> Result<Option<ChunkHead>, LedgerError> {
        let mut waiting = self.lock();
        if let (true, Some(claims)) = (waiting.chunks.is_empty(), &self.claims) {
            let held: Vec<ChunkId> = waiting.out.iter().copied().collect();
            let most = u32::try_from(self.most).unwrap_or(u32::MAX);
            let mut claimed = claims.ledger.claim(claims.run, most, claims.among.as_deref(), &held)?;
            claimed.sort_by_key(|head| head.ordinal);
            waiting.chunks.extend(claimed);
        }
        let next = waiting.chunks.pop_front();
        waiting.out.extend(next.as_ref().map(|head| head.id));
        Ok(next)
    }

    /// Notes that a chunk is not sent by anybody here any more.
    pub(super) fn done(&self, chunk: ChunkId) {
        self.lock().out.remove(&chunk);
    }

    /// Gives back what nobody began.
    pub(super) fn give_back(&self) -> Result<(), LedgerError> {
        let Some(claims) = &self.claims else { return Ok(()) };
        let waiting = std::mem::take(&mut *self.lock());
        let left: Vec<ChunkId> = waiting.chunks.iter().map(|head| head.id).chain(waiting.out).collect();
        claims.ledger.release(&left)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
