//! Checking rows: cells to values, the rules between them, and the lines to be uploaded; on one thread.

mod sheets;

use std::collections::BTreeMap;

use arload::check::record::Standing;
use arload::check::{Checker, Rules, dates};
use arload::config::{Company, MappingSettings};
use arload::directory::Directory;
use arload::mapping::map_columns;
use criterion::{Criterion, Throughput};

fn check_rows(criterion: &mut Criterion) {
    let (_folder, path) = sheets::invoices(sheets::ROWS);
    let mut sheet = sheets::open(&path);
    let mut blocks = Vec::new();
    sheets::read(&mut sheet, |block| blocks.push(block.clone()));

    let operation = sheets::operation();
    let sample = |column: usize| (0..200).map(|row| blocks[0].text(row, column).to_owned()).collect();
    let mapping = map_columns(operation, &sheet.header.columns, &sample, &MappingSettings::default())
        .expect("the headings are plain");
    let mut evidence = dates::Evidence::new(&dates::columns(operation, &mapping, None));
    for block in &blocks {
        evidence.add(block);
    }
    let orders = evidence.decide(None);
    let (directory, severity) = (Directory::new(), BTreeMap::new());
    let company =
        Company { company_id: "CEK0SANDBX".to_owned(), seller_id: Some("CEK0SANDBX".to_owned()), ..Company::default() };
    let rules = Rules {
        account: "bench",
        company: &company,
        directory: &directory,
        today: jiff::civil::date(2026, 11, 22),
        period: None,
        severity: &severity,
        allow_unnumbered: false,
    };
    let checker = Checker::new(operation, &mapping, &orders, &rules);

    let mut group = criterion.benchmark_group("check");
    group.sample_size(10).throughput(Throughput::Elements(sheets::ROWS as u64));
    group.bench_function("invoice rows", |bench| {
        bench.iter(|| {
            let checked = blocks.iter().map(|block| checker.check(block));
            let good = checked.map(|block| block.rows.iter().filter(|row| row.standing == Standing::Ready).count());
            assert_eq!(good.sum::<usize>(), sheets::ROWS);
        });
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    check_rows(&mut criterion);
    criterion.final_summary();
}
