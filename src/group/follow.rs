//! Which rows continue the document above: the same number and whatever else names it, or blanks that inherit.
//!
//! Goes over the rows of a sheet in order. The one rule: a row either begins a document or belongs to the one above;
//! where that is not certain the doubt is told, and the document does not go.

use std::hash::{DefaultHasher, Hash, Hasher as _};

use super::columns::{Columns, Said};
use crate::check::value::Faults;
use crate::sheet::RowBlock;

/// What a row is to the document above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It begins a document.
    Starts {
        /// What the row above may have to do with it.
        below: Above,
    },
    /// It says the document's number again.
    Repeats,
    /// It is blank wherever the key would stand.
    Inherits,
    /// It has no number, yet says the date or the customer of the document again.
    Unnumbered,
    /// It cannot be told, because its cells have shifted or cannot be read; it is kept with the document above.
    Suspect,
}

/// What stands above the first row of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Above {
    /// A row of another document, for certain.
    Other,
    /// A row that cannot be read.
    Suspect,
    /// A row without a number whose date and customer do not contradict.
    Unnumbered,
    /// A row without any key, which inherits unless the sheet repeats its numbers.
    Blank,
}

/// Follows the rows of a sheet.
#[derive(Debug, Clone)]
pub struct Follower<'c> {
    columns: &'c Columns,
    /// Whether a document is under way.
    open: bool,
    above: Above,
    /// Of the last row without a number, what else it says.
    loose: (Vec<Option<String>>, Vec<Option<String>>),
    number: Option<String>,
    seller: Vec<Option<String>>,
    party: Vec<Option<String>>,
    finished: Option<DocumentKey>,
}

/// The key of a document as far as its rows have told it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DocumentKey {
    /// Its number.
    pub number: Option<String>,
    /// What names the seller.
    pub seller: Vec<Option<String>>,
    /// Date and what names the customer.
    pub party: Vec<Option<String>>,
}

impl<'c> Follower<'c> {
    /// Before the first row of a sheet.
    pub fn new(columns: &'c Columns) -> Self {
        Self {
            columns,
            open: false,
            above: Above::Other,
            loose: (Vec::new(), Vec::new()),
            number: None,
            seller: Vec::new(),
            party: Vec::new(),
            finished: None,
        }
    }

    /// What the next row is; `shifted` says that it has more cells than the sheet has headings.
    pub fn step(&mut self, block: &RowBlock, row: usize, shifted: bool) -> Step {
        let mut unusable = shifted;
        let mut read = |columns: &[usize]| -> Vec<Option<String>> {
            columns.iter().map(|column| self.said(block, row, *column, &mut unusable)).collect()
        };
        let number = read(self.columns.number.as_slice()).into_iter().flatten().next();
        let (seller, party) = (read(&self.columns.seller), read(&self.columns.party));
        let above = std::mem::replace(&mut self.above, Above::Other);
        let agrees = agree(&self.seller, &seller) && agree(&self.party, &party);
        let again = number.is_some() && number == self.number;
        if self.open && again && agrees {
            fill(&mut self.seller, seller);
            fill(&mut self.party, party);
            return Step::Repeats;
        }
        if unusable {
            // What stands in it is unknown; so is whether the next document begins here.
            self.above = Above::Suspect;
            if self.open {
                return Step::Suspect;
            }
        } else if self.open && number.is_none() && agrees {
            let blank = seller.iter().chain(&party).all(Option::is_none);
            let numbered = self.number.is_some();
            self.above = if blank && numbered { Above::Blank } else { Above::Unnumbered };
            self.loose = (seller, party);
            return if blank { Step::Inherits } else { Step::Unnumbered };
        }
        let apart = !agree(&self.loose.0, &seller) || !agree(&self.loose.1, &party);
        let below = if above == Above::Unnumbered && apart { Above::Other } else { above };
        if number.is_none() && !unusable {
            self.above = Above::Unnumbered;
            self.loose = (seller.clone(), party.clone());
        }
        self.finished = self.open.then(|| self.key());
        self.open = true;
        (self.number, self.seller, self.party) = (number, seller, party);
        Step::Starts { below }
    }

    /// The key of the document that the last step ended, once.
    pub fn take_finished(&mut self) -> Option<DocumentKey> {
        self.finished.take()
    }

    /// The key of the document under way.
    pub fn key(&self) -> DocumentKey {
        DocumentKey { number: self.number.clone(), seller: self.seller.clone(), party: self.party.clone() }
    }

    fn said(&self, block: &RowBlock, row: usize, column: usize, unusable: &mut bool) -> Option<String> {
        let header = self.columns.header_at(column)?;
        match header.said(block, row, &mut Faults::new()) {
            Said::Blank => None,
            Said::Unusable => {
                *unusable = true;
                None
            }
            Said::Text(text) => Some(text),
        }
    }
}

impl DocumentKey {
    /// The financial year of the date, by its first year; none where there is no readable one.
    pub fn year(&self, columns: &Columns) -> Option<i16> {
        let date: jiff::civil::Date = columns.date.and(self.party.first()?.as_ref())?.parse().ok()?;
        Some(if date.month() >= 4 { date.year() } else { date.year() - 1 })
    }

    /// By what a number is told from the same one of another seller or year.
    pub fn identity(&self, columns: &Columns) -> u64 {
        hash(&(&self.number, &self.seller, self.year(columns)))
    }
}

/// A hash for tables in memory; it is the same in every process.
pub fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Whether a row says nothing else than the document where both say something.
fn agree(document: &[Option<String>], row: &[Option<String>]) -> bool {
    document.iter().zip(row).all(|(document, row)| match (document, row) {
        (Some(document), Some(row)) => document == row,
        _ => true,
    })
}

fn fill(document: &mut [Option<String>], row: Vec<Option<String>>) {
    for (document, row) in document.iter_mut().zip(row) {
        if document.is_none() {
            *document = row;
        }
    }
}
