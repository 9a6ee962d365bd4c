//! Numbers that look random and are the same each time (SplitMix64).
//!
//! The rule: a draw depends on the seed and the row alone, never on what was drawn for other rows, so that any row can
//! be made again by itself.

/// A sequence of draws.
#[derive(Debug, Clone)]
pub(super) struct Draw(u64);

impl Draw {
    /// The draws of one row or party; `kind` keeps those of different things apart.
    pub(super) fn of(seed: u64, kind: u64, number: u64) -> Draw {
        Draw(mix(mix(seed ^ kind.rotate_left(48)).wrapping_add(number)))
    }

    /// The next number below a limit.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0) % limit.max(1)
    }

    /// One of a list that is not empty.
    pub(super) fn pick<'t, T>(&mut self, list: &'t [T]) -> &'t T {
        &list[self.below(list.len() as u64) as usize]
    }

    /// A text of so many characters of an alphabet.
    pub(super) fn text(&mut self, alphabet: &[u8], characters: usize) -> String {
        (0..characters).map(|_| char::from(*self.pick(alphabet))).collect()
    }
}

fn mix(mut number: u64) -> u64 {
    number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}
