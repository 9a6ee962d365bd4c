//! The slip that lies with a file in the working folder: its name, and where it goes once that is decided.
//!
//! It is what a later process goes by. The rule: it is written whole before what it tells of begins.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::platform::Beside;

/// The slip's own name; hidden, so that it is no sheet.
const NAME: &str = ".arload-slip.json";

/// What is known of a file in the working folder besides its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Slip {
    /// The file's name.
    pub(super) name: String,
    /// Where it goes; none until that is decided.
    pub(super) place: Option<Place>,
}

/// A decided place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Place {
    /// The folder, from the watched one: `done/2026-11-23`.
    pub(super) folder: PathBuf,
    /// What its names begin with there, instead of the file's own first word.
    pub(super) root: String,
    /// The exit code of its run.
    pub(super) exit: u8,
}

impl Slip {
    /// The slip of a file that is being taken.
    pub(super) fn of(name: &str) -> Slip {
        Slip { name: name.to_owned(), place: None }
    }

    /// The slip in a folder; none where there is none.
    pub(super) fn read(folder: &Path) -> io::Result<Option<Slip>> {
        match fs::read(folder.join(NAME)) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(io::Error::other),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Puts it into a folder.
    pub(super) fn write(&self, folder: &Path) -> io::Result<()> {
        let text = serde_json::to_vec(self).expect("a slip has string keys only");
        let mut file = Beside::create(&folder.join(NAME), true)?;
        file.file().write_all(&text)?;
        file.finish()
    }
}
