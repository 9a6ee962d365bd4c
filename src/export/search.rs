//! Reads a search to its end into a spool, and puts the export into its place.
//!
//! Owns how far a search is read and what is told of it. Leaves one page to [`crate::send::search`], and whether all was
//! seen to `crate::send::paging`. The one rule: where it is not beyond doubt that all records were read, there is no
//! file, and what was read stays for the next time.

use std::collections::BTreeMap;

use serde_json::Value;

use super::spool::Spool;
use super::table::Known;
use super::write::Style;
use super::{Place, filters, write};
use crate::api::Searched;
use crate::api::found::Record;
use crate::error::RunError;
use crate::event::Event;
use crate::send::paging::{Bounds, Pages, Taken, Unread, mark, walk};
use crate::send::search::{Asking, SearchError, Searcher};
use crate::stop::StopReason;
use crate::wording::count;

/// Limit: pages small enough that one in memory is a few megabytes; more of them than any account has; and ways through
/// them until it is said that the records do not stand still.
const BOUNDS: Bounds = Bounds { page: 2_000, pages: 100_000, records: 50_000_000, ways: 5 };

/// What a search came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadSearch {
    /// Requests that it took in this process.
    pub requests: u64,
    /// Pages, those of an earlier process among them.
    pub pages: u64,
    /// Records, each once.
    pub records: u64,
}

/// A search and where it is exported to.
pub struct Export<'a> {
    /// What is searched for.
    pub searched: Searched,
    /// The filters, as [`super::filters::body`] makes them.
    pub filters: &'a Value,
    /// Where the export goes.
    pub place: &'a Place,
    /// How CSV is written.
    pub style: Style,
}

impl Export<'_> {
    /// Reads the search, or what is left of it, and writes the export.
    pub fn run(&self, searcher: &Searcher<'_>, out: &mut (dyn std::io::Write + Send)) -> Result<ReadSearch, RunError> {
        let mut spool = match self.place.partial() {
            Some(partial) => open(&partial, searcher, self.searched, self.filters)?,
            None => Spool::scratch()?,
        };
        let read = read(searcher, self.searched, self.filters, &mut spool)?;
        self.warn_of_misfits(searcher, &spool)?;
        write::put(&spool, Known::of(self.searched), self.place, self.style, out)?;
        spool.finish()?;
        searcher.observer.event(&Event::Exported {
            path: self.place.file.as_ref().map(|path| path.display().to_string()),
            resource: resource(self.searched).to_owned(),
            records: read.records,
            pages: read.pages,
            requests: read.requests,
            order: order_words(self.searched).to_owned(),
        });
        Ok(read)
    }
}

impl Export<'_> {
    /// Nobody knows whether the API obeys each filter; what it shows is exported, and what does not fit is told.
    fn warn_of_misfits(&self, searcher: &Searcher<'_>, spool: &Spool) -> Result<(), RunError> {
        if self.filters.as_object().is_none_or(serde_json::Map::is_empty) {
            return Ok(());
        }
        let mut misfits: BTreeMap<&'static str, u64> = BTreeMap::new();
        spool.each(&mut |record, _| {
            if let Some(flag) = filters::misfit(self.searched, self.filters, &record) {
                *misfits.entry(flag).or_default() += 1;
            }
            Ok(())
        })?;
        for (flag, records) in misfits {
            let records = count(records, "record");
            searcher.observer.event(&Event::Warning {
                message: format!("--{flag}: the export has {records} that this filter asks to leave out"),
                hint: Some("the API seems to pass over the filter; filter the export yourself".to_owned()),
            });
        }
        Ok(())
    }
}

/// Opens the spool of a search, which an earlier process may have begun.
pub(crate) fn open(
    partial: &std::path::Path,
    searcher: &Searcher<'_>,
    searched: Searched,
    filters: &Value,
) -> Result<Spool, RunError> {
    let search = format!("{} {} {filters}", searcher.account, searched.endpoint().name());
    let spool = Spool::open(partial, &search, searcher.clock.now())?;
    if spool.resumed > 0 {
        searcher.observer.event(&Event::SearchResumed { path: partial.display().to_string(), pages: spool.resumed });
    }
    Ok(spool)
}

/// Reads a search to its end.
pub(crate) fn read(
    searcher: &Searcher<'_>,
    searched: Searched,
    filters: &Value,
    spool: &mut Spool,
) -> Result<ReadSearch, RunError> {
    let mut pages = Spooled { asking: searcher.asking(searched, filters), searcher, searched, spool };
    // What was found out of offsets is found out again, so that pages told again come in the same order.
    let walked = walk(BOUNDS, &mut None, &mut pages);
    let (requests, spool) = (pages.asking.searches, pages.spool);
    let read = match walked {
        Ok(()) => Ok(ReadSearch { requests, pages: spool.pages(), records: spool.seen() }),
        Err(Unread::Asking(error)) => Err(error),
        Err(Unread::Unable(reason)) => {
            // To be told the same again would lead to the same end.
            spool.forget()?;
            Err(unread(&reason))
        }
        Err(Unread::TooWide(reason)) => Err(unread(&reason)),
    };
    if read.is_err() {
        spool.abandon_empty()?;
    }
    read
}

fn unread(reason: &str) -> RunError {
    RunError::Export { message: format!("the search could not be read to its end: {reason}"), reason: None }
}

/// `invoices` or `customers`.
pub(super) fn resource(searched: Searched) -> &'static str {
    match searched {
        Searched::Invoices => "invoices",
        Searched::Customers => "customers",
    }
}

/// What exports of a search are sorted by, in words.
pub(super) fn order_words(searched: Searched) -> &'static str {
    match searched {
        Searched::Invoices => "invoiceNumber, then invoiceId",
        Searched::Customers => "legalName, then customerId",
    }
}

/// What a record is sorted by, as plain text.
fn order(searched: Searched, record: &Record) -> (String, String) {
    let (first, second) = match searched {
        Searched::Invoices => ("invoiceNumber", "invoiceId"),
        Searched::Customers => ("legalName", "customerId"),
    };
    (record.text(first).unwrap_or_default(), record.text(second).unwrap_or_default())
}

/// Pages that are kept as they come.
struct Spooled<'a, 'b> {
    asking: Asking<'a, 'a>,
    searcher: &'a Searcher<'a>,
    searched: Searched,
    spool: &'b mut Spool,
}

impl Pages<RunError> for Spooled<'_, '_> {
    fn take(&mut self, offset: u64, limit: u32) -> Result<Taken, RunError> {
        if let Some(taken) = self.spool.again(offset, limit)? {
            return Ok(taken);
        }
        let page = self.asking.page(offset, limit).map_err(not_asked)?;
        let total = page.total;
        let searched = self.searched;
        let mark = |record: &Record| mark(searched, record);
        let taken = self.spool.keep((offset, limit), page, &mark, &|record| order(searched, record))?;
        self.searcher.observer.event(&Event::SearchProgress {
            resource: resource(searched).to_owned(),
            records: self.spool.seen(),
            total,
        });
        Ok(taken)
    }

    fn seen(&self) -> u64 {
        self.spool.seen()
    }

    fn forget(&mut self) -> Result<(), RunError> {
        let reason = "the records changed while they were read; they are read once more".to_owned();
        self.searcher.observer.event(&Event::SearchAgain { reason });
        self.spool.forget()
    }
}

fn not_asked(error: SearchError) -> RunError {
    match error {
        SearchError::Unable(reason) => unread(&reason),
        SearchError::Stop { reason: StopReason::Interrupted, .. } => RunError::Export {
            message: "interrupted before all records were read".to_owned(),
            reason: Some(StopReason::Interrupted),
        },
        SearchError::Stop { reason, message } => RunError::Export { message, reason: Some(reason) },
        SearchError::Ledger(error) => RunError::Ledger(error),
    }
}
