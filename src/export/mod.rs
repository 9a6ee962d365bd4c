//! Exports: what the API has, as files a person and a script can use.
//!
//! [`filters`] says what can be asked for, [`search`] reads a search to its end into a [`spool`] that outlives the
//! process, [`table`] makes columns of records and [`mod@write`] a file of them. [`pull`] fills the customer directory from
//! the same spool, [`compare`] holds sheets against it, [`reads`] exports what the operations that read were answered.
//! Leaves pages and faults to [`crate::send`]. The one rule: nothing stands under an export's name that is not complete.

pub mod compare;
pub mod filters;
pub mod pull;
pub mod reads;
pub mod search;
pub mod spool;
pub mod table;
pub mod write;

use std::path::{Path, PathBuf};

use crate::error::RunError;
use crate::finding::quote;

/// Form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A line for each record, guarded against formulas.
    Csv,
    /// A list of the records as they came.
    Json,
    /// A workbook with identifiers as text.
    Xlsx,
}

impl Format {
    /// The ending of its files.
    pub fn extension(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Json => "json",
            Format::Xlsx => "xlsx",
        }
    }

    /// The form of an ending.
    pub fn parse(extension: &str) -> Option<Format> {
        [Format::Csv, Format::Json, Format::Xlsx].into_iter().find(|format| format.extension() == extension)
    }

    /// The form that a file's name asks for.
    pub fn of(path: &Path) -> Result<Format, RunError> {
        let extension = path.extension().map(|it| it.to_string_lossy().to_lowercase()).unwrap_or_default();
        Format::parse(&extension).ok_or_else(|| RunError::Input {
            message: format!("--output: {} ends in no form of export", quote(&path.display().to_string())),
            hint: "end the name in .csv, .json or .xlsx".to_owned(),
        })
    }
}

/// Where an export goes, settled before anything is asked.
#[derive(Debug, Clone)]
pub struct Place {
    /// The file; none for standard output, as CSV.
    pub file: Option<PathBuf>,
    /// Its form.
    pub format: Format,
    /// Whether a file that stands there is replaced.
    pub replaces: bool,
}

impl Place {
    /// The place that the command names, if an export may go there.
    pub fn settle(file: Option<&Path>, replaces: bool) -> Result<Place, RunError> {
        let Some(path) = file else { return Ok(Place { file: None, format: Format::Csv, replaces }) };
        let format = Format::of(path)?;
        let shown = path.display();
        if path.is_dir() {
            return Err(input(format!("{shown}: is a folder"), "name a file with --output"));
        }
        if !replaces && path.symlink_metadata().is_ok() {
            return Err(input(
                format!("{shown}: exists already; nothing was asked"),
                "pass --force to replace it, or name another file with --output",
            ));
        }
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
            return Err(input(
                format!("{}: is no folder; nothing was asked", folder.display()),
                "make it, or name another file with --output",
            ));
        }
        Ok(Place { file: Some(path.to_owned()), format, replaces })
    }

    /// Where what was read rests until the export is complete.
    pub fn partial(&self) -> Option<PathBuf> {
        self.file.as_deref().map(partial_of)
    }
}

/// `FILE.partial`.
pub(crate) fn partial_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".partial");
    PathBuf::from(name)
}

pub(crate) fn input(message: String, hint: &str) -> RunError {
    RunError::Input { message, hint: hint.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_the_form_and_nothing_is_replaced_unasked() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("old.csv"), "x").unwrap();
        std::fs::create_dir(path("folder.csv")).unwrap();
        for (name, replaces, expected) in [
            ("a.csv", false, Some(Format::Csv)),
            ("a.JSON", false, Some(Format::Json)),
            ("a.xlsx", false, Some(Format::Xlsx)),
            ("a.xls", false, None),
            ("a", false, None),
            ("old.csv", false, None),
            ("old.csv", true, Some(Format::Csv)),
            ("folder.csv", true, None),
            ("none/a.csv", false, None),
        ] {
            let settled = Place::settle(Some(&path(name)), replaces);
            assert_eq!(settled.map(|place| place.format).ok(), expected, "{name} {replaces}");
        }
        let partial = Place::settle(Some(&path("a.csv")), false).unwrap().partial().unwrap();
        assert!(partial.ends_with("a.csv.partial"));
    }
}
