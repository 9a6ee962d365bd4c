//! Invoice numbers by GST rule 46(b): at most 16 letters, digits, `-` and `/`.
//!
//! The spelling is kept as typed, case included; only look-alike dashes and full-width forms become their plain ones.
//! What a spreadsheet made of a number, a date or a power of ten, is refused and never turned back.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use super::code::{changed, dash, identifier, is_power_of_ten, is_rounded_number, no_lookalike, rounded};
use super::text::without_zero_decimals;
use super::{Fault, Faults};
use crate::finding::{Code, quote};
use crate::sheet::Cell;

// Limit: GST rule 46(b).
const LONGEST: usize = 16;

/// A number of an invoice, credit note or debit note.
pub fn invoice_number<'a>(cell: Cell<'a>, faults: &mut Faults) -> Option<Cow<'a, str>> {
    let text = identifier(cell, faults)?;
    let text = if text.is_ascii() { text } else { Cow::Owned(plain_form(&text, faults)?) };
    if is_power_of_ten(&text, cell.kind) {
        faults.push(changed(&text, "a power of ten"));
        return None;
    }
    if is_day_and_month(&text) {
        faults.push(changed(&text, "a date"));
        return None;
    }
    if is_rounded_number(&text, cell.kind) {
        faults.push(rounded(&text));
        return None;
    }
    let before = faults.len();
    refuse(&text, faults);
    if faults.len() > before {
        return None;
    }
    if text.starts_with(['0', '/', '-']) {
        let message = format!("{} begins with {}, which the e-invoice portal refuses", quote(&text), quote(&text[..1]));
        faults.push(Fault::new(Code::InvoiceNumberStart, message));
    }
    Some(text)
}

/// Whether the text is what Excel makes of `3/4` and writes into a CSV: `03-Apr`.
fn is_day_and_month(text: &str) -> bool {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    text.split_once('-').is_some_and(|(day, month)| {
        (1..=2).contains(&day.len())
            && day.parse::<u8>().is_ok_and(|day| (1..=31).contains(&day))
            && MONTHS.contains(&month)
    })
}

/// Pushes everything that keeps the text from being an invoice number.
fn refuse(text: &str, faults: &mut Faults) {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'/');
    if text.len() <= LONGEST && !text.starts_with('0') && text.as_bytes().iter().all(allowed) {
        return;
    }
    let length = text.chars().count();
    if length > LONGEST {
        let message = format!("{} has {length} characters; GST allows {LONGEST}", quote(text));
        faults
            .push(Fault::new(Code::InvoiceNumberTooLong, message).hint("it must stand in the sheet as on the invoice"));
    }
    if let Some(wrong) = text.chars().find(|character| !character.is_ascii_alphanumeric() && !"-/".contains(*character))
    {
        let message = format!("{} has {}; only letters, digits, - and / are allowed", quote(text), name(wrong));
        faults.push(Fault::new(Code::InvoiceNumberFormat, message).hint("correct the number on the invoice too"));
    }
    if without_zero_decimals(text).bytes().all(|byte| byte == b'0') {
        faults
            .push(Fault::new(Code::InvoiceNumberZero, format!("{} is zero, which is no invoice number", quote(text))));
    }
}

fn name(character: char) -> String {
    if character == ' ' { "a space".to_owned() } else { quote(character.encode_utf8(&mut [0; 4])) }
}

/// Compatibility forms and look-alike dashes as plain characters, the latter with a warning.
fn plain_form(text: &str, faults: &mut Faults) -> Option<String> {
    if !no_lookalike(text, faults) {
        return None;
    }
    let composed: String = text.nfkc().collect();
    let dashed: String = composed.chars().map(dash).collect();
    if dashed != composed {
        let message = format!("{} was read as {}", quote(text), quote(&dashed));
        faults.push(Fault::new(Code::InvoiceNumberDash, message).hint("type an ordinary hyphen"));
    }
    Some(dashed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheet::CellKind;

    #[test]
    fn invoice_numbers_keep_to_the_rule() {
        use CellKind::{Date, Error, Number, Text};
        let table: &[(&str, CellKind, Option<&str>, &[Code])] = &[
            ("INV/25-26/0001", Text, Some("INV/25-26/0001"), &[]),
            ("inv-1", Text, Some("inv-1"), &[]),
            ("A", Text, Some("A"), &[]),
            ("1234567890123456", Text, Some("1234567890123456"), &[]),
            ("1042", Number, Some("1042"), &[]),
            ("1042.0", Number, Some("1042"), &[]),
            ("2E10", Text, Some("2E10"), &[]),
            ("2E-10", Text, Some("2E-10"), &[]),
            ("'0123", Text, Some("0123"), &[Code::InvoiceNumberStart]),
            ("=\"00123\"", Text, Some("00123"), &[Code::InvoiceNumberStart]),
            ("/12", Text, Some("/12"), &[Code::InvoiceNumberStart]),
            ("'-12", Text, Some("-12"), &[Code::InvoiceNumberStart]),
            ("INV–12", Text, Some("INV-12"), &[Code::InvoiceNumberDash]),
            ("INV—12", Text, Some("INV-12"), &[Code::InvoiceNumberDash]),
            ("ＩＮＶ１２", Text, Some("INV12"), &[]),
            ("INV\u{200b}12", Text, Some("INV12"), &[]),
            ("INV/2025-26/00012", Text, None, &[Code::InvoiceNumberTooLong]),
            ("INV 12", Text, None, &[Code::InvoiceNumberFormat]),
            ("INV.12", Text, None, &[Code::InvoiceNumberFormat]),
            ("INV#12", Text, None, &[Code::InvoiceNumberFormat]),
            ("INV_12", Text, None, &[Code::InvoiceNumberFormat]),
            ("INV\\12", Text, None, &[Code::InvoiceNumberFormat]),
            ("INV\u{fc}12", Text, None, &[Code::InvoiceNumberFormat]),
            ("INV 2025-26 / 00012", Text, None, &[Code::InvoiceNumberTooLong, Code::InvoiceNumberFormat]),
            ("ІNV12", Text, None, &[Code::LookalikeCharacter]),
            ("0", Text, None, &[Code::InvoiceNumberZero]),
            ("000", Text, None, &[Code::InvoiceNumberZero]),
            ("0", Number, None, &[Code::InvoiceNumberZero]),
            ("2025-03-04", Date, None, &[Code::NumberChangedBySpreadsheet]),
            ("3-Apr", Text, None, &[Code::NumberChangedBySpreadsheet]),
            ("03-Apr", Text, None, &[Code::NumberChangedBySpreadsheet]),
            ("APR-03", Text, Some("APR-03"), &[]),
            ("3-APR", Text, Some("3-APR"), &[]),
            ("Apr-25", Text, Some("Apr-25"), &[]),
            ("44-Apr", Text, Some("44-Apr"), &[]),
            ("2E+10", Text, None, &[Code::NumberChangedBySpreadsheet]),
            ("2.5E+10", Text, None, &[Code::NumberChangedBySpreadsheet]),
            ("1234567890123450", Number, None, &[Code::NumberRounded]),
            ("#NAME?", Error, None, &[Code::CellError]),
            ("-", Text, None, &[]),
            ("", Text, None, &[]),
            ("N/A", Text, None, &[]),
        ];
        for &(text, kind, expected, codes) in table {
            let mut faults = Faults::new();
            let number = invoice_number(Cell { text, kind }, &mut faults);
            let found: Vec<Code> = faults.iter().map(|fault| fault.code).collect();
            assert_eq!((number.as_deref(), found.as_slice()), (expected, codes), "{text} {kind:?}");
        }
    }
}
