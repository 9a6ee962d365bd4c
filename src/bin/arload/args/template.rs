//! What `arload template` takes.

use std::path::PathBuf;

use clap::Args;

/// What `template` takes.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Examples:\n  arload template invoices create -o april.xlsx\n  arload template customers patch -o \
    changes.csv\n  arload template reminders create > reminders.csv\n\nThe headings are the names of the fields; a star marks \
    those that every row must fill. The example row below them is recognised and not sent."
)]
pub(crate) struct TemplateArgs {
    /// What the sheet is about
    #[arg(value_name = "RESOURCE", value_parser = ["customers", "invoices", "reminders"])]
    pub(crate) resource: String,
    /// What is to be done, as in the command
    #[arg(value_name = "VERB")]
    pub(crate) verb: String,
    /// Write this file; it ends in .xlsx or .csv
    ///
    /// A workbook has notes, drop-downs and formats that keep zeros in front. Default: CSV on standard output.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Replace a file that exists
    ///
    /// Default: off.
    #[arg(long, requires = "output")]
    pub(crate) force: bool,
}
