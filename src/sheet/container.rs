//! What a file is, told by its content: text, one of the workbook formats, or something that is refused by name.
//!
//! Owns the magic numbers and a look into a zip's table of contents. Reads no cells. The one rule: the extension is
//! never believed, and what is refused is refused under its own name.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::decode::{is_binary, read_head};
use super::error::{SheetError, demand_file};

/// Limit: shared strings are held in memory; a million rows of text have some 100 MiB of them.
const MAX_STRINGS_BYTES: u64 = 2 * 1024 * 1024 * 1024;
/// Limit: a table of contents of a workbook has some ten kilobytes.
const MAX_CONTENTS_BYTES: u64 = 16 * 1024 * 1024;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// Delimited text.
    Text,
    /// Office Open XML: xlsx, xlsm.
    Xlsx,
    /// Binary workbook in a zip.
    Xlsb,
    /// OpenDocument spreadsheet.
    Ods,
    /// Compound file: xls, or an encrypted workbook.
    Xls,
}

impl Content {
    /// What a person calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Text => "delimited text",
            Self::Xlsx => "Excel workbook (xlsx)",
            Self::Xlsb => "binary Excel workbook (xlsb)",
            Self::Ods => "OpenDocument spreadsheet (ods)",
            Self::Xls => "old Excel workbook (xls)",
        }
    }
}

/// Tells what a file holds.
pub(super) fn detect(path: &Path, file: &str) -> Result<Content, SheetError> {
    demand_file(path)?;
    let reading = |source| SheetError::reading(file, source);
    let mut handle = File::open(path).map_err(reading)?;
    let head = read_head(&mut handle).map_err(reading)?;
    if head.is_empty() {
        return Err(SheetError::Empty { file: file.to_owned() });
    }
    if head.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        return Ok(Content::Xls);
    }
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return in_zip(&mut handle, file);
    }
    if let Some(format) = compression(&head) {
        return Err(SheetError::Compressed { file: file.to_owned(), format });
    }
    if let Some(format) = foreign(&head) {
        return Err(SheetError::Foreign { file: file.to_owned(), format });
    }
    Ok(Content::Text)
}

fn compression(head: &[u8]) -> Option<&'static str> {
    const MAGIC: [(&[u8], &str); 6] = [
        (b"\x1f\x8b", "gzip"),
        (b"\x28\xb5\x2f\xfd", "zstd"),
        (b"BZh", "bzip2"),
        (b"\xfd7zXZ\0", "xz"),
        (b"7z\xbc\xaf\x27\x1c", "7z"),
        (b"Rar!\x1a", "rar"),
    ];
    // Text may well begin with these three letters, but not with the block that follows them.
    let is_bzip2 = head.get(4..10) == Some(b"1AY&SY");
    MAGIC.iter().find(|(magic, name)| head.starts_with(magic) && (*name != "bzip2" || is_bzip2)).map(|(_, name)| *name)
}

fn foreign(head: &[u8]) -> Option<&'static str> {
    if head.starts_with(b"%PDF-") {
        return Some("a PDF document");
    }
    if head.starts_with(b"{\\rtf") {
        return Some("an RTF document");
    }
    let start = String::from_utf8_lossy(&head[..head.len().min(2048)]);
    let start = start.trim_start_matches('\u{feff}').trim_start().to_ascii_lowercase();
    if start.starts_with("<!doctype html") || start.starts_with("<html") || start.starts_with("<table") {
        return Some("an HTML page");
    }
    if start.starts_with("<?xml") {
        let is_sheet = start.contains("schemas-microsoft-com:office:spreadsheet") || start.contains("excel.sheet");
        return Some(if is_sheet { "a SpreadsheetML 2003 file" } else { "an XML file" });
    }
    is_binary(head).then_some("a binary file")
}

fn in_zip(handle: &mut File, file: &str) -> Result<Content, SheetError> {
    let damaged = |reason: &str| SheetError::Damaged { file: file.to_owned(), reason: reason.to_owned() };
    let contents = match contents(handle) {
        Ok(Some(contents)) => contents,
        Ok(None) => return Err(damaged("it ends too early, as a broken download does")),
        Err(source) => return Err(SheetError::reading(file, source)),
    };
    let has = |name: &str| contents.iter().any(|entry| entry.name.eq_ignore_ascii_case(name));
    if contents.iter().any(|entry| entry.name.ends_with("sharedStrings.xml") && entry.bytes > MAX_STRINGS_BYTES) {
        return Err(damaged("its table of texts would take more than 2 GiB of memory"));
    }
    if has("xl/workbook.bin") {
        Ok(Content::Xlsb)
    } else if has("[Content_Types].xml") {
        Ok(Content::Xlsx)
    } else if has("content.xml") && has("mimetype") {
        Ok(Content::Ods)
    } else {
        Err(SheetError::Compressed { file: file.to_owned(), format: "zip" })
    }
}

struct Entry {
    name: String,
    bytes: u64,
}

/// The table of contents of a zip; none if its end record is missing.
fn contents(handle: &mut File) -> io::Result<Option<Vec<Entry>>> {
    const END_RECORD: u64 = 22;
    let length = handle.seek(SeekFrom::End(0))?;
    let tail_start = length.saturating_sub(END_RECORD + u64::from(u16::MAX));
    let tail = read_at(handle, tail_start, length - tail_start)?;
    let Some(end) = tail.windows(4).rposition(|window| window == b"PK\x05\x06") else { return Ok(None) };
    let end = &tail[end..];
    let (Some(size), Some(start)) = (number(end, 12, 4), number(end, 16, 4)) else { return Ok(None) };
    // A zip64 archive does not say here where its table is; then the tail, which holds it in any workbook, is searched.
    let table = if start == u64::from(u32::MAX) {
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
    const FIXED: usize = 46;
    let mut entries = Vec::new();
    while table.starts_with(b"PK\x01\x02") {
        let length = |at| number(table, at, 2).map(|length| length as usize);
        let (Some(name), Some(extra), Some(comment)) = (length(28), length(30), length(32)) else { break };
        let (Some(bytes), Some(text)) = (number(table, 24, 4), table.get(FIXED..FIXED + name)) else { break };
        entries.push(Entry { name: String::from_utf8_lossy(text).into_owned(), bytes });
        table = table.get(FIXED + name + extra + comment..).unwrap_or_default();
    }
    entries
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

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(bytes: &[u8]) -> Result<Content, SheetError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.xls");
        std::fs::write(&path, bytes).unwrap();
        detect(&path, "a.xls")
    }

    #[test]
    fn files_are_told_apart_by_content() {
        assert_eq!(kind(b"a,b\n1,2\n").unwrap(), Content::Text);
        assert_eq!(kind(b"BZhang,1\n").unwrap(), Content::Text);
        assert_eq!(kind(b"PKR,1\n").unwrap(), Content::Text);
        let workbook = rust_xlsxwriter::Workbook::new().save_to_buffer();
        assert_eq!(kind(&workbook.unwrap()).unwrap(), Content::Xlsx);
        let cases: [(&[u8], &str); 9] = [
            (b"", "a.xls: has no rows"),
            (b"\x1f\x8b\x08", "a.xls: is compressed (gzip)"),
            (b"\x28\xb5\x2f\xfd", "a.xls: is compressed (zstd)"),
            (b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "a.xls: is compressed (zip)"),
            (b"PK\x03\x04 cut", "a.xls: is damaged: it ends too early, as a broken download does"),
            (b"%PDF-1.7", "a.xls: is a PDF document, neither text nor a workbook"),
            (b" <html><table>", "a.xls: is an HTML page, neither text nor a workbook"),
            (b"\0\x01\0\0\x02\0\0\0", "a.xls: is a binary file, neither text nor a workbook"),
            (
                b"<?xml version=\"1.0\"?><?mso-application progid=\"Excel.Sheet\"?>",
                "a.xls: is a SpreadsheetML 2003 file, neither text nor a workbook",
            ),
        ];
        for (bytes, message) in cases {
            assert_eq!(kind(bytes).unwrap_err().to_string(), message);
        }
    }
}
