//! Generated sheets for the benches, and what several of them do to these.

use std::path::{Path, PathBuf};

use arload::bench::generate::generate;
use arload::bench::{Recipe, SheetForm};
use arload::config::Reading;
use arload::mapping;
use arload::operation::Operation;
use arload::sheet::RowBlock;
use arload::sheet::open::{OpenSheet, list};

/// Rows of a bench's sheet.
pub(crate) const ROWS: usize = 20_000;

/// The operation that the sheets are for.
pub(crate) fn operation() -> &'static Operation {
    Operation::find("invoices", "create").expect("the table has this operation")
}

/// Clean invoices of 18 columns in a folder of their own, which goes with the returned guard.
pub(crate) fn invoices(rows: usize, form: SheetForm) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("the system has a temporary folder");
    let path = folder.path().join(format!("invoices.{}", form.extension()));
    let recipe = Recipe { rows: rows as u64, bad: 0.0, ..Recipe::default() };
    generate(&recipe, form, &path).expect("the temporary folder can be written to");
    (folder, path)
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
