//! Evidence shows what a run did, and every change of it, or of the ledger, is found and named.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::Path;

use serde_json::Value;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::world::{Ended, World, invoices, sandbox};

type Members = BTreeMap<String, Vec<u8>>;

/// A world after a run of three chunks with an invalid row, and its evidence.
fn with_evidence() -> (World, Members) {
    let world = World::new();
    let sheet = invoices(25).replace("KC0123456789AB17", "KC-none");
    world.write("july.csv", sheet);
    let api = sandbox(|_| {});
    world.run(&api, &["invoices", "create", "july.csv", "--max-chunk-rows", "10"]).expect(1);
    world.here(&["runs", "evidence", "1", "-o", "july.zip"]).expect(0);
    let members = unzipped(&world.path("july.zip"));
    (world, members)
}

trait Here {
    fn here(&self, arguments: &[&str]) -> Ended;
}

impl Here for World {
    /// Runs the program without an account or a server.
    fn here(&self, arguments: &[&str]) -> Ended {
        crate::world::ended(&mut self.arload(arguments))
    }
}

fn unzipped(path: &Path) -> Members {
    let mut archive = ZipArchive::new(File::open(path).unwrap()).unwrap();
    let mut members = Members::new();
    for at in 0..archive.len() {
        let mut member = archive.by_index(at).unwrap();
        let mut bytes = Vec::new();
        member.read_to_end(&mut bytes).unwrap();
        members.insert(member.name().unwrap().into_owned(), bytes);
    }
    members
}

/// Writes members as an archive, with a manifest that fits them if asked.
fn zipped(world: &World, members: &Members, fitting: bool) {
    let mut members = members.clone();
    if fitting {
        let hashes: BTreeMap<&String, String> = members
            .iter()
            .filter(|(name, _)| *name != "manifest.json")
            .map(|(name, bytes)| (name, blake3::hash(bytes).to_hex().to_string()))
            .collect();
        let manifest = serde_json::json!({ "blake3": hashes }).to_string();
        members.insert("manifest.json".to_owned(), manifest.into_bytes());
    }
    let mut zip = ZipWriter::new(File::create(world.path("changed.zip")).unwrap());
    for (name, bytes) in members {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(&bytes).unwrap();
    }
    zip.finish().unwrap();
}

fn text(members: &Members, name: &str) -> String {
    String::from_utf8(members[name].clone()).unwrap()
}

fn facts(members: &Members) -> Value {
    serde_json::from_slice(&members["evidence.json"]).unwrap()
}

#[test]
fn evidence_holds_the_plan_the_requests_the_replies_and_every_outcome() {
    let (world, members) = with_evidence();
    let facts = facts(&members);
    assert_eq!((&facts["operation"], &facts["state"]), (&"invoices create".into(), &"finished".into()));
    assert_eq!(
        facts["counts"],
        serde_json::json!({"rows": 25, "chunks": 3, "attempts": 3, "replies": 3, "resolutions": 0})
    );
    assert_eq!(facts["rows-by-status"], serde_json::json!({"accepted": 24, "invalid": 1}));
    assert_eq!(facts["inputs"][0]["file"], "july.csv");
    assert_eq!(text(&members, "outcomes.csv").lines().filter(|line| line.contains(",accepted,")).count(), 24);
    assert_eq!(text(&members, "plan.csv").lines().count(), 25);
    let bodies: Vec<&String> = members.keys().filter(|name| name.starts_with("replies/")).collect();
    assert_eq!(bodies.len(), 3);
    assert!(text(&members, bodies[0]).contains("invoiceId"));

    let head = facts["head"].as_str().unwrap();
    assert!(world.here(&["runs", "show", "1"]).expect(0).out.contains(head));
    let checked = world.here(&["runs", "evidence", "--verify", "july.zip", "--head", &head[..16]]).expect(0);
    assert!(
        checked.out.lines().all(|line| line.starts_with("holds  ") || line == "everything holds"),
        "{}",
        checked.out
    );
    assert_eq!(checked.out.lines().count(), 8, "{}", checked.out);
}

#[test]
fn evidence_made_twice_has_the_same_bytes_and_is_never_replaced_unasked() {
    let (world, _) = with_evidence();
    let first = world.read("july.zip");
    let refused = world.here(&["runs", "evidence", "1", "-o", "july.zip"]).expect(2);
    assert!(refused.err.contains("--force"), "{}", refused.err);
    world.here(&["runs", "evidence", "1", "-o", "july.zip", "--force"]).expect(0);
    assert_eq!(world.read("july.zip"), first);
    world.here(&["runs", "evidence", "1"]).expect(0);
    assert_eq!(world.read("run-1.evidence.zip"), first);
    world.here(&["runs", "evidence", "7"]).expect(2);
}

/// Checks an altered archive, and that what is said of it names the change.
#[track_caller]
fn broken(world: &World, members: &Members, fitting: bool, said: &str) {
    zipped(world, members, fitting);
    let checked = world.here(&["runs", "evidence", "--verify", "changed.zip"]).expect(1);
    let found = checked.out.lines().any(|line| line.starts_with("BROKEN") && line.contains(said));
    assert!(found, "{said} in\n{}", checked.out);
}

#[test]
fn every_change_of_evidence_is_found_and_named() {
    let (world, members) = with_evidence();
    let change = |name: &str, change: &dyn Fn(&str) -> String| {
        let mut changed = members.clone();
        changed.insert(name.to_owned(), change(&text(&members, name)).into_bytes());
        changed
    };
    let body = members.keys().find(|name| name.starts_with("replies/")).unwrap().clone();
    let other_body = change(&body, &|text| text.replacen("CIN", "CIX", 1));
    broken(&world, &other_body, false, &format!("\"{body}\" does not have the hash"));
    broken(&world, &other_body, true, &format!("{body} is not the body whose digest was recorded"));

    let flip = |text: &str| {
        let (rest, digit) = text.trim_end().split_at(text.trim_end().len() - 1);
        format!("{rest}{}\n", if digit == "0" { "1" } else { "0" })
    };
    broken(&world, &change("attempts.csv", &flip), true, "does not have the hash that was recorded");
    broken(&world, &change("attempts.csv", &|text| text.to_owned() + "x,y\n"), true, "attempts.csv");
    let unreadable = |text: &str| text.replacen(':', ";", 1);
    broken(&world, &change("attempts.csv", &unreadable), true, "is not what arload writes there");

    let cut = |text: &str| text.trim_end().rsplit_once('\n').unwrap().0.to_owned() + "\n";
    let mut shorter = change("attempts.csv", &cut);
    shorter.insert("replies.csv".to_owned(), cut(&text(&members, "replies.csv")).into_bytes());
    broken(&world, &shorter, true, "3 attempts, and there are 2");
    broken(&world, &shorter, true, "and evidence.json says");
    broken(&world, &change("replies.csv", &cut), true, "3 replies, and there are 2");
    broken(&world, &change("outcomes.csv", &cut), true, "25 rows, and there are 24");
    broken(&world, &change("outcomes.csv", &|text| text.replacen("invalid", "accepted", 1)), false, "outcomes.csv");
    broken(&world, &change("chunks.csv", &flip), true, "did not send what chunks.csv lists");

    let mut fewer = members.clone();
    fewer.remove("plan.csv");
    broken(&world, &fewer, false, "\"plan.csv\" is missing");
    let mut more = members.clone();
    more.insert("note.txt".to_owned(), b"hello".to_vec());
    broken(&world, &more, false, "\"note.txt\" does not stand in manifest.json");
}

#[test]
fn evidence_of_another_history_does_not_have_the_noted_head() {
    let (world, _) = with_evidence();
    for head in ["0123456789abcdef", "8", ""] {
        let checked = world.here(&["runs", "evidence", "--verify", "july.zip", "--head", head]).expect(1);
        assert!(checked.out.contains("BROKEN  the head is "), "{}", checked.out);
    }
}

#[test]
fn what_is_no_evidence_is_refused_by_name() {
    let (world, members) = with_evidence();
    world.write("text.zip", "hello");
    let mut without = members.clone();
    without.remove("evidence.json");
    zipped(&world, &without, true);
    let mut newer = members;
    newer.insert(
        "evidence.json".to_owned(),
        text(&newer, "evidence.json").replace("-form\": 2", "-form\": 9").into_bytes(),
    );
    for (file, why) in
        [("text.zip", "no zip archive"), ("absent.zip", "absent.zip"), ("changed.zip", "no evidence.json")]
    {
        let refused = world.here(&["runs", "evidence", "--verify", file]).expect(2);
        assert!(refused.err.contains(why), "{}", refused.err);
    }
    zipped(&world, &newer, true);
    let refused = world.here(&["runs", "evidence", "--verify", "changed.zip"]).expect(2);
    assert!(refused.err.contains("newer"), "{}", refused.err);
}

#[test]
fn evidence_of_the_form_before_approvals_is_still_checked() {
    let (world, mut members) = with_evidence();
    members.remove("approvals.csv");
    let of_form = |members: &Members, form: &str| {
        let mut members = members.clone();
        let facts = text(&members, "evidence.json").replace("-form\": 2", &format!("-form\": {form}"));
        members.insert("evidence.json".to_owned(), facts.into_bytes());
        zipped(&world, &members, true);
        world.here(&["runs", "evidence", "--verify", "changed.zip"])
    };
    of_form(&members, "1").expect(0);
    let missing = of_form(&members, "2").expect(1);
    assert!(missing.out.contains("approvals.csv is missing"), "{}", missing.out);
}

#[test]
fn a_ledger_is_checked_as_a_copy_and_every_change_in_it_is_named() {
    let (world, _) = with_evidence();
    let fine = world.here(&["runs", "verify"]).expect(0);
    assert!(fine.out.contains("run 1: 3 attempts, 3 replies"), "{}", fine.out);
    assert!(fine.out.contains("add up to the 25 rows read"), "{}", fine.out);
    world.here(&["runs", "verify", "1"]).expect(0);
    world.here(&["runs", "verify", "2"]).expect(2);

    let ledger = rusqlite::Connection::open(world.state().join("ledger.db")).unwrap();
    ledger.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    for (change, back, said) in [
        (
            "UPDATE attempt SET started_at = started_at + 1 WHERE id = 2",
            "UPDATE attempt SET started_at = started_at - 1 WHERE id = 2",
            "attempt 2",
        ),
        (
            "UPDATE reply SET kind = 'no-reply' WHERE id = 1",
            "UPDATE reply SET kind = 'answered' WHERE id = 1",
            "reply 1",
        ),
        (
            "UPDATE attempt SET chunk_id = 99 WHERE chunk_id = 3",
            "UPDATE attempt SET chunk_id = 3 WHERE chunk_id = 99",
            "not there",
        ),
        (
            "UPDATE payload SET bytes = (SELECT bytes FROM payload WHERE chunk_id = 2) WHERE chunk_id = 1",
            "SELECT 1",
            "chunk 1 is not what attempt",
        ),
    ] {
        ledger.execute_batch(change).unwrap();
        let found = world.here(&["runs", "verify"]).expect(1);
        assert!(
            found.out.lines().any(|line| line.starts_with("BROKEN") && line.contains(said)),
            "{said}: {}",
            found.out
        );
        ledger.execute_batch(back).unwrap();
    }
}

#[test]
fn a_damaged_store_is_told_as_broken() {
    let (world, _) = with_evidence();
    let path = world.state().join("ledger.db");
    let whole = fs::read(&path).unwrap();
    for (from, to) in [(4096 * 3, 4096 * 3 + 2000), (0, 100), (4096 * 8, whole.len())] {
        let mut damaged = whole.clone();
        damaged[from..to].fill(b'x');
        fs::write(&path, damaged).unwrap();
        let found = world.here(&["runs", "verify"]).expect(1);
        assert!(found.out.contains("BROKEN"), "{}\n{}", found.out, found.err);
    }
}
