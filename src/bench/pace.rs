//! What a list of requests says: how fast, how evenly, how long the answers took.
//!
//! Pure. The rule: windows slide over every request, so that no bucket hides a burst at its edge.

use serde::Serialize;

pub use super::watch::Request;

/// Figures of sending.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Pace {
    /// Requests that left.
    pub requests: usize,
    /// Requests a second between the first and the last that left.
    pub per_second: f64,
    /// The limit that held, if one did.
    pub limit: Option<f64>,
    /// Share of the limit that was used, 1 being all of it.
    pub share_of_limit: Option<f64>,
    /// The most requests that left within one second.
    pub busiest_second: usize,
    /// Answers 429.
    pub throttled: usize,
    /// Requests without an answer.
    pub unanswered: usize,
    /// Latency of half of the answers at most.
    pub p50_ms: f64,
    /// Latency of 95 of 100 answers at most.
    pub p95_ms: f64,
    /// Latency of 99 of 100 answers at most.
    pub p99_ms: f64,
    /// The longest latency.
    pub max_ms: f64,
}

impl Pace {
    /// The figures of requests in the order of leaving; none where none left.
    pub fn of(requests: &[Request], limit: Option<f64>) -> Option<Pace> {
        let (first, last) = (requests.first()?, requests.last()?);
        let span = last.left_s - first.left_s;
        // The first request opens the time, so it is not counted against it.
        let per_second = if span > 0.0 { (requests.len() - 1) as f64 / span } else { 0.0 };
        let mut took: Vec<f64> = requests.iter().map(|request| request.took_s * 1000.0).collect();
        took.sort_by(f64::total_cmp);
        Some(Pace {
            requests: requests.len(),
            per_second,
            limit,
            share_of_limit: limit.filter(|_| span > 0.0).map(|limit| per_second / limit),
            busiest_second: busiest(requests, 1.0),
            throttled: requests.iter().filter(|request| request.status == Some(429)).count(),
            unanswered: requests.iter().filter(|request| request.status.is_none()).count(),
            p50_ms: percentile(&took, 0.50),
            p95_ms: percentile(&took, 0.95),
            p99_ms: percentile(&took, 0.99),
            max_ms: percentile(&took, 1.0),
        })
    }
}

/// The most requests within a window of so many seconds, wherever it begins.
fn busiest(requests: &[Request], window_s: f64) -> usize {
    let mut start = 0;
    let mut most = 0;
    for (end, request) in requests.iter().enumerate() {
        while request.left_s - requests[start].left_s >= window_s {
            start += 1;
        }
        most = most.max(end + 1 - start);
    }
    most
}

/// The smallest value that so many of the sorted ones do not pass; 0 of none.
fn percentile(sorted: &[f64], share: f64) -> f64 {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.clamp(1, sorted.len().max(1)) - 1).copied().unwrap_or(0.0)
}

/// How many requests left in the second before each quarter of a second: the curve of a picture.
pub(super) fn curve(requests: &[Request]) -> Vec<(f64, f64)> {
    let Some(last) = requests.last() else { return Vec::new() };
    // Limit: a picture is a few hundred points wide, however long the sending took.
    let step = (last.left_s / 800.0).max(0.25);
    let steps = (last.left_s / step).ceil() as usize;
    let left_before = |time: f64| requests.partition_point(|request| request.left_s < time);
    (0..=steps)
        .map(|number| {
            let time = number as f64 * step;
            let window = time.clamp(step, 1.0);
            (time, (left_before(time) - left_before(time - window)) as f64 / window)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(times: &[f64]) -> Vec<Request> {
        times.iter().map(|left_s| Request { left_s: *left_s, took_s: 0.1, status: Some(200) }).collect()
    }

    #[test]
    fn an_even_pace_at_the_limit_uses_all_of_it() {
        let times: Vec<f64> = (0..101).map(|number| f64::from(number) * 0.1).collect();
        let pace = Pace::of(&at(&times), Some(10.0)).unwrap();
        assert_eq!((pace.requests, pace.throttled, pace.unanswered), (101, 0, 0));
        assert!((pace.share_of_limit.unwrap() - 1.0).abs() < 1e-9, "{pace:?}");
        assert!((10..=11).contains(&pace.busiest_second), "{pace:?}");
    }

    #[test]
    fn a_burst_over_the_edge_of_two_seconds_is_seen() {
        let pace = Pace::of(&at(&[0.0, 0.95, 0.96, 0.97, 1.01, 1.02, 1.03, 3.0]), Some(2.0)).unwrap();
        assert_eq!(pace.busiest_second, 6);
        assert!((pace.per_second - 7.0 / 3.0).abs() < 1e-9);
    }

    #[test]
    fn latencies_are_the_smallest_that_enough_answers_do_not_pass() {
        let requests: Vec<Request> = (1..=200)
            .map(|ms| Request { left_s: f64::from(ms), took_s: f64::from(ms) / 1000.0, status: None })
            .collect();
        let pace = Pace::of(&requests, None).unwrap();
        let near = |figure: f64, expected: f64| (figure - expected).abs() < 1e-9;
        assert!(near(pace.p50_ms, 100.0) && near(pace.p95_ms, 190.0), "{pace:?}");
        assert!(near(pace.p99_ms, 198.0) && near(pace.max_ms, 200.0), "{pace:?}");
        assert_eq!((pace.unanswered, pace.share_of_limit), (200, None));
    }

    #[test]
    fn none_and_one_request_have_no_pace() {
        assert_eq!(Pace::of(&[], Some(5.0)), None);
        let one = Pace::of(&at(&[0.5]), Some(5.0)).unwrap();
        assert_eq!((one.requests, one.busiest_second, one.share_of_limit), (1, 1, None));
        assert!(curve(&[]).is_empty() && !curve(&at(&[0.5])).is_empty());
    }

    #[test]
    fn the_curve_shows_requests_a_second() {
        let times: Vec<f64> = (0..200).map(|number| f64::from(number) * 0.05).collect();
        for (time, rate) in curve(&at(&times)).into_iter().skip(5) {
            assert!((19.0..=21.0).contains(&rate), "{rate} at {time}");
        }
    }
}
