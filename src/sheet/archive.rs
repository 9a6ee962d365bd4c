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
/// Limit: workbooks have some ten entries; those with a picture in every row, thousands.
const MAX_ENTRIES: usize = 65_536;
/// What a size or place says that stands elsewhere, in a zip64 record.
const ELSEWHERE: u64 = u32::MAX as u64;
/// Bytes of a member's own header in front of its name.
const MEMBER_HEADER: u64 = 30;

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
    let Some(at) = end_record(&tail)? else { return Ok(None) };
    let end = &tail[at..];
    let (Some(count), Some(size), Some(start)) = (number(end, 10, 2), number(end, 12, 4), number(end, 16, 4)) else {
        return Ok(None);
    };
    let end_record = tail_start + at as u64;
    let large = if [size, start].contains(&ELSEWHERE) { zip64_end(handle, end_record)? } else { None };
    let (size, start, table_end) = large.unwrap_or((size, start, end_record));
    if size > MAX_CONTENTS_BYTES {
        return Err(damaged(&format!("its table of contents is longer than {} MiB", MAX_CONTENTS_BYTES >> 20)));
    }
    if start.checked_add(size).is_none_or(|end| end > table_end) {
        return Err(damaged("its table of contents does not lie inside it"));
    }
    let entries = entries(&read_at(handle, start, size)?)?;
    // The count of the old record is all that tells of a line that is no line.
    if entries.len() as u64 & 0xffff != count && count != 0xffff {
        return Err(damaged("its table of contents has not as many entries as it says"));
    }
    if let Some(outside) = entries.iter().find(|entry| entry.least_end().is_none_or(|end| end > start)) {
        return Err(damaged(&format!("its entry {} does not lie inside it", quote(&outside.name))));
    }
    Ok(Some(entries))
}

/// Where the end record begins: where its comment ends with the file, for a comment may hold the letters of another
/// one. Without such a one it is the last of all, so that what follows a whole archive does no harm.
fn end_record(tail: &[u8]) -> io::Result<Option<usize>> {
    const FIXED: usize = 22;
    let fits = |at: &usize| number(tail, at + 20, 2).is_some_and(|comment| at + FIXED + comment as usize == tail.len());
    let places: Vec<usize> = memchr::memmem::rfind_iter(tail, b"PK\x05\x06").collect();
    let mut fitting = places.iter().copied().filter(fits);
    match (fitting.next(), fitting.next()) {
        (Some(_), Some(_)) => Err(damaged("it has two ends")),
        (Some(at), None) => Ok(Some(at)),
        (None, _) => Ok(places.first().copied()),
    }
}

/// Size, start and end of the table as the records of a zip64 archive tell it, which stand before its end record.
fn zip64_end(handle: &mut File, end_record: u64) -> io::Result<Option<(u64, u64, u64)>> {
    const LOCATOR: u64 = 20;
    let Some(at) = end_record.checked_sub(LOCATOR) else { return Ok(None) };
    let locator = read_at(handle, at, LOCATOR)?;
    let Some(record_at) = number(&locator, 8, 8).filter(|_| locator.starts_with(b"PK\x06\x07")) else {
        return Ok(None);
    };
    if record_at >= at {
        return Err(damaged("its zip64 records lead nowhere"));
    }
    let record = read_at(handle, record_at, 56)?;
    let size_and_start = number(&record, 40, 8).zip(number(&record, 48, 8));
    match size_and_start.filter(|_| record.starts_with(b"PK\x06\x06")) {
        Some((size, start)) => Ok(Some((size, start, record_at))),
        None => Err(damaged("its zip64 records lead nowhere")),
    }
}

fn entries(mut table: &[u8]) -> io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    while table.starts_with(b"PK\x01\x02") {
        let Some((entry, length)) = entry(table) else { break };
        if entries.len() == MAX_ENTRIES {
            return Err(damaged(&format!("it has more than {MAX_ENTRIES} entries")));
        }
        entries.push(entry);
        table = table.get(length..).unwrap_or_default();
    }
    Ok(entries)
}

/// The first entry of the table and its length there.
fn entry(table: &[u8]) -> Option<(Entry, usize)> {
    const FIXED: usize = 46;
    let length = |at| number(table, at, 2).map(|length| length as usize);
    let (name, extra, comment) = (length(28)?, length(30)?, length(32)?);
    let mut entry = Entry {
        name: String::from_utf8_lossy(table.get(FIXED..FIXED + name)?).into_owned(),
        bytes: number(table, 24, 4)?,
        packed: number(table, 20, 4)?,
        crc: number(table, 16, 4)? as u32,
        method: number(table, 10, 2)?,
        encrypted: number(table, 8, 2)? & 1 == 1,
        header: number(table, 42, 4)?,
    };
    entry.take_large(table.get(FIXED + name..FIXED + name + extra)?);
    Some((entry, FIXED + name + extra + comment))
}

impl Entry {
    /// Takes from the zip64 field what had no room in the table; what it lacks stays beyond any file.
    fn take_large(&mut self, mut extra: &[u8]) {
        while let (Some(kind), Some(length)) = (number(extra, 0, 2), number(extra, 2, 2)) {
            let end = 4 + length as usize;
            let Some(field) = extra.get(4..end) else { return };
            if kind == 1 {
                let mut at = 0;
                for value in [&mut self.bytes, &mut self.packed, &mut self.header] {
                    if *value == ELSEWHERE {
                        *value = number(field, at, 8).unwrap_or(u64::MAX);
                        at += 8;
                    }
                }
                return;
            }
            extra = &extra[end..];
        }
    }

    /// The least place at which the entry's data can end; none beyond all files.
    fn least_end(&self) -> Option<u64> {
        self.header.checked_add(MEMBER_HEADER)?.checked_add(self.packed)
    }
}

/// What no honest archive has: paths that lead out of it, names twice, entries that share their bytes or are encrypted.
pub(super) fn trick(entries: &[Entry]) -> Option<String> {
    let mut names = HashSet::new();
    for entry in entries {
        let name = quote(&entry.name);
        if leads_out(&entry.name) {
            return Some(format!("its entry {name} leads out of the archive"));
        }
        // Names of a workbook's parts that differ in case only are the same name.
        if !names.insert(plain_name(&entry.name).to_ascii_lowercase()) {
            return Some(format!("it has two entries {name}"));
        }
        if entry.encrypted {
            return Some(format!("its entry {name} is encrypted"));
        }
    }
    let mut places: Vec<&Entry> = entries.iter().collect();
    places.sort_by_key(|entry| entry.header);
    let overlap = places.windows(2).find(|pair| pair[0].least_end().is_none_or(|end| end > pair[1].header));
    overlap.map(|pair| format!("its entries {} and {} overlap", quote(&pair[0].name), quote(&pair[1].name)))
}

fn leads_out(name: &str) -> bool {
    let has_drive = name.as_bytes().get(1) == Some(&b':');
    has_drive || name.split(['/', '\\']).any(|part| part == "..")
}

/// An entry's name with one kind of slash, and without those and the dots that some programs begin it with: entries
/// are never written under their names, so a root leads nowhere.
pub(super) fn plain_name(name: &str) -> String {
    let steps: Vec<&str> = name.split(['/', '\\']).collect();
    let first = steps.iter().position(|step| !matches!(*step, "" | ".")).unwrap_or(steps.len());
    steps[first..].join("/")
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
    member(handle, entry)
}

/// Where the data of an entry stands, or why it is not read.
pub(super) fn member(handle: &mut File, entry: &Entry) -> io::Result<Result<Member, String>> {
    if !matches!(entry.method, 0 | 8) {
        return Ok(Err(format!("its file is packed with method {}; expected deflate", entry.method)));
    }
    if entry.method == 0 && entry.packed != entry.bytes {
        return Ok(Err(format!("its file {} has two lengths", quote(&entry.name))));
    }
    let fixed = read_at(handle, entry.header, MEMBER_HEADER)?;
    let lengths = number(&fixed, 26, 2).zip(number(&fixed, 28, 2)).filter(|_| fixed.starts_with(b"PK\x03\x04"));
    let Some((name, extra)) = lengths else { return Ok(Err("its table does not fit its data".to_owned())) };
    if read_at(handle, entry.header + MEMBER_HEADER, name)? != entry.name.as_bytes() && entry.name.is_ascii() {
        return Ok(Err(format!(
            "its file is {} in the table and has another name beside its data",
            quote(&entry.name)
        )));
    }
    let start = entry.header + MEMBER_HEADER + name + extra;
    let (packed, bytes, deflated) = (entry.packed, entry.bytes, entry.method == 8);
    Ok(Ok(Member { start, packed, bytes, crc: entry.crc, deflated }))
}

/// The names of the files in an archive.
pub(super) fn files(entries: &[Entry]) -> Vec<&str> {
    entries.iter().filter(|entry| is_file(entry)).map(|entry| entry.name.as_str()).collect()
}

/// What macOS adds beside each file is no member that anybody knows of.
fn is_file(entry: &Entry) -> bool {
    let name = plain_name(&entry.name);
    !name.is_empty()
        && !name.ends_with('/')
        && !name.starts_with("__MACOSX/")
        && name.rsplit('/').next() != Some(".DS_Store")
}

fn damaged(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
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
