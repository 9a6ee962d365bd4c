//! Control totals of runs, each added up once.
//!
//! The rule: they come from the ledger, or from the run that has just ended, which added them up from there.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::error::RunError;
use crate::ledger::{Ledger, Run, RunId};
use crate::outcome::Totals;
use crate::results;

/// Totals of runs, kept while they are of use.
pub struct Tallies<'l> {
    ledger: &'l dyn Ledger,
    known: RefCell<HashMap<RunId, Rc<Totals>>>,
}

impl<'l> Tallies<'l> {
    /// Over a ledger, with nothing added up yet.
    pub fn new(ledger: &'l dyn Ledger) -> Self {
        Self { ledger, known: RefCell::default() }
    }

    /// With what is known of a run already.
    #[must_use]
    pub fn with(self, run: RunId, totals: Totals) -> Self {
        self.known.borrow_mut().insert(run, Rc::new(totals));
        self
    }

    /// The ledger.
    pub fn ledger(&self) -> &'l dyn Ledger {
        self.ledger
    }

    /// The totals of a run.
    pub fn totals(&self, run: &Run) -> Result<Rc<Totals>, RunError> {
        if let Some(totals) = self.known.borrow().get(&run.id) {
            return Ok(Rc::clone(totals));
        }
        let totals = Rc::new(results::totals(self.ledger, run)?.0);
        self.known.borrow_mut().insert(run.id, Rc::clone(&totals));
        Ok(totals)
    }
}
