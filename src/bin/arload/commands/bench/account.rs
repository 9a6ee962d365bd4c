//! `arload bench --base-url`: sends generated invoices to an account and measures how fast it takes them.
//!
//! The run is a run like any other, over a ledger of its own that is kept. The rule: a person types yes, or `--yes` was
//! given, before anything leaves; and never more leaves than `--rate` allows.

use std::io::{self, BufRead as _, IsTerminal as _, Write};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use arload::bench::generate::generate;
use arload::bench::pace::Pace;
use arload::bench::watch::Watch;
use arload::bench::{Recipe, SheetForm, SheetOf, report};
use arload::clock::{Clock, SystemClock};
use arload::config::Settings;
use arload::config::given::FlagValues;
use arload::config::layers::Purpose;
use arload::error::RunError;
use arload::event::{Observer, Silent};
use arload::exit::ExitCode;
use arload::platform;
use arload::stop::Stop;
use arload::wording::count;

use crate::args::BenchArgs;
use crate::commands::sheets;
use crate::console::Console;
use crate::flags::Flags as _;
use crate::interrupt;
use crate::session::{Session, Use};
use crate::surroundings::Surroundings;

/// Sends and measures.
pub(super) fn run(arguments: &BenchArgs, surroundings: &Surroundings, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let rows = arguments.rows.ok_or_else(|| RunError::Input {
        message: "--base-url: invoices would be created there, and nobody said how many; nothing was sent".to_owned(),
        hint: "pass --rows N".to_owned(),
    })?;
    let settings = settle(arguments, surroundings)?;
    let host = arguments.base_url.as_deref().unwrap_or_default();
    confirm(arguments, &settings, rows, host)?;
    sheets::size_pool(settings.threads);
    let stop = Arc::new(Stop::default());
    interrupt::listen(&stop, interrupt::FINISHING)?;
    let folder = settings.places.state.clone();
    let sheet = folder.join(format!("invoices-{}-{rows}.csv", arguments.seed));
    write_sheet(arguments, rows, &folder, &sheet)?;

    let session = Session::open(settings, Use::Write, &stop)?;
    let console = Console::new(session.settings.output);
    let observer: &dyn Observer = if arguments.json { &Silent } else { &console };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let mut pipeline = session.pipeline(&stop, observer);
    let Some(api) = pipeline.api else { return Ok(ExitCode::Usage) };
    let watch = Watch::new(api, observer, clock);
    pipeline.api = Some(&watch);
    pipeline.observer = &watch;
    let ended = pipeline.run_sheets(SheetOf::Invoices.operation(), &[&sheet], Box::new(io::empty()))?;

    let requests = watch.requests();
    let rate = session.settings.sending.rate;
    let pace = Pace::of(&requests, Some(rate));
    if let Some(path) = arguments.plot.as_deref().filter(|_| !requests.is_empty()) {
        super::draw(path, &requests, Some(rate))?;
    }
    show(arguments.json, rows, pace.as_ref(), &ended.totals, out)?;
    Ok(ended.exit)
}

/// The profile's settings with a ledger and results of their own, which are kept beside the profile's.
fn settle(arguments: &BenchArgs, surroundings: &Surroundings) -> anyhow::Result<Settings> {
    let mut flags = FlagValues::default();
    arguments.account.add_to(&mut flags);
    flags.text("base-url", arguments.base_url.clone());
    flags.text("max-chunk-rows", arguments.max_chunk_rows.map(|rows| rows.to_string()));
    flags.text("threads", arguments.threads.map(|threads| threads.to_string()));
    flags.text("concurrency", Some(arguments.concurrency.to_string()));
    let mut settings = surroundings.settle(&flags, Purpose::Sheets(SheetOf::Invoices.operation()))?.settings;
    settings.sending.rate = arguments.rate.unwrap_or(settings.sending.rate);
    settings.places.ledger = None;
    settings.places.state = settings.places.state.join("bench");
    settings.places.results = Some(settings.places.state.join("results"));
    Ok(settings)
}

/// Asks whether invoices shall be created; an error where nobody can be asked, or says no.
fn confirm(arguments: &BenchArgs, settings: &Settings, rows: u64, host: &str) -> anyhow::Result<()> {
    if arguments.yes {
        return Ok(());
    }
    let refused = |message: &str, hint: &str| RunError::Input { message: message.to_owned(), hint: hint.to_owned() };
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        let message =
            "bench --base-url asks before it creates invoices, and there is no terminal to ask on; nothing was sent";
        return Err(refused(message, "pass --yes if you are sure").into());
    }
    let mut talk = io::stderr().lock();
    write!(
        talk,
        "this creates {} at {host}, company {}, at most {} requests a second. Type yes to go on: ",
        count(rows, "generated invoice"),
        settings.company.company_id,
        settings.sending.rate
    )?;
    talk.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    if answer.trim().eq_ignore_ascii_case("yes") {
        return Ok(());
    }
    Err(refused("the answer was not yes; nothing was sent", "without --base-url the stand-in is measured").into())
}

fn write_sheet(arguments: &BenchArgs, rows: u64, folder: &Path, sheet: &Path) -> anyhow::Result<()> {
    platform::create_private_folder(folder).with_context(|| folder.display().to_string())?;
    let recipe =
        Recipe { kind: SheetOf::Invoices, rows, seed: arguments.seed, bad: 0.0, customers: arguments.customer.clone() };
    generate(&recipe, SheetForm::Csv, sheet).map(drop).with_context(|| sheet.display().to_string())
}

fn show(
    json: bool,
    rows: u64,
    pace: Option<&Pace>,
    totals: &arload::outcome::Totals,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    if json {
        let figures = serde_json::json!({ "rows": rows, "pace": pace, "totals": totals });
        writeln!(out, "{figures:#}")?;
    } else if let Some(pace) = pace {
        writeln!(out)?;
        out.write_all(report::sending_table([("account", pace)]).as_bytes())?;
    } else {
        writeln!(out, "nothing was sent: these invoices were created before; another --seed makes others")?;
    }
    Ok(())
}
