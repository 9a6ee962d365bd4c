//! Office Open XML workbooks (xlsx, xlsm), read row by row.
//!
//! [`package`] opens the archive's parts within limits, [`utf16`] gives their text as UTF-8, [`xml`] cuts them into tags and text, [`workbook`] knows the
//! sheets, [`strings`] the shared texts, [`styles`] and [`formats`] what number formats say, [`merges`] the merged
//! ranges, [`heads`] what tags say, and [`cells`] walks a sheet; [`opendoc`] walks through an ods by the same means, beside its decoder. Nothing is written and no macro is run. The one rule: a cell is handed out as
//! the workbook stores it, or the workbook is refused; nothing is guessed, and memory does not grow with the rows.

mod cells;
mod formats;
mod heads;
mod merges;
mod opendoc;
mod package;
mod strings;
mod styles;
#[cfg(test)]
mod tests;
mod utf16;
mod workbook;
mod xml;

use std::io;
use std::path::Path;

pub(super) use cells::SheetRows;
pub(super) use formats::Format;
pub(super) use heads::hidden_columns_note;
pub(super) use merges::{Area, Merges};
pub(super) use opendoc::OpenSheet;
use package::Package;
pub(super) use workbook::Sheet;
use workbook::Workbook;

use super::error::SheetError;

/// An open workbook.
pub(super) struct Book {
    file: String,
    package: Package,
    workbook: Workbook,
}

impl Book {
    /// Opens the workbook and reads which sheets it has; `file` names it in messages.
    pub(super) fn open(path: &Path, file: &str) -> Result<Self, SheetError> {
        let opened = Package::open(path).and_then(|package| Ok((Workbook::read(&package)?, package)));
        let (workbook, package) = opened.map_err(|problem| problem.of(file))?;
        Ok(Self { file: file.to_owned(), package, workbook })
    }

    /// Its worksheets, in its order; chart, dialog and macro sheets are left out.
    pub(super) fn sheets(&self) -> &[Sheet] {
        &self.workbook.sheets
    }

    /// The rows of a sheet.
    pub(super) fn rows(self, sheet: &str) -> Result<SheetRows, SheetError> {
        let Some(found) = self.workbook.sheets.iter().find(|found| found.name == sheet) else {
            let present = self.workbook.sheets.into_iter().map(|sheet| sheet.name).collect();
            return Err(SheetError::NoSuchSheet { file: self.file, sheet: sheet.to_owned(), present });
        };
        SheetRows::open(&self.package, &self.workbook, &found.part, &self.file)
    }
}

/// What keeps a workbook from being read, before the file's name is known.
#[derive(Debug)]
pub(super) enum Problem {
    /// The system, or what was unpacked.
    Io(io::Error),
    /// The workbook itself; what was stumbled over.
    Broken(String),
}

impl Problem {
    pub(super) fn broken(reason: impl Into<String>) -> Self {
        Self::Broken(reason.into())
    }

    /// The same for this file.
    pub(super) fn of(self, file: &str) -> SheetError {
        match self {
            Self::Io(source) if source.kind() == io::ErrorKind::FileTooLarge => {
                Self::broken(source.to_string()).of(file)
            }
            Self::Io(source) => SheetError::reading(file, source),
            Self::Broken(reason) => SheetError::Damaged { file: file.to_owned(), reason },
        }
    }
}

impl From<io::Error> for Problem {
    fn from(source: io::Error) -> Self {
        Self::Io(source)
    }
}
