//! Invoices that a sheet names by their number: which ids these are, from the ledger, else from a search.
//!
//! Leaves what follows for a row to [`crate::plan::invoice_ids`]. The one rule: where the search cannot answer, nothing is
//! planned, because "not found" would not be true.

use std::collections::HashMap;

use super::Pipeline;
use super::first_use::each_line;
use crate::api::Searched;
use crate::api::found::Record;
use crate::check::named;
use crate::error::RunError;
use crate::event::Event;
use crate::ledger::Ledger;
use crate::operation::{Key, Operation};
use crate::outcome::Status;
use crate::plan::history::History;
use crate::plan::invoice_ids::InvoiceIds;
use crate::plan::read::ReadRun;
use crate::results::csv::each_verdict;
use crate::send::search::SearchError;

/// How often each number of a seller stands in the rows; numbers in capitals.
type Wanted = HashMap<(String, String), u64>;

impl Pipeline<'_> {
    /// The ids of the invoices that rows name by number.
    pub(super) fn look_up_numbers(
        &self,
        operation: &'static Operation,
        read: &mut ReadRun<'_>,
    ) -> Result<InvoiceIds, RunError> {
        let mut ids = InvoiceIds::default();
        if operation.field("invoiceId").is_none() || operation.key != Key::None || self.settings.mode.dry_run {
            return Ok(ids);
        }
        let mut wanted = Wanted::new();
        each_line(operation, read, &mut |_, row, line| {
            if let Some(number) = line.cell("invoiceId").and_then(named::wanted_number) {
                *wanted.entry((row.labels.account_id.to_string(), number.to_uppercase())).or_default() += 1;
            }
        })?;
        if wanted.is_empty() {
            return Ok(ids);
        }
        if let Some(ledger) = self.earlier {
            self.add_from_ledger(ledger, &wanted, &mut ids)?;
        }
        let known = wanted.len() as u64;
        // Another invoice may have the number by now, so the search is asked whatever the ledger knows.
        let left = |ids: &InvoiceIds, wanted: &Wanted| -> Wanted {
            let is_open = |((seller, number), _): &(&(String, String), &u64)| ids.of(seller, number).is_empty();
            wanted.iter().filter(is_open).map(|(key, rows)| (key.clone(), *rows)).collect()
        };
        let unknown = left(&ids, &wanted);
        self.add_from_search(operation, &wanted, &mut ids)?;
        let resolved = |((seller, number), _): &(&(String, String), &u64)| ids.is_resolved(seller, number);
        ids.unresolved = wanted.iter().filter(|entry| !resolved(entry)).map(|(_, rows)| rows).sum();
        self.observer.event(&Event::NumbersLookedUp {
            numbers: known,
            from_ledger: known - unknown.len() as u64,
            from_search: (unknown.len() - left(&ids, &unknown).len()) as u64,
        });
        Ok(ids)
    }

    /// Adds what runs of this ledger put in under these numbers and no run deleted.
    fn add_from_ledger(&self, ledger: &dyn Ledger, wanted: &Wanted, ids: &mut InvoiceIds) -> Result<(), RunError> {
        let mut history = History::new(ledger);
        let creates = |name: &str| Operation::by_name(name).is_some_and(|operation| operation.key == Key::Invoice);
        for run in ledger.runs()?.iter().filter(|run| run.account == self.account && creates(&run.operation)) {
            for sheet in ledger.sheets(run.id)? {
                each_verdict(ledger, &sheet, |verdict| {
                    let key = (verdict.labels.account_id.to_string(), verdict.key.to_uppercase().into());
                    if !wanted.contains_key(&key) {
                        return Ok(());
                    }
                    let outcome = history.fate(run, &verdict.destiny)?.outcome().clone();
                    let stored = matches!(outcome.status, Status::Accepted | Status::AlreadyAccepted);
                    if let Some(id) = outcome.remote_id.filter(|_| stored)
                        && !history.is_deleted(self.account, &id)?
                    {
                        ids.add(&key.0, &key.1, &id);
                    }
                    Ok(())
                })?;
            }
        }
        Ok(())
    }

    /// Adds what the API has under these numbers. No documented filter takes a number, so all invoices are paged through.
    fn add_from_search(&self, operation: &Operation, wanted: &Wanted, ids: &mut InvoiceIds) -> Result<(), RunError> {
        let unable = |reason: &str| RunError::NotLookedUp {
            message: format!("the sheet names invoices by numbers, and they cannot be looked up: {reason}"),
            hint: "run the same command again later, or give the ids in a column invoiceId".to_owned(),
        };
        let Some(api) = self.api else { return Err(unable("the settings name no credentials to search with")) };
        let limiter = self.limiter();
        let searcher = self.searcher(api, &limiter);
        let mut sellers: HashMap<&str, Vec<&str>> = HashMap::new();
        for (seller, number) in wanted.keys() {
            sellers.entry(number).or_default().push(seller);
        }
        let number_of = |record: &Record| record.text("invoiceNumber").map(|number| number.trim().to_uppercase());
        let keep = |record: &Record| number_of(record).is_some_and(|number| sellers.contains_key(number.as_str()));
        let found = searcher
            .wanted(Searched::Invoices, &serde_json::json!({}), &keep)
            .and_then(|found| found.map_err(SearchError::Unable))
            .map_err(|error| match error {
                SearchError::Unable(reason) => unable(&reason),
                SearchError::Stop { reason, message } => RunError::Stopped { reason, message },
                SearchError::Ledger(error) => RunError::Ledger(error),
            })?;
        for record in &found.records {
            let (Some(number), Some(id)) = (number_of(record), record.text(operation.remote_id)) else { continue };
            let seller = record.text("sellerId");
            for of in sellers.get(number.as_str()).into_iter().flatten() {
                if seller.as_ref().is_none_or(|seller| seller == of) {
                    ids.add(of, &number, &id);
                }
            }
        }
        if limiter.keep_distance(self.stop) { Ok(()) } else { Err(RunError::Interrupted) }
    }
}
