//! arload: a bulk loader for Enkash's Account Receivable API.
pub mod api;
pub mod check;
pub mod clock;
pub mod config;
pub mod finding;
pub mod money;
pub mod operation;
pub mod sandbox;
pub mod send;
pub mod sheet;
pub mod stop;
