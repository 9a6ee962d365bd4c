//! Where the tables of `--emit csv` go: one to standard output, or one file for each sheet.
//!
//! The one rule: an input is never overwritten, and a file is there whole or not at all.

use std::collections::HashSet;
use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use arload::error::RunError;
use arload::inspect::Look;
use arload::inspect::emit::{EmitError, emit};
use arload::sheet::SheetSource;

use super::{Inputs, refuse};

/// Limit: characters of a file's name that come from a sheet's.
const NAME_CHARACTERS: usize = 80;

/// Writes the only table to standard output.
pub(super) fn write_one(
    inputs: &mut Inputs,
    look: Look<'_>,
    out: &mut dyn Write,
    talk: &mut dyn Write,
) -> anyhow::Result<()> {
    let sources = inputs.sources();
    if inputs.count > 1 || sources.len() > 1 {
        let what = if inputs.count > 1 {
            format!("the tables of {} files", inputs.count)
        } else {
            let names: Vec<&str> = sources.iter().filter_map(|(_, source)| source.sheet.as_deref()).collect();
            format!("the tables of {} sheets ({})", names.len(), names.join(", "))
        };
        let message = format!("--emit: {what} cannot go to standard output as one CSV");
        let hint = "name a folder for them with --out DIR, or choose one file and --sheet NAME".to_owned();
        return Err(RunError::Input { message, hint }.into());
    }
    let Some(source) = sources.first().map(|(_, source)| (*source).clone()) else { return Ok(()) };
    match emit(&source, look, &mut BufWriter::with_capacity(1 << 16, out)) {
        Ok(_) => inputs.ended(true, false),
        Err(EmitError::Write(error)) => return Err(error.into()),
        Err(EmitError::Sheet(error)) => {
            refuse(None, &error, talk);
            inputs.ended(false, true);
        }
    }
    Ok(())
}

/// Writes every table into a file of its own and prints the files' paths.
pub(super) fn write_files(
    inputs: &mut Inputs,
    folder: &Path,
    look: Look<'_>,
    out: &mut dyn Write,
    talk: &mut dyn Write,
) -> anyhow::Result<()> {
    let place = || format!("{}: the tables cannot be written", folder.display());
    fs::create_dir_all(folder).with_context(place)?;
    let mut names = Names::beside(inputs, folder);
    for file in std::mem::take(&mut inputs.files) {
        let (mut is_read, mut is_refused) = (file.listing.is_none(), false);
        if file.listing.is_none() {
            let target = names.name(Path::new(&file.shown), None);
            fs::write(&target, b"").with_context(place)?;
            writeln!(out, "{}", target.display())?;
        }
        for source in file.sources() {
            let target = names.name(Path::new(&file.shown), source.sheet.as_deref());
            match write_file(source, look, folder, &target) {
                Ok(()) => {
                    writeln!(out, "{}", target.display())?;
                    is_read = true;
                }
                Err(EmitError::Write(error)) => return Err(error).with_context(place),
                Err(EmitError::Sheet(error)) => {
                    refuse(None, &error, talk);
                    is_refused = true;
                }
            }
        }
        inputs.ended(is_read, is_refused);
    }
    Ok(())
}

fn write_file(source: &SheetSource, look: Look<'_>, folder: &Path, target: &Path) -> Result<(), EmitError> {
    let mut file = tempfile::Builder::new().prefix(".arload-").suffix(".tmp").tempfile_in(folder)?;
    emit(source, look, &mut BufWriter::with_capacity(1 << 16, file.as_file_mut()))?;
    file.persist(target).map_err(|error| error.error)?;
    Ok(())
}

/// Names of files that are free: neither given before nor an input's own.
struct Names {
    folder: PathBuf,
    /// In small letters, because many disks do not tell them apart.
    taken: HashSet<String>,
}

impl Names {
    fn beside(inputs: &Inputs, folder: &Path) -> Self {
        let canonical = |path: &Path| fs::canonicalize(path).ok();
        let here = canonical(folder);
        let paths = inputs.files.iter().filter_map(|file| canonical(Path::new(&file.shown)));
        let inside = paths.filter(|path| path.parent() == here.as_deref());
        let taken = inside.filter_map(|path| Some(path.file_name()?.to_string_lossy().to_lowercase()));
        Self { folder: folder.to_owned(), taken: taken.collect() }
    }

    fn name(&mut self, file: &Path, sheet: Option<&str>) -> PathBuf {
        let stem = file.file_stem().map_or_else(|| "table".into(), |stem| stem.to_string_lossy());
        let name = match sheet {
            Some(sheet) => format!("{stem}.{}", plain(sheet)),
            None => stem.into_owned(),
        };
        let numbered = |count: u32| if count == 1 { format!("{name}.csv") } else { format!("{name} ({count}).csv") };
        let free = (1..=u32::MAX).map(numbered).find(|name| self.taken.insert(name.to_lowercase()));
        self.folder.join(free.expect("numbers do not run out"))
    }
}

/// A sheet's name without what a file's name cannot hold on some system.
fn plain(sheet: &str) -> String {
    let is_bad = |letter: char| letter.is_control() || r#"/\:*?"<>|"#.contains(letter);
    let name: String =
        sheet.chars().take(NAME_CHARACTERS).map(|letter| if is_bad(letter) { '_' } else { letter }).collect();
    name.trim_end_matches(['.', ' ']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_possible_everywhere() {
        let mut names = Names { folder: PathBuf::from("out"), taken: HashSet::from(["b.csv".to_owned()]) };
        for (file, sheet, expected) in [
            ("in/a.csv", None, "a.csv"),
            ("other/A.xlsx", None, "A (2).csv"),
            ("b.csv", None, "b (2).csv"),
            ("c.xlsx", Some("April 2026"), "c.April 2026.csv"),
            ("c.xlsx", Some("april 2026"), "c.april 2026 (2).csv"),
            ("c.xlsx", Some("../x:y. "), "c..._x_y.csv"),
        ] {
            assert_eq!(names.name(Path::new(file), sheet), Path::new("out").join(expected), "{file} {sheet:?}");
        }
    }
}
