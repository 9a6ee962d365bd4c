//! The columns of a sheet: what they hold, and what their headings mean.
//!
//! Pure. Counts cells block by block and keeps three examples a column, so that memory does not grow with the rows.

use serde::Serialize;

use super::kinds::{Kind, Tally};
use super::understood::{self, Understood};
use super::{Look, SAMPLE_ROWS};
use crate::check::dates::{self, Evidence};
use crate::finding::Code;
use crate::mapping::{self, AsFar, LINE_LEVEL_HINT, Mapping, Origin, WhyUnused, line_level_words};
use crate::operation::Operation;
use crate::sheet::open::OpenSheet;
use crate::sheet::{CellKind, RowBlock, RowNumber, column_letters};

/// One column of a sheet.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Column {
    /// Its letters in a spreadsheet.
    pub letters: String,
    /// Its heading, by which it is mapped.
    pub heading: String,
    /// What `--emit csv` writes for it, where captions in rows above make that another text.
    pub written_as: Option<String>,
    /// What nearly all of its filled cells are.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Filled cells of another type.
    pub other_cells: u64,
    /// Whether day or month comes first in its dates: `dmy`, `mdy`, `mixed`, or `dmy assumed`.
    pub date_order: Option<&'static str>,
    /// Filled cells.
    pub filled: u64,
    /// Their share of the data rows, from 0 to 1.
    pub share_filled: f64,
    /// Up to three different values, as they stand; long ones cut.
    pub examples: Vec<String>,
    /// The field that it fills.
    pub field: Option<&'static str>,
    /// What that rests on.
    pub by: Option<Origin>,
    /// Why it fills none.
    pub unused: Option<String>,
    /// The field that it may mean; never applied.
    pub suggestion: Option<String>,
}

impl Column {
    /// Whether the heading means nothing known.
    pub fn is_unknown(&self) -> bool {
        self.unused.as_deref() == Some(UNKNOWN)
    }

    /// Whether it has neither a heading nor a value, as columns beside a table have.
    fn is_bare(&self) -> bool {
        self.kind == Kind::Blank && self.heading.strip_prefix("Column ") == Some(&self.letters)
    }
}

/// Why a column with a strange heading is not used.
const UNKNOWN: &str = "the heading is not known";

/// The columns being looked at.
pub(super) struct Columns<'a> {
    look: &'a Look<'a>,
    headings: Vec<String>,
    /// The headings of several rows as they stand, captions before them; empty where there is one row.
    written: Vec<String>,
    tallies: Vec<Tally>,
    rows: u64,
    mapped: Option<(&'static Operation, AsFar, Understood)>,
    lines: Lines,
    /// What the dates of used columns say.
    dates: Option<Evidence>,
    /// Filled rows above the headings.
    banner: Vec<(RowNumber, String)>,
    /// The worksheet's name; none for a text file.
    worksheet: Option<String>,
}

/// Rows that go on with the document of the row above, in sheets with columns of items.
#[derive(Default)]
struct Lines {
    /// The column of the document's number.
    column: Option<usize>,
    /// The number last met.
    number: String,
    rows: u64,
    first: RowNumber,
}

impl Lines {
    fn add(&mut self, block: &RowBlock) {
        let Some(column) = self.column else { return };
        for row in 0..block.len() {
            let number = block.text(row, column).trim();
            if !self.number.is_empty() && (number.is_empty() || number == self.number) {
                self.first = if self.rows == 0 { block.number(row) } else { self.first };
                self.rows += 1;
            } else if !number.is_empty() {
                number.clone_into(&mut self.number);
            }
        }
    }
}

impl<'a> Columns<'a> {
    pub(super) fn new(sheet: &OpenSheet<'_>, worksheet: Option<String>, look: &'a Look<'a>) -> Self {
        let headings = sheet.header.columns.clone();
        Self {
            look,
            tallies: vec![Tally::default(); headings.len()],
            headings,
            written: if sheet.top.header_rows.len() > 1 { sheet.top.headings.clone() } else { Vec::new() },
            rows: 0,
            mapped: None,
            lines: Lines::default(),
            dates: None,
            banner: sheet.top.banner.clone(),
            worksheet,
        }
    }

    /// Maps the headings by the first rows; a sheet without headings has nothing to map.
    pub(super) fn map(&mut self, first: &RowBlock, has_header: bool) {
        let samples = |column: usize| {
            (0..first.len().min(SAMPLE_ROWS)).map(|row| first.text(row, column).to_owned()).collect::<Vec<_>>()
        };
        self.mapped = has_header.then(|| understood::map(&self.headings, &samples, self.look));
        if let Some((operation, AsFar { mapping, .. }, _)) = &self.mapped {
            let number = || operation.field_index("invoiceNumber").and_then(|field| mapping.column_of(field));
            self.lines.column = mapping.item_columns.then(number).flatten();
            self.dates = Some(Evidence::new(&dates::columns(operation, mapping, None)));
            self.tallies.iter_mut().for_each(|tally| tally.decimal_comma = mapping.decimal_comma);
        }
    }

    /// Rows whose cell in a used column holds an error or a formula without a value, with the code; a row once a code.
    pub(super) fn broken_cells(&self, block: &RowBlock) -> Vec<(RowNumber, Code)> {
        let mut found = Vec::new();
        let Some((_, AsFar { mapping, .. }, _)) = &self.mapped else { return found };
        let used: Vec<usize> = (0..mapping.columns.len()).filter(|column| mapping.columns[*column].is_some()).collect();
        for row in 0..block.len() {
            for (kind, code) in
                [(CellKind::Error, Code::CellError), (CellKind::FormulaWithoutValue, Code::FormulaWithoutValue)]
            {
                if used.iter().any(|column| block.cell(row, *column).kind == kind) {
                    found.push((block.number(row), code));
                }
            }
        }
        found
    }

    /// Counts the cells of a block.
    pub(super) fn add(&mut self, block: &RowBlock) {
        self.rows += block.len() as u64;
        self.lines.add(block);
        if let Some(dates) = &mut self.dates {
            dates.add(block);
        }
        for (column, tally) in self.tallies.iter_mut().enumerate() {
            (0..block.len()).for_each(|row| tally.add(block.cell(row, column)));
        }
    }

    /// Why the operation would refuse the sheet for what its rows hold, and the way out.
    fn refusal_of_rows(&self) -> Option<(String, String)> {
        let (operation, far, _) = self.mapped.as_ref()?;
        let announced = mapping::refuse_announced_unit(&self.banner, &far.mapping);
        let worksheet = self.worksheet.as_deref();
        let announced =
            announced.and_then(|()| mapping::refuse_announced_kind(operation, worksheet, &self.banner, &far.mapping));
        if let Err(error) = announced {
            return Some((error.to_string(), error.hint().unwrap_or_default()));
        }
        if let Some(column) = self.dates.as_ref().and_then(Evidence::swapped_column) {
            return Some((dates::swapped_words(column), dates::SWAPPED_HINT.to_owned()));
        }
        let is_refused = self.lines.rows > 0 && far.mapping.grouping.is_none();
        is_refused.then(|| (line_level_words(&format!("row {}", self.lines.first)), LINE_LEVEL_HINT.to_owned()))
    }

    /// The columns but for bare ones, and what they mean.
    pub(super) fn finish(self) -> (Vec<Column>, Option<Understood>) {
        let found_on_the_way = self.refusal_of_rows();
        let order = self.look.reading.date_order;
        let written = |column: usize, heading: &str| {
            self.written.get(column).filter(|written| !written.is_empty() && *written != heading).cloned()
        };
        let described = self.headings.into_iter().zip(self.tallies).enumerate().map(|(column, (heading, tally))| {
            let (kind, other_cells) = tally.kind();
            let mut described = Column {
                letters: column_letters(column),
                written_as: written(column, &heading),
                heading,
                kind,
                other_cells,
                date_order: if kind == Kind::Date { tally.date_order(order) } else { None },
                filled: tally.filled,
                share_filled: if self.rows == 0 { 0.0 } else { tally.filled as f64 / self.rows as f64 },
                examples: tally.examples,
                ..Column::default()
            };
            if let Some((operation, far, _)) = &self.mapped {
                describe_use(&mut described, column, operation, &far.mapping);
                described.by = far.origins[column];
            }
            described
        });
        let described = described.filter(|column| !column.is_bare()).collect();
        let understood = self.mapped.map(|(_, _, mut understood)| {
            understood.continued_rows = self.lines.rows;
            understood.first_continued_row = (self.lines.rows > 0).then_some(self.lines.first);
            if let (None, Some((problem, hint))) = (&understood.problem, found_on_the_way) {
                understood.problem = Some(problem);
                understood.hint = Some(hint);
            }
            understood
        });
        (described, understood)
    }
}

/// Says which field a column fills, or why it fills none.
fn describe_use(described: &mut Column, column: usize, operation: &'static Operation, mapping: &Mapping) {
    let name = |field: usize| operation.fields[field].name;
    // Amounts of further columns are added to those of the field's own.
    let added = mapping.extra_columns.iter().find(|(extra, _)| *extra == column).map(|(_, field)| *field);
    if let Some(field) = mapping.columns.get(column).copied().flatten().or(added) {
        described.field = Some(name(field));
        return;
    }
    let unknown = mapping.unknown.iter().find(|unknown| unknown.column == column);
    let known = mapping.known_unused.iter().find(|known| known.column == column);
    let tie = mapping.ties.iter().find(|tie| tie.columns.contains(&column));
    described.suggestion = unknown.and_then(|unknown| unknown.suggestion.clone());
    described.unused = Some(if let Some(tie) = tie {
        format!("several columns fit {} equally well", name(tie.field))
    } else {
        match known.map(|known| &known.why) {
            Some(WhyUnused::NoField) => format!("{} has no field for it", operation.name()),
            Some(WhyUnused::ByHand(field)) => format!("only --map and allow-guarded fill {field}"),
            Some(WhyUnused::BetterColumn) => "a better column fills the same field".to_owned(),
            Some(WhyUnused::Repeats) => "it repeats another column".to_owned(),
            None => UNKNOWN.to_owned(),
        }
    });
}
