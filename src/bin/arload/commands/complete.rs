//! `arload complete-words WHAT`: what shells offer for profiles, runs and codes. Completion scripts call it.
//!
//! The rules: it answers at once, touches nothing but what it reads, and says nothing where something is wrong, because
//! nobody reads the errors of a completion.

use std::io::Write;

use arload::config::layers::Purpose;
use arload::exit::ExitCode;
use arload::explain;
use arload::stop::Stop;

use crate::args::{CompleteWordsArgs, Words};
use crate::flags::Flags as _;
use crate::session::{Session, Use};
use crate::surroundings::Surroundings;

/// Limit: runs that are offered; older ones are typed.
const MOST_RUNS: usize = 50;

/// Writes a line for each word: the word, a tab, and what it is.
pub(crate) fn run(
    arguments: &CompleteWordsArgs,
    surroundings: &Surroundings,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let found = match arguments.words {
        Words::Profiles => surroundings.known_profiles(&arguments.shared.values()),
        Words::Runs => runs(arguments, surroundings).unwrap_or_default(),
        Words::Codes => explain::all().into_iter().map(|one| (one.code, one.meaning.to_owned())).collect(),
    };
    for (word, what) in found {
        writeln!(out, "{word}\t{}", what.replace(['\t', '\n'], " "))?;
    }
    Ok(ExitCode::Success)
}

/// The newest runs first.
fn runs(arguments: &CompleteWordsArgs, surroundings: &Surroundings) -> anyhow::Result<Vec<(String, String)>> {
    let settled = surroundings.settle(&arguments.shared.values(), Purpose::Local)?;
    let session = Session::open(settled.settings, Use::Read, &Stop::default())?;
    let mut runs = session.ledger().runs()?;
    runs.sort_by_key(|run| std::cmp::Reverse(run.id.0));
    let zone = &session.settings.timezone;
    let words = runs.into_iter().take(MOST_RUNS).map(|run| {
        let day = run.created_at.to_zoned(zone.clone()).date();
        (run.id.to_string(), format!("{}, {day}, {}", run.operation, run.state.as_str()))
    });
    Ok(words.collect())
}
