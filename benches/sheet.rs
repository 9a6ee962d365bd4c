//! Reading a CSV: decoding, splitting into records, telling data rows from the rest; beside the plain `csv` crate.

mod sheets;
#[path = "sheets/written.rs"]
mod written;

use arload::bench::SheetForm;
use arload::sheet::RowBlock;
use criterion::{Criterion, Throughput};

/// Rows of the sheet.
const ROWS: usize = 20_000;
/// Blocks that are read at once.
const BLOCKS: usize = 4;

fn read_csv(criterion: &mut Criterion) {
    let (_folder, path) = written::invoices(ROWS, SheetForm::Csv);
    let mut group = criterion.benchmark_group("sheet");
    group.sample_size(10).throughput(Throughput::Elements(ROWS as u64));
    group.bench_function("csv crate alone", |bench| {
        bench.iter(|| {
            let mut reader = csv::Reader::from_path(&path).expect("the sheet is there");
            let (mut record, mut rows) = (csv::ByteRecord::new(), 0);
            while reader.read_byte_record(&mut record).expect("the sheet is whole") {
                rows += 1;
            }
            assert_eq!(rows, ROWS);
        });
    });
    group.bench_function("read csv", |bench| {
        bench.iter(|| {
            let mut sheet = sheets::open(&path);
            let rows = sheets::read(&mut sheet, |_| {});
            assert_eq!(rows, ROWS);
        });
    });
    group.bench_function("read csv on all threads", |bench| {
        bench.iter(|| {
            let (mut sheet, mut rows) = (sheets::open(&path), 0);
            loop {
                let blocks = sheet.next_blocks(BLOCKS, 1_000, 256 << 10).expect("the sheet is whole");
                if blocks.is_empty() {
                    break;
                }
                rows += blocks.iter().map(RowBlock::len).sum::<usize>();
            }
            assert_eq!(rows, ROWS);
        });
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    read_csv(&mut criterion);
    criterion.final_summary();
}
