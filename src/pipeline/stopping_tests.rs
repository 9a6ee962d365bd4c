//! What an API that refuses, fails or says nothing makes of a run.

use super::tests::{TWO, World, answer, of, takes};
use crate::api::Exchange;
use crate::ledger::{Ledger, RunId};
use crate::operation::Operation;
use crate::outcome::Status;
use crate::results::rehearsal::Rehearsed;
use crate::stop::StopReason;

#[test]
fn a_lost_reply_leaves_rows_unknown_and_they_are_never_sent_again() {
    let world = World::new(|_| Exchange::NoReply("the connection broke".to_owned()));
    let sheet = world.sheet("april.csv", TWO);
    assert_eq!(world.run(&[&sheet], &[]).unwrap().exit.code(), 4);
    let world = world.then(takes);
    // The same command goes on with the run and finds nothing that may be sent.
    let report = world.run(&[&sheet], &[]).unwrap();
    assert_eq!((report.exit.code(), report.run, world.uploads()), (4, Some(RunId(1)), 0));
    // Another sheet with the same rows does not hide them either.
    let report = world.run(&[&world.sheet("copy.csv", TWO)], &[("new-run", "true")]).unwrap();
    assert_eq!((report.exit.code(), world.uploads()), (4, 0));
    let more = world.sheet("more.csv", &[("A-2", "200.00"), ("A-9", "9.00")]);
    assert_eq!(world.run(&[&more], &[]).unwrap().exit.code(), 4);
    assert_eq!(world.results("more.results.csv"), of(&[("unknown", "unknown-in-run"), ("accepted", "")]));
}

#[test]
fn a_file_refused_whole_is_unknown_while_nobody_can_say_whether_a_part_was_stored() {
    let world = World::new(|_| answer(422, r#"{"response_code":422,"errorResponse":{"errorMessage":"bad file"}}"#));
    let world = world.without_search();
    let first_use = [("first-use", "true")];
    let report = world.run(&[&world.sheet("april.csv", TWO)], &first_use).unwrap();
    assert_eq!((report.exit.code(), world.uploads()), (4, 1));
    assert_eq!(world.results("april.results.csv")[0], ("unknown".to_owned(), "chunk-refused".to_owned()));
    // A single row that is refused needs no look-up.
    let report = world.run(&[&world.sheet("may.csv", &[("B-1", "100.00")])], &first_use).unwrap();
    assert_eq!(report.exit.code(), 1);
    assert_eq!(world.results("may.results.csv")[0], ("rejected".to_owned(), "chunk-refused".to_owned()));
    assert!(world.messages("may.results.csv")[0].contains("bad file"));
}

#[test]
fn a_refused_file_of_changes_is_halved_without_a_look_up() {
    let world = World::new(|body| {
        if body.contains("Bad Ltd") {
            return answer(422, r#"{"response_code":422,"errorResponse":{"errorMessage":"bad file"}}"#);
        }
        takes(body)
    });
    let text = "customerId,legalName\nKC9B2X7M4Q1Z8T6D,Good Ltd\nKC9B2X7M4Q1Z8T6E,Bad Ltd\n";
    std::fs::write(world.path("april.csv"), text).unwrap();
    let sheet = world.path("april.csv").display().to_string();
    let world = world.without_search();
    let report = world.run_operation("customers update", &[&sheet], &[]).unwrap();
    assert_eq!((report.exit.code(), world.uploads()), (1, 3));
    assert_eq!(world.results("april.results.csv"), of(&[("accepted", ""), ("rejected", "chunk-refused")]));
}

#[test]
fn a_forbidden_account_stops_the_run_with_everything_still_planned() {
    let world = World::new(|_| answer(403, "<html>not whitelisted</html>"));
    let sheet = world.sheet("april.csv", TWO);
    let report = world.run(&[&sheet], &[("max-chunk-rows", "1")]).unwrap();
    assert_eq!((report.exit.code(), world.uploads()), (3, 1));
    assert_eq!(world.stop.reason(), Some(StopReason::Refused));
    let world = world.then(takes);
    let report = world.run(&[&sheet], &[("max-chunk-rows", "1")]).unwrap();
    assert_eq!((report.exit.code(), report.run, world.uploads()), (0, Some(RunId(1)), 2));
}

#[test]
fn an_api_that_never_answers_stops_the_run_early() {
    let world = World::new(|_| answer(500, "{}")).without_search();
    let rows: Vec<(String, String)> = (0..20).map(|number| (format!("A-{number}"), "10.00".to_owned())).collect();
    let rows: Vec<(&str, &str)> = rows.iter().map(|(number, amount)| (number.as_str(), amount.as_str())).collect();
    let flags = [("max-chunk-rows", "1"), ("first-use", "true")];
    let report = world.run(&[&world.sheet("april.csv", &rows)], &flags).unwrap();
    // It answers other questions, so the run goes on once after the first five.
    assert_eq!((report.exit.code(), world.uploads()), (4, 10));
    assert_eq!((report.totals.rows(Status::Unknown), report.totals.rows(Status::NotSent)), (10, 10));
}

#[test]
fn the_days_quota_stops_the_run_and_holds_across_runs() {
    let world = World::new(takes);
    let sheet = world.sheet("april.csv", TWO);
    let flags = [("max-chunk-rows", "1"), ("per-day", "1"), ("first-use", "true")];
    let report = world.run(&[&sheet], &flags).unwrap();
    assert_eq!((report.exit.code(), world.uploads(), report.totals.rows(Status::Accepted)), (3, 1, 1));
    let world = world.then(takes);
    assert_eq!(world.run(&[&sheet], &flags).unwrap().exit.code(), 3);
    assert_eq!(world.uploads(), 0);
    let world = world.then(takes);
    world.clock.advance(std::time::Duration::from_hours(24));
    assert_eq!(world.run(&[&sheet], &flags).unwrap().exit.code(), 0);
}

#[test]
fn a_wish_to_stop_that_comes_when_all_is_done_stops_nothing() {
    let world = World::new(takes);
    let sheet = world.sheet("april.csv", TWO);
    world.run(&[&sheet], &[]).unwrap();
    world.stop.ask(StopReason::Interrupted);
    let report = world.with(&[], |pipeline| {
        let operation = Operation::by_name("invoices create").unwrap();
        let run = world.ledger.run(RunId(1)).unwrap().unwrap();
        pipeline.finish(operation, &run, 0, None, &mut Rehearsed::default())
    });
    assert_eq!(report.unwrap().exit.code(), 0);
}
