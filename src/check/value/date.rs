//! Dates: calendar days out of numeric forms, ISO forms, month names, day serials and typed cells.
//!
//! Owns what one cell can say, [`date_evidence`] included; which of day and month comes first is decided from the whole
//! column by the caller. A cell is first split into [`Parts`] and only then read in an order. The one rule: a cell that
//! contradicts its column's order is a fault, never quietly turned round.

use jiff::civil::Date;

use super::code::{dash, digit};
use super::text::content;
use super::{Fault, Faults};
use crate::config::DateOrder;
use crate::finding::{Code, quote};
use crate::sheet::{Cell, CellKind};

/// What one cell, or by [`DateEvidence::merge`] a whole column, says about the order of day and month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DateEvidence(u8);

impl DateEvidence {
    const DAY_FIRST: u8 = 1;
    const MONTH_FIRST: u8 = 2;
    const AMBIGUOUS: u8 = 4;
    const TYPED: u8 = 8;
    const TEXT: u8 = 16;
    const TYPED_AFTER_12: u8 = 32;
    const TEXT_UP_TO_12: u8 = 64;

    /// What both say together.
    #[must_use]
    pub fn merge(self, other: DateEvidence) -> DateEvidence {
        DateEvidence(self.0 | other.0)
    }

    fn has(self, flag: u8) -> bool {
        self.0 & flag != 0
    }

    /// A cell such as `13/02/2026` has its day first.
    pub fn proves_day_first(self) -> bool {
        self.has(Self::DAY_FIRST)
    }

    /// A cell such as `02/13/2026` has its month first.
    pub fn proves_month_first(self) -> bool {
        self.has(Self::MONTH_FIRST)
    }

    /// A cell such as `05/04/2025` is another day in the other order.
    pub fn is_ambiguous(self) -> bool {
        self.has(Self::AMBIGUOUS)
    }

    /// A workbook stored the date as a date or as its serial number.
    pub fn has_typed(self) -> bool {
        self.has(Self::TYPED)
    }

    /// The date is written as text.
    pub fn has_text(self) -> bool {
        self.has(Self::TEXT)
    }

    /// Whether typed dates all have days up to 12 and text dates all later ones: what is left when a spreadsheet set
    /// to month first swallowed a day-first column.
    pub fn looks_swapped_by_spreadsheet(self) -> bool {
        self.has_typed() && self.has_text() && !self.has(Self::TYPED_AFTER_12) && !self.has(Self::TEXT_UP_TO_12)
    }
}

/// A cell split into its parts, before an order is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Parts {
    /// Year, month and day are certain.
    Certain(i16, i8, i8),
    /// Two small numbers and a year of four digits behind them.
    YearLast(i8, i8, i16),
    /// Three numbers of at most two digits.
    Short(i8, i8, i8),
    /// A day's serial number, already rounded to the second and freed of its time.
    Serial(i64),
}

/// A calendar date; `order` is the column's.
pub fn date(cell: Cell<'_>, order: DateOrder, faults: &mut Faults) -> Option<Date> {
    if cell.kind == CellKind::Text
        && let Some(parts) = plain_parts(cell.text.as_bytes())
    {
        return resolve(parts, order, cell.text).map_err(|fault| faults.push(fault)).ok();
    }
    let text = content(cell, faults)?;
    let read = if cell.kind == CellKind::Bool { Err(not_recognised(&text)) } else { parts(&text, cell.kind) };
    read.and_then(|parts| resolve(parts, order, &text)).map_err(|fault| faults.push(fault)).ok()
}

/// What a cell says about its column's order; nothing where it holds no date.
pub fn date_evidence(cell: Cell<'_>) -> DateEvidence {
    let found = match (cell.kind, plain_parts(cell.text.as_bytes())) {
        (CellKind::Text, Some(parts)) => Some(parts),
        (CellKind::Text | CellKind::Number | CellKind::Date, _) => {
            let mut faults = Faults::new();
            content(cell, &mut faults).and_then(|text| parts(&text, cell.kind).ok())
        }
        _ => None,
    };
    let Some(parts) = found else { return DateEvidence::default() };
    let day_first = in_order(parts, DateOrder::Dmy);
    let month_first = in_order(parts, DateOrder::Mdy);
    let early = |day: Option<Date>| day.is_some_and(|day| day.day() <= 12);
    let mut flags = match (day_first, month_first) {
        (None, None) => return DateEvidence::default(),
        (Some(one), Some(other)) if one == other => 0,
        (Some(_), Some(_)) => DateEvidence::AMBIGUOUS,
        (Some(_), None) => DateEvidence::DAY_FIRST,
        (None, Some(_)) => DateEvidence::MONTH_FIRST,
    };
    if cell.kind == CellKind::Text {
        flags |= DateEvidence::TEXT;
        if early(day_first) || (day_first.is_none() && early(month_first)) {
            flags |= DateEvidence::TEXT_UP_TO_12;
        }
    } else {
        flags |= DateEvidence::TYPED;
        if !early(day_first) {
            flags |= DateEvidence::TYPED_AFTER_12;
        }
    }
    DateEvidence(flags)
}

/// Parts of `dd/mm/yyyy`, `dd-mm-yyyy` and `yyyy-mm-dd` in plain ASCII; none for everything else, good or bad.
fn plain_parts(bytes: &[u8]) -> Option<Parts> {
    let number = |digits: &[u8]| {
        digits
            .iter()
            .try_fold(0_i16, |number, digit| digit.is_ascii_digit().then(|| number * 10 + i16::from(digit - b'0')))
    };
    match bytes {
        [d1, d2, b'/', m1, m2, b'/', year @ ..] | [d1, d2, b'-', m1, m2, b'-', year @ ..] if year.len() == 4 => {
            Some(Parts::YearLast(number(&[*d1, *d2])? as i8, number(&[*m1, *m2])? as i8, number(year)?))
        }
        [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] => {
            Some(Parts::Certain(number(&[*y1, *y2, *y3, *y4])?, number(&[*m1, *m2])? as i8, number(&[*d1, *d2])? as i8))
        }
        _ => None,
    }
}

/// The day that the parts mean in an order, without a word about why there is none.
fn in_order(parts: Parts, order: DateOrder) -> Option<Date> {
    let (year, month, day) = match (parts, order) {
        (Parts::Certain(year, month, day), _) => (year, month, day),
        (Parts::YearLast(month, day, year), DateOrder::Mdy)
        | (Parts::YearLast(day, month, year), DateOrder::Dmy | DateOrder::Ymd) => (year, month, day),
        (Parts::Short(day, month, year), DateOrder::Dmy)
        | (Parts::Short(month, day, year), DateOrder::Mdy)
        | (Parts::Short(year, month, day), DateOrder::Ymd) => (2000 + i16::from(year), month, day),
        (Parts::Serial(serial), _) => return of_serial(serial),
    };
    Date::new(year, month, day).ok().filter(|date| (1900..2100).contains(&date.year()))
}

/// The day of a serial number of the 1900 system.
fn of_serial(serial: i64) -> Option<Date> {
    // Limit: serials of 2000-01-01 to 2099-12-31, so that an amount in the wrong column is not taken for a date.
    if !(36_526..=73_050).contains(&serial) {
        return None;
    }
    let first = Date::new(1899, 12, 30).expect("a day of the calendar");
    first.checked_add(jiff::Span::new().days(serial)).ok()
}

/// The day that the parts mean in the column's order, or why there is none.
fn resolve(parts: Parts, order: DateOrder, text: &str) -> Result<Date, Fault> {
    if let Some(date) = in_order(parts, order) {
        return Ok(date);
    }
    let (year, zero) = match parts {
        Parts::Serial(_) => {
            let message = format!("{} is no day of this century; expected a serial of 36526 to 73050", quote(text));
            return Err(Fault::new(Code::DateOutOfRange, message));
        }
        Parts::Certain(year, month, day) => (year, month == 0 || day == 0),
        Parts::YearLast(one, two, year) => (year, one == 0 || two == 0),
        Parts::Short(one, two, year) => (2000 + i16::from(year), one == 0 || two == 0),
    };
    if zero && year == 1900 {
        return Err(not_recognised(text).hint("a spreadsheet shows an empty formula result so; leave the cell blank"));
    }
    let other = match order {
        DateOrder::Dmy | DateOrder::Ymd => in_order(parts, DateOrder::Mdy),
        DateOrder::Mdy => in_order(parts, DateOrder::Dmy),
    };
    if let Some(other) = other {
        let (name, flag) = match order {
            DateOrder::Dmy => ("day first", "mdy"),
            DateOrder::Mdy => ("month first", "dmy"),
            DateOrder::Ymd => ("year first", "mdy"),
        };
        let message = format!("{} can only be {other}, but the column is read {name}", quote(text));
        let hint = format!("write it as {other}, or pass --date-order {flag} if the whole column is so");
        return Err(Fault::new(Code::DateOrderMinority, message).hint(hint));
    }
    if !(1900..2100).contains(&year) {
        let message = format!("{} lies outside the years 1900 to 2099", quote(text));
        return Err(Fault::new(Code::DateOutOfRange, message));
    }
    Err(Fault::new(Code::DateImpossible, format!("{} does not exist in the calendar", quote(text))))
}

fn not_recognised(text: &str) -> Fault {
    let message = format!("{} is not a date; expected a form like 01/04/2025 or 2025-04-01", quote(text));
    Fault::new(Code::DateNotRecognised, message)
}

/// Splits a cleaned cell of any spelling.
fn parts(text: &str, kind: CellKind) -> Result<Parts, Fault> {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str, kind: CellKind, order: DateOrder) -> Result<Option<String>, Code> {
        let mut faults = Faults::new();
        let date = date(Cell { text, kind }, order, &mut faults);
        match faults.first() {
            Some(fault) => {
                assert_eq!(date, None, "{text}");
                Err(fault.code)
            }
            None => Ok(date.map(|date| date.to_string())),
        }
    }

    #[test]
    fn the_first_of_april_is_read_from_every_spelling() {
        for text in [
            "01/04/2025",
            "01-04-2025",
            "1-4-2025",
            "01.04.2025",
            "1/4/25",
            "01/04/25",
            "1/4/'25",
            "2025-04-01",
            "2025/04/01",
            "2025.04.01",
            "2025-4-1",
            "20250401",
            "2025-04-01T00:00:00Z",
            "2025-04-01 00:00:00",
            "2025-04-01T10:30:00.123+05:30",
            "2025-04-01T10:30:00Z",
            "01/04/2025 10:30",
            "01-04-2025 12:00:00 AM",
            "01-Apr-2025 23:59:59",
            "01-Apr-25",
            "1-Apr-2025",
            "01/Apr/25",
            "1 April 2025",
            "Apr 1, 2025",
            "1st April, 2025",
            "April 1st, 2025",
            "01-APR-2025",
            "1 Apr '25",
            "01Apr2025",
            "2025-Apr-01",
            "1.Apr.2025",
            "45748",
            "45748.75",
            "45747.9999999",
            "45748.0",
            " 01/04/2025 ",
            "०१/०४/२०२५",
            "01–04–2025",
            "'01/04/2025",
            "01/04/2025\u{200b}",
            "01/04/2025,",
            "1 apr 2025",
        ] {
            assert_eq!(read(text, CellKind::Text, DateOrder::Dmy), Ok(Some("2025-04-01".to_owned())), "{text}");
        }
        for month in ["Sep", "Sept", "September", "SEPT"] {
            let text = format!("01-{month}-2025");
            assert_eq!(read(&text, CellKind::Text, DateOrder::Mdy), Ok(Some("2025-09-01".to_owned())), "{text}");
        }
    }

    #[test]
    fn the_order_of_the_column_decides_what_a_numeric_date_is() {
        use DateOrder::{Dmy, Mdy, Ymd};
        for (text, order, result) in [
            ("05/04/2025", Dmy, Ok("2025-04-05")),
            ("05/04/2025", Mdy, Ok("2025-05-04")),
            ("05/04/25", Mdy, Ok("2025-05-04")),
            ("25/04/13", Ymd, Ok("2025-04-13")),
            ("01/04/2025", Ymd, Ok("2025-04-01")),
            ("2025-04-05", Mdy, Ok("2025-04-05")),
            ("13/02/2026", Dmy, Ok("2026-02-13")),
            ("13/02/2026", Mdy, Err(Code::DateOrderMinority)),
            ("02/13/2026", Dmy, Err(Code::DateOrderMinority)),
            ("02/13/26", Dmy, Err(Code::DateOrderMinority)),
            ("02/13/2026", Mdy, Ok("2026-02-13")),
            ("02/30/2025", Dmy, Err(Code::DateImpossible)),
            ("13/13/2025", Dmy, Err(Code::DateImpossible)),
        ] {
            assert_eq!(read(text, CellKind::Text, order), result.map(|date| Some(date.to_owned())), "{text} {order:?}");
        }
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for (text, code) in [
            ("31/02/2025", Code::DateImpossible),
            ("31-Feb-2025", Code::DateImpossible),
            ("29/02/2025", Code::DateImpossible),
            ("00/01/2025", Code::DateImpossible),
            ("2025-13-01", Code::DateImpossible),
            ("20251301", Code::DateImpossible),
            ("1/0/1900", Code::DateNotRecognised),
            ("00/01/1900", Code::DateNotRecognised),
            ("Apr-25", Code::DateNotRecognised),
            ("25-Apr", Code::DateNotRecognised),
            ("Q1 FY26", Code::DateNotRecognised),
            ("2025-26", Code::DateNotRecognised),
            ("10:30", Code::DateNotRecognised),
            ("10:30:00 PM", Code::DateNotRecognised),
            ("१ अप्रैल २०२५", Code::DateNotRecognised),
            ("1 Avril 2025", Code::DateNotRecognised),
            ("01/04-2025", Code::DateNotRecognised),
            ("01/04/202", Code::DateNotRecognised),
            ("01/04/2025 25:00", Code::DateNotRecognised),
            ("01/04/2025 to 30/04/2025", Code::DateNotRecognised),
            ("2025-03-31T18:30:00Z", Code::DateNotRecognised),
            ("TODAY()", Code::DateNotRecognised),
            ("01/04/0025", Code::DateOutOfRange),
            ("01/04/2125", Code::DateOutOfRange),
            ("60", Code::DateOutOfRange),
            ("59", Code::DateOutOfRange),
            ("61", Code::DateOutOfRange),
            ("0", Code::DateOutOfRange),
            ("-1", Code::DateOutOfRange),
            ("36525", Code::DateOutOfRange),
            ("73051", Code::DateOutOfRange),
            ("118000", Code::DateOutOfRange),
            ("99999999999999999999999", Code::DateOutOfRange),
        ] {
            assert_eq!(read(text, CellKind::Text, DateOrder::Dmy), Err(code), "{text}");
        }
        for text in ["", "-", "NA", "--", " "] {
            assert_eq!(read(text, CellKind::Text, DateOrder::Dmy), Ok(None), "{text}");
        }
    }

    #[test]
    fn workbook_cells_are_read_by_their_kind() {
        for (text, kind, result) in [
            ("45748", CellKind::Number, Ok("2025-04-01")),
            ("36526", CellKind::Number, Ok("2000-01-01")),
            ("73050", CellKind::Number, Ok("2099-12-31")),
            ("47210", CellKind::Number, Ok("2029-04-02")),
            ("45748.75", CellKind::Number, Ok("2025-04-01")),
            ("45747.999999", CellKind::Number, Ok("2025-04-01")),
            ("45747.9999", CellKind::Number, Ok("2025-03-31")),
            ("20250401", CellKind::Number, Ok("2025-04-01")),
            ("60", CellKind::Number, Err(Code::DateOutOfRange)),
            ("2025-04-01", CellKind::Date, Ok("2025-04-01")),
            ("2025-04-01T10:30:00", CellKind::Date, Ok("2025-04-01")),
            ("2025-03-31T23:59:59.9", CellKind::Date, Ok("2025-04-01")),
            ("2025-03-31T23:59:59.4", CellKind::Date, Ok("2025-03-31")),
            ("1900-02-28", CellKind::Date, Err(Code::DateOutOfRange)),
            ("1899-12-31T12:00:00", CellKind::Date, Err(Code::DateNotRecognised)),
            ("10:30:00", CellKind::Date, Err(Code::DateNotRecognised)),
            ("TRUE", CellKind::Bool, Err(Code::DateNotRecognised)),
            ("#VALUE!", CellKind::Error, Err(Code::CellError)),
            ("", CellKind::FormulaWithoutValue, Err(Code::FormulaWithoutValue)),
        ] {
            assert_eq!(read(text, kind, DateOrder::Dmy), result.map(|date| Some(date.to_owned())), "{text} {kind:?}");
        }
    }

    #[test]
    fn evidence_for_the_order_is_gathered_cell_by_cell() {
        let of = |text, kind| date_evidence(Cell { text, kind });
        let text = |text| of(text, CellKind::Text);
        assert!(text("13/02/2026").proves_day_first() && !text("13/02/2026").proves_month_first());
        assert!(text("02/13/2026").proves_month_first() && !text("02/13/2026").proves_day_first());
        assert!(text("05/04/2025").is_ambiguous() && text("05/04/2025").has_text());
        for (cell, kind) in [
            ("05/05/2025", CellKind::Text),
            ("2025-04-05", CellKind::Text),
            ("5 Apr 2025", CellKind::Text),
            ("45748", CellKind::Number),
            ("2025-04-05", CellKind::Date),
        ] {
            let evidence = of(cell, kind);
            assert!(!evidence.is_ambiguous() && !evidence.proves_day_first() && !evidence.proves_month_first());
            assert_eq!(evidence.has_typed(), kind != CellKind::Text, "{cell}");
        }
        for nothing in ["", "Apr-25", "31/02/2025", "99/99/9999", "x"] {
            assert_eq!(text(nothing), DateEvidence::default(), "{nothing}");
        }
        let swapped = of("2025-05-04", CellKind::Date).merge(text("25/04/2025"));
        assert!(swapped.looks_swapped_by_spreadsheet());
        assert!(!swapped.merge(text("05/04/2025")).looks_swapped_by_spreadsheet());
        assert!(!swapped.merge(of("2025-05-14", CellKind::Date)).looks_swapped_by_spreadsheet());
    }

    proptest! {
        #[test]
        fn the_fast_and_the_slow_path_agree(text in "[0-9]{2}[/-][0-9]{2}[/-][0-9]{4}|[0-9]{4}-[0-9]{2}-[0-9]{2}") {
            if let Some(found) = plain_parts(text.as_bytes()) {
                prop_assert_eq!(parts(&text, CellKind::Text).map_err(|fault| fault.code), Ok(found));
            }
        }

        #[test]
        fn every_day_of_the_century_comes_back(serial in 36_526_i64..=73_050) {
            let date = of_serial(serial).unwrap();
            for text in [serial.to_string(), date.to_string(), date.strftime("%d/%m/%Y").to_string(),
                date.strftime("%d-%b-%y").to_string(), date.strftime("%-d %B %Y").to_string()] {
                prop_assert_eq!(read(&text, CellKind::Text, DateOrder::Dmy), Ok(Some(date.to_string())), "{}", text);
            }
        }
    }
}
