//! Stands between sending and the API and notes when each request left and how long its answer took.
//!
//! Changes nothing on the way. The rule: the time noted is that of the request alone, without the ledger's work before
//! and after it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::api::{Api, Call, Exchange, Search, Token, TokenError};
use crate::clock::Clock;
use crate::event::{Event, Observer};
use crate::stop::{Stop, StopReason};

/// One request with rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// When it left, in seconds from the beginning of the measurement.
    pub left_s: f64,
    /// Time to the last byte of the answer.
    pub took_s: f64,
    /// HTTP status; none without an answer.
    pub status: Option<u16>,
}

/// An API and an observer that note what passes.
pub struct Watch<'a> {
    api: &'a dyn Api,
    then: &'a dyn Observer,
    clock: Arc<dyn Clock>,
    start: Duration,
    noted: Mutex<Noted>,
    /// Asked to stop after so many answers.
    halt: Option<(&'a Stop, usize)>,
}

#[derive(Default)]
struct Noted {
    requests: Vec<Request>,
    answers: usize,
    last_settled: Option<Duration>,
}

impl<'a> Watch<'a> {
    /// A watch over an API; what happens is told on.
    pub fn new(api: &'a dyn Api, then: &'a dyn Observer, clock: Arc<dyn Clock>) -> Self {
        let start = clock.elapsed();
        Self { api, then, clock, start, noted: Mutex::default(), halt: None }
    }

    /// Asks to stop after so many answers, as a person with Ctrl-C does.
    #[must_use]
    pub fn halting(mut self, stop: &'a Stop, answers: usize) -> Self {
        self.halt = Some((stop, answers));
        self
    }

    /// Every request in the order of leaving.
    pub fn requests(&self) -> Vec<Request> {
        let mut requests = self.noted.lock().expect("noting does not panic").requests.clone();
        requests.sort_by(|left, right| left.left_s.total_cmp(&right.left_s));
        requests
    }

    /// When the outcome of the last request was recorded.
    pub fn last_settled_s(&self) -> Option<f64> {
        self.noted.lock().expect("noting does not panic").last_settled.map(|time| time.as_secs_f64())
    }

    fn now(&self) -> Duration {
        self.clock.elapsed().saturating_sub(self.start)
    }
}

impl Api for Watch<'_> {
    fn token(&self) -> Result<Token, TokenError> {
        self.api.token()
    }

    fn discard(&self, token: &Token) {
        self.api.discard(token);
    }

    fn call(&self, token: &Token, call: &Call<'_>) -> Exchange {
        let left = self.now();
        let exchange = self.api.call(token, call);
        let took = self.now().saturating_sub(left);
        let status = if let Exchange::Answered(response) = &exchange { Some(response.status) } else { None };
        let request = Request { left_s: left.as_secs_f64(), took_s: took.as_secs_f64(), status };
        self.noted.lock().expect("noting does not panic").requests.push(request);
        exchange
    }

    fn search(&self, token: &Token, search: &Search<'_>) -> Exchange {
        self.api.search(token, search)
    }
}

impl Observer for Watch<'_> {
    fn event(&self, event: &Event) {
        if let Event::Attempt { .. } = event {
            let now = self.now();
            let mut noted = self.noted.lock().expect("noting does not panic");
            noted.last_settled = Some(now);
            noted.answers += 1;
            if let Some((stop, _)) = self.halt.filter(|(_, answers)| noted.answers >= *answers) {
                stop.ask(StopReason::Interrupted);
            }
        }
        self.then.event(event);
    }
}
