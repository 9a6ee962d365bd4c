//! Runs from sheets to results against a scripted API, with a real ledger and real files.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::{Pipeline, Report};
use crate::api::{Api, Exchange, Response, Search, Token, TokenError, Upload};
use crate::clock::TestClock;
use crate::config::given::FlagValues;
use crate::config::layers::{Layers, Purpose};
use crate::error::RunError;
use crate::event::{Event, Observer};
use crate::ledger::sqlite::SqliteLedger;
use crate::ledger::{Ledger, RunId, RunState};
use crate::operation::Operation;
use crate::outcome::Status;
use crate::stop::{Stop, StopReason};

/// What the API does with a file; given the file's text.
type Script = Box<dyn Fn(&str) -> Exchange + Send + Sync>;

struct FakeApi {
    script: Script,
    uploads: Mutex<Vec<String>>,
}

impl Api for FakeApi {
    fn token(&self) -> Result<Token, TokenError> {
        Ok(Token { secret: "t".to_owned().into(), generation: 1 })
    }

    fn discard(&self, _: &Token) {}

    fn upload(&self, _: &Token, upload: &Upload<'_>) -> Exchange {
        let body = String::from_utf8(upload.body.to_vec()).unwrap();
        self.uploads.lock().unwrap().push(body.clone());
        (self.script)(&body)
    }

    fn search(&self, _: &Token, _: &Search<'_>) -> Exchange {
        Exchange::NotSent("this stand-in has no search".to_owned())
    }
}

fn answer(status: u16, body: &str) -> Exchange {
    Exchange::Answered(Response { status, body: body.into(), complete: true, ..Response::default() })
}

/// Takes every row.
pub(super) fn takes(body: &str) -> Exchange {
    let rows = body.lines().count() - 1;
    answer(200, &format!(r#"{{"response_code":0,"payload":{{"success_count":{rows},"failure_count":0}}}}"#))
}

/// Refuses the second row by number and takes the others.
fn refuses_second(body: &str) -> Exchange {
    let rows = body.lines().count() - 2;
    answer(
        200,
        &format!(
            r#"{{"payload":{{"success_count":{rows},"failure_count":1,"failureRequests":[{{"rowNumber":3,"errorMessage":"customer is not active"}}]}}}}"#
        ),
    )
}

#[derive(Default)]
struct Heard(Mutex<Vec<Event>>);

impl Observer for Heard {
    fn event(&self, event: &Event) {
        self.0.lock().unwrap().push(event.clone());
    }
}

/// A folder with sheets, a ledger and an API.
pub(super) struct World {
    folder: tempfile::TempDir,
    ledger: SqliteLedger,
    api: FakeApi,
    clock: Arc<TestClock>,
    stop: Stop,
    heard: Heard,
}

impl World {
    pub(super) fn new(script: impl Fn(&str) -> Exchange + Send + Sync + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ledger = SqliteLedger::open(&folder.path().join("ledger.db")).unwrap();
        let api = FakeApi { script: Box::new(script), uploads: Mutex::default() };
        let (clock, stop, heard) = (Arc::new(TestClock::default()), Stop::default(), Heard::default());
        Self { folder, ledger, api, clock, stop, heard }
    }

    /// The same ledger and files with another API, as in a later start.
    fn then(mut self, script: impl Fn(&str) -> Exchange + Send + Sync + 'static) -> Self {
        self.api = FakeApi { script: Box::new(script), uploads: Mutex::default() };
        self.stop = Stop::default();
        self
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A sheet of invoices: number and amount each.
    fn sheet(&self, name: &str, rows: &[(&str, &str)]) -> String {
        let mut text = "invoiceNumber,customerId,invoiceDate,dueDate,baseAmount\n".to_owned();
        for (number, amount) in rows {
            text.extend([*number, ",KC9B2X7M4Q1Z8T6D,2026-05-20,2026-06-20,", *amount, "\n"]);
        }
        std::fs::write(self.path(name), text).unwrap();
        self.path(name).display().to_string()
    }

    pub(super) fn run(&self, sheets: &[&String], flags: &[(&'static str, &str)]) -> Result<Report, RunError> {
        self.run_operation("invoices create", sheets, flags)
    }

    pub(super) fn run_operation(
        &self,
        operation: &str,
        sheets: &[&String],
        flags: &[(&'static str, &str)],
    ) -> Result<Report, RunError> {
        let operation = Operation::by_name(operation).unwrap();
        self.with(flags, |pipeline| {
            let inputs: Vec<String> = sheets.iter().map(|sheet| (*sheet).clone()).collect();
            pipeline.run_sheets(operation, &inputs, Box::new(std::io::empty()))
        })
    }

    fn with<T>(&self, flags: &[(&'static str, &str)], act: impl FnOnce(&Pipeline<'_>) -> T) -> T {
        let mut values = FlagValues::default();
        values.text("concurrency", Some("1".to_owned()));
        // The canary has tests of its own.
        values.text("canary", Some("0".to_owned()));
        for (key, value) in flags {
            values.text(key, Some((*value).to_owned()));
        }
        let environment: BTreeMap<String, String> = [
            ("ARLOAD_BASE_URL", "http://127.0.0.1:9"),
            ("ARLOAD_COMPANY_ID", "CEK4T7M2QA"),
            ("ARLOAD_CLIENT_ID", "CEK4T7M2QA"),
            ("ARLOAD_CLIENT_SECRET", "s"),
            ("ARLOAD_USERNAME", "u"),
            ("ARLOAD_PASSWORD", "p"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        let operation = Operation::by_name("invoices create").unwrap();
        let layers = Layers {
            flags: &values,
            environment: &environment,
            file: None,
            default_state: self.folder.path(),
            purpose: Purpose::Sheets(operation),
        };
        let settings = layers.settle().unwrap().settings;
        act(&Pipeline {
            settings: &settings,
            account: "http://127.0.0.1:9 CEK4T7M2QA",
            host: "127.0.0.1:9",
            ledger: &self.ledger,
            earlier: Some(&self.ledger),
            api: Some(&self.api),
            clock: Arc::clone(&self.clock) as _,
            stop: &self.stop,
            observer: &self.heard,
        })
    }

    /// What was said of sheets that were refused.
    pub(super) fn refusals(&self) -> Vec<String> {
        let heard = self.heard.0.lock().unwrap();
        let refused = heard.iter().filter_map(|event| match event {
            Event::SheetRefused { message, .. } => Some(message.clone()),
            _ => None,
        });
        refused.collect()
    }

    fn uploads(&self) -> usize {
        self.api.uploads.lock().unwrap().len()
    }

    /// Status and code of each row of a result.
    pub(super) fn results(&self, name: &str) -> Vec<(String, String)> {
        let mut reader = csv::Reader::from_path(self.path(name)).unwrap();
        reader.records().map(|row| row.unwrap()).map(|row| (row[2].to_owned(), row[3].to_owned())).collect()
    }

    pub(super) fn messages(&self, name: &str) -> Vec<String> {
        let mut reader = csv::Reader::from_path(self.path(name)).unwrap();
        reader.records().map(|row| row.unwrap()[4].to_owned()).collect()
    }
}

fn of(statuses: &[(&str, &str)]) -> Vec<(String, String)> {
    statuses.iter().map(|(status, code)| ((*status).to_owned(), (*code).to_owned())).collect()
}

const TWO: &[(&str, &str)] = &[("A-1", "100.00"), ("A-2", "200.00")];

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

#[test]
fn a_file_refused_whole_is_unknown_while_nobody_can_say_whether_a_part_was_stored() {
    let world = World::new(|_| answer(422, r#"{"response_code":422,"errorResponse":{"errorMessage":"bad file"}}"#));
    let report = world.run(&[&world.sheet("april.csv", TWO)], &[]).unwrap();
    assert_eq!((report.exit.code(), world.uploads()), (4, 1));
    assert_eq!(world.results("april.results.csv")[0], ("unknown".to_owned(), "chunk-refused".to_owned()));
    // A single row that is refused needs no look-up.
    let report = world.run(&[&world.sheet("may.csv", &[("B-1", "100.00")])], &[]).unwrap();
    assert_eq!(report.exit.code(), 1);
    assert_eq!(world.results("may.results.csv")[0], ("rejected".to_owned(), "chunk-refused".to_owned()));
    assert!(world.messages("may.results.csv")[0].contains("bad file"));
}

#[test]
fn a_refused_file_of_changes_is_halved_without_a_look_up() {
    let world = World::new(|body| {
        if body.contains("Good Ltd\n") && !body.contains("Bad Ltd") {
            return takes(body);
        }
        answer(422, r#"{"response_code":422,"errorResponse":{"errorMessage":"bad file"}}"#)
    });
    let text = "customerId,legalName\nKC9B2X7M4Q1Z8T6D,Good Ltd\nKC9B2X7M4Q1Z8T6E,Bad Ltd\n";
    std::fs::write(world.path("april.csv"), text).unwrap();
    let sheet = world.path("april.csv").display().to_string();
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
    let world = World::new(|_| answer(500, "{}"));
    let rows: Vec<(String, String)> = (0..20).map(|number| (format!("A-{number}"), "10.00".to_owned())).collect();
    let rows: Vec<(&str, &str)> = rows.iter().map(|(number, amount)| (number.as_str(), amount.as_str())).collect();
    let report = world.run(&[&world.sheet("april.csv", &rows)], &[("max-chunk-rows", "1")]).unwrap();
    assert_eq!((report.exit.code(), world.uploads()), (4, 5));
    assert_eq!((report.totals.rows(Status::Unknown), report.totals.rows(Status::NotSent)), (5, 15));
}

#[test]
fn the_days_quota_stops_the_run_and_holds_across_runs() {
    let world = World::new(takes);
    let sheet = world.sheet("april.csv", TWO);
    let flags = [("max-chunk-rows", "1"), ("per-day", "1")];
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

#[test]
fn a_wish_to_stop_that_comes_when_all_is_done_stops_nothing() {
    let world = World::new(takes);
    let sheet = world.sheet("april.csv", TWO);
    world.run(&[&sheet], &[]).unwrap();
    world.stop.ask(StopReason::Interrupted);
    let report = world.with(&[], |pipeline| {
        let operation = Operation::by_name("invoices create").unwrap();
        let run = world.ledger.run(RunId(1)).unwrap().unwrap();
        pipeline.finish(operation, &run, 0, None)
    });
    assert_eq!(report.unwrap().exit.code(), 0);
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
