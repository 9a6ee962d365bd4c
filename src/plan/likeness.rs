//! Rows that look like others without being the same: a customer spelled in another way, a number used again in the
//! next financial year.
//!
//! Finds them within a run, and numbers in earlier runs too. Waits in a spill file and is searched part by part, so that
//! memory does not grow with the rows. The one rule: a likeness is told, and nothing is ever merged or held back by it.

use std::io::{Read, Seek, SeekFrom, Write};

use jiff::civil::Date;
use tempfile::SpooledTempFile;

use super::history::History;
use crate::check::record::{CheckedRow, Likeness, NEAR_DAYS, customer_hash, date_of, day_of, neighbour_year};
use crate::dedupe::{Earlier, Fate, unpacked};
use crate::error::RunError;
use crate::finding::{Code, Finding, Severity};
use crate::ledger::Ledger;
use crate::ledger::keys::Wanted;

const RECORD_BYTES: usize = 48;

// Limit: records in memory at a time, 1.5 MiB.
const PART: u64 = 1 << 15;

// Limit: what is written before it goes to disk.
const IN_MEMORY: usize = 1 << 20;

/// What is known of the rows of a run that may look like others.
pub struct Likenesses {
    spill: SpooledTempFile,
    /// The last records, which are not in the file yet.
    pending: Vec<u8>,
    /// All records.
    records: u64,
}

/// One row as it is compared: equal pairs belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Record {
    pair: [u8; 16],
    row: u32,
    number: u32,
    /// For invoices the key that the same number has in the neighbouring year; for customers what is alike.
    other: [u8; 16],
    /// As [`day_of`] counts.
    day: i32,
    customer: u32,
}

/// A row that looks like another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alike {
    /// The row, counted over all sheets.
    pub row: u32,
    /// The other one.
    pub other: Other,
}

/// What a row looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Other {
    /// A customer above, by its row of the run and number; a bit for each thing that is alike.
    Customer {
        /// The row, counted over all sheets.
        row: u32,
        /// As its spreadsheet counts.
        number: u32,
        /// A bit for each kind of [`Likeness::Customer`].
        kinds: u8,
    },
    /// An invoice of this run in the neighbouring year, by its row and number.
    Invoice {
        /// The row, counted over all sheets.
        row: u32,
        /// As its spreadsheet counts.
        number: u32,
        /// Its date.
        issued: Date,
    },
    /// An invoice of an earlier run: its place and date.
    Earlier {
        /// `run 7, march.csv:12`.
        label: String,
        /// Its date.
        issued: Date,
    },
}

/// Date and customer of an invoice, as rows are labelled.
fn dated(document: &str) -> Option<(Date, &str)> {
    let (date, customer) = document.split_once(' ')?;
    Some((date.parse().ok()?, customer)).filter(|(_, customer)| !customer.is_empty())
}

impl Record {
    fn pack(&self) -> [u8; RECORD_BYTES] {
        let mut packed = [0; RECORD_BYTES];
        packed[..16].copy_from_slice(&self.pair);
        packed[16..32].copy_from_slice(&self.other);
        packed[32..36].copy_from_slice(&self.row.to_le_bytes());
        packed[36..40].copy_from_slice(&self.number.to_le_bytes());
        packed[40..44].copy_from_slice(&self.day.to_le_bytes());
        packed[44..].copy_from_slice(&self.customer.to_le_bytes());
        packed
    }

    fn unpack(packed: &[u8; RECORD_BYTES]) -> Record {
        let four = |from: usize| packed[from..from + 4].try_into().expect("four bytes");
        Record {
            pair: packed[..16].try_into().expect("sixteen bytes"),
            other: packed[16..32].try_into().expect("sixteen bytes"),
            row: u32::from_le_bytes(four(32)),
            number: u32::from_le_bytes(four(36)),
            day: i32::from_le_bytes(four(40)),
            customer: u32::from_le_bytes(four(44)),
        }
    }
}

impl Default for Likenesses {
    fn default() -> Self {
        Self { spill: tempfile::spooled_tempfile(IN_MEMORY), pending: Vec::new(), records: 0 }
    }
}

impl Likenesses {
    /// Number of records, to go back to.
    pub fn len(&self) -> u64 {
        self.records
    }

    /// Whether no row can look like another one.
    pub fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// Forgets the records from `from` on.
    pub fn truncate(&mut self, from: u64) {
        self.pending.truncate((from * RECORD_BYTES as u64).saturating_sub(self.written()) as usize);
        self.records = from;
    }

    /// Bytes of records in the file.
    fn written(&self) -> u64 {
        self.records * RECORD_BYTES as u64 - self.pending.len() as u64
    }

    /// Adds a good row; `row` counts over all sheets.
    pub fn add(&mut self, checked: &CheckedRow, row: u32) -> Result<(), RunError> {
        let Some(guard) = &checked.guard else { return Ok(()) };
        let number = checked.number;
        match guard.likeness {
            Likeness::None => Ok(()),
            Likeness::Neighbour { other, day, customer } => {
                // Both years of a number make the same pair.
                let pair = std::array::from_fn(|index| guard.key[index] ^ other[index]);
                self.push(&Record { pair, row, number, other, day, customer })
            }
            Likeness::Customer(marks) => {
                for (kind, mark) in marks.into_iter().enumerate().filter_map(|(kind, mark)| Some((kind, mark?))) {
                    let mut pair = [0; 16];
                    pair[..8].copy_from_slice(&mark.to_le_bytes());
                    pair[8] = kind as u8;
                    let mut other = [0; 16];
                    other[0] = 1 << kind;
                    self.push(&Record { pair, row, number, other, day: 0, customer: 0 })?;
                }
                Ok(())
            }
        }
    }

    fn push(&mut self, record: &Record) -> Result<(), RunError> {
        // Limit: written so many at once, because each writing costs as much as some thousand records.
        const PENDING_BYTES: usize = 1 << 16;
        self.pending.extend_from_slice(&record.pack());
        self.records += 1;
        if self.pending.len() < PENDING_BYTES { Ok(()) } else { self.write_pending() }
    }

    fn write_pending(&mut self) -> Result<(), RunError> {
        // After a truncation the next record takes the place of a forgotten one.
        let at = SeekFrom::Start(self.written());
        self.spill.seek(at).and_then(|_| self.spill.write_all(&self.pending)).map_err(RunError::Spool)?;
        self.pending.clear();
        Ok(())
    }

    /// Reads all records in the order they were added.
    fn visit(&mut self, mut visit: impl FnMut(Record) -> Result<(), RunError>) -> Result<(), RunError> {
        const AT_ONCE: u64 = 1024;
        self.write_pending()?;
        self.spill.rewind().map_err(RunError::Spool)?;
        let mut buffer = vec![0; AT_ONCE as usize * RECORD_BYTES];
        let mut left = self.records;
        while left > 0 {
            let bytes = left.min(AT_ONCE) as usize * RECORD_BYTES;
            self.spill.read_exact(&mut buffer[..bytes]).map_err(RunError::Spool)?;
            for packed in buffer[..bytes].chunks_exact(RECORD_BYTES) {
                visit(Record::unpack(packed.try_into().expect("chunks are of this size")))?;
            }
            left -= left.min(AT_ONCE);
        }
        Ok(())
    }

    /// Parts of the records in which equal pairs stand together, each small enough for memory.
    fn parts(&mut self) -> Result<Vec<Self>, RunError> {
        let count = self.records.div_ceil(PART);
        let mut parts: Vec<Self> =
            (0..count).map(|_| Self { spill: tempfile::spooled_tempfile(0), ..Self::default() }).collect();
        self.visit(|record| {
            let hash = u64::from_le_bytes(record.pair[..8].try_into().expect("eight bytes"));
            parts[(hash % count) as usize].push(&record)
        })?;
        Ok(parts)
    }

    /// The rows that look like one above them, in row order.
    pub fn in_run(&mut self, invoices: bool) -> Result<Vec<Alike>, RunError> {
        let mut found: Vec<(u32, u32, u32, u8, i32)> = Vec::new();
        let mut of_part = |part: &mut Self| {
            let mut records = Vec::with_capacity(part.records as usize);
            part.visit(|record| {
                records.push(record);
                Ok(())
            })?;
            records.sort_unstable();
            for group in records.chunk_by(|one, two| one.pair == two.pair) {
                let first = &group[0];
                let tell = |record: &Record| (record.row, first.row, first.number, record.other[0], first.day);
                if invoices {
                    // Further rows of the same year have the key of one above and are the guard's.
                    let other_year = group.iter().find(|record| record.other != first.other);
                    found.extend(other_year.filter(|record| is_neighbour(first, record)).map(tell));
                } else {
                    found.extend(group[1..].iter().filter(|record| record.row != first.row).map(tell));
                }
            }
            Ok::<(), RunError>(())
        };
        if self.records <= PART {
            of_part(self)?;
        } else {
            self.parts()?.iter_mut().try_for_each(of_part)?;
        }
        found.sort_unstable();
        let merged = found.chunk_by(|one, two| (one.0, one.1) == (two.0, two.1)).map(|group| {
            let (row, other, number, _, day) = group[0];
            let kinds = group.iter().fold(0, |kinds, (.., kind, _)| kinds | kind);
            let other = if invoices {
                Other::Invoice { row: other, number, issued: date_of(day) }
            } else {
                Other::Customer { row: other, number, kinds }
            };
            Alike { row, other }
        });
        Ok(merged.collect())
    }

    /// The invoices whose number an earlier run used for the same customer in the neighbouring year.
    pub fn in_earlier_runs(
        &mut self,
        ledger: &dyn Ledger,
        account: &str,
        kind: &str,
        history: &mut History<'_>,
    ) -> Result<Vec<Alike>, RunError> {
        let (mut found, mut part) = (Vec::new(), Vec::new());
        let mut search = |part: &mut Vec<Record>| {
            let hits = hits(part, ledger, account, kind)?;
            part.clear();
            for (record, earlier) in hits {
                let Some(row) = history.row(earlier)? else { continue };
                let Some((issued, customer)) = dated(&row.verdict().document) else { continue };
                let near = (day_of(issued) - record.day).abs() <= NEAR_DAYS;
                if near && customer_hash(customer) == record.customer && history.weigh(earlier)? != Fate::Free {
                    let other = Other::Earlier { label: row.label(), issued };
                    found.push(Alike { row: record.row, other });
                }
            }
            Ok::<(), RunError>(())
        };
        self.visit(|record| {
            part.push(record);
            if part.len() as u64 == PART { search(&mut part) } else { Ok(()) }
        })?;
        search(&mut part)?;
        found.sort_by_key(|alike| alike.row);
        found.dedup_by_key(|alike| alike.row);
        Ok(found)
    }
}

/// Whether two invoices of one pair stand on both sides of a year's end, for the same customer and close together.
fn is_neighbour(one: &Record, two: &Record) -> bool {
    one.other != two.other && one.customer == two.customer && (one.day - two.day).abs() <= NEAR_DAYS
}

/// The places where earlier runs hold the other keys of these records, in the order of the places.
fn hits(
    records: &mut [Record],
    ledger: &dyn Ledger,
    account: &str,
    kind: &str,
) -> Result<Vec<(Record, Earlier)>, RunError> {
    records.sort_unstable_by_key(|record| record.other);
    let records = &*records;
    let mut hits = Vec::new();
    let key = |at: usize| records[at].other;
    let wanted = Wanted::new(records.len(), &key);
    let mut years: Vec<i16> = records.iter().filter_map(|record| neighbour_year(date_of(record.day))).collect();
    years.sort_unstable();
    years.dedup();
    for year in years {
        ledger.visit_keys(account, kind, year, &wanted, &mut |block| {
            for (key, earlier) in unpacked(block) {
                let from = records.partition_point(|record| record.other < key);
                let same = records[from..].iter().take_while(|record| record.other == key);
                hits.extend(same.map(|record| (*record, earlier)));
            }
        })?;
    }
    hits.sort_unstable_by_key(|(_, earlier)| (earlier.sheet, earlier.row));
    Ok(hits)
}

impl Alike {
    /// The warning; `place` names a row of this run by its count and number, `key` is how the row itself is known.
    pub fn finding(&self, severity: Severity, key: &str, place: &dyn Fn(u32, u32) -> String) -> Finding {
        let again = |place: String, issued: &Date| {
            let message =
                format!("\"{key}\" stands for this customer in {place} too, dated {issued} in the neighbouring year");
            (
                Code::NumberNearYearEnd,
                "invoiceDate",
                message,
                "if it is the same invoice, mend the date and send it once",
            )
        };
        let (code, field, message, hint) = match &self.other {
            Other::Customer { row, number, kinds } => {
                let names = ["name but for its spelling", "PAN", "mobile number"];
                let alike: Vec<&str> = names
                    .iter()
                    .enumerate()
                    .filter(|(kind, _)| kinds & (1 << kind) != 0)
                    .map(|(_, name)| *name)
                    .collect();
                let message = format!("looks like {}: the same {}", place(*row, *number), alike.join(" and the same "));
                (Code::CustomerLooksAlike, "", message, "if both are one customer, keep one row; nothing is merged")
            }
            Other::Invoice { row, number, issued } => again(place(*row, *number), issued),
            Other::Earlier { label, issued } => again(label.clone(), issued),
        };
        let (field, hint) = (field.to_owned(), Some(hint.to_owned()));
        Finding { code, severity, field, column: None, message, hint }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(pair: u8, row: u32, other: u8, day: i32, customer: u32) -> Record {
        Record { pair: [pair; 16], row, number: row + 2, other: [other; 16], day, customer }
    }

    fn rows(records: &[Record], invoices: bool) -> Vec<(u32, u32)> {
        let mut likenesses = Likenesses::default();
        for record in records {
            likenesses.push(record).unwrap();
        }
        let found = likenesses.in_run(invoices).unwrap();
        found
            .iter()
            .map(|alike| match alike.other {
                Other::Customer { row, .. } | Other::Invoice { row, .. } => (alike.row, row),
                Other::Earlier { .. } => panic!("no earlier runs are asked"),
            })
            .collect()
    }

    #[test]
    fn invoices_are_neighbours_for_one_customer_close_to_the_years_end() {
        let march = record(1, 0, 2, 100, 7);
        for (other, expected) in [
            (record(1, 1, 3, 160, 7), vec![(1, 0)]),
            (record(1, 1, 3, 161, 7), vec![]),
            (record(1, 1, 3, 160, 8), vec![]),
            (record(1, 1, 2, 160, 7), vec![]),
            (record(2, 1, 3, 160, 7), vec![]),
        ] {
            assert_eq!(rows(&[march, other], true), expected, "{other:?}");
        }
    }

    #[test]
    fn later_customers_look_like_the_first_and_are_told_once() {
        let found =
            rows(&[record(1, 0, 1, 0, 0), record(2, 0, 4, 0, 0), record(1, 5, 1, 0, 0), record(2, 5, 4, 0, 0)], false);
        assert_eq!(found, [(5, 0)]);
        assert_eq!(rows(&[record(1, 0, 1, 0, 0), record(3, 5, 1, 0, 0)], false), []);
    }

    #[test]
    fn many_records_are_parted_and_those_of_one_pair_stay_together() {
        let mut likenesses = Likenesses::default();
        let rows = PART as u32 + 1_000;
        for row in 0..rows {
            let mut record = record(0, row, 2, 100, 7);
            record.pair[..4].copy_from_slice(&(row / 2).to_le_bytes());
            record.other[0] = (row % 2) as u8;
            likenesses.push(&record).unwrap();
        }
        let found = likenesses.in_run(true).unwrap();
        assert_eq!(found.len() as u32, rows / 2);
        assert!(found.iter().zip(0..).all(|(alike, pair)| alike.row == 2 * pair + 1));
    }

    #[test]
    fn forgotten_records_leave_no_trace() {
        let mut likenesses = Likenesses::default();
        for row in 0..3000 {
            likenesses.push(&record(1, row, 1, 0, 0)).unwrap();
        }
        likenesses.truncate(1);
        likenesses.push(&record(1, 9, 1, 0, 0)).unwrap();
        let found = likenesses.in_run(false).unwrap();
        assert_eq!(found.iter().map(|alike| alike.row).collect::<Vec<_>>(), [9]);
        assert_eq!(Record::unpack(&record(1, 2, 3, -4, 5).pack()), record(1, 2, 3, -4, 5));
    }
}
