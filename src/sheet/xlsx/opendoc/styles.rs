//! What the styles of an ods say of numbers, put into the words of format codes.
//!
//! Owns cell styles, data styles and their conditions, those that all sheets share and those of the content itself.
//! Leaves the meaning of format codes to [`super::super::formats`]. The one rule: a currency or percentage is kept
//! wherever it stands, in the style or in the cell; a sign that the cell contradicts is never a rupee for that.

use std::collections::HashMap;
use std::io::Read;

use super::super::Problem;
use super::super::formats::Format;
use super::super::xml::{Tag, Text, Token, Xml};
use super::numbers::Code;
use crate::money::{is_foreign_currency, is_foreign_sign, is_rupee};

/// Limit: bytes of all names and codes; LibreOffice keeps some ten thousand styles at most.
const MAX_BYTES: usize = 16 << 20;
/// Limit: styles that take after each other.
const MAX_PARENTS: usize = 32;
/// Limit: conditions of a data style; spreadsheets have two.
const MAX_MAPS: usize = 8;

/// The place of a format among those in use; that of the plain one is 0.
pub(super) type FormatId = u32;
/// The place of a name among those seen; that of no name is 0.
pub(super) type NameId = u32;

/// The styles of an ods.
#[derive(Debug)]
pub(super) struct Styles {
    names: HashMap<String, NameId>,
    bytes: usize,
    /// The styles of the content, and those that are shared.
    own: Scope,
    common: Scope,
    formats: Vec<Format>,
    known: HashMap<(NameId, bool, NameId), FormatId>,
    default: NameId,
    currencies: HashMap<NameId, String>,
}

#[derive(Debug, Default)]
struct Scope {
    cells: HashMap<NameId, CellStyle>,
    data: HashMap<NameId, DataStyle>,
}

#[derive(Debug, Clone, Copy)]
struct CellStyle {
    data: NameId,
    parent: NameId,
}

#[derive(Debug)]
struct DataStyle {
    section: Section,
    /// Conditions as format codes have them, and the style of each.
    maps: Vec<(String, NameId)>,
}

/// The code of a style alone.
#[derive(Debug, Clone, Default)]
struct Section {
    code: String,
    is_percent: bool,
    is_foreign: bool,
}

impl Styles {
    pub(super) fn new() -> Result<Self, Problem> {
        let mut styles = Self {
            names: HashMap::new(),
            bytes: 0,
            own: Scope::default(),
            common: Scope::default(),
            formats: vec![Format::Plain],
            known: HashMap::new(),
            default: 0,
            currencies: HashMap::new(),
        };
        styles.default = styles.name(b"Default")?;
        Ok(styles)
    }

    /// Reads the shared styles.
    pub(super) fn read_common<R: Read>(&mut self, mut xml: Xml<R>) -> Result<(), Problem> {
        loop {
            match xml.next()? {
                Token::Start(tag) if is_list(tag.name) => {
                    let scope = std::mem::take(&mut self.common);
                    self.common = self.read_list(&mut xml, scope)?;
                }
                Token::Done => return Ok(()),
                Token::Start(_) | Token::End | Token::Text(_) => {}
            }
        }
    }

    /// Reads the styles of the content, behind the tag of their list.
    pub(super) fn read_own<R: Read>(&mut self, xml: &mut Xml<R>) -> Result<(), Problem> {
        let scope = std::mem::take(&mut self.own);
        self.own = self.read_list(xml, scope)?;
        Ok(())
    }

    /// The name's place; no name has an empty one.
    pub(super) fn name(&mut self, name: &[u8]) -> Result<NameId, Problem> {
        if name.is_empty() {
            return Ok(0);
        }
        let name = String::from_utf8_lossy(name);
        if let Some(id) = self.names.get(name.as_ref()) {
            return Ok(*id);
        }
        self.charge(name.len() + 64)?;
        let id = self.names.len() as NameId + 1;
        self.names.insert(name.into_owned(), id);
        Ok(id)
    }

    /// A currency that a cell names; 0 for the rupee and none.
    pub(super) fn currency(&mut self, written: &[u8]) -> Result<NameId, Problem> {
        let shown = String::from_utf8_lossy(written.trim_ascii());
        if is_rupee(&shown) {
            return Ok(0);
        }
        let id = self.name(shown.as_bytes())?;
        self.currencies.entry(id).or_insert_with(|| shown.into_owned());
        Ok(id)
    }

    /// The format of a number in some style, whose cell may say that it is a percentage, or in which currency it is.
    pub(super) fn format_id(&mut self, style: NameId, is_percent: bool, currency: NameId) -> Result<FormatId, Problem> {
        let style = if style == 0 { self.default } else { style };
        if let Some(id) = self.known.get(&(style, is_percent, currency)) {
            return Ok(*id);
        }
        let code = self.code(style, is_percent, self.currencies.get(&currency).map(String::as_str));
        self.charge(code.len() + 256)?;
        let format = Format::of_code(&code);
        let found = self.formats.iter().position(|known| *known == format);
        let id = found.unwrap_or_else(|| {
            self.formats.push(format);
            self.formats.len() - 1
        });
        self.known.insert((style, is_percent, currency), id as FormatId);
        Ok(id as FormatId)
    }

    pub(super) fn format(&self, id: FormatId) -> &Format {
        &self.formats[id as usize]
    }

    fn charge(&mut self, bytes: usize) -> Result<(), Problem> {
        self.bytes += bytes;
        if self.bytes > MAX_BYTES { Err(Problem::broken("it has more styles than are read")) } else { Ok(()) }
    }

    fn code(&self, style: NameId, is_percent: bool, currency: Option<&str>) -> String {
        let mut sections = self.sections(style);
        if sections.is_empty() {
            sections.push((String::new(), Section { code: "0".to_owned(), ..Section::default() }));
        }
        // What the cell says of itself holds where the style does not say it.
        let lacks_percent = is_percent && !sections.iter().any(|(_, section)| section.is_percent);
        let currency = currency.filter(|_| !sections.iter().any(|(_, section)| section.is_foreign));
        let currency = currency.map(bracket).unwrap_or_default();
        let percent = if lacks_percent { "%" } else { "" };
        let shown = sections.iter().map(|(condition, section)| {
            let digits = if section.code.is_empty() && !(currency.is_empty() && percent.is_empty()) { "0" } else { "" };
            format!("{condition}{currency}{}{digits}{percent}", section.code)
        });
        shown.collect::<Vec<_>>().join(";")
    }

    /// The conditions and codes of a cell style.
    fn sections(&self, style: NameId) -> Vec<(String, Section)> {
        let Some((data, scope)) = self.data_style(style) else { return Vec::new() };
        // A condition for a style that there is not is none.
        let conditional = data
            .maps
            .iter()
            .filter_map(|(condition, name)| Some((condition.clone(), self.data(scope, *name)?.section.clone())));
        conditional.chain([(String::new(), data.section.clone())]).collect()
    }

    fn data_style(&self, style: NameId) -> Option<(&DataStyle, &Scope)> {
        let mut name = style;
        let mut scope = &self.own;
        for _ in 0..MAX_PARENTS {
            if !scope.cells.contains_key(&name) {
                scope = &self.common;
            }
            let style = scope.cells.get(&name)?;
            if style.data != 0 {
                return self.data(scope, style.data).map(|data| (data, scope));
            }
            // Only shared styles have heirs.
            (name, scope) = (style.parent, &self.common);
        }
        None
    }

    fn data<'a>(&'a self, scope: &'a Scope, name: NameId) -> Option<&'a DataStyle> {
        scope.data.get(&name).or_else(|| self.common.data.get(&name))
    }

    /// Reads a list of styles behind its tag; the first of two with one name counts.
    fn read_list<R: Read>(&mut self, xml: &mut Xml<R>, mut scope: Scope) -> Result<Scope, Problem> {
        loop {
            match xml.next()? {
                Token::Start(tag) => match tag.name {
                    b"style" if attribute(tag, b"family")? == b"table-cell" => {
                        let name = self.name(attribute(tag, b"name")?)?;
                        let data = self.name(attribute(tag, b"data-style-name")?)?;
                        let parent = self.name(attribute(tag, b"parent-style-name")?)?;
                        self.charge(64)?;
                        scope.cells.entry(name).or_insert(CellStyle { data, parent });
                        xml.skip()?;
                    }
                    b"number-style" | b"currency-style" | b"percentage-style" | b"text-style" => {
                        let is_percent = tag.name == b"percentage-style";
                        let name = self.name(attribute(tag, b"name")?)?;
                        let style = self.read_data(xml, is_percent)?;
                        self.charge(style.section.code.len() + 256)?;
                        scope.data.entry(name).or_insert(style);
                    }
                    _ => xml.skip()?,
                },
                Token::Text(_) => {}
                Token::End | Token::Done => return Ok(scope),
            }
        }
    }

    fn read_data<R: Read>(&mut self, xml: &mut Xml<R>, is_percent: bool) -> Result<DataStyle, Problem> {
        let mut style = DataStyle { section: Section::default(), maps: Vec::new() };
        let mut code = Code::new(is_percent);
        loop {
            match xml.next()? {
                Token::Start(tag) => match tag.name {
                    b"number" => {
                        code.begin_number(tag)?;
                        read_number(xml, &mut code)?;
                    }
                    b"scientific-number" => {
                        code.power();
                        xml.skip()?;
                    }
                    b"fraction" => {
                        code.fraction();
                        xml.skip()?;
                    }
                    b"text-content" => {
                        code.raw("@");
                        xml.skip()?;
                    }
                    b"text" => code.literal(&short_text(xml)?),
                    b"currency-symbol" => {
                        let symbol = short_text(xml)?;
                        style.section.is_foreign |=
                            symbol.contains(is_foreign_sign) || is_foreign_currency(symbol.trim());
                        code.raw(&bracket(symbol.trim()));
                    }
                    b"map" => {
                        let name = self.name(attribute(tag, b"apply-style-name")?)?;
                        let condition = condition(&tag.attribute(b"condition")?.unwrap_or_default());
                        if let Some(condition) = condition.filter(|_| style.maps.len() < MAX_MAPS) {
                            style.maps.push((condition, name));
                        }
                        xml.skip()?;
                    }
                    _ => xml.skip()?,
                },
                Token::Text(_) => {}
                Token::End | Token::Done => break,
            }
        }
        style.section.is_percent = code.has_percent();
        style.section.code = code.finish()?;
        Ok(style)
    }
}

/// Whether an element is a list of styles.
pub(super) fn is_list(name: &[u8]) -> bool {
    matches!(name, b"styles" | b"automatic-styles")
}

/// A currency as format codes have it.
fn bracket(symbol: &str) -> String {
    // A bracket ends where its letters say so; what has such letters is shown all the same.
    let plain: String = symbol.chars().map(|letter| if matches!(letter, ']' | '-') { ' ' } else { letter }).collect();
    format!("[${}]", plain.trim())
}

/// A condition such as `value()>=0`, as format codes have it.
fn condition(written: &str) -> Option<String> {
    let relation = written.trim().strip_prefix("value()")?.trim().replace("!=", "<>");
    let is_plain = relation.len() < 64 && !relation.contains([']', ';', '[', '"']);
    is_plain.then(|| format!("[{relation}]"))
}

fn read_number<R: Read>(xml: &mut Xml<R>, code: &mut Code) -> Result<(), Problem> {
    loop {
        match xml.next()? {
            Token::Start(tag) if tag.name == b"embedded-text" => {
                let position = attribute(tag, b"position")?;
                let position = std::str::from_utf8(position).ok().and_then(|position| position.parse().ok());
                code.embed(position.unwrap_or(0), short_text(xml)?);
            }
            Token::Start(_) => xml.skip()?,
            Token::Text(_) => {}
            Token::End | Token::Done => {
                code.end_number();
                return Ok(());
            }
        }
    }
}

/// The text of an element, however it is cut up by others, up to what a format shows.
fn short_text<R: Read>(xml: &mut Xml<R>) -> Result<String, Problem> {
    // Limit: characters that LibreOffice takes for a whole format.
    const MAX: usize = 8192;
    let (mut text, mut depth) = (String::new(), 0_usize);
    let append = |found: Text<'_>, text: &mut String| if text.len() < MAX { found.append_to(text) } else { Ok(()) };
    loop {
        match xml.next()? {
            Token::Start(_) => depth += 1,
            Token::End if depth > 0 => depth -= 1,
            Token::Text(found) => append(found, &mut text)?,
            Token::End | Token::Done => return Ok(text),
        }
    }
}

/// The value of an attribute as it is written; empty where there is none.
pub(super) fn attribute<'a>(tag: Tag<'a>, name: &[u8]) -> Result<&'a [u8], Problem> {
    for attribute in tag.attributes() {
        let (found, value) = attribute?;
        if found == name {
            return Ok(value);
        }
    }
    Ok(b"")
}
