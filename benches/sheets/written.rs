//! Generated sheets on disk, the same each time.

use std::path::PathBuf;

use arload::bench::generate::generate;
use arload::bench::{Recipe, SheetForm};

/// Clean invoices of 18 columns in a folder of their own, which goes with the returned guard.
pub(crate) fn invoices(rows: usize, form: SheetForm) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("the system has a temporary folder");
    let path = folder.path().join(format!("invoices.{}", form.extension()));
    let recipe = Recipe { rows: rows as u64, bad: 0.0, ..Recipe::default() };
    generate(&recipe, form, &path).expect("the temporary folder can be written to");
    (folder, path)
}
