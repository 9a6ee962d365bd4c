//! The duplicate guard's keys: blocks are looked at by their ends, and read whole where a wanted key may be in them.
//!
//! The one rule: a block is left out only where it cannot hold a wanted key.

use postgres::Row;
use postgres::types::Type;

use super::{Answer, PostgresLedger};
use crate::ledger::keys::{self, Wanted};
use crate::ledger::{LedgerError, RunId};

/// Limit: blocks that are read at once, 2 MiB: fewer would cost a round trip each, more only memory.
const WHOLE: usize = 16;

const HEADS: &str = "SELECT id, first_key, last_key FROM @key_block
    WHERE account = $1 AND kind = $2 AND year = $3 AND first_key <= $5 AND last_key >= $4 ORDER BY id";

impl PostgresLedger {
    pub(super) fn add_key_block(&self, run: RunId, of: (&str, &str, i16), block: &[u8]) -> Answer<()> {
        let ((account, kind, year), (first, last)) = (of, keys::ends_of(block));
        self.change(
            "INSERT INTO @key_block (account, kind, year, run_id, first_key, last_key, keys)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            &[
                (&account, Type::TEXT),
                (&kind, Type::TEXT),
                (&i64::from(year), Type::INT8),
                (&run.0, Type::INT8),
                (&first, Type::BYTEA),
                (&last, Type::BYTEA),
                (&block, Type::BYTEA),
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
        let ((account, kind, year), Some((first, last))) = (of, wanted.ends()) else { return Ok(()) };
        let heads = self.rows(
            HEADS,
            &[
                (&account, Type::TEXT),
                (&kind, Type::TEXT),
                (&i64::from(year), Type::INT8),
                (&first.as_slice(), Type::BYTEA),
                (&last.as_slice(), Type::BYTEA),
            ],
        )?;
        let mut whole = Vec::new();
        for head in &heads {
            if !wanted.between(&keys::stored(head.get(1))?, &keys::stored(head.get(2))?).is_empty() {
                whole.push(head.get::<_, i64>(0));
            }
        }
        // Some at a time: together they may be larger than memory, and they never change.
        for ids in whole.chunks(WHOLE) {
            let blocks = self.rows("SELECT keys FROM @key_block WHERE id = ANY($1)", &[(&ids, Type::INT8_ARRAY)])?;
            all_there(&blocks, ids.len())?;
            blocks.iter().for_each(|block| visit(block.get(0)));
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
