//! `NAME.summary.json`: the figures of one input for scripts, and the breakdown that the console prints.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use serde::Serialize;

use super::RunLabel;
use super::target::Target;
use crate::corrections::after::Corrected;
use crate::error::RunError;
use crate::finding::Severity;
use crate::ledger::SheetRecord;
use crate::outcome::{RowOutcome, Status, Sum, Totals};
use crate::plan::SheetFacts;
use crate::plan::verdict::LentVerdict;
use crate::wording::hex;

type Named<T> = BTreeMap<String, T>;

/// Outcomes by seller, supplier GSTIN and month, and how often each code occurs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Breakdown {
    /// By seller, supplier GSTIN and month; one below the other, so that a row finds its own without a copy of its labels.
    groups: Named<Named<Named<BTreeMap<Status, Sum>>>>,
    /// Rows by code of outcome or finding.
    pub codes: BTreeMap<String, u64>,
    /// Rows with a warning among their findings.
    pub rows_with_warnings: u64,
    /// Rows whose upload is still to be sent.
    pub waiting: u64,
    /// Rows not sent because their upload was refused whole and is still to be split.
    pub refused_whole: u64,
}

impl Breakdown {
    /// Adds rows of one seller, supplier GSTIN and month that ended alike.
    pub(super) fn add_group(&mut self, labels: (String, String, String), status: Status, sum: &Sum) {
        let (seller, supplier_gstin, month) = labels;
        self.group(&seller, &supplier_gstin, &month).entry(status).or_default().merge(sum);
    }

    /// Adds the rows of another input.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (seller, gstins) in &other.groups {
            for (gstin, months) in gstins {
                for (month, by_status) in months {
                    for (status, sum) in by_status {
                        self.group(seller, gstin, month).entry(*status).or_default().merge(sum);
                    }
                }
            }
        }
        for (code, rows) in &other.codes {
            *below(&mut self.codes, code) += rows;
        }
        self.rows_with_warnings += other.rows_with_warnings;
        self.waiting += other.waiting;
        self.refused_whole += other.refused_whole;
    }

    /// Seller, supplier GSTIN, month, and how their rows ended.
    pub(super) fn groups(&self) -> impl Iterator<Item = (&str, &str, &str, &BTreeMap<Status, Sum>)> {
        let gstins = self
            .groups
            .iter()
            .flat_map(|(seller, below)| below.iter().map(move |(gstin, below)| (seller, gstin, below)));
        gstins.flat_map(|(seller, gstin, below)| {
            below.iter().map(move |(month, by_status)| (seller.as_str(), gstin.as_str(), month.as_str(), by_status))
        })
    }

    fn group(&mut self, seller: &str, supplier_gstin: &str, month: &str) -> &mut BTreeMap<Status, Sum> {
        below(below(below(&mut self.groups, seller), supplier_gstin), month)
    }

    fn count_code(&mut self, code: &str) {
        *below(&mut self.codes, code) += 1;
    }

    /// Adds a row with its outcome, to the totals too.
    pub fn add(&mut self, totals: &mut Totals, outcome: &RowOutcome, verdict: &LentVerdict<'_>) {
        let labels = &verdict.labels;
        let group = self.group(labels.account_id, labels.supplier_gstin, labels.month);
        let sum = group.entry(outcome.status).or_default();
        if verdict.is_joined() {
            totals.add_joined(outcome.status);
            sum.add_joined();
        } else {
            totals.add(outcome.status, &verdict.amounts);
            sum.add(&verdict.amounts);
        }
        if verdict.findings.is_empty() {
            if !outcome.code.is_empty() {
                self.count_code(&outcome.code);
            }
        } else {
            let codes = verdict.findings.iter().map(|finding| finding.code.as_str());
            let mut codes: Vec<&str> = codes.chain(std::iter::once(outcome.code.as_str())).collect();
            codes.sort_unstable();
            codes.dedup();
            codes.into_iter().filter(|code| !code.is_empty()).for_each(|code| self.count_code(code));
        }
        self.refused_whole +=
            u64::from(outcome.status == Status::NotSent && outcome.code == crate::outcome::code::CHUNK_REFUSED);
        let warned = verdict.findings.iter().any(|finding| finding.severity == Severity::Warning);
        self.rows_with_warnings += u64::from(warned);
    }
}

/// What stands under a name, made where nothing does.
fn below<'m, T: Default>(map: &'m mut BTreeMap<String, T>, name: &str) -> &'m mut T {
    if !map.contains_key(name) {
        map.insert(name.to_owned(), T::default());
    }
    map.get_mut(name).expect("it stands there now")
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Summary<'a> {
    arload: &'static str,
    #[serde(flatten)]
    label: &'a RunLabel,
    input: String,
    sheets: Vec<SheetSummary<'a>>,
    totals: &'a Totals,
    /// Where later runs corrected rows: the totals are those of the rows as they stand now.
    #[serde(skip_serializing_if = "Option::is_none")]
    corrections: Option<CorrectionsSummary<'a>>,
    groups: Vec<GroupSummary<'a>>,
    rows_by_code: &'a BTreeMap<String, u64>,
    rows_with_warnings: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct CorrectionsSummary<'a> {
    runs: Vec<i64>,
    rows: u64,
    read_before: &'a Sum,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct SheetSummary<'a> {
    sheet: Option<&'a str>,
    header_row: u32,
    read: &'a Sum,
    content: String,
    notes: &'a [String],
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct GroupSummary<'a> {
    seller: &'a str,
    supplier_gstin: &'a str,
    month: &'a str,
    by_status: &'a BTreeMap<Status, Sum>,
}

/// Writes the summary of one input.
pub fn write(
    target: &mut Target,
    label: &RunLabel,
    input: &Path,
    sheets: &[(SheetRecord, SheetFacts)],
    (tally, read): (&Corrected, &Sum),
) -> Result<(), RunError> {
    let (totals, breakdown) = (&tally.totals, &tally.breakdown);
    let corrections = (tally.rows > 0).then(|| CorrectionsSummary {
        runs: tally.runs.iter().copied().collect(),
        rows: tally.rows,
        read_before: read,
    });
    let summary = Summary {
        arload: env!("CARGO_PKG_VERSION"),
        label,
        input: input.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        sheets: sheets
            .iter()
            .map(|(sheet, facts)| SheetSummary {
                sheet: sheet.sheet_name.as_deref(),
                header_row: facts.header.number,
                read: &facts.read,
                content: hex(&sheet.content),
                notes: &facts.notes,
            })
            .collect(),
        totals,
        corrections,
        groups: breakdown
            .groups()
            .map(|(seller, supplier_gstin, month, by_status)| GroupSummary { seller, supplier_gstin, month, by_status })
            .collect(),
        rows_by_code: &breakdown.codes,
        rows_with_warnings: breakdown.rows_with_warnings,
    };
    let mut json = serde_json::to_vec_pretty(&summary).expect("a summary has string keys only");
    json.push(b'\n');
    target.write_all(&json).map_err(|error| target.failed(error))
}
