//! Text cells, and what every kind does first: cleaning, blanks, cells that a workbook could not fill.
//!
//! Owns [`clean`] and the placeholders that mean blank. Leaves upper case and look-alike letters of codes to
//! [`mod@super::code`]. The one rule: nothing is cut; a text that is too long is a fault.

use std::borrow::Cow;

use unicode_normalization::{UnicodeNormalization, is_nfc};

use super::code::{changed, is_power_of_ten};
use super::html;
use super::{Fault, Faults};
use crate::finding::{Code, quote};
use crate::sheet::{Cell, CellKind};

/// Spaces of all kinds and control characters as single spaces, ends trimmed, invisible marks, Excel's text guards
/// (`="00123"`, a leading `'`) and HTML gone, in Unicode's composed form. Plain text is borrowed.
pub fn clean(text: &str) -> Cow<'_, str> {
    if is_plain(text) { Cow::Borrowed(text) } else { clean_slowly(text) }
}

/// Whether a cleaned text stands for an empty cell: nothing, a dash, `.`, `NA`, `N/A`, `NIL`, `NULL`, `None`, `#N/A`.
pub fn is_blank(text: &str) -> bool {
    match text.len() {
        0 => true,
        1 => matches!(text, "-" | "."),
        2 => text == "--" || text.eq_ignore_ascii_case("na"),
        3 => matches!(text, "–" | "—" | "---") || ["n/a", "nil"].iter().any(|blank| text.eq_ignore_ascii_case(blank)),
        4 => ["null", "none", "#n/a"].iter().any(|blank| text.eq_ignore_ascii_case(blank)),
        _ => false,
    }
}

/// Text of at most `max_chars` characters.
pub fn text<'a>(cell: Cell<'a>, max_chars: usize, faults: &mut Faults) -> Option<Cow<'a, str>> {
    let text = content(cell, faults)?;
    if cell.kind == CellKind::Number && is_power_of_ten(&text, cell.kind) {
        faults.push(changed(&text, "a power of ten"));
        return None;
    }
    is_short_enough(&text, max_chars, faults).then_some(text)
}

/// Whether a text has at most so many characters; if not, says so.
pub(super) fn is_short_enough(text: &str, max_chars: usize, faults: &mut Faults) -> bool {
    if text.len() <= max_chars {
        return true;
    }
    let characters = text.chars().count();
    if characters <= max_chars {
        return true;
    }
    let message = format!("{} has {characters} characters; at most {max_chars} are taken", quote(text));
    faults.push(Fault::new(Code::TextTooLong, message).hint("shorten it in the sheet; nothing is cut off silently"));
    false
}

/// Texts separated by `,` `;` or line breaks, joined by `;`.
pub fn list<'a>(cell: Cell<'a>, faults: &mut Faults) -> Option<Cow<'a, str>> {
    let separator = |character: char| matches!(character, ',' | ';' | '\n' | '\r');
    if !cell.text.contains(separator) {
        return content(cell, faults);
    }
    // Line breaks would become spaces in cleaning, and an entity's `;` is no separator before it.
    let lines = cell.text.trim().replace(['\n', '\r'], ";");
    let text = content(Cell { text: &lines, kind: cell.kind }, faults)?;
    let items: Vec<&str> = text.split(separator).map(str::trim).filter(|item| !is_blank(item)).collect();
    (!items.is_empty()).then(|| Cow::Owned(items.join(";")))
}

/// What a cell says once cleaned; none for a blank, and none with a fault for an error or an uncomputed formula.
pub(super) fn content<'a>(cell: Cell<'a>, faults: &mut Faults) -> Option<Cow<'a, str>> {
    match cell.kind {
        CellKind::Error => {
            let message = format!("the cell holds the error {}", quote(cell.text.trim()));
            faults.push(Fault::new(Code::CellError, message).hint("correct the formula in the workbook"));
            return None;
        }
        CellKind::FormulaWithoutValue => {
            let message = "the cell is a formula whose result was never stored";
            let hint = "open the workbook in Excel, save it, and run again";
            faults.push(Fault::new(Code::FormulaWithoutValue, message).hint(hint));
            return None;
        }
        CellKind::Number => {
            let number = cell.text.trim();
            return (!number.is_empty()).then(|| Cow::Borrowed(without_zero_decimals(number)));
        }
        CellKind::Text | CellKind::Date | CellKind::Bool => {}
    }
    let text = clean(cell.text);
    (!is_blank(&text)).then_some(text)
}

/// `1042` for `1042.0`, as a float column shows whole numbers.
pub(super) fn without_zero_decimals(text: &str) -> &str {
    match text.split_once('.') {
        Some((whole, zeros))
            if !whole.is_empty()
                && whole.bytes().all(|byte| byte.is_ascii_digit())
                && !zeros.is_empty()
                && zeros.bytes().all(|byte| byte == b'0') =>
        {
            whole
        }
        _ => text,
    }
}

/// Whether [`clean`] would change nothing, judged on ASCII alone.
fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return true };
    if matches!(first, b' ' | b'\'' | b'=') || *last == b' ' || CLASSES[usize::from(*last)] == ODD {
        return false;
    }
    is_plain_between(bytes)
}

/// Whether nothing inside a text would be cleaned, so that of any part of it only the ends decide. What stands beside
/// each other there may belong to two parts, so that a text may not be plain though all its parts are.
pub(in crate::check) fn is_plain_inside(bytes: &[u8]) -> bool {
    bytes.last().is_none_or(|last| CLASSES[usize::from(*last)] != ODD) && is_plain_between(bytes)
}

/// Whether [`clean`] would change nothing but the ends, the last byte not looked at.
fn is_plain_between(bytes: &[u8]) -> bool {
    let (now, next) = (&bytes[..bytes.len().saturating_sub(1)], bytes.get(1..).unwrap_or_default());
    if let (Some(last), Some(behind)) = (now.last_chunk(), next.last_chunk()) {
        // Whatever is left behind the last chunk is looked at first, with some of the bytes before it.
        let mut odd = [0; MANY];
        add_odd(last, behind, &mut odd);
        for (now, next) in now.as_chunks().0.iter().zip(next.as_chunks().0) {
            add_odd(now, next, &mut odd);
        }
        return odd.iter().fold(0, |all, odd| all | odd) == 0;
    }
    if let Some(last) = bytes.last_chunk() {
        // The last byte of each eight is looked at again as the first of the next: two spaces in a row stand in one.
        let mut at = 0;
        let mut found = odd_in_eight(u64::from_le_bytes(*last));
        while let Some(eight) = bytes[at..].first_chunk() {
            found |= odd_in_eight(u64::from_le_bytes(*eight));
            at += 7;
        }
        return found == 0;
    }
    let (mut found, mut before) = (0, 0);
    for byte in bytes {
        let class = CLASSES[usize::from(*byte)];
        // A space is odd behind another one.
        found |= class & (before | ODD);
        before = class;
    }
    found == 0
}

/// Bytes that the compiler compares at once on every machine.
const MANY: usize = 16;

/// Adds which of so many bytes are odd to [`is_plain`], each beside the one behind it: not 0 if so.
#[inline]
fn add_odd(bytes: &[u8; MANY], behind: &[u8; MANY], odd: &mut [u8; MANY]) {
    for ((byte, next), odd) in bytes.iter().zip(behind).zip(odd) {
        let spaces = u8::from(*byte == b' ') & u8::from(*next == b' ');
        // No entity begins where a space follows, as in `Rao & Sons`.
        let entity = u8::from(*byte == b'&') & u8::from(*next != b' ');
        *odd |= u8::from(byte.wrapping_sub(b' ') > b'~' - b' ') | u8::from(*byte == b'<') | spaces | entity;
    }
}

/// The same of eight bytes: not 0 if so.
fn odd_in_eight(bytes: u64) -> u64 {
    const EACH: u64 = u64::MAX / 0xff;
    const HIGH: u64 = EACH * 0x80;
    // The highest bit of each byte that equals a given one; those above 0x7f are odd anyway, and told by themselves.
    let equal = |byte: u8| {
        let differs = bytes ^ (EACH * u64::from(byte));
        !(((differs & !HIGH) + !HIGH) | differs) & HIGH
    };
    let low = !((bytes & !HIGH) + EACH * (0x80 - 0x20)) & HIGH;
    let spaces = equal(b' ');
    let entities = equal(b'&') & !(spaces >> 8);
    (bytes & HIGH) | low | equal(0x7f) | entities | equal(b'<') | (spaces & (spaces << 8))
}

const ODD: u8 = 1;
const SPACE: u8 = 2;

/// What each byte is to [`is_plain`].
const CLASSES: [u8; 256] = {
    let mut classes = [ODD; 256];
    let mut byte = 0x21;
    while byte < 0x7f {
        classes[byte] = 0;
        byte += 1;
    }
    classes[b' ' as usize] = SPACE;
    classes[b'&' as usize] = ODD;
    classes[b'<' as usize] = ODD;
    classes
};

fn clean_slowly(text: &str) -> Cow<'_, str> {
    let decoded = if text.contains(['&', '<']) { Cow::Owned(html::decode(text)) } else { Cow::Borrowed(text) };
    let mut spaced = String::with_capacity(decoded.len());
    for character in decoded.chars().filter(|&character| !is_invisible(character)) {
        if character.is_whitespace() || character.is_control() {
            if !spaced.is_empty() && !spaced.ends_with(' ') {
                spaced.push(' ');
            }
        } else {
            spaced.push(character);
        }
    }
    let bare = unguard(spaced.trim_end());
    // Most cells that came this far were only untrimmed; they need no memory of their own.
    if let Some(at) = text.find(bare.as_ref()).filter(|_| is_nfc(&bare)) {
        return Cow::Borrowed(&text[at..at + bare.len()]);
    }
    if is_nfc(&bare) { Cow::Owned(bare.into_owned()) } else { Cow::Owned(bare.nfc().collect()) }
}

/// The text inside `="..."` or behind a leading apostrophe, Excel's two ways of keeping a number as text.
fn unguard(text: &str) -> Cow<'_, str> {
    if let Some(inner) = text.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')) {
        let inner = inner.trim();
        return if inner.contains("\"\"") { Cow::Owned(inner.replace("\"\"", "\"")) } else { Cow::Borrowed(inner) };
    }
    Cow::Borrowed(text.strip_prefix('\'').unwrap_or(text).trim())
}

/// Zero-width and bidirectional marks, the soft hyphen and a byte order mark inside the text.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}'
            | '\u{2066}'..='\u{2069}' | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn odd_bytes_are_told_wherever_they_stand() {
        for length in 1..40 {
            for at in 0..length {
                for byte in 0..=0x7f_u8 {
                    let mut bytes = vec![b'a'; length];
                    bytes[at] = byte;
                    let text = String::from_utf8(bytes).unwrap();
                    let odd = matches!(byte, 0..0x20 | 0x7f | b'&' | b'<')
                        || at == 0 && matches!(byte, b' ' | b'\'' | b'=')
                        || at + 1 == length && byte == b' ';
                    assert_eq!(is_plain(&text), !odd, "{text:?}");
                    // Followed by a space, no entity begins.
                    if byte == b'&' && at + 2 < length && length > 16 {
                        let followed = format!("{} {}", &text[..=at], &text[at + 2..]);
                        assert!(is_plain(&followed) && clean_slowly(&followed) == followed, "{followed:?}");
                    }
                    if at > 1 && at + 1 < length {
                        let spaced = format!("{} {}", &text[..at - 1], &text[at..]);
                        assert_eq!(is_plain(&spaced), !odd && byte != b' ', "{spaced:?}");
                    }
                }
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_plain_is_left_as_it_is(text in "[ -~]{0,3}[ a'=é\u{200b}&<\t]{0,30}") {
            let cleaned = clean_slowly(&text).into_owned();
            if is_plain(&text) {
                prop_assert_eq!(cleaned, text);
            } else if cleaned == text {
                // Only what may be an entity, a tag, a guard, or no ASCII is looked at in vain.
                prop_assert!(text.contains(['&', '<']) || text.starts_with(['=', '\'']) || !text.is_ascii(), "{text:?}");
            }
        }
    }
}
