//! What the headings of a sheet mean to an operation, and to which operation they mean most.
//!
//! Pure. The one rule: a guess is called a guess, and where the sheet fits another operation than the one asked for,
//! that is said.

use serde::Serialize;

use super::Look;
use crate::mapping::{self, AsFar, Mapping, MappingError, saved};
use crate::operation::{self, Operation};
use crate::sheet::RowNumber;
use crate::wording::count;

/// What the headings mean to one operation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Understood {
    /// The operation, as in the command.
    pub operation: String,
    /// Whether nobody named it.
    pub guessed: bool,
    /// The program that wrote the sheet.
    pub exporter: Option<&'static str>,
    /// The headings that show it.
    pub exporter_headings: Vec<String>,
    /// Why the operation would refuse the sheet.
    pub problem: Option<String>,
    /// The way out.
    pub hint: Option<String>,
    /// Other operations that would take the sheet.
    pub also_fits: Vec<String>,
    /// Fields with one value for all rows.
    pub constants: Vec<(&'static str, String)>,
    /// Fields that take another field's value, with that field.
    pub stand_ins: Vec<(&'static str, &'static str)>,
    /// Fields that several columns fit equally well, with their headings.
    pub ties: Vec<(&'static str, Vec<String>)>,
    /// Whether there are columns of items, so that a document may have several rows.
    pub item_columns: bool,
    /// Rows that go on with the document of the row above.
    pub continued_rows: u64,
    /// The first of them.
    pub first_continued_row: Option<RowNumber>,
    /// Whether rows of one document are joined, as a flag or a mapping says.
    pub joined: bool,
    /// What a person should know about the mapping.
    pub notes: Vec<String>,
    /// The mapping as a file; none where a flag or a saved mapping does not fit the sheet at all.
    #[serde(skip)]
    pub as_file: Option<String>,
}

impl Understood {
    /// Which rows go on with the document of the row above; none where none do.
    pub fn continued_words(&self) -> Option<String> {
        let row = self.first_continued_row?;
        let rows = count(self.continued_rows, "row");
        let goes = if self.continued_rows == 1 { "goes" } else { "go" };
        Some(format!("{rows} {goes} on with the invoice of the row above, row {row} the first"))
    }
}

type Mapped = (&'static Operation, AsFar);

/// Maps the headings for the operation asked for, else for the one that they fit best.
pub(super) fn map(
    headings: &[String],
    samples: &dyn Fn(usize) -> Vec<String>,
    look: &Look<'_>,
) -> (&'static Operation, AsFar, Understood) {
    let far = |operation| mapping::map_as_far(operation, headings, samples, look.mapping);
    // What only names records fits nearly every sheet, so it is never guessed.
    let offered = operation::ALL.iter().filter(|operation| operation.is_upload() || look.operation == Some(operation));
    let all: Vec<Mapped> = offered.map(|operation| (operation, far(operation))).collect();
    let filled = |far: &AsFar| far.mapping.columns.iter().flatten().count();
    let takes = all.iter().filter(|(_, far)| far.problem.is_none());
    let takes: Vec<(String, usize)> = takes.map(|(operation, far)| (operation.name(), filled(far))).collect();
    // Among equals an upload is taken, and of these the last, which is the one on invoices, the main job.
    let best = all.into_iter().filter(|(operation, ..)| look.operation.is_none_or(|asked| asked == *operation));
    // A sheet with all that one operation needs may still say far more to another, which then tells what it lacks.
    let weight = |far: &AsFar| filled(far) * if far.problem.is_none() { 3 } else { 2 };
    let best = best.max_by_key(|(operation, far)| (weight(far), far.problem.is_none(), operation.is_upload()));
    let (operation, far) = best.expect("the operation asked for stands in the table");
    // Few columns are enough for some operations; one that uses less of the sheet is not worth a word.
    let fits = takes.into_iter().filter(|(_, columns)| *columns > filled(&far)).map(|(name, _)| name).collect();
    let understood = describe(operation, &far, headings, look, fits);
    (operation, far, understood)
}

fn describe(
    operation: &'static Operation,
    far: &AsFar,
    headings: &[String],
    look: &Look<'_>,
    mut fits: Vec<String>,
) -> Understood {
    let AsFar { mapping, problem, .. } = far;
    let name = |field: usize| operation.fields[field].name;
    let named = |columns: &[usize]| columns.iter().filter_map(|column| headings.get(*column).cloned()).collect();
    fits.retain(|other| *other != operation.name());
    Understood {
        operation: operation.name(),
        guessed: look.operation.is_none(),
        exporter: mapping.exporter.map(operation::Exporter::name),
        exporter_headings: mapping.exporter_headings.clone(),
        problem: problem.as_ref().map(ToString::to_string),
        hint: problem.as_ref().and_then(MappingError::hint),
        also_fits: fits,
        constants: mapping.constants.iter().map(|(field, value)| (name(*field), value.clone())).collect(),
        stand_ins: mapping.stand_ins.iter().map(|(field, from)| (name(*field), name(*from))).collect(),
        ties: mapping.ties.iter().map(|tie| (name(tie.field), named(&tie.columns))).collect(),
        item_columns: mapping.item_columns,
        continued_rows: 0,
        first_continued_row: None,
        joined: mapping.grouping.is_some(),
        notes: mapping.notes.clone(),
        as_file: as_file(operation, mapping, headings, look),
    }
}

/// The mapping as a file; a flag or saved mapping that does not fit left nothing of it.
fn as_file(operation: &Operation, mapping: &Mapping, headings: &[String], look: &Look<'_>) -> Option<String> {
    let is_something = mapping.columns.iter().any(Option::is_some) || !mapping.constants.is_empty();
    is_something.then(|| saved::from_mapping(operation, headings, mapping, look.reading.date_order))
}
