//! Rows of line-level sheets that may be lines and may be something else: nothing is added or left out silently.

use crate::group::{ID, amounts, outcomes, sheet};
use crate::world::{World, records, sandbox, state, stored_numbers};

#[test]
fn a_row_below_a_gap_or_without_words_is_no_line_of_the_document_above() {
    let heading = "Invoice Number|Invoice Date|Due Date|Customer Id|Item Name|Taxable Value";
    let row = |number: &str, item: &str, base: &str| format!("{number}|01/07/2026|31/07/2026|{ID}|{item}|{base}");
    for below in [&["|||||165"][..], &["", "||||Sum|165"], &["|||||", "||||Round off|1"]] {
        let world = World::new();
        let api = sandbox(|_| {});
        let (one, two) = (row("A-1", "x", "100"), row("A-2", "x", "7"));
        sheet(&world, "s.csv", &[&[heading, &one, "||||y|50", &two, "||||y|8"][..], below].concat());
        world.run(&api, &["invoices", "create", "s.csv", "--group"]).expect(1);
        let last = outcomes(&world, "s.results.csv").pop().unwrap();
        assert!(last.contains("document-line-unclear"), "{below:?}: {last}");
        assert_eq!(stored_numbers(&api), ["A-1"], "{below:?}");
    }
}

#[test]
fn a_line_without_any_amount_or_called_like_a_total_is_never_sent_short() {
    let heading = "Invoice Number|Invoice Date|Due Date|Customer Id|Item Name|Quantity|Taxable Value";
    let row = |number: &str, item: &str, base: &str| format!("{number}|01/07/2026|31/07/2026|{ID}|{item}|2|{base}");
    let (first, second, other) = (row("A-1", "x", "100"), row("A-1", "y", ""), row("A-2", "x", "7"));
    let world = World::new();
    let api = sandbox(|_| {});
    let more = row("A-2", "y", "8");
    sheet(&world, "s.csv", &[heading, &first, &second, &other, &more]);
    world.run(&api, &["invoices", "create", "s.csv", "--group"]).expect(1);
    assert_eq!(
        outcomes(&world, "s.results.csv")[..2],
        ["2 invalid document-invalid", "3 invalid document-line-unclear; document-invalid"]
    );
    assert_eq!(stored_numbers(&api), ["A-2"]);

    for label in ["Total for June AMC", "Opening Balance"] {
        let world = World::new();
        let api = sandbox(|_| {});
        sheet(&world, "s.csv", &[heading, &first, &format!("||||{label}||250"), &other, "||||z|1|5"]);
        let problems = world.run(&api, &["invoices", "create", "s.csv", "--group"]).expect(2).problems(&world);
        let message =
            format!("arload: s.csv: row 3 \"{label}\" may be a total of the rows above or a line of an invoice");
        assert!(problems.starts_with(&message), "{problems}");
        assert_eq!(state(&api, "logins/ok"), 0);
    }
}

#[test]
fn a_last_row_that_adds_up_the_lines_above_is_no_line_of_the_last_invoice() {
    let heading = "Invoice No|Invoice Date|Due Date|Customer Id|Item Name|Taxable Value";
    let row = |number: &str, item: &str, base: &str| format!("{number}|01/07/2026|31/07/2026|{ID}|{item}|{base}");
    let world = World::new();
    let api = sandbox(|_| {});
    let (one, two) = (row("A-1", "x", "100"), row("A-2", "x", "7"));
    sheet(&world, "s.csv", &[heading, &one, "||||y|50", &two, "||||y|8", "||||Sum|165"]);
    world.run(&api, &["invoices", "create", "s.csv", "--group"]).expect(1);
    let found = outcomes(&world, "s.results.csv");
    assert_eq!(
        found,
        [
            "2 accepted",
            "3 accepted",
            "4 invalid document-invalid",
            "5 invalid document-invalid",
            "6 invalid document-line-unclear; document-invalid"
        ]
    );
    let message = &world.lines("s.results.csv")[4]["message"];
    assert!(
        message.contains("s.csv:6: baseAmount: \"165\" is what the 4 lines of the sheet above it add up to")
            && message.contains("delete the row if it is a total"),
        "{message}"
    );
    assert_eq!(stored_numbers(&api), ["A-1"]);
    // Said to be a line, it is one.
    sheet(&world, "s.csv", &[heading, &one, "||||y|50", &two, "||||y|8", "A-2||||Sum|165"]);
    world.run(&api, &["invoices", "create", "s.csv", "--group"]).expect(0);
    assert_eq!(amounts(&records(&api, "invoices"), "A-2", &["baseAmount"]), ["180.00"]);
}

/// Saves a workbook of these rows, of which some are hidden; rows count as in the spreadsheet.
fn workbook(world: &World, name: &str, rows: &[&str], hidden: &[u32]) {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (row, cells) in rows.iter().enumerate() {
        for (column, cell) in cells.split('|').enumerate().filter(|(_, cell)| !cell.is_empty()) {
            sheet.write_string(row as u32, column as u16, cell).unwrap();
        }
    }
    for row in hidden {
        sheet.set_row_hidden(row - 1).unwrap();
    }
    book.save(world.path(name)).unwrap();
}

#[test]
fn an_invoice_whose_line_is_hidden_is_not_sent_without_it() {
    let heading = "Invoice No|Invoice Date|Due Date|Customer Id|Item Name|Taxable Value";
    let row = |number: &str, item: &str, base: &str| format!("{number}|01/07/2026|31/07/2026|{ID}|{item}|{base}");
    for repeats in [false, true] {
        let more = |number: &str, item: &str, base: &str| {
            if repeats { row(number, item, base) } else { format!("||||{item}|{base}") }
        };
        let rows = [
            heading.to_owned(),
            row("A-1", "x", "100"),
            more("A-1", "y", "50"),
            row("A-2", "x", "7"),
            more("A-2", "y", "8"),
            row("A-3", "x", "20"),
            more("A-3", "y", "30"),
        ];
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        // A line in the middle or at an end, the first row of an invoice, and whole invoices.
        for (hidden, sent, at) in [
            (&[3][..], &["A-2", "A-3"][..], "row 3 is hidden and was left out"),
            (&[7], &["A-1", "A-2"], "row 7 is hidden and was left out"),
            (&[4], if repeats { &["A-1", "A-3"] } else { &["A-3"] }, "row 4 is hidden and was left out"),
            (&[4, 5], &["A-1", "A-3"], ""),
            (&[2, 3, 6, 7], &["A-2"], ""),
        ] {
            let world = World::new();
            let api = sandbox(|_| {});
            workbook(&world, "h.xlsx", &rows, hidden);
            let arguments = ["invoices", "create", "h.xlsx", "--group", "--hidden-rows", "skip"];
            let ended = world.run(&api, &arguments).expect(i32::from(!at.is_empty()));
            assert_eq!(stored_numbers(&api), sent, "{repeats} {hidden:?}");
            assert!(ended.err.contains("left out (hidden)"), "{}", ended.err);
            let lines = world.lines("h.results.csv");
            assert!(
                at.is_empty() || lines.iter().any(|line| line["message"].contains(at)),
                "{repeats} {hidden:?}: {lines:?}"
            );
        }
    }
}

#[test]
fn an_invoice_with_a_line_that_a_stray_cell_calls_cancelled_is_held_back() {
    let heading = "Invoice Number|Invoice Date|Due Date|Customer Id|Item Name|Taxable Value|Note";
    let row = |number: &str, base: u32, note: &str| format!("{number}|01/07/2026|31/07/2026|{ID}|x|{base}|{note}");
    let world = World::new();
    let api = sandbox(|_| {});
    let rows = [row("A-1", 10, "urgent"), row("A-1", 20, "CANCELLED"), row("A-2", 30, "ok"), row("A-2", 40, "")];
    sheet(&world, "s.csv", &[heading, &rows[0], &rows[1], &rows[2], &rows[3]]);
    world.run(&api, &["invoices", "create", "s.csv", "--group"]).expect(1);
    assert_eq!(
        outcomes(&world, "s.results.csv")[..2],
        ["2 invalid document-invalid", "3 invalid document-doubtful; document-invalid"]
    );
    assert_eq!(stored_numbers(&api), ["A-2"]);
}
