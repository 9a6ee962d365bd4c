//! The ledger's own commands: created, brought up to date, backed up, seeded.

use std::collections::BTreeMap;
use std::fs;

use crate::world::{Ended, World, ended, invoices, sandbox, state, statuses};

/// Runs the program without an account or a server.
fn here(world: &World, arguments: &[&str]) -> Ended {
    ended(&mut world.arload(arguments))
}

#[test]
fn a_ledger_is_created_once_and_an_old_one_is_brought_up_to_date() {
    let world = World::new();
    let missing = here(&world, &["ledger", "migrate", "--state", "new"]).expect(2);
    assert!(missing.err.contains("ledger init"), "{}", missing.err);
    assert!(here(&world, &["ledger", "init", "--state", "new"]).expect(0).out.contains("created"));
    assert!(here(&world, &["ledger", "init", "--state", "new"]).expect(0).out.contains("left alone"));
    assert!(here(&world, &["ledger", "migrate", "--state", "new"]).expect(0).out.contains("nothing to do"));
    here(&world, &["runs", "verify", "--state", "new"]).expect(0);

    let formats = [
        include_str!("../data/ledger/format-1.sql"),
        include_str!("../data/ledger/format-2.sql"),
        include_str!("../data/ledger/format-3.sql"),
    ];
    for (format, tables) in (1..).zip(formats) {
        let folder = format!("old-{format}");
        fs::create_dir(world.path(&folder)).unwrap();
        let old = rusqlite::Connection::open(world.path(&format!("{folder}/ledger.db"))).unwrap();
        old.execute_batch(tables).unwrap();
        let apart = "SELECT group_concat(hex(bytes)) FROM (SELECT bytes FROM payload ORDER BY chunk_id)";
        let within = "SELECT group_concat(hex(payload)) FROM (SELECT payload FROM chunk ORDER BY id)";
        let before: String = old.query_row(if format < 3 { within } else { apart }, [], |row| row.get(0)).unwrap();
        drop(old);
        let refused = here(&world, &["runs", "list", "--state", &folder]).expect(2);
        assert!(refused.err.contains("ledger migrate"), "{}", refused.err);
        let moved = here(&world, &["ledger", "migrate", "--state", &folder]).expect(0);
        assert!(moved.out.contains(&format!("from format {format} to 4")), "{}", moved.out);
        here(&world, &["runs", "list", "--state", &folder]).expect(0);
        let moved = rusqlite::Connection::open(world.path(&format!("{folder}/ledger.db"))).unwrap();
        assert_eq!(moved.query_row(apart, [], |row| row.get::<_, String>(0)).unwrap(), before);
    }
}

#[test]
fn a_backup_restored_as_a_new_state_folder_has_the_runs_and_no_history() {
    let world = World::new();
    world.write("july.csv", invoices(5));
    let api = sandbox(|_| {});
    world.run(&api, &["invoices", "create", "july.csv"]).expect(0);
    world.run(&api, &["ledger", "seed", "july.results.csv"]).expect(0);
    assert_eq!(world.count("SELECT count(*) FROM history"), 1);

    fs::create_dir(world.path("restored")).unwrap();
    let made = here(&world, &["ledger", "backup", "restored/ledger.db"]).expect(0);
    assert!(made.out.contains("2 runs with 10 rows"), "{}", made.out);
    let again = here(&world, &["ledger", "backup", "restored/ledger.db"]).expect(2);
    assert!(again.err.contains("--force"), "{}", again.err);
    here(&world, &["ledger", "backup", "restored/ledger.db", "--force"]).expect(0);

    let restored = rusqlite::Connection::open(world.path("restored/ledger.db")).unwrap();
    let number = |sql: &str| restored.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(number("SELECT count(*) FROM history"), 0);
    assert_eq!(number("SELECT count(*) FROM run"), 2);
    let value = |connection: &rusqlite::Connection, key: &str| {
        connection.query_row("SELECT value FROM meta WHERE key = ?", [key], |row| row.get::<_, String>(0)).unwrap()
    };
    assert_eq!(value(&restored, "restored-from"), value(&world.ledger(), "id"));
    assert_ne!(value(&restored, "id"), value(&world.ledger(), "id"));
    drop(restored);
    assert!(here(&world, &["runs", "list", "--state", "restored"]).expect(0).out.contains("july.csv"));
    here(&world, &["runs", "verify", "--state", "restored"]).expect(0);
}

const OTHER: [&str; 2] = ["--state", "other"];

#[test]
fn a_ledger_seeded_from_results_sends_nothing_of_the_same_sheets() {
    let world = World::with_samples(&["invoices.csv", "invoices.xlsx"]);
    let api = sandbox(|_| {});
    let main = ["invoices", "create", "invoices.csv", "invoices.xlsx"];
    world.run(&api, &main).expect(0);
    let results = ["invoices.csv.results.csv", "invoices.xlsx.results.csv"];
    let of_run: Vec<_> = results.iter().map(|name| world.lines(name)).collect();
    let seed = [&["ledger", "seed"][..], &results, &OTHER].concat();

    let told = world.run(&api, &[&seed[..], &["--dry-run"]].concat()).expect(0);
    assert!(told.out.contains("369 not-sent of 369 rows"), "{}", told.out);
    assert!(!world.path("other/ledger.db").exists());
    let seeded = world.run(&api, &seed).expect(0);
    assert!(seeded.out.contains("369 accepted of 369 rows"), "{}\n{}", seeded.out, seeded.err);
    let again = world.run(&api, &seed).expect(0);
    assert!(again.out.contains("369 already-accepted of 369 rows"), "{}", again.out);

    let uploads = state(&api, "uploads");
    world.run(&api, &[&main[..], &OTHER].concat()).expect(0);
    assert_eq!(state(&api, "uploads"), uploads);
    for (name, before) in results.iter().zip(of_run) {
        let lines = world.lines(name);
        assert_eq!(statuses(&lines), BTreeMap::from([("already-accepted", lines.len())]));
        for (line, before) in lines.iter().zip(&before) {
            assert_eq!(line["remote_id"], before["remote_id"]);
        }
    }
    let first = &world.lines(results[0])[0];
    assert!(first["message"].contains("run 1, invoices.csv.results.csv:2,"), "{first:?}");
}

#[test]
fn a_seeded_record_with_other_content_conflicts() {
    let world = World::new();
    world.write("july.csv", invoices(5));
    let api = sandbox(|_| {});
    world.run(&api, &["invoices", "create", "july.csv"]).expect(0);
    world.run(&api, &["ledger", "seed", "july.results.csv", "--state", "other"]).expect(0);
    world.write("july.csv", invoices(5).replace("1003.00,180.54,1183.54", "1003.00,0.00,1003.00"));
    world.run(&api, &["invoices", "create", "july.csv", "--state", "other"]).expect(1);
    let lines = world.lines("july.results.csv");
    assert_eq!(statuses(&lines), BTreeMap::from([("already-accepted", 4), ("invalid", 1)]));
    assert_eq!(lines[2]["code"], "conflicts-with-earlier-run");
}

#[test]
fn rows_of_results_that_are_not_accepted_are_not_seeded() {
    let world = World::new();
    world.write("july.csv", invoices(5));
    let api = sandbox(|_| {});
    world.run(&api, &["invoices", "create", "july.csv"]).expect(0);
    let results = String::from_utf8(world.read("july.results.csv")).unwrap();
    let changed = results.replacen(",accepted,", ",unknown,", 1).replacen(",accepted,", ",rejected,", 1);
    world.write("july.results.csv", changed);
    let seeded = world.run(&api, &["ledger", "seed", "july.results.csv", "--state", "other"]).expect(0);
    assert!(seeded.out.contains("3 accepted of 3 rows"), "{}", seeded.out);
    assert!(seeded.out.contains("1 row unknown in the results"), "{}\n{}", seeded.out, seeded.err);
    let ledger = rusqlite::Connection::open(world.path("other/ledger.db")).unwrap();
    let known: i64 = ledger.query_row("SELECT count(*) FROM history", [], |row| row.get(0)).unwrap();
    assert_eq!(known, 0, "a history with a gap is none");
    drop(ledger);
    let planned = world.run(&api, &["invoices", "create", "july.csv", "--state", "other", "--plan"]).expect(0);
    // The API is asked for the others.
    assert!(planned.out.contains("5 already-accepted of 5 rows"), "{}", planned.out);
    let lines = world.lines("july.results.csv");
    let codes: Vec<&str> = lines.iter().map(|line| line["code"].as_str()).collect();
    assert_eq!(codes, ["found-at-api", "found-at-api", "accepted-earlier", "accepted-earlier", "accepted-earlier"]);
    let first = &lines[2];
    assert!(first["message"].contains("july.results.csv:4,"), "{first:?}");
}

#[test]
fn a_ledger_is_seeded_from_an_export_and_rows_that_cannot_be_read_are_named() {
    let world = World::new();
    let head = "invoiceId,invoiceNumber,customerId,invoiceDate,dueDate,baseAmount,igst,netAmount\n";
    let line = |number: u32, day: &str| {
        format!("CIN00{number},T/{number},KC0123456789AB10,2026-07-{day},2026-08-25,1000.00,180.00,1180.00\n")
    };
    let export = format!("{head}{}{}{}", line(1, "01"), line(2, "02"), line(3, "99"));
    world.write("export.csv", &export);
    let api = sandbox(|_| {});
    let seeded = world.run(&api, &["ledger", "seed", "export.csv"]).expect(1);
    assert!(seeded.out.contains("2 accepted, 1 invalid of 3 rows"), "{}", seeded.out);
    assert!(seeded.out.contains("export.csv:4: invoiceDate"), "{}", seeded.out);
    assert_eq!(world.count("SELECT count(*) FROM history"), 0);

    world.write("export.csv", export.replace("-99", "-03"));
    world.run(&api, &["ledger", "seed", "export.csv"]).expect(0);
    assert_eq!(world.count("SELECT count(*) FROM history"), 1);
    let ended = world.run(&api, &["invoices", "create", "export.csv"]).expect(0);
    assert!(ended.out.contains("3 already-accepted of 3 rows"), "{}", ended.out);
    assert_eq!(world.lines("export.results.csv")[0]["remote_id"], "CIN001");
    assert_eq!(state(&api, "uploads"), 0);
    assert_eq!(state(&api, "logins/ok"), 0);
}

#[test]
fn results_of_another_account_and_what_cannot_be_guessed_are_refused() {
    let world = World::new();
    world.write("july.csv", invoices(3));
    let api = sandbox(|_| {});
    world.alone(&["invoices", "create", "july.csv"]).expect(0);
    let refused = |arguments: &[&str], said: &str| {
        let ended = world.run(&api, arguments).expect(2);
        assert!(ended.err.contains(said), "{said}: {}", ended.err);
    };
    refused(&["ledger", "seed", "july.sandbox.results.csv"], "results of the sandbox");
    refused(&["ledger", "seed", "july.sandbox.results.csv", "july.csv"], "two commands");
    refused(&["ledger", "seed", "july.csv", "--as", "customers update"], "--as");
    world.write("other.csv", "a,b\n1,2\n");
    refused(&["ledger", "seed", "other.csv"], "");
    let other = sandbox(|_| {});
    world.run(&other, &["invoices", "create", "july.csv"]).expect(0);
    refused(&["ledger", "seed", "july.results.csv"], "are results of http");
    world.write("july.dry-run.results.csv", world.read("july.results.csv"));
    refused(&["ledger", "seed", "july.dry-run.results.csv"], "dry run");
    let nobody = here(&world, &["ledger", "seed", "july.results.csv"]).expect(2);
    assert!(nobody.err.contains("base-url"), "{}", nobody.err);
}

#[test]
fn a_document_of_several_rows_is_seeded_whole() {
    let world = World::with_samples(&["zoho-line-items.csv", "customers-directory.csv"]);
    let api = sandbox(|_| {});
    let flags = ["--customers", "customers-directory.csv", "--group"];
    world.run(&api, &[&["invoices", "create", "zoho-line-items.csv"][..], &flags].concat()).expect(0);
    let uploads = state(&api, "uploads");
    world.run(&api, &[&["ledger", "seed", "zoho-line-items.results.csv"][..], &flags, &OTHER].concat()).expect(0);
    world.run(&api, &[&["invoices", "create", "zoho-line-items.csv"][..], &flags, &OTHER].concat()).expect(0);
    assert_eq!(statuses(&world.lines("zoho-line-items.results.csv")), BTreeMap::from([("already-accepted", 29)]));
    assert_eq!(state(&api, "uploads"), uploads);
}

#[test]
fn customers_are_seeded_from_results_too() {
    let world = World::with_samples(&["customers.xlsx"]);
    let api = sandbox(|_| {});
    world.run(&api, &["customers", "create", "customers.xlsx"]);
    let accepted = statuses(&world.lines("customers.results.csv"))["accepted"];
    let uploads = state(&api, "uploads");
    fs::remove_file(world.path("customers.summary.json")).unwrap();
    world.run(&api, &[&["ledger", "seed", "customers.results.csv"][..], &OTHER].concat()).expect(0);
    world.run(&api, &[&["customers", "create", "customers.xlsx"][..], &OTHER].concat());
    assert_eq!(statuses(&world.lines("customers.results.csv"))["already-accepted"], accepted);
    assert_eq!(state(&api, "uploads"), uploads);
}
