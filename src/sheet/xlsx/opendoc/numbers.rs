//! The code of one data style in the making.
//!
//! Pure. The one rule: what a style displays as text is escaped, so that no letter of it is taken for a placeholder.

use super::super::Problem;
use super::super::xml::Tag;
use super::styles::attribute;

/// Limit: digits of a number that a style asks for.
const MAX_DIGITS: usize = 32;
/// Limit: texts between the digits of a number.
const MAX_EMBEDDED: usize = 32;
/// Limit: bytes of a code; LibreOffice takes fewer.
const MAX_CODE: usize = 32 * 1024;

/// A format code that grows with its style.
#[derive(Debug)]
pub(super) struct Code {
    written: String,
    /// Whether a percent sign in its texts is meant as one.
    is_percent: bool,
    has_percent: bool,
    number: Number,
}

#[derive(Debug, Default)]
struct Number {
    digits: usize,
    decimals: usize,
    is_grouped: bool,
    /// How often a thousand is divided away.
    thousands: usize,
    /// Texts and how many digits stand right of each.
    embedded: Vec<(usize, String)>,
}

impl Code {
    pub(super) fn new(is_percent: bool) -> Self {
        Self { written: String::new(), is_percent, has_percent: false, number: Number::default() }
    }

    pub(super) fn has_percent(&self) -> bool {
        self.has_percent
    }

    /// Appends code as it is.
    pub(super) fn raw(&mut self, code: &str) {
        self.written.push_str(code);
    }

    /// Appends text that is shown.
    pub(super) fn literal(&mut self, text: &str) {
        for letter in text.chars() {
            if letter == '%' && self.is_percent && !self.has_percent {
                self.has_percent = true;
            } else {
                self.written.push('\\');
            }
            self.written.push(letter);
        }
    }

    pub(super) fn power(&mut self) {
        self.raw("0.00E+00");
    }

    pub(super) fn fraction(&mut self) {
        self.raw("# ?/?");
    }

    pub(super) fn begin_number(&mut self, tag: Tag<'_>) -> Result<(), Problem> {
        let number = |name: &[u8]| -> Result<Option<usize>, Problem> {
            let written = attribute(tag, name)?;
            Ok(std::str::from_utf8(written).ok().and_then(|written| written.trim().parse().ok()))
        };
        let mut factor = number(b"display-factor")?.unwrap_or(1);
        let mut thousands = 0;
        while factor >= 1000 {
            (factor, thousands) = (factor / 1000, thousands + 1);
        }
        self.number = Number {
            digits: number(b"min-integer-digits")?.unwrap_or(1).min(MAX_DIGITS),
            decimals: number(b"decimal-places")?.unwrap_or(0).min(MAX_DIGITS),
            is_grouped: tag.is_set(b"grouping")?,
            thousands,
            embedded: Vec::new(),
        };
        Ok(())
    }

    /// A text between the digits, `position` of which stand right of it.
    pub(super) fn embed(&mut self, position: usize, text: String) {
        if self.number.embedded.len() < MAX_EMBEDDED && position <= MAX_DIGITS {
            self.number.embedded.push((position, text));
        }
    }

    pub(super) fn end_number(&mut self) {
        let number = std::mem::take(&mut self.number);
        let most = number.embedded.iter().map(|(position, _)| *position).max().unwrap_or(0);
        let places = number.digits.max(most).max(1);
        if number.is_grouped {
            self.raw("#,");
        }
        for left in (1..=places).rev() {
            for (_, text) in number.embedded.iter().filter(|(position, _)| *position == left) {
                self.literal(text);
            }
            self.raw(if left <= number.digits { "0" } else { "#" });
        }
        for (_, text) in number.embedded.iter().filter(|(position, _)| *position == 0) {
            self.literal(text);
        }
        if number.decimals > 0 {
            self.raw(".");
            self.raw(&"0".repeat(number.decimals));
        }
        self.raw(&",".repeat(number.thousands));
    }

    pub(super) fn finish(self) -> Result<String, Problem> {
        if self.written.len() > MAX_CODE {
            return Err(Problem::broken("it has a number format that is longer than formats are"));
        }
        Ok(self.written)
    }
}
