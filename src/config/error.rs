//! Why settings cannot be used. Every variant ends the program with exit code 2 before anything is sent.
//!
//! The rule: no variant holds a secret, so that printing an error can never tell one.

use std::io;
use std::path::PathBuf;

use super::given::Source;

/// Why settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file could not be read or written.
    #[error("{}: {step}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What was tried.
        step: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The settings file could be changed by somebody else, or is none.
    #[error("{}: {what}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// Why it is refused.
        what: String,
        /// The way out.
        hint: String,
    },
    /// A line of the settings file is not understood.
    #[error("{}:{line}: {what}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong.
        what: String,
        /// The way out, where there is one.
        hint: Option<String>,
    },
    /// A value is not of the kind that its setting takes.
    #[error("{source_name}{}: {what}", file_key(source_name, key))]
    Value {
        /// Who gave it.
        source_name: Source,
        /// The setting's key.
        key: &'static str,
        /// What is wrong, with the value quoted unless it is secret.
        what: String,
    },
    /// No profile has the name asked for.
    #[error("{what}")]
    NoProfile {
        /// Where was looked, and what there is.
        what: String,
        /// The way out.
        hint: String,
    },
    /// Two sources name different hosts, or a secret would go to a host that it does not belong to.
    #[error("{what}")]
    Contradiction {
        /// Which sources disagree.
        what: String,
        /// The way out.
        hint: String,
    },
    /// Settings that a real send needs are not there.
    #[error("settings: missing {}", keys.join(", "))]
    Missing {
        /// The keys.
        keys: Vec<&'static str>,
        /// Where each can be given.
        hint: String,
    },
    /// A secret could not be had.
    #[error("{source_name}: {what}")]
    Secret {
        /// Where it should have come from.
        source_name: Source,
        /// What went wrong; never the secret.
        what: String,
        /// The way out.
        hint: String,
    },
}

/// The key behind a place in a file; flags and variables already name it.
fn file_key(source: &Source, key: &str) -> String {
    match source {
        Source::File { .. } | Source::Default => format!(": {key}"),
        Source::Flag(_) | Source::Environment(_) => String::new(),
    }
}

impl ConfigError {
    /// The way out, for a line of its own.
    pub fn hint(&self) -> Option<&str> {
        match self {
            ConfigError::File { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                Some("\"arload config init\" writes one, or name another with --config FILE")
            }
            ConfigError::File { .. } | ConfigError::Value { .. } => None,
            ConfigError::Line { hint, .. } => hint.as_deref(),
            ConfigError::Refused { hint, .. }
            | ConfigError::NoProfile { hint, .. }
            | ConfigError::Contradiction { hint, .. }
            | ConfigError::Missing { hint, .. }
            | ConfigError::Secret { hint, .. } => Some(hint),
        }
    }
}
