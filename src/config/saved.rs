//! The saved mapping in use: a table of the settings file, or a file of its own.
//!
//! Leaves the form of such files to [`crate::mapping::saved`]. The rule: a name leads to one mapping; where both a table
//! and a file answer to it, neither is taken.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::error::ConfigError;
use super::file::{self, Entry, ProfileFile};
use super::given::{Given, Source};
use super::sources::{Pair, Sources, pairs_of, understand};
use super::values;
use crate::finding::quote;
use crate::mapping::saved::SavedMapping;
use crate::nearest::did_you_mean;

/// Where `--mapping NAME` looks for a mapping file; a settings file that has a table of this name stands in the way.
pub fn mapping_place(name: &str, settings: Option<&ProfileFile>) -> Result<PathBuf, ConfigError> {
    let name = name.trim();
    let source_name = Source::Flag("save-mapping");
    let refused = |what: String| Err(ConfigError::Value { source_name, key: "save-mapping", what });
    if let Some(path) = as_path(name) {
        return Ok(path);
    }
    if name.is_empty() || name.starts_with('.') {
        return refused(format!(
            "{} is no name; expected one such as tally, or a path that ends in .toml",
            quote(name)
        ));
    }
    if settings.is_some_and(|file| file.mappings.contains_key(name)) {
        return refused(format!(
            "{} is a table [mappings.{name}] of the settings file; expected another name",
            quote(name)
        ));
    }
    Ok(beside(name, settings.map_or(Path::new(""), ProfileFile::folder)))
}

fn beside(name: &str, folder: &Path) -> PathBuf {
    folder.join(format!("{name}.mapping.toml"))
}

/// The saved mapping that `mapping` names.
pub(super) enum Saved<'a> {
    /// None is named.
    None,
    /// A table `[mappings.NAME]` of the settings file.
    Table(&'a ProfileFile, &'a BTreeMap<&'static str, Entry>),
    /// A file of its own.
    File(Box<SavedMapping>),
}

impl<'a> Saved<'a> {
    /// Finds and reads it.
    pub(super) fn find(sources: &Sources<'a>) -> Result<Saved<'a>, ConfigError> {
        let Some((Given::Text(name), source)) = sources.find("mapping") else { return Ok(Saved::None) };
        let name = name.trim();
        let refused = |what: String| Err(ConfigError::Value { source_name: source.clone(), key: "mapping", what });
        let folder = sources.file.map_or(Path::new(""), ProfileFile::folder);
        if let Some(path) = as_path(name) {
            // As every path of the file, it starts from the file's folder.
            let path = if matches!(source, Source::File { .. }) { folder.join(path) } else { path };
            return match file::read_mapping(&path)? {
                Some(saved) => Ok(Saved::File(Box::new(saved))),
                None => refused(format!("{}: no such file", path.display())),
            };
        }
        let table = sources.file.and_then(|file| file.mappings.get(name).map(|table| Saved::Table(file, table)));
        let beside = beside(name, folder);
        let own = file::read_mapping(&beside)?.map(|saved| Saved::File(Box::new(saved)));
        match (table, own) {
            (Some(found), None) | (None, Some(found)) => Ok(found),
            (Some(_), Some(_)) => refused(format!(
                "{} is both a table [mappings.{name}] and the file {}; expected one of them",
                quote(name),
                beside.display()
            )),
            (None, None) => {
                let tables = sources.file.into_iter().flat_map(|file| file.mappings.keys().map(String::as_str));
                let files = file::mappings_in(folder);
                let there: Vec<&str> = tables.chain(files.iter().map(String::as_str)).collect();
                let near = did_you_mean(name, there.iter().copied());
                let there = if there.is_empty() { "none".to_owned() } else { there.join(", ") };
                refused(format!(
                    "no saved mapping {}{near}; expected the file {} or a table [mappings.NAME], found: {there}",
                    quote(name),
                    beside.display()
                ))
            }
        }
    }

    /// The pairs under `map` or `set`.
    pub(super) fn pairs(&self, key: &'static str) -> Result<Vec<Pair>, ConfigError> {
        match self {
            Saved::None => Ok(Vec::new()),
            Saved::Table(file, table) => match table.get(key) {
                Some(entry) => pairs_of(key, entry.given.clone(), &file.source(entry.line)),
                None => Ok(Vec::new()),
            },
            Saved::File(saved) => {
                let pairs = if key == "map" { &saved.columns } else { &saved.constants };
                // The file was understood when it was read, so that no message will name this line.
                let source = Source::File { path: PathBuf::from(&saved.name), line: 1 };
                pairs_of(key, Given::Pairs(pairs.clone()), &source)
            }
        }
    }

    /// What the only amount of a sheet is.
    pub(super) fn only_amount(&self) -> Result<Option<String>, ConfigError> {
        match self {
            Saved::None => Ok(None),
            Saved::Table(file, table) => match table.get("only-amount") {
                Some(Entry { given: Given::Text(text), line }) => {
                    understand("only-amount", text, file.source(*line), values::only_amount).map(Some)
                }
                _ => Ok(None),
            },
            Saved::File(saved) => Ok(saved.only_amount.clone()),
        }
    }

    /// Whether the rows of one document are joined.
    pub(super) fn group(&self) -> Result<Option<bool>, ConfigError> {
        match self {
            Saved::None => Ok(None),
            Saved::Table(file, table) => match table.get("group") {
                Some(Entry { given: Given::Text(text), line }) => {
                    understand("group", text, file.source(*line), values::boolean).map(Some)
                }
                _ => Ok(None),
            },
            Saved::File(saved) => Ok(saved.group),
        }
    }

    /// The mapping, where it has a file of its own.
    pub(super) fn file(&self) -> Option<&SavedMapping> {
        match self {
            Saved::File(saved) => Some(saved),
            Saved::None | Saved::Table(..) => None,
        }
    }
}

/// A value that is a path rather than a name.
fn as_path(name: &str) -> Option<PathBuf> {
    let path = Path::new(name);
    let ends = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("toml"));
    (ends || name.contains(['/', std::path::MAIN_SEPARATOR])).then(|| path.to_path_buf())
}
