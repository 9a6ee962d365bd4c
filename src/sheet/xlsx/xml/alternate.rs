//! Contents that come in several forms (`mc:AlternateContent`), of which a reader takes the first that it knows.
//!
//! The one rule: one form is read and never two, and where rows and cells stand a content of which none can be read is
//! an error, for it may have been an invoice.

use std::io::Read;
use std::ops::Range;

use super::super::Problem;
use super::{Raw, Tag, Xml, cut_off, local};
use crate::finding::quote;

/// A content in several forms, of which one is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Alternate {
    /// How many elements are open inside it, itself counted.
    pub(super) depth: usize,
    is_taken: bool,
}

impl<R: Read> Xml<R> {
    /// Whether a tag only says that a content comes in several forms; a form that is not read is passed over.
    pub(super) fn is_alternate(&mut self, name: Range<usize>, attributes: Range<usize>) -> Result<bool, Problem> {
        let (name, attributes) = (local(&self.buffer[name]), &self.buffer[attributes]);
        if name == b"AlternateContent" {
            self.alternates.push(Alternate { depth: self.open.len(), is_taken: false });
            return Ok(true);
        }
        let Some(alternate) = self.alternates.last_mut().filter(|found| found.depth + 1 == self.open.len()) else {
            return Ok(false);
        };
        let is_read = match name {
            b"Choice" => Tag { name, attributes }.attribute(b"Requires")?.is_some_and(|needs| is_understood(&needs)),
            b"Fallback" => true,
            _ => return Err(Problem::broken("its XML has a content in several forms that is not well formed")),
        };
        if is_read && !alternate.is_taken {
            alternate.is_taken = true;
            return Ok(true);
        }
        let depth = self.open.len();
        while self.open.len() >= depth {
            if let Raw::Done = self.raw()? {
                return Err(cut_off());
            }
        }
        Ok(true)
    }

    /// Whether the element that just ended only held a content in several forms, or one of them.
    pub(super) fn ends_alternate(&mut self) -> Result<bool, Problem> {
        const ROWS: [&[u8]; 9] = [b"sheetData", b"row", b"c", b"is", b"si", b"sst", b"r", b"t", b"v"];
        let Some(alternate) = self.alternates.last().copied() else { return Ok(false) };
        if self.open.len() == alternate.depth {
            return Ok(true);
        }
        if self.open.len() + 1 > alternate.depth {
            return Ok(false);
        }
        self.alternates.pop();
        let inside = self.open.last().map(|start| local(&self.names[*start..]));
        // Between cells it may have been an invoice.
        if !alternate.is_taken && inside.is_some_and(|name| ROWS.contains(&name)) {
            let name = quote(&String::from_utf8_lossy(inside.unwrap_or_default()));
            return Err(Problem::Broken(format!("its element {name} has a content in forms none of which is read")));
        }
        Ok(true)
    }
}

/// Whether Excel knows all that a form of a content requires, by the prefixes that it writes itself.
fn is_understood(needs: &str) -> bool {
    const KNOWN: [&str; 12] = ["x14", "x14ac", "x15", "x15ac", "x16", "x16r2", "xr", "xr2", "xr3", "a14", "xda", "mx"];
    needs.split_ascii_whitespace().all(|prefix| KNOWN.contains(&prefix))
}
