//! Where the ledger lives: a folder of this host, or a database that others share.

use clap::Args;

/// Where the ledger lives.
#[derive(Debug, Args)]
#[command(next_help_heading = "Results")]
pub(crate) struct StateArgs {
    /// Keep the ledger in this folder
    ///
    /// It is created. Default: the user's state folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<String>,
    /// Keep the ledger in this PostgreSQL database, which other hosts share
    ///
    /// postgres://USER@HOST:PORT/DATABASE, with sslmode, sslrootcert, schema and lease behind a question mark. The password
    /// comes from ARLOAD_LEDGER_PASSWORD, a file or a command.
    #[arg(long, value_name = "URL")]
    pub(crate) ledger: Option<String>,
}
