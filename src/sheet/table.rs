//! Which rows below the header are data, for text files and workbooks alike.
//!
//! Pure. Owns the judging of totals, repeated headers and notes, and the record of what was left out. The one rule: in
//! doubt a row is data; a row that looks like a total but names a customer, an invoice or a date is data.

use std::collections::BTreeMap;

use super::header::most_common;
use super::row::{Cells, RawRow, is_amount, is_value};
use super::{Cell, CellKind, DropReason, DroppedRow};

/// Limit: rows left out that are kept with their text.
const KEPT_ROWS: usize = 100;
/// Limit: characters kept of such a row.
const KEPT_CHARACTERS: usize = 200;
/// Limit: cells kept of a total, for checking sums.
const KEPT_CELLS: usize = 256;

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// A row to hand out.
    Data,
    /// Nothing at all.
    Blank,
    /// Left out, and why.
    Drop(DropReason),
    /// A note if no data follows, else data.
    NoteAtTheEnd,
}

/// Judges the rows of one sheet.
#[derive(Debug)]
pub(super) struct RowFilter {
    /// The header row's own texts, trimmed.
    headings: Vec<String>,
    first_heading: usize,
    /// Filled cells that most rows have.
    usual_filled: usize,
    /// Whether enough rows have more cells than remarks do.
    knows_notes: bool,
    /// Whether nearly all filled cells of a column are numbers, dates and the like.
    holds_values: Vec<bool>,
    /// The column of names that stand alone above the rows they group.
    group_column: Option<usize>,
    /// Every filled row is data, because nothing is known of the sheet.
    pub(super) keeps_all: bool,
}

impl RowFilter {
    /// A filter for rows below `header`; `sample` shows what most rows look like.
    pub(super) fn new(header: &RawRow, sample: &[RawRow]) -> Self {
        let headings: Vec<String> =
            (0..header.len()).map(|column| header.cell(column).text.trim().to_owned()).collect();
        let first_heading = headings.iter().position(|heading| !heading.is_empty()).unwrap_or(0);
        let filled: Vec<usize> = sample.iter().map(|row| row.filled().count()).filter(|filled| *filled > 0).collect();
        // Below five rows of data, five remarks are the commonest rows.
        let knows_notes = filled.iter().filter(|filled| **filled > 2).count() * 3 >= filled.len();
        let holds_values = (0..headings.len()).map(|column| holds_values(sample, column)).collect();
        let usual_filled = most_common(filled.into_iter());
        // Where most rows have one or two cells, a cell alone may be a record.
        let group_column = if usual_filled < 3 { None } else { group_column(sample) };
        Self { headings, first_heading, usual_filled, knows_notes, holds_values, group_column, keeps_all: false }
    }

    /// Whether a row of words cannot belong to the table: two of them stand where the table has numbers or dates. The
    /// row below has to fit under it, so that a row with words by mistake does not end a table that goes on.
    pub(super) fn is_foreign(&self, row: &RawRow, below: &RawRow) -> bool {
        let width = |row: &RawRow| row.filled().last().map_or(0, |(column, _)| column);
        let is_words = |(_, cell): (usize, Cell<'_>)| cell.kind == CellKind::Text && !is_value(cell);
        let misplaced = row.filled().filter(|(column, _)| self.holds_values(*column));
        row.filled().count() >= 3
            && row.filled().all(is_words)
            && misplaced.count() >= 2
            && below.number == row.number + 1
            && below.filled().any(|(_, cell)| is_value(cell))
            && width(below) <= width(row)
            && below.filled().count() < self.usual_filled
    }

    /// Whether nearly all filled cells of a column are numbers, dates and the like.
    pub(super) fn holds_values(&self, column: usize) -> bool {
        self.holds_values.get(column).is_some_and(|holds| *holds)
    }

    /// Whether a row of texts is data, as its first cells show at a look; of any other, [`RowFilter::judge`] knows. The
    /// texts stand behind each other from `start` on.
    pub(super) fn is_surely_data(&self, texts: &[u8], mut start: usize, ends: &[u32]) -> bool {
        let mut filled = 0;
        for (column, end) in ends.iter().enumerate() {
            let cell = &texts[start..*end as usize];
            start = *end as usize;
            let Some(first) = cell.first() else { continue };
            let may_be_heading = filled == 0 && column == self.first_heading && !self.differs_from_heading(*first);
            // A blank at the beginning may be all there is.
            if !first.is_ascii_graphic() || may_be_heading || filled < 2 && may_begin_total(cell) {
                return false;
            }
            filled += 1;
            if filled == 3 {
                return !self.keeps_all;
            }
        }
        false
    }

    /// Whether no text that begins so is the first heading.
    fn differs_from_heading(&self, first: u8) -> bool {
        let heading = self.headings.get(self.first_heading).and_then(|heading| heading.bytes().next());
        heading.is_some_and(|heading| heading.is_ascii_graphic() && !heading.eq_ignore_ascii_case(&first))
    }

    /// Judges one row.
    pub(super) fn judge(&self, row: &impl Cells) -> Verdict {
        let Some((column, first)) = row.filled().next() else { return Verdict::Blank };
        if self.keeps_all {
            return Verdict::Data;
        }
        if column == self.first_heading && same_words(first.text, &self.headings[column]) && self.is_header(row) {
            return Verdict::Drop(DropReason::RepeatedHeader);
        }
        if row.filled().take(2).any(|(_, cell)| may_be_total(cell)) && is_total(row) {
            return Verdict::Drop(DropReason::Total);
        }
        if first.kind == CellKind::Text { self.judge_note(row, column, first.text) } else { Verdict::Data }
    }

    fn is_header(&self, row: &impl Cells) -> bool {
        let width = self.headings.len().max(row.width());
        (0..width).all(|column| same_words(row.cell(column).text, self.headings.get(column).map_or("", String::as_str)))
    }

    fn judge_note(&self, row: &impl Cells, column: usize, text: &str) -> Verdict {
        let filled = row.filled().take(3).count();
        if filled == 1 && self.group_column == Some(column) {
            return Verdict::Drop(DropReason::Group);
        }
        if !self.knows_notes || filled > 2 {
            return Verdict::Data;
        }
        if is_known_note(text) || filled == 1 && is_ruled(text) {
            return Verdict::Drop(DropReason::Note);
        }
        if self.usual_filled < 3 {
            return Verdict::Data;
        }
        // One word alone may be an identifier, so it stays data.
        let is_prose = text.split_whitespace().nth(1).is_some() || !text.contains(char::is_alphanumeric);
        if filled == 1 && column == 0 && is_prose { Verdict::NoteAtTheEnd } else { Verdict::Data }
    }
}

/// Whether a column has values in at least three quarters of its filled cells, of which there are two or more; the
/// sample may hold another table too.
fn holds_values(sample: &[RawRow], column: usize) -> bool {
    let filled = sample.iter().filter(|row| !row.is_blank_at(column));
    let (filled, values) =
        filled.fold((0, 0), |(filled, values), row| (filled + 1, values + usize::from(is_value(row.cell(column)))));
    values >= 2 && values * 4 >= filled * 3
}

/// The column of names that stand alone in a row and come back below as `Total for NAME`, as reports by customer have
/// them; such a row alone shows no other.
fn group_column(sample: &[RawRow]) -> Option<usize> {
    let mut names: Vec<(usize, &str)> = Vec::new();
    for row in sample {
        let mut filled = row.filled();
        let Some((column, first)) = filled.next().filter(|(_, cell)| cell.kind == CellKind::Text) else { continue };
        if filled.next().is_none() && !is_value(first) {
            names.push((column, first.text));
        } else if let Some(total) = first.text.trim().get(..10).filter(|start| start.eq_ignore_ascii_case("total for "))
        {
            let of = &first.text.trim()[total.len()..];
            if names.iter().any(|(at, name)| *at == column && same_words(name.trim(), of.trim())) {
                return Some(column);
            }
        }
    }
    None
}

/// Whether a text is a line drawn across the page, as in lists that were printed into a file.
fn is_ruled(text: &str) -> bool {
    text.len() >= 5 && text.bytes().all(|byte| matches!(byte, b'-' | b'=' | b'_' | b'*' | b'~' | b'+' | b'|' | b' '))
}

/// Whether two texts differ in case and spaces at most.
fn same_words(one: &str, other: &str) -> bool {
    // Nearly all rows differ in the first letter, most others in one of the next.
    let begin = |text: &str| text.bytes().next().filter(u8::is_ascii_graphic).map(|byte| byte.to_ascii_lowercase());
    if begin(one).zip(begin(other)).is_some_and(|(one, other)| one != other) {
        return false;
    }
    one == other || one.len().abs_diff(other.len()) <= 16 && letters(one).eq(letters(other))
}

fn letters(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|letter| !letter.is_whitespace()).flat_map(char::to_lowercase)
}

/// A quick look that spares nearly all rows the slow one.
fn may_be_total(cell: Cell<'_>) -> bool {
    cell.kind == CellKind::Text && may_begin_total(cell.text.as_bytes())
}

fn may_begin_total(text: &[u8]) -> bool {
    // Invoice numbers begin with `B/` and `C/` too.
    const STARTS: [&str; 20] = [
        "tota", "gran", "sub", "page", "repo", "net", "open", "clos", "c/f", "c/o", "b/f", "b/o", "carr", "brou",
        "bala", "*", "day ", "dail", "week", "mont",
    ];
    // Most cells differ in their first letter already.
    let first = text.first().map(u8::to_ascii_lowercase);
    if !matches!(first, Some(b't' | b'g' | b's' | b'p' | b'r' | b'n' | b'o' | b'c' | b'b' | b'*' | b'd' | b'w' | b'm'))
    {
        return false;
    }
    let begins =
        |start: &&str| text.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start.as_bytes()));
    STARTS.iter().any(begins)
}

/// Whether a row is a total, subtotal, balance or carry-forward: such a label, and beside it only amounts.
fn is_total(row: &impl Cells) -> bool {
    let mut filled = row.filled();
    let Some((_, first)) = filled.next() else { return false };
    if is_total_label(first.text) {
        return filled.all(|(_, cell)| goes_with_total(cell));
    }
    // Ledgers put a date before the balance: `1-Apr-25, Opening Balance, 1,00,000.00`.
    let Some((_, second)) = filled.next() else { return false };
    is_balance_label(second.text) && super::row::is_value(first) && filled.all(|(_, cell)| goes_with_total(cell))
}

fn goes_with_total(cell: Cell<'_>) -> bool {
    const UNITS: [&str; 10] = ["inr", "rs", "rs.", "₹", "dr", "cr", "dr.", "cr.", "-", "--"];
    let lower = cell.text.to_lowercase();
    let in_words = (lower.starts_with("rupees") || lower.starts_with("inr ")) && lower.ends_with("only");
    is_amount(cell)
        || matches!(cell.kind, CellKind::Error | CellKind::FormulaWithoutValue)
        || UNITS.contains(&lower.as_str())
        || in_words
        || is_total_label(cell.text)
}

fn is_total_label(text: &str) -> bool {
    const LABELS: [&str; 16] = [
        "day total",
        "daily total",
        "week total",
        "weekly total",
        "month total",
        "monthly total",
        "total",
        "totals",
        "grand total",
        "grand totals",
        "sub total",
        "subtotal",
        "page total",
        "report total",
        "net total",
        "total amount",
    ];
    let Some(label) = normal_label(text) else { return false };
    let marks = !label.is_empty() && label.len() <= 3 && label.bytes().all(|byte| byte == b'*');
    LABELS.contains(&label.as_str()) || label.starts_with("total for ") || marks || is_balance_label(text)
}

fn is_balance_label(text: &str) -> bool {
    const LABELS: [&str; 12] = [
        "opening balance",
        "closing balance",
        "c/f",
        "b/f",
        "c/o",
        "b/o",
        "carried forward",
        "brought forward",
        "carry forward",
        "balance c/f",
        "balance b/f",
        "carried over",
    ];
    normal_label(text).is_some_and(|label| LABELS.contains(&label.as_str()))
}

/// A label in lower case with single spaces, without colons, dots and a unit in brackets; none if too long for one.
fn normal_label(text: &str) -> Option<String> {
    if text.len() > 120 {
        return None;
    }
    let lower = text.to_lowercase().replace(['-', '_'], " ");
    let lower = ["(inr)", "(rs.)", "(rs)", "(₹)"].iter().fold(lower, |label, unit| label.replace(unit, ""));
    let words: Vec<&str> = lower.split_whitespace().collect();
    Some(words.join(" ").trim_end_matches([':', '.', ' ', '=']).to_owned())
}

fn is_known_note(text: &str) -> bool {
    const STARTS: [&str; 17] = [
        "prepared by",
        "checked by",
        "verified by",
        "approved by",
        "generated on",
        "generated by",
        "printed on",
        "report generated",
        "exported on",
        "end of report",
        "authorised signatory",
        "authorized signatory",
        "* e&oe",
        "e&oe",
        "e. & o.e.",
        "this is a computer",
        "note:",
    ];
    let lower: String = text.chars().take(40).collect::<String>().to_lowercase();
    STARTS.iter().any(|start| lower.starts_with(start)) || is_page_line(&lower)
}

/// `Page 3 of 7`.
fn is_page_line(lower: &str) -> bool {
    let mut words = lower.split_whitespace();
    let is_number = |word: Option<&str>| word.is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_digit()));
    words.next() == Some("page") && is_number(words.next()) && matches!(words.next(), None | Some("of"))
}

/// What was left out of a sheet: counts, and the first rows with their text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dropped {
    /// How many rows for each reason.
    pub counts: BTreeMap<DropReason, u64>,
    /// The first 100 of them, in row order but for notes, which are known only at the end.
    pub first: Vec<DroppedRow>,
    /// The last grand total, else the last total, with its cells; the sheet's own sum.
    pub grand_total: Option<DroppedRow>,
    /// How many rows are as good a total as that one.
    as_good: u64,
}

impl Dropped {
    /// Rows left out, whatever the reason.
    pub fn total(&self) -> u64 {
        self.counts.values().sum()
    }

    /// Records one row.
    pub(super) fn record(&mut self, row: &RawRow, reason: DropReason) {
        *self.counts.entry(reason).or_default() += 1;
        let is_total = reason == DropReason::Total;
        if self.first.len() >= KEPT_ROWS && !is_total {
            return;
        }
        let cells = if is_total {
            (0..row.len().min(KEPT_CELLS)).map(|column| kept_cell(row, column)).collect()
        } else {
            Vec::new()
        };
        let dropped = DroppedRow { number: row.number, reason, text: row.preview(KEPT_CHARACTERS), cells };
        if is_total {
            self.keep_total(&dropped);
        }
        if self.first.len() < KEPT_ROWS {
            self.first.push(dropped);
        }
    }

    /// The sheet's own sum of all its rows: its one grand total, else its one plain total; no subtotal or balance.
    pub fn stated_total(&self) -> Option<&DroppedRow> {
        self.grand_total.as_ref().filter(|total| self.as_good == 1 && total_rank(total) >= 2)
    }

    /// A grand total beats any other; a plain total beats subtotals and balances; the later beats the earlier.
    fn keep_total(&mut self, dropped: &DroppedRow) {
        let (rank, kept) = (total_rank(dropped), self.grand_total.as_ref().map(total_rank));
        if kept.is_none_or(|kept| rank >= kept) {
            self.as_good = if kept == Some(rank) { self.as_good + 1 } else { 1 };
            self.grand_total = Some(dropped.clone());
        }
    }
}

fn kept_cell(row: &RawRow, column: usize) -> String {
    row.cell(column).text.trim().chars().take(KEPT_CHARACTERS).collect()
}

fn total_rank(dropped: &DroppedRow) -> u8 {
    let label = dropped.cells.iter().find(|cell| !cell.is_empty()).and_then(|cell| normal_label(cell));
    match label.as_deref() {
        Some("grand total" | "grand totals" | "report total") => 3,
        Some("total" | "totals" | "total amount" | "net total") => 2,
        Some(label) if is_balance_label(label) => 0,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(text: &str) -> RawRow {
        let mut row = RawRow::default();
        text.split('|').for_each(|cell| row.push_cell(cell, CellKind::Text));
        row
    }

    fn judge(text: &str) -> Verdict {
        let header = row("Invoice No|Date|Customer|Amount|Tax");
        let sample = vec![row("INV-1|01-04-2025|Acme|100|18"), row("INV-2|02-04-2025|Beta|100|18")];
        let filter = RowFilter::new(&header, &sample);
        let row = row(text);
        let verdict = filter.judge(&row);
        let (texts, ends) = row.texts().unwrap();
        assert!(!filter.is_surely_data(texts.as_bytes(), 0, ends) || verdict == Verdict::Data, "{text}");
        verdict
    }

    #[test]
    fn most_rows_of_data_are_told_at_a_look() {
        let header = row("Invoice No|Date|Customer|Amount|Tax");
        let filter = RowFilter::new(&header, &[row("INV-1|01-04-2025|Acme|100|18")]);
        let is_surely_data = |text: &str| {
            let row = row(text);
            let (texts, ends) = row.texts().unwrap();
            filter.is_surely_data(texts.as_bytes(), 0, ends)
        };
        for data in ["QOW/1|01-04-2025|Acme|100|18", "|01-04-2025|Acme|100|", "BILL-1|1|2||"] {
            assert!(is_surely_data(data), "{data}");
        }
        // An invoice number that begins as the heading does is looked at twice.
        for other in ["INV-1|01-04-2025|Acme|100|18", "7|Total|1|2|3", "B/O|1|2|3|", " 7|1|2|3|", "7|1|||", "||||"] {
            assert!(!is_surely_data(other), "{other}");
        }
    }

    #[test]
    fn totals_are_dropped_and_customers_called_total_are_not() {
        for total in [
            "Total|||1,00,000.00|18,000.00",
            "Grand Total|||200|36",
            "GRAND TOTAL :|||200|36",
            "||Sub-Total|200|36",
            "Total for Acme Ltd|||100|18",
            "Page Total|||100|",
            "||Day Total|100|18",
            "Monthly Total:|||100|18",
            "C/F|||100|",
            "B/F|||100|",
            "Opening Balance|||1,00,000.00 Dr|",
            "1-Apr-25|Opening Balance||1,00,000.00|",
            "Closing Balance||||",
            "Total (INR)|||200|36",
            "Total||INR|200|36",
            "**|||200|36",
            "Total||Rupees Two Hundred Only|200|",
        ] {
            assert_eq!(judge(total), Verdict::Drop(DropReason::Total), "{total}");
        }
        for data in [
            "INV-1|01-04-2025|Total Energies Ltd|100|18",
            "INV-1|01-04-2025|Total|100|18",
            "Total Energies Ltd|01-04-2025||100|18",
            "Total|01-04-2025|Acme|100|18",
            "Total Energies Ltd|||100|18",
            "TOTAL-1|||100|18",
            "|Total for Acme|INV-7|100|",
            "INV-2|Opening Balance|Acme|100|",
        ] {
            assert_eq!(judge(data), Verdict::Data, "{data}");
        }
    }

    #[test]
    fn a_total_whose_formulas_were_never_computed_is_still_a_total() {
        let header = row("Invoice No|Date|Amount");
        let mut total = RawRow::default();
        total.push_cell("Total", CellKind::Text);
        total.push_cell("", CellKind::Text);
        total.push_cell("", CellKind::FormulaWithoutValue);
        let filter = RowFilter::new(&header, &[row("INV-1|01-04-2025|100")]);
        assert_eq!(filter.judge(&total), Verdict::Drop(DropReason::Total));
    }

    #[test]
    fn repeated_headers_notes_and_blanks_are_told_from_data() {
        let cases = [
            ("Invoice No|Date|Customer|Amount|Tax", Verdict::Drop(DropReason::RepeatedHeader)),
            (" Invoice No |Date|Customer|Amount|Tax|", Verdict::Drop(DropReason::RepeatedHeader)),
            ("INVOICE NO|DATE|Customer|AMOUNT|tax", Verdict::Drop(DropReason::RepeatedHeader)),
            ("Invoice No|Date|Customer|Tax|Amount", Verdict::Data),
            ("Invoice No|Date|Customer|Amount|", Verdict::Data),
            ("||||", Verdict::Blank),
            (" |\t|||", Verdict::Blank),
            ("Prepared by|Ramesh", Verdict::Drop(DropReason::Note)),
            ("* E&OE||||", Verdict::Drop(DropReason::Note)),
            ("Generated on 1-Apr-25||||", Verdict::Drop(DropReason::Note)),
            ("Page 3 of 7||||", Verdict::Drop(DropReason::Note)),
            ("Page Industries Ltd||||", Verdict::NoteAtTheEnd),
            ("All amounts in rupees||||", Verdict::NoteAtTheEnd),
            ("INV-9||||", Verdict::Data),
            ("Prepared by|x|y|100|18", Verdict::Data),
            ("INV-3|01-04-2025|Acme|100|18", Verdict::Data),
        ];
        for (text, expected) in cases {
            assert_eq!(judge(text), expected, "{text}");
        }
    }

    #[test]
    fn words_where_the_table_has_values_belong_to_another_table() {
        let header = row("Invoice No|Date|Due|Customer|Amount");
        let sample: Vec<RawRow> =
            (1..7).map(|day| row(&format!("INV-{day}|0{day}-04-2025|05-05-2025|Acme|100"))).collect();
        let filter = RowFilter::new(&header, &sample);
        for (upper, lower, is_foreign) in [
            ("Customer|0-30 days|31-60 days|Over 60", "Acme|100|0|0", true),
            ("Customer|0-30 days|31-60 days|Over 60", "INV-8|08-04-2025|05-05-2025|Acme|100", false),
            ("INV-7|pending|pending|Acme", "INV-8|08-04-2025|05-05-2025|Acme|100", false),
            ("INV-7|07-04-2025|pending|Acme", "Acme|100|0|0", false),
            ("Acme|pending", "Acme|100", false),
            ("Prepared by|Checked by|Approved by", "Anita|Ravi|Sunil", false),
        ] {
            let (mut above, mut below) = (row(upper), row(lower));
            (above.number, below.number) = (9, 10);
            assert_eq!(filter.is_foreign(&above, &below), is_foreign, "{upper} over {lower}");
            below.number = 11;
            assert!(!filter.is_foreign(&above, &below), "{upper}, a gap and {lower}");
        }
    }

    #[test]
    fn remarks_and_ruled_lines_are_told_even_where_they_are_as_many_as_the_rows() {
        let header = row("Invoice No|Date|Customer|Amount|Tax");
        let mut sample = vec![row("INV-1|01-04-2025|Acme|100|18"), row("INV-2|02-04-2025|Beta|100|")];
        sample.extend(["Prepared by: Anita", "Checked by:", "E&OE"].map(row));
        let filter = RowFilter::new(&header, &sample);
        for note in ["Prepared by: Anita", "* E&OE", "-----------------------", "=====", "+------+------+"] {
            assert_eq!(filter.judge(&row(note)), Verdict::Drop(DropReason::Note), "{note}");
        }
        for data in ["---", "Acme Ltd", "-----|x", "INV-3|-----|Acme|100|18"] {
            assert_eq!(filter.judge(&row(data)), Verdict::Data, "{data}");
        }
    }

    #[test]
    fn names_above_the_rows_of_a_customer_are_told_by_the_totals_below_them() {
        let header = row("|Date|Num|Amount|Open");
        let group =
            ["Acme Textiles", "|01-04-2025|1|100|100", "|02-04-2025|2|100|0", "TOTAL FOR ACME TEXTILES|||200|100"];
        let filter = RowFilter::new(&header, &group.map(row));
        for (text, expected) in [
            ("Girivan", Verdict::Drop(DropReason::Group)),
            ("Girivan Agro Mills", Verdict::Drop(DropReason::Group)),
            ("|Girivan Agro Mills", Verdict::Data),
            ("Girivan|||5", Verdict::Data),
            ("Total for Girivan|||5", Verdict::Drop(DropReason::Total)),
        ] {
            assert_eq!(filter.judge(&row(text)), expected, "{text}");
        }
        let other = ["Acme Textiles", "|01-04-2025|1|100|100", "|02-04-2025|2|100|0", "Total for Beta|||200|100"];
        assert_eq!(RowFilter::new(&header, &other.map(row)).judge(&row("Girivan")), Verdict::Data);
        let narrow = RowFilter::new(&row("Name|Due"), &["Acme|", "Total for Acme|5", "Beta|"].map(row));
        assert_eq!(narrow.judge(&row("Beta|")), Verdict::Data);
    }

    #[test]
    fn a_narrow_sheet_has_no_notes() {
        let filter = RowFilter::new(&row("customerId|remarks"), &[row("KC1|"), row("KC2|")]);
        assert_eq!(filter.judge(&row("Acme Traders Ltd|")), Verdict::Data);
    }

    #[test]
    fn the_grand_total_is_kept_even_behind_a_hundred_subtotals() {
        let mut dropped = Dropped::default();
        for _ in 0..150 {
            dropped.record(&row("Total for X|||1|1"), DropReason::Total);
        }
        dropped.record(&row("Grand Total|||150|150"), DropReason::Total);
        dropped.record(&row("Total|||7|7"), DropReason::Total);
        assert_eq!((dropped.total(), dropped.first.len()), (152, 100));
        assert_eq!(dropped.stated_total().unwrap().cells, ["Grand Total", "", "", "150", "150"]);
        assert_eq!(dropped.grand_total.unwrap().cells, ["Grand Total", "", "", "150", "150"]);
    }

    #[test]
    fn only_one_plain_or_grand_total_stands_for_the_whole_sheet() {
        for (rows, stated) in [
            ("Total|||5|1", Some("Total")),
            ("Sub Total|||3|1;Sub Total|||2|0;Total|||5|1", Some("Total")),
            ("Total|||3|1;Total|||2|0;Grand Total|||5|1", Some("Grand Total")),
            ("Total|||3|1;Total|||2|0", None),
            ("Total for Acme|||3|1;Total for Beta|||2|0", None),
            ("Sub Total|||3|1", None),
            ("Closing Balance|||3|1", None),
            ("Page Total|||3|1", None),
            ("", None),
        ] {
            let mut dropped = Dropped::default();
            rows.split(';')
                .filter(|text| !text.is_empty())
                .for_each(|text| dropped.record(&row(text), DropReason::Total));
            assert_eq!(dropped.stated_total().map(|total| total.cells[0].as_str()), stated, "{rows}");
        }
    }
}
