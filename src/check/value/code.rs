//! Codes: identifiers in capital letters and digits, as people type and paste them.
//!
//! Owns compacting, look-alike dashes, digits of Indian scripts, letters of other alphabets that look Latin, swaps such
//! as O for 0, and what a spreadsheet does to long numbers. The one rule: a look-alike letter is named, never mapped.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use super::text::{content, is_short_enough};
use super::{Fault, Faults};
use crate::finding::{Code, quote};
use crate::sheet::{Cell, CellKind};

/// Compacts a cleaned text for comparison as a code: compatibility forms and Indian digits to ASCII, dashes to `-`,
/// spaces dropped, ASCII letters in capitals. A letter of another alphabet that looks Latin is a fault.
pub fn code<'a>(text: &'a str, faults: &mut Faults) -> Option<Cow<'a, str>> {
    if text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'/')) {
        return Some(Cow::Borrowed(text));
    }
    if text.is_ascii() {
        return Some(Cow::Owned(text.chars().filter(|c| *c != ' ').map(|c| c.to_ascii_uppercase()).collect()));
    }
    if !no_lookalike(text, faults) {
        return None;
    }
    let compact = text.nfkc().filter(|character| !character.is_whitespace());
    Some(Cow::Owned(compact.map(|character| dash(digit(character)).to_ascii_uppercase()).collect()))
}

/// The compacted code of a cell; `0` counts as a blank, and a date cell as ruined.
pub(super) fn code_content<'a>(cell: Cell<'a>, faults: &mut Faults) -> Option<Cow<'a, str>> {
    let text = identifier(cell, faults)?;
    if text == "0" {
        return None;
    }
    match text {
        Cow::Borrowed(text) => code(text, faults),
        Cow::Owned(text) => code(&text, faults).map(|code| Cow::Owned(code.into_owned())),
    }
}

/// A code or reference that is kept as typed; `0` is a blank, and what a spreadsheet made of one is a fault.
pub fn reference<'a>(cell: Cell<'a>, max_chars: usize, faults: &mut Faults) -> Option<Cow<'a, str>> {
    let text = identifier(cell, faults)?;
    if text == "0" {
        return None;
    }
    if is_power_of_ten(&text, cell.kind) {
        faults.push(changed(&text, "a power of ten"));
        return None;
    }
    if is_rounded_number(&text, cell.kind) {
        faults.push(rounded(&text));
        return None;
    }
    is_short_enough(&text, max_chars, faults).then_some(text)
}

/// Whether a spreadsheet wrote the power: `2E+10`, `1.5E10`; `2E10` and `2E-10` can be typed as a number of something.
pub(super) fn is_power_of_ten(text: &str, kind: CellKind) -> bool {
    Scientific::parse(text).is_some_and(|_| kind == CellKind::Number || text.contains(['+', '.']))
}

/// Whether a number cell holds more digits than a spreadsheet keeps.
pub(super) fn is_rounded_number(text: &str, kind: CellKind) -> bool {
    kind == CellKind::Number && text.bytes().all(|byte| byte.is_ascii_digit()) && text != "0" && is_rounded(text)
}

/// What a cell of an identifier column says; a date cell there is what a spreadsheet made of a number.
pub(super) fn identifier<'a>(cell: Cell<'a>, faults: &mut Faults) -> Option<Cow<'a, str>> {
    let text = content(cell, faults)?;
    if cell.kind != CellKind::Date {
        return Some(text);
    }
    faults.push(changed(&text, "a date"));
    None
}

/// The fault of a number that a spreadsheet turned into something else.
pub(super) fn changed(text: &str, into: &str) -> Fault {
    let message = format!("{} is {into}, into which a spreadsheet turned what was typed", quote(text));
    Fault::new(Code::NumberChangedBySpreadsheet, message).hint("format the column as text and type the number again")
}

/// The fault of a long number whose last digits a spreadsheet lost.
pub(super) fn rounded(text: &str) -> Fault {
    let message = format!("a spreadsheet rounded the number to {}; its last digits are gone", quote(text));
    Fault::new(Code::NumberRounded, message).hint("format the column as text and type the number again")
}

/// Whether no letter is one of another alphabet that looks Latin; if one is, it is named.
pub(super) fn no_lookalike(text: &str, faults: &mut Faults) -> bool {
    let Some((character, alphabet, latin)) = text.chars().find_map(lookalike) else { return true };
    let message = format!("{} has the {alphabet} letter {character} (U+{:04X})", quote(text), u32::from(character));
    let hint = match latin {
        Some(latin) => format!("type the Latin letter {latin} in its place"),
        None => "type Latin letters and digits only".to_owned(),
    };
    faults.push(Fault::new(Code::LookalikeCharacter, message).hint(hint));
    false
}

fn lookalike(character: char) -> Option<(char, &'static str, Option<char>)> {
    const CYRILLIC: (&str, &str) = ("АВЕЅІЈКМНОРСТУХҮԌԚԜ", "ABESIJKMHOPCTYXYGQW");
    const GREEK: (&str, &str) = ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX");
    let (alphabet, (from, to)) = match character {
        '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => ("Greek", GREEK),
        '\u{400}'..='\u{52f}' => ("Cyrillic", CYRILLIC),
        _ => return None,
    };
    let capital = character.to_uppercase().next().unwrap_or(character);
    let latin = from.chars().zip(to.chars()).find(|(other, _)| *other == capital).map(|(_, latin)| latin);
    Some((character, alphabet, latin))
}

/// `-` for a character that looks like it.
pub(super) fn dash(character: char) -> char {
    match character {
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}' => '-',
        other => other,
    }
}

/// The ASCII digit of a digit of an Indian script or a full-width one.
pub(super) fn digit(character: char) -> char {
    match script_digit(character) {
        Some((_, value)) => char::from(b'0' + value),
        None => character,
    }
}

/// The script, by its zero, and the value of a decimal digit.
pub(super) fn script_digit(character: char) -> Option<(char, u8)> {
    // Zeros of Devanagari, Bengali, Gurmukhi, Gujarati, Odia, Tamil, Telugu, Kannada, Malayalam, and full width.
    const ZEROS: &[char] = &[
        '0', '\u{966}', '\u{9e6}', '\u{a66}', '\u{ae6}', '\u{b66}', '\u{be6}', '\u{c66}', '\u{ce6}', '\u{d66}',
        '\u{ff10}',
    ];
    let zero = ZEROS.iter().copied().find(|zero| (*zero..=char_after(*zero, 9)).contains(&character))?;
    Some((zero, (u32::from(character) - u32::from(zero)) as u8))
}

fn char_after(character: char, by: u32) -> char {
    char::from_u32(u32::from(character) + by).expect("the digits of a script are consecutive characters")
}

/// The one code that a single swap of look-alike letters and digits makes right; none if none or several do.
pub(super) fn one_swap(code: &str, is_right: impl Fn(&[u8]) -> bool) -> Option<String> {
    let mut bytes = code.as_bytes().to_vec();
    let mut found = None;
    for index in 0..bytes.len() {
        let original = bytes[index];
        for &other in swaps(original) {
            bytes[index] = other;
            if is_right(&bytes) && found.replace(bytes.clone()).is_some() {
                return None;
            }
        }
        bytes[index] = original;
    }
    found.and_then(|bytes| String::from_utf8(bytes).ok())
}

fn swaps(byte: u8) -> &'static [u8] {
    match byte {
        b'O' => b"0",
        b'0' => b"O",
        b'I' | b'L' => b"1",
        b'1' => b"IL",
        b'S' => b"5",
        b'5' => b"S",
        b'B' => b"8",
        b'8' => b"B",
        b'Z' => b"2",
        b'2' => b"Z",
        _ => b"",
    }
}

/// Whether every byte has the class that the pattern names at its place: `A` a letter, `9` a digit, `x` either,
/// `n` either but `0`; any other stands for itself.
pub(super) fn fits(text: &[u8], pattern: &[u8]) -> bool {
    text.len() == pattern.len()
        && text.iter().zip(pattern).all(|(byte, class)| match class {
            b'A' => byte.is_ascii_uppercase(),
            b'9' => byte.is_ascii_digit(),
            b'x' => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            b'n' => byte.is_ascii_uppercase() || (b'1'..=b'9').contains(byte),
            other => byte == other,
        })
}

/// A number written as a power of ten, `9.88E+09`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scientific<'a> {
    /// Digits before the point.
    pub(super) whole: &'a str,
    /// Digits after it.
    pub(super) decimals: &'a str,
    /// The power of ten.
    pub(super) exponent: i32,
}

impl<'a> Scientific<'a> {
    /// Reads `1E+05`, `1.5E5` and `9.876e-3`; no sign in front.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        // Most texts are told by their first letter.
        if !text.as_bytes().first()?.is_ascii_digit() {
            return None;
        }
        let (mantissa, exponent) = text.split_once(['e', 'E'])?;
        let (whole, decimals) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let power = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        // Limit: three digits of exponent hold every binary double.
        if whole.is_empty() || !digits(whole) || !digits(decimals) || !digits(power) || !(1..=3).contains(&power.len())
        {
            return None;
        }
        Some(Self { whole, decimals, exponent: exponent.parse().ok()? })
    }

    /// Number of digits written.
    pub(super) fn digits(self) -> usize {
        self.whole.len() + self.decimals.len()
    }

    /// All digits of a whole number below 10^20; none where it is not one.
    pub(super) fn whole_digits(self) -> Option<String> {
        let zeros = usize::try_from(self.exponent).ok()?.checked_sub(self.decimals.len())?;
        (zeros + self.digits() <= 20).then(|| format!("{}{}{}", self.whole, self.decimals, "0".repeat(zeros)))
    }
}

/// Whether a number cell's digits were rounded: beyond 2^53, or nothing but zeros after the fifteenth digit.
pub(super) fn is_rounded(digits: &str) -> bool {
    // Limit: a double holds every whole number up to 2^53, and Excel keeps fifteen digits of one.
    const EXACT: u64 = 1 << 53;
    let digits = digits.trim_start_matches('0');
    digits.parse::<u64>().map_or(true, |number| number > EXACT)
        || (digits.len() > 15 && digits[15..].bytes().all(|byte| byte == b'0'))
}
