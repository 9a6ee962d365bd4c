//! Six workers send one run under one limit, and three of them are killed and replaced.
//!
//! `ARLOAD_LONG=1 cargo test --release --test suite shared::six_workers -- --nocapture` is the show: 2,000 chunks at
//! 50 requests a second, with its figures as a table. The rule: what is counted is what the sandbox saw arrive.

use std::collections::HashMap;
use std::process::Child;
use std::time::{Duration, Instant};

use arload::sandbox::{Duplicates, Sandbox};

use super::database::Database;
use super::hosts::{Dice, seed};
use crate::crash::judge::{lies, lost, sheet};
use crate::crash::long;
use crate::world::{World, begun, end_of, ended, page, sandbox, state, wait_until};

/// Requests a second that the sandbox lets through, and at once.
const LIMIT: u64 = 50;
const BURST: u64 = 5;
/// Workers at any time, and how many of them are killed.
const WORKERS: usize = 6;
const KILLED: usize = 3;
/// Rows of a chunk.
const ROWS: usize = 2;
/// Share of the limit that must be used while all are alive, in percent.
const USED: u64 = 90;

/// A worker with a home of its own, as on another host.
struct Worker {
    world: World,
    child: Child,
}

/// A time in which all workers were at work, since the sandbox began.
struct Span {
    from: Duration,
    to: Duration,
}

#[test]
fn six_workers_of_which_three_are_killed_send_every_row_once_within_one_limit() {
    let Some(database) = Database::with("") else { return };
    let chunks = if long() { 2_000 } else { 400 };
    let mut dice = Dice::new(seed());
    let sheet = sheet(chunks * ROWS, &HashMap::new());
    let planner = World::sharing(database.place("six"));
    planner.write("sheet.csv", &sheet.text);
    ended(&mut planner.arload(&["ledger", "init"])).expect(0);
    let api = sandbox(|settings| {
        settings.rate = Some(LIMIT as f64);
        settings.burst = Some(BURST as u32);
        settings.replies.duplicates = Duplicates::StoredTwice;
        // Some requests are always under way, so that a kill meets them.
        (settings.latency_ms, settings.jitter_ms) = (60, 80);
    });
    let began = Instant::now();
    let rows = ROWS.to_string();
    planner.run(&api, &["invoices", "create", "sheet.csv", "--plan", "--max-chunk-rows", &rows]).expect(0);

    let start = || {
        let world = World::sharing(database.place("six"));
        let rate = format!("{LIMIT}/s");
        let mut command = world.client(&api, &["runs", "send", "1", "--concurrency", "4"]);
        let child = begun(command.env("ARLOAD_RATE", rate).env("ARLOAD_TIMEOUT", "5s"));
        Worker { world, child }
    };
    let at_work = || planner.count("SELECT count(DISTINCT split_part(sender, '/', 1)) FROM attempt");
    let mut workers: Vec<Worker> = (0..WORKERS).map(|_| start()).collect();
    wait_until("six workers are at work", || at_work() >= WORKERS as u64);
    let mut spans = Vec::new();
    let mut doubts = 0;
    let mut from = began.elapsed();
    for number in 1..=KILLED as u64 {
        // Spread over the run, at a moment that follows from the seed.
        let part = chunks as u64 / (KILLED as u64 + 1);
        let due = part * number - dice.roll(part / 2);
        wait_until("the next worker is to be killed", || state(&api, "uploads") >= due);
        spans.push(Span { from, to: began.elapsed() });
        let before = at_work();
        let victim = dice.roll(WORKERS as u64) as usize;
        let mut killed = std::mem::replace(&mut workers[victim], start());
        killed.child.kill().unwrap();
        killed.child.wait().unwrap();
        let pid = killed.child.id();
        doubts += planner.count(&format!(
            "SELECT count(*) FROM chunk JOIN worker ON worker.id = chunk.owner WHERE pid = {pid} AND state = 'sending'"
        ));
        // In a short run on a busy machine nothing may be left for it.
        let over = || state(&api, "uploads") >= chunks as u64;
        wait_until("the replacement is at work", || at_work() > before || over());
        from = began.elapsed();
    }
    wait_until("the last chunks are sent", || state(&api, "uploads") >= chunks as u64 - LIMIT);
    spans.push(Span { from, to: began.elapsed() });
    let took = began.elapsed();
    for worker in workers {
        end_of(worker.child).expect(0);
        drop(worker.world);
    }

    // The planner's own results are written by the same command again, which finds nothing left to do.
    planner.run(&api, &["runs", "results", "1"]).expect(0);
    let mut problems = lies(&planner, &api, &sheet, Some(0));
    problems.extend(lost(&planner, &sheet));
    assert_eq!(problems, [""; 0]);
    let figures = Figures::of(&api, &spans);
    println!("six workers, seed {}: {chunks} chunks of {ROWS} rows, {KILLED} killed and replaced", seed());
    println!("| requests that arrived | {} |", figures.arrived);
    println!("| of them refused by the limit | {} |", state(&api, "limited"));
    println!("| in flight with the killed | {doubts} |");
    println!("| chunks looked up | {} |", planner.count("SELECT count(*) FROM resolution"));
    println!("| in the busiest second | {} of {} |", figures.busiest, LIMIT + BURST);
    println!("| of the limit used while all lived | {} % |", figures.used);
    println!("| rows accepted exactly once | {} |", sheet.rows.len());
    println!("| seconds from the first to the last | {:.1} |", took.as_secs_f64());
    assert!(figures.busiest <= LIMIT + BURST, "{} requests in one second", figures.busiest);
    // The short mode runs beside other tests, which take the processors from the workers.
    assert!(!long() || figures.used >= USED, "{} % of the limit", figures.used);
}

/// What the sandbox saw.
struct Figures {
    arrived: usize,
    busiest: u64,
    /// Percent of the limit while all workers were alive.
    used: u64,
}

impl Figures {
    fn of(api: &Sandbox, spans: &[Span]) -> Figures {
        let listed = page(api, "/sandbox/requests?limit=100000");
        let requests = listed["requests"].as_array().unwrap();
        // A log-in is not counted against the limit.
        let counted = requests.iter().filter(|request| !request["route"].as_str().unwrap().contains("token"));
        let mut times: Vec<u64> = counted.map(|request| request["arrived_ms"].as_u64().unwrap()).collect();
        times.sort_unstable();
        let second =
            |index: usize| times[index..].iter().take_while(|time| **time < times[index] + 1_000).count() as u64;
        let busiest = (0..times.len()).map(second).max().unwrap_or_default();
        let within = |span: &Span, time: u64| (span.from.as_millis()..span.to.as_millis()).contains(&u128::from(time));
        let sent = times.iter().filter(|time| spans.iter().any(|span| within(span, **time))).count() as u64;
        let allowed: Duration = spans.iter().map(|span| span.to.saturating_sub(span.from)).sum();
        let used = (sent as f64 * 100.0 / (allowed.as_secs_f64() * LIMIT as f64)) as u64;
        Figures { arrived: times.len(), busiest, used }
    }
}
