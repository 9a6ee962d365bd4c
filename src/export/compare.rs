//! Sheets against the API: which invoices of a month are missing there, which are there alone, and which differ.
//!
//! Pure: lines and records in, a [`Comparison`] out. Keys and content are those of the duplicate guard, compared by the
//! rules of look-ups ([`crate::send::lookup`], [`crate::send::compare`]). Leaves reading either side to the pipeline and
//! files to [`tables`]. The one rule: equal is said only where every row met exactly one record and every record a row.

pub mod tables;

use std::collections::{BTreeMap, HashSet};

use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use crate::api::Searched;
use crate::api::found::Record;
use crate::money::{Money, Total};
use crate::operation::Operation;
use crate::send::compare::{Compare, SHOWS_TOO_LITTLE, can_be_compared, days, decimal, different};
use crate::send::lookup::{FoundIndex, RecordKey, SentLine, line_key, record_keys};
use crate::send::paging::mark;
use crate::wording::count;

/// One good row of a sheet.
#[derive(Debug, Clone, Default)]
pub struct SheetLine {
    /// `invoices.xlsx[March]`.
    pub sheet: String,
    /// The spreadsheet's number.
    pub row: u32,
    /// CEK id that the invoice goes under.
    pub seller: String,
    /// The supplier's GSTIN; blank if the sheet has none.
    pub supplier_gstin: String,
    /// What the row is worth.
    pub amount: Option<Money>,
    /// The fields that would be sent.
    pub line: SentLine,
}

/// A kind of difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Kind {
    /// The sheet has it, the API does not.
    MissingAtApi,
    /// The API has it in this month, the sheet does not.
    ExtraAtApi,
    /// Both have it with another amount, date or customer.
    OtherContent,
    /// The API has the number more than once.
    TwiceAtApi,
    /// The sheet cannot be compared here.
    #[default]
    InvalidInSheet,
}

impl Kind {
    /// All, in the order of the export.
    pub const ALL: [Kind; 5] =
        [Kind::MissingAtApi, Kind::ExtraAtApi, Kind::OtherContent, Kind::TwiceAtApi, Kind::InvalidInSheet];

    /// The word in exports.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::MissingAtApi => "missing-at-api",
            Kind::ExtraAtApi => "extra-at-api",
            Kind::OtherContent => "other-content",
            Kind::TwiceAtApi => "twice-at-api",
            Kind::InvalidInSheet => "invalid-in-sheet",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Kind::MissingAtApi => "missing at the API",
            Kind::ExtraAtApi => "at the API alone",
            Kind::OtherContent => "with other content",
            Kind::TwiceAtApi => "more than once at the API",
            Kind::InvalidInSheet => "invalid in the sheet and not compared",
        }
    }
}

/// One difference; an invoice of which several fields differ has several.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Difference {
    /// What kind.
    pub kind: Kind,
    /// Number of the invoice.
    pub number: String,
    /// Its customer.
    pub customer_id: String,
    /// The field that differs.
    pub field: String,
    /// What the sheet says of it.
    pub sheet_value: String,
    /// What the API says of it.
    pub api_value: String,
    /// The sheet; blank where it does not have the invoice.
    pub sheet: String,
    /// Its row; 0 where it does not have the invoice.
    pub row: u32,
    /// The API's ids of the invoice.
    pub invoice_id: String,
    /// CEK id.
    pub seller: String,
    /// The supplier's GSTIN.
    pub supplier_gstin: String,
    /// The date of the invoice.
    pub date: String,
    /// What the invoice is worth, in the sheet where it has it.
    pub amount: String,
}

/// Rows and rupees of both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sums {
    /// Rows of the sheets.
    pub sheet_rows: u64,
    /// Their rupees.
    pub sheet_total: Total,
    /// Invoices at the API.
    pub api_rows: u64,
    /// Their rupees.
    pub api_total: Total,
}

/// What a comparison came to.
#[derive(Debug, Clone, Default)]
pub struct Comparison {
    /// The month.
    pub month: (i16, i8),
    /// All differences, by kind, then sheet and row.
    pub differences: Vec<Difference>,
    /// Rows and rupees by seller and supplier GSTIN.
    pub groups: BTreeMap<(String, String), Sums>,
    /// Records without a date, which belong to no month.
    pub undated: u64,
    /// Rows of the sheets that are dated in another month, which are left out.
    pub other_months: u64,
    /// Sheets that could not be read.
    pub refused: usize,
}

/// Which records of the API are looked at: those of the month, and those with the key of a line whenever they are dated.
#[derive(Debug)]
pub struct Wanted {
    month: (i16, i8),
    keys: HashSet<RecordKey>,
    timezone: TimeZone,
}

impl Wanted {
    /// Those that some lines may be.
    pub fn new(operation: &Operation, lines: &[SheetLine], month: (i16, i8), timezone: &TimeZone) -> Wanted {
        let keys = lines.iter().filter_map(|line| line_key(operation, &line.line)).collect();
        Wanted { month, keys, timezone: timezone.clone() }
    }

    /// Whether a record is.
    pub fn takes(&self, operation: &Operation, record: &Record) -> bool {
        is_of_month(record, self.month, &self.timezone)
            || record_keys(operation, record).iter().any(|key| self.keys.contains(key))
    }
}

/// Whether an invoice is dated in a month; one whose stamp can be read as two days is, if either is.
fn is_of_month(record: &Record, (year, month): (i16, i8), timezone: &TimeZone) -> bool {
    let days = record.text("invoiceDate").map(|date| days(&date, timezone)).unwrap_or_default();
    days.iter().any(|day| (day.year(), day.month()) == (year, month))
}

/// Holds lines against records; `invalid` are rows that cannot be compared.
pub fn compare(
    operation: &Operation,
    lines: &[SheetLine],
    invalid: Vec<Difference>,
    records: Vec<Record>,
    month: (i16, i8),
    timezone: &TimeZone,
) -> Comparison {
    let found = FoundIndex::new(operation, records, timezone);
    let mut comparing = Comparing {
        operation,
        found: &found,
        timezone,
        met: HashSet::new(),
        comparison: Comparison { month, differences: invalid, ..Comparison::default() },
    };
    for line in lines {
        comparing.line(line);
    }
    let lone = lone_gstins(lines);
    for record in found.records() {
        if !comparing.met.contains(&mark(Searched::Invoices, record)) && is_of_month(record, month, timezone) {
            comparing.extra(record, &lone);
        }
    }
    let mut comparison = comparing.comparison;
    comparison.differences.sort_by(|a, b| {
        (a.kind, &a.sheet, a.row, &a.number, &a.invoice_id).cmp(&(b.kind, &b.sheet, b.row, &b.number, &b.invoice_id))
    });
    comparison
}

/// The supplier GSTIN of sellers that have just one in the sheets; the API does not show it.
fn lone_gstins(lines: &[SheetLine]) -> BTreeMap<&str, &str> {
    let mut of_seller: BTreeMap<&str, HashSet<&str>> = BTreeMap::new();
    for line in lines {
        of_seller.entry(&line.seller).or_default().insert(&line.supplier_gstin);
    }
    let lone = of_seller.into_iter().filter(|(_, gstins)| gstins.len() == 1);
    lone.filter_map(|(seller, gstins)| Some((seller, gstins.into_iter().next()?))).collect()
}

struct Comparing<'a> {
    operation: &'a Operation,
    found: &'a FoundIndex,
    timezone: &'a TimeZone,
    /// Records that some line met.
    met: HashSet<String>,
    comparison: Comparison,
}

impl Comparing<'_> {
    fn line(&mut self, line: &SheetLine) {
        let group = (line.seller.clone(), line.supplier_gstin.clone());
        let sums = self.comparison.groups.entry(group.clone()).or_default();
        sums.sheet_rows += 1;
        sums.sheet_total += line.amount.unwrap_or_default();
        let records: Vec<&Record> = self.found.with_key(self.operation, &line.seller, &line.line).collect();
        for record in &records {
            // Two rows that meet the same record count it once.
            if self.met.insert(mark(Searched::Invoices, record)) {
                sums.api_rows += 1;
                sums.api_total += worth(record).unwrap_or_default();
            }
        }
        let ids = || records.iter().filter_map(|record| record.text("invoiceId")).collect::<Vec<_>>().join(", ");
        if records.is_empty() {
            self.comparison.differences.push(of_line(line, Kind::MissingAtApi));
        }
        if records.len() > 1 {
            let difference = of_line(line, Kind::TwiceAtApi);
            self.comparison.differences.push(Difference { invoice_id: ids(), ..difference });
        }
        let differing = records.iter().map(|record| (record, self.different(line, record)));
        // Among several records the one that differs least is the line's.
        if let Some((record, fields)) = differing.min_by_key(|(_, fields)| fields.len()) {
            for (field, sheet_value, api_value) in fields {
                let invoice_id = record.text("invoiceId").unwrap_or_default();
                let difference = of_line(line, Kind::OtherContent);
                self.comparison.differences.push(Difference {
                    field,
                    sheet_value,
                    api_value,
                    invoice_id,
                    ..difference
                });
            }
        }
    }

    /// Fields with what either side says of them.
    fn different(&self, line: &SheetLine, record: &Record) -> Vec<(String, String, String)> {
        if !can_be_compared(self.operation, &line.line, record) {
            return vec![(String::new(), String::new(), SHOWS_TOO_LITTLE.to_owned())];
        }
        let different = different(self.operation, &line.line, record, Compare::Content, self.timezone);
        different.into_iter().map(|it| (it.field.to_owned(), it.sent, it.found)).collect()
    }

    fn extra(&mut self, record: &Record, lone: &BTreeMap<&str, &str>) {
        let text = |name: &str| record.text(name).unwrap_or_default();
        let seller = text("sellerId");
        let supplier_gstin = lone.get(seller.as_str()).map(|gstin| (*gstin).to_owned()).unwrap_or_default();
        let sums = self.comparison.groups.entry((seller.clone(), supplier_gstin.clone())).or_default();
        sums.api_rows += 1;
        sums.api_total += worth(record).unwrap_or_default();
        self.comparison.differences.push(Difference {
            kind: Kind::ExtraAtApi,
            number: text("invoiceNumber"),
            customer_id: text("customerId"),
            invoice_id: text("invoiceId"),
            seller,
            supplier_gstin,
            date: text("invoiceDate"),
            amount: worth(record).map(|amount| amount.to_string()).unwrap_or_default(),
            ..Difference::default()
        });
    }
}

/// A difference about a line, before what differs is said.
fn of_line(line: &SheetLine, kind: Kind) -> Difference {
    let cell = |name: &str| line.line.cell(name).unwrap_or_default().to_owned();
    Difference {
        kind,
        number: cell("invoiceNumber"),
        customer_id: cell("customerId"),
        sheet: line.sheet.clone(),
        row: line.row,
        seller: line.seller.clone(),
        supplier_gstin: line.supplier_gstin.clone(),
        date: cell("invoiceDate"),
        amount: line.amount.map(|amount| amount.to_string()).unwrap_or_default(),
        ..Difference::default()
    }
}

/// What a record is worth: its total, else its base amount.
fn worth(record: &Record) -> Option<Money> {
    let amount = record.text("netAmount").or_else(|| record.text("baseAmount"))?;
    (decimal(&amount)?.checked_mul(Decimal::ONE_HUNDRED)?).round().to_i64().map(Money)
}

impl Comparison {
    /// Whether both sides are the same.
    pub fn is_equal(&self) -> bool {
        self.differences.is_empty() && self.refused == 0 && self.undated == 0
    }

    /// Both sides over all sellers.
    pub fn sums(&self) -> Sums {
        let mut all = Sums::default();
        for sums in self.groups.values() {
            all.sheet_rows += sums.sheet_rows;
            all.sheet_total += sums.sheet_total;
            all.api_rows += sums.api_rows;
            all.api_total += sums.api_total;
        }
        all
    }

    /// What came of it, in a sentence.
    pub fn verdict(&self) -> String {
        let mut verdict = self.sentence();
        if self.other_months > 0 {
            verdict += "; ";
            verdict += &count(self.other_months, "row");
            verdict += " of other months left out";
        }
        verdict
    }

    fn sentence(&self) -> String {
        let sums = self.sums();
        let month = format!("{}-{:02}", self.month.0, self.month.1);
        if self.is_equal() {
            let invoices = count(sums.sheet_rows, "invoice");
            return format!(
                "equal: {invoices} of {month} ({}), the same at the API as in the sheet",
                sums.sheet_total.rupees()
            );
        }
        let mut parts: Vec<String> = Kind::ALL
            .into_iter()
            .map(|kind| (kind, self.invoices(kind)))
            .filter(|(_, invoices)| *invoices > 0)
            .map(|(kind, invoices)| format!("{} {}", count(invoices, "invoice"), kind.words()))
            .collect();
        if self.refused > 0 {
            parts.push(format!("{} not read", count(self.refused as u64, "sheet")));
        }
        if self.undated > 0 {
            parts.push(format!("{} at the API without a date", count(self.undated, "invoice")));
        }
        format!(
            "different in {month}: {}; the sheet has {} ({}), the API {} ({})",
            parts.join(", "),
            count(sums.sheet_rows, "invoice"),
            sums.sheet_total.rupees(),
            count(sums.api_rows, "invoice"),
            sums.api_total.rupees()
        )
    }

    /// Invoices that have a difference of a kind.
    fn invoices(&self, kind: Kind) -> u64 {
        let of_kind = self.differences.iter().filter(|it| it.kind == kind);
        of_kind.map(|it| (&it.sheet, it.row, &it.invoice_id)).collect::<HashSet<_>>().len() as u64
    }

    /// Rows and rupees of each seller and supplier GSTIN, a line each.
    pub fn totals(&self) -> Vec<String> {
        let line = |((seller, gstin), sums): (&(String, String), &Sums)| {
            let seller = if seller.is_empty() { "no seller" } else { seller };
            let gstin = if gstin.is_empty() { "no supplier GSTIN" } else { gstin };
            format!(
                "{seller}, {gstin}: sheet {} ({}), API {} ({})",
                count(sums.sheet_rows, "invoice"),
                sums.sheet_total.rupees(),
                count(sums.api_rows, "invoice"),
                sums.api_total.rupees()
            )
        };
        self.groups.iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::send::lookup::sent_lines;

    const MARCH: (i16, i8) = (2026, 3);

    fn line(row: u32, number: &str, date: &str, net: &str) -> SheetLine {
        let text = format!("invoiceNumber,customerId,invoiceDate,netAmount\n{number},KC1,{date},{net}\n");
        let paise = net.replace('.', "").parse().unwrap();
        SheetLine {
            sheet: "a.csv".to_owned(),
            row,
            seller: "CEK1".to_owned(),
            supplier_gstin: "G1".to_owned(),
            amount: Some(Money(paise)),
            line: sent_lines(text.as_bytes()).remove(0),
        }
    }

    fn record(id: &str, number: &str, date: &str, net: &str) -> Record {
        let text = format!(
            r#"{{"invoiceId":"{id}","invoiceNumber":"{number}","customerId":"KC1","sellerId":"CEK1","invoiceDate":"{date}","netAmount":{net}}}"#
        );
        let Ok(Value::Object(object)) = serde_json::from_str(&text) else { panic!("{text}") };
        Record(object)
    }

    /// The differences in short, and the verdict.
    fn told(lines: &[SheetLine], records: Vec<Record>) -> (String, String) {
        let operation = Operation::by_name("invoices create").unwrap();
        let zone = TimeZone::get("Asia/Kolkata").unwrap();
        let wanted = Wanted::new(operation, lines, MARCH, &zone);
        let records = records.into_iter().filter(|record| wanted.takes(operation, record)).collect();
        let comparison = compare(operation, lines, Vec::new(), records, MARCH, &zone);
        let words = comparison
            .differences
            .iter()
            .map(|it| format!("{} {} {} {}>{}", it.kind.as_str(), it.number, it.field, it.sheet_value, it.api_value));
        (words.collect::<Vec<_>>().join("; "), comparison.verdict())
    }

    #[test]
    fn both_directions_amounts_dates_and_doubles_are_told() {
        let lines = [
            line(2, "A-1", "2026-03-01", "118.00"),
            line(3, "A-2", "2026-03-02", "118.00"),
            line(4, "A-3", "2026-03-31", "118.00"),
            line(5, "A-4", "2026-03-04", "118.00"),
            line(6, "A-5", "2026-03-05", "118.00"),
        ];
        let (differences, verdict) = told(
            &lines,
            vec![
                record("I1", "a-1", "2026-03-01T00:00:00Z", "118"),
                record("I2", "A-2", "2026-03-02", "119.50"),
                // The next month, in the same financial year only where it is February.
                record("I3", "A-3", "2026-02-28", "118.00"),
                record("I4", "A-4", "2026-03-04", "118.00"),
                record("I5", "A-4", "2026-03-04", "118.00"),
                record("I6", "B-1", "2026-03-09", "50.00"),
                record("I7", "B-2", "2026-04-09", "70.00"),
            ],
        );
        assert_eq!(
            differences,
            "missing-at-api A-5  >; extra-at-api B-1  >; other-content A-2 netAmount 118.00>119.50; \
             other-content A-3 invoiceDate 2026-03-31>2026-02-28; twice-at-api A-4  >"
        );
        assert_eq!(
            verdict,
            "different in 2026-03: 1 invoice missing at the API, 1 invoice at the API alone, 2 invoices with other content, \
             1 invoice more than once at the API; the sheet has 5 invoices (₹590.00), the API 6 invoices (₹641.50)"
        );
    }

    #[test]
    fn equal_is_said_only_where_nothing_is_open() {
        let lines = [line(2, "A-1", "2026-03-01", "118.00")];
        let equal = vec![record("I1", "A-1", "2026-02-28T18:30:00Z", "118.0")];
        let (differences, verdict) = told(&lines, equal.clone());
        assert_eq!(
            (differences.as_str(), verdict.as_str()),
            ("", "equal: 1 invoice of 2026-03 (₹118.00), the same at the API as in the sheet")
        );
        let operation = Operation::by_name("invoices create").unwrap();
        let mut comparison =
            compare(operation, &lines, Vec::new(), equal, MARCH, &TimeZone::get("Asia/Kolkata").unwrap());
        comparison.refused = 1;
        assert!(comparison.verdict().contains("1 sheet not read"), "{}", comparison.verdict());
        (comparison.refused, comparison.undated) = (0, 2);
        assert!(!comparison.is_equal());
        (comparison.undated, comparison.other_months) = (0, 3);
        let verdict = comparison.verdict();
        assert!(verdict.starts_with("equal: ") && verdict.ends_with("; 3 rows of other months left out"), "{verdict}");
        // Nothing on either side is equal, too.
        assert_eq!(told(&[], Vec::new()).0, "");
    }

    #[test]
    fn the_number_of_another_seller_or_financial_year_is_another_invoice() {
        let lines = [line(2, "A-1", "2026-03-01", "118.00")];
        let mut other = record("I1", "A-1", "2026-03-01", "118.00");
        other.0.insert("sellerId".to_owned(), json!("CEK2"));
        let (differences, _) = told(&lines, vec![other, record("I2", "A-1", "2025-03-01", "118.00")]);
        assert_eq!(differences, "missing-at-api A-1  >; extra-at-api A-1  >");
    }
}
