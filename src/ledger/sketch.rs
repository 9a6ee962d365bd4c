//! Sketches of key blocks: some two bytes a key that tell where in a block wanted keys may stand, without the block.
//!
//! Each key has a *mark*: how far it is from the block's first key, in steps of a power of two, so that the whole block has
//! at most 2^24 marks. A sketch is the number of bits that a step takes off, and the steps from each mark to the next. What is found
//! may be another key of the same mark. The one rule: marks never descend where keys ascend, and equal keys have equal marks,
//! so a key that is in the block is always found (proved by `a_key_that_is_in_the_block_is_always_found`).

use super::keys::{Key, PACKED_BYTES, Wanted, key_of};

/// A block of 4,096 keys then has two bytes a step, and a key that it does not hold is found once in two to four thousand.
const MARK_BITS: u32 = 24;

/// What is known of a block beside its sketch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    /// Its first key.
    pub(super) first: Key,
    /// Its last key.
    pub(super) last: Key,
    /// How many keys it has.
    pub(super) keys: usize,
}

/// How keys of a block get their marks.
struct Scale {
    first: u128,
    bits: u8,
}

impl Scale {
    /// None for a key before the first, and where there would be more marks than numbers.
    fn mark(&self, key: &Key) -> Option<u64> {
        let far = u128::from_be_bytes(*key).checked_sub(self.first)?;
        u64::try_from(far.checked_shr(u32::from(self.bits))?).ok()
    }
}

/// The sketch of a packed block; none where its keys do not ascend.
pub(super) fn sketch_of(block: &[u8]) -> Option<Vec<u8>> {
    let mut keys = block.chunks_exact(PACKED_BYTES).map(key_of);
    let first = u128::from_be_bytes(keys.next()?);
    let last = keys.next_back().map_or(first, u128::from_be_bytes);
    let bits = (u128::BITS - last.checked_sub(first)?.leading_zeros()).saturating_sub(MARK_BITS) as u8;
    let scale = Scale { first, bits };
    let mut sketch = vec![bits];
    let mut before = 0;
    for packed in block.chunks_exact(PACKED_BYTES).skip(1) {
        let mark = scale.mark(&key_of(packed))?;
        push_step(&mut sketch, mark.checked_sub(before)?);
        before = mark;
    }
    Some(sketch)
}

/// The places in a block, in order, where wanted keys may stand. None where the block is to be read whole: there are more
/// than `most`, or the sketch is not one of this block.
pub(super) fn places(sketch: &[u8], extent: &Extent, wanted: &Wanted<'_>, most: usize) -> Option<Vec<u32>> {
    let (&bits, mut steps) = sketch.split_first()?;
    let scale = Scale { first: u128::from_be_bytes(extent.first), bits };
    let end = scale.mark(&extent.last)?;
    let mark_of = |at| scale.mark(&wanted.key(at)).expect("it is no further than the last key");
    let mut wanted_marks = wanted.between(&extent.first, &extent.last).map(mark_of);
    let mut next = wanted_marks.next();
    let mut found = Vec::new();
    let mut mark = 0_u64;
    for place in 0..extent.keys {
        if place > 0 {
            mark = mark.checked_add(take_step(&mut steps)?)?;
        }
        while next.is_some_and(|next| next < mark) {
            next = wanted_marks.next();
        }
        if next == Some(mark) {
            if found.len() == most {
                return None;
            }
            found.push(place as u32);
        }
    }
    (steps.is_empty() && mark == end).then_some(found)
}

/// Seven bits a byte, the lowest first; the eighth says that more follow.
fn push_step(sketch: &mut Vec<u8>, mut step: u64) {
    while step > 0x7f {
        sketch.push(step as u8 | 0x80);
        step >>= 7;
    }
    sketch.push(step as u8);
}

fn take_step(steps: &mut &[u8]) -> Option<u64> {
    let mut step = 0;
    for shift in (0..).step_by(7) {
        let (&byte, rest) = steps.split_first()?;
        *steps = rest;
        step |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(step);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn packed(keys: &[u128]) -> Vec<u8> {
        keys.iter().flat_map(|key| [key.to_be_bytes(), [7; 16]].concat()).collect()
    }

    fn extent(keys: &[u128]) -> Extent {
        Extent { first: keys[0].to_be_bytes(), last: keys[keys.len() - 1].to_be_bytes(), keys: keys.len() }
    }

    /// Where the sketch of these sorted keys says that wanted ones may stand.
    fn found(keys: &[u128], wanted: &[u128]) -> Vec<u32> {
        let key = |at: usize| wanted[at].to_be_bytes();
        let sketch = sketch_of(&packed(keys)).unwrap();
        places(&sketch, &extent(keys), &Wanted::new(wanted.len(), &key), usize::MAX).unwrap()
    }

    /// Keys as hashes spread them.
    fn hashes(name: &str, count: usize) -> Vec<u128> {
        let hash = |number: usize| blake3::hash(format!("{name} {number}").as_bytes());
        let mut keys: Vec<u128> =
            (0..count).map(|number| u128::from_be_bytes(hash(number).as_bytes()[..16].try_into().unwrap())).collect();
        keys.sort_unstable();
        keys
    }

    /// Anywhere, at the ends of what a key can be, and close together.
    fn any_key() -> impl Strategy<Value = u128> {
        prop_oneof![
            any::<u128>(),
            0..=3_u128,
            (u128::MAX - 3)..=u128::MAX,
            (0..40_u32).prop_map(|step| (1 << 100) + (u128::from(step) << 20)),
            (0..128_u32).prop_map(|bit| 1 << bit),
        ]
    }

    fn sorted(mut keys: Vec<u128>) -> Vec<u128> {
        keys.sort_unstable();
        keys
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn a_key_that_is_in_the_block_is_always_found(
            block in proptest::collection::vec(any_key(), 1..60).prop_map(sorted),
            of_it in proptest::collection::vec(any::<prop::sample::Index>(), 0..20),
            others in proptest::collection::vec(any_key(), 0..20),
            beside in any::<bool>(),
        ) {
            let mut wanted: Vec<u128> = of_it.iter().map(|index| *index.get(&block)).collect();
            if beside {
                wanted.extend(wanted.clone().iter().flat_map(|key| [key.saturating_sub(1), key.saturating_add(1)]));
            }
            wanted.extend(others);
            let wanted = sorted(wanted);
            let places = found(&block, &wanted);
            for (place, key) in block.iter().enumerate() {
                let is_found = places.contains(&(place as u32));
                prop_assert!(is_found || wanted.binary_search(key).is_err(), "{place}: {key:x}");
            }
            prop_assert!(places.is_sorted_by(|one, two| one < two));
            prop_assert!(places.iter().all(|place| (*place as usize) < block.len()));
        }

        #[test]
        fn a_sketch_that_was_cut_goes_on_or_was_changed_is_not_believed(
            block in proptest::collection::vec(any_key(), 2..60).prop_map(sorted),
            cut in any::<prop::sample::Index>(),
            more in any::<u8>(),
            flipped in 1..=u8::MAX,
        ) {
            let sketch = sketch_of(&packed(&block)).unwrap();
            let key = |_: usize| block[0].to_be_bytes();
            let wanted = Wanted::new(1, &key);
            let say = |sketch: &[u8]| places(sketch, &extent(&block), &wanted, usize::MAX);
            prop_assert!(say(&sketch).is_some());
            prop_assert_eq!(say(&sketch[..cut.index(sketch.len())]), None);
            prop_assert_eq!(say(&[sketch.as_slice(), &[more]].concat()), None);
            let mut changed = sketch.clone();
            changed[1 + cut.index(sketch.len() - 1)] ^= flipped;
            prop_assert_eq!(say(&changed), None);
        }
    }

    #[test]
    fn blocks_of_any_shape_find_their_own_keys() {
        let max = u128::MAX;
        for (block, wanted, places) in [
            (vec![5], vec![5], vec![0]),
            (vec![5], vec![4, 6], vec![]),
            (vec![0], vec![0], vec![0]),
            (vec![max], vec![max], vec![0]),
            (vec![max], vec![0], vec![]),
            (vec![0, max], vec![0, max], vec![0, 1]),
            (vec![0, max], vec![1 << 120], vec![]),
            // As many of one mark as there are, and only those.
            (vec![0, 1, 2, max], vec![1], vec![0, 1, 2]),
            (vec![9, 9, 9], vec![9], vec![0, 1, 2]),
            (vec![9, 9, 11, 11, 12], vec![8, 11, 11, 13], vec![2, 3]),
            (vec![3, 7], vec![], vec![]),
            (vec![3, 7], vec![0, 2, 8, max], vec![]),
        ] {
            assert_eq!(found(&block, &wanted), places, "{block:x?} {wanted:x?}");
        }
    }

    #[test]
    fn a_sketch_takes_two_bytes_a_key_and_finds_few_that_are_not_there() {
        let keys = hashes("own", 40_960);
        let strangers = hashes("stranger", 200_000);
        let (mut bytes, mut at_all, mut asked) = (0, 0, 0);
        for block in keys.chunks(4096) {
            bytes += sketch_of(&packed(block)).unwrap().len();
            at_all += found(block, &strangers).len();
            asked += strangers.iter().filter(|key| (block[0]..=block[4095]).contains(key)).count();
        }
        assert!((190_000..200_000).contains(&asked));
        assert!(bytes < 40_960 * 21 / 10, "{bytes} bytes");
        assert!(at_all > 0 && at_all < asked / 2_000, "{at_all} of {asked}");
    }

    #[test]
    fn a_block_with_more_than_asked_for_is_read_whole() {
        let keys = hashes("own", 100);
        let sketch = sketch_of(&packed(&keys)).unwrap();
        let key = |at: usize| keys[at * 10].to_be_bytes();
        let wanted = Wanted::new(10, &key);
        let count = |most| places(&sketch, &extent(&keys), &wanted, most).map(|places| places.len());
        assert_eq!((count(10), count(9)), (Some(10), None));
    }

    #[test]
    fn keys_that_do_not_ascend_have_no_sketch() {
        assert_eq!(sketch_of(&[]), None);
        for keys in [[2, 1, 3], [1, 3, 2], [3, 2, 1], [0, u128::MAX, 1]] {
            assert_eq!(sketch_of(&packed(&keys)), None, "{keys:?}");
        }
    }
}
