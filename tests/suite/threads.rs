//! What must not depend on threads, what a dry run must not leave behind, and what must stand nowhere.

use std::fmt::Write as _;
use std::fs;

use arload::ledger::blob;
use arload::sandbox::Refused;
use base64::Engine as _;

use crate::stub::{Answer, CLIENT_SECRET, PASSWORD, Stub, TOKEN};
use crate::world::{World, ended, invoices, sandbox, state};

/// A sheet in which about every third row has something wrong or odd, the same for the same seed.
fn messy(rows: usize, mut seed: u64) -> String {
    let mut draw = |of: usize| {
        // Knuth's constants for a linear generator; the high bits are the random ones.
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % of
    };
    let mut sheet = "Invoice Number,Customer Id,Customer GSTIN,Invoice Date,Due Date,Taxable Value,CGST,SGST,IGST,\
                     Invoice Total,Customer Email,Status,Remarks\n"
        .to_owned();
    for row in 0..rows {
        let number = match draw(12) {
            0 => format!("M/{:05}", draw(rows)),
            1 => format!("M–{row:05}"),
            2 => String::new(),
            _ => format!("M/{row:05}"),
        };
        let customer = ["KC0123456789ABCD", "KC0123456789ABCE", "", "C-77", "KC0123456789ABCD"][draw(5)];
        let gstin = ["", "", "27AAPFU0939F1ZV", "27AAPFU0939F1ZX"][draw(4)];
        let date = ["01/07/2026", "13/07/2026", "2026-07-14", "31/06/2026", "soon", "15-Jul-2026"][draw(6)];
        let due = ["25/08/2026", "25/08/2026", "", "01/01/2026"][draw(4)];
        let base = ["1000.00", "\"1,00,000.00\"", "₹ 950", "-5", "free", "12.345", "1000"][draw(7)];
        let taxes = [",,", "90.00,90.00,", ",,180.00", "90.00,80.00,"][draw(4)];
        let total = ["", "1180.00", "1000.00"][draw(3)];
        let email = ["", "a@b.example", "a@b.example;c@d.example", "nobody"][draw(4)];
        let status = ["", "Sent", "Void", "Draft"][draw(4)];
        let remark = ["", "\"two\nlines\"", "=1+1", "नमस्ते"][draw(4)];
        writeln!(sheet, "{number},{customer},{gstin},{date},{due},{base},{taxes},{total},{email},{status},{remark}")
            .unwrap();
    }
    sheet
}

/// Results and summary of a sheet, without times, ids, attempts and the head.
fn outcome(sheet: &str, threads: &str) -> (Vec<Vec<(String, String)>>, serde_json::Value) {
    let world = World::new();
    world.write("sheet.csv", sheet);
    let api = sandbox(|settings| settings.replies.refuse_rows = Refused::Some);
    let arguments = ["invoices", "create", "sheet.csv", "--max-invalid", "100%", "--max-chunk-rows", "50"];
    world.run(&api, &[&arguments[..], &["--threads", threads, "--concurrency", threads]].concat()).expect(1);
    let lines = world.lines("sheet.results.csv").into_iter().map(|line| {
        let kept = |name: &String| !["remote_id", "request_id", "attempts", "settled_at"].contains(&name.as_str());
        line.into_iter().filter(|(name, _)| kept(name)).collect()
    });
    let mut summary = world.summary("sheet.summary.json");
    for name in ["head", "planned-at", "host", "ledger"] {
        summary.as_object_mut().unwrap().remove(name).unwrap();
    }
    (lines.collect(), summary)
}

#[test]
fn one_thread_and_eight_threads_give_equal_files() {
    for (rows, seed) in [(3_000, 1), (700, 2), (1_500, 3)] {
        let sheet = messy(rows, seed);
        let (one, eight) = (outcome(&sheet, "1"), outcome(&sheet, "8"));
        assert_eq!(one.0.len(), rows);
        for (left, right) in one.0.iter().zip(&eight.0) {
            assert_eq!(left, right, "seed {seed}");
        }
        assert_eq!(one.1, eight.1, "seed {seed}");
        let statuses = one.1["totals"]["by-status"].as_object().unwrap();
        for status in ["accepted", "rejected", "invalid", "excluded"] {
            assert!(statuses.contains_key(status), "seed {seed} has no row that is {status}");
        }
    }
}

#[test]
fn a_dry_run_leaves_results_and_nothing_else() {
    let world = World::new();
    world.write("sheet.csv", invoices(20));
    let before = world.files();
    // No account, no secret, no base URL.
    ended(&mut world.arload(&["invoices", "create", "sheet.csv", "--dry-run"])).expect(0);
    let made: Vec<_> = world.files().into_iter().filter(|file| !before.contains(file)).collect();
    assert_eq!(made, [world.path("sheet.dry-run.results.csv"), world.path("sheet.dry-run.summary.json")]);
    let lines = world.lines("sheet.dry-run.results.csv");
    assert!(lines.iter().all(|line| line["status"] == "not-sent" && line["code"] == "dry-run"), "{lines:?}");

    let api = sandbox(|_| {});
    world.run(&api, &["invoices", "create", "sheet.csv", "--dry-run"]).expect(0);
    assert_eq!((state(&api, "logins/ok"), state(&api, "uploads")), (0, 0));
    assert!(!world.state().exists());
}

#[test]
fn a_dry_run_knows_earlier_runs_and_does_not_touch_their_ledger() {
    let world = World::new();
    world.write("sheet.csv", invoices(20));
    let api = sandbox(|_| {});
    world.run(&api, &["invoices", "create", "sheet.csv"]).expect(0);
    let ledger = fs::read(world.state().join("ledger.db")).unwrap();
    let dry = world.run(&api, &["invoices", "create", "sheet.csv", "--dry-run"]).expect(0);
    assert!(dry.out.contains("20 already-accepted of 20 rows"), "{}", dry.out);
    assert_eq!(fs::read(world.state().join("ledger.db")).unwrap(), ledger);
}

#[test]
fn secrets_stand_in_no_file_and_no_output() {
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("stub-client:{CLIENT_SECRET}"));
    let secrets = [PASSWORD, CLIENT_SECRET, TOKEN, &basic];
    // A server that repeats every secret it was given: in the refusal of a row, of a file, and in what is no JSON.
    let echoed = format!("bad: Bearer {TOKEN}, {PASSWORD}, {CLIENT_SECRET}, Basic {basic}");
    let row = format!(
        r#"{{"payload":{{"success_count":9,"failure_count":1,"failureRequests":[{{"rowNumber":2,"errorMessage":"{echoed}"}}]}}}}"#
    );
    let whole = format!(r#"{{"response_code":422,"response_message":"{echoed}"}}"#);
    for (status, body) in [(200, row), (422, whole), (500, echoed.clone()), (403, echoed)] {
        for arguments in [&["invoices", "create", "sheet.csv"][..], &["invoices", "create", "sheet.csv", "--json"]] {
            let world = World::new();
            world.write("sheet.csv", invoices(10));
            let body = body.clone();
            let api = Stub::start(move |_| Answer { status, body: body.clone() });
            let mut texts = Vec::new();
            for arguments in [arguments, &["config", "show"], &["runs", "show", "1"], &["runs", "list", "--json"]] {
                let ended = ended(&mut api.client(&world, arguments));
                texts.extend([("output", ended.out.into_bytes()), ("errors", ended.err.into_bytes())]);
            }
            // A file that is refused whole is halved.
            assert_eq!(api.uploads() > 1, status == 422);
            texts.extend(world.files().into_iter().map(|file| ("a file", fs::read(file).unwrap())));
            texts.extend(packed(&world).into_iter().map(|bytes| ("the ledger", bytes)));
            for (what, text) in &texts {
                for secret in secrets {
                    let found = text.windows(secret.len()).any(|bytes| bytes == secret.as_bytes());
                    assert!(!found, "{status}: {what} holds {secret}: {}", String::from_utf8_lossy(text));
                }
            }
        }
    }
}

/// Everything that the ledger keeps compressed.
fn packed(world: &World) -> Vec<Vec<u8>> {
    let ledger = world.ledger();
    let mut found = Vec::new();
    for query in ["SELECT body FROM reply", "SELECT bytes FROM payload", "SELECT outcomes FROM chunk"] {
        let mut statement = ledger.prepare(query).unwrap();
        let blobs = statement.query_map([], |row| row.get::<_, Option<Vec<u8>>>(0)).unwrap();
        found.extend(blobs.filter_map(Result::unwrap).map(|blob| blob::decompress(&blob).unwrap()));
    }
    assert!(found.len() >= 2, "the ledger holds a reply and a payload");
    found
}
