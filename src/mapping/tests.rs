//! Header rows for the tests of mapping, and what they are mapped to.

use super::*;

pub(super) fn invoices() -> &'static Operation {
    Operation::find("invoices", "create").unwrap()
}

/// Maps a header row; each heading may carry sample values after `=`, separated by `;`.
pub(super) fn map_with(
    operation: &'static Operation,
    row: &[&str],
    settings: &MappingSettings,
) -> Result<Mapping, MappingError> {
    let headings: Vec<String> = row.iter().map(|cell| cell.split('=').next().unwrap().to_string()).collect();
    let samples = |column: usize| {
        let values = row[column].split_once('=').map_or("", |(_, values)| values);
        values.split(';').filter(|value| !value.is_empty()).map(String::from).collect()
    };
    map_columns(operation, &headings, &samples, settings)
}

pub(super) fn map(row: &[&str]) -> Result<Mapping, MappingError> {
    map_with(invoices(), row, &MappingSettings::default())
}

pub(super) fn settings(map: &[(&str, &str)], set: &[(&str, &str)]) -> MappingSettings {
    let own = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_string(), (*b).to_string())).collect();
    MappingSettings { map: own(map), set: own(set), ..MappingSettings::default() }
}

/// The field names of the columns, `-` for none.
pub(super) fn names(operation: &Operation, mapping: &Mapping) -> Vec<&'static str> {
    mapping.columns.iter().map(|field| field.map_or("-", |field| operation.fields[field].name)).collect()
}

#[track_caller]
pub(super) fn assert_maps(operation: &'static Operation, exporter: Option<Exporter>, pairs: &[(&str, &str)]) {
    let row: Vec<&str> = pairs.iter().map(|(heading, _)| *heading).collect();
    let mapping = map_with(operation, &row, &MappingSettings::default()).unwrap();
    assert_eq!(mapping.exporter, exporter, "{:?}", mapping.exporter_headings);
    for ((heading, expected), field) in pairs.iter().zip(names(operation, &mapping)) {
        assert_eq!(field, *expected, "{heading}");
    }
}

/// Headings that alone make an invoice sheet complete.
pub(super) const GOOD: &[&str] = &["Invoice No", "Customer Code", "Invoice Date", "Due Date", "Taxable Value"];

pub(super) fn good_and<'a>(more: &[&'a str]) -> Vec<&'a str> {
    GOOD.iter().copied().chain(more.iter().copied()).collect()
}

/// The field that a heading fills beside a complete set of columns.
pub(super) fn beside(heading: &str) -> &'static str {
    let mapping = map(&good_and(&[heading])).unwrap();
    names(invoices(), &mapping).pop().unwrap()
}
