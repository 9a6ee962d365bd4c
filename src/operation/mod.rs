//! The one table of operations: what the API can do to rows, with which fields, on which route.
//!
//! Reading, mapping, checking, planning, help pages and the sandbox all take their facts from here. A further
//! operation is a further row of [`ALL`]; nothing else names an operation.

mod customers;
mod example;
mod field;
mod headings;
mod invoices;
mod reminders;
mod route;
pub mod routes;

pub use field::{Alias, AmountSign, Exporter, Field, FieldKind, Need, Role, is_customer_id};
pub use route::{Method, Route};

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
    /// What a useful answer looks like.
    pub answer: AnswerKind,
    /// What may be done when no reply came.
    pub repeat: Repeat,
    /// What the duplicate guard knows these records by.
    pub key: Key,
    /// Every field, in the order of the uploaded file's columns; sheet-only fields last.
    pub fields: &'static [Field],
    /// Name of the field that holds the API's id of the record: `invoiceId`.
    pub remote_id: &'static str,
}

/// How rows become requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestKind {
    /// One multipart CSV file of many rows.
    File(Grouping),
    /// One JSON body that lists the ids of many rows, which agree in every other field. The id is the first field.
    Ids,
    /// A request for each row: its ids in the path, the other filled fields as JSON.
    Single,
}

/// What a useful answer looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerKind {
    /// A `BulkResponse` (contract 4.1), which names rows or counts them.
    Bulk,
    /// Lists of the ids that succeeded and failed (contract 6.4); what neither names is not settled.
    Lists,
    /// Success or failure of the whole request, with the record where the API sends one back.
    Whole,
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

/// What may be done when a request left and no answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Doing it twice would store twice: rows are looked up first.
    LookUp,
    /// Doing it twice changes nothing: send again.
    Safe,
    /// Doing it twice may matter, and no search shows whether it was done: rows stay unknown.
    Never,
}

impl Repeat {
    /// What becomes of rows that no answer came for, in words.
    pub fn after_silence(self) -> &'static str {
        match self {
            Repeat::LookUp => "sent again only if a look-up proves it missing",
            Repeat::Safe => "doing it twice changes nothing, so the next start sends it again",
            Repeat::Never => "no search shows whether it was done, so look at it in Enkash's dashboard",
        }
    }
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
pub static ALL: &[Operation] = &[
    customers::CREATE,
    customers::UPDATE,
    customers::ADD,
    customers::PATCH,
    customers::ACTIVATE,
    customers::DEACTIVATE,
    customers::DELETE,
    customers::CONTACTS,
    invoices::CREATE,
    invoices::ADD,
    invoices::UPDATE,
    invoices::DISPATCH,
    invoices::DELETE,
    invoices::STATUS,
    invoices::CONFIRM_PAYMENT,
    invoices::GET,
    reminders::CREATE,
    reminders::UPDATE,
    reminders::DELETE,
    reminders::GET,
    reminders::LIST,
];

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

    /// Whether rows are known across runs, so that nothing is done twice: creates, and whatever may not be repeated.
    pub fn is_guarded(&self) -> bool {
        self.creates() || (self.repeat != Repeat::Safe && !self.reads())
    }

    /// Whether its rows describe customers, rather than name what something is done to.
    pub fn describes_customers(&self) -> bool {
        self.field("panOrGstin").is_some()
    }

    /// Whether it only reads, so that its answers are exported.
    pub fn reads(&self) -> bool {
        self.route.method == Method::Get
    }

    /// Whether a cell can say that a field is to be emptied: the PATCH routes know null (contract 2.5).
    pub fn clears(&self) -> bool {
        self.route.method == Method::Patch
    }

    /// Whether a field can be emptied: ids, and the parts of a contact or reminder inside a customer, cannot (contract
    /// 5.1, 6.3).
    pub fn can_clear(&self, field: &Field) -> bool {
        let nested = self.resource == "customers"
            && (field.name.starts_with("keyContact")
                || field.name.starts_with("reminder")
                || matches!(field.name, "customerReminderId" | "dueDateDifference" | "stage"));
        self.clears() && field.role != Role::Sheet && field.need == Need::Optional && !nested && !self.is_id(field)
    }

    fn is_id(&self, field: &Field) -> bool {
        field.name == "customerId" || self.route.path_fields().any(|name| name == field.name)
    }

    /// Whether a person must say yes first: it cannot be undone, or customers get mail.
    pub fn needs_yes(&self) -> bool {
        matches!(self.verb, "delete" | "dispatch")
    }

    /// Whether rows are files of an upload, which a canary goes ahead of.
    pub fn is_upload(&self) -> bool {
        matches!(self.request, RequestKind::File(_))
    }

    /// The columns that a line has: just those that its row fills, where an empty one would mean something.
    pub fn sends_filled_only(&self) -> bool {
        !matches!(self.request, RequestKind::File(Grouping::Seller | Grouping::Company))
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
