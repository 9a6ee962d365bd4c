//! Telephone numbers and e-mail addresses.
//!
//! A cell may hold a name beside the number, or several numbers: the first good one is taken, and that others stand
//! there is said. The one rule: digits are never made up; a number that a spreadsheet rounded is refused.

use std::borrow::Cow;
use std::fmt;

use super::code::{Scientific, dash, digit, identifier, rounded};
use super::text::{content, without_zero_decimals};
use super::{Fault, Faults};
use crate::finding::{Code, quote};
use crate::sheet::{Cell, CellKind};

/// A telephone number as the API takes it: `+`, country code and ten digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phone {
    bytes: [u8; Self::LONGEST],
    length: u8,
}

impl Phone {
    // Limit: `+`, a country code of up to three digits, ten digits.
    const LONGEST: usize = 14;

    /// A number of country digits and ten national ones.
    fn new(country: &str, national: &str) -> Option<Phone> {
        let length = 1 + country.len() + national.len();
        if !(1..=3).contains(&country.len()) || national.len() != 10 {
            return None;
        }
        let mut bytes = [b'+'; Self::LONGEST];
        bytes[1..=country.len()].copy_from_slice(country.as_bytes());
        bytes[1 + country.len()..length].copy_from_slice(national.as_bytes());
        Some(Phone { bytes, length: length as u8 })
    }

    /// The text, such as `+919876543210`.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.length)]).expect("only ASCII is stored")
    }

    /// The ten digits behind the country code.
    pub fn national(&self) -> &str {
        &self.as_str()[usize::from(self.length) - 10..]
    }

    fn is_indian(&self) -> bool {
        self.as_str().starts_with("+91") && self.length == 13
    }

    fn is_mobile(&self) -> bool {
        self.is_indian() && self.national().starts_with(['6', '7', '8', '9'])
    }

    fn looks_made_up(&self) -> bool {
        let digits = self.national().as_bytes();
        digits.iter().all(|digit| *digit == digits[0]) || digits == b"1234567890"
    }
}

impl fmt::Display for Phone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), formatter)
    }
}

/// An Indian mobile number.
pub fn mobile(cell: Cell<'_>, faults: &mut Faults) -> Option<Phone> {
    if let Some(number) = plain_mobile(cell) {
        warn(cell.text, 1, number, faults);
        return Some(number);
    }
    let (text, numbers) = numbers(cell, faults)?;
    let Some(first) = numbers.iter().filter_map(|run| read_number(run)).find(Phone::is_mobile) else {
        let message = format!("{} is not a mobile number; expected ten digits that begin with 6 to 9", quote(&text));
        let landline = numbers.iter().filter_map(|run| read_number(run)).any(|number| number.is_indian());
        let fault = Fault::new(Code::MobileFormat, message);
        faults.push(if landline {
            fault.hint("this looks like a landline; map the column as contactNumber")
        } else {
            fault
        });
        return None;
    };
    warn(&text, numbers.len(), first, faults);
    Some(first)
}

/// A mobile or landline number; a foreign one keeps its country code.
pub fn phone(cell: Cell<'_>, faults: &mut Faults) -> Option<Phone> {
    if let Some(number) = plain_mobile(cell) {
        warn(cell.text, 1, number, faults);
        return Some(number);
    }
    let (text, numbers) = numbers(cell, faults)?;
    let Some(first) = numbers.iter().find_map(|run| read_number(run)) else {
        let message = format!("{} is not a telephone number; expected ten digits, STD code included", quote(&text));
        faults.push(Fault::new(Code::PhoneFormat, message));
        return None;
    };
    warn(&text, numbers.len(), first, faults);
    Some(first)
}

/// An e-mail address.
pub fn email<'a>(cell: Cell<'a>, faults: &mut Faults) -> Option<Cow<'a, str>> {
    let text = content(cell, faults)?;
    if is_address(&text) {
        return Some(text);
    }
    let Some((first, several)) = first_address(&text) else {
        let message = format!("{} is not an e-mail address; expected a form like name@example.in", quote(&text));
        faults.push(Fault::new(Code::EmailFormat, message));
        return None;
    };
    if several {
        let message = format!("{} holds several addresses; {} is sent", quote(&text), quote(first));
        faults.push(Fault::new(Code::SeveralValues, message));
    }
    Some(Cow::Owned(first.to_owned()))
}

/// The mobile number of a cell that holds nothing but its ten digits, `+91` in front or not.
fn plain_mobile(cell: Cell<'_>) -> Option<Phone> {
    let digits = cell.text.strip_prefix("+91").unwrap_or(cell.text);
    let plain = matches!(cell.kind, CellKind::Text | CellKind::Number)
        && digits.len() == 10
        && digits.starts_with(['6', '7', '8', '9'])
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    if plain { Phone::new("91", digits) } else { None }
}

fn warn(text: &str, count: usize, first: Phone, faults: &mut Faults) {
    if count > 1 {
        let message = format!("{} holds several numbers; {first} is sent", quote(text));
        faults.push(Fault::new(Code::SeveralValues, message));
    }
    if first.looks_made_up() {
        faults.push(Fault::new(Code::MobileSuspicious, format!("{} looks made up", quote(text))));
    }
}

/// The cell's text and the numbers in it, each as digits with a `+` in front where one was written.
fn numbers<'a>(cell: Cell<'a>, faults: &mut Faults) -> Option<(Cow<'a, str>, Vec<String>)> {
    let text = identifier(cell, faults)?;
    if text == "0" {
        return None;
    }
    if let Some(power) = Scientific::parse(&text) {
        // Limit: ten digits make a number; text with fewer may have been rounded to fit its column, a number cell's not.
        const WRITTEN: usize = 10;
        let whole = cell.kind == CellKind::Number || power.digits() >= WRITTEN;
        let Some(digits) = power.whole_digits().filter(|_| whole) else {
            faults.push(rounded(&text));
            return None;
        };
        return Some((text, vec![digits]));
    }
    let runs = runs(without_zero_decimals(&text));
    Some((text, runs))
}

/// Runs of digits that are long enough to be numbers; spaces, dots, dashes and brackets do not part them.
fn runs(text: &str) -> Vec<String> {
    // Limit: a shorter run is an extension, a flat or a year, not a number.
    const SHORTEST: usize = 6;
    let mut runs = vec![String::new()];
    for character in text.chars().map(|character| dash(digit(character))) {
        let last = runs.last_mut().expect("there is always a last run");
        match character {
            '0'..='9' => last.push(character),
            '+' if last.is_empty() => last.push('+'),
            // A second plus begins a second number, as in `+91 98... +91 97...`.
            '+' => runs.push("+".to_owned()),
            ' ' | '-' | '.' | '(' | ')' => {}
            _ if last.is_empty() => {}
            _ => runs.push(String::new()),
        }
    }
    runs.retain(|run| run.len() >= SHORTEST);
    runs.into_iter().flat_map(halves).collect()
}

/// Two numbers where a run is exactly two mobile numbers parted by a space only.
fn halves(run: String) -> Vec<String> {
    let is_mobile = |half: &str| half.starts_with(['6', '7', '8', '9']);
    if run.len() == 20 && is_mobile(&run) && is_mobile(&run[10..]) {
        return vec![run[..10].to_owned(), run[10..].to_owned()];
    }
    vec![run]
}

/// Reads `+91`, `0091`, `91` or `0` and ten digits, or `+`, another country code and ten digits.
fn read_number(run: &str) -> Option<Phone> {
    let (country, rest) = if let Some(rest) = run.strip_prefix("+91").or_else(|| run.strip_prefix("0091")) {
        ("91", rest)
    } else if let Some(rest) = run.strip_prefix('+').or_else(|| run.strip_prefix("00")) {
        let at = rest.len().checked_sub(10)?;
        (&rest[..at], &rest[at..])
    } else {
        ("91", run.strip_prefix("91").filter(|rest| rest.len() == 10).unwrap_or(run))
    };
    let national = rest.strip_prefix('0').filter(|national| national.len() == 10).unwrap_or(rest);
    if national.starts_with('0') {
        return None;
    }
    Phone::new(country, national)
}

/// The first address of a cell that holds more than one plain address, and whether there are others.
fn first_address(text: &str) -> Option<(&str, bool)> {
    let mut first = None;
    let mut several = false;
    for piece in text.split([';', ',', '|']).map(str::trim).filter(|piece| !piece.is_empty()) {
        let inner = match (piece.find('<'), piece.rfind('>')) {
            (Some(open), Some(close)) if open < close => &piece[open + 1..close],
            _ => piece,
        };
        // A slash may belong to an address, but not where both its sides have an @.
        let slashed = inner.split('/').filter(|part| part.contains('@')).count() > 1;
        for word in inner.split(|c: char| c == ' ' || (slashed && c == '/')).filter(|word| !word.is_empty()) {
            let address = without_scheme(word);
            match first {
                None if is_address(address) => first = Some(address),
                Some(_) if address.contains('@') => several |= first != Some(address),
                // A bad first address is no reason to write to the second, and other words make the cell unsure.
                _ => return None,
            }
        }
    }
    first.map(|first| (first, several))
}

fn without_scheme(text: &str) -> &str {
    match text.get(..7) {
        Some(scheme) if scheme.eq_ignore_ascii_case("mailto:") => text[7..].split('?').next().unwrap_or_default(),
        _ => text,
    }
}

fn is_address(text: &str) -> bool {
    if is_plain_address(text.as_bytes()) {
        return true;
    }
    // Limit: RFC 5321, 64 characters before the @ and 254 in all.
    let Some((name, domain)) = text.split_once('@') else { return false };
    let dots = |part: &str| part.starts_with('.') || part.ends_with('.') || part.contains("..");
    let name_fits = (1..=64).contains(&name.len())
        && !dots(name)
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte));
    let label_fits = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let last = domain.rsplit('.').next().unwrap_or_default();
    name_fits
        && text.len() <= 254
        && domain.contains('.')
        && domain.split('.').all(label_fits)
        && last.len() >= 2
        && last.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// Whether a text is an address as nearly all are: letters and digits, parted by single dots, hyphens and underscores.
pub(in crate::check) fn is_plain_address(bytes: &[u8]) -> bool {
    let (mut at, mut dot, mut parted) = (None, 0, true);
    for (place, byte) in bytes.iter().enumerate() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
                parted = false;
                continue;
            }
            _ if parted => return false,
            b'@' if at.is_none() => at = Some(place),
            b'.' => dot = place,
            b'-' => {}
            b'_' if at.is_none() => {}
            _ => return false,
        }
        parted = true;
    }
    // Limit: so short that neither part of it can be too long.
    !parted && bytes.len() <= 64 && at.is_some_and(|at| dot > at) && {
        let last = &bytes[dot + 1..];
        last.len() >= 2 && last.iter().any(u8::is_ascii_alphabetic)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use CellKind::{Date, Number, Text};

    type Expected<'a> = (Option<&'a str>, &'a [Code]);

    fn check(read: impl Fn(Cell<'_>, &mut Faults) -> Option<String>, table: &[(&str, CellKind, Expected<'_>)]) {
        for &(text, kind, (expected, codes)) in table {
            let mut faults = Faults::new();
            let value = read(Cell { text, kind }, &mut faults);
            let found: Vec<Code> = faults.iter().map(|fault| fault.code).collect();
            assert_eq!((value.as_deref(), found.as_slice()), (expected, codes), "{text}");
        }
    }

    #[test]
    fn mobile_numbers_are_found_in_every_dress() {
        let good: Expected<'_> = (Some("+919876543210"), &[]);
        let several: Expected<'_> = (Some("+919876543210"), &[Code::SeveralValues]);
        let bad: Expected<'_> = (None, &[Code::MobileFormat]);
        check(
            |cell, faults| mobile(cell, faults).map(|value| value.to_string()),
            &[
                ("9876543210", Text, good),
                ("98765 43210", Text, good),
                ("98765-43210", Text, good),
                ("(987) 654.3210", Text, good),
                ("+91 98765 43210", Text, good),
                ("+91-9876543210", Text, good),
                ("00919876543210", Text, good),
                ("919876543210", Text, good),
                ("09876543210", Text, good),
                ("+91 (0) 98765 43210", Text, good),
                ("९८७६५४३२१०", Text, good),
                ("9876543210.0", Text, good),
                ("9876543210", Number, good),
                ("9.876543210E+09", Text, good),
                ("9.87654321E+09", Text, (None, &[Code::NumberRounded])),
                ("9.87654321E+09", Number, good),
                ("98765 43210 (Ramesh)", Text, good),
                ("Ramesh: 9876543210", Text, good),
                ("9876543210 ext 12", Text, good),
                ("9876543210/9765432109", Text, several),
                ("9876543210, 9765432109", Text, several),
                ("9876543210 9765432109", Text, several),
                ("9876543210\n9765432109", Text, several),
                ("+919876543210 +919765432109", Text, several),
                ("022-22334455 / 9876543210", Text, several),
                ("9.87654E+09", Text, (None, &[Code::NumberRounded])),
                ("9.88E+09", Text, (None, &[Code::NumberRounded])),
                ("9999999999", Text, (Some("+919999999999"), &[Code::MobileSuspicious])),
                ("1234567890", Text, bad),
                ("5876543210", Text, bad),
                ("987654321", Text, bad),
                ("98765432101", Text, bad),
                ("022-22334455", Text, bad),
                ("+1 4155550100", Text, bad),
                ("Ramesh", Text, bad),
                ("", Text, (None, &[])),
                ("0", Number, (None, &[])),
                ("NA", Text, (None, &[])),
                ("2025-04-01", Date, (None, &[Code::NumberChangedBySpreadsheet])),
            ],
        );
    }

    #[test]
    fn phones_may_be_landlines_or_foreign() {
        let bad: Expected<'_> = (None, &[Code::PhoneFormat]);
        check(
            |cell, faults| phone(cell, faults).map(|value| value.to_string()),
            &[
                ("9876543210", Text, (Some("+919876543210"), &[])),
                ("022-22334455", Text, (Some("+912222334455"), &[])),
                ("(020) 2233 4455", Text, (Some("+912022334455"), &[])),
                ("+91 22 2233 4455", Text, (Some("+912222334455"), &[])),
                ("+1 415 555 0100", Text, (Some("+14155550100"), &[])),
                ("0014155550100", Text, (Some("+14155550100"), &[])),
                ("1234567890", Text, (Some("+911234567890"), &[Code::MobileSuspicious])),
                ("022-22334455 / 22334466", Text, (Some("+912222334455"), &[Code::SeveralValues])),
                ("22334455", Text, bad),
                ("+12345 6789012345", Text, bad),
                ("call Ramesh", Text, bad),
                ("-", Text, (None, &[])),
            ],
        );
    }

    #[test]
    fn addresses_are_freed_of_their_dress() {
        let good: Expected<'_> = (Some("a@x.in"), &[]);
        let several: Expected<'_> = (Some("a@x.in"), &[Code::SeveralValues]);
        let bad: Expected<'_> = (None, &[Code::EmailFormat]);
        check(
            |cell, faults| email(cell, faults).map(|value| value.to_string()),
            &[
                ("a@x.in", Text, good),
                (" a@x.in ", Text, good),
                ("mailto:a@x.in", Text, good),
                ("MAILTO:a@x.in?subject=hello", Text, good),
                ("<a@x.in>", Text, good),
                ("Ramesh Mehta <a@x.in>", Text, good),
                ("a@x.in;", Text, good),
                ("a@x.in,", Text, good),
                ("a@x.in;b@y.in", Text, several),
                ("a@x.in, b@y.in", Text, several),
                ("a@x.in b@y.in", Text, several),
                ("a@x.in/b@y.in", Text, several),
                ("a@x.in;a@x.in", Text, good),
                ("first.last+tag@sub.example.co.in", Text, (Some("first.last+tag@sub.example.co.in"), &[])),
                ("a@x", Text, bad),
                ("a@@x.in", Text, bad),
                ("a b@x.in", Text, bad),
                ("bad;b@y.in", Text, bad),
                ("a@x..in", Text, bad),
                (".a@x.in", Text, bad),
                ("a@-x.in", Text, bad),
                ("a@x.in or call", Text, bad),
                ("name@okaxis", Text, bad),
                ("á@x.in", Text, bad),
                ("", Text, (None, &[])),
                ("n/a", Text, (None, &[])),
            ],
        );
    }
}
