//! arload: a bulk loader for Enkash's Account Receivable API.
pub mod api;
pub mod check;
pub mod clock;
pub mod config;
pub mod directory;
pub mod exit;
pub mod finding;
pub mod mapping;
pub mod money;
pub mod operation;
pub mod platform;
pub mod sandbox;
pub mod send;
pub mod sheet;
pub mod stop;
