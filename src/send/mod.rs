//! Sending: planned chunks leave at the pace the API allows, and what comes of each is recorded.
//!
//! [`workers`] takes a chunk through its steps, [`limiter`] says when a request may leave, [`retry`] what follows an
//! answer or the lack of one, [`settle`] what an answer means for each line, [`search`] and [`lookup`] what became of lines
//! that no answer settles. [`rounds`] goes on until nothing more can be sent, looked up or split. Leaves the wire to [`crate::api`]. The one rule: a chunk that may have been acted on is never sent again before it was looked up.

mod answer;
mod claims;
pub mod common;
pub mod compare;
mod controls;
mod doubt;
mod evidence;
mod file;
pub mod first_use;
mod forecast;
pub mod limiter;
pub mod lookup;
mod outage;
pub(crate) mod paging;
mod proving;
mod queue;
mod refusals;
mod resolve;
pub mod retry;
pub mod rounds;
pub mod search;
pub mod settle;
mod settling;
mod sharing;
pub mod tally;
pub mod workers;
