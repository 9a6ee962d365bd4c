//! Opens what the command names: files, globs, folders, standard input, and the customer directory.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::config::Settings;
use crate::directory::Directory;
use crate::error::RunError;
use crate::event::{Event, Observer};
use crate::plan::read::{ReadRun, Reading, Refusal};
use crate::sheet::SheetSource;
use crate::sheet::error::SheetError;
use crate::sheet::input::{self, Spool};
use crate::sheet::open::list;

/// What there is to read.
pub(super) struct Opened {
    /// The files that have sheets, in order.
    pub(super) files: Vec<InputFile>,
    /// Inputs that were refused.
    pub(super) refused: usize,
    /// Keeps standard input's file until the run is over.
    _spool: Option<Spool>,
}

/// One file with its sheets.
pub(super) struct InputFile {
    /// The path that the ledger keeps and results stand beside.
    shown: PathBuf,
    sources: Vec<SheetSource>,
}

impl Opened {
    /// The paths that results stand beside.
    pub(super) fn shown(&self) -> Vec<PathBuf> {
        self.files.iter().map(|file| file.shown.clone()).collect()
    }
}

/// Finds files and lists their sheets; what cannot be opened is told and counted.
pub(super) fn open(
    inputs: &[String],
    stdin: Box<dyn Read + '_>,
    settings: &Settings,
    observer: &dyn Observer,
) -> Result<Opened, RunError> {
    let found = input::find(inputs, stdin, &std::env::temp_dir());
    for (path, reason) in &found.skipped {
        observer.event(&Event::InputSkipped { path: path.display().to_string(), reason: reason.clone() });
    }
    let mut files = Vec::new();
    let mut refused = found.refused.len();
    for error in &found.refused {
        refuse(error, observer);
    }
    for path in &found.files {
        match list(path, &settings.reading) {
            Ok(listing) => {
                for note in listing.notes {
                    observer.event(&Event::InputSkipped { path: path.display().to_string(), reason: note });
                }
                // Results of standard input stand where the command was given.
                let spooled = found.spool.as_ref().is_some_and(|spool| spool.path == *path);
                let shown = if spooled { Path::new("stdin") } else { path.as_path() };
                let shown = std::path::absolute(shown).unwrap_or_else(|_| shown.to_owned());
                files.push(InputFile { shown, sources: listing.sources });
            }
            Err(error) => {
                refuse(&error, observer);
                refused += 1;
            }
        }
    }
    if files.is_empty() {
        return Err(RunError::NoSheets);
    }
    Ok(Opened { files, refused, _spool: found.spool })
}

/// Reads the sheets of one file; says how many were refused.
///
/// In a workbook where some sheet was taken, sheets without a table (covers, notes, charts) are skipped and told.
pub(super) fn read_file(read: &mut ReadRun, file: &InputFile, reading: &Reading<'_>) -> Result<usize, RunError> {
    let mut refusals: Vec<(&SheetSource, Refusal)> = Vec::new();
    for source in &file.sources {
        if let Some(refusal) = read.take(source, &file.shown, reading)? {
            refusals.push((source, refusal));
        }
    }
    let some_taken = refusals.len() < file.sources.len();
    let (tableless, refused): (Vec<_>, Vec<_>) =
        refusals.into_iter().partition(|(_, refusal)| some_taken && refusal.no_table);
    for (source, refusal) in tableless {
        let label = source.label();
        // A refusal names its sheet itself.
        let reason = refusal.message.strip_prefix(&format!("{label}: ")).unwrap_or(&refusal.message).to_owned();
        reading.observer.event(&Event::InputSkipped { path: label, reason });
    }
    for (_, refusal) in &refused {
        reading.observer.event(&Event::SheetRefused { message: refusal.message.clone(), hint: refusal.hint.clone() });
    }
    Ok(refused.len())
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

fn refuse(error: &SheetError, observer: &dyn Observer) {
    observer.event(&Event::SheetRefused { message: error.to_string(), hint: error.hint() });
}
