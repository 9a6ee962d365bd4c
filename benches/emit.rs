//! The table of a CSV written as CSV again, beside the plain `csv` crate doing the same to the same file.
//!
//! `cargo bench --bench emit` copies a million rows of twelve columns each way, the best of three, and prints both
//! speeds; with a number behind `--` it takes so many rows. As a test it takes few, and only compares what comes out.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use arload::config::{MappingSettings, Reading};
use arload::inspect::Look;
use arload::inspect::emit::emit;
use arload::sheet::open::list;

const ROWS: usize = 1_000_000;
const ROWS_OF_A_TEST: usize = 1_000;
const ROUNDS: usize = 3;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_bench = arguments.iter().any(|argument| argument == "--bench");
    let asked = arguments.iter().find_map(|argument| argument.parse().ok());
    let rows = asked.unwrap_or(if is_bench { ROWS } else { ROWS_OF_A_TEST });
    let folder = tempfile::tempdir().expect("the system has a temporary folder");
    let path = folder.path().join("register.csv");
    write_register(&path, rows);
    let bytes = std::fs::metadata(&path).expect("it was just written").len();
    let (plain_copy, our_copy) = (folder.path().join("plain.csv"), folder.path().join("ours.csv"));
    let plain = best_of(|| copy_plainly(&path, &plain_copy));
    let ours = best_of(|| copy_by_emit(&path, &our_copy));
    let read = |path: &Path| std::fs::read(path).expect("it was just written");
    assert!(read(&plain_copy) == read(&our_copy), "a clean sheet comes out the same");
    let speed = |time: Duration| bytes as f64 / 1e6 / time.as_secs_f64();
    println!("{rows} rows, {:.1} MB", bytes as f64 / 1e6);
    println!("csv crate  {:6.2} s  {:6.1} MB/s", plain.as_secs_f64(), speed(plain));
    println!("emit       {:6.2} s  {:6.1} MB/s", ours.as_secs_f64(), speed(ours));
    println!("emit is at {:.2} of the crate's speed", plain.as_secs_f64() / ours.as_secs_f64());
}

/// A register as it is exported: twelve columns, some 120 bytes a row, the same for the same number of rows.
fn write_register(path: &Path, rows: usize) {
    const HEADINGS: &str = "Invoice Number,Invoice Date,Due Date,Customer Code,Customer Name,GSTIN,Place of Supply,\
        Taxable Value,CGST,SGST,Invoice Total,Remarks\r\n";
    let room = "the disk has room";
    let mut out = BufWriter::new(File::create(path).expect("the temporary folder can be written to"));
    out.write_all(HEADINGS.as_bytes()).expect(room);
    for row in 0..rows as u64 {
        // Spread like random numbers, without being random.
        let draw = row.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        let (customer, rupees) = (draw % 10_000, 1_000 + draw % 98_000);
        let (tax, total) = (rupees * 9 / 100, rupees * 118 / 100);
        let remarks = if draw % 10 == 0 { "\"as agreed, by mail\"" } else { "" };
        write!(
            out,
            "B/26-27/{row:07},{:02}/07/2026,28/12/2026,C{customer:05},Customer {customer} Traders,\
             27AAPFU{customer:04}F1ZV,27-Maharashtra,\"{},{:03}.00\",{tax}.50,{tax}.50,\"{},{:03}.25\",{remarks}\r\n",
            1 + draw % 28,
            rupees / 1000,
            rupees % 1000,
            total / 1000,
            total % 1000,
        )
        .expect(room);
    }
    out.flush().expect(room);
}

fn best_of(work: impl Fn()) -> Duration {
    let time = |_| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    (0..ROUNDS).map(time).min().expect("there is a round")
}

fn copy_plainly(from: &Path, to: &Path) {
    let input = BufReader::new(File::open(from).expect("the sheet is there"));
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(input);
    let output = File::create(to).expect("the folder can be written to");
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(output);
    let mut record = csv::ByteRecord::new();
    while reader.read_byte_record(&mut record).expect("the sheet is whole") {
        writer.write_byte_record(&record).expect("the disk has room");
    }
    writer.flush().expect("the disk has room");
}

fn copy_by_emit(from: &Path, to: &Path) {
    let (reading, mapping) = (Reading::default(), MappingSettings::default());
    let listing = list(from, &reading).expect("the file is a sheet");
    let look = Look { operation: None, reading: &reading, mapping: &mapping };
    let mut output = BufWriter::with_capacity(1 << 16, File::create(to).expect("the folder can be written to"));
    emit(&listing.sources[0], look, &mut output).expect("the sheet is whole");
}
