//! The headings that mean a field, as finance software and people write them.
//!
//! One list a field, shared by operations where the meaning is the same; [`crate::mapping`] normalises both sides, so
//! one spelling of a heading is enough. A heading with another meaning in one exporter's sheets is listed with `only`.
//! This file has a letter for each exporter whose headings are told apart. The one rule: a heading stands once in a list.

pub(super) mod amounts;
pub(super) mod customers;
pub(super) mod invoices;

use super::field::Exporter;

const T: &[Exporter] = &[Exporter::Tally];
const Z: &[Exporter] = &[Exporter::Zoho];
const B: &[Exporter] = &[Exporter::Busy];
const V: &[Exporter] = &[Exporter::Vyapar];
const Q: &[Exporter] = &[Exporter::QuickBooks];
const X: &[Exporter] = &[Exporter::Xero];
const S: &[Exporter] = &[Exporter::Sap];
const R: &[Exporter] = &[Exporter::Razorpay];
const E: &[Exporter] = &[Exporter::ErpNext];
const G: &[Exporter] = &[Exporter::Gstr1];
const I: &[Exporter] = &[Exporter::EInvoice];
