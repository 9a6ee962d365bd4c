//! Control files: what a file of sheets must hold, written beside it by whoever made it.
//!
//! Pure: the caller finds and reads `NAME.control`. Owns its form (TOML with `rows`, `total`, `period`) and the
//! comparison with what was read of the one file. The one rule: a control file that is not understood, or that says
//! nothing, is refused like one that disagrees, because somebody relied on it.

use toml::de::{DeTable, DeValue};

use crate::config::values;
use crate::error::RunError;
use crate::finding::quote;
use crate::money::{Money, Total};
use crate::nearest::did_you_mean;
use crate::outcome::Sum;
use crate::wording::count;

/// Keys of a control file.
const KEYS: [&str; 3] = ["rows", "total", "period"];

/// What one file must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    /// The control file, as messages name it.
    pub name: String,
    rows: Option<u64>,
    total: Option<Money>,
    period: Option<(i16, i8)>,
}

impl Control {
    /// Reads the text of a control file.
    pub fn parse(text: &str, name: &str) -> Result<Control, RunError> {
        // A byte order mark is what editors leave behind, not what a person wrote.
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        let line = |at: usize| text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1;
        let refused = |at: usize, what: &str| malformed(&format!("{name}:{}", line(at)), what);
        let table = DeTable::parse(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            refused(at, error.message().lines().next().unwrap_or("not valid TOML"))
        })?;
        let mut control = Control { name: name.to_owned(), rows: None, total: None, period: None };
        for (key, value) in table.get_ref() {
            let at = key.span().start;
            let key = key.get_ref().as_ref();
            let written = written(value.get_ref());
            let understood = match (key, written.as_deref()) {
                ("rows", Some(text)) => values::count(text, 0, 1_000_000_000).map(|rows| control.rows = Some(rows)),
                ("total", Some(text)) => values::amount(text).map(|total| control.total = Some(total)),
                ("period", Some(text)) => values::month(text).map(|month| control.period = Some(month)),
                _ if KEYS.contains(&key) => {
                    Err(format!("found {}, expected a number or text in quotes", value.get_ref().type_str()))
                }
                _ => {
                    let near = did_you_mean(key, KEYS.into_iter());
                    return Err(refused(at, &format!("unknown key {}{near}", quote(key))));
                }
            };
            understood.map_err(|what| refused(at, &format!("{key}: {what}")))?;
        }
        if control.rows.is_none() && control.total.is_none() && control.period.is_none() {
            return Err(malformed(name, "says nothing; expected rows, total or period"));
        }
        Ok(control)
    }

    /// The month that invoices must be dated in, `asked` being that of `--period`.
    pub fn period(&self, asked: Option<(i16, i8)>) -> Result<Option<(i16, i8)>, RunError> {
        match (self.period, asked) {
            (Some(own), Some(asked)) if own != asked => Err(RunError::Input {
                message: format!(
                    "{}: period: {} expected, and --period says {}; nothing was sent",
                    self.name,
                    month(own),
                    month(asked)
                ),
                hint: "leave --period out, or mend the control file".to_owned(),
            }),
            (own, asked) => Ok(own.or(asked)),
        }
    }

    /// Holds what was read of the file against this; says what agrees.
    pub fn check(&self, read: &Sum) -> Result<String, RunError> {
        let mut agreed = Vec::new();
        let mut gaps = Vec::new();
        if let Some(rows) = self.rows {
            let (expected, found) = (count(rows, "row"), count(read.rows, "row"));
            let agrees = rows == read.rows;
            if agrees { agreed.push(found) } else { gaps.push(format!("{expected} expected, {found} read")) }
        }
        if let Some(total) = self.total.map(Total::from) {
            let (expected, found) = (total.rupees(), read.total.rupees());
            let agrees = total == read.total;
            if agrees { agreed.push(found) } else { gaps.push(format!("{expected} expected, {found} read")) }
        }
        if gaps.is_empty() {
            // Rows outside the month are each invalid, and say so themselves.
            agreed.extend(self.period.map(|period| format!("dates held to {}", month(period))));
            return Ok(agreed.join(", "));
        }
        let unreadable = read.rows_with_unreadable_amount;
        let hint = if gaps.len() == 1 && self.rows == Some(read.rows) && unreadable > 0 {
            format!("the amount of {} cannot be read and is not in the sum", count(unreadable, "row"))
        } else {
            "look for missing or extra rows, or mend the control file if the sheet is right".to_owned()
        };
        Err(RunError::Input { message: format!("{}: {}; nothing was sent", self.name, gaps.join("; ")), hint })
    }
}

/// A refusal of a control file that is not understood.
pub fn malformed(place: &str, what: &str) -> RunError {
    RunError::Input {
        message: format!("{place}: {what}; nothing was sent"),
        hint:
            "a control file looks like: rows = 250, total = \"4,81,203.50\", period = \"2026-03\", each on a line of \
               its own and none required"
                .to_owned(),
    }
}

/// A value as its author wrote it, so that an amount is never a binary float.
fn written(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.as_ref().to_owned()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().replace('_', "")),
        DeValue::Float(number) => Some(number.as_str().replace('_', "")),
        _ => None,
    }
}

fn month((year, month): (i16, i8)) -> String {
    format!("{year:04}-{month:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(rows: u64, paise: i128) -> Sum {
        Sum { rows, total: Total(paise), ..Sum::default() }
    }

    #[test]
    fn a_control_file_agrees_to_the_row_and_the_paisa() {
        for (text, read, agreed) in [
            ("rows = 3", sum(3, 0), "3 rows"),
            ("rows = 1_000\n", sum(1000, 5), "1,000 rows"),
            ("total = \"4,81,203.50\"", sum(9, 48_120_350), "₹4,81,203.50"),
            ("total = 481203.50", sum(9, 48_120_350), "₹4,81,203.50"),
            ("total = -5", sum(9, -500), "-₹5.00"),
            (
                "rows = \"2\"\ntotal = \"₹10\"\nperiod = \"2026-03\"",
                sum(2, 1000),
                "2 rows, ₹10.00, dates held to 2026-03",
            ),
            ("\u{FEFF}rows = 0 # nothing this month", sum(0, 0), "0 rows"),
        ] {
            assert_eq!(Control::parse(text, "a.control").unwrap().check(&read).unwrap(), agreed, "{text}");
        }
    }

    #[test]
    fn a_gap_names_both_figures() {
        for (read, message) in [
            (sum(249, 48_120_350), "a.control: 250 rows expected, 249 rows read; nothing was sent"),
            (sum(250, 48_120_351), "a.control: ₹4,81,203.50 expected, ₹4,81,203.51 read; nothing was sent"),
            (
                sum(1, 0),
                "a.control: 250 rows expected, 1 row read; ₹4,81,203.50 expected, ₹0.00 read; nothing was sent",
            ),
        ] {
            let control = Control::parse("rows = 250\ntotal = \"4,81,203.50\"", "a.control").unwrap();
            assert_eq!(control.check(&read).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn what_is_not_understood_is_refused_with_its_line() {
        for (text, message) in [
            ("", "a.control: says nothing; expected rows, total or period"),
            ("# rows = 3", "a.control: says nothing; expected rows, total or period"),
            ("rows: 3", "a.control:1: "),
            ("250", "a.control:1: "),
            ("rows = 3\nrows = 4", "a.control:2: duplicate key"),
            ("rows = 3\nrow = 4", "a.control:2: unknown key \"row\"; did you mean rows?"),
            ("rows = 3.5", "a.control:1: rows: \"3.5\" is not a whole number"),
            ("rows = -1", "a.control:1: rows: \"-1\" is not a whole number"),
            ("rows = true", "a.control:1: rows: found boolean, expected a number or text in quotes"),
            ("rows = 0x10", "a.control:1: rows: found integer, expected"),
            ("\ntotal = \"4,81\"", "a.control:2: total: \"4,81\" is not an amount"),
            ("total = 1e5", "a.control:1: total: \"1e5\" is not an amount"),
            ("period = \"March\"", "a.control:1: period: \"March\" is not a month"),
            ("period = 2026-03-01", "a.control:1: period: found datetime, expected"),
        ] {
            let error = Control::parse(text, "a.control").unwrap_err();
            let told = error.to_string();
            assert!(told.starts_with(message) && told.ends_with("; nothing was sent"), "{text}: {told}");
            assert!(error.hint().unwrap().contains("rows = 250"), "{text}");
        }
    }

    #[test]
    fn two_periods_must_be_one() {
        let control = |text| Control::parse(text, "a.control").unwrap();
        assert_eq!(control("rows = 1").period(Some((2026, 3))).unwrap(), Some((2026, 3)));
        assert_eq!(control("period = \"2026-03\"").period(None).unwrap(), Some((2026, 3)));
        assert_eq!(control("period = \"2026-03\"").period(Some((2026, 3))).unwrap(), Some((2026, 3)));
        let told = control("period = \"2026-03\"").period(Some((2026, 4))).unwrap_err().to_string();
        assert_eq!(told, "a.control: period: 2026-03 expected, and --period says 2026-04; nothing was sent");
    }
}
