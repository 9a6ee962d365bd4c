//! Operations on records that are there already, against the real stand-in: named by number, sent in lists, unanswered,
//! deleted.

use super::rounds_tests::{World, counts};
use crate::ledger::{Ledger, RunId, RunState};
use crate::outcome::Status;
use crate::sandbox::{Fault, ScheduledFault};

const DISPATCH: &str = "/api/v0/invoice/bulk/dispatch";
const YES: &[(&str, &str)] = &[("yes", "true"), ("max-chunk-rows", "10")];

fn write(world: &World, name: &str, text: &str) -> String {
    std::fs::write(world.path(name), text).unwrap();
    world.path(name).display().to_string()
}

/// A stand-in with so many invoices, and a sheet that names them by number.
fn stored(rows: usize) -> (World, String) {
    let world = World::new(|_| {});
    assert_eq!(world.run(&world.sheet("april.csv", rows, |_| false), &[]).unwrap().exit.code(), 0);
    let numbers: Vec<String> = (1..=rows).map(|row| format!("a-{row:04}\n")).collect();
    let sheet = write(&world, "numbers.csv", &format!("invoiceNumber\n{}", numbers.concat()));
    (world.again(), sheet)
}

fn fail(world: &World, route: &str, requests: &[u64], fault: Fault) {
    world.change(|settings| {
        let scheduled = |request: &u64| ScheduledFault { request: *request, route: Some(route.to_owned()), fault };
        settings.faults.schedule = requests.iter().map(scheduled).collect();
    });
}

#[test]
fn invoices_are_dispatched_by_their_numbers_in_lists() {
    let (world, sheet) = stored(25);
    let report = world.act("invoices dispatch", &sheet, YES).unwrap();
    assert_eq!(report.exit.code(), 0);
    counts(&report, &[(Status::Accepted, 25)]);
    assert!(world.said("numbers: 25, from_ledger: 25, from_search: 0"));
    assert_eq!(world.ledger.chunks(RunId(2)).unwrap().len(), 3);
    // Enkash has sent them; the ids in the results say which these were.
    let results = std::fs::read_to_string(&report.files[0]).unwrap();
    assert!(results.lines().skip(1).all(|line| line.split(',').nth(6).is_some_and(|id| !id.is_empty())), "{results}");
    let world = world.again();
    // Once more it is not sent again, but on purpose; by another name it is the same invoice.
    let again = write(&world, "again.csv", "invoiceNumber\na-0001\n");
    counts(&world.act("invoices dispatch", &again, YES).unwrap(), &[(Status::AlreadyAccepted, 1)]);
    let on_purpose: &[(&str, &str)] = &[("yes", "true"), ("new-run", "true")];
    counts(&world.again().act("invoices dispatch", &again, on_purpose).unwrap(), &[(Status::Rejected, 1)]);
}

#[test]
fn nothing_is_dispatched_or_deleted_before_somebody_says_yes() {
    let (world, sheet) = stored(3);
    for operation in ["invoices dispatch", "invoices delete"] {
        let report = world.act(operation, &sheet, &[]).unwrap();
        counts(&report, &[(Status::NotSent, 3)]);
        assert_ne!(report.exit.code(), 0);
        let run = report.run.unwrap();
        assert_eq!(world.ledger.run(run).unwrap().unwrap().state, RunState::Open);
        assert!(world.ledger.chunks(run).unwrap().iter().all(|chunk| chunk.attempts == 0));
        let report = world.with(&[("yes", "true")], |pipeline| pipeline.send_run(run)).unwrap();
        counts(&report, &[(Status::Accepted, 3)]);
    }
}

#[test]
fn dispatches_without_an_answer_are_looked_up_by_their_state() {
    let (world, sheet) = stored(40);
    fail(&world, DISPATCH, &[2], Fault::ReplyLost);
    let report = world.act("invoices dispatch", &sheet, YES).unwrap();
    assert_eq!(report.exit.code(), 0);
    counts(&report, &[(Status::Accepted, 40)]);
    // Four requests sufficed: what had been sent was found, and not sent again.
    assert_eq!(world.ledger.chunks(RunId(2)).unwrap().len(), 4);

    let (world, sheet) = stored(40);
    fail(&world, DISPATCH, &[2], Fault::ErrorBeforeStoring);
    let report = world.act("invoices dispatch", &sheet, YES).unwrap();
    assert_eq!(report.exit.code(), 0);
    counts(&report, &[(Status::Accepted, 40)]);
    assert_eq!(world.ledger.chunks(RunId(2)).unwrap().len(), 5);
}

#[test]
fn numbers_that_the_ledger_does_not_know_are_searched_and_wrong_ones_are_invalid() {
    let (world, _) = stored(5);
    let sheet = write(&world, "some.csv", "invoiceNumber\nA-0002\nA-0099\n");
    let other = tempfile::tempdir().unwrap();
    let ledger = crate::ledger::sqlite::SqliteLedger::open(&other.path().join("ledger.db")).unwrap();
    let report = world.with(YES, |pipeline| {
        let clock = std::sync::Arc::clone(&pipeline.clock);
        let pipeline = super::Pipeline { clock, ledger: &ledger, earlier: Some(&ledger), ..*pipeline };
        let operation = crate::operation::Operation::by_name("invoices dispatch").unwrap();
        pipeline.run_sheets(operation, std::slice::from_ref(&sheet), Box::new(std::io::empty()))
    });
    let report = report.unwrap();
    counts(&report, &[(Status::Accepted, 1), (Status::Invalid, 1)]);
    assert!(world.said("numbers: 2, from_ledger: 0, from_search: 1"));
    let results = std::fs::read_to_string(&report.files[0]).unwrap();
    assert!(results.contains(",invalid,invoice-not-found,"), "{results}");
}

#[test]
fn an_accepted_delete_gives_the_key_free_and_no_other_does() {
    let (world, _) = stored(5);
    let sheet = write(&world, "gone.csv", "invoiceNumber\nA-0002\nA-0003\n");
    counts(&world.act("invoices delete", &sheet, YES).unwrap(), &[(Status::Accepted, 2)]);
    let world = world.again();
    let report = world.run(&world.sheet("again.csv", 5, |_| false), &[]).unwrap();
    counts(&report, &[(Status::Accepted, 2), (Status::AlreadyAccepted, 3)]);
    // Their new ids are what the numbers mean now.
    let world = world.again();
    let report = world.act("invoices dispatch", &write(&world, "new.csv", "invoiceNumber\nA-0002\n"), YES).unwrap();
    counts(&report, &[(Status::Accepted, 1)]);
}

#[test]
fn a_confirmation_without_an_answer_stays_unknown_and_is_not_repeated() {
    let (world, _) = stored(2);
    let route = "/api/v0/invoice/payment-confirmation";
    fail(&world, route, &[1], Fault::ReplyLost);
    let head = "invoiceNumber,paymentId,remarks,response,type\n";
    let text = format!("{head}A-0001,PMT1,paid,ACCEPT,ONPLATFORM\nA-0002,PMT1,paid,ACCEPT,ONPLATFORM\n");
    let sheet = write(&world, "paid.csv", &text);
    let report = world.act("invoices confirm-payment", &sheet, &[]).unwrap();
    assert_eq!(report.exit.code(), 4);
    counts(&report, &[(Status::Unknown, 2)]);
    let world = world.again();
    let report = world.act("invoices confirm-payment", &sheet, &[]).unwrap();
    assert_eq!(report.exit.code(), 4);
    assert_eq!(world.ledger.chunks(RunId(2)).unwrap()[0].attempts, 1);
}
