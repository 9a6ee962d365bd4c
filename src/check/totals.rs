//! Whether a sheet's own grand total agrees with its rows.
//!
//! Pure. Owns the adding up of the mapped amount columns and the comparison; which row is the grand total is known by
//! [`crate::sheet::table::Dropped::stated_total`], and what a gap does to the run is decided by its caller. The one
//! rule: a total is only held against columns whose every row could be read, so that a gap always means something.

use std::fmt;

use super::value::{self, AmountStyle, Faults};
use crate::mapping::{Mapping, Unit};
use crate::money::{Money, Total};
use crate::operation::Operation;
use crate::outcome::Amounts;
use crate::sheet::{Cell, CellKind, column_letters};

/// How far a stated total may be from the sum of its rows, in paise: one rupee.
const TOLERANCE: i128 = 100;

/// Amount fields whose totals are compared, in the order of [`ColumnSums::sums`].
const FIELDS: [&str; 5] = ["baseAmount", "cgst", "sgst", "igst", "netAmount"];

/// The amounts of all data rows of a sheet added up, each field for itself; excluded and invalid rows count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ColumnSums {
    sums: [Total; 5],
    /// Whether some row's amount could not be read, so that no sum is the whole one.
    partial: bool,
}

/// A column whose stated total is not the sum of its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TotalGap {
    /// JSON name of the field.
    pub field: &'static str,
    /// The sheet's column, counted from 0.
    pub column: usize,
    /// What the total row says.
    pub stated: Total,
    /// What the rows add up to.
    pub summed: Total,
}

impl fmt::Display for TotalGap {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (column, gap) = (column_letters(self.column), Total((self.stated.0 - self.summed.0).abs()));
        let Self { field, stated, summed, .. } = self;
        write!(
            formatter,
            "column {column} ({field}): the total row says {stated}, the rows add up to {summed} (difference {gap})"
        )
    }
}

impl ColumnSums {
    /// Adds one row.
    pub fn add(&mut self, amounts: &Amounts) {
        let row = [amounts.taxable, amounts.cgst, amounts.sgst, amounts.igst, amounts.total];
        for (sum, amount) in self.sums.iter_mut().zip(row) {
            *sum += amount.unwrap_or_default();
        }
        self.partial |= amounts.unreadable;
    }

    /// Adds the rows of another part of the sheet.
    pub fn merge(&mut self, other: &Self) {
        for (sum, further) in self.sums.iter_mut().zip(other.sums) {
            *sum += further;
        }
        self.partial |= other.partial;
    }

    /// The same with further amounts, in paise: taxable value, CGST, SGST, IGST and total.
    #[must_use]
    pub fn with(mut self, further: [i128; 5]) -> Self {
        for (sum, further) in self.sums.iter_mut().zip(further) {
            sum.0 += further;
        }
        self
    }
}

/// The mapped amount columns whose stated total differs from their rows by more than a rupee.
///
/// `cells` is the total row as it was read. A blank or unreadable total is held against nothing, and so is a row with
/// more cells than the sheet has columns, since its cells have shifted.
pub fn grand_total_mismatch(
    operation: &Operation,
    mapping: &Mapping,
    cells: &[String],
    sums: &ColumnSums,
) -> Vec<TotalGap> {
    let shifted = cells.iter().skip(mapping.columns.len()).any(|cell| !cell.trim().is_empty());
    if sums.partial || shifted {
        return Vec::new();
    }
    let fields = FIELDS.iter().zip(sums.sums).filter_map(|(name, summed)| {
        let field = operation.field_index(name)?;
        let column = mapping.column_of(field)?;
        let further = mapping.extra_columns.iter().filter(|(_, extra)| *extra == field).map(|(column, _)| *column);
        let mut stated = Total::default();
        for column in std::iter::once(column).chain(further) {
            stated += stated_amount(mapping, column, cells)?;
        }
        let gap = (stated.0 - summed.0).abs() > TOLERANCE;
        gap.then_some(TotalGap { field: operation.fields[field].name, column, stated, summed })
    });
    fields.collect()
}

/// Why the total row's amounts are held against nothing; none where at least one of them is, or where it states none.
pub fn not_held(operation: &Operation, mapping: &Mapping, cells: &[String], sums: &ColumnSums) -> Option<&'static str> {
    if cells.iter().skip(mapping.columns.len()).any(|cell| !cell.trim().is_empty()) {
        return Some("it has more cells than the headings");
    }
    let columns = FIELDS.iter().filter_map(|name| mapping.column_of(operation.field_index(name)?));
    let stated: Vec<usize> =
        columns.filter(|column| cells.get(*column).is_some_and(|cell| !cell.trim().is_empty())).collect();
    if stated.is_empty() {
        return Some("it states no amount in a column that is used");
    }
    if sums.partial {
        return Some("the amounts of some row cannot be read");
    }
    let none_reads = stated.iter().all(|column| stated_amount(mapping, *column, cells).is_none());
    none_reads.then_some("its amounts cannot be read")
}

fn stated_amount(mapping: &Mapping, column: usize, cells: &[String]) -> Option<Money> {
    let paise = mapping.amount_units.get(column).copied().flatten() == Some(Unit::Paise);
    let style = AmountStyle { paise, decimal_comma: mapping.decimal_comma };
    let text = cells.get(column)?.as_str();
    // The cell of a workbook is a number with a point, whatever the texts of the sheet are written with.
    let read = |kind| value::amount(Cell { text, kind }, style, &mut Faults::new());
    read(CellKind::Text).or_else(|| read(CellKind::Number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapping(operation: &Operation, fields: &[&str], extra: &[(usize, &str)]) -> Mapping {
        Mapping {
            columns: fields.iter().map(|name| operation.field_index(name)).collect(),
            extra_columns: extra.iter().map(|(column, name)| (*column, operation.field_index(name).unwrap())).collect(),
            ..Mapping::default()
        }
    }

    #[test]
    fn a_stated_total_is_held_against_the_rows_to_the_rupee() {
        let operation = Operation::by_name("invoices create").unwrap();
        let mapping = mapping(operation, &["invoiceNumber", "baseAmount", "cgst", "", "netAmount"], &[(3, "cgst")]);
        let mut sums = ColumnSums::default();
        for _ in 0..2 {
            sums.add(&Amounts {
                taxable: Some(Money(5_000_000)),
                cgst: Some(Money(900_000)),
                total: Some(Money(5_900_000)),
                ..Amounts::default()
            });
        }
        for (cells, gaps) in [
            ("Total|1,00,000.00|18,000.00|0|1,18,000.00", &[][..]),
            ("Total|1,00,001.00|10,000|8,000|1,18,000.00", &[]),
            ("Total|1,00,001.01|18,000|0|1,17,998.99", &["baseAmount", "netAmount"]),
            ("Total|||| ", &[]),
            ("Total|#REF!|20,000||₹ 2,36,000.00 Dr", &["netAmount"]),
            ("Total||20,000|-|", &[]),
            ("Total|200000", &["baseAmount"]),
            ("Total|2,00,000.00|0|0|0|7", &[]),
        ] {
            let cells: Vec<String> = cells.split('|').map(String::from).collect();
            let found = grand_total_mismatch(operation, &mapping, &cells, &sums);
            assert_eq!(found.iter().map(|gap| gap.field).collect::<Vec<_>>(), gaps, "{cells:?}");
        }
        for (cells, reason) in [
            ("Total|1,00,000.00", None),
            ("Total|||| ", Some("it states no amount in a column that is used")),
            ("Total|#REF!|20,000||", None),
            ("Total|#REF!|||=1+1", Some("its amounts cannot be read")),
            ("Total|2,00,000.00|0|0|0|7", Some("it has more cells than the headings")),
        ] {
            let cells: Vec<String> = cells.split('|').map(String::from).collect();
            assert_eq!(not_held(operation, &mapping, &cells, &sums), reason, "{cells:?}");
        }
        sums.add(&Amounts { unreadable: true, ..Amounts::default() });
        let cells = ["Total".to_owned(), "7".to_owned()];
        assert_eq!(grand_total_mismatch(operation, &mapping, &cells, &sums), []);
        assert_eq!(not_held(operation, &mapping, &cells, &sums), Some("the amounts of some row cannot be read"));
    }

    #[test]
    fn a_gap_says_what_differs_and_by_how_much() {
        let gap = TotalGap { field: "netAmount", column: 7, stated: Total(150_000), summed: Total(160_050) };
        assert_eq!(
            gap.to_string(),
            "column H (netAmount): the total row says 1500.00, the rows add up to 1600.50 (difference 100.50)"
        );
    }
}
