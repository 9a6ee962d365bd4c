//! Runs that are gone on with, taken over, or left alone.

use super::tests::{TWO, World, of, takes};
use crate::ledger::{Ledger, RunId, RunState};
use crate::operation::Operation;
use crate::outcome::Status;

#[test]
fn planned_rows_are_held_by_their_run_until_it_is_over() {
    let world = World::new(takes);
    let planned = world.run(&[&world.sheet("april.csv", TWO)], &[("plan", "true")]).unwrap();
    assert_eq!((planned.exit.code(), world.uploads()), (0, 0));
    assert_eq!(world.results("april.results.csv"), of(&[("not-sent", "planned"), ("not-sent", "planned")]));

    let copy = world.sheet("copy.csv", &[("A-2", "200.00")]);
    let report = world.run(&[&copy], &[]).unwrap();
    assert_eq!((report.exit.code(), world.uploads()), (1, 0));
    assert_eq!(world.results("copy.results.csv"), of(&[("not-sent", "held-by-run")]));

    let sent = world.with(&[], |pipeline| pipeline.send_run(RunId(1))).unwrap();
    assert_eq!((sent.exit.code(), sent.totals.rows(Status::Accepted)), (0, 2));
    assert_eq!(world.run(&[&copy], &[]).unwrap().totals.rows(Status::AlreadyAccepted), 1);
}

#[test]
fn a_changed_sheet_under_the_same_path_takes_over_the_unsent_rows() {
    let world = World::new(takes);
    world.run(&[&world.sheet("april.csv", TWO)], &[("plan", "true")]).unwrap();
    let changed = world.sheet("april.csv", &[("A-1", "100.00"), ("A-2", "222.00")]);
    let report = world.run(&[&changed], &[]).unwrap();
    assert_eq!((report.exit.code(), report.totals.rows(Status::Accepted)), (0, 2));
    let old = world.ledger.run(RunId(1)).unwrap().unwrap();
    assert_eq!((old.state, old.successor), (RunState::Superseded, Some(RunId(2))));
    assert!(old.reason.contains("april.csv has changed"), "{}", old.reason);
}

#[test]
fn a_run_left_alone_too_long_goes_on_by_its_number_only() {
    let world = World::new(takes);
    let sheet = world.sheet("april.csv", TWO);
    world.run(&[&sheet], &[("plan", "true")]).unwrap();
    world.clock.advance(std::time::Duration::from_hours(24 * 4));
    let report = world.run(&[&sheet], &[]).unwrap();
    assert_eq!((report.exit.code(), report.totals.rows(Status::NotSent), world.uploads()), (1, 2, 0));
    assert_eq!(world.with(&[], |pipeline| pipeline.send_run(RunId(1))).unwrap().exit.code(), 0);
}

#[test]
fn going_on_with_a_run_minds_the_gates_again() {
    let world = World::new(takes);
    let sheet = world.sheet("april.csv", &[("A-1", "100.00"), ("A-2", "abc")]);
    world.run(&[&sheet], &[("plan", "true")]).unwrap();
    assert!(world.run(&[&sheet], &[("expect-rows", "99")]).is_err());
    assert_eq!(world.run(&[&sheet], &[("strict", "true")]).unwrap().exit.code(), 1);
    assert_eq!(world.uploads(), 0);
    assert_eq!(world.run(&[&sheet], &[]).unwrap().totals.rows(Status::Accepted), 1);
}

#[test]
fn the_same_cells_read_otherwise_are_planned_afresh() {
    let world = World::new(takes);
    let text =
        "invoiceNumber,customerId,invoiceDate,dueDate,baseAmount\nA-1,KC9B2X7M4Q1Z8T6D,04/05/2026,06/07/2026,100\n";
    std::fs::write(world.path("april.csv"), text).unwrap();
    let sheet = world.path("april.csv").display().to_string();
    world.run(&[&sheet], &[("plan", "true"), ("date-order", "dmy")]).unwrap();
    let report = world.run(&[&sheet], &[("date-order", "mdy")]).unwrap();
    assert_eq!((report.run, report.exit.code()), (Some(RunId(2)), 0));
    assert_eq!(world.ledger.run(RunId(1)).unwrap().unwrap().state, RunState::Superseded);
    let uploads = world.api.uploads.lock().unwrap();
    assert!(uploads[0].contains("2026-04-05"), "{}", uploads[0]);
}

#[test]
fn rows_of_unchanged_files_are_not_given_up_with_a_changed_one() {
    let world = World::new(takes);
    let (april, may) = (world.sheet("april.csv", TWO), world.sheet("may.csv", &[("B-1", "10.00")]));
    world.run(&[&april, &may], &[("plan", "true")]).unwrap();
    let changed = world.sheet("april.csv", &[("A-1", "100.00"), ("A-3", "300.00")]);
    let report = world.run(&[&changed], &[]).unwrap();
    assert_eq!(report.exit.code(), 1);
    assert_eq!(world.results("april.results.csv"), of(&[("not-sent", "held-by-run"), ("accepted", "")]));
    assert_eq!(world.ledger.run(RunId(1)).unwrap().unwrap().state, RunState::Open);
    // Both files together take the old run over.
    let report = world.run(&[&changed, &may], &[]).unwrap();
    assert_eq!((report.exit.code(), report.totals.rows(Status::Accepted)), (0, 2));
    assert_eq!(world.ledger.run(RunId(1)).unwrap().unwrap().state, RunState::Superseded);
}

#[test]
fn a_run_that_may_not_send_takes_nothing_over() {
    let world = World::new(takes);
    world.run(&[&world.sheet("april.csv", TWO)], &[("plan", "true")]).unwrap();
    let changed = world.sheet("april.csv", &[("A-1", "100.00"), ("A-2", "abc")]);
    world.run(&[&changed], &[("strict", "true")]).unwrap();
    assert!(world.run(&[&changed], &[("expect-rows", "9")]).is_err());
    assert_eq!(world.ledger.run(RunId(1)).unwrap().unwrap().state, RunState::Open);
    assert_eq!(world.with(&[], |pipeline| pipeline.send_run(RunId(1))).unwrap().exit.code(), 0);
}

#[test]
fn standard_input_never_passes_for_an_earlier_sheet_that_has_changed() {
    let world = World::new(takes);
    let pipe = |text: &str, flags: &[(&'static str, &str)]| {
        world.with(flags, |pipeline| {
            let operation = Operation::by_name("invoices create").unwrap();
            pipeline.run_sheets(operation, &["-".to_owned()], Box::new(text.as_bytes()))
        })
    };
    let heading = "invoiceNumber,customerId,invoiceDate,dueDate,baseAmount\n";
    let row = |number: &str| format!("{heading}{number},KC9B2X7M4Q1Z8T6D,2026-05-20,2026-06-20,10.00\n");
    let results = world.path("out").display().to_string();
    let flags = [("results", results.as_str())];
    pipe(&row("A-1"), &[flags[0], ("plan", "true")]).unwrap();
    assert_eq!(pipe(&row("B-1"), &flags).unwrap().exit.code(), 0);
    assert_eq!(world.ledger.run(RunId(1)).unwrap().unwrap().state, RunState::Open);
}
