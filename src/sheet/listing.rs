//! Which sheets a file has, which of them are read, and what kind of file it is.
//!
//! Owns the choice of worksheets: visible ones, or those asked for by name. Reads no rows. The one rule: a sheet that
//! is not read is named.

use std::path::Path;
use std::thread;

use super::SheetSource;
use super::container::{Content, detect};
use super::decode::read_head;
use super::decoder::{self, Place};
use super::error::SheetError;
use super::input;
use super::wrapping::{Bytes, Wrapping};
use crate::config::{HiddenRows, Reading};
use crate::finding::quote;

/// Limit: sheets of one workbook that are read in one go; to read each of them, all of the file is opened anew.
const MAX_SHEETS: usize = 256;

/// The sheets of a file that are to be read, and what is worth saying about the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The sheets, in the file's order.
    pub sources: Vec<SheetSource>,
    /// Sentences about sheets that are not read.
    pub notes: Vec<String>,
    /// Names of the hidden sheets that are not read.
    pub hidden: Vec<String>,
    /// Names of the visible sheets that are not read, because others were asked for.
    pub unasked: Vec<String>,
    /// What kind of file it is, as a person calls it.
    pub container: &'static str,
    /// What the file is packed with: `gzip` or `zip`; none where it is not packed.
    pub compression: Option<&'static str>,
    /// How the lines of a text file end, as far as its beginning shows.
    pub line_ends: Option<&'static str>,
}

/// Lists the sheets of a file: a text file is one, a workbook has its visible worksheets or those asked for.
pub fn list(path: &Path, reading: &Reading) -> Result<Listing, SheetError> {
    let stamp = input::stamp(path);
    let listed = list_once(path, reading);
    // A file that is being written may look like anything; it is given time to settle, once.
    if listed.is_ok() || stamp == input::stamp(path) {
        return listed;
    }
    thread::sleep(input::SETTLING);
    list_once(path, reading)
}

fn list_once(path: &Path, reading: &Reading) -> Result<Listing, SheetError> {
    let file = path.display().to_string();
    let packed = detect(path, &file)?;
    let (content, compression, readable) = (packed.content, packed.compression, packed.path(path));
    let file_name = path.file_name().map_or_else(|| file.clone(), |name| name.to_string_lossy().into_owned());
    let source = |sheet| SheetSource { path: path.to_owned(), file_name: file_name.clone(), sheet };
    if content == Content::Text {
        let notes = if reading.sheets.is_empty() {
            Vec::new()
        } else {
            vec!["a text file has no worksheets; --sheet does not apply to it".to_owned()]
        };
        let line_ends = line_ends(readable, packed.wrapping, &file)?;
        let (sources, container) = (vec![source(None)], content.name());
        let (hidden, unasked) = (Vec::new(), Vec::new());
        return Ok(Listing { sources, notes, hidden, unasked, container, compression, line_ends });
    }
    if reading.hidden_rows == HiddenRows::Skip && !content.tells_hidden_rows() {
        return Err(SheetError::HiddenUnknown { file, format: content.name() });
    }
    let sheets = decoder::list(reading.decoder.as_ref(), Place { given: path, readable }, &file, content)?;
    let names =
        |visible: bool| sheets.iter().filter(move |sheet| sheet.visible == visible).map(|sheet| sheet.name.clone());
    if let Some(sheet) = reading.sheets.iter().find(|asked| sheets.iter().all(|sheet| sheet.name != **asked)) {
        let present = sheets.iter().map(|sheet| sheet.name.clone()).collect();
        return Err(SheetError::NoSuchSheet { file, sheet: sheet.clone(), present });
    }
    let asked = |name: &String| reading.sheets.contains(name);
    let chosen: Vec<String> = if reading.sheets.is_empty() {
        names(true).collect()
    } else {
        sheets.iter().map(|sheet| sheet.name.clone()).filter(asked).collect()
    };
    if chosen.is_empty() {
        return Err(SheetError::NoSheets { file, hidden: names(false).collect() });
    }
    if chosen.len() > MAX_SHEETS {
        return Err(SheetError::TooManySheets { file, sheets: chosen.len(), limit: MAX_SHEETS });
    }
    let hidden: Vec<String> = names(false).filter(|name| !asked(name)).collect();
    let notes = if hidden.is_empty() {
        Vec::new()
    } else {
        let names: Vec<String> = hidden.iter().map(|name| quote(name)).collect();
        vec![format!("hidden sheets are not read unless named with --sheet: {}", names.join(", "))]
    };
    let unasked: Vec<String> = names(true).filter(|name| !chosen.contains(name)).collect();
    let sources = chosen.into_iter().map(|sheet| source(Some(sheet))).collect();
    Ok(Listing { sources, notes, hidden, unasked, container: content.name(), compression, line_ends: None })
}

/// The sheets of a file that are to be read; [`list`] also says what is left aside.
pub fn sheets_of(path: &Path, reading: &Reading) -> Result<Vec<SheetSource>, SheetError> {
    list(path, reading).map(|listing| listing.sources)
}

/// How the lines of a text file's beginning end; none where it is one line.
fn line_ends(path: &Path, wrapping: Wrapping, file: &str) -> Result<Option<&'static str>, SheetError> {
    let head = Bytes::open(path, wrapping).and_then(|mut bytes| read_head(&mut bytes));
    let mut head = head.map_err(|source| SheetError::reading(file, source))?;
    // In UTF-16 a zero stands beside each of these bytes.
    head.retain(|byte| *byte != 0);
    // A cell with several lines has line ends of its own, which say nothing of the rows; they count only where no row ends.
    let outside = ends_in(&head, true);
    let found = if outside.iter().any(|(_, is_found)| *is_found) { outside } else { ends_in(&head, false) };
    let mut kinds = found.iter().filter(|(_, is_found)| *is_found).map(|(name, _)| *name);
    Ok(match (kinds.next(), kinds.next()) {
        (kind, None) => kind,
        _ => Some("mixed"),
    })
}

/// Which line ends there are, with or without those in quotation marks.
fn ends_in(head: &[u8], outside: bool) -> [(&'static str, bool); 3] {
    let mut found = [("CRLF", false), ("LF", false), ("CR", false)];
    let mut quoted = false;
    for (at, byte) in head.iter().enumerate() {
        quoted ^= outside && *byte == b'"';
        match (byte, head.get(at + 1)) {
            _ if quoted => {}
            (b'\r', Some(b'\n')) => found[0].1 = true,
            // The head may end between the two.
            (b'\r', Some(_)) => found[2].1 = true,
            (b'\n', _) if at == 0 || head[at - 1] != b'\r' => found[1].1 = true,
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::test_zip;
    use super::*;

    #[test]
    fn hidden_rows_cannot_be_left_out_of_a_format_that_does_not_tell_of_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.xlsb");
        let parts: [(&str, &[u8]); 1] = [("xl/workbook.bin", b"and more")];
        std::fs::write(&path, test_zip::zip(&parts)).unwrap();
        let listed = |hidden_rows| list(&path, &Reading { hidden_rows, ..Reading::default() });
        let error = listed(HiddenRows::Skip).unwrap_err();
        let words =
            "a.xlsb: --hidden-rows skip: hidden rows are not known in this format (binary Excel workbook (xlsb))";
        assert!(error.to_string().ends_with(words), "{error}");
        assert!(matches!(listed(HiddenRows::Read), Err(SheetError::Damaged { .. })));
    }

    #[test]
    fn a_workbook_of_very_many_sheets_is_refused_unless_some_are_chosen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.xlsx");
        let mut book = rust_xlsxwriter::Workbook::new();
        (0..=MAX_SHEETS).for_each(|at| drop(book.add_worksheet().set_name(format!("S{at}")).map(|_| ())));
        book.save(&path).unwrap();
        let words = "has 257 sheets to be read; at most 256 are read in one go";
        assert!(list(&path, &Reading::default()).unwrap_err().to_string().ends_with(words));
        let asked = Reading { sheets: vec!["S7".to_owned(), "S256".to_owned()], ..Reading::default() };
        assert_eq!(list(&path, &asked).unwrap().sources.len(), 2);
    }

    #[test]
    fn line_ends_are_told_from_the_beginning() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        for (text, expected) in [
            (&b"a,b\r\n1,2\r\n"[..], Some("CRLF")),
            (b"a,b\n1,2\n", Some("LF")),
            (b"a,b\r1,2\r3,4", Some("CR")),
            (b"a,b\r\n1,2\n", Some("mixed")),
            (b"a,b\r\n\"1\nx\",2\r\n", Some("CRLF")),
            (b"\"a,b\n1,2\n", Some("LF")),
            (b"a\0\r\0\n\0", Some("CRLF")),
            (b"a,b", None),
        ] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(line_ends(&path, Wrapping::Plain, "a.csv").unwrap(), expected, "{text:?}");
        }
    }
}
