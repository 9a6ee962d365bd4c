//! What holds for every kind of cell: cleaning, blanks, and that no input makes a reader panic or keep silent.

use std::borrow::Cow;

use proptest::prelude::*;

use super::*;
use crate::config::DateOrder;
use crate::finding::Severity;
use crate::sheet::{Cell, CellKind};

#[test]
fn cells_are_cleaned_of_what_nobody_sees() {
    for (raw, cleaned) in [
        ("Mehta Traders", "Mehta Traders"),
        ("  Mehta   Traders ", "Mehta Traders"),
        ("Mehta\u{a0}Traders", "Mehta Traders"),
        ("Mehta\u{202f}\u{3000}\u{2007}Traders", "Mehta Traders"),
        ("27AAPFU0939F1ZV\u{200b}", "27AAPFU0939F1ZV"),
        ("\u{feff}a\u{ad}b\u{200e}", "ab"),
        ("12, MG Road\r\nPune", "12, MG Road Pune"),
        ("a\u{b}b\u{c}c\u{0}d", "a b c d"),
        ("Mehta’s “Shop” – 2", "Mehta’s “Shop” – 2"),
        ("e\u{301}", "é"),
        ("'0123", "0123"),
        ("'=HYPERLINK(1)", "=HYPERLINK(1)"),
        ("=\"00123\"", "00123"),
        ("=\"a \"\"b\"\"\"", "a \"b\""),
        ("=HYPERLINK(\"x\")", "=HYPERLINK(\"x\")"),
        ("@SUM", "@SUM"),
        ("A &amp; B", "A & B"),
        ("12 MG Road<br>Pune", "12 MG Road Pune"),
        ("AT&T", "AT&T"),
        ("मेहता", "मेहता"),
        ("", ""),
        ("   ", ""),
    ] {
        assert_eq!(clean(raw), cleaned, "{raw:?}");
    }
    for plain in ["Mehta Traders", "INV-1", "", " untrimmed ", "é"] {
        assert!(matches!(clean(plain), Cow::Borrowed(_)), "{plain:?}");
    }
}

#[test]
fn placeholders_stand_for_blanks() {
    for blank in ["", "-", "--", ".", "–", "NA", "na", "N/A", "NIL", "Nil", "NULL", "None", "#N/A"] {
        assert!(is_blank(blank), "{blank}");
    }
    for value in ["0", "N", "No", "NAN", "Nilesh", "#REF!", "..", "x"] {
        assert!(!is_blank(value), "{value}");
    }
}

#[test]
fn texts_are_never_cut() {
    let read = |content, kind, most| {
        let mut faults = Faults::new();
        let value = text(Cell { text: content, kind }, most, &mut faults).map(Cow::into_owned);
        (value, faults.first().map(|fault| fault.code))
    };
    assert_eq!(read(" Mehta ", CellKind::Text, 5), (Some("Mehta".to_owned()), None));
    assert_eq!(read("मेहता", CellKind::Text, 5), (Some("मेहता".to_owned()), None));
    assert_eq!(read("Mehta & Co", CellKind::Text, 5), (None, Some(Code::TextTooLong)));
    assert_eq!(read("1042.0", CellKind::Number, 5), (Some("1042".to_owned()), None));
    assert_eq!(read("0", CellKind::Number, 5), (Some("0".to_owned()), None));
    assert_eq!(read("NA", CellKind::Text, 5), (None, None));
    assert_eq!(read("#REF!", CellKind::Error, 5), (None, Some(Code::CellError)));
    assert_eq!(read("", CellKind::FormulaWithoutValue, 5), (None, Some(Code::FormulaWithoutValue)));
}

#[test]
fn lists_take_several_separators() {
    for (raw, joined) in [
        ("A1", Some("A1")),
        ("A1, A2", Some("A1;A2")),
        ("A1;A2", Some("A1;A2")),
        ("A1\nA2\r\nA3", Some("A1;A2;A3")),
        ("A &amp; B, C", Some("A & B;C")),
        (" A1 ;; - ; A2,", Some("A1;A2")),
        (";", None),
        ("", None),
    ] {
        let mut faults = Faults::new();
        assert_eq!(list(Cell { text: raw, kind: CellKind::Text }, &mut faults).as_deref(), joined, "{raw:?}");
        assert_eq!(faults, []);
    }
}

fn kinds() -> impl Strategy<Value = CellKind> {
    prop::sample::select(vec![
        CellKind::Text,
        CellKind::Number,
        CellKind::Date,
        CellKind::Bool,
        CellKind::Error,
        CellKind::FormulaWithoutValue,
    ])
}

/// Anything at all, and what looks almost right.
fn cells() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ 0-9A-Za-z.,:;/+()<>&#@='₹₨रु०-९\u{a0}\u{200b}–−é\u{410}-]{0,24}",
        "[0-9.,:/ TZEe+'-]{0,20}",
        "[0-9]{2}[A-Z]{5}[0-9]{4}[A-Z][0-9A-Z]{3}",
    ]
}

proptest! {
    #[test]
    fn every_cell_is_read_or_explained(content in cells(), kind in kinds()) {
        let cell = Cell { text: &content, kind };
        let styles = [
            AmountStyle::default(),
            AmountStyle { decimal_comma: true, paise: false },
            AmountStyle { decimal_comma: false, paise: true },
        ];
        let check = |name: &str, read: &dyn Fn(&mut Faults) -> bool| {
            let mut faults = Faults::new();
            let some = read(&mut faults);
            let refused = faults.iter().any(|fault| fault.code.severity() == Severity::Error);
            assert!(!(some && refused), "{name}: a value with an error: {faults:?}");
            assert!(some || refused || faults.is_empty(), "{name}: nothing but warnings and no value: {faults:?}");
        };
        for style in styles {
            check("amount", &|faults| amount(cell, style, faults).is_some());
        }
        for order in [DateOrder::Dmy, DateOrder::Mdy, DateOrder::Ymd] {
            check("date", &|faults| date(cell, order, faults).is_some());
        }
        date_evidence(cell);
        state_code(&content);
        check("text", &|faults| text(cell, 10, faults).is_some());
        check("list", &|faults| list(cell, faults).is_some());
        check("boolean", &|faults| boolean(cell, faults).is_some());
        check("days", &|faults| days(cell, faults).is_some());
        check("gstin", &|faults| gstin(cell, faults).is_some());
        check("pan", &|faults| pan(cell, faults).is_some());
        check("pan_or_gstin", &|faults| pan_or_gstin(cell, faults).is_some());
        check("ifsc", &|faults| ifsc(cell, faults).is_some());
        check("account_number", &|faults| account_number(cell, faults).is_some());
        check("pin", &|faults| pin(cell, faults).is_some());
        check("mobile", &|faults| mobile(cell, faults).is_some());
        check("phone", &|faults| phone(cell, faults).is_some());
        check("email", &|faults| email(cell, faults).is_some());
        check("company_id", &|faults| company_id(cell, faults).is_some());
        check("customer_id_shape", &|_| customer_id_shape(&content));
        check("one_of", &|faults| one_of(cell, &["A", "B_C"], faults).is_some());
        check("invoice_number", &|faults| invoice_number(cell, faults).is_some());
    }

    #[test]
    fn cleaned_text_is_trimmed_and_visible(content in cells()) {
        let cleaned = clean(&content);
        prop_assert_eq!(cleaned.trim(), cleaned.as_ref());
        prop_assert!(!cleaned.contains("  ") && !cleaned.contains(char::is_control));
    }
}
