//! Single cells: normalise, recognise, or say what is wrong.
//!
//! One function a kind, all of the shape `read(cell, ..., faults) -> Option<T>`: a blank gives `None` without a fault,
//! a bad cell `None` with at least one of error severity, a good one `Some`, with warnings at most. Callers turn faults
//! into findings, which adds the place and the field. What a normal value needs is done without allocation.

use std::fmt;

use crate::finding::Code;

mod amount;
mod code;
mod contact;
mod date;
mod date_parts;
mod gstin;
mod html;
mod identity;
mod number;
mod state;
mod terms;
mod text;

pub(super) use amount::plain_paise;
pub use amount::{AmountStyle, EXACT_RUPEE, amount, amount_sign, exact_amount};
pub use code::{code, reference};
pub(super) use contact::is_plain_address;
pub use contact::{Phone, email, mobile, phone};
pub use date::{DateEvidence, date, date_evidence};
pub(super) use date::{plain_date, plain_day};
pub(crate) use gstin::check_character;
pub(super) use gstin::is_plain_gstin;
pub use gstin::{Gstin, GstinKind, PanOrGstin, gstin, pan_matches_gstin, pan_or_gstin};
pub use identity::{Pan, account_number, company_id, customer_id, customer_id_shape, ifsc, pan, pin};
pub use number::invoice_number;
pub use state::{State, state_code};
pub use terms::{boolean, days, is_odd_id, one_of, record_id, time_of_day, whole};
pub(super) use text::is_plain_inside;
pub use text::{clean, is_blank, list, text};

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

impl Fault {
    /// A fault without a hint.
    pub fn new(code: Code, message: impl Into<String>) -> Fault {
        Fault { code, message: message.into(), hint: None }
    }

    /// The same fault with the way out.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Fault {
        self.hint = Some(hint.into());
        self
    }

    /// The same fault with the way out, where there is one.
    #[must_use]
    fn maybe_hint(mut self, hint: Option<String>) -> Fault {
        self.hint = hint.or(self.hint);
        self
    }
}

/// A checked code of exactly `N` ASCII characters, kept in place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ascii<const N: usize>([u8; N]);

impl<const N: usize> Ascii<N> {
    /// The characters, if there are exactly `N` and all are ASCII.
    fn new(text: &str) -> Option<Self> {
        if text.is_ascii() { text.as_bytes().try_into().ok().map(Self) } else { None }
    }

    /// The characters, as bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("only ASCII is stored")
    }
}

impl<const N: usize> fmt::Display for Ascii<N> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl<const N: usize> fmt::Debug for Ascii<N> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), formatter)
    }
}

#[cfg(test)]
mod tests;
