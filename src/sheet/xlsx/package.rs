//! The parts of a workbook's archive, found by name and unpacked within limits.
//!
//! Reads no XML. Names differ neither by case nor by the kind of slash, as packages have it. The one rule: what a part
//! unpacks to is counted while it is unpacked and never believed from the archive's table.

use std::cell::Cell;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::Problem;
use super::utf16::Decoded;
use crate::finding::quote;
use crate::sheet::archive;
use crate::sheet::wrapping::Bytes;

/// Limit: parts together may unpack to this many times the archive; sheets shrink some tenfold.
const MAX_RATIO: u64 = 400;
/// Limit: of a small archive all parts together may unpack to this much, of any archive to the second.
const TOTAL_BYTES: (u64, u64) = (1 << 30, 1 << 38);

/// What a part is, as far as its limits go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A list of sheets or relations.
    Index,
    /// Number formats of all cells.
    Styles,
    /// Shared texts, which stay in memory.
    Strings,
    /// Rows.
    Sheet,
}

impl Kind {
    /// Limit: bytes of such a part in an archive of some length; a ratio alone would refuse honest small archives.
    fn limit(self, length: u64) -> u64 {
        let (ratio, least, most) = match self {
            Self::Index => (0, 16 << 20, 16 << 20),
            Self::Styles => (0, 64 << 20, 64 << 20),
            Self::Strings => (100, 64 << 20, 2 << 30),
            // A sheet is streamed, so that its own length is no harm.
            Self::Sheet => (100, 128 << 20, 1 << 40),
        };
        length.saturating_mul(ratio).clamp(least, most)
    }
}

/// An archive that holds a workbook.
pub(super) struct Package {
    path: PathBuf,
    length: u64,
    members: HashMap<String, archive::Entry>,
    left: Cell<u64>,
}

impl Package {
    /// Opens the archive and reads its table of contents.
    pub(super) fn open(path: &Path) -> Result<Self, Problem> {
        let mut handle = File::open(path)?;
        let length = handle.metadata()?.len();
        let entries = archive::contents(&mut handle)?;
        let entries = entries.ok_or_else(|| Problem::broken("it ends too early, as a broken download does"))?;
        if let Some(trick) = archive::trick(&entries) {
            return Err(Problem::Broken(trick));
        }
        let members = entries.into_iter().map(|entry| (normal(&entry.name), entry)).collect();
        let left = Cell::new(total_limit(length));
        Ok(Self { path: path.to_owned(), length, members, left })
    }

    /// Bytes of the archive.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Opens a part; none if there is no such part.
    pub(super) fn part(&self, name: &str, kind: Kind) -> Result<Option<Part>, Problem> {
        let Some(entry) = self.members.get(&normal(name)) else { return Ok(None) };
        let mut handle = File::open(&self.path)?;
        let member = archive::member(&mut handle, entry)?.map_err(Problem::Broken)?;
        let limit = kind.limit(self.length);
        self.charge(member.bytes.min(limit))?;
        let bytes = Bytes::of_member(handle, member, u64::MAX)?;
        let unpacked = Unpacked { name: entry.name.clone(), bytes, read: 0, limit, stated: member.bytes };
        Ok(Some(Decoded::new(unpacked)))
    }

    /// The same for a part that must be there.
    pub(super) fn needed_part(&self, name: &str, kind: Kind) -> Result<Part, Problem> {
        let part = self.part(name, kind)?;
        part.ok_or_else(|| Problem::Broken(format!("its part {} is missing", quote(name))))
    }

    /// Takes a part's bytes from what all parts may have together.
    fn charge(&self, bytes: u64) -> Result<(), Problem> {
        let total = || format!("its parts together unpack to more than {} MiB", total_limit(self.length) >> 20);
        let left = self.left.get().checked_sub(bytes).ok_or_else(|| Problem::Broken(total()))?;
        self.left.set(left);
        Ok(())
    }
}

fn total_limit(length: u64) -> u64 {
    length.saturating_mul(MAX_RATIO).clamp(TOTAL_BYTES.0, TOTAL_BYTES.1)
}

/// A part's name as packages compare it.
pub(super) fn normal(name: &str) -> String {
    archive::plain_name(name).to_ascii_lowercase()
}

/// One part being unpacked, as UTF-8.
pub(super) type Part = Decoded<Unpacked>;

/// One part being unpacked.
pub(super) struct Unpacked {
    name: String,
    bytes: Bytes,
    read: u64,
    limit: u64,
    /// What the archive's table says that it has.
    stated: u64,
}

impl Read for Unpacked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let named =
            |source: io::Error| io::Error::new(source.kind(), format!("its part {}: {source}", quote(&self.name)));
        let count = self.bytes.read(buffer).map_err(named)?;
        self.read += count as u64;
        if self.read > self.limit {
            let message = format!("its part {} unpacks to more than {} MiB", quote(&self.name), self.limit >> 20);
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
        }
        if self.read > self.stated {
            let message = format!("its part {} unpacks to more than the archive's table says", quote(&self.name));
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        Ok(count)
    }
}
