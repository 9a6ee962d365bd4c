//! A gallery of messy files: what `inspect` must tell of each, and what a dry run must find in its rows.
//!
//! The files stand in `tests/data/messy`, with what is expected of them in `expected.toml` there; its head explains
//! the keys. The rule: an expectation is what an accountant would want, never what the program happens to say.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Deserialize;
use serde_json::Value;

use crate::world::{Ended, World, ended};

/// Limit: what a sheet in the repository may weigh.
const MAX_BYTES: u64 = 20 << 10;
/// Codes that say nothing of a file here: there is no directory of customers, and a dry run sends nothing.
const ALWAYS_IGNORED: &[&str] = &["customer-", "date-order-assumed", "dry-run", "max-invalid"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Gallery {
    file: Vec<Expected>,
}

/// What is expected of one file; the head of `expected.toml` says what the keys mean.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Expected {
    name: String,
    made_by: String,
    trap: String,
    #[serde(rename = "as")]
    operation: Option<String>,
    #[serde(default)]
    exit: i32,
    #[serde(default)]
    refusal: Vec<String>,
    container: Option<String>,
    encoding: Option<String>,
    delimiter: Option<String>,
    line_ends: Option<String>,
    quote: Option<String>,
    #[serde(default)]
    sheets: Vec<String>,
    hidden: Option<Vec<String>>,
    header: Option<Vec<u64>>,
    rows: Option<[u64; 3]>,
    columns: Option<usize>,
    left_out: Option<BTreeMap<String, u64>>,
    marked: Option<BTreeMap<String, u64>>,
    #[serde(default)]
    fields: BTreeMap<String, String>,
    #[serde(default)]
    mapped: Vec<String>,
    #[serde(default)]
    types: BTreeMap<String, String>,
    #[serde(default)]
    orders: BTreeMap<String, String>,
    #[serde(default)]
    filled: BTreeMap<String, u64>,
    #[serde(default)]
    values: BTreeMap<String, Vec<String>>,
    exporter: Option<String>,
    problem: Option<String>,
    #[serde(default)]
    notes: Vec<String>,
    findings: Option<BTreeMap<String, Vec<String>>>,
    #[serde(default)]
    ignore: Vec<String>,
    period: Option<String>,
    total: Option<String>,
    dry_exit: Option<i32>,
    #[serde(default)]
    dry_says: Vec<String>,
    /// A fault that is known and still open: the file must differ, so that the word goes when the fault does.
    open: Option<String>,
}

/// What differs from what was expected.
#[derive(Default)]
struct Differences(Vec<String>);

impl Expected {
    fn operation(&self) -> &str {
        self.operation.as_deref().unwrap_or("invoices create")
    }
}

impl Differences {
    fn same<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, wanted: &T, found: &T) {
        if wanted != found {
            self.0.push(format!("{what}: expected {wanted:?}, got {found:?}"));
        }
    }

    /// One of the alternatives between `|` must be there: all of its parts between `&`, or it as it stands.
    fn says(&mut self, what: &str, wanted: &str, found: &str) {
        let lower = found.to_lowercase();
        let has = |part: &str| lower.contains(&part.to_lowercase());
        if !has(wanted) && !wanted.split('|').any(|either| either.split('&').all(has)) {
            self.0.push(format!("{what}: expected {wanted:?} in {found:?}"));
        }
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/messy")
}

fn gallery() -> Vec<Expected> {
    let text = fs::read_to_string(folder().join("expected.toml")).unwrap();
    toml::from_str::<Gallery>(&text).unwrap().file
}

#[test]
fn every_messy_file_is_read_as_an_accountant_would_want() {
    let files = gallery();
    let world = World::new();
    for file in &files {
        let bytes = generated(&file.name).unwrap_or_else(|| fs::read(folder().join(&file.name)).unwrap());
        world.write(&file.name, bytes);
    }
    let inspected = inspect_together(&world, &files);
    let (next, found) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    // Two at a time, as the machines that build have.
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let Differences(mut differences) = compare(file, &world, inspected.get(&file.name));
                    match &file.open {
                        Some(_) if !differences.is_empty() => continue,
                        Some(fault) => differences.push(format!("no longer open, take it out: {fault}")),
                        None if differences.is_empty() => continue,
                        None => {}
                    }
                    let shown = format!("{} ({})\n    {}", file.name, file.trap, differences.join("\n    "));
                    found.lock().unwrap().insert(file.name.clone(), shown);
                }
            });
        }
    });
    let found: Vec<String> = found.into_inner().unwrap().into_values().collect();
    assert!(found.is_empty(), "{} of {} files differ:\n{}", found.len(), files.len(), found.join("\n"));
}

/// What is shown of all files that can be read, by one start of the program for each operation.
fn inspect_together(world: &World, files: &[Expected]) -> BTreeMap<String, Vec<Value>> {
    let mut shown: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let operations: BTreeSet<&str> = files.iter().map(Expected::operation).collect();
    for operation in operations {
        let mut arguments = vec!["inspect", "--json"];
        if operation != "none" {
            arguments.extend(["--as", operation]);
        }
        let readable = files.iter().filter(|file| file.exit == 0 && file.operation() == operation);
        arguments.extend(readable.map(|file| file.name.as_str()));
        let ended = ended(&mut world.arload(&arguments));
        assert!(ended.code <= 1 && !ended.err.contains("panicked"), "{}", ended.err);
        for document in ended.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
            shown.entry(document["file"].as_str().unwrap().to_owned()).or_default().push(document);
        }
    }
    shown
}

#[test]
fn the_gallery_and_its_papers_name_the_same_files() {
    let wanted: BTreeSet<String> =
        gallery().into_iter().map(|file| file.name).filter(|name| generated(name).is_none()).collect();
    let papers = ["README.md", "expected.toml", "make.py"];
    let mut present = BTreeSet::new();
    for entry in fs::read_dir(folder()).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if !papers.contains(&name.as_str()) {
            assert!(entry.metadata().unwrap().len() <= MAX_BYTES, "{name} is large: let the test generate it");
            present.insert(name);
        }
    }
    assert_eq!(present, wanted);
    let readme = fs::read_to_string(folder().join("README.md")).unwrap();
    for file in gallery() {
        let line = format!("| `{}` | {} | {} |", file.name, file.made_by, file.trap);
        assert!(readme.contains(&line), "README.md lacks {line}");
    }
}

/// The bytes of a file that is too large for the repository.
fn generated(name: &str) -> Option<Vec<u8>> {
    let row =
        |number: &str, text: &str| format!("{number},01/04/2025,16/04/2025,C0101,1000.00,180.00,1180.00,{text}\n");
    let head = "Invoice No,Invoice Date,Due Date,Customer Code,Taxable Value,IGST,Invoice Total,Description\n";
    Some(match name {
        "generated-long-cell.csv" => {
            (head.to_owned() + &row("KP/1", "a") + &row("KP/2", &"long ".repeat(8000)) + &row("KP/3", "b")).into_bytes()
        }
        "generated-endless-line.csv" => "Invoice No,".repeat(9_000_000 / 11).into_bytes(),
        "generated-wide-header.csv" => {
            let headings: Vec<String> = (0..17_000).map(|number| format!("Rate {number}")).collect();
            (headings.join(",") + ",Invoice No\n" + &"1,".repeat(17_000) + "KP/1\n").into_bytes()
        }
        _ => return None,
    })
}

fn compare(file: &Expected, world: &World, inspected: Option<&Vec<Value>>) -> Differences {
    let mut differences = Differences::default();
    if file.exit == 0 {
        match inspected {
            Some(documents) => compare_documents(file, documents, &mut differences),
            None => differences.0.push("inspect shows nothing".to_owned()),
        }
    } else {
        let refused = run(world, &["inspect", &file.name, "--json"], &mut differences);
        differences.same("exit", &file.exit, &refused.code);
        for words in &file.refusal {
            differences.says("refusal", words, &refused.err);
        }
    }
    if file.findings.is_some() || file.total.is_some() || file.period.is_some() || file.dry_exit.is_some() {
        dry_run(file, world, &mut differences);
    }
    differences
}

fn run(world: &World, arguments: &[&str], differences: &mut Differences) -> Ended {
    let ended = ended(&mut world.arload(arguments));
    if ended.err.contains("panicked") || ended.code == 70 {
        differences.0.push(format!("{arguments:?} panicked: {}", ended.err));
    }
    ended
}

fn compare_documents(file: &Expected, documents: &[Value], differences: &mut Differences) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let names: Vec<String> = documents.iter().map(|document| text(&document["sheet"])).collect();
    for sheet in &file.sheets {
        if !names.contains(sheet) {
            differences.0.push(format!("sheets: expected {sheet:?} among {names:?}"));
        }
    }
    let first = file.sheets.first().map_or(0, |sheet| names.iter().position(|name| name == sheet).unwrap_or(0));
    let Some(document) = documents.get(first) else {
        differences.0.push("nothing is shown".to_owned());
        return;
    };
    let facts = [
        ("container", &file.container, &document["container"]),
        ("encoding", &file.encoding, &document["encoding"]),
        ("delimiter", &file.delimiter, &document["delimiter"]),
        ("line-ends", &file.line_ends, &document["line-ends"]),
        ("quote", &file.quote, &document["quote"]),
        ("exporter", &file.exporter, &document["mapping"]["exporter"]),
    ];
    for (what, wanted, found) in facts {
        if let Some(wanted) = wanted {
            differences.says(what, wanted, &text(found));
        }
    }
    if let Some(hidden) = &file.hidden {
        differences.same("hidden", hidden, &list(&document["hidden-sheets"], text));
    }
    if let Some(header) = &file.header {
        differences.same("header", header, &list(&document["header-rows"], number));
    }
    if let Some(rows) = &file.rows {
        let found = ["first-row", "last-row", "data-rows"].map(|key| number(&document[key]));
        differences.same("rows", rows, &found);
    }
    if let Some(wanted) = &file.left_out {
        let found = list(&document["left-out"], |part| (text(&part["what"]), number(&part["rows"])));
        differences.same("left-out", wanted, &found.into_iter().collect());
    }
    if let Some(wanted) = &file.marked {
        let found: BTreeMap<String, u64> = document["marked-rows"]
            .as_object()
            .map(|codes| codes.iter().map(|(code, rows)| (code.clone(), number(rows))).collect())
            .unwrap_or_default();
        differences.same("marked", wanted, &found);
    }
    if let Some(problem) = &file.problem {
        let found = text(&document["mapping"]["problem"]);
        if problem.is_empty() {
            differences.same("problem", problem, &found);
        } else {
            differences.says("problem", problem, &found);
        }
    }
    let mut notes = list(&document["notes"], text);
    notes.extend(list(&document["mapping"]["notes"], text));
    for words in &file.notes {
        differences.says("notes", words, &notes.join("; "));
    }
    compare_columns(file, document, differences);
}

fn compare_columns(file: &Expected, document: &Value, differences: &mut Differences) {
    let columns = document["columns"].as_array().cloned().unwrap_or_default();
    if let Some(wanted) = file.columns {
        differences.same("columns", &wanted, &columns.len());
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let headings: Vec<String> = columns.iter().map(|column| plain(&text(&column["heading"]))).collect();
    let mut column = |heading: &str, what: &str| {
        let found = headings.iter().position(|found| found == heading);
        if found.is_none() {
            differences.0.push(format!("{what}: no heading {heading:?} among {headings:?}"));
        }
        found.map(|at| columns[at].clone())
    };
    let mut wrong = Vec::new();
    let mut check = |heading: &str, what: &str, wanted: &str, found: String| {
        if wanted != found {
            wrong.push(format!("{what} of {heading:?}: expected {wanted:?}, got {found:?}"));
        }
    };
    for (heading, wanted) in &file.fields {
        let Some(found) = column(heading, "fields") else { continue };
        let field = found["field"].as_str().unwrap_or("-");
        if wanted != "*" {
            check(heading, "field", wanted, field.to_owned());
        }
    }
    for (heading, wanted) in &file.types {
        let Some(found) = column(heading, "types") else { continue };
        check(heading, "type", wanted, text(&found["type"]));
    }
    for (heading, wanted) in &file.orders {
        let Some(found) = column(heading, "orders") else { continue };
        check(heading, "date order", wanted, text(&found["date-order"]));
    }
    for (heading, wanted) in &file.filled {
        let Some(found) = column(heading, "filled") else { continue };
        check(heading, "filled cells", &wanted.to_string(), found["filled"].to_string());
    }
    for (heading, wanted) in &file.values {
        let Some(found) = column(heading, "values") else { continue };
        let found = list(&found["examples"], |value| plain(&text(value)));
        for (at, wanted) in wanted.iter().enumerate() {
            let found = found.get(at).cloned().unwrap_or_default();
            if !wanted.split('|').any(|either| either == found) {
                check(heading, "value", wanted, found);
            }
        }
    }
    let fields: Vec<String> = columns.iter().map(|column| text(&column["field"])).collect();
    for wanted in &file.mapped {
        if !fields.contains(wanted) {
            wrong.push(format!("mapped: no column fills {wanted}; headings {headings:?}, fields {fields:?}"));
        }
    }
    differences.0.extend(wrong);
}

/// Compares what a dry run says of each row, and its sums.
fn dry_run(file: &Expected, world: &World, differences: &mut Differences) {
    let folder = format!("results of {}", file.name);
    let mut arguments: Vec<&str> = file.operation().split(' ').collect();
    arguments.extend([file.name.as_str(), "--dry-run", "--results", &folder]);
    if let Some(period) = &file.period {
        arguments.extend(["--period", period]);
    }
    let ran = run(world, &arguments, differences);
    if let Some(exit) = file.dry_exit {
        differences.same("exit of the dry run", &exit, &ran.code);
    }
    for words in &file.dry_says {
        differences.says("dry run", words, &ran.err);
    }
    let results = |end: &str| {
        let files = world.files().into_iter().map(|path| path.to_string_lossy().into_owned());
        files.into_iter().find(|path| path.contains(&folder) && path.ends_with(end))
    };
    if file.findings.is_none() && file.total.is_none() {
        return;
    }
    let (Some(lines), Some(summary)) = (results(".results.csv"), results(".summary.json")) else {
        differences.0.push(format!("the dry run wrote no results: {}", ran.err));
        return;
    };
    if let Some(wanted) = &file.findings {
        compare_findings(file, wanted, &world.lines(&lines), differences);
    }
    if let Some(total) = &file.total {
        let read = &world.summary(&summary)["totals"]["read"];
        differences.same("total", total, &read["total"].as_str().unwrap_or_default().to_owned());
    }
}

fn compare_findings(
    file: &Expected,
    wanted: &BTreeMap<String, Vec<String>>,
    lines: &[crate::world::Line],
    differences: &mut Differences,
) {
    let ignored = |code: &str| {
        ALWAYS_IGNORED.iter().any(|start| code.starts_with(start)) || file.ignore.iter().any(|ignored| ignored == code)
    };
    for line in lines {
        let (row, codes): (&str, Vec<&str>) = (&line["row"], line["code"].split("; ").collect());
        let Some(wanted) = wanted.get(row) else {
            let left: Vec<&str> = codes.into_iter().filter(|code| !code.is_empty() && !ignored(code)).collect();
            if !left.is_empty() {
                differences.0.push(format!("row {row}: expected nothing, got {left:?}: {}", line["message"]));
            }
            continue;
        };
        for code in wanted.iter().filter(|wanted| !codes.iter().any(|code| code.starts_with(*wanted))) {
            differences.0.push(format!("row {row}: expected {code}, got {codes:?}: {}", line["message"]));
        }
    }
    let rows: BTreeSet<&str> = lines.iter().map(|line| line["row"].as_str()).collect();
    for row in wanted.keys().filter(|row| !rows.contains(row.as_str())) {
        differences.0.push(format!("row {row} has no result"));
    }
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

fn list<T>(value: &Value, each: impl Fn(&Value) -> T) -> Vec<T> {
    value.as_array().map(|items| items.iter().map(each).collect()).unwrap_or_default()
}

/// A text with every run of white space made one space.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
