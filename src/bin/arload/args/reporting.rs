//! Who hears of a run besides the person at the terminal.
//!
//! The rule: none of these flags changes what is sent, or how a run ends.

use clap::Args;

/// Who hears of a run when nobody watches.
#[derive(Debug, Args)]
#[command(next_help_heading = "With nobody watching")]
pub(crate) struct ReportingArgs {
    /// Write what happens into this file, a line each
    ///
    /// Above log-size (10MiB) a new one is begun; log-keep (5) older ones are kept as FILE.1, FILE.2 ... Default: none.
    #[arg(long, value_name = "FILE")]
    pub(crate) log: Option<String>,
    /// Write log lines in this form
    ///
    /// Without --log, json makes what is said on standard error JSON lines. Default: text.
    #[arg(long, value_name = "FORM", value_parser = ["json", "text"])]
    pub(crate) log_format: Option<String>,
    /// Write figures of the last run of every operation into this file, for Prometheus
    ///
    /// In the text format of node exporter's textfile collector, which reads names that end in .prom. Default: none.
    #[arg(long, value_name = "FILE")]
    pub(crate) metrics: Option<String>,
    /// Run this command when the run has ended, with the summary as JSON on its standard input
    ///
    /// By the system's shell, for 60 s at most; it has no effect on the exit code. Default: none.
    #[arg(long, value_name = "COMMAND")]
    pub(crate) notify: Option<String>,
}
