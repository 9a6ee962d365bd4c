//! Which row an item of a bulk reply speaks of (contract 4.3, rules 1 to 4).
//!
//! Owns row numbers, business keys and the names under which replies carry them. Leaves what an item makes of its
//! row to [`super::reply`]. The one rule: an item is matched on evidence or not at all, never by guess or position.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::envelope::{integer, lent_word, plain_words, present, shown};
use super::reply::SentRow;
use crate::finding::quote;

/// The names under which items of a bulk reply carry their parts; all of them can be configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyNames {
    /// Keys of the message, the first present one counts.
    pub messages: Vec<String>,
    /// Keys of the row number, the first readable one counts.
    pub row_numbers: Vec<String>,
    /// The number that the reply gives to the first data row of the uploaded file.
    pub first_data_row: i64,
}

/// What an item says of the row that it speaks of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Matched {
    /// Index of the row, if it is one row beyond doubt.
    pub(super) index: Option<usize>,
    /// Whether it has a row number that is not that of its row, so that numbers of this reply count otherwise.
    pub(super) misnumbered: bool,
    /// Whether nothing but its row number says which row it speaks of.
    pub(super) by_number_alone: bool,
}

impl Default for ReplyNames {
    fn default() -> Self {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        Self {
            messages: owned(&["errorMessage", "message", "reason", "error"]),
            row_numbers: owned(&["rowNumber", "row", "rowNo", "row_number"]),
            first_data_row: 2,
        }
    }
}

impl ReplyNames {
    /// Takes a setting: `messages` or `row-numbers`, names joined by commas, or `first-data-row`.
    pub fn put(&mut self, key: &str, value: &str) -> Result<(), String> {
        let names: Vec<String> = value.split(',').map(|name| name.trim().to_owned()).collect();
        // Limit: no reply has more names for one thing, and a file has at most a banner above its header.
        let good = names.len() <= 20 && names.iter().all(|name| !name.is_empty() && name.len() <= 100);
        match key {
            "messages" | "row-numbers" if !good => {
                Err(format!("{key}: {} is no list of names; expected a form like \"message, reason\"", quote(value)))
            }
            "messages" => {
                self.messages = names;
                Ok(())
            }
            "row-numbers" => {
                self.row_numbers = names;
                Ok(())
            }
            "first-data-row" => {
                let number = value.parse().ok().filter(|number| (0..=1000).contains(number));
                self.first_data_row =
                    number.ok_or_else(|| format!("{key}: {} is no row; expected 0 to 1000", quote(value)))?;
                Ok(())
            }
            _ => Err(format!("{} is no such name; expected messages, row-numbers or first-data-row", quote(key))),
        }
    }

    /// The row that an item speaks of, and on what evidence.
    pub(super) fn matched(&self, item: &Value, rows: &[SentRow]) -> Matched {
        let Some(object) = item.as_object() else { return Matched::default() };
        let keys = echoed_keys(object);
        let number = self.number(object);
        let found = if let Some(number) = number {
            let index = number.checked_sub(self.first_data_row).and_then(|index| usize::try_from(index).ok());
            index.and_then(|index| Some((index, agrees(&keys, rows.get(index)?)?)))
        } else {
            let compared = |row| agrees(&keys, row).filter(|compared| *compared > 0);
            let mut agreeing = rows.iter().enumerate().filter_map(|(index, row)| Some((index, compared(row)?)));
            agreeing.next().filter(|_| agreeing.next().is_none())
        };
        Matched {
            index: found.map(|(index, _)| index),
            misnumbered: number.is_some() && found.is_none(),
            by_number_alone: found.is_some_and(|(_, compared)| compared == 0),
        }
    }

    fn number(&self, object: &Map<String, Value>) -> Option<i64> {
        self.row_numbers.iter().find_map(|name| present(object, name).and_then(integer))
    }

    /// The item's message, if it has one.
    pub(super) fn message(&self, item: &Value) -> Option<String> {
        let object = item.as_object()?;
        self.messages.iter().find_map(|name| present(object, name)).map(|value| plain_words(&shown(value)))
    }
}

/// The business keys that an item echoes, in the order of [`SentRow::keys`].
fn echoed_keys(object: &Map<String, Value>) -> [Option<Cow<'_, str>>; 5] {
    SentRow::KEY_NAMES.map(|name| present(object, name).and_then(lent_word))
}

/// How many keys both sides carry, none if one of them differs.
fn agrees(echoed: &[Option<Cow<'_, str>>; 5], row: &SentRow) -> Option<usize> {
    let mut compared = 0;
    for (echoed, sent) in echoed.iter().zip(row.keys()) {
        if let (Some(echoed), Some(sent)) = (echoed, sent) {
            if echoed != sent.trim() {
                return None;
            }
            compared += 1;
        }
    }
    Some(compared)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_of_a_reply_are_taken_from_settings() {
        let mut names = ReplyNames::default();
        names.put("messages", "why, reason").unwrap();
        names.put("row-numbers", "line").unwrap();
        names.put("first-data-row", "1").unwrap();
        let expected = ReplyNames {
            messages: vec!["why".into(), "reason".into()],
            row_numbers: vec!["line".into()],
            first_data_row: 1,
        };
        assert_eq!(names, expected);
        for (key, value) in [("messages", "a,,b"), ("row-numbers", ""), ("first-data-row", "-1"), ("rows", "a")] {
            assert!(names.put(key, value).is_err(), "{key} = {value}");
        }
    }

    fn row(number: &str, external: &str, customer: &str) -> SentRow {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        SentRow {
            invoice_number: given(number),
            external_id: given(external),
            customer_id: given(customer),
            ..SentRow::default()
        }
    }

    #[test]
    fn an_item_is_matched_on_evidence_or_not_at_all() {
        let rows = [row("A-1", "", "KC1"), row("A-2", "x2", "KC1"), row("A-3", "", "KC2"), row("A-3", "", "KC3")];
        for (item, expected) in [
            (json!({"rowNumber": 2}), Some(0)),
            (json!({"rowNumber": "3"}), Some(1)),
            (json!({"row": 4}), Some(2)),
            (json!({"rowNo": 5}), Some(3)),
            (json!({"row_number": 2, "invoiceNumber": "A-1"}), Some(0)),
            // The names are tried in order, and text that is no number is not one.
            (json!({"rowNumber": 2, "row": 3}), Some(0)),
            (json!({"rowNumber": "", "row": 3}), Some(1)),
            (json!({"row": "A-1,KC1", "invoiceNumber": "A-1"}), Some(0)),
            // Outside the file, the header included.
            (json!({"rowNumber": 1}), None),
            (json!({"rowNumber": 0}), None),
            (json!({"rowNumber": -3, "invoiceNumber": "A-1"}), None),
            (json!({"rowNumber": 6, "invoiceNumber": "A-1"}), None),
            (json!({"rowNumber": i64::MIN}), None),
            // Off by one, contradicted by an echoed key.
            (json!({"rowNumber": 3, "invoiceNumber": "A-1"}), None),
            (json!({"rowNumber": 3, "invoiceNumber": "A-2", "externalId": "other"}), None),
            // By business key alone.
            (json!({"invoiceNumber": "A-2"}), Some(1)),
            (json!({"invoiceNumber": " A-2 "}), Some(1)),
            (json!({"externalId": "x2"}), Some(1)),
            (json!({"invoiceNumber": "A-3", "customerId": "KC3"}), Some(3)),
            (json!({"invoiceNumber": "A-3"}), None),
            (json!({"customerId": "KC1"}), None),
            (json!({"invoiceNumber": "A-2", "customerId": "KC9"}), None),
            (json!({"uniqueRefNo": "x2"}), None),
            (json!({"message": "bad"}), None),
            (json!({}), None),
            (json!("row 2 is bad"), None),
            (json!(null), None),
        ] {
            assert_eq!(ReplyNames::default().matched(&item, &rows).index, expected, "{item}");
        }
    }

    #[test]
    fn evidence_says_what_it_rests_on() {
        let rows = [row("A-1", "", ""), row("A-2", "", "")];
        for (item, index, misnumbered, by_number_alone) in [
            (json!({"row": 2}), Some(0), false, true),
            (json!({"row": 2, "invoiceNumber": "A-1"}), Some(0), false, false),
            (json!({"row": 2, "invoiceNumber": "A-2"}), None, true, false),
            (json!({"row": 9}), None, true, false),
            (json!({"invoiceNumber": "A-2"}), Some(1), false, false),
            (json!({"invoiceNumber": "A-9"}), None, false, false),
            (json!(7), None, false, false),
        ] {
            let expected = Matched { index, misnumbered, by_number_alone };
            assert_eq!(ReplyNames::default().matched(&item, &rows), expected, "{item}");
        }
    }

    #[test]
    fn names_and_the_first_row_can_be_configured() {
        let names = ReplyNames { messages: vec!["why".into()], row_numbers: vec!["line".into()], first_data_row: 0 };
        let item = json!({"line": 0, "rowNumber": 3, "why": {"code": 7}});
        assert_eq!(names.matched(&item, &[row("A-1", "", ""), row("A-2", "", "")]).index, Some(0));
        assert_eq!(names.message(&item).as_deref(), Some("{\"code\":7}"));
    }
}
