//! Generated sheets for the benches: the same rows for the same seed, in the forms that finance sheets write.

use std::fmt::Write as _;
use std::path::PathBuf;

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

/// A CSV of clean invoices in a folder of its own, which goes with the returned guard.
pub(crate) fn invoices(rows: usize) -> (tempfile::TempDir, PathBuf) {
    let mut draw = Draw(0x5EED);
    let mut text =
        "Invoice Number,Customer Id,Invoice Date,Due Date,Description,Taxable Value,CGST,SGST,Invoice Total\r\n"
            .to_owned();
    for row in 0..rows {
        let paise = (1_000 + draw.below(50_000_000)) / 100 * 100;
        let tax = paise * 9 / 100;
        let (day, month) = (1 + draw.below(28), 4 + draw.below(6));
        writeln!(
            text,
            "B/26-27/{row:06},KC{:014},{day:02}/{month:02}/2026,28/12/2026,\"Cartons, {} pieces\",\"{}\",{},{},\"{}\"\r",
            draw.below(10_000),
            draw.below(5_000),
            lakhs(paise),
            rupees(tax),
            rupees(tax),
            lakhs(paise + 2 * tax),
        )
        .expect("writing to a string cannot fail");
    }
    let folder = tempfile::tempdir().expect("the system has a temporary folder");
    let path = folder.path().join("invoices.csv");
    std::fs::write(&path, text).expect("the temporary folder can be written to");
    (folder, path)
}

/// Opens the only sheet of a file.
pub(crate) fn open(path: &std::path::Path) -> OpenSheet<'static> {
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

/// Numbers that look random and are the same each time (SplitMix64).
struct Draw(u64);

impl Draw {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % limit
    }
}

fn rupees(paise: u64) -> String {
    format!("{}.{:02}", paise / 100, paise % 100)
}

fn lakhs(paise: u64) -> String {
    let amount = i128::from(paise);
    arload::money::Total(amount).rupees().trim_start_matches('₹').to_owned()
}
