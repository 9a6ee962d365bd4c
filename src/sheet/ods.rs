//! What the decoder does not say of an ods by itself: which formulas ended in an error, or never had a value.
//!
//! Pure. Leaves decoding to [`super::excel`]. The one rule: a formula without a good value is never taken for a blank.

use calamine::{Data, Range};

use super::CellKind;

/// The place of a cell: row and column, from 0.
pub(super) type Place = (u32, u32);

/// The cells whose formula has no good value, in the order of the sheet.
pub(super) fn broken_formulas(values: &Range<Data>, formulas: &Range<String>) -> Vec<(Place, CellKind)> {
    let (first_row, first_column) = formulas.start().unwrap_or_default();
    let places = formulas.used_cells().map(|(row, column, _)| (first_row + row as u32, first_column + column as u32));
    places
        .filter_map(|place| match values.get_value(place) {
            None | Some(Data::Empty) => Some((place, CellKind::FormulaWithoutValue)),
            // Errors are stored as their text.
            Some(Data::String(text)) if is_error(text) => Some((place, CellKind::Error)),
            Some(_) => None,
        })
        .collect()
}

fn is_error(text: &str) -> bool {
    const ERRORS: [&str; 7] = ["#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!"];
    let is_numbered = |rest: &str| rest.len() == 3 && rest.bytes().all(|byte| byte.is_ascii_digit());
    ERRORS.contains(&text) || text.strip_prefix("Err:").is_some_and(is_numbered)
}

#[cfg(test)]
mod tests {
    use calamine::Cell;

    use super::*;

    #[test]
    fn formulas_that_failed_or_have_no_value_are_found() {
        let text = |text: &str| Data::String(text.to_owned());
        let values = Range::from_sparse(vec![
            Cell::new((1, 1), text("#N/A")),
            Cell::new((1, 2), text("#N/A")),
            Cell::new((2, 1), text("Err:502")),
            Cell::new((2, 2), Data::Float(5.0)),
            Cell::new((3, 3), text("")),
        ]);
        let formula = |place| Cell::new(place, "of:=1".to_owned());
        let formulas = [(1, 2), (2, 1), (2, 2), (2, 3), (3, 3), (9, 9)].map(formula);
        let found = broken_formulas(&values, &Range::from_sparse(formulas.to_vec()));
        let (error, none) = (CellKind::Error, CellKind::FormulaWithoutValue);
        assert_eq!(found, [((1, 2), error), ((2, 1), error), ((2, 3), none), ((9, 9), none)]);
        assert!(["#N/A", "#DIV/0!", "Err:522"].into_iter().all(is_error));
        assert!(!["", "#1", "Err:", "Err:5022", "Err:x12", "N/A"].into_iter().any(is_error));
    }
}
