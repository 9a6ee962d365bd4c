//! What the columns mean, written as a mapping file that `--mapping` finds.
//!
//! Leaves the form of the file to [`arload::mapping::saved`] and its place to [`arload::config`]. The one rule: a file
//! is written once, whole, and never over another one unasked; sheets that do not agree leave none.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use arload::error::RunError;
use arload::finding::{printable, quote};
use arload::inspect::Inspection;
use arload::mapping::saved;
use arload::operation::Operation;

/// A mapping file to be.
pub(super) struct Saving {
    name: String,
    place: PathBuf,
    replaces: bool,
    /// The sheet that it was made for, with its headings.
    made_for: Option<MadeFor>,
}

struct MadeFor {
    label: String,
    headings: Vec<String>,
    text: String,
    problem: Option<String>,
    /// Why its rows may have to be joined, though nobody asked for it.
    lines: Option<String>,
}

impl Saving {
    /// A mapping file of this name, which must not be there unless it may be replaced.
    pub(super) fn new(name: &str, place: PathBuf, replaces: bool) -> anyhow::Result<Saving> {
        if place.symlink_metadata().is_ok() && !replaces {
            return Err(exists(&place));
        }
        Ok(Saving { name: name.trim().to_owned(), place, replaces, made_for: None })
    }

    /// Takes a sheet's mapping; a sheet without headings, such as a cover, has none.
    pub(super) fn take(&mut self, inspection: &Inspection) -> anyhow::Result<()> {
        let Some(understood) = &inspection.mapping else { return Ok(()) };
        let label = match &inspection.sheet {
            Some(sheet) => format!("{}[{sheet}]", inspection.file),
            None => inspection.file.clone(),
        };
        let problem = understood.problem.clone();
        let Some(text) = understood.as_file.clone() else {
            let problem = problem.unwrap_or_else(|| "no column fills a field".to_owned());
            let hint = "name the columns with --map \"HEADING=FIELD\"".to_owned();
            return Err(refused(format!("{label}: there is no mapping to save: {problem}"), hint));
        };
        let headings: Vec<String> = inspection.columns.iter().map(|column| column.heading.clone()).collect();
        let lines = understood.continued_words().filter(|_| !understood.joined);
        let lines = lines.map(|what| format!("in {label}, {what}"));
        let Some(first) = &mut self.made_for else {
            self.made_for = Some(MadeFor { label, headings, text, problem, lines });
            return Ok(());
        };
        let differ = if first.headings != headings {
            "have different headings"
        } else if first.text != text {
            "have the same headings, but their values give them different meanings"
        } else {
            first.lines = first.lines.take().or(lines);
            return Ok(());
        };
        let hint = "save a mapping for each: name one file, and one of its sheets with --sheet NAME".to_owned();
        Err(refused(format!("--save-mapping: {} and {label} {differ}", first.label), hint))
    }

    /// Writes the file and says how to use it.
    pub(super) fn finish(self, operation: &Operation, talk: &mut dyn Write) -> anyhow::Result<()> {
        let Some(made_for) = self.made_for else {
            let hint = "name a sheet whose row of headings is recognised, or pass --header-row N".to_owned();
            return Err(refused("--save-mapping: no sheet with headings was read".to_owned(), hint));
        };
        let explained = made_for.lines.as_ref().and_then(|why| saved::explain_lines(&made_for.text, why));
        let text = explained.as_ref().unwrap_or(&made_for.text);
        write(&self.place, text.as_bytes(), self.replaces)?;
        let name = if self.name.contains(' ') { quote(&self.name) } else { self.name };
        let (place, command) = (self.place.display(), operation.name());
        writeln!(talk, "wrote {place}: \"arload {command} FILE --mapping {name}\" uses it")?;
        if let Some(why) = made_for.lines.filter(|_| explained.is_some()) {
            writeln!(talk, "group = true stands in it as a comment only: {}", printable(&why))?;
            writeln!(talk, "hint: take the # away if these rows are lines of one invoice, or pass --group")?;
        }
        if let Some(problem) = made_for.problem {
            writeln!(talk, "an upload with it would still be refused: {problem}")?;
        }
        Ok(())
    }
}

fn write(place: &Path, text: &[u8], replaces: bool) -> anyhow::Result<()> {
    let failed = || format!("{}: the mapping cannot be written", place.display());
    let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder).with_context(failed)?;
    // Private from the start: a mapping file that others can write is not read.
    let file = tempfile::Builder::new().prefix(".arload-").suffix(".tmp").tempfile_in(folder);
    let mut file = file.with_context(failed)?;
    file.write_all(text).and_then(|()| file.as_file().sync_all()).with_context(failed)?;
    if replaces {
        file.persist(place).map_err(|error| error.error).with_context(failed)?;
        return Ok(());
    }
    match file.persist_noclobber(place) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => Err(exists(place)),
        Err(error) => Err(error.error).with_context(failed),
    }
}

fn exists(place: &Path) -> anyhow::Error {
    let hint = "pass --force to replace it, or choose another name".to_owned();
    refused(format!("{}: already exists, nothing written", place.display()), hint)
}

fn refused(message: String, hint: String) -> anyhow::Error {
    RunError::Input { message, hint }.into()
}
