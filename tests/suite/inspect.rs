//! `arload inspect`: what it shows, the tables it writes, and how it ends where files are broken.

use std::process::Stdio;

use serde_json::Value;

use crate::world::{World, ended, sample_lines};

/// The lines of JSON on standard output.
fn documents(out: &str) -> Vec<Value> {
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_workbook_is_shown_sheet_by_sheet_with_its_mapping() {
    let world = World::with_samples(&["invoices.xlsx"]);
    let shown = ended(&mut world.arload(&["inspect", "invoices.xlsx", "--as", "invoices create"])).expect(0);
    assert!(shown.out.lines().all(|line| line.chars().count() <= 80), "{}", shown.out);
    for part in [
        "invoices.xlsx[April 2026]\n  file        Excel workbook (xlsx)\n  not read    \"Notes\", hidden",
        "  headings    row 5\n  table       rows 6 to 66, 61 data rows, 13 columns\n",
        "every required field has a column",
        "A  Invoice Number   identifier        100%  invoiceNumber\n",
        "invoices.xlsx[May 2026]\n",
    ] {
        assert!(shown.out.contains(part), "{part}\n{}", shown.out);
    }
    assert_eq!(shown.err, "");
    assert!(world.files().iter().all(|path| path.ends_with("invoices.xlsx")), "{:?}", world.files());
}

#[test]
fn json_is_one_document_a_sheet() {
    let world = World::with_samples(&["invoices.xlsx", "invoices.csv"]);
    let shown = ended(&mut world.arload(&["inspect", "invoices.csv", "invoices.xlsx", "--json"])).expect(0);
    let found = documents(&shown.out);
    let sheets: Vec<(&Value, &Value, &Value)> =
        found.iter().map(|sheet| (&sheet["sheet"], &sheet["data-rows"], &sheet["mapping"]["operation"])).collect();
    let operation = Value::from("invoices create");
    assert_eq!(
        sheets,
        [
            (&Value::Null, &Value::from(250), &operation),
            (&Value::from("April 2026"), &Value::from(61), &operation),
            (&Value::from("May 2026"), &Value::from(58), &operation),
        ]
    );
    assert_eq!(found[0]["columns"][0]["field"], "invoiceNumber");
    assert_eq!(found[1]["hidden-sheets"], serde_json::json!(["Notes"]));
}

#[test]
fn customers_given_to_invoices_are_told_so() {
    let world = World::with_samples(&["customers.xlsx"]);
    let shown = ended(&mut world.arload(&["inspect", "customers.xlsx", "--as", "invoices create", "--json"])).expect(0);
    let mapping = &documents(&shown.out)[0]["mapping"];
    assert!(mapping["problem"].as_str().unwrap().starts_with("no column for invoiceNumber"), "{mapping}");
    assert!(mapping["also-fits"].as_array().unwrap().contains(&Value::from("customers create")), "{mapping}");
}

#[test]
fn the_table_of_a_sample_is_what_is_in_it() {
    let samples =
        ["invoices.csv", "zoho-invoices.csv", "invoices-broken.csv", "customers-update.csv", "customers-directory.csv"];
    let world = World::with_samples(&samples);
    for name in samples {
        let once = ended(&mut world.arload(&["inspect", name, "--emit", "csv"])).expect(0).out;
        let rows: Vec<csv::StringRecord> = csv::ReaderBuilder::new()
            .flexible(true)
            .from_reader(once.as_bytes())
            .records()
            .map(Result::unwrap)
            .collect();
        let wanted = sample_lines(name);
        assert_eq!(rows.len(), wanted.len(), "{name}");
        for (row, wanted) in rows.iter().zip(&wanted) {
            // Short rows are padded, so only the cells that there are can be compared.
            assert!(row.iter().zip(wanted).all(|(cell, wanted)| cell == wanted), "{name}: {row:?} {wanted:?}");
        }
        world.write("again.csv", &once);
        let twice = ended(&mut world.arload(&["inspect", "again.csv", "--emit", "csv"])).expect(0).out;
        assert_eq!(once, twice, "{name}");
    }
}

#[test]
fn tables_of_many_sheets_go_into_a_folder_of_their_own() {
    let world = World::with_samples(&["invoices.xlsx", "invoices.csv"]);
    let refused = ended(&mut world.arload(&["inspect", "invoices.xlsx", "--emit", "csv"])).expect(2);
    assert_eq!(
        refused.problems(&world),
        "arload: --emit: the tables of 2 sheets (April 2026, May 2026) cannot go to standard output as one CSV\n\
         hint: name a folder for them with --out DIR, or choose one file and --sheet NAME\n"
    );
    assert_eq!(refused.out, "");
    let arguments = ["inspect", "invoices.xlsx", "invoices.csv", "--emit", "csv", "--out", "new/tables"];
    let written = ended(&mut world.arload(&arguments)).expect(0).out;
    let names = ["new/tables/invoices.April 2026.csv", "new/tables/invoices.May 2026.csv", "new/tables/invoices.csv"];
    assert_eq!(written.lines().collect::<Vec<_>>(), names);
    let april = String::from_utf8(world.read(names[0])).unwrap();
    assert!(april.starts_with("Invoice Number,Customer Id,"), "{april}");
    // The headings, 61 rows and the total.
    assert_eq!(april.lines().count(), 63);
    // An input is never overwritten, not even by its own table.
    let before = world.read("invoices.csv");
    ended(&mut world.arload(&["inspect", "invoices.csv", "--emit", "csv", "--out", "."])).expect(0);
    assert_eq!(world.read("invoices.csv"), before);
    assert!(!world.read("invoices (2).csv").is_empty());
}

#[test]
fn a_broken_file_never_stops_the_others() {
    let world = World::with_samples(&["invoices.csv"]);
    world.write("cut.xlsx", b"PK\x03\x04broken");
    world.write("empty.csv", "");
    let alone = ended(&mut world.arload(&["inspect", "cut.xlsx"])).expect(2);
    assert!(alone.err.starts_with("arload: cut.xlsx: is damaged: "), "{}", alone.err);
    assert_eq!((alone.err.matches("arload: ").count(), alone.out.as_str()), (1, ""));
    ended(&mut world.arload(&["inspect", "gone.csv"])).expect(2);
    let several = ended(&mut world.arload(&["inspect", "cut.xlsx", "invoices.csv", "empty.csv"])).expect(1);
    assert!(several.out.contains("250 data rows") && several.out.contains("the file has no rows"), "{}", several.out);
    let tables = ["inspect", "cut.xlsx", "invoices.csv", "--emit", "csv", "--out", "tables"];
    let written = ended(&mut world.arload(&tables)).expect(1);
    assert_eq!(written.out, "tables/invoices.csv\n");
    let empty = ended(&mut world.arload(&["inspect", "empty.csv", "--emit", "csv"])).expect(0);
    assert_eq!((empty.out.as_str(), empty.err.as_str()), ("", ""));
    ended(&mut world.arload(&["inspect", "invoices.csv", "--as", "invoices burn"])).expect(2);
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let world = World::new();
    world.write("long.csv", format!("Invoice No,Amount\n{}", "A-1,500.00\n".repeat(100_000)));
    let mut child = world
        .arload(&["inspect", "long.csv", "--emit", "csv"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), String::from_utf8_lossy(&ended.stderr).as_ref()), (Some(0), ""));
}
