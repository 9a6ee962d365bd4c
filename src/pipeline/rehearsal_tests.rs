//! Results of a dry run that were written while rows were checked, beside those that planning made of its verdicts.

use std::path::Path;

use super::tests::{World, takes};
use super::{Pipeline, input};
use crate::bench::{Recipe, SheetForm, SheetOf, generate::generate};
use crate::error::RunError;
use crate::ledger::sqlite::SqliteLedger;
use crate::operation::Operation;

/// Results and summary of a dry run, rehearsed or not; what differs from run to run is left out.
fn dry_run(
    world: &World,
    operation: &str,
    sheet: &Path,
    rehearses: bool,
    flags: &[(&'static str, &str)],
) -> [String; 2] {
    let flags: Vec<(&'static str, &str)> = flags.iter().copied().chain([("dry-run", "true")]).collect();
    world.with(&flags, |pipeline| {
        let scratch = SqliteLedger::scratch().unwrap();
        let dry = Pipeline { ledger: &scratch, api: None, clock: std::sync::Arc::clone(&pipeline.clock), ..*pipeline };
        let operation = Operation::by_name(operation).unwrap();
        let opened = input::open(&[sheet], Box::new(std::io::empty()), dry.settings, dry.observer).unwrap();
        let settings = dry.result_settings();
        let report = dry.run_opened(operation, &opened, rehearses.then_some(&settings)).unwrap();
        [0, 1].map(|file| {
            let text = std::fs::read_to_string(&report.files[file]).unwrap();
            let changes =
                |line: &&str| !["\"ledger\"", "planned-at", "\"head\""].iter().any(|word| line.contains(word));
            text.split_inclusive('\n').filter(changes).collect()
        })
    })
}

fn generated(
    world: &World,
    name: &str,
    kind: SheetOf,
    form: SheetForm,
    bad: f64,
) -> Result<std::path::PathBuf, RunError> {
    let path = world.path(name);
    let recipe = Recipe { kind, rows: 1_100, seed: 7, bad, customers: Vec::new() };
    generate(&recipe, form, &path).map_err(RunError::Spool)?;
    Ok(path)
}

#[test]
fn a_rehearsed_dry_run_says_what_a_planned_one_says() {
    let world = World::new(takes);
    let (none, held_back) = (&[][..], &[("strict", "true")][..]);
    for (name, operation, kind, form, bad, flags) in [
        ("a.csv", "invoices create", SheetOf::Invoices, SheetForm::Csv, 0.2, none),
        ("b.csv", "invoices create", SheetOf::Invoices, SheetForm::Csv, 0.1, held_back),
        ("c.csv", "invoices create", SheetOf::Invoices, SheetForm::Csv, 1.0, none),
        ("d.xlsx", "invoices create", SheetOf::Invoices, SheetForm::Xlsx, 0.2, none),
        ("e.csv.gz", "customers create", SheetOf::Customers, SheetForm::CsvGz, 0.2, none),
    ] {
        let sheet = generated(&world, name, kind, form, bad).unwrap();
        let [rehearsed, planned] = [true, false].map(|rehearses| dry_run(&world, operation, &sheet, rehearses, flags));
        assert!(rehearsed[0].lines().count() > 1_100, "{name}");
        assert!(rehearsed == planned, "{name}: {}", first_difference(&rehearsed, &planned));
    }
}

#[test]
fn so_it_does_of_sheets_whose_rows_cannot_be_read_back_and_of_those_an_earlier_run_knows() {
    let world = World::new(takes);
    let head = "Invoice Number,Customer Id,Invoice Date,Due Date,Taxable Value,Remarks\n";
    let row = |number: u32, amount: u32, remark: &str| {
        format!("A-{number},KC9B2X7M4Q1Z8T6D,20/05/2026,20/06/2026,{amount}.00,{remark}\n")
    };
    let sheet = |name: &str, rows: &[String]| {
        std::fs::write(world.path(name), head.to_owned() + &rows.concat()).unwrap();
        world.path(name)
    };
    let early = sheet("early.csv", &[row(1, 10, ""), row(2, 20, "")]).display().to_string();
    world.run(&[&early], &[]).unwrap();
    let plain =
        [row(1, 10, ""), row(2, 21, ""), row(3, 30, "=1+1"), row(3, 30, "=1+1"), row(4, 1, "x"), row(4, 2, "y")];
    let guarded = [plain.concat(), row(5, 50, "'=1+1"), row(5, 50, "'=1+1")];
    let several_lines = [plain.concat(), row(6, 60, "\"two\nlines\""), row(7, 70, ""), row(7, 70, "")];
    for (name, rows) in [("plain.csv", &plain[..]), ("guarded.csv", &guarded), ("lines.csv", &several_lines)] {
        let sheet = sheet(name, rows);
        let [rehearsed, planned] =
            [true, false].map(|rehearses| dry_run(&world, "invoices create", &sheet, rehearses, &[]));
        assert!(rehearsed == planned, "{name}: {}", first_difference(&rehearsed, &planned));
        for word in ["already-accepted", "conflicts-with-earlier-run", "duplicate-row", "duplicate-in-sheet"] {
            assert!(rehearsed[0].contains(word), "{name}: {word}");
        }
    }
}

fn first_difference(one: &[String; 2], other: &[String; 2]) -> String {
    let lines = |texts: &[String; 2]| texts.join("").lines().map(str::to_owned).collect::<Vec<_>>();
    let (one, other) = (lines(one), lines(other));
    let at = one.iter().zip(&other).position(|(one, other)| one != other).unwrap_or(one.len().min(other.len()));
    format!("{:?} beside {:?}", one.get(at), other.get(at))
}
