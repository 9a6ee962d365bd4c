//! Sending a planned run without a limit, to a stand-in that stores nothing, up to the last recorded answer.

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

fn send(criterion: &mut Criterion) {
    let (_folder, path) = written::invoices(ROWS, SheetForm::Csv);
    let mut group = criterion.benchmark_group("send");
    group.sample_size(10).throughput(Throughput::Elements(ROWS as u64));
    group.bench_function("planned invoices", |bench| {
        bench.iter_custom(|rounds| {
            let once = |_| {
                let folder = tempfile::tempdir().expect("the system has a temporary folder");
                let measured = [Work::Plan, Work::Send]
                    .map(|work| measure(&job::job(work, &path, folder.path()), None).expect("all of it is sent"));
                assert_eq!(measured[1].requests.len(), ROWS / 500);
                Duration::from_secs_f64(measured[1].seconds)
            };
            (0..rounds).map(once).sum()
        });
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    send(&mut criterion);
    criterion.final_summary();
}
