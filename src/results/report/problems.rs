//! The codes that rows have, with the first places of each: what was found, where, and what to do.
//!
//! Counts nothing itself; how many rows a code has stands in [`Breakdown`]. The one rule: memory holds [`FIRST`] places
//! of each code, however many rows there are.

use std::collections::BTreeMap;

use super::cut;
use crate::finding::{Code, Severity};
use crate::ledger::SheetRecord;
use crate::outcome::{RowOutcome, Status, code};
use crate::plan::verdict::LentVerdict;
use crate::results::csv::{place, sentence};
use crate::results::summary::Breakdown;
use crate::wording::grouped;

/// Limit: places named of each code.
const FIRST: usize = 3;
/// Limit: characters of one of them.
const LONGEST: usize = 200;

/// The places that were met.
#[derive(Debug, Default)]
pub(super) struct Problems {
    by_code: BTreeMap<String, Met>,
}

/// Where a code was met first.
#[derive(Debug)]
struct Met {
    first: Vec<String>,
    weight: Weight,
}

/// How much a code matters to the reader, the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    Unknown,
    Rejected,
    Error,
    NotSent,
    Warning,
    Note,
    Accepted,
    Already,
    Excluded,
}

impl Weight {
    fn of_severity(severity: Severity) -> Weight {
        match severity {
            Severity::Error => Weight::Error,
            Severity::Warning => Weight::Warning,
            Severity::Note => Weight::Note,
        }
    }

    fn of_status(status: Status) -> Weight {
        match status {
            Status::Unknown => Weight::Unknown,
            Status::Rejected => Weight::Rejected,
            Status::Invalid => Weight::Error,
            Status::NotSent => Weight::NotSent,
            Status::Accepted => Weight::Accepted,
            Status::AlreadyAccepted => Weight::Already,
            Status::Excluded => Weight::Excluded,
        }
    }

    /// The words beside the code, and the status whose colour it has.
    fn shown(self) -> (&'static str, &'static str) {
        match self {
            Weight::Unknown => ("unknown", "unknown"),
            Weight::Rejected => ("rejected", "rejected"),
            Weight::Error => ("error", "invalid"),
            Weight::NotSent => ("not sent", "not-sent"),
            Weight::Warning => ("warning", "not-sent"),
            Weight::Note => ("note", "excluded"),
            Weight::Accepted => ("accepted", "accepted"),
            Weight::Already => ("already accepted", "already-accepted"),
            Weight::Excluded => ("excluded", "excluded"),
        }
    }

    fn to_do(self) -> &'static str {
        match self {
            Weight::Unknown => "Look the rows up before anything is sent again; see how to go on.",
            Weight::Rejected => "Correct them as Enkash's reason says and give the sheet again.",
            Weight::Error => "Not sent: correct the cells and give the sheet again.",
            Weight::Warning => "Not held back: have a look.",
            Weight::NotSent => "See how to go on.",
            Weight::Note | Weight::Accepted | Weight::Already | Weight::Excluded => "",
        }
    }
}

/// A code as the page shows it.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) code: String,
    pub(super) class: &'static str,
    pub(super) weight: &'static str,
    pub(super) rows: String,
    pub(super) meaning: String,
    pub(super) todo: &'static str,
    pub(super) first: Vec<String>,
    /// Rows that are not among the first.
    pub(super) more: u64,
    pub(super) more_words: String,
}

impl Problems {
    /// Looks at a row.
    pub(super) fn add(&mut self, sheet: &SheetRecord, verdict: &LentVerdict<'_>, outcome: &RowOutcome) {
        let file = (sheet.file_name.as_str(), sheet.sheet_name.as_deref());
        let row = (verdict.number, verdict.line_number);
        for finding in &verdict.findings {
            let weight = Weight::of_severity(finding.severity);
            self.met(finding.code.as_str(), weight, || sentence(file, row, finding));
        }
        if !outcome.code.is_empty() {
            let told = || format!("{}: {}", place(file, row, None), outcome.message);
            self.met(&outcome.code, Weight::of_status(outcome.status), told);
        }
    }

    /// Adds what was met behind these.
    pub(super) fn merge(&mut self, behind: Self) {
        for (code, Met { first, weight }) in behind.by_code {
            let met = self.by_code.entry(code).or_insert_with(|| Met { first: Vec::new(), weight });
            met.weight = met.weight.min(weight);
            let room = FIRST - met.first.len();
            met.first.extend(first.into_iter().take(room));
        }
    }

    fn met(&mut self, code: &str, weight: Weight, told: impl Fn() -> String) {
        if !self.by_code.contains_key(code) {
            self.by_code.insert(code.to_owned(), Met { first: Vec::new(), weight });
        }
        let met = self.by_code.get_mut(code).expect("it stands there now");
        met.weight = met.weight.min(weight);
        if met.first.len() < FIRST {
            met.first.push(cut(told(), LONGEST));
        }
    }

    /// The codes in the order in which they matter, those of more rows first.
    pub(super) fn shown(self, breakdown: &Breakdown) -> Vec<Shown> {
        let mut all: Vec<(Weight, u64, String, Met)> = Vec::new();
        for (code, met) in self.by_code {
            let rows = breakdown.codes.get(&code).copied().unwrap_or_default();
            all.push((met.weight, rows, code, met));
        }
        all.sort_by(|one, other| (one.0, other.1, &one.2).cmp(&(other.0, one.1, &other.2)));
        let shown = all.into_iter().map(|(weight, rows, code, met)| {
            let (words, class) = weight.shown();
            let more = rows.saturating_sub(met.first.len() as u64);
            Shown {
                class,
                weight: words,
                rows: grouped(rows),
                // Explanations mark values as papers do.
                meaning: meaning(&code).replace('`', "\""),
                todo: weight.to_do(),
                first: met.first,
                more,
                more_words: grouped(more),
                code,
            }
        });
        shown.collect()
    }
}

/// What a code means; empty where its first places say it better.
fn meaning(code: &str) -> &'static str {
    match code {
        code::REJECTED_BY_API => "Enkash refused the row; its reason stands with each.",
        code::NO_REPLY => "The request left and no useful answer came.",
        code::PLANNED => "The row waits in the plan.",
        code => Code::parse(code).map_or("", Code::explanation),
    }
}

/// A code that takes as much room as one can.
#[cfg(test)]
pub(super) fn longest(told: String) -> Shown {
    let meanings = Code::ALL.iter().map(|code| code.explanation());
    Shown {
        code: Code::ConflictsWithEarlierRun.to_string(),
        class: "already-accepted",
        weight: "already accepted",
        rows: "10,00,000".to_owned(),
        meaning: meanings.max_by_key(|meaning| meaning.len()).unwrap_or_default().to_owned(),
        todo: Weight::Error.to_do(),
        first: vec![cut(told, LONGEST); FIRST],
        more: 999_997,
        more_words: "9,99,997".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Finding;
    use crate::ledger::{RunId, SheetId};
    use crate::outcome::Amounts;
    use crate::plan::verdict::{Destiny, LentLabels};

    fn sheet() -> SheetRecord {
        SheetRecord {
            id: SheetId(1),
            run: RunId(7),
            path: "/in/a.csv".to_owned(),
            file_name: "a.csv".to_owned(),
            sheet_name: None,
            content: [0; 32],
            facts: String::new(),
            rows_of: SheetId(1),
        }
    }

    fn verdict(number: u32, findings: Vec<Finding>, outcome: &RowOutcome) -> LentVerdict<'static> {
        LentVerdict {
            number,
            line_number: 0,
            destiny: Destiny::Ended(outcome.clone()),
            findings,
            key: "",
            amounts: Amounts::default(),
            labels: LentLabels { account_id: "", supplier_gstin: "", month: "", document: "" },
        }
    }

    fn finding(code: Code, message: &str) -> Finding {
        let (field, hint) = ("netAmount".to_owned(), None);
        Finding { code, severity: code.severity(), field, column: Some(2), message: message.to_owned(), hint }
    }

    #[test]
    fn codes_come_by_weight_with_their_first_places_only() {
        let (mut problems, mut breakdown) = (Problems::default(), Breakdown::default());
        let invalid = RowOutcome::new(Status::Invalid, "", "");
        for number in 2..12 {
            let findings = vec![finding(Code::AmountNegative, "\"-1\" is negative"), finding(Code::DateFuture, "x")];
            problems.add(&sheet(), &verdict(number, findings, &invalid), &invalid);
        }
        let rejected = RowOutcome::new(Status::Rejected, code::REJECTED_BY_API, "customer unknown ".repeat(60));
        problems.add(&sheet(), &verdict(12, Vec::new(), &rejected), &rejected);
        let counts = [("amount-negative", 10), ("date-future", 10), ("rejected-by-api", 1)];
        breakdown.codes = counts.map(|(code, rows)| (code.to_owned(), rows)).into();
        let shown = problems.shown(&breakdown);
        let codes: Vec<&str> = shown.iter().map(|problem| problem.code.as_str()).collect();
        assert_eq!(codes, ["rejected-by-api", "amount-negative", "date-future"]);
        assert_eq!(shown[0].first[0].chars().count(), LONGEST + 1);
        assert_eq!(shown[1].first[0], "a.csv:2: netAmount: \"-1\" is negative");
        assert_eq!((shown[1].first.len(), shown[1].more), (FIRST, 7));
    }
}
