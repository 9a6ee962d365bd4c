//! What the API has of the records that a sheet would create, asked by a ledger that knows nothing of the account.
//!
//! Owns which searches show them, and what the records say of each line by the keys of the duplicate guard (design 7).
//! Leaves when to ask to [`crate::pipeline`], and the asking to [`super::search`]. The one rule: a search that was not
//! read to its end is an error, never "nothing there". In memory it costs 8 bytes a line, each customer's id once, and
//! the records that have a line's key.

use std::collections::{BTreeSet, VecDeque};

use serde_json::{Value, json};

use super::compare::{Compare, Difference, SHOWS_TOO_LITTLE, can_be_compared, different};
use super::lookup::{FoundIndex, MOST_CUSTOMERS, RecordKey, SentLine, line_key, record_keys, searched};
use super::search::{SearchError, Searcher};
use crate::api::Searched;
use crate::api::found::Record;
use crate::finding::quote;
use crate::operation::{Key, Operation};
use crate::plan::at_api::Has;

/// What is looked for: the keys of all lines, and the customers whose records can have them.
#[derive(Debug)]
pub struct Wanted {
    operation: &'static Operation,
    /// Hashes of keys; sorted before anything is asked.
    keys: Vec<u64>,
    customers: BTreeSet<Box<str>>,
    /// Whether a line names no customer, so that no search may be narrowed.
    all_customers: bool,
}

impl Wanted {
    /// Nothing wanted yet of an operation that creates records.
    pub fn new(operation: &'static Operation) -> Self {
        Self { operation, keys: Vec::new(), customers: BTreeSet::new(), all_customers: false }
    }

    /// Adds a line that would be sent.
    pub fn add(&mut self, line: &SentLine) {
        // A record without a key can be no line's.
        let Some(key) = line_key(self.operation, line) else { return };
        self.keys.push(short(&key));
        if searched(self.operation) == Searched::Invoices && !self.all_customers {
            match line.cell("customerId") {
                Some(id) if self.customers.contains(id) => {}
                Some(id) => drop(self.customers.insert(id.into())),
                None => self.all_customers = true,
            }
        }
    }

    /// Whether there is nothing to look up.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Customers that the searches are narrowed to; none where all records are asked for.
    pub fn customers(&self) -> Option<usize> {
        (searched(self.operation) == Searched::Invoices && !self.all_customers).then_some(self.customers.len())
    }

    /// Searches that it takes unless one finds too much.
    pub fn searches(&self) -> usize {
        self.customers().map_or(1, |customers| customers.div_ceil(MOST_CUSTOMERS))
    }

    /// Asks for everything; `progress` hears how many customers are done and how many records were kept.
    pub fn look_up(
        mut self,
        searcher: &Searcher<'_>,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<FoundIndex, SearchError> {
        self.keys.sort_unstable();
        self.keys.dedup();
        let keep = |record: &Record| {
            record_keys(self.operation, record).iter().any(|key| self.keys.binary_search(&short(key)).is_ok())
        };
        let what = searched(self.operation);
        let mut records = Vec::new();
        let ids: Vec<&str> = self.customers.iter().map(AsRef::as_ref).collect();
        let mut groups: VecDeque<&[&str]> =
            if self.customers().is_some() { ids.chunks(MOST_CUSTOMERS).collect() } else { VecDeque::from([&[][..]]) };
        let mut done = 0;
        while let Some(group) = groups.pop_front() {
            match searcher.wanted(what, &filters(group), &keep)? {
                Ok(found) => {
                    records.extend(found.records);
                    done += group.len();
                    progress(done, records.len());
                }
                // Fewer customers have fewer records.
                Err(_) if group.len() > 1 => {
                    let (first, second) = group.split_at(group.len() / 2);
                    groups.push_front(second);
                    groups.push_front(first);
                }
                Err(reason) => return Err(SearchError::Unable(reason)),
            }
        }
        Ok(FoundIndex::new(self.operation, records, searcher.timezone))
    }
}

/// Records of any time: what is looked for may have been put in years ago.
fn filters(customers: &[&str]) -> Value {
    if customers.is_empty() { json!({}) } else { json!({"customerIds": customers}) }
}

/// What the API has of the key of a line that would go under a seller; none if nothing.
pub fn has(operation: &Operation, seller: &str, line: &SentLine, found: &FoundIndex) -> Option<Has> {
    let mut ids = Vec::new();
    let (mut same, mut other, mut little) = (None, None, false);
    for record in found.with_key(operation, seller, line) {
        let different = different(operation, line, record, Compare::Content, found.timezone());
        if operation.key == Key::Customer && !is_same_customer(line, record, &different) {
            continue;
        }
        let id = record.text(operation.remote_id);
        ids.push(id.clone().unwrap_or_else(|| "a record without an id".to_owned()));
        if !can_be_compared(operation, line, record) {
            little = true;
        } else if different.is_empty() {
            same.get_or_insert(id);
        } else {
            other.get_or_insert(different);
        }
    }
    let ids = ids.join(", ");
    match (same, other) {
        (Some(remote_id), _) => Some(Has::Same { remote_id, ids }),
        (None, Some(different)) => {
            let words = different.iter().map(|it| format!("{} {} → {}", it.field, quote(&it.found), quote(&it.sent)));
            Some(Has::Other { ids, differences: words.collect::<Vec<_>>().join(", ") })
        }
        (None, None) => little.then(|| Has::Other { ids, differences: SHOWS_TOO_LITTLE.to_owned() }),
    }
}

/// Whether a record is a line's customer by the guard's key: the reference; the GSTIN where neither side has a
/// reference; else the whole content.
fn is_same_customer(line: &SentLine, record: &Record, different: &[Difference]) -> bool {
    match (line.cell("uniqueRefNo"), record.text("uniqueRefNo")) {
        // Found by it, as a line with a reference is found by nothing else.
        (Some(_), Some(_)) => true,
        (None, None) => {
            let tax_number = line.cell("panOrGstin");
            let is_gstin = tax_number.is_some_and(|number| number.len() == 15);
            is_gstin || (different.is_empty() && tax_number.is_some() == record.text("panOrGstin").is_some())
        }
        _ => false,
    }
}

fn short((kind, text): &RecordKey) -> u64 {
    let hash = blake3::Hasher::new().update(&[*kind as u8]).update(text.as_bytes()).finalize();
    u64::from_le_bytes(hash.as_bytes()[..8].try_into().expect("a hash has 32 bytes"))
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::send::lookup::sent_lines;

    /// What the records say of a line, in short.
    fn told(operation: &str, line: &str, records: Value) -> String {
        let operation = Operation::by_name(operation).unwrap();
        let Value::Array(records) = records else { panic!("no list") };
        let records = records.into_iter().map(|record| match record {
            Value::Object(object) => Record(object),
            other => panic!("{other}"),
        });
        let index = FoundIndex::new(operation, records.collect(), &TimeZone::UTC);
        let line = &sent_lines(line.as_bytes())[0];
        match has(operation, "CEK4T7M2QA", line, &index) {
            None => "nothing".to_owned(),
            Some(Has::Same { remote_id, ids }) => format!("same {} of {ids}", remote_id.unwrap_or_default()),
            Some(Has::Other { ids, differences }) => format!("other {ids}: {differences}"),
            Some(Has::Shared { ids }) => format!("shared {ids}"),
        }
    }

    #[test]
    fn an_invoice_is_known_by_number_year_and_seller_whatever_its_customer() {
        let line = "invoiceNumber,customerId,invoiceDate,netAmount\nA-1,KC1,2026-05-20,118.00\n";
        let record = |id: &str, change: Value| {
            let mut record = json!({"invoiceId": id, "invoiceNumber": "a-1", "customerId": "KC1", "invoiceDate": "2026-05-20T00:00:00Z",
                    "netAmount": 118, "sellerId": "CEK4T7M2QA"});
            record.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            record
        };
        for (records, expected) in [
            (json!([]), "nothing"),
            (json!([record("I1", json!({}))]), "same I1 of I1"),
            (json!([record("I1", json!({"netAmount": 119}))]), "other I1: netAmount \"119\" → \"118.00\""),
            (json!([record("I1", json!({"customerId": "KC2"}))]), "other I1: customerId \"KC2\" → \"KC1\""),
            (json!([record("I1", json!({"netAmount": 119})), record("I2", json!({}))]), "same I2 of I1, I2"),
            (json!([record("I1", json!({})), record("I2", json!({}))]), "same I1 of I1, I2"),
            (json!([record("I1", json!({"invoiceDate": "2025-05-20"}))]), "nothing"),
            (json!([record("I1", json!({"sellerId": "CEK0000000"}))]), "nothing"),
            (json!([record("I1", json!({"invoiceNumber": "A-2"}))]), "nothing"),
            (
                json!([{"invoiceId": "I1", "invoiceNumber": "A-1", "customerId": "KC1"}]),
                "other I1: the search shows neither its dates nor its amounts",
            ),
            (json!([record("I1", json!({"invoiceId": null}))]), "same  of a record without an id"),
        ] {
            assert_eq!(told("invoices create", line, records.clone()), expected, "{records}");
        }
    }

    #[test]
    fn a_customer_is_known_by_reference_else_by_gstin_where_no_side_has_one_else_by_content() {
        let gstin = "27AAPFU0939F1ZV";
        let both = format!("legalName,uniqueRefNo,panOrGstin\nAsha,C1,{gstin}\n");
        let tax = format!("legalName,panOrGstin\nAsha,{gstin}\n");
        let bare = "legalName,keyContactMobile\nAsha,9876543210\n".to_owned();
        let contact = json!([{"mobile": "9876543210"}]);
        for (line, record, expected) in [
            (&both, json!({"legalName": "ASHA", "uniqueRefNo": "c1", "panOrGstin": gstin}), "same K1 of K1"),
            (&both, json!({"legalName": "Ravi", "uniqueRefNo": "C1"}), "other K1: legalName \"Ravi\" → \"Asha\""),
            // Once by GSTIN and once by code are two customers.
            (&both, json!({"legalName": "Asha", "panOrGstin": gstin}), "nothing"),
            (&tax, json!({"legalName": "Asha", "uniqueRefNo": "C1", "panOrGstin": gstin}), "nothing"),
            (&tax, json!({"legalName": "Asha", "panOrGstin": gstin}), "same K1 of K1"),
            (&tax, json!({"legalName": "Ravi", "panOrGstin": gstin}), "other K1: legalName \"Ravi\" → \"Asha\""),
            (&bare, json!({"legalName": "Asha", "customerKeyContacts": contact}), "same K1 of K1"),
            (&bare, json!({"legalName": "Asha", "panOrGstin": gstin, "customerKeyContacts": contact}), "nothing"),
            (&bare, json!({"legalName": "Ravi", "customerKeyContacts": contact}), "nothing"),
        ] {
            let mut record = record;
            record["customerId"] = json!("K1");
            assert_eq!(told("customers create", line, json!([record.clone()])), expected, "{line} {record}");
        }
    }

    #[test]
    fn searches_are_narrowed_to_the_customers_of_the_lines_unless_one_names_none() {
        let mut wanted = Wanted::new(Operation::by_name("invoices create").unwrap());
        for row in 0..2_000 {
            let text = format!("invoiceNumber,customerId\nA{row},KC{}\n", row % 1_200);
            wanted.add(&sent_lines(text.as_bytes())[0]);
        }
        assert_eq!((wanted.customers(), wanted.searches(), wanted.keys.len()), (Some(1_200), 3, 2_000));
        wanted.add(&sent_lines(b"invoiceNumber\nB1\n")[0]);
        assert_eq!((wanted.customers(), wanted.searches()), (None, 1));
    }
}
