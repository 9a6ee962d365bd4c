//! The content of an ods, looked through for what its decoder would misread without a word.
//!
//! Decodes nothing; [`crate::sheet::excel`] has that done. Shares the archive and the XML of xlsx. The one rule: what
//! would be lost, such as the rows below a table inside a cell or a text without a type, ends the reading.

use std::io::Read;
use std::path::Path;

use super::package::{Kind, Package};
use super::xml::{Tag, Token, Xml};
use super::{Problem, SheetError};
use crate::finding::quote;
use crate::sheet::column_letters;

/// Refuses a sheet that the decoder would misread; `file` names it in messages.
pub(in crate::sheet) fn check_ods(path: &Path, sheet: &str, file: &str) -> Result<(), SheetError> {
    let check = || Scan::new(Xml::new(Package::open(path)?.needed_part("content.xml", Kind::Sheet)?)?).sheet(sheet);
    check().map_err(|problem| problem.of(file))
}

/// A walk through the content.
struct Scan<R> {
    xml: Xml<R>,
    depth: usize,
    /// Depth of the table that is looked through.
    table: Option<usize>,
    /// Depth of the row that is open.
    open_row: Option<usize>,
    /// Rows and columns that stand before the next ones, with repeated ones.
    row: u64,
    column: u64,
    /// How often the row and the cell that are open are repeated.
    repeated: (u64, u64),
    cell: Option<OpenCell>,
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
    fn new(xml: Xml<R>) -> Self {
        Self { xml, depth: 0, table: None, open_row: None, row: 0, column: 0, repeated: (1, 1), cell: None }
    }

    fn sheet(&mut self, sheet: &str) -> Result<(), Problem> {
        loop {
            match self.xml.next()? {
                Token::Start(tag) => {
                    self.depth += 1;
                    let place = || format!("{}{}", column_letters(self.column as usize), self.row + 1);
                    match (tag.name, self.table) {
                        (b"table", None) if tag.attribute(b"name")?.is_some_and(|name| name == sheet) => {
                            self.table = Some(self.depth);
                        }
                        (b"table", Some(_)) => {
                            let place = place();
                            return Err(Problem::Broken(format!(
                                "cell {place} holds another table, which is not read"
                            )));
                        }
                        (b"table-row", Some(_)) => {
                            (self.column, self.open_row) = (0, Some(self.depth));
                            self.repeated.0 = repeats(tag, b"number-rows-repeated")?;
                        }
                        (b"table-cell" | b"covered-table-cell", Some(_)) => {
                            self.repeated.1 = repeats(tag, b"number-columns-repeated")?;
                            let has_value = has_value(tag, &place)?;
                            let (depth, has_text) = (self.depth, false);
                            self.cell = Some(OpenCell { depth, has_value, has_text, paragraph: None, remark: None });
                        }
                        (name, _) => {
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
                Token::Done => return Ok(()),
            }
        }
    }

    /// Ends an element; true where that was the sheet.
    fn end(&mut self) -> Result<bool, Problem> {
        let depth = self.depth;
        self.depth = depth.saturating_sub(1);
        if let Some(cell) = &mut self.cell {
            cell.paragraph = cell.paragraph.filter(|open| *open != depth);
            cell.remark = cell.remark.filter(|open| *open != depth);
            if cell.depth == depth {
                if cell.has_text && !cell.has_value {
                    let place = format!("{}{}", column_letters(self.column as usize), self.row + 1);
                    return Err(Problem::Broken(format!("cell {place} shows a text, but holds no value of its type")));
                }
                self.cell = None;
                self.column = self.column.saturating_add(self.repeated.1);
            }
        } else if self.table == Some(depth) {
            return Ok(true);
        } else if self.open_row == Some(depth) {
            self.open_row = None;
            self.row = self.row.saturating_add(self.repeated.0);
        }
        Ok(false)
    }
}

/// Whether the decoder finds a value for the cell; what is no number where one stands is refused.
fn has_value(tag: Tag<'_>, place: &dyn Fn() -> String) -> Result<bool, Problem> {
    let mut has_value = false;
    for attribute in tag.attributes() {
        let (name, value) = attribute?;
        match name {
            b"value" => {
                let text = std::str::from_utf8(value).unwrap_or_default();
                if super::heads::parse(text).is_none() {
                    let shown = quote(&String::from_utf8_lossy(value));
                    return Err(Problem::Broken(format!("cell {} holds {shown}, which is not a number", place())));
                }
                has_value = true;
            }
            b"string-value" | b"date-value" | b"time-value" | b"boolean-value" => has_value = true,
            b"value-type" => has_value |= matches!(value, b"string" | b"error"),
            _ => {}
        }
    }
    Ok(has_value)
}

fn repeats(tag: Tag<'_>, name: &[u8]) -> Result<u64, Problem> {
    Ok(tag.attribute(name)?.and_then(|count| count.trim().parse().ok()).unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rows: &str) -> Result<(), String> {
        let head = "<office:document-content><table:table table:name=\"Other\"><table:table-row><table:table-cell>\
                    <text:p>x</text:p></table:table-cell></table:table-row></table:table>";
        let text = format!("{head}<table:table table:name=\"S\">{rows}</table:table></office:document-content>");
        Scan::new(Xml::new(text.as_bytes()).unwrap()).sheet("S").map_err(|problem| match problem {
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
}
