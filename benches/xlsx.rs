//! Reading a workbook, decoded in this process; beside calamine's streaming cell reader.

mod sheets;
#[path = "sheets/written.rs"]
mod written;

use arload::bench::SheetForm;
use calamine::Reader as _;
use criterion::{Criterion, Throughput};

/// A workbook takes longer than text.
const ROWS: usize = 5_000;

fn read_xlsx(criterion: &mut Criterion) {
    let (_folder, path) = written::invoices(ROWS, SheetForm::Xlsx);
    let mut group = criterion.benchmark_group("xlsx");
    group.sample_size(10).throughput(Throughput::Elements(ROWS as u64));
    group.bench_function("calamine alone", |bench| {
        bench.iter(|| {
            let mut workbook: calamine::Xlsx<_> = calamine::open_workbook(&path).expect("it is a workbook");
            let name = workbook.sheet_names()[0].clone();
            let mut cells = workbook.worksheet_cells_reader(&name).expect("the sheet is there");
            let mut last = 0;
            while let Some(cell) = cells.next_cell().expect("the sheet is whole") {
                last = cell.get_position().0;
            }
            assert_eq!(last as usize, ROWS);
        });
    });
    group.bench_function("read xlsx", |bench| {
        bench.iter(|| {
            let mut sheet = sheets::open(&path);
            let rows = sheets::read(&mut sheet, |_| {});
            assert_eq!(rows, ROWS);
        });
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    read_xlsx(&mut criterion);
    criterion.final_summary();
}
