//! Cells and shared texts that are written as nearly all are, read in one step.
//!
//! Owns their exact spelling, letter for letter. The one rule: what is spelled otherwise, or not all in the buffer yet, is
//! left untouched to [`Xml::next`], and what is read here is what that would have made of it.

use std::io::Read;

use memchr::memchr;

use super::{MAX_DEPTH, Text, Xml};
use crate::sheet::xlsx::heads::{Head, Stored, digits, reference};

/// Limit: a number has fewer letters, and a value that has more is read step by step.
const MAX_VALUE: usize = 32;

impl<R: Read> Xml<R> {
    /// The next cell inside of a row, with its value: a number, or that of a shared text.
    pub(in crate::sheet::xlsx) fn quick_cell(&mut self) -> Option<(Head, &str)> {
        if !self.may_be_quick() {
            return None;
        }
        let bytes = &self.buffer[self.start..self.end];
        let (head, value) = cell_head(bytes)?;
        let is_of_number = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E');
        let inner = &bytes[value..];
        let length = inner.iter().take(MAX_VALUE).take_while(|byte| is_of_number(byte)).count();
        let rest = inner[length..].strip_prefix(b"</v></c>").filter(|_| length > 0)?;
        let value = self.start + value..self.start + value + length;
        self.start = self.end - rest.len();
        Some((head, std::str::from_utf8(&self.buffer[value]).ok()?))
    }

    /// The text of `<v>…</v></c>`, if that is what comes next, in these very letters, inside of an open `<c>`; the
    /// cell is over then. This is how nearly all cells are written, and it spares most of the work of reading them.
    pub(in crate::sheet::xlsx) fn plain_cell(&mut self) -> Option<Text<'_>> {
        const END: &[u8] = b"</v></c>";
        let inner = self.buffer[self.start..self.end].strip_prefix(b"<v>")?;
        let is_open = self.open.last().is_some_and(|start| &self.names[*start..] == b"c");
        let length = memchr(b'<', inner)?;
        if self.is_empty || !is_open || !inner[length..].starts_with(END) {
            return None;
        }
        let begin = self.start + b"<v>".len();
        self.start = begin + length + END.len();
        self.close();
        Some(Text { bytes: &self.buffer[begin..begin + length], is_literal: false })
    }

    /// The next shared text, if it is one piece of text without looks.
    pub(in crate::sheet::xlsx) fn quick_text(&mut self) -> Option<Text<'_>> {
        const END: &[u8] = b"</t></si>";
        if !self.may_be_quick() {
            return None;
        }
        let rest = self.buffer[self.start..self.end].strip_prefix(b"<si><t")?;
        let inner = rest.strip_prefix(b">").or_else(|| rest.strip_prefix(b" xml:space=\"preserve\">"))?;
        let length = memchr(b'<', inner)?;
        let behind = inner[length..].strip_prefix(END)?.len();
        let end = self.end - behind - END.len();
        self.start = self.end - behind;
        Some(Text { bytes: &self.buffer[end - length..end], is_literal: false })
    }

    /// Whether two elements may begin here, one inside the other, and nothing about them needs to be kept in mind.
    fn may_be_quick(&self) -> bool {
        !self.is_empty && self.alternates.is_empty() && !self.open.is_empty() && self.open.len() + 2 <= MAX_DEPTH
    }
}

/// What `<c r="B12" s="3" t="s"><v>` says, and where its value begins.
fn cell_head(bytes: &[u8]) -> Option<(Head, usize)> {
    let (place, mut rest) = quoted(bytes.strip_prefix(b"<c r=\"")?)?;
    let mut head = Head { place: Some(reference(place)?), ..Head::default() };
    if let Some(style) = rest.strip_prefix(b" s=\"") {
        let (style, behind) = quoted(style)?;
        (head.style, rest) = (digits(style)?, behind);
    }
    if let Some(behind) = rest.strip_prefix(b" t=\"s\"") {
        (head.kind, rest) = (Stored::Shared, behind);
    }
    Some((head, bytes.len() - rest.strip_prefix(b"><v>")?.len()))
}

/// A short value up to its quotation mark, and what follows.
fn quoted(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    // Limit: `XFD1048576` is the longest place.
    let length = bytes.iter().take(11).position(|byte| *byte == b'"')?;
    Some((&bytes[..length], &bytes[length + 1..]))
}

#[cfg(test)]
mod tests {
    use super::super::Token;
    use super::*;

    fn quick(written: &str) -> (Option<String>, String) {
        let part = format!("<row>{written}</row>");
        let mut xml = Xml::new(part.as_bytes()).unwrap();
        assert!(matches!(xml.next().unwrap(), Token::Start(_)));
        let found = xml.quick_cell().map(|(head, value)| format!("{head:?} {value}"));
        (found, String::from_utf8_lossy(&xml.buffer[xml.start..xml.end - "</row>".len()]).into_owned())
    }

    #[test]
    fn a_cell_as_all_are_written_is_read_in_one_step() {
        for (written, place, style, kind, value) in [
            ("<c r=\"A1\"><v>1</v></c>", (1, 0), 0, Stored::Number, "1"),
            ("<c r=\"B12\" s=\"3\"><v>-1.5E-7</v></c>", (12, 1), 3, Stored::Number, "-1.5E-7"),
            ("<c r=\"XFD1048576\" s=\"3\" t=\"s\"><v>20</v></c>", (1_048_576, 16_383), 3, Stored::Shared, "20"),
            ("<c r=\"a2\" t=\"s\"><v>0</v></c>", (2, 0), 0, Stored::Shared, "0"),
        ] {
            let head = Head { place: Some(place), style, kind };
            let (found, rest) = quick(&format!("{written}<c/>"));
            assert_eq!((found, rest.as_str()), (Some(format!("{head:?} {value}")), "<c/>"));
        }
    }

    #[test]
    fn a_cell_that_is_written_otherwise_is_left_as_it_stands() {
        for written in [
            "",
            "<c r=\"A1\"/>",
            "<c r=\"A1\"></c>",
            "<c r=\"A1\"><v></v></c>",
            "<c r=\"A1\"><v/></c>",
            "<c r=\"A1\"><v>1</v>",
            "<c r=\"A1\"><v>1</v></c >",
            "<c r=\"A1\"><v>1&#48;</v></c>",
            "<c r=\"A1\"><v> 1</v></c>",
            "<c r=\"A1\"><f>B1</f><v>1</v></c>",
            "<c r=\"A1\"><v>111111111111111111111111111111111</v></c>",
            "<c r=\"A0\"><v>1</v></c>",
            "<c r=\"XFE1\"><v>1</v></c>",
            "<c r=\"A1\" s=\"x\"><v>1</v></c>",
            "<c r=\"A1\" t=\"n\"><v>1</v></c>",
            "<c r=\"A1\" t=\"str\"><v>1</v></c>",
            "<c r=\"A1\" t=\"s\" s=\"1\"><v>1</v></c>",
            "<c r='A1'><v>1</v></c>",
            "<c  r=\"A1\"><v>1</v></c>",
            "<x:c r=\"A1\"><v>1</v></x:c>",
        ] {
            assert_eq!(quick(written), (None, written.to_owned()));
        }
        let mut xml = Xml::new(&b"<row/>"[..]).unwrap();
        assert!(xml.next().is_ok() && xml.quick_cell().is_none());
    }

    #[test]
    fn cells_too_deep_inside_each_other_are_left_as_they_stand() {
        for (depth, is_quick) in [(MAX_DEPTH - 2, true), (MAX_DEPTH - 1, false)] {
            let part = format!("{}<c r=\"A1\"><v>1</v></c>", "<a>".repeat(depth));
            let mut xml = Xml::new(part.as_bytes()).unwrap();
            (0..depth).for_each(|_| assert!(xml.next().is_ok()));
            assert_eq!(xml.quick_cell().is_some(), is_quick);
        }
    }

    #[test]
    fn a_shared_text_of_one_piece_is_read_in_one_step() {
        for (written, text) in [
            ("<si><t>a &amp; b</t></si>", Some("a & b")),
            ("<si><t xml:space=\"preserve\"> a</t></si>", Some(" a")),
            ("<si><t></t></si>", Some("")),
            ("<si><t/></si>", None),
            ("<si><r><t>a</t></r></si>", None),
            ("<si><t>a</t><rPh/></si>", None),
            ("<si ><t>a</t></si>", None),
            ("<si><t>a", None),
        ] {
            let part = format!("<sst>{written}</sst>");
            let mut xml = Xml::new(part.as_bytes()).unwrap();
            assert!(xml.next().is_ok());
            let found = xml.quick_text().map(|found| {
                let mut text = String::new();
                found.append_to(&mut text).unwrap();
                text
            });
            assert_eq!(found.as_deref(), text, "{written}");
            let rest = if text.is_some() { "" } else { written };
            assert_eq!(&xml.buffer[xml.start..xml.end], format!("{rest}</sst>").as_bytes());
        }
    }
}
