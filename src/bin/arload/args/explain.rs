//! What `arload explain` takes.

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// Codes of the results, of messages, or exit codes; all of them are listed without any
    #[arg(value_name = "CODE")]
    pub(crate) codes: Vec<String>,
    /// Print one JSON document a code, each on a line
    ///
    /// Default: off.
    #[arg(long)]
    pub(crate) json: bool,
}
