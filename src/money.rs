//! Rupees, exactly: whole paise in a 64-bit integer.
//!
//! GST documents carry at most 13 digits before the point and two behind it, so a single amount fits many times over;
//! sums are kept in [`Total`], which is wider. Text forms are decimal, never a binary float.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Codes of the currencies that finance sheets here carry besides the rupee.
const CODES: [&str; 31] = [
    "AED", "AUD", "BDT", "BHD", "CAD", "CHF", "CNY", "DKK", "EUR", "GBP", "HKD", "IDR", "JPY", "KRW", "KWD", "LKR",
    "MYR", "NOK", "NPR", "NZD", "OMR", "PHP", "QAR", "SAR", "SEK", "SGD", "THB", "TRY", "TWD", "USD", "ZAR",
];

/// Whether a word or sign, in any case, is a currency that finance sheets here carry besides the rupee.
pub fn is_foreign_currency(word: &str) -> bool {
    const WORDS: [&str; 5] = ["euro", "dollar", "dollars", "pound", "pounds"];
    let mut letters = word.chars();
    let is_sign = letters.next().is_some_and(is_foreign_sign) && letters.as_str().is_empty();
    is_sign || CODES.iter().chain(&WORDS).any(|known| known.eq_ignore_ascii_case(word))
}

/// Whether a word is the code of such a currency, in capitals as codes are written.
pub fn is_foreign_code(word: &str) -> bool {
    CODES.contains(&word)
}

/// Whether a letter is the sign of any currency but the rupee.
pub fn is_foreign_sign(letter: char) -> bool {
    matches!(letter, '$' | '£' | '¥' | '￥' | '₠'..='₧' | '₩'..='₸' | '₺'..='⃀' | '฿')
}

/// Whether a sign or word, in any case, is the rupee, or no currency at all.
pub fn is_rupee(symbol: &str) -> bool {
    const RUPEE: [&str; 8] = ["", "₹", "rs", "rs.", "inr", "₨", "रु", "रु."];
    RUPEE.iter().any(|rupee| symbol.eq_ignore_ascii_case(rupee))
}

/// An amount of rupees, counted in paise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Money(pub i64);

/// A sum of amounts, counted in paise, wide enough for any number of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Total(pub i128);

impl Money {
    /// Writes the plain form `-1234.50` that the API and scripts read.
    pub fn write_plain(self, out: &mut String) {
        let mut digits = [0; LONGEST];
        out.push_str(self.plain(&mut digits));
    }

    /// The same behind bytes of a text.
    pub fn write_plain_bytes(self, out: &mut Vec<u8>) {
        let mut digits = [0; LONGEST];
        out.extend_from_slice(self.plain_bytes(&mut digits));
    }
}

// Limit: a sign, the 20 digits of 64 bits, a point.
const LONGEST: usize = 22;

impl Money {
    /// The plain form, written from its end into room for the longest.
    fn plain(self, room: &mut [u8; LONGEST]) -> &str {
        std::str::from_utf8(self.plain_bytes(room)).expect("digits are text")
    }

    fn plain_bytes(self, room: &mut [u8; LONGEST]) -> &[u8] {
        let mut rest = self.0.unsigned_abs();
        let mut at = LONGEST;
        // Two digits behind the point and one before it at least.
        while rest > 0 || at > LONGEST - 4 {
            at -= 1;
            if at == LONGEST - 3 {
                room[at] = b'.';
            } else {
                room[at] = b'0' + (rest % 10) as u8;
                rest /= 10;
            }
        }
        if self.0 < 0 {
            at -= 1;
            room[at] = b'-';
        }
        &room[at..]
    }
}

impl fmt::Display for Money {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.plain(&mut [0; LONGEST]))
    }
}

impl fmt::Display for Total {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let paise = self.0.unsigned_abs();
        write!(formatter, "{sign}{}.{:02}", paise / 100, paise % 100)
    }
}

impl Total {
    /// The form people read: `₹4,81,20,300.00`, grouped by thousand, lakh and crore.
    pub fn rupees(self) -> String {
        let paise = self.0.unsigned_abs();
        let whole = (paise / 100).to_string();
        let (head, tail) = whole.split_at(whole.len().saturating_sub(3));
        let mut grouped = String::new();
        for (index, digit) in head.chars().enumerate() {
            if index > 0 && (head.len() - index) % 2 == 0 {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        if !head.is_empty() {
            grouped.push(',');
        }
        let sign = if self.0 < 0 { "-" } else { "" };
        format!("{sign}₹{grouped}{tail}.{:02}", paise % 100)
    }
}

impl std::ops::AddAssign<Money> for Total {
    fn add_assign(&mut self, amount: Money) {
        self.0 += i128::from(amount.0);
    }
}

impl std::ops::AddAssign for Total {
    fn add_assign(&mut self, other: Total) {
        self.0 += other.0;
    }
}

impl From<Money> for Total {
    fn from(amount: Money) -> Total {
        Total(i128::from(amount.0))
    }
}

impl Serialize for Total {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Total {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits = text.replacen('.', "", 1);
        let two_decimals = text.len() >= 4 && text.as_bytes()[text.len() - 3] == b'.';
        match digits.parse() {
            Ok(paise) if two_decimals => Ok(Total(paise)),
            _ => Err(serde::de::Error::custom(format!("\"{text}\" is not an amount like 1234.50"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rupees_are_grouped_by_lakh_and_crore() {
        for (paise, text) in [
            (0, "₹0.00"),
            (5, "₹0.05"),
            (99_999, "₹999.99"),
            (100_000, "₹1,000.00"),
            (48_120_300, "₹4,81,203.00"),
            (4_812_030_000, "₹4,81,20,300.00"),
            (-10_000_000, "-₹1,00,000.00"),
        ] {
            assert_eq!(Total(paise).rupees(), text);
        }
    }

    #[test]
    fn sums_come_back_from_their_text() {
        for paise in [0, -5, 123_450] {
            let text = serde_json::to_string(&Total(paise)).unwrap();
            assert_eq!(serde_json::from_str::<Total>(&text).unwrap(), Total(paise));
        }
        assert!(serde_json::from_str::<Total>("\"12\"").is_err());
    }

    #[test]
    fn plain_amounts_keep_two_decimals_and_the_sign() {
        assert_eq!(Money(-5).to_string(), "-0.05");
        assert_eq!(Money(123_450).to_string(), "1234.50");
    }
}
