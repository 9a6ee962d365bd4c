//! What was given to a run and not read, kept with its plan, so that the run is not called clean later on.
//!
//! Kept as a key of the settings of the run, which a ledger of before simply lacks. The one rule: it is no part of what
//! makes two runs the same, because it changes no row.

use serde_json::{Map, Value, json};

use crate::wording::count;

/// Limit: messages that are kept; a folder may hold any number of broken files.
const KEPT: usize = 20;

/// The key in the settings of a run.
const KEY: &str = "not-read";

/// Files, sheets and tables that were refused while a run was planned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unread {
    /// How many.
    pub count: usize,
    /// Why the first of them were.
    first: Vec<String>,
}

impl Unread {
    pub(super) fn new(messages: impl Iterator<Item = String>) -> Self {
        let mut unread = Self::default();
        for message in messages {
            unread.count += 1;
            if unread.first.len() < KEPT {
                unread.first.push(message);
            }
        }
        unread
    }

    /// What the settings of a stored run say.
    pub fn of(settings: &str) -> Self {
        let settings: Map<String, Value> = serde_json::from_str(settings).unwrap_or_default();
        let Some(kept) = settings.get(KEY) else { return Self::default() };
        let first = kept["first"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
        let count = kept["count"].as_u64().and_then(|count| count.try_into().ok()).unwrap_or_default();
        Self { count, first: first.collect() }
    }

    /// The settings of a run with this beside them.
    pub(super) fn beside(&self, settings: &str) -> String {
        let Ok(mut kept) = serde_json::from_str::<Map<String, Value>>(settings) else { return settings.to_owned() };
        if self.count > 0 {
            kept.insert(KEY.to_owned(), json!({ "count": self.count, "first": self.first }));
        }
        Value::Object(kept).to_string()
    }

    /// A sentence for each that is known, and one for the others.
    pub fn words(&self) -> Vec<String> {
        let more = self.count.saturating_sub(self.first.len()) as u64;
        let more = (more > 0).then(|| format!("{} of the same", count(more, "further refusal")));
        self.first.iter().cloned().chain(more).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_read_comes_back_from_the_settings_of_the_run() {
        for (messages, kept, words) in [(0, 0, 0), (1, 1, 1), (KEPT, KEPT, KEPT), (KEPT + 5, KEPT, KEPT + 1)] {
            let unread = Unread::new((0..messages).map(|number| format!("{number}.csv: \"odd\"")));
            let settings = unread.beside("{\"company\":\"CEK\"}");
            assert!(settings.contains("\"company\":\"CEK\""), "{settings}");
            let back = Unread::of(&settings);
            assert_eq!((&back, back.count, back.first.len(), back.words().len()), (&unread, messages, kept, words));
        }
    }

    #[test]
    fn the_settings_of_an_older_ledger_say_nothing_of_it() {
        for settings in ["{}", "", "[]", "{\"not-read\":7}", "{\"not-read\":{\"count\":-1}}", "{\"company\":\"CEK\"}"] {
            assert_eq!(Unread::of(settings).count, 0, "{settings}");
            assert_eq!(Unread::default().beside(settings), settings, "{settings}");
        }
    }
}
