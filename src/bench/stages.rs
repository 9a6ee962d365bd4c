//! The table of stages: what each measures, over which sheet, and what it is compared with.
//!
//! The rule: a stage's baseline stands in this table too, and is measured whenever the stage is.

use serde::{Deserialize, Serialize};

use super::{SheetForm, SheetOf};

/// Something that is measured.
#[derive(Debug)]
pub struct Stage {
    /// Its name, as `--stages` takes it.
    pub name: &'static str,
    /// What is done.
    pub work: Work,
    /// To which sheet.
    pub sheet: Sample,
    /// The stage that its rows a second are divided by those of; none for a baseline.
    pub against: Option<&'static str>,
    /// Whether one worker does it, whatever `--threads` says.
    pub alone: bool,
    /// One line for the table of the help.
    pub about: &'static str,
}

/// What is done to a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Work {
    /// The file is read by the usual library alone, on one thread: `csv`, `flate2` or `calamine`.
    Plain,
    /// It is read by arload's sheet reader alone.
    Read,
    /// It is read and every row is checked.
    Check,
    /// The same with results, as `--dry-run` does.
    DryRun,
    /// It is read, checked and planned, as `--plan` does.
    Plan,
    /// A planned run is sent, up to the last recorded answer.
    Send,
    /// A planned run is sent until half of it is; a preparation only.
    SendHalf,
    /// The same sheet is given again.
    Start,
}

/// Which generated sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sample {
    /// Invoices as CSV, one row in a hundred bad.
    Invoices,
    /// The same, packed.
    Packed,
    /// A tenth as many as a workbook.
    Workbook,
    /// As many, every one with three findings.
    Bad,
    /// Customers as CSV.
    Customers,
}

impl Sample {
    /// What its rows are.
    pub fn kind(self) -> SheetOf {
        if self == Sample::Customers { SheetOf::Customers } else { SheetOf::Invoices }
    }

    /// What kind of file it is.
    pub fn form(self) -> SheetForm {
        match self {
            Sample::Workbook => SheetForm::Xlsx,
            Sample::Packed => SheetForm::CsvGz,
            Sample::Invoices | Sample::Bad | Sample::Customers => SheetForm::Csv,
        }
    }

    /// The share of its rows that is bad.
    pub fn bad(self) -> f64 {
        if self == Sample::Bad { 1.0 } else { 0.01 }
    }

    /// How many rows it has where so many were asked for.
    pub fn rows(self, asked: u64) -> u64 {
        // A worksheet holds a million rows, and few have a tenth of that.
        if self == Sample::Workbook { (asked / 10).clamp(1, 1_000_000) } else { asked }
    }
}

const fn stage(
    name: &'static str,
    work: Work,
    sheet: Sample,
    against: Option<&'static str>,
    about: &'static str,
) -> Stage {
    Stage { name, work, sheet, against, alone: false, about }
}

/// Every stage, in the order of measuring.
pub static STAGES: [Stage; 18] = [
    stage("raw", Work::Plain, Sample::Invoices, None, "the csv crate alone, one thread, one record"),
    stage("read", Work::Read, Sample::Invoices, Some("raw"), "arload's reader alone"),
    stage("check", Work::Check, Sample::Invoices, Some("raw"), "read and check every row"),
    stage("dry-run", Work::DryRun, Sample::Invoices, Some("raw"), "check, duplicates and results"),
    Stage {
        alone: true,
        ..stage("dry-run-1", Work::DryRun, Sample::Invoices, Some("dry-run"), "the same with one worker")
    },
    stage("bad", Work::DryRun, Sample::Bad, Some("dry-run"), "dry run where every row has three findings"),
    stage("customers-raw", Work::Plain, Sample::Customers, None, "the csv crate alone, over customers"),
    stage("customers", Work::DryRun, Sample::Customers, Some("customers-raw"), "dry run of customers"),
    stage("plan", Work::Plan, Sample::Invoices, Some("raw"), "read, check and plan into a new ledger"),
    stage("send", Work::Send, Sample::Invoices, Some("raw"), "send a planned run without a limit"),
    stage("again", Work::Start, Sample::Invoices, Some("dry-run"), "give the sheet again, all accepted"),
    stage("resume", Work::Start, Sample::Invoices, Some("raw"), "give it again, half of it sent"),
    stage("limit", Work::Send, Sample::Invoices, None, "send a planned run at the rate"),
    stage("gz-raw", Work::Plain, Sample::Packed, None, "decompressing alone"),
    stage("gz", Work::DryRun, Sample::Packed, Some("gz-raw"), "dry run of a packed CSV"),
    stage("xlsx-raw", Work::Plain, Sample::Workbook, None, "calamine's streaming cell reader alone"),
    stage("xlsx-read", Work::Read, Sample::Workbook, Some("xlsx-raw"), "arload's reader alone"),
    stage("xlsx", Work::DryRun, Sample::Workbook, Some("xlsx-raw"), "dry run of a workbook"),
];

/// Name of the stage that sends at the rate, and of which the picture is.
pub const LIMIT: &str = "limit";

impl Stage {
    /// A stage by its name.
    pub fn find(name: &str) -> Option<&'static Stage> {
        STAGES.iter().find(|stage| stage.name == name)
    }

    /// The stages of these names with their baselines, each once, in the order of measuring; an unknown name is given back.
    pub fn chosen(names: &[String]) -> Result<Vec<&'static Stage>, String> {
        let mut wanted: Vec<&str> = Vec::new();
        for name in names {
            let mut next = Some(Stage::find(name).ok_or_else(|| name.clone())?);
            while let Some(stage) = next {
                wanted.push(stage.name);
                next = stage.against.and_then(Stage::find);
            }
        }
        Ok(STAGES.iter().filter(|stage| names.is_empty() || wanted.contains(&stage.name)).collect())
    }

    /// Whether it sends at the rate.
    pub fn is_limited(&self) -> bool {
        self.name == LIMIT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_baseline_stands_before_what_is_compared_with_it() {
        for (place, stage) in STAGES.iter().enumerate() {
            let Some(against) = stage.against else { continue };
            assert!(STAGES[..place].iter().any(|earlier| earlier.name == against), "{}", stage.name);
        }
    }

    #[test]
    fn a_stage_brings_its_baselines_with_it() {
        let names = |asked: &[&str]| {
            let asked: Vec<String> = asked.iter().map(|name| (*name).to_owned()).collect();
            Stage::chosen(&asked).map(|stages| stages.iter().map(|stage| stage.name).collect::<Vec<_>>())
        };
        assert_eq!(names(&["again", "read"]).unwrap(), ["raw", "read", "dry-run", "again"]);
        assert_eq!(names(&["limit"]).unwrap(), ["limit"]);
        assert_eq!(names(&[]).unwrap().len(), STAGES.len());
        assert_eq!(names(&["raw", "fast"]), Err("fast".to_owned()));
    }
}
