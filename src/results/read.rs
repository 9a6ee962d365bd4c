//! Reads results back: the rows that were accepted, as the sheets they came from.
//!
//! Owns the way from `NAME.results.csv` to plain sheets in a private folder, one for each worksheet, with rows in the lines
//! where the results have them. The one rule: only rows that the results call accepted are handed on.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read, Seek as _, SeekFrom};
use std::path::Path;

use crate::error::RunError;
use crate::finding::quote;
use crate::outcome::Status;
use crate::platform;
use crate::sheet::SheetSource;
use crate::sheet::input::RESULT_HEADINGS;

/// Limit: worksheets of one results file; each is open while it is written.
const MAX_SHEETS: usize = 200;
/// Limit: what the summary beside results may have.
const MAX_SUMMARY: u64 = 16 << 20;
/// Limit: headings of the widest sheet.
const MAX_HEADINGS: u64 = 4 << 20;

const SHEET: usize = 1;
const STATUS: usize = 2;
const REMOTE_ID: usize = 6;

/// What results held.
#[derive(Debug, Default)]
pub struct Unpacked {
    /// A sheet for each worksheet that has accepted rows.
    pub sources: Vec<SheetSource>,
    /// Rows that the API has.
    pub accepted: u64,
    /// Rows of which nobody knows.
    pub unknown: u64,
    /// All other rows.
    pub others: u64,
}

/// What the summary beside results says of them.
#[derive(Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(default)]
pub struct Beside {
    /// `invoices create`.
    pub operation: Option<String>,
    /// Host, or `sandbox`.
    pub host: Option<String>,
    /// CEK id.
    pub company: Option<String>,
}

/// The summary that belongs to results, as far as there is one.
pub fn summary_beside(results: &Path) -> Beside {
    let name = results.file_name().unwrap_or_default().to_string_lossy();
    let Some(at) = name.rfind(".results.") else { return Beside::default() };
    let rest = &name[at + ".results.".len()..];
    let number = rest.strip_suffix("csv").unwrap_or_default();
    let summary = results.with_file_name(format!("{}.summary.{number}json", &name[..at]));
    let Ok(file) = platform::open_regular(&summary) else { return Beside::default() };
    serde_json::from_reader(BufReader::new(file.take(MAX_SUMMARY))).unwrap_or_default()
}

/// A worksheet being written.
struct Sheet {
    writer: csv::Writer<File>,
    /// Records written, the headings included.
    lines: u64,
    columns: Vec<usize>,
}

/// Writes the accepted rows of a results file into sheets in a folder.
pub fn unpack(path: &Path, folder: &Path) -> Result<Unpacked, RunError> {
    let shown = path.display().to_string();
    let failed = |error: csv::Error| unread(&shown, &error.to_string());
    let mut unpacked = Unpacked::default();
    let filled = survey(path, &mut unpacked)?;
    let mut reader = open(path)?;
    let headings = reader.headers().map_err(failed)?.clone();
    let mut sheets: BTreeMap<String, Sheet> = BTreeMap::new();
    for (line, record) in (1..).zip(reader.records()) {
        let record = record.map_err(failed)?;
        if !is_accepted(&record) {
            continue;
        }
        let name = record.get(SHEET).unwrap_or_default();
        if !sheets.contains_key(name) {
            let place = folder.join(format!("{}.csv", entries(folder)));
            let columns = columns(&filled, name, headings.len());
            let sheet = begin(&place, &headings, columns).map_err(failed)?;
            sheets.insert(name.to_owned(), sheet);
            let file_name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            unpacked.sources.push(SheetSource { path: place, file_name, sheet: None });
        }
        let sheet = sheets.get_mut(name).expect("it was begun above");
        while sheet.lines < line {
            sheet.writer.write_record([""]).map_err(failed)?;
            sheet.lines += 1;
        }
        let cells = sheet.columns.iter().map(|column| record.get(*column).unwrap_or_default());
        sheet.writer.write_record(cells).map_err(failed)?;
        sheet.lines += 1;
    }
    for mut sheet in sheets.into_values() {
        sheet.writer.flush().map_err(|error| unread(&shown, &error.to_string()))?;
    }
    Ok(unpacked)
}

/// Counts the rows, and finds for each worksheet the columns in which it has anything.
fn survey(path: &Path, unpacked: &mut Unpacked) -> Result<BTreeMap<String, Vec<bool>>, RunError> {
    let shown = path.display().to_string();
    let mut filled: BTreeMap<String, Vec<bool>> = BTreeMap::new();
    for record in open(path)?.records() {
        let record = record.map_err(|error| unread(&shown, &error.to_string()))?;
        if !is_accepted(&record) {
            let unknown = record.get(STATUS) == Some(Status::Unknown.as_str());
            if unknown {
                unpacked.unknown += 1;
            } else {
                unpacked.others += 1;
            }
            continue;
        }
        unpacked.accepted += 1;
        let columns = filled.entry(record.get(SHEET).unwrap_or_default().to_owned()).or_default();
        columns.resize(columns.len().max(record.len()), false);
        columns.iter_mut().zip(record.iter()).for_each(|(filled, cell)| *filled |= !cell.is_empty());
        if filled.len() > MAX_SHEETS {
            return Err(unread(&shown, &format!("it names more than {MAX_SHEETS} worksheets")));
        }
    }
    Ok(filled)
}

/// The columns of a worksheet: the API's id and the sheet's own; of several worksheets, those that are its own.
fn columns(filled: &BTreeMap<String, Vec<bool>>, name: &str, count: usize) -> Vec<usize> {
    let of_sheet = filled.get(name).filter(|_| filled.len() > 1);
    let own = |column: &usize| of_sheet.is_none_or(|filled| filled.get(*column).copied().unwrap_or_default());
    std::iter::once(REMOTE_ID).chain((RESULT_HEADINGS.len()..count).filter(own)).collect()
}

fn begin(place: &Path, headings: &csv::StringRecord, columns: Vec<usize>) -> Result<Sheet, csv::Error> {
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(File::create_new(place)?);
    writer.write_record(columns.iter().map(|column| {
        let heading = headings.get(*column).unwrap_or_default();
        heading.strip_prefix("sheet_").filter(|own| is_ours(own)).unwrap_or(heading)
    }))?;
    Ok(Sheet { writer, lines: 1, columns })
}

fn is_ours(heading: &str) -> bool {
    RESULT_HEADINGS.iter().any(|ours| ours.eq_ignore_ascii_case(heading))
}

fn is_accepted(record: &csv::StringRecord) -> bool {
    let status = record.get(STATUS).unwrap_or_default();
    [Status::Accepted, Status::AlreadyAccepted].iter().any(|accepted| accepted.as_str() == status)
}

/// Opens results behind their byte order mark, with the delimiter that their headings show.
fn open(path: &Path) -> Result<csv::Reader<BufReader<File>>, RunError> {
    let shown = path.display().to_string();
    let failed = |error: std::io::Error| unread(&shown, &error.to_string());
    let mut file = BufReader::new(File::open(path).map_err(failed)?);
    let mut headings = Vec::new();
    file.by_ref().take(MAX_HEADINGS).read_until(b'\n', &mut headings).map_err(failed)?;
    let mark = b"\xEF\xBB\xBF";
    let start = if headings.starts_with(mark) { mark.len() } else { 0 };
    let delimiter = headings[start..].iter().find(|byte| b",;\t|".contains(byte)).copied().unwrap_or(b',');
    file.seek(SeekFrom::Start(start as u64)).map_err(failed)?;
    Ok(csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(file))
}

fn unread(file: &str, reason: &str) -> RunError {
    RunError::Input {
        message: format!("{}: these results cannot be read: {reason}", quote(file)),
        hint: "\"arload runs results ID\" writes results again".to_owned(),
    }
}

/// How many files a folder has, which gives the next one a name of its own.
fn entries(folder: &Path) -> usize {
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

/// Whether results by their name are the sandbox's.
pub fn of_sandbox(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().contains(".sandbox.results."))
}

/// Where results of a dry run stand, of which nothing was sent.
pub fn of_dry_run(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().contains(".dry-run.results."))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "row,sheet,status,code,message,key,remote_id,request_id,chunk,attempts,settled_at";

    fn unpacked(text: &str) -> (Unpacked, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.results.csv");
        std::fs::write(&path, text).unwrap();
        let inner = folder.path().join("inner");
        std::fs::create_dir(&inner).unwrap();
        let unpacked = unpack(&path, &inner).unwrap();
        let texts = unpacked.sources.iter().map(|source| std::fs::read_to_string(&source.path).unwrap()).collect();
        (unpacked, texts)
    }

    #[test]
    fn accepted_rows_stand_in_their_lines_and_others_are_blank() {
        let (counts, sheets) = unpacked(&format!(
            "\u{feff}{OURS},Invoice No,sheet_Status\r\n2,,accepted,,,,CIN1,,,,,A-1,open\r\n\
             3,,rejected,,,,,,,,,A-2,open\r\n4,,unknown,,,,,,,,,A-3,open\r\n5,,already-accepted,,,,,,,,,'=A,open\r\n"
        ));
        assert_eq!((counts.accepted, counts.unknown, counts.others), (2, 1, 1));
        assert_eq!(sheets, ["remote_id,Invoice No,Status\nCIN1,A-1,open\n\"\"\n\"\"\n,'=A,open\n"]);
    }

    #[test]
    fn each_worksheet_gets_its_own_columns() {
        let (_, sheets) = unpacked(
            &format!("{OURS},Invoice No,Bill No\n2,April,accepted,,,,CIN1,,,,,A-1,\n9,May,accepted,,,,CIN2,,,,,,B-1\n")
                .replace(',', ";"),
        );
        assert_eq!(sheets, ["remote_id,Invoice No\nCIN1,A-1\n", "remote_id,Bill No\n\"\"\nCIN2,B-1\n"]);
    }

    #[test]
    fn the_summary_beside_results_is_found_under_their_name() {
        let folder = tempfile::tempdir().unwrap();
        let summary = r#"{"operation":"invoices create","host":"sandbox","company":"CEK1","rows":1}"#;
        std::fs::write(folder.path().join("a.summary.7.json"), summary).unwrap();
        let of = |name: &str| summary_beside(&folder.path().join(name)).operation;
        assert_eq!(of("a.results.7.csv").as_deref(), Some("invoices create"));
        assert_eq!(of("a.results.csv"), None);
        assert_eq!(of("a.csv"), None);
    }
}
