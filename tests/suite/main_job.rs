//! The main job: sheets in, uploads out, an outcome for every row.

use std::collections::BTreeMap;
use std::fs;

use arload::sandbox::Sandbox;
use rust_decimal::Decimal;

use crate::world::{
    World, added_up, decimal, ended, invoices, records, rupees, sample_lines, sandbox, state, statuses, stored_numbers,
};

const MAIN: [&str; 4] = ["invoices", "create", "invoices.csv", "invoices.xlsx"];

#[test]
fn the_samples_are_accepted_and_the_api_holds_what_the_sheets_say() {
    let world = World::with_samples(&["invoices.csv", "invoices.xlsx"]);
    let api = sandbox(|_| {});
    world.run(&api, &MAIN).expect(0);

    let lines = world.lines("invoices.csv.results.csv");
    let sheet = sample_lines("invoices.csv");
    assert_eq!(statuses(&lines), BTreeMap::from([("accepted", 250)]));
    let rows: Vec<String> = lines.iter().map(|line| line["row"].clone()).collect();
    assert_eq!(rows, (2..=251).map(|row| row.to_string()).collect::<Vec<_>>());
    for (line, cells) in lines.iter().zip(&sheet) {
        assert_eq!((line["key"].as_str(), &line["Description"]), (&cells[0], &cells[4].to_owned()));
        assert!(line["remote_id"].starts_with("CIN"), "{line:?}");
    }

    let lines = world.lines("invoices.xlsx.results.csv");
    let of = |sheet: &str| lines.iter().filter(|line| line["sheet"] == sheet).count();
    assert_eq!((of("April 2026"), of("May 2026"), lines.len()), (61, 58, 119));

    let csv = added_up(&world.summary("invoices.csv.summary.json"));
    let xlsx = added_up(&world.summary("invoices.xlsx.summary.json"));
    assert_eq!(csv, (250, sheet.iter().map(|cells| rupees(&cells[10])).sum()));
    assert_eq!(xlsx, (119, "9185422.93".parse().unwrap()));
    assert_eq!(state(&api, "invoices"), 369);
    assert_eq!(state(&api, "duplicate_rows"), 0);
    assert_eq!(decimal(&api.state()["totals"]["netAmount"]), csv.1 + xlsx.1);
    assert_every_row_is_stored(&api, &sheet);
}

/// Each row of the clean sample with its amounts, one by one.
fn assert_every_row_is_stored(api: &Sandbox, sheet: &[csv::StringRecord]) {
    let stored: BTreeMap<String, serde_json::Value> = records(api, "invoices")
        .into_iter()
        .map(|invoice| (invoice["invoiceNumber"].as_str().unwrap().to_owned(), invoice))
        .collect();
    for cells in sheet {
        let invoice = &stored[&cells[0]];
        assert_eq!(invoice["customerId"], cells[1]);
        for (field, column) in [("baseAmount", 6), ("cgst", 7), ("sgst", 8), ("igst", 9), ("netAmount", 10)] {
            let amount = if invoice[field].is_null() { Decimal::ZERO } else { decimal(&invoice[field]) };
            assert_eq!(amount, rupees(&cells[column]), "{field} of {}", &cells[0]);
        }
        let (day, month, year) = (&cells[3][..2], &cells[3][3..5], &cells[3][6..]);
        assert_eq!(invoice["dueDate"], format!("{year}-{month}-{day}"));
    }
}

#[test]
fn a_second_start_of_the_same_sheets_sends_nothing() {
    let world = World::with_samples(&["invoices.csv", "invoices.xlsx"]);
    let api = sandbox(|_| {});
    world.run(&api, &MAIN).expect(0);
    let uploads = state(&api, "uploads");

    let second = world.run(&api, &MAIN).expect(0);

    assert_eq!(state(&api, "uploads"), uploads);
    assert_eq!(state(&api, "logins/ok"), 1);
    assert!(second.out.starts_with("run 2: 369 already-accepted of 369 rows (₹3,28,11,590.14)\n"), "{}", second.out);
    for (name, rows) in [("invoices.csv", 250), ("invoices.xlsx", 119)] {
        let lines = world.lines(&format!("{name}.results.csv"));
        assert_eq!(statuses(&lines), BTreeMap::from([("already-accepted", rows)]));
        assert!(lines.iter().all(|line| line["code"] == "accepted-earlier" && line["remote_id"].starts_with("CIN")));
        added_up(&world.summary(&format!("{name}.summary.json")));
        // The results of the first run are kept beside those of the second.
        assert_eq!(statuses(&world.lines(&format!("{name}.results.1.csv")))["accepted"], rows);
    }
}

#[test]
fn the_built_in_sandbox_keeps_its_records_from_start_to_start() {
    let world = World::with_samples(&["invoices.csv", "invoices.xlsx"]);
    let first = world.alone(&MAIN).expect(0);
    insta::assert_snapshot!(world.redacted(&first.out), @r"
    run 1: 369 accepted of 369 rows (₹3,28,11,590.14)
      outcome   rows          taxable            total
      accepted   369  ₹2,84,71,059.45  ₹3,28,11,590.14
      read       369  ₹2,84,71,059.45  ₹3,28,11,590.14
    results: invoices.csv.sandbox.results.csv
    results: invoices.csv.sandbox.summary.json
    results: invoices.csv.sandbox.report.html
    results: invoices.xlsx.sandbox.results.csv
    results: invoices.xlsx.sandbox.summary.json
    results: invoices.xlsx.sandbox.results.xlsx
    results: invoices.xlsx.sandbox.report.html
    history: [HEAD]
    ");
    let stored = fs::read(world.state().join("sandbox-records.jsonl")).unwrap();

    let second = world.alone(&MAIN).expect(0);

    assert!(second.out.contains("369 already-accepted of 369 rows"), "{}", second.out);
    assert_eq!(fs::read(world.state().join("sandbox-records.jsonl")).unwrap(), stored);
    assert!(!world.state().join("ledger.db").exists());
}

#[test]
fn a_folder_and_a_glob_are_read_and_own_results_in_them_are_not() {
    let world = World::new();
    world.copy_sample("invoices.csv", "inbox/april.csv");
    world.copy_sample("invoices.xlsx", "inbox/may.xlsx");
    let api = sandbox(|_| {});
    world.run(&api, &["invoices", "create", "inbox"]).expect(0);
    assert_eq!(state(&api, "invoices"), 369);

    let again = world.run(&api, &["invoices", "create", "inbox"]).expect(0);
    assert!(again.out.starts_with("run 2: 369 already-accepted of 369 rows"), "{}", again.out);
    let glob = world.run(&api, &["invoices", "create", "inbox/*.csv"]).expect(0);
    assert!(glob.out.starts_with("run 3: 250 already-accepted of 250 rows"), "{}", glob.out);
    assert_eq!(state(&api, "uploads"), 1);
}

#[test]
fn standard_input_is_read_and_its_results_stand_here() {
    let world = World::new();
    world.write("sheet.csv", invoices(3));
    let api = sandbox(|_| {});
    let sheet = fs::File::open(world.path("sheet.csv")).unwrap();
    ended(world.client(&api, &["invoices", "create", "-"]).stdin(sheet)).expect(0);
    assert_eq!(statuses(&world.lines("stdin.results.csv")), BTreeMap::from([("accepted", 3)]));
}

#[test]
fn customers_are_created_and_changed_from_the_samples() {
    let world = World::with_samples(&["customers.xlsx", "customers-update.csv"]);
    let api = sandbox(|_| {});
    world.run(&api, &["customers", "create", "customers.xlsx"]).expect(0);
    assert_eq!(statuses(&world.lines("customers.results.csv")), BTreeMap::from([("accepted", 40)]));
    assert_eq!((state(&api, "customers"), state(&api, "duplicate_rows")), (40, 0));

    world.run(&api, &["customers", "update", "customers-update.csv"]).expect(0);
    let lines = world.lines("customers-update.results.csv");
    assert_eq!(statuses(&lines), BTreeMap::from([("accepted", 12)]));
    assert!(lines.iter().all(|line| line["remote_id"] == line["Customer Id"]), "{lines:?}");
    // Eight sets of filled columns, each a file of its own, so that no empty cell is sent.
    assert_eq!(state(&api, "uploads"), 1 + 8);
}

#[test]
fn a_customer_that_was_created_is_known_by_its_code_from_then_on() {
    let world = World::with_samples(&["customers.xlsx"]);
    let api = sandbox(|_| {});
    world.run(&api, &["customers", "create", "customers.xlsx"]).expect(0);
    let customer = &world.lines("customers.results.csv")[0];
    let (code, id) = (&customer["Customer Code"], &customer["remote_id"]);
    world.write(
        "bill.csv",
        format!(
            "Invoice Number,Customer Code,Invoice Date,Due Date,Taxable Value\nB-1,{code},03/07/2026,25/08/2026,500\n"
        ),
    );
    world.run(&api, &["invoices", "create", "bill.csv"]).expect(0);
    assert_eq!(&records(&api, "invoices")[0]["customerId"], id);
}

#[test]
fn exports_that_name_customers_by_code_and_gstin_upload_with_a_directory_and_no_map() {
    let world = World::with_samples(&["tally-sales-register.xlsx", "zoho-invoices.csv", "customers-directory.csv"]);
    let api = sandbox(|_| {});
    let directory = ["--customers", "customers-directory.csv"];
    for (name, rows, accepted, excluded, total) in
        [("tally-sales-register.xlsx", 31, 30, 1, "1724556.00"), ("zoho-invoices.csv", 30, 28, 2, "2743626.00")]
    {
        world.run(&api, &[&["invoices", "create", name], &directory[..]].concat()).expect(0);
        let name = name.split('.').next().unwrap();
        let lines = world.lines(&format!("{name}.results.csv"));
        assert_eq!(statuses(&lines), BTreeMap::from([("accepted", accepted), ("excluded", excluded)]), "{name}");
        let summary = world.summary(&format!("{name}.summary.json"));
        assert_eq!(added_up(&summary), (rows, total.parse().unwrap()), "{name}");
    }
    assert_eq!(stored_numbers(&api).len(), 58);
}

#[test]
fn a_line_level_export_is_refused_with_the_setting_to_use() {
    let world = World::with_samples(&["zoho-line-items.csv", "customers-directory.csv"]);
    let api = sandbox(|_| {});
    let refused = world
        .run(&api, &["invoices", "create", "zoho-line-items.csv", "--customers", "customers-directory.csv"])
        .expect(2);
    insta::assert_snapshot!(refused.problems(&world), @r#"
    arload: zoho-line-items.csv: this is a line-level export: it has item columns, and row 3 "INV-002101" is one more line of a document above
    hint: group = true in a mapping file (or --group) joins the lines of a document; "arload inspect FILE --as ... --group --save-mapping NAME" writes such a file
    arload: no sheet could be read; nothing was sent
    "#);
    assert_eq!((world.results(), state(&api, "logins/ok")), (Vec::new(), 0));
}

#[test]
fn a_refused_sheet_is_left_out_whole_and_the_others_go() {
    let world = World::with_samples(&["zoho-line-items.csv"]);
    world.write("good.csv", invoices(4));
    let api = sandbox(|_| {});
    world.write("broken.xlsx", b"PK\x03\x04broken");
    world.write("blank.csv", "");
    let refused = ["zoho-line-items.csv", "gone.csv", "broken.xlsx", "blank.csv"];
    let ended = world.run(&api, &[&["invoices", "create", "good.csv"], &refused[..]].concat()).expect(1);
    for name in refused {
        assert!(ended.err.contains(&format!("arload: {name}: ")), "{name}: {}", ended.err);
    }
    assert_eq!(stored_numbers(&api).len(), 4);
}
