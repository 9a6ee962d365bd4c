//! The texts that cells share, all in one buffer.
//!
//! Owns rich text, phonetic runs and `_x000D_` escapes, which inline texts have as well. The one rule: this is the only
//! thing of a workbook that stays in memory, so it is counted while it grows.

use std::io::Read;

use memchr::memmem;

use super::Problem;
use super::package::{Kind, Package};
use super::xml::{Token, Xml};

/// Limit: texts of one workbook; a million rows of forty different texts each have as many.
const MAX_TEXTS: usize = 48 << 20;
/// Limit: bytes of all texts together, so that their places fit 32 bits with room.
const MAX_BYTES: usize = 1 << 30;

/// The shared texts of a workbook.
#[derive(Debug, Default)]
pub(super) struct Strings {
    text: String,
    ends: Vec<u32>,
}

impl Strings {
    /// Reads the part, if there is one.
    pub(super) fn read(package: &Package, part: Option<&str>) -> Result<Self, Problem> {
        let mut strings = Self::default();
        if let Some(part) = part.map(|part| package.part(part, Kind::Strings)).transpose()?.flatten() {
            strings.fill(&mut Xml::new(part)?)?;
        }
        Ok(strings)
    }

    /// A text by its index.
    pub(super) fn text(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)? as usize;
        let start = if index == 0 { 0 } else { self.ends[index - 1] as usize };
        self.text.get(start..end)
    }

    fn fill<R: Read>(&mut self, xml: &mut Xml<R>) -> Result<(), Problem> {
        let mut depth = 0;
        loop {
            if depth == 1
                && let Some(text) = xml.quick_text()
            {
                let from = self.text.len();
                text.append_to(&mut self.text)?;
                unescape(&mut self.text, from);
                self.end_text()?;
                continue;
            }
            match xml.next()? {
                Token::Start(tag) if depth == 1 && tag.name == b"si" => {
                    rich_text(xml, &mut self.text)?;
                    self.end_text()?;
                }
                Token::Start(_) => depth += 1,
                Token::End => depth -= 1,
                Token::Text(_) => {}
                Token::Done => break,
            }
        }
        self.text.shrink_to_fit();
        Ok(())
    }

    fn end_text(&mut self) -> Result<(), Problem> {
        if self.ends.len() == MAX_TEXTS || self.text.len() > MAX_BYTES {
            let limits = format!("{MAX_TEXTS} texts or {} MiB of them", MAX_BYTES >> 20);
            return Err(Problem::Broken(format!("its table of texts has more than {limits}")));
        }
        self.ends.push(self.text.len() as u32);
        Ok(())
    }
}

/// Appends the text of an element whose `t` are directly inside or inside of runs; how a text is spoken is left out.
pub(super) fn rich_text<R: Read>(xml: &mut Xml<R>, text: &mut String) -> Result<(), Problem> {
    let from = text.len();
    loop {
        match xml.next()? {
            Token::Start(tag) => match tag.name {
                b"t" => xml.text_into(text)?,
                b"r" => run(xml, text)?,
                _ => xml.skip()?,
            },
            Token::End => break,
            Token::Text(_) => {}
            Token::Done => return Err(Problem::broken("its XML ends too early")),
        }
    }
    unescape(text, from);
    Ok(())
}

fn run<R: Read>(xml: &mut Xml<R>, text: &mut String) -> Result<(), Problem> {
    loop {
        match xml.next()? {
            Token::Start(tag) if tag.name == b"t" => xml.text_into(text)?,
            Token::Start(_) => xml.skip()?,
            Token::End => return Ok(()),
            Token::Text(_) => {}
            Token::Done => return Err(Problem::broken("its XML ends too early")),
        }
    }
}

/// Decodes `_x000D_` and the like from some place on; `_x005F_` stands for the underscore of such an escape itself.
pub(super) fn unescape(text: &mut String, from: usize) {
    if memmem::find(&text.as_bytes()[from..], b"_x").is_none() {
        return;
    }
    let written = text.split_off(from);
    let mut rest = written.as_str();
    while let Some(at) = memmem::find(rest.as_bytes(), b"_x") {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let first = code(rest);
        // Letters beyond the first plane are written as two escapes.
        let pair = first.filter(|code| (0xd800..0xdc00).contains(code)).and_then(|high| {
            let low = code(&rest[7..]).filter(|code| (0xdc00..0xe000).contains(code))?;
            char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00))
        });
        let single = first.and_then(char::from_u32).filter(|letter| *letter != '\0');
        let (letter, length) = match (pair, single) {
            (Some(letter), _) => (letter, 14),
            (None, Some(letter)) => (letter, 7),
            (None, None) => ('_', 1),
        };
        text.push(letter);
        rest = &rest[length..];
    }
    text.push_str(rest);
}

/// The number in an escape that the text begins with.
fn code(text: &str) -> Option<u32> {
    let digits =
        text.strip_prefix("_x")?.get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    text.as_bytes().get(6).filter(|byte| **byte == b'_')?;
    u32::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(items: &str) -> Vec<String> {
        let mut strings = Strings::default();
        let part = format!("<x:sst xmlns:x=\"m\" count=\"9\">{items}</x:sst>")
            .replace("<si", "<x:si")
            .replace("</si", "</x:si");
        strings.fill(&mut Xml::new(part.as_bytes()).unwrap()).unwrap();
        (0..).map_while(|index| strings.text(index).map(str::to_owned)).collect()
    }

    #[test]
    fn x22_runs_are_joined_phonetics_dropped_and_escapes_decoded() {
        let items = "<si><t>a</t></si><si/><si><r><rPr><b/></rPr><t>Mehta </t></r><r><t xml:space=\"preserve\">&amp; Co</t></r>\
                     <rPh sb=\"0\" eb=\"1\"><t>x</t></rPh><phoneticPr fontId=\"1\"/></si><si>\n<t> y </t>\n</si><si><t>1_x000D_2</t></si>";
        assert_eq!(strings(items), ["a", "", "Mehta & Co", " y ", "1\r2"]);
    }

    #[test]
    fn escapes_stand_for_one_letter_and_only_when_whole() {
        for (written, text) in [
            ("a_x000D_b", "a\rb"),
            ("_x000a_", "\n"),
            ("_x005F_x000D_", "_x000D_"),
            ("_xD83D__xDE00_", "😀"),
            ("_xD83D_", "_xD83D_"),
            ("_xD83D_x", "_xD83D_x"),
            ("_x0000_", "_x0000_"),
            ("_x000_", "_x000_"),
            ("_x00é_", "_x00é_"),
            ("_x+00D_", "_x+00D_"),
            ("_x", "_x"),
            ("INV_x1_x0041_", "INV_x1A"),
        ] {
            let mut text_of = format!("_x0041_{written}");
            unescape(&mut text_of, 7);
            assert_eq!(text_of, format!("_x0041_{text}"), "{written}");
        }
    }
}
