//! Merged ranges of a sheet, which stand behind its rows, and what they pass on to the cells that they cover.
//!
//! Looks through the part once before its rows are read. The one rule: a value goes down and to the right inside its
//! own range only, and the work for a row follows the ranges that cover it; a number stays in its first cell, for it may
//! be an amount, which would count once for each row.

use std::io::Read;

use memchr::memmem;

use super::Problem;
use super::heads::reference;
use super::xml::{Token, Xml};
use crate::finding::quote;
use crate::sheet::row::{Inherited, RawRow};
use crate::sheet::{CellKind, column_letters};

/// Limit: merged ranges of a sheet; each takes 16 bytes.
const MAX_RANGES: usize = 1 << 20;
/// Limit: more ranges than columns cannot cover one row without covering each other.
const MAX_ACTIVE: usize = 16_384;
/// Bytes looked through at once.
const CHUNK: usize = 256 * 1024;

/// A merged range, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::sheet) struct Area {
    /// Counted from 1.
    pub(in crate::sheet) first_row: u32,
    /// Counted from 0.
    pub(in crate::sheet) first_column: u32,
    pub(in crate::sheet) last_row: u32,
    pub(in crate::sheet) last_column: u32,
}

/// The merged ranges of a sheet while its rows go by.
#[derive(Debug, Default)]
pub(in crate::sheet) struct Merges {
    areas: Vec<Area>,
    next: usize,
    active: Vec<(Area, Inherited)>,
    /// The first range whose number was not passed on.
    kept: Option<Area>,
}

impl Merges {
    /// Finds the ranges of a sheet's part; little of it is understood on the way.
    pub(super) fn find(part: &mut impl Read) -> Result<Self, Problem> {
        let Some(tail) = Tail::find(part)? else { return Ok(Self::default()) };
        let mut merges = Self::default();
        let mut xml = Xml::new(tail)?;
        // The list, up to its end.
        let mut depth = 0;
        loop {
            match xml.next()? {
                Token::Start(tag) => {
                    depth += 1;
                    if tag.name == b"mergeCell" {
                        let written = tag.attribute(b"ref")?.unwrap_or_default();
                        let area = area(&written);
                        merges.push(area.ok_or_else(|| {
                            Problem::Broken(format!("it has the merged range {}, which is none", quote(&written)))
                        })?)?;
                    }
                }
                Token::End => depth -= 1,
                Token::Text(_) => {}
                Token::Done => break,
            }
            if depth == 0 {
                break;
            }
        }
        merges.sort();
        Ok(merges)
    }

    /// Adds a range; all that begin in a row are added before that row is passed.
    pub(in crate::sheet) fn push(&mut self, area: Area) -> Result<(), Problem> {
        if self.areas.len() == MAX_RANGES {
            return Err(Problem::Broken(format!("it has more than {MAX_RANGES} merged ranges")));
        }
        self.areas.push(area);
        Ok(())
    }

    /// Brings ranges that were added in any order into theirs.
    pub(in crate::sheet) fn sort(&mut self) {
        self.areas.sort_unstable();
    }

    /// Takes what the row begins, and gives it what earlier rows and its own cells pass on; says how much that was.
    pub(in crate::sheet) fn pass_on(&mut self, row: &mut RawRow) -> Result<u64, Problem> {
        if self.areas.is_empty() {
            return Ok(0);
        }
        // Excel's rows count from 1, as references do.
        self.active.retain(|(area, _)| area.last_row >= row.number);
        row.inherited.extend(self.active.iter().map(|(_, inherited)| inherited.clone()));
        while let Some(area) = self.areas.get(self.next).copied().filter(|area| area.first_row <= row.number) {
            self.next += 1;
            if area.first_row < row.number || row.is_blank_at(area.first_column as usize) {
                continue;
            }
            let cell = row.cell(area.first_column as usize);
            if cell.kind == CellKind::Number {
                let is_single = (area.first_row, area.first_column) == (area.last_row, area.last_column);
                self.kept = self.kept.or(Some(area).filter(|_| !is_single));
                continue;
            }
            let text = cell.text.to_owned();
            let all = Inherited { first: area.first_column, last: area.last_column, kind: cell.kind, text };
            if area.last_column > area.first_column {
                row.inherited.push(Inherited { first: area.first_column + 1, ..all.clone() });
            }
            if area.last_row > row.number {
                if self.active.len() == MAX_ACTIVE {
                    return Err(Problem::broken("its merged ranges cover each other"));
                }
                self.active.push((area, all));
            }
        }
        row.inherited.sort_by_key(|inherited| inherited.first);
        Ok(row.inherited.iter().map(|inherited| 1 + inherited.text.len() as u64).sum())
    }
}

impl Merges {
    /// A sentence about numbers that were not passed on.
    pub(in crate::sheet) fn note(&self) -> Option<String> {
        let area = self.kept?;
        let place = |column: u32, row| format!("{}{row}", column_letters(column as usize));
        let (first, last) = (place(area.first_column, area.first_row), place(area.last_column, area.last_row));
        Some(format!("merged numbers count in their first cell only, such as {first} of {first}:{last}"))
    }
}

fn area(written: &str) -> Option<Area> {
    let (first, last) = written.split_once(':').unwrap_or((written, written));
    let ((first_row, first_column), (last_row, last_column)) =
        (reference(first.as_bytes())?, reference(last.as_bytes())?);
    let area = Area { first_row, first_column, last_row, last_column };
    (first_row <= last_row && first_column <= last_column).then_some(area)
}

/// A part from its list of merged ranges on.
struct Tail<'p, R> {
    head: Vec<u8>,
    taken: usize,
    part: &'p mut R,
}

impl<'p, R: Read> Tail<'p, R> {
    fn find(part: &'p mut R) -> Result<Option<Self>, Problem> {
        const NAME: &[u8] = b"mergeCells";
        // Limit: a prefix of a name is shorter than this.
        const KEPT: usize = 256;
        let finder = memmem::Finder::new(NAME);
        let mut buffer = vec![0; CHUNK];
        let (mut end, mut seen) = (0_usize, 0_usize);
        loop {
            let count = part.read(&mut buffer[end..])?;
            end += count;
            // A name may lie across the end of what was seen.
            let from = seen.saturating_sub(NAME.len());
            for at in finder.find_iter(&buffer[from..end]).map(|at| from + at) {
                let begin = buffer[..at].iter().rposition(|byte| matches!(byte, b'<' | b'/' | b'>' | b' ' | b'"'));
                let is_tag =
                    begin.is_some_and(|begin| buffer[begin] == b'<' && (begin + 1 == at || buffer[at - 1] == b':'));
                // Its tag may be cut off here; then it is found again with the next bytes.
                if let Some(begin) = begin.filter(|_| is_tag && end - at > NAME.len()) {
                    buffer.truncate(end);
                    return Ok(Some(Self { head: buffer.split_off(begin), taken: 0, part }));
                }
            }
            if count == 0 {
                return Ok(None);
            }
            if end == buffer.len() {
                buffer.copy_within(end - KEPT.., 0);
                end = KEPT;
            }
            seen = end;
        }
    }
}

impl<R: Read> Read for Tail<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let head = &self.head[self.taken..];
        if head.is_empty() {
            return self.part.read(buffer);
        }
        let count = head.len().min(buffer.len());
        buffer[..count].copy_from_slice(&head[..count]);
        self.taken += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_two_references_in_order() {
        let b2_d3 = Area { first_row: 2, first_column: 1, last_row: 3, last_column: 3 };
        assert_eq!(area("B2:D3"), Some(b2_d3));
        for bad in ["", ":", "B2:", "D3:B2", "B0:C1", "XFE1:XFE2", "A1:A1048577", "1:2"] {
            assert_eq!(area(bad), None, "{bad}");
        }
    }
}
