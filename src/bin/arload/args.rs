//! The command line: every flag once, with its help.
//!
//! [`crate::flags`] hands what was given to the settings. Values stay text here; [`arload::config::layers`] reads them, so that a flag, a variable and a key of the file are
//! refused with the same words. The rule: no flag takes a secret, and every flag of a setting has a key of its name.

mod auth;
mod bench;
mod config;
mod explain;
mod inspect;
mod ledger;
mod operations;
mod pages;
mod reporting;
mod runs;
mod sandbox;
mod search;
mod state;
mod template;
mod watch;
mod work;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub(crate) use self::auth::{AuthCheckArgs, AuthCommand};
pub(crate) use self::bench::{BenchArgs, BenchCommand, Form, GenerateArgs, Kind};
pub(crate) use self::config::{ConfigInitArgs, SecretsFrom};
pub(crate) use self::explain::ExplainArgs;
pub(crate) use self::inspect::InspectArgs;
pub(crate) use self::ledger::{
    LedgerArgs, LedgerBackupArgs, LedgerCommand, LedgerCopyArgs, LedgerPolicyArgs, LedgerSeedArgs,
};
pub(crate) use self::operations::{CustomersCommand, InvoicesCommand, RemindersCommand};
pub(crate) use self::pages::{CompleteWordsArgs, CompletionsArgs, ManArgs, Words};
pub(crate) use self::reporting::ReportingArgs;
pub(crate) use self::runs::{
    RunApproveArgs, RunArgs, RunEvidenceArgs, RunResultsArgs, RunSendArgs, RunShowArgs, RunsArgs, RunsCommand,
    RunsExpectedArgs, RunsForgetArgs, RunsListArgs, RunsVerifyArgs,
};
pub(crate) use self::sandbox::SandboxArgs;
pub(crate) use self::search::{AskingArgs, CompareArgs, CustomersSearchArgs, ExportArgs, InvoicesSearchArgs, PullArgs};
pub(crate) use self::state::StateArgs;
pub(crate) use self::template::TemplateArgs;
pub(crate) use self::watch::WatchArgs;
pub(crate) use self::work::WorkArgs;
use crate::help::exit_codes;

/// Load finance sheets into Enkash's Account Receivable API, with a proven outcome for every row
#[derive(Debug, Parser)]
#[command(name = "arload", version, after_long_help = exit_codes())]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create, change, send, delete and export invoices from sheets
    #[command(subcommand)]
    Invoices(InvoicesCommand),
    /// Create, change, delete and export customers from sheets
    #[command(subcommand)]
    Customers(CustomersCommand),
    /// Create, change, delete and export payment reminders from sheets
    #[command(subcommand)]
    Reminders(RemindersCommand),
    /// List runs, show, approve and send them, look unknown rows up, write results again, prove and forget them
    #[command(subcommand)]
    Runs(RunsCommand),
    /// Create, update, back up and seed the ledger, and say who approves what is sent
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// Load the sheets that people drop into a folder
    Watch(Box<WatchArgs>),
    /// Send what is planned in a ledger that several hosts share, until stopped
    Work(Box<WorkArgs>),
    /// Show what would be read of sheets, and what their columns mean
    Inspect(Box<InspectArgs>),
    /// Write an empty sheet for an operation, to be filled
    Template(TemplateArgs),
    /// Serve a local stand-in for the API until interrupted
    Sandbox(SandboxArgs),
    /// Try the log-in
    #[command(subcommand)]
    Auth(AuthCommand),
    /// Measure how fast sheets are read, checked, planned and sent, or write sheets to measure with
    Bench(Box<BenchArgs>),
    /// Write a settings file, or show the settings in force
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Say what a code means, with an example and the way out
    Explain(ExplainArgs),
    /// Write completions for a shell
    Completions(CompletionsArgs),
    /// Write the manual as man pages
    Man(ManArgs),
    /// Print what a shell can offer for a word
    #[command(hide = true)]
    CompleteWords(CompleteWordsArgs),
    /// Decode workbooks for the arload that started this one
    #[command(hide = true)]
    DecodeWorkbook,
    /// Measure one stage for the arload that started this one
    #[command(hide = true)]
    BenchJob,
}

/// What every operation on sheets takes.
#[derive(Debug, Args)]
pub(crate) struct SheetArgs {
    /// Sheets to read: files, globs, folders, or - for standard input
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<OsString>,
    #[command(flatten)]
    pub(crate) account: AccountArgs,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    #[command(flatten)]
    pub(crate) mapping: MappingArgs,
    #[command(flatten)]
    pub(crate) customers: CustomersArgs,
    #[command(flatten)]
    pub(crate) gate: GateArgs,
    #[command(flatten)]
    pub(crate) yes: YesArgs,
    #[command(flatten)]
    pub(crate) wait: WaitArgs,
    #[command(flatten)]
    pub(crate) pace: PaceArgs,
    #[command(flatten)]
    pub(crate) results: ResultsArgs,
    #[command(flatten)]
    pub(crate) corrections: CorrectionsArgs,
    #[command(flatten)]
    pub(crate) state: StateArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(flatten)]
    pub(crate) reporting: ReportingArgs,
}

/// Which account and settings.
#[derive(Debug, Args)]
#[command(next_help_heading = "Account")]
pub(crate) struct AccountArgs {
    /// Take this profile of the settings file
    ///
    /// Default: the file's default-profile, else "default". Also ARLOAD_PROFILE.
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Read settings from this file
    ///
    /// Default: arload.toml here, then in the user's config folder. Also ARLOAD_CONFIG.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// Whom to talk to.
#[derive(Debug, Args)]
#[command(next_help_heading = "Account")]
pub(crate) struct ServerArgs {
    /// Use a stand-in for the API, started in this process
    ///
    /// No credentials are needed; it has a ledger of its own, and results are named NAME.sandbox.*. Default: off.
    #[arg(long, conflicts_with = "base_url")]
    pub(crate) sandbox: bool,
    /// Talk to the API at this address
    ///
    /// Plain http only to a loopback address. A profile's secrets go only to the host named beside them.
    /// Default: the profile's base-url.
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,
}

/// How sheets are read, over what is detected.
#[derive(Debug, Args)]
#[command(next_help_heading = "Reading sheets")]
pub(crate) struct ReadingArgs {
    /// Read only this worksheet; may be repeated
    ///
    /// Default: all visible worksheets that map.
    #[arg(long, value_name = "NAME")]
    pub(crate) sheet: Vec<String>,
    /// Take the headings from this row
    ///
    /// Counted as in the spreadsheet, from 1. Default: detected.
    #[arg(long, value_name = "N")]
    pub(crate) header_row: Option<String>,
    /// Split text files at this character
    ///
    /// One of , ; | or tab. Default: detected.
    #[arg(long, value_name = "C")]
    pub(crate) delimiter: Option<String>,
    /// Read text files in this encoding
    ///
    /// Such as utf-8 or windows-1252. Default: detected.
    #[arg(long, value_name = "E")]
    pub(crate) encoding: Option<String>,
    /// Read dates such as 04/05/2026 in this order
    ///
    /// Default: decided from all dates of a column.
    #[arg(long, value_name = "ORDER", value_parser = ["dmy", "mdy", "ymd"])]
    pub(crate) date_order: Option<String>,
    /// Read or skip the rows that a workbook hides
    ///
    /// Skipped rows are named. Default: read.
    #[arg(long, value_name = "WHAT", value_parser = ["read", "skip"])]
    pub(crate) hidden_rows: Option<String>,
}

/// How headings become fields.
#[derive(Debug, Args)]
#[command(next_help_heading = "Mapping")]
pub(crate) struct MappingArgs {
    /// Read a heading as a field; may be repeated
    ///
    /// As in --map "Bill No=invoiceNumber". Default: known headings of common exports.
    #[arg(long, value_name = "HEADING=FIELD")]
    pub(crate) map: Vec<String>,
    /// Give a field the same value in every row; may be repeated
    ///
    /// Default: none.
    #[arg(long, value_name = "FIELD=VALUE")]
    pub(crate) set: Vec<String>,
    /// Use a saved mapping: NAME.mapping.toml, a path, or a table of the settings file
    ///
    /// The file stands beside the settings file; a value that ends in .toml is a path. The table is [mappings.NAME] with
    /// map, set, only-amount and group. Default: none.
    #[arg(long, value_name = "NAME")]
    pub(crate) mapping: Option<String>,
    /// Join the rows of one invoice into one record
    ///
    /// For sheets with several lines an invoice. Default: off, and such a sheet is refused.
    #[arg(long)]
    pub(crate) group: bool,
}

/// Which customers are known.
#[derive(Debug, Args)]
#[command(next_help_heading = "Mapping")]
pub(crate) struct CustomersArgs {
    /// Find customer ids in this file, by code, GSTIN or name
    ///
    /// Default: the customers that the ledger knows.
    #[arg(long, value_name = "FILE")]
    pub(crate) customers: Option<String>,
}

/// What must hold before anything is sent.
#[derive(Debug, Args)]
#[command(next_help_heading = "Before sending")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct GateArgs {
    /// Read, map, check and report only
    ///
    /// No network, no account; results are named NAME.dry-run.*. Default: off.
    #[arg(long, conflicts_with = "plan")]
    pub(crate) dry_run: bool,
    /// Write the plan to the ledger and stop
    ///
    /// "arload runs send ID" goes on. Default: off.
    #[arg(long)]
    pub(crate) plan: bool,
    /// Send nothing if any row is invalid
    ///
    /// Default: off.
    #[arg(long)]
    pub(crate) strict: bool,
    /// Send nothing if more than this share of rows cannot be read
    ///
    /// Counts errors of reading and format, from 5 rows on: the guard against a wrong mapping. Default: 5%.
    #[arg(long, value_name = "SHARE")]
    pub(crate) max_invalid: Option<String>,
    /// Send nothing unless there are this many data rows
    ///
    /// Default: any number.
    #[arg(long, value_name = "N")]
    pub(crate) expect_rows: Option<String>,
    /// Send nothing unless the rows add up to this amount
    ///
    /// The sum of netAmount, else baseAmount, over all rows, such as 4,81,203.50. Default: any sum.
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true)]
    pub(crate) expect_total: Option<String>,
    /// Refuse invoices dated outside this month
    ///
    /// As in 2026-03; it also settles whether day or month comes first. Default: any month.
    #[arg(long, value_name = "MONTH")]
    pub(crate) period: Option<String>,
    /// End with exit code 0 where there is nothing to read
    ///
    /// For a folder that is empty on some days, a pattern that matches nothing, and files without rows. Default: off.
    #[arg(long)]
    pub(crate) allow_empty: bool,
    /// End with exit code 0 although fewer rows than this share were rejected or invalid
    ///
    /// Of the rows read, as in 0.5%. Never for unknown rows, rows not sent, or sheets that could not be read. Default: 0%.
    #[arg(long, value_name = "SHARE")]
    pub(crate) tolerate: Option<String>,
    /// Plan afresh, even if these sheets have an unfinished run
    ///
    /// What creates records is still not done twice; dispatches, status changes, payment confirmations and reminders are
    /// done again. Default: go on with the unfinished run.
    #[arg(long)]
    pub(crate) new_run: bool,
    /// Send rows again that the API rejected in an earlier run
    ///
    /// Default: they stay rejected.
    #[arg(long)]
    pub(crate) retry_rejected: bool,
    /// Send although the ledger does not know the account yet
    ///
    /// Only where nothing of the sheet was ever put in: the API is not asked what it has already. Default: off.
    #[arg(long)]
    pub(crate) first_use: bool,
}

/// What is asked before it is done.
#[derive(Debug, Args)]
#[command(next_help_heading = "Before sending")]
pub(crate) struct YesArgs {
    /// Do not ask before invoices are dispatched or records are deleted
    ///
    /// Without a terminal to ask on, these operations need it. Default: ask.
    #[arg(long)]
    pub(crate) yes: bool,
}

/// What to do when another run is sending.
#[derive(Debug, Args)]
#[command(next_help_heading = "Before sending")]
pub(crate) struct WaitArgs {
    /// Wait until another run of the account has ended
    ///
    /// Default: end at once with exit code 75.
    #[arg(long)]
    pub(crate) wait: bool,
}

/// How fast and how persistently.
#[derive(Debug, Args)]
#[command(next_help_heading = "Pace")]
pub(crate) struct PaceArgs {
    /// Send at most this many requests in a time
    ///
    /// As in 5/s, 300/min or 1000/h. Default: 5/s.
    #[arg(long, value_name = "RATE")]
    pub(crate) rate: Option<String>,
    /// Let this many requests leave at once after a pause
    ///
    /// Default: 1.
    #[arg(long, value_name = "N")]
    pub(crate) burst: Option<String>,
    /// Have at most this many requests under way
    ///
    /// Default: 4.
    #[arg(long, value_name = "N")]
    pub(crate) concurrency: Option<String>,
    /// Send at most this many requests a day
    ///
    /// Default: no limit.
    #[arg(long, value_name = "N")]
    pub(crate) per_day: Option<String>,
    /// Put at most this many rows into a request
    ///
    /// Default: 500.
    #[arg(long, value_name = "N")]
    pub(crate) max_chunk_rows: Option<String>,
    /// Make a request's file at most this large
    ///
    /// As in 1MiB or 512KiB. Default: 1MiB.
    #[arg(long, value_name = "SIZE")]
    pub(crate) max_chunk_bytes: Option<String>,
    /// Send this many rows first and alone where an upload is not proven yet
    ///
    /// They are read back before the rest; 0 sends all at once. Default: 5.
    #[arg(long, value_name = "N")]
    pub(crate) canary: Option<String>,
    /// Try a chunk at most this many times
    ///
    /// Answers 429 and 401 are not counted. Default: 5.
    #[arg(long, value_name = "N")]
    pub(crate) attempts: Option<String>,
    /// Wait at most this long for an answer
    ///
    /// As in 60s or 2m. Default: 60s.
    #[arg(long, value_name = "TIME")]
    pub(crate) timeout: Option<String>,
    /// Let at most this many requests of a run and of a day be refused whole
    ///
    /// A refused file is halved until its bad rows stand alone; what the budget leaves is not sent. Default: 200.
    #[arg(long, value_name = "N")]
    pub(crate) refusal_budget: Option<String>,
}

/// Where results go.
#[derive(Debug, Args)]
#[command(next_help_heading = "Results")]
pub(crate) struct ResultsArgs {
    /// Write results into this folder
    ///
    /// It is created. Default: beside each input.
    #[arg(long, value_name = "DIR")]
    pub(crate) results: Option<String>,
}

/// How rows that are left go out.
#[derive(Debug, Args)]
#[command(next_help_heading = "Results")]
pub(crate) struct CorrectionsArgs {
    /// Write a corrections workbook for each value of this column
    ///
    /// Such as a branch or an owner. Default: one for each input.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) split_by: Option<String>,
}

/// What the person at the terminal sees.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// Use this many workers for reading and checking
    ///
    /// Default: one for each processor.
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<String>,
    /// Print events and summary as JSON lines on standard output
    ///
    /// Default: off.
    #[arg(long)]
    pub(crate) json: bool,
    /// Print only the summary and what went wrong
    ///
    /// Default: off.
    #[arg(long)]
    pub(crate) quiet: bool,
    /// Show progress
    ///
    /// "auto" draws it on a terminal and writes a line every ten seconds elsewhere; "always" does so with --quiet and
    /// --json too. Default: auto.
    #[arg(long, value_name = "WHEN", value_parser = ["auto", "always", "never"])]
    pub(crate) progress: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Write a settings file, from questions on a terminal or from flags
    Init(Box<ConfigInitArgs>),
    /// Show every setting with its value and where it comes from
    Show(Box<ConfigShowArgs>),
}

/// What `config show` takes: any flag of a setting, so that its effect can be seen.
#[derive(Debug, Args)]
pub(crate) struct ConfigShowArgs {
    /// Show every route, how sure it is, and which ones the settings put in place
    ///
    /// "assumed" ones are guesses, which a real host gets only with allow-assumed. Default: off.
    #[arg(long)]
    pub(crate) routes: bool,
    #[command(flatten)]
    pub(crate) account: AccountArgs,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    #[command(flatten)]
    pub(crate) mapping: MappingArgs,
    #[command(flatten)]
    pub(crate) customers: CustomersArgs,
    #[command(flatten)]
    pub(crate) gate: GateArgs,
    #[command(flatten)]
    pub(crate) yes: YesArgs,
    #[command(flatten)]
    pub(crate) wait: WaitArgs,
    #[command(flatten)]
    pub(crate) pace: PaceArgs,
    #[command(flatten)]
    pub(crate) results: ResultsArgs,
    #[command(flatten)]
    pub(crate) corrections: CorrectionsArgs,
    #[command(flatten)]
    pub(crate) state: StateArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(flatten)]
    pub(crate) reporting: ReportingArgs,
}
