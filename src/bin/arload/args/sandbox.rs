//! What `arload sandbox` takes.
//!
//! The rule: where both files are given, the faults of `--faults` stand whole in place of those of `--settings`.

use std::path::PathBuf;

use clap::Args;

/// What `sandbox` takes.
#[derive(Debug, Args)]
pub(crate) struct SandboxArgs {
    /// Listen at this loopback address
    ///
    /// Port 0 takes any free one. Default: 127.0.0.1:8087.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8087", hide_default_value = true)]
    pub(crate) listen: std::net::SocketAddr,
    /// Let this many requests a second through and answer the others with 429
    ///
    /// Default: no limit.
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<f64>,
    /// Read credentials, faults and the shape of replies from this file
    ///
    /// TOML, with the keys that the README lists under "The sandbox". Default: a faultless server with demo credentials.
    #[arg(long, value_name = "FILE")]
    pub(crate) settings: Option<PathBuf>,
    /// Read only what goes wrong from this file, over what --settings says
    ///
    /// TOML, with the keys that the README lists as faults.rates, faults.schedule and so on, without the first word.
    /// Default: nothing goes wrong.
    #[arg(long, value_name = "FILE")]
    pub(crate) faults: Option<PathBuf>,
}
