//! `NAME.compare.csv` and `NAME.compare.xlsx`: the differences, and the totals of both sides.
//!
//! The one rule: a file that is not an earlier comparison is never replaced.

use std::fs::File;
use std::io::{BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::{Comparison, Difference, Sums};
use crate::error::RunError;
use crate::export::input;
use crate::export::table::Cell;
use crate::export::write::{Lines, Sheet, Style};
use crate::platform::Beside;

const HEADINGS: [&str; 14] = [
    "difference",
    "invoiceNumber",
    "customerId",
    "field",
    "sheet_value",
    "api_value",
    "sheet",
    "sheet_row",
    "invoiceId",
    "sellerId",
    "supplier_gstin",
    "invoiceDate",
    "amount",
    "month",
];

const TOTAL_HEADINGS: [&str; 6] =
    ["sellerId", "supplier_gstin", "sheet_invoices", "sheet_rupees", "api_invoices", "api_rupees"];

/// Where a comparison is written.
#[derive(Debug, Clone)]
pub struct Places {
    /// `NAME.compare.csv`.
    pub csv: PathBuf,
    /// `NAME.compare.xlsx`.
    pub xlsx: PathBuf,
}

impl Places {
    /// The places, if no file of somebody else stands there: a workbook is ours where the CSV beside it is.
    pub fn settle(csv: PathBuf) -> Result<Places, RunError> {
        let places = Places { xlsx: csv.with_extension("xlsx"), csv };
        let ours = is_comparison(&places.csv);
        for path in [&places.csv, &places.xlsx] {
            if path.symlink_metadata().is_ok() && !ours {
                return Err(input(
                    format!("{}: is not known to be a comparison of arload; nothing was asked", path.display()),
                    "move it away, or name another folder with --results",
                ));
            }
        }
        Ok(places)
    }
}

fn is_comparison(path: &Path) -> bool {
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(64).read_to_end(&mut start));
    let start = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&start);
    read.is_ok() && start.starts_with(b"difference") && start[10..].get(1..14) == Some(b"invoiceNumber")
}

/// Writes both files, each whole.
pub fn write(comparison: &Comparison, places: &Places, style: Style) -> Result<(), RunError> {
    // The CSV says whose both are, so it goes first.
    put(&places.csv, |out| {
        let mut lines = Lines::begin(style, out, &places.csv)?;
        lines.line(HEADINGS.into_iter())?;
        let month = month(comparison);
        for difference in &comparison.differences {
            lines.line(cells(difference, &month).iter().map(Cell::text))?;
        }
        for total in total_differences(comparison) {
            lines.line(total.iter().map(String::as_str))?;
        }
        lines.finish()
    })?;
    put(&places.xlsx, |out| {
        let mut sheet = Sheet::begin(out, &places.xlsx, "Differences", comparison.differences.len() as u64)?;
        sheet.headings(HEADINGS.into_iter())?;
        let month = month(comparison);
        for difference in &comparison.differences {
            sheet.line(&cells(difference, &month))?;
        }
        sheet.page("Totals")?;
        sheet.headings(TOTAL_HEADINGS.into_iter())?;
        for ((seller, gstin), sums) in &comparison.groups {
            sheet.line(&totals(seller, gstin, sums))?;
        }
        sheet.line(&totals("all", "", &comparison.sums()))?;
        sheet.finish()
    })
}

fn put(
    path: &Path,
    write: impl FnOnce(&mut (dyn std::io::Write + Send)) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let failed = |cause| RunError::NotExported { path: path.display().to_string(), cause };
    let mut beside = Beside::create(path, true).map_err(failed)?;
    let mut file = BufWriter::new(beside.file());
    write(&mut file)?;
    file.flush().map_err(failed)?;
    drop(file);
    beside.finish().map_err(failed)
}

fn month(comparison: &Comparison) -> String {
    format!("{}-{:02}", comparison.month.0, comparison.month.1)
}

fn cells(difference: &Difference, month: &str) -> Vec<Cell> {
    let text = |text: &str| Cell::Text(text.to_owned());
    vec![
        text(difference.kind.as_str()),
        text(&difference.number),
        text(&difference.customer_id),
        text(&difference.field),
        text(&difference.sheet_value),
        text(&difference.api_value),
        text(&difference.sheet),
        if difference.row == 0 { text("") } else { Cell::Amount(difference.row.to_string()) },
        text(&difference.invoice_id),
        text(&difference.seller),
        text(&difference.supplier_gstin),
        text(&difference.date),
        Cell::Amount(difference.amount.clone()),
        text(month),
    ]
}

/// The totals as lines of the CSV, two for each group.
fn total_differences(comparison: &Comparison) -> Vec<Vec<String>> {
    let lines = comparison.groups.iter().flat_map(|((seller, gstin), sums)| {
        let rows = ("invoices", sums.sheet_rows.to_string(), sums.api_rows.to_string());
        let rupees = ("rupees", sums.sheet_total.to_string(), sums.api_total.to_string());
        [rows, rupees].map(|(field, sheet, api)| {
            let mut line = vec![String::new(); HEADINGS.len()];
            "total".clone_into(&mut line[0]);
            field.clone_into(&mut line[3]);
            (line[4], line[5]) = (sheet, api);
            line[9].clone_from(seller);
            line[10].clone_from(gstin);
            line[13] = month(comparison);
            line
        })
    });
    lines.collect()
}

fn totals(seller: &str, gstin: &str, sums: &Sums) -> Vec<Cell> {
    vec![
        Cell::Text(seller.to_owned()),
        Cell::Text(gstin.to_owned()),
        Cell::Amount(sums.sheet_rows.to_string()),
        Cell::Amount(sums.sheet_total.to_string()),
        Cell::Amount(sums.api_rows.to_string()),
        Cell::Amount(sums.api_total.to_string()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_earlier_comparison_is_replaced_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let csv = folder.path().join("a.compare.csv");
        let style = Style { bom: true, delimiter: b';' };
        for _ in 0..2 {
            let places = Places::settle(csv.clone()).unwrap();
            write(&Comparison::default(), &places, style).unwrap();
        }
        std::fs::write(&csv, "a person's").unwrap();
        assert!(Places::settle(csv.clone()).is_err());
        std::fs::remove_file(&csv).unwrap();
        // The workbook alone may be anybody's.
        assert!(Places::settle(csv).is_err());
    }
}
