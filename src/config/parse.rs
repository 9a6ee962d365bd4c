//! The text of `arload.toml` as tables of known keys, each with its line.
//!
//! Pure. Every profile and saved mapping of the file is checked, not only the one in use. The rule: messages name keys
//! and lines but never repeat a value or a line of the file.

use std::collections::BTreeMap;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::ConfigError;
use super::expected::{self, Expected};
use super::file::Entry;
use super::given::Given;
use super::keys::{self, Form, KEYS, Key};
use crate::finding::quote;
use crate::nearest::{did_you_mean, nearest};

/// A settings file, read and checked for its form.
pub(super) struct Document {
    pub(super) default_profile: Option<(String, usize)>,
    pub(super) profiles: BTreeMap<String, Entries>,
    pub(super) mappings: BTreeMap<String, Entries>,
    pub(super) expectations: Vec<Expected>,
}

type Entries = BTreeMap<&'static str, Entry>;

/// Keys that a saved mapping may hold.
const MAPPING_KEYS: &[&str] = &["map", "set", "only-amount", "group"];

/// Keys at the top of the file.
const TOP_KEYS: &[&str] = &["default-profile", "profiles", "mappings", "expect"];

/// Reads a whole settings file.
pub(super) fn document(text: &str, path: &Path) -> Result<Document, ConfigError> {
    let reader = Reader { text, path };
    let table = DeTable::parse(text).map_err(|error| {
        // The library's full message repeats the line, which may hold a secret; its short one does not.
        let at = error.span().map_or(0, |span| span.start);
        let what = error.message().lines().next().unwrap_or("not valid TOML").to_owned();
        reader.line_error(at, what, None)
    })?;
    let mut document = Document {
        default_profile: None,
        profiles: BTreeMap::new(),
        mappings: BTreeMap::new(),
        expectations: Vec::new(),
    };
    for (key, value) in table.get_ref() {
        let at = key.span().start;
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("default-profile", DeValue::String(name)) => {
                document.default_profile = Some((name.as_ref().to_owned(), reader.line(at)));
            }
            ("profiles", DeValue::Table(tables)) => {
                document.profiles = reader.tables(tables, "profiles", None)?;
            }
            ("mappings", DeValue::Table(tables)) => {
                document.mappings = reader.tables(tables, "mappings", Some(MAPPING_KEYS))?;
            }
            ("expect", DeValue::Array(items)) => {
                document.expectations =
                    expected::all(items).map_err(|wrong| reader.line_error(wrong.at, wrong.what, wrong.hint))?;
            }
            ("expect", _) => return Err(reader.line_error(at, "expect: expected tables like [[expect]]".into(), None)),
            ("default-profile", _) => return Err(reader.line_error(at, "default-profile: expected text".into(), None)),
            (name @ ("profiles" | "mappings"), _) => {
                return Err(reader.line_error(at, format!("{name}: expected tables like [{name}.NAME]"), None));
            }
            (name, _) => {
                let hint = (keys::find(name).is_some())
                    .then(|| "keys belong to a profile; put it below [profiles.default]".to_owned());
                let near = hint.is_none().then(|| nearest(name, TOP_KEYS.iter().copied())).flatten();
                return Err(reader.unknown(at, name, near, hint));
            }
        }
    }
    for expected in &document.expectations {
        if let Some(name) = expected.profile.as_ref().filter(|name| !document.profiles.contains_key(*name)) {
            let near = did_you_mean(name, document.profiles.keys().map(String::as_str));
            let what = format!("expect: profile: the file has no profile {}{near}", quote(name));
            return Err(reader.line_error(expected.at, what, None));
        }
    }
    Ok(document)
}

struct Reader<'a> {
    text: &'a str,
    path: &'a Path,
}

impl Reader<'_> {
    /// The tables below `[profiles]` or `[mappings]`, by name.
    fn tables(
        &self,
        tables: &DeTable<'_>,
        parent: &str,
        only: Option<&[&str]>,
    ) -> Result<BTreeMap<String, Entries>, ConfigError> {
        let mut read = BTreeMap::new();
        for (name, value) in tables {
            let DeValue::Table(table) = value.get_ref() else {
                let name = name.get_ref();
                let at = value.span().start;
                let hint = format!("keys belong to a table of their own, like [{parent}.default]");
                return Err(self.line_error(at, format!("{parent}.{name}: expected a table"), Some(hint)));
            };
            read.insert(name.get_ref().as_ref().to_owned(), self.entries(table, only)?);
        }
        Ok(read)
    }

    fn entries(&self, table: &DeTable<'_>, only: Option<&[&str]>) -> Result<Entries, ConfigError> {
        let mut entries = Entries::new();
        for (name, value) in table {
            let at = name.span().start;
            let text = name.get_ref().as_ref();
            let known = |key: &&Key| only.is_none_or(|only| only.contains(&key.name));
            let Some(key) = keys::find(text).filter(known) else {
                let near = nearest(text, KEYS.iter().filter(known).map(|key| key.name));
                return Err(self.unknown(at, text, near, None));
            };
            let given = Self::given(key, value).ok_or_else(|| {
                let found = value.get_ref().type_str();
                self.line_error(at, format!("{}: found {found}, expected {}", key.name, key.form.expected()), None)
            })?;
            entries.insert(key.name, Entry { given, line: self.line(at) });
        }
        Ok(entries)
    }

    /// The value in the form its key takes; none where it has another.
    fn given(key: &Key, value: &Spanned<DeValue<'_>>) -> Option<Given> {
        let text = |value: &DeValue<'_>| match value {
            DeValue::String(text) => Some(text.as_ref().to_owned()),
            _ => None,
        };
        let value = value.get_ref();
        match key.form {
            Form::Text | Form::Path => text(value).map(Given::Text),
            Form::Secret => text(value).map(|secret| Given::Secret(secret.into())),
            Form::Count => whole(value).map(Given::Text),
            Form::Number => text(value).or_else(|| whole(value)).or_else(|| fraction(value)).map(Given::Text),
            Form::Switch => value.as_bool().map(|on| Given::Text(on.to_string())),
            Form::Texts => match value {
                DeValue::Array(items) => {
                    items.iter().map(|item| text(item.get_ref())).collect::<Option<_>>().map(Given::Texts)
                }
                other => text(other).map(|one| Given::Texts(vec![one])),
            },
            Form::Pairs => {
                // The library sorts keys by name; the order given is that of their places.
                let mut entries: Vec<_> = value.as_table()?.iter().collect();
                entries.sort_by_key(|(left, _)| left.span().start);
                let pairs = entries.into_iter().map(|(left, right)| {
                    let right = right.get_ref();
                    let plain = right.as_bool().map(|on| on.to_string());
                    let right = plain.or_else(|| text(right)).or_else(|| whole(right)).or_else(|| fraction(right))?;
                    Some((left.get_ref().as_ref().to_owned(), right))
                });
                pairs.collect::<Option<_>>().map(Given::Pairs)
            }
        }
    }

    /// The line that a byte of the text stands on, counted from 1.
    fn line(&self, at: usize) -> usize {
        self.text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1
    }

    fn unknown(&self, at: usize, name: &str, near: Option<&str>, hint: Option<String>) -> ConfigError {
        let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        let hint = hint.or_else(|| Some("\"arload config init\" writes a file that lists every key".to_owned()));
        self.line_error(at, format!("unknown key {}{near}", quote(name)), hint)
    }

    fn line_error(&self, at: usize, what: String, hint: Option<String>) -> ConfigError {
        ConfigError::Line { path: self.path.to_path_buf(), line: self.line(at), what, hint }
    }
}

/// A decimal whole number as plain digits.
fn whole(value: &DeValue<'_>) -> Option<String> {
    let number = value.as_integer().filter(|number| number.radix() == 10)?;
    Some(number.as_str().replace('_', ""))
}

/// A decimal number as written, so that an amount is never a binary float.
fn fraction(value: &DeValue<'_>) -> Option<String> {
    value.as_float().map(|number| number.as_str().replace('_', ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Document, ConfigError> {
        document(text, Path::new("arload.toml"))
    }

    #[test]
    fn values_keep_their_form_and_order() {
        let text = r#"
[profiles.default]
sheet = "March"
expect-total = 481203.50
max-chunk-rows = 1_000
strict = true
map = { "Bill No" = "invoiceNumber", "Amt" = "baseAmount" }
set = { gstExclusive = true, tds = 0 }
password = "hunter2"
[profiles.default.severity]
date-future = "warning"
[mappings.tally]
map = { "Vch No." = "invoiceNumber" }
"#;
        let document = read(text).unwrap();
        let shown = |key: &str| document.profiles["default"][key].given.shown();
        assert_eq!(shown("sheet"), "March");
        assert_eq!(shown("expect-total"), "481203.50");
        assert_eq!(shown("max-chunk-rows"), "1000");
        assert_eq!(shown("strict"), "true");
        assert_eq!(shown("map"), "Bill No = invoiceNumber; Amt = baseAmount");
        assert_eq!(shown("set"), "gstExclusive = true; tds = 0");
        assert_eq!(shown("severity"), "date-future = warning");
        assert_eq!(shown("password"), "set");
        assert_eq!(document.profiles["default"]["password"].line, 9);
        assert_eq!(document.mappings["tally"]["map"].line, 13);
    }

    #[test]
    fn mistakes_are_named_with_line_and_way_out() {
        for (text, message) in [
            ("[profiles.default]\nbaseurl = \"x\"", "arload.toml:2: unknown key \"baseurl\"; did you mean base-url?"),
            ("[profiles.default]\n\nfrobnicate = 1", "arload.toml:3: unknown key \"frobnicate\""),
            ("[profiles.a]\nrate = 5", "arload.toml:2: rate: found integer, expected text in quotes"),
            (
                "[profiles.a]\nburst = \"5\"",
                "arload.toml:2: burst: found string, expected a whole number without quotes",
            ),
            (
                "[profiles.a]\nburst = 0x10",
                "arload.toml:2: burst: found integer, expected a whole number without quotes",
            ),
            (
                "[profiles.a]\nstrict = \"yes\"",
                "arload.toml:2: strict: found string, expected true or false without quotes",
            ),
            (
                "[profiles.a]\nsheet = [1]",
                "arload.toml:2: sheet: found array, expected text in quotes, or a list of such texts",
            ),
            (
                "[profiles.a]\nmap = \"a=b\"",
                "arload.toml:2: map: found string, expected a table like { \"left\" = \"right\" }",
            ),
            ("[profile.a]", "arload.toml:1: unknown key \"profile\"; did you mean profiles?"),
            ("rate = \"5/s\"", "arload.toml:1: unknown key \"rate\""),
            ("[profiles]\nrate = \"5/s\"", "arload.toml:2: profiles.rate: expected a table"),
            ("profiles = 1", "arload.toml:1: profiles: expected tables like [profiles.NAME]"),
            ("default-profile = 1", "arload.toml:1: default-profile: expected text"),
            ("[mappings.a]\nrate = \"5/s\"", "arload.toml:2: unknown key \"rate\""),
            ("[profiles.a]\nrate = \"1/s\"\nrate = \"2/s\"", "arload.toml:3: duplicate key"),
        ] {
            assert_eq!(read(text).err().unwrap().to_string(), message, "{text}");
        }
        assert!(read("rate = \"5/s\"").err().unwrap().hint().unwrap().contains("[profiles.default]"));
    }

    #[test]
    fn a_mistake_next_to_a_secret_does_not_tell_it() {
        for text in [
            "[profiles.a]\npassword = \"hunter2",
            "[profiles.a]\npassword = hunter2",
            "[profiles.a]\npassword = [\"hunter2\"]",
            "[profiles.a]\npasword = \"hunter2\"",
            "[profiles.a]\npassword = \"hunter2\"\npassword = \"hunter2\"",
        ] {
            let error = read(text).err().unwrap();
            assert!(!format!("{error} {error:?} {:?}", error.hint()).contains("hunter2"), "{error:?}");
        }
    }
}
