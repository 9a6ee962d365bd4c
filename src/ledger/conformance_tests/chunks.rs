//! Chunks on their way from planned to what became of their lines.

use super::{ACCOUNT, DAY, attempt, in_each, new_run, now, planned, reply};
use crate::ledger::{ChunkId, ChunkState, LedgerError, Moved, NewChunk, Resolution, blob};

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
