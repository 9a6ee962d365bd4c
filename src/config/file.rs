//! `arload.toml`: finding it, trusting it, and reading one profile of it with the line of each key.
//!
//! Leaves what values mean to [`super::layers`]. The rules: a file that others can change is refused, one
//! found in the current directory runs no program unless it is the user's own, an unknown key is refused with its line,
//! and no message repeats a line of the file, which could hold a secret.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::error::ConfigError;
use super::given::{Given, Source};
use super::keys::{self, Key};
use super::{expected, parse};
use crate::expect::Expectation;
use crate::mapping::saved::{Misread, SavedMapping};
use crate::nearest::did_you_mean;
use crate::platform;

/// Name of the settings file in the folders that are searched.
pub const FILE_NAME: &str = "arload.toml";

/// The profile taken where none is named.
pub const DEFAULT_PROFILE: &str = "default";

// Limit: settings of any size a person would write; a larger file is not one of ours.
const MAX_BYTES: u64 = 1 << 20;

/// Where a settings file was found, which decides how far it is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Named by the user.
    Named,
    /// In the current directory, where it may have come along with other files.
    Here,
    /// In the user's own config folder.
    User,
}

/// Where to look for a settings file and which profile to take.
#[derive(Debug, Clone, Copy)]
pub struct Search<'a> {
    /// The file named with `--config` or `ARLOAD_CONFIG`.
    pub named: Option<&'a Path>,
    /// The current directory.
    pub here: &'a Path,
    /// The user's config folder for arload.
    pub user: Option<&'a Path>,
    /// The profile named with `--profile` or `ARLOAD_PROFILE`.
    pub profile: Option<&'a str>,
}

/// One profile as the file gives it.
#[derive(Debug, Clone)]
pub struct ProfileFile {
    /// The file.
    pub path: PathBuf,
    /// Where it was found.
    pub place: Place,
    /// The profile's name.
    pub name: String,
    /// Names of all profiles of the file.
    pub profiles: Vec<String>,
    /// Whether other users can read the file.
    pub readable_by_others: bool,
    pub(super) entries: BTreeMap<&'static str, Entry>,
    pub(super) mappings: BTreeMap<String, BTreeMap<&'static str, Entry>>,
    pub(super) expectations: Vec<Expectation>,
}

/// One key's value and the line it stands on.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) given: Given,
    pub(super) line: usize,
}

impl ProfileFile {
    /// The same with these keys of the profile alone, and nothing expected.
    #[must_use]
    pub fn only(mut self, keys: &[&str]) -> ProfileFile {
        self.entries.retain(|key, _| keys.contains(key));
        self.expectations.clear();
        self
    }

    /// A key's value and place, if the profile has it.
    pub fn value(&self, key: &str) -> Option<(&Given, Source)> {
        self.entries.get(key).map(|entry| (&entry.given, self.source(entry.line)))
    }

    /// A line of this file as a source.
    pub(super) fn source(&self, line: usize) -> Source {
        Source::File { path: self.path.clone(), line }
    }

    /// A file that merely lies in the current directory may have come along with somebody's sheets: unless it is the
    /// user's own, it says no program to run.
    fn check_programs(&self, other_owner: Option<&str>) -> Result<(), ConfigError> {
        let Some(owner) = other_owner.filter(|_| self.place == Place::Here) else { return Ok(()) };
        let runs = |name: &str| keys::find(name).is_some_and(Key::runs_a_program);
        let Some((name, entry)) = self.entries.iter().find(|(name, _)| runs(name)) else { return Ok(()) };
        Err(ConfigError::Line {
            path: self.path.clone(),
            line: entry.line,
            what: format!("{name}: the file belongs to {owner}, and only your own file here may name a program to run"),
            hint: Some(format!("if you trust it, name it with --config {} or ARLOAD_CONFIG", self.path.display())),
        })
    }

    /// The folder that relative paths in the file start from.
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or_else(|| Path::new(""))
    }
}

/// Reads the profile that the search leads to; none where there is no file and no name was given.
pub fn load(search: &Search<'_>) -> Result<Option<ProfileFile>, ConfigError> {
    let candidates = if let Some(named) = search.named {
        vec![(named.to_path_buf(), Place::Named)]
    } else {
        let here = (search.here.join(FILE_NAME), Place::Here);
        let user = search.user.map(|folder| (folder.join(FILE_NAME), Place::User));
        std::iter::once(here).chain(user).collect()
    };
    for (path, place) in &candidates {
        if let Some(found) = read(path, *place, "name a settings file with --config FILE")? {
            let mut file = read_profile(&found.text, path, *place, search.profile)?;
            file.check_programs(found.other_owner.as_deref())?;
            file.readable_by_others = found.readable_by_others;
            return Ok(Some(file));
        }
    }
    match search.profile {
        None | Some(DEFAULT_PROFILE) => Ok(None),
        Some(profile) => {
            let looked: Vec<String> = candidates.iter().map(|(path, _)| path.display().to_string()).collect();
            Err(ConfigError::NoProfile {
                what: format!("profile {profile}: there is no settings file; looked for {}", looked.join(", ")),
                hint: "run \"arload config init\" to write one, or name one with --config FILE".to_owned(),
            })
        }
    }
}

/// A file of settings that nobody else can change, but root.
struct Found {
    text: String,
    readable_by_others: bool,
    other_owner: Option<String>,
}

/// A file of settings; none where a searched one does not exist.
fn read(path: &Path, place: Place, way_out: &str) -> Result<Option<Found>, ConfigError> {
    let io = |source| ConfigError::File { path: path.to_path_buf(), step: "read settings", source };
    let refused =
        |what: &str, hint: String| Err(ConfigError::Refused { path: path.to_path_buf(), what: what.to_owned(), hint });
    let file = match platform::open_regular(path) {
        Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => {
            return refused("is not a file", way_out.to_owned());
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && place != Place::Named => return Ok(None),
        other => other.map_err(io)?,
    };
    // The open file is asked, not the path, so that what was looked at is what is read.
    let metadata = file.metadata().map_err(io)?;
    let other_owner = platform::other_owner(&metadata);
    if platform::others_can_write(&metadata) {
        let what = match &other_owner {
            Some(owner) => format!("belongs to {owner}; others can change this file, so its settings are not trusted"),
            None => "others can change this file, so its settings are not trusted".to_owned(),
        };
        return refused(&what, format!("make it your own and run: chmod go-w {}", path.display()));
    }
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > MAX_BYTES {
        return refused("is larger than 1 MiB", way_out.to_owned());
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(Found { text, readable_by_others: platform::others_can_read(&metadata), other_owner })),
        Err(_) => refused("is not UTF-8 text", "save the file as UTF-8".to_owned()),
    }
}

/// Reads a mapping file; none where it does not exist. What it says decides amounts, so it is trusted like settings.
pub(super) fn read_mapping(path: &Path) -> Result<Option<SavedMapping>, ConfigError> {
    let Some(found) = read(path, Place::Here, "name a mapping file with --mapping FILE.toml")? else {
        return Ok(None);
    };
    let saved = SavedMapping::parse(&found.text, &path.display().to_string());
    saved.map(Some).map_err(|Misread { line, what }| ConfigError::Line {
        path: path.to_path_buf(),
        line,
        what,
        hint: Some("a mapping file has a table [columns] with lines like \"Bill No\" = \"invoiceNumber\"".to_owned()),
    })
}

/// Names of the mapping files in a folder, in order. Limit: as many as a person reads.
pub(super) fn mappings_in(folder: &Path) -> Vec<String> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let names = std::fs::read_dir(folder).into_iter().flatten().flatten().filter_map(|entry| {
        Some(entry.file_name().to_str()?.strip_suffix(".mapping.toml").filter(|name| !name.is_empty())?.to_owned())
    });
    let mut names: Vec<String> = names.take(1_000).collect();
    names.sort();
    names.truncate(20);
    names
}

/// Reads one profile of a settings file's text, and checks all others too.
pub fn read_profile(text: &str, path: &Path, place: Place, named: Option<&str>) -> Result<ProfileFile, ConfigError> {
    let mut document = parse::document(text, path)?;
    let name = named.map(str::to_owned).or(document.default_profile.take().map(|(name, _)| name));
    let wanted = name.as_deref().unwrap_or(DEFAULT_PROFILE);
    let profiles: Vec<String> = document.profiles.keys().cloned().collect();
    let entries = document.profiles.remove(wanted);
    if entries.is_none() && name.is_some() {
        let near = did_you_mean(wanted, profiles.iter().map(String::as_str));
        let then = if near.is_empty() { ";" } else { "" };
        let there = if profiles.is_empty() { "none".to_owned() } else { profiles.join(", ") };
        return Err(ConfigError::NoProfile {
            what: format!("{}: no profile {wanted}{near}{then} found: {there}", path.display()),
            hint: format!("add a table [profiles.{wanted}], or choose one with --profile NAME"),
        });
    }
    Ok(ProfileFile {
        path: path.to_path_buf(),
        place,
        name: wanted.to_owned(),
        profiles,
        readable_by_others: false,
        entries: entries.unwrap_or_default(),
        mappings: document.mappings,
        expectations: expected::of_profile(document.expectations, wanted),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(text: &str, name: Option<&str>) -> Result<ProfileFile, ConfigError> {
        read_profile(text, Path::new("arload.toml"), Place::Here, name)
    }

    #[test]
    fn the_profile_named_else_the_files_default_else_default_is_read() {
        let text = "default-profile = \"uat\"\n[profiles.uat]\nrate = \"1/s\"\n[profiles.live]\nrate = \"2/s\"\n";
        assert_eq!(profile(text, None).unwrap().name, "uat");
        assert_eq!(profile(text, Some("live")).unwrap().name, "live");
        let message = profile(text, Some("test")).unwrap_err().to_string();
        assert_eq!(message, "arload.toml: no profile test; found: live, uat");
        let message = profile(text, Some("lvie")).unwrap_err().to_string();
        assert_eq!(message, "arload.toml: no profile lvie; did you mean live? found: live, uat");
        let plain = profile("[profiles.default]\nburst = 2\n", None).unwrap();
        let (given, source) = plain.value("burst").unwrap();
        assert_eq!((given.shown().as_str(), source.to_string().as_str()), ("2", "arload.toml:2"));
        assert!(profile("[profiles.live]\n", None).unwrap().entries.is_empty());
    }

    #[test]
    fn the_file_here_comes_before_the_users_and_a_named_one_before_both() {
        let folder = tempfile::tempdir().unwrap();
        let (here, user) = (folder.path().join("here"), folder.path().join("user"));
        for place in [&here, &user] {
            std::fs::create_dir(place).unwrap();
        }
        let write = |folder: &Path, rate: &str| {
            let mut file = platform::create_private(&folder.join(FILE_NAME)).unwrap();
            std::io::Write::write_all(&mut file, format!("[profiles.default]\nrate = \"{rate}\"\n").as_bytes())
                .unwrap();
        };
        let rate = |search: &Search<'_>| {
            load(search).unwrap().map(|file| file.value("rate").unwrap().0.shown()).unwrap_or_default()
        };
        let mut search = Search { named: None, here: &here, user: Some(&user), profile: None };
        assert_eq!(rate(&search), "");
        assert!(matches!(load(&Search { profile: Some("x"), ..search }), Err(ConfigError::NoProfile { .. })));
        write(&user, "1/s");
        assert_eq!(rate(&search), "1/s");
        write(&here, "2/s");
        assert_eq!(rate(&search), "2/s");
        let named = user.join(FILE_NAME);
        search.named = Some(&named);
        assert_eq!(rate(&search), "1/s");
        let missing = user.join("none.toml");
        search.named = Some(&missing);
        assert!(matches!(load(&search), Err(ConfigError::File { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_change_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        std::fs::write(&path, "[profiles.default]\n").unwrap();
        for (mode, trusted) in [(0o600, true), (0o644, true), (0o664, false), (0o646, false)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let loaded = load(&Search { named: Some(&path), here: folder.path(), user: None, profile: None });
            assert_eq!(loaded.is_ok(), trusted, "{mode:o}");
            if let Err(error) = loaded {
                assert!(error.hint().unwrap().contains("chmod go-w"));
            }
        }
    }

    #[test]
    fn a_file_here_names_a_program_only_if_it_is_the_users_own() {
        let programs = ["notify", "password-command", "client-secret-command", "ledger-password-command"];
        for key in programs.into_iter().chain(["mapping", "base-url"]) {
            let text = format!("[profiles.default]\nenvironment = \"uat\"\n{key} = \"echo secret\"\n");
            let file = |place| read_profile(&text, Path::new("arload.toml"), place, None).unwrap();
            for (place, owner) in [(Place::Here, None), (Place::Named, Some("root")), (Place::User, Some("root"))] {
                assert!(file(place).check_programs(owner).is_ok(), "{key} {place:?}");
            }
            let refused = file(Place::Here).check_programs(Some("root")).err();
            assert_eq!(refused.is_some(), programs.contains(&key), "{key}");
            if let Some(error) = refused {
                let told = format!(
                    "arload.toml:3: {key}: the file belongs to root, and only your own file here may name a program to run"
                );
                assert_eq!(error.to_string(), told);
                assert!(error.hint().unwrap().contains("--config arload.toml"));
            }
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_of_another_user_is_refused_with_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        platform::create_private(&path).unwrap();
        let metadata = std::fs::metadata(&path).unwrap();
        assert_eq!(platform::other_owner(&metadata), None);
        // Only root may give a file away; to anybody else the root of the file system is another's.
        if std::os::unix::fs::chown(&path, Some(12_345), None).is_ok() {
            let search = Search { named: None, here: folder.path(), user: None, profile: None };
            let refused = load(&search).unwrap_err().to_string();
            assert!(
                refused.ends_with("belongs to uid-12345; others can change this file, so its settings are not trusted")
            );
        } else {
            let root = std::fs::metadata("/").unwrap();
            assert_eq!(platform::other_owner(&root).as_deref(), Some("root"));
        }
    }

    #[test]
    fn files_that_are_none_of_ours_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        let big = vec![b'#'; MAX_BYTES as usize + 1];
        for (bytes, part) in [(&big[..], "larger than 1 MiB"), (&b"\xff\xfe"[..], "not UTF-8")] {
            let _ = std::fs::remove_file(&path);
            std::io::Write::write_all(&mut platform::create_private(&path).unwrap(), bytes).unwrap();
            let message = load(&Search { named: Some(&path), here: folder.path(), user: None, profile: None })
                .unwrap_err()
                .to_string();
            assert!(message.contains(part), "{message}");
        }
    }
}
