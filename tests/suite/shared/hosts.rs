//! Hosts that work on one ledger: that plan the same file, whose clocks are wrong, that sleep and wake up.

use std::collections::HashMap;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use arload::sandbox::{Duplicates, Fault, Sandbox, ScheduledFault};
use rustix::process::{Pid, Signal, kill_process};

use super::database::Database;
use crate::crash::judge::{Sheet, lies, lost, sheet};
use crate::crash::long;
use crate::world::{World, begun, end_of, ended, sandbox, state, wait_until};

/// Limit: workers that sleep at once; they and those who wait for them take little of the processors.
const SLEEPERS: usize = 3;

/// Numbers that follow from a seed.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    pub(super) fn roll(&mut self, sides: u64) -> u64 {
        // Knuth's constants for a linear generator; the high bits are the random ones.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides.max(1)
    }
}

/// The seed that is asked for, or the first.
pub(super) fn seed() -> u64 {
    std::env::var("ARLOAD_SEED").map_or(1, |seed| seed.parse().unwrap())
}

/// Seeds of a test: the one that is asked for, or so many.
fn seeds(short: u64, many: u64) -> std::ops::RangeInclusive<u64> {
    match std::env::var("ARLOAD_SEED") {
        Ok(seed) => seed.parse().unwrap()..=seed.parse().unwrap(),
        Err(_) => 1..=if long() { many } else { short },
    }
}

/// A host with the sheet, a home of its own, and the ledger of all.
pub(super) fn host(database: &Database, schema: &str, sheet: &Sheet) -> World {
    let world = World::sharing(database.place(schema));
    world.write("sheet.csv", &sheet.text);
    world
}

/// A host whose ledger is made.
pub(super) fn first_host(database: &Database, schema: &str, sheet: &Sheet) -> World {
    let world = host(database, schema, sheet);
    ended(&mut world.arload(&["ledger", "init"])).expect(0);
    world
}

/// A sandbox that stores what comes twice, and takes its time.
pub(super) fn slow(latency: u64) -> Sandbox {
    sandbox(|settings| {
        settings.replies.duplicates = Duplicates::StoredTwice;
        (settings.latency_ms, settings.jitter_ms) = (latency, latency / 2);
    })
}

/// Asserts that all is settled and true on a host, after giving the command as often as it takes.
#[track_caller]
pub(super) fn settled(world: &World, api: &Sandbox, sheet: &Sheet, what: &str) {
    let mut told = Vec::new();
    for _ in 0..5 {
        let mut command = world.client(api, &["invoices", "create", "sheet.csv", "--max-chunk-rows", "5"]);
        let ended = ended(command.env("ARLOAD_TIMEOUT", "2s"));
        let mut problems = lies(world, api, sheet, Some(ended.code));
        told.push(format!("exit {}: {}", ended.code, ended.err.trim_end()));
        if matches!(ended.code, 0 | 1) {
            problems.extend(lost(world, sheet));
            assert_eq!(problems, [""; 0], "{what}: {}", told.join("\n"));
            return;
        }
        assert_eq!(problems, [""; 0], "{what}: {}", told.join("\n"));
    }
    panic!("{what}: not settled\n{}", told.join("\n"));
}

#[test]
fn hosts_that_plan_the_same_file_at_the_same_moment_make_one_run() {
    let Some(database) = Database::shared() else { return };
    let sheet = sheet(200, &HashMap::new());
    for seed in seeds(3, 50) {
        let schema = format!("same_{seed}");
        let mut dice = Dice::new(seed);
        let first = first_host(&database, &schema, &sheet);
        let second = host(&database, &schema, &sheet);
        let api = slow(50);
        let start = |world: &World, apart: u64| {
            std::thread::sleep(Duration::from_millis(apart));
            let mut command = world.client(&api, &["invoices", "create", "sheet.csv", "--max-chunk-rows", "5"]);
            begun(command.args(["--concurrency", "1"]))
        };
        // Both run for longer than they are apart.
        let children = [start(&first, 0), start(&second, dice.roll(80))];
        let ends = children.map(|child| end_of(child).expect(0));
        // Whoever of them planned has the results beside its file.
        let planner = if first.path("sheet.results.csv").exists() { &first } else { &second };
        let mut problems = lies(planner, &api, &sheet, Some(0));
        problems.extend(lost(planner, &sheet));
        assert_eq!(problems, [""; 0], "seed {seed}: {ends:?}");
        assert_eq!(first.count("SELECT count(*) FROM run"), 1, "seed {seed}");
        assert_eq!(state(&api, "duplicate_rows"), 0);
    }
}

/// A command on a host whose clock is off; none where clocks cannot be faked here, which is said.
fn off(plain: &Command, offset: &str, world: &World) -> Option<Command> {
    if Command::new("faketime").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        eprintln!("skipped: faketime is not installed");
        return None;
    }
    let mut command = Command::new("faketime");
    command.args(["-f", offset]).arg(plain.get_program()).args(plain.get_args()).env_clear();
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("DONT_FAKE_MONOTONIC", "1").current_dir(world.path("")).stdin(Stdio::null());
    Some(command)
}

#[test]
fn hosts_whose_clocks_are_an_hour_apart_send_every_row_once() {
    let Some(database) = Database::shared() else { return };
    let sheet = sheet(300, &HashMap::new());
    let first = first_host(&database, "clocks", &sheet);
    let api = slow(40);
    first.run(&api, &["invoices", "create", "sheet.csv", "--max-chunk-rows", "5", "--plan"]).expect(0);
    let mut workers = Vec::new();
    for offset in ["+1h", "-1h", "+0"] {
        let world = host(&database, "clocks", &sheet);
        let plain = world.client(&api, &["runs", "send", "1", "--concurrency", "2"]);
        let Some(mut command) = off(&plain, offset, &world) else { return };
        workers.push((begun(&mut command), world));
    }
    for (child, _world) in workers {
        end_of(child).expect(0);
    }
    settled(&first, &api, &sheet, "clocks");
    let workers = first.count("SELECT count(DISTINCT split_part(sender, '/', 1)) FROM attempt");
    assert!(workers >= 2, "only {workers} took part");
    assert_eq!(state(&api, "uploads"), 60, "a chunk was sent again");
}

#[test]
fn a_host_whose_clock_is_an_hour_off_waits_as_long_as_any_other_for_what_a_dead_worker_sent() {
    let Some(database) = Database::shared() else { return };
    let sheet = sheet(40, &HashMap::new());
    std::thread::scope(|scope| {
        for (schema, offset) in [("off_ahead", "+1h"), ("off_behind", "-1h")] {
            let (database, sheet) = (&database, &sheet);
            scope.spawn(move || waits_though_its_clock_is_off(database, sheet, schema, offset));
        }
    });
}

fn waits_though_its_clock_is_off(database: &Database, sheet: &Sheet, schema: &str, offset: &str) {
    const TIMEOUT: &str = "8s";
    let first = first_host(database, schema, sheet);
    let api = slow(20);
    // The third upload is stored five seconds after it came, when its sender is dead and its lease is over.
    let route = Some("/api/v0/invoice/bulk/create".to_owned());
    api.change(|settings| {
        settings.faults.slow_ms = 5_000;
        settings.faults.schedule = vec![ScheduledFault { request: 3, route, fault: Fault::SlowStoring }];
    });
    let mut command = first.client(&api, &["invoices", "create", "sheet.csv", "--max-chunk-rows", "5"]);
    let mut dead = begun(command.args(["--concurrency", "1"]).env("ARLOAD_TIMEOUT", TIMEOUT));
    wait_until("the third upload is under way", || first.count("SELECT count(*) FROM attempt") >= 3);
    // It has left by then, and nothing says so before it is stored.
    std::thread::sleep(Duration::from_millis(500));
    dead.kill().unwrap();
    dead.wait().unwrap();
    let other = host(database, schema, sheet);
    let mut plain = other.client(&api, &["runs", "send", "1", "--concurrency", "1"]);
    plain.env("ARLOAD_TIMEOUT", TIMEOUT);
    let Some(mut command) = off(&plain, offset, &other) else { return };
    let started = Instant::now();
    let mut child = begun(&mut command);
    wait_until("the other host has ended", || child.try_wait().unwrap().is_some());
    let ended = end_of(child).expect(0);
    assert!(started.elapsed() < Duration::from_secs(40), "{offset}: it took {:?}", started.elapsed());
    // What was under way is stored by then, if it was not waited for.
    wait_until("the slow upload is stored", || started.elapsed() > Duration::from_secs(6));
    assert_eq!((state(&api, "duplicate_rows"), state(&api, "uploads")), (0, 8), "{offset}: {}", ended.err);
    settled(&first, &api, sheet, offset);
}

/// A process that is stopped and let go on.
struct Sleeper(Child);

impl Sleeper {
    fn signal(&self, signal: Signal) {
        // One that has ended meanwhile is not harmed.
        let _ = kill_process(Pid::from_child(&self.0), signal);
    }
}

#[test]
fn a_worker_that_slept_for_longer_than_its_lease_corrupts_nothing_when_it_wakes_up() {
    let Some(database) = Database::shared() else { return };
    let sheet = sheet(150, &HashMap::new());
    let (seeds, late) = (Mutex::new(seeds(3, 60)), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..SLEEPERS {
            scope.spawn(|| {
                loop {
                    let Some(seed) = seeds.lock().unwrap().next() else { return };
                    late.fetch_add(u64::from(slept(&database, &sheet, seed)), Ordering::SeqCst);
                }
            });
        }
    });
    println!("slept: in {late:?} of the seeds a request was under way that another worker took over");
}

/// Lets a worker sleep; says whether another took over meanwhile what it had under way.
fn slept(database: &Database, sheet: &Sheet, seed: u64) -> bool {
    let schema = format!("sleep_{seed}");
    let mut dice = Dice::new(seed);
    let first = first_host(database, &schema, sheet);
    let second = host(database, &schema, sheet);
    let api = slow(100);
    let job = |world: &World, command: &[&str]| {
        let mut command = world.client(&api, command);
        // The request of the one who sleeps is over before anybody looks for its rows.
        begun(command.args(["--concurrency", "2"]).env("ARLOAD_TIMEOUT", "1s"))
    };
    let sleeper = Sleeper(job(&first, &["invoices", "create", "sheet.csv", "--max-chunk-rows", "5"]));
    let sent = dice.roll(6);
    wait_until("the first worker is at work", || {
        state(&api, "uploads") >= sent && first.count("SELECT count(*) FROM run") > 0
    });
    std::thread::sleep(Duration::from_millis(dice.roll(120)));
    sleeper.signal(Signal::STOP);
    let other = job(&second, &["runs", "send", "1"]);
    // Its lease is over, and what it had under way was taken over, or the other has ended.
    let taken =
        "SELECT count(*) FROM reply JOIN attempt ON attempt.id = reply.attempt_id WHERE reply.kind = 'no-reply'";
    let started = Instant::now();
    let asleep = Duration::from_millis(2_500 + dice.roll(2_000));
    wait_until("the lease is over", || started.elapsed() > asleep);
    let lost_meanwhile = first.count(taken);
    sleeper.signal(Signal::CONT);
    let woken = end_of(sleeper.0);
    let helped = end_of(other);
    for ended in [&woken, &helped] {
        assert!(!ended.err.contains("panicked"), "seed {seed}: {}", ended.err);
    }
    assert!([0, 3, 4].contains(&woken.code), "seed {seed}: {woken:?}");
    assert_eq!(helped.code, 0, "seed {seed}: {helped:?}");
    settled(&first, &api, sheet, &format!("seed {seed}"));
    lost_meanwhile > 0
}
