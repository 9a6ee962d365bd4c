//! Searches against the sandbox over real HTTP, with a clock that waits in no time.

use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::api::Call;
use crate::api::client::{HttpApi, HttpSettings};
use crate::clock::TestClock;
use crate::config;
use crate::event::Silent;
use crate::ledger::sqlite::SqliteLedger;
use crate::operation::Operation;
use crate::sandbox::{self, Fault, Sandbox, SandboxSettings, ScheduledFault, SearchReply};

const ACCOUNT: &str = "http://127.0.0.1 CEK0SANDBX";
const DAY: &str = "2026-11-22";
const SEARCH: &str = "/api/v0/invoice/search";

/// A sandbox that holds invoices, and all that a searcher needs.
struct Bench {
    sandbox: Sandbox,
    clock: Arc<TestClock>,
    limiter: Limiter<'static>,
    api: HttpApi,
    ledger: SqliteLedger,
    stop: Stop,
    timezone: TimeZone,
}

fn bench(invoices: u32, change: impl FnOnce(&mut SandboxSettings)) -> Bench {
    let clock = Arc::new(TestClock::default());
    let listen = "127.0.0.1:0".parse().unwrap();
    let sandbox = sandbox::start_with_clock(listen, SandboxSettings::default(), Arc::clone(&clock) as _).unwrap();
    let api = api(&sandbox.base_url(), &clock);
    let bench = Bench {
        sandbox,
        limiter: Limiter::new(1_000.0, 10, Arc::clone(&clock) as _),
        clock,
        api,
        ledger: SqliteLedger::scratch().unwrap(),
        stop: Stop::default(),
        timezone: TimeZone::get("Asia/Kolkata").unwrap(),
    };
    bench.fill(invoices);
    bench.sandbox.change(change);
    bench
}

fn api(base_url: &str, clock: &Arc<TestClock>) -> HttpApi {
    let demo = SandboxSettings::demo_credentials();
    let settings = HttpSettings {
        base_url: base_url.to_owned(),
        credentials: config::Credentials {
            client_id: demo.client_id,
            client_secret: demo.client_secret.into(),
            username: demo.username,
            password: demo.password.into(),
        },
        timeout: Duration::from_mins(1),
        concurrency: 1,
        max_reply_bytes: 16 << 20,
        token_lifetime: Duration::from_hours(1),
        guard: None,
        routes: crate::operation::routes::Routes::default(),
        uploads: crate::upload::Uploads::default(),
    };
    HttpApi::new(settings, Arc::clone(clock) as _).unwrap()
}

impl Bench {
    fn fill(&self, invoices: u32) {
        let mut body = "invoiceNumber,customerId,invoiceDate,dueDate,baseAmount\n".to_owned();
        for number in 0..invoices {
            writeln!(body, "A{number},KC9B2X7M4Q1Z8T6D,2026-03-01,2026-03-31,100.10").unwrap();
        }
        let upload = Call {
            operation: Operation::by_name("invoices create").unwrap(),
            account_id: "CEK0SANDBX",
            file_name: "a.csv",
            payload: body.as_bytes(),
        };
        let stored = self.api.call(&self.api.token().unwrap(), &upload);
        assert!(matches!(stored, Exchange::Answered(response) if response.status == 200 || invoices == 0));
    }

    fn searcher(&self) -> Searcher<'_> {
        Searcher {
            api: &self.api,
            limiter: &self.limiter,
            clock: self.clock.as_ref(),
            stop: &self.stop,
            ledger: &self.ledger,
            account: ACCOUNT,
            timezone: &self.timezone,
            per_day: None,
            observer: &Silent,
            unit: Mutex::new(None),
        }
    }

    fn used_today(&self) -> u64 {
        self.ledger.day_count(ACCOUNT, DAY).unwrap().0
    }

    fn searched(&self) -> u64 {
        self.sandbox.state()["requests"][format!("POST {SEARCH}")]
            .as_object()
            .map_or(0, |statuses| statuses.values().filter_map(serde_json::Value::as_u64).sum())
    }
}

fn numbers(found: &Found) -> usize {
    let mut numbers: Vec<String> = found.records.iter().filter_map(|record| record.text("invoiceNumber")).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers.len()
}

fn schedule(faults: &[Fault]) -> Vec<ScheduledFault> {
    let entry = |(index, &fault): (usize, &Fault)| ScheduledFault {
        request: index as u64 + 1,
        route: Some(SEARCH.to_owned()),
        fault,
    };
    faults.iter().enumerate().map(entry).collect()
}

fn read_whole(bench: &Bench, shape: SearchReply, unit: sandbox::OffsetUnit, invoices: usize) {
    bench.sandbox.change(|settings| {
        settings.replies.search_reply = shape;
        settings.replies.search_offset = unit;
    });
    let searcher = bench.searcher();
    let found = searcher.all(Searched::Invoices, &json!({})).unwrap();
    assert_eq!((numbers(&found), found.records.len()), (invoices, invoices), "{shape:?} {unit:?}");
    let known = *searcher.unit.lock().unwrap();
    assert_eq!(known == Some(OffsetUnit::Rows), unit == sandbox::OffsetUnit::Rows, "{known:?}");
    assert!(found.server_time.is_some());
}

#[test]
fn twelve_thousand_records_are_read() {
    let bench = bench(12_000, |_| {});
    read_whole(&bench, SearchReply::Array, sandbox::OffsetUnit::Rows, 12_000);
    read_whole(&bench, SearchReply::Data, sandbox::OffsetUnit::Pages, 12_000);
}

#[test]
fn pages_that_are_capped_silently_are_read_to_the_last_in_both_shapes_and_with_both_units() {
    let bench = bench(230, |settings| settings.replies.page_cap = Some(50));
    for shape in [SearchReply::Array, SearchReply::Data] {
        for unit in [sandbox::OffsetUnit::Rows, sandbox::OffsetUnit::Pages] {
            read_whole(&bench, shape, unit, 230);
        }
    }
}

#[test]
fn faults_on_the_way_are_waited_out_and_every_request_is_counted() {
    let bench = bench(7, |settings| {
        settings.replies.search_reply = SearchReply::Data;
        settings.faults.schedule = schedule(&[
            Fault::Throttled,
            Fault::Unavailable,
            Fault::ErrorBeforeStoring,
            Fault::TokenRefused,
            Fault::HtmlError,
        ]);
    });
    let found = bench.searcher().all(Searched::Invoices, &json!({})).unwrap();
    assert_eq!((numbers(&found), found.searches), (7, 6));
    assert_eq!((bench.used_today(), bench.searched()), (6, 6));
    assert!(bench.clock.elapsed() >= Duration::from_secs(2), "{:?}", bench.clock.elapsed());
    assert!(bench.limiter.pace().throttled >= 2);
}

#[test]
fn a_search_that_stays_down_is_unable_after_three_answers() {
    for fault in [Fault::ErrorBeforeStoring, Fault::ReplyLost, Fault::TruncatedReply, Fault::NotJson, Fault::HtmlError]
    {
        let bench = bench(3, |settings| settings.faults.rates = [(fault, 1.0)].into());
        let read = bench.searcher().all(Searched::Invoices, &json!({}));
        assert!(
            matches!(&read, Err(SearchError::Unable(reason)) if reason.contains("3 searches")),
            "{fault:?} {read:?}"
        );
        assert_eq!(bench.used_today(), 3, "{fault:?}");
    }
}

#[test]
fn what_asking_again_cannot_mend_is_asked_once() {
    let bench = bench(3, |_| {});
    let read = bench.searcher().all(Searched::Invoices, &json!({"createdOnFrom": "yesterday"}));
    assert!(matches!(&read, Err(SearchError::Unable(reason)) if reason.contains("refused with 422")), "{read:?}");
    assert_eq!(bench.used_today(), 1);
    // A token that is refused right after it was given.
    bench.sandbox.change(|settings| settings.faults.rates = [(Fault::TokenRefused, 1.0)].into());
    let read = bench.searcher().all(Searched::Invoices, &json!({}));
    assert!(matches!(read, Err(SearchError::Unable(_))), "{read:?}");
    assert_eq!(bench.used_today(), 3);
}

#[test]
fn throttling_without_end_is_given_up() {
    let bench = bench(3, |settings| {
        settings.retry_after = false;
        settings.faults.rates = [(Fault::Throttled, 1.0)].into();
    });
    let read = bench.searcher().all(Searched::Invoices, &json!({}));
    assert!(matches!(read, Err(SearchError::Unable(_))), "{read:?}");
    assert!(bench.used_today() < 100 && bench.clock.elapsed() < Duration::from_mins(30));
}

#[test]
fn without_a_connection_five_tries_are_made() {
    let mut bench = bench(0, |_| {});
    // The token is at hand, the server is gone.
    bench.sandbox = sandbox::start("127.0.0.1:0".parse().unwrap(), SandboxSettings::default()).unwrap();
    let read = bench.searcher().all(Searched::Invoices, &json!({}));
    assert!(matches!(&read, Err(SearchError::Unable(reason)) if reason.contains("5 attempts")), "{read:?}");
    assert_eq!(bench.used_today(), 5);
}

#[test]
fn the_quota_of_the_day_holds_searches_too() {
    let bench = bench(7, |_| {});
    bench.ledger.count_request(ACCOUNT, DAY).unwrap();
    let mut searcher = bench.searcher();
    searcher.per_day = Some(2);
    let read = searcher.all(Searched::Invoices, &json!({}));
    assert!(matches!(&read, Err(SearchError::Stop { reason: StopReason::Quota, .. })), "{read:?}");
    assert_eq!((bench.used_today(), bench.searched()), (2, 1));
}

#[test]
fn a_wish_to_stop_and_a_refused_log_in_end_a_search() {
    let bench = bench(7, |settings| {
        settings.token.lifetime_s = 1;
        settings.credentials.password = "changed".to_owned();
        settings.faults.rates = [(Fault::TokenRefused, 1.0)].into();
    });
    let read = bench.searcher().all(Searched::Invoices, &json!({}));
    assert!(matches!(&read, Err(SearchError::Stop { reason: StopReason::LoginRefused, .. })), "{read:?}");
    bench.stop.ask(StopReason::Interrupted);
    let used = bench.used_today();
    let read = bench.searcher().all(Searched::Invoices, &json!({}));
    assert!(matches!(&read, Err(SearchError::Stop { reason: StopReason::Interrupted, .. })), "{read:?}");
    assert_eq!(bench.used_today(), used);
}
