//! What only a shared ledger does: claims, leads, the common pace, and what becomes of the dead.

use std::time::{Duration, Instant};

use postgres::types::Type;

use super::PostgresLedger;
use super::pace::{Terms, Turn};
use super::testing::Installation;
use crate::ledger::keys::Wanted;
use crate::ledger::{
    ChunkChange, ChunkId, ChunkState, Ledger as _, LedgerError, NewAttempt, NewChunk, NewReply, NewRun, RunId,
    RunState, blob,
};

const ACCOUNT: &str = "https://api.example CEK0000001";

/// What each run here begins as.
const NEW: NewRun<'static> = NewRun {
    account: ACCOUNT,
    operation: "invoices create",
    state: RunState::Open,
    reason: "",
    content: [1; 32],
    plan: [1; 32],
    created_at: jiff::Timestamp::UNIX_EPOCH,
    settings: "{}",
    maker: "",
};

fn planned(ledger: &PostgresLedger, chunks: u32) -> RunId {
    let run = ledger.begin_plan(&NEW).unwrap();
    let payload = blob::compress(b"a\n1\n");
    for ordinal in 1..=chunks {
        ledger.add_chunk(run, &NewChunk { ordinal, account_id: "CEK0000001", rows: 1, payload: &payload }).unwrap();
    }
    ledger.commit_plan().unwrap();
    ledger.resign(&PostgresLedger::planning(ACCOUNT)).unwrap();
    run
}

fn attempt(run: RunId, chunk: ChunkId, number: u32) -> NewAttempt<'static> {
    NewAttempt {
        run,
        chunk,
        number,
        sender: "sender-1",
        started_at: jiff::Timestamp::UNIX_EPOCH,
        digest: [7; 32],
        account: ACCOUNT,
        day: "2026-11-22",
    }
}

fn settle(ledger: &PostgresLedger, attempt: crate::ledger::AttemptId, chunk: ChunkId) -> Result<(), LedgerError> {
    let reply = NewReply {
        attempt,
        received_at: jiff::Timestamp::UNIX_EPOCH,
        kind: "answered",
        status: Some(200),
        request_id: Some("r-1"),
        body: b"{}",
    };
    let change = ChunkChange { state: ChunkState::Settled, outcomes: Some(b"x"), refused: false, customers: &[] };
    ledger.finish_attempt(&reply, chunk, &change, (ACCOUNT, "2026-11-22"))
}

fn ordinals(claimed: &[crate::ledger::ChunkHead]) -> Vec<u32> {
    let mut ordinals: Vec<u32> = claimed.iter().map(|head| head.ordinal).collect();
    ordinals.sort_unstable();
    ordinals
}

#[test]
fn a_chunk_is_claimed_by_one_worker_and_given_back_or_left_by_its_end() {
    let Some(installation) = Installation::new() else { return };
    let (one, two) = (installation.worker(), installation.worker());
    let run = planned(&one, 5);
    let mine = one.claim(run, 2, None, &[]).unwrap();
    assert_eq!(ordinals(&mine), [1, 2]);
    assert_eq!(ordinals(&two.claim(run, 2, None, &[]).unwrap()), [3, 4]);
    // A claim whose answer was lost comes again; one that is held does not.
    assert_eq!(ordinals(&one.claim(run, 5, None, &[mine[0].id]).unwrap()), [2, 5]);
    assert!(two.others_send(run).unwrap());
    one.release(&[mine[0].id]).unwrap();
    assert_eq!(ordinals(&two.claim(run, 9, Some(&[1, 2]), &[]).unwrap()), [1]);
    one.leave().unwrap();
    assert!(!two.others_send(run).unwrap());
    assert_eq!(ordinals(&two.claim(run, 9, Some(&[2, 5]), &[]).unwrap()), [2, 5]);
    assert!(matches!(one.claim(run, 1, None, &[]), Err(LedgerError::Lost(_))));
}

#[test]
fn what_another_worker_has_cannot_be_begun_or_changed() {
    let Some(installation) = Installation::new() else { return };
    let (one, two) = (installation.worker(), installation.worker());
    let run = planned(&one, 1);
    let chunk = one.claim(run, 1, None, &[]).unwrap()[0].id;
    assert!(matches!(two.start_attempt(&attempt(run, chunk, 1)), Err(LedgerError::Lost(_))));
    let begun = one.start_attempt(&attempt(run, chunk, 1)).unwrap();
    assert!(matches!(one.start_attempt(&attempt(run, chunk, 2)), Err(LedgerError::Lost(_))));
    // Nobody takes over from the living.
    assert_eq!(two.recover(run, ChunkState::Unknown).unwrap(), 0);
    settle(&one, begun, chunk).unwrap();
    assert_eq!(one.chunk(run, 1).unwrap().unwrap().state, ChunkState::Settled);
}

#[test]
fn a_reply_that_comes_after_a_take_over_is_recorded_and_changes_nothing() {
    let Some(installation) = Installation::new() else { return };
    let (one, two) = (installation.worker(), installation.worker());
    let run = planned(&one, 1);
    let chunk = one.claim(run, 1, None, &[]).unwrap()[0].id;
    let begun = one.start_attempt(&attempt(run, chunk, 1)).unwrap();
    // As if it had been stopped for longer than its lease.
    let sql = "UPDATE @worker SET until = now() - interval '1 second'";
    one.change(&format!("{sql} WHERE id = '{}'", one.worker_id().unwrap()), &[]).unwrap();
    assert_eq!(two.recover(run, ChunkState::Unknown).unwrap(), 1);
    assert!(matches!(settle(&one, begun, chunk), Err(LedgerError::Lost(_))));
    let head = two.chunk(run, 1).unwrap().unwrap();
    assert_eq!((head.state, head.doubtful), (ChunkState::Unknown, true));
    let trail = two.trail(run, crate::ledger::AttemptId(0)).unwrap();
    let kinds: Vec<&str> = trail[0].replies.iter().map(|reply| reply.kind.as_str()).collect();
    assert_eq!(kinds, ["no-reply", "answered"]);
    let mut chains = crate::ledger::trail::Chains::default();
    for attempt in &trail {
        chains.attempt(attempt);
    }
    assert_eq!((chains.broken().len(), chains.head()), (0, two.head(run).unwrap()));
    assert!(matches!(one.claim(run, 1, None, &[]), Err(LedgerError::Lost(_)) | Ok(_)));
}

#[test]
fn one_worker_leads_until_it_resigns_or_dies() {
    let Some(installation) = Installation::new() else { return };
    let (one, two) = (installation.worker(), installation.worker());
    assert!(one.lead("run:1").unwrap() && one.lead("run:1").unwrap());
    assert!(!two.lead("run:1").unwrap());
    one.resign("run:1").unwrap();
    assert!(two.lead("run:1").unwrap() && !one.lead("run:1").unwrap());
    let records = one.workers().unwrap();
    assert_eq!(records.iter().map(|worker| worker.leads.len()).collect::<Vec<_>>(), [0, 1]);
    drop(two);
    assert!(one.lead("run:1").unwrap());
}

#[test]
fn a_worker_lives_while_it_gives_signs_and_is_dead_for_good_after() {
    let Some(installation) = Installation::new() else { return };
    let one = installation.worker();
    // Longer than its lease of two seconds.
    std::thread::sleep(Duration::from_millis(2_500));
    assert!(one.holds() && one.lead("x").unwrap());
    one.change("UPDATE @worker SET until = now() - interval '1 second'", &[]).unwrap();
    let start = Instant::now();
    while one.holds() {
        assert!(start.elapsed() < Duration::from_secs(10));
        std::thread::sleep(Duration::from_millis(20));
    }
    let two = installation.worker();
    assert!(two.lead("x").unwrap());
    one.enlist("again").unwrap();
    assert!(one.holds() && !one.lead("x").unwrap());
}

#[test]
fn nothing_begins_of_a_run_that_is_held_back_or_taken_over() {
    let Some(installation) = Installation::new() else { return };
    let (one, two) = (installation.worker(), installation.worker());
    let run = planned(&one, 2);
    let claimed = two.claim(run, 1, None, &[]).unwrap();
    one.hold_back(&[run]).unwrap();
    assert!(two.claim(run, 9, None, &[]).unwrap().is_empty());
    assert!(matches!(two.start_attempt(&attempt(run, claimed[0].id, 1)), Err(LedgerError::Lost(_))));
    one.let_go_on(&[run]).unwrap();
    // What it had claimed before is anybody's now.
    assert!(matches!(two.start_attempt(&attempt(run, claimed[0].id, 1)), Err(LedgerError::Lost(_))));
    assert_eq!(ordinals(&two.claim(run, 1, None, &[]).unwrap()), [1]);
    two.start_attempt(&attempt(run, claimed[0].id, 1)).unwrap();
    one.set_run_state(run, RunState::Superseded, "", None, jiff::Timestamp::UNIX_EPOCH).unwrap();
    assert!(two.claim(run, 9, None, &[]).unwrap().is_empty());
}

#[test]
fn workers_share_one_pace_one_pause_and_one_quota() {
    let Some(installation) = Installation::new() else { return };
    let (one, two) = (installation.worker(), installation.worker());
    let terms = |per_day| Terms { account: ACCOUNT, rate: 10.0, burst: 1, day: "2026-11-22", per_day };
    let wait = |turn: Turn| match turn {
        Turn::After(time) => time,
        other => panic!("{other:?}"),
    };
    let start = Instant::now();
    assert_eq!(wait(one.turn(&terms(None)).unwrap()), Duration::ZERO);
    let later: Vec<Duration> =
        (0..4).map(|number| wait(if number % 2 == 0 { &two } else { &one }.turn(&terms(None)).unwrap())).collect();
    let due = Duration::from_millis(400).saturating_sub(start.elapsed());
    assert!(later[3] >= due && later[3] <= Duration::from_millis(400), "{later:?}");
    assert_eq!(two.turn(&terms(Some(5))).unwrap(), Turn::UsedUp);
    assert!(matches!(two.turn(&terms(Some(6))).unwrap(), Turn::After(_)));
    one.throttled(&terms(None), Duration::ZERO, Duration::from_secs(30)).unwrap();
    let Turn::Paused(pause) = two.turn(&terms(None)).unwrap() else { panic!("no pause") };
    assert!(pause > Duration::from_secs(25) && pause <= Duration::from_secs(30), "{pause:?}");
    assert_eq!(two.paces().unwrap()[0].cut_to, Some(5.0));
    // A request that left before the cut says nothing new.
    one.throttled(&terms(None), Duration::from_secs(5), Duration::ZERO).unwrap();
    assert!(two.paces().unwrap()[0].cut_to.is_some_and(|rate| rate > 4.9));
}

#[test]
fn requests_that_were_held_up_together_leave_apart() {
    let Some(installation) = Installation::new() else { return };
    let one = installation.worker();
    let terms = Terms { account: ACCOUNT, rate: 10.0, burst: 1, day: "", per_day: None };
    one.turn(&terms).unwrap();
    let start = Instant::now();
    let waits: Vec<Duration> = (0..4).map(|_| one.depart(&terms).unwrap()).collect();
    assert_eq!(waits[0], Duration::ZERO);
    let due = Duration::from_millis(280).saturating_sub(start.elapsed());
    assert!(waits[3] >= due && waits[3] <= Duration::from_millis(300), "{waits:?}");
}

#[test]
fn two_plan_for_one_account_one_after_the_other() {
    let Some(installation) = Installation::new() else { return };
    let (one, two) = (installation.worker(), installation.worker());
    assert!(one.lead(&PostgresLedger::planning(ACCOUNT)).unwrap());
    assert!(matches!(two.begin_plan(&NEW), Err(LedgerError::Lost(_))));
    assert!(two.runs().unwrap().is_empty());
    one.resign(&PostgresLedger::planning(ACCOUNT)).unwrap();
    two.begin_plan(&NEW).unwrap();
    two.commit_plan().unwrap();
}

#[test]
fn a_refused_log_in_is_remembered_for_all_and_tried_by_one_at_a_time() {
    let Some(installation) = Installation::new() else { return };
    let (one, two) = (installation.worker().logins(), installation.worker().logins());
    let refused = super::logins::RefusedLogin { at: "2026-11-22".into(), message: "no".into(), mark: "ab12".into() };
    let trying = one.begin("h:443", "a").unwrap();
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| {
            let _trying = two.begin("h:443", "a").unwrap();
            two.refused("h:443", "a").unwrap()
        });
        one.remember("h:443", "a", Some(&refused)).unwrap();
        drop(trying);
        assert_eq!(waits.join().unwrap(), Some(refused));
    });
    one.remember("h:443", "a", None).unwrap();
    assert_eq!(two.refused("h:443", "a").unwrap(), None);
}

#[test]
fn an_attempt_that_is_being_recorded_is_waited_for_before_its_rows_are_taken_over() {
    let Some(installation) = Installation::new() else { return };
    let (one, two) = (installation.worker(), installation.worker());
    let run = planned(&one, 1);
    let chunk = two.claim(run, 1, None, &[]).unwrap()[0].id;
    // What an attempt does to its chunk, not committed yet.
    let mut recording = two.connections.connect().unwrap();
    let mut transaction = recording.transaction().unwrap();
    let sql = two.connections.sql(&format!("UPDATE @chunk SET state = 'sending' WHERE id = {chunk}"));
    transaction.batch_execute(&sql).unwrap();
    std::thread::scope(|scope| {
        let held = scope.spawn(|| one.hold_back(&[run]).unwrap());
        std::thread::sleep(Duration::from_millis(300));
        assert!(!held.is_finished());
        transaction.commit().unwrap();
        // It is under way now, until its reply is there.
        std::thread::sleep(Duration::from_millis(300));
        assert!(!held.is_finished());
        two.change("UPDATE @chunk SET state = 'settled'", &[]).unwrap();
        held.join().unwrap();
    });
}

#[test]
fn the_hosts_role_plans_and_sends_and_cannot_alter_history() {
    let Some(installation) = Installation::new() else { return };
    let owner = installation.worker();
    let mut client = owner.connections.connect().unwrap();
    // Given again after a migration, as it says itself, it gives the same.
    for _ in 0..2 {
        client.batch_execute(&PostgresLedger::roles(&installation.place())).unwrap();
    }
    client.batch_execute("CREATE ROLE hosty LOGIN IN ROLE arload_worker").unwrap();
    let place = super::place::Place::parse(&installation.url.replace("arload@", "hosty@")).unwrap();
    let host = PostgresLedger::open(place).unwrap();
    host.enlist("test").unwrap();
    let run = planned(&host, 1);
    let chunk = host.claim(run, 1, None, &[]).unwrap()[0].id;
    let begun = host.start_attempt(&attempt(run, chunk, 1)).unwrap();
    settle(&host, begun, chunk).unwrap();
    host.set_run_state(run, RunState::Finished, "", None, jiff::Timestamp::UNIX_EPOCH).unwrap();
    for statement in [
        "UPDATE @attempt SET number = 9",
        "DELETE FROM @attempt",
        "UPDATE @reply SET status = 500",
        "DELETE FROM @reply",
        "DELETE FROM @resolution",
        "DELETE FROM @run",
        "UPDATE @run SET settings = ''",
        "DELETE FROM @chunk",
        "UPDATE @payload SET bytes = ''",
        "DELETE FROM @key_block",
        "INSERT INTO @policy (set_at, set_by, rule, digest, previous, hash) VALUES (0, '', '', '', '', '')",
        "DELETE FROM @approval",
        "UPDATE @meta SET value = ''",
    ] {
        assert!(matches!(host.change(statement, &[]), Err(LedgerError::Database { .. })), "{statement}");
    }
}

/// What the tables of an installation are made of.
fn columns(ledger: &PostgresLedger) -> Vec<String> {
    let sql = "SELECT c.relname || '.' || a.attname || ' ' || a.atttypid::regtype::text || ' ' || a.attnotnull::text
        FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname = $1 AND c.relkind = 'r' AND a.attnum > 0 ORDER BY c.relname, a.attnum";
    let rows = ledger.rows(sql, &[(&ledger.place().schema(), Type::TEXT)]).unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[test]
fn tables_of_the_first_form_are_brought_up_to_date_with_what_they_hold() {
    let Some(installation) = Installation::new() else { return };
    let now = installation.worker();
    let place = super::place::Place::parse(&installation.url.replace("schema=ledger_", "schema=old_")).unwrap();
    let old = include_str!("../../../tests/data/ledger/postgres-1.sql").replace('@', &format!("{}.", place.schema()));
    let mut client = now.connections.connect().unwrap();
    client.batch_execute(&format!("CREATE SCHEMA {}; {old}", place.schema())).unwrap();
    let older = PostgresLedger::open(place.clone()).unwrap_err();
    assert!(matches!(&older, LedgerError::Older { found: 1, .. }), "{older}");

    let both = std::thread::scope(|scope| {
        let started = [(); 2].map(|()| scope.spawn(|| PostgresLedger::prepare(&place).unwrap()));
        started.map(|one| one.join().unwrap())
    });
    assert!(both.contains(&Some(1)) && both.iter().all(|before| matches!(before, Some(1 | 2))), "{both:?}");
    assert_eq!(PostgresLedger::format_of(&place).unwrap(), Some(2));
    let ledger = PostgresLedger::open(place.clone()).unwrap();
    assert_eq!(columns(&ledger), columns(&now));
    ledger.enlist("test").unwrap();
    let run = planned(&ledger, 1);
    assert_eq!(run, RunId(2));
    // Keys of the old form, without a sketch, and new ones.
    ledger.begin_plan(&NEW).unwrap();
    ledger.add_keys(run, ACCOUNT, "invoice", 2026, &[[4; 32], [6; 32]].concat()).unwrap();
    ledger.commit_plan().unwrap();
    let mut found = Vec::new();
    let key = |at: usize| [[2; 16], [5; 16], [6; 16]][at];
    let mut visit = |block: &[u8]| found.extend(block.iter().step_by(32).copied());
    ledger.visit_keys(ACCOUNT, "invoice", 2026, &Wanted::new(3, &key), &mut visit).unwrap();
    found.sort_unstable();
    assert_eq!(found, [2, 3, 6]);
    assert_eq!(PostgresLedger::prepare(&place).unwrap(), Some(2));
}

#[test]
fn a_database_without_tables_or_with_newer_ones_is_refused_by_name() {
    let Some(installation) = Installation::new() else { return };
    let ledger = installation.worker();
    let empty = super::place::Place::parse(&installation.url.replace("schema=ledger_", "schema=none_")).unwrap();
    assert!(matches!(PostgresLedger::open(empty), Err(LedgerError::Missing { .. })));
    ledger.change("UPDATE @meta SET value = '99' WHERE key = 'format'", &[]).unwrap();
    assert!(matches!(PostgresLedger::open(installation.place()), Err(LedgerError::Newer { found: 99, .. })));
}
