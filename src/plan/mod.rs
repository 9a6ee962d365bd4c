//! The plan: every row read and checked, duplicates settled, good rows cut into chunks, all of it durable.
//!
//! [`read`] takes sheets into the [`spool`], [`control`] and [`gate`] say whether the run may go on, [`mod@write`] decides about every row
//! and stores the plan. The one rule: no request leaves before the plan is committed, and the outcomes that planning
//! itself decides are in it.

pub mod at_api;
mod batch;
pub mod control;
pub mod decide;
pub mod drafts;
pub mod gate;
mod group;
pub mod hash;
mod hidden;
pub mod history;
pub mod invoice_ids;
pub mod likeness;
mod notes;
mod progress;
pub mod read;
pub mod refusal;
mod rows;
mod seed;
mod spare;
pub mod spool;
mod storing;
pub mod template;
pub mod verdict;
pub mod waiting;
mod worker;
pub mod write;

use serde::{Deserialize, Serialize};

use crate::check::dates::ColumnOrder;
use crate::mapping::Mapping;
use crate::outcome::Sum;
use crate::sheet::Header;

/// What is known of a sheet besides its rows, as the ledger keeps it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SheetFacts {
    /// The headings.
    pub header: Header,
    /// Which column is which field.
    pub mapping: Mapping,
    /// The order of day and month in each column of dates; none in the ledger of an earlier arload.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub orders: Vec<ColumnOrder>,
    /// Data rows and their rupees, added up as they were read.
    pub read: Sum,
    /// What was understood and what was left out, a sentence each.
    pub notes: Vec<String>,
}
