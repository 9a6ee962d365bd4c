//! What an archive holds beside the evidence: rows as they were read, and the exact bytes of each file.
//!
//! Written by [`super::write`] and checked by [`super::verify`], a block of rows or one file's bytes at a time. The one
//! rule: every row of every input, and every chunk's bytes, or the check names what is missing.

use std::collections::HashMap;
use std::io::{Read, Seek, Write};

use super::verify::Problems;
use super::write::Members;
use super::{PAYLOAD_HEADINGS, PAYLOADS, rows_name};
use crate::error::RunError;
use crate::ledger::{ChunkHead, Ledger, LedgerError, SheetRecord, blob};
use crate::results;
use crate::results::csv::each_block;
use crate::results::line::guarded;

/// Limit: what one chunk's bytes and their quotation marks may take; the most that a ledger unpacks at once.
const MAX_BYTES: usize = 256 << 20;

/// Writes the rows of every input, one member each; an input whose rows were purged before has none.
pub(super) fn write_rows<W: Write + Seek>(
    archive: &mut Members<'_, W>,
    ledger: &dyn Ledger,
    sheets: &[SheetRecord],
) -> Result<(), RunError> {
    for (sheet, input) in sheets.iter().zip(1_u32..) {
        if ledger.row_block(sheet.rows_of, 0)?.is_none() {
            continue;
        }
        let facts = results::facts(sheet)?;
        let mut headings = vec!["row".to_owned()];
        headings.extend(facts.header.columns.iter().map(|heading| guarded(heading)));
        archive.table(&rows_name(input), &headings, |table| {
            each_block(ledger, sheet, |block| {
                (0..block.len()).try_for_each(|row| {
                    let mut line = vec![block.number(row).to_string()];
                    line.extend(block.cells(row).map(guarded));
                    // A block has the columns of its sheet; an old ledger's may have more or fewer.
                    line.resize(headings.len(), String::new());
                    table.line(&line)
                })
            })
        })?;
    }
    Ok(())
}

/// Writes the bytes of every chunk.
pub(super) fn write_payloads<W: Write + Seek>(
    archive: &mut Members<'_, W>,
    ledger: &dyn Ledger,
    chunks: &[ChunkHead],
) -> Result<(), RunError> {
    archive.table(PAYLOADS, &PAYLOAD_HEADINGS, |table| {
        for chunk in chunks {
            let bytes = blob::decompress(&ledger.chunk_payload(chunk.id)?)?;
            if bytes.len() > MAX_BYTES {
                return Err(LedgerError::Damaged(format!("chunk {} is too large", chunk.ordinal)).into());
            }
            table.line(&[chunk.id.to_string().as_bytes(), &bytes])?;
        }
        Ok(())
    })
}

/// Checks the bytes of each chunk against the digests that the list of chunks has.
pub(super) fn check_payloads(member: impl Read, chunks: &HashMap<i64, [u8; 32]>, problems: &mut Problems) -> u64 {
    let mut reader = csv::Reader::from_reader(member);
    let (mut record, mut found) = (csv::ByteRecord::new(), 0);
    loop {
        match reader.read_byte_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                problems.add(format!("{PAYLOADS} cannot be read: {error}"));
                break;
            }
        }
        let id = record.get(0).and_then(|id| std::str::from_utf8(id).ok()?.parse::<i64>().ok());
        let digest = *blake3::hash(record.get(1).unwrap_or_default()).as_bytes();
        match id.and_then(|id| chunks.get(&id)) {
            Some(listed) if *listed == digest => found += 1,
            _ => {
                let which = id.map_or_else(|| "some chunk".to_owned(), |id| format!("chunk {id}"));
                problems.add(format!("{PAYLOADS} has not the bytes of {which}"));
            }
        }
    }
    if found != chunks.len() as u64 {
        problems.add(format!("{PAYLOADS} has the bytes of {found} chunks, and there are {}", chunks.len()));
    }
    found
}
