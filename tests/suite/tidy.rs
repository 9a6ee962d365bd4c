//! House rules that a machine can check: what files look like, who may touch the world, what the papers promise.
//!
//! Each exception is listed here with its reason. The rule: a paper that names a test, a flag, a code or an exit code
//! names one that exists.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use arload::exit::ExitCode;
use arload::explain::{self, Group};
use arload::finding::{Code, Severity};
use arload::operation::{ALL, Repeat, RequestKind};
use arload::sandbox::SandboxSettings;

/// Lines a file may have before its tests.
const MAX_LINES: usize = 500;

/// Files that are longer, how long they may be, and why.
const LONGER: &[(&str, usize, &str)] = &[];

/// Parts of the library that may use files: each is where some file of the outside world is read or written.
const USE_FILES: &[&str] = &[
    "src/sheet/",
    "src/api/guard.rs",
    "src/ledger/",
    "src/results/",
    "src/sandbox/",
    "src/config/file.rs",
    "src/config/secret.rs",
    "src/platform.rs",
    // Exports, and what waits beside them until they are complete.
    "src/export/",
    "src/pipeline/input.rs",
    "src/bin/",
    // The private file in which checked rows wait for the plan.
    "src/plan/spool.rs",
    // The drop folder, whose files it moves.
    "src/watch/",
    // The log's file.
    "src/log/",
    // Generated sheets, ledgers to measure with, and what the system says of a process.
    "src/bench/",
];

/// Lines of the library that may do what the library does not do, and why.
const EXCEPTIONS: &[(&str, &str, &str)] =
    &[("src/pipeline/input.rs", "std::env::temp_dir()", "standard input is spooled where the system keeps such files")];

/// Modules that import each other, and what each has of the other. A pair that is parted is crossed off.
const MUTUAL: &[(&str, &str, &str)] = &[
    ("api", "config", "the log-in is a setting; the names of a reply's parts are the API's, and set in the profile"),
    ("config", "expect", "what is expected stands in the settings file; whether it came is asked by settings"),
    ("config", "mapping", "a mapping file is a layer of the settings; how headings become fields is a setting"),
    ("config", "sheet", "how sheets are read is a setting, and who decodes workbooks is part of it"),
    ("corrections", "plan", "rows are corrected while they are planned; what became of them is the plan's history"),
    ("corrections", "results", "results show corrections; what corrections come to is added up as results are"),
    ("export", "results", "what rows were answered is written beside results, as results are put into place"),
    ("plan", "results", "lines of a dry run are written where rows are checked; results tell the plan's verdicts"),
];

#[test]
fn modules_that_import_each_other_are_listed_with_their_reason() {
    let parts: Vec<(String, String)> = sources(&["src"])
        .into_iter()
        .filter(|(path, _)| !path.starts_with("src/bin/") && !path.ends_with("tests.rs"))
        .map(|(path, text)| (path["src/".len()..].split(['/', '.']).next().unwrap_or_default().to_owned(), text))
        .collect();
    let modules: BTreeSet<&str> = parts.iter().map(|(module, _)| module.as_str()).collect();
    let mut imports = BTreeSet::new();
    for (module, text) in &parts {
        for line in code(text).lines().filter(|line| !line.trim_start().starts_with("//")) {
            for path in line.split("crate::").skip(1) {
                let end = path.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(path.len());
                if let Some(other) = modules.get(&path[..end]) {
                    imports.insert((module.as_str(), *other));
                }
            }
        }
    }
    let mutual: Vec<(&str, &str)> =
        imports.iter().copied().filter(|(one, other)| one < other && imports.contains(&(*other, *one))).collect();
    let listed: Vec<(&str, &str)> = MUTUAL.iter().map(|(one, other, _)| (*one, *other)).collect();
    assert_eq!(mutual, listed, "modules that import each other want the part that both need in a third");
}

#[test]
fn every_source_file_opens_with_what_it_owns() {
    let silent = sources(&["src", "tests", "benches"]).into_iter().filter(|(_, text)| !text.starts_with("//!"));
    assert_eq!(names(silent), [""; 0], "these files do not open with //!");
}

#[test]
fn no_file_is_long_before_its_tests() {
    let long = sources(&["src"]).into_iter().filter(|(path, text)| {
        let limit = LONGER.iter().find(|(file, ..)| file == path).map_or(MAX_LINES, |(_, limit, _)| *limit);
        !path.ends_with("tests.rs") && code(text).lines().count() > limit
    });
    assert_eq!(names(long), [""; 0], "these files want a second home for their second noun");
}

#[test]
fn only_listed_modules_use_files() {
    let uses = sources(&["src"])
        .into_iter()
        .filter(|(path, _)| !path.ends_with("tests.rs") && !USE_FILES.iter().any(|part| path.starts_with(part)))
        .filter(|(_, text)| code(text).contains("std::fs"));
    assert_eq!(names(uses), [""; 0], "these modules are to be pure, or to be listed");
}

#[test]
fn the_library_never_prints_exits_or_reads_the_environment() {
    let mut found = Vec::new();
    let library = |path: &str| !path.starts_with("src/bin/") && !path.ends_with("tests.rs");
    for (path, text) in sources(&["src"]).into_iter().filter(|(path, _)| library(path)) {
        for line in code(&text).lines().map(str::trim).filter(|line| !line.starts_with("//")) {
            let does = ["println!", "eprint", "print!(", "process::exit", "std::env", "dbg!"];
            let listed = EXCEPTIONS.iter().any(|(file, words, _)| path == *file && line.contains(words));
            if does.iter().any(|words| line.contains(words)) && !listed {
                found.push(format!("{path}: {line}"));
            }
        }
    }
    assert_eq!(found, [""; 0]);
}

#[test]
fn only_one_file_of_the_program_reads_variables() {
    let readers = sources(&["src/bin"]).into_iter().filter(|(_, text)| text.contains("env::var"));
    assert_eq!(names(readers), ["src/bin/arload/surroundings.rs"]);
}

#[test]
fn no_file_names_a_folder_of_one_machine() {
    // Where this is built, and its user's folder; in pieces, so that this file does not name the usual one.
    let mut places = vec![root().to_string_lossy().into_owned(), ["/ro", "ot/"].concat()];
    let home = std::env::var("HOME").unwrap_or_default();
    places.extend((home.len() > 1).then(|| format!("{}/", home.trim_end_matches('/'))));
    let mut files = sources(&["src", "tests", "benches", "samples"]);
    files.extend(papers());
    let found = files.into_iter().filter(|(_, text)| places.iter().any(|place| text.contains(place.as_str())));
    assert_eq!(names(found), [""; 0]);
}

#[test]
fn every_code_is_explained_in_the_readme_as_in_the_program() {
    let readme = paper("README.md");
    for code in Code::ALL {
        let weight = match code.severity() {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        let line = format!("| `{code}` | {weight} | {} |", code.explanation());
        assert!(readme.contains(&line), "README.md lacks the line\n{line}");
    }
    for one in explain::all() {
        let (code, meaning) = (&one.code, one.meaning);
        let line = match one.group {
            Group::Status => format!("| `{code}` | {meaning} | {} |", one.way_out),
            Group::Outcome => format!("| `{code}` | {} | {meaning} |", one.with),
            Group::Finding | Group::Error | Group::Exit => continue,
        };
        assert!(readme.contains(&line), "README.md lacks the line\n{line}");
    }
    let outcomes = std::fs::read_to_string(root().join("src/outcome.rs")).expect("the source is here");
    for line in outcomes.lines().filter(|line| line.trim_start().starts_with("pub const") && line.contains("&str")) {
        let code = line.split('"').nth(1).expect("a code stands in quotes");
        assert!(explain::find(code).is_some(), "src/explain does not explain the code {code}");
    }
}

#[test]
fn the_exit_codes_of_the_readme_are_those_of_the_program() {
    let readme = paper("README.md");
    let table = section(&readme, "## Exit codes");
    let rows: Vec<&str> =
        table.lines().filter(|line| line.starts_with("| ") && line.contains(char::is_numeric)).collect();
    let wanted: Vec<String> =
        ExitCode::ALL.iter().map(|code| format!("| {} | {} |", code.code(), code.meaning())).collect();
    assert_eq!(rows, wanted);
}

#[test]
fn every_flag_of_an_operation_stands_in_the_readme() {
    let help = Command::new(env!("CARGO_BIN_EXE_arload")).args(["invoices", "create", "-h"]).output();
    let help = String::from_utf8(help.expect("the program starts").stdout).expect("help is text");
    let flags: BTreeSet<&str> =
        help.split_whitespace().filter(|word| word.starts_with("--") && word.len() > 3).map(flag_name).collect();
    assert!(flags.len() > 30, "{flags:?}");
    let readme = paper("README.md");
    let table = section(&readme, "## Flags");
    let missing: Vec<&str> =
        flags.into_iter().filter(|flag| *flag != "--help" && !table.contains(&format!("| `{flag}"))).collect();
    assert_eq!(missing, [""; 0]);
}

#[test]
fn every_operation_stands_in_the_readme_as_in_the_table() {
    let readme = paper("README.md");
    let table = section(&readme, "## Operations");
    for operation in ALL {
        let holds = match operation.request {
            RequestKind::File(_) => "a file of rows",
            RequestKind::Ids => "a list of ids",
            RequestKind::Single => "one row",
        };
        let standing = if operation.route.documented { "documented" } else { "assumed" };
        let repeat = match operation.repeat {
            Repeat::LookUp => "looked up, missing rows again",
            Repeat::Safe => "sent again",
            Repeat::Never => "unknown",
        };
        let (name, route) = (operation.name(), operation.route);
        let end = format!("| `{} {}` | {holds} | {standing} | {repeat} |", route.method, route.path);
        let row = table.lines().find(|line| line.starts_with(&format!("| `{name}` | ")));
        assert!(row.is_some_and(|row| row.ends_with(&end)), "README.md has for {name}: {row:?}; expected ...{end}");
    }
    let rows = table.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(rows, ALL.len());
}

#[test]
fn every_setting_of_the_sandbox_stands_in_the_readme() {
    let readme = paper("README.md");
    let section = section(&readme, "## The sandbox");
    let settings = serde_json::to_value(SandboxSettings::default()).expect("settings have string keys only");
    let mut keys = Vec::new();
    collect(&settings, "", &mut keys);
    let missing: Vec<String> = keys.into_iter().filter(|key| !section.contains(&format!("| `{key}` |"))).collect();
    assert_eq!(missing, [""; 0]);
}

#[test]
fn every_test_that_a_paper_names_exists() {
    let sources = sources(&["src", "tests"]);
    let mut missing = Vec::new();
    for (paper, text) in papers() {
        for word in text.split('`').skip(1).step_by(2).filter(|word| is_test_name(word)) {
            let definition = format!("fn {word}(");
            if !sources.iter().any(|(_, text)| text.contains(&definition)) {
                missing.push(format!("{paper}: {word}"));
            }
        }
    }
    assert_eq!(missing, [""; 0]);
}

#[test]
fn every_promised_system_and_the_oldest_rust_are_checked_by_the_same_commands() {
    let workflow: serde_json::Value = serde_saphyr::from_str(&paper(".github/workflows/ci.yml")).unwrap();
    assert_eq!(workflow["permissions"], serde_json::json!({ "contents": "read" }));
    let commands = |job: &str| -> Vec<String> {
        let steps = workflow["jobs"][job]["steps"].as_array().unwrap_or_else(|| panic!("no job {job}"));
        steps.iter().filter_map(|step| step["run"].as_str()).map(str::to_owned).collect()
    };
    for (job, system, command) in [
        ("linux", "ubuntu", ".ci/run"),
        ("macos", "macos", ".ci/check"),
        ("windows", "windows", ".ci/check"),
        ("oldest-rust", "ubuntu", "cargo test --locked"),
    ] {
        let runs_on = workflow["jobs"][job]["runs-on"].as_str().unwrap();
        assert!(runs_on.starts_with(system), "{job} runs on {runs_on}");
        assert_eq!(commands(job).last().map(String::as_str), Some(command), "the last step of {job}");
    }
    let manifest: toml::Table = paper("Cargo.toml").parse().unwrap();
    let oldest = manifest["package"]["rust-version"].as_str().unwrap();
    let installed = format!("rustup toolchain install {oldest} ");
    assert!(commands("oldest-rust").iter().any(|command| command.starts_with(&installed)), "not Rust {oldest}");
    assert!(paper(".ci/run").lines().any(|line| line == ".ci/check"), ".ci/run does without .ci/check");
}

/// Test names are sentences: words of small letters and digits, joined by underscores, four or more. Names of metrics look
/// the same; a test of theirs reads the README.
fn is_test_name(word: &str) -> bool {
    if word.starts_with("arload_") {
        return false;
    }
    let plain = word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    plain && word.matches('_').count() >= 3
}

fn flag_name(word: &str) -> &str {
    word.trim_end_matches(['.', ',', ')', '\''])
}

/// The leaves of settings, as `part.key`.
fn collect(value: &serde_json::Value, prefix: &str, keys: &mut Vec<String>) {
    let Some(table) = value.as_object() else { return };
    for (key, value) in table {
        let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        // The rates of faults are a table that the user fills.
        if value.is_object() && name != "faults.rates" { collect(value, &name, keys) } else { keys.push(name) }
    }
}

/// A section of a paper, from its heading to the next of its rank.
fn section<'t>(text: &'t str, heading: &str) -> &'t str {
    let start = text.find(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no heading {heading}"));
    let rest = &text[start + heading.len() + 2..];
    &rest[..rest.find("\n## ").unwrap_or(rest.len())]
}

/// A file without its tests.
fn code(text: &str) -> &str {
    &text[..text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len())]
}

fn names(files: impl IntoIterator<Item = (String, String)>) -> Vec<String> {
    files.into_iter().map(|(path, _)| path).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn paper(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn papers() -> Vec<(String, String)> {
    let names = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "samples/README.md"];
    names.iter().map(|name| ((*name).to_owned(), paper(name))).collect()
}

/// The source files below some folders, and the texts among the samples, by their path from the root, sorted.
fn sources(folders: &[&str]) -> Vec<(String, String)> {
    let mut waiting: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    let mut found = Vec::new();
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(&folder).expect("the folder is here") {
            let path = entry.expect("the folder can be listed").path();
            let name = path.strip_prefix(root()).expect("it is below the root").to_string_lossy().replace('\\', "/");
            let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
            // What a run left beside the samples is nobody's source.
            let left = name.contains(".results.") || name.contains(".summary.");
            let sample = name.starts_with("samples/") && matches!(extension, "toml" | "md" | "csv") && !left;
            if path.is_dir() {
                waiting.push(path);
            } else if extension == "rs" || sample {
                found.push((name, std::fs::read_to_string(&path).expect("it is text")));
            }
        }
    }
    found.sort();
    found
}
