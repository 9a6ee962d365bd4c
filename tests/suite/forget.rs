//! Rows leave the ledger for an archive that was checked; outcomes, keys and history stay. And runs are found again.

use std::collections::BTreeMap;
use std::fs;

use crate::world::{Ended, World, ended, invoices, sandbox, state, statuses};

/// Runs the program without an account or a server.
fn here(world: &World, arguments: &[&str]) -> Ended {
    ended(&mut world.arload(arguments))
}

fn archives(world: &World, folder: &str) -> Vec<String> {
    let Ok(entries) = fs::read_dir(world.path(folder)) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_forgotten_run_keeps_its_outcomes_and_its_rows_stand_in_an_archive_that_holds() {
    let world = World::new();
    world.write("july.csv", invoices(25).replace("KC0123456789AB17", "KC-none"));
    let api = sandbox(|_| {});
    let create = ["invoices", "create", "july.csv", "--max-chunk-rows", "10"];
    world.run(&api, &create).expect(1);
    let (uploads, before) = (state(&api, "uploads"), world.lines("july.results.csv"));

    let young = here(&world, &["runs", "forget", "1", "--archive", "kept"]).expect(2);
    assert!(young.err.contains("kept for 8 complete financial years"), "{}", young.err);
    let nothing = here(&world, &["runs", "forget", "--archive", "kept"]).expect(0);
    assert!(nothing.out.contains("nothing to forget"), "{}", nothing.out);
    here(&world, &["runs", "forget", "1", "--archive", "kept", "--yes"]).expect(0);
    let names = archives(&world, "kept");
    assert_eq!(names.len(), 1, "{names:?}");
    let archive = format!("kept/{}", names[0]);
    let checked = here(&world, &["runs", "evidence", "--verify", &archive]).expect(0).out;
    assert!(checked.contains("25 rows stand in it as they were read"), "{checked}");
    assert!(checked.contains("the bytes of 3 chunks stand in it"), "{checked}");

    for table in ["row_block", "payload"] {
        assert_eq!(world.count(&format!("SELECT count(*) FROM {table}")), 0, "{table}");
    }
    let shown = here(&world, &["runs", "show", "1"]).expect(0).out;
    assert!(shown.contains("were purged on") && shown.contains(&names[0]), "{shown}");
    assert!(here(&world, &["runs", "list"]).expect(0).out.contains("july.csv (purged)"));
    let audited = here(&world, &["runs", "verify"]).expect(0).out;
    assert!(audited.contains("were purged on"), "{audited}");
    here(&world, &["runs", "evidence", "1", "-o", "later.zip"]).expect(0);
    let checked = here(&world, &["runs", "evidence", "--verify", "later.zip"]).expect(0).out;
    assert!(checked.contains("were purged on"), "{checked}");

    fs::remove_file(world.path("july.results.csv")).unwrap();
    let written = here(&world, &["runs", "results", "1"]).expect(0);
    assert!(written.err.contains("were purged on"), "{}", written.err);
    let after = world.lines("july.results.csv");
    assert_eq!(statuses(&after), statuses(&before));
    assert_eq!(after[0]["remote_id"], before[0]["remote_id"]);
    assert_eq!((after[0]["Invoice Number"].as_str(), after[0]["key"].as_str()), ("", before[0]["key"].as_str()));

    // The guard knows every row, and the sheet's rows are kept anew.
    world.run(&api, &create).expect(1);
    assert_eq!(state(&api, "uploads"), uploads);
    let again = world.lines("july.results.csv");
    assert_eq!(statuses(&again), BTreeMap::from([("already-accepted", 24), ("invalid", 1)]));
    assert_eq!(again[0]["Invoice Number"], before[0]["Invoice Number"]);
    world.write("other.csv", invoices(2).replace("1001.00,180.18,1181.18", "1001.00,0.00,1001.00"));
    world.run(&api, &["invoices", "create", "other.csv"]).expect(1);
    assert_eq!(world.lines("other.results.csv")[0]["code"], "conflicts-with-earlier-run");

    let twice = here(&world, &["runs", "forget", "1", "--archive", "kept", "--yes"]).expect(2);
    assert!(twice.err.contains("is purged already"), "{}", twice.err);
}

#[test]
fn rows_that_another_run_refers_to_stay_until_it_is_forgotten_too() {
    let world = World::new();
    world.write("july.csv", invoices(5));
    let api = sandbox(|_| {});
    world.run(&api, &["invoices", "create", "july.csv"]).expect(0);
    world.run(&api, &["invoices", "create", "july.csv"]).expect(0);
    let first = here(&world, &["runs", "forget", "1", "--yes"]).expect(0);
    assert!(first.out.contains("another run has the same rows"), "{}", first.out);
    assert_eq!(world.count("SELECT count(*) FROM row_block"), 1);
    here(&world, &["runs", "results", "2"]).expect(0);
    assert!(!world.lines("july.results.csv")[0]["Invoice Number"].is_empty());
    here(&world, &["runs", "forget", "2", "--yes"]).expect(0);
    assert_eq!(world.count("SELECT count(*) FROM row_block"), 0);
    here(&world, &["runs", "verify"]).expect(0);
}

#[test]
fn what_a_killed_process_had_begun_is_taken_away_and_what_another_writes_is_not() {
    let world = World::new();
    world.write("july.csv", invoices(5));
    let api = sandbox(|_| {});
    world.run(&api, &["invoices", "create", "july.csv"]).expect(0);
    let begun = |name: &str, seconds: u64| {
        world.write(&format!("kept/{name}"), "half an archive");
        let file = fs::File::options().write(true).open(world.path(&format!("kept/{name}"))).unwrap();
        file.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(seconds)).unwrap();
        file
    };
    fs::create_dir(world.path("kept")).unwrap();
    drop(begun(".arload-left.tmp", 120));
    drop(begun(".arload-young.tmp", 0));
    drop(begun("arload-mine.tmp", 120));
    let held = begun(".arload-held.tmp", 120);
    held.lock().unwrap();
    here(&world, &["runs", "forget", "1", "--yes", "--archive", "kept"]).expect(0);
    let names = archives(&world, "kept");
    assert_eq!(names[..3], [".arload-held.tmp", ".arload-young.tmp", "arload-mine.tmp"], "{names:?}");
    assert_eq!(names.len(), 4, "{names:?}");
}

#[test]
fn contacts_can_go_before_the_rows_do() {
    let world = World::new();
    let sheet = "invoiceNumber,customerId,invoiceDate,dueDate,baseAmount,Customer Email,Contact Person\n\
                 A-1,KC9B2X7M4Q1Z8T6D,2026-05-20,2026-06-20,100.00,asha@example.com,Asha Rao\n\
                 A-2,KC9B2X7M4Q1Z8T6D,2026-05-20,2026-06-20,200.00,not-an-address,Ravi\n";
    world.write("may.csv", sheet);
    let api = sandbox(|_| {});
    let map = ["--map", "Customer Email=emailAddress"];
    world.run(&api, &[&["invoices", "create", "may.csv"][..], &map].concat());
    here(&world, &["runs", "forget", "1", "--contacts-only", "--archive", "kept"]).expect(0);
    here(&world, &["runs", "results", "1"]).expect(0);
    let lines = world.lines("may.results.csv");
    for line in &lines {
        let cells = [&line["Customer Email"], &line["Contact Person"]];
        assert_eq!(cells, ["", ""], "{line:?}");
        assert!(!line.values().any(|cell| cell.contains("not-an-address")), "{line:?}");
    }
    assert_eq!(lines[0]["invoiceNumber"], "A-1");
    assert_eq!(world.count("SELECT count(*) FROM payload"), 0);
    here(&world, &["runs", "verify"]).expect(0);
    // The rows follow years later, into an archive of their own.
    here(&world, &["runs", "forget", "1", "--yes", "--archive", "kept"]).expect(0);
    let names = archives(&world, "kept");
    assert_eq!(names.len(), 2, "{names:?}");
    for name in names {
        here(&world, &["runs", "evidence", "--verify", &format!("kept/{name}")]).expect(0);
    }
    assert_eq!(world.count("SELECT count(*) FROM row_block"), 0);
}

#[test]
fn runs_that_are_not_over_are_never_forgotten() {
    let world = World::new();
    world.write("july.csv", invoices(3));
    let api = sandbox(|_| {});
    world.run(&api, &["invoices", "create", "july.csv", "--plan"]).expect(0);
    let open = here(&world, &["runs", "forget", "1", "--yes"]).expect(2);
    assert!(open.err.contains("run 1 is open"), "{}", open.err);
    let planned_at = world.count("SELECT created_at FROM run");
    let grow = |created_at: u64| {
        let ledger = rusqlite::Connection::open(world.state().join("ledger.db")).unwrap();
        ledger.execute("UPDATE run SET created_at = ?", [created_at.cast_signed()]).unwrap();
    };
    grow(1_400_000_000_000);
    let left = here(&world, &["runs", "forget"]).expect(1);
    assert!(left.out.contains("left: run 1 is open"), "{}", left.out);
    grow(planned_at);
    world.run(&api, &["runs", "send", "1"]).expect(0);
    grow(1_400_000_000_000);
    assert!(here(&world, &["runs", "forget"]).expect(0).out.contains("run 1: purged"));
    here(&world, &["runs", "forget", "7"]).expect(2);
    here(&world, &["runs", "forget", "--before", "yesterday"]).expect(2);
}

#[test]
fn a_process_that_died_before_it_purged_is_taken_up_and_a_strange_archive_is_not() {
    let world = World::new();
    world.write("july.csv", invoices(3));
    let api = sandbox(|_| {});
    world.run(&api, &["invoices", "create", "july.csv"]).expect(0);
    // The archive of another process that did not come to purge: that of a copy of this ledger.
    fs::create_dir(world.path("copy")).unwrap();
    fs::copy(world.state().join("ledger.db"), world.path("copy/ledger.db")).unwrap();
    here(&world, &["runs", "forget", "1", "--yes", "--archive", "kept", "--state", "copy"]).expect(0);
    let name = format!("kept/{}", archives(&world, "kept")[0]);
    let whole = world.read(&name);

    world.write(&name, &whole[..whole.len() / 2]);
    let refused = here(&world, &["runs", "forget", "1", "--yes", "--archive", "kept"]).expect(2);
    assert!(refused.err.contains("is no archive of run 1"), "{}", refused.err);
    let mut changed = whole.clone();
    // In what is packed: dates and rights of members say nothing of the run.
    let name_of_one = b"chunks.csv";
    let at = changed.windows(name_of_one.len()).position(|bytes| bytes == name_of_one).unwrap();
    changed[at + name_of_one.len() + 40] ^= 0x55;
    world.write(&name, &changed);
    here(&world, &["runs", "forget", "1", "--yes", "--archive", "kept"]).expect(2);
    assert_eq!(world.count("SELECT count(*) FROM row_block"), 1);

    world.write(&name, &whole);
    here(&world, &["runs", "forget", "1", "--yes", "--archive", "kept"]).expect(0);
    assert_eq!(world.read(&name), whole);
    assert_eq!(world.count("SELECT count(*) FROM row_block"), 0);
}

#[test]
fn runs_are_listed_newest_last_and_by_what_is_asked_for() {
    let world = World::new();
    let api = sandbox(|_| {});
    for (name, rows) in [("april.csv", 2), ("May Sales.csv", 3), ("june.csv", 4)] {
        world.write(name, invoices(rows));
        world.run(&api, &["invoices", "create", name, "--plan", "--new-run"]);
    }
    let ledger = rusqlite::Connection::open(world.state().join("ledger.db")).unwrap();
    ledger
        .execute_batch(
            "UPDATE run SET created_at = 1775000000000 WHERE id = 1; UPDATE run SET state = 'closed' WHERE id = 2",
        )
        .unwrap();
    drop(ledger);
    let listed = |flags: &[&str]| -> Vec<i64> {
        let out = here(&world, &[&["runs", "list", "--json"][..], flags].concat()).expect(0).out;
        let run = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["run"].as_i64().unwrap();
        out.lines().map(run).collect()
    };
    for (flags, runs) in [
        (&[][..], &[1, 2, 3][..]),
        (&["--limit", "2"], &[2, 3]),
        (&["--run-state", "open"], &[1, 3]),
        (&["--file", "may sales"], &[2]),
        (&["--file", "J*.csv"], &[3]),
        (&["--until", "2026-04-01"], &[1]),
        (&["--since", "2026-04-02"], &[2, 3]),
        (&["--operation", "invoices create", "--file", "april"], &[1]),
        (&["--operation", "customers create"], &[]),
    ] {
        assert_eq!(listed(flags), runs, "{flags:?}");
    }
    let shown = here(&world, &["runs", "list", "--limit", "1"]).expect(0).out;
    assert!(shown.contains("1 of 3 runs; ") && shown.trim_end().ends_with("bytes"), "{shown}");
    for flags in [["--since", "01/04/2026"], ["--operation", "invoices burn"], ["--run-state", "lost"]] {
        here(&world, &[&["runs", "list"][..], &flags].concat()).expect(2);
    }
}
