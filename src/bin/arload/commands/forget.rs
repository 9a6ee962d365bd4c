//! `arload runs forget`: rows of old runs into archives, and out of the ledger.
//!
//! The rule: every run is archived, checked and purged on its own, so that one that cannot be leaves the others as they are.

use std::io::Write;

use anyhow::Context as _;
use arload::config::Settings;
use arload::config::layers::Purpose;
use arload::error::RunError;
use arload::evidence::forget::{Forgotten, YEARS_KEPT, forget, kept_since, refusal};
use arload::exit::ExitCode;
use arload::finding::printable;
use arload::ledger::purge::Scope;
use arload::ledger::{Ledger, Run};
use arload::platform;
use arload::wording::{grouped, hex};
use jiff::civil::Date;
use serde_json::json;

use super::listing::{day_of, parse_day};
use super::runs::find;
use crate::args::RunsForgetArgs;
use crate::flags::Flags as _;
use crate::store::Store;
use crate::surroundings::Surroundings;

/// Runs `runs forget`; `out` takes data.
pub(crate) fn run(
    arguments: &RunsForgetArgs,
    surroundings: &Surroundings,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let settings = surroundings.settle(&arguments.values(), Purpose::Local)?.settings;
    let store = Store::existing_to_write(&settings)?;
    let (ledger, now) = (store.ledger(), store.now()?);
    let kept = kept_since(now.to_zoned(settings.timezone.clone()).date());
    let scope = if arguments.contacts_only { Scope::Contacts } else { Scope::Rows };
    let before = arguments.before.as_deref().map(|day| parse_day("before", day)).transpose()?.unwrap_or(kept);
    if scope == Scope::Rows && before > kept && !arguments.yes {
        return Err(young(&format!("--before {before}"), kept).into());
    }
    let (chosen, left) = match &arguments.run {
        Some(id) => {
            let run = find(ledger, id)?;
            if scope == Scope::Rows && day_of(&run, &settings) >= kept && !arguments.yes {
                return Err(young(&format!("run {}", run.id), kept).into());
            }
            (vec![run], Vec::new())
        }
        None => old_runs(ledger, &settings, before, scope)?,
    };
    for why in &left {
        say(&json!({ "left": why }), &format!("left: {why}"), &settings, out)?;
    }
    let folder = arguments.archive.clone().unwrap_or_else(|| settings.places.state.join("archives"));
    platform::create_private_folder(&folder).with_context(|| folder.display().to_string())?;
    let user = platform::user_name();
    for run in &chosen {
        let forgotten = forget(ledger, run, scope, &folder, (&user, now))?;
        told(run, &forgotten, &settings, out)?;
    }
    if chosen.is_empty() {
        let none = json!({ "forgotten": 0 });
        say(&none, &format!("nothing to forget: no run planned before {before} has rows left"), &settings, out)?;
    } else {
        shrink(&store, &settings, out)?;
    }
    Ok(if left.is_empty() { ExitCode::Success } else { ExitCode::NotAllAccepted })
}

fn young(what: &str, kept: Date) -> RunError {
    RunError::Input {
        message: format!("{what}: rows since {kept} are kept for {YEARS_KEPT} complete financial years"),
        hint: "pass --yes if they may go nevertheless, or --contacts-only for their contacts alone".to_owned(),
    }
}

/// The runs planned before a day that can be forgotten, and why others cannot.
fn old_runs(
    ledger: &dyn Ledger,
    settings: &Settings,
    before: Date,
    scope: Scope,
) -> anyhow::Result<(Vec<Run>, Vec<String>)> {
    let (mut chosen, mut left) = (Vec::new(), Vec::new());
    let mut runs = ledger.runs()?;
    runs.reverse();
    for run in runs.into_iter().filter(|run| day_of(run, settings) < before) {
        let is_purged = ledger.purges(run.id)?.iter().any(|purge| purge.scope == Scope::Rows || purge.scope == scope);
        match refusal(ledger, &run, scope)? {
            _ if is_purged => {}
            None => chosen.push(run),
            Some(why) => left.push(format!("run {} {why}", run.id)),
        }
    }
    Ok((chosen, left))
}

fn told(run: &Run, forgotten: &Forgotten, settings: &Settings, out: &mut dyn Write) -> anyhow::Result<()> {
    let Forgotten { archive, hash, kept } = forgotten;
    let name = archive.display().to_string();
    let fact = json!({ "run": run.id.0, "archive": name, "blake3": hex(hash), "rows-kept-for-another-run": kept });
    let kept = if *kept { "; another run has the same rows, which stay until it is forgotten too" } else { "" };
    let words = format!("run {}: purged; archive {}, BLAKE3 {}{kept}", run.id, printable(&name), hex(hash));
    say(&fact, &words, settings, out)
}

/// What cannot be given back now is used again by later runs.
fn shrink(store: &Store, settings: &Settings, out: &mut dyn Write) -> anyhow::Result<()> {
    let ledger = match store {
        Store::File(ledger) => ledger,
        Store::Shared(ledger) => {
            let (place, bytes) = (ledger.place().shown(), ledger.bytes()?);
            let fact = json!({ "ledger": place, "bytes": bytes, "shrunk": false });
            let words = "the database gives the room to later runs by itself (autovacuum); what was deleted stays in its \
                         write-ahead log and backups until they are gone";
            return say(&fact, words, settings, out);
        }
    };
    let fact = |bytes: u64, shrunk: bool| json!({ "ledger": ledger.path(), "bytes": bytes, "shrunk": shrunk });
    match ledger.shrink() {
        Ok(()) => {
            let bytes = ledger.bytes()?;
            let words = format!("the ledger has {} bytes now", grouped(bytes));
            say(&fact(bytes, true), &words, settings, out)
        }
        Err(error) => {
            let words = format!("the ledger's file could not be made smaller now: {error}");
            say(&fact(ledger.bytes()?, false), &words, settings, out)
        }
    }
}

fn say(fact: &serde_json::Value, words: &str, settings: &Settings, out: &mut dyn Write) -> anyhow::Result<()> {
    if settings.output.json {
        writeln!(out, "{fact}")?;
    } else {
        writeln!(out, "{words}")?;
    }
    Ok(())
}
