//! HTML left in cells by web exports: known tags become spaces, known entities their characters.
//!
//! Only a tag with a known name goes, so that `<ramesh@example.in>` and `a < b` stay as they are. Decoded once:
//! `&amp;lt;` becomes `&lt;`, never `<`.

const TAGS: &[&str] = &[
    "a", "b", "br", "div", "em", "font", "h1", "h2", "h3", "hr", "i", "li", "ol", "p", "small", "span", "strong",
    "sub", "sup", "table", "tbody", "td", "th", "tr", "u", "ul",
];

const ENTITIES: &[(&str, char)] = &[
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", ' '),
    ("ndash", '–'),
    ("mdash", '—'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("ldquo", '“'),
    ("rdquo", '”'),
];

// Limit: the longest entity known above or written as a number, `&#x10FFFF;`.
const LONGEST_ENTITY: usize = 10;

/// The text without tags and entities.
pub(super) fn decode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['<', '&']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (character, length) = if rest.starts_with('<') {
            tag(rest).map_or(('<', 1), |length| (' ', length))
        } else {
            entity(rest).unwrap_or(('&', 1))
        };
        out.push(character);
        rest = &rest[length..];
    }
    out.push_str(rest);
    out
}

/// Length of the known tag that the text begins with.
fn tag(text: &str) -> Option<usize> {
    let name = text.strip_prefix('<')?;
    let name = name.strip_prefix('/').unwrap_or(name);
    let length = name.bytes().take_while(u8::is_ascii_alphanumeric).count();
    if !TAGS.iter().any(|tag| tag.eq_ignore_ascii_case(&name[..length])) {
        return None;
    }
    matches!(name.as_bytes().get(length), Some(b'>' | b'/' | b' ' | b'\t' | b'\n' | b'\r'))
        .then(|| text.find('>'))
        .flatten()
        .map(|end| end + 1)
}

/// The character of the entity that the text begins with, and the entity's length.
fn entity(text: &str) -> Option<(char, usize)> {
    let end = text.bytes().take(LONGEST_ENTITY).position(|byte| byte == b';')?;
    let name = &text[1..end];
    let character = if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        char::from_u32(code)?
    } else {
        ENTITIES.iter().find(|(known, _)| *known == name)?.1
    };
    Some((character, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_become_spaces_and_entities_characters() {
        for (text, decoded) in [
            ("A &amp; B", "A & B"),
            ("12 MG Road<br>Pune", "12 MG Road Pune"),
            ("12 MG Road<br/>Pune", "12 MG Road Pune"),
            ("<p class=\"x\">Mehta</p>", " Mehta "),
            ("&#8377;100 &#x20B9;5", "₹100 ₹5"),
            ("&amp;lt;", "&lt;"),
            ("a < b > c", "a < b > c"),
            ("<ramesh@example.in>", "<ramesh@example.in>"),
            ("<a@example.in>", "<a@example.in>"),
            ("AT&T; R&D", "AT&T; R&D"),
            ("&#xD800; &#; &;", "&#xD800; &#; &;"),
            ("<br", "<br"),
        ] {
            assert_eq!(decode(text), decoded, "{text}");
        }
    }
}
