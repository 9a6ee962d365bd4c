//! Splitting a date cell into its parts: numeric forms, ISO forms, month names, serials, times to drop.
//!
//! Owns every spelling; leaves the order of day and month, and the calendar, to [`mod@super::date`]. The plain forms are
//! read from their bytes. The one rule: a time never moves the day, unless it lies within half a second of the next.

use jiff::civil::Date;

use super::Fault;
use super::code::{dash, digit};
use crate::finding::{Code, quote};
use crate::sheet::CellKind;

/// A cell split into its parts, before an order is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parts {
    /// Year, month and day are certain.
    Certain(i16, i8, i8),
    /// Two small numbers and a year of four digits behind them.
    YearLast(i8, i8, i16),
    /// Three numbers of at most two digits.
    Short(i8, i8, i8),
    /// A day's serial number, already rounded to the second and freed of its time.
    Serial(i64),
}

/// Parts of `dd/mm/yyyy`, `dd-mm-yyyy` and `yyyy-mm-dd` in plain ASCII; none for everything else, good or bad.
pub(super) fn plain_parts(bytes: &[u8]) -> Option<Parts> {
    let bytes: &[u8; 10] = bytes.try_into().ok()?;
    let [d1, d2, first, m1, m2, second, y1, y2, y3, y4] = *bytes;
    if first == second && matches!(first, b'/' | b'-') {
        let year = number([y1, y2, y3, y4])?;
        return Some(Parts::YearLast(number([d1, d2])? as i8, number([m1, m2])? as i8, year));
    }
    let [y1, y2, y3, y4, first, m1, m2, second, d1, d2] = *bytes;
    if first == b'-' && second == b'-' {
        let year = number([y1, y2, y3, y4])?;
        return Some(Parts::Certain(year, number([m1, m2])? as i8, number([d1, d2])? as i8));
    }
    None
}

/// The number that so many digits make; none where one is no digit.
fn number<const N: usize>(digits: [u8; N]) -> Option<i16> {
    let (mut number, mut largest) = (0_i16, 0);
    for digit in digits {
        let value = digit.wrapping_sub(b'0');
        largest = largest.max(value);
        number = number.wrapping_mul(10).wrapping_add(i16::from(value));
    }
    (largest <= 9).then_some(number)
}

/// Splits a cleaned cell of any spelling.
pub(super) fn parts(text: &str, kind: CellKind) -> Result<Parts, Fault> {
    let ascii: String = text.chars().map(|character| dash(digit(character))).collect();
    if let Some(parts) = number_parts(&ascii) {
        return Ok(parts);
    }
    let (day, next_day) = without_time(&ascii).ok_or_else(|| {
        not_recognised(text)
            .hint("a time without a day, or one whose day depends on the time zone; write the day alone")
    })?;
    let parts = words(day).ok_or_else(|| explain(text, day))?;
    if kind == CellKind::Date
        && let Parts::Certain(year, month, day) = parts
    {
        return typed(year, month, day, text).map(|parts| if next_day { after(parts) } else { parts });
    }
    Ok(if next_day { after(parts) } else { parts })
}

/// A typed date; days before 1 March 1900 are off by one in every spreadsheet, and day 0 is a time alone.
fn typed(year: i16, month: i8, day: i8, text: &str) -> Result<Parts, Fault> {
    if year == 1899 || (year, month, day) == (1900, 1, 0) || (year, month, day) == (1904, 1, 1) {
        return Err(not_recognised(text).hint("the cell holds a time or an empty formula result, not a day"));
    }
    if (year, month) < (1900, 3) {
        let message = format!("{} lies before 1900-03-01, where spreadsheets count wrongly", quote(text));
        return Err(Fault::new(Code::DateOutOfRange, message));
    }
    Ok(Parts::Certain(year, month, day))
}

/// The day after, where the parts are certain; half a second before midnight belongs to it.
fn after(parts: Parts) -> Parts {
    let Parts::Certain(year, month, day) = parts else { return parts };
    match Date::new(year, month, day).and_then(Date::tomorrow) {
        Ok(date) => Parts::Certain(date.year(), date.month(), date.day()),
        Err(_) => parts,
    }
}

/// A cell that is a number: `20250401`, a serial, or a serial with a time.
fn number_parts(text: &str) -> Option<Parts> {
    let bytes = text.as_bytes();
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    if bytes.len() == 8 && digits(text) {
        return Some(Parts::Certain(text[..4].parse().ok()?, text[4..6].parse().ok()?, text[6..].parse().ok()?));
    }
    let whole: i64 = whole.parse().unwrap_or(i64::MAX - 1);
    // Rounded to the second first: 45747.9999999 is midnight of the next day.
    let share = format!("0.{fraction}0").parse::<f64>().map_or(0.0, |share| (share * 86_400.0).round());
    Some(Parts::Serial(match unsigned.len() == text.len() {
        true if share >= 86_400.0 => whole + 1,
        true => whole,
        false => -whole,
    }))
}

/// The text before the time of day, and whether the time rounds up to the next day; none if there is only a time, or
/// if the day in India is another than the one written.
fn without_time(text: &str) -> Option<(&str, bool)> {
    let Some(colon) = text.find(':') else { return Some((text.trim_end_matches([' ', ',']), false)) };
    let hours = text[..colon].rfind(|character: char| !character.is_ascii_digit())?;
    let day = text.get(..=hours)?.strip_suffix(['T', 't', ' ', ','])?.trim_end_matches([' ', ',']);
    let (clock, offset) = split_offset(&text[hours + 1..]);
    let (clock, noon) = split_noon(clock);
    let mut numbers = clock.split(':');
    let hour: i32 = small(numbers.next()?)?;
    let minute: i32 = small(numbers.next()?)?;
    let (second, fraction) = numbers.next().map_or(("0", ""), |text| text.split_once(['.', ',']).unwrap_or((text, "")));
    let second: i32 = small(second)?;
    let hour = match noon {
        None => hour,
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some(afternoon) => hour % 12 + if afternoon { 12 } else { 0 },
    };
    let fits = hour < 24 && minute < 60 && second < 60 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    if day.is_empty() || !fits || numbers.next().is_some() {
        return None;
    }
    // India is 330 minutes ahead of UTC; a time that falls on another day there makes the day unsure.
    let local = hour * 60 + minute;
    let same_day = offset.is_none_or(|offset| (0..24 * 60).contains(&(local - offset + 330)));
    let last_second = (hour, minute, second) == (23, 59, 59) && fraction.as_bytes().first().is_some_and(|d| *d >= b'5');
    same_day.then_some((day, last_second))
}

/// The clock and the zone's offset in minutes, where one is written: `Z` or `+05:30`.
fn split_offset(text: &str) -> (&str, Option<i32>) {
    if let Some(clock) = text.strip_suffix(['Z', 'z']) {
        return (clock.trim_end(), Some(0));
    }
    if let Some(at) = text.rfind(['+', '-']) {
        let number = text[at + 1..].replace(':', "");
        if number.len() == 4
            && let Ok(number) = number.parse::<i32>()
        {
            let minutes = number / 100 * 60 + number % 100;
            return (text[..at].trim_end(), Some(if text[at..].starts_with('-') { -minutes } else { minutes }));
        }
    }
    (text, None)
}

/// The clock and whether it is afternoon, where `AM` or `PM` is written.
fn split_noon(text: &str) -> (&str, Option<bool>) {
    let lower = text.get(text.len().saturating_sub(2)..).map(str::to_ascii_lowercase);
    match lower.as_deref() {
        Some("am") => (text[..text.len() - 2].trim_end(), Some(false)),
        Some("pm") => (text[..text.len() - 2].trim_end(), Some(true)),
        _ => (text, None),
    }
}

/// A number of one or two digits.
fn small<T: std::str::FromStr>(digits: &str) -> Option<T> {
    if (1..=2).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        digits.parse().ok()
    } else {
        None
    }
}

/// One word of a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word<'a> {
    Digits(&'a str),
    Month(i8),
}

/// Splits a date without its time into year, month and day.
fn words(text: &str) -> Option<Parts> {
    let mut found = [None; 3];
    let mut separators = [""; 3];
    let mut rest = text;
    for index in 0..3 {
        let (word, after) = first_word(rest)?;
        found[index] = Some(word);
        let next = after.find(|character: char| character.is_ascii_alphanumeric()).unwrap_or(after.len());
        separators[index] = &after[..next];
        rest = &after[next..];
    }
    if !rest.is_empty() || !separators[2].is_empty() {
        return None;
    }
    match found {
        [Some(Word::Digits(day)), Some(Word::Month(month)), Some(Word::Digits(year))] if day.len() <= 2 => {
            spaced(&separators[..2])?;
            Some(Parts::Certain(full_year(year)?, month, small(day)?))
        }
        [Some(Word::Digits(year)), Some(Word::Month(month)), Some(Word::Digits(day))] => {
            spaced(&separators[..2])?;
            Some(Parts::Certain(four(year)?, month, small(day)?))
        }
        [Some(Word::Month(month)), Some(Word::Digits(day)), Some(Word::Digits(year))] => {
            spaced(&separators[..2])?;
            Some(Parts::Certain(full_year(year)?, month, small(day)?))
        }
        [Some(Word::Digits(one)), Some(Word::Digits(two)), Some(Word::Digits(three))] => {
            let year = separators[1].strip_suffix('\'').unwrap_or(separators[1]);
            if !matches!(separators[0], "/" | "-" | ".") || separators[0] != year {
                return None;
            }
            match (one.len(), three.len()) {
                (4, _) => Some(Parts::Certain(four(one)?, small(two)?, small(three)?)),
                (_, 4) => Some(Parts::YearLast(small(one)?, small(two)?, four(three)?)),
                (_, 2) => Some(Parts::Short(small(one)?, small(two)?, small(three)?)),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The first run of digits, freed of an ordinal ending, or of letters, and what follows.
fn first_word(text: &str) -> Option<(Word<'_>, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits > 0 {
        let rest = &text[digits..];
        let ordinal = rest.get(..2).filter(|ending| {
            ["st", "nd", "rd", "th"].iter().any(|known| known.eq_ignore_ascii_case(ending))
                && !rest[2..].starts_with(|character: char| character.is_alphabetic())
        });
        return Some((Word::Digits(&text[..digits]), &rest[ordinal.map_or(0, str::len)..]));
    }
    let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    Some((Word::Month(month(&text[..letters])?), &text[letters..]))
}

/// The month of a full English name, its first three letters, or `Sept`.
fn month(name: &str) -> Option<i8> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let index = MONTHS.iter().position(|month| {
        month.eq_ignore_ascii_case(name) || (name.len() == 3 && month[..3].eq_ignore_ascii_case(name))
    });
    match index {
        Some(index) => Some(index as i8 + 1),
        None => name.eq_ignore_ascii_case("sept").then_some(9),
    }
}

/// Whether the separators beside a month's name are ones that dates have.
fn spaced(separators: &[&str]) -> Option<()> {
    let known = ["", " ", "-", "/", ".", ",", ", ", ". ", " - ", "'", " '", "-'", ", '", " ,", " , "];
    separators.iter().all(|separator| known.contains(separator)).then_some(())
}

fn full_year(digits: &str) -> Option<i16> {
    if digits.len() == 2 { small::<i16>(digits).map(|year| 2000 + year) } else { four(digits) }
}

fn four(digits: &str) -> Option<i16> {
    if digits.len() == 4 { digits.parse().ok() } else { None }
}

/// Says what a cell is that holds no day.
fn explain(text: &str, day: &str) -> Fault {
    let fault = not_recognised(text);
    let letters = day.bytes().any(|byte| byte.is_ascii_alphabetic());
    let groups =
        day.split(|character: char| !character.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).count();
    if groups == 2 && (letters || day.bytes().any(|byte| byte.is_ascii_digit())) {
        return fault.hint("it names no day; write the whole date");
    }
    fault
}

/// The fault of a cell that is no date at all.
pub(super) fn not_recognised(text: &str) -> Fault {
    let message = format!("{} is not a date; expected a form like 01/04/2025 or 2025-04-01", quote(text));
    Fault::new(Code::DateNotRecognised, message)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_fast_and_the_slow_path_agree(text in "[0-9]{2}[/-][0-9]{2}[/-][0-9]{4}|[0-9]{4}-[0-9]{2}-[0-9]{2}") {
            if let Some(found) = plain_parts(text.as_bytes()) {
                prop_assert_eq!(parts(&text, CellKind::Text).map_err(|fault| fault.code), Ok(found));
            }
        }
    }
}
