//! Cells in the form that nearly every sheet writes, read from their bytes without normalising anything.
//!
//! Pure, and only for rows of which [`is_plain_row`] says that nothing inside them would be cleaned. Leaves every other cell,
//! all that is wrong and all that needs a word to [`super::value`]. The one rule: a cell is read here only where the
//! full reading would give the same value and nothing to say; a test holds every kind of field to it.

use super::cells::Value;
use super::value::{self, AmountStyle};
use crate::config::DateOrder;
use crate::money::Money;
use crate::operation::{AmountSign, FieldKind};

/// Longest text that may be a word for an empty cell.
const LONGEST_BLANK: usize = 4;

/// Whether the cells of a row may be read here: nothing inside its text would be cleaned away or decoded.
pub(super) fn is_plain_row(text: &str) -> bool {
    value::is_plain_inside(text.as_bytes())
}

/// What a text cell of a plain row says of a field; none where it takes the full reading to know.
#[inline]
pub(super) fn read(text: &str, kind: FieldKind, order: DateOrder, style: AmountStyle) -> Option<Value<'_>> {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return Some(Value::Blank) };
    if matches!(first, b' ' | b'\'' | b'=') || matches!(last, b' ' | b'&') {
        return None;
    }
    let is_good = match kind {
        FieldKind::Amount(sign) => return amount(bytes, sign, style),
        FieldKind::Date => return value::plain_day(bytes, order).map(Value::Date),
        FieldKind::Text(most) => is_filled(bytes, most),
        FieldKind::Identifier(most) => is_reference(bytes, most),
        FieldKind::CustomerId => is_reference(bytes, 200),
        FieldKind::List => is_filled(bytes, usize::MAX) && !bytes.iter().any(|byte| matches!(byte, b',' | b';')),
        FieldKind::InvoiceNumber => is_invoice_number(bytes),
        FieldKind::Gstin => value::is_plain_gstin(bytes),
        FieldKind::Email => value::is_plain_address(bytes),
        _ => false,
    };
    is_good.then_some(Value::Text(text.into()))
}

fn amount(bytes: &[u8], sign: AmountSign, style: AmountStyle) -> Option<Value<'static>> {
    let least = match sign {
        AmountSign::Any => i64::MIN,
        AmountSign::ZeroOrMore => 0,
        AmountSign::AtLeastTenPaise => 10,
    };
    let paise = value::plain_paise(bytes).filter(|paise| style == AmountStyle::default() && *paise >= least)?;
    Some(Value::Amount(Money(paise)))
}

/// Whether a text is none of the words for an empty cell, and no longer than its field.
fn is_filled(bytes: &[u8], most: usize) -> bool {
    bytes.len() > LONGEST_BLANK && bytes.len() <= most
}

/// A digit in front may begin a power of ten that a spreadsheet wrote.
fn is_reference(bytes: &[u8], most: usize) -> bool {
    is_filled(bytes, most) && !(bytes[0].is_ascii_digit() && bytes.iter().any(|byte| matches!(byte, b'e' | b'E')))
}

/// By the rule, and neither a power of ten nor a day and month, which begin with a digit.
fn is_invoice_number(bytes: &[u8]) -> bool {
    // Limit: GST rule 46(b) takes sixteen characters.
    is_filled(bytes, 16)
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'/'))
        && match bytes[0] {
            b'0' | b'-' | b'/' => false,
            b'1'..=b'9' => !bytes.iter().any(|byte| matches!(byte, b'-' | b'e' | b'E')),
            _ => true,
        }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::cells::read_value;
    use super::*;
    use crate::check::value::Faults;
    use crate::sheet::{Cell, CellKind};

    const KINDS: [FieldKind; 25] = [
        FieldKind::Text(30),
        FieldKind::Text(250),
        FieldKind::Identifier(12),
        FieldKind::List,
        FieldKind::Amount(AmountSign::Any),
        FieldKind::Amount(AmountSign::ZeroOrMore),
        FieldKind::Amount(AmountSign::AtLeastTenPaise),
        FieldKind::Days,
        FieldKind::Date,
        FieldKind::Bool,
        FieldKind::Whole,
        FieldKind::TimeOfDay,
        FieldKind::RecordId,
        FieldKind::CustomerId,
        FieldKind::CompanyId,
        FieldKind::InvoiceNumber,
        FieldKind::Gstin,
        FieldKind::Pan,
        FieldKind::PanOrGstin,
        FieldKind::Ifsc,
        FieldKind::AccountNumber,
        FieldKind::Pin,
        FieldKind::Mobile,
        FieldKind::Email,
        FieldKind::Enum(&["true", "false"]),
    ];

    /// Holds the two readings of a text against each other; says how many fields took it here.
    fn compare(text: &str) -> usize {
        if !is_plain_row(text) {
            return 0;
        }
        let mut taken = 0;
        for kind in KINDS {
            for order in [DateOrder::Dmy, DateOrder::Mdy, DateOrder::Ymd] {
                for paise in [false, true] {
                    let style = AmountStyle { paise, decimal_comma: false };
                    let Some(quick) = read(text, kind, order, style) else { continue };
                    let mut faults = Faults::new();
                    let full = read_value(Cell { text, kind: CellKind::Text }, (kind, order, style), &mut faults);
                    assert_eq!((&quick, faults.as_slice()), (&full, &[][..]), "{text:?} as {kind:?} {order:?}");
                    taken += 1;
                }
            }
        }
        taken
    }

    #[test]
    fn usual_cells_are_read_at_once() {
        for (text, kind) in [
            ("Rao & Sons, Pune", FieldKind::Text(100)),
            ("INV/25-26/0001", FieldKind::InvoiceNumber),
            ("12345/26", FieldKind::InvoiceNumber),
            ("1,00,000.00", FieldKind::Amount(AmountSign::AtLeastTenPaise)),
            ("0", FieldKind::Amount(AmountSign::ZeroOrMore)),
            ("01/04/2025", FieldKind::Date),
            ("2025-04-01", FieldKind::Date),
            ("27AAPFU0939F1ZV", FieldKind::Gstin),
            ("a.b@example.in", FieldKind::Email),
            ("KCABCDEFGH123456", FieldKind::CustomerId),
            ("PO-2026-1", FieldKind::Identifier(30)),
        ] {
            assert!(read(text, kind, DateOrder::Dmy, AmountStyle::default()).is_some(), "{text}");
            assert!(compare(text) > 0);
        }
    }

    #[test]
    fn odd_cells_are_left_to_the_full_reading() {
        for text in [
            "",
            "-",
            ".",
            "--",
            "---",
            "0",
            "00",
            "NA",
            "n/a",
            "nil",
            "NULL",
            "none",
            "#N/A",
            "URP",
            "1E+10",
            "2E10",
            "12E-3",
            "03-Apr",
            "3-APR",
            "0123",
            "/12",
            "-12",
            "'12",
            "=12",
            " 12",
            "12 ",
            "1,00",
            "1,00,00",
            "12,34,567.8",
            "0,123",
            "1,234,567",
            "1,23,4567",
            "01,234",
            "-0.05",
            "0.05",
            "1.005",
            "1.",
            ".5",
            "99999999999999",
            "9,99,99,99,99,99,999",
            "31/02/2025",
            "32/01/2025",
            "13/13/2025",
            "01/04/1899",
            "01/04/2100",
            "2025-13-01",
            "01-04/2025",
            "25AAPFU0939F1ZX",
            "27AAPFU0939F1ZX",
            "27AAPFU0000F1ZV",
            "99AAPFU0939F1ZV",
            "00AAPFU0939F1ZV",
            "a@b",
            "a@b.c",
            "a..b@c.in",
            "a@b.in;c@d.in",
            "x;y",
            "a,b",
            "9876543210",
            "+919876543210",
            "true",
            "TRUE",
            "yes",
            "411001",
            "HDFC0001234",
            "AAPFU0939F",
        ] {
            compare(text);
        }
        for (text, kind) in [
            ("NULL", FieldKind::Text(30)),
            ("0", FieldKind::Identifier(30)),
            ("12345E+10", FieldKind::Identifier(30)),
            ("03-Apr", FieldKind::InvoiceNumber),
            ("01,234.00", FieldKind::Amount(AmountSign::Any)),
            ("0.05", FieldKind::Amount(AmountSign::AtLeastTenPaise)),
            ("-5.00", FieldKind::Amount(AmountSign::ZeroOrMore)),
            ("31/02/2025", FieldKind::Date),
            ("27AAPFU0939F1ZX", FieldKind::Gstin),
            ("25AAPFU0939F1ZX", FieldKind::Gstin),
        ] {
            assert_eq!(read(text, kind, DateOrder::Dmy, AmountStyle::default()), None, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn what_is_read_at_once_is_what_the_full_reading_says(
            text in "[ -~]{0,24}\
                |[0-9Ee+/-]{1,17}\
                |[A-Za-z0-9/-]{1,17}\
                |-?[0-9]{1,3}(,[0-9]{2,3}){0,4}(\\.[0-9]{0,3})?\
                |[0-9]{1,16}(\\.[0-9]{1,3})?\
                |[0-3][0-9]([/-])[0-3][0-9][/-](18|19|20|21)[0-9]{2}\
                |[0-9]{4}-[01][0-9]-[0-3][0-9]\
                |[0-9]{2}[A-Z]{3}[PCHFT][A-Z][0-9]{4}[A-Z][1-9A-Z][ZCD][0-9A-Z]\
                |[a-z0-9._-]{1,8}@[a-z0-9.-]{1,12}\\.[a-z]{1,3}\
                |[A-Z][a-z]{1,8} ?& ?[A-Z][a-z]{1,8}"
        ) {
            compare(&text);
        }

        #[test]
        fn a_gstin_is_read_at_once_only_with_its_check_character(body in "[0-9]{2}[A-Z]{5}[0-9]{4}[A-Z][1-9A-Z]Z") {
            for last in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".chars() {
                compare(&format!("{body}{last}"));
            }
        }
    }
}
