//! Quirks of cells that only the rows of a run together show, named after their numbers in the domain reference.

use super::tests::{World, takes};
use crate::finding::Code;

/// Writes a sheet and runs an operation on it; the whole result file.
fn run(world: &World, operation: &str, name: &str, text: &str, flags: &[(&'static str, &str)]) -> String {
    std::fs::write(world.path(name), text).unwrap();
    let path = world.path(name).display().to_string();
    let report = world.run_operation(operation, &[&path], flags).unwrap();
    assert!([0, 1].contains(&report.exit.code()), "{:?}", report.exit);
    std::fs::read_to_string(world.path(&name.replace(".csv", ".results.csv"))).unwrap()
}

/// The row numbers of a result that warn of a code.
fn rows_with(result: &str, code: Code) -> Vec<String> {
    let mut reader = csv::Reader::from_reader(result.as_bytes());
    let rows =
        reader.records().map(|row| row.unwrap()).filter(|row| row.iter().any(|cell| cell.contains(code.as_str())));
    rows.map(|row| row[0].to_owned()).collect()
}

const CUSTOMERS: &str = "legalName,keyContactName,keyContactLegalName,keyContactMobile,panOrGstin,uniqueRefNo\n";

#[test]
fn t25_customers_that_look_alike_are_told_and_never_merged() {
    let world = World::new(takes);
    let text = format!(
        "{CUSTOMERS}\
        M/s. Mehta & Co,A,A,9876543210,,C-1\n\
        MEHTA AND CO.,B,B,9876543211,,C-2\n\
        Mehta & Sons,C,C,9876543212,,C-3\n\
        Beta Mills,D,D,9876543213,AAPFU0939F,C-4\n\
        Beta Mills (Pune),E,E,9876543214,AAPFU0939F,C-5\n\
        Gamma,F,F,9876543210,,C-6\n\
        Delta Ltd,G,G,9876543215,27AAACI1681G1ZP,C-7\n\
        DELTA LIMITED,H,H,9876543216,29AAACI1681G1ZL,C-8\n"
    );
    let result = run(&world, "customers create", "a.csv", &text, &[]);
    assert_eq!(rows_with(&result, Code::CustomerLooksAlike), ["3", "6", "7"], "{result}");
    for told in [
        "looks like a.csv:2: the same name but for its spelling",
        "looks like a.csv:5: the same PAN",
        "looks like a.csv:2: the same mobile number",
        "if both are one customer, keep one row; nothing is merged",
    ] {
        assert!(result.contains(told), "{told}: {result}");
    }
    assert_eq!(world.results("a.results.csv").iter().filter(|(status, _)| status == "accepted").count(), 8);
}

#[test]
fn t25_the_same_gstin_is_the_same_customer() {
    let world = World::new(takes);
    let text = format!(
        "{CUSTOMERS}\
        M/s. Mehta & Co,A,A,9876543210,27AAPFU0939F1ZV,\n\
        MEHTA AND CO.,A,A,9876543210,27AAPFU0939F1ZV,\n\
        M/s. Mehta & Co,A,A,9876543210,27AAPFU0939F1ZV,\n"
    );
    run(&world, "customers create", "a.csv", &text, &[]);
    let codes: Vec<String> = world.results("a.results.csv").into_iter().map(|(_, code)| code).collect();
    assert_eq!(codes, ["", "duplicate-in-sheet", "duplicate-row"]);
}

const INVOICES: &str = "invoiceNumber,customerId,invoiceDate,dueDate,baseAmount\n";

#[test]
fn t36_a_row_that_stands_twice_is_left_out_and_names_the_first() {
    let world = World::new(takes);
    let row = "A-1,KC9B2X7M4Q1Z8T6D,2026-05-20,2026-06-20,100.00\n";
    run(&world, "invoices create", "a.csv", &format!("{INVOICES}{row}{row}"), &[]);
    assert_eq!(world.results("a.results.csv")[1], ("excluded".to_owned(), "duplicate-row".to_owned()));
    assert!(world.messages("a.results.csv")[1].contains("a.csv:2 is the same row"));
}

#[test]
fn a_number_used_again_just_after_the_years_end_is_told() {
    let world = World::new(takes);
    let line = |number: &str, customer: &str, date: &str| format!("{number},{customer},{date},2026-08-01,100.00\n");
    let (asha, beta) = ("KC9B2X7M4Q1Z8T6D", "KC9B2X7M4Q1Z8T6E");
    let text = [
        INVOICES.to_owned(),
        line("A-1", asha, "2026-03-30"),
        line("A-1", asha, "2026-04-02"),
        line("A-2", asha, "2026-03-30"),
        line("A-2", beta, "2026-04-02"),
        line("A-3", asha, "2026-02-05"),
        line("A-3", asha, "2026-05-01"),
        line("A-4", asha, "2026-03-30"),
        line("A-5", asha, "2025-11-30"),
        line("A-6", asha, "2026-03-30"),
    ];
    let result = run(&world, "invoices create", "a.csv", &text.concat(), &[]);
    assert_eq!(rows_with(&result, Code::NumberNearYearEnd), ["3"], "{result}");
    let told = "stands for this customer in a.csv:2 too, dated 2026-03-30 in the neighbouring year";
    assert!(result.contains(told), "{result}");
    assert!(world.results("a.results.csv").iter().all(|(status, _)| status == "accepted"));
    // An earlier run knows the number too.
    let text = [
        INVOICES.to_owned(),
        line("a-4", asha, "2026-04-05"),
        line("A-6", beta, "2026-04-05"),
        line("A-5", asha, "2026-04-05"),
    ];
    let result = run(&world, "invoices create", "b.csv", &text.concat(), &[]);
    assert_eq!(rows_with(&result, Code::NumberNearYearEnd), ["2"], "{result}");
    assert!(result.contains("in run 1, a.csv:8 too"), "{result}");
    assert!(world.results("b.results.csv")[1].1.is_empty(), "{result}");
}

#[test]
fn t37_lines_of_one_document_are_refused_where_nothing_says_how_to_join_them() {
    let world = World::new(takes);
    let head = "Invoice Number,customerId,Invoice Date,Due Date,SubTotal,Item Name,Item Total\n";
    let line = |item: &str| format!("A-1,KC9B2X7M4Q1Z8T6D,2026-05-20,2026-06-20,300.00,{item},100.00\n");
    std::fs::write(world.path("a.csv"), format!("{head}{}{}", line("Soap"), line("Oil"))).unwrap();
    let error = world.run(&[&world.path("a.csv").display().to_string()], &[]).unwrap_err();
    assert!(matches!(error, crate::error::RunError::NoSheets), "{error}");
    let told = world.refusals();
    assert!(told[0].contains("this is a line-level export") && told[0].contains("row 3 \"A-1\""), "{told:?}");
}
