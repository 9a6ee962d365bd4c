//! Searches: one page, or all pages one after the other.
//!
//! What `offset` counts is not documented (contract 2.5), so [`Pages`] finds it out. The one rule: it ends without an error
//! only when a page came that brought nothing new; a short page proves nothing, since a server may cap its pages.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::Client;
use super::error::ClientError;
use crate::api::Searched;
use crate::api::found::{Record, SearchReading, read_payload};

/// Records that a page is asked to have at most (contract 2.5).
pub const LARGEST_PAGE: u32 = 5_000;

/// Limit: pages of one walk; at the size that [`Pages`] asks for they hold more than any account does.
const MOST_PAGES: u64 = 1_000_000;

/// Records that [`Pages`] asks for at a time.
const PAGE: u32 = 1_000;

/// Which part of a search is asked for (contract 2.5); what is not given is not sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Window {
    /// Where the page begins; whether it counts records or pages is not documented.
    pub offset: Option<u32>,
    /// Records of the page, 1 to [`LARGEST_PAGE`]; the server's default is not documented.
    pub limit: Option<u32>,
    /// Up or down.
    pub direction: Option<Direction>,
    /// Field to sort by; none is documented.
    pub order_by: Option<String>,
}

/// The order of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

/// A page of records.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Page<T> {
    /// The records, in the order of the reply.
    pub records: Vec<T>,
    /// How many match in all, where the reply says so beyond doubt.
    pub total: Option<u64>,
    /// The server's name for the request.
    pub request_id: Option<String>,
}

/// All pages of a search, each asked for when it is wanted. Each record comes once, also where pages overlap, and the walk
/// stops at the first error. Records that come or go meanwhile can be missed, as with every search by offset; compare
/// [`Page::total`] where that matters. Ids of records are remembered, some 50 bytes each.
#[derive(Debug)]
pub struct Pages<'c, T> {
    client: &'c Client,
    searched: Searched,
    filters: Map<String, Value>,
    seen: HashSet<String>,
    asked: u64,
    step: Step,
    record: std::marker::PhantomData<fn() -> T>,
}

/// What is asked for next.
#[derive(Debug)]
enum Step {
    First,
    /// Offset 1, in pages as large as the first one was: records show the first page again but for its first record,
    /// pages show others.
    Probe {
        first: Vec<String>,
    },
    /// From this offset in steps of so many, or of as many as the page has.
    On {
        offset: u32,
        stride: Option<u32>,
        limit: u32,
    },
    End,
}

impl Window {
    fn query(&self, checks: bool) -> Result<Vec<(&'static str, String)>, ClientError> {
        if checks && self.limit.is_some_and(|limit| !(1..=LARGEST_PAGE).contains(&limit)) {
            let problem = format!("{} is out of range; expected 1 to {LARGEST_PAGE}", self.limit.unwrap_or_default());
            return Err(ClientError::invalid("limit", problem));
        }
        let direction = self.direction.map(|direction| match direction {
            Direction::Ascending => "ASC".to_owned(),
            Direction::Descending => "DESC".to_owned(),
        });
        let given = [
            ("direction", direction),
            ("limit", self.limit.map(|limit| limit.to_string())),
            ("offset", self.offset.map(|offset| offset.to_string())),
            ("orderBy", self.order_by.clone()),
        ];
        Ok(given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect())
    }
}

impl Client {
    pub(super) fn search_page<T: From<Map<String, Value>>>(
        &self,
        searched: Searched,
        filters: Map<String, Value>,
        window: &Window,
    ) -> Result<Page<T>, ClientError> {
        let page = self.raw_page(searched, filters, window)?;
        let records = page.records.into_iter().map(|Record(object)| T::from(object)).collect();
        Ok(Page { records, total: page.total, request_id: page.request_id })
    }

    fn raw_page(
        &self,
        searched: Searched,
        filters: Map<String, Value>,
        window: &Window,
    ) -> Result<Page<Record>, ClientError> {
        let query = window.query(self.checks())?;
        let reply = self.ask_search(searched, &query, &Value::Object(filters))?;
        match read_payload(reply.payload) {
            SearchReading::Page(page) => {
                Ok(Page { records: page.records, total: page.total, request_id: reply.request_id })
            }
            SearchReading::Useless { reason } | SearchReading::Broken { reason } => {
                Err(ClientError::Unknown { reason, request_id: reply.request_id })
            }
            SearchReading::Later { message, .. } | SearchReading::Unauthorized { message } => {
                Err(ClientError::Unknown { reason: message, request_id: reply.request_id })
            }
        }
    }
}

impl<'c, T: From<Map<String, Value>>> Pages<'c, T> {
    pub(super) fn new(client: &'c Client, searched: Searched, filters: Map<String, Value>) -> Self {
        Self {
            client,
            searched,
            filters,
            seen: HashSet::new(),
            asked: 0,
            step: Step::First,
            record: std::marker::PhantomData,
        }
    }

    /// Asks for one page and decides what comes after it; none when there is no more.
    fn advance(&mut self) -> Result<Option<Page<T>>, ClientError> {
        self.asked += 1;
        if self.asked > MOST_PAGES {
            return Err(unending("the search does not end"));
        }
        let (offset, limit) = match &self.step {
            Step::First => (0, PAGE),
            Step::Probe { first } => (1, first.len() as u32),
            Step::On { offset, limit, .. } => (*offset, *limit),
            Step::End => return Ok(None),
        };
        let window =
            Window { offset: Some(offset), limit: Some(limit), direction: Some(Direction::Ascending), order_by: None };
        let page = self.client.raw_page(self.searched, self.filters.clone(), &window)?;
        let marks: Vec<String> = page.records.iter().map(|record| mark(self.searched, record)).collect();
        let records = page.records.into_iter().zip(&marks).filter(|(_, mark)| !self.seen.contains(*mark));
        let records: Vec<Record> = records.map(|(record, _)| record).collect();
        self.seen.extend(marks.iter().cloned());
        self.step = self.after(marks, records.len(), offset)?;
        if records.is_empty() && matches!(self.step, Step::End) {
            return Ok(None);
        }
        let records = records.into_iter().map(|Record(object)| T::from(object)).collect();
        Ok(Some(Page { records, total: page.total, request_id: page.request_id }))
    }

    fn after(&self, marks: Vec<String>, new: usize, offset: u32) -> Result<Step, ClientError> {
        let size = marks.len() as u32;
        Ok(match &self.step {
            _ if marks.is_empty() => Step::End,
            // With pages of one record, records and pages are the same.
            Step::First if size == 1 => Step::On { offset: 1, stride: Some(1), limit: PAGE },
            Step::First => Step::Probe { first: marks },
            Step::Probe { first } if *first == marks => {
                // Rounded down to whole pages, or not obeyed at all; the next page tells.
                Step::On { offset: size, stride: Some(size), limit: size }
            }
            Step::Probe { first } if first.iter().all(|mark| !marks.contains(mark)) => {
                Step::On { offset: 2, stride: Some(1), limit: first.len() as u32 }
            }
            Step::Probe { first } => {
                // One record on at most; more would mean that records came or went.
                if marks.contains(&first[0]) || !first[1..].iter().all(|mark| marks.contains(mark)) {
                    return Err(unending("the records changed while they were read"));
                }
                if new == 0 { Step::End } else { Step::On { offset: 1 + size, stride: None, limit: PAGE } }
            }
            Step::On { offset: asked, stride: Some(stride), .. } if new == 0 && *asked == *stride && *stride > 1 => {
                // The first page again: complete only if it was not cut at a size.
                return Err(unending("the search shows its first page whatever offset is asked for"));
            }
            Step::On { .. } if new == 0 => Step::End,
            Step::On { stride, limit, .. } => {
                let next = offset.checked_add(stride.unwrap_or(size));
                let next = next.ok_or_else(|| unending("the search does not end"))?;
                Step::On { offset: next, stride: *stride, limit: *limit }
            }
            Step::End => Step::End,
        })
    }
}

impl<T: From<Map<String, Value>>> Iterator for Pages<'_, T> {
    type Item = Result<Page<T>, ClientError>;

    fn next(&mut self) -> Option<Self::Item> {
        let page = loop {
            match self.advance() {
                // A page that only showed what offsets mean.
                Ok(Some(page)) if page.records.is_empty() => {}
                page => break page,
            }
        };
        if page.is_err() {
            self.step = Step::End;
        }
        page.transpose()
    }
}

fn unending(reason: &str) -> ClientError {
    ClientError::Unknown { reason: reason.to_owned(), request_id: None }
}

/// What a record is known by: its id, else all that it says.
fn mark(searched: Searched, record: &Record) -> String {
    let id = match searched {
        Searched::Invoices => "invoiceId",
        Searched::Customers => "customerId",
    };
    record.text(id).unwrap_or_else(|| Value::Object(record.0.clone()).to_string())
}
