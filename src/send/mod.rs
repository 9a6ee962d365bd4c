//! Sending: planned chunks leave at the pace the API allows, and what comes of each is recorded.
//!
//! [`limiter`] says when a request may leave, [`retry`] what follows an answer or the lack of one. Leaves the wire to
//! [`crate::api`]. The one rule: a chunk that may have been acted on is never sent again before it was looked up.

pub mod limiter;
pub mod retry;
