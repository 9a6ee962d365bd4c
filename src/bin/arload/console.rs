//! What a person or a script sees of a run: progress, talk on standard error, the summary on standard output.
//!
//! One observer for both kinds of reader. The rule: with `--json` standard output holds JSON lines and nothing else.

use std::borrow::Cow;
use std::collections::HashSet;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use arload::config::Output;
use arload::event::{Event, Observer, Stage};
use arload::finding::printable;
use arload::money::Total;
use arload::outcome::{Status, Totals};
use arload::plan::{count, grouped};

use crate::progress::Progress;
use crate::screen::{self, Tone};

/// Limit: sheets that were not read and files that were skipped, named in the summary; more would scroll it away.
const MOST_NAMED: usize = 10;

/// Prints events.
pub(crate) struct Console {
    output: Output,
    progress: Progress,
    /// Results below it are shown by their short path.
    here: Option<PathBuf>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    files: Vec<String>,
    /// Sheets that were not read, in words.
    refused: Vec<String>,
    /// Ways out that were told; the same one is not said for each of many files.
    hints: HashSet<String>,
    skipped: usize,
    /// What earlier runs came to, now that rows of theirs were corrected.
    corrected: Vec<String>,
}

impl Console {
    /// A console as the settings wish it.
    pub(crate) fn new(output: Output) -> Self {
        let here = std::env::current_dir().ok();
        Self { output, progress: Progress::new(output), here, state: Mutex::default() }
    }

    /// Says one line; what a file's name holds of control characters must not command the terminal.
    fn say(&self, text: &str) {
        self.line("", text);
    }

    /// Says one line that begins with a word of a colour.
    fn line(&self, start: &str, text: &str) {
        let text = printable(text);
        self.progress.above(|| {
            // Nothing more can be done where standard error is gone.
            let _ = writeln!(screen::talk(), "{start}{text}");
        });
    }

    fn talk(&self, text: &str) {
        if !self.output.quiet {
            self.say(text);
        }
    }

    fn problem(&self, message: &str, hint: Option<&String>, tone: Tone) {
        self.line(&screen::toned("arload: ", tone), message);
        if let Some(hint) = hint {
            self.line(&screen::toned("hint: ", Tone::Hint), hint);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no printer panics")
    }

    /// Says why a sheet is not read; of many, a way out that was told before is not repeated.
    fn refused(&self, message: &str, hint: Option<&String>) {
        let hint = hint.filter(|hint| {
            let mut state = self.state();
            state.hints.insert((*hint).clone()) || state.refused.len() < MOST_NAMED
        });
        self.problem(message, hint, Tone::Bad);
        self.state().refused.push(message.to_owned());
    }

    /// Names a file that is skipped; of many only the first ones.
    fn skipped(&self, path: &str, reason: &str) {
        let before = {
            let mut state = self.state();
            state.skipped += 1;
            state.skipped - 1
        };
        if before < MOST_NAMED {
            self.talk(&format!("{path}: {reason}"));
        }
    }

    /// How many more were skipped than were named.
    fn end_of_reading(&self) {
        let more = std::mem::take(&mut self.state().skipped).saturating_sub(MOST_NAMED);
        if more > 0 {
            self.talk(&format!("and {} skipped; --json names all", count(more as u64, "more file")));
        }
    }

    /// The sheets that were not read, once more where they were many: the summary may be all that is still on the screen.
    fn not_read(&self) -> String {
        let state = self.state();
        let mut text = String::new();
        if state.refused.len() > 1 {
            add(&mut text, format_args!("not read: {}", count(state.refused.len() as u64, "sheet")));
            for message in state.refused.iter().take(MOST_NAMED) {
                add(&mut text, format_args!("  {}", printable(message)));
            }
            if state.refused.len() > MOST_NAMED {
                add(&mut text, format_args!("  and {} more, named above", state.refused.len() - MOST_NAMED));
            }
        }
        text
    }

    fn finished(&self, run: Option<i64>, totals: &Totals, next: &[String], head: &str) {
        self.progress.end();
        let mut text = verdict(run, totals);
        text.push_str(&toned_table(&table(totals)));
        text.push_str(&self.not_read());
        let state = self.state();
        for message in &state.corrected {
            add(&mut text, format_args!("{message}"));
        }
        for file in &state.files {
            add(&mut text, format_args!("results: {}", printable(file)));
        }
        drop(state);
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
            Event::InputSkipped { path, reason } => self.skipped(path, reason),
            Event::ControlAgreed { control, figures } => self.talk(&format!("{control}: agrees: {figures}")),
            Event::SheetRead { sheet, rows, notes } => {
                self.talk(&format!("{sheet}: {}", count(*rows, "row")));
                for note in notes {
                    self.talk(&format!("  {note}"));
                }
            }
            Event::Stage { stage } => {
                if *stage != Stage::Reading {
                    self.end_of_reading();
                }
                self.progress.hear(event);
            }
            Event::Checked { .. } | Event::Progress { .. } => self.progress.hear(event),
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
            Event::Withheld { reason } => self.problem(&format!("nothing was sent: {reason}"), None, Tone::Bad),
            Event::Attempt { chunk, number, status, message, .. } if !message.is_empty() => {
                let status = status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
                self.talk(&format!("chunk {chunk}, try {number}: {status}: {message}"));
            }
            Event::Attempt { .. } => {}
            Event::Waiting { reason, until, .. } => {
                self.progress.hear(event);
                if !self.progress.draws() {
                    self.talk(&format!("waiting until {until} ({reason})"));
                }
            }
            Event::Stopping { reason } => self.problem(&format!("stopping: {reason}"), None, Tone::Bad),
            Event::SheetRefused { message, hint, .. } => self.refused(message, hint.as_ref()),
            Event::Warning { message, hint } => self.problem(message, hint.as_ref(), Tone::Doubt),
            Event::SearchResumed { .. }
            | Event::SearchProgress { .. }
            | Event::SearchAgain { .. }
            | Event::Exported { .. }
            | Event::Pulled { .. }
            | Event::Compared { .. } => self.tell_export(event),
            Event::Watching { .. }
            | Event::FileTaken { .. }
            | Event::FileLeft { .. }
            | Event::FileWaits { .. }
            | Event::FileEnded { .. } => self.tell_folder(event),
            Event::Corrected { message, .. } => {
                self.state().corrected.push(message.clone());
            }
            Event::ResultsWritten { path } => {
                let shown = self.here.as_ref().and_then(|here| Path::new(path).strip_prefix(here).ok());
                let shown = shown.map_or_else(|| path.clone(), |shown| shown.display().to_string());
                self.state().files.push(shown);
            }
            Event::Finished { run, totals, next, head, .. } => self.finished(*run, totals, next, head),
        }
    }

    fn tell_plan(&self, event: &Event) {
        match event {
            Event::FirstUse { resource, until, customers, .. } => self.first_use(resource, until.as_ref(), *customers),
            Event::FirstUseProgress { done, customers, found } => {
                let of = customers
                    .map_or_else(String::new, |all| format!("{} of {}, ", grouped(*done), count(all, "customer")));
                self.progress.note(format!("looked up: {of}{} found", count(*found, "record")));
            }
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

    /// What happens in a watched folder.
    fn tell_folder(&self, event: &Event) {
        match event {
            Event::Watching { folder, inboxes, poll } => self.talk(&format!(
                "watching {folder}: {} in its inbox, a look every {}",
                count(*inboxes, "folder"),
                span(*poll)
            )),
            Event::FileTaken { path, .. } => self.talk(&format!("{path}: taken")),
            Event::FileLeft { path, reason } => self.say(&format!("{path}: {reason}")),
            Event::FileWaits { path, reason, time, holds } => {
                let others = if *holds { "; the other files of its profile wait too" } else { "" };
                self.problem(
                    &format!("{path}: waits, tried again in {}{others}: {reason}", span(*time)),
                    None,
                    Tone::Doubt,
                );
            }
            Event::FileEnded { path, to, exit: 0, .. } => self.talk(&format!("{path}: done, in {to}")),
            Event::FileEnded { path, to, exit, reason, .. } => {
                let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
                self.problem(&format!("{path}: ended with {exit}, in {to}{reason}"), None, Tone::Bad);
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
            Event::SearchProgress { resource, records, total } => {
                let of = total.map_or_else(String::new, |total| format!(" of {}", grouped(total)));
                self.progress.note(format!("read {}{of} {resource}", grouped(*records)));
            }
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
        self.progress.end();
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
    let mut out = screen::output();
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

/// The table with the words of its outcomes in their colours.
fn toned_table(table: &str) -> String {
    let mut text = String::new();
    for line in table.lines() {
        let status =
            Status::ALL.into_iter().find(|status| line.trim_start().starts_with(&format!("{} ", status.as_str())));
        let tone = status.and_then(|status| match status {
            Status::Accepted | Status::AlreadyAccepted => Some(Tone::Good),
            Status::Rejected | Status::Invalid => Some(Tone::Bad),
            Status::Unknown | Status::NotSent => Some(Tone::Doubt),
            Status::Excluded => None,
        });
        let line = tone.map_or(Cow::Borrowed(line), |tone| screen::toned_output(line, tone));
        add(&mut text, format_args!("{line}"));
    }
    text
}

/// The run in one sentence: every outcome that occurs, of all rows and rupees.
fn verdict(run: Option<i64>, totals: &Totals) -> String {
    let parts: Vec<String> = Status::ALL
        .iter()
        .filter(|status| totals.rows(**status) > 0)
        .map(|status| format!("{} {}", grouped(totals.rows(*status)), status.as_str()))
        .collect();
    let parts = if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") };
    let sum = rupees(totals.read.total);
    let run = run.map_or_else(|| "dry run".to_owned(), |run| format!("run {run}"));
    format!("{run}: {parts} of {}{sum}\n", in_documents(totals.read.rows, totals.read.documents()))
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
        assert_eq!(verdict(Some(7), &totals), "run 7: 2 accepted, 1 unknown of 3 rows (₹3,54,000.00)\n");
        insta::assert_snapshot!(table(&totals), @r"
        outcome   rows       taxable         total
        accepted     2  ₹2,00,000.00  ₹2,36,000.00
        unknown      1  ₹1,00,000.00  ₹1,18,000.00
        read         3  ₹3,00,000.00  ₹3,54,000.00
        ");
    }
}
