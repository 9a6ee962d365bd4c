//! A corrections workbook as it came back: which run it belongs to, and its rows.
//!
//! Leaves what the rows are to [`super::matching`]. The one rule: a worksheet is read by its headings, wherever its
//! columns stand by now, and one that is no list of corrections is named and left alone.

use std::collections::HashMap;

use super::matching::Returned;
use super::originals::hash;
use super::{ACTION, FORM, KEY, MARKER, OWN_HEADINGS, RowKey};
use crate::config::Reading;
use crate::ledger::SheetId;
use crate::sheet::error::SheetError;
use crate::sheet::{RowBlock, SheetSource};

/// Limit: rows above the headings that somebody may have put there.
const MOST_ABOVE: u32 = 20;
/// Limit: the marker names each worksheet of the workbook.
const MOST_LINES: usize = 10_000;
const BLOCK_ROWS: usize = 1000;
const BLOCK_BYTES: usize = 256 << 10;

/// What the hidden worksheet says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marker {
    /// The form of the workbook; none where the worksheet is not what its name says.
    pub form: Option<String>,
    /// The ledger.
    pub ledger: String,
    /// The run.
    pub run: i64,
    /// Worksheets of rows to correct, with the sheet whose rows they are.
    pub sheets: Vec<(String, SheetId)>,
}

impl Marker {
    /// Reads it from a workbook.
    pub fn read(workbook: &SheetSource, reading: &Reading) -> Result<Self, SheetError> {
        let source = SheetSource { sheet: Some(MARKER.to_owned()), ..workbook.clone() };
        let mut open = source.open_without_header(&as_written(reading, None))?;
        let mut block = RowBlock::new(open.header.columns.len());
        let (mut marker, mut lines) = (Self::default(), 0);
        while lines < MOST_LINES && open.next_block(&mut block, BLOCK_ROWS, BLOCK_BYTES)? {
            for row in 0..block.len() {
                let mut cells = block.cells(row).map(str::trim);
                let mut next = || cells.next().unwrap_or_default();
                let (name, value, more) = (next(), next(), next());
                match name {
                    MARKER => marker.form = Some(value.to_owned()),
                    "ledger" => value.clone_into(&mut marker.ledger),
                    "run" => marker.run = value.parse().unwrap_or_default(),
                    "sheet" => marker.sheets.extend(more.parse().ok().map(|id| (value.to_owned(), SheetId(id)))),
                    _ => {}
                }
                lines += 1;
            }
        }
        Ok(marker)
    }

    /// Whether this program knows the form.
    pub fn is_known(&self) -> bool {
        self.form.as_deref() == Some(FORM) && !self.ledger.is_empty() && self.run > 0
    }
}

/// The settings by which a workbook of ours is read: headings in a row, and every filled row below them is one.
pub fn as_written(reading: &Reading, header_row: Option<u32>) -> Reading {
    Reading { header_row, as_written: true, sheets: Vec::new(), ..reading.clone() }
}

/// The headings of a worksheet of corrections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Their row.
    pub row: u32,
    /// Their texts, by column.
    pub columns: Vec<String>,
}

impl Head {
    /// Finds them; none where the worksheet is no list of corrections.
    pub fn find(source: &SheetSource, reading: &Reading) -> Result<Option<Self>, SheetError> {
        let mut open = source.open_without_header(&as_written(reading, None))?;
        let mut block = RowBlock::new(open.header.columns.len());
        let limit = MOST_ABOVE as usize;
        if !open.next_block(&mut block, limit, BLOCK_BYTES)? {
            return Ok(None);
        }
        let is_ours = |row: &usize| block.cells(*row).any(|cell| OWN_HEADINGS.contains(&cell.trim()));
        let found = (0..block.len()).find(is_ours).filter(|row| block.number(*row) <= MOST_ABOVE);
        let head = found.map(|row| Self {
            row: block.number(row),
            columns: block.cells(row).map(|cell| cell.trim().to_owned()).collect(),
        });
        Ok(head)
    }

    /// The column of a heading.
    pub fn column(&self, heading: &str) -> Option<usize> {
        self.columns.iter().position(|name| name == heading)
    }
}

/// Reads the rows of a worksheet; `columns` are the places of the originals' columns in it.
pub fn rows(
    source: &SheetSource,
    reading: &Reading,
    head: &Head,
    columns: &[Option<usize>],
) -> Result<Vec<Returned>, SheetError> {
    let recognise = |_: &str| false;
    let mut open = source.open(&as_written(reading, Some(head.row)), &recognise)?;
    let (action, key) = (head.column(ACTION), head.column(KEY));
    let mut block = RowBlock::new(open.header.columns.len());
    let mut rows = Vec::new();
    while open.next_block(&mut block, BLOCK_ROWS, BLOCK_BYTES)? {
        for row in 0..block.len() {
            let text = |column: Option<usize>| {
                column.filter(|column| *column < block.columns()).map_or("", |column| block.text(row, column))
            };
            rows.push(Returned {
                number: block.number(row),
                key: text(key).to_owned(),
                action: text(action).to_owned(),
                cells: columns.iter().map(|column| hash(text(*column))).collect(),
                filled: columns.iter().map(|column| !text(*column).trim().is_empty()).collect(),
            });
        }
    }
    Ok(rows)
}

/// The sheet that most row keys of a worksheet name, of one ledger or another.
pub fn named_by_keys(source: &SheetSource, reading: &Reading, head: &Head) -> Result<Option<RowKey>, SheetError> {
    let mut counts: HashMap<(String, SheetId), usize> = HashMap::new();
    for key in rows(source, reading, head, &[])?.iter().filter_map(|row| RowKey::parse(&row.key)) {
        *counts.entry((key.ledger, key.sheet)).or_default() += 1;
    }
    let most = counts.into_iter().max_by(|one, other| (one.1, &one.0).cmp(&(other.1, &other.0)));
    Ok(most.map(|((ledger, sheet), _)| RowKey { ledger, sheet, row: 0 }))
}
