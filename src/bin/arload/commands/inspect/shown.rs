//! An inspection as text for a person: 80 columns wide, aligned.
//!
//! Pure. The one rule: what is cut to fit is marked with `…`; only names of columns and fields are never cut short of
//! their line.

use std::fmt::Write as _;

use arload::finding::quote;
use arload::inspect::{Column, Inspection, Kind, LeftOut, Understood};
use arload::plan::{count, grouped};

const WIDTH: usize = 80;
/// Where the words of a line with a label begin.
const INDENT: usize = 14;
/// Limit: the widest heading that is shown whole.
const HEADING: usize = 28;

/// The text of one sheet.
pub(super) fn text(inspection: &Inspection) -> String {
    let mut page = Page::default();
    match &inspection.sheet {
        Some(sheet) => page.line(&format!("{}[{sheet}]", inspection.file)),
        None => page.line(&inspection.file),
    }
    file_lines(inspection, &mut page);
    table_lines(inspection, &mut page);
    if let Some(understood) = &inspection.mapping {
        mapping_lines(understood, &mut page);
    }
    for note in &inspection.notes {
        page.labelled("note", note);
    }
    if !inspection.columns.is_empty() {
        columns(inspection, &mut page);
    }
    page.text
}

fn file_lines(inspection: &Inspection, page: &mut Page) {
    let mut kind = inspection.container.to_owned();
    // Writing to a string cannot fail.
    if let Some(encoding) = inspection.encoding {
        let _ = write!(kind, ", {encoding}");
    }
    if let Some(delimiter) = inspection.delimiter {
        let _ = write!(kind, ", cells separated by {}", delimiter_name(delimiter));
    }
    if let Some(ends) = inspection.line_ends {
        let _ = write!(kind, ", {ends} line ends");
    }
    page.labelled("file", &kind);
    if !inspection.hidden_sheets.is_empty() {
        let names: Vec<String> = inspection.hidden_sheets.iter().map(|name| quote(name)).collect();
        page.labelled("not read", &format!("{}, hidden: name it with --sheet to read it", names.join(", ")));
    }
}

fn delimiter_name(delimiter: char) -> String {
    match delimiter {
        ',' => "commas".to_owned(),
        ';' => "semicolons".to_owned(),
        '\t' => "tabs".to_owned(),
        '|' => "pipes".to_owned(),
        other => quote(&other.to_string()),
    }
}

fn table_lines(inspection: &Inspection, page: &mut Page) {
    if inspection.columns.is_empty() {
        return;
    }
    let headings = match inspection.header_rows[..] {
        [] => "none recognised; name their row with --header-row, or the sheet cannot be loaded".to_owned(),
        [row] => format!("row {row}"),
        [first, last] => format!("rows {first} and {last}, joined"),
        [first, .., last] => format!("rows {first} to {last}, joined"),
    };
    page.labelled("headings", &headings);
    let mut table = if inspection.data_rows == 0 {
        "no data rows".to_owned()
    } else {
        let (first, last) = (inspection.first_row, inspection.last_row);
        format!("rows {first} to {last}, {}", count(inspection.data_rows, "data row"))
    };
    let _ = write!(table, ", {}", count(inspection.columns.len() as u64, "column"));
    if inspection.blank_rows > 0 {
        let _ = write!(table, ", {} in between", count(inspection.blank_rows, "blank row"));
    }
    page.labelled("table", &table);
    for left in &inspection.left_out {
        page.labelled("left out", &left_out(left));
    }
    for (code, rows) in &inspection.marked_rows {
        page.labelled("to check", &format!("{}: {code}", count(*rows, "row")));
    }
}

fn left_out(left: &LeftOut) -> String {
    let numbers: Vec<String> = left.first.iter().map(u32::to_string).collect();
    let more = if left.rows > left.first.len() as u64 { ", …" } else { "" };
    let rows = if left.what == "other-table" {
        format!("{} from row {} on", count(left.rows, "row"), numbers.join(", "))
    } else {
        format!("{} ({}{more})", count(left.rows, "row"), numbers.join(", "))
    };
    let text = if left.text.is_empty() { String::new() } else { format!(", {}", quote(&left.text)) };
    format!("{rows}, {}: {}{text}", left.what.replace('-', " "), left.why)
}

fn mapping_lines(understood: &Understood, page: &mut Page) {
    let found = if understood.guessed { "best fit; name another with --as" } else { "as named with --as" };
    page.labelled("read as", &format!("{} ({found})", understood.operation));
    match &understood.problem {
        None => page.labelled("", "every required field has a column or a value"),
        Some(problem) => {
            page.labelled("problem", problem);
            if let Some(hint) = &understood.hint {
                page.labelled("hint", hint);
            }
        }
    }
    if !understood.also_fits.is_empty() {
        let but = if understood.problem.is_some() { "but the sheet fits" } else { "the sheet also fits" };
        page.labelled("", &format!("{but} {}", understood.also_fits.join(", ")));
    }
    if let Some(exporter) = understood.exporter {
        let headings: Vec<String> = understood.exporter_headings.iter().map(|heading| quote(heading)).collect();
        page.labelled("written by", &format!("{exporter}, as shown by {}", headings.join(", ")));
    }
    for (field, value) in &understood.constants {
        page.labelled("set", &format!("{field} = {} in every row", quote(value)));
    }
    for (field, from) in &understood.stand_ins {
        page.labelled("taken over", &format!("{field} from {from}"));
    }
    for (field, headings) in &understood.ties {
        let headings: Vec<String> = headings.iter().map(|heading| quote(heading)).collect();
        page.labelled("undecided", &format!("{field}: {}", headings.join(", ")));
    }
    for note in &understood.notes {
        page.labelled("note", note);
    }
}

fn columns(inspection: &Inspection, page: &mut Page) {
    let letters = inspection.columns.iter().map(|column| column.letters.len()).max().unwrap_or(1);
    let longest = inspection.columns.iter().map(|column| length(&visible(&column.heading))).max().unwrap_or(0);
    let heading = longest.clamp("heading".len(), HEADING);
    page.line("");
    page.line(&format!("  {:letters$}  {:heading$}  {:14}  {:>6}  field", "", "heading", "type", "filled"));
    for column in &inspection.columns {
        let field = column.field.unwrap_or("-");
        page.line(&format!(
            "  {:letters$}  {}  {:14}  {:>6}  {field}",
            column.letters,
            padded(&visible(&column.heading), heading),
            kind(column),
            share(column),
        ));
        for line in remarks(column) {
            page.hanging(&" ".repeat(letters + 4), &line);
        }
    }
}

fn kind(column: &Column) -> String {
    match column.date_order {
        Some(order) if order.len() <= 5 => format!("{} {order}", column.kind.name()),
        _ => column.kind.name().to_owned(),
    }
}

/// Why a column is not used, what is odd about it, and examples.
fn remarks(column: &Column) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(why) = &column.unused {
        let suggestion =
            column.suggestion.as_ref().map_or_else(String::new, |field| format!("; did you mean {field}?"));
        lines.push(format!("not used: {why}{suggestion}"));
    }
    if column.date_order == Some("dmy assumed") {
        lines.push("day first is assumed; no date shows the order".to_owned());
    }
    if column.other_cells > 0 && column.kind != Kind::Blank {
        lines.push(format!("{} of another type", count(column.other_cells, "cell")));
    }
    if !column.examples.is_empty() {
        lines.push(column.examples.iter().map(|example| visible(example)).collect::<Vec<_>>().join(" | "));
    }
    lines
}

fn share(column: &Column) -> String {
    match column.share_filled {
        0.0 => "0%".to_owned(),
        // A column with a gap is not shown as full, nor one with a value as empty.
        share => format!("{}%", grouped((share * 100.0).floor().max(1.0) as u64)),
    }
}

/// Control characters are shown as escapes, so that a line stays a line.
fn visible(text: &str) -> String {
    text.chars()
        .flat_map(|letter| if letter.is_control() { letter.escape_default().collect() } else { vec![letter] })
        .collect()
}

fn length(text: &str) -> usize {
    text.chars().count()
}

fn padded(text: &str, width: usize) -> String {
    let text = cut(text, width);
    format!("{text}{}", " ".repeat(width - length(&text)))
}

fn cut(text: &str, width: usize) -> String {
    if length(text) <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width - 1).collect();
    format!("{kept}…")
}

/// Lines of at most [`WIDTH`] characters.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    /// A label and words, broken between words; further lines stand under the first.
    fn labelled(&mut self, label: &str, words: &str) {
        let words = visible(words);
        let mut line = format!("  {label:width$}", width = INDENT - 2);
        let mut is_fresh = true;
        for word in words.split(' ') {
            if !is_fresh && length(&line) + 1 + length(word) > WIDTH {
                self.line(&line);
                line = " ".repeat(INDENT);
                is_fresh = true;
            }
            if !is_fresh {
                line.push(' ');
            }
            line.push_str(word);
            is_fresh = false;
        }
        self.line(&line);
    }

    /// One line, cut where it is too long.
    fn hanging(&mut self, indent: &str, words: &str) {
        self.line(&format!("{indent}{}", cut(words, WIDTH - indent.len())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_wider_than_a_terminal() {
        let column = Column {
            letters: "AB".to_owned(),
            heading: "A heading that goes on and on, and\nbreaks".to_owned(),
            examples: vec!["x".repeat(41), "y".repeat(41)],
            unused: Some("it repeats another column".to_owned()),
            filled: 1,
            share_filled: 0.001,
            ..Column::default()
        };
        let inspection = Inspection {
            file: "a.csv".to_owned(),
            container: "delimited text",
            encoding: Some("UTF-8"),
            delimiter: Some(','),
            line_ends: Some("CRLF"),
            header_rows: vec![1],
            columns: vec![column],
            notes: vec!["a word and another ".repeat(12)],
            ..Inspection::default()
        };
        let text = text(&inspection);
        assert!(text.lines().all(|line| length(line) <= WIDTH), "{text}");
        assert!(text.contains("UTF-8, cells separated by commas, CRLF line ends\n"), "{text}");
        assert!(text.contains("  1%  -\n") && text.contains("goes on and …  blank"), "{text}");
    }
}
