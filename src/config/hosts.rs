//! Which host may get which secret.
//!
//! Pure. A profile's secrets go only to the host beside them, a file that lies in the current directory cannot
//! redirect secrets of the environment, and a profile named on the command line is not turned to another host by a
//! variable. The rule: where two sources disagree about the host, nothing is sent.

use super::account::{host, normalise_base_url};
use super::error::ConfigError;
use super::file::Place;
use super::given::Source;
use super::secret::Located;
use super::sources::{Sources, understand};

/// A normalised base URL and who gave it.
type Named = (String, Source);

/// A variable must not contradict a profile named on the command line.
pub(super) fn check_named_profile(sources: &Sources<'_>) -> Result<(), ConfigError> {
    let Some(profile) = &sources.flags.profile else { return Ok(()) };
    let (Some((variable, _)), Some((file, place))) = (in_environment(sources)?, in_file(sources)?) else {
        return Ok(());
    };
    if host(&variable) == host(&file) {
        return Ok(());
    }
    Err(ConfigError::Contradiction {
        what: format!(
            "--profile {profile}: its host is {} ({place}), and ARLOAD_BASE_URL says {}",
            host(&file),
            host(&variable)
        ),
        hint: "unset ARLOAD_BASE_URL, or name the profile of that host".to_owned(),
    })
}

/// Each secret must belong to the host that it would be sent to.
pub(super) fn check_secrets(sources: &Sources<'_>, base_url: &Named, secrets: &[&Located]) -> Result<(), ConfigError> {
    if let Some(secret) = secrets.iter().find(|secret| secret.is_in_environment()) {
        check_redirection(sources, base_url, secret)?;
    }
    let Some(secret) = secrets.iter().find(|secret| !secret.is_in_environment()) else { return Ok(()) };
    let beside = in_file(sources)?;
    if beside.as_ref().is_some_and(|(file, _)| host(file) == host(&base_url.0)) {
        return Ok(());
    }
    let belongs = match beside {
        Some((file, _)) => format!("belongs to {}", host(&file)),
        None => "has no base-url beside it".to_owned(),
    };
    Err(ConfigError::Contradiction {
        what: format!(
            "{}: the secret {belongs} and is not sent to {} ({})",
            secret.source(),
            host(&base_url.0),
            base_url.1
        ),
        hint: "write base-url beside the secret, in a profile of its own for each host, and choose it with --profile"
            .to_owned(),
    })
}

/// A settings file of the current directory may have come along with somebody's sheets.
fn check_redirection(sources: &Sources<'_>, base_url: &Named, secret: &Located) -> Result<(), ConfigError> {
    let here = sources.file.is_some_and(|file| file.place == Place::Here);
    let from_flag = matches!(base_url.1, Source::Flag(_));
    let Some((file, place)) = in_file(sources)?.filter(|_| here && !from_flag) else { return Ok(()) };
    let variable = in_environment(sources)?;
    if variable.as_ref().is_some_and(|(variable, _)| host(variable) == host(&file)) {
        return Ok(());
    }
    let says = match variable {
        Some((variable, _)) => format!("ARLOAD_BASE_URL says {}", host(&variable)),
        None => "ARLOAD_BASE_URL does not confirm it".to_owned(),
    };
    Err(ConfigError::Contradiction {
        what: format!(
            "{place}: base-url leads to {}, {says}; a file of the current directory cannot redirect the secret from {}",
            host(&file),
            secret.source()
        ),
        hint: format!("if that host is right, set ARLOAD_BASE_URL={file}, or name the file with --config"),
    })
}

fn in_environment(sources: &Sources<'_>) -> Result<Option<Named>, ConfigError> {
    named(sources.environment_text("base-url"))
}

fn in_file(sources: &Sources<'_>) -> Result<Option<Named>, ConfigError> {
    named(sources.file_text("base-url"))
}

fn named(found: Option<Named>) -> Result<Option<Named>, ConfigError> {
    let Some((text, source)) = found else { return Ok(None) };
    let base_url = understand("base-url", &text, source.clone(), normalise_base_url)?;
    Ok(Some((base_url, source)))
}
