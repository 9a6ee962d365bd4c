//! Workbooks of every format, and those that are made, or broken, so as to harm their reader.
//!
//! The rule: one workbook is read or refused by name, and what stands beside it is read all the same.

use std::fs;
use std::path::Path;

use crate::test_zip::zip;
use crate::world::{Ended, World, ended, invoices, statuses};

const TABLE: &str = "invoiceNumber,invoiceDate,dueDate,customerId,baseAmount,cgst,description\n\
    INV-1,2026-04-01,2026-04-30,KC9B2X7M4Q1Z8T6D,1000.5,90.05,\"  ₹ note\"\n\
    INV-2,2026-04-30,2026-05-30,KC9B2X7M4Q1Z8T6D,2500,225,\n\
    0012,2026-05-15,2026-06-15,KC9B2X7M4Q1Z8T6D,0.1,,\"a\nb\"\n";

/// A workbook of `tests/data/workbooks`.
fn data(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/workbooks").join(name)).unwrap()
}

/// A world with copies of workbooks.
fn world(names: &[&str]) -> World {
    let world = World::new();
    for name in names {
        world.write(name, data(name));
    }
    world
}

fn inspect(world: &World, arguments: &[&str]) -> Ended {
    ended(&mut world.arload(&[&["inspect"], arguments].concat()))
}

#[test]
fn every_format_reads_the_same_table() {
    let names = ["march.xls", "march.xlsb", "march.ods", "march-1904.xls"];
    let world = world(&names);
    for name in names {
        let read = inspect(&world, &[name, "--emit", "csv"]).expect(0);
        assert_eq!(read.out.replace("\r\n", "\n"), TABLE, "{name}");
        let shown = inspect(&world, &[name]).expect(0);
        assert!(shown.out.starts_with(&format!("{name}[March]\n")), "{name}: {}", shown.out);
        assert!(shown.out.contains("not read    \"Old\", hidden: name it with --sheet to read it\n"), "{}", shown.out);
        let is_blind =
            shown.out.contains("hidden rows, merged cells and number formats other than dates are not known");
        assert_eq!(is_blind, name.ends_with("xlsb"), "{}", shown.out);
        let hidden = inspect(&world, &[name, "--emit", "csv", "--sheet", "Old"]).expect(0);
        assert_eq!(hidden.out.trim_end(), "invoiceNumber", "{name}");
    }
}

#[test]
fn a_workbook_with_a_password_is_said_to_have_one() {
    let names = ["password.xlsx", "password.xls", "password.ods"];
    let world = world(&names);
    for name in names {
        let refused = inspect(&world, &[name]).expect(2);
        let expected = format!(
            "arload: {name}: is protected with a password\n\
             hint: save a copy without a password: in Excel under File, Info, Protect Workbook\n"
        );
        assert_eq!(refused.err, expected);
    }
}

#[test]
fn formulas_without_a_good_value_are_findings_in_an_ods_too() {
    let world = world(&["formulas.ods"]);
    world.alone(&["invoices", "create", "formulas.ods", "--dry-run"]).expect(1);
    let lines = world.lines("formulas.dry-run.results.csv");
    let codes: Vec<(&str, &str)> = lines.iter().map(|line| (line["status"].as_str(), line["code"].as_str())).collect();
    // The first has a value, which is read: a CGST without its SGST.
    let expected = ["tax-heads-unequal", "cell-error", "formula-without-value", "formula-without-value"]
        .map(|code| ("invalid", code));
    assert_eq!(codes, expected);
}

/// Amounts that only the number format or the cell's own words show, as each program can write them.
const SHOWN: [(&str, &str, &str); 4] = [
    (
        "shown-openpyxl.xlsx",
        "118.5|USD 118.5|$118.5|118.5 Cr|118.5|AED 118.5|-118.5|€118.5|$118.5|118.5 M",
        "F3 of F3:F4",
    ),
    (
        "shown-libreoffice.ods",
        "118.5|USD 118.5|$118.5|118.5 Cr|118.5|AED 118.5|-118.5|€118.5|$118.5|118.5 M",
        "F3 of F3:F4",
    ),
    (
        "shown-libreoffice.xls",
        "118.5|USD 118.5|$118.5|118.5 Cr|118.5|AED 118.5|-118.5|€118.5|$118.5|118.5 M",
        "F3 of F3:F4",
    ),
    ("shown-odfpy.ods", "118.5|USD 118.5|US$118.5|118.5 Cr|118.5|EUR 118.5|118.5 Dr|5%", "F4 of F4:F5"),
];

#[test]
fn what_a_format_shows_is_read_and_merged_texts_are_filled_in_every_format_that_tells() {
    for (name, amounts, kept) in SHOWN {
        let world = world(&[name]);
        let out = inspect(&world, &[name, "--sheet", "March", "--emit", "csv"]).expect(0).out;
        let lines: Vec<Vec<&str>> = out.lines().skip(1).map(|line| line.split(',').collect()).collect();
        let column = |at: usize| lines.iter().map(|cells| cells[at]).collect::<Vec<_>>();
        assert_eq!(column(4).join("|"), amounts, "{name}");
        assert!(column(0).iter().zip(1..).all(|(number, at)| *number == format!("INV-{at:04}")), "{name}: {out}");
        assert!(column(3).iter().all(|id| *id == "KC9B2X7M4Q1Z8T6D"), "{name}: {out}");
        assert!(column(6).iter().all(|rate| *rate == "18%"), "{name}: {out}");
        let shown = inspect(&world, &[name, "--sheet", "March"]).expect(0).out;
        let merged = format!("merged numbers count in their first cell only, such as {kept}");
        assert!(shown.contains(&merged), "{name}: {shown}");
    }
}

#[test]
fn hidden_rows_and_columns_are_told_in_every_format_that_tells() {
    for (name, ..) in &SHOWN[..3] {
        let world = world(&[name]);
        let shown = inspect(&world, &[name, "--sheet", "March"]).expect(0).out;
        assert!(shown.contains("1 hidden row is read; hidden-rows = \"skip\" leaves it out"), "{name}: {shown}");
        assert!(shown.contains("hidden columns are read: H"), "{name}: {shown}");
        let skipped = inspect(&world, &[name, "--sheet", "March", "--emit", "csv", "--hidden-rows", "skip"]).expect(0);
        assert_eq!(skipped.out.lines().count(), 10, "{name}");
    }
}

#[test]
fn an_amount_in_another_currency_never_goes_out_as_rupees() {
    let names =
        ["shown-openpyxl.xlsx", "shown-libreoffice.ods", "shown-libreoffice.xls", "shown-odfpy.ods", "shown-xlwt.xls"];
    for name in names {
        let world = world(&[name]);
        world.alone(&["invoices", "create", name, "--sheet", "March", "--dry-run"]).expect(1);
        let (stem, _) = name.split_once('.').unwrap();
        let lines = world.lines(&format!("{stem}.dry-run.results.csv"));
        let foreign = lines.iter().filter(|line| line["code"].contains("currency-not-inr"));
        assert!(foreign.clone().count() >= 3, "{name}: {lines:?}");
        assert!(foreign.clone().all(|line| line["status"] == "invalid"), "{name}");
    }
}

#[test]
fn blank_rows_to_the_end_of_the_sheet_cost_nothing() {
    let world = world(&["blank-rows-repeat.ods"]);
    let read = inspect(&world, &["blank-rows-repeat.ods", "--emit", "csv"]).expect(0);
    assert_eq!(read.out.lines().count(), 2);
}

/// A zip of one deflated text beside the parts that make it a workbook: a cell of so many MiB.
fn bomb(mebibytes: usize) -> Vec<u8> {
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const RELATIONS: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let relation = |kind: &str, target: &str| {
        let item = format!("<Relationship Id=\"r1\" Type=\"{OFFICE}/{kind}\" Target=\"{target}\"/>");
        format!("<Relationships xmlns=\"{RELATIONS}\">{item}</Relationships>")
    };
    let sheets = "<sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"r1\"/></sheets>";
    let cell = "a".repeat(mebibytes << 20);
    let rows = format!("<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>{cell}</t></is></c></row>");
    zip(&[
        ("[Content_Types].xml", "<Types/>".to_owned()),
        ("_rels/.rels", relation("officeDocument", "xl/workbook.xml")),
        ("xl/workbook.xml", format!("<workbook xmlns=\"{MAIN}\" xmlns:r=\"{OFFICE}\">{sheets}</workbook>")),
        ("xl/_rels/workbook.xml.rels", relation("worksheet", "worksheets/sheet1.xml")),
        ("xl/worksheets/sheet1.xml", format!("<worksheet xmlns=\"{MAIN}\"><sheetData>{rows}</sheetData></worksheet>")),
    ])
}

#[cfg(target_os = "linux")]
#[test]
fn workbooks_that_eat_memory_are_refused_and_the_others_are_sent() {
    let names = ["far-cell.xls", "rows-repeat.ods", "cells-repeat.ods"];
    let world = world(&names);
    world.write("bomb.xlsx", bomb(200));
    world.write("good.csv", invoices(3));
    let run = world.alone(&["invoices", "create", "."]).expect(1);
    let hint = "hint: save the file again as xlsx from Excel or LibreOffice; clear cells that stand far from the table";
    let bomb = run.err.lines().find(|line| line.contains("bomb.xlsx[")).expect("the bomb is named");
    assert!(bomb.contains("its part \"xl/worksheets/sheet1.xml\" unpacks to more than "), "{bomb}");
    for name in names {
        let said = run.err.lines().skip_while(|line| !line.contains(name)).take(2).collect::<Vec<_>>().join("\n");
        assert!(said.contains(": the workbook reader ran out of memory; it may use "), "{name}: {}", run.err);
        assert!(said.ends_with(hint), "{name}: {said}");
    }
    assert_eq!(statuses(&world.lines("good.sandbox.results.csv"))["accepted"], 3);
    assert!(!run.err.contains("panicked"), "{}", run.err);
}

#[test]
fn damaged_workbooks_of_a_folder_are_refused_alone() {
    let world = World::new();
    fs::create_dir(world.path("all")).unwrap();
    let mut damaged = 0;
    for name in ["march.xls", "march.xlsb", "march.ods", "march-1904.xls"] {
        let good = data(name);
        world.write(&format!("all/good-{name}"), &good);
        for part in 1..8 {
            world.write(&format!("all/cut-{part}-{name}"), &good[..good.len() * part / 8]);
            damaged += 1;
        }
        // The same bytes every time, all over the file.
        for flip in 0..24_usize {
            let mut bytes = good.clone();
            let at = flip.wrapping_mul(2_654_435_761) % bytes.len();
            bytes[at] ^= 1 << (flip % 8);
            bytes[at / 2] = 0xff;
            world.write(&format!("all/flip-{flip}-{name}"), bytes);
            damaged += 1;
        }
    }
    let shown = inspect(&world, &["all", "--json"]).expect(1);
    let read = |name: &str| shown.out.contains(&format!("{name}\""));
    for name in ["march.xls", "march.xlsb", "march.ods", "march-1904.xls"] {
        assert!(read(&format!("all/good-{name}")), "{name}: {}", shown.err);
    }
    let refused = shown.err.lines().filter(|line| line.starts_with("arload: ")).count();
    let shown_files = shown.out.lines().count();
    assert!(refused + shown_files >= damaged + 4, "{refused} refused, {shown_files} shown of {damaged}: {}", shown.err);
    assert!(refused > damaged / 4, "{refused} of {damaged}");
    assert!(!shown.err.contains("panicked") && !shown.err.contains("good-"), "{}", shown.err);
}

#[test]
fn the_process_that_decodes_is_hidden_and_ends_with_the_one_that_asks() {
    let world = World::new();
    let help = ended(&mut world.arload(&["--help"])).expect(0);
    assert!(!help.out.contains("decode-workbook"), "{}", help.out);
    let served = ended(&mut world.arload(&["decode-workbook"])).expect(0);
    assert!(served.out.contains(" workbooks ") && served.err.is_empty(), "{served:?}");
}
