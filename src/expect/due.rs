//! When something is due, again and again: a day and a time in the profile's time zone.
//!
//! Pure. The rule: every form has exactly one due time on each day that it names; a day that a month does not have is its
//! last.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _, Zoned};

use crate::finding::quote;

// Limit: no form leaves out more days than a month has, twice.
const DAYS_BACK: usize = 63;

/// When something is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    days: Days,
    time: Time,
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Days {
    Daily,
    Weekdays,
    Week(Weekday),
    Month(i8),
    MonthEnd,
}

impl Due {
    /// Reads `daily 18:00`, `weekdays 18:00`, `monday 09:00`, `day 5 18:00` or `last day 18:00`.
    pub fn parse(text: &str) -> Result<Due, String> {
        let lower = text.trim().to_lowercase();
        let words: Vec<&str> = lower.split_whitespace().collect();
        let parsed = words.split_last().and_then(|(time, days)| Some((parse_days(days)?, parse_time(time)?)));
        let (days, time) = parsed.ok_or_else(|| {
            format!(
                "{} is no due time; expected a form like \"daily 18:00\", \"weekdays 18:00\", \"monday 09:00\", \
                 \"day 5 18:00\" or \"last day 18:00\"",
                quote(text)
            )
        })?;
        Ok(Due { days, time, text: words.join(" ") })
    }

    /// The form as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The last due time that is not after this one.
    pub fn latest(&self, now: Timestamp, zone: &TimeZone) -> Zoned {
        let today = now.to_zoned(zone.clone()).date();
        let found = days_before(today).find_map(|date| self.at(date, zone).filter(|at| at.timestamp() <= now));
        found.expect("every form falls on a day of any two months")
    }

    /// The last due time before this one.
    pub fn before(&self, due: &Zoned) -> Zoned {
        self.latest(due.timestamp() - 1.nanosecond(), due.time_zone())
    }

    /// The due time of a day that the form names. A time that the clock skips is the one behind the gap.
    fn at(&self, date: Date, zone: &TimeZone) -> Option<Zoned> {
        let named = match self.days {
            Days::Daily => true,
            Days::Weekdays => !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday),
            Days::Week(day) => date.weekday() == day,
            Days::Month(day) => date.day() == day.min(date.days_in_month()),
            Days::MonthEnd => date.day() == date.days_in_month(),
        };
        if named { date.to_datetime(self.time).to_zoned(zone.clone()).ok() } else { None }
    }
}

fn days_before(today: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(today), |date| date.yesterday().ok()).take(DAYS_BACK)
}

fn parse_days(words: &[&str]) -> Option<Days> {
    Some(match words {
        ["daily"] => Days::Daily,
        ["weekdays"] => Days::Weekdays,
        ["last", "day"] => Days::MonthEnd,
        ["day", day] => Days::Month(number(day, 2).filter(|day| (1..=31).contains(day))?),
        [name] => Days::Week(match *name {
            "monday" | "mon" => Weekday::Monday,
            "tuesday" | "tue" => Weekday::Tuesday,
            "wednesday" | "wed" => Weekday::Wednesday,
            "thursday" | "thu" => Weekday::Thursday,
            "friday" | "fri" => Weekday::Friday,
            "saturday" | "sat" => Weekday::Saturday,
            "sunday" | "sun" => Weekday::Sunday,
            _ => return None,
        }),
        _ => return None,
    })
}

/// `18:00` or `9:05`.
fn parse_time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':').filter(|(_, minute)| minute.len() == 2)?;
    Time::new(number(hour, 2)?, number(minute, 2)?, 0, 0).ok()
}

fn number(text: &str, longest: usize) -> Option<i8> {
    let digits = (1..=longest).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn india() -> TimeZone {
        TimeZone::get("Asia/Kolkata").unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse::<jiff::civil::DateTime>().unwrap().to_zoned(india()).unwrap().timestamp()
    }

    #[test]
    fn the_last_due_time_and_the_one_before_it() {
        for (form, now, latest, before) in [
            ("daily 18:00", "2026-11-22T18:00", "2026-11-22T18:00", "2026-11-21T18:00"),
            ("daily 18:00", "2026-11-22T17:59", "2026-11-21T18:00", "2026-11-20T18:00"),
            // The 22nd is a Sunday.
            ("weekdays 18:00", "2026-11-22T20:00", "2026-11-20T18:00", "2026-11-19T18:00"),
            ("Monday 9:00", "2026-11-22T20:00", "2026-11-16T09:00", "2026-11-09T09:00"),
            ("day 5 18:00", "2026-11-22T20:00", "2026-11-05T18:00", "2026-10-05T18:00"),
            ("day 5 18:00", "2026-11-05T17:59", "2026-10-05T18:00", "2026-09-05T18:00"),
            ("day 31 10:00", "2026-03-15T00:00", "2026-02-28T10:00", "2026-01-31T10:00"),
            ("last day 23:59", "2028-03-01T00:00", "2028-02-29T23:59", "2028-01-31T23:59"),
        ] {
            let due = Due::parse(form).unwrap();
            let found = due.latest(at(now), &india());
            assert_eq!(found.timestamp(), at(latest), "{form} {now}");
            assert_eq!(due.before(&found).timestamp(), at(before), "{form} {now}");
        }
    }

    #[test]
    fn a_time_that_the_clock_skips_or_repeats_is_due_once() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let due = Due::parse("daily 02:30").unwrap();
        for (now, latest) in
            [("2026-03-29T12:00Z", "2026-03-29T01:30:00Z"), ("2026-10-25T12:00Z", "2026-10-25T00:30:00Z")]
        {
            let now: Timestamp = now.parse().unwrap();
            assert_eq!(due.latest(now, &zone).timestamp().to_string(), latest);
        }
    }

    #[test]
    fn other_forms_are_refused() {
        for text in [
            "",
            "18:00",
            "day 18:00",
            "day 0 18:00",
            "day 32 18:00",
            "day 5",
            "daily 24:00",
            "daily 18:60",
            "daily 18",
            "daily 18:0",
            "someday 18:00",
            "last 18:00",
            "day -5 18:00",
            "every month 18:00",
            "daily 1800:00",
            "daily +8:00",
        ] {
            assert!(Due::parse(text).is_err(), "{text}");
        }
    }
}
