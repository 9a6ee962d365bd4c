//! What the screen can show: colours, letters beyond ASCII, how wide a text stands on it.
//!
//! Decided once, from variables that [`crate::surroundings`] hands over. The rules: what does not go to a terminal is
//! never coloured unless asked for, nor changed; a terminal without UTF-8 gets ASCII and no half letters.

use std::borrow::Cow;
use std::io::{self, IsTerminal as _, Write};
use std::sync::OnceLock;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// What is true of a terminal that nobody asked about.
const COLUMNS: usize = 80;

static SCREEN: OnceLock<Screen> = OnceLock::new();

/// What both outputs can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Screen {
    out: Sight,
    err: Sight,
}

/// What one output can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct Sight {
    terminal: bool,
    /// Whether lines can be drawn again in their place.
    redraws: bool,
    colours: bool,
    /// Whether letters beyond ASCII have to be written in other ones.
    ascii: bool,
}

/// Colours of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Doubt,
    Bad,
    Hint,
}

impl Screen {
    /// Decides from variables, and from whether standard output and standard error are terminals.
    pub(crate) fn of(variable: impl Fn(&str) -> Option<String>, out: bool, err: bool) -> Screen {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let forced = set("CLICOLOR_FORCE").is_some_and(|value| value != "0");
        let dumb = set("TERM").is_some_and(|value| value == "dumb");
        let unwanted = set("NO_COLOR").is_some() || dumb || set("CLICOLOR").is_some_and(|value| value == "0");
        let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG")).unwrap_or_default();
        let locale = locale.to_ascii_lowercase();
        let utf8 = cfg!(windows) || locale.contains("utf-8") || locale.contains("utf8");
        let sight = |terminal: bool| Sight {
            terminal,
            redraws: terminal && !dumb,
            colours: set("NO_COLOR").is_none() && (forced || (terminal && !unwanted)),
            ascii: terminal && !utf8,
        };
        Screen { out: sight(out), err: sight(err) }
    }

    /// Takes these for the whole process.
    pub(crate) fn settle(self) {
        // Set once by `main`, before anything is shown.
        let _ = SCREEN.set(self);
    }
}

fn sight(of: impl Fn(&Screen) -> Sight) -> Sight {
    SCREEN.get().map(of).unwrap_or_default()
}

/// Whether lines of standard error can be drawn again in their place.
pub(crate) fn redraws() -> bool {
    sight(|screen| screen.err).redraws
}

/// Columns of the terminal that standard output goes to; none where it goes elsewhere.
pub(crate) fn columns_of_output() -> Option<usize> {
    sight(|screen| screen.out).terminal.then(columns)
}

/// Columns of the terminal, at least enough for a word.
pub(crate) fn columns() -> usize {
    console::Term::stderr().size_checked().map_or(COLUMNS, |(_, columns)| usize::from(columns).max(20))
}

/// Standard output, as its terminal can show it.
pub(crate) fn output() -> Shown<io::Stdout> {
    Shown { inner: io::stdout(), ascii: sight(|screen| screen.out).ascii }
}

/// Standard output for data of others: as it is, unless a terminal would obey what stands in it.
pub(crate) fn data() -> Box<dyn Write + Send> {
    if io::stdout().is_terminal() {
        Box::new(Harmless { inner: output(), held: false })
    } else {
        Box::new(io::stdout())
    }
}

/// Escapes all control characters but those of lines and columns.
struct Harmless<W> {
    inner: W,
    /// Whether the byte that begins the control characters beyond ASCII is held back.
    held: bool,
}

impl<W: Write> Write for Harmless<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut shown = Vec::with_capacity(bytes.len());
        for &byte in bytes {
            let after = std::mem::replace(&mut self.held, byte == 0xc2);
            match byte {
                0x80..=0x9f if after => write!(shown, "\\u{{{byte:x}}}")?,
                _ => {
                    shown.extend(after.then_some(0xc2));
                    match byte {
                        0xc2 => {}
                        b'\n' | b'\r' | b'\t' | 0x20..=0x7e | 0x80.. => shown.push(byte),
                        _ => write!(shown, "\\u{{{byte:x}}}")?,
                    }
                }
            }
        }
        self.inner.write_all(&shown)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.held) {
            self.inner.write_all(&[0xc2])?;
        }
        self.inner.flush()
    }
}

/// Standard error, as its terminal can show it.
pub(crate) fn talk() -> Shown<io::Stderr> {
    Shown { inner: io::stderr(), ascii: sight(|screen| screen.err).ascii }
}

/// Whether standard output and standard error are terminals.
pub(crate) fn terminals() -> (bool, bool) {
    (io::stdout().is_terminal(), io::stderr().is_terminal())
}

/// A word of standard error in its colour.
pub(crate) fn toned(text: &str, tone: Tone) -> Cow<'_, str> {
    coloured(text, tone, sight(|screen| screen.err).colours)
}

/// A word of standard output in its colour.
pub(crate) fn toned_output(text: &str, tone: Tone) -> Cow<'_, str> {
    coloured(text, tone, sight(|screen| screen.out).colours)
}

fn coloured(text: &str, tone: Tone, colours: bool) -> Cow<'_, str> {
    let number = match tone {
        _ if !colours => return Cow::Borrowed(text),
        Tone::Good => 32,
        Tone::Doubt => 33,
        Tone::Bad => 31,
        Tone::Hint => 36,
    };
    Cow::Owned(format!("\u{1b}[{number}m{text}\u{1b}[0m"))
}

/// A text as the terminal of standard error can show it.
pub(crate) fn talked(text: &str) -> Cow<'_, str> {
    if sight(|screen| screen.err).ascii && !text.is_ascii() { Cow::Owned(in_ascii(text)) } else { Cow::Borrowed(text) }
}

/// A writer that changes what its terminal cannot show.
pub(crate) struct Shown<W> {
    inner: W,
    ascii: bool,
}

impl<W: Write> Write for Shown<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.ascii || bytes.is_ascii() {
            return self.inner.write(bytes);
        }
        self.inner.write_all(in_ascii(&String::from_utf8_lossy(bytes)).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// A text in ASCII: signs that have a spelling are spelt, other letters become question marks.
fn in_ascii(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\u{20b9}' => plain.push_str("Rs "),
            '\u{2192}' | '\u{25ba}' => plain.push_str("->"),
            '\u{2026}' => plain.push_str("..."),
            '\u{2013}' | '\u{2014}' | '\u{2212}' => plain.push('-'),
            '\u{2018}' | '\u{2019}' => plain.push('\''),
            '\u{201c}' | '\u{201d}' => plain.push('"'),
            '\u{d7}' => plain.push('x'),
            '\u{a0}' => plain.push(' '),
            letter if letter.is_ascii() => plain.push(letter),
            _ => plain.push('?'),
        }
    }
    plain
}

/// Columns that a text takes: two for a wide letter, none for a mark above another.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// A text of at most so many columns, marked with `…` where something is cut off.
pub(crate) fn cut(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let (mut kept, mut taken) = (String::new(), 0);
    for letter in text.chars() {
        taken += letter.width().unwrap_or(0);
        if taken >= columns {
            break;
        }
        kept.push(letter);
    }
    kept.push('\u{2026}');
    Cow::Owned(kept)
}

/// A text of exactly so many columns, cut or with blanks behind it.
pub(crate) fn padded(text: &str, columns: usize) -> String {
    let text = cut(text, columns);
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(&text))))
}

/// A text in lines of at most so many columns, broken between words.
pub(crate) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is a first line");
        if line.is_empty() {
            line.push_str(word);
        } else if width(line) + 1 + width(word) <= columns {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_on_a_terminal_commands_nothing_however_it_is_cut() {
        let text = "a\u{1b}[31m,\u{9b}2J\u{7f},â₹Â\t\r\n";
        for size in [1, 2, 3, 100] {
            let mut shown = Harmless { inner: Vec::new(), held: false };
            for piece in text.as_bytes().chunks(size) {
                shown.write_all(piece).unwrap();
            }
            shown.flush().unwrap();
            assert_eq!(String::from_utf8(shown.inner).unwrap(), "a\\u{1b}[31m,\\u{9b}2J\\u{7f},â₹Â\t\r\n", "{size}");
        }
    }

    #[test]
    fn colours_and_letters_follow_the_variables_and_the_terminal() {
        let utf8 = ("LANG", "en_IN.UTF-8");
        for (variables, terminal, colours, ascii) in [
            (&[utf8][..], true, true, false),
            (&[utf8], false, false, false),
            (&[utf8, ("NO_COLOR", "1")], true, false, false),
            (&[utf8, ("NO_COLOR", "")], true, true, false),
            (&[utf8, ("CLICOLOR", "0")], true, false, false),
            (&[utf8, ("TERM", "dumb")], true, false, false),
            (&[utf8, ("CLICOLOR_FORCE", "1")], false, true, false),
            (&[utf8, ("CLICOLOR_FORCE", "0")], false, false, false),
            (&[utf8, ("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], true, false, false),
            (&[("LC_ALL", "C"), utf8], true, true, true),
            (&[("LC_ALL", "C")], false, false, false),
            (&[("LC_CTYPE", "hi_IN.utf8"), ("LANG", "C")], true, true, false),
            (&[], true, true, true),
        ] {
            let variable = |name: &str| {
                let found = variables.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            let out = Screen::of(variable, terminal, false).out;
            assert_eq!(out.colours, colours, "{variables:?}");
            assert_eq!(out.ascii, ascii && !cfg!(windows), "{variables:?}");
        }
    }

    #[test]
    fn a_terminal_without_utf8_gets_ascii_only() {
        let mut shown = Shown { inner: Vec::new(), ascii: true };
        write!(shown, "plain \u{20b9}1,200.00 \u{2192} \u{20b9}1.00 \u{2026} \u{0905}").unwrap();
        assert_eq!(String::from_utf8(shown.inner).unwrap(), "plain Rs 1,200.00 -> Rs 1.00 ... ?");
        let mut shown = Shown { inner: Vec::new(), ascii: false };
        write!(shown, "\u{20b9}").unwrap();
        assert_eq!(shown.inner, "\u{20b9}".as_bytes());
    }

    #[test]
    fn wide_letters_take_two_columns_and_marks_none() {
        for (text, columns) in [("abc", 3), ("\u{65e5}\u{672c}", 4), ("e\u{301}", 1), ("", 0)] {
            assert_eq!(width(text), columns, "{text}");
            assert_eq!(width(&padded(text, 6)), 6, "{text}");
        }
        assert_eq!(cut("\u{65e5}\u{672c}\u{8a9e}", 4), "\u{65e5}\u{2026}");
        assert_eq!(padded("\u{65e5}\u{672c}\u{8a9e}", 4), "\u{65e5}\u{2026} ");
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("", 7), [""]);
    }

    #[test]
    fn words_are_coloured_only_where_wanted() {
        assert_eq!(coloured("no", Tone::Bad, false), "no");
        assert_eq!(coloured("no", Tone::Bad, true), "\u{1b}[31mno\u{1b}[0m");
    }
}
