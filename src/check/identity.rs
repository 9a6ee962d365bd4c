//! What the duplicate guard knows a record by: the key, and the fingerprint of its content.
//!
//! Both are hashes over a versioned list of normalised values, each with its length, so that no two lists look alike.
//! The one rule: changing what enters a hash needs a new version string, because ledgers keep the old ones.

use super::Rules;
use super::cells::Row;
use super::record::{Guard, Labels, Likeness, neighbour_year};
use crate::operation::{Operation, Role};

/// Version of the key's list of values.
const KEY_VERSION: &str = "arload key 1";

/// Version of the fingerprint's list of values.
const FINGERPRINT_VERSION: &str = "arload fingerprint 1";

/// Version of what customers are compared by within a run; never stored.
const LIKENESS_VERSION: &str = "arload likeness 1";

/// Version of what rows about the same record are told by within a run; never stored.
const NAMED_VERSION: &str = "arload named 1";

/// Key and fingerprint of an invoice, and the number that results show.
pub(super) fn invoice(row: &Row<'_>, rules: &Rules<'_>, labels: &Labels) -> (String, Option<Guard>) {
    let number = row.text("invoiceNumber");
    let external = row.text("externalId");
    let shown = if number.is_empty() { external } else { number }.to_owned();
    if shown.is_empty() {
        return (shown, None);
    }
    // The year that began last April; 0 for rows that may do without a date.
    let year =
        row.date("invoiceDate").map_or(0, |issued| if issued.month() >= 4 { issued.year() } else { issued.year() - 1 });
    let kind = row.text("documentType").to_ascii_lowercase();
    let kind = if kind.contains("debit") || kind == "dbn" { "DBN" } else { "INV" };
    let (number, external) = (number.to_uppercase(), if number.is_empty() { external } else { "" });
    let key_in = |year: i16| {
        let seller = [rules.account, &labels.account_id, &labels.supplier_gstin];
        hash(KEY_VERSION, &[seller[0], seller[1], seller[2], kind, &year.to_string(), &number, external])
    };
    let neighbour = row.date("invoiceDate").and_then(neighbour_year).filter(|_| !row.text("customerId").is_empty());
    let likeness = neighbour.map_or(Likeness::None, |year| Likeness::Neighbour(short(key_in(year))));
    let amount = |name| row.amount(name).map_or(String::new(), |money| money.to_string());
    let date = |name| row.date(name).map_or(String::new(), |date| date.to_string());
    let content = [
        row.text("customerId").to_owned(),
        date("invoiceDate"),
        date("dueDate"),
        amount("baseAmount"),
        amount("cgst"),
        amount("sgst"),
        amount("igst"),
        amount("netAmount"),
    ];
    (shown, Some(guard(key_in(year), &content, year, likeness)))
}

/// Key and fingerprint of a customer, and the reference that results show.
pub(super) fn customer(row: &Row<'_>, rules: &Rules<'_>) -> (String, Option<Guard>) {
    let text = |name: &str| row.text(name).to_owned();
    let upper = |name: &str| row.text(name).to_uppercase();
    let content = [
        upper("legalName"),
        upper("keyContactName"),
        upper("keyContactLegalName"),
        text("keyContactMobile"),
        text("keyContactEmail").to_lowercase(),
        text("contactNumber"),
        upper("panOrGstin"),
        upper("accountNumber"),
        upper("ifsc"),
        upper("uniqueRefNo"),
    ];
    let (reference, tax_number) = (upper("uniqueRefNo"), upper("panOrGstin"));
    let gstin = if tax_number.len() == 15 { tax_number.as_str() } else { "" };
    let shown =
        [row.text("uniqueRefNo"), row.text("panOrGstin"), row.text("legalName"), row.text("keyContactLegalName")]
            .into_iter()
            .find(|text| !text.is_empty())
            .unwrap_or_default()
            .to_owned();
    let fingerprint = fingerprint(&content);
    let by_content = fingerprint.to_string();
    let parts = match (reference.as_str(), gstin) {
        ("", "") => ["content", by_content.as_str()],
        ("", gstin) => ["gstin", gstin],
        (reference, _) => ["reference", reference],
    };
    let key = hash(KEY_VERSION, &[rules.account, "customer", parts[0], parts[1]]);
    let mark = |kind: &str, value: &str| (!value.is_empty()).then(|| eight(hash(LIKENESS_VERSION, &[kind, value])));
    let name = if row.is_blank("legalName") { row.text("keyContactLegalName") } else { row.text("legalName") };
    let without_gstin = gstin.is_empty();
    let likeness = Likeness::Customer([
        mark("name", &without_spelling(name)).filter(|_| without_gstin),
        mark("pan", &tax_number).filter(|_| without_gstin),
        mark("mobile", row.text("keyContactMobile")),
    ]);
    (shown, Some(guard(key, &content, 0, likeness)))
}

/// Which record a row is about, where it names one that is there already, and what is done to it. It holds within a run
/// only: later ones may do the same again on purpose. A row that stores something without a guard is known by all it says.
pub(super) fn named(row: &Row<'_>, operation: &Operation, labels: &Labels) -> Option<Guard> {
    if operation.reads() {
        return None;
    }
    let sent = operation.fields.iter().zip(&row.values).filter(|(field, _)| field.role != Role::Sheet);
    let content: Vec<String> = sent.clone().map(|(_, value)| format!("{value:?}")).collect();
    let changes = operation.field(operation.remote_id).is_some();
    let is_name = |name: &str| {
        // One invoice may be paid by several payments.
        name == operation.remote_id || name == "paymentId" || operation.route.path_fields().any(|field| field == name)
    };
    let named = sent.filter(|(field, _)| !changes || is_name(field.name)).map(|(_, value)| format!("{value:?}"));
    let parts: Vec<String> = std::iter::once(labels.account_id.clone()).chain(named).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    Some(guard(hash(NAMED_VERSION, &parts), &content, 0, Likeness::None))
}

/// A name in small letters without what people write in different ways: `M/s`, punctuation, `and`, the legal form.
fn without_spelling(name: &str) -> String {
    const FORMS: [&str; 15] = [
        "and",
        "ms",
        "private",
        "pvt",
        "p",
        "limited",
        "ltd",
        "llp",
        "company",
        "co",
        "corporation",
        "corp",
        "inc",
        "the",
        "opc",
    ];
    let lower = name.to_lowercase().replace("m/s", " ");
    // Dots and apostrophes stand inside a word, everything else between words.
    let plain: String = lower.chars().filter(|letter| !matches!(letter, '.' | '\'' | '’' | '‘')).collect();
    let words = || plain.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    let bare: Vec<&str> = words().filter(|word| !FORMS.contains(word)).collect();
    // A name of nothing but such words keeps them.
    if bare.is_empty() { words().collect::<Vec<_>>().concat() } else { bare.concat() }
}

fn guard(key: blake3::Hash, content: &[String], year: i16, likeness: Likeness) -> Guard {
    Guard { key: short(key), fingerprint: fingerprint(content), year, likeness }
}

fn short(hash: blake3::Hash) -> [u8; 16] {
    hash.as_bytes()[..16].try_into().expect("a hash has 32 bytes")
}

fn eight(hash: blake3::Hash) -> u64 {
    u64::from_le_bytes(hash.as_bytes()[..8].try_into().expect("a hash has 32 bytes"))
}

fn fingerprint(content: &[String]) -> u64 {
    let parts: Vec<&str> = content.iter().map(String::as_str).collect();
    eight(hash(FINGERPRINT_VERSION, &parts))
}

fn hash(version: &str, parts: &[&str]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    for part in std::iter::once(&version).chain(parts) {
        hasher.update(&(part.len() as u32).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_in_spelling_only_are_one() {
        let first = without_spelling("M/s. Mehta & Co");
        for same in
            ["MEHTA AND CO.", "Mehta and Company", "Messrs Mehta".trim_start_matches("Messrs "), "M/S MEHTA & CO."]
        {
            assert_eq!(without_spelling(same), first, "{same}");
        }
        for (one, two, same) in [
            ("Asha Traders Pvt. Ltd.", "ASHA TRADERS PRIVATE LIMITED", true),
            ("Asha Traders (P) Ltd", "Asha Traders", true),
            ("A.B.C. Mills", "ABC Mills LLP", true),
            ("D'Souza", "DSouza", true),
            ("Asha Traders", "Asha Trading", false),
            ("Mehta Sons", "Mehta", false),
            ("The Company", "Limited", false),
            ("मेहता ट्रेडर्स", "मेहता", false),
            ("", "-", true),
        ] {
            assert_eq!(without_spelling(one) == without_spelling(two), same, "{one} {two}");
        }
        assert_eq!(without_spelling("-"), "");
    }

    #[test]
    fn values_cannot_run_into_each_other() {
        assert_ne!(hash("v", &["ab", "c"]), hash("v", &["a", "bc"]));
        assert_ne!(hash("v", &["a", ""]), hash("v", &["", "a"]));
        assert_eq!(hash("v", &["a"]), hash("v", &["a"]));
    }
}
