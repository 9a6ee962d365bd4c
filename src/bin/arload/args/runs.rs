//! The flags of `arload runs`.
//!
//! The rule: a command that sends takes what an operation on sheets takes for pace and results.

use clap::{Args, Subcommand};

use super::{AccountArgs, OutputArgs, PaceArgs, ResultsArgs, ServerArgs, StateArgs, WaitArgs};

#[derive(Debug, Subcommand)]
pub(crate) enum RunsCommand {
    /// List the runs of the ledger
    List(RunsListArgs),
    /// Show a run: its sheets, chunks and outcomes
    Show(RunArgs),
    /// Go on with a planned or unfinished run
    Send(Box<RunSendArgs>),
    /// Look a run's unknown rows up, and send what that proves missing
    Reconcile(Box<RunSendArgs>),
    /// Write a run's results again, from the ledger
    Results(RunResultsArgs),
}

/// What `runs list` takes.
#[derive(Debug, Args)]
pub(crate) struct RunsListArgs {
    #[command(flatten)]
    pub(crate) account: AccountArgs,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    #[command(flatten)]
    pub(crate) state: StateArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// What `runs show` takes.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The run, as "arload runs list" names it
    #[arg(value_name = "ID")]
    pub(crate) run: String,
    #[command(flatten)]
    pub(crate) shared: RunsListArgs,
}

/// What `runs send` and `runs reconcile` take.
#[derive(Debug, Args)]
pub(crate) struct RunSendArgs {
    #[command(flatten)]
    pub(crate) run: RunArgs,
    #[command(flatten)]
    pub(crate) wait: WaitArgs,
    #[command(flatten)]
    pub(crate) pace: PaceArgs,
    #[command(flatten)]
    pub(crate) results: ResultsArgs,
}

/// What `runs results` takes.
#[derive(Debug, Args)]
pub(crate) struct RunResultsArgs {
    #[command(flatten)]
    pub(crate) run: RunArgs,
    #[command(flatten)]
    pub(crate) results: ResultsArgs,
}
