//! What must hold for any bytes at all, one module a target.
//!
//! A target panics where it does not. Time and memory are watched from outside, see `run`.

pub mod amount;
pub mod csv;
pub mod date;
pub mod dialect;
pub mod mapping;
mod place;
pub mod workbook;
