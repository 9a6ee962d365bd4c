//! The wounds of other loaders: what made them send twice, forget rows, or say what is not so.
//!
//! Each is a test with the whole program. The sandbox stores what is sent twice twice, so that it shows.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::Child;
use std::time::Duration;

use arload::sandbox::{Duplicates, Fault, RateHeaders, RetryAfterForm, Sandbox, SandboxSettings, ScheduledFault};
use rustix::process::{Pid, Signal, kill_process};

use crate::gateway::{Gateway, whole};
use crate::world::{World, begun, end_of, ended, in_each, invoices, sandbox, state, statuses, wait_until};

const UPLOAD: &str = "/api/v0/invoice/bulk/create";
const CHUNKS_OF_10: [&str; 5] = ["invoices", "create", "sheet.csv", "--max-chunk-rows", "10"];

fn world(rows: usize) -> World {
    let world = World::new();
    world.write("sheet.csv", invoices(rows));
    world
}

fn strict(change: impl FnOnce(&mut SandboxSettings)) -> Sandbox {
    sandbox(|settings| {
        settings.replies.duplicates = Duplicates::StoredTwice;
        change(settings);
    })
}

fn counts(world: &World) -> BTreeMap<String, usize> {
    let lines = world.lines("sheet.results.csv");
    statuses(&lines).into_iter().map(|(status, rows)| (status.to_owned(), rows)).collect()
}

/// That every row is accepted and stored once.
#[track_caller]
fn assert_all_stored(world: &World, api: &Sandbox, rows: usize) {
    assert_eq!(counts(world), BTreeMap::from([("accepted".to_owned(), rows)]));
    assert_eq!((state(api, "invoices"), state(api, "duplicate_rows")), (rows as u64, 0));
}

#[test]
fn a_success_that_leaves_nothing_of_the_limit_is_a_success_and_not_repeated() {
    for headers in [RateHeaders::NoneLeft, RateHeaders::XNoneLeft] {
        let world = world(20);
        let api = strict(|settings| settings.replies.rate_headers = headers);
        world.run(&api, &CHUNKS_OF_10).expect(0);
        assert_all_stored(&world, &api, 20);
        assert_eq!(state(&api, "uploads"), 2, "{headers:?}");
    }
}

#[test]
fn a_201_is_a_success() {
    let world = world(30);
    let api = strict(|settings| settings.replies.success_status = 201);
    world.run(&api, &CHUNKS_OF_10).expect(0);
    assert_all_stored(&world, &api, 30);
    assert_eq!(state(&api, "uploads"), 3);
}

#[test]
fn uploads_that_all_end_in_a_500_stop_by_themselves_and_every_row_is_listed() {
    for fault in [Fault::ErrorBeforeStoring, Fault::ErrorAfterStoring] {
        let world = world(300);
        let api = strict(|settings| {
            settings.faults.routes = vec![UPLOAD.to_owned()];
            settings.faults.rates = BTreeMap::from([(fault, 1.0)]);
        });
        let ended = world.run(&api, &CHUNKS_OF_10);
        let counts = counts(&world);
        assert_eq!(counts.values().sum::<usize>(), 300, "{counts:?}");
        assert_eq!(state(&api, "duplicate_rows"), 0, "{fault:?}");
        assert!(state(&api, "uploads") <= 30, "{fault:?}");
        let of = |status: &str| counts.get(status).copied().unwrap_or_default();
        let stored = state(&api, "invoices") as usize;
        assert!(of("accepted") <= stored && stored <= of("accepted") + of("unknown"), "{fault:?}: {counts:?}");
        assert!([3, 4].contains(&ended.code), "{fault:?}: {} {}", ended.code, ended.err);
        // Once the API is well again, what was stored is found and the rest goes.
        api.change(|settings| settings.faults.rates.clear());
        world.run(&api, &CHUNKS_OF_10).expect(0);
        assert_eq!((state(&api, "invoices"), state(&api, "duplicate_rows")), (300, 0), "{fault:?}");
    }
}

#[test]
fn identical_rows_of_a_sheet_are_sent_once() {
    let world = World::new();
    let sheet = invoices(9);
    let lines: Vec<&str> = sheet.lines().collect();
    let doubled: Vec<&str> = lines[..1].iter().chain(&lines[1..]).chain(&lines[1..4]).copied().collect();
    world.write("sheet.csv", doubled.join("\n"));
    let api = strict(|_| {});
    world.run(&api, &CHUNKS_OF_10).expect(0);
    assert_eq!(counts(&world), BTreeMap::from([("accepted".to_owned(), 9), ("excluded".to_owned(), 3)]));
    assert_eq!((state(&api, "invoices"), state(&api, "duplicate_rows")), (9, 0));
}

#[test]
fn an_upload_that_takes_longer_than_the_client_waits_is_not_sent_twice() {
    for fault in [Fault::SlowReply, Fault::SlowStoring] {
        let world = world(30);
        let api = strict(|settings| {
            settings.faults.slow_ms = 2_000;
            settings.faults.schedule = vec![ScheduledFault { request: 2, route: Some(UPLOAD.to_owned()), fault }];
        });
        let mut command = world.client(&api, &CHUNKS_OF_10);
        ended(command.args(["--timeout", "1s", "--concurrency", "1"]).env("ARLOAD_SETTLE", "3s")).expect(0);
        assert_all_stored(&world, &api, 30);
        assert_eq!(state(&api, "uploads"), 3, "{fault:?}");
    }
}

#[test]
fn a_wait_asked_for_in_any_form_neither_hangs_nor_loses_nor_doubles() {
    let forms = [
        (RetryAfterForm::Date, 0),
        (RetryAfterForm::Negative, 0),
        (RetryAfterForm::NotANumber, 0),
        // Nobody waits that long: the run stops and can go on.
        (RetryAfterForm::Absurd, 3),
    ];
    in_each(forms, |(form, expected)| {
        for fault in [Fault::Throttled, Fault::Unavailable] {
            let world = world(20);
            let api = strict(|settings| {
                settings.faults.retry_after_form = form;
                settings.faults.schedule = vec![ScheduledFault { request: 1, route: Some(UPLOAD.to_owned()), fault }];
            });
            let ended = world.run(&api, &[&CHUNKS_OF_10[..], &["--concurrency", "1"]].concat());
            assert_eq!(ended.code, expected, "{form:?} {fault:?}: {}", ended.err);
            if expected == 3 {
                assert_eq!(counts(&world), BTreeMap::from([("not-sent".to_owned(), 20)]), "{form:?} {fault:?}");
                world.run(&api, &CHUNKS_OF_10).expect(0);
            }
            assert_all_stored(&world, &api, 20);
        }
    });
}

#[test]
fn a_redirect_is_not_followed_with_credentials() {
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
        let elsewhere = Gateway::start(|_, stream| whole(stream, "200 OK", "", r#"{"response_code":0}"#));
        let address = elsewhere.address();
        let api = Gateway::start(move |path, stream| {
            whole(stream, status, &format!("Location: http://{address}{path}\r\n"), "")
        });
        let world = world(10);
        let ended = ended(&mut api.client(&world, &CHUNKS_OF_10));
        assert!([3, 4].contains(&ended.code), "{status}: {} {}", ended.code, ended.err);
        assert_eq!(elsewhere.requests(), 0, "{status}");
        assert!(!counts(&world).contains_key("accepted"), "{status}");
        assert!(api.requests() > 0);
    }
}

#[test]
fn answers_that_no_decent_server_gives_are_bounded_and_never_a_success() {
    type Answer = fn(&mut std::net::TcpStream) -> std::io::Result<()>;
    let answers: [(&str, Answer); 6] = [
        ("html", |stream| whole(stream, "200 OK", "", "<html>\u{1b}[31m<h1>Sign in</h1></html>")),
        ("not json", |stream| whole(stream, "200 OK", "", "OK\u{7}")),
        ("empty", |stream| whole(stream, "200 OK", "", "")),
        ("a list", |stream| whole(stream, "200 OK", "", r#"[{"response_code":0}]"#)),
        ("huge", |stream| whole(stream, "200 OK", "", &format!("{{\"payload\":\"{}\"}}", "x".repeat(20 << 20)))),
        ("endless", |stream| {
            write!(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
            loop {
                write!(stream, "400\r\n{}\r\n", "{\"a\":".repeat(205).split_at(1024).0)?;
            }
        }),
    ];
    for (name, answer) in answers {
        let api = Gateway::start(move |_, stream| answer(stream));
        let world = world(10);
        let mut command = api.client(&world, &CHUNKS_OF_10);
        let ended = ended(command.args(["--timeout", "10s"])).expect(4);
        assert_eq!(counts(&world), BTreeMap::from([("unknown".to_owned(), 10)]), "{name}");
        assert!(!ended.err.contains(['\u{1b}', '\u{7}']), "{name}: {}", ended.err);
        assert!(ended.err.len() < 10_000, "{name}: {}", ended.err.len());
        let results = String::from_utf8(world.read("sheet.results.csv")).unwrap();
        assert!(!results.contains(['\u{1b}', '\u{7}']) && results.len() < 20_000, "{name}");
    }
}

#[test]
fn of_four_processes_at_once_one_works_and_three_leave_at_once() {
    let world = world(200);
    let api = strict(|settings| settings.latency_ms = 100);
    let children: Vec<Child> = (0..4).map(|_| begun(&mut world.client(&api, &CHUNKS_OF_10))).collect();
    let mut codes: Vec<i32> = children.into_iter().map(|child| end_of(child).code).collect();
    codes.sort_unstable();
    assert_eq!(codes, [0, 75, 75, 75]);
    assert_all_stored(&world, &api, 200);
}

#[test]
fn a_process_that_is_stopped_for_longer_than_its_timeout_goes_on_where_it_was() {
    let world = world(200);
    let api = strict(|settings| settings.latency_ms = 30);
    let arguments = [&CHUNKS_OF_10[..], &["--timeout", "1s"]].concat();
    let child = begun(world.client(&api, &arguments).env("ARLOAD_SETTLE", "500ms"));
    wait_until("uploads", || state(&api, "uploads") >= 3);
    let process = Pid::from_child(&child);
    kill_process(process, Signal::STOP).unwrap();
    // Time must truly pass here: it is what is tested.
    std::thread::sleep(Duration::from_millis(1_500));
    kill_process(process, Signal::CONT).unwrap();
    end_of(child).expect(0);
    assert_all_stored(&world, &api, 200);
}

#[test]
fn a_second_interrupt_stops_at_once_and_the_ledger_knows() {
    let world = world(40);
    let api = strict(|settings| {
        settings.faults.slow_ms = 600_000;
        settings.faults.schedule =
            vec![ScheduledFault { request: 2, route: Some(UPLOAD.to_owned()), fault: Fault::SlowReply }];
    });
    let arguments = [&CHUNKS_OF_10[..], &["--concurrency", "1"]].concat();
    let child = begun(&mut world.client(&api, &arguments));
    wait_until("the upload that hangs", || state(&api, "uploads") == 2);
    let process = Pid::from_child(&child);
    // Signals of one kind that wait together are one, so the second is sent until it was heard.
    let ended = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| end_of(child));
        while !waiting.is_finished() {
            let _ = kill_process(process, Signal::INT);
            std::thread::sleep(Duration::from_millis(50));
        }
        waiting.join().unwrap()
    });
    assert_eq!(ended.code, 130, "{}", ended.err);
    assert!(ended.err.contains("stopped at once; the ledger knows what was sent"), "{}", ended.err);
    assert_eq!(world.count("SELECT count(*) FROM chunk WHERE state = 'sending'"), 1);

    let mut resumed = world.client(&api, &arguments);
    crate::world::ended(resumed.args(["--timeout", "1s"]).env("ARLOAD_SETTLE", "0s")).expect(0);
    assert_all_stored(&world, &api, 40);
    assert_eq!(state(&api, "uploads"), 4);
}
