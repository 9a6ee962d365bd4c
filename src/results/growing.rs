//! Results of one sheet that grow beside their place while its rows are checked, and are mended where lines change.
//!
//! Nearly all lines of a dry run are known when their rows were checked. Written where they will stand, they need no
//! second copy, which on a large sheet costs as much as checking it. The one rule: until it is put into place it is a
//! temporary file, and of one that nobody takes nothing is left.

use std::fs::File;
use std::io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempPath};

use super::target;
use crate::error::RunError;

/// Bytes that are moved at once.
const PIECE: u64 = 1 << 20;

/// Limit: bytes that the file may grow by when lines change, which wait in memory while the others are moved.
const MOST_GROWTH: u64 = 4 << 20;

/// A file under way.
#[derive(Debug)]
pub(super) struct Growing {
    /// Where it will stand.
    place: PathBuf,
    path: TempPath,
    /// Open while it grows; a run may have more sheets than a process may have open files.
    file: Option<BufWriter<File>>,
    end: u64,
}

/// Other text for a part of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) from: u64,
    pub(super) until: u64,
    pub(super) text: Vec<u8>,
}

/// Whether changes are few enough to be put into the file.
pub(super) fn are_few(changes: &[Change]) -> bool {
    let growth = |change: &Change| (change.text.len() as u64).saturating_sub(change.until - change.from);
    changes.iter().map(growth).sum::<u64>() <= MOST_GROWTH
}

impl Growing {
    /// Begins the file that will stand in this place with its first bytes.
    pub(super) fn begin(place: &Path, head: &[u8]) -> Result<Self, RunError> {
        let file = target::temporary_for(place)?;
        let (file, path) = file.into_parts();
        let file = Some(BufWriter::with_capacity(1 << 18, file));
        let mut growing = Self { place: place.to_owned(), path, file, end: 0 };
        growing.push(head)?;
        Ok(growing)
    }

    /// Appends lines; says where they begin.
    pub(super) fn push(&mut self, lines: &[u8]) -> Result<u64, RunError> {
        let start = self.end;
        let written = self.open().and_then(|file| file.write_all(lines));
        written.map_err(|error| target::failed(&self.place, error))?;
        self.end += lines.len() as u64;
        Ok(start)
    }

    /// Closes the file until it is asked for again.
    pub(super) fn close(&mut self) -> Result<(), RunError> {
        let Some(mut file) = self.file.take() else { return Ok(()) };
        file.flush().map_err(|error| target::failed(&self.place, error))
    }

    fn open(&mut self) -> io::Result<&mut BufWriter<File>> {
        if self.file.is_none() {
            let mut file = File::options().read(true).write(true).open(&self.path)?;
            file.seek(SeekFrom::Start(self.end))?;
            self.file = Some(BufWriter::with_capacity(1 << 18, file));
        }
        Ok(self.file.as_mut().expect("it was just opened"))
    }

    /// A part of what was written; nothing is appended once any was read.
    pub(super) fn bytes(&mut self, start: u64, bytes: usize) -> io::Result<Vec<u8>> {
        let file = self.open()?;
        // Seeking writes out what is buffered first.
        file.seek(SeekFrom::Start(start))?;
        let mut read = vec![0; bytes];
        file.get_mut().read_exact(&mut read)?;
        Ok(read)
    }

    /// The whole file with changes put in, which are in order and do not overlap.
    pub(super) fn finish(mut self, changes: &[Change]) -> Result<NamedTempFile, RunError> {
        let end = self.end;
        let mended = self.open().and_then(|file| {
            file.flush()?;
            put_in(file.get_mut(), changes, end)
        });
        mended.map_err(|error| target::failed(&self.place, error))?;
        let file = self.file.take().expect("it was opened above");
        let file = file.into_inner().map_err(|error| target::failed(&self.place, error.into_error()))?;
        Ok(NamedTempFile::from_parts(file, self.path))
    }
}

/// Puts changes into a file of `end` bytes, moving what stands behind them; what it has no room for yet waits in memory.
fn put_in(file: &mut File, mut changes: &[Change], end: u64) -> io::Result<()> {
    let Some(first) = changes.first() else { return Ok(()) };
    let (mut read, mut written) = (first.from, first.from);
    let mut waiting = Vec::new();
    while read < end {
        let mut until = end.min(read + PIECE);
        let mut inside = changes.partition_point(|change| change.until <= until);
        if let Some(cut) = changes.get(inside).filter(|change| change.from < until) {
            // A part that is replaced is read whole.
            (until, inside) = if cut.from > read { (cut.from, inside) } else { (cut.until, inside + 1) };
        }
        let mut piece = vec![0; (until - read) as usize];
        file.seek(SeekFrom::Start(read))?;
        file.read_exact(&mut piece)?;
        let (here, behind) = changes.split_at(inside);
        let mut kept = 0;
        for change in here {
            waiting.extend_from_slice(&piece[kept..(change.from - read) as usize]);
            waiting.extend_from_slice(&change.text);
            kept = (change.until - read) as usize;
        }
        waiting.extend_from_slice(&piece[kept..]);
        (read, changes) = (until, behind);
        let free = waiting.len().min((read - written) as usize);
        file.seek(SeekFrom::Start(written))?;
        file.write_all(&waiting[..free])?;
        waiting.drain(..free);
        written += free as u64;
    }
    file.seek(SeekFrom::Start(written))?;
    file.write_all(&waiting)?;
    file.set_len(written + waiting.len() as u64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(length: usize, first: u8) -> Vec<u8> {
        (0..length).map(|at| first.wrapping_add((at % 251) as u8)).collect()
    }

    /// The file after changes, each `gap` bytes behind the one before, taking `old` bytes away and putting `new` there.
    fn compare(length: usize, changes: &[(usize, usize, usize)]) {
        let folder = tempfile::tempdir().unwrap();
        let whole = text(length, 0);
        let mut growing = Growing::begin(&folder.path().join("a.results.csv"), &whole[..length / 3]).unwrap();
        growing.close().unwrap();
        assert_eq!(growing.push(&whole[length / 3..]).unwrap(), (length / 3) as u64);
        let (mut at, mut made, mut expected) = (0, Vec::new(), Vec::new());
        for (gap, old, new) in changes {
            let from = (at + gap).min(length);
            let until = (from + old).min(length);
            expected.extend_from_slice(&whole[at..from]);
            let text = text(*new, 128);
            expected.extend_from_slice(&text);
            made.push(Change { from: from as u64, until: until as u64, text });
            at = until;
        }
        expected.extend_from_slice(&whole[at..]);
        assert_eq!(growing.bytes(1, 2).unwrap(), whole[1..3]);
        let file = growing.finish(&made).unwrap();
        assert!(std::fs::read(file.path()).unwrap() == expected, "{length} {changes:?}");
        drop(file);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn changes_of_any_length_are_put_in_wherever_pieces_end() {
        let piece = PIECE as usize;
        for changes in [
            &[][..],
            &[(0, 0, 5)],
            &[(10, 5, 5)],
            &[(piece - 3, 6, 100)],
            &[(piece - 3, 6, 0), (0, 2, 9), (piece, 1, 70_000)],
            &[(0, 2 * piece + 7, 3)],
            &[(5, piece, 2 * piece), (1, 1, 1), (piece - 2, 3, 3)],
        ] {
            compare(3 * piece + 11, changes);
        }
    }

    #[test]
    fn many_changes_that_make_the_file_much_longer_are_not_put_in() {
        let change = |length| Change { from: 0, until: 10, text: vec![0; length] };
        assert!(are_few(&[change(10 + MOST_GROWTH as usize)]));
        assert!(!are_few(&[change(11), change(10 + MOST_GROWTH as usize)]));
    }

    proptest! {
        #[test]
        fn changes_are_put_in_as_a_new_copy_would_have_them(
            length in 3_usize..5_000,
            changes in proptest::collection::vec((0_usize..400, 0_usize..60, 0_usize..200), 0..12),
        ) {
            // What lies behind the end is no part of the file.
            let mut at = 0;
            let within = |(gap, old, _): &(usize, usize, usize)| { at += gap + old; at <= length };
            let changes: Vec<_> = changes.into_iter().take_while(within).collect();
            compare(length, &changes);
        }
    }
}
