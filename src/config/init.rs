//! A settings file from a few answers: what `arload config init` writes.
//!
//! Pure. The answers are the first things that a real account needs; every other key stands in the file too, explained and
//! switched off. The rules: an answer is checked as the setting would be, and no secret comes in but by its own function.

use super::account::normalise_base_url;
use super::file::DEFAULT_PROFILE;
use super::template::TEMPLATE;
use super::values;
use crate::finding::quote;

/// Labels with a host of their own that Enkash has named.
const HOSTS: [(&str, &str); 2] = [("uat", "https://ekpayout-uat.enkash.in"), ("live", "https://api.enkash.in")];

/// Keys that may be answered, in the order of the file.
pub const KEYS: [&str; 10] = [
    "base-url",
    "environment",
    "company-id",
    "seller-id",
    "client-id",
    "client-secret",
    "client-secret-command",
    "username",
    "password",
    "password-command",
];

/// What was answered, by key.
#[derive(Debug, Clone)]
pub struct Answers {
    profile: String,
    values: Vec<(&'static str, String)>,
}

impl Answers {
    /// None yet, for a profile of this name.
    pub fn new(profile: &str) -> Result<Answers, String> {
        let name = profile.trim();
        let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
        if name.is_empty() || !name.chars().all(plain) {
            return Err(format!("{} is no name of a profile; expected letters, digits, - and _", quote(profile)));
        }
        Ok(Answers { profile: name.to_owned(), values: Vec::new() })
    }

    /// The profile's name.
    pub fn profile(&self) -> &str {
        &self.profile
    }

    /// Takes an answer; a blank one is none.
    pub fn give(&mut self, key: &str, answer: &str) -> Result<(), String> {
        let Some(key) = KEYS.into_iter().find(|known| *known == key) else {
            return Err(format!("{} is not asked for here", quote(key)));
        };
        if answer.trim().is_empty() {
            return Ok(());
        }
        let value = match key {
            "base-url" => normalise_base_url(answer)?,
            "company-id" | "seller-id" => values::company_id(answer)?,
            // Blanks may belong to a secret.
            "client-secret" | "password" => answer.to_owned(),
            _ => values::text(answer)?,
        };
        self.values.retain(|(known, _)| *known != key);
        self.values.push((key, value));
        Ok(())
    }

    /// What was answered for a key.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.values.iter().find(|(known, _)| *known == key).map(|(_, value)| value.as_str())
    }

    /// Whether there is any answer.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The text of a new file: every key explained, the answered ones in force.
    pub fn file(&self) -> String {
        let mut text = String::with_capacity(TEMPLATE.len() + 512);
        for line in TEMPLATE.lines() {
            let key = line.strip_prefix('#').and_then(|line| line.split_once(" = ")).map(|(key, _)| key);
            let answered = key.and_then(|key| self.values.iter().find(|(known, _)| *known == key));
            match (key, answered) {
                (Some("default-profile"), _) if self.profile != DEFAULT_PROFILE => {
                    text.push_str(&assignment("default-profile", &self.profile));
                }
                (_, Some((key, value))) => text.push_str(&assignment(key, value)),
                _ => text.push_str(&line.replace("[profiles.default", &format!("[profiles.{}", self.profile))),
            }
            text.push('\n');
        }
        text
    }

    /// The text of the profile alone, to stand at the end of a file that exists.
    pub fn table(&self) -> String {
        let mut text = format!("\n[profiles.{}]\n", self.profile);
        for key in KEYS {
            if let Some(value) = self.value(key) {
                text.push_str(&assignment(key, value));
                text.push('\n');
            }
        }
        text
    }
}

fn assignment(key: &str, value: &str) -> String {
    format!("{key} = {}", toml::Value::String(value.to_owned()))
}

/// The base URL that belongs to a label, where Enkash has named one.
pub fn host_of(environment: &str) -> Option<&'static str> {
    HOSTS.iter().find(|(label, _)| label.eq_ignore_ascii_case(environment.trim())).map(|(_, url)| *url)
}

/// A command that prints the secret which a file holds.
pub fn command_for_file(path: &str) -> String {
    if cfg!(windows) { format!("type \"{path}\"") } else { format!("cat '{}'", path.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::file::{Place, ProfileFile, read_profile};
    use super::*;

    fn answers() -> Answers {
        let mut answers = Answers::new("uat").unwrap();
        for (key, answer) in [
            ("base-url", "https://EKPAYOUT-uat.enkash.in/"),
            ("environment", "uat"),
            ("company-id", "CEK1234567"),
            ("seller-id", " "),
            ("client-id", "my-client"),
            ("username", "o'neil \"x\"@example.com"),
            ("password-command", "pass show 'a b'"),
        ] {
            answers.give(key, answer).unwrap();
        }
        answers
    }

    fn shown(file: &ProfileFile, key: &str) -> Option<String> {
        file.value(key).map(|(given, _)| given.shown())
    }

    #[test]
    fn a_new_file_has_the_answers_in_force_and_every_other_key_explained() {
        let text = answers().file();
        let file = read_profile(&text, Path::new("arload.toml"), Place::Named, None).unwrap();
        assert_eq!(file.name, "uat");
        assert_eq!(shown(&file, "base-url").as_deref(), Some("https://ekpayout-uat.enkash.in"));
        assert_eq!(shown(&file, "username").as_deref(), Some("o'neil \"x\"@example.com"));
        assert_eq!(shown(&file, "password-command").as_deref(), Some("set"));
        assert_eq!(shown(&file, "seller-id"), None);
        assert_eq!(text.lines().count(), TEMPLATE.lines().count());
        assert!(text.contains("#[profiles.uat.severity]") && !text.contains("[profiles.default"), "{text}");
        let plain = Answers::new("default").unwrap();
        assert!(plain.is_empty());
        assert_eq!(plain.file(), TEMPLATE);
    }

    #[test]
    fn a_profile_can_stand_at_the_end_of_a_file_that_exists() {
        let mut live = Answers::new("live").unwrap();
        live.give("company-id", "CEK7654321").unwrap();
        let text = format!("{}{}", answers().file(), live.table());
        let file = read_profile(&text, Path::new("arload.toml"), Place::Named, Some("live")).unwrap();
        assert_eq!(file.profiles, ["live", "uat"]);
        assert_eq!(shown(&file, "company-id").as_deref(), Some("CEK7654321"));
    }

    #[test]
    fn answers_are_checked_as_settings_are() {
        let mut answers = Answers::new("default").unwrap();
        for (key, answer) in
            [("base-url", "http://example.com"), ("company-id", "12"), ("seller-id", "KC12"), ("rate", "5/s")]
        {
            answers.give(key, answer).expect_err(key);
        }
        for name in ["", "a b", "x.y", "\u{e9}"] {
            Answers::new(name).expect_err(name);
        }
        assert_eq!(host_of("UAT"), Some("https://ekpayout-uat.enkash.in"));
        assert_eq!(host_of("test"), None);
        if cfg!(unix) {
            assert_eq!(command_for_file("a'b"), r"cat 'a'\''b'");
        }
    }
}
