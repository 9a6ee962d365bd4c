//! The arguments of `arload ledger`.
//!
//! The rule: nothing here sends, so none of it takes a flag that says how.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{AccountArgs, CustomersArgs, MappingArgs, OutputArgs, ReadingArgs, ServerArgs, StateArgs, WaitArgs};

#[derive(Debug, Subcommand)]
pub(crate) enum LedgerCommand {
    /// Create an empty ledger; one that exists is left alone
    Init(LedgerArgs),
    /// Bring the ledger of an earlier arload up to date, as every sending run does
    Migrate(LedgerArgs),
    /// Print the SQL that lets hosts plan and send with a shared ledger, and not alter its history
    Roles(LedgerArgs),
    /// Copy the ledger into a file, while it may be in use
    Backup(LedgerBackupArgs),
    /// Move the history of a file into an empty database that hosts share
    Copy(LedgerCopyArgs),
    /// Show what the ledger asks before a run is sent, or set it
    Policy(LedgerPolicyArgs),
    /// Tell the duplicate guard what Enkash has already, from results or an export
    Seed(Box<LedgerSeedArgs>),
}

/// What every command on the ledger takes.
#[derive(Debug, Args)]
pub(crate) struct LedgerArgs {
    #[command(flatten)]
    pub(crate) account: AccountArgs,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    #[command(flatten)]
    pub(crate) state: StateArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// What `ledger backup` takes.
#[derive(Debug, Args)]
pub(crate) struct LedgerBackupArgs {
    /// Write this file; restored as ledger.db of a state folder, it asks the API before it creates anything
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Replace a file that exists
    ///
    /// Default: off.
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) shared: LedgerArgs,
}

/// What `ledger copy` takes.
#[derive(Debug, Args)]
pub(crate) struct LedgerCopyArgs {
    /// The ledger's file, its folder, or "sqlite" for that of the state folder
    ///
    /// Nothing more is sent from it afterwards.
    #[arg(long, value_name = "FILE")]
    pub(crate) from: String,
    /// The database, or "postgres" for that of the settings; "ledger init" makes its tables
    #[arg(long, value_name = "URL")]
    pub(crate) to: String,
    #[command(flatten)]
    pub(crate) shared: LedgerArgs,
}

/// What `ledger policy` takes.
#[derive(Debug, Args)]
pub(crate) struct LedgerPolicyArgs {
    /// Whether another person than the maker has to approve a run before it is sent
    ///
    /// Only the owner of the ledger's file sets it, in a database who has the right to. Default: what holds.
    #[arg(long, value_name = "WHAT", value_parser = ["required", "none"])]
    pub(crate) approval: Option<String>,
    /// Ask only for plans of new invoices worth more than this, as in 10,00,000; "all" asks for every run
    ///
    /// Runs of other operations are always asked for. Default: what holds.
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true)]
    pub(crate) above: Option<String>,
    /// Who may approve: names of operating-system users, joined by commas; "anyone" for anyone but the maker
    ///
    /// Default: what holds.
    #[arg(long, value_name = "NAMES")]
    pub(crate) approvers: Option<String>,
    /// Refuse plans older than this of which nothing was sent, as in 3d; "never" for any age
    ///
    /// Default: what holds.
    #[arg(long, value_name = "TIME")]
    pub(crate) plan_expires: Option<String>,
    #[command(flatten)]
    pub(crate) shared: LedgerArgs,
}

/// What `ledger seed` takes.
#[derive(Debug, Args)]
pub(crate) struct LedgerSeedArgs {
    /// Results of arload (NAME.results.csv), or sheets with what Enkash has
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<String>,
    /// The operation that put the rows in: "invoices create" or "customers create"
    ///
    /// Default: the one that the headings fit.
    #[arg(long = "as", value_name = "OPERATION")]
    pub(crate) operation: Option<String>,
    /// Only say what would be seeded
    ///
    /// Default: off.
    #[arg(long)]
    pub(crate) dry_run: bool,
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
    pub(crate) wait: WaitArgs,
    #[command(flatten)]
    pub(crate) state: StateArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}
