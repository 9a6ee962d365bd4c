//! Dates: calendar days out of numeric forms, ISO forms, month names, day serials and typed cells.
//!
//! Owns what one cell can say, [`date_evidence`] included; which of day and month comes first is decided from the whole
//! column by the caller. A cell is first split into its [`Parts`] and only then read in an order. The one rule: a cell that
//! contradicts its column's order is a fault, never quietly turned round.

use jiff::civil::Date;

use super::date_parts::{Parts, not_recognised, parts, plain_parts};
use super::text::content;
use super::{Ascii, Fault, Faults};
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
        let proves = self.has(Self::DAY_FIRST) || self.has(Self::MONTH_FIRST);
        self.has_typed() && proves && !self.has(Self::TYPED_AFTER_12) && !self.has(Self::TEXT_UP_TO_12)
    }
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

/// The day that a cell in one of the plain forms names; none for every other cell, good or bad.
pub(in crate::check) fn plain_day(bytes: &[u8], order: DateOrder) -> Option<Date> {
    in_order(plain_parts(bytes)?, order)
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
        // A year in front, or a month in words, is no text that a spreadsheet failed to take for a date of its own order.
        let is_certain = matches!(parts, Parts::Certain(..));
        if !is_certain && (early(day_first) || (day_first.is_none() && early(month_first))) {
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

/// A date as the API and the hashes take it, `2026-04-01`; written without the machinery of formats.
pub(in crate::check) fn plain_date(date: Date) -> Ascii<10> {
    let (year, month, day) = (date.year().unsigned_abs(), date.month() as u16, date.day() as u16);
    let digit = |number: u16, unit: u16| b'0' + (number / unit % 10) as u8;
    let [y1, y2, y3, y4] = [1000, 100, 10, 1].map(|unit| digit(year, unit));
    let [m1, m2, d1, d2] = [digit(month, 10), digit(month, 1), digit(day, 10), digit(day, 1)];
    Ascii([y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2])
}

/// The day that the parts mean in an order, without a word about why there is none.
fn in_order(parts: Parts, order: DateOrder) -> Option<Date> {
    let (year, month, day) = match (parts, order) {
        (Parts::Certain(year, month, day), _)
        | (Parts::YearLast(month, day, year), DateOrder::Mdy)
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
        // Dates that were typed into it later in words prove nothing either way.
        assert!(swapped.merge(text("2025-04-09")).merge(text("9 Apr 2025")).looks_swapped_by_spreadsheet());
        assert!(!of("2025-05-04", CellKind::Date).merge(text("25 Apr 2025")).looks_swapped_by_spreadsheet());
        assert!(!swapped.merge(text("05/04/2025")).looks_swapped_by_spreadsheet());
        assert!(!swapped.merge(of("2025-05-14", CellKind::Date)).looks_swapped_by_spreadsheet());
    }

    proptest! {
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
