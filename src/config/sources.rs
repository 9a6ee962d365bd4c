//! The three sources of settings side by side, and the one that counts: flags over environment over file over default.
//!
//! Leaves what a value means to [`super::values`], handed in by the caller. The rule: every error names the source that
//! gave the value, and tables such as `map` are joined key by key, the stronger source replacing a key of the weaker.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::error::ConfigError;
use super::file::ProfileFile;
use super::given::{FlagValues, Given, Source};
use super::keys::{self, Form, KEYS, Key};
use super::values;
use crate::finding::quote;
use crate::nearest::did_you_mean;

/// Variables that are no setting of a profile, and choose the profile and file instead.
const CHOICES: &[&str] = &["ARLOAD_PROFILE", "ARLOAD_CONFIG"];

/// The sources of settings.
#[derive(Clone, Copy)]
pub(super) struct Sources<'a> {
    pub(super) flags: &'a FlagValues,
    pub(super) environment: &'a BTreeMap<String, String>,
    pub(super) file: Option<&'a ProfileFile>,
}

/// A pair of a table setting and who gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) left: String,
    pub(super) right: String,
    pub(super) source: Source,
}

impl Sources<'_> {
    /// What a variable says; a blank one counts as not set, as CI systems leave such behind.
    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str).filter(|value| !value.trim().is_empty())
    }

    fn by_flag(&self, key: &Key) -> Option<(Given, Source)> {
        self.flags.value(key.name).map(|given| (given.clone(), Source::Flag(key.name)))
    }

    fn by_environment(&self, key: &Key) -> Option<(Given, Source)> {
        let name = key.variable();
        let value = self.variable(&name).filter(|_| key.in_environment())?;
        let given = match key.form {
            Form::Secret => Given::Secret(value.into()),
            Form::Texts => Given::Texts(vec![value.to_owned()]),
            Form::Pairs => {
                let pairs = value.split(';').map(str::trim).filter(|pair| !pair.is_empty());
                Given::Texts(pairs.map(str::to_owned).collect())
            }
            _ => Given::Text(value.to_owned()),
        };
        Some((given, Source::Environment(name)))
    }

    fn by_file(&self, key: &Key) -> Option<(Given, Source)> {
        self.file?.value(key.name).map(|(given, source)| (given.clone(), source))
    }

    /// The value that counts and who gave it.
    pub(super) fn find(&self, name: &str) -> Option<(Given, Source)> {
        let key = keys::find(name)?;
        self.by_flag(key).or_else(|| self.by_environment(key)).or_else(|| self.by_file(key))
    }

    /// Whether the variable of a key is set, whatever counts in the end.
    pub(super) fn environment_text(&self, name: &str) -> Option<(String, Source)> {
        match self.by_environment(keys::find(name)?)? {
            (Given::Text(text), source) => Some((text, source)),
            _ => None,
        }
    }

    /// What the file says about a key, whatever counts in the end.
    pub(super) fn file_text(&self, name: &str) -> Option<(String, Source)> {
        match self.by_file(keys::find(name)?)? {
            (Given::Text(text), source) => Some((text, source)),
            _ => None,
        }
    }

    /// A setting that may be absent, understood.
    pub(super) fn read<T>(
        &self,
        name: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, ConfigError> {
        match self.find(name) {
            Some((Given::Text(text), source)) => understand(name, &text, source, parse).map(Some),
            _ => Ok(None),
        }
    }

    /// A setting with a default in the table, understood.
    pub(super) fn settle<T>(
        &self,
        name: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, ConfigError> {
        if let Some(value) = self.read(name, &parse)? {
            return Ok(value);
        }
        let default = keys::find(name).and_then(|key| key.default).expect("only keys with a default are settled");
        understand(name, default, Source::Default, parse)
    }

    /// A switch.
    pub(super) fn switch(&self, name: &'static str) -> Result<bool, ConfigError> {
        self.settle(name, values::boolean)
    }

    /// A path; one from the file starts from the file's folder.
    pub(super) fn path(&self, name: &'static str) -> Result<Option<PathBuf>, ConfigError> {
        let path = self.read(name, values::path)?;
        let from_file = matches!(self.find(name), Some((_, Source::File { .. })));
        Ok(match (path, self.file) {
            (Some(path), Some(file)) if from_file => Some(file.folder().join(path)),
            (path, _) => path,
        })
    }

    /// A setting of several texts.
    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        match self.find(name) {
            Some((Given::Texts(texts), _)) => texts,
            _ => Vec::new(),
        }
    }

    /// A table, joined from all sources; `first` are pairs weaker than any of them.
    pub(super) fn pairs(&self, name: &'static str, first: Vec<Pair>) -> Result<Vec<Pair>, ConfigError> {
        let key = keys::find(name).expect("only keys of the table are asked for");
        let mut joined = first;
        for found in [self.by_file(key), self.by_environment(key), self.by_flag(key)] {
            let Some((given, source)) = found else { continue };
            for pair in pairs_of(name, given, &source)? {
                match joined.iter_mut().find(|other| other.left == pair.left) {
                    Some(weaker) => *weaker = pair,
                    None => joined.push(pair),
                }
            }
        }
        Ok(joined)
    }

    /// Who gave a table: every source that has a say.
    pub(super) fn givers(&self, key: &Key) -> Vec<Source> {
        let found = [self.by_flag(key), self.by_environment(key), self.by_file(key)];
        found.into_iter().flatten().map(|(_, source)| source).collect()
    }

    /// A sentence for each `ARLOAD_` variable that means nothing, most likely a mistyped one.
    pub(super) fn unknown_variables(&self) -> Vec<String> {
        let known: Vec<String> = KEYS.iter().filter(|key| key.in_environment()).map(Key::variable).collect();
        let files = ["ARLOAD_PASSWORD_FILE", "ARLOAD_CLIENT_SECRET_FILE", "ARLOAD_LEDGER_PASSWORD_FILE"];
        let all = || known.iter().map(String::as_str).chain(CHOICES.iter().copied()).chain(files);
        let names = self.environment.keys().filter(|name| name.starts_with("ARLOAD_"));
        names
            .filter(|name| !all().any(|other| other == name.as_str()))
            .map(|name| {
                let near = did_you_mean(name, all());
                format!("environment: {} is not a setting of arload and was ignored{near}", quote(name))
            })
            .collect()
    }
}

/// Reads a text as a key's value and adds the place to a refusal.
pub(super) fn understand<T>(
    key: &'static str,
    text: &str,
    source: Source,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, ConfigError> {
    parse(text).map_err(|what| ConfigError::Value { source_name: source, key, what })
}

/// The pairs of one source.
pub(super) fn pairs_of(name: &'static str, given: Given, source: &Source) -> Result<Vec<Pair>, ConfigError> {
    let pair = |left: &str, right: &str| Pair {
        left: left.trim().to_owned(),
        right: right.trim().to_owned(),
        source: source.clone(),
    };
    match given {
        Given::Pairs(pairs) => Ok(pairs.iter().map(|(left, right)| pair(left, right)).collect()),
        Given::Texts(texts) => texts
            .iter()
            .map(|text| {
                // A heading may hold a `=`, a field name cannot; a constant may, its field cannot.
                let halves = if name == "map" { text.rsplit_once('=') } else { text.split_once('=') };
                let halves = halves.filter(|(left, _)| !left.trim().is_empty());
                let (left, right) = halves.ok_or_else(|| ConfigError::Value {
                    source_name: source.clone(),
                    key: name,
                    what: format!("{} is not a pair; expected a form like {}", quote(text), pair_form(name)),
                })?;
                Ok(pair(left, right))
            })
            .collect(),
        Given::Text(_) | Given::Secret(_) => Ok(Vec::new()),
    }
}

fn pair_form(name: &str) -> &'static str {
    match name {
        "map" => "\"Bill No=invoiceNumber\"",
        "sellers" => "27AAPFU0939F1ZV=CEK1234567",
        "severity" => "date-future=warning",
        "upload" => "\"invoices create.format=xlsx\"",
        "reply-names" => "\"messages=reason, error\"",
        "routes" => "\"invoices delete=POST /api/v0/invoice/bulk/delete\"",
        _ => "field=value",
    }
}
