//! `arload invoices compare FILE... --period MONTH`: sheets against the month at the API.

use std::io;

use arload::exit::ExitCode;

use super::search::ask;
use crate::args::CompareArgs;
use crate::flags::Flags as _;
use crate::surroundings::Surroundings;

/// Compares sheets with what the API has.
pub(crate) fn run(arguments: &CompareArgs, surroundings: &Surroundings) -> anyhow::Result<ExitCode> {
    ask("invoices compare", &arguments.values(), surroundings, |console, session, stop| {
        super::sheets::size_pool(session.settings.threads);
        let pipeline = session.pipeline(stop, console);
        Ok(pipeline.compare_sheets(&arguments.files, Box::new(io::stdin()))?.exit)
    })
}
