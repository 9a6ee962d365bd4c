//! Blocks read plainly are those that rows read one by one make: over sheets made of everything that is odd, in any mix,
//! and over every sample.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::{OpenSheet, Recognise, Tries, list};
use crate::config::Reading;
use crate::sheet::{RowBlock, RowMark, SheetSource};

/// How a sheet is read.
#[derive(Debug, Clone, Copy)]
enum Way {
    ByRow,
    Block,
    Blocks(usize),
}

/// Everything that a sheet gave: its blocks with numbers, lines, cells and marks, and in the end how it was.
type Told = (Vec<(Vec<String>, Vec<RowMark>)>, String);

fn read(source: &SheetSource, recognise: Recognise<'_>, way: Way, (rows, bytes): (usize, usize)) -> Told {
    let mut sheet = match source.open(&Reading::default(), recognise) {
        Ok(sheet) => sheet,
        Err(error) => return (Vec::new(), error.to_string()),
    };
    if matches!(way, Way::ByRow) {
        sheet.tries = Tries::NONE;
    }
    let header = sheet.header.columns.join("|");
    let mut told = Vec::new();
    loop {
        let blocks = match next(&mut sheet, way, rows, bytes) {
            Ok(blocks) if blocks.is_empty() => break,
            Ok(blocks) => blocks,
            Err(error) => return (told, error),
        };
        for block in blocks {
            if let Some(dialect) = &sheet.dialect {
                (0..block.len()).for_each(|row| stands_as_written(&block, row, dialect.delimiter));
            }
            let shown = (0..block.len()).map(|row| {
                let cells: Vec<String> = (0..block.columns()).map(|at| format!("{:?}", block.cell(row, at))).collect();
                format!("{} {} {}", block.number(row), block.line(row), cells.join("|"))
            });
            told.push((shown.collect(), block.marks.clone()));
        }
    }
    let end = format!("{header} {:?} {:?} {:?}", sheet.notes, sheet.dialect, sheet.top);
    (told, format!("{end} {:?}", sheet.finish()))
}

/// A row that is said to stand as it would be written does.
fn stands_as_written(block: &RowBlock, row: usize, delimiter: u8) {
    let Some(stands) = block.verbatim(row, delimiter) else { return };
    let special = [char::from(delimiter), '"', '\r', '\n'];
    let cells: Vec<String> = block
        .cells(row)
        .map(|cell| {
            assert!(cell.chars().next().is_none_or(|letter| letter.is_ascii_alphanumeric()), "{cell:?}");
            if cell.contains(special) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
        })
        .collect();
    assert_eq!(stands, cells.join(&char::from(delimiter).to_string()));
}

fn next(sheet: &mut OpenSheet<'_>, way: Way, rows: usize, bytes: usize) -> Result<Vec<RowBlock>, String> {
    if let Way::Blocks(count) = way {
        return sheet.next_blocks(count, rows, bytes).map_err(|error| error.to_string());
    }
    let mut block = RowBlock::default();
    let more = sheet.next_block(&mut block, rows, bytes).map_err(|error| error.to_string())?;
    Ok(if more { vec![block] } else { Vec::new() })
}

fn holds_equal(source: &SheetSource, recognise: Recognise<'_>, limits: (usize, usize)) {
    let expected = read(source, recognise, Way::ByRow, limits);
    for way in [Way::Block, Way::Blocks(1), Way::Blocks(3), Way::Blocks(16)] {
        let told = read(source, recognise, way, limits);
        for (at, (one, other)) in told.0.iter().zip(&expected.0).enumerate() {
            assert_eq!(one, other, "block {at}, {way:?}, {limits:?}");
        }
        assert_eq!(told.0.len(), expected.0.len(), "{way:?}, {limits:?}");
        assert_eq!(told.1, expected.1, "{way:?}, {limits:?}");
    }
}

fn known(heading: &str) -> bool {
    ["Invoice No", "Invoice Date", "Customer", "Amount"].contains(&heading)
}

const USUAL: &str = "INV-7,01-04-2025,Mehta Traders,1200.00";

/// A line of a sheet, the usual one most often.
fn line() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(vec![
        "INV-8,02-04-2025,Shah,5".to_owned(),
        "INV-8,02-04-2025,\"Mehta, Rakesh\",\"1,00,000.00\"".to_owned(),
        "\"INV-9\",\"\",\"\",\"5\"".to_owned(),
        "INV-9,02-04-2025,\"Pipe 48\"\" round\",5".to_owned(),
        "INV-9,02-04-2025,\"\"\"Acme\"\"\",5".to_owned(),
        "INV-9,02-04-2025,Pipe 48\" round,5".to_owned(),
        "INV-9,02-04-2025,\"Pipe 48\" round\",5".to_owned(),
        "INV-9,02-04-2025,\"Mehta,5".to_owned(),
        "INV-9,02-04-2025,=\"00123\",5".to_owned(),
        "INV-9, 02-04-2025, \"Mehta\" ,5".to_owned(),
        "INV-9,02-04-2025,\"12, MG Road\nPune\",5".to_owned(),
        "INV-9,02-04-2025,\"12, MG Road\r\nPune\r\n\",5".to_owned(),
        format!("INV-9,02-04-2025,\"{}\",5", "line\n".repeat(25)),
        format!("INV-9,02-04-2025,\"Shah\nINV-9,02-04-2025,Rao,7\n{USUAL}\",5"),
        String::new(),
        ",,,".to_owned(),
        " , ,\t,".to_owned(),
        "Grand Total,,,5000.00".to_owned(),
        "Total Energies,02-04-2025,Shah,5".to_owned(),
        "Total,02-04-2025,Shah,5".to_owned(),
        "Invoice No,Invoice Date,Customer,Amount".to_owned(),
        "INV-9,02-04-2025,Shah,1,00,000.00".to_owned(),
        "INV-9,02-04-2025,Shah,5,".to_owned(),
        "INV-9,02-04-2025,Shah,5,x".to_owned(),
        "INV-9,02-04-2025,Shah".to_owned(),
        "INV-9,02-04-2025".to_owned(),
        "INV-9".to_owned(),
        "North zone,,,".to_owned(),
        "Prepared by,Anita,,".to_owned(),
        "All amounts in rupees,,,".to_owned(),
        "\nCustomer,Invoice No,Amount,\nShah,INV-1,5,\n".to_owned(),
        "INV-9,02-04-2025,Caf\u{c3}\u{a9},5".to_owned(),
        "INV-9,02-04-2025,\u{20b9} Caf\u{e9},5".to_owned(),
        "INV-9,02-04-2025,\u{fffd},5".to_owned(),
        "INV-9,02-04-2025,a\0b,5".to_owned(),
        "INV-9,02-04-2025,a\u{1}b,5".to_owned(),
        "INV-9,02-04-2025,a\rINV-10,02-04-2025,b,5".to_owned(),
        "INV-9,02-04-2025,\"a\rb\",5".to_owned(),
        format!("INV-9,02-04-2025,{},5", "x".repeat(33_000)),
        format!("INV-9,02-04-2025,{},5", "y".repeat(9_000)),
    ]);
    prop_oneof![6 => Just(USUAL.to_owned()), 3 => odd]
}

/// A part of a sheet: usual lines, then odd ones among usual ones.
fn part() -> impl Strategy<Value = String> {
    let usual = prop::sample::select(vec![0_usize, 3, 40, 205, 3_000]);
    let end = prop::sample::select(vec!["\n", "\n", "\n", "\r\n", "\r\n", "\r"]);
    (usual, prop::collection::vec((line(), end), 0..12), prop::sample::select(vec!["\n", "\r\n"])).prop_map(
        |(usual, lines, end)| {
            let odd: String = lines.into_iter().map(|(line, end)| line + end).collect();
            format!("{USUAL}{end}").repeat(usual) + &odd
        },
    )
}

#[derive(Debug, Clone, Copy)]
enum Form {
    Utf8,
    Marked,
    Utf16,
    Older,
    Damaged,
}

fn bytes(text: &str, form: Form) -> Vec<u8> {
    match form {
        Form::Utf8 => text.as_bytes().to_vec(),
        Form::Marked => ["\u{feff}", text].concat().into_bytes(),
        Form::Utf16 => [vec![0xff, 0xfe], text.encode_utf16().flat_map(u16::to_le_bytes).collect()].concat(),
        Form::Older => encoding_rs::WINDOWS_1252.encode(text).0.into_owned(),
        Form::Damaged => [b"", text.as_bytes(), b"INV-9,02-04-2025,caf\xe9 \xe2\x82\xb9,5\n"].concat(),
    }
}

/// A file in a folder of its own.
fn written(name: &str, bytes: &[u8], packed: bool) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    if packed {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        fs::write(&path, encoder.finish().unwrap()).unwrap();
    } else {
        fs::write(&path, bytes).unwrap();
    }
    (folder, path)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn blocks_read_plainly_are_those_read_row_by_row(
        parts in prop::collection::vec(part(), 1..5),
        form in prop::sample::select(vec![Form::Utf8, Form::Utf8, Form::Marked, Form::Utf16, Form::Older, Form::Damaged]),
        (semicolons, named, packed, unended) in any::<(bool, bool, bool, bool)>(),
        limits in prop::sample::select(vec![(1, 1 << 18), (7, 1 << 18), (100, 1 << 18), (1000, 1 << 18), (1000, 600)]),
    ) {
        let mut text = format!("Invoice No,Invoice Date,Customer,Amount\n{}\n", [USUAL; 3].join("\n")) + &parts.concat();
        if semicolons {
            text = text.replace(',', ";");
        }
        if named {
            text.insert_str(0, if semicolons { "sep=;\r\n" } else { "sep=,\r\n" });
        }
        if unended {
            text.truncate(text.trim_end_matches(['\r', '\n']).len());
        }
        let (_folder, path) = written("a.csv", &bytes(&text, form), packed);
        let Ok(listing) = list(&path, &Reading::default()) else { return Ok(()) };
        holds_equal(&listing.sources[0], &known, limits);
    }
}

#[test]
fn every_sample_is_read_alike() {
    let any =
        |heading: &str| crate::operation::ALL.iter().any(|operation| crate::mapping::recognises(operation, heading));
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders: Vec<PathBuf> = ["samples", "tests"].map(|folder| root.join(folder)).to_vec();
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let is_text =
                path.extension().is_some_and(|end| ["csv", "tsv", "txt", "gz"].iter().any(|text| end == *text));
            if path.is_dir() {
                folders.push(path);
            } else if let Some(listing) = is_text.then(|| list(&path, &Reading::default()).ok()).flatten() {
                files += 1;
                listing.sources.iter().for_each(|source| holds_equal(source, &any, (10, 1 << 18)));
            }
        }
    }
    assert!(files > 0);
}

/// How many blocks of a text of so many rows are read plainly.
fn plain_blocks(row: impl Fn(usize) -> String, end: &str) -> usize {
    plain_blocks_of(row, end, (100, 1 << 18))
}

fn plain_blocks_of(row: impl Fn(usize) -> String, end: &str, limits: (usize, usize)) -> usize {
    let rows: String = (0..3_000).map(|at| row(at) + end).collect();
    let (_folder, path) =
        written("a.csv", format!("Invoice No,Invoice Date,Customer,Amount{end}{rows}").as_bytes(), false);
    let listing = list(&path, &Reading::default()).unwrap();
    holds_equal(&listing.sources[0], &known, limits);
    let mut sheet = listing.sources[0].open(&Reading::default(), &known).unwrap();
    let (mut block, mut plain) = (RowBlock::default(), 0);
    while sheet.next_block(&mut block, limits.0, limits.1).unwrap() {
        plain += usize::from(sheet.tries.is_fresh() && block.number(0) > 200);
    }
    plain
}

#[test]
fn usual_sheets_are_read_plainly_and_one_odd_row_costs_one_block() {
    assert_eq!(plain_blocks(|at| format!("INV-{at},01-04-2025,\"Mehta, R\",5"), "\n"), 28);
    assert_eq!(plain_blocks(|at| format!("INV-{at},01-04-2025,\"12 Road\r\nPune \u{20b9}\",5"), "\r\n"), 28);
    assert_eq!(plain_blocks(|at| format!("INV-{at},01-04-2025,\"48\"\" pipe\","), "\n"), 28);
    let odd = |at| if at == 1_010 { "INV,01-04-2025,4\"x8\" pipe,5".to_owned() } else { format!("INV-{at},2,a,5") };
    assert_eq!(plain_blocks(odd, "\n"), 27);
    let marks = |at| format!("INV-{at},\"\"\"a\"\"\",\"\",\"b\"\"c\"");
    let size = |at: usize| format!("INV-{at}\"a\"b\"c").len();
    let (mut blocks, mut bytes) = (0, 0);
    for at in 0..3_000 {
        bytes += size(at);
        blocks += usize::from(bytes >= 1_000);
        bytes %= if bytes >= 1_000 { bytes } else { usize::MAX };
    }
    let above = blocks - plain_blocks_of(marks, "\n", (100, 1_000));
    assert!((1..=5).contains(&above), "{above} blocks of the first 200 rows");
    assert_eq!(plain_blocks(|_| "INV,01-04-2025,48\" pipe,5".to_owned(), "\n"), 0);
}
