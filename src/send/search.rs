//! Asks searches under the account's pace, each to its last page.
//!
//! Owns one request: the token, the day's quota, patience with faults. What pages mean is found out in `paging`, what
//! records mean in [`super::lookup`]. The one rule: what is handed out is all that the search has, or an error says why
//! not; nothing that went wrong looks like "not found".

use std::sync::Mutex;
use std::time::Duration;

use jiff::tz::TimeZone;

use super::common::NoTurn;
use super::limiter::Limiter;
pub use super::paging::OffsetUnit;
use super::paging::{Unread, read_all};
use super::retry::{Limits, Next, Patience, Tried};
use crate::api::found::{Page, Record, SearchReading, read_search};
use crate::api::reply::Reading;
use crate::api::{Api, Exchange, Response, Search, Searched, Token};
use crate::clock::Clock;
use crate::event::{Event, Observer};
use crate::ledger::{Ledger, LedgerError};
use crate::operation::Repeat;
use crate::stop::{Stop, StopReason};

/// Limit: answers of 5xx, or broken ones, after which the search counts as down.
const MOST_BROKEN: u32 = 3;

/// Limit: tries to get a connection or a token for one page.
const ATTEMPTS: u32 = 5;

/// Waits longer than this are told.
const TOLD: Duration = Duration::from_secs(2);

/// Asks searches; shared by all who look something up for an account.
pub struct Searcher<'a> {
    /// The way out.
    pub api: &'a dyn Api,
    /// The pace, common with the uploads.
    pub limiter: &'a Limiter<'a>,
    /// The time.
    pub clock: &'a dyn Clock,
    /// Asked before each request.
    pub stop: &'a Stop,
    /// Counts the day's requests.
    pub ledger: &'a dyn Ledger,
    /// Normalised base URL and company.
    pub account: &'a str,
    /// Decides the day of the quota.
    pub timezone: &'a TimeZone,
    /// Requests a day, uploads and searches together.
    pub per_day: Option<u64>,
    /// Hears of waits.
    pub observer: &'a dyn Observer,
    /// What offsets count here, once it is known; none to begin with.
    pub unit: Mutex<Option<OffsetUnit>>,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// All records, each once, without fields that no look-up reads.
    pub records: Vec<Record>,
    /// Requests that it took.
    pub searches: u64,
    /// The `Date` header of the last answer, in seconds since 1970.
    pub server_time: Option<i64>,
}

/// Why a search has no result.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The search cannot answer; asking later may help.
    #[error("{0}")]
    Unable(String),
    /// Sending must stop: the log-in was refused, the quota is used up, or somebody asked.
    #[error("{message}")]
    Stop {
        /// Why.
        reason: StopReason,
        /// In words.
        message: String,
    },
    /// The ledger cannot count the request.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// What the requests of one search have in common.
pub(crate) struct Asking<'a, 'b> {
    searcher: &'a Searcher<'b>,
    searched: Searched,
    filters: &'a serde_json::Value,
    /// Requests so far.
    pub(crate) searches: u64,
    server_time: Option<i64>,
}

impl Searcher<'_> {
    /// All records that match; errors wherever it is not beyond doubt that they are all.
    pub fn all(&self, searched: Searched, filters: &serde_json::Value) -> Result<Found, SearchError> {
        self.wanted(searched, filters, &|_| true)?.map_err(SearchError::Unable)
    }

    /// All records that match and that `keep` wants, so that the others take no memory; the inner error says why there
    /// are more than can be read, which a narrower search may not meet.
    pub fn wanted(
        &self,
        searched: Searched,
        filters: &serde_json::Value,
        keep: &dyn Fn(&Record) -> bool,
    ) -> Result<Result<Found, String>, SearchError> {
        let mut asking = self.asking(searched, filters);
        let mut unit = *self.unit.lock().expect("no holder of this lock panics");
        let read = read_all(searched, &mut unit, keep, &mut |offset, limit| asking.page(offset, limit));
        *self.unit.lock().expect("no holder of this lock panics") = unit;
        match read {
            Ok(records) => Ok(Ok(Found { records, searches: asking.searches, server_time: asking.server_time })),
            Err(Unread::TooWide(reason)) => Ok(Err(reason)),
            Err(Unread::Unable(reason)) => Err(SearchError::Unable(reason)),
            Err(Unread::Asking(error)) => Err(error),
        }
    }

    /// A search whose pages the caller asks for one by one.
    pub(crate) fn asking<'a>(&'a self, searched: Searched, filters: &'a serde_json::Value) -> Asking<'a, 'a> {
        Asking { searcher: self, searched, filters, searches: 0, server_time: None }
    }

    /// Whether the account has no record at all, by one page of a search without filters.
    pub fn finds_nothing(&self, searched: Searched) -> Result<bool, SearchError> {
        let filters = serde_json::json!({});
        let mut asking = self.asking(searched, &filters);
        let page = asking.page(0, 1)?;
        Ok(page.records.is_empty() && page.total.unwrap_or_default() == 0)
    }

    /// Counts a request of the day, unless the quota is used up.
    fn count(&self) -> Result<(), SearchError> {
        let today = self.clock.now().to_zoned(self.timezone.clone()).date().to_string();
        if let Some(per_day) = self.per_day.filter(|_| !self.limiter.counts())
            && self.ledger.day_count(self.account, &today)?.0 >= per_day
        {
            return Err(used_up(per_day));
        }
        Ok(self.ledger.count_request(self.account, &today)?)
    }

    fn no_turn(&self, none: NoTurn) -> SearchError {
        match none {
            NoTurn::Stopped => self.stopped(),
            NoTurn::UsedUp => used_up(self.per_day.unwrap_or_default()),
            NoTurn::Ledger(error) => SearchError::Ledger(error),
        }
    }

    fn stopped(&self) -> SearchError {
        let reason = self.stop.reason().unwrap_or(StopReason::Interrupted);
        SearchError::Stop { reason, message: "stopped before all was looked up".to_owned() }
    }

    /// Learns the pace from an answer.
    fn pace(&self, reading: &SearchReading, response: &Response, left_at: Duration) {
        match reading {
            SearchReading::Later { throttled, retry_after, .. } if *throttled || retry_after.is_some() => {
                self.limiter.throttled(left_at, *retry_after);
            }
            _ => {
                if let Some(left) = response.rate_left {
                    self.limiter.hint(left);
                }
            }
        }
    }
}

fn used_up(per_day: u64) -> SearchError {
    let message = format!("--per-day: the {per_day} requests of today are used up before all was looked up");
    SearchError::Stop { reason: StopReason::Quota, message }
}

impl Asking<'_, '_> {
    /// One page, asked for until it comes or patience ends.
    pub(crate) fn page(&mut self, offset: u64, limit: u32) -> Result<Page, SearchError> {
        let searcher = self.searcher;
        let limits = Limits { attempts: ATTEMPTS, ..Limits::default() };
        let mut patience = Patience::new(limits, Repeat::Safe, offset);
        let mut broken = 0;
        loop {
            searcher.limiter.wait(searcher.stop).map_err(|none| searcher.no_turn(none))?;
            // Asked for last: a token can expire while the limiter holds the request back.
            let token = match searcher.api.token() {
                Ok(token) => token,
                Err(error) => {
                    self.follow(patience.decide(Tried::NoToken(&error)))?;
                    continue;
                }
            };
            searcher.count()?;
            self.searches += 1;
            let search = Search { searched: self.searched, filters: self.filters, offset, limit };
            let next = match self.exchange(&token, &search) {
                Ok(SearchReading::Page(page)) => return Ok(page),
                Ok(SearchReading::Useless { reason }) => return Err(SearchError::Unable(reason)),
                Ok(SearchReading::Broken { reason }) => {
                    broken += 1;
                    if broken >= MOST_BROKEN {
                        let message = format!("no useful answer to {broken} searches in a row: {reason}");
                        return Err(SearchError::Unable(message));
                    }
                    patience.decide(Tried::NoReply(&reason))
                }
                Ok(SearchReading::Later { throttled, retry_after, message }) => {
                    let reading = Reading::NotActedOn { throttled, message };
                    patience.decide(Tried::Answered { reading: &reading, retry_after })
                }
                Ok(SearchReading::Unauthorized { message }) => {
                    let reading = Reading::Unauthorized { message };
                    match patience.decide(Tried::Answered { reading: &reading, retry_after: None }) {
                        // Uploads may still be taken; they ask for themselves.
                        Next::Stop { message, .. } => return Err(SearchError::Unable(message)),
                        next => next,
                    }
                }
                Err(words) => patience.decide(Tried::NotSent(&words)),
            };
            if next == Next::Renew {
                searcher.api.discard(&token);
            }
            self.follow(next)?;
        }
    }

    /// One request; without a connection, why there was none.
    fn exchange(&mut self, token: &Token, search: &Search<'_>) -> Result<SearchReading, String> {
        let left_at = self.searcher.clock.elapsed();
        match self.searcher.api.search(token, search) {
            Exchange::Answered(response) => {
                let reading = read_search(&response);
                self.searcher.pace(&reading, &response, left_at);
                self.server_time = response.server_time.or(self.server_time);
                Ok(reading)
            }
            // Asking twice changes nothing, so an answer that was lost is asked for again.
            Exchange::NoReply(words) => Ok(SearchReading::Broken { reason: words }),
            Exchange::NotSent(words) => Err(words),
        }
    }

    /// Waits before the next try, or says why there is none.
    fn follow(&self, next: Next) -> Result<(), SearchError> {
        match next {
            Next::RetryAfter(time) => {
                if time > TOLD {
                    let now = self.searcher.clock.now();
                    let reason = "look-up: back-off after no useful answer";
                    self.searcher.observer.event(&Event::waiting(reason, time, now, self.searcher.timezone));
                }
                if self.searcher.clock.wait(time, self.searcher.stop) { Err(self.searcher.stopped()) } else { Ok(()) }
            }
            Next::Renew | Next::Settle => Ok(()),
            Next::GiveUpUnsent(reason) | Next::Unknown(reason) => Err(SearchError::Unable(reason)),
            Next::Stop { reason, message } => Err(SearchError::Stop { reason, message }),
        }
    }
}

#[cfg(test)]
mod tests;
