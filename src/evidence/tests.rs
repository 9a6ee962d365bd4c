//! Evidence of runs that went badly: cut off, looked up, split.

use std::io::Cursor;

use jiff::Timestamp;

use super::audit::audit;
use super::verify::verify;
use super::{MOST_MEMBERS, RESOLUTIONS, write};
use crate::ledger::sqlite::SqliteLedger;
use crate::ledger::{
    ChunkChange, ChunkId, ChunkState, Ledger, NewAttempt, NewChunk, NewReply, NewRun, NewSheet, Resolution, Run, RunId,
    RunState, blob,
};
use crate::mapping::Mapping;
use crate::outcome::Sum;
use crate::plan::SheetFacts;
use crate::sheet::Header;

const BODY: &[u8] = b"invoiceNumber\nA-1\nA-2\n";

fn at(millisecond: i64) -> Timestamp {
    Timestamp::from_millisecond(millisecond).unwrap()
}

fn plan(ledger: &SqliteLedger) -> (RunId, ChunkId) {
    let run = NewRun {
        account: "a",
        operation: "invoices create",
        state: RunState::Open,
        reason: "",
        content: [1; 32],
        plan: [2; 32],
        created_at: at(1),
        settings: r#"{"seller":"CEK1"}"#,
        maker: "",
    };
    let run = ledger.begin_plan(&run).unwrap();
    let facts = SheetFacts {
        header: Header::default(),
        mapping: Mapping::default(),
        orders: Vec::new(),
        read: Sum::default(),
        notes: Vec::new(),
    };
    let facts = serde_json::to_string(&facts).unwrap();
    let sheet = NewSheet {
        ordinal: 0,
        path: "/a.csv",
        file_name: "a.csv",
        sheet_name: None,
        content: [3; 32],
        facts: &facts,
        rows_of: None,
    };
    ledger.add_sheet(run, &sheet).unwrap();
    let chunk =
        ledger.add_chunk(run, &NewChunk { ordinal: 1, account_id: "CEK1", rows: 2, payload: &blob::compress(BODY) });
    ledger.commit_plan().unwrap();
    (run, chunk.unwrap())
}

/// A run whose first request was cut off, whose second got no reply, and whose chunk was then split.
fn troubled(ledger: &SqliteLedger) -> Run {
    let (run, chunk) = plan(ledger);
    for number in [1, 2] {
        let attempt = NewAttempt {
            run,
            chunk,
            number,
            sender: "sender-1",
            started_at: at(i64::from(number) * 10),
            digest: *blake3::hash(BODY).as_bytes(),
            account: "a",
            day: "2026-11-23",
        };
        let attempt = ledger.start_attempt(&attempt).unwrap();
        let reply = NewReply {
            attempt,
            received_at: at(25),
            kind: "no-reply",
            status: None,
            request_id: Some("=r1"),
            body: b"the line went dead",
        };
        let change = ChunkChange { state: ChunkState::Unknown, outcomes: None, refused: false, customers: &[] };
        if number == 2 {
            ledger.finish_attempt(&reply, chunk, &change, ("a", "2026-11-23")).unwrap();
        }
    }
    let child = blob::compress(b"invoiceNumber\nA-1\n");
    let resolution = Resolution {
        state: ChunkState::Split,
        outcomes: None,
        moved: None,
        children: &[NewChunk { ordinal: 2, account_id: "CEK1", rows: 1, payload: &child }],
        customers: &[],
        account: "a",
        words: "looked up, \"A-1\" is missing,\nand A-2 is there",
        at: at(30),
    };
    ledger.resolve_chunk(chunk, &resolution).unwrap();
    ledger.run(run).unwrap().unwrap()
}

#[test]
fn requests_without_replies_and_look_ups_are_part_of_the_evidence() {
    let ledger = SqliteLedger::scratch().unwrap();
    let run = troubled(&ledger);
    let mut bytes = Cursor::new(Vec::new());
    let facts = write::write(&ledger, &run, &mut bytes, "a.zip", write::Extent::Evidence).unwrap();
    let counts = facts.counts;
    assert_eq!((counts.chunks, counts.attempts, counts.replies, counts.resolutions), (2, 2, 1, 1));
    assert_eq!(facts.head, crate::wording::hex(&ledger.head(run.id).unwrap()));

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.zip");
    std::fs::write(&path, bytes.get_ref()).unwrap();
    let checks = verify(&path, Some(&facts.head)).unwrap();
    assert!(checks.iter().all(|check| check.holds), "{checks:?}");

    let archive = crate::sheet::members::Archive::open(&path).unwrap().unwrap();
    let member = archive.member(RESOLUTIONS, 10_000).unwrap().unwrap();
    let mut lines = csv::Reader::from_reader(member);
    let words: Vec<String> = lines.records().map(|line| line.unwrap()[3].to_owned()).collect();
    assert_eq!(words, ["looked up, \"A-1\" is missing,\nand A-2 is there"]);
}

#[test]
fn bytes_that_are_cut_or_changed_anywhere_never_pass_and_never_panic() {
    let ledger = SqliteLedger::scratch().unwrap();
    let run = troubled(&ledger);
    // With a member for each reply's body, and with all bodies in one list.
    for most in [MOST_MEMBERS, 0] {
        let mut bytes = Cursor::new(Vec::new());
        write::write_with(&ledger, &run, &mut bytes, "a.zip", (write::Extent::Evidence, most)).unwrap();
        cut_and_changed(&bytes.into_inner());
    }
}

fn cut_and_changed(whole: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.zip");
    let passes = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        verify(&path, None).is_ok_and(|checks| checks.iter().all(|check| check.holds))
    };
    assert!(passes(whole));
    // Dates, rights and versions of members, and the end of the archive's own comment, say nothing of the run; what is
    // packed does. It is read as it was verified: another program may refuse an archive for such a field.
    let shows_all = || {
        let mut original = zip::ZipArchive::new(Cursor::new(whole)).unwrap();
        let other = crate::sheet::members::Archive::open(&path).unwrap().unwrap();
        (0..original.len()).all(|index| {
            let mut member = original.by_index(index).unwrap();
            let name = member.name().unwrap().into_owned();
            let before = std::io::read_to_string(&mut member).unwrap();
            let after = other.member(&name, 1_000_000).unwrap().unwrap();
            std::io::read_to_string(after).unwrap() == before
        })
    };
    for end in (0..whole.len()).step_by(41) {
        assert!(!passes(&whole[..end]) || end + 2 >= whole.len() && shows_all(), "cut at {end}");
    }
    for at in (0..whole.len()).step_by(23) {
        let mut changed = whole.to_vec();
        changed[at] ^= 0x55;
        assert!(!passes(&changed) || shows_all(), "changed at {at}");
    }
}

#[test]
fn bodies_in_a_list_are_held_against_the_digests_that_were_recorded() {
    let ledger = SqliteLedger::scratch().unwrap();
    let run = troubled(&ledger);
    let mut bytes = Cursor::new(Vec::new());
    write::write_with(&ledger, &run, &mut bytes, "a.zip", (write::Extent::Evidence, 0)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.zip");
    // The archive again with another list of bodies and a manifest that fits it: only the chain of hashes tells.
    let with = |bodies: Option<&str>| {
        let mut original = zip::ZipArchive::new(Cursor::new(bytes.get_ref())).unwrap();
        let mut other = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
        for index in 0..original.len() {
            let mut member = original.by_index(index).unwrap();
            let name = member.name().unwrap().into_owned();
            let mut text = std::io::read_to_string(&mut member).unwrap();
            match (name.as_str(), bodies) {
                ("bodies.csv", Some(bodies)) => bodies.clone_into(&mut text),
                ("manifest.json", Some(bodies)) => {
                    let mut manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
                    manifest["blake3"]["bodies.csv"] = blake3::hash(bodies.as_bytes()).to_hex().to_string().into();
                    text = manifest.to_string();
                }
                _ => {}
            }
            other.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            std::io::Write::write_all(&mut other, text.as_bytes()).unwrap();
        }
        other.finish().unwrap();
        let checks = verify(&path, None).unwrap();
        let failed: Vec<String> = checks.into_iter().filter(|check| !check.holds).map(|check| check.sentence).collect();
        failed.join("|")
    };
    assert_eq!(with(None), "");
    let other = "bodies.csv has not the body of reply 1 that was recorded";
    assert_eq!(with(Some("reply,body\n1,the line went dead\n")), "");
    assert_eq!(with(Some("reply,body\n1,all is well\n")), other);
    assert_eq!(with(Some("reply,body\n2,the line went dead\n")), other);
    assert_eq!(with(Some("reply,body\n")), other);
    let more = "bodies.csv has the body of a reply that replies.csv does not list";
    assert_eq!(with(Some("reply,body\n1,the line went dead\n2,a\n")), more);
}

#[test]
fn a_ledger_with_trouble_in_it_is_whole_all_the_same() {
    let ledger = SqliteLedger::scratch().unwrap();
    troubled(&ledger);
    let checks = audit(&ledger, None);
    assert!(checks.iter().all(|check| check.holds), "{checks:?}");
    assert_eq!(checks.len(), 4);
    assert_eq!(audit(&ledger, Some(RunId(9))).len(), 1);
}
