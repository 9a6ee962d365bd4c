//! The page of a run, and the results of workbooks as workbooks.
//!
//! `tests/report/check.py` looks at pages in a browser; here stands what they say. The rule: a page says what the summary
//! beside it says, and nothing that stands in a sheet is more than text in it.

use std::fs;

use calamine::{Data, Reader as _, Xlsx};

use crate::world::{World, ended, sandbox};

const HEADINGS: &str = "Invoice Number,Customer Id,Invoice Date,Due Date,Taxable Value,IGST,Invoice Total";

/// A good row of a number.
fn row(number: &str) -> String {
    format!("{number},KCZB1B22SY9D6QXI,01/04/2026,16/05/2026,100.00,18.00,118.00\r\n")
}

fn page(world: &World, name: &str) -> String {
    String::from_utf8(world.read(name)).unwrap()
}

#[test]
fn the_page_says_what_the_summary_says_and_fetches_nothing() {
    let world = World::with_samples(&["invoices-broken.csv"]);
    let api = sandbox(|settings| settings.latency_ms = 3);
    world.run(&api, &["invoices", "create", "invoices-broken.csv", "--max-invalid", "100%"]).expect(1);

    let page = page(&world, "invoices-broken.report.html");
    let summary = world.summary("invoices-broken.summary.json");

    assert!(page.contains("Needs work") && page.contains("not accepted; of 50 rows"), "{page}");
    for code in summary["rows-by-code"].as_object().unwrap().keys() {
        assert!(page.contains(&format!("</span>{code}<br>")), "the page does not name {code}");
    }
    for status in ["accepted", "invalid"] {
        let rows = summary["totals"]["by-status"][status]["rows"].to_string();
        let line = format!("</span>{status}</th><td class=\"n\" data-name=\"Rows\">{rows}</td>");
        assert!(page.contains(&line), "{line}");
    }
    assert!(page.contains(summary["head"].as_str().unwrap()));
    assert!(page.contains("against a limit of 1000/s") && page.contains("200, taken"));
    for fetched in ["<script", "<link", "<img", "src=", "url(", "@import", "<iframe", "href="] {
        assert!(!page.contains(fetched), "the page has {fetched}");
    }
}

#[test]
fn what_stands_in_a_sheet_is_text_on_the_page() {
    let world = World::new();
    let evil = "<img src=x onerror=alert(1)>";
    let sheet =
        format!("{HEADINGS}\r\n{}\"{evil}\",KC1,{evil},\"\"\"><script>1</script>\",'{evil}',1,2\r\n", row("A-1"));
    world.write("a&b<i>.csv", sheet);
    let api = sandbox(|_| {});
    world.run(&api, &["invoices", "create", "a&b<i>.csv", "--max-invalid", "100%"]).expect(1);

    let page = page(&world, "a&b<i>.report.html");

    assert!(!page.contains("<img") && !page.contains("<script") && !page.contains("b<i>"), "{page}");
    assert!(page.contains("onerror=alert(1)"), "{page}");
}

#[test]
fn page_and_workbook_come_back_byte_for_byte_and_those_of_an_earlier_run_keep_its_number() {
    let world = World::with_samples(&["invoices.xlsx"]);
    world.alone(&["invoices", "create", "invoices.xlsx"]).expect(0);
    let names = ["invoices.sandbox.report.html", "invoices.sandbox.results.xlsx"];
    let before = names.map(|name| world.read(name));
    for name in names {
        fs::remove_file(world.path(name)).unwrap();
    }

    ended(&mut world.arload(&["runs", "results", "1", "--sandbox"])).expect(0);

    assert!(names.map(|name| world.read(name)) == before);
    world.alone(&["invoices", "create", "invoices.xlsx"]).expect(0);
    let earlier = ["invoices.sandbox.report.1.html", "invoices.sandbox.results.1.xlsx"];
    assert!(earlier.map(|name| world.read(name)) == before);
    assert!(page(&world, names[0]).contains("119 already-accepted"));
}

#[test]
fn a_dry_run_has_neither_page_nor_workbook() {
    let world = World::with_samples(&["invoices.xlsx"]);
    ended(&mut world.arload(&["invoices", "create", "invoices.xlsx", "--dry-run"])).expect(0);
    assert_eq!(world.results(), ["invoices.dry-run.results.csv", "invoices.dry-run.summary.json"]);
}

#[test]
fn a_run_that_was_stopped_is_not_called_complete() {
    let world = World::new();
    world.write("a.csv", format!("{HEADINGS}\r\n{}", row("A-1")));
    world.alone(&["invoices", "create", "a.csv", "--plan"]).expect(0);
    let planned = page(&world, "a.sandbox.report.html");
    assert!(planned.contains("Nothing has been sent yet") && !planned.contains("class=\"verdict good\""), "{planned}");
    assert!(
        planned.contains("<code>arload runs send 1 --sandbox</code>") && planned.contains("No request of this run")
    );

    world.write("broken.xlsx", "PK no workbook");
    world.write("b.csv", format!("{HEADINGS}\r\n{}", row("B-1")));
    world.alone(&["invoices", "create", "b.csv", "broken.xlsx"]).expect(1);
    let partly = page(&world, "b.sandbox.report.html");
    assert!(partly.contains("Not all read") && partly.contains("broken.xlsx"), "{partly}");
    assert!(partly.contains("mend what was not read") && !partly.contains("Nothing is left to do"), "{partly}");
}

#[test]
fn the_commands_on_a_page_work_from_another_folder() {
    let world = World::with_samples(&["invoices-broken.csv"]);
    let api = sandbox(|_| {});
    let profile = |name: &str, company: &str| {
        format!("[profiles.{name}]\nbase-url = \"{}\"\ncompany-id = \"{company}\"\n", api.base_url())
    };
    let (company, other) = (api.settings().company_id, "CEK7654321");
    let file = format!("default-profile = \"uat\"\n{}{}", profile("uat", other), profile("live", &company));
    fs::create_dir(world.path("conf")).unwrap();
    world.write("conf/my arload.toml", file);
    let reach = ["--profile", "live", "--config", "conf/my arload.toml", "--state", "books"];
    let create = ["invoices", "create", "invoices-broken.csv", "--max-invalid", "100%"];
    let mut command = world.client(&api, &create);
    let mut without_account = |name: &str| _ = command.env_remove(name);
    without_account("ARLOAD_BASE_URL");
    without_account("ARLOAD_COMPANY_ID");
    ended(command.args(reach)).expect(1);

    let page = page(&world, "invoices-broken.report.html").replace("&#34;", "\"");
    let codes = page.split("<code>").skip(1).map(|rest| rest.split_once("</code>").unwrap().0);
    let commands: Vec<&str> = codes.filter(|code| code.starts_with("arload runs") && !code.contains(" FILE")).collect();
    assert_eq!(commands.len(), 3, "{commands:?}");
    fs::create_dir(world.path("elsewhere")).unwrap();
    for command in commands {
        // As a shell splits it: what stands between quotation marks is one word.
        let quoted = command.split('"').enumerate();
        let words: Vec<&str> = quoted
            .flat_map(|(index, piece)| if index % 2 == 1 { vec![piece] } else { piece.split_whitespace().collect() })
            .collect();
        let mut typed = world.arload(&words[1..]);
        ended(typed.current_dir(world.path("elsewhere"))).expect(0);
    }
    assert!(page.contains("<code>arload explain CODE</code>"), "{page}");
}

#[test]
fn the_results_of_a_workbook_are_a_workbook_with_numbers_and_dates() {
    let world = World::with_samples(&["invoices.xlsx"]);
    let api = sandbox(|_| {});
    world.run(&api, &["invoices", "create", "invoices.xlsx"]).expect(0);

    let lines = world.lines("invoices.results.csv");
    let mut book: Xlsx<_> = calamine::open_workbook(world.path("invoices.results.xlsx")).unwrap();
    let range = book.worksheet_range("Results").unwrap();
    let headings: Vec<String> = range.rows().next().unwrap().iter().map(ToString::to_string).collect();

    assert_eq!(range.height(), lines.len() + 1);
    for (cells, line) in range.rows().skip(1).zip(&lines) {
        for (heading, cell) in headings.iter().zip(cells) {
            let text = &line[heading];
            match (heading.as_str(), cell) {
                ("row" | "attempts" | "Invoice Value" | "Taxable Value", Data::Float(number)) => {
                    assert!((text.parse::<f64>().unwrap() - number).abs() < 1e-9, "{heading}: {text}");
                }
                ("settled_at" | "Invoice Date" | "Due Date", Data::DateTime(at)) => {
                    let (year, month, day, ..) = at.to_ymd_hms_milli();
                    assert_eq!(format!("{year}-{month:02}-{day:02}"), text[..10], "{heading}");
                }
                (_, Data::Float(number)) => assert_eq!(&number.to_string(), text, "{heading}"),
                (_, Data::String(cell)) => assert_eq!(cell, text, "{heading}"),
                (_, Data::Empty) => assert_eq!(text, "", "{heading}"),
                (_, other) => panic!("{heading}: {other:?}"),
            }
        }
    }
    let first: Vec<&Data> = range.rows().nth(1).unwrap().iter().collect();
    let kind = |name: &str| {
        first[headings.iter().position(|heading| heading == name).unwrap_or_else(|| panic!("{headings:?}"))]
    };
    assert!(matches!(kind("row"), Data::Float(_)) && matches!(kind("settled_at"), Data::DateTime(_)));
    assert!(matches!(kind("key"), Data::String(_)));

    // Whatever it is called, it is no sheet.
    fs::copy(world.path("invoices.results.xlsx"), world.path("july.xlsx")).unwrap();
    let refused = world.run(&api, &["invoices", "create", "july.xlsx"]).expect(2);
    assert!(refused.err.contains("july.xlsx[Results]: is a result of arload, not a sheet to load"), "{}", refused.err);
}

#[cfg(unix)]
#[test]
fn the_page_of_a_run_is_opened_or_its_place_is_told() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new();
    world.write("a.csv", format!("{HEADINGS}\r\n{}", row("A-1")));
    world.alone(&["invoices", "create", "a.csv"]).expect(0);
    let place = world.path("a.sandbox.report.html").canonicalize().unwrap().display().to_string();
    let show = |world: &World| world.arload(&["runs", "show", "1", "--open", "--sandbox"]);

    let told = ended(show(&world).env("PATH", world.path("nothing"))).expect(0);
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let expected = format!("report: {place}; open it in a browser yourself: {opener} is not installed\n");
    assert!(told.out.ends_with(&expected), "{}", told.out);

    fs::create_dir(world.path("bin")).unwrap();
    world.write(
        &format!("bin/{opener}"),
        format!("#!/bin/sh\nprintf %s \"$1\" > '{}'\n", world.path("opened").display()),
    );
    let script = world.path(&format!("bin/{opener}"));
    fs::set_permissions(script, fs::Permissions::from_mode(0o755)).unwrap();
    let opened = ended(show(&world).env("PATH", world.path("bin"))).expect(0);
    assert!(opened.out.ends_with(&format!("report: {place}, opened\n")), "{}", opened.out);
    assert_eq!(String::from_utf8(world.read("opened")).unwrap(), place);

    fs::remove_file(world.path("a.sandbox.report.html")).unwrap();
    world.write("a.sandbox.report.html", "somebody else's");
    let gone = ended(&mut show(&world)).expect(2);
    assert!(
        gone.problems(&world).contains("no page of run 1 there\nhint: \"arload runs results 1\" writes it"),
        "{}",
        gone.err
    );
}
