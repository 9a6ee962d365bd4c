//! arload takes the sheets that a finance team has and puts their rows into Enkash's Account Receivable API: it reads,
//! maps and checks every row, plans the good ones into chunks, sends the chunks at the pace the API allows, and says
//! afterwards, for each row, what became of it.
//!
//! ```text
//! files ─► sheet ─► mapping ─► check ─► dedupe ─► chunk ─► ledger (planned)
//!                                                             │
//! results ◄── ledger (outcomes) ◄── send ◄── api ◄────────────┘
//! ```
//!
//! [`pipeline`] joins the stages; everything else is one stage or the ground they stand on. The library never prints,
//! never ends the process and never reads the environment: it tells an [`event::Observer`] what happens.
#![warn(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used, clippy::exit)]

pub mod pipeline;
pub mod plan;

pub mod check;
pub mod chunk;
pub mod corrections;
pub mod dedupe;
pub mod directory;
pub mod finding;
pub mod group;
pub mod inspect;
pub mod mapping;
pub mod operation;
pub mod sheet;
pub mod template;
pub mod upload;

pub mod api;
pub mod evidence;
pub mod expect;
pub mod export;
pub mod ledger;
pub mod log;
pub mod metrics;
pub mod outcome;
pub mod results;
pub mod sandbox;
pub mod send;

pub mod bench;
pub mod watch;

pub mod clock;
pub mod config;
pub mod error;
pub mod event;
pub mod exit;
pub mod explain;
pub mod money;
pub mod nearest;
pub mod platform;
pub mod stop;
pub mod wording;
