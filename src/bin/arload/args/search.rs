//! The arguments of what asks the API alone: `invoices search`, `customers search`, `customers pull`, `invoices compare`.
//!
//! The filters are those of [`arload::export::filters`], each a flag; the rule: none is declared here a second time.

use std::ffi::OsString;
use std::path::PathBuf;

use arload::api::Searched;
use arload::export::filters;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};

use super::{
    AccountArgs, CustomersArgs, MappingArgs, OutputArgs, PaceArgs, ReadingArgs, ResultsArgs, ServerArgs, StateArgs,
    WaitArgs,
};

/// What talks to the API without sheets.
#[derive(Debug, Args)]
pub(crate) struct AskingArgs {
    #[command(flatten)]
    pub(crate) account: AccountArgs,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    #[command(flatten)]
    pub(crate) wait: WaitArgs,
    #[command(flatten)]
    pub(crate) pace: PaceArgs,
    #[command(flatten)]
    pub(crate) state: StateArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Where an export goes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Export")]
pub(crate) struct ExportArgs {
    /// Write the export to this file; its name ends in .csv, .json or .xlsx
    ///
    /// A search that was stopped goes on by the same command. Default: CSV on standard output.
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Replace a file that exists
    ///
    /// Default: off.
    #[arg(long)]
    pub(crate) force: bool,
}

/// What `invoices search` takes.
#[derive(Debug, Args)]
pub(crate) struct InvoicesSearchArgs {
    #[command(flatten)]
    pub(crate) filters: InvoiceFilters,
    #[command(flatten)]
    pub(crate) export: ExportArgs,
    #[command(flatten)]
    pub(crate) asking: AskingArgs,
}

/// What `customers search` takes.
#[derive(Debug, Args)]
pub(crate) struct CustomersSearchArgs {
    #[command(flatten)]
    pub(crate) filters: CustomerFilters,
    #[command(flatten)]
    pub(crate) export: ExportArgs,
    #[command(flatten)]
    pub(crate) asking: AskingArgs,
}

/// What `customers pull` takes.
#[derive(Debug, Args)]
pub(crate) struct PullArgs {
    #[command(flatten)]
    pub(crate) export: ExportArgs,
    #[command(flatten)]
    pub(crate) asking: AskingArgs,
}

/// What `invoices compare` takes.
#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    /// Sheets to compare: files, globs, folders, or - for standard input
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<OsString>,
    /// Compare the invoices of this month
    ///
    /// As in 2026-03; rows of other months are left out. Default: none, it must be given.
    #[arg(long, value_name = "MONTH", required = true)]
    pub(crate) period: Option<String>,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    #[command(flatten)]
    pub(crate) mapping: MappingArgs,
    #[command(flatten)]
    pub(crate) customers: CustomersArgs,
    #[command(flatten)]
    pub(crate) results: ResultsArgs,
    #[command(flatten)]
    pub(crate) asking: AskingArgs,
}

/// Filters as they were given, by flag.
#[derive(Debug, Default)]
pub(crate) struct InvoiceFilters(pub(crate) Vec<(String, String)>);

/// The same of customers.
#[derive(Debug, Default)]
pub(crate) struct CustomerFilters(pub(crate) Vec<(String, String)>);

fn flags(searched: Searched) -> impl Iterator<Item = Arg> {
    filters::of(searched).iter().map(|filter| {
        Arg::new(filter.flag)
            .long(filter.flag)
            .value_name(filter.kind.placeholder())
            .help(filter.help)
            .long_help(format!("{}\n\nThe API's {}. Default: any.", filter.help, filter.name))
            .help_heading("Filters")
            .action(ArgAction::Append)
            .allow_hyphen_values(true)
    })
}

fn given(searched: Searched, matches: &ArgMatches) -> Vec<(String, String)> {
    let values = |flag: &'static str| {
        let values = matches.get_many::<String>(flag).into_iter().flatten();
        values.map(move |value| (flag.to_owned(), value.clone()))
    };
    filters::of(searched).iter().flat_map(|filter| values(filter.flag)).collect()
}

macro_rules! filters {
    ($($name:ident: $searched:expr;)+) => {
        $(impl Args for $name {
            fn augment_args(command: Command) -> Command {
                command.args(flags($searched))
            }

            fn augment_args_for_update(command: Command) -> Command {
                Self::augment_args(command)
            }
        }

        impl FromArgMatches for $name {
            fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
                Ok(Self(given($searched, matches)))
            }

            fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
                self.0 = given($searched, matches);
                Ok(())
            }
        })+
    };
}

filters! {
    InvoiceFilters: Searched::Invoices;
    CustomerFilters: Searched::Customers;
}
