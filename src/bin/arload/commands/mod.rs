//! The commands, one file each. A command takes its arguments and gives back an exit code.

pub(crate) mod approve;
pub(crate) mod auth;
pub(crate) mod bench;
pub(crate) mod compare;
pub(crate) mod complete;
pub(crate) mod config;
pub(crate) mod config_init;
pub(crate) mod decode_workbook;
pub(crate) mod evidence;
pub(crate) mod expected;
pub(crate) mod explain;
pub(crate) mod forget;
pub(crate) mod inspect;
pub(crate) mod ledger;
pub(crate) mod listing;
pub(crate) mod pages;
pub(crate) mod policy;
mod run_page;
pub(crate) mod runs;
pub(crate) mod sandbox;
pub(crate) mod search;
pub(crate) mod seed;
pub(crate) mod sheets;
pub(crate) mod template;
pub(crate) mod watch;
pub(crate) mod work;
