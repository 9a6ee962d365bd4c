//! The flags of `arload config init`.
//!
//! The rule: no flag takes a secret; where one comes from is said, and it is asked for where it is to be written down.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// What `config init` takes.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct ConfigInitArgs {
    /// Write this file
    ///
    /// Default: the user's own settings file, which every command finds; with --template, arload.toml in the current
    /// directory.
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Replace a file that exists
    ///
    /// Default: off.
    #[arg(long, conflicts_with = "add")]
    pub(crate) force: bool,
    /// Add the profile to a file that exists
    ///
    /// Its other profiles stay as they are. Default: off.
    #[arg(long)]
    pub(crate) add: bool,
    /// Ask nothing and fill nothing in: every key explained and switched off
    ///
    /// Default: off on a terminal; without one, and without any of the flags below, it is what is written.
    #[arg(long, conflicts_with_all = ["add", "test", "base_url", "company_id", "client_id", "username", "environment"])]
    pub(crate) template: bool,
    /// Call the profile so
    ///
    /// Default: default.
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Label messages and reports so; uat and live also name Enkash's host
    ///
    /// Default: none.
    #[arg(long, value_name = "LABEL")]
    pub(crate) environment: Option<String>,
    /// Talk to the API at this address
    ///
    /// Default: the host of the environment.
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    /// Send for this company: CEK and 7 capital letters or digits
    ///
    /// Default: none.
    #[arg(long, value_name = "ID")]
    pub(crate) company_id: Option<String>,
    /// Send as this seller
    ///
    /// Default: the company.
    #[arg(long, value_name = "ID")]
    pub(crate) seller_id: Option<String>,
    /// Log in with this client id
    ///
    /// Default: none.
    #[arg(long, value_name = "ID")]
    pub(crate) client_id: Option<String>,
    /// Log in as this user
    ///
    /// Default: none.
    #[arg(long, value_name = "NAME")]
    pub(crate) username: Option<String>,
    /// Where password and client secret come from
    ///
    /// "env": variables, set when arload runs. "file": files that hold them alone. "command": commands that print them.
    /// "clear": they are written into the settings file, which only you can read; asked for on the terminal, or taken from
    /// ARLOAD_PASSWORD and ARLOAD_CLIENT_SECRET. Default: env.
    #[arg(long, value_name = "WHERE")]
    pub(crate) secrets: Option<SecretsFrom>,
    /// With --secrets file: the file that holds the password alone
    ///
    /// Default: asked for.
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<String>,
    /// With --secrets file: the file that holds the client secret alone
    ///
    /// Default: asked for.
    #[arg(long, value_name = "FILE")]
    pub(crate) client_secret_file: Option<String>,
    /// With --secrets command: the command that prints the password
    ///
    /// Default: asked for.
    #[arg(long, value_name = "COMMAND")]
    pub(crate) password_command: Option<String>,
    /// With --secrets command: the command that prints the client secret
    ///
    /// Default: asked for.
    #[arg(long, value_name = "COMMAND")]
    pub(crate) client_secret_command: Option<String>,
    /// Log in once with what was written, as "arload auth check" does
    ///
    /// Default: off; on a terminal it is asked.
    #[arg(long)]
    pub(crate) test: bool,
}

/// Where secrets come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SecretsFrom {
    /// Variables.
    Env,
    /// Files that hold them alone.
    File,
    /// Commands that print them.
    Command,
    /// The settings file itself.
    Clear,
}

impl ConfigInitArgs {
    /// Whether something is said about the profile, so that nothing has to be asked to make one.
    pub(crate) fn says_something(&self) -> bool {
        let texts = [
            &self.profile,
            &self.environment,
            &self.base_url,
            &self.company_id,
            &self.seller_id,
            &self.client_id,
            &self.username,
            &self.password_file,
            &self.client_secret_file,
            &self.password_command,
            &self.client_secret_command,
        ];
        texts.iter().any(|text| text.is_some()) || self.secrets.is_some() || self.test || self.add
    }
}
