//! GSTINs: form by kind of holder, state, check character, and what a wrong one was probably meant to be.
//!
//! Owns the special forms, which are tried before the ordinary one, and the choice between GSTIN and PAN. A suggestion
//! is a hint only, given where exactly one swap of look-alikes makes everything right; nothing is corrected silently.

use super::code::{code_content, fits, one_swap};
use super::identity::{Pan, is_pan_form, read_pan};
use super::state::is_gstin_state;
use super::{Ascii, Fault, Faults};
use crate::finding::{Code, quote};
use crate::sheet::Cell;

/// Who a GSTIN belongs to, by its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GstinKind {
    /// Normal, composition, casual, SEZ or input service distributor.
    Normal,
    /// Government department, registered by TAN.
    Department,
    /// Deductor of tax at source.
    Deductor,
    /// E-commerce operator collecting tax at source.
    Collector,
    /// UN body, embassy or other notified person (UIN).
    Notified,
    /// Non-resident taxable person.
    NonResident,
    /// Online services from abroad.
    Oidar,
}

/// A GSTIN that passed its checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Gstin {
    text: Ascii<15>,
    pan: Option<Pan>,
}

impl Gstin {
    /// The fifteen characters, in capitals.
    pub fn as_str(&self) -> &str {
        self.text.as_str()
    }

    /// The PAN inside; none for a TAN-based or special number.
    pub fn pan(&self) -> Option<Pan> {
        self.pan
    }

    /// The state's two digits.
    pub fn state(&self) -> &str {
        &self.as_str()[..2]
    }

    /// Who it belongs to, by its form.
    pub fn kind(&self) -> GstinKind {
        kind(&self.text.0).expect("a checked number has a form")
    }
}

/// A customer's tax number: GSTIN where there is one, else PAN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PanOrGstin {
    /// A PAN.
    Pan(Pan),
    /// A GSTIN.
    Gstin(Gstin),
}

impl PanOrGstin {
    /// The number, in capitals.
    pub fn as_str(&self) -> &str {
        match self {
            PanOrGstin::Pan(pan) => pan.as_str(),
            PanOrGstin::Gstin(gstin) => gstin.as_str(),
        }
    }

    /// The PAN itself or inside the GSTIN.
    pub fn pan(&self) -> Option<Pan> {
        match self {
            PanOrGstin::Pan(pan) => Some(*pan),
            PanOrGstin::Gstin(gstin) => gstin.pan(),
        }
    }
}

/// A GSTIN; `URP`, the e-invoice system's word for an unregistered party, is a blank.
pub fn gstin(cell: Cell<'_>, faults: &mut Faults) -> Option<Gstin> {
    read_gstin(&tax_code(cell, faults)?, faults)
}

/// A GSTIN or a PAN, told apart by length.
pub fn pan_or_gstin(cell: Cell<'_>, faults: &mut Faults) -> Option<PanOrGstin> {
    let code = tax_code(cell, faults)?;
    if (8..=12).contains(&code.len()) {
        read_pan(&code, faults).map(PanOrGstin::Pan)
    } else {
        read_gstin(&code, faults).map(PanOrGstin::Gstin)
    }
}

/// Whether the PAN is the one inside the GSTIN; true where the GSTIN holds none, a fault where they differ.
pub fn pan_matches_gstin(pan: &Pan, gstin: &Gstin, faults: &mut Faults) -> bool {
    match gstin.pan() {
        Some(inside) if inside != *pan => {
            let message = format!("{} is not the PAN inside the GSTIN {}", quote(pan.as_str()), quote(gstin.as_str()));
            faults.push(Fault::new(Code::PanGstinMismatch, message).hint("correct one of the two cells"));
            false
        }
        _ => true,
    }
}

/// The compacted code without hyphens and dots; none for blanks and `URP`.
fn tax_code<'a>(cell: Cell<'a>, faults: &mut Faults) -> Option<std::borrow::Cow<'a, str>> {
    let code = code_content(cell, faults)?;
    if code == "URP" {
        return None;
    }
    Some(if code.contains(['-', '.']) { code.replace(['-', '.'], "").into() } else { code })
}

/// Whether bytes are the GSTIN of an ordinary taxpayer, right in every respect and nothing to say about it.
pub(in crate::check) fn is_plain_gstin(bytes: &[u8]) -> bool {
    fits(bytes, b"99AAAAA9999AnZx")
        && check_character(bytes) == bytes[14]
        && &bytes[7..11] != b"0000"
        && !matches!(&bytes[..2], b"25" | b"28")
        && std::str::from_utf8(&bytes[..2]).is_ok_and(is_gstin_state)
}

fn read_gstin(code: &str, faults: &mut Faults) -> Option<Gstin> {
    let kind = kind(code.as_bytes());
    let (Some(kind), Some(text)) = (kind, Ascii::<15>::new(code)) else {
        faults.push(bad_form(code));
        return None;
    };
    let before = faults.len();
    if !is_gstin_state(&code[..2]) {
        let message = format!("{} begins with {}, which is no state code", quote(code), quote(&code[..2]));
        faults.push(Fault::new(Code::GstinState, message).maybe_hint(suggestion(code)));
    }
    let expected = check_character(&text.0);
    if expected != text.0[14] {
        let expected = char::from(expected);
        let message = format!("{} does not fit its check character; expected {expected} at the end", quote(code));
        faults.push(if is_check_certain(kind) {
            let hint = suggestion(code).unwrap_or_else(|| "compare every character with the certificate".to_owned());
            Fault::new(Code::GstinCheckDigit, message).hint(hint)
        } else {
            Fault::new(Code::GstinCheckUncertain, message)
        });
    }
    let pan = has_pan(kind, &text.0).then(|| Ascii::new(&code[2..12])).flatten();
    if pan.is_some() && &code[7..11] == "0000" {
        let message = format!("{} holds a PAN with the serial 0000, which is never given", quote(code));
        faults.push(Fault::new(Code::GstinFormat, message));
    }
    let refused = faults[before..].iter().any(|fault| fault.code != Code::GstinCheckUncertain);
    if !refused && matches!(&code[..2], "25" | "28") {
        let message = format!("{} begins with {}, which only old numbers do", quote(code), quote(&code[..2]));
        faults.push(Fault::new(Code::GstinOldState, message));
    }
    (!refused).then_some(Gstin { text, pan })
}

/// The form of a number, the usual one first; no number has two of them.
fn kind(bytes: &[u8]) -> Option<GstinKind> {
    let is = |pattern: &[u8; 15]| fits(bytes, pattern);
    if is(b"99AAAAA9999AnZx") {
        // The other letters of the fourteenth place are reserved; no number with one is known to exist.
        Some(GstinKind::Normal)
    } else if is(b"99AAAAA9999AnCx") {
        Some(GstinKind::Collector)
    } else if is(b"99AAAAx9999AnDx") {
        Some(GstinKind::Deductor)
    } else if is(b"9999AAA99999UNx") || is(b"9999AAA99999ONx") {
        Some(GstinKind::Notified)
    } else if is(b"9999AAA99999NRx") {
        Some(GstinKind::NonResident)
    } else if is(b"9999AAA99999OSx") && bytes.starts_with(b"99") {
        Some(GstinKind::Oidar)
    } else if is(b"99AAAA99999A9Z9") {
        Some(GstinKind::Department)
    } else {
        None
    }
}

fn has_pan(kind: GstinKind, bytes: &[u8; 15]) -> bool {
    match kind {
        GstinKind::Normal | GstinKind::Collector => true,
        GstinKind::Deductor => bytes[6].is_ascii_uppercase(),
        GstinKind::Department | GstinKind::Notified | GstinKind::NonResident | GstinKind::Oidar => false,
    }
}

/// Whether published numbers of the kind confirm the rule of the check character.
fn is_check_certain(kind: GstinKind) -> bool {
    matches!(kind, GstinKind::Normal | GstinKind::Deductor | GstinKind::Collector)
}

/// The last character that fits the first fourteen, by the Luhn-like sum in base 36.
pub(crate) fn check_character(bytes: &[u8]) -> u8 {
    const ALPHABET: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let body: &[u8; 14] = bytes[..14].try_into().expect("fourteen characters");
    let (pairs, _) = body.as_chunks::<2>();
    let sum: u32 = pairs.iter().map(|[one, two]| digit_sum(value(*one)) + digit_sum(2 * value(*two))).sum();
    ALPHABET[((36 - sum % 36) % 36) as usize]
}

/// What a character counts in base 36.
fn value(byte: u8) -> u32 {
    u32::from(if byte.is_ascii_digit() { byte - b'0' } else { byte.wrapping_sub(b'A').wrapping_add(10) })
}

/// The sum of the two digits of a number below 72 in base 36.
fn digit_sum(product: u32) -> u32 {
    if product < 36 { product } else { product - 35 }
}

/// Whether form, state, serial and a check character that counts are all right.
fn is_surely_right(bytes: &[u8]) -> bool {
    kind(bytes).is_some_and(|kind| {
        is_check_certain(kind)
            && check_character(bytes) == bytes[14]
            && std::str::from_utf8(&bytes[..2]).is_ok_and(is_gstin_state)
            && &bytes[7..11] != b"0000"
    })
}

fn suggestion(code: &str) -> Option<String> {
    let right = one_swap(code, is_surely_right)?;
    Some(format!("perhaps {} is meant; its check character fits", quote(&right)))
}

fn bad_form(code: &str) -> Fault {
    let length = code.chars().count();
    let message = if fits(code.as_bytes(), b"99AAAAA9999Anxx") {
        let letter = &code[13..14];
        format!("{} has {letter} in the fourteenth place; expected Z, or C or D of special taxpayers", quote(code))
    } else if length == 15 {
        format!("{} does not have the form of a GSTIN; expected one like 27AAPFU0939F1ZV", quote(code))
    } else {
        format!("{} has the length {length}; a GSTIN has 15 characters, like 27AAPFU0939F1ZV", quote(code))
    };
    let padded = format!("0{code}");
    let hint = if is_pan_form(code.as_bytes()) {
        Some("this is a PAN; if the two cells are swapped, swap them back, else map the column as pan".to_owned())
    } else if code.is_ascii() && is_surely_right(padded.as_bytes()) {
        Some(format!("a spreadsheet dropped the leading zero; perhaps {} is meant", quote(&padded)))
    } else {
        suggestion(code)
    };
    Fault::new(Code::GstinFormat, message).maybe_hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheet::CellKind;

    fn read(text: &str) -> (Option<Gstin>, Faults) {
        let mut faults = Faults::new();
        let gstin = gstin(Cell { text, kind: CellKind::Text }, &mut faults);
        (gstin, faults)
    }

    #[test]
    fn published_numbers_are_right() {
        for text in [
            "27AAPFU0939F1ZV",
            "27AAGCG4576J1Z6",
            "27AAGCG4576JBZW",
            "27AAACI1681G1ZP",
            "07AAACI1681G1ZR",
            "29AAACI1681G1ZL",
            "33AAACI1681G1ZW",
            "24AAACI1681G1ZV",
            "09AAACI1681G1ZN",
            "19AAACI1681G1ZM",
            "36AAACI1681G1ZQ",
            "21AAACI1681G1Z1",
            "12AAACI1681G1Z0",
            "02AAACI1681G3ZZ",
            "37AAACI1681G2ZN",
            "25AAACI1681G1ZT",
            "26AAACI1681G1ZR",
            "38AAALS7119L1ZH",
            "29AABCF8078M1C8",
            "27AAECG3736E1C2",
            "19AAACI1681G1DV",
        ] {
            let (gstin, faults) = read(text);
            let codes: Vec<Code> = faults.iter().map(|fault| fault.code).collect();
            let expected: &[Code] = if text.starts_with("25") { &[Code::GstinOldState] } else { &[] };
            assert_eq!(codes, expected, "{text}");
            let gstin = gstin.unwrap();
            assert_eq!((gstin.as_str(), gstin.state()), (text, &text[..2]));
            assert_eq!(gstin.pan().unwrap().as_str(), &text[2..12]);
        }
    }

    #[test]
    fn numbers_are_compacted_before_they_are_read() {
        for text in [
            "27 aapfu 0939 f1zv",
            "27AAPFU0939F1ZV\u{200b}",
            "\u{a0}27AAPFU0939F1ZV",
            "２７AAPFU0939F1ZV",
            "२७AAPFU0939F1ZV",
            "'27AAPFU0939F1ZV",
            "=\"27AAPFU0939F1ZV\"",
            "27-AAPFU0939F-1ZV",
        ] {
            let (gstin, faults) = read(text);
            assert_eq!((gstin.unwrap().as_str(), faults.len()), ("27AAPFU0939F1ZV", 0), "{text}");
        }
        for text in ["", "-", "NA", "0", "URP", "urp", "N/A"] {
            assert_eq!(read(text), (None, vec![]), "{text}");
        }
    }

    #[test]
    fn wrong_numbers_are_refused_with_the_first_reason_first() {
        for (text, code) in [
            ("27AAPFU0939F1Z", Code::GstinFormat),
            ("369296450896540", Code::GstinFormat),
            ("27AAPFU0939F1ZO", Code::GstinCheckDigit),
            ("27AAPFU0939F1AA", Code::GstinFormat),
            ("25AAACI1681G1Z4", Code::GstinCheckDigit),
            ("27AAGCG4576J1Z8", Code::GstinCheckDigit),
            ("47AAGCG4576J1Z6", Code::GstinState),
            ("96AAACI1681G1ZP", Code::GstinState),
            ("27AAPFU0939F0ZV", Code::GstinFormat),
            ("22AAAAA0000A1Z5", Code::GstinCheckDigit),
            ("27AAAAA0000A1Z5", Code::GstinCheckDigit),
            ("27AAAAA0000A1Z2", Code::GstinFormat),
            ("29ABCDE1234F1Z5", Code::GstinCheckDigit),
            ("27AAPFU0939FlZV", Code::GstinCheckDigit),
            ("27\u{410}APFU0939F1ZV", Code::LookalikeCharacter),
            ("27AAPFU0939F1ZVX", Code::GstinFormat),
            ("27AAPFUÖ939F1ZV", Code::GstinFormat),
        ] {
            let (gstin, faults) = read(text);
            assert_eq!(gstin, None, "{text}");
            assert_eq!(faults[0].code, code, "{text}");
        }
        for (placeholder, expected) in [("22AAAAA0000A1Z5", 'C'), ("27AAAAA0000A1Z5", '2'), ("29ABCDE1234F1Z5", 'W')] {
            assert!(read(placeholder).1[0].message.contains(&format!("expected {expected} ")), "{placeholder}");
        }
    }

    #[test]
    fn a_single_swap_that_makes_everything_right_is_offered() {
        for (text, offer) in [
            ("27AAPFUO939F1ZV", Some("\"27AAPFU0939F1ZV\"")),
            ("27AAPFU0939FIZV", Some("\"27AAPFU0939F1ZV\"")),
            ("27AAPFU0939FlZV", Some("\"27AAPFU0939F1ZV\"")),
            ("7AAACI1681G1ZR", Some("\"07AAACI1681G1ZR\"")),
            ("AAPFU0939F", Some("this is a PAN")),
            ("27AAPFU0939F1Z", None),
            ("27AAPFU0939F1ZO", Some("certificate")),
        ] {
            let faults = read(text).1;
            let hint = faults[0].hint.as_deref();
            assert!(offer.map_or(hint.is_none(), |offer| hint.unwrap().contains(offer)), "{text}: {hint:?}");
        }
        assert_eq!(read("27\u{410}APFU0939F1ZV").1[0].hint.as_deref(), Some("type the Latin letter A in its place"));
        assert!(read("27\u{410}APFU0939F1ZV").1[0].message.contains("Cyrillic letter \u{410} (U+0410)"));
    }

    #[test]
    fn special_numbers_keep_their_kind_and_only_warn_about_the_check_character() {
        for (text, kind) in [
            ("0717USA00011UNZ", GstinKind::Notified),
            ("0717USA00011ONZ", GstinKind::Notified),
            ("0717USA00011NRZ", GstinKind::NonResident),
            ("9917USA00011OSZ", GstinKind::Oidar),
            ("07DELA12345A1Z9", GstinKind::Department),
        ] {
            let (gstin, faults) = read(text);
            let gstin = gstin.unwrap();
            assert_eq!((gstin.kind(), gstin.pan()), (kind, None), "{text}");
            assert!(faults.iter().all(|fault| fault.code == Code::GstinCheckUncertain), "{text}");
        }
        assert_eq!(read("19AAACI1681G1DV").0.unwrap().kind(), GstinKind::Deductor);
        assert_eq!(read("29AABCF8078M1C8").0.unwrap().kind(), GstinKind::Collector);
    }

    #[test]
    fn pan_and_gstin_are_told_apart_and_compared() {
        let mut faults = Faults::new();
        let mut read = |text| pan_or_gstin(Cell { text, kind: CellKind::Text }, &mut faults);
        let pan = read("aapfu0939f").unwrap();
        let gstin = read("27AAPFU0939F1ZV").unwrap();
        assert!(matches!((pan, gstin), (PanOrGstin::Pan(_), PanOrGstin::Gstin(_))));
        assert_eq!(pan.pan(), gstin.pan());
        assert_eq!(read("AAPFU093F"), None);
        assert_eq!(read("27AAPFU0939F1Z"), None);
        assert_eq!(faults.iter().map(|fault| fault.code).collect::<Vec<_>>(), [Code::PanFormat, Code::GstinFormat]);
        let (PanOrGstin::Pan(pan), PanOrGstin::Gstin(gstin)) = (pan, gstin) else { panic!("checked above") };
        let other = self::read("29AAACI1681G1ZL").0.unwrap();
        faults.clear();
        assert!(pan_matches_gstin(&pan, &gstin, &mut faults));
        assert!(!pan_matches_gstin(&pan, &other, &mut faults));
        assert_eq!(faults[0].code, Code::PanGstinMismatch);
    }
}
