//! The ledger that hosts share: where its database is, and the password of its role.
//!
//! The rules: the password goes only to the database that stands beside it, a settings file of the current directory
//! cannot redirect one of the environment, and the sandbox keeps a ledger of its own.

use super::Target;
use super::error::ConfigError;
use super::file::Place as FoundIn;
use super::given::Source;
use super::secret::{self, Located};
use super::sources::{Sources, understand};
use crate::finding::quote;
use crate::ledger::postgres::place::Place;

/// The key of the password.
pub(super) const PASSWORD: &str = "ledger-password";

/// Where the ledger's database is, without its password; none where the ledger is a file.
pub(super) fn place(
    sources: &Sources<'_>,
    target: &Target,
    warnings: &mut Vec<String>,
) -> Result<Option<Place>, ConfigError> {
    let Some(place) = sources.read("ledger", parse)? else { return Ok(None) };
    if *target != Target::Sandbox {
        return Ok(Some(place));
    }
    if let Some((_, source @ Source::Flag(_))) = sources.find("ledger") {
        return Err(ConfigError::Contradiction {
            what: format!("{source}: the sandbox lives in this process, and its ledger cannot be shared"),
            hint: "leave --ledger out to try things out, or start \"arload sandbox\" and name it with --base-url"
                .to_owned(),
        });
    }
    warnings.push("ledger: not used here, because the sandbox keeps a ledger of its own".to_owned());
    Ok(None)
}

fn parse(text: &str) -> Result<Place, String> {
    if !Place::is_one(text.trim()) {
        // What looks like a URL may hold a password.
        let what = if text.contains("://") { "this URL".to_owned() } else { quote(text) };
        return Err(format!(
            "{what} is no database; expected postgres://USER@HOST/DATABASE; a folder is named by --state DIR"
        ));
    }
    Place::parse(text.trim()).map_err(|error| error.to_string())
}

/// The same place with the password of its role, where one is given.
pub(super) fn unlocked(sources: &Sources<'_>, place: Place, warnings: &mut Vec<String>) -> Result<Place, ConfigError> {
    let Some(password) = secret::locate(sources, PASSWORD)? else { return Ok(place) };
    check(sources, &place, &password)?;
    Ok(place.with_password(&password.fetch(warnings)?))
}

/// A password must belong to the database that it would be sent to.
fn check(sources: &Sources<'_>, place: &Place, password: &Located) -> Result<(), ConfigError> {
    let Some((_, named_by)) = sources.find("ledger") else { return Ok(()) };
    let in_file = matches!(named_by, Source::File { .. });
    if password.is_in_environment() {
        let here = sources.file.is_some_and(|file| file.place == FoundIn::Here);
        if !(here && in_file) {
            return Ok(());
        }
        return Err(ConfigError::Contradiction {
            what: format!(
                "{named_by}: ledger leads to {}; a file of the current directory cannot redirect the password from {}",
                place.shown(),
                password.source()
            ),
            hint: "if that database is right, set ARLOAD_LEDGER to it, or name the file with --config".to_owned(),
        });
    }
    let beside = match sources.file_text("ledger") {
        Some((text, source)) => Some(understand("ledger", &text, source, parse)?),
        None => None,
    };
    if beside.as_ref().is_some_and(|beside| beside.shown() == place.shown()) {
        return Ok(());
    }
    let belongs =
        beside.map_or_else(|| "has no ledger beside it".to_owned(), |beside| format!("belongs to {}", beside.shown()));
    Err(ConfigError::Contradiction {
        what: format!(
            "{}: the password {belongs} and is not sent to {} ({named_by})",
            password.source(),
            place.shown()
        ),
        hint: "write ledger beside the password, in a profile of its own for each database".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::super::file::{ProfileFile, read_profile};
    use super::super::given::FlagValues;
    use super::super::layers::{Layers, Purpose, Settled};
    use super::*;

    const PLACE: &str = "postgres://worker@db.example/books";

    fn settled(
        (ledger, sandbox): (Option<&str>, bool),
        variables: &[(&str, &str)],
        file: Option<(FoundIn, &str)>,
        purpose: Purpose,
    ) -> Result<Settled, ConfigError> {
        let mut flags = FlagValues::default();
        flags.text("ledger", ledger.map(str::to_owned));
        flags.switch("sandbox", sandbox);
        let environment: BTreeMap<String, String> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let read = |(found, lines): (FoundIn, &str)| -> ProfileFile {
            read_profile(&format!("[profiles.default]\n{lines}"), Path::new("arload.toml"), found, None).unwrap()
        };
        let file = file.map(read);
        Layers {
            flags: &flags,
            environment: &environment,
            file: file.as_ref(),
            default_state: Path::new("state"),
            purpose,
        }
        .settle()
    }

    #[test]
    fn a_ledger_is_a_database_and_a_folder_has_another_flag() {
        let places =
            |ledger| settled((Some(ledger), false), &[], None, Purpose::Local).map(|it| it.settings.places.ledger);
        assert_eq!(places(PLACE).unwrap().unwrap().shown(), "postgres://worker@db.example:5432/books");
        for (given, words) in [
            ("ledgers/live", "--state DIR"),
            ("mysql://a:hunter2@b/c", "--state DIR"),
            ("postgres://a:hunter2@b/c", "ARLOAD_LEDGER_PASSWORD"),
        ] {
            let refused = places(given).unwrap_err().to_string();
            assert!(refused.contains(words) && !refused.contains("hunter2"), "{refused}");
        }
    }

    #[test]
    fn the_sandbox_keeps_its_own_ledger_and_says_so() {
        let refused = settled((Some(PLACE), true), &[], None, Purpose::Local).unwrap_err().to_string();
        assert!(refused.starts_with("--ledger: the sandbox lives in this process"), "{refused}");
        let kept = settled((None, true), &[("ARLOAD_LEDGER", PLACE)], None, Purpose::Local).unwrap();
        assert!(kept.settings.places.ledger.is_none() && kept.warnings[0].starts_with("ledger: not used"));
    }

    #[test]
    fn its_password_goes_to_the_database_beside_it_and_is_shown_nowhere() {
        let file = format!("ledger = \"{PLACE}\"\nledger-password = \"hunter2\"");
        let lone = "ledger-password = \"hunter2\"";
        let password = &[("ARLOAD_LEDGER_PASSWORD", "hunter2")][..];
        let leads = format!("ledger = \"{PLACE}\"");
        for (flag, variables, file, refused) in [
            (None, &[][..], Some((FoundIn::User, file.as_str())), None),
            (Some(PLACE), &[], Some((FoundIn::User, &file)), None),
            (Some(PLACE), password, None, None),
            (None, password, Some((FoundIn::User, &leads)), None),
            (None, password, Some((FoundIn::Here, &leads)), Some("cannot redirect")),
            (Some("postgres://worker@other.example/books"), &[], Some((FoundIn::User, &file)), Some("belongs to")),
            (Some(PLACE), &[], Some((FoundIn::User, lone)), Some("has no ledger beside it")),
        ] {
            let told = match (settled((flag, false), variables, file, Purpose::Local), refused) {
                (Ok(settled), None) => format!("{settled:?}"),
                (Err(error), Some(words)) if error.to_string().contains(words) => error.to_string(),
                (other, _) => panic!("{flag:?}, {refused:?}: {other:?}"),
            };
            assert!(!told.contains("hunter2"), "{told}");
        }
    }

    #[test]
    fn a_password_is_only_fetched_where_the_ledger_is_opened() {
        let file = format!("ledger = \"{PLACE}\"\nledger-password-command = \"exit 3\"");
        let of = |purpose| settled((None, false), &[], Some((FoundIn::User, &file)), purpose);
        let shown = of(Purpose::Shown).unwrap().shown;
        let command = shown.iter().find(|shown| shown.key == "ledger-password-command").unwrap();
        assert!(command.value.as_deref().is_some_and(|value| value.starts_with("(set, from ")), "{command:?}");
        assert!(matches!(of(Purpose::Local), Err(ConfigError::Secret { .. })));
    }
}
