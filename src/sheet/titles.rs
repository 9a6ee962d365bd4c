//! Titles, captions and names of worksheets that say that the rows below are no invoices.
//!
//! Pure. Leaves what follows from it to [`super::open`], which ends a table there, and to [`crate::mapping`], which refuses a
//! sheet. The one rule: only words that are said of nothing else count; a title that means invoices beside others does not
//! tell which rows are which, and counts as well.

/// Two words, in the singular, that name other documents wherever they stand in a title.
const PHRASES: [[&str; 2]; 20] = [
    ["credit", "note"],
    ["credit", "memo"],
    ["sale", "return"],
    ["purchase", "register"],
    ["purchase", "invoice"],
    ["purchase", "bill"],
    ["purchase", "book"],
    ["purchase", "return"],
    ["pro", "forma"],
    ["proforma", "invoice"],
    ["cancelled", "invoice"],
    ["cancelled", "bill"],
    ["canceled", "invoice"],
    ["canceled", "bill"],
    ["draft", "invoice"],
    ["void", "invoice"],
    ["quotation", "register"],
    ["receipt", "register"],
    ["payment", "register"],
    ["receipt", "voucher"],
];

/// Words, in the singular, that name other documents where nothing else is said.
const ALONE: [&str; 17] = [
    "cn",
    "crn",
    "cdnr",
    "cdnur",
    "return",
    "purchase",
    "cancelled",
    "canceled",
    "void",
    "draft",
    "proforma",
    "quotation",
    "estimate",
    "receipt",
    "payment",
    "expense",
    "refund",
];

/// Words by which a title says that such documents are not among the rows, or that their sum was taken off.
const WITHOUT: [&str; 8] = ["net", "less", "excl", "excluding", "except", "without", "after", "not"];

/// Whether a title above the headings, or the name of a worksheet, says that its rows are no invoices.
pub fn announces_others(text: &str) -> bool {
    let words = words(text);
    let is_phrase =
        words.windows(2).any(|pair| PHRASES.iter().any(|phrase| pair[0] == phrase[0] && pair[1] == phrase[1]));
    let is_alone = matches!(words.as_slice(), [word] if ALONE.contains(&word.as_str()));
    (is_phrase || is_alone) && !words.iter().any(|word| WITHOUT.contains(&word.as_str()))
}

/// Whether a cell alone in its row is the caption of such rows: no sentence, no short form, and not the number of a document.
pub(super) fn is_caption_of_others(text: &str) -> bool {
    // Limit: a caption has a few words; a remark below the table has more.
    const MOST_WORDS: usize = 4;
    const SHORTEST: usize = 6;
    if text.len() > 60 {
        return false;
    }
    let words = words(text);
    let is_whole = words.len() > 1 || words.first().is_some_and(|word| word.len() >= SHORTEST);
    is_whole && words.len() <= MOST_WORDS && announces_others(text)
}

/// The words of a title in small letters and in the singular, without numbers.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for word in text.split(|letter: char| !letter.is_alphabetic()).filter(|word| !word.is_empty()) {
        let word = word.to_lowercase();
        words.push(
            word.strip_suffix('s').filter(|start| start.len() > 2 && *start != "les").unwrap_or(&word).to_owned(),
        );
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_of_other_documents_are_told_from_titles_of_invoices() {
        for title in [
            "Credit Note Register",
            "CREDIT NOTES",
            "Sales Return Register from 1-4-26 to 30-4-26",
            "Sale Returns",
            "Purchase Register",
            "List of Cancelled Invoices",
            "Proforma Invoices",
            "Pro-forma",
            "Sales & Credit Note Register",
            "Cancelled",
            "DRAFT",
            "CN",
            "cdnr",
            "Purchases",
        ] {
            assert!(announces_others(title), "{title}");
        }
        for title in [
            "Sales Register",
            "Tax Invoices",
            "Sales Register (net of credit notes)",
            "Sales excluding sales returns",
            "Purchase Solutions Private Limited",
            "Debit Notes",
            "Payment pending",
            "Bills less credit notes",
            "April 2026",
            "",
        ] {
            assert!(!announces_others(title), "{title}");
        }
        assert!(is_caption_of_others("CREDIT NOTES") && is_caption_of_others("Sales Returns - April"));
        assert!(is_caption_of_others("Cancelled") && is_caption_of_others("RETURNS:"));
        for other in ["Credit notes are issued within seven days", "CN", "}4cN", "Void", "CN-17"] {
            assert!(!is_caption_of_others(other), "{other}");
        }
    }
}
