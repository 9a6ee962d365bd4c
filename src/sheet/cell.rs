//! The text and kind of one cell of a workbook.
//!
//! Pure. Owns the writing of numbers, dates and errors as text. The one rule: a date is exact to the second or stays
//! a number; a number's text reads back as the same number.

use std::fmt::Write as _;

use calamine::{Data, DataRef, ExcelDateTime};
use jiff::ToSpan;
use jiff::civil::{Date, DateTime, date};

use super::CellKind;

const SECONDS_A_DAY: f64 = 86_400.0;
/// Days between the two systems' first days.
const FIRST_1904: i64 = 1462;
/// Excel believes in 29 February 1900, which is day 60; before it, days and dates do not agree.
const FALSE_LEAP_DAY: i64 = 60;
/// 31 December 9999.
const LAST_DAY: i64 = 2_958_465;

/// Writes a cell's text into `text` and says its kind.
pub(super) fn write(value: &DataRef<'_>, is_1904: bool, text: &mut String) -> CellKind {
    text.clear();
    match value {
        DataRef::Empty => CellKind::Text,
        DataRef::Int(number) => put(text, number, CellKind::Number),
        DataRef::Float(number) => write_number(*number, text),
        DataRef::String(string) => put(text, string, CellKind::Text),
        DataRef::SharedString(string) => put(text, string, CellKind::Text),
        DataRef::Bool(truth) => put(text, if *truth { "TRUE" } else { "FALSE" }, CellKind::Bool),
        DataRef::DateTime(moment) => put_moment(text, *moment, is_1904),
        DataRef::DateTimeIso(iso) => write_iso(iso, text),
        DataRef::DurationIso(iso) => put(text, iso, CellKind::Text),
        DataRef::Error(error) => put(text, error, CellKind::Error),
    }
}

/// The same for the owned cells of formats that are not streamed.
pub(super) fn write_owned(value: &Data, is_1904: bool, text: &mut String) -> CellKind {
    match value {
        Data::Empty => write(&DataRef::Empty, is_1904, text),
        Data::Int(number) => write(&DataRef::Int(*number), is_1904, text),
        Data::Float(number) => write(&DataRef::Float(*number), is_1904, text),
        Data::String(string) => write(&DataRef::SharedString(string), is_1904, text),
        Data::Bool(truth) => write(&DataRef::Bool(*truth), is_1904, text),
        Data::DateTime(moment) => write(&DataRef::DateTime(*moment), is_1904, text),
        Data::DateTimeIso(iso) => write(&DataRef::DateTimeIso(iso.clone()), is_1904, text),
        Data::DurationIso(iso) => write(&DataRef::DurationIso(iso.clone()), is_1904, text),
        Data::Error(error) => write(&DataRef::Error(error.clone()), is_1904, text),
    }
}

fn put(text: &mut String, value: impl std::fmt::Display, kind: CellKind) -> CellKind {
    write!(text, "{value}").expect("writing to a string does not fail");
    kind
}

/// Appends a number.
pub(super) fn write_number(number: f64, text: &mut String) -> CellKind {
    // Minus zero is written as zero.
    put(text, number + 0.0, CellKind::Number)
}

fn put_moment(text: &mut String, moment: ExcelDateTime, is_1904: bool) -> CellKind {
    write_number(moment.as_f64(), text);
    if moment.is_datetime() { write_moment(moment.as_f64(), is_1904, text) } else { CellKind::Number }
}

/// Writes a date over the serial number that `text` holds; where the serial is no date, the number stays.
pub(super) fn write_moment(serial: f64, is_1904: bool, text: &mut String) -> CellKind {
    let Some(moment) = civil(serial, is_1904) else { return CellKind::Number };
    text.clear();
    put_civil(text, moment)
}

fn put_civil(text: &mut String, moment: DateTime) -> CellKind {
    let is_midnight = moment.time() == jiff::civil::Time::midnight();
    if is_midnight { put(text, moment.date(), CellKind::Date) } else { put(text, moment, CellKind::Date) }
}

/// Appends a date written as ISO 8601 has it; other text stays text.
pub(super) fn write_iso(iso: &str, text: &mut String) -> CellKind {
    let moment = match iso.parse::<DateTime>() {
        // Written as text it is exact, and rounded it could be another day.
        Ok(moment) => moment.with().subsec_nanosecond(0).build().ok(),
        Err(_) => iso.parse::<Date>().ok().map(|date| date.at(0, 0, 0, 0)),
    };
    match moment {
        Some(moment) => put_civil(text, moment),
        None => put(text, iso, CellKind::Text),
    }
}

/// The date and time of a serial number, to the second; none for a time of day alone and for days without a date.
fn civil(serial: f64, is_1904: bool) -> Option<DateTime> {
    if !serial.is_finite() || serial < 1.0 || serial > LAST_DAY as f64 + 1.0 {
        return None;
    }
    let seconds = ((serial - serial.floor()) * SECONDS_A_DAY).round() as i64;
    let days = serial.floor() as i64 + if is_1904 { FIRST_1904 } else { 0 };
    let (days, seconds) = (days + seconds / 86_400, seconds % 86_400);
    if days <= FALSE_LEAP_DAY || days > LAST_DAY {
        return None;
    }
    let start = date(1899, 12, 30).at(0, 0, 0, 0);
    start.checked_add(days.days()).and_then(|day| day.checked_add(seconds.seconds())).ok()
}

#[cfg(test)]
mod tests {
    use calamine::{CellErrorType, ExcelDateTimeType};

    use super::*;

    fn cell(value: &DataRef<'_>, is_1904: bool) -> (String, CellKind) {
        let mut text = "old".to_owned();
        let kind = write(value, is_1904, &mut text);
        (text, kind)
    }

    #[test]
    fn numbers_are_written_short_and_plain() {
        let cases = [
            (1042.0, "1042"),
            (0.1, "0.1"),
            (-0.0, "0"),
            (1234.5, "1234.5"),
            (100_000_000_000.0, "100000000000"),
            (9_876_543_210.0, "9876543210"),
            (50_100_123_456_789_000.0, "50100123456789000"),
            (0.000_001, "0.000001"),
            (2.000_000_000_000_000_4, "2.0000000000000004"),
        ];
        for (number, text) in cases {
            assert_eq!(cell(&DataRef::Float(number), false), (text.to_owned(), CellKind::Number));
        }
    }

    #[test]
    fn dates_are_exact_to_the_second_or_stay_numbers() {
        let cases = [
            (45_748.0, false, "2025-04-01", CellKind::Date),
            (45_748.437_5, false, "2025-04-01T10:30:00", CellKind::Date),
            (45_748.999_999_99, false, "2025-04-02", CellKind::Date),
            (45_748.0 + 1.0 / 86_400.0, false, "2025-04-01T00:00:01", CellKind::Date),
            (61.0, false, "1900-03-01", CellKind::Date),
            (60.0, false, "60", CellKind::Number),
            (59.999_999_999, false, "59.999999999", CellKind::Number),
            (0.4375, false, "0.4375", CellKind::Number),
            (-1.0, false, "-1", CellKind::Number),
            (2_958_465.0, false, "9999-12-31", CellKind::Date),
            (2_958_466.0, false, "2958466", CellKind::Number),
            (44_286.0, true, "2025-04-01", CellKind::Date),
            (1.0, true, "1904-01-02", CellKind::Date),
        ];
        for (serial, is_1904, text, kind) in cases {
            let moment = ExcelDateTime::new(serial, ExcelDateTimeType::DateTime, is_1904);
            assert_eq!(cell(&DataRef::DateTime(moment), is_1904), (text.to_owned(), kind), "{serial}");
        }
        let hours = ExcelDateTime::new(1.5, ExcelDateTimeType::TimeDelta, false);
        assert_eq!(cell(&DataRef::DateTime(hours), false), ("1.5".to_owned(), CellKind::Number));
    }

    #[test]
    fn other_kinds_are_written_as_the_workbook_shows_them() {
        let cases = [
            (DataRef::Bool(true), "TRUE", CellKind::Bool),
            (DataRef::Error(CellErrorType::NA), "#N/A", CellKind::Error),
            (DataRef::SharedString(" x "), " x ", CellKind::Text),
            (DataRef::DateTimeIso("2025-04-01".into()), "2025-04-01", CellKind::Date),
            (DataRef::DateTimeIso("2025-04-01T00:00:00".into()), "2025-04-01", CellKind::Date),
            (DataRef::DateTimeIso("2025-04-01T10:30:00.4".into()), "2025-04-01T10:30:00", CellKind::Date),
            (DataRef::DateTimeIso("2025-03-31T23:59:59.999".into()), "2025-03-31T23:59:59", CellKind::Date),
            (DataRef::DateTimeIso("soon".into()), "soon", CellKind::Text),
            (DataRef::Empty, "", CellKind::Text),
        ];
        for (value, text, kind) in cases {
            assert_eq!(cell(&value, false), (text.to_owned(), kind));
        }
    }
}
