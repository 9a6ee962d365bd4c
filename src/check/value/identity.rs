//! Other identifiers: PAN, IFSC, bank account number, PIN code, Enkash ids.
//!
//! Each is compacted first and then compared with its form. The one rule: identifiers are text; what a spreadsheet
//! rounded or reformatted is refused, never rebuilt from what is left.

use std::borrow::Cow;

use super::code::{Scientific, code, code_content, digit, fits, identifier, is_rounded, one_swap, rounded};
use super::text::{clean, without_zero_decimals};
use super::{Ascii, Fault, Faults};
use crate::finding::{Code, quote};
use crate::sheet::{Cell, CellKind};

/// A PAN, in capitals.
pub type Pan = Ascii<10>;

const PAN: &[u8; 10] = b"AAAAA9999A";
const IFSC: &[u8; 11] = b"AAAA0xxxxxx";

/// A PAN; its last letter is not tested, because its rule is unpublished.
pub fn pan(cell: Cell<'_>, faults: &mut Faults) -> Option<Pan> {
    let code = code_content(cell, faults)?;
    let bare = if code.contains(['-', '.']) { Cow::Owned(code.replace(['-', '.'], "")) } else { code };
    read_pan(&bare, faults)
}

/// An IFSC of a bank branch.
pub fn ifsc(cell: Cell<'_>, faults: &mut Faults) -> Option<Ascii<11>> {
    let code = code_content(cell, faults)?;
    if fits(code.as_bytes(), IFSC) {
        return Ascii::new(&code);
    }
    let message = format!("{} is not an IFSC; expected four letters, 0 and six letters or digits", quote(&code));
    let hint = one_swap(&code, |bytes| fits(bytes, IFSC)).map(|right| format!("perhaps {} is meant", quote(&right)));
    faults.push(Fault::new(Code::IfscFormat, message).maybe_hint(hint));
    None
}

/// A bank account number: 9 to 18 digits, or with the letters of a few banks up to 36 characters.
pub fn account_number<'a>(cell: Cell<'a>, faults: &mut Faults) -> Option<Cow<'a, str>> {
    let text = identifier(cell, faults)?;
    if text == "0" {
        return None;
    }
    let number = match Scientific::parse(&text) {
        // The power's letter may also be a bank's; a sign behind it, or a workbook's number, cannot.
        Some(power) if cell.kind == CellKind::Number || text.contains(['+', '.']) => {
            let complete = power.whole_digits().filter(|digits| digits.len() <= power.digits().min(15));
            let Some(digits) = complete else {
                faults.push(rounded(&text));
                return None;
            };
            Cow::Owned(digits)
        }
        _ if text.bytes().all(|byte| byte.is_ascii_alphanumeric()) => text,
        _ => {
            let kept = without_zero_decimals(&text).chars().filter(|character| !matches!(character, ' ' | '-'));
            Cow::Owned(kept.map(digit).collect())
        }
    };
    if cell.kind == CellKind::Number && number.bytes().all(|byte| byte.is_ascii_digit()) && is_rounded(&number) {
        faults.push(rounded(&number));
        return None;
    }
    if is_account_number(number.as_bytes()) {
        return Some(number);
    }
    let message = format!("{} is not an account number; expected 9 to 18 digits", quote(&number));
    let short = number.len() < 9 && number.bytes().all(|byte| byte.is_ascii_digit());
    let hint = short.then(|| "if a spreadsheet dropped zeros in front, type them again in a text column".to_owned());
    faults.push(Fault::new(Code::AccountNumberFormat, message).maybe_hint(hint));
    None
}

fn is_account_number(bytes: &[u8]) -> bool {
    // Limit: the API takes 9 to 36 letters or digits, Indian banks give at most 18 digits; a word is no number.
    const DIGITS_BESIDE_LETTERS: usize = 5;
    let digits = bytes.iter().filter(|byte| byte.is_ascii_digit()).count();
    if digits == bytes.len() {
        return (9..=18).contains(&digits);
    }
    (9..=36).contains(&bytes.len()) && digits >= DIGITS_BESIDE_LETTERS && bytes.iter().all(u8::is_ascii_alphanumeric)
}

/// A PIN code of six digits.
pub fn pin(cell: Cell<'_>, faults: &mut Faults) -> Option<Ascii<6>> {
    let code = code_content(cell, faults)?;
    let digits = without_zero_decimals(&code);
    if fits(digits.as_bytes(), b"999999") && !digits.starts_with('0') {
        return Ascii::new(digits);
    }
    let message = format!("{} is not a PIN code; expected six digits, the first not 0", quote(&code));
    faults.push(Fault::new(Code::PinFormat, message));
    None
}

/// An Enkash id of a company or seller.
pub fn company_id(cell: Cell<'_>, faults: &mut Faults) -> Option<Ascii<10>> {
    let code = code_content(cell, faults)?;
    if fits(code.as_bytes(), b"CEKxxxxxxx") {
        return Ascii::new(&code);
    }
    let message = format!("{} is not a company id; expected CEK and seven letters or digits", quote(&code));
    faults.push(Fault::new(Code::CompanyIdFormat, message).hint("Enkash shows the id beside the company's name"));
    None
}

/// The Enkash id of a customer that the text holds, in capitals; none where it has another shape.
pub fn customer_id(text: &str) -> Option<Ascii<16>> {
    let text = clean(text);
    // Most other values are names and codes that are told apart by their first letter.
    if !text.starts_with(['K', 'k', 'Ｋ', 'ｋ']) {
        return None;
    }
    let code = code(&text, &mut Faults::new())?;
    if fits(code.as_bytes(), b"KCxxxxxxxxxxxxxx") { Ascii::new(&code) } else { None }
}

/// Whether the text, cleaned and in capitals, is `KC` and fourteen letters or digits.
pub fn customer_id_shape(text: &str) -> bool {
    customer_id(text).is_some()
}

pub(super) fn is_pan_form(bytes: &[u8]) -> bool {
    fits(bytes, PAN)
}

/// Reads a compacted PAN.
pub(super) fn read_pan(code: &str, faults: &mut Faults) -> Option<Pan> {
    let bytes = code.as_bytes();
    let fault = |message: String| Fault::new(Code::PanFormat, message);
    if !is_pan_form(bytes) {
        let message = format!("{} is not a PAN; expected five letters, four digits and a letter", quote(code));
        let hint = if code.len() == 15 && code.is_ascii() && is_pan_form(&bytes[2..12]) {
            Some(
                "this is a GSTIN; if the two cells are swapped, swap them back, else map the column as gstin"
                    .to_owned(),
            )
        } else {
            one_swap(code, |bytes| pan_trouble(bytes).is_none())
                .map(|right| format!("perhaps {} is meant", quote(&right)))
        };
        faults.push(fault(message).maybe_hint(hint));
        return None;
    }
    if let Some(trouble) = pan_trouble(bytes) {
        faults.push(fault(format!("{} {trouble}", quote(code))));
        return None;
    }
    if matches!(bytes[3], b'E' | b'K') {
        let message = format!("{} has a fourth letter that only some lists know; it was taken", quote(code));
        faults.push(Fault::new(Code::PanRareHolder, message));
    }
    Ascii::new(code)
}

/// What is wrong with a PAN, in words that follow it.
fn pan_trouble(bytes: &[u8]) -> Option<&'static str> {
    if !is_pan_form(bytes) {
        return Some("does not have the form of a PAN");
    }
    if !b"PCHFGTABLJEK".contains(&bytes[3]) {
        return Some("has a fourth letter that stands for no kind of holder; expected one of PCHFGTABLJEK");
    }
    (&bytes[5..9] == b"0000").then_some("has the serial 0000, which is never given")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(read: impl Fn(Cell<'_>, &mut Faults) -> Option<String>, table: &[(&str, CellKind, Result<&str, Code>)]) {
        for &(text, kind, expected) in table {
            let mut faults = Faults::new();
            let value = read(Cell { text, kind }, &mut faults);
            let codes: Vec<Code> = faults.iter().map(|fault| fault.code).collect();
            match expected {
                Ok("") => assert_eq!((value, codes), (None, vec![]), "{text}"),
                Ok(expected) => assert_eq!((value.as_deref(), codes), (Some(expected), vec![]), "{text}"),
                Err(code) => assert_eq!((value, codes), (None, vec![code]), "{text} {kind:?}"),
            }
        }
    }

    use CellKind::{Date, Error, FormulaWithoutValue, Number, Text};

    #[test]
    fn pans_are_checked_for_form_holder_and_serial() {
        let bad = Err(Code::PanFormat);
        check(
            |cell, faults| pan(cell, faults).map(|value| value.to_string()),
            &[
                ("AAPFU0939F", Text, Ok("AAPFU0939F")),
                ("aapfu 0939 f", Text, Ok("AAPFU0939F")),
                ("AAPFU-0939.F", Text, Ok("AAPFU0939F")),
                ("", Text, Ok("")),
                ("NA", Text, Ok("")),
                ("0", Number, Ok("")),
                ("AAPFU0000F", Text, bad),
                ("AAPXU0939F", Text, bad),
                ("AAPFU093F", Text, bad),
                ("AAPFUO939F", Text, bad),
                ("27AAPFU0939F1ZV", Text, bad),
                ("ААPFU0939F", Text, Err(Code::LookalikeCharacter)),
                ("2025-04-01", Date, Err(Code::NumberChangedBySpreadsheet)),
                ("#N/A", Error, Err(Code::CellError)),
                ("#N/A", Text, Ok("")),
                ("", FormulaWithoutValue, Err(Code::FormulaWithoutValue)),
            ],
        );
        let mut faults = Faults::new();
        for text in ["AAPFUO939F", "27AAPFU0939F1ZV"] {
            pan(Cell { text, kind: Text }, &mut faults);
        }
        assert_eq!(faults[0].hint.as_deref(), Some("perhaps \"AAPFU0939F\" is meant"));
        assert!(faults[1].hint.as_deref().unwrap().contains("this is a GSTIN"));
    }

    #[test]
    fn the_fourth_letter_of_a_pan_is_one_of_twelve() {
        for letter in 'A'..='Z' {
            let text = format!("AAA{letter}A1234F");
            let mut faults = Faults::new();
            let pan = pan(Cell { text: &text, kind: Text }, &mut faults);
            let codes: Vec<Code> = faults.iter().map(|fault| fault.code).collect();
            let expected: (bool, &[Code]) = match letter {
                'P' | 'T' | 'C' | 'A' | 'H' | 'B' | 'F' | 'L' | 'G' | 'J' => (true, &[]),
                'E' | 'K' => (true, &[Code::PanRareHolder]),
                _ => (false, &[Code::PanFormat]),
            };
            assert_eq!((pan.is_some(), codes.as_slice()), expected, "{text}");
        }
    }

    #[test]
    fn ifscs_have_a_zero_in_the_fifth_place() {
        let bad = Err(Code::IfscFormat);
        check(
            |cell, faults| ifsc(cell, faults).map(|value| value.to_string()),
            &[
                ("HDFC0001234", Text, Ok("HDFC0001234")),
                ("IBKL0070T16", Text, Ok("IBKL0070T16")),
                ("hdfc 0001234", Text, Ok("HDFC0001234")),
                ("HDFCO001234", Text, bad),
                ("HDFC1001234", Text, bad),
                ("HDFC000123", Text, bad),
                ("H0FC0001234", Text, bad),
                ("НDFC0001234", Text, Err(Code::LookalikeCharacter)),
                ("-", Text, Ok("")),
            ],
        );
        let mut faults = Faults::new();
        ifsc(Cell { text: "HDFCO001234", kind: Text }, &mut faults);
        assert_eq!(faults[0].hint.as_deref(), Some("perhaps \"HDFC0001234\" is meant"));
    }

    #[test]
    fn account_numbers_stay_text_and_rounded_ones_are_refused() {
        let bad = Err(Code::AccountNumberFormat);
        check(
            |cell, faults| account_number(cell, faults).map(|value| value.to_string()),
            &[
                ("012345678", Text, Ok("012345678")),
                ("5010 0123 4567 89", Text, Ok("50100123456789")),
                ("50100-123-456789", Text, Ok("50100123456789")),
                ("50100123456789012", Text, Ok("50100123456789012")),
                ("50100123456789000", Text, Ok("50100123456789000")),
                ("50100123456789000", Number, Err(Code::NumberRounded)),
                ("9007199254740993", Number, Err(Code::NumberRounded)),
                ("9007199254740990", Number, Err(Code::NumberRounded)),
                ("501001234567891", Number, Ok("501001234567891")),
                ("501001234567000", Number, Ok("501001234567000")),
                ("123456789.0", Number, Ok("123456789")),
                ("123456789.0", Text, Ok("123456789")),
                ("5.01001E+16", Text, Err(Code::NumberRounded)),
                ("5.01E+10", Text, Err(Code::NumberRounded)),
                ("5E+300", Number, Err(Code::NumberRounded)),
                ("5.0100123456E+10", Text, Ok("50100123456")),
                ("CA123456789", Text, Ok("CA123456789")),
                ("1234567E89", Text, Ok("1234567E89")),
                ("NOTAVAILABLE", Text, bad),
                ("12345678", Text, bad),
                ("1234567890123456789", Text, bad),
                ("1234/56789012", Text, bad),
                ("2025-04-01", Date, Err(Code::NumberChangedBySpreadsheet)),
                ("0", Text, Ok("")),
                ("N/A", Text, Ok("")),
            ],
        );
    }

    #[test]
    fn pin_codes_have_six_digits_and_do_not_begin_with_zero() {
        let bad = Err(Code::PinFormat);
        check(
            |cell, faults| pin(cell, faults).map(|value| value.to_string()),
            &[
                ("400001", Text, Ok("400001")),
                ("400 001", Text, Ok("400001")),
                ("400001.0", Text, Ok("400001")),
                ("400001", Number, Ok("400001")),
                ("४००००१", Text, Ok("400001")),
                ("900001", Text, Ok("900001")),
                ("", Text, Ok("")),
                ("040001", Text, bad),
                ("40001", Text, bad),
                ("4000011", Text, bad),
                ("40000A", Text, bad),
            ],
        );
    }

    #[test]
    fn enkash_ids_are_known_by_their_shape() {
        let bad = Err(Code::CompanyIdFormat);
        check(
            |cell, faults| company_id(cell, faults).map(|value| value.to_string()),
            &[
                ("CEK1234567", Text, Ok("CEK1234567")),
                (" cekabc1234 ", Text, Ok("CEKABC1234")),
                ("CEK123456", Text, bad),
                ("ABC1234567", Text, bad),
                ("", Text, Ok("")),
            ],
        );
        for (text, is_id) in [
            ("KC12345678901234", true),
            (" kc1234567890abcd", true),
            ("ＫC12345678901234", true),
            ("KC1234567890123", false),
            ("KC123456789012345", false),
            ("C-1042", false),
            ("", false),
        ] {
            assert_eq!(customer_id_shape(text), is_id, "{text}");
        }
    }
}
