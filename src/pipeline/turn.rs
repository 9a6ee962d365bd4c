//! Planning of one account is done by one process at a time: under the account's lock, or, where a ledger is shared, by
//! the worker that leads it.
//!
//! The one rule: from the moment that rows are held against what is known until they are planned, nobody else plans, and
//! nothing more leaves of the runs whose rows are taken over.

use std::time::Duration;

use super::Pipeline;
use crate::error::RunError;
use crate::event::Event;
use crate::ledger::{PostgresLedger, RunId};

/// How often a worker asks for its turn.
const POLL: Duration = Duration::from_millis(300);

/// The turn of this worker to plan; given back when it is dropped.
pub(super) struct Turn<'a> {
    ledger: &'a PostgresLedger,
    name: String,
    held: Vec<RunId>,
}

impl Turn<'_> {
    /// Lets nothing more leave of runs whose rows are about to be taken over.
    pub(super) fn hold_back(&mut self, superseding: &[(RunId, String)]) -> Result<(), RunError> {
        self.held = superseding.iter().map(|(run, _)| *run).collect();
        Ok(self.ledger.hold_back(&self.held)?)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        // What cannot be given back ends with this worker.
        let _ = self.ledger.let_go_on(&self.held);
        let _ = self.ledger.resign(&self.name);
    }
}

impl Pipeline<'_> {
    /// Waits for the turn to plan for this account; none where the account's lock stands for it.
    pub(super) fn turn_to_plan(&self) -> Result<Option<Turn<'_>>, RunError> {
        let Some(ledger) = self.ledger.shared() else { return Ok(None) };
        let name = PostgresLedger::planning(self.account);
        let mut told = false;
        while !ledger.lead(&name)? {
            if !told {
                let message = "another process plans for this account in the shared ledger; waiting for it".to_owned();
                self.observer.event(&Event::Warning { message, hint: None });
                told = true;
            }
            if self.clock.wait(POLL, self.stop) {
                return Err(RunError::Interrupted);
            }
        }
        Ok(Some(Turn { ledger, name, held: Vec::new() }))
    }
}
