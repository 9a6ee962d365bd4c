//! Bytes of a text file made into UTF-8, a piece at a time.
//!
//! Owns decoding, the dropping of NUL bytes, the blanking of other control characters and the repair of text that was
//! decoded twice. Leaves the choice of encoding to [`super::encoding`], lines and cells to [`super::text`]. The one
//! rule: nothing is decoded wrongly in silence; a guess is named in a note and replaced bytes are told to the caller.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use super::KnownBy;
use super::ahead::{self, Ahead};
use super::encoding::{Choice, utf16};
use super::error::SheetError;
use super::kept::Kept;
use super::wrapping::{Bytes, Wrapping};
use crate::config::Reading;

/// Limit: large enough that system calls do not count, small enough for many sheets at once.
pub(super) const PIECE: usize = 128 * 1024;

/// What the first bytes of a text file say.
const HEAD: usize = 64 * 1024;

/// A text file on its way to UTF-8.
pub(super) struct Decoder {
    bytes: Source,
    state: encoding_rs::Decoder,
    /// Decodes once more what was decoded as Windows-1252 before it was saved.
    pub(super) repair: Option<encoding_rs::Decoder>,
    piece: Vec<u8>,
    ended: bool,
    /// A control character that separates the cells.
    kept_control: Option<u8>,
    /// The encoding used.
    pub(super) encoding: &'static Encoding,
    /// How the encoding is known; a guess deserves a note.
    pub(super) known_by: KnownBy,
    /// From where on undecodable bytes were, or may yet be, replaced, in bytes of the text; none so far.
    pub(super) lossy_from: Option<u64>,
    /// NUL characters dropped so far.
    pub(super) nuls: u64,
    /// Where in the text they stood, each place once; the reader takes away those that it has passed.
    pub(super) nul_places: VecDeque<u64>,
    /// Bytes of text handed out.
    given: u64,
}

/// Where a text file's bytes come from.
enum Source {
    Here(Bytes),
    /// From another thread, which unpacks them.
    Ahead(Ahead),
    /// Unpacked already.
    Kept(File),
}

impl Source {
    fn open(path: &Path, wrapping: Wrapping) -> io::Result<Self> {
        let bytes = Bytes::open(path, wrapping)?;
        let is_small = || path.metadata().is_ok_and(|file| file.len() < ahead::LEAST_BYTES);
        if wrapping == Wrapping::Plain || is_small() {
            Ok(Self::Here(bytes))
        } else {
            Ahead::of(bytes).map(Self::Ahead)
        }
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Here(bytes) => bytes.read(buffer),
            Self::Ahead(bytes) => bytes.read(buffer),
            Self::Kept(bytes) => bytes.read(buffer),
        }
    }
}

impl Decoder {
    /// Opens a text file and settles its encoding, unless the settings name one.
    pub(super) fn open(path: &Path, wrapping: Wrapping, file: &str, settings: &Reading) -> Result<Self, SheetError> {
        let reading = |source| SheetError::reading(file, source);
        let open = || Source::open(path, wrapping).map_err(reading);
        let mut unpacked = None;
        let (choice, known_by) = if let Some(label) = settings.encoding.as_deref() {
            (Choice::forced(label)?, KnownBy::Set)
        } else {
            let head = read_head(&mut Bytes::open(path, wrapping).map_err(reading)?).map_err(reading)?;
            let (choice, kept) = survey(&head, open()?).map_err(reading)?;
            unpacked = kept;
            let choice =
                choice.ok_or_else(|| SheetError::Foreign { file: file.to_owned(), format: "a binary file" })?;
            let marked = Encoding::for_bom(&head).is_some();
            let known_by = match choice.guessed {
                true => KnownBy::Guessed,
                false if marked => KnownBy::Declared,
                false => KnownBy::Detected,
            };
            (choice, known_by)
        };
        Ok(Self {
            bytes: unpacked.map_or_else(open, |unpacked| Ok(Source::Kept(unpacked)))?,
            state: choice.encoding.new_decoder_with_bom_removal(),
            repair: choice.garbled.then(|| UTF_8.new_decoder_with_bom_removal()),
            piece: vec![0; PIECE],
            ended: false,
            kept_control: settings.delimiter,
            encoding: choice.encoding,
            known_by,
            lossy_from: choice.lossy.then_some(0),
            nuls: 0,
            nul_places: VecDeque::new(),
            given: 0,
        })
    }

    /// Appends the next piece of text; false once everything was read.
    pub(super) fn fill(&mut self, window: &mut String) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        let count = read_some(&mut self.bytes, &mut self.piece)?;
        self.ended = count == 0;
        let old = window.len();
        let mut replaced = decode(&mut self.state, &self.piece[..count], window, self.ended);
        if let Some(repair) = &mut self.repair {
            let twice = window.split_off(old);
            let (once, _, _) = WINDOWS_1252.encode(&twice);
            replaced |= decode(repair, &once, window, self.ended);
        }
        if replaced {
            self.lossy_from.get_or_insert(self.given);
        }
        self.clean(window, old);
        self.given += (window.len() - old) as u64;
        Ok(true)
    }

    /// Drops NUL characters and makes other control characters spaces, but for tabs and line ends.
    fn clean(&mut self, window: &mut String, old: usize) {
        let kept = self.kept_control;
        let is_control =
            |byte: u8| (byte < b' ' || byte == 0x7f) && !matches!(byte, b'\t' | b'\r' | b'\n') && Some(byte) != kept;
        // Judged by the piece and without a way out in between, which the processor does many bytes at a time.
        let holds_control = |piece: &[u8]| piece.iter().fold(false, |found, byte| found | is_control(*byte));
        if !window.as_bytes()[old..].chunks(256).any(holds_control) {
            return;
        }
        let dirty = window.split_off(old);
        for letter in dirty.chars() {
            match letter {
                '\0' => {
                    self.nuls += 1;
                    let place = self.given + (window.len() - old) as u64;
                    if self.nul_places.back() != Some(&place) {
                        self.nul_places.push_back(place);
                    }
                }
                _ if letter.is_ascii() && is_control(letter as u8) => window.push(' '),
                _ => window.push(letter),
            }
        }
    }
}

/// Settles the encoding, and keeps what had to be unpacked for it.
fn survey(head: &[u8], bytes: Source) -> io::Result<(Option<Choice>, Option<File>)> {
    match bytes {
        Source::Ahead(bytes) => {
            let mut bytes = Kept::of(bytes);
            let choice = Choice::detect(head, &mut bytes)?;
            Ok((choice, bytes.whole()))
        }
        mut bytes => Ok((Choice::detect(head, &mut bytes)?, None)),
    }
}

/// Appends decoded bytes and says whether some were replaced.
fn decode(state: &mut encoding_rs::Decoder, bytes: &[u8], window: &mut String, is_last: bool) -> bool {
    window.reserve(state.max_utf8_buffer_length(bytes.len()).unwrap_or(4 * PIECE));
    let (_, _, replaced) = state.decode_to_string(bytes, window, is_last);
    replaced
}

/// Reads the first bytes of a file, at most `HEAD` of them.
pub(super) fn read_head(bytes: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD);
    bytes.take(HEAD as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// Whether the first bytes belong to no text file in any encoding known here.
pub(super) fn is_binary(head: &[u8]) -> bool {
    const FEW: usize = 4;
    if utf16(head).is_some() {
        return false;
    }
    let share = |of: fn(u8) -> bool| head.iter().filter(|byte| of(**byte)).count();
    let nuls = share(|byte| byte == 0);
    // Those that programs write into text (form feed, escape, end of file, separators) do not count.
    let controls = share(|byte| matches!(byte, 1..=8 | 0x0e..=0x19 | 0x7f));
    nuls * 10 > head.len() || controls >= FEW && controls * 20 > head.len()
}

/// Reads what there is, at most as much as fits; 0 at the end.
pub(super) fn read_some(bytes: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match bytes.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8], forced: Option<&str>) -> (String, &'static str, bool, bool) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, bytes).unwrap();
        let settings = Reading { encoding: forced.map(str::to_owned), ..Reading::default() };
        let mut decoder = Decoder::open(&path, Wrapping::Plain, "a.csv", &settings).unwrap();
        let mut text = String::new();
        while decoder.fill(&mut text).unwrap() {}
        (text, decoder.encoding.name(), decoder.known_by == KnownBy::Guessed, decoder.lossy_from.is_some())
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
            (b"a\0b,c,d,e,f,g".to_vec(), "ab,c,d,e,f,g", "UTF-8", false, false),
            (b"a\x0bb\x0cc\x7f\td".to_vec(), "a b c \td", "UTF-8", false, false),
            ("CafÃ© â‚¹5".into(), "Café ₹5", "UTF-8", false, false),
            ("CafÃ© ₹5".into(), "CafÃ© ₹5", "UTF-8", false, false),
            ("SÃO PAULO".into(), "SÃO PAULO", "UTF-8", false, false),
            (utf16("नाम,राशि\nअमित,५\n", u16::to_le_bytes), "नाम,राशि\nअमित,५\n", "UTF-16LE", false, false),
            (
                encoding_rs::WINDOWS_1251.encode("Клиент,Сумма\nИванов Пётр,5\n").0.into_owned(),
                "Клиент,Сумма\nИванов Пётр,5\n",
                "windows-1251",
                true,
                false,
            ),
            (
                encoding_rs::SHIFT_JIS.encode("請求書番号,顧客,金額\n1,東京商店,5\n").0.into_owned(),
                "請求書番号,顧客,金額\n1,東京商店,5\n",
                "Shift_JIS",
                true,
                false,
            ),
            (Vec::new(), "", "UTF-8", false, false),
        ];
        for (bytes, text, encoding, guessed, lossy) in cases {
            assert_eq!(decoded(&bytes, None), (text.to_owned(), encoding, guessed, lossy), "{bytes:?}");
        }
    }

    #[test]
    fn a_forced_encoding_wins_and_an_unknown_one_is_refused() {
        assert_eq!(decoded(b"\xe9", Some("latin1")).0, "é");
        assert!(matches!(Choice::forced("klingon"), Err(SheetError::UnknownEncoding { .. })));
    }

    #[test]
    fn a_character_cut_between_pieces_is_whole() {
        let text = format!("{}₹{}", "x".repeat(PIECE - 1), "y".repeat(PIECE));
        assert_eq!(decoded(text.as_bytes(), None), (text, "UTF-8", false, false));
    }

    #[test]
    fn binary_is_told_from_text() {
        assert!(is_binary(b"\0\0\0\x01\0\0\0\x02"));
        let noise: Vec<u8> = (0..5000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        assert!(is_binary(&noise));
        assert!(!is_binary(b"a\x0bb\x0c\x1a"));
        assert!(!is_binary(b"a,b\0c and some more text"));
        assert!(!is_binary(&utf16("a,b\nc", u16::to_le_bytes)));
        assert!(!is_binary(b""));
    }
}
