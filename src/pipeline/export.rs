//! Searches as files, and the customer directory from the API.
//!
//! Owns who may ask: under the account's lock, at its pace, within its day. Leaves reading and writing to
//! [`crate::export`].

use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::Pipeline;
use crate::api::{Api, Searched};
use crate::error::RunError;
use crate::export::pull::{self, Change};
use crate::export::search::{Export, ReadSearch};
use crate::export::write::Style;
use crate::export::{Place, filters};
use crate::send::common::Common;
use crate::send::limiter::Limiter;
use crate::send::search::Searcher;

impl Pipeline<'_> {
    /// Exports all records of a search; `out` is standard output, for an export without a file.
    pub fn export(
        &self,
        searched: Searched,
        given: &[(String, String)],
        place: &Place,
        out: &mut (dyn Write + Send),
    ) -> Result<ReadSearch, RunError> {
        let filters: Value = filters::body(searched, given)?;
        let limiter = self.limiter();
        let searcher = self.searcher(self.way_out()?, &limiter);
        Export { searched, filters: &filters, place, style: self.style() }.run(&searcher, out)
    }

    /// Brings the account's customer directory up to date; `place` takes an export of the customers, too.
    pub fn pull(&self, place: Option<&Place>) -> Result<Change, RunError> {
        let limiter = self.limiter();
        let searcher = self.searcher(self.way_out()?, &limiter);
        pull::run(&searcher, self.ledger, &self.pull_partial(), place, self.style())
    }

    /// Where a pull keeps what it read until it is complete: beside the ledger, for each account its own.
    fn pull_partial(&self) -> PathBuf {
        let account = blake3::hash(self.account.as_bytes()).to_hex();
        self.settings.places.state.join(format!("pull-{}.partial", &account[..16]))
    }

    /// How CSV is written, as results are.
    pub(super) fn style(&self) -> Style {
        let places = &self.settings.places;
        Style { bom: places.results_bom, delimiter: places.results_delimiter }
    }

    pub(super) fn limiter(&self) -> Limiter<'_> {
        let sending = &self.settings.sending;
        let common = self.ledger.shared().map(|ledger| Common {
            ledger,
            account: self.account,
            timezone: &self.settings.timezone,
            rate: sending.rate,
            burst: sending.burst,
            per_day: sending.per_day,
            gate: Mutex::new(()),
        });
        Limiter::new(sending.rate, sending.burst, Arc::clone(&self.clock)).with_common(common)
    }

    pub(super) fn way_out(&self) -> Result<&dyn Api, RunError> {
        self.api.ok_or_else(|| RunError::Input {
            message: "the settings name no credentials to search with".to_owned(),
            hint: "see \"arload config init\", or try --sandbox".to_owned(),
        })
    }

    /// Asks searches as this account.
    pub(super) fn searcher<'s>(&'s self, api: &'s dyn Api, limiter: &'s Limiter<'s>) -> Searcher<'s> {
        Searcher {
            api,
            limiter,
            clock: self.clock.as_ref(),
            stop: self.stop,
            ledger: self.ledger,
            account: self.account,
            timezone: &self.settings.timezone,
            per_day: self.settings.sending.per_day,
            observer: self.observer,
            unit: Mutex::new(None),
        }
    }
}
