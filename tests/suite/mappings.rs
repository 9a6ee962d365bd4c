//! Saved mappings in files of their own: what they say reaches the API, and a sheet that no longer fits is refused.

use serde_json::Value;

use crate::world::{World, decimal, records, sandbox, state};

const MAPPING: &str = "date-order = \"mdy\"\n\
                       decimal-comma = true\n\
                       paise = [\"Paid in\"]\n\
                       header-signature = [\"Ref\", \"Who\", \"On\", \"By\", \"Worth\", \"Paid in\", \"Remark\"]\n\
                       [columns]\n\
                       \"Ref\" = \"invoiceNumber\"\n\
                       \"Who\" = \"customerId\"\n\
                       \"On\" = \"invoiceDate\"\n\
                       \"By\" = \"dueDate\"\n\
                       \"Worth\" = \"baseAmount\"\n\
                       \"Paid in\" = \"tds\"\n\
                       [constants]\n\
                       gstExclusive = true\n";

const SHEET: &str = "Ref;Who;On;By;Worth;Paid in;Remark\n\
                     M-1;KC0123456789ABCD;04/05/2025;05/06/2025;1.234,56;1.050;x\n\
                     M-2;KC0123456789ABCD;04/06/2025;05/07/2025;100;0;y\n\
                     Total;;;;1.334,56;1.050;\n";

/// The day of a date as the API keeps it.
fn day<'r>(record: &'r Value, field: &str) -> &'r str {
    &record[field].as_str().unwrap()[..10]
}

fn world() -> World {
    let world = World::new();
    world.write("odd.csv", SHEET);
    world.write("odd.mapping.toml", MAPPING);
    world
}

#[test]
fn a_mapping_file_decides_columns_units_signs_and_dates() {
    for (name, folder) in [("odd", ""), ("odd.mapping.toml", ""), ("maps/tally.toml", "maps")] {
        let api = sandbox(|_| {});
        let world = world();
        if !folder.is_empty() {
            std::fs::create_dir(world.path(folder)).unwrap();
            std::fs::rename(world.path("odd.mapping.toml"), world.path(name)).unwrap();
        }
        world.run(&api, &["invoices", "create", "odd.csv", "--mapping", name]).expect(0);
        let stored = records(&api, "invoices");
        let first = stored.iter().find(|invoice| invoice["invoiceNumber"] == "M-1").unwrap();
        assert_eq!(decimal(&first["baseAmount"]).to_string().trim_end_matches('0'), "1234.56", "{first}");
        assert_eq!(decimal(&first["tds"]).normalize().to_string(), "10.5", "{first}");
        assert_eq!((day(first, "invoiceDate"), day(first, "dueDate")), ("2025-04-05", "2025-05-06"), "{first}");
    }
}

#[test]
fn a_flag_speaks_louder_than_the_mapping_file() {
    let api = sandbox(|_| {});
    let world = world();
    let flags = ["--mapping", "odd", "--date-order", "dmy", "--map", "Paid in=", "--set", "gstExclusive=false"];
    world.run(&api, &[&["invoices", "create", "odd.csv"], &flags[..]].concat()).expect(0);
    let first = records(&api, "invoices").into_iter().find(|invoice| invoice["invoiceNumber"] == "M-1").unwrap();
    assert_eq!(day(&first, "invoiceDate"), "2025-05-04", "{first}");
    assert!(first["tds"].is_null(), "{first}");
}

#[test]
fn a_profile_names_a_mapping_file_beside_its_own() {
    for mapping in ["odd", "odd.mapping.toml"] {
        let api = sandbox(|_| {});
        let world = world();
        std::fs::create_dir(world.path("conf")).unwrap();
        std::fs::rename(world.path("odd.mapping.toml"), world.path("conf/odd.mapping.toml")).unwrap();
        world.write("conf/arload.toml", format!("[profiles.default]\nmapping = \"{mapping}\"\n"));
        world.run(&api, &["invoices", "create", "odd.csv", "--config", "conf/arload.toml"]).expect(0);
        assert_eq!(state(&api, "rows_stored"), 2, "{mapping}");
    }
}

#[test]
fn a_grand_total_in_the_form_of_the_mapping_is_held_against_the_rows() {
    let api = sandbox(|_| {});
    let world = world();
    world.write("odd.csv", SHEET.replace("1.334,56", "1.336,56"));
    let problems = world.run(&api, &["invoices", "create", "odd.csv", "--mapping", "odd"]).expect(2).problems(&world);
    assert!(problems.contains("the total row says 1336.56, the rows add up to 1334.56"), "{problems}");
}

#[test]
fn a_sheet_that_no_longer_fits_its_mapping_is_refused_and_new_columns_are_told() {
    let api = sandbox(|_| {});
    let world = world();
    world.write("odd.csv", SHEET.replacen("Worth", "Value", 1));
    let refused = world.run(&api, &["invoices", "create", "odd.csv", "--mapping", "odd"]).expect(2);
    assert_eq!(
        refused.problems(&world),
        "arload: odd.csv: the mapping odd.mapping.toml no longer fits: gone: \"Worth\"; new: \"Value\"\n\
         hint: correct the headings in odd.mapping.toml, or leave --mapping out\n\
         arload: no sheet could be read; nothing was sent\n"
    );
    assert_eq!(state(&api, "uploads"), 0);

    world.write("odd.csv", SHEET.replacen("Remark", "Note to self", 1));
    let ended = world.run(&api, &["invoices", "create", "odd.csv", "--mapping", "odd"]).expect(0);
    let note = "odd.mapping.toml: 1 column new since it was saved: \"Note to self\"\n";
    assert!(ended.err.contains(note), "{}", ended.err);
}

#[test]
fn a_mapping_that_cannot_be_used_ends_the_run_before_anything_is_read() {
    let api = sandbox(|_| {});
    let world = world();
    world.write("arload.toml", "[profiles.default]\n[mappings.both]\nmap = { \"Ref\" = \"invoiceNumber\" }\n");
    world.write("both.mapping.toml", MAPPING);
    world.write("late.mapping.toml", MAPPING.replacen("date-order = \"mdy\"\n", "", 1) + "date-order = \"mdy\"\n");
    world.write("typo.mapping.toml", MAPPING.replacen("decimal-comma", "decimal-coma", 1));
    for (name, message) in [
        ("both", "--mapping: \"both\" is both a table [mappings.both] and the file both.mapping.toml; expected one"),
        (
            "none",
            "--mapping: no saved mapping \"none\"; expected the file none.mapping.toml or a table [mappings.NAME]",
        ),
        ("none.toml", "--mapping: none.toml: no such file"),
        ("late", "late.mapping.toml:13: date-order: stands below [constants]; put it above the first table"),
        ("typo", "typo.mapping.toml:2: unknown key \"decimal-coma\"; did you mean decimal-comma?"),
    ] {
        let problems =
            world.run(&api, &["invoices", "create", "odd.csv", "--mapping", name]).expect(2).problems(&world);
        assert!(problems.starts_with(&format!("arload: {message}")), "{name}: {problems}");
    }
    assert_eq!((state(&api, "logins/ok"), state(&api, "uploads")), (0, 0));
    assert_eq!(world.results(), Vec::<String>::new());
}
