//! Likely meanings of unknown headings, to be shown and never applied.

use std::sync::LazyLock;

use super::heading;
use crate::operation::{self, Field, Operation, Role};

/// How alike two texts must be to be named together. Limit: by trial over the headings of the domain.
const ALIKE: f64 = 0.86;

/// A field and its names, normalised.
type Named = (&'static str, Vec<String>);

/// The names of each operation's open fields: there are hundreds, and each unknown heading meets them all.
static NAMES: LazyLock<Vec<Vec<Named>>> = LazyLock::new(|| {
    let of_field = |field: &'static Field| {
        let names = std::iter::once(field.name).chain(field.aliases.iter().map(|alias| alias.text));
        (field.name, names.map(heading::normalise).collect())
    };
    let open = |operation: &'static Operation| operation.fields.iter().filter(|field| field.role != Role::Guarded);
    operation::ALL.iter().map(|operation| open(operation).map(of_field).collect()).collect()
});

/// The field that an unknown heading most likely means.
pub(super) fn field(operation: &Operation, text: &str) -> Option<&'static str> {
    let place = operation::ALL.iter().position(|known| known.name() == operation.name())?;
    let text = heading::normalise(text);
    // Bills that a supplier sent are no invoices to a customer.
    let of_supplier = |text: &str| text.contains("supplier") || text.contains("vendor");
    closest(NAMES[place].iter().map(|(field, names)| {
        let said = names.iter().filter(|name| !name.contains("gst") || text.contains("gst"));
        let said = said.filter(|name| !of_supplier(&text) || of_supplier(name));
        let best = said.map(|name| likeness(&text, name)).fold(0.0, f64::max);
        (*field, best)
    }))
}

/// Of `offered`, the text that is most like `given`.
pub(super) fn nearest<'a>(given: &str, offered: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let given = heading::normalise(given);
    closest(offered.map(|text| (text, likeness(&given, &heading::normalise(text)))))
}

fn closest<'a>(scored: impl Iterator<Item = (&'a str, f64)>) -> Option<&'a str> {
    let mut best: Option<(&str, f64)> = None;
    for (text, score) in scored {
        if score >= ALIKE && best.is_none_or(|(_, most)| score > most) {
            best = Some((text, score));
        }
    }
    best.map(|(text, _)| text)
}

/// How alike two normalised texts are, from 0 to 1.
fn likeness(one: &str, other: &str) -> f64 {
    if one.len() < 3 || other.len() < 3 || one.len() > 80 {
        return 0.0;
    }
    let spelling = strsim::jaro_winkler(one, other);
    // Words tell more than spelling: `Invoice Bill Date` is no `Invoice Bill`.
    let shared = one.split(' ').filter(|word| other.split(' ').any(|known| known == *word)).count();
    let (least, most) = {
        let (one, other) = (one.split(' ').count(), other.split(' ').count());
        (one.min(other), one.max(other))
    };
    let words = if shared < least { 0.0 } else { 0.8 + 0.2 * shared as f64 / most as f64 };
    spelling.max(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelled_and_shortened_headings_get_a_suggestion_and_strangers_none() {
        let operation = Operation::find("invoices", "create").unwrap();
        for (text, expected) in [
            ("Due", Some("dueDate")),
            ("Invoise Number", Some("invoiceNumber")),
            ("Taxble Value", Some("baseAmount")),
            ("Favourite colour", None),
            ("x", None),
            // The other word of "Branch GSTIN" alone is another thing.
            ("Branch", None),
            ("Branch GST No", Some("supplierGstin")),
            // A register of purchases is not to be mapped as sales.
            ("Vendor Name", None),
            ("Supplier Invoice No", None),
            ("Supplier GST Number", Some("supplierGstin")),
        ] {
            assert_eq!(field(operation, text), expected, "{text}");
        }
    }
}
