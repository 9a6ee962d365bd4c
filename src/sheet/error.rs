//! Why a file or sheet could not be read, in words that name the file and the way out.
//!
//! Owns [`SheetError`]. A position is a field, never part of a string. The one rule: an error here concerns one file
//! or sheet and never stops the reading of others.

use std::io;
use std::path::Path;

use super::budget;

/// The way out where there is not one row.
pub(crate) const NO_ROWS_HINT: &str = "check that the right file or sheet was exported";

/// What kept a file or one of its sheets from being read; `file` is the file's path or the sheet's label.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// There is no such file.
    #[error("{file}: no such file")]
    NotFound {
        /// The path as given.
        file: String,
    },
    /// The operating system refused to open or read it.
    #[error("{file}: could not be read")]
    Unreadable {
        /// The file.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// A folder stands where a file is needed, or something that can be read only once.
    #[error("{file}: is {found}, not a file")]
    NotAFile {
        /// The path.
        file: String,
        /// What it is.
        found: &'static str,
    },
    /// A glob matched nothing.
    #[error("{pattern}: no file matches")]
    NoMatch {
        /// The glob.
        pattern: String,
    },
    /// A glob is malformed.
    #[error("{pattern}: not a valid pattern: {reason}")]
    BadPattern {
        /// The glob.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A folder or glob holds nothing that could be a sheet.
    #[error("{place}: no sheets in it")]
    NothingInside {
        /// The folder or glob.
        place: String,
        /// How many files of it were skipped.
        skipped: usize,
    },
    /// The file is something that arload or Excel wrote beside sheets.
    #[error("{file}: {what}, not a sheet to load")]
    NotInput {
        /// The file.
        file: String,
        /// What it is.
        what: &'static str,
    },
    /// There is not one filled cell.
    #[error("{file}: has no rows")]
    Empty {
        /// The file or sheet.
        file: String,
    },
    /// The file is compressed.
    #[error("{file}: is compressed ({format})")]
    Compressed {
        /// The file.
        file: String,
        /// The compression's name.
        format: &'static str,
    },
    /// The archive around the sheet is not one that is read.
    #[error("{file}: cannot be read from its archive: {reason}")]
    Archive {
        /// The file.
        file: String,
        /// What is wrong with the archive.
        reason: String,
    },
    /// The text goes on and on without a line end.
    #[error("{file}: line {line} is longer than {limit} bytes")]
    EndlessLine {
        /// The file.
        file: String,
        /// The physical line, counted from 1.
        line: u32,
        /// The limit.
        limit: usize,
    },
    /// The file is neither text nor a workbook.
    #[error("{file}: is {format}, neither text nor a workbook")]
    Foreign {
        /// The file.
        file: String,
        /// What it seems to be.
        format: &'static str,
    },
    /// The workbook is encrypted.
    #[error("{file}: is protected with a password")]
    Password {
        /// The file.
        file: String,
    },
    /// The workbook cannot be understood.
    #[error("{file}: is damaged: {reason}")]
    Damaged {
        /// The file or sheet.
        file: String,
        /// What the reader stumbled over.
        reason: String,
    },
    /// The process that decoded the workbook came to an end over it.
    #[error("{file}: the workbook reader {how}")]
    ReaderEnded {
        /// The file or sheet.
        file: String,
        /// How it ended.
        how: String,
    },
    /// A packed file holds more than one of its size may.
    #[error(
        "{file}: unpacks to more than {limit} cells, a row counted as {row} of them; no real sheet of its size does"
    )]
    TooMuch {
        /// The file or sheet.
        file: String,
        /// The limit.
        limit: u64,
        /// What a row counts beside its cells.
        row: u64,
    },
    /// The process that decodes workbooks cannot be had.
    #[error("{file}: the program that reads workbooks could not be started: {reason}")]
    NoReader {
        /// The file or sheet.
        file: String,
        /// What went wrong.
        reason: String,
    },
    /// The workbook has no worksheet that can be read.
    #[error("{file}: has no visible worksheet")]
    NoSheets {
        /// The file.
        file: String,
        /// Names of the hidden ones.
        hidden: Vec<String>,
    },
    /// The workbook has more sheets than are read in one go.
    #[error("{file}: has {sheets} sheets to be read; at most {limit} are read in one go")]
    TooManySheets {
        /// The file.
        file: String,
        /// How many there are.
        sheets: usize,
        /// The limit.
        limit: usize,
    },
    /// Hidden rows were to be left out of a format whose hidden rows are not known.
    #[error("{file}: --hidden-rows skip: hidden rows are not known in this format ({format})")]
    HiddenUnknown {
        /// The file.
        file: String,
        /// What it is.
        format: &'static str,
    },
    /// `--sheet` names a sheet that the workbook does not have.
    #[error("{file}: has no sheet {}; found: {}", crate::finding::quote(sheet), present.join(", "))]
    NoSuchSheet {
        /// The file.
        file: String,
        /// The name asked for.
        sheet: String,
        /// The names there are.
        present: Vec<String>,
    },
    /// No row looks like headings.
    #[error("{file}: no header row was recognised; the first rows are: {found}")]
    NoHeader {
        /// The file or sheet.
        file: String,
        /// The first filled rows, shortened.
        found: String,
    },
    /// The row given as header is blank or lies below the end.
    #[error("{file}: row {row} was given as the header row, but it is blank or does not exist")]
    BlankHeader {
        /// The file or sheet.
        file: String,
        /// The row asked for.
        row: u32,
    },
    /// The header has more columns than any spreadsheet.
    #[error("{file}: the header in row {row} has {columns} columns; expected at most 16,384")]
    TooWide {
        /// The file or sheet.
        file: String,
        /// The header's row.
        row: u32,
        /// Columns found.
        columns: usize,
    },
    /// `--encoding` names no known encoding.
    #[error("--encoding: {} is not a known encoding", crate::finding::quote(label))]
    UnknownEncoding {
        /// The label given.
        label: String,
    },
    /// `--delimiter` cannot separate cells.
    #[error("--delimiter: byte {delimiter} cannot separate cells")]
    BadDelimiter {
        /// The byte given.
        delimiter: u8,
    },
    /// Standard input could not be kept for reading.
    #[error("-: standard input could not be kept in a private file")]
    Spool {
        /// What went wrong.
        source: io::Error,
    },
    /// Standard input is longer than what is kept.
    #[error("-: standard input is longer than {limit} bytes")]
    SpoolTooLong {
        /// The limit.
        limit: u64,
    },
    /// The file has more rows than can be numbered.
    #[error("{file}: has more than {limit} rows")]
    TooLong {
        /// The file or sheet.
        file: String,
        /// The limit.
        limit: u32,
    },
}

impl SheetError {
    /// Whether there is nothing to read, as opposed to something that cannot be read.
    pub fn is_nothing(&self) -> bool {
        matches!(self, Self::Empty { .. } | Self::NothingInside { .. } | Self::NoMatch { .. })
    }

    /// The way out, where there is one worth a line of its own.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotFound { .. } => "check the path; a folder or a pattern such as \"march/*.xlsx\" also works",
            Self::Unreadable { .. } => "close the file in other programs, and check that you may read it",
            Self::NotAFile { .. } => "pass the data through standard input with \"-\" as the file name",
            Self::NoMatch { .. } | Self::BadPattern { .. } => {
                "check the pattern; put it in quotation marks so that the shell leaves it alone"
            }
            Self::NothingInside { .. } => {
                "expected files ending in csv, tsv, txt, xlsx, xlsm, xls, xlsb or ods, or such a file packed as gz or zip"
            }
            Self::NotInput { .. } => "pass the sheet itself",
            Self::Empty { .. } => NO_ROWS_HINT,
            Self::Compressed { .. } => "unpack it first",
            Self::Archive { .. } => "unpack it first, or pack one csv file or workbook alone and without a password",
            Self::EndlessLine { .. } => {
                "check that the file is a sheet; save it as xlsx or csv from the program that wrote it"
            }
            Self::Foreign { .. } => "save it as xlsx or csv from the program that wrote it",
            Self::Password { .. } => "save a copy without a password: in Excel under File, Info, Protect Workbook",
            Self::Damaged { .. } => "open it in Excel and save it again, or download it again",
            Self::ReaderEnded { .. } => {
                "save the file again as xlsx from Excel or LibreOffice; clear cells that stand far from the table"
            }
            Self::TooMuch { .. } => {
                "clear cells that stand far from the table, or save it as csv, which has no such limit when it is not packed"
            }
            Self::NoReader { .. } => "check that arload's program file is in its place, and the limit on processes",
            Self::NoSheets { hidden, .. } if !hidden.is_empty() => {
                return Some(format!("name a hidden sheet: --sheet \"{}\"", hidden[0]));
            }
            Self::NoSheets { .. } => "check that the right file was exported",
            Self::NoSuchSheet { present, .. } if !present.is_empty() => {
                return Some(format!("pass one of the names found, such as --sheet \"{}\"", present[0]));
            }
            Self::TooManySheets { .. } => "choose sheets with --sheet NAME, or split the workbook into several files",
            Self::HiddenUnknown { .. } => {
                "save it as xlsx; or pass --hidden-rows read, and the hidden rows are read like any other"
            }
            Self::NoSuchSheet { .. } => "leave out --sheet",
            Self::NoHeader { .. } => {
                "pass --header-row N if row N holds the headings; a sheet without headings is refused"
            }
            Self::BlankHeader { .. } => "pass the number of the row that holds the headings, or leave out --header-row",
            Self::TooWide { .. } => "check --delimiter and --header-row",
            Self::UnknownEncoding { .. } => "use a name such as utf-8, windows-1252 or utf-16le",
            Self::BadDelimiter { .. } => "use one of , ; | or a tab",
            Self::Spool { .. } => "check the free space of the state folder, or pass the file's name",
            Self::SpoolTooLong { .. } | Self::TooLong { .. } => "split the data into several files",
        };
        Some(hint.to_owned())
    }

    /// A file that holds more than one of so many bytes may.
    pub(super) fn too_much(file: &str, size: u64) -> Self {
        Self::TooMuch { file: file.to_owned(), limit: budget::most(size), row: budget::ROW }
    }

    /// Wraps what the operating system said about a path.
    pub(super) fn reading(file: &str, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::NotFound => Self::NotFound { file: file.to_owned() },
            // Only unpacking says these.
            io::ErrorKind::FileTooLarge => Self::Archive { file: file.to_owned(), reason: source.to_string() },
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof => {
                Self::Damaged { file: file.to_owned(), reason: source.to_string() }
            }
            io::ErrorKind::IsADirectory => Self::NotAFile { file: file.to_owned(), found: "a folder" },
            _ => Self::Unreadable { file: file.to_owned(), source },
        }
    }
}

/// Refuses what is not there, a folder, or a pipe, which cannot be read twice.
pub(super) fn demand_file(path: &Path) -> Result<(), SheetError> {
    let file = path.display().to_string();
    let metadata = std::fs::metadata(path).map_err(|source| SheetError::reading(&file, source))?;
    if metadata.is_file() {
        Ok(())
    } else {
        let found = if metadata.is_dir() { "a folder" } else { "a pipe or device" };
        Err(SheetError::NotAFile { file, found })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_a_folder_and_a_file_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.csv");
        std::fs::write(&file, "a").unwrap();
        assert!(matches!(demand_file(&folder.path().join("b.csv")), Err(SheetError::NotFound { .. })));
        assert!(matches!(demand_file(folder.path()), Err(SheetError::NotAFile { found: "a folder", .. })));
        assert!(demand_file(&file).is_ok());
    }

    #[test]
    fn messages_say_where_and_what_and_the_hint_says_how() {
        let error = SheetError::NoSuchSheet {
            file: "a.xlsx".into(),
            sheet: "March".into(),
            present: vec!["April".into(), "May".into()],
        };
        assert_eq!(error.to_string(), "a.xlsx: has no sheet \"March\"; found: April, May");
        assert_eq!(error.hint().unwrap(), "pass one of the names found, such as --sheet \"April\"");
    }
}
