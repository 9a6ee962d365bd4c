//! Fills the customer directory of an account from the customer search.
//!
//! Owns what is new, changed, the same and gone. Leaves reading the search to [`super::search`], and the directory to the
//! ledger. The one rule: the directory changes as a whole, and only after the search was read to its end.

use std::collections::HashMap;
use std::path::Path;

use serde_json::json;

use super::search::{ReadSearch, open, order_words, read, resource};
use super::table::Known;
use super::write::{Style, put};
use super::{Place, spool::Spool};
use crate::api::Searched;
use crate::api::found::Record;
use crate::directory::Entry;
use crate::error::RunError;
use crate::event::Event;
use crate::ledger::Ledger;
use crate::operation::is_customer_id;
use crate::send::search::Searcher;

/// What a pull changes in a directory.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Customers to be added.
    pub new: Vec<Entry>,
    /// Customers of which something changed.
    pub changed: Vec<Entry>,
    /// How many are as they were.
    pub same: u64,
    /// Ids of those that are to be forgotten.
    pub gone: Vec<String>,
    /// Records without a customer id.
    pub unusable: u64,
}

/// Reads all customers and brings the directory up to date; `place` takes an export of them, too.
pub fn run(
    searcher: &Searcher<'_>,
    ledger: &dyn Ledger,
    partial: &Path,
    place: Option<&Place>,
    style: Style,
) -> Result<Change, RunError> {
    let mut spool = open(partial, searcher, Searched::Customers, &json!({}))?;
    let read = read(searcher, Searched::Customers, &json!({}), &mut spool)?;
    let known = ledger.customers(searcher.account)?;
    if read.records == 0 && !known.is_empty() {
        let known = crate::wording::count(known.len() as u64, "customer");
        let message = format!("the search shows no customer at all, and the directory has {known}, which stay");
        return Err(RunError::Export { message, reason: None });
    }
    let change = compare(known, &spool)?;
    let changed = [change.new.as_slice(), change.changed.as_slice()].concat();
    ledger.change_customers(searcher.account, &changed, &change.gone)?;
    if let Some(place) = place {
        put(&spool, Known::Customers, place, style, &mut std::io::sink())?;
        tell_export(searcher, place, read);
    }
    spool.finish()?;
    searcher.observer.event(&Event::Pulled {
        new: change.new.len() as u64,
        changed: change.changed.len() as u64,
        same: change.same,
        gone: change.gone.len() as u64,
        unusable: change.unusable,
        requests: read.requests,
    });
    Ok(change)
}

fn tell_export(searcher: &Searcher<'_>, place: &Place, read: ReadSearch) {
    searcher.observer.event(&Event::Exported {
        path: place.file.as_ref().map(|path| path.display().to_string()),
        resource: resource(Searched::Customers).to_owned(),
        records: read.records,
        pages: read.pages,
        requests: read.requests,
        order: order_words(Searched::Customers).to_owned(),
    });
}

/// What the records of a search say of a directory.
fn compare(known: Vec<Entry>, spool: &Spool) -> Result<Change, RunError> {
    let mut known: HashMap<String, Entry> = known.into_iter().map(|entry| (entry.customer_id.clone(), entry)).collect();
    let mut change = Change::default();
    spool.each(&mut |record, _| {
        match entry(&record) {
            None => change.unusable += 1,
            Some(entry) => match known.remove(&entry.customer_id) {
                None => change.new.push(entry),
                Some(before) if before == entry => change.same += 1,
                Some(_) => change.changed.push(entry),
            },
        }
        Ok(())
    })?;
    change.gone = known.into_keys().collect();
    change.gone.sort_unstable();
    Ok(change)
}

/// What sheets can name a customer by; none without a customer id.
fn entry(record: &Record) -> Option<Entry> {
    let customer_id = record.text("customerId").filter(|id| is_customer_id(id))?;
    Some(Entry {
        customer_id,
        code: record.text("uniqueRefNo"),
        gstin: record.text("panOrGstin").filter(|number| number.len() == 15),
        legal_name: record.text("legalName"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pull_says_what_is_new_changed_the_same_and_gone() {
        let known = |id: &str, code: &str| Entry {
            customer_id: format!("KC0123456789ABC{id}"),
            code: Some(code.to_owned()),
            ..Entry::default()
        };
        let mut spool = Spool::scratch().unwrap();
        for (id, code) in
            [("KC0123456789ABC1", "C1"), ("KC0123456789ABC2", "C9"), ("KC0123456789ABC3", "C3"), ("7", "")]
        {
            let value = json!({"customerId": id, "uniqueRefNo": code, "panOrGstin": "AAPFU0939F"});
            spool.add(&Record(value.as_object().unwrap().clone())).unwrap();
        }
        let change = compare(vec![known("1", "C1"), known("2", "C2"), known("4", "C4")], &spool).unwrap();
        assert_eq!((change.new, change.changed, change.same), (vec![known("3", "C3")], vec![known("2", "C9")], 1));
        assert_eq!((change.gone, change.unusable), (vec!["KC0123456789ABC4".to_owned()], 1));
    }
}
