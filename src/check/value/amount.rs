//! Amounts: from what finance sheets write to whole paise, without ever passing through a binary float.
//!
//! Owns grouping by lakh and by thousand, rupee signs and endings, debit and credit, brackets and minus signs, Indian
//! digits, float noise. Most cells are plain and are read from their bytes; the rest are normalised first. The one rule:
//! an amount that could be read in two ways, or that would lose a paisa, is a fault.

use super::code::{Scientific, dash, rounded, script_digit};
use super::text::content;
use super::{Fault, Faults};
use crate::finding::{Code, quote};
use crate::money::{Money, is_foreign_currency, is_foreign_sign};
use crate::operation::AmountSign;
use crate::sheet::{Cell, CellKind};

/// How a column writes its amounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AmountStyle {
    /// The decimal mark is a comma, as in `1.234,56`.
    pub decimal_comma: bool,
    /// The amounts count paise.
    pub paise: bool,
}

// Limit: GST returns take thirteen digits before the point.
const WHOLE_DIGITS: usize = 13;

// Limit: digits kept behind the point; noise of binary floats stands far before it, and 15 + 12 digits fit an i128.
const DECIMALS_KEPT: usize = 12;
const ONE: i128 = 10_i128.pow(DECIMALS_KEPT as u32);

const FORM: &str = "expected a form like 1234.50 or 1,00,000.00";

/// A decimal amount of rupees.
pub fn amount(cell: Cell<'_>, style: AmountStyle, faults: &mut Faults) -> Option<Money> {
    if style == AmountStyle::default()
        && matches!(cell.kind, CellKind::Text | CellKind::Number)
        && let Some(paise) = plain_paise(cell.text.as_bytes())
    {
        return Some(Money(paise));
    }
    let text = content(cell, faults)?;
    let fault = match cell.kind {
        CellKind::Date => not_decimal(&text).hint("the cell is formatted as a date; format it as a number"),
        CellKind::Bool => not_decimal(&text),
        _ => match written(&text, style, cell.kind) {
            Ok(money) => return Some(money),
            Err(fault) => fault,
        },
    };
    faults.push(fault);
    None
}

/// Parts of a rupee that [`exact_amount`] counts: six decimals of a paisa.
pub const EXACT_RUPEE: i128 = 100_000_000;

/// An amount of one line of a document, in parts of a rupee ([`EXACT_RUPEE`]): up to six decimals are kept.
///
/// Whatever [`amount`] takes is taken too, and means the same.
pub fn exact_amount(cell: Cell<'_>, style: AmountStyle, faults: &mut Faults) -> Option<i128> {
    const PAISA: i128 = EXACT_RUPEE / 100;
    let mut own = Faults::new();
    if let Some(fine) = fine_amount(cell, style) {
        return Some(fine);
    }
    let money = amount(cell, style, &mut own);
    faults.append(&mut own);
    money.map(|money| i128::from(money.0) * PAISA)
}

/// An amount with more than two decimals; none for all others, good or bad.
fn fine_amount(cell: Cell<'_>, style: AmountStyle) -> Option<i128> {
    let decimal = if style.decimal_comma && cell.kind != CellKind::Number { b',' } else { b'.' };
    if !cell.text.bytes().any(|byte| byte == decimal || byte == b'E' || byte == b'e') {
        return None;
    }
    if !matches!(cell.kind, CellKind::Text | CellKind::Number) {
        return None;
    }
    let text = content(cell, &mut Faults::new())?;
    let (whole, decimals, negative) = digits(&text, style, cell.kind).ok()?;
    let value = scaled(&whole, &decimals)?;
    // Sixth decimals of rupees or of paise, whichever the column counts.
    let unit = ONE / 1_000_000;
    let fine = (value + unit / 2) / unit;
    if (value - fine * unit).abs() > (value / 1_000_000).min(unit / 10 - 1).max(ONE / 1_000_000_000) {
        return None;
    }
    let parts = if style.paise { fine } else { fine * 100 };
    Some(if negative { -parts } else { parts })
}

/// Whether the field takes the amount's sign and size; if not, says so.
pub fn amount_sign(money: Money, sign: AmountSign, faults: &mut Faults) -> bool {
    let least = match sign {
        AmountSign::Any => return true,
        AmountSign::ZeroOrMore => 0,
        AmountSign::AtLeastTenPaise => 10,
    };
    if money.0 < 0 {
        let message = format!("{money} is negative; expected {} or more", Money(least));
        faults.push(Fault::new(Code::AmountNegative, message).hint(match sign {
            AmountSign::AtLeastTenPaise => "credit notes are not invoices; leave the row out",
            // Tax deducted is often written with the sign of what it does to the payment.
            _ => "write it without a sign; if the row is a credit note, leave it out",
        }));
        return false;
    }
    if money.0 < least {
        faults.push(Fault::new(Code::AmountTooSmall, format!("{money} is too small; expected 0.10 or more")));
        return false;
    }
    true
}

/// Paise of `1234`, `-1234.5`, `1,234.50` or `1,00,000.00` in plain ASCII; none for everything else, good or bad.
pub(in crate::check) fn plain_paise(bytes: &[u8]) -> Option<i64> {
    let (negative, bytes) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let (whole, hundredths) = match bytes {
        [whole @ .., b'.', tens, ones] => (whole, decimal(*tens)? * 10 + decimal(*ones)?),
        [whole @ .., b'.', tens] => (whole, decimal(*tens)? * 10),
        whole => (whole, 0),
    };
    // Limit: thirteen digits and six commas; nineteen digits fit the type they are read into.
    if !(1..=WHOLE_DIGITS + 6).contains(&whole.len()) {
        return None;
    }
    let (mut rupees, mut digits, mut grouped) = (0_u64, 0, false);
    for byte in whole {
        let value = byte.wrapping_sub(b'0');
        if value <= 9 {
            rupees = rupees * 10 + u64::from(value);
            digits += 1;
        } else if *byte == b',' {
            grouped = true;
        } else {
            return None;
        }
    }
    if digits > WHOLE_DIGITS || grouped && !is_grouped(whole, b',') {
        return None;
    }
    let paise = rupees.cast_signed() * 100 + hundredths;
    Some(if negative { -paise } else { paise })
}

fn decimal(byte: u8) -> Option<i64> {
    byte.is_ascii_digit().then(|| i64::from(byte - b'0'))
}

/// Whether digits with separators are grouped by lakh or by thousand; a group that begins with 0 is neither.
fn is_grouped(whole: &[u8], separator: u8) -> bool {
    let is_separator = |place: usize| whole.get(place).is_some_and(|byte| *byte == separator);
    // Three digits stand behind the last separator, and two or three between it and the one before.
    let Some(last) = whole.len().checked_sub(4).filter(|last| is_separator(*last)) else { return false };
    let step = if last >= 3 && is_separator(last - 3) { 3 } else { 4 };
    let first = last % step;
    let fits = |(place, byte): (usize, &u8)| (*byte == separator) == (place <= last && place % step == first);
    // Without a second separator up to three digits stand in front, as they do in groups of thousands.
    first > 0 && whole[0] != b'0' && whole.iter().enumerate().all(fits)
}

/// Reads a cleaned cell of any spelling.
fn written(text: &str, style: AmountStyle, kind: CellKind) -> Result<Money, Fault> {
    let (digits, decimals, negative) = digits(text, style, kind)?;
    let paise = to_paise(&digits, &decimals, style.paise, text)?;
    Ok(Money(if negative { -paise } else { paise }))
}

/// Digits before and behind the mark of a cleaned cell of any spelling, and whether it is negative.
fn digits(text: &str, style: AmountStyle, kind: CellKind) -> Result<(String, String, bool), Fault> {
    let ascii = to_ascii(text).ok_or_else(|| not_decimal(text).hint("write all digits in one script"))?;
    let core = Core::strip(&ascii);
    let comma = style.decimal_comma && kind != CellKind::Number;
    let (digits, decimals) = match core {
        Some(Core { number, .. }) if number.contains(['e', 'E']) => scientific(number, text, kind)?,
        Some(Core { number, .. }) => plain_number(number, text, comma, kind == CellKind::Number)?,
        None => return Err(explain(&ascii, text)),
    };
    Ok((digits, decimals, core.is_some_and(|core| core.negative)))
}

/// Digits of one script, dashes and full-width signs as ASCII; none if scripts are mixed.
fn to_ascii(text: &str) -> Option<String> {
    let mut script = None;
    let mut ascii = String::with_capacity(text.len());
    for character in text.chars() {
        match (script_digit(character), character) {
            (Some((zero, value)), _) => {
                if *script.get_or_insert(zero) != zero {
                    return None;
                }
                ascii.push(char::from(b'0' + value));
            }
            (None, '₨') => ascii.push_str("Rs"),
            (None, '\u{ff01}'..='\u{ff5e}') => {
                ascii.extend(char::from_u32(u32::from(character) - 0xfee0));
            }
            (None, '’') => ascii.push('\''),
            (None, other) => ascii.push(dash(other)),
        }
    }
    Some(ascii)
}

/// A number freed of rupee signs, endings and signs.
#[derive(Debug, Clone, Copy)]
struct Core<'a> {
    number: &'a str,
    negative: bool,
}

impl<'a> Core<'a> {
    /// Strips each kind of decoration at most once; none if two signs stand together or no digit remains in front.
    fn strip(text: &'a str) -> Option<Self> {
        let mut number = text.trim();
        let (mut currency, mut slash, mut only) = (false, false, false);
        let mut sign: Option<bool> = None;
        loop {
            let (rest, step) = decoration(number)?;
            let repeated = match step {
                Step::Done => break,
                Step::Currency => std::mem::replace(&mut currency, true),
                Step::Slash => std::mem::replace(&mut slash, true),
                Step::Only => std::mem::replace(&mut only, true),
                Step::Sign { negative } => sign.replace(negative).is_some(),
            };
            if repeated {
                return None;
            }
            number = rest.trim();
        }
        Some(Self { number, negative: sign == Some(true) })
    }
}

enum Step {
    Currency,
    Slash,
    Only,
    Sign { negative: bool },
    Done,
}

/// The outermost decoration and what is left without it; none where neither a number nor a decoration is found.
fn decoration(text: &str) -> Option<(&str, Step)> {
    let bytes = text.as_bytes();
    let (first, last) = (*bytes.first()?, *bytes.last()?);
    if first == b'(' && last == b')' {
        return Some((&text[1..text.len() - 1], Step::Sign { negative: true }));
    }
    if matches!(first, b'-' | b'+') {
        return Some((&text[1..], Step::Sign { negative: first == b'-' }));
    }
    if let Some(rest) = rupee_sign(text) {
        return Some((rest, Step::Currency));
    }
    if let Some(rest) = text.strip_suffix("/-").or_else(|| text.strip_suffix("/=")) {
        return Some((rest, Step::Slash));
    }
    if last == b'-' {
        return Some((&text[..text.len() - 1], Step::Sign { negative: true }));
    }
    for (word, step) in [
        ("only", Step::Only),
        ("dr.", Step::Sign { negative: false }),
        ("dr", Step::Sign { negative: false }),
        ("cr.", Step::Sign { negative: true }),
        ("cr", Step::Sign { negative: true }),
        ("inr", Step::Currency),
        ("rs.", Step::Currency),
        ("rs", Step::Currency),
        ("₹", Step::Currency),
    ] {
        if let Some(rest) = strip_suffix_ignoring_case(text, word) {
            return Some((rest, step));
        }
    }
    (first.is_ascii_digit() || (first == b'.' && text.len() > 1)).then_some((text, Step::Done))
}

fn rupee_sign(text: &str) -> Option<&str> {
    if let Some(rest) = ["₹", "रु.", "रु"].iter().find_map(|sign| text.strip_prefix(sign)) {
        return Some(rest);
    }
    ["rs.", "rs", "inr"].iter().find_map(|sign| {
        let head = text.get(..sign.len())?;
        head.eq_ignore_ascii_case(sign).then(|| &text[sign.len()..])
    })
}

fn strip_suffix_ignoring_case<'a>(text: &'a str, suffix: &str) -> Option<&'a str> {
    let at = text.len().checked_sub(suffix.len())?;
    text.get(at..)?.eq_ignore_ascii_case(suffix).then(|| &text[..at])
}

/// Digits before and behind the mark of a number written out.
fn plain_number(number: &str, text: &str, comma: bool, exact: bool) -> Result<(String, String), Fault> {
    let (mark, other) = if comma { (',', '.') } else { ('.', ',') };
    if !number.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b',' | b' ' | b'\'')) {
        return Err(explain(number, text));
    }
    let (whole, decimals) = match number.split_once(mark) {
        Some((whole, decimals)) => (whole, decimals),
        None => (number, ""),
    };
    // With the marks exchanged, or one group of three behind a point, thousands and decimals look alike.
    let exchanged = number.rfind(other) > number.find(mark) && number.contains(mark);
    let repeated = number.matches(mark).count() > 1;
    let one_group =
        !comma && !exact && decimals.len() == 3 && (1..=3).contains(&whole.len()) && !whole.starts_with('0');
    if exchanged || repeated || one_group {
        return Err(ambiguous(text, comma));
    }
    let separator = whole.bytes().find(|byte| !byte.is_ascii_digit());
    let grouped = separator.is_none_or(|separator| is_grouped(whole.as_bytes(), separator));
    let uniform = whole.bytes().all(|byte| byte.is_ascii_digit() || Some(byte) == separator);
    if !grouped || !uniform || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        let fault = Fault::new(
            Code::AmountNotDecimal,
            format!("{} is grouped neither by lakh nor by thousand; {FORM}", quote(text)),
        );
        return Err(if whole.contains(',') { fault.hint(COMMA_HINT) } else { fault });
    }
    Ok((whole.chars().filter(char::is_ascii_digit).collect(), decimals.to_owned()))
}

const COMMA_HINT: &str =
    "write a point before the paise and only commas between thousands, or set decimal-comma = true in a mapping file";

fn ambiguous(text: &str, comma: bool) -> Fault {
    let fault = Fault::new(Code::AmountAmbiguous, format!("{} could be read in two ways; {FORM}", quote(text)));
    if comma { fault.hint("decimal-comma is set; this cell seems to use a point") } else { fault.hint(COMMA_HINT) }
}

/// Digits before and behind the point of a number such as `1.5E5`.
fn scientific(number: &str, text: &str, kind: CellKind) -> Result<(String, String), Fault> {
    let parsed = Scientific::parse(number).ok_or_else(|| explain(number, text))?;
    let all = format!("{}{}", parsed.whole, parsed.decimals);
    // Limit: no amount is beyond 10^20; a smaller power than 10^-40 is nothing but zeros.
    if parsed.exponent > 20 {
        return Err(too_large(text));
    }
    // A spreadsheet shows two or more decimals and a power where it had no room for the rest.
    let hidden = parsed.decimals.len() >= 2 && parsed.exponent > length(parsed.decimals);
    if kind == CellKind::Text && hidden {
        return Err(rounded(text));
    }
    let point = length(parsed.whole) + parsed.exponent.max(-40);
    if point <= 0 {
        return Ok((String::new(), format!("{}{all}", "0".repeat(point.unsigned_abs() as usize))));
    }
    let point = point as usize;
    if point >= all.len() {
        return Ok((format!("{all}{}", "0".repeat(point - all.len())), String::new()));
    }
    Ok((all[..point].to_owned(), all[point..].to_owned()))
}

/// Number of digits, to compare with a power.
fn length(digits: &str) -> i32 {
    i32::try_from(digits.len()).unwrap_or(i32::MAX / 2)
}

/// Whole paise, if the digits are within a hair of them.
fn to_paise(whole: &str, decimals: &str, counts_paise: bool, text: &str) -> Result<i64, Fault> {
    let too_long = whole.trim_start_matches('0').len() > WHOLE_DIGITS + if counts_paise { 2 } else { 0 };
    let Some(value) = scaled(whole, decimals).filter(|_| !too_long) else { return Err(too_large(text)) };
    let unit = if counts_paise { ONE } else { ONE / 100 };
    let paise = (value + unit / 2) / unit;
    let off = (value - paise * unit).abs();
    // Limit: noise of floats is a millionth of the value, but a tenth of a paisa is no noise, however large the value.
    let noise = (value / 1_000_000).min(unit / 10 - 1).max(ONE / 1_000_000_000);
    if off > noise {
        let unit = if counts_paise { "whole paise" } else { "two decimals" };
        let message = format!("{} is more precise than {unit}", quote(text));
        return Err(
            Fault::new(Code::AmountTooPrecise, message).hint("round it in the sheet; arload never rounds money")
        );
    }
    i64::try_from(paise).map_err(|_| too_large(text))
}

/// Digits as a number of [`ONE`]th parts; none for more digits than any amount has.
fn scaled(whole: &str, decimals: &str) -> Option<i128> {
    let whole = whole.trim_start_matches('0');
    if whole.len() > WHOLE_DIGITS + 2 {
        return None;
    }
    let mut value = whole.bytes().fold(0_i128, |value, digit| value * 10 + i128::from(digit - b'0'));
    for index in 0..DECIMALS_KEPT {
        value = value * 10 + i128::from(decimals.as_bytes().get(index).map_or(0, |digit| digit - b'0'));
    }
    Some(value)
}

fn too_large(text: &str) -> Fault {
    Fault::new(Code::AmountTooLarge, format!("{} has more than {WHOLE_DIGITS} digits before the point", quote(text)))
}

fn not_decimal(text: &str) -> Fault {
    Fault::new(Code::AmountNotDecimal, format!("{} is not a decimal amount; {FORM}", quote(text)))
}

/// Says what a cell is that holds no plain number.
fn explain(ascii: &str, text: &str) -> Fault {
    const LARGE: &[&str] = &["l", "lac", "lacs", "lakh", "lakhs", "crore", "crores", "k", "mn", "million"];
    let mut words = ascii.split(|character: char| !character.is_alphabetic()).filter(|word| !word.is_empty());
    let is_in = |word: &str, list: &[&str]| list.iter().any(|known| known.eq_ignore_ascii_case(word));
    let has_digit = text.chars().any(|character| script_digit(character).is_some());
    if has_digit && (text.contains(is_foreign_sign) || words.clone().any(is_foreign_currency)) {
        let message = format!("{} is in another currency; the API takes rupees only", quote(text));
        return Fault::new(Code::CurrencyNotInr, message).hint("map a column with the amount in rupees");
    }
    let fault = not_decimal(text);
    if has_digit && words.any(|word| is_in(word, LARGE)) {
        return fault.hint("write the amount in full, without lakh or crore");
    }
    if ascii.contains('%') {
        return fault.hint("this is a rate; map the column of amounts");
    }
    if ascii.starts_with('=') || ascii.contains(" + ") {
        return fault.hint("formulas in text are never computed; write the result");
    }
    fault
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str, kind: CellKind, style: AmountStyle) -> Result<Option<i64>, Code> {
        let mut faults = Faults::new();
        let money = amount(Cell { text, kind }, style, &mut faults);
        match faults.first() {
            Some(fault) => {
                assert_eq!(money, None, "{text}");
                Err(fault.code)
            }
            None => Ok(money.map(|money| money.0)),
        }
    }

    /// The rule in words: groups of three, or of two and then three, and a first group that is shorter or as long.
    fn grouped_by_the_rule(whole: &str) -> bool {
        let groups: Vec<&str> = whole.split(',').collect();
        let [first, middle @ .., last] = groups.as_slice() else { return false };
        let width = middle.first().map_or(3, |group| group.len());
        let longest = if middle.is_empty() { 3 } else { width };
        last.len() == 3
            && (width == 2 || width == 3)
            && middle.iter().all(|group| group.len() == width)
            && (1..=longest).contains(&first.len())
            && !first.starts_with('0')
    }

    proptest! {
        #[test]
        fn digits_are_grouped_as_the_rule_says(whole in "[0-9]{0,4}(,[0-9]{1,4}){0,5}|[0-9]{1,2}(,[0-9]{2}){0,5},[0-9]{3}|,{0,3}") {
            let expected = grouped_by_the_rule(&whole);
            prop_assert_eq!(is_grouped(whole.as_bytes(), b','), expected, "{}", whole);
            let decimals = format!("{whole}.5");
            let digits: String = whole.chars().filter(char::is_ascii_digit).collect();
            let fits = !digits.is_empty() && digits.len() <= 13 && (expected || !whole.contains(','));
            let paise = fits.then(|| digits.parse::<i64>().unwrap() * 100 + 50);
            prop_assert_eq!(plain_paise(decimals.as_bytes()), paise, "{}", decimals);
        }
    }

    const PLAIN: AmountStyle = AmountStyle { decimal_comma: false, paise: false };
    const COMMA: AmountStyle = AmountStyle { decimal_comma: true, paise: false };
    const PAISE: AmountStyle = AmountStyle { decimal_comma: false, paise: true };

    #[test]
    fn amounts_are_read_as_finance_sheets_write_them() {
        for (text, paise) in [
            ("0", 0),
            ("1234", 123_400),
            ("1234.5", 123_450),
            ("1234.50", 123_450),
            ("-1234.50", -123_450),
            (" 1234.50 ", 123_450),
            ("1,00,000.00", 10_000_000),
            ("12,34,567.89", 123_456_789),
            ("1,23,45,67,890", 123_456_789_000),
            ("1,234,567.89", 123_456_789),
            ("123,456", 12_345_600),
            ("12,345", 1_234_500),
            ("1 00 000", 10_000_000),
            ("1\u{a0}00\u{a0}000", 10_000_000),
            ("1\u{202f}00\u{202f}000.50", 10_000_050),
            ("1'00'000", 10_000_000),
            ("1'000'000", 100_000_000),
            ("1’000", 100_000),
            ("₹1,000", 100_000),
            ("₹ 1,000", 100_000),
            ("Rs.1000", 100_000),
            ("Rs 1,000.50", 100_050),
            ("RS. 1000/-", 100_000),
            ("INR 1,000", 100_000),
            ("1000 INR", 100_000),
            ("₨ 1000", 100_000),
            ("रु 1000", 100_000),
            ("रु. 1,000", 100_000),
            ("1,000/-", 100_000),
            ("1000/=", 100_000),
            ("1,000 only", 100_000),
            ("Rs. 1,000/- Only", 100_000),
            ("1,000.00 Dr", 100_000),
            ("1000Dr.", 100_000),
            ("1,000 DR", 100_000),
            ("1,000.00 Cr", -100_000),
            ("1000Cr.", -100_000),
            ("(1,000.00)", -100_000),
            ("1,000.00-", -100_000),
            ("-1,000", -100_000),
            ("−1,000", -100_000),
            ("- 1,000", -100_000),
            ("₹-1,000", -100_000),
            ("-₹1,000", -100_000),
            ("₹(1,000)", -100_000),
            ("(₹1,000)", -100_000),
            ("+1,000", 100_000),
            ("१,००,०००.५०", 10_000_050),
            ("૧૦૦૦", 100_000),
            ("௧௨௩", 12_300),
            ("১০০০", 100_000),
            ("１０００．５０", 100_050),
            ("98310.520000000004", 9_831_052),
            ("41044.0000000001", 4_104_400),
            ("2.0000000000000004", 200),
            ("1234.500", 123_450),
            ("0.500", 50),
            (".5", 50),
            ("100.", 10_000),
            ("1E+05", 10_000_000),
            ("1.5E5", 15_000_000),
            ("1e3", 100_000),
            ("5E-1", 50),
            ("'1000", 100_000),
            ("=\"1000\"", 100_000),
            ("9999999999999.99", 999_999_999_999_999),
            ("0000000000000001", 100),
            ("-0.00", 0),
        ] {
            assert_eq!(read(text, CellKind::Text, PLAIN), Ok(Some(paise)), "{text}");
        }
    }

    #[test]
    fn placeholders_are_blank_amounts() {
        for text in ["", " ", "-", "--", "–", "NIL", "Nil", "NA", "N/A", "n/a", ".", "None", "NULL", "#N/A"] {
            assert_eq!(read(text, CellKind::Text, PLAIN), Ok(None), "{text}");
        }
    }

    #[test]
    fn amounts_that_are_unsure_or_wrong_are_refused() {
        for (text, code) in [
            ("1,00,00", Code::AmountNotDecimal),
            ("12,50", Code::AmountNotDecimal),
            ("1,2345", Code::AmountNotDecimal),
            ("1234,567", Code::AmountNotDecimal),
            ("1,00,000,000", Code::AmountNotDecimal),
            ("0,123", Code::AmountNotDecimal),
            ("1,00 000", Code::AmountNotDecimal),
            (",100", Code::AmountNotDecimal),
            ("1,,000", Code::AmountNotDecimal),
            ("1.234,56", Code::AmountAmbiguous),
            ("1.234.567", Code::AmountAmbiguous),
            ("1.234.567,89", Code::AmountAmbiguous),
            ("10.000", Code::AmountAmbiguous),
            ("12.3.4", Code::AmountAmbiguous),
            ("USD 100", Code::CurrencyNotInr),
            ("100 usd", Code::CurrencyNotInr),
            ("$100", Code::CurrencyNotInr),
            ("US$ 1,000", Code::CurrencyNotInr),
            ("€100", Code::CurrencyNotInr),
            ("(1,000.00) Cr", Code::AmountNotDecimal),
            ("-1,000 Cr", Code::AmountNotDecimal),
            ("--1000", Code::AmountNotDecimal),
            ("-1000-", Code::AmountNotDecimal),
            ("१00", Code::AmountNotDecimal),
            ("१૦", Code::AmountNotDecimal),
            ("12%", Code::AmountNotDecimal),
            ("1000 + 180", Code::AmountNotDecimal),
            ("=1000+180", Code::AmountNotDecimal),
            ("1.5 lakh", Code::AmountNotDecimal),
            ("5L", Code::AmountNotDecimal),
            ("Rupees One Lakh Only", Code::AmountNotDecimal),
            ("₹", Code::AmountNotDecimal),
            ("()", Code::AmountNotDecimal),
            ("10²", Code::AmountNotDecimal),
            ("1E", Code::AmountNotDecimal),
            ("0.001", Code::AmountTooPrecise),
            ("1234.567", Code::AmountTooPrecise),
            ("98310.525", Code::AmountTooPrecise),
            ("12345678901234", Code::AmountTooLarge),
            ("1,23,45,67,89,01,234.00", Code::AmountTooLarge),
            ("9999999999999999999", Code::AmountTooLarge),
            ("1E15", Code::AmountTooLarge),
            ("1E300", Code::AmountTooLarge),
            ("1.23457E+11", Code::NumberRounded),
        ] {
            assert_eq!(read(text, CellKind::Text, PLAIN), Err(code), "{text}");
        }
    }

    #[test]
    fn a_style_settles_what_a_cell_alone_cannot() {
        for (text, kind, style, result) in [
            ("1.234,56", CellKind::Text, COMMA, Ok(Some(123_456))),
            ("10.000", CellKind::Text, COMMA, Ok(Some(1_000_000))),
            ("12,50", CellKind::Text, COMMA, Ok(Some(1_250))),
            ("1.234.567,8", CellKind::Text, COMMA, Ok(Some(123_456_780))),
            ("1,234.56", CellKind::Text, COMMA, Err(Code::AmountAmbiguous)),
            ("1234.56", CellKind::Text, COMMA, Err(Code::AmountNotDecimal)),
            ("1234.56", CellKind::Number, COMMA, Ok(Some(123_456))),
            ("123456", CellKind::Text, PAISE, Ok(Some(123_456))),
            ("123456.00", CellKind::Number, PAISE, Ok(Some(123_456))),
            ("1234.5", CellKind::Text, PAISE, Err(Code::AmountTooPrecise)),
            ("10.125", CellKind::Number, PLAIN, Err(Code::AmountTooPrecise)),
            ("98310.520000000004", CellKind::Number, PLAIN, Ok(Some(9_831_052))),
            ("-1.4551915228366852E-11", CellKind::Number, PLAIN, Ok(Some(0))),
            ("1.23457E+11", CellKind::Number, PLAIN, Ok(Some(12_345_700_000_000))),
            ("0.1", CellKind::Number, PLAIN, Ok(Some(10))),
            ("2025-04-01", CellKind::Date, PLAIN, Err(Code::AmountNotDecimal)),
            ("TRUE", CellKind::Bool, PLAIN, Err(Code::AmountNotDecimal)),
            ("#REF!", CellKind::Error, PLAIN, Err(Code::CellError)),
            ("", CellKind::FormulaWithoutValue, PLAIN, Err(Code::FormulaWithoutValue)),
        ] {
            assert_eq!(read(text, kind, style), result, "{text} {kind:?} {style:?}");
        }
    }

    #[test]
    fn amounts_of_lines_keep_six_decimals() {
        const COMMA: AmountStyle = AmountStyle { decimal_comma: true, paise: false };
        const PAISE: AmountStyle = AmountStyle { decimal_comma: false, paise: true };
        for (text, kind, style, parts) in [
            ("100", CellKind::Text, PLAIN, Some(10_000_000_000)),
            ("-1,00,000.50", CellKind::Text, PLAIN, Some(-10_000_050_000_000)),
            ("0.000001", CellKind::Text, PLAIN, Some(100)),
            ("(12.345678)", CellKind::Text, PLAIN, Some(-1_234_567_800)),
            ("12.3456789", CellKind::Text, PLAIN, None),
            ("98310.520000000004", CellKind::Number, PLAIN, Some(9_831_052_000_000)),
            ("12.345678000000001", CellKind::Number, PLAIN, Some(1_234_567_800)),
            ("₹ 1,000.1250", CellKind::Text, PLAIN, Some(100_012_500_000)),
            ("12.125", CellKind::Number, PLAIN, Some(1_212_500_000)),
            // Without a column's word for it, this may be twelve thousand.
            ("12.125", CellKind::Text, PLAIN, None),
            ("1.000,1250", CellKind::Text, COMMA, Some(100_012_500_000)),
            ("1.5E-5", CellKind::Number, PLAIN, Some(1_500)),
            ("12345.5", CellKind::Text, PAISE, Some(12_345_500_000)),
            ("x", CellKind::Text, PLAIN, None),
            ("", CellKind::Text, PLAIN, None),
            ("-", CellKind::Text, PLAIN, None),
        ] {
            let mut faults = Faults::new();
            assert_eq!(exact_amount(Cell { text, kind }, style, &mut faults), parts, "{text} {kind:?} {style:?}");
            let blank = matches!(text, "" | "-");
            assert_eq!(faults.is_empty(), parts.is_some() || blank, "{text}");
        }
    }

    #[test]
    fn signs_are_checked_apart_from_reading() {
        for (paise, sign, code) in [
            (0, AmountSign::Any, None),
            (-1, AmountSign::Any, None),
            (0, AmountSign::ZeroOrMore, None),
            (-1, AmountSign::ZeroOrMore, Some(Code::AmountNegative)),
            (10, AmountSign::AtLeastTenPaise, None),
            (9, AmountSign::AtLeastTenPaise, Some(Code::AmountTooSmall)),
            (-9, AmountSign::AtLeastTenPaise, Some(Code::AmountNegative)),
        ] {
            let mut faults = Faults::new();
            assert_eq!(amount_sign(Money(paise), sign, &mut faults), code.is_none());
            assert_eq!(faults.first().map(|fault| fault.code), code, "{paise} {sign:?}");
        }
    }

    proptest! {
        #[test]
        fn a_line_and_a_row_read_the_same_amount(text in "-?[0-9]{1,9}(\\.[0-9]{1,2})?") {
            let cell = Cell { text: &text, kind: CellKind::Text };
            let (line, row) = (exact_amount(cell, PLAIN, &mut Faults::new()), amount(cell, PLAIN, &mut Faults::new()));
            prop_assert_eq!(line, row.map(|money| i128::from(money.0) * EXACT_RUPEE / 100));
        }

        #[test]
        fn the_fast_and_the_slow_path_agree(text in "-?[0-9]{1,6}([,.' ]?[0-9]{1,4}){0,4}") {
            if let Some(paise) = plain_paise(text.as_bytes()) {
                prop_assert_eq!(written(&text, PLAIN, CellKind::Text).map_err(|fault| fault.code), Ok(Money(paise)));
            }
        }

        #[test]
        fn plain_amounts_come_back(paise in -999_999_999_999_999_i64..=999_999_999_999_999) {
            let text = Money(paise).to_string();
            prop_assert_eq!(plain_paise(text.as_bytes()), Some(paise));
            prop_assert_eq!(written(&text, PLAIN, CellKind::Text).map_err(|fault| fault.code), Ok(Money(paise)));
        }
    }
}
