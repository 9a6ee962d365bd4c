//! Measuring: generated sheets, the stages of a run over them, and figures beside a baseline of the same run.
//!
//! [`mod@generate`] writes sheets, [`stages`] names what is measured, [`measure`] does one stage once, [`session`] repeats them
//! and [`report`] makes a table of it. Each stage is the real code over real files; where something is sent, it goes over
//! HTTP. The rule: a ratio compares two figures of the same run, because no other two can be compared.

mod draw;
pub mod generate;
pub mod measure;
pub mod pace;
mod party;
pub mod plot;
pub mod report;
mod rows;
pub mod session;
pub mod stages;
mod usage;
pub mod watch;
mod whole;

use serde::{Deserialize, Serialize};

use crate::operation::Operation;

/// What a generated sheet is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// What its rows are.
    pub kind: SheetOf,
    /// Data rows.
    pub rows: u64,
    /// Start of every draw.
    pub seed: u64,
    /// Share of bad rows, 0 to 1. Each has one fault, or three where all rows are bad.
    pub bad: f64,
    /// Customers that invoices go to; empty makes some up.
    pub customers: Vec<String>,
}

impl Default for Recipe {
    fn default() -> Self {
        Recipe { kind: SheetOf::Invoices, rows: 1_000_000, seed: 1, bad: 0.01, customers: Vec::new() }
    }
}

/// What the rows of a generated sheet are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SheetOf {
    /// Invoices, 18 columns.
    Invoices,
    /// Customers, 12 columns.
    Customers,
}

impl SheetOf {
    /// The operation that creates them.
    pub fn operation(self) -> &'static Operation {
        let resource = match self {
            SheetOf::Invoices => "invoices",
            SheetOf::Customers => "customers",
        };
        Operation::find(resource, "create").expect("the table has both")
    }
}

/// Which kind of file a generated sheet is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SheetForm {
    /// Text, comma, CRLF.
    Csv,
    /// The same, packed with gzip.
    CsvGz,
    /// A workbook of one sheet.
    Xlsx,
}

impl SheetForm {
    /// How its files' names end.
    pub fn extension(self) -> &'static str {
        match self {
            SheetForm::Csv => "csv",
            SheetForm::CsvGz => "csv.gz",
            SheetForm::Xlsx => "xlsx",
        }
    }
}
