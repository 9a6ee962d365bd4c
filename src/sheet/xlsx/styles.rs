//! Which number format each style of a workbook has.
//!
//! Reads the part of styles once. Leaves the meaning of format codes to [`super::formats`]. The one rule: a style that
//! the workbook does not define is none, for it may have been a date; only a workbook without styles has plain numbers.

use std::collections::HashMap;

use super::Problem;
use super::formats::Format;
use super::package::{Kind, Package};
use super::xml::{Token, Xml};

/// Limit: Excel keeps 65,490 styles.
const MAX_STYLES: usize = 1 << 20;
/// Limit: Excel keeps some 250 formats of its own making.
const MAX_FORMATS: usize = 65_536;
/// Limit: bytes of a format code; Excel takes 255 characters.
const MAX_CODE: usize = 8192;

/// The number formats by style.
#[derive(Debug, Default)]
pub(super) struct Styles {
    formats: Vec<Format>,
    /// For each style its format.
    styles: Vec<u32>,
}

impl Styles {
    /// Reads the part, if there is one.
    pub(super) fn read(package: &Package, part: Option<&str>) -> Result<Self, Problem> {
        let mut draft = Draft::default();
        if let Some(part) = part.map(|part| package.part(part, Kind::Styles)).transpose()?.flatten() {
            draft.read(&mut Xml::new(part)?)?;
        }
        Ok(draft.styles)
    }

    /// The format of a style; none where the workbook does not define that style.
    pub(super) fn format(&self, style: u32) -> Option<&Format> {
        const PLAIN: &Format = &Format::Plain;
        if self.styles.is_empty() {
            return Some(PLAIN);
        }
        self.formats.get(*self.styles.get(style as usize)? as usize)
    }
}

/// The styles while they are read.
#[derive(Debug, Default)]
struct Draft {
    styles: Styles,
    codes: HashMap<u32, Format>,
    /// Where each format number's format stands.
    places: HashMap<u32, u32>,
}

impl Draft {
    fn read<R: std::io::Read>(&mut self, xml: &mut Xml<R>) -> Result<(), Problem> {
        // Formats are told before styles in every file seen, but need not be.
        let mut ids = Vec::new();
        let mut depth = 0;
        let mut is_in = (false, false);
        loop {
            match xml.next()? {
                Token::Start(tag) => {
                    depth += 1;
                    match (depth, tag.name) {
                        (2, name) => is_in = (name == b"numFmts", name == b"cellXfs"),
                        (3, b"numFmt") if is_in.0 && self.codes.len() < MAX_FORMATS => {
                            let id = tag.attribute(b"numFmtId")?.and_then(|id| id.trim().parse().ok());
                            let code = tag.attribute(b"formatCode")?.filter(|code| code.len() <= MAX_CODE);
                            if let Some((id, code)) = id.zip(code) {
                                self.codes.insert(id, Format::of_code(&code));
                            }
                        }
                        (3, b"xf") if is_in.1 => {
                            if ids.len() == MAX_STYLES {
                                return Err(Problem::Broken(format!("it has more than {MAX_STYLES} styles")));
                            }
                            let id = tag.attribute(b"numFmtId")?.and_then(|id| id.trim().parse::<u32>().ok());
                            ids.push(id.unwrap_or(0));
                        }
                        _ => {}
                    }
                }
                Token::End => depth -= 1,
                Token::Text(_) => {}
                Token::Done => break,
            }
        }
        for id in ids {
            let place = self.place(id);
            self.styles.styles.push(place);
        }
        Ok(())
    }

    fn place(&mut self, id: u32) -> u32 {
        *self.places.entry(id).or_insert_with(|| {
            let format = self.codes.remove(&id).unwrap_or_else(|| Format::of_built_in(id));
            self.styles.formats.push(format);
            self.styles.formats.len() as u32 - 1
        })
    }
}
