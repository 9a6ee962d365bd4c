//! A ledger that knows nothing of the account asks the API first, and sends nothing that was put in before.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use arload::sandbox::{Fault, OffsetUnit, Sandbox, ScheduledFault, SearchReply};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::world::{World, begun, end_of, ended, in_each, invoices, records, sandbox, state, statuses, wait_until};

const SHEET: [&str; 3] = ["invoices", "create", "sheet.csv"];
const SEARCH: &str = "/api/v0/invoice/search";
const UPLOAD: &str = "/api/v0/invoice/bulk/create";

/// A home of its own, so a ledger of its own, with a sheet.
fn home(sheet: &str) -> World {
    let world = World::new();
    world.write("sheet.csv", sheet);
    world
}

/// Searches that a sandbox got.
fn searches(api: &Sandbox) -> u64 {
    let state = api.state();
    let statuses = state["requests"][format!("POST {SEARCH}")].as_object();
    statuses.map_or(0, |statuses| statuses.values().filter_map(Value::as_u64).sum())
}

fn counts(world: &World, name: &str) -> BTreeMap<String, usize> {
    let lines = world.lines(name);
    statuses(&lines).into_iter().map(|(status, rows)| (status.to_owned(), rows)).collect()
}

#[track_caller]
fn assert_counts(world: &World, name: &str, expected: &[(&str, usize)]) {
    let expected = expected.iter().map(|(status, rows)| ((*status).to_owned(), *rows)).collect::<BTreeMap<_, _>>();
    assert_eq!(counts(world, name), expected);
}

/// Nothing was planned: no run, no chunk, no results.
#[track_caller]
fn assert_nothing_planned(world: &World) {
    assert_eq!(world.count("SELECT (SELECT count(*) FROM run) + (SELECT count(*) FROM history)"), 0);
    assert_eq!(world.results(), Vec::<String>::new());
}

#[test]
fn a_sheet_that_another_ledger_sent_is_recognised_with_its_ids_and_nothing_is_sent() {
    for (shape, unit, cap) in [
        (SearchReply::Array, OffsetUnit::Rows, None),
        (SearchReply::Data, OffsetUnit::Pages, Some(7)),
        (SearchReply::Array, OffsetUnit::Pages, Some(10)),
        (SearchReply::Data, OffsetUnit::Rows, Some(9)),
    ] {
        let api = sandbox(|settings| {
            settings.replies.search_reply = shape;
            settings.replies.search_offset = unit;
            settings.replies.page_cap = cap;
        });
        home(&invoices(40)).run(&api, &SHEET).expect(0);
        let (uploads, case) = (state(&api, "uploads"), format!("{shape:?} {unit:?} {cap:?}"));

        let other = home(&invoices(40));
        let told = other.run(&api, &SHEET).expect(0);
        assert!(told.err.contains("first use of this ledger: looking up the invoices of 40 customers"), "{}", told.err);
        assert!(told.err.contains("40 rows put in before; 0 with other content"), "{case}: {}", told.err);
        assert!(told.out.contains("next: 40 rows not sent: looked up at the API and found there"), "{}", told.out);
        let ids: BTreeMap<String, String> = records(&api, "invoices")
            .iter()
            .map(|it| (it["invoiceNumber"].as_str().unwrap().to_owned(), it["invoiceId"].as_str().unwrap().to_owned()))
            .collect();
        for line in other.lines("sheet.results.csv") {
            assert_eq!(
                (line["status"].as_str(), line["code"].as_str()),
                ("already-accepted", "found-at-api"),
                "{case}"
            );
            assert_eq!(line["remote_id"], ids[&line["key"]]);
            assert_eq!(line["message"], format!("found at the API: {}", line["remote_id"]));
        }

        // The ledger knows them from now on, and asks no more.
        let asked = searches(&api);
        other.run(&api, &SHEET).expect(0);
        assert_eq!(searches(&api), asked, "{case}");
        other.write("more.csv", invoices(43));
        other.run(&api, &["invoices", "create", "more.csv"]).expect(0);
        assert_counts(&other, "more.results.csv", &[("already-accepted", 40), ("accepted", 3)]);
        let known = &other.lines("more.results.csv")[0];
        assert_eq!((known["code"].as_str(), known["remote_id"].as_str()), ("accepted-earlier", &*ids[&known["key"]]));
        assert_eq!(state(&api, "uploads"), uploads + 1, "{case}");
        assert_eq!((state(&api, "invoices"), state(&api, "duplicate_rows")), (43, 0));
    }
}

#[test]
fn a_sheet_dated_before_the_history_began_is_looked_up_whenever_it_comes() {
    let api = sandbox(|_| {});
    let (all, first) = (invoices(60), invoices(40));
    home(&all).run(&api, &SHEET).expect(0);
    let uploads = state(&api, "uploads");
    // Another machine, which begins with half of what was sent, and gets the other half later.
    let other = home(&first);
    other.run(&api, &SHEET).expect(0);
    let rest: Vec<&str> = all.lines().take(1).chain(all.lines().skip(41)).collect();
    other.write("rest.csv", rest.join("\n"));
    let told = other.run(&api, &["invoices", "create", "rest.csv"]).expect(0);
    assert!(told.err.contains("20 rows put in before"), "{}", told.err);
    assert_counts(&other, "rest.results.csv", &[("already-accepted", 20)]);
    assert_eq!((state(&api, "uploads"), state(&api, "duplicate_rows")), (uploads, 0));
}

#[test]
fn other_content_under_a_number_is_a_conflict_that_is_remembered() {
    let api = sandbox(|_| {});
    home(&invoices(10)).run(&api, &SHEET).expect(0);
    let uploads = state(&api, "uploads");
    let changed = invoices(10).replace("25/08/2026,1003.00", "26/08/2026,1003.00");
    let other = home(&changed);
    other.run(&api, &SHEET).expect(1);
    assert_counts(&other, "sheet.results.csv", &[("already-accepted", 9), ("invalid", 1)]);
    let line = &other.lines("sheet.results.csv")[2];
    assert_eq!(line["code"], "conflicts-with-api");
    let stored = &records(&api, "invoices")[2]["invoiceId"];
    let expected = format!(
        "the API has \"T/26-27/00003\" with other content: {}: dueDate \"2026-08-25\" → \"2026-08-26\"",
        stored.as_str().unwrap()
    );
    assert!(line["message"].contains(&expected), "{line:?}");

    // The history has begun, and the conflict still holds, whatever the sheet.
    let asked = searches(&api);
    for (name, sheet) in [("sheet.csv", changed), ("again.csv", invoices(10))] {
        other.write(name, sheet);
        other.run(&api, &["invoices", "create", name, "--new-run"]).expect(1);
        let name = name.replace(".csv", ".results.csv");
        assert_counts(&other, &name, &[("already-accepted", 9), ("invalid", 1)]);
        assert!(other.lines(&name)[2]["message"].contains(&expected), "{:?}", other.lines(&name)[2]);
    }
    other.run(&api, &["invoices", "create", "again.csv", "--new-run", "--strict"]).expect(1);
    assert_eq!((searches(&api), state(&api, "uploads")), (asked, uploads));
    // Whoever is sure sends it; this API refuses the number.
    other.run(&api, &["invoices", "create", "again.csv", "--first-use"]).expect(1);
    assert_counts(&other, "again.results.csv", &[("already-accepted", 9), ("rejected", 1)]);
    assert_eq!((state(&api, "uploads"), state(&api, "duplicate_rows")), (uploads + 1, 0));
}

#[test]
fn a_search_that_cannot_answer_plans_nothing_unless_told_that_this_is_the_first_use() {
    let faults = [Fault::ErrorBeforeStoring, Fault::NotJson, Fault::HtmlError, Fault::ReplyLost, Fault::TruncatedReply];
    in_each(faults, |fault| {
        let api = sandbox(|settings| {
            settings.faults.routes = vec![SEARCH.to_owned()];
            settings.faults.rates = BTreeMap::from([(fault, 1.0)]);
        });
        let world = home(&invoices(10));
        for flags in [&[][..], &["--plan"]] {
            let stopped = world.run(&api, &[&SHEET[..], flags].concat()).expect(2);
            let problems = stopped.problems(&world);
            let start = "arload: this ledger does not know all invoices that the account has, and they cannot be looked up: no useful answer to 3 searches in a row: ";
            assert!(problems.starts_with(start) && problems.contains("; nothing was planned\nhint: "), "{problems}");
            assert!(problems.contains("pass --first-use if you are sure"), "{problems}");
            assert_nothing_planned(&world);
        }
        assert_eq!(state(&api, "uploads"), 0, "{fault:?}");
        let sent = world.run(&api, &[&SHEET[..], &["--first-use"]].concat()).expect(0);
        assert!(sent.err.contains("--first-use: what Enkash has already is not looked up"), "{}", sent.err);
        assert_eq!((state(&api, "invoices"), searches(&api)), (10, 6), "{fault:?}");
        // Said once: the ledger has its history now.
        world.write("more.csv", invoices(11));
        let more = world.run(&api, &["invoices", "create", "more.csv", "--first-use"]).expect(0);
        assert!(!more.err.contains("--first-use"), "{}", more.err);
    });
}

#[test]
fn a_search_that_fails_once_is_asked_again() {
    let api = sandbox(|_| {});
    home(&invoices(10)).run(&api, &SHEET).expect(0);
    api.change(|settings| {
        settings.faults.retry_after_s = 0;
        settings.faults.schedule = [(2, Fault::ReplyLost), (4, Fault::Throttled), (5, Fault::TokenRefused)]
            .map(|(request, fault)| ScheduledFault { request, route: Some(SEARCH.to_owned()), fault })
            .into();
    });
    let world = home(&invoices(10));
    world.run(&api, &SHEET).expect(0);
    assert_counts(&world, "sheet.results.csv", &[("already-accepted", 10)]);
}

#[test]
fn an_account_without_records_costs_one_search() {
    let api = sandbox(|_| {});
    let world = home(&invoices(1_000));
    let told = world.run(&api, &SHEET).expect(0);
    assert!(told.err.contains("none of these rows was put in before"), "{}", told.err);
    assert_eq!((searches(&api), state(&api, "invoices")), (1, 1_000));
    // Operations of another kind have a history of their own.
    world.write(
        "customers.csv",
        "legalName,keyContactName,keyContactMobile,uniqueRefNo\nAsha Traders,Asha,9876543210,C1\n",
    );
    world.run(&api, &["customers", "create", "customers.csv"]).expect(0);
    world.write("more.csv", invoices(1_001));
    world.run(&api, &["invoices", "create", "more.csv"]).expect(0);
    assert_eq!(searches(&api), 1);
}

#[test]
fn customers_are_recognised_too() {
    let sheet = |name: &str| {
        format!(
            "legalName,keyContactName,keyContactMobile,uniqueRefNo,panOrGstin\n\
             Asha Traders,Asha,9876543210,C1,\n{name},Ravi,9876543211,C2,\nMehta & Co,Meena,9876543212,,27AAPFU0939F1ZV\n\
             Sita Mills,Sita,9876543213,,\n"
        )
    };
    let command = ["customers", "create", "sheet.csv"];
    let api = sandbox(|_| {});
    home(&sheet("Ravi & Sons")).run(&api, &command).expect(0);
    let other = home(&sheet("Ravi & Sons"));
    other.run(&api, &command).expect(0);
    assert_counts(&other, "sheet.results.csv", &[("already-accepted", 4)]);
    assert!(other.lines("sheet.results.csv").iter().all(|line| line["remote_id"].starts_with("KC")));

    let changed = home(&sheet("Ravi and Daughters"));
    changed.run(&api, &command).expect(1);
    assert_counts(&changed, "sheet.results.csv", &[("already-accepted", 3), ("invalid", 1)]);
    let message = &changed.lines("sheet.results.csv")[1]["message"];
    assert!(message.contains("legalName \"Ravi & Sons\" → \"Ravi and Daughters\""), "{message}");
    assert_eq!((state(&api, "customers"), state(&api, "uploads")), (4, 1));
}

#[test]
fn a_search_asks_for_at_most_500_customers() {
    let mut sheet = "invoiceNumber,customerId,invoiceDate,dueDate,baseAmount\n".to_owned();
    for row in 0..2_000 {
        writeln!(sheet, "B/{row},KC{:014},2026-05-20,2026-06-20,{}.00", row % 1_200, 100 + row).unwrap();
    }
    let api = sandbox(|_| {});
    let lines: Vec<&str> = sheet.lines().collect();
    // Some of each search's customers, whole days ago as far as the check cares.
    let some: Vec<&str> = lines.iter().enumerate().filter(|(row, _)| row % 100 == 0).map(|(_, line)| *line).collect();
    home(&(some.join("\n") + "\n")).run(&api, &SHEET).expect(0);
    let stored = state(&api, "invoices") as usize;

    let other = home(&sheet);
    let before = searches(&api);
    let told = ended(&mut other.client(&api, &[&SHEET[..], &["--json"]].concat())).expect(0);
    let events: Vec<Value> = told.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |name: &str| events.iter().filter(|event| event["event"] == name).collect::<Vec<_>>();
    assert_eq!((&of("first-use")[0]["customers"], &of("first-use")[0]["searches"]), (&1_200.into(), &3.into()));
    let done: Vec<u64> = of("first-use-progress").iter().map(|event| event["done"].as_u64().unwrap()).collect();
    assert_eq!(done, [500, 1_000, 1_200]);
    // One to see whether there is anything, and each query until its last page is certain.
    let asked = searches(&api) - before;
    assert!((4..=10).contains(&asked), "{asked}");
    assert_counts(&other, "sheet.results.csv", &[("accepted", 2_000 - stored), ("already-accepted", stored)]);
    assert_eq!((state(&api, "invoices"), state(&api, "duplicate_rows")), (2_000, 0));
}

#[test]
fn a_search_with_too_many_pages_is_asked_for_fewer_customers() {
    // 200 pages are read at most, so a search may show 399 records.
    let api = sandbox(|settings| settings.replies.page_cap = Some(2));
    home(&invoices(450)).run(&api, &SHEET).expect(0);
    let other = home(&invoices(450));
    other.run(&api, &SHEET).expect(0);
    assert_counts(&other, "sheet.results.csv", &[("already-accepted", 450)]);
    // One customer with so many cannot be asked for fewer.
    let one = |rows: usize| {
        let lines = (1..=rows).map(|row| format!("C/{row},KC00000000000001,2026-05-20,2026-06-20,{row}.00\n"));
        "invoiceNumber,customerId,invoiceDate,dueDate,baseAmount\n".to_owned() + &lines.collect::<String>()
    };
    let api = sandbox(|settings| settings.replies.page_cap = Some(2));
    home(&one(450)).run(&api, &SHEET).expect(0);
    let other = home(&one(2));
    let stopped = other.run(&api, &SHEET).expect(2);
    assert!(stopped.err.contains("the search has more than 200 pages; nothing was planned"), "{}", stopped.err);
    assert_nothing_planned(&other);
}

#[test]
fn a_plan_asks_and_a_withheld_one_begins_no_history() {
    let api = sandbox(|_| {});
    home(&invoices(4)).run(&api, &SHEET).expect(0);
    let world = home(&invoices(6).replace("25/08/2026,1001.00", "26/08/2026,1001.00"));
    world.run(&api, &[&SHEET[..], &["--strict"]].concat()).expect(1);
    assert_eq!(world.count("SELECT count(*) FROM history"), 0);
    assert_eq!(world.count("SELECT count(*) FROM key_block"), 0);

    world.run(&api, &[&SHEET[..], &["--plan", "--new-run"]].concat()).expect(1);
    assert_counts(&world, "sheet.results.csv", &[("already-accepted", 3), ("invalid", 1), ("not-sent", 2)]);
    let asked = searches(&api);
    world.run(&api, &SHEET).expect(1);
    assert_counts(&world, "sheet.results.csv", &[("accepted", 2), ("already-accepted", 3), ("invalid", 1)]);
    assert_eq!((searches(&api), state(&api, "invoices")), (asked, 6));
    // Without a log-in a plan can only be made where nothing has to be asked.
    let bare = home(&invoices(4));
    let mut command = bare.client(&api, &[&SHEET[..], &["--plan"]].concat());
    let stopped = ended(command.env_remove("ARLOAD_PASSWORD")).expect(2);
    assert!(stopped.err.contains("the settings name no credentials"), "{}", stopped.err);
    assert_nothing_planned(&bare);
}

#[test]
fn whatever_ends_the_look_up_has_its_own_exit_code_and_plans_nothing() {
    let api = sandbox(|_| {});
    home(&invoices(4)).run(&api, &SHEET).expect(0);
    let world = home(&invoices(6));
    let quota = world.run(&api, &[&SHEET[..], &["--per-day", "1"]].concat()).expect(3);
    assert!(quota.err.contains("--per-day: the 1 requests of today are used up"), "{}", quota.err);
    assert_nothing_planned(&world);

    let world = home(&invoices(6));
    let mut command = world.client(&api, &SHEET);
    let refused = ended(command.env("ARLOAD_PASSWORD", "not-this-one")).expect(5);
    assert!(refused.err.contains("Bad credentials"), "{}", refused.err);
    assert_nothing_planned(&world);

    let world = home(&invoices(6));
    api.change(|settings| {
        settings.faults.routes = vec![SEARCH.to_owned()];
        settings.faults.rates = BTreeMap::from([(Fault::Throttled, 1.0)]);
        settings.faults.retry_after_s = 30;
    });
    let asked = searches(&api);
    let child = begun(&mut world.client(&api, &SHEET));
    wait_until("a search", || searches(&api) > asked);
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    end_of(child).expect(130);
    assert_nothing_planned(&world);
    assert_eq!(state(&api, "invoices"), 4);
}

#[test]
fn a_restored_ledger_looks_up_what_it_planned_before_the_backup() {
    let api = sandbox(|_| {});
    let world = home(&invoices(6));
    let others = invoices(5).replace("T/26-27/", "U/26-27/");
    world.write("other.csv", &others);
    let other = ["invoices", "create", "other.csv"];
    for command in [SHEET, other] {
        world.run(&api, &[&command[..], &["--plan"]].concat()).expect(0);
    }
    // After the backup the plans were sent, one of them in part.
    let lost = home(&invoices(4));
    lost.write("other.csv", others);
    lost.run(&api, &SHEET).expect(0);
    lost.run(&api, &other).expect(0);
    let ledger = rusqlite::Connection::open(world.state().join("ledger.db")).unwrap();
    ledger.execute("DELETE FROM history", []).unwrap();
    drop(ledger);

    for run in ["1", "2"] {
        let stopped = world.run(&api, &["runs", "send", run]).expect(2);
        let start =
            format!("arload: run {run}: the ledger was restored from a backup, and rows of the run may have been sent");
        assert!(stopped.err.contains(&start), "{}", stopped.err);
    }
    assert_eq!(state(&api, "invoices"), 9);
    world.run(&api, &SHEET).expect(0);
    assert_counts(&world, "sheet.results.csv", &[("accepted", 2), ("already-accepted", 4)]);
    // The history has begun again, and the other plan is still older.
    world.run(&api, &["runs", "send", "2"]).expect(2);
    world.run(&api, &other).expect(0);
    assert_counts(&world, "other.results.csv", &[("already-accepted", 5)]);
    assert_eq!((state(&api, "invoices"), state(&api, "duplicate_rows")), (11, 0));
}

#[test]
fn a_restored_ledger_sends_no_old_plan_when_unknown_rows_are_reconciled() {
    let api = sandbox(|settings| {
        settings.faults.schedule =
            vec![ScheduledFault { request: 1, fault: Fault::ReplyLost, route: Some(UPLOAD.to_owned()) }];
        settings.faults.rates = BTreeMap::from([(Fault::ErrorBeforeStoring, 1.0)]);
        settings.faults.routes = vec![SEARCH.to_owned()];
    });
    let world = home(&invoices(12));
    world.run(&api, &[&SHEET[..], &["--first-use", "--canary", "5"]].concat()).expect(4);
    assert_counts(&world, "sheet.results.csv", &[("not-sent", 7), ("unknown", 5)]);
    rusqlite::Connection::open(world.state().join("ledger.db")).unwrap().execute("DELETE FROM history", []).unwrap();

    for command in ["reconcile", "send"] {
        let stopped = world.run(&api, &["runs", command, "1"]).expect(2);
        assert!(stopped.err.contains("arload: run 1: the ledger was restored from a backup"), "{}", stopped.err);
    }
    assert_eq!((state(&api, "uploads"), state(&api, "invoices")), (1, 5));
}
