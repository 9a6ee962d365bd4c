//! Rows and rupees by outcome, as people read them at the end of a run.
//!
//! Pure. The rule: the lines add up to what was read before the reader's eyes.

use std::borrow::Cow;

use arload::money::Total;
use arload::outcome::{Status, Totals};
use arload::wording::{count, grouped};

use crate::screen::{self, Tone};

/// Adds a line to a text.
pub(crate) fn add(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = std::fmt::Write::write_fmt(text, format_args!("{line}\n"));
}

/// The table with the words of its outcomes in their colours.
pub(crate) fn toned_table(table: &str) -> String {
    let mut text = String::new();
    for line in table.lines() {
        let status =
            Status::ALL.into_iter().find(|status| line.trim_start().starts_with(&format!("{} ", status.as_str())));
        let tone = status.and_then(|status| match status {
            Status::Accepted | Status::AlreadyAccepted => Some(Tone::Good),
            Status::Rejected | Status::Invalid => Some(Tone::Bad),
            Status::Unknown | Status::NotSent => Some(Tone::Doubt),
            Status::Excluded => None,
        });
        let line = tone.map_or(Cow::Borrowed(line), |tone| screen::toned_output(line, tone));
        add(&mut text, format_args!("{line}"));
    }
    text
}

/// The run in one sentence: every outcome that occurs, of all rows and rupees.
pub(crate) fn verdict(run: Option<i64>, totals: &Totals, tolerated: u64) -> String {
    if run.is_none() && totals.read.rows == 0 {
        return "nothing to send: no data rows\n".to_owned();
    }
    let parts: Vec<String> = Status::ALL
        .iter()
        .filter(|status| totals.rows(**status) > 0)
        .map(|status| format!("{} {}", grouped(totals.rows(*status)), status.as_str()))
        .collect();
    let parts = if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") };
    let sum = rupees(totals.read.total);
    let run = run.map_or_else(|| "dry run".to_owned(), |run| format!("run {run}"));
    let rows = in_documents(totals.read.rows, totals.read.documents());
    let tolerated = match tolerated {
        0 => String::new(),
        some => format!("; {} tolerated ({}%)", count(some, "row"), share(some, totals.read.rows)),
    };
    format!("{run}: {parts} of {rows}{sum}{tolerated}\n")
}

/// A share in percent with as many digits as tell it from none.
fn share(part: u64, of: u64) -> String {
    let percent = part as f64 * 100.0 / of as f64;
    let digits = if percent >= 1.0 { 1 } else { 3 };
    let text = format!("{percent:.digits$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// `29 rows`, or `29 rows in 9 documents` where lines were joined.
pub(crate) fn in_documents(rows: u64, documents: u64) -> String {
    let rows_counted = count(rows, "row");
    if rows == documents { rows_counted } else { format!("{rows_counted} in {}", count(documents, "document")) }
}

fn rupees(total: Total) -> String {
    if total == Total::default() { String::new() } else { format!(" ({})", total.rupees()) }
}

/// Rows and rupees by outcome, and what they add up to.
pub(crate) fn table(totals: &Totals) -> String {
    let lines = Status::ALL.iter().filter_map(|status| totals.by_status.get(status).map(|sum| (status.as_str(), sum)));
    let lines: Vec<(&str, String, String, String)> = lines
        .chain(std::iter::once(("read", &totals.read)))
        .map(|(name, sum)| (name, grouped(sum.rows), sum.taxable.rupees(), sum.total.rupees()))
        .collect();
    let width = |pick: fn(&(&str, String, String, String)) -> usize| lines.iter().map(pick).max().unwrap_or(0);
    let (names, rows) = (width(|line| line.0.len()).max(7), width(|line| line.1.chars().count()).max(4));
    let taxable = width(|line| line.2.chars().count()).max(7);
    let total = width(|line| line.3.chars().count()).max(5);
    let money = totals.read.total != Total::default() || totals.read.taxable != Total::default();
    let mut text = if money {
        format!("  {:names$}  {:>rows$}  {:>taxable$}  {:>total$}\n", "outcome", "rows", "taxable", "total")
    } else {
        format!("  {:names$}  {:>rows$}\n", "outcome", "rows")
    };
    for (name, count, base, sum) in &lines {
        let line = if money {
            format!("  {name:names$}  {count:>rows$}  {base:>taxable$}  {sum:>total$}\n")
        } else {
            format!("  {name:names$}  {count:>rows$}\n")
        };
        text.push_str(&line);
    }
    if totals.read.rows_with_unreadable_amount > 0 {
        let rows = count(totals.read.rows_with_unreadable_amount, "row");
        add(&mut text, format_args!("  {rows} with an amount that cannot be read, counted with what can"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use arload::money::Money;
    use arload::outcome::Amounts;

    #[test]
    fn the_table_adds_up_before_the_readers_eyes() {
        let amounts =
            Amounts { taxable: Some(Money(10_000_000)), total: Some(Money(11_800_000)), ..Amounts::default() };
        let mut totals = Totals::default();
        for status in [Status::Accepted, Status::Accepted, Status::Unknown] {
            totals.read.add(&amounts);
            totals.add(status, &amounts);
        }
        assert_eq!(verdict(Some(7), &totals, 0), "run 7: 2 accepted, 1 unknown of 3 rows (₹3,54,000.00)\n");
        let tolerated = verdict(Some(7), &totals, 1);
        assert!(tolerated.ends_with("of 3 rows (₹3,54,000.00); 1 row tolerated (33.3%)\n"), "{tolerated}");
        insta::assert_snapshot!(table(&totals), @r"
        outcome   rows       taxable         total
        accepted     2  ₹2,00,000.00  ₹2,36,000.00
        unknown      1  ₹1,00,000.00  ₹1,18,000.00
        read         3  ₹3,00,000.00  ₹3,54,000.00
        ");
    }
}
