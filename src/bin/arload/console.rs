//! What a person or a script sees of a run: progress, talk on standard error, the summary on standard output.
//!
//! One observer for both kinds of reader. The rule: with `--json` standard output holds JSON lines and nothing else.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use arload::config::{Output, Progress};
use arload::event::{Event, Observer};
use arload::finding::printable;
use arload::money::Total;
use arload::outcome::{Status, Totals};
use arload::plan::{count, grouped};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How often a line is written where there is no terminal.
const PLAIN_EVERY: Duration = Duration::from_secs(10);

/// Prints events.
pub(crate) struct Console {
    output: Output,
    bar: Option<ProgressBar>,
    /// Results below it are shown by their short path.
    here: Option<PathBuf>,
    state: Mutex<State>,
}

struct State {
    last_line: Instant,
    files: Vec<String>,
}

impl Console {
    /// A console as the settings wish it.
    pub(crate) fn new(output: Output) -> Self {
        let wanted = match output.progress {
            Progress::Always => true,
            Progress::Never => false,
            Progress::Auto => io::stderr().is_terminal(),
        };
        let bar = (wanted && !output.quiet && !output.json && io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(5));
            let style = ProgressStyle::with_template("{msg}").expect("the template is a constant");
            bar.set_style(style);
            bar
        });
        let state = State { last_line: Instant::now(), files: Vec::new() };
        Self { output, bar, here: std::env::current_dir().ok(), state: Mutex::new(state) }
    }

    /// Says one line; what a file's name holds of control characters must not command the terminal.
    fn say(&self, text: &str) {
        let text = printable(text);
        let print = || {
            // Nothing more can be done where standard error is gone.
            let _ = writeln!(io::stderr().lock(), "{text}");
        };
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    fn talk(&self, text: &str) {
        if !self.output.quiet {
            self.say(text);
        }
    }

    fn problem(&self, message: &str, hint: Option<&String>) {
        self.say(&format!("arload: {message}"));
        if let Some(hint) = hint {
            self.say(&format!("hint: {hint}"));
        }
    }

    /// Shows how far things are: in the bar on a terminal, else in a line every ten seconds.
    fn progress(&self, text: impl FnOnce() -> String) {
        if let Some(bar) = &self.bar {
            bar.set_message(text());
            bar.tick();
            return;
        }
        if self.output.quiet || self.output.progress == Progress::Never {
            return;
        }
        let mut state = self.state.lock().expect("no printer panics");
        if state.last_line.elapsed() >= PLAIN_EVERY {
            state.last_line = Instant::now();
            drop(state);
            self.say(&text());
        }
    }

    fn finished(&self, run: Option<i64>, (totals, tolerated): (&Totals, u64), next: &[String], head: &str) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let mut text = verdict(run, totals, tolerated);
        text.push_str(&table(totals));
        for file in &self.state.lock().expect("no printer panics").files {
            add(&mut text, format_args!("results: {}", printable(file)));
        }
        for step in next {
            add(&mut text, format_args!("next: {step}"));
        }
        if !head.is_empty() {
            add(&mut text, format_args!("history: {}", &head[..head.len().min(16)]));
        }
        print(&text);
    }

    fn tell(&self, event: &Event) {
        match event {
            Event::Account { host, environment, company, operation } => {
                let environment = environment.as_ref().map_or_else(String::new, |label| format!(" ({label})"));
                let company = if company.is_empty() { String::new() } else { format!(", company {company}") };
                self.talk(&format!("{operation}: {host}{environment}{company}"));
            }
            Event::InputSkipped { path, reason } => self.talk(&format!("{path}: {reason}")),
            Event::ControlAgreed { control, figures } => self.talk(&format!("{control}: agrees: {figures}")),
            Event::SheetRead { sheet, rows, notes } => {
                self.talk(&format!("{sheet}: {}", count(*rows, "row")));
                for note in notes {
                    self.talk(&format!("  {note}"));
                }
            }
            Event::Checked { rows } => self.progress(|| format!("checked {}", count(*rows, "row"))),
            Event::FirstUse { .. }
            | Event::FirstUseProgress { .. }
            | Event::FirstUseDone { .. }
            | Event::NumbersLookedUp { .. }
            | Event::Planned { .. } => self.tell_plan(event),
            Event::LookedUp { chunk, found, again, unknown, reason } => {
                let counts = [(*found, "found"), (*again, "missing, to be sent again"), (*unknown, "still unknown")];
                self.looked_up(*chunk, counts, reason);
            }
            Event::Split { chunk, rows, into } => {
                let into: Vec<String> = into.iter().map(u32::to_string).collect();
                self.talk(&format!("chunk {chunk}: {} go on in chunks {}", count(*rows, "record"), into.join(" and ")));
            }
            Event::Proven { message } => self.talk(message),
            Event::Resumed { run, rows, unknown } => {
                self.talk(&format!(
                    "run {run} goes on: {} to send, {} unknown",
                    count(*rows, "row"),
                    grouped(*unknown)
                ));
            }
            Event::Superseded { run, rows } => {
                self.say(&format!("run {run} is given up for this one: {} of it not sent", count(*rows, "row")));
            }
            Event::Recovered { run, chunks } => self.say(&format!(
                "run {run} was cut off: {} without a recorded answer, unknown from now on",
                count(u64::from(*chunks), "request")
            )),
            Event::Withheld { reason } => self.problem(&format!("nothing was sent: {reason}"), None),
            Event::Attempt { chunk, number, status, message, .. } if !message.is_empty() => {
                let status = status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
                self.talk(&format!("chunk {chunk}, try {number}: {status}: {message}"));
            }
            // The last words of the program say how it failed.
            Event::Attempt { .. } | Event::Failed { .. } => {}
            Event::Progress { done, total, accepted, rejected, unknown, rate } => self.progress(|| {
                format!(
                    "sent {} of {}: {} accepted, {} rejected, {} unknown; {rate:.1}/s{}",
                    grouped(*done),
                    count(*total, "record"),
                    grouped(*accepted),
                    grouped(*rejected),
                    grouped(*unknown),
                    self.left(*done, *total)
                )
            }),
            Event::Waiting { reason, time } => self.talk(&format!("waiting {} ({reason})", span(*time))),
            Event::Stopping { reason } => self.problem(&format!("stopping: {reason}"), None),
            Event::SheetRefused { message, hint } | Event::Warning { message, hint } => {
                self.problem(message, hint.as_ref());
            }
            Event::SearchResumed { .. }
            | Event::SearchProgress { .. }
            | Event::SearchAgain { .. }
            | Event::Exported { .. }
            | Event::Pulled { .. }
            | Event::Compared { .. } => self.tell_export(event),
            Event::ResultsWritten { path } => {
                let shown = self.here.as_ref().and_then(|here| Path::new(path).strip_prefix(here).ok());
                let shown = shown.map_or_else(|| path.clone(), |shown| shown.display().to_string());
                self.state.lock().expect("no printer panics").files.push(shown);
            }
            Event::Finished { run, totals, tolerated, next, head, .. } => {
                self.finished(*run, (totals, *tolerated), next, head);
            }
            Event::ExpectedMissed { standing } => {
                self.problem(standing.missed.as_deref().unwrap_or_default(), None);
            }
        }
    }

    fn tell_plan(&self, event: &Event) {
        match event {
            Event::FirstUse { resource, until, customers, .. } => self.first_use(resource, until.as_ref(), *customers),
            Event::FirstUseProgress { done, customers, found } => self.progress(|| {
                let of = customers
                    .map_or_else(String::new, |all| format!("{} of {}, ", grouped(*done), count(all, "customer")));
                format!("looked up: {of}{} found", count(*found, "record"))
            }),
            Event::FirstUseDone { same: 0, other: 0 } => self.talk("  none of these rows was put in before"),
            Event::FirstUseDone { same, other } => {
                self.talk(&format!("  {} put in before; {} with other content", count(*same, "row"), grouped(*other)));
            }
            Event::NumbersLookedUp { numbers, from_ledger, from_search } => self.talk(&format!(
                "  {} looked up: {} known to the ledger, {} found at Enkash",
                count(*numbers, "invoice number"),
                grouped(*from_ledger),
                grouped(*from_search)
            )),
            Event::Planned { run, rows: 0, ended, .. } => {
                self.talk(&format!("run {run}: nothing to send; {} ended in planning", count(*ended, "row")));
            }
            Event::Planned { run, rows, documents, chunks, ended, least_time, left_today, first } => {
                let left = left_today.map_or_else(String::new, |left| format!("; {} left today", grouped(left)));
                self.talk(&format!(
                    "run {run}: {} in {}, at least {}{left}; {} ended without sending",
                    in_documents(*rows, *documents),
                    count(*chunks, "request"),
                    span(*least_time),
                    grouped(*ended)
                ));
                if *first > 0 {
                    let rows = count(*first, "record");
                    self.talk(&format!("this upload is not proven here yet: {rows} first, alone, and read back"));
                }
            }
            _ => {}
        }
    }

    /// What exports and comparisons tell.
    fn tell_export(&self, event: &Event) {
        match event {
            Event::SearchResumed { path, pages } => {
                self.talk(&format!("{path}: going on after {}", count(*pages, "page")));
            }
            Event::SearchProgress { resource, records, total } => self.progress(|| {
                let of = total.map_or_else(String::new, |total| format!(" of {}", grouped(total)));
                format!("read {}{of} {resource}", grouped(*records))
            }),
            Event::SearchAgain { reason } => self.talk(reason),
            Event::Exported { path, resource, records, pages, requests, order } => {
                let read = format!("{} read in {}", count(*pages, "page"), count(*requests, "request"));
                let noun = resource.trim_end_matches('s');
                let sorted = format!("{}, {read}, sorted by {order}", count(*records, noun));
                match path {
                    Some(path) => self.summary(&format!("{path}: {sorted}\n")),
                    None => self.talk(&sorted),
                }
            }
            Event::Pulled { new, changed, same, gone, unusable, requests } => {
                let mut text = format!(
                    "customer directory: {} new, {} changed, {} the same, {} gone; {}\n",
                    grouped(*new),
                    grouped(*changed),
                    grouped(*same),
                    grouped(*gone),
                    count(*requests, "request")
                );
                if *unusable > 0 {
                    add(&mut text, format_args!("{} without a customer id left out", count(*unusable, "record")));
                }
                self.summary(&text);
            }
            Event::Compared { verdict, totals, files, .. } => {
                let mut text = format!("{verdict}\n");
                for line in totals {
                    add(&mut text, format_args!("  {line}"));
                }
                for file in files {
                    add(&mut text, format_args!("differences: {}", printable(file)));
                }
                self.summary(&text);
            }
            _ => {}
        }
    }

    /// Prints what a command came to.
    fn summary(&self, text: &str) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        print(text);
    }

    fn first_use(&self, resource: &str, until: Option<&String>, customers: Option<u64>) {
        let of = customers.map_or_else(String::new, |customers| format!(" of {}", count(customers, "customer")));
        let why = until.map_or_else(
            || "first use of this ledger".to_owned(),
            |day| format!("rows dated up to {day}, when this ledger began"),
        );
        self.talk(&format!("{why}: looking up the {resource}{of} at the API"));
    }

    /// What a look-up showed; what it did not show at all goes without saying, but for what was found.
    fn looked_up(&self, chunk: u32, counts: [(u64, &str); 3], reason: &str) {
        let told = counts.iter().enumerate().filter(|(index, (rows, _))| *index == 0 || *rows > 0);
        let parts: Vec<String> = told.map(|(_, (rows, what))| format!("{} {what}", grouped(*rows))).collect();
        let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
        self.talk(&format!("chunk {chunk}, looked up: {}{reason}", parts.join(", ")));
    }

    /// The time left, from the pace so far.
    fn left(&self, done: u64, total: u64) -> String {
        let Some(bar) = &self.bar else { return String::new() };
        let elapsed = bar.elapsed();
        if done == 0 || done >= total {
            return String::new();
        }
        let left = elapsed.mul_f64((total - done) as f64 / done as f64);
        format!(", about {} left", span(left))
    }
}

impl Observer for Console {
    fn event(&self, event: &Event) {
        if self.output.json {
            let line = serde_json::to_string(event).expect("events have string keys only");
            print(&format!("{line}\n"));
        } else {
            self.tell(event);
        }
    }
}

/// Writes data; a closed pipe ends the talk, not the run.
fn print(text: &str) {
    let mut out = io::stdout().lock();
    if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush())
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        let _ = writeln!(io::stderr().lock(), "arload: standard output cannot be written: {error}");
    }
}

/// Adds a line to a text.
fn add(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = std::fmt::Write::write_fmt(text, format_args!("{line}\n"));
}

/// The run in one sentence: every outcome that occurs, of all rows and rupees.
fn verdict(run: Option<i64>, totals: &Totals, tolerated: u64) -> String {
    if run.is_none() && totals.read.rows == 0 {
        return "nothing to send: no data rows\n".to_owned();
    }
    let parts: Vec<String> = Status::ALL
        .iter()
        .filter(|status| totals.rows(**status) > 0)
        .map(|status| format!("{} {}", grouped(totals.rows(*status)), status.as_str()))
        .collect();
    let parts = if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") };
    let sum = rupees(totals.read.total);
    let run = run.map_or_else(|| "dry run".to_owned(), |run| format!("run {run}"));
    let rows = in_documents(totals.read.rows, totals.read.documents());
    let tolerated = match tolerated {
        0 => String::new(),
        some => format!("; {} tolerated ({}%)", count(some, "row"), share(some, totals.read.rows)),
    };
    format!("{run}: {parts} of {rows}{sum}{tolerated}\n")
}

/// A share in percent with as many digits as tell it from none.
fn share(part: u64, of: u64) -> String {
    let percent = part as f64 * 100.0 / of as f64;
    let digits = if percent >= 1.0 { 1 } else { 3 };
    let text = format!("{percent:.digits$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// `29 rows`, or `29 rows in 9 documents` where lines were joined.
fn in_documents(rows: u64, documents: u64) -> String {
    let rows_counted = count(rows, "row");
    if rows == documents { rows_counted } else { format!("{rows_counted} in {}", count(documents, "document")) }
}

fn rupees(total: Total) -> String {
    if total == Total::default() { String::new() } else { format!(" ({})", total.rupees()) }
}

/// Rows and rupees by outcome, and what they add up to.
pub(crate) fn table(totals: &Totals) -> String {
    let lines = Status::ALL.iter().filter_map(|status| totals.by_status.get(status).map(|sum| (status.as_str(), sum)));
    let lines: Vec<(&str, String, String, String)> = lines
        .chain(std::iter::once(("read", &totals.read)))
        .map(|(name, sum)| (name, grouped(sum.rows), sum.taxable.rupees(), sum.total.rupees()))
        .collect();
    let width = |pick: fn(&(&str, String, String, String)) -> usize| lines.iter().map(pick).max().unwrap_or(0);
    let (names, rows) = (width(|line| line.0.len()).max(7), width(|line| line.1.chars().count()).max(4));
    let taxable = width(|line| line.2.chars().count()).max(7);
    let total = width(|line| line.3.chars().count()).max(5);
    let money = totals.read.total != Total::default() || totals.read.taxable != Total::default();
    let mut text = if money {
        format!("  {:names$}  {:>rows$}  {:>taxable$}  {:>total$}\n", "outcome", "rows", "taxable", "total")
    } else {
        format!("  {:names$}  {:>rows$}\n", "outcome", "rows")
    };
    for (name, count, base, sum) in &lines {
        let line = if money {
            format!("  {name:names$}  {count:>rows$}  {base:>taxable$}  {sum:>total$}\n")
        } else {
            format!("  {name:names$}  {count:>rows$}\n")
        };
        text.push_str(&line);
    }
    if totals.read.rows_with_unreadable_amount > 0 {
        let rows = count(totals.read.rows_with_unreadable_amount, "row");
        add(&mut text, format_args!("  {rows} with an amount that cannot be read, counted with what can"));
    }
    text
}

/// `850 ms`, `9 s`, `12 min`, `3 h`.
pub(crate) fn span(time: Duration) -> String {
    match time.as_secs() {
        0 => format!("{} ms", time.as_millis()),
        seconds @ 1..=119 => format!("{seconds} s"),
        seconds @ 120..=7199 => format!("{} min", seconds.div_ceil(60)),
        seconds => format!("{} h", seconds.div_ceil(3600)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arload::money::Money;
    use arload::outcome::Amounts;

    #[test]
    fn the_table_adds_up_before_the_readers_eyes() {
        let amounts =
            Amounts { taxable: Some(Money(10_000_000)), total: Some(Money(11_800_000)), ..Amounts::default() };
        let mut totals = Totals::default();
        for status in [Status::Accepted, Status::Accepted, Status::Unknown] {
            totals.read.add(&amounts);
            totals.add(status, &amounts);
        }
        assert_eq!(verdict(Some(7), &totals, 0), "run 7: 2 accepted, 1 unknown of 3 rows (₹3,54,000.00)\n");
        let tolerated = verdict(Some(7), &totals, 1);
        assert!(tolerated.ends_with("of 3 rows (₹3,54,000.00); 1 row tolerated (33.3%)\n"), "{tolerated}");
        insta::assert_snapshot!(table(&totals), @r"
        outcome   rows       taxable         total
        accepted     2  ₹2,00,000.00  ₹2,36,000.00
        unknown      1  ₹1,00,000.00  ₹1,18,000.00
        read         3  ₹3,00,000.00  ₹3,54,000.00
        ");
    }
}
