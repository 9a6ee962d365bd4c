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
    /// Share the ledger in this PostgreSQL database with other hosts
    ///
    /// As in postgres://USER@HOST/DATABASE; its password never stands in it, see "arload explain ledger-place". Refused
    /// log-ins stay in the state folder, too. Default: a file in the state folder.
    #[arg(long, value_name = "URL")]
    pub(crate) ledger: Option<String>,
}
