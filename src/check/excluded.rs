//! Rows that are not meant to be sent: credit notes, other documents, void and draft ones, examples of templates.
//!
//! Pure. The one rule: only words that can mean nothing else leave a row out; an unknown type or state is an invoice,
//! and whatever is wrong with such a row is reported as for any other.

use super::Findings;
use super::cells::{Row, Value};
use crate::finding::{Code, quote};
use crate::operation::Operation;
use crate::outcome::code;

/// What a type of document in the sheet means; SAP's and GSTR-1's short forms among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// An invoice, a debit note, or a word nobody knows.
    Invoice,
    Credit,
    /// No claim on a customer, or not yet one.
    Other,
}

/// Why the row is not meant to be sent: the outcome's code and the reason in words; none if it is.
pub(super) fn excluded(row: &Row<'_>) -> Option<(&'static str, String)> {
    let (kind, status, party) = (row.text("documentType"), row.text("status"), row.text("customerName"));
    let kind_of_document = document_kind(kind);
    // As a state, short forms and names of other documents can mean something else.
    let returned = |status: &str| {
        !status.is_empty() && matches!(plain(status), plain if is_credit_note(&plain) || plain == "return")
    };
    let credit = match kind_of_document {
        Kind::Credit => Some(kind),
        _ => Some(status).filter(|status| returned(status) && document_kind(status) == Kind::Credit),
    };
    if let Some(word) = credit {
        return Some((code::CREDIT_NOTE, format!("{} is a credit note; the API has no operation for it", quote(word))));
    }
    if kind_of_document == Kind::Other {
        return Some((code::DOCUMENT_NOT_INVOICE, format!("{} is no invoice", quote(kind))));
    }
    for raw in [row.raw("netAmount"), row.raw("baseAmount")] {
        if is_credit(raw) {
            return Some((code::CREDIT_NOTE, format!("{} is a credit; the API has no operation for it", quote(raw))));
        }
    }
    let (code, word) = match state(status) {
        Some(code) => (code, status),
        None if is_cancelled_party(party) => (code::DOCUMENT_CANCELLED, party),
        None => return None,
    };
    Some((code, format!("the sheet says {}", quote(word))))
}

/// What a template's example has in each field.
pub(super) struct Examples {
    values: Vec<&'static str>,
    /// Fields whose example no record has.
    marked: Vec<usize>,
}

impl Examples {
    pub(super) fn new(operation: &Operation) -> Self {
        let values = operation.fields.iter().map(|field| operation.example(field)).collect();
        let marked = (0..operation.fields.len()).filter(|index| operation.fields[*index].is_marked()).collect();
        Self { values, marked }
    }

    /// Whether a row is the example: every cell that is filled holds the example's value.
    pub(super) fn are_in(&self, row: &Row<'_>) -> bool {
        let mut filled = row.values.iter().zip(&self.values).filter(|(value, _)| !matches!(value, Value::Blank));
        let is_example = |(value, example): (&Value<'_>, &&str)| match value {
            Value::Blank | Value::Bad | Value::Clear => false,
            Value::Text(text) => text == example,
            Value::Amount(money) => money.to_string() == *example,
            Value::Date(date) => date.to_string() == *example,
            Value::Bool(truth) => *example == if *truth { "yes" } else { "no" },
            Value::Days(number) => number.to_string() == *example,
        };
        filled.all(is_example) && self.marked.iter().any(|index| !matches!(row.values[*index], Value::Blank))
    }

    /// Reports what is left of an example in a row that is none any more: no record has such a number or name.
    pub(super) fn report(&self, row: &Row<'_>, findings: &mut Findings<'_>) {
        for &index in &self.marked {
            let (Value::Text(text), example) = (&row.values[index], self.values[index]) else { continue };
            if !example.is_empty() && text == example {
                let message = format!("{} is the example of the template; put your own value there", quote(text));
                let column = row.column(index);
                findings.add(Code::ExampleLeftIn, row.field_name(index), column, message, None);
            }
        }
    }
}

/// The outcome of a template's example.
pub(super) fn example() -> (&'static str, String) {
    (code::TEMPLATE_EXAMPLE, "this is the example row of the template; nothing of it is sent".to_owned())
}

/// Small letters, and one space for whatever stands between words.
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_alphanumeric() {
            plain.extend(letter.to_lowercase());
        } else if !plain.is_empty() && !plain.ends_with(' ') {
            plain.push(' ');
        }
    }
    plain.truncate(plain.trim_end().len());
    plain
}

pub(super) fn document_kind(text: &str) -> Kind {
    const CREDITS: &[&str] = &[
        "crn",
        "cn",
        "cr note",
        "c",
        "dg",
        "sales return",
        "sale return",
        "return",
        "return credit note",
        "refund",
        "sales returns",
        "sale returns",
        "goods return",
        "material return",
        "srn",
    ];
    const OTHERS: &[&str] = &[
        "receipt",
        "receipt voucher",
        "payment",
        "payment in",
        "payment out",
        "payment voucher",
        "journal",
        "journal entry",
        "journal voucher",
        "contra",
        "deposit",
        "purchase",
        "purchase bill",
        "purchase order",
        "purchase invoice",
        "purchase return",
        "expense",
        "estimate",
        "quotation",
        "sale order",
        "sales order",
        "delivery challan",
        "delivery note",
        "proforma",
        "proforma invoice",
        "pro forma invoice",
        "opening balance",
        "dz",
    ];
    if text.is_empty() || ["invoice", "tax invoice"].iter().any(|usual| text.eq_ignore_ascii_case(usual)) {
        return Kind::Invoice;
    }
    let kind = plain(text);
    if CREDITS.contains(&kind.as_str()) || is_credit_note(&kind) {
        Kind::Credit
    } else if OTHERS.contains(&kind.as_str()) {
        Kind::Other
    } else {
        Kind::Invoice
    }
}

/// `Credit Note Issued` is said of an invoice that has one.
fn is_credit_note(kind: &str) -> bool {
    (kind.contains("credit note") || kind.contains("credit memo")) && !kind.ends_with("issued")
}

pub(super) fn state(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return None;
    }
    let state = plain(text);
    match words_of_state(&state).next()? {
        "void" | "voided" => Some(code::DOCUMENT_VOID),
        "draft" => Some(code::DOCUMENT_DRAFT),
        "pending" | "saved" if state.ends_with("draft") => Some(code::DOCUMENT_DRAFT),
        "cancelled" | "canceled" | "cancel" | "reversed" | "deleted" => Some(code::DOCUMENT_CANCELLED),
        _ => None,
    }
}

/// The words of a state without those for the row itself in front, as in `Bill cancelled by party`.
pub(super) fn words_of_state(plain: &str) -> impl Iterator<Item = &str> {
    const ROW: [&str; 6] = ["invoice", "bill", "inv", "this", "document", "entry"];
    plain.split(' ').skip_while(|word| ROW.contains(word))
}

fn is_cancelled_party(party: &str) -> bool {
    if !party.contains('(') {
        return false;
    }
    let party = party.to_lowercase();
    party.contains("(cancelled)") || party.contains("(canceled)")
}

/// Whether an amount is marked as a credit: `1,000.00 Cr`.
fn is_credit(raw: &str) -> bool {
    if raw.as_bytes().last().is_none_or(u8::is_ascii_digit) {
        return false;
    }
    let raw = raw.trim().trim_end_matches('.');
    let Some((start, end)) = raw.len().checked_sub(2).and_then(|at| raw.split_at_checked(at)) else { return false };
    let signed = start.contains(['-', '\u{2212}', '(']);
    !signed && end.eq_ignore_ascii_case("cr") && start.trim_end().ends_with(|last: char| last.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_amount_marked_cr_is_a_credit() {
        for (raw, credit) in [
            ("1,000.00 Cr", true),
            ("1000CR.", true),
            ("1,000 Dr", false),
            ("-1,000 Cr", false),
            ("(1,000) Cr", false),
            ("Cr", false),
            ("", false),
            ("é", false),
            ("1000", false),
        ] {
            assert_eq!(is_credit(raw), credit, "{raw}");
        }
    }

    #[test]
    fn receipts_orders_and_returns_are_told_from_invoices() {
        for (kinds, expected) in [
            ("Credit Note|CRN|Sales Return|Credit Memo|C|DG|Return / Credit Note|Return|GST Credit Note", Kind::Credit),
            ("Receipt|Payment|Payment-In|Journal Entry|Sales Order|Pro-forma Invoice|Estimate|DZ", Kind::Other),
            ("|Sales|Sale|Invoice|Tax Invoice|Debit Note|DBN|INV|D|RV|GST Sales|Cash Sale|Paid|Sent", Kind::Invoice),
            ("Overdue|Partially Paid|Credit Note Issued|Payment Due|Written Off|Unpaid|Regular B2B", Kind::Invoice),
        ] {
            for kind in kinds.split('|') {
                assert_eq!(document_kind(kind), expected, "{kind}");
            }
        }
    }

    #[test]
    fn void_draft_and_cancelled_states_leave_a_row_out() {
        for (states, expected) in [
            ("Void|VOIDED", Some(code::DOCUMENT_VOID)),
            ("Draft|Saved as draft|Pending draft", Some(code::DOCUMENT_DRAFT)),
            (
                "Cancelled|CANCELED|Cancel|Reversed|Deleted|Cancelled (duplicate)|Bill cancelled by party",
                Some(code::DOCUMENT_CANCELLED),
            ),
            ("|Paid|Sent|Overdue|Pending|Unpaid|Avoid|Closed|Partly Paid|Approved", None),
        ] {
            for text in states.split('|') {
                assert_eq!(state(text), expected, "{text}");
            }
        }
    }
}
