//! Plans that wait for another person: who may approve what, and what makes a plan void.

use std::sync::Arc;
use std::time::Duration;

use super::approval::{self, Standing};
use super::tests::{TWO, World, takes};
use super::{Pipeline, Report};
use crate::clock::Clock as _;
use crate::config::Settings;
use crate::error::RunError;
use crate::event::Event;
use crate::exit::ExitCode;
use crate::ledger::consent::{Demand, Policy};
use crate::ledger::{Ledger as _, RunId, RunState};
use crate::money::Total;
use crate::operation::Operation;
use crate::outcome::Status;
use crate::wording::hex;

const DAY: Duration = Duration::from_hours(24);

fn required() -> Policy {
    Policy { approval: Demand::Required, ..Policy::default() }
}

impl World {
    fn policy(&self, policy: &Policy) {
        self.ledger.set_policy(policy, "owner", self.clock.now()).unwrap();
    }

    /// A pipeline of a user, with settings changed.
    fn by<T>(&self, user: &str, change: impl Fn(&mut Settings), act: impl FnOnce(&Pipeline<'_>) -> T) -> T {
        self.with(&[("first-use", "true")], |pipeline| {
            let mut settings = pipeline.settings.clone();
            user.clone_into(&mut settings.mode.user);
            change(&mut settings);
            let clock = Arc::clone(&pipeline.clock);
            let Pipeline { account, host, ledger, earlier, api, stop, observer, .. } = *pipeline;
            act(&Pipeline { settings: &settings, account, host, ledger, earlier, api, clock, stop, observer })
        })
    }

    fn upload(&self, user: &str, sheet: &str) -> Report {
        self.upload_with(user, sheet, |_| {})
    }

    fn upload_with(&self, user: &str, sheet: &str, change: impl Fn(&mut Settings)) -> Report {
        let create = Operation::by_name("invoices create").unwrap();
        let sheet = [sheet.to_owned()];
        self.by(user, change, |pipeline| pipeline.run_sheets(create, &sheet, Box::new(std::io::empty()))).unwrap()
    }

    fn send(&self, user: &str, run: i64) -> Result<Report, RunError> {
        self.by(user, |_| {}, |pipeline| pipeline.send_run(RunId(run)))
    }

    fn approve(&self, user: &str, run: i64, given: Option<&str>) -> Result<(), String> {
        let run = self.ledger.run(RunId(run)).unwrap().unwrap();
        let approved = approval::approve(&self.ledger, &run, user, given, self.clock.now());
        approved.map(drop).map_err(|error| error.to_string())
    }

    fn standing(&self, run: i64) -> Standing {
        let run = self.ledger.run(RunId(run)).unwrap().unwrap();
        approval::standing(&self.ledger, &run, None, self.clock.now()).unwrap()
    }

    fn state_of(&self, run: i64) -> RunState {
        self.ledger.run(RunId(run)).unwrap().unwrap().state
    }

    /// What the last run said should be done next.
    fn next(&self) -> String {
        let heard = self.heard.0.lock().unwrap();
        let next = heard.iter().rev().find_map(|event| match event {
            Event::Finished { next, .. } => Some(next.join("\n")),
            _ => None,
        });
        next.unwrap_or_default()
    }
}

#[test]
fn a_run_waits_until_somebody_else_who_may_has_approved_it() {
    let world = World::new(takes);
    world.policy(&Policy { approvers: vec!["meera".to_owned(), "ravi".to_owned()], ..required() });
    let sheet = world.sheet("a.csv", TWO);
    let report = world.upload("anil", &sheet);
    assert_eq!((report.exit, world.uploads()), (ExitCode::StoppedEarly, 0));
    let next = world.next();
    assert!(next.contains("planned by anil, to be approved by meera or ravi with \"arload runs approve 1"), "{next}");
    let refused = world.send("anil", 1).unwrap_err();
    assert!(matches!(refused, RunError::Unapproved(_)), "{refused}");
    // The same command plans nothing anew and sends nothing.
    assert_eq!(world.upload("anil", &sheet).exit, ExitCode::StoppedEarly);
    assert_eq!(world.uploads(), 0);

    let run = world.ledger.run(RunId(1)).unwrap().unwrap();
    let plan = hex(&crate::plan::hash::of_plan(&world.ledger, &run).unwrap().unwrap());
    for (user, given, said) in [
        ("anil", None, "nobody approves their own plan"),
        ("chitra", None, "chitra may not approve in this ledger; meera or ravi may"),
        ("", None, "does not say who you are"),
        ("ravi", Some("0123456789abcdef0123"), "the hash of its plan is"),
        ("ravi", Some(&plan[..8]), "the hash of its plan is"),
    ] {
        let refused = world.approve(user, 1, given).unwrap_err();
        assert!(refused.contains(said), "{user}: {refused}");
    }
    assert_eq!(world.standing(1), Standing::Waits(vec!["meera".to_owned(), "ravi".to_owned()]));
    world.approve("ravi", 1, Some(&plan[..16])).unwrap();
    let again = world.approve("meera", 1, None).unwrap_err();
    assert!(again.contains("was approved already, by ravi"), "{again}");
    assert_eq!(world.send("anil", 1).unwrap().totals.rows(Status::Accepted), 2);
    assert_eq!(world.uploads(), 1);
    let over = world.approve("meera", 1, None).unwrap_err();
    assert!(over.contains("nothing is left to approve"), "{over}");
}

#[test]
fn a_maker_who_alone_may_approve_is_told_so() {
    let world = World::new(takes);
    world.policy(&Policy { approvers: vec!["anil".to_owned()], ..required() });
    world.upload("anil", &world.sheet("a.csv", TWO));
    assert!(world.next().contains("an approval that nobody can give"), "{}", world.next());
}

#[test]
fn only_plans_worth_more_than_the_limit_are_asked_for() {
    // Both rows together are worth 300 rupees.
    for (above, waits) in [(Some(29_999), true), (Some(30_000), false), (Some(0), true), (None, true)] {
        let world = World::new(takes);
        world.policy(&Policy { above: above.map(Total), ..required() });
        let report = world.upload("anil", &world.sheet("a.csv", TWO));
        assert_eq!((report.exit == ExitCode::StoppedEarly, world.uploads() == 0), (waits, waits), "{above:?}");
    }
}

#[test]
fn a_ledger_without_a_policy_and_one_that_lifts_it_ask_nothing() {
    let world = World::new(takes);
    world.upload("anil", &world.sheet("a.csv", TWO));
    assert_eq!(world.uploads(), 1);
    world.policy(&required());
    let sheet = world.sheet("b.csv", &[("B-1", "100.00")]);
    world.upload("anil", &sheet);
    assert_eq!(world.uploads(), 1);
    world.policy(&Policy::default());
    world.upload("anil", &sheet);
    assert_eq!(world.uploads(), 2);
    let set: Vec<Demand> = world.ledger.policies().unwrap().iter().map(|record| record.policy.approval).collect();
    assert_eq!(set, [Demand::Required, Demand::None]);
}

#[test]
fn what_a_drop_folder_plans_waits_whatever_the_policy() {
    let world = World::new(takes);
    let sheet = world.sheet("a.csv", TWO);
    let report = world.upload_with("anil", &sheet, |settings| settings.mode.needs_approval = true);
    assert_eq!((report.exit, world.uploads()), (ExitCode::StoppedEarly, 0));
    world.send("anil", 1).unwrap_err();
    world.approve("ravi", 1, None).unwrap();
    world.send("anil", 1).unwrap();
    assert_eq!(world.uploads(), 1);
}

#[test]
fn a_plan_that_was_changed_after_its_approval_is_void_and_planned_afresh() {
    let world = World::new(takes);
    world.policy(&required());
    let sheet = world.sheet("a.csv", TWO);
    world.upload("anil", &sheet);
    world.approve("ravi", 1, None).unwrap();
    let body =
        b"invoiceNumber,customerId,invoiceDate,dueDate,baseAmount\nA-1,KC9B2X7M4Q1Z8T6D,2026-05-20,2026-06-20,9.00\n";
    let other = rusqlite::Connection::open(world.path("ledger.db")).unwrap();
    other.execute("UPDATE payload SET bytes = ?", [crate::ledger::blob::compress(body)]).unwrap();
    let refused = world.send("anil", 1).unwrap_err();
    assert!(refused.to_string().contains("it is not the plan that ravi approved"), "{refused}");
    let report = world.upload("anil", &sheet);
    assert_eq!((report.exit, report.run, world.uploads()), (ExitCode::StoppedEarly, Some(RunId(2)), 0));
    assert_eq!((world.state_of(1), world.state_of(2)), (RunState::Superseded, RunState::Open));
    world.approve("ravi", 2, None).unwrap();
    assert_eq!(world.send("anil", 2).unwrap().totals.rows(Status::Accepted), 2);
}

#[test]
fn a_plan_that_names_another_maker_than_was_approved_is_void() {
    let world = World::new(takes);
    world.policy(&required());
    world.upload("anil", &world.sheet("a.csv", TWO));
    world.approve("ravi", 1, None).unwrap();
    let other = rusqlite::Connection::open(world.path("ledger.db")).unwrap();
    for maker in ["ravi", "nobody", ""] {
        other.execute("UPDATE run SET maker = ?", [maker]).unwrap();
        assert!(matches!(world.standing(1), Standing::Void(_)), "{maker}");
        world.send("anil", 1).unwrap_err();
    }
    assert_eq!(world.uploads(), 0);
}

#[test]
fn an_old_plan_expires_unless_something_of_it_was_sent() {
    let world = World::new(takes);
    world.policy(&Policy { plan_expires_seconds: Some(2 * 86_400), ..Policy::default() });
    let sheet = world.sheet("a.csv", TWO);
    let plan_only = |settings: &mut Settings| settings.mode.plan_only = true;
    world.upload_with("anil", &sheet, plan_only);
    world.clock.advance(2 * DAY);
    assert_eq!(world.standing(1), Standing::Free);
    world.clock.advance(DAY);
    let refused = world.send("anil", 1).unwrap_err();
    assert!(refused.to_string().contains("older than 2d"), "{refused}");
    let refused = world.approve("ravi", 1, None).unwrap_err();
    assert!(refused.contains("older than 2d"), "{refused}");
    // The sheet again plans its rows afresh, and the new plan is young.
    let report = world.upload("anil", &sheet);
    assert_eq!((report.run, report.totals.rows(Status::Accepted)), (Some(RunId(2)), 2));
    assert_eq!(world.state_of(1), RunState::Superseded);
}

#[test]
fn a_plan_for_another_form_of_upload_is_void() {
    let world = World::new(takes);
    let sheet = world.sheet("a.csv", TWO);
    world.upload_with("anil", &sheet, |settings| settings.mode.plan_only = true);
    let other = |settings: &mut Settings| settings.sending.uploads.put("invoices create.format", "xlsx").unwrap();
    let refused = world.by("anil", other, |pipeline| pipeline.send_run(RunId(1))).unwrap_err();
    assert!(refused.to_string().contains("another form of upload"), "{refused}");
    assert_eq!(world.send("anil", 1).unwrap().totals.rows(Status::Accepted), 2);
}

#[test]
fn an_approved_plan_goes_nowhere_else_not_even_the_rest_of_it() {
    let world = World::new(takes);
    world.policy(&required());
    let sheet = world.sheet("a.csv", TWO);
    world.upload("anil", &sheet);
    world.approve("ravi", 1, None).unwrap();
    // The route of an operation that takes the same body.
    let other = |settings: &mut Settings| settings.routes.put("invoices create", "POST /api/v0/invoice/bulk").unwrap();
    let elsewhere = || world.by("anil", other, |pipeline| pipeline.send_run(RunId(1))).unwrap_err().to_string();
    let refused = elsewhere();
    assert!(refused.contains("planned for POST /api/v0/invoice/bulk/create, and the settings name POST"), "{refused}");
    let ledger = rusqlite::Connection::open(world.path("ledger.db")).unwrap();
    let begun = "INSERT INTO attempt (run_id, chunk_id, number, sender, started_at, digest, previous, hash)
                 SELECT run_id, id, 1, 'other', 0, x'', x'', x'' FROM chunk";
    ledger.execute(begun, []).unwrap();
    assert_eq!(elsewhere(), refused);
    ledger.execute("DELETE FROM attempt", []).unwrap();
    assert_eq!(world.uploads(), 0);
    assert_eq!(world.send("anil", 1).unwrap().totals.rows(Status::Accepted), 2);
}

#[test]
fn a_policy_that_nobody_can_read_lets_nothing_through() {
    let world = World::new(takes);
    world.policy(&required());
    let other = rusqlite::Connection::open(world.path("ledger.db")).unwrap();
    other.execute_batch(r#"UPDATE policy SET rule = '{"approval":"none"}'"#).unwrap();
    let sheet = world.sheet("a.csv", TWO);
    let create = Operation::by_name("invoices create").unwrap();
    let run = world.by("anil", |_| {}, |pipeline| pipeline.run_sheets(create, &[sheet], Box::new(std::io::empty())));
    assert!(run.unwrap_err().to_string().contains("policy 1 is not the one that was set"));
    assert_eq!(world.uploads(), 0);
}
