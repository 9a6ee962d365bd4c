//! From the headings of a sheet to the fields of an operation.
//!
//! Owns which column fills which field, from `--map`, `--set` and saved mappings, the exporter's own headings, everybody's headings and
//! the API's names, in that order. Leaves the cells to [`crate::check`]; values are looked at only where a heading is
//! ambiguous. The one rule: nothing is guessed. A tie, a missing field or a lone total is said, not filled.

mod assign;
mod demand;
mod error;
mod exporter;
pub mod heading;
mod likely;
mod lines;
mod moved;
mod samples;
pub mod saved;
mod suggest;
mod table;
mod unused;

use serde::{Deserialize, Serialize};

pub use demand::{refuse_announced_kind, refuse_announced_unit};
pub use error::MappingError;
pub use heading::{Unit, normalise};
pub use likely::{likely, mistaken};
pub use lines::{LINE_LEVEL_HINT, line_level_words};

use crate::config::MappingSettings;
use crate::operation::{Exporter, Key, Operation};

/// Which column fills which field of an operation, and what is known of the columns that fill none.
///
/// Fields are indices into [`Operation::fields`], columns count from 0 as in the sheet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// For each column of the sheet, the field it fills.
    pub columns: Vec<Option<usize>>,
    /// Further columns whose amounts are added to a field's own: tax by ledger, several charges.
    pub extra_columns: Vec<(usize, usize)>,
    /// Fields with one value for all rows.
    pub constants: Vec<(usize, String)>,
    /// Fields without a column that take another field's value, as `(field, from)`.
    pub stand_ins: Vec<(usize, usize)>,
    /// The program that wrote the sheet.
    pub exporter: Option<Exporter>,
    /// The headings that show it.
    pub exporter_headings: Vec<String>,
    /// Columns whose headings mean nothing known.
    pub unknown: Vec<Unknown>,
    /// Columns whose headings are known but fill no field here.
    pub known_unused: Vec<KnownUnused>,
    /// Fields that several columns fit equally well; none of them is used.
    pub ties: Vec<Tie>,
    /// What a person should know about the mapping.
    pub notes: Vec<String>,
    /// Whether the sheet has columns of invoice lines.
    pub item_columns: bool,
    /// For each column that fills an amount, the unit that its heading or the saved mapping gives.
    pub amount_units: Vec<Option<Unit>>,
    /// Whether the sheet writes its amounts as in `1.234,56`.
    #[serde(default)]
    pub decimal_comma: bool,
    /// How the rows of one document are joined; none where each row is a record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grouping: Option<Grouping>,
}

/// How the rows of one document are joined.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grouping {
    /// Columns whose amounts are added up over the rows of a document; all others hold for the document as a whole.
    pub line_columns: Vec<usize>,
    /// Whether the mapping says which they are; otherwise the sheet's own amounts must show it.
    pub told: bool,
}

/// A column whose heading means nothing known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unknown {
    /// The column.
    pub column: usize,
    /// Its heading.
    pub heading: String,
    /// The field it may mean; never applied.
    pub suggestion: Option<String>,
}

/// A column whose heading is known but fills no field here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownUnused {
    /// The column.
    pub column: usize,
    /// Its heading.
    pub heading: String,
    /// Why it fills none.
    pub why: WhyUnused,
}

/// Why a known heading fills no field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhyUnused {
    /// The operation has no field for it, or its meaning depends on an exporter that was not recognised.
    NoField,
    /// The guarded field of this name takes it by `--map` only.
    ByHand(String),
    /// A better column stands for the same field.
    BetterColumn,
    /// It repeats another column.
    Repeats,
}

/// A field that several columns fit equally well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tie {
    /// The field.
    pub field: usize,
    /// The columns.
    pub columns: Vec<usize>,
}

/// What the field of a column rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The saved mapping.
    Saved,
    /// `--map`, or the profile.
    ByHand,
    /// A heading of the program that wrote the sheet.
    Exporter,
    /// A heading that anybody uses.
    Heading,
    /// The field's own name as a heading.
    FieldName,
    /// The column's values, or the columns beside it, under a heading that has several meanings.
    Values,
}

/// A mapping for a person's eyes.
#[derive(Debug, Clone)]
pub struct AsFar {
    /// The mapping as far as it goes.
    pub mapping: Mapping,
    /// For each column that fills a field, what that rests on.
    pub origins: Vec<Option<Origin>>,
    /// Why [`map_columns`] would refuse the sheet.
    pub problem: Option<MappingError>,
}

impl Mapping {
    /// The column that fills a field.
    pub fn column_of(&self, field: usize) -> Option<usize> {
        self.columns.iter().position(|mapped| *mapped == Some(field))
    }

    /// The value that a field has in all rows.
    pub fn constant_of(&self, field: usize) -> Option<&str> {
        self.constants.iter().find(|(known, _)| *known == field).map(|(_, value)| value.as_str())
    }

    /// Whether a field has a column or a constant.
    pub fn fills(&self, field: usize) -> bool {
        self.column_of(field).is_some() || self.constant_of(field).is_some()
    }
}

/// Maps the headings of a sheet; `samples` hands out the first values (about 200) of a column.
pub fn map_columns(
    operation: &'static Operation,
    headings: &[String],
    samples: &dyn Fn(usize) -> Vec<String>,
    settings: &MappingSettings,
) -> Result<Mapping, MappingError> {
    let notes = settings.saved.as_ref().map_or(Ok(Vec::new()), |saved| saved.fit(operation, headings))?;
    let (mut mapping, _) = assign::assign(operation, headings, samples, settings)?;
    mapping.notes.extend(notes);
    lines::settle(operation, headings, settings, &mut mapping)?;
    demand::settle(operation, headings, settings, &mut mapping)?;
    Ok(mapping)
}

/// Whether rows of the operation can be lines of one document.
pub fn joins(operation: &Operation) -> bool {
    operation.key == Key::Invoice
}

/// Maps the headings as far as they go: with what is wrong, where [`map_columns`] would refuse.
pub fn map_as_far(
    operation: &'static Operation,
    headings: &[String],
    samples: &dyn Fn(usize) -> Vec<String>,
    settings: &MappingSettings,
) -> AsFar {
    let refused = |error| AsFar {
        mapping: Mapping { columns: vec![None; headings.len()], ..Mapping::default() },
        origins: vec![None; headings.len()],
        problem: Some(error),
    };
    let notes = match settings.saved.as_ref().map_or(Ok(Vec::new()), |saved| saved.fit(operation, headings)) {
        Ok(notes) => notes,
        Err(error) => return refused(error),
    };
    match assign::assign(operation, headings, samples, settings) {
        Ok((mut mapping, origins)) => {
            mapping.notes.extend(notes);
            let problem = lines::settle(operation, headings, settings, &mut mapping);
            let problem = problem.and_then(|()| demand::settle(operation, headings, settings, &mut mapping)).err();
            lines::note_item_columns(operation, &mut mapping);
            AsFar { mapping, origins, problem }
        }
        Err(error) => refused(error),
    }
}

/// Whether a cell reads like a heading of the operation, for finding the header row.
pub fn recognises(operation: &Operation, heading: &str) -> bool {
    // Limit: no heading is this long, and the rows looked at may hold anything.
    if heading.is_empty() || heading.len() > 200 {
        return false;
    }
    let key = heading::key(heading::repeated(heading).unwrap_or(heading));
    !key.is_empty()
        && (!table::meanings(operation, &key).is_empty()
            || unused::knows(&key)
            || heading::ledger_tax(heading).is_some())
}

/// Names of the fields that a heading may fill whoever wrote it, the surest first.
pub fn means(operation: &Operation, heading: &str) -> Vec<&'static str> {
    let candidates = table::candidates(operation, heading, &heading::key(heading), None);
    candidates.iter().map(|candidate| operation.fields[candidate.field].name).collect()
}

#[cfg(test)]
mod demand_tests;
#[cfg(test)]
mod exporter_tests;
#[cfg(test)]
mod meaning_tests;
#[cfg(test)]
mod tests;
