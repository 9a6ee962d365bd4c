//! What `arload work` takes.

use clap::Args;

use super::{AccountArgs, OutputArgs, PaceArgs, ReportingArgs, ServerArgs, StateArgs};

/// What `work` takes.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Examples:\n  arload work\n  arload work --profile live --concurrency 8\n  arload work --once --quiet\n\n\
    Every profile whose ledger is a database is served, with its own account and pace. Any number of hosts may work at the \
    same time; one that dies is followed by the others. Results are written by \"arload runs results ID\" on any host."
)]
pub(crate) struct WorkArgs {
    /// Serve what is there, then end
    ///
    /// For cron; the exit code is the one that counts most of all runs. Default: work until stopped.
    #[arg(long)]
    pub(crate) once: bool,
    #[command(flatten)]
    pub(crate) account: AccountArgs,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    #[command(flatten)]
    pub(crate) pace: PaceArgs,
    #[command(flatten)]
    pub(crate) state: StateArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(flatten)]
    pub(crate) reporting: ReportingArgs,
}
