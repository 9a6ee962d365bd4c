//! What the rows of a block come to, added up where they are checked.
//!
//! Counts as [`Breakdown`] does, in a form that is cheap for rows that are much alike. The one rule: what was added can be
//! taken out again, and leaves no trace.

use compact_str::CompactString;

use super::summary::Breakdown;
use crate::check::record::{CheckedRow, Labels};
use crate::finding::{Finding, Severity};
use crate::outcome::{RowOutcome, Status, Sum, Totals};

/// What rows come to, as [`Breakdown`] counts them.
#[derive(Debug, Default)]
pub(super) struct Tally {
    sums: Vec<Group>,
    codes: Vec<(String, u64)>,
    rows_with_warnings: u64,
}

#[derive(Debug)]
struct Group {
    account_id: CompactString,
    supplier_gstin: CompactString,
    month: CompactString,
    status: Status,
    sum: Sum,
}

impl Group {
    fn holds(&self, status: Status, labels: &Labels) -> bool {
        self.status == status
            && self.month == labels.month
            && self.supplier_gstin == labels.supplier_gstin
            && self.account_id == labels.account_id
    }
}

impl Tally {
    /// Adds a row that ended so, with what was found in it.
    pub(super) fn add(&mut self, outcome: &RowOutcome, findings: &[Finding], row: &CheckedRow) {
        let at = self.group(outcome.status, &row.labels);
        self.sums[at].sum.add(&row.amounts);
        each_code(outcome, findings, |code| self.count(code));
        self.rows_with_warnings += u64::from(is_warned(findings));
    }

    /// Takes a row out again that was added with the same.
    pub(super) fn remove(&mut self, outcome: &RowOutcome, findings: &[Finding], row: &CheckedRow) {
        let at = self.group(outcome.status, &row.labels);
        self.sums[at].sum.remove(&row.amounts);
        self.sums.retain(|group| group.sum.rows > 0);
        each_code(outcome, findings, |code| {
            if let Some((_, rows)) = self.codes.iter_mut().find(|(known, _)| known == code) {
                *rows -= 1;
            }
        });
        self.codes.retain(|(_, rows)| *rows > 0);
        self.rows_with_warnings -= u64::from(is_warned(findings));
    }

    fn group(&mut self, status: Status, labels: &Labels) -> usize {
        self.sums.iter().rposition(|group| group.holds(status, labels)).unwrap_or_else(|| {
            let Labels { account_id, supplier_gstin, month, .. } = labels.clone();
            self.sums.push(Group { account_id, supplier_gstin, month, status, sum: Sum::default() });
            self.sums.len() - 1
        })
    }

    fn count(&mut self, code: &str) {
        match self.codes.iter_mut().find(|(known, _)| known == code) {
            Some((_, rows)) => *rows += 1,
            None if code.is_empty() => {}
            None => self.codes.push((code.to_owned(), 1)),
        }
    }

    /// Adds all rows to what an input comes to.
    pub(super) fn add_to(&self, totals: &mut Totals, breakdown: &mut Breakdown) {
        for group in &self.sums {
            totals.by_status.entry(group.status).or_default().merge(&group.sum);
            let labels = (group.account_id.to_string(), group.supplier_gstin.to_string(), group.month.to_string());
            breakdown.add_group(labels, group.status, &group.sum);
        }
        for (code, rows) in &self.codes {
            *breakdown.codes.entry(code.clone()).or_default() += rows;
        }
        breakdown.rows_with_warnings += self.rows_with_warnings;
    }
}

/// Each code of a row once, those of its findings and that of its outcome.
fn each_code(outcome: &RowOutcome, findings: &[Finding], mut each: impl FnMut(&str)) {
    if findings.is_empty() {
        return each(&outcome.code);
    }
    let mut codes: Vec<&str> = findings.iter().map(|finding| finding.code.as_str()).collect();
    codes.push(&outcome.code);
    codes.sort_unstable();
    codes.dedup();
    codes.into_iter().for_each(each);
}

fn is_warned(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.severity == Severity::Warning)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::check::record::Standing;
    use crate::finding::Code;
    use crate::money::Money;
    use crate::outcome::{Amounts, code};
    use crate::plan::verdict::{Destiny, RowVerdict};
    use crate::results::rehearsal::ended;

    pub(in crate::results) fn row(
        number: u32,
        standing: Standing,
        month: &str,
        codes: &[(Code, Severity)],
    ) -> CheckedRow {
        let finding = |(code, severity): &(Code, Severity)| Finding {
            code: *code,
            severity: *severity,
            field: "cgst".to_owned(),
            column: Some(2),
            message: "a, \"b\"".to_owned(),
            hint: None,
        };
        CheckedRow {
            number,
            line_number: 0,
            standing,
            findings: codes.iter().map(finding).collect(),
            key: format!("=K{number}").into(),
            guard: None,
            amounts: Amounts { taxable: Some(Money(i64::from(number) * 7)), ..Amounts::default() },
            labels: Labels { account_id: "CEK1".into(), month: month.into(), ..Labels::default() },
            columns: 0,
            line: 0..0,
        }
    }

    #[test]
    fn a_tally_comes_to_what_a_breakdown_counts() {
        use Severity::{Error, Warning};
        let excluded = Standing::Excluded { code: code::CREDIT_NOTE.to_owned(), message: "a credit note".to_owned() };
        let rows = [
            row(2, Standing::Ready, "2026-04", &[]),
            row(3, Standing::Ready, "2026-05", &[(Code::DateFuture, Warning), (Code::DateFuture, Warning)]),
            row(4, Standing::Invalid, "", &[(Code::TotalMismatch, Error), (Code::DateFuture, Warning)]),
            row(5, excluded, "2026-04", &[]),
            row(6, Standing::Ready, "2026-04", &[]),
        ];
        let (mut tally, mut expected) = (Tally::default(), (Totals::default(), Breakdown::default()));
        let gone = row(7, Standing::Invalid, "2026-06", &[(Code::TotalMismatch, Error), (Code::DateFuture, Warning)]);
        let (before, after) =
            (ended(&gone.standing).unwrap(), RowOutcome::new(Status::Excluded, code::DUPLICATE_ROW, ""));
        tally.add(&before, &gone.findings, &gone);
        tally.add(&after, &[], &gone);
        for row in &rows {
            let outcome = ended(&row.standing).unwrap();
            tally.add(&outcome, &row.findings, row);
            let verdict = RowVerdict {
                number: row.number,
                line_number: 0,
                destiny: Destiny::Ended(outcome.clone()),
                findings: row.findings.clone(),
                key: row.key.clone(),
                amounts: row.amounts,
                labels: row.labels.clone(),
            };
            expected.1.add(&mut expected.0, &outcome, &verdict.lend());
        }
        tally.remove(&after, &[], &gone);
        tally.remove(&before, &gone.findings, &gone);
        let mut found = (Totals::default(), Breakdown::default());
        tally.add_to(&mut found.0, &mut found.1);
        assert_eq!(found, expected);
    }
}
