//! Which encoding a text file has.
//!
//! Owns the survey of a whole file: byte order marks, UTF-16 without one, how much of it is UTF-8, whether all of it
//! was UTF-8 decoded as Windows-1252 and saved again, and else the likeliest older encoding. The one rule: what is not
//! certain is called a guess.

use std::io::{self, Read};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::decode::{PIECE, read_some};
use super::error::SheetError;

/// Limit: bytes of text by which older encodings are told apart.
const DETECTED_BYTES: usize = 1024 * 1024;
/// Fewer letters beyond ASCII than this, in bytes, say nothing about an older encoding.
const LEAST_EVIDENCE: usize = 8;

/// The encoding settled on.
pub(super) struct Choice {
    pub(super) encoding: &'static Encoding,
    /// Whether it deserves a note.
    pub(super) guessed: bool,
    /// Whether some bytes will be replaced.
    pub(super) lossy: bool,
    /// Whether all text beyond ASCII was decoded as Windows-1252 once too often.
    pub(super) garbled: bool,
}

impl Choice {
    /// The encoding of this WHATWG label.
    pub(super) fn forced(label: &str) -> Result<Self, SheetError> {
        let encoding = Encoding::for_label(label.as_bytes())
            .filter(|encoding| encoding.name() != "replacement")
            .ok_or_else(|| SheetError::UnknownEncoding { label: label.to_owned() })?;
        Ok(Self::sure(encoding))
    }

    /// The encoding of `bytes`, which begin with `head`; none where more than a tenth of them are NULs, as in no text.
    pub(super) fn detect(head: &[u8], bytes: &mut impl Read) -> io::Result<Option<Self>> {
        if let Some(encoding) = utf16(head) {
            return Ok(Some(Self::sure(encoding)));
        }
        let survey = Survey::of(bytes)?;
        if survey.nuls * 10 > survey.bytes {
            return Ok(None);
        }
        let is_utf8 = survey.bad == 0 || head.starts_with(b"\xef\xbb\xbf") || survey.good >= survey.bad;
        if is_utf8 {
            let garbled = survey.bad == 0 && survey.rounds.is_whole();
            return Ok(Some(Self { encoding: UTF_8, guessed: false, lossy: survey.bad > 0, garbled }));
        }
        let encoding = if survey.evidence < LEAST_EVIDENCE {
            WINDOWS_1252
        } else {
            survey.detector.guess(None, Utf8Detection::Deny)
        };
        Ok(Some(Self { encoding, guessed: true, lossy: false, garbled: false }))
    }

    fn sure(encoding: &'static Encoding) -> Self {
        Self { encoding, guessed: false, lossy: false, garbled: false }
    }
}

/// UTF-16 by its mark, or by the NULs that ASCII characters have in every second byte.
pub(super) fn utf16(head: &[u8]) -> Option<&'static Encoding> {
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
        _ if odd * 10 >= pairs && even == 0 && is_text(UTF_16LE, head) => Some(UTF_16LE),
        _ if even * 10 >= pairs && odd == 0 && is_text(UTF_16BE, head) => Some(UTF_16BE),
        _ => None,
    }
}

/// Whether bytes decode to lines without control characters, as the text of another script does.
fn is_text(encoding: &'static Encoding, head: &[u8]) -> bool {
    let (text, malformed) = encoding.decode_without_bom_handling(&head[..head.len() & !1]);
    let is_control = |letter: char| letter.is_control() && !matches!(letter, '\t' | '\r' | '\n');
    // A pair of surrogates may be cut at the end of what was read.
    let inner = text.trim_end_matches(char::REPLACEMENT_CHARACTER);
    !(malformed && inner.contains(char::REPLACEMENT_CHARACTER))
        && inner.contains(['\n', '\r'])
        && !inner.contains(is_control)
}

/// Whether there is nothing to be counted in a piece: ASCII without NULs, as most pieces are.
fn is_plain(piece: &[u8]) -> bool {
    // Without a way out inside a chunk, which the processor looks at many bytes at a time.
    piece.chunks(512).all(|chunk| chunk.iter().fold(true, |plain, byte| plain & (1..0x80).contains(byte)))
}

/// What a whole file would be in UTF-8, and in older encodings if it is not.
struct Survey {
    /// Characters beyond ASCII that are well formed.
    good: u64,
    /// Malformed sequences.
    bad: u64,
    /// NUL bytes, and all bytes.
    nuls: u64,
    bytes: u64,
    rounds: RoundTrip,
    detector: EncodingDetector,
    detected: usize,
    /// Bytes beyond ASCII that the detector saw.
    evidence: usize,
}

impl Survey {
    /// Limit: where this many more are bad than good, the rest of the file would not change the answer.
    const ENOUGH: u64 = 10_000;

    fn of(bytes: &mut impl Read) -> io::Result<Self> {
        let mut survey = Self {
            good: 0,
            bad: 0,
            nuls: 0,
            bytes: 0,
            rounds: RoundTrip::default(),
            detector: EncodingDetector::new(Iso2022JpDetection::Deny),
            detected: 0,
            evidence: 0,
        };
        let mut piece = vec![0; PIECE];
        let mut kept = 0;
        let mut is_start = true;
        loop {
            let count = read_some(bytes, &mut piece[kept..])?;
            if count == 0 {
                survey.bad += u64::from(kept > 0);
                return Ok(survey);
            }
            survey.bytes += count as u64;
            if kept == 0 && survey.rounds.open.is_empty() && is_plain(&piece[..count]) {
                is_start = false;
                continue;
            }
            survey.detect(&piece[kept..kept + count]);
            survey.nuls += memchr::memchr_iter(0, &piece[kept..kept + count]).count() as u64;
            let mark = if is_start && piece.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
            is_start = false;
            let open = survey.count(&piece[mark..kept + count]);
            piece.copy_within(kept + count - open..kept + count, 0);
            kept = open;
            if survey.bad > survey.good + Self::ENOUGH {
                return Ok(survey);
            }
        }
    }

    fn detect(&mut self, bytes: &[u8]) {
        if self.detected < DETECTED_BYTES && !bytes.is_ascii() {
            self.detector.feed(bytes, false);
            self.detected += bytes.len();
            self.evidence += bytes.iter().filter(|byte| !byte.is_ascii()).count();
        }
    }

    /// Counts one piece and says how many bytes of an unfinished character stand at its end.
    fn count(&mut self, mut bytes: &[u8]) -> usize {
        loop {
            let error = match std::str::from_utf8(bytes) {
                Ok(text) => {
                    self.add_good(text);
                    return 0;
                }
                Err(error) => error,
            };
            let (valid, rest) = bytes.split_at(error.valid_up_to());
            self.add_good(std::str::from_utf8(valid).unwrap_or_default());
            let Some(length) = error.error_len() else { return rest.len() };
            self.bad += 1;
            bytes = &rest[length..];
        }
    }

    fn add_good(&mut self, text: &str) {
        if text.is_ascii() && self.rounds.open.is_empty() {
            return;
        }
        self.good += text.bytes().filter(|byte| *byte >= 0xc0).count() as u64;
        self.rounds.add(text);
    }
}

/// Whether text, encoded as Windows-1252, is UTF-8 from end to end.
#[derive(Default)]
struct RoundTrip {
    failed: bool,
    /// Characters beyond ASCII that came out.
    characters: u64,
    /// An unfinished character at the end.
    open: Vec<u8>,
}

impl RoundTrip {
    fn add(&mut self, text: &str) {
        if self.failed {
            return;
        }
        let (bytes, _, unmappable) = WINDOWS_1252.encode(text);
        let mut all = std::mem::take(&mut self.open);
        all.extend_from_slice(&bytes);
        let valid = match std::str::from_utf8(&all) {
            Ok(_) => all.len(),
            Err(error) => {
                self.failed = error.error_len().is_some();
                error.valid_up_to()
            }
        };
        self.failed |= unmappable;
        self.characters += all[..valid].iter().filter(|byte| **byte >= 0xc0).count() as u64;
        self.open = all.split_off(valid);
    }

    fn is_whole(&self) -> bool {
        !self.failed && self.open.is_empty() && self.characters > 0
    }
}
