//! Bytes of a text file made into UTF-8, a piece at a time.
//!
//! Owns the choice of encoding (byte order mark, then validity of the whole file, then Windows-1252) and the dropping
//! of NUL bytes. Leaves lines and cells to [`super::text`]. The one rule: nothing is decoded wrongly in silence; a
//! guess is named in a note and replaced bytes are told to the caller.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::error::SheetError;

/// Limit: large enough that system calls do not count, small enough for many sheets at once.
const PIECE: usize = 128 * 1024;

/// What the first bytes of a text file say.
const HEAD: usize = 64 * 1024;

/// A text file on its way to UTF-8.
pub(super) struct Decoder {
    file: File,
    state: encoding_rs::Decoder,
    piece: Vec<u8>,
    ended: bool,
    /// The encoding used.
    pub(super) encoding: &'static Encoding,
    /// Whether the encoding is a guess that deserves a note.
    pub(super) guessed: bool,
    /// Whether undecodable bytes were, or may yet be, replaced.
    pub(super) lossy: bool,
    /// NUL characters dropped so far.
    pub(super) nuls: u64,
}

impl Decoder {
    /// Opens a text file and settles its encoding; `forced` is a WHATWG label over what is detected.
    pub(super) fn open(path: &Path, file: &str, forced: Option<&str>) -> Result<Self, SheetError> {
        let reading = |source| SheetError::reading(file, source);
        let mut handle = File::open(path).map_err(reading)?;
        let choice = match forced {
            Some(label) => Choice::forced(label)?,
            None => Choice::detect(&mut handle).map_err(reading)?,
        };
        handle.seek(SeekFrom::Start(0)).map_err(reading)?;
        Ok(Self {
            file: handle,
            state: choice.encoding.new_decoder_with_bom_removal(),
            piece: vec![0; PIECE],
            ended: false,
            encoding: choice.encoding,
            guessed: choice.guessed,
            lossy: choice.lossy,
            nuls: 0,
        })
    }

    /// Appends the next piece of text; false once everything was read.
    pub(super) fn fill(&mut self, window: &mut String) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        let count = read_some(&mut self.file, &mut self.piece)?;
        self.ended = count == 0;
        let old = window.len();
        let room = self.state.max_utf8_buffer_length(count).unwrap_or(4 * PIECE);
        window.reserve(room);
        let (_, _, replaced) = self.state.decode_to_string(&self.piece[..count], window, self.ended);
        self.lossy |= replaced;
        self.drop_nuls(window, old);
        Ok(true)
    }

    fn drop_nuls(&mut self, window: &mut String, old: usize) {
        if window.as_bytes()[old..].contains(&0) {
            let cleaned: String = window[old..].chars().filter(|character| *character != '\0').collect();
            self.nuls += (window.len() - old - cleaned.len()) as u64;
            window.truncate(old);
            window.push_str(&cleaned);
        }
    }
}

/// Reads the first bytes of a file, at most `HEAD` of them.
pub(super) fn read_head(file: &mut File) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD);
    file.take(HEAD as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// Whether the first bytes belong to no text file in any encoding known here.
#[expect(clippy::naive_bytecount, reason = "64 KiB once a file do not deserve a crate")]
pub(super) fn is_binary(head: &[u8]) -> bool {
    let nuls = head.iter().filter(|byte| **byte == 0).count();
    nuls * 10 > head.len() && utf16(head).is_none()
}

struct Choice {
    encoding: &'static Encoding,
    guessed: bool,
    lossy: bool,
}

impl Choice {
    fn forced(label: &str) -> Result<Self, SheetError> {
        let encoding = Encoding::for_label(label.as_bytes())
            .filter(|encoding| encoding.name() != "replacement")
            .ok_or_else(|| SheetError::UnknownEncoding { label: label.to_owned() })?;
        Ok(Self { encoding, guessed: false, lossy: false })
    }

    fn detect(file: &mut File) -> io::Result<Self> {
        let head = read_head(file)?;
        if let Some(encoding) = utf16(&head) {
            return Ok(Self { encoding, guessed: false, lossy: false });
        }
        file.seek(SeekFrom::Start(0))?;
        let survey = Survey::of(file)?;
        let is_utf8 = survey.bad == 0 || head.starts_with(b"\xef\xbb\xbf") || survey.good >= survey.bad;
        let encoding = if is_utf8 { UTF_8 } else { WINDOWS_1252 };
        Ok(Self { encoding, guessed: !is_utf8, lossy: is_utf8 && survey.bad > 0 })
    }
}

/// UTF-16 by its mark, or by the NULs that Latin text has in every second byte.
fn utf16(head: &[u8]) -> Option<&'static Encoding> {
    if head.starts_with(b"\xff\xfe") {
        return Some(UTF_16LE);
    }
    if head.starts_with(b"\xfe\xff") {
        return Some(UTF_16BE);
    }
    let pairs = head.len() / 2;
    let nuls = |offset: usize| head.iter().skip(offset).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (nuls(0), nuls(1));
    match pairs {
        0 | 1 => None,
        _ if odd * 10 >= pairs * 7 && even * 20 <= pairs => Some(UTF_16LE),
        _ if even * 10 >= pairs * 7 && odd * 20 <= pairs => Some(UTF_16BE),
        _ => None,
    }
}

/// Counts of what a whole file would be as UTF-8.
#[derive(Default)]
struct Survey {
    /// Characters beyond ASCII that are well formed.
    good: u64,
    /// Malformed sequences.
    bad: u64,
}

impl Survey {
    /// Limit: where this many more are bad than good, the rest of the file would not change the answer.
    const ENOUGH: u64 = 10_000;

    fn of(file: &mut File) -> io::Result<Self> {
        let mut survey = Self::default();
        let mut piece = vec![0; PIECE];
        let mut kept = 0;
        loop {
            let count = read_some(file, &mut piece[kept..])?;
            if count == 0 {
                survey.bad += u64::from(kept > 0);
                return Ok(survey);
            }
            let open = survey.count(&piece[..kept + count]);
            piece.copy_within(kept + count - open..kept + count, 0);
            kept = open;
            if survey.bad > survey.good + Self::ENOUGH {
                return Ok(survey);
            }
        }
    }

    /// Counts one piece and says how many bytes of an unfinished character stand at its end.
    fn count(&mut self, mut bytes: &[u8]) -> usize {
        loop {
            if bytes.is_ascii() {
                return 0;
            }
            let error = match std::str::from_utf8(bytes) {
                Ok(text) => {
                    self.add_good(text.as_bytes());
                    return 0;
                }
                Err(error) => error,
            };
            self.add_good(&bytes[..error.valid_up_to()]);
            let Some(length) = error.error_len() else { return bytes.len() - error.valid_up_to() };
            self.bad += 1;
            bytes = &bytes[error.valid_up_to() + length..];
        }
    }

    fn add_good(&mut self, valid: &[u8]) {
        self.good += valid.iter().filter(|byte| **byte >= 0xc0).count() as u64;
    }
}

fn read_some(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match file.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8], forced: Option<&str>) -> (String, &'static str, bool, bool) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, bytes).unwrap();
        let mut decoder = Decoder::open(&path, "a.csv", forced).unwrap();
        let mut text = String::new();
        while decoder.fill(&mut text).unwrap() {}
        (text, decoder.encoding.name(), decoder.guessed, decoder.lossy)
    }

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn encodings_are_told_apart() {
        let marked = |mark: &[u8], rest: &[u8]| [mark, rest].concat();
        let cases: Vec<(Vec<u8>, &str, &str, bool, bool)> = vec![
            (b"a,b".to_vec(), "a,b", "UTF-8", false, false),
            (marked(b"\xef\xbb\xbf", "₹1".as_bytes()), "₹1", "UTF-8", false, false),
            ("₹ é".into(), "₹ é", "UTF-8", false, false),
            (marked(b"\xff\xfe", &utf16("a₹", u16::to_le_bytes)), "a₹", "UTF-16LE", false, false),
            (marked(b"\xfe\xff", &utf16("a₹", u16::to_be_bytes)), "a₹", "UTF-16BE", false, false),
            (utf16("name,amount", u16::to_le_bytes), "name,amount", "UTF-16LE", false, false),
            (utf16("name,amount", u16::to_be_bytes), "name,amount", "UTF-16BE", false, false),
            (b"caf\xe9 \x93x\x94".to_vec(), "café “x”", "windows-1252", true, false),
            (b"\xe2\x82\xb9 ok \xe2\x82".to_vec(), "₹ ok \u{fffd}", "UTF-8", false, true),
            (b"a\0b".to_vec(), "ab", "UTF-8", false, false),
            (Vec::new(), "", "UTF-8", false, false),
        ];
        for (bytes, text, encoding, guessed, lossy) in cases {
            assert_eq!(decode(&bytes, None), (text.to_owned(), encoding, guessed, lossy), "{bytes:?}");
        }
    }

    #[test]
    fn a_forced_encoding_wins_and_an_unknown_one_is_refused() {
        assert_eq!(decode(b"\xe9", Some("latin1")).0, "é");
        assert!(matches!(Choice::forced("klingon"), Err(SheetError::UnknownEncoding { .. })));
    }

    #[test]
    fn a_character_cut_between_pieces_is_whole() {
        let text = format!("{}₹{}", "x".repeat(PIECE - 1), "y".repeat(PIECE));
        assert_eq!(decode(text.as_bytes(), None), (text, "UTF-8", false, false));
    }

    #[test]
    fn binary_is_told_from_text() {
        assert!(is_binary(b"\0\0\0\x01\0\0\0\x02"));
        assert!(!is_binary(b"a,b\0c and some more text"));
        assert!(!is_binary(&utf16("a,b\nc", u16::to_le_bytes)));
        assert!(!is_binary(b""));
    }
}
