//! `arload explain [CODE...]`: what a code means, an example, and the way out.
//!
//! Leaves the words to [`arload::explain`]. The rule: what goes to a file or a pipe has one line a code in the list, so that
//! it can be searched.

use std::io::Write;

use arload::error::RunError;
use arload::exit::ExitCode;
use arload::explain::{self, Explanation, Group};
use arload::finding::quote;

use crate::args::ExplainArgs;
use crate::screen::{self, Tone};

/// Prints one, some or all explanations.
pub(crate) fn run(arguments: &ExplainArgs, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    // Results join several codes with semicolons.
    let typed = arguments.codes.iter().flat_map(|text| text.split([';', ',']));
    let typed: Vec<&str> = typed.map(str::trim).filter(|text| !text.is_empty()).collect();
    let mut wanted = Vec::new();
    for text in &typed {
        wanted.push(explain::find(text).ok_or_else(|| unknown(text))?);
    }
    let listed = if typed.is_empty() { explain::all() } else { wanted };
    if arguments.json {
        for one in &listed {
            writeln!(out, "{}", serde_json::to_string(one)?)?;
        }
        return Ok(ExitCode::Success);
    }
    let columns = screen::columns_of_output();
    if typed.is_empty() {
        list(&listed, columns, out)?;
    }
    for (index, one) in listed.iter().enumerate().filter(|_| !typed.is_empty()) {
        if index > 0 {
            writeln!(out)?;
        }
        tell(one, columns, out)?;
    }
    Ok(ExitCode::Success)
}

fn unknown(typed: &str) -> RunError {
    let near = explain::meant(typed).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    RunError::Input {
        message: format!("explain: {} is no code of arload{near}", quote(typed)),
        hint: "\"arload explain\" lists them all".to_owned(),
    }
}

/// All codes by group, with what they mean.
fn list(all: &[Explanation], columns: Option<usize>, out: &mut dyn Write) -> anyhow::Result<()> {
    let width = all.iter().map(|one| one.code.len()).max().unwrap_or(0);
    for group in Group::ALL {
        if group != Group::Status {
            writeln!(out)?;
        }
        writeln!(out, "{}", screen::toned_output(group.heading(), Tone::Hint))?;
        for one in all.iter().filter(|one| one.group == group) {
            let mut start = format!("  {:width$}  ", one.code);
            let room = columns.unwrap_or(usize::MAX).saturating_sub(width + 4).max(24);
            for line in screen::wrapped(&plain(one.meaning), room) {
                writeln!(out, "{start}{line}")?;
                start = " ".repeat(width + 4);
            }
        }
    }
    writeln!(out)?;
    writeln!(out, "\"arload explain CODE\" says more: an example, and the way out")?;
    Ok(())
}

fn tell(one: &Explanation, columns: Option<usize>, out: &mut dyn Write) -> anyhow::Result<()> {
    let kind = match (one.group, one.with) {
        (Group::Status, _) => "what became of a row".to_owned(),
        (Group::Outcome, statuses) => format!("why a row is {}", statuses.replace(", ", " or ")),
        (Group::Finding, weight) => format!("a finding, {weight}"),
        (Group::Error, _) => "an error".to_owned(),
        (Group::Exit, _) => "an exit code".to_owned(),
    };
    writeln!(out, "{}: {kind}", screen::toned_output(&one.code, tone(one)))?;
    let mut parts = vec![("", one.meaning), ("example: ", one.example), ("way out: ", one.way_out)];
    let weighing = format!("[profiles.NAME.severity] with {} = \"error\", \"warning\" or \"note\"", one.code);
    if one.group == Group::Finding {
        parts.push(("weight:  ", &weighing));
    }
    for (label, words) in parts {
        let indent = 2 + label.len();
        let room = columns.unwrap_or(usize::MAX).saturating_sub(indent + 1).max(24);
        let mut start = format!("  {label}");
        for line in screen::wrapped(&plain(words), room) {
            writeln!(out, "{start}{line}")?;
            start = " ".repeat(indent);
        }
    }
    Ok(())
}

fn tone(one: &Explanation) -> Tone {
    match (one.group, one.with) {
        (Group::Finding, "error") | (Group::Error, _) => Tone::Bad,
        (Group::Finding, _) => Tone::Doubt,
        _ => Tone::Hint,
    }
}

/// The words without the marks that the README has around names and links.
fn plain(words: &str) -> String {
    let words = words.replace("; see [the ledger](#the-ledger)", "");
    words.replace('`', "\"")
}
