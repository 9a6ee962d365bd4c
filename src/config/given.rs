//! A setting as somebody gave it: still text, together with who gave it.
//!
//! Flags, environment and file all become [`Given`], so that one set of parsers reads them and every message can name
//! its [`Source`]. The rule: a secret is never held as plain text here, and [`Given::shown`] never tells one.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use secrecy::SecretString;

/// A setting before it is understood.
#[derive(Debug, Clone)]
pub enum Given {
    /// One value.
    Text(String),
    /// Several values, as `--sheet` takes.
    Texts(Vec<String>),
    /// Pairs, as `--map` takes, in the order given.
    Pairs(Vec<(String, String)>),
    /// A value that is never shown.
    Secret(SecretString),
}

impl Given {
    /// The value as `config show` prints it, without a secret.
    pub fn shown(&self) -> String {
        match self {
            Given::Text(text) => text.clone(),
            Given::Texts(texts) => texts.join(", "),
            Given::Pairs(pairs) => {
                let pairs: Vec<String> = pairs.iter().map(|(left, right)| format!("{left} = {right}")).collect();
                pairs.join("; ")
            }
            Given::Secret(_) => "set".to_owned(),
        }
    }
}

/// Who gave a setting, as something that the user can open or retype.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A flag, by its name without dashes.
    Flag(&'static str),
    /// An environment variable.
    Environment(String),
    /// A line of the settings file.
    File {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
    },
    /// Nobody: arload's own default.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Flag(name) => write!(formatter, "--{name}"),
            Source::Environment(name) => formatter.write_str(name),
            Source::File { path, line } => write!(formatter, "{}:{line}", path.display()),
            Source::Default => formatter.write_str("default"),
        }
    }
}

/// What the command line said about settings, by key.
///
/// There is no way to give a secret here: a command line can be read by every process of the machine.
#[derive(Debug, Clone, Default)]
pub struct FlagValues {
    /// The profile named with `--profile`.
    pub profile: Option<String>,
    /// The settings file named with `--config`.
    pub config: Option<PathBuf>,
    values: BTreeMap<&'static str, Given>,
}

impl FlagValues {
    /// Takes a flag with one value, if it was given.
    pub fn text(&mut self, key: &'static str, value: Option<String>) {
        if let Some(value) = value {
            self.values.insert(key, Given::Text(value));
        }
    }

    /// Takes a flag that may be repeated; an empty list was not given.
    pub fn texts(&mut self, key: &'static str, values: Vec<String>) {
        if !values.is_empty() {
            self.values.insert(key, Given::Texts(values));
        }
    }

    /// Takes a flag without a value, if it was given.
    pub fn switch(&mut self, key: &'static str, on: bool) {
        if on {
            self.values.insert(key, Given::Text("true".to_owned()));
        }
    }

    /// What was said about a key.
    pub fn value(&self, key: &str) -> Option<&Given> {
        self.values.get(key)
    }

    /// The same with these keys alone.
    #[must_use]
    pub fn only(&self, keys: &[&str]) -> FlagValues {
        let mut flags = self.clone();
        flags.values.retain(|key, _| keys.contains(key));
        flags
    }

    /// Every key that was given.
    pub fn keys(&self) -> impl Iterator<Item = &'static str> {
        self.values.keys().copied()
    }
}
