//! Runs and their sheets: shown as a whole, and found again.

use super::{ACCOUNT, in_each, new_run, now, planned};
use crate::ledger::{NewSheet, RunId, RunState, SheetId, blob};

#[test]
fn a_plan_shows_as_a_whole_or_not_at_all() {
    in_each(|ledger| {
        let run = ledger.begin_plan(&new_run(1)).unwrap();
        ledger.abandon_plan().unwrap();
        assert!(ledger.run(run).unwrap().is_none());

        let (run, chunk) = planned(ledger, 2);
        assert_eq!(ledger.run(run).unwrap().unwrap().state, RunState::Open);
        let sheet = ledger.sheets(run).unwrap().remove(0);
        assert_eq!((sheet.rows_of, sheet.path.as_str()), (sheet.id, "/in/a.csv"));
        assert_eq!(ledger.row_block(sheet.id, 0).unwrap().unwrap(), b"rows");
        assert_eq!(ledger.row_block(sheet.id, 1).unwrap(), None);
        assert_eq!(ledger.verdict_block(sheet.id, 0).unwrap().unwrap(), b"verdicts");
        assert_eq!(ledger.block_ranges(sheet.id).unwrap(), [(0, 2..=3)]);
        assert_eq!(ledger.block_ranges(SheetId(sheet.id.0 + 1)).unwrap(), []);
        assert_eq!(ledger.rows_with_content(&[2; 32]).unwrap(), Some(sheet.id));
        assert_eq!(blob::decompress(&ledger.chunk_payload(chunk).unwrap()).unwrap(), b"a\n1\n2\n");
    });
}

#[test]
fn runs_are_found_by_content_path_and_state() {
    in_each(|ledger| {
        let (first, _) = planned(ledger, 1);
        let (second, _) = planned(ledger, 1);
        let found: Vec<RunId> =
            ledger.runs_with_content(ACCOUNT, "invoices create", &[1; 32]).unwrap().iter().map(|run| run.id).collect();
        assert_eq!(found, [second, first]);
        assert!(ledger.runs_with_content(ACCOUNT, "customers create", &[1; 32]).unwrap().is_empty());

        ledger.set_run_state(first, RunState::Superseded, "changed", Some(second), now()).unwrap();
        let open = ledger.open_runs_with_path(ACCOUNT, "invoices create", "/in/a.csv").unwrap();
        assert_eq!(open.iter().map(|run| run.id).collect::<Vec<_>>(), [second]);
        let closed = ledger.run(first).unwrap().unwrap();
        assert_eq!((closed.successor, closed.reason.as_str()), (Some(second), "changed"));
        assert!(closed.finished_at.is_some());
    });
}

#[test]
fn a_file_that_moved_is_found_at_its_new_place() {
    in_each(|ledger| {
        let (first, _) = planned(ledger, 1);
        let (second, _) = planned(ledger, 2);
        let at = |path: &str| ledger.runs_with_path(path).unwrap().iter().map(|run| run.id).collect::<Vec<_>>();
        assert_eq!(at("/in/a.csv"), [second, first]);
        ledger.set_run_state(first, RunState::Finished, "", None, now()).unwrap();
        assert!(ledger.place_run(second, "/in/b.csv").unwrap());
        assert_eq!((at("/in/a.csv"), at("/in/b.csv")), (vec![first], vec![second]));
        ledger.file_moved("/in/a.csv", "/done/a.csv").unwrap();
        assert_eq!((at("/in/a.csv"), at("/done/a.csv")), (vec![], vec![first]));
        assert_eq!(ledger.sheets(first).unwrap()[0].file_name, "a.csv");
        assert!(ledger.knows_path("/done/a.csv").unwrap() && !ledger.knows_path("/in/a.csv").unwrap());
    });
}

#[test]
fn which_rows_correct_which_is_handed_out_both_ways() {
    in_each(|ledger| {
        let (first, _) = planned(ledger, 1);
        let of = ledger.sheets(first).unwrap()[0].id;
        let run = ledger.begin_plan(&new_run(2)).unwrap();
        let sheet = NewSheet {
            ordinal: 0,
            path: "/in/a.corrections.xlsx",
            file_name: "a.corrections.xlsx",
            sheet_name: Some("a"),
            content: [2; 32],
            facts: "{}",
            rows_of: None,
        };
        let sheet = ledger.add_sheet(run, &sheet).unwrap();
        ledger.add_correction(sheet, of, b"links").unwrap();
        ledger.commit_plan().unwrap();
        assert_eq!(ledger.corrected_in(of).unwrap(), [(sheet, b"links".to_vec())]);
        assert_eq!(ledger.corrects(sheet).unwrap(), [of]);
        assert_eq!((ledger.corrected_in(sheet).unwrap().len(), ledger.corrects(of).unwrap().len()), (0, 0));
    });
}
