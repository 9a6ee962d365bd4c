//! Checking rows: cells to values, the rules between them, and the lines to be uploaded; on one thread.

#[path = "sheets/in_memory.rs"]
mod in_memory;
mod sheets;
#[path = "sheets/written.rs"]
mod written;

use arload::bench::SheetForm;
use arload::check::Checker;
use arload::check::record::Standing;
use criterion::{Criterion, Throughput};

use crate::in_memory::InMemory;

/// Rows of the sheet.
const ROWS: usize = 20_000;

fn check_rows(criterion: &mut Criterion) {
    let (_folder, path) = written::invoices(ROWS, SheetForm::Csv);
    let sheet = InMemory::of(&path);
    let rules = sheet.rules();
    let checker = Checker::new(sheets::operation(), &sheet.mapping, &sheet.orders, &rules);
    let mut group = criterion.benchmark_group("check");
    group.sample_size(10).throughput(Throughput::Elements(ROWS as u64));
    group.bench_function("invoice rows", |bench| {
        bench.iter(|| {
            let checked = sheet.blocks.iter().map(|block| checker.check(block));
            let good = checked.map(|block| block.rows.iter().filter(|row| row.standing == Standing::Ready).count());
            assert_eq!(good.sum::<usize>(), ROWS);
        });
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    check_rows(&mut criterion);
    criterion.final_summary();
}
