//! What is only ever appended: its chains, and what a purge leaves of it.

use super::{ACCOUNT, DAY, attempt, in_each, new_run, now, planned, reply};
use crate::ledger::consent::{NewApproval, Policy};
use crate::ledger::purge::{NewPurge, Rewriting, Scope};
use crate::ledger::trail::Chains;
use crate::ledger::{AttemptId, ChunkState, LedgerError, NewSheet, RunState, SheetId};

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
