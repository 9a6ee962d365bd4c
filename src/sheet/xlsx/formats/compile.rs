//! A format code taken apart into its sections.
//!
//! Pure. Owns quotation marks, escapes, brackets and placeholders of format codes. The one rule: text that a code only
//! displays is never taken for a placeholder, nor the reverse.

use super::{Condition, Look, Piece, Relation, Section, Shape};
use crate::money::{is_foreign_code, is_foreign_sign, is_rupee};

/// Limit: Excel allows four.
const MAX_SECTIONS: usize = 8;
/// Words beside a number that do not change what it is: units, and the rupee spelled out.
const UNITS: [&str; 38] = [
    "nos", "no", "pcs", "pc", "piece", "pieces", "unit", "units", "kg", "kgs", "g", "gm", "gms", "grams", "mt", "ton",
    "tons", "mtr", "mtrs", "ltr", "ltrs", "box", "boxes", "bag", "bags", "set", "sets", "dozen", "doz", "day", "days",
    "hr", "hrs", "hour", "hours", "rupee", "rupees", "only",
];

/// The sections for numbers, in order.
pub(super) fn sections(code: &str) -> Vec<Section> {
    let mut sections = Vec::new();
    let mut letters = code.chars().peekable();
    loop {
        let mut draft = Draft::default();
        let ended = draft.take(&mut letters);
        // The section of texts stands last.
        if !draft.is_text || draft.has_digits {
            sections.push(draft.finish());
        }
        if !ended || sections.len() == MAX_SECTIONS {
            return sections;
        }
    }
}

type Letters<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// A section while its code is read.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a mark of its own, in any mix")]
struct Draft {
    condition: Option<Condition>,
    before: String,
    after: String,
    currency: String,
    has_digits: bool,
    is_text: bool,
    is_date: bool,
    is_elapsed: bool,
    /// Commas behind the last digit, each of which divides by a thousand.
    is_scaled: bool,
    percents: usize,
    is_power: bool,
    /// Text between digits.
    between: String,
    /// Digits and text in order.
    pieces: Vec<Piece>,
    /// Decimals, groups and the like, so that the pieces alone do not make what is shown.
    is_complex: bool,
}

impl Draft {
    /// Reads up to the end of the section; true if another one follows.
    fn take(&mut self, letters: &mut Letters<'_>) -> bool {
        while let Some(letter) = letters.next() {
            match letter {
                ';' => return true,
                '"' => letters.by_ref().take_while(|letter| *letter != '"').for_each(|letter| self.literal(letter)),
                '\\' => letters.next().into_iter().for_each(|letter| self.literal(letter)),
                '_' | '*' => {
                    letters.next();
                    self.literal(' ');
                }
                '[' => {
                    let inside: String = letters.by_ref().take_while(|letter| *letter != ']').collect();
                    self.bracket(&inside);
                }
                '0' => self.digit(Piece::Digit),
                '#' | '?' => self.digit(Piece::Optional),
                ',' if self.has_digits => (self.is_scaled, self.is_complex) = (true, true),
                '.' | ',' | '/' if self.has_digits && !self.is_date => self.is_complex = true,
                '.' => (self.is_complex, self.before) = (true, std::mem::take(&mut self.before) + "."),
                '%' => self.percents += 1,
                '@' => self.is_text = true,
                'E' | 'e' if matches!(letters.peek(), Some('+' | '-')) => {
                    letters.next();
                    self.is_power = true;
                }
                'G' | 'g' if is_general(letters) => {
                    letters.by_ref().take(6).for_each(drop);
                    self.digit(Piece::Digit);
                }
                'd' | 'm' | 'h' | 'y' | 's' | 'D' | 'M' | 'H' | 'Y' | 'S' if self.is_date || !self.has_digits => {
                    self.is_date = true;
                }
                other => self.literal(other),
            }
        }
        false
    }

    fn digit(&mut self, piece: Piece) {
        self.has_digits = true;
        self.is_scaled = false;
        self.pieces.push(piece);
        // What stands between digits belongs to the number.
        self.between.push_str(&self.after);
        self.after.clear();
    }

    /// The words beside the number that say more than its unit, and how an identifier is shown, if it is one.
    fn shape(&self) -> Option<Shape> {
        let beside = [bare(&self.before), bare(&self.between), bare(&self.after)].map(|text| {
            let is_unit = UNITS.iter().any(|unit| text.eq_ignore_ascii_case(unit));
            if is_unit || !text.contains(char::is_alphanumeric) { String::new() } else { text }
        });
        // Crores beside thousands that are divided away are no credit, and the number is whole all the same.
        let words = beside.iter().filter(|text| !text.is_empty()).map(String::as_str).collect::<Vec<_>>().join(" ");
        let is_padded = self.pieces.iter().filter(|piece| matches!(piece, Piece::Digit)).count() > 1
            && !self.pieces.contains(&Piece::Optional);
        let is_simple = !self.is_complex && !self.is_power && self.percents == 0;
        let has_currency =
            !self.currency.is_empty() || [&self.before, &self.after].into_iter().any(|text| foreign(text).is_some());
        let has_side = side(&self.before).is_some() || side(&self.after).is_some();
        let is_name = is_simple && !has_currency && !has_side && (is_padded || !words.is_empty());
        if self.percents > 0 || !is_name && words.is_empty() {
            return None;
        }
        let pieces = if is_name { self.pieces.clone() } else { Vec::new() };
        Some(Shape { words: words.into_boxed_str(), pieces: pieces.into_boxed_slice() })
    }

    fn literal(&mut self, letter: char) {
        self.pieces.push(Piece::Letter(letter));
        if self.has_digits { self.after.push(letter) } else { self.before.push(letter) }
    }

    fn bracket(&mut self, inside: &str) {
        if let Some(currency) = inside.strip_prefix('$') {
            let symbol = currency.split('-').next().unwrap_or_default().trim();
            if side(symbol).is_some() {
                symbol.chars().for_each(|letter| self.literal(letter));
            } else if !is_rupee(symbol) {
                symbol.clone_into(&mut self.currency);
            }
        } else if inside.starts_with(['<', '>', '=']) {
            self.condition = condition(inside);
        } else if !inside.is_empty()
            && ["h", "m", "s"]
                .iter()
                .any(|unit| inside.chars().all(|letter| letter.to_ascii_lowercase().to_string() == *unit))
        {
            self.is_elapsed = true;
        }
    }

    fn finish(self) -> Section {
        let mut look = Look { is_date: self.is_date && !self.is_elapsed, ..Look::default() };
        // A section without digits shows no number, and so says nothing of it.
        if self.has_digits && !self.is_date && !self.is_elapsed {
            let sides = (side(&self.before), side(&self.after));
            look.side = match sides {
                // Crores, not credit.
                _ if self.is_scaled => None,
                (Some(one), None) | (None, Some(one)) => Some(one),
                _ => None,
            };
            let (before, after) = (bare(&self.before), bare(&self.after));
            let minus = |text: &str| matches!(text, "-" | "−" | "–");
            look.is_negative = minus(&before) != minus(&after) || before.ends_with('(') && after.starts_with(')');
            look.shape = self.shape();
            look.percents = self.percents;
            look.is_power = self.is_power;
            let found = [&self.before, &self.after].into_iter().find_map(|text| foreign(text));
            let named = (!self.currency.is_empty()).then_some(self.currency);
            look.currency = named.or(found).map(String::into_boxed_str);
        }
        Section { condition: self.condition, look }
    }
}

fn is_general(letters: &Letters<'_>) -> bool {
    letters.clone().take(6).collect::<String>().eq_ignore_ascii_case("eneral")
}

fn condition(inside: &str) -> Option<Condition> {
    let relations = [
        ("<=", Relation::AtMost),
        (">=", Relation::AtLeast),
        ("<>", Relation::Unequal),
        ("<", Relation::Less),
        (">", Relation::Greater),
        ("=", Relation::Equal),
    ];
    let (bound, relation) =
        relations.into_iter().find_map(|(sign, relation)| Some((inside.strip_prefix(sign)?, relation)))?;
    let bound = bound.trim().parse().ok().filter(|bound: &f64| bound.is_finite())?;
    Some(Condition { relation, bound })
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphabetic()).filter(|word| !word.is_empty())
}

/// The side of the books that a text names, if it names one.
fn side(text: &str) -> Option<&'static str> {
    let is_any = |names: [&str; 2]| words(text).any(|word| names.iter().any(|name| word.eq_ignore_ascii_case(name)));
    match (is_any(["dr", "debit"]), is_any(["cr", "credit"])) {
        (true, false) => Some("Dr"),
        (false, true) => Some("Cr"),
        _ => None,
    }
}

/// A currency in a text that is not the rupee: its sign, or its code in capitals.
fn foreign(text: &str) -> Option<String> {
    let sign = text.chars().find(|letter| is_foreign_sign(*letter));
    let code = words(text).find(|word| is_foreign_code(word));
    sign.map(String::from).or_else(|| code.map(str::to_owned))
}

/// What is left of a text without currencies, sides and spaces.
fn bare(text: &str) -> String {
    let mut left = text.to_owned();
    let known = |word: &str| side(word).is_some() || is_rupee(word) || is_foreign_code(word);
    for word in words(text).filter(|word| known(word)) {
        left = left.replacen(word, "", 1);
    }
    let is_sign = |letter: char| is_foreign_sign(letter) || matches!(letter, '₹' | '₨' | '.');
    left.chars().filter(|letter| !letter.is_whitespace() && !is_sign(*letter)).collect()
}
