//! Exports of searches whose records do not stand still, and of what operations that read were answered.

use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::Pipeline;
use super::tests::{World, answer, takes};
use crate::api::{Api, Call, Exchange, Search, Searched, Token, TokenError};
use crate::error::RunError;
use crate::event::Event;
use crate::export::{Format, Place};
use crate::ledger::{Ledger, RunId};
use crate::sandbox::OffsetUnit;
use crate::stop::StopReason;

/// Changes the records before a request, by its number.
type Before = Box<dyn Fn(u32, &mut Vec<u32>) + Send + Sync>;

/// A search over invoices by number, which change as the requests come.
struct Paged {
    state: Mutex<State>,
    unit: OffsetUnit,
    cap: usize,
    wrapped: bool,
    /// What happens before a request, by its number from 1.
    before: Before,
}

struct State {
    numbers: Vec<u32>,
    asked: u32,
}

fn paged(numbers: u32, before: impl Fn(u32, &mut Vec<u32>) + Send + Sync + 'static) -> Paged {
    Paged {
        state: Mutex::new(State { numbers: (1..=numbers).collect(), asked: 0 }),
        unit: OffsetUnit::Rows,
        cap: 10,
        wrapped: false,
        before: Box::new(before),
    }
}

impl Paged {
    fn asked(&self) -> u32 {
        self.state.lock().unwrap().asked
    }
}

impl Api for Paged {
    fn token(&self) -> Result<Token, TokenError> {
        Ok(Token { secret: "t".to_owned().into(), generation: 1 })
    }

    fn discard(&self, _: &Token) {}

    fn call(&self, _: &Token, _: &Call<'_>) -> Exchange {
        unreachable!("an export sends nothing")
    }

    fn search(&self, _: &Token, search: &Search<'_>) -> Exchange {
        let mut state = self.state.lock().unwrap();
        state.asked += 1;
        let asked = state.asked;
        (self.before)(asked, &mut state.numbers);
        let size = self.cap.min(search.limit as usize);
        let skipped = match self.unit {
            OffsetUnit::Rows => search.offset as usize,
            OffsetUnit::Pages => search.offset as usize * size,
        };
        let shown = state.numbers.iter().skip(skipped).take(size);
        let records: Vec<Value> = shown
            .map(|number| json!({"invoiceId": format!("I{number}"), "invoiceNumber": format!("A{number:04}")}))
            .collect();
        let payload =
            if self.wrapped { json!({"data": records, "count": state.numbers.len()}) } else { json!(records) };
        answer(200, &json!({"response_code": 0, "payload": payload}).to_string())
    }
}

/// Exports all invoices to a file of the world.
fn export(world: &World, api: &Paged, name: &str) -> Result<(), RunError> {
    let place = Place::settle(Some(&world.path(name)), false)?;
    world.with(&[], |pipeline| {
        let pipeline = Pipeline { api: Some(api), clock: Arc::clone(&pipeline.clock), ..*pipeline };
        pipeline.export(Searched::Invoices, &[], &place, &mut std::io::sink()).map(drop)
    })
}

/// The column of an export.
fn column(path: &Path, name: &str) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let at = reader.headers().unwrap().iter().position(|heading| heading == name).unwrap();
    reader.records().map(|row| row.unwrap()[at].to_owned()).collect()
}

fn numbers(world: &World, name: &str) -> Vec<u32> {
    column(&world.path(name), "invoiceNumber").iter().map(|number| number[1..].parse().unwrap()).collect()
}

#[test]
fn an_export_is_whole_and_sorted_whatever_shape_offsets_and_pages_have() {
    for (unit, wrapped, cap, records) in [
        (OffsetUnit::Rows, false, 10, 57),
        (OffsetUnit::Rows, true, 7, 57),
        (OffsetUnit::Pages, false, 10, 60),
        (OffsetUnit::Pages, true, 8, 1),
        (OffsetUnit::Rows, false, 10, 0),
    ] {
        let world = World::new(takes);
        let mut api = paged(records, |_, numbers| numbers.sort_unstable_by(|a, b| b.cmp(a)));
        (api.unit, api.wrapped, api.cap) = (unit, wrapped, cap);
        export(&world, &api, "a.csv").unwrap();
        assert_eq!(numbers(&world, "a.csv"), (1..=records).collect::<Vec<_>>(), "{unit:?} {wrapped} {cap}");
        assert!(!world.path("a.csv.partial").exists());
    }
}

#[test]
fn records_that_stay_are_exported_once_while_others_come_and_go() {
    for unit in [OffsetUnit::Rows, OffsetUnit::Pages] {
        for at in 2..12 {
            for comes in [false, true] {
                let world = World::new(takes);
                let mut api = paged(57, move |asked, numbers| match (asked == at, comes) {
                    (true, true) => numbers.insert(3, 900),
                    (true, false) => {
                        numbers.remove(3);
                    }
                    _ => {}
                });
                api.unit = unit;
                export(&world, &api, "a.csv").unwrap();
                let seen = numbers(&world, "a.csv");
                let staying = (1..=57).filter(|number| comes || *number != 4);
                let missing: Vec<u32> = staying.filter(|number| !seen.contains(number)).collect();
                assert_eq!(missing, [0; 0], "{unit:?} {at} {comes}");
                assert!(seen.is_sorted_by(|a, b| a < b), "{seen:?}");
            }
        }
    }
}

#[test]
fn records_that_never_stand_still_leave_no_file() {
    let world = World::new(takes);
    let api = paged(57, |_, numbers| {
        numbers.remove(0);
    });
    let end = export(&world, &api, "a.csv").unwrap_err();
    assert!(end.to_string().contains("changed while they were read; nothing was written"), "{end}");
    assert!(!world.path("a.csv").exists());
}

#[test]
fn an_interrupted_export_goes_on_where_it_was_and_other_filters_begin_anew() {
    for unit in [OffsetUnit::Rows, OffsetUnit::Pages] {
        let mut whole = paged(57, |_, _| {});
        whole.unit = unit;
        export(&World::new(takes), &whole, "a.csv").unwrap();

        let mut world = World::new(takes);
        let mut api = paged(57, |_, _| {});
        api.unit = unit;
        // Two requests of the day are left, then two more, until it is done.
        let mut allowed = 0;
        while !world.path("a.csv").exists() {
            allowed += 2;
            world = world.then(takes);
            let place = Place::settle(Some(&world.path("a.csv")), false).unwrap();
            let left = allowed.to_string();
            let end = world.with(&[("per-day", left.as_str())], |pipeline| {
                let pipeline = Pipeline { api: Some(&api), clock: Arc::clone(&pipeline.clock), ..*pipeline };
                pipeline.export(Searched::Invoices, &[], &place, &mut std::io::sink())
            });
            let quota = matches!(&end, Err(RunError::Export { reason: Some(StopReason::Quota), .. }));
            assert!(quota || world.path("a.csv").exists(), "{end:?}");
            assert!(allowed < 40, "the export never ends");
        }
        assert_eq!(numbers(&world, "a.csv"), (1..=57).collect::<Vec<_>>());
        // What was stopped costs no request twice.
        assert_eq!(api.asked(), whole.asked(), "{unit:?}");

        std::fs::remove_file(world.path("a.csv")).unwrap();
        let place = Place::settle(Some(&world.path("a.csv")), false).unwrap();
        let ask = |given: &[(String, String)], per_day: &str| {
            world.with(&[("per-day", per_day)], |pipeline| {
                let pipeline = Pipeline { api: Some(&api), clock: Arc::clone(&pipeline.clock), ..*pipeline };
                pipeline.export(Searched::Invoices, given, &place, &mut std::io::sink()).map(|read| read.requests)
            })
        };
        let used = api.asked() + 3;
        assert!(ask(&[], &used.to_string()).is_err());
        let filter = [("dispatched".to_owned(), "true".to_owned())];
        assert_eq!(ask(&filter, "1000").unwrap(), u64::from(whole.asked()), "{unit:?}");
    }
}

#[test]
fn a_search_that_shows_no_customer_leaves_the_directory_alone() {
    let world = World::new(takes);
    let known = crate::directory::Entry { customer_id: "KC0123456789ABCD".to_owned(), ..Default::default() };
    let account = "http://127.0.0.1:9 CEK4T7M2QA";
    world.ledger.change_customers(account, &[known], &[]).unwrap();
    let end = world.with(&[], |pipeline| pipeline.pull(None)).unwrap_err();
    assert!(end.to_string().contains("the directory has 1 customer, which stay"), "{end}");
    assert_eq!(world.ledger.customers(account).unwrap().len(), 1);
}

#[test]
fn what_was_read_stands_beside_the_results_with_the_row_it_was_read_for() {
    let world = World::new(|asked| {
        let id = asked.lines().nth(1).unwrap().to_owned();
        match id.as_str() {
            "KC9B2X7M4Q1Z8T6D" => answer(
                200,
                r#"{"response_code":0,"payload":[{"name":"Asha","mobile":"+919876543210","odd":{"a":1}},{"name":"=Ravi"}]}"#,
            ),
            "KC9B2X7M4Q1Z8T6E" => answer(
                404,
                r#"{"response_code":404,"errorResponse":{"errorType":"RECORD_NOT_FOUND","errorMessage":"no such customer"}}"#,
            ),
            _ => answer(
                200,
                r#"{"response_code":0,"payload":{"data":[{"name":"Meera","customerId":"KC9B2X7M4Q1Z8T6F"}]}}"#,
            ),
        }
    });
    let sheet = world.path("who.csv");
    std::fs::write(&sheet, "Customer Id\nKC9B2X7M4Q1Z8T6D\nKC9B2X7M4Q1Z8T6E\nKC9B2X7M4Q1Z8T6F\n").unwrap();
    let report =
        world.run_operation("customers contacts", &[&sheet.display().to_string()], &[("yes", "true")]).unwrap();
    let export = world.path("who.export.csv");
    assert!(report.files.contains(&export), "{:?}", report.files);
    assert_eq!(column(&export, "sheet_row"), ["2", "2", "4"]);
    assert_eq!(column(&export, "customerId"), ["KC9B2X7M4Q1Z8T6D", "KC9B2X7M4Q1Z8T6D", "KC9B2X7M4Q1Z8T6F"]);
    assert_eq!(column(&export, "name"), ["Asha", "'=Ravi", "Meera"]);
    assert_eq!(column(&export, "odd"), ["{\"a\":1}", "", ""]);

    let before = std::fs::read(&export).unwrap();
    std::fs::remove_file(&export).unwrap();
    let run = world.ledger.run(RunId(1)).unwrap().unwrap();
    world.with(&[], |pipeline| pipeline.write_results(&run)).unwrap();
    assert_eq!(std::fs::read(&export).unwrap(), before);
    world.with(&[], |pipeline| pipeline.write_results_as(&run, Format::Json)).unwrap();
    let json: Value = serde_json::from_slice(&std::fs::read(world.path("who.export.json")).unwrap()).unwrap();
    assert_eq!(
        (json.as_array().unwrap().len(), &json[0]["odd"]["a"], &json[2]["sheet_row"]),
        (3, &json!(1), &json!(4))
    );
    world.with(&[], |pipeline| pipeline.write_results_as(&run, Format::Xlsx)).unwrap();
    let xlsx = std::fs::read(world.path("who.export.xlsx")).unwrap();
    world.with(&[], |pipeline| pipeline.write_results_as(&run, Format::Xlsx)).unwrap();
    assert_eq!(std::fs::read(world.path("who.export.xlsx")).unwrap(), xlsx);
    // An operation that writes has none.
    world.run(&[&world.sheet("april.csv", &[("A-1", "100.00")])], &[]).unwrap();
    assert!(!world.path("april.export.csv").exists());
    assert!(!world.heard.0.lock().unwrap().iter().any(|event| matches!(event, Event::Warning { .. })));
}
