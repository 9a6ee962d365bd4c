//! Checks: from a row of text to a typed record, or to everything that is wrong with it.
//!
//! [`value`] reads single cells, the rest of this module the rules between cells. Pure: no files, no time, no threads.
//! The one rule: all findings of a row are reported, and a row with an error among them is never sent.

pub mod value;
