//! Every heading that means a field, found by its key: built once an operation.
//!
//! Owns the look-up only; the headings stand beside the fields in [`crate::operation`]. The one rule: a guarded field
//! is in no entry.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::operation::{self, Exporter, Operation, Role};

use super::heading;

/// One meaning of a heading.
#[derive(Debug, Clone, Copy)]
pub(super) struct Meaning {
    /// Index of the field.
    pub(super) field: usize,
    /// Who writes the heading so.
    exporters: &'static [Exporter],
    only: bool,
    /// How good a column it is for the field, 0 for the best.
    choice: u8,
    /// The field's JSON name rather than one of its aliases.
    json: bool,
}

/// A field that a column may fill, and how well: less is better, first by choice, then by class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Candidate {
    /// Index of the field.
    pub(super) field: usize,
    /// How good a column it is for the field.
    pub(super) rank: (u8, Class),
}

/// What a candidate rests on, the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    /// The field's JSON name in its own spelling.
    Exact,
    /// A heading of the recognised exporter.
    Exporter,
    /// A heading that anybody may use.
    Generic,
    /// The field's JSON name in another spelling.
    Json,
}

type Table = HashMap<String, Vec<Meaning>>;

static TABLES: LazyLock<Vec<(&'static Operation, Table)>> =
    LazyLock::new(|| operation::ALL.iter().map(|operation| (operation, build(operation))).collect());

/// All meanings that the operation knows for a key, whoever writes it.
pub(super) fn meanings(operation: &Operation, key: &str) -> &'static [Meaning] {
    let table = TABLES.iter().find(|(known, _)| *known == operation).map(|(_, table)| table);
    table.and_then(|table| table.get(key)).map_or(&[], Vec::as_slice)
}

/// The fields that a heading may fill, the surest first. An exporter's own meaning leaves no other.
pub(super) fn candidates(operation: &Operation, text: &str, key: &str, exporter: Option<Exporter>) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = Vec::new();
    for meaning in meanings(operation, key) {
        let own = exporter.is_some_and(|exporter| meaning.exporters.contains(&exporter));
        if meaning.only && !own {
            continue;
        }
        // Templates mark what is required with a star.
        let plain = text.trim_matches(|letter: char| letter == '*' || letter.is_whitespace());
        let exact = meaning.json && plain == operation.fields[meaning.field].name;
        let class = match (exact, own, meaning.json) {
            (true, _, _) => Class::Exact,
            (_, true, _) => Class::Exporter,
            (_, _, true) => Class::Json,
            _ => Class::Generic,
        };
        candidates.push(Candidate { field: meaning.field, rank: (meaning.choice, class) });
    }
    if candidates.iter().any(|candidate| candidate.rank.1 == Class::Exporter) {
        candidates.retain(|candidate| candidate.rank.1 == Class::Exporter);
    } else if candidates.iter().any(|candidate| candidate.rank.1 == Class::Exact) {
        candidates.retain(|candidate| candidate.rank.1 == Class::Exact);
    }
    candidates.sort_by_key(|candidate| (candidate.rank.1, candidate.rank.0, candidate.field));
    let mut seen = Vec::new();
    candidates.retain(|candidate| {
        let new = !seen.contains(&candidate.field);
        seen.push(candidate.field);
        new
    });
    candidates
}

fn build(operation: &'static Operation) -> Table {
    let mut table = Table::new();
    for (index, field) in operation.fields.iter().enumerate() {
        if field.role == Role::Guarded {
            continue;
        }
        for alias in field.aliases {
            let meaning = Meaning {
                field: index,
                exporters: alias.exporters,
                only: alias.only,
                choice: alias.choice,
                json: false,
            };
            table.entry(heading::key(alias.text)).or_default().push(meaning);
        }
        let meaning = Meaning { field: index, exporters: &[], only: false, choice: 0, json: true };
        table.entry(heading::key(field.name)).or_default().push(meaning);
    }
    table
}
