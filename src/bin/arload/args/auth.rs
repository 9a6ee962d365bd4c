//! The flags of `arload auth`.

use clap::{Args, Subcommand};

use super::{AccountArgs, OutputArgs, ServerArgs, StateArgs};

#[derive(Debug, Subcommand)]
pub(crate) enum AuthCommand {
    /// Log in once and say how it went
    ///
    /// The only command that tries credentials again which were refused before. Enkash locks an account after three
    /// refused log-ins in a row. The token itself is never shown.
    Check(AuthCheckArgs),
}

/// What `auth check` takes.
#[derive(Debug, Args)]
pub(crate) struct AuthCheckArgs {
    #[command(flatten)]
    pub(crate) account: AccountArgs,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    #[command(flatten)]
    pub(crate) state: StateArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}
