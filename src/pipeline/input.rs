//! Opens what the command names: files with their control files, globs, folders, standard input, and the customer
//! directory.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::corrections::FileCorrections;
use crate::config::{Gate, Settings};
use crate::corrections::MARKER;
use crate::directory::Directory;
use crate::error::RunError;
use crate::event::{Event, Observer};
use crate::explain::ErrorCode;
use crate::outcome::Sum;
use crate::plan::control::{Control, malformed};
use crate::plan::read::{ReadRun, ReadSheet, Reading};
use crate::plan::refusal::{Refusal, other_table};
use crate::platform;
use crate::results::corrections::shelf::next_round;
use crate::sheet::SheetSource;
use crate::sheet::error::SheetError;
use crate::sheet::input::{self, Spool};
use crate::sheet::open::list;

/// What there is to read.
pub(super) struct Opened {
    /// The files that have sheets, in order.
    pub(super) files: Vec<InputFile>,
    /// Inputs that were refused, and why.
    pub(super) refused: Vec<String>,
    /// Keeps standard input's file until the run is over.
    _spool: Option<Spool>,
}

/// By what a file may be a corrections workbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MarkedBy {
    /// Its hidden sheet.
    Sheet,
    /// Its name.
    Name,
}

/// One file with its sheets.
pub(super) struct InputFile {
    /// The path that the ledger keeps and results stand beside.
    pub(super) shown: PathBuf,
    pub(super) sources: Vec<SheetSource>,
    /// What must hold for the file, where a control file stands beside it.
    control: Option<Control>,
    /// Whether it may be a corrections workbook: by its mark, or by its name alone.
    pub(super) marked: Option<MarkedBy>,
    /// What it brings back, once that is understood.
    pub(super) corrections: Option<FileCorrections>,
}

impl InputFile {
    /// Its path as the ledger keeps it.
    pub(super) fn kept_path(&self) -> String {
        platform::text_of_path(&self.shown)
    }

    /// The month that the file's invoices must be dated in.
    pub(super) fn period(&self, gate: &Gate) -> Result<Option<(i16, i8)>, RunError> {
        let period = self.corrections.as_ref().map_or(gate.period, |corrections| corrections.settings.gate.period);
        self.control.as_ref().map_or(Ok(period), |control| control.period(period))
    }

    /// Holds the sheets that were taken of the file against its control file.
    ///
    /// A file that was refused whole sends nothing, and its refusal was told.
    pub(super) fn check_control(&self, taken: &[ReadSheet], observer: &dyn Observer) -> Result<(), RunError> {
        let Some(control) = self.control.as_ref().filter(|_| !taken.is_empty()) else { return Ok(()) };
        let mut read = Sum::default();
        for sheet in taken {
            read.merge(&sheet.facts.read);
        }
        let figures = control.check(&read)?;
        observer.event(&Event::ControlAgreed { control: control.name.clone(), figures });
        Ok(())
    }
}

impl Opened {
    /// Sheets that were unpacked, each with the path that the ledger keeps.
    pub(super) fn of_sheets(sheets: Vec<(PathBuf, Vec<SheetSource>)>) -> Self {
        let file = |(shown, sources)| InputFile { shown, sources, control: None, marked: None, corrections: None };
        Self { files: sheets.into_iter().map(file).collect(), refused: Vec::new(), _spool: None }
    }

    /// All sheets, in order.
    pub(super) fn sources(&self) -> impl Iterator<Item = &SheetSource> {
        self.files.iter().flat_map(|file| &file.sources)
    }

    /// The paths that results stand beside.
    pub(super) fn shown(&self) -> Vec<PathBuf> {
        self.files.iter().map(|file| file.shown.clone()).collect()
    }
}

/// Finds files and lists their sheets; what cannot be opened is told and counted.
pub(super) fn open(
    inputs: &[impl AsRef<OsStr>],
    stdin: Box<dyn Read + '_>,
    settings: &Settings,
    observer: &dyn Observer,
) -> Result<Opened, RunError> {
    let found = input::find(inputs, stdin, &std::env::temp_dir());
    for (path, reason) in &found.skipped {
        observer.event(&Event::InputSkipped { path: path.display().to_string(), reason: reason.clone() });
    }
    if let Some(control) = found.lone_controls.first() {
        return Err(RunError::Input {
            message: format!("{} is a control file of no sheet here; nothing was sent", control.display()),
            hint: "it is named as its sheet, as may.control for may.xlsx or may.csv.gz; move it away if its sheet is not meant"
                .to_owned(),
        });
    }
    let mut files = Vec::new();
    let allows = settings.gate.allow_empty;
    let mut refused = Vec::new();
    for error in &found.refused {
        if allows && is_nothing(error) {
            pass_over(error, observer);
        } else {
            refused.push(refuse(error, observer));
        }
    }
    for path in &found.files {
        match list(path, &settings.reading) {
            Ok(mut listing) => {
                let is_marker = |name: &str| name == MARKER;
                let has_mark = listing.hidden.iter().any(|name| is_marker(name))
                    || listing.sources.iter().any(|source| source.sheet.as_deref().is_some_and(is_marker));
                let named = path.file_name().is_some_and(|name| next_round(&name.to_string_lossy()).is_some());
                let marked = match (has_mark, named) {
                    (true, _) => Some(MarkedBy::Sheet),
                    (false, true) => Some(MarkedBy::Name),
                    (false, false) => None,
                };
                listing.sources.retain(|source| !source.sheet.as_deref().is_some_and(is_marker));
                for note in listing.notes.into_iter().filter(|_| !has_mark) {
                    observer.event(&Event::InputSkipped { path: path.display().to_string(), reason: note });
                }
                // Results of standard input stand where the command was given.
                let spooled = found.spool.as_ref().is_some_and(|spool| spool.path == *path);
                let shown = if spooled { Path::new("stdin") } else { path.as_path() };
                let shown = std::path::absolute(shown).unwrap_or_else(|_| shown.to_owned());
                // What comes through a pipe has nothing beside it.
                let control = if spooled { None } else { read_control(path)? };
                files.push(InputFile { shown, sources: listing.sources, control, marked, corrections: None });
            }
            // Whoever wrote a control file beside it says how many rows there are.
            Err(error) if allows && error.is_nothing() && agrees_with_nothing(read_control(path)?.as_ref()) => {
                pass_over(&error, observer);
            }
            Err(error) => {
                refused.push(refuse(&error, observer));
            }
        }
    }
    if files.is_empty() && !(allows && refused.is_empty()) {
        return Err(RunError::NoSheets);
    }
    Ok(Opened { files, refused, _spool: found.spool })
}

/// Reads the sheets of one file; says which were refused, and tables below a sheet's own with them.
///
/// In a workbook where some sheet was taken, sheets without a table (covers, notes, charts) are skipped and told.
pub(super) fn read_file<'r>(
    read: &mut ReadRun<'r>,
    file: &InputFile,
    reading: &Reading<'r>,
) -> Result<Vec<String>, RunError> {
    let before = read.sheets.len();
    let mut refusals: Vec<(&SheetSource, Refusal)> = Vec::new();
    for source in &file.sources {
        if let Some(refusal) = read.take(source, &file.shown, reading)? {
            refusals.push((source, refusal));
        }
    }
    let some_taken = refusals.len() < file.sources.len();
    let allows_empty = reading.settings.gate.allow_empty && agrees_with_nothing(file.control.as_ref());
    let (tableless, refused): (Vec<_>, Vec<_>) = refusals
        .into_iter()
        .partition(|(_, refusal)| (some_taken && refusal.no_table) || (allows_empty && refusal.is_empty()));
    for (source, refusal) in tableless {
        let label = source.label();
        // A refusal names its sheet itself.
        let reason = refusal.message.strip_prefix(&format!("{label}: ")).unwrap_or(&refusal.message).to_owned();
        reading.observer.event(&Event::InputSkipped { path: label, reason });
    }
    let tables = read.sheets[before..]
        .iter()
        .filter_map(|sheet| sheet.other_table.map(|(row, rows)| other_table(&sheet.source.label(), row, rows)));
    let refused: Vec<Refusal> = refused.into_iter().map(|(_, refusal)| refusal).chain(tables).collect();
    for refusal in &refused {
        let Refusal { message, hint, code, .. } = refusal.clone();
        reading.observer.event(&Event::SheetRefused { message, hint, code: code.as_str() });
    }
    Ok(refused.into_iter().map(|refusal| refusal.message).collect())
}

/// The control file beside a file, if there is one.
fn read_control(sheet: &Path) -> Result<Option<Control>, RunError> {
    // Limit: three lines and what a person may remark on them.
    const MOST: u64 = 64 << 10;
    let path = input::control_beside(sheet);
    let name = path.display().to_string();
    let unread = |error: &io::Error| malformed(&name, &format!("cannot be read: {error}"));
    if path.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
        return Ok(None);
    }
    // Opening a pipe would wait for ever.
    if !path.metadata().map_err(|error| unread(&error))?.is_file() {
        return Err(malformed(&name, "is no file"));
    }
    let file = File::open(&path).map_err(|error| unread(&error))?;
    let mut bytes = Vec::new();
    file.take(MOST + 1).read_to_end(&mut bytes).map_err(|error| unread(&error))?;
    if bytes.len() as u64 > MOST {
        return Err(malformed(&name, "is larger than 64 KiB"));
    }
    let text = String::from_utf8(bytes).map_err(|_| malformed(&name, "is not UTF-8 text"))?;
    Control::parse(&text, &name).map(Some)
}

/// Reads the `--customers` file.
pub(super) fn read_directory(path: &Path) -> Result<Directory, RunError> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(|error| RunError::Input {
        message: format!("--customers: {name}: {error}"),
        hint: "name a CSV with customer_id, code, gstin and legal_name".to_owned(),
    })?;
    Directory::from_csv(file, &name).map_err(|error| RunError::Input {
        message: format!("--customers: {error}"),
        hint: "each row needs a KC id and a code, a GSTIN or a legal name".to_owned(),
    })
}

/// Whether a control file, where there is one, says that there is nothing.
fn agrees_with_nothing(control: Option<&Control>) -> bool {
    control.is_none_or(|control| control.check(&Sum::default()).is_ok())
}

/// Whether an argument leads to a place that holds nothing; a pattern in a folder that is not there leads nowhere.
fn is_nothing(error: &SheetError) -> bool {
    let SheetError::NoMatch { pattern } = error else { return error.is_nothing() };
    let plain = pattern.split(['*', '?', '[']).next().unwrap_or_default();
    let folder = plain.rfind(std::path::is_separator).map_or(".", |end| &plain[..=end]);
    Path::new(folder).is_dir()
}

/// Tells of something without rows that may be without rows.
fn pass_over(error: &SheetError, observer: &dyn Observer) {
    let message = error.to_string();
    let (path, reason) = message.rsplit_once(": ").unwrap_or((&message, "has no rows"));
    observer.event(&Event::InputSkipped { path: path.to_owned(), reason: reason.to_owned() });
}

fn refuse(error: &SheetError, observer: &dyn Observer) -> String {
    let message = error.to_string();
    let code = ErrorCode::from(error).as_str();
    observer.event(&Event::SheetRefused { message: message.clone(), hint: error.hint(), code });
    message
}
