//! What `arload inspect` takes.
//!
//! Reading and mapping are told by the flags that operations have, so that it shows what an operation would read.

use std::ffi::OsString;
use std::path::PathBuf;

use arload::nearest::nearest;
use arload::operation::{self, Operation};
use clap::Args;

use super::{AccountArgs, MappingArgs, ReadingArgs};

/// What `inspect` takes.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Examples:\n  arload inspect march.xlsx\n  arload inspect march.xlsx --as \"invoices create\"\n  \
    arload inspect march.xlsx --as \"invoices create\" --save-mapping tally\n  \
    arload inspect march.xlsx --sheet March --emit csv > march.csv\n  arload inspect inbox --emit csv --out tables"
)]
pub(crate) struct InspectArgs {
    /// Sheets to look at: files, globs, folders, or - for standard input
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<OsString>,
    /// Show what the columns mean to this operation
    ///
    /// Any operation on sheets, such as "invoices create" or "customers patch". Default: the one that the headings fit best.
    #[arg(long = "as", value_name = "OPERATION", value_parser = operation_named)]
    pub(crate) operation: Option<&'static Operation>,
    /// Write what the columns mean into NAME.mapping.toml, for --mapping NAME
    ///
    /// The file stands beside the settings file, else here; a value that ends in .toml is a path. All sheets given must
    /// have the same headings. Default: nothing is written.
    #[arg(long, value_name = "NAME", requires = "operation", conflicts_with = "emit")]
    pub(crate) save_mapping: Option<String>,
    /// Replace a mapping file that exists
    ///
    /// Default: off.
    #[arg(long, requires = "save_mapping")]
    pub(crate) force: bool,
    /// Write the table as it is read, and nothing else
    ///
    /// Raw cell texts as UTF-8, quoted by RFC 4180. Default: off.
    #[arg(long, value_name = "FORMAT", value_parser = ["csv"], conflicts_with = "json")]
    pub(crate) emit: Option<String>,
    /// Write one file for each sheet into this folder
    ///
    /// It is created; files of the same names are replaced, inputs never. Default: standard output.
    #[arg(long, value_name = "DIR", requires = "emit")]
    pub(crate) out: Option<PathBuf>,
    /// Print one JSON document a sheet, each on a line
    ///
    /// Default: off.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) account: AccountArgs,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    #[command(flatten)]
    pub(crate) mapping: MappingArgs,
}

fn operation_named(name: &str) -> Result<&'static Operation, String> {
    Operation::by_name(name).ok_or_else(|| {
        let names: Vec<String> = operation::ALL.iter().map(|operation| format!("\"{}\"", operation.name())).collect();
        let known: Vec<String> = operation::ALL.iter().map(Operation::name).collect();
        let near = nearest(name, known.iter().map(String::as_str));
        let near = near.map(|near| format!("did you mean \"{near}\"? ")).unwrap_or_default();
        format!("{near}expected one of {}", names.join(", "))
    })
}
