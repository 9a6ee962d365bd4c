//! Control files beside sheets: agreeing figures let a run through, anything else sends nothing.

use crate::world::{World, invoices, sandbox, state};

/// Rupees of the sheet that `invoices(3)` makes.
const TOTAL: &str = "3,547.08";

#[test]
fn a_file_that_agrees_with_its_control_file_goes() {
    let api = sandbox(|_| {});
    let world = World::new();
    world.write("july.2026.csv", invoices(3));
    world.write("july.2026.control", format!("rows = 3\ntotal = \"{TOTAL}\"\nperiod = \"2026-07\"\n"));
    let ended = world.run(&api, &["invoices", "create", "july.2026.csv"]).expect(0);
    assert!(
        ended.err.contains("july.2026.control: agrees: 3 rows, ₹3,547.08, dates held to 2026-07\n"),
        "{}",
        ended.err
    );
    assert_eq!(state(&api, "rows_stored"), 3);
}

#[test]
fn a_file_that_disagrees_with_its_control_file_sends_nothing() {
    for (control, message) in [
        ("rows = 4", "july.control: 4 rows expected, 3 rows read; nothing was sent"),
        ("total = 3547.09", "july.control: ₹3,547.09 expected, ₹3,547.08 read; nothing was sent"),
        (
            "rows = 2\ntotal = \"0\"",
            "july.control: 2 rows expected, 3 rows read; ₹0.00 expected, ₹3,547.08 read; nothing was sent",
        ),
        ("lines = 3", "july.control:1: unknown key \"lines\"; nothing was sent"),
        ("total = \"3547,08\"", "july.control:1: total: \"3547,08\" is not an amount; expected a form like 481203.50"),
        ("", "july.control: says nothing; expected rows, total or period; nothing was sent"),
    ] {
        let api = sandbox(|_| {});
        let world = World::new();
        world.write("july.csv", invoices(3));
        world.write("july.control", control);
        // Another file of the run is held back too.
        world.write("other.csv", invoices(5));
        for more in [&[][..], &["--dry-run"]] {
            let arguments = [&["invoices", "create", "july.csv", "other.csv"][..], more].concat();
            let problems = world.run(&api, &arguments).expect(2).problems(&world);
            assert!(problems.starts_with(&format!("arload: {message}")), "{control}: {problems}");
            assert!(problems.contains("\nhint: "), "{control}: {problems}");
        }
        assert_eq!((state(&api, "logins/ok"), state(&api, "uploads")), (0, 0), "{control}");
        assert_eq!(world.results(), Vec::<String>::new(), "{control}");
    }
}

#[test]
fn the_month_of_a_control_file_holds_for_its_file_alone() {
    let api = sandbox(|_| {});
    let world = World::new();
    world.write("june.csv", invoices(2));
    world.write("june.control", "period = \"2026-06\"\n");
    world.write("july.csv", invoices(3).replace("T/26-27/", "U/26-27/"));
    world.run(&api, &["invoices", "create", "june.csv", "july.csv"]).expect(1);
    assert!(world.lines("june.results.csv").iter().all(|line| line["code"].contains("outside-period")));
    assert_eq!(state(&api, "rows_stored"), 3);

    let ended = world.run(&api, &["invoices", "create", "june.csv", "--period", "2026-07"]).expect(2);
    let problems = ended.problems(&world);
    assert!(problems.contains("june.control: period: 2026-06 expected, and --period says 2026-07"), "{problems}");
}

#[test]
fn a_control_file_in_a_folder_is_no_sheet() {
    let api = sandbox(|_| {});
    let world = World::new();
    std::fs::create_dir(world.path("inbox")).unwrap();
    world.write("inbox/july.csv", invoices(3));
    world.write("inbox/july.control", "rows = 3\n");
    for input in ["inbox", "inbox/*"] {
        let ended = world.run(&api, &["invoices", "create", input, "--new-run"]).expect(0);
        assert!(ended.err.contains("inbox/july.control: is a control file\n"), "{}", ended.err);
        assert!(ended.err.contains("inbox/july.control: agrees: 3 rows\n"), "{}", ended.err);
    }
    let problems = world.run(&api, &["invoices", "create", "inbox/july.control"]).expect(2).problems(&world);
    assert!(problems.starts_with("arload: inbox/july.control: is a control file, not a sheet to load\n"), "{problems}");
}
