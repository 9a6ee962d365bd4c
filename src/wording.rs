//! Counts and digests as people read them: `1 row`, `12,34,567 rows`, hexadecimal digits.
//!
//! Pure, and ground that every module may stand on. Money is written by [`crate::money`], durations where they are told.
//! The rule: no other place knows plural forms.

/// `1 row`, `1,940 rows`.
pub fn count(number: u64, noun: &str) -> String {
    let plural = match noun {
        _ if number == 1 => noun.to_owned(),
        "reply" => "replies".to_owned(),
        _ => format!("{noun}s"),
    };
    format!("{} {plural}", grouped(number))
}

/// A count grouped as in the sums beside it: by thousand, lakh and crore.
pub fn grouped(number: u64) -> String {
    let rupees = crate::money::Total(i128::from(number) * 100).rupees();
    rupees.trim_start_matches('₹').trim_end_matches(".00").to_owned()
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_read_as_a_person_would_say_them() {
        assert_eq!(count(1, "row"), "1 row");
        assert_eq!(count(0, "row"), "0 rows");
        assert_eq!(count(1_234_567, "reply"), "12,34,567 replies");
    }

    #[test]
    fn bytes_are_written_with_two_digits_each() {
        assert_eq!(hex(&[0, 0x0a, 0xff]), "000aff");
    }
}
