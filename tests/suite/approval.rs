//! One person plans, another approves: the program keeps them apart, and its evidence shows both.

use std::fs;

use crate::world::{Ended, World, ended, invoices, sandbox, state};

/// Runs the program without an account or a server.
fn here(world: &World, arguments: &[&str]) -> Ended {
    ended(&mut world.arload(arguments))
}

/// The ledger, to be changed behind the program's back.
fn tampering(world: &World) -> rusqlite::Connection {
    rusqlite::Connection::open(world.state().join("ledger.db")).unwrap()
}

#[test]
fn a_run_that_needs_approval_is_sent_only_after_another_user_gave_it() {
    let world = World::new();
    world.write("july.csv", invoices(12));
    let api = sandbox(|_| {});
    here(&world, &["ledger", "policy", "--approval", "required"]).expect(2);
    here(&world, &["ledger", "init"]).expect(0);
    let set = ["ledger", "policy", "--approval", "required", "--above", "1,000", "--plan-expires", "3d"];
    let told = here(&world, &set).expect(0).out;
    assert!(told.contains("above ₹1,000.00, and all other runs, are approved by anyone but its maker"), "{told}");
    assert!(told.contains("plans expire after 3d"), "{told}");

    let planned = world.run(&api, &["invoices", "create", "july.csv"]).expect(3);
    assert!(planned.out.contains("run 1 waits for an approval"), "{}\n{}", planned.out, planned.err);
    let refused = world.run(&api, &["runs", "send", "1"]).expect(3);
    assert!(refused.err.contains("run 1 waits for an approval"), "{}", refused.err);
    let own = here(&world, &["runs", "approve", "1"]).expect(2);
    assert!(own.err.contains("nobody approves their own plan"), "{}", own.err);
    assert_eq!(state(&api, "uploads"), 0);

    // Two users cannot be had everywhere; the plan becomes somebody else's instead.
    tampering(&world).execute("UPDATE run SET maker = 'meera'", []).unwrap();
    let shown = here(&world, &["runs", "show", "1"]).expect(0).out;
    let hash = shown.lines().find_map(|line| line.strip_prefix("plan: ")?.strip_suffix(", made by meera")).unwrap();
    assert!(shown.contains("to send: 1 request"), "{shown}");
    let other = here(&world, &["runs", "approve", "1", "--plan-hash", &"0".repeat(64)]).expect(2);
    assert!(other.err.contains("the hash of its plan is"), "{}", other.err);
    let approved = here(&world, &["runs", "approve", "1", "--plan-hash", &hash[..16]]).expect(0).out;
    assert!(approved.contains("approved the plan of meera"), "{approved}");
    world.run(&api, &["runs", "send", "1"]).expect(0);
    assert_eq!(state(&api, "uploads"), 1);

    here(&world, &["runs", "evidence", "1", "-o", "july.zip"]).expect(0);
    let checked = here(&world, &["runs", "evidence", "--verify", "july.zip"]).expect(0).out;
    assert!(checked.contains(&format!("the plan {hash} of meera")), "{checked}");
    let audited = here(&world, &["runs", "verify"]).expect(0).out;
    assert!(audited.contains("1 change of the policy follow from each other"), "{audited}");
    assert!(audited.contains("1 approval"), "{audited}");
    tampering(&world).execute("UPDATE approval SET approver = 'ravi'", []).unwrap();
    let audited = here(&world, &["runs", "verify"]).expect(1).out;
    assert!(audited.contains("approval 1 does not say what was recorded"), "{audited}");
}

#[test]
fn a_plan_is_told_with_its_hash_and_needs_no_approval_below_the_limit() {
    let world = World::new();
    world.write("july.csv", invoices(2));
    let api = sandbox(|_| {});
    here(&world, &["ledger", "init"]).expect(0);
    here(&world, &["ledger", "policy", "--approval", "required", "--above", "10,00,000"]).expect(0);
    let planned = world.run(&api, &["invoices", "create", "july.csv", "--plan"]).expect(0);
    assert!(planned.out.contains("the plan of run 1 has the hash "), "{}", planned.out);
    world.run(&api, &["runs", "send", "1"]).expect(0);
    assert_eq!(state(&api, "uploads"), 1);
}

#[test]
fn a_deletion_needs_approval_whatever_the_limit() {
    let world = World::new();
    let api = sandbox(|_| {});
    world.write("ids.csv", "invoiceId\nCIN0000001\n");
    here(&world, &["ledger", "init"]).expect(0);
    here(&world, &["ledger", "policy", "--approval", "required", "--above", "10,00,000"]).expect(0);
    let planned = world.run(&api, &["invoices", "delete", "ids.csv", "--yes"]).expect(3);
    assert!(planned.out.contains("waits for an approval"), "{}", planned.out);
}

#[test]
fn policies_are_refused_in_words_and_changed_one_part_at_a_time() {
    let world = World::new();
    here(&world, &["ledger", "init"]).expect(0);
    for (flags, said) in [
        (&["--above", "-5"][..], "zero or more"),
        (&["--above", "ten"], "is not an amount"),
        (&["--approvers", "meera,,ravi"], "has an empty name"),
        (&["--plan-expires", "3 weeks"], "is not a time"),
        (&["--approval", "maybe"], "maybe"),
    ] {
        let refused = here(&world, &[&["ledger", "policy"][..], flags].concat()).expect(2);
        assert!(refused.err.contains(said), "{said}: {}", refused.err);
    }
    assert_eq!(world.count("SELECT count(*) FROM policy"), 0);
    here(&world, &["ledger", "policy", "--approval", "required", "--approvers", "ravi,meera"]).expect(0);
    here(&world, &["ledger", "policy", "--plan-expires", "12h"]).expect(0);
    let shown = here(&world, &["ledger", "policy"]).expect(0).out;
    let first = shown.lines().next().unwrap();
    assert!(first.ends_with("every run is approved by meera or ravi; plans expire after 12h"), "{shown}");
    assert_eq!(shown.lines().count(), 3, "{shown}");
    let lifted = ["--approval", "none", "--approvers", "anyone", "--plan-expires", "never", "--above", "all"];
    let shown = here(&world, &[&["ledger", "policy"][..], &lifted].concat()).expect(0).out;
    assert!(shown.lines().next().unwrap().ends_with("no approval is asked for"), "{shown}");
}

#[cfg(unix)]
#[test]
fn only_the_owner_of_the_ledger_sets_its_policy() {
    use std::os::unix::fs::MetadataExt as _;
    // Root's own file cannot be had by another user, and another's only by root.
    let world = World::new();
    here(&world, &["ledger", "init"]).expect(0);
    let path = world.state().join("ledger.db");
    if fs::metadata(&path).unwrap().uid() == 0 && std::os::unix::fs::chown(&path, Some(12_345), None).is_ok() {
        let refused = here(&world, &["ledger", "policy", "--approval", "none"]).expect(2);
        assert!(refused.err.contains("only the owner of this file"), "{}", refused.err);
        here(&world, &["ledger", "policy"]).expect(0);
    } else {
        here(&world, &["ledger", "policy", "--approval", "none"]).expect(0);
    }
}

#[test]
fn severities_that_a_profile_changes_stand_in_plan_and_evidence() {
    let world = World::new();
    world.write("july.csv", invoices(2));
    let api = sandbox(|_| {});
    let toml = "[profiles.default]\nseverity = { date-future = \"warning\" }\n";
    world.write("arload.toml", toml);
    let planned = world.run(&api, &["invoices", "create", "july.csv"]).expect(0);
    assert!(planned.err.contains("date-future (warning instead of error)"), "{}", planned.err);
    assert!(here(&world, &["runs", "show", "1"]).expect(0).out.contains("date-future: warning"));
    here(&world, &["runs", "evidence", "1", "-o", "july.zip"]).expect(0);
    let file = fs::File::open(world.path("july.zip")).unwrap();
    let mut archive = zip::ZipArchive::new(file).unwrap();
    let facts: serde_json::Value = serde_json::from_reader(archive.by_name("evidence.json").unwrap()).unwrap();
    assert_eq!(facts["settings"]["severity"], serde_json::json!({ "date-future": "warning" }));
}
