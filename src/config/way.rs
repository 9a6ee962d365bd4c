//! The flags that lead another command to the ledger and account of these settings.
//!
//! Pages are read by people who did not type the command, perhaps days later and in another folder. So the profile is
//! always named where a settings file holds it, and paths are whole. The rule: what came from the environment is not
//! repeated, because secrets and addresses that stand there have to stand there again anyway.

use super::Target;
use super::given::{Given, Source};
use super::sources::Sources;

/// The flags, each with a blank before it; empty where a command needs none.
pub(super) fn flags(sources: &Sources<'_>, target: &Target) -> String {
    let mut flags = String::new();
    if *target == Target::Sandbox {
        flags.push_str(" --sandbox");
    }
    if let Some(file) = sources.file.filter(|file| file.profiles.contains(&file.name)) {
        push(&mut flags, "profile", &file.name);
    }
    if let Some(config) = &sources.flags.config {
        push(&mut flags, "config", &whole(&config.to_string_lossy()));
    }
    if let Some(state) = by_flag(sources, "state") {
        push(&mut flags, "state", &whole(&state));
    }
    if let Some(ledger) = by_flag(sources, "ledger").filter(|_| *target != Target::Sandbox) {
        push(&mut flags, "ledger", &ledger);
    }
    // With the sandbox an address says nothing.
    if let Some(base_url) = by_flag(sources, "base-url").filter(|_| *target != Target::Sandbox) {
        push(&mut flags, "base-url", &base_url);
    }
    flags
}

fn by_flag(sources: &Sources<'_>, key: &str) -> Option<String> {
    match sources.find(key)? {
        (Given::Text(text), Source::Flag(_)) => Some(text),
        _ => None,
    }
}

fn whole(path: &str) -> String {
    std::path::absolute(path).map_or_else(|_| path.to_owned(), |whole| whole.to_string_lossy().into_owned())
}

fn push(flags: &mut String, flag: &str, value: &str) {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:@+".contains(c);
    let quote = if !value.is_empty() && value.chars().all(is_plain) { "" } else { "\"" };
    flags.extend([" --", flag, " ", quote, value, quote]);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::super::file::{Place, read_profile};
    use super::super::given::FlagValues;
    use super::*;

    #[test]
    fn a_command_is_led_to_the_same_profile_ledger_and_address() {
        let server = Target::Server("https://api.example.com".to_owned());
        let file = |text: &str| read_profile(text, Path::new("arload.toml"), Place::Here, Some("live")).ok();
        let live = || file("[profiles.live]\nstate = \"/srv/of-the-file\"\n");
        let (state, address) = (("state", "/srv/ar load"), ("base-url", "https://api.example.com"));
        for (file, target, given, wanted) in [
            (None, &server, &[][..], ""),
            (None, &Target::Sandbox, &[address], " --sandbox"),
            (live(), &server, &[], " --profile live"),
            (live(), &Target::Sandbox, &[state], " --sandbox --profile live --state \"/srv/ar load\""),
            (None, &server, &[address], " --base-url https://api.example.com"),
        ] {
            let mut flags = FlagValues::default();
            for (key, value) in given {
                flags.text(key, Some((*value).to_owned()));
            }
            let environment = BTreeMap::from([("ARLOAD_STATE".to_owned(), "/srv/of-the-environment".to_owned())]);
            let sources = Sources { flags: &flags, environment: &environment, file: file.as_ref() };
            assert_eq!(super::flags(&sources, target), wanted);
        }
        assert!(whole("books").ends_with("books") && Path::new(&whole("books")).is_absolute());
    }
}
