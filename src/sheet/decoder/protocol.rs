//! What is said between arload and the process that decodes workbooks for it.
//!
//! Owns requests, answers and their frames: a length in four bytes, then `postcard`. Starts nothing. The one rule:
//! nothing that comes out of the other process is believed; a frame that is too long or makes no sense is an error.

use std::io::{self, Read, Write};
use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::super::container::Content;
use super::super::error::SheetError;
use super::super::excel::{Batch, Listed, Work};
use super::super::row::RawRow;

/// Both sides are the same program, or they do not talk.
pub(super) const VERSION: &str = concat!("arload ", env!("CARGO_PKG_VERSION"), " workbooks 2");
/// Limit: a batch has 512 KiB of text and one row more; no spreadsheet's row is anywhere near this.
const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;
/// Limit: a path and a sheet's name; less than any system keeps for a reader that is late.
pub(super) const MAX_REQUEST_BYTES: usize = 16 * 1024;

/// What the process is asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::sheet) struct Request {
    /// What to do.
    pub(in crate::sheet) job: Job,
    /// The file's bytes, by which memory and time are allowed.
    pub(in crate::sheet) size: u64,
    /// Seconds of computing that the file has left.
    pub(in crate::sheet) seconds: u64,
}

/// What to do with a workbook.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::sheet) enum Job {
    /// List its sheets.
    List {
        /// The file.
        #[serde(with = "path")]
        path: PathBuf,
        /// What it holds.
        content: Content,
    },
    /// Read a sheet.
    Read(Work),
}

impl Job {
    /// The sheet that is read, if one is.
    pub(super) fn sheet(&self) -> Option<&str> {
        match self {
            Self::List { .. } => None,
            Self::Read(work) => Some(&work.sheet),
        }
    }
}

/// One answer; a request has any number of them and ends with `Done` or `Failed`.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::sheet) enum Answer {
    /// The process is there, and is this version.
    Ready(String),
    /// The sheets.
    Sheets(Vec<Listed>),
    /// The next rows.
    Rows(Batch),
    /// That was all.
    Done {
        /// Whether the process is as good as new.
        lasts: bool,
        /// How long it computed, in milliseconds.
        millis: u64,
    },
    /// The file cannot be read, or no further.
    Failed {
        /// Why.
        failure: Failure,
        /// Whether the process is as good as new.
        lasts: bool,
        /// How long it computed, in milliseconds.
        millis: u64,
    },
}

impl Answer {
    /// Whether nothing of it can trip the reader of rows.
    fn is_sound(&self) -> bool {
        if let Self::Rows(batch) = self { batch.rows.iter().all(RawRow::is_sound) } else { true }
    }
}

/// A [`SheetError`] on its way between processes; the asking side knows the file.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::sheet) enum Failure {
    Password,
    NotFound,
    Archive(String),
    Damaged(String),
    /// An error of the system, by its number.
    System(i32),
}

impl Failure {
    pub(super) fn of(error: &SheetError) -> Self {
        match error {
            SheetError::Password { .. } => Self::Password,
            SheetError::NotFound { .. } => Self::NotFound,
            SheetError::Archive { reason, .. } => Self::Archive(reason.clone()),
            SheetError::Damaged { reason, .. } => Self::Damaged(reason.clone()),
            SheetError::Unreadable { source, .. } => source.raw_os_error().map_or_else(
                // Nothing else than the system makes such errors; the text is kept all the same.
                || Self::Damaged(source.to_string()),
                Self::System,
            ),
            other => Self::Damaged(other.to_string()),
        }
    }

    pub(super) fn into_error(self, file: String) -> SheetError {
        match self {
            Self::Password => SheetError::Password { file },
            Self::NotFound => SheetError::NotFound { file },
            Self::Archive(reason) => SheetError::Archive { file, reason },
            Self::Damaged(reason) => SheetError::Damaged { file, reason },
            Self::System(code) => SheetError::Unreadable { file, source: io::Error::from_raw_os_error(code) },
        }
    }
}

/// Writes one frame at once; one that the other side would refuse is not written.
pub(super) fn write(output: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    const LENGTH: usize = 4;
    let mut frame = postcard::to_extend(message, vec![0; LENGTH]).map_err(io::Error::other)?;
    let length = frame.len() - LENGTH;
    if length > MAX_ANSWER_BYTES {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    frame[..LENGTH].copy_from_slice(&(length as u32).to_le_bytes());
    output.write_all(&frame)?;
    output.flush()
}

/// Reads one frame; none at the end.
pub(super) fn read<T: DeserializeOwned>(input: &mut impl Read, limit: usize) -> io::Result<Option<T>> {
    Ok(read_counted(input, limit)?.map(|(message, _)| message))
}

/// Reads one frame and counts its bytes.
fn read_counted<T: DeserializeOwned>(input: &mut impl Read, limit: usize) -> io::Result<Option<(T, usize)>> {
    let mut length = [0; 4];
    // An end inside the length is an end, too: the process died.
    match input.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let length = u32::from_le_bytes(length) as usize;
    if length > limit {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut frame = Vec::new();
    if input.take(length as u64).read_to_end(&mut frame)? < length {
        return Ok(None);
    }
    let invalid = |_| io::Error::from(io::ErrorKind::InvalidData);
    let (message, rest) = postcard::take_from_bytes(&frame).map_err(invalid)?;
    if rest.is_empty() { Ok(Some((message, length))) } else { Err(io::ErrorKind::InvalidData.into()) }
}

/// Reads one answer and counts its bytes; none at the end.
pub(super) fn read_answer(input: &mut impl Read) -> io::Result<Option<(Answer, usize)>> {
    let answer: Option<(Answer, usize)> = read_counted(input, MAX_ANSWER_BYTES)?;
    let is_sound = answer.as_ref().is_none_or(|(answer, _)| answer.is_sound());
    if is_sound { Ok(answer) } else { Err(io::ErrorKind::InvalidData.into()) }
}

/// Paths as the system writes them, which need not be Unicode.
pub(in crate::sheet) mod path {
    use std::ffi::OsString;
    use std::path::{Path, PathBuf};

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(in crate::sheet) fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
        path.as_os_str().serialize(serializer)
    }

    pub(in crate::sheet) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
        OsString::deserialize(deserializer).map(PathBuf::from)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::CellKind;
    use super::*;

    fn framed(message: &impl Serialize) -> Vec<u8> {
        let mut bytes = Vec::new();
        write(&mut bytes, message).unwrap();
        bytes
    }

    #[test]
    fn rows_come_through_as_they_were() {
        let mut row = RawRow::default();
        (row.number, row.from_1904) = (7, true);
        row.push_cell("₹ 5", CellKind::Text);
        row.push_cell("2025-04-01", CellKind::Date);
        let bytes = framed(&Answer::Rows(Batch { rows: vec![row.clone()], notes: Vec::new() }));
        let Some((Answer::Rows(Batch { rows, .. }), _)) = read_answer(&mut &bytes[..]).unwrap() else {
            panic!("rows were written")
        };
        assert_eq!(format!("{rows:?}"), format!("{:?}", [row]));
    }

    #[test]
    fn what_makes_no_sense_is_an_error_and_a_cut_is_an_end() {
        let good = framed(&Answer::Done { lasts: true, millis: 0 });
        for cut in 0..good.len() {
            assert!(matches!(read_answer(&mut &good[..cut]), Ok(None)), "{cut}");
        }
        // A text of three bytes with a cell that ends at the fourth: text, ends, kinds, and the rest of a row.
        let mut beyond = framed(&Answer::Rows(Batch { rows: vec![RawRow::default()], notes: Vec::new() }));
        let (text, ends) = (6, 7);
        assert_eq!(beyond[text..=ends], [0, 0]);
        beyond.splice(text..=ends, [1, b'x', 1, 2]);
        beyond[0] += 2;
        let garbage: [&[u8]; 4] = [b"\xff\xff\xff\xffx", b"\x01\0\0\0\x63", b"\x04\0\0\0\x03\x01\x01\x01", &beyond];
        for bytes in garbage {
            assert_eq!(read_answer(&mut &bytes[..]).unwrap_err().kind(), io::ErrorKind::InvalidData, "{bytes:?}");
        }
    }

    #[test]
    fn errors_keep_their_kind_and_words() {
        let file = || "a.xls".to_owned();
        for error in [
            SheetError::Password { file: file() },
            SheetError::NotFound { file: file() },
            SheetError::Archive { file: file(), reason: "it is empty".to_owned() },
            SheetError::Damaged { file: file(), reason: "it ends".to_owned() },
            SheetError::Unreadable { file: file(), source: io::Error::from_raw_os_error(5) },
        ] {
            let bytes = framed(&Answer::Failed { failure: Failure::of(&error), lasts: true, millis: 0 });
            let Some((Answer::Failed { failure, .. }, _)) = read_answer(&mut &bytes[..]).unwrap() else {
                panic!("{error}")
            };
            assert_eq!(format!("{:?}", failure.into_error(file())), format!("{error:?}"));
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_path_need_not_be_unicode() {
        use std::os::unix::ffi::OsStringExt as _;
        let path = PathBuf::from(std::ffi::OsString::from_vec(b"m\xe4rz.xls".to_vec()));
        let job = Job::List { path: path.clone(), content: Content::Xls };
        let bytes = framed(&Request { job, size: 1, seconds: 1 });
        let request: Request = read(&mut &bytes[..], MAX_REQUEST_BYTES).unwrap().unwrap();
        assert!(matches!(request.job, Job::List { path: read, .. } if read == path));
    }
}
