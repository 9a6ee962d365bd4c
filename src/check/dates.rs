//! Whether day or month comes first: decided for a whole column, from all its rows.

use serde::{Deserialize, Serialize};

use super::value::{self, DateEvidence, Faults};
use crate::config::DateOrder;
use crate::mapping::Mapping;
use crate::operation::{FieldKind, Operation};
use crate::sheet::{Cell, RowBlock, column_letters};

/// The order of one column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnOrder {
    /// The sheet's column.
    pub column: usize,
    /// Its order.
    pub order: DateOrder,
    /// Whether a row, a flag or the profile says so; otherwise day first is an assumption.
    pub proved: bool,
}

/// The sheet's columns that hold dates, and what is known of them beforehand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DateColumns {
    columns: Vec<usize>,
    /// The column of `invoiceDate` and the month that `--period` puts its dates into: year and month.
    period: Option<(usize, (i16, i8))>,
}

/// What the cells of the date columns say.
#[derive(Debug, Clone)]
pub struct Evidence {
    columns: Vec<ColumnEvidence>,
    period: Option<(usize, (i16, i8))>,
}

#[derive(Debug, Clone, Default)]
struct ColumnEvidence {
    column: usize,
    day_first: u64,
    month_first: u64,
    /// Dates that lie in the month of `--period` if the day comes first, and if the month does.
    in_period_day_first: u64,
    in_period_month_first: u64,
    all: DateEvidence,
}

impl ColumnEvidence {
    /// How the proofs for day first compare with those for month first; the period speaks where no row proves either.
    fn weigh(&self) -> std::cmp::Ordering {
        let by_rows = self.day_first.cmp(&self.month_first);
        by_rows.then(self.in_period_day_first.cmp(&self.in_period_month_first))
    }
}

/// The sheet's columns that hold dates; `period` settles the order of the invoice dates where no row does.
pub fn columns(operation: &Operation, mapping: &Mapping, period: Option<(i16, i8)>) -> DateColumns {
    let mapped = mapping.columns.iter().enumerate();
    let columns = mapped
        .filter(|(_, field)| field.is_some_and(|field| operation.fields[field].kind == FieldKind::Date))
        .map(|(column, _)| column)
        .collect();
    let issued = operation.field_index("invoiceDate").and_then(|field| mapping.column_of(field));
    DateColumns { columns, period: issued.zip(period) }
}

/// Whether a date lies in a month when read in an order.
fn lies_in(cell: Cell<'_>, order: DateOrder, (year, month): (i16, i8)) -> bool {
    let date = value::date(cell, order, &mut Faults::new());
    date.is_some_and(|date| (date.year(), date.month()) == (year, month))
}

/// Whether rows read later overturn the orders that rows were checked by.
pub fn overturned(used: &[ColumnOrder], better: &[ColumnOrder]) -> bool {
    used.iter().zip(better).any(|(used, better)| used.order != better.order)
}

impl Evidence {
    /// No evidence yet about these columns.
    pub fn new(dates: &DateColumns) -> Self {
        let columns =
            dates.columns.iter().map(|column| ColumnEvidence { column: *column, ..ColumnEvidence::default() });
        Self { columns: columns.collect(), period: dates.period }
    }

    /// Adds the cells of a block.
    pub fn add(&mut self, block: &RowBlock) {
        for evidence in &mut self.columns {
            let period = self.period.filter(|(column, _)| *column == evidence.column).map(|(_, month)| month);
            for row in 0..block.len() {
                let cell = block.cell(row, evidence.column);
                if let Some(month) = period {
                    evidence.in_period_day_first += u64::from(lies_in(cell, DateOrder::Dmy, month));
                    evidence.in_period_month_first += u64::from(lies_in(cell, DateOrder::Mdy, month));
                }
                let cell = value::date_evidence(cell);
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
            evidence.in_period_day_first += other.in_period_day_first;
            evidence.in_period_month_first += other.in_period_month_first;
            evidence.all = evidence.all.merge(other.all);
        }
    }

    /// The order of each column: as told, else as most rows prove, else as the sheet's other columns, else day first.
    pub fn decide(&self, told: Option<DateOrder>) -> Vec<ColumnOrder> {
        let (day_first, month_first) = self.columns.iter().fold((0, 0), |(day, month), column| {
            (day + u64::from(column.weigh().is_gt()), month + u64::from(column.weigh().is_lt()))
        });
        self.columns
            .iter()
            .map(|evidence| {
                let (order, proved) = match (told, evidence.weigh()) {
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

    /// The same where the order of columns is known from elsewhere.
    pub fn decide_as(&self, told: Option<DateOrder>, known: &[ColumnOrder]) -> Vec<ColumnOrder> {
        let mut orders = self.decide(told);
        for order in &mut orders {
            if let Some(known) = known.iter().find(|known| known.column == order.column) {
                *order = ColumnOrder { proved: true, ..*known };
            }
        }
        orders
    }

    /// What a person should know about the dates of the sheet, a sentence each.
    pub fn notes(&self, orders: &[ColumnOrder]) -> Vec<String> {
        let assumed =
            self.columns.iter().zip(orders).filter(|(evidence, order)| !order.proved && evidence.all.is_ambiguous());
        let assumed: Vec<String> = assumed.map(|(evidence, _)| column_letters(evidence.column)).collect();
        let mut notes = Vec::new();
        if !assumed.is_empty() {
            notes.push(format!(
                "date-order-assumed: no date in column {} shows whether day or month comes first; day first was taken (--date-order says otherwise)",
                assumed.join(", ")
            ));
        }
        for (evidence, order) in self.columns.iter().zip(orders) {
            let column = column_letters(evidence.column);
            let by_period = evidence.day_first == evidence.month_first
                && evidence.in_period_month_first > evidence.in_period_day_first;
            if by_period && order.order == DateOrder::Mdy {
                notes.push(format!(
                    "date-order-by-period: the month comes first in column {column} and wherever no date shows the order, since only so its dates lie in the period (--date-order says otherwise)"
                ));
            }
            if evidence.day_first > 0 && evidence.month_first > 0 && evidence.all.is_ambiguous() {
                let first = if order.order == DateOrder::Mdy { "month" } else { "day" };
                let [day, month] = [evidence.day_first, evidence.month_first];
                notes.push(format!(
                    "date-order-minority: column {column} has dates that can only have the day first ({day}) and only the month first ({month}); all that could be either were read {first} first (--date-order says otherwise)"
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

/// The way out of such a column.
pub const SWAPPED_HINT: &str = "export the sheet again as text, or open it with the region set to India";

/// What is wrong with such a column, as a message says it.
pub fn swapped_words(column: usize) -> String {
    let letters = column_letters(column);
    format!(
        "column {letters}: every real date has a day up to 12 and every text date a later one: a spreadsheet set to month first has swapped day and month"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(cells: &[&str], period: Option<(i16, i8)>) -> Evidence {
        let mut block = RowBlock::new(1);
        for (row, cell) in cells.iter().enumerate() {
            block.push_cell(cell, crate::sheet::CellKind::Text);
            block.finish_row(row as u32 + 2, 0);
        }
        let mut evidence = Evidence::new(&DateColumns { columns: vec![0], period: period.map(|month| (0, month)) });
        evidence.add(&block);
        evidence
    }

    #[test]
    fn rows_prove_the_order_else_the_period_does_else_day_first_is_assumed() {
        for (cells, period, order, proved) in [
            (&["13/04/2026", "04/05/2026"][..], None, DateOrder::Dmy, true),
            (&["04/13/2026", "04/05/2026"][..], None, DateOrder::Mdy, true),
            (&["04/05/2026"][..], None, DateOrder::Dmy, false),
            (&["04/05/2026", "04/06/2026"][..], Some((2026, 4)), DateOrder::Mdy, true),
            (&["04/05/2026", "06/05/2026"][..], Some((2026, 5)), DateOrder::Dmy, true),
            // A row that proves the order outweighs the period.
            (&["13/04/2026", "05/04/2026"][..], Some((2026, 5)), DateOrder::Dmy, true),
        ] {
            let evidence = evidence(cells, period);
            let orders = evidence.decide(None);
            assert_eq!((orders[0].order, orders[0].proved), (order, proved), "{cells:?} {period:?}");
            let is_told = evidence.notes(&orders).iter().any(|note| note.starts_with("date-order-by-period: "));
            assert_eq!(is_told, period.is_some() && order == DateOrder::Mdy, "{cells:?} {period:?}");
        }
    }

    #[test]
    fn both_orders_in_one_column_are_noted_where_other_dates_could_be_either() {
        let both = evidence(&["13/04/2026", "04/14/2026", "04/15/2026", "04/05/2026"], None);
        let notes = both.notes(&both.decide(None));
        assert!(notes.iter().any(|note| note.contains("all that could be either were read month first")), "{notes:?}");
        let certain = evidence(&["13/04/2026", "04/14/2026"], None);
        assert_eq!(certain.notes(&certain.decide(None)), [""; 0]);
    }

    #[test]
    fn an_assumed_order_is_noted_once_with_its_columns() {
        let evidence = evidence(&["04/05/2026"], None);
        let notes = evidence.notes(&evidence.decide(None));
        assert_eq!(notes.len(), 1);
        assert!(notes[0].contains("column A"), "{}", notes[0]);
        assert!(evidence.notes(&evidence.decide(Some(DateOrder::Mdy))).is_empty());
    }
}
