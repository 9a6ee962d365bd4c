//! What is remembered of an account: canaries, histories, its customers.

use super::{ACCOUNT, DAY, in_each, now, planned};
use crate::directory::Entry;
use crate::ledger::{Canary, HistoryMark};

#[test]
fn canaries_and_histories_are_remembered_by_account() {
    in_each(|ledger| {
        let (run, _) = planned(ledger, 1);
        assert_eq!(ledger.canary(ACCOUNT, &[1; 32]).unwrap(), None);
        let canary = Canary { proven: true, run, ordinal: 1, differences: String::new() };
        ledger.set_canary(ACCOUNT, &[1; 32], &canary).unwrap();
        assert_eq!(ledger.canary(ACCOUNT, &[1; 32]).unwrap(), Some(canary));
        assert_eq!(ledger.canary("other", &[1; 32]).unwrap(), None);
        assert_eq!(ledger.history(ACCOUNT, "invoice").unwrap(), None);
        let first = HistoryMark { since: now(), complete: true };
        ledger.begin_history(ACCOUNT, "invoice", first).unwrap();
        ledger.begin_history(ACCOUNT, "invoice", HistoryMark { complete: false, ..first }).unwrap();
        assert_eq!(ledger.history(ACCOUNT, "invoice").unwrap(), Some(first));
        assert_eq!(ledger.history(ACCOUNT, "customer").unwrap(), None);
        ledger.count_request(ACCOUNT, DAY).unwrap();
        assert_eq!(ledger.day_count(ACCOUNT, DAY).unwrap(), (1, 0));
    });
}

#[test]
fn a_directory_is_changed_as_a_whole_and_for_its_account_alone() {
    in_each(|ledger| {
        let entry = |id: u8, code: &str| Entry {
            customer_id: format!("KC0123456789ABC{id}"),
            code: Some(code.to_owned()),
            ..Entry::default()
        };
        ledger.change_customers("other", &[entry(1, "C1")], &[]).unwrap();
        ledger.change_customers(ACCOUNT, &[entry(1, "C1"), entry(2, "C2")], &[]).unwrap();
        ledger.change_customers(ACCOUNT, &[entry(2, "C9"), entry(3, "C3")], &[entry(1, "").customer_id]).unwrap();
        assert_eq!(ledger.customers(ACCOUNT).unwrap(), [entry(2, "C9"), entry(3, "C3")]);
        assert_eq!(ledger.customers("other").unwrap(), [entry(1, "C1")]);
    });
}
