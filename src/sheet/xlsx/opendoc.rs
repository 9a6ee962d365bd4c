//! The content of an ods, walked through beside its decoder for what that does not tell, or would misread.
//!
//! Decodes no values; [`crate::sheet::excel`] has that done. Shares the archive, the XML and the meaning of number
//! formats with xlsx. The one rule: what would be lost, such as the rows below a table inside a cell or a text without
//! a type, ends the reading; one row is kept at a time, however often it is repeated.

mod numbers;
mod styles;

use std::io::Read;
use std::path::Path;

use super::formats::Format;
use super::heads::{MAX_COLUMNS, MAX_ROWS, hidden_columns_note};
use super::merges::{Area, Merges};
use super::package::{Kind, Package, Part};
use super::xml::{Tag, Token, Xml};
use super::{Problem, SheetError};
use crate::finding::quote;
use crate::sheet::column_letters;
use crate::sheet::row::RawRow;
use crate::sheet::shown::Shown;
use styles::{FormatId, NameId, Styles, attribute};

/// Limit: records of columns; LibreOffice writes one for each column at most.
const MAX_COLUMN_RECORDS: usize = 16_384;
/// Limit: text that merged cells pass on, in all.
const MAX_PASSED_ON: u64 = 256 << 20;

/// What a sheet of an ods shows beyond its values.
pub(in crate::sheet) struct OpenSheet {
    file: String,
    scan: Scan<Part>,
    width: usize,
    passed_on: u64,
}

impl OpenSheet {
    /// Opens the sheet; `file` names it in messages.
    pub(in crate::sheet) fn open(path: &Path, sheet: &str, file: &str) -> Result<Self, SheetError> {
        let open = || {
            let package = Package::open(path)?;
            let mut styles = Styles::new()?;
            if let Some(part) = package.part("styles.xml", Kind::Styles)? {
                styles.read_common(Xml::new(part)?)?;
            }
            Scan::open(Xml::new(package.needed_part("content.xml", Kind::Sheet)?)?, styles, sheet)
        };
        let scan = open().map_err(|problem: Problem| problem.of(file))?;
        Ok(Self { file: file.to_owned(), scan, width: 0, passed_on: 0 })
    }

    fn pass_on(&mut self, row: &mut RawRow) -> Result<(), Problem> {
        row.hidden = self.scan.hidden;
        self.width = self.width.max(row.len());
        self.passed_on += self.scan.merges.pass_on(row)?;
        if self.passed_on > MAX_PASSED_ON {
            let reason = format!("its merged cells pass on more than {} MiB of text", MAX_PASSED_ON >> 20);
            return Err(Problem::Broken(reason));
        }
        Ok(())
    }
}

impl Shown for OpenSheet {
    fn begin_row(&mut self, row: u32) -> Result<(), SheetError> {
        self.scan.reach(u64::from(row)).map_err(|problem| problem.of(&self.file))
    }

    fn format(&self, column: u32) -> Option<&Format> {
        self.scan.format(column)
    }

    fn finish_row(&mut self, row: &mut RawRow) -> Result<(), SheetError> {
        self.pass_on(row).map_err(|problem| problem.of(&self.file))
    }

    fn finish(&mut self) -> Result<Vec<String>, SheetError> {
        self.scan.reach(u64::MAX).map_err(|problem| problem.of(&self.file))?;
        let columns = hidden_columns_note(&self.scan.hidden_columns, self.width);
        Ok(columns.into_iter().chain(self.scan.merges.note()).collect())
    }
}

/// A walk through the content.
struct Scan<R> {
    xml: Xml<R>,
    styles: Styles,
    depth: usize,
    /// Depth of the table that is looked through.
    table: Option<usize>,
    is_over: bool,
    /// Depth of the row that is open.
    open_row: Option<usize>,
    /// The first row of those read last, and the column before the next cell, with repeated ones.
    row: u64,
    column: u64,
    /// How often the row read last is repeated, and the cell that is open.
    repeated: (u64, u64),
    cell: Option<OpenCell>,
    /// The default styles of columns, each with the column behind its last one.
    columns: Vec<(u64, NameId)>,
    hidden_columns: Vec<(u32, u32)>,
    row_style: NameId,
    hidden: bool,
    /// The formats in the row read last: first column, the one behind the last, and the format.
    spans: Vec<(u64, u64, FormatId)>,
    merges: Merges,
}

/// A cell and what is known of it.
#[derive(Debug, Clone, Copy)]
struct OpenCell {
    depth: usize,
    has_value: bool,
    has_text: bool,
    /// Depth of the paragraph of its own that is open.
    paragraph: Option<usize>,
    /// Depth of the remark that is open.
    remark: Option<usize>,
}

impl<R: Read> Scan<R> {
    /// Reads up to the sheet.
    fn open(xml: Xml<R>, styles: Styles, sheet: &str) -> Result<Self, Problem> {
        let mut scan = Self {
            xml,
            styles,
            depth: 0,
            table: None,
            is_over: false,
            open_row: None,
            row: 0,
            column: 0,
            repeated: (0, 1),
            cell: None,
            columns: Vec::new(),
            hidden_columns: Vec::new(),
            row_style: 0,
            hidden: false,
            spans: Vec::new(),
            merges: Merges::default(),
        };
        loop {
            match scan.xml.next()? {
                Token::Start(tag) if styles::is_list(tag.name) => scan.styles.read_own(&mut scan.xml)?,
                Token::Start(tag) => {
                    scan.depth += 1;
                    if tag.name == b"table" && tag.attribute(b"name")?.is_some_and(|name| name == sheet) {
                        scan.table = Some(scan.depth);
                        return Ok(scan);
                    }
                }
                Token::End => scan.depth = scan.depth.saturating_sub(1),
                Token::Text(_) => {}
                Token::Done => {
                    scan.is_over = true;
                    return Ok(scan);
                }
            }
        }
    }

    /// Reads on up to a row, counted from 0, or the end of the sheet.
    fn reach(&mut self, row: u64) -> Result<(), Problem> {
        while !self.is_over && self.row.saturating_add(self.repeated.0) <= row {
            self.next_row()?;
        }
        Ok(())
    }

    /// The format of a number in the row read last.
    fn format(&self, column: u32) -> Option<&Format> {
        let column = u64::from(column);
        let at = self.spans.partition_point(|(_, end, _)| *end <= column);
        let (_, _, format) = self.spans.get(at).filter(|(first, _, _)| *first <= column && !self.is_over)?;
        Some(self.styles.format(*format))
    }

    /// Reads the next row element, or finds that there is none.
    fn next_row(&mut self) -> Result<(), Problem> {
        self.row = self.row.saturating_add(self.repeated.0);
        (self.repeated.0, self.hidden) = (0, false);
        self.spans.clear();
        loop {
            match self.xml.next()? {
                Token::Start(tag) => {
                    self.depth += 1;
                    let place = || place(self.row, self.column);
                    match tag.name {
                        b"table" => {
                            let place = place();
                            return Err(Problem::Broken(format!(
                                "cell {place} holds another table, which is not read"
                            )));
                        }
                        b"table-column" if self.open_row.is_none() => {
                            let column = Column::of(tag)?;
                            let style = self.styles.name(attribute(tag, b"default-cell-style-name")?)?;
                            self.begin_column(&column, style);
                        }
                        b"table-row" if self.open_row.is_none() => {
                            (self.column, self.open_row) = (0, Some(self.depth));
                            self.repeated.0 = repeats(tag, b"number-rows-repeated")?;
                            self.hidden = is_hidden(tag)?;
                            self.row_style = self.styles.name(attribute(tag, b"default-cell-style-name")?)?;
                        }
                        b"table-cell" | b"covered-table-cell" => {
                            let head = Head::of(tag, &place)?;
                            let style = self.styles.name(head.style)?;
                            let currency = self.styles.currency(head.currency)?;
                            let (depth, has_value, has_text) = (self.depth, head.facts.has_value, false);
                            let facts = head.facts;
                            self.repeated.1 = facts.columns;
                            self.cell = Some(OpenCell { depth, has_value, has_text, paragraph: None, remark: None });
                            self.begin_cell(facts, style, currency)?;
                        }
                        name => {
                            let depth = self.depth;
                            if let Some(cell) = self.cell.as_mut().filter(|cell| depth == cell.depth + 1) {
                                cell.paragraph = (name == b"p").then_some(depth);
                            } else if let Some(cell) = self.cell.as_mut().filter(|_| name == b"annotation") {
                                cell.remark = cell.remark.or(Some(depth));
                            }
                        }
                    }
                }
                Token::Text(text) => {
                    if let Some(cell) = &mut self.cell {
                        cell.has_text |= cell.paragraph.is_some() && cell.remark.is_none() && !text.is_blank();
                    }
                }
                Token::End => {
                    if self.end()? {
                        return Ok(());
                    }
                }
                Token::Done => {
                    self.is_over = true;
                    return Ok(());
                }
            }
        }
    }

    /// Ends an element; true where that was a row, or the sheet.
    fn end(&mut self) -> Result<bool, Problem> {
        let depth = self.depth;
        self.depth = depth.saturating_sub(1);
        if let Some(cell) = &mut self.cell {
            cell.paragraph = cell.paragraph.filter(|open| *open != depth);
            cell.remark = cell.remark.filter(|open| *open != depth);
            if cell.depth == depth {
                if cell.has_text && !cell.has_value {
                    let place = place(self.row, self.column);
                    return Err(Problem::Broken(format!("cell {place} shows a text, but holds no value of its type")));
                }
                self.cell = None;
                self.column = self.column.saturating_add(self.repeated.1);
            }
        } else if self.table == Some(depth) {
            self.is_over = true;
            return Ok(true);
        } else if self.open_row == Some(depth) {
            self.open_row = None;
            return Ok(true);
        }
        Ok(false)
    }

    fn begin_column(&mut self, column: &Column, style: NameId) {
        let first = self.columns.last().map_or(0, |(end, _)| *end);
        let end = first.saturating_add(column.count);
        if self.columns.len() < MAX_COLUMN_RECORDS {
            self.columns.push((end, style));
            if column.is_hidden && first < u64::from(MAX_COLUMNS) {
                self.hidden_columns.push((first as u32, end.min(u64::from(MAX_COLUMNS)) as u32 - 1));
            }
        }
    }

    /// Notes the format of a cell's number, and the range that the cell is merged with.
    fn begin_cell(&mut self, head: Facts, style: NameId, currency: NameId) -> Result<(), Problem> {
        let (first, end) = (self.column, self.column.saturating_add(head.columns));
        if head.spanned != (1, 1) {
            self.merge(head)?;
        }
        if !head.is_number {
            return Ok(());
        }
        let style = if style == 0 { self.row_style } else { style };
        let mut at = first;
        // A repeated cell without a style has that of each of its columns.
        while at < end {
            let record = self.columns.partition_point(|(end, _)| *end <= at);
            let of_column = self.columns.get(record).copied().unwrap_or((u64::MAX, 0));
            let (until, style) = if style == 0 { of_column } else { (u64::MAX, style) };
            let until = until.min(end);
            let format = self.styles.format_id(style, head.is_percent, currency)?;
            match self.spans.last_mut() {
                Some((_, last, known)) if *last == at && *known == format => *last = until,
                _ if *self.styles.format(format) == Format::Plain => {}
                _ => self.spans.push((at, until, format)),
            }
            at = until;
        }
        Ok(())
    }

    fn merge(&mut self, head: Facts) -> Result<(), Problem> {
        // Rows and cells that are repeated are merged each for itself.
        for row in self.row..self.row.saturating_add(self.repeated.0).min(u64::from(MAX_ROWS)) {
            for column in self.column..self.column.saturating_add(head.columns).min(u64::from(MAX_COLUMNS)) {
                let last_row = (row.saturating_add(head.spanned.1)).min(u64::from(MAX_ROWS)) as u32;
                let last_column = (column.saturating_add(head.spanned.0)).min(u64::from(MAX_COLUMNS)) as u32 - 1;
                let (first_row, first_column) = (row as u32 + 1, column as u32);
                self.merges.push(Area { first_row, first_column, last_row, last_column })?;
            }
        }
        Ok(())
    }
}

/// What the tag of columns says.
struct Column {
    count: u64,
    is_hidden: bool,
}

impl Column {
    fn of(tag: Tag<'_>) -> Result<Self, Problem> {
        Ok(Self { count: repeats(tag, b"number-columns-repeated")?, is_hidden: is_hidden(tag)? })
    }
}

/// What the tag of a cell says.
struct Head<'a> {
    style: &'a [u8],
    currency: &'a [u8],
    facts: Facts,
}

/// What it says in numbers.
#[derive(Debug, Clone, Copy)]
struct Facts {
    /// How often it is repeated.
    columns: u64,
    /// Over how many columns and rows it goes.
    spanned: (u64, u64),
    is_number: bool,
    is_percent: bool,
    /// Whether the decoder finds a value for it.
    has_value: bool,
}

impl<'a> Head<'a> {
    /// Reads the tag; what is no number where one stands is refused.
    fn of(tag: Tag<'a>, place: &dyn Fn() -> String) -> Result<Self, Problem> {
        let mut facts = Facts { columns: 1, spanned: (1, 1), is_number: false, is_percent: false, has_value: false };
        let (mut style, mut currency): (&[u8], &[u8]) = (b"", b"");
        for attribute in tag.attributes() {
            let (name, value) = attribute?;
            match name {
                b"value" => {
                    let text = std::str::from_utf8(value).unwrap_or_default();
                    if super::heads::parse(text).is_none() {
                        let shown = quote(&String::from_utf8_lossy(value));
                        return Err(Problem::Broken(format!("cell {} holds {shown}, which is not a number", place())));
                    }
                    (facts.has_value, facts.is_number) = (true, true);
                }
                b"string-value" | b"date-value" | b"time-value" | b"boolean-value" => facts.has_value = true,
                b"value-type" => {
                    facts.has_value |= matches!(value, b"string" | b"error");
                    facts.is_percent |= value == b"percentage";
                }
                b"style-name" => style = value,
                b"currency" => currency = value,
                b"number-columns-repeated" => facts.columns = count(value),
                b"number-columns-spanned" => facts.spanned.0 = count(value),
                b"number-rows-spanned" => facts.spanned.1 = count(value),
                _ => {}
            }
        }
        Ok(Self { style, currency, facts })
    }
}

fn place(row: u64, column: u64) -> String {
    format!("{}{}", column_letters(column as usize), row + 1)
}

fn is_hidden(tag: Tag<'_>) -> Result<bool, Problem> {
    Ok(matches!(attribute(tag, b"visibility")?, b"collapse" | b"filter"))
}

fn repeats(tag: Tag<'_>, name: &[u8]) -> Result<u64, Problem> {
    Ok(count(attribute(tag, name)?))
}

/// A count as it is written; one where it is none.
fn count(written: &[u8]) -> u64 {
    std::str::from_utf8(written).ok().and_then(|count| count.trim().parse().ok()).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rows: &str) -> Result<(), String> {
        let head = "<office:document-content><table:table table:name=\"Other\"><table:table-row><table:table-cell>\
                    <text:p>x</text:p></table:table-cell></table:table-row></table:table>";
        let text = format!("{head}<table:table table:name=\"S\">{rows}</table:table></office:document-content>");
        let scan = Scan::open(Xml::new(text.as_bytes()).unwrap(), Styles::new().unwrap(), "S");
        scan.and_then(|mut scan| scan.reach(u64::MAX)).map_err(|problem| match problem {
            Problem::Broken(reason) => reason,
            Problem::Io(error) => error.to_string(),
        })
    }

    #[test]
    fn what_the_decoder_would_lose_is_refused_with_its_place() {
        let row = |cells: &str| format!("<table:table-row>{cells}</table:table-row>");
        let cell =
            |attributes: &str, inside: &str| format!("<table:table-cell {attributes}>{inside}</table:table-cell>");
        let first = format!(
            "<table:table-header-rows>{}</table:table-header-rows>",
            row(&cell("office:value-type=\"string\"", "<text:p>a<text:span>b</text:span></text:p>"))
        );
        let far = row("<table:table-cell/>")
            .replace("-row>", "-row table:number-rows-repeated=\"3\">")
            .replace("</table:table-row table:number-rows-repeated=\"3\">", "</table:table-row>");
        let wide = "<table:covered-table-cell table:number-columns-repeated=\"2\"/>";
        let remark = "<office:annotation><text:p>remark</text:p></office:annotation>";
        let shape = "<draw:frame><draw:text-box><text:p>shape</text:p></draw:text-box></draw:frame>";
        for good in [
            row(&cell("office:value-type=\"float\" office:value=\"7.5\"", "<text:p>7.50</text:p>")),
            row(&cell("office:value-type=\"date\" office:date-value=\"2026-04-01\"", "<text:p>1 Apr</text:p>")),
            row(&cell("", remark)),
            row(&cell("", shape)),
            row(&cell("", "<text:p> </text:p>")),
        ] {
            assert_eq!(check(&format!("{first}{far}{good}")), Ok(()), "{good}");
        }
        let table = "<table:table table:name=\"T\"><table:table-row/></table:table>";
        for (bad, reason) in [
            (row(&cell("", table)), "cell A5 holds another table, which is not read"),
            (
                row(&format!("{wide}{}", cell("", "<text:p>x</text:p>"))),
                "cell C5 shows a text, but holds no value of its type",
            ),
            (
                row(&cell("office:value-type=\"float\"", "<text:p>77</text:p>")),
                "cell A5 shows a text, but holds no value of its type",
            ),
            (
                row(&cell("office:value-type=\"float\" office:value=\"inf\"", "")),
                "cell A5 holds \"inf\", which is not a number",
            ),
            (
                row(&cell("office:value-type=\"float\" office:value=\"1e999\"", "")),
                "cell A5 holds \"1e999\", which is not a number",
            ),
        ] {
            assert_eq!(check(&format!("{first}{far}{bad}")).unwrap_err(), reason);
        }
    }

    /// The codes that a number's style comes to, by the styles of a content.
    fn code_of(styles: &str, cell: &str) -> String {
        let text = format!(
            "<d><automatic-styles>{styles}</automatic-styles><table name=\"S\"><table-row>{cell}</table-row></table></d>"
        );
        let mut scan = Scan::open(Xml::new(text.as_bytes()).unwrap(), Styles::new().unwrap(), "S").unwrap();
        scan.reach(0).unwrap();
        let mut shown = "118.5".to_owned();
        scan.format(0).map(|format| format.write(118.5, false, &mut shown));
        shown
    }

    #[test]
    fn what_the_style_of_a_cell_or_the_cell_itself_says_is_written() {
        let style = |kind: &str, inside: &str| {
            format!(
                "<{kind} name=\"D\">{inside}</{kind}><style name=\"c\" family=\"table-cell\" data-style-name=\"D\"/>"
            )
        };
        let digits = "<number min-integer-digits=\"1\" decimal-places=\"2\"/>";
        let cell = |more: &str| format!("<table-cell style-name=\"c\" value=\"118.5\" {more}/>");
        let plain = style("number-style", digits);
        let usd = style("currency-style", &format!("<currency-symbol>$</currency-symbol>{digits}"));
        let rupee = style("currency-style", &format!("<currency-symbol>₹</currency-symbol><text> </text>{digits}"));
        let side = style("number-style", &format!("{digits}<text> Cr</text>"));
        let gone = style(
            "number-style",
            &format!("{digits}<text> Cr</text><map condition=\"value()>=0\" apply-style-name=\"X\"/>"),
        );
        let never = style(
            "number-style",
            &format!("{digits}<text> Cr</text><map condition=\"is-true-formula(1)\" apply-style-name=\"D\"/>"),
        );
        let thousands =
            style("number-style", "<number min-integer-digits=\"1\" display-factor=\"1000\"/><text> k</text>");
        let percent = style("percentage-style", &format!("{digits}<text>%</text>"));
        let text = style("number-style", &format!("{digits}<text>%</text>"));
        for (styles, more, shown) in [
            (&plain, "", "118.5"),
            (&plain, "value-type=\"currency\" currency=\"INR\"", "118.5"),
            (&plain, "value-type=\"currency\" currency=\"USD\"", "USD 118.5"),
            (&plain, "value-type=\"percentage\"", "11850%"),
            (&usd, "value-type=\"currency\" currency=\"USD\"", "$118.5"),
            (&usd, "value-type=\"currency\" currency=\"INR\"", "$118.5"),
            (&usd, "", "$118.5"),
            (&rupee, "value-type=\"currency\" currency=\"EUR\"", "EUR 118.5"),
            (&rupee, "value-type=\"currency\"", "118.5"),
            (&side, "", "118.5 Cr"),
            (&side, "value-type=\"currency\" currency=\"USD\"", "USD 118.5 Cr"),
            (&gone, "", "118.5 Cr"),
            (&never, "", "118.5 Cr"),
            (&thousands, "", "118.5 k"),
            (&percent, "value-type=\"percentage\"", "11850%"),
            (&text, "", "118.5"),
        ] {
            assert_eq!(code_of(styles, &cell(more)), shown, "{styles} {more}");
        }
        let column = "<table-column default-cell-style-name=\"c\"/>";
        let text = format!(
            "<d><automatic-styles>{usd}</automatic-styles><table name=\"S\">{column}<table-row number-rows-repeated=\"3\"><table-cell value=\"1\" number-columns-repeated=\"2\"/></table-row></table></d>"
        );
        let mut scan = Scan::open(Xml::new(text.as_bytes()).unwrap(), Styles::new().unwrap(), "S").unwrap();
        for row in 0..3 {
            scan.reach(row).unwrap();
            assert_eq!((scan.format(0).is_some(), scan.format(1).is_some()), (true, false), "{row}");
        }
    }
}
