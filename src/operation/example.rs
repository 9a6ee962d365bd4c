//! What the columns of a template are, and the example that stands below them.
//!
//! The example says what a cell should look like, and is told from a row of the user's by [`Field::is_marked`]: its ids,
//! numbers and names are none that a record has. The rule: an example's values stand in their normal form, so that the
//! cells of a row that was left in can be held against them.

use super::{Field, FieldKind, Operation, Role};

/// Fields that are read for the sheets of other programs only; a new sheet has no use for them.
const FOREIGN: &[&str] = &[
    "documentType",
    "taxTotal",
    "currency",
    "reverseCharge",
    "placeOfSupply",
    "itemName",
    "quantity",
    "unitPrice",
    "lineAmount",
    "taxRate",
    "hsnSac",
    "gstTreatment",
    "gstin",
    "pan",
    "addressLine2",
    "city",
];

/// Fields that name the record of a row, and what the example has in them; no record is named so.
const MARKED: &[(&str, &str)] = &[
    ("customerId", "KCEXAMPLE0000000"),
    ("invoiceId", "EXAMPLE-1"),
    ("invoiceNumber", "EXAMPLE-1"),
    ("customerReminderId", "EXAMPLE-1"),
    ("uniqueRefNo", "EXAMPLE-1"),
    ("legalName", "Example Traders Private Limited (delete this row)"),
];

/// Other fields of the example that are filled; those that are not named stay blank.
const FILLED: &[(&str, &str)] = &[
    ("invoiceDate", "2026-04-01"),
    ("dueDate", "2026-05-01"),
    ("description", "Packing material"),
    ("baseAmount", "1000.00"),
    ("igst", "180.00"),
    ("netAmount", "1180.00"),
    ("gstExclusive", "no"),
    ("partialPaymentAllowed", "no"),
    ("contactNumber", "+919812345670"),
    ("address", "12 Market Road, Pune"),
    ("state", "Maharashtra"),
    ("pinCode", "411001"),
    ("panOrGstin", "27AAPFU0939F1ZV"),
    ("keyContactName", "Asha Rao"),
    ("keyContactLegalName", "Example Traders Private Limited"),
    ("keyContactMobile", "+919812345670"),
    ("keyContactEmail", "asha@traders.example"),
    ("paymentId", "PMT-EXAMPLE"),
    ("remarks", "As agreed"),
    ("response", "ACCEPT"),
    ("type", "OFFPLATFORM"),
    ("status", "ACCEPT"),
    ("dueDateDifference", "3"),
    ("reminderInterval", "7"),
    ("reminderTime", "09:30"),
    ("reminderType", "RECURRING"),
];

impl Operation {
    /// The columns of an empty sheet for the operation: what can be sent without danger, and what leads to it.
    pub fn template_fields(&self) -> impl Iterator<Item = &'static Field> {
        // A state in the sheet leaves rows out; where it is sent, it is what the operation is for.
        let foreign =
            |field: &Field| field.role == Role::Sheet && (FOREIGN.contains(&field.name) || field.name == "status");
        self.fields.iter().filter(move |field| field.role != Role::Guarded && !foreign(field))
    }

    /// What the example row has in a field; blank for most.
    pub fn example(&self, field: &Field) -> &'static str {
        // The id says which record it is; a number beside it would be a second word for that, or a change of it.
        let second = match field.name {
            "invoiceNumber" | "customerId" => self.field("invoiceId").is_some(),
            // A change of a contact or reminder inside a customer takes more words than an example has.
            name if self.resource == "customers" && self.clears() => {
                name.starts_with("keyContact")
                    || name.to_lowercase().contains("reminder")
                    || name == "dueDateDifference"
            }
            _ => false,
        };
        let values = MARKED.iter().chain(FILLED).find(|(name, _)| *name == field.name && !second);
        values.map_or("", |(_, value)| value)
    }
}

impl Field {
    /// Whether the example's value in this field shows that a row is the example.
    pub fn is_marked(&self) -> bool {
        MARKED.iter().any(|(name, _)| *name == self.name)
    }

    /// The values that a cell of the field can have, where they are few.
    pub fn choices(&self) -> &'static [&'static str] {
        match self.kind {
            FieldKind::Bool => &["yes", "no"],
            FieldKind::Enum(values) => values,
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ALL, Need};
    use super::*;

    #[test]
    fn every_operation_has_an_example_that_names_a_record_and_fills_what_is_required() {
        for operation in ALL {
            let name = operation.name();
            let marked =
                operation.template_fields().filter(|field| field.is_marked() && !operation.example(field).is_empty());
            assert!(marked.count() >= 1, "{name}");
            for field in operation.template_fields().filter(|field| field.need == Need::Required) {
                assert!(!operation.example(field).is_empty(), "{name}: {}", field.name);
            }
            assert!(operation.template_fields().all(|field| field.role != Role::Guarded), "{name}");
        }
    }
}
