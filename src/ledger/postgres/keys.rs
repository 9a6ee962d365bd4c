//! The duplicate guard's keys: written in blocks with a sketch of each, and searched by the sketches, so that planning a
//! small sheet does not read a long history.
//!
//! Of the blocks that can hold a wanted key the sketches are read, a sixteenth of their keys, and then the few packed keys that
//! may be wanted ones. The one rule: what a sketch does not tell for certain is read: a block without one or with
//! many wanted keys whole.

use postgres::Row;
use postgres::types::Type;

use super::{Answer, PostgresLedger};
use crate::ledger::keys::{self, Key, PACKED_BYTES, Wanted};
use crate::ledger::sketch::{self, Extent};
use crate::ledger::{LedgerError, RunId};

/// Limit: sketches that are read at once, of full blocks 2 MiB.
const SKETCHES: usize = 256;
/// Limit: blocks that are read whole at once, 2 MiB.
const WHOLE: usize = 16;
/// Limit: packed keys that are read alone at once.
const ALONE: usize = 1024;
/// Packed keys of one block that are read alone: more cost the database as much as the whole block.
const FEW: usize = 16;
/// So many wanted keys in a block's range are found there by chance more than [`FEW`] times, once in 2,048: its sketch
/// would tell nothing.
const DENSE: usize = FEW * 2048;

const HEADS: &str = "SELECT id, first_key, last_key, sketch IS NOT NULL FROM @key_block
    WHERE account = $1 AND kind = $2 AND year = $3 AND first_key <= $5 AND last_key >= $4 ORDER BY id";

/// A block with a sketch.
struct Head {
    id: i64,
    first: Key,
    last: Key,
}

/// What is to be read.
#[derive(Default)]
struct Asked {
    /// Blocks.
    whole: Vec<i64>,
    /// Packed keys, by their block and place in it.
    alone: (Vec<i64>, Vec<i32>),
}

impl PostgresLedger {
    pub(super) fn add_key_block(&self, run: RunId, of: (&str, &str, i16), block: &[u8]) -> Answer<()> {
        let ((account, kind, year), (first, last)) = (of, keys::ends_of(block));
        self.change(
            "INSERT INTO @key_block (account, kind, year, run_id, first_key, last_key, keys, sketch)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            &[
                (&account, Type::TEXT),
                (&kind, Type::TEXT),
                (&i64::from(year), Type::INT8),
                (&run.0, Type::INT8),
                (&first, Type::BYTEA),
                (&last, Type::BYTEA),
                (&block, Type::BYTEA),
                (&sketch::sketch_of(block), Type::BYTEA),
            ],
        )?;
        Ok(())
    }

    pub(super) fn search_keys(
        &self,
        of: (&str, &str, i16),
        wanted: &Wanted<'_>,
        visit: &mut dyn FnMut(&[u8]),
    ) -> Answer<()> {
        let mut asked = Asked::default();
        let heads = self.heads(of, wanted, &mut asked)?;
        for heads in heads.chunks(SKETCHES) {
            self.look_into(heads, wanted, &mut asked)?;
        }
        // Some at a time: together they may be larger than memory, and they never change.
        for ids in asked.whole.chunks(WHOLE) {
            let statement = "SELECT keys FROM @key_block WHERE id = ANY($1)";
            let blocks = self.rows(statement, &[(&ids, Type::INT8_ARRAY)])?;
            all_there(&blocks, ids.len())?;
            for block in &blocks {
                visit(block.get(0));
            }
        }
        let (blocks, places) = asked.alone;
        for (blocks, places) in blocks.chunks(ALONE).zip(places.chunks(ALONE)) {
            let rows = self.rows(
                "SELECT substr(block.keys, one.place * 32 + 1, 32) FROM unnest($1, $2) AS one (block, place)
                 JOIN @key_block AS block ON block.id = one.block",
                &[(&blocks, Type::INT8_ARRAY), (&places, Type::INT4_ARRAY)],
            )?;
            all_there(&rows, blocks.len())?;
            for row in &rows {
                visit(row.get(0));
            }
        }
        Ok(())
    }

    /// The blocks whose sketches tell whether a wanted key is in them; those that can hold one and are read without are asked
    /// for whole.
    fn heads(&self, of: (&str, &str, i16), wanted: &Wanted<'_>, asked: &mut Asked) -> Answer<Vec<Head>> {
        let ((account, kind, year), Some((first, last))) = (of, wanted.ends()) else { return Ok(Vec::new()) };
        let rows = self.rows(
            HEADS,
            &[
                (&account, Type::TEXT),
                (&kind, Type::TEXT),
                (&i64::from(year), Type::INT8),
                (&first.as_slice(), Type::BYTEA),
                (&last.as_slice(), Type::BYTEA),
            ],
        )?;
        let mut heads = Vec::new();
        for row in &rows {
            let head = Head { id: row.get(0), first: keys::stored(row.get(1))?, last: keys::stored(row.get(2))? };
            match wanted.between(&head.first, &head.last).len() {
                0 => {}
                1..DENSE if row.get(3) => heads.push(head),
                _ => asked.whole.push(head.id),
            }
        }
        Ok(heads)
    }

    /// Asks for what may be wanted of some blocks, going by their sketches.
    fn look_into(&self, heads: &[Head], wanted: &Wanted<'_>, asked: &mut Asked) -> Answer<()> {
        let ids: Vec<i64> = heads.iter().map(|head| head.id).collect();
        let statement = "SELECT octet_length(keys)::INT8, sketch FROM @key_block WHERE id = ANY($1) ORDER BY id";
        let rows = self.rows(statement, &[(&ids, Type::INT8_ARRAY)])?;
        all_there(&rows, heads.len())?;
        for (head, row) in heads.iter().zip(&rows) {
            let keys = row.get::<_, i64>(0) as usize / PACKED_BYTES;
            let extent = Extent { first: head.first, last: head.last, keys };
            match sketch::places(row.get(1), &extent, wanted, FEW) {
                None => asked.whole.push(head.id),
                Some(places) => {
                    asked.alone.0.extend(places.iter().map(|_| head.id));
                    asked.alone.1.extend(places.iter().map(|place| place.cast_signed()));
                }
            }
        }
        Ok(())
    }
}

/// Blocks are never deleted: one that is missing must not pass for one without the key.
fn all_there(found: &[Row], asked: usize) -> Answer<()> {
    if found.len() == asked {
        return Ok(());
    }
    Err(LedgerError::Damaged("key blocks of the duplicate guard are gone".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::Installation;
    use super::*;
    use crate::ledger::{Ledger as _, NewRun, RunState};

    const OF: (&str, &str, i16) = ("https://api.example CEK0000001", "invoice", 2026);
    const BLOCK: usize = 4096;

    fn packed(name: &str, count: usize) -> Vec<[u8; PACKED_BYTES]> {
        let mut packed: Vec<_> =
            (0..count).map(|number| *blake3::hash(format!("{name} {number}").as_bytes()).as_bytes()).collect();
        packed.sort_unstable();
        packed
    }

    fn keys_of<'p>(packed: impl IntoIterator<Item = &'p [u8; PACKED_BYTES]>) -> Vec<Key> {
        packed.into_iter().map(|packed| keys::key_of(packed)).collect()
    }

    fn keep(ledger: &PostgresLedger, packed: &[[u8; PACKED_BYTES]]) {
        let new = NewRun {
            account: OF.0,
            operation: "invoices create",
            state: RunState::Open,
            reason: "",
            content: [1; 32],
            plan: [1; 32],
            created_at: jiff::Timestamp::UNIX_EPOCH,
            settings: "{}",
            maker: "",
        };
        let run = ledger.begin_plan(&new).unwrap();
        for block in packed.chunks(BLOCK) {
            ledger.add_keys(run, OF.0, OF.1, OF.2, &block.concat()).unwrap();
        }
        ledger.commit_plan().unwrap();
        ledger.resign(&PostgresLedger::planning(OF.0)).unwrap();
    }

    /// How many of the wanted ones are handed out, and how many packed keys at all.
    fn search(ledger: &PostgresLedger, mut wanted: Vec<Key>) -> (usize, usize) {
        wanted.sort_unstable();
        let key = |at: usize| wanted[at];
        let (mut known, mut read) = (0, 0);
        let mut visit = |block: &[u8]| {
            for packed in block.chunks_exact(PACKED_BYTES) {
                known += usize::from(wanted.binary_search(&keys::key_of(packed)).is_ok());
                read += 1;
            }
        };
        ledger.search_keys(OF, &Wanted::new(wanted.len(), &key), &mut visit).unwrap();
        (known, read)
    }

    #[test]
    fn of_a_long_history_little_but_the_wanted_keys_is_read() {
        let Some(installation) = Installation::new() else { return };
        let ledger = installation.worker();
        let history = packed("history", 10 * BLOCK);
        keep(&ledger, &history);
        let strangers = keys_of(&packed("stranger", 2_000));
        let (known, read) = search(&ledger, strangers.clone());
        assert!(known == 0 && read < 20, "{read}");
        // Spread over all blocks.
        let some = keys_of(history.iter().step_by(1_000));
        let (known, read) = search(&ledger, [&strangers[..], &some[..]].concat());
        assert!(known == some.len() && read < some.len() + 20, "{known} and {read} of {}", some.len());
        // Many of one block, which is read whole.
        let many = keys_of(history[..BLOCK].iter().step_by(40));
        assert_eq!(search(&ledger, many.clone()), (many.len(), BLOCK));
        assert_eq!(search(&ledger, keys_of(&history)), (history.len(), history.len()));
        assert_eq!(search(&ledger, Vec::new()), (0, 0));
    }

    #[test]
    fn blocks_without_a_sketch_or_with_one_that_is_not_theirs_are_read_whole() {
        let Some(installation) = Installation::new() else { return };
        let ledger = installation.worker();
        let history = packed("history", 2 * BLOCK + 10);
        keep(&ledger, &history);
        let some = keys_of(history.iter().step_by(1_000).chain([&history[2 * BLOCK + 9]]));
        for sketch in ["NULL", "''", "substr(sketch, 1, 5)", "sketch || substr(sketch, 1, 1)"] {
            ledger.change(&format!("UPDATE @key_block SET sketch = {sketch}"), &[]).unwrap();
            assert_eq!(search(&ledger, some.clone()), (some.len(), history.len()), "{sketch}");
        }
    }

    #[test]
    fn where_many_keys_are_looked_for_blocks_are_read_without_their_sketches() {
        let Some(installation) = Installation::new() else { return };
        let ledger = installation.worker();
        keep(&ledger, &packed("history", 50));
        // That it is not asked for shows in what is found: a sketch would leave all of it out.
        let strangers = keys_of(&packed("stranger", DENSE + DENSE / 4));
        assert_eq!(search(&ledger, strangers[..DENSE / 2].to_vec()), (0, 0));
        assert_eq!(search(&ledger, strangers), (0, 50));
    }
}
