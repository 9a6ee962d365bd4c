//! The commands, one file each. A command takes its arguments and gives back an exit code.

pub(crate) mod config;
pub(crate) mod decode_workbook;
pub(crate) mod inspect;
pub(crate) mod runs;
pub(crate) mod sandbox;
pub(crate) mod sheets;
