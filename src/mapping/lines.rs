//! What a mapping says of documents with several rows: whether they are joined, and which columns are summed.
//!
//! Leaves to [`crate::group`] what the rows themselves show. The one rule: a heading that is to be summed and fills no
//! amount is a mistake in the mapping, and is said.

use super::saved::{SavedMapping, same};
use super::{Grouping, Mapping, MappingError, heading, joins};
use crate::config::MappingSettings;
use crate::finding::quote;
use crate::operation::{FieldKind, Operation};

/// The way out of a sheet with several rows to a document, where nobody asked to join them.
pub const LINE_LEVEL_HINT: &str = "group = true in a mapping file (or --group) joins the lines of a document; \
     \"arload inspect FILE --as ... --group --save-mapping NAME\" writes such a file";

/// Why such a sheet is refused, with the first row that goes on with a document.
pub fn line_level_words(row: &str) -> String {
    format!("this is a line-level export: it has item columns, and {row} is one more line of a document above")
}

/// Fills in the grouping where one is asked for.
pub(super) fn settle(
    operation: &'static Operation,
    headings: &[String],
    settings: &MappingSettings,
    mapping: &mut Mapping,
) -> Result<(), MappingError> {
    if !settings.group {
        return Ok(());
    }
    if !joins(operation) {
        mapping.notes.push("group: only invoices have lines; each row is a record of its own".to_owned());
        return Ok(());
    }
    let mut grouping = Grouping::default();
    if let Some((saved, listed)) = settings.saved.as_ref().and_then(|saved| Some((saved, saved.line_columns.as_ref()?)))
    {
        grouping.told = true;
        for heading in listed {
            grouping.line_columns.extend(summed(operation, headings, mapping, saved, heading)?);
        }
        grouping.line_columns.sort_unstable();
        grouping.line_columns.dedup();
    }
    mapping.grouping = Some(grouping);
    leave_out_descriptions(operation, headings, settings, mapping);
    Ok(())
}

/// The columns of a heading that is to be summed.
fn summed(
    operation: &Operation,
    headings: &[String],
    mapping: &Mapping,
    saved: &SavedMapping,
    listed: &str,
) -> Result<Vec<usize>, MappingError> {
    let mut columns = Vec::new();
    for (column, heading) in headings.iter().enumerate().filter(|(_, heading)| same(heading) == same(listed)) {
        let extra = mapping.extra_columns.iter().find(|(extra, _)| *extra == column).map(|(_, field)| *field);
        let field = mapping.columns.get(column).copied().flatten().or(extra);
        if !field.is_some_and(|field| matches!(operation.fields[field].kind, FieldKind::Amount(_))) {
            return Err(MappingError::Saved {
                what: format!("{}: line-columns: {} fills no amount", saved.name, quote(heading)),
                hint: format!("give it a field under [columns] of {}, or take it out of line-columns", saved.name),
            });
        }
        columns.push(column);
    }
    Ok(columns)
}

/// A text about one item says nothing of the document, unless a person maps it.
fn leave_out_descriptions(
    operation: &Operation,
    headings: &[String],
    settings: &MappingSettings,
    mapping: &mut Mapping,
) {
    let Some(field) = operation.field_index("description") else { return };
    let Some(column) = mapping.column_of(field) else { return };
    let by_hand = settings.map.iter().any(|(heading, _)| same(heading) == same(&headings[column]));
    let of_item = heading::normalise(&headings[column]).split(' ').any(|word| word == "item" || word == "items");
    if of_item && !by_hand {
        mapping.columns[column] = None;
        let heading = quote(&headings[column]);
        mapping.notes.push(format!("{heading}: left out, since it is about one item; --map takes it all the same"));
    }
}

/// Tells a person who looks at a sheet that its documents may have several rows.
pub(super) fn note_item_columns(operation: &Operation, mapping: &mut Mapping) {
    if mapping.item_columns && mapping.grouping.is_none() && joins(operation) {
        mapping.notes.push(
            "has columns of items: where an invoice has several rows, group = true in a mapping file (or --group) joins them"
                .to_owned(),
        );
    }
}
