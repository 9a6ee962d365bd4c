//! Workbooks as careless or hostile programs write them, and a comparison with another reader on real ones.

mod hostile;
mod real;
mod values;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use calamine::{DataRef, XlsxError};

use super::*;
use crate::sheet::row::RawRow;
use crate::sheet::test_zip::zip;
use crate::sheet::{CellKind, cell, column_letters};

const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// A workbook in the making: parts by name.
struct TestBook(BTreeMap<String, String>);

impl TestBook {
    /// One sheet `S` with these rows.
    fn of_rows(rows: &str) -> Self {
        Self::of_sheet(&format!("<worksheet xmlns=\"{MAIN}\"><sheetData>{rows}</sheetData></worksheet>"))
    }

    fn of_sheet(sheet: &str) -> Self {
        let book = Self(BTreeMap::new());
        let relations = |items: &[(&str, &str, &str)]| {
            let items: Vec<String> = items
                .iter()
                .map(|(id, kind, target)| {
                    format!("<Relationship Id=\"{id}\" Type=\"{OFFICE}/{kind}\" Target=\"{target}\"/>")
                })
                .collect();
            let items = items.concat();
            format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Relationships>{items}</Relationships>")
        };
        let sheets = "<sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"r1\"/></sheets>";
        book.with("[Content_Types].xml", "<Types/>")
            .with("_rels/.rels", &relations(&[("r", "officeDocument", "xl/workbook.xml")]))
            .with("xl/workbook.xml", &format!("<workbook xmlns=\"{MAIN}\" xmlns:r=\"{OFFICE}\">{sheets}</workbook>"))
            .with(
                "xl/_rels/workbook.xml.rels",
                &relations(&[
                    ("r1", "worksheet", "worksheets/sheet1.xml"),
                    ("r2", "sharedStrings", "sharedStrings.xml"),
                    ("r3", "styles", "/xl/styles.xml"),
                ]),
            )
            .with("xl/worksheets/sheet1.xml", sheet)
    }

    fn with(mut self, name: &str, text: &str) -> Self {
        self.0.insert(name.to_owned(), text.to_owned());
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.0.remove(name).unwrap();
        self
    }

    fn edited(mut self, name: &str, from: &str, to: &str) -> Self {
        let part = self.0.get_mut(name).unwrap();
        assert!(part.contains(from), "{from}");
        *part = part.replace(from, to);
        self
    }

    /// Number formats, one for each style from 1 on.
    fn with_formats(self, codes: &[&str]) -> Self {
        let formats: Vec<String> = (0..)
            .zip(codes)
            .map(|(at, code)| {
                let code = code.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
                format!("<numFmt numFmtId=\"{}\" formatCode=\"{code}\"/>", 164 + at)
            })
            .collect();
        let formats = formats.concat();
        let styles: Vec<String> = (0..codes.len()).map(|at| format!("<xf numFmtId=\"{}\"/>", 164 + at)).collect();
        let styles = styles.concat();
        let styles = format!("<cellXfs><xf numFmtId=\"0\"/>{styles}</cellXfs>");
        let other = "<cellStyleXfs><xf numFmtId=\"14\"/></cellStyleXfs>";
        self.with("xl/styles.xml", &format!("<styleSheet><numFmts>{formats}</numFmts>{other}{styles}</styleSheet>"))
    }

    fn bytes(&self) -> Vec<u8> {
        let parts: Vec<(&str, &[u8])> = self.0.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
        zip(&parts)
    }
}

fn read_rows(path: &Path, sheet: &str) -> Result<(Vec<RawRow>, Vec<String>), SheetError> {
    let mut rows = Book::open(path, "a.xlsx")?.rows(sheet)?;
    let (mut read, mut row) = (Vec::new(), RawRow::default());
    while rows.next(&mut row)? {
        read.push(std::mem::take(&mut row));
    }
    Ok((read, rows.notes()))
}

fn read_bytes(bytes: &[u8]) -> Result<(Vec<RawRow>, Vec<String>), SheetError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.xlsx");
    fs::write(&path, bytes).unwrap();
    read_rows(&path, "S")
}

fn shown(row: &RawRow) -> String {
    let cells = row.filled().map(|(column, _)| {
        let cell = row.cell(column);
        let kind = if cell.kind == CellKind::Text { String::new() } else { format!("{:?} ", cell.kind) };
        format!("{}={kind}{}", column_letters(column), cell.text)
    });
    format!("{}: {}", row.number, cells.collect::<Vec<_>>().join(", "))
}

/// The rows of a book, or what is wrong with it.
fn read(book: &TestBook) -> Result<Vec<String>, String> {
    match read_bytes(&book.bytes()) {
        Ok((rows, _)) => Ok(rows.iter().map(shown).collect()),
        Err(error) => Err(error.to_string().trim_start_matches("a.xlsx: is damaged: ").to_owned()),
    }
}
