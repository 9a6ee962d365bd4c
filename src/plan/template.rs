//! The identity of an upload: which operation with which columns, made of which headings.
//!
//! A mapping that succeeded once at a host needs no canary the next month. The rule: whatever changes which cell goes
//! into which field changes the identity.

use super::SheetFacts;
use crate::operation::Operation;
use crate::upload::Uploads;

/// The identity of what the sheets of a run are uploaded as.
pub fn identity<'a>(
    operation: &Operation,
    sheets: impl IntoIterator<Item = &'a SheetFacts>,
    uploads: &Uploads,
) -> [u8; 32] {
    let mut parts = Vec::new();
    for facts in sheets {
        let mapping = &facts.mapping;
        let name = |field: &usize| operation.fields.get(*field).map_or("", |field| field.name);
        let heading = |column: usize| facts.header.columns.get(column).map_or("", String::as_str);
        let columns = mapping.columns.iter().enumerate().filter_map(|(column, field)| Some((column, field.as_ref()?)));
        parts.extend(columns.map(|(column, field)| format!("{} < {}", name(field), heading(column))));
        parts.extend(mapping.extra_columns.iter().map(|(column, field)| format!("{column} + {field}")));
        parts.extend(mapping.constants.iter().map(|(field, value)| format!("{} = {value}", name(field))));
        parts.extend(mapping.stand_ins.iter().map(|(field, from)| format!("{} : {}", name(field), name(from))));
    }
    // Several sheets of one shape are one upload, in whatever order they come.
    parts.sort_unstable();
    parts.dedup();
    let mut hasher = blake3::Hasher::new_derive_key("arload upload template 1");
    let columns = operation.sent_fields().map(|field| field.name.to_owned());
    for part in std::iter::once(operation.name()).chain(columns).chain(parts) {
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
    }
    // Our own form adds nothing, so that what was proven before forms could be told stays proven.
    if let Some(form) = uploads.identity(operation) {
        hasher.update(&(form.len() as u64).to_le_bytes()).update(form.as_bytes());
    }
    *hasher.finalize().as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_form_of_the_file_is_another_upload() {
        let (invoices, customers) =
            (Operation::by_name("invoices create").unwrap(), Operation::by_name("customers create").unwrap());
        let (own, mut other) = (Uploads::default(), Uploads::default());
        other.put("invoices create.format", "xlsx").unwrap();
        assert_ne!(identity(invoices, [], &own), identity(invoices, [], &other));
        assert_eq!(identity(customers, [], &own), identity(customers, [], &other));
    }
}
