//! An API that throttles, forgets to answer, refuses or is not there: no row is lost and none is sent twice.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arload::clock::TestClock;
use arload::ledger::blob;
use arload::sandbox::{
    self, BulkCounts, BulkItems, Fault, FileRefusal, Refused, Sandbox, SandboxSettings, ScheduledFault,
};

use crate::stub::{Answer, Stub, Upload};
use crate::world::{
    World, begun, end_of, ended, in_each, invoices, sandbox, state, statuses, stored_numbers, wait_until,
};

const UPLOAD: &str = "/api/v0/invoice/bulk/create";
const SEARCH: &str = "/api/v0/invoice/search";
const CHUNKS_OF_10: [&str; 5] = ["invoices", "create", "sheet.csv", "--max-chunk-rows", "10"];

fn world(rows: usize) -> World {
    let world = World::new();
    world.write("sheet.csv", invoices(rows));
    world
}

/// A sandbox where these uploads go wrong.
fn faulty(faults: &[(u64, Fault)]) -> Sandbox {
    sandbox(|settings| {
        settings.faults.retry_after_s = 0;
        settings.faults.schedule = faults
            .iter()
            .map(|(request, fault)| ScheduledFault { request: *request, route: Some(UPLOAD.to_owned()), fault: *fault })
            .collect();
    })
}

fn counts(world: &World) -> BTreeMap<String, usize> {
    let lines = world.lines("sheet.results.csv");
    statuses(&lines).into_iter().map(|(status, rows)| (status.to_owned(), rows)).collect()
}

/// Makes every search fail.
fn search_down(settings: &mut SandboxSettings) {
    settings.faults.routes = vec![SEARCH.to_owned()];
    settings.faults.rates = BTreeMap::from([(Fault::ErrorBeforeStoring, 1.0)]);
}

#[track_caller]
fn assert_counts(world: &World, expected: &[(&str, usize)]) {
    let expected = expected.iter().map(|(status, rows)| ((*status).to_owned(), *rows)).collect::<BTreeMap<_, _>>();
    assert_eq!(counts(world), expected);
}

#[test]
fn a_pace_above_the_limit_of_the_api_loses_no_row() {
    let world = world(300);
    let api = sandbox(|settings| settings.rate = Some(20.0));
    world.run(&api, &CHUNKS_OF_10).expect(0);
    assert!(state(&api, "limited") > 0, "the limit was never met");
    assert_counts(&world, &[("accepted", 300)]);
    assert_eq!((state(&api, "invoices"), state(&api, "duplicate_rows")), (300, 0));
}

#[test]
fn what_was_not_acted_on_is_sent_again_at_once() {
    for fault in [Fault::Throttled, Fault::Unavailable, Fault::TokenRefused] {
        let world = world(40);
        let api = faulty(&[(2, fault)]);
        world.run(&api, &CHUNKS_OF_10).expect(0);
        assert_counts(&world, &[("accepted", 40)]);
        assert_eq!((state(&api, "invoices"), state(&api, "uploads")), (40, 5), "{fault:?}");
        assert_eq!(state(&api, "logins/ok"), if fault == Fault::TokenRefused { 2 } else { 1 }, "{fault:?}");
    }
}

#[test]
fn rows_without_a_useful_answer_are_unknown_and_never_sent_twice() {
    in_each([(Fault::ReplyLost, true), (Fault::ErrorBeforeStoring, false)], |(fault, stored)| {
        let world = world(40);
        let api = faulty(&[(2, fault)]);
        api.change(search_down);
        let first = world.run(&api, &[&CHUNKS_OF_10[..], &["--concurrency", "1", "--first-use"]].concat()).expect(4);
        assert!(first.out.contains("next: 10 rows unknown: sent, and no answer says"), "{}", first.out);
        assert_counts(&world, &[("accepted", 30), ("unknown", 10)]);
        let lines = world.lines("sheet.results.csv");
        let unknown: Vec<&str> =
            lines.iter().filter(|line| line["status"] == "unknown").map(|line| line["row"].as_str()).collect();
        assert_eq!(unknown, ["12", "13", "14", "15", "16", "17", "18", "19", "20", "21"], "{fault:?}");

        world.run(&api, &CHUNKS_OF_10).expect(4);
        assert_counts(&world, &[("accepted", 30), ("unknown", 10)]);
        assert_eq!(state(&api, "uploads"), 4, "{fault:?}");
        assert_eq!(state(&api, "invoices"), if stored { 40 } else { 30 }, "{fault:?}");
        // Not even in a run that is planned afresh.
        world.run(&api, &[&CHUNKS_OF_10[..], &["--new-run"]].concat());
        assert_eq!((state(&api, "uploads"), state(&api, "duplicate_rows")), (4, 0), "{fault:?}");

        // Once the search answers again they are settled, each row once.
        api.change(|settings| settings.faults.rates.clear());
        world.run(&api, &["runs", "reconcile", "1"]).expect(0);
        assert_eq!((state(&api, "invoices"), state(&api, "duplicate_rows")), (40, 0), "{fault:?}");
        assert_eq!(state(&api, "uploads"), if stored { 4 } else { 5 }, "{fault:?}");
    });
}

#[test]
fn a_file_that_is_refused_whole_is_rejected_with_the_words_of_the_api() {
    let world = world(6);
    let api = sandbox(|settings| {
        settings.replies.refuse_rows = Refused::Some;
        settings.replies.file_refusal = FileRefusal::AnyBadRow;
    });
    world.run(&api, &["invoices", "create", "sheet.csv"]).expect(1);
    for line in world.lines("sheet.results.csv") {
        assert_eq!((line["status"].as_str(), line["code"].as_str()), ("rejected", "chunk-refused"));
        assert_eq!(line["message"], "the API refused the whole file with 422: The file has invalid rows");
    }
    assert_eq!(state(&api, "invoices"), 0);
}

#[test]
fn a_token_that_expires_in_mid_run_is_renewed_and_every_row_goes() {
    let world = world(100);
    let clock = Arc::new(TestClock::default());
    let mut settings = SandboxSettings { latency_ms: 10, ..SandboxSettings::default() };
    settings.token.lifetime_s = 300;
    // The client believes in a token's default life, and learns of its end by a 401.
    settings.token.lifetime_in_reply = false;
    let here = SocketAddr::from(([127, 0, 0, 1], 0));
    let api = sandbox::start_with_clock(here, settings, Arc::<TestClock>::clone(&clock)).unwrap();
    let child = begun(world.client(&api, &CHUNKS_OF_10[..4]).args(["5", "--concurrency", "2"]));
    wait_until("an upload", || state(&api, "uploads") >= 2);
    clock.advance(Duration::from_secs(301));
    end_of(child).expect(0);
    assert_counts(&world, &[("accepted", 100)]);
    assert_eq!((state(&api, "logins/ok"), state(&api, "logins/failed")), (2, 0));
    assert_eq!((state(&api, "invoices"), state(&api, "duplicate_rows")), (100, 0));
}

#[test]
fn a_wrong_password_is_tried_once_and_never_again() {
    let world = world(30);
    let api = sandbox(|_| {});
    let wrong = || {
        let mut command = world.client(&api, &[&CHUNKS_OF_10[..], &["--first-use"]].concat());
        ended(command.env("ARLOAD_PASSWORD", "not-this-one"))
    };
    let first = wrong().expect(5);
    assert!(first.err.contains("Bad credentials"), "{}", first.err);
    assert_eq!((state(&api, "logins/failed"), state(&api, "uploads")), (1, 0));
    assert_counts(&world, &[("not-sent", 30)]);

    let second = wrong().expect(5);
    assert_eq!(state(&api, "logins/failed"), 1, "{}", second.err);

    // Changed credentials are tried, and the run goes on.
    world.run(&api, &CHUNKS_OF_10).expect(0);
    assert_eq!((state(&api, "logins/ok"), state(&api, "invoices")), (1, 30));
}

#[test]
fn an_api_that_is_not_there_stops_the_run_and_the_plan_is_kept() {
    let world = world(20);
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let api = sandbox(|_| {});
    let mut command = world.client(&api, &[&CHUNKS_OF_10[..], &["--first-use", "--attempts", "1"]].concat());
    let stopped = ended(command.env("ARLOAD_BASE_URL", format!("http://{nobody}"))).expect(3);
    let problems = stopped.problems(&world);
    assert!(problems.contains("arload: stopping: no success after 1 attempts: "), "{problems}");
    assert!(stopped.out.contains("next: 20 rows not sent yet: the same command goes on with run 1"), "{}", stopped.out);
    assert_counts(&world, &[("not-sent", 20)]);
    assert_eq!(world.count("SELECT count(*) FROM chunk WHERE state = 'planned'"), 2);
}

#[test]
fn a_denied_upload_puts_the_chunk_back_and_stops_the_run() {
    for status in [403, 404] {
        let world = world(30);
        let api = Stub::start(move |_| Answer {
            status,
            body: format!(r#"{{"response_code":{status},"response_message":"APIs are not enabled for this company"}}"#),
        });
        let stopped = ended(api.client(&world, &CHUNKS_OF_10).args(["--concurrency", "1"])).expect(3);
        let problems = stopped.problems(&world);
        let expected =
            format!("arload: stopping: the API refused with {status}: APIs are not enabled for this company\n");
        assert_eq!(problems, expected);
        assert_eq!(api.uploads(), 1);
        assert_counts(&world, &[("not-sent", 30)]);
        assert_eq!(world.count("SELECT count(*) FROM chunk WHERE state = 'planned'"), 3);
        assert_eq!(world.count("SELECT count(*) FROM reply WHERE status IN (403, 404)"), 1);
    }
}

#[test]
fn replies_that_say_little_settle_only_what_they_prove() {
    // By contract 4.3: a row is accepted or rejected on what names it, or accepted because the counts leave no doubt.
    let cases = [
        (BulkItems::RowNumber, BulkCounts::Right, Refused::Some, [("accepted", 8), ("rejected", 4)].as_slice()),
        (BulkItems::BusinessKey, BulkCounts::Right, Refused::Some, &[("accepted", 8), ("rejected", 4)]),
        (BulkItems::BusinessKey, BulkCounts::Absent, Refused::Some, &[("accepted", 8), ("rejected", 4)]),
        (BulkItems::CountsOnly, BulkCounts::Right, Refused::None, &[("accepted", 12)]),
        (BulkItems::CountsOnly, BulkCounts::Right, Refused::Some, &[("unknown", 12)]),
        (BulkItems::CountsOnly, BulkCounts::Absent, Refused::None, &[("unknown", 12)]),
        (BulkItems::CountsOnly, BulkCounts::Wrong, Refused::None, &[("unknown", 12)]),
        (BulkItems::Neither, BulkCounts::Right, Refused::Some, &[("unknown", 12)]),
        (BulkItems::Neither, BulkCounts::Absent, Refused::Some, &[("unknown", 12)]),
        (BulkItems::OffByOne, BulkCounts::Right, Refused::Some, &[("unknown", 12)]),
    ];
    in_each(cases, |(items, counted, refused, expected)| {
        let world = world(12);
        let api = sandbox(|settings| {
            settings.replies.bulk_items = items;
            settings.replies.bulk_counts = counted;
            settings.replies.refuse_rows = refused;
            // A look-up would prove more than the reply.
            search_down(settings);
        });
        let code = match expected {
            [("accepted", _)] => 0,
            [("unknown", _)] => 4,
            _ => 1,
        };
        let ended = world.run(&api, &["invoices", "create", "sheet.csv", "--first-use"]);
        let case = format!("{items:?}, {counted:?}, {refused:?}");
        let expected: BTreeMap<String, usize> =
            expected.iter().map(|(status, rows)| ((*status).to_owned(), *rows)).collect();
        assert_eq!((counts(&world), ended.code), (expected, code), "{case}");
        if refused == Refused::Some && code == 1 {
            let stored = stored_numbers(&api);
            for line in world.lines("sheet.results.csv") {
                let kept = stored.contains(&line["key"]);
                assert_eq!(line["status"] == "accepted", kept, "{case}: {line:?}");
            }
        }
    });
}

#[test]
fn several_chunks_in_a_row_without_an_answer_stop_the_run() {
    let world = world(200);
    let api = sandbox(|settings| {
        settings.faults.rates = BTreeMap::from([(Fault::ErrorBeforeStoring, 1.0)]);
        settings.faults.routes = vec![UPLOAD.to_owned()];
    });
    let stopped = world.run(&api, &[&CHUNKS_OF_10[..], &["--concurrency", "1"]].concat()).expect(4);
    assert!(stopped.err.contains("5 chunks in a row got no useful answer"), "{}", stopped.err);
    // The search answers, so the API is tried once more.
    assert_counts(&world, &[("not-sent", 100), ("unknown", 100)]);
}

#[test]
fn no_request_leaves_before_its_attempt_is_committed() {
    let world = world(200);
    let ledger: PathBuf = world.state().join("ledger.db");
    let api = Stub::start(move |upload| {
        // The request has arrived and nobody has answered it: what the ledger holds now was there before.
        assert_attempted(&ledger, upload);
        let rows = csv::Reader::from_reader(upload.file.as_slice()).records().count();
        let payload = format!(r#"{{"total_count":{rows},"success_count":{rows},"failure_count":0}}"#);
        Answer { status: 200, body: format!(r#"{{"response_code":0,"payload":{payload}}}"#) }
    });
    ended(&mut api.client(&world, &CHUNKS_OF_10)).expect(0);
    assert_eq!(api.uploads(), 20);
    assert_counts(&world, &[("accepted", 200)]);
}

/// Asserts that the ledger on disk has an attempt without a reply for exactly these bytes.
fn assert_attempted(ledger: &PathBuf, upload: &Upload) {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY | rusqlite::OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let ledger = rusqlite::Connection::open_with_flags(ledger, flags).unwrap();
    ledger.busy_timeout(Duration::from_secs(10)).unwrap();
    let ordinal: u32 = upload.file_name.rsplit('-').next().unwrap().strip_suffix(".csv").unwrap().parse().unwrap();
    let (state, payload, digest): (String, Vec<u8>, Vec<u8>) = ledger
        .query_row(
            "SELECT chunk.state, payload.bytes, attempt.digest FROM chunk
             JOIN payload ON payload.chunk_id = chunk.id JOIN attempt ON attempt.chunk_id = chunk.id
             WHERE chunk.ordinal = ?1 AND attempt.id NOT IN (SELECT attempt_id FROM reply)",
            [ordinal],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .expect("an attempt stands in the ledger before its request arrives");
    assert_eq!(state, "sending");
    assert_eq!(digest, blake3::hash(&upload.file).as_bytes());
    assert_eq!(blob::decompress(&payload).unwrap(), upload.file);
}

#[test]
fn a_request_that_the_server_still_holds_is_looked_up_after_a_kill() {
    let world = world(40);
    let api = sandbox(|settings| {
        settings.faults.slow_ms = 600_000;
        settings.faults.routes = vec![UPLOAD.to_owned()];
        settings.faults.rates = BTreeMap::from([(Fault::SlowReply, 1.0)]);
    });
    let mut child = begun(&mut world.client(&api, &CHUNKS_OF_10));
    wait_until("all four uploads", || state(&api, "uploads") == 4);
    assert_eq!(world.count("SELECT count(*) FROM attempt"), 4);
    assert_eq!(world.count("SELECT count(*) FROM reply"), 0);
    assert_eq!(world.count("SELECT count(*) FROM chunk WHERE state = 'sending'"), 4);
    child.kill().unwrap();
    child.wait().unwrap();

    let resumed = world.run(&api, &CHUNKS_OF_10).expect(0);
    assert!(resumed.err.contains("run 1 was cut off: 4 requests without a recorded answer"), "{}", resumed.err);
    assert_counts(&world, &[("accepted", 40)]);
    assert_eq!((state(&api, "uploads"), state(&api, "invoices")), (4, 40));
}
