//! What a person or a script sees of a run: progress, talk on standard error, the summary on standard output.
//!
//! One observer for both kinds of reader. The rule: with `--json` standard output holds JSON lines and nothing else.

use std::collections::HashSet;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use arload::config::Output;
use arload::event::{Event, Observer, Stage};
use arload::finding::printable;
use arload::outcome::Totals;
use arload::wording::{count, grouped};

use crate::progress::Progress;
use crate::screen::{self, Tone};
use crate::totals::{add, in_documents, table, toned_table, verdict};

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

    fn finished(&self, run: Option<i64>, (totals, tolerated): (&Totals, u64), next: &[String], head: &str) {
        self.progress.end();
        let mut text = verdict(run, totals, tolerated);
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
            // The last words of the program say how it failed.
            Event::Attempt { .. } | Event::Failed { .. } => {}
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
            Event::Finished { run, totals, tolerated, next, head, .. } => {
                self.finished(*run, (totals, *tolerated), next, head);
            }
            Event::ExpectedMissed { standing } => {
                self.problem(standing.missed.as_deref().unwrap_or_default(), None, Tone::Bad);
            }
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

/// `850 ms`, `9 s`, `12 min`, `3 h`.
pub(crate) fn span(time: Duration) -> String {
    match time.as_secs() {
        0 => format!("{} ms", time.as_millis()),
        seconds @ 1..=119 => format!("{seconds} s"),
        seconds @ 120..=7199 => format!("{} min", seconds.div_ceil(60)),
        seconds => format!("{} h", seconds.div_ceil(3600)),
    }
}
