//! The values of typed requests and replies: fields of three states, open lists of words, stamps, times of day.
//!
//! Owns how one value is written and how forgivingly it is read (contract 2.2, 2.4). Leaves which fields there are to the
//! files of the resources. The one rule: what cannot be read as its type is not guessed at; its field stays among the
//! further fields of its record, as it came.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::fmt::temporal::Pieces;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use serde_json::{Map, Number, Value};

use crate::api::envelope::{integer, present, word};

/// What a change does to one field (contract 2.5).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// The key is not sent: the field stays as it is.
    #[default]
    Leave,
    /// `null` is sent: the field is emptied.
    Clear,
    /// The value is sent.
    Set(T),
}

impl<T> From<T> for Patch<T> {
    fn from(value: T) -> Self {
        Patch::Set(value)
    }
}

/// A status as replies carry it: an object of name and label, or the bare word (contract 6.2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labelled<T> {
    /// The machine's word, from `name`, or the bare word.
    pub value: T,
    /// The word for people, where the reply has one.
    pub label: Option<String>,
}

/// A point in time as a reply writes it; the portal's examples are ISO date-times, others occur (contract 2.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moment {
    /// A date alone.
    Date(Date),
    /// Date and time without a zone; Enkash does not say which, Indian time is likely.
    Local(DateTime),
    /// Date and time with an offset.
    Fixed {
        /// As written.
        written: DateTime,
        /// The same point in time.
        at: Timestamp,
    },
}

impl Moment {
    /// Reads a date, an ISO date-time with or without zone, and the form of search filters; none for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let pieces = Pieces::parse(text).ok()?;
        let Some(time) = pieces.time() else { return Some(Moment::Date(pieces.date())) };
        let written = pieces.date().to_datetime(time);
        let Some(offset) = pieces.to_numeric_offset() else { return Some(Moment::Local(written)) };
        let at = offset.to_timestamp(written).ok()?;
        Some(Moment::Fixed { written, at })
    }

    /// The date as written; no zone is applied.
    pub fn date(&self) -> Date {
        match self {
            Moment::Date(date) => *date,
            Moment::Local(written) | Moment::Fixed { written, .. } => written.date(),
        }
    }

    /// The point in time, where what has no zone of its own is of this one; none for a date, or a time that the zone
    /// does not have.
    pub fn timestamp(&self, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Moment::Date(_) => None,
            Moment::Local(written) => zone.to_timestamp(*written).ok(),
            Moment::Fixed { at, .. } => Some(*at),
        }
    }
}

/// A time of day of a reminder; sent as `HH:mm`, read from that or from an object of hour and minute (contract 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeOfDay {
    hour: u8,
    minute: u8,
}

impl TimeOfDay {
    /// A time of day; none beyond 23:59.
    pub fn new(hour: u8, minute: u8) -> Option<Self> {
        (hour < 24 && minute < 60).then_some(Self { hour, minute })
    }

    /// Hour, 0 to 23.
    pub fn hour(self) -> u8 {
        self.hour
    }

    /// Minute, 0 to 59.
    pub fn minute(self) -> u8 {
        self.minute
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let mut number = || parts.next().filter(|part| part.len() <= 2)?.parse().ok();
        Self::new(number()?, number()?)
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:02}:{:02}", self.hour, self.minute)
    }
}

/// Declares words of which some are known and any may come (contract 9).
macro_rules! open_words {
    ($($(#[$meta:meta])* $name:ident { $($variant:ident = $text:literal,)* })*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $(#[doc = concat!("`", $text, "`.")] $variant,)*
            /// Any other word, as it came or as it is to be sent.
            Other(String),
        }

        impl $name {
            /// The word on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $($name::$variant => $text,)*
                    $name::Other(text) => text,
                }
            }
        }

        /// No word; a request that needs one is refused before it is sent.
        impl Default for $name {
            fn default() -> Self {
                $name::Other(String::new())
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $($text => $name::$variant,)*
                    other => $name::Other(other.to_owned()),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(self.as_str())
            }
        }

        impl ToWire for $name {
            fn wire(&self) -> Option<Value> {
                Some(Value::String(self.as_str().to_owned()))
            }
        }

        impl FromWire for $name {
            fn read(value: &Value) -> Option<Self> {
                word(value).map(|word| Self::from(word.as_str()))
            }
        }
    )*};
}

open_words! {
    /// Where an invoice stands with its approvers; documented for requests, open in replies.
    ApprovalStatus {
        ApproverApprovalPending = "APPROVER_APPROVAL_PENDING",
        ApproverApproved = "APPROVER_APPROVED",
        ApproverRejected = "APPROVER_REJECTED",
        BankApproved = "BANK_APPROVED",
        BankRejected = "BANK_REJECTED",
        CheckerApprovalPending = "CHECKER_APPROVAL_PENDING",
        CheckerApproved = "CHECKER_APPROVED",
        CheckerRejected = "CHECKER_REJECTED",
        MakerApprovalPending = "MAKER_APPROVAL_PENDING",
        MakerApproved = "MAKER_APPROVED",
        MakerRejected = "MAKER_REJECTED",
    }
    /// How far an invoice is paid; `PAID` is documented, the others are assumed.
    ReceivableStatus {
        Paid = "PAID",
        Unpaid = "UNPAID",
        PartialPaid = "PARTIAL_PAID",
        Refunded = "REFUNDED",
    }
    /// How far the payout of an invoice is; none is documented.
    PayoutStatus {
        Init = "INIT",
        Process = "PROCESS",
        Success = "SUCCESS",
        Failed = "FAILED",
        Pending = "PENDING",
        Cancelled = "CANCELLED",
        Expired = "EXPIRED",
        Refunded = "REFUNDED",
        PartialPaid = "PARTIAL_PAID",
    }
    /// Once or again and again (contract 7).
    ReminderType {
        Once = "ONCE",
        Recurring = "RECURRING",
    }
    /// What is said of a payment (contract 8, assumed).
    PaymentResponse {
        Accept = "ACCEPT",
        Reject = "REJECT",
    }
    /// Where a payment was made (contract 8, assumed).
    PaymentType {
        OnPlatform = "ONPLATFORM",
        OffPlatform = "OFFPLATFORM",
    }
    /// What becomes of invoices over Bharat Connect (contract 8, assumed).
    InvoiceVerdict {
        Accept = "ACCEPT",
        Reject = "REJECT",
        Return = "RETURN",
    }
}

/// A value of a request; none is a key that is not sent.
pub(super) trait ToWire {
    fn wire(&self) -> Option<Value>;
}

/// A value of a reply that is there; none if it is of another type.
pub(super) trait FromWire: Sized {
    fn read(value: &Value) -> Option<Self>;
}

/// A field of a reply's record, which is taken out once it was read.
pub(super) trait TakeFrom {
    fn take(object: &mut Map<String, Value>, name: &str) -> Self;
}

impl<T: FromWire> TakeFrom for Option<T> {
    fn take(object: &mut Map<String, Value>, name: &str) -> Self {
        let value = present(object, name).map(T::read);
        // What is absent in the sense of the contract says nothing, and what was read has its place.
        if matches!(value, None | Some(Some(_))) {
            object.remove(name);
        }
        value.flatten()
    }
}

impl<T: FromWire> TakeFrom for Vec<T> {
    fn take(object: &mut Map<String, Value>, name: &str) -> Self {
        <Option<Self> as TakeFrom>::take(object, name).unwrap_or_default()
    }
}

impl<T: FromWire> FromWire for Vec<T> {
    fn read(value: &Value) -> Option<Self> {
        value.as_array()?.iter().map(T::read).collect()
    }
}

impl<T: FromWire> FromWire for Labelled<T> {
    fn read(value: &Value) -> Option<Self> {
        let Value::Object(object) = value else { return Some(Self { value: T::read(value)?, label: None }) };
        let label = present(object, "label").and_then(word);
        let value = present(object, "name").or_else(|| present(object, "label")).and_then(T::read)?;
        Some(Self { value, label })
    }
}

impl FromWire for String {
    fn read(value: &Value) -> Option<Self> {
        match value {
            // Texts keep their blanks, which may matter to somebody.
            Value::String(text) => Some(text.clone()),
            value => word(value),
        }
    }
}

impl FromWire for Decimal {
    fn read(value: &Value) -> Option<Self> {
        let text = word(value)?;
        // Never rounded: a number that does not fit is left as it came.
        Decimal::from_str_exact(&text).ok().or_else(|| Decimal::from_scientific(&text).ok())
    }
}

impl FromWire for i64 {
    fn read(value: &Value) -> Option<Self> {
        integer(value)
    }
}

impl FromWire for bool {
    fn read(value: &Value) -> Option<Self> {
        match value {
            Value::Bool(truth) => Some(*truth),
            value => word(value)?.to_ascii_lowercase().parse().ok(),
        }
    }
}

impl FromWire for Moment {
    fn read(value: &Value) -> Option<Self> {
        Moment::parse(value.as_str()?)
    }
}

impl FromWire for Date {
    fn read(value: &Value) -> Option<Self> {
        Moment::read(value).map(|moment| moment.date())
    }
}

impl FromWire for TimeOfDay {
    fn read(value: &Value) -> Option<Self> {
        let Value::Object(object) = value else { return Self::parse(value.as_str()?.trim()) };
        let part = |name| present(object, name).map_or(Some(0), |value| u8::try_from(integer(value)?).ok());
        present(object, "hour")?;
        Self::new(part("hour")?, part("minute")?)
    }
}

impl FromWire for Map<String, Value> {
    fn read(value: &Value) -> Option<Self> {
        value.as_object().cloned()
    }
}

impl ToWire for String {
    fn wire(&self) -> Option<Value> {
        Some(Value::String(self.clone()))
    }
}

impl ToWire for bool {
    fn wire(&self) -> Option<Value> {
        Some(Value::Bool(*self))
    }
}

impl ToWire for i32 {
    fn wire(&self) -> Option<Value> {
        Some(Value::from(*self))
    }
}

impl ToWire for Decimal {
    fn wire(&self) -> Option<Value> {
        let number: Number = self.to_string().parse().expect("a decimal is a JSON number");
        Some(Value::Number(number))
    }
}

impl ToWire for Date {
    fn wire(&self) -> Option<Value> {
        Some(Value::String(self.strftime("%Y-%m-%d").to_string()))
    }
}

/// A stamp of a search filter, `yyyy-MM-dd HH:mm:ss`.
impl ToWire for DateTime {
    fn wire(&self) -> Option<Value> {
        Some(Value::String(self.strftime("%Y-%m-%d %H:%M:%S").to_string()))
    }
}

impl ToWire for TimeOfDay {
    fn wire(&self) -> Option<Value> {
        Some(Value::String(self.to_string()))
    }
}

impl<T: ToWire> ToWire for Vec<T> {
    fn wire(&self) -> Option<Value> {
        Some(Value::Array(self.iter().filter_map(ToWire::wire).collect()))
    }
}

impl<T: ToWire> ToWire for Option<T> {
    fn wire(&self) -> Option<Value> {
        self.as_ref()?.wire()
    }
}

impl<T: ToWire> ToWire for Patch<T> {
    fn wire(&self) -> Option<Value> {
        match self {
            Patch::Leave => None,
            Patch::Clear => Some(Value::Null),
            Patch::Set(value) => value.wire(),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use serde_json::json;

    use super::*;

    #[test]
    fn stamps_are_read_in_every_form_and_their_date_is_the_one_written() {
        let day = date(2026, 7, 31);
        let evening = day.at(18, 30, 0, 0);
        let fixed = |at: &str| Moment::Fixed { written: evening, at: at.parse().unwrap() };
        for (text, expected) in [
            ("2026-07-31", Some(Moment::Date(day))),
            (" 2026-07-31 ", Some(Moment::Date(day))),
            ("2026-07-31 18:30:00", Some(Moment::Local(evening))),
            ("2026-07-31T18:30:00", Some(Moment::Local(evening))),
            ("2026-07-31T18:30:00Z", Some(fixed("2026-07-31T18:30:00Z"))),
            ("2026-07-31T18:30:00.000+05:30", Some(fixed("2026-07-31T13:00:00Z"))),
            ("2026-07-31T18:30:00+0530", Some(fixed("2026-07-31T13:00:00Z"))),
            ("31/07/2026", None),
            ("2026-02-30", None),
            ("", None),
            ("soon", None),
        ] {
            let read = Moment::parse(text);
            assert_eq!(read, expected, "{text}");
            assert!(read.is_none_or(|moment| moment.date() == day), "{text}");
        }
        let india = TimeZone::get("Asia/Kolkata").unwrap();
        let at = Moment::Local(evening).timestamp(&india).unwrap();
        assert_eq!(at.to_string(), "2026-07-31T13:00:00Z");
        assert_eq!(Moment::Date(day).timestamp(&india), None);
    }

    #[test]
    fn amounts_keep_every_digit_both_ways() {
        for text in ["0.10", "1180.1", "-7", "79228162514264337593543950335", "0.0000000000000000000000000001", "1e2"] {
            let value: Value = serde_json::from_str(text).unwrap();
            for value in [value, json!(text)] {
                let amount = Decimal::read(&value).unwrap_or_else(|| panic!("{text}"));
                let back = amount.wire().unwrap().to_string();
                assert_eq!(back, if text == "1e2" { "100" } else { text });
            }
        }
        for text in ["79228162514264337593543950336", "0.12345678901234567890123456789"] {
            assert_eq!(Decimal::read(&json!(text)), None, "{text}");
        }
    }

    #[test]
    fn statuses_are_words_or_objects_and_unknown_ones_are_kept() {
        let read = |value: Value| Labelled::<ReceivableStatus>::read(&value);
        let labelled = |value, label: Option<&str>| Some(Labelled { value, label: label.map(str::to_owned) });
        for (value, expected) in [
            (json!("PAID"), labelled(ReceivableStatus::Paid, None)),
            (json!({"name": "PAID", "label": "Paid"}), labelled(ReceivableStatus::Paid, Some("Paid"))),
            (json!({"label": "Paid"}), labelled(ReceivableStatus::Other("Paid".into()), Some("Paid"))),
            (json!({"name": "SETTLED"}), labelled(ReceivableStatus::Other("SETTLED".into()), None)),
            (json!({}), None),
            (json!(true), None),
        ] {
            assert_eq!(read(value.clone()), expected, "{value}");
        }
        assert_eq!(ReceivableStatus::from("SETTLED").to_string(), "SETTLED");
        assert_eq!(ApprovalStatus::from("BANK_REJECTED"), ApprovalStatus::BankRejected);
    }

    #[test]
    fn times_of_day_are_read_from_text_and_object() {
        for (value, expected) in [
            (json!("09:30"), Some("09:30")),
            (json!("9:05:00"), Some("09:05")),
            (json!({"hour": 23, "minute": 59}), Some("23:59")),
            (json!({"hour": "8"}), Some("08:00")),
            (json!({"minute": 8}), None),
            (json!("24:00"), None),
            (json!("HH:mm"), None),
            (json!("930"), None),
        ] {
            let read = TimeOfDay::read(&value).map(|time| time.to_string());
            assert_eq!(read.as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn what_has_not_its_type_stays_where_it_was() {
        let mut object = json!({"a": "12", "b": "twelve", "c": null, "d": "", "e": [1, "x"], "f": "TRUE"});
        let object = object.as_object_mut().unwrap();
        assert_eq!(<Option<i64> as TakeFrom>::take(object, "a"), Some(12));
        for name in ["b", "c", "d"] {
            assert_eq!(<Option<i64> as TakeFrom>::take(object, name), None, "{name}");
        }
        assert_eq!(<Vec<i64> as TakeFrom>::take(object, "e"), Vec::<i64>::new());
        assert_eq!(<Option<bool> as TakeFrom>::take(object, "f"), Some(true));
        assert_eq!(Value::Object(object.clone()), json!({"b": "twelve", "e": [1, "x"]}));
    }
}
