//! What a search can be narrowed to: the filters that the portal documents (contract 5.3, 6.4), each a flag.
//!
//! Owns their names, kinds and reading. Leaves obeying them to the API. The one rule: a filter of a wrong form is refused
//! here, before anything is asked, since a server may pass over what it does not understand.

use jiff::civil::{Date, DateTime};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use crate::api::Searched;
use crate::api::found::Record;
use crate::error::RunError;
use crate::finding::quote;
use crate::operation::is_customer_id;
use crate::send::compare::decimal;

/// One filter.
#[derive(Debug, Clone, Copy)]
pub struct Filter {
    /// The API's name for it: `createdOnFrom`.
    pub name: &'static str,
    /// Its flag, without dashes: `created-on-from`.
    pub flag: &'static str,
    /// What it takes.
    pub kind: FilterKind,
    /// What it does, for help pages.
    pub help: &'static str,
}

/// What a filter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilterKind {
    /// Several words.
    Words,
    /// Several KC ids.
    CustomerIds,
    /// A text.
    Text,
    /// `true` or `false`.
    Choice,
    /// An amount.
    Amount,
    /// The first moment of a time, a day alone its beginning.
    From,
    /// The last moment of a time, a day alone its end.
    To,
}

impl FilterKind {
    /// What stands for the value in help pages.
    pub fn placeholder(self) -> &'static str {
        match self {
            FilterKind::Words => "LIST",
            FilterKind::CustomerIds => "IDS",
            FilterKind::Text => "TEXT",
            FilterKind::Choice => "true|false",
            FilterKind::Amount => "AMOUNT",
            FilterKind::From | FilterKind::To => "DATE",
        }
    }
}

const fn filter(name: &'static str, flag: &'static str, kind: FilterKind, help: &'static str) -> Filter {
    Filter { name, flag, kind, help }
}

/// Filters of invoices, in the order of the portal.
const INVOICES: &[Filter] = &[
    filter(
        "approvalStatuses",
        "approval-statuses",
        FilterKind::Words,
        "Only these approval statuses, joined by commas",
    ),
    filter("balanceAmountFrom", "balance-amount-from", FilterKind::Amount, "Only with at least this balance"),
    filter("balanceAmountTo", "balance-amount-to", FilterKind::Amount, "Only with at most this balance"),
    filter("baseAmountFrom", "base-amount-from", FilterKind::Amount, "Only with at least this base amount"),
    filter("baseAmountTo", "base-amount-to", FilterKind::Amount, "Only with at most this base amount"),
    filter("collectionMode", "collection-mode", FilterKind::Words, "Only these modes of collection, joined by commas"),
    filter("createdOnFrom", "created-on-from", FilterKind::From, "Only created at this time or later"),
    filter("createdOnTo", "created-on-to", FilterKind::To, "Only created at this time or earlier"),
    filter("createdVia", "created-via", FilterKind::Text, "Only created this way"),
    filter("customerDeleted", "customer-deleted", FilterKind::Choice, "Only of customers that are deleted, or not"),
    filter("customerIds", "customer-ids", FilterKind::CustomerIds, "Only of these customers, joined by commas"),
    filter("customerLegalName", "customer-legal-name", FilterKind::Text, "Only of customers of this name"),
    filter("customerStatus", "customer-status", FilterKind::Text, "Only of customers of this status, such as ACTIVE"),
    filter("dispatched", "dispatched", FilterKind::Choice, "Only those sent to their customers, or not"),
    filter("dispatchedOnFrom", "dispatched-on-from", FilterKind::From, "Only sent at this time or later"),
    filter("dispatchedOnTo", "dispatched-on-to", FilterKind::To, "Only sent at this time or earlier"),
    filter("dueDateFrom", "due-date-from", FilterKind::From, "Only due on this day or later"),
    filter("dueDateTo", "due-date-to", FilterKind::To, "Only due on this day or earlier"),
];

/// Filters of customers.
const CUSTOMERS: &[Filter] = &[
    filter("accountNumber", "account-number", FilterKind::Text, "Only with this bank account"),
    filter("assignedAgent", "assigned-agent", FilterKind::Text, "Only of this agent"),
];

/// Limit: ids that one search is asked for, which keeps its body small.
const MOST_IDS: usize = 1_000;

/// The filters that a search has.
pub fn of(searched: Searched) -> &'static [Filter] {
    match searched {
        Searched::Invoices => INVOICES,
        Searched::Customers => CUSTOMERS,
    }
}

/// The body of a search, from flags and their values; a flag may come several times where it takes a list.
pub fn body(searched: Searched, given: &[(String, String)]) -> Result<Value, RunError> {
    let mut body = Map::new();
    for filter in of(searched) {
        let values: Vec<&str> =
            given.iter().filter(|(flag, _)| flag == filter.flag).map(|(_, value)| value.trim()).collect();
        if values.is_empty() {
            continue;
        }
        let value = value(filter, &values).map_err(|(value, expected)| RunError::Input {
            message: format!("--{}: {} is no {expected}; nothing was asked", filter.flag, quote(&value)),
            hint: "\"--help\" says what each filter takes".to_owned(),
        })?;
        body.insert(filter.name.to_owned(), value);
    }
    Ok(Value::Object(body))
}

/// The flag of a filter that a record does not fit, as far as the record shows it: ids, amounts, days and choices.
pub fn misfit(searched: Searched, body: &Value, record: &Record) -> Option<&'static str> {
    let missed = |filter: &&Filter| body.get(filter.name).is_some_and(|wanted| !fits(filter, wanted, record));
    of(searched).iter().find(missed).map(|filter| filter.flag)
}

/// Whether a record fits a filter, or does not show whether it does.
fn fits(filter: &Filter, wanted: &Value, record: &Record) -> bool {
    let field = filter.name.strip_suffix("From").or(filter.name.strip_suffix("To")).unwrap_or(filter.name);
    let field = if filter.kind == FilterKind::CustomerIds { "customerId" } else { field };
    let Some(found) = record.text(field) else { return true };
    match filter.kind {
        FilterKind::CustomerIds => wanted.as_array().is_none_or(|ids| ids.iter().any(|id| *id == *found)),
        FilterKind::Choice => wanted.as_bool().is_none_or(|wanted| found == wanted.to_string()),
        FilterKind::Amount => match (decimal(&wanted.to_string()), decimal(&found)) {
            (Some(wanted), Some(found)) if filter.name.ends_with("From") => found >= wanted,
            (Some(wanted), Some(found)) => found <= wanted,
            _ => true,
        },
        // A day to spare on both sides, as the zone of the API's stamps is not known.
        FilterKind::From | FilterKind::To => match (wanted.as_str().and_then(day), day(&found)) {
            (Some(wanted), Some(found)) if filter.kind == FilterKind::From => {
                found >= wanted.yesterday().unwrap_or(wanted)
            }
            (Some(wanted), Some(found)) => found <= wanted.tomorrow().unwrap_or(wanted),
            _ => true,
        },
        // How the API compares words is not known.
        FilterKind::Words | FilterKind::Text => true,
    }
}

fn day(text: &str) -> Option<Date> {
    Date::strptime("%Y-%m-%d", text.get(..10)?).ok()
}

/// What goes into the body; else the value that does not fit, and what would.
fn value(filter: &Filter, values: &[&str]) -> Result<Value, (String, &'static str)> {
    let last = *values.last().expect("a filter that is given has a value");
    let wrong = |expected| Err((last.to_owned(), expected));
    match filter.kind {
        FilterKind::Words | FilterKind::CustomerIds => list(filter.kind, values),
        FilterKind::Text if last.is_empty() => wrong("text to look for"),
        FilterKind::Text => Ok(json!(last)),
        FilterKind::Choice => match last.to_ascii_lowercase().as_str() {
            "true" | "yes" => Ok(json!(true)),
            "false" | "no" => Ok(json!(false)),
            _ => wrong("choice: expected true or false"),
        },
        FilterKind::Amount => match Decimal::from_str_exact(&last.replace(',', "")) {
            // The number goes out with the digits that were given.
            Ok(amount) => Ok(serde_json::from_str(&amount.to_string()).expect("a decimal is a number of JSON")),
            Err(_) => wrong("amount; expected a form like 1234.50"),
        },
        FilterKind::From | FilterKind::To => match moment(last, filter.kind == FilterKind::To) {
            Some(moment) => Ok(json!(moment.strftime("%Y-%m-%d %H:%M:%S").to_string())),
            None => wrong("date; expected 2026-03-31 or \"2026-03-31 18:00:00\""),
        },
    }
}

fn list(kind: FilterKind, values: &[&str]) -> Result<Value, (String, &'static str)> {
    let mut items: Vec<&str> = values.iter().flat_map(|value| value.split(',')).map(str::trim).collect();
    items.retain(|item| !item.is_empty());
    if kind == FilterKind::CustomerIds {
        if let Some(item) = items.iter().find(|item| !is_customer_id(item)) {
            return Err(((*item).to_owned(), "customer id; expected KC and 14 capital letters or digits"));
        }
        if items.len() > MOST_IDS {
            return Err((format!("{} ids", items.len()), "list that one search takes; expected 1,000 at most"));
        }
    }
    if items.is_empty() { Err((values.join(","), "list")) } else { Ok(json!(items)) }
}

/// A time as given; a day alone begins or ends then.
fn moment(text: &str, end: bool) -> Option<DateTime> {
    if let Ok(day) = Date::strptime("%Y-%m-%d", text) {
        return Some(if end { day.at(23, 59, 59, 0) } else { day.at(0, 0, 0, 0) });
    }
    let text = text.replacen('T', " ", 1);
    DateTime::strptime("%Y-%m-%d %H:%M:%S", &text).or_else(|_| DateTime::strptime("%Y-%m-%d %H:%M", &text)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(searched: Searched, given: &[(&str, &str)]) -> String {
        let given: Vec<(String, String)> =
            given.iter().map(|(flag, value)| ((*flag).to_owned(), (*value).to_owned())).collect();
        match body(searched, &given) {
            Ok(body) => body.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn every_filter_has_the_flag_of_its_name() {
        for filter in [Searched::Invoices, Searched::Customers].into_iter().flat_map(of) {
            let kebab: String = filter
                .name
                .chars()
                .flat_map(|c| if c.is_uppercase() { vec!['-', c.to_ascii_lowercase()] } else { vec![c] })
                .collect();
            assert_eq!(filter.flag, kebab);
        }
    }

    #[test]
    fn a_record_that_shows_that_it_does_not_fit_is_told() {
        for (flag, value, record, fits) in [
            ("created-on-from", "2026-03-01", json!({"createdOn": "2026-03-05T10:00:00Z"}), true),
            ("created-on-from", "2026-03-01", json!({"createdOn": "2026-02-28T20:00:00Z"}), true),
            ("created-on-from", "2026-03-01", json!({"createdOn": "2026-02-27T20:00:00Z"}), false),
            ("due-date-to", "2026-03-31", json!({"dueDate": "2026-04-09"}), false),
            ("due-date-to", "2026-03-31", json!({"dueDate": "soon"}), true),
            ("base-amount-from", "100", json!({"baseAmount": 99.99}), false),
            ("base-amount-to", "100", json!({"baseAmount": "100.00"}), true),
            ("dispatched", "true", json!({"dispatched": false}), false),
            ("dispatched", "true", json!({}), true),
            ("customer-ids", "KC0123456789ABCD", json!({"customerId": "KC0123456789ABCE"}), false),
            ("created-via", "API", json!({"createdVia": "BULK"}), true),
        ] {
            let body = body(Searched::Invoices, &[(flag.to_owned(), value.to_owned())]).unwrap();
            let told = misfit(Searched::Invoices, &body, &Record(record.as_object().unwrap().clone()));
            assert_eq!(told, (!fits).then_some(flag), "{flag} {value} {record}");
        }
    }

    #[test]
    fn filters_become_what_the_contract_asks_for_and_anything_else_is_refused() {
        for (flag, value, expected) in [
            ("created-on-from", "2026-03-01", r#"{"createdOnFrom":"2026-03-01 00:00:00"}"#),
            ("created-on-to", "2026-03-31", r#"{"createdOnTo":"2026-03-31 23:59:59"}"#),
            ("due-date-to", "2026-03-31 18:00:05", r#"{"dueDateTo":"2026-03-31 18:00:05"}"#),
            ("due-date-to", "2026-03-31T18:00", r#"{"dueDateTo":"2026-03-31 18:00:00"}"#),
            ("base-amount-from", "1,00,000.50", r#"{"baseAmountFrom":100000.50}"#),
            ("dispatched", "TRUE", r#"{"dispatched":true}"#),
            ("customer-deleted", "no", r#"{"customerDeleted":false}"#),
            ("approval-statuses", "A, B", r#"{"approvalStatuses":["A","B"]}"#),
            ("customer-ids", "KC0123456789ABCD", r#"{"customerIds":["KC0123456789ABCD"]}"#),
        ] {
            assert_eq!(told(Searched::Invoices, &[(flag, value)]), expected);
        }
        for (flag, value, part) in [
            ("created-on-from", "31/03/2026", "is no date"),
            ("created-on-from", "2026-02-30", "is no date"),
            ("base-amount-to", "ten", "is no amount"),
            ("dispatched", "perhaps", "expected true or false"),
            ("customer-ids", "KC0123456789ABCD,C-7", "--customer-ids: \"C-7\" is no customer id"),
            ("customer-legal-name", " ", "is no text"),
            ("collection-mode", ",", "is no list"),
        ] {
            let told = told(Searched::Invoices, &[(flag, value)]);
            assert!(told.contains(part) && told.contains("nothing was asked"), "{told}");
        }
        assert_eq!(
            told(Searched::Invoices, &[("customer-ids", "KC0123456789ABCD"), ("customer-ids", "KC0123456789ABCE")]),
            r#"{"customerIds":["KC0123456789ABCD","KC0123456789ABCE"]}"#
        );
        assert_eq!(told(Searched::Customers, &[("assigned-agent", "Asha")]), r#"{"assignedAgent":"Asha"}"#);
    }
}
