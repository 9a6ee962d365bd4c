//! One test for each quirk of text files that sheets are known for, named after its number in the domain reference.

mod bytes;
mod cells;
mod damaged;
mod rows;

use std::fs;
use std::io::Write;
use std::path::Path;

use super::open::{SheetEnd, list};
use super::test_zip;
use super::{CellKind, Dialect, DropReason, RowBlock};
use crate::config::Reading;
use crate::finding::Code;

/// Everything that a sheet gave.
#[derive(Debug, Default, PartialEq)]
struct Read {
    header: Vec<String>,
    rows: Vec<String>,
    marks: Vec<(u32, Code, String)>,
    notes: Vec<String>,
    dialect: Option<Dialect>,
    end: SheetEnd,
}

impl Read {
    fn codes(&self) -> Vec<String> {
        self.marks.iter().map(|(row, code, _)| format!("{row} {code} {:?}", code.severity())).collect()
    }

    fn dropped(&self) -> Vec<(u32, DropReason)> {
        self.end.dropped.first.iter().map(|row| (row.number, row.reason)).collect()
    }
}

fn known(heading: &str) -> bool {
    let plain: String =
        heading.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    ["invoiceno", "invoicedate", "date", "customer", "amount", "customerid"].contains(&plain.as_str())
}

fn try_read_named(name: &str, bytes: &[u8], reading: &Reading) -> Result<Read, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    read_path(&path, reading).map_err(|message| message.replace(&format!("{}/", folder.path().display()), ""))
}

fn read_path(path: &Path, reading: &Reading) -> Result<Read, String> {
    let listing = list(path, reading).map_err(|error| error.to_string())?;
    let mut sheet = listing.sources[0].open(reading, &known).map_err(|error| error.to_string())?;
    let mut read = Read {
        header: sheet.header.columns.clone(),
        notes: sheet.notes.clone(),
        dialect: sheet.dialect,
        ..Read::default()
    };
    let mut block = RowBlock::default();
    while sheet.next_block(&mut block, 100, 1 << 20).map_err(|error| error.to_string())? {
        for mark in &block.marks {
            read.marks.push((block.number(mark.row as usize), mark.code, mark.message.clone()));
        }
        for row in 0..block.len() {
            let cells: Vec<&str> = block.cells(row).collect();
            read.rows.push(format!("{}: {}", block.number(row), cells.join("|")));
        }
    }
    read.end = sheet.finish();
    Ok(read)
}

fn try_read(bytes: impl AsRef<[u8]>) -> Result<Read, String> {
    try_read_named("a.csv", bytes.as_ref(), &Reading::default())
}

fn read(bytes: impl AsRef<[u8]>) -> Read {
    try_read(bytes).unwrap()
}

/// Two columns, with a row below them.
fn two(row: &str) -> Read {
    read(format!("Invoice No,Customer\n{row}\n"))
}

fn plain_rows() -> Vec<String> {
    vec!["2: INV-1|Mehta".to_owned(), "3: INV-2|Shah".to_owned()]
}

const PLAIN: &str = "Invoice No,Customer\nINV-1,Mehta\nINV-2,Shah\n";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A zip archive of stored members; `flags` such as 1 for an encrypted one.
fn zip(members: &[(&str, &[u8])], flags: u16) -> Vec<u8> {
    test_zip::archive(members, 0, flags)
}

fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}
