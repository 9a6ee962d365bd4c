//! Lines that may be copies or totals, and lines that may be missing.

use super::tests::{A, Sheet, sheet};

#[test]
fn rows_pasted_twice_are_doubted_unless_the_documents_total_shows_the_truth() {
    let headings = "Invoice No|Invoice Date|Due Date|Customer Id|Item Name|Taxable Value|CGST|SGST|Invoice Total";
    let row = |number: &str, rest: &str| format!("{number}|01/07/2026|31/07/2026|KC00000000000001|{rest}");
    // Every amount is per line: nothing shows whether the copy counts.
    let lines = [row("1", "a|100|9|9|118"), row("1", "b|200|18|18|236")];
    let twice = [&lines[..], &[row("2", "a|50|4.5|4.5|59"), row("2", "a|50|4.5|4.5|59")]].concat();
    assert_eq!(
        sheet(&format!("{headings}\n{}", twice.join("\n"))).codes(),
        ["ready", "invalid document-line-repeated@1"]
    );
    // The total counts once and shows it, either way.
    let good = |number: usize| {
        let number = format!("A-{number}");
        [row(&number, "a|100|9|9|354"), row(&number, "b|200|18|18|354")]
    };
    let lines: Vec<String> = (0..12).flat_map(good).collect();
    for (net, codes) in [("118", "ready"), ("59", "invalid total-mismatch")] {
        let line = row("2", &format!("a|50|4.5|4.5|{net}"));
        let rows = [&lines[..], &[line.clone(), line]].concat();
        assert_eq!(sheet(&format!("{headings}\n{}", rows.join("\n"))).codes()[12], codes, "{net}");
    }
}

/// Lines without tax: number and taxable value, items named after their place or as told.
fn lines(rows: &[&str]) -> Sheet {
    let row = |(at, row): (usize, &&str)| {
        let mut cells = row.split('|');
        let (number, base) = (cells.next().unwrap(), cells.next().unwrap());
        let item = cells.next().map_or_else(|| format!("item {at}"), str::to_owned);
        let key = if number.is_empty() { "|||".to_owned() } else { format!("{number}|01/07/2026|31/07/2026|{A}") };
        format!("{key}|{item}|{base}")
    };
    let rows: Vec<String> = rows.iter().enumerate().map(row).collect();
    sheet(&format!("Invoice No|Invoice Date|Due Date|Customer Id|Item Name|Taxable Value\n{}", rows.join("\n")))
}

#[test]
fn a_line_that_is_what_those_above_add_up_to_is_doubted_as_a_total() {
    for (rows, last) in [
        // Of the document.
        (&["1|100", "|50", "2|7", "|8", "|15"][..], "invalid document-line-unclear@2"),
        // Of the sheet, whatever it is called.
        (&["1|100", "|50", "2|7", "|8", "|165|Sum"], "invalid document-line-unclear@2"),
        (&["1|100", "|50", "2|7", "|157|Gesamt"], "invalid document-line-unclear@1"),
        // Of the sheet, below the totals of the documents.
        (
            &["1|100", "|50", "|150|Sum", "2|7", "|8", "|15|Sum", "|165"],
            "invalid document-line-unclear@2 document-line-unclear@3",
        ),
        // The totals of the documents counted with them.
        (&["1|100", "|50", "|150|Sum", "2|7", "|8", "|315"], "invalid document-line-unclear@2"),
        // Rounded to the rupee.
        (&["1|100.30", "|50.40", "|151|Net payable"], "invalid document-line-unclear@2"),
        (&["1|100.30", "|50.40", "|150.20"], "invalid document-line-unclear@2"),
        (&["1|100.30", "|50.40", "|150.19"], "ready"),
        // One line above is enough only where the words say so.
        (&["9|1", "|2", "1|100", "|100"], "ready"),
        (&["9|1", "|2", "1|100", "|100|Sum"], "invalid document-line-unclear@1"),
        (&["9|1", "|2", "1|100", "|100|Sumac"], "ready"),
        (&["1|100", "|50", "|149"], "ready"),
        (&["9|1", "|2", "1|0.20", "|0.20", "|0.20|x"], "ready"),
        (&["1|100", "|50", "|150", "|-150|Advance"], "invalid document-line-unclear@2"),
        // A row that names its document is a line.
        (&["1|100", "|50", "1|150", "|7"], "ready"),
        (&["1|100", "2|50", "3|150"], "ready"),
    ] {
        assert_eq!(lines(rows).codes().last().unwrap(), last, "{rows:?}");
    }
    let (_, joined, _) = lines(&["1|100", "|50", "2|7", "|8", "|165|Sum"]).documents().remove(1);
    let (at, finding) = &joined.elsewhere[0];
    assert_eq!((*at, finding.field.as_str(), finding.column), (2, "baseAmount", Some(5)));
    assert_eq!(finding.message, "\"165\" is what the 4 lines of the sheet above it add up to, as a total is");
}

#[test]
fn a_line_that_the_documents_own_total_confirms_is_no_total() {
    let headings = "Invoice No|Invoice Date|Due Date|Customer Id|Item Name|Taxable Value|CGST|SGST|Invoice Total";
    let first = format!("1|01/07/2026|31/07/2026|{A}");
    for (last, net, codes) in [
        ("300|27|27", "708", "ready"),
        ("300|27|27", "354", "invalid total-mismatch"),
        // Only the taxable value is totalled.
        ("300||", "654", "ready"),
        ("300||", "354", "invalid total-mismatch"),
        // A line that hides in the rounding is not confirmed by any total.
        ("0.30||", "354", "ready"),
    ] {
        let text = format!("{headings}\n{first}|a|100|9|9|{net}\n||||b|200|18|18|\n||||c|{last}|");
        assert_eq!(sheet(&text).codes(), [codes], "{last} {net}");
    }
    let text = format!("{headings}\n{first}|a|0.10|0|0|0.60\n||||b|0.20|0|0|\n||||c|0.30|0|0|");
    assert_eq!(sheet(&text).codes(), ["invalid document-line-unclear@2"]);
}

#[test]
fn a_document_with_a_hidden_row_is_held_back() {
    let sheet = lines(&["1|100", "|50", "2|7", "|8", "3|9"]);
    // The row of the hidden line is known by the first row shown of its document, which may have gone to the one above.
    for (shown, codes) in [
        (2, ["invalid document-line-unclear", "ready", "ready"]),
        (3, ["invalid document-line-unclear@1", "ready", "ready"]),
        (6, ["ready", "ready", "invalid document-line-unclear"]),
    ] {
        let mut surveyed = sheet.survey().unwrap();
        surveyed.hidden.insert(shown, 40);
        assert_eq!(sheet.codes_of(&surveyed), codes, "{shown}");
    }
}
