//! What cells that nothing else is made of say against sending their row: `CANCELLED` below Remarks, `Sales Return` below an
//! unknown heading.
//!
//! Pure. Leaves the columns that fill a type or a state to [`super::excluded`]. The one rule: only a cell that says nothing
//! else counts, and its row is then a person's to decide: it is neither sent nor left out by itself.

use super::Findings;
use super::cells::Row;
use super::excluded::{Kind, document_kind, plain, state, words_of_state};
use crate::finding::{Code, quote};
use crate::mapping::{Mapping, normalise};
use crate::operation::{Exporter, Key, Operation};

/// Limit: the longest text that is looked at; what says more says something else, too.
const LONGEST: usize = 60;

/// Words that go on from "cancelled" without naming another thing that is.
const GOES_ON: [&str; 18] = [
    "by",
    "on",
    "as",
    "due",
    "see",
    "and",
    "reissued",
    "replaced",
    "revised",
    "duplicate",
    "wrong",
    "dt",
    "dated",
    "vide",
    "per",
    "because",
    "since",
    "in",
];

/// Words of other documents that are said of nothing else, whatever stands above them.
const OTHER_DOCUMENTS: [&str; 5] = ["credit note", "credit memo", "sales return", "sale return", "proforma invoice"];

/// The columns of a sheet that fill no field, or only a text.
pub(super) struct Unread {
    columns: Vec<Column>,
    /// Fields that a column of the sheet fills already.
    filled: [bool; 2],
    /// The column of exchange rates and its heading, where no column names the currency.
    rate: Option<(u16, String)>,
}

struct Column {
    index: u16,
    /// The field that it fills; empty for none.
    field: &'static str,
    /// Empty where the field says it.
    heading: String,
    /// Whether it tells kinds of documents apart.
    tells_kinds: bool,
}

impl Unread {
    pub(super) fn new(operation: &'static Operation, mapping: &Mapping) -> Self {
        let mut columns = Vec::new();
        if operation.key == Key::Invoice {
            let unknown = mapping.unknown.iter().map(|unknown| (unknown.column, &unknown.heading));
            let unused = mapping.known_unused.iter().map(|unused| (unused.column, &unused.heading));
            columns.extend(unknown.chain(unused).map(|(column, heading)| Column {
                index: column as u16,
                field: "",
                heading: heading.clone(),
                tells_kinds: tells_kinds(heading),
            }));
            let text = operation.field_index("description").and_then(|field| mapping.column_of(field));
            let heading = String::new();
            let described = |column| Column { index: column as u16, field: "description", heading, tells_kinds: false };
            columns.extend(text.map(described));
            columns.sort_by_key(|column| column.index);
        }
        let filled = ["status", "documentType"]
            .map(|name| operation.field_index(name).is_some_and(|field| mapping.column_of(field).is_some()));
        let rate = columns.iter().find(|column| is_rate(&column.heading)).filter(|_| {
            // SAP's amounts in local currency are rupees whatever the document's rate is.
            let named = operation.field_index("currency").is_some_and(|field| mapping.fills(field));
            !named && mapping.exporter != Some(Exporter::Sap)
        });
        let rate = rate.map(|column| (column.index, column.heading.clone()));
        Self { columns, filled, rate }
    }

    /// Reports cells that say that the row is cancelled, or no invoice, or that its amounts are no rupees.
    pub(super) fn report(&self, row: &Row<'_>, findings: &mut Findings<'_>) {
        if let Some((column, heading)) = &self.rate
            && is_other_rate(row.cell_text(*column))
        {
            let (rate, heading) = (quote(row.cell_text(*column).trim()), quote(heading));
            let message = format!("{rate} stands below {heading}, and no column names the currency: are these rupees?");
            let hint =
                "map the column that names it with --map \"HEADING=currency\"; if the amounts are rupees, write 1";
            findings.add(Code::CurrencyNotInr, "", Some(*column), message, Some(hint.to_owned()));
        }
        for column in &self.columns {
            let text = row.cell_text(column.index);
            if !may_object(text, column.tells_kinds) {
                continue;
            }
            let Some(is_kind) = objection(text, column.tells_kinds) else { continue };
            let (place, example) = match column.heading.as_str() {
                "" => (String::new(), "HEADING"),
                heading => (format!(" below {}, which fills no field", quote(heading)), heading),
            };
            let message = format!("{} stands there{place}: is the row to be sent?", quote(text.trim()));
            let field = if is_kind { "documentType" } else { "status" };
            let leave_out = if self.filled[usize::from(is_kind)] {
                "take the row out of the sheet if it is not to be sent".to_owned()
            } else {
                format!("pass --map \"{example}={field}\" to have such rows left out")
            };
            let hint = format!("{leave_out}; if it is to be sent, empty the cell");
            findings.add(Code::DocumentDoubtful, column.field, Some(column.index), message, Some(hint));
        }
    }
}

/// Whether a cell of a column that fills no field may speak against its row, whatever its heading is.
pub(crate) fn speaks_against(text: &str) -> bool {
    may_object(text, true) && objection(text, true).is_some() || is_other_rate(text)
}

/// Whether a cell can begin so at all; nearly none does.
#[inline]
fn may_object(text: &str, tells_kinds: bool) -> bool {
    const BEGINNINGS: [&[u8; 2]; 13] =
        [b"ca", b"cr", b"vo", b"dr", b"de", b"do", b"re", b"sa", b"pr", b"in", b"bi", b"th", b"en"];
    let bytes = text.as_bytes();
    let Some(at) = bytes.iter().position(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii()) else { return false };
    let begins = match bytes[at..] {
        [first, second, ..] if first.is_ascii() => BEGINNINGS.contains(&&[first | 0x20, second | 0x20]),
        _ => !bytes[at].is_ascii(),
    };
    text.len() <= LONGEST && (tells_kinds || begins)
}

/// Whether the cell says that the row is another document (true), or cancelled and the like (false); none for all else.
fn objection(text: &str, tells_kinds: bool) -> Option<bool> {
    if text.trim() == "रद्द" {
        return Some(false);
    }
    let said = plain(text);
    if OTHER_DOCUMENTS.contains(&said.as_str()) {
        return Some(true);
    }
    // A single letter may be any class of rows.
    if tells_kinds && said.len() > 1 && document_kind(&said) != Kind::Invoice {
        return Some(true);
    }
    let mut words = words_of_state(&said);
    let word = words.next()?;
    state(word)?;
    // Of a sentence, only one that goes on to say how, why or by whom; orders and cheques are cancelled, too.
    let is_said_of_the_row = match words.find(|word| !matches!(*word, "invoice" | "bill" | "entry" | "document")) {
        None => true,
        Some(next) => matches!(word, "cancelled" | "canceled" | "void") && GOES_ON.contains(&next),
    };
    is_said_of_the_row.then_some(false)
}

/// Whether a heading is that of exchange rates.
fn is_rate(heading: &str) -> bool {
    matches!(normalise(heading).as_str(), "exchange rate" | "conversion rate" | "ex rate" | "fx rate" | "currency rate")
}

/// Whether a cell is the rate of another currency than the sheet's own; a binary float does no harm, as nothing is reckoned
/// by it.
fn is_other_rate(text: &str) -> bool {
    text.trim().parse::<f64>().is_ok_and(|rate| rate > 0.0 && (rate - 1.0).abs() > 1e-9)
}

/// Whether a heading announces kinds of documents, and no other kinds.
fn tells_kinds(heading: &str) -> bool {
    const KINDS: [&str; 9] = ["type", "types", "nature", "voucher", "vch", "doc", "document", "kind", "return"];
    const OTHERS: [&str; 11] =
        ["customer", "party", "client", "tax", "gst", "payment", "item", "supply", "price", "business", "registration"];
    let heading = normalise(heading);
    let mut words = heading.split(' ');
    words.clone().any(|word| KINDS.contains(&word)) && !words.any(|word| OTHERS.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_cell_that_says_nothing_else_objects() {
        for (cells, tells_kinds, expected) in [
            ("CANCELLED|*** Cancelled ***|Void|Bill cancelled|cancelled invoice|Draft|रद्द", false, Some(false)),
            ("bill cancelled by party|Void - reissued as CX-9|Cancelled on 5/4|INV. CANCELLED", false, Some(false)),
            ("Credit Note|SALES RETURN|Sale-Return|Proforma Invoice", false, Some(true)),
            ("CN|CRN|Return|Receipt|Estimate|Credit Note", true, Some(true)),
            (
                "CN|Receipt|Return|Cancelled cheque received|Cancelled order fee|to be cancelled later|Draft agreement|paid|Sale|C|ok||-",
                false,
                None,
            ),
            ("Sale|Sales|Tax Invoice|Invoice|C|Cash|Debit Note|B2B|", true, None),
        ] {
            for cell in cells.split('|') {
                let found = may_object(cell, tells_kinds).then(|| objection(cell, tells_kinds)).flatten();
                assert_eq!(found, expected, "{cell}");
            }
        }
    }

    #[test]
    fn headings_of_kinds_of_documents_are_told_from_other_kinds() {
        for heading in ["Type", "Txn Type", "Bill Type", "Trans. Type", "Nature", "Sale/Return", "Doc. Kind"] {
            assert!(tells_kinds(heading), "{heading}");
        }
        for heading in ["Customer Type", "Payment Type", "Item type", "GST Registration Type", "Remarks", "Country"] {
            assert!(!tells_kinds(heading), "{heading}");
        }
    }
}
