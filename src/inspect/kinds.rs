//! What the cells of a column are, told from the cells alone.
//!
//! Pure. A column has a type if at least nine tenths of its filled cells have it, so that a stray remark does not hide
//! what the column is. The one rule: a type is for a person's eyes; checks never ask it.

use serde::Serialize;

use crate::check::value::{self, AmountStyle, DateEvidence, Faults};
use crate::config::DateOrder;
use crate::sheet::{Cell, CellKind};

/// Limit: examples of a column.
const EXAMPLES: usize = 3;
/// Limit: characters of an example.
const EXAMPLE_CHARACTERS: usize = 40;
/// Limit: digits of a number that people count with; longer ones are identifiers.
const COUNTED_DIGITS: usize = 9;
/// Limit: a yes or a no in words, with what may stand around it.
const BOOLEAN_BYTES: usize = 16;
/// Limit: characters of an identifier.
const IDENTIFIER_BYTES: usize = 40;

/// What nearly all filled cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// No cell is filled.
    #[default]
    Blank,
    /// Calendar dates.
    Date,
    /// Yes or no.
    Boolean,
    /// Numbers without decimals.
    WholeNumber,
    /// Amounts.
    Amount,
    /// Numbers and codes that name something.
    Identifier,
    /// Anything else.
    Text,
}

impl Kind {
    /// The type as a person reads it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Blank => "blank",
            Self::Date => "date",
            Self::Boolean => "boolean",
            Self::WholeNumber => "whole number",
            Self::Amount => "amount",
            Self::Identifier => "identifier",
            Self::Text => "text",
        }
    }
}

/// Counts over the cells of one column.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    pub(super) filled: u64,
    pub(super) examples: Vec<String>,
    /// Whether amounts are written as in `1.234,56`.
    pub(super) decimal_comma: bool,
    dates: u64,
    day_first: u64,
    month_first: u64,
    ambiguous: u64,
    booleans: u64,
    whole: u64,
    amounts: u64,
    identifiers: u64,
    /// The text last met and what it is.
    last: Option<(String, CellKind, Written)>,
}

/// What a written cell is.
#[derive(Debug, Clone, Copy)]
enum Written {
    /// Digits alone; short ones are counted with.
    Whole {
        counts: bool,
    },
    Amount,
    Date(DateEvidence),
    Words {
        boolean: bool,
        identifier: bool,
    },
}

impl Written {
    fn of(cell: Cell<'_>, decimal_comma: bool) -> Self {
        let text = cell.text;
        let digits = text.strip_prefix('-').unwrap_or(text);
        if digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Self::Whole {
                counts: digits.len() <= COUNTED_DIGITS && (digits.len() == 1 || !digits.starts_with('0')),
            };
        }
        if cell.kind == CellKind::Number {
            return Self::Amount;
        }
        let mut faults = Faults::new();
        let style = AmountStyle { decimal_comma, ..AmountStyle::default() };
        // No amount and no date is without a digit, be it one of another script.
        let is_plain_words = text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_digit());
        if !is_plain_words && value::amount(cell, style, &mut faults).is_some() {
            return Self::Amount;
        }
        let is_date = |order| value::date(cell, order, &mut Faults::new()).is_some();
        if !is_plain_words && (is_date(DateOrder::Dmy) || is_date(DateOrder::Mdy)) {
            return Self::Date(value::date_evidence(cell));
        }
        let boolean = text.len() <= BOOLEAN_BYTES && value::boolean(cell, &mut faults).is_some();
        Self::Words { boolean, identifier: is_identifier(text) }
    }
}

impl Tally {
    /// Counts one cell.
    pub(super) fn add(&mut self, cell: Cell<'_>) {
        let text = cell.text.trim();
        if text.is_empty() {
            return;
        }
        self.filled += 1;
        if self.examples.len() < EXAMPLES {
            let example = cut(text);
            if !self.examples.contains(&example) {
                self.examples.push(example);
            }
        }
        match cell.kind {
            CellKind::Bool => self.booleans += 1,
            CellKind::Date => self.dates += 1,
            CellKind::Number | CellKind::Text => self.add_written(Cell { text, kind: cell.kind }),
            CellKind::Error | CellKind::FormulaWithoutValue => {}
        }
    }

    fn add_written(&mut self, cell: Cell<'_>) {
        // Columns repeat themselves, and telling what a text is costs far more than seeing that it is the same.
        if self.last.as_ref().is_none_or(|(text, kind, _)| text != cell.text || *kind != cell.kind) {
            let mut text = self.last.take().map(|(text, ..)| text).unwrap_or_default();
            cell.text.clone_into(&mut text);
            self.last = Some((text, cell.kind, Written::of(cell, self.decimal_comma)));
        }
        let Some((_, _, written)) = self.last else { return };
        match written {
            Written::Whole { counts } => {
                self.whole += u64::from(counts);
                self.amounts += u64::from(counts);
                self.identifiers += 1;
            }
            Written::Amount => self.amounts += 1,
            Written::Date(evidence) => {
                self.dates += 1;
                self.day_first += u64::from(evidence.proves_day_first());
                self.month_first += u64::from(evidence.proves_month_first());
                self.ambiguous += u64::from(evidence.is_ambiguous());
            }
            Written::Words { boolean, identifier } => {
                self.booleans += u64::from(boolean);
                self.identifiers += u64::from(identifier);
            }
        }
    }

    /// The column's type, and how many filled cells are of another one.
    pub(super) fn kind(&self) -> (Kind, u64) {
        if self.filled == 0 {
            return (Kind::Blank, 0);
        }
        let kinds = [
            (Kind::Date, self.dates),
            (Kind::Boolean, self.booleans),
            (Kind::WholeNumber, self.whole),
            (Kind::Amount, self.amounts),
            (Kind::Identifier, self.identifiers),
        ];
        // A column of numbers of which one has decimals is one of amounts, whatever the nine tenths say.
        let fits = |kind: Kind, cells: u64| {
            let enough = cells * 10 >= self.filled * 9;
            enough && (kind != Kind::WholeNumber || cells == self.amounts)
        };
        let found = kinds.into_iter().find(|(kind, cells)| fits(*kind, *cells));
        found.map_or((Kind::Text, 0), |(kind, cells)| (kind, self.filled - cells))
    }

    /// Whether day or month comes first: as told, else as the cells prove; none where it makes no difference.
    pub(super) fn date_order(&self, told: Option<DateOrder>) -> Option<&'static str> {
        match (told, self.day_first > 0, self.month_first > 0) {
            (Some(DateOrder::Dmy), ..) | (None, true, false) => Some("dmy"),
            (Some(DateOrder::Mdy), ..) | (None, false, true) => Some("mdy"),
            (Some(DateOrder::Ymd), ..) => Some("ymd"),
            (None, true, true) => Some("mixed"),
            (None, false, false) => (self.ambiguous > 0).then_some("dmy assumed"),
        }
    }
}

/// Whether a text is one word with a digit, or a long one of capitals as some codes are.
fn is_identifier(text: &str) -> bool {
    let is_word = text.len() <= IDENTIFIER_BYTES && !text.contains(char::is_whitespace);
    let is_code = text.len() >= 10 && text.bytes().all(|byte| byte.is_ascii_uppercase());
    is_word && (is_code || text.contains(|letter: char| letter.is_ascii_digit()))
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(EXAMPLE_CHARACTERS) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_told_by_what_nearly_all_cells_are() {
        for (cells, expected) in [
            ("", (Kind::Blank, 0)),
            ("01/04/2025|15-Apr-25|2025-04-30", (Kind::Date, 0)),
            ("Yes|No|Y", (Kind::Boolean, 0)),
            ("1|0|1", (Kind::WholeNumber, 0)),
            ("30|45|0", (Kind::WholeNumber, 0)),
            ("30|45.5|0", (Kind::Amount, 0)),
            ("1,00,000.00|₹ 500|(12.50)", (Kind::Amount, 0)),
            ("1|2|3|4|5|6|7|8|9|x y", (Kind::WholeNumber, 1)),
            ("1|2|3|4|5|6|7|8|x y|x y", (Kind::Text, 0)),
            ("INV-1|INV-2|12", (Kind::Identifier, 0)),
            ("9876543210|9876543211", (Kind::Identifier, 0)),
            ("007|008", (Kind::Identifier, 0)),
            ("KCAAAABBBBCCCCDD|KC01234567890123", (Kind::Identifier, 0)),
            ("Acme Ltd|Beta 2 Ltd", (Kind::Text, 0)),
            ("Pune|Delhi", (Kind::Text, 0)),
        ] {
            let mut tally = Tally::default();
            cells.split('|').for_each(|text| tally.add(Cell { text, kind: CellKind::Text }));
            assert_eq!(tally.kind(), expected, "{cells}");
        }
    }

    #[test]
    fn amounts_with_a_decimal_comma_are_amounts_where_the_mapping_says_so() {
        for (cells, decimal_comma, expected) in [
            ("1.100,50|9,05|200", true, (Kind::Amount, 0)),
            ("1.100,50|9,05|200", false, (Kind::Identifier, 0)),
            ("1,100.50|9.05", false, (Kind::Amount, 0)),
            ("01.04.2025|15.04.2025", true, (Kind::Date, 0)),
            ("INV-1|INV-2", true, (Kind::Identifier, 0)),
        ] {
            let mut tally = Tally { decimal_comma, ..Tally::default() };
            cells.split('|').for_each(|text| tally.add(Cell { text, kind: CellKind::Text }));
            assert_eq!(tally.kind(), expected, "{cells} {decimal_comma}");
        }
    }

    #[test]
    fn the_order_of_dates_is_said_only_where_it_matters() {
        for (cells, told, expected) in [
            ("2025-04-01", None, None),
            ("01/04/2025", None, Some("dmy assumed")),
            ("01/04/2025", Some(DateOrder::Mdy), Some("mdy")),
            ("13/04/2025|01/04/2025", None, Some("dmy")),
            ("04/13/2025", None, Some("mdy")),
            ("04/13/2025|13/04/2025", None, Some("mixed")),
        ] {
            let mut tally = Tally::default();
            cells.split('|').for_each(|text| tally.add(Cell { text, kind: CellKind::Text }));
            assert_eq!((tally.kind().0, tally.date_order(told)), (Kind::Date, expected), "{cells}");
        }
    }

    #[test]
    fn examples_are_few_short_and_different() {
        let mut tally = Tally::default();
        let long = "x".repeat(50);
        for text in ["a", " a ", "", &long, "b", "c"] {
            tally.add(Cell { text, kind: CellKind::Text });
        }
        assert_eq!(tally.examples, ["a".to_owned(), format!("{}…", "x".repeat(40)), "b".to_owned()]);
        assert_eq!(tally.filled, 5);
    }
}
