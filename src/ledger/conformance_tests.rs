//! What every ledger must do, as tests that take any; a second implementation runs them too.

use jiff::Timestamp;

use super::consent::{NewApproval, Policy};
use super::keys::{Key, PACKED_BYTES, Wanted};
use super::postgres::testing::Installation;
use super::purge::{NewPurge, Rewriting, Scope};
use super::sqlite::SqliteLedger;
use super::trail::Chains;
use super::{
    AttemptId, Canary, ChunkChange, ChunkId, ChunkState, HistoryMark, Ledger, LedgerError, Moved, NewAttempt, NewChunk,
    NewReply, NewRun, NewSheet, Resolution, RunId, RunState, SheetId, blob,
};
use crate::directory::Entry;

const ACCOUNT: &str = "https://api.example CEK0000001";
const DAY: &str = "2026-11-22";

fn now() -> Timestamp {
    Timestamp::from_second(1_795_329_000).unwrap()
}

fn new_run(content: u8) -> NewRun<'static> {
    NewRun {
        account: ACCOUNT,
        operation: "invoices create",
        state: RunState::Open,
        reason: "",
        content: [content; 32],
        plan: [content; 32],
        created_at: now(),
        settings: "{}",
        maker: "",
    }
}

/// A committed run with one sheet and one chunk of two lines.
fn planned(ledger: &dyn Ledger, content: u8) -> (RunId, ChunkId) {
    let run = ledger.begin_plan(&new_run(content)).unwrap();
    let sheet = NewSheet {
        ordinal: 0,
        path: "/in/a.csv",
        file_name: "a.csv",
        sheet_name: None,
        content: [content; 32],
        facts: "{}",
        rows_of: None,
    };
    let sheet = ledger.add_sheet(run, &sheet).unwrap();
    ledger.add_rows(sheet, 0, b"rows").unwrap();
    ledger.add_verdicts(sheet, 0, (2, 3), b"verdicts").unwrap();
    let payload = blob::compress(b"a\n1\n2\n");
    let chunk = NewChunk { ordinal: 1, account_id: "CEK0000001", rows: 2, payload: &payload };
    let chunk = ledger.add_chunk(run, &chunk).unwrap();
    ledger.commit_plan().unwrap();
    (run, chunk)
}

fn attempt(ledger: &dyn Ledger, run: RunId, chunk: ChunkId, number: u32) -> AttemptId {
    if let Some(shared) = ledger.shared() {
        shared.claim(run, 100, None, &[]).unwrap();
    }
    let attempt = NewAttempt {
        run,
        chunk,
        number,
        sender: "sender-1",
        started_at: now(),
        digest: [7; 32],
        account: ACCOUNT,
        day: DAY,
    };
    ledger.start_attempt(&attempt).unwrap()
}

fn reply(ledger: &dyn Ledger, attempt: AttemptId, chunk: ChunkId, state: ChunkState, outcomes: Option<&[u8]>) {
    let reply = NewReply {
        attempt,
        received_at: now(),
        kind: "answered",
        status: Some(200),
        request_id: Some("r-1"),
        body: b"{}",
    };
    let customer =
        Entry { customer_id: "KC0123456789ABCD".into(), code: Some("C1".into()), gstin: None, legal_name: None };
    let customers = if outcomes.is_some() { vec![customer] } else { Vec::new() };
    let change = ChunkChange { state, outcomes, refused: state == ChunkState::Rejected, customers: &customers };
    ledger.finish_attempt(&reply, chunk, &change, (ACCOUNT, DAY)).unwrap();
}

/// Each of the ledgers, new.
fn in_each(test: impl Fn(&dyn Ledger)) {
    let folder = tempfile::tempdir().unwrap();
    test(&SqliteLedger::open(&folder.path().join("ledger.db")).unwrap());
    test(&SqliteLedger::scratch().unwrap());
    if let Some(installation) = Installation::new() {
        test(&installation.worker());
    }
}

#[test]
fn a_plan_shows_as_a_whole_or_not_at_all() {
    in_each(|ledger| {
        let run = ledger.begin_plan(&new_run(1)).unwrap();
        ledger.abandon_plan().unwrap();
        assert!(ledger.run(run).unwrap().is_none());

        let (run, chunk) = planned(ledger, 2);
        assert_eq!(ledger.run(run).unwrap().unwrap().state, RunState::Open);
        let sheet = ledger.sheets(run).unwrap().remove(0);
        assert_eq!((sheet.rows_of, sheet.path.as_str()), (sheet.id, "/in/a.csv"));
        assert_eq!(ledger.row_block(sheet.id, 0).unwrap().unwrap(), b"rows");
        assert_eq!(ledger.row_block(sheet.id, 1).unwrap(), None);
        assert_eq!(ledger.verdict_block(sheet.id, 0).unwrap().unwrap(), b"verdicts");
        assert_eq!(ledger.block_ranges(sheet.id).unwrap(), [(0, 2..=3)]);
        assert_eq!(ledger.block_ranges(SheetId(sheet.id.0 + 1)).unwrap(), []);
        assert_eq!(ledger.rows_with_content(&[2; 32]).unwrap(), Some(sheet.id));
        assert_eq!(blob::decompress(&ledger.chunk_payload(chunk).unwrap()).unwrap(), b"a\n1\n2\n");
    });
}

#[test]
fn a_chunk_goes_from_planned_over_sending_to_its_outcome() {
    in_each(|ledger| {
        let (run, chunk) = planned(ledger, 1);
        let state = || ledger.chunk(run, 1).unwrap().unwrap();
        assert_eq!((state().state, state().attempts), (ChunkState::Planned, 0));

        let first = attempt(ledger, run, chunk, 1);
        assert_eq!((state().state, state().attempts), (ChunkState::Sending, 1));
        reply(ledger, first, chunk, ChunkState::Planned, None);
        assert_eq!((state().state, ledger.chunk_lines(chunk).unwrap().outcomes), (ChunkState::Planned, None));

        let second = attempt(ledger, run, chunk, 2);
        reply(ledger, second, chunk, ChunkState::Settled, Some(b"outcomes"));
        assert_eq!((state().state, state().attempts), (ChunkState::Settled, 2));
        assert_eq!(state().request_id.as_deref(), Some("r-1"));
        assert!(state().settled_at.is_some());
        assert_eq!(ledger.chunk_lines(chunk).unwrap().outcomes.unwrap(), b"outcomes");
        assert_eq!(ledger.day_count(ACCOUNT, DAY).unwrap(), (2, 0));
        assert_eq!(ledger.customers(ACCOUNT).unwrap().len(), 1);
        assert_eq!(ledger.customers("another").unwrap().len(), 0);
    });
}

#[test]
fn what_a_dead_process_left_sending_becomes_what_the_caller_says() {
    in_each(|ledger| {
        let (run, chunk) = planned(ledger, 1);
        assert_eq!(ledger.recover(run, ChunkState::Unknown).unwrap(), 0);
        attempt(ledger, run, chunk, 1);
        if let Some(shared) = ledger.shared() {
            // Nobody takes over from the living.
            assert_eq!(ledger.recover(run, ChunkState::Unknown).unwrap(), 0);
            shared.leave().unwrap();
        }
        assert_eq!(ledger.recover(run, ChunkState::Unknown).unwrap(), 1);
        assert_eq!(ledger.chunk(run, 1).unwrap().unwrap().state, ChunkState::Unknown);
    });
}

#[test]
fn every_record_changes_the_head_of_its_run_and_of_no_other() {
    in_each(|ledger| {
        let (run, chunk) = planned(ledger, 1);
        let (other, _) = planned(ledger, 2);
        let mut heads = vec![ledger.head(run).unwrap()];
        let untouched = ledger.head(other).unwrap();
        let first = attempt(ledger, run, chunk, 1);
        heads.push(ledger.head(run).unwrap());
        reply(ledger, first, chunk, ChunkState::Rejected, Some(b"x"));
        heads.push(ledger.head(run).unwrap());
        heads.dedup();
        assert_eq!(heads.len(), 3);
        assert_eq!(ledger.head(other).unwrap(), untouched);
        assert_eq!(ledger.day_count(ACCOUNT, DAY).unwrap(), (1, 1));
    });
}

#[test]
fn a_file_that_moved_is_found_at_its_new_place() {
    in_each(|ledger| {
        let (first, _) = planned(ledger, 1);
        let (second, _) = planned(ledger, 2);
        let at = |path: &str| ledger.runs_with_path(path).unwrap().iter().map(|run| run.id).collect::<Vec<_>>();
        assert_eq!(at("/in/a.csv"), [second, first]);
        ledger.set_run_state(first, RunState::Finished, "", None, now()).unwrap();
        assert!(ledger.place_run(second, "/in/b.csv").unwrap());
        assert_eq!((at("/in/a.csv"), at("/in/b.csv")), (vec![first], vec![second]));
        ledger.file_moved("/in/a.csv", "/done/a.csv").unwrap();
        assert_eq!((at("/in/a.csv"), at("/done/a.csv")), (vec![], vec![first]));
        assert_eq!(ledger.sheets(first).unwrap()[0].file_name, "a.csv");
        assert!(ledger.knows_path("/done/a.csv").unwrap() && !ledger.knows_path("/in/a.csv").unwrap());
    });
}

#[test]
fn what_was_appended_is_handed_out_as_it_stands_and_its_chains_hold() {
    in_each(|ledger| {
        let (run, chunk) = planned(ledger, 1);
        for number in 1..=3 {
            let attempt = attempt(ledger, run, chunk, number);
            let state = if number < 3 { ChunkState::Planned } else { ChunkState::Settled };
            reply(ledger, attempt, chunk, state, (number == 3).then_some(b"outcomes".as_slice()));
        }
        let approval = NewApproval { run, approved_at: now(), approver: "asha", maker: "ravi", plan: [4; 32] };
        ledger.approve(&approval).unwrap();
        ledger.approve(&approval).unwrap();
        let policy = Policy { plan_expires_seconds: Some(5), ..Policy::default() };
        ledger.set_policy(&Policy::default(), "asha", now()).unwrap();
        ledger.set_policy(&policy, "asha", now()).unwrap();
        assert_eq!(ledger.policies().unwrap().last().unwrap().policy, policy);

        let trail = ledger.trail(run, AttemptId(0)).unwrap();
        assert_eq!(
            trail.iter().map(|attempt| (attempt.number, attempt.replies.len())).collect::<Vec<_>>(),
            [(1, 1), (2, 1), (3, 1)]
        );
        assert_eq!(ledger.trail(run, trail[1].id).unwrap(), trail[2..]);
        assert_eq!(ledger.reply_body(trail[0].replies[0].id).unwrap(), b"{}");
        let mut chains = Chains::default();
        for attempt in &trail {
            chains.attempt(attempt);
        }
        for approval in ledger.approvals(run).unwrap() {
            chains.approval(&approval);
        }
        assert_eq!(chains.head(), ledger.head(run).unwrap());
        assert_eq!(chains.broken(), [""; 0]);
        assert_eq!(ledger.integrity().unwrap(), [""; 0]);
    });
}

/// Leaves nothing of any block.
struct Nothing;

impl Rewriting for Nothing {
    fn cells(&self, _: SheetId, _: &[u8]) -> Result<Option<Vec<u8>>, LedgerError> {
        Ok(Some(Vec::new()))
    }

    fn verdicts(&self, packed: &[u8]) -> Result<Option<Vec<u8>>, LedgerError> {
        Ok((packed == b"verdicts").then(|| b"outcomes".to_vec()))
    }
}

#[test]
fn only_a_run_that_is_over_is_purged_and_rows_stay_for_another() {
    in_each(|ledger| {
        let (run, chunk) = planned(ledger, 1);
        let purge = NewPurge {
            run,
            scope: Scope::Rows,
            purged_at: now(),
            purged_by: "asha",
            archive: "a.zip",
            archive_hash: [1; 32],
            rewriting: &Nothing,
        };
        assert!(!ledger.purge(&purge).unwrap());
        let tried = attempt(ledger, run, chunk, 1);
        reply(ledger, tried, chunk, ChunkState::Settled, Some(b"outcomes"));
        ledger.set_run_state(run, RunState::Finished, "", None, now()).unwrap();
        let of = ledger.sheets(run).unwrap()[0].id;
        let other = ledger.begin_plan(&new_run(1)).unwrap();
        let again = NewSheet {
            ordinal: 0,
            path: "/in/b.csv",
            file_name: "b.csv",
            sheet_name: None,
            content: [1; 32],
            facts: "{}",
            rows_of: Some(of),
        };
        let sheet = ledger.add_sheet(other, &again).unwrap();
        ledger.commit_plan().unwrap();
        assert_eq!(ledger.sheet(sheet).unwrap().unwrap().rows_of, of);
        assert_eq!(ledger.same_sheets(of).unwrap(), [sheet]);
        assert!(ledger.shares_rows(run).unwrap());
        assert!(ledger.purge(&purge).unwrap());
        assert!(ledger.row_block(of, 0).unwrap().is_some());
        assert_eq!(ledger.verdict_block(of, 0).unwrap().unwrap(), b"outcomes");
        assert_eq!(ledger.purges(run).unwrap()[0].archive, "a.zip");
        assert!(ledger.chunk_payload(chunk).is_err());
        assert_eq!(ledger.rows_with_content(&[1; 32]).unwrap(), None);
        assert_eq!(ledger.chunk_lines(chunk).unwrap().outcomes.unwrap(), b"outcomes");
    });
}

#[test]
fn runs_are_found_by_content_path_and_state() {
    in_each(|ledger| {
        let (first, _) = planned(ledger, 1);
        let (second, _) = planned(ledger, 1);
        let found: Vec<RunId> =
            ledger.runs_with_content(ACCOUNT, "invoices create", &[1; 32]).unwrap().iter().map(|run| run.id).collect();
        assert_eq!(found, [second, first]);
        assert!(ledger.runs_with_content(ACCOUNT, "customers create", &[1; 32]).unwrap().is_empty());

        ledger.set_run_state(first, RunState::Superseded, "changed", Some(second), now()).unwrap();
        let open = ledger.open_runs_with_path(ACCOUNT, "invoices create", "/in/a.csv").unwrap();
        assert_eq!(open.iter().map(|run| run.id).collect::<Vec<_>>(), [second]);
        let closed = ledger.run(first).unwrap().unwrap();
        assert_eq!((closed.successor, closed.reason.as_str()), (Some(second), "changed"));
        assert!(closed.finished_at.is_some());
    });
}

/// The packed keys that are handed out for these.
fn visited(ledger: &dyn Ledger, year: i16, wanted: &[Key]) -> Vec<Vec<u8>> {
    let key = |at: usize| wanted[at];
    let mut found = Vec::new();
    let mut visit = |block: &[u8]| {
        assert!(block.chunks_exact(PACKED_BYTES).is_sorted_by_key(|packed| &packed[..16]));
        found.extend(block.chunks_exact(PACKED_BYTES).map(<[u8]>::to_vec));
    };
    ledger.visit_keys(ACCOUNT, "invoice", year, &Wanted::new(wanted.len(), &key), &mut visit).unwrap();
    found.sort();
    found
}

#[test]
fn keys_are_handed_out_by_year_and_range() {
    in_each(|ledger| {
        let run = ledger.begin_plan(&new_run(1)).unwrap();
        let block = |first: u8, last: u8| [[first; 32], [last; 32]].concat();
        ledger.add_keys(run, ACCOUNT, "invoice", 2026, &block(1, 3)).unwrap();
        ledger.add_keys(run, ACCOUNT, "invoice", 2026, &block(5, 9)).unwrap();
        ledger.add_keys(run, ACCOUNT, "invoice", 2025, &block(1, 9)).unwrap();
        ledger.add_keys(run, ACCOUNT, "customer", 2026, &block(1, 9)).unwrap();
        ledger.commit_plan().unwrap();
        for (year, wanted, must, may) in [
            (2026, vec![0, 1, 255], vec![1], vec![1, 3]),
            (2026, vec![3, 5], vec![3, 5], vec![1, 3, 5, 9]),
            (2026, vec![0, 4, 255], vec![], vec![]),
            (2025, vec![9], vec![9], vec![1, 9]),
            (2024, vec![1, 9], vec![], vec![]),
            (2026, vec![], vec![], vec![]),
        ] {
            let keys: Vec<Key> = wanted.iter().map(|key| [*key; 16]).collect();
            let found: Vec<u8> = visited(ledger, year, &keys).iter().map(|packed| packed[0]).collect();
            assert!(must.iter().all(|key| found.contains(key)), "{wanted:?} in {year}: {found:?}");
            assert!(found.iter().all(|key| may.contains(key)), "{wanted:?} in {year}: {found:?}");
        }
    });
}

#[test]
fn every_packed_key_that_is_wanted_is_handed_out_once() {
    let packed = |name: String| *blake3::hash(name.as_bytes()).as_bytes();
    // A long history cut into blocks, one of single keys, and one with the ends of what a key can be.
    let mut long: Vec<[u8; PACKED_BYTES]> = (0..10_000).map(|number| packed(format!("long {number}"))).collect();
    long.sort_unstable();
    let single: Vec<_> = (0..20).map(|number| packed(format!("single {number}"))).collect();
    let mut ends: Vec<_> = (0..500).map(|number| packed(format!("ends {number}"))).collect();
    ends.extend([[0; PACKED_BYTES], [255; PACKED_BYTES]]);
    ends.sort_unstable();
    let blocks: Vec<&[[u8; PACKED_BYTES]]> = long.chunks(4096).chain(single.chunks(1)).chain([&ends[..]]).collect();
    let mut all: Vec<Vec<u8>> = blocks.concat().iter().map(|packed| packed.to_vec()).collect();
    all.sort();
    let strangers: Vec<Key> =
        (0..3_000).map(|number| packed(format!("stranger {number}"))[..16].try_into().unwrap()).collect();
    in_each(|ledger| {
        let run = ledger.begin_plan(&new_run(1)).unwrap();
        for block in &blocks {
            ledger.add_keys(run, ACCOUNT, "invoice", 2026, &block.concat()).unwrap();
        }
        ledger.commit_plan().unwrap();
        // All of them, some of them among others, one of each block and none.
        for every in [1, 7, 1_000, 20_000] {
            let known: Vec<&Vec<u8>> = all.iter().skip(every / 2).step_by(every).collect();
            let mut wanted: Vec<Key> = known.iter().map(|packed| packed[..16].try_into().unwrap()).collect();
            wanted.extend(&strangers);
            wanted.sort_unstable();
            let found = visited(ledger, 2026, &wanted);
            assert!(found.is_sorted_by(|one, two| one < two), "handed out twice");
            let is_in =
                |sorted: &[Vec<u8>], packed: &[u8]| sorted.binary_search_by(|own| own.as_slice().cmp(packed)).is_ok();
            assert!(found.iter().all(|packed| is_in(&all, packed)));
            for packed in &known {
                assert!(is_in(&found, packed), "{every}: {packed:?}");
            }
        }
    });
}

#[test]
fn the_bytes_of_a_chunk_are_found_before_and_after_the_commit() {
    in_each(|ledger| {
        let (run, _) = planned(ledger, 1);
        ledger.begin_plan(&new_run(2)).unwrap();
        let payload = blob::compress(b"a\n9\n");
        let chunk = NewChunk { ordinal: 2, account_id: "CEK0000001", rows: 1, payload: &payload };
        let chunk = ledger.add_chunk(run, &chunk).unwrap();
        assert_eq!(ledger.chunk_payload(chunk).unwrap(), payload);
        ledger.commit_plan().unwrap();
        assert_eq!(ledger.chunk_payload(chunk).unwrap(), payload);
        assert!(matches!(ledger.chunk_payload(ChunkId(chunk.0 + 1)), Err(LedgerError::Damaged(_))));
    });
}

#[test]
fn a_ledger_that_is_closed_is_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = SqliteLedger::open(&path).unwrap();
    let (_, chunk) = planned(&ledger, 1);
    ledger.chunk_payload(chunk).unwrap();
    drop(ledger);
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(files, ["ledger.db"]);
}

#[test]
fn which_rows_correct_which_is_handed_out_both_ways() {
    in_each(|ledger| {
        let (first, _) = planned(ledger, 1);
        let of = ledger.sheets(first).unwrap()[0].id;
        let run = ledger.begin_plan(&new_run(2)).unwrap();
        let sheet = NewSheet {
            ordinal: 0,
            path: "/in/a.corrections.xlsx",
            file_name: "a.corrections.xlsx",
            sheet_name: Some("a"),
            content: [2; 32],
            facts: "{}",
            rows_of: None,
        };
        let sheet = ledger.add_sheet(run, &sheet).unwrap();
        ledger.add_correction(sheet, of, b"links").unwrap();
        ledger.commit_plan().unwrap();
        assert_eq!(ledger.corrected_in(of).unwrap(), [(sheet, b"links".to_vec())]);
        assert_eq!(ledger.corrects(sheet).unwrap(), [of]);
        assert_eq!((ledger.corrected_in(sheet).unwrap().len(), ledger.corrects(of).unwrap().len()), (0, 0));
    });
}

#[test]
fn a_ledger_of_a_newer_format_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    drop(SqliteLedger::open(&path).unwrap());
    rusqlite::Connection::open(&path).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
    let refused = SqliteLedger::open(&path).unwrap_err();
    assert!(matches!(refused, LedgerError::Newer { found: 99, known: 4, .. }), "{refused}");
}

#[test]
fn a_ledger_of_an_earlier_format_opens_with_all_it_knows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch(include_str!("../../tests/data/ledger/format-1.sql")).unwrap();
    drop(old);
    let refused = SqliteLedger::open_to_read(&path).unwrap_err();
    assert!(matches!(refused, LedgerError::Older { found: 1, .. }), "{refused}");
    let ledger = SqliteLedger::open(&path).unwrap();
    let chunks = ledger.chunks(RunId(1)).unwrap();
    let states: Vec<ChunkState> = chunks.iter().map(|chunk| chunk.state).collect();
    assert_eq!(states, [ChunkState::Settled, ChunkState::Unknown]);
    let lines = ledger.chunk_lines(chunks[0].id).unwrap();
    assert_eq!((lines.outcomes, lines.moved), (Some(vec![1]), None));
    let known = ledger.history(ACCOUNT, "invoice").unwrap();
    assert_eq!(known, Some(HistoryMark { since: now(), complete: false }));
    assert_eq!(ledger.history(ACCOUNT, "customer").unwrap(), None);
    assert_eq!(ledger.refused_requests(RunId(1)).unwrap(), 0);
    drop(ledger);
    assert!(SqliteLedger::open_to_read(&path).unwrap().is_some());

    // What was brought up to date and what was made anew have the same tables.
    let new = folder.path().join("new.db");
    drop(SqliteLedger::open(&new).unwrap());
    let columns = |path: &std::path::Path| -> Vec<(String, String)> {
        let connection = rusqlite::Connection::open(path).unwrap();
        let sql = "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'
                   UNION ALL SELECT type, name FROM sqlite_master WHERE type = 'index' ORDER BY 1, 2";
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    };
    assert_eq!(columns(&path), columns(&new));
}

#[test]
fn the_lines_of_a_chunk_go_on_in_others_in_one_step() {
    in_each(|ledger| {
        let (run, chunk) = planned(ledger, 1);
        let first = attempt(ledger, run, chunk, 1);
        reply(ledger, first, chunk, ChunkState::Unknown, Some(b"outcomes"));
        let head = ledger.head(run).unwrap();
        // A list, as an array would be packed without its length.
        let moved = vec![None, Some(Moved { ordinal: 2, line: 0 })];
        let payload = blob::compress(b"a\n2\n");
        ledger
            .resolve_chunk(
                chunk,
                &Resolution {
                    state: ChunkState::Split,
                    outcomes: None,
                    moved: Some(&blob::pack(&moved)),
                    children: &[NewChunk { ordinal: 2, account_id: "CEK0000001", rows: 1, payload: &payload }],
                    customers: &[],
                    account: ACCOUNT,
                    words: "looked up: 1 missing, sent again in chunk 2",
                    at: now(),
                },
            )
            .unwrap();
        assert_ne!(ledger.head(run).unwrap(), head);
        let lines = ledger.chunk_lines(chunk).unwrap();
        assert_eq!(lines.outcomes.as_deref(), Some(b"outcomes".as_slice()));
        assert_eq!(blob::unpack::<Vec<Option<Moved>>>(&lines.moved.unwrap()).unwrap(), moved);
        let chunks = ledger.chunks(run).unwrap();
        assert_eq!((chunks[0].is_open(), chunks[1].is_open(), chunks[1].parent), (false, true, Some(1)));
        let attempts = ledger.attempts(chunk).unwrap();
        assert_eq!((attempts.len(), attempts[0].kind.as_deref(), attempts[0].status), (1, Some("answered"), Some(200)));
    });
}

#[test]
fn canaries_and_histories_are_remembered_by_account() {
    in_each(|ledger| {
        let (run, _) = planned(ledger, 1);
        assert_eq!(ledger.canary(ACCOUNT, &[1; 32]).unwrap(), None);
        let canary = Canary { proven: true, run, ordinal: 1, differences: String::new() };
        ledger.set_canary(ACCOUNT, &[1; 32], &canary).unwrap();
        assert_eq!(ledger.canary(ACCOUNT, &[1; 32]).unwrap(), Some(canary));
        assert_eq!(ledger.canary("other", &[1; 32]).unwrap(), None);
        assert_eq!(ledger.history(ACCOUNT, "invoice").unwrap(), None);
        let first = HistoryMark { since: now(), complete: true };
        ledger.begin_history(ACCOUNT, "invoice", first).unwrap();
        ledger.begin_history(ACCOUNT, "invoice", HistoryMark { complete: false, ..first }).unwrap();
        assert_eq!(ledger.history(ACCOUNT, "invoice").unwrap(), Some(first));
        assert_eq!(ledger.history(ACCOUNT, "customer").unwrap(), None);
        ledger.count_request(ACCOUNT, DAY).unwrap();
        assert_eq!(ledger.day_count(ACCOUNT, DAY).unwrap(), (1, 0));
    });
}

#[test]
fn a_file_that_is_no_ledger_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    std::fs::write(&path, "a person's notes, long enough to look like something else than an empty database").unwrap();
    let before = std::fs::read(&path).unwrap();
    assert!(SqliteLedger::open(&path).is_err());
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn two_processes_share_one_file_without_losing_a_record() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    std::thread::scope(|scope| {
        for content in 1..=4 {
            let path = &path;
            scope.spawn(move || {
                // Each has a connection of its own and makes the tables if nobody has yet.
                let ledger = SqliteLedger::open(path).unwrap();
                let (run, chunk) = planned(&ledger, content);
                for number in 1..=25 {
                    let attempt = attempt(&ledger, run, chunk, number);
                    reply(&ledger, attempt, chunk, ChunkState::Planned, None);
                }
                assert_eq!(ledger.chunk(run, 1).unwrap().unwrap().attempts, 25);
            });
        }
    });
    let ledger = SqliteLedger::open(&path).unwrap();
    assert_eq!(ledger.day_count(ACCOUNT, DAY).unwrap(), (100, 0));
    assert_eq!(ledger.id().unwrap().len(), 16);
}

#[test]
fn a_chunk_is_doubtful_once_a_try_left_without_a_useful_answer() {
    in_each(|ledger| {
        let (run, chunk) = planned(ledger, 1);
        let doubtful = || ledger.chunk(run, 1).unwrap().unwrap().doubtful;
        let first = attempt(ledger, run, chunk, 1);
        assert!(doubtful());
        reply(ledger, first, chunk, ChunkState::Planned, None);
        assert!(!doubtful());
    });
}

#[test]
fn a_directory_is_changed_as_a_whole_and_for_its_account_alone() {
    in_each(|ledger| {
        let entry = |id: u8, code: &str| Entry {
            customer_id: format!("KC0123456789ABC{id}"),
            code: Some(code.to_owned()),
            ..Entry::default()
        };
        ledger.change_customers("other", &[entry(1, "C1")], &[]).unwrap();
        ledger.change_customers(ACCOUNT, &[entry(1, "C1"), entry(2, "C2")], &[]).unwrap();
        ledger.change_customers(ACCOUNT, &[entry(2, "C9"), entry(3, "C3")], &[entry(1, "").customer_id]).unwrap();
        assert_eq!(ledger.customers(ACCOUNT).unwrap(), [entry(2, "C9"), entry(3, "C3")]);
        assert_eq!(ledger.customers("other").unwrap(), [entry(1, "C1")]);
    });
}
