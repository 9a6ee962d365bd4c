//! Figures of a bench: the median of each stage, beside its baseline, as a table or as JSON.
//!
//! Pure. The rule: a ratio is taken between the same round of a stage and of its baseline, and the median of the rounds
//! is shown.

use std::fmt::Write as _;

use serde::Serialize;

use super::measure::Measured;
use super::pace::Pace;
use super::session::{Rounds, Session};
use super::stages::Stage;
use crate::wording::grouped;

/// Everything that a bench found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Figures {
    /// Version that was measured.
    pub arload: &'static str,
    /// Processors of the machine.
    pub processors: usize,
    /// Workers for reading and checking.
    pub threads: usize,
    /// Rows that were asked for.
    pub rows: u64,
    /// Start of every draw.
    pub seed: u64,
    /// How often each stage was measured.
    pub repeat: usize,
    /// The stages.
    pub stages: Vec<Line>,
}

/// One stage; times are of its median round.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Line {
    /// Its name.
    pub stage: &'static str,
    /// What it is.
    pub about: &'static str,
    /// Data rows.
    pub rows: u64,
    /// Bytes of the sheet.
    pub bytes: u64,
    /// Time of the median round.
    pub seconds: f64,
    /// Times of the fastest and the slowest round.
    pub spread: (f64, f64),
    /// Rows a second.
    pub rows_per_second: f64,
    /// Megabytes of the sheet a second.
    pub megabytes_per_second: f64,
    /// Time that processors spent; none where the system does not tell.
    pub cpu_seconds: Option<f64>,
    /// The most memory of any round; none where the system does not tell.
    pub peak_bytes: Option<u64>,
    /// Size of the ledger, where there is one.
    pub ledger_bytes: Option<u64>,
    /// What it is compared with.
    pub against: Option<&'static str>,
    /// Its rows a second, divided by those of what it is compared with.
    pub ratio: Option<f64>,
    /// Figures of sending, where something was sent.
    pub pace: Option<Pace>,
}

/// Settles what a session measured.
pub fn figures(session: &Session, rounds: &Rounds, processors: usize) -> Figures {
    Figures {
        arload: env!("CARGO_PKG_VERSION"),
        processors,
        threads: session.threads,
        rows: session.rows,
        seed: session.seed,
        repeat: session.repeat,
        stages: rounds.iter().filter_map(|(stage, measured)| line(stage, measured, rounds, session.rate)).collect(),
    }
}

fn line(stage: &Stage, measured: &[Measured], rounds: &Rounds, rate: f64) -> Option<Line> {
    let median = median_round(measured)?;
    let baseline = stage.against.and_then(|name| rounds.iter().find(|(stage, _)| stage.name == name));
    let ratios = baseline.map(|(_, baseline)| {
        measured.iter().zip(baseline).map(|(own, other)| speed(own) / speed(other)).collect::<Vec<f64>>()
    });
    let times = || measured.iter().map(|round| round.seconds);
    Some(Line {
        stage: stage.name,
        about: stage.about,
        rows: median.rows,
        bytes: median.bytes,
        seconds: median.seconds,
        spread: (times().fold(f64::INFINITY, f64::min), times().fold(0.0, f64::max)),
        rows_per_second: speed(median),
        megabytes_per_second: median.bytes as f64 / 1e6 / median.seconds,
        cpu_seconds: median.cpu_s,
        peak_bytes: measured.iter().filter_map(|round| round.peak_bytes).max(),
        ledger_bytes: median.ledger_bytes,
        against: stage.against,
        ratio: ratios.and_then(median_of),
        pace: Pace::of(&median.requests, stage.is_limited().then_some(rate)),
    })
}

/// The round in the middle by time; of an even number the faster of both.
pub fn median_round(rounds: &[Measured]) -> Option<&Measured> {
    let mut sorted: Vec<&Measured> = rounds.iter().collect();
    sorted.sort_by(|left, right| left.seconds.total_cmp(&right.seconds));
    sorted.get(sorted.len().saturating_sub(1) / 2).copied()
}

fn median_of(mut figures: Vec<f64>) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len().saturating_sub(1) / 2).copied()
}

fn speed(measured: &Measured) -> f64 {
    measured.rows as f64 / measured.seconds
}

impl Figures {
    /// The tables that people read, at most 100 columns wide.
    pub fn table(&self) -> String {
        let mut text = format!(
            "{:<14}{:>11}{:>10}{:>13}{:>8}{:>9}{:>10}  {}\n",
            "stage", "rows", "time", "rows/s", "MB/s", "CPU", "memory", "compared"
        );
        for line in &self.stages {
            let compared = line.ratio.zip(line.against).map(|(ratio, name)| format!("{ratio:.2} of {name}"));
            let row = [
                format!("{:<14}{:>11}", line.stage, grouped(line.rows)),
                format!("{:>10}", seconds(line.seconds)),
                format!("{:>13}{:>8.1}", grouped(line.rows_per_second as u64), line.megabytes_per_second),
                format!("{:>9}", line.cpu_seconds.map_or_else(|| "-".to_owned(), seconds)),
                format!("{:>10}", line.peak_bytes.map_or_else(|| "-".to_owned(), megabytes)),
                format!("  {}", compared.unwrap_or_default()),
            ];
            add(&mut text, row.concat().trim_end());
        }
        self.add_sending(&mut text);
        self.add_ledgers(&mut text);
        text
    }

    fn add_sending(&self, text: &mut String) {
        let sending = self.stages.iter().filter_map(|line| Some((line.stage, line.pace.as_ref()?)));
        let table = sending_table(sending);
        if !table.is_empty() {
            add(text, "");
            text.push_str(&table);
        }
    }

    fn add_ledgers(&self, text: &mut String) {
        if let Some((line, size)) =
            self.stages.iter().find_map(|line| Some((line, line.ledger_bytes?))).filter(|(line, _)| line.bytes > 0)
        {
            let share = size as f64 / line.bytes as f64;
            add(text, "");
            add(text, &format!("ledger after {}: {}, {share:.2} of the sheet", line.stage, megabytes(size)));
        }
    }
}

/// A table of how requests left and were answered; empty where there is nothing to show.
pub fn sending_table<'a>(lines: impl IntoIterator<Item = (&'a str, &'a Pace)>) -> String {
    let mut text = String::new();
    for (name, pace) in lines {
        if text.is_empty() {
            let heading = format!(
                "{:<14}{:>10}{:>10}{:>10}{:>11}{:>9}{:>8}{:>8}{:>8}{:>6}",
                "sending", "requests", "/s", "of limit", "busiest s", "p50 ms", "p95", "p99", "max", "429"
            );
            add(&mut text, &heading);
        }
        let share = pace.share_of_limit.map_or_else(|| "-".to_owned(), |share| format!("{:.1}%", share * 100.0));
        let row = format!(
            "{name:<14}{:>10}{:>10.1}{share:>10}{:>11}{:>9.1}{:>8.1}{:>8.1}{:>8.1}{:>6}",
            grouped(pace.requests as u64),
            pace.per_second,
            pace.busiest_second,
            pace.p50_ms,
            pace.p95_ms,
            pace.p99_ms,
            pace.max_ms,
            pace.throttled
        );
        add(&mut text, &row);
    }
    text
}

fn add(text: &mut String, line: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{line}");
}

/// `340 ms`, `2.41 s`, `75.0 s`.
fn seconds(time: f64) -> String {
    match time {
        ..1.0 => format!("{:.0} ms", time * 1000.0),
        ..10.0 => format!("{time:.2} s"),
        _ => format!("{time:.1} s"),
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::watch::Request;
    use std::path::PathBuf;

    fn round(seconds: f64) -> Measured {
        Measured {
            rows: 1_000_000,
            bytes: 266_000_000,
            seconds,
            cpu_s: Some(seconds),
            peak_bytes: Some(48_000_000),
            ledger_bytes: None,
            requests: Vec::new(),
        }
    }

    fn some_figures() -> Figures {
        let requests: Vec<Request> = (0..51)
            .map(|number| Request { left_s: f64::from(number) * 0.02, took_s: 0.15, status: Some(200) })
            .collect();
        let find = |name| Stage::find(name).unwrap();
        let rounds = vec![
            (find("raw"), vec![round(0.5), round(0.25), round(0.4)]),
            (find("dry-run"), vec![round(1.0), round(1.0), round(0.5)]),
            (find("plan"), vec![Measured { ledger_bytes: Some(133_000_000), peak_bytes: None, ..round(2.0) }; 3]),
            (find("limit"), vec![Measured { requests, ..round(12.0) }; 3]),
        ];
        let session = Session {
            stages: Vec::new(),
            rows: 1_000_000,
            seed: 1,
            repeat: 3,
            threads: 2,
            senders: 8,
            chunk_rows: None,
            rate: 50.0,
            seconds: 1,
            latency_ms: 150,
            folder: PathBuf::new(),
        };
        figures(&session, &rounds, 2)
    }

    #[test]
    fn the_table_shows_medians_and_ratios_of_the_same_round_in_a_hundred_columns() {
        let table = some_figures().table();
        assert!(table.lines().all(|line| line.chars().count() <= 100), "{table}");
        insta::assert_snapshot!(table, @r"
        stage                rows      time       rows/s    MB/s      CPU    memory  compared
        raw             10,00,000    400 ms    25,00,000   665.0   400 ms   48.0 MB
        dry-run         10,00,000    1.00 s    10,00,000   266.0   1.00 s   48.0 MB  0.50 of raw
        plan            10,00,000    2.00 s     5,00,000   133.0   2.00 s         -  0.20 of raw
        limit           10,00,000    12.0 s       83,333    22.2   12.0 s   48.0 MB

        sending         requests        /s  of limit  busiest s   p50 ms     p95     p99     max   429
        limit                 51      50.0    100.0%         50    150.0   150.0   150.0   150.0     0

        ledger after plan: 133.0 MB, 0.50 of the sheet
        ");
    }

    #[test]
    fn the_json_has_the_same_figures() {
        let json = serde_json::to_value(some_figures()).unwrap();
        assert_eq!(json["stages"][1]["ratio"], 0.5);
        assert_eq!(json["stages"][1]["spread"], serde_json::json!([0.5, 1.0]));
        assert_eq!(json["stages"][3]["pace"]["share-of-limit"], 1.0);
    }
}
