//! Figures as words and shapes of the page.
//!
//! Pictures are 1,000 wide, whatever the screen, and stretched to it; words stand beside them, so that they keep their
//! size. The one rule: what a picture shows is said in words too.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::cut;
use super::requests::Requests;
use crate::outcome::{Status, Totals};
use crate::wording::{count, grouped};

/// Width of every picture.
const WIDTH: f64 = 1000.0;
/// How many times the most that was sent a limit may be to be drawn.
const HIGHEST: f64 = 4.0;
/// Limit: spans of a picture; fewer are a block that shows nothing.
const FEWEST: usize = 3;
/// Limit: an id of a request has some 36 characters.
const LONGEST_ID: usize = 80;
/// Upper ends of the times to an answer, in milliseconds, with their names.
const STEPS: [(u64, &str); 11] = [
    (50, "50 ms"),
    (100, "100 ms"),
    (200, "200 ms"),
    (500, "500 ms"),
    (1000, "1 s"),
    (2000, "2 s"),
    (5000, "5 s"),
    (10_000, "10 s"),
    (30_000, "30 s"),
    (60_000, "1 min"),
    (u64::MAX, "more"),
];

/// One bar of outcomes.
#[derive(Debug)]
pub(super) struct Bar {
    pub(super) name: &'static str,
    pub(super) words: String,
    pub(super) parts: Vec<Part>,
}

/// A piece of a bar.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) class: &'static str,
    pub(super) x: String,
    pub(super) width: String,
}

/// The bars of rows, and of rupees where there are any.
pub(super) fn bars(totals: &Totals) -> Vec<Bar> {
    let by = |amount: &dyn Fn(Status) -> i128| Status::ALL.map(|status| (status, amount(status).max(0) as u128));
    let rows = by(&|status| i128::from(totals.rows(status)));
    let rupees = by(&|status| totals.by_status.get(&status).map_or(0, |sum| sum.total.0));
    let mut in_rupees = bar("Rupees", &rupees);
    if let Some(bar) = &mut in_rupees {
        bar.words.extend(not_drawn(totals).into_iter().map(|words| format!("; without {words}")));
    }
    [bar("Rows", &rows), in_rupees].into_iter().flatten().collect()
}

/// What has no place in a bar of rupees, though it is there: sums below zero, and rows whose amount nobody knows.
fn not_drawn(totals: &Totals) -> Vec<String> {
    let below = totals.by_status.iter().filter(|(_, sum)| sum.total.0 < 0);
    let mut words: Vec<String> =
        below.map(|(status, sum)| format!("{} of {}", sum.total.rupees(), status.as_str())).collect();
    let unreadable: u64 = totals.by_status.values().map(|sum| sum.rows_with_unreadable_amount).sum();
    if unreadable > 0 {
        words.push(format!("{} whose amount cannot be read", count(unreadable, "row")));
    }
    words
}

fn bar(name: &'static str, amounts: &[(Status, u128)]) -> Option<Bar> {
    let all: u128 = amounts.iter().map(|(_, amount)| amount).sum();
    if all == 0 {
        return None;
    }
    let (mut parts, mut words, mut x) = (Vec::new(), Vec::new(), 0.0);
    for (status, amount) in amounts.iter().filter(|(_, amount)| *amount > 0) {
        let share = *amount as f64 / all as f64;
        // A single bad row of a million is seen, too.
        let width = (share * WIDTH).max(4.0);
        parts.push((status.as_str(), x, width));
        words.push(format!("{} {}", percent(share), status.as_str()));
        x += width;
    }
    let part = |(class, at, width): (&'static str, f64, f64)| {
        let gap = if at + width < x { 1.5 } else { 0.0 };
        Part { class, x: number(at * WIDTH / x), width: number(width * WIDTH / x - gap) }
    };
    let parts = parts.into_iter().map(part).collect();
    Some(Bar { name, words: format!("{name}: {}", words.join(", ")), parts })
}

/// `97.2 %`; never all or nothing where that is not so.
fn percent(share: f64) -> String {
    let tenths = (share * 1000.0).round();
    match share {
        share if share >= 1.0 => "100 %".to_owned(),
        _ if tenths >= 1000.0 => "almost 100 %".to_owned(),
        _ if tenths < 1.0 => "under 0.1 %".to_owned(),
        _ => format!("{} %", tenths / 10.0),
    }
}

/// What the page says of requests.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) words: String,
    pub(super) pace: Pace,
    pub(super) quantiles: String,
    pub(super) latency: Vec<Wait>,
    pub(super) answers: Vec<(String, String)>,
    pub(super) slowest: Vec<SlowLine>,
    /// Whether a server named any of the slowest.
    pub(super) has_ids: bool,
}

/// The picture of requests over time.
#[derive(Debug)]
pub(super) struct Pace {
    /// Whether there is enough to be seen.
    pub(super) is_drawn: bool,
    pub(super) words: String,
    pub(super) top: String,
    pub(super) width: String,
    pub(super) bars: Vec<Column>,
    pub(super) limited: Vec<Column>,
    pub(super) limited_words: String,
    pub(super) limit: Option<String>,
    pub(super) limit_y: Option<String>,
    pub(super) pauses: Vec<PauseLine>,
    pub(super) pause_words: String,
    pub(super) begun: String,
    pub(super) ended: String,
}

/// A bar of it.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) x: String,
    pub(super) y: String,
    pub(super) width: String,
    pub(super) height: String,
}

/// Where silence was cut out.
#[derive(Debug)]
pub(super) struct PauseLine {
    pub(super) x: String,
    pub(super) words: String,
}

/// Answers that took about as long.
#[derive(Debug)]
pub(super) struct Wait {
    pub(super) name: &'static str,
    pub(super) count: String,
    pub(super) width: String,
    pub(super) share: String,
}

/// One of the slowest requests.
#[derive(Debug)]
pub(super) struct SlowLine {
    pub(super) chunk: String,
    pub(super) number: u32,
    pub(super) took: String,
    pub(super) answer: String,
    pub(super) request_id: String,
}

impl Sent {
    /// Of a run's requests; `rate` is the limit that was set when it was planned.
    pub(super) fn of(run: i64, requests: &Requests, rate: Option<f64>, zone: &TimeZone) -> Self {
        let slow = requests.slowest.iter().map(|slow| SlowLine {
            chunk: format!("{run}/{}", slow.ordinal),
            number: slow.number,
            took: time(slow.took),
            answer: slow.answer.words(),
            request_id: request_id(&slow.request_id),
        });
        let answers = requests.answers.iter().map(|(answer, count)| (answer.words(), grouped(*count)));
        let quantile = |share| requests.quantile(share).map_or_else(String::new, time);
        let (begun, ended) = (moment(requests.first, zone), moment(requests.last, zone));
        let took = span(Duration::from_millis(millis(requests.first, requests.last)));
        Self {
            words: format!(
                "{} with uploads in {took}{}. Log-ins and look-ups by search are not among them.",
                count(requests.sent, "request"),
                if begun == ended { format!(", at {begun}") } else { format!(", from {begun} to {ended}") }
            ),
            pace: Pace::of(requests, rate, zone),
            quantiles: format!(
                "Half within {}, 95 % within {}, 99 % within {}, the slowest {}.",
                quantile(500),
                quantile(950),
                quantile(990),
                time(requests.longest)
            ),
            latency: waits(requests),
            answers: answers.collect(),
            slowest: slow.collect(),
            has_ids: requests.slowest.iter().any(|slow| !slow.request_id.is_empty()),
        }
    }
}

impl Pace {
    fn of(requests: &Requests, rate: Option<f64>, zone: &TimeZone) -> Self {
        let seconds = requests.width as f64;
        let peak = requests.spans.iter().map(|(count, _)| f64::from(*count) / seconds).fold(0.0, f64::max);
        // A limit far above what was sent would press the bars to the ground.
        let near = rate.filter(|rate| *rate <= peak * HIGHEST);
        let top = round_top(near.unwrap_or(0.0).max(peak) * 1.02);
        let each = WIDTH / requests.spans.len() as f64;
        let column = |index: usize, value: f64| {
            let height = (value / top * 100.0).min(100.0);
            let gap = if each > 8.0 { 1.0 } else { 0.0 };
            Column {
                x: number(index as f64 * each),
                y: number(100.0 - height),
                width: number(each - gap),
                height: number(height),
            }
        };
        let spans = || requests.spans.iter().enumerate();
        let bars =
            spans().filter(|(_, span)| span.0 > 0).map(|(index, span)| column(index, f64::from(span.0) / seconds));
        let limited = spans().filter(|(_, span)| span.1 > 0).map(|(index, _)| column(index, 0.0));
        let all_limited: u64 = requests.spans.iter().map(|(_, limited)| u64::from(*limited)).sum();
        let limited_words = format!("{} answered with 429, too many requests", count(all_limited, "request"));
        let places = requests.pauses.iter().map(|(at, silence)| PauseLine {
            x: number(*at as f64 / (seconds * requests.spans.len() as f64)),
            words: format!("nothing was sent for {}", span(*silence)),
        });
        let silences: Vec<String> = requests.pauses.iter().map(|(_, silence)| span(*silence)).collect();
        let limit = rate.map(|rate| format!("{}/s", plain(rate)));
        let beyond = if near.is_none() { ", above this picture" } else { "" };
        let against = limit.as_ref().map_or_else(String::new, |limit| format!(", against a limit of {limit}"));
        let marked = if all_limited > 0 { format!("; {limited_words}") } else { String::new() };
        Self {
            is_drawn: requests.spans.len() >= FEWEST,
            words: format!("Requests a second over time: {} at most{against}{marked}", plain(peak)),
            top: format!("{}/s", plain(top)),
            width: if requests.width == 1 { "second".to_owned() } else { count(requests.width, "second") },
            bars: bars.collect(),
            limited: limited.collect(),
            limited_words,
            limit_y: near.map(|rate| number(100.0 - rate / top * 100.0)),
            limit: limit.map(|limit| limit + beyond),
            pauses: places.collect(),
            pause_words: silences.join(", "),
            begun: moment(requests.first, zone),
            ended: moment(requests.last, zone),
        }
    }
}

/// Answered requests by how long they took, from the first step that has any to the last.
fn waits(requests: &Requests) -> Vec<Wait> {
    let mut counts = [0; STEPS.len()];
    for (wait, count) in &requests.waits {
        let step = STEPS.iter().position(|(end, _)| wait <= end).expect("the last step has no end");
        counts[step] += count;
    }
    let all: u64 = counts.iter().sum();
    let (Some(first), Some(last)) =
        (counts.iter().position(|count| *count > 0), counts.iter().rposition(|count| *count > 0))
    else {
        return Vec::new();
    };
    let most = counts.iter().max().copied().unwrap_or(1) as f64;
    let line = |step: usize| Wait {
        name: STEPS[step].1,
        count: grouped(counts[step]),
        width: number(counts[step] as f64 / most * WIDTH),
        share: if counts[step] == 0 { "none".to_owned() } else { percent(counts[step] as f64 / all as f64) },
    };
    (first..=last).map(line).collect()
}

/// A request's id; whatever a server may send, a page keeps its size.
pub(super) fn request_id(id: &str) -> String {
    if id.is_empty() { "none".to_owned() } else { cut(id.to_owned(), LONGEST_ID) }
}

/// A moment as people read it.
pub(super) fn moment(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%-d %b %Y, %H:%M:%S").to_string()
}

fn millis(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.as_millisecond() - from.as_millisecond()).unwrap_or(0)
}

/// Milliseconds as people say them: `740 ms`, `2.4 s`.
fn time(millis: u64) -> String {
    match millis {
        0..1000 => format!("{millis} ms"),
        1000..60_000 => format!("{} s", plain(millis as f64 / 1000.0)),
        _ => span(Duration::from_millis(millis)),
    }
}

/// A time as people say it: `4 s`, `2 min 5 s`, `3 h 10 min`, `2 days 4 h`.
fn span(time: Duration) -> String {
    let seconds = time.as_millis().div_ceil(1000) as u64;
    let two = |large: String, small: u64, unit: &str| {
        if small == 0 { large } else { format!("{large} {small} {unit}") }
    };
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => two(format!("{} min", seconds / 60), seconds % 60, "s"),
        3600..86_400 => two(format!("{} h", seconds / 3600), seconds % 3600 / 60, "min"),
        _ => two(count(seconds / 86_400, "day"), seconds % 86_400 / 3600, "h"),
    }
}

/// The next number that reads well on a scale.
fn round_top(most: f64) -> f64 {
    let unit = 10_f64.powf(most.log10().floor());
    let steps = [1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    steps.into_iter().map(|step| step * unit).find(|top| *top >= most).unwrap_or(most)
}

/// A number with at most two decimals.
fn plain(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A coordinate: no longer than a picture needs.
fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Money;
    use crate::outcome::Amounts;

    #[test]
    fn shares_never_hide_the_few() {
        for (share, words) in
            [(1.0, "100 %"), (0.9999, "almost 100 %"), (0.972, "97.2 %"), (0.0001, "under 0.1 %"), (0.5, "50 %")]
        {
            assert_eq!(percent(share), words);
        }
    }

    #[test]
    fn a_bar_fills_its_width_and_shows_one_row_of_many() {
        let mut totals = Totals::default();
        for _ in 0..9_999 {
            totals.add(Status::Accepted, &Amounts::default());
        }
        totals.add(Status::Unknown, &Amounts::default());
        let bars = bars(&totals);
        assert_eq!(bars.len(), 1, "customers have no rupees");
        assert_eq!(bars[0].words, "Rows: almost 100 % accepted, under 0.1 % unknown");
        assert_eq!((bars[0].parts[1].class, bars[0].parts[1].width.as_str()), ("unknown", "4"));
        let last = bars[0].parts.last().unwrap();
        let (x, width): (f64, f64) = (last.x.parse().unwrap(), last.width.parse().unwrap());
        assert!((x + width - WIDTH).abs() < 0.2, "{x} + {width}");
        assert!(super::bars(&Totals::default()).is_empty());
    }

    #[test]
    fn a_bar_of_rupees_says_what_it_cannot_draw() {
        let worth = |paise: i64| Amounts { total: Some(Money(paise)), ..Amounts::default() };
        let mut totals = Totals::default();
        totals.add(Status::Accepted, &worth(11_800));
        assert_eq!(bars(&totals)[1].words, "Rupees: 100 % accepted");
        totals.add(Status::Excluded, &worth(-4_000));
        totals.add(Status::Invalid, &Amounts { unreadable: true, ..Amounts::default() });
        let words = "Rupees: 100 % accepted; without -₹40.00 of excluded; without 1 row whose amount cannot be read";
        assert_eq!(bars(&totals)[1].words, words);
    }

    #[test]
    fn scales_end_at_numbers_that_read_well() {
        for (most, top) in [(9.18, 10.0), (1.0, 1.0), (1.1, 1.25), (204.0, 250.0), (0.26, 0.3), (5100.0, 6000.0)] {
            assert!((round_top(most) - top).abs() < 1e-9, "{most}");
        }
    }

    #[test]
    fn times_are_said_as_people_say_them() {
        let said = |millis: u64| (time(millis), span(Duration::from_millis(millis)));
        for (millis, short, long) in [
            (0, "0 ms", "0 s"),
            (740, "740 ms", "1 s"),
            (2400, "2.4 s", "3 s"),
            (125_000, "2 min 5 s", "2 min 5 s"),
            (11_400_000, "3 h 10 min", "3 h 10 min"),
            (86_400_000, "1 day", "1 day"),
            (187_200_000, "2 days 4 h", "2 days 4 h"),
        ] {
            assert_eq!(said(millis), (short.to_owned(), long.to_owned()), "{millis}");
        }
    }
}
