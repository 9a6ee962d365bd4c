//! How far a run is, on standard error: two or three lines that are drawn again in their place on a terminal, and one line every ten
//! seconds elsewhere.
//!
//! Leaves figures to the library's events. The rules: nothing is said here that no event said, a wait names its reason and
//! its end, and each line fits into the terminal.

use std::io::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::{Duration, Instant};

use arload::config::{self, Output};
use arload::event::{Event, Stage};
use arload::finding::printable;
use arload::money::Total;
use arload::wording::{count, grouped};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::console::span;
use crate::screen;

/// How often a line is written where there is no terminal.
const PLAIN_EVERY: Duration = Duration::from_secs(10);

/// How often the time that has gone by is shown anew.
const TICK: Duration = Duration::from_secs(1);

/// Runs that are over before that show no progress, which would only flicker.
const PATIENCE: Duration = Duration::from_millis(400);

/// Shows how far things are; empty where nobody wants to know.
pub(crate) struct Progress {
    shared: Option<Arc<Shared>>,
}

struct Shared {
    bar: Option<ProgressBar>,
    state: Mutex<State>,
}

struct State {
    began: Instant,
    /// When the last plain line was written.
    said: Instant,
    /// What stands on the terminal.
    drawn: String,
    shown: Shown,
}

/// What is shown.
#[derive(Default)]
struct Shown {
    stage: Option<(Stage, Instant)>,
    /// What the stage has come to.
    so_far: String,
    /// How it goes on: its pace, what is left.
    more: String,
    /// What did not go well.
    counts: String,
    /// Because of what nothing leaves, until when, and the same by this machine's own measure.
    wait: Option<(String, String, Instant)>,
}

impl Progress {
    pub(crate) fn new(output: Output) -> Progress {
        let wanted = match output.progress {
            config::Progress::Always => true,
            config::Progress::Never => false,
            config::Progress::Auto => !output.quiet && !output.json,
        };
        if !wanted {
            return Progress { shared: None };
        }
        let bar = screen::redraws().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(5));
            bar.set_style(ProgressStyle::with_template("{msg}").expect("the template is a constant"));
            bar
        });
        let now = Instant::now();
        let state = Mutex::new(State { began: now, said: now, drawn: String::new(), shown: Shown::default() });
        let shared = Arc::new(Shared { bar, state });
        tick(Arc::downgrade(&shared));
        Progress { shared: Some(shared) }
    }

    /// Whether a wait is shown here, so that no line of its own is needed.
    pub(crate) fn draws(&self) -> bool {
        self.shared.as_ref().is_some_and(|shared| shared.bar.is_some())
    }

    /// Writes lines above what is drawn.
    pub(crate) fn above(&self, print: impl FnOnce()) {
        match self.shared.as_ref().and_then(|shared| shared.bar.as_ref()) {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    /// Takes what an event says of it.
    pub(crate) fn hear(&self, event: &Event) {
        let Some(shared) = &self.shared else { return };
        shared.state().shown.hear(event, Instant::now());
        shared.show();
    }

    /// Shows this, of a stage that has no words of its own.
    pub(crate) fn note(&self, text: String) {
        let Some(shared) = &self.shared else { return };
        shared.state().shown.more = text;
        shared.show();
    }

    /// Takes away what is drawn, for good.
    pub(crate) fn end(&self) {
        if let Some(shared) = &self.shared {
            shared.state().shown = Shown::default();
            if let Some(bar) = &shared.bar {
                bar.finish_and_clear();
            }
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}

/// Looks again every second, for as long as there is something to show.
fn tick(shared: Weak<Shared>) {
    // Without the thread, progress is shown when something happens, which is enough.
    let _ = std::thread::Builder::new().name("progress".to_owned()).spawn(move || {
        loop {
            std::thread::sleep(TICK);
            let Some(shared) = shared.upgrade() else { return };
            shared.show();
        }
    });
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while showing progress")
    }

    fn show(&self) {
        let now = Instant::now();
        let mut state = self.state();
        let lines = state.shown.lines(now);
        if lines.is_empty() || now.saturating_duration_since(state.began) < PATIENCE {
            return;
        }
        if let Some(bar) = &self.bar {
            // The last column stays free: some terminals begin a new line when it is filled.
            let columns = screen::columns() - 1;
            let lines: Vec<String> =
                lines.iter().map(|line| screen::cut(&screen::talked(line), columns).into_owned()).collect();
            let message = screen::talked(&lines.join("\n")).into_owned();
            // What has not changed is not drawn again.
            if message != state.drawn {
                bar.set_message(message.clone());
                state.drawn = message;
            }
        } else if now.saturating_duration_since(state.said) >= PLAIN_EVERY {
            state.said = now;
            drop(state);
            // Nothing more can be done where standard error is gone.
            let _ = writeln!(screen::talk(), "{}", lines.join("; "));
        }
    }
}

impl Shown {
    fn hear(&mut self, event: &Event, now: Instant) {
        match event {
            Event::Stage { stage } => *self = Shown { stage: Some((*stage, now)), ..Shown::default() },
            Event::Checked { rows, total } => self.so_far = format!("{}{}", count(*rows, "row"), rupees(*total, "")),
            Event::Waiting { reason, time, until } => {
                self.wait = Some((printable(reason).into_owned(), until.clone(), now + *time));
            }
            Event::Progress { .. } => {
                self.sending(event);
            }
            _ => {}
        }
    }

    fn sending(&mut self, event: &Event) {
        let Event::Progress {
            done,
            total,
            rejected,
            unknown,
            accepted_total,
            rate,
            limit,
            pace,
            left_today,
            time_left,
            further_days,
            ..
        } = event
        else {
            return;
        };
        let share = if *total == 0 { 100 } else { done * 100 / total };
        self.so_far = format!(
            "{} of {} ({share} %){}",
            grouped(*done),
            count(*total, "record"),
            rupees(*accepted_total, " accepted")
        );
        let counts = [(*rejected, "rejected"), (*unknown, "unknown")];
        let counts = counts.iter().filter(|(number, _)| *number > 0);
        self.counts =
            counts.map(|(number, what)| format!("{} {what}", grouped(*number))).collect::<Vec<_>>().join(", ");
        let pace = paced(*pace, *rate, *limit);
        self.more = match (time_left.map(whole), *further_days) {
            (None, _) => pace,
            (Some(time), 0) => format!("{pace}; about {time} left"),
            (Some(time), days) => {
                let today = grouped(left_today.unwrap_or_default());
                format!("{pace}; quota: {today} today (about {time}), then {}", count(days, "more day"))
            }
        };
    }

    /// What is to be shown: a line of what was done, one of how it goes on, and one of what did not go well.
    fn lines(&self, now: Instant) -> Vec<String> {
        let Some((stage, since)) = self.stage else {
            return if self.more.is_empty() { Vec::new() } else { vec![self.more.clone()] };
        };
        let name = match stage {
            Stage::Reading => "reading and checking",
            Stage::Planning => "planning",
            Stage::Sending => "sending",
            Stage::Results => "writing results",
        };
        let first = match (self.so_far.as_str(), stage) {
            ("", _) => format!("{name}, {}", whole(now.saturating_duration_since(since))),
            (so_far, Stage::Sending) => format!("{name}: {so_far}"),
            (so_far, _) => format!("{name}: {so_far}, {}", whole(now.saturating_duration_since(since))),
        };
        let wait = self.wait.as_ref().filter(|(_, _, end)| *end > now);
        let second = match wait {
            Some((reason, until, _)) => format!("waiting until {until} ({reason})"),
            None => self.more.clone(),
        };
        [first, second, self.counts.clone()].into_iter().filter(|line| !line.is_empty()).collect()
    }
}

/// The pace against the limit. Of slow limits, what left in the last seconds says nothing.
fn paced(pace: f64, rate: f64, limit: f64) -> String {
    let slowed = rate < limit * 0.99;
    match (limit < 1.0, slowed) {
        (true, false) => format!("at most {}", per(limit)),
        (true, true) => format!("slowed to {} of {}", per(rate), per(limit)),
        (false, false) => format!("{} of {}", per(pace), per(limit)),
        (false, true) => format!("{}, slowed to {} of {}", per(pace), per(rate), per(limit)),
    }
}

/// A time in words, in seconds at least: shorter ones only flicker.
fn whole(time: Duration) -> String {
    span(Duration::from_secs(time.as_secs_f64().ceil().max(1.0) as u64))
}

/// `4.8/s`, `12/min`, `30/h`.
fn per(rate: f64) -> String {
    let (number, unit) = match rate {
        rate if rate >= 0.95 || rate <= 0.0 => (rate, "s"),
        rate if rate * 60.0 >= 0.95 => (rate * 60.0, "min"),
        rate => (rate * 3600.0, "h"),
    };
    if number >= 9.95 || (number - number.round()).abs() < 0.05 {
        format!("{number:.0}/{unit}")
    } else {
        format!("{number:.1}/{unit}")
    }
}

/// `, ₹1,200.00 accepted`, or nothing where there are no rupees.
fn rupees(total: Total, what: &str) -> String {
    if total == Total::default() { String::new() } else { format!(", {}{what}", total.rupees()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(further_days: u64, rate: f64, limit: f64) -> Event {
        Event::Progress {
            done: 100_500,
            total: 1_000_000,
            accepted: 99_000,
            rejected: 300,
            unknown: 1_200,
            accepted_total: Total(28_471_050_000),
            rate,
            limit,
            pace: 4.8,
            requests_left: 1_800,
            left_today: (further_days > 0).then_some(400),
            time_left: Some(Duration::from_mins(8)),
            further_days,
        }
    }

    #[test]
    fn each_stage_says_how_far_it_is_within_eighty_columns() {
        let start = Instant::now();
        let later = start + Duration::from_secs(12);
        let mut shown = Shown::default();
        assert!(shown.lines(start).is_empty());
        shown.hear(&Event::Stage { stage: Stage::Reading }, start);
        assert_eq!(shown.lines(later), ["reading and checking, 12 s"]);
        shown.hear(&Event::Checked { rows: 120_000, total: Total(4_812_030_000) }, start);
        assert_eq!(shown.lines(later), ["reading and checking: 1,20,000 rows, ₹4,81,20,300.00, 12 s"]);
        shown.hear(&Event::Stage { stage: Stage::Sending }, start);
        for (event, second) in [
            (progress(0, 5.0, 5.0), "4.8/s of 5/s; about 8 min left"),
            (progress(0, 2.5, 5.0), "4.8/s, slowed to 2.5/s of 5/s; about 8 min left"),
            (progress(0, 0.2, 0.2), "at most 12/min; about 8 min left"),
        ] {
            shown.hear(&event, start);
            let lines = shown.lines(later);
            assert_eq!(lines[0], "sending: 1,00,500 of 10,00,000 records (10 %), ₹28,47,10,500.00 accepted");
            assert_eq!(lines[1], second);
            assert!(lines.iter().all(|line| screen::width(line) < 80), "{lines:?}");
        }
        shown.hear(&progress(3, 2.5, 5.0), start);
        let lines = shown.lines(later);
        assert_eq!(lines[1], "4.8/s, slowed to 2.5/s of 5/s; quota: 400 today (about 8 min), then 3 more days");
        assert_eq!(lines[2], "300 rejected, 1,200 unknown");
        assert!(lines.iter().all(|line| screen::width(line) < 80), "{lines:?}");
    }

    #[test]
    fn a_wait_names_its_reason_and_its_end_and_is_over_when_it_is() {
        let start = Instant::now();
        let mut shown = Shown::default();
        shown.hear(&Event::Stage { stage: Stage::Sending }, start);
        shown.hear(&progress(0, 5.0, 5.0), start);
        let reason = "limit: the server asks to wait".to_owned();
        let time = Duration::from_secs(30);
        shown.hear(&Event::Waiting { reason, time, until: "14:03:20".to_owned() }, start);
        assert_eq!(shown.lines(start)[1], "waiting until 14:03:20 (limit: the server asks to wait)");
        assert!(shown.lines(start + time)[1].ends_with("about 8 min left"));
    }

    #[test]
    fn rates_are_said_in_the_unit_that_people_use() {
        for (rate, words) in [(5.0, "5/s"), (4.83, "4.8/s"), (300.0, "300/s"), (0.2, "12/min"), (0.0, "0/s")] {
            assert_eq!(per(rate), words);
        }
        assert_eq!(per(30.0 / 3600.0), "30/h");
    }
}
