//! Rules of GST that only warn: rates by date, cess, the state of a supply, how a customer is registered.
//!
//! Pure. Leaves amounts that contradict each other to [`super::invoice`]. The one rule: rates and states change by
//! notification and have exceptions that no sheet shows, so nothing here makes a row invalid by itself.

use jiff::civil::{Date, date};

use super::Findings;
use super::cells::Row;
use super::value::{State, state_code};
use crate::finding::{Code, quote};
use crate::sheet::RowBlock;

/// Rates of IGST in thousandths of a percent.
const RATES: [i64; 13] = [0, 100, 250, 1_000, 1_500, 3_000, 5_000, 6_000, 7_500, 12_000, 18_000, 28_000, 40_000];

/// From this day the slabs of 12 % and 28 % are gone but for a few goods, and that of 40 % exists.
const NEW_SLABS: Date = date(2025, 9, 22);

/// From this day the special scheme of 6 % for bricks and tiles exists.
const BRICK_SCHEME: Date = date(2022, 4, 1);

/// From this day TCS of 0.1 % on the sale of goods is gone.
const TCS_ENDED: Date = date(2025, 4, 1);

/// How far tax may be from the rate's, in paise for each tax head.
const HEAD_TOLERANCE: i128 = 100;

/// Rates, cess and the state of supply of an invoice row; `fractions` says that the sheet writes 18 % as 0.18.
pub(super) fn check_invoice(row: &Row<'_>, fractions: bool, findings: &mut Findings<'_>) {
    check_rate(row, fractions, findings);
    check_ended(row, findings);
    check_place(row, findings);
    check_treatment(row, &["customerGstin"], findings);
}

/// The state and the registration of a customer row.
pub(super) fn check_customer(row: &Row<'_>, findings: &mut Findings<'_>) {
    let number = if row.is_blank("gstin") { "panOrGstin" } else { "gstin" };
    let (gstin, place) = (row.text(number), row.text("state"));
    if gstin.len() == 15
        && let (Some(registered), Some(given)) = (state_code(&gstin[..2]), state_code(place))
        && !is_same_place(registered, given)
    {
        let message = format!("{} is not {}, the state of the GSTIN {gstin}", quote(place), registered.name);
        row.report(findings, Code::StateDiffersFromGstin, "state", message);
    }
    check_treatment(row, &["gstin", "panOrGstin"], findings);
}

/// Whether the rates of a column are fractions of one: all of them at most 0.4, and a hundred times each a rate.
pub(super) fn are_fractions(block: &RowBlock, column: usize) -> bool {
    let mut any = false;
    (0..block.len()).map(|row| block.text(row, column).trim()).filter(|text| !text.is_empty()).all(|text| {
        let Some(rate) = parse_decimal(text) else { return false };
        any |= rate > 0;
        rate <= 400 && RATES.contains(&(rate * 100))
    }) && any
}

fn check_rate(row: &Row<'_>, fractions: bool, findings: &mut Findings<'_>) {
    let text = row.text("taxRate");
    let Some(rate) = read_rate(text) else { return };
    let rate = if fractions { rate * 100 } else { rate };
    if !RATES.contains(&rate) {
        let below = RATES.iter().rev().find(|known| **known < rate);
        let above = RATES.iter().find(|known| **known > rate);
        let nearest: Vec<String> = below.into_iter().chain(above).map(|known| percent(*known)).collect();
        let message = format!("{} is no rate of GST; the nearest are {}", quote(text), nearest.join(" and "));
        return row.report(findings, Code::RateUnlisted, "taxRate", message);
    }
    if let Some(issued) = row.date("invoiceDate")
        && let Some(why) = superseded(rate, issued)
        && !is_debit_note(row.text("documentType"))
    {
        let message = format!("{} {why}; the invoice is dated {issued}", percent(rate));
        row.report(findings, Code::RateSuperseded, "taxRate", message);
    }
    check_tax(row, rate, findings);
}

/// Why a rate did not hold on a day.
fn superseded(rate: i64, issued: Date) -> Option<String> {
    match rate {
        12_000 | 28_000 if issued >= NEW_SLABS => Some(format!("ended on {NEW_SLABS} for nearly everything")),
        40_000 if issued < NEW_SLABS => Some(format!("began on {NEW_SLABS}")),
        6_000 if issued < BRICK_SCHEME => Some(format!("began on {BRICK_SCHEME}")),
        _ => None,
    }
}

/// Whether a document goes by the date of its invoice, which the sheet does not show.
fn is_debit_note(kind: &str) -> bool {
    let kind = kind.to_lowercase();
    kind.contains("debit") || kind == "dbn"
}

/// Whether the tax is what the rate makes of the taxable value.
fn check_tax(row: &Row<'_>, rate: i64, findings: &mut Findings<'_>) {
    let heads = ["cgst", "sgst", "igst"];
    let given = heads.map(|name| row.amount(name).map_or(0, |tax| i128::from(tax.0)));
    let Some(base) = row.amount("baseAmount") else { return };
    let tax: i128 = given.iter().sum();
    // No tax at all is an export, a supply to an SEZ or one under reverse charge.
    if tax == 0 || row.truth("gstExclusive") == Some(false) || heads.iter().any(|name| row.is_bad(name)) {
        return;
    }
    let filled = given.iter().filter(|tax| **tax != 0).count() as i128;
    let expected = i128::from(base.0) * i128::from(rate);
    if (expected - tax * 100_000).abs() > HEAD_TOLERANCE * filled * 100_000 {
        let expected = crate::money::Total((expected + 50_000).div_euclid(100_000));
        let message =
            format!("{} of {base} is {expected}, but the tax heads make {}", percent(rate), crate::money::Total(tax));
        row.report(findings, Code::TaxNotByRate, "taxRate", message);
    }
}

/// Charges that the law has ended.
fn check_ended(row: &Row<'_>, findings: &mut Findings<'_>) {
    let Some(issued) = row.date("invoiceDate") else { return };
    if row.amount("cess").is_some_and(|cess| cess.0 != 0) && issued >= NEW_SLABS {
        let message = format!("cess ended on {NEW_SLABS}, for tobacco on 2026-02-01; the invoice is dated {issued}");
        row.report(findings, Code::ChargeEnded, "cess", message);
    }
    let (tcs, total) = (row.amount("tcs").unwrap_or_default().0, row.amount("netAmount").unwrap_or_default().0);
    let is_goods = tcs > 0 && (i128::from(tcs) * 1000 - i128::from(total)).abs() <= i128::from(total) / 50;
    if is_goods && issued >= TCS_ENDED {
        let message = format!("TCS of 0.1 % on goods ended on {TCS_ENDED}; the invoice is dated {issued}");
        row.report(findings, Code::ChargeEnded, "tcs", message);
    }
}

/// Whether the tax heads are those of a supply from the supplier's state to the place of supply.
fn check_place(row: &Row<'_>, findings: &mut Findings<'_>) {
    let (supplier, place) = (row.text("supplierGstin"), row.text("placeOfSupply"));
    let Some(from) = supplier.get(..2).and_then(state_code) else { return };
    let Some(to) = state_code(place) else { return };
    let amount = |name| row.amount(name).unwrap_or_default().0;
    let (igst, local) = (amount("igst") != 0, amount("cgst") != 0 || amount("sgst") != 0);
    if igst == local {
        return;
    }
    let told = [row.text("gstTreatment"), row.text("documentType")];
    // Such a supply counts as one between states wherever the customer is.
    let always_igst = || ["sez", "igst", "overseas", "export", "deemed"].iter().any(|word| says(told, word));
    let between = to.code == "96" || !is_same_place(from, to) || always_igst();
    if between == local && !says(told, "deemed") {
        let (due, given) = if between { ("IGST", "CGST and SGST") } else { ("CGST and SGST", "IGST") };
        let message =
            format!("{} and a supplier in {} call for {due}, but the row has {given}", quote(place), from.name);
        row.report(findings, Code::TaxHeadsOtherState, "placeOfSupply", message);
    }
}

/// Whether the sheet calls a customer with a GSTIN a consumer, or one without registered.
fn check_treatment(row: &Row<'_>, numbers: &[&str], findings: &mut Findings<'_>) {
    let text = row.text("gstTreatment");
    if text.is_empty() {
        return;
    }
    let plain = text.to_lowercase().replace(['_', '-'], " ");
    let consumer = ["consumer", "unregistered", "business none", "b2c"].iter().any(|word| plain.contains(word));
    let registered = !consumer
        && ["registered", "regular", "composition", "business gst", "b2b"].iter().any(|word| plain.contains(word));
    let gstin = numbers.iter().map(|name| row.text(name)).find(|text| text.len() == 15).unwrap_or_default();
    let known = numbers.iter().any(|name| !row.is_unmapped(name)) && !numbers.iter().any(|name| row.is_bad(name));
    if consumer && !gstin.is_empty() {
        let message = format!("{} stands beside the GSTIN {gstin}; who has one is registered", quote(text));
        row.report(findings, Code::GstTreatmentMismatch, "gstTreatment", message);
    } else if registered && gstin.is_empty() && known {
        let message = format!("{} stands beside no GSTIN; who is registered has one", quote(text));
        row.report(findings, Code::GstTreatmentMismatch, "gstTreatment", message);
    }
}

/// Whether one of the texts has a word in it, in letters of either case.
fn says(texts: [&str; 2], word: &str) -> bool {
    let first = word.as_bytes()[0];
    texts.iter().any(|text| {
        let mut windows = text.as_bytes().windows(word.len());
        windows.any(|part| part[0].eq_ignore_ascii_case(&first) && part.eq_ignore_ascii_case(word.as_bytes()))
    })
}

/// Whether two codes are one state: divided and merged ones keep their old codes on old numbers.
fn is_same_place(one: &State, other: &State) -> bool {
    let today = |code| match code {
        "25" => "26",
        "28" => "37",
        code => code,
    };
    today(one.code) == today(other.code)
}

fn percent(rate: i64) -> String {
    let decimals = format!("{:03}", rate % 1000);
    let decimals = decimals.trim_end_matches('0');
    let point = if decimals.is_empty() { "" } else { "." };
    format!("{}{point}{decimals} %", rate / 1000)
}

/// The rate of a cell in thousandths of a percent: `18`, `18%`, `GST 18%`, `9%+9%`; none for words such as `Exempt`.
fn read_rate(text: &str) -> Option<i64> {
    let number = text.strip_suffix('%').unwrap_or(text);
    if number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return parse_decimal(number);
    }
    let mut sum = 0_i64;
    for part in text.split('+') {
        let bare: String = part.chars().filter(|letter| !letter.is_whitespace() && !"%@".contains(*letter)).collect();
        let lower = bare.to_lowercase();
        let words = ["igst", "cgst", "sgst", "utgst", "gst"];
        let rest = words.iter().find_map(|word| lower.strip_prefix(word).or_else(|| lower.strip_suffix(word)));
        sum = sum.checked_add(parse_decimal(rest.unwrap_or(&lower))?)?;
    }
    Some(sum)
}

/// Thousandths of a decimal with at most three digits behind the point, zeros not counted.
fn parse_decimal(text: &str) -> Option<i64> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let decimals = decimals.trim_end_matches('0');
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    // Limit: a rate has at most three digits on either side.
    if whole.is_empty() || whole.len() > 3 || decimals.len() > 3 || !digits(whole) || !digits(decimals) {
        return None;
    }
    let number = |digits: &str| digits.bytes().fold(0, |number, digit| number * 10 + i64::from(digit - b'0'));
    Some(number(whole) * 1000 + number(decimals) * 10_i64.pow(3 - decimals.len() as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_in_their_spellings() {
        for (text, rate) in [
            ("18", Some(18_000)),
            ("18%", Some(18_000)),
            ("18.00", Some(18_000)),
            ("18 %", Some(18_000)),
            ("GST18", Some(18_000)),
            ("GST 18%", Some(18_000)),
            ("IGST18", Some(18_000)),
            ("18% GST", Some(18_000)),
            ("GST @ 18%", Some(18_000)),
            ("9%+9%", Some(18_000)),
            ("CGST 9% + SGST 9%", Some(18_000)),
            ("0.18", Some(180)),
            ("0.125", Some(125)),
            ("0", Some(0)),
            ("Exempt", None),
            ("Nil", None),
            ("NA", None),
            ("Non-GST", None),
            ("", None),
            ("18,5", None),
            ("-18", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(read_rate(text), rate, "{text}");
        }
        assert_eq!([0, 250, 7_500, 18_000].map(percent), ["0 %", "0.25 %", "7.5 %", "18 %"]);
    }

    #[test]
    fn a_column_of_small_rates_is_one_of_fractions() {
        for (cells, fractions) in [
            ("0.18|0.05|0", true),
            ("0.18|0.18", true),
            ("0.18||0.28", true),
            ("0.18|18", false),
            ("0.25|0.25", false),
            ("0|0", false),
            ("0.1|0.25", false),
            ("18%", false),
            ("", false),
        ] {
            let mut block = RowBlock::new(1);
            for (number, cell) in cells.split('|').enumerate() {
                block.push_cell(cell, crate::sheet::CellKind::Text);
                block.finish_row(number as u32 + 2, 0);
            }
            assert_eq!(are_fractions(&block, 0), fractions, "{cells}");
        }
    }
}
