//! Keys of the duplicate guard, as they are packed into blocks, and which of them somebody looks for.
//!
//! What a key is made of is the checks' affair, what a found one means the guard's. The one rule: a packed key begins with
//! the 16 bytes by which blocks are sorted.

use std::ops::Range;

use super::LedgerError;

/// Bytes of one packed key: 16 of key, 8 of fingerprint, 4 of sheet, 4 of row.
pub const PACKED_BYTES: usize = 32;

/// What tells a record from every other.
pub type Key = [u8; 16];

/// Keys that are looked for, sorted, each wherever its owner keeps it.
pub struct Wanted<'w> {
    count: usize,
    key: &'w dyn Fn(usize) -> Key,
}

impl<'w> Wanted<'w> {
    /// So many keys; `key` gives each by its place, and they never descend.
    pub fn new(count: usize, key: &'w dyn Fn(usize) -> Key) -> Self {
        Self { count, key }
    }

    /// The key at a place.
    pub fn key(&self, at: usize) -> Key {
        (self.key)(at)
    }

    /// The first and the last key; none where nothing is looked for.
    pub fn ends(&self) -> Option<(Key, Key)> {
        (self.count > 0).then(|| (self.key(0), self.key(self.count - 1)))
    }

    /// Places of the keys from one to another, both with it.
    pub fn between(&self, first: &Key, last: &Key) -> Range<usize> {
        let from = self.first_where(0, |key| key >= first);
        from..self.first_where(from, |key| key > last)
    }

    /// The first place from `from` on whose key, and whose followers' keys, pass.
    fn first_where(&self, from: usize, passes: impl Fn(&Key) -> bool) -> usize {
        let (mut from, mut until) = (from, self.count);
        while from < until {
            let middle = from + (until - from) / 2;
            if passes(&self.key(middle)) {
                until = middle;
            } else {
                from = middle + 1;
            }
        }
        from
    }
}

/// The key that a packed one begins with.
pub(super) fn key_of(packed: &[u8]) -> Key {
    packed[..16].try_into().expect("sixteen bytes")
}

/// The first and the last key of a packed block.
pub(super) fn ends_of(block: &[u8]) -> (&[u8], &[u8]) {
    (&block[..16], &block[block.len() - PACKED_BYTES..][..16])
}

/// A key as a table keeps it.
pub(super) fn stored(key: &[u8]) -> Result<Key, LedgerError> {
    key.try_into().map_err(|_| LedgerError::Damaged("the end of a key block is no key".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_between_two_are_found_with_both_of_them() {
        let keys = [3_u8, 5, 5, 9];
        let key = |at: usize| [keys[at]; 16];
        let wanted = Wanted::new(keys.len(), &key);
        assert_eq!(wanted.ends(), Some(([3; 16], [9; 16])));
        for (first, last, places) in [
            (0, 2, 0..0),
            (0, 3, 0..1),
            (3, 5, 0..3),
            (4, 5, 1..3),
            (5, 5, 1..3),
            (6, 8, 3..3),
            (9, 255, 3..4),
            (10, 255, 4..4),
            (0, 255, 0..4),
        ] {
            assert_eq!(wanted.between(&[first; 16], &[last; 16]), places, "{first} to {last}");
        }
        let nothing = Wanted::new(0, &key);
        assert_eq!((nothing.ends(), nothing.between(&[0; 16], &[255; 16])), (None, 0..0));
    }
}
