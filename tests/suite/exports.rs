//! What the API has comes out whole: searches as files, the customer directory, sheets compared with a month.

use std::path::Path;
use std::time::Instant;

use arload::sandbox::{OffsetUnit, Sandbox, SearchReply};
use calamine::{Data, Reader as _, Xlsx};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::world::{World, begun, end_of, invoices, records, sandbox, state, stored_numbers, table, wait_until};

const SEARCH: &str = "/api/v0/invoice/search";

/// Searches that a sandbox got.
fn searches(api: &Sandbox) -> u64 {
    let state = api.state();
    let statuses = state["requests"][format!("POST {SEARCH}")].as_object();
    statuses.map_or(0, |statuses| statuses.values().filter_map(Value::as_u64).sum())
}

/// A sandbox that holds invoices, and a home that did not put them there.
fn filled(rows: usize, change: impl FnOnce(&mut arload::sandbox::SandboxSettings)) -> (Sandbox, World) {
    let api = sandbox(|_| {});
    let other = World::new();
    other.write("sheet.csv", invoices(rows));
    other.run(&api, &["invoices", "create", "sheet.csv", "--first-use"]).expect(0);
    api.change(change);
    (api, World::new())
}

fn numbers(world: &World, name: &str) -> Vec<String> {
    world.lines(name).iter().map(|line| line["invoiceNumber"].clone()).collect()
}

#[test]
fn a_search_becomes_a_whole_sorted_file_in_each_form() {
    for (shape, unit, cap) in [
        (SearchReply::Array, OffsetUnit::Rows, Some(9)),
        (SearchReply::Data, OffsetUnit::Pages, Some(10)),
        (SearchReply::Data, OffsetUnit::Rows, None),
    ] {
        let (api, world) = filled(60, |settings| {
            settings.replies.search_reply = shape;
            settings.replies.search_offset = unit;
            settings.replies.page_cap = cap;
        });
        let told = world.run(&api, &["invoices", "search", "-o", "all.csv"]).expect(0);
        assert!(told.out.starts_with("all.csv: 60 invoices, "), "{}", told.out);
        assert!(told.out.contains("sorted by invoiceNumber, then invoiceId"), "{}", told.out);
        assert_eq!(numbers(&world, "all.csv"), stored_numbers(&api));
        let stored = records(&api, "invoices");
        let line = &world.lines("all.csv")[0];
        let same = stored.iter().find(|it| it["invoiceNumber"] == *line["invoiceNumber"]).unwrap();
        assert_eq!(line["netAmount"], same["netAmount"].to_string());
        assert_eq!((line["approvalStatus"].as_str(), line["receivableStatus"].as_str()), ("MAKER_APPROVED", "UNPAID"));

        world.run(&api, &["invoices", "search", "--output", "all.json"]).expect(0);
        let all: Vec<Value> = serde_json::from_slice(&world.read("all.json")).unwrap();
        assert_eq!((all.len(), all[0]["approvalStatus"]["name"].as_str()), (60, Some("MAKER_APPROVED")));

        world.run(&api, &["invoices", "search", "-o", "all.xlsx"]).expect(0);
        let mut book: Xlsx<_> = calamine::open_workbook(world.path("all.xlsx")).unwrap();
        let range = book.worksheet_range("Export").unwrap();
        assert_eq!(range.height(), 61);
        assert!(matches!(range.get((1, 1)), Some(Data::String(number)) if *number == line["invoiceNumber"]));

        let told = world
            .run(&api, &["invoices", "search", "--quiet", "--base-amount-from", "1040", "--base-amount-to", "1049"]);
        let shown = table(told.expect(0).out.as_bytes());
        assert_eq!(shown.len(), 10);
    }
}

#[test]
fn what_cannot_be_exported_is_refused_before_anything_is_asked() {
    let (api, world) = filled(3, |_| {});
    world.write("old.csv", "a person's");
    world.write("mine.json.partial", "a person's, too");
    let before = state(&api, "logins/ok") + searches(&api);
    for (arguments, part) in [
        (&["-o", "old.csv"][..], "old.csv: exists already; nothing was asked"),
        (&["-o", "old.xls"], "ends in no form of export"),
        (&["-o", "none/a.csv"], "none: is no folder"),
        (&["-o", "mine.json"], "mine.json.partial: is no unfinished export of arload"),
        (&["--json"], "standard output cannot hold events and the export"),
        (&["--created-on-from", "31/03/2026"], "--created-on-from: \"31/03/2026\" is no date"),
        (&["--customer-ids", "C-7"], "--customer-ids: \"C-7\" is no customer id"),
    ] {
        let arguments = [&["invoices", "search"], arguments].concat();
        let told = world.run(&api, &arguments).expect(2);
        assert!(told.err.contains(part) && told.err.contains("hint: "), "{arguments:?}: {}", told.err);
    }
    assert_eq!(state(&api, "logins/ok") + searches(&api), before);
    assert_eq!(world.read("old.csv"), b"a person's");
    world.run(&api, &["invoices", "search", "-o", "old.csv", "--force"]).expect(0);
    assert_eq!(numbers(&world, "old.csv").len(), 3);
}

#[test]
fn an_export_that_was_killed_or_stopped_goes_on_and_never_shows_a_part() {
    for (signal, code) in [(Signal::KILL, -1), (Signal::TERM, 130)] {
        let (api, world) = filled(60, |settings| settings.replies.page_cap = Some(5));
        let arguments = ["invoices", "search", "-o", "all.csv"];
        let child = begun(world.client(&api, &arguments).env("ARLOAD_RATE", "20/s"));
        let asked = searches(&api);
        wait_until("some pages", || searches(&api) > asked + 4);
        kill_process(Pid::from_child(&child), signal).unwrap();
        assert_eq!(end_of(child).code, code);
        assert!(!world.path("all.csv").exists());
        assert!(world.path("all.csv.partial").exists());

        let told = world.run(&api, &arguments).expect(0);
        assert!(told.err.contains("all.csv.partial: going on after "), "{}", told.err);
        assert_eq!(numbers(&world, "all.csv"), stored_numbers(&api));
        assert!(!world.path("all.csv.partial").exists());
    }
}

#[test]
fn a_quota_stops_an_export_with_its_exit_code() {
    let (api, world) = filled(60, |settings| settings.replies.page_cap = Some(5));
    let told = world.run(&api, &["invoices", "search", "-o", "all.csv", "--per-day", "4"]).expect(3);
    assert!(told.err.contains("nothing was written") && told.err.contains("hint: "), "{}", told.err);
    world.run(&api, &["invoices", "search", "-o", "all.csv"]).expect(0);
    assert_eq!(numbers(&world, "all.csv").len(), 60);
}

#[test]
fn a_pull_lets_sheets_name_customers_and_says_what_changed() {
    let api = sandbox(|_| {});
    let other = World::with_samples(&["customers.xlsx"]);
    other.run(&api, &["customers", "create", "customers.xlsx", "--first-use"]).expect(0);
    let world = World::new();
    let told = world.run(&api, &["customers", "pull", "-o", "who.csv"]).expect(0);
    assert!(told.out.contains("customer directory: 40 new, 0 changed, 0 the same, 0 gone"), "{}", told.out);
    let who = world.lines("who.csv");
    assert_eq!(who.len(), 40);
    assert!(who.iter().all(|line| line["customerId"].starts_with("KC") && !line["keyContactName"].is_empty()));
    let told = world.run(&api, &["customers", "pull"]).expect(0);
    assert!(told.out.contains("0 new, 0 changed, 40 the same, 0 gone"), "{}", told.out);

    let customer = &who[0];
    world.write(
        "sheet.csv",
        format!(
            "Invoice Number,Customer Code,Invoice Date,Due Date,Taxable Value\nA-1,{},01/07/2026,25/08/2026,100.00\n",
            customer["uniqueRefNo"]
        ),
    );
    world.run(&api, &["invoices", "create", "sheet.csv"]).expect(0);
    let stored = records(&api, "invoices");
    assert_eq!(stored[0]["customerId"], *customer["customerId"]);
    // Customers of the API that are gone are forgotten.
    let empty = sandbox(|_| {});
    let other = World::new();
    other.write("one.csv", "Legal Name,Customer Code,Contact Name,Contact Mobile\nAsha Traders,C-1,Asha,9876543210\n");
    other.run(&empty, &["customers", "create", "one.csv", "--first-use"]).expect(0);
    assert_eq!(other.run(&empty, &["customers", "pull"]).expect(0).out.matches("1 the same").count(), 1);
}

#[test]
fn a_month_is_compared_in_both_directions() {
    let (api, world) = filled(40, |_| {});
    let sheet = invoices(40);
    let compare = ["invoices", "compare", "sheet.csv", "--period", "2026-07"];
    world.write("sheet.csv", &sheet);
    let told = world.run(&api, &compare).expect(0);
    assert!(told.out.starts_with("equal: 40 invoices of 2026-07 (₹"), "{}", told.out);
    assert_eq!(world.lines("sheet.compare.csv").iter().filter(|line| line["difference"] != "total").count(), 0);

    // One is gone from the sheet, one has another amount, one stands there alone.
    let mut lines: Vec<String> = sheet.lines().map(str::to_owned).collect();
    lines.remove(7);
    lines[3] = lines[3].replace(",1003.00,", ",1004.00,").replace(",180.54,1183.54", ",179.54,1183.54");
    lines.push("T/26-27/99999,KC0123456789AB77,09/07/2026,25/08/2026,100.00,18.00,118.00".to_owned());
    world.write("sheet.csv", lines.join("\n"));
    let told = world.run(&api, &compare).expect(1);
    let found: Vec<(String, String, String)> = world
        .lines("sheet.compare.csv")
        .iter()
        .filter(|line| line["difference"] != "total")
        .map(|line| (line["difference"].clone(), line["invoiceNumber"].clone(), line["field"].clone()))
        .collect();
    let of = |kind: &str, number: &str, field: &str| (kind.to_owned(), number.to_owned(), field.to_owned());
    assert_eq!(
        found,
        [
            of("missing-at-api", "T/26-27/99999", ""),
            of("extra-at-api", "T/26-27/00007", ""),
            of("other-content", "T/26-27/00003", "baseAmount"),
            of("other-content", "T/26-27/00003", "igst"),
        ],
        "{}",
        told.out
    );
    assert!(
        told.out.starts_with(
            "different in 2026-07: 1 invoice missing at the API, 1 invoice at the API alone, 1 invoice with other content;"
        ),
        "{}",
        told.out
    );
    let mut book: Xlsx<_> = calamine::open_workbook(world.path("sheet.compare.xlsx")).unwrap();
    assert_eq!(book.worksheet_range("Differences").unwrap().height(), 5);
    assert_eq!(book.worksheet_range("Totals").unwrap().height(), 3);
    // No month, no comparison.
    world.run(&api, &["invoices", "compare", "sheet.csv"]).expect(2);
    world.write("mine.csv", &sheet);
    world.write("mine.compare.csv", "a person's");
    world.run(&api, &["invoices", "compare", "mine.csv", "--period", "2026-07"]).expect(2);
    assert_eq!(world.read("mine.compare.csv"), b"a person's");
}

/// The most memory that a process had, in MiB.
fn peak(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib / 1024)
}

#[test]
fn a_hundred_thousand_invoices_are_exported_in_constant_memory() {
    if std::env::var_os("ARLOAD_LONG").is_none() || !Path::new("/proc/self/status").exists() {
        return;
    }
    let mut peaks = Vec::new();
    for rows in [10_000, 100_000] {
        let (api, world) = filled(rows, |_| {});
        for name in ["all.csv", "all.xlsx"] {
            let begun_at = Instant::now();
            let mut child = begun(&mut world.client(&api, &["invoices", "search", "-o", name, "--quiet"]));
            let mut most = 0;
            while child.try_wait().unwrap().is_none() {
                most = most.max(peak(child.id()).unwrap_or_default());
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            end_of(child).expect(0);
            println!("{rows} invoices to {name}: {most} MiB, {:?}", begun_at.elapsed());
            peaks.push(most);
        }
        assert_eq!(numbers(&world, "all.csv"), stored_numbers(&api));
    }
    assert!(peaks[2] < peaks[0] + 32 && peaks[3] < peaks[1] + 32, "{peaks:?}");
}
