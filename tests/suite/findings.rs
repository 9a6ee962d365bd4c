//! Bad rows: each has exactly the finding that its last column announces.

use arload::sandbox::Sandbox;

use crate::world::{World, added_up, sample_lines, sandbox, state, statuses};

/// A broken sample: its operation, its file, and whether the rows that cannot be read withhold the others.
const BROKEN: [(&str, &str, bool); 3] = [
    ("invoices", "invoices-broken", true),
    ("invoices", "invoices-broken-directory", false),
    ("customers", "customers-broken", true),
];

fn run(api: &Sandbox, resource: &str, name: &str, more: &[&str]) -> World {
    let file = format!("{name}.csv");
    let world = World::with_samples(&[&file, "customers-directory.csv"]);
    let directory = if name.ends_with("directory") { &["--customers", "customers-directory.csv"][..] } else { &[] };
    world.run(api, &[&[resource, "create", &file][..], directory, more].concat()).expect(1);
    world
}

/// The codes that the last column announces: after the surplus cells of a row, its 22nd or 14th cell.
fn announced(name: &str) -> Vec<String> {
    let lines = sample_lines(&format!("{name}.csv"));
    let last = if name.starts_with("invoices") { 21 } else { 13 };
    lines.iter().map(|cells| cells[last].to_owned()).collect()
}

#[test]
fn every_row_of_the_broken_samples_has_the_code_that_its_last_column_announces() {
    for (resource, name, _) in BROKEN {
        let world = run(&sandbox(|_| {}), resource, name, &["--max-invalid", "100%"]);
        let lines = world.lines(&format!("{name}.results.csv"));
        let codes: Vec<(&str, &str)> = lines.iter().map(|line| (line["row"].as_str(), line["code"].as_str())).collect();
        let announced = announced(name);
        let rows: Vec<String> = (2..2 + announced.len()).map(|row| row.to_string()).collect();
        let expected: Vec<(&str, &str)> =
            rows.iter().zip(&announced).map(|(row, code)| (row.as_str(), code.as_str())).collect();
        assert_eq!(codes, expected, "{name}");
    }
}

#[test]
fn too_many_unreadable_rows_withhold_the_good_ones() {
    for (resource, name, withheld) in BROKEN {
        let api = sandbox(|_| {});
        let world = run(&api, resource, name, &[]);
        assert_eq!(state(&api, "uploads") == 0, withheld, "{name}");
        let lines = world.lines(&format!("{name}.results.csv"));
        let not_sent = statuses(&lines).get("not-sent").copied().unwrap_or_default();
        assert_eq!(not_sent > 0, withheld, "{name}");
        for (line, announced) in lines.iter().zip(announced(name)) {
            let code = line["code"].strip_prefix("max-invalid").unwrap_or(&line["code"]);
            assert_eq!(code.trim_start_matches("; "), announced, "{name}: row {}", line["row"]);
        }
        added_up(&world.summary(&format!("{name}.summary.json")));
    }
}

#[test]
fn the_good_rows_go_where_any_share_of_bad_ones_is_allowed() {
    for ((resource, name, _), (stored, invalid, excluded)) in
        BROKEN.into_iter().zip([(8, 37, 5), (4, 5, 0), (6, 16, 1)])
    {
        let api = sandbox(|_| {});
        let world = run(&api, resource, name, &["--max-invalid", "100%"]);
        let lines = world.lines(&format!("{name}.results.csv"));
        let counts = statuses(&lines);
        let count = |status: &str| counts.get(status).copied().unwrap_or_default();
        assert_eq!((count("accepted"), count("invalid"), count("excluded")), (stored, invalid, excluded), "{name}");
        assert_eq!(state(&api, "rows_stored"), stored as u64, "{name}");
        for line in lines.iter().filter(|line| line["status"] == "invalid") {
            let place = format!("{name}.csv:{}", line["row"]);
            assert!(line["message"].starts_with(&place), "{place}: {}", line["message"]);
        }
        added_up(&world.summary(&format!("{name}.summary.json")));
    }
}

#[test]
fn strict_sends_nothing_for_one_invalid_row_and_the_run_is_not_resumed() {
    let api = sandbox(|_| {});
    let world = run(&api, "invoices", "invoices-broken-directory", &["--strict"]);
    let lines = world.lines("invoices-broken-directory.results.csv");
    assert_eq!(statuses(&lines)["not-sent"], 4);
    assert_eq!(state(&api, "logins/ok"), 0);

    let file = "invoices-broken-directory.csv";
    world.run(&api, &["invoices", "create", file, "--customers", "customers-directory.csv"]).expect(1);
    let runs = world.run(&api, &["runs", "list"]).expect(0).out;
    assert!(runs.contains("closed") && runs.contains("finished"), "{runs}");
    assert_eq!(state(&api, "rows_stored"), 4);
}
