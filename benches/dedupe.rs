//! The duplicate guard: collecting the keys of a sheet and finding those that stand twice.

#[path = "sheets/in_memory.rs"]
mod in_memory;
mod sheets;
#[path = "sheets/written.rs"]
mod written;

use arload::bench::SheetForm;
use arload::check::Checker;
use arload::check::record::Guard;
use arload::dedupe::Keys;
use criterion::{BatchSize, Criterion, Throughput};

use crate::in_memory::InMemory;

/// Rows of the sheet.
const ROWS: usize = 20_000;

fn find_repeats(criterion: &mut Criterion) {
    let (_folder, path) = written::invoices(ROWS, SheetForm::Csv);
    let sheet = InMemory::of(&path);
    let rules = sheet.rules();
    let checker = Checker::new(sheets::operation(), &sheet.mapping, &sheet.orders, &rules);
    let checked: Vec<_> = sheet.blocks.iter().map(|block| checker.check(block)).collect();
    let guards: Vec<Guard> = checked.iter().flat_map(|block| &block.rows).filter_map(|row| row.guard).collect();
    assert_eq!(guards.len(), ROWS);
    let mut group = criterion.benchmark_group("dedupe");
    group.throughput(Throughput::Elements(ROWS as u64));
    group.bench_function("collect keys", |bench| {
        bench.iter(|| {
            let mut keys = Keys::default();
            for (row, guard) in (0..).zip(&guards) {
                keys.add(guard, row);
            }
            keys
        });
    });
    group.bench_function("find repeats", |bench| {
        let collected = || {
            let mut keys = Keys::default();
            for (row, guard) in (0..).zip(guards.iter().chain(&guards[..100])) {
                keys.add(guard, row);
            }
            keys
        };
        bench.iter_batched(collected, |mut keys| assert_eq!(keys.settle_repeats().len(), 100), BatchSize::LargeInput);
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    find_repeats(&mut criterion);
    criterion.final_summary();
}
