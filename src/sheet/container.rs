//! What a file is, told by its content: text, one of the workbook formats, or something that is refused by name.
//!
//! Owns the magic numbers, and the unpacking of a workbook inside gzip or zip. Reads no cells. The one rule: the
//! extension is never believed, and what is refused is refused under its own name.

use std::fs::File;
use std::path::Path;

use serde::{Deserialize, Serialize};
use tempfile::TempPath;

use super::archive;
use super::decode::{is_binary, read_head};
use super::error::{SheetError, demand_file};
use super::wrapping::{Bytes, Wrapping};

/// Limit: shared strings are held in memory; a million rows of text have some 100 MiB of them.
const MAX_STRINGS_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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

/// A file and how to read it.
#[derive(Debug)]
pub(super) struct Container {
    /// What it holds.
    pub(super) content: Content,
    /// How the text is packed; an unpacked workbook is plain.
    pub(super) wrapping: Wrapping,
    /// How the file is packed, as a note calls it; none where it is not.
    pub(super) compression: Option<&'static str>,
    /// A workbook that was packed, in a private file for as long as this lives.
    pub(super) unpacked: Option<TempPath>,
}

impl Container {
    /// Where to read: the file itself, or what was unpacked.
    pub(super) fn path<'a>(&'a self, path: &'a Path) -> &'a Path {
        self.unpacked.as_deref().unwrap_or(path)
    }

    /// A note where the name's ending says another kind of file; packed files and other endings say nothing.
    pub(super) fn misnamed(&self, file_name: &str) -> Option<String> {
        let ending = Path::new(file_name).extension()?.to_str()?.to_ascii_lowercase();
        let named = match ending.as_str() {
            "csv" | "tsv" | "tab" | "txt" => Content::Text,
            "xlsx" | "xlsm" => Content::Xlsx,
            "xlsb" => Content::Xlsb,
            "xls" => Content::Xls,
            "ods" => Content::Ods,
            _ => return None,
        };
        let plain = self.wrapping == Wrapping::Plain && self.unpacked.is_none();
        (plain && named != self.content)
            .then(|| format!("the name ends in .{ending}, but the file is read as what it is: {}", self.content.name()))
    }
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

    /// Whether the reader of this format sees which rows are hidden.
    pub(super) fn tells_hidden_rows(self) -> bool {
        matches!(self, Self::Xlsx | Self::Ods | Self::Xls)
    }

    /// What the reader of this format does not see, as a note says it.
    pub(super) fn unknown(self) -> Option<&'static str> {
        match self {
            Self::Text | Self::Xlsx | Self::Ods | Self::Xls => None,
            Self::Xlsb => Some(
                "hidden rows, merged cells and number formats other than dates are not known in this format: an amount in another currency looks like rupees",
            ),
        }
    }
}

/// Tells what a file holds.
pub(super) fn detect(path: &Path, file: &str) -> Result<Container, SheetError> {
    demand_file(path)?;
    let reading = |source| SheetError::reading(file, source);
    let mut handle = File::open(path).map_err(reading)?;
    let head = read_head(&mut handle).map_err(reading)?;
    let plain = |content| Container { content, wrapping: Wrapping::Plain, compression: None, unpacked: None };
    if head.starts_with(b"\x1f\x8b") {
        return wrapped(path, file, Wrapping::Gzip);
    }
    if !is_zip(&head) {
        return kind(&head, file).map(plain);
    }
    let entries = zip_contents(&mut handle, file)?;
    if let Some(content) = workbook(&entries, file)? {
        return Ok(plain(content));
    }
    match archive::only_member(&mut handle, &entries).map_err(reading)? {
        Ok(member) => wrapped(path, file, Wrapping::Zip(member)),
        Err(reason) => Err(SheetError::Archive { file: file.to_owned(), reason }),
    }
}

/// What is inside gzip or zip; text is unpacked anew whenever it is read, a workbook now.
fn wrapped(path: &Path, file: &str, wrapping: Wrapping) -> Result<Container, SheetError> {
    let reading = |source| SheetError::reading(file, source);
    let open = || Bytes::open(path, wrapping).map_err(reading);
    let compression = wrapping.name();
    let nested = |format: &str| SheetError::Archive {
        file: file.to_owned(),
        reason: format!("it holds another archive ({format})"),
    };
    let head = read_head(&mut open()?).map_err(reading)?;
    if let Some(format) = compression_of(&head) {
        return Err(nested(format));
    }
    let is_zip = is_zip(&head);
    let content = if is_zip { Content::Xlsx } else { kind(&head, file)? };
    if content == Content::Text {
        return Ok(Container { content, wrapping, compression, unpacked: None });
    }
    let unpacked = open()?.unpack().map_err(reading)?;
    let content = if is_zip {
        let mut handle = File::open(&unpacked).map_err(reading)?;
        workbook(&zip_contents(&mut handle, file)?, file)?.ok_or_else(|| nested("zip"))?
    } else {
        content
    };
    Ok(Container { content, wrapping: Wrapping::Plain, compression, unpacked: Some(unpacked) })
}

fn is_zip(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

/// Refuses a stream whose first bytes are those of no sheet, before all of it is kept.
pub(super) fn refuse_early(head: &[u8], file: &str) -> Result<(), SheetError> {
    let is_packed = is_zip(head) || head.starts_with(b"\x1f\x8b");
    if head.is_empty() || is_packed { Ok(()) } else { kind(head, file).map(|_| ()) }
}

/// What the first bytes of a file say that is neither gzip nor zip.
fn kind(head: &[u8], file: &str) -> Result<Content, SheetError> {
    let file = file.to_owned();
    if head.is_empty() {
        return Err(SheetError::Empty { file });
    }
    if head.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        return Ok(Content::Xls);
    }
    if let Some(format) = compression_of(head) {
        return Err(SheetError::Compressed { file, format });
    }
    if let Some(format) = foreign(head) {
        return Err(SheetError::Foreign { file, format });
    }
    Ok(Content::Text)
}

fn compression_of(head: &[u8]) -> Option<&'static str> {
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
    const MAGIC: [(&[u8], &str); 8] = [
        (b"%PDF-", "a PDF document"),
        (b"{\\rtf", "an RTF document"),
        (b"\x89PNG", "an image"),
        (b"\xff\xd8\xff", "an image"),
        (b"GIF8", "an image"),
        (b"SQLite format 3\0", "a SQLite database"),
        (b"PAR1", "a Parquet file"),
        (b"\x7fELF", "a program"),
    ];
    if let Some((_, format)) = MAGIC.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Some(format);
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
    if is_sylk(&start) {
        return Some("a SYLK file");
    }
    is_binary(head).then_some("a binary file")
}

/// Whether lower-case text is Microsoft's SYLK, whose lines are records; `ID;Party` is a heading like any other.
fn is_sylk(start: &str) -> bool {
    let is_record = |line: &str| {
        let name = line.split(';').next().unwrap_or_default();
        line.contains(';') && (1..=2).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_lowercase())
    };
    start.starts_with("id;p") && start.lines().nth(2).is_some() && start.lines().skip(1).take(3).all(is_record)
}

fn zip_contents(handle: &mut File, file: &str) -> Result<Vec<archive::Entry>, SheetError> {
    let reason = "it ends too early, as a broken download does".to_owned();
    let contents = archive::contents(handle).map_err(|source| SheetError::reading(file, source))?;
    contents.ok_or_else(|| SheetError::Damaged { file: file.to_owned(), reason })
}

/// Which workbook an archive is, if it is one.
fn workbook(entries: &[archive::Entry], file: &str) -> Result<Option<Content>, SheetError> {
    let damaged = |reason: String| SheetError::Damaged { file: file.to_owned(), reason };
    let has = |name: &str| entries.iter().any(|entry| archive::plain_name(&entry.name).eq_ignore_ascii_case(name));
    if entries.iter().any(|entry| entry.name.ends_with("sharedStrings.xml") && entry.bytes > MAX_STRINGS_BYTES) {
        return Err(damaged("its table of texts would take more than 2 GiB of memory".to_owned()));
    }
    let content = if has("xl/workbook.bin") {
        Content::Xlsb
    } else if has("[Content_Types].xml") {
        Content::Xlsx
    } else if has("content.xml") && has("mimetype") {
        Content::Ods
    } else {
        return Ok(None);
    };
    archive::trick(entries).map_or(Ok(Some(content)), |trick| Err(damaged(trick)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(bytes: &[u8]) -> Result<Content, SheetError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.xls");
        std::fs::write(&path, bytes).unwrap();
        detect(&path, "a.xls").map(|container| container.content)
    }

    #[test]
    fn files_are_told_apart_by_content() {
        assert_eq!(content(b"a,b\n1,2\n").unwrap(), Content::Text);
        assert_eq!(content(b"BZhang,1\n").unwrap(), Content::Text);
        assert_eq!(content(b"PKR,1\n").unwrap(), Content::Text);
        let workbook = rust_xlsxwriter::Workbook::new().save_to_buffer();
        assert_eq!(content(&workbook.unwrap()).unwrap(), Content::Xlsx);
        let cases: [(&[u8], &str); 10] = [
            (b"", "a.xls: has no rows"),
            (b"\x1f\x8b\x08", "a.xls: is damaged: unexpected end of file"),
            (b"\x28\xb5\x2f\xfd", "a.xls: is compressed (zstd)"),
            (
                b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
                "a.xls: cannot be read from its archive: it holds 0 files; expected one",
            ),
            (b"PK\x03\x04 cut", "a.xls: is damaged: it ends too early, as a broken download does"),
            (b"%PDF-1.7", "a.xls: is a PDF document, neither text nor a workbook"),
            (b" <html><table>", "a.xls: is an HTML page, neither text nor a workbook"),
            (b"\0\x01\0\0\x02\0\0\0", "a.xls: is a binary file, neither text nor a workbook"),
            (
                b"<?xml version=\"1.0\"?><?mso-application progid=\"Excel.Sheet\"?>",
                "a.xls: is a SpreadsheetML 2003 file, neither text nor a workbook",
            ),
            (b"ID;PWXL;N;E\r\nP;PGeneral\r\nC;Y1;X1;K1\r\n", "a.xls: is a SYLK file, neither text nor a workbook"),
        ];
        for (bytes, message) in cases {
            assert_eq!(content(bytes).unwrap_err().to_string(), message);
        }
    }
}
