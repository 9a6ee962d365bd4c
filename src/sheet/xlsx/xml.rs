//! XML cut into tags and text, as a stream, in one buffer.
//!
//! Knows of XML what workbooks use: elements, attributes, text, CDATA, the five entities and numeric ones. Leaves
//! meaning to the readers of parts; names are compared without their prefix, so that strict and transitional files
//! read alike. The one rule: nothing is expanded, and a tag, a text and the depth of elements have limits.

mod alternate;
mod quick;

use std::io::Read;
use std::ops::Range;

use memchr::{memchr, memchr2, memmem};

use super::Problem;
use crate::finding::quote;
use alternate::Alternate;

/// Bytes read at once.
const CHUNK: usize = 128 * 1024;
/// Limit: a text or tag; a cell has at most 32,767 characters, each of them seven bytes at worst.
const MAX_TOKEN: usize = 1024 * 1024;
/// Limit: elements inside each other; sheets have some ten.
const MAX_DEPTH: usize = 100;

/// The next thing in a part.
#[derive(Debug, Clone, Copy)]
pub(super) enum Token<'a> {
    /// An element begins.
    Start(Tag<'a>),
    /// The innermost open element ends.
    End,
    /// Text of the innermost open element.
    Text(Text<'a>),
    /// The part is over.
    Done,
}

/// The beginning of an element.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tag<'a> {
    /// Its name without prefix.
    pub(super) name: &'a [u8],
    attributes: &'a [u8],
}

/// Text as it is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'a> {
    bytes: &'a [u8],
    is_literal: bool,
}

/// A part being read.
pub(super) struct Xml<R> {
    input: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    is_at_end: bool,
    /// The names of open elements, one behind the other.
    names: Vec<u8>,
    /// Where each of them begins.
    open: Vec<usize>,
    /// The element that just began is empty, so its end comes next.
    is_empty: bool,
    /// One element stands at the top, and it has begun.
    had_root: bool,
    /// Contents in several forms that are open.
    alternates: Vec<Alternate>,
}

/// A token by its place in the buffer.
enum Raw {
    Start { name: Range<usize>, attributes: Range<usize> },
    End,
    Text { text: Range<usize>, is_literal: bool },
    Done,
}

impl<R: Read> Xml<R> {
    /// Reads a part from its beginning.
    pub(super) fn new(input: R) -> Result<Self, Problem> {
        let mut xml = Self {
            input,
            buffer: vec![0; CHUNK],
            start: 0,
            end: 0,
            is_at_end: false,
            names: Vec::new(),
            open: Vec::new(),
            is_empty: false,
            had_root: false,
            alternates: Vec::new(),
        };
        xml.fill()?;
        let head = &xml.buffer[..xml.end];
        if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") || head.iter().take(4).any(|byte| *byte == 0)
        {
            return Err(Problem::broken("its XML is not written in UTF-8"));
        }
        if head.starts_with(b"\xef\xbb\xbf") {
            xml.start = 3;
        }
        Ok(xml)
    }

    /// The next tag, text or end; of a content in several forms as if one of them stood alone.
    pub(super) fn next(&mut self) -> Result<Token<'_>, Problem> {
        loop {
            match self.raw()? {
                Raw::Start { name, attributes } => {
                    if self.is_alternate(name.clone(), attributes.clone())? {
                        continue;
                    }
                    let (name, attributes) = (local(&self.buffer[name]), &self.buffer[attributes]);
                    return Ok(Token::Start(Tag { name, attributes }));
                }
                Raw::End if self.ends_alternate()? => {}
                Raw::End => return Ok(Token::End),
                Raw::Text { text, is_literal } => {
                    if self.alternates.last().is_some_and(|alternate| alternate.depth == self.open.len()) {
                        if !self.buffer[text].trim_ascii().is_empty() {
                            return Err(Problem::broken("its XML has text between the forms of a content"));
                        }
                        continue;
                    }
                    return Ok(Token::Text(Text { bytes: &self.buffer[text], is_literal }));
                }
                Raw::Done => return Ok(Token::Done),
            }
        }
    }

    /// The next tag, text or end as it stands.
    fn raw(&mut self) -> Result<Raw, Problem> {
        if self.is_empty {
            self.is_empty = false;
            self.close();
            return Ok(Raw::End);
        }
        loop {
            if self.start == self.end && !self.fill()? {
                return if self.open.is_empty() && self.had_root { Ok(Raw::Done) } else { Err(cut_off()) };
            }
            if self.buffer[self.start] != b'<' {
                let text = self.text()?;
                if !self.open.is_empty() {
                    return Ok(Raw::Text { text, is_literal: false });
                }
                if !self.buffer[text].trim_ascii().is_empty() {
                    return Err(Problem::broken("its XML has text outside its elements"));
                }
                continue;
            }
            while self.end - self.start < 2 {
                if !self.fill()? {
                    return Err(cut_off());
                }
            }
            match self.buffer[self.start + 1] {
                b'/' => {
                    let tag = self.take(2, tag_end)?;
                    self.end_tag(tag)?;
                    return Ok(Raw::End);
                }
                b'?' => {
                    let declaration = self.take(2, |bytes| memmem::find(bytes, b"?>").map(|at| (at, 2)))?;
                    check_encoding(&self.buffer[declaration])?;
                }
                b'!' => {
                    if let Some(text) = self.exclamation()? {
                        return Ok(Raw::Text { text, is_literal: true });
                    }
                }
                _ => {
                    let tag = self.take(1, tag_end)?;
                    return self.start_tag(tag);
                }
            }
        }
    }

    /// Passes over what is left of the innermost open element.
    pub(super) fn skip(&mut self) -> Result<(), Problem> {
        let mut depth = 1_usize;
        while depth > 0 {
            match self.next()? {
                Token::Start(_) => depth += 1,
                Token::End => depth -= 1,
                Token::Text(_) => {}
                Token::Done => return Err(cut_off()),
            }
        }
        Ok(())
    }

    /// Appends the text of the innermost open element, which holds nothing else, and passes over its end.
    pub(super) fn text_into(&mut self, text: &mut String) -> Result<(), Problem> {
        loop {
            match self.next()? {
                Token::Start(tag) => {
                    let name = quote(&String::from_utf8_lossy(tag.name));
                    return Err(Problem::Broken(format!("a text of it holds the element {name}, which is not read")));
                }
                Token::End => return Ok(()),
                Token::Text(found) => found.append_to(text)?,
                Token::Done => return Err(cut_off()),
            }
        }
    }

    fn text(&mut self) -> Result<Range<usize>, Problem> {
        let mut seen = 0;
        loop {
            let found = memchr(b'<', &self.buffer[self.start + seen..self.end]);
            if let Some(at) = found {
                let text = self.start..self.start + seen + at;
                self.start = text.end;
                return Ok(text);
            }
            seen = self.end - self.start;
            if !self.fill()? {
                let text = self.start..self.end;
                self.start = self.end;
                return Ok(text);
            }
        }
    }

    /// What stands `from` bytes on, up to where `find` sees its end, and takes that end of some length too.
    fn take(&mut self, from: usize, find: impl Fn(&[u8]) -> Option<(usize, usize)>) -> Result<Range<usize>, Problem> {
        loop {
            let begin = (self.start + from).min(self.end);
            if let Some((length, terminator)) = find(&self.buffer[begin..self.end]) {
                self.start = begin + length + terminator;
                return Ok(begin..begin + length);
            }
            if !self.fill()? {
                return Err(cut_off());
            }
        }
    }

    /// A comment, or the text of a CDATA section.
    fn exclamation(&mut self) -> Result<Option<Range<usize>>, Problem> {
        while self.end - self.start < 9 && self.fill()? {}
        let head = &self.buffer[self.start..self.end];
        if head.starts_with(b"<!--") {
            self.take(4, |bytes| memmem::find(bytes, b"-->").map(|at| (at, 3)))?;
            return Ok(None);
        }
        if head.starts_with(b"<![CDATA[") && !self.open.is_empty() {
            return self.take(9, |bytes| memmem::find(bytes, b"]]>").map(|at| (at, 3))).map(Some);
        }
        if head.len() < 9 {
            return Err(cut_off());
        }
        Err(Problem::broken("its XML has a document type, which may hold entities that grow without end"))
    }

    fn start_tag(&mut self, tag: Range<usize>) -> Result<Raw, Problem> {
        let begin = tag.start;
        let bytes = &self.buffer[tag];
        let (bytes, is_empty) = bytes.strip_suffix(b"/").map_or((bytes, false), |bytes| (bytes, true));
        let end = bytes.iter().position(u8::is_ascii_whitespace).unwrap_or(bytes.len());
        let (name, attributes) = bytes.split_at(end);
        if name.is_empty() || self.open.is_empty() && self.had_root {
            return Err(Problem::broken("its XML is not well formed"));
        }
        if self.open.len() == MAX_DEPTH {
            return Err(Problem::Broken(format!("its XML has more than {MAX_DEPTH} elements inside each other")));
        }
        self.had_root = true;
        self.open.push(self.names.len());
        self.names.extend_from_slice(name);
        self.is_empty = is_empty;
        let (end, length) = (begin + name.len(), attributes.len());
        Ok(Raw::Start { name: begin..end, attributes: end..end + length })
    }

    fn end_tag(&mut self, tag: Range<usize>) -> Result<(), Problem> {
        let name = self.buffer[tag].trim_ascii_end();
        let begun = self.open.last().map(|start| &self.names[*start..]);
        if begun != Some(name) {
            let name = quote(&String::from_utf8_lossy(name));
            return Err(Problem::Broken(format!("its XML ends {name}, which is not the open element")));
        }
        self.close();
        Ok(())
    }

    fn close(&mut self) {
        if let Some(start) = self.open.pop() {
            self.names.truncate(start);
        }
    }

    /// Reads on; false at the end of the input.
    fn fill(&mut self) -> Result<bool, Problem> {
        if self.is_at_end {
            return Ok(false);
        }
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            if self.end >= MAX_TOKEN {
                return Err(Problem::Broken(format!("its XML has a tag or text of more than {} MiB", MAX_TOKEN >> 20)));
            }
            self.buffer.resize(self.end * 2, 0);
        }
        let before = self.end;
        while self.end < self.buffer.len() {
            match self.input.read(&mut self.buffer[self.end..]) {
                Ok(0) => {
                    self.is_at_end = true;
                    break;
                }
                Ok(count) => self.end += count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(self.end > before)
    }
}

impl<'a> Tag<'a> {
    /// The attributes: name without prefix, value as written.
    pub(super) fn attributes(&self) -> Attributes<'a> {
        Attributes { rest: self.attributes }
    }

    /// The value of an attribute, decoded.
    pub(super) fn attribute(&self, name: &[u8]) -> Result<Option<String>, Problem> {
        for attribute in self.attributes() {
            let (found, value) = attribute?;
            if found == name {
                let mut text = String::new();
                Text { bytes: value, is_literal: false }.append_to(&mut text)?;
                return Ok(Some(text));
            }
        }
        Ok(None)
    }

    /// Whether an attribute says yes.
    pub(super) fn is_set(&self, name: &[u8]) -> Result<bool, Problem> {
        Ok(self.attribute(name)?.is_some_and(|value| is_true(value.as_bytes())))
    }
}

/// Whether a value means yes, as XML schemas have it.
pub(super) fn is_true(value: &[u8]) -> bool {
    matches!(value, b"1" | b"true" | b"on")
}

/// The attributes of a tag in order.
pub(super) struct Attributes<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Result<(&'a [u8], &'a [u8]), Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest.trim_ascii_start();
        if rest.is_empty() {
            return None;
        }
        // Names and values are too short for a search that begins with a leap.
        let find = |byte: u8, bytes: &[u8]| bytes.iter().position(|found| *found == byte);
        let attribute = find(b'=', rest).and_then(|equals| {
            let name = rest[..equals].trim_ascii_end();
            let (quote, value) = rest[equals + 1..].trim_ascii_start().split_first()?;
            let end = matches!(quote, b'"' | b'\'').then(|| find(*quote, value)).flatten()?;
            self.rest = &value[end + 1..];
            Some((local(name), &value[..end]))
        });
        if attribute.is_none() {
            self.rest = b"";
        }
        Some(attribute.ok_or_else(|| Problem::broken("its XML has a malformed attribute")))
    }
}

impl Text<'_> {
    /// Appends the text with entities decoded and line ends as XML has them.
    pub(super) fn append_to(&self, text: &mut String) -> Result<(), Problem> {
        let written =
            std::str::from_utf8(self.bytes).map_err(|_| Problem::broken("its XML is not written in UTF-8"))?;
        let mut rest = written;
        while let Some(at) = memchr2(b'&', b'\r', rest.as_bytes()) {
            text.push_str(&rest[..at]);
            rest = &rest[at..];
            if let Some(after) = rest.strip_prefix('\r') {
                text.push('\n');
                rest = after.strip_prefix('\n').unwrap_or(after);
            } else if self.is_literal {
                text.push('&');
                rest = &rest[1..];
            } else {
                let (letter, after) = entity(rest)?;
                text.push(letter);
                rest = after;
            }
        }
        text.push_str(rest);
        Ok(())
    }

    /// Whether there is nothing but space.
    pub(super) fn is_blank(&self) -> bool {
        self.bytes.trim_ascii().is_empty()
    }
}

/// The letter of the entity that the text begins with, and what follows.
fn entity(text: &str) -> Result<(char, &str), Problem> {
    // Limit: the longest is `&#x10FFFF;`, zeros in front aside.
    let end = text.bytes().take(16).position(|byte| byte == b';');
    let decoded = end.and_then(|end| {
        let letter = match &text[1..end] {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            name => {
                let number = name.strip_prefix('#')?;
                let code = match number.strip_prefix('x') {
                    Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                    None => number.parse().ok()?,
                };
                char::from_u32(code).filter(|letter| *letter != '\0')?
            }
        };
        Some((letter, &text[end + 1..]))
    });
    decoded.ok_or_else(|| {
        let shown: String = text.chars().take(16).collect();
        Problem::Broken(format!(
            "its XML has the entity {}, which is not one of the five that XML knows",
            quote(&shown)
        ))
    })
}

/// The place of the `>` that ends a tag; those inside of attributes end none.
fn tag_end(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut quote = 0;
    for (at, byte) in bytes.iter().enumerate() {
        match *byte {
            b'>' if quote == 0 => return Some((at, 1)),
            b'"' | b'\'' if quote == 0 => quote = *byte,
            byte if byte == quote => quote = 0,
            _ => {}
        }
    }
    None
}

fn local(name: &[u8]) -> &[u8] {
    name.iter().position(|byte| *byte == b':').map_or(name, |colon| &name[colon + 1..])
}

fn check_encoding(declaration: &[u8]) -> Result<(), Problem> {
    if !declaration.starts_with(b"xml ") {
        return Ok(());
    }
    let tag = Tag { name: b"xml", attributes: &declaration[3..] };
    match tag.attribute(b"encoding")?.map(|name| name.to_ascii_lowercase()).as_deref() {
        // What was UTF-16 is decoded already, but for its own word of it.
        None | Some("utf-8" | "utf8" | "us-ascii" | "ascii" | "utf-16" | "utf-16le" | "utf-16be") => Ok(()),
        Some(other) => Err(Problem::Broken(format!("its XML is written in {}; expected UTF-8", quote(other)))),
    }
}

fn cut_off() -> Problem {
    Problem::broken("its XML ends too early")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is in a piece of XML, cut short at the first fault.
    fn shown(xml: &[u8]) -> String {
        let mut shown = Vec::new();
        let mut read = || -> Result<(), Problem> {
            let mut xml = Xml::new(xml)?;
            loop {
                match xml.next()? {
                    Token::Start(tag) => {
                        let mut text = format!("<{}", String::from_utf8_lossy(tag.name));
                        for attribute in tag.attributes() {
                            let (name, value) = attribute?;
                            text +=
                                &[" ", &String::from_utf8_lossy(name), "=", &String::from_utf8_lossy(value)].concat();
                        }
                        shown.push(text);
                    }
                    Token::End => shown.push(">".to_owned()),
                    Token::Text(found) => {
                        let mut text = String::new();
                        found.append_to(&mut text)?;
                        shown.push(text);
                    }
                    Token::Done => return Ok(()),
                }
            }
        };
        if let Err(Problem::Broken(reason)) = read() {
            shown.push(format!("! {reason}"));
        }
        shown.join("|")
    }

    #[test]
    fn tags_text_and_attributes_are_cut_as_they_stand() {
        for (xml, expected) in [
            ("<a/>", "<a|>"),
            ("\u{feff}<?xml version=\"1.0\" encoding='UTF-8' ?>\n<x:a y:b = 'c>d' e=\"'\"></x:a>\n", "<a b=c>d e='|>"),
            ("<a>x<b />y<!-- <c> -->z</a >", "<a|x|<b|>|y|z|>"),
            ("<a>&lt;&amp;&#65;&#x20B9;&quot;&apos;&gt;</a>", "<a|<&A₹\"'>|>"),
            ("<a><![CDATA[<b>&lt;]]></a>", "<a|<b>&lt;|>"),
            ("<a>x\r\ny\rz</a>", "<a|x\ny\nz|>"),
            ("<a>&nbsp;</a>", "<a|! its XML has the entity \"&nbsp;\", which is not one of the five that XML knows"),
            ("<a>&#0;</a>", "<a|! its XML has the entity \"&#0;\", which is not one of the five that XML knows"),
            ("<a", "! its XML ends too early"),
            ("<a>", "<a|! its XML ends too early"),
            ("<", "! its XML ends too early"),
            ("<!", "! its XML ends too early"),
            ("", "! its XML ends too early"),
            ("<a b=\"></a>", "! its XML ends too early"),
            ("<a b></a>", "! its XML has a malformed attribute"),
            ("<a></b>", "<a|! its XML ends \"b\", which is not the open element"),
            ("</b>", "! its XML ends \"b\", which is not the open element"),
            ("<a/><a/>", "<a|>|! its XML is not well formed"),
            ("x<a/>", "! its XML has text outside its elements"),
            ("<?xml version=\"1.0\" encoding=\"latin1\"?><a/>", "! its XML is written in \"latin1\"; expected UTF-8"),
            (
                "<!DOCTYPE a [<!ENTITY b \"c\">]><a/>",
                "! its XML has a document type, which may hold entities that grow without end",
            ),
        ] {
            assert_eq!(shown(xml.as_bytes()), expected, "{xml}");
        }
        assert_eq!(shown(b"<a>\xff</a>"), "<a|! its XML is not written in UTF-8");
        assert_eq!(shown(b"\xff\xfe<\0a\0"), "! its XML is not written in UTF-8");
    }

    #[test]
    fn depth_and_length_have_limits() {
        let deep = "<a>".repeat(200);
        assert!(shown(deep.as_bytes()).ends_with("! its XML has more than 100 elements inside each other"));
        for long in [
            format!("<a>{}</a>", "x".repeat(2 << 20)),
            format!("<a {}/>", "x".repeat(2 << 20)),
            format!("<a><!--{}</a>", "x".repeat(2 << 20)),
        ] {
            assert!(
                shown(long.as_bytes()).ends_with("! its XML has a tag or text of more than 1 MiB"),
                "{}",
                &long[..9]
            );
        }
    }

    #[test]
    fn what_crosses_the_ends_of_the_buffer_is_read_whole() {
        let many = format!("<a>{}</a>", "<c r=\"A1\"><v>12&amp;3</v></c>".repeat(20_000));
        assert_eq!(shown(many.as_bytes()).matches("<c r=A1|<v|12&3|>|>").count(), 20_000);
        let long = format!("<a>{}</a>", "é".repeat(300_000));
        assert_eq!(shown(long.as_bytes()).chars().filter(|letter| *letter == 'é').count(), 300_000);
    }
}
