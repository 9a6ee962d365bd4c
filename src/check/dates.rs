//! Whether day or month comes first: decided for a whole column, from all its rows.

use super::value::{self, DateEvidence};
use crate::config::DateOrder;
use crate::mapping::Mapping;
use crate::operation::{FieldKind, Operation};
use crate::sheet::{RowBlock, column_letters};

/// The order of one column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnOrder {
    /// The sheet's column.
    pub column: usize,
    /// Its order.
    pub order: DateOrder,
    /// Whether a row, a flag or the profile says so; otherwise day first is an assumption.
    pub proved: bool,
}

/// What the cells of the date columns say.
#[derive(Debug, Clone)]
pub struct Evidence {
    columns: Vec<ColumnEvidence>,
}

#[derive(Debug, Clone, Default)]
struct ColumnEvidence {
    column: usize,
    day_first: u64,
    month_first: u64,
    all: DateEvidence,
}

/// The sheet's columns that hold dates.
pub fn columns(operation: &Operation, mapping: &Mapping) -> Vec<usize> {
    let mapped = mapping.columns.iter().enumerate();
    mapped
        .filter(|(_, field)| field.is_some_and(|field| operation.fields[field].kind == FieldKind::Date))
        .map(|(column, _)| column)
        .collect()
}

/// Whether rows read later overturn the orders that rows were checked by.
pub fn overturned(used: &[ColumnOrder], better: &[ColumnOrder]) -> bool {
    used.iter().zip(better).any(|(used, better)| used.order != better.order)
}

impl Evidence {
    /// No evidence yet about these columns.
    pub fn new(columns: &[usize]) -> Self {
        let columns = columns.iter().map(|column| ColumnEvidence { column: *column, ..ColumnEvidence::default() });
        Self { columns: columns.collect() }
    }

    /// Adds the cells of a block.
    pub fn add(&mut self, block: &RowBlock) {
        for evidence in &mut self.columns {
            for row in 0..block.len() {
                let cell = value::date_evidence(block.cell(row, evidence.column));
                evidence.day_first += u64::from(cell.proves_day_first());
                evidence.month_first += u64::from(cell.proves_month_first());
                evidence.all = evidence.all.merge(cell);
            }
        }
    }

    /// Adds the evidence of other blocks.
    pub fn merge(&mut self, other: &Evidence) {
        for (evidence, other) in self.columns.iter_mut().zip(&other.columns) {
            evidence.day_first += other.day_first;
            evidence.month_first += other.month_first;
            evidence.all = evidence.all.merge(other.all);
        }
    }

    /// The order of each column: as told, else as most rows prove, else as the sheet's other columns, else day first.
    pub fn decide(&self, told: Option<DateOrder>) -> Vec<ColumnOrder> {
        let (day_first, month_first) = self.columns.iter().fold((0, 0), |(day, month), column| {
            (
                day + u64::from(column.day_first > column.month_first),
                month + u64::from(column.month_first > column.day_first),
            )
        });
        self.columns
            .iter()
            .map(|evidence| {
                let (order, proved) = match (told, evidence.day_first.cmp(&evidence.month_first)) {
                    (Some(told), _) => (told, true),
                    (None, std::cmp::Ordering::Greater) => (DateOrder::Dmy, true),
                    (None, std::cmp::Ordering::Less) => (DateOrder::Mdy, true),
                    // One program wrote all columns: what one proves holds for the others.
                    (None, _) if month_first > 0 && day_first == 0 => (DateOrder::Mdy, true),
                    (None, _) => (DateOrder::Dmy, day_first > 0),
                };
                ColumnOrder { column: evidence.column, order, proved }
            })
            .collect()
    }

    /// What a person should know about the dates of the sheet, a sentence each.
    pub fn notes(&self, orders: &[ColumnOrder]) -> Vec<String> {
        let mut notes = Vec::new();
        for (evidence, order) in self.columns.iter().zip(orders) {
            let column = column_letters(evidence.column);
            if !order.proved && evidence.all.is_ambiguous() {
                notes.push(format!(
                    "date-order-assumed: no date in column {column} shows whether day or month comes first; day first was taken (--date-order says otherwise)"
                ));
            }
            if evidence.all.has_typed() && evidence.all.has_text() {
                notes.push(format!("date-mixed-types: column {column} mixes real dates with dates written as text"));
            }
        }
        notes
    }

    /// A column whose dates a spreadsheet set to another order has changed: days up to 12 became dates, later ones stayed text.
    pub fn swapped_column(&self) -> Option<usize> {
        self.columns.iter().find(|evidence| evidence.all.looks_swapped_by_spreadsheet()).map(|evidence| evidence.column)
    }
}
