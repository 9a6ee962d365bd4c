//! The table of contents of a zip archive, and the tricks that are played with one.
//!
//! Reads no member's data. The one rule: an archive whose table could mean two things is refused.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use super::wrapping::Member;
use crate::finding::quote;

/// Limit: a table of contents of a workbook has some ten kilobytes.
const MAX_CONTENTS_BYTES: u64 = 16 * 1024 * 1024;
/// What a size or place says that stands elsewhere, in a zip64 record.
const ELSEWHERE: u64 = u32::MAX as u64;

/// One line of the table.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    /// Bytes it unpacks to.
    pub(super) bytes: u64,
    packed: u64,
    crc: u32,
    method: u64,
    encrypted: bool,
    /// Where its own header stands.
    header: u64,
}

/// The table of contents of a zip; none if its end record is missing.
pub(super) fn contents(handle: &mut File) -> io::Result<Option<Vec<Entry>>> {
    const END_RECORD: u64 = 22;
    let length = handle.seek(SeekFrom::End(0))?;
    let tail_start = length.saturating_sub(END_RECORD + u64::from(u16::MAX));
    let tail = read_at(handle, tail_start, length - tail_start)?;
    let Some(end) = tail.windows(4).rposition(|window| window == b"PK\x05\x06") else { return Ok(None) };
    let end = &tail[end..];
    let (Some(size), Some(start)) = (number(end, 12, 4), number(end, 16, 4)) else { return Ok(None) };
    // A zip64 archive does not say here where its table is; then the tail, which holds it in any workbook, is searched.
    let table = if start == ELSEWHERE {
        let start = length.saturating_sub(MAX_CONTENTS_BYTES);
        let bytes = read_at(handle, start, length - start)?;
        let first = bytes.windows(4).position(|window| window == b"PK\x01\x02").unwrap_or(bytes.len());
        bytes[first..].to_vec()
    } else {
        read_at(handle, start, size.min(MAX_CONTENTS_BYTES))?
    };
    Ok(Some(entries(&table)))
}

fn entries(mut table: &[u8]) -> Vec<Entry> {
    let mut entries = Vec::new();
    while table.starts_with(b"PK\x01\x02") {
        let Some((entry, length)) = entry(table) else { break };
        entries.push(entry);
        table = table.get(length..).unwrap_or_default();
    }
    entries
}

/// The first entry of the table and its length there.
fn entry(table: &[u8]) -> Option<(Entry, usize)> {
    const FIXED: usize = 46;
    let length = |at| number(table, at, 2).map(|length| length as usize);
    let (name, extra, comment) = (length(28)?, length(30)?, length(32)?);
    let entry = Entry {
        name: String::from_utf8_lossy(table.get(FIXED..FIXED + name)?).into_owned(),
        bytes: number(table, 24, 4)?,
        packed: number(table, 20, 4)?,
        crc: number(table, 16, 4)? as u32,
        method: number(table, 10, 2)?,
        encrypted: number(table, 8, 2)? & 1 == 1,
        header: number(table, 42, 4)?,
    };
    Some((entry, FIXED + name + extra + comment))
}

/// What no honest archive has: paths that lead out of it, names twice, entries that share their bytes or are encrypted.
pub(super) fn trick(entries: &[Entry]) -> Option<String> {
    let mut names = HashSet::new();
    for entry in entries {
        let name = quote(&entry.name);
        if leads_out(&entry.name) {
            return Some(format!("its entry {name} leads out of the archive"));
        }
        if !names.insert(&entry.name) {
            return Some(format!("it has two entries {name}"));
        }
        if entry.encrypted {
            return Some(format!("its entry {name} is encrypted"));
        }
    }
    let mut places: Vec<&Entry> = entries.iter().filter(|entry| entry.header != ELSEWHERE).collect();
    places.sort_by_key(|entry| entry.header);
    let overlap = places.windows(2).find(|pair| {
        let packed = if pair[0].packed == ELSEWHERE { 0 } else { pair[0].packed };
        pair[0].header + packed >= pair[1].header
    });
    overlap.map(|pair| format!("its entries {} and {} overlap", quote(&pair[0].name), quote(&pair[1].name)))
}

fn leads_out(name: &str) -> bool {
    let has_drive = name.as_bytes().get(1) == Some(&b':');
    has_drive || name.starts_with(['/', '\\']) || name.split(['/', '\\']).any(|part| part == "..")
}

/// The one file in an archive, or why it is not read.
pub(super) fn only_member(handle: &mut File, entries: &[Entry]) -> io::Result<Result<Member, String>> {
    if let Some(trick) = trick(entries) {
        return Ok(Err(trick));
    }
    let files: Vec<&Entry> = entries.iter().filter(|entry| is_file(entry)).collect();
    let [entry] = files[..] else {
        let names: Vec<String> = files.iter().take(3).map(|entry| quote(&entry.name)).collect();
        let names = if names.is_empty() { String::new() } else { format!(", such as {}", names.join(" and ")) };
        return Ok(Err(format!("it holds {} files{names}; expected one", files.len())));
    };
    if [entry.packed, entry.bytes, entry.header].contains(&ELSEWHERE) {
        return Ok(Err("its file is longer than 4 GiB".to_owned()));
    }
    if !matches!(entry.method, 0 | 8) {
        return Ok(Err(format!("its file is packed with method {}; expected deflate", entry.method)));
    }
    let fixed = read_at(handle, entry.header, 30)?;
    let lengths = number(&fixed, 26, 2).zip(number(&fixed, 28, 2)).filter(|_| fixed.starts_with(b"PK\x03\x04"));
    let Some((name, extra)) = lengths else { return Ok(Err("its table does not fit its data".to_owned())) };
    if read_at(handle, entry.header + 30, name)? != entry.name.as_bytes() && entry.name.is_ascii() {
        return Ok(Err(format!(
            "its file is {} in the table and has another name beside its data",
            quote(&entry.name)
        )));
    }
    let start = entry.header + 30 + name + extra;
    let (packed, bytes, deflated) = (entry.packed, entry.bytes, entry.method == 8);
    Ok(Ok(Member { start, packed, bytes, crc: entry.crc, deflated }))
}

/// The names of the files in an archive.
pub(super) fn files(entries: &[Entry]) -> Vec<&str> {
    entries.iter().filter(|entry| is_file(entry)).map(|entry| entry.name.as_str()).collect()
}

/// What macOS adds beside each file is no member that anybody knows of.
fn is_file(entry: &Entry) -> bool {
    !entry.name.ends_with('/') && !entry.name.starts_with("__MACOSX/")
}

fn read_at(handle: &mut File, start: u64, length: u64) -> io::Result<Vec<u8>> {
    handle.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    handle.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A little-endian number of a zip record.
fn number(bytes: &[u8], at: usize, length: usize) -> Option<u64> {
    let bytes = bytes.get(at..at + length)?;
    Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}
