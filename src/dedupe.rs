//! The duplicate guard: which records stand twice in what was read, or were put in by an earlier run.
//!
//! Owns keys, their packed form and the merge with the ledger's key blocks; who wins is decided by [`Fate`]. It
//! guards creates only. The one rule: a key whose record may be stored at the API is never planned again. In memory it
//! costs 32 bytes a row; what is found is kept beside it.

use std::collections::{BTreeSet, HashMap};

use rayon::slice::ParallelSliceMut;

use crate::check::record::Guard;
use crate::ledger::keys::{PACKED_BYTES, Wanted};
use crate::ledger::{Ledger, LedgerError, RunId, SheetId};
use crate::outcome::Status;

// Limit: a key block of this many keys is 128 KiB, small enough to skip and large enough to pack.
const KEYS_PER_BLOCK: usize = 4096;

/// One row of the run being planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Candidate {
    key: [u8; 16],
    fingerprint: u64,
    /// Counted over all sheets of the run, from 0.
    row: u32,
    year: i16,
    /// Whether the row is invalid: it does not go, and speaks against another of its key.
    bad: bool,
}

/// A place in an earlier run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Earlier {
    /// The sheet.
    pub sheet: SheetId,
    /// The row, as the spreadsheet counts.
    pub row: u32,
}

/// What the guard says of a row; a row it says nothing of is free to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// An identical row stands above, at this row of the run.
    Repeats(u32),
    /// A row with the same key and other content stands above.
    Contradicts(u32),
    /// A row with the same key below has other content or is invalid, at this row of the run.
    Contradicted(u32),
    /// The next sheet begins at this row of the run with a row that names no document and may belong here.
    GoesOn(u32),
    /// An earlier run knows the key.
    Known {
        /// Where.
        earlier: Earlier,
        /// Whether its content is the same.
        same: bool,
    },
    /// The API has the key, though no run knows it.
    AtApi {
        /// Which of the rows that it has.
        index: u32,
        /// Whether its content is the same.
        same: bool,
    },
}

/// What became of an earlier row, as far as the guard cares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// The API has it.
    Stored,
    /// The API has its key with other content.
    Differs,
    /// The API may have it, or its run will still send it.
    Held,
    /// The API refused it.
    Refused,
    /// It was never sent and never will be.
    Free,
}

impl Fate {
    /// What a row's outcome in a run means for its key.
    pub fn of(status: Status, run_is_open: bool) -> Fate {
        match status {
            Status::Accepted | Status::AlreadyAccepted => Fate::Stored,
            Status::Unknown => Fate::Held,
            Status::NotSent if run_is_open => Fate::Held,
            Status::Rejected => Fate::Refused,
            Status::NotSent | Status::Invalid | Status::Excluded => Fate::Free,
        }
    }

    fn weight(&self) -> u8 {
        match self {
            Fate::Stored => 4,
            Fate::Held => 3,
            // What was sent nevertheless weighs more.
            Fate::Differs => 2,
            Fate::Refused => 1,
            Fate::Free => 0,
        }
    }
}

/// Collects the keys of a run.
#[derive(Debug, Default)]
pub struct Keys {
    candidates: Vec<Candidate>,
    /// Of documents that several rows may make up, a hash over all cells of their rows.
    documents: HashMap<u32, u64>,
}

impl Keys {
    /// Adds a good row.
    pub fn add(&mut self, guard: &Guard, row: u32) {
        self.push(guard, row, false);
    }

    /// Adds an invalid row, which does not go and makes another of its key doubtful.
    pub fn add_invalid(&mut self, guard: &Guard, row: u32) {
        self.push(guard, row, true);
    }

    /// Says what all cells of a document's rows come to: documents of other rows are not the same one, whatever is sent.
    pub fn add_cells(&mut self, row: u32, cells: u64) {
        self.documents.insert(row, cells);
    }

    fn push(&mut self, guard: &Guard, row: u32, bad: bool) {
        let Guard { key, fingerprint, year, .. } = *guard;
        self.candidates.push(Candidate { key, fingerprint, row, year, bad });
    }

    /// Whether any row is good.
    pub fn has_good(&self) -> bool {
        self.candidates.iter().any(|candidate| !candidate.bad)
    }

    /// Forgets the rows from `from` on, as when a sheet is refused or read again.
    pub fn truncate(&mut self, from: u32) {
        self.candidates.retain(|candidate| candidate.row < from);
        self.documents.retain(|row, _| *row < from);
    }

    /// Finds rows that stand twice, in row order: later rows of a key leave the guard, and the first one stays, though it
    /// does not go either where another contradicts it.
    pub fn settle_repeats(&mut self) -> Vec<(u32, Verdict)> {
        self.sort();
        let mut found = Vec::new();
        let (mut kept, mut at) = (0, 0);
        while at < self.candidates.len() {
            let key = self.candidates[at].key;
            let length = self.candidates[at..].partition_point(|candidate| candidate.key == key);
            let first = self.settle_key(&self.candidates[at..at + length], &mut found);
            at += length;
            if let Some(first) = first {
                self.candidates[kept] = first;
                kept += 1;
            }
        }
        self.candidates.truncate(kept);
        self.documents = HashMap::new();
        found.sort_unstable_by_key(|(row, _)| *row);
        found
    }

    /// Settles the rows of one key; what is left is its first good row.
    fn settle_key(&self, rows: &[Candidate], found: &mut Vec<(u32, Verdict)>) -> Option<Candidate> {
        let first = *rows.iter().find(|candidate| !candidate.bad)?;
        let cells = |candidate: &Candidate| self.documents.get(&candidate.row);
        let mut against = None;
        for other in rows.iter().filter(|other| other.row != first.row) {
            let same = !other.bad && other.fingerprint == first.fingerprint && cells(other) == cells(&first);
            if !same && against.is_none() {
                against = Some(other.row);
            }
            if !other.bad {
                let verdict = if same { Verdict::Repeats(first.row) } else { Verdict::Contradicts(first.row) };
                found.push((other.row, verdict));
            }
        }
        found.extend(against.map(|other| (first.row, Verdict::Contradicted(other))));
        Some(first)
    }

    /// Finds the keys that earlier runs know; `fate` says what became of an earlier row. In row order.
    ///
    /// Must follow [`Keys::settle_repeats`]. Rows whose earlier record is [`Fate::Free`] get no verdict.
    pub fn find_earlier<E: From<LedgerError>>(
        &self,
        ledger: &dyn Ledger,
        account: &str,
        kind: &str,
        mut fate: impl FnMut(Earlier) -> Result<Fate, E>,
    ) -> Result<Vec<(u32, Verdict, Fate)>, E> {
        let mut hits = self.hits(ledger, account, kind)?;
        // Rows of one block follow each other, so that each block is unpacked once.
        hits.sort_unstable_by_key(|hit| (hit.earlier.sheet, hit.earlier.row));
        let mut found: Vec<(u32, Verdict, Fate)> = Vec::with_capacity(hits.len());
        for hit in hits {
            let verdict = Verdict::Known { earlier: hit.earlier, same: hit.same };
            found.push((hit.row, verdict, fate(hit.earlier)?));
        }
        found.sort_by_key(|(row, _, fate)| (*row, std::cmp::Reverse(fate.weight())));
        found.dedup_by_key(|(row, _, _)| *row);
        found.retain(|(_, _, fate)| *fate != Fate::Free);
        Ok(found)
    }

    /// Rows whose key the ledger has, whatever became of it, in row order; of rows with one key the first.
    pub fn known_rows(&mut self, ledger: &dyn Ledger, account: &str, kind: &str) -> Result<Vec<u32>, LedgerError> {
        self.sort();
        let mut rows: Vec<u32> = self.hits(ledger, account, kind)?.into_iter().map(|hit| hit.row).collect();
        rows.sort_unstable();
        Ok(rows)
    }

    fn sort(&mut self) {
        // Numbers are compared at once, bytes one by one.
        self.candidates.par_sort_unstable_by_key(|candidate| (u128::from_be_bytes(candidate.key), candidate.row));
    }

    fn hits(&self, ledger: &dyn Ledger, account: &str, kind: &str) -> Result<Vec<Hit>, LedgerError> {
        let mut hits = Vec::new();
        let key = |at: usize| self.candidates[at].key;
        let wanted = Wanted::new(self.candidates.len(), &key);
        let years: BTreeSet<i16> = self.candidates.iter().map(|candidate| candidate.year).collect();
        for year in years {
            ledger.visit_keys(account, kind, year, &wanted, &mut |block| self.match_block(block, &mut hits))?;
        }
        Ok(hits)
    }

    fn match_block(&self, block: &[u8], hits: &mut Vec<Hit>) {
        let mut rest = self.candidates.as_slice();
        for packed in block.chunks_exact(PACKED_BYTES) {
            let skip = rest.partition_point(|candidate| candidate.key[..] < packed[..16]);
            rest = &rest[skip..];
            let Some(candidate) = rest.first() else { break };
            if candidate.key[..] == packed[..16] {
                hits.push(Hit::read(candidate, packed));
            }
        }
    }

    /// Hands out the keys that the plan will hold, packed and cut into blocks by year; `place` gives a row's sheet and
    /// number, or none where the row is not planned after all.
    pub fn each_packed<E>(
        &self,
        place: impl Fn(u32) -> Option<Earlier>,
        mut each: impl FnMut(i16, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let years: BTreeSet<i16> = self.candidates.iter().map(|candidate| candidate.year).collect();
        let mut block = Vec::with_capacity(KEYS_PER_BLOCK * PACKED_BYTES);
        for year in years {
            for candidate in self.candidates.iter().filter(|candidate| candidate.year == year) {
                let Some(earlier) = place(candidate.row) else { continue };
                block.extend_from_slice(&candidate.key);
                block.extend_from_slice(&candidate.fingerprint.to_le_bytes());
                block.extend_from_slice(&(earlier.sheet.0 as u32).to_le_bytes());
                block.extend_from_slice(&earlier.row.to_le_bytes());
                if block.len() == KEYS_PER_BLOCK * PACKED_BYTES {
                    each(year, &block)?;
                    block.clear();
                }
            }
            if !block.is_empty() {
                each(year, &block)?;
                block.clear();
            }
        }
        Ok(())
    }
}

/// The keys of a packed block, in order, with the places of their records.
pub fn unpacked(block: &[u8]) -> impl Iterator<Item = ([u8; 16], Earlier)> {
    block.chunks_exact(PACKED_BYTES).map(|packed| (packed[..16].try_into().expect("sixteen bytes"), place_in(packed)))
}

fn place_in(packed: &[u8]) -> Earlier {
    let four = |from: usize| u32::from_le_bytes(packed[from..from + 4].try_into().expect("four bytes"));
    Earlier { sheet: SheetId(i64::from(four(24))), row: four(28) }
}

#[derive(Debug, Clone, Copy)]
struct Hit {
    row: u32,
    same: bool,
    earlier: Earlier,
}

impl Hit {
    fn read(candidate: &Candidate, packed: &[u8]) -> Hit {
        let fingerprint = u64::from_le_bytes(packed[16..24].try_into().expect("eight bytes"));
        Hit { row: candidate.row, same: fingerprint == candidate.fingerprint, earlier: place_in(packed) }
    }
}

/// The run that a verdict's message names.
pub fn run_of(ledger: &dyn Ledger, earlier: Earlier) -> Result<Option<RunId>, LedgerError> {
    Ok(ledger.sheet(earlier.sheet)?.map(|sheet| sheet.run))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::record::Likeness;

    fn guard(key: u8, fingerprint: u64) -> Guard {
        Guard { key: [key; 16], fingerprint, year: 2026, likeness: Likeness::None }
    }

    #[test]
    fn a_candidate_costs_at_most_32_bytes() {
        assert!(size_of::<Candidate>() <= 32);
    }

    #[test]
    fn the_first_row_of_a_key_stays_and_later_ones_get_a_verdict() {
        let mut keys = Keys::default();
        for (row, (key, fingerprint)) in [(7, 1), (3, 5), (7, 1), (7, 2), (3, 5)].into_iter().enumerate() {
            keys.add(&guard(key, fingerprint), row as u32);
        }
        assert_eq!(
            keys.settle_repeats(),
            [
                (0, Verdict::Contradicted(3)),
                (2, Verdict::Repeats(0)),
                (3, Verdict::Contradicts(0)),
                (4, Verdict::Repeats(1))
            ]
        );
        assert_eq!(keys.candidates.len(), 2);
    }

    #[test]
    fn an_invalid_row_of_a_key_speaks_against_the_good_one_and_stays_out_of_the_guard() {
        let mut keys = Keys::default();
        keys.add_invalid(&guard(1, 1), 0);
        keys.add(&guard(1, 1), 1);
        keys.add_invalid(&guard(2, 1), 2);
        assert_eq!(keys.settle_repeats(), [(1, Verdict::Contradicted(0))]);
        assert_eq!(keys.candidates.iter().map(|candidate| candidate.row).collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn documents_of_other_lines_are_not_the_same_though_the_same_is_sent() {
        let mut keys = Keys::default();
        for (row, (key, cells)) in [(1, 5), (2, 5), (1, 6), (2, 5)].into_iter().enumerate() {
            keys.add(&guard(key, 1), row as u32);
            keys.add_cells(row as u32, cells);
        }
        assert_eq!(
            keys.settle_repeats(),
            [(0, Verdict::Contradicted(2)), (2, Verdict::Contradicts(0)), (3, Verdict::Repeats(1))]
        );
    }

    #[test]
    fn packed_keys_are_sorted_and_leave_out_what_is_not_planned() {
        let mut keys = Keys::default();
        for key in [9, 1, 5] {
            keys.add(&guard(key, 0), u32::from(key));
        }
        keys.settle_repeats();
        let mut blocks = Vec::new();
        let place = |row| (row != 5).then_some(Earlier { sheet: SheetId(1), row });
        let done: Result<(), LedgerError> = keys.each_packed(place, |year, block| {
            blocks.push((year, block.to_vec()));
            Ok(())
        });
        done.unwrap();
        let firsts: Vec<u8> = blocks[0].1.chunks_exact(PACKED_BYTES).map(|packed| packed[0]).collect();
        assert_eq!(firsts, [1, 9]);
        let mut hits = Vec::new();
        keys.match_block(&blocks[0].1, &mut hits);
        assert_eq!(hits.iter().map(|hit| hit.row).collect::<Vec<_>>(), [1, 9]);
    }

    #[test]
    fn an_unsent_row_frees_its_key_only_when_its_run_is_over() {
        assert_eq!(Fate::of(Status::NotSent, true), Fate::Held);
        assert_eq!(Fate::of(Status::NotSent, false), Fate::Free);
        assert_eq!(Fate::of(Status::Unknown, false), Fate::Held);
        assert_eq!(Fate::of(Status::Rejected, true), Fate::Refused);
    }
}
