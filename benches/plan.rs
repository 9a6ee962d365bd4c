//! From sheet to a durable plan in a new ledger.

#[path = "sheets/job.rs"]
mod job;
#[path = "sheets/written.rs"]
mod written;

use std::time::Duration;

use arload::bench::SheetForm;
use arload::bench::measure::measure;
use arload::bench::stages::Work;
use criterion::{Criterion, Throughput};

/// Rows of the sheet.
const ROWS: usize = 20_000;

fn plan(criterion: &mut Criterion) {
    let (_folder, path) = written::invoices(ROWS, SheetForm::Csv);
    let mut group = criterion.benchmark_group("plan");
    group.sample_size(10).throughput(Throughput::Elements(ROWS as u64));
    group.bench_function("invoice rows", |bench| {
        bench.iter_custom(|rounds| {
            let once = |_| {
                let folder = tempfile::tempdir().expect("the system has a temporary folder");
                let measured = measure(&job::job(Work::Plan, &path, folder.path()), None).expect("the sheet is clean");
                assert_eq!(measured.rows as usize, ROWS);
                Duration::from_secs_f64(measured.seconds)
            };
            (0..rounds).map(once).sum()
        });
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    plan(&mut criterion);
    criterion.final_summary();
}
