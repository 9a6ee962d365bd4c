//! One row between a reader and the row filter: cells in one reused buffer, with what the reader noticed.
//!
//! Owns [`RawRow`] and the tests of single cells that header finding and row filter share. It may have any number of
//! cells; only [`super::table`] makes rows as wide as their sheet. Nothing here knows text files from workbooks.

use serde::{Deserialize, Serialize};

use super::{Cell, CellKind, RowNumber};

/// The cells of a row, wherever they stand.
pub(super) trait Cells {
    /// Number of cells.
    fn width(&self) -> usize;

    /// A cell; a blank where the row is shorter.
    fn cell(&self, column: usize) -> Cell<'_>;

    /// Whether a cell says nothing.
    fn is_blank_at(&self, column: usize) -> bool {
        let cell = self.cell(column);
        trimmed(cell.text).is_empty() && cell.kind != CellKind::FormulaWithoutValue
    }

    /// The filled cells in order, trimmed, with their columns.
    fn filled(&self) -> impl Iterator<Item = (usize, Cell<'_>)> {
        (0..self.width()).filter_map(|column| {
            let Cell { text, kind } = self.cell(column);
            let text = trimmed(text);
            (!text.is_empty() || kind == CellKind::FormulaWithoutValue).then_some((column, Cell { text, kind }))
        })
    }
}

/// The text without blanks around it.
fn trimmed(text: &str) -> &str {
    // Nearly all cells begin and end with a letter or a digit, which takes no search to see.
    match text.as_bytes() {
        [] => text,
        [one] if one.is_ascii_graphic() => text,
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => text.trim(),
    }
}

/// A row as the text or workbook reader met it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a mark of its own, in any mix")]
pub(super) struct RawRow {
    text: String,
    ends: Vec<u32>,
    /// Empty where every cell is text.
    kinds: Vec<CellKind>,
    /// Its number in the spreadsheet.
    pub(super) number: RowNumber,
    /// The physical line on which it begins; 0 in a workbook.
    pub(super) line: u32,
    /// A quotation mark that never closed was read as text.
    pub(super) unbalanced: bool,
    /// A quotation mark inside a cell was read as text.
    pub(super) stray: bool,
    /// A cell in quotation marks goes over several lines.
    pub(super) spanning: bool,
    /// How many cells stood in quotation marks.
    pub(super) quoted: u32,
    /// The row went on past what is kept.
    pub(super) overlong: bool,
    /// NUL characters in it were left out.
    pub(super) nuls: bool,
    /// Whether the file ends here without a line end.
    pub(super) unended: bool,
    /// Its workbook counts days from 1904.
    pub(super) from_1904: bool,
    /// Its workbook does not show it.
    pub(super) hidden: bool,
    /// What merged cells pass on to it, by column; header finding and the judging of rows see the sheet without it.
    pub(super) inherited: Vec<Inherited>,
}

/// The value of a merged cell, for the blank cells of a row that it covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Inherited {
    /// The first column, counted from 0.
    pub(super) first: u32,
    /// The last column.
    pub(super) last: u32,
    /// How the value was stored.
    pub(super) kind: CellKind,
    /// The value.
    pub(super) text: String,
}

impl RawRow {
    /// Empties the row and keeps its memory.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.kinds.clear();
        self.unbalanced = false;
        self.stray = false;
        self.spanning = false;
        self.quoted = 0;
        self.overlong = false;
        self.nuls = false;
        self.unended = false;
        self.hidden = false;
        self.inherited.clear();
    }

    /// Takes the row and leaves an empty one with room for as much.
    pub(super) fn take(&mut self) -> Self {
        let next = Self {
            text: String::with_capacity(self.text.len()),
            ends: Vec::with_capacity(self.ends.len()),
            kinds: Vec::with_capacity(self.kinds.len()),
            ..Self::default()
        };
        std::mem::replace(self, next)
    }

    /// Appends to the cell being built.
    pub(super) fn push_text(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Ends the cell being built.
    pub(super) fn end_cell(&mut self, kind: CellKind) {
        if kind != CellKind::Text || !self.kinds.is_empty() {
            self.kinds.resize(self.ends.len(), CellKind::Text);
            self.kinds.push(kind);
        }
        self.ends.push(u32::try_from(self.text.len()).expect("a row stays far below 4 GiB"));
    }

    /// Appends one whole cell.
    pub(super) fn push_cell(&mut self, text: &str, kind: CellKind) {
        self.push_text(text);
        self.end_cell(kind);
    }

    /// Whether its cells lie within its text, as they do unless somebody else wrote the row.
    pub(super) fn is_sound(&self) -> bool {
        let rises = self.ends.is_sorted() && self.kinds.len() <= self.ends.len();
        rises && self.ends.iter().all(|end| self.text.is_char_boundary(*end as usize))
    }

    /// Appends blank cells up to a column.
    pub(super) fn widen(&mut self, columns: usize) {
        if self.ends.len() < columns {
            if !self.kinds.is_empty() {
                self.kinds.resize(columns, CellKind::Text);
            }
            self.ends.resize(columns, self.text.len() as u32);
        }
    }

    /// What a blank cell inherits from a merged one.
    pub(super) fn inherited(&self, column: usize) -> Option<Cell<'_>> {
        let behind = self.inherited.partition_point(|inherited| inherited.first as usize <= column);
        let inherited = self.inherited[..behind].last().filter(|inherited| column <= inherited.last as usize)?;
        Some(Cell { text: &inherited.text, kind: inherited.kind })
    }

    /// Number of cells.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// A cell; a blank where the row is shorter.
    pub(super) fn cell(&self, column: usize) -> Cell<'_> {
        Cells::cell(self, column)
    }

    /// Whether a cell says nothing.
    pub(super) fn is_blank_at(&self, column: usize) -> bool {
        Cells::is_blank_at(self, column)
    }

    /// The filled cells in order, trimmed, with their columns.
    pub(super) fn filled(&self) -> impl Iterator<Item = (usize, Cell<'_>)> {
        Cells::filled(self)
    }

    /// All cells at once: their texts in a row and where each ends, if all are text.
    pub(super) fn texts(&self) -> Option<(&str, &[u32])> {
        self.kinds.is_empty().then_some((&self.text, &self.ends))
    }

    /// Bytes of cell text.
    pub(super) fn text_bytes(&self) -> usize {
        self.text.len()
    }

    /// Bytes of memory that the row takes, near enough.
    pub(super) fn memory(&self) -> usize {
        let inherited: usize =
            self.inherited.iter().map(|inherited| size_of::<Inherited>() + inherited.text.len()).sum();
        self.text.len() + self.ends.len() * 4 + self.kinds.len() + inherited
    }

    /// Whether some text was decoded twice on its way here.
    pub(super) fn is_garbled(&self) -> bool {
        is_garbled(&self.text)
    }

    /// Whether any cell holds the character that stands for undecodable bytes.
    pub(super) fn has_replacement(&self) -> bool {
        self.text.contains(char::REPLACEMENT_CHARACTER)
    }

    /// The beginning of the row for a message: filled cells joined with ` | `.
    pub(super) fn preview(&self, characters: usize) -> String {
        let mut preview = String::new();
        for (_, cell) in self.filled() {
            if !preview.is_empty() {
                preview.push_str(" | ");
            }
            preview.extend(cell.text.chars().take(characters).map(|c| if c.is_control() { ' ' } else { c }));
            if preview.len() > characters {
                break;
            }
        }
        match preview.char_indices().nth(characters) {
            Some((cut, _)) => format!("{}…", &preview[..cut]),
            None => preview,
        }
    }
}

impl Cells for RawRow {
    fn width(&self) -> usize {
        self.ends.len()
    }

    fn cell(&self, column: usize) -> Cell<'_> {
        let Some(&end) = self.ends.get(column) else { return Cell { text: "", kind: CellKind::Text } };
        let start = if column == 0 { 0 } else { self.ends[column - 1] as usize };
        let kind = self.kinds.get(column).copied().unwrap_or_default();
        Cell { text: &self.text[start..end as usize], kind }
    }
}

/// Whether a text was decoded twice on its way here: `â‚¹` for `₹`, `Ã©` for `é`.
pub(super) fn is_garbled(text: &str) -> bool {
    if text.is_ascii() {
        return false;
    }
    let second = |letter: char| {
        matches!(
            letter,
            '\u{80}'
                ..='\u{bf}'
                    | '€'
                    | '‚'
                    | '„'
                    | '…'
                    | '‹'
                    | '™'
                    | '“'
                    | '”'
                    | '‘'
                    | '’'
                    | '–'
                    | '—'
                    | 'ƒ'
                    | 'ˆ'
                    | '‰'
                    | '†'
                    | '‡'
                    | '•'
                    | '›'
                    | '˜'
        )
    };
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let Some(next) = letters.peek() else { break };
        let garbled = match letter {
            'Ã' | 'Â' => second(*next),
            'â' => matches!(next, '€' | '‚' | '„'),
            'à' => matches!(next, '¤' | '¥' | 'ª' | '«' | '®' | '¯' | '°' | '±'),
            _ => false,
        };
        if garbled {
            return true;
        }
    }
    false
}

/// Whether a cell is an amount or another plain number, as opposed to a name, a code or a date.
pub(super) fn is_amount(cell: Cell<'_>) -> bool {
    match cell.kind {
        CellKind::Number => true,
        CellKind::Text => is_amount_text(cell.text),
        _ => false,
    }
}

fn is_amount_text(text: &str) -> bool {
    let mut rest = text.trim();
    for unit in ["₹", "Rs.", "Rs", "INR", "(", "-", "+"] {
        rest = rest.strip_prefix(unit).unwrap_or(rest).trim_start();
    }
    for unit in ["Dr", "Cr", "Dr.", "Cr.", "INR", "/-", ")", "-", "%"] {
        rest = rest.strip_suffix(unit).unwrap_or(rest).trim_end();
    }
    let digits = rest.bytes().filter(u8::is_ascii_digit).count();
    let points = rest.bytes().filter(|byte| *byte == b'.').count();
    let only = rest.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b',' | b' '));
    digits > 0 && points <= 1 && only
}

/// Whether a cell is data by its look: a number, a date, a truth value; headings are not.
pub(super) fn is_value(cell: Cell<'_>) -> bool {
    cell.kind != CellKind::Text || is_amount_text(cell.text) || is_date_text(cell.text)
}

/// Whether a text is one word of letters and digits, as numbers of documents and of customers are; spans such as
/// `31-60days` are none.
pub(super) fn is_identifier(text: &str) -> bool {
    let text = text.trim();
    let has = |is: fn(char) -> bool| text.contains(is);
    let is_word = !has(char::is_whitespace) && has(|letter| letter.is_ascii_digit()) && has(char::is_alphabetic);
    is_word && !text.to_lowercase().ends_with("days")
}

fn is_date_text(text: &str) -> bool {
    let text = text.trim();
    let parts = text.split(['-', '/', '.', ' ']).filter(|part| !part.is_empty()).count();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    text.len() <= 20
        && (2..=4).contains(&parts)
        && digits >= 3
        && text.bytes().next().is_some_and(|b| b.is_ascii_digit())
        && text.split(|letter: char| !letter.is_alphabetic()).filter(|word| !word.is_empty()).all(is_date_word)
}

/// Whether a word may stand in a date: `31-60 days` is none.
fn is_date_word(word: &str) -> bool {
    const BEGINNINGS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    const WORDS: [&str; 8] = ["st", "nd", "rd", "th", "t", "z", "am", "pm"];
    let is_one_of = |words: &[&str], part: &str| words.iter().any(|word| part.eq_ignore_ascii_case(word));
    is_one_of(&WORDS, word) || word.get(..3).is_some_and(|begin| is_one_of(&BEGINNINGS, begin))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Cell<'_> {
        Cell { text, kind: CellKind::Text }
    }

    #[test]
    fn amounts_are_told_from_names_codes_and_dates() {
        for amount in ["1", "1,00,000.00", "-5.5", "(12.00)", "₹ 1,200", "Rs. 5/-", "12.00 Dr", "18%", "1 200"] {
            assert!(is_amount(text(amount)), "{amount}");
        }
        for other in ["", "-", "INV-1", "01-04-2025", "01.04.2025", "29AABCT1332L1ZT", "Total", "Dr", "."] {
            assert!(!is_amount(text(other)), "{other}");
        }
        assert!(!is_amount(Cell { text: "2025-04-01", kind: CellKind::Date }));
    }

    #[test]
    fn dates_are_told_from_spans_of_days() {
        for date in ["01-04-2025", "1-Apr-25", "2025-04-01T00:00:00Z", "1st April, 2025", "01.04.2025", "1 Sept 2025"] {
            assert!(is_value(text(date)), "{date}");
        }
        for other in ["0-30 days", "31-60 days", "61 to 90", "12 MG Road 411", "April 2025"] {
            assert!(!is_value(text(other)), "{other}");
        }
    }

    #[test]
    fn text_decoded_twice_is_told_from_letters_with_accents() {
        for (text, garbled) in [
            ("â‚¹ 500", true),
            ("CafÃ©", true),
            ("Mehtaâ€™s", true),
            ("Â\u{a0}500", true),
            ("à¤®à¥\u{8d}à¤¤", true),
            ("₹ 500 Café à la carte", false),
            ("SÃO PAULO", false),
            ("plain", false),
            ("Ã", false),
        ] {
            let mut row = RawRow::default();
            row.push_cell(text, CellKind::Text);
            assert_eq!(row.is_garbled(), garbled, "{text}");
        }
    }

    #[test]
    fn values_are_told_from_headings() {
        for value in ["01-04-2025", "1-Apr-25", "2025-04-01", "1,200.00", "7"] {
            assert!(is_value(text(value)), "{value}");
        }
        for heading in ["Invoice No", "Invoice Date", "Amount (INR)", "31 days", "customerId", "Phone 2"] {
            assert!(!is_value(text(heading)) || heading == "31 days", "{heading}");
        }
    }

    #[test]
    fn a_row_keeps_cells_kinds_and_a_short_preview() {
        let mut row = RawRow::default();
        row.push_cell("a", CellKind::Text);
        row.push_cell(" ", CellKind::Text);
        row.push_cell("12", CellKind::Number);
        assert_eq!((row.cell(2).text, row.cell(2).kind), ("12", CellKind::Number));
        assert_eq!((row.cell(0).kind, row.cell(9).text), (CellKind::Text, ""));
        assert_eq!(row.filled().map(|(column, _)| column).collect::<Vec<_>>(), [0, 2]);
        assert_eq!(row.preview(80), "a | 12");
        assert_eq!(row.preview(3), "a |…");
    }
}
