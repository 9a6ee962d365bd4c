//! Runs with nobody watching: what may be empty or refused, the log, metrics, the notified command, and what has to come.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use arload::sandbox::{Fault, SandboxSettings, ScheduledFault};
use serde_json::Value;

use crate::world::{World, ended, invoices, sandbox};

/// A sheet with so many rows, of which some are invalid.
fn sheet(rows: usize, bad: usize) -> String {
    let mut lines: Vec<String> = invoices(rows).lines().map(str::to_owned).collect();
    for line in lines.iter_mut().skip(1).take(bad) {
        // No such day.
        *line = line.replace("/07/2026,25/08/2026", "/07/2026,31/02/2026");
    }
    lines.join("\n") + "\n"
}

#[test]
fn rows_below_the_share_are_tolerated_and_said() {
    let api = sandbox(|_| {});
    let world = World::new();
    for (name, rows, bad, share, code, said) in [
        ("one.csv", 300, 1, "0.5%", 0, "299 accepted, 1 invalid of 300 rows"),
        ("at.csv", 200, 1, "0.5%", 1, "199 accepted, 1 invalid of 200 rows"),
        ("two.csv", 300, 2, "0.5%", 1, "298 accepted, 2 invalid of 300 rows"),
        ("none.csv", 30, 1, "0%", 1, "29 accepted, 1 invalid of 30 rows"),
    ] {
        // Every sheet has invoices of its own.
        world.write(name, sheet(rows, bad).replace("T/26-27/", &format!("{}/", &name[..2])));
        let words = ["invoices", "create", name, "--tolerate", share];
        let dry = ended(world.client(&api, &words).arg("--dry-run")).expect(code);
        let run = world.run(&api, &words).expect(code);
        assert!(run.out.contains(said), "{}", run.out);
        for out in [&dry.out, &run.out] {
            assert_eq!(out.contains("1 row tolerated (0.333%)"), code == 0, "{out}");
        }
    }
}

#[test]
fn no_share_tolerates_unknown_rows_rows_not_sent_or_a_sheet_that_was_not_read() {
    let api = sandbox(|_| {});
    let world = World::new();
    world.write("good.csv", sheet(20, 1));
    world.write("broken.csv", "no,table\n");
    let all = ["invoices", "create", "good.csv", "broken.csv", "--tolerate", "100%"];
    world.run(&api, &all).expect(1);
    ended(world.client(&api, &all).arg("--dry-run")).expect(1);
    world.write("strict.csv", sheet(20, 1).replace("T/26-27/", "S/"));
    let strict = ["invoices", "create", "strict.csv", "--tolerate", "100%", "--strict"];
    let run = world.run(&api, &strict).expect(1);
    assert!(run.out.contains("19 not-sent") && !run.out.contains("tolerated"), "{}", run.out);
    ended(world.client(&api, &strict).arg("--dry-run")).expect(1);

    let silent = sandbox(|settings| {
        settings.faults.routes = vec!["/api/v0/invoice/bulk/create".to_owned(), "/api/v0/invoice/search".to_owned()];
        settings.faults.rates = BTreeMap::from([(Fault::ErrorBeforeStoring, 1.0)]);
    });
    let world = World::new();
    world.write("good.csv", sheet(20, 1));
    let run = world.run(&silent, &["invoices", "create", "good.csv", "--tolerate", "100%", "--first-use"]).expect(4);
    assert!(run.out.contains("19 unknown") && !run.out.contains("tolerated"), "{}", run.out);
}

#[test]
fn nothing_to_read_is_fine_where_it_may_be_and_only_there() {
    let api = sandbox(|_| {});
    let world = World::new();
    world.write("empty.csv", "");
    world.write("headings.csv", invoices(0));
    fs::create_dir(world.path("outbox")).unwrap();
    for (words, code) in [
        (&["empty.csv"][..], 0),
        (&["headings.csv"], 0),
        (&["outbox"], 0),
        (&["outbox/*.csv"], 0),
        (&["outbox", "empty.csv", "none-*.csv"], 0),
        // What is not there at all is a mistake.
        (&["outbux"], 2),
        (&["outbux/*.csv"], 2),
        (&["outbox", "none.csv"], 2),
        // What must be there is not.
        (&["outbox", "--expect-rows", "5"], 2),
        (&["empty.csv", "--expect-total", "1.00"], 2),
    ] {
        let words = [&["invoices", "create", "--allow-empty"], words].concat();
        for dry in [true, false] {
            let run = ended(world.client(&api, &words).args(dry.then_some("--dry-run"))).expect(code);
            assert!(
                code != 0 || run.out.contains("0 rows") || run.out.contains("no data rows"),
                "{words:?} {}",
                run.out
            );
        }
    }
    for words in [&["empty.csv"][..], &["outbox"], &["outbox/*.csv"]] {
        world.run(&api, &[&["invoices", "create"], words].concat()).expect(2);
    }
    // A control file says how many rows its sheet has.
    world.write("empty.control", "rows = 5\n");
    world.run(&api, &["invoices", "create", "empty.csv", "--allow-empty"]).expect(2);
    world.write("empty.control", "rows = 0\n");
    world.run(&api, &["invoices", "create", "empty.csv", "--allow-empty"]).expect(0);
    // Beside sheets with rows, an empty one is no refusal.
    world.write("full.csv", sheet(3, 0));
    world.run(&api, &["invoices", "create", "full.csv", "empty.csv", "--allow-empty"]).expect(0);
}

/// Samples by name and labels; every line is held against the text format of Prometheus.
fn samples(text: &str) -> BTreeMap<String, f64> {
    let mut samples = BTreeMap::new();
    let (mut family, mut seen) = (String::new(), BTreeSet::new());
    let mut lines = text.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        let line = line.strip_suffix('\n').expect("the last line has an end too");
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, help) = help.split_once(' ').unwrap();
            assert!(!help.is_empty() && !help.contains('\\') && seen.insert(name.to_owned()), "{line}");
            let kind = lines.next().unwrap().trim_end();
            let kind = kind.strip_prefix(&format!("# TYPE {name} ")).expect("a type follows the help");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{name} {kind}");
            assert!(["counter", "gauge"].contains(&kind) && lines.peek().is_some(), "{line}");
            name.clone_into(&mut family);
            continue;
        }
        let (place, figure) = line.rsplit_once(' ').unwrap();
        let (name, labels) = place.split_once('{').unwrap();
        assert_eq!(name, family, "{line}");
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
        for label in labels.strip_suffix('}').unwrap().split("\",") {
            let (key, value) = label.split_once("=\"").unwrap();
            let value = value.trim_end_matches('"');
            assert!(key.bytes().all(|byte| byte.is_ascii_lowercase()) && !value.contains('"'), "{line}");
        }
        let sample = samples.insert(place.to_owned(), figure.parse().unwrap());
        assert!(sample.is_none(), "{place} stands there twice");
    }
    samples
}

/// The sample of a name and of labels besides the account's.
#[track_caller]
fn sample(samples: &BTreeMap<String, f64>, name: &str, labels: &[(&str, &str)]) -> f64 {
    let matches = |place: &str| {
        place.starts_with(&format!("{name}{{"))
            && labels.iter().all(|(key, value)| place.contains(&format!("{key}=\"{value}\"")))
    };
    let found: Vec<f64> = samples.iter().filter(|(place, _)| matches(place)).map(|(_, figure)| *figure).collect();
    assert_eq!(found.len(), 1, "{name} {labels:?} in {samples:#?}");
    found[0]
}

fn throttled_once(settings: &mut SandboxSettings) {
    let route = Some("/api/v0/invoice/bulk/create".to_owned());
    settings.faults.retry_after_s = 1;
    settings.faults.schedule = vec![ScheduledFault { request: 1, route, fault: Fault::Throttled }];
}

#[test]
fn the_metrics_tell_the_last_run_of_every_operation() {
    let api = sandbox(throttled_once);
    let world = World::with_samples(&["customers-add.csv"]);
    let metrics = ["--metrics", "arload.prom"];
    let operation = |name| [("operation", name)];
    let run = |words: &[&str]| world.run(&api, &[words, &metrics].concat());
    world.write("a.csv", sheet(20, 0));
    ended(world.client(&api, &["invoices", "create", "a.csv", "--dry-run"]).args(metrics)).expect(0);
    assert!(!world.path("arload.prom").exists());

    run(&["invoices", "create", "a.csv"]).expect(0);
    let read = || samples(&String::from_utf8(world.read("arload.prom")).unwrap());
    let first = read();
    let create = operation("invoices create");
    let outcome = |name| [create[0], ("outcome", name)];
    assert!((sample(&first, "arload_last_run_rows", &outcome("accepted")) - 20.0).abs() < 1e-9);
    let rupees: f64 = (1..=20).map(|row| f64::from(1_000 + row) * 1.18).sum();
    assert!((sample(&first, "arload_last_run_rupees", &outcome("accepted")) - rupees).abs() < 0.005);
    assert!((sample(&first, "arload_last_run_requests", &[create[0], ("status", "429")]) - 1.0).abs() < 1e-9);
    assert!((sample(&first, "arload_last_run_throttled_requests", &create) - 1.0).abs() < 1e-9);
    assert!(sample(&first, "arload_last_run_wait_seconds", &[create[0], ("reason", "throttled")]) > 0.0);
    let success = sample(&first, "arload_last_success_timestamp_seconds", &create);
    assert!(success > 1.7e9 && sample(&first, "arload_last_run_duration_seconds", &create) >= 0.0);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(world.path("arload.prom")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o644, "a collector is another user");
    }

    // The file is made of the ledger: what was in it before does not matter.
    world.write("arload.prom", "nonsense");
    world.write("b.csv", sheet(30, 10).replace("T/26-27/", "B/"));
    run(&["invoices", "create", "b.csv", "--max-invalid", "100%"]).expect(1);
    run(&["customers", "add", "customers-add.csv"]).expect(0);
    let second = read();
    assert!((sample(&second, "arload_last_run_rows", &outcome("invalid")) - 10.0).abs() < 1e-9);
    assert!((sample(&second, "arload_runs_total", &create) - 2.0).abs() < 1e-9);
    assert!((sample(&second, "arload_last_success_timestamp_seconds", &create) - success).abs() < 1e-9);
    let add = [("operation", "customers add"), ("outcome", "accepted")];
    assert!((sample(&second, "arload_last_run_rows", &add) - 2.0).abs() < 1e-9);
    let left = world.results().into_iter().filter(|name| name.contains(".tmp"));
    assert_eq!(left.collect::<Vec<_>>(), [""; 0]);
    let readme = fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    for place in second.keys() {
        let name = place.split('{').next().unwrap();
        assert!(readme.contains(&format!("`{name}`")), "README.md does not tell of {name}");
    }

    // A place that cannot be written is told, and the run ends as it would.
    world.write("c.csv", sheet(3, 0).replace("T/26-27/", "C/"));
    let run = world.run(&api, &["invoices", "create", "c.csv", "--metrics", "none/arload.prom"]).expect(0);
    assert!(run.err.contains("none/arload.prom: the metrics cannot be written"), "{}", run.err);
}

#[test]
fn the_log_has_every_event_with_its_time_and_run_and_no_secret() {
    let api = sandbox(|_| {});
    let secret = api.settings().credentials.password;
    let world = World::new();
    world.write("a.csv", sheet(20, 1));
    let words = ["invoices", "create", "a.csv", "--log", "arload.log", "--log-format", "json"];
    let run = world.run(&api, &words).expect(1);
    let log = String::from_utf8(world.read("arload.log")).unwrap();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<&str> = lines.iter().map(|line| line["event"].as_str().unwrap()).collect();
    for kind in ["account", "sheet-read", "planned", "attempt", "results-written", "finished"] {
        assert!(kinds.contains(&kind), "{kind} in {kinds:?}");
    }
    for line in &lines {
        let time: Result<jiff::Timestamp, _> = line["time"].as_str().unwrap().parse();
        assert!(time.is_ok() && ["info", "warning", "error"].contains(&line["level"].as_str().unwrap()), "{line}");
        assert!(line["run"] == 1 || !["attempt", "finished"].contains(&line["event"].as_str().unwrap()), "{line}");
    }
    assert_eq!(lines.last().unwrap()["level"], "warning");
    assert!(!log.contains(&secret) && !run.err.contains("\"time\""));

    // As text, in a file that gives way to new ones.
    let mut small = world.client(&api, &["invoices", "create", "a.csv", "--log", "small.log"]);
    ended(small.env("ARLOAD_LOG_SIZE", "1KiB").env("ARLOAD_LOG_KEEP", "1")).expect(1);
    for name in ["small.log", "small.log.1"] {
        let text = String::from_utf8(world.read(name)).unwrap();
        assert!(text.len() <= 1024 || text.lines().count() == 1, "{name}: {text}");
        assert!(text.lines().all(|line| line.starts_with("20") && line.contains("+05:30 ")), "{text}");
    }
    assert!(!world.path("small.log.2").exists());

    // A log that cannot be written is told once, and holds nothing up.
    let run = world.run(&api, &["invoices", "create", "a.csv", "--log", "none/arload.log"]).expect(1);
    assert_eq!(run.err.matches("the log cannot be written").count(), 1, "{}", run.err);
    // Without a file, standard error holds the lines, the last words of a failure among them.
    for (words, code, last) in [(&["a.csv"][..], 1, "finished"), (&["nothing.csv"], 2, "failed")] {
        let words = [&["invoices", "create", "--log-format", "json"], words].concat();
        let run = world.run(&api, &words).expect(code);
        let lines: Vec<Value> = run.err.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
        assert_eq!((lines.last().unwrap()["event"].as_str(), run.out.is_empty()), (Some(last), code == 2));
    }
}

#[cfg(unix)]
#[test]
fn the_notified_command_gets_the_summary_and_changes_nothing() {
    let api = sandbox(|_| {});
    let world = World::new();
    world.write("a.csv", sheet(20, 1));
    let tell = "cat > told.json; env > env.txt";
    world.run(&api, &["invoices", "create", "a.csv", "--notify", tell]).expect(1);
    let told: Value = serde_json::from_slice(&world.read("told.json")).unwrap();
    assert_eq!((&told["event"], &told["run"], &told["exit"]), (&"finished".into(), &1.into(), &1.into()));
    assert_eq!((&told["operation"], &told["company"]), (&"invoices create".into(), &api.settings().company_id.into()));
    assert_eq!(told["totals"]["by-status"]["accepted"]["rows"], 19);
    assert_eq!(told["files"].as_array().unwrap().len(), 4);
    let environment = String::from_utf8(world.read("env.txt")).unwrap();
    assert!(
        environment.contains("ARLOAD_RATE") && !environment.contains("PASSWORD") && !environment.contains("SECRET")
    );

    // A command that fails is told; the exit code stays.
    let run = world.run(&api, &["invoices", "create", "a.csv", "--notify", "echo no route >&2; exit 9"]).expect(1);
    assert!(run.err.contains("no route") && run.err.contains("the exit code stays 1"), "{}", run.err);
    // Whoever is notified hears of a run that could not begin, too.
    world.run(&api, &["invoices", "create", "nothing.csv", "--notify", tell]).expect(2);
    let told: Value = serde_json::from_slice(&world.read("told.json")).unwrap();
    assert_eq!((&told["event"], &told["exit"]), (&"failed".into(), &2.into()));
    assert!(told["message"].as_str().unwrap().contains("no sheet could be read"), "{told}");
}

#[cfg(unix)]
#[test]
fn whoever_is_notified_hears_of_settings_that_are_refused() {
    let api = sandbox(|_| {});
    let world = World::new();
    world.write("a.csv", sheet(2, 0));
    let tell = "cat > told.json";
    let heard = |code: u8| {
        let told: Value = serde_json::from_slice(&world.read("told.json")).unwrap();
        std::fs::remove_file(world.path("told.json")).unwrap();
        assert_eq!((&told["event"], &told["exit"]), (&"failed".into(), &code.into()));
        told
    };
    for (flags, words) in [
        (&["--rate", "often"][..], "is not a rate"),
        (&["--config", "none.toml"], "none.toml"),
        (&["--profile", "nobody"], "nobody"),
        (&["--base-url", "http://example.com"], "plain http"),
    ] {
        world.run(&api, &[&["invoices", "create", "a.csv", "--notify", tell], flags].concat()).expect(2);
        let told = heard(2);
        assert_eq!(told["operation"], "invoices create");
        assert!(told["message"].as_str().unwrap().contains(words), "{told}");
    }
    // The command stands in the settings file whose other line is refused: as long as it can be read as a file.
    world.write("arload.toml", format!("[profiles.default]\nnotify = \"{tell}\"\nmax-chunk-bytes = \"little\"\n"));
    world.run(&api, &["runs", "send", "1"]).expect(2);
    assert!(heard(2)["message"].as_str().unwrap().contains("arload.toml:3"));
    // Scripts get their line, too.
    let run = world.run(&api, &["invoices", "create", "a.csv", "--json"]).expect(2);
    let line: Value = serde_json::from_str(run.out.lines().last().unwrap()).unwrap();
    assert_eq!(line["event"], "failed");
    heard(2);
    std::fs::remove_file(world.path("arload.toml")).unwrap();
    // What could not be read is named.
    world.run(&api, &["invoices", "create", "nothing.csv", "--notify", tell]).expect(2);
    assert!(heard(2)["refused"][0].as_str().unwrap().contains("nothing.csv: no such file"));
}

#[test]
fn what_has_to_come_is_missed_until_it_is_there() {
    let api = sandbox(|_| {});
    let world = World::new();
    let expected = |least: u32| {
        let mut file = "[profiles.default]\n".to_owned();
        for (operation, due) in [("invoices create", "daily 00:00"), ("customers create", "last day 18:00")] {
            writeln!(file, "[[expect]]\noperation = \"{operation}\"\ndue = \"{due}\"\nleast-rows = {least}").unwrap();
        }
        world.write("arload.toml", file);
    };
    let look = || world.run(&api, &["runs", "expected", "--metrics", "m.prom", "--notify", "cat > told.json"]);
    let problems = world.run(&api, &["runs", "expected"]).expect(2);
    assert!(problems.err.contains("nothing is expected") && problems.err.contains("[[expect]]"), "{}", problems.err);

    expected(10);
    let run = look().expect(1);
    assert_eq!(run.out.matches("missed  ").count(), 2, "{}", run.out);
    let told: Value = serde_json::from_slice(&world.read("told.json")).unwrap();
    assert_eq!((&told["event"], told["missed"].as_array().unwrap().len()), (&"expected".into(), 2));
    let read = || samples(&String::from_utf8(world.read("m.prom")).unwrap());
    let create = [("operation", "invoices create"), ("due", "daily 00:00")];
    assert!((sample(&read(), "arload_expected_missed", &create) - 1.0).abs() < 1e-9);

    // Nine rows are too few; the run says so at its end, and its own exit code stays.
    world.write("a.csv", sheet(9, 0));
    let run = world.run(&api, &["invoices", "create", "a.csv"]).expect(0);
    assert!(run.err.contains("invoices create was due by") && run.err.contains("9 rows accepted"), "{}", run.err);
    world.write("b.csv", sheet(1, 0).replace("T/26-27/", "B/"));
    world.run(&api, &["invoices", "create", "b.csv"]).expect(0);
    let run = look().expect(1);
    assert!(run.out.contains("came    invoices create, daily 00:00: 10 rows accepted"), "{}", run.out);
    assert!(sample(&read(), "arload_expected_missed", &create).abs() < 1e-9);
    expected(11);
    look().expect(1);

    // The other operation never came: what was not looked for is not called fine.
    let quiet = world.run(&api, &["runs", "expected", "--quiet"]).expect(1);
    assert_eq!((quiet.out.lines().count(), quiet.out.matches("missed").count()), (2, 2), "{}", quiet.out);
    for line in world.run(&api, &["runs", "expected", "--json"]).expect(1).out.lines() {
        assert!(serde_json::from_str::<Value>(line).unwrap()["missed"].is_string(), "{line}");
    }
}
