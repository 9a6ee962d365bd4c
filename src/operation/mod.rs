//! The one table of operations: what the API can do to rows, with which fields, on which route.
//!
//! Reading, mapping, checking, planning, help pages and the sandbox all take their facts from here. A further
//! operation is a further row of [`ALL`]; nothing else names an operation.

mod customers;
mod field;
mod headings;
mod invoices;

pub use field::{Alias, AmountSign, Exporter, Field, FieldKind, Need, Role, is_customer_id};

/// One thing the API can do to rows.
#[derive(Debug)]
pub struct Operation {
    /// The thing acted on, as in the command: `invoices`.
    pub resource: &'static str,
    /// What is done, as in the command: `create`.
    pub verb: &'static str,
    /// What the operation does, in a line, for help pages.
    pub about: &'static str,
    /// How rows become requests.
    pub request: RequestKind,
    /// Where the requests go.
    pub route: Route,
    /// What may be done when no reply came.
    pub repeat: Repeat,
    /// What the duplicate guard knows these records by.
    pub key: Key,
    /// Every field, in the order of the uploaded file's columns; sheet-only fields last.
    pub fields: &'static [Field],
    /// Name of the field in a success item that holds the id the API gave: `invoiceId`.
    pub remote_id: &'static str,
}

/// How rows become requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestKind {
    /// One multipart CSV file of many rows.
    File(Grouping),
}

/// Which rows may share a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grouping {
    /// Rows of one seller, whatever columns are filled.
    Seller,
    /// All rows of the company.
    Company,
    /// Rows with the same set of filled columns, so that no empty cell is sent.
    FilledColumns,
}

/// Method, path and account parameter of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// Path below the base URL.
    pub path: &'static str,
    /// The query parameter that carries the account's CEK id.
    pub account_parameter: &'static str,
    /// Whether the portal documents the route; an assumed one needs `allow-assumed` on a real host.
    pub documented: bool,
}

/// What may be done when a request left and no answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Doing it twice would store twice: rows are looked up first.
    LookUp,
    /// Doing it twice changes nothing: send again.
    Safe,
}

/// What the duplicate guard knows a record by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// Seller, supplier GSTIN, document type, financial year and number.
    Invoice,
    /// Company and own reference, else GSTIN, else the fingerprint.
    Customer,
    /// No guard: the operation may be repeated on purpose.
    None,
}

/// Every operation, in the order of the help page.
pub static ALL: &[Operation] = &[customers::CREATE, customers::UPDATE, invoices::CREATE];

impl Operation {
    /// The operation of a resource and verb.
    pub fn find(resource: &str, verb: &str) -> Option<&'static Operation> {
        ALL.iter().find(|operation| operation.resource == resource && operation.verb == verb)
    }

    /// The operation by its name, `invoices create`.
    pub fn by_name(name: &str) -> Option<&'static Operation> {
        let (resource, verb) = name.split_once(' ')?;
        Self::find(resource, verb)
    }

    /// `invoices create`: the name in messages, the ledger and results.
    pub fn name(&self) -> String {
        format!("{} {}", self.resource, self.verb)
    }

    /// Index of the field with a JSON name in [`Operation::fields`].
    pub fn field_index(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }

    /// The field with a JSON name.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The fields that travel in the uploaded file, in its column order.
    pub fn sent_fields(&self) -> impl Iterator<Item = &'static Field> {
        self.fields.iter().filter(|field| field.role != Role::Sheet)
    }

    /// Whether the operation stores new records, which the duplicate guard watches.
    pub fn creates(&self) -> bool {
        self.key != Key::None
    }
}

impl PartialEq for Operation {
    fn eq(&self, other: &Self) -> bool {
        self.resource == other.resource && self.verb == other.verb
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_names_are_unique_within_an_operation() {
        for operation in ALL {
            for (index, field) in operation.fields.iter().enumerate() {
                assert_eq!(operation.field_index(field.name), Some(index), "{}: {}", operation.name(), field.name);
            }
        }
    }

    #[test]
    fn guarded_fields_have_no_alias() {
        for field in ALL.iter().flat_map(|operation| operation.fields) {
            assert!(field.role != Role::Guarded || field.aliases.is_empty(), "{}", field.name);
        }
    }

    #[test]
    fn operations_are_found_by_the_words_of_the_command() {
        for operation in ALL {
            assert_eq!(Operation::by_name(&operation.name()), Some(operation));
        }
        assert!(Operation::find("invoices", "burn").is_none());
    }
}
