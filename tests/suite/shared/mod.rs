//! A ledger that many processes share: what becomes of rows when connections, workers, hosts and the database fail.
//!
//! [`database`] is a server that may be killed, [`proxy`] one that stands between and fails at a statement. The rule: the
//! program is run as people run it, and judged by what the sandbox stores and by every line of its results.

mod cuts;
pub(crate) mod database;
mod hosts;
pub(crate) mod proxy;
mod six_workers;
mod weather;
mod work;
