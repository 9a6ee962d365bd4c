//! Sheets that are broken, change or hold more than one table, and runs that send nothing.

use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use super::Pipeline;
use super::tests::{Heard, TWO, World, of, refuses_second, takes};
use crate::error::RunError;
use crate::event::{Event, Observer};
use crate::ledger::sqlite::SqliteLedger;
use crate::ledger::{Ledger, RunId, RunState};
use crate::operation::Operation;
use crate::outcome::Status;
use crate::stop::StopReason;

#[test]
fn gates_close_the_run_and_nothing_is_sent() {
    let world = World::new(takes);
    let sheet = world.sheet("april.csv", &[("A-1", "100.00"), ("A-2", "abc")]);
    let report = world.run(&[&sheet], &[("strict", "true")]).unwrap();
    assert_eq!((report.exit.code(), world.uploads()), (1, 0));
    assert_eq!(world.results("april.results.csv")[0], ("not-sent".to_owned(), "strict".to_owned()));
    assert_eq!(world.ledger.run(RunId(1)).unwrap().unwrap().state, RunState::Closed);
    assert!(world.run(&[&sheet], &[("expect-rows", "3")]).is_err());
    assert!(world.run(&[&sheet], &[("expect-total", "300.00")]).is_err());
    assert_eq!(world.uploads(), 0);
    // A closed run holds no keys.
    assert_eq!(world.run(&[&sheet], &[]).unwrap().totals.rows(Status::Accepted), 1);
}

#[test]
fn results_can_be_made_again_byte_for_byte() {
    let world = World::new(refuses_second);
    let sheet = world.sheet("april.csv", &[("A-1", "100.00"), ("A-2", "200.00"), ("=A-3", "x"), ("A-1", "100.00")]);
    world.run(&[&sheet], &[]).unwrap();
    let read = |path: &Path| std::fs::read(path).unwrap();
    let places = [world.path("april.results.csv"), world.path("april.summary.json")];
    let before: Vec<Vec<u8>> = places.iter().map(|path| read(path)).collect();
    for path in &places {
        std::fs::remove_file(path).unwrap();
    }
    let run = world.ledger.run(RunId(1)).unwrap().unwrap();
    world.with(&[], |pipeline| pipeline.write_results(&run)).unwrap();
    assert_eq!(places.iter().map(|path| read(path)).collect::<Vec<_>>(), before);
}

#[test]
fn a_broken_file_among_several_is_named_and_the_others_go_on() {
    let world = World::new(takes);
    let good = world.sheet("april.csv", TWO);
    std::fs::write(world.path("broken.csv"), [0u8; 4000]).unwrap();
    let broken = world.path("broken.csv").display().to_string();
    let report = world.run(&[&good, &broken], &[]).unwrap();
    assert_eq!((report.exit.code(), report.totals.rows(Status::Accepted)), (1, 2));
    let heard = world.heard.0.lock().unwrap();
    assert!(
        heard
            .iter()
            .any(|event| matches!(event, Event::SheetRefused { message, .. } if message.contains("broken.csv")))
    );
}

#[test]
fn a_dry_run_reads_the_ledger_and_writes_none() {
    let world = World::new(takes);
    world.run(&[&world.sheet("april.csv", TWO)], &[]).unwrap();
    let both = world.sheet("both.csv", &[("A-1", "100.00"), ("A-7", "70.00")]);
    let scratch = SqliteLedger::scratch().unwrap();
    let report = world.with(&[("dry-run", "true")], |pipeline| {
        let dry = Pipeline { ledger: &scratch, api: None, clock: Arc::clone(&pipeline.clock), ..*pipeline };
        let operation = Operation::by_name("invoices create").unwrap();
        dry.run_sheets(operation, std::slice::from_ref(&both), Box::new(std::io::empty()))
    });
    assert_eq!(report.unwrap().exit.code(), 0);
    assert_eq!(
        world.results("both.dry-run.results.csv"),
        of(&[("already-accepted", "accepted-earlier"), ("not-sent", "dry-run")])
    );
    assert_eq!((world.ledger.runs().unwrap().len(), world.uploads()), (1, 1));
}

/// Appends to the sheet at signs of progress, so many times.
struct Writer<'a> {
    path: &'a str,
    times: Mutex<u32>,
    heard: &'a Heard,
}

impl Observer for Writer<'_> {
    fn event(&self, event: &Event) {
        let mut left = self.times.lock().unwrap();
        if matches!(event, Event::Checked { .. }) && *left > 0 {
            *left -= 1;
            let mut file = std::fs::OpenOptions::new().append(true).open(self.path).unwrap();
            writeln!(file, "INV-9{left},KC9B2X7M4Q1Z8T6D,2026-05-20,2026-06-20,9.00").unwrap();
        }
        self.heard.event(event);
    }
}

#[test]
fn a_table_below_the_sheets_own_is_refused_and_makes_the_run_unclean() {
    let head = "Invoice No,Invoice Date,Due Date,Customer Id,Taxable Value\n";
    let rows =
        |letter: &str| [1, 2].map(|n| format!("{letter}-{n},01/04/2026,30/04/2026,KC01234567890123,100\n")).concat();
    let pending = "B-1,pending,pending,KC01234567890123,pending\n";
    for (text, refused, read) in [
        (format!("{head}{}", rows("A")), None, 2),
        (format!("{head}{}\n{head}{}", rows("A"), rows("B")), None, 4),
        (format!("{head}{}\n{pending}{}", rows("A"), rows("C")), None, 5),
        (
            format!("{head}{}\nCustomer Id,Invoice No,Taxable Value\nKC01234567890123,B-1,5\n", rows("A")),
            Some("a.csv: row 5 begins another table; its 1 row is not read"),
            2,
        ),
    ] {
        let world = World::new(takes);
        let path = world.path("a.csv");
        std::fs::write(&path, &text).unwrap();
        let report = world.run(&[&path.display().to_string()], &[("dry-run", "true")]).unwrap();
        assert_eq!(world.refusals(), refused.into_iter().collect::<Vec<_>>(), "{text}");
        assert_eq!(report.totals.read.rows, read, "{text}");
        assert!(refused.is_none() || report.exit == crate::exit::ExitCode::NotAllAccepted, "{text}");
    }
}

#[test]
fn a_sheet_that_changes_while_it_is_read_is_read_once_more_and_then_refused() {
    for (times, rows) in [(0, Some(1)), (1, Some(2)), (2, None)] {
        let world = World::new(takes);
        let sheet = world.sheet("a.csv", &[("INV-1", "10.00")]);
        let writer = Writer { path: &sheet, times: Mutex::new(times), heard: &world.heard };
        let report = world.with(&[], |pipeline| {
            let pipeline = Pipeline { observer: &writer, clock: Arc::clone(&pipeline.clock), ..*pipeline };
            let operation = Operation::by_name("invoices create").unwrap();
            pipeline.run_sheets(operation, std::slice::from_ref(&sheet), Box::new(std::io::empty()))
        });
        assert_eq!(report.ok().map(|report| report.totals.rows(Status::Accepted)), rows, "{times}");
        let heard = world.heard.0.lock().unwrap();
        let refused = heard.iter().any(|event| {
            matches!(event, Event::SheetRefused { message, .. } if message == "a.csv: changed while it was read")
        });
        assert_eq!(refused, rows.is_none(), "{times}");
        assert_eq!(world.uploads(), usize::from(rows.is_some()), "{times}");
    }
}

#[test]
fn a_workbook_that_fails_while_the_run_is_to_stop_is_not_called_damaged() {
    let broken = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/row-twice.xlsx");
    for stops in [false, true] {
        let world = World::new(takes);
        std::fs::copy(&broken, world.path("a.xlsx")).unwrap();
        if stops {
            world.stop.ask(StopReason::Interrupted);
        }
        let end = world.run(&[&world.path("a.xlsx").display().to_string()], &[]).unwrap_err();
        assert_eq!(matches!(end, RunError::Interrupted), stops, "{end:?}");
        let refused = world.heard.0.lock().unwrap().iter().any(|event| matches!(event, Event::SheetRefused { .. }));
        assert_ne!(refused, stops);
    }
}
