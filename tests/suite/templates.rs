//! Empty sheets for operations: what `arload template` writes is read back with no flag, and its example is not sent.

use arload::operation::{ALL, Field, Operation};

use crate::world::{World, ended, sample, statuses};

/// What a person puts in the place of the example.
fn filled(operation: &Operation, field: &Field) -> &'static str {
    match (operation.example(field), field.name) {
        ("", _) => "",
        (_, "customerId") => "KC0123456789ABCD",
        (_, "invoiceId") => "INV0001",
        (_, "invoiceNumber") => "KP/26-27/1",
        (_, "customerReminderId") => "REM0001",
        (_, "uniqueRefNo") => "C-001",
        (_, "legalName") => "Rangoli Prints",
        (example, _) => example,
    }
}

/// Runs a sheet dry and gives the outcome and code of each row.
fn outcomes(world: &World, operation: &Operation, file: &str, code: i32) -> Vec<(String, String)> {
    let (stem, _) = file.rsplit_once('.').unwrap();
    let arguments = [operation.resource, operation.verb, file, "--dry-run", "--results", "out"];
    ended(&mut world.arload(&arguments)).expect(code);
    let lines = world.lines(&format!("out/{stem}.dry-run.results.csv"));
    lines.iter().map(|line| (line["status"].clone(), line["code"].clone())).collect()
}

fn pair(status: &str, code: &str) -> (String, String) {
    (status.to_owned(), code.to_owned())
}

#[test]
fn a_filled_template_maps_with_no_flag_for_every_operation() {
    let world = World::new();
    for operation in ALL {
        let name = operation.name();
        let made = ended(&mut world.arload(&["template", operation.resource, operation.verb])).expect(0);
        let cells: Vec<&str> = operation.template_fields().map(|field| filled(operation, field)).collect();
        let row: Vec<String> = cells.iter().map(|cell| format!("\"{cell}\"")).collect();
        world.write("t.csv", format!("{}{}\r\n", made.out, row.join(",")));
        let expected = [pair("excluded", "template-example"), pair("not-sent", "dry-run")];
        assert_eq!(outcomes(&world, operation, "t.csv", 0), expected, "{name}");
    }
}

#[test]
fn the_example_of_a_workbook_is_recognised_for_every_operation() {
    let world = World::new();
    for operation in ALL {
        let file = format!("{}-{}.xlsx", operation.resource, operation.verb);
        let arguments = ["template", operation.resource, operation.verb, "-o", &file];
        ended(&mut world.arload(&arguments)).expect(0);
        assert_eq!(outcomes(&world, operation, &file, 0), [pair("excluded", "template-example")], "{file}");
    }
}

/// Filled and saved by LibreOffice Calc, which writes formats, notes and cells in its own way.
#[test]
fn a_template_that_libreoffice_saved_maps_with_no_flag() {
    for (operation, file) in [
        ("invoices create", "invoices-create.xlsx"),
        ("customers create", "customers-create.xlsx"),
        ("reminders create", "reminders-create.xlsx"),
    ] {
        let world = World::new();
        let saved = sample("../tests/data/templates").join(file);
        std::fs::copy(saved, world.path(file)).unwrap();
        let operation = Operation::by_name(operation).unwrap();
        let expected = [pair("excluded", "template-example"), pair("not-sent", "dry-run")];
        assert_eq!(outcomes(&world, operation, file, 0), expected, "{file}");
    }
}

#[test]
fn what_is_left_of_the_example_in_another_row_is_an_error() {
    let world = World::new();
    world.write(
        "t.csv",
        "invoiceNumber,customerId,invoiceDate,dueDate,baseAmount\n\
         EXAMPLE-1,KC0123456789ABCD,2026-04-02,2026-05-01,500.00\n\
         KP/2,KCEXAMPLE0000000,2026-04-02,2026-05-01,500.00\n\
         KP/3,KC0123456789ABCD,2026-04-01,2026-05-01,1000.00\n",
    );
    let found = outcomes(&world, Operation::by_name("invoices create").unwrap(), "t.csv", 1);
    let bad = pair("invalid", "example-left-in");
    assert_eq!(found, [bad.clone(), bad, pair("not-sent", "dry-run")]);
    assert_eq!(statuses(&world.lines("out/t.dry-run.results.csv"))["invalid"], 2);
}

#[test]
fn a_template_replaces_no_file_unasked_and_knows_its_operations_and_formats() {
    let world = World::new();
    world.write("mine.xlsx", "mine");
    for (arguments, part) in [
        (&["template", "invoices", "create", "-o", "mine.xlsx"][..], "mine.xlsx: already exists, nothing written"),
        (&["template", "invoices", "burn"], "invoices has no \"burn\" on sheets; expected one of create, add"),
        (&["template", "invoices", "create", "-o", "a.ods"], "ends neither in .xlsx nor in .csv"),
        (&["template", "invoices", "create", "-o", "none/a.csv"], "write none/a.csv"),
        (&["template", "bills", "create"], "invalid value 'bills'"),
    ] {
        let ended = ended(&mut world.arload(arguments)).expect(2);
        assert!(ended.err.contains(part), "{arguments:?}: {}", ended.err);
    }
    assert_eq!(world.read("mine.xlsx"), b"mine");
    ended(&mut world.arload(&["template", "invoices", "create", "-o", "mine.xlsx", "--force"])).expect(0);
    assert!(world.read("mine.xlsx").starts_with(b"PK"));
}
