//! What is unpacked while it is surveyed, kept in a private file, so that it is unpacked once.
//!
//! Leaves unpacking and its limits to [`super::wrapping`]. The file has no name and vanishes with the process. The one rule:
//! what is handed on is all of it, byte for byte; where it was not read to its end, or could not be kept, there is
//! nothing to hand on, and it is unpacked again.

use std::fs::File;
use std::io::{self, Read, Seek, Write};

/// Limit: what goes on past it is unpacked again.
const MAX_BYTES: u64 = 4 * 1024 * 1024 * 1024;

/// Bytes that are kept while they are read.
pub(super) struct Kept<R> {
    bytes: R,
    /// None once something could not be written.
    copy: Option<File>,
    /// What may still be kept.
    left: u64,
    ended: bool,
}

impl<R: Read> Kept<R> {
    /// Keeps what is read from now on.
    pub(super) fn of(bytes: R) -> Self {
        Self { bytes, copy: tempfile::tempfile().ok(), left: MAX_BYTES, ended: false }
    }

    /// All that was read, from its beginning.
    pub(super) fn whole(self) -> Option<File> {
        let mut copy = self.copy.filter(|_| self.ended)?;
        copy.rewind().ok()?;
        Some(copy)
    }
}

impl<R: Read> Read for Kept<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.bytes.read(buffer)?;
        self.ended |= count == 0 && !buffer.is_empty();
        if let Some(copy) = &mut self.copy {
            let left = self.left.checked_sub(count as u64);
            // A full disk is no fault of the sheet.
            if left.is_none() || copy.write_all(&buffer[..count]).is_err() {
                self.copy = None;
            }
            self.left = left.unwrap_or(0);
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_to_its_end_is_handed_on_whole() {
        for length in [0, 1, 300_000] {
            let bytes: Vec<u8> = (0..length).map(|at| at as u8).collect();
            let mut kept = Kept::of(&bytes[..]);
            io::copy(&mut kept, &mut io::sink()).unwrap();
            let mut found = Vec::new();
            kept.whole().unwrap().read_to_end(&mut found).unwrap();
            assert!(found == bytes, "{length}");
        }
    }

    #[test]
    fn what_was_left_before_its_end_or_not_kept_is_not_handed_on() {
        let mut kept = Kept::of(&b"12345"[..]);
        kept.read_exact(&mut [0; 5]).unwrap();
        assert!(kept.whole().is_none());

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "").unwrap();
        for (copy, left) in [(File::open(&path).unwrap(), MAX_BYTES), (tempfile::tempfile().unwrap(), 4)] {
            let mut full = Kept { bytes: &b"12345"[..], copy: Some(copy), left, ended: false };
            let mut found = String::new();
            full.read_to_string(&mut found).unwrap();
            assert_eq!(found, "12345");
            assert!(full.whole().is_none());
        }
    }
}
