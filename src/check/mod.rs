//! Checks: from a row of text to a typed record, or to everything that is wrong with it.
//!
//! [`value`] reads single cells, `cells` all cells of a row by the mapping, `invoice` and `customer` hold the rules
//! between cells, `line` writes what is uploaded. Pure: no files, no time, no threads. The one rule: all findings of a
//! row are reported, and a row with an error among them is never sent.

mod cells;
mod customer;
pub mod dates;
pub mod document;
mod excluded;
mod identity;
mod invoice;
mod line;
pub(crate) mod named;
mod names;
mod quick;
pub mod record;
pub mod sums;
mod supply;
pub mod totals;
mod unread;
pub mod value;

use std::collections::BTreeMap;

use compact_str::CompactString;
use jiff::civil::Date;

use crate::config::Company;
use crate::directory::Directory;
use crate::finding::{self, Code, Finding, Severity};
use crate::mapping::Mapping;
use crate::operation::{Field, Key, Need, Operation};
use crate::outcome::Amounts;
use crate::sheet::RowBlock;
use cells::{Cells, Row, Value};
use dates::ColumnOrder;
use document::Document;
use excluded::Examples;
use identity::Values;
use line::LineWriter;
use record::{CheckedBlock, CheckedRow, Facts, Labels, Standing};
use unread::Unread;
pub(crate) use unread::speaks_against;

/// What all rows of a run are checked against.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// Normalised base URL and company, part of every key.
    pub account: &'a str,
    /// The account's ids and sellers.
    pub company: &'a Company,
    /// Customers that rows may name by code, GSTIN or name.
    pub directory: &'a Directory,
    /// Today in the profile's time zone.
    pub today: Date,
    /// Month that invoice dates must lie in: year and month.
    pub period: Option<(i16, i8)>,
    /// Severities that the profile sets over the table's own.
    pub severity: &'a BTreeMap<Code, Severity>,
    /// Whether rows without an invoice number are taken.
    pub allow_unnumbered: bool,
}

impl Rules<'_> {
    /// How much a code weighs in this run.
    pub fn weigh(&self, code: Code) -> Severity {
        self.severity.get(&code).copied().unwrap_or_else(|| code.severity())
    }
}

/// Checks the rows of one sheet.
pub struct Checker<'a> {
    operation: &'static Operation,
    rules: &'a Rules<'a>,
    cells: Cells<'a>,
    line: LineWriter,
    /// Fields that may not be blank.
    required: Vec<usize>,
    examples: Examples,
    unread: Unread,
}

/// Findings of one row, as they are made.
struct Findings<'a> {
    rules: &'a Rules<'a>,
    list: Vec<Finding>,
}

impl Findings<'_> {
    /// Adds a finding of a field, or of the whole row where the field is empty.
    fn add(&mut self, code: Code, field: &str, column: Option<u16>, message: impl Into<String>, hint: Option<String>) {
        let (severity, field, message) = (self.rules.weigh(code), field.to_owned(), message.into());
        self.list.push(Finding { code, severity, field, column, message, hint });
    }
}

impl Facts {
    fn of(operation: &Operation, cells: &Cells<'_>, block: &RowBlock) -> Self {
        let column = |name| operation.field_index(name).and_then(|field| cells.column(field)).map(usize::from);
        Self {
            fractional_rates: column("taxRate").is_some_and(|column| supply::are_fractions(block, column)),
            account_digits: column("accountNumber").and_then(|column| usual_digits(block, column)),
        }
    }

    /// Warns of an account number with fewer digits than nearly all others.
    fn check_account(&self, row: &Row<'_>, findings: &mut Findings<'_>) {
        let number = row.text("accountNumber");
        let digits = number.bytes().all(|byte| byte.is_ascii_digit());
        if let Some(usual) = self.account_digits.filter(|usual| digits && !number.is_empty() && number.len() < *usual) {
            let message = format!(
                "{} has {} digits, nearly all others of the column have {usual}; a spreadsheet may have dropped zeros in front",
                finding::quote(number),
                number.len()
            );
            row.report(findings, Code::NumberShorterThanOthers, "accountNumber", message);
        }
    }
}

/// The number of digits that more than three quarters of a column's numbers have; none where there are few.
fn usual_digits(block: &RowBlock, column: usize) -> Option<usize> {
    // Limit: below four numbers there are no usual ones.
    const FEWEST: usize = 4;
    let mut lengths = [0_usize; 19];
    let mut filled = 0;
    for row in 0..block.len() {
        let text = block.text(row, column).trim();
        if !text.is_empty() && text.len() < lengths.len() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            lengths[text.len()] += 1;
            filled += 1;
        }
    }
    let usual = (0..lengths.len()).max_by_key(|length| lengths[*length])?;
    (filled >= FEWEST && lengths[usual] * 4 > filled * 3 - usize::from(filled == FEWEST)).then_some(usual)
}

fn is_error(finding: &Finding) -> bool {
    finding.severity == Severity::Error
}

impl<'a> Checker<'a> {
    /// A checker for the rows of a sheet.
    pub fn new(
        operation: &'static Operation,
        mapping: &'a Mapping,
        orders: &[ColumnOrder],
        rules: &'a Rules<'a>,
    ) -> Self {
        let cells = Cells::new(operation, mapping, orders);
        let line = LineWriter::new(operation, &cells, operation.sends_filled_only());
        let needed =
            |field: &Field| field.need == Need::Required && !(field.name == "invoiceNumber" && rules.allow_unnumbered);
        let required = (0..operation.fields.len()).filter(|index| needed(&operation.fields[*index])).collect();
        let (examples, unread) = (Examples::new(operation), Unread::new(operation, mapping));
        Self { operation, rules, cells, line, required, examples, unread }
    }

    /// Checks a block of rows.
    pub fn check(&self, block: &RowBlock) -> CheckedBlock {
        self.check_rows(block, None, (Facts::of(self.operation, &self.cells, block), true))
    }

    /// The same without the lines to be uploaded, for rows that are not sent.
    pub fn check_only(&self, block: &RowBlock) -> CheckedBlock {
        self.check_rows(block, None, (Facts::of(self.operation, &self.cells, block), false))
    }

    /// Checks rows of a block of which these facts are known.
    pub fn check_with(&self, block: &RowBlock, facts: Facts) -> CheckedBlock {
        self.check_rows(block, None, (facts, true))
    }

    /// Checks rows that stand for documents of several rows each, with what is known of these; one for each row.
    pub fn check_documents(&self, block: &RowBlock, documents: &[Document]) -> CheckedBlock {
        self.check_rows(block, Some(documents), (Facts::of(self.operation, &self.cells, block), true))
    }

    fn check_rows(
        &self,
        block: &RowBlock,
        documents: Option<&[Document]>,
        (facts, with_lines): (Facts, bool),
    ) -> CheckedBlock {
        let mut checked = CheckedBlock { facts, ..CheckedBlock::default() };
        checked.rows.reserve(block.len());
        let mut lines = self.line.start();
        let mut marks = block.marks.iter().peekable();
        let (mut values, mut hashing) = (Vec::new(), Values::new());
        for index in 0..block.len() {
            let mut findings = Findings { rules: self.rules, list: Vec::new() };
            while let Some(mark) = marks.next_if(|mark| mark.row as usize == index) {
                findings.add(mark.code, "", mark.column, mark.message.clone(), None);
            }
            let document = documents.map(|documents| &documents[index]);
            findings.list.extend(document.iter().flat_map(|document| document.findings.iter().cloned()));
            let shifted = findings.list.iter().any(|finding| finding.code == Code::SurplusCells && is_error(finding));
            let (row_checked, row) = if shifted {
                (self.shifted(findings), None)
            } else {
                let mut row = self.cells.read(block, index, document, (std::mem::take(&mut values), &mut findings));
                (self.judge(&mut row, document, &facts, (findings, &mut hashing)), Some(row))
            };
            let mut row_checked = row_checked;
            row_checked.number = block.number(index);
            row_checked.line_number = if block.line(index) == row_checked.number { 0 } else { block.line(index) };
            if let Some(row) = row {
                if with_lines && row_checked.standing == Standing::Ready {
                    (row_checked.columns, row_checked.line) = lines.write(&row);
                }
                values = row.values;
            }
            checked.rows.push(row_checked);
        }
        checked.lines = lines.finish();
        checked
    }

    /// A row with surplus cells: which cell belongs to which column is unknown, so nothing is said of any of them.
    fn shifted(&self, mut findings: Findings<'_>) -> CheckedRow {
        findings.list.retain(|finding| matches!(finding.code, Code::SurplusCells | Code::RowsInCell));
        CheckedRow {
            number: 0,
            line_number: 0,
            standing: Standing::Invalid,
            findings: findings.list,
            key: CompactString::default(),
            guard: None,
            amounts: Amounts { unreadable: true, ..Amounts::default() },
            // Unlike a row without any document, it is no further line of the one above.
            labels: Labels {
                account_id: CompactString::new(&self.rules.company.company_id),
                document: CompactString::const_new("unknown"),
                ..Labels::default()
            },
            columns: 0,
            line: 0..0,
        }
    }

    fn judge(
        &self,
        row: &mut Row<'_>,
        document: Option<&Document>,
        facts: &Facts,
        (mut findings, hashing): (Findings<'_>, &mut Values),
    ) -> CheckedRow {
        let mut labels = Labels { account_id: CompactString::new(&self.rules.company.company_id), ..Labels::default() };
        let example = self.examples.are_in(row);
        let excluded = match self.operation.key {
            _ if example => Some(excluded::example()),
            Key::Invoice if !document.is_some_and(|document| document.contested) => excluded::excluded(row),
            _ => None,
        };
        self.examples.report(row, &mut findings);
        if self.operation.key == Key::Invoice {
            invoice::check(row, self.rules, &mut labels, &mut findings);
            supply::check_invoice(row, facts.fractional_rates, &mut findings);
        } else if self.operation.describes_customers() {
            customer::check(row, self.operation, self.rules, &mut labels, &mut findings);
            supply::check_customer(row, &mut findings);
            facts.check_account(row, &mut findings);
        } else {
            named::check(row, self.operation, self.rules, &mut labels, &mut findings);
        }
        self.unread.report(row, &mut findings);
        self.require(row, &mut findings);
        // Nobody expects the rupees of an example in a total.
        let amounts = if example { Amounts::default() } else { invoice::amounts(row) };
        let (key, guard) = match self.operation.key {
            Key::Invoice => identity::invoice(row, self.rules, &labels, hashing),
            Key::Customer => identity::customer(row, self.rules),
            Key::None => (named::key(row, self.operation).into(), identity::named(row, self.operation, &labels)),
        };
        let elsewhere = document.is_some_and(|document| document.invalid);
        let errors = findings.list.iter().any(is_error) || row.has_bad() || elsewhere;
        let standing = match excluded {
            Some((code, message)) => {
                // What is wrong with a row that is not meant to be sent is nobody's business.
                findings.list.clear();
                Standing::Excluded { code: code.to_owned(), message }
            }
            None if errors => Standing::Invalid,
            None => Standing::Ready,
        };
        let guard = guard.filter(|_| matches!(standing, Standing::Ready | Standing::Invalid));
        CheckedRow {
            number: 0,
            line_number: 0,
            standing,
            findings: findings.list,
            key,
            guard,
            amounts,
            labels,
            columns: 0,
            line: 0..0,
        }
    }

    /// Reports required fields that are blank; a bad cell was reported already.
    fn require(&self, row: &Row<'_>, findings: &mut Findings<'_>) {
        for &index in &self.required {
            if matches!(row.values[index], Value::Blank) {
                let (field, column) = (&self.operation.fields[index], row.column(index));
                findings.add(Code::RequiredMissing, field.name, column, "is blank; the operation needs it", None);
            }
        }
        let unnumbered = self.operation.key == Key::Invoice && row.is_blank("invoiceNumber");
        if unnumbered && self.rules.allow_unnumbered && row.is_blank("externalId") {
            let message = "is blank; a row without an invoice number needs it";
            findings.add(Code::RequiredMissing, "externalId", None, message, None);
        }
    }
}

#[cfg(test)]
mod quirks_row_tests;
#[cfg(test)]
mod quirks_tests;
#[cfg(test)]
mod tests;
