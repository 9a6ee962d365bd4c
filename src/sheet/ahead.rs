//! What is packed, unpacked on a thread of its own while what came before it is read.
//!
//! Leaves unpacking to [`super::wrapping`]. The one rule: the bytes, their order and the fault at which they end are the
//! same as without the thread; a thread that ends without a word is a fault, never the end of the file.

use std::io::{self, Read};
use std::mem;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

use super::decode::{PIECE, read_some};

/// Limit: pieces that wait; one being filled and one being read come to it.
const WAITING: usize = 2;
/// A smaller file is unpacked before a thread would be up.
pub(super) const LEAST_BYTES: u64 = 64 * 1024;

/// Bytes that another thread reads.
pub(super) struct Ahead {
    pieces: Receiver<io::Result<Vec<u8>>>,
    /// Where pieces go that were read, to be filled again.
    used: Sender<Vec<u8>>,
    piece: Vec<u8>,
    at: usize,
    ended: bool,
}

impl Ahead {
    /// Begins to read.
    pub(super) fn of(bytes: impl Read + Send + 'static) -> io::Result<Self> {
        let (filled, pieces) = sync_channel(WAITING);
        let (used, empty) = channel();
        // It ends with its file, with a fault, or when nobody takes what it has read.
        thread::Builder::new().name("unpack".to_owned()).spawn(move || fill(bytes, &filled, &empty))?;
        Ok(Self { pieces, used, piece: Vec::new(), at: 0, ended: false })
    }
}

/// Reads pieces and hands them on; an empty one is the end.
fn fill(mut bytes: impl Read, filled: &SyncSender<io::Result<Vec<u8>>>, empty: &Receiver<Vec<u8>>) {
    loop {
        let mut piece = empty.try_recv().unwrap_or_default();
        piece.resize(PIECE, 0);
        let (count, end) = read_full(&mut bytes, &mut piece);
        piece.truncate(count);
        if count > 0 && filled.send(Ok(piece)).is_err() {
            return;
        }
        if let Some(end) = end {
            // Nobody may be there any more to hear of it.
            _ = filled.send(end.map(|()| Vec::new()));
            return;
        }
    }
}

/// Reads until the buffer is full; else says how the bytes ended.
fn read_full(bytes: &mut impl Read, buffer: &mut [u8]) -> (usize, Option<io::Result<()>>) {
    let mut count = 0;
    while count < buffer.len() {
        match read_some(bytes, &mut buffer[count..]) {
            Ok(0) => return (count, Some(Ok(()))),
            Ok(more) => count += more,
            Err(error) => return (count, Some(Err(error))),
        }
    }
    (count, None)
}

impl Read for Ahead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.piece.len() && !self.ended {
            let died = |_| Err(io::Error::other("unpacking it came to an unexpected end"));
            let next = self.pieces.recv().unwrap_or_else(died)?;
            self.ended = next.is_empty();
            // Nobody takes it back once the file was read to its end.
            _ = self.used.send(mem::replace(&mut self.piece, next));
            self.at = 0;
        }
        let rest = &self.piece[self.at..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives `good` bytes in odd pieces, then ends as it is told to.
    struct Source {
        good: usize,
        end: fn() -> io::Result<usize>,
    }

    impl Read for Source {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.good.min(buffer.len()).min(1_001);
            if count == 0 {
                return (self.end)();
            }
            for (byte, left) in buffer[..count].iter_mut().zip((0..self.good).rev()) {
                *byte = left as u8;
            }
            self.good -= count;
            Ok(count)
        }
    }

    #[test]
    fn bytes_read_ahead_are_the_bytes_in_their_order() {
        for good in [0, 1, 1_000, 1_001, 300_000] {
            let mut expected = Vec::new();
            Source { good, end: || Ok(0) }.read_to_end(&mut expected).unwrap();
            let mut found = Vec::new();
            let mut ahead = Ahead::of(Source { good, end: || Ok(0) }).unwrap();
            ahead.read_to_end(&mut found).unwrap();
            assert!(found == expected, "{good}");
            assert_eq!(ahead.read(&mut [0]).unwrap(), 0);
        }
    }

    #[test]
    fn a_fault_comes_behind_all_that_was_read() {
        let mut found = Vec::new();
        let mut ahead = Ahead::of(Source { good: 5_000, end: || Err(io::Error::other("torn")) }).unwrap();
        assert_eq!(ahead.read_to_end(&mut found).unwrap_err().to_string(), "torn");
        assert_eq!(found.len(), 5_000);
        assert!(ahead.read(&mut [0]).is_err());
    }

    #[test]
    fn a_thread_that_ends_without_a_word_is_a_fault() {
        let (filled, pieces) = sync_channel(1);
        let mut ahead = Ahead { pieces, used: channel().0, piece: Vec::new(), at: 0, ended: false };
        filled.send(Ok(vec![1, 2])).unwrap();
        drop(filled);
        assert_eq!(ahead.read(&mut [0; 9]).unwrap(), 2);
        assert!(ahead.read(&mut [0; 9]).is_err());
    }

    struct Endless(#[expect(dead_code, reason = "dropped with the thread")] Sender<()>);

    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            Ok(buffer.len())
        }
    }

    #[test]
    fn a_thread_whose_reader_went_away_ends() {
        let (still_here, gone) = channel::<()>();
        let mut ahead = Ahead::of(Endless(still_here)).unwrap();
        ahead.read_exact(&mut [0; 10]).unwrap();
        drop(ahead);
        assert!(gone.recv().is_err());
    }
}
