//! The flags of `arload runs`.
//!
//! The rule: a command that sends takes what an operation on sheets takes for pace and results.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{
    AccountArgs, CorrectionsArgs, OutputArgs, PaceArgs, ReportingArgs, ResultsArgs, ServerArgs, StateArgs, WaitArgs,
    YesArgs,
};

#[derive(Debug, Subcommand)]
pub(crate) enum RunsCommand {
    /// List the runs of the ledger, the newest last
    List(RunsListArgs),
    /// Show a run: its sheets, chunks and outcomes
    Show(RunShowArgs),
    /// Approve the plan of a run that another person made
    Approve(RunApproveArgs),
    /// Go on with a planned or unfinished run
    Send(Box<RunSendArgs>),
    /// Look a run's unknown rows up, and send what that proves missing
    Reconcile(Box<RunSendArgs>),
    /// Write a run's results again, from the ledger
    Results(RunResultsArgs),
    /// Put all that shows what a run did into one file, or check such a file
    Evidence(RunEvidenceArgs),
    /// Tell what is expected by when, and whether it came
    Expected(RunsExpectedArgs),
    /// Check the ledger: the store, every run's history, totals and uploads
    Verify(RunsVerifyArgs),
    /// Put the rows of old runs into archives, and out of the ledger
    Forget(RunsForgetArgs),
}

/// What every command that looks at runs takes.
#[derive(Debug, Args)]
pub(crate) struct RunsArgs {
    #[command(flatten)]
    pub(crate) account: AccountArgs,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    #[command(flatten)]
    pub(crate) state: StateArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// What `runs list` takes.
#[derive(Debug, Args)]
pub(crate) struct RunsListArgs {
    /// Only runs planned on this day or later, as in 2026-04-01
    ///
    /// Default: from the first.
    #[arg(long, value_name = "DATE")]
    pub(crate) since: Option<String>,
    /// Only runs planned on this day or earlier
    ///
    /// Default: to the last.
    #[arg(long, value_name = "DATE")]
    pub(crate) until: Option<String>,
    /// Only runs of this operation, as in "invoices create"
    ///
    /// Default: all.
    #[arg(long, value_name = "OPERATION")]
    pub(crate) operation: Option<String>,
    /// Only runs that stand so
    ///
    /// Default: all.
    #[arg(long, value_name = "STATE", value_parser = ["open", "finished", "closed", "superseded"])]
    pub(crate) run_state: Option<String>,
    /// Only runs of a file whose name holds this, or fits it where it has a * or ?
    ///
    /// Default: all.
    #[arg(long, value_name = "NAME")]
    pub(crate) file: Option<String>,
    /// At most this many, the newest
    ///
    /// Default: all.
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// Show open runs with their chunks, workers and pace every two seconds, until interrupted
    ///
    /// Default: off.
    #[arg(long, conflicts_with_all = ["since", "until", "operation", "run_state", "file", "limit"])]
    pub(crate) watch: bool,
    #[command(flatten)]
    pub(crate) shared: RunsArgs,
}

/// What `runs approve` takes.
#[derive(Debug, Args)]
pub(crate) struct RunApproveArgs {
    /// Approve only if the plan has this hash, as "arload runs show" told it; 16 digits or more
    ///
    /// Default: whatever the plan is now.
    #[arg(long, value_name = "HASH")]
    pub(crate) plan_hash: Option<String>,
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// What `runs forget` takes.
#[derive(Debug, Args)]
pub(crate) struct RunsForgetArgs {
    /// This run, as "arload runs list" names it
    ///
    /// Default: every run older than eight complete financial years.
    #[arg(value_name = "ID", conflicts_with = "before")]
    pub(crate) run: Option<String>,
    /// Every run planned before this day, as in 2018-04-01
    ///
    /// Default: the beginning of the eighth complete financial year before today's.
    #[arg(long, value_name = "DATE")]
    pub(crate) before: Option<String>,
    /// Only columns with contacts, the bytes sent and the bodies of replies; rows stay
    ///
    /// Default: rows go too.
    #[arg(long)]
    pub(crate) contacts_only: bool,
    /// Write the archives into this folder
    ///
    /// It is created. Default: "archives" beside the ledger.
    #[arg(long, value_name = "DIR")]
    pub(crate) archive: Option<PathBuf>,
    /// Forget rows that are younger than eight complete financial years too
    ///
    /// Default: refuse them.
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) shared: RunsArgs,
}

/// What `runs show` takes.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The run, as "arload runs list" names it
    #[arg(value_name = "ID")]
    pub(crate) run: String,
    #[command(flatten)]
    pub(crate) shared: RunsArgs,
}

/// What `runs show` takes.
#[derive(Debug, Args)]
pub(crate) struct RunShowArgs {
    /// Open the run's report page in the browser
    ///
    /// Where there is none, the page's place is told.
    #[arg(long)]
    pub(crate) open: bool,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    #[command(flatten)]
    pub(crate) results: ResultsArgs,
}

/// What `runs send` and `runs reconcile` take.
#[derive(Debug, Args)]
pub(crate) struct RunSendArgs {
    #[command(flatten)]
    pub(crate) run: RunArgs,
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
    pub(crate) reporting: ReportingArgs,
}

/// What `runs expected` takes.
#[derive(Debug, Args)]
#[command(
    after_long_help = "What is expected stands in [[expect]] tables of the settings file. Exit code 0 if all of it \
    came, 1 if something is missed."
)]
pub(crate) struct RunsExpectedArgs {
    #[command(flatten)]
    pub(crate) shared: RunsArgs,
    #[command(flatten)]
    pub(crate) reporting: ReportingArgs,
}

/// What `runs results` takes.
#[derive(Debug, Args)]
pub(crate) struct RunResultsArgs {
    /// Write what an operation that reads was answered in this form
    ///
    /// For invoices get, customers contacts, reminders get and list. Default: csv.
    #[arg(long, value_name = "FORM", value_parser = ["csv", "json", "xlsx"], default_value = "csv", hide_default_value = true)]
    pub(crate) export_format: String,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    #[command(flatten)]
    pub(crate) results: ResultsArgs,
    #[command(flatten)]
    pub(crate) corrections: CorrectionsArgs,
}

/// What `runs evidence` takes.
#[derive(Debug, Args)]
pub(crate) struct RunEvidenceArgs {
    /// The run, as "arload runs list" names it
    #[arg(value_name = "ID", required_unless_present = "verify")]
    pub(crate) run: Option<String>,
    /// Write this file
    ///
    /// Default: run-ID.evidence.zip in the current directory.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Replace a file that exists
    ///
    /// Default: off.
    #[arg(long)]
    pub(crate) force: bool,
    /// Check this file instead; neither ledger nor account is needed
    ///
    /// Exit code 0 if all of it holds, 1 if something does not, 2 if it is no evidence. Default: off.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["run", "out", "force"])]
    pub(crate) verify: Option<PathBuf>,
    /// With --verify: the run's history as it was noted when it ended, 16 digits or more
    ///
    /// Without it, only a change of the file can be told, not another file in its place. Default: none.
    #[arg(long, value_name = "HASH", requires = "verify")]
    pub(crate) head: Option<String>,
    #[command(flatten)]
    pub(crate) shared: RunsArgs,
}

/// What `runs verify` takes.
#[derive(Debug, Args)]
pub(crate) struct RunsVerifyArgs {
    /// Check this run only, besides the store
    ///
    /// Default: all runs.
    #[arg(value_name = "ID")]
    pub(crate) run: Option<String>,
    #[command(flatten)]
    pub(crate) shared: RunsArgs,
}
