//! Sheets for the tests of joining: written as text, surveyed, joined and checked.

use std::collections::BTreeMap;

use super::columns::Columns;
use super::follow::{Follower, Step};
use super::join::{Joined, Joiner, Line};
use super::settle::Context;
use super::survey::{Survey, Unjoinable, shifted_rows};
use super::*;
use crate::check::record::{CheckedRow, Standing};
use crate::check::{Checker, Rules, dates};
use crate::config::{Company, MappingSettings};
use crate::directory::Directory;
use crate::finding::Code;
use crate::mapping::{self, Mapping};
use crate::operation::Operation;
use crate::sheet::{CellKind, RowBlock};

/// A sheet as a test writes it: headings first, cells between bars.
pub(super) struct Sheet {
    pub(super) headings: Vec<String>,
    pub(super) block: RowBlock,
    pub(super) mapping: Mapping,
}

impl Sheet {
    pub(super) fn orders(&self) -> Vec<dates::ColumnOrder> {
        let mut evidence = dates::Evidence::new(&dates::columns(operation(), &self.mapping, None));
        evidence.add(&self.block);
        evidence.decide(None)
    }

    pub(super) fn columns(&self) -> Columns {
        Columns::new(operation(), &self.mapping, &self.orders())
    }

    pub(super) fn survey(&self) -> Result<Surveyed, Unjoinable> {
        let columns = self.columns();
        let mut survey = Survey::new(operation(), &columns, Context::new(operation(), &self.mapping, &columns));
        survey.add(&self.block)?;
        survey.finish(None)
    }

    pub(super) fn steps(&self) -> Vec<Step> {
        let columns = self.columns();
        let mut follower = Follower::new(&columns);
        let shifted = shifted_rows(&self.block);
        (0..self.block.len()).map(|row| follower.step(&self.block, row, shifted.contains(&row))).collect()
    }

    /// The headings that are summed.
    pub(super) fn summed(&self) -> Vec<&str> {
        let summed = self.survey().unwrap().line_columns;
        summed.into_iter().map(|column| self.headings[column].as_str()).collect()
    }

    /// Documents as they are checked, with the rows that each is made of.
    pub(super) fn documents(&self) -> Vec<(CheckedRow, Joined, usize)> {
        self.documents_of(&self.survey().unwrap())
    }

    fn documents_of(&self, surveyed: &Surveyed) -> Vec<(CheckedRow, Joined, usize)> {
        let columns = self.columns();
        let (company, directory, severity) = (company(), Directory::new(), BTreeMap::new());
        let rules = rules(&company, &directory, &severity);
        let joiner = Joiner::new(operation(), &columns, &self.headings, surveyed, &rules);
        let (steps, shifted) = (self.steps(), shifted_rows(&self.block));
        let line = |row: usize| Line { block: &self.block, row, step: steps[row], shifted: shifted.contains(&row) };
        let mut follower = Follower::new(&columns);
        let mut identities = Vec::new();
        for row in 0..self.block.len() {
            follower.step(&self.block, row, shifted.contains(&row));
            identities.extend(follower.take_finished().map(|key| key.identity(&columns)));
        }
        identities.push(follower.key().identity(&columns));
        let starts: Vec<usize> = (0..steps.len()).filter(|row| matches!(steps[*row], Step::Starts { .. })).collect();
        let mut rows = RowBlock::new(self.block.columns());
        let mut joined = Vec::new();
        for (at, start) in starts.iter().enumerate() {
            let end = starts.get(at + 1).copied().unwrap_or(steps.len());
            let lines: Vec<Line<'_>> = (*start..end).map(line).collect();
            joined.push((joiner.join(&lines, identities[at], &mut rows), lines.len()));
        }
        let facts: Vec<_> = joined.iter().map(|(joined, _)| joined.document.clone()).collect();
        let checked = Checker::new(operation(), &self.mapping, &self.orders(), &rules).check_documents(&rows, &facts);
        checked.rows.into_iter().zip(joined).map(|(row, (joined, lines))| (row, joined, lines)).collect()
    }

    /// Codes of all findings of each document, those of further rows with their place.
    pub(super) fn codes(&self) -> Vec<String> {
        self.codes_of(&self.survey().unwrap())
    }

    pub(super) fn codes_of(&self, surveyed: &Surveyed) -> Vec<String> {
        let codes = |(row, joined, _): (CheckedRow, Joined, usize)| {
            let own = row.findings.iter().map(|finding| finding.code.to_string());
            let further = joined.elsewhere.iter().map(|(at, finding)| format!("{}@{at}", finding.code));
            let standing = match &row.standing {
                Standing::Ready => "ready".to_owned(),
                Standing::Excluded { code, .. } => code.clone(),
                Standing::Invalid | Standing::Joined => "invalid".to_owned(),
            };
            std::iter::once(standing).chain(own).chain(further).collect::<Vec<_>>().join(" ")
        };
        self.documents_of(surveyed).into_iter().map(codes).collect()
    }
}

/// A customer.
pub(super) const A: &str = "KC00000000000001";

pub(super) fn operation() -> &'static Operation {
    Operation::by_name("invoices create").unwrap()
}

pub(super) fn sheet(text: &str) -> Sheet {
    sheet_with(text, &[], |_| ())
}

pub(super) fn sheet_with(text: &str, set: &[(&str, &str)], change: impl FnOnce(&mut RowBlock)) -> Sheet {
    let mut lines = text.lines();
    let headings: Vec<String> = lines.next().unwrap().split('|').map(str::to_owned).collect();
    let mut block = RowBlock::new(headings.len());
    for (number, line) in lines.enumerate() {
        for column in 0..headings.len() {
            block.push_cell(line.split('|').nth(column).unwrap_or_default(), CellKind::Text);
        }
        block.finish_row(number as u32 + 2, 0);
    }
    change(&mut block);
    let set = set.iter().map(|(field, value)| ((*field).to_owned(), (*value).to_owned())).collect();
    let settings = MappingSettings { group: true, set, ..MappingSettings::default() };
    let samples = |column: usize| (0..block.len()).map(|row| block.text(row, column).to_owned()).collect();
    let mapping = mapping::map_columns(operation(), &headings, &samples, &settings).unwrap();
    Sheet { headings, block, mapping }
}

pub(super) fn company() -> Company {
    Company { company_id: "CEK0000001".to_owned(), ..Company::default() }
}

pub(super) fn rules<'a>(
    company: &'a Company,
    directory: &'a Directory,
    severity: &'a BTreeMap<Code, crate::finding::Severity>,
) -> Rules<'a> {
    Rules {
        account: "test",
        company,
        directory,
        today: jiff::civil::date(2026, 11, 22),
        period: None,
        severity,
        allow_unnumbered: false,
    }
}

/// Number, date and customer; what a row leaves out is blank.
pub(super) fn keyed(rows: &[&str]) -> Sheet {
    let rows: Vec<String> = rows.iter().map(|row| format!("{row}|31/07/2026|10|x")).collect();
    sheet(&format!("Invoice No|Invoice Date|Customer Id|Due Date|Taxable Value|Item Name\n{}", rows.join("\n")))
}

/// Documents of amounts: number, taxable value, CGST, SGST, total and further columns.
pub(super) fn amounts(further: &str, rows: &[&str]) -> Sheet {
    let rows: Vec<String> = rows
        .iter()
        .enumerate()
        .map(|(index, row)| {
            let (number, rest) = row.split_once('|').unwrap();
            format!("{number}|01/07/2026|31/07/2026|KC00000000000001|item {index}|{rest}")
        })
        .collect();
    let headings = "Invoice No|Invoice Date|Due Date|Customer Id|Item Name|Taxable Value|CGST|SGST|Invoice Total";
    sheet(&format!("{headings}{further}\n{}", rows.join("\n")))
}
