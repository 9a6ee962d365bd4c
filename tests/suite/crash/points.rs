//! A run killed right before and right after each of its steps, and resumed by the same command.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use arload::sandbox::{Duplicates, Fault, FileRefusal, RepeatedFault, Sandbox, SandboxSettings};

use super::child;
use super::judge::{Fate, REFUSED, Sheet, lies, lost, sheet};
use crate::world::{Ended, World, ended, sandbox};

/// A kind of run.
struct Scenario {
    name: &'static str,
    settings: fn(&mut SandboxSettings),
    environment: &'static [(&'static str, &'static str)],
    /// Whether the API refuses some rows.
    refuses: bool,
    /// Every which step the short mode kills at; the long mode kills at each.
    stride: u64,
}

/// Rows that the API refuses where it refuses some: two in a row, and one in the last chunk.
const REFUSED_ROWS: [usize; 4] = [130, 700, 701, 1_999];
/// Limit: resumed runs until all is settled; the first settles all but what a fault left.
const RESUMED: usize = 4;
/// Limit: processes at once; they mostly wait for the disk.
const WORKERS: usize = 8;
/// A dead process's request may be worked on until its time is over, so that time is short here.
const SHORT: &str = "1s";
/// What nobody kills is to end by itself, though a busy machine takes seconds to search.
const LONG: &str = "30s";

fn lose_replies(settings: &mut SandboxSettings) {
    let route = Some("/api/v0/invoice/bulk/create".to_owned());
    settings.faults.repeated = vec![RepeatedFault { from: 2, until: None, every: 2, route, fault: Fault::ReplyLost }];
}

fn refuse_files(settings: &mut SandboxSettings) {
    settings.refuse_customers = vec![REFUSED.to_owned()];
    settings.replies.file_refusal = FileRefusal::AnyBadRow;
}

#[test]
fn a_run_killed_at_any_step_loses_no_row_and_stores_none_twice() {
    survives(&Scenario {
        name: "plain",
        settings: |_| {},
        environment: &[("ARLOAD_CANARY", "5")],
        refuses: false,
        stride: 2,
    });
}

#[test]
fn a_run_with_lost_replies_killed_at_any_step_loses_no_row_and_stores_none_twice() {
    survives(&Scenario { name: "lost", settings: lose_replies, environment: &[], refuses: false, stride: 3 });
}

#[test]
fn a_run_with_refused_files_killed_at_any_step_loses_no_row_and_stores_none_twice() {
    survives(&Scenario { name: "refused", settings: refuse_files, environment: &[], refuses: true, stride: 11 });
}

fn survives(scenario: &Scenario) {
    let rows = if super::long() { 2_000 } else { 200 };
    let refused = REFUSED_ROWS.into_iter().filter(|row| scenario.refuses && *row <= rows);
    let sheet = sheet(rows, &refused.map(|row| (row, Fate::Rejected)).collect::<HashMap<_, _>>());
    let steps = unharmed(scenario, &sheet);
    // One step alone is repeated by naming it.
    let only = std::env::var("ARLOAD_STEP").ok().map(|step| step.parse::<u64>().unwrap());
    let stride = if super::long() { 1 } else { scenario.stride };
    let next = AtomicU64::new(only.unwrap_or(1));
    let last = only.unwrap_or(steps.len() as u64);
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                loop {
                    let step = next.fetch_add(stride, Ordering::SeqCst);
                    if step > last {
                        return;
                    }
                    for problem in killed_at(scenario, &sheet, step) {
                        let name = &steps[step as usize - 1];
                        failed.lock().unwrap().push(format!("{}, step {step}, {name}: {problem}", scenario.name));
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    let killed = (last - only.unwrap_or(1)) / stride + 1;
    println!("{}: {rows} rows, killed at {killed} of {} steps, {} problems", scenario.name, steps.len(), failed.len());
    let shown = failed.iter().take(10).cloned().collect::<Vec<_>>().join("\n");
    assert!(
        failed.is_empty(),
        "{shown}\nrepeat with: {}ARLOAD_STEP=N cargo test --test suite crash::points",
        super::mode()
    );
}

fn fresh(scenario: &Scenario, sheet: &Sheet) -> (World, Sandbox) {
    let world = World::new();
    world.write("sheet.csv", &sheet.text);
    let api = sandbox(|settings| {
        settings.replies.duplicates = Duplicates::StoredTwice;
        (scenario.settings)(settings);
    });
    (world, api)
}

fn run(world: &World, api: &Sandbox, scenario: &Scenario, fatal: u64, timeout: &str) -> Ended {
    let mut command = child::command(world, api, fatal);
    command.env("ARLOAD_MAX_CHUNK_ROWS", "50").env("ARLOAD_CONCURRENCY", "1");
    command.env("ARLOAD_TIMEOUT", timeout).env("ARLOAD_SETTLE", "0s");
    ended(command.envs(scenario.environment.iter().copied()))
}

/// The steps of a run that nobody kills.
fn unharmed(scenario: &Scenario, sheet: &Sheet) -> Vec<String> {
    let (world, api) = fresh(scenario, sheet);
    let ended = run(&world, &api, scenario, 0, LONG);
    let mut problems = lies(&world, &api, sheet, Some(ended.code));
    problems.extend(lost(&world, sheet));
    assert_eq!(problems, [""; 0], "{}: {}", scenario.name, ended.err);
    child::steps(&world)
}

/// What is wrong after a run was killed at a step and resumed.
fn killed_at(scenario: &Scenario, sheet: &Sheet, step: u64) -> Vec<String> {
    let (world, api) = fresh(scenario, sheet);
    let killed = run(&world, &api, scenario, step, SHORT);
    // A busy machine may let a request run into its timeout, and the steps be others than before.
    let by_itself = (killed.code != -1).then_some(killed.code);
    let mut problems = lies(&world, &api, sheet, by_itself);
    if matches!(by_itself, Some(0 | 1)) {
        problems.extend(lost(&world, sheet));
        return problems;
    }
    for _ in 0..RESUMED {
        let ended = run(&world, &api, scenario, 0, SHORT);
        problems.extend(lies(&world, &api, sheet, Some(ended.code)));
        if ended.code == 0 || ended.code == 1 {
            problems.extend(lost(&world, sheet));
            return problems;
        }
        if !problems.is_empty() {
            problems.push(ended.err);
            return problems;
        }
    }
    problems.push(format!("not settled after {RESUMED} resumed runs"));
    problems
}
