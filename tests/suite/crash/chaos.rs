//! The program in bad weather: seeded faults of every kind and kills at seeded moments, resumed by the same command.
//!
//! The weather clears after some runs, as an outage ends; what must then become of every row is known. The rule: a
//! failing seed is repeated by one command, which the failure prints.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arload::sandbox::{BulkItems, Duplicates, Fault, FileRefusal, OffsetUnit, Sandbox, SandboxSettings, SearchReply};
use serde_json::Value;

use super::judge::{Fate, REFUSED, Sheet, lies, lost, sheet};
use crate::shared::database::Database;
use crate::world::{Ended, World, begun, end_of, ended, sandbox};

/// Faults that the weather is made of.
const FAULTS: [Fault; 14] = [
    Fault::Throttled,
    Fault::Unavailable,
    Fault::TokenRefused,
    Fault::TokenExpired,
    Fault::ErrorBeforeStoring,
    Fault::ErrorAfterStoring,
    Fault::ReplyLost,
    Fault::ResetBeforeStoring,
    Fault::SlowReply,
    Fault::TruncatedReply,
    Fault::NotJson,
    Fault::HtmlError,
    Fault::ClockJump,
    Fault::SlowStoring,
];

/// Limit: runs in bad weather; then it clears.
const STORMY: usize = 4;
/// Limit: runs until all is settled.
const RUNS: usize = 10;
/// Limit: processes at once; they mostly wait for one another's replies.
const WORKERS: usize = 8;

#[test]
fn in_any_weather_no_row_is_lost_none_is_stored_twice_and_nothing_said_is_false() {
    let (rows, seeds) = if super::long() { (5_000, 200) } else { (500, 20) };
    weathers("chaos", (rows, seeds, WORKERS), || None);
}

#[test]
fn a_shared_ledger_whose_database_is_killed_in_any_weather_loses_no_row_and_stores_none_twice() {
    // One server is killed for all who use it, so each process has one of its own.
    if !Database::is_installed() {
        return;
    }
    let size = if super::long() { (2_000, 100, 2) } else { (200, 6, 2) };
    weathers("shared", size, Database::start);
}

/// Lets the program meet the weather of each seed, so many at once.
fn weathers(name: &str, (rows, seeds, workers): (usize, u64, usize), start: impl Fn() -> Option<Database> + Sync) {
    let only = std::env::var("ARLOAD_SEED").ok().map(|seed| seed.parse::<u64>().unwrap());
    let next = AtomicU64::new(only.unwrap_or(1));
    let last = only.unwrap_or(seeds);
    let (failed, figures) = (Mutex::new(Vec::new()), Mutex::new(Figures::default()));
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                let database = start();
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed > last {
                        return;
                    }
                    if let Err(problems) = weathered(seed, rows, &figures, database.as_ref()) {
                        let mode = super::mode();
                        let command =
                            format!("{mode}ARLOAD_SEED={seed} cargo test --test suite crash::chaos  # {name}");
                        failed.lock().unwrap().push(format!("repeat with: {command}\n{problems}"));
                    }
                }
            });
        }
    });
    println!("{name}: {rows} rows a seed, seeds up to {last}, {:?}", figures.into_inner().unwrap());
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{} seeds failed\n{}", failed.len(), failed.join("\n\n"));
}

#[derive(Debug, Default)]
struct Figures {
    runs: usize,
    kills: usize,
    quakes: usize,
    faults: u64,
    uploads: u64,
}

/// Seconds for one request; large files take their time on a busy machine.
fn patience() -> u64 {
    if super::long() { 5 } else { 2 }
}

/// Numbers that follow from a seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        // Knuth's constants for a linear generator; the high bits are the random ones.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.roll(choices.len() as u64) as usize]
    }
}

/// A sheet of which a few rows are refused, invalid, or repeat the one above.
fn mixed(rows: usize, dice: &mut Dice) -> Sheet {
    let mut others = HashMap::new();
    for (fate, most) in [(Fate::Rejected, 4), (Fate::Invalid, 4), (Fate::Excluded, 4)] {
        for _ in 0..dice.roll(most) {
            let row = dice.roll(rows as u64 - 1) as usize + 2;
            // A row can repeat only one that has been written as it was meant.
            if !others.contains_key(&(row - 1)) && !others.contains_key(&(row + 1)) {
                others.insert(row, fate);
            }
        }
    }
    sheet(rows, &others)
}

fn weather(settings: &mut SandboxSettings, seed: u64, dice: &mut Dice) {
    settings.seed = seed;
    settings.refuse_customers = vec![REFUSED.to_owned()];
    settings.latency_ms = dice.roll(8);
    settings.jitter_ms = dice.roll(8);
    settings.clock_offset_s = dice.pick(&[0, 0, 0, 3_600, -3_600]);
    let replies = &mut settings.replies;
    replies.duplicates = Duplicates::StoredTwice;
    replies.success_status = dice.pick(&[200, 200, 201]);
    replies.validation_status = dice.pick(&[422, 400]);
    replies.search_reply = dice.pick(&[SearchReply::Array, SearchReply::Data]);
    replies.search_offset = dice.pick(&[OffsetUnit::Rows, OffsetUnit::Rows, OffsetUnit::Pages]);
    replies.bulk_items = dice.pick(&[BulkItems::RowNumber, BulkItems::BusinessKey]);
    replies.file_refusal =
        dice.pick(&[FileRefusal::Never, FileRefusal::AnyBadRow, FileRefusal::FromBadRow, FileRefusal::AllButBad]);
    let faults = &mut settings.faults;
    faults.retry_after_s = 0;
    faults.slow_ms = 1_200 * patience();
    faults.clock_jump_s = dice.pick(&[40_000, -40_000]);
    faults.rates = FAULTS
        .iter()
        .map(|fault| (*fault, [dice.roll(9) as f64 / 100.0, 0.0, 0.0][dice.roll(3) as usize]))
        .filter(|(_, rate)| *rate > 0.0)
        .collect::<BTreeMap<_, _>>();
}

/// Sends a sheet through the weather of a seed; says what was wrong.
fn weathered(seed: u64, rows: usize, figures: &Mutex<Figures>, database: Option<&Database>) -> Result<(), String> {
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let sheet = mixed(rows, &mut dice);
    let world = database.map_or_else(World::new, |database| {
        let world = World::sharing(database.place(&format!("seed_{seed}")));
        ended(&mut world.arload(&["ledger", "init"])).expect(0);
        world
    });
    world.write("sheet.csv", &sheet.text);
    let api = sandbox(|settings| weather(settings, seed, &mut dice));
    let chunk = (rows / 10).to_string();
    let (concurrency, canary) = (dice.pick(&["1", "2", "4"]), dice.pick(&["0", "5"]));
    let mut kills: Vec<u64> = (0..dice.roll(4)).map(|_| dice.roll(12) + 1).collect();
    let mut quakes: Vec<Quake<'_>> = database.map_or_else(Vec::new, |database| {
        let quake = |dice: &mut Dice| Quake { database, after: dice.roll(12) + 1, stop: dice.roll(2) == 0 };
        (0..dice.roll(4)).map(|_| quake(&mut dice)).collect()
    });
    let mut told = Vec::new();
    for run in 0..RUNS {
        if run == STORMY {
            api.change(|settings| settings.faults.rates.clear());
        }
        let mut command = world.client(&api, &["invoices", "create", "sheet.csv", "--max-invalid", "100%"]);
        let time = format!("{}s", patience());
        command.args(["--max-chunk-rows", &chunk, "--concurrency", concurrency, "--timeout", &time]);
        // A server that stores late has stored before its time and the settle time are over, on a busy machine too.
        command.env("ARLOAD_SETTLE", &time).env("ARLOAD_CANARY", canary);
        let (kill, quake) = (kills.pop(), quakes.pop());
        let (ended, killed, shaken) = started(&mut command, &api, kill, quake);
        // Whose database went away for too long cannot write results; what is stored is judged all the same.
        let cut_off = shaken && ended.code == 3;
        let code = (!killed && !cut_off).then_some(ended.code);
        if ended.err.contains("panicked") {
            return Err(ended.err);
        }
        told.push(format!("run {run}: {code:?} {}", ended.err.trim_end()));
        let mut problems = lies(&world, &api, &sheet, code);
        let settled = matches!(code, Some(0 | 1));
        if settled {
            problems.extend(lost(&world, &sheet));
        }
        if !problems.is_empty() {
            problems.truncate(5);
            let settings = serde_json::to_string(&api.settings()).unwrap();
            return Err(format!("{}\n{}\n{settings}", problems.join("\n"), told.join("\n")));
        }
        let mut figures = figures.lock().unwrap();
        figures.runs += 1;
        figures.kills += usize::from(killed);
        figures.quakes += usize::from(shaken);
        if settled {
            let state = api.state();
            figures.faults += state["faults"].as_object().unwrap().values().filter_map(Value::as_u64).sum::<u64>();
            figures.uploads += state["uploads"].as_u64().unwrap();
            return Ok(());
        }
    }
    let settings = serde_json::to_string(&api.settings()).unwrap();
    let rest = lost(&world, &sheet).into_iter().take(3).collect::<Vec<_>>().join("\n");
    Err(format!("not settled after {RUNS} runs\n{rest}\n{}\n{settings}", told.join("\n")))
}

/// An end of the database that it did not expect, once so many further requests were answered.
struct Quake<'d> {
    database: &'d Database,
    after: u64,
    /// Whether it still cuts its connections itself.
    stop: bool,
}

/// Runs a command, killed once so many further requests were answered; says whether the kill came before its end, and
/// whether its database ended and began again meanwhile.
fn started(
    command: &mut std::process::Command,
    api: &Sandbox,
    kill: Option<u64>,
    mut quake: Option<Quake<'_>>,
) -> (Ended, bool, bool) {
    let answered = || {
        let routes = api.state()["requests"].as_object().unwrap().clone();
        routes.values().flat_map(|route| route.as_object().unwrap().values()).filter_map(Value::as_u64).sum::<u64>()
    };
    let before = answered();
    let mut shaken = false;
    let mut child = begun(command);
    while (kill.is_some() || quake.is_some()) && child.try_wait().unwrap().is_none() {
        let now = answered() - before;
        if let Some(Quake { database, stop, .. }) = quake.take_if(|quake| now >= quake.after) {
            if stop {
                database.stop();
            } else {
                database.kill();
            }
            database.again();
            shaken = true;
        }
        if kill.is_some_and(|kill| now >= kill) {
            // One that has ended meanwhile is not harmed.
            child.kill().unwrap();
            break;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let ended = end_of(child);
    let killed = ended.code == -1;
    (ended, killed, shaken)
}
