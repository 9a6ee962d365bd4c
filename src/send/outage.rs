//! When chunk after chunk got no useful answer: a pause, a cheap question, and either on or out.
//!
//! The rule: after an outage that a probe called over, one more without a single useful answer between them ends the run.

use std::time::Duration;

use super::lookup;
use super::rounds::{Ended, Memo, Rounds};
use crate::api::found::{SearchReading, read_search};
use crate::api::{Exchange, Response, Search, TokenError};
use crate::event::Event;
use crate::stop::StopReason;

/// Limit: a minute in all.
const WAITS: [u64; 5] = [2, 4, 8, 16, 30];

impl Rounds<'_> {
    /// Waits until the API answers again; ends the run where it does not.
    pub(super) fn outlast(&self, message: String, memo: &mut Memo<'_>) -> Result<(), Ended> {
        let useful = memo.tally.useful_answers();
        if memo.outage_at.replace(useful) == Some(useful) {
            return Err(Ended::Halted(StopReason::Outage, message));
        }
        for wait in WAITS.map(Duration::from_secs) {
            let reason = format!("outage: {message}");
            self.observer.event(&Event::waiting(reason, wait, self.clock.now(), self.timezone));
            if self.clock.wait(wait, self.stop) {
                return Err(Ended::Stopped(None));
            }
            let alive = |response: &Response| response.status < 500 && response.status != 408;
            if self.ask()?.as_ref().is_some_and(alive) {
                return Ok(());
            }
        }
        Err(Ended::Halted(StopReason::Outage, message))
    }

    /// Whether the API shows no record at all, asked without any filter.
    pub(super) fn is_empty(&self) -> Result<bool, Ended> {
        let Some(response) = self.ask()? else { return Ok(false) };
        Ok(match read_search(&response) {
            SearchReading::Page(page) => page.records.is_empty() && page.total.unwrap_or(0) == 0,
            _ => false,
        })
    }

    /// Asks for one record without a filter, once; none without an answer.
    fn ask(&self) -> Result<Option<Response>, Ended> {
        self.limiter.wait(self.stop).map_err(|none| self.no_turn(none))?;
        let token = match self.api.token() {
            Ok(token) => token,
            Err(TokenError::Unavailable { .. }) => return Ok(None),
            Err(error) => return Err(Ended::Halted(StopReason::LoginRefused, error.to_string())),
        };
        self.ledger.count_request(self.account, &self.day())?;
        let searched = lookup::searched(self.operation);
        let filters = serde_json::json!({});
        match self.api.search(&token, &Search { searched, filters: &filters, offset: 0, limit: 1 }) {
            Exchange::Answered(response) => {
                if response.status == 401 {
                    self.api.discard(&token);
                }
                Ok(Some(response))
            }
            _ => Ok(None),
        }
    }
}
