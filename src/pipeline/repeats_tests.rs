//! Rows that were sent before, or stand twice.

use std::time::Duration;

use super::tests::{TWO, World, of, refuses_second, takes};
use crate::ledger::{Ledger, RunId};
use crate::outcome::Status;

#[test]
fn accepted_rows_are_recognised_in_any_later_sheet() {
    let world = World::new(takes);
    let april = world.sheet("april.csv", TWO);
    assert_eq!(world.run(&[&april], &[]).unwrap().exit.code(), 0);
    let more = world.sheet("more.csv", &[("a-2", "200.00"), ("A-3", "300.00")]);
    let report = world.run(&[&more], &[]).unwrap();
    assert_eq!(report.exit.code(), 0);
    assert_eq!(world.results("more.results.csv"), of(&[("already-accepted", "accepted-earlier"), ("accepted", "")]));
    assert!(world.messages("more.results.csv")[0].contains("run 1, april.csv:3"));
    assert_eq!(world.uploads(), 2);
}

#[test]
fn the_day_of_an_earlier_run_is_that_of_the_profile() {
    let world = World::new(takes);
    // 19:30 in Greenwich is past midnight in India.
    world.clock.advance(Duration::from_hours(13));
    let april = world.sheet("april.csv", TWO);
    world.run(&[&april], &[]).unwrap();
    world.run(&[&april], &[]).unwrap();
    let messages = world.messages("april.results.csv");
    assert!(messages[0].ends_with("april.csv:2, 2026-11-23"), "{messages:?}");
}

#[test]
fn an_accepted_number_with_other_content_is_a_conflict_that_names_each_field() {
    let world = World::new(takes);
    world.run(&[&world.sheet("april.csv", TWO)], &[]).unwrap();
    let report = world.run(&[&world.sheet("may.csv", &[("A-1", "101.00")])], &[]).unwrap();
    assert_eq!(report.exit.code(), 1);
    assert_eq!(world.results("may.results.csv"), of(&[("invalid", "conflicts-with-earlier-run")]));
    let message = &world.messages("may.results.csv")[0];
    assert!(
        message.contains("baseAmount \"100.00\" → \"101.00\"") && message.contains("run 1, april.csv:2"),
        "{message}"
    );
    assert_eq!(world.uploads(), 1);
}

#[test]
fn the_same_sheet_again_sends_nothing_and_stores_no_rows_again() {
    let world = World::new(takes);
    let sheet = world.sheet("april.csv", TWO);
    world.run(&[&sheet], &[]).unwrap();
    let report = world.run(&[&sheet], &[]).unwrap();
    assert_eq!((report.exit.code(), report.totals.rows(Status::AlreadyAccepted), world.uploads()), (0, 2, 1));
    let (first, second) = (world.ledger.sheets(RunId(1)).unwrap(), world.ledger.sheets(RunId(2)).unwrap());
    assert_eq!(second[0].rows_of, first[0].id);
    // The older run's results stay under its number.
    assert!(world.path("april.results.1.csv").exists());
}

#[test]
fn rejected_rows_stay_rejected_until_they_are_changed_or_asked_for() {
    let world = World::new(refuses_second);
    let sheet = world.sheet("april.csv", TWO);
    assert_eq!(world.run(&[&sheet], &[]).unwrap().exit.code(), 1);
    let world = world.then(takes);
    world.run(&[&sheet], &[]).unwrap();
    assert_eq!(world.results("april.results.csv")[1], ("rejected".to_owned(), "rejected-earlier".to_owned()));
    assert!(world.messages("april.results.csv")[1].contains("customer is not active"));
    assert_eq!(world.uploads(), 0);

    let report = world.run(&[&sheet], &[("retry-rejected", "true")]).unwrap();
    assert_eq!((report.exit.code(), report.totals.rows(Status::Accepted), world.uploads()), (0, 1, 1));
}

#[test]
fn a_changed_row_that_was_rejected_is_sent_without_asking() {
    let world = World::new(refuses_second);
    world.run(&[&world.sheet("april.csv", TWO)], &[]).unwrap();
    let world = world.then(takes);
    let mended = world.sheet("april.csv", &[("A-1", "100.00"), ("A-2", "250.00")]);
    let report = world.run(&[&mended], &[]).unwrap();
    assert_eq!(report.exit.code(), 0);
    assert_eq!(world.results("april.results.csv"), of(&[("already-accepted", "accepted-earlier"), ("accepted", "")]));
}

#[test]
fn repeated_rows_are_excluded_or_invalid_and_name_the_first() {
    let world = World::new(takes);
    let sheet = world.sheet("april.csv", &[("A-1", "100.00"), ("A-1", "100.00"), ("a-1", "101.00")]);
    let report = world.run(&[&sheet], &[]).unwrap();
    assert_eq!(report.exit.code(), 1);
    assert_eq!(
        world.results("april.results.csv"),
        of(&[("invalid", "duplicate-in-sheet"), ("excluded", "duplicate-row"), ("invalid", "duplicate-in-sheet")])
    );
    let messages = world.messages("april.results.csv");
    assert!(messages[1].contains("april.csv:2"), "{}", messages[1]);
    assert!(messages[2].contains("baseAmount \"100.00\" → \"101.00\""), "{}", messages[2]);
}
