//! Memory of blocks that are done, for those that come: large pieces given back to the system and asked for again by
//! another thread cost both time and holes that nobody fills.
//!
//! The one rule: as many pieces are kept as blocks are on their way, and none of what they held is seen again.

use std::sync::{Mutex, PoisonError};

/// Pieces of memory that wait to be used.
#[derive(Debug, Default)]
pub(super) struct Spare {
    pieces: Mutex<Vec<Vec<u8>>>,
}

impl Spare {
    /// An empty piece, with whatever room one had that was given back.
    pub(super) fn take(&self) -> Vec<u8> {
        self.pieces.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// Gives a piece back.
    pub(super) fn give(&self, mut piece: Vec<u8>) {
        piece.clear();
        self.pieces.lock().unwrap_or_else(PoisonError::into_inner).push(piece);
    }
}
