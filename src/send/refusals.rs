//! The refusal budget: how many files may be refused whole, in a run and in a day, before nothing more is tried.
//!
//! Issuers block clients that are refused again and again. The rule: what the budget leaves is not sent.

use crate::ledger::{Ledger, LedgerError, RunId};
use crate::wording::count;

/// Files that were refused whole so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refusals {
    /// Of the run.
    pub(super) of_run: u64,
    /// Of the account's day.
    pub(super) of_day: u64,
}

impl Refusals {
    /// As the ledger counts them.
    pub(super) fn so_far(ledger: &dyn Ledger, run: RunId, account: &str, day: &str) -> Result<Self, LedgerError> {
        Ok(Self { of_run: ledger.refused_requests(run)?, of_day: ledger.day_count(account, day)?.1 })
    }

    /// Refusals that the budget still allows.
    pub(super) fn left(self, budget: u32) -> u64 {
        u64::from(budget).saturating_sub(self.of_run.max(self.of_day))
    }

    /// Why nothing more is tried.
    pub(super) fn words(self, budget: u32) -> String {
        let (number, of) =
            if self.of_run >= self.of_day { (self.of_run, "in this run") } else { (self.of_day, "today") };
        format!(
            "{} refused whole {of}, and --refusal-budget is {budget}; look at the reasons, then pass a larger one",
            count(number, "upload")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_larger_of_run_and_day_counts_against_the_budget() {
        for (of_run, of_day, budget, left) in
            [(0, 0, 200, 200), (3, 5, 200, 195), (200, 200, 200, 0), (1, 250, 200, 0), (0, 0, 0, 0)]
        {
            assert_eq!(Refusals { of_run, of_day }.left(budget), left, "{of_run} {of_day} {budget}");
        }
        let words = Refusals { of_run: 1, of_day: 9 }.words(5);
        assert!(words.starts_with("9 uploads refused whole today, and --refusal-budget is 5"), "{words}");
    }
}
