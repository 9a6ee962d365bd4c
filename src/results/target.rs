//! Puts finished files into place: written under a temporary name, synced, renamed.
//!
//! The one rule: no file of another run, of another program or of a person is ever overwritten.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::place::Place;
use super::{ResultSettings, RunLabel};
use crate::error::RunError;
use crate::operation::Operation;
use crate::platform;

/// Limit: summaries of a million rows have some hundred kilobytes.
const MOST_SUMMARY: u64 = 16 << 20;

/// A file being written.
pub struct Target {
    path: PathBuf,
    file: BufWriter<NamedTempFile>,
    durable: bool,
}

impl Target {
    /// Begins a file beside its place.
    pub fn create(path: &Path, settings: &ResultSettings) -> Result<Self, RunError> {
        let file = BufWriter::with_capacity(1 << 18, temporary_for(path)?);
        Ok(Self { path: path.to_owned(), file, durable: settings.durable })
    }

    /// A file that grew beside its place.
    pub(super) fn grown(path: &Path, file: NamedTempFile, settings: &ResultSettings) -> Self {
        Self { path: path.to_owned(), file: BufWriter::with_capacity(0, file), durable: settings.durable }
    }

    /// Puts the file into its place; where that is locked, under the run's own name. Says where it went.
    pub fn finish(self, run: Option<i64>, warnings: &mut Vec<String>) -> Result<PathBuf, RunError> {
        let path = self.path;
        let file = self.file.into_inner().map_err(|error| failed(&path, error.into_error()))?;
        if self.durable {
            file.as_file().sync_all().map_err(|source| failed(&path, source))?;
        }
        match file.persist(&path) {
            Ok(_) => {
                if self.durable {
                    platform::sync_folder(folder_of(&path)).map_err(|source| failed(&path, source))?;
                }
                Ok(path)
            }
            Err(error) => {
                let other = free_name(&of_run(&path, run));
                let file = error.file;
                file.persist(&other).map_err(|error| failed(&other, error.error))?;
                warnings.push(format!("{}: is locked; written to {} instead", path.display(), other.display()));
                Ok(other)
            }
        }
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Target {
    /// An error of writing this file.
    pub fn failed(&self, source: io::Error) -> RunError {
        failed(&self.path, source)
    }
}

/// Moves results of another run aside, so that the newest has the plain name.
pub fn make_way(place: &Place, label: &RunLabel, warnings: &mut Vec<String>) -> Result<(), RunError> {
    let owner = owner_of(&place.summary);
    // A dry run's results are nobody's evidence; the next one takes their place.
    if owner
        .as_ref()
        .is_some_and(|owner| owner.run == label.run && (owner.ledger == label.ledger || label.run.is_none()))
    {
        return Ok(());
    }
    let reads = Operation::by_name(&label.operation).is_some_and(Operation::reads);
    for path in [&place.results, &place.summary, &place.export, &place.report, &place.workbook] {
        if !path.exists() || (path == &place.export && !reads) {
            continue;
        }
        let aside = match &owner {
            Some(owner) => free_name(&of_run(path, owner.run)),
            None => free_name(&path.with_extension(format!("kept.{}", extension(path)))),
        };
        match fs::rename(path, &aside) {
            Ok(()) if owner.is_none() => {
                warnings.push(format!("{}: not known to be arload's; kept as {}", path.display(), aside.display()));
            }
            Ok(()) => {}
            // Locked: the new file will get the run's own name.
            Err(_) if cfg!(windows) => {}
            Err(source) => return Err(failed(&aside, source)),
        }
    }
    Ok(())
}

/// Where a run's results go: the plain names, unless those are a newer run's; then the ones with its own number.
pub(super) fn by_age(place: Place, label: &RunLabel) -> Place {
    let is_newer = |owner: &Owner| label.run.is_some() && owner.run > label.run && owner.ledger == label.ledger;
    if owner_of(&place.summary).as_ref().is_some_and(is_newer) { numbered(&place, label.run) } else { place }
}

fn numbered(place: &Place, run: Option<i64>) -> Place {
    Place {
        results: of_run(&place.results, run),
        summary: of_run(&place.summary, run),
        export: of_run(&place.export, run),
        compare: of_run(&place.compare, run),
        corrections: of_run(&place.corrections, run),
        report: of_run(&place.report, run),
        workbook: of_run(&place.workbook, run),
    }
}

/// Whether the results in a place are of this very run.
pub(super) fn is_of(place: &Place, label: &RunLabel) -> bool {
    owner_of(&place.summary).is_some_and(|owner| owner.run == label.run && owner.ledger == label.ledger)
}

/// Whose results stand in a place, as the summary says.
#[derive(Debug, PartialEq, Eq)]
struct Owner {
    run: Option<i64>,
    ledger: String,
}

fn owner_of(summary: &Path) -> Option<Owner> {
    let file = io::Read::take(platform::open_regular(summary).ok()?, MOST_SUMMARY);
    let value: serde_json::Value = serde_json::from_reader(io::BufReader::new(file)).ok()?;
    value.get("arload")?;
    let ledger = value.get("ledger").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    Some(Owner { run: value.get("run").and_then(serde_json::Value::as_i64), ledger })
}

/// `NAME.results.csv` becomes `NAME.results.7.csv`.
pub(super) fn of_run(path: &Path, run: Option<i64>) -> PathBuf {
    let run = run.map_or_else(|| "earlier".to_owned(), |run| run.to_string());
    path.with_extension(format!("{run}.{}", extension(path)))
}

fn extension(path: &Path) -> String {
    path.extension().unwrap_or_default().to_string_lossy().into_owned()
}

/// The name, or the first numbered one like it that nothing stands under.
pub(super) fn free_name(path: &Path) -> PathBuf {
    let numbered = (2..).map(|number| path.with_extension(format!("{number}.{}", extension(path))));
    std::iter::once(path.to_owned()).chain(numbered).find(|path| !path.exists()).expect("some number is free")
}

/// Whether a folder can be made and written to.
pub fn test_folder(folder: &Path) -> Result<(), RunError> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    fs::create_dir_all(folder).map_err(|source| failed(folder, source))?;
    temporary(folder).map_err(|source| failed(folder, source))?;
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

pub(super) fn failed(path: &Path, cause: io::Error) -> RunError {
    RunError::Results { path: path.display().to_string(), cause }
}

/// A temporary file beside the place it is for.
pub(super) fn temporary_for(path: &Path) -> Result<NamedTempFile, RunError> {
    let folder = folder_of(path);
    temporary(folder).map_err(|source| failed(folder, source))
}

/// A temporary file in a folder, with the rights that a new file of this user has.
fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".arload-").suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // Temporary files are private by themselves; the system takes the user's mask off these rights.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> ResultSettings {
        ResultSettings {
            folder: None,
            infix: "",
            export: crate::export::Format::Csv,
            bom: true,
            delimiter: b',',
            durable: true,
            split_by: None,
            renews: false,
            timezone: jiff::tz::TimeZone::UTC,
        }
    }

    fn place(folder: &Path) -> Place {
        let place = |name: &str| folder.join(name);
        Place {
            results: place("a.results.csv"),
            summary: place("a.summary.json"),
            export: place("a.export.csv"),
            compare: place("a.compare.csv"),
            corrections: place("a.corrections.xlsx"),
            report: place("a.report.html"),
            workbook: place("a.results.xlsx"),
        }
    }

    fn label(run: i64, ledger: &str) -> RunLabel {
        let text = String::new;
        RunLabel {
            run: Some(run),
            ledger: ledger.to_owned(),
            operation: text(),
            host: text(),
            environment: None,
            company: text(),
            planned_at: text(),
            state: text(),
            reason: text(),
            head: text(),
        }
    }

    fn write(path: &Path, text: &str, run: Option<i64>) -> PathBuf {
        let mut target = Target::create(path, &settings()).unwrap();
        target.write_all(text.as_bytes()).unwrap();
        target.finish(run, &mut Vec::new()).unwrap()
    }

    #[test]
    fn results_of_another_run_are_kept_under_its_number() {
        let folder = tempfile::tempdir().unwrap();
        let place = place(folder.path());
        write(&place.results, "old", Some(7));
        write(&place.summary, r#"{"arload":"0.1.0","run":7,"ledger":"a"}"#, Some(7));
        make_way(&place, &label(7, "a"), &mut Vec::new()).unwrap();
        assert!(place.results.exists());
        make_way(&place, &label(8, "a"), &mut Vec::new()).unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("a.results.7.csv")).unwrap(), "old");
        assert!(!place.results.exists());
    }

    #[test]
    fn an_older_run_leaves_the_plain_name_to_the_newest() {
        let folder = tempfile::tempdir().unwrap();
        let plain = place(folder.path());
        write(&plain.summary, r#"{"arload":"0.1.0","run":7,"ledger":"a"}"#, Some(7));
        for (run, ledger, is_plain) in [(6, "a", false), (7, "a", true), (8, "a", true), (6, "b", true)] {
            let names = by_age(place(folder.path()), &label(run, ledger));
            assert_eq!(names == plain, is_plain, "{run} {ledger}");
            if !is_plain {
                assert_eq!(names.results, folder.path().join("a.results.6.csv"));
            }
        }
    }

    #[test]
    fn results_of_another_ledger_are_kept_though_the_run_has_the_same_number() {
        let folder = tempfile::tempdir().unwrap();
        let place = place(folder.path());
        for text in ["first", "second"] {
            write(&place.results, text, Some(1));
            write(&place.summary, r#"{"arload":"0.1.0","run":1,"ledger":"theirs"}"#, Some(1));
            make_way(&place, &label(1, "ours"), &mut Vec::new()).unwrap();
        }
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!((read("a.results.1.csv"), read("a.results.1.2.csv")), ("first".to_owned(), "second".to_owned()));
    }

    #[test]
    fn a_file_that_is_not_ours_is_never_lost() {
        let folder = tempfile::tempdir().unwrap();
        let place = place(folder.path());
        fs::write(&place.results, "a person's notes").unwrap();
        let mut warnings = Vec::new();
        make_way(&place, &label(8, "a"), &mut warnings).unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("a.results.kept.csv")).unwrap(), "a person's notes");
        assert_eq!(warnings.len(), 1);
    }

    #[test]
    fn an_unfinished_file_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        drop(Target::create(&folder.path().join("a.results.csv"), &settings()).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
