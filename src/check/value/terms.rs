//! Short words of a known meaning: yes and no, days of credit, values out of a list.
//!
//! Compared without case. What is not known is refused with the words that would be.

use std::borrow::Cow;

use super::code::{dash, digit, reference};
use super::text::{content, without_zero_decimals};
use super::{Fault, Faults};
use crate::finding::{Code, quote};
use crate::sheet::{Cell, CellKind};

// Limit: ten years of credit; a larger number is an amount or a date in the wrong column.
const MOST_DAYS: i32 = 3650;

/// Yes or no.
pub fn boolean(cell: Cell<'_>, faults: &mut Faults) -> Option<bool> {
    const YES: &[&str] = &["y", "yes", "true", "t", "1", "✓", "✔", "☑"];
    const NO: &[&str] = &["n", "no", "false", "f", "0", "✗", "✘", "☐"];
    let text = content(cell, faults)?;
    let word = without_zero_decimals(&text);
    let is_in = |words: &[&str]| words.iter().any(|known| known.eq_ignore_ascii_case(word));
    if is_in(YES) {
        return Some(true);
    }
    if is_in(NO) {
        return Some(false);
    }
    let message = format!("{} is neither yes nor no; expected Y, Yes, TRUE, 1 or N, No, FALSE, 0", quote(&text));
    faults.push(Fault::new(Code::BooleanNotRecognised, message));
    None
}

/// Days of credit: `30`, `30 days`, `Net 30`, or `Due on Receipt` for none.
pub fn days(cell: Cell<'_>, faults: &mut Faults) -> Option<i32> {
    let text = content(cell, faults)?;
    if cell.kind != CellKind::Date
        && let Some(days) = read_days(&text)
    {
        return Some(days);
    }
    let message =
        format!("{} is no number of days; expected 0 to {MOST_DAYS}, \"Net 30\" or \"30 days\"", quote(&text));
    faults.push(Fault::new(Code::DaysNotRecognised, message));
    None
}

/// A whole number of 32 bits, with a sign or without; a spreadsheet's `3.0` is one.
pub fn whole(cell: Cell<'_>, faults: &mut Faults) -> Option<i32> {
    let text = content(cell, faults)?;
    let plain: String = text.chars().map(dash).collect();
    let plain = plain.strip_prefix('+').unwrap_or(&plain);
    let (sign, digits) = plain.strip_prefix('-').map_or(("", plain), |digits| ("-", digits));
    let number = format!("{sign}{}", without_zero_decimals(digits)).parse().ok();
    if number.is_none() || cell.kind == CellKind::Date {
        let message = format!("{} is not a whole number", quote(&text));
        faults.push(Fault::new(Code::NumberNotWhole, message));
        return None;
    }
    number
}

/// A time of day as `HH:mm`: `9:30`, `09:30:00`, `9.30 pm` and a spreadsheet's fraction of a day are read.
pub fn time_of_day(cell: Cell<'_>, faults: &mut Faults) -> Option<String> {
    let text = content(cell, faults)?;
    let time = match text.parse::<f64>() {
        Ok(day) if cell.kind != CellKind::Text && (0.0..1.0).contains(&day) => {
            let minutes = (day * 1440.0).round() as i64;
            Some(((minutes / 60) as i8, (minutes % 60) as i8))
        }
        _ => clock_time(&text),
    };
    let time = time.filter(|(hour, minute)| (0..24).contains(hour) && (0..60).contains(minute));
    if time.is_none() {
        let message = format!("{} is not a time of day; expected HH:mm as in 09:30", quote(&text));
        faults.push(Fault::new(Code::TimeNotRecognised, message));
    }
    time.map(|(hour, minute)| format!("{hour:02}:{minute:02}"))
}

/// Hour and minute of `9:30`, `09:30:00` or `9:30 pm`; seconds are dropped.
fn clock_time(text: &str) -> Option<(i8, i8)> {
    let lower = text.to_ascii_lowercase();
    let (clock, afternoon) = match (lower.strip_suffix("am"), lower.strip_suffix("pm")) {
        (Some(clock), _) => (clock, Some(false)),
        (_, Some(clock)) => (clock, Some(true)),
        _ => (lower.as_str(), None),
    };
    let mut parts = clock.trim().split([':', '.']);
    let (hour, minute) = (parts.next()?, parts.next()?);
    let is_number = |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(hour) || minute.len() != 2 || !is_number(minute) || !parts.all(is_number) {
        return None;
    }
    let (hour, minute): (i8, i8) = (hour.parse().ok()?, minute.parse().ok()?);
    match afternoon {
        None => Some((hour, minute)),
        Some(_) if !(1..=12).contains(&hour) => None,
        Some(afternoon) => Some((hour % 12 + if afternoon { 12 } else { 0 }, minute)),
    }
}

/// An id that the API gave: any text that can stand in a path and in a list.
pub fn record_id<'a>(cell: Cell<'a>, faults: &mut Faults) -> Option<Cow<'a, str>> {
    // Limit: our own prudence; ids of the API are some twenty characters.
    let id = reference(cell, 100, faults)?;
    if is_odd_id(&id) {
        let message =
            format!("{} cannot be an id of Enkash's; ids hold no blank, comma, quotation mark or slash", quote(&id));
        faults.push(Fault::new(Code::RecordIdFormat, message));
        return None;
    }
    Some(id)
}

/// Whether a text cannot be an id: it would break a path or a list. Dots alone would lead a path elsewhere.
pub fn is_odd_id(id: &str) -> bool {
    let is_odd = |letter: char| letter.is_whitespace() || letter.is_control() || ",;\"'/\\<>".contains(letter);
    id.contains(is_odd) || id.bytes().all(|byte| byte == b'.')
}

/// One of the values, written in any case and with spaces or hyphens for `_`.
pub fn one_of(cell: Cell<'_>, values: &'static [&'static str], faults: &mut Faults) -> Option<&'static str> {
    let text = content(cell, faults)?;
    let found = values.iter().find(|value| {
        let plain = |character: char| match dash(character) {
            ' ' | '-' => '_',
            other => other.to_ascii_uppercase(),
        };
        text.chars().map(plain).eq(value.chars().map(plain))
    });
    if found.is_none() {
        let message = format!("{} is none of {}", quote(&text), values.join(", "));
        faults.push(Fault::new(Code::NotInList, message));
    }
    found.copied()
}

fn read_days(text: &str) -> Option<i32> {
    let lower: String = text.chars().map(|character| digit(character).to_ascii_lowercase()).collect();
    if matches!(lower.as_str(), "due on receipt" | "immediate" | "on receipt") {
        return Some(0);
    }
    let rest = lower.strip_prefix("net").unwrap_or(&lower).trim_start_matches([' ', '-']);
    let rest = ["days", "day"].iter().find_map(|word| rest.strip_suffix(word)).unwrap_or(rest).trim_end();
    let number = without_zero_decimals(rest);
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) || lower.starts_with('-') {
        return None;
    }
    number.parse().ok().filter(|days| *days <= MOST_DAYS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Cell<'_> {
        Cell { text, kind: CellKind::Text }
    }

    #[test]
    fn yes_and_no_are_known_in_their_spellings() {
        for (words, expected) in [
            (&["Y", "y", "Yes", "YES", "TRUE", "true", "1", "1.0", "✓", " yes "][..], Some(true)),
            (&["N", "n", "No", "NO", "FALSE", "0", "✗"][..], Some(false)),
            (&["", "-", "NA", "NIL"][..], None),
        ] {
            for word in words {
                let mut faults = Faults::new();
                assert_eq!((boolean(text(word), &mut faults), faults.len()), (expected, 0), "{word}");
            }
        }
        for (word, kind, code) in [
            ("maybe", CellKind::Text, Code::BooleanNotRecognised),
            ("2", CellKind::Number, Code::BooleanNotRecognised),
            ("#N/A", CellKind::Error, Code::CellError),
        ] {
            let mut faults = Faults::new();
            assert_eq!(boolean(Cell { text: word, kind }, &mut faults), None);
            assert_eq!(faults[0].code, code, "{word}");
        }
        assert_eq!(boolean(Cell { text: "TRUE", kind: CellKind::Bool }, &mut Faults::new()), Some(true));
    }

    #[test]
    fn whole_numbers_times_and_ids_are_read() {
        let of = |text, kind| Cell { text, kind };
        for (text, expected) in
            [("3", Some(3)), ("-7", Some(-7)), ("−7", Some(-7)), ("+2.0", Some(2)), ("1.5", None), ("x", None)]
        {
            assert_eq!(whole(of(text, CellKind::Text), &mut Faults::new()), expected, "{text}");
        }
        for (text, kind, expected) in [
            ("9:30", CellKind::Text, Some("09:30")),
            ("09:30:59", CellKind::Text, Some("09:30")),
            ("9.30 PM", CellKind::Text, Some("21:30")),
            ("12:05 am", CellKind::Text, Some("00:05")),
            ("0.5", CellKind::Number, Some("12:00")),
            ("0.5", CellKind::Text, None),
            ("24:00", CellKind::Text, None),
            ("9:3", CellKind::Text, None),
            ("13:00 pm", CellKind::Text, None),
        ] {
            assert_eq!(time_of_day(of(text, kind), &mut Faults::new()).as_deref(), expected, "{text}");
        }
        for (text, good) in
            [("INV1f3a", true), ("IN/1", false), ("a,b", false), ("a b", false), ("\"x", false), ("..", false)]
        {
            assert_eq!(record_id(of(text, CellKind::Text), &mut Faults::new()).is_some(), good, "{text}");
        }
    }

    #[test]
    fn days_of_credit_are_read_from_terms() {
        for (cell, expected) in [
            ("30", Ok(Some(30))),
            ("30.0", Ok(Some(30))),
            ("0", Ok(Some(0))),
            ("Net 30", Ok(Some(30))),
            ("NET-45 days", Ok(Some(45))),
            ("30 Days", Ok(Some(30))),
            ("1 day", Ok(Some(1))),
            ("Due on Receipt", Ok(Some(0))),
            ("३०", Ok(Some(30))),
            ("3650", Ok(Some(3650))),
            ("3651", Err(Code::DaysNotRecognised)),
            ("-5", Err(Code::DaysNotRecognised)),
            ("30.5", Err(Code::DaysNotRecognised)),
            ("Due end of the month", Err(Code::DaysNotRecognised)),
            ("net", Err(Code::DaysNotRecognised)),
            ("99999999999", Err(Code::DaysNotRecognised)),
            ("", Ok(None)),
            ("NA", Ok(None)),
        ] {
            let mut faults = Faults::new();
            let days = days(text(cell), &mut faults);
            assert_eq!(faults.first().map_or(Ok(days), |fault| Err(fault.code)), expected, "{cell}");
        }
    }

    #[test]
    fn values_of_a_list_are_matched_without_case_and_named_when_missed() {
        const VALUES: &[&str] = &["MAKER_APPROVED", "BANK_APPROVED"];
        let mut faults = Faults::new();
        for cell in ["MAKER_APPROVED", "maker approved", "Maker-Approved", " maker_approved "] {
            assert_eq!(one_of(text(cell), VALUES, &mut faults), Some("MAKER_APPROVED"), "{cell}");
        }
        assert_eq!(one_of(text("-"), VALUES, &mut faults), None);
        assert_eq!(faults, []);
        assert_eq!(one_of(text("approved"), VALUES, &mut faults), None);
        assert_eq!(faults[0].code, Code::NotInList);
        assert_eq!(faults[0].message, "\"approved\" is none of MAKER_APPROVED, BANK_APPROVED");
    }
}
