//! `arload inspect FILE...`: what is understood of sheets, or their tables as CSV.
//!
//! Owns the choice of sheets, where tables go, and the exit code. The one rule: a file that cannot be read is named
//! and never stops the others.

mod shown;
mod tables;

use std::io::{self, BufWriter, Write};

use arload::config::layers::Purpose;
use arload::exit::ExitCode;
use arload::inspect::{self, Inspection, Look};
use arload::sheet::SheetSource;
use arload::sheet::error::SheetError;
use arload::sheet::input::{self, Found};
use arload::sheet::open::{Listing, list};

use crate::args::InspectArgs;
use crate::flags::Flags as _;
use crate::surroundings::Surroundings;

/// Runs `inspect`; `out` takes data, `talk` what went wrong.
pub(crate) fn run(
    arguments: &InspectArgs,
    surroundings: &Surroundings,
    out: &mut dyn Write,
    talk: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let settled = surroundings.settle(&arguments.values(), Purpose::Local)?;
    let found = input::find(&arguments.files, Box::new(io::stdin()), &std::env::temp_dir());
    let mut inputs = Inputs::open(&found, &settled.settings.reading, talk);
    let look =
        Look { operation: arguments.operation, reading: &settled.settings.reading, mapping: &settled.settings.mapping };
    if arguments.emit.is_some() {
        match &arguments.out {
            Some(folder) => tables::write_files(&mut inputs, folder, look, out, talk)?,
            None => tables::write_one(&mut inputs, look, out, talk)?,
        }
    } else {
        show(&mut inputs, look, arguments.json, out, talk)?;
    }
    Ok(inputs.exit())
}

/// The files to look at, and how many of all inputs were refused.
struct Inputs {
    files: Vec<InputFile>,
    count: usize,
    refused: usize,
}

/// One file; an empty one has no listing.
struct InputFile {
    shown: String,
    listing: Option<Listing>,
}

impl Inputs {
    fn open(found: &Found, reading: &arload::config::Reading, talk: &mut dyn Write) -> Self {
        let mut inputs = Self { files: Vec::new(), count: found.files.len() + found.refused.len(), refused: 0 };
        for (path, reason) in &found.skipped {
            say(talk, &format!("{}: skipped: {reason}", path.display()));
        }
        for error in &found.refused {
            inputs.refuse(error, talk);
        }
        for path in &found.files {
            let spooled = found.spool.as_ref().is_some_and(|spool| spool.path == *path);
            let shown = if spooled { "stdin".to_owned() } else { path.display().to_string() };
            match list(path, reading) {
                Ok(listing) => inputs.files.push(InputFile { shown, listing: Some(listing) }),
                Err(SheetError::Empty { .. }) => inputs.files.push(InputFile { shown, listing: None }),
                Err(error) => inputs.refuse(&error, talk),
            }
        }
        inputs
    }

    /// Names a file that cannot be read, once.
    fn refuse(&mut self, error: &SheetError, talk: &mut dyn Write) {
        self.refused += 1;
        let cause = std::error::Error::source(error).map_or_else(String::new, |cause| format!(": {cause}"));
        say(talk, &format!("arload: {error}{cause}"));
        if let Some(hint) = error.hint() {
            say(talk, &format!("hint: {hint}"));
        }
    }

    /// The sheets of all files, in order.
    fn sources(&self) -> Vec<(&InputFile, &SheetSource)> {
        let sheets = |file| InputFile::sources(file).iter().map(move |source| (file, source));
        self.files.iter().flat_map(sheets).collect()
    }

    fn exit(&self) -> ExitCode {
        match self.refused {
            0 => ExitCode::Success,
            refused if refused >= self.count => ExitCode::Usage,
            _ => ExitCode::NotAllAccepted,
        }
    }
}

impl InputFile {
    fn sources(&self) -> &[SheetSource] {
        self.listing.as_ref().map_or(&[], |listing| &listing.sources)
    }
}

/// Tells a person; nothing more can be done where even that fails.
fn say(talk: &mut dyn Write, line: &str) {
    let _ = writeln!(talk, "{line}");
}

fn show(
    inputs: &mut Inputs,
    look: Look<'_>,
    json: bool,
    out: &mut dyn Write,
    talk: &mut dyn Write,
) -> anyhow::Result<()> {
    let mut out = BufWriter::new(out);
    let mut first = true;
    for file in std::mem::take(&mut inputs.files) {
        let mut is_broken = false;
        let Some(listing) = &file.listing else {
            write(&inspect::nothing(file.shown), json, &mut first, &mut out)?;
            continue;
        };
        for source in &listing.sources {
            match inspect::inspect(source, listing, look) {
                Ok(mut inspection) => {
                    inspection.file.clone_from(&file.shown);
                    write(&inspection, json, &mut first, &mut out)?;
                }
                Err(error) => {
                    inputs.refuse(&error, talk);
                    // A file of several broken sheets counts as one input.
                    inputs.refused -= usize::from(std::mem::replace(&mut is_broken, true));
                }
            }
        }
    }
    out.flush()?;
    Ok(())
}

fn write(inspection: &Inspection, json: bool, first: &mut bool, out: &mut dyn Write) -> anyhow::Result<()> {
    if json {
        writeln!(out, "{}", serde_json::to_string(inspection)?)?;
    } else {
        let gap = if std::mem::take(first) { "" } else { "\n" };
        write!(out, "{gap}{}", shown::text(inspection))?;
    }
    Ok(())
}
