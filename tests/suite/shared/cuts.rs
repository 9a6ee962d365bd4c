//! A job whose connection to the database is cut in every statement in turn, or whose process is killed there.
//!
//! The job is the whole program: planned, sent, finished. After what happened to it the same command is given again until
//! all is settled. The rule: each statement is cut before the server has seen it, and after it was done and before anybody
//! was told.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use arload::sandbox::{Duplicates, Sandbox};

use super::database::Database;
use super::proxy::{Cut, Proxy};
use crate::crash::judge::{Sheet, lies, lost, sheet};
use crate::crash::{long, mode};
use crate::world::{Ended, World, begun, end_of, ended, sandbox};

/// Rows of the sheet, and of a chunk.
const ROWS: usize = 20;
const CHUNK: &str = "5";
/// Limit: runs after the one that was harmed, until all is settled.
const RESUMED: usize = 4;
/// Points of the short mode.
const SAMPLE: u64 = 10;
/// Limit: processes at once.
const WORKERS: u64 = 4;

#[test]
fn a_connection_cut_in_any_statement_loses_no_row_and_stores_none_twice() {
    survives("cut", |database, sheet, schema, cut| harmed(database, sheet, schema, cut, false));
}

#[test]
fn a_process_killed_in_any_statement_loses_no_row_and_stores_none_twice() {
    survives("killed", |database, sheet, schema, cut| harmed(database, sheet, schema, cut, true));
}

/// What became of a job: whether the statement was reached, and what is wrong.
type Judged = (bool, Vec<String>);

fn survives(what: &str, harm: impl Fn(&Database, &Sheet, &str, Cut) -> Judged + Sync) {
    let Some(database) = Database::shared() else { return };
    let sheet = sheet(ROWS, &HashMap::new());
    let statements = unharmed(&database, &sheet, what);
    let last = statements.len() as u64;
    let only = std::env::var("ARLOAD_STEP").ok().map(|step| step.parse::<u64>().unwrap());
    // What is not reached is asked for too, so that the last one is known to be the last; signs of life come and go.
    let points: Vec<u64> = match (only, long()) {
        (Some(step), _) => vec![step],
        (None, true) => (1..=last + 10).collect(),
        (None, false) => (0..SAMPLE).map(|index| index * (last - 1) / (SAMPLE - 1) + 1).collect(),
    };
    let cuts: Vec<Cut> = points.into_iter().flat_map(|at| [Cut::Before(at), Cut::After(at)]).collect();
    let (next, reached, failed) = (AtomicU64::new(0), AtomicU64::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(cut) = cuts.get(next.fetch_add(1, Ordering::SeqCst) as usize) {
                    let schema = format!("{what}_{}", format!("{cut:?}").to_lowercase().replace(['(', ')'], "_"));
                    let (hit, problems) = harm(&database, &sheet, &schema, *cut);
                    reached.fetch_add(u64::from(hit), Ordering::SeqCst);
                    let (Cut::Before(at) | Cut::After(at)) = *cut;
                    let words = statements.get(at as usize - 1).map_or("-", String::as_str);
                    failed.lock().unwrap().extend(problems.iter().map(|problem| format!("{cut:?} {words}: {problem}")));
                }
            });
        }
    });
    let (failed, reached) = (failed.into_inner().unwrap(), reached.into_inner());
    println!("{what}: {last} statements of a job, {} cuts, {reached} reached, {} problems", cuts.len(), failed.len());
    let shown = failed.iter().take(10).cloned().collect::<Vec<_>>().join("\n");
    let again = format!("{}ARLOAD_STEP=N cargo test --test suite shared::cuts", mode());
    assert!(failed.is_empty(), "{shown}\nrepeat with: {again}");
    assert!(reached * 2 > cuts.len() as u64, "of {} cuts only {reached} were reached", cuts.len());
}

fn fresh(database: &Database, sheet: &Sheet, schema: &str) -> (World, Sandbox) {
    let world = World::sharing(database.place(schema));
    world.write("sheet.csv", &sheet.text);
    ended(&mut world.arload(&["ledger", "init"])).expect(0);
    (world, sandbox(|settings| settings.replies.duplicates = Duplicates::StoredTwice))
}

fn job(world: &World, api: &Sandbox) -> std::process::Command {
    let mut command = world.client(api, &["invoices", "create", "sheet.csv", "--max-chunk-rows", CHUNK]);
    command.args(["--concurrency", "1"]);
    // What a killed process had under way may be worked on until its time is over.
    command.env("ARLOAD_TIMEOUT", "2s");
    command
}

/// The statements of a job that nothing happens to.
fn unharmed(database: &Database, sheet: &Sheet, what: &str) -> Vec<String> {
    let schema = format!("{what}_unharmed");
    let (world, api) = fresh(database, sheet, &schema);
    let proxy = Proxy::start(database.address());
    let mut command = job(&world, &api);
    let ended = ended(command.env("ARLOAD_LEDGER", &database.place_at(proxy.port(), &schema).url));
    let mut problems = lies(&world, &api, sheet, Some(ended.code));
    problems.extend(lost(&world, sheet));
    assert_eq!(problems, [""; 0], "{}", ended.err);
    assert_eq!(proxy.named().len(), 0, "prepared for a session: {:?}", proxy.named());
    proxy.statements()
}

/// What is wrong after a job was harmed at a statement and given again.
fn harmed(database: &Database, sheet: &Sheet, schema: &str, cut: Cut, kill: bool) -> Judged {
    let (world, api) = fresh(database, sheet, schema);
    let proxy = Proxy::start(database.address());
    if kill {
        proxy.kill_at(cut);
    } else {
        proxy.cut(cut);
    }
    let mut command = job(&world, &api);
    let child = begun(command.env("ARLOAD_LEDGER", &database.place_at(proxy.port(), schema).url));
    if kill {
        proxy.victim(child.id());
    }
    let first = end_of(child);
    let mut told = vec![told(&first)];
    let by_itself = (first.code != -1).then_some(first.code);
    let mut problems = lies(&world, &api, sheet, by_itself);
    if first.err.contains("panicked") {
        problems.push("panicked".to_owned());
    }
    let mut settled = matches!(by_itself, Some(0 | 1));
    for _ in 0..RESUMED {
        if settled || !problems.is_empty() {
            break;
        }
        let again = ended(&mut job(&world, &api));
        problems.extend(lies(&world, &api, sheet, Some(again.code)));
        settled = matches!(again.code, 0 | 1);
        told.push(self::told(&again));
    }
    if problems.is_empty() {
        if settled {
            problems.extend(lost(&world, sheet));
        } else {
            problems.push(format!("not settled after {RESUMED} more runs"));
        }
    }
    problems.truncate(3);
    if !problems.is_empty() {
        problems.extend(told);
    }
    (proxy.reached(), problems)
}

fn told(ended: &Ended) -> String {
    format!("exit {}: {}", ended.code, ended.err.trim_end())
}
