//! `arload inspect FILE...`: what is understood of sheets, or their tables as CSV.
//!
//! Owns the choice of sheets, where tables go, and the exit code. The one rule: a file that cannot be read is named
//! and never stops the others.

mod saving;
mod shown;
mod tables;

use std::fmt::Write as _;
use std::io::{self, BufWriter, Write};

use arload::clock::{Clock as _, SystemClock};
use arload::config::Settings;
use arload::config::layers::Purpose;
use arload::exit::ExitCode;
use arload::finding::printable;
use arload::inspect::rehearsal::rehearse;
use arload::inspect::{self, Inspection, Look};
use arload::operation::Operation;
use arload::sheet::SheetSource;
use arload::sheet::error::SheetError;
use arload::sheet::input::{self, Found};
use arload::sheet::open::{Listing, list};

use serde::Serialize;

use self::saving::Saving;
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
    let flags = arguments.values();
    let settled = surroundings.settle(&flags, Purpose::Shown)?;
    for warning in &settled.warnings {
        say(talk, &format!("arload: {warning}"));
    }
    let saving = match &arguments.save_mapping {
        Some(name) => Some(Saving::new(name, surroundings.mapping_place(&flags, name)?, arguments.force)?),
        None => None,
    };
    let found = input::find(&arguments.files, Box::new(io::stdin()), &std::env::temp_dir());
    let settings = &settled.settings;
    let look = Look { operation: arguments.operation, reading: &settings.reading, mapping: &settings.mapping };
    let mut inputs = Inputs::open(&found, &settings.reading, talk);
    match (&arguments.emit, &arguments.out) {
        (Some(_), Some(folder)) => tables::write_files(&mut inputs, folder, look, out, talk)?,
        (Some(_), None) => tables::write_one(&mut inputs, look, out, talk)?,
        (None, _) => {
            let out = BufWriter::new(out);
            let mut shown = Shown { json: arguments.json, is_first: true, out, saving };
            shown.passed_over(&found, &inputs)?;
            let rehearsal = arguments.operation.map(|operation| (operation, settings));
            show(&mut inputs, look, rehearsal, &mut shown, talk)?;
            shown.out.flush()?;
            if let Some((saving, operation)) = shown.saving.zip(arguments.operation) {
                saving.finish(operation, talk)?;
            }
        }
    }
    inputs.sum_up(talk);
    Ok(inputs.exit())
}

/// The files to look at, and what became of all inputs.
struct Inputs {
    files: Vec<InputFile>,
    count: usize,
    /// Inputs of which something was read.
    read: usize,
    /// Inputs that were refused, whole or in part.
    refused: usize,
    skipped: usize,
    /// Inputs without a row.
    empty: usize,
    /// What was refused on opening, as told.
    refusals: Vec<Refusal>,
}

/// One file; an empty one has no listing.
struct InputFile {
    shown: String,
    listing: Option<Listing>,
}

/// An input, or a sheet of one, that cannot be read.
#[derive(Serialize)]
struct Refusal {
    /// None for an argument that leads to no file.
    file: Option<String>,
    refused: String,
    hint: Option<String>,
}

impl Inputs {
    fn open(found: &Found, reading: &arload::config::Reading, talk: &mut dyn Write) -> Self {
        let count = found.files.len() + found.refused.len();
        let (files, refusals, skipped) = (Vec::new(), Vec::new(), found.skipped.len());
        let mut inputs = Self { files, count, read: 0, refused: 0, skipped, empty: 0, refusals };
        for (path, reason) in &found.skipped {
            say(talk, &format!("{}: skipped: {reason}", path.display()));
        }
        for error in &found.refused {
            inputs.refuse_whole(None, error, talk);
        }
        for path in &found.files {
            let spooled = found.spool.as_ref().is_some_and(|spool| spool.path == *path);
            let shown = if spooled { "stdin".to_owned() } else { path.display().to_string() };
            match list(path, reading) {
                Ok(listing) => inputs.files.push(InputFile { shown, listing: Some(listing) }),
                Err(SheetError::Empty { .. }) => {
                    inputs.empty += 1;
                    inputs.files.push(InputFile { shown, listing: None });
                }
                Err(error) => inputs.refuse_whole(Some(shown), &error, talk),
            }
        }
        inputs
    }

    fn refuse_whole(&mut self, file: Option<String>, error: &SheetError, talk: &mut dyn Write) {
        self.refused += 1;
        let refusal = refuse(file, error, talk);
        self.refusals.push(refusal);
    }

    /// Notes how reading a file ended.
    fn ended(&mut self, is_read: bool, is_refused: bool) {
        self.read += usize::from(is_read);
        self.refused += usize::from(is_refused);
    }

    /// The sheets of all files, in order.
    fn sources(&self) -> Vec<(&InputFile, &SheetSource)> {
        let sheets = |file| InputFile::sources(file).iter().map(move |source| (file, source));
        self.files.iter().flat_map(sheets).collect()
    }

    /// Says what became of several files.
    fn sum_up(&self, talk: &mut dyn Write) {
        if self.count > 1 {
            let Self { count, read, refused, skipped, empty, .. } = self;
            let mut words = format!("{count} files: {} read, {refused} refused", read - empty);
            for (number, what) in [(empty, "empty"), (skipped, "skipped beside them")] {
                if *number > 0 {
                    let _ = write!(words, ", {number} {what}");
                }
            }
            say(talk, &words);
        }
    }

    fn exit(&self) -> ExitCode {
        match (self.refused, self.read) {
            (0, _) => ExitCode::Success,
            (_, 0) => ExitCode::Usage,
            _ => ExitCode::NotAllAccepted,
        }
    }
}

/// Tells of a file that cannot be read.
fn refuse(file: Option<String>, error: &SheetError, talk: &mut dyn Write) -> Refusal {
    let cause = std::error::Error::source(error).map_or_else(String::new, |cause| format!(": {cause}"));
    let refusal = Refusal { file, refused: format!("{error}{cause}"), hint: error.hint() };
    say(talk, &format!("arload: {}", refusal.refused));
    if let Some(hint) = &refusal.hint {
        say(talk, &format!("hint: {hint}"));
    }
    refusal
}

impl InputFile {
    fn sources(&self) -> &[SheetSource] {
        self.listing.as_ref().map_or(&[], |listing| &listing.sources)
    }
}

/// Tells a person; nothing more can be done where even that fails.
fn say(talk: &mut dyn Write, line: &str) {
    let _ = writeln!(talk, "{}", printable(line));
}

/// Where inspections go.
struct Shown<'a> {
    json: bool,
    is_first: bool,
    out: BufWriter<&'a mut dyn Write>,
    saving: Option<Saving>,
}

impl Shown<'_> {
    /// Tools are told of files that were skipped or refused too; people were told already.
    fn passed_over(&mut self, found: &Found, inputs: &Inputs) -> anyhow::Result<()> {
        for (path, reason) in found.skipped.iter().filter(|_| self.json) {
            writeln!(self.out, "{}", serde_json::json!({ "file": path.display().to_string(), "skipped": reason }))?;
        }
        inputs.refusals.iter().try_for_each(|refusal| self.refused(refusal))
    }

    fn refused(&mut self, refusal: &Refusal) -> anyhow::Result<()> {
        if self.json {
            writeln!(self.out, "{}", serde_json::to_string(refusal)?)?;
        }
        Ok(())
    }

    fn write(&mut self, inspection: &Inspection) -> anyhow::Result<()> {
        if self.json {
            writeln!(self.out, "{}", serde_json::to_string(inspection)?)?;
        } else {
            let gap = if std::mem::take(&mut self.is_first) { "" } else { "\n" };
            write!(self.out, "{gap}{}", shown::text(inspection))?;
        }
        self.saving.as_mut().map_or(Ok(()), |saving| saving.take(inspection))
    }
}

fn show(
    inputs: &mut Inputs,
    look: Look<'_>,
    rehearsal: Option<(&'static Operation, &Settings)>,
    shown: &mut Shown<'_>,
    talk: &mut dyn Write,
) -> anyhow::Result<()> {
    let now = SystemClock::default().now();
    for file in std::mem::take(&mut inputs.files) {
        let Some(listing) = &file.listing else {
            shown.write(&inspect::nothing(file.shown))?;
            inputs.ended(true, false);
            continue;
        };
        let (mut is_read, mut is_refused) = (false, false);
        for source in &listing.sources {
            match inspect::inspect(source, listing, look) {
                Ok(mut inspection) => {
                    inspection.file.clone_from(&file.shown);
                    if let Some((operation, settings)) = rehearsal {
                        let today = now.to_zoned(settings.timezone.clone()).date();
                        rehearse(&mut inspection, source, operation, settings, today)?;
                    }
                    shown.write(&inspection)?;
                    is_read = true;
                }
                Err(error) => {
                    shown.refused(&refuse(Some(file.shown.clone()), &error, talk))?;
                    is_refused = true;
                }
            }
        }
        inputs.ended(is_read, is_refused);
    }
    Ok(())
}
