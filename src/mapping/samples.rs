//! What a column holds, where its heading alone does not say what it means.
//!
//! Pure looks at the first values of a column. The one rule: a column without values decides nothing.

use crate::money::{is_foreign_currency, is_rupee};

/// Facts about the values of a column; each holds only if there is at least one value.
pub(super) struct Values(Vec<String>);

impl Values {
    /// The values that are not blank, trimmed.
    pub(super) fn new(samples: Vec<String>) -> Self {
        Values(samples.into_iter().map(|value| value.trim().to_string()).filter(|value| !value.is_empty()).collect())
    }

    /// Whether there is no value.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn all(&self, test: impl Fn(&str) -> bool) -> bool {
        !self.0.is_empty() && self.0.iter().all(|value| test(value))
    }

    /// GSTINs by their length and characters.
    pub(super) fn gstins(&self) -> bool {
        self.all(|value| value.len() == 15 && value.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    }

    /// Enkash's customer ids.
    pub(super) fn customer_ids(&self) -> bool {
        self.all(crate::operation::is_customer_id)
    }

    /// Codes and names of currencies.
    pub(super) fn currencies(&self) -> bool {
        self.all(|value| is_rupee(value) || is_foreign_currency(value))
    }

    /// Whether any value is a currency other than the rupee.
    pub(super) fn any_foreign(&self) -> bool {
        self.0.iter().any(|value| is_foreign_currency(value))
    }

    /// Rates that GST has or had, or halves of them.
    pub(super) fn tax_rates(&self) -> bool {
        const RATES: &[f64] = &[0.0, 0.1, 0.25, 1.0, 1.5, 3.0, 5.0, 6.0, 7.5, 12.0, 18.0, 28.0, 40.0];
        self.all(|value| number(value).is_some_and(|rate| RATES.iter().any(|known| (known - rate).abs() < 1e-9)))
    }

    /// Numbers of at most forty, as rates are.
    pub(super) fn at_most_forty(&self) -> bool {
        self.all(|value| number(value).is_some_and(|number| (0.0..=40.0).contains(&number)))
    }

    /// Whether every value has a percent sign.
    pub(super) fn percentages(&self) -> bool {
        self.all(|value| value.ends_with('%'))
    }

    /// Postal codes.
    pub(super) fn pins(&self) -> bool {
        self.all(|value| value.len() == 6 && value.bytes().all(|byte| byte.is_ascii_digit()) && !value.starts_with('0'))
    }

    /// Bank account numbers.
    pub(super) fn account_numbers(&self) -> bool {
        self.all(|value| (9..=18).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_digit()))
    }

    /// Whole numbers of days.
    pub(super) fn days(&self) -> bool {
        self.all(|value| value.parse::<u16>().is_ok())
    }
}

/// Whether a repeated column adds nothing to the one it repeats.
pub(super) fn adds_nothing(first: &[String], second: &[String]) -> bool {
    let blank = second.iter().all(|value| value.trim().is_empty());
    blank || first.len() == second.len() && first.iter().zip(second).all(|(one, other)| one.trim() == other.trim())
}

// Rates only choose between columns that are never sent, so a binary float does no harm here.
fn number(value: &str) -> Option<f64> {
    value.trim_end_matches('%').trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(values: &[&str]) -> Values {
        Values::new(values.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_column_without_values_decides_nothing() {
        let none = values(&["", "  "]);
        assert!(none.is_empty());
        assert!(!none.gstins() && !none.tax_rates() && !none.at_most_forty() && !none.pins() && !none.customer_ids());
    }

    #[test]
    fn kinds_of_values_are_told_apart() {
        assert!(values(&["18", "18%", " 5 % ", "0"]).tax_rates());
        assert!(!values(&["18", "250"]).tax_rates());
        assert!(values(&["27AAPFU0939F1ZV", ""]).gstins());
        assert!(values(&["INR", "usd", "₹"]).currencies() && !values(&["INR", "5"]).currencies());
        assert!(values(&["INR", "USD"]).any_foreign() && !values(&["INR"]).any_foreign());
        assert!(values(&["411001"]).pins() && !values(&["011001"]).pins());
        assert!(values(&["KC00000000000001"]).customer_ids() && !values(&["KC1"]).customer_ids());
    }
}
