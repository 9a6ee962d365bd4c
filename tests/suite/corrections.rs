//! The corrections round trip: what a run leaves goes out in a workbook, comes back changed, and brings the run up to date.
//!
//! The rule: workbooks are changed as another program would, read whole and written anew.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;

use arload::sandbox::{Fault, Refused, Sandbox, ScheduledFault};
use calamine::{Data, Reader as _, Xlsx, open_workbook};
use rust_xlsxwriter::Workbook;

use crate::world::{Ended, World, added_up, ended, invoices, sandbox, state, statuses, stored_numbers};

const CREATE: [&str; 2] = ["invoices", "create"];
const ID: &str = "KC0123456789ABCD";
const MARKER: &str = "arload corrections";

/// Rows of a worksheet, headings included.
pub(crate) type Rows = Vec<Vec<String>>;

fn read(world: &World, name: &str) -> Vec<(String, Rows)> {
    let mut book: Xlsx<_> = open_workbook(world.path(name)).unwrap();
    let names = book.sheet_names();
    let text = |cell: &Data| cell.to_string();
    names
        .into_iter()
        .map(|name| {
            let range = book.worksheet_range(&name).unwrap();
            (name, range.rows().map(|row| row.iter().map(text).collect()).collect())
        })
        .collect()
}

/// Saves a workbook as another program would, with its lists changed.
pub(crate) fn save(world: &World, from: &str, to: &str, change: impl Fn(&mut Rows)) {
    let mut book = Workbook::new();
    for (name, mut rows) in read(world, from) {
        let worksheet = book.add_worksheet();
        worksheet.set_name(&name).unwrap();
        if name == MARKER {
            worksheet.set_hidden(true);
        } else if !name.starts_with("Unknown") {
            change(&mut rows);
        }
        for (row, cells) in (0..).zip(&rows) {
            for (column, cell) in (0..).zip(cells).filter(|(_, cell)| !cell.is_empty()) {
                worksheet.write_string(row, column, cell).unwrap();
            }
        }
    }
    book.save(world.path(to)).unwrap();
}

pub(crate) fn column(rows: &Rows, heading: &str) -> usize {
    rows[0].iter().position(|name| name.starts_with(heading)).unwrap_or_else(|| panic!("no {heading} in {:?}", rows[0]))
}

/// Writes the right amount into the first rows, by the number of their invoice.
pub(crate) fn fix(rows: &mut Rows, count: usize) {
    let (number, amount) = (column(rows, "Invoice Number"), column(rows, "Taxable Value"));
    for row in rows.iter_mut().skip(1).take(count) {
        let invoice: u64 = row[number].rsplit('/').next().unwrap().parse().unwrap();
        row[amount] = format!("{}.00", 1_000 + invoice);
    }
}

/// A sheet of invoices where the amount of every so-many-th cannot be read, with a column of branches.
pub(crate) fn sheet(rows: usize, every: usize) -> String {
    let mut text = String::new();
    for (at, line) in invoices(rows).lines().enumerate() {
        let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
        if at > 0 && at % every == 0 {
            cells[4] = format!("abc{at}");
        }
        cells.push(if at == 0 { "Branch".to_owned() } else { ["Pune", "Delhi"][at / every % 2].to_owned() });
        text.push_str(&cells.join(","));
        text.push('\n');
    }
    text
}

pub(crate) fn run(world: &World, api: &Sandbox, file: &str, code: i32) -> Ended {
    world.run(api, &[&CREATE[..], &[file, "--max-invalid", "100%"]].concat()).expect(code)
}

pub(crate) fn counted(world: &World, results: &str) -> BTreeMap<String, usize> {
    let lines = world.lines(results);
    statuses(&lines).into_iter().map(|(status, rows)| (status.to_owned(), rows)).collect()
}

pub(crate) fn counts(expected: &[(&str, usize)]) -> BTreeMap<String, usize> {
    expected.iter().map(|(status, rows)| ((*status).to_owned(), *rows)).collect()
}

/// A world whose first run accepted all rows of the sheet but those that cannot be read.
pub(crate) fn left(rows: usize, every: usize) -> (World, Sandbox) {
    let world = World::new();
    world.write("march.csv", sheet(rows, every));
    let api = sandbox(|_| {});
    run(&world, &api, "march.csv", 1);
    (world, api)
}

#[test]
fn exactly_the_corrected_rows_are_sent_and_the_first_run_is_brought_up_to_date() {
    let (world, api) = left(300, 25);
    assert_eq!(state(&api, "invoices"), 288);
    let (name, rows) = read(&world, "march.corrections.xlsx").remove(0);
    assert_eq!((name.as_str(), rows.len()), ("march", 13));
    assert_eq!(rows[0][..4], ["What to do (arload)", "retry or drop (arload)", "row key (arload)", "Invoice Number"]);
    assert!(
        rows[1][0].starts_with("Correct the row (row 26 of march.csv): Taxable Value: \"abc25\""),
        "{}",
        rows[1][0]
    );
    assert_eq!(rows[1][7], "abc25");

    save(&world, "march.corrections.xlsx", "march.corrections.xlsx", |rows| fix(rows, 10));
    let edited = world.read("march.corrections.xlsx");
    let second = run(&world, &api, "march.corrections.xlsx", 1);
    assert_eq!(state(&api, "invoices"), 298);
    assert!(second.out.contains("run 1: 298 of 300 rows accepted after correction 1 (run 2)"), "{}", second.out);
    assert_eq!(counted(&world, "march.corrections.results.csv"), counts(&[("accepted", 10), ("invalid", 2)]));
    assert_eq!(counted(&world, "march.results.csv"), counts(&[("accepted", 298), ("invalid", 2)]));
    let line = &world.lines("march.results.csv")[24];
    assert_eq!((line["row"].as_str(), line["code"].as_str(), line["chunk"].as_str()), ("26", "corrected", "2/1"));
    assert_eq!(line["message"], "corrected: run 2, march.corrections.xlsx[march]:2");
    assert_eq!(line["Taxable Value"], "abc25");
    let summary = world.summary("march.summary.json");
    added_up(&summary);
    assert_eq!(
        (summary["corrections"]["rows"].as_u64(), summary["totals"]["read"]["rows"].as_u64()),
        (Some(10), Some(300))
    );
    assert_eq!(world.read("march.corrections.xlsx"), edited, "the workbook is its owner's");
    let shown = world.run(&api, &["runs", "show", "1"]).expect(0).out;
    assert!(shown.contains("run 1: 298 of 300 rows accepted after correction 1 (run 2)"), "{shown}");
    let page = String::from_utf8(world.read("march.report.html")).unwrap();
    let before = &summary["corrections"]["read-before"];
    assert_ne!(before["taxable"], summary["totals"]["read"]["taxable"]);
    for words in
        ["Run 1: 298 of 300 rows accepted after correction 1 (run 2).", "the sheet itself read 300 rows, taxable"]
    {
        assert!(page.contains(words), "{words}");
    }

    // The same again sends nothing; what is left goes on from its own workbook, and ends in nothing.
    let uploads = state(&api, "uploads");
    run(&world, &api, "march.corrections.xlsx", 1);
    assert_eq!(counted(&world, "march.corrections.results.csv"), counts(&[("already-accepted", 10), ("invalid", 2)]));
    assert_eq!(state(&api, "uploads"), uploads);
    save(&world, "march.corrections-2.xlsx", "march.corrections-2.xlsx", |rows| fix(rows, 2));
    let last = run(&world, &api, "march.corrections-2.xlsx", 0);
    assert!(last.out.contains("run 1: 300 of 300 rows accepted after correction"), "{}", last.out);
    assert_eq!(counted(&world, "march.results.csv"), counts(&[("accepted", 300)]));
    assert_eq!((state(&api, "invoices"), state(&api, "duplicate_rows")), (300, 0));
    world.run(&api, &["runs", "verify"]).expect(0);
}

#[test]
fn corrections_are_written_again_byte_for_byte() {
    let (world, api) = left(40, 10);
    let files = ["march.corrections.xlsx", "march.results.csv", "march.summary.json"];
    let before = files.map(|name| world.read(name));
    for name in files {
        std::fs::remove_file(world.path(name)).unwrap();
    }
    world.run(&api, &["runs", "results", "1"]).expect(0);
    assert!(files.map(|name| world.read(name)) == before);
    // Over what is there already, too.
    world.run(&api, &["runs", "results", "1"]).expect(0);
    assert!(files.map(|name| world.read(name)) == before);
    assert_eq!(world.files().iter().filter(|path| path.to_string_lossy().contains("corrections")).count(), 1);
}

#[test]
fn rows_are_known_again_without_keys_in_any_order_with_some_gone_and_others_added() {
    let (world, api) = left(60, 10);
    save(&world, "march.corrections.xlsx", "back.xlsx", |rows| {
        fix(rows, 3);
        // Deleted, turned round, without keys, with columns in another order and a row of somebody's own.
        rows.remove(6);
        rows[1..].reverse();
        rows[0].swap(3, 10);
        for row in &mut rows[1..] {
            row.swap(3, 10);
            row[2].clear();
        }
        let mut own = rows[1].clone();
        (own[0], own[10], own[7]) = (String::new(), "T/26-27/90001".to_owned(), "1001.00".to_owned());
        own[8] = "180.18".to_owned();
        own[9] = "1181.18".to_owned();
        rows.push(own);
    });
    let told = run(&world, &api, "back.xlsx", 1);
    assert!(told.err.contains("matched by content, because the row key is gone"), "{}", told.err);
    assert!(told.err.contains("row 7: matches no row that run 1, march.csv left"), "{}", told.err);
    assert_eq!(counted(&world, "back.results.csv"), counts(&[("accepted", 4), ("invalid", 2)]));
    assert_eq!(counted(&world, "march.results.csv"), counts(&[("accepted", 57), ("invalid", 3)]));
    assert_eq!((state(&api, "invoices"), state(&api, "duplicate_rows")), (58, 0));
}

#[test]
fn a_workbook_of_another_ledger_or_operation_is_refused_whole() {
    let (world, api) = left(20, 10);
    save(&world, "march.corrections.xlsx", "march.corrections.xlsx", |rows| fix(rows, 2));
    let other = world.run(&api, &["invoices", "create", "march.corrections.xlsx", "--state", "other"]).expect(2);
    assert!(other.err.contains("stands in another ledger") && other.err.contains("--state"), "{}", other.err);
    let other = world.run(&api, &["customers", "create", "march.corrections.xlsx"]).expect(2);
    assert!(other.err.contains("its rows are of run 1, invoices create, not of customers create"), "{}", other.err);
    // Without the hidden sheet the keys say whose rows they are; without both, nobody does.
    let lists = read(&world, "march.corrections.xlsx");
    let write = |name: &str, clear: bool| {
        let mut book = Workbook::new();
        let worksheet = book.add_worksheet();
        for (row, cells) in (0..).zip(&lists[0].1) {
            for (column, cell) in (0..).zip(cells).filter(|(column, _)| !clear || row == 0 || *column != 2) {
                worksheet.write_string(row, column, cell).unwrap();
            }
        }
        book.save(world.path(name)).unwrap();
    };
    write("bare.xlsx", true);
    let bare = world.run(&api, &["invoices", "create", "bare.xlsx"]).expect(2);
    assert!(bare.err.contains("nothing in the file says which run it belongs to"), "{}", bare.err);
    assert_eq!(state(&api, "invoices"), 18);
    write("alone.corrections.xlsx", false);
    run(&world, &api, "alone.corrections.xlsx", 0);
    assert_eq!((state(&api, "invoices"), state(&api, "duplicate_rows")), (20, 0));
}

#[test]
fn parts_by_branch_come_back_one_by_one() {
    let world = World::new();
    world.write("march.csv", sheet(80, 10));
    let api = sandbox(|_| {});
    world.run(&api, &["invoices", "create", "march.csv", "--max-invalid", "100%", "--split-by", "branch"]).expect(1);
    assert!(!world.path("march.corrections.xlsx").exists());
    for (part, accepted) in [("Pune", 76), ("Delhi", 80)] {
        let name = format!("march.corrections.{part}.xlsx");
        let rows = read(&world, &name).remove(0).1;
        assert!(rows.len() == 5 && rows[1..].iter().all(|row| row[10] == part), "{rows:?}");
        save(&world, &name, &name, |rows| fix(rows, 4));
        let told = run(&world, &api, &name, 0);
        assert!(told.out.contains(&format!("run 1: {accepted} of 80 rows accepted")), "{}", told.out);
    }
    let told = world.run(&api, &["runs", "show", "1"]).expect(0).out;
    assert!(told.contains("after correction 2 (runs 2, 3)"), "{told}");
    assert_eq!((state(&api, "invoices"), state(&api, "duplicate_rows")), (80, 0));
}

#[test]
fn refused_rows_go_again_with_retry_and_end_with_drop() {
    let world = World::new();
    world.write("march.csv", sheet(12, 100));
    let api = sandbox(|settings| settings.replies.refuse_rows = Refused::Some);
    run(&world, &api, "march.csv", 1);
    assert_eq!(counted(&world, "march.results.csv"), counts(&[("accepted", 8), ("rejected", 4)]));
    api.change(|settings| settings.replies.refuse_rows = Refused::None);
    let (list, rows) = read(&world, "march.corrections.xlsx").remove(0);
    assert!(rows.len() == 5 && rows[1][0].starts_with("Enkash refused the row (row "), "{list}: {rows:?}");
    save(&world, "march.corrections.xlsx", "march.corrections.xlsx", |rows| {
        let due = column(rows, "Due Date");
        // As it is, dropped, changed in what the duplicate guard does not look at, and left alone; one word is wrong.
        rows[1][1] = "Retry".to_owned();
        rows[2][1] = "drop".to_owned();
        rows[3][due] = "26/08/2026".to_owned();
    });
    run(&world, &api, "march.corrections.xlsx", 1);
    let lines = world.lines("march.corrections.results.csv");
    let found: Vec<(&str, &str)> = lines.iter().map(|line| (line["status"].as_str(), line["code"].as_str())).collect();
    assert_eq!(
        found,
        [("accepted", ""), ("excluded", "dropped"), ("accepted", ""), ("rejected", "rejected-earlier")],
        "{lines:?}"
    );
    let expected = counts(&[("accepted", 10), ("excluded", 1), ("rejected", 1)]);
    assert_eq!(counted(&world, "march.results.csv"), expected);
    assert_eq!((state(&api, "invoices"), state(&api, "duplicate_rows")), (10, 0));
}

#[test]
fn unknown_rows_go_out_to_be_read_and_are_never_sent() {
    let world = World::new();
    world.write("march.csv", sheet(30, 100));
    let api = sandbox(|settings| {
        let route = Some("/api/v0/invoice/bulk/create".to_owned());
        settings.faults.schedule = vec![ScheduledFault { request: 2, route, fault: Fault::ReplyLost }];
        settings.faults.routes = vec!["/api/v0/invoice/search".to_owned()];
        settings.faults.rates = BTreeMap::from([(Fault::ErrorBeforeStoring, 1.0)]);
    });
    let chunks = ["--max-chunk-rows", "10", "--concurrency", "1", "--first-use"];
    world.run(&api, &[&CREATE[..], &["march.csv"], &chunks].concat()).expect(4);
    let lists = read(&world, "march.corrections.xlsx");
    assert_eq!(lists.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["Unknown march", MARKER]);
    assert_eq!(lists[0].1.len(), 11);
    assert!(lists[0].1[1][0].contains("runs reconcile 1"), "{:?}", lists[0].1[1]);
    let uploads = state(&api, "uploads");
    world.run(&api, &["invoices", "create", "march.corrections.xlsx"]).expect(2);
    assert_eq!(state(&api, "uploads"), uploads);
    // Once they are looked up nothing is left, and the old list does not stay to mislead.
    api.change(|settings| settings.faults.rates.clear());
    let told = world.run(&api, &["runs", "reconcile", "1"]).expect(0);
    assert!(told.err.contains("nothing of it is left to be corrected"), "{}", told.err);
    assert!(!world.path("march.corrections.xlsx").exists() && world.path("march.corrections.1.xlsx").exists());
}

#[test]
fn a_workbook_that_somebody_worked_in_is_moved_aside_and_said() {
    let (world, api) = left(20, 10);
    save(&world, "march.corrections.xlsx", "march.corrections.xlsx", |rows| fix(rows, 1));
    let edited = world.read("march.corrections.xlsx");
    let told = world.run(&api, &["runs", "results", "1"]).expect(0);
    // Saved without the properties that say whose it is.
    assert!(told.err.contains("march.corrections.xlsx: not known to be arload's; kept as"), "{}", told.err);
    assert_eq!(world.read("march.corrections.kept.xlsx"), edited);
    assert_eq!(read(&world, "march.corrections.xlsx")[0].1[1][7], "abc10");
}

#[test]
fn a_dry_run_of_corrections_sends_nothing_and_says_what_would_go() {
    let (world, api) = left(20, 10);
    save(&world, "march.corrections.xlsx", "march.corrections.xlsx", |rows| {
        fix(rows, 1);
        // A column that nothing needs may go; that changes no row.
        for row in rows {
            row.truncate(10);
        }
    });
    world.run(&api, &["invoices", "create", "march.corrections.xlsx", "--dry-run"]).expect(1);
    let lines = world.lines("march.corrections.dry-run.results.csv");
    let found: Vec<(&str, &str)> = lines.iter().map(|line| (line["status"].as_str(), line["code"].as_str())).collect();
    assert_eq!(found, [("not-sent", "dry-run"), ("invalid", "unchanged; amount-not-decimal")]);
    assert_eq!(stored_numbers(&api).len(), 18);
    let names: HashSet<String> =
        world.files().iter().map(|path| path.file_name().unwrap().to_string_lossy().into()).collect();
    assert!(!names.iter().any(|name| name.contains("dry-run.corrections")), "{names:?}");
    let alone = ended(
        world
            .arload(&["invoices", "create", "march.corrections.xlsx", "--dry-run", "--state", "none"])
            .env("ARLOAD_COMPANY_ID", "CEK0SANDBX"),
    )
    .expect(2);
    assert!(alone.err.contains("no ledger here that knows its run"), "{}", alone.err);
}

#[test]
fn a_document_of_several_rows_comes_back_whole_and_goes_whole() {
    let world = World::new();
    let head = "Invoice Number,Invoice Date,Due Date,Customer Id,Item Name,Taxable Value,CGST,SGST,Invoice Total";
    let line = |number: &str, due: &str, rest: &str| format!("{number},05/07/2026,{due},{ID},{rest}");
    let rows = [
        head.to_owned(),
        line("G-1", "25/08/2026", "Bolts,1000.00,90.00,90.00,1180.00"),
        line("G-2", "31/06/2026", "Bolts,1000.00,90.00,90.00,3540.00"),
        line("G-2", "31/06/2026", "Nuts,2000.00,180.00,180.00,3540.00"),
        line("G-3", "31/06/2026", "Nuts,1000.00,90.00,90.00,1180.00"),
    ];
    world.write("march.csv", rows.join("\n") + "\n");
    let api = sandbox(|_| {});
    world.run(&api, &["invoices", "create", "march.csv", "--group", "--max-invalid", "100%"]).expect(1);
    let rows = read(&world, "march.corrections.xlsx").remove(0).1;
    assert_eq!(rows.len(), 4, "{rows:?}");
    save(&world, "march.corrections.xlsx", "march.corrections.xlsx", |rows| {
        rows[1][5] = "30/08/2026".to_owned();
        rows[2][5] = "30/08/2026".to_owned();
    });
    run(&world, &api, "march.corrections.xlsx", 1);
    let lines = world.lines("march.corrections.results.csv");
    let found: Vec<&str> = lines.iter().map(|line| line["status"].as_str()).collect();
    assert_eq!(found, ["accepted", "accepted", "invalid"], "{lines:?}");
    assert_eq!(stored_numbers(&api), ["G-1", "G-2"]);
    added_up(&world.summary("march.summary.json"));
    assert_eq!(counted(&world, "march.results.csv"), counts(&[("accepted", 3), ("invalid", 1)]));
    // A document that comes back in part is not taken for a smaller one.
    save(&world, "march.corrections.xlsx", "part.xlsx", |rows| {
        rows.remove(1);
        rows.remove(2);
    });
    run(&world, &api, "part.xlsx", 1);
    let code = &world.lines("part.results.csv")[0]["code"];
    assert!(code.ends_with("correction-unclear"), "{code}");
    assert_eq!(stored_numbers(&api), ["G-1", "G-2"]);
}

#[test]
fn cells_of_any_kind_come_back_as_they_went_out() {
    let odd = [
        "  blanks around  ",
        "two\nlines",
        "\"\"quoted\"\"",
        "=1+1",
        "+91 98765 43210",
        "00123",
        "123456789012345678901234567890",
        "1.10",
        "TRUE",
        "_x0041_ and _x000D_",
        "bell \u{7} and unit \u{1f}",
        "31/02/2026",
        "₹ ünï 漢字 🙂",
        "#N/A",
        "'quoted",
    ];
    let world = World::new();
    let head: Vec<String> = (1..=odd.len()).map(|at| format!("Remark {at}")).collect();
    let plain = invoices(3);
    let mut lines = plain.lines();
    let mut text = format!("{},{}\n", lines.next().unwrap(), head.join(","));
    for (at, line) in lines.enumerate() {
        let line = if at == 1 { line.replacen("1002.00", "abc", 1) } else { line.to_owned() };
        let cells: Vec<String> = odd.iter().map(|cell| format!("\"{cell}\"")).collect();
        writeln!(text, "{line},{}", cells.join(",")).unwrap();
    }
    world.write("march.csv", text);
    let api = sandbox(|_| {});
    run(&world, &api, "march.csv", 1);
    save(&world, "march.corrections.xlsx", "again.xlsx", |_| {});
    for name in ["march.corrections.xlsx", "again.xlsx"] {
        run(&world, &api, name, 1);
        let line = &world.lines(&name.replace(".xlsx", ".results.csv"))[0];
        assert_eq!(
            (line["status"].as_str(), line["code"].as_str()),
            ("invalid", "unchanged; amount-not-decimal"),
            "{name}"
        );
    }
    let before = world.lines("march.results.csv");
    let after = world.lines("march.corrections.results.csv");
    for heading in &head {
        assert_eq!(after[0][heading].trim(), before[1][heading].trim(), "{heading}");
    }
    // And it goes with them once it is mended.
    save(&world, "again.xlsx", "again.xlsx", |rows| fix(rows, 1));
    run(&world, &api, "again.xlsx", 0);
    assert_eq!((state(&api, "invoices"), state(&api, "duplicate_rows")), (3, 0));
}

#[test]
fn dates_of_a_workbook_keep_their_order_and_their_day() {
    let world = World::new();
    let mut book = Workbook::new();
    let worksheet = book.add_worksheet();
    // Month first, as only the rows that are accepted prove.
    let rows = [
        ["Invoice Number", "Customer Id", "Invoice Date", "Due Date", "Taxable Value"],
        ["D-1", "KC0123456789ABCD", "07/25/2026", "08/25/2026", "100.00"],
        ["D-2", "KC0123456789ABCD", "07/05/2026", "08/06/2026", "abc"],
    ];
    for (row, cells) in (0..).zip(rows) {
        for (column, cell) in (0..).zip(cells) {
            worksheet.write_string(row, column, cell).unwrap();
        }
    }
    book.save(world.path("march.xlsx")).unwrap();
    let api = sandbox(|_| {});
    run(&world, &api, "march.xlsx", 1);
    save(&world, "march.corrections.xlsx", "march.corrections.xlsx", |rows| rows[1][7] = "200.00".to_owned());
    run(&world, &api, "march.corrections.xlsx", 0);
    let stored = crate::world::records(&api, "invoices");
    let second = stored.iter().find(|invoice| invoice["invoiceNumber"] == "D-2").unwrap();
    assert!(second["invoiceDate"].to_string().contains("2026-07-05"), "{second}");
    assert_eq!(counted(&world, "march.results.csv"), counts(&[("accepted", 2)]));
}
