//! What a mapping must have before a row is read: required fields or what may stand in for them, usable units, and
//! word on what a lone total is.
//!
//! The one rule: an amount never changes its meaning unless the profile says so.

use crate::config::MappingSettings;
use crate::finding::quote;
use crate::operation::{FieldKind, Key, Need, Operation};
use crate::sheet::titles::announces_others;

use super::heading::{self, Unit};
use super::{Mapping, MappingError};

/// Fills in stand-ins, or says what is missing.
pub(super) fn settle(
    operation: &'static Operation,
    headings: &[String],
    settings: &MappingSettings,
    mapping: &mut Mapping,
) -> Result<(), MappingError> {
    refuse_coarse_units(headings, mapping)?;
    refuse_foreign_currencies(operation, headings, mapping)?;
    settle_only_amount(operation, headings, settings, mapping)?;
    let missing = missing(operation, settings, mapping);
    if let Some(tie) = mapping.ties.iter().find(|tie| missing.iter().any(|group| group.contains(&tie.field))) {
        let field = operation.fields[tie.field].name;
        let headings = tie.columns.iter().map(|column| headings[*column].clone()).collect();
        return Err(MappingError::Tied { field, headings });
    }
    if !missing.is_empty() {
        return Err(missing_column(operation, headings, mapping, &missing));
    }
    for tie in &mapping.ties {
        let columns: Vec<String> = tie.columns.iter().map(|column| quote(&headings[*column])).collect();
        let field = operation.fields[tie.field].name;
        mapping
            .notes
            .push(format!("{field}: left out, since {} fit equally well; choose with --map", columns.join(" and ")));
    }
    Ok(())
}

fn refuse_coarse_units(headings: &[String], mapping: &Mapping) -> Result<(), MappingError> {
    for (column, unit) in mapping.amount_units.iter().enumerate() {
        if let Some(unit) = unit.filter(|unit| *unit != Unit::Paise) {
            return Err(MappingError::CoarseUnit { heading: headings[column].clone(), unit });
        }
    }
    Ok(())
}

fn refuse_foreign_currencies(
    operation: &Operation,
    headings: &[String],
    mapping: &Mapping,
) -> Result<(), MappingError> {
    let extra = mapping.extra_columns.iter().copied();
    let mapped =
        mapping.columns.iter().enumerate().filter_map(|(column, field)| Some((column, (*field)?))).chain(extra);
    for (column, field) in mapped {
        if matches!(operation.fields[field].kind, FieldKind::Amount(_))
            && let Some(currency) = heading::foreign_currency(&headings[column])
        {
            return Err(MappingError::ForeignCurrency { heading: headings[column].clone(), currency });
        }
    }
    Ok(())
}

/// Refuses a sheet with amounts if a line above its headings says that they do not count rupees; `banner` has the number
/// and text of these lines.
pub fn refuse_announced_unit(banner: &[(u32, String)], mapping: &Mapping) -> Result<(), MappingError> {
    let counts_paise = mapping.amount_units.contains(&Some(Unit::Paise));
    for (row, text) in banner {
        let unit = heading::announced_unit(text).filter(|unit| !(counts_paise && *unit == Unit::Paise));
        if unit.is_some() {
            return Err(MappingError::AnnouncedUnit { row: *row, text: text.clone() });
        }
    }
    Ok(())
}

/// Refuses a sheet whose worksheet's name or a line above its headings says that its rows are no invoices, where no column
/// tells them apart.
pub fn refuse_announced_kind(
    operation: &Operation,
    worksheet: Option<&str>,
    banner: &[(u32, String)],
    mapping: &Mapping,
) -> Result<(), MappingError> {
    let told = operation.field_index("documentType").is_some_and(|field| mapping.fills(field));
    if operation.key != Key::Invoice || told {
        return Ok(());
    }
    if let Some(name) = worksheet.filter(|name| announces_others(name)) {
        return Err(MappingError::AnnouncedKind { row: None, text: name.to_owned() });
    }
    match banner.iter().find(|(_, text)| announces_others(text)) {
        Some((row, text)) => Err(MappingError::AnnouncedKind { row: Some(*row), text: text.clone() }),
        None => Ok(()),
    }
}

/// A sheet with a total and no taxable value: the profile says what the amount is, or the sheet is refused.
fn settle_only_amount(
    operation: &'static Operation,
    headings: &[String],
    settings: &MappingSettings,
    mapping: &mut Mapping,
) -> Result<(), MappingError> {
    let (Some(base), Some(net)) = (operation.field_index("baseAmount"), operation.field_index("netAmount")) else {
        return Ok(());
    };
    // Where neither is needed, each stands for itself.
    if operation.fields[base].need != Need::Required {
        return Ok(());
    }
    let Some(column) = mapping.column_of(net) else { return Ok(()) };
    if mapping.fills(base) || mapping.ties.iter().any(|tie| tie.field == base) {
        return Ok(());
    }
    let heading = headings[column].clone();
    match settings.only_amount.as_deref() {
        Some("baseAmount") => {
            mapping.notes.push(format!("{}: taken as baseAmount, as only-amount says", quote(&heading)));
            mapping.columns[column] = Some(base);
            Ok(())
        }
        declared => Err(MappingError::OnlyTotal { heading, declared_total: declared == Some("netAmount") }),
    }
}

/// Groups of fields of which at least one is needed and none is filled; the first names the group.
fn missing(operation: &'static Operation, settings: &MappingSettings, mapping: &mut Mapping) -> Vec<Vec<usize>> {
    let find = |name: &str| operation.field_index(name);
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (index, field) in operation.fields.iter().enumerate().filter(|(_, field)| field.need == Need::Required) {
        let names: &[&str] = match field.name {
            "invoiceNumber" | "invoiceDate" if settings.allow_unnumbered => &["externalId"],
            "dueDate" => &["creditDays"],
            "keyContactLegalName" | "keyContactName" => &["legalName"],
            _ => &[],
        };
        let mut group = vec![index];
        group.extend(names.iter().filter_map(|name| find(name)));
        groups.push(group);
    }
    let customer: &[&str] = match operation.key {
        Key::Customer => &[],
        Key::None if operation.field("invoiceId").is_some() => &["invoiceId", "invoiceNumber"],
        Key::None if operation.describes_customers() => &["customerId", "uniqueRefNo", "gstin"],
        Key::Invoice | Key::None => &["customerId", "customerCode", "customerGstin", "customerName"],
    };
    let customer: Vec<usize> = customer.iter().filter_map(|name| find(name)).collect();
    if !customer.is_empty() {
        groups.insert(1.min(groups.len()), customer);
    }
    for group in &groups {
        stand_in(operation, group, mapping);
    }
    groups.retain(|group| !group.iter().any(|field| mapping.fills(*field)));
    groups
}

/// Notes which field stands in for a required one; legal names and credit days do, a reference does not.
fn stand_in(operation: &'static Operation, group: &[usize], mapping: &mut Mapping) {
    let [field, from] = *group else { return };
    let name = operation.fields[field].name;
    if !matches!(name, "dueDate" | "keyContactLegalName" | "keyContactName")
        || mapping.fills(field)
        || !mapping.fills(from)
        || mapping.ties.iter().any(|tie| tie.field == field)
    {
        return;
    }
    mapping.stand_ins.push((field, from));
    let what = if name == "dueDate" {
        "invoice date and credit days".to_string()
    } else {
        operation.fields[from].name.to_string()
    };
    mapping.notes.push(format!("{name}: no column; taken from {what}"));
}

fn missing_column(
    operation: &'static Operation,
    headings: &[String],
    mapping: &Mapping,
    missing: &[Vec<usize>],
) -> MappingError {
    let name = |field: &usize| operation.fields[*field].name;
    let mut suggestions: Vec<(String, &'static str)> = Vec::new();
    for group in missing {
        let wanted = name(&group[0]);
        let line_amount = operation.field_index("lineAmount").and_then(|field| mapping.column_of(field));
        if let Some(column) = line_amount.filter(|_| wanted == "baseAmount") {
            suggestions.push((headings[column].clone(), wanted));
        }
        for unknown in &mapping.unknown {
            let fits = group.iter().map(name).find(|field| unknown.suggestion.as_deref() == Some(*field));
            let new = !suggestions.iter().any(|(_, field)| Some(*field) == fits);
            if let Some(field) = fits.filter(|_| new) {
                suggestions.push((unknown.heading.clone(), field));
            }
        }
    }
    let fields = missing.iter().map(|group| {
        let others: Vec<&str> = group[1..].iter().map(name).collect();
        // The alternatives of the customer are worth naming; the others are explained with the field.
        if others.len() > 1 {
            format!("{} (or {})", name(&group[0]), others.join(", "))
        } else {
            name(&group[0]).to_string()
        }
    });
    MappingError::MissingColumn { fields: fields.collect(), found: headings.to_vec(), suggestions }
}
