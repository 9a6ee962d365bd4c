//! Rows of which an answer or a search says something that may be about another row, or about another try.

use std::sync::atomic::{AtomicU64, Ordering};

use super::rounds_tests::{World, counts};
use crate::api::client::HttpApi;
use crate::api::{Api, Call, Exchange, Search, Token, TokenError};
use crate::outcome::Status;
use crate::sandbox::{Duplicates, Fault, SandboxSettings, ScheduledFault};

const UPLOAD: &str = "/api/v0/invoice/bulk/create";

/// A way to the API on which one upload is held up and comes through with the one that was sent in its stead.
pub(super) struct Late {
    pub(super) api: HttpApi,
    pub(super) uploads: AtomicU64,
    pub(super) twice: Option<u64>,
}

impl Api for Late {
    fn token(&self) -> Result<Token, TokenError> {
        self.api.token()
    }

    fn discard(&self, token: &Token) {
        self.api.discard(token);
    }

    fn call(&self, token: &Token, call: &Call<'_>) -> Exchange {
        let number = self.uploads.fetch_add(1, Ordering::SeqCst) + 1;
        if self.twice == Some(number) {
            let _ = self.api.call(token, call);
        }
        self.api.call(token, call)
    }

    fn search(&self, token: &Token, search: &Search<'_>) -> Exchange {
        self.api.search(token, search)
    }
}

fn at_second_upload(settings: &mut SandboxSettings, fault: Fault) {
    at_upload(2, settings, fault);
}

fn at_upload(request: u64, settings: &mut SandboxSettings, fault: Fault) {
    settings.faults.schedule = vec![ScheduledFault { request, route: Some(UPLOAD.to_owned()), fault }];
    settings.refuse_customers = vec!["KC0000000000BADX".to_owned()];
}

const PAIRS: &[(&str, &str)] = &[("max-chunk-rows", "2"), ("concurrency", "1")];

/// Two control rows, then an invoice and a debit note that have all in common that the API is told.
fn alike(world: &World) -> String {
    sheet(world, "april.csv", &[("C-1", "Invoice"), ("C-2", "Invoice"), ("R-1", "Invoice"), ("R-1", "Debit Note")])
}

fn sheet(world: &World, name: &str, rows: &[(&str, &str)]) -> String {
    let row =
        |number: &str, kind: &str| format!("{number},KC9B2X7M4Q1Z8T6D,2026-05-20,2026-06-20,100.00,118.00,{kind}\n");
    let rows: Vec<String> = rows.iter().map(|(number, kind)| row(number, kind)).collect();
    let text = "invoiceNumber,customerId,invoiceDate,dueDate,baseAmount,netAmount,documentType\n".to_owned();
    std::fs::write(world.path(name), text + &rows.concat()).unwrap();
    world.path(name).display().to_string()
}

#[test]
fn one_record_is_not_found_for_two_rows_that_look_alike_at_the_api() {
    // The API takes the second for a duplicate of the first, and its answer is lost.
    let world = World::new(|settings| at_second_upload(settings, Fault::ReplyLost));
    let report = world.run(&alike(&world), PAIRS).unwrap();
    assert_eq!(world.state("invoices"), 3);
    counts(&report, &[(Status::Accepted, 2), (Status::Unknown, 2)]);
    assert_eq!(report.exit.code(), 4);
    assert!(world.said("fits another row as well"));
}

#[test]
fn the_record_of_an_earlier_run_is_not_found_for_a_row_that_looks_like_its_own() {
    let world = World::new(|settings| at_upload(3, settings, Fault::ReplyLost));
    let first = sheet(&world, "april.csv", &[("C-1", "Invoice"), ("C-2", "Invoice"), ("R-1", "Invoice")]);
    assert_eq!(world.run(&first, PAIRS).unwrap().exit.code(), 0);
    let report = world.run(&sheet(&world, "may.csv", &[("R-1", "Debit Note")]), PAIRS).unwrap();
    counts(&report, &[(Status::Accepted, 0), (Status::Unknown, 1)]);
    assert_eq!((report.exit.code(), world.state("invoices")), (4, 3));
}

#[test]
fn two_records_that_look_alike_are_found_for_a_row_each() {
    let world = World::new(|settings| {
        at_second_upload(settings, Fault::ReplyLost);
        settings.replies.duplicates = Duplicates::StoredTwice;
    });
    let report = world.run(&alike(&world), PAIRS).unwrap();
    counts(&report, &[(Status::Accepted, 4), (Status::Unknown, 0)]);
    let mut reader = csv::Reader::from_path(world.path("april.results.csv")).unwrap();
    let ids: Vec<String> = reader.records().map(|row| row.unwrap()[6].to_owned()).collect();
    assert!(!ids[2].is_empty() && ids[2] != ids[3], "{ids:?}");
    assert!(!world.said("stored several times"));
}

#[test]
fn a_row_refused_because_its_first_try_came_through_late_is_accepted() {
    let mut world = World::new(|settings| at_second_upload(settings, Fault::ErrorBeforeStoring));
    world.twice = Some(3);
    let report = world.run(&world.sheet("april.csv", 4, |_| false), PAIRS).unwrap();
    counts(&report, &[(Status::Accepted, 4), (Status::Rejected, 0), (Status::Unknown, 0)]);
    assert_eq!((report.exit.code(), world.state("invoices")), (0, 4));
}

#[test]
fn a_row_refused_when_it_is_sent_again_is_rejected_once_it_is_proved_missing() {
    let world = World::new(|settings| at_second_upload(settings, Fault::ErrorBeforeStoring));
    let report = world.run(&world.sheet("april.csv", 4, |row| row == 4), PAIRS).unwrap();
    counts(&report, &[(Status::Accepted, 3), (Status::Rejected, 1), (Status::Unknown, 0)]);
    let codes = world.codes("april.results.csv");
    assert_eq!(codes[&("rejected".to_owned(), "rejected-by-api".to_owned())], 1);
    assert_eq!((report.exit.code(), world.state("uploads")), (1, 3));
}
