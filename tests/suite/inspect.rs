//! `arload inspect`: what it shows, the tables it writes, and how it ends where files are broken.

use std::io::Write as _;
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
    assert!(shown.out.lines().all(|line| line.chars().count() <= 100), "{}", shown.out);
    for part in [
        "invoices.xlsx[April 2026]\n  file        Excel workbook (xlsx)\n  sheets      ",
        "  not read    \"Notes\", hidden",
        "  headings    row 5\n  table       rows 6 to 66, 61 data rows, 13 columns\n",
        "every required field has a column",
        "A  Invoice Number   identifier        100%  invoiceNumber\n",
        "  sheets      \"April 2026\", \"May 2026\"\n",
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

const ODD: &str = "Ref;Who;On;By;Worth;Paid in;Remark\n\
                   M-1;KC0123456789ABCD;04/05/2025;05/06/2025;1000;1050;x\n\
                   M-2;KC0123456789ABCD;04/06/2025;05/07/2025;100;0;y\n";

const MAPS: [&str; 10] = [
    "--map",
    "Ref=invoiceNumber",
    "--map",
    "Who=customerId",
    "--map",
    "On=invoiceDate",
    "--map",
    "By=dueDate",
    "--map",
    "Worth=baseAmount",
];

const AS: [&str; 2] = ["--as", "invoices create"];

/// What each column fills and why, as `inspect --json` says.
fn uses(world: &World, arguments: &[&str]) -> Vec<(String, String)> {
    let shown = ended(&mut world.arload(&[&["inspect"], arguments, &["--json"], &AS[..]].concat())).expect(0);
    let found = documents(&shown.out).remove(0);
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    found["columns"].as_array().unwrap().iter().map(|column| (text(&column["field"]), text(&column["by"]))).collect()
}

#[test]
fn a_mapping_that_was_saved_gives_the_same_mapping_again() {
    let world = World::new();
    world.write("odd.csv", ODD);
    let flags = ["--map", "Remark=", "--set", "gstExclusive=true", "--date-order", "mdy", "--save-mapping", "odd"];
    let saved = ended(&mut world.arload(&[&["inspect", "odd.csv"], &AS[..], &MAPS[..], &flags].concat())).expect(0);
    let said = "wrote odd.mapping.toml: \"arload invoices create FILE --mapping odd\" uses it\n";
    assert_eq!(saved.err, said);
    let by_flags = uses(&world, &[&["odd.csv"], &MAPS[..]].concat());
    let by_file = uses(&world, &["odd.csv", "--mapping", "odd"]);
    let fields = |uses: &[(String, String)]| uses.iter().map(|(field, _)| field.clone()).collect::<Vec<_>>();
    assert_eq!(fields(&by_file), fields(&by_flags));
    assert_eq!(by_flags[0], ("invoiceNumber".to_owned(), "by-hand".to_owned()));
    assert_eq!(by_file[0], ("invoiceNumber".to_owned(), "saved".to_owned()));
    let written = String::from_utf8(world.read("odd.mapping.toml")).unwrap();
    assert!(written.contains("date-order = \"mdy\"\n") && written.contains("gstExclusive = \"true\"\n"), "{written}");
    // An upload takes it too.
    let sent = world.alone(&["invoices", "create", "odd.csv", "--mapping", "odd", "--dry-run"]).expect(0);
    assert!(!sent.err.contains("arload: "), "{}", sent.err);
}

#[test]
fn a_mapping_file_is_never_replaced_unasked_and_stands_where_it_is_looked_for() {
    let world = World::new();
    world.write("odd.csv", ODD);
    let save = |flags: &[&str]| {
        ended(&mut world.arload(&[&["inspect", "odd.csv"], &AS[..], &MAPS[..], &["--save-mapping"], flags].concat()))
    };
    world.write("old.mapping.toml", "kept");
    let refused = save(&["old"]).expect(2);
    assert_eq!(
        refused.problems(&world),
        "arload: old.mapping.toml: already exists, nothing written\n\
         hint: pass --force to replace it, or choose another name\n"
    );
    assert_eq!((refused.out.as_str(), world.read("old.mapping.toml")), ("", b"kept".to_vec()));
    save(&["old", "--force"]).expect(0);
    assert!(world.read("old.mapping.toml").starts_with(b"# How a sheet becomes"));
    save(&["new/maps/a.toml"]).expect(0);
    assert_eq!(uses(&world, &["odd.csv", "--mapping", "new/maps/a.toml"])[0].1, "saved");
    std::fs::create_dir(world.path("conf")).unwrap();
    world.write("conf/arload.toml", "[profiles.default]\n[mappings.tally]\nmap = { \"Ref\" = \"invoiceNumber\" }\n");
    save(&["beside", "--config", "conf/arload.toml"]).expect(0);
    assert!(world.path("conf/beside.mapping.toml").exists());
    let taken = save(&["tally", "--config", "conf/arload.toml"]).expect(2).problems(&world);
    assert!(taken.starts_with("arload: --save-mapping: \"tally\" is a table [mappings.tally]"), "{taken}");
    let nameless = save(&[""]).expect(2).problems(&world);
    assert!(nameless.starts_with("arload: --save-mapping: \"\" is no name; expected one such as tally"), "{nameless}");
    // Without an operation there is nothing to save a mapping for.
    ended(&mut world.arload(&["inspect", "odd.csv", "--save-mapping", "x"])).expect(2);
}

#[test]
fn one_mapping_is_saved_for_sheets_with_the_same_headings_only() {
    let world = World::with_samples(&["invoices.xlsx"]);
    world.write("odd.csv", ODD);
    world.write("same.csv", ODD);
    world.write("plain.csv", "1,x,2\n3,y,4\n");
    let save = |files: &[&str]| {
        let flags = ["--save-mapping", "m", "--force"];
        ended(&mut world.arload(&[&["inspect"], files, &AS[..], &MAPS[..], &flags].concat()))
    };
    save(&["odd.csv", "same.csv"]).expect(0);
    // Both worksheets have the same headings.
    let both = ["inspect", "invoices.xlsx", "--as", "invoices create", "--save-mapping", "book"];
    ended(&mut world.arload(&both)).expect(0);
    world.write("same.csv", ODD.replacen("Remark", "Other", 1));
    let refused = save(&["odd.csv", "same.csv"]).expect(2).problems(&world);
    assert_eq!(
        refused,
        "arload: --save-mapping: odd.csv and same.csv have different headings\n\
         hint: save a mapping for each: name one file, and one of its sheets with --sheet NAME\n"
    );
    let none = ["inspect", "plain.csv", "--as", "invoices create", "--save-mapping", "none"];
    let none = ended(&mut world.arload(&none)).expect(2).problems(&world);
    assert!(none.starts_with("arload: --save-mapping: no sheet with headings was read"), "{none}");
    assert!(!world.path("none.mapping.toml").exists());
    let typo = ["inspect", "odd.csv", "--as", "invoices create", "--map", "Reff=invoiceNumber", "--save-mapping", "t"];
    let typo = ended(&mut world.arload(&typo)).expect(2).problems(&world);
    assert!(typo.contains("odd.csv: there is no mapping to save: ") && typo.contains("Reff"), "{typo}");
}

#[test]
fn what_is_shown_is_what_an_upload_would_do_with_the_same_flags() {
    let world = World::with_samples(&["invoices.xlsx"]);
    world.write("odd.csv", ODD);
    // A constant, a column and a reading flag each, and what comes of them.
    let shown = |arguments: &[&str]| {
        documents(&ended(&mut world.arload(&[&["inspect", "--json"], &AS[..], arguments].concat())).expect(0).out)
    };
    let set = &shown(&[&["odd.csv", "--set", "creditDays=30"], &MAPS[..]].concat())[0];
    assert_eq!(set["mapping"]["constants"], serde_json::json!([["creditDays", "30"]]));
    let order = |flags: &[&str]| shown(&[&["odd.csv"], flags].concat())[0]["columns"][2]["date-order"].clone();
    assert_eq!((order(&[]), order(&["--date-order", "mdy"])), (Value::from("dmy assumed"), Value::from("mdy")));
    let sheets = shown(&["invoices.xlsx", "--sheet", "May 2026"]);
    assert_eq!((sheets.len(), &sheets[0]["sheet"]), (1, &Value::from("May 2026")));
    assert_eq!(sheets[0]["unasked-sheets"], serde_json::json!(["April 2026"]));
    let row = &shown(&["odd.csv", "--header-row", "2"])[0];
    assert_eq!((&row["header-rows"], &row["data-rows"]), (&serde_json::json!([2]), &Value::from(1)));
    let comma = &shown(&["odd.csv", "--delimiter", ","])[0];
    assert_eq!((&comma["delimiter"], &comma["delimiter-by"]), (&Value::from(","), &Value::from("set")));
    world.write("old.csv", b"Invoice No,Remark\nA-1,caf\xe9 cr\xe8me br\xfbl\xe9e\n");
    let guessed = &shown(&["old.csv"])[0];
    assert_eq!((&guessed["encoding"], &guessed["encoding-by"]), (&"windows-1252".into(), &"guessed".into()));
    let forced = &shown(&["old.csv", "--encoding", "iso-8859-2"])[0];
    assert_eq!((&forced["encoding"], &forced["encoding-by"]), (&"ISO-8859-2".into(), &"set".into()));
    // What an upload refuses is told, in its words.
    for (flags, problem) in [
        (&["--map", "Reff=invoiceNumber"][..], "--map: "),
        (&["--map", "Ref=invoiceNo"], "--map: "),
        (&["--map", "Ref=totalReceived"], "--map: "),
        (&["--set", "Ref=1"], "--set: "),
    ] {
        let told = shown(&[&["odd.csv"], flags].concat())[0]["mapping"]["problem"].as_str().unwrap().to_owned();
        assert!(told.starts_with(problem), "{told}");
        let sheet = [&["invoices", "create", "odd.csv", "--dry-run"], flags].concat();
        let refused = world.alone(&sheet).expect(2).problems(&world);
        assert!(refused.contains(&told), "{told}\n{refused}");
    }
    world.write("gone.mapping.toml", "[columns]\n\"Old\" = \"invoiceNumber\"\n");
    let told = shown(&["odd.csv", "--mapping", "gone"])[0]["mapping"]["problem"].clone();
    assert_eq!(told, "the mapping gone.mapping.toml no longer fits: gone: \"Old\"");
    ended(&mut world.arload(&["inspect", "odd.csv", "--mapping", "nowhere"])).expect(2);
}

#[test]
fn a_text_file_is_described_to_the_last_mark() {
    let world = World::new();
    let (sheet, packed) = ("sep=;\r\n'Invoice No';'Remark'\r\n'A-1';'it\\'s; so'\r\n'A-2';'x'\r\n", "a.csv.gz");
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(sheet.as_bytes()).unwrap();
    world.write(packed, encoder.finish().unwrap());
    let shown = ended(&mut world.arload(&["inspect", packed, "--json"])).expect(0);
    let found = &documents(&shown.out)[0];
    let expected = serde_json::json!({
        "container": "delimited text", "compression": "gzip", "encoding": "UTF-8", "encoding-by": "detected",
        "delimiter": ";", "delimiter-by": "declared", "quote": "'", "escape": "\\", "line-ends": "CRLF",
        "header-rows": [1], "first-row": 2, "last-row": 3, "data-rows": 2,
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&found[name], value, "{name}: {found}");
    }
    let shown = ended(&mut world.arload(&["inspect", packed])).expect(0);
    for part in [
        "  file        delimited text, packed with gzip, UTF-8 (detected)\n",
        "separated by semicolons (by its line sep=), quoted with ' (after \\ inside a cell),\n",
        "the file is packed (gzip)",
        "cells are quoted with apostrophes",
    ] {
        assert!(shown.out.contains(part), "{part}\n{}", shown.out);
    }
}

#[test]
fn a_folder_is_looked_at_whole_and_what_is_passed_over_is_named() {
    let world = World::with_samples(&["invoices.csv"]);
    std::fs::create_dir(world.path("in")).unwrap();
    world.write("in/good.csv", ODD);
    world.write("in/cut.xlsx", b"PK\x03\x04broken");
    world.write("in/empty.csv", "");
    for left in ["good.results.csv", "good.corrections.xlsx", "good.report.html", "good.mapping.toml", "~$good.xlsx"] {
        world.write(&format!("in/{left}"), "x");
    }
    let shown = ended(&mut world.arload(&["inspect", "in"])).expect(1);
    assert!(shown.out.contains("in/good.csv\n") && shown.out.contains("the file has no rows"), "{}", shown.out);
    assert_eq!(
        shown.err.lines().filter(|line| line.contains("skipped: ")).collect::<Vec<_>>(),
        [
            "in/good.corrections.xlsx: skipped: is a corrections workbook, read only where it is named",
            "in/good.mapping.toml: skipped: is a mapping file",
            "in/good.report.html: skipped: is a result of arload",
            "in/good.results.csv: skipped: is named as a result of arload",
            "in/~$good.xlsx: skipped: is a lock file of an open workbook",
        ]
    );
    assert!(shown.err.ends_with("3 files: 1 read, 1 refused, 1 empty, 5 skipped beside them\n"), "{}", shown.err);
    let found = documents(&ended(&mut world.arload(&["inspect", "in", "--json"])).expect(1).out);
    let refused: Vec<&str> = found.iter().filter_map(|one| one["refused"].as_str()).collect();
    assert!(matches!(refused[..], [one] if one.starts_with("in/cut.xlsx: is damaged: ")), "{refused:?}");
    assert_eq!(found.iter().filter(|one| one["skipped"].is_string()).count(), 5);
    // All refused is nothing read.
    ended(&mut world.arload(&["inspect", "in/cut.xlsx", "in/gone.csv"])).expect(2);
}

const LINES: &str =
    "Invoice Number,Invoice Date,Due Date,Customer Id,Item Name,Taxable Value,CGST,SGST,Invoice Total\n";

/// Rows of these numbers and amounts: taxable value, each tax, total.
fn lines(rows: &[(&str, &str)]) -> String {
    let row = |(at, (number, amounts)): (usize, &(&str, &str))| {
        format!("{number},01/07/2026,31/07/2026,KC0123456789ABCD,item {at},{amounts}\n")
    };
    LINES.to_owned() + &rows.iter().enumerate().map(row).collect::<String>()
}

#[test]
fn what_an_upload_refuses_for_all_rows_together_is_told_in_its_words() {
    let world = World::new();
    let either = lines(&[("A", "100,9,9,118"), ("A", "100,9,9,118"), ("B", "5,0.45,0.45,5.90")]);
    let good = lines(&[("A", "100,9,9,354"), ("A", "200,18,18,354"), ("B", "5,0.45,0.45,5.90")]);
    let total = good.clone() + "Total,,,,,310,27.45,27.45,359.90\n";
    let unjoined = lines(&[("A", "100,9,9,118"), ("B", "5,0.45,0.45,5.90")]) + "Total,,,,,110,9.45,9.45,123.90\n";
    let scattered = lines(&[("A", "1,0,0,1"), ("B", "1,0,0,1"), ("A", "2,0,0,2")]);
    for (sheet, flags, problem) in [
        (&either, &["--group"][..], "it cannot be told whether \"Taxable Value\", \"CGST\""),
        (&scattered, &["--group"], "row 4 goes on with the document of row 2, and others stand between them"),
        (&total, &["--group"], "row 5: column F (baseAmount): the total row says 310.00, the rows add up to 305.00"),
        (&unjoined, &[], "row 4: column F (baseAmount): the total row says 110.00, the rows add up to 105.00"),
        (&good, &["--group"], ""),
    ] {
        world.write("s.csv", sheet);
        let shown = ended(&mut world.arload(&[&["inspect", "s.csv", "--json"], &AS[..], flags].concat())).expect(0);
        let mapping = documents(&shown.out)[0]["mapping"].clone();
        let told = mapping["problem"].as_str().unwrap_or_default();
        assert!(told.starts_with(problem) && told.is_empty() == problem.is_empty(), "{mapping}");
        let upload = [&["invoices", "create", "s.csv", "--dry-run"], flags].concat();
        let sent = world.alone(&upload).expect(if problem.is_empty() { 0 } else { 2 });
        let words = told.strip_prefix("row 5: ").or(told.strip_prefix("row 4: ")).unwrap_or(told);
        assert!(sent.problems(&world).contains(words), "{told}\n{}", sent.err);
        assert_eq!(mapping["hint"].is_string(), !problem.is_empty(), "{mapping}");
    }
    let before = world.files();
    let shown = ended(&mut world.arload(&["inspect", "s.csv", "--as", "invoices create", "--group"])).expect(0);
    let joined = "3 rows in 2 documents; summed over the lines: \"Taxable Value\", \"CGST\", \"SGST\"";
    assert!(shown.out.contains(joined) && shown.err.is_empty(), "{}\n{}", shown.out, shown.err);
    // Looking leaves nothing behind.
    assert_eq!(world.files(), before);
}

#[test]
fn joining_is_not_switched_on_in_a_saved_mapping_because_rows_look_like_lines() {
    let world = World::new();
    world.write("s.csv", lines(&[("A", "100,9,9,354"), ("A", "200,18,18,354"), ("B", "5,0.45,0.45,5.90")]));
    let save = |name: &str, flags: &[&str]| {
        let shown = ended(&mut world.arload(&[&["inspect", "s.csv", "--save-mapping", name], &AS[..], flags].concat()));
        (shown.expect(0).err, String::from_utf8(world.read(&format!("{name}.mapping.toml"))).unwrap())
    };
    let why = "in s.csv, 1 row goes on with the invoice of the row above, row 3 the first";
    let (said, file) = save("plain", &[]);
    assert!(
        said.contains(&format!("group = true stands in it as a comment only: {why}\nhint: take the # away")),
        "{said}"
    );
    assert!(
        file.contains(&format!("# Not switched on, because nobody asked for it: {why}.\n#group = true\n")),
        "{file}"
    );
    assert!(said.contains("an upload with it would still be refused: this is a line-level export"), "{said}");
    // It is a mapping that is read and leaves the sheet to be refused.
    world.alone(&["invoices", "create", "s.csv", "--mapping", "plain", "--dry-run"]).expect(2);
    world.write("plain.mapping.toml", file.replace("#group", "group"));
    world.alone(&["invoices", "create", "s.csv", "--mapping", "plain", "--dry-run"]).expect(0);
    let (said, file) = save("asked", &["--group"]);
    assert!(!said.contains("comment") && file.contains("\ngroup = true\n"), "{said}{file}");
    world.alone(&["invoices", "create", "s.csv", "--mapping", "asked", "--dry-run"]).expect(0);
}

#[test]
fn headings_of_several_rows_show_both_their_names() {
    let world = World::new();
    world.write(
        "two.csv",
        "Invoice,,Amount,\nNo,Date,Taxable Value,CGST\nA-1,01/07/2026,\"1.100,50\",\"9,05\"\nA-2,02/07/2026,\"2,25\",\"0,18\"\n",
    );
    let shown = |flags: &[&str]| {
        let found = ended(&mut world.arload(&[&["inspect", "two.csv", "--json"], &AS[..], flags].concat())).expect(0);
        documents(&found.out)[0]["columns"].clone()
    };
    let columns = shown(&[]);
    let emitted = ended(&mut world.arload(&["inspect", "two.csv", "--emit", "csv"])).expect(0).out;
    let written = columns.as_array().unwrap().iter().map(|column| {
        let name = if column["written-as"].is_string() { &column["written-as"] } else { &column["heading"] };
        name.as_str().unwrap().to_owned()
    });
    assert_eq!(written.collect::<Vec<_>>().join(","), emitted.lines().next().unwrap());
    assert_eq!(
        (&columns[2]["heading"], &columns[2]["written-as"]),
        (&"Taxable Value".into(), &"Amount Taxable Value".into())
    );
    // A mapping that says so makes these cells amounts.
    assert_eq!(columns[2]["type"], "identifier");
    world.write("comma.mapping.toml", "decimal-comma = true\n");
    assert_eq!(shown(&["--mapping", "comma"])[2]["type"], "amount");
}
