//! Examples at the end of help pages, and which flags a help page leaves out.
//!
//! Operations on sheets make their own in [`crate::help`]. The rules: every command has examples, a test parses each of
//! them, and a flag that is left out is still taken, so that scripts keep working.

use std::ffi::OsString;

use arload::operation::Operation;
use clap::{Command, CommandFactory as _};

use crate::args::Arguments;

/// Examples by command, without the program's name.
const EXAMPLES: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "invoices create samples/invoices.csv --sandbox",
            "invoices create march.xlsx --dry-run",
            "config init",
            "explain amount-ambiguous",
        ],
    ),
    ("runs list", &["runs list", "runs list --sandbox"]),
    ("runs show", &["runs show 7", "runs show 7 --json"]),
    ("runs approve", &["runs approve 7", "runs approve 7 --plan-hash 8348ec91dbdccb76"]),
    (
        "runs expected",
        &["runs expected --profile live", "runs expected --quiet --notify \"mail -s missed a@example.com\""],
    ),
    ("runs forget", &["runs forget 7 --archive old --yes", "runs forget --before 2018-04-01 --contacts-only"]),
    ("runs send", &["runs send 7", "runs send 7 --rate 60/min --wait"]),
    ("runs reconcile", &["runs reconcile 7"]),
    ("runs results", &["runs results 7", "runs results 7 --results out --export-format xlsx"]),
    ("runs evidence", &["runs evidence 7", "runs evidence --verify run-7.evidence.zip --head 8348ec91dbdccb76"]),
    ("runs verify", &["runs verify", "runs verify 7"]),
    ("ledger init", &["ledger init --state ledgers/live"]),
    ("ledger migrate", &["ledger migrate"]),
    ("ledger copy", &["ledger copy --from sqlite --to postgres://owner@db.example/receivables"]),
    ("ledger roles", &["ledger roles --ledger postgres://owner@db.example/receivables"]),
    ("ledger policy", &["ledger policy", "ledger policy --approval required --above 10,00,000 --approvers asha,ravi"]),
    ("ledger backup", &["ledger backup ledger-2026-03-31.db"]),
    ("ledger seed", &["ledger seed march.results.csv", "ledger seed export.csv --profile live"]),
    ("work", &["work", "work --once --quiet"]),
    ("watch", &["watch /srv/receivables", "watch /srv/receivables --once --quiet"]),
    ("sandbox", &["sandbox", "sandbox --listen 127.0.0.1:0 --limit 10", "sandbox --settings faults.toml"]),
    ("auth check", &["auth check", "auth check --profile live"]),
    ("bench", &["bench --rows 1000000", "bench --stages limit --rate 50/s --latency 150 --seconds 60 --plot pace.svg"]),
    ("bench generate", &["bench generate --rows 1000000 -o march.csv"]),
    (
        "config init",
        &[
            "config init",
            "config init --environment uat --company-id CEK1234567 --client-id my-client --username accounts@example.com",
            "config init --add --profile live --environment live --password-command \"pass show enkash/live\" --test",
            "config init --template settings.toml",
        ],
    ),
    ("config show", &["config show", "config show --profile live --routes"]),
    ("explain", &["explain", "explain amount-ambiguous", "explain exit-4 --json"]),
    ("invoices search", &["invoices search -o invoices.xlsx", "invoices search --profile live > invoices.csv"]),
    ("invoices compare", &["invoices compare march.xlsx --period 2026-03"]),
    ("customers search", &["customers search -o customers.csv"]),
    ("customers pull", &["customers pull --profile live"]),
];

/// The command line with its examples, and without flags where they mean nothing.
pub(crate) fn command() -> Command {
    let mut command = Arguments::command();
    for (path, examples) in EXAMPLES {
        command = at(command, &words(path), &|command| with_examples(command, examples));
    }
    for operation in arload::operation::ALL {
        let idle = idle_flags(operation);
        command = at(command, &[operation.resource, operation.verb], &|command| without(command, &idle));
    }
    command
}

/// The operation that is meant where verb and resource stand in each other's place, as in `create invoices`.
pub(crate) fn turned(words: impl Iterator<Item = OsString>) -> Option<String> {
    let mut words = words.map(|word| word.to_string_lossy().into_owned());
    let (verb, resource) = (words.next()?, words.next()?);
    let is_meant = |operation: &&Operation| {
        operation.verb == verb && operation.resource.trim_end_matches('s') == resource.trim_end_matches('s')
    };
    arload::operation::ALL.iter().find(is_meant).map(Operation::name)
}

fn words(path: &str) -> Vec<&str> {
    path.split(' ').filter(|word| !word.is_empty()).collect()
}

/// Changes the command at the end of a path; one that is not there is left alone.
fn at(command: Command, path: &[&str], change: &dyn Fn(Command) -> Command) -> Command {
    match path {
        [] => change(command),
        [first, rest @ ..] if command.find_subcommand(first).is_some() => {
            command.mut_subcommand(first, |inner| at(inner, rest, change))
        }
        _ => command,
    }
}

fn with_examples(command: Command, examples: &[&str]) -> Command {
    let lines: Vec<String> = examples.iter().map(|example| format!("  arload {example}")).collect();
    let mut text = format!("Examples:\n{}", lines.join("\n"));
    if let Some(after) = command.get_after_long_help() {
        text = format!("{text}\n\n{after}");
    }
    command.after_long_help(text)
}

/// Flags that change nothing for an operation.
fn idle_flags(operation: &Operation) -> Vec<&'static str> {
    let mut idle = Vec::new();
    let mut when = |holds: bool, flags: &[&'static str]| idle.extend(flags.iter().filter(|_| holds));
    when(!operation.creates(), &["first_use", "group"]);
    when(!operation.creates() && !operation.needs_yes(), &["yes"]);
    when(!operation.is_upload(), &["canary", "max_chunk_bytes", "refusal_budget"]);
    when(
        operation.reads(),
        &["retry_rejected", "new_run", "expect_total", "period", "max_chunk_rows", "date_order", "customers"],
    );
    idle
}

fn without(command: Command, idle: &[&'static str]) -> Command {
    let present: Vec<&str> =
        idle.iter().copied().filter(|id| command.get_arguments().any(|known| known.get_id() == id)).collect();
    present.into_iter().fold(command, |command, id| command.mut_arg(id, |flag| flag.hide(true)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words of a shell's command line, up to where its output goes elsewhere.
    fn split(line: &str) -> Vec<String> {
        let line = line.split(" > ").next().unwrap_or(line);
        let line = line.split(" | ").next().unwrap_or(line);
        let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
        for letter in line.chars() {
            match letter {
                '"' => quoted = !quoted,
                ' ' if !quoted => words.push(std::mem::take(&mut word)),
                letter => word.push(letter),
            }
        }
        words.push(word);
        words.retain(|word| !word.is_empty());
        words
    }

    fn leaves(command: &Command, path: &str, found: &mut Vec<(String, String)>) {
        let inner: Vec<&Command> =
            command.get_subcommands().filter(|inner| !inner.is_hide_set() && inner.get_name() != "help").collect();
        if inner.is_empty() || path.is_empty() {
            let help = command.clone().term_width(0).render_long_help().to_string();
            found.push((path.to_owned(), help));
        }
        for inner in inner {
            leaves(inner, format!("{path} {}", inner.get_name()).trim(), found);
        }
    }

    #[test]
    fn every_command_has_examples_and_each_of_them_is_understood() {
        let mut pages = Vec::new();
        leaves(&command(), "", &mut pages);
        assert!(pages.len() > 40, "{}", pages.len());
        for (path, help) in pages {
            let examples = help.split("Examples:\n").nth(1);
            let examples = examples.unwrap_or_else(|| panic!("arload {path} --help has no examples"));
            let lines: Vec<&str> = examples.lines().map_while(|line| line.strip_prefix("  ")).collect();
            assert!(!lines.is_empty(), "{path}");
            for line in lines {
                let parsed = command().try_get_matches_from(split(line));
                assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
            }
        }
    }

    #[test]
    fn a_verb_before_its_resource_is_understood_as_what_was_meant() {
        for (line, meant) in [
            ("create invoices a.csv", Some("invoices create")),
            ("patch customer", Some("customers patch")),
            ("invoices create a.csv", None),
            ("create", None),
        ] {
            let words = line.split(' ').map(OsString::from);
            assert_eq!(turned(words).as_deref(), meant, "{line}");
        }
    }

    #[test]
    fn flags_that_change_nothing_are_left_out_of_help_and_still_taken() {
        let mut command = command();
        for (resource, verb, absent, present) in [
            ("invoices", "get", "--canary", "--results"),
            ("reminders", "list", "--retry-rejected", "--results"),
            ("invoices", "dispatch", "--first-use", "--yes"),
        ] {
            let page = command.find_subcommand_mut(resource).unwrap().find_subcommand_mut(verb).unwrap();
            let help = page.render_long_help().to_string();
            assert!(!help.contains(absent) && help.contains(present), "{resource} {verb}");
        }
        let words = ["arload", "invoices", "get", "a.csv", "--canary", "3"];
        assert!(command.try_get_matches_from(words).is_ok());
    }
}
