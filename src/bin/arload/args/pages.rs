//! What `arload completions` and `arload man` take.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

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
