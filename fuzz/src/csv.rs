//! Text files: the table that is written reads back as the table that was read.

use arload::config::{MappingSettings, Reading};
use arload::inspect::{Look, emit};
use arload::sheet::error::SheetError;
use arload::sheet::open::{OpenSheet, list};
use arload::sheet::{RowBlock, SheetSource};

use crate::place;

/// Reads the bytes as a file, writes its table, and has another reader read that.
pub fn check(data: &[u8]) {
    let (reading, mapping) = (Reading::default(), MappingSettings::default());
    let Ok(listing) = list(&place::file(data), &reading) else { return };
    let look = Look { operation: None, reading: &reading, mapping: &mapping };
    for source in &listing.sources {
        let mut written = Vec::new();
        let Ok(rows) = emit::emit(source, look, &mut written) else { continue };
        let read = table(source, &reading);
        assert_eq!(rows, read.len() as u64 - u64::from(read.first().is_some_and(|row| row.heading)), "rows counted");
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(&written[..]);
        let back: Vec<Vec<String>> = reader
            .records()
            .map(|record| record.expect("what is written is UTF-8").iter().map(str::to_owned).collect())
            .map(without_blank_end)
            .collect();
        // A row of headings that are all blank is an empty line, which readers of CSV skip.
        let expected: Vec<Vec<String>> =
            read.into_iter().map(|row| without_blank_end(row.cells)).filter(|cells| !cells.is_empty()).collect();
        assert_eq!(back.into_iter().filter(|cells| !cells.is_empty()).collect::<Vec<_>>(), expected);
    }
}

struct Row {
    heading: bool,
    cells: Vec<String>,
}

/// The rows of a sheet as the library hands them out.
fn table(source: &SheetSource, reading: &Reading) -> Vec<Row> {
    let mut sheet = match open(source, reading) {
        Ok(sheet) => sheet,
        Err(SheetError::Empty { .. }) => return Vec::new(),
        Err(error) => panic!("what was written cannot be read: {error}"),
    };
    sheet.keep_suspect_rows();
    let mut rows = Vec::new();
    if !sheet.top.header_rows.is_empty() {
        rows.push(Row { heading: true, cells: sheet.top.headings.clone() });
    }
    let mut block = RowBlock::with_surplus(sheet.header.columns.len());
    while sheet.next_block(&mut block, 1000, 1 << 20).expect("it was read before") {
        for row in 0..block.len() {
            let cells = block.cells(row).chain(block.surplus(row).iter().map(String::as_str));
            rows.push(Row { heading: false, cells: cells.map(str::to_owned).collect() });
        }
    }
    rows
}

fn open<'r>(source: &SheetSource, reading: &Reading) -> Result<OpenSheet<'r>, SheetError> {
    match source.open(reading, &known) {
        Err(SheetError::NoHeader { .. }) => source.open_without_header(reading),
        done => done,
    }
}

fn known(heading: &str) -> bool {
    arload::operation::ALL.iter().any(|operation| arload::mapping::recognises(operation, heading))
}

fn without_blank_end(mut cells: Vec<String>) -> Vec<String> {
    let filled = cells.iter().rposition(|cell| !cell.trim().is_empty()).map_or(0, |last| last + 1);
    cells.truncate(filled);
    cells
}
