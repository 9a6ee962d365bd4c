//! Which sheets a workbook has, and which parts hold them, its texts and its styles.
//!
//! Reads relations and the workbook part. Relations are told apart by the last word of their type, for strict and
//! transitional files differ before it. The one rule: a sheet is named by one name and one part, or nothing is read.

use std::collections::{BTreeMap, HashSet};

use super::Problem;
use super::package::{Kind, Package, normal};
use super::xml::{Token, Xml};
use crate::finding::quote;

/// Limit: sheets of one workbook.
const MAX_SHEETS: usize = 10_000;
/// Limit: relations of one part.
const MAX_RELATIONS: usize = 100_000;

/// A worksheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sheet) struct Sheet {
    /// Its name.
    pub(in crate::sheet) name: String,
    /// Whether Excel shows it.
    pub(in crate::sheet) is_visible: bool,
    /// The part that holds its rows.
    pub(super) part: String,
}

/// A workbook without its cells.
#[derive(Debug, Default)]
pub(super) struct Workbook {
    /// Its worksheets in order.
    pub(super) sheets: Vec<Sheet>,
    /// Days count from 1904.
    pub(super) is_1904: bool,
    /// Excel is to compute everything on opening, so a zero beside a formula was perhaps never computed.
    pub(super) is_uncomputed: bool,
    /// The part of shared texts.
    pub(super) strings: Option<String>,
    /// The part of styles.
    pub(super) styles: Option<String>,
}

/// What a relation leads to.
#[derive(Debug)]
struct Relation {
    kind: String,
    target: Option<String>,
}

impl Workbook {
    /// Reads the workbook's own part and its relations.
    pub(super) fn read(package: &Package) -> Result<Self, Problem> {
        let roots = relations(package, "_rels/.rels", "")?;
        let root = roots.into_values().find(|root| root.kind == "officeDocument").and_then(|root| root.target);
        let part = root.unwrap_or_else(|| "xl/workbook.xml".to_owned());
        let (folder, name) = part.rsplit_once('/').unwrap_or(("", &part));
        let slash = if folder.is_empty() { "" } else { "/" };
        let relations = relations(package, &format!("{folder}{slash}_rels/{name}.rels"), folder)?;
        let of_kind = |kind: &str| {
            relations.values().find(|relation| relation.kind == kind).and_then(|relation| relation.target.clone())
        };
        let mut workbook = Self { strings: of_kind("sharedStrings"), styles: of_kind("styles"), ..Self::default() };
        let xml = package.part(&part, Kind::Index)?;
        let xml = xml.ok_or_else(|| Problem::broken("it is an Office document, but no workbook"))?;
        workbook.fill(&mut Xml::new(xml)?, &relations)?;
        Ok(workbook)
    }

    fn fill<R: std::io::Read>(
        &mut self,
        xml: &mut Xml<R>,
        relations: &BTreeMap<String, Relation>,
    ) -> Result<(), Problem> {
        let (mut names, mut parts) = (HashSet::new(), HashSet::new());
        let (mut depth, mut is_in_sheets) = (0, false);
        loop {
            match xml.next()? {
                Token::Start(tag) => {
                    depth += 1;
                    match (depth, tag.name) {
                        (1, b"workbook") => {}
                        (1, _) => return Err(Problem::broken("it is an Office document, but no workbook")),
                        (2, name) => {
                            is_in_sheets = name == b"sheets";
                            self.is_1904 |= name == b"workbookPr" && tag.is_set(b"date1904")?;
                            self.is_uncomputed |= name == b"calcPr" && tag.is_set(b"fullCalcOnLoad")?;
                        }
                        (3, b"sheet") if is_in_sheets => {
                            let name = tag.attribute(b"name")?.unwrap_or_default();
                            let is_visible = tag.attribute(b"state")?.is_none_or(|state| state == "visible");
                            let id = tag.attribute(b"id")?.unwrap_or_default();
                            if names.len() == MAX_SHEETS {
                                return Err(Problem::Broken(format!("it has more than {MAX_SHEETS} sheets")));
                            }
                            if !names.insert(name.clone()) {
                                return Err(Problem::Broken(format!("it has two sheets {}", quote(&name))));
                            }
                            let relation = relations.get(&id).filter(|relation| relation.target.is_some());
                            let relation = relation
                                .ok_or_else(|| Problem::Broken(format!("its sheet {} has no part", quote(&name))))?;
                            if relation.kind == "worksheet" {
                                let part = relation.target.clone().unwrap_or_default();
                                // Its invoices would be two invoices each, and the work would have no end.
                                if !parts.insert(normal(&part)) {
                                    let (name, part) = (quote(&name), quote(&part));
                                    let reason = format!("its sheet {name} has the part {part}, as another sheet has");
                                    return Err(Problem::Broken(reason));
                                }
                                self.sheets.push(Sheet { name, is_visible, part });
                            }
                        }
                        _ => {}
                    }
                }
                Token::End => depth -= 1,
                Token::Text(_) => {}
                Token::Done => return Ok(()),
            }
        }
    }
}

/// The relations told in a part, by id, with targets as parts of the archive; none where the part is missing.
fn relations(package: &Package, part: &str, folder: &str) -> Result<BTreeMap<String, Relation>, Problem> {
    let mut relations = BTreeMap::new();
    let Some(part) = package.part(part, Kind::Index)? else { return Ok(relations) };
    let mut xml = Xml::new(part)?;
    loop {
        match xml.next()? {
            Token::Start(tag) if tag.name == b"Relationship" => {
                let kind = tag.attribute(b"Type")?.unwrap_or_default();
                let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
                let is_outside = tag.attribute(b"TargetMode")?.is_some_and(|mode| mode == "External");
                let target = tag.attribute(b"Target")?.filter(|_| !is_outside);
                let target = target.map(|target| resolve(folder, &target));
                if relations.len() == MAX_RELATIONS {
                    return Err(Problem::Broken(format!("it has more than {MAX_RELATIONS} relations")));
                }
                relations.insert(tag.attribute(b"Id")?.unwrap_or_default(), Relation { kind, target });
            }
            Token::Done => return Ok(relations),
            Token::Start(_) | Token::End | Token::Text(_) => {}
        }
    }
}

/// The part that a target means, seen from a folder of the archive.
fn resolve(folder: &str, target: &str) -> String {
    let target = decode_percents(&target.replace('\\', "/"));
    let mut steps: Vec<&str> = Vec::new();
    if !target.starts_with('/') {
        steps.extend(folder.split('/').filter(|step| !step.is_empty()));
    }
    for step in target.split('/') {
        match step {
            "" | "." => {}
            // What leads out of the archive stays at its top, where there is nothing but parts.
            ".." => drop(steps.pop()),
            step => steps.push(step),
        }
    }
    steps.join("/")
}

fn decode_percents(target: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = target.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let decoded = digits.filter(|_| *byte == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(decoded.unwrap_or(*byte));
        rest = if decoded.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| target.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_found_however_they_are_written() {
        for (folder, target, part) in [
            ("xl", "worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("xl", "/xl/worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("xl", "../xl/styles.xml", "xl/styles.xml"),
            ("xl", "./styles.xml", "xl/styles.xml"),
            ("xl", "worksheets\\my%20sheet.xml", "xl/worksheets/my sheet.xml"),
            ("", "xl/workbook.xml", "xl/workbook.xml"),
            ("xl", "../../../../x", "x"),
            ("xl", "100%", "xl/100%"),
        ] {
            assert_eq!(resolve(folder, target), part, "{target}");
        }
    }
}
