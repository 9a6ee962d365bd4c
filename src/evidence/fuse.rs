//! A place to write to that lets everything pass once it has failed.
//!
//! Owns nothing but that. A zip archive that is given up writes its end all the same, and says on standard error that it
//! could not. The one rule: the first failure is always told to whoever wrote, and nothing is written after it.

use std::io::{self, Seek, SeekFrom, Write};

/// What is written to, until it fails.
pub(super) struct Fuse<W> {
    to: W,
    blown: bool,
}

impl<W> Fuse<W> {
    pub(super) fn new(to: W) -> Self {
        Self { to, blown: false }
    }

    fn try_it<T>(&mut self, otherwise: T, step: impl FnOnce(&mut W) -> io::Result<T>) -> io::Result<T> {
        if self.blown {
            return Ok(otherwise);
        }
        let result = step(&mut self.to);
        self.blown = result.as_ref().is_err_and(|error| error.kind() != io::ErrorKind::Interrupted);
        result
    }
}

impl<W: Write> Write for Fuse<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.try_it(bytes.len(), |to| to.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.try_it((), Write::flush)
    }
}

impl<W: Seek> Seek for Fuse<W> {
    fn seek(&mut self, place: SeekFrom) -> io::Result<u64> {
        self.try_it(0, |to| to.seek(place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes three bytes.
    struct Small(Vec<u8>);

    impl Write for Small {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.0.len() + bytes.len() > 3 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.0.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_first_failure_is_told_and_what_comes_after_it_goes_nowhere() {
        let mut fuse = Fuse::new(Small(Vec::new()));
        fuse.write_all(b"abc").unwrap();
        assert_eq!(fuse.write_all(b"d").unwrap_err().kind(), io::ErrorKind::StorageFull);
        fuse.write_all(b"the end of an archive").unwrap();
        fuse.flush().unwrap();
        assert_eq!(fuse.to.0, b"abc");
    }
}
