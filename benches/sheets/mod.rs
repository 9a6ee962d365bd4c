//! Opening and reading the sheets of the benches, as a run does.

use std::path::Path;

use arload::config::Reading;
use arload::mapping;
use arload::operation::Operation;
use arload::sheet::RowBlock;
use arload::sheet::open::{OpenSheet, list};

/// The operation that the sheets are for.
pub(crate) fn operation() -> &'static Operation {
    Operation::find("invoices", "create").expect("the table has this operation")
}

/// Opens the only sheet of a file.
pub(crate) fn open(path: &Path) -> OpenSheet<'static> {
    let reading = Reading::default();
    let listing = list(path, &reading).expect("the file is a sheet");
    listing.sources[0].open(&reading, &|heading| mapping::recognises(operation(), heading)).expect("it has a header")
}

/// Reads a sheet to its end; says how many rows it has.
pub(crate) fn read(sheet: &mut OpenSheet, mut each: impl FnMut(&RowBlock)) -> usize {
    let mut block = RowBlock::new(sheet.header.columns.len());
    let mut rows = 0;
    while sheet.next_block(&mut block, 1_000, 256 << 10).expect("the sheet is whole") {
        rows += block.len();
        each(&block);
    }
    rows
}
