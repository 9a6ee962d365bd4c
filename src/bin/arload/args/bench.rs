//! What `arload bench` takes.
//!
//! The rule: without `--base-url` nothing leaves this machine, and with it `--rows` is a decision of the user's.

use std::path::PathBuf;

use arload::bench::stages::STAGES;
use arload::config::values;
use clap::{Args, Subcommand, ValueEnum};

use super::AccountArgs;

/// What `bench` takes.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, after_long_help = stages())]
pub(crate) struct BenchArgs {
    #[command(subcommand)]
    pub(crate) command: Option<BenchCommand>,
    /// Measure over this many rows; workbooks have a tenth of it
    ///
    /// Default: 100000; with --base-url it must be given.
    #[arg(long, value_name = "N", value_parser = |text: &str| values::count(text, 1, 1 << 30))]
    pub(crate) rows: Option<u64>,
    /// Begin every random draw here
    ///
    /// Default: 1.
    #[arg(long, value_name = "N", default_value_t = 1, hide_default_value = true)]
    pub(crate) seed: u64,
    /// Measure only these stages, joined by commas, and what they are compared with
    ///
    /// Default: all that are listed below.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) stages: Vec<String>,
    /// Measure each stage so often and show the median
    ///
    /// Default: 3.
    #[arg(long, value_name = "N", default_value = "3", hide_default_value = true,
        value_parser = |text: &str| values::count(text, 1, 1_000))]
    pub(crate) repeat: u64,
    /// Use this many workers for reading and checking
    ///
    /// Default: one for each processor.
    #[arg(long, value_name = "N", value_parser = |text: &str| values::count(text, 1, 1_024))]
    pub(crate) threads: Option<u64>,
    /// Send at this rate in the stage that sends at a limit
    ///
    /// As in 50/s or 300/min. Default: 50/s; with --base-url the profile's.
    #[arg(long, value_name = "RATE", value_parser = values::rate)]
    pub(crate) rate: Option<f64>,
    /// Let the stand-in answer after so many milliseconds in that stage, give or take two thirds
    ///
    /// Default: 150.
    #[arg(long, value_name = "MS", default_value = "150", hide_default_value = true,
        value_parser = |text: &str| values::count(text, 0, 60_000))]
    pub(crate) latency: u64,
    /// Send for about so many seconds in that stage
    ///
    /// Default: 20.
    #[arg(long, value_name = "N", default_value = "20", hide_default_value = true,
        value_parser = |text: &str| values::count(text, 1, 86_400))]
    pub(crate) seconds: u64,
    /// Put this many rows into a request
    ///
    /// Default: 500; in the stage that sends at a limit, as few as --seconds takes.
    #[arg(long, value_name = "N", value_parser = |text: &str| values::count(text, 1, 10_000))]
    pub(crate) max_chunk_rows: Option<u64>,
    /// Have at most this many requests under way where there is no limit
    ///
    /// Default: 8.
    #[arg(long, value_name = "N", default_value = "8", hide_default_value = true,
        value_parser = |text: &str| values::count(text, 1, 256))]
    pub(crate) concurrency: u64,
    /// Draw requests a second over time against the limit into this SVG file
    ///
    /// Default: no picture.
    #[arg(long, value_name = "FILE.svg")]
    pub(crate) plot: Option<PathBuf>,
    /// Print the figures as JSON
    ///
    /// Default: off.
    #[arg(long)]
    pub(crate) json: bool,
    /// Keep sheets and ledgers below this folder while measuring
    ///
    /// A million rows take some 3 GB. Default: the system's temporary folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
    /// Send generated invoices to the account at this address, and measure that alone
    ///
    /// They are really created. Asks first. Default: nothing leaves this machine.
    #[arg(long, value_name = "URL", conflicts_with_all = ["stages", "latency", "seconds", "repeat", "folder"])]
    pub(crate) base_url: Option<String>,
    /// Send them to this customer; may be repeated
    ///
    /// Default: customers that are made up.
    #[arg(long, value_name = "KC...", requires = "base_url")]
    pub(crate) customer: Vec<String>,
    /// Do not ask before invoices are created at --base-url
    ///
    /// Default: ask.
    #[arg(long, requires = "base_url")]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) account: AccountArgs,
}

/// What else `bench` does.
#[derive(Debug, Subcommand)]
pub(crate) enum BenchCommand {
    /// Write a generated sheet; the same arguments give the same bytes
    Generate(GenerateArgs),
}

/// What `bench generate` takes.
#[derive(Debug, Args)]
pub(crate) struct GenerateArgs {
    /// Write the sheet here
    ///
    /// A file of that name is replaced.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Write this many rows
    ///
    /// Default: 100000.
    #[arg(long, value_name = "N", default_value = "100000", hide_default_value = true,
        value_parser = |text: &str| values::count(text, 0, 1 << 30))]
    pub(crate) rows: u64,
    /// Begin every random draw here
    ///
    /// Default: 1.
    #[arg(long, value_name = "N", default_value_t = 1, hide_default_value = true)]
    pub(crate) seed: u64,
    /// What the rows are
    ///
    /// Default: invoices.
    #[arg(long, value_name = "KIND", value_enum, default_value = "invoices", hide_default_value = true)]
    pub(crate) kind: Kind,
    /// Make this share of the rows bad
    ///
    /// Each has one fault of some kind; with 100% each has three. Default: 1%.
    #[arg(long, value_name = "SHARE", default_value = "1%", hide_default_value = true, value_parser = values::share)]
    pub(crate) bad: f64,
    /// Write this kind of file
    ///
    /// Default: as the name of the file ends.
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub(crate) format: Option<Form>,
    /// Send every invoice to this customer; may be repeated
    ///
    /// Default: customers that are made up.
    #[arg(long, value_name = "KC...")]
    pub(crate) customer: Vec<String>,
}

/// What rows are.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Kind {
    Invoices,
    Customers,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    Csv,
    #[value(name = "csv.gz")]
    CsvGz,
    Xlsx,
}

/// The stages, for the help.
fn stages() -> String {
    let lines: Vec<String> = STAGES.iter().map(|stage| format!("  {:<15}{}", stage.name, stage.about)).collect();
    format!("Stages:\n{}", lines.join("\n"))
}
