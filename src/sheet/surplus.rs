//! Rows of text that are wider than their header because an amount's commas were not quoted.
//!
//! Pure. The one rule: what joining would give is proposed to a person, never applied.

use super::row::RawRow;

/// The amounts that come out when neighbouring cells are joined again, if the row then has `width` cells.
pub(super) fn joined_amounts(row: &RawRow, width: usize) -> Option<Vec<String>> {
    let surplus = row.len().checked_sub(width).filter(|surplus| *surplus > 0)?;
    let mut amounts = Vec::new();
    let (mut column, mut removed) = (0, 0);
    while column < row.len() {
        let parts = amount_parts(row, column);
        if parts > 1 {
            let cells: Vec<&str> = (column..column + parts).map(|column| row.cell(column).text.trim()).collect();
            amounts.push(cells.join(","));
            removed += parts - 1;
        }
        column += parts.max(1);
    }
    (removed == surplus).then_some(amounts)
}

/// How many cells from `start` on make one grouped amount; 1 where the cell stands alone.
fn amount_parts(row: &RawRow, start: usize) -> usize {
    let first = row.cell(start).text.trim();
    let digits = first.trim_start_matches(['₹', '-', '(', ' ']);
    if !(1..=3).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return 1;
    }
    // Groups before the last are of two digits (lakhs) or all of three (millions).
    let mut lengths = [0, 0];
    let mut column = start + 1;
    loop {
        let text = row.cell(column).text.trim();
        let length = text.bytes().take_while(u8::is_ascii_digit).count();
        let rest = &text[length..];
        let last = length == 3 && rest.strip_prefix('.').is_some_and(is_fraction);
        let plain = rest.is_empty();
        if last || length == 3 && plain && !goes_on(row, column) {
            return if lengths[0] > 0 && (lengths[1] > 0 || digits.len() > 2) { 1 } else { column - start + 1 };
        }
        if !plain || !(2..=3).contains(&length) {
            return 1;
        }
        lengths[length - 2] += 1;
        column += 1;
    }
}

/// Whether the cell after this one can be a further group of the same amount.
fn goes_on(row: &RawRow, column: usize) -> bool {
    let next = row.cell(column + 1).text.trim();
    let length = next.bytes().take_while(u8::is_ascii_digit).count();
    let rest = &next[length..];
    length == 3 && (rest.is_empty() || rest.strip_prefix('.').is_some_and(is_fraction))
}

fn is_fraction(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    digits > 0 && matches!(text[digits..].trim(), "" | ")" | "-" | "/-" | "Dr" | "Cr" | "Dr." | "Cr.")
}

#[cfg(test)]
mod tests {
    use super::super::CellKind;
    use super::*;

    #[test]
    fn broken_amounts_are_joined_only_where_the_width_comes_out() {
        for (cells, width, expected) in [
            ("INV-1|1-Apr-25|1|00|000.00|x", 4, Some("1,00,000.00")),
            ("1-Apr-25|Opening Balance|||1|00|000.00", 5, Some("1,00,000.00")),
            ("INV-1|12|34|567.89|2|12|222.00|5", 4, Some("12,34,567.89 2,12,222.00")),
            ("INV-1|₹1|234|567.00", 2, Some("₹1,234,567.00")),
            ("INV-1|5|000", 2, Some("5,000")),
            ("INV-1|1|00|000.00 Dr|", 3, Some("1,00,000.00 Dr")),
            ("INV-1|1|00|000.00|x", 4, None),
            ("INV-1|a|b|c", 3, None),
            ("INV-1|1|00|00", 2, None),
            ("INV-1|1000|000.00", 2, None),
            ("INV-1|123|45|678.00", 2, None),
            ("INV-1|1|00|000.00", 4, None),
        ] {
            let mut row = RawRow::default();
            cells.split('|').for_each(|cell| row.push_cell(cell, CellKind::Text));
            assert_eq!(joined_amounts(&row, width).map(|amounts| amounts.join(" ")).as_deref(), expected, "{cells}");
        }
    }
}
