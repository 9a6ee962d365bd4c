//! What the sandbox received and kept, for tests and people: the pages below `/sandbox/`.
//!
//! Owns the counts and the log of arrivals. Nothing here is part of the API, and no token is needed. The one rule:
//! the numbers describe what truly happened, whatever a fault made the client see.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::auth::Tokens;
use super::faults::Fault;
use super::object::{customer_object, invoice_object, reminders};
use super::row;
use super::settings::SandboxSettings;
use super::store::{Record, Resource, Store};

// Limit: a log of a million requests is some tens of megabytes; later ones are counted but not listed.
const LOGGED: usize = 1_000_000;
// Limit: more keys than a person or a test would read.
const SHOWN_DUPLICATES: usize = 1_000;
// Limit: a page of records is built in memory.
const LARGEST_PAGE: usize = 100_000;

/// A request that came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Arrival {
    /// Method and path, `unknown` for a route that there is not.
    pub(super) route: String,
    /// The status that was sent, `no-reply`, `cut` or `reset`.
    pub(super) status: String,
    /// When it came, since the start.
    pub(super) arrived_ms: u64,
    /// Rows it stored or changed.
    pub(super) rows: usize,
    /// What went wrong on purpose.
    pub(super) fault: Option<&'static str>,
}

/// Everything counted since the start or the last reset.
#[derive(Debug, Default)]
pub(super) struct Counts {
    requests: BTreeMap<String, BTreeMap<String, u64>>,
    faults: BTreeMap<&'static str, u64>,
    arrivals: Vec<Arrival>,
    paces: BTreeMap<String, Pace>,
    uploads: u64,
    rows_stored: u64,
    /// Requests that the limit refused.
    pub(super) limited: u64,
    by_path: BTreeMap<String, u64>,
    log_ins: u64,
    others: u64,
}

impl Counts {
    /// Gives a request its place in the order of requests: among its kind, and among those of its path.
    pub(super) fn place(&mut self, path: &str, known: bool, log_in: bool) -> (u64, u64) {
        let total = if log_in { &mut self.log_ins } else { &mut self.others };
        *total += 1;
        let ordinal = *total;
        // Paths that there are not could be of any number.
        let key = if known { path } else { "unknown" };
        let of_path = self.by_path.entry(key.to_owned()).or_default();
        *of_path += 1;
        (ordinal, *of_path)
    }

    /// Counts a request for the pace of its route as it arrives.
    pub(super) fn pace(&mut self, route: String, arrived: Duration) {
        self.paces.entry(route).or_default().count(arrived);
    }

    /// Counts what became of a request.
    pub(super) fn record(&mut self, arrival: Arrival, upload: bool) {
        *self.requests.entry(arrival.route.clone()).or_default().entry(arrival.status.clone()).or_default() += 1;
        self.uploads += u64::from(upload);
        self.rows_stored += arrival.rows as u64;
        if let Some(fault) = arrival.fault {
            *self.faults.entry(fault).or_default() += 1;
        }
        if self.arrivals.len() < LOGGED {
            self.arrivals.push(arrival);
        }
    }

    /// The page of arrivals.
    pub(super) fn arrivals(&self, page: &Page) -> Value {
        let wanted = |arrival: &&Arrival| page.route.as_ref().is_none_or(|route| arrival.route.ends_with(route));
        let arrivals: Vec<&Arrival> = self.arrivals.iter().filter(wanted).collect();
        json!({"count": arrivals.len(), "requests": page.of(&arrivals)})
    }
}

/// When the requests of a route came, so that a client's pace can be judged.
#[derive(Debug, Default)]
struct Pace {
    requests: u64,
    first: Duration,
    last: Duration,
    /// Those of the last second.
    recent: VecDeque<Duration>,
    busiest: usize,
}

// Limit: requests of one second that are told apart; no client of a test is faster.
const RECENT: usize = 100_000;

impl Pace {
    fn count(&mut self, arrived: Duration) {
        if self.requests == 0 {
            self.first = arrived;
        }
        self.requests += 1;
        self.last = self.last.max(arrived);
        let second = Duration::from_secs(1);
        while self.recent.front().is_some_and(|first| arrived.saturating_sub(*first) >= second) {
            self.recent.pop_front();
        }
        if self.recent.len() < RECENT {
            self.recent.push_back(arrived);
        }
        self.busiest = self.busiest.max(self.recent.len());
    }

    fn shown(&self) -> Value {
        json!({
            "requests": self.requests,
            "first_ms": milliseconds(self.first),
            "last_ms": milliseconds(self.last),
            "busiest_second": self.busiest,
        })
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl Arrival {
    /// A request as it is counted.
    pub(super) fn new(route: String, status: String, arrived: Duration, rows: usize, fault: Option<Fault>) -> Arrival {
        let arrived_ms = milliseconds(arrived);
        Arrival { route, status, arrived_ms, rows, fault: fault.map(Fault::name) }
    }
}

/// A part of a list.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Page {
    /// `invoices` or `customers`.
    #[serde(default)]
    pub(super) resource: Option<String>,
    /// The end of a route, for requests.
    #[serde(default)]
    route: Option<String>,
    #[serde(default)]
    offset: usize,
    #[serde(default)]
    limit: Option<usize>,
}

impl Page {
    fn of<'a, T>(&self, list: &'a [T]) -> Vec<&'a T> {
        let limit = self.limit.unwrap_or(1_000).min(LARGEST_PAGE);
        list.iter().skip(self.offset).take(limit).collect()
    }
}

/// The page of counts.
pub(super) fn overview(counts: &Counts, tokens: &Tokens, store: &Store, settings: &SandboxSettings) -> Value {
    let (mut keys, mut duplicate_rows, mut duplicates) = (0_u64, 0_u64, Map::new());
    for (key, times) in store.duplicates() {
        keys += 1;
        duplicate_rows += u64::from(times - 1);
        if duplicates.len() < SHOWN_DUPLICATES {
            duplicates.insert(key, json!(times));
        }
    }
    json!({
        "company_id": settings.company_id,
        "logins": {"ok": tokens.ok, "failed": tokens.failed, "locked": tokens.locked(settings)},
        "requests": counts.requests,
        "pace": counts.paces.iter().map(|(route, pace)| (route.clone(), pace.shown())).collect::<Map<_, _>>(),
        "faults": counts.faults,
        "limited": counts.limited,
        "uploads": counts.uploads,
        "rows_stored": counts.rows_stored,
        "invoices": live(&store.invoices).count(),
        "customers": live(&store.customers).count(),
        "deleted": {
            "invoices": store.invoices.iter().filter(|record| record.deleted()).count(),
            "customers": store.customers.iter().filter(|record| record.deleted()).count(),
        },
        "dispatched": live(&store.invoices).filter(|record| record.dispatched().is_some()).count(),
        "reminders": live(&store.customers).map(|record| reminders(record).len()).sum::<usize>(),
        "duplicate_keys": keys,
        "duplicate_rows": duplicate_rows,
        "duplicates": duplicates,
        "totals": {"baseAmount": total(store, "baseAmount"), "netAmount": total(store, "netAmount")},
    })
}

fn live(records: &[Record]) -> impl Iterator<Item = &Record> {
    records.iter().filter(|record| !record.deleted())
}

fn total(store: &Store, field: &str) -> String {
    let amounts = live(&store.invoices).filter_map(|invoice| row::amount(invoice.cells.cell(field)?));
    // Limit: amounts have at most 18 digits, of which a decimal adds ten thousand millions.
    amounts.fold(Decimal::ZERO, Decimal::saturating_add).to_string()
}

/// A page of stored records, each with how often its business key is stored and what no reply of the API shows.
pub(super) fn records(store: &Store, resource: Resource, page: &Page) -> Value {
    let all = store.records(resource);
    let shown = page.of(all).into_iter().map(|record| {
        let mut object = match resource {
            Resource::Invoices => invoice_object(store, record),
            Resource::Customers => customer_object(record),
        };
        object["times_stored"] = json!(store.times_stored(record));
        object["deleted"] = json!(record.deleted());
        match resource {
            Resource::Invoices => {
                object["actions"] = json!(record.life.as_ref().map_or(&[][..], |life| &life.actions));
            }
            Resource::Customers => object["active"] = json!(!record.inactive()),
        }
        object
    });
    json!({"count": all.len(), "records": shown.collect::<Vec<_>>()})
}
