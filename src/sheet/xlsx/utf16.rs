//! A part's bytes in UTF-8, however it is written.
//!
//! Knows UTF-16 by its byte order mark and decodes it as a stream; all else passes as it is, for [`super::xml`] to
//! judge. The one rule: what is no UTF-16 behind such a mark is an error, never a letter that stands for it.

use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult, UTF_16BE, UTF_16LE};

/// Bytes decoded at once.
const CHUNK: usize = 8 * 1024;

/// A reader whose UTF-16 becomes UTF-8.
pub(super) struct Decoded<R> {
    inner: R,
    state: State,
}

enum State {
    Unread,
    /// The first bytes were looked at and are still to be handed out.
    Plain(Vec<u8>),
    Wide(Box<Wide>),
}

struct Wide {
    decoder: Decoder,
    /// Decoded text, and how much of it was handed out.
    text: Vec<u8>,
    taken: usize,
    is_over: bool,
}

impl<R: Read> Decoded<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, state: State::Unread }
    }

    fn begin(&mut self) -> io::Result<State> {
        let mut head = Vec::new();
        self.inner.by_ref().take(2).read_to_end(&mut head)?;
        let encoding = match head[..] {
            [0xff, 0xfe] => UTF_16LE,
            [0xfe, 0xff] => UTF_16BE,
            _ => return Ok(State::Plain(head)),
        };
        let decoder = encoding.new_decoder_without_bom_handling();
        Ok(State::Wide(Box::new(Wide { decoder, text: Vec::new(), taken: 0, is_over: false })))
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let State::Unread = self.state {
            self.state = self.begin()?;
        }
        match &mut self.state {
            State::Plain(head) if !head.is_empty() && !buffer.is_empty() => {
                let count = head.len().min(buffer.len());
                buffer[..count].copy_from_slice(&head[..count]);
                head.drain(..count);
                Ok(count)
            }
            State::Wide(wide) => {
                while wide.taken == wide.text.len() && !wide.is_over {
                    wide.decode(&mut self.inner)?;
                }
                let rest = &wide.text[wide.taken..];
                let count = rest.len().min(buffer.len());
                buffer[..count].copy_from_slice(&rest[..count]);
                wide.taken += count;
                Ok(count)
            }
            State::Plain(_) | State::Unread => self.inner.read(buffer),
        }
    }
}

impl Wide {
    fn decode(&mut self, inner: &mut impl Read) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(CHUNK);
        inner.take(CHUNK as u64).read_to_end(&mut bytes)?;
        self.is_over = bytes.is_empty();
        let most = self.decoder.max_utf8_buffer_length_without_replacement(bytes.len());
        self.text.resize(most.unwrap_or(4 * CHUNK), 0);
        let (result, _, written) =
            self.decoder.decode_to_utf8_without_replacement(&bytes, &mut self.text, self.is_over);
        self.text.truncate(written);
        self.taken = 0;
        match result {
            DecoderResult::InputEmpty => Ok(()),
            DecoderResult::Malformed(..) | DecoderResult::OutputFull => {
                Err(io::Error::new(io::ErrorKind::InvalidData, "its XML is not the UTF-16 that it begins as"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8]) -> Result<String, String> {
        let mut text = String::new();
        Decoded::new(bytes).read_to_string(&mut text).map(|_| text).map_err(|error| error.to_string())
    }

    #[test]
    fn utf16_is_decoded_and_all_else_is_left_alone() {
        let text: String = "<a>₹ 𝄞 é</a>".repeat(3000);
        let wide = |order: fn(u16) -> [u8; 2]| -> Vec<u8> {
            "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(order).collect()
        };
        let (little, big) = (wide(u16::to_le_bytes), wide(u16::to_be_bytes));
        for bytes in [&little[..], &big, text.as_bytes()] {
            assert_eq!(decoded(bytes).unwrap(), text);
        }
        for short in ["", "a", "ab", "\u{feff}"] {
            assert_eq!(decoded(short.as_bytes()).unwrap(), short);
        }
        assert_eq!(decoded(b"\xff\xfe").unwrap(), "");
        for cut in [&little[..little.len() - 1], b"\xff\xfe\x00\xd8a\0", b"\xfe\xff\xd8\x00"] {
            assert!(decoded(cut).unwrap_err().contains("UTF-16"));
        }
    }
}
