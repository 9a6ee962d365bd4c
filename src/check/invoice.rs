//! The rules between the cells of an invoice row.

use compact_str::CompactString;
use jiff::ToSpan as _;
use jiff::civil::{Date, date};

use super::cells::{Row, Value};
use super::record::Labels;
use super::sums::{self, Parts};
use super::value::plain_date;
use super::{Findings, Rules, value};
use crate::directory::{CustomerRef, Resolution};
use crate::finding::{Code, quote};
use crate::money::Total;
use crate::operation::is_customer_id;
use crate::outcome::Amounts;

/// First day of GST; no invoice before it carries any.
const GST_START: Date = date(2017, 7, 1);

/// Limit: nobody asks for money of an older invoice through this API; the ledger keeps less.
const OLDEST_YEARS: i32 = 10;

// Limit: a taxable value has at most eleven digits before the point in a GST return; in paise.
const TAXABLE_LIMIT: i64 = 10_i64.pow(13);

/// The amounts of a row as far as they can be read.
pub(super) fn amounts(row: &Row<'_>) -> Amounts {
    let bad = || ["baseAmount", "cgst", "sgst", "igst", "netAmount"].iter().any(|name| row.is_bad(name));
    Amounts {
        taxable: row.amount("baseAmount"),
        cgst: row.amount("cgst"),
        sgst: row.amount("sgst"),
        igst: row.amount("igst"),
        total: row.amount("netAmount"),
        unreadable: row.may_be_bad() && bad(),
    }
}

/// Everything between the cells: customer, seller, dates, tax heads, sums.
pub(super) fn check(row: &mut Row<'_>, rules: &Rules<'_>, labels: &mut Labels, findings: &mut Findings<'_>) {
    find_customer(row, rules, findings);
    find_seller(row, rules, labels, findings);
    fill_due_date(row);
    check_dates(row, rules, findings);
    check_currency(row, findings);
    check_tax_heads(row, findings);
    check_size(row, findings);
    check_sum(row, findings);
    labels.supplier_gstin = CompactString::new(row.text("supplierGstin"));
    let customer = row.text("customerId");
    match row.date("invoiceDate") {
        Some(date) => {
            let date = plain_date(date);
            labels.month = CompactString::new(&date.as_str()[..7]);
            labels.document = CompactString::with_capacity(date.as_str().len() + 1 + customer.len());
            for part in [date.as_str(), " ", customer] {
                labels.document.push_str(part);
            }
        }
        None => labels.document = CompactString::new(customer),
    }
}

/// Puts the customer's id where the row names its customer in another way.
fn find_customer(row: &mut Row<'_>, rules: &Rules<'_>, findings: &mut Findings<'_>) {
    let sources = ["customerId", "customerCode", "customerGstin", "customerName"];
    resolve_customer(row, sources, rules, findings);
}

/// Puts the customer's id where the fields that name id, code, GSTIN and name lead to exactly one customer.
pub(super) fn resolve_customer(
    row: &mut Row<'_>,
    sources: [&'static str; 4],
    rules: &Rules<'_>,
    findings: &mut Findings<'_>,
) {
    if row.may_be_bad() && sources.iter().any(|name| row.is_bad(name)) {
        // Whom the row is for cannot be told while one of these cells is unusable.
        row.set("customerId", Value::Bad);
        return;
    }
    if rules.directory.entries().is_empty() && is_customer_id(row.text(sources[0])) {
        // Nobody is known, so that no other cell can speak against the id.
        return;
    }
    let [id, code, gstin, name] = sources.map(|source| row.text(source));
    // An id typed in small letters or with blanks is still one.
    let plain_id = value::customer_id(id);
    let id = plain_id.as_ref().map_or(id, |plain| plain.as_str());
    let given = sources.iter().copied().find(|name| !row.is_blank(name)).unwrap_or("customerId");
    let column = row.column_of(given);
    let mut bad = |code: Code, message: String, hint: &str| {
        findings.add(code, given, column, message, (!hint.is_empty()).then(|| hint.to_owned()));
        Value::Bad
    };
    let value = match rules.directory.resolve(&CustomerRef { id, code, gstin, name }) {
        Resolution::Found(found) if found == row.text("customerId") => return,
        Resolution::Found(id) => Value::Text(id.to_owned().into()),
        Resolution::Missing => bad(
            Code::CustomerMissing,
            "is blank, and so are code, GSTIN and name: which customer is it for?".to_owned(),
            "",
        ),
        Resolution::NotFound { by } => bad(
            Code::CustomerNotFound,
            format!("{}: the directory has no customer with this {by}", quote(row.text(given))),
            "run \"arload customers pull\", or pass --customers FILE with customer_id, code, gstin and legal_name, or give the KC id",
        ),
        Resolution::Ambiguous { candidates } => bad(
            Code::CustomerAmbiguous,
            format!("{}: several customers fit: {}", quote(row.text(given)), candidates.join(", ")),
            "give the KC id or the code",
        ),
        Resolution::Contradiction { first, first_id, second, second_id } => bad(
            Code::CustomerContradiction,
            format!("the {first} names {first_id}, but the {second} names {second_id}"),
            "mend the cell that is wrong",
        ),
    };
    row.set("customerId", value);
}

/// Finds the CEK id that the row goes under: its own seller id, else the supplier's GSTIN, else the profile's seller.
pub(super) fn find_seller(row: &Row<'_>, rules: &Rules<'_>, labels: &mut Labels, findings: &mut Findings<'_>) {
    if row.is_bad("sellerId") || row.is_bad("supplierGstin") {
        return;
    }
    let (own, gstin) = (row.text("sellerId"), row.text("supplierGstin"));
    let listed = rules.company.sellers.get(gstin);
    if !own.is_empty() {
        labels.account_id = CompactString::new(own);
        if let Some(listed) = listed.filter(|listed| *listed != own) {
            let message = format!("{} goes with {listed} in the profile, but the row's seller is {own}", quote(gstin));
            row.report(findings, Code::SellerUnlisted, "supplierGstin", message);
        }
    } else if let Some(listed) = listed {
        labels.account_id = CompactString::new(listed);
    } else if !gstin.is_empty() {
        let hint = format!("add \"{gstin}\" = \"CEK...\" under sellers in the profile");
        let message = format!("{} is not listed under sellers in the profile", quote(gstin));
        findings.add(Code::SellerUnlisted, "supplierGstin", row.column_of("supplierGstin"), message, Some(hint));
    } else if let Some(seller) = &rules.company.seller_id {
        labels.account_id = CompactString::new(seller);
    } else if !rules.company.sellers.is_empty() {
        // A dry run needs no account, and without one there is no seller to miss.
        let hint = Some("set seller-id in the profile, or map a column to sellerId or supplierGstin".to_owned());
        findings.add(
            Code::RequiredMissing,
            "sellerId",
            None,
            "the row names no seller and the profile has several",
            hint,
        );
    }
}

fn fill_due_date(row: &mut Row<'_>) {
    if !row.is_blank("dueDate") || row.is_blank("creditDays") {
        return;
    }
    let due = match (row.date("invoiceDate"), row.value("creditDays")) {
        (Some(date), Value::Days(days)) => date.checked_add(i64::from(*days).days()).ok(),
        _ => None,
    };
    // Without a date to count from, or days to count, that cell alone is to be mended.
    row.set("dueDate", due.map_or(Value::Bad, Value::Date));
}

fn check_dates(row: &Row<'_>, rules: &Rules<'_>, findings: &mut Findings<'_>) {
    let Some(issued) = row.date("invoiceDate") else { return };
    // A day is left for invoices written across time zones.
    if issued > rules.today && issued > rules.today.saturating_add(1.day()) {
        let message = format!("{} lies after today, {}", issued, rules.today);
        row.report(findings, Code::DateFuture, "invoiceDate", message);
    }
    let taxed = || ["cgst", "sgst", "igst"].iter().any(|name| row.amount(name).is_some_and(|tax| tax.0 > 0));
    if issued < GST_START && taxed() {
        row.report(
            findings,
            Code::DateBeforeGst,
            "invoiceDate",
            format!("{issued} lies before GST began on {GST_START}"),
        );
    } else if issued < rules.today.saturating_sub(OLDEST_YEARS.years()) {
        // `26-04-01` is a day of 2001 where days stand first, and 13/04/1926 a slip of the finger.
        let message = format!("{issued} lies more than {OLDEST_YEARS} years back: are its year and its order right?");
        row.report(findings, Code::DateOutOfRange, "invoiceDate", message);
    }
    if let Some(due) = row.date("dueDate").filter(|due| *due < issued) {
        row.report(findings, Code::DueBeforeInvoice, "dueDate", format!("{due} lies before the invoice date {issued}"));
    }
    if let Some((year, month)) = rules.period
        && (issued.year(), issued.month()) != (year, month)
    {
        let message = format!("{issued} lies outside --period {year:04}-{month:02}");
        row.report(findings, Code::OutsidePeriod, "invoiceDate", message);
    }
}

fn check_currency(row: &Row<'_>, findings: &mut Findings<'_>) {
    let currency = row.text("currency");
    if currency.is_empty() || currency == "INR" {
        return;
    }
    let rupees = ["", "INR", "RS", "RS.", "₹", "RUPEES", "INDIAN RUPEE", "INDIAN RUPEES", "RUPEE"];
    if !rupees.contains(&currency.to_uppercase().as_str()) {
        let message = format!("{} is not INR; the API takes rupees only", quote(currency));
        row.report(findings, Code::CurrencyNotInr, "currency", message);
    }
}

fn check_tax_heads(row: &Row<'_>, findings: &mut Findings<'_>) {
    let amount = |name| row.amount(name).unwrap_or_default();
    let (cgst, sgst, igst) = (amount("cgst"), amount("sgst"), amount("igst"));
    if igst.0 != 0 && (cgst.0 != 0 || sgst.0 != 0) {
        let message = format!("IGST {igst} stands together with CGST {cgst} and SGST {sgst}; one or the other");
        row.report(findings, Code::TaxHeadsMixed, "igst", message);
    } else if (cgst.0 - sgst.0).abs() > i64::from(row.lines) && !row.is_bad("cgst") && !row.is_bad("sgst") {
        let message = format!("CGST {cgst} and SGST {sgst} differ; they are equal on every invoice");
        row.report(findings, Code::TaxHeadsUnequal, "cgst", message);
    }
}

fn check_size(row: &Row<'_>, findings: &mut Findings<'_>) {
    if let Some(base) = row.amount("baseAmount").filter(|base| base.0 >= TAXABLE_LIMIT) {
        let message = format!("{base} has more than eleven digits; a GST return takes no larger taxable value");
        row.report(findings, Code::AmountTooLarge, "baseAmount", message);
    }
}

/// Whether the parts add up to the total, where both are given.
fn check_sum(row: &Row<'_>, findings: &mut Findings<'_>) {
    let (Some(_), Some(total)) = (row.amount("baseAmount"), row.amount("netAmount")) else { return };
    // With tax inside the base amount, or paid by the customer, the parts need not add up to the total.
    let tax_inside = row.truth("gstExclusive") == Some(false);
    if tax_inside || row.may_be_bad() && sums::FIELDS.iter().any(|name| row.is_bad(name)) {
        return;
    }
    // Where the sheet has no column of tax at all, tax is what lies between.
    let untaxed = sums::TAXES.iter().all(|name| row.is_unmapped(name) && row.is_blank(name));
    let parts = Parts {
        amounts: row.sum_amounts().map(|amount| i128::from(amount.unwrap_or_default().0)),
        reverse_charge: row.truth("reverseCharge") == Some(true),
        untaxed,
        lines: row.lines,
    };
    if !parts.add_up() {
        let (total, expected) = (i128::from(total.0), parts.expected()[0]);
        let message = format!(
            "{} is not the sum of its parts, {} (difference {})",
            Total(total),
            Total(expected),
            Total(total - expected)
        );
        row.report(findings, Code::TotalMismatch, "netAmount", message);
    }
}
