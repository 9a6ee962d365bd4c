//! What the tags of rows, cells and columns say, and numbers as they are written.
//!
//! Pure. The one rule: a place, type or number that is none is refused, not read as another one.

use super::Problem;
use super::xml::{Tag, is_true};
use crate::finding::quote;
use crate::sheet::column_letters;
use crate::sheet::row::RawRow;

/// Limit: the rows of Excel.
pub(super) const MAX_ROWS: u32 = 1_048_576;
/// Limit: the columns of Excel.
pub(super) const MAX_COLUMNS: u32 = 16_384;

/// A cell's own attributes.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub(super) place: Option<(u32, u32)>,
    pub(super) style: u32,
    pub(super) kind: Stored,
}

/// How a cell is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Stored {
    #[default]
    Number,
    Shared,
    Text,
    Inline,
    Bool,
    Error,
    Date,
}

/// A row's number, if it says one, and whether it is hidden.
pub(super) fn row_head(tag: Tag<'_>, row: &mut RawRow) -> Result<Option<u32>, Problem> {
    let mut number = None;
    for attribute in tag.attributes() {
        match attribute? {
            (b"r", value) => {
                let found = digits(value).filter(|number| (1..=MAX_ROWS).contains(number));
                let shown = || quote(&String::from_utf8_lossy(value));
                number = Some(found.ok_or_else(|| Problem::Broken(format!("it has a row numbered {}", shown())))?);
            }
            (b"hidden", value) => row.hidden = is_true(value),
            _ => {}
        }
    }
    Ok(number)
}

/// What a cell says of itself.
pub(super) fn cell_head(tag: Tag<'_>) -> Result<Head, Problem> {
    let mut head = Head::default();
    for attribute in tag.attributes() {
        let (name, value) = attribute?;
        let shown = || quote(&String::from_utf8_lossy(value));
        match name {
            b"r" => {
                let place = reference(value);
                head.place = Some(
                    place.ok_or_else(|| Problem::Broken(format!("it has a cell at {}, which is no place", shown())))?,
                );
            }
            b"s" => head.style = digits(value).unwrap_or(u32::MAX),
            b"t" => {
                head.kind = match value {
                    b"n" | b"" => Stored::Number,
                    b"s" => Stored::Shared,
                    b"str" => Stored::Text,
                    b"inlineStr" => Stored::Inline,
                    b"b" => Stored::Bool,
                    b"e" => Stored::Error,
                    b"d" => Stored::Date,
                    _ => return Err(Problem::Broken(format!("it has a cell of the unknown type {}", shown()))),
                }
            }
            _ => {}
        }
    }
    Ok(head)
}

/// The columns of a record that are hidden, counted from 0.
pub(super) fn hidden_columns(tag: Tag<'_>) -> Result<Option<(u32, u32)>, Problem> {
    let (mut first, mut last, mut is_hidden) = (None, None, false);
    for attribute in tag.attributes() {
        match attribute? {
            (b"min", value) => first = digits(value),
            (b"max", value) => last = digits(value),
            (b"hidden", value) => is_hidden = is_true(value),
            _ => {}
        }
    }
    let columns = first.zip(last).filter(|(first, last)| (1..=*last).contains(first) && is_hidden);
    Ok(columns.map(|(first, last)| (first - 1, last.min(MAX_COLUMNS) - 1)))
}

/// A sentence about the hidden ones among the columns of a sheet of some width.
pub(in crate::sheet) fn hidden_columns_note(hidden: &[(u32, u32)], width: usize) -> Option<String> {
    // Limit: hidden columns that a note names.
    const NAMED: usize = 10;
    let filled: Vec<_> = hidden.iter().filter(|(first, _)| (*first as usize) < width).collect();
    if filled.is_empty() {
        return None;
    }
    let named = filled.iter().take(NAMED).map(|(first, last)| {
        let last = (*last as usize).min(width - 1);
        let (first, last) = (column_letters(*first as usize), column_letters(last));
        if first == last { first } else { format!("{first}:{last}") }
    });
    let named: Vec<String> = named.collect();
    let more = if filled.len() > NAMED { " and others" } else { "" };
    Some(format!("hidden columns are read: {}{more}", named.join(", ")))
}

/// The row, counted from 1, and column, counted from 0, of a reference such as `B12`.
pub(super) fn reference(written: &[u8]) -> Option<(u32, u32)> {
    let letters = written.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    if !(1..=3).contains(&letters) {
        return None;
    }
    let column = written[..letters]
        .iter()
        .fold(0, |column, letter| column * 26 + u32::from(letter.to_ascii_uppercase() - b'A') + 1);
    let row = digits(&written[letters..])?;
    ((1..=MAX_ROWS).contains(&row) && column <= MAX_COLUMNS).then(|| (row, column - 1))
}

/// A whole number in plain digits.
pub(super) fn digits(written: &[u8]) -> Option<u32> {
    if written.is_empty() || written.len() > 9 {
        return None;
    }
    written.iter().try_fold(0_u32, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0')))
}

/// Whether a number is already written as the shortest decimal that reads back as the same: fifteen digits always do.
pub(super) fn is_written_short(written: &[u8]) -> bool {
    let unsigned = written.strip_prefix(b"-").unwrap_or(written);
    let (mut point, mut zero_first) = (None, false);
    for (at, byte) in unsigned.iter().enumerate() {
        match byte {
            b'0' if at == 0 => zero_first = true,
            b'0'..=b'9' => {}
            b'.' if point.is_none() && at > 0 => point = Some(at),
            _ => return false,
        }
    }
    let whole = point.unwrap_or(unsigned.len());
    let digits = unsigned.len() - usize::from(point.is_some());
    let ends_well = point.is_none() || unsigned.last().is_some_and(|byte| !matches!(byte, b'0' | b'.'));
    // Only `0.…` may begin with zero, and `-0` is written without its sign.
    let begins_well = !zero_first || whole == 1 && (point.is_some() || unsigned.len() == written.len());
    (1..=15).contains(&digits) && ends_well && begins_well
}

/// A finite number.
pub(super) fn parse(written: &str) -> Option<f64> {
    let trimmed = written.trim();
    // Rust reads names such as `inf` too.
    let is_plain =
        trimmed.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E'));
    trimmed.parse().ok().filter(|number: &f64| is_plain && number.is_finite())
}
