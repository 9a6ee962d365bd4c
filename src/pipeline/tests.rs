//! Runs from sheets to results against a scripted API, with a real ledger and real files.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use super::{Pipeline, Report};
use crate::api::{Api, Call, Exchange, Response, Search, Token, TokenError};
use crate::clock::TestClock;
use crate::config::given::FlagValues;
use crate::config::layers::{Layers, Purpose};
use crate::error::RunError;
use crate::event::{Event, Observer};
use crate::ledger::sqlite::SqliteLedger;
use crate::operation::Operation;
use crate::stop::Stop;

/// What the API does with a file; given the file's text.
type Script = Box<dyn Fn(&str) -> Exchange + Send + Sync>;

pub(super) struct FakeApi {
    pub(super) script: Script,
    pub(super) uploads: Mutex<Vec<String>>,
    /// Whether searches cannot be answered; else they find nothing.
    pub(super) search_down: bool,
}

impl Api for FakeApi {
    fn token(&self) -> Result<Token, TokenError> {
        Ok(Token { secret: "t".to_owned().into(), generation: 1 })
    }

    fn discard(&self, _: &Token) {}

    fn call(&self, _: &Token, upload: &Call<'_>) -> Exchange {
        let body = String::from_utf8(upload.payload.to_vec()).unwrap();
        self.uploads.lock().unwrap().push(body.clone());
        (self.script)(&body)
    }

    fn search(&self, _: &Token, _: &Search<'_>) -> Exchange {
        let status = if self.search_down { 404 } else { 200 };
        answer(status, r#"{"response_code":0,"payload":[]}"#)
    }
}

pub(super) fn answer(status: u16, body: &str) -> Exchange {
    Exchange::Answered(Response { status, body: body.into(), complete: true, ..Response::default() })
}

/// Takes every row.
pub(super) fn takes(body: &str) -> Exchange {
    let rows = body.lines().count() - 1;
    answer(200, &format!(r#"{{"response_code":0,"payload":{{"success_count":{rows},"failure_count":0}}}}"#))
}

/// Refuses the second row by number and takes the others.
pub(super) fn refuses_second(body: &str) -> Exchange {
    let rows = body.lines().count() - 2;
    answer(
        200,
        &format!(
            r#"{{"payload":{{"success_count":{rows},"failure_count":1,"failureRequests":[{{"rowNumber":3,"errorMessage":"customer is not active"}}]}}}}"#
        ),
    )
}

#[derive(Default)]
pub(super) struct Heard(pub(super) Mutex<Vec<Event>>);

impl Observer for Heard {
    fn event(&self, event: &Event) {
        self.0.lock().unwrap().push(event.clone());
    }
}

/// A folder with sheets, a ledger and an API.
pub(super) struct World {
    pub(super) folder: tempfile::TempDir,
    pub(super) ledger: SqliteLedger,
    pub(super) api: FakeApi,
    pub(super) clock: Arc<TestClock>,
    pub(super) stop: Stop,
    pub(super) heard: Heard,
}

impl World {
    pub(super) fn new(script: impl Fn(&str) -> Exchange + Send + Sync + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ledger = SqliteLedger::open(&folder.path().join("ledger.db")).unwrap();
        let api = FakeApi { script: Box::new(script), uploads: Mutex::default(), search_down: false };
        let (clock, stop, heard) = (Arc::new(TestClock::default()), Stop::default(), Heard::default());
        Self { folder, ledger, api, clock, stop, heard }
    }

    /// The same ledger and files with another API, as in a later start.
    pub(super) fn then(mut self, script: impl Fn(&str) -> Exchange + Send + Sync + 'static) -> Self {
        self.api = FakeApi { script: Box::new(script), uploads: Mutex::default(), search_down: false };
        self.stop = Stop::default();
        self
    }

    /// The same with an API whose search cannot be asked.
    pub(super) fn without_search(mut self) -> Self {
        self.api.search_down = true;
        self
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A sheet of invoices: number and amount each.
    pub(super) fn sheet(&self, name: &str, rows: &[(&str, &str)]) -> String {
        let mut text = "invoiceNumber,customerId,invoiceDate,dueDate,baseAmount\n".to_owned();
        for (number, amount) in rows {
            text.extend([*number, ",KC9B2X7M4Q1Z8T6D,2026-05-20,2026-06-20,", *amount, "\n"]);
        }
        std::fs::write(self.path(name), text).unwrap();
        self.path(name).display().to_string()
    }

    pub(super) fn run(&self, sheets: &[&String], flags: &[(&'static str, &str)]) -> Result<Report, RunError> {
        self.run_operation("invoices create", sheets, flags)
    }

    pub(super) fn run_operation(
        &self,
        operation: &str,
        sheets: &[&String],
        flags: &[(&'static str, &str)],
    ) -> Result<Report, RunError> {
        let operation = Operation::by_name(operation).unwrap();
        self.with(flags, |pipeline| {
            let inputs: Vec<String> = sheets.iter().map(|sheet| (*sheet).clone()).collect();
            pipeline.run_sheets(operation, &inputs, Box::new(std::io::empty()))
        })
    }

    pub(super) fn with<T>(&self, flags: &[(&'static str, &str)], act: impl FnOnce(&Pipeline<'_>) -> T) -> T {
        let mut values = FlagValues::default();
        values.text("concurrency", Some("1".to_owned()));
        // The canary has tests of its own.
        values.text("canary", Some("0".to_owned()));
        for (key, value) in flags {
            values.text(key, Some((*value).to_owned()));
        }
        let environment: BTreeMap<String, String> = [
            ("ARLOAD_BASE_URL", "http://127.0.0.1:9"),
            ("ARLOAD_COMPANY_ID", "CEK4T7M2QA"),
            ("ARLOAD_CLIENT_ID", "CEK4T7M2QA"),
            ("ARLOAD_CLIENT_SECRET", "s"),
            ("ARLOAD_USERNAME", "u"),
            ("ARLOAD_PASSWORD", "p"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        let operation = Operation::by_name("invoices create").unwrap();
        let layers = Layers {
            flags: &values,
            environment: &environment,
            file: None,
            default_state: self.folder.path(),
            purpose: Purpose::Sheets(operation),
        };
        let settings = layers.settle().unwrap().settings;
        act(&Pipeline {
            settings: &settings,
            account: "http://127.0.0.1:9 CEK4T7M2QA",
            host: "127.0.0.1:9",
            ledger: &self.ledger,
            earlier: Some(&self.ledger),
            api: Some(&self.api),
            clock: Arc::clone(&self.clock) as _,
            stop: &self.stop,
            observer: &self.heard,
        })
    }

    /// What was said of sheets that were refused.
    pub(super) fn refusals(&self) -> Vec<String> {
        let heard = self.heard.0.lock().unwrap();
        let refused = heard.iter().filter_map(|event| match event {
            Event::SheetRefused { message, .. } => Some(message.clone()),
            _ => None,
        });
        refused.collect()
    }

    pub(super) fn uploads(&self) -> usize {
        self.api.uploads.lock().unwrap().len()
    }

    /// Status and code of each row of a result.
    pub(super) fn results(&self, name: &str) -> Vec<(String, String)> {
        let mut reader = csv::Reader::from_path(self.path(name)).unwrap();
        reader.records().map(|row| row.unwrap()).map(|row| (row[2].to_owned(), row[3].to_owned())).collect()
    }

    pub(super) fn messages(&self, name: &str) -> Vec<String> {
        let mut reader = csv::Reader::from_path(self.path(name)).unwrap();
        reader.records().map(|row| row.unwrap()[4].to_owned()).collect()
    }
}

pub(super) fn of(statuses: &[(&str, &str)]) -> Vec<(String, String)> {
    statuses.iter().map(|(status, code)| ((*status).to_owned(), (*code).to_owned())).collect()
}

pub(super) const TWO: &[(&str, &str)] = &[("A-1", "100.00"), ("A-2", "200.00")];
