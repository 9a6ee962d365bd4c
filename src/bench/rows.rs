//! Rows of generated sheets: good ones, and what makes some of them bad.
//!
//! Owns columns, contents and faults; how a row is written belongs to [`super::generate`]. The rule: a row depends on
//! the seed and its number alone, a good one has no finding, and one with three faults has three.

use jiff::ToSpan as _;
use jiff::civil::{Date, date};

use super::draw::Draw;
use super::party::Party;
use super::{Recipe, SheetOf};

/// A cell before it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// Nothing.
    Blank,
    /// Text as it stands.
    Text(String),
    /// Paise; `1,23,456.78` in text files, a number in workbooks.
    Amount(u64),
    /// `dd/mm/yyyy` in text files, a date in workbooks.
    Day(Date),
}

/// Headings of the invoices.
pub(super) const INVOICES: [&str; 18] = [
    "Invoice Number",
    "Invoice Date",
    "Due Date",
    "Customer Id",
    "Customer Name",
    "Customer GSTIN",
    "Place of Supply",
    "Description",
    "PO Number",
    "Taxable Value",
    "CGST",
    "SGST",
    "IGST",
    "TDS",
    "Invoice Total",
    "Email",
    "Mobile",
    "External ID",
];

/// Headings of the customers.
pub(super) const CUSTOMERS: [&str; 12] = [
    "Customer Name",
    "Customer Code",
    "GSTIN",
    "Address",
    "City",
    "State",
    "PIN",
    "Contact Person",
    "Contact Mobile",
    "Contact Email",
    "Bank Account No",
    "IFSC",
];

/// Customers that the invoices of a sheet go to.
const PARTIES: u64 = 10_000;

/// First day of the invoices, and over how many days they spread. All of it lies in one financial year, in the past and
/// before the slabs of 12 % and 28 % ended.
const FIRST_DAY: Date = date(2025, 4, 1);
const DAYS: u64 = 150;

/// The headings of a kind of sheet.
pub(super) fn headings(kind: SheetOf) -> &'static [&'static str] {
    match kind {
        SheetOf::Invoices => &INVOICES,
        SheetOf::Customers => &CUSTOMERS,
    }
}

/// The row of this number, counted from 0, as the recipe wants it.
pub(super) fn row(recipe: &Recipe, number: u64, cells: &mut Vec<Value>) {
    good_row(recipe, number, cells);
    let mut draw = Draw::of(recipe.seed, 2, number);
    if recipe.bad >= 1.0 {
        return spoil_thrice(recipe.kind, cells);
    }
    if (draw.below(1 << 32) as f64) < recipe.bad * (1_u64 << 32) as f64 {
        let kind = draw.below(FAULTS + 1);
        if kind == FAULTS && number > 0 {
            // The row above once more, as copying and pasting leaves it.
            good_row(recipe, number - 1, cells);
        } else {
            spoil(recipe.kind, kind.min(FAULTS - 1), cells);
        }
    }
}

fn good_row(recipe: &Recipe, number: u64, cells: &mut Vec<Value>) {
    cells.clear();
    match recipe.kind {
        SheetOf::Invoices => invoice(recipe, number, cells),
        SheetOf::Customers => customer(recipe, number, cells),
    }
}

fn invoice(recipe: &Recipe, number: u64, cells: &mut Vec<Value>) {
    let mut draw = Draw::of(recipe.seed, 3, number);
    let party = Party::new(recipe.seed, draw.below(PARTIES));
    let day = FIRST_DAY.saturating_add((number * DAYS / recipe.rows.max(1)).cast_signed().days());
    let rate = *draw.pick(&[500_u64, 1_200, 1_800, 1_800, 1_800, 2_800]);
    // Mostly thousands, now and then lakhs and crores.
    let digits = *draw.pick(&[10_u64.pow(6), 10_u64.pow(7), 10_u64.pow(7), 10_u64.pow(8), 10_u64.pow(9)]);
    let base = 10_000 + draw.below(digits);
    let (head, whole) = ((base * rate / 2 + 5_000) / 10_000, (base * rate + 5_000) / 10_000);
    let (cgst, igst) = if party.is_near() { (head, 0) } else { (0, whole) };
    let tds = if draw.below(10) == 0 { base / 1_000 } else { 0 };
    let id = if recipe.customers.is_empty() { party.id.clone() } else { draw.pick(&recipe.customers).clone() };
    let amount = |paise| if paise == 0 { Value::Blank } else { Value::Amount(paise) };
    let tail = 2_026 + draw.below(7);
    cells.extend([
        Value::Text(format!("{}/25/{:08}", series(recipe.seed), number + 1)),
        Value::Day(day),
        Value::Day(day.saturating_add((*draw.pick(&[15_i64, 30, 45, 60])).days())),
        Value::Text(id),
        Value::Text(format!("{}, {}", party.name, party.city)),
        Value::Text(party.gstin.clone()),
        Value::Text(format!("{}-{}", &party.gstin[..2], party.state)),
        Value::Text(description(&mut draw)),
        if draw.below(3) == 0 { Value::Blank } else { Value::Text(format!("PO-{tail}-{}", draw.below(100_000))) },
        Value::Amount(base),
        amount(cgst),
        amount(cgst),
        amount(igst),
        amount(tds),
        Value::Amount(base + 2 * cgst + igst),
        Value::Text(party.email),
        Value::Text(party.mobile),
        Value::Text(format!("SO-{}-{:08}", series(recipe.seed), number + 1)),
    ]);
}

/// Three letters that begin the numbers of a seed, so that sheets of different seeds have different numbers.
fn series(seed: u64) -> String {
    Draw::of(seed, 4, 0).text(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", 3)
}

fn description(draw: &mut Draw) -> String {
    const GOODS: [&str; 6] =
        ["Cartons, 5 ply", "Steel pipes 2\" and 3\"", "Job work", "Annual maintenance", "Cotton yarn, dyed", "Freight"];
    let goods = *draw.pick(&GOODS);
    format!("{goods}, {} pieces against delivery note {}", 1 + draw.below(900), draw.below(100_000))
}

fn customer(recipe: &Recipe, number: u64, cells: &mut Vec<Value>) {
    let party = Party::new(recipe.seed, number);
    cells.extend(
        [
            party.name,
            format!("{}-{}", series(recipe.seed), party.code),
            party.gstin,
            party.street,
            party.city.to_owned(),
            party.state.to_owned(),
            party.pin,
            party.contact.to_owned(),
            party.mobile,
            party.email,
            party.account,
            party.ifsc,
        ]
        .map(Value::Text),
    );
}

/// Kinds of faults, besides a row that stands twice.
const FAULTS: u64 = 8;

/// Makes a row bad in one of the ways that rows are.
fn spoil(kind: SheetOf, fault: u64, cells: &mut [Value]) {
    let text = |text: &str| Value::Text(text.to_owned());
    let (column, value) = match (kind, fault) {
        (SheetOf::Invoices, 0) => (1, text("31/02/2025")),
        (SheetOf::Invoices, 1) => (9, text("1,23,4S6.78")),
        (SheetOf::Invoices, 2) => (5, wrong_check(&cells[5])),
        (SheetOf::Invoices, 3) => (0, text("INVOICE/2025-26/00004711")),
        (SheetOf::Invoices, 4) => (3, Value::Blank),
        (SheetOf::Invoices, 5) => (14, too_much(&cells[14])),
        (SheetOf::Invoices, 6) => (15, text("accounts at example")),
        (SheetOf::Invoices, _) => (2, Value::Day(date(2025, 3, 1))),
        (SheetOf::Customers, 0) => (6, text("41100")),
        (SheetOf::Customers, 1) => (8, text("98220")),
        (SheetOf::Customers, 2) => (2, wrong_check(&cells[2])),
        (SheetOf::Customers, 3) => (9, text("accounts at example")),
        (SheetOf::Customers, 4) => (7, Value::Blank),
        (SheetOf::Customers, 5) => (11, text("HDFC1234")),
        (SheetOf::Customers, 6) => (10, text("1.23457E+12")),
        (SheetOf::Customers, _) => (8, text("12345678901234567")),
    };
    cells[column] = value;
}

/// Three faults in three cells that do not hide each other.
fn spoil_thrice(kind: SheetOf, cells: &mut [Value]) {
    for fault in match kind {
        SheetOf::Invoices => [0, 1, 6],
        SheetOf::Customers => [0, 1, 2],
    } {
        spoil(kind, fault, cells);
    }
}

fn wrong_check(gstin: &Value) -> Value {
    let Value::Text(gstin) = gstin else { return Value::Blank };
    let last = if gstin.ends_with('7') { '8' } else { '7' };
    Value::Text(format!("{}{last}", &gstin[..14]))
}

/// More than the parts make, however they are rounded.
fn too_much(total: &Value) -> Value {
    let Value::Amount(paise) = total else { return Value::Blank };
    Value::Amount(paise + 50_150)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::bench::generate::generate;
    use crate::bench::measure::{Job, measure};
    use crate::bench::stages::{Sample, Work};

    /// The codes of each row's findings, after a dry run.
    fn findings(recipe: &Recipe) -> Vec<Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        let sheet = folder.path().join("sheet.csv");
        generate(recipe, super::super::SheetForm::Csv, &sheet).unwrap();
        let sample = if recipe.kind == SheetOf::Customers { Sample::Customers } else { Sample::Invoices };
        let job = Job {
            work: Work::DryRun,
            sample,
            sheet,
            state: folder.path().join("state"),
            results: folder.path().to_owned(),
            threads: 2,
            senders: 1,
            chunk_rows: 500,
            rate: None,
            latency_ms: 0,
            jitter_ms: 0,
        };
        measure(&job, None).unwrap();
        let mut reader = csv::Reader::from_path(folder.path().join("sheet.dry-run.results.csv")).unwrap();
        let column = reader.headers().unwrap().iter().position(|heading| heading == "code").unwrap();
        let codes = reader.records().map(|record| record.unwrap()[column].to_owned());
        codes.map(|codes| codes.split("; ").filter(|code| !code.is_empty()).map(str::to_owned).collect()).collect()
    }

    #[test]
    fn clean_rows_have_no_finding_and_all_bad_ones_three_each() {
        for kind in [SheetOf::Invoices, SheetOf::Customers] {
            let recipe = |bad| Recipe { kind, rows: 400, bad, seed: 3, customers: Vec::new() };
            let clean = findings(&recipe(0.0));
            assert_eq!(clean.len(), 400);
            let marked: Vec<_> = clean.iter().filter(|codes| **codes != ["dry-run"]).collect();
            assert!(marked.is_empty(), "{kind:?}: {marked:?}");
            for codes in findings(&recipe(1.0)) {
                assert_eq!(codes.len(), 3, "{kind:?}: {codes:?}");
            }
        }
    }

    #[test]
    fn some_bad_rows_are_bad_in_different_ways() {
        for kind in [SheetOf::Invoices, SheetOf::Customers] {
            let rows = findings(&Recipe { kind, rows: 3_000, bad: 0.05, seed: 9, customers: Vec::new() });
            let mut times: BTreeMap<String, usize> = BTreeMap::new();
            for code in rows.iter().flatten() {
                *times.entry(code.clone()).or_default() += 1;
            }
            let good = times.remove("dry-run").unwrap_or_default();
            assert!((2_750..=2_930).contains(&good), "{kind:?}: {good} good");
            assert!(times.len() >= 6 && times.contains_key("duplicate-row"), "{kind:?}: {times:?}");
        }
    }
}
