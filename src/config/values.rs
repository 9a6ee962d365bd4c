//! Values of settings: from the text of a flag, a variable or a file to a typed and bounded value.
//!
//! Pure functions; each error says what was found and what form is expected, and the caller adds the place. The rule:
//! a value is taken only where it can be read in one way (`60` is no duration, `5` is no share).

use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;

use super::{DateOrder, HiddenRows, LogFormat, Progress};
use crate::finding::{Code, Severity, quote};
use crate::money::Money;
use crate::nearest::did_you_mean;
use crate::operation::{ALL, Operation};
use crate::watch;

/// A whole number within limits; digits only.
pub fn count(text: &str, least: u64, most: u64) -> Result<u64, String> {
    let expected = format!("expected {} to {}", grouped(least), grouped(most));
    let text = text.trim();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("{} is not a whole number; {expected}", quote(text)));
    }
    let number = text.parse::<u64>().unwrap_or(u64::MAX);
    if number < least {
        return Err(format!("{text} is too small; {expected}"));
    }
    if number > most {
        return Err(format!("{text} is too large; {expected}"));
    }
    Ok(number)
}

/// A number with separators between the thousands, for messages.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A plain decimal without sign or exponent.
fn decimal(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if plain && text.bytes().any(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// Text cut before its unit: `512KiB` gives `512` and `KiB`.
fn number_and_unit(text: &str) -> (&str, &str) {
    let text = text.trim();
    let end = text.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(text.len());
    (&text[..end], text[end..].trim_start())
}

/// Requests a second, from `5/s`, `300/min` or `1000/h`.
pub fn rate(text: &str) -> Result<f64, String> {
    const EXPECTED: &str = "expected a form like 5/s, 300/min or 1000/h";
    let parsed = text.split_once('/').and_then(|(number, unit)| {
        let seconds = match unit.trim() {
            "s" | "sec" => 1.0,
            "m" | "min" => 60.0,
            "h" | "hour" => 3600.0,
            _ => return None,
        };
        Some(decimal(number.trim())? / seconds)
    });
    let rate = parsed.ok_or_else(|| format!("{} is not a rate; {EXPECTED}", quote(text)))?;
    // Limit: one request an hour at least, and no more a second than any sender of ours could make.
    if rate < 1.0 / 3601.0 {
        return Err(format!("{} is too slow; expected at least 1/h", quote(text)));
    }
    if rate > 10_000.0 {
        return Err(format!("{} is too fast; expected at most 10000/s", quote(text)));
    }
    Ok(rate)
}

/// Bytes, from `1MiB`, `512KiB`, `1MB` or a bare number.
pub fn size(text: &str, least: u64, most: u64) -> Result<usize, String> {
    let (number, unit) = number_and_unit(text);
    let factor: u64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1000,
        "kib" | "k" => 1 << 10,
        "mb" => 1_000_000,
        "mib" | "m" => 1 << 20,
        _ => 0,
    };
    let bytes = number.parse::<u64>().ok().filter(|_| factor > 0).and_then(|number| number.checked_mul(factor));
    let bytes =
        bytes.ok_or_else(|| format!("{} is not a size; expected a form like 1MiB, 512KiB or 1000000", quote(text)))?;
    if bytes < least {
        return Err(format!("{} is too small; expected {} to {} bytes", quote(text), grouped(least), grouped(most)));
    }
    if bytes > most {
        return Err(format!("{} is too large; expected {} to {} bytes", quote(text), grouped(least), grouped(most)));
    }
    usize::try_from(bytes).map_err(|_| format!("{} is too large", quote(text)))
}

/// A time, from `60s`, `5m`, `3d`, `2h`, `250ms` or `0`, within limits.
pub fn duration(text: &str, least: Duration, most: Duration) -> Result<Duration, String> {
    let (number, unit) = number_and_unit(text);
    let millis: u64 = match unit {
        "ms" => 1,
        "s" | "sec" => 1000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "" if number == "0" => 1,
        _ => 0,
    };
    let time = number.parse::<u64>().ok().filter(|_| millis > 0).and_then(|number| number.checked_mul(millis));
    let time = time.map(Duration::from_millis).ok_or_else(|| {
        format!("{} is not a time; expected a whole number and a unit, like 250ms, 60s, 5m, 2h or 3d", quote(text))
    })?;
    if time < least || time > most {
        let size = if time < least { "short" } else { "long" };
        return Err(format!("{} is too {size}; expected {} to {}", quote(text), brief(least), brief(most)));
    }
    Ok(time)
}

/// A time in the largest unit that holds it whole.
pub fn brief(time: Duration) -> String {
    let millis = time.as_millis();
    for (unit, size) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)] {
        if millis > 0 && millis.is_multiple_of(size) {
            return format!("{}{unit}", millis / size);
        }
    }
    if millis == 0 { "0s".to_owned() } else { format!("{millis}ms") }
}

/// A share between 0 and 1, from `5%` or `0.05`.
pub fn share(text: &str) -> Result<f64, String> {
    let text = text.trim();
    let share = match text.strip_suffix('%') {
        Some(percent) => decimal(percent.trim_end()).map(|percent| percent / 100.0),
        // A bare 5 or 1 could be meant either way.
        None if text == "0" || text.contains('.') => decimal(text),
        None => None,
    };
    share
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| format!("{} is not a share; expected a form like 5% or 0.05, up to 100%", quote(text)))
}

/// Year and month, from `2026-03`.
pub fn month(text: &str) -> Result<(i16, i8), String> {
    let text = text.trim();
    let parts = text.split_once('-').filter(|(year, month)| year.len() == 4 && month.len() == 2);
    let digits = parts.filter(|_| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-'));
    let parsed = digits.and_then(|(year, month)| Some((year.parse().ok()?, month.parse().ok()?)));
    parsed
        .filter(|(year, month)| (2000..=2099).contains(year) && (1..=12).contains(month))
        .ok_or_else(|| format!("{} is not a month; expected a form like 2026-03", quote(text)))
}

/// `dmy`, `mdy` or `ymd`.
pub fn date_order(text: &str) -> Result<DateOrder, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "dmy" => Ok(DateOrder::Dmy),
        "mdy" => Ok(DateOrder::Mdy),
        "ymd" => Ok(DateOrder::Ymd),
        _ => Err(format!("{} is not a date order; expected dmy, mdy or ymd", quote(text))),
    }
}

/// `read` or `skip`.
pub fn hidden_rows(text: &str) -> Result<HiddenRows, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "read" => Ok(HiddenRows::Read),
        "skip" => Ok(HiddenRows::Skip),
        _ => Err(format!("{} says not what to do with hidden rows; expected read or skip", quote(text))),
    }
}

/// `auto`, `always` or `never`.
pub fn progress(text: &str) -> Result<Progress, String> {
    match text.trim() {
        "auto" => Ok(Progress::Auto),
        "always" => Ok(Progress::Always),
        "never" => Ok(Progress::Never),
        _ => Err(format!("{} is no way to show progress; expected auto, always or never", quote(text))),
    }
}

/// Rupees, from `481203`, `4,81,203.50` or `₹4,81,203.50`.
pub fn amount(text: &str) -> Result<Money, String> {
    parse_amount(text)
        .ok_or_else(|| format!("{} is not an amount; expected a form like 481203.50 or 4,81,203.50", quote(text)))
}

fn parse_amount(text: &str) -> Option<Money> {
    let text = text.trim();
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let text = text.strip_prefix('₹').unwrap_or(text).trim_start();
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    if decimals.is_empty() || decimals.len() > 2 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = ungroup(whole)?;
    // Limit: 15 digits of rupees hold every sum of GST documents and stay within 64 bits of paise.
    if digits.len() > 15 {
        return None;
    }
    let hundredths: i64 = format!("{decimals:0<2}").parse().ok()?;
    let paise = digits.parse::<i64>().ok()? * 100 + hundredths;
    Some(Money(if negative { -paise } else { paise }))
}

/// Digits without their separators, where these stand as thousands, lakhs and crores or as thousands do.
fn ungroup(whole: &str) -> Option<String> {
    let groups: Vec<&str> = whole.split(',').collect();
    if !groups.iter().all(|group| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit())) {
        return None;
    }
    let [first, middle @ .., last] = groups.as_slice() else { return Some(whole.to_owned()) };
    let western = first.len() <= 3 && middle.iter().all(|group| group.len() == 3);
    let indian = first.len() <= 2 && middle.iter().all(|group| group.len() == 2);
    (last.len() == 3 && (western || indian)).then(|| groups.concat())
}

/// Yes or no.
pub fn boolean(text: &str) -> Result<bool, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" | "on" => Ok(true),
        "false" | "no" | "0" | "off" => Ok(false),
        _ => Err(format!("{} is neither true nor false", quote(text))),
    }
}

/// A delimiter of text files: one character, or `tab`.
pub fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"tab" | b"\\t" | b"\t" => Ok(b'\t'),
        [byte] if byte.is_ascii_punctuation() && !b"\"'.-".contains(byte) => Ok(*byte),
        _ => Err(format!("{} is not a delimiter; expected one of , ; | or tab", quote(text))),
    }
}

/// A text encoding, by any of its usual names; gives the standard's own name.
pub fn encoding(text: &str) -> Result<String, String> {
    encoding_rs::Encoding::for_label(text.trim().as_bytes())
        .map(|encoding| encoding.name().to_owned())
        .ok_or_else(|| format!("{} is not a known encoding; expected one like utf-8 or windows-1252", quote(text)))
}

/// A time zone of the built-in table.
pub fn timezone(text: &str) -> Result<TimeZone, String> {
    TimeZone::get(text.trim())
        .map_err(|_| format!("{} is not a known time zone; expected a name like Asia/Kolkata", quote(text)))
}

/// A CEK id of a company or seller.
pub fn company_id(text: &str) -> Result<String, String> {
    let text = text.trim();
    let rest = text.strip_prefix("CEK").filter(|rest| rest.len() == 7);
    rest.filter(|rest| rest.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()))
        .map(|_| text.to_owned())
        .ok_or_else(|| {
            format!("{} is not an Enkash company id; expected CEK and 7 capital letters or digits", quote(text))
        })
}

/// A GSTIN by its outer form, in capitals.
pub fn gstin(text: &str) -> Result<String, String> {
    let gstin = text.trim().to_ascii_uppercase();
    let bytes = gstin.as_bytes();
    let formed =
        bytes.len() == 15 && bytes.iter().all(u8::is_ascii_alphanumeric) && bytes[..2].iter().all(u8::is_ascii_digit);
    if formed { Ok(gstin) } else { Err(format!("{} is not a GSTIN; expected 15 letters and digits", quote(text))) }
}

/// Which amount the only amount of a sheet is.
pub fn only_amount(text: &str) -> Result<String, String> {
    match text.trim() {
        name @ ("baseAmount" | "netAmount") => Ok(name.to_owned()),
        _ => Err(format!("{} is no amount of an invoice; expected baseAmount or netAmount", quote(text))),
    }
}

/// A code of the table of findings.
pub fn code(text: &str) -> Result<Code, String> {
    Code::parse(text.trim()).ok_or_else(|| {
        let near = did_you_mean(text, Code::ALL.iter().map(|code| code.as_str()));
        format!("{} is not a code of a finding{near}", quote(text))
    })
}

/// An operation that has a watched folder only where it is allowed, as `invoices delete`.
pub fn watched_operation(text: &str) -> Result<&'static Operation, String> {
    let named = |operation: &&Operation| operation.name() == text || watch::folder_name(operation) == text;
    let operation = ALL.iter().find(named).ok_or_else(|| format!("{} is not an operation on sheets", quote(text)))?;
    if watch::needs_leave(operation) {
        return Ok(operation);
    }
    Err(format!("{} needs no leave; leave it out", quote(text)))
}

/// `error`, `warning` or `note`.
pub fn severity(text: &str) -> Result<Severity, String> {
    match text.trim() {
        "error" => Ok(Severity::Error),
        "warning" => Ok(Severity::Warning),
        "note" => Ok(Severity::Note),
        _ => Err(format!("{} is not a severity; expected error, warning or note", quote(text))),
    }
}

/// `json` or `text`.
pub fn log_format(text: &str) -> Result<LogFormat, String> {
    match text.trim() {
        "json" => Ok(LogFormat::Json),
        "text" => Ok(LogFormat::Text),
        _ => Err(format!("{} is not a form of log lines; expected json or text", quote(text))),
    }
}

/// Any text but a blank one.
pub fn text(text: &str) -> Result<String, String> {
    let trimmed = text.trim();
    if trimmed.is_empty() { Err("the value is blank".to_owned()) } else { Ok(trimmed.to_owned()) }
}

/// A path, taken as it is.
pub fn path(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() { Err("the path is blank".to_owned()) } else { Ok(PathBuf::from(text)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forms<T: std::fmt::Debug + PartialEq>(
        parse: impl Fn(&str) -> Result<T, String>,
        good: Vec<(&str, T)>,
        bad: &[(&str, &str)],
    ) {
        for (text, value) in good {
            assert_eq!(parse(text), Ok(value), "{text}");
        }
        for (text, part) in bad {
            let message = parse(text).expect_err(text);
            assert!(message.contains(part), "{text}: {message}");
        }
    }

    #[test]
    fn rates_name_their_unit() {
        let good = vec![
            ("5/s", 5.0),
            ("0.5/s", 0.5),
            ("300/min", 5.0),
            ("3600/h", 1.0),
            ("1/h", 1.0 / 3600.0),
            ("10000/s", 10_000.0),
            (" 2 / s ", 2.0),
        ];
        let bad = [
            ("5", "not a rate"),
            ("", "not a rate"),
            ("/s", "not a rate"),
            (".", "not a rate"),
            ("./s", "not a rate"),
            ("-5/s", "not a rate"),
            ("1e9/s", "not a rate"),
            ("inf/s", "not a rate"),
            ("5/day", "not a rate"),
            ("0/s", "too slow"),
            ("10001/s", "too fast"),
            ("99999999999999999999999999/s", "too fast"),
        ];
        forms(rate, good, &bad);
    }

    #[test]
    fn sizes_are_whole_and_bounded() {
        let good = vec![("1MiB", 1 << 20), ("512KiB", 512 << 10), ("1000000", 1_000_000), ("2 MB", 2_000_000)];
        let bad = [
            ("", "not a size"),
            ("1.5MiB", "not a size"),
            ("1GiB", "not a size"),
            ("-1", "not a size"),
            ("18446744073709551615MiB", "not a size"),
            ("255", "too small"),
            ("65MiB", "expected 256 to 67,108,864 bytes"),
        ];
        forms(|text| size(text, 256, 64 << 20), good, &bad);
    }

    #[test]
    fn times_need_a_unit() {
        let seconds = Duration::from_secs;
        let good = vec![
            ("60s", seconds(60)),
            ("5m", seconds(300)),
            ("2h", seconds(7200)),
            ("3d", seconds(259_200)),
            ("250ms", Duration::from_millis(250)),
            ("0", seconds(0)),
            ("0s", seconds(0)),
        ];
        let bad = [
            ("60", "not a time"),
            ("", "not a time"),
            ("s", "not a time"),
            ("1.5s", "not a time"),
            ("5M", "not a time"),
            ("-5s", "not a time"),
            ("99999999999999999999d", "not a time"),
            ("18446744073709551615d", "not a time"),
            ("5d", "too long; expected 0s to 4d"),
        ];
        forms(|text| duration(text, seconds(0), seconds(345_600)), good, &bad);
        assert!(duration("0s", Duration::from_millis(1), seconds(60)).unwrap_err().contains("expected 1ms to 1m"));
    }

    #[test]
    fn shares_are_percent_or_fraction() {
        let good = vec![("5%", 0.05), ("0.05", 0.05), ("0", 0.0), ("0%", 0.0), ("100%", 1.0), ("2.5 %", 0.025)];
        let bad = ["5", "1", "1.5", "101%", "-1%", "%", "", "NaN", "five"].map(|text| (text, "not a share"));
        forms(share, good, &bad);
    }

    #[test]
    fn months_exist() {
        let good = vec![("2026-03", (2026, 3)), ("2025-12", (2025, 12))];
        let bad = ["2026-3", "2026-13", "2026-00", "26-03", "03-2026", "2026-03-01", "+026-03", "", "1999-12"]
            .map(|text| (text, "not a month"));
        forms(month, good, &bad);
    }

    #[test]
    fn amounts_take_indian_and_western_grouping() {
        let good = vec![
            ("0", Money(0)),
            ("481203", Money(48_120_300)),
            ("481203.5", Money(48_120_350)),
            ("₹4,81,203.50", Money(48_120_350)),
            ("₹ 4,81,20,300.00", Money(4_812_030_000)),
            ("48,120,300", Money(4_812_030_000)),
            ("-1,000.05", Money(-100_005)),
            ("999999999999999.99", Money(99_999_999_999_999_999)),
        ];
        let bad =
            ["", "₹", "1.234", "1,23", "1.", ".5", "1,2345", "12,34,56", "1e5", "1 000", "--1", "9999999999999999"]
                .map(|text| (text, "not an amount"));
        forms(amount, good, &bad);
    }

    #[test]
    fn counts_stay_within_their_limits() {
        let good = vec![("1", 1), ("10000", 10_000)];
        let bad = [
            ("0", "0 is too small; expected 1 to 10,000"),
            ("10001", "too large"),
            ("99999999999999999999999", "too large"),
            ("-1", "not a whole number"),
            ("5.0", "not a whole number"),
            ("", "not a whole number"),
        ];
        forms(|text| count(text, 1, 10_000), good, &bad);
    }

    #[test]
    fn company_ids_have_their_pattern() {
        let good = vec![("CEK0SANDBX", "CEK0SANDBX".to_owned()), (" CEK1234567 ", "CEK1234567".to_owned())];
        let bad =
            ["CEK123456", "CEK12345678", "cek1234567", "CEK12345é", "KC123456789", ""].map(|text| (text, "company id"));
        forms(company_id, good, &bad);
    }

    #[test]
    fn small_sets_take_their_members_only() {
        forms(
            hidden_rows,
            vec![("read", HiddenRows::Read), ("Skip", HiddenRows::Skip)],
            &[("no", "expected read or skip")],
        );
        forms(date_order, vec![("dmy", DateOrder::Dmy), ("YMD", DateOrder::Ymd)], &[("dym", "expected dmy")]);
        forms(boolean, vec![("true", true), ("0", false), ("Yes", true)], &[("", "neither"), ("ja", "neither")]);
        let bad =
            [("", "delimiter"), ("a", "delimiter"), ("\"", "delimiter"), (",,", "delimiter"), ("\n", "delimiter")];
        forms(delimiter, vec![(",", b','), ("tab", b'\t'), ("\\t", b'\t'), ("|", b'|')], &bad);
        forms(
            encoding,
            vec![("latin1", "windows-1252".to_owned()), ("UTF8", "UTF-8".to_owned())],
            &[("x", "encoding")],
        );
        forms(severity, vec![("note", Severity::Note)], &[("fatal", "expected error")]);
        forms(only_amount, vec![("netAmount", "netAmount".to_owned())], &[("total", "expected baseAmount")]);
        forms(
            gstin,
            vec![("27aapfu0939f1zv", "27AAPFU0939F1ZV".to_owned())],
            &[("27", "15"), ("AAAPFU0939F1ZVX", "15")],
        );
        forms(progress, vec![("never", Progress::Never)], &[("off", "expected auto")]);
        assert!(timezone("Asia/Kolkata").is_ok());
        assert!(timezone("Asia/Atlantis").unwrap_err().contains("time zone"));
    }

    #[test]
    fn a_mistyped_code_is_recognised() {
        assert_eq!(code("total-mismatch"), Ok(Code::TotalMismatch));
        assert!(code("total-missmatch").unwrap_err().contains("did you mean total-mismatch?"));
    }
}
