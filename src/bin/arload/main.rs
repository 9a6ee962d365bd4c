//! The program: reads the command line, builds what a command needs, and hands it over.
//!
//! The rule: data goes to standard output, talk to standard error, and a closed pipe ends quietly.

mod args;
mod commands;
mod flags;
mod help;
mod surroundings;

use std::io::{self, Write as _};

use arload::config::error::ConfigError;
use arload::exit::ExitCode;
use clap::Parser as _;

use crate::args::{Arguments, Command};
use crate::surroundings::Surroundings;

fn main() -> std::process::ExitCode {
    let arguments = Arguments::parse();
    let code = run(&arguments).unwrap_or_else(|error| report(&error));
    code.into()
}

fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let surroundings = Surroundings::look();
    let (mut out, mut talk) = (io::stdout().lock(), io::stderr().lock());
    match &arguments.command {
        Command::Config(command) => commands::config::run(command, &surroundings, &mut out, &mut talk),
        Command::Invoices(_) | Command::Customers(_) | Command::Runs(_) | Command::Sandbox(_) => {
            writeln!(talk, "arload: this command is not part of this version")?;
            Ok(ExitCode::Usage)
        }
    }
}

/// Says why the program ends. Nothing more can be done where even that fails.
fn report(error: &anyhow::Error) -> ExitCode {
    let closed = |cause: &(dyn std::error::Error + 'static)| {
        cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    };
    if error.chain().any(closed) {
        return ExitCode::Success;
    }
    let mut talk = io::stderr().lock();
    let _ = writeln!(talk, "arload: {error:#}");
    if let Some(hint) = error.downcast_ref::<ConfigError>().and_then(ConfigError::hint) {
        let _ = writeln!(talk, "hint: {hint}");
    }
    ExitCode::Usage
}
