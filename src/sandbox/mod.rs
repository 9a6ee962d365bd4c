//! A stand-in for the API: a real HTTP server that keeps to the contract and fails on demand.
//!
//! A request passes `server` (which reads it and counts it), `limit` (429), `faults` (what goes wrong on
//! purpose), `auth` (tokens), and then `bulk` (files), `search`, or `task` (JSON: `customers`, `invoices`, `reminders`, with
//! bodies judged by `shape` and answers formed by `object`), which work on the `store`. What was received and kept can be asked for below `/sandbox/`, so that tests and people have an oracle that is not the API; `state`
//! answers there. `wire` can cut a connection in the middle of a reply.
//!
//! Routes, their account parameters and the columns of uploads come from [`crate::operation::ALL`]. Ids,
//! totals and states are the sandbox's own and say nothing about the real service. The one rule: a row that is
//! reported as stored is in the store, and what is in the store is never reported as absent.

mod auth;
mod bulk;
mod customers;
mod faults;
mod invoices;
mod limit;
mod object;
mod own_routes;
mod reminders;
mod reply;
mod route;
mod row;
mod search;
mod server;
mod settings;
mod shape;
mod spoil;
mod state;
mod store;
mod swallow;
mod task;
mod wire;

#[cfg(test)]
mod record_tests;
#[cfg(test)]
mod tests;

pub use faults::{Fault, FaultSettings, RepeatedFault, RetryAfterForm, ScheduledFault};
pub use server::{Sandbox, start, start_with_clock};
pub use settings::{
    BulkCounts, BulkItems, BusinessFailure, Credentials, Duplicates, ErrorBody, FailurePayload, FileRefusal,
    MessageKey, OffsetUnit, RateHeaders, Refused, ReplySettings, SandboxSettings, SearchReply, Spelling, SuccessError,
    TokenSettings,
};
