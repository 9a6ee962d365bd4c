//! The ledger in a file of its own: closed, of other formats, used by several processes.

use super::{ACCOUNT, DAY, attempt, now, planned, reply};
use crate::ledger::sqlite::SqliteLedger;
use crate::ledger::{ChunkState, HistoryMark, Ledger as _, LedgerError, RunId};

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
    old.execute_batch(include_str!("../../../tests/data/ledger/format-1.sql")).unwrap();
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
