//! The `[[expect]]` tables of `arload.toml`: what has to come by when.
//!
//! Leaves whether it came to [`crate::expect`]. The rule: an expectation that is mistyped is refused with its line, since
//! one that is silently dropped would never be missed.

use toml::de::{DeTable, DeValue};

use super::values;
use crate::expect::Expectation;
use crate::expect::due::Due;
use crate::finding::quote;
use crate::nearest::did_you_mean;
use crate::operation::{ALL, Operation};

// Limit: more than anybody reads in an alert.
const MOST: usize = 100;

/// The keys of such a table.
const KEYS: &[&str] = &["operation", "profile", "due", "least-rows", "within"];

/// A table as read.
#[derive(Debug, Clone)]
pub(super) struct Expected {
    /// Where it begins in the file.
    pub(super) at: usize,
    /// The profile it holds for; none for every one.
    pub(super) profile: Option<String>,
    expectation: Expectation,
}

/// What is wrong with a table, and where.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) at: usize,
    pub(super) what: String,
    pub(super) hint: Option<String>,
}

/// Reads all tables.
pub(super) fn all(items: &toml::de::DeArray<'_>) -> Result<Vec<Expected>, Wrong> {
    let mut read = Vec::new();
    for item in items {
        let at = item.span().start;
        let DeValue::Table(table) = item.get_ref() else {
            return Err(Wrong { at, what: "expect: expected tables like [[expect]]".to_owned(), hint: None });
        };
        if read.len() == MOST {
            return Err(Wrong { at, what: format!("expect: more than {MOST} of them"), hint: None });
        }
        read.push(one(table, at)?);
    }
    Ok(read)
}

/// Those that hold for a profile.
pub(super) fn of_profile(all: Vec<Expected>, profile: &str) -> Vec<Expectation> {
    let own = all.into_iter().filter(|one| one.profile.as_ref().is_none_or(|name| name == profile));
    own.map(|one| one.expectation).collect()
}

fn one(table: &DeTable<'_>, at: usize) -> Result<Expected, Wrong> {
    let (mut operation, mut due, mut profile, mut least_rows, mut within) = (None, None, None, None, None);
    for (name, value) in table {
        let at = name.span().start;
        let key = name.get_ref().as_ref();
        let wrong = |what: String| Wrong { at, what: format!("expect: {key}: {what}"), hint: None };
        let text = || match value.get_ref() {
            DeValue::String(text) => Ok(text.as_ref()),
            other => Err(wrong(format!("found {}, expected text in quotes", other.type_str()))),
        };
        match key {
            "operation" => operation = Some(operation_of(text()?).map_err(wrong)?),
            "due" => due = Some(Due::parse(text()?).map_err(wrong)?),
            "profile" => profile = Some(text()?.to_owned()),
            "within" => within = Some(values::share(text()?).map_err(wrong)?),
            "least-rows" => {
                let whole = value.get_ref().as_integer().filter(|number| number.radix() == 10);
                let whole = whole.ok_or_else(|| wrong("expected a whole number without quotes".to_owned()))?;
                let digits = whole.as_str().replace('_', "");
                least_rows = Some(values::count(&digits, 1, 1_000_000_000).map_err(wrong)?);
            }
            _ => {
                let near = did_you_mean(key, KEYS.iter().copied());
                let hint = Some(format!("an expectation has {}", KEYS.join(", ")));
                return Err(Wrong { at, what: format!("expect: unknown key {}{near}", quote(key)), hint });
            }
        }
    }
    let missing = |key: &str| Wrong {
        at,
        what: format!("expect: {key} is missing"),
        hint: Some("as in operation = \"invoices create\" and due = \"day 5 18:00\"".to_owned()),
    };
    let expectation = Expectation {
        operation: operation.ok_or_else(|| missing("operation"))?,
        due: due.ok_or_else(|| missing("due"))?,
        least_rows: least_rows.unwrap_or(1),
        within,
    };
    Ok(Expected { at, profile, expectation })
}

fn operation_of(text: &str) -> Result<&'static Operation, String> {
    let names: Vec<String> = ALL.iter().map(Operation::name).collect();
    Operation::by_name(text).ok_or_else(|| {
        let near = did_you_mean(text, names.iter().map(String::as_str));
        format!("{} is not an operation on sheets{near}", quote(text))
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::file::{Place, read_profile};
    use super::*;

    fn read(text: &str, profile: Option<&str>) -> Result<Vec<Expectation>, String> {
        let text = format!("[profiles.live]\n[profiles.uat]\n{text}");
        let file = read_profile(&text, Path::new("arload.toml"), Place::User, profile);
        file.map(|file| file.expectations).map_err(|error| error.to_string())
    }

    const GOOD: &str = "[[expect]]\noperation = \"invoices create\"\ndue = \"day 5 18:00\"\n";

    #[test]
    fn expectations_belong_to_their_profile_or_to_all() {
        let text = format!("{GOOD}profile = \"live\"\nleast-rows = 1_000\nwithin = \"20%\"\n{GOOD}");
        let live = read(&text, Some("live")).unwrap();
        assert_eq!((live.len(), live[0].least_rows, live[0].within), (2, 1000, Some(0.2)));
        let uat = read(&text, Some("uat")).unwrap();
        assert_eq!((uat.len(), uat[0].least_rows, uat[0].within), (1, 1, None));
        assert!(read("", None).unwrap().is_empty());
    }

    #[test]
    fn a_mistyped_expectation_is_named_with_its_line() {
        for (text, message) in [
            ("[expect]\ndue = \"daily 18:00\"", "arload.toml:3: expect: expected tables like [[expect]]"),
            ("[[expect]]\ndue = \"daily 18:00\"", "arload.toml:3: expect: operation is missing"),
            ("[[expect]]\noperation = \"invoices create\"", "arload.toml:3: expect: due is missing"),
            (
                "[[expect]]\noperation = \"invoice create\"",
                "arload.toml:4: expect: operation: \"invoice create\" is not an operation on sheets; did you mean \
                 invoices create?",
            ),
            ("[[expect]]\nleast-row = 5", "arload.toml:4: expect: unknown key \"least-row\"; did you mean least-rows?"),
            (
                "[[expect]]\nleast-rows = 0",
                "arload.toml:4: expect: least-rows: 0 is too small; expected 1 to 1,000,000,000",
            ),
            (
                "[[expect]]\nleast-rows = \"5\"",
                "arload.toml:4: expect: least-rows: expected a whole number without quotes",
            ),
            ("[[expect]]\ndue = 5", "arload.toml:4: expect: due: found integer, expected text in quotes"),
            (
                "[[expect]]\ndue = \"day 5\"",
                "arload.toml:4: expect: due: \"day 5\" is no due time; expected a form like \"daily 18:00\", \
                 \"weekdays 18:00\", \"monday 09:00\", \"day 5 18:00\" or \"last day 18:00\"",
            ),
            (
                "[[expect]]\nwithin = \"20\"",
                "arload.toml:4: expect: within: \"20\" is not a share; expected a form like 5% or 0.05, up to 100%",
            ),
        ] {
            assert_eq!(read(text, None).unwrap_err(), message, "{text}");
        }
        let other = format!("{GOOD}profile = \"liv\"");
        let message = "arload.toml:3: expect: profile: the file has no profile \"liv\"; did you mean live?";
        assert_eq!(read(&other, None).unwrap_err(), message);
    }
}
