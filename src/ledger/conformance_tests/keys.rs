//! Keys: those that are wanted are handed out, whatever else is read.

use super::*;
use crate::ledger::keys::{Key, PACKED_BYTES, Wanted};

/// The packed keys that are handed out for these.
fn visited(ledger: &dyn Ledger, year: i16, wanted: &[Key]) -> Vec<Vec<u8>> {
    let key = |at: usize| wanted[at];
    let mut found = Vec::new();
    let mut visit = |block: &[u8]| {
        assert!(block.chunks_exact(PACKED_BYTES).is_sorted_by_key(|packed| &packed[..16]));
        found.extend(block.chunks_exact(PACKED_BYTES).map(<[u8]>::to_vec));
    };
    ledger.visit_keys(ACCOUNT, "invoice", year, &Wanted::new(wanted.len(), &key), &mut visit).unwrap();
    found.sort();
    found
}

#[test]
fn keys_are_handed_out_by_year_and_range() {
    in_each(|ledger| {
        let run = ledger.begin_plan(&new_run(1)).unwrap();
        let block = |first: u8, last: u8| [[first; 32], [last; 32]].concat();
        ledger.add_keys(run, ACCOUNT, "invoice", 2026, &block(1, 3)).unwrap();
        ledger.add_keys(run, ACCOUNT, "invoice", 2026, &block(5, 9)).unwrap();
        ledger.add_keys(run, ACCOUNT, "invoice", 2025, &block(1, 9)).unwrap();
        ledger.add_keys(run, ACCOUNT, "customer", 2026, &block(1, 9)).unwrap();
        ledger.commit_plan().unwrap();
        for (year, wanted, must, may) in [
            (2026, vec![0, 1, 255], vec![1], vec![1, 3]),
            (2026, vec![3, 5], vec![3, 5], vec![1, 3, 5, 9]),
            (2026, vec![0, 4, 255], vec![], vec![]),
            (2025, vec![9], vec![9], vec![1, 9]),
            (2024, vec![1, 9], vec![], vec![]),
            (2026, vec![], vec![], vec![]),
        ] {
            let keys: Vec<Key> = wanted.iter().map(|key| [*key; 16]).collect();
            let found: Vec<u8> = visited(ledger, year, &keys).iter().map(|packed| packed[0]).collect();
            assert!(must.iter().all(|key| found.contains(key)), "{wanted:?} in {year}: {found:?}");
            assert!(found.iter().all(|key| may.contains(key)), "{wanted:?} in {year}: {found:?}");
        }
    });
}

#[test]
fn every_packed_key_that_is_wanted_is_handed_out_once() {
    let packed = |name: String| *blake3::hash(name.as_bytes()).as_bytes();
    // A long history cut into blocks, one of single keys, and one with the ends of what a key can be.
    let mut long: Vec<[u8; PACKED_BYTES]> = (0..10_000).map(|number| packed(format!("long {number}"))).collect();
    long.sort_unstable();
    let single: Vec<_> = (0..20).map(|number| packed(format!("single {number}"))).collect();
    let mut ends: Vec<_> = (0..500).map(|number| packed(format!("ends {number}"))).collect();
    ends.extend([[0; PACKED_BYTES], [255; PACKED_BYTES]]);
    ends.sort_unstable();
    let blocks: Vec<&[[u8; PACKED_BYTES]]> = long.chunks(4096).chain(single.chunks(1)).chain([&ends[..]]).collect();
    let mut all: Vec<Vec<u8>> = blocks.concat().iter().map(|packed| packed.to_vec()).collect();
    all.sort();
    let strangers: Vec<Key> =
        (0..3_000).map(|number| packed(format!("stranger {number}"))[..16].try_into().unwrap()).collect();
    in_each(|ledger| {
        let run = ledger.begin_plan(&new_run(1)).unwrap();
        for block in &blocks {
            ledger.add_keys(run, ACCOUNT, "invoice", 2026, &block.concat()).unwrap();
        }
        ledger.commit_plan().unwrap();
        // All of them, some of them among others, one of each block and none.
        for every in [1, 7, 1_000, 20_000] {
            let known: Vec<&Vec<u8>> = all.iter().skip(every / 2).step_by(every).collect();
            let mut wanted: Vec<Key> = known.iter().map(|packed| packed[..16].try_into().unwrap()).collect();
            wanted.extend(&strangers);
            wanted.sort_unstable();
            let found = visited(ledger, 2026, &wanted);
            assert!(found.is_sorted_by(|one, two| one < two), "handed out twice");
            let is_in =
                |sorted: &[Vec<u8>], packed: &[u8]| sorted.binary_search_by(|own| own.as_slice().cmp(packed)).is_ok();
            assert!(found.iter().all(|packed| is_in(&all, packed)));
            for packed in &known {
                assert!(is_in(&found, packed), "{every}: {packed:?}");
            }
        }
    });
}
