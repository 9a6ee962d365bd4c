//! An inspection as text for a person: 100 columns wide, aligned.
//!
//! Pure. The one rule: what is cut to fit is marked with `…`; only names of columns and fields are never cut short of
//! their line.

use std::fmt::Write as _;

use arload::finding::{Code, printable, quote};
use arload::inspect::{Column, Inspection, Kind, LeftOut, Understood};
use arload::mapping::Origin;
use arload::sheet::KnownBy;
use arload::wording::{count, grouped};

use crate::screen::{cut, padded, width};

const WIDTH: usize = 100;
/// Where the words of a line with a label begin.
const INDENT: usize = 14;
/// Limit: the widest heading that is shown whole.
const HEADING: usize = 36;
/// Limit: headings that are named as an exporter's.
const SHOWN_HEADINGS: usize = 6;
/// Room for the type of a column.
const TYPE: usize = 14;

/// The text of one sheet.
pub(super) fn text(inspection: &Inspection) -> String {
    let mut page = Page::default();
    match &inspection.sheet {
        Some(sheet) => page.line(&printable(&format!("{}[{sheet}]", inspection.file))),
        None => page.line(&printable(&inspection.file)),
    }
    file_lines(inspection, &mut page);
    table_lines(inspection, &mut page);
    if let Some(understood) = &inspection.mapping {
        mapping_lines(understood, &mut page);
        page.labelled("columns", &uses(&inspection.columns));
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
    if let Some(compression) = inspection.compression {
        let _ = write!(kind, ", packed with {compression}");
    }
    if let Some((encoding, by)) = inspection.encoding.zip(inspection.encoding_by) {
        let _ = write!(kind, ", {encoding} ({})", encoding_known(by));
    }
    page.labelled("file", &kind);
    if let Some((delimiter, by)) = inspection.delimiter.zip(inspection.delimiter_by) {
        let mut cells = format!("separated by {} ({})", delimiter_name(delimiter), delimiter_known(by));
        if let Some(mark) = inspection.quote {
            let inside = inspection.escape.map_or("doubled".to_owned(), |escape| format!("after {escape}"));
            let _ = write!(cells, ", quoted with {mark} ({inside} inside a cell)");
        }
        if let Some(ends) = inspection.line_ends {
            let _ = write!(cells, ", {ends} line ends");
        }
        page.labelled("cells", &cells);
    }
    let list = |names: &[String]| names.iter().map(|name| quote(name)).collect::<Vec<_>>().join(", ");
    if inspection.sheets.len() > 1 {
        page.labelled("sheets", &list(&inspection.sheets));
    }
    if !inspection.hidden_sheets.is_empty() {
        let names = list(&inspection.hidden_sheets);
        page.labelled("not read", &format!("{names}, hidden: name it with --sheet to read it"));
    }
    if !inspection.unasked_sheets.is_empty() {
        page.labelled("not read", &format!("{}, not named with --sheet", list(&inspection.unasked_sheets)));
    }
}

fn encoding_known(by: KnownBy) -> &'static str {
    match by {
        KnownBy::Set => "as set",
        KnownBy::Declared => "by its byte order mark",
        KnownBy::Detected => "detected",
        KnownBy::Guessed => "a guess; --encoding sets another",
    }
}

fn delimiter_known(by: KnownBy) -> &'static str {
    match by {
        KnownBy::Set => "as set",
        KnownBy::Declared => "by its line sep=",
        KnownBy::Detected | KnownBy::Guessed => "detected",
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
        page.labelled("to check", &marked(code, *rows, inspection.marked_first.get(code).map_or(&[], Vec::as_slice)));
    }
}

/// Which rows somebody should look at, and why.
fn marked(code: &str, rows: u64, first: &[u32]) -> String {
    let numbers = ranges(first);
    let rows = match (rows, rows > first.len() as u64) {
        (_, true) => format!("{} ({numbers}, …)", count(rows, "row")),
        (1, _) => format!("row {numbers}"),
        _ => format!("rows {numbers}"),
    };
    let why = Code::parse(code).map_or(String::new(), |code| format!(": {}", code.explanation().trim_end_matches('.')));
    format!("{rows}, {code}{why}")
}

fn left_out(left: &LeftOut) -> String {
    let more = if left.rows > left.first.len() as u64 { ", …" } else { "" };
    let numbers = format!("{}{more}", ranges(&left.first));
    let row = if left.rows == 1 { "row" } else { "rows" };
    let rows = if left.what == "other-table" {
        format!("{} from row {} on", count(left.rows, "row"), ranges(&left.first))
    } else if left.rows > left.first.len() as u64 {
        format!("{} ({numbers})", count(left.rows, "row"))
    } else {
        format!("{row} {numbers}")
    };
    let text = if left.text.is_empty() { String::new() } else { format!(", {}", quote(&left.text)) };
    format!("{rows}, {}: {}{text}", left.what.replace('-', " "), left.why)
}

/// Row numbers, those in sequence as `1 to 5`.
fn ranges(rows: &[u32]) -> String {
    let runs = rows.chunk_by(|one, next| one.checked_add(1) == Some(*next));
    let run = |run: &[u32]| match run {
        [] => String::new(),
        [one] => one.to_string(),
        [first, last] => format!("{first}, {last}"),
        [first, .., last] => format!("{first} to {last}"),
    };
    runs.map(run).collect::<Vec<_>>().join(", ")
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
        let headings = &understood.exporter_headings;
        let named: Vec<String> = headings.iter().take(SHOWN_HEADINGS).map(|heading| quote(heading)).collect();
        let more = match headings.len().saturating_sub(SHOWN_HEADINGS) {
            0 => String::new(),
            more => format!(" and {more} more headings"),
        };
        page.labelled("written by", &format!("{exporter}, as shown by {}{more}", named.join(", ")));
    }
    if let Some(what) = understood.continued_words() {
        page.labelled("line level", &format!("{what}: the sheet has several rows to an invoice"));
    } else if understood.item_columns {
        page.labelled("line level", "it has columns of items or rates, and one row for each invoice");
    }
    for (field, value) in &understood.constants {
        page.labelled("set", &format!("{field} = {} in every row", quote(value)));
    }
    for (field, headings) in &understood.ties {
        let headings: Vec<String> = headings.iter().map(|heading| quote(heading)).collect();
        page.labelled("undecided", &format!("{field}: {}", headings.join(", ")));
    }
    for note in &understood.notes {
        page.labelled("note", note);
    }
}

/// How many columns are used, known and strange.
fn uses(columns: &[Column]) -> String {
    let total = columns.len() as u64;
    let used = columns.iter().filter(|column| column.field.is_some()).count() as u64;
    let strange = columns.iter().filter(|column| column.is_unknown()).count() as u64;
    let mut words = format!("{used} of {total} fill fields");
    if strange > 0 {
        let _ = write!(words, ", {strange} not known");
    }
    if total - used - strange > 0 {
        let _ = write!(words, ", {} known and not used", total - used - strange);
    }
    words
}

fn columns(inspection: &Inspection, page: &mut Page) {
    let letters = inspection.columns.iter().map(|column| column.letters.len()).max().unwrap_or(1);
    let longest = inspection.columns.iter().map(|column| width(&visible(&column.heading))).max().unwrap_or(0);
    let heading = longest.clamp("heading".len(), HEADING);
    page.line("");
    page.line(&format!("  {:letters$}  {:heading$}  {:TYPE$}  {:>6}  field", "", "heading", "type", "filled"));
    let exporter = inspection.mapping.as_ref().and_then(|understood| understood.exporter);
    for column in &inspection.columns {
        let start = format!(
            "  {:letters$}  {}  {:TYPE$}  {:>6}  ",
            column.letters,
            padded(&visible(&column.heading), heading),
            kind(column),
            share(column),
        );
        let field = column.field.map(|field| format!("{field}{}", known_by(column.by, exporter)));
        let unused = field.is_none().then(|| why_unused(column)).flatten();
        // The reason stands in the field's place where it fits.
        let beside = unused.as_ref().map(|why| format!("- ({why})"));
        let beside = beside.filter(|beside| width(&start) + width(beside) <= WIDTH);
        let below = unused.filter(|_| beside.is_none()).map(|why| format!("not used: {why}"));
        page.line(&format!("{start}{}", field.or(beside).as_deref().unwrap_or("-")));
        for line in below.into_iter().chain(remarks(column)) {
            page.hanging(&" ".repeat(letters + 4), &line);
        }
    }
}

/// What a field rests on, where that is not the plain heading.
fn known_by(by: Option<Origin>, exporter: Option<&str>) -> String {
    match by {
        None | Some(Origin::Heading | Origin::FieldName) => String::new(),
        Some(Origin::Saved) => " (saved mapping)".to_owned(),
        Some(Origin::ByHand) => " (by hand)".to_owned(),
        Some(Origin::Exporter) => format!(" ({})", exporter.unwrap_or("exporter")),
        Some(Origin::Values) => " (by context)".to_owned(),
    }
}

fn why_unused(column: &Column) -> Option<String> {
    let why = column.unused.as_ref()?;
    let suggestion = column.suggestion.as_ref().map_or_else(String::new, |field| format!("; did you mean {field}?"));
    Some(format!("{why}{suggestion}"))
}

fn kind(column: &Column) -> String {
    match column.date_order {
        Some(order) if order.len() <= 5 => format!("{} {order}", column.kind.name()),
        _ => column.kind.name().to_owned(),
    }
}

/// What is odd about a column, and examples.
fn remarks(column: &Column) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(written) = &column.written_as {
        lines.push(format!("--emit csv writes {}", quote(&visible(written))));
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
            if !is_fresh && width(&line) + 1 + width(word) > WIDTH {
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
            encoding_by: Some(KnownBy::Detected),
            delimiter: Some(','),
            delimiter_by: Some(KnownBy::Declared),
            quote: Some('"'),
            line_ends: Some("CRLF"),
            header_rows: vec![1],
            columns: vec![column],
            notes: vec!["a word and another ".repeat(12)],
            ..Inspection::default()
        };
        let text = text(&inspection);
        assert!(text.lines().all(|line| width(line) <= WIDTH), "{text}");
        assert!(text.contains("  file        delimited text, UTF-8 (detected)\n"), "{text}");
        assert!(
            text.contains("separated by commas (by its line sep=), quoted with \" (doubled inside a cell), CRLF"),
            "{text}"
        );
        assert!(text.contains("  1%  - (it repeats another column)\n"), "{text}");
        assert!(text.contains("…  blank"), "{text}");
    }
}
