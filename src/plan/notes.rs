//! What a person should know of a sheet that was read, a sentence each.
//!
//! Owns the wording only; what was found is handed in. The one rule: whatever was left out or changed the meaning of
//! amounts is said before anything is sent.

use crate::finding::quote;
use crate::mapping::Mapping;
use crate::outcome::Sum;
use crate::sheet::DropReason;
use crate::sheet::open::SheetEnd;
use crate::wording::count;

/// How many columns without use a note names.
const NAMED_COLUMNS: usize = 10;

/// How the rows of a sheet were joined, for a person to see before anything is sent.
pub(super) fn joined(mapping: &Mapping, headings: &[String], read: &Sum) -> Option<String> {
    let grouping = mapping.grouping.as_ref()?;
    let named = |columns: &[usize]| -> String {
        let named: Vec<String> =
            columns.iter().filter_map(|column| headings.get(*column)).map(|name| quote(name)).collect();
        if named.is_empty() { "none".to_owned() } else { named.join(", ") }
    };
    let documents = count(read.documents(), "document");
    Some(format!(
        "{} in {documents}; summed over the lines: {}",
        count(read.rows, "row"),
        named(&grouping.line_columns)
    ))
}

/// Columns whose headings mean nothing known.
pub(super) fn unmapped(mapping: &Mapping) -> Vec<String> {
    let unknown: Vec<String> = mapping
        .unknown
        .iter()
        .map(|unknown| match &unknown.suggestion {
            Some(field) => format!("\"{}\" (did you mean {field}?)", unknown.heading),
            None => format!("\"{}\"", unknown.heading),
        })
        .collect();
    if unknown.is_empty() {
        return Vec::new();
    }
    // Limit: a sheet of thousands of columns names the first; the results hold them all.
    let rest = unknown.len().saturating_sub(NAMED_COLUMNS);
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    let named = unknown[..unknown.len().min(NAMED_COLUMNS)].join(", ");
    vec![format!("{} not used: {named}{more}", count(unknown.len() as u64, "column"))]
}

/// Rows that are no data rows.
pub(super) fn left_out(end: &SheetEnd) -> Vec<String> {
    let mut notes = end.notes.clone();
    for (reason, rows) in &end.dropped.counts {
        let what = match reason {
            DropReason::Total => "total",
            DropReason::RepeatedHeader => "repeated header",
            DropReason::Group => "group heading",
            DropReason::Note => "note",
            DropReason::Comment => "comment",
            DropReason::Hidden => "hidden",
        };
        let places: Vec<String> = end
            .dropped
            .first
            .iter()
            .filter(|row| row.reason == *reason)
            .take(5)
            .map(|row| row.number.to_string())
            .collect();
        notes.push(format!("{} left out ({what}): row {}", count(*rows, "row"), places.join(", ")));
    }
    notes
}
