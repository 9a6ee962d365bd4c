//! The bytes of a file, unpacked on the way where it is a gzip file or a zip archive of one member.
//!
//! Owns unpacking and its limits. Leaves the look into an archive's table to [`super::archive`]. The one rule: what is
//! unpacked is bounded and checked to its end; a stream that ends early, goes on or does not match is an error.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use flate2::bufread::GzDecoder;
use flate2::{Crc, read::DeflateDecoder};
use tempfile::{NamedTempFile, TempPath};

/// Limit: whatever the archive's own size.
const MAX_BYTES: u64 = 4 * 1024 * 1024 * 1024;
/// Limit: what any archive may unpack to, however small it is.
const LEAST_MAX_BYTES: u64 = 32 * 1024 * 1024;
/// Limit: sheets shrink some tenfold; only text made to do harm shrinks so much more.
const MAX_RATIO: u64 = 100;

/// Packed bytes read at a time.
const PACKED_PIECE: usize = 64 * 1024;

/// How a file's bytes are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrapping {
    /// Not at all.
    Plain,
    /// Gzip members, one after the other.
    Gzip,
    /// The one member of a zip archive.
    Zip(Member),
}

impl Wrapping {
    /// What a note calls it; none where nothing is packed.
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Gzip => Some("gzip"),
            Self::Zip(_) => Some("zip"),
        }
    }
}

/// Where a member of a zip archive stands and what its table says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Member {
    /// The first byte of its data.
    pub(super) start: u64,
    /// Bytes it takes in the archive.
    pub(super) packed: u64,
    /// Bytes it unpacks to.
    pub(super) bytes: u64,
    /// The checksum of those.
    pub(super) crc: u32,
    /// Whether it is deflated, not stored.
    pub(super) deflated: bool,
}

/// A file's bytes as they were before packing.
pub(super) struct Bytes {
    inner: Inner,
    read: u64,
    limit: u64,
}

enum Inner {
    Plain(File),
    /// None once the last member has ended.
    Gzip(Option<Box<GzDecoder<BufReader<File>>>>),
    Stored(io::Take<File>, Check),
    Deflated(Box<DeflateDecoder<io::Take<File>>>, Check),
}

/// What a zip member must come out as.
struct Check {
    member: Member,
    crc: Crc,
}

impl Bytes {
    /// Opens the file at its beginning.
    pub(super) fn open(path: &Path, wrapping: Wrapping) -> io::Result<Self> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        let limit = length.saturating_mul(MAX_RATIO).clamp(LEAST_MAX_BYTES, MAX_BYTES);
        let (inner, limit) = match wrapping {
            Wrapping::Plain => (Inner::Plain(file), u64::MAX),
            Wrapping::Gzip => {
                (Inner::Gzip(Some(Box::new(GzDecoder::new(BufReader::with_capacity(PACKED_PIECE, file))))), limit)
            }
            Wrapping::Zip(member) => return Self::of_member(file, member, limit),
        };
        Ok(Self { inner, read: 0, limit })
    }

    /// The bytes of one member of an archive, at most `limit` of them.
    pub(super) fn of_member(mut file: File, member: Member, limit: u64) -> io::Result<Self> {
        file.seek(SeekFrom::Start(member.start))?;
        let (data, check) = (file.take(member.packed), Check { member, crc: Crc::new() });
        let inner = if member.deflated {
            Inner::Deflated(Box::new(DeflateDecoder::new(data)), check)
        } else {
            Inner::Stored(data, check)
        };
        Ok(Self { inner, read: 0, limit })
    }

    /// Unpacks everything into a private file, which is removed when dropped.
    pub(super) fn unpack(mut self) -> io::Result<TempPath> {
        let mut file = NamedTempFile::with_prefix("arload-")?;
        io::copy(&mut self, &mut file)?;
        Ok(file.into_temp_path())
    }
}

impl Read for Bytes {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match &mut self.inner {
            Inner::Plain(file) => return file.read(buffer),
            Inner::Gzip(decoder) => read_members(decoder, buffer)?,
            Inner::Stored(data, check) => {
                let count = data.read(buffer)?;
                check.take(&buffer[..count], buffer.is_empty())?
            }
            Inner::Deflated(decoder, check) => {
                let count = decoder.read(buffer)?;
                check.take(&buffer[..count], buffer.is_empty())?
            }
        };
        self.read += count as u64;
        if self.read > self.limit {
            let message = format!("it unpacks to more than {} MiB", self.limit / 1024 / 1024);
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
        }
        Ok(count)
    }
}

/// Reads on in a gzip file: members follow each other as one text, and zeros behind the last are padding of a tape.
fn read_members(decoder: &mut Option<Box<GzDecoder<BufReader<File>>>>, buffer: &mut [u8]) -> io::Result<usize> {
    while let Some(mut member) = decoder.take() {
        let count = member.read(buffer)?;
        if count > 0 || buffer.is_empty() {
            *decoder = Some(member);
            return Ok(count);
        }
        let mut rest = member.into_inner();
        let start = rest.fill_buf()?.first().copied();
        if start == Some(0x1f) {
            *decoder = Some(Box::new(GzDecoder::new(rest)));
            continue;
        }
        loop {
            let padding = rest.fill_buf()?;
            if padding.is_empty() {
                break;
            }
            if padding.iter().any(|byte| *byte != 0) {
                return Err(damaged("something follows its compressed data"));
            }
            let length = padding.len();
            rest.consume(length);
        }
    }
    Ok(0)
}

impl Check {
    /// Counts what was unpacked; nothing more is the end, where everything must match.
    fn take(&mut self, bytes: &[u8], is_idle: bool) -> io::Result<usize> {
        self.crc.update(bytes);
        let is_end = bytes.is_empty() && !is_idle;
        if is_end && (self.crc.sum() != self.member.crc || self.crc.amount() != self.member.bytes as u32) {
            return Err(damaged("what was unpacked does not match the archive's table"));
        }
        Ok(bytes.len())
    }
}

fn damaged(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn unpacked(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv.gz");
        std::fs::write(&path, bytes).unwrap();
        let mut text = Vec::new();
        Bytes::open(&path, Wrapping::Gzip)?.read_to_end(&mut text)?;
        Ok(text)
    }

    #[test]
    fn a_gzip_file_is_read_whole_or_refused() {
        let packed = gzip(b"a,b\n1,2\n");
        assert_eq!(unpacked(&packed).unwrap(), b"a,b\n1,2\n");
        for bad in [
            &packed[..packed.len() - 3],
            &[&packed[..], &packed[..9]].concat(),
            &[&packed[..], b"x"].concat(),
            &[&packed[..], b"\0\0x"].concat(),
        ] {
            assert!(unpacked(bad).is_err());
        }
        assert_eq!(unpacked(&[&packed[..], &gzip(b"3,4\n")].concat()).unwrap(), b"a,b\n1,2\n3,4\n");
        assert_eq!(unpacked(&[&packed[..], &[0; 500]].concat()).unwrap(), b"a,b\n1,2\n");
        let mut flipped = packed.clone();
        *flipped.last_mut().unwrap() ^= 1;
        assert!(unpacked(&flipped).is_err());
    }

    #[test]
    fn what_unpacks_to_far_too_much_is_stopped() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        io::copy(&mut io::repeat(b'a').take(LEAST_MAX_BYTES + 1), &mut encoder).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv.gz");
        std::fs::write(&path, encoder.finish().unwrap()).unwrap();
        let mut bytes = Bytes::open(&path, Wrapping::Gzip).unwrap();
        let error = io::copy(&mut bytes, &mut io::sink()).unwrap_err();
        assert_eq!(error.to_string(), "it unpacks to more than 32 MiB");
    }
}
