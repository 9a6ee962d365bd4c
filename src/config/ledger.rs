//! Where the ledger is when it is not a file: a database, and where the password of its role comes from.
//!
//! The rule: the password is fetched when the database is opened and not before, so that looking at settings touches nothing.

use super::Target;
use super::error::ConfigError;
use super::given::Source;
use super::secret::{self, Located};
use super::sources::Sources;
use crate::ledger::postgres::place::Place;

/// A database that holds the ledger.
#[derive(Debug, Clone)]
pub struct SharedLedger {
    place: Place,
    password: Option<Located>,
}

impl SharedLedger {
    /// The database, without a password.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The database with the password of its role, which is fetched now; none where nobody gives one.
    pub fn with_password(&self) -> Result<Place, ConfigError> {
        let place = self.place.clone();
        match &self.password {
            // Who else can read the file that it stands in is said when secrets of the account are fetched.
            Some(located) => Ok(place.with_password(&located.fetch(&mut Vec::new())?)),
            None => Ok(place),
        }
    }

    pub(super) fn password(&self) -> Option<&Located> {
        self.password.as_ref()
    }
}

pub(super) fn read(sources: &Sources<'_>, target: &Target) -> Result<Option<SharedLedger>, ConfigError> {
    let place = sources.read("ledger", |text| Place::parse(text.trim()).map_err(|error| error.to_string()))?;
    let Some(place) = place else { return Ok(None) };
    if *target == Target::Sandbox {
        // The stand-in lives in one process, and so does its ledger; a profile's is left alone.
        return match sources.find("ledger") {
            Some((_, Source::Flag(_))) => Err(ConfigError::Contradiction {
                what: "--sandbox has a ledger of its own, which no other process shares".to_owned(),
                hint: "leave --ledger out, or start \"arload sandbox\" and name it with --base-url".to_owned(),
            }),
            _ => Ok(None),
        };
    }
    Ok(Some(SharedLedger { place, password: secret::locate(sources, "ledger-password")? }))
}
