//! Line-level sheets: the rows of a document become one record, every row shows its outcome, and money counts once.

use std::fmt::Write as _;

use serde_json::Value;

use crate::world::{World, added_up, decimal, records, sandbox, state, statuses, stored_numbers};

pub(crate) const ID: &str = "KC0123456789ABCD";

/// The amounts of a stored invoice, in the order asked for.
#[track_caller]
pub(crate) fn amounts(stored: &[Value], number: &str, fields: &[&str]) -> Vec<String> {
    let invoice = stored.iter().find(|invoice| invoice["invoiceNumber"] == number).expect("the invoice is stored");
    fields.iter().map(|field| format!("{:.2}", decimal(&invoice[*field]))).collect()
}

/// Writes a sheet with a heading row; cells between bars.
pub(crate) fn sheet(world: &World, name: &str, rows: &[&str]) {
    let lines: Vec<String> = rows.iter().map(|row| row.replace('|', ",")).collect();
    world.write(name, format!("{}\n", lines.join("\n")));
}

/// Row, status and codes of each line of a result.
pub(crate) fn outcomes(world: &World, name: &str) -> Vec<String> {
    let lines = world.lines(name);
    lines.iter().map(|line| format!("{} {} {}", line["row"], line["status"], line["code"]).trim().to_owned()).collect()
}

const LINES: &str = "Invoice Number|Invoice Date|Due Date|Customer Id|Item Name|Taxable Value|CGST|SGST|Invoice Total";

#[test]
fn a_zoho_export_with_several_lines_an_invoice_is_joined() {
    let world = World::with_samples(&["zoho-line-items.csv", "customers-directory.csv"]);
    world.write("zoho.mapping.toml", "group = true\n[columns]\n\"Total\" = \"netAmount\"\n");
    world.write("zoho-line-items.control", "rows = 29\ntotal = \"27,46,664.00\"\n");
    let api = sandbox(|_| {});
    let arguments = [
        "invoices",
        "create",
        "zoho-line-items.csv",
        "--customers",
        "customers-directory.csv",
        "--mapping",
        "zoho",
        "--expect-rows",
        "29",
        "--expect-total",
        "2746664",
    ];
    let ended = world.run(&api, &arguments).expect(0);
    assert!(
        ended.err.contains("29 rows in 9 documents; summed over the lines: \"CGST\", \"SGST\", \"IGST\"\n"),
        "{}",
        ended.err
    );
    assert!(ended.err.contains("run 1: 29 rows in 9 documents in 1 request"), "{}", ended.err);
    assert!(ended.out.contains("run 1: 29 accepted of 29 rows in 9 documents (₹27,46,664.00)\n"), "{}", ended.out);
    let stored = records(&api, "invoices");
    assert_eq!(stored.len(), 9);
    let fields = ["baseAmount", "cgst", "sgst", "netAmount"];
    assert_eq!(amounts(&stored, "INV-002101", &fields), ["242890.50", "21860.15", "21860.15", "286611.00"]);
    let lines = world.lines("zoho-line-items.results.csv");
    assert_eq!(
        lines.iter().map(|line| line["row"].clone()).collect::<Vec<_>>(),
        (2..=30).map(|row| row.to_string()).collect::<Vec<_>>()
    );
    for line in &lines {
        let first = lines.iter().find(|first| first["key"] == line["key"]).unwrap();
        assert!(
            line["status"] == "accepted" && line["chunk"] == "1/1" && line["remote_id"] == first["remote_id"],
            "{line:?}"
        );
    }
    let summary = world.summary("zoho-line-items.summary.json");
    assert_eq!(added_up(&summary), (29, "2746664.00".parse().unwrap()));
    assert_eq!(summary["totals"]["read"]["joined"], 20);

    // The same sheet again, whether joined by a mapping or by the flag.
    for flags in [&["--mapping", "zoho"][..], &["--group"]] {
        let again = [&arguments[..5], flags].concat();
        let ended = world.run(&api, &again).expect(0);
        assert!(ended.out.contains("29 already-accepted of 29 rows in 9 documents (₹27,46,664.00)"), "{}", ended.out);
    }
    assert_eq!((state(&api, "uploads"), stored_numbers(&api).len()), (1, 9));
}

#[test]
fn the_same_invoice_as_one_row_of_another_sheet_is_recognised() {
    let world = World::new();
    let api = sandbox(|_| {});
    let document =
        |item: &str, base: &str, tax: &str| format!("P-1|01/07/2026|31/07/2026|{ID}|{item}|{base}|{tax}|{tax}|1180");
    sheet(&world, "lines.csv", &[LINES, &document("Tape", "600", "54"), &document("Foam", "400", "36")]);
    world.run(&api, &["invoices", "create", "lines.csv", "--group"]).expect(0);
    sheet(&world, "plain.csv", &[LINES, &document("All", "1000", "90")]);
    world.run(&api, &["invoices", "create", "plain.csv"]).expect(0);
    assert_eq!(outcomes(&world, "plain.results.csv"), ["2 already-accepted accepted-earlier"]);
    // And the other way round, with another amount: the number is known, and nothing is sent.
    sheet(&world, "more.csv", &[LINES, &document("Tape", "600", "54"), &document("Foam", "400.50", "36")]);
    world.run(&api, &["invoices", "create", "more.csv", "--group"]).expect(1);
    let results = world.lines("more.results.csv");
    assert_eq!(
        outcomes(&world, "more.results.csv"),
        ["2 invalid conflicts-with-earlier-run", "3 invalid document-invalid"]
    );
    assert!(results[0]["message"].contains("baseAmount \"1000.00\" → \"1000.50\""), "{}", results[0]["message"]);
    assert!(
        results[1]["message"].contains("belongs to the document of row 2, which is invalid"),
        "{}",
        results[1]["message"]
    );
    assert_eq!(state(&api, "uploads"), 1);
}

#[test]
fn an_invoice_value_repeated_beside_taxable_values_by_rate_counts_once() {
    let world = World::new();
    let api = sandbox(|_| {});
    sheet(
        &world,
        "gstr1.csv",
        &[
            "GSTIN/UIN of Recipient|Receiver Name|Invoice Number|Invoice date|Invoice Value|Place Of Supply|Reverse Charge|Applicable % of Tax Rate|Invoice Type|E-Commerce GSTIN|Rate|Taxable Value|Cess Amount",
            "27AAPFU0939F1ZV|Asha Traders|G-1|01-Jul-2026|2860.00|27-Maharashtra|N||Regular B2B||5|1000.00|0",
            "27AAPFU0939F1ZV|Asha Traders|G-1|01-Jul-2026|2860.00|27-Maharashtra|N||Regular B2B||18|1533.90|0",
            "27AAPFU0939F1ZV|Asha Traders|G-2|02-Jul-2026|118.00|27-Maharashtra|N||Regular B2B||18|100.00|0",
            "27AAPFU0939F1ZV|Asha Traders|G-3|03-Jul-2026|223.00|27-Maharashtra|N||Regular B2B||18|100.00|0",
            "27AAPFU0939F1ZV|Asha Traders|G-3|03-Jul-2026|223.00|27-Maharashtra|N||Regular B2B||5|100.00|0",
            // The sheet's own total counts the invoice value once for each row.
            "Total||||6284.00|||||||2833.90|",
        ],
    );
    world.write("customers.csv", format!("customer_id,gstin\n{ID},27AAPFU0939F1ZV\n"));
    let arguments =
        ["invoices", "create", "gstr1.csv", "--customers", "customers.csv", "--set", "creditDays=30", "--group"];
    let ended = world.run(&api, &[&arguments[..], &["--expect-total", "3201"]].concat()).expect(0);
    assert!(ended.err.contains("5 rows in 3 documents; summed over the lines: \"Taxable Value\"\n"), "{}", ended.err);
    assert!(ended.err.contains("the total of column E (netAmount) counts an amount on every row"), "{}", ended.err);
    let stored = records(&api, "invoices");
    for (number, base, net) in [("G-1", "2533.90", "2860.00"), ("G-2", "100.00", "118.00"), ("G-3", "200.00", "223.00")]
    {
        assert_eq!(amounts(&stored, number, &["baseAmount", "netAmount"]), [base, net], "{number}");
    }
}

#[test]
fn rows_without_a_number_inherit_from_the_first_row_of_the_document() {
    let world = World::new();
    let api = sandbox(|_| {});
    sheet(
        &world,
        "erp.csv",
        &[
            "ID|Date|Payment Due Date|Customer Id|Grand Total|Item (Items)|Amount (Items)|Central Tax|State/UT Tax",
            &format!("SI-1|2026-07-01|2026-07-31|{ID}|354|Tape|100|9|9"),
            "|||||Foam|200.0040|18|18",
            &format!("SI-2|2026-07-02|2026-08-01|{ID}|118|Foam|100|9|9"),
            &format!("SI-3|2026-07-03|2026-08-01|{ID}|236.01|Foam|100.0025|9|9"),
            "|||||Tape|100.0025|9|9",
        ],
    );
    world.write("erp.mapping.toml", "group = true\n[columns]\n\"Amount (Items)\" = \"baseAmount\"\n");
    world.run(&api, &["invoices", "create", "erp.csv", "--mapping", "erp"]).expect(0);
    let stored = records(&api, "invoices");
    let fields = ["baseAmount", "cgst", "netAmount"];
    assert_eq!(amounts(&stored, "SI-1", &fields), ["300.00", "27.00", "354.00"]);
    assert_eq!(amounts(&stored, "SI-2", &fields), ["100.00", "9.00", "118.00"]);
    // Added up exactly and rounded once.
    assert_eq!(amounts(&stored, "SI-3", &fields), ["200.01", "18.00", "236.01"]);
    let keys: Vec<String> = world.lines("erp.results.csv").iter().map(|line| line["key"].clone()).collect();
    assert_eq!(keys, ["SI-1", "SI-1", "SI-2", "SI-3", "SI-3"]);
}

#[test]
fn documents_reach_over_blocks_and_every_row_is_reported_once() {
    let world = World::new();
    let mut text = format!("{}\n", LINES.replace('|', ","));
    let (mut rows, mut total) = (0, 0);
    for document in 0..60_u32 {
        // From one line to documents longer than a block.
        let lines = if document == 30 { 2_300 } else { document * 7 % 90 + 1 };
        let net: u32 = (1..=lines).map(|line| (line + 100) * 118).sum();
        for line in 1..=lines {
            let base = line + 100;
            writeln!(
                text,
                "B-{document},01/07/2026,31/07/2026,{ID},item {line},{base},{0}.{1:02},{0}.{1:02},{2}.{3:02}",
                base * 9 / 100,
                base * 9 % 100,
                net / 100,
                net % 100
            )
            .unwrap();
        }
        rows += lines;
        total += net;
    }
    world.write("big.csv", text);
    let total = format!("{}.{:02}", total / 100, total % 100);
    let mut found = Vec::new();
    for threads in ["1", "4"] {
        let api = sandbox(|_| {});
        let ended = world
            .run(
                &api,
                &[
                    "invoices",
                    "create",
                    "big.csv",
                    "--group",
                    "--new-run",
                    "--threads",
                    threads,
                    "--state",
                    threads,
                    "--expect-total",
                    &total,
                    "--max-chunk-rows",
                    "7",
                ],
            )
            .expect(0);
        assert!(ended.out.contains(" rows in 60 documents "), "{}", ended.out);
        let lines = world.lines("big.results.csv");
        assert_eq!(lines.len(), rows as usize);
        assert_eq!(statuses(&lines), [("accepted", lines.len())].into());
        assert!(lines.iter().enumerate().all(|(index, line)| line["row"] == (index + 2).to_string()));
        for pair in lines.windows(2).filter(|pair| pair[0]["key"] == pair[1]["key"]) {
            assert_eq!((&pair[0]["chunk"], &pair[0]["remote_id"]), (&pair[1]["chunk"], &pair[1]["remote_id"]));
        }
        let stored = records(&api, "invoices");
        assert_eq!(stored.len(), 60);
        let long: u32 = (1..=2_300).map(|line| line + 100).sum();
        assert_eq!(amounts(&stored, "B-30", &["baseAmount"]), [format!("{long}.00")]);
        found.push(lines.iter().map(|line| (line["key"].clone(), line["chunk"].clone())).collect::<Vec<_>>());
    }
    assert_eq!(found[0], found[1]);
}

#[test]
fn a_line_that_is_wrong_makes_its_whole_document_invalid_and_is_named() {
    let world = World::new();
    let api = sandbox(|_| {});
    let row = |number: &str, item: &str, base: &str, tax: &str, net: &str| {
        format!("{number}|01/07/2026|31/07/2026|{ID}|{item}|{base}|{tax}|{tax}|{net}")
    };
    sheet(
        &world,
        "bad.csv",
        &[
            LINES,
            &row("OK-1", "a", "100", "9", "354"),
            &row("OK-1", "b", "200", "18", "354"),
            &row("BAD-1", "a", "100", "9", "354"),
            &row("BAD-1", "b", "two hundred", "18", "354"),
            &row("BAD-2", "a", "100", "9", "354"),
            &row("BAD-2", "b", "200", "18", "355"),
            &row("BAD-3", "a", "100", "9", "354"),
            &row("BAD-3", "b", "300", "18", "354"),
            &row("OK-2", "a", "50", "4.5", "118"),
            &row("OK-2", "b", "50", "4.5", "118"),
            &row("OK-3", "a", "40", "3.6", "118"),
            &row("OK-3", "b", "60", "5.4", "118"),
        ],
    );
    world.run(&api, &["invoices", "create", "bad.csv", "--group"]).expect(1);
    assert_eq!(
        outcomes(&world, "bad.results.csv"),
        [
            "2 accepted",
            "3 accepted",
            "4 invalid document-invalid",
            "5 invalid amount-not-decimal; document-invalid",
            "6 invalid document-lines-differ",
            "7 invalid document-invalid",
            "8 invalid total-mismatch",
            "9 invalid document-invalid",
            "10 accepted",
            "11 accepted",
            "12 accepted",
            "13 accepted",
        ]
    );
    let messages: Vec<String> = world.lines("bad.results.csv").iter().map(|line| line["message"].clone()).collect();
    assert!(
        messages[2].contains("bad.csv:4: row 5 of the document is at fault (amount-not-decimal)"),
        "{}",
        messages[2]
    );
    assert!(messages[3].contains("bad.csv:5: baseAmount: \"two hundred\" is not a decimal"), "{}", messages[3]);
    assert!(messages[4].contains("row 6 says \"354\" and row 7 \"355\""), "{}", messages[4]);
    assert_eq!(stored_numbers(&api), ["OK-1", "OK-2", "OK-3"]);
    let (rows, _) = added_up(&world.summary("bad.summary.json"));
    assert_eq!(rows, 12);
}

#[test]
fn a_sheet_that_was_read_row_by_row_before_can_be_joined_later() {
    let world = World::new();
    let api = sandbox(|_| {});
    let headings = "Invoice Number|Invoice Date|Due Date|Customer Id|Taxable Value|IGST|Invoice Total";
    let row = |number: &str, base: &str, tax: &str| format!("{number}|01/07/2026|31/07/2026|{ID}|{base}|{tax}|354");
    let rows = [headings.to_owned(), row("R-1", "100", "18"), row("R-1", "200", "36")];
    sheet(&world, "r.csv", &rows.iter().map(String::as_str).collect::<Vec<_>>());
    world.run(&api, &["invoices", "create", "r.csv", "--plan"]).expect(1);
    assert_eq!(state(&api, "uploads"), 0);
    let ended = world.run(&api, &["invoices", "create", "r.csv", "--group"]).expect(0);
    assert!(ended.out.contains("2 accepted of 2 rows in 1 document (₹354.00)"), "{}", ended.out);
    assert_eq!(outcomes(&world, "r.results.csv"), ["2 accepted", "3 accepted"]);
    assert_eq!(
        amounts(&records(&api, "invoices"), "R-1", &["baseAmount", "igst", "netAmount"]),
        ["300.00", "54.00", "354.00"]
    );
    // Results are made again from the ledger, and what is shown of the run counts alike.
    let before = world.read("r.results.csv");
    std::fs::remove_file(world.path("r.results.csv")).unwrap();
    world.run(&api, &["runs", "results", "2"]).expect(0);
    assert_eq!(world.read("r.results.csv"), before);
    let shown = world.run(&api, &["runs", "show", "2"]).expect(0);
    assert!(
        shown.out.contains("2 rows in 1 document; summed over the lines: \"Taxable Value\", \"IGST\""),
        "{}",
        shown.out
    );
}

#[test]
fn a_planned_document_goes_with_all_its_rows_when_the_run_goes_on() {
    let world = World::with_samples(&["zoho-line-items.csv", "customers-directory.csv"]);
    let api = sandbox(|_| {});
    let arguments = [
        "invoices",
        "create",
        "zoho-line-items.csv",
        "--customers",
        "customers-directory.csv",
        "--group",
        "--max-chunk-rows",
        "2",
    ];
    let planned = world.run(&api, &[&arguments[..], &["--plan"]].concat()).expect(0);
    assert!(planned.err.contains("run 1: 29 rows in 9 documents in 5 requests"), "{}", planned.err);
    assert_eq!(statuses(&world.lines("zoho-line-items.results.csv")), [("not-sent", 29)].into());
    let ended = world.run(&api, &arguments).expect(0);
    assert!(ended.err.contains("run 1 goes on: 29 rows to send, 0 unknown"), "{}", ended.err);
    assert!(ended.out.contains("run 1: 29 accepted of 29 rows in 9 documents"), "{}", ended.out);
    assert_eq!((state(&api, "uploads"), stored_numbers(&api).len()), (5, 9));
}

#[test]
fn sheets_whose_lines_cannot_be_told_are_refused_with_the_way_out() {
    let row = |number: &str, item: &str| format!("{number}|01/07/2026|31/07/2026|{ID}|{item}|100|9|9|118");
    let scattered = [LINES.to_owned(), row("A", "x"), row("B", "x"), row("A", "y")];
    // All amounts repeated, or all of them lines: both fit.
    let either = [LINES.to_owned(), row("A", "x"), row("A", "y"), row("B", "x")];
    for (rows, message) in [
        (&scattered[..], "row 4 goes on with the document of row 2, and others stand between them"),
        (
            &either,
            "it cannot be told whether \"Taxable Value\", \"CGST\", \"SGST\", \"Invoice Total\" hold an amount for each line or the document's own on every line: either would fit",
        ),
    ] {
        let world = World::new();
        let api = sandbox(|_| {});
        sheet(&world, "odd.csv", &rows.iter().map(String::as_str).collect::<Vec<_>>());
        let problems = world.run(&api, &["invoices", "create", "odd.csv", "--group"]).expect(2).problems(&world);
        assert!(problems.starts_with(&format!("arload: odd.csv: {message}\nhint: ")), "{problems}");
        assert_eq!((world.results(), state(&api, "logins/ok")), (Vec::new(), 0));
    }
    // A mapping that says it settles the matter.
    for (columns, base) in [("[]", "100.00"), ("[\"Taxable Value\", \"CGST\", \"SGST\", \"Invoice Total\"]", "200.00")]
    {
        let world = World::new();
        let api = sandbox(|_| {});
        sheet(&world, "odd.csv", &either.iter().map(String::as_str).collect::<Vec<_>>());
        world.write(
            "odd.mapping.toml",
            format!("group = true\nline-columns = {columns}\n[columns]\n\"Taxable Value\" = \"baseAmount\"\n"),
        );
        world.run(&api, &["invoices", "create", "odd.csv", "--mapping", "odd"]).expect(0);
        assert_eq!(amounts(&records(&api, "invoices"), "A", &["baseAmount"]), [base], "{columns}");
    }
}

#[test]
fn a_document_over_two_sheets_of_a_run_is_not_sent_in_halves() {
    let heading = "Invoice Number|Invoice Date|Due Date|Customer Id|Item Name|Taxable Value|IGST";
    let row = |number: &str, item: &str, base: &str, tax: &str| {
        format!("{number}|01/07/2026|31/07/2026|{ID}|{item}|{base}|{tax}")
    };
    // The halves may even look alike in everything that is sent, or one of them may be invalid.
    for second in [row("A-2", "z", "70", "12.6"), row("A-2", "z", "99", "17.82"), row("A-2", "z", "99", "much")] {
        let world = World::new();
        let api = sandbox(|_| {});
        let first = [
            heading.to_owned(),
            row("A-1", "x", "100", "18"),
            row("A-1", "y", "50", "9"),
            row("A-2", "y", "70", "12.6"),
        ];
        let other = [heading.to_owned(), second.clone(), row("A-3", "x", "1", "0.18"), row("A-3", "y", "2", "0.36")];
        sheet(&world, "a.csv", &first.each_ref().map(String::as_str));
        sheet(&world, "b.csv", &other.each_ref().map(String::as_str));
        world.run(&api, &["invoices", "create", "a.csv", "b.csv", "--group"]).expect(1);
        assert_eq!(outcomes(&world, "a.results.csv")[2], "4 invalid duplicate-in-sheet", "{second}");
        assert!(outcomes(&world, "b.results.csv")[0].starts_with("2 invalid "), "{second}");
        assert_eq!(stored_numbers(&api), ["A-1", "A-3"]);
    }
    // A sheet given twice is the same documents again.
    let world = World::new();
    let api = sandbox(|_| {});
    let first =
        [heading.to_owned(), row("A-1", "x", "100", "18"), row("A-1", "y", "50", "9"), row("A-2", "y", "7", "1.26")];
    sheet(&world, "a.csv", &first.each_ref().map(String::as_str));
    sheet(&world, "b.csv", &first.each_ref().map(String::as_str));
    world.run(&api, &["invoices", "create", "a.csv", "b.csv", "--group"]).expect(0);
    assert_eq!(statuses(&world.lines("b.results.csv")), [("excluded", 3)].into());
    assert_eq!(stored_numbers(&api), ["A-1", "A-2"]);
}

#[test]
fn rows_without_a_number_at_the_top_of_a_sheet_hold_back_the_last_document_of_the_one_before() {
    let world = World::new();
    let api = sandbox(|_| {});
    let heading = "Invoice Number|Invoice Date|Due Date|Customer Id|Item Name|Taxable Value";
    let row = |number: &str, item: &str, base: &str| format!("{number}|01/07/2026|31/07/2026|{ID}|{item}|{base}");
    sheet(&world, "a.csv", &[heading, &row("A-1", "x", "100"), "||||y|50", &row("A-2", "x", "1000")]);
    sheet(&world, "b.csv", &[heading, "||||y|500", &row("A-3", "x", "7"), "||||y|8"]);
    world.run(&api, &["invoices", "create", "a.csv", "b.csv", "--group"]).expect(1);
    assert_eq!(outcomes(&world, "a.results.csv"), ["2 accepted", "3 accepted", "4 invalid document-line-unclear"]);
    assert_eq!(stored_numbers(&api), ["A-1"]);
}

#[test]
fn rows_of_one_number_that_differ_are_all_held_back_where_nothing_is_joined() {
    let world = World::new();
    let api = sandbox(|_| {});
    let row = |number: &str, base: &str| format!("{number}|01/07/2026|31/07/2026|{ID}|{base}");
    let heading = "Invoice Number|Invoice Date|Due Date|Customer Id|Taxable Value";
    let rows = [
        row("A-1", "100"),
        row("A-1", "200"),
        row("A-2", "50"),
        row("A-3", "70"),
        row("A-3", "70"),
        row("A-4", "5"),
        row("A-4", "x"),
    ];
    let rows: Vec<&str> = std::iter::once(heading).chain(rows.iter().map(String::as_str)).collect();
    sheet(&world, "n.csv", &rows);
    world.run(&api, &["invoices", "create", "n.csv"]).expect(1);
    assert_eq!(
        outcomes(&world, "n.results.csv"),
        [
            "2 invalid duplicate-in-sheet",
            "3 invalid duplicate-in-sheet",
            "4 accepted",
            "5 accepted",
            "6 excluded duplicate-row",
            "7 invalid duplicate-in-sheet",
            "8 invalid amount-not-decimal",
        ]
    );
    let message = world.lines("n.results.csv")[0]["message"].clone();
    assert!(message.contains("stands again in n.csv:3 with other content") && message.contains("--group"), "{message}");
    assert_eq!(stored_numbers(&api), ["A-2", "A-3"]);
}
