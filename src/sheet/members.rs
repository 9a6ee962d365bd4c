//! The members of a zip archive that holds no sheet, such as a run's evidence, read within limits.
//!
//! Leaves the table of contents to `archive` and unpacking to `wrapping`. The one rule: the archive is not believed; what
//! could mean two things is refused, and what its members unpack to is counted.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::archive;
use super::wrapping::Bytes;
use crate::finding::quote;

/// Limit: members together may unpack to this many times the archive; lists shrink some tenfold, hashes hardly.
const MAX_RATIO: u64 = 400;
/// Limit: what the members of any archive may unpack to together, however small it is.
const LEAST_TOTAL: u64 = 1 << 30;

/// An archive, opened.
#[derive(Debug)]
pub struct Archive {
    path: PathBuf,
    entries: BTreeMap<String, archive::Entry>,
    /// Bytes that may still be unpacked.
    left: Cell<u64>,
}

impl Archive {
    /// Opens an archive and reads its table of contents; the inner error says why it is not taken.
    pub fn open(path: &Path) -> io::Result<Result<Self, String>> {
        let mut handle = File::open(path)?;
        let length = handle.metadata()?.len();
        let entries = match archive::contents(&mut handle) {
            Ok(Some(entries)) => entries,
            Ok(None) => return Ok(Err("it is no zip archive, or ends too early".to_owned())),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => return Ok(Err(error.to_string())),
            Err(error) => return Err(error),
        };
        if let Some(trick) = archive::trick(&entries) {
            return Ok(Err(trick));
        }
        let entries = entries.into_iter().map(|entry| (entry.name.clone(), entry)).collect();
        let left = Cell::new(length.saturating_mul(MAX_RATIO).max(LEAST_TOTAL));
        Ok(Ok(Self { path: path.to_owned(), entries, left }))
    }

    /// The names of the members, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// The bytes of a member, at most `limit` of them; none if there is no such member.
    pub fn member(&self, name: &str, limit: u64) -> io::Result<Option<MemberBytes>> {
        let Some(entry) = self.entries.get(name) else { return Ok(None) };
        let damaged = |reason: String| io::Error::new(io::ErrorKind::InvalidData, reason);
        let mut handle = File::open(&self.path)?;
        let member = archive::member(&mut handle, entry)?.map_err(damaged)?;
        let limit = limit.min(member.bytes);
        let left = self.left.get().checked_sub(limit);
        let left = left.ok_or_else(|| damaged("its members together unpack to too much".to_owned()))?;
        self.left.set(left);
        if entry.bytes > limit {
            return Err(damaged(format!("its entry {} is larger than {limit} bytes", quote(name))));
        }
        Ok(Some(MemberBytes(Bytes::of_member(handle, member, limit)?)))
    }
}

/// One member being unpacked, checked to its end.
pub struct MemberBytes(Bytes);

impl Read for MemberBytes {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use zip::write::SimpleFileOptions;

    use super::*;

    fn archive(members: &[(&str, &[u8])]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let mut zip = zip::ZipWriter::new(&mut file);
        for (name, bytes) in members {
            zip.start_file(*name, SimpleFileOptions::default().large_file(true)).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap();
        file
    }

    #[test]
    fn members_are_read_within_their_limits() {
        let zeros = vec![0; 1 << 20];
        let file = archive(&[("a", b"alpha"), ("b/1.txt", &zeros)]);
        let archive = Archive::open(file.path()).unwrap().unwrap();
        assert_eq!(archive.names().collect::<Vec<_>>(), ["a", "b/1.txt"]);
        let mut text = String::new();
        archive.member("a", 10).unwrap().unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "alpha");
        assert!(archive.member("c", 10).unwrap().is_none());
        assert!(archive.member("b/1.txt", 1000).is_err());
        let mut all = Vec::new();
        archive.member("b/1.txt", 2 << 20).unwrap().unwrap().read_to_end(&mut all).unwrap();
        assert_eq!(all.len(), 1 << 20);
    }

    #[test]
    fn what_is_no_archive_or_a_trick_is_refused() {
        for (bytes, why) in [(&b""[..], "no zip"), (b"PK\x03\x04 and no end", "no zip"), (b"a,b\n1,2\n", "no zip")] {
            let mut file = tempfile::NamedTempFile::new().unwrap();
            file.write_all(bytes).unwrap();
            assert!(Archive::open(file.path()).unwrap().unwrap_err().contains(why));
        }
        let file = archive(&[("../a", b"x")]);
        assert!(Archive::open(file.path()).unwrap().unwrap_err().contains("leads out"));
    }
}
