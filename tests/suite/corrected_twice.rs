//! A row that is corrected twice: by two people, in two workbooks of one sheet, or while its first correction is unknown.
//!
//! The rule: whatever number the second correction gives it, the API gets one record for one row.

use std::collections::BTreeMap;

use arload::sandbox::{Fault, Refused, ScheduledFault};

use crate::corrections::{Rows, column, counted, counts, fix, left, run, save, sheet};
use crate::world::{World, added_up, sandbox, state, stored_numbers};

/// Mends the first row of a workbook under a number of its own.
fn as_number(rows: &mut Rows, number: &str) {
    fix(rows, 1);
    let numbers = column(rows, "Invoice Number");
    let (_, invoice) = rows[1][numbers].rsplit_once('/').unwrap();
    rows[1][numbers] = format!("{number}/{invoice}");
}

/// What is said of the first row of some results.
fn said(world: &World, results: &str) -> (String, String) {
    let line = &world.lines(results)[0];
    (line["code"].clone(), line["message"].clone())
}

#[test]
fn a_row_that_two_people_correct_under_two_numbers_is_sent_once() {
    let (world, api) = left(3, 3);
    save(&world, "march.corrections.xlsx", "hers.xlsx", |rows| as_number(rows, "INV-A"));
    save(&world, "march.corrections.xlsx", "his.xlsx", |rows| as_number(rows, "INV-B"));
    run(&world, &api, "hers.xlsx", 0);
    let stored = stored_numbers(&api);
    run(&world, &api, "his.xlsx", 1);
    assert_eq!(stored_numbers(&api), stored);
    let (code, message) = said(&world, "his.results.csv");
    assert_eq!(code, "correction-unclear");
    assert!(message.contains("row 4 of run 1, march.csv: accepted earlier: run 2, hers.xlsx[march]:2"), "{message}");
    // Nor does the workbook of what is left of his make it another row.
    save(&world, "his.corrections.xlsx", "left.xlsx", |rows| as_number(rows, "INV-D"));
    run(&world, &api, "left.xlsx", 1);
    assert_eq!(stored_numbers(&api), stored);
    assert_eq!(said(&world, "left.results.csv").0, "correction-unclear");
    // The same correction again is known for what it is, whatever file it stands in.
    save(&world, "hers.xlsx", "again.xlsx", |_| {});
    run(&world, &api, "again.xlsx", 0);
    save(&world, "hers.xlsx", "more.xlsx", |rows| {
        let more = rows[1].clone();
        rows.push(more);
        as_number(rows, "INV-A");
        let numbers = column(rows, "Invoice Number");
        (rows[2][numbers], rows[2][2]) = ("INV-C/3".to_owned(), String::new());
    });
    run(&world, &api, "more.xlsx", 0);
    assert_eq!(counted(&world, "more.results.csv"), counts(&[("accepted", 1), ("already-accepted", 1)]));
    assert_eq!(counted(&world, "march.results.csv"), counts(&[("accepted", 3)]));
    assert_eq!(state(&api, "duplicate_rows"), 0);
}

#[test]
fn a_bad_sheet_that_comes_again_shows_what_was_corrected_and_asks_for_it_no_more() {
    let (world, api) = left(6, 3);
    save(&world, "march.corrections.xlsx", "first.xlsx", |rows| as_number(rows, "INV-A"));
    run(&world, &api, "first.xlsx", 1);
    let stored = stored_numbers(&api);
    let again = run(&world, &api, "march.csv", 1);
    assert!(again.out.contains("run 3: 5 of 6 rows accepted after correction 1 (run 2)"), "{}", again.out);
    assert!(again.out.contains("next: 1 row invalid"), "{}", again.out);
    assert_eq!(
        counted(&world, "march.results.csv"),
        counts(&[("already-accepted", 4), ("accepted", 1), ("invalid", 1)])
    );
    added_up(&world.summary("march.summary.json"));
    // Only what is left is asked for, and the old workbook brings this run up to date too.
    save(&world, "march.corrections.xlsx", "second.xlsx", |rows| {
        assert_eq!(rows.len(), 2, "{rows:?}");
        as_number(rows, "INV-B");
    });
    let told = run(&world, &api, "second.xlsx", 0).out;
    assert!(told.contains("run 3: 6 of 6 rows accepted after correction 2 (runs 2, 4)"), "{told}");
    assert_eq!(stored_numbers(&api).len(), stored.len() + 1);
    // Another seller's sheet is another sheet, though its cells are the same.
    let other = ["invoices", "create", "march.csv", "--max-invalid", "100%", "--results", "other"];
    let other = world.client(&api, &other).env("ARLOAD_SELLER_ID", "CEK0OTHERS").output().unwrap();
    let other = String::from_utf8(other.stdout).unwrap();
    assert!(other.contains("2 invalid") && !other.contains("after correction"), "{other}");
}

#[test]
fn a_row_whose_correction_is_unknown_or_planned_is_not_corrected_again_under_another_number() {
    let world = World::new();
    world.write("march.csv", sheet(3, 3));
    let api = sandbox(|settings| {
        let route = Some("/api/v0/invoice/bulk/create".to_owned());
        settings.faults.schedule = vec![ScheduledFault { request: 2, route, fault: Fault::ReplyLost }];
        settings.faults.routes = vec!["/api/v0/invoice/search".to_owned()];
    });
    run(&world, &api, "march.csv", 1);
    save(&world, "march.corrections.xlsx", "planned.xlsx", |rows| as_number(rows, "INV-P"));
    save(&world, "march.corrections.xlsx", "hers.xlsx", |rows| as_number(rows, "INV-A"));
    save(&world, "march.corrections.xlsx", "his.xlsx", |rows| as_number(rows, "INV-B"));
    world.run(&api, &["invoices", "create", "planned.xlsx", "--plan"]).expect(0);
    run(&world, &api, "hers.xlsx", 1);
    let (code, message) = said(&world, "hers.results.csv");
    assert_eq!(code, "correction-unclear");
    assert!(message.contains("planned.xlsx[march]:2 is planned; \"arload runs send 2\" sends it"), "{message}");
    // The plan's own workbook takes over from it, as ever.
    save(&world, "planned.xlsx", "planned.xlsx", |rows| as_number(rows, "INV-Q"));
    api.change(|settings| settings.faults.rates = BTreeMap::from([(Fault::ErrorBeforeStoring, 1.0)]));
    run(&world, &api, "planned.xlsx", 4);
    let stored = stored_numbers(&api);
    assert!(stored.contains(&"INV-Q/00003".to_owned()), "{stored:?}");
    for name in ["his.xlsx", "hers.xlsx"] {
        run(&world, &api, name, 1);
        let (_, message) = said(&world, &name.replace("xlsx", "results.csv"));
        assert!(message.contains("planned.xlsx[march]:2 was sent and is unknown"), "{message}");
    }
    assert_eq!(stored_numbers(&api), stored);
    assert_eq!(counted(&world, "march.results.csv"), counts(&[("accepted", 2), ("unknown", 1)]));
}

#[test]
fn a_row_that_was_accepted_at_a_second_try_is_not_corrected_under_another_number() {
    let world = World::new();
    world.write("march.csv", sheet(6, 100));
    let api = sandbox(|settings| settings.replies.refuse_rows = Refused::Some);
    run(&world, &api, "march.csv", 1);
    save(&world, "march.corrections.xlsx", "old.xlsx", |rows| as_number(rows, "INV-A"));
    api.change(|settings| settings.replies.refuse_rows = Refused::None);
    world.run(&api, &["invoices", "create", "march.csv", "--retry-rejected"]).expect(0);
    let stored = stored_numbers(&api);
    assert_eq!(stored.len(), 6);
    run(&world, &api, "old.xlsx", 1);
    assert_eq!(stored_numbers(&api), stored);
    let (code, message) = said(&world, "old.results.csv");
    assert_eq!(code, "correction-unclear");
    assert!(message.contains("accepted earlier: run 2, march.csv:"), "{message}");
}

#[test]
fn a_row_planned_with_rows_of_another_workbook_is_not_planned_again_under_another_number() {
    let world = World::new();
    let api = sandbox(|_| {});
    for (name, rows) in [("march", 3), ("april", 6)] {
        world.write(&format!("{name}.csv"), sheet(rows, 3).replace("INV-", &format!("{name}-")));
        run(&world, &api, &format!("{name}.csv"), 1);
        let workbook = format!("{name}.corrections.xlsx");
        save(&world, &workbook, &workbook, |rows| fix(rows, 2));
    }
    let both = ["invoices", "create", "march.corrections.xlsx", "april.corrections.xlsx", "--plan"];
    world.run(&api, &both).expect(0);
    let stored = stored_numbers(&api);
    save(&world, "march.corrections.xlsx", "march.corrections.xlsx", |rows| as_number(rows, "INV-A"));
    run(&world, &api, "march.corrections.xlsx", 1);
    assert_eq!(stored_numbers(&api), stored);
    let (code, message) = said(&world, "march.corrections.results.csv");
    assert_eq!(code, "correction-unclear");
    assert!(message.contains("is planned; \"arload runs send 3\" sends it"), "{message}");
    // Both together take over from the plan.
    world.run(&api, &both[..4]).expect(0);
    assert_eq!(stored_numbers(&api).len(), stored.len() + 3);
    assert_eq!(state(&api, "duplicate_rows"), 0);
}
