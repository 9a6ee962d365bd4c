//! The samples of every operation, run dry, and what is said of a sheet that was made for another one.

use std::collections::BTreeSet;

use arload::operation::ALL;

use crate::world::{World, ended, statuses};

/// Each operation with a sample for it, and how many rows would be sent.
const SAMPLES: [(&str, &str, usize); 21] = [
    ("customers create", "customers.xlsx", 40),
    ("customers update", "customers-update.csv", 12),
    ("customers add", "customers-add.csv", 2),
    ("customers patch", "customers-patch.csv", 3),
    ("customers activate", "customers-named.csv", 2),
    ("customers deactivate", "customers-named.csv", 2),
    ("customers delete", "customers-named.csv", 2),
    ("customers contacts", "customers-named.csv", 2),
    ("invoices create", "invoices.csv", 250),
    ("invoices add", "invoices.csv", 250),
    ("invoices update", "invoices-update.csv", 2),
    ("invoices dispatch", "invoices-named.csv", 3),
    ("invoices delete", "invoices-named.csv", 3),
    ("invoices status", "invoices-status.csv", 3),
    ("invoices confirm-payment", "invoices-confirm-payment.csv", 2),
    ("invoices get", "invoices-named.csv", 3),
    ("reminders create", "reminders-create.csv", 2),
    ("reminders update", "reminders-update.csv", 2),
    ("reminders delete", "reminders-named.csv", 2),
    ("reminders get", "reminders-named.csv", 2),
    ("reminders list", "customers-named.csv", 2),
];

#[test]
fn every_operation_has_a_sample_whose_rows_are_good() {
    let named: BTreeSet<String> = SAMPLES.iter().map(|(name, ..)| (*name).to_owned()).collect();
    assert_eq!(named, ALL.iter().map(arload::operation::Operation::name).collect());
    let files: BTreeSet<&str> = SAMPLES.iter().map(|(_, file, _)| *file).collect();
    let world = World::with_samples(&[files.into_iter().collect::<Vec<_>>(), vec!["customers-directory.csv"]].concat());
    for (name, file, rows) in SAMPLES {
        let (resource, verb) = name.split_once(' ').unwrap();
        let directory = ["--dry-run", "--customers", "customers-directory.csv"];
        ended(world.arload(&[resource, verb, file]).args(directory)).expect(0);
        let (stem, _) = file.rsplit_once('.').unwrap();
        let lines = world.lines(&format!("{stem}.dry-run.results.csv"));
        assert_eq!(statuses(&lines).get("not-sent"), Some(&rows), "{name} {file}");
    }
}

#[test]
fn a_sheet_for_another_operation_is_refused_by_its_name() {
    let world = World::with_samples(&["customers.xlsx", "invoices.csv", "customers-add.csv"]);
    for (arguments, words) in [
        (["invoices", "create", "customers.xlsx"], "these look like columns of customers create"),
        (["invoices", "dispatch", "customers-add.csv"], "these look like columns of customers add"),
        (["customers", "create", "invoices.csv"], "these look like columns of invoices create"),
        (["customers", "update", "invoices.csv"], "these look like columns of invoices create"),
    ] {
        let refused = ended(world.arload(&arguments).arg("--dry-run")).expect(2);
        let problems = refused.problems(&world);
        assert!(problems.contains(words), "{arguments:?}: {problems}");
        assert!(problems.contains("hint: run \"arload "), "{arguments:?}: {problems}");
    }
    // Who says what a column means knows what he does.
    let mapped = ["customers", "update", "invoices.csv", "--dry-run", "--map", "Customer Mobile=keyContactMobile"];
    let mapped = ended(&mut world.arload(&mapped));
    assert!(!mapped.err.contains("these look like"), "{}", mapped.err);
}

#[test]
fn shells_and_man_are_told_every_command() {
    let world = World::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = ended(&mut world.arload(&["completions", shell])).expect(0).out;
        assert!(script.contains("confirm-payment") && script.contains("max-chunk-rows"), "{shell}");
    }
    let first = ended(&mut world.arload(&["man"])).expect(0).out;
    assert!(first.contains(".TH arload 1") && first.contains("Exit codes"), "{first}");
    ended(&mut world.arload(&["man", "pages"])).expect(0);
    let names: Vec<String> =
        world.files().into_iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
    for operation in ALL {
        let page = format!("arload-{}-{}.1", operation.resource, operation.verb);
        assert!(names.contains(&page), "{page}");
        let text = String::from_utf8(world.read(&format!("pages/{page}"))).unwrap();
        let last = operation.fields.last().unwrap().name;
        assert!(text.contains(last), "{page} does not list {last}");
    }
    assert!(!names.iter().any(|name| name.contains("decode-workbook")), "{names:?}");
}
