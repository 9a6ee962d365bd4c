//! Killed, interrupted, planned ahead, changed, doubled: no row is stored twice and none is lost.

use std::collections::{BTreeMap, BTreeSet};

use arload::sandbox::{Refused, Sandbox};
use rustix::process::{Pid, Signal, kill_process};

use crate::world::{
    Ended, World, begun, end_of, ended, invoices, sandbox, state, statuses, stored_numbers, wait_until,
};

const SHEET: [&str; 3] = ["invoices", "create", "sheet.csv"];
const CHUNKS_OF_20: [&str; 5] = ["invoices", "create", "sheet.csv", "--max-chunk-rows", "20"];

/// A sheet in a world, and a sandbox that takes a moment for each upload.
fn slow(rows: usize) -> (World, Sandbox) {
    let world = World::new();
    world.write("sheet.csv", invoices(rows));
    (world, sandbox(|settings| settings.latency_ms = 20))
}

/// The keys of the result lines with a status.
fn keys(world: &World, status: &str) -> BTreeSet<String> {
    let lines = world.lines("sheet.results.csv");
    lines.into_iter().filter(|line| line["status"] == status).map(|line| line["key"].clone()).collect()
}

#[test]
fn a_run_that_was_killed_goes_on_and_stores_no_row_twice_and_loses_none() {
    // Killed early, in the middle and near the end of 50 uploads.
    for uploads in [1, 23, 44] {
        let (world, api) = slow(1_000);
        let mut child = begun(&mut world.client(&api, &CHUNKS_OF_20));
        wait_until("uploads", || state(&api, "uploads") >= uploads);
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!world.path("sheet.results.csv").exists(), "a killed run leaves no half-written result");

        let resumed = world.run(&api, &CHUNKS_OF_20);

        assert!(resumed.err.contains("run 1 goes on"), "{}", resumed.err);
        let (accepted, unknown) = (keys(&world, "accepted"), keys(&world, "unknown"));
        assert_eq!(accepted.len() + unknown.len(), 1_000);
        assert_eq!(resumed.code, if unknown.is_empty() { 0 } else { 4 }, "{}", resumed.err);
        assert!(unknown.len() <= 4 * 20, "only what was under way can be unknown: {}", unknown.len());
        let stored = stored_numbers(&api);
        assert_eq!(state(&api, "duplicate_rows"), 0);
        assert!(accepted.iter().all(|key| stored.binary_search(key).is_ok()), "accepted and not stored");
        assert!(stored.iter().all(|number| accepted.contains(number) || unknown.contains(number)));

        // Rows that were sent without an answer are never sent again by themselves.
        let uploads = state(&api, "uploads");
        let third = world.run(&api, &CHUNKS_OF_20);
        assert_eq!((third.code, state(&api, "uploads")), (resumed.code, uploads));
        assert_eq!(stored_numbers(&api), stored);
    }
}

#[test]
fn a_kill_takes_the_built_in_sandbox_along_and_both_go_on() {
    let world = World::new();
    world.write("sheet.csv", invoices(1_000));
    let arguments = [&CHUNKS_OF_20[..], &["--sandbox", "--rate", "100/s"]].concat();
    let records = || std::fs::read_to_string(world.state().join("sandbox-records.jsonl")).unwrap_or_default();
    let mut child = begun(&mut world.arload(&arguments));
    wait_until("records", || records().lines().count() >= 200);
    child.kill().unwrap();
    child.wait().unwrap();

    let resumed = ended(&mut world.arload(&arguments));

    let lines = world.lines("sheet.sandbox.results.csv");
    let counts = statuses(&lines);
    let unknown = counts.get("unknown").copied().unwrap_or_default();
    assert_eq!(counts["accepted"] + unknown, 1_000, "{counts:?}");
    assert_eq!(resumed.code, if unknown == 0 { 0 } else { 4 }, "{}", resumed.err);
    let records = records();
    for line in &lines {
        let times = records.matches(&format!("\"{}\"", line["key"])).count();
        assert!(times == 1 || (times == 0 && line["status"] == "unknown"), "{times} times: {line:?}");
    }
}

#[test]
fn an_interrupted_run_finishes_what_is_under_way_and_the_same_command_goes_on() {
    let (world, api) = slow(600);
    let child = begun(&mut world.client(&api, &CHUNKS_OF_20));
    wait_until("uploads", || state(&api, "uploads") >= 5);
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let interrupted = end_of(child).expect(130);

    assert!(interrupted.err.contains("arload: stopping: what is under way is finished"), "{}", interrupted.err);
    let accepted: Vec<String> = keys(&world, "accepted").into_iter().collect();
    assert_eq!(accepted, stored_numbers(&api));
    assert_eq!(accepted.len() + keys(&world, "not-sent").len(), 600);
    assert_eq!(world.count("SELECT count(*) FROM chunk WHERE state NOT IN ('settled', 'planned')"), 0);

    world.run(&api, &CHUNKS_OF_20).expect(0);
    assert_eq!(keys(&world, "accepted").len(), 600);
    assert_eq!((state(&api, "invoices"), state(&api, "duplicate_rows")), (600, 0));
    assert_eq!(state(&api, "uploads"), 30);
}

#[test]
fn a_plan_is_sent_later_without_the_sheet() {
    let (world, api) = slow(50);
    let planned = world.run(&api, &[&SHEET[..], &["--plan"]].concat()).expect(0);
    assert!(planned.out.starts_with("run 1: 50 not-sent of 50 rows"), "{}", planned.out);
    // The one log-in is that of the first-use check.
    assert_eq!((state(&api, "logins/ok"), state(&api, "uploads")), (1, 0));
    std::fs::remove_file(world.path("sheet.csv")).unwrap();

    world.run(&api, &["runs", "send", "1"]).expect(0);

    assert_eq!(statuses(&world.lines("sheet.results.csv")), BTreeMap::from([("accepted", 50)]));
    assert_eq!(state(&api, "invoices"), 50);
    let again = world.run(&api, &["runs", "send", "1"]).expect(2);
    assert_eq!(
        again.problems(&world),
        "arload: run 1 is finished; nothing is left to send\n\
         hint: \"arload runs show 1\" says what became of it\n"
    );
}

#[test]
fn a_changed_sheet_takes_over_the_unsent_rows_of_its_old_run() {
    let (world, api) = slow(30);
    world.run(&api, &[&SHEET[..], &["--plan"]].concat()).expect(0);
    let changed = invoices(32).replacen("T/26-27/00001", "T/26-27/10001", 1);
    world.write("sheet.csv", changed);

    let taken_over = world.run(&api, &SHEET).expect(0);

    assert!(taken_over.err.contains("run 1 is given up for this one: 30 rows of it not sent"), "{}", taken_over.err);
    assert_eq!(keys(&world, "accepted").len(), 32);
    let stored = stored_numbers(&api);
    assert_eq!((stored.len(), stored.contains(&"T/26-27/00001".to_owned())), (32, false));
    let runs = world.run(&api, &["runs", "list", "--json"]).expect(0).out;
    let states: Vec<String> = runs
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["state"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(states, ["superseded", "finished"]);
    world.run(&api, &["runs", "send", "1"]).expect(2);
}

#[test]
fn of_two_processes_for_one_account_one_works_and_the_other_leaves_at_once() {
    let (world, api) = slow(400);
    let first = begun(&mut world.client(&api, &CHUNKS_OF_20));
    wait_until("an upload", || state(&api, "uploads") >= 1);

    world.write("other.csv", invoices(5));
    let second = world.run(&api, &["invoices", "create", "other.csv"]).expect(75);

    assert!(second.err.contains("another run is sending for http://127.0.0.1:"), "{}", second.err);
    assert!(second.err.contains("hint: wait for it to end, or pass --wait\n"), "{}", second.err);
    assert_eq!(world.results(), Vec::<String>::new());
    // Nor does another ledger, which does not know what this one is sending.
    world.run(&api, &["invoices", "create", "other.csv", "--state", "elsewhere"]).expect(75);
    end_of(first).expect(0);
    assert_eq!((state(&api, "invoices"), state(&api, "duplicate_rows")), (400, 0));
    // What the first run put in is known to whoever comes next.
    let after = world.run(&api, &["invoices", "create", "other.csv"]).expect(0);
    assert!(after.out.contains("5 already-accepted of 5 rows"), "{}", after.out);
}

#[test]
fn a_process_that_waits_sends_after_the_other() {
    let (world, api) = slow(200);
    let first = begun(&mut world.client(&api, &CHUNKS_OF_20));
    wait_until("an upload", || state(&api, "uploads") >= 1);
    world.write("other.csv", invoices(203));
    let waited: Ended = world.run(&api, &["invoices", "create", "other.csv", "--wait"]).expect(0);
    end_of(first).expect(0);
    assert!(waited.out.contains("3 accepted, 200 already-accepted of 203 rows"), "{}", waited.out);
    assert_eq!(state(&api, "duplicate_rows"), 0);
}

#[test]
fn rejected_rows_stay_rejected_until_told_to_retry_them() {
    let world = World::new();
    world.write("sheet.csv", invoices(9));
    let api = sandbox(|settings| settings.replies.refuse_rows = Refused::Some);
    world.run(&api, &SHEET).expect(1);
    assert_eq!(statuses(&world.lines("sheet.results.csv")), BTreeMap::from([("accepted", 6), ("rejected", 3)]));
    api.change(|settings| settings.replies.refuse_rows = Refused::None);

    world.run(&api, &SHEET).expect(1);
    let lines = world.lines("sheet.results.csv");
    assert_eq!(statuses(&lines), BTreeMap::from([("already-accepted", 6), ("rejected", 3)]));
    for line in lines.iter().filter(|line| line["status"] == "rejected") {
        assert_eq!(line["code"], "rejected-earlier");
        let message = &line["message"];
        assert!(
            ["refused on purpose", "run 1", "--retry-rejected"].iter().all(|part| message.contains(part)),
            "{message}"
        );
    }
    assert_eq!(state(&api, "uploads"), 1);

    world.run(&api, &[&SHEET[..], &["--retry-rejected"]].concat()).expect(0);
    assert_eq!(statuses(&world.lines("sheet.results.csv")), BTreeMap::from([("accepted", 3), ("already-accepted", 6)]));
    assert_eq!((state(&api, "invoices"), state(&api, "duplicate_rows")), (9, 0));
}

#[test]
fn results_that_were_deleted_come_back_byte_for_byte() {
    let world = World::with_samples(&["invoices-broken.csv", "invoices.xlsx"]);
    let api = sandbox(|settings| settings.replies.refuse_rows = Refused::Some);
    let arguments = ["invoices", "create", "invoices-broken.csv", "invoices.xlsx", "--max-invalid", "100%"];
    world.run(&api, &arguments).expect(1);
    let names = world.results();
    assert_eq!(names.len(), 7);
    let before: Vec<Vec<u8>> = names.iter().map(|name| world.read(name)).collect();
    for name in &names {
        std::fs::remove_file(world.path(name)).unwrap();
    }

    world.run(&api, &["runs", "results", "1"]).expect(0);

    assert_eq!(world.results(), names);
    for (name, before) in names.iter().zip(before) {
        assert!(world.read(name) == before, "{name} differs");
    }
}

#[test]
fn results_go_into_a_folder_that_is_not_there_yet() {
    let world = World::with_samples(&["invoices.csv"]);
    let api = sandbox(|_| {});
    world.run(&api, &["invoices", "create", "invoices.csv"]).expect(0);
    world.run(&api, &["runs", "results", "1", "--results", "out/of/run"]).expect(0);
    assert_eq!(world.read("out/of/run/invoices.results.csv"), world.read("invoices.results.csv"));
}

#[test]
fn results_of_an_older_run_are_written_again_under_its_number() {
    let world = World::with_samples(&["invoices.csv"]);
    let api = sandbox(|_| {});
    world.run(&api, &["invoices", "create", "invoices.csv"]).expect(0);
    world.run(&api, &["invoices", "create", "invoices.csv"]).expect(0);
    let names = world.results();
    let before: Vec<Vec<u8>> = names.iter().map(|name| world.read(name)).collect();
    std::fs::remove_file(world.path("invoices.results.1.csv")).unwrap();

    let told = world.run(&api, &["runs", "results", "1"]).expect(0);

    assert!(told.out.contains("invoices.results.1.csv"), "{}", told.out);
    assert_eq!(world.results(), names);
    // A page names the files beside it, which have their numbers now.
    for (name, before) in names.iter().zip(before).filter(|(name, _)| !name.contains(".report.1.")) {
        assert!(world.read(name) == before, "{name} differs");
    }
}

#[test]
fn a_planned_run_that_goes_on_later_says_again_what_was_not_read() {
    let second = "\n\nInvoice Date,Due Date,Total\n01/07/2026,31/07/2026,6\n";
    for (name, content, message) in [
        ("cut.xlsx", "PK\x03\x04broken".to_owned(), "cut.xlsx: is damaged"),
        ("two.csv", invoices(2).replace("INV-", "TWO-") + second, "two.csv: row "),
    ] {
        let world = World::new();
        let api = sandbox(|_| {});
        world.write("sheet.csv", invoices(3));
        world.write(name, content);
        world.run(&api, &["invoices", "create", "sheet.csv", name, "--plan"]).expect(1);
        let shown = world.run(&api, &["runs", "show", "1"]).expect(0).out;
        assert!(shown.contains(&format!("\nnot read: {message}")), "{shown}");
        let sent = world.run(&api, &["runs", "send", "1"]).expect(1);
        assert!(sent.err.contains(&format!("run 1 was planned without it: {message}")), "{}", sent.err);
        assert_eq!(statuses(&world.lines("sheet.results.csv")), [("accepted", 3)].into());
    }
    // A plan of everything is clean.
    let world = World::new();
    let api = sandbox(|_| {});
    world.write("sheet.csv", invoices(3));
    world.run(&api, &["invoices", "create", "sheet.csv", "--plan"]).expect(0);
    let sent = world.run(&api, &["runs", "send", "1"]).expect(0);
    assert!(!sent.err.contains("planned without"), "{}", sent.err);
}
