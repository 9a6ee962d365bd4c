//! What a mistyped word was probably meant to be.
//!
//! Pure, and the one measure of spelling for flags' values, keys, codes, profiles and the like; headings, whose words tell
//! more than their spelling, have a measure of their own in [`crate::mapping`]. The rule: a guess is told, never applied.

/// The word of a list that a mistyped one was probably meant to be.
pub fn nearest<'a>(typed: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Limit: longer texts are no typing mistakes, and comparing them would take long.
    if typed.len() > 60 {
        return None;
    }
    let typed = typed.to_lowercase();
    let scored = words.map(|word| (strsim::damerau_levenshtein(&typed, &word.to_lowercase()), word));
    // A word of three letters has two near it by chance.
    let near = |distance: usize, word: &str| distance <= (1 + word.len() / 4).min(word.len().saturating_sub(1));
    scored.filter(|(distance, word)| near(*distance, word)).min().map(|(_, word)| word)
}

/// `; did you mean rate?` for the end of a message, or nothing.
pub fn did_you_mean<'a>(typed: &str, words: impl Iterator<Item = &'a str>) -> String {
    nearest(typed, words).map(|near| format!("; did you mean {near}?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_guessed_in_any_case_and_strangers_are_not() {
        let words = ["rate", "burst", "base-url", "no", "4"];
        for (typed, expected) in [
            ("Rate", Some("rate")),
            ("raet", Some("rate")),
            ("BASEURL", Some("base-url")),
            ("zzz", None),
            ("5", None),
            ("x", None),
            ("", None),
            (&"rate".repeat(40), None),
        ] {
            assert_eq!(nearest(typed, words.into_iter()), expected, "{typed}");
        }
        assert_eq!(did_you_mean("brst", words.into_iter()), "; did you mean burst?");
        assert_eq!(did_you_mean("zzzz", words.into_iter()), "");
    }
}
