//! What a number format says beyond the number: that it is a date, a percentage, a credit, another currency.
//!
//! Pure. Leaves grouping, decimals, units and colours alone, for they change no value. The one rule: a sign, a percent
//! sign, a currency, a word or a leading zero that a person sees only because of the format is written out; a sign that
//! the number has is never lost.

mod compile;

use super::super::CellKind;
use super::super::cell;

/// What a cell's number format does to its number.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::sheet) enum Format {
    /// Nothing that matters.
    #[default]
    Plain,
    /// It is a date.
    Date,
    /// It depends on the number.
    Looks(Box<[Section]>),
}

/// One section of a format.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::sheet) struct Section {
    condition: Option<Condition>,
    look: Look,
}

/// What a section shows beside the number.
#[derive(Debug, Clone, PartialEq, Default)]
struct Look {
    is_date: bool,
    /// How often the number is multiplied by a hundred.
    percents: usize,
    /// A minus sign, or brackets, in the format itself.
    is_negative: bool,
    /// The number is shown as a power of ten.
    is_power: bool,
    side: Option<&'static str>,
    currency: Option<Box<str>>,
    shape: Option<Shape>,
}

/// What makes a number the name of something, or another number: `INV-0012`, `12 Lakh`.
#[derive(Debug, Clone, PartialEq, Default)]
struct Shape {
    /// Words beside the number.
    words: Box<str>,
    /// All that is shown for a whole number; none where it takes more than filling in digits.
    pieces: Box<[Piece]>,
}

/// One letter of what is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    /// A digit, zero where the number has none.
    Digit,
    /// A digit where the number has one.
    Optional,
    Letter(char),
}

impl Shape {
    /// A whole number as it is shown; none where that is the number itself, or takes more.
    fn shown(&self, digits: &str) -> Option<String> {
        let is_whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let places = self.pieces.iter().filter(|piece| !matches!(piece, Piece::Letter(_))).count();
        if !is_whole || places == 0 {
            return None;
        }
        let mut digits = digits.chars();
        let mut missing = places.saturating_sub(digits.as_str().len());
        let mut surplus = digits.as_str().len().saturating_sub(places);
        let mut shown = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Letter(letter) => shown.push(*letter),
                Piece::Digit | Piece::Optional if missing > 0 => {
                    missing -= 1;
                    shown.push_str(if *piece == Piece::Digit { "0" } else { "" });
                }
                Piece::Digit | Piece::Optional => {
                    // The first place takes all that there is no other place for.
                    shown.extend(digits.by_ref().take(1 + std::mem::take(&mut surplus)));
                }
            }
        }
        Some(shown.trim().to_owned())
    }
}

/// Which numbers a section is for.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Condition {
    relation: Relation,
    bound: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    Less,
    AtMost,
    Greater,
    AtLeast,
    Equal,
    Unequal,
}

impl Condition {
    fn holds(self, number: f64) -> bool {
        match self.relation {
            Relation::Less => number < self.bound,
            Relation::AtMost => number <= self.bound,
            Relation::Greater => number > self.bound,
            Relation::AtLeast => number >= self.bound,
            #[expect(clippy::float_cmp, reason = "Excel compares exactly too")]
            Relation::Equal => number == self.bound,
            #[expect(clippy::float_cmp, reason = "Excel compares exactly too")]
            Relation::Unequal => number != self.bound,
        }
    }

    /// Whether it holds for all negative numbers and no other, near enough.
    fn is_for_negative(self) -> bool {
        matches!(self.relation, Relation::Less | Relation::AtMost) && self.bound <= 0.0
    }

    /// Whether what is left by it is negative.
    fn leaves_negative(self) -> bool {
        matches!(self.relation, Relation::Greater | Relation::AtLeast) && self.bound == 0.0
    }
}

impl Format {
    /// What a format code says.
    pub(in crate::sheet) fn of_code(code: &str) -> Self {
        let sections = compile::sections(code);
        if sections.iter().all(|section| section.look == Look::default()) {
            Self::Plain
        } else if sections.iter().all(|section| section.look.is_date) {
            Self::Date
        } else {
            Self::Looks(sections.into())
        }
    }

    /// What a format says that Excel knows by number alone; currencies of these depend on who looks, so they count not.
    pub(in crate::sheet) fn of_built_in(id: u32) -> Self {
        match id {
            9 | 10 => Self::of_code("0%"),
            11 | 48 => Self::of_code("0.00E+00"),
            14..=22 | 27..=36 | 45 | 47 | 50..=58 => Self::Date,
            _ => Self::Plain,
        }
    }

    /// Writes a number as this format wants it understood, and says its kind; `text` holds the number, plainly written.
    pub(in crate::sheet) fn write(&self, number: f64, is_1904: bool, text: &mut String) -> CellKind {
        match self {
            Self::Plain => CellKind::Number,
            Self::Date => cell::write_moment(number, is_1904, text),
            Self::Looks(sections) => {
                let Some((look, drops_sign)) = choose(sections, number) else { return CellKind::Number };
                if look.is_date {
                    return cell::write_moment(number, is_1904, text);
                }
                if let Some(shown) =
                    look.shape.as_ref().and_then(|shape| shape.shown(text)).filter(|shown| shown != text)
                {
                    *text = shown;
                    return CellKind::Text;
                }
                look.write(number, drops_sign, text);
                CellKind::Number
            }
        }
    }
}

/// The look of a number, and whether a negative one is shown without its own sign.
fn choose(sections: &[Section], number: f64) -> Option<(&Look, bool)> {
    let look = |at: usize| sections.get(at).map(|section| &section.look);
    let condition = |at: usize| sections.get(at).and_then(|section| section.condition);
    let (first, second) = (condition(0), condition(1));
    if first.is_none() && second.is_none() {
        return match sections.len() {
            0 => None,
            1 => Some((look(0)?, false)),
            2 if number >= 0.0 => Some((look(0)?, false)),
            _ if number > 0.0 => Some((look(0)?, false)),
            _ if number < 0.0 => Some((look(1)?, true)),
            _ => Some((look(2)?, false)),
        };
    }
    if first.map_or(number > 0.0, |condition| condition.holds(number)) {
        return Some((look(0)?, first.is_some_and(Condition::is_for_negative)));
    }
    let is_rest_negative = first.is_some_and(Condition::leaves_negative);
    match second {
        Some(condition) if condition.holds(number) => Some((look(1)?, condition.is_for_negative() || is_rest_negative)),
        None if sections.len() == 2 || number < 0.0 => Some((look(1)?, is_rest_negative || sections.len() > 2)),
        _ => Some((look(2)?, false)),
    }
}

impl Look {
    fn write(&self, number: f64, drops_sign: bool, text: &mut String) {
        let is_below = number < 0.0;
        let mut written = text.trim_start_matches('-').to_owned();
        for _ in 0..self.percents {
            written = hundredfold(&written);
        }
        // Excel gives this format to what was typed as `2E10`, which may have been the number of an invoice.
        if self.is_power && number.fract() == 0.0 && number.abs() >= 10.0 {
            written = format!("{:E}", number.abs()).replace('E', "E+");
        }
        let own_minus = is_below && !(drops_sign && (self.side.is_some() || self.is_negative));
        let minus = match (own_minus, self.is_negative && number != 0.0) {
            (true, true) => "--",
            (true, false) | (false, true) => "-",
            (false, false) => "",
        };
        text.clear();
        if let Some(currency) = &self.currency {
            text.push_str(currency);
            let is_word = currency.chars().next_back().is_some_and(char::is_alphanumeric);
            text.push_str(if is_word { " " } else { "" });
        }
        text.push_str(minus);
        text.push_str(&written);
        (0..self.percents).for_each(|_| text.push('%'));
        if let Some(side) = self.side.filter(|_| number != 0.0 && self.percents == 0) {
            text.push(' ');
            text.push_str(side);
        }
        if let Some(shape) = self.shape.as_ref().filter(|shape| !shape.words.is_empty()) {
            text.push(' ');
            text.push_str(&shape.words);
        }
    }
}

/// A decimal number times a hundred, exactly.
fn hundredfold(text: &str) -> String {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let moved = format!("{decimals:0<2}");
    let (up, down) = moved.split_at(2);
    let joined = format!("{whole}{up}");
    let whole = joined.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    if down.is_empty() { whole.to_owned() } else { format!("{whole}.{down}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(code: &str, number: f64) -> String {
        let mut text = number.to_string();
        let kind = Format::of_code(code).write(number, false, &mut text);
        if kind == CellKind::Number { text } else { format!("{kind:?} {text}") }
    }

    #[test]
    fn t24_a_percent_cell_says_its_percentage_exactly() {
        for (code, number, text) in [
            ("0%", 0.18, "18%"),
            ("0.00%", 0.07, "7%"),
            ("0%", 0.145, "14.5%"),
            ("0%", 0.29, "29%"),
            ("0.0%;[Red]-0.0%", -0.05, "-5%"),
            ("0%", 1.0, "100%"),
            ("0%", 0.0, "0%"),
            ("0%", 0.001_25, "0.125%"),
            ("0%", 18.0, "1800%"),
            ("0\"%\"", 18.0, "18"),
            ("0\\%", 18.0, "18"),
        ] {
            assert_eq!(shown(code, number), text, "{code}");
        }
        let mut text = "0.05".to_owned();
        assert_eq!(Format::of_built_in(10).write(0.05, false, &mut text), CellKind::Number);
        assert_eq!(text, "5%");
    }

    #[test]
    fn x7_a_side_or_sign_that_only_the_format_shows_is_written_out() {
        for (code, number, text) in [
            ("0.00\" Cr\"", 118.0, "118 Cr"),
            ("0.00\" Cr\"", -118.0, "-118 Cr"),
            ("0.00\" Cr\"", 0.0, "0"),
            ("0.00\" Dr\";0.00\" Cr\"", 118.5, "118.5 Dr"),
            ("0.00\" Dr\";0.00\" Cr\"", -118.5, "118.5 Cr"),
            ("#,##0.00\\ \"Dr.\";#,##0.00\\ \"Cr.\";\"-\"", -1.0, "1 Cr"),
            ("[>=0]0.00\" Dr\";0.00\" Cr\"", -7.0, "7 Cr"),
            ("[<0]0.00\" Cr\";0.00\" Dr\"", -7.0, "7 Cr"),
            ("[<0]0.00\" Cr\";0.00\" Dr\"", 7.0, "7 Dr"),
            ("[>1000]0.00\" Dr\";0.00\" Cr\"", -7.0, "-7 Cr"),
            ("0.00 Cr", 118.0, "118 Cr"),
            ("0.00 Dr", 118.0, "118 Dr"),
            ("0.00;-0.00\" Cr\"", -5.0, "-5 Cr"),
            ("-0.00", 118.0, "-118"),
            ("-0.00", -118.0, "--118"),
            ("\"-\"0.00", 118.0, "-118"),
            ("(0.00)", 118.0, "-118"),
            ("0.00-", 118.0, "-118"),
            ("[Red](#,##0.00);#,##0.00", 118.0, "-118"),
            ("0.00;(0.00)", -118.0, "-118"),
            ("0.00;0.00", -118.0, "-118"),
            ("0.00;-0.00", -118.0, "-118"),
            ("_(* #,##0.00_);_(* \\(#,##0.00\\);_(* \"-\"??_);_(@_)", 118.0, "118"),
            ("_(* #,##0.00_);_(* \\(#,##0.00\\);_(* \"-\"??_);_(@_)", -118.0, "-118"),
            ("_(* #,##0.00_);_(* \\(#,##0.00\\);_(* \"-\"??_);_(@_)", 0.0, "0"),
            ("\"INV-\"0000", 12.0, "Text INV-0012"),
            ("000-0000", 12.0, "Text 000-0012"),
            ("0.00,,\" Cr\"", 118.0, "118"),
            ("General", -5.0, "-5"),
            ("0.00E+00", 5.0, "5"),
            ("0.00E+00", 1234.5, "1234.5"),
            ("##0.0E+0", 2e10, "2E+10"),
            ("0.00E+00", -9_876_543_210.0, "-9.87654321E+9"),
            ("[>=10000000]##\\,##\\,##\\,##0.00;[>=100000]##\\,##\\,##0.00;##,##0.00", -5.0, "-5"),
            ("@", 5.0, "5"),
            (";;;", 5.0, "5"),
            ("", 5.0, "5"),
        ] {
            assert_eq!(shown(code, number), text, "{code} of {number}");
        }
    }

    #[test]
    fn a_currency_that_only_the_format_shows_is_written_out_unless_it_is_the_rupee() {
        for (code, number, text) in [
            ("[$USD] #,##0.00", 118.0, "USD 118"),
            ("#,##0.00 [$€-407]", 118.0, "€118"),
            ("[$$-409]#,##0.00", 118.0, "$118"),
            ("\"$\"#,##0.00", -118.0, "$-118"),
            ("$#,##0.00_);($#,##0.00)", -118.0, "$-118"),
            ("0.00\" AED\"", 118.0, "AED 118"),
            ("[$₹-4009] #,##0.00", 118.0, "118"),
            ("[$-409]#,##0.00", 118.0, "118"),
            ("[$Rs.-4009] 0.00", 118.0, "118"),
            ("[$INR] 0.00;-[$INR] 0.00", -118.0, "-118"),
            ("\"Rs. \"0.00", 118.0, "118"),
            ("\"₹ \"0.00\" Cr\"", 118.0, "118 Cr"),
            ("[$£-809]0.00\" Dr\"", 118.0, "£118 Dr"),
            ("-[$₹-4009]0.00", 118.0, "-118"),
            ("0\" days\"", 118.0, "118"),
        ] {
            assert_eq!(shown(code, number), text, "{code}");
        }
    }

    #[test]
    fn a_name_that_only_the_format_shows_is_written_out_and_so_is_a_word_that_makes_another_number() {
        for (code, number, text) in [
            ("\"MUM/26-27/\"0000", 77.0, "Text MUM/26-27/0077"),
            ("\"DEL-\"0", 77.0, "Text DEL-77"),
            ("\"INV\"000", 12_345.0, "Text INV12345"),
            ("0000\"/26-27\"", 77.0, "Text 0077/26-27"),
            ("\"INV-\"###", 7.0, "Text INV-7"),
            ("\"INV-\"General", 7.0, "Text INV-7"),
            ("_(\"INV-\"00_)", 7.0, "Text INV-07"),
            ("000000", 77.0, "Text 000077"),
            ("000000", 1_234_567.0, "1234567"),
            ("000000", 0.5, "0.5"),
            ("000000", -77.0, "-77"),
            ("\"INV-\"0000", -7.0, "-7 INV-"),
            ("\"INV-\"0000", 7.5, "7.5 INV-"),
            ("\"INV-\"#,##0", 7.0, "7 INV-"),
            ("0.00\" Lakh\"", 1500.0, "1500 Lakh"),
            ("0\" Lakh\"", 15.0, "Text 15 Lakh"),
            ("0.00,,\"M\"", 1_500_000.0, "1500000 M"),
            ("0.00\" Nos.\"", 15.0, "15"),
            ("#,##0.00\"/-\"", 15.0, "15"),
            ("##\\,##\\,##0", 1_234_567.0, "1234567"),
            ("\"Rs. \"00000", 77.0, "Text Rs. 00077"),
            ("00.00", 7.0, "7"),
            ("#,##0;[Red]-#,##0", 7.0, "7"),
        ] {
            assert_eq!(shown(code, number), text, "{code} of {number}");
        }
    }

    #[test]
    fn x6_the_format_tells_dates_from_numbers() {
        for (code, number, text) in [
            ("dd/mm/yyyy", 45_748.0, "Date 2025-04-01"),
            ("[$-409]d-mmm-yy;@", 45_748.0, "Date 2025-04-01"),
            ("[Red]yyyy\\-mm\\-dd", 45_748.0, "Date 2025-04-01"),
            ("dd/mm/yy h:mm:ss.000 AM/PM", 45_748.437_5, "Date 2025-04-01T10:30:00"),
            ("[=0]\"\";dd/mm/yyyy", 45_748.0, "Date 2025-04-01"),
            ("[h]:mm:ss", 45_748.0, "45748"),
            ("\"day \"0", 45_748.0, "45748"),
            ("0\\d", 45_748.0, "Text 45748d"),
            ("_d0", 45_748.0, "45748"),
            ("*d0", 45_748.0, "45748"),
            ("0.00E+00", 45_748.0, "4.5748E+4"),
            ("[Magenta]0", 45_748.0, "45748"),
            ("dd/mm/yyyy", 0.5, "0.5"),
        ] {
            assert_eq!(shown(code, number), text, "{code}");
        }
        for id in [14, 22, 27, 36, 45, 47, 50, 58] {
            assert_eq!(Format::of_built_in(id), Format::Date, "{id}");
        }
        for id in [0, 4, 13, 23, 37, 44, 46, 49, 59, 163] {
            assert_eq!(Format::of_built_in(id), Format::Plain, "{id}");
        }
    }
}
