//! Whole rows: what is found in them, what would be sent, and that one fault is told once.

use std::path::Path;

use super::*;
use crate::config::{DateOrder, MappingSettings, Reading};
use crate::directory::Entry;
use crate::mapping;
use crate::sheet::CellKind;
use crate::sheet::open::sheets_of;

pub(super) fn directory() -> Directory {
    let mut directory = Directory::new();
    for (id, code, gstin, name) in [
        ("KC00000000000001", "C-1", "27AAPFU0939F1ZV", "Asha Traders"),
        ("KC00000000000002", "C-2", "29AAACI1681G1ZL", "Beta Mills"),
    ] {
        let [code, gstin, legal_name] = [code, gstin, name].map(|text| Some(text.to_owned()));
        directory.add(Entry { customer_id: id.to_owned(), code, gstin, legal_name });
    }
    directory
}

/// The rows of a sheet after checking; `sheet` has its headings first, cells between bars.
fn check_with(operation: &str, sheet: &str, kind: CellKind, change: impl FnOnce(&mut RowBlock)) -> CheckedBlock {
    let operation = Operation::by_name(operation).unwrap();
    let mut lines = sheet.lines();
    let headings: Vec<String> = lines.next().unwrap().split('|').map(str::to_owned).collect();
    let mut block = RowBlock::new(headings.len());
    for (number, line) in lines.enumerate() {
        for column in 0..headings.len() {
            let text = line.split('|').nth(column).unwrap_or_default();
            let number = text.parse::<f64>().is_ok();
            block.push_cell(text, if number { kind } else { CellKind::Text });
        }
        block.finish_row(number as u32 + 2, 0);
    }
    change(&mut block);
    let samples = |column: usize| (0..block.len()).map(|row| block.text(row, column).to_owned()).collect();
    let mapping = mapping::map_columns(operation, &headings, &samples, &MappingSettings::default()).unwrap();
    let company = Company { company_id: "CEK0000001".to_owned(), ..Company::default() };
    let (directory, severity) = (directory(), BTreeMap::new());
    let rules = rules(&company, &directory, &severity);
    let mut evidence = dates::Evidence::new(&dates::columns(operation, &mapping, None));
    evidence.add(&block);
    Checker::new(operation, &mapping, &evidence.decide(None), &rules).check(&block)
}

pub(super) fn rules<'a>(
    company: &'a Company,
    directory: &'a Directory,
    severity: &'a BTreeMap<Code, Severity>,
) -> Rules<'a> {
    Rules {
        account: "test",
        company,
        directory,
        today: jiff::civil::date(2026, 11, 22),
        period: None,
        severity,
        allow_unnumbered: false,
    }
}

fn check(operation: &str, sheet: &str) -> CheckedBlock {
    check_with(operation, sheet, CellKind::Text, |_| ())
}

/// The codes of a row, or why it is left out.
pub(super) fn codes(row: &CheckedRow) -> String {
    match &row.standing {
        Standing::Excluded { code, .. } => code.clone(),
        _ => row.findings.iter().map(|finding| finding.code.as_str()).collect::<Vec<_>>().join(" "),
    }
}

#[test]
fn every_row_of_the_broken_samples_has_just_the_finding_that_it_announces() {
    // Rows that only the sheet's other rows make wrong are not known here.
    const BETWEEN_ROWS: [&str; 2] = ["duplicate-row", "duplicate-in-sheet"];
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let list = std::fs::File::open(samples.join("customers-directory.csv")).unwrap();
    let known = Directory::from_csv(list, "customers-directory.csv").unwrap();
    for (name, operation, directory) in [
        ("invoices-broken.csv", "invoices create", &Directory::new()),
        ("invoices-broken.csv", "invoices create", &known),
        ("invoices-broken-directory.csv", "invoices create", &known),
        ("customers-broken.csv", "customers create", &known),
    ] {
        let operation = Operation::by_name(operation).unwrap();
        let reading = Reading::default();
        let source = &sheets_of(&samples.join(name), &reading).unwrap()[0];
        let recognise = |heading: &str| mapping::recognises(operation, heading);
        let mut open = source.open(&reading, &recognise).unwrap();
        let mut block = RowBlock::default();
        assert!(open.next_block(&mut block, 1000, 1 << 20).unwrap());
        let headings = open.header.columns.clone();
        let cells = |column: usize| (0..block.len()).map(|row| block.text(row, column).to_owned()).collect();
        let mapping = mapping::map_columns(operation, &headings, &cells, &MappingSettings::default()).unwrap();
        let unknown: Vec<&str> = mapping.unknown.iter().map(|unknown| unknown.heading.as_str()).collect();
        assert_eq!(unknown, ["expected"], "{name}");
        // No account is set, as in a dry run from a fresh clone.
        let (company, severity) = (Company::default(), BTreeMap::new());
        let rules = rules(&company, directory, &severity);
        let mut evidence = dates::Evidence::new(&dates::columns(operation, &mapping, None));
        evidence.add(&block);
        let checked = Checker::new(operation, &mapping, &evidence.decide(None), &rules).check(&block);
        let column = headings.iter().position(|heading| heading == "expected").unwrap();
        for (index, row) in checked.rows.iter().enumerate() {
            let announced = block.text(index, column);
            let expected = if BETWEEN_ROWS.contains(&announced) { "" } else { announced };
            assert_eq!(codes(row), expected, "{name}:{} {:?}", row.number, row.findings);
        }
    }
}

#[test]
fn a_row_with_surplus_cells_says_nothing_about_cells_that_may_have_shifted() {
    let sheet = "Invoice No|Customer Id|Invoice Date|Due Date|Taxable Value|Status\n1|x|y|z|1|Void";
    let message = "three cells too many".to_owned();
    let mark = crate::sheet::RowMark { row: 0, code: Code::SurplusCells, column: None, message };
    let checked = check_with("invoices create", sheet, CellKind::Text, |block| block.marks.push(mark));
    assert_eq!((codes(&checked.rows[0]).as_str(), &checked.rows[0].standing), ("surplus-cells", &Standing::Invalid));
    assert!(checked.rows[0].amounts.unreadable && checked.rows[0].amounts.taxable.is_none());
}

#[test]
fn rows_that_are_no_invoices_are_left_out_and_unknown_words_are_not() {
    let head = "Invoice No|Customer Id|Invoice Date|Due Date|Taxable Value|Voucher Type|Status";
    for (row, expected) in [
        ("1000|Sales|Paid", ""),
        ("1000|Receipt|", "document-not-invoice"),
        ("-1000|Sales Return|", "credit-note-not-supported"),
        ("-1000|Sales|", "amount-negative"),
        ("1000 Cr|Sales|", "credit-note-not-supported"),
        ("1000|Sales|Return", "credit-note-not-supported"),
        ("1000|Sales|Receipt", ""),
        ("1000|Sales|Cancelled - duplicate", "document-cancelled"),
    ] {
        let sheet = format!("{head}\nA-1|KC00000000000001|13/05/2026|13/06/2026|{row}");
        assert_eq!(codes(&check("invoices create", &sheet).rows[0]), expected, "{row}");
    }
}

#[test]
fn without_a_tax_column_the_total_may_hold_any_tax_but_no_less_than_the_taxable_value() {
    let head = "Invoice No|Customer Id|Invoice Date|Due Date|Taxable Value|Invoice Total";
    for (more, amounts, expected) in [
        ("", "1000|1180", ""),
        ("", "1000|1400", ""),
        ("", "1000|1000", ""),
        ("", "1000|900", "total-mismatch"),
        ("", "1000|1500", "total-mismatch"),
        ("|IGST", "1000|1180|", "total-mismatch"),
        ("|Total Tax", "1000|1180|180", ""),
    ] {
        let sheet = format!("{head}{more}\nA-1|KC00000000000001|13/05/2026|13/06/2026|{amounts}");
        assert_eq!(codes(&check("invoices create", &sheet).rows[0]), expected, "{more} {amounts}");
    }
}

#[test]
fn a_due_date_that_cannot_be_counted_is_told_once() {
    let head = "Invoice No|Customer Id|Invoice Date|Credit Days|Taxable Value";
    for (row, expected) in [
        ("13/05/2026|30", ""),
        ("13/05/2026|Net 45", ""),
        ("13/05/2026|-5", "days-not-recognised"),
        ("no date|30", "date-not-recognised"),
        ("|30", "required-missing"),
        ("13/05/2026|", "required-missing"),
    ] {
        let sheet = format!("{head}\nA-1|KC00000000000001|{row}|1000");
        assert_eq!(codes(&check("invoices create", &sheet).rows[0]), expected, "{row}");
    }
}

#[test]
fn plain_serials_count_from_1904_where_the_workbook_does() {
    let sheet = "invoiceNumber|customerId|invoiceDate|dueDate|baseAmount\n\
                 A-1|KC00000000000001|44693|44723.75|1000";
    for (from_1904, dates) in [(false, "2022-05-12,2022-06-11"), (true, "2026-05-13,2026-06-12")] {
        let checked = check_with("invoices create", sheet, CellKind::Number, |block| block.from_1904 = from_1904);
        assert_eq!(checked.line(&checked.rows[0]), format!("A-1,KC00000000000001,{dates},1000.00\n"));
    }
}

#[test]
fn an_update_sends_what_changes_and_not_what_names_the_customer() {
    let head = "Customer Id|Customer Code|GSTIN|Address|PIN|City|Bank Account No";
    for (row, expected, codes_of) in [
        ("KC00000000000001|||MG Road|||", "KC00000000000001,MG Road\n", ""),
        ("|c-1||MG Road|411001||NIL", "KC00000000000001,MG Road,411001\n", ""),
        ("||27AAPFU0939F1ZV|MG Road|-||", "KC00000000000001,MG Road\n", ""),
        ("|C-1|07AAACI1681G1ZR||||", "KC00000000000001,07AAACI1681G1ZR\n", ""),
        ("KC00000000000001|C-9||||N/A|", "KC00000000000001,C-9\n", ""),
        ("C-1||||411001||", "KC00000000000001,411001\n", ""),
        ("|C-1|27AAPFU0939F1ZV||||", "", "nothing-to-update"),
        ("||29AAACI1681G1ZL||-|Pune|NIL", "", "nothing-to-update"),
        ("KC00000000000001||||||", "", "nothing-to-update"),
        ("|C-9||MG Road|||", "", "customer-not-found"),
    ] {
        let checked = check("customers update", &format!("{head}\n{row}"));
        let found = &checked.rows[0];
        assert_eq!((checked.line(found), codes(found).as_str()), (expected, codes_of), "{row}");
    }
}

#[test]
fn the_order_of_dates_is_the_columns_and_late_proof_overturns_it() {
    let operation = Operation::by_name("invoices create").unwrap();
    let names = ["invoiceDate", "dueDate"];
    let mapping =
        Mapping { columns: names.iter().map(|name| operation.field_index(name)).collect(), ..Mapping::default() };
    let evidence = |rows: &[(&str, &str, usize)]| {
        let mut block = RowBlock::new(2);
        for (issued, due, times) in rows {
            for _ in 0..*times {
                block.push_cell(issued, CellKind::Text);
                block.push_cell(due, CellKind::Text);
                block.finish_row(1, 0);
            }
        }
        let mut evidence = dates::Evidence::new(&dates::columns(operation, &mapping, None));
        evidence.add(&block);
        evidence
    };
    for (rows, orders) in [
        (&[("05/13/2026", "06/13/2026", 1)][..], "Mdy! Mdy!"),
        (&[("05/06/2026", "06/13/2026", 9)], "Mdy! Mdy!"),
        (&[("05/06/2026", "06/07/2026", 9)], "Dmy Dmy"),
        (&[("13/05/2026", "06/07/2026", 1), ("05/06/2026", "06/07/2026", 9)], "Dmy! Dmy!"),
        (&[("13/05/2026", "06/07/2026", 3), ("05/13/2026", "06/07/2026", 2)], "Dmy! Dmy!"),
        (&[("13/05/2026", "06/07/2026", 1), ("05/13/2026", "06/07/2026", 2)], "Mdy! Mdy!"),
        (&[("13/05/2026", "06/13/2026", 2)], "Dmy! Mdy!"),
        (&[("2026-05-13", "1-Jun-26", 2)], "Dmy Dmy"),
    ] {
        let decided = evidence(rows).decide(None);
        let shown: Vec<String> = decided
            .iter()
            .map(|column| format!("{:?}{}", column.order, if column.proved { "!" } else { "" }))
            .collect();
        assert_eq!(shown.join(" "), orders, "{rows:?}");
    }
    let early = evidence(&[("05/06/2026", "06/07/2026", 5000)]);
    let mut whole = early.clone();
    whole.merge(&evidence(&[("05/06/2026", "06/07/2026", 3999), ("05/16/2026", "06/07/2026", 1)]));
    assert!(dates::overturned(&early.decide(None), &whole.decide(None)));
    assert!(!dates::overturned(&early.decide(Some(DateOrder::Dmy)), &whole.decide(Some(DateOrder::Dmy))));
}

#[test]
fn the_stated_totals_of_the_samples_agree_with_their_rows_and_a_changed_one_does_not() {
    let operation = Operation::by_name("invoices create").unwrap();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let reading = Reading::default();
    let recognise = |heading: &str| mapping::recognises(operation, heading);
    let mut compared = 0;
    for name in ["invoices.xlsx", "tally-sales-register.xlsx"] {
        for source in sheets_of(&samples.join(name), &reading).unwrap() {
            let mut open = source.open(&reading, &recognise).unwrap();
            let mut block = RowBlock::default();
            assert!(open.next_block(&mut block, 1000, 1 << 20).unwrap());
            assert!(!open.next_block(&mut RowBlock::default(), 1000, 1 << 20).unwrap());
            let headings = open.header.columns.clone();
            let cells = |column: usize| (0..block.len()).map(|row| block.text(row, column).to_owned()).collect();
            let mapping = mapping::map_columns(operation, &headings, &cells, &MappingSettings::default()).unwrap();
            let (company, directory, severity) = (Company::default(), Directory::new(), BTreeMap::new());
            let rules = rules(&company, &directory, &severity);
            let checked = Checker::new(operation, &mapping, &[], &rules).check(&block);
            let mut sums = totals::ColumnSums::default();
            checked.rows.iter().for_each(|row| sums.add(&row.amounts));
            let end = open.finish();
            let mut total = end.dropped.stated_total().unwrap().cells.clone();
            assert_eq!(totals::grand_total_mismatch(operation, &mapping, &total, &sums), [], "{}", source.label());
            let net = mapping.column_of(operation.field_index("netAmount").unwrap()).unwrap();
            assert!(!total[net].is_empty(), "{}: {total:?}", source.label());
            total[net] = "7".to_owned();
            assert_eq!(totals::grand_total_mismatch(operation, &mapping, &total, &sums)[0].field, "netAmount");
            compared += 1;
        }
    }
    assert_eq!(compared, 3);
}
