//! `arload invoices search`, `customers search` and `customers pull`: what the API has, as a file.
//!
//! The rule: where an export may not go is said before anything is asked, and standard output holds the export alone.

use std::io;
use std::sync::Arc;

use anyhow::bail;
use arload::api::Searched;
use arload::config::given::FlagValues;
use arload::config::layers::Purpose;
use arload::error::RunError;
use arload::event::{Event, Observer as _};
use arload::exit::ExitCode;
use arload::export::Place;
use arload::stop::Stop;

use crate::args::{AskingArgs, ExportArgs, PullArgs};
use crate::console::Console;
use crate::flags::Flags as _;
use crate::interrupt;
use crate::screen;
use crate::session::{Session, Use};
use crate::surroundings::Surroundings;

/// Exports a search with the filters that were given.
pub(crate) fn run(
    searched: Searched,
    filters: &[(String, String)],
    export: &ExportArgs,
    asking: &AskingArgs,
    surroundings: &Surroundings,
) -> anyhow::Result<ExitCode> {
    arload::export::filters::body(searched, filters)?;
    let place = Place::settle(export.output.as_deref(), export.force)?;
    let name = match searched {
        Searched::Invoices => "invoices search",
        Searched::Customers => "customers search",
    };
    let asked = ask(name, &asking.values(), surroundings, |console, session, stop| {
        if place.file.is_none() && session.settings.output.json {
            bail!(RunError::Input {
                message: "--json: standard output cannot hold events and the export; nothing was asked".to_owned(),
                hint: "name a file with --output, such as -o export.json".to_owned(),
            });
        }
        session.pipeline(stop, console).export(searched, filters, &place, &mut *screen::data())?;
        Ok(ExitCode::Success)
    });
    match asked {
        Err(error) if is_closed_pipe(&error) => Ok(ExitCode::Success),
        asked => asked,
    }
}

/// Brings the customer directory up to date.
pub(crate) fn pull(arguments: &PullArgs, surroundings: &Surroundings) -> anyhow::Result<ExitCode> {
    let export = &arguments.export;
    let place = match &export.output {
        Some(file) => Some(Place::settle(Some(file), export.force)?),
        None => None,
    };
    ask("customers pull", &arguments.asking.values(), surroundings, |console, session, stop| {
        session.pipeline(stop, console).pull(place.as_ref())?;
        Ok(ExitCode::Success)
    })
}

/// Opens a session for a command that only asks.
pub(super) fn ask(
    name: &str,
    flags: &FlagValues,
    surroundings: &Surroundings,
    command: impl FnOnce(&Console, &Session, &Stop) -> anyhow::Result<ExitCode>,
) -> anyhow::Result<ExitCode> {
    let settled = surroundings.settle(flags, Purpose::Account)?;
    let console = Console::new(settled.settings.output);
    for message in settled.warnings {
        console.event(&Event::Warning { message, hint: None });
    }
    let stop = Arc::new(Stop::default());
    interrupt::listen(&stop, interrupt::FINISHING)?;
    let session = Session::open(settled.settings, Use::Write, &stop)?;
    console.event(&Event::Account {
        host: session.host().to_owned(),
        environment: session.settings.environment.clone(),
        company: session.settings.company.company_id.clone(),
        operation: name.to_owned(),
    });
    command(&console, &session, &stop)
}

/// Whether nobody reads standard output any more, as after `| head`.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    matches!(
        error.downcast_ref::<RunError>(),
        Some(RunError::NotExported { cause, .. }) if cause.kind() == io::ErrorKind::BrokenPipe
    )
}
