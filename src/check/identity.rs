//! What the duplicate guard knows a record by: the key, and the fingerprint of its content.
//!
//! Both are hashes over a versioned list of normalised values, each with its length, so that no two lists look alike.
//! The one rule: changing what enters a hash needs a new version string, because ledgers keep the old ones.

use compact_str::CompactString;

use super::Rules;
use super::cells::Row;
use super::record::{Guard, Labels, Likeness, customer_hash, day_of, neighbour_year};
use super::value::{Ascii, plain_date};
use crate::money::Money;
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
pub(super) fn invoice(
    row: &Row<'_>,
    rules: &Rules<'_>,
    labels: &Labels,
    values: &mut Values,
) -> (CompactString, Option<Guard>) {
    let number = row.text("invoiceNumber");
    let external = row.text("externalId");
    let shown = CompactString::new(if number.is_empty() { external } else { number });
    if shown.is_empty() {
        return (shown, None);
    }
    // The year that began last April; 0 for rows that may do without a date.
    let year =
        row.date("invoiceDate").map_or(0, |issued| if issued.month() >= 4 { issued.year() } else { issued.year() - 1 });
    let kind = if is_debit_note(row.text("documentType")) { "DBN" } else { "INV" };
    let external = if number.is_empty() { external } else { "" };
    values.begin(KEY_VERSION).text(rules.account).text(&labels.account_id).text(&labels.supplier_gstin).text(kind);
    let before_year = values.bytes.len();
    let mut key_in = |year: i16| {
        values.bytes.truncate(before_year);
        values.number(year).upper(number).text(external).hash()
    };
    let customer = row.text("customerId");
    let near = |issued| Some((issued, neighbour_year(issued)?));
    let likeness = match row.date("invoiceDate").and_then(near).filter(|_| !customer.is_empty()) {
        Some((issued, year)) => {
            Likeness::Neighbour { other: short(key_in(year)), day: day_of(issued), customer: customer_hash(customer) }
        }
        None => Likeness::None,
    };
    let key = short(key_in(year));
    values.begin(FINGERPRINT_VERSION).text(customer);
    for date in [row.date("invoiceDate"), row.date("dueDate")] {
        values.bytes(date.map(plain_date).as_ref().map_or(b"", Ascii::as_bytes));
    }
    let [base, net] = [row.amount("baseAmount"), row.amount("netAmount")];
    for amount in [base, row.amount("cgst"), row.amount("sgst"), row.amount("igst"), net] {
        values.amount(amount);
    }
    (shown, Some(Guard { key, fingerprint: eight(values.hash()), year, likeness }))
}

fn is_debit_note(kind: &str) -> bool {
    kind.eq_ignore_ascii_case("dbn") || kind.as_bytes().windows(5).any(|part| part.eq_ignore_ascii_case(b"debit"))
}

/// Key and fingerprint of a customer, and the reference that results show.
pub(super) fn customer(row: &Row<'_>, rules: &Rules<'_>) -> (CompactString, Option<Guard>) {
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
            .unwrap_or_default();
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
    (CompactString::new(shown), Some(Guard { key: short(key), fingerprint, year: 0, likeness }))
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
    let parts: Vec<String> = std::iter::once(labels.account_id.to_string()).chain(named).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let key = short(hash(NAMED_VERSION, &parts));
    Some(Guard { key, fingerprint: fingerprint(&content), year: 0, likeness: Likeness::None })
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
    let mut values = Values::new();
    values.begin(version);
    for part in parts {
        values.text(part);
    }
    values.hash()
}

/// A versioned list of values on its way into a hash, each with its length before it; kept for the next list.
pub(super) struct Values {
    bytes: Vec<u8>,
}

impl Values {
    pub(super) fn new() -> Self {
        // Room for the values of nearly every record.
        Self { bytes: Vec::with_capacity(256) }
    }

    fn begin(&mut self, version: &str) -> &mut Self {
        self.bytes.clear();
        self.text(version)
    }

    fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    fn bytes(&mut self, text: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
        self.bytes.extend_from_slice(text);
        self
    }

    /// A text in capitals.
    fn upper(&mut self, text: &str) -> &mut Self {
        if !text.is_ascii() {
            return self.text(&text.to_uppercase());
        }
        self.text(text);
        let start = self.bytes.len() - text.len();
        self.bytes[start..].make_ascii_uppercase();
        self
    }

    fn number(&mut self, number: i16) -> &mut Self {
        let mut digits = [0; 5];
        let mut at = digits.len();
        let mut rest = number.unsigned_abs();
        while rest > 0 || at == digits.len() {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        let sign = if number < 0 { "-" } else { "" };
        self.bytes.extend_from_slice(&((sign.len() + digits.len() - at) as u32).to_le_bytes());
        self.bytes.extend_from_slice(sign.as_bytes());
        self.bytes.extend_from_slice(&digits[at..]);
        self
    }

    /// An amount in its plain form; nothing where there is none.
    fn amount(&mut self, amount: Option<Money>) -> &mut Self {
        let at = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 4]);
        if let Some(money) = amount {
            money.write_plain_bytes(&mut self.bytes);
        }
        let length = (self.bytes.len() - at - 4) as u32;
        self.bytes[at..at + 4].copy_from_slice(&length.to_le_bytes());
        self
    }

    fn hash(&self) -> blake3::Hash {
        blake3::hash(&self.bytes)
    }
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

    #[test]
    fn values_are_hashed_as_their_texts_are() {
        let mut values = Values::new();
        for number in [0, 7, 2026, -1, i16::MAX, i16::MIN] {
            assert_eq!(values.begin("v").number(number).hash(), hash("v", &[&number.to_string()]), "{number}");
        }
        for text in ["", "inv/25-é", "Inv-7"] {
            assert_eq!(values.begin("v").upper(text).hash(), hash("v", &[&text.to_uppercase()]), "{text}");
        }
        for paise in [0, 5, -5, 118_000, i64::MAX, i64::MIN] {
            let text = Money(paise).to_string();
            assert_eq!(values.begin("v").amount(Some(Money(paise))).hash(), hash("v", &[&text]), "{paise}");
        }
        assert_eq!(values.begin("v").amount(None).hash(), hash("v", &[""]));
        // Ledgers keep these: the first eight bytes of two lists, as they have always been made.
        assert_eq!(eight(hash(KEY_VERSION, &["a", "", "INV", "2026"])), 10_584_771_811_477_333_055);
    }
}
