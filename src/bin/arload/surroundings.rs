//! What the library must not look at by itself: the environment and the user's folders.
//!
//! The rule: only this file of the program reads them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use arload::config::error::ConfigError;
use arload::config::file::{DEFAULT_PROFILE, FILE_NAME, ProfileFile, Search, load};
use arload::config::given::FlagValues;
use arload::config::layers::{Layers, Purpose, Settled};
use arload::config::{Settings, mapping_place};
use etcetera::{AppStrategy as _, AppStrategyArgs, choose_app_strategy};

use crate::screen::{self, Screen};

/// What the screen can show, by the variables that say so.
pub(crate) fn screen() -> Screen {
    let (out, err) = screen::terminals();
    Screen::of(|name| std::env::var(name).ok(), out, err)
}

/// Keys that say who hears of a run.
const TELLING: [&str; 8] = ["json", "quiet", "log", "log-format", "log-size", "log-keep", "notify", "timezone"];

/// The variable of a key.
fn variable_of(key: &str) -> String {
    format!("ARLOAD_{}", key.replace('-', "_").to_ascii_uppercase())
}

/// Where the program finds itself.
#[derive(Clone)]
pub(crate) struct Surroundings {
    environment: BTreeMap<String, String>,
    config_folder: Option<PathBuf>,
    default_state: PathBuf,
}

impl Surroundings {
    /// Looks around. Without a home folder there is no user's settings file, and the ledger is kept in `.arload` here.
    pub(crate) fn look() -> Surroundings {
        let variables = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        let ours = variables.filter(|(name, _)| name.starts_with("ARLOAD_"));
        // A value that is not Unicode is still set, and its setting refuses it.
        let environment = ours.map(|(name, value)| (name, value.to_string_lossy().into_owned())).collect();
        let names =
            AppStrategyArgs { top_level_domain: String::new(), author: String::new(), app_name: "arload".to_owned() };
        let folders = choose_app_strategy(names).ok();
        let default_state = folders.as_ref().map_or_else(
            || PathBuf::from(".arload"),
            |folders| folders.state_dir().unwrap_or_else(|| folders.data_dir()),
        );
        let config_folder = folders.map(|folders| folders.config_dir());
        Surroundings { environment, config_folder, default_state }
    }

    fn file(&self, flags: &FlagValues) -> Result<Option<ProfileFile>, ConfigError> {
        let variable = |name: &str| self.environment.get(name).filter(|value| !value.trim().is_empty());
        let named = flags.config.clone().or_else(|| variable("ARLOAD_CONFIG").map(PathBuf::from));
        load(&Search {
            named: named.as_deref(),
            // Relative, so that messages name the file as the user would.
            here: Path::new(""),
            user: self.config_folder.as_deref(),
            profile: flags.profile.as_deref().or(variable("ARLOAD_PROFILE").map(String::as_str)),
        })
    }

    /// The profiles to go through: the one that is named, else all of the settings file.
    pub(crate) fn profiles(&self, flags: &FlagValues) -> Result<Vec<String>, ConfigError> {
        let Some(file) = self.file(flags)? else { return Ok(vec![DEFAULT_PROFILE.to_owned()]) };
        let variable = self.environment.get("ARLOAD_PROFILE").is_some_and(|name| !name.trim().is_empty());
        let named = flags.profile.is_some() || variable || file.profiles.is_empty();
        Ok(if named { vec![file.name] } else { file.profiles })
    }

    /// Names of the profiles, each with its file; none where there is no file that can be read.
    pub(crate) fn known_profiles(&self, flags: &FlagValues) -> Vec<(String, String)> {
        let mut flags = flags.clone();
        flags.profile = None;
        let Ok(Some(file)) = self.file(&flags) else { return Vec::new() };
        let shown = file.path.display().to_string();
        file.profiles.into_iter().map(|name| (name, shown.clone())).collect()
    }

    /// The user's own settings file, whether or not it exists.
    pub(crate) fn settings_file(&self) -> Option<PathBuf> {
        self.config_folder.as_ref().map(|folder| folder.join(FILE_NAME))
    }

    /// A secret that a variable holds itself.
    pub(crate) fn secret(&self, key: &str) -> Option<String> {
        self.environment.get(&variable_of(key)).filter(|value| !value.is_empty()).cloned()
    }

    /// Where a saved mapping of this name would be looked for.
    pub(crate) fn mapping_place(&self, flags: &FlagValues, name: &str) -> Result<PathBuf, ConfigError> {
        mapping_place(name, self.file(flags)?.as_ref())
    }

    /// Settles the settings of a command from its flags and all that lies around.
    pub(crate) fn settle(&self, flags: &FlagValues, purpose: Purpose) -> Result<Settled, ConfigError> {
        let mut settled = self.layers(flags, self.file(flags)?.as_ref(), purpose).settle()?;
        settled.settings.reading.decoder = crate::commands::decode_workbook::decoder();
        Ok(settled)
    }

    /// Of settings that were refused, what says who is told; without the file where that is what cannot be read.
    pub(crate) fn settle_to_tell(&self, flags: &FlagValues) -> Option<Settings> {
        let flags = flags.only(&TELLING);
        let mut narrow = self.clone();
        narrow.environment.retain(|name, _| TELLING.iter().any(|key| *name == variable_of(key)));
        let file = self.file(&flags).ok().flatten().map(|file| file.only(&TELLING));
        let settle = |file: Option<&ProfileFile>| narrow.layers(&flags, file, Purpose::Local).settle().ok();
        settle(file.as_ref()).or_else(|| settle(None)).map(|settled| settled.settings)
    }

    fn layers<'a>(&'a self, flags: &'a FlagValues, file: Option<&'a ProfileFile>, purpose: Purpose) -> Layers<'a> {
        Layers { flags, environment: &self.environment, file, default_state: &self.default_state, purpose }
    }
}
