//! Whatever instruction a run is killed at and whatever goes wrong on the way: no row is lost, none is stored twice, and
//! every statement is true.
//!
//! [`points`] kills a run at each of its steps in turn, with [`child`] as the run and [`seams`] as the executioner.
//! [`chaos`] lets the program meet seeded faults and kills. [`judge`] compares what the sandbox stores with what results
//! and ledger say, row by row. With `ARLOAD_LONG=1` both go to the lengths that the papers promise.

mod chaos;
mod child;
pub(crate) mod judge;
mod points;
mod seams;

/// Whether the long mode is asked for.
pub(crate) fn long() -> bool {
    std::env::var_os("ARLOAD_LONG").is_some_and(|value| value == "1")
}

/// What a command that repeats a failure begins with.
pub(crate) fn mode() -> &'static str {
    if long() { "ARLOAD_LONG=1 " } else { "" }
}
