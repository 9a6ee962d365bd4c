//! Measuring: sheets that are generated, figures that are printed, and an account that is asked about first.

use std::path::Path;

use arload::bench::stages::STAGES;
use serde_json::Value;

use crate::world::{World, ended, records, sandbox, state};

#[test]
fn a_generated_sheet_has_the_same_bytes_each_time_and_is_accepted() {
    let world = World::new();
    for name in ["a.csv", "b.csv"] {
        ended(&mut world.arload(&["bench", "generate", "--rows", "120", "--bad", "0", "-o", name])).expect(0);
    }
    assert!(world.read("a.csv") == world.read("b.csv"));
    ended(&mut world.arload(&["bench", "generate", "--rows", "40", "--bad", "0", "--seed", "2", "-o", "c.xlsx"]))
        .expect(0);
    let api = sandbox(|_| {});
    world.run(&api, &["invoices", "create", "a.csv", "c.xlsx"]).expect(0);
    assert_eq!(state(&api, "invoices"), 160);
    let customers = ["bench", "generate", "--kind", "customers", "--rows", "60", "--bad", "0", "-o", "d.csv.gz"];
    ended(&mut world.arload(&customers)).expect(0);
    world.run(&api, &["customers", "create", "d.csv.gz"]).expect(0);
    assert_eq!(state(&api, "customers"), 60);
}

#[test]
fn the_figures_of_a_small_bench_add_up_and_nothing_of_it_stays() {
    let world = World::new();
    let small = ["bench", "--rows", "300", "--repeat", "1", "--seconds", "1", "--latency", "5", "--rate", "20/s"];
    let told =
        ended(world.arload(&small).args(["--stages", "dry-run,send,xlsx,limit", "--plot", "pace.svg", "--json"]));
    let told = told.expect(0);
    let figures: Value = serde_json::from_str(&told.out).unwrap();
    let stages = figures["stages"].as_array().unwrap();
    let names: Vec<&str> = stages.iter().map(|stage| stage["stage"].as_str().unwrap()).collect();
    assert_eq!(names, ["raw", "dry-run", "send", "limit", "xlsx-raw", "xlsx"]);
    for stage in stages {
        let rows = if stage["stage"].as_str().unwrap().starts_with("xlsx") { 30 } else { 300 };
        assert_eq!(stage["rows"], rows, "{stage}");
        assert!(stage["seconds"].as_f64().unwrap() > 0.0, "{stage}");
        assert_eq!(stage["ratio"].is_null(), stage["against"].is_null(), "{stage}");
    }
    let pace = &stages[3]["pace"];
    // A request less where the bad rows fill one, a few more where a busy machine ran into the limit.
    assert!((19..=40).contains(&pace["requests"].as_u64().unwrap()), "{pace}");
    assert!(pace["share-of-limit"].as_f64().unwrap() < 1.2, "{pace}");
    assert!(String::from_utf8(world.read("pace.svg")).unwrap().contains("limit 20/s"));
    let left: Vec<_> = world.files().into_iter().filter(|path| !path.ends_with("pace.svg")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn an_account_is_measured_only_when_asked_for_and_within_the_rate() {
    let world = World::new();
    let api = sandbox(|_| {});
    let address = api.base_url();
    let bench = ["bench", "--base-url", &address, "--max-chunk-rows", "2"];
    let bare = world.run(&api, &bench).expect(2);
    assert!(bare.err.contains("pass --rows N"), "{}", bare.err);
    let rows = ["--rows", "30", "--customer", "KC9B2X7M4Q1Z8T6D", "--rate", "50/s"];
    let unasked = ended(world.client(&api, &bench).args(rows)).expect(2);
    assert!(unasked.err.contains("pass --yes if you are sure"), "{}", unasked.err);
    assert_eq!((state(&api, "uploads"), state(&api, "logins/ok")), (0, 0));

    let sent = ended(world.client(&api, &bench).args(rows).args(["--yes", "--json"])).expect(0);
    let figures: Value = serde_json::from_str(&sent.out).unwrap();
    assert_eq!(figures["totals"]["by-status"]["accepted"]["rows"], 30);
    assert_eq!((figures["pace"]["requests"].as_u64(), state(&api, "uploads")), (Some(15), 15));
    assert!(figures["pace"]["per-second"].as_f64().unwrap() < 60.0, "{figures}");
    let invoices = records(&api, "invoices");
    assert!(invoices.len() == 30 && invoices.iter().all(|invoice| invoice["customerId"] == "KC9B2X7M4Q1Z8T6D"));

    let again = ended(world.client(&api, &bench).args(rows).arg("--yes")).expect(0);
    assert!(again.out.contains("another --seed makes others"), "{}", again.out);
    assert_eq!(state(&api, "uploads"), 15);
}

#[test]
fn a_stand_in_that_stores_nothing_accepts_every_row() {
    let world = World::with_samples(&["invoices.csv"]);
    let api = sandbox(|settings| settings.store_nothing = true);
    world.run(&api, &["invoices", "create", "invoices.csv", "--first-use"]).expect(0);
    let lines = world.lines("invoices.results.csv");
    assert!(
        lines.len() == 250 && lines.iter().all(|line| line["status"] == "accepted" && !line["remote_id"].is_empty())
    );
    assert_eq!((state(&api, "invoices"), state(&api, "uploads")), (0, 1));
}

#[test]
fn the_readme_names_every_stage_and_every_flag_of_bench() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let section = readme.split("\n## Measuring\n").nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap();
    for stage in &STAGES {
        assert!(section.contains(&format!("`{}`", stage.name)), "{}", stage.name);
    }
    for command in [&["bench", "-h"][..], &["bench", "generate", "-h"]] {
        let help = ended(&mut World::new().arload(command)).expect(0).out;
        let words = help.split_whitespace().filter(|word| word.starts_with("--") && word.len() > 3);
        let flags = words.map(|word| word.trim_end_matches([',', '.']));
        for flag in flags.filter(|flag| !["--help", "--profile", "--config"].contains(flag)) {
            assert!(section.contains(&format!("`{flag}")) || section.contains(&format!("{flag} ")), "{flag}");
        }
    }
}
