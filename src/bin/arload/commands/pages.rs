//! `arload completions SHELL` and `arload man [DIR]`: what shells and `man` want to know of the command line.
//!
//! Made from the command line itself, so that they cannot say anything else. The rule: all of it is made in memory before a byte
//! is written, so that a closed pipe or a full disk is an error like any other.

use std::io::Write;

use anyhow::Context as _;
use arload::exit::ExitCode;
use arload::platform::Beside;
use clap::Command;
use clap_mangen::Man;

use crate::args::{CompletionsArgs, ManArgs};
use crate::{completions, examples};

/// Writes the completions of a shell.
pub(crate) fn completions(arguments: &CompletionsArgs, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let script = completions::script(arguments.shell, &mut examples::command())?;
    out.write_all(&script)?;
    out.flush()?;
    Ok(ExitCode::Success)
}

/// Writes the manual.
pub(crate) fn man(arguments: &ManArgs, out: &mut dyn Write, talk: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let mut program = examples::command();
    program.build();
    let Some(folder) = &arguments.folder else {
        out.write_all(&page(&program)?)?;
        out.flush()?;
        return Ok(ExitCode::Success);
    };
    std::fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
    let mut pages = Vec::new();
    collect(&program, "arload", &mut pages)?;
    for (name, page) in &pages {
        let path = folder.join(format!("{name}.1"));
        let put = Beside::create(&path, true).and_then(|mut file| {
            file.file().write_all(page)?;
            file.finish()
        });
        put.with_context(|| format!("write {}", path.display()))?;
    }
    writeln!(talk, "wrote {} pages into {}; read them with: man -M or man -l", pages.len(), folder.display())?;
    Ok(ExitCode::Success)
}

/// The pages of a command and of all below it, under names such as `arload-invoices-create`.
fn collect(command: &Command, name: &str, pages: &mut Vec<(String, Vec<u8>)>) -> std::io::Result<()> {
    pages.push((name.to_owned(), page(&command.clone().display_name(name.to_owned()))?));
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set() && inner.get_name() != "help") {
        collect(inner, &format!("{name}-{}", inner.get_name()), pages)?;
    }
    Ok(())
}

fn page(command: &Command) -> std::io::Result<Vec<u8>> {
    let mut page = Vec::new();
    Man::new(command.clone()).render(&mut page)?;
    Ok(page)
}
