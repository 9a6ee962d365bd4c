//! Headings as words: one form for all the ways of writing the same heading.
//!
//! Owns the normalisation that both sides of a match go through. Leaves meaning to the table of aliases. The one rule:
//! a note that changes the amounts (paise, lakhs) is never dropped unseen; [`unit()`] tells of it.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use crate::money::{is_foreign_currency, is_foreign_sign};

/// A unit that a heading gives to its amounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Hundredths of a rupee; the check divides by 100.
    Paise,
    /// Thousands of rupees; too coarse to send.
    Thousands,
    /// Lakhs of rupees; too coarse to send.
    Lakhs,
    /// Millions of rupees; too coarse to send.
    Millions,
    /// Crores of rupees; too coarse to send.
    Crores,
}

impl Unit {
    /// The unit's name as messages show it.
    pub fn name(self) -> &'static str {
        match self {
            Unit::Paise => "paise",
            Unit::Thousands => "thousands",
            Unit::Lakhs => "lakhs",
            Unit::Millions => "millions",
            Unit::Crores => "crores",
        }
    }
}

/// The heading in lower case and plain words: no marks, no currency note, camelCase and snake_case split.
pub fn normalise(heading: &str) -> String {
    words(heading, true)
}

/// As [`normalise`], but camelCase stays one word: how an exporter spells its own headings.
pub(super) fn spelled(heading: &str) -> String {
    words(heading, false)
}

/// The unit that the heading gives to its amounts, if it names one.
pub fn unit(heading: &str) -> Option<Unit> {
    normalise(heading).split(' ').find_map(unit_word).or_else(|| announced_unit(heading))
}

/// The unit that a text announces for amounts: `Amounts in Rs. Lakhs`, `₹ Cr`. Elsewhere `Cr` is a credit, and a lakh may
/// be part of a name.
pub(super) fn announced_unit(text: &str) -> Option<Unit> {
    const BEFORE: [&str; 5] = ["in", "rs", "inr", "rupees", "₹"];
    let crores = |word: &str| matches!(word, "cr" | "crs").then_some(Unit::Crores);
    let words = money_words(text);
    let announced = words.windows(2).filter(|pair| BEFORE.contains(&pair[0].as_str()));
    announced.into_iter().find_map(|pair| unit_word(&pair[1]).or_else(|| crores(&pair[1])))
}

/// The currency that a heading gives to its amounts, if it is not the rupee.
pub(super) fn foreign_currency(heading: &str) -> Option<String> {
    let words = money_words(heading);
    let has_rupees = words.iter().any(|word| matches!(word.as_str(), "inr" | "rs" | "rupees" | "₹"));
    let foreign = words.into_iter().find(|word| is_foreign_currency(word));
    foreign.filter(|_| !has_rupees).map(|word| word.to_uppercase())
}

/// Words and signs of currencies, in lower case.
fn money_words(text: &str) -> Vec<String> {
    let mut spaced = String::with_capacity(text.len() + 8);
    for character in text.chars().flat_map(char::to_lowercase) {
        match character {
            sign if sign == '₹' || is_foreign_sign(sign) => spaced.extend([' ', character, ' ']),
            _ if character.is_alphanumeric() => spaced.push(character),
            _ => spaced.push(' '),
        }
    }
    spaced.split_whitespace().map(str::to_owned).collect()
}

/// What headings are compared by: the normalised words without the unit note and without spaces.
pub(super) fn key(heading: &str) -> String {
    let normal = normalise(heading);
    let mut words: Vec<&str> = normal.split(' ').collect();
    let mut noted = false;
    while words.len() > 1 {
        let last = words[words.len() - 1];
        let money = matches!(last, "rs" | "inr" | "rupees") || unit_word(last).is_some();
        if money || noted && last == "in" {
            noted = true;
            words.pop();
        } else {
            break;
        }
    }
    words.concat()
}

/// The heading a repeated one repeats: `Date (2)` gives `Date`.
pub(super) fn repeated(heading: &str) -> Option<&str> {
    let (base, number) = heading.trim_end().strip_suffix(')')?.rsplit_once(" (")?;
    let number: u32 = number.parse().ok()?;
    (number >= 2).then_some(base)
}

/// The tax head of a column named after its ledger: `OUTPUT CGST 9%` gives `cgst`; plain rates and input tax give none.
pub(super) fn ledger_tax(heading: &str) -> Option<&'static str> {
    const AROUND: &[&str] =
        &["output", "o", "p", "payable", "ledger", "on", "sales", "local", "at", "tax", "pct", "a", "c"];
    let normal = normalise(heading);
    let mut head = None;
    let mut ledger = false;
    for word in normal.split(' ') {
        let found = match word {
            "cgst" => Some("cgst"),
            "sgst" | "utgst" => Some("sgst"),
            "igst" => Some("igst"),
            _ => None,
        };
        if found.is_some() {
            if head.is_some_and(|known| Some(known) != found) {
                return None;
            }
            head = found;
        } else if matches!(word, "output" | "payable") || is_number(word) {
            ledger = true;
        } else if !AROUND.contains(&word) {
            return None;
        }
    }
    head.filter(|_| ledger)
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

fn unit_word(word: &str) -> Option<Unit> {
    Some(match word {
        "paise" | "paisa" => Unit::Paise,
        "thousand" | "thousands" | "000" | "000s" => Unit::Thousands,
        "lakh" | "lakhs" | "lac" | "lacs" => Unit::Lakhs,
        "million" | "millions" | "mn" => Unit::Millions,
        "crore" | "crores" => Unit::Crores,
        _ => return None,
    })
}

fn words(heading: &str, split_camel: bool) -> String {
    let clean: String = heading.nfkc().filter_map(clean_character).collect();
    let clean = without_plain_notes(&clean);
    let characters: Vec<char> = clean.chars().collect();
    let mut spaced = String::with_capacity(clean.len() + 8);
    for (index, &character) in characters.iter().enumerate() {
        if split_camel && starts_word(&characters, index) {
            spaced.push(' ');
        }
        match character {
            '&' => spaced.push_str(" and "),
            '%' => spaced.push_str(" pct "),
            '#' => spaced.push_str(" no "),
            // Combining signs belong to their letters in Indian scripts.
            _ if character.is_alphanumeric() || !character.is_ascii() && is_combining(character) => {
                spaced.extend(character.to_lowercase());
            }
            _ => spaced.push(' '),
        }
    }
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_combining(character: char) -> bool {
    unicode_normalization::char::is_combining_mark(character)
}

fn clean_character(character: char) -> Option<char> {
    match character {
        '\u{00AD}'
        | '\u{180E}'
        | '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{2069}'
        | '\u{FEFF}' => None,
        '\n' | '\r' | '\t' | '\u{0B}' | '\u{0C}' | '\u{2028}' | '\u{2029}' => Some(' '),
        _ if character.is_control() => None,
        _ if character.is_whitespace() => Some(' '),
        _ => Some(character),
    }
}

fn starts_word(characters: &[char], index: usize) -> bool {
    if index == 0 || !characters[index].is_uppercase() {
        return false;
    }
    let before = characters[index - 1];
    let after = characters.get(index + 1);
    before.is_lowercase() || before.is_uppercase() && after.is_some_and(|after| after.is_lowercase())
}

/// Drops bracketed notes that only repeat that amounts are in rupees, or say how dates are written.
fn without_plain_notes(heading: &str) -> String {
    let mut out = String::with_capacity(heading.len());
    let mut rest = heading;
    while let Some(open) = rest.find(['(', '[']) {
        let close = if rest[open..].starts_with('(') { ')' } else { ']' };
        let Some(length) = rest[open..].find(close) else { break };
        let note = &rest[open + 1..open + length];
        out.push_str(&rest[..open]);
        if is_currency_note(note) || is_date_note(note) {
            out.push(' ');
        } else {
            out.push_str(&rest[open..=open + length]);
        }
        rest = &rest[open + length + 1..];
    }
    out.push_str(rest);
    out
}

fn is_currency_note(note: &str) -> bool {
    let note = note.to_lowercase();
    let mut words = note.split([' ', '.']).filter(|word| !word.is_empty()).peekable();
    words.next_if_eq(&"in");
    words.peek().is_some() && words.all(|word| matches!(word, "₹" | "rs" | "inr" | "bcy" | "rupees" | "₨"))
}

/// `dd/mm/yyyy` and the like. The order of dates is told by the dates.
fn is_date_note(note: &str) -> bool {
    let mut parts: Vec<String> = note.split(['/', '-', '.', ' ']).map(str::to_lowercase).collect();
    parts.sort_unstable();
    let [day, month, year] = parts.as_slice() else { return false };
    matches!(day.as_str(), "d" | "dd")
        && matches!(month.as_str(), "m" | "mm" | "mmm")
        && matches!(year.as_str(), "yy" | "yyyy")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_normalised_by_the_rules_of_the_domain() {
        for (heading, expected) in [
            ("Invoice No.", "invoice no"),
            ("*Invoice\nDate :", "invoice date"),
            ("\u{FEFF}Invoice\u{00A0}Number", "invoice number"),
            ("Due\u{200B} Date", "due date"),
            ("*InvoiceNo", "invoice no"),
            ("invoice_number", "invoice number"),
            ("EmailID", "email id"),
            ("HSNCode", "hsn code"),
            ("Invoice#", "invoice no"),
            ("Item Tax %", "item tax pct"),
            ("Terms & Conditions", "terms and conditions"),
            ("Total (₹)", "total"),
            ("Total (Rs.)", "total"),
            ("Total (INR)", "total"),
            ("SubTotal (BCY)", "sub total"),
            ("Amount (in Rs)", "amount"),
            ("Amount [in Rs.]", "amount"),
            ("Amount (USD)", "amount usd"),
            ("Invoice Date (dd/mm/yyyy)", "invoice date"),
            ("Due Date [YYYY-MM-DD]", "due date"),
            ("Date (dd-mmm)", "date dd mmm"),
            ("Amount (In Paise)", "amount in paise"),
            ("GST Identification Number (GSTIN)", "gst identification number gstin"),
            ("Rate (Items)", "rate items"),
            ("Ｄａｔｅ", "date"),
            ("CGST @9%", "cgst 9 pct"),
            ("Open (bracket", "open bracket"),
            ("", ""),
            ("***", ""),
        ] {
            assert_eq!(normalise(heading), expected, "{heading:?}");
        }
    }

    #[test]
    fn units_are_seen_and_do_not_hide_the_heading() {
        for (heading, expected, bare) in [
            ("Amount (In Paise)", Some(Unit::Paise), "amount"),
            ("Taxable Value in lakhs", Some(Unit::Lakhs), "taxablevalue"),
            ("Amount (₹ in Lacs)", Some(Unit::Lakhs), "amount"),
            ("Amount ₹ '000", Some(Unit::Thousands), "amount"),
            ("Total (Rs. crores)", Some(Unit::Crores), "total"),
            ("Taxable Value (₹ Cr)", Some(Unit::Crores), "taxablevaluecr"),
            ("Value in Crs.", Some(Unit::Crores), "valueincrs"),
            ("Amount INR", None, "amount"),
            ("GST IN", None, "gstin"),
            ("Amount Cr", None, "amountcr"),
            ("Rs", None, "rs"),
        ] {
            assert_eq!((unit(heading), key(heading).as_str()), (expected, bare), "{heading:?}");
        }
    }

    #[test]
    fn lines_above_the_headings_announce_units_and_headings_foreign_currencies() {
        for (text, expected) in [
            ("Amounts in Rs. Lakhs", Some(Unit::Lakhs)),
            ("(All figures in ₹ '000)", Some(Unit::Thousands)),
            ("Rs. in crores", Some(Unit::Crores)),
            ("INR Cr", Some(Unit::Crores)),
            ("Amount in paise", Some(Unit::Paise)),
            ("Lakhs & Sons, 1 Crore Lane", None),
            ("Million Dots Pvt Ltd", None),
            ("Amounts in INR", None),
            ("1-Apr-25 to 31-Mar-26", None),
        ] {
            assert_eq!(announced_unit(text), expected, "{text}");
        }
        for (heading, expected) in [
            ("Taxable Amt (USD)", Some("USD")),
            ("Total ($)", Some("$")),
            ("USD amount in INR", None),
            ("Total (Rs.)", None),
            ("Used amount", None),
        ] {
            assert_eq!(foreign_currency(heading).as_deref(), expected, "{heading}");
        }
    }

    #[test]
    fn ledger_columns_of_tax_are_told_from_rates_and_input_tax() {
        for (heading, expected) in [
            ("OUTPUT CGST 9%", Some("cgst")),
            ("CGST @14%", Some("cgst")),
            ("SGST Payable", Some("sgst")),
            ("Output Igst 18%", Some("igst")),
            ("Output UTGST @ 2.5 %", Some("sgst")),
            ("SGST/UTGST 9%", Some("sgst")),
            ("CGST %", None),
            ("CGST Rate", None),
            ("CGST", None),
            ("Input CGST 9%", None),
            ("CGST SGST 9%", None),
        ] {
            assert_eq!(ledger_tax(heading), expected, "{heading:?}");
        }
    }

    #[test]
    fn repeated_headings_name_what_they_repeat() {
        assert_eq!(repeated("Date (2)"), Some("Date"));
        assert_eq!(repeated("Rate (Items) (3)"), Some("Rate (Items)"));
        assert_eq!(repeated("Date (1)"), None);
        assert_eq!(repeated("Amount (INR)"), None);
    }
}
