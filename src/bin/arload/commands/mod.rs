//! The commands, one file each. A command takes its arguments and gives back an exit code.

pub(crate) mod config;
