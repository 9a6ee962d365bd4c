//! Workbooks decoded by another process, so that no file can bring this one down.
//!
//! A parser can abort, overflow its stack, loop or eat memory, and no `catch_unwind` helps against those. So the
//! library can be told a program ([`Program`]) that calls [`serve()`]: arload itself under a hidden command. It limits
//! its own memory and time by the file's size and reads one file after the other; when it dies, that file alone is
//! refused. Without a program workbooks are decoded in this process. The one rule: every wait for it has an end.

mod limits;
mod pool;
mod protocol;
mod serve;
mod spent;

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(super) use self::pool::Answers;
use self::pool::{Patience, Pool};
use self::protocol::Job;
pub(super) use self::protocol::{Answer, path};
pub use self::serve::serve;
use super::container::Content;
use super::error::SheetError;
use super::excel::{self, BookRows, Listed, Work};

/// A program that serves requests on its standard input as [`serve()`] does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Where it is.
    pub path: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
}

/// Processes that decode workbooks, started when they are needed; they end when the last clone is dropped.
#[derive(Clone)]
pub struct Decoder(Arc<Pool>);

impl Decoder {
    /// Starts nothing yet.
    pub fn new(program: Program) -> Self {
        Self(Arc::new(Pool::new(program, Patience::default())))
    }

    fn ask(&self, job: Job, place: Place<'_>, label: &str) -> Result<Answers, SheetError> {
        Pool::ask(&self.0, job, place, label)
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Decoder").field(self.0.program()).finish()
    }
}

impl PartialEq for Decoder {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Decoder {}

/// Where a workbook is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    /// The file as it was given.
    pub(super) given: &'a Path,
    /// What is read: the file itself, or what was unpacked of it.
    pub(super) readable: &'a Path,
}

impl Place<'_> {
    /// The bytes that limits go by: a small archive of a large workbook does not lift them far.
    fn size(self) -> u64 {
        let length = |path: &Path| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        length(self.readable).min(length(self.given).saturating_mul(2))
    }
}

/// The worksheets of a workbook.
pub(super) fn list(
    decoder: Option<&Decoder>,
    place: Place<'_>,
    file: &str,
    content: Content,
) -> Result<Vec<Listed>, SheetError> {
    let Some(decoder) = decoder else { return excel::list(place.readable, file, content) };
    let mut answers = decoder.ask(Job::List { path: place.readable.to_owned(), content }, place, file)?;
    let mut found = Vec::new();
    while let Some(answer) = answers.next()? {
        match answer {
            Answer::Sheets(sheets) => found = sheets,
            _ => return Err(answers.nonsense()),
        }
    }
    Ok(found)
}

/// Begins to read a sheet; `label` names it in messages.
pub(super) fn open(
    decoder: Option<&Decoder>,
    place: Place<'_>,
    label: &str,
    sheet: &str,
    content: Content,
) -> Result<BookRows, SheetError> {
    let path = place.readable.to_owned();
    let work = Work { path, label: label.to_owned(), sheet: sheet.to_owned(), content };
    match decoder {
        Some(decoder) => Ok(BookRows::ask(decoder.ask(Job::Read(work), place, label)?)),
        None => BookRows::start(work),
    }
}
