//! Single cells: normalise, recognise, or say what is wrong.
//!
//! One function a kind, all of the shape `read(cell, ..., faults) -> Option<T>`: a blank gives `None` without a fault,
//! a bad cell `None` with at least one. Callers turn faults into findings, which adds the place and the field.

use crate::finding::Code;

/// Something wrong or noteworthy in one cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What it is.
    pub code: Code,
    /// The value quoted, and what was expected.
    pub message: String,
    /// The way out, where there is one worth a line of its own.
    pub hint: Option<String>,
}

/// Faults of one cell.
pub type Faults = Vec<Fault>;
