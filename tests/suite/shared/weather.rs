//! The database in bad weather, and places that are not as they should be: away, restarted, frozen, behind a pooler, of
//! two installations, of a newer program, of a role without rights.

use std::collections::HashMap;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::database::Database;
use super::hosts::{Dice, first_host, host, seed, settled, slow};
use super::proxy::Proxy;
use crate::crash::judge::{lies, lost, sheet};
use crate::world::{World, begun, end_of, ended, sandbox, state, wait_until};

const JOB: [&str; 5] = ["invoices", "create", "sheet.csv", "--max-chunk-rows", "5"];

#[test]
fn a_database_that_is_away_at_the_start_is_named_and_nothing_is_sent() {
    let Some(database) = Database::start() else { return };
    let sheet = sheet(20, &HashMap::new());
    let world = first_host(&database, "away", &sheet);
    let api = slow(0);
    database.kill();
    for arguments in [&JOB[..], &["runs", "list"], &["runs", "send", "1"], &["ledger", "init"]] {
        let ended = world.run(&api, arguments);
        assert!([2, 3].contains(&ended.code), "{arguments:?}: {ended:?}");
        assert!(ended.err.contains("127.0.0.1") && !ended.err.contains("panicked"), "{arguments:?}: {}", ended.err);
    }
    assert_eq!(state(&api, "uploads"), 0);
    database.again();
    settled(&world, &api, &sheet, "away at the start");
}

#[test]
fn a_database_that_goes_away_for_good_ends_the_sending_with_exit_code_3_and_loses_nothing() {
    let Some(database) = Database::start() else { return };
    let sheet = sheet(200, &HashMap::new());
    let world = first_host(&database, "gone", &sheet);
    let api = slow(100);
    let mut command = world.client(&api, &JOB);
    let child = begun(command.args(["--concurrency", "2"]));
    wait_until("some of it is sent", || state(&api, "uploads") >= 5);
    database.kill();
    let away = Instant::now();
    let mut uploads = state(&api, "uploads");
    let mut last = Duration::ZERO;
    let mut child = child;
    while child.try_wait().unwrap().is_none() {
        let now = state(&api, "uploads");
        if now > uploads {
            (uploads, last) = (now, away.elapsed());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let ended = end_of(child);
    assert_eq!(ended.code, 3, "{ended:?}");
    assert!(!ended.err.contains("panicked"), "{}", ended.err);
    // The lease is two seconds.
    assert!(last < Duration::from_secs(2), "a request left {last:?} after the database went away");
    assert!(away.elapsed() < Duration::from_mins(1), "it ended after {:?}", away.elapsed());
    database.again();
    settled(&world, &api, &sheet, "gone");
}

#[test]
fn a_database_that_is_killed_and_started_again_holds_a_job_up_and_no_more() {
    let Some(database) = Database::start() else { return };
    let sheet = sheet(200, &HashMap::new());
    let mut dice = Dice::new(seed());
    for (round, immediate) in [true, false].into_iter().enumerate() {
        let world = first_host(&database, &format!("restarted_{round}"), &sheet);
        let api = slow(60);
        let mut command = world.client(&api, &JOB);
        let child = begun(command.args(["--concurrency", "2"]));
        let sent = 2 + dice.roll(20);
        wait_until("some of it is sent", || state(&api, "uploads") >= sent);
        if immediate {
            database.stop();
        } else {
            database.kill();
        }
        database.again();
        let ended = end_of(child);
        let problems = lies(&world, &api, &sheet, Some(ended.code));
        assert_eq!(problems, [""; 0], "{}", ended.err);
        // A worker whose sign of life came too late ends, and is followed by another.
        assert!([0, 3, 4].contains(&ended.code), "{ended:?}");
        settled(&world, &api, &sheet, "restarted");
    }
}

#[test]
fn a_network_that_is_silent_for_longer_than_the_lease_corrupts_nothing() {
    let Some(database) = Database::shared() else { return };
    let sheet = sheet(200, &HashMap::new());
    let world = first_host(&database, "silent", &sheet);
    let other = host(&database, "silent", &sheet);
    let proxy = Proxy::start(database.address());
    let api = slow(60);
    let mut command = world.client(&api, &JOB);
    command.args(["--concurrency", "2"]).env("ARLOAD_TIMEOUT", "1s");
    let child = begun(command.env("ARLOAD_LEDGER", &database.place_at(proxy.port(), "silent").url));
    wait_until("some of it is sent", || state(&api, "uploads") >= 5);
    proxy.hold(true);
    let mut command = other.client(&api, &["runs", "send", "1"]);
    let helped = end_of(begun(command.env("ARLOAD_TIMEOUT", "1s")));
    assert_eq!(helped.code, 0, "{helped:?}");
    proxy.hold(false);
    let ended = end_of(child);
    assert!(!ended.err.contains("panicked") && [0, 3, 4].contains(&ended.code), "{ended:?}");
    settled(&world, &api, &sheet, "silent");
}

#[test]
fn connections_that_are_refused_for_a_while_hold_a_job_up_and_no_more() {
    let Some(database) = Database::shared() else { return };
    let sheet = sheet(200, &HashMap::new());
    let world = first_host(&database, "refused", &sheet);
    let proxy = Proxy::start(database.address());
    let api = slow(60);
    let mut command = world.client(&api, &JOB);
    command.args(["--concurrency", "2"]).env("ARLOAD_TIMEOUT", "1s");
    let child = begun(command.env("ARLOAD_LEDGER", &database.place_at(proxy.port(), "refused").url));
    wait_until("some of it is sent", || state(&api, "uploads") >= 5);
    proxy.refuse(true);
    let before = proxy.connections();
    wait_until("it tries again", || proxy.connections() >= before + 3);
    proxy.refuse(false);
    let ended = end_of(child).expect(0);
    assert_eq!(lies(&world, &api, &sheet, Some(ended.code)), [""; 0]);
    assert_eq!(lost(&world, &sheet), [""; 0]);
}

#[test]
fn a_pooler_that_hands_out_another_connection_for_every_transaction_may_stand_between() {
    let Some(database) = Database::shared() else { return };
    let sheet = sheet(60, &HashMap::new());
    let direct = first_host(&database, "pooled", &sheet);
    let proxy = Proxy::pooling(database.address());
    let world = World::sharing(database.place_at(proxy.port(), "pooled"));
    world.write("sheet.csv", &sheet.text);
    let api = slow(10);
    let ended = end_of(begun(&mut world.client(&api, &JOB))).expect(0);
    assert_eq!(lies(&direct_results(&direct, &world), &api, &sheet, Some(ended.code)), [""; 0]);
    assert_eq!(proxy.named().len(), 0, "prepared for a session: {:?}", proxy.named());
    assert!(proxy.statements().len() > 40);
}

/// A world that looks into the tables without what stands between, and has the results of the other.
fn direct_results(direct: &World, world: &World) -> World {
    let copy = World::sharing(direct.place().expect("it shares").clone());
    copy.write("sheet.results.csv", world.read("sheet.results.csv"));
    copy
}

#[test]
fn pgbouncer_in_transaction_mode_may_stand_between() {
    let Some(database) = Database::shared() else { return };
    let program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"].into_iter().find(|path| Path::new(path).exists());
    let Some(program) = program else {
        eprintln!("skipped: pgbouncer is not installed; a stand-in for it is tried by another test");
        return;
    };
    let sheet = sheet(60, &HashMap::new());
    let direct = first_host(&database, "bounced", &sheet);
    let port = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    // Every client is this one user at the database.
    let settings = format!(
        "[databases]\narload = host=127.0.0.1 port={} user=arload\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
         listen_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 3\n",
        database.address().port()
    );
    let folder = database.folder();
    std::fs::write(folder.join("pgbouncer.ini"), settings).unwrap();
    let mut command = database.unprivileged(Path::new(program));
    let mut bouncer = command.args(["-q", "pgbouncer.ini"]).stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_until("pgbouncer listens", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
    let api = slow(10);
    let workers: Vec<_> = (0..2)
        .map(|_| {
            let world = World::sharing(database.place_at(port, "bounced"));
            world.write("sheet.csv", &sheet.text);
            let child = begun(&mut world.client(&api, &JOB));
            (world, child)
        })
        .collect();
    let ends: Vec<_> = workers.into_iter().map(|(world, child)| (world, end_of(child))).collect();
    bouncer.kill().unwrap();
    bouncer.wait().unwrap();
    for (world, ended) in ends {
        let ended = ended.expect(0);
        assert_eq!(lies(&direct_results(&direct, &world), &api, &sheet, Some(ended.code)), [""; 0]);
    }
}

#[test]
fn two_installations_in_one_database_know_nothing_of_each_other() {
    let Some(database) = Database::shared() else { return };
    let sheet = sheet(20, &HashMap::new());
    let (one, two) = (first_host(&database, "one", &sheet), first_host(&database, "two", &sheet));
    let apis = [slow(10), slow(10)];
    let jobs: Vec<_> = [&one, &two].iter().zip(&apis).map(|(world, api)| begun(&mut world.client(api, &JOB))).collect();
    for ((world, api), job) in [&one, &two].into_iter().zip(&apis).zip(jobs) {
        let ended = end_of(job).expect(0);
        assert_eq!(lies(world, api, &sheet, Some(ended.code)), [""; 0]);
        assert_eq!(world.count("SELECT count(*) FROM run"), 1);
        assert_eq!(state(api, "uploads"), 4);
    }
    let id = |world: &World| world.place().unwrap().text("SELECT value FROM meta WHERE key = 'id'");
    assert_ne!(id(&one), id(&two));
}

#[test]
fn tables_of_a_newer_program_are_refused_and_left_alone() {
    let Some(database) = Database::shared() else { return };
    let sheet = sheet(20, &HashMap::new());
    let world = first_host(&database, "newer", &sheet);
    let api = slow(0);
    world.place().unwrap().connect().batch_execute("UPDATE meta SET value = '99' WHERE key = 'format'").unwrap();
    for arguments in [&JOB[..], &["runs", "list"], &["runs", "send", "1"], &["ledger", "init"], &["ledger", "migrate"]]
    {
        let ended = world.run(&api, arguments);
        assert_eq!(ended.code, 2, "{arguments:?}: {ended:?}");
        assert!(ended.err.contains("99") && ended.err.contains("newer"), "{arguments:?}: {}", ended.err);
    }
    assert_eq!((state(&api, "uploads"), world.count("SELECT count(*) FROM run")), (0, 0));
    assert_eq!(world.place().unwrap().text("SELECT value FROM meta WHERE key = 'format'"), "99");
}

#[test]
fn a_place_without_tables_names_the_command_that_makes_them() {
    let Some(database) = Database::shared() else { return };
    let world = host(&database, "nothing", &sheet(20, &HashMap::new()));
    let ended = world.run(&sandbox(|_| {}), &JOB).expect(2);
    assert!(ended.err.contains("ledger init"), "{}", ended.err);
}

#[test]
fn a_role_without_rights_is_told_so_and_nothing_is_sent() {
    let Some(database) = Database::shared() else { return };
    let sheet = sheet(20, &HashMap::new());
    let owner = first_host(&database, "rights", &sheet);
    owner
        .place()
        .unwrap()
        .connect()
        .batch_execute(
            "CREATE ROLE guest LOGIN; CREATE ROLE reader LOGIN;
        GRANT USAGE ON SCHEMA rights TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA rights TO reader",
        )
        .unwrap();
    let api = slow(0);
    let url = |role: &str| owner.place().unwrap().url.replace("//arload@", &format!("//{role}@"));
    for (role, arguments) in [
        ("guest", &JOB[..]),
        ("guest", &["runs", "list"]),
        ("guest", &["ledger", "init"]),
        ("reader", &JOB[..]),
        ("nobody_at_all", &["runs", "list"]),
    ] {
        let mut command = owner.client(&api, arguments);
        let ended = ended(command.env("ARLOAD_LEDGER", url(role)));
        assert!([2, 3].contains(&ended.code), "{role} {arguments:?}: {ended:?}");
        assert!(ended.err.contains("arload: ") && !ended.err.contains("panicked"), "{role}: {}", ended.err);
    }
    assert_eq!((state(&api, "uploads"), owner.count("SELECT count(*) FROM run")), (0, 0));
    let mut list = owner.arload(&["runs", "list"]);
    ended(list.env("ARLOAD_LEDGER", url("reader"))).expect(0);
}
