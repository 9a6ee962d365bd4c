//! The settings file that `arload config init` writes: every key, explained and switched off.
//!
//! The rule: a key of the table that is not explained in the template fails a test, and so does an explanation of a key
//! that does not exist.

/// The text of a new settings file. A line that begins with `#` and no blank is a key that is switched off.
pub const TEMPLATE: &str = include_str!("template.toml");

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::super::file::{Place, ProfileFile, read_profile};
    use super::super::given::FlagValues;
    use super::super::keys::KEYS;
    use super::super::layers::{Layers, Purpose};
    use super::*;

    fn switched_on() -> String {
        let lines = TEMPLATE.lines().map(|line| match line.strip_prefix('#') {
            Some(key) if !key.starts_with(' ') => key,
            _ => line,
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    fn read(text: &str) -> ProfileFile {
        read_profile(text, Path::new("arload.toml"), Place::User, None).unwrap()
    }

    #[test]
    fn the_template_as_written_changes_nothing() {
        let file = read(TEMPLATE);
        assert!(file.entries.is_empty() && file.name == "default");
    }

    #[test]
    fn every_key_stands_in_the_template_and_has_a_valid_value() {
        let mut file = read(&switched_on());
        for key in KEYS {
            assert!(file.entries.contains_key(key.name), "{} is not in the template", key.name);
        }
        assert_eq!(file.entries.len(), KEYS.len());
        for key in ["client-secret-command", "password-command", "ledger-password-command"] {
            file.entries.remove(key);
        }
        let layers = Layers {
            flags: &FlagValues::default(),
            environment: &BTreeMap::new(),
            file: Some(&file),
            default_state: Path::new("state"),
            purpose: Purpose::Account,
        };
        let settled = layers.settle().unwrap();
        assert!(settled.settings.credentials.is_some());
        assert_eq!(settled.settings.mapping.map.len(), 2);
    }

    #[test]
    fn defaults_shown_in_the_template_are_the_real_ones() {
        let file = read(&switched_on());
        for key in KEYS {
            let Some(default) = key.default else { continue };
            assert_eq!(file.entries[key.name].given.shown(), default, "{}", key.name);
        }
    }

    #[test]
    fn the_sample_is_the_template() {
        assert_eq!(std::fs::read_to_string("samples/arload.toml").unwrap(), TEMPLATE);
    }
}
