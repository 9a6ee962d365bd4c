//! Checked rows as they wait for planning, packed so that a plain row is planned without being unpacked.
//!
//! What a verdict says behind where its row goes is written by the workers, as the ledger keeps it; planning puts it
//! behind the row's place in its chunk. The one rule: a row that is unpacked is the row that was checked, and a verdict
//! that was put together is, byte for byte, the one that would have been written of it.

use std::collections::HashMap;
use std::ops::Range;

use compact_str::CompactString;
use postcard::ser_flavors::Flavor;
use serde::{Deserialize, Serialize};

use super::verdict::RowVerdict;
use crate::check::named;
use crate::check::record::{CheckedBlock, CheckedRow, Facts, Guard, Labels, Standing};
use crate::finding::Finding;
use crate::ledger::LedgerError;
use crate::outcome::Amounts;

/// Bytes of a block before its rows: how many there are, and how long lines and words are.
const HEAD_BYTES: usize = 12;

/// Bytes of a [`Draft`].
const DRAFT_BYTES: usize = 36;

/// The first field of a destiny: into a chunk.
const INTO_CHUNK: u8 = 0;

/// The rows of a block.
#[derive(Debug)]
pub struct Drafts {
    packed: Vec<u8>,
    rows: usize,
    /// Where the upload lines stand; rows hold ranges of them.
    lines: Range<usize>,
    /// Where the words of the rows stand.
    words: Range<usize>,
    /// CEK ids that rows go under.
    accounts: Vec<CompactString>,
}

/// A row, as far as it is planned by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draft {
    /// The spreadsheet's number.
    pub number: u32,
    line_number: u32,
    /// Filled columns of the upload line.
    pub columns: u64,
    line: (u32, u32),
    /// Where its words begin: of its verdict first, and then what only checking knows, to their end.
    words: (u32, u32),
    /// Which of the block's CEK ids it goes under.
    account: u16,
    /// Whether the duplicate guard knows it.
    pub guarded: bool,
    /// Whether nothing but what is said of its key can keep it from going.
    pub plain: bool,
}

/// What a verdict says behind where the row goes.
#[derive(Serialize)]
struct Behind<'r> {
    findings: &'r [Finding],
    key: &'r str,
    amounts: &'r Amounts,
    labels: &'r Labels,
}

/// The words of a row, taken back.
#[derive(Deserialize)]
struct Words {
    findings: Vec<Finding>,
    key: CompactString,
    amounts: Amounts,
    labels: Labels,
    standing: Standing,
}

impl Draft {
    fn pack(&self) -> [u8; DRAFT_BYTES] {
        let mut packed = [0; DRAFT_BYTES];
        packed[..4].copy_from_slice(&self.number.to_le_bytes());
        packed[4..8].copy_from_slice(&self.line_number.to_le_bytes());
        packed[8..16].copy_from_slice(&self.columns.to_le_bytes());
        packed[16..20].copy_from_slice(&self.line.0.to_le_bytes());
        packed[20..24].copy_from_slice(&self.line.1.to_le_bytes());
        packed[24..28].copy_from_slice(&self.words.0.to_le_bytes());
        packed[28..32].copy_from_slice(&self.words.1.to_le_bytes());
        packed[32..34].copy_from_slice(&self.account.to_le_bytes());
        packed[34] = u8::from(self.guarded);
        packed[35] = u8::from(self.plain);
        packed
    }

    fn unpack(packed: &[u8]) -> Self {
        let columns = u64::from_le_bytes(packed[8..16].try_into().expect("eight bytes"));
        Self {
            number: four(packed, 0),
            line_number: four(packed, 4),
            columns,
            line: (four(packed, 16), four(packed, 20)),
            words: (four(packed, 24), four(packed, 28)),
            account: u16::from_le_bytes([packed[32], packed[33]]),
            guarded: packed[34] != 0,
            plain: packed[35] != 0,
        }
    }
}

fn four(packed: &[u8], from: usize) -> u32 {
    u32::from_le_bytes(packed[from..from + 4].try_into().expect("four bytes"))
}

/// Writes a number as a record of the ledger has it.
fn push_number(bytes: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Writes a record behind others.
fn push<T: Serialize>(bytes: &mut Vec<u8>, record: &T) {
    let memory = Memory(std::mem::take(bytes));
    *bytes = postcard::serialize_with_flavor(record, memory).expect("our records have no unserialisable part");
}

/// Where records are written: texts are copied whole.
struct Memory(Vec<u8>);

impl Flavor for Memory {
    type Output = Vec<u8>;

    #[inline]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    #[inline]
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<Vec<u8>> {
        Ok(self.0)
    }
}

/// Writes what the duplicate guard knows of a row, behind its other words.
fn push_guard(bytes: &mut Vec<u8>, guard: &Guard) {
    bytes.extend_from_slice(&guard.key);
    bytes.extend_from_slice(&guard.fingerprint.to_le_bytes());
    bytes.extend_from_slice(&guard.year.to_le_bytes());
    push(bytes, &guard.likeness);
}

fn read_guard(bytes: &[u8]) -> postcard::Result<Guard> {
    let (fixed, likeness) = bytes.split_at_checked(26).ok_or(postcard::Error::DeserializeUnexpectedEnd)?;
    Ok(Guard {
        key: fixed[..16].try_into().expect("sixteen bytes"),
        fingerprint: u64::from_le_bytes(fixed[16..24].try_into().expect("eight bytes")),
        year: i16::from_le_bytes([fixed[24], fixed[25]]),
        likeness: postcard::take_from_bytes(likeness)?.0,
    })
}

/// The verdicts of a block, put together one after the other as the ledger keeps them.
#[derive(Debug)]
pub struct Verdicts {
    bytes: Vec<u8>,
    /// Numbers of the first row and the last.
    numbers: Option<(u32, u32)>,
}

impl Verdicts {
    /// Of a block of so many rows.
    pub fn of(rows: usize) -> Self {
        let mut bytes = Vec::with_capacity(32 + rows * 160);
        push_number(&mut bytes, rows as u32);
        Self { bytes, numbers: None }
    }

    /// The next row goes into a chunk, and nothing was said of it but what its checks said.
    pub fn push_placed(&mut self, drafts: &Drafts, draft: &Draft, (ordinal, line): (u32, u32)) {
        self.count(draft.number);
        push_number(&mut self.bytes, draft.number);
        push_number(&mut self.bytes, draft.line_number);
        self.bytes.push(INTO_CHUNK);
        push_number(&mut self.bytes, ordinal);
        push_number(&mut self.bytes, line);
        self.bytes.extend_from_slice(drafts.behind(draft));
    }

    /// The verdict on the next row.
    pub fn push(&mut self, verdict: &RowVerdict) {
        self.count(verdict.number);
        push(&mut self.bytes, verdict);
    }

    fn count(&mut self, number: u32) {
        self.numbers = Some((self.numbers.map_or(number, |(first, _)| first), number));
    }

    /// The record that they make, and the numbers of the first row and the last.
    pub fn finish(self) -> (Vec<u8>, Option<(u32, u32)>) {
        (self.bytes, self.numbers)
    }
}

impl Drafts {
    /// The rows of a block as they wait, in one piece.
    pub fn pack(block: &CheckedBlock) -> Vec<u8> {
        let rows = block.rows.len();
        let mut drafts = Vec::with_capacity(rows);
        let mut words = Vec::with_capacity(rows * 224);
        let mut accounts = Accounts::default();
        for row in &block.rows {
            let start = words.len() as u32;
            let CheckedRow { findings, key, amounts, labels, standing, guard, .. } = row;
            push(&mut words, &Behind { findings, key, amounts, labels });
            let behind = words.len() as u32;
            push(&mut words, standing);
            if let Some(guard) = guard {
                push_guard(&mut words, guard);
            }
            let account = accounts.place(&labels.account_id);
            let named = named::wanted_number(block.line(row)).is_some();
            drafts.push(Draft {
                number: row.number,
                line_number: row.line_number,
                columns: row.columns,
                line: (row.line.start, row.line.end),
                words: (start, behind),
                account: account.unwrap_or_default(),
                guarded: guard.is_some(),
                plain: *standing == Standing::Ready && !named && account.is_some(),
            });
        }
        let length = |bytes: usize| u32::try_from(bytes).expect("a block stays far below 4 GiB").to_le_bytes();
        let mut packed =
            Vec::with_capacity(HEAD_BYTES + rows * DRAFT_BYTES + block.lines.len() + words.len() + accounts.bytes());
        packed.extend_from_slice(&length(rows));
        packed.extend_from_slice(&length(block.lines.len()));
        packed.extend_from_slice(&length(words.len()));
        for draft in &drafts {
            packed.extend_from_slice(&draft.pack());
        }
        packed.extend_from_slice(block.lines.as_bytes());
        packed.extend_from_slice(&words);
        push(&mut packed, &accounts.known);
        packed
    }

    /// The rows of a block that waited.
    pub fn unpack(packed: Vec<u8>) -> Result<Self, LedgerError> {
        let damaged = || LedgerError::Damaged("a block that waited for planning".to_owned());
        if packed.len() < HEAD_BYTES {
            return Err(damaged());
        }
        let [rows, lines, words] = [0, 4, 8].map(|at| four(&packed, at) as usize);
        let lines_at = HEAD_BYTES + rows * DRAFT_BYTES;
        let words_at = lines_at + lines;
        let behind = packed.get(words_at + words..).ok_or_else(damaged)?;
        let accounts = postcard::from_bytes(behind).map_err(|_| damaged())?;
        Ok(Self { rows, lines: lines_at..words_at, words: words_at..words_at + words, accounts, packed })
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// A row.
    pub fn draft(&self, row: usize) -> Draft {
        let at = HEAD_BYTES + row * DRAFT_BYTES;
        Draft::unpack(&self.packed[at..at + DRAFT_BYTES])
    }

    /// The upload line of a row, with its line end.
    pub fn line(&self, draft: &Draft) -> &[u8] {
        &self.packed[self.lines.clone()][draft.line.0 as usize..draft.line.1 as usize]
    }

    /// The CEK id that a plain row goes under.
    pub fn account(&self, draft: &Draft) -> &str {
        &self.accounts[usize::from(draft.account)]
    }

    fn behind(&self, draft: &Draft) -> &[u8] {
        &self.packed[self.words.clone()][draft.words.0 as usize..draft.words.1 as usize]
    }

    /// A row as it was checked, in a block of its own.
    pub fn row(&self, row: usize) -> Result<CheckedBlock, LedgerError> {
        let mut lines = String::new();
        let row = self.checked(&self.draft(row), &mut lines)?;
        Ok(CheckedBlock { rows: vec![row], lines, facts: Facts::default() })
    }

    /// All rows as they were checked.
    pub fn all(&self) -> Result<CheckedBlock, LedgerError> {
        let mut lines = String::with_capacity(self.lines.len());
        let rows = (0..self.rows).map(|row| self.checked(&self.draft(row), &mut lines)).collect::<Result<_, _>>()?;
        Ok(CheckedBlock { rows, lines, facts: Facts::default() })
    }

    /// A row as it was checked; its line comes behind the others.
    fn checked(&self, draft: &Draft, lines: &mut String) -> Result<CheckedRow, LedgerError> {
        let damaged = |cause: &dyn std::fmt::Display| LedgerError::Damaged(cause.to_string());
        let words = &self.packed[self.words.clone()][draft.words.0 as usize..];
        let (words, rest) = postcard::take_from_bytes(words).map_err(|error| damaged(&error))?;
        let Words { findings, key, amounts, labels, standing } = words;
        let guard = draft.guarded.then(|| read_guard(rest)).transpose().map_err(|error| damaged(&error))?;
        let start = lines.len() as u32;
        lines.push_str(std::str::from_utf8(self.line(draft)).map_err(|error| damaged(&error))?);
        Ok(CheckedRow {
            number: draft.number,
            line_number: draft.line_number,
            standing,
            findings,
            key,
            guard,
            amounts,
            labels,
            columns: draft.columns,
            line: start..lines.len() as u32,
        })
    }
}

/// The CEK ids of a block, each once.
#[derive(Default)]
struct Accounts<'b> {
    known: Vec<&'b str>,
    places: HashMap<&'b str, u16>,
    last: u16,
}

impl<'b> Accounts<'b> {
    /// The place of an id; none where there are too many.
    fn place(&mut self, account: &'b str) -> Option<u16> {
        // Rows in sequence mostly go under the same.
        if self.known.get(usize::from(self.last)) == Some(&account) {
            return Some(self.last);
        }
        if !self.places.contains_key(account) {
            let place = u16::try_from(self.known.len()).ok()?;
            self.places.insert(account, place);
            self.known.push(account);
        }
        self.last = self.places[account];
        Some(self.last)
    }

    fn bytes(&self) -> usize {
        self.known.iter().map(|account| account.len() + 5).sum::<usize>() + 5
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::check::record::Likeness;
    use crate::finding::{Code, Severity};
    use crate::ledger::blob;
    use crate::money::Money;
    use crate::plan::verdict::Destiny;

    fn any_row() -> impl Strategy<Value = (CheckedRow, String)> {
        let text = "[a-z0-9 ,₹ü]{0,40}";
        let standing = prop_oneof![
            4 => Just(Standing::Ready),
            1 => Just(Standing::Invalid),
            1 => Just(Standing::Joined),
            1 => (text, text).prop_map(|(code, message)| Standing::Excluded { code, message }),
        ];
        let finding = (text, proptest::option::of(any::<u16>()), proptest::option::of(text)).prop_map(
            |(message, column, hint)| Finding {
                code: Code::ConflictsWithApi,
                severity: Severity::Warning,
                field: "netAmount".to_owned(),
                column,
                message,
                hint,
            },
        );
        let guard = (any::<[u8; 16]>(), any::<u64>(), any::<i16>()).prop_map(|(key, fingerprint, year)| Guard {
            key,
            fingerprint,
            year,
            likeness: Likeness::Customer([Some(fingerprint), None, Some(7)]),
        });
        let money = proptest::option::of(any::<i64>().prop_map(Money));
        let numbers = (any::<u32>(), any::<u32>(), any::<u64>());
        let found = (standing, proptest::collection::vec(finding, 0..3), proptest::option::of(guard));
        (numbers, found, (text, text, "[A-Z]{0,2}", money), proptest::option::of(text)).prop_map(
            |((number, line_number, columns), (standing, findings, guard), (key, document, account, total), line)| {
                let labels = Labels { account_id: account.into(), document: document.into(), ..Labels::default() };
                let amounts = Amounts { total, ..Amounts::default() };
                let key = key.into();
                let row = CheckedRow {
                    number,
                    line_number,
                    standing,
                    findings,
                    key,
                    guard,
                    amounts,
                    labels,
                    columns,
                    line: 0..0,
                };
                (row, line.map_or(String::new(), |line| line + "\n"))
            },
        )
    }

    fn block(rows: Vec<(CheckedRow, String)>) -> CheckedBlock {
        let mut block = CheckedBlock::default();
        for (mut row, line) in rows {
            let start = block.lines.len() as u32;
            block.lines.push_str(&line);
            row.line = start..block.lines.len() as u32;
            block.rows.push(row);
        }
        block
    }

    fn told(row: &CheckedRow) -> String {
        format!("{:?}", CheckedRow { line: 0..0, ..row.clone() })
    }

    proptest! {
        #[test]
        fn a_row_comes_back_as_it_was_checked(rows in proptest::collection::vec(any_row(), 0..8)) {
            let block = block(rows);
            let drafts = Drafts::unpack(Drafts::pack(&block)).unwrap();
            prop_assert_eq!(drafts.len(), block.rows.len());
            let all = drafts.all().unwrap();
            for (at, row) in block.rows.iter().enumerate() {
                let one = drafts.row(at).unwrap();
                prop_assert_eq!(told(row), told(&one.rows[0]));
                prop_assert_eq!(told(row), told(&all.rows[at]));
                prop_assert_eq!(block.line(row), one.line(&one.rows[0]));
                prop_assert_eq!(block.line(row), all.line(&all.rows[at]));
                let draft = drafts.draft(at);
                prop_assert_eq!(drafts.line(&draft), block.line(row).as_bytes());
                prop_assert_eq!((draft.number, draft.columns), (row.number, row.columns));
                prop_assert_eq!((draft.plain, draft.guarded), (row.standing == Standing::Ready, row.guard.is_some()));
                prop_assert_eq!(drafts.account(&draft), row.labels.account_id.as_str());
            }
        }

        #[test]
        fn a_verdict_that_is_put_together_is_the_one_that_would_be_written(
            rows in proptest::collection::vec((any_row(), any::<u32>(), any::<u32>(), any::<bool>()), 0..8)
        ) {
            let (rows, places): (Vec<_>, Vec<_>) =
                rows.into_iter().map(|(row, ordinal, line, plain)| (row, (ordinal, line, plain))).unzip();
            let block = block(rows);
            let drafts = Drafts::unpack(Drafts::pack(&block)).unwrap();
            let verdicts: Vec<RowVerdict> = block.rows.iter().zip(&places).map(|(row, (ordinal, line, _))| RowVerdict {
                number: row.number,
                line_number: row.line_number,
                destiny: Destiny::Chunk { ordinal: *ordinal, line: *line },
                findings: row.findings.clone(),
                key: row.key.clone(),
                amounts: row.amounts,
                labels: row.labels.clone(),
            }).collect();
            let mut written = Verdicts::of(block.rows.len());
            for (at, (verdict, (ordinal, line, plain))) in verdicts.iter().zip(&places).enumerate() {
                match plain {
                    true => written.push_placed(&drafts, &drafts.draft(at), (*ordinal, *line)),
                    false => written.push(verdict),
                }
            }
            let (bytes, numbers) = written.finish();
            prop_assert_eq!(blob::compress(&bytes), blob::pack(&verdicts));
            let ends = verdicts.first().zip(verdicts.last()).map(|(first, last)| (first.number, last.number));
            prop_assert_eq!(numbers, ends);
        }
    }

    #[test]
    fn a_row_that_waits_for_an_id_is_not_plain() {
        let row = CheckedRow {
            number: 2,
            line_number: 0,
            standing: Standing::Ready,
            findings: Vec::new(),
            key: "1".into(),
            guard: None,
            amounts: Amounts::default(),
            labels: Labels::default(),
            columns: 1,
            line: 0..0,
        };
        for (line, plain) in [("IN1,x\n".to_owned(), true), ("\u{1}INV/1,x\n".to_owned(), false)] {
            let drafts = Drafts::unpack(Drafts::pack(&block(vec![(row.clone(), line)]))).unwrap();
            assert_eq!(drafts.draft(0).plain, plain);
        }
        assert!(Drafts::unpack(vec![1, 0, 0]).is_err());
        assert!(Drafts::unpack(vec![255; 12]).is_err());
    }
}
