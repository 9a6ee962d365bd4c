//! Empty sheets for operations, to be filled by people: headings, notes, drop-downs, formats and one example row.
//!
//! Everything is taken from the operation table, so that a filled template maps with no flag. Makes bytes and leaves
//! writing them to the binary; `xlsx` knows the workbook. The one rule: what is made is read back by arload as the
//! operation it is for, and the example row, left in, is recognised and not sent.

mod xlsx;

use crate::operation::{Field, Need, Operation};

pub use xlsx::{TemplateError, workbook};

/// Stands behind the heading of a column that every row must fill; the mapping takes it for no part of the name.
const REQUIRED_MARK: &str = " *";

/// The heading of a column.
fn heading(field: &Field) -> String {
    match field.need {
        Need::Required => format!("{}{REQUIRED_MARK}", field.name),
        Need::Optional => field.name.to_owned(),
    }
}

/// Groups of fields of which a row fills at least one.
const ONE_OF: &[&[&str]] =
    &[&["customerId", "customerCode", "customerGstin", "customerName"], &["invoiceId", "invoiceNumber"]];

/// What a person is told of a column.
fn note(operation: &Operation, field: &Field) -> String {
    // Writing to a string cannot fail.
    let mut note = format!("{}.", field.help);
    if field.need == Need::Required {
        note.push_str("\nRequired.");
    }
    // An invoice that is changed names its customer only to change it.
    let naming = |group: &&&[&str]| {
        group.contains(&field.name) && (group[0] == "invoiceId" || operation.field("invoiceId").is_none())
    };
    let group = ONE_OF
        .iter()
        .find(naming)
        .map(|group| group.iter().copied().filter(|name| operation.field(name).is_some()).collect::<Vec<_>>());
    if let Some(group) = group.filter(|group| group.len() > 1) {
        note.extend(["\nOne of these is needed: ", &group.join(", "), "."]);
    }
    if !field.choices().is_empty() {
        note.extend(["\nOne of: ", &field.choices().join(", "), "."]);
    }
    if operation.clears() && field.role == crate::operation::Role::Sent {
        note.push_str(if operation.can_clear(field) {
            "\nBlank leaves it as it is, <clear> empties it."
        } else {
            "\nBlank leaves it as it is."
        });
    }
    note
}

/// The template as CSV: UTF-8 with a byte order mark for Excel's sake, CRLF.
pub fn csv(operation: &Operation) -> Vec<u8> {
    let fields: Vec<&Field> = operation.template_fields().collect();
    let mut bytes = b"\xEF\xBB\xBF".to_vec();
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(&mut bytes);
    let written = writer
        .write_record(fields.iter().map(|field| heading(field)))
        .and_then(|()| writer.write_record(fields.iter().map(|field| operation.example(field))))
        .and_then(|()| Ok(writer.flush()?));
    written.expect("writing to memory cannot fail");
    drop(writer);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation;

    #[test]
    fn the_csv_has_marked_headings_and_one_example() {
        let status = Operation::by_name("invoices status").unwrap();
        let text = String::from_utf8(csv(status)).unwrap();
        assert_eq!(
            text,
            "\u{feff}invoiceId,status *,remarks *,invoiceNumber,sellerId,supplierGstin,baseAmount,netAmount\r\n\
             EXAMPLE-1,ACCEPT,As agreed,,,,1000.00,1180.00\r\n"
        );
    }

    #[test]
    fn notes_say_what_a_cell_takes() {
        let note_of = |name: &str, field: &str| {
            let operation = Operation::by_name(name).unwrap();
            note(operation, operation.field(field).unwrap())
        };
        for (name, field, part) in [
            ("invoices create", "invoiceNumber", "Required."),
            (
                "invoices create",
                "customerGstin",
                "One of these is needed: customerId, customerCode, customerGstin, customerName.",
            ),
            ("invoices dispatch", "invoiceNumber", "One of these is needed: invoiceId, invoiceNumber."),
            ("invoices dispatch", "partialPaymentAllowed", "One of: yes, no."),
            ("reminders create", "reminderType", "One of: ONCE, RECURRING."),
            ("invoices update", "description", "<clear> empties it"),
        ] {
            let note = note_of(name, field);
            assert!(note.contains(part), "{name} {field}: {note}");
        }
        assert!(!note_of("invoices update", "customerId").contains("One of these"));
        for operation in operation::ALL {
            assert!(operation.template_fields().all(|field| note(operation, field).len() > 10));
        }
    }
}
