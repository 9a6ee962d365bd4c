//! `arload runs show ID --open`: the run's page in the browser.
//!
//! The rule: only a page that says that it is the run's is opened, and where none can be shown its place is told.

use std::io::Write;
use std::path::PathBuf;

use arload::error::RunError;
use arload::exit::ExitCode;
use arload::ledger::Run;
use arload::platform;
use arload::results::report;
use arload::stop::Stop;

use crate::console::Console;
use crate::session::Session;

/// Limit: pages opened at once; a run may have hundreds of files.
const OPENED: usize = 5;

/// Opens the pages of a run.
pub(super) fn open(session: &Session, run: &Run, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let (console, stop) = (Console::new(session.settings.output), Stop::default());
    let pipeline = session.pipeline(&stop, &console);
    let mut inputs: Vec<PathBuf> = Vec::new();
    for sheet in session.ledger().sheets(run.id)? {
        let path = platform::path_of_text(&sheet.path);
        if !inputs.contains(&path) {
            inputs.push(path);
        }
    }
    let (found, missing) = report::pages(&inputs, &pipeline.label(run)?, &pipeline.result_settings());
    if let (true, Some(path)) = (found.is_empty(), missing.first()) {
        return Err(RunError::Input {
            message: format!("{}: no page of run {} there", path.display(), run.id),
            hint: format!(
                "\"arload runs results {}\" writes it; with --results DIR if results went into a folder",
                run.id
            ),
        }
        .into());
    }
    // Data for scripts stays alone on standard output.
    let mut talk = std::io::stderr().lock();
    let out: &mut dyn Write = if session.settings.output.json { &mut talk } else { out };
    for (index, path) in found.iter().enumerate() {
        let opened = if index < OPENED { platform::show_file(path).map(|()| ", opened") } else { Ok("") };
        match opened {
            Ok(how) => writeln!(out, "report: {}{how}", path.display())?,
            Err(error) => writeln!(out, "report: {}; open it in a browser yourself: {error}", path.display())?,
        }
    }
    for path in missing {
        writeln!(out, "report: {}: not there; \"arload runs results {}\" writes it", path.display(), run.id)?;
    }
    Ok(ExitCode::Success)
}
