//! Amounts: whatever is read is what a person reads, and is read again from its plain form.

use arload::check::value::{AmountStyle, Faults, amount};
use arload::sheet::{Cell, CellKind};

/// Reads the bytes as a cell, in each style and kind.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for kind in [CellKind::Text, CellKind::Number, CellKind::Date, CellKind::Bool, CellKind::Error] {
        for (decimal_comma, paise) in [(false, false), (true, false), (false, true), (true, true)] {
            let style = AmountStyle { decimal_comma, paise };
            let mut faults = Faults::new();
            let cell = Cell { text: &text, kind };
            let Some(money) = amount(cell, style, &mut faults) else { continue };
            let again = money.to_string();
            let read = amount(Cell { text: &again, kind: CellKind::Text }, AmountStyle::default(), &mut Faults::new());
            assert_eq!(read, Some(money), "{text:?} as {kind:?}");
            if !decimal_comma && let Some(expected) = plain(&text) {
                assert_eq!(money.0, if paise { expected / 100 } else { expected }, "{text:?} as {kind:?}");
            }
        }
    }
}

/// Paise of `-1234.5`, read in the plainest way there is.
fn plain(text: &str) -> Option<i64> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (whole, parts) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 13 || parts.len() > 2 || !is_number(whole) || !is_number(parts) {
        return None;
    }
    format!("{whole}{parts:0<2}").parse::<i64>().ok().map(|paise| sign * paise)
}
