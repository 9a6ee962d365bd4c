//! The hot loops, each once over a fixed sheet, for counting instructions: see `instructions.py`.
//!
//! `hot write FOLDER ROWS` writes the sheets; `hot NAME FOLDER` does one loop over them. What is to be counted happens
//! inside [`hot_loop`], everything else outside. As a test it does every loop over few rows.

#[path = "sheets/in_memory.rs"]
mod in_memory;
mod sheets;

use std::hint::black_box;
use std::path::Path;

use arload::bench::generate::generate;
use arload::bench::{Recipe, SheetForm};
use arload::check::Checker;
use arload::check::record::Guard;
use arload::dedupe::Keys;
use calamine::Reader as _;

use crate::in_memory::InMemory;

/// The loops, the baselines first.
const LOOPS: [&str; 6] = ["csv-crate", "calamine", "read-csv", "read-xlsx", "check", "dedupe"];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["write", folder, rows] => write(Path::new(folder), rows.parse().expect("ROWS is a number")),
        [name, folder] => println!("{}", run(name, Path::new(folder))),
        _ => {
            let folder = tempfile::tempdir().expect("the system has a temporary folder");
            write(folder.path(), 500);
            for name in LOOPS {
                assert_eq!(run(name, folder.path()), 500, "{name}");
            }
        }
    }
}

fn write(folder: &Path, rows: u64) {
    let recipe = Recipe { rows, bad: 0.0, ..Recipe::default() };
    for form in [SheetForm::Csv, SheetForm::Xlsx] {
        let path = folder.join(format!("hot.{}", form.extension()));
        generate(&recipe, form, &path).expect("the folder can be written to");
    }
}

/// What is counted; a name of its own, so that counting can begin and end with it.
#[inline(never)]
fn hot_loop<T>(work: impl FnOnce() -> T) -> T {
    black_box(work())
}

/// Does one loop; says how many rows it saw.
fn run(name: &str, folder: &Path) -> usize {
    let (csv, xlsx) = (folder.join("hot.csv"), folder.join("hot.xlsx"));
    match name {
        "csv-crate" => hot_loop(|| read_by_csv_crate(&csv)),
        "calamine" => hot_loop(|| read_by_calamine(&xlsx)),
        "read-csv" => hot_loop(|| sheets::read(&mut sheets::open(&csv), |block| _ = black_box(block.len()))),
        "read-xlsx" => hot_loop(|| sheets::read(&mut sheets::open(&xlsx), |block| _ = black_box(block.len()))),
        "check" => {
            let sheet = InMemory::of(&csv);
            let rules = sheet.rules();
            let checker = Checker::new(sheets::operation(), &sheet.mapping, &sheet.orders, &rules);
            hot_loop(|| sheet.blocks.iter().map(|block| black_box(checker.check(block)).rows.len()).sum())
        }
        "dedupe" => {
            let guards = guards(&csv);
            let mut keys = Keys::default();
            hot_loop(|| {
                for (row, guard) in (0..).zip(&guards) {
                    keys.add(guard, row);
                }
                assert!(keys.settle_repeats().is_empty(), "no number stands twice");
            });
            guards.len()
        }
        other => panic!("there is no loop {other}; loops are {}", LOOPS.join(", ")),
    }
}

fn read_by_csv_crate(path: &Path) -> usize {
    let mut reader = csv::Reader::from_path(path).expect("the sheet is there");
    let (mut record, mut rows) = (csv::ByteRecord::new(), 0);
    while reader.read_byte_record(&mut record).expect("the sheet is whole") {
        rows += usize::from(!black_box(&record).is_empty());
    }
    rows
}

fn read_by_calamine(path: &Path) -> usize {
    let mut workbook: calamine::Xlsx<_> = calamine::open_workbook(path).expect("it is a workbook");
    let name = workbook.sheet_names()[0].clone();
    let mut cells = workbook.worksheet_cells_reader(&name).expect("the sheet is there");
    let mut last = 0;
    while let Some(cell) = cells.next_cell().expect("the sheet is whole") {
        last = black_box(cell.get_position().0);
    }
    last as usize
}

fn guards(path: &Path) -> Vec<Guard> {
    let sheet = InMemory::of(path);
    let rules = sheet.rules();
    let checker = Checker::new(sheets::operation(), &sheet.mapping, &sheet.orders, &rules);
    let checked: Vec<_> = sheet.blocks.iter().map(|block| checker.check(block)).collect();
    checked.iter().flat_map(|block| &block.rows).filter_map(|row| row.guard).collect()
}
