//! `arload work`: hosts that serve what others planned, once or until they are told to stop.

use std::collections::HashMap;

use rustix::process::{Pid, Signal, kill_process};

use super::database::Database;
use super::hosts::{first_host, host, settled, slow};
use crate::crash::judge::sheet;
use crate::world::{begun, end_of, ended, state, wait_until};

const PLAN: [&str; 6] = ["invoices", "create", "sheet.csv", "--max-chunk-rows", "5", "--plan"];

#[test]
fn what_one_host_planned_another_sends_and_the_first_has_the_results() {
    let Some(database) = Database::shared() else { return };
    let sheet = sheet(60, &HashMap::new());
    let planner = first_host(&database, "work_once", &sheet);
    let api = slow(0);
    ended(&mut planner.client(&api, &PLAN)).expect(0);
    assert_eq!(state(&api, "uploads"), 0);
    // A host without the sheet, and with no folder of the same name.
    let worker = host(&database, "work_once", &sheet);
    std::fs::remove_file(worker.path("sheet.csv")).unwrap();
    ended(&mut worker.client(&api, &["work", "--once"])).expect(0);
    assert_eq!(planner.count("SELECT count(*) FROM run WHERE state = 'finished'"), 1);
    assert_eq!(planner.count("SELECT count(*) FROM worker"), 0);
    // Nothing is left, and nothing is sent again.
    let uploads = state(&api, "uploads");
    ended(&mut worker.client(&api, &["work", "--once"])).expect(0);
    assert_eq!(state(&api, "uploads"), uploads);
    settled(&planner, &api, &sheet, "sent by another host");
}

#[test]
fn what_waits_for_an_approval_is_left_alone_and_told_once() {
    let Some(database) = Database::shared() else { return };
    let sheet = sheet(20, &HashMap::new());
    let planner = first_host(&database, "work_waits", &sheet);
    let api = slow(0);
    ended(&mut planner.client(&api, &["ledger", "policy", "--approval", "required"])).expect(0);
    ended(&mut planner.client(&api, &PLAN));
    let told = ended(&mut planner.client(&api, &["work", "--once"])).expect(0);
    assert!(told.err.contains("approv"), "{}", told.err);
    assert_eq!(state(&api, "uploads"), 0);
    assert_eq!(planner.count("SELECT count(*) FROM attempt"), 0);
}

#[test]
fn a_worker_serves_what_comes_until_it_is_stopped_though_the_database_goes_away_meanwhile() {
    let Some(database) = Database::start() else { return };
    let sheet = sheet(60, &HashMap::new());
    let planner = first_host(&database, "work_on", &sheet);
    let api = slow(0);
    let worker = host(&database, "work_on", &sheet);
    let child = begun(&mut worker.client(&api, &["work"]));
    wait_until("the worker signs in", || planner.count("SELECT count(*) FROM worker") == 1);
    database.stop();
    database.again();
    ended(&mut planner.client(&api, &PLAN)).expect(0);
    wait_until("the run is finished", || planner.count("SELECT count(*) FROM run WHERE state = 'finished'") == 1);
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    end_of(child).expect(130);
    assert_eq!(planner.count("SELECT count(*) FROM worker WHERE until > now()"), 0);
    settled(&planner, &api, &sheet, "served");
}

#[test]
fn a_worker_without_a_shared_ledger_says_what_is_missing() {
    let world = crate::world::World::new();
    let refused = ended(&mut world.arload(&["work"])).expect(2);
    assert!(refused.err.contains("--ledger"), "{}", refused.err);
}
