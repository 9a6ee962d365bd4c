//! What comes of a document's rows: its amounts, its texts, and what is wrong with them.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::settle::rounded;
use super::survey::Unjoinable;
use super::tests::{amounts, sheet};
use crate::check::record::Standing;
use crate::money::Money;

#[test]
fn what_is_wrong_with_any_row_makes_the_document_invalid() {
    // A good document settles the columns.
    let good = ["1|100|9|9|354", "1|200|18|18|354", "2|100|9|9|236", "2|100|9|9|236"];
    for (rows, codes) in [
        (&["9|100|9|9|354", "9|2x|18|18|354"][..], "invalid amount-not-decimal@1"),
        (&["9|1,00|9|9|354", "9|200|18|18|354"], "invalid amount-not-decimal"),
        (&["9|100|9|9|354", "9|200|18|18|355"], "invalid document-lines-differ"),
        (&["9|100|9|9|354", "9|200|18|18|x"], "invalid amount-not-decimal@1"),
        (&["9|100|9|9|400", "9|200|18|18|400"], "invalid total-mismatch"),
        (&["9|100|9|9|354", "9|-400|18|18|354"], "invalid amount-negative"),
        (&["9|100|9|9|354", "9|200|18|18|354", "9|200|18|18|354"], "invalid total-mismatch"),
        (&["9|100|9|9|354", "9|200.00001|18|18|354"], "ready"),
        (&["9|100|9|9|354", "9|200.0012345|18|18|354"], "invalid amount-too-precise@1"),
    ] {
        let rows: Vec<&str> = good.iter().chain(rows).copied().collect();
        assert_eq!(amounts("", &rows).codes().last().unwrap(), codes, "{rows:?}");
    }
}

#[test]
fn texts_of_one_document_must_agree() {
    let headings = "Invoice No|Invoice Date|Due Date|Customer Id|Item Name|Taxable Value|PO No|Status";
    for (first, second, codes) in [
        ("31/07/2026|P-1|", "31/07/2026|P-1|", "ready"),
        ("31/07/2026|P-1|Sent", "|| SENT", "ready"),
        ("2026-07-31||", "31/07/2026|P-1|", "ready"),
        ("31/07/2026|P-1|", "30/07/2026|P-1|", "invalid document-lines-differ"),
        ("31/07/2026|P-1|", "31/07/2026|P-2|", "invalid document-lines-differ"),
        ("31/07/2026||Void", "31/07/2026||Void", "document-void"),
        ("31/07/2026||Void", "31/07/2026||", "document-void"),
        ("31/07/2026||Void", "31/07/2026||Sent", "invalid document-lines-differ"),
        ("31/07/2026||Sent", "31/07/2026||Void", "invalid document-lines-differ"),
    ] {
        let row = |rest: &str, item: &str| {
            let (due, rest) = rest.split_once('|').unwrap();
            format!("1|01/07/2026|{due}|KC00000000000001|{item}|{item}|{rest}")
        };
        let sheet = sheet(&format!("{headings}\n{}\n{}", row(first, "10"), row(second, "20")));
        assert_eq!(sheet.codes(), [codes], "{first} {second}");
    }
}

#[test]
fn paise_decimal_commas_and_credits_are_summed_as_they_are_meant() {
    let headings = "Invoice No|Invoice Date|Due Date|Customer Id|Item Name|Taxable Value|IGST (paise)|Invoice Total";
    let row = |rest: &str| format!("1|01/07/2026|31/07/2026|KC00000000000001|{rest}");
    let sums = |rows: &[&str], comma: bool| {
        let rows: Vec<String> = rows.iter().map(|rest| row(rest)).collect();
        let mut sheet = sheet(&format!("{headings}\n{}", rows.join("\n")));
        sheet.mapping.decimal_comma = comma;
        let (row, ..) = sheet.documents().remove(0);
        let paise = |amount: Option<Money>| amount.map_or(-1, |amount| amount.0);
        (sheet.codes().remove(0), paise(row.amounts.taxable), paise(row.amounts.igst))
    };
    let good = |base, tax| ("ready".to_owned(), base, tax);
    assert_eq!(sums(&["a|100.50|1809|355", "b|200.00|3600.5|355"], false), good(30_050, 5_410));
    assert_eq!(sums(&["a|1.100,5012|1809|1354,59", "b|200,0011|3600|1354,59"], true), good(130_050, 5_409));
    // All lines a credit: one credit note.
    let (codes, ..) = sums(&["a|100.50 Cr|1809|", "b|200.00 Cr|3600|"], false);
    assert_eq!(codes, "credit-note-not-supported");
    let (codes, ..) = sums(&["a|100.50 Dr|1809|", "b|200.00 Cr|3601|"], false);
    assert!(codes.contains("amount-negative"), "{codes}");
}

#[test]
fn sums_are_rounded_once_half_away_from_zero() {
    for (parts, paise) in [(499_999, 0), (500_000, 1), (-499_999, 0), (-500_000, -1), (100_499_999, 100)] {
        assert_eq!(rounded(parts), paise, "{parts}");
    }
}

proptest! {
    #[test]
    fn documents_split_into_lines_come_back_with_their_amounts(
        documents in prop::collection::vec(prop::collection::vec((1_000_i64..10_000_000, 0_usize..3), 1..6), 1..12),
        blanks in any::<bool>(),
    ) {
        let headings = "Invoice No|Invoice Date|Due Date|Customer Id|Item Name|Taxable Value|CGST|SGST|Invoice Total";
        let mut text = headings.to_owned();
        let mut expected = Vec::new();
        for (number, lines) in documents.iter().enumerate() {
            let taxes: Vec<i64> = lines.iter().map(|(base, rate)| base * [25, 60, 90][*rate] / 1000).collect();
            let (base, tax) = (lines.iter().map(|(base, _)| base).sum::<i64>(), taxes.iter().sum::<i64>());
            expected.push((base, tax, base + 2 * tax, lines.len()));
            for (index, ((base_line, _), tax_line)) in lines.iter().zip(&taxes).enumerate() {
                let key = match index {
                    0 => format!("N-{number}|01/07/2026|31/07/2026|KC00000000000001"),
                    _ if blanks => "|||".to_owned(),
                    _ => format!("N-{number}|01/07/2026||KC00000000000001"),
                };
                let net = if index == 0 || !blanks { Money(base + 2 * tax).to_string() } else { String::new() };
                let (base, tax) = (Money(*base_line), Money(*tax_line));
                write!(text, "\n{key}|item {index}|{base}|{tax}|{tax}|{net}").unwrap();
            }
        }
        let sheet = sheet(&text);
        match sheet.survey() {
            // Where no document has lines that differ, two readings may fit; then nothing is joined.
            Err(Unjoinable::Unsettled(_)) => {
                let telling = documents.iter().any(|lines| lines.iter().any(|line| *line != lines[0]));
                prop_assert!(!telling, "{text}");
            }
            other => {
                prop_assert!(other.is_ok(), "{other:?}");
                let found: Vec<_> = sheet
                    .documents()
                    .iter()
                    .map(|(row, _, lines)| {
                        let paise = |amount: Option<Money>| amount.unwrap_or_default().0;
                        assert_eq!(row.standing, Standing::Ready, "{text}: {:?}", row.findings);
                        (paise(row.amounts.taxable), paise(row.amounts.cgst), paise(row.amounts.total), *lines)
                    })
                    .collect();
                prop_assert_eq!(found, expected);
            }
        }
    }
}
