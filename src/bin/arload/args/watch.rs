//! What `arload watch` takes.
//!
//! The rule: how sheets are read and what must hold before they are sent stands in the profile, one for all its files.

use std::path::PathBuf;

use clap::Args;

use super::{AccountArgs, OutputArgs, PaceArgs, ReportingArgs, ServerArgs, StateArgs, WaitArgs};

/// What `watch` takes.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Examples:\n  arload watch /srv/receivables\n  arload watch /srv/receivables --profile live --poll 1m\n  \
    arload watch /srv/receivables --once --quiet\n\nFiles are dropped into inbox/PROFILE/RESOURCE-VERB, such as \
    inbox/default/invoices-create. They end in done/YYYY-MM-DD or failed, with their results and, where somebody has to do \
    something, NAME.note.txt. templates/README.txt tells those who drop them."
)]
pub(crate) struct WatchArgs {
    /// The folder to watch; its parts are made on the first start
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// Look for files this often
    ///
    /// A file is taken when two looks in a row find it unchanged. As in 10s or 1m. Default: 10s.
    #[arg(long, value_name = "TIME", default_value = "10s", hide_default_value = true)]
    pub(crate) poll: String,
    /// Do what lies there, then end
    ///
    /// For cron; the exit code is the one that counts most of all files. Default: watch until stopped.
    #[arg(long)]
    pub(crate) once: bool,
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
    #[command(flatten)]
    pub(crate) reporting: ReportingArgs,
}
