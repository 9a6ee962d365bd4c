//! What `arload completions` and `arload man` take.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use clap_complete::Shell;

use super::RunsListArgs;

/// What `completions` takes.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Examples:\n  arload completions bash > ~/.local/share/bash-completion/completions/arload\n  \
    arload completions zsh > ~/.zfunc/_arload\n  arload completions fish > ~/.config/fish/completions/arload.fish"
)]
pub(crate) struct CompletionsArgs {
    /// The shell to write for
    #[arg(value_name = "SHELL")]
    pub(crate) shell: Shell,
}

/// What `man` takes.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  arload man | man -l -\n  arload man ~/.local/share/man/man1")]
pub(crate) struct ManArgs {
    /// Write a page for each command into this folder
    ///
    /// It is created; pages of the same names are replaced. Default: the first page on standard output.
    #[arg(value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
}

/// What `complete-words` takes.
#[derive(Debug, Args)]
pub(crate) struct CompleteWordsArgs {
    /// Which words
    #[arg(value_name = "WHAT")]
    pub(crate) words: Words,
    #[command(flatten)]
    pub(crate) shared: RunsListArgs,
}

/// Words that shells can offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Words {
    /// Names of profiles.
    Profiles,
    /// Numbers of runs.
    Runs,
    /// Codes that can be explained.
    Codes,
}
