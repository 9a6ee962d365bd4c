//! Whole runs against the real stand-in: replies that are lost, searches that are down, files refused whole, uploads that
//! mean something else.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::doubt_tests::Late;
use super::{Pipeline, Report};
use crate::api::client::{HttpApi, HttpSettings};
use crate::clock::SystemClock;
use crate::config::Credentials;
use crate::config::given::FlagValues;
use crate::config::layers::{Layers, Purpose};
use crate::error::RunError;
use crate::event::{Event, Observer};
use crate::ledger::sqlite::SqliteLedger;
use crate::ledger::{Ledger, RunId, RunState};
use crate::operation::Operation;
use crate::outcome::{Status, code};
use crate::sandbox::{self, BulkItems, Duplicates, Fault, FileRefusal, Sandbox, SandboxSettings, ScheduledFault};
use crate::stop::Stop;

const UPLOAD: &str = "/api/v0/invoice/bulk/create";
const SEARCH: &str = "/api/v0/invoice/search";

#[derive(Default)]
struct Heard(Mutex<Vec<Event>>);

impl Observer for Heard {
    fn event(&self, event: &Event) {
        self.0.lock().unwrap().push(event.clone());
    }
}

/// A folder with a sheet and a ledger, and a stand-in that it is sent to.
pub(super) struct World {
    folder: tempfile::TempDir,
    pub(super) ledger: SqliteLedger,
    sandbox: Sandbox,
    stop: Stop,
    heard: Heard,
    /// The upload, counted from 1, that comes through twice, as one that was held up on its way does.
    pub(super) twice: Option<u64>,
}

pub(super) type Flags<'a> = &'a [(&'static str, &'a str)];

impl World {
    pub(super) fn new(change: impl FnOnce(&mut SandboxSettings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ledger = SqliteLedger::open(&folder.path().join("ledger.db")).unwrap();
        let mut settings = SandboxSettings::default();
        change(&mut settings);
        let sandbox = sandbox::start(SocketAddr::from(([127, 0, 0, 1], 0)), settings).unwrap();
        Self { folder, ledger, sandbox, stop: Stop::default(), heard: Heard::default(), twice: None }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A sheet of invoices; the bad rows have a customer that the stand-in refuses where it is told to.
    pub(super) fn sheet(&self, name: &str, rows: usize, bad: impl Fn(usize) -> bool) -> String {
        let mut text = "invoiceNumber,customerId,invoiceDate,dueDate,baseAmount,netAmount\n".to_owned();
        for row in 1..=rows {
            let customer = if bad(row) { "KC0000000000BADX" } else { "KC9B2X7M4Q1Z8T6D" };
            let (base, net) = (100 + row, 118 + row);
            writeln!(text, "A-{row:04},{customer},2026-05-20,2026-06-20,{base}.00,{net}.50").unwrap();
        }
        std::fs::write(self.path(name), text).unwrap();
        self.path(name).display().to_string()
    }

    pub(super) fn with<T>(&self, flags: Flags<'_>, act: impl FnOnce(&Pipeline<'_>) -> T) -> T {
        let mut values = FlagValues::default();
        // The first-use check has tests of its own.
        let usual = [("canary", "0"), ("rate", "1000/s"), ("settle", "0s"), ("first-use", "true")];
        for (key, value) in usual.iter().chain(flags) {
            values.text(key, Some((*value).to_owned()));
        }
        let demo = SandboxSettings::demo_credentials();
        let environment: BTreeMap<String, String> = [
            ("ARLOAD_BASE_URL", self.sandbox.base_url()),
            ("ARLOAD_COMPANY_ID", "CEK0SANDBX".to_owned()),
            ("ARLOAD_CLIENT_ID", demo.client_id.clone()),
            ("ARLOAD_CLIENT_SECRET", demo.client_secret.clone()),
            ("ARLOAD_USERNAME", demo.username.clone()),
            ("ARLOAD_PASSWORD", demo.password.clone()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
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
        let clock = Arc::new(SystemClock::default());
        let http = HttpSettings {
            base_url: self.sandbox.base_url(),
            credentials: Credentials {
                client_id: demo.client_id,
                client_secret: demo.client_secret.into(),
                username: demo.username,
                password: demo.password.into(),
            },
            timeout: settings.sending.timeout,
            concurrency: settings.sending.concurrency,
            max_reply_bytes: settings.sending.max_reply_bytes,
            token_lifetime: settings.sending.token_lifetime,
            guard: None,
            routes: crate::operation::routes::Routes::default(),
            uploads: crate::upload::Uploads::default(),
        };
        let api = HttpApi::new(http, Arc::<SystemClock>::clone(&clock) as _).unwrap();
        let api = Late { api, uploads: AtomicU64::new(0), twice: self.twice };
        act(&Pipeline {
            settings: &settings,
            account: "http://127.0.0.1 CEK0SANDBX",
            host: "127.0.0.1",
            ledger: &self.ledger,
            earlier: Some(&self.ledger),
            api: Some(&api),
            clock,
            stop: &self.stop,
            observer: &self.heard,
        })
    }

    pub(super) fn run(&self, sheet: &str, flags: Flags<'_>) -> Result<Report, RunError> {
        self.act("invoices create", sheet, flags)
    }

    /// Any operation on a sheet.
    pub(super) fn act(&self, operation: &str, sheet: &str, flags: Flags<'_>) -> Result<Report, RunError> {
        self.with(flags, |pipeline| {
            let operation = Operation::by_name(operation).unwrap();
            pipeline.run_sheets(operation, &[sheet.to_owned()], Box::new(std::io::empty()))
        })
    }

    /// The same in a later process.
    pub(super) fn again(mut self) -> Self {
        self.stop = Stop::default();
        self
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut SandboxSettings)) {
        self.sandbox.change(change);
    }

    pub(super) fn state(&self, name: &str) -> u64 {
        self.sandbox.state().pointer(&format!("/{name}")).and_then(Value::as_u64).unwrap()
    }

    pub(super) fn codes(&self, name: &str) -> BTreeMap<(String, String), usize> {
        let mut reader = csv::Reader::from_path(self.path(name)).unwrap();
        let mut codes = BTreeMap::new();
        for row in reader.records().map(Result::unwrap) {
            *codes.entry((row[2].to_owned(), row[3].to_owned())).or_default() += 1;
        }
        codes
    }

    pub(super) fn said(&self, words: &str) -> bool {
        let heard = self.heard.0.lock().unwrap();
        heard.iter().any(|event| format!("{event:?}").contains(words))
    }
}

pub(super) fn counts(report: &Report, statuses: &[(Status, u64)]) {
    let counted: Vec<(Status, u64)> =
        statuses.iter().map(|(status, _)| (*status, report.totals.rows(*status))).collect();
    assert_eq!(counted, statuses);
}

/// The fault in every fifth upload, from the fifth.
fn every_fifth(settings: &mut SandboxSettings, fault: Fault) {
    settings.faults.schedule = (1..=40)
        .map(|request| ScheduledFault { request: request * 5, route: Some(UPLOAD.to_owned()), fault })
        .collect();
}

fn search_down(settings: &mut SandboxSettings) {
    settings.faults.rates = BTreeMap::from([(Fault::ErrorBeforeStoring, 1.0)]);
    settings.faults.routes = vec![SEARCH.to_owned()];
}

#[test]
fn every_fifth_reply_lost_after_storing_ends_with_every_row_accepted_once() {
    for fault in [Fault::ReplyLost, Fault::ErrorAfterStoring, Fault::TruncatedReply, Fault::NotJson] {
        let world = World::new(|settings| every_fifth(settings, fault));
        let report = world.run(&world.sheet("april.csv", 200, |_| false), &[("max-chunk-rows", "10")]).unwrap();
        assert_eq!(report.exit.code(), 0, "{fault:?}");
        counts(&report, &[(Status::Accepted, 200), (Status::Unknown, 0)]);
        assert_eq!((world.state("invoices"), world.state("duplicate_rows"), world.state("uploads")), (200, 0, 20));
        assert_eq!(world.ledger.run(RunId(1)).unwrap().unwrap().state, RunState::Finished);
    }
}

#[test]
fn rows_that_never_arrived_are_proved_missing_and_sent_again() {
    for fault in [Fault::ErrorBeforeStoring, Fault::ResetBeforeStoring, Fault::HtmlError] {
        let world = World::new(|settings| every_fifth(settings, fault));
        let report = world.run(&world.sheet("april.csv", 200, |_| false), &[("max-chunk-rows", "10")]).unwrap();
        assert_eq!(report.exit.code(), 0, "{fault:?}");
        counts(&report, &[(Status::Accepted, 200)]);
        assert_eq!((world.state("invoices"), world.state("duplicate_rows"), world.state("uploads")), (200, 0, 24));
        let chunks = world.ledger.chunks(RunId(1)).unwrap();
        assert_eq!(chunks.iter().filter(|chunk| chunk.parent.is_some()).count(), 4);
    }
}

#[test]
fn with_the_search_down_rows_stay_unknown_until_reconcile_finds_them() {
    let world = World::new(|settings| {
        every_fifth(settings, Fault::ReplyLost);
        search_down(settings);
    });
    let sheet = world.sheet("april.csv", 100, |_| false);
    let report = world.run(&sheet, &[("max-chunk-rows", "10")]).unwrap();
    assert_eq!(report.exit.code(), 4);
    counts(&report, &[(Status::Accepted, 80), (Status::Unknown, 20)]);
    assert!(world.said("arload runs reconcile 1"));
    // Nor does the same command send anything twice.
    let world = world.again();
    assert_eq!(world.run(&sheet, &[]).unwrap().exit.code(), 4);
    assert_eq!((world.state("uploads"), world.state("invoices")), (10, 100));

    world.change(|settings| settings.faults = sandbox::FaultSettings::default());
    let report = world.with(&[], |pipeline| pipeline.reconcile_run(RunId(1))).unwrap();
    assert_eq!(report.exit.code(), 0);
    counts(&report, &[(Status::Accepted, 100)]);
    assert_eq!((world.state("uploads"), world.state("duplicate_rows")), (10, 0));
    assert!(world.with(&[], |pipeline| pipeline.reconcile_run(RunId(1))).is_err());
}

#[test]
fn a_run_of_one_chunk_whose_reply_is_lost_is_settled_by_what_stands_there() {
    let lost = |fault| {
        World::new(move |settings| {
            settings.faults.schedule = vec![ScheduledFault { request: 1, route: Some(UPLOAD.to_owned()), fault }];
        })
    };
    let world = lost(Fault::ReplyLost);
    assert_eq!(world.run(&world.sheet("april.csv", 4, |_| false), &[("canary", "5")]).unwrap().exit.code(), 0);
    assert_eq!((world.state("invoices"), world.state("uploads")), (4, 1));
    // An account without any record proves that nothing of the first rows arrived.
    let world = lost(Fault::ErrorBeforeStoring);
    assert_eq!(world.run(&world.sheet("april.csv", 4, |_| false), &[("canary", "5")]).unwrap().exit.code(), 0);
    assert_eq!((world.state("invoices"), world.state("uploads")), (4, 2));
    // Without a canary nothing shows that the search would find them.
    let world = lost(Fault::ErrorBeforeStoring);
    let report = world.run(&world.sheet("april.csv", 4, |_| false), &[]).unwrap();
    assert_eq!((report.exit.code(), world.state("uploads")), (4, 1));
    assert!(world.said("which proves nothing: no accepted row is known"));
    // Rows of an earlier run do.
    let world = World::new(|_| {});
    world.run(&world.sheet("march.csv", 3, |_| false), &[]).unwrap();
    world.change(|settings| {
        let fault = Fault::ErrorBeforeStoring;
        settings.faults.schedule = vec![ScheduledFault { request: 2, route: Some(UPLOAD.to_owned()), fault }];
    });
    let april = world.sheet("april.csv", 6, |_| false);
    let report = world.run(&april, &[]).unwrap();
    counts(&report, &[(Status::AlreadyAccepted, 3), (Status::Accepted, 3)]);
    assert_eq!((report.exit.code(), world.state("uploads"), world.state("duplicate_rows")), (0, 3, 0));
}

#[test]
fn what_one_lost_chunk_shows_proves_another_missing() {
    let world = World::new(|settings| {
        settings.faults.schedule = [Fault::ErrorBeforeStoring, Fault::ReplyLost]
            .into_iter()
            .zip(1..)
            .map(|(fault, request)| ScheduledFault { request, route: Some(UPLOAD.to_owned()), fault })
            .collect();
    });
    let report = world.run(&world.sheet("april.csv", 6, |_| false), &[("max-chunk-rows", "3"), ("concurrency", "1")]);
    assert_eq!(report.unwrap().exit.code(), 0);
    assert_eq!((world.state("invoices"), world.state("uploads"), world.state("duplicate_rows")), (6, 3, 0));
}

#[test]
fn rows_that_are_not_found_wait_for_the_settle_time_before_they_are_sent_again() {
    let world = World::new(|settings| {
        let fault = Fault::ErrorBeforeStoring;
        settings.faults.schedule = vec![ScheduledFault { request: 2, route: Some(UPLOAD.to_owned()), fault }];
    });
    let flags = [("max-chunk-rows", "2"), ("settle", "2s"), ("concurrency", "1")];
    let began = std::time::Instant::now();
    let report = world.run(&world.sheet("april.csv", 6, |_| false), &flags).unwrap();
    assert_eq!((report.exit.code(), world.state("invoices"), world.state("uploads")), (0, 6, 4));
    assert!(world.said("look-up: what is not found by then") && began.elapsed().as_secs() >= 2);
}

#[test]
fn unknown_rows_of_a_run_that_was_given_up_are_looked_up_and_never_sent() {
    let world = World::new(|settings| {
        let fault = Fault::ReplyLost;
        settings.faults.schedule = vec![ScheduledFault { request: 1, route: Some(UPLOAD.to_owned()), fault }];
        search_down(settings);
    });
    assert_eq!(world.run(&world.sheet("april.csv", 3, |_| false), &[]).unwrap().exit.code(), 4);
    let report = world.run(&world.sheet("april.csv", 4, |_| false), &[]).unwrap();
    counts(&report, &[(Status::Accepted, 1), (Status::Unknown, 3)]);
    assert_eq!(world.ledger.run(RunId(1)).unwrap().unwrap().state, RunState::Superseded);
    world.change(|settings| settings.faults = sandbox::FaultSettings::default());
    let report = world.with(&[], |pipeline| pipeline.reconcile_run(RunId(1))).unwrap();
    counts(&report, &[(Status::Accepted, 3), (Status::Unknown, 0)]);
    assert_eq!((report.exit.code(), world.state("uploads"), world.state("duplicate_rows")), (0, 2, 0));
}

#[test]
fn one_bad_row_in_a_thousand_refused_whole_is_found_by_halving() {
    for bad in [1, 778] {
        let world = World::new(|settings| {
            settings.replies.file_refusal = FileRefusal::AnyBadRow;
            settings.lenient_customers = true;
            settings.refuse_customers = vec!["KC0000000000BADX".to_owned()];
        });
        let sheet = world.sheet("april.csv", 1000, |row| row == bad);
        let report = world.run(&sheet, &[("max-chunk-rows", "1000")]).unwrap();
        assert_eq!(report.exit.code(), 1, "{bad}");
        counts(&report, &[(Status::Accepted, 999), (Status::Rejected, 1)]);
        assert!(world.state("uploads") <= 22, "{bad}: {}", world.state("uploads"));
        assert_eq!((world.state("invoices"), world.state("duplicate_rows")), (999, 0));
    }
}

#[test]
fn too_many_refused_files_end_the_run_with_the_rest_not_sent() {
    let world = World::new(|settings| {
        settings.replies.file_refusal = FileRefusal::AnyBadRow;
        settings.refuse_customers = vec!["KC0000000000BADX".to_owned()];
    });
    let sheet = world.sheet("april.csv", 1000, |row| row % 5 == 0);
    let report = world.run(&sheet, &[("max-chunk-rows", "1000")]).unwrap();
    assert_eq!(report.exit.code(), 3);
    let refused = world.ledger.refused_requests(RunId(1)).unwrap();
    assert!((190..=200).contains(&refused), "{refused}");
    assert!(world.said("--refusal-budget is 200"));
    let codes = world.codes("april.results.csv");
    let of = |status: &str, code: &str| codes.get(&(status.to_owned(), code.to_owned())).copied().unwrap_or_default();
    assert_eq!(
        of("accepted", "") + of("rejected", "chunk-refused") + of("not-sent", "chunk-refused"),
        1000,
        "{codes:?}"
    );
    assert!(of("not-sent", "chunk-refused") > 0);
    assert_eq!(world.state("invoices") as usize, of("accepted", ""));
    // The same command stops again at once, and a larger budget goes on to the end.
    let uploads = world.state("uploads");
    let world = world.again();
    assert_eq!(world.run(&sheet, &[("max-chunk-rows", "1000")]).unwrap().exit.code(), 3);
    assert_eq!(world.state("uploads"), uploads);
    let world = world.again();
    let flags = [("max-chunk-rows", "1000"), ("refusal-budget", "1000")];
    let report = world.run(&sheet, &flags).unwrap();
    assert_eq!(report.exit.code(), 1);
    counts(&report, &[(Status::Accepted, 800), (Status::Rejected, 200), (Status::NotSent, 0)]);
    assert_eq!(world.state("duplicate_rows"), 0);
}

#[test]
fn an_api_that_stores_a_part_and_refuses_the_file_stores_nothing_twice() {
    for bad in [1, 7, 20] {
        let world = World::new(|settings| {
            settings.replies.file_refusal = FileRefusal::FromBadRow;
            settings.replies.duplicates = Duplicates::StoredTwice;
            settings.replies.validation_status = 400;
            settings.refuse_customers = vec!["KC0000000000BADX".to_owned()];
        });
        let report = world.run(&world.sheet("april.csv", 20, |row| row == bad), &[]).unwrap();
        counts(&report, &[(Status::Accepted, 19), (Status::Rejected, 1)]);
        assert_eq!((report.exit.code(), world.state("invoices"), world.state("duplicate_rows")), (1, 19, 0), "{bad}");
        assert_eq!(world.said("this API takes files in part"), bad > 1);
    }
}

#[test]
fn a_refused_file_is_not_called_unsent_while_the_search_is_down() {
    let world = World::new(|settings| {
        settings.replies.file_refusal = FileRefusal::AnyBadRow;
        settings.refuse_customers = vec!["KC0000000000BADX".to_owned()];
        search_down(settings);
    });
    let sheet = world.sheet("april.csv", 8, |row| row == 3);
    let report = world.run(&sheet, &[]).unwrap();
    assert_eq!((report.exit.code(), world.state("uploads")), (4, 1));
    assert_eq!(world.codes("april.results.csv"), BTreeMap::from([(("unknown".into(), code::CHUNK_REFUSED.into()), 8)]));
    world.change(|settings| settings.faults = sandbox::FaultSettings::default());
    let report = world.with(&[], |pipeline| pipeline.reconcile_run(RunId(1))).unwrap();
    counts(&report, &[(Status::Accepted, 7), (Status::Rejected, 1)]);
    assert_eq!((report.exit.code(), world.state("duplicate_rows")), (1, 0));
}

#[test]
fn failures_that_fit_no_row_lead_to_a_look_up_and_to_one_more_try() {
    let world = World::new(|settings| {
        settings.replies.bulk_items = BulkItems::Neither;
        settings.refuse_customers = vec!["KC0000000000BADX".to_owned()];
    });
    let sheet = world.sheet("april.csv", 10, |row| row == 4);
    let report = world.run(&sheet, &[]).unwrap();
    // Nine stand there; the tenth is sent once more, and the reply leaves it open again.
    counts(&report, &[(Status::Accepted, 9), (Status::Unknown, 1)]);
    assert_eq!((report.exit.code(), world.state("uploads"), world.state("duplicate_rows")), (4, 2, 0));
    let world = world.again();
    assert_eq!(world.run(&sheet, &[]).unwrap().exit.code(), 4);
    assert_eq!(world.state("uploads"), 2);
}

#[test]
fn a_wrong_upload_stops_after_the_first_rows_with_the_differences() {
    let world = World::new(|settings| settings.swap_columns = vec!["baseAmount".to_owned(), "netAmount".to_owned()]);
    let sheet = world.sheet("april.csv", 50, |_| false);
    let flags = [("canary", "5")];
    let report = world.run(&sheet, &flags).unwrap();
    assert_eq!(report.exit.code(), 3);
    counts(&report, &[(Status::Accepted, 5), (Status::NotSent, 45)]);
    assert!(world.said(r#"A-0001: baseAmount \"101.00\" → \"119.5"#));
    let results = std::fs::read_to_string(&report.files[0]).unwrap();
    assert_eq!(results.matches(",accepted,stored-otherwise,").count(), 5, "{results}");
    assert_eq!((world.state("invoices"), world.state("uploads")), (5, 1));
    // It stops again until the records are mended there, or somebody says that all is well.
    let world = world.again();
    assert_eq!(world.run(&sheet, &flags).unwrap().exit.code(), 3);
    assert_eq!(world.state("uploads"), 1);
    let world = world.again();
    assert_eq!(world.run(&sheet, &[]).unwrap().exit.code(), 0);
    assert_eq!(world.state("invoices"), 50);
}

#[test]
fn an_upload_that_is_proven_needs_no_first_rows_again() {
    let world = World::new(|_| {});
    let flags = [("canary", "5"), ("max-chunk-rows", "20")];
    let report = world.run(&world.sheet("april.csv", 45, |_| false), &flags).unwrap();
    assert_eq!((report.exit.code(), world.state("uploads")), (0, 3));
    assert!(world.said("the first 5 rows stand there as they were sent"));
    world.run(&world.sheet("may.csv", 85, |_| false), &flags).unwrap();
    assert_eq!((world.state("uploads"), world.state("invoices")), (5, 85));
}

#[test]
fn first_rows_that_cannot_be_read_back_are_decided_by_the_reply() {
    let world = World::new(search_down);
    let report = world.run(&world.sheet("april.csv", 12, |_| false), &[("canary", "5")]).unwrap();
    assert_eq!((report.exit.code(), world.state("uploads")), (0, 2));
    assert!(world.said("nothing can be read back"));
}

#[test]
fn first_rows_refused_as_a_file_each_stop_the_run() {
    let world = World::new(|settings| {
        settings.replies.file_refusal = FileRefusal::AnyBadRow;
        settings.refuse_customers = vec!["KC9B2X7M4Q1Z8T6D".to_owned()];
    });
    let report = world.run(&world.sheet("april.csv", 50, |_| false), &[("canary", "3")]).unwrap();
    assert_eq!(report.exit.code(), 3);
    counts(&report, &[(Status::Rejected, 3), (Status::NotSent, 47)]);
    assert!(world.said("so the upload itself may not fit"));
}

#[test]
fn a_slow_reply_is_given_time_before_its_rows_count_as_missing() {
    let world = World::new(|settings| {
        settings.faults.slow_ms = 1_500;
        let fault = Fault::SlowReply;
        settings.faults.schedule = vec![ScheduledFault { request: 2, route: Some(UPLOAD.to_owned()), fault }];
    });
    let sheet = world.sheet("april.csv", 30, |_| false);
    let flags = [("max-chunk-rows", "10"), ("timeout", "500ms")];
    let report = world.run(&sheet, &flags).unwrap();
    assert_eq!(report.exit.code(), 0);
    assert_eq!((world.state("invoices"), world.state("duplicate_rows"), world.state("uploads")), (30, 0, 3));
}
